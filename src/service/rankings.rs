//! Rankings, statements, bands and concentration.

use super::{
    Service,
    report::{Costs, Footing, check_range, check_sum, checked_statement, footing},
};
use crate::domain::{
    account::{Sums, Weights},
    id::{PartyId, PoolId, TenantId},
    money::{Micros, NANOS_PER_MICRO, Nanos},
    party::Party,
    price_terms::PriceTerms,
    problem::{Problem, Reason},
    question::{
        Beside, CurveAnswer, CurveQuestion, RankAnswer, RankQuestion, RankRow, RankTotals,
        RowSelection, Scope,
    },
    ranking::{Basis, Direction},
    statement::{Line, Statement, lines, receivables_lines},
    time::Period,
};
use std::{ops::Range, sync::Arc};

/// What a ranking is asked for.
#[derive(Debug, Clone)]
pub struct RankingRequest {
    /// Which postings and customers, as of which position.
    pub scope: Scope,
    /// By what.
    pub basis: Basis,
    /// Which end first.
    pub direction: Direction,
    /// Which version of the cost model; the newest if `None`.
    pub cost_model_version: Option<u64>,
}

/// Some rows of a ranking.
#[derive(Debug, Clone)]
pub struct Ranking {
    /// The rows.
    pub rows: Vec<RankedCustomer>,
    /// How many customers the whole ranking has.
    pub customers: u64,
    /// How many of them have a value below zero.
    pub negative: u64,
    /// How many customers without activity are in the ranking besides.
    pub inactive: u64,
    /// The total of the ranking is `footing.control_total.reported`.
    pub footing: Footing,
}

/// One customer in a ranking. Places count from 0.
#[derive(Debug, Clone)]
pub struct RankedCustomer {
    /// Its place.
    pub place: u64,
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// What it was ranked by.
    pub value: Nanos,
    /// The values from the first customer to this one.
    pub cumulative: Nanos,
    /// The whole waterfall.
    pub statement: Statement,
    /// Its place by revenue.
    pub place_by_revenue: u64,
    /// Its place by net profit.
    pub place_by_net_profit: u64,
    /// Whether it had no activity: then it has no places by anything else.
    pub is_inactive: bool,
    /// By what it buys on the last day of the period.
    pub terms: Option<PriceTerms>,
}

/// One customer's waterfall with what it is made of.
#[derive(Debug, Clone)]
pub struct CustomerStatement {
    /// What is stored of the customer.
    pub party: Option<Arc<Party>>,
    /// By what it buys on the last day of the period.
    pub terms: Option<PriceTerms>,
    /// The waterfall.
    pub statement: Statement,
    /// What the totals are made of.
    pub lines: Vec<Line>,
    /// Its places by revenue and by net profit, from 0, if it was active.
    pub places: Option<(u64, u64)>,
    /// By net profit: this customer, and all others as filtered out.
    pub footing: Footing,
}

/// The first, the middle and the last of a ranking.
#[derive(Debug, Clone)]
pub struct Bands {
    /// Top, middle and bottom.
    pub bands: [Band; 3],
    /// How many customers each has.
    pub size: u64,
    /// How the size was asked for.
    pub rule: BandSize,
    /// How many customers the whole ranking has.
    pub customers: u64,
    /// The totals of the whole ranking: by basis, revenue and net profit.
    pub totals: BandTotals,
    /// What the report says beside its rows.
    pub footing: Footing,
}

/// How many customers are in each band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BandSize {
    /// So many.
    Given(u64),
    /// So many millionths of all customers, rounded up.
    Millionths(u32),
    /// By how many customers there are.
    ByCustomerCount,
}

/// The most customers of a band that are told one by one.
pub const BAND_LISTED: usize = 333;
/// The most customers of a band.
const BAND_MOST: u64 = 10_000;

