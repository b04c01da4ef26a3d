//! How a cost that many customers share is allocated to them: by what it goes, and how much that is for each.
//!
//! Everybody bears its part rounded down to the micro-unit. What is left over, less than a micro-unit for each of those
//! who bear anything, is borne by the first of them by id, a micro-unit each. So the parts add up to the amount, and
//! depend on nothing but the customers' quantities and ids: not on the order of a question, its filters or its pages.

use super::{
    account::{Sums, Weights},
    id::PartyId,
    money::{Micros, Nanos},
};
use ethnum::I256;
use std::{collections::BTreeMap, sync::Arc};

/// What a customer's part of an amount goes by: its quantity of something, zero or more.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Driver {
    /// What its sums weigh. Less than nothing counts as nothing.
    Weighed(Weights),
    /// 1 for everybody whose sums weigh more than nothing, and nothing for all others.
    Present(Weights),
    /// What somebody supplied; nothing for those who are not named.
    Supplied(Arc<BTreeMap<PartyId, i64>>),
}

impl Driver {
    /// The quantity of a customer with these sums over the period, whatever the branches.
    pub fn quantity(&self, customer: &PartyId, sums: &Sums) -> i128 {
        let weights = self.weights();
        self.quantity_of(customer, weights.map_or(0, |weights| weights.value(sums)))
    }

    /// By what a customer's sums are weighed, unless its quantity was supplied.
    pub fn weights(&self) -> Option<&Weights> {
        match self {
            Self::Weighed(weights) | Self::Present(weights) => Some(weights),
            Self::Supplied(_) => None,
        }
    }

    /// The quantity of a customer whose sums weigh so much.
    pub fn quantity_of(&self, customer: &PartyId, weighed: Nanos) -> i128 {
        match self {
            Self::Weighed(_) => weighed.max(0),
            Self::Present(_) => i128::from(weighed > 0),
            Self::Supplied(quantities) => {
                let supplied = quantities.get(customer).copied().unwrap_or(0);
                i128::from(supplied.max(0))
            }
        }
    }
}

/// An amount that goes by a driver over all active customers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Driven {
    /// The whole of it, in micro-units. Below zero it takes from what the customers bear; it must then be what the
    /// quantities of the whole of it add up to, so that nothing is left over.
    pub amount: Micros,
    /// What it goes by.
    pub driver: Driver,
    /// The quantity that the whole of it would be enough for; above zero. What is not used of it is allocated to
    /// nobody (Kaplan and Anderson, "Time-Driven Activity-Based Costing", Harvard Business Review, November 2004). Of
    /// `None` all is allocated.
    pub capacity: Option<i128>,
}

/// How much of an amount is allocated, over which quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Allotment {
    /// What all active customers together bear, in micro-units.
    pub amount: Micros,
    /// The quantity of all of them.
    pub quantity: i128,
}

impl Driven {
    /// What is allocated if all active customers together have this quantity: nothing if it is zero, since then there
    /// is nobody to bear it.
    pub fn allotment(&self, quantity: i128) -> Allotment {
        let amount = match self.capacity {
            _ if quantity <= 0 => 0,
            Some(capacity) if quantity < capacity => fraction(self.amount, quantity, capacity),
            _ => self.amount,
        };
        Allotment { amount, quantity }
    }
}

impl Allotment {
    /// What goes with a quantity, rounded towards zero: the part of a customer before what is left over.
    pub fn part(&self, quantity: i128) -> Micros {
        match quantity {
            ..=0 => 0,
            _ => fraction(self.amount, quantity, self.quantity),
        }
    }
}

/// `amount * quantity / total`, rounded towards zero, for a quantity from zero to the total.
fn fraction(amount: Micros, quantity: i128, total: i128) -> Micros {
    if amount < 0 {
        return -fraction(amount.saturating_neg(), quantity, total);
    }
    let exact = match (u64::try_from(amount), u64::try_from(quantity)) {
        (Ok(amount), Ok(quantity)) => {
            let product = u128::from(amount) * u128::from(quantity);
            match (u64::try_from(product), u64::try_from(total)) {
                (Ok(product), Ok(total)) => return narrow(product / total),
                _ => product / total.unsigned_abs(),
            }
        }
        _ => {
            let exact = I256::from(amount) * I256::from(quantity) / I256::from(total);
            exact.as_u128()
        }
    };
    // At most the amount.
    Micros::try_from(exact).unwrap_or(amount)
}

