//! Amounts that are split equally over customers, taken off a million values quickly.

use crate::domain::{
    cost_model::equal_share,
    money::{Micros, Nanos, to_nanos},
};

/// Some amounts and over how many customers they are split.
pub(super) struct Split<'a> {
    amounts: &'a [Micros],
    count: u64,
    /// What everybody bears of all amounts together.
    base: Nanos,
    /// For each amount, how many of the first bear a micro-unit more; rising.
    remainders: Vec<u64>,
}

impl<'a> Split<'a> {
    /// Splits amounts over `count` customers.
    pub fn new(amounts: &'a [Micros], count: u64) -> Self {
        let mut split = Self {
            amounts,
            count,
            base: 0,
            remainders: Vec::new(),
        };
        if count > 0 {
            for amount in amounts {
                let (base, remainder) = split.parts(*amount);
                split.base += to_nanos(base);
                split.remainders.push(remainder);
            }
        }
        split.remainders.sort_unstable();
        split
    }

    /// What the last bears of an amount, and how many of the first bear a micro-unit more.
    fn parts(&self, amount: Micros) -> (Micros, u64) {
        let base = equal_share(amount, self.count, self.count - 1);
        let remainder = i128::from(amount) - i128::from(base) * i128::from(self.count);
        // From zero to less than the count.
        (base, u64::try_from(remainder).unwrap_or(0))
    }

    /// Whether anything is split.
    pub fn is_empty(&self) -> bool {
        self.amounts.is_empty()
    }

    /// What the customer with this place by id bears of all amounts together.
    pub fn total(&self, index: u64) -> Nanos {
        let without_more = self
            .remainders
            .partition_point(|remainder| *remainder <= index);
        let more = self.remainders.len() - without_more;
        // At most as many as there are amounts.
        self.base + to_nanos(Micros::try_from(more).unwrap_or(Micros::MAX))
    }

    /// What the customer with this place by id bears of each amount.
    pub fn shares(&self, index: u64) -> Vec<Micros> {
        let amounts = self.amounts.iter();
        amounts
            .map(|amount| equal_share(*amount, self.count, index))
            .collect()
    }

    /// What all customers together bear of each amount: the whole of it, unless there is nobody.
    pub fn whole(&self) -> Vec<i128> {
        let borne = |amount: &Micros| {
            if self.count == 0 {
                0
            } else {
                i128::from(*amount)
            }
        };
        self.amounts.iter().map(borne).collect()
    }

    /// Between what everybody's part of all amounts together is, both ends included.
    pub fn bounds(&self) -> (Nanos, Nanos) {
        let more = Micros::try_from(self.remainders.len()).unwrap_or(Micros::MAX);
        (self.base, self.base + to_nanos(more))
    }

    /// What some customers bear of each amount; `indexes` are their places by id, rising.
    pub fn sums(&self, indexes: &[u64]) -> Vec<i128> {
        if self.count == 0 {
            return vec![0; self.amounts.len()];
        }
        let sum = |amount: &Micros| {
            let (base, remainder) = self.parts(*amount);
            let more = indexes.partition_point(|index| *index < remainder);
            i128::from(base) * indexes.len() as i128 + more as i128
        };
        self.amounts.iter().map(sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_equal_share_of_each_amount(
            amounts in proptest::collection::vec(-1_000_i64..=1_000, 0..5), count in 1_u64..60, from in 0_u64..60,
        ) {
            let split = Split::new(&amounts, count);
            let indexes: Vec<u64> = (from.min(count - 1)..count).collect();
            let mut sums = vec![0; amounts.len()];
            for index in &indexes {
                let shares: Vec<Micros> =
                    amounts.iter().map(|amount| equal_share(*amount, count, *index)).collect();
                prop_assert_eq!(split.total(*index), shares.iter().map(|share| to_nanos(*share)).sum::<Nanos>());
                for (sum, share) in sums.iter_mut().zip(&shares) {
                    *sum += i128::from(*share);
                }
                prop_assert_eq!(split.shares(*index), shares);
            }
            prop_assert_eq!(split.sums(&indexes), sums);
        }
    }
}
