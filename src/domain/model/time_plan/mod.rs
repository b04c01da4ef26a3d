//! Where an account manager's hours go: what each account answers to time, and the split that brings the most.
//!
//! [`response`] learns from months what an account's margin does when it is given more or less time. [`split`] turns
//! that into returns of whole blocks of time and finds the best split of a number of blocks (the problem of Lodish,
//! "CALLPLAN: an interactive salesman's call planning system", Management Science 18, 1971). Returns are rounded to
//! micro-units before anything is compared, so that splits are compared exactly.

pub mod response;
pub mod split;

use super::{number, rounded};
use crate::domain::money::Nanos;
use response::{Responses, Z_95};
use split::Curve;

/// A gain with the range that holds it in 95 of 100 cases, if the accounts answer as they did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gain {
    /// What is expected, in nano-units a month.
    pub expected: Nanos,
    /// The lower end.
    pub lower: Nanos,
    /// The upper end.
    pub upper: Nanos,
}

/// What one split brings more than another, each in blocks by account.
///
/// An account's own uncertainty is independent of the others'; what was learnt from all accounts together is uncertain
/// for all of them alike, and its part is added up before it is squared.
pub fn gain(responses: &Responses, curves: &[Curve], split: &[u64], other: &[u64]) -> Gain {
    let (mut expected, mut own, mut common) = (0, 0.0, 0.0);
    let both = split.iter().zip(other);
    for ((answer, curve), (more, less)) in responses.accounts.iter().zip(curves).zip(both) {
        expected += curve.total(*more) - curve.total(*less);
        let step = answer.size * (curve.dose(*more) - curve.dose(*less));
        own += step * step * answer.own_variance;
        common += step * answer.drawn;
    }
    let variance = own + common * common * responses.common_variance;
    let half = rounded(Z_95 * variance.sqrt());
    Gain {
        expected,
        lower: expected - half,
        upper: expected + half,
    }
}

/// Thousandths of a minute as minutes.
fn minutes(milli_minutes: i128) -> f64 {
    // Sums of working time stay far below 2^63.
    let whole = number(u64::try_from(milli_minutes.max(0)).unwrap_or(u64::MAX));
    whole / 1_000.0
}

#[cfg(test)]
mod tests;
