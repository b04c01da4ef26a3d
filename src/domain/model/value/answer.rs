//! The model that answers: learning it, and the value of one customer or of many.

use super::{
    CustomerValue, Estimate, Horizon, Orders, PurchaseHistory, Score, Total,
    choice::{Candidate, candidates, rows_before},
    expectation::{Expectation, outlook_of},
    frequency::{FrequencyFit, FrequencyModel},
    interval::{self, DEVIATIONS},
    levels::{self, Levels},
    outlook::Outlook,
    spend::{SpendFit, spend_rows},
    tilt::Tilt,
    trend::Trend,
};
use crate::domain::{model::MINIMUM_CUSTOMERS, time::Day};

/// By how much a logarithm is moved to see how an expectation changes with it.
const NUDGE: f64 = 1e-4;

/// What was learnt of all customers.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueModel {
    /// All models of how often, the one that answers first.
    pub candidates: Vec<Candidate>,
    /// The models that answer, together.
    pub expectation: Expectation,
    /// The part of the distribution of orders that outcomes lie in.
    pub order_levels: Levels,
    /// The same of revenue.
    pub revenue_levels: Levels,
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
        let first = customers.iter().map(Orders::first).min()?;
        let rows = rows_before(customers, until);
        let candidates = candidates(customers, (first, until), &rows, start);
        let frequency = candidates.first()?.fit.clone();
        let near = previous.map(|model| model.expectation.spend.parameters);
        let spend = SpendFit::of(&spend_rows(histories()), near.as_ref())?;
        let trend = Trend::of(customers, first, until, &frequency);
        let tilt = Tilt::of(customers, (first, until), &frequency, &rows);
        let expectation = Expectation {
            frequency,
            tilt,
            spend,
            trend,
        };
        let (order_levels, revenue_levels) =
            levels::learnt(customers, (first, until), &expectation);
        Some(Self {
            candidates,
            expectation,
            order_levels,
            revenue_levels,
            customers: count,
            until,
        })
    }

    /// The model of how often that answers.
    pub fn frequency(&self) -> &FrequencyFit {
        &self.expectation.frequency
    }

    /// The model of how much.
    pub fn spend(&self) -> &SpendFit {
        &self.expectation.spend
    }

    /// The probability that a customer is still one. BG/NBD takes everybody without a repeat order for one for sure;
    /// of them MBG/NBD is asked.
    fn alive(&self, history: &PurchaseHistory, outlook: &Outlook) -> f64 {
        if self.frequency().model != FrequencyModel::BgNbd || history.repeats > 0 {
            return outlook.alive;
        }
        let other = self
            .candidates
            .iter()
            .find(|c| c.fit.model == FrequencyModel::MbgNbd);
        other.map_or(outlook.alive, |other| outlook_of(&other.fit, history).alive)
    }

    /// The expectations of one customer, quickly: for rankings of all.
    pub fn score(&self, history: &PurchaseHistory, horizon: Horizon) -> Score {
        let outlook = self.expectation.outlook(history);
        let pace = self.expectation.pace(history, &outlook);
        let discounted = outlook.discounted(horizon.weeks, horizon.discount);
        let order_value = self
            .spend()
            .order_value(history.repeats, history.mean_value);
        let discounted_orders = pace * discounted.orders;
        Score {
            probability_alive: self.alive(history, &outlook),
            orders: pace * outlook.orders(horizon.weeks),
            order_value,
            discounted_orders,
            discounted_revenue: discounted_orders * order_value,
            alive_weeks: discounted.alive_weeks,
        }
    }

    /// The value of one customer from `until` on.
    pub fn value(&self, history: &PurchaseHistory, horizon: Horizon) -> CustomerValue {
        let weeks = horizon.weeks;
        let score = self.score(history, horizon);
        let distribution = self.expectation.distribution(history, weeks);
        let orders = |fit: &FrequencyFit| outlook_of(fit, history).orders(weeks);
        let order_error = libm::hypot(
            log_error(self.frequency(), orders),
            self.expectation.trend.error(weeks),
        );
        let spend_error =
            self.spend_error(|spend| spend.order_value(history.repeats, history.mean_value));
        let revenue_error = libm::hypot(order_error, spend_error);
        let (low, high) = interval::of_counts(&distribution, self.order_levels);
        let own = (history.repeats, history.mean_value);
        let (least, most) =
            interval::of_revenue(&distribution, self.spend(), own, self.revenue_levels);
        let revenue = score.orders * score.order_value;
        // As much later as on the mean.
        let discount = (score.discounted_revenue / revenue.max(f64::MIN_POSITIVE)).min(1.0);
        let value = Estimate::of(score.order_value, spend_error, 0.0, 0.0);
        CustomerValue {
            probability_alive: score.probability_alive,
            probability_of_order: 1.0 - self.expectation.paced(history, weeks).none(weeks),
            orders: Estimate::of(score.orders, order_error, low, high),
            typical_orders: interval::median(&distribution),
            order_value: Estimate {
                low: value.expected_low,
                high: value.expected_high,
                ..value
            },
            revenue: Estimate::of(revenue, revenue_error, least, most),
            discounted_revenue: Estimate::of(
                score.discounted_revenue,
                revenue_error,
                least * discount,
                most * discount,
            ),
            discounted_orders: score.discounted_orders,
            alive_weeks: score.alive_weeks,
        }
    }

    /// Standard deviation of the logarithm of an expectation, as the parameters of how much are known.
    fn spend_error(&self, expectation: impl Fn(&SpendFit) -> f64) -> f64 {
        let spend = self.spend();
        let value = |parameters: &[f64; 3]| {
            let at = SpendFit {
                parameters: *parameters,
                ..spend.clone()
            };
            libm::log(expectation(&at).max(1e-300))
        };
        deviation(&spend.parameters, &spend.covariance, value)
    }

    /// Orders and revenue of many customers together.
    pub fn total(&self, histories: &[PurchaseHistory], weeks: f64) -> Total {
        let (mut orders, mut revenue) = (0.0, 0.0);
        let (mut order_variance, mut revenue_variance) = (0.0, 0.0);
        let mut expected = Vec::with_capacity(histories.len());
        for history in histories {
            let outlook = self.expectation.paced(history, weeks);
            let (mean, variance) = outlook.mean_and_variance(weeks);
            orders += mean;
            revenue += mean
                * self
                    .spend()
                    .order_value(history.repeats, history.mean_value);
            order_variance += variance;
            revenue_variance += self.spend().revenue_variance(history, mean, variance);
            expected.push(mean);
        }
        let sum = |fit: &FrequencyFit| -> f64 {
            let of_one = |h: &PurchaseHistory| outlook_of(fit, h).orders(weeks);
            histories.iter().map(of_one).sum()
        };
        let error = libm::hypot(
            log_error(self.frequency(), sum),
            self.expectation.trend.error(weeks),
        );
        let spend_error = self.spend_error(|spend| {
            let of_one = |(history, mean): (&PurchaseHistory, &f64)| {
                mean * spend.order_value(history.repeats, history.mean_value)
            };
            histories.iter().zip(&expected).map(of_one).sum()
        });
        let revenue_error = libm::hypot(error, spend_error);
        Total {
            orders: Estimate::of_total(orders, error, order_variance),
            revenue: Estimate::of_total(revenue, revenue_error, revenue_variance),
        }
    }
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

    /// A sum of many outcomes: nearly normal, with an error that all of them share.
    fn of_total(expected: f64, log_error: f64, variance: f64) -> Self {
        let chance = variance.max(0.0).sqrt() / expected.max(f64::MIN_POSITIVE);
        let factor = libm::exp(DEVIATIONS * libm::hypot(log_error, chance));
        Self::of(expected, log_error, expected / factor, expected * factor)
    }
}
