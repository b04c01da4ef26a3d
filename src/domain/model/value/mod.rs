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
//! * [`orders`]: what an order is, and what refunds do. [`counts`]: customers with the same `x`, `t_x`, `T` as one
//!   row.
//! * [`geometric`], [`pareto`], chosen by [`frequency`]: how often, and until when. [`spend`]: how much an order is.
//! * [`outlook`]: what follows for one customer. [`distribution`]: how many orders, with which probability.
//! * [`interval`]: where the outcome will be. [`ValueModel`]: all of this together.
//! * [`choice`]: which model, by time that was held back. What earlier forecasts got wrong: [`tilt`], of single
//!   customers; [`trend`], of all together; [`levels`], how far outcomes lie from them.
//! * [`expectation`]: the models together.
//! * [`maximum`]: where a likelihood is greatest. [`special`]: functions.
//!
//! Knows nothing of stores, of money's exact amounts and of segments. Every sum is taken in one order, so that the
//! same customers give the same model to the last bit.

mod answer;
mod back_test;
pub mod choice;
pub mod counts;
pub mod distribution;
pub mod expectation;
pub mod frequency;
pub mod geometric;
mod hypergeometric;
pub mod interval;
mod lanes;
pub mod levels;
pub mod maximum;
pub mod orders;
pub mod outlook;
pub mod pareto;
pub mod special;
pub mod spend;
mod table;
mod tail;
pub mod tilt;
pub mod trend;

pub use answer::ValueModel;
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
    /// The middle of what may come: it places more orders than this as likely as fewer. Closest to what one customer
    /// does, while expectations are what adds up over customers.
    pub typical_orders: f64,
    /// Value of an order, in currency units.
    pub order_value: Estimate,
    /// Revenue within the horizon, in currency units, undiscounted.
    pub revenue: Estimate,
    /// Expected revenue within the horizon, discounted to now, in currency units.
    pub discounted_revenue: Estimate,
    /// Expected discounted orders within the horizon: what a margin per order is to be multiplied by.
    pub discounted_orders: f64,
    /// Expected discounted weeks for which it stays a customer within the horizon: what a weekly cost to serve is to
    /// be multiplied by.
    pub alive_weeks: f64,
}

/// The expectations of [`CustomerValue`] without intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// See [`CustomerValue::probability_alive`].
    pub probability_alive: f64,
    /// Expected orders within the horizon, undiscounted.
    pub orders: f64,
    /// Expected value of an order, in currency units.
    pub order_value: f64,
    /// See [`CustomerValue::discounted_orders`].
    pub discounted_orders: f64,
    /// Expected revenue within the horizon, discounted to now, in currency units.
    pub discounted_revenue: f64,
    /// See [`CustomerValue::alive_weeks`].
    pub alive_weeks: f64,
}

/// What is to be expected of many customers together, undiscounted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Total {
    /// Orders.
    pub orders: Estimate,
    /// Revenue, in currency units.
    pub revenue: Estimate,
}
