//! How much of each practical capacity was used, and what the rest costs: what nobody is charged for.

use super::{Service, report::check_range};
use crate::domain::{
    account::{Account, Sums, Weights},
    allocation::Allotment,
    cost_model::{CostModel, PoolPart},
    decimal::MILLI_PLACES,
    id::{PoolId, RoleId, TenantId},
    money::{Nanos, to_nanos},
    problem::Problem,
    question::{Order, RankQuestion, RowSelection, Scope},
    ranking::Direction,
};

/// Whose capacity it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// A role's.
    Role(RoleId),
    /// A time-driven pool's.
    Pool(PoolId),
}

/// How much of a capacity was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityUse {
    /// Whose it is.
    pub resource: Resource,
    /// What there is and what was used, both in `10^-places` minutes.
    pub available: i128,
    /// What was used.
    pub used: i128,
    /// The decimal places of both.
    pub places: u32,
    /// What it costs.
    pub cost: Nanos,
    /// What customers bear of it.
    pub used_cost: Nanos,
}

impl CapacityUse {
    /// What was not used.
    pub fn unused(&self) -> i128 {
        (self.available - self.used).max(0)
    }

    /// What nobody bears.
    pub fn unused_cost(&self) -> Nanos {
        (self.cost - self.used_cost).max(0)
    }
}

impl Service {
    /// How much of each capacity was used in a scope without filters, and the version of the cost model.
    pub async fn capacity_use(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        cost_model_version: Option<u64>,
    ) -> Result<(Vec<CapacityUse>, u64), Problem> {
        let model = self
            .cost_model_for(tenant, cost_model_version, scope)
            .await?;
        let pools = model.pool_parts(&scope.period);
        let pools: Vec<&PoolPart> = pools
            .iter()
            .filter(|part| capacity_of(part).is_some())
            .collect();
        let question = RankQuestion {
            scope: scope.clone(),
            order: Order {
                weights: Weights::default(),
                split: Vec::new(),
                driven: pools
                    .iter()
                    .filter_map(|part| part.driven().cloned())
                    .collect(),
                value_bears_split: false,
                direction: Direction::BestFirst,
            },
            beside: Vec::new(),
            rows: RowSelection::Places(Vec::new()),
        };
        let totals = self.store()?.rank(tenant, &question).await?.totals;
        let mut uses = of_roles(&model, &totals.ledger, scope);
        let by_pool = pools.into_iter().zip(&totals.driven);
        uses.extend(by_pool.filter_map(|(part, allotment)| of_pool(&model, part, allotment)));
        for one in &uses {
            check_range("capacity_cost", one.cost)?;
            check_range("used_cost", one.used_cost)?;
        }
        Ok((uses, model.version))
    }
}

fn capacity_of(part: &PoolPart) -> Option<i128> {
    part.driven()?.capacity
}

/// Thousandths of a minute times micro-units per minute are nano-units.
fn of_roles(model: &CostModel, ledger: &Sums, scope: &Scope) -> Vec<CapacityUse> {
    let roles = model.capacities.iter().map(|(role, capacity)| {
        let rate = i128::from(model.rate(role).unwrap_or(0));
        let available = i128::from(capacity.part(&scope.period));
        let own =
            |account: &Account| matches!(account, Account::Minutes(whose, _) if whose == role);
        let minutes = ledger.iter().filter(|(account, _)| own(account));
        let used: i128 = minutes.map(|(_, milli_minutes)| milli_minutes).sum();
        CapacityUse {
            resource: Resource::Role(role.clone()),
            available,
            used,
            places: MILLI_PLACES,
            cost: available * rate,
            used_cost: used * rate,
        }
    });
    roles.collect()
}

fn of_pool(model: &CostModel, part: &PoolPart, allotment: &Allotment) -> Option<CapacityUse> {
    let policy = &model.pools.get(&part.pool)?.policy;
    Some(CapacityUse {
        resource: Resource::Pool(part.pool.clone()),
        available: capacity_of(part)?,
        used: allotment.quantity,
        places: policy.places(),
        cost: to_nanos(part.amount),
        used_cost: to_nanos(allotment.amount),
    })
}
