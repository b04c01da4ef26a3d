//! Fingerprints of the ids in the ledger: where an id may be.
//!
//! A key that is secret keeps anyone from preparing ids that collide; and what is found here is looked up in the ledger
//! before it is believed, so that a collision costs a read and never an answer.
//!
//! The table is open addressing in many small shards. A slot has eight bytes: 32 bits of the fingerprint, its tag, and
//! 32 bits of position; the bits before the tag choose the shard. Eight slots are a bucket, and the first bucket of a
//! tag follows from the tag alone, so that a shard grows by two fifths from what is in it, without the ids and without
//! a pause: at ten million ids in some 100 microseconds. Knows nothing of files.

mod saved;

pub(super) use self::saved::{GROUPS, Group, group_of};

use crate::domain::{id::ActivityId, ledger::Position};
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;
use std::hint::black_box;

/// The last position whose id can be noted: a tenant's ledger ends there.
pub const LAST_PLACE: Position = u32::MAX as Position;

/// How many bits of a fingerprint choose the shard.
const SHARD_BITS: u32 = 10;
/// How many bits of a fingerprint are kept in a slot.
const TAG_BITS: u32 = 32;
/// The bits of a fingerprint that are kept: the uppermost 42.
const KEPT: u64 = u64::MAX << (u64::BITS - SHARD_BITS - TAG_BITS);
/// How many ids are kept without shards, so that a small tenant needs little memory.
const FEW: usize = 4_096;
/// How many ids a bucket has.
const SLOTS: usize = 8;
/// A shard grows before more than 7 of 8 slots are taken.
const MOST_TAKEN: (usize, usize) = (7, 8);

/// Makes fingerprints: SipHash-1-3 with a key (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
#[derive(Debug, Clone)]
pub struct Fingerprinter {
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
    pub(super) fn weakened(self) -> Self {
        Self {
            mask: 0b11 << 62,
            ..self
        }
    }

    /// The fingerprint of an id.
    pub fn of(&self, id: &ActivityId) -> u64 {
        self.of_text(id.as_str())
    }

    /// The fingerprint of an id that was checked before.
    pub fn of_text(&self, id: &str) -> u64 {
        self.hasher.hash(id.as_bytes()) & self.mask
    }
}

/// Where the ids of one tenant may be.
#[derive(Debug, Default)]
pub struct Fingerprints {
    /// As long as there are few.
    few: HashTable<(u64, u32)>,
    /// Afterwards; empty before.
    shards: Vec<Shard>,
}

/// The fingerprints that begin alike.
#[derive(Debug, Clone, Default)]
struct Shard {
    /// A tag is in the first of the buckets from its home on that had room. The last are beyond the capacity.
    buckets: Vec<Bucket>,
    /// Over how many buckets the tags are spread.
    capacity: usize,
    /// How many ids there are.
    count: usize,
}

/// As much as the processor fetches at once. Filled from the first slot on; nothing is ever taken out.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Bucket {
    tags: [u32; SLOTS],
    /// 0 is free, since positions begin at 1.
    places: [u32; SLOTS],
}

impl Bucket {
    #[inline]
    fn is_full(&self) -> bool {
        self.places[SLOTS - 1] != 0
    }

    #[inline]
    fn count(&self) -> usize {
        self.places.iter().filter(|place| **place != 0).count()
    }

    fn slots(&self) -> impl Iterator<Item = (u32, u32)> {
        let slots = self.tags.into_iter().zip(self.places);
        slots.take_while(|(_, place)| *place != 0)
    }

    /// Whether a tag may be in it: one look at all of the slots.
    #[inline]
    fn may_hold(&self, tag: u32) -> bool {
        self.tags
            .iter()
            .fold(false, |found, own| found | (*own == tag))
    }
}

/// The number of the shard, and the tag within it.
fn parts(fingerprint: u64) -> (usize, u32) {
    let shard = fingerprint >> (u64::BITS - SHARD_BITS);
    let tag = fingerprint << SHARD_BITS >> (u64::BITS - TAG_BITS);
    // Both fit by what was cut off.
    let (shard, tag) = (usize::try_from(shard), u32::try_from(tag));
    (shard.unwrap_or_default(), tag.unwrap_or_default())
}

/// The bits that are kept of the fingerprints of a tag of a shard.
fn fingerprint_of(shard: u64, tag: u32) -> u64 {
    shard << (u64::BITS - SHARD_BITS) | u64::from(tag) << (u64::BITS - SHARD_BITS - TAG_BITS)
}

impl Shard {
    /// The first bucket where a tag may be.
    #[inline]
    fn home(&self, tag: u32) -> usize {
        let place = (u64::from(tag) * self.capacity as u64) >> TAG_BITS;
        usize::try_from(place).unwrap_or_default()
    }

    #[inline]
    fn touch(&self, tag: u32) -> u32 {
        let bucket = self.buckets.get(self.home(tag));
        bucket.map_or(0, |bucket| bucket.tags[0])
    }

