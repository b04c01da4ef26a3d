//! How far single customers are from what was predicted for them.
//!
//! Each customer is predicted by a model that was made without it, and the interval for a new one is made of the
//! errors of those whose prediction was nearest to its own (split conformal prediction: Lei, G'Sell, Rinaldo,
//! Tibshirani and Wasserman, "Distribution-free predictive inference for regression", Journal of the American
//! Statistical Association 113, 2018; localised by the prediction, because the errors of large customers are large).
//! At both ends of the predictions the nearest are on one side and mostly less far out, so each error is measured by
//! how large errors are where it was made (locally weighted conformal prediction: section 5.2 of the same paper), by a
//! line through two groups (Wald, "The fitting of straight lines if both variables are subject to error", Annals of
//! Mathematical Statistics 11, 1940). Nothing is assumed of the errors' distribution. The interval holds what it says
//! as long as new customers are like those learnt from.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `m` | `prediction` | the prediction |
//! | `r` | `error` | outcome less prediction |
//! | `h` | [`Errors::near`] | how many of the nearest are looked at |
//! | `s(m)` | `Spread::at` | how large errors are about a prediction of this size |

use super::number;

/// At least so many of the nearest errors are looked at …
const NEAR_MINIMUM: usize = 40;
/// … and at most so many, which is enough for both ends to be known to a percent.
const NEAR_LIMIT: usize = 500;
/// Otherwise one of so many.
const NEAR_PART: usize = 15;
/// Errors are nowhere taken for smaller than so much of what they are on average.
const LEAST_SPREAD: f64 = 0.1;
/// How many customers the coverage is measured on at most.
const COVERAGE_SAMPLE: usize = 500;

/// What one customer's prediction missed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutOfFold {
    /// Its place in the order of ids.
    pub order: usize,
    /// The fold that was left out when it was predicted.
    pub fold: usize,
    /// What was predicted, in currency units.
    pub prediction: f64,
    /// The outcome less the prediction.
    pub error: f64,
}

/// How large errors are, by the size of the prediction: a line that does not fall.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Spread {
    /// Of a prediction of nothing.
    at_nothing: f64,
    /// How much more for each unit of the prediction.
    slope: f64,
}

impl Spread {
    /// Through the means of the half with the smaller predictions and of the half with the larger ones.
    fn of(errors: &[OutOfFold]) -> Self {
        let mut sizes: Vec<(f64, f64)> = errors
            .iter()
            .map(|own| (own.prediction.abs(), own.error.abs()))
            .collect();
        sizes.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let (small, large) = sizes.split_at(sizes.len() / 2);
        let mean = |part: &[(f64, f64)], which: fn(&(f64, f64)) -> f64| {
            part.iter().map(which).sum::<f64>() / number(part.len().max(1) as u64)
        };
        let (size, error) = (|pair: &(f64, f64)| pair.0, |pair: &(f64, f64)| pair.1);
        let rise = mean(large, error) - mean(small, error);
        let slope = (rise / (mean(large, size) - mean(small, size))).max(0.0);
        let whole = mean(&sizes, error);
        match slope.is_finite() {
            true => Self {
                at_nothing: (whole - slope * mean(&sizes, size)).max(whole * LEAST_SPREAD),
                slope,
            },
            false => Self {
                at_nothing: whole,
                slope: 0.0,
            },
        }
    }

    /// How large errors are about a prediction.
    fn at(self, prediction: f64) -> f64 {
        self.at_nothing + self.slope * prediction.abs()
    }

    /// An error as it would be of another prediction.
    fn moved(self, own: &OutOfFold, prediction: f64) -> f64 {
        let moved = own.error * (self.at(prediction) / self.at(own.prediction));
        // Where nothing was ever missed there is nothing to measure by.
        if moved.is_finite() { moved } else { own.error }
    }
}

/// What predictions missed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Errors {
    /// By prediction, then by the order of ids.
    sorted: Vec<OutOfFold>,
    spread: Spread,
}

impl Errors {
    /// Takes in what was missed, in any order.
    pub fn of(mut errors: Vec<OutOfFold>) -> Self {
        errors.retain(|error| error.prediction.is_finite() && error.error.is_finite());
        errors.sort_by(|a, b| {
            a.prediction
                .total_cmp(&b.prediction)
                .then(a.order.cmp(&b.order))
        });
        Self {
            spread: Spread::of(&errors),
            sorted: errors,
        }
    }

