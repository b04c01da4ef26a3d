//! Numbers for the values of traits, found fast because parties share their values.
//!
//! Of a million parties most have the same list of keys and values that others have: where a key is in the list is
//! looked up once for each list, and a value is known by where it is in memory. Values that are equal have the same
//! number wherever they are. Knows nothing of what the numbers are for.

use super::{id::TraitKey, party::TraitValue, traits::Traits};
use std::{collections::BTreeMap, sync::Arc};

/// Finds the values of some traits in one party after the other.
#[derive(Debug, Default)]
pub struct TraitPicker {
    /// The list of keys that was seen last, and where in it each trait is.
    keys: Option<Arc<[TraitKey]>>,
    places: Vec<Option<usize>>,
}

impl TraitPicker {
    /// The value of each trait, in the order of `wanted`, which must be the same every time.
    pub fn pick<'a>(
        &mut self,
        wanted: &[TraitKey],
        traits: &'a Traits,
    ) -> impl Iterator<Item = Option<&'a Arc<TraitValue>>> {
        let keys = traits.key_list();
        let is_same = self.keys.as_ref().is_some_and(|own| Arc::ptr_eq(own, keys));
        if !is_same {
            let places = wanted.iter().map(|key| keys.binary_search(key).ok());
            self.places = places.collect();
            self.keys = Some(Arc::clone(keys));
        }
        let values = traits.value_list();
        self.places.iter().map(|place| values.get((*place)?))
    }
}

/// The numbers of one trait's values, from 1 in the order in which they came.
#[derive(Debug, Default, Clone)]
pub struct ValueNumbers {
    values: Vec<Arc<TraitValue>>,
    places: Places,
    /// Made when a value comes whose place is not known.
    by_value: Option<BTreeMap<Arc<TraitValue>, u32>>,
}

impl ValueNumbers {
    /// Of values that have their numbers.
    pub fn of(values: &[Arc<TraitValue>]) -> Self {
        let mut places = Places::default();
        for (value, number) in values.iter().zip(1..) {
            places.insert(place_of(value), number);
        }
        Self {
            values: values.to_vec(),
            places,
            by_value: None,
        }
    }

    /// The number of a value; it gets one if it has none.
    pub fn number(&mut self, value: &Arc<TraitValue>) -> u32 {
        let place = place_of(value);
        if let Some(number) = self.places.find(place) {
            return number;
        }
        let numbered = || self.values.iter().cloned().zip(1..);
        let by_value = self.by_value.get_or_insert_with(|| numbered().collect());
        if let Some(number) = by_value.get(value) {
            return *number;
        }
        // As many values as parties at most, which are counted in 32 bits.
        let number = u32::try_from(self.values.len() + 1).unwrap_or(u32::MAX);
        by_value.insert(Arc::clone(value), number);
        self.values.push(Arc::clone(value));
        // It is kept from here on, so that nothing else can come to be at its place.
        self.places.insert(place, number);
        number
    }

    /// The values: number `i` is at `i - 1`.
    pub fn values(&self) -> &[Arc<TraitValue>] {
        &self.values
    }

    /// The same, if nothing else is wanted any more.
    pub fn into_values(self) -> Vec<Arc<TraitValue>> {
        self.values
    }
}

fn place_of(value: &Arc<TraitValue>) -> usize {
    Arc::as_ptr(value).addr()
}

/// Numbers by place in memory: a table with free room, in which a place is searched from where its product with a
/// constant points to (Knuth, "The Art of Computer Programming", volume 3, 6.4). Never listed, so that where things are
/// in memory shows in nothing.
#[derive(Debug, Default, Clone)]
struct Places {
    /// A power of two of them, at most half of them taken; number 0 is a free one.
    slots: Vec<(usize, u32)>,
    taken: usize,
}

impl Places {
    fn slot(&self, place: usize) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let product = (place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        #[allow(clippy::cast_possible_truncation, reason = "the mask is shorter")]
        let mut slot = (product >> 32) as usize & mask;
        while self.slots[slot].1 != 0 && self.slots[slot].0 != place {
            slot = (slot + 1) & mask;
        }
        Some(slot)
    }

    fn find(&self, place: usize) -> Option<u32> {
        let number = self.slots[self.slot(place)?].1;
        (number > 0).then_some(number)
    }

    fn insert(&mut self, place: usize, number: u32) {
        if 2 * self.taken >= self.slots.len() {
            let size = (self.slots.len() * 2).max(16);
            let before = std::mem::replace(&mut self.slots, vec![(0, 0); size]);
            for taken in before.into_iter().filter(|slot| slot.1 > 0) {
                self.put(taken);
            }
        }
        self.put((place, number));
        self.taken += 1;
    }

    fn put(&mut self, taken: (usize, u32)) {
        if let Some(slot) = self.slot(taken.0) {
            self.slots[slot] = taken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    proptest! {
        #[test]
        fn equal_values_have_equal_numbers_wherever_they_are(
            own in vec((0..60_i64, any::<bool>()), 0..300), cut in 0..300_usize,
        ) {
            let common: Vec<_> = (0..60).map(|i| Arc::new(TraitValue::Number(i))).collect();
            let mut numbers = ValueNumbers::default();
            let mut seen: Vec<i64> = Vec::new();
            for (index, (own, is_shared)) in own.into_iter().enumerate() {
                if index == cut {
                    numbers = ValueNumbers::of(numbers.values());
                }
                let place = usize::try_from(own).unwrap();
                let value = match is_shared {
                    true => Arc::clone(&common[place]),
                    false => Arc::new(TraitValue::Number(own)),
                };
                let wanted = seen.iter().position(|other| *other == own).unwrap_or(seen.len());
                if wanted == seen.len() {
                    seen.push(own);
                }
                prop_assert_eq!(numbers.number(&value) as usize, wanted + 1);
            }
            let values = seen.into_iter().map(|own| Arc::new(TraitValue::Number(own)));
            prop_assert_eq!(numbers.into_values(), values.collect::<Vec<_>>());
        }
    }

    #[test]
    fn traits_are_found_in_any_list_of_keys() {
        let key = |name: &str| TraitKey::parse(name, "").unwrap();
        let party = |names: &[&str]| -> Traits {
            let entries = names.iter().enumerate();
            let value = |place| TraitValue::Number(i64::try_from(place).unwrap());
            entries
                .map(|(place, name)| (key(name), value(place)))
                .collect()
        };
        let wanted = [key("C"), key("A"), key("X")];
        let mut picker = TraitPicker::default();
        let first = party(&["A", "B", "C"]);
        for traits in [
            first.clone(),
            first,
            party(&["C"]),
            party(&[]),
            party(&["X", "Y"]),
        ] {
            let found: Vec<_> = picker.pick(&wanted, &traits).collect();
            let found: Vec<_> = found.into_iter().map(Option::<&Arc<_>>::cloned).collect();
            let known: Vec<_> = wanted
                .iter()
                .map(|key| traits.get(key).cloned().map(Arc::new))
                .collect();
            assert_eq!(found, known);
        }
    }
}
