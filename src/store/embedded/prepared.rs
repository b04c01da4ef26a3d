//! What can be made of a request before the writer has it, by whoever asks: fingerprints, the stored form, and what is
//! posted. It depends on nothing but the request, so that the writer is left with what depends on all others.

use super::{
    books::Batch,
    codec::BodyBuilder,
    engine::{Request, Writes},
    fingerprint::Fingerprinter,
};
use crate::domain::{
    ledger::{Entry, WriteMode},
    time::{Calendar, Instant},
};

/// Requests with fewer entries are left to the writer: several of them are written as one row. Small in tests, so that
/// both ways are gone.
const PREPARED_FROM: usize = if cfg!(test) { 4 } else { 128 };

/// Prepares requests.
#[derive(Debug, Clone)]
pub(super) struct Preparer {
    /// How fingerprints are made.
    pub fingerprinter: Fingerprinter,
    /// On which days activities count.
    pub calendar: Calendar,
}

/// Activities that are ready to be written if all of them are new, and all of them differ by their fingerprints.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The fingerprints of their ids.
    pub fingerprints: Vec<u64>,
    /// The bodies of their rows, and how many each has.
    pub bodies: Vec<(usize, Vec<u8>)>,
    /// What they post.
    pub batch: Batch,
}

impl Preparer {
    /// Prepares a request, if it is one that gains by it.
    pub fn prepare(&self, request: &Request) -> Option<Prepared> {
        let Writes::Entries(entries) = &request.writes else {
            return None;
        };
        if request.mode != WriteMode::Keep || entries.len() < PREPARED_FROM {
            return None;
        }
        let fingerprints = entries
            .iter()
            .map(|entry| self.fingerprinter.of(entry.id()));
        let fingerprints: Vec<u64> = fingerprints.collect();
        if !are_different(&fingerprints) {
            return None;
        }
        let mut batch = Batch::with_room_for(entries.len());
        for entry in entries {
            let Entry::Activity(activity) = entry else {
                return None;
            };
            if activity.sale().is_some() {
                // Where its sale is depends on what is there already.
                return None;
            }
            let dimensions = &activity.dimensions;
            let dimensions = [
                dimensions.branch_id.as_str(),
                &dimensions.product_id,
                &dimensions.account_manager_id,
            ];
            let day = self.calendar.day(activity.occur_time);
            let customer = activity.customer_id.as_str();
            batch.add(day, customer, dimensions, &activity.kind);
        }
        Some(Prepared {
            fingerprints,
            bodies: bodies(entries, request.record_time)?,
            batch,
        })
    }
}

/// Whether no two are the same.
fn are_different(fingerprints: &[u64]) -> bool {
    // Open addressing, half empty; 0 if nothing is there, and otherwise one more than the number of the fingerprint.
    let size = (2 * fingerprints.len()).next_power_of_two();
    let mut slots = vec![0_usize; size];
    for (number, fingerprint) in fingerprints.iter().enumerate() {
        let mut place = usize::try_from(fingerprint % size as u64).unwrap_or(0);
        while let Some(other) = slots[place].checked_sub(1) {
            if fingerprints[other] == *fingerprint {
                return false;
            }
            place = (place + 1) % size;
        }
        slots[place] = number + 1;
    }
    true
}

/// Entries as the bodies of rows; what cannot be stored is left to the writer, who says so.
fn bodies(mut entries: &[Entry], record_time: Instant) -> Option<Vec<(usize, Vec<u8>)>> {
    let mut bodies = Vec::new();
    while !entries.is_empty() {
        let mut body = BodyBuilder::default();
        let taken = entries.iter();
        let count = taken
            .take_while(|entry| body.push_entry(record_time, None, entry))
            .count();
        bodies.push((count, body.finish().ok()?));
        entries = &entries[count..];
    }
    Some(bodies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_fingerprint_is_found_wherever_it_is() {
        let mut fingerprints: Vec<u64> = (0..100).map(|n| n * 256).collect();
        assert!(are_different(&fingerprints));
        fingerprints.push(256 * 99);
        assert!(!are_different(&fingerprints));
        assert!(are_different(&[]));
    }
}
