//! Where every row is: by tenant and position, for those who read single entries, and open files to read them from.
//!
//! Grows with each append, and changes when a segment was packed.

use super::{row::Row, scan};
use crate::{
    domain::{ledger::Position, problem::Problem},
    store::embedded::disk::DiskFile,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
};

/// Where a row is, and what its checksum must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The position of its first write.
    pub first: Position,
    /// Which segment.
    pub segment: u32,
    /// Where in it.
    pub offset: u32,
    /// How many bytes it takes.
    pub length: u32,
    /// Its checksum.
    pub sum: u32,
}

impl Place {
    /// Damage there.
    pub fn damaged(&self, what: &str) -> Problem {
        scan::damaged(self.segment, u64::from(self.offset), what)
    }
}

/// All places of all tenants.
#[derive(Default)]
pub struct Index(RwLock<Places>);

#[derive(Default)]
struct Places {
    segments: BTreeMap<u32, Arc<dyn DiskFile>>,
    tenants: HashMap<String, Vec<Place>>,
}

impl Index {
    // Nothing behind this lock is ever half done in a way that matters: a place that is missing is not found.

    /// Notes an open segment.
    pub fn add_segment(&self, number: u32, file: Arc<dyn DiskFile>) {
        let mut places = self.0.write().unwrap_or_else(PoisonError::into_inner);
        places.segments.insert(number, file);
    }

    /// An open segment.
    pub fn segment(&self, number: u32) -> Option<Arc<dyn DiskFile>> {
        let places = self.0.read().unwrap_or_else(PoisonError::into_inner);
        places.segments.get(&number).map(Arc::clone)
    }

    /// Notes where rows are that come after all of their tenants' rows.
    pub fn add<'a>(&self, rows: impl Iterator<Item = (&'a str, Place)>) {
        let mut places = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (tenant, place) in rows {
            match places.tenants.get_mut(tenant) {
                Some(own) => own.push(place),
                None => {
                    places.tenants.insert(tenant.to_owned(), vec![place]);
                }
            }
        }
    }

    /// Where the row with a position is, and the file to read it from.
    pub fn find(&self, tenant: &str, position: Position) -> Option<(Place, Arc<dyn DiskFile>)> {
        let places = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let own = places.tenants.get(tenant)?;
        let after = own.partition_point(|place| place.first <= position);
        let place = *own.get(after.checked_sub(1)?)?;
        let file = places.segments.get(&place.segment)?;
        Some((place, Arc::clone(file)))
    }

    /// All rows in a segment by tenant, in the order of the tenants' names.
    pub fn rows_of(&self, segment: u32) -> BTreeMap<String, Vec<Place>> {
        let places = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = BTreeMap::new();
        for (tenant, own) in &places.tenants {
            let range = range_of(own, segment);
            if !range.is_empty() {
                found.insert(tenant.clone(), own[range].to_vec());
            }
        }
        found
    }

    /// Puts a segment that was written again into the place of the one before.
    pub fn replace(&self, segment: u32, file: Arc<dyn DiskFile>, rows: Vec<Row<String, Place>>) {
        let mut by_tenant: BTreeMap<String, Vec<Place>> = BTreeMap::new();
        for row in rows {
            by_tenant.entry(row.tenant).or_default().push(row.body);
        }
        let mut places = self.0.write().unwrap_or_else(PoisonError::into_inner);
        places.segments.insert(segment, file);
        for (tenant, rows) in by_tenant {
            if let Some(own) = places.tenants.get_mut(&tenant) {
                let range = range_of(own, segment);
                own.splice(range, rows);
                own.shrink_to_fit();
            }
        }
    }
}

/// The places in a segment; segments rise with positions.
fn range_of(places: &[Place], segment: u32) -> std::ops::Range<usize> {
    let start = places.partition_point(|place| place.segment < segment);
    let end = places.partition_point(|place| place.segment <= segment);
    start..end
}
