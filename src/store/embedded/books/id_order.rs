//! The order of customers by id, kept up as customers come.

use super::{interner::number_of, names::Names};

/// Customers in the order of their ids.
#[derive(Debug, Default)]
pub(in super::super) struct IdOrder {
    /// The numbers of the customers, in the order of their ids.
    pub numbers: Vec<u32>,
    /// The place of each customer in that order, by its number.
    pub places: Vec<u32>,
}

impl IdOrder {
    /// The order with these numbers, if they are all of the first ones.
    pub fn of_numbers(numbers: Vec<u32>) -> Option<Self> {
        let mut places = vec![u32::MAX; numbers.len()];
        for (place, number) in numbers.iter().enumerate() {
            let own = places.get_mut(*number as usize)?;
            if *own != u32::MAX {
                return None;
            }
            *own = number_of(place);
        }
        Some(Self { numbers, places })
    }

    /// The order of these customers, of which `self` knows the first.
    pub fn extended(&self, ids: &Names) -> Self {
        let known = self.numbers.len();
        let mut added: Vec<u32> = (known..ids.len()).map(number_of).collect();
        added.sort_unstable_by(|a, b| ids.name(*a).cmp(ids.name(*b)));
        let mut numbers = Vec::with_capacity(ids.len());
        let mut rest = self.numbers.as_slice();
        for number in added {
            let id = ids.name(number);
            let before = rest.partition_point(|other| ids.name(*other) < id);
            numbers.extend_from_slice(&rest[..before]);
            numbers.push(number);
            rest = &rest[before..];
        }
        numbers.extend_from_slice(rest);
        let mut places = vec![0; numbers.len()];
        for (place, number) in numbers.iter().enumerate() {
            places[*number as usize] = number_of(place);
        }
        Self { numbers, places }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn customers_that_come_later_find_their_place(
            ids in proptest::collection::vec("[a-c]{1,4}", 0..40), cut in 0_usize..40,
        ) {
            let mut seen = BTreeSet::new();
            let mut names = Names::default();
            let (first, rest) = ids.split_at(cut.min(ids.len()));
            first.iter().filter(|id| seen.insert(*id)).for_each(|id| {
                names.intern(id);
            });
            let first = IdOrder::default().extended(&names);
            rest.iter().filter(|id| seen.insert(*id)).for_each(|id| {
                names.intern(id);
            });
            let order = first.extended(&names);
            let sorted: Vec<&str> = order.numbers.iter().map(|n| names.name(*n)).collect();
            let expected: Vec<&str> = seen.iter().map(|id| id.as_str()).collect();
            prop_assert_eq!(sorted, expected);
            for (number, place) in order.places.iter().enumerate() {
                prop_assert_eq!(order.numbers[*place as usize] as usize, number);
            }
        }
    }
}
