//! Whether a new model may replace the old one: only if it is not worse on outcomes that neither has seen.

use super::{Forecast, calibration::log_loss};

/// How two models did on the same outcomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contest {
    /// The mean loss of the new model less that of the old one: below zero the new one is better.
    pub difference: f64,
    /// How well the difference is known.
    pub standard_error: f64,
    /// How many outcomes both were asked.
    pub count: u64,
}

impl Contest {
    /// Whether the new model is not worse by more than a standard error.
    pub fn is_not_worse(&self) -> bool {
        self.difference <= self.standard_error
    }

    /// Whether it is better by more than a standard error.
    pub fn is_better(&self) -> bool {
        self.difference < -self.standard_error
    }
}

/// Compares losses on the same outcomes, pair by pair; the shorter list ends it.
pub fn paired(new: &[f64], old: &[f64]) -> Contest {
    let mut differences: Vec<f64> = new.iter().zip(old).map(|(new, old)| new - old).collect();
    differences.sort_unstable_by(f64::total_cmp);
    let count = super::super::number(differences.len() as u64);
    let mean = differences.iter().sum::<f64>() / count.max(1.0);
    let squares: f64 = differences
        .iter()
        .map(|own| (own - mean) * (own - mean))
        .sum();
    Contest {
        difference: mean,
        standard_error: (squares / (count - 1.0).max(1.0) / count.max(1.0)).sqrt(),
        count: differences.len() as u64,
    }
}

/// Compares two models by log loss on the same outcomes, given in the same order.
pub fn by_log_loss(new: &[Forecast], old: &[Forecast]) -> Contest {
    let losses = |forecasts: &[Forecast]| -> Vec<f64> {
        let one = |own: &Forecast| log_loss(std::slice::from_ref(own)).unwrap_or(0.0);
        forecasts.iter().map(one).collect()
    };
    paired(&losses(new), &losses(old))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_models_are_not_worse_and_not_better() {
        let contest = paired(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]);
        assert!(contest.is_not_worse() && !contest.is_better());
        assert!(paired(&[], &[]).is_not_worse());
    }

    #[test]
    fn what_is_worse_by_more_than_a_standard_error_stays_out() {
        let sure = |probability| {
            vec![
                Forecast {
                    probability,
                    won: true
                };
                50
            ]
        };
        assert!(by_log_loss(&sure(0.9), &sure(0.5)).is_better());
        assert!(!by_log_loss(&sure(0.5), &sure(0.9)).is_not_worse());
        let contest = paired(&[1.0, 3.0, 1.0, 3.0], &[2.0, 2.0, 2.0, 1.9]);
        assert!(contest.difference > 0.0 && contest.is_not_worse());
    }
}
