//! What becomes of one relationship: keeping, changing and ending it side by side.

use super::{
    Service,
    rankings::{RankingRequest, only, question},
    receivables::ReceivablesRequest,
    report::{Costs, Footing, check_range, checked_statement, footing},
};
use crate::domain::{
    account::Sums,
    id::{PartyId, TenantId},
    model::{
        course::{Course, MonthlyAccounts, RunRate, Terms, course},
        own_months::{OwnMonth, own_months},
        relationship::{Expectation, MONTHS_FOR_INTERVAL, expect, of_millionths},
    },
    money::{NANOS_PER_MICRO, Nanos},
    party::Party,
    policy::Part,
    portfolio::{
        months_before,
        remedy::{Accounts, Action, Effect, Obstacle, Step, effect},
        spiral::Books,
        time_cost, whole_months,
    },
    problem::Problem,
    question::{CellsQuestion, CrossQuestion, Group, RankRow, RankTotals, RowSelection, Scope},
    ranking::{Basis, Direction},
    statement::{Statement, lines},
    time::{Day, Period},
};
use std::{collections::BTreeMap, sync::Arc};

/// How many months what is expected is made of at most.
const MONTHS: i32 = 12;
/// From how many months on, of which active so many, a customer is loyal.
const LOYAL: (i32, i32) = (24, 6);

/// What is asked of a relationship.
#[derive(Debug, Clone)]
pub struct SimulationRequest {
    /// Over which period, as of which position; without filters.
    pub scope: Scope,
    /// Which version of the cost model; the one that holds if `None`.
    pub cost_model_version: Option<u64>,
    /// What is assumed.
    pub terms: Terms,
}

/// What becomes of a relationship.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// What is stored of the customer.
    pub party: Option<Arc<Party>>,
    /// Its waterfall.
    pub statement: Statement,
    /// What a remedy is to restore, as customer margin.
    pub target: Nanos,
    /// The accounts of the firm with the customer.
    pub with: Books,
    /// The same without it.
    pub without: Books,
    /// How loyal it is.
    pub loyalty: Loyalty,
    /// What is expected from month to month.
    pub run_rate: RunRate,
    /// What it owes, and how much of that is overdue.
    pub receivables: (Nanos, Nanos),
    /// Everything that could be done, in the order of remedies.
    pub actions: Vec<Simulated>,
    /// What is advised.
    pub advised: Action,
    /// What to be careful about.
    pub warnings: Vec<Warning>,
    /// What the report says beside.
    pub footing: Footing,
}

/// An action with its consequences.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// What is done.
    pub action: Action,
    /// What it does, unless something stands against it.
    pub outcome: Result<Outcome, Obstacle>,
}

/// What an action does.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// To the accounts of the period.
    pub effect: Effect,
    /// To the months to come.
    pub course: Course,
    /// The same as the customer's own accounts are expected to show them.
    pub own_months: Vec<OwnMonth>,
    /// What those are worth.
    pub expected: Expectation,
    /// That, less what keeping is worth.
    pub over_keeping: Nanos,
    /// What they are worth if a walk-away price is accepted.
    pub if_accepted: Option<Nanos>,
    /// How many referrals are lost.
    pub referrals_lost: f64,
}

/// What is known of a customer's loyalty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Loyalty {
    /// Whole months from its first activity on.
    pub tenure: i32,
    /// In how many of the last twelve months it had any activity.
    pub active: i32,
    /// Whether it is loyal.
    pub is_loyal: bool,
}

/// What to be careful about; documented in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the contract documents every warning")]
pub enum Warning {
    FullCostTrap,
    LoyalCustomer,
    ThinEvidence,
    ReceivablesOpen,
    ReferralsLost,
}

type Days = BTreeMap<Day, Sums>;

