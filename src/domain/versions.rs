//! The versions of one thing that is stored again and again, each from its own position on.

use super::{
    ledger::Position,
    time::{Day, Instant},
};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

/// The versions of one thing. Most have only one.
#[derive(Debug, Clone)]
pub(super) struct Versions<T> {
    newest: Version<T>,
    /// Those before it, the oldest first.
    older: Vec<Version<T>>,
}

/// One version.
#[derive(Debug)]
pub(super) struct Version<T> {
    /// Where it was written.
    pub position: Position,
    /// The day, of UTC, on which it was taken in.
    pub recorded: Day,
    /// What it is.
    pub thing: Arc<T>,
}

impl<T> Clone for Version<T> {
    fn clone(&self) -> Self {
        Self {
            position: self.position,
            recorded: self.recorded,
            thing: Arc::clone(&self.thing),
        }
    }
}

/// The day of UTC on which something was taken in.
pub fn day_recorded(record_time: Instant) -> Day {
    let days = record_time.seconds.div_euclid(86_400);
    Day(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
}

impl<T> Versions<T> {
    /// The first version.
    pub fn of(position: Position, record_time: Instant, first: T) -> Self {
        Self {
            newest: Version {
                position,
                recorded: day_recorded(record_time),
                thing: Arc::new(first),
            },
            older: Vec::new(),
        }
    }

    /// The next version.
    pub fn push(&mut self, position: Position, record_time: Instant, next: T) {
        let next = Self::of(position, record_time, next).newest;
        let before = std::mem::replace(&mut self.newest, next);
        self.older.push(before);
    }

    /// The last one.
    pub fn newest(&self) -> &Version<T> {
        &self.newest
    }

    /// The last one up to a position.
    pub fn at(&self, as_of: Position) -> Option<&Version<T>> {
        if self.newest.position <= as_of {
            return Some(&self.newest);
        }
        let after = self
            .older
            .partition_point(|version| version.position <= as_of);
        self.older[..after].last()
    }

    /// All of them, the oldest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Version<T>> {
        self.older.iter().chain(std::iter::once(&self.newest))
    }

    /// Makes something else of every version that was written before a position.
    pub fn replace_before(&mut self, position: Position, with: impl Fn(&T) -> T) {
        let all = self.older.iter_mut().chain([&mut self.newest]);
        for version in all.filter(|version| version.position < position) {
            version.thing = Arc::new(with(&version.thing));
        }
    }
}

/// Copies the newest version of what has a key, unless it is there already.
pub(super) fn copy_newest<K: Ord + Clone, T>(
    into: &mut BTreeMap<K, Versions<T>>,
    from: &BTreeMap<K, Versions<T>>,
    key: &K,
) {
    if !into.contains_key(key)
        && let Some(versions) = from.get(key)
    {
        let newest = Versions {
            newest: versions.newest.clone(),
            older: Vec::new(),
        };
        into.insert(key.clone(), newest);
    }
}

/// Adds a version of what has a key.
pub(super) fn add<K: Ord, T>(
    into: &mut BTreeMap<K, Versions<T>>,
    key: K,
    (position, record_time): (Position, Instant),
    thing: T,
) {
    match into.entry(key) {
        Entry::Vacant(entry) => {
            entry.insert(Versions::of(position, record_time, thing));
        }
        Entry::Occupied(mut entry) => entry.get_mut().push(position, record_time, thing),
    }
}
