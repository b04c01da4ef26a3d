//! Customer value: how often a customer will order, how much it will spend, how long it stays.
//!
//! Orders are counted in days: all orders of one day are one. The first order is the origin and is counted neither in
//! the number of repeat orders nor in their mean value. Time is measured in weeks of seven days.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `x` | [`PurchaseHistory::repeats`] | repeat orders |
//! | `t_x` | [`PurchaseHistory::recency_days`] / 7 | age at the last order |
//! | `T` | [`PurchaseHistory::observed_days`] / 7 | age now |
//! | `m_x` | [`PurchaseHistory::mean_value`] | mean value of a repeat order |
//!
//! * [`orders`]: what an order is, and what refunds do. [`counts`]: customers with the same `x`, `t_x`, `T` as one row.
//! * [`geometric`], [`pareto`], chosen by [`frequency`]: how often, and until when. [`spend`]: how much an order is.
//! * [`outlook`]: what follows for one customer. [`distribution`]: how many orders, with which probability.
//! * [`choice`]: which model, by time that was held back. [`trend`]: what earlier forecasts got wrong.
//! * [`maximum`]: where a likelihood is greatest. [`special`]: functions.
//!
//! Knows nothing of stores, of money's exact amounts and of segments. Every sum is taken in one order, so that the same
//! customers give the same model to the last bit.

pub mod counts;
pub mod distribution;
pub mod frequency;
pub mod geometric;
mod lanes;
pub mod maximum;
pub mod orders;
pub mod outlook;
pub mod pareto;
pub mod special;
pub mod spend;
mod table;
mod tail;

pub use orders::{DaySum, Orders, PurchaseHistory};

/// Days of a week.
pub const DAYS_PER_WEEK: f64 = 7.0;

/// How far ahead, and how much less later revenue is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Horizon {
    /// Weeks from now on, above zero.
    pub weeks: f64,
    /// Continuous discount rate by week, not negative: revenue in `u` weeks is worth `exp(-rate u)` of today's.
    pub discount: f64,
}

/// An expectation, how well it is known, and where the outcome will be with 90% probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The expectation.
    pub expected: f64,
    /// The expectation's own 90% interval: what the parameters leave open.
    pub expected_low: f64,
    /// See `expected_low`.
    pub expected_high: f64,
    /// The outcome's 90% interval: what the parameters leave open, and what chance does.
    pub low: f64,
    /// See `low`.
    pub high: f64,
}

/// What is to be expected of one customer over a horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerValue {
    /// The probability that it is still a customer; never 1 for one without a repeat order.
    pub probability_alive: f64,
    /// The probability that it orders at least once within the horizon.
    pub probability_of_order: f64,
    /// Orders within the horizon, undiscounted.
    pub orders: Estimate,
    /// Value of an order, in currency units.
    pub order_value: Estimate,
    /// Revenue within the horizon, in currency units, undiscounted.
    pub revenue: Estimate,
    /// Expected revenue within the horizon, discounted to now, in currency units.
    pub discounted_revenue: Estimate,
    /// Expected discounted orders within the horizon: what a margin per order is to be multiplied by.
    pub discounted_orders: f64,
    /// Expected discounted weeks for which it stays a customer within the horizon: what a weekly cost to serve is to be
    /// multiplied by.
    pub alive_weeks: f64,
}

// The model that answers, added next:
//
// pub struct ValueModel { pub frequency: FrequencyFit, pub spend: Option<SpendFit>, pub candidates: Vec<Candidate>,
//     pub trend: Trend, pub customers: u64, pub until: Day, .. }
// impl ValueModel {
//     /// None if fewer than MINIMUM_CUSTOMERS customers, or none of them has ever ordered again. `until` is the first
//     /// day that is not seen. `previous`: where to start, so that a refit takes few steps.
//     pub fn learn(customers: &[Orders], until: Day, previous: Option<&ValueModel>) -> Option<ValueModel>;
//     /// The value of one customer from `until` on.
//     pub fn value(&self, history: &PurchaseHistory, horizon: Horizon) -> CustomerValue;
//     /// Expected discounted revenue only, quickly, for rankings of all customers (0.5 microseconds).
//     pub fn score(&self, history: &PurchaseHistory, horizon: Horizon) -> Score { orders, revenue, alive_weeks, .. };
//     /// Orders and revenue of many customers together, with an interval of their total.
//     pub fn total(&self, histories: impl Iterator<Item = PurchaseHistory>, horizon: Horizon) -> Total;
// }
