//! Writes of one tenant that are decided and not durable yet. Dropping a draft undoes it.

use super::{
    books::Books,
    codec::{BodyBuilder, StoredEntry, Target},
    fingerprint::{Fingerprinter, Fingerprints, LAST_PLACE},
    ledger::LedgerReader,
    log::{NewRow, Row, Table},
    planted::{Planted, is_planted},
    prepared::Prepared,
};
use crate::domain::{
    activity::{Activity, Kind},
    conflict::conflict,
    history::{Content, Written, check_follows, check_posted},
    id::{ActivityId, TenantId},
    ledger::{Entry, Outcome, Position, activity_not_found, already_reversed},
    problem::Problem,
    records::{Decision, Record, Records},
    relationship::{sale_already_reversed, sale_not_found},
    time::{Calendar, Instant},
};
use hashbrown::HashTable;
use std::{collections::HashMap, sync::Arc};

/// What is durable already.
#[derive(Clone, Copy)]
pub(super) struct Base<'a> {
    /// Whose it is.
    pub tenant: &'a TenantId,
    /// The books.
    pub books: &'a Books,
    /// Where ids may be.
    pub fingerprints: &'a Fingerprints,
    /// How fingerprints are made.
    pub fingerprinter: &'a Fingerprinter,
    /// Reads entries back.
    pub ledger: &'a LedgerReader,
    /// On which days activities count.
    pub calendar: &'a Calendar,
}

/// One write that was decided.
pub(super) struct Write<'w> {
    /// When it was taken in.
    pub record_time: Instant,
    /// What it is.
    pub what: What<'w>,
}

/// What is written.
pub(super) enum What<'w> {
    /// An entry.
    Entry {
        /// The entry.
        entry: &'w Entry,
        /// The fingerprint of its id.
        fingerprint: u64,
        /// What it takes back, or the sale that caused it.
        target: Option<Target>,
    },
    /// A record.
    Record(&'w Record),
}

impl What<'_> {
    fn table(&self) -> Table {
        match self {
            Self::Entry { .. } => Table::Ledger,
            Self::Record(_) => Table::Records,
        }
    }
}

/// Some of the writes of a draft.
pub(super) enum Part<'w> {
    /// One after the other.
    Each(Vec<Write<'w>>),
    /// All of a request that was prepared.
    All(&'w [Entry], Arc<Prepared>),
}

impl Part<'_> {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Each(writes) => writes.len(),
            Self::All(entries, _) => entries.len(),
        }
    }
}

/// Writes that were decided, at the positions after those of the books.
#[derive(Default)]
pub(super) struct Draft<'w> {
    /// The writes, in parts, with how many there are before each.
    parts: Vec<(usize, Part<'w>)>,
    /// How many of the parts are in `ids`: who comes alone need not wait until his are.
    noted: usize,
    ids: HashTable<(u64, usize)>,
    reversals: HashMap<Position, Position>,
    /// By the position of the sale.
    links: HashMap<Position, Vec<Position>>,
    records: Records,
}

/// An entry that was found by its id.
enum Found<'w> {
    Drafted(Position, &'w Entry),
    Durable(Position, Box<StoredEntry>),
}

impl Found<'_> {
    fn position(&self) -> Position {
        match self {
            Self::Drafted(position, _) | Self::Durable(position, _) => *position,
        }
    }

    fn entry(&self) -> &Entry {
        match self {
            Self::Drafted(_, entry) => entry,
            Self::Durable(_, stored) => &stored.entry,
        }
    }
}

impl<'w> Draft<'w> {
    /// How many writes there are.
    pub fn count(&self) -> usize {
        let last = self.parts.last();
        last.map_or(0, |(before, part)| before + part.count())
    }

