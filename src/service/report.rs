//! What every report has in common: the costs that it used, its totals, and the proof that it ties to the books.

use super::{Service, restating::Restating};
use crate::domain::{
    account::Sums,
    allocation::Allotment,
    cost_model::{CostModel, PoolPart},
    id::{RoleId, TenantId},
    money::{Micros, NANOS_PER_MICRO, NANOS_PER_UNIT, Nanos, to_nanos},
    policy::Part,
    problem::{Problem, Reason},
    question::{Order, RankTotals, Scope},
    ranking::{Basis, Direction},
    receivables::cost::{Part as ReceivablesPart, ReceivablesCosts},
    statement::{Statement, unrated_minutes},
};
use std::{collections::BTreeMap, sync::Arc};

/// The costs that a report uses.
#[derive(Debug, Clone)]
pub struct Costs {
    /// The version of the cost model.
    pub model: Arc<CostModel>,
    /// The parts of its pools that fall into the period. Empty if the question has branches, since nothing says
    /// which part a branch causes.
    /// Those that are split over everybody come first, so that their order is that of a row's shares.
    pub pool_parts: Vec<PoolPart>,
    /// What receivables cost beside what is written off, by customer: nothing if the cost model does not tell, or if
    /// the question has branches. After the pools, so that their order is that of a row's shares.
    pub receivables: Arc<ReceivablesCosts>,
    /// How they came to be in another currency than that of the books, if they did.
    pub restating: Option<Arc<Restating>>,
}

impl Costs {
    /// The order by a basis.
    pub fn order(&self, basis: Basis, direction: Direction) -> Order {
        let mut order = Order {
            weights: basis.weights(&self.model),
            split: Vec::new(),
            driven: Vec::new(),
            value_bears_split: basis.bears_fixed_costs(),
            direction,
        };
        for part in &self.pool_parts {
            match &part.part {
                Part::Split(amount) => order.split.push(*amount),
                Part::Driven(driven) => order.driven.push(driven.clone()),
            }
        }
        let receivables = self.receivables.parts.iter();
        order
            .driven
            .extend(receivables.map(|(_, driven)| driven.clone()));
        order
    }

    /// A row's shares of the pools, and what its receivables cost.
    pub fn divided<'s>(
        &'s self,
        shares: &'s [Micros],
    ) -> (
        &'s [Micros],
        impl Iterator<Item = (ReceivablesPart, Micros)> + 's,
    ) {
        let (pools, rest) = shares.split_at(shares.len().min(self.pool_parts.len()));
        let parts = self.receivables.parts.iter().map(|(part, _)| *part);
        (pools, parts.zip(rest.iter().copied()))
    }
}

/// The proof that a report is complete: `ledger` was made without looking at customers, and equals `reported` plus
/// `filtered_out`. In nano-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ControlTotal {
    /// The books' total.
    pub ledger: Nanos,
    /// The total of the report.
    pub reported: Nanos,
    /// The total of what the filter left out.
    pub filtered_out: Nanos,
}

/// What a report says beside its rows.
#[derive(Debug, Clone)]
pub struct Footing {
    /// Proves that nobody is missing.
    pub control_total: ControlTotal,
    /// The version of the cost model.
    pub cost_model_version: u64,
    /// The minutes of each role without a rate, in thousandths.
    pub unrated: BTreeMap<RoleId, i128>,
    /// What the active customers bear of the pools, in nano-units.
    pub allocated_fixed_cost: Nanos,
    /// What nobody bears of the pools, in nano-units: capacity that was not used, and what nobody caused.
    pub unallocated_fixed_cost: Nanos,
    /// What the receivables of the active customers cost beside what was written off, in nano-units.
    pub receivables_cost: Nanos,
    /// The same of customers who had no activity in the period and are in no ranking of it.
    pub inactive_receivables_cost: Nanos,
    /// How many customers are active.
    pub active_customers: u64,
    /// How the report came to be in another currency than that of the books, if it did.
    pub restating: Option<Arc<Restating>>,
}

impl Service {
    /// The costs for a question.
    pub async fn costs(
        &self,
        tenant: &TenantId,
        version: Option<u64>,
        scope: &Scope,
    ) -> Result<Costs, Problem> {
        let model = self.cost_model_for(tenant, version, scope).await?;
        self.costs_by(tenant, model, scope).await
    }

    /// The same by a model, stored or not.
    pub async fn costs_by(
        &self,
        tenant: &TenantId,
        model: Arc<CostModel>,
        scope: &Scope,
    ) -> Result<Costs, Problem> {
        let mut costs = Costs {
            model,
            pool_parts: Vec::new(),
            receivables: Arc::default(),
            restating: None,
        };
        if scope.branches.is_empty() {
            costs.pool_parts = costs.model.pool_parts(&scope.period);
            costs.receivables = self.receivables_costs(tenant, &costs.model, scope).await?;
        }
        self.restated(tenant, costs, scope).await
    }

