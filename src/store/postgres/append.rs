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
        activity::{Activity, Kind},
        conflict::conflict,
        id::ActivityId,
        ledger::{Entry, Outcome, Position, Reversal, activity_not_found, already_reversed},
        problem::Problem,
        relationship::{sale_already_reversed, sale_not_found},
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
    /// What sales caused, by the position of the sale.
    caused: BTreeMap<Position, Vec<(Position, Activity)>>,
    new: Vec<NewRow>,
    booked: Booked,
}

/// A row that is to be added to the ledger, but for its place in it.
struct Row {
    day: i32,
    posted: Posted,
    target: Option<i64>,
    /// The position of the sale that caused it.
    sale: Option<i64>,
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
            match entry {
                Entry::Reversal(reversal) => {
                    ids.insert(reversal.activity_id.to_string());
                }
                Entry::Activity(activity) => ids.extend(activity.sale().map(ToString::to_string)),
            }
        }
        let mut appending = Self {
            calendar,
            known: BTreeMap::new(),
            reversed: BTreeMap::new(),
            caused: BTreeMap::new(),
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
        let mut seqs = seqs?;
        for row in rows(connection, &entries::at(tenant, seqs.clone())).await? {
            let position = count(column(&row, "seq")?);
            let entry = entries::entry_of(column(&row, "body")?, position)?;
            self.known.insert(entry.id().clone(), (position, entry));
        }
        for row in rows(connection, &entries::caused(tenant, seqs.clone())).await? {
            let (sale, at): (i64, i64) = (column(&row, "sale")?, column(&row, "seq")?);
            let entry = entries::entry_of(column(&row, "body")?, count(at))?;
            if let Entry::Activity(activity) = entry {
                let own = self.caused.entry(count(sale)).or_default();
                own.push((count(at), activity));
            }
            seqs.push(at);
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
        let first = match &entry {
            Entry::Activity(activity) => self.activity(activity, position),
            Entry::Reversal(Reversal { activity_id, .. }) => {
                self.reversal(activity_id, position)?
            }
        };
        let row = match first {
            Ok(row) => row,
            Err(problem) => return Ok(Outcome::Rejected(Box::new(problem))),
        };
        *newest = position;
        self.push(
            position,
            entry.id().to_string(),
            record_time,
            entries::bytes_of(&entry)?,
            row,
        );
        if let Entry::Reversal(_) = &entry {
            self.reverse_caused(position, record_time)?;
        }
        self.known.insert(entry.id().clone(), (position, entry));
        Ok(Outcome::Posted(position))
    }

    fn push(
        &mut self,
        position: Position,
        id: String,
        record_time: Instant,
        body: Vec<u8>,
        row: Row,
    ) {
        self.booked.add(row.day, &row.posted);
        self.new.push(NewRow {
            seq: seq(position),
            id,
            record_time,
            body,
            row,
        });
    }

    /// The row of an activity, or why it is refused.
    fn activity(&mut self, activity: &Activity, position: Position) -> Result<Row, Problem> {
        let mut row = self.row(activity, Posted::of(activity), None);
        let Some(id) = activity.sale() else {
            return Ok(row);
        };
        let at = match self.known.get(id) {
            Some((at, Entry::Activity(sale))) if matches!(sale.kind, Kind::Sale { .. }) => *at,
            _ => return Err(sale_not_found(activity, id)),
        };
        if let Some(reversed_at) = self.reversed.get(&at) {
            return Err(sale_already_reversed(activity, id, *reversed_at));
        }
        row.sale = Some(seq(at));
        let own = self.caused.entry(at).or_default();
        own.push((position, activity.clone()));
        Ok(row)
    }

    /// The row of a reversal, or why it is refused.
    fn reversal(
        &mut self,
        activity_id: &ActivityId,
        position: Position,
    ) -> Result<Result<Row, Problem>, Problem> {
        let Some((target, Entry::Activity(activity))) = self.known.get(activity_id) else {
            return Ok(Err(activity_not_found(activity_id)));
        };
        if let Some(reversed_at) = self.reversed.get(target) {
            return Ok(Err(already_reversed(activity_id, *reversed_at)));
        }
        let row = self.row(activity, Posted::of(activity).taken_back()?, Some(*target));
        self.reversed.insert(*target, position);
        Ok(Ok(row))
    }

    /// Takes back what was caused by the sale that is taken back at a position: in rows without an entry of their own.
    fn reverse_caused(&mut self, position: Position, record_time: Instant) -> Result<(), Problem> {
        let target = self.new.last().and_then(|new| new.row.target);
        let caused = target.and_then(|target| self.caused.remove(&count(target)));
        for (at, activity) in caused.unwrap_or_default() {
            if self.reversed.contains_key(&at) {
                continue;
            }
            self.reversed.insert(at, position);
            let row = self.row(&activity, Posted::of(&activity).taken_back()?, Some(at));
            self.push(position, String::new(), record_time, Vec::new(), row);
        }
        Ok(())
    }

    fn row(&self, activity: &Activity, posted: Posted, target: Option<Position>) -> Row {
        Row {
            day: self.calendar.day(activity.occur_time).0,
            posted,
            target: target.map(seq),
            sale: None,
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
    // What has no entry of its own has no id.
    let own = new.iter().filter(|row| !row.id.is_empty());
    let mut sorted: Vec<(&str, i64)> = own.map(|row| (row.id.as_str(), row.seq)).collect();
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
         target, sale, customer, role, branch, product, manager, body, {live}, {}) FROM STDIN (FORMAT binary)",
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
        let role = row.posted.role.as_deref();
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
        values.extend([&row.target as &(dyn ToSql + Sync), &row.sale]);
        values.extend([&customer as &(dyn ToSql + Sync), &role]);
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
