//! A budget for appreciation, split over customers by what is at risk with each, beside what was spent on that already.
//! Nobody is hidden: who gets nothing says why.

use super::{
    Service,
    compute::compute,
    customer_value::{ValueLearning, ValueRequest, end_of, everybody, purchases_question},
    referrals::plain_order,
    report::{ControlTotal, check_range, check_sum, check_tie},
};
use crate::domain::{
    account::{Account, Weights},
    appreciation::split,
    id::{PartyId, TenantId},
    ledger::Position,
    model::worth::{ValueTerms, WorthModel},
    money::{Micros, NANOS_PER_MICRO, Nanos, to_nanos},
    party::Party,
    problem::Problem,
    purchase::Purchases,
    question::Scope,
    relationship::AppreciationKind,
    time::Day,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

/// What is asked of a budget.
#[derive(Debug, Clone)]
pub struct AppreciationRequest {
    /// In which period it is looked for what was spent already; customers are valued at its end.
    pub scope: Scope,
    /// How customers are valued, whatever the period's start.
    pub value: ValueRequest,
    /// What there is to spend; not below zero.
    pub budget: Micros,
    /// What one customer gets at most.
    pub ceiling: Option<Micros>,
}

/// All that a split depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppreciationAsked {
    learning: ValueLearning,
    as_of: Position,
    terms: ValueTerms,
    scope: Scope,
    budget: Micros,
    ceiling: Option<Micros>,
}

/// Why a customer gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// There is no profit to lose.
    NothingAtRisk,
    /// It has not ordered, so that nothing is known of its value.
    NoKnownValue,
    /// It objects to profiling, or was erased: it is not valued.
    Objected,
}

/// The budget, split.
#[derive(Debug)]
pub struct Appreciation {
    /// Who gets the most first, then by what is at risk; those who get nothing after them by the reason; equals by id.
    pub customers: Vec<Appreciated>,
    /// What all of them get.
    pub allocated: Micros,
    /// What is at risk with all who may be valued.
    pub at_risk: Nanos,
    /// What was spent on all of them in the period.
    pub spent: Nanos,
    /// How many get nothing, by the reason.
    pub left_out: BTreeMap<LeftOut, u64>,
    /// By what was spent.
    pub control_total: ControlTotal,
    /// The day from which they are valued.
    pub from: Day,
    /// As of which position it was learnt what customers are worth.
    pub learnt_at: Position,
    /// The version of the cost model.
    pub cost_model_version: u64,
}

/// One customer.
#[derive(Debug, Clone)]
pub struct Appreciated {
    /// Who.
    pub customer: PartyId,
    /// What it gets.
    pub part: Micros,
    /// What was spent on it in the period.
    pub spent: Nanos,
    /// What is at risk with it, and the profit that is expected; zero if it may not be valued or is not known.
    pub value: (Nanos, Nanos),
    /// How likely it is still a customer; zero likewise.
    pub alive: f64,
    /// Why it gets nothing, if nothing is at risk.
    pub left_out: Option<LeftOut>,
}

/// What was spent on gifts, cards and perks.
fn spent() -> Weights {
    let kinds = AppreciationKind::ALL.iter();
    let weighed = kinds.map(|kind| (Account::Appreciation(*kind), NANOS_PER_MICRO));
    Weights(weighed.collect())
}

impl Service {
    /// Splits a budget. Refused with EVIDENCE_TOO_THIN if there are too few customers to learn from.
    pub async fn appreciation(
        &self,
        tenant: &TenantId,
        request: &AppreciationRequest,
    ) -> Result<Arc<Appreciation>, Problem> {
        self.check_own_currency()?;
        let value = &request.value;
        let costs = self.value_costs(tenant, value).await?;
        let (learnt, learnt_at) = self.learnt_value(tenant, value, &costs).await?;
        let key = AppreciationAsked {
            learning: value.learning(tenant, costs.model.version, learnt_at),
            as_of: request.scope.as_of,
            terms: value.terms,
            scope: request.scope.clone(),
            budget: request.budget,
            ceiling: request.ceiling,
        };
        let find = async || {
            let question = purchases_question(value, &costs.model, None);
            let all = self.store()?.purchases(tenant, &question).await?;
            // Nobody is missing: the profits of all come to the ledger's.
            let whole = everybody(&question.scope, &question.profit);
            let totals = self.store()?.rank(tenant, &whole).await?.totals;
            check_sum(
                totals.reported_value,
                all.iter().map(|one| one.profit).sum(),
            )?;
            let objecting = self.objecting(tenant, request.scope.as_of).await?;
            let (spent, control_total) = self.spent_on(tenant, &request.scope).await?;
            let from = end_of(&value.scope.period, &all).unwrap_or(learnt.until);
            let (learnt, terms) = (Arc::clone(&learnt), value.terms);
            let (budget, ceiling) = (request.budget, request.ceiling);
            let customers = compute(move || {
                let rate =
                    |one: &Purchases| rated(one, (&learnt, from, &terms), &objecting, &spent);
                let customers = all.iter().map(rate).collect();
                with_parts(customers, budget, ceiling)
            });
            let found = Appreciation::of(customers.await?, (from, learnt_at), control_total);
            Ok(Appreciation {
                cost_model_version: costs.model.version,
                ..found
            })
        };
        let found = self.appreciations.find_or(&key, find).await?;
        found.check(request.budget)?;
        Ok(found)
    }

