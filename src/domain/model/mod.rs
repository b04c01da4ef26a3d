//! Models: what the best customers have in common, and what a prospect is worth.
//!
//! Floating point lives here and nowhere else in the domain: exact sums come in, become numbers of currency units, and
//! leave as whole micro-units, rounded half to even. Everything is taken in a fixed order and with functions that do
//! not depend on the machine's mathematics library, so that the same data gives the same bytes everywhere. Knows
//! nothing of stores and of questions over time: whoever calls decides what is learnt from.
//!
//! * [`encode`]: traits as bins. [`exposure`]: outcomes of customers who are not through their horizon.
//! * [`design`]: the columns of a fit. [`additive`], on [`symmetric`]: effects of bins with their uncertainty.
//! * [`conformal`]: how much customers differ. [`profit`]: these together, what a prospect would bring.
//! * [`value`]: what a customer will order.
//! * [`earning`]: what is left of revenue. [`worth`]: both together, what customers are worth.
//! * [`decision`]: what to do about it. [`expected_return`]: the same with the probability of winning and its parts.
//!   [`burden`]: what serving takes out of it.
//! * [`win`]: how likely a prospect is won. [`evaluation`]: how good predictions were.
//! * [`counterfactual`]: what would have to be different. [`seen`]: what was never seen.
//! * [`relationship`] and [`course`]: what a customer that is there goes on earning.
//! * [`own_months`]: the same in the customer's own accounts.
//! * [`word_of_mouth`]: what leaves with it beside that.
//! * [`lift`], on [`binomial`]: what sets the best apart. [`lookalike`]: who is like them. [`scored_rows`]: of many.
//! * [`expansion_level`]: how like they must be. [`diversity`]: and how unlike each other.
//! * [`cross_sell`]: which products those who earn money buy more than others.
//! * [`time_plan`]: what accounts answer to time, and the best split of it.
//! * [`selection`]: how many of these, and which.

pub mod additive;
pub mod asked;
pub mod binomial;
pub mod burden;
pub mod card;
pub mod conformal;
pub mod counterfactual;
pub mod course;
pub mod cross_sell;
pub mod decision;
pub mod design;
pub mod diversity;
pub mod earning;
pub mod encode;
pub mod evaluation;
pub mod expansion_level;
pub mod expected_return;
pub mod exposure;
pub mod lift;
pub mod lookalike;
mod outcomes;
pub mod own_months;
pub mod profit;
pub mod proxy;
pub mod relationship;
pub mod scored_rows;
pub mod seen;
pub mod selection;
pub mod symmetric;
pub mod time_plan;
pub mod value;
pub mod win;
pub mod word_of_mouth;
pub mod worth;

use super::{
    id::TraitKey,
    money::{NANOS_PER_MICRO, Nanos},
    party::{Sensitivity, TraitDefinition},
    problem::{Problem, Reason},
};
use std::sync::Arc;

/// With fewer customers there is nothing to learn: no profile is made, and every prospect is for a person to judge.
pub const MINIMUM_CUSTOMERS: u64 = 40;

/// A trait that was kept out of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredTrait {
    /// The trait.
    pub key: TraitKey,
    /// Why.
    pub reason: IgnoredReason,
}

/// Why a trait was kept out of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IgnoredReason {
    /// It is a special category of personal data.
    SpecialCategory,
    /// The business excluded it.
    Excluded,
    /// It becomes known only after conversion.
    KnownAfterConversion,
    /// No customer that was learnt from has it.
    NeverSeen,
    /// A model holds a limited number of trait values, and other traits are known of more customers.
    TooManyValues,
}

/// Why a trait may not enter any model, if so.
pub fn kept_out(definition: &TraitDefinition) -> Option<IgnoredReason> {
    match definition.sensitivity {
        Sensitivity::SpecialCategory => Some(IgnoredReason::SpecialCategory),
        Sensitivity::Excluded => Some(IgnoredReason::Excluded),
        Sensitivity::Ordinary => definition
            .known_after_conversion
            .then_some(IgnoredReason::KnownAfterConversion),
    }
}

/// Parts definitions into those that may enter a model, in the order of their keys, and the others with the reason.
pub fn admit(definitions: &[Arc<TraitDefinition>]) -> (Vec<&TraitDefinition>, Vec<IgnoredTrait>) {
    let mut admitted = Vec::new();
    let mut ignored = Vec::new();
    for definition in definitions {
        match kept_out(definition) {
            None => admitted.push(&**definition),
            Some(reason) => {
                let key = definition.key.clone();
                ignored.push(IgnoredTrait { key, reason });
            }
        }
    }
    admitted.sort_by(|a, b| a.key.cmp(&b.key));
    ignored.sort_by(|a, b| a.key.cmp(&b.key));
    (admitted, ignored)
}