impl BandSize {
    /// How many customers are in each band, of so many in all.
    fn of(self, customers: u64) -> Result<u64, Problem> {
        let size = match self {
            Self::Given(size) => size,
            Self::Millionths(millionths) => {
                let exact = u128::from(customers) * u128::from(millionths);
                // At most the number of customers.
                u64::try_from(exact.div_ceil(1_000_000)).unwrap_or(customers)
            }
            Self::ByCustomerCount => customers.div_ceil(100).clamp(5, BAND_LISTED as u64),
        };
        let size = size.min(customers / 3);
        if size > BAND_MOST {
            let most = format!("{BAND_MOST} of {customers} customers");
            let field = "band_fraction";
            return Err(Problem::number_out_of_range(field, "0.000001", &most));
        }
        Ok(size)
    }
}

/// Some neighbours in a ranking.
#[derive(Debug, Clone, Default)]
pub struct Band {
    /// The customers, the best first; at most [`BAND_LISTED`].
    pub rows: Vec<RankedCustomer>,
    /// What they add up to.
    pub totals: BandTotals,
    /// How many of them have a net profit below zero.
    pub unprofitable: u64,
}

/// Sums of a band or of a whole ranking, in nano-units.
#[derive(Debug, Clone, Copy, Default)]
pub struct BandTotals {
    /// By the basis.
    pub value: Nanos,
    /// Net revenue.
    pub revenue: Nanos,
    /// Net profit.
    pub net_profit: Nanos,
}

/// The whale curve with its footing.
#[derive(Debug, Clone)]
pub struct Concentration {
    /// The curve in integers.
    pub curve: CurveAnswer,
    /// What the report says beside it.
    pub footing: Footing,
}

impl Service {
    /// Ranks customers and gives the rows at some places.
    pub async fn rank(
        &self,
        tenant: &TenantId,
        request: &RankingRequest,
        places: Vec<Range<u64>>,
    ) -> Result<Ranking, Problem> {
        let costs = self
            .costs(tenant, request.cost_model_version, &request.scope)
            .await?;
        let question = question(request, &costs, RowSelection::Places(places));
        let answer = self.store()?.rank(tenant, &question).await?;
        let mut ranking = Ranking::of(request.basis, &costs, &question, answer)?;
        self.add_terms(tenant, &request.scope, &mut ranking).await?;
        Ok(ranking)
    }

    /// One customer's waterfall.
    pub async fn statement(
        &self,
        tenant: &TenantId,
        customer: &PartyId,
        scope: Scope,
        cost_model_version: Option<u64>,
    ) -> Result<CustomerStatement, Problem> {
        let basis = Basis::NetProfit;
        let request = RankingRequest {
            scope,
            basis,
            direction: Direction::BestFirst,
            cost_model_version,
        };
        let costs = self
            .costs(tenant, cost_model_version, &request.scope)
            .await?;
        let question = question(&request, &costs, RowSelection::Customer(customer.clone()));
        let mut answer = self.store()?.rank(tenant, &question).await?;
        let row = answer.rows.pop();
        let ids = std::slice::from_ref(customer);
        let terms = self.terms_of(tenant, ids, &request.scope).await?.pop();
        let terms = terms.flatten();
        let totals = only(row.as_ref(), &question.order.weights, answer.totals);
        let footing = footing(&costs, &question.order, &totals)?;
        let Some(row) = row else {
            // A customer without activity in the period has a statement of zeros, unless nothing is known of it at all.
            let (statement, lines) = (Statement::default(), Vec::new());
            return Ok(CustomerStatement {
                party: self.known(tenant, customer, &request).await?,
                terms,
                statement,
                lines,
                places: None,
                footing,
            });
        };
        let names = costs.pool_parts.iter().map(|part| part.pool.clone());
        let (pools, receivables) = costs.divided(&row.shares);
        let shares: Vec<(PoolId, Micros)> = names.zip(pools.iter().copied()).collect();
        let mut lines = lines(&row.sums, &costs.model, &shares);
        lines.extend(receivables_lines(receivables));
        Ok(CustomerStatement {
            statement: checked_statement(&row.sums, &costs, &row.shares)?,
            lines,
            places: Some((beside(&row, 0), beside(&row, 1))),
            party: row.party,
            terms,
            footing,
        })
    }

