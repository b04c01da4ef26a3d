//! Which bonuses cost more than they bring: the customers who got any, beside what each brings more than before.

use super::{
    Service,
    growth::{CUSTOMERS_LIMIT, GrowthRequest, too_many},
    report::{ControlTotal, check_range, check_tie},
};
use crate::domain::{
    account::{Account, Sums, Weights},
    id::{PartyId, TenantId},
    money::{NANOS_PER_MICRO, Nanos},
    party::Party,
    problem::Problem,
    question::{CellsQuestion, Group, Order, RankQuestion, RankTotals, RowSelection, Scope},
    ranking::{Basis, Direction},
    relationship::BonusEvent,
    time::{Day, Period},
};
use std::{collections::BTreeMap, sync::Arc};

/// How many customers are looked at at once.
const AT_ONCE: u64 = 10_000;

/// Customers with bonuses; amounts in nano-units.
#[derive(Debug, Clone)]
pub struct BonusReturns {
    /// The smallest net return first.
    pub returns: Vec<BonusReturn>,
    /// How many of them are below zero.
    pub flagged: u64,
    /// What their bonuses cost.
    pub cost: Nanos,
    /// What they bring more than before.
    pub gain: Nanos,
    /// By what bonuses cost.
    pub control_total: ControlTotal,
    /// The version of the cost model.
    pub cost_model_version: u64,
}

/// A customer with bonuses.
#[derive(Debug, Clone)]
pub struct BonusReturn {
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// What its bonuses cost.
    pub cost: Nanos,
    /// Contribution margin of the period.
    pub margin: Nanos,
    /// The same of as many days before.
    pub prior: Nanos,
}

impl BonusReturn {
    /// What it brings more than before.
    pub fn gain(&self) -> Nanos {
        self.margin - self.prior
    }

    /// That less what its bonuses cost.
    pub fn net(&self) -> Nanos {
        self.gain() - self.cost
    }
}

/// What bonuses cost: accrued less expired.
fn bonus_cost() -> Weights {
    let accrued = (Account::Bonus(BonusEvent::Accrued), NANOS_PER_MICRO);
    let expired = (Account::Bonus(BonusEvent::Expired), -NANOS_PER_MICRO);
    Weights(BTreeMap::from([accrued, expired]))
}

/// As many days before a period.
fn before(period: Period) -> Result<Period, Problem> {
    let required = |day: Option<Day>, field| day.ok_or_else(|| Problem::field_required(field));
    let start = required(period.start, "period.start_time")?;
    let end = required(period.end, "period.end_time")?;
    Ok(Period {
        // Days of periods are of the years 1900 to 2200.
        start: Some(Day(start.0.saturating_sub(end.0.saturating_sub(start.0)))),
        end: Some(start),
    })
}

impl Service {
    /// Customers with bonuses, the smallest net return first.
    pub async fn bonus_returns(
        &self,
        tenant: &TenantId,
        request: &GrowthRequest,
    ) -> Result<BonusReturns, Problem> {
        let scope = &request.scope;
        let prior = Scope {
            period: before(scope.period)?,
            ..scope.clone()
        };
        let costs = self
            .direct_costs(tenant, request.cost_model_version, scope)
            .await?;
        let margin = Basis::ContributionMargin.weights(&costs.model);
        let mut returns = Vec::new();
        let totals = loop {
            let place = returns.len() as u64;
            let question = with_bonuses(scope, place..place + AT_ONCE);
            let answer = self.store()?.rank(tenant, &question).await?;
            let count = answer.rows.len();
            let rows = answer.rows.into_iter().filter(|row| row.value > 0);
            let rows: Vec<_> = rows.collect();
            let is_last = rows.len() < count || rows.is_empty();
            let customers = rows.iter().map(|row| row.customer.clone()).collect();
            let mut priors = self.sums_of(tenant, &prior, customers).await?;
            returns.extend(rows.into_iter().map(|row| {
                BonusReturn {
                    cost: row.value,
                    margin: margin.value(&row.sums),
                    prior: priors
                        .remove(&row.customer)
                        .map_or(0, |sums| margin.value(&sums)),
                    customer: row.customer,
                    party: row.party,
                }
            }));
            if returns.len() as u64 > CUSTOMERS_LIMIT {
                return Err(too_many(returns.len() as u64));
            }
            if is_last {
                break answer.totals;
            }
        };
        Self::checked(returns, &totals, costs.model.version)
    }

    /// The sums of some customers.
    async fn sums_of(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        customers: Vec<PartyId>,
    ) -> Result<BTreeMap<PartyId, Sums>, Problem> {
        let mut found = BTreeMap::<PartyId, Sums>::new();
        if customers.is_empty() {
            return Ok(found);
        }
        let question = CellsQuestion {
            scope: scope.clone(),
            customers,
            group: Group::Branch,
        };
        for ((customer, _), sums) in self.store()?.cells(tenant, &question).await? {
            found.entry(customer).or_default().add_all(&sums);
        }
        Ok(found)
    }

    fn checked(
        mut returns: Vec<BonusReturn>,
        totals: &RankTotals,
        cost_model_version: u64,
    ) -> Result<BonusReturns, Problem> {
        let weights = bonus_cost();
        let control_total = ControlTotal {
            ledger: weights.value(&totals.ledger),
            reported: totals.reported_value,
            filtered_out: weights.value(&totals.filtered_out),
        };
        check_tie(control_total)?;
        check_range("control_total.ledger", control_total.ledger)?;
        check_range("control_total.reported", control_total.reported)?;
        check_range("control_total.filtered_out", control_total.filtered_out)?;
        let (mut cost, mut gain) = (0, 0);
        for one in &returns {
            cost += one.cost;
            gain += one.gain();
            for amount in [one.cost, one.margin, one.prior, one.gain(), one.net()] {
                check_range("returns.net_return", amount)?;
            }
        }
        check_range("total_bonus_cost", cost)?;
        check_range("total_margin_gain", gain)?;
        returns.sort_by(|a, b| {
            let by_net = a.net().cmp(&b.net());
            by_net.then_with(|| a.customer.cmp(&b.customer))
        });
        Ok(BonusReturns {
            flagged: returns.iter().filter(|one| one.net() < 0).count() as u64,
            returns,
            cost,
            gain,
            control_total,
            cost_model_version,
        })
    }
}

/// Asks for customers by what their bonuses cost, the most first.
fn with_bonuses(scope: &Scope, places: std::ops::Range<u64>) -> RankQuestion {
    RankQuestion {
        scope: scope.clone(),
        order: Order {
            weights: bonus_cost(),
            split: Vec::new(),
            driven: Vec::new(),
            value_bears_split: false,
            direction: Direction::BestFirst,
        },
        beside: Vec::new(),
        rows: RowSelection::Places(vec![places]),
    }
}
