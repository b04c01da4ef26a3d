//! What pursuing prospects means for the business, as it is asked: costs, effort, what time is worth. Exact but for the
//! probability, and for what waiting takes off, which models reckon with.

use super::{
    expected_return::discount_factor,
    exposure::{BUCKET_COUNT, BUCKETS, Exposure},
    number,
};
use crate::domain::{
    money::{Micros, NANOS_PER_MICRO, Nanos, divide_half_even},
    question::CustomerProfile,
    time::Day,
};

/// A millionth of an hour is what effort is counted in.
const PER_HOUR: i128 = 1_000_000;

/// What pursuing a prospect means for the business.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Asked {
    /// How likely each is won, if the business says so; otherwise a model does.
    pub win_probability: Option<f64>,
    /// What pursuing one costs, won or not.
    pub acquisition_cost: Micros,
    /// The least expected return worth pursuing, before what the effort would bring elsewhere.
    pub hurdle: Micros,
    /// What a year of waiting takes off, in millionths.
    pub discount_millionths: i64,
    /// How many millionths of an hour pursuing one takes.
    pub effort: i64,
    /// What an hour would bring elsewhere.
    pub opportunity_rate: Micros,
}

impl Asked {
    /// The least expected return worth pursuing, with what the effort would bring elsewhere; `None` if no amount holds
    /// it.
    pub fn whole_hurdle(&self) -> Option<Micros> {
        let elsewhere = i128::from(self.effort) * i128::from(self.opportunity_rate);
        let elsewhere = Micros::try_from(divide_half_even(elsewhere, PER_HOUR)).ok()?;
        self.hurdle.checked_add(elsewhere)
    }

    /// An amount for each hour of effort, in whole micro-units; `None` without effort.
    pub fn per_hour(&self, amount: Nanos) -> Option<Nanos> {
        let micros = amount / NANOS_PER_MICRO * PER_HOUR;
        (self.effort > 0)
            .then(|| divide_half_even(micros, i128::from(self.effort)) * NANOS_PER_MICRO)
    }

    /// What an amount that comes in over the horizon by these shares is worth now, per unit.
    pub fn discount(&self, shares: &[f64], horizon_days: u32) -> f64 {
        if self.discount_millionths <= 0 {
            return 1.0;
        }
        let rate = number(self.discount_millionths.unsigned_abs()) / 1e6;
        let of_year = f64::from(BUCKET_COUNT) * 365.0 / f64::from(horizon_days.max(1));
        discount_factor(shares, of_year, rate)
    }
}

/// Which part of the business of the horizon falls into each bucket of a customer's age.
pub fn shares_of_age(customers: &[CustomerProfile], cut: Day, horizon_days: u32) -> Vec<f64> {
    let customers: Vec<&CustomerProfile> = customers.iter().collect();
    let development = Exposure::of(&customers, cut, horizon_days).development;
    (0..BUCKETS)
        .map(|bucket| development[bucket + 1] - development[bucket])
        .collect()
}

/// The share of some amounts, which rise, that are below one; `None` without any.
pub fn share_below(rising: &[Nanos], amount: Nanos) -> Option<f64> {
    let below = rising.partition_point(|own| *own < amount);
    (!rising.is_empty()).then(|| number(below as u64) / number(rising.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::to_nanos;

    #[test]
    fn effort_raises_the_hurdle_by_what_it_would_bring_elsewhere() {
        let asked = Asked {
            hurdle: 10_000_000,
            effort: 2_500_000,
            opportunity_rate: 60_000_000,
            ..Asked::default()
        };
        assert_eq!(asked.whole_hurdle(), Some(160_000_000));
        assert_eq!(
            asked.per_hour(to_nanos(500_000_000)),
            Some(to_nanos(200_000_000))
        );
        assert_eq!(Asked::default().per_hour(5), None);
        let beyond = Asked {
            effort: i64::MAX,
            opportunity_rate: i64::MAX,
            ..asked
        };
        assert_eq!(beyond.whole_hurdle(), None);
    }

    #[test]
    fn waiting_takes_off_what_it_is_asked_to() {
        let asked = Asked {
            discount_millionths: 210_000,
            ..Asked::default()
        };
        // All of it in the last month of a year, and nothing discounted.
        let mut late = [0.0; BUCKETS];
        late[BUCKETS - 1] = 1.0;
        assert!((asked.discount(&late, 365) - 1.0 / 1.21).abs() < 1e-12);
        assert_eq!(Asked::default().discount(&late, 365), 1.0);
        // Two years in half as many buckets a year.
        assert!((asked.discount(&late, 730) - 1.0 / 1.21 / 1.21).abs() < 1e-12);
    }

    #[test]
    fn a_percentile_counts_who_is_below() {
        assert_eq!(share_below(&[1, 2, 2, 5], 2), Some(0.25));
        assert_eq!(share_below(&[1, 2, 2, 5], 9), Some(1.0));
        assert_eq!(share_below(&[], 9), None);
    }
}