impl Service {
    /// Sets everything that could be done about a relationship side by side.
    pub async fn simulate(
        &self,
        tenant: &TenantId,
        customer: &PartyId,
        request: &SimulationRequest,
    ) -> Result<Simulation, Problem> {
        let ranking = RankingRequest {
            scope: request.scope.clone(),
            basis: Basis::NetProfit,
            direction: Direction::BestFirst,
            cost_model_version: request.cost_model_version,
        };
        let costs = self
            .costs(tenant, request.cost_model_version, &request.scope)
            .await?;
        let mut question = question(&ranking, &costs, RowSelection::Customer(customer.clone()));
        question.beside.clear();
        let mut answer = self.store()?.rank(tenant, &question).await?;
        let row = answer.rows.pop();
        let party = match &row {
            Some(row) => row.party.clone(),
            None => self.known(tenant, customer, &ranking).await?,
        };
        let with = books_with(&costs, &answer.totals)?;
        let without = books_without(&costs, &answer.totals, row.as_ref(), &with);
        let totals = only(row.as_ref(), &question.order.weights, answer.totals);
        let footing = footing(&costs, &question.order, &totals)?;
        let (sums, shares) = row.map_or_else(Default::default, |row| (row.sums, row.shares));
        let statement = checked_statement(&sums, &costs, &shares)?;
        let days = self.own_days(tenant, customer, request).await?;
        let end = self.end(tenant, request, &days).await?;
        let months = monthly(&days, end, &costs);
        let run_rate = RunRate::of(&months);
        let accounts = accounts(&statement, &sums, &costs);
        let receivables = self.owed(tenant, customer, request, end).await?;
        let loyalty = Loyalty::of(&days, end, &statement);
        let target = request.terms.aim(accounts.allocated).target;
        check_range("target_customer_margin", target)?;
        let actions = actions(&accounts, &run_rate, &request.terms)?;
        let advised = advised(&accounts, target, &actions);
        let warnings = warnings(&statement, &loyalty, &run_rate, receivables);
        Ok(Simulation {
            party,
            statement,
            target,
            with,
            without,
            loyalty,
            run_rate,
            receivables,
            actions,
            advised,
            warnings,
            footing,
        })
    }

    /// The sums of each day of a customer, ever until the period ends.
    async fn own_days(
        &self,
        tenant: &TenantId,
        customer: &PartyId,
        request: &SimulationRequest,
    ) -> Result<Days, Problem> {
        let question = CellsQuestion {
            scope: until(request, None),
            customers: vec![customer.clone()],
            group: Group::Day,
        };
        let cells = self.store()?.cells(tenant, &question).await?.into_iter();
        Ok(cells
            .filter_map(|((_, day), sums)| Some((Day::named(&day)?, sums)))
            .collect())
    }

    /// The end of the period, or of the last day with any activity of anybody.
    async fn end(
        &self,
        tenant: &TenantId,
        request: &SimulationRequest,
        days: &Days,
    ) -> Result<Option<Day>, Problem> {
        if request.scope.period.end.is_some() {
            return Ok(request.scope.period.end);
        }
        let own = days.keys().next_back().map(|day| day.next());
        let question = CrossQuestion {
            scope: until(request, own),
            group: Group::Day,
        };
        let after = self.store()?.cross(tenant, &question).await?;
        let last = after.keys().filter_map(|day| Day::named(day)).max();
        Ok(last.map(Day::next).or(own))
    }

    /// What a customer owes at the end, and how much of that is overdue.
    async fn owed(
        &self,
        tenant: &TenantId,
        customer: &PartyId,
        request: &SimulationRequest,
        end: Option<Day>,
    ) -> Result<(Nanos, Nanos), Problem> {
        let asked = ReceivablesRequest {
            period: Period {
                end,
                ..request.scope.period
            },
            as_of: request.scope.as_of,
            cost_model_version: request.cost_model_version,
        };
        let owed = self.customer_receivables(tenant, customer, &asked).await?;
        let figures = owed.standing.figures;
        let open = figures.open().open * NANOS_PER_MICRO;
        let overdue = figures.overdue().open * NANOS_PER_MICRO;
        check_range("receivables_open", open)?;
        Ok((open, overdue))
    }
}

/// All days from one on, until the period ends.
fn until(request: &SimulationRequest, start: Option<Day>) -> Scope {
    let end = request.scope.period.end;
    Scope::all_of(Period { start, end }, request.scope.as_of)
}

