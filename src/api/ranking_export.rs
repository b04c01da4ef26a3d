//! A whole ranking, part after part, as fast as it is read.

use super::{
    convert::{
        common::{count_to_pb, position_to_pb},
        ranking::{control_total_to_pb, cost_basis_to_pb, ranked_customer_to_pb},
    },
    pb,
};
use crate::{
    domain::{id::TenantId, problem::Problem},
    service::{
        Service,
        rankings::{RankedCustomer, Ranking, RankingRequest},
        report::check_sum,
    },
};
use std::sync::Arc;
use tokio::sync::mpsc;
use tonic::Status;

/// How many customers a message has at most.
const PART: usize = 1_000;
/// How many customers are asked for at once: the store orders them anew each time.
const ASKED: u64 = 10_000;

/// What the reader of an export gets.
pub type Part = Result<pb::ExportRankingResponse, Status>;

/// One open export.
pub struct RankingExport {
    /// The use cases.
    pub service: Arc<Service>,
    /// Whose ranking.
    pub tenant: TenantId,
    /// Which ranking, as of a position.
    pub request: RankingRequest,
    /// Whether customers without activity are in it.
    pub with_inactive: bool,
}

impl RankingExport {
    /// The customers from a place on, as many as are asked for at once.
    pub async fn from(&self, place: u64) -> Result<Ranking, Problem> {
        let places = place..place.saturating_add(ASKED);
        let (service, request) = (&self.service, &self.request);
        match self.with_inactive {
            false => service.rank(&self.tenant, request, vec![places]).await,
            true => {
                service
                    .rank_with_inactive(&self.tenant, request, places)
                    .await
            }
        }
    }

    /// Sends everything from what was found first on. Ends early if nobody reads any more.
    pub async fn run(self, first: Ranking, parts: mpsc::Sender<Part>) {
        if let Err(problem) = self.send_all(first, &parts).await {
            // If the reader is gone there is nobody to be told.
            let _ = parts.send(Err(problem.into())).await;
        }
    }

    async fn send_all(
        &self,
        mut found: Ranking,
        parts: &mpsc::Sender<Part>,
    ) -> Result<(), Problem> {
        let mut place = 0;
        loop {
            let rows = found.rows.len() as u64;
            let chunks = found.rows.chunks(PART);
            // A ranking without customers has a part all the same.
            let chunks = chunks.chain((place == 0 && rows == 0).then_some([].as_slice()));
            for rows in chunks {
                if parts.send(Ok(self.part(&found, rows))).await.is_err() {
                    return Ok(());
                }
            }
            place += rows;
            if place >= found.customers + found.inactive || rows == 0 {
                let sent = found.rows.last().map_or(0, |row| row.cumulative);
                return check_sum(found.footing.control_total.reported, sent);
            }
            found = self.from(place).await?;
        }
    }

    fn part(&self, ranking: &Ranking, rows: &[RankedCustomer]) -> pb::ExportRankingResponse {
        let currency = self.service.settings().currency;
        let total = ranking.footing.control_total.reported;
        let rows = rows.iter();
        pb::ExportRankingResponse {
            customers: rows
                .map(|row| ranked_customer_to_pb(row, total, currency))
                .collect(),
            read_at: Some(position_to_pb(self.request.scope.as_of)),
            control_total: Some(control_total_to_pb(&ranking.footing, currency)),
            cost_basis: Some(cost_basis_to_pb(&ranking.footing, currency)),
            customer_count: count_to_pb(ranking.customers),
            negative_count: count_to_pb(ranking.negative),
            inactive_count: count_to_pb(ranking.inactive),
        }
    }
}
