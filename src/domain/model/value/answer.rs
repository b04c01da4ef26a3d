//! The model that answers: learning it, and the value of one customer or of many.

use super::{
    CustomerValue, Estimate, Horizon, Orders, PurchaseHistory, Score, Total,
    choice::{Candidate, candidates},
    frequency::{FrequencyFit, FrequencyModel},
    interval::{self, DEVIATIONS},
    outlook::Outlook,
    spend::{SpendFit, spend_rows},
    trend::Trend,
};
use crate::domain::{model::MINIMUM_CUSTOMERS, time::Day};

/// By how much a logarithm is moved to see how an expectation changes with it.
const NUDGE: f64 = 1e-4;
/// An interval leaves out so much.
const LEFT_OUT: f64 = 2.0 * interval::BEYOND;

/// What was learnt of all customers.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueModel {
    /// All models of how often, the one that answers first.
    pub candidates: Vec<Candidate>,
    /// The model of how much.
    pub spend: SpendFit,
    /// What earlier forecasts got wrong.
    pub trend: Trend,
    /// How many customers were learnt from.
    pub customers: u64,
    /// The first day that was not seen.
    pub until: Day,
}

impl ValueModel {
    /// Learns from what customers ordered before the day `until`. `previous` tells where to start: a refit after a
    /// little has changed takes few steps, and ends where it would have ended without.
    ///
    /// `None` if there are fewer than [`MINIMUM_CUSTOMERS`], or if none of them has ever ordered and paid again.
    pub fn learn(customers: &[Orders], until: Day, previous: Option<&Self>) -> Option<Self> {
        let histories = || customers.iter().filter_map(|orders| orders.before(until));
        let count = histories().count() as u64;
        if count < MINIMUM_CUSTOMERS {
            return None;
        }
        let start = |model: FrequencyModel| {
            let known = previous?.candidates.iter().find(|c| c.fit.model == model)?;
            Some(known.fit.parameters)
        };
        let candidates = candidates(customers, until, start);
        let best = &candidates.first()?.fit;
        let near = previous.map(|model| model.spend.parameters);
        let spend = SpendFit::of(&spend_rows(histories()), near.as_ref())?;
        let trend = Trend::of(customers, until, best.model, &best.parameters);
        Some(Self {
            candidates,
            spend,
            trend,
            customers: count,
            until,
        })
    }

    /// The model of how often that answers.
    pub fn frequency(&self) -> &FrequencyFit {
        // Never empty: `learn` made it of the best.
        &self.candidates[0].fit
    }

    /// The probability that a customer is still one. BG/NBD takes everybody without a repeat order for one for sure; of
    /// them MBG/NBD is asked.
    fn alive(&self, history: &PurchaseHistory, outlook: &Outlook) -> f64 {
        let frequency = self.frequency();
        if frequency.model != FrequencyModel::BgNbd || history.repeats > 0 {
            return outlook.alive;
        }
        let other = self
            .candidates
            .iter()
            .find(|c| c.fit.model == FrequencyModel::MbgNbd);
        other.map_or(outlook.alive, |other| {
            outlook_of(&other.fit, history, 1.0).alive
        })
    }

    /// The expectations of one customer, quickly: for rankings of all.
    pub fn score(&self, history: &PurchaseHistory, horizon: Horizon) -> Score {
        let outlook = outlook_of(self.frequency(), history, 1.0);
        let discounted = outlook.discounted(horizon.weeks, horizon.discount);
        let order_value = self.spend.order_value(history.repeats, history.mean_value);
        Score {
            probability_alive: self.alive(history, &outlook),
            orders: outlook.orders(horizon.weeks),
            order_value,
            discounted_orders: discounted.orders,
            discounted_revenue: discounted.orders * order_value,
            alive_weeks: discounted.alive_weeks,
        }
    }

    /// The value of one customer from `until` on.
    pub fn value(&self, history: &PurchaseHistory, horizon: Horizon) -> CustomerValue {
        let frequency = self.frequency();
        let weeks = horizon.weeks;
        let score = self.score(history, horizon);
        let outlook = |fit: &FrequencyFit, pace: f64| outlook_of(fit, history, pace);
        let distribution = interval::orders(frequency, self.trend.error, weeks, outlook);
        let orders = |fit: &FrequencyFit| outlook(fit, 1.0).orders(weeks);
        let order_error = libm::hypot(log_error(frequency, orders), self.trend.error);
        let discounted =
            |fit: &FrequencyFit| outlook(fit, 1.0).discounted(weeks, horizon.discount).orders;
        let discounted_error = libm::hypot(log_error(frequency, discounted), self.trend.error);
        let spend_error =
            self.spend_error(|spend| spend.order_value(history.repeats, history.mean_value));
        let revenue_error = libm::hypot(order_error, spend_error);
        let (low, high) = interval::of_counts(&distribution, LEFT_OUT);
        let quantile = |probability: f64| {
            let own = (history.repeats, history.mean_value);
            interval::revenue_quantile(&distribution, &self.spend, own, probability)
        };
        // Where nothing may be sold at all, nothing is left out below.
        let none = distribution.first().copied().unwrap_or(1.0);
        let below = if none >= interval::BEYOND {
            0.0
        } else {
            interval::BEYOND
        };
        let (least, most) = (quantile(below), quantile(below + 1.0 - LEFT_OUT));
        let revenue = score.orders * score.order_value;
        let by_discount = score.discounted_revenue / revenue.max(f64::MIN_POSITIVE);
        CustomerValue {
            probability_alive: score.probability_alive,
            probability_of_order: 1.0 - outlook(frequency, 1.0).none(weeks),
            orders: Estimate::of(score.orders, order_error, low, high),
            typical_orders: interval::median(&distribution),
            order_value: Estimate::of(score.order_value, spend_error, 0.0, 0.0).as_known(),
            revenue: Estimate::of(revenue, revenue_error, least, most),
            discounted_revenue: Estimate::of(
                score.discounted_revenue,
                libm::hypot(discounted_error, spend_error),
                least * by_discount.min(1.0),
                most * by_discount.min(1.0),
            ),
            discounted_orders: score.discounted_orders,
            alive_weeks: score.alive_weeks,
        }
    }

