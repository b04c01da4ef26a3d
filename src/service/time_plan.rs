//! Where an account manager's hours go: which accounts it has, what they brought by month, and the best split.

mod splitting;

use super::{
    Service,
    report::{ControlTotal, Costs, check_range, check_sum, check_tie},
};
use crate::domain::{
    account::{Sums, Weights},
    closing::Month as CalendarMonth,
    dimension::per_hour,
    id::{PartyId, TenantId, UNASSIGNED},
    model::time_plan::{
        Gain,
        response::{Month, Responses},
    },
    money::Nanos,
    party::Party,
    problem::Problem,
    question::{CellsQuestion, CrossQuestion, Group, ManagedQuestion, Scope},
    ranking::Basis,
    relation,
    time::{Day, Period},
    trend::{Bucket, Granularity},
};
use splitting::Split;
use std::sync::Arc;

/// The most accounts of a manager.
const ACCOUNTS_LIMIT: usize = 2_000;
/// The fewest and the most months that are learnt from.
const MONTHS: (usize, usize) = (3, 120);

/// What a split of time is asked for. Times are in thousandths of a minute.
#[derive(Debug, Clone)]
pub struct TimePlanRequest {
    /// Whose hours.
    pub account_manager: String,
    /// The months that are learnt from, as of which position; without filters.
    pub scope: Scope,
    /// How much time there is in a month.
    pub available: i64,
    /// How much each account gets at least.
    pub least: i64,
    /// How much contact a block has.
    pub block: i64,
    /// How much travel goes with it.
    pub travel: i64,
    /// Which version of the cost model; the newest if `None`.
    pub cost_model_version: Option<u64>,
}

/// Where the hours should go.
#[derive(Debug, Clone)]
pub struct TimePlan {
    /// The most advised blocks first, then by id.
    pub accounts: Vec<PlannedAccount>,
    /// What was learnt.
    pub responses: Responses,
    /// How many months were learnt from.
    pub months: u64,
    /// What is expected of a month: advised, with equal time, and with today's split.
    pub margins: [Nanos; 3],
    /// What the advised split brings more than equal time and than today's.
    pub gains: [Gain; 2],
    /// What one more block would bring.
    pub next_block: Nanos,
    /// How many blocks the hours have.
    pub blocks: u64,
    /// What is left of the hours.
    pub unallotted: i64,
    /// What all accounts brought.
    pub history: Returns,
    /// By contribution margin.
    pub control_total: ControlTotal,
    /// The version of the cost model.
    pub cost_model_version: u64,
}

/// An account with its blocks.
#[derive(Debug, Clone)]
pub struct PlannedAccount {
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// Its blocks: advised, with equal time, and with today's split.
    pub blocks: [u64; 3],
    /// The margin of a month that is expected with each.
    pub margins: [Nanos; 3],
    /// What each block brings.
    pub returns: Vec<Nanos>,
    /// What one more block than advised would bring.
    pub next_block: Nanos,
    /// What it brought.
    pub history: Returns,
    /// How far its answer is told by all accounts.
    pub drawn: f64,
    /// In which month the manager first had an activity with it.
    pub managed_since: Option<CalendarMonth>,
    /// Who had it last before that.
    pub previous_manager: Option<String>,
}

/// What working time brought.
#[derive(Debug, Clone, Copy, Default)]
pub struct Returns {
    /// In thousandths of a minute.
    pub milli_minutes: i128,
    /// Net revenue.
    pub revenue: Nanos,
    /// Contribution margin.
    pub margin: Nanos,
    /// Customer margin without receivables, which are nobody's time.
    pub profit: Nanos,
}

impl Returns {
    /// Net revenue for each hour.
    pub fn revenue_per_hour(&self) -> Option<Nanos> {
        per_hour(self.revenue, self.milli_minutes)
    }

    /// Customer margin for each hour.
    pub fn profit_per_hour(&self) -> Option<Nanos> {
        per_hour(self.profit, self.milli_minutes)
    }

    fn add(&mut self, more: &Self) {
        self.milli_minutes += more.milli_minutes;
        self.revenue += more.revenue;
        self.margin += more.margin;
        self.profit += more.profit;
    }

    fn check(&self) -> Result<(), Problem> {
        check_range("history.net_revenue", self.revenue)?;
        check_range("history.contribution_margin", self.margin)?;
        check_range("history.customer_margin", self.profit)?;
        for amount in [self.revenue_per_hour(), self.profit_per_hour()] {
            check_range("history.per_hour", amount.unwrap_or(0))?;
        }
        Ok(())
    }
}

/// How sums become returns.
struct Weighing {
    revenue: Weights,
    margin: Weights,
    profit: Weights,
}

impl Weighing {
    fn of(costs: &Costs) -> Self {
        Self {
            revenue: Basis::Revenue.weights(&costs.model),
            margin: Basis::ContributionMargin.weights(&costs.model),
            profit: Basis::NetProfit.weights(&costs.model),
        }
    }

    fn returns(&self, sums: &Sums) -> Returns {
        Returns {
            milli_minutes: relation::milli_minutes(sums, |_| true),
            revenue: self.revenue.value(sums),
            margin: self.margin.value(sums),
            profit: self.profit.value(sums),
        }
    }
}

/// An account with its months.
struct Account {
    customer: PartyId,
    party: Option<Arc<Party>>,
    months: Vec<Month>,
    history: Returns,
    managed_since: Option<CalendarMonth>,
    previous_manager: Option<String>,
}

