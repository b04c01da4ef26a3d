//! A budget for appreciation, split over customers in proportion to what is at risk with each, with a ceiling for each.
//!
//! Who would get more than the ceiling gets the ceiling, and what is left is split over the others in the same
//! proportion, until nobody is above it. Parts are rounded down to the micro-unit, and what is left over then goes by
//! one micro-unit each to the largest remainders, equal ones in the order of ids: so the parts add up to the budget
//! exactly, or to as many ceilings as there are customers with anything at risk.

use super::money::{Micros, Nanos};
use ethnum::I256;
use std::cmp::Reverse;

/// What each gets, in the order of `at_risk`: nothing for nothing at risk. Neither the budget nor the ceiling may be
/// below zero.
pub fn split(budget: Micros, ceiling: Option<Micros>, at_risk: &[Nanos]) -> Vec<Micros> {
    let mut parts = vec![0; at_risk.len()];
    let places = 0..at_risk.len();
    let mut order: Vec<usize> = places.filter(|place| at_risk[*place] > 0).collect();
    order.sort_by_key(|place| Reverse(at_risk[*place]));
    let mut left = I256::from(budget.max(0));
    let mut whole: I256 = order.iter().map(|place| I256::from(at_risk[*place])).sum();
    let mut above = 0;
    for place in &order {
        let own = I256::from(at_risk[*place]);
        let most = ceiling.map(|ceiling| ceiling.max(0));
        // The largest first: if it is not above the ceiling, nobody after it is.
        let Some(most) = most.filter(|most| left * own > I256::from(*most) * whole) else {
            break;
        };
        parts[*place] = most;
        left -= I256::from(most);
        whole -= own;
        above += 1;
    }
    let mut remainders = Vec::with_capacity(order.len() - above);
    let mut left_over = left;
    for place in &order[above..] {
        let exact = left * I256::from(at_risk[*place]);
        let part = exact / whole;
        left_over -= part;
        // At most the budget.
        parts[*place] = Micros::try_from(part).unwrap_or(budget);
        remainders.push((Reverse(exact % whole), *place));
    }
    remainders.sort_unstable();
    // Fewer than there are remainders above zero, so that nobody is raised above the ceiling.
    let count = usize::try_from(left_over).unwrap_or(0);
    for (_, place) in remainders.iter().take(count) {
        parts[*place] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_budget_by_hand() {
        // 100 over 1, 2 and 3: 16.67, 33.33 and 50.
        assert_eq!(split(100, None, &[1, 2, 3]), [17, 33, 50]);
        // With a ceiling of 40 the other 60 are split 1 to 2.
        assert_eq!(split(100, Some(40), &[1, 2, 3]), [20, 40, 40]);
        assert_eq!(split(100, Some(30), &[1, 2, 3]), [30, 30, 30]);
        // Equal remainders in order; nothing for who has nothing at risk.
        assert_eq!(split(8, None, &[5, 0, 5, 5, -2]), [3, 0, 3, 2, 0]);
        assert_eq!(split(8, Some(0), &[5]), [0]);
        assert_eq!(split(8, None, &[0, -1]), [0, 0]);
        assert_eq!(split(8, None, &[]), [0; 0]);
        assert_eq!(split(i64::MAX, None, &[i128::MAX >> 30, 0]), [i64::MAX, 0]);
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_budget_and_nobody_is_above_the_ceiling(
            budget in prop_oneof![0..1_000_i64, 0..=i64::MAX],
            ceiling in proptest::option::of(prop_oneof![0..100_i64, 0..=i64::MAX]),
            at_risk in proptest::collection::vec(
                prop_oneof![Just(0_i128), -5..50_i128, 0..1_i128 << 90], 0..40,
            ),
        ) {
            let parts = split(budget, ceiling, &at_risk);
            let sum: i128 = parts.iter().map(|part| i128::from(*part)).sum();
            let some = at_risk.iter().filter(|own| **own > 0).count();
            let room = i128::from(ceiling.unwrap_or(i64::MAX)) * i128::try_from(some).unwrap();
            prop_assert_eq!(sum, i128::from(budget).min(room), "all of it, or all that there is room for");
            for (part, own) in parts.iter().zip(&at_risk) {
                prop_assert!(*part >= 0 && (*own > 0 || *part == 0));
                prop_assert!(ceiling.is_none_or(|most| *part <= most));
            }
            // Who has more at risk gets no less, but for what one micro-unit of rounding gives; and those below the
            // ceiling get in proportion.
            for (one, at_one) in parts.iter().zip(&at_risk) {
                for (other, at_other) in parts.iter().zip(&at_risk) {
                    if at_one > at_other && *at_other > 0 {
                        prop_assert!(one + 1 > *other);
                    }
                    let below = |part: &i64| ceiling.is_none_or(|most| *part < most);
                    if *at_one > 0 && *at_other > 0 && below(one) && below(other) {
                        let apart = I256::from(*one) * I256::from(*at_other)
                            - I256::from(*other) * I256::from(*at_one);
                        prop_assert!(apart.abs() <= I256::from(*at_one) + I256::from(*at_other));
                    }
                }
            }
        }
    }
}
