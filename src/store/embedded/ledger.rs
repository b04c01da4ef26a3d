//! Reads entries back from the log, and believes nothing that its checksum does not prove.

use super::{
    codec::{Body, StoredEntry},
    disk::DiskFile,
    log::{Index, Place, Table, parse_row},
    planted::{Planted, is_planted},
};
use crate::domain::{history::Written, id::TenantId, ledger::Position, problem::Problem};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// How many rows, and how many bytes of them, are kept.
const CACHED_ROWS: usize = 256;
const CACHED_BYTES: usize = 32 * 1_024 * 1_024;

/// Reads entries back.
pub(super) struct LedgerReader {
    index: Arc<Index>,
    cache: Mutex<RowCache>,
}

/// The rows that were read last, the newest first.
#[derive(Default)]
struct RowCache {
    rows: VecDeque<Arc<ProvenRow>>,
    bytes: usize,
}

/// A row of the ledger whose checksum holds.
struct ProvenRow {
    place: Place,
    body: Body,
}

impl RowCache {
    fn find(&mut self, place: Place) -> Option<Arc<ProvenRow>> {
        let index = self.rows.iter().position(|row| row.place == place)?;
        let row = self.rows.remove(index)?;
        self.rows.push_front(Arc::clone(&row));
        Some(row)
    }

    fn insert(&mut self, row: &Arc<ProvenRow>) {
        self.bytes += row.body.memory();
        self.rows.push_front(Arc::clone(row));
        while self.rows.len() > CACHED_ROWS || self.bytes > CACHED_BYTES {
            match self.rows.pop_back() {
                Some(dropped) => self.bytes -= dropped.body.memory(),
                None => break,
            }
        }
    }
}

/// Reads the body of a row of a tenant.
pub(super) fn read_row(
    file: &dyn DiskFile,
    tenant: &str,
    place: Place,
) -> Result<(Table, Body), Problem> {
    let damaged = |what: &str| {
        let what = format!(", tenant {tenant}, position {}: {what}", place.first);
        place.damaged(&what)
    };
    let length = usize::try_from(place.length).map_err(|_| damaged("it is too long"))?;
    let mut bytes = vec![0; length];
    match file.read_at(u64::from(place.offset), &mut bytes) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return Err(damaged("the file ends before it"));
        }
        Err(error) => return Err(Problem::store_unavailable(&error.to_string())),
    }
    let parsed = parse_row(&bytes).filter(|parsed| {
        let is_same = parsed.row.tenant == tenant && parsed.row.first == place.first;
        let is_sound = parsed.is_sound || is_planted(Planted::BelieveRows);
        is_same && is_sound && parsed.sum == place.sum && parsed.size == length
    });
    let row = parsed
        .ok_or_else(|| damaged("its checksum does not hold"))?
        .row;
    let body = Body::read(row.table, row.count, row.body).map_err(|error| damaged(&error))?;
    Ok((row.table, body))
}

impl LedgerReader {
    /// A reader of a log.
    pub fn new(index: Arc<Index>) -> Self {
        Self {
            index,
            cache: Mutex::default(),
        }
    }

    fn row(&self, tenant: &TenantId, position: Position) -> Result<Arc<ProvenRow>, Problem> {
        let find = || self.index.find(tenant.as_str(), position);
        let missing = || {
            let place = format!("tenant {tenant}: nothing is at position {position}");
            Problem::ledger_damaged(&place)
        };
        let (mut place, mut file) = find().ok_or_else(missing)?;
        loop {
            // The lock guards nothing that a panic could leave half done.
            let cached = (self.cache.lock())
                .unwrap_or_else(PoisonError::into_inner)
                .find(place);
            if let Some(row) = cached {
                return Ok(row);
            }
            match read_row(&*file, tenant.as_str(), place) {
                Ok((_, body)) => {
                    let row = Arc::new(ProvenRow { place, body });
                    (self.cache.lock())
                        .unwrap_or_else(PoisonError::into_inner)
                        .insert(&row);
                    return Ok(row);
                }
                Err(problem) => match find() {
                    // The segment was written again meanwhile.
                    Some((newer, newer_file)) if newer != place => {
                        (place, file) = (newer, newer_file);
                    }
                    _ => return Err(problem),
                },
            }
        }
    }

    /// What was written from a position on: at most `limit`, and at most to the end of its row.
    pub fn written(
        &self,
        tenant: &TenantId,
        position: Position,
        limit: usize,
    ) -> Result<Vec<Written>, Problem> {
        let row = self.row(tenant, position)?;
        let first = row.place.first;
        let before = usize::try_from(position.saturating_sub(first)).unwrap_or(usize::MAX);
        let written = row.body.written(first, before, limit);
        if written.is_empty() {
            let what = format!(", tenant {tenant}, position {position}: its row ends before it");
            return Err(row.place.damaged(&what));
        }
        Ok(written)
    }

    /// The entry at a position.
    pub fn entry(&self, tenant: &TenantId, position: Position) -> Result<StoredEntry, Problem> {
        let row = self.row(tenant, position)?;
        let first = row.place.first;
        // A position so far behind the first of its row is refused by the body.
        let index = usize::try_from(position.saturating_sub(first)).unwrap_or(usize::MAX);
        row.body.entry(index).map_err(|error| {
            let what = format!(", tenant {tenant}, position {position}: {error}");
            row.place.damaged(&what)
        })
    }
}
