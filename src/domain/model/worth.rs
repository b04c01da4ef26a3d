//! What customers are worth: orders and their values by [`super::value`], what is left of them by [`super::earning`],
//! as exact amounts.
//!
//! `profit = margin rate * discounted revenue - weekly cost * discounted weeks` over the horizon. Its intervals are
//! those of the revenue times the margin rate, widened by how far off the margin rate and the weekly cost may be:
//! squares of half widths are added up, each side by itself.

use super::{
    earning::{Earned, Rate, Rates},
    rounded, units,
    value::{DAYS_PER_WEEK, DaySum, Estimate, Horizon, Orders, PurchaseHistory, ValueModel},
};
use crate::domain::{
    money::{Micros, Nanos},
    party::TraitValue,
    purchase::Purchases,
    time::Day,
};

/// Half the width of a 90% interval of a normal distribution, in standard deviations.
const WIDTH: f64 = 1.644_853_626_951_472_2;
/// Weeks of a year, as a rate of a year is meant.
const WEEKS_PER_YEAR: f64 = 365.0 / 7.0;

/// The nearest future, where nothing but the present is asked for.
const SOON: Horizon = Horizon {
    weeks: 1.0,
    discount: 0.0,
};

/// How far ahead customers are valued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ValueTerms {
    /// Over how many days; above 0.
    pub horizon_days: u32,
    /// By how much what comes a year later is worth less, in millionths; not below 0.
    pub annual_discount: Micros,
    /// How many days the next period has; above 0.
    pub next_period_days: u32,
}

impl ValueTerms {
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn horizon(&self) -> Horizon {
        let annual = self.annual_discount as f64 / 1e6;
        Horizon {
            weeks: f64::from(self.horizon_days) / DAYS_PER_WEEK,
            discount: libm::log1p(annual) / WEEKS_PER_YEAR,
        }
    }

    fn next_period(&self) -> Horizon {
        Horizon {
            weeks: f64::from(self.next_period_days) / DAYS_PER_WEEK,
            discount: 0.0,
        }
    }
}

/// What was learnt of all customers.
#[derive(Debug, Clone)]
pub struct WorthModel {
    /// How often they order, until when, and of what value.
    pub value: ValueModel,
    /// What is left of a unit of revenue.
    pub margins: Rates,
    /// What it costs to serve in a week, in currency units.
    pub weekly_costs: Rates,
    /// How many customers have ordered.
    pub customers: u64,
    /// How many of them have ordered again.
    pub repeat_customers: u64,
    /// The first day that was not seen.
    pub until: Day,
}

/// An expectation, with its 90% intervals where they were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expected<T> {
    /// The expectation.
    pub expected: T,
    /// Its intervals.
    pub ends: Option<Ends<T>>,
}

/// The ends of two 90% intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ends<T> {
    /// Of the expectation itself.
    pub expected_lower: T,
    /// See `expected_lower`.
    pub expected_upper: T,
    /// Of what it comes to.
    pub lower: T,
    /// See `lower`.
    pub upper: T,
}

/// What one customer is worth; amounts in nano-units.
#[derive(Debug, Clone, PartialEq)]
pub struct Worth {
    /// On how many days it ordered.
    pub orders_seen: u64,
    /// The first and the last of them.
    pub order_days: (Day, Day),
    /// The probability that it is a customer.
    pub probability_alive: f64,
    /// The probability that it is one at the end of the horizon.
    pub retention: f64,
    /// The probability of an order within the horizon.
    pub order_probability: f64,
    /// Orders within the horizon.
    pub orders: Expected<f64>,
    /// The middle of what may come, where intervals were asked for.
    pub typical_orders: Option<f64>,
    /// The value of an order.
    pub order_value: Expected<Nanos>,
    /// Revenue within the horizon.
    pub revenue: Expected<Nanos>,
    /// The same, discounted.
    pub discounted_revenue: Expected<Nanos>,
    /// Discounted customer margin within the horizon.
    pub profit: Expected<Nanos>,
    /// What is lost on the average because it may be gone.
    pub value_at_risk: Nanos,
    /// Revenue of the next period.
    pub next_period: Expected<Nanos>,
    /// Discounted weeks for which it is a customer.
    pub weeks: f64,
    /// What of its revenue is left.
    pub margin: Rate,
    /// What a week of serving it costs, in currency units.
    pub weekly_cost: Rate,
    /// The same as an amount.
    pub weekly_cost_amount: Nanos,
    /// Its segment.
    pub segment: Option<TraitValue>,
    /// How many customers the segment has.
    pub segment_customers: u64,
}