    /// Standard deviation of the logarithm of an expectation, as the parameters of how much are known.
    fn spend_error(&self, expectation: impl Fn(&SpendFit) -> f64) -> f64 {
        let value = |parameters: &[f64; 3]| {
            let at = SpendFit {
                parameters: *parameters,
                ..self.spend.clone()
            };
            libm::log(expectation(&at).max(1e-300))
        };
        deviation(&self.spend.parameters, &self.spend.covariance, value)
    }

    /// Orders and revenue of many customers together.
    pub fn total(&self, histories: &[PurchaseHistory], weeks: f64) -> Total {
        let frequency = self.frequency();
        let (mut orders, mut revenue) = (0.0, 0.0);
        let (mut order_variance, mut revenue_variance) = (0.0, 0.0);
        let mut expected = Vec::with_capacity(histories.len());
        for history in histories {
            let outlook = outlook_of(frequency, history, 1.0);
            let (mean, variance) = outlook.mean_and_variance(weeks);
            let value = self.spend.order_value(history.repeats, history.mean_value);
            orders += mean;
            revenue += mean * value;
            order_variance += variance;
            revenue_variance += self.spend.revenue_variance(history, mean, variance);
            expected.push(mean);
        }
        let sum = |fit: &FrequencyFit| -> f64 {
            let of_one = |h: &PurchaseHistory| outlook_of(fit, h, 1.0).orders(weeks);
            histories.iter().map(of_one).sum()
        };
        let error = libm::hypot(log_error(frequency, sum), self.trend.error);
        let spend_error = self.spend_error(|spend| {
            let of_one = |(history, mean): (&PurchaseHistory, &f64)| {
                mean * spend.order_value(history.repeats, history.mean_value)
            };
            histories.iter().zip(&expected).map(of_one).sum()
        });
        Total {
            orders: Estimate::of_total(orders, error, order_variance),
            revenue: Estimate::of_total(revenue, libm::hypot(error, spend_error), revenue_variance),
        }
    }
}

fn outlook_of(fit: &FrequencyFit, history: &PurchaseHistory, pace: f64) -> Outlook {
    let outlook = fit.outlook(history.repeats, history.recency(), history.observed());
    outlook.paced(pace)
}

/// Standard deviation of the logarithm of an expectation, as its parameters are known.
fn log_error(fit: &FrequencyFit, expectation: impl Fn(&FrequencyFit) -> f64) -> f64 {
    let at = |parameters: &[f64; 4]| {
        let moved = FrequencyFit::known(fit.model, *parameters);
        libm::log(expectation(&moved).max(1e-300))
    };
    deviation(&fit.parameters, &fit.covariance, at)
}

/// Standard deviation of a function of parameters, by its slope (the delta method).
fn deviation<const N: usize>(
    parameters: &[f64; N],
    covariance: &[[f64; N]; N],
    value: impl Fn(&[f64; N]) -> f64,
) -> f64 {
    let slopes: [f64; N] = std::array::from_fn(|row| {
        let at = |nudge: f64| {
            let mut moved = *parameters;
            moved[row] *= libm::exp(nudge);
            value(&moved)
        };
        (at(NUDGE) - at(-NUDGE)) / (2.0 * NUDGE)
    });
    let mut variance = 0.0;
    for row in 0..N {
        for column in 0..N {
            variance += slopes[row] * covariance[row][column] * slopes[column];
        }
    }
    variance.max(0.0).sqrt()
}

impl Estimate {
    /// An expectation whose logarithm has an error, and where the outcome will be.
    fn of(expected: f64, log_error: f64, low: f64, high: f64) -> Self {
        let factor = libm::exp(DEVIATIONS * log_error);
        Self {
            expected,
            expected_low: expected / factor,
            expected_high: expected * factor,
            low,
            high,
        }
    }

    /// An outcome that is as uncertain as its expectation.
    fn as_known(self) -> Self {
        Self {
            low: self.expected_low,
            high: self.expected_high,
            ..self
        }
    }

    /// A sum of many outcomes: nearly normal, with an error that all of them share.
    fn of_total(expected: f64, log_error: f64, variance: f64) -> Self {
        let chance = variance.max(0.0).sqrt() / expected.max(f64::MIN_POSITIVE);
        let factor = libm::exp(DEVIATIONS * libm::hypot(log_error, chance));
        Self::of(expected, log_error, expected / factor, expected * factor)
    }
}
