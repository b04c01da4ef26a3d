//! Entries of the ledger, as they are kept and in the order of their positions.

use super::{
    database::{Database, column},
    sql::{Sql, count, seq},
};
use crate::domain::{
    activity::Activity,
    exchange_rate::Original,
    ledger::{Entry, LedgerEntry, LedgerQuestion, Position},
    problem::Problem,
    time::Instant,
};
use std::collections::BTreeMap;

/// The first byte of the form in which entries are kept: postcard.
const VERSION: u8 = 1;
/// The first byte of the form of an activity that was submitted in another currency: what it was submitted as follows.
const WITH_ORIGINAL: u8 = 2;

/// Rows that take back what a sale caused, together with the sale, have no entry of their own.
pub const HAS_ENTRY: &str = "l.body <> ''";

/// The bytes of an entry.
pub fn bytes_of(entry: &Entry) -> Result<Vec<u8>, Problem> {
    let original = match entry {
        Entry::Activity(activity) => activity.original.as_deref(),
        Entry::Reversal(_) => None,
    };
    let bytes = match original {
        None => postcard::to_extend(entry, vec![VERSION]),
        Some(original) => postcard::to_extend(&(entry, original), vec![WITH_ORIGINAL]),
    };
    bytes.map_err(|error| Problem::store_unavailable(&error.to_string()))
}

/// Takes back an entry.
pub fn entry_of(bytes: &[u8], position: Position) -> Result<Entry, Problem> {
    let damaged = || Problem::ledger_damaged(&format!("the entry at position {position}"));
    match bytes.split_first() {
        Some((&VERSION, rest)) => postcard::from_bytes(rest).map_err(|_| damaged()),
        Some((&WITH_ORIGINAL, rest)) => {
            let read: (Activity, Original) = match postcard::from_bytes(rest) {
                Ok((Entry::Activity(activity), original)) => (activity, original),
                Ok((Entry::Reversal(_), _)) | Err(_) => return Err(damaged()),
            };
            let (activity, original) = read;
            Ok(Entry::Activity(Activity {
                original: Some(Box::new(original)),
                ..activity
            }))
        }
        _ => Err(damaged()),
    }
}

/// The entries that a question asks for.
pub async fn listed(
    database: &Database,
    tenant: i32,
    question: &LedgerQuestion,
) -> Result<Vec<LedgerEntry>, Problem> {
    let mut entries = Vec::new();
    for row in database.rows(&page(tenant, question)).await? {
        let position = count(column(&row, "seq")?);
        let nanos: i32 = column(&row, "record_nanos")?;
        entries.push(LedgerEntry {
            position,
            record_time: Instant {
                seconds: column(&row, "record_seconds")?,
                nanos: nanos.unsigned_abs(),
            },
            entry: entry_of(column(&row, "body")?, position)?,
            reversed_at: None,
        });
    }
    let activities = entries
        .iter()
        .filter(|entry| matches!(entry.entry, Entry::Activity(_)));
    let positions: Vec<i64> = activities.map(|entry| seq(entry.position)).collect();
    let sql = reversals(tenant, positions, question.as_of);
    let mut reversed = BTreeMap::new();
    for row in database.rows(&sql).await? {
        let (target, at) = (column(&row, "target")?, column(&row, "seq")?);
        reversed.insert(count(target), count(at));
    }
    for entry in &mut entries {
        entry.reversed_at = reversed.get(&entry.position).copied();
    }
    Ok(entries)
}

fn page(tenant: i32, question: &LedgerQuestion) -> Sql {
    let mut sql = Sql::default();
    let mut conditions = vec![
        HAS_ENTRY.to_owned(),
        format!("l.tenant = {}", sql.bind(tenant)),
        format!("l.seq > {}", sql.bind(seq(question.after))),
        format!("l.seq <= {}", sql.bind(seq(question.as_of))),
    ];
    if let Some(customer) = &question.customer {
        conditions.push(format!("l.customer = {}", sql.bind(customer.to_string())));
    }
    for (time, comparison) in [(question.start, ">="), (question.end, "<")] {
        if let Some(Instant { seconds, nanos }) = time {
            let (seconds, nanos) = (sql.bind(seconds), sql.bind(nanos.cast_signed()));
            conditions.push(format!(
                "(l.occur_seconds, l.occur_nanos) {comparison} ({seconds}, {nanos})"
            ));
        }
    }
    let limit = sql.bind(i64::try_from(question.limit).unwrap_or(i64::MAX));
    sql.push(&format!(
        "SELECT l.seq, l.record_seconds, l.record_nanos, l.body FROM profitscore.ledger l \
         WHERE {} ORDER BY l.seq LIMIT {limit}",
        conditions.join(" AND ")
    ));
    sql
}

/// The reversals, up to a position, of what is at some positions.
pub fn reversals(tenant: i32, positions: Vec<i64>, as_of: Position) -> Sql {
    let mut sql = Sql::default();
    let (tenant, positions) = (sql.bind(tenant), sql.bind(positions));
    let as_of = sql.bind(seq(as_of));
    sql.push(&format!(
        "SELECT l.target, l.seq FROM profitscore.ledger l \
         WHERE l.tenant = {tenant} AND l.target = ANY({positions}) AND l.seq <= {as_of}"
    ));
    sql
}

/// What is at some positions.
pub fn at(tenant: i32, positions: Vec<i64>) -> Sql {
    let mut sql = Sql::default();
    let (tenant, positions) = (sql.bind(tenant), sql.bind(positions));
    sql.push(&format!(
        "SELECT l.seq, l.body FROM profitscore.ledger l \
         WHERE l.tenant = {tenant} AND l.seq = ANY({positions}) AND {HAS_ENTRY}"
    ));
    sql
}

/// What was caused by the sales that are at some positions.
pub fn caused(tenant: i32, positions: Vec<i64>) -> Sql {
    let mut sql = Sql::default();
    let (tenant, positions) = (sql.bind(tenant), sql.bind(positions));
    sql.push(&format!(
        "SELECT l.sale, l.seq, l.body FROM profitscore.ledger l \
         WHERE l.tenant = {tenant} AND l.sale = ANY({positions}) ORDER BY l.seq"
    ));
    sql
}
