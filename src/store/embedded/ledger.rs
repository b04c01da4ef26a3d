//! Reads entries back from the database, and believes nothing that its checksum does not prove.

use super::{
    books::RowPlace,
    codec::{self, Body, StoredEntry},
    database::RowReader,
};
use crate::domain::{id::TenantId, ledger::Position, problem::Problem};
use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// How many rows, and how many bytes of them, are kept.
const CACHED_ROWS: usize = 256;
const CACHED_BYTES: usize = 32 * 1_024 * 1_024;

/// Reads entries back.
pub(super) struct LedgerReader {
    reader: Mutex<RowReader>,
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
    place: RowPlace,
    body: Body<Vec<u8>>,
}

impl RowCache {
    fn find(&mut self, place: RowPlace) -> Option<Arc<ProvenRow>> {
        let index = self.rows.iter().position(|row| row.place == place)?;
        let row = self.rows.remove(index)?;
        self.rows.push_front(Arc::clone(&row));
        Some(row)
    }

    fn insert(&mut self, row: &Arc<ProvenRow>) {
        self.bytes += row.body.size();
        self.rows.push_front(Arc::clone(row));
        while self.rows.len() > CACHED_ROWS || self.bytes > CACHED_BYTES {
            match self.rows.pop_back() {
                Some(dropped) => self.bytes -= dropped.body.size(),
                None => break,
            }
        }
    }
}

fn damaged(tenant: &TenantId, place: RowPlace, what: &str) -> Problem {
    let (table, id, first) = (place.table.name(), place.id, place.first);
    let place =
        format!("row {id} of table {table}, tenant {tenant}, from position {first}: {what}");
    Problem::ledger_damaged(&place)
}

impl LedgerReader {
    /// A reader of a folder that is open.
    pub fn open(folder: &Path) -> Result<Self, Problem> {
        Ok(Self {
            reader: Mutex::new(RowReader::open(folder)?),
            cache: Mutex::default(),
        })
    }

    fn row(&self, tenant: &TenantId, place: RowPlace) -> Result<Arc<ProvenRow>, Problem> {
        // Neither lock guards anything that a panic could leave half done.
        let cached = self
            .cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .find(place);
        if let Some(row) = cached {
            return Ok(row);
        }
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let row = reader.row(place.table, place.id)?;
        drop(reader);
        let (table, first, count) = (place.table.name(), row.first, row.count);
        let sum = codec::checksum(place.before, table, &row.tenant, first, count, &row.body);
        let same = row.tenant == tenant.as_str() && first == place.first;
        if !same || sum != row.checksum || sum != place.checksum {
            return Err(damaged(tenant, place, "its checksum does not hold"));
        }
        let body = Body::new(row.body, count).map_err(|error| damaged(tenant, place, &error))?;
        let row = Arc::new(ProvenRow { place, body });
        self.cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(&row);
        Ok(row)
    }

    /// The entry at a position, which is in the row at `place`.
    pub fn entry(
        &self,
        tenant: &TenantId,
        place: Option<RowPlace>,
        position: Position,
    ) -> Result<StoredEntry, Problem> {
        let Some(place) = place else {
            let place = format!("tenant {tenant}: nothing is at position {position}");
            return Err(Problem::ledger_damaged(&place));
        };
        let row = self.row(tenant, place)?;
        // A position so far behind the first of its row is refused by the body.
        let index = usize::try_from(position.saturating_sub(place.first)).unwrap_or(usize::MAX);
        row.body
            .entry(index)
            .map_err(|error| damaged(tenant, place, &error))
    }
}
