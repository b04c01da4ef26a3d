//! What working time and running the business cost: capacity cost rates and cost pools.

use super::{
    account::{Account, Sums, WorkPurpose},
    allocation::Driven,
    id::{PoolId, RequestId, RoleId},
    money::{Micros, NANOS_PER_MICRO, Nanos, divide_half_even},
    policy::{Part, Policy},
    premium::EffortPremium,
    problem::{Problem, Reason},
    receivables::cost::ReceivablesRates,
    time::{Day, Instant, Period},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// A version of the cost model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CostModel {
    /// 1 for the first; 0 is the empty one that every tenant begins with.
    pub version: u64,
    /// When it was stored; `None` for the empty one.
    pub record_time: Option<Instant>,
    /// What a minute of each role costs, in micro-units: the cost of its capacity over its practical capacity in
    /// minutes (Kaplan and Anderson, "Time-Driven Activity-Based Costing", Harvard Business Review, November 2004).
    pub rates: BTreeMap<RoleId, Micros>,
    /// Fixed costs.
    pub pools: BTreeMap<PoolId, CostPool>,
    /// Why it was made.
    pub note: String,
    /// The first day that it is meant for; `None` for all days. What was added later has a default, which earlier ones
    /// are read with.
    #[serde(default)]
    pub effective_from: Option<Day>,
    /// How much time there is of some roles.
    #[serde(default)]
    pub capacities: BTreeMap<RoleId, RoleCapacity>,
    /// What receivables cost beside what is written off; nothing if it is not told.
    #[serde(default)]
    pub receivables: Option<ReceivablesRates>,
    /// What minutes cost more under some circumstances, in their order, each role and circumstance once.
    #[serde(default)]
    pub premiums: Vec<EffortPremium>,
    /// Whether a report is made with it in another currency than that of the books. Never stored.
    #[serde(skip)]
    pub is_restated: bool,
}

/// The practical capacity of a role: the minutes that are paid for, less breaks, training and the like (Kaplan and
/// Anderson, 2004).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleCapacity {
    /// Over its whole period, in thousandths of a minute; above zero.
    pub milli_minutes: i64,
    /// Its first day.
    pub start: Day,
    /// The day after its last.
    pub end: Day,
}

impl RoleCapacity {
    /// The part that falls into a period, by days, in thousandths of a minute.
    pub fn part(&self, period: &Period) -> i64 {
        part_of(self.milli_minutes, (self.start, self.end), period)
    }
}

/// The part of anything that is spread over the days from the first to before the second that falls into a period.
fn part_of(whole: i64, (start, end): (Day, Day), period: &Period) -> i64 {
    let Some((from, to)) = period.overlap(start, end) else {
        return 0;
    };
    let days = i128::from(end.0) - i128::from(start.0);
    let until = |day: Day| {
        let elapsed = i128::from(day.0) - i128::from(start.0);
        divide_half_even(i128::from(whole) * elapsed, days)
    };
    // Between zero and the whole, which is an i64.
    i64::try_from(until(to) - until(from)).unwrap_or(whole)
}

/// A fixed cost with a period. What was added later has a default, which earlier ones are read with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostPool {
    /// What it costs over its whole period, in micro-units.
    pub amount: Micros,
    /// Its first day.
    pub start: Day,
    /// The day after its last.
    pub end: Day,
    /// How it is allocated to customers.
    #[serde(default)]
    pub policy: Policy,
    /// What it is made of, if that is told: the items' amounts add up to the pool's.
    #[serde(default)]
    pub items: BTreeMap<String, Micros>,
}

/// The part of a pool that falls into a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolPart {
    /// Which pool.
    pub pool: PoolId,
    /// How much of it, in micro-units.
    pub amount: Micros,
    /// What becomes of it.
    pub part: Part,
}

impl PoolPart {
    /// What goes by a driver, if it does.
    pub fn driven(&self) -> Option<&Driven> {
        match &self.part {
            Part::Driven(driven) => Some(driven),
            Part::Split(_) => None,
        }
    }
}