    /// The costs for a question whose rows bear no fixed costs, since nothing says which part of them they cause.
    pub async fn direct_costs(
        &self,
        tenant: &TenantId,
        version: Option<u64>,
        scope: &Scope,
    ) -> Result<Costs, Problem> {
        let model = self.cost_model(tenant, version, scope.as_of).await?;
        let costs = Costs {
            model,
            pool_parts: Vec::new(),
            receivables: Arc::default(),
            restating: None,
        };
        self.restated(tenant, costs, scope).await
    }

    /// The costs as a report in the service's own currency uses them.
    async fn restated(
        &self,
        tenant: &TenantId,
        costs: Costs,
        scope: &Scope,
    ) -> Result<Costs, Problem> {
        match &self.restating {
            None => Ok(costs),
            Some(restating) => restating.costs(tenant, costs, scope).await,
        }
    }
}

/// Makes the footing of a report by `order`, or refuses a report that does not tie.
pub fn footing(costs: &Costs, order: &Order, totals: &RankTotals) -> Result<Footing, Problem> {
    // Without active customers there is nobody to split a fixed cost over.
    let equal: i128 = match totals.active {
        0 => 0,
        _ => order.split.iter().map(|amount| i128::from(*amount)).sum(),
    };
    // Where receivables cost anything, that stands after what is driven of the pools.
    let own = order
        .driven
        .len()
        .saturating_sub(costs.receivables.parts.len());
    let driven = |ones: &[Allotment]| ones.iter().map(|one| i128::from(one.amount)).sum::<i128>();
    let (of_pools, of_receivables) = totals.driven.split_at(own.min(totals.driven.len()));
    let (pool_shares, receivables) = (equal + driven(of_pools), driven(of_receivables));
    let all_shares = pool_shares + receivables;
    let pools = costs.pool_parts.iter();
    let unallocated = pools.map(|part| i128::from(part.amount)).sum::<i128>() - pool_shares;
    let all_receivables = costs.receivables.parts.iter();
    let all_receivables: i128 = all_receivables
        .map(|(_, driven)| i128::from(driven.amount))
        .sum();
    let reported_shares: i128 = totals.reported_shares.iter().sum();
    let borne = if order.value_bears_split {
        NANOS_PER_MICRO
    } else {
        0
    };
    let value = |sums, shares: i128| order.weights.value(sums) - shares * borne;
    let control_total = ControlTotal {
        ledger: value(&totals.ledger, all_shares),
        // Of the customers themselves, not of what their accounts add up to.
        reported: totals.reported_value - reported_shares * borne,
        filtered_out: value(&totals.filtered_out, all_shares - reported_shares),
    };
    check_tie(control_total)?;
    check_range("control_total.ledger", control_total.ledger)?;
    check_range("control_total.reported", control_total.reported)?;
    check_range("control_total.filtered_out", control_total.filtered_out)?;
    Ok(Footing {
        control_total,
        cost_model_version: costs.model.version,
        unrated: unrated_minutes(&totals.ledger, &costs.model),
        allocated_fixed_cost: pool_shares * NANOS_PER_MICRO,
        unallocated_fixed_cost: unallocated * NANOS_PER_MICRO,
        receivables_cost: receivables * NANOS_PER_MICRO,
        inactive_receivables_cost: (all_receivables - receivables) * NANOS_PER_MICRO,
        active_customers: totals.active,
        restating: costs.restating.clone(),
    })
}

/// Refuses a report that does not tie to the books.
pub fn check_tie(total: ControlTotal) -> Result<(), Problem> {
    if total.ledger == total.reported + total.filtered_out {
        return Ok(());
    }
    let message = format!(
        "the books hold {}, the report {} and what was filtered out {} nano-units",
        total.ledger, total.reported, total.filtered_out
    );
    let variables = [
        ("ledger", total.ledger.to_string()),
        ("reported", total.reported.to_string()),
        ("filtered_out", total.filtered_out.to_string()),
    ];
    Err(Problem::new(
        Reason::ReportDoesNotTie,
        "",
        message,
        variables,
    ))
}

/// Refuses a report whose parts do not come to their whole.
pub fn check_sum(whole: Nanos, parts: Nanos) -> Result<(), Problem> {
    check_tie(ControlTotal {
        ledger: whole,
        reported: parts,
        filtered_out: 0,
    })
}

/// Refuses a figure that `google.type.Money` cannot hold.
pub fn check_range(figure: &str, amount: Nanos) -> Result<(), Problem> {
    if i64::try_from(amount / NANOS_PER_UNIT).is_ok() {
        return Ok(());
    }
    let message = format!("{figure} is too large for an amount of money");
    Err(Problem::new(
        Reason::SumOutOfRange,
        "",
        message,
        [("figure", figure.to_owned())],
    ))
}

/// The statement of a customer, with all its figures checked.
pub fn checked_statement(
    sums: &Sums,
    costs: &Costs,
    shares: &[Micros],
) -> Result<Statement, Problem> {
    let (pools, receivables) = costs.divided(shares);
    let fixed_cost = pools.iter().map(|share| to_nanos(*share)).sum();
    let statement = Statement::of(sums, &costs.model, fixed_cost).with_receivables(receivables);
    for (figure, amount) in statement.figures() {
        check_range(figure, amount)?;
    }
    Ok(statement)
}
