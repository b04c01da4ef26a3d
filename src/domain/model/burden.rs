//! What serving a prospect is expected to take out of its return, in money and in working time.
//!
//! The expected profit bears its cost to serve already; here that is told as a part of its own, so that everybody can
//! add it back. The minutes are of the same model, learnt from working time instead of money.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `S` | `service` | cost to serve over the horizon, if it is won |
//! | `P`, `D` | chance, discount | as in [`super::expected_return`] |
//! | `B` | [`Burden::cost`] | `P D S`: what it takes out of the expected return |
//! | `H` | [`Burden::hours`] | hours of pursuing, won or not, and `P` times those of serving |

use super::{
    decision::times,
    expected_return::WinChance,
    profit::{AmountRange, Prediction},
    rounded, units,
};
use crate::domain::money::{Micros, NANOS_PER_MICRO, Nanos, to_nanos};

/// Of less time nothing is told by the hour.
const LEAST_HOURS: f64 = 0.001;
/// Minutes of an hour.
const MINUTES: f64 = 60.0;

/// What serving a prospect takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Burden {
    /// `P D S`; whole micro-units.
    pub cost: Nanos,
    /// Its 80% interval: the worse, and the better, of what the intervals of chance and cost allow.
    pub interval: Option<AmountRange>,
    /// What the expected return would be if nobody had to be served: it and `cost`, exactly.
    pub return_before: Nanos,
    /// Minutes over the horizon if it is won, not below 0.
    pub minutes: f64,
    /// Their 80% interval.
    pub minutes_interval: Option<(f64, f64)>,
    /// How many customers share the least common of the traits that the minutes were told by.
    pub minutes_evidence: u64,
    /// How many hours it takes altogether.
    pub hours: f64,
    /// The expected return for each of them; `None` of less than a thousandth of one.
    pub per_hour: Option<Nanos>,
    /// The same less what an hour would bring elsewhere; `None` if that is not told.
    pub margin_per_hour: Option<Nanos>,
}

/// What a burden is made of.
#[derive(Debug, Clone, Copy)]
pub struct BurdenParts<'a> {
    /// How likely it is won.
    pub win: WinChance,
    /// From 0 to 1; 1 if nothing is discounted.
    pub discount: f64,
    /// What serving it costs.
    pub service: &'a Prediction,
    /// How many minutes that takes; a minute stands for a currency unit.
    pub minutes: &'a Prediction,
    /// The expected return.
    pub expected: Nanos,
    /// How many millionths of an hour pursuing it takes.
    pub effort: i64,
    /// What an hour would bring elsewhere; 0 if it is not told.
    pub opportunity_rate: Micros,
}

impl Burden {
    /// Puts the parts together.
    pub fn of(parts: &BurdenParts<'_>) -> Self {
        let WinChance {
            probability,
            lower,
            upper,
            ..
        } = parts.win;
        let discounted = |amount: Nanos| times(amount, parts.discount);
        let interval = parts.service.expected_interval.map(|range| {
            let (low, high) = (discounted(range.lower), discounted(range.upper));
            AmountRange {
                lower: times(low, if low > 0 { lower } else { upper }),
                upper: times(high, if high > 0 { upper } else { lower }),
            }
        });
        let cost = times(discounted(parts.service.expected), probability);
        let told = |minutes: Nanos| units(minutes).max(0.0);
        let minutes = told(parts.minutes.expected);
        // A millionth of an hour stands where amounts have micro-units.
        let pursuing = units(Nanos::from(parts.effort) * NANOS_PER_MICRO);
        let hours = pursuing + probability * minutes / MINUTES;
        let per_hour = (hours >= LEAST_HOURS).then(|| rounded(units(parts.expected) / hours));
        let rate = to_nanos(parts.opportunity_rate);
        Self {
            cost,
            interval,
            return_before: parts.expected + cost,
            minutes,
            minutes_interval: (parts.minutes.expected_interval)
                .map(|range| (told(range.lower), told(range.upper))),
            minutes_evidence: parts.minutes.evidence,
            hours,
            per_hour,
            margin_per_hour: per_hour.filter(|_| rate > 0).map(|own| own - rate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::tests::prediction;

    #[test]
    fn every_part_by_hand() {
        let service = prediction(40_000_000, 8_000_000);
        let minutes = prediction(600_000_000, 900_000_000);
        let chance = WinChance {
            lower: 0.25,
            probability: 0.5,
            upper: 0.75,
            standing: None,
        };
        let parts = BurdenParts {
            win: chance,
            discount: 0.5,
            service: &service,
            minutes: &minutes,
            expected: to_nanos(70_000_000),
            effort: 2_000_000,
            opportunity_rate: 12_000_000,
        };
        let found = Burden::of(&parts);
        // Half of half of 40; 0.25 * 0.5 * 32 and 0.75 * 0.5 * 48.
        assert_eq!(found.cost, to_nanos(10_000_000));
        let range = found.interval.unwrap();
        assert_eq!(
            (range.lower, range.upper),
            (to_nanos(4_000_000), to_nanos(18_000_000))
        );
        assert_eq!(found.return_before, to_nanos(80_000_000));
        assert_eq!(found.minutes, 600.0);
        // Nobody takes less than no time.
        assert_eq!(found.minutes_interval, Some((0.0, 1_500.0)));
        // Two hours to pursue, and half of ten to serve: 70 by 7 is 10, which is 2 less than elsewhere.
        assert_eq!(found.hours, 7.0);
        assert_eq!(found.per_hour, Some(to_nanos(10_000_000)));
        assert_eq!(found.margin_per_hour, Some(to_nanos(-2_000_000)));
        let idle = prediction(0, 0);
        let free = BurdenParts {
            minutes: &idle,
            effort: 0,
            opportunity_rate: 0,
            ..parts
        };
        let free = Burden::of(&free);
        assert_eq!(
            (free.hours, free.per_hour, free.margin_per_hour),
            (0.0, None, None)
        );
    }

    #[test]
    fn a_cost_below_nothing_is_the_less_the_likelier_it_is_won() {
        let (service, minutes) = (prediction(-100, 20), prediction(0, 0));
        let chance = WinChance {
            lower: 0.1,
            probability: 0.5,
            upper: 0.9,
            standing: None,
        };
        let found = Burden::of(&BurdenParts {
            win: chance,
            discount: 1.0,
            service: &service,
            minutes: &minutes,
            expected: 0,
            effort: 0,
            opportunity_rate: 0,
        });
        let range = found.interval.unwrap();
        assert_eq!((range.lower, range.upper), (to_nanos(-108), to_nanos(-8)));
        assert!(range.lower <= found.cost && found.cost <= range.upper);
    }
}
