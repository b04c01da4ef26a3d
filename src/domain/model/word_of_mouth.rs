//! What leaves with a customer beside its own margin: what those whom it brought are credited to it for, and those whom
//! it would have brought.
//!
//! Both go on as they were, month by month, while the customer is there. With `m_j` the chance that it is gone in month
//! `j` and `w_j` that month's discount, what is credited to it in a month, `c`, is lost by `c sum(m_j w_j)`. Of `a`
//! arrivals in a month that it brings, each would from the next month on have brought `v` in each, what one who would
//! not have come otherwise is worth on the average of all who were brought: `a v sum_j(m_j sum_{k > j} w_k)`. The cost
//! saved by those who would have come anyway is in `c` and not in `v`, so that nothing is in both. Knows no graph.

use super::{number, relationship::Month, rounded, units};
use crate::domain::money::{Nanos, divide_half_even};

/// What some months were like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WordOfMouth {
    /// How many months they were.
    pub months: u64,
    /// What was credited to the customer in them, in nano-units.
    pub credited: Nanos,
    /// How many parties it brought in them.
    pub arrivals: u64,
    /// How many parties all customers together ever brought.
    pub brought: u64,
    /// What those of them who would not have come otherwise were worth in these months, in nano-units.
    pub worth: Nanos,
}

/// What is lost over the months to come, discounted, in nano-units rounded to micro-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Leaving {
    /// What would have been credited to the customer.
    pub credited: Nanos,
    /// What those would have been worth whom it would have brought.
    pub word_of_mouth: Nanos,
}

impl WordOfMouth {
    /// What is credited to the customer in a month, rounded half to even to the nano-unit.
    pub fn credited_per_month(&self) -> Nanos {
        per(self.credited, self.months)
    }

    /// How many parties it brings in a month.
    pub fn arrivals_per_month(&self) -> f64 {
        match self.months {
            0 => 0.0,
            months => number(self.arrivals) / number(months),
        }
    }

    /// What one of those who were brought is worth in a month, rounded half to even to the nano-unit.
    pub fn worth_per_month(&self) -> Nanos {
        per(self.worth, self.months * self.brought)
    }

    /// What leaves with the customer over some months.
    pub fn leaving(&self, discount: f64, months: &[Month]) -> Leaving {
        let (credited, worth) = (self.credited_per_month(), self.worth_per_month());
        let (mut lost, mut later, mut gone) = (0.0, 0.0, 0.0);
        for (weight, month) in super::relationship::weights(discount).zip(months) {
            let missing = 1.0 - month.presence;
            // Those who did not come in the months before are missing in this one.
            later += weight * gone;
            gone += missing;
            lost += weight * missing;
        }
        Leaving {
            credited: rounded(lost * units(credited)),
            word_of_mouth: rounded(later * self.arrivals_per_month() * units(worth)),
        }
    }
}

fn per(amount: Nanos, count: u64) -> Nanos {
    match count {
        0 => 0,
        count => divide_half_even(amount, Nanos::from(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNIT: Nanos = 1_000_000_000;

    fn month(presence: f64) -> Month {
        Month {
            base: presence,
            extra: 0.0,
            presence,
        }
    }

    fn by_hand() -> WordOfMouth {
        WordOfMouth {
            months: 2,
            credited: 480 * UNIT,
            arrivals: 6,
            brought: 4,
            worth: 480 * UNIT,
        }
    }

    #[test]
    fn what_leaves_by_hand() {
        // 240 a month; three arrivals a month, each worth 60 a month from the next one on.
        let rate = by_hand();
        let gone = rate.leaving(0.0, &[month(0.0); 3]);
        assert_eq!(gone.credited, 720 * UNIT);
        // The first three miss two months, the next three one.
        assert_eq!(gone.word_of_mouth, 3 * 60 * 3 * UNIT);
        let half = rate.leaving(0.0, &[month(1.0), month(0.5), month(0.5)]);
        assert_eq!(half.credited, 240 * UNIT);
        assert_eq!(half.word_of_mouth, 90 * UNIT);
        // After a year a tenth off is a divisor of 1.1.
        let mut last = vec![month(1.0); 11];
        last.push(month(0.0));
        let late = rate.leaving(0.1, &last);
        assert_eq!(late.credited, 218_181_818 * 1_000);
        assert_eq!(late.word_of_mouth, 0);
        assert_eq!(
            WordOfMouth::default().leaving(0.1, &last),
            Leaving::default()
        );
    }

    proptest! {
        #[test]
        fn no_more_leaves_than_there_is_and_nothing_with_who_stays(
            credited in 0..1_000_000_000_000_000_i128,
            presence in proptest::collection::vec(0.0..=1.0_f64, 1..30),
            discount in 0.0..1.0_f64,
        ) {
            let rate = WordOfMouth { credited, months: 12, ..by_hand() };
            let months: Vec<Month> = presence.iter().copied().map(month).collect();
            let count = Nanos::try_from(months.len()).unwrap();
            let lost = rate.leaving(discount, &months);
            // Half a nano-unit of each month is rounded, and half a micro-unit of all.
            let most = credited * count / 12 + count + 1_000;
            prop_assert!((0..=most).contains(&lost.credited), "{} of {}", lost.credited, most);
            let stays = vec![month(1.0); months.len()];
            prop_assert_eq!(rate.leaving(discount, &stays), Leaving::default());
            let gone = rate.leaving(discount, &vec![month(0.0); months.len()]);
            prop_assert!(gone.credited >= lost.credited);
            prop_assert!(gone.word_of_mouth >= lost.word_of_mouth);
        }
    }
}