/// The accounts of the firm with everybody.
fn books_with(costs: &Costs, totals: &RankTotals) -> Result<Books, Problem> {
    let pools = &costs.pool_parts;
    let whole: i128 = pools.iter().map(|part| i128::from(part.amount)).sum();
    let splits = pools.iter().filter_map(|part| match &part.part {
        Part::Split(amount) => Some(i128::from(*amount)),
        Part::Driven(_) => None,
    });
    let split: i128 = if totals.active == 0 { 0 } else { splits.sum() };
    let own = pools.iter().filter(|part| part.driven().is_some()).count();
    let driven = totals.driven.iter().take(own);
    let allocated = split + driven.map(|one| i128::from(one.amount)).sum::<i128>();
    let receivables = totals.driven.iter().skip(own);
    let receivables: i128 = receivables.map(|one| i128::from(one.amount)).sum();
    let weigh = |basis: Basis| basis.weights(&costs.model).value(&totals.ledger);
    let books = Books {
        customers: totals.active,
        net_revenue: weigh(Basis::Revenue),
        customer_margin: weigh(Basis::NetProfit) - receivables * NANOS_PER_MICRO,
        allocated: allocated * NANOS_PER_MICRO,
        unallocated: (whole - allocated) * NANOS_PER_MICRO,
    };
    check_range("books_with.net_revenue", books.net_revenue)?;
    check_range("books_with.customer_margin", books.customer_margin)?;
    check_range("books_with.profit_after_all_fixed_cost", books.profit())?;
    Ok(books)
}

/// The same without a customer: its revenue and its margin are gone, and the pools are allocated over all others.
fn books_without(costs: &Costs, totals: &RankTotals, row: Option<&RankRow>, with: &Books) -> Books {
    let Some(row) = row else {
        return *with;
    };
    let fixed = with.allocated + with.unallocated;
    let mut driven = totals.driven.iter();
    let parts = costs.pool_parts.iter().map(|part| match &part.part {
        Part::Split(_) if totals.active <= 1 => 0,
        Part::Split(amount) => i128::from(*amount),
        Part::Driven(one) => {
            // A store tells one for each, in their order.
            let all = driven.next().map_or(0, |allotment| allotment.quantity);
            let left = all - one.driver.quantity(&row.customer, &row.sums);
            i128::from(one.allotment(left).amount)
        }
    });
    let allocated = parts.sum::<i128>() * NANOS_PER_MICRO;
    let own: i128 = row
        .shares
        .iter()
        .take(costs.pool_parts.len())
        .map(|s| i128::from(*s))
        .sum();
    let margin = row.value + own * NANOS_PER_MICRO;
    Books {
        customers: with.customers - 1,
        net_revenue: with.net_revenue - Basis::Revenue.weights(&costs.model).value(&row.sums),
        customer_margin: with.customer_margin - margin,
        allocated,
        unallocated: fixed - allocated,
    }
}

fn accounts(statement: &Statement, sums: &Sums, costs: &Costs) -> Accounts {
    Accounts {
        net_revenue: statement.net_revenue,
        customer_margin: statement.customer_margin,
        allocated: statement.allocated_fixed_cost,
        milli_minutes: statement.milli_minutes,
        time_cost: time_cost(&lines(sums, &costs.model, &[])),
        special_demands: statement.special_demand_count,
    }
}

/// The last months before the end, since the first activity, the last first.
fn monthly(days: &Days, end: Option<Day>, costs: &Costs) -> Vec<MonthlyAccounts> {
    let (Some(first), Some(end)) = (days.keys().next().copied(), end) else {
        return Vec::new();
    };
    let months = months_before(end, MONTHS).into_iter();
    let months = months.take_while(|(_, end)| first < *end);
    months
        .map(|(start, end)| {
            let mut sums = Sums::default();
            for (_, own) in days.range(start..end) {
                sums.add_all(own);
            }
            let statement = Statement::of(&sums, &costs.model, 0);
            let accounts = accounts(&statement, &sums, costs);
            MonthlyAccounts {
                margin: statement.customer_margin,
                net_revenue: statement.net_revenue,
                time_cost: accounts.time_cost,
                milli_minutes: statement.milli_minutes,
                special_demands: statement.special_demand_count,
                referrals: statement.referral_count,
            }
        })
        .collect()
}