    /// The buckets where a tag may be: those from its home on up to one that had room.
    #[inline]
    fn run(&self, tag: u32) -> &[Bucket] {
        let home = self.home(tag);
        let mut end = home;
        while self.buckets.get(end).is_some_and(Bucket::is_full) {
            end += 1;
        }
        let end = self.buckets.len().min(end + 1);
        self.buckets.get(home..end).unwrap_or_default()
    }

    #[inline]
    fn places(&self, tag: u32) -> impl Iterator<Item = Position> {
        let run = self
            .run(tag)
            .iter()
            .filter(move |bucket| bucket.may_hold(tag));
        let same = run
            .flat_map(Bucket::slots)
            .filter(move |(own, _)| *own == tag);
        same.map(|(_, place)| Position::from(place))
    }

    #[inline]
    fn may_hold(&self, tag: u32) -> bool {
        let mut at = self.home(tag);
        while let Some(bucket) = self.buckets.get(at) {
            if bucket.may_hold(tag) && bucket.slots().any(|(own, _)| own == tag) {
                return true;
            }
            if !bucket.is_full() {
                return false;
            }
            at += 1;
        }
        false
    }

    fn insert(&mut self, tag: u32, place: u32) {
        let (most, of) = MOST_TAKEN;
        if (self.count + 1) * of > self.capacity * SLOTS * most {
            self.grow();
        }
        self.count += 1;
        self.put(tag, place);
    }

    #[inline]
    fn put(&mut self, tag: u32, place: u32) {
        let mut at = self.home(tag);
        while self.buckets.get(at).is_some_and(Bucket::is_full) {
            at += 1;
        }
        if at == self.buckets.len() {
            self.buckets.reserve_exact(8);
            self.buckets.push(Bucket::default());
        }
        let bucket = &mut self.buckets[at];
        let slot = bucket.count();
        bucket.tags[slot] = tag;
        bucket.places[slot] = place;
    }

    /// Two fifths more buckets. What comes is nearly in the order of its new places.
    fn grow(&mut self) {
        let old = std::mem::take(&mut self.buckets);
        self.capacity += self.capacity * 2 / 5 + 1;
        // Room for the last run, so that it does not make the shard move.
        self.buckets = vec![Bucket::default(); self.capacity + 2];
        // How many slots of each bucket are taken: looked up instead of counted, since all are filled anew.
        let mut taken = vec![0_u8; self.buckets.len()];
        for bucket in &old {
            for (tag, place) in bucket.tags.into_iter().zip(bucket.places) {
                if place == 0 {
                    break;
                }
                let mut at = self.home(tag);
                while taken
                    .get(at)
                    .is_some_and(|taken| usize::from(*taken) == SLOTS)
                {
                    at += 1;
                }
                if at == taken.len() {
                    taken.push(0);
                    self.buckets.push(Bucket::default());
                }
                let slot = usize::from(taken[at]);
                self.buckets[at].tags[slot] = tag;
                self.buckets[at].places[slot] = place;
                taken[at] += 1;
            }
        }
    }
}

impl Fingerprints {
    /// The places where an id with this fingerprint may be.
    #[inline]
    pub fn places(&self, fingerprint: u64) -> impl Iterator<Item = Position> {
        let few = self.few.iter_hash(fingerprint & KEPT);
        let few = few.filter(move |(own, _)| *own == fingerprint & KEPT);
        let few = few.map(|(_, place)| Position::from(*place));
        let (shard, tag) = parts(fingerprint);
        let shard = self.shards.get(shard).into_iter();
        few.chain(shard.flat_map(move |shard| shard.places(tag)))
    }

    /// Whether an id with this fingerprint may be anywhere.
    #[inline]
    pub fn may_hold(&self, fingerprint: u64) -> bool {
        if self.shards.is_empty() {
            return self.places(fingerprint).next().is_some();
        }
        let (shard, tag) = parts(fingerprint);
        let shard = self.shards.get(shard);
        shard.is_some_and(|shard| shard.may_hold(tag))
    }

    /// Brings the slots of some fingerprints near, all at once: one after the other, each would be waited for alone.
    pub fn touch(&self, fingerprints: impl Iterator<Item = u64>) {
        let slots = fingerprints.map(|fingerprint| {
            let (shard, tag) = parts(fingerprint);
            self.shards.get(shard).map_or(0, |shard| shard.touch(tag))
        });
        black_box(slots.fold(0, |all, slot| all ^ slot));
    }

    /// Notes where some ids are: positions from 1 to [`LAST_PLACE`].
    pub fn extend(&mut self, entries: &[(u64, Position)]) {
        self.touch(entries.iter().map(|(fingerprint, _)| *fingerprint));
        for (fingerprint, place) in entries {
            self.insert(*fingerprint, *place);
        }
    }

