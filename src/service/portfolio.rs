//! The plan of a portfolio: every customer in the order of the whale curve, with what to do about it.

use super::{
    Service,
    rankings::{RankingRequest, question, whole},
    report::{Costs, Footing, check_range, check_sum, checked_statement, footing},
};
use crate::domain::{
    allocation::Driver,
    id::{PartyId, TenantId},
    money::{Micros, NANOS_PER_MICRO, Nanos},
    party::Party,
    portfolio::{
        Band, Disposition, Edges, Judged, Point, Rules, Verdict, proportion, revenue_for,
        time_cost, year_before,
    },
    problem::Problem,
    question::{CellsQuestion, Group, RankRow, RankTotals, RowSelection, Scope},
    ranking::{Basis, Direction},
    receivables::cost::Part,
    statement::{Statement, lines},
    time::Period,
};
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// Up to how many customers a page tells what all dispositions come to.
pub const SUMMARY_LIMIT: u64 = 5_000;
/// Thousandths of a minute in an hour.
const MILLI_HOUR: i128 = 60_000;

/// What is asked of a portfolio.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// Which period, as of which position; without filters.
    pub scope: Scope,
    /// By what customers are told apart.
    pub rules: Rules,
    /// Which version of the cost model; the one that holds if `None`.
    pub cost_model_version: Option<u64>,
}

/// What a plan says beside its customers.
#[derive(Debug, Clone)]
pub struct Portfolio {
    /// Where the bands end.
    pub edges: Edges,
    /// The bands, with the sums of their net profits.
    pub bands: [(Band, u64, Nanos); 3],
    /// The whole period.
    pub this_period: PeriodTotals,
    /// The same days of the year before.
    pub prior_year: Option<PeriodTotals>,
    /// What the report says beside its rows.
    pub footing: Footing,
    costs: Costs,
    prior: Option<(Scope, Costs)>,
}

/// Some customers of a plan, with what all of them come to.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is said of the whole.
    pub portfolio: Portfolio,
    /// The customers.
    pub customers: Vec<Planned>,
    /// By disposition, if there are few enough customers.
    pub totals: Option<PlanTotals>,
}

/// A portfolio over a period.
#[derive(Debug, Clone, Copy, Default)]
pub struct PeriodTotals {
    /// Which period.
    pub period: Period,
    /// How many customers.
    pub customers: u64,
    /// How many have a net profit below zero.
    pub negative: u64,
    /// Net revenue.
    pub net_revenue: Nanos,
    /// Customer margin.
    pub customer_margin: Nanos,
    /// Net profit.
    pub net_profit: Nanos,
}

/// One customer of a plan.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its place by net profit, from 0.
    pub place: u64,
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// The net profits from the first customer to this one.
    pub cumulative: Nanos,
    /// Its waterfall.
    pub statement: Statement,
    /// Its place by revenue, from 0.
    pub place_by_revenue: u64,
    /// Its part of the whale curve.
    pub band: Band,
    /// What to do about it.
    pub verdict: Verdict,
    /// What is missing to the next band.
    pub gap: Option<Nanos>,
    /// The revenue that would close that.
    pub revenue_to_next_band: Option<Nanos>,
    /// Its customer margin for each hour.
    pub margin_per_hour: Option<Nanos>,
    /// Its net revenue and customer margin of the year before.
    pub prior: Option<(Nanos, Nanos)>,
}

/// What the customers of one disposition come to.
#[derive(Debug, Clone, Copy, Default)]
pub struct DispositionTotal {
    /// How many.
    pub customers: u64,
    /// How many of them are below the floor.
    pub below_floor: u64,
    /// Net revenue.
    pub net_revenue: Nanos,
    /// Customer margin.
    pub customer_margin: Nanos,
    /// What they bear of the fixed costs.
    pub allocated: Nanos,
    /// Net profit.
    pub net_profit: Nanos,
    /// Working time in thousandths of a minute.
    pub milli_minutes: i128,
}

/// By disposition, in the order of [`Disposition::ALL`].
#[derive(Debug, Clone, Copy, Default)]
pub struct PlanTotals([DispositionTotal; Disposition::ALL.len()]);

impl PlanTotals {
    /// Adds a customer.
    pub fn add(&mut self, planned: &Planned) {
        let statement = &planned.statement;
        let own = (Disposition::ALL.iter())
            .zip(&mut self.0)
            .filter(|(disposition, _)| **disposition == planned.verdict.disposition);
        for (_, total) in own {
            total.customers += 1;
            total.below_floor += u64::from(planned.verdict.below_floor.is_some());
            total.net_revenue += statement.net_revenue;
            total.customer_margin += statement.customer_margin;
            total.allocated += statement.allocated_fixed_cost;
            total.net_profit += statement.net_profit;
            total.milli_minutes += statement.milli_minutes;
        }
    }

