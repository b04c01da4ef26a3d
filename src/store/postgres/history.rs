//! Everything that was written for a tenant, in the order of positions, and writing what another store holds.
//!
//! Entries and records are in tables of their own. Each is read by a range of positions, so that a page costs the same
//! wherever it is, and together they must have no gaps.

use super::{
    append::Appending,
    closings,
    database::{Database, Fault, column},
    entries, json,
    parties::{COLUMNS, party_of},
    price_terms, products, prospect_records, rates,
    recording::Recording,
    sql::{Sql, count, seq},
    tenants,
    writer::{Ground, begin, move_on},
};
use crate::domain::{
    cost_model::{CostModel, CostModelDraft},
    data_subject::SubjectRight,
    history::{Content, HistoryQuestion, Written, check_follows, check_posted},
    id::{PartyId, RequestId, TenantId},
    ledger::Position,
    party::TraitDefinition,
    problem::Problem,
    records::Record,
    time::Instant,
};
use deadpool_postgres::Object;
use std::collections::BTreeMap;
use tokio_postgres::Row;

/// Positions from after the first to the second.
type Range = (Position, Position);

/// What a question asks for.
pub async fn written(
    database: &Database,
    tenant: i32,
    question: &HistoryQuestion,
) -> Result<Vec<Written>, Problem> {
    // What is committed between two of the statements below would be seen by the second alone.
    let newest = tenants::position(database, tenant).await?;
    let limit = u64::try_from(question.limit).unwrap_or(u64::MAX);
    let end = question.after.saturating_add(limit);
    let range = (question.after, end.min(question.as_of).min(newest));
    if range.1 <= range.0 {
        return Ok(Vec::new());
    }
    let mut found = BTreeMap::new();
    let missing = |found: &BTreeMap<Position, Written>| (found.len() as u64) < range.1 - range.0;
    read_entries(database, tenant, range, &mut found).await?;
    if missing(&found) {
        read_parties(database, tenant, range, &mut found).await?;
    }
    if missing(&found) {
        read_definitions(database, tenant, range, &mut found).await?;
        read_cost_models(database, tenant, range, &mut found).await?;
        read_closings(database, tenant, range, &mut found).await?;
        read_products(database, tenant, range, &mut found).await?;
    }
    if missing(&found) {
        read_rates(database, tenant, range, &mut found).await?;
        read_prospect_records(database, tenant, range, &mut found).await?;
    }
    if missing(&found) {
        read_price_terms(database, tenant, range, &mut found).await?;
    }
    erase(database, tenant, range, &mut found).await?;
    let written: Vec<_> = found.into_values().collect();
    let gap = (range.0 + 1..=range.1).find(|position| {
        let place = usize::try_from(position - range.0 - 1).unwrap_or(usize::MAX);
        written.get(place).map(|one| one.position) != Some(*position)
    });
    match gap {
        None => Ok(written),
        Some(position) => {
            let place = format!("nothing is at position {position}");
            Err(Problem::ledger_damaged(&place))
        }
    }
}

/// A question for columns of a table that is called by a letter.
fn question(tenant: i32, range: Range, columns: &str, (table, letter): (&str, char)) -> Sql {
    let mut sql = Sql::default();
    let tenant = sql.bind(tenant);
    let (after, end) = (sql.bind(seq(range.0)), sql.bind(seq(range.1)));
    sql.push(&format!(
        "SELECT {letter}.seq, {columns} FROM profitscore.{table} {letter} \
         WHERE {letter}.tenant = {tenant} AND {letter}.seq > {after} AND {letter}.seq <= {end} ORDER BY {letter}.seq"
    ));
    sql
}

fn of_row(row: &Row, content: Content) -> Result<Written, Problem> {
    Ok(Written {
        position: count(column(row, "seq")?),
        record_time: record_time(row)?,
        content,
    })
}

/// When what is in a row was taken in.
pub fn record_time(row: &Row) -> Result<Instant, Problem> {
    let nanos: i32 = column(row, "record_nanos")?;
    Ok(Instant {
        seconds: column(row, "record_seconds")?,
        nanos: nanos.unsigned_abs(),
    })
}

async fn read_entries(
    database: &Database,
    tenant: i32,
    range: Range,
    found: &mut BTreeMap<Position, Written>,
) -> Result<(), Problem> {
    let columns = "l.record_seconds, l.record_nanos, l.body";
    let sql = question(tenant, range, columns, ("ledger", 'l'));
    for row in database.rows(&sql).await? {
        let position = count(column(&row, "seq")?);
        let body: &[u8] = column(&row, "body")?;
        if body.is_empty() {
            // It takes back what a sale caused, together with the sale.
            continue;
        }
        let entry = entries::entry_of(body, position)?;
        found.insert(position, of_row(&row, Content::Entry(entry))?);
    }
    Ok(())
}