impl CostPool {
    /// The part that falls into a period, by days.
    ///
    /// It is the difference of two points of one cumulative curve, rounded half to even at each point, so that the
    /// parts of adjoining periods add up to the part of their union, and all parts to the whole.
    pub fn part(&self, period: &Period) -> Micros {
        self.part_of(self.amount, period)
    }

    /// The same of anything that is spread over the pool's days.
    fn part_of(&self, whole: i64, period: &Period) -> i64 {
        part_of(whole, (self.start, self.end), period)
    }

    /// What becomes of its part that falls into a period.
    pub fn allocation(&self, costs: &CostModel, period: &Period) -> Part {
        let capacity = |whole| self.part_of(whole, period);
        self.policy.part(self.part(period), costs, capacity)
    }
}

/// One customer's part of an amount that is split equally over `count` customers.
///
/// `index` is the customer's place among them by id, from 0, whatever the question. The first `amount mod count` of
/// them bear one micro-unit more, so that the parts add up to the amount.
pub fn equal_share(amount: Micros, count: u64, index: u64) -> Micros {
    assert!(index < count, "a share belongs to one of the customers");
    let (amount, count, index) = (i128::from(amount), i128::from(count), i128::from(index));
    let share = amount.div_euclid(count) + i128::from(index < amount.rem_euclid(count));
    // Not greater than the amount, which is an i64.
    Micros::try_from(share).unwrap_or(Micros::MAX)
}

impl CostModel {
    /// The cost of a minute of a role, in micro-units.
    pub fn rate(&self, role: &RoleId) -> Option<Micros> {
        self.rates.get(role).copied()
    }

    /// What each account that is working time costs per thousandth of a minute, in nano-units: micro-units per minute
    /// are nano-units per thousandth of a minute. A role without a rate costs nothing here, and is named in the
    /// answer.
    ///
    /// Where a report is restated, each piece of working time costs what it cost on its own day, which is counted under
    /// an account of its own.
    pub fn minute_weights(&self) -> impl Iterator<Item = (Account, i128)> {
        let weight = |role: &RoleId, rate: Micros, purpose| match self.is_restated {
            false => (Account::Minutes(role.clone(), purpose), i128::from(rate)),
            true => (
                Account::RestatedWork(role.clone(), purpose),
                NANOS_PER_MICRO,
            ),
        };
        self.rates.iter().flat_map(move |(role, rate)| {
            WorkPurpose::all().map(move |purpose| weight(role, *rate, purpose))
        })
    }

    /// What working time cost, and the rate behind it, if there is one rate.
    pub fn work_cost(
        &self,
        sums: &Sums,
        (role, purpose): (&RoleId, WorkPurpose),
        milli_minutes: i128,
    ) -> (Nanos, Option<Micros>) {
        if self.is_restated {
            let account = Account::RestatedWork(role.clone(), purpose);
            return (sums.get(&account) * NANOS_PER_MICRO, None);
        }
        let rate = self.rate(role);
        (milli_minutes * i128::from(rate.unwrap_or(0)), rate)
    }

    /// The parts of the pools that fall into a period: those that are split over everybody, in the order of their ids,
    /// and then those of anything that go by a driver, in the same order.
    pub fn pool_parts(&self, period: &Period) -> Vec<PoolPart> {
        let parts = self.pools.iter().map(|(id, pool)| PoolPart {
            pool: id.clone(),
            amount: pool.part(period),
            part: pool.allocation(self, period),
        });
        let (driven, mut all): (Vec<_>, Vec<_>) = parts.partition(|part| part.driven().is_some());
        all.extend(driven.into_iter().filter(|part| part.amount != 0));
        all
    }

    /// Whether it says the same as another, whatever their versions and times.
    pub fn same_content(&self, other: &Self) -> bool {
        self.rates == other.rates
            && self.pools == other.pools
            && self.note == other.note
            && self.effective_from == other.effective_from
            && self.capacities == other.capacities
            && self.receivables == other.receivables
            && self.premiums == other.premiums
    }
}

