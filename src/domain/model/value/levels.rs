//! Which part of a predicted distribution holds 90% of what comes: learnt from earlier forecasts.
//!
//! Where a distribution says that 90% will lie, less does: customers differ more than any of these models knows. So
//! the two levels between which an outcome is said to lie are taken from back-tests, such that 90% of those who then
//! ordered lay between them, and 90% of those who did not (label-conditional conformal prediction: Vovk, Gammerman &
//! Shafer, Algorithmic Learning in a Random World, 2005, chapter 4.5). One rule for both: zero is inside if its
//! probability reaches the lower level.

use super::{
    DAYS_PER_WEEK, Orders,
    back_test::{BackTest, day_at},
    counts::Row,
    expectation::Expectation,
    frequency::FrequencyFit,
    interval,
    spend::{SpendFit, spend_rows},
    trend::ORIGINS,
};
use crate::domain::time::Day;
use std::collections::BTreeMap;

/// The part that is to lie inside.
const INSIDE: f64 = 0.9;
/// At most so many lie below, of those who ordered.
const BELOW: f64 = 0.05;
/// With fewer who ordered, or who did not, nothing is learnt.
const MINIMUM: f64 = 40.0;

/// From more customers levels are not learnt, but from every second, third ... of them.
const MOST_CUSTOMERS: usize = 5_000;

/// Levels of a predicted distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// An outcome is inside if the probability of it and of all below reaches this,
    pub low: f64,
    /// and the probability of all below it does not pass that.
    pub high: f64,
}

/// An outcome under its predicted distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    /// The probability of everything below it.
    pub below: f64,
    /// The same with its own.
    pub up_to: f64,
    /// Whether it is an order.
    pub ordered: bool,
    /// How many customers.
    pub weight: f64,
}

impl Levels {
    /// Those of a distribution that is taken at its word.
    pub const PLAIN: Self = Self {
        low: 0.05,
        high: 0.95,
    };

