//! Writes of one tenant that are decided and not durable yet. Dropping a draft undoes it.

use super::{
    books::Books,
    codec::{BodyBuilder, StoredEntry, Target},
    fingerprint::{Fingerprinter, Fingerprints, LAST_PLACE},
    ledger::LedgerReader,
    log::{NewRow, Row, Table},
    planted::{Planted, is_planted},
};
use crate::domain::{
    conflict::conflict,
    id::{ActivityId, TenantId},
    ledger::{Entry, Outcome, Position, activity_not_found, already_reversed},
    problem::Problem,
    records::{Decision, Record, Records},
    time::{Calendar, Instant},
};
use hashbrown::HashTable;
use std::collections::HashMap;

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
        /// What it takes back.
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

/// Writes that were decided, at the positions after those of the books.
#[derive(Default)]
pub(super) struct Draft<'w> {
    /// The writes.
    pub writes: Vec<Write<'w>>,
    ids: HashTable<(u64, usize)>,
    reversals: HashMap<Position, Position>,
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
    fn next_position(&self, base: Base<'_>) -> Position {
        base.books.newest + self.writes.len() as u64 + 1
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
        self.writes.reserve(entries.len());
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
                Some(problem) => Outcome::Rejected(problem),
            });
        }
        let position = self.next_position(base);
        if position > LAST_PLACE {
            let problem = format!("a tenant's ledger is full at {LAST_PLACE} writes");
            return Ok(Outcome::Rejected(Problem::store_unavailable(&problem)));
        }
        let mut target = None;
        if let Entry::Reversal(reversal) = entry {
            match self.target(base, &reversal.activity_id)? {
                Ok(found) => target = Some(found),
                Err(problem) => return Ok(Outcome::Rejected(problem)),
            }
        }
        if let Some(target) = &target {
            self.reversals.insert(target.position, position);
        }
        let index = self.writes.len();
        let hash = |(fingerprint, _): &(u64, usize)| *fingerprint;
        self.ids
            .insert_unique(fingerprint, (fingerprint, index), hash);
        let what = What::Entry {
            entry,
            fingerprint,
            target,
        };
        self.writes.push(Write { record_time, what });
        Ok(Outcome::Posted(position))
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
        let drafted = self.reversals.get(&position).copied();
        let reversed = drafted.or_else(|| base.books.reversed_at(position, Position::MAX));
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
                && let Some(write) = self.writes.get(*index)
                && let What::Entry { entry, .. } = write.what
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

    /// Decides a record, and drafts it if it is to be written.
    pub fn put(&mut self, base: Base<'_>, record: &'w Record, record_time: Instant) -> Outcome {
        self.records.prepare(&base.books.records, record);
        match self.records.decide(record) {
            Decision::Unchanged(position) => Outcome::Duplicate(position),
            Decision::Refused(problem) => Outcome::Rejected(problem),
            Decision::Write => {
                let position = self.next_position(base);
                self.records.apply(position, record_time, record.clone());
                let what = What::Record(record);
                self.writes.push(Write { record_time, what });
                Outcome::Posted(position)
            }
        }
    }

    /// The writes as rows; `newest` is the position before them.
    pub fn rows(&self, tenant: &TenantId, newest: Position) -> Result<Vec<NewRow>, Problem> {
        let mut rows = Vec::new();
        let mut first = newest + 1;
        let mut rest = self.writes.as_slice();
        while let Some(write) = rest.first() {
            let table = write.what.table();
            let body = body(rest);
            let count = body.count();
            let encoded = body
                .finish()
                .map_err(|error| Problem::store_unavailable(&error))?;
            rows.push(Row {
                table,
                tenant: tenant.to_string(),
                first,
                // A row has at most as many writes as a builder takes.
                count: u32::try_from(count).unwrap_or(u32::MAX),
                body: encoded,
            });
            first += count as u64;
            rest = &rest[count..];
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
