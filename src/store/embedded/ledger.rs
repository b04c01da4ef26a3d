//! Reads entries back from the database, and believes nothing that its checksum does not prove.

use super::{
    books::RowPlace,
    codec::{self, StoredEntry},
    database::RowReader,
};
use crate::domain::{id::TenantId, ledger::Position, problem::Problem};
use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// How many rows, and how many entries in them, are kept decoded.
const CACHED_ROWS: usize = 64;
const CACHED_ENTRIES: usize = 65_536;

/// Reads entries back.
pub(super) struct LedgerReader {
    reader: Mutex<RowReader>,
    cache: Mutex<RowCache>,
}

/// The rows that were read last, the newest first.
#[derive(Default)]
struct RowCache {
    rows: VecDeque<Arc<DecodedRow>>,
    entries: usize,
}

/// A row of the ledger.
pub(super) struct DecodedRow {
    place: RowPlace,
    entries: Vec<StoredEntry>,
}

impl DecodedRow {
    /// The entry at a position.
    pub fn entry(&self, position: Position) -> Option<&StoredEntry> {
        let index = usize::try_from(position.checked_sub(self.place.first)?).ok()?;
        self.entries.get(index)
    }
}

impl RowCache {
    fn find(&mut self, place: RowPlace) -> Option<Arc<DecodedRow>> {
        let index = self.rows.iter().position(|row| row.place == place)?;
        let row = self.rows.remove(index)?;
        self.rows.push_front(Arc::clone(&row));
        Some(row)
    }

    fn insert(&mut self, row: &Arc<DecodedRow>) {
        self.entries += row.entries.len();
        self.rows.push_front(Arc::clone(row));
        while self.rows.len() > CACHED_ROWS
            || (self.entries > CACHED_ENTRIES && self.rows.len() > 1)
        {
            if let Some(dropped) = self.rows.pop_back() {
                self.entries -= dropped.entries.len();
            }
        }
    }
}

impl LedgerReader {
    /// A reader of a folder that is open.
    pub fn open(folder: &Path) -> Result<Self, Problem> {
        Ok(Self {
            reader: Mutex::new(RowReader::open(folder)?),
            cache: Mutex::default(),
        })
    }

    /// The row of a tenant's ledger that is at `place`.
    pub fn row(&self, tenant: &TenantId, place: RowPlace) -> Result<Arc<DecodedRow>, Problem> {
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
        let damaged = |what: &str| {
            let (table, id, first) = (place.table.name(), place.id, place.first);
            let text = format!(
                "row {id} of table {table}, tenant {tenant}, from position {first}: {what}"
            );
            Problem::ledger_damaged(&text)
        };
        let sum = codec::checksum(
            place.before,
            place.table.name(),
            &row.tenant,
            row.first,
            row.count,
            &row.body,
        );
        let same = row.tenant == tenant.as_str() && row.first == place.first;
        if !same || sum != row.checksum || sum != place.checksum {
            return Err(damaged("its checksum does not hold"));
        }
        let entries = codec::entries(&row.body, row.count).map_err(|error| damaged(&error))?;
        let row = Arc::new(DecodedRow { place, entries });
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
        let missing = || {
            Problem::ledger_damaged(&format!(
                "tenant {tenant}: nothing is at position {position}"
            ))
        };
        let row = self.row(tenant, place.ok_or_else(missing)?)?;
        row.entry(position).cloned().ok_or_else(missing)
    }
}