impl Expected<Nanos> {
    /// An amount of currency units, without intervals.
    fn of(units: f64) -> Self {
        Self {
            expected: rounded(units),
            ends: None,
        }
    }

    /// The expectation and the ends of its intervals.
    fn amounts(&self) -> impl Iterator<Item = Nanos> + use<> {
        let ends = self.ends.map(|ends| {
            [
                ends.expected_lower,
                ends.expected_upper,
                ends.lower,
                ends.upper,
            ]
        });
        [self.expected]
            .into_iter()
            .chain(ends.into_iter().flatten())
    }
}

impl Worth {
    /// The amounts with their names in the contract.
    pub fn figures(&self) -> impl Iterator<Item = (&'static str, Nanos)> {
        let estimates = [
            ("expected_order_value", &self.order_value),
            ("expected_revenue", &self.revenue),
            ("discounted_revenue", &self.discounted_revenue),
            ("expected_profit", &self.profit),
            ("next_period_revenue", &self.next_period),
        ];
        let own = [
            ("value_at_risk", self.value_at_risk),
            ("weekly_cost", self.weekly_cost_amount),
        ];
        let estimates = estimates
            .into_iter()
            .flat_map(|(name, estimate)| estimate.amounts().map(move |amount| (name, amount)));
        estimates.chain(own)
    }
}

/// The orders of a customer, if it has any.
fn orders(purchases: &Purchases) -> Option<Orders> {
    let sums = purchases.days.iter().map(|(day, net)| DaySum {
        day: *day,
        value: units(*net),
    });
    Orders::of(sums.collect())
}

impl WorthModel {
    /// Learns from all customers, up to before a day. `None` if there are too few, or if nobody ever ordered again.
    pub fn learn(all: &[Purchases], until: Day) -> Option<Self> {
        let (buyers, own_orders): (Vec<&Purchases>, Vec<Orders>) = all
            .iter()
            .filter_map(|one| Some((one, orders(one)?)))
            .unzip();
        let value = ValueModel::learn(&own_orders, until, None)?;
        let (mut margins, mut costs) = (Vec::new(), Vec::new());
        let mut repeat_customers = 0;
        for (one, orders) in buyers.iter().zip(&own_orders) {
            let Some(history) = orders.before(until) else {
                continue;
            };
            let alive = value.score(&history, SOON).probability_alive;
            let (margin, cost) = earned(one, (&history, alive));
            margins.push(margin);
            costs.push(cost);
            repeat_customers += u64::from(history.repeats > 0);
        }
        Some(Self {
            margins: Rates::learn(&margins),
            weekly_costs: Rates::learn(&costs),
            customers: value.customers,
            repeat_customers,
            until,
            value,
        })
    }

    /// What one customer is worth from a day on, without intervals; `None` if it has not ordered before.
    pub fn outline(&self, one: &Purchases, from: Day, terms: &ValueTerms) -> Option<Worth> {
        let orders = orders(one)?;
        let history = orders.before(from)?;
        let horizon = terms.horizon();
        let score = self.value.score(&history, horizon);
        let next = self.value.score(&history, terms.next_period());
        let (margin, cost) = earned(one, (&history, score.probability_alive));
        let (margin, weekly_cost) = (self.margins.of(&margin), self.weekly_costs.of(&cost));
        let profit = margin.mean * score.discounted_revenue - weekly_cost.mean * score.alive_weeks;
        let alive = known(score.probability_alive);
        let outlook = (self.value.frequency()).outlook(
            history.repeats,
            history.recency(),
            history.observed(),
        );
        let stays = outlook.alive_in(horizon.weeks) / outlook.alive.max(f64::MIN_POSITIVE);
        let paced = self.value.expectation.paced(&history, horizon.weeks);
        let first = orders.first();
        let days = i32::try_from(history.recency_days).unwrap_or(i32::MAX);
        Some(Worth {
            orders_seen: u64::from(history.repeats) + 1,
            order_days: (first, Day(first.0.saturating_add(days))),
            probability_alive: alive,
            retention: known(alive * stays),
            order_probability: known(1.0 - paced.none(horizon.weeks)),
            orders: Expected {
                expected: known(score.orders),
                ends: None,
            },
            typical_orders: None,
            order_value: Expected::of(score.order_value),
            revenue: Expected::of(score.orders * score.order_value),
            discounted_revenue: Expected::of(score.discounted_revenue),
            profit: Expected::of(profit),
            value_at_risk: match alive > 0.0 {
                true => rounded((profit * (1.0 - alive) / alive).max(0.0)),
                false => 0,
            },
            next_period: Expected::of(next.orders * next.order_value),
            weeks: known(score.alive_weeks),
            margin,
            weekly_cost_amount: rounded(weekly_cost.mean),
            weekly_cost,
            segment: one.segment.clone(),
            segment_customers: self.margins.of_segment(&one.segment).1,
        })
    }

