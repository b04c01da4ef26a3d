//! Rows of a ranking, without what only a report shows.

use crate::{
    domain::{
        id::TenantId,
        money::Nanos,
        problem::Problem,
        question::{RankQuestion, RankRow, RowSelection},
    },
    service::{
        Service,
        rankings::RankingRequest,
        report::{check_range, check_sum, checked_statement, footing},
    },
};
use std::ops::Range;

/// Some rows of a ranking, and what the whole of it comes to.
pub struct Rows {
    /// The rows.
    pub rows: Vec<RankRow>,
    /// How many customers the whole ranking has.
    pub customers: u64,
    /// How many of them have a value below zero.
    pub negative: u64,
    /// What all of them add up to.
    pub total: Nanos,
    /// The version of the cost model that was used.
    pub cost_model_version: u64,
}

impl Service {
    /// The rows at some places. A ranking that does not tie to the books is refused as in every report.
    pub(super) async fn watched_rows(
        &self,
        tenant: &TenantId,
        request: &RankingRequest,
        selection: RowSelection,
    ) -> Result<Rows, Problem> {
        let version = request.cost_model_version;
        let costs = self.costs(tenant, version, &request.scope).await?;
        let question = RankQuestion {
            scope: request.scope.clone(),
            order: costs.order(request.basis, request.direction),
            beside: Vec::new(),
            rows: selection,
        };
        let answer = self.store()?.rank(tenant, &question).await?;
        let footing = footing(&costs, &question.order, &answer.totals)?;
        for row in &answer.rows {
            let statement = checked_statement(&row.sums, &costs, &row.shares)?;
            check_sum(row.value, statement.value(request.basis))?;
            check_range("value", row.value)?;
        }
        Ok(Rows {
            rows: answer.rows,
            customers: answer.totals.customers,
            negative: answer.totals.negative,
            total: footing.control_total.reported,
            cost_model_version: footing.cost_model_version,
        })
    }

    /// The rows at the first places.
    pub(super) async fn first_rows(
        &self,
        tenant: &TenantId,
        request: &RankingRequest,
        places: Range<u64>,
    ) -> Result<Rows, Problem> {
        let places = RowSelection::Places(vec![places]);
        self.watched_rows(tenant, request, places).await
    }
}
