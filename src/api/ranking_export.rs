//! A whole ranking, part after part, as fast as it is read.

use super::{
    convert::{
        common::{count_to_pb, position_to_pb},
        ranking::{control_total_to_pb, cost_basis_to_pb, ranked_customer_to_pb},
    },
    pb,
    ranking_expected::{check_inactive, rows_to_pb},
};
use crate::{
    domain::{id::TenantId, money::Nanos, problem::Problem},
    service::{
        Service,
        customer_value::ValueRequest,
        rankings::RankingRequest,
        report::{Footing, check_sum},
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
    /// What is expected, if that is what it is by.
    pub expected: Option<ValueRequest>,
    /// Whether customers without activity are in it.
    pub with_inactive: bool,
}

/// Some customers of a ranking.
pub struct Found {
    rows: Vec<pb::RankedCustomer>,
    /// The values up to the last of them.
    cumulative: Nanos,
    /// The values of all.
    total: Nanos,
    footing: Footing,
    customers: u64,
    negative: u64,
    inactive: u64,
    objected: u64,
}

impl RankingExport {
    /// The customers from a place on, as many as are asked for at once.
    pub async fn from(&self, place: u64) -> Result<Found, Problem> {
        let places = place..place.saturating_add(ASKED);
        let (service, tenant) = (&self.service, &self.tenant);
        let settings = service.settings();
        if let Some(asked) = &self.expected {
            check_inactive(self.with_inactive)?;
            let found = service
                .rank_by_expected_profit(tenant, &self.request, asked, places)
                .await?;
            return Ok(Found {
                rows: rows_to_pb(&found, settings.into()),
                cumulative: found.rows.last().map_or(0, |row| row.cumulative),
                total: found.total,
                footing: found.footing,
                customers: found.customers,
                negative: found.negative,
                inactive: 0,
                objected: found.objected,
            });
        }
        let request = &self.request;
        let found = match self.with_inactive {
            false => service.rank(tenant, request, vec![places]).await?,
            true => service.rank_with_inactive(tenant, request, places).await?,
        };
        let total = found.footing.control_total.reported;
        let rows = found.rows.iter();
        Ok(Found {
            rows: rows
                .map(|row| ranked_customer_to_pb(row, total, settings.currency))
                .collect(),
            cumulative: found.rows.last().map_or(0, |row| row.cumulative),
            total,
            footing: found.footing,
            customers: found.customers,
            negative: found.negative,
            inactive: found.inactive,
            objected: 0,
        })
    }

    /// Sends everything from what was found first on. Ends early if nobody reads any more.
    pub async fn run(self, first: Found, parts: mpsc::Sender<Part>) {
        if let Err(problem) = self.send_all(first, &parts).await {
            // If the reader is gone there is nobody to be told.
            let _ = parts.send(Err(problem.into())).await;
        }
    }

    async fn send_all(&self, mut found: Found, parts: &mpsc::Sender<Part>) -> Result<(), Problem> {
        let mut place = 0;
        loop {
            let rows = std::mem::take(&mut found.rows);
            let count = rows.len() as u64;
            let mut rows = rows.into_iter().peekable();
            // A ranking without customers has a part all the same.
            while rows.peek().is_some() || count == 0 {
                let part = self.part(&found, rows.by_ref().take(PART).collect());
                if parts.send(Ok(part)).await.is_err() {
                    return Ok(());
                }
                if count == 0 {
                    break;
                }
            }
            place += count;
            if place >= found.customers + found.inactive || count == 0 {
                return check_sum(found.total, found.cumulative);
            }
            found = self.from(place).await?;
        }
    }

    fn part(&self, found: &Found, rows: Vec<pb::RankedCustomer>) -> pb::ExportRankingResponse {
        let currency = self.service.settings().currency;
        pb::ExportRankingResponse {
            customers: rows,
            read_at: Some(position_to_pb(self.request.scope.as_of)),
            control_total: Some(control_total_to_pb(&found.footing, currency)),
            cost_basis: Some(cost_basis_to_pb(&found.footing, currency)),
            customer_count: count_to_pb(found.customers),
            negative_count: count_to_pb(found.negative),
            inactive_count: count_to_pb(found.inactive),
            objected_count: count_to_pb(found.objected),
        }
    }
}