async fn read_parties(
    database: &Database,
    tenant: i32,
    range: Range,
    found: &mut BTreeMap<Position, Written>,
) -> Result<(), Problem> {
    let columns = format!("p.record_seconds, p.record_nanos, {COLUMNS}");
    let sql = question(tenant, range, &columns, ("parties", 'p'));
    for row in database.rows(&sql).await? {
        let content = Content::of_record(Record::Party(party_of(&row)?));
        let written = of_row(&row, content)?;
        found.insert(written.position, written);
    }
    Ok(())
}

/// Tells of versions of parties that were erased since as what they are now, with the definitions that they implied.
async fn erase(
    database: &Database,
    tenant: i32,
    range: Range,
    found: &mut BTreeMap<Position, Written>,
) -> Result<(), Problem> {
    let requests = prospect_records::subject_requests(database, tenant, Position::MAX).await?;
    let erasures = requests
        .iter()
        .filter(|stored| stored.request.right == SubjectRight::Erasure);
    let erased_at: BTreeMap<&PartyId, Position> = erasures
        .map(|stored| (&stored.request.party_id, stored.position))
        .collect();
    if erased_at.is_empty() {
        return Ok(());
    }
    let mut definitions = BTreeMap::<Position, Vec<TraitDefinition>>::new();
    let columns = "d.definition::text AS definition";
    let sql = question(tenant, range, columns, ("trait_definitions", 'd'));
    for row in database.rows(&sql).await? {
        let own = definitions.entry(count(column(&row, "seq")?)).or_default();
        own.push(json::read(column(&row, "definition")?)?);
        own.sort_by(|a, b| a.key.cmp(&b.key));
    }
    for (position, one) in found {
        let is_erased = |party: &PartyId| erased_at.get(party).is_some_and(|at| position < at);
        let implied = || definitions.get(position).cloned().unwrap_or_default();
        one.erase_if(is_erased, implied);
    }
    Ok(())
}

async fn read_definitions(
    database: &Database,
    tenant: i32,
    range: Range,
    found: &mut BTreeMap<Position, Written>,
) -> Result<(), Problem> {
    let columns = "d.record_seconds, d.record_nanos, d.definition::text AS definition";
    let sql = question(tenant, range, columns, ("trait_definitions", 'd'));
    for row in database.rows(&sql).await? {
        let definition = json::read(column(&row, "definition")?)?;
        let written = of_row(
            &row,
            Content::of_record(Record::TraitDefinition(definition)),
        )?;
        // What a party implied was not written by itself.
        found.entry(written.position).or_insert(written);
    }
    Ok(())
}

async fn read_cost_models(
    database: &Database,
    tenant: i32,
    range: Range,
    found: &mut BTreeMap<Position, Written>,
) -> Result<(), Problem> {
    let columns = "c.request_id, c.model::text AS model";
    let sql = question(tenant, range, columns, ("cost_models", 'c'));
    for row in database.rows(&sql).await? {
        let position = count(column(&row, "seq")?);
        let model: CostModel = json::read(column(&row, "model")?)?;
        let timeless = || {
            let place = format!("the cost model at position {position} has no time");
            Problem::ledger_damaged(&place)
        };
        let record_time = model.record_time.ok_or_else(timeless)?;
        let draft = CostModelDraft {
            model,
            request_id: RequestId::stored(column(&row, "request_id")?),
            expected_version: None,
        };
        let written = Written {
            position,
            record_time,
            content: Content::of_record(Record::CostModel(draft)),
        };
        found.insert(position, written);
    }
    Ok(())
}

async fn read_products(
    database: &Database,
    tenant: i32,
    range: Range,
    found: &mut BTreeMap<Position, Written>,
) -> Result<(), Problem> {
    let sql = question(tenant, range, products::COLUMNS, ("products", 'd'));
    for row in database.rows(&sql).await? {
        let product = products::product_of(&row)?;
        let written = of_row(&row, Content::of_record(Record::Product(product)))?;
        found.insert(written.position, written);
    }
    Ok(())
}