    /// Each with its disposition.
    pub fn each(&self) -> impl Iterator<Item = (Disposition, &DispositionTotal)> {
        Disposition::ALL.into_iter().zip(&self.0)
    }

    /// Refuses totals that do not come to the whole, or that are too large.
    pub fn check(&self, whole: Nanos) -> Result<(), Problem> {
        for (_, total) in self.each() {
            check_range("disposition_totals.net_revenue", total.net_revenue)?;
            check_range("disposition_totals.customer_margin", total.customer_margin)?;
            check_range("disposition_totals.allocated_fixed_cost", total.allocated)?;
            check_range("disposition_totals.net_profit", total.net_profit)?;
        }
        check_sum(whole, self.0.iter().map(|total| total.net_profit).sum())
    }
}

impl Service {
    /// The customers at some places of the whale curve, with what to do about them.
    pub async fn plan(
        &self,
        tenant: &TenantId,
        request: &PlanRequest,
        places: Range<u64>,
    ) -> Result<Plan, Problem> {
        let portfolio = self.portfolio(tenant, request).await?;
        let customers = portfolio.edges.customers;
        if customers > SUMMARY_LIMIT {
            let customers = self.planned(tenant, request, &portfolio, places).await?;
            let totals = None;
            return Ok(Plan {
                portfolio,
                customers,
                totals,
            });
        }
        let all = self
            .planned(tenant, request, &portfolio, 0..customers)
            .await?;
        let mut totals = PlanTotals::default();
        all.iter().for_each(|one| totals.add(one));
        totals.check(portfolio.footing.control_total.reported)?;
        let wanted = all.into_iter().filter(|one| places.contains(&one.place));
        Ok(Plan {
            portfolio,
            customers: wanted.collect(),
            totals: Some(totals),
        })
    }

    /// What is said of the whole.
    pub async fn portfolio(
        &self,
        tenant: &TenantId,
        request: &PlanRequest,
    ) -> Result<Portfolio, Problem> {
        let (costs, totals, this_period, footing) =
            self.whole_period(tenant, request, &request.scope).await?;
        let edges = self
            .band_edges(tenant, request, &costs, totals.customers)
            .await?;
        let mut prior = None;
        let mut prior_year = None;
        if let Some(period) = year_before(&request.scope.period) {
            let scope = Scope {
                period,
                ..request.scope.clone()
            };
            let (costs, _, totals, _) = self.whole_period(tenant, request, &scope).await?;
            prior_year = Some(totals);
            prior = Some((scope, costs));
        }
        let bands = edges.bands(footing.control_total.reported);
        for (_, _, sum) in &bands {
            check_range("bands.net_profit", *sum)?;
        }
        Ok(Portfolio {
            edges,
            bands,
            this_period,
            prior_year,
            footing,
            costs,
            prior,
        })
    }

    async fn whole_period(
        &self,
        tenant: &TenantId,
        request: &PlanRequest,
        scope: &Scope,
    ) -> Result<(Costs, RankTotals, PeriodTotals, Footing), Problem> {
        let costs = self
            .costs(tenant, request.cost_model_version, scope)
            .await?;
        let ranking = by_net_profit(request, scope);
        let question = question(&ranking, &costs, RowSelection::Places(Vec::new()));
        let totals = self.store()?.rank(tenant, &question).await?.totals;
        let footing = footing(&costs, &question.order, &totals)?;
        let sums = whole(Basis::NetProfit, &costs, &question, &totals)?;
        let pools: i128 = (totals.reported_shares.iter())
            .take(costs.pool_parts.len())
            .sum();
        let period = PeriodTotals {
            period: scope.period,
            customers: totals.customers,
            negative: totals.negative,
            net_revenue: sums.revenue,
            customer_margin: sums.net_profit + pools * NANOS_PER_MICRO,
            net_profit: sums.net_profit,
        };
        check_range("customer_margin", period.customer_margin)?;
        Ok((costs, totals, period, footing))
    }

    /// Where the bands end.
    async fn band_edges(
        &self,
        tenant: &TenantId,
        request: &PlanRequest,
        costs: &Costs,
        customers: u64,
    ) -> Result<Edges, Problem> {
        let mut edges = Edges {
            customers,
            ..Edges::default()
        };
        let Some(places) = Edges::places(customers) else {
            return Ok(edges);
        };
        let ranges = [places[0]..places[1] + 1, places[2]..places[3] + 1];
        let ranking = by_net_profit(request, &request.scope);
        let mut question = question(&ranking, costs, RowSelection::Places(ranges.to_vec()));
        question.beside.clear();
        let rows = self.store()?.rank(tenant, &question).await?.rows;
        let at = |place: u64| {
            let row = rows.iter().find(|row| row.place == place);
            row.map(|row| Point {
                value: row.value,
                cumulative: row.cumulative,
            })
        };
        edges.top = at(places[0]).zip(at(places[1]));
        edges.bottom = at(places[2]).zip(at(places[3]));
        Ok(edges)
    }

