//! Where all customers stand under several cost models or policies, side by side.

use super::{
    Service,
    report::{Costs, check_range, footing},
};
use crate::domain::{
    account::Sums,
    cost_model::{CostModel, cost_pool_not_found},
    id::{PartyId, PoolId, TenantId},
    money::{Micros, Nanos, to_nanos},
    party::Party,
    policy::Policy,
    problem::{Problem, Reason},
    question::{RankQuestion, RankRow, RowSelection, Scope},
    ranking::{Basis, Direction},
    receivables::cost::Part,
    standing::{Differences, Standing, differences, most_moved},
};
use std::{mem, sync::Arc};

/// How many rows are asked for at once.
const ROWS_AT_ONCE: u64 = 10_000;

/// All customers under some ways of allocating. It holds two numbers of 16 bytes and a place for each customer and way.
#[derive(Debug, Clone)]
pub struct Compared {
    /// What each way comes to.
    pub outcomes: Vec<AllocationOutcome>,
    /// Those whose net profits differ the most.
    pub customers: Vec<ComparedCustomer>,
    /// How many customers are active.
    pub active: u64,
    /// The version of the cost model that the first way is of.
    pub cost_model_version: u64,
}

/// What a way of allocating comes to.
#[derive(Debug, Clone)]
pub struct AllocationOutcome {
    /// By what all compared pools are allocated; `None` if each has its own policy.
    pub policy: Option<Policy>,
    /// What the active customers bear.
    pub allocated: Nanos,
    /// What nobody bears.
    pub unallocated: Nanos,
    /// All net profits added up.
    pub net_profit: Nanos,
    /// How many customers are below zero.
    pub negative: u64,
    /// What differs from the first way.
    pub differences: Differences,
}

/// One customer under all ways.
#[derive(Debug, Clone)]
pub struct ComparedCustomer {
    /// Who.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// One for each way.
    pub standings: Vec<Standing>,
}

/// What policies to compare, on which pools.
#[derive(Debug, Clone)]
pub struct PolicyComparison {
    /// Without filters: all active customers bear a pool.
    pub scope: Scope,
    /// Which version of the cost model.
    pub cost_model_version: Option<u64>,
    /// Only these pools; all if none is named.
    pub pools: Vec<PoolId>,
    /// By what.
    pub policies: Vec<Policy>,
    /// How many customers to tell of at most.
    pub limit: usize,
}

/// Everybody under one way, in the order of their ids.
pub(super) struct Everybody {
    pub customers: Vec<Known>,
    pub standings: Vec<Standing>,
    pub outcome: AllocationOutcome,
    pub active: u64,
    /// The sums of everybody together.
    pub sums: Sums,
    /// What the receivables of everybody together cost beside what was written off, in micro-units.
    pub receivables: Vec<(Part, Micros)>,
}

impl Service {
    /// Sets policies side by side with the pools as they are.
    pub async fn compare_policies(
        &self,
        tenant: &TenantId,
        asked: &PolicyComparison,
    ) -> Result<Compared, Problem> {
        let model = self
            .cost_model_for(tenant, asked.cost_model_version, &asked.scope)
            .await?;
        if let Some(unknown) = asked
            .pools
            .iter()
            .find(|pool| !model.pools.contains_key(*pool))
        {
            return Err(cost_pool_not_found(unknown, &model).about("pool_ids"));
        }
        let mut ways = vec![(None, Arc::clone(&model))];
        for policy in &asked.policies {
            let mut changed = CostModel::clone(&model);
            for (id, pool) in &mut changed.pools {
                if asked.pools.is_empty() || asked.pools.contains(id) {
                    pool.policy = policy.clone();
                }
            }
            ways.push((Some(policy.clone()), Arc::new(changed)));
        }
        self.compare(tenant, &asked.scope, ways, asked.limit).await
    }

    /// Sets a cost model that is not stored side by side with the one that reports of a period use now.
    pub async fn preview(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        model: &CostModel,
        limit: usize,
    ) -> Result<Compared, Problem> {
        let before = self.cost_model_for(tenant, None, scope).await?;
        let ways = vec![(None, before), (None, Arc::new(model.clone()))];
        self.compare(tenant, scope, ways, limit).await
    }

