//! Exchange rates: versions, of which each holds from its own position on.

use super::{
    database::{Database, column},
    sql::{Sql, count, seq},
};
use crate::domain::{
    exchange_rate::{ExchangeRate, Pair, Rate, RateQuestion, StoredRate},
    ledger::Position,
    money::Currency,
    problem::Problem,
    time::{Day, Instant},
};
use std::collections::BTreeMap;
use tokio_postgres::Row;

/// The columns that [`stored_of`] reads.
pub const COLUMNS: &str = "r.seq, r.source_currency, r.target_currency, r.day, r.mantissa, r.scale, r.source, \
     r.record_seconds, r.record_nanos";

/// A rate of a row.
pub fn stored_of(row: &Row) -> Result<StoredRate, Problem> {
    let position = count(column(row, "seq")?);
    let damaged = || Problem::ledger_damaged(&format!("the exchange rate at position {position}"));
    let currency = |name: &str| {
        let code: &str = column(row, name)?;
        Currency::parse(code, name).map_err(|_| damaged())
    };
    let (mantissa, scale): (i64, i16) = (column(row, "mantissa")?, column(row, "scale")?);
    let parts = u64::try_from(mantissa).ok().zip(u8::try_from(scale).ok());
    let rate = parts.and_then(|(mantissa, scale)| Rate::of_parts(mantissa, scale));
    let nanos: i32 = column(row, "record_nanos")?;
    Ok(StoredRate {
        position,
        record_time: Instant {
            seconds: column(row, "record_seconds")?,
            nanos: nanos.unsigned_abs(),
        },
        rate: ExchangeRate {
            pair: Pair {
                from: currency("source_currency")?,
                to: currency("target_currency")?,
            },
            day: Day(column(row, "day")?),
            rate: rate.ok_or_else(damaged)?,
            source: column(row, "source")?,
        },
    })
}

/// The newest versions, up to a position, of the rates of some pairs and days.
pub fn some(tenant: i32, keys: &[(Pair, Day)], as_of: Position) -> Sql {
    let mut sql = Sql::default();
    let (tenant, as_of) = (sql.bind(tenant), sql.bind(seq(as_of)));
    let (mut from, mut to, mut days) = (Vec::new(), Vec::new(), Vec::new());
    for (pair, day) in keys {
        from.push(pair.from.to_string());
        to.push(pair.to.to_string());
        days.push(day.0);
    }
    let (from, to, days) = (sql.bind(from), sql.bind(to), sql.bind(days));
    sql.push(&format!(
        "SELECT DISTINCT ON (r.source_currency, r.target_currency, r.day) {COLUMNS} \
         FROM profitscore.exchange_rates r \
         JOIN unnest({from}::text[], {to}::text[], {days}::integer[]) AS n(source, target, day) \
         ON r.source_currency = n.source AND r.target_currency = n.target AND r.day = n.day \
         WHERE r.tenant = {tenant} AND r.seq <= {as_of} \
         ORDER BY r.source_currency, r.target_currency, r.day, r.seq DESC"
    ));
    sql
}

/// The rates of some pairs and days, in the order of the keys.
pub async fn on(
    database: &Database,
    tenant: i32,
    keys: &[(Pair, Day)],
    as_of: Position,
) -> Result<Vec<Option<ExchangeRate>>, Problem> {
    let mut found = BTreeMap::new();
    for row in database.rows(&some(tenant, keys, as_of)).await? {
        let rate = stored_of(&row)?.rate;
        found.insert((rate.pair, rate.day), rate);
    }
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}

/// The rates that meet a question.
pub async fn listed(
    database: &Database,
    tenant: i32,
    question: &RateQuestion,
) -> Result<Vec<StoredRate>, Problem> {
    let mut sql = Sql::default();
    let mut conditions = vec![
        format!("r.tenant = {}", sql.bind(tenant)),
        format!("r.seq <= {}", sql.bind(seq(question.as_of))),
    ];
    for (currency, name) in [
        (question.from, "source_currency"),
        (question.to, "target_currency"),
    ] {
        if let Some(currency) = currency {
            conditions.push(format!("r.{name} = {}", sql.bind(currency.to_string())));
        }
    }
    for (day, comparison) in [(question.period.start, ">="), (question.period.end, "<")] {
        if let Some(day) = day {
            conditions.push(format!("r.day {comparison} {}", sql.bind(day.0)));
        }
    }
    if let Some((pair, day)) = question.after {
        let (from, to) = (
            sql.bind(pair.from.to_string()),
            sql.bind(pair.to.to_string()),
        );
        let day = sql.bind(day.0);
        conditions.push(format!(
            "(r.source_currency, r.target_currency, r.day) > ({from}, {to}, {day})"
        ));
    }
    let limit = sql.bind(i64::try_from(question.limit).unwrap_or(i64::MAX));
    sql.push(&format!(
        "SELECT DISTINCT ON (r.source_currency, r.target_currency, r.day) {COLUMNS} \
         FROM profitscore.exchange_rates r WHERE {} \
         ORDER BY r.source_currency, r.target_currency, r.day, r.seq DESC LIMIT {limit}",
        conditions.join(" AND ")
    ));
    let rows = database.rows(&sql).await?;
    rows.iter().map(stored_of).collect()
}

/// Adds versions.
pub fn statement(tenant: i32, rates: &[StoredRate]) -> Sql {
    let (mut seqs, mut from, mut to, mut days) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut mantissas, mut scales, mut sources) = (Vec::new(), Vec::new(), Vec::new());
    let (mut seconds, mut nanos) = (Vec::new(), Vec::new());
    for stored in rates {
        let rate = &stored.rate;
        let (mantissa, scale) = rate.rate.parts();
        seqs.push(seq(stored.position));
        from.push(rate.pair.from.to_string());
        to.push(rate.pair.to.to_string());
        days.push(rate.day.0);
        // At most 18 digits.
        mantissas.push(mantissa.cast_signed());
        scales.push(i16::from(scale));
        sources.push(rate.source.clone());
        seconds.push(stored.record_time.seconds);
        nanos.push(stored.record_time.nanos.cast_signed());
    }
    let mut sql = Sql::default();
    let (tenant, seqs) = (sql.bind(tenant), sql.bind(seqs));
    let (from, to, days) = (sql.bind(from), sql.bind(to), sql.bind(days));
    let (mantissas, scales) = (sql.bind(mantissas), sql.bind(scales));
    let (sources, seconds, nanos) = (sql.bind(sources), sql.bind(seconds), sql.bind(nanos));
    sql.push(&format!(
        "INSERT INTO profitscore.exchange_rates (tenant, seq, source_currency, target_currency, day, mantissa, \
         scale, source, record_seconds, record_nanos) \
         SELECT {tenant}::integer, n.* FROM unnest({seqs}::bigint[], {from}::text[], {to}::text[], \
         {days}::integer[], {mantissas}::bigint[], {scales}::smallint[], {sources}::text[], {seconds}::bigint[], \
         {nanos}::integer[]) AS n"
    ));
    sql
}