    /// What is stored of the customers at some places.
    pub async fn appreciated_parties(
        &self,
        tenant: &TenantId,
        found: &Appreciation,
        places: Range<u64>,
        as_of: Position,
    ) -> Result<Vec<(Appreciated, Option<Arc<Party>>)>, Problem> {
        let place = |place: u64| {
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            place.min(found.customers.len())
        };
        let rows = &found.customers[place(places.start)..place(places.end)];
        let ids: Vec<PartyId> = rows.iter().map(|row| row.customer.clone()).collect();
        let parties = self.store()?.party(tenant, &ids, as_of).await?;
        Ok(rows.iter().cloned().zip(parties).collect())
    }

    /// What was spent on each customer in a period.
    async fn spent_on(
        &self,
        tenant: &TenantId,
        scope: &Scope,
    ) -> Result<(BTreeMap<PartyId, Nanos>, ControlTotal), Problem> {
        let weights = spent();
        let found = self
            .values_of(tenant, scope, plain_order(weights.clone()), Vec::new())
            .await?;
        let control_total = ControlTotal {
            ledger: weights.value(&found.totals.ledger),
            reported: found.totals.reported_value,
            filtered_out: weights.value(&found.totals.filtered_out),
        };
        check_tie(control_total)?;
        let spent = found.customers.into_iter().zip(found.values);
        Ok((
            spent.filter(|(_, spent)| *spent != 0).collect(),
            control_total,
        ))
    }
}

/// What is known of a customer, without its part.
fn rated(
    one: &Purchases,
    (learnt, from, terms): (&WorthModel, Day, &ValueTerms),
    objecting: &BTreeSet<PartyId>,
    spent: &BTreeMap<PartyId, Nanos>,
) -> Appreciated {
    let blank = Appreciated {
        customer: one.customer.clone(),
        part: 0,
        spent: spent.get(&one.customer).copied().unwrap_or(0),
        value: (0, 0),
        alive: 0.0,
        left_out: Some(LeftOut::Objected),
    };
    if objecting.contains(&one.customer) {
        return blank;
    }
    match learnt.outline(one, from, terms) {
        None => Appreciated {
            left_out: Some(LeftOut::NoKnownValue),
            ..blank
        },
        Some(worth) => Appreciated {
            value: (worth.value_at_risk, worth.profit.expected),
            alive: worth.probability_alive,
            left_out: (worth.value_at_risk <= 0).then_some(LeftOut::NothingAtRisk),
            ..blank
        },
    }
}

/// Splits the budget over customers, who come in the order of their ids.
fn with_parts(
    mut customers: Vec<Appreciated>,
    budget: Micros,
    ceiling: Option<Micros>,
) -> Vec<Appreciated> {
    let at_risk: Vec<Nanos> = customers.iter().map(|one| one.value.0).collect();
    let parts = split(budget, ceiling, &at_risk);
    for (one, part) in customers.iter_mut().zip(parts) {
        one.part = part;
    }
    // The sort keeps equals in the order of their ids.
    customers.sort_by_key(|one| (one.left_out, Reverse((one.part, one.value.0))));
    customers
}

impl Appreciation {
    fn of(
        customers: Vec<Appreciated>,
        (from, learnt_at): (Day, Position),
        control_total: ControlTotal,
    ) -> Self {
        let mut left_out = BTreeMap::new();
        for reason in customers.iter().filter_map(|one| one.left_out) {
            *left_out.entry(reason).or_default() += 1;
        }
        Self {
            allocated: customers.iter().map(|one| one.part).sum(),
            at_risk: customers.iter().map(|one| one.value.0).sum(),
            spent: customers.iter().map(|one| one.spent).sum(),
            left_out,
            control_total,
            from,
            learnt_at,
            cost_model_version: 0,
            customers,
        }
    }

    /// Proves that no more is given than there is, that nothing that was spent is missing, and that figures are not too
    /// large for an amount of money.
    fn check(&self, budget: Micros) -> Result<(), Problem> {
        if self.allocated > budget {
            check_sum(to_nanos(budget), to_nanos(self.allocated))?;
        }
        check_sum(self.control_total.reported, self.spent)?;
        check_range("total_value_at_risk", self.at_risk)?;
        check_range("total_spent", self.spent)?;
        check_range("control_total.ledger", self.control_total.ledger)?;
        for one in &self.customers {
            check_range("customers.value_at_risk", one.value.0)?;
            check_range("customers.expected_profit", one.value.1)?;
            check_range("customers.spent", one.spent)?;
        }
        Ok(())
    }
}
