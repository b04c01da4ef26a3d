//! The order of customers by id, kept up as customers come.

use super::interner::number_of;
use crate::domain::id::PartyId;

/// Customers in the order of their ids.
#[derive(Debug, Default)]
pub(super) struct IdOrder {
    /// The numbers of the customers, in the order of their ids.
    pub numbers: Vec<u32>,
    /// The place of each customer in that order, by its number.
    pub places: Vec<u32>,
}

impl IdOrder {
    /// The order of these customers, of which `self` knows the first.
    pub fn extended(&self, ids: &[PartyId]) -> Self {
        let known = self.numbers.len();
        let mut added: Vec<u32> = (known..ids.len()).map(number_of).collect();
        added.sort_unstable_by(|a, b| ids[*a as usize].cmp(&ids[*b as usize]));
        let mut numbers = Vec::with_capacity(ids.len());
        let mut rest = self.numbers.as_slice();
        for number in added {
            let id = &ids[number as usize];
            let before = rest.partition_point(|other| ids[*other as usize] < *id);
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
            let ids: Vec<PartyId> = ids.iter().filter(|id| seen.insert((*id).clone()))
                .map(|id| PartyId::parse(id, "").unwrap()).collect();
            let first = IdOrder::default().extended(&ids[..cut.min(ids.len())]);
            let order = first.extended(&ids);
            let sorted: Vec<&str> = order.numbers.iter().map(|n| ids[*n as usize].as_str()).collect();
            let expected: Vec<&str> = seen.iter().map(String::as_str).collect();
            prop_assert_eq!(sorted, expected);
            for (number, place) in order.places.iter().enumerate() {
                prop_assert_eq!(order.numbers[*place as usize] as usize, number);
            }
        }
    }
}
