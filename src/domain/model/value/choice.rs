//! Which model answers: the one that foresaw best what it had not seen.
//!
//! Every model is fitted to the first part of the time, and then asked how likely the whole history was: the
//! likelihood of what came later given what came before. The winner is fitted again to all of it.

use super::{
    Orders,
    counts::{Row, rows_of},
    frequency::{FrequencyFit, FrequencyModel},
};
use crate::domain::time::Day;

/// The share of the time that is held back is one in so many.
const HELD_BACK: i64 = 3;

/// A model that was considered.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Fitted to all the time.
    pub fit: FrequencyFit,
    /// The logarithm of the likelihood of the time held back, of the model fitted to the time before. `None` if that
    /// time was too short to fit anything.
    pub held_back: Option<f64>,
}

/// Rows as of the day before `until`.
pub fn rows_before(customers: &[Orders], until: Day) -> Vec<Row> {
    rows_of(customers.iter().filter_map(|orders| orders.before(until)))
}

/// The first day that is held back, of customers from `first` to before `until`.
pub fn held_back_from(first: Day, until: Day) -> Day {
    let length = i64::from(until.0) - i64::from(first.0);
    let held = i32::try_from(length / HELD_BACK).unwrap_or(0);
    Day(until.0.saturating_sub(held))
}

/// All models, the best first, fitted to the rows of all customers. `previous` are fits to start from. Empty if
/// nobody ordered again.
pub fn candidates(
    customers: &[Orders],
    (first, until): (Day, Day),
    all: &[Row],
    previous: impl Fn(FrequencyModel) -> Option<[f64; 4]>,
) -> Vec<Candidate> {
    let before = rows_before(customers, held_back_from(first, until));
    let fitted = FrequencyModel::ALL.into_iter().filter_map(|model| {
        let start = previous(model);
        let fit = model.fit(all, start.as_ref())?;
        let early = model.fit(&before, Some(&fit.parameters));
        let held_back = early.map(|early| early.log_likelihood_of(all) - early.log_likelihood);
        Some(Candidate { fit, held_back })
    });
    let mut candidates: Vec<Candidate> = fitted.collect();
    let worth = |c: &Candidate| c.held_back.unwrap_or(f64::NEG_INFINITY);
    let whole = |c: &Candidate| c.fit.log_likelihood;
    candidates.sort_by(|a, b| {
        let by_whole = || whole(b).total_cmp(&whole(a));
        worth(b).total_cmp(&worth(a)).then_with(by_whole)
    });
    candidates
}
