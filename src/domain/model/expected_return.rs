//! What pursuing a prospect is expected to return, in parts that everybody can multiply again.
//!
//! Works on whole amounts and the probabilities that were told: no model is asked here.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `P` | [`WinChance`] | probability of winning, with its 80% interval |
//! | `E` | [`Offer::profit`] | profit over the horizon if it is won |
//! | `S` | [`Offer::service`] | what serving it costs beyond that, if `E` does not bear it already |
//! | `D` | [`Offer::discount`] | what an amount spread over the horizon is worth today, per unit |
//! | `A` | [`Offer::acquisition_cost`] | what pursuing costs, won or not |
//! | `ER` | [`Return::expected`] | `P D (E - S) - A` |
//!
//! The lower end takes the lower `E - S` with the lower `P` if something would be earned, and with the upper `P` if
//! money would be lost: the worse of what both intervals allow. The upper end likewise.

use super::{
    MINIMUM_CUSTOMERS,
    decision::{Decision, times},
    number,
    profit::{AmountRange, Prediction},
    rounded, units,
    win::{Standing, WinPrediction},
};
use crate::domain::money::{Micros, Nanos, to_nanos};

/// How likely a prospect is won.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WinChance {
    /// The probability.
    pub probability: f64,
    /// The lower end of its 80% interval.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// How far the model can be relied on; `None` if no model was asked and the business told the probability.
    pub standing: Option<Standing>,
}

impl WinChance {
    /// What the business told.
    pub fn told(probability: f64) -> Self {
        Self {
            probability,
            lower: probability,
            upper: probability,
            standing: None,
        }
    }

    /// What a model says. Without a signal nobody is taken for likelier than the base rate.
    pub fn of(prediction: &WinPrediction) -> Self {
        let most = match prediction.standing {
            Standing::NoSignal => prediction.base_rate,
            Standing::Signal | Standing::TooFewOutcomes => 1.0,
        };
        Self {
            probability: prediction.probability.min(most),
            lower: prediction.lower.min(most),
            upper: prediction.upper,
            standing: Some(prediction.standing),
        }
    }
}

/// All that a decision is taken on.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// How likely it is won.
    pub win: WinChance,
    /// What it brings if it is won.
    pub profit: &'a Prediction,
    /// What serving it costs, as a positive amount; `None` if the profit is net of it. It is never taken off twice.
    pub service: Option<&'a Prediction>,
    /// From 0 to 1; 1 if nothing is discounted.
    pub discount: f64,
    /// What pursuing costs, won or not.
    pub acquisition_cost: Micros,
    /// The least expected return worth pursuing.
    pub hurdle: Micros,
    /// Whether the asked have moved away from those learnt from.
    pub drift_alarm: bool,
}

/// Why a decision was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReturnReason {
    /// The lower end of the expected return reaches the hurdle.
    LowerBoundReachesHurdle,
    /// The hurdle lies within the interval of the expected return.
    HurdleWithinInterval,
    /// The upper end of the expected return is below the hurdle.
    UpperBoundBelowHurdle,
    /// There are too few customers to learn from.
    TooFewCustomers,
    /// There are too few outcomes, or too few of one kind.
    TooFewOutcomes,
    /// No trait of the prospect was ever seen on a customer.
    TraitsNeverSeen,
    /// Those who are asked about are no longer like those learnt from.
    DriftAlarm,
}

/// The expected return with its parts, and what to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Return {
    /// What to do.
    pub decision: Decision,
    /// Why.
    pub reason: ReturnReason,
    /// The expected return; whole micro-units.
    pub expected: Nanos,
    /// Its 80% interval; `None` if nothing was learnt.
    pub interval: Option<AmountRange>,
    /// Its lower end less the hurdle.
    pub margin: Option<Nanos>,
    /// What it brings if it is won, discounted and less service: `D (E - S)`.
    pub if_won: Nanos,
    /// What serving it costs, discounted; zero if the profit is net of it.
    pub service: Nanos,
    /// The probability it was reckoned with.
    pub win: WinChance,
    /// The expected return over the cost of pursuing; `None` without a cost.
    pub on_effort: Option<f64>,
}

