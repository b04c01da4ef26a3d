//! What is known of a party: values by trait, kept so that a million parties fit in memory.
//!
//! Parties have the same few traits with the same few values. The list of keys and each value can be shared between all
//! parties that have them, so that a party of its own holds one pointer for each trait. What is shared cannot be seen
//! from outside: this is a map in the order of its keys, stored and compared as one.

use super::{id::TraitKey, party::TraitValue};
use hashbrown::{DefaultHashBuilder, HashTable};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{collections::BTreeMap, fmt, hash::BuildHasher, ops::Index, sync::Arc};

/// How many values of one trait are shared. What has more is mostly different for everybody.
const SHARED_VALUES: usize = 65_536;
/// How many lists of keys are shared.
const SHARED_KEYS: usize = 4_096;

/// Values by trait, in the order of the keys.
#[derive(Clone)]
pub struct Traits {
    /// Rising.
    keys: Arc<[TraitKey]>,
    /// One for each key.
    values: Box<[Arc<TraitValue>]>,
}

/// What the parties of a tenant have in common.
#[derive(Debug, Clone, Default)]
pub struct SharedTraits {
    /// Lists of keys, with where the values of each key are.
    lists: BTreeMap<Arc<[TraitKey]>, Vec<usize>>,
    keys: BTreeMap<TraitKey, usize>,
    /// Found by their hashes, and never listed: so no order of theirs shows in anything.
    values: Vec<HashTable<Arc<TraitValue>>>,
    hasher: DefaultHashBuilder,
}

impl Traits {
    /// Nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a trait, if there is one.
    pub fn get(&self, key: &TraitKey) -> Option<&TraitValue> {
        let value = self.values.get(self.keys.binary_search(key).ok()?)?;
        Some(value)
    }

    /// The traits that are known, rising: the same list for all who share it.
    pub fn key_list(&self) -> &Arc<[TraitKey]> {
        &self.keys
    }

    /// The values, one for each key.
    pub fn value_list(&self) -> &[Arc<TraitValue>] {
        &self.values
    }

    /// Sets a value, and gives the one that was there.
    pub fn insert(&mut self, key: TraitKey, value: TraitValue) -> Option<TraitValue> {
        let mut all: BTreeMap<TraitKey, Arc<TraitValue>> = self.entries().collect();
        let before = all.insert(key, Arc::new(value));
        *self = Self::of(all);
        before.map(Arc::unwrap_or_clone)
    }

    /// The traits that are known, rising.
    pub fn keys(&self) -> impl Iterator<Item = &TraitKey> {
        self.keys.iter()
    }

    /// The traits and their values, in the order of the keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&TraitKey, &TraitValue)> {
        let values = self.values.iter().map(|value| &**value);
        self.keys.iter().zip(values)
    }

    /// How many traits are known.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn entries(&self) -> impl Iterator<Item = (TraitKey, Arc<TraitValue>)> {
        self.keys.iter().cloned().zip(self.values.iter().cloned())
    }

    fn of(all: BTreeMap<TraitKey, Arc<TraitValue>>) -> Self {
        let (keys, values): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        Self {
            keys: keys.into(),
            values: values.into(),
        }
    }
}

impl SharedTraits {
    /// The same traits, holding what others hold already.
    pub fn share(&mut self, traits: Traits) -> Traits {
        let Traits { keys, values } = traits;
        if !self.lists.contains_key(&keys) {
            let places = keys.iter().map(|key| self.place(key)).collect();
            if self.lists.len() == SHARED_KEYS {
                self.lists.clear();
            }
            self.lists.insert(Arc::clone(&keys), places);
        }
        let Some((list, places)) = self.lists.get_key_value(&keys) else {
            return Traits { keys, values };
        };
        let values = places.iter().zip(values);
        let hasher = &self.hasher;
        let values = values.map(|(place, value)| share(&mut self.values[*place], value, hasher));
        Traits {
            keys: Arc::clone(list),
            values: values.collect(),
        }
    }

    fn place(&mut self, key: &TraitKey) -> usize {
        if let Some(place) = self.keys.get(key) {
            return *place;
        }
        self.values.push(HashTable::new());
        self.keys.insert(key.clone(), self.values.len() - 1);
        self.values.len() - 1
    }
}

fn share(
    known: &mut HashTable<Arc<TraitValue>>,
    value: Arc<TraitValue>,
    hasher: &DefaultHashBuilder,
) -> Arc<TraitValue> {
    let hash = hasher.hash_one(&value);
    if let Some(same) = known.find(hash, |own| *own == value) {
        return Arc::clone(same);
    }
    if known.len() < SHARED_VALUES {
        known.insert_unique(hash, Arc::clone(&value), |own| hasher.hash_one(own));
    }
    value
}