impl Account {
    fn of(customer: PartyId, party: Option<Arc<Party>>, months: usize) -> Self {
        Self {
            customer,
            party,
            months: vec![Month::default(); months],
            history: Returns::default(),
            managed_since: None,
            previous_manager: None,
        }
    }
}

impl Service {
    /// Splits a manager's hours.
    pub async fn time_plan(
        &self,
        tenant: &TenantId,
        request: &TimePlanRequest,
    ) -> Result<TimePlan, Problem> {
        let months = whole_months(request.scope.period)?;
        let version = request.cost_model_version;
        let costs = self.direct_costs(tenant, version, &request.scope).await?;
        let weighing = Weighing::of(&costs);
        let mut accounts = self.accounts_of(tenant, request, months.len()).await?;
        for (place, month) in months.iter().enumerate() {
            let days = (place, month);
            self.add_month(tenant, request, days, &weighing, &mut accounts)
                .await?;
        }
        let control_total = self.tied(tenant, request, &weighing, &accounts).await?;
        let split = Split::of(request, accounts.len())?;
        let mut plan = split.plan(accounts, months.len() as u64)?;
        plan.control_total = control_total;
        plan.cost_model_version = costs.model.version;
        Ok(plan)
    }

    /// The customers with an activity under the manager, in the order of their ids.
    async fn accounts_of(
        &self,
        tenant: &TenantId,
        request: &TimePlanRequest,
        months: usize,
    ) -> Result<Vec<Account>, Problem> {
        let store = self.store()?;
        let question = ManagedQuestion {
            scope: request.scope.clone(),
            account_manager: request.account_manager.clone(),
        };
        let found = store.managed(tenant, &question).await?;
        if found.len() > ACCOUNTS_LIMIT {
            return Err(Problem::list_too_long(
                "account_manager_id",
                ACCOUNTS_LIMIT,
                found.len(),
            ));
        }
        let parties = store.party(tenant, &found, request.scope.as_of).await?;
        let accounts = found.into_iter().zip(parties);
        Ok(accounts
            .map(|(customer, party)| Account::of(customer, party, months))
            .collect())
    }

    /// Adds what a month brought.
    async fn add_month(
        &self,
        tenant: &TenantId,
        request: &TimePlanRequest,
        (place, month): (usize, &Bucket),
        weighing: &Weighing,
        accounts: &mut [Account],
    ) -> Result<(), Problem> {
        if accounts.is_empty() {
            return Ok(());
        }
        let period = Period {
            start: Some(month.days.0),
            end: Some(month.days.1),
        };
        let question = CellsQuestion {
            scope: Scope {
                period,
                ..request.scope.clone()
            },
            customers: accounts.iter().map(|one| one.customer.clone()).collect(),
            group: Group::AccountManager,
        };
        let cells = self.store()?.cells(tenant, &question).await?;
        // Accounts and cells are both in the order of ids.
        let mut cells = cells.into_iter().peekable();
        for account in accounts {
            let mut other = None;
            while let Some(((_, manager), sums)) =
                cells.next_if(|((customer, _), _)| *customer <= account.customer)
            {
                if manager != request.account_manager {
                    other = Some(manager).filter(|id| id != UNASSIGNED).or(other);
                    continue;
                }
                let returns = weighing.returns(&sums);
                account.months[place] = Month {
                    milli_minutes: returns.milli_minutes,
                    revenue: returns.revenue,
                    margin: returns.margin,
                };
                account.history.add(&returns);
                account.managed_since = account.managed_since.or_else(|| month_of(month.days.0));
            }
            if account.managed_since.is_none() {
                account.previous_manager = other.or(account.previous_manager.take());
            }
        }
        Ok(())
    }

    /// What the accounts brought must be what the books have under the manager.
    async fn tied(
        &self,
        tenant: &TenantId,
        request: &TimePlanRequest,
        weighing: &Weighing,
        accounts: &[Account],
    ) -> Result<ControlTotal, Problem> {
        let question = CrossQuestion {
            scope: request.scope.clone(),
            group: Group::AccountManager,
        };
        let managers = self.store()?.cross(tenant, &question).await?;
        let sums = managers.get(&request.account_manager);
        let ledger = sums.map_or_else(Returns::default, |sums| weighing.returns(sums));
        let mut reported = Returns::default();
        accounts.iter().for_each(|one| reported.add(&one.history));
        check_sum(ledger.profit, reported.profit)?;
        check_sum(ledger.revenue, reported.revenue)?;
        check_sum(ledger.milli_minutes, reported.milli_minutes)?;
        let control_total = ControlTotal {
            ledger: ledger.margin,
            reported: reported.margin,
            filtered_out: 0,
        };
        check_tie(control_total)?;
        Ok(control_total)
    }
}

/// The month that a day is in.
fn month_of(day: Day) -> Option<CalendarMonth> {
    let date = day.date()?;
    CalendarMonth::parse(i32::from(date.year()), i32::from(date.month()), "").ok()
}

/// The months of a period, which must have no others' days.
fn whole_months(period: Period) -> Result<Vec<Bucket>, Problem> {
    let start = period
        .start
        .ok_or_else(|| Problem::field_required("period.start_time"))?;
    let end = period
        .end
        .ok_or_else(|| Problem::field_required("period.end_time"))?;
    let (fewest, most) = MONTHS;
    let months = Granularity::Month.buckets(start, end, most)?;
    if !months.iter().all(|month| month.is_complete) {
        let problem = "does not begin and end with a calendar month";
        return Err(Problem::field_invalid("period", problem));
    }
    if months.len() < fewest {
        return Err(Problem::field_invalid(
            "period",
            "has fewer than 3 calendar months",
        ));
    }
    Ok(months)
}
