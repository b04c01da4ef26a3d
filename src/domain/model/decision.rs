//! What to do about a prospect. Works on whole amounts alone, so that everybody can check the decision by the answer.

use super::{
    MINIMUM_CUSTOMERS,
    profit::{AmountRange, Prediction},
};
use crate::domain::money::{Micros, NANOS_PER_MICRO, Nanos, to_nanos};
use ethnum::I256;
use serde::{Deserialize, Serialize};

/// What pursuing means for the business.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// How likely a pursued prospect is won; what is not from 0 to 1 is drawn in.
    pub win_probability: f64,
    /// What pursuing one costs, won or not.
    pub acquisition_cost: Micros,
    /// The least expected return worth pursuing.
    pub hurdle: Micros,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            win_probability: 1.0,
            acquisition_cost: 0,
            hurdle: 0,
        }
    }
}

/// What to do with a prospect. The order is part of the stored form of outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Decision {
    /// Win it.
    Pursue,
    /// Keep in touch.
    Nurture,
    /// Spend the effort elsewhere.
    Decline,
    /// Let a person decide.
    Review,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecisionReason {
    /// The lower end of the expected return reaches the hurdle.
    LowerBoundReachesHurdle,
    /// The hurdle lies within the interval of the expected return.
    HurdleWithinInterval,
    /// The upper end of the expected return is below the hurdle.
    UpperBoundBelowHurdle,
    /// There are too few customers to learn from.
    TooFewCustomers,
    /// No trait of the prospect was ever seen on a customer.
    TraitsNeverSeen,
}

/// A decision with what it was taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// What to do.
    pub decision: Decision,
    /// Why.
    pub reason: DecisionReason,
    /// The probability times the expected profit, less the cost; whole micro-units.
    pub expected_return: Nanos,
    /// The lower end of the expected return less the hurdle; `None` if nothing was learnt.
    pub margin: Option<Nanos>,
}