impl Default for Traits {
    fn default() -> Self {
        Self::of(BTreeMap::new())
    }
}

impl PartialEq for Traits {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys && self.values == other.values
    }
}

impl Eq for Traits {}

impl fmt::Debug for Traits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Index<&TraitKey> for Traits {
    type Output = TraitValue;

    /// The value of a trait that is there.
    ///
    /// # Panics
    ///
    /// If there is none.
    fn index(&self, key: &TraitKey) -> &TraitValue {
        match self.get(key) {
            Some(value) => value,
            None => panic!("no value of trait {key}"),
        }
    }
}

impl FromIterator<(TraitKey, TraitValue)> for Traits {
    fn from_iter<I: IntoIterator<Item = (TraitKey, TraitValue)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        Self::of(entries.map(|(key, value)| (key, Arc::new(value))).collect())
    }
}

impl<const N: usize> From<[(TraitKey, TraitValue); N]> for Traits {
    fn from(entries: [(TraitKey, TraitValue); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl From<BTreeMap<TraitKey, TraitValue>> for Traits {
    fn from(entries: BTreeMap<TraitKey, TraitValue>) -> Self {
        let entries = entries.into_iter();
        let (keys, values): (Vec<_>, Vec<_>) =
            entries.map(|(key, value)| (key, Arc::new(value))).unzip();
        Self {
            keys: keys.into(),
            values: values.into(),
        }
    }
}

impl Serialize for Traits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Traits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<TraitKey, TraitValue>::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::btree_map, prelude::*};

    fn key(name: &str) -> TraitKey {
        TraitKey::parse(name, "").unwrap()
    }

    fn numbers(entries: &BTreeMap<String, i64>) -> BTreeMap<TraitKey, TraitValue> {
        let entries = entries.iter();
        entries
            .map(|(name, number)| (key(name), TraitValue::Number(*number)))
            .collect()
    }

    proptest! {
        #[test]
        fn traits_are_a_map(all in btree_map("[a-c]{1,2}", -3..3_i64, 0..8), name in "[a-c]{1,2}") {
            let map = numbers(&all);
            let mut traits = Traits::from(map.clone());
            prop_assert!(traits.iter().eq(&map));
            prop_assert!(traits.keys().eq(map.keys()));
            prop_assert_eq!((traits.len(), traits.is_empty()), (map.len(), map.is_empty()));
            prop_assert_eq!(traits.get(&key(&name)), map.get(&key(&name)));
            prop_assert_eq!(format!("{traits:#?}"), format!("{map:#?}"));
            let bytes = postcard::to_stdvec(&map).unwrap();
            prop_assert_eq!(&postcard::to_stdvec(&traits).unwrap(), &bytes);
            prop_assert_eq!(&postcard::from_bytes::<Traits>(&bytes).unwrap(), &traits);
            let mut map = map;
            let new = TraitValue::Flag(true);
            prop_assert_eq!(traits.insert(key(&name), new.clone()), map.insert(key(&name), new));
            prop_assert_eq!(traits, Traits::from(map));
        }
    }

    #[test]
    fn what_is_equal_is_kept_once() {
        let mut shared = SharedTraits::default();
        let mut one = |number| {
            shared.share(Traits::from([
                (key("A"), TraitValue::Number(number)),
                (key("B"), TraitValue::Category("same".to_owned())),
            ]))
        };
        let (first, second) = (one(1), one(2));
        assert!(Arc::ptr_eq(&first.keys, &second.keys));
        let same = |place: usize| Arc::ptr_eq(&first.values[place], &second.values[place]);
        assert!(same(1) && !same(0));
        assert_eq!(first[&key("A")], TraitValue::Number(1));
        assert_eq!(second[&key("A")], TraitValue::Number(2));
    }

    #[test]
    fn what_everybody_has_another_of_is_not_shared_without_end() {
        let mut shared = SharedTraits::default();
        for number in 0..i64::try_from(SHARED_VALUES).unwrap() + 10 {
            shared.share(Traits::from([(key("A"), TraitValue::Number(number))]));
        }
        assert_eq!(shared.values[0].len(), SHARED_VALUES);
        let late = Traits::from([(key("A"), TraitValue::Number(-1))]);
        assert_eq!(shared.share(late.clone()), late);
        for number in 0..=SHARED_KEYS {
            let one = Traits::from([(key(&format!("K{number}")), TraitValue::Flag(true))]);
            assert_eq!(shared.share(one.clone()), one);
        }
        assert!(shared.lists.len() <= SHARED_KEYS);
    }
}
