//! What becomes of entries: decided one after the other against what the ledger has of their ids, and then written all
//! at once.

use super::{
    books::Booked,
    database::{Fault, column, rows},
    entries,
    posting::{Column, Posted},
    sql::{Sql, count, seq},
};
use crate::{
    domain::{
        activity::Activity,
        conflict::conflict,
        id::{ActivityId, RoleId},
        ledger::{Entry, Outcome, Position, Reversal, activity_not_found, already_reversed},
        problem::Problem,
        time::{Calendar, Instant},
    },
    store::answer::group_name,
};
use deadpool_postgres::Object;
use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
};
use tokio_postgres::{
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};

/// What is known of the ids of a group of entries, and what the group adds.
pub struct Appending<'a> {
    calendar: &'a Calendar,
    known: BTreeMap<ActivityId, (Position, Entry)>,
    /// By the position of what was taken back.
    reversed: BTreeMap<Position, Position>,
    new: Vec<NewRow>,
    booked: Booked,
}

/// A row that is to be added to the ledger, but for its place in it.
struct Row {
    day: i32,
    posted: Posted,
    target: Option<i64>,
    activity: Activity,
}

/// The rest of it.
struct NewRow {
    seq: i64,
    id: String,
    record_time: Instant,
    body: Vec<u8>,
    row: Row,
}

impl<'a> Appending<'a> {
    /// Reads what the ledger has of the entries' ids, and of what they take back.
    pub async fn prepare(
        connection: &Object,
        tenant: i32,
        calendar: &'a Calendar,
        submitted: impl Iterator<Item = &Entry>,
    ) -> Result<Self, Fault> {
        let mut ids = BTreeSet::new();
        for entry in submitted {
            ids.insert(entry.id().to_string());
            if let Entry::Reversal(reversal) = entry {
                ids.insert(reversal.activity_id.to_string());
            }
        }
        let mut appending = Self {
            calendar,
            known: BTreeMap::new(),
            reversed: BTreeMap::new(),
            new: Vec::new(),
            booked: Booked::default(),
        };
        if !ids.is_empty() {
            appending.read(connection, tenant, ids).await?;
        }
        Ok(appending)
    }

    async fn read(
        &mut self,
        connection: &Object,
        tenant: i32,
        ids: BTreeSet<String>,
    ) -> Result<(), Fault> {
        let mut sql = Sql::default();
        let owner = sql.bind(tenant);
        let ids = sql.bind(ids.into_iter().collect::<Vec<_>>());
        sql.push(&format!(
            "SELECT i.seq FROM profitscore.ids i WHERE i.tenant = {owner} AND i.id = ANY({ids})"
        ));
        let found = rows(connection, &sql).await?;
        if found.is_empty() {
            return Ok(());
        }
        let seqs: Result<Vec<i64>, Problem> = found.iter().map(|row| column(row, "seq")).collect();
        let seqs = seqs?;
        for row in rows(connection, &entries::at(tenant, seqs.clone())).await? {
            let position = count(column(&row, "seq")?);
            let entry = entries::entry_of(column(&row, "body")?, position)?;
            self.known.insert(entry.id().clone(), (position, entry));
        }
        let reversals = entries::reversals(tenant, seqs, Position::MAX);
        for row in rows(connection, &reversals).await? {
            let target = count(column(&row, "target")?);
            self.reversed.insert(target, count(column(&row, "seq")?));
        }
        Ok(())
    }

    /// Decides about one entry, which gets the position after `newest` if it is new.
    pub fn decide(
        &mut self,
        entry: Entry,
        record_time: Instant,
        newest: &mut Position,
    ) -> Result<Outcome, Problem> {
        if let Some((position, stored)) = self.known.get(entry.id()) {
            return Ok(match conflict(stored, &entry, *position) {
                None => Outcome::Duplicate(*position),
                Some(problem) => Outcome::Rejected(Box::new(problem)),
            });
        }
        let position = *newest + 1;
        let row = match &entry {
            Entry::Activity(activity) => self.row(activity, Posted::of(activity), None),
            Entry::Reversal(Reversal { activity_id, .. }) => {
                let Some((target, Entry::Activity(activity))) = self.known.get(activity_id) else {
                    return Ok(Outcome::Rejected(Box::new(activity_not_found(activity_id))));
                };
                if let Some(reversed_at) = self.reversed.get(target) {
                    return Ok(Outcome::Rejected(Box::new(already_reversed(
                        activity_id,
                        *reversed_at,
                    ))));
                }
                self.reversed.insert(*target, position);
                self.row(activity, Posted::of(activity).taken_back()?, Some(*target))
            }
        };
        self.booked.add(row.day, &row.posted);
        *newest = position;
        self.new.push(NewRow {
            seq: seq(position),
            id: entry.id().to_string(),
            record_time,
            body: entries::bytes_of(&entry)?,
            row,
        });
        self.known.insert(entry.id().clone(), (position, entry));
        Ok(Outcome::Posted(position))
    }