    /// The writes, in parts.
    pub fn into_parts(self) -> impl Iterator<Item = Part<'w>> {
        self.parts.into_iter().map(|(_, part)| part)
    }

    /// What was prepared of the writes, if that is all there is: the requests are then needed no more.
    pub fn all_prepared(&self) -> Option<Vec<Arc<Prepared>>> {
        let parts = self.parts.iter().map(|(_, part)| match part {
            Part::All(_, prepared) => Some(Arc::clone(prepared)),
            Part::Each(_) => None,
        });
        parts.collect()
    }

    fn next_position(&self, base: Base<'_>) -> Position {
        base.books.newest + self.count() as u64 + 1
    }

    fn push(&mut self, write: Write<'w>) {
        let before = self.count();
        match self.parts.last_mut() {
            Some((_, Part::Each(writes))) => writes.push(write),
            _ => self.parts.push((before, Part::Each(vec![write]))),
        }
    }

    /// The entry with a number.
    fn entry(&self, index: usize) -> Option<&'w Entry> {
        let part = self.parts.partition_point(|(before, _)| *before <= index);
        let (before, part) = self.parts.get(part.checked_sub(1)?)?;
        match part {
            Part::All(entries, _) => entries.get(index - before),
            Part::Each(writes) => match writes.get(index - before)?.what {
                What::Entry { entry, .. } => Some(entry),
                What::Record(_) => None,
            },
        }
    }

    /// Drafts a request that was prepared, if everything in it is new. Says whether it did.
    pub fn append_all(
        &mut self,
        base: Base<'_>,
        entries: &'w [Entry],
        prepared: &Arc<Prepared>,
    ) -> Option<Vec<Outcome>> {
        let fingerprints = &prepared.fingerprints;
        base.fingerprints.touch(fingerprints.iter().copied());
        self.note_ids();
        let first = self.next_position(base);
        let is_new = |fingerprint: &u64| {
            let is_drafted = !self.ids.is_empty() && {
                let mut drafted = self.ids.iter_hash(*fingerprint);
                drafted.any(|(own, _)| own == fingerprint)
            };
            !is_drafted && !base.fingerprints.may_hold(*fingerprint)
        };
        let fits = first + entries.len() as u64 <= LAST_PLACE;
        if !fits || !fingerprints.iter().all(is_new) {
            return None;
        }
        let before = self.count();
        let all = Part::All(entries, Arc::clone(prepared));
        self.parts.push((before, all));
        let positions = first..first + entries.len() as u64;
        Some(positions.map(Outcome::Posted).collect())
    }

    /// Takes note of the ids of all parts.
    fn note_ids(&mut self) {
        let hash = |(fingerprint, _): &(u64, usize)| *fingerprint;
        for (before, part) in &self.parts[self.noted..] {
            // The others are noted one by one.
            if let Part::All(_, prepared) = part {
                let fingerprints = &prepared.fingerprints;
                self.ids.reserve(fingerprints.len(), hash);
                for (index, fingerprint) in (*before..).zip(fingerprints) {
                    self.ids
                        .insert_unique(*fingerprint, (*fingerprint, index), hash);
                }
            }
        }
        self.noted = self.parts.len();
    }

    /// Decides entries one after the other, and drafts those that are to be written.
    pub fn append(
        &mut self,
        base: Base<'_>,
        entries: &'w [Entry],
        record_time: Instant,
    ) -> Result<Vec<Outcome>, Problem> {
        let of = |entry: &Entry| base.fingerprinter.of(entry.id());
        let fingerprints: Vec<u64> = entries.iter().map(of).collect();
        base.fingerprints.touch(fingerprints.iter().copied());
        self.note_ids();
        self.ids
            .reserve(entries.len(), |(fingerprint, _)| *fingerprint);
        let each = entries.iter().zip(fingerprints);
        each.map(|(entry, fingerprint)| self.append_one(base, entry, fingerprint, record_time))
            .collect()
    }

    fn append_one(
        &mut self,
        base: Base<'_>,
        entry: &'w Entry,
        fingerprint: u64,
        record_time: Instant,
    ) -> Result<Outcome, Problem> {
        if let Some(found) = self.find(base, entry.id(), fingerprint)? {
            let position = found.position();
            return Ok(match conflict(found.entry(), entry, position) {
                None => Outcome::Duplicate(position),
                Some(problem) => Outcome::Rejected(problem.into()),
            });
        }
        let position = self.next_position(base);
        if position > LAST_PLACE {
            let problem = format!("a tenant's ledger is full at {LAST_PLACE} writes");
            let problem = Problem::store_unavailable(&problem);
            return Ok(Outcome::Rejected(problem.into()));
        }
        let target = match entry {
            Entry::Reversal(reversal) => self.target(base, &reversal.activity_id)?.map(Some),
            Entry::Activity(activity) => match activity.sale() {
                None => Ok(None),
                Some(sale) => self.cause(base, sale, activity)?.map(Some),
            },
        };
        let target = match target {
            Ok(target) => target,
            Err(problem) => return Ok(Outcome::Rejected(problem.into())),
        };
        match (entry, &target) {
            (Entry::Reversal(_), Some(target)) => {
                self.note_reversal(base, target.position, position)
            }
            (Entry::Activity(_), Some(sale)) => {
                self.links.entry(sale.position).or_default().push(position);
            }
            (_, None) => {}
        }
        let index = self.count();
        let hash = |(fingerprint, _): &(u64, usize)| *fingerprint;
        self.ids
            .insert_unique(fingerprint, (fingerprint, index), hash);
        let what = What::Entry {
            entry,
            fingerprint,
            target,
        };
        self.push(Write { record_time, what });
        Ok(Outcome::Posted(position))
    }

    /// Takes note of where something is taken back, and with it all that it caused.
    fn note_reversal(&mut self, base: Base<'_>, target: Position, position: Position) {
        let durable = base.books.linked(target, position);
        let durable = durable.map(|linked| linked.position);
        let drafted = self.links.get(&target).into_iter().flatten().copied();
        let linked: Vec<Position> = durable.chain(drafted).collect();
        self.reversals.insert(target, position);
        for linked in linked {
            self.reversals.entry(linked).or_insert(position);
        }
    }

    /// Where what is at a position was taken back.
    fn reversed_at(&self, base: Base<'_>, position: Position) -> Option<Position> {
        let drafted = self.reversals.get(&position).copied();
        drafted.or_else(|| base.books.reversed_at(position, Position::MAX))
    }

    /// Where the sale is that caused an activity, or why nothing can go with it.
    fn cause(
        &self,
        base: Base<'_>,
        id: &ActivityId,
        caused: &Activity,
    ) -> Result<Result<Target, Problem>, Problem> {
        let found = self.find(base, id, base.fingerprinter.of(id))?;
        let sale = found.and_then(|found| {
            let Entry::Activity(sale) = found.entry() else {
                return None;
            };
            let is_sale = matches!(sale.kind, Kind::Sale { .. });
            is_sale.then_some((found.position(), sale.occur_time))
        });
        let Some((position, occur_time)) = sale else {
            return Ok(Err(sale_not_found(caused, id)));
        };
        Ok(match self.reversed_at(base, position) {
            Some(reversed_at) => Err(sale_already_reversed(caused, id, reversed_at)),
            None => Ok(Target {
                position,
                day: base.calendar.day(occur_time),
                customer: caused.customer_id.clone(),
            }),
        })
    }

    /// Where the activity is that a reversal takes back, or why it cannot be taken back.
    fn target(&self, base: Base<'_>, id: &ActivityId) -> Result<Result<Target, Problem>, Problem> {
        let found = self.find(base, id, base.fingerprinter.of(id))?;
        let target = found.and_then(|found| match found.entry() {
            Entry::Activity(activity) => Some(Target {
                position: found.position(),
                day: base.calendar.day(activity.occur_time),
                customer: activity.customer_id.clone(),
            }),
            Entry::Reversal(_) => None,
        });
        let Some(target) = target else {
            return Ok(Err(activity_not_found(id)));
        };
        let position = target.position;
        let reversed = self.reversed_at(base, position);
        Ok(
            match reversed.filter(|_| !is_planted(Planted::ReverseTwice)) {
                Some(position) => Err(already_reversed(id, position)),
                None => Ok(target),
            },
        )
    }

    fn find(
        &self,
        base: Base<'_>,
        id: &ActivityId,
        fingerprint: u64,
    ) -> Result<Option<Found<'w>>, Problem> {
        for (drafted, index) in self.ids.iter_hash(fingerprint) {
            if *drafted == fingerprint
                && let Some(entry) = self.entry(*index)
                && entry.id() == id
            {
                let position = base.books.newest + *index as u64 + 1;
                return Ok(Some(Found::Drafted(position, entry)));
            }
        }
        for position in base.fingerprints.places(fingerprint) {
            let stored = base.ledger.entry(base.tenant, position)?;
            if stored.entry.id() == id {
                return Ok(Some(Found::Durable(position, Box::new(stored))));
            }
        }
        Ok(None)
    }

    /// Drafts what another store holds, or says why that cannot be; what was drafted of it until then is in the way.
    pub fn take_over(
        &mut self,
        base: Base<'_>,
        written: &'w [Written],
    ) -> Result<Vec<Outcome>, Problem> {
        check_follows(self.next_position(base) - 1, written)?;
        self.note_ids();
        let mut outcomes = Vec::with_capacity(written.len());
        for one in written {
            let outcome = match &one.content {
                Content::Entry(entry) => {
                    let fingerprint = base.fingerprinter.of(entry.id());
                    self.append_one(base, entry, fingerprint, one.record_time)?
                }
                Content::Record(record) => self.put(base, record, one.record_time),
            };
            check_posted(one.position, outcome.clone())?;
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// Decides a record, and drafts it if it is to be written.
    pub fn put(&mut self, base: Base<'_>, record: &'w Record, record_time: Instant) -> Outcome {
        self.records.prepare(&base.books.records, record);
        match self.records.decide(record) {
            Decision::Unchanged(position) => Outcome::Duplicate(position),
            Decision::Refused(problem) => Outcome::Rejected(problem.into()),
            Decision::Write => {
                let position = self.next_position(base);
                self.records.apply(position, record_time, record.clone());
                let what = What::Record(record);
                self.push(Write { record_time, what });
                Outcome::Posted(position)
            }
        }
    }

    /// The writes as rows; `newest` is the position before them.
    pub fn rows(&self, tenant: &TenantId, newest: Position) -> Result<Vec<NewRow>, Problem> {
        let mut rows = Vec::new();
        let mut first = newest + 1;
        let mut push = |table, count: usize, body| {
            rows.push(Row {
                table,
                tenant: tenant.to_string(),
                first,
                // A row has at most as many writes as a builder takes.
                count: u32::try_from(count).unwrap_or(u32::MAX),
                body,
            });
            first += count as u64;
        };
        for (_, part) in &self.parts {
            let mut rest = match part {
                Part::Each(writes) => writes.as_slice(),
                Part::All(_, prepared) => {
                    let bodies = prepared.bodies.iter();
                    bodies.for_each(|(count, body)| push(Table::Ledger, *count, body.clone()));
                    continue;
                }
            };
            while let Some(write) = rest.first() {
                let body = body(rest);
                let count = body.count();
                let encoded = body
                    .finish()
                    .map_err(|error| Problem::store_unavailable(&error))?;
                push(write.what.table(), count, encoded);
                rest = &rest[count..];
            }
        }
        Ok(rows)
    }
}

/// A body of the first of the writes: as many as go into one table and one row.
fn body<'w>(writes: &[Write<'w>]) -> BodyBuilder<'w> {
    let mut body = BodyBuilder::default();
    for write in writes {
        let taken = match &write.what {
            What::Entry { entry, target, .. } => {
                body.push_entry(write.record_time, target.as_ref(), entry)
            }
            What::Record(record) => body.push_record(write.record_time, record),
        };
        if !taken {
            break;
        }
    }
    body
}
