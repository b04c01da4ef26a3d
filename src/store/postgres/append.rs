//! What becomes of entries: decided one after the other against what the ledger has of their ids, and then written all
//! at once.

use super::{
    books::Booked,
    database::{Fault, column, rows},
    entries,
    posting::{COLUMNS, Posted},
    sql::{Sql, count, seq},
};
use crate::{
    domain::{
        activity::Activity,
        conflict::conflict,
        id::ActivityId,
        ledger::{Entry, Outcome, Position, Reversal, activity_not_found, already_reversed},
        problem::Problem,
        time::{Calendar, Instant},
    },
    store::answer::group_name,
};
use deadpool_postgres::Object;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of the ids of a group of entries, and what the group adds.
pub struct Appending<'a> {
    calendar: &'a Calendar,
    known: BTreeMap<ActivityId, (Position, Entry)>,
    /// By the position of what was taken back.
    reversed: BTreeMap<Position, Position>,
    new: Columns,
    booked: Booked,
}

/// What is to be inserted, in columns.
#[derive(Default)]
struct Columns {
    id: Vec<String>,
    seq: Vec<i64>,
    day: Vec<i32>,
    what: Vec<i16>,
    occur_seconds: Vec<i64>,
    occur_nanos: Vec<i32>,
    record_seconds: Vec<i64>,
    record_nanos: Vec<i32>,
    amounts: [Vec<Option<i64>>; COLUMNS],
    target: Vec<Option<i64>>,
    customer: Vec<String>,
    role: Vec<Option<String>>,
    branch: Vec<String>,
    product: Vec<String>,
    manager: Vec<String>,
    body: Vec<Vec<u8>>,
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
            new: Columns::default(),
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
        match &entry {
            Entry::Activity(activity) => {
                let posted = Posted::of(activity);
                self.booked.add(self.calendar, activity, &posted);
                self.new.push(self.calendar, activity, posted, None);
            }
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
                let posted = Posted::of(activity).taken_back()?;
                self.booked.add(self.calendar, activity, &posted);
                self.new
                    .push(self.calendar, activity, posted, Some(*target));
                self.reversed.insert(*target, position);
            }
        }
        *newest = position;
        let new = &mut self.new;
        new.id.push(entry.id().to_string());
        new.seq.push(seq(position));
        new.record_seconds.push(record_time.seconds);
        new.record_nanos.push(record_time.nanos.cast_signed());
        new.body.push(entries::bytes_of(&entry)?);
        self.known.insert(entry.id().clone(), (position, entry));
        Ok(Outcome::Posted(position))
    }

    /// Writes what is new.
    pub async fn write(self, connection: &Object, tenant: i32) -> Result<(), Fault> {
        if self.new.id.is_empty() {
            return Ok(());
        }
        let books = self.booked.statement(tenant, self.new.seq.last().copied());
        let (ids, ledger) = self.new.into_statements(tenant);
        // All are on their way before the first is answered.
        tokio::try_join!(
            biased;
            rows(connection, &ids),
            rows(connection, &ledger),
            rows(connection, &books)
        )?;
        Ok(())
    }
}

impl Columns {
    fn push(
        &mut self,
        calendar: &Calendar,
        activity: &Activity,
        posted: Posted,
        target: Option<Position>,
    ) {
        self.day.push(calendar.day(activity.occur_time).0);
        self.what.push(posted.what);
        self.occur_seconds.push(activity.occur_time.seconds);
        self.occur_nanos
            .push(activity.occur_time.nanos.cast_signed());
        for (column, amount) in self.amounts.iter_mut().zip(posted.amounts) {
            column.push(amount);
        }
        self.target.push(target.map(seq));
        self.customer.push(activity.customer_id.to_string());
        self.role.push(posted.role.map(|role| role.to_string()));
        let dimensions = &activity.dimensions;
        self.branch
            .push(group_name(&dimensions.branch_id).to_owned());
        self.product
            .push(group_name(&dimensions.product_id).to_owned());
        self.manager
            .push(group_name(&dimensions.account_manager_id).to_owned());
    }

    /// The ids, in their order so that they meet the pages of their index one after the other; and the rows.
    fn into_statements(self, tenant: i32) -> (Sql, Sql) {
        let mut sorted: Vec<(String, i64)> =
            self.id.into_iter().zip(self.seq.iter().copied()).collect();
        sorted.sort_unstable();
        let (id, id_seq): (Vec<_>, Vec<_>) = sorted.into_iter().unzip();
        let mut ids = Sql::default();
        let (owner, id, id_seq) = (ids.bind(tenant), ids.bind(id), ids.bind(id_seq));
        ids.push(&format!(
            "INSERT INTO profitscore.ids (tenant, id, seq) \
             SELECT {owner}::integer, n.id, n.seq FROM unnest({id}::text[], {id_seq}::bigint[]) AS n(id, seq)"
        ));
        let mut ledger = Sql::default();
        let owner = ledger.bind(tenant);
        let [
            live,
            gross,
            discount,
            cost,
            deduction,
            money,
            quantity,
            minutes,
        ] = self.amounts;
        let columns = [
            ("seq", "bigint", ledger.bind(self.seq)),
            ("day", "integer", ledger.bind(self.day)),
            ("what", "smallint", ledger.bind(self.what)),
            ("occur_seconds", "bigint", ledger.bind(self.occur_seconds)),
            ("occur_nanos", "integer", ledger.bind(self.occur_nanos)),
            ("record_seconds", "bigint", ledger.bind(self.record_seconds)),
            ("record_nanos", "integer", ledger.bind(self.record_nanos)),
            ("live", "bigint", ledger.bind(live)),
            ("gross", "bigint", ledger.bind(gross)),
            ("discount", "bigint", ledger.bind(discount)),
            ("cost", "bigint", ledger.bind(cost)),
            ("deduction", "bigint", ledger.bind(deduction)),
            ("money", "bigint", ledger.bind(money)),
            ("quantity", "bigint", ledger.bind(quantity)),
            ("minutes", "bigint", ledger.bind(minutes)),
            ("target", "bigint", ledger.bind(self.target)),
            ("customer", "text", ledger.bind(self.customer)),
            ("role", "text", ledger.bind(self.role)),
            ("branch", "text", ledger.bind(self.branch)),
            ("product", "text", ledger.bind(self.product)),
            ("manager", "text", ledger.bind(self.manager)),
            ("body", "bytea", ledger.bind(self.body)),
        ];
        let names = columns.each_ref().map(|(name, _, _)| *name).join(", ");
        let arrays = columns
            .map(|(_, kind, array)| format!("{array}::{kind}[]"))
            .join(", ");
        ledger.push(&format!(
            "INSERT INTO profitscore.ledger (tenant, {names}) \
             SELECT {owner}::integer, n.* FROM unnest({arrays}) AS n({names})"
        ));
        (ids, ledger)
    }
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
