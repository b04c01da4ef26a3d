//! Price terms: versions, of which each holds from its own position on.

use super::{
    database::{Database, Fault, column, rows},
    sql::{Sql, count, seq},
};
use crate::domain::{
    id::PartyId,
    ledger::Position,
    price_terms::{PriceTerms, PriceTermsQuestion, StoredPriceTerms},
    problem::Problem,
    time::Day,
};
use deadpool_postgres::Object;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Row;

/// The columns that [`stored_of`] reads.
pub const COLUMNS: &str = "t.seq, t.customer, t.first_day, t.price_list, t.discount_tier, t.nominal_discount, \
     t.record_seconds, t.record_nanos";

/// Terms of a row.
pub fn stored_of(row: &Row) -> Result<StoredPriceTerms, Problem> {
    let discount: Option<i32> = column(row, "nominal_discount")?;
    Ok(StoredPriceTerms {
        position: count(column(row, "seq")?),
        record_time: super::history::record_time(row)?,
        terms: PriceTerms {
            customer_id: PartyId::stored(column(row, "customer")?),
            first_day: Day(column(row, "first_day")?),
            price_list_id: column(row, "price_list")?,
            discount_tier: column(row, "discount_tier")?,
            nominal_discount: discount.map(i32::unsigned_abs),
        },
    })
}

/// By what some customers buy on a day, in the order of `customers`.
pub async fn of(
    database: &Database,
    tenant: i32,
    customers: &[PartyId],
    day: Day,
    as_of: Position,
) -> Result<Vec<Option<PriceTerms>>, Problem> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::default();
    let (tenant, as_of) = (sql.bind(tenant), sql.bind(seq(as_of)));
    let names: Vec<_> = customers.iter().map(PartyId::to_string).collect();
    let (names, day) = (sql.bind(names), sql.bind(day.0));
    sql.push(&format!(
        "SELECT DISTINCT ON (t.customer) {COLUMNS} FROM profitscore.price_terms t \
         WHERE t.tenant = {tenant} AND t.seq <= {as_of} AND t.customer = ANY({names}) AND t.first_day <= {day} \
         ORDER BY t.customer, t.first_day DESC, t.seq DESC"
    ));
    let mut found = BTreeMap::new();
    for row in database.rows(&sql).await? {
        let terms = stored_of(&row)?.terms;
        found.insert(terms.customer_id.clone(), terms);
    }
    let own = customers
        .iter()
        .map(|customer| found.get(customer).cloned());
    Ok(own.collect())
}

/// The terms that meet a question.
pub async fn listed(
    database: &Database,
    tenant: i32,
    question: &PriceTermsQuestion,
) -> Result<Vec<StoredPriceTerms>, Problem> {
    let mut sql = Sql::default();
    let mut conditions = vec![
        format!("t.tenant = {}", sql.bind(tenant)),
        format!("t.seq <= {}", sql.bind(seq(question.as_of))),
    ];
    if let Some(customer) = &question.customer {
        conditions.push(format!("t.customer = {}", sql.bind(customer.to_string())));
    }
    if let Some(day) = question.valid_on {
        conditions.push(format!("t.first_day <= {}", sql.bind(day.0)));
    }
    if let Some((customer, day)) = &question.after {
        let customer = sql.bind(customer.to_string());
        conditions.push(match question.valid_on {
            Some(_) => format!("t.customer > {customer}"),
            None => format!(
                "(t.customer, t.first_day) > ({customer}, {})",
                sql.bind(day.0)
            ),
        });
    }
    let (one_of, order) = match question.valid_on {
        Some(_) => ("t.customer", "t.customer, t.first_day DESC"),
        None => ("t.customer, t.first_day", "t.customer, t.first_day"),
    };
    let limit = sql.bind(i64::try_from(question.limit).unwrap_or(i64::MAX));
    sql.push(&format!(
        "SELECT DISTINCT ON ({one_of}) {COLUMNS} FROM profitscore.price_terms t WHERE {} \
         ORDER BY {order}, t.seq DESC LIMIT {limit}",
        conditions.join(" AND ")
    ));
    let rows = database.rows(&sql).await?;
    rows.iter().map(stored_of).collect()
}

/// The newest versions of the terms of some customers and days, as a transaction sees them.
pub async fn newest_on(
    connection: &Object,
    tenant: i32,
    keys: BTreeSet<(PartyId, Day)>,
) -> Result<Vec<StoredPriceTerms>, Fault> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let keys = keys.into_iter();
    let (customers, days): (Vec<_>, Vec<_>) = keys
        .map(|(customer, day)| (customer.to_string(), day.0))
        .unzip();
    let mut sql = Sql::default();
    let tenant = sql.bind(tenant);
    let (customers, days) = (sql.bind(customers), sql.bind(days));
    sql.push(&format!(
        "SELECT DISTINCT ON (t.customer, t.first_day) {COLUMNS} FROM profitscore.price_terms t \
         JOIN unnest({customers}::text[], {days}::integer[]) AS n(customer, first_day) \
         ON t.customer = n.customer AND t.first_day = n.first_day \
         WHERE t.tenant = {tenant} ORDER BY t.customer, t.first_day, t.seq DESC"
    ));
    let rows = rows(connection, &sql).await?;
    let read = rows.iter().map(stored_of);
    Ok(read.collect::<Result<_, Problem>>()?)
}

/// Adds versions.
pub fn statement(tenant: i32, all: &[StoredPriceTerms]) -> Sql {
    let (mut seqs, mut customers, mut days) = (Vec::new(), Vec::new(), Vec::new());
    let (mut lists, mut tiers, mut discounts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut seconds, mut nanos) = (Vec::new(), Vec::new());
    for stored in all {
        let terms = &stored.terms;
        seqs.push(seq(stored.position));
        customers.push(terms.customer_id.to_string());
        days.push(terms.first_day.0);
        lists.push(terms.price_list_id.clone());
        tiers.push(terms.discount_tier.clone());
        // At most a million.
        discounts.push(terms.nominal_discount.map(u32::cast_signed));
        seconds.push(stored.record_time.seconds);
        nanos.push(stored.record_time.nanos.cast_signed());
    }
    let mut sql = Sql::default();
    let (tenant, seqs) = (sql.bind(tenant), sql.bind(seqs));
    let (customers, days) = (sql.bind(customers), sql.bind(days));
    let (lists, tiers, discounts) = (sql.bind(lists), sql.bind(tiers), sql.bind(discounts));
    let (seconds, nanos) = (sql.bind(seconds), sql.bind(nanos));
    sql.push(&format!(
        "INSERT INTO profitscore.price_terms (tenant, seq, customer, first_day, price_list, discount_tier, \
         nominal_discount, record_seconds, record_nanos) \
         SELECT {tenant}::integer, n.* FROM unnest({seqs}::bigint[], {customers}::text[], {days}::integer[], \
         {lists}::text[], {tiers}::text[], {discounts}::integer[], {seconds}::bigint[], {nanos}::integer[]) AS n"
    ));
    sql
}