fn narrow(part: u64) -> Micros {
    Micros::try_from(part).unwrap_or(Micros::MAX)
}

/// The shares of customers who have these quantities, in the order of their ids: what every store must come to.
pub fn shares(allotment: &Allotment, quantities: &[i128]) -> Vec<Micros> {
    let parts = quantities.iter().map(|quantity| allotment.part(*quantity));
    let mut shares: Vec<Micros> = parts.collect();
    let mut left_over =
        i128::from(allotment.amount) - shares.iter().map(|share| i128::from(*share)).sum::<i128>();
    for (share, quantity) in shares.iter_mut().zip(quantities) {
        if left_over > 0 && *quantity > 0 {
            *share += 1;
            left_over -= 1;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cost_model::equal_share;
    use proptest::prelude::*;

    fn driven(amount: Micros, capacity: Option<i128>) -> Driven {
        Driven {
            amount,
            driver: Driver::Weighed(Weights::default()),
            capacity,
        }
    }

    fn sum(shares: &[Micros]) -> i128 {
        shares.iter().map(|share| i128::from(*share)).sum()
    }

    proptest! {
        #[test]
        fn the_shares_add_up_to_the_amount(
            amount in prop_oneof![0..=i64::MAX, 0..1_000_i64],
            quantities in proptest::collection::vec(
                prop_oneof![Just(0_i128), 0..50_i128, 0..=i128::from(i64::MAX), 0..1_i128 << 100], 1..60,
            ),
        ) {
            let total: i128 = quantities.iter().sum();
            let allotment = driven(amount, None).allotment(total);
            let shares = shares(&allotment, &quantities);
            prop_assert_eq!(sum(&shares), if total == 0 { 0 } else { i128::from(amount) });
            for (share, quantity) in shares.iter().zip(&quantities) {
                // Within a micro-unit of its exact part, and nothing for nothing.
                let exact = I256::from(amount) * I256::from(*quantity);
                let (low, high) = (I256::from(*share - 1), I256::from(*share + 1));
                prop_assert!(total == 0 || low * I256::from(total) <= exact && exact < high * I256::from(total));
                prop_assert!(*quantity > 0 || *share == 0);
            }
        }

        #[test]
        fn equal_quantities_bear_an_equal_split(amount in 0..=i64::MAX, count in 1..200_u64, each in 1..9_i128) {
            let quantities = vec![each; usize::try_from(count).unwrap()];
            let allotment = driven(amount, None).allotment(each * i128::from(count));
            let equal: Vec<Micros> = (0..count).map(|index| equal_share(amount, count, index)).collect();
            prop_assert_eq!(shares(&allotment, &quantities), equal);
        }

        #[test]
        fn what_is_allocated_and_what_is_unused_is_the_amount(
            amount in 0..=i64::MAX, used in 0..1_i128 << 70, capacity in 1..1_i128 << 70,
        ) {
            let allotment = driven(amount, Some(capacity)).allotment(used);
            prop_assert!((0..=amount).contains(&allotment.amount));
            prop_assert_eq!(allotment.amount == amount || amount == 0, used >= capacity || amount == 0);
            let exact = I256::from(amount) * I256::from(used.min(capacity));
            let low = I256::from(allotment.amount) * I256::from(capacity);
            prop_assert!(low <= exact && exact < low + I256::from(capacity));
        }
    }

    #[test]
    fn an_exact_amount_goes_to_whom_it_belongs_and_the_rest_to_nobody() {
        // Of 100 micro-units those who are there have 30 and 50, and somebody else 20.
        for (amount, sign) in [(100, 1), (-100, -1)] {
            let allotment = driven(amount, Some(100)).allotment(80);
            assert_eq!(allotment.amount, 80 * sign);
            assert_eq!(shares(&allotment, &[30, 0, 50]), [30 * sign, 0, 50 * sign]);
        }
    }

    #[test]
    fn what_is_left_over_goes_to_the_first_that_bear_anything() {
        let allotment = driven(100, None).allotment(7);
        assert_eq!(shares(&allotment, &[0, 1, 3, 0, 3]), [0, 15, 43, 0, 42]);
        let nobody = driven(100, None).allotment(0);
        assert_eq!(shares(&nobody, &[0, 0]), [0, 0]);
    }
}
