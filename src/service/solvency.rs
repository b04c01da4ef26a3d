//! Customers in the order of their solvency, each with its waterfall.

use super::{
    Service,
    rankings::{RankingRequest, question},
    receivables::{ReceivablesOrder, ReceivablesRequest, ReceivablesRow},
    report::{ControlTotal, Costs, Footing, checked_statement, footing},
};
use crate::domain::{
    id::TenantId,
    price_terms::PriceTerms,
    problem::Problem,
    question::RowSelection,
    ranking::{Basis, Direction},
    statement::Statement,
};
use std::ops::Range;

/// Some customers of a ranking by solvency.
#[derive(Debug, Clone)]
pub struct SolvencyRanking {
    /// The rows.
    pub rows: Vec<SolventCustomer>,
    /// How many customers the whole ranking has.
    pub customers: u64,
    /// That of the receivables of all of them.
    pub control_total: ControlTotal,
    /// The costs of the waterfalls.
    pub footing: Footing,
}

/// One customer in a ranking by solvency.
#[derive(Debug, Clone)]
pub struct SolventCustomer {
    /// What it owes and pays, and its place.
    pub receivables: ReceivablesRow,
    /// Its waterfall; of zeros if it did nothing in the period.
    pub statement: Statement,
    /// Its places by revenue and by net profit, from 0, if it was active.
    pub places: Option<(u64, u64)>,
    /// By what it buys on the last day of the period.
    pub terms: Option<PriceTerms>,
}

impl Service {
    /// Ranks customers by solvency and gives the rows at some places. Each row asks the store for its waterfall.
    pub async fn rank_by_solvency(
        &self,
        tenant: &TenantId,
        request: &RankingRequest,
        places: Range<u64>,
    ) -> Result<SolvencyRanking, Problem> {
        let scope = &request.scope;
        if !scope.branches.is_empty() || !scope.traits.is_empty() {
            return Err(Problem::field_invalid(
                "filter",
                "is not possible by solvency",
            ));
        }
        let asked = ReceivablesRequest {
            period: scope.period,
            as_of: scope.as_of,
            cost_model_version: request.cost_model_version,
        };
        let order = ReceivablesOrder::Solvency(request.direction);
        let list = self.receivables(tenant, &asked, order, places).await?;
        let by_profit = RankingRequest {
            basis: Basis::NetProfit,
            direction: Direction::BestFirst,
            ..request.clone()
        };
        let costs = self
            .costs(tenant, request.cost_model_version, scope)
            .await?;
        let nobody = question(&by_profit, &costs, RowSelection::Places(Vec::new()));
        let totals = self.store()?.rank(tenant, &nobody).await?.totals;
        let footing = footing(&costs, &nobody.order, &totals)?;
        let customers = list.rows.iter().map(|row| row.customer.clone());
        let customers: Vec<_> = customers.collect();
        let terms = self.terms_of(tenant, &customers, scope).await?;
        let mut rows = Vec::with_capacity(list.rows.len());
        for (receivables, terms) in list.rows.into_iter().zip(terms) {
            let row = self.solvent(tenant, &by_profit, &costs, receivables);
            rows.push(SolventCustomer {
                terms,
                ..row.await?
            });
        }
        Ok(SolvencyRanking {
            rows,
            customers: list.customers,
            control_total: list.control_total,
            footing,
        })
    }

    async fn solvent(
        &self,
        tenant: &TenantId,
        request: &RankingRequest,
        costs: &Costs,
        receivables: ReceivablesRow,
    ) -> Result<SolventCustomer, Problem> {
        let one = RowSelection::Customer(receivables.customer.clone());
        let question = question(request, costs, one);
        let answer = self.store()?.rank(tenant, &question).await?;
        let (statement, places) = match answer.rows.first() {
            None => (Statement::default(), None),
            Some(row) => {
                let place = |index: usize| row.beside.get(index).copied().unwrap_or(0);
                let statement = checked_statement(&row.sums, costs, &row.shares)?;
                (statement, Some((place(0), place(1))))
            }
        };
        Ok(SolventCustomer {
            receivables,
            statement,
            places,
            terms: None,
        })
    }
}