    fn row(&self, activity: &Activity, posted: Posted, target: Option<Position>) -> Row {
        Row {
            day: self.calendar.day(activity.occur_time).0,
            posted,
            target: target.map(seq),
            activity: activity.clone(),
        }
    }

    /// Writes what is new.
    pub async fn write(self, connection: &Object, tenant: i32) -> Result<(), Fault> {
        let Some(last) = self.new.last() else {
            return Ok(());
        };
        let books = self.booked.statement(tenant, last.seq);
        copy_ids(connection, tenant, &self.new).await?;
        copy_rows(connection, tenant, &self.new).await?;
        rows(connection, &books).await?;
        Ok(())
    }
}

/// Adds the ids, in their order so that they meet the pages of their index one after the other.
async fn copy_ids(connection: &Object, tenant: i32, new: &[NewRow]) -> Result<(), Fault> {
    let mut sorted: Vec<(&str, i64)> = new.iter().map(|row| (row.id.as_str(), row.seq)).collect();
    sorted.sort_unstable();
    let text = "COPY profitscore.ids (tenant, id, seq) FROM STDIN (FORMAT binary)";
    let kinds = [Type::INT4, Type::TEXT, Type::INT8];
    let mut writer = pin!(copy(connection, text, &kinds).await?);
    for (id, seq) in sorted {
        writer.as_mut().write(&[&tenant, &id, &seq]).await?;
    }
    writer.finish().await?;
    Ok(())
}

/// Adds the rows of the ledger. They are copied in and not inserted: an insert would take each column apart into a
/// table of its own before it puts rows together again, which costs more than the rows.
async fn copy_rows(connection: &Object, tenant: i32, new: &[NewRow]) -> Result<(), Fault> {
    let [live, amounts @ ..] = Column::ALL.map(Column::name);
    let text = format!(
        "COPY profitscore.ledger (tenant, seq, day, what, occur_seconds, occur_nanos, record_seconds, record_nanos, \
         target, customer, role, branch, product, manager, body, {live}, {}) FROM STDIN (FORMAT binary)",
        amounts.join(", ")
    );
    let (short, whole, long, text_kind) = (Type::INT2, Type::INT4, Type::INT8, Type::TEXT);
    let mut kinds = vec![whole.clone(), long.clone(), whole.clone(), short.clone()];
    kinds.extend([
        long.clone(),
        whole.clone(),
        long.clone(),
        whole,
        long.clone(),
    ]);
    kinds.extend(std::iter::repeat_n(text_kind, 5));
    kinds.extend([Type::BYTEA, short]);
    kinds.extend(amounts.map(|_| long.clone()));
    let mut writer = pin!(copy(connection, &text, &kinds).await?);
    for new in new {
        let (row, dimensions) = (&new.row, &new.row.activity.dimensions);
        let (occurred, recorded) = (row.activity.occur_time, new.record_time);
        let nanos = |time: Instant| time.nanos.cast_signed();
        let (occur_nanos, record_nanos) = (nanos(occurred), nanos(recorded));
        let customer = row.activity.customer_id.as_str();
        let role = row.posted.role.as_ref().map(RoleId::as_str);
        let branch = group_name(&dimensions.branch_id);
        let product = group_name(&dimensions.product_id);
        let manager = group_name(&dimensions.account_manager_id);
        let [live, amounts @ ..] = &row.posted.amounts;
        let live = live.map_or(0, |live| i16::try_from(live).unwrap_or(0));
        let mut values: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(kinds.len());
        values.extend([
            &tenant as &(dyn ToSql + Sync),
            &new.seq,
            &row.day,
            &row.posted.what,
        ]);
        values.extend([&occurred.seconds as &(dyn ToSql + Sync), &occur_nanos]);
        values.extend([&recorded.seconds as &(dyn ToSql + Sync), &record_nanos]);
        values.extend([&row.target as &(dyn ToSql + Sync), &customer, &role]);
        values.extend([&branch as &(dyn ToSql + Sync), &product, &manager]);
        values.extend([&new.body as &(dyn ToSql + Sync), &live]);
        values.extend(amounts.iter().map(|amount| amount as &(dyn ToSql + Sync)));
        writer.as_mut().write(&values).await?;
    }
    writer.finish().await?;
    Ok(())
}

async fn copy(
    connection: &Object,
    text: &str,
    kinds: &[Type],
) -> Result<BinaryCopyInWriter, Fault> {
    let statement = connection.prepare_cached(text).await?;
    Ok(BinaryCopyInWriter::new(
        connection.copy_in(&statement).await?,
        kinds,
    ))
}

/// Says what would become of entries, and keeps nothing.
pub async fn try_out(
    connection: &Object,
    (tenant, mut newest): (i32, Position),
    calendar: &Calendar,
    entries: &[Entry],
    record_time: Instant,
) -> Result<Vec<Outcome>, Fault> {
    let mut appending = Appending::prepare(connection, tenant, calendar, entries.iter()).await?;
    let mut outcomes = Vec::with_capacity(entries.len());
    for entry in entries {
        outcomes.push(appending.decide(entry.clone(), record_time, &mut newest)?);
    }
    Ok(outcomes)
}