impl Loyalty {
    fn of(days: &Days, end: Option<Day>, statement: &Statement) -> Self {
        let (Some(first), Some(end)) = (days.keys().next().copied(), end) else {
            return Self::default();
        };
        let tenure = whole_months(first, end);
        let months = months_before(end, MONTHS).into_iter();
        let active = months.filter(|(start, end)| days.range(*start..*end).next().is_some());
        let active = i32::try_from(active.count()).unwrap_or(MONTHS);
        // Below a half of what it could say.
        let relation = &statement.relation;
        let is_content = relation.feedback * 2 >= relation.feedback_count * 1_000_000;
        Self {
            tenure,
            active,
            is_loyal: tenure >= LOYAL.0 && active >= LOYAL.1 && is_content,
        }
    }
}

fn actions(accounts: &Accounts, rate: &RunRate, terms: &Terms) -> Result<Vec<Simulated>, Problem> {
    let aim = terms.aim(accounts.allocated);
    let discount = of_millionths(terms.discount);
    let mut keeping = 0;
    let mut simulated = Vec::new();
    for action in Action::ALL {
        let outcome = effect(action, accounts, &aim).map(|effect| {
            let course = course(action, &effect, accounts, rate, terms);
            let expected = expect(&rate.margin, discount, &course.months);
            if action == Action::Keep {
                keeping = expected.value;
            }
            let accepted = course.if_accepted.as_ref();
            let missing = course.months.iter().map(|month| 1.0 - month.presence);
            Outcome {
                referrals_lost: rate.referrals.mean * missing.sum::<f64>(),
                over_keeping: expected.value - keeping,
                if_accepted: accepted.map(|months| expect(&rate.margin, discount, months).value),
                own_months: own_months(action, &effect, accounts, rate, terms),
                effect,
                course,
                expected,
            }
        });
        if let Ok(outcome) = &outcome {
            outcome.check_range()?;
        }
        simulated.push(Simulated { action, outcome });
    }
    Ok(simulated)
}

impl Outcome {
    fn check_range(&self) -> Result<(), Problem> {
        let effect = &self.effect;
        let (low, high) = self.expected.interval.unwrap_or_default();
        let figures = [
            ("actions.net_revenue", effect.net_revenue),
            ("actions.customer_margin", effect.customer_margin),
            ("actions.avoided_cost", effect.avoided_cost),
            ("actions.redeployed_time_cost", effect.freed.redeployed_cost),
            ("actions.redeployed_value", effect.freed.redeployed_value),
            ("actions.profit_change", effect.profit_change),
            ("actions.expected_value", self.expected.value),
            ("actions.expected_value_low", low),
            ("actions.expected_value_high", high),
            ("actions.value_over_keeping", self.over_keeping),
            (
                "actions.expected_value_if_accepted",
                self.if_accepted.unwrap_or(0),
            ),
        ];
        figures
            .into_iter()
            .try_for_each(|(figure, amount)| check_range(figure, amount))
    }
}

/// The first in the order of remedies that is expected to earn more than keeping; of those that end it only if it costs
/// more than it brings.
fn advised(accounts: &Accounts, target: Nanos, actions: &[Simulated]) -> Action {
    if accounts.customer_margin >= target {
        return Action::Keep;
    }
    let is_better = |one: &&Simulated| {
        let may = one.action.step() != Step::End || accounts.customer_margin < 0;
        may && (one.outcome.as_ref()).is_ok_and(|outcome| outcome.over_keeping > 0)
    };
    let better = actions.iter().find(is_better);
    better.map_or(Action::Keep, |one| one.action)
}

fn warnings(
    statement: &Statement,
    loyalty: &Loyalty,
    rate: &RunRate,
    (open, _): (Nanos, Nanos),
) -> Vec<Warning> {
    let is_trap = statement.net_profit < 0 && statement.customer_margin > 0;
    let found = [
        (is_trap, Warning::FullCostTrap),
        (loyalty.is_loyal, Warning::LoyalCustomer),
        (
            rate.margin.months < MONTHS_FOR_INTERVAL,
            Warning::ThinEvidence,
        ),
        (open > 0, Warning::ReceivablesOpen),
        (statement.referral_count > 0, Warning::ReferralsLost),
    ];
    let found = found.into_iter().filter(|(holds, _)| *holds);
    found.map(|(_, warning)| warning).collect()
}
