//! A month as it was closed beside the month as it is now, and what made the difference: what arrived late, and what
//! later cost models make of the month.

use super::{
    Service,
    report::{check_range, check_sum},
    standings::{Everybody, Known},
};
use crate::domain::{
    account::{Account, Sums},
    closing::{Closing, Month},
    cost_model::CostModel,
    id::{PartyId, TenantId},
    ledger::Position,
    money::Nanos,
    party::Party,
    problem::Problem,
    question::Scope,
    standing::Standing,
    statement::Statement,
};
use std::{cmp::Reverse, collections::BTreeSet, sync::Arc};

/// What is asked about a closed month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateQuestion {
    /// Which month.
    pub month: Month,
    /// Now.
    pub as_of: Position,
    /// Which version of the cost model holds now; the one of the month's last day if `None`.
    pub cost_model_version: Option<u64>,
}

/// What changed since a month was closed.
#[derive(Debug, Clone)]
pub struct LateArrivals {
    /// Where it was closed.
    pub closing: Closing,
    /// As it was closed.
    pub closed: MonthStanding,
    /// With what was written since, at the costs of then.
    pub with_arrivals: MonthStanding,
    /// As it is now.
    pub current: MonthStanding,
    /// The accounts with another sum, with what it was and is.
    pub accounts: Vec<(Account, i128, i128)>,
    /// The customers that changed, the greatest change first.
    pub customers: Vec<CustomerChange>,
}

/// What a month comes to in one state, at the costs of one version.
#[derive(Debug, Clone)]
pub struct MonthStanding {
    /// The state.
    pub position: Position,
    /// The version.
    pub cost_model_version: u64,
    /// The waterfall of all customers together.
    pub statement: Statement,
    /// How many are active.
    pub active: u64,
    /// How many have a net profit below zero.
    pub negative: u64,
}

/// Where a customer stood and stands; `None` where it is not active.
#[derive(Debug, Clone)]
pub struct CustomerChange {
    /// Who.
    pub customer: PartyId,
    /// What is stored of it now.
    pub party: Option<Arc<Party>>,
    /// As the month was closed.
    pub closed: Option<Standing>,
    /// With what was written since, at the costs of then.
    pub with_arrivals: Option<Standing>,
    /// Now.
    pub current: Option<Standing>,
}

impl CustomerChange {
    /// What arrivals changed of its net profit.
    pub fn by_arrivals(&self) -> Nanos {
        net_profit(self.with_arrivals) - net_profit(self.closed)
    }

    /// What cost models changed of it.
    pub fn by_costs(&self) -> Nanos {
        net_profit(self.current) - net_profit(self.with_arrivals)
    }

    /// Both together.
    pub fn change(&self) -> Nanos {
        net_profit(self.current) - net_profit(self.closed)
    }

    /// Whether it is to be told.
    fn is_one(&self) -> bool {
        self.by_arrivals() != 0
            || self.by_costs() != 0
            || self.closed.is_some() != self.current.is_some()
    }
}

/// The net profit of a customer; who is not active has none.
pub fn net_profit(standing: Option<Standing>) -> Nanos {
    standing.map_or(0, |standing| standing.net_profit)
}

impl Service {
    /// Sets a month as it was closed beside the month as it is now.
    pub async fn late_arrivals(
        &self,
        tenant: &TenantId,
        question: &LateQuestion,
    ) -> Result<Arc<LateArrivals>, Problem> {
        // An erasure changes what is told of customers, as of earlier positions too.
        let erasures = self.erasure_count(tenant).await?;
        let key = (tenant.clone(), erasures, question.clone());
        let find = async || self.find_late_arrivals(tenant, question).await;
        self.late_arrivals.find_or(&key, find).await
    }

