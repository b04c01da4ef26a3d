//! Cost models by chance, with every policy.

use crate::{
    generate::{DAYS, sample},
    relationship::premiums,
    words::*,
};
use profitscore::domain::{
    cost_model::{CostModel, CostPool},
    id::PoolId,
    policy::{Capacity, Cause, Happening, Policy, Population, Proportion},
    receivables::cost::ReceivablesRates,
    time::Day,
};
use proptest::{prelude::*, test_runner::TestRunner};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// All policies, each in all its ways.
fn policies(runner: &mut TestRunner) -> Vec<Policy> {
    let happenings = [
        Happening::Sale,
        Happening::Unit,
        Happening::Invoice,
        Happening::Complaint,
        Happening::SpecialDemand,
    ];
    let supplied = [("aa", 3), ("b", 7), ("nobody", 9)];
    let supplied = supplied
        .map(|(id, quantity)| (party_id(id), quantity))
        .into();
    let capacity = |milli_minutes, equation: &[(Happening, i64)]| Capacity {
        milli_minutes,
        roles: BTreeSet::new(),
        equation: equation.iter().copied().collect(),
    };
    let mut policies = vec![
        Policy::EqualPerCustomer(Population::Active),
        Policy::EqualPerCustomer(Population::Buying),
        Policy::Proportional(Proportion::Spend),
        Policy::Proportional(Proportion::Revenue),
        Policy::Proportional(Proportion::ContributionMargin),
        Policy::Driver(Cause::Minutes(BTreeSet::new())),
        Policy::Driver(Cause::Minutes([role("ENGINEER")].into())),
        Policy::Driver(Cause::Supplied(Arc::new(supplied))),
        Policy::TimeDriven(capacity(None, &[])),
        Policy::TimeDriven(capacity(Some(sample(runner, 1_i64..100_000_000)), &[])),
        Policy::TimeDriven(capacity(
            Some(sample(runner, 1_i64..1_000_000)),
            &[(Happening::Sale, 4_000), (Happening::Unit, 333)],
        )),
    ];
    policies.extend(happenings.map(|one| Policy::Driver(Cause::Happened(one))));
    policies
}

/// A cost model with some rates, and a pool for each policy.
pub fn costs(runner: &mut TestRunner) -> CostModel {
    let mut model = rates([]);
    for id in ["CLERK", "DRIVER"] {
        model
            .rates
            .insert(role(id), sample(runner, 0_i64..5_000_000));
    }
    for (number, policy) in (0..).zip(policies(runner)) {
        let pool = pool(runner, policy);
        model.pools.insert(pool_id(&format!("P{number:02}")), pool);
    }
    model.premiums = sample(runner, premiums());
    model
}

/// The same with what receivables cost. That is borne by customer and by nothing else: what days, branches and products
/// come to knows nothing of it.
pub fn costs_with_receivables(runner: &mut TestRunner) -> CostModel {
    CostModel {
        receivables: Some(ReceivablesRates {
            capital_per_year: sample(runner, 1_i64..200_000),
            provision: [0, 1, 20_000, 500_000, 1_000_000],
        }),
        ..costs(runner)
    }
}

pub fn pool_id(id: &str) -> PoolId {
    PoolId::parse(id, "").unwrap()
}

pub fn pool(runner: &mut TestRunner, policy: Policy) -> CostPool {
    let start = sample(runner, -3..DAYS);
    CostPool {
        amount: sample(runner, prop_oneof![0_i64..20, 0_i64..1_000_000_000_000]),
        start: Day(start),
        end: Day(start + sample(runner, 1..DAYS)),
        policy,
        items: BTreeMap::new(),
    }
}