    /// All of them, by prediction.
    pub fn all(&self) -> &[OutOfFold] {
        &self.sorted
    }

    /// How many of the nearest are looked at.
    pub fn near(&self) -> usize {
        let count = self.sorted.len();
        (count / NEAR_PART)
            .clamp(NEAR_MINIMUM, NEAR_LIMIT)
            .min(count)
    }

    /// The predictions nearest to this one; of equally near ones the first by id.
    fn nearest(&self, prediction: f64) -> Vec<&OutOfFold> {
        let sorted = &self.sorted;
        let near = self.near();
        let mut end = sorted.partition_point(|own| own.prediction < prediction);
        let mut start = end;
        let mut reach = 0.0_f64;
        while end - start < near {
            let below = start
                .checked_sub(1)
                .map(|i| prediction - sorted[i].prediction);
            let above = sorted.get(end).map(|own| own.prediction - prediction);
            match (below, above) {
                (Some(below), Some(above)) if above < below => {
                    end += 1;
                    reach = reach.max(above);
                }
                (Some(below), _) => {
                    start -= 1;
                    reach = reach.max(below);
                }
                (None, Some(above)) => {
                    end += 1;
                    reach = reach.max(above);
                }
                (None, None) => break,
            }
        }
        let start = sorted.partition_point(|own| prediction - own.prediction > reach);
        let end = sorted.partition_point(|own| own.prediction - prediction <= reach);
        let window = &sorted[start.min(end)..end];
        let (edge, inner): (Vec<&OutOfFold>, Vec<&OutOfFold>) = window
            .iter()
            .partition(|own| (own.prediction - prediction).abs() >= reach);
        let mut edge = edge;
        edge.sort_unstable_by_key(|own| own.order);
        edge.truncate(near.saturating_sub(inner.len()));
        inner.into_iter().chain(edge).collect()
    }

    /// The lower and the upper end of the errors around a prediction that eight of ten customers are within, if there
    /// are enough to tell.
    pub fn interval(&self, prediction: f64) -> Option<(f64, f64)> {
        let near = self.nearest(prediction);
        let count = near.len();
        if count < NEAR_MINIMUM {
            return None;
        }
        let errors = near.iter().map(|own| self.spread.moved(own, prediction));
        let mut errors: Vec<f64> = errors.collect();
        errors.sort_unstable_by(f64::total_cmp);
        let lower = ((count + 1) / 10).max(1);
        let upper = (9 * (count + 1)).div_ceil(10).min(count);
        Some((errors[lower - 1], errors[upper - 1]))
    }

    /// How often the interval holds the outcome: the customers of each fold against the errors of the other folds, so
    /// that nobody's own error helps to hold it. At most 500 customers, evenly spread over the predictions.
    pub fn coverage(&self) -> Option<f64> {
        let folds = self.sorted.iter().map(|own| own.fold).max()? + 1;
        let step = self.sorted.len().div_ceil(COVERAGE_SAMPLE);
        let (mut held, mut asked) = (0_u64, 0_u64);
        for fold in 0..folds {
            let others = self.sorted.iter().filter(|own| own.fold != fold);
            let others = Self::of(others.copied().collect());
            for own in self
                .sorted
                .iter()
                .step_by(step)
                .filter(|own| own.fold == fold)
            {
                if let Some((lower, upper)) = others.interval(own.prediction) {
                    asked += 1;
                    held += u64::from((lower..=upper).contains(&own.error));
                }
            }
        }
        (asked > 0).then(|| number(held) / number(asked))
    }
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "numbers of tests are small"
)]
mod tests {
    use super::*;
    use crate::domain::model::tests::Dice;
    use proptest::prelude::*;