    async fn find_late_arrivals(
        &self,
        tenant: &TenantId,
        question: &LateQuestion,
    ) -> Result<LateArrivals, Problem> {
        let &LateQuestion { month, as_of, .. } = question;
        let closing = self.closing(tenant, month, as_of, "month").await?;
        let then = Scope::all_of(month.period(), closing.position);
        let now = Scope::all_of(month.period(), as_of);
        let closed_costs = self.cost_model_for(tenant, None, &then).await?;
        let asked = question.cost_model_version;
        let costs = self.cost_model_for(tenant, asked, &now).await?;
        let closed = self.month(tenant, &then, &closed_costs).await?;
        let with_arrivals = self.month(tenant, &now, &closed_costs).await?;
        let current = match costs.version == closed_costs.version {
            true => with_arrivals.clone(),
            false => self.month(tenant, &now, &costs).await?,
        };
        let customers = changes(&closed, &with_arrivals, &current);
        let all = [
            (
                &closed,
                &with_arrivals,
                CustomerChange::by_arrivals as fn(&_) -> _,
            ),
            (&with_arrivals, &current, CustomerChange::by_costs),
        ];
        for (before, after, change) in all {
            let whole = after.own.statement.net_profit - before.own.statement.net_profit;
            check_sum(whole, customers.iter().map(change).sum())?;
        }
        for one in &customers {
            for (figure, amount) in [
                ("change_by_arrivals", one.by_arrivals()),
                ("change_by_costs", one.by_costs()),
                ("change", one.change()),
            ] {
                check_range(figure, amount)?;
            }
        }
        Ok(LateArrivals {
            closing,
            accounts: account_changes(&closed.sums, &current.sums),
            closed: closed.own,
            with_arrivals: with_arrivals.own,
            current: current.own,
            customers,
        })
    }

    async fn month(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        costs: &Arc<CostModel>,
    ) -> Result<MonthOfAll, Problem> {
        let everybody = self.everybody(tenant, scope, Arc::clone(costs)).await?;
        let outcome = &everybody.outcome;
        let receivables = everybody.receivables.iter().copied();
        let statement =
            Statement::of(&everybody.sums, costs, outcome.allocated).with_receivables(receivables);
        for (figure, amount) in statement.figures() {
            check_range(figure, amount)?;
        }
        // The waterfall of all, and the customers' own.
        check_sum(statement.net_profit, outcome.net_profit)?;
        let own = MonthStanding {
            position: scope.as_of,
            cost_model_version: costs.version,
            statement,
            active: everybody.active,
            negative: outcome.negative,
        };
        let Everybody {
            customers,
            standings,
            sums,
            ..
        } = everybody;
        Ok(MonthOfAll {
            own,
            sums,
            customers: customers.into_iter().zip(standings).collect(),
        })
    }
}

/// A month in one state, with every customer in the order of the ids.
#[derive(Clone)]
struct MonthOfAll {
    own: MonthStanding,
    sums: Sums,
    customers: Vec<(Known, Standing)>,
}

impl MonthOfAll {
    /// Where a customer stands, if the list goes on with it.
    fn take(&self, place: &mut usize, customer: &PartyId) -> Option<Standing> {
        let ((own, _), standing) = self.customers.get(*place)?;
        if own != customer {
            return None;
        }
        *place += 1;
        Some(*standing)
    }
}

/// Everybody who changed. What is active in the second state is so in the third, which differs only in its costs.
fn changes(
    closed: &MonthOfAll,
    with_arrivals: &MonthOfAll,
    current: &MonthOfAll,
) -> Vec<CustomerChange> {
    let mut places = [0; 3];
    let mut found = Vec::new();
    loop {
        let next = |month: &MonthOfAll, place: usize| month.customers.get(place).cloned();
        let (then, now) = (next(closed, places[0]), next(current, places[2]));
        let known = match (then, now) {
            (Some((then, _)), Some((now, _))) => match then.0 < now.0 {
                true => then,
                false => now,
            },
            (Some((known, _)), None) | (None, Some((known, _))) => known,
            (None, None) => break,
        };
        let (customer, party) = known;
        let change = CustomerChange {
            closed: closed.take(&mut places[0], &customer),
            with_arrivals: with_arrivals.take(&mut places[1], &customer),
            current: current.take(&mut places[2], &customer),
            customer,
            party,
        };
        if change.is_one() {
            found.push(change);
        }
    }
    // It keeps the order of the ids among equals.
    found.sort_by_key(|one| Reverse(one.change().unsigned_abs()));
    found
}

fn account_changes(closed: &Sums, current: &Sums) -> Vec<(Account, i128, i128)> {
    let accounts = closed.iter().chain(current.iter());
    let accounts: BTreeSet<_> = accounts.map(|(account, _)| account).collect();
    let sums = accounts.into_iter().map(|account| {
        let (before, after) = (closed.get(account), current.get(account));
        (account.clone(), before, after)
    });
    sums.filter(|(_, before, after)| before != after).collect()
}