/// Of all versions, the one that holds on the last day of a period: of those that begin no later the one that begins
/// last, and of several the newest. A period without an end has every day.
pub fn in_force(models: &[Arc<CostModel>], period: &Period) -> Arc<CostModel> {
    let begun = |model: &&Arc<CostModel>| match (model.effective_from, period.end) {
        (Some(from), Some(end)) => from < end,
        (None, _) | (_, None) => true,
    };
    let begun = models.iter().filter(begun);
    let holding = begun.max_by_key(|model| (model.effective_from, model.version));
    holding.map(Arc::clone).unwrap_or_default()
}

/// A cost model that a client wants to store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostModelDraft {
    /// The model; its version and time are set by the store.
    pub model: CostModel,
    /// The idempotency key of the request.
    pub request_id: RequestId,
    /// Refused unless the newest version is this one.
    pub expected_version: Option<u64>,
}

/// There is no such version.
pub fn cost_model_not_found(version: u64, newest: u64) -> Problem {
    let message = format!("there is no cost model version {version}, the newest is {newest}");
    let variables = [
        ("version", version.to_string()),
        ("newest", newest.to_string()),
    ];
    Problem::new(
        Reason::CostModelNotFound,
        "cost_model_version",
        message,
        variables,
    )
}

/// The cost model has no such pool.
pub fn cost_pool_not_found(pool: &PoolId, costs: &CostModel) -> Problem {
    let version = costs.version;
    let message = format!("cost model version {version} has no pool {pool}");
    let variables = [
        ("pool_id", pool.to_string()),
        ("cost_model_version", version.to_string()),
    ];
    Problem::new(Reason::CostPoolNotFound, "pool_id", message, variables)
}

/// Somebody stored a cost model since.
pub fn cost_model_changed(expected: u64, newest: u64) -> Problem {
    let message = format!("the newest cost model is version {newest}, not {expected}");
    let variables = [
        ("expected_version", expected.to_string()),
        ("newest", newest.to_string()),
    ];
    Problem::new(
        Reason::CostModelChanged,
        "expected_version",
        message,
        variables,
    )
}

/// The request id was used with other content.
pub fn request_id_reused(request_id: &RequestId) -> Problem {
    let message = format!("request_id {request_id} was used with another cost model");
    let variables = [("request_id", request_id.to_string())];
    Problem::new(Reason::RequestIdReused, "request_id", message, variables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_version_holds_from_its_day_on() {
        let versions = [None, None, Some(Day(10)), Some(Day(5)), None, Some(Day(10))];
        let models = (0..).zip(versions).map(|(version, effective_from)| {
            Arc::new(CostModel {
                version,
                effective_from,
                ..CostModel::default()
            })
        });
        let models: Vec<_> = models.collect();
        let holding = |end: Option<i32>| {
            let end = end.map(Day);
            in_force(&models, &Period { start: None, end }).version
        };
        // The last day is the one before the end.
        assert_eq!([5, 6, 10, 11].map(|end| holding(Some(end))), [4, 3, 3, 5]);
        assert_eq!(holding(None), 5);
        assert_eq!(in_force(&models[..2], &Period::ALL).version, 1);
        assert_eq!(in_force(&[], &Period::ALL).version, 0);
    }

    proptest! {
        #[test]
        fn shares_add_up_to_the_amount(amount in 0..=i64::MAX, count in 1..500_u64) {
            let sum: i128 = (0..count).map(|i| i128::from(equal_share(amount, count, i))).sum();
            prop_assert_eq!(sum, i128::from(amount));
        }

        #[test]
        fn the_parts_of_adjoining_periods_add_up(
            amount in 0..=i64::MAX, length in 1..5_000, a in -100..6_000, b in -100..6_000, c in -100..6_000,
        ) {
            let mut days = [a, b, c];
            days.sort_unstable();
            let (policy, items) = (Policy::default(), BTreeMap::new());
            let pool = CostPool { amount, start: Day(0), end: Day(length), policy, items };
            let part = |from: i32, to: i32| pool.part(&Period { start: Some(Day(from)), end: Some(Day(to)) });
            prop_assert_eq!(part(days[0], days[1]) + part(days[1], days[2]), part(days[0], days[2]));
            prop_assert_eq!(pool.part(&Period::ALL), amount);
        }
    }
}
