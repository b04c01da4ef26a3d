//! Writes of one tenant that are decided and not durable yet. Dropping a draft undoes it.

use super::{
    books::{Books, RowPlace},
    codec::{self, BodyBuilder, StoredEntry},
    database::{Row, Table},
    fingerprint::{Fingerprinter, Fingerprints, LAST_PLACE},
    ledger::LedgerReader,
};
use crate::domain::{
    conflict::conflict,
    id::{ActivityId, TenantId},
    ledger::{Entry, Outcome, Position, activity_not_found, already_reversed},
    problem::Problem,
    records::{Decision, Record, Records},
    time::Instant,
};
use hashbrown::HashTable;
use std::collections::HashMap;

/// The most writes and about the most bytes in one row: to read one entry back, its whole row is read.
const ROW_WRITES: usize = 1_024;
const ROW_BYTES: usize = 256 * 1_024;

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
        /// Where the activity is that it takes back.
        target: Option<Position>,
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
        if let Some(target) = target {
            self.reversals.insert(target, position);
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
    fn target(
        &self,
        base: Base<'_>,
        id: &ActivityId,
    ) -> Result<Result<Position, Problem>, Problem> {
        let found = self.find(base, id, base.fingerprinter.of(id))?;
        let activity = found.filter(|found| matches!(found.entry(), Entry::Activity(_)));
        let Some(target) = activity.map(|found| found.position()) else {
            return Ok(Err(activity_not_found(id)));
        };
        let drafted = self.reversals.get(&target).copied();
        let reversed = drafted.or_else(|| base.books.reversed_at(target, Position::MAX));
        Ok(match reversed {
            Some(position) => Err(already_reversed(id, position)),
            None => Ok(target),
        })
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
            let row = base.books.row_at(position);
            let stored = base.ledger.entry(base.tenant, row, position)?;
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

    /// The writes as rows; `next_id` is the number of the next row.
    pub fn rows(&self, base: Base<'_>, next_id: &mut u64) -> Result<Vec<Row>, Problem> {
        let mut rows = Vec::new();
        let mut before = base.books.checksum();
        let mut first = base.books.newest + 1;
        let mut rest = self.writes.as_slice();
        while let Some(write) = rest.first() {
            let table = write.what.table();
            let body = body(rest).map_err(|error| Problem::store_unavailable(&error))?;
            let (written, after) = rest.split_at(body.count());
            let (count, body) = (written.len() as u64, body.finish());
            let tenant = base.tenant.to_string();
            before = codec::checksum(before, table.name(), &tenant, first, count, &body);
            rows.push(Row {
                id: *next_id,
                table,
                tenant,
                first,
                count,
                checksum: before,
                body,
            });
            *next_id += 1;
            first += count;
            rest = after;
        }
        Ok(rows)
    }
}

/// A body of the first of the writes: as many as go into one table and one row.
fn body(writes: &[Write<'_>]) -> Result<BodyBuilder, String> {
    let mut body = BodyBuilder::new();
    let table = writes.first().map(|write| write.what.table());
    for write in writes {
        let full = body.count() == ROW_WRITES || body.size() >= ROW_BYTES;
        if full || Some(write.what.table()) != table {
            break;
        }
        match &write.what {
            What::Entry { entry, target, .. } => {
                body.push_entry(write.record_time, *target, entry)?;
            }
            What::Record(record) => body.push_record(write.record_time, record)?,
        }
    }
    Ok(body)
}

/// Where a row is, for the books; `before` is the checksum of the tenant's row before.
pub(super) fn row_place(row: &Row, before: u32) -> RowPlace {
    RowPlace {
        table: row.table,
        id: row.id,
        first: row.first,
        before,
        checksum: row.checksum,
    }
}
