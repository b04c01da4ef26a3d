//! Whether probabilities mean what they say.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `p_i`, `y_i` | [`Forecast`] | what was told, and 1 if it was won |
//! | Brier | [`brier`] | mean of `(p - y)^2` (Brier, Monthly Weather Review 78, 1950) |
//! | log loss | [`log_loss`] | mean of `-ln` of the probability of what happened |
//! | ECE | [`calibration_error`] | mean over forecasts of the gap between told and seen in their tenth |

use super::{Forecast, Tie, ties};
use crate::domain::model::binomial::wilson_interval;

/// How many groups a reliability table has.
const GROUPS: usize = 10;
/// The least probability that the logarithm is taken of: a forecast of 0 that comes true costs 36, not infinity.
const LEAST: f64 = 1e-16;

/// Forecasts of about the same probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliabilityLine {
    /// How many there are; equal probabilities at an edge are shared out, so that it need not be whole.
    pub count: f64,
    /// The mean of what was told.
    pub told: f64,
    /// The share that was won.
    pub won: f64,
    /// The lower end of the 95% interval of that share (Wilson).
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
}

/// The mean squared difference of what was told and what happened; `None` without forecasts.
pub fn brier(forecasts: &[Forecast]) -> Option<f64> {
    mean(forecasts, |probability, won| {
        let missed = probability - if won { 1.0 } else { 0.0 };
        missed * missed
    })
}

/// The mean negative logarithm of the probability of what happened; `None` without forecasts.
pub fn log_loss(forecasts: &[Forecast]) -> Option<f64> {
    mean(forecasts, |probability, won| {
        -libm::log((if won { probability } else { 1.0 - probability }).max(LEAST))
    })
}

fn mean(forecasts: &[Forecast], loss: impl Fn(f64, bool) -> f64) -> Option<f64> {
    let ties = ties(forecasts);
    let count: f64 = ties.iter().map(|tie| tie.count).sum();
    let of = |tie: &Tie| {
        let probability = tie.score.clamp(0.0, 1.0);
        tie.value * loss(probability, true) + (tie.count - tie.value) * loss(probability, false)
    };
    (count > 0.0).then(|| ties.iter().map(of).sum::<f64>() / count)
}

/// Forecasts in ten groups of the same size, the least probable first.
pub fn reliability(forecasts: &[Forecast]) -> Vec<ReliabilityLine> {
    let ties = ties(forecasts);
    let parts = super::deciles::parts(&ties, GROUPS);
    let line = |part: &super::deciles::Part| {
        let (lower, upper) = wilson_interval(part.value, part.count);
        ReliabilityLine {
            count: part.count,
            told: part.score / part.count,
            won: part.value / part.count,
            lower,
            upper,
        }
    };
    parts.iter().map(line).collect()
}

/// The expected calibration error: the mean distance of the share won from what was told, over ten groups of the same
/// size (Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015).
/// `None` without forecasts.
pub fn calibration_error(forecasts: &[Forecast]) -> Option<f64> {
    let lines = reliability(forecasts);
    let count: f64 = lines.iter().map(|line| line.count).sum();
    let gaps = lines
        .iter()
        .map(|line| line.count * (line.told - line.won).abs());
    (count > 0.0).then(|| gaps.sum::<f64>() / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecasts(probability: f64, won: usize, lost: usize) -> Vec<Forecast> {
        let mut all = vec![
            Forecast {
                probability,
                won: true
            };
            won
        ];
        all.extend(vec![
            Forecast {
                probability,
                won: false
            };
            lost
        ]);
        all
    }

    #[test]
    fn scores_are_as_defined() {
        let all = [
            Forecast {
                probability: 0.8,
                won: true,
            },
            Forecast {
                probability: 0.4,
                won: false,
            },
        ];
        assert!((brier(&all).unwrap() - (0.04 + 0.16) / 2.0).abs() < 1e-15);
        let wanted = -(0.8_f64.ln() + 0.6_f64.ln()) / 2.0;
        assert!((log_loss(&all).unwrap() - wanted).abs() < 1e-15);
        assert_eq!(
            (brier(&[]), log_loss(&[]), calibration_error(&[])),
            (None, None, None)
        );
        let wrong = [Forecast {
            probability: 0.0,
            won: true,
        }];
        assert!(log_loss(&wrong).unwrap() < 37.0);
    }

    #[test]
    fn what_means_what_it_says_has_no_error_and_groups_share_equal_probabilities() {
        let mut all = forecasts(0.2, 20, 80);
        all.extend(forecasts(0.6, 60, 40));
        assert!(calibration_error(&all).unwrap() < 1e-12);
        let lines = reliability(&all);
        assert_eq!(lines.len(), 10);
        assert!((lines[0].won - 0.2).abs() < 1e-12 && (lines[9].won - 0.6).abs() < 1e-12);
        assert!(lines[0].lower < 0.2 && lines[0].upper > 0.2);
    }

    #[test]
    fn the_error_is_the_gap() {
        assert!((calibration_error(&forecasts(0.5, 20, 80)).unwrap() - 0.3).abs() < 1e-12);
    }
}
