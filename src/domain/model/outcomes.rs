//! Outcomes as a fit takes them, and what models miss on customers they were made without.
//!
//! The most extreme outcomes are drawn in (winsorised: Tukey, "The future of data analysis", Annals of Mathematical
//! Statistics 33, 1962), so that one large customer does not speak for all that share a trait with it. What models
//! miss is measured on the outcomes as they are.

use super::{
    additive::{self, Moments, Variances},
    conformal::{Errors, OutOfFold},
    design::{Design, Rows},
    exposure::Exposure,
    number,
};
use crate::domain::fingerprint::Fingerprint;

/// The part of the outcomes at either end that is drawn in.
const WINSORISED: f64 = 0.05;
/// Into how many parts customers are divided to predict each by a model made without it.
pub const FOLDS: usize = 5;
/// A model of a fold is made of at least so many customers.
const FOLD_MINIMUM: u64 = 20;
/// If so many customers are through their horizon, what is missed is measured on these alone: of the others the outcome
/// is an estimate itself.
const FINISHED_MINIMUM: usize = 100;
/// Folds start from the variances of the whole and need fewer rounds.
const FOLD_ROUNDS: usize = 10;

/// The part that a customer is in; by its id, so that it does not depend on who else is there.
pub fn fold(id: &str) -> usize {
    let mut print = Fingerprint::default();
    print.add(id.as_bytes());
    usize::try_from(print.value() % FOLDS as u64).unwrap_or(0)
}

/// Outcomes drawn in, around their mean and in units of their standard deviation.
pub struct Outcomes {
    /// As they are, in currency units.
    as_is: Vec<f64>,
    weights: Vec<f64>,
    /// Drawn in, scaled.
    scaled: Vec<f64>,
    /// The weighted mean of the outcomes as they are.
    pub mean_as_is: f64,
    /// The weighted mean of the outcomes drawn in, in currency units.
    pub mean: f64,
    /// The standard deviation of the outcomes drawn in, in currency units: the unit of a fit.
    pub scale: f64,
}

impl Outcomes {
    /// Draws outcomes in.
    pub fn of(exposure: &Exposure) -> Self {
        let as_is: Vec<f64> = exposure
            .observations
            .iter()
            .map(|own| own.outcome)
            .collect();
        let weights: Vec<f64> = exposure.observations.iter().map(|own| own.weight).collect();
        let mut sorted = as_is.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let lower = order_statistic(&sorted, WINSORISED);
        let upper = order_statistic(&sorted, 1.0 - WINSORISED);
        let mut scaled: Vec<f64> = as_is
            .iter()
            .map(|outcome| outcome.clamp(lower, upper))
            .collect();
        let mean = weighted_mean(&scaled, &weights);
        let squares: f64 = scaled
            .iter()
            .zip(&weights)
            .map(|(own, weight)| weight * (own - mean) * (own - mean))
            .sum();
        let scale = (squares / number(scaled.len().max(1) as u64)).sqrt();
        for own in &mut scaled {
            *own = if scale > 0.0 {
                (*own - mean) / scale
            } else {
                0.0
            };
        }
        let mean_as_is = weighted_mean(&as_is, &weights);
        Self {
            as_is,
            weights,
            scaled,
            mean_as_is,
            mean,
            scale,
        }
    }

    /// How well the mean of the outcomes is known, in currency units.
    pub fn standard_error(&self) -> f64 {
        let whole: f64 = self.weights.iter().sum();
        self.scale / whole.max(1.0).sqrt()
    }

    /// The sums of each fold's customers.
    pub fn moments(&self, size: usize, rows: &Rows, folds: &[usize]) -> Vec<Moments> {
        let mut parts = vec![Moments::zeros(size); FOLDS];
        for (index, fold) in folds.iter().enumerate() {
            let columns: Vec<usize> = rows
                .customer(index)
                .iter()
                .map(|own| (*own).into())
                .collect();
            parts[*fold].add_row(&columns, self.scaled[index], self.weights[index]);
        }
        parts
    }

    /// What models made without each fold miss on it.
    pub fn errors(
        &self,
        design: &Design,
        rows: &Rows,
        folds: &[usize],
        parts: &[Moments],
        start: &Variances,
    ) -> Errors {
        let finished = self.weights.iter().filter(|weight| **weight >= 1.0).count();
        let of_finished = finished >= FINISHED_MINIMUM;
        let mut missed = Vec::with_capacity(folds.len());
        for fold in 0..FOLDS {
            let others = parts.iter().enumerate().filter(|(other, _)| *other != fold);
            let moments = merged(design.size, others.map(|(_, part)| part));
            if moments.rows() < FOLD_MINIMUM || parts[fold].rows() == 0 {
                continue;
            }
            let fit = additive::fit(&moments, &design.groups, start.clone(), FOLD_ROUNDS);
            for (order, _) in folds.iter().enumerate().filter(|(_, own)| **own == fold) {
                if of_finished && self.weights[order] < 1.0 {
                    continue;
                }
                let columns = rows.customer(order);
                let sum: f64 = columns
                    .iter()
                    .map(|column| fit.coefficients[usize::from(*column)])
                    .sum();
                let prediction = self.mean + self.scale * sum;
                let error = self.as_is[order] - prediction;
                missed.push(OutOfFold {
                    order,
                    fold,
                    prediction,
                    error,
                });
            }
        }
        Errors::of(missed)
    }
}

/// The sums of several folds.
pub fn merged<'a>(size: usize, parts: impl Iterator<Item = &'a Moments>) -> Moments {
    let mut whole = Moments::zeros(size);
    parts.for_each(|part| whole.add_all(part));
    whole
}

/// The order statistic at a quantile, without interpolation; 0 if there are none.
fn order_statistic(sorted: &[f64], quantile: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = quantile * number(last as u64) + 0.5;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0.5 to the length"
    )]
    let place = place as usize;
    sorted[place.min(last)]
}

fn weighted_mean(values: &[f64], weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    let sum: f64 = values
        .iter()
        .zip(weights)
        .map(|(value, weight)| value * weight)
        .sum();
    if total > 0.0 { sum / total } else { 0.0 }
}