/// Multiplies an amount of whole micro-units by a probability, exactly, and rounds half to even to micro-units.
pub(super) fn times(amount: Nanos, probability: f64) -> Nanos {
    let probability = if probability.is_nan() {
        0.0
    } else {
        probability.clamp(0.0, 1.0)
    };
    // A number from 0 to 1 is a whole number of at most 53 bits over a power of two.
    let bits = probability.to_bits();
    let (raw, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
    let (mantissa, shift) = match raw {
        0 => (fraction, 1_074),
        _ => (fraction | (1 << 52), 1_075 - raw),
    };
    let product = I256::from(amount / NANOS_PER_MICRO) * I256::from(mantissa);
    // The product has at most 128 + 53 bits: with a larger shift it is below a half.
    if shift > 200 {
        return 0;
    }
    let denominator = I256::ONE << u32::try_from(shift).unwrap_or(200);
    let floor = product.div_euclid(denominator);
    let twice = product.rem_euclid(denominator) * 2;
    let up = twice > denominator || (twice == denominator && floor & I256::ONE == I256::ONE);
    let micros = floor + if up { I256::ONE } else { I256::ZERO };
    // Not greater than the amount.
    micros.as_i128() * NANOS_PER_MICRO
}

/// Decides by the expected return: what is earned if it is won, times the probability, less what pursuing costs.
pub fn decide(prediction: &Prediction, terms: &Terms) -> Verdict {
    let cost = to_nanos(terms.acquisition_cost);
    let hurdle = to_nanos(terms.hurdle);
    let returned = |profit: Nanos| times(profit, terms.win_probability) - cost;
    let ends = prediction
        .expected_interval
        .map(|AmountRange { lower, upper }| (returned(lower), returned(upper)));
    let (decision, reason) = match ends {
        _ if prediction.customers < MINIMUM_CUSTOMERS => {
            (Decision::Review, DecisionReason::TooFewCustomers)
        }
        _ if prediction.known_traits == 0 => (Decision::Review, DecisionReason::TraitsNeverSeen),
        // Without an interval there are too few customers, which was asked above.
        None => (Decision::Review, DecisionReason::TooFewCustomers),
        Some((lower, _)) if lower >= hurdle => {
            (Decision::Pursue, DecisionReason::LowerBoundReachesHurdle)
        }
        Some((_, upper)) if upper < hurdle => {
            (Decision::Decline, DecisionReason::UpperBoundBelowHurdle)
        }
        Some(_) => (Decision::Nurture, DecisionReason::HurdleWithinInterval),
    };
    Verdict {
        decision,
        reason,
        expected_return: returned(prediction.expected),
        margin: ends.map(|(lower, _)| lower - hurdle),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::tests::prediction;
    use proptest::prelude::*;

    fn terms(win_probability: f64, acquisition_cost: i64, hurdle: i64) -> Terms {
        Terms {
            win_probability,
            acquisition_cost,
            hurdle,
        }
    }

    #[test]
    fn the_hurdle_decides_and_reaching_it_is_enough() {
        let found =
            |expected, half, hurdle| decide(&prediction(expected, half), &terms(1.0, 0, hurdle));
        assert_eq!(found(10, 4, 6).decision, Decision::Pursue);
        assert_eq!(found(10, 4, 7).decision, Decision::Nurture);
        assert_eq!(found(10, 4, 14).decision, Decision::Nurture);
        assert_eq!(found(10, 4, 15).decision, Decision::Decline);
        assert_eq!(
            found(10, 4, 15).reason,
            DecisionReason::UpperBoundBelowHurdle
        );
        assert_eq!(found(10, 4, 7).margin, Some(-1_000));
    }

    #[test]
    fn the_return_bears_the_cost_of_those_who_are_not_won() {
        let found = decide(&prediction(1_000, 200), &terms(0.25, 150, 0));
        assert_eq!(found.expected_return, to_nanos(100));
        assert_eq!(found.margin, Some(to_nanos(50)));
        assert_eq!(found.decision, Decision::Pursue);
        assert_eq!(
            decide(&prediction(1_000, 200), &terms(0.25, 201, 0)).decision,
            Decision::Nurture
        );
    }

    #[test]
    fn thin_evidence_is_for_a_person() {
        let mut thin = prediction(1_000, 1);
        thin.customers = 39;
        assert_eq!(
            decide(&thin, &Terms::default()).reason,
            DecisionReason::TooFewCustomers
        );
        thin.customers = 40;
        thin.known_traits = 0;
        assert_eq!(
            decide(&thin, &Terms::default()).reason,
            DecisionReason::TraitsNeverSeen
        );
        thin.customers = 0;
        thin.expected_interval = None;
        assert_eq!(decide(&thin, &Terms::default()).margin, None);
    }

    #[test]
    fn a_probability_is_multiplied_exactly() {
        assert_eq!(times(to_nanos(5), 0.5), to_nanos(2));
        assert_eq!(times(to_nanos(7), 0.5), to_nanos(4));
        assert_eq!(times(to_nanos(-5), 0.5), to_nanos(-2));
        // The nearest double to 0.1 is a little above it, so that half of 5 * 0.1 * 10^17 is passed.
        assert_eq!(
            times(to_nanos(500_000_000_000_000_005), 0.1),
            to_nanos(50_000_000_000_000_003)
        );
        assert_eq!(
            times(i128::from(i64::MAX) * 1_000_000, 1.0),
            i128::from(i64::MAX) * 1_000_000
        );
        assert_eq!(times(to_nanos(i64::MAX), f64::MIN_POSITIVE), 0);
        assert_eq!(times(to_nanos(i64::MAX), 5e-324), 0);
        assert_eq!(times(to_nanos(8), f64::NAN), 0);
        assert_eq!(times(to_nanos(8), 7.0), to_nanos(8));
    }

    proptest! {
        #[test]
        fn a_product_is_within_half_a_micro_unit(amount in -1_000_000_000_i64..1_000_000_000, p in 0.0..=1.0_f64) {
            let exact = amount as f64 * p;
            let found = (times(to_nanos(amount), p) / 1_000) as f64;
            prop_assert!((found - exact).abs() <= 0.5 + 1e-6);
        }
    }
}
