//! A set of places that counts how many of it come before another.

use super::bits::Bits;

/// Some of the places from 0 to before a limit.
#[derive(Debug, Default)]
pub(super) struct PlaceSet {
    places: Bits,
    /// How many places are in the words before each word.
    before: Vec<u32>,
}

impl PlaceSet {
    /// Takes the places below `limit` that `places` gives, in any order.
    pub fn new(limit: usize, places: impl Iterator<Item = u32>) -> Self {
        let mut set = Bits::new(limit);
        places.for_each(|place| set.insert(place));
        let mut count = 0;
        let mut before = Vec::with_capacity(set.words().len());
        for word in set.words() {
            before.push(count);
            count += word.count_ones();
        }
        Self {
            places: set,
            before,
        }
    }

    /// How many places of the set come before this one.
    pub fn before(&self, place: u32) -> u64 {
        let word = place as usize / 64;
        let below = self.places.words()[word] & ((1 << (place % 64)) - 1);
        u64::from(self.before[word] + below.count_ones())
    }

    /// The places of the set, rising.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.places.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_counts_and_lists_like_a_sorted_set(
            places in proptest::collection::vec(0_u32..300, 0..80), asked in 0_u32..300,
        ) {
            let set = PlaceSet::new(300, places.iter().copied());
            let sorted: BTreeSet<u32> = places.into_iter().collect();
            prop_assert_eq!(set.before(asked), sorted.range(..asked).count() as u64);
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), sorted.into_iter().collect::<Vec<_>>());
        }
    }
}