/// There are too few customers to learn from.
pub fn evidence_too_thin(customers: u64) -> Problem {
    let message = format!(
        "there are {customers} customers to learn from, at least {MINIMUM_CUSTOMERS} are needed"
    );
    let variables = [
        ("customers", customers.to_string()),
        ("minimum", MINIMUM_CUSTOMERS.to_string()),
    ];
    Problem::new(Reason::EvidenceTooThin, "", message, variables)
}

/// An exact sum as a number of currency units.
#[allow(
    clippy::cast_precision_loss,
    reason = "models work on approximate numbers"
)]
pub fn units(nanos: Nanos) -> f64 {
    nanos as f64 / 1e9
}

/// A count as a number.
#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}

/// A number of currency units, rounded half to even to whole micro-units. What is no number is zero. What is beyond
/// what `google.type.Money` can carry is drawn in to a limit that it cannot carry either, so that sums cannot
/// overflow.
fn rounded(units: f64) -> Nanos {
    const LIMIT: f64 = 1e27;
    let micros = (units * 1e6).round_ties_even().clamp(-LIMIT, LIMIT);
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a whole number within the limit"
    )]
    let micros = micros as i128;
    micros * NANOS_PER_MICRO
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "numbers of tests are small"
)]
pub(crate) mod tests {
    use super::{
        profit::{AmountRange, Prediction},
        *,
    };
    use crate::domain::{money::to_nanos, party::TraitType};

    /// A definition for tests.
    pub fn definition(key: &str, trait_type: TraitType) -> TraitDefinition {
        TraitDefinition {
            key: TraitKey::parse(key, "key").unwrap(),
            trait_type,
            bin_edges: Vec::new(),
            sensitivity: Sensitivity::Ordinary,
            known_after_conversion: false,
        }
    }

    /// What is predicted for tests, in micro-units, with an interval of so much on both sides.
    pub fn prediction(expected: i64, half: i64) -> Prediction {
        let (expected, half) = (to_nanos(expected), to_nanos(half));
        Prediction {
            baseline: expected,
            contributions: Vec::new(),
            expected,
            expected_interval: Some(AmountRange {
                lower: expected - half,
                upper: expected + half,
            }),
            outcome_interval: None,
            known_traits: 1,
            evidence: 9,
            customers: 40,
            ignored: Vec::new(),
        }
    }

    /// Numbers that look random and are the same everywhere: xorshift64* (Vigna 2016).
    #[derive(Debug, Clone)]
    pub struct Dice(pub u64);

    impl Dice {
        /// A number from 0 to before `sides`.
        pub fn roll(&mut self, sides: u64) -> u64 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
        }

        /// Puts a list into another order.
        pub fn shuffle<T>(&mut self, list: &mut [T]) {
            for last in (1..list.len()).rev() {
                let other = self.roll(last as u64 + 1) as usize;
                list.swap(last, other);
            }
        }
    }

    #[test]
    fn what_may_not_enter_is_kept_out_and_named() {
        let with = |key: &str, sensitivity, known_after_conversion| {
            let mut made = definition(key, TraitType::Category);
            made.sensitivity = sensitivity;
            made.known_after_conversion = known_after_conversion;
            Arc::new(made)
        };
        let definitions = [
            with("D", Sensitivity::Ordinary, false),
            with("C", Sensitivity::Ordinary, true),
            with("B", Sensitivity::Excluded, true),
            with("A", Sensitivity::SpecialCategory, false),
        ];
        let (admitted, ignored) = admit(&definitions);
        assert_eq!(admitted.len(), 1);
        assert_eq!(admitted[0].key.as_str(), "D");
        let reasons: Vec<_> = ignored.iter().map(|i| (i.key.as_str(), i.reason)).collect();
        assert_eq!(
            reasons,
            [
                ("A", IgnoredReason::SpecialCategory),
                ("B", IgnoredReason::Excluded),
                ("C", IgnoredReason::KnownAfterConversion)
            ]
        );
        let free = |d: &TraitDefinition| {
            d.sensitivity == Sensitivity::Ordinary && !d.known_after_conversion
        };
        assert!(definitions.iter().all(|d| free(d) == kept_out(d).is_none()));
    }

    #[test]
    fn rounding_is_half_to_even_and_never_overflows() {
        assert_eq!(rounded(0.000_000_5), 0);
        assert_eq!(rounded(0.000_001_5), 2_000);
        assert_eq!(rounded(-2.5), -2_500_000_000);
        assert_eq!(rounded(f64::NAN), 0);
        assert_eq!(rounded(f64::INFINITY), rounded(1e300));
        assert!(rounded(f64::NEG_INFINITY).checked_mul(1_000).is_some());
    }
}
