//! What to do about each relationship: its disposition, made of its statement and its place on the whale curve, with
//! the amounts by which it was reached. Exact: every comparison is one of integers. Knows no store and no clock.

pub mod remedy;
pub mod spiral;
#[cfg(test)]
mod tests;

use super::{
    money::{Micros, NANOS_PER_MICRO, Nanos},
    statement::{Line, Section, Statement},
    time::{Day, Period},
};
use ethnum::I256;
use jiff::ToSpan as _;

/// Rates and reaches are in millionths.
pub const MILLIONTHS: i128 = 1_000_000;
/// Minutes of an hour.
const MINUTES: i128 = 60;

/// What to do about a relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disposition {
    /// It earns well: keep it as it is.
    Keep,
    /// It earns well and more than before: give it more.
    Invest,
    /// It can become one of the best.
    Nurture,
    /// It costs more than it brings, which can be mended.
    Repair,
    /// It costs more than it brings by more than remedies reach.
    Exit,
}

impl Disposition {
    /// All of them, in the order of the contract.
    pub const ALL: [Self; 5] = [
        Self::Keep,
        Self::Invest,
        Self::Nurture,
        Self::Repair,
        Self::Exit,
    ];
}

/// Why; the contract's `portfolio.proto` documents each with its margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the contract documents every cause")]
pub enum Cause {
    BeyondRepair,
    WithinRepair,
    HelpsOtherwise,
    BelowOpportunityRate,
    CoversOwnCost,
    Growing,
    TopBand,
    MiddleBand,
    BottomBand,
    Shrinking,
}

/// A reason, with the amount by which it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// Why.
    pub cause: Cause,
    /// By how much, in nano-units; zero or more.
    pub margin: Nanos,
}

/// By what a customer is key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyReason {
    /// It is among the first by net revenue.
    Revenue,
    /// It refers others.
    Referral,
    /// It helps in other ways.
    OtherHelp,
}

/// By what customers are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    /// The least customer margin.
    pub floor: Nanos,
    /// What an hour would earn elsewhere, in micro-units.
    pub opportunity_rate: Option<Micros>,
    /// By which part of its revenue a price can be raised, in millionths.
    pub price_reach: i64,
    /// Which part of the cost to serve can be saved, in millionths.
    pub service_reach: i64,
    /// How many are key by revenue; by the number of customers if `None`.
    pub key_count: Option<u64>,
    /// From how many referrals on a customer is key.
    pub key_referrals: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            floor: 0,
            opportunity_rate: None,
            price_reach: 100_000,
            service_reach: 500_000,
            key_count: None,
            key_referrals: 1,
        }
    }
}

/// A part of the whale curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// The best quarter, rounded down.
    Top,
    /// All others: at least half.
    Middle,
    /// As many of the worst as are in the top.
    Bottom,
}

/// Where the bands end: values and cumulative values at the places on both sides of each edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Edges {
    /// How many customers there are.
    pub customers: u64,
    /// The last of the top, and the first after it.
    pub top: Option<(Point, Point)>,
    /// The last of the middle, and the first of the bottom.
    pub bottom: Option<(Point, Point)>,
}

/// A place of the whale curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Point {
    /// The customer's net profit.
    pub value: Nanos,
    /// Those from the first to this one.
    pub cumulative: Nanos,
}

/// How many customers are in the top and in the bottom band, of so many.
pub fn quarter(customers: u64) -> u64 {
    customers / 4
}

impl Edges {
    /// The places that have to be looked up for so many customers: none below four.
    pub fn places(customers: u64) -> Option<[u64; 4]> {
        let size = quarter(customers);
        let bottom = customers - size;
        (size > 0).then(|| [size - 1, size, bottom - 1, bottom])
    }

    /// The band of a place.
    pub fn band(&self, place: u64) -> Band {
        let size = quarter(self.customers);
        match place {
            place if place < size => Band::Top,
            place if place >= self.customers - size => Band::Bottom,
            _ => Band::Middle,
        }
    }

    /// How many customers each band has, and the sum of their net profits, of a whole that sums up to `total`.
    pub fn bands(&self, total: Nanos) -> [(Band, u64, Nanos); 3] {
        let size = quarter(self.customers);
        let top = self.top.map_or(0, |(last, _)| last.cumulative);
        let middle = self.bottom.map_or(total, |(last, _)| last.cumulative);
        [
            (Band::Top, size, top),
            (Band::Middle, self.customers - 2 * size, middle - top),
            (Band::Bottom, size, total - middle),
        ]
    }