    /// The customers at some places, of a portfolio of which the rest is known.
    pub async fn planned(
        &self,
        tenant: &TenantId,
        request: &PlanRequest,
        portfolio: &Portfolio,
        places: Range<u64>,
    ) -> Result<Vec<Planned>, Problem> {
        let places = places.start..places.end.min(portfolio.edges.customers);
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let ranking = by_net_profit(request, &request.scope);
        let rows = RowSelection::Places(std::iter::once(places).collect());
        let question = question(&ranking, &portfolio.costs, rows);
        let rows = self.store()?.rank(tenant, &question).await?.rows;
        let customers = rows.iter().map(|row| row.customer.clone()).collect();
        let prior = self.prior_of(tenant, portfolio, customers).await?;
        let planned = rows.into_iter().map(|row| {
            let prior = prior.get(&row.customer).copied();
            planned(row, portfolio, &request.rules, prior)
        });
        planned.collect()
    }

    /// Net revenue and customer margin of the year before, of those who had any activity then.
    async fn prior_of(
        &self,
        tenant: &TenantId,
        portfolio: &Portfolio,
        customers: Vec<PartyId>,
    ) -> Result<BTreeMap<PartyId, (Nanos, Nanos)>, Problem> {
        let Some((scope, costs)) = &portfolio.prior else {
            return Ok(BTreeMap::new());
        };
        let question = CellsQuestion {
            scope: scope.clone(),
            customers,
            group: Group::Customer,
        };
        let cells = self.store()?.cells(tenant, &question).await?;
        let of = cells.into_iter().map(|((customer, _), sums)| {
            let own = receivables_of(costs, &customer);
            let statement = Statement::of(&sums, &costs.model, 0).with_receivables(own);
            let figures = (statement.net_revenue, statement.customer_margin);
            check_range("prior_year_net_revenue", figures.0)?;
            check_range("prior_year_customer_margin", figures.1)?;
            Ok((customer, figures))
        });
        of.collect()
    }
}

/// What the receivables of a customer cost beside what was written off.
pub(super) fn receivables_of<'c>(
    costs: &'c Costs,
    customer: &'c PartyId,
) -> impl Iterator<Item = (Part, Micros)> + 'c {
    let parts = costs.receivables.parts.iter();
    parts.filter_map(move |(part, driven)| match &driven.driver {
        Driver::Supplied(own) => {
            let amount = own.get(customer)?;
            Some((*part, if driven.amount < 0 { -amount } else { *amount }))
        }
        // What receivables cost is told by customer.
        Driver::Weighed(_) | Driver::Present(_) => None,
    })
}

fn by_net_profit(request: &PlanRequest, scope: &Scope) -> RankingRequest {
    RankingRequest {
        scope: scope.clone(),
        basis: Basis::NetProfit,
        direction: Direction::BestFirst,
        cost_model_version: request.cost_model_version,
    }
}

fn planned(
    row: RankRow,
    portfolio: &Portfolio,
    rules: &Rules,
    prior: Option<(Nanos, Nanos)>,
) -> Result<Planned, Problem> {
    let costs = &portfolio.costs;
    let statement = checked_statement(&row.sums, costs, &row.shares)?;
    check_sum(row.value, statement.net_profit)?;
    check_range("cumulative_net_profit", row.cumulative)?;
    let place_by_revenue = row.beside.first().copied().unwrap_or(0);
    let judged = Judged {
        statement: &statement,
        time_cost: time_cost(&lines(&row.sums, &costs.model, &[])),
        place: row.place,
        place_by_revenue,
        prior_margin: prior.map(|(_, margin)| margin),
    };
    let verdict = rules.judge(&judged, &portfolio.edges);
    let next = portfolio.edges.next_band(row.place);
    let gap = next.map(|next| next - statement.net_profit);
    // What is divided by next to nothing may be more than any amount of money: that is not told.
    let told = |amount: &Nanos| check_range("", *amount).is_ok();
    let margin_per_hour = (statement.milli_minutes > 0).then(|| {
        let hours = statement.milli_minutes * NANOS_PER_MICRO;
        proportion(statement.customer_margin, MILLI_HOUR, hours) * NANOS_PER_MICRO
    });
    let revenue_to_next_band = gap.and_then(|gap| revenue_for(gap, &statement));
    check_range("gap_to_next_band", gap.unwrap_or(0))?;
    for reason in &verdict.reasons {
        check_range("reasons.margin", reason.margin)?;
    }
    Ok(Planned {
        place: row.place,
        customer: row.customer,
        party: row.party,
        cumulative: row.cumulative,
        place_by_revenue,
        band: portfolio.edges.band(row.place),
        verdict,
        gap,
        // What no amount can be is not told.
        revenue_to_next_band: revenue_to_next_band.filter(told),
        margin_per_hour: margin_per_hour.filter(told),
        prior,
        statement,
    })
}
