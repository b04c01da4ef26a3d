//! What a model card says: how good predictions were on outcomes that they were made without.
//!
//! Puts the measures of [`super::evaluation`] together, and turns what is money into whole amounts again. Knows
//! nothing of which outcomes were held back: whoever calls decides that.

use super::{
    evaluation::{
        Forecast, Valued,
        calibration::{ReliabilityLine, brier, calibration_error, log_loss, reliability},
        coverage::{Coverage, Told, coverage},
        deciles::{Decile, of_value, of_wins},
        discrimination::{Auc, auc, gini_of_value},
        profit_curve::{CurvePoint, profit_curve},
    },
    profit::AmountRange,
    rounded, units,
};
use crate::domain::money::Nanos;

/// How good probabilities were.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// How many outcomes were held back.
    pub count: u64,
    /// How many of them were won.
    pub won: u64,
    /// How well the won were told from the lost; `None` without one of each.
    pub auc: Option<Auc>,
    /// The mean squared error.
    pub brier: f64,
    /// The mean squared error of telling everybody the share that was won.
    pub brier_of_base_rate: f64,
    /// The mean negative logarithm of what was told of what happened.
    pub log_loss: f64,
    /// The mean gap between what was told and what happened, by tenth.
    pub calibration_error: f64,
    /// What was told beside what happened, the least probable first.
    pub reliability: Vec<ReliabilityLine>,
    /// What each tenth won, the best first.
    pub deciles: Vec<Decile>,
}

/// Measures probabilities; `None` if none were held back.
pub fn measured(forecasts: &[Forecast]) -> Option<Measured> {
    let count = forecasts.len() as u64;
    let won = forecasts.iter().filter(|own| own.won).count() as u64;
    let rate = super::number(won) / super::number(count.max(1));
    Some(Measured {
        count,
        won,
        auc: auc(forecasts),
        brier: brier(forecasts)?,
        brier_of_base_rate: rate * (1.0 - rate),
        log_loss: log_loss(forecasts)?,
        calibration_error: calibration_error(forecasts)?,
        reliability: reliability(forecasts),
        deciles: of_wins(forecasts),
    })
}

/// A prospect that was held back, by money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Realised {
    /// The expected return that it would have been told.
    pub expected: Nanos,
    /// What it brought, less what pursuing it cost.
    pub value: Nanos,
}

/// A point of the profit curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff {
    /// How many are pursued.
    pub pursued: u64,
    /// The least expected return among them.
    pub expected: Nanos,
    /// What they brought together.
    pub value: Nanos,
}

/// How good expected returns were.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredValue {
    /// How many of those held back have a value.
    pub count: u64,
    /// What pursuing all of them brought.
    pub everybody: Nanos,
    /// What a perfect choice would have brought.
    pub perfect: Nanos,
    /// How well the order tells who brings much: 1 for a perfect one, 0 for chance; `None` if all brought the same.
    pub gini: Option<f64>,
    /// What each tenth brought, the best first.
    pub deciles: Vec<Decile>,
    /// What pursuing the best so many would have brought, the fewest first.
    pub curve: Vec<CutOff>,
    /// Where the curve is highest; `None` if it is best to pursue nobody.
    pub best: Option<CutOff>,
}

/// Measures expected returns; `None` if none of those held back has a value.
pub fn measured_value(realised: &[Realised]) -> Option<MeasuredValue> {
    let valued: Vec<Valued> = realised
        .iter()
        .map(|own| Valued {
            score: units(own.expected),
            value: units(own.value),
        })
        .collect();
    if valued.is_empty() {
        return None;
    }
    let curve = profit_curve(&valued);
    let cut_off = |point: &CurvePoint| CutOff {
        pursued: point.pursued,
        expected: rounded(point.score),
        value: rounded(point.value),
    };
    Some(MeasuredValue {
        count: realised.len() as u64,
        everybody: realised.iter().map(|own| own.value).sum(),
        perfect: rounded(curve.perfect),
        gini: gini_of_value(&valued),
        deciles: of_value(&valued),
        curve: curve.points.iter().map(cut_off).collect(),
        best: curve.best.as_ref().map(cut_off),
    })
}

/// What an interval of what a customer would bring said, and what it brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The expected profit.
    pub expected: Nanos,
    /// Its interval.
    pub range: AmountRange,
    /// What it brought.
    pub outcome: Nanos,
}

/// How often intervals held; `None` without any.
pub fn measured_coverage(held: &[Held]) -> Option<Coverage> {
    let told: Vec<Told> = held
        .iter()
        .map(|own| Told {
            expected: units(own.expected),
            lower: units(own.range.lower),
            upper: units(own.range.upper),
            outcome: units(own.outcome),
        })
        .collect();
    coverage(&told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::NANOS_PER_UNIT;

    #[test]
    fn nothing_held_back_is_no_card() {
        assert_eq!(measured(&[]), None);
        assert_eq!(measured_value(&[]), None);
        assert_eq!(measured_coverage(&[]), None);
    }

    #[test]
    fn a_perfect_order_has_a_gini_of_one_and_the_best_cut_off_is_where_losses_begin() {
        let of = |expected: i128, value: i128| Realised {
            expected: expected * NANOS_PER_UNIT,
            value: value * NANOS_PER_UNIT,
        };
        let found = measured_value(&[of(1, -5), of(9, 30), of(5, 10), of(0, -7)]).unwrap();
        assert_eq!(found.everybody, 28 * NANOS_PER_UNIT);
        assert_eq!(found.perfect, 40 * NANOS_PER_UNIT);
        assert_eq!(found.gini, Some(1.0));
        let best = found.best.unwrap();
        assert_eq!(
            (best.pursued, best.expected, best.value),
            (2, 5 * NANOS_PER_UNIT, 40 * NANOS_PER_UNIT)
        );
    }

    #[test]
    fn the_base_rate_is_the_measure_of_a_brier_score() {
        let forecast = |won| Forecast {
            probability: 0.25,
            won,
        };
        let found = measured(&[
            forecast(true),
            forecast(false),
            forecast(false),
            forecast(false),
        ]);
        let found = found.unwrap();
        assert_eq!((found.count, found.won), (4, 1));
        assert!((found.brier - found.brier_of_base_rate).abs() < 1e-12);
        assert_eq!(found.auc.unwrap().value, 0.5);
    }
}
