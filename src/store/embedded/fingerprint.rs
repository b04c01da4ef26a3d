//! Fingerprints of the ids in the ledger: where an id may be.
//!
//! A key that the folder was made with and nobody else knows keeps anyone from preparing ids that collide; and what
//! is found here is looked up in the ledger before it is believed, so that a collision costs a read and never an
//! answer.

use crate::domain::{id::ActivityId, ledger::Position};
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;

/// Makes fingerprints: SipHash-1-3 with a key (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
#[derive(Debug, Clone)]
pub(super) struct Fingerprinter {
    hasher: SipHasher13,
    /// The bits of a fingerprint that are kept: all, but for tests of collisions.
    mask: u64,
}

impl Fingerprinter {
    /// With a key.
    pub fn new((first, second): (u64, u64)) -> Self {
        Self {
            hasher: SipHasher13::new_with_keys(first, second),
            mask: u64::MAX,
        }
    }

    /// Keeps so few bits that nearly everything collides.
    #[cfg(test)]
    pub fn weakened(self) -> Self {
        Self { mask: 0b11, ..self }
    }

    /// The fingerprint of an id.
    pub fn of(&self, id: &ActivityId) -> u64 {
        self.hasher.hash(id.as_str().as_bytes()) & self.mask
    }
}

/// Where the ids of one tenant may be.
#[derive(Debug, Default)]
pub(super) struct Fingerprints(HashTable<(u64, Position)>);

impl Fingerprints {
    /// The places where an id with this fingerprint may be.
    pub fn places(&self, fingerprint: u64) -> impl Iterator<Item = Position> {
        let found = self.0.iter_hash(fingerprint);
        found.filter_map(move |(own, place)| (*own == fingerprint).then_some(*place))
    }

    /// Notes where an id is.
    pub fn insert(&mut self, fingerprint: u64, place: Position) {
        (self.0).insert_unique(fingerprint, (fingerprint, place), |(other, _)| *other);
    }
}