/// What an amount that comes in by these shares is worth today, per unit: `sum s_t (1 + i)^(-t/n)` for shares `s_t` of
/// `n` buckets of a year and a yearly rate `i`. Shares that add up to nothing are taken to be even.
pub fn discount_factor(shares: &[f64], buckets_of_year: f64, yearly_rate: f64) -> f64 {
    let whole: f64 = shares.iter().sum();
    let count = number(shares.len().max(1) as u64);
    let mut at = 0.0;
    let mut worth = 0.0;
    for share in shares {
        at += 1.0;
        let part = if whole > 0.0 {
            share / whole
        } else {
            1.0 / count
        };
        worth += part * libm::pow(1.0 + yearly_rate.max(0.0), -at / buckets_of_year);
    }
    if shares.is_empty() {
        1.0
    } else {
        worth.clamp(0.0, 1.0)
    }
}

impl Offer<'_> {
    /// `E - S` discounted, with the ends of its interval: the half widths of both are added as those of independent
    /// errors.
    fn if_won(&self) -> (Nanos, Option<AmountRange>) {
        let half = |prediction: &Prediction| {
            let range = prediction.expected_interval;
            range.map(|range| units(range.upper - range.lower) / 2.0)
        };
        let discounted = |amount: Nanos| times(amount, self.discount);
        let Some(service) = self.service else {
            let range = self.profit.expected_interval.map(|range| AmountRange {
                lower: discounted(range.lower),
                upper: discounted(range.upper),
            });
            return (discounted(self.profit.expected), range);
        };
        let middle = self.profit.expected - service.expected;
        let range = half(self.profit).zip(half(service)).map(|(own, other)| {
            let half = rounded((own * own + other * other).sqrt());
            AmountRange {
                lower: discounted(middle - half),
                upper: discounted(middle + half),
            }
        });
        (discounted(middle), range)
    }

    /// Takes the decision.
    pub fn decide(&self) -> Return {
        let (if_won, range) = self.if_won();
        let cost = to_nanos(self.acquisition_cost);
        let hurdle = to_nanos(self.hurdle);
        let WinChance { lower, upper, .. } = self.win;
        let interval = range.map(|range| AmountRange {
            lower: times(range.lower, if range.lower > 0 { lower } else { upper }) - cost,
            upper: times(range.upper, if range.upper > 0 { upper } else { lower }) - cost,
        });
        let expected = times(if_won, self.win.probability) - cost;
        let (decision, reason) = self.judge(interval, hurdle);
        Return {
            decision,
            reason,
            expected,
            interval,
            margin: interval.map(|range| range.lower - hurdle),
            if_won,
            service: self
                .service
                .map_or(0, |service| times(service.expected, self.discount)),
            win: self.win,
            on_effort: (cost > 0).then(|| units(expected) / units(cost)),
        }
    }

    fn judge(&self, interval: Option<AmountRange>, hurdle: Nanos) -> (Decision, ReturnReason) {
        let review = |reason| (Decision::Review, reason);
        let Some(range) = interval.filter(|_| self.profit.customers >= MINIMUM_CUSTOMERS) else {
            return review(ReturnReason::TooFewCustomers);
        };
        if self.win.standing == Some(Standing::TooFewOutcomes) {
            return review(ReturnReason::TooFewOutcomes);
        }
        if self.profit.known_traits == 0 {
            return review(ReturnReason::TraitsNeverSeen);
        }
        if self.drift_alarm {
            return review(ReturnReason::DriftAlarm);
        }
        match range {
            range if range.lower >= hurdle => {
                (Decision::Pursue, ReturnReason::LowerBoundReachesHurdle)
            }
            range if range.upper < hurdle => {
                (Decision::Decline, ReturnReason::UpperBoundBelowHurdle)
            }
            _ => (Decision::Nurture, ReturnReason::HurdleWithinInterval),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::tests::prediction;
    use proptest::prelude::*;

    fn chance(lower: f64, probability: f64, upper: f64) -> WinChance {
        WinChance {
            probability,
            lower,
            upper,
            standing: Some(Standing::Signal),
        }
    }

    fn offer(profit: &Prediction, win: WinChance) -> Offer<'_> {
        Offer {
            win,
            profit,
            service: None,
            discount: 1.0,
            acquisition_cost: 0,
            hurdle: 0,
            drift_alarm: false,
        }
    }

    #[test]
    fn every_part_multiplies_to_the_whole() {
        let (profit, service) = (prediction(1_000, 300), prediction(200, 400));
        let mut asked = offer(&profit, chance(0.25, 0.5, 0.75));
        (asked.service, asked.discount, asked.acquisition_cost) = (Some(&service), 0.5, 10);
        let found = asked.decide();
        // 0.5 * 0.5 * (1000 - 200) - 10; the half width is 500.
        assert_eq!(
            (found.expected, found.if_won),
            (to_nanos(190), to_nanos(400))
        );
        let range = found.interval.unwrap();
        // 0.25 * 0.5 * (800 - 500) - 10 = 27.5, to even; 0.75 * 0.5 * (800 + 500) - 10.
        assert_eq!((range.lower, range.upper), (to_nanos(28), to_nanos(478)));
        assert_eq!(
            (found.service, found.on_effort),
            (to_nanos(100), Some(19.0))
        );
        assert_eq!(found.decision, Decision::Pursue);
    }

    #[test]
    fn a_loss_is_the_worse_the_likelier_it_is_won() {
        let profit = prediction(-100, 20);
        let found = offer(&profit, chance(0.1, 0.5, 0.9)).decide();
        let range = found.interval.unwrap();
        assert_eq!((range.lower, range.upper), (to_nanos(-108), to_nanos(-8)));
        assert_eq!(found.decision, Decision::Decline);
    }

    #[test]
    fn what_cannot_be_told_is_for_a_person() {
        let profit = prediction(1_000, 1);
        let reason = |asked: Offer| (asked.decide().decision, asked.decide().reason);
        let mut asked = offer(&profit, chance(0.4, 0.5, 0.6));
        assert_eq!(asked.decide().decision, Decision::Pursue);
        asked.drift_alarm = true;
        assert_eq!(reason(asked), (Decision::Review, ReturnReason::DriftAlarm));
        asked.win.standing = Some(Standing::TooFewOutcomes);
        assert_eq!(
            reason(asked),
            (Decision::Review, ReturnReason::TooFewOutcomes)
        );
        let mut thin = profit.clone();
        thin.customers = 39;
        assert_eq!(
            reason(offer(&thin, WinChance::told(1.0))),
            (Decision::Review, ReturnReason::TooFewCustomers)
        );
        thin.customers = 40;
        thin.known_traits = 0;
        assert_eq!(
            reason(offer(&thin, WinChance::told(1.0))),
            (Decision::Review, ReturnReason::TraitsNeverSeen)
        );
    }

    #[test]
    fn discounting_by_hand() {
        // Half after half a year, half after a year, at 21%: (1 / 1.1 + 1 / 1.21) / 2.
        let found = discount_factor(&[3.0, 3.0], 2.0, 0.21);
        assert!((found - (1.0 / 1.1 + 1.0 / 1.21) / 2.0).abs() < 1e-12);
        assert_eq!(discount_factor(&[1.0, 2.0], 12.0, 0.0), 1.0);
        assert_eq!(discount_factor(&[], 12.0, 0.1), 1.0);
        assert!(discount_factor(&[0.0, 0.0], 12.0, 0.1) < 1.0);
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_expected_return(
            expected in -1_000_000_i64..1_000_000, half in 0..1_000_000_i64, service in 0..1_000_000_i64,
            lower in 0.0..=1.0_f64, more in 0.0..=1.0_f64, cost in 0..1_000_i64,
        ) {
            let upper = lower + more * (1.0 - lower);
            let (profit, service) = (prediction(expected, half), prediction(service, half / 3));
            let mut asked = offer(&profit, chance(lower, f64::midpoint(lower, upper), upper));
            (asked.service, asked.acquisition_cost) = (Some(&service), cost);
            let found = asked.decide();
            let range = found.interval.unwrap();
            prop_assert!(range.lower <= found.expected && found.expected <= range.upper);
        }
    }
}