    /// The value that takes a customer into the next band; `None` in the top.
    pub fn next_band(&self, place: u64) -> Option<Nanos> {
        match self.band(place) {
            Band::Top => None,
            Band::Middle => self.top.map(|(last, _)| last.value),
            Band::Bottom => self.bottom.map(|(last, _)| last.value),
        }
    }
}

/// What is judged of a customer.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'s> {
    /// Its waterfall.
    pub statement: &'s Statement,
    /// What its working time costs, which is a part of its cost to serve.
    pub time_cost: Nanos,
    /// Its place by net profit, from 0.
    pub place: u64,
    /// Its place by revenue, from 0.
    pub place_by_revenue: u64,
    /// Its customer margin of the year before.
    pub prior_margin: Option<Nanos>,
}

/// What to do about a customer, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What to do.
    pub disposition: Disposition,
    /// Why: the first decided.
    pub reasons: Vec<Reason>,
    /// By what it is key.
    pub keys: Vec<KeyReason>,
    /// What is missing to the floor; `None` if it is reached.
    pub below_floor: Option<Nanos>,
}

/// `amount * part / whole`, rounded half to even, for a whole above zero. What no sum of money can be is cut off far
/// beyond every amount, where it is refused.
pub fn proportion(amount: i128, part: i128, whole: i128) -> i128 {
    let (exact, whole) = (I256::from(amount) * I256::from(part), I256::from(whole));
    let mut floor = exact / whole;
    if floor * whole > exact {
        floor -= I256::ONE;
    }
    let twice = (exact - floor * whole) * I256::from(2);
    let is_odd = floor & I256::ONE == I256::ONE;
    if twice > whole || (twice == whole && is_odd) {
        floor += I256::ONE;
    }
    within(floor)
}

/// At most a sixteenth of what there is room for, so that some of them still add up.
fn within(exact: I256) -> i128 {
    let most = I256::from(i128::MAX >> 4);
    exact.clamp(-most, most).as_i128()
}

/// What hours are worth at a rate, in nano-units, rounded half to even: thousandths of a minute times micro-units an
/// hour, over 60, are nano-units.
pub fn time_value(milli_minutes: i128, rate_per_hour: Micros) -> Nanos {
    proportion(milli_minutes, i128::from(rate_per_hour), MINUTES)
}

/// A part of an amount, in millionths, rounded half to even to the nano-unit.
pub fn part_of(amount: Nanos, millionths: i64) -> Nanos {
    proportion(amount, i128::from(millionths), MILLIONTHS)
}

impl Rules {
    /// How many customers are key by revenue, of so many.
    pub fn keys_by_revenue(&self, customers: u64) -> u64 {
        self.key_count
            .unwrap_or_else(|| customers.div_ceil(100).clamp(5, 333))
    }

    /// By how much remedies can raise a customer's margin: by a rise of its price, and by less cost to serve.
    pub fn reach(&self, statement: &Statement) -> Nanos {
        part_of(statement.net_revenue.max(0), self.price_reach)
            + part_of(statement.cost_to_serve.max(0), self.service_reach)
    }

    /// By what a customer is key.
    fn keys(&self, judged: &Judged<'_>, customers: u64) -> Vec<KeyReason> {
        let statement = judged.statement;
        let relation = &statement.relation;
        let help = relation.externality_other_customers + relation.externality_reputation;
        let factors: i128 = relation.factors.iter().map(|(_, weight)| weight).sum();
        let refers = statement.referral_count >= i128::from(self.key_referrals);
        let by_revenue =
            judged.place_by_revenue < self.keys_by_revenue(customers) && statement.net_revenue > 0;
        let found = [
            (by_revenue, KeyReason::Revenue),
            (refers, KeyReason::Referral),
            (help > 0 || factors > 0, KeyReason::OtherHelp),
        ];
        let found = found.into_iter().filter(|(holds, _)| *holds);
        found.map(|(_, key)| key).collect()
    }

    /// What to do about a customer.
    pub fn judge(&self, judged: &Judged<'_>, edges: &Edges) -> Verdict {
        let keys = self.keys(judged, edges.customers);
        let margin = judged.statement.customer_margin;
        let missing = self.floor - margin;
        let below_floor = (missing > 0).then_some(missing);
        let (disposition, mut reasons) = match below_floor {
            Some(missing) => self.below_floor(judged, missing, &keys),
            None => self.above_floor(judged, edges),
        };
        let lost = judged.prior_margin.map_or(0, |prior| prior - margin);
        if lost > 0 {
            reasons.push(Reason {
                cause: Cause::Shrinking,
                margin: lost,
            });
        }
        Verdict {
            disposition,
            reasons,
            keys,
            below_floor,
        }
    }