    /// What is stored of a customer. Refused if it is not even known by an activity of whatever time.
    pub(super) async fn known(
        &self,
        tenant: &TenantId,
        customer: &PartyId,
        request: &RankingRequest,
    ) -> Result<Option<Arc<Party>>, Problem> {
        let as_of = request.scope.as_of;
        let ids = std::slice::from_ref(customer);
        let party = self
            .store()?
            .party(tenant, ids, as_of)
            .await?
            .into_iter()
            .next()
            .flatten();
        // Activities that were taken back are as if they never were, so that the books are asked and not the ledger.
        let ever = RankingRequest {
            scope: Scope {
                period: Period::ALL,
                ..request.scope.clone()
            },
            ..request.clone()
        };
        let costs = self
            .costs(tenant, request.cost_model_version, &ever.scope)
            .await?;
        let ever = question(&ever, &costs, RowSelection::Customer(customer.clone()));
        if party.is_none() && self.store()?.rank(tenant, &ever).await?.rows.is_empty() {
            return Err(customer_not_found(customer));
        }
        Ok(party)
    }

    /// Sets the first, the middle and the last customers side by side.
    pub async fn bands(
        &self,
        tenant: &TenantId,
        request: &RankingRequest,
        rule: BandSize,
    ) -> Result<Bands, Problem> {
        let costs = self
            .costs(tenant, request.cost_model_version, &request.scope)
            .await?;
        let ask = |places| question(request, &costs, RowSelection::Places(places));
        let customers = self
            .store()?
            .rank(tenant, &ask(Vec::new()))
            .await?
            .totals
            .customers;
        let size = rule.of(customers)?;
        let middle = (customers - size) / 2;
        let starts = [0, middle, customers - size];
        let question = ask(starts.iter().map(|start| *start..start + size).collect());
        let answer = self.store()?.rank(tenant, &question).await?;
        let totals = whole(request.basis, &costs, &question, &answer.totals)?;
        let mut ranking = Ranking::of(request.basis, &costs, &question, answer)?;
        self.add_terms(tenant, &request.scope, &mut ranking).await?;
        let mut bands = [Band::default(), Band::default(), Band::default()];
        for row in ranking.rows {
            let index = starts
                .iter()
                .rposition(|start| *start <= row.place)
                .unwrap_or(0);
            bands[index].add(row)?;
        }
        Ok(Bands {
            bands,
            size,
            rule,
            customers,
            totals,
            footing: ranking.footing,
        })
    }

    /// Says how much depends on how few.
    pub async fn concentration(
        &self,
        tenant: &TenantId,
        request: &RankingRequest,
        points: u64,
    ) -> Result<Concentration, Problem> {
        let costs = self
            .costs(tenant, request.cost_model_version, &request.scope)
            .await?;
        let order = costs.order(request.basis, Direction::BestFirst);
        let question = CurveQuestion {
            scope: request.scope.clone(),
            order,
            points,
        };
        let curve = self.store()?.curve(tenant, &question).await?;
        let footing = footing(&costs, &question.order, &curve.totals)?;
        let peak = ("peak.cumulative_value", curve.peak.1);
        let points = curve
            .points
            .iter()
            .map(|(_, value)| ("points.cumulative_value", *value));
        for (figure, value) in points.chain([peak]) {
            check_range(figure, value)?;
        }
        Ok(Concentration { curve, footing })
    }
}

pub(super) fn question(
    request: &RankingRequest,
    costs: &Costs,
    rows: RowSelection,
) -> RankQuestion {
    let beside = [Basis::Revenue, Basis::NetProfit];
    RankQuestion {
        scope: request.scope.clone(),
        order: costs.order(request.basis, request.direction),
        beside: beside
            .iter()
            .map(|basis| Beside {
                weights: basis.weights(&costs.model),
                bears_driven: basis.bears_fixed_costs(),
            })
            .collect(),
        rows,
    }
}