    async fn compare(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        ways: Vec<(Option<Policy>, Arc<CostModel>)>,
        limit: usize,
    ) -> Result<Compared, Problem> {
        let version = ways.first().map_or(0, |(_, model)| model.version);
        let (mut lists, mut outcomes) = (Vec::new(), Vec::new());
        let (mut customers, mut active) = (Vec::new(), 0);
        for (policy, model) in ways {
            let mut everybody = self.everybody(tenant, scope, model).await?;
            if lists.is_empty() {
                customers = mem::take(&mut everybody.customers);
                active = everybody.active;
            } else if !is_same(&customers, &everybody.customers) {
                return Err(other_customers());
            }
            let own = everybody.standings;
            let first = lists.first().unwrap_or(&own);
            outcomes.push(AllocationOutcome {
                policy,
                differences: differences(first, &own),
                ..everybody.outcome
            });
            lists.push(own);
        }
        let told = most_moved(&lists, limit).into_iter().map(|place| {
            let (customer, party) = customers[place].clone();
            ComparedCustomer {
                customer,
                party,
                standings: lists.iter().map(|list| list[place]).collect(),
            }
        });
        Ok(Compared {
            customers: told.collect(),
            outcomes,
            active,
            cost_model_version: version,
        })
    }

    pub(super) async fn everybody(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        model: Arc<CostModel>,
    ) -> Result<Everybody, Problem> {
        let costs = self.costs_by(tenant, model, scope).await?;
        let order = costs.order(Basis::NetProfit, Direction::BestFirst);
        let (mut rows, mut from) = (Vec::new(), 0);
        let totals = loop {
            let question = RankQuestion {
                scope: scope.clone(),
                order: order.clone(),
                beside: Vec::new(),
                rows: RowSelection::Places(std::iter::once(from..from + ROWS_AT_ONCE).collect()),
            };
            let answer = self.store()?.rank(tenant, &question).await?;
            rows.extend(answer.rows.into_iter().map(|row| standing_of(row, &costs)));
            from += ROWS_AT_ONCE;
            if from >= answer.totals.customers {
                break answer.totals;
            }
        };
        let footing = footing(&costs, &order, &totals)?;
        // They are the last of what is driven.
        let parts = costs.receivables.parts.iter().rev();
        let allotted = parts.zip(totals.driven.iter().rev());
        let receivables = allotted.map(|((part, _), allotment)| (*part, allotment.amount));
        let receivables = receivables.collect();
        for (_, _, standing) in &rows {
            check_range("net_profit", standing.net_profit)?;
            check_range("allocated_fixed_cost", standing.allocated)?;
        }
        rows.sort_unstable_by(|(one, ..), (other, ..)| one.cmp(other));
        let standings = rows.iter().map(|(_, _, standing)| *standing).collect();
        let customers = rows.into_iter().map(|(id, party, _)| (id, party));
        Ok(Everybody {
            customers: customers.collect(),
            standings,
            outcome: AllocationOutcome {
                policy: None,
                allocated: footing.allocated_fixed_cost,
                unallocated: footing.unallocated_fixed_cost,
                net_profit: footing.control_total.reported,
                negative: totals.negative,
                differences: Differences::default(),
            },
            active: totals.active,
            sums: totals.ledger,
            receivables,
        })
    }
}

fn standing_of(row: RankRow, costs: &Costs) -> (PartyId, Option<Arc<Party>>, Standing) {
    let standing = Standing {
        place: row.place,
        net_profit: row.value,
        allocated: costs
            .divided(&row.shares)
            .0
            .iter()
            .map(|share| to_nanos(*share))
            .sum(),
    };
    (row.customer, row.party, standing)
}

/// A customer, and the party if one is stored.
pub(super) type Known = (PartyId, Option<Arc<Party>>);

fn is_same(one: &[Known], other: &[Known]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|((a, _), (b, _))| a == b)
}

/// The same state has the same customers, whatever they bear.
fn other_customers() -> Problem {
    let message = "the customers of one state differ between two questions".to_owned();
    Problem::new(Reason::ReportDoesNotTie, "", message, [])
}
