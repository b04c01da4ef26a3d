//! Customers against branches, products or account managers.

use super::{
    Service,
    report::{Costs, Footing, check_range, check_sum, footing},
};
use crate::domain::{
    account::Weights,
    dimension::{Columns, Dimension},
    id::{PartyId, TenantId},
    money::Nanos,
    party::Party,
    problem::Problem,
    product::Categories,
    question::{
        CellsAnswer, CellsQuestion, CrossQuestion, Group, Order, RankQuestion, RankRow,
        RowSelection, Scope,
    },
    ranking::{Basis, Direction},
};
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// What a cross report is asked for.
#[derive(Debug, Clone)]
pub struct CrossReportRequest {
    /// Which postings and customers, as of which position.
    pub scope: Scope,
    /// What the columns are.
    pub columns: Dimension,
    /// What the cells are.
    pub basis: Basis,
    /// In which order the customers stand.
    pub order: RowOrder,
    /// How many columns of their own there are at most.
    pub column_limit: usize,
    /// Which version of the cost model; the newest if `None`.
    pub cost_model_version: Option<u64>,
}

/// In which order the customers of a cross report stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// By their totals.
    Total(Direction),
    /// By their ids.
    CustomerId,
}

/// Some rows of a cross report.
#[derive(Debug, Clone)]
pub struct CrossReport {
    /// The columns with their totals over all customers.
    pub columns: Columns,
    /// The rows.
    pub rows: Vec<CrossRow>,
    /// How many customers the whole report has.
    pub customers: u64,
    /// The grand total is `footing.control_total.reported`.
    pub footing: Footing,
}

/// One customer of a cross report; amounts in nano-units.
#[derive(Debug, Clone)]
pub struct CrossRow {
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// Its cells, in the order of the columns.
    pub cells: Vec<(String, Nanos)>,
    /// What it has in the columns that are one together.
    pub other: Nanos,
    /// All of it.
    pub total: Nanos,
}

impl Service {
    /// Sets the customers at some places against a dimension.
    pub async fn cross_report(
        &self,
        tenant: &TenantId,
        request: &CrossReportRequest,
        places: Range<u64>,
    ) -> Result<CrossReport, Problem> {
        let costs = self
            .direct_costs(tenant, request.cost_model_version, &request.scope)
            .await?;
        let (scope, group) = (request.scope.clone(), request.columns.group());
        let question = rows_of(request, &costs, places);
        let by_value = costs.order(request.basis, Direction::BestFirst);
        let weights = &by_value.weights;
        let asked = CrossQuestion {
            scope: scope.clone(),
            group,
        };
        let store = self.store()?;
        let (mut ranked, totals, categories) = tokio::try_join!(
            store.rank(tenant, &question),
            self.column_totals(tenant, asked, weights),
            self.categories_of(tenant, request.columns, &request.scope)
        )?;
        let customers = ranked.rows.iter().map(|row| row.customer.clone());
        let cells = CellsQuestion {
            scope,
            customers: customers.collect(),
            group,
        };
        let cells = store.cells(tenant, &cells).await?;
        if request.order == RowOrder::CustomerId {
            // The order of ids weighs nothing; that the columns come to this is checked below.
            ranked.totals.reported_value = weights.value(&ranked.totals.reported);
        }
        let footing = footing(&costs, &by_value, &ranked.totals)?;
        let mut totals = totals.to_vec();
        if let Some(categories) = &categories {
            let merged = categories.merged(totals, |total, more| *total += more);
            totals = merged.into_iter().collect();
        }
        let columns = Columns::of(totals, request.column_limit);
        check_sum(footing.control_total.reported, columns.total())?;
        for (_, total) in &columns.own {
            check_range("columns.total", *total)?;
        }
        check_range("other_total", columns.other_total)?;
        let rows = rows(ranked.rows, cells, categories.as_ref(), &columns, weights)?;
        Ok(CrossReport {
            columns,
            rows,
            customers: ranked.totals.customers,
            footing,
        })
    }
}

/// The totals of which columns.
pub(super) type ColumnsAsked = (TenantId, CrossQuestion, Weights);
/// The columns with their totals, in the order of their ids.
pub(super) type ColumnTotals = Vec<(String, Nanos)>;

impl Service {
    /// The totals of all columns, which are the same on all pages of a report: they are kept, since the books are gone
    /// through for them.
    async fn column_totals(
        &self,
        tenant: &TenantId,
        asked: CrossQuestion,
        weights: &Weights,
    ) -> Result<Arc<ColumnTotals>, Problem> {
        let asked = (tenant.clone(), asked, weights.clone());
        let (tenant, question, weights) = &asked;
        let find = async || {
            let totals = self.store()?.cross(tenant, question).await?.into_iter();
            Ok(totals
                .map(|(column, sums)| (column, weights.value(&sums)))
                .collect())
        };
        if question.group == Group::Customer {
            // They are as many as there are customers, and are put together for few columns.
            return find().await.map(Arc::new);
        }
        self.column_totals.find_or(&asked, find).await
    }
}

/// Asks for the customers at some places.
fn rows_of(request: &CrossReportRequest, costs: &Costs, places: Range<u64>) -> RankQuestion {
    let order = match request.order {
        RowOrder::Total(direction) => costs.order(request.basis, direction),
        // If everybody is worth the same, they stand by id.
        RowOrder::CustomerId => Order {
            weights: Weights::default(),
            ..costs.order(request.basis, Direction::BestFirst)
        },
    };
    RankQuestion {
        scope: request.scope.clone(),
        order,
        beside: Vec::new(),
        rows: RowSelection::Places(vec![places]),
    }
}

/// Puts cells into rows; each must come to what the books have of its customer.
fn rows(
    ranked: Vec<RankRow>,
    cells: CellsAnswer,
    categories: Option<&Categories>,
    columns: &Columns,
    weights: &Weights,
) -> Result<Vec<CrossRow>, Problem> {
    let mut by_customer = BTreeMap::<PartyId, Vec<(String, Nanos)>>::new();
    for ((customer, column), sums) in cells {
        let value = weights.value(&sums);
        check_range("rows.cells.value", value)?;
        by_customer
            .entry(customer)
            .or_default()
            .push((column, value));
    }
    let rows = ranked.into_iter().map(|row| {
        let cells = by_customer.remove(&row.customer).unwrap_or_default();
        let (cells, other) = match categories {
            None => columns.row(cells),
            Some(categories) => columns.row(categories.merged(cells, |cell, more| *cell += more)),
        };
        let total = weights.value(&row.sums);
        let of_cells = cells.iter().map(|(_, value)| value).sum::<Nanos>();
        check_sum(total, of_cells + other)?;
        check_range("rows.total", total)?;
        check_range("rows.other", other)?;
        Ok(CrossRow {
            customer: row.customer,
            party: row.party,
            cells,
            other,
            total,
        })
    });
    rows.collect()
}
