//! The first customers of a ranking, as a standing question.

use super::{Standing, causes::Causes};
use crate::{
    domain::{
        id::TenantId,
        ledger::Position,
        money::Nanos,
        problem::Problem,
        question::Scope,
        ranking::{Basis, Direction},
        watch::{
            Window,
            change::{Cause, RowChange, Spot, WatchedRow, changes},
        },
    },
    service::{Service, rankings::RankingRequest},
};

/// A standing question for the first customers of a ranking.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StandingRanking {
    /// Whose.
    pub tenant: TenantId,
    /// Which days.
    pub window: Window,
    /// Which postings and customers; of all time and before all writes, so that equal questions are equal.
    pub scope: Scope,
    /// By what.
    pub basis: Basis,
    /// Which end first.
    pub direction: Direction,
    /// Which version of the cost model; the one that holds if `None`.
    pub cost_model_version: Option<u64>,
    /// How many customers.
    pub customers: u64,
}

/// What it comes to.
#[derive(Debug, Clone)]
pub struct RankingState {
    /// Which days and postings, as of which position.
    pub scope: Scope,
    /// The customers.
    pub rows: Vec<WatchedRow>,
    /// How many customers the whole ranking has.
    pub customers: u64,
    /// How many of them have a value below zero.
    pub negative: u64,
    /// What all of them add up to.
    pub total: Nanos,
    /// The version of the cost model that was used.
    pub cost_model_version: u64,
}

impl StandingRanking {
    fn request(&self, scope: Scope) -> RankingRequest {
        RankingRequest {
            scope,
            basis: self.basis,
            direction: self.direction,
            cost_model_version: self.cost_model_version,
        }
    }
}

impl Standing for StandingRanking {
    type State = RankingState;
    type Change = (RowChange, Cause);
    type Memory = ();

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    async fn state(
        &self,
        service: &Service,
        as_of: Position,
        _memory: &mut (),
    ) -> Result<RankingState, Problem> {
        let scope = service
            .scope_at(&self.tenant, &self.scope, self.window, as_of)
            .await?;
        let request = self.request(scope);
        let found = service
            .first_rows(&self.tenant, &request, 0..self.customers)
            .await?;
        let row = |row: crate::domain::question::RankRow| WatchedRow {
            customer: row.customer,
            party: row.party,
            spot: Spot {
                place: row.place,
                value: row.value,
            },
        };
        Ok(RankingState {
            scope: request.scope,
            rows: found.rows.into_iter().map(row).collect(),
            customers: found.customers,
            negative: found.negative,
            total: found.total,
            cost_model_version: found.cost_model_version,
        })
    }

    async fn changes(
        &self,
        service: &Service,
        (since, before): (Position, &RankingState),
        (_, after): (Position, &RankingState),
    ) -> Result<Vec<(RowChange, Cause)>, Problem> {
        let all = changes(&before.rows, &after.rows);
        let other_costs = before.cost_model_version != after.cost_model_version;
        let mut causes = Causes::new(service, &self.tenant, &after.scope, since);
        let customers = all.iter().map(|change| &change.customer);
        causes.read_for(customers).await?;
        let mut found = Vec::with_capacity(all.len());
        for change in &all {
            let cause = causes.of_change(change, &all, other_costs).await?;
            found.push((change.clone(), cause));
        }
        Ok(found)
    }
}
