//! What customers are worth: orders and their values by [`super::value`], what is left of them by [`super::earning`],
//! as exact amounts.
//!
//! `profit = margin rate * discounted revenue - weekly cost * discounted weeks` over the horizon. Its intervals are those
//! of the revenue times the margin rate, widened by how far off the margin rate and the weekly cost may be: squares of
//! half widths are added up, each side by itself.

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

/// An expected amount with its 90% intervals, in nano-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AmountEstimate {
    /// The expectation.
    pub expected: Nanos,
    /// That of the expectation itself.
    pub expected_lower: Nanos,
    /// See `expected_lower`.
    pub expected_upper: Nanos,
    /// That of what it comes to.
    pub lower: Nanos,
    /// See `lower`.
    pub upper: Nanos,
}

/// What one customer is worth.
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
    pub orders: Estimate,
    /// The value of an order.
    pub order_value: AmountEstimate,
    /// Revenue within the horizon.
    pub revenue: AmountEstimate,
    /// The same, discounted.
    pub discounted_revenue: AmountEstimate,
    /// Discounted customer margin within the horizon.
    pub profit: AmountEstimate,
    /// What is lost on the average because it may be gone.
    pub value_at_risk: Nanos,
    /// Revenue of the next period.
    pub next_period: AmountEstimate,
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

impl AmountEstimate {
    /// The expectation and the ends of its intervals.
    pub fn ends(&self) -> [Nanos; 5] {
        [
            self.expected,
            self.expected_lower,
            self.expected_upper,
            self.lower,
            self.upper,
        ]
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
        let ends = estimates
            .into_iter()
            .flat_map(|(name, estimate)| estimate.ends().map(|amount| (name, amount)));
        ends.chain(own)
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

    /// What one customer is worth from a day on; `None` if it has not ordered before.
    pub fn worth(&self, one: &Purchases, from: Day, terms: &ValueTerms) -> Option<Worth> {
        let orders = orders(one)?;
        let history = orders.before(from)?;
        let horizon = terms.horizon();
        let value = self.value.value(&history, horizon);
        let (margin, cost) = earned(one, (&history, value.probability_alive));
        let segment_customers = self.margins.of_segment(&one.segment).1;
        let (margin, weekly_cost) = (self.margins.of(&margin), self.weekly_costs.of(&cost));
        let profit = profit(
            &value.discounted_revenue,
            value.alive_weeks,
            margin,
            weekly_cost,
        );
        let alive = value.probability_alive;
        let outlook =
            self.value
                .frequency()
                .outlook(history.repeats, history.recency(), history.observed());
        let stays = outlook.alive_in(horizon.weeks) / outlook.alive.max(f64::MIN_POSITIVE);
        let at_risk = match alive > 0.0 {
            true => (profit.expected * (1.0 - alive) / alive).max(0.0),
            false => 0.0,
        };
        let first = orders.first();
        let days = i32::try_from(history.recency_days).unwrap_or(i32::MAX);
        Some(Worth {
            orders_seen: u64::from(history.repeats) + 1,
            order_days: (first, Day(first.0.saturating_add(days))),
            probability_alive: alive,
            retention: alive * stays,
            order_probability: value.probability_of_order,
            orders: value.orders,
            order_value: amounts(&value.order_value),
            revenue: amounts(&value.revenue),
            discounted_revenue: amounts(&value.discounted_revenue),
            profit: amounts(&profit),
            value_at_risk: rounded(at_risk),
            next_period: amounts(&self.value.value(&history, terms.next_period()).revenue),
            weeks: value.alive_weeks,
            margin,
            weekly_cost_amount: rounded(weekly_cost.mean),
            weekly_cost,
            segment: one.segment.clone(),
            segment_customers,
        })
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
        let (below, above) = (revenue.expected - low, high - revenue.expected);
        // What revenue brings less than nothing is lost by more of it.
        let (below, above) = match margin.mean < 0.0 {
            true => (above, below),
            false => (below, above),
        };
        let half = |width: f64| {
            let own = margin.mean * width;
            (own * own + WIDTH * WIDTH * doubt).sqrt()
        };
        (expected - half(below), expected + half(above))
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

fn amounts(estimate: &Estimate) -> AmountEstimate {
    AmountEstimate {
        expected: rounded(estimate.expected),
        expected_lower: rounded(estimate.expected_low),
        expected_upper: rounded(estimate.expected_high),
        lower: rounded(estimate.low),
        upper: rounded(estimate.high),
    }
}
