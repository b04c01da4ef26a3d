//! The things that were asked for last, bounded in bytes. Knows nothing of what they are.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Things by key, the one that was asked for last first.
pub(super) struct Kept<K, V> {
    things: Mutex<Things<K, V>>,
    limit: usize,
}

struct Things<K, V> {
    newest_first: VecDeque<Thing<K, V>>,
    bytes: usize,
}

struct Thing<K, V> {
    key: K,
    value: V,
    bytes: usize,
}

impl<K: PartialEq, V: Clone> Kept<K, V> {
    /// Keeps at most so many bytes.
    pub fn within(limit: usize) -> Self {
        let things = Things {
            newest_first: VecDeque::new(),
            bytes: 0,
        };
        Self {
            things: Mutex::new(things),
            limit,
        }
    }

    // Nothing that is behind this lock is ever half done.
    fn lock(&self) -> MutexGuard<'_, Things<K, V>> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept under a key.
    pub fn find(&self, key: &K) -> Option<V> {
        let mut things = self.lock();
        let place = things
            .newest_first
            .iter()
            .position(|thing| thing.key == *key)?;
        let found = things.newest_first.remove(place)?;
        let value = found.value.clone();
        things.newest_first.push_front(found);
        Some(value)
    }

    /// What is kept under a key, or else what is made of it now, which is kept unless that fails.
    pub fn find_or_make<E>(
        &self,
        key: K,
        make: impl FnOnce(&K) -> Result<V, E>,
        bytes: impl FnOnce(&V) -> usize,
    ) -> Result<V, E> {
        if let Some(found) = self.find(&key) {
            return Ok(found);
        }
        let made = make(&key)?;
        let bytes = bytes(&made);
        self.keep(key, made.clone(), bytes);
        Ok(made)
    }

    /// Keeps something that takes so many bytes, and gives up what was not asked for the longest.
    pub fn keep(&self, key: K, value: V, bytes: usize) {
        if bytes > self.limit {
            return;
        }
        let mut things = self.lock();
        things.bytes += bytes;
        things.newest_first.push_front(Thing { key, value, bytes });
        while things.bytes > self.limit
            && let Some(dropped) = things.newest_first.pop_back()
        {
            things.bytes -= dropped.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_the_longest_makes_room() {
        let kept = Kept::within(10);
        kept.keep("a", 1, 4);
        kept.keep("b", 2, 4);
        assert_eq!(kept.find(&"a"), Some(1));
        kept.keep("c", 3, 4);
        assert_eq!(
            (kept.find(&"a"), kept.find(&"b"), kept.find(&"c")),
            (Some(1), None, Some(3))
        );
        kept.keep("d", 4, 11);
        assert_eq!((kept.find(&"d"), kept.find(&"c")), (None, Some(3)));
        kept.keep("e", 5, 10);
        assert_eq!(
            (kept.find(&"a"), kept.find(&"c"), kept.find(&"e")),
            (None, None, Some(5))
        );
    }
}