/// The place of a row in an order beside; a store tells one for each that was asked.
fn beside(row: &RankRow, index: usize) -> u64 {
    row.beside.get(index).copied().unwrap_or(0)
}

impl Ranking {
    pub(super) fn of(
        basis: Basis,
        costs: &Costs,
        question: &RankQuestion,
        answer: RankAnswer,
    ) -> Result<Self, Problem> {
        let footing = footing(costs, &question.order, &answer.totals)?;
        let rows = answer.rows.into_iter().map(|row| {
            let statement = checked_statement(&row.sums, costs, &row.shares)?;
            check_range("cumulative_value", row.cumulative)?;
            check_value(&row, &statement, basis)?;
            Ok(RankedCustomer {
                place: row.place,
                place_by_revenue: beside(&row, 0),
                place_by_net_profit: beside(&row, 1),
                customer: row.customer,
                party: row.party,
                value: row.value,
                cumulative: row.cumulative,
                statement,
                is_inactive: false,
                terms: None,
            })
        });
        Ok(Self {
            rows: rows.collect::<Result<_, Problem>>()?,
            customers: answer.totals.customers,
            negative: answer.totals.negative,
            inactive: 0,
            footing,
        })
    }
}

/// The value that a store ranked by has to be the figure of the waterfall that is shown beside it.
fn check_value(row: &RankRow, statement: &Statement, basis: Basis) -> Result<(), Problem> {
    check_sum(row.value, statement.value(basis))
}

/// The totals of a report on one customer: all others are filtered out.
pub(super) fn only(row: Option<&RankRow>, weights: &Weights, totals: RankTotals) -> RankTotals {
    let mut others = totals.filtered_out;
    others.add_all(&totals.reported);
    let (reported, reported_shares) = match row {
        Some(row) => (
            row.sums.clone(),
            row.shares.iter().map(|s| i128::from(*s)).collect(),
        ),
        None => (Sums::default(), vec![0; totals.reported_shares.len()]),
    };
    others.subtract_all(&reported);
    RankTotals {
        reported_value: weights.value(&reported),
        reported,
        reported_shares,
        filtered_out: others,
        ..totals
    }
}

/// What a whole ranking adds up to by basis, revenue and net profit.
pub(super) fn whole(
    basis: Basis,
    costs: &Costs,
    question: &RankQuestion,
    totals: &RankTotals,
) -> Result<BandTotals, Problem> {
    let by = |weights: &Weights| weights.value(&totals.reported);
    let shares: Nanos = totals.reported_shares.iter().sum::<i128>() * NANOS_PER_MICRO;
    let borne = if basis.bears_fixed_costs() { shares } else { 0 };
    let whole = BandTotals {
        value: by(&question.order.weights) - borne,
        revenue: by(&Basis::Revenue.weights(&costs.model)),
        net_profit: by(&Basis::NetProfit.weights(&costs.model)) - shares,
    };
    whole.check_range()?;
    Ok(whole)
}

impl Band {
    fn add(&mut self, row: RankedCustomer) -> Result<(), Problem> {
        self.totals.value += row.value;
        self.totals.revenue += row.statement.net_revenue;
        self.totals.net_profit += row.statement.net_profit;
        self.unprofitable += u64::from(row.statement.net_profit < 0);
        if self.rows.len() < BAND_LISTED {
            self.rows.push(row);
        }
        self.totals.check_range()
    }
}

impl BandTotals {
    fn check_range(&self) -> Result<(), Problem> {
        check_range("value", self.value)?;
        check_range("revenue", self.revenue)?;
        check_range("net_profit", self.net_profit)
    }
}

/// Nothing is known of the customer.
fn customer_not_found(customer: &PartyId) -> Problem {
    let message = format!("nothing is known of customer {customer}");
    let variables = [("customer_id", customer.to_string())];
    Problem::new(Reason::CustomerNotFound, "customer_id", message, variables)
}
