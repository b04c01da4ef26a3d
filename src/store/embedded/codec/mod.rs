//! The stored form of writes: a version byte and the writes of one row, in the form that suits their number.
//!
//! Decoding trusts nothing: whatever the bytes are, it answers or names the damage, and asks for no more memory than a
//! small multiple of them.

mod columns;
pub(super) mod ints;
mod old_records;
mod originals;
mod plain;
mod records_without_receivables;
#[cfg(test)]
mod tests;
mod texts;

use super::log::Table;
use crate::domain::{
    activity::Kind,
    history::{Content, Written},
    id::PartyId,
    ledger::{Entry, Position},
    records::Record,
    time::{Day, Instant},
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The most writes and about the most bytes in one row: to read one entry back, its whole row is read.
pub(super) const ROW_WRITES: usize = 1_024;
const ROW_BYTES: usize = 256 * 1_024;
/// Rows with fewer entries gain nothing by columns.
const COLUMNS_FROM: usize = 16;
/// About what an entry takes beside its texts.
const ENTRY_BYTES: usize = 64;

/// The activity that a reversal takes back, or the sale that caused an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Target {
    /// Where it is.
    pub position: Position,
    /// The day on which it counts.
    pub day: Day,
    /// Whom it happened with; for a sale that caused an activity, whom that happened with.
    pub customer: PartyId,
}

/// An entry as it is stored; `E` owns or borrows what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredEntry<E = Entry> {
    /// When it was taken in.
    pub record_time: Instant,
    /// What it takes back, if it is a reversal, or what caused it, if it is caused by a sale.
    pub target: Option<Target>,
    /// What it is.
    pub entry: E,
}

/// What the books look at of an entry.
pub(super) struct Posted<'a> {
    /// The idempotency key.
    pub id: &'a str,
    /// What it is.
    pub what: PostedWhat<'a>,
}