async fn read_closings(
    database: &Database,
    tenant: i32,
    range: Range,
    found: &mut BTreeMap<Position, Written>,
) -> Result<(), Problem> {
    let sql = question(tenant, range, closings::COLUMNS, ("closings", 'c'));
    for row in database.rows(&sql).await? {
        let closing = closings::closing_of(&row)?;
        let written = of_row(&row, Content::of_record(Record::Closing(closing.draft)))?;
        found.insert(written.position, written);
    }
    Ok(())
}

async fn read_rates(
    database: &Database,
    tenant: i32,
    range: Range,
    found: &mut BTreeMap<Position, Written>,
) -> Result<(), Problem> {
    let sql = question(tenant, range, rates::COLUMNS, ("exchange_rates", 'r'));
    for row in database.rows(&sql).await? {
        let stored = rates::stored_of(&row)?;
        let content = Content::of_record(Record::ExchangeRate(stored.rate));
        found.insert(stored.position, of_row(&row, content)?);
    }
    Ok(())
}

async fn read_price_terms(
    database: &Database,
    tenant: i32,
    range: Range,
    found: &mut BTreeMap<Position, Written>,
) -> Result<(), Problem> {
    let sql = question(tenant, range, price_terms::COLUMNS, ("price_terms", 't'));
    for row in database.rows(&sql).await? {
        let stored = price_terms::stored_of(&row)?;
        let content = Content::of_record(Record::PriceTerms(stored.terms));
        found.insert(stored.position, of_row(&row, content)?);
    }
    Ok(())
}

async fn read_prospect_records(
    database: &Database,
    tenant: i32,
    range: Range,
    found: &mut BTreeMap<Position, Written>,
) -> Result<(), Problem> {
    let columns = prospect_records::COLUMNS;
    let sql = question(tenant, range, columns, ("prospect_records", 'o'));
    for row in database.rows(&sql).await? {
        let stored = prospect_records::stored_of(&row)?;
        let content = Content::of_record(Record::Prospect(stored.record));
        found.insert(stored.position, of_row(&row, content)?);
    }
    Ok(())
}

/// Writes what another store holds, in one transaction.
pub async fn take_over(
    ground: &Ground,
    tenant: &TenantId,
    written: &[Written],
) -> Result<(), Problem> {
    let mut attempts = ground.database.attempts();
    let mut is_again = false;
    loop {
        let fault = match attempt(ground, tenant, written, is_again).await {
            Ok(()) => return Ok(()),
            Err(fault) => fault,
        };
        attempts.after(fault).await?;
        is_again = true;
    }
}

async fn attempt(
    ground: &Ground,
    tenant: &TenantId,
    written: &[Written],
    is_again: bool,
) -> Result<(), Fault> {
    let (Some(first), Some(last)) = (written.first(), written.last()) else {
        return Ok(());
    };
    if is_again {
        // A commit whose answer was lost.
        let number = ground.tenants.number(&ground.database, tenant).await?;
        let question = HistoryQuestion {
            after: first.position - 1,
            as_of: last.position,
            limit: written.len(),
        };
        if self::written(&ground.database, number, &question).await? == written {
            return Ok(());
        }
    }
    let connection = ground.database.connection().await?;
    let number = ground.tenants.number_to_write(&connection, tenant).await?;
    let done = transaction(&connection, ground, number, written).await;
    if done.is_err() {
        // Nobody is to get a connection whose transaction is still open.
        drop(Object::take(connection));
    }
    done
}

async fn transaction(
    connection: &Object,
    ground: &Ground,
    tenant: i32,
    written: &[Written],
) -> Result<(), Fault> {
    let before = begin(connection, tenant).await?;
    check_follows(before, written)?;
    let entries = written.iter().filter_map(|one| match &one.content {
        Content::Entry(entry) => Some(entry),
        Content::Record(_) => None,
    });
    let records = written.iter().filter_map(|one| match &one.content {
        Content::Record(record) => Some(record),
        Content::Entry(_) => None,
    });
    let mut appending = Appending::prepare(connection, tenant, &ground.calendar, entries).await?;
    let mut recording = Recording::prepare(connection, tenant, records).await?;
    let mut newest = before;
    for one in written {
        let time = one.record_time;
        let outcome = match one.content.clone() {
            Content::Entry(entry) => appending.decide(entry, time, &mut newest)?,
            Content::Record(record) => recording.decide(record, time, &mut newest),
        };
        check_posted(one.position, outcome)?;
    }
    appending.write(connection, tenant).await?;
    recording.write(connection, tenant).await?;
    move_on(connection, tenant, before, newest).await?;
    connection.batch_execute("COMMIT").await?;
    Ok(())
}
