//! Fingerprints as they are saved: in groups of shards, each with what was noted up to a position of its own.

use super::{Bucket, Fingerprints, KEPT, SHARD_BITS, SLOTS, Shard, parts};
use crate::{
    domain::ledger::Position,
    store::embedded::books::{Saved, put_count, put_number},
};
use bytemuck::{cast_slice, pod_read_unaligned};

/// How many shards are saved at once.
const GROUP: usize = 64;
/// How many groups there are.
pub(in super::super) const GROUPS: usize = (1 << SHARD_BITS) / GROUP;
/// The bytes of a bucket.
const BUCKET: usize = 2 * SLOTS * 4;

/// Some shards.
pub(in super::super) struct Group(Vec<Shard>);

/// The group that a fingerprint is noted in, if there are groups.
pub(in super::super) fn group_of(fingerprint: u64) -> usize {
    parts(fingerprint).0 / GROUP
}

impl Fingerprints {
    /// In how many groups they are saved: there are none of few.
    pub(in super::super) fn groups(&self) -> usize {
        if self.shards.is_empty() { 1 } else { GROUPS }
    }

    /// Adds a group to bytes.
    pub(in super::super) fn save(&self, group: usize, bytes: &mut Vec<u8>) {
        if self.shards.is_empty() {
            for (fingerprint, place) in &self.few {
                put_number(bytes, *fingerprint);
                put_number(bytes, (*place).into());
            }
            return;
        }
        for shard in self.shards.iter().skip(group * GROUP).take(GROUP) {
            put_count(bytes, shard.capacity);
            put_count(bytes, shard.count);
            put_count(bytes, shard.buckets.len());
            for bucket in &shard.buckets {
                bytes.extend_from_slice(cast_slice(&bucket.tags));
                bytes.extend_from_slice(cast_slice(&bucket.places));
            }
        }
    }

    /// Puts groups of shards together again.
    pub(in super::super) fn of_groups(groups: Vec<Group>) -> Option<Self> {
        let shards: Vec<Shard> = groups.into_iter().flat_map(|group| group.0).collect();
        (shards.len() == 1 << SHARD_BITS).then(|| Self {
            shards,
            ..Self::default()
        })
    }

    /// Reads the one group of few.
    pub(in super::super) fn load_few(mut saved: Saved<'_>, last: Position) -> Option<Self> {
        let mut fingerprints = Self::default();
        while !saved.0.is_empty() {
            let (fingerprint, place) = (saved.number()?, saved.number()?);
            let fits = fingerprint & !KEPT == 0 && (1..=last).contains(&place);
            if !fits {
                return None;
            }
            fingerprints.insert(fingerprint, place);
        }
        Some(fingerprints)
    }

    /// Reads a group of shards.
    pub(in super::super) fn load_group(mut saved: Saved<'_>, last: Position) -> Option<Group> {
        let shards = (0..GROUP).map(|_| load_shard(&mut saved, last));
        let shards = shards.collect::<Option<_>>()?;
        saved.end(Group(shards))
    }
}

fn load_shard(saved: &mut Saved<'_>, last: Position) -> Option<Shard> {
    let capacity = usize::try_from(saved.number()?).ok()?;
    let count = usize::try_from(saved.number()?).ok()?;
    let buckets = saved.count(BUCKET)?;
    let bytes = saved.take(buckets * BUCKET)?;
    let buckets: Vec<Bucket> = (bytes.chunks_exact(BUCKET))
        .map(|bytes| {
            let (tags, places) = bytes.split_at(BUCKET / 2);
            Bucket {
                tags: pod_read_unaligned(tags),
                places: pod_read_unaligned(places),
            }
        })
        .collect();
    let is_filled = |bucket: &Bucket| {
        let rest = &bucket.places[bucket.slots().count()..];
        let is_past = bucket
            .places
            .iter()
            .all(|place| Position::from(*place) <= last);
        rest.iter().all(|place| *place == 0) && is_past
    };
    let taken: usize = buckets.iter().map(Bucket::count).sum();
    let fits = capacity <= buckets.len() && taken == count && buckets.iter().all(is_filled);
    fits.then_some(Shard {
        buckets,
        capacity,
        count,
    })
}