    fn rolled(count: usize, seed: u64, spread: impl Fn(f64) -> f64) -> Vec<OutOfFold> {
        let mut dice = Dice(seed);
        let one = |order| {
            let prediction = dice.roll(50) as f64;
            let error = (dice.roll(2_001) as f64 - 1_000.0) / 1_000.0 * spread(prediction);
            OutOfFold {
                order,
                fold: order % 5,
                prediction,
                error,
            }
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn the_interval_holds_about_eight_of_ten() {
        let errors = Errors::of(rolled(1_000, 3, |_| 10.0));
        let (lower, upper) = errors.interval(25.0).unwrap();
        assert!(
            (lower + 8.0).abs() < 1.0 && (upper - 8.0).abs() < 1.0,
            "{lower} {upper}"
        );
        let coverage = errors.coverage().unwrap();
        assert!((0.75..=0.85).contains(&coverage), "{coverage}");
    }

    #[test]
    fn where_errors_are_larger_the_interval_is_wider() {
        let errors = Errors::of(rolled(1_000, 4, |prediction| 1.0 + prediction));
        let width = |at: f64| {
            errors
                .interval(at)
                .map(|(lower, upper)| upper - lower)
                .unwrap()
        };
        assert!(width(45.0) > 2.0 * width(5.0));
    }

    #[test]
    fn the_largest_predictions_are_held_as_often_as_others() {
        // Of few customers, all the nearest of the largest prediction are well below it.
        let (mut held, mut asked) = (0_u64, 0_u64);
        for seed in 1..=40 {
            let spread = |prediction: f64| 0.2 + prediction;
            let (known, new) = (rolled(120, seed, spread), rolled(500, seed + 100, spread));
            let errors = Errors::of(known);
            for own in new.iter().filter(|own| own.prediction >= 45.0) {
                let (lower, upper) = errors.interval(own.prediction).unwrap();
                asked += 1;
                held += u64::from((lower..=upper).contains(&own.error));
            }
        }
        let coverage = number(held) / number(asked);
        assert!((0.77..=0.85).contains(&coverage), "{coverage} of {asked}");
    }

    #[test]
    fn errors_that_are_all_alike_are_measured_alike() {
        let same = |prediction| OutOfFold {
            order: 0,
            fold: 0,
            prediction,
            error: -3.0,
        };
        let errors = Errors::of((0..60).map(|_| same(7.0)).collect());
        assert_eq!(errors.interval(9.0), Some((-3.0, -3.0)));
        let none = (0..60).map(|number| OutOfFold {
            error: 0.0,
            ..same(f64::from(number))
        });
        assert_eq!(Errors::of(none.collect()).interval(9.0), Some((0.0, 0.0)));
        let huge = (0..60).map(|number| OutOfFold {
            error: f64::MAX,
            ..same(f64::from(number))
        });
        let (lower, upper) = Errors::of(huge.collect()).interval(1e308).unwrap();
        assert!(!lower.is_nan() && !upper.is_nan());
    }

    #[test]
    fn too_few_errors_make_no_interval() {
        assert_eq!(Errors::of(rolled(39, 1, |_| 1.0)).interval(0.0), None);
        assert!(Errors::of(rolled(40, 1, |_| 1.0)).interval(1e300).is_some());
        assert_eq!(Errors::default().coverage(), None);
        assert_eq!(Errors::of(Vec::new()), Errors::default());
        assert_eq!(Errors::of(rolled(41, 1, |_| 1.0)).coverage(), None);
        let mut broken = rolled(40, 1, |_| 1.0);
        broken[0].error = f64::NAN;
        assert_eq!(Errors::of(broken).interval(0.0), None);
    }

    proptest! {
        #[test]
        fn the_nearest_are_those_of_a_full_sort(seed in 1..u64::MAX, count in 40..300_usize, at in -5..55_i32) {
            let rolled = rolled(count, seed, |_| 1.0);
            let errors = Errors::of(rolled.clone());
            let at = f64::from(at) + 0.5;
            let mut wanted = rolled;
            wanted.sort_by(|a, b| {
                let distance = |own: &OutOfFold| (own.prediction - at).abs();
                distance(a).total_cmp(&distance(b)).then(a.order.cmp(&b.order))
            });
            let mut wanted: Vec<f64> = wanted[..errors.near()].iter().map(|own| own.error).collect();
            let mut found: Vec<f64> = errors.nearest(at).iter().map(|own| own.error).collect();
            wanted.sort_by(f64::total_cmp);
            found.sort_by(f64::total_cmp);
            prop_assert_eq!(found, wanted);
        }
    }
}