/// What was posted.
pub(super) enum PostedWhat<'a> {
    /// Something that happened.
    Activity {
        customer: &'a str,
        occur_time: Instant,
        /// Branch, product, account manager.
        dimensions: [&'a str; 3],
        kind: Cow<'a, Kind>,
        /// Where the sale is that caused it.
        sale: Option<Position>,
    },
    /// An activity is taken back.
    Reversal(Cow<'a, Target>),
}

impl<'a> Posted<'a> {
    fn of(stored: &'a StoredEntry) -> Result<Self, String> {
        let what = match (&stored.entry, &stored.target) {
            (Entry::Activity(activity), sale) if activity.sale().is_some() == sale.is_some() => {
                PostedWhat::Activity {
                    customer: activity.customer_id.as_str(),
                    occur_time: activity.occur_time,
                    dimensions: [
                        &activity.dimensions.branch_id,
                        &activity.dimensions.product_id,
                        &activity.dimensions.account_manager_id,
                    ],
                    kind: Cow::Borrowed(&activity.kind),
                    sale: sale.as_ref().map(|sale| sale.position),
                }
            }
            (Entry::Reversal(_), Some(target)) => PostedWhat::Reversal(Cow::Borrowed(target)),
            _ => return Err("an entry is half activity and half reversal".to_owned()),
        };
        Ok(Self {
            id: stored.entry.id().as_str(),
            what,
        })
    }
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredRecord {
    /// When it was taken in.
    pub record_time: Instant,
    /// What it is.
    pub record: Record,
}

/// A body that is being made: writes of one table.
#[derive(Debug, Default)]
pub(super) struct BodyBuilder<'w> {
    entries: Vec<StoredEntry<&'w Entry>>,
    records: Vec<(Instant, &'w Record)>,
    /// About how many bytes they take.
    size: usize,
}

impl<'w> BodyBuilder<'w> {
    /// How many writes it has.
    pub fn count(&self) -> usize {
        self.entries.len() + self.records.len()
    }

    fn is_full(&self) -> bool {
        self.count() == ROW_WRITES || self.size >= ROW_BYTES
    }

    /// Adds an entry, and says whether it did: there may be no room, or records may be there already.
    pub fn push_entry(
        &mut self,
        record_time: Instant,
        target: Option<&Target>,
        entry: &'w Entry,
    ) -> bool {
        if self.is_full() || !self.records.is_empty() {
            return false;
        }
        self.size += ENTRY_BYTES + plain::text_bytes(entry);
        self.entries.push(StoredEntry {
            record_time,
            target: target.cloned(),
            entry,
        });
        true
    }

    /// Adds a record, and says whether it did: there may be no room, or entries may be there already.
    pub fn push_record(&mut self, record_time: Instant, record: &'w Record) -> bool {
        if self.is_full() || !self.entries.is_empty() {
            return false;
        }
        self.size += ENTRY_BYTES + plain::record_bytes(record);
        self.records.push((record_time, record));
        true
    }

    /// The bytes of the body.
    pub fn finish(self) -> Result<Vec<u8>, String> {
        if self.entries.is_empty() {
            return plain::write_records(&self.records);
        }
        let body = match self.entries.len() < COLUMNS_FROM {
            true => plain::write_entries(&self.entries)?,
            false => columns::write(&self.entries)?,
        };
        let originals = originals::of(&self.entries);
        match originals.is_empty() {
            true => Ok(body),
            false => originals::write(&originals, &body),
        }
    }
}

/// Calls `visit` with every entry of a body, in order.
pub(super) fn for_each_entry(
    bytes: &[u8],
    count: u32,
    visit: &mut dyn FnMut(StoredEntry) -> Result<(), String>,
) -> Result<(), String> {
    match bytes.split_first() {
        Some((&plain::VERSION, rest)) => plain::read_entries(rest, count, visit),
        Some((&columns::VERSION, rest)) => columns::read(rest, count, visit),
        Some((&originals::VERSION, rest)) => originals::read_entries(rest, count, visit),
        other => Err(unknown(other)),
    }
}

/// Calls `visit` with what the books look at of every entry of a body, in order. It makes no texts of its own.
pub(super) fn for_each_posted(
    bytes: &[u8],
    count: u32,
    visit: &mut dyn FnMut(Posted<'_>) -> Result<(), String>,
) -> Result<(), String> {
    match bytes.split_first() {
        Some((&columns::VERSION, rest)) => columns::read_posted(rest, count, visit),
        // What is posted is in the currency of the books already.
        Some((&originals::VERSION, rest)) => {
            for_each_posted(originals::read(rest)?.1, count, visit)
        }
        _ => for_each_entry(bytes, count, &mut |stored| visit(Posted::of(&stored)?)),
    }
}

/// Calls `visit` with every record of a body, in order.
pub(super) fn for_each_record(
    bytes: &[u8],
    count: u32,
    visit: &mut dyn FnMut(StoredRecord) -> Result<(), String>,
) -> Result<(), String> {
    match bytes.split_first() {
        Some((&plain::RECORDS, rest)) => plain::read_records(rest, count, visit),
        Some((&plain::EARLIER_RECORDS, rest)) => plain::read_earlier_records(rest, count, visit),
        Some((&plain::VERSION, rest)) => plain::read_old_records(rest, count, visit),
        other => Err(unknown(other)),
    }
}

fn unknown(body: Option<(&u8, &[u8])>) -> String {
    match body {
        Some((version, _)) => format!("the body is of version {version}"),
        None => "the body is empty".to_owned(),
    }
}

/// A body that was read back.
#[derive(Debug)]
pub(super) enum Body {
    /// Of the ledger.
    Entries(Vec<StoredEntry>),
    /// Of the records.
    Records(Vec<StoredRecord>),
}

impl Body {
    /// Reads a body of `count` writes.
    pub fn read(table: Table, count: u32, bytes: &[u8]) -> Result<Self, String> {
        match table {
            Table::Ledger => {
                let mut entries = Vec::new();
                for_each_entry(bytes, count, &mut |entry| {
                    entries.push(entry);
                    Ok(())
                })?;
                Ok(Self::Entries(entries))
            }
            Table::Records => {
                let mut records = Vec::new();
                for_each_record(bytes, count, &mut |record| {
                    records.push(record);
                    Ok(())
                })?;
                Ok(Self::Records(records))
            }
        }
    }

    /// How many writes it has.
    pub fn count(&self) -> usize {
        match self {
            Self::Entries(entries) => entries.len(),
            Self::Records(records) => records.len(),
        }
    }

    /// Adds the write with a number to another body, and says whether it did.
    pub fn push_to<'w>(&'w self, builder: &mut BodyBuilder<'w>, index: usize) -> bool {
        match self {
            Self::Entries(entries) => entries.get(index).is_some_and(|stored| {
                builder.push_entry(stored.record_time, stored.target.as_ref(), &stored.entry)
            }),
            Self::Records(records) => (records.get(index))
                .is_some_and(|stored| builder.push_record(stored.record_time, &stored.record)),
        }
    }

    /// About how many bytes of memory it takes.
    pub fn memory(&self) -> usize {
        match self {
            Self::Entries(entries) => {
                let texts = entries
                    .iter()
                    .map(|stored| plain::text_bytes(&stored.entry));
                entries.len() * size_of::<StoredEntry>() + texts.sum::<usize>()
            }
            Self::Records(records) => records.len() * size_of::<StoredRecord>(),
        }
    }

    /// The writes after the first `before` ones, at most `limit`; the body begins at position `first`.
    pub fn written(&self, first: Position, before: usize, limit: usize) -> Vec<Written> {
        let written = |(position, record_time, content)| Written {
            position,
            record_time,
            content,
        };
        match self {
            Self::Entries(entries) => {
                let each = (first..).zip(entries).skip(before).take(limit);
                each.map(|(position, stored)| {
                    let content = Content::Entry(stored.entry.clone());
                    written((position, stored.record_time, content))
                })
                .collect()
            }
            Self::Records(records) => {
                let each = (first..).zip(records).skip(before).take(limit);
                each.map(|(position, stored)| {
                    let content = Content::of_record(stored.record.clone());
                    written((position, stored.record_time, content))
                })
                .collect()
            }
        }
    }

    /// The entry with a number, from 0.
    pub fn entry(&self, index: usize) -> Result<StoredEntry, String> {
        match self {
            Self::Entries(entries) => {
                let entry = entries.get(index).cloned();
                entry.ok_or_else(|| "its row ends before it".to_owned())
            }
            Self::Records(_) => Err("a record is where an entry must be".to_owned()),
        }
    }
}
