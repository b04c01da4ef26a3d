//! How the cost pools were allocated, customer by customer.

use super::{Service, report::check_range};
use crate::domain::{
    account::Weights,
    allocation::{Allotment, Driven},
    cost_model::{CostModel, CostPool, cost_pool_not_found, equal_share},
    id::{PartyId, PoolId, TenantId},
    money::{Micros, to_nanos},
    party::Party,
    policy::{Part, Policy},
    problem::Problem,
    question::{Order, RankAnswer, RankQuestion, RankRow, RowSelection, Scope},
    ranking::Direction,
};
use std::{ops::Range, sync::Arc};

/// How a pool was allocated.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The version of the cost model.
    pub cost_model_version: u64,
    /// By what.
    pub policy: Policy,
    /// The part of the pool that falls into the period, in micro-units.
    pub amount: Micros,
    /// How much of it all active customers bear, over which quantity.
    pub allotment: Allotment,
    /// The quantity that the whole of it would be enough for.
    pub capacity: Option<i128>,
    /// How many customers are active.
    pub active: u64,
    /// The wanted shares.
    pub shares: Vec<TracedShare>,
}

/// What one customer bears.
#[derive(Debug, Clone)]
pub struct TracedShare {
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// Its driver quantity.
    pub quantity: i128,
    /// What it bears, in micro-units, the remainder included.
    pub share: Micros,
    /// What it bears of what rounding left over, in micro-units.
    pub remainder: Micros,
}

impl Service {
    /// Shows how a pool was allocated to the customers at some places, in the order of their ids. `scope` has no
    /// filters: all active customers bear a pool.
    pub async fn trace(
        &self,
        tenant: &TenantId,
        scope: Scope,
        pool: &PoolId,
        cost_model_version: Option<u64>,
        places: Range<u64>,
    ) -> Result<Trace, Problem> {
        let model = self
            .cost_model_for(tenant, cost_model_version, &scope)
            .await?;
        let found = (model.pools.get(pool)).ok_or_else(|| cost_pool_not_found(pool, &model))?;
        let part = found.allocation(&model, &scope.period);
        let amount = found.part(&scope.period);
        let question = question(scope, &part, places);
        let answer = self.store()?.rank(tenant, &question).await?;
        let trace = Trace::of(&model, found, &part, amount, answer);
        for share in &trace.shares {
            check_range("shares.share", to_nanos(share.share))?;
        }
        Ok(trace)
    }
}

/// Where nothing weighs anything, customers stand by id.
fn question(scope: Scope, part: &Part, places: Range<u64>) -> RankQuestion {
    let mut order = Order {
        weights: Weights::default(),
        split: Vec::new(),
        driven: Vec::new(),
        value_bears_split: false,
        direction: Direction::BestFirst,
    };
    match part {
        Part::Split(amount) => order.split.push(*amount),
        Part::Driven(driven) => order.driven.push(driven.clone()),
    }
    RankQuestion {
        scope,
        order,
        beside: Vec::new(),
        rows: RowSelection::Places(vec![places]),
    }
}

impl Trace {
    fn of(
        model: &CostModel,
        pool: &CostPool,
        part: &Part,
        amount: Micros,
        answer: RankAnswer,
    ) -> Self {
        let active = answer.totals.active;
        let allotment = match part {
            Part::Split(amount) => Allotment {
                amount: if active == 0 { 0 } else { *amount },
                quantity: i128::from(active),
            },
            // A store tells one for each amount that was asked.
            Part::Driven(_) => answer.totals.driven.first().copied().unwrap_or_default(),
        };
        let shares = answer.rows.into_iter().map(|row| match part {
            Part::Split(amount) => equal(row, *amount, active),
            Part::Driven(driven) => by_driver(row, driven, &allotment),
        });
        Self {
            cost_model_version: model.version,
            policy: pool.policy.clone(),
            amount,
            allotment,
            capacity: match part {
                Part::Split(_) => None,
                Part::Driven(driven) => driven.capacity,
            },
            active,
            shares: shares.collect(),
        }
    }
}

fn equal(row: RankRow, amount: Micros, active: u64) -> TracedShare {
    // The last bears nothing of what rounding left over.
    let least = equal_share(amount, active.max(1), active.max(1) - 1);
    share_of(row, 1, least)
}

fn by_driver(row: RankRow, driven: &Driven, allotment: &Allotment) -> TracedShare {
    let quantity = driven.driver.quantity(&row.customer, &row.sums);
    share_of(row, quantity, allotment.part(quantity))
}

fn share_of(row: RankRow, quantity: i128, part: Micros) -> TracedShare {
    // A store tells one for each amount that was asked.
    let share = row.shares.first().copied().unwrap_or(0);
    TracedShare {
        customer: row.customer,
        party: row.party,
        quantity,
        share,
        remainder: share - part,
    }
}
