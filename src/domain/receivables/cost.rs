//! What receivables cost: the capital that is bound in them, and what is provided for their loss.
//!
//! Both are differences of two points of a curve that depends on the day alone, each rounded half to even to the
//! micro-unit, so that the costs of adjoining periods add up to the cost of their union.

use super::{
    Event, ReceivablesAnswer,
    ageing::{BUCKETS, ageing},
    end_of_all,
    settlement::{Settlement, days_between},
};
use crate::domain::{
    allocation::{Driven, Driver},
    id::PartyId,
    money::{Micros, divide_half_even},
    problem::{Problem, Reason},
    time::{Day, Period},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Rates are in millionths.
const MILLIONTHS: i128 = 1_000_000;
/// The days of a year of interest: actual days over 365, leap years too ("Actual/365 Fixed", ISDA Definitions 2006,
/// section 4.16 (d)).
const DAYS_OF_A_YEAR: i128 = 365;

/// What receivables cost, as a part of a cost model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReceivablesRates {
    /// What capital costs in a year of 365 days, in millionths of it.
    pub capital_per_year: i64,
    /// What is provided for the loss of what is open in each bucket, in millionths of it.
    pub provision: [i64; BUCKETS],
}

/// What the receivables of one customer cost in a period, in micro-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceivablesCost {
    /// The cost of the capital that is bound.
    pub carrying: Micros,
    /// By how much the provision rose; below zero if it fell.
    pub provision_change: Micros,
}

impl ReceivablesRates {
    /// What the capital that was bound before a day cost, in micro-units: of each day what was open at its end, times
    /// the rate of a year, over 365.
    pub fn carrying_before(&self, events: &[Event], before: Day) -> i128 {
        let (mut owed, mut bound, mut since) = (0_i128, 0_i128, None);
        let mut events = events.iter().filter(|event| event.day < before).peekable();
        while let Some(event) = events.next() {
            bound += owed.max(0) * since.map_or(0, |since| days_between(since, event.day));
            since = Some(event.day);
            owed += event.raises();
            while let Some(more) = events.next_if(|more| more.day == event.day) {
                owed += more.raises();
            }
        }
        bound += owed.max(0) * since.map_or(0, |since| days_between(since, before));
        let cost = bound * i128::from(self.capital_per_year);
        divide_half_even(cost, MILLIONTHS * DAYS_OF_A_YEAR)
    }

    /// What is provided as of the end of the day before a day, in micro-units.
    pub fn provision_before(&self, events: &[Event], before: Day) -> i128 {
        let buckets = ageing(&Settlement::of(events, before), before);
        let parts = buckets.iter().zip(self.provision);
        let sum: i128 = parts.map(|(owed, rate)| owed.open * i128::from(rate)).sum();
        divide_half_even(sum, MILLIONTHS)
    }

    /// What the receivables of one customer cost from a day, or ever, to before another.
    pub fn cost(
        &self,
        events: &[Event],
        start: Option<Day>,
        end: Day,
    ) -> Result<ReceivablesCost, Problem> {
        let change = |point: &dyn Fn(Day) -> i128| {
            let change = point(end) - start.map_or(0, point);
            Micros::try_from(change).map_err(|_| out_of_range())
        };
        Ok(ReceivablesCost {
            carrying: change(&|day| self.carrying_before(events, day))?,
            provision_change: change(&|day| self.provision_before(events, day))?,
        })
    }

    /// What the receivables of all customers cost in a period. One without an end ends with the last day on which
    /// anything happened to anybody's receivables.
    pub fn costs(
        &self,
        events: &ReceivablesAnswer,
        period: &Period,
    ) -> Result<ReceivablesCosts, Problem> {
        let mut costs = ReceivablesCosts::default();
        let Some(end) = period.end.or_else(|| end_of_all(events)) else {
            return Ok(costs);
        };
        // Of nothing but days after the last event there is no cost.
        let start = period.start.map(|start| start.min(end));
        let mut by_part = [const { BTreeMap::new() }; Part::ALL.len()];
        for (customer, events) in events {
            let cost = self.cost(events, start, end)?;
            for (part, amounts) in Part::ALL.iter().zip(&mut by_part) {
                let amount = part.of(&cost);
                if amount != 0 {
                    amounts.insert(customer.clone(), amount);
                }
            }
        }
        for (part, amounts) in Part::ALL.into_iter().zip(by_part) {
            if !amounts.is_empty() {
                costs.parts.push((part, driven(part, amounts)?));
            }
        }
        Ok(costs)
    }
}

/// A part of what receivables cost. Each customer's is an amount of one sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The cost of the capital that is bound.
    Carrying,
    /// The provision, of those for whom it rose.
    Provision,
    /// The provision, of those for whom it fell: it takes from their cost.
    Release,
}

impl Part {
    /// All of them, in the order in which a row tells them.
    pub const ALL: [Self; 3] = [Self::Carrying, Self::Provision, Self::Release];

    /// How much of a cost it is, zero or more.
    fn of(self, cost: &ReceivablesCost) -> Micros {
        match self {
            Self::Carrying => cost.carrying.max(0),
            Self::Provision => cost.provision_change.max(0),
            Self::Release => cost.provision_change.min(0).saturating_neg(),
        }
    }

    /// Whether it takes from the cost.
    fn is_release(self) -> bool {
        self == Self::Release
    }
}

/// What the receivables of all customers cost in a period, as amounts that go by what they themselves are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceivablesCosts {
    /// The parts that are not nothing, in their order.
    pub parts: Vec<(Part, Driven)>,
}

/// An amount of which each customer bears exactly its own: supplied quantities that are as many as the amount has
/// micro-units. A question is about active customers; what the others cost is allocated to nobody, by the capacity.
fn driven(part: Part, amounts: BTreeMap<PartyId, Micros>) -> Result<Driven, Problem> {
    let total: i128 = amounts.values().map(|amount| i128::from(*amount)).sum();
    let amount = Micros::try_from(total).map_err(|_| out_of_range())?;
    Ok(Driven {
        amount: if part.is_release() { -amount } else { amount },
        driver: Driver::Supplied(Arc::new(amounts)),
        capacity: Some(total),
    })
}

fn out_of_range() -> Problem {
    let figure = "receivables_cost";
    let message = format!("{figure} is too large for an amount of money");
    let variables = [("figure", figure.to_owned())];
    Problem::new(Reason::SumOutOfRange, "", message, variables)
}
