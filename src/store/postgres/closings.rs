//! Closed months: the table, and what is made of its rows.

use super::{
    database::{Database, Fault, column, rows},
    sql::{Sql, count, seq},
};
use crate::domain::{
    closing::{Closing, ClosingDraft, Month},
    id::RequestId,
    ledger::Position,
    problem::Problem,
};
use deadpool_postgres::Object;
use tokio_postgres::Row;

/// What a row is read by.
pub const COLUMNS: &str = "c.month, c.request_id, c.note, c.record_seconds, c.record_nanos";

/// All closed months up to a position, the oldest first.
pub async fn closings(
    database: &Database,
    tenant: i32,
    as_of: Position,
) -> Result<Vec<Closing>, Problem> {
    let rows = database.rows(&question(tenant, as_of)).await?;
    rows.iter().map(closing_of).collect()
}

/// All closed months, as a transaction sees them.
pub async fn closings_on(connection: &Object, tenant: i32) -> Result<Vec<Closing>, Fault> {
    let rows = rows(connection, &question(tenant, Position::MAX)).await?;
    let read = rows.iter().map(closing_of);
    Ok(read.collect::<Result<_, _>>()?)
}

fn question(tenant: i32, as_of: Position) -> Sql {
    let mut sql = Sql::default();
    let (tenant, as_of) = (sql.bind(tenant), sql.bind(seq(as_of)));
    sql.push(&format!(
        "SELECT c.seq, {COLUMNS} FROM profitscore.closings c \
         WHERE c.tenant = {tenant} AND c.seq <= {as_of} ORDER BY c.seq"
    ));
    sql
}

/// A closed month.
pub fn closing_of(row: &Row) -> Result<Closing, Problem> {
    let position = count(column(row, "seq")?);
    let month: i32 = column(row, "month")?;
    let month = Month::parse(month.div_euclid(12), month.rem_euclid(12) + 1, "month");
    let damaged = |_| Problem::ledger_damaged(&format!("the closing at position {position}"));
    Ok(Closing {
        position,
        record_time: super::history::record_time(row)?,
        draft: ClosingDraft {
            month: month.map_err(damaged)?,
            note: column(row, "note")?,
            request_id: RequestId::stored(column(row, "request_id")?),
        },
    })
}

/// Adds a closed month.
pub fn statement(tenant: i32, closing: &Closing) -> Sql {
    let Closing {
        position,
        record_time,
        draft,
    } = closing;
    let month = i32::from(draft.month.year()) * 12 + i32::from(draft.month.month()) - 1;
    let mut sql = Sql::default();
    let (tenant, seq, month) = (sql.bind(tenant), sql.bind(seq(*position)), sql.bind(month));
    let (id, note) = (
        sql.bind(draft.request_id.to_string()),
        sql.bind(draft.note.clone()),
    );
    let seconds = sql.bind(record_time.seconds);
    let nanos = sql.bind(record_time.nanos.cast_signed());
    sql.push(&format!(
        "INSERT INTO profitscore.closings \
         (tenant, seq, month, request_id, note, record_seconds, record_nanos) \
         VALUES ({tenant}, {seq}, {month}, {id}, {note}, {seconds}, {nanos})"
    ));
    sql
}