    fn below_floor(
        &self,
        judged: &Judged<'_>,
        missing: Nanos,
        keys: &[KeyReason],
    ) -> (Disposition, Vec<Reason>) {
        let beyond = missing - self.reach(judged.statement);
        let helps = [KeyReason::Referral, KeyReason::OtherHelp];
        let (disposition, cause) = match beyond > 0 {
            false => (Disposition::Repair, Cause::WithinRepair),
            true if keys.iter().any(|key| helps.contains(key)) => {
                (Disposition::Repair, Cause::HelpsOtherwise)
            }
            true => (Disposition::Exit, Cause::BeyondRepair),
        };
        let margin = beyond.abs();
        (disposition, vec![Reason { cause, margin }])
    }

    fn above_floor(&self, judged: &Judged<'_>, edges: &Edges) -> (Disposition, Vec<Reason>) {
        let statement = judged.statement;
        let margin = statement.customer_margin;
        let elsewhere = self
            .opportunity_rate
            .map_or(0, |rate| time_value(statement.milli_minutes, rate));
        // Both before the cost of the time.
        let less = elsewhere - (margin + judged.time_cost);
        let profit = statement.net_profit;
        let decided = |disposition, cause, margin| (disposition, vec![Reason { cause, margin }]);
        if less > 0 {
            return decided(Disposition::Repair, Cause::BelowOpportunityRate, less);
        }
        if profit < 0 {
            let above = margin - self.floor;
            return decided(Disposition::Nurture, Cause::CoversOwnCost, above);
        }
        match edges.band(judged.place) {
            Band::Top => {
                let next = edges.top.map_or(0, |(_, next)| next.value);
                let top = Reason {
                    cause: Cause::TopBand,
                    margin: profit - next,
                };
                let more = judged.prior_margin.map_or(0, |prior| margin - prior);
                if more > 0 {
                    let growing = Reason {
                        cause: Cause::Growing,
                        margin: more,
                    };
                    return (Disposition::Invest, vec![growing, top]);
                }
                (Disposition::Keep, vec![top])
            }
            Band::Middle => {
                let worse = edges.bottom.map_or(0, |(_, worse)| worse.value);
                decided(Disposition::Nurture, Cause::MiddleBand, profit - worse)
            }
            Band::Bottom => decided(Disposition::Nurture, Cause::BottomBand, profit),
        }
    }
}

/// The revenue that would bring `gap` more at the present margin of the revenue, in nano-units, rounded half to even to
/// the micro-unit; `None` unless there is a gap, revenue and margin.
pub fn revenue_for(gap: Nanos, statement: &Statement) -> Option<Nanos> {
    let (revenue, margin) = (statement.net_revenue, statement.customer_margin);
    if gap <= 0 || revenue <= 0 || margin <= 0 {
        return None;
    }
    // In thousands of nano-units.
    Some(proportion(gap, revenue, margin * NANOS_PER_MICRO) * NANOS_PER_MICRO)
}

/// What working time costs, with premiums: the lines of the cost to serve that have minutes.
pub fn time_cost(lines: &[Line]) -> Nanos {
    let own = |line: &&Line| line.section == Section::CostToServe && line.milli_minutes.is_some();
    lines.iter().filter(own).map(|line| line.amount).sum()
}

/// The same days of the year before; `None` unless both ends are given.
pub fn year_before(period: &Period) -> Option<Period> {
    let before = |day: Day| Some(Day::from_date(day.date()?.saturating_sub(1.year())));
    Some(Period {
        start: Some(before(period.start?)?),
        end: Some(before(period.end?)?),
    })
}

/// The months before a day, the last first: each from a day to before the next.
pub fn months_before(end: Day, months: i32) -> Vec<(Day, Day)> {
    let Some(date) = end.date() else {
        return Vec::new();
    };
    let edge = |back: i32| Day::from_date(date.saturating_sub(back.months()));
    (0..months)
        .map(|back| (edge(back + 1), edge(back)))
        .collect()
}

/// How many whole months are between two days; none if the first is not before the second.
pub fn whole_months(from: Day, to: Day) -> i32 {
    let (Some(start), Some(end)) = (from.date(), to.date()) else {
        return 0;
    };
    let months = (i32::from(end.year()) - i32::from(start.year())) * 12 + i32::from(end.month())
        - i32::from(start.month());
    (months - i32::from(end.day() < start.day())).max(0)
}
