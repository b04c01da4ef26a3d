//! Fingerprints as they are saved: in groups of shards, each with what was noted up to a position of its own.

use super::{Bucket, Fingerprints, KEPT, SHARD_BITS, SLOTS, Shard, parts};
use crate::{
    domain::ledger::Position,
    store::embedded::books::{Saved, put_count, put_number, put_packed, put_rising},
};

/// How many shards are saved at once: so few that saving them keeps nobody waiting.
const GROUP: usize = 4;
/// How many groups there are.
pub(in super::super) const GROUPS: usize = (1 << SHARD_BITS) / GROUP;
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
            // In the order of the tags, of which then only the distances need be kept.
            let mut slots: Vec<(u32, u32)> = shard.buckets.iter().flat_map(Bucket::slots).collect();
            slots.sort_unstable();
            put_count(bytes, shard.capacity);
            put_rising(bytes, slots.iter().map(|(tag, _)| *tag));
            put_packed(bytes, slots.iter().map(|(_, place)| *place));
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
    let capacity = saved.small()? as usize;
    let tags: Vec<u32> = saved.rising()?;
    let places: Vec<u32> = saved.packed()?;
    let are_places = places
        .iter()
        .all(|place| (1..=last).contains(&Position::from(*place)));
    // As a table is that has grown: not full, and not so empty that it would take more memory than it may.
    let is_roomy = tags.len() <= capacity * SLOTS && capacity <= 2 * tags.len() + 2;
    if !are_places || !is_roomy || tags.len() != places.len() {
        return None;
    }
    let mut shard = Shard {
        buckets: vec![Bucket::default(); if capacity > 0 { capacity + 2 } else { 0 }],
        capacity,
        count: tags.len(),
    };
    for (tag, place) in tags.into_iter().zip(places) {
        shard.put(tag, place);
    }
    Some(shard)
}