    /// The wider of both at each end.
    fn widened(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    /// Learns them; `None` from too few.
    pub fn of(placed: &[Placed]) -> Option<Self> {
        let weight = |ordered: bool| -> f64 {
            let those = placed.iter().filter(|p| p.ordered == ordered);
            those.map(|p| p.weight).sum()
        };
        let (ordering, silent) = (weight(true), weight(false));
        if ordering < MINIMUM || silent < MINIMUM {
            return None;
        }
        let values = |ordered: bool, value: fn(&Placed) -> f64| -> Vec<(f64, f64)> {
            let those = placed.iter().filter(|p| p.ordered == ordered);
            those.map(|p| (value(p), p.weight)).collect()
        };
        let of_silent = quantile(values(false, |p| p.up_to), 1.0 - INSIDE);
        let of_ordering = quantile(values(true, |p| p.up_to), BELOW);
        let low = of_silent.min(of_ordering);
        let those = placed.iter().filter(|p| p.ordered);
        let reach = those
            .clone()
            .filter(|p| p.up_to >= low)
            .map(|p| p.weight)
            .sum::<f64>();
        let inside = those
            .filter(|p| p.up_to >= low)
            .map(|p| (p.below, p.weight))
            .collect();
        let high = quantile(inside, (INSIDE * ordering / reach).min(1.0));
        Some(Self { low, high })
    }
}

/// Learns the levels of orders, and those of revenue, of customers from `first` to before `until`: the widest of
/// several back-tests, so that each of them would have held.
pub fn learnt(
    customers: &[Orders],
    (first, until): (Day, Day),
    expectation: &Expectation,
) -> (Levels, Levels) {
    let back_test = |thousandths| {
        let from = day_at(first, until, thousandths);
        of_back_test(customers, (from, until), expectation)
    };
    let tests = ORIGINS.into_iter().filter_map(back_test);
    let widest = tests.reduce(|all, next| (all.0.widened(next.0), all.1.widened(next.1)));
    widest.unwrap_or((Levels::PLAIN, Levels::PLAIN))
}

/// The levels between which the outcomes of a back-test lay; `None` if there was too little to learn from.
fn of_back_test(
    customers: &[Orders],
    (from, until): (Day, Day),
    expectation: &Expectation,
) -> Option<(Levels, Levels)> {
    let expectation = expectation_of_then(customers, from, until, expectation)?;
    let weeks = f64::from(until.0.saturating_sub(from.0)) / DAYS_PER_WEEK;
    let step = customers.len().div_ceil(MOST_CUSTOMERS).max(1);
    let mut known: BTreeMap<(u32, u32, u32), Vec<f64>> = BTreeMap::new();
    let (mut orders, mut revenue) = (Vec::new(), Vec::new());
    for customer in customers.iter().step_by(step) {
        let Some(history) = customer.before(from) else {
            continue;
        };
        let key = (history.repeats, history.recency_days, history.observed_days);
        let distribution = known
            .entry(key)
            .or_insert_with(|| expectation.distribution(&history, weeks));
        let (count, amount) = customer.within(from, until);
        let below = distribution.iter().take(count as usize).sum();
        let up_to = below + distribution.get(count as usize).copied().unwrap_or(0.0);
        let ordered = count > 0;
        let placed = |below, up_to| Placed {
            below,
            up_to,
            ordered,
            weight: 1.0,
        };
        orders.push(placed(below, up_to));
        let own = (history.repeats, history.mean_value);
        let at = interval::revenue_probability(distribution, &expectation.spend, own, amount);
        revenue.push(placed(if ordered { at } else { 0.0 }, at));
    }
    Some((Levels::of(&orders)?, Levels::of(&revenue)?))
}

/// The same models as they would have been fitted then, their parameters taken for exact.
fn expectation_of_then(
    customers: &[Orders],
    from: Day,
    until: Day,
    now: &Expectation,
) -> Option<Expectation> {
    let near = &now.frequency.parameters;
    let test = BackTest::of(customers, from, until, now.frequency.model, near)?;
    let histories = customers.iter().filter_map(|orders| orders.before(from));
    let spend = SpendFit::of(&spend_rows(histories), Some(&now.spend.parameters))?;
    let rows: Vec<Row> = test.groups.iter().map(|group| group.row).collect();
    let frequency = FrequencyFit::known(test.fit.model, test.fit.parameters);
    Some(Expectation {
        tilt: now.tilt.levelled(&frequency, &rows),
        frequency,
        spend,
        trend: now.trend.clone(),
    })
}

/// The value that a share of the weight does not pass.
fn quantile(mut values: Vec<(f64, f64)>, share: f64) -> f64 {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let target = share * values.iter().map(|(_, weight)| weight).sum::<f64>();
    let mut sum = 0.0;
    for (value, weight) in &values {
        sum += weight;
        if sum >= target {
            return *value;
        }
    }
    values.last().map_or(1.0, |(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(below: f64, up_to: f64, ordered: bool) -> Placed {
        Placed {
            below,
            up_to,
            ordered,
            weight: 1.0,
        }
    }

    /// A hundred silent customers with chances of silence from 0 to 0.99, and a hundred who ordered once, of whom all
    /// but so many were thought to order at most once with 0.5 to 0.6.
    fn outcomes(surprises: u32) -> Vec<Placed> {
        let silent = (0..100).map(|n| placed(0.0, f64::from(n) / 100.0, false));
        let ordering = (0..100).map(|n| {
            let below = if n < surprises {
                0.99
            } else {
                0.5 + f64::from(n) / 1_000.0
            };
            placed(below, below + 0.005, true)
        });
        silent.chain(ordering).collect()
    }

    fn share_inside(outcomes: &[Placed], levels: Levels, ordered: bool) -> f64 {
        let those: Vec<_> = outcomes.iter().filter(|p| p.ordered == ordered).collect();
        let inside = |p: &&&Placed| p.up_to >= levels.low && p.below <= levels.high;
        those.iter().filter(inside).count() as f64 / those.len() as f64
    }

    #[test]
    fn nine_in_ten_lie_inside_of_those_who_ordered_and_of_those_who_did_not() {
        for surprises in [0, 3, 8, 20] {
            let outcomes = outcomes(surprises);
            let levels = Levels::of(&outcomes).unwrap();
            for ordered in [true, false] {
                let share = share_inside(&outcomes, levels, ordered);
                let plenty = surprises > 10 && ordered;
                let most = if plenty { 1.0 } else { 0.921 };
                assert!(
                    (0.9..=most).contains(&share),
                    "{surprises} {levels:?} {share}"
                );
            }
        }
    }

    #[test]
    fn the_wider_of_two_holds_both() {
        let (a, b) = (
            Levels {
                low: 0.1,
                high: 0.9,
            },
            Levels {
                low: 0.2,
                high: 0.95,
            },
        );
        assert_eq!(
            a.widened(b),
            Levels {
                low: 0.1,
                high: 0.95
            }
        );
        assert_eq!(b.widened(a), a.widened(b));
    }

    #[test]
    fn from_few_nothing_is_learnt() {
        assert_eq!(Levels::of(&outcomes(0)[..120]), None);
        assert_eq!(Levels::of(&[]), None);
    }
}