    /// Notes where an id is: a position from 1 to [`LAST_PLACE`].
    pub fn insert(&mut self, fingerprint: u64, place: Position) {
        let place = u32::try_from(place).expect("a write after the last place is refused");
        let fingerprint = fingerprint & KEPT;
        if self.shards.is_empty() {
            let rehash = |(other, _): &(u64, u32)| *other;
            (self.few).insert_unique(fingerprint, (fingerprint, place), rehash);
            if self.few.len() > FEW {
                self.shards = vec![Shard::default(); 1 << SHARD_BITS];
                for (fingerprint, place) in std::mem::take(&mut self.few) {
                    self.insert_sharded(fingerprint, place);
                }
            }
        } else {
            self.insert_sharded(fingerprint, place);
        }
    }

    fn insert_sharded(&mut self, fingerprint: u64, place: u32) {
        let (shard, tag) = parts(fingerprint);
        self.shards[shard].insert(tag, place);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        let sharded: usize = self.shards.iter().map(|shard| shard.count).sum();
        self.few.len() + sharded
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> usize {
        let buckets = self.shards.iter().map(|shard| shard.buckets.capacity());
        let buckets = buckets.sum::<usize>() * size_of::<Bucket>();
        self.few.allocation_size() + buckets + self.shards.capacity() * size_of::<Shard>()
    }

    /// The bits that are kept of all fingerprints, with their places, to be written down; nearly in the order of the
    /// fingerprints.
    pub fn entries(&self) -> impl Iterator<Item = (u64, Position)> {
        let shards = self.shards.iter().zip(0_u64..);
        let sharded = shards.flat_map(|(shard, number)| {
            let slots = shard.buckets.iter().flat_map(Bucket::slots);
            slots.map(move |(tag, place)| (fingerprint_of(number, tag), place))
        });
        let all = self.few.iter().copied().chain(sharded);
        all.map(|(fingerprint, place)| (fingerprint, Position::from(place)))
    }

    /// What [`Fingerprints::entries`] gave, without what is after a position. They must have been made with the same
    /// key as those that are to come.
    pub fn from_entries(entries: impl Iterator<Item = (u64, Position)>, as_of: Position) -> Self {
        let mut fingerprints = Self::default();
        for (fingerprint, place) in entries.filter(|(_, place)| *place <= as_of) {
            fingerprints.insert(fingerprint, place);
        }
        fingerprints
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// The table against a plain set, on fingerprints that often collide, and again after writing it down.
    fn check(entries: &[(u64, Position)]) {
        let mut table = Fingerprints::default();
        let mut plain = BTreeSet::new();
        for entry in entries {
            if plain.insert(*entry) {
                table.insert(entry.0, entry.1);
            }
        }
        let half = LAST_PLACE / 2;
        let again = Fingerprints::from_entries(table.entries(), half);
        assert_eq!(table.entries().collect::<BTreeSet<_>>(), plain);
        assert_eq!(table.count(), plain.len());
        for (fingerprint, _) in entries {
            let found: BTreeSet<_> = table.places(*fingerprint).collect();
            let same = plain.range((*fingerprint, 0)..=(*fingerprint, Position::MAX));
            let expected: BTreeSet<_> = same.map(|(_, place)| *place).collect();
            assert_eq!(found, expected);
            let found: BTreeSet<_> = again.places(*fingerprint).collect();
            assert_eq!(found, expected.range(..=half).copied().collect());
        }
    }

    proptest! {
        #[test]
        fn finds_what_was_noted_and_nothing_else(
            shards in prop::collection::vec(0_u64..1 << SHARD_BITS, 1..3),
            tags in prop::collection::vec(prop_oneof![0..6_u32, any::<u32>(), u32::MAX - 5..=u32::MAX], 1..300),
            places in prop::collection::vec(1..=LAST_PLACE, 1..20),
            filled in any::<bool>(),
        ) {
            // The few are first, unless so many others are there that the table has shards.
            let mut entries: Vec<_> = (0..if filled { FEW as u64 + 1 } else { 0 })
                .map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) & KEPT, 1 + n))
                .collect();
            for (index, tag) in tags.iter().enumerate() {
                let shard = shards[index % shards.len()];
                entries.push((fingerprint_of(shard, *tag), places[index % places.len()]));
            }
            check(&entries);
        }
    }

    #[test]
    fn a_million_ids_take_less_than_thirteen_bytes_each() {
        let mut table = Fingerprints::default();
        for n in 1..=1_000_000_u64 {
            table.insert(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), n);
        }
        assert_eq!(table.count(), 1_000_000);
        assert!(table.bytes() < 13_000_000, "{}", table.bytes());
        let found = |n: u64| table.places(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        assert!((1..=1_000_000).all(|n| found(n).any(|place| place == n)));
        assert!((1_000_001..1_100_000).all(|n| found(n).next().is_none()));
    }

    #[test]
    fn a_key_makes_the_same_fingerprints_again_and_another_key_others() {
        let id = ActivityId::parse("a", "id").unwrap();
        let of = |key: u64| Fingerprinter::new((key, key)).of(&id);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }
}