    /// The same with intervals.
    pub fn worth(&self, one: &Purchases, from: Day, terms: &ValueTerms) -> Option<Worth> {
        let mut worth = self.outline(one, from, terms)?;
        let history = orders(one)?.before(from)?;
        let value = self.value.value(&history, terms.horizon());
        let next = self.value.value(&history, terms.next_period());
        let profit = profit(
            &value.discounted_revenue,
            value.alive_weeks,
            worth.margin,
            worth.weekly_cost,
        );
        worth.typical_orders = Some(known(value.typical_orders));
        worth.orders.ends = Some(Ends::of(&value.orders, known));
        worth.order_value.ends = Some(Ends::of(&value.order_value, rounded));
        worth.revenue.ends = Some(Ends::of(&value.revenue, rounded));
        worth.discounted_revenue.ends = Some(Ends::of(&value.discounted_revenue, rounded));
        worth.profit.ends = Some(Ends::of(&profit, rounded));
        worth.next_period.ends = Some(Ends::of(&next.revenue, rounded));
        Some(worth)
    }

    /// What it costs to serve a customer in a week, of all.
    pub fn weekly_cost(&self) -> Nanos {
        rounded(self.weekly_costs.all)
    }

    /// The expected profit alone, which is what customers are ranked by; 0 if it has not ordered before.
    pub fn expected_profit(&self, one: &Purchases, from: Day, terms: &ValueTerms) -> Nanos {
        let history = orders(one).and_then(|orders| orders.before(from));
        history.map_or(0, |history| {
            let value = self.value.score(&history, terms.horizon());
            let (margin, cost) = earned(one, (&history, value.probability_alive));
            let (margin, cost) = (self.margins.of(&margin), self.weekly_costs.of(&cost));
            rounded(margin.mean * value.discounted_revenue - cost.mean * value.alive_weeks)
        })
    }
}

/// What a customer earned and cost. Its weeks are those up to its last order, and of those since as many as it was
/// likely still there, and the week of its first order.
fn earned(one: &Purchases, (history, alive): (&PurchaseHistory, f64)) -> (Earned, Earned) {
    let revenue: f64 = one.days.iter().map(|(_, net)| units(*net)).sum();
    let since = history.observed() - history.recency();
    let weeks = 1.0 + history.recency() + alive * since;
    let earned = |amount, exposure| Earned {
        segment: one.segment.clone(),
        amount: units(amount),
        exposure,
    };
    let margin = earned(one.margin, revenue);
    let cost = earned(one.margin - one.profit, weeks);
    (margin, cost)
}

/// What is left of discounted revenue.
fn profit(revenue: &Estimate, weeks: f64, margin: Rate, cost: Rate) -> Estimate {
    let expected = margin.mean * revenue.expected - cost.mean * weeks;
    let doubt =
        revenue.expected * revenue.expected * margin.variance + weeks * weeks * cost.variance;
    let ends = |low: f64, high: f64| {
        // Of what brings less than nothing more is lost by more of it.
        let (low, high) = match margin.mean < 0.0 {
            true => (high, low),
            false => (low, high),
        };
        let own = |end: f64| margin.mean * (end - revenue.expected);
        let wider = |own: f64| (own * own + WIDTH * WIDTH * doubt).sqrt() - own.abs();
        let (low, high) = (own(low), own(high));
        (expected + low - wider(low), expected + high + wider(high))
    };
    let (expected_low, expected_high) = ends(revenue.expected_low, revenue.expected_high);
    let (low, high) = ends(revenue.low, revenue.high);
    Estimate {
        expected,
        expected_low,
        expected_high,
        low,
        high,
    }
}

impl<T> Ends<T> {
    fn of(estimate: &Estimate, told: impl Fn(f64) -> T) -> Self {
        Self {
            expected_lower: told(estimate.expected_low),
            expected_upper: told(estimate.expected_high),
            lower: told(estimate.low),
            upper: told(estimate.high),
        }
    }
}

/// A number; what is none is zero, as in amounts.
fn known(number: f64) -> f64 {
    if number.is_finite() { number } else { 0.0 }
}

#[cfg(test)]
mod tests;
