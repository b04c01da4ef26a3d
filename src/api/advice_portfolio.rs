//! The plan of a portfolio: its pages, and all of it as fast as it is read.

use super::{
    access::tenant_from_pb,
    convert::{
        common::read_options_from_pb,
        portfolio::{part_to_pb, plan_to_pb, rules_from_pb},
        ranking::{optional_version_from_pb, scope_from_pb},
    },
    paging::Page,
    pb,
};
use crate::{
    domain::{id::TenantId, problem::Problem},
    service::{
        Service,
        portfolio::{PlanRequest, PlanTotals, Planned, Portfolio},
    },
};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// How many customers a message has at most.
const PART: usize = 1_000;
/// How many customers are asked for at once: the store orders them anew each time.
const ASKED: u64 = 50_000;
/// How many parts may wait for their reader.
const WAITING_PARTS: usize = 2;

/// What the reader of an export gets.
pub type Part = Result<pb::ExportPortfolioResponse, Status>;

/// One page.
pub async fn plan(
    service: &Service,
    mut request: pb::PlanPortfolioRequest,
) -> Result<pb::PlanPortfolioResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let page = Page::of(service, &tenant, &mut request).await?;
    let settings = service.settings();
    let rules = rules_from_pb(request.rules.as_ref(), settings.currency)?;
    let asked = PlanRequest {
        scope: scope_from_pb(request.period.as_ref(), None, settings, "", page.as_of)?,
        rules,
        cost_model_version: optional_version_from_pb(request.cost_model_version)?,
    };
    let places = page.places()?;
    let end = places.end;
    let plan = service.plan(&tenant, &asked, places).await?;
    let next = page.next_if_more(end, plan.portfolio.edges.customers);
    Ok(plan_to_pb(&plan, &rules, next, page.as_of, settings))
}

/// All of it. What cannot be begun is refused at once.
pub async fn export(
    service: &Arc<Service>,
    request: pb::ExportPortfolioRequest,
) -> Result<ReceiverStream<Part>, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let options = read_options_from_pb(request.read_options.as_ref())?;
    let as_of = service.read_position(&tenant, options).await?;
    let settings = service.settings();
    let request = PlanRequest {
        scope: scope_from_pb(request.period.as_ref(), None, settings, "", as_of)?,
        rules: rules_from_pb(request.rules.as_ref(), settings.currency)?,
        cost_model_version: optional_version_from_pb(request.cost_model_version)?,
    };
    let portfolio = service.portfolio(&tenant, &request).await?;
    let export = Export {
        service: Arc::clone(service),
        tenant,
        request,
        portfolio,
    };
    let first = export.from(0).await?;
    let (parts, waiting) = mpsc::channel(WAITING_PARTS);
    tokio::spawn(export.run(first, parts));
    Ok(ReceiverStream::new(waiting))
}

/// One open export.
struct Export {
    service: Arc<Service>,
    tenant: TenantId,
    request: PlanRequest,
    portfolio: Portfolio,
}

impl Export {
    async fn from(&self, place: u64) -> Result<Vec<Planned>, Problem> {
        let places = place..place.saturating_add(ASKED);
        let (request, portfolio) = (&self.request, &self.portfolio);
        self.service
            .planned(&self.tenant, request, portfolio, places)
            .await
    }

    async fn run(self, first: Vec<Planned>, parts: mpsc::Sender<Part>) {
        if let Err(problem) = self.send_all(first, &parts).await {
            // If the reader is gone there is nobody to be told.
            let _ = parts.send(Err(problem.into())).await;
        }
    }

    async fn send_all(
        &self,
        mut found: Vec<Planned>,
        parts: &mpsc::Sender<Part>,
    ) -> Result<(), Problem> {
        let currency = self.service.settings().currency;
        let read_at = self.request.scope.as_of;
        let mut totals = PlanTotals::default();
        let mut place = 0;
        loop {
            let count = found.len() as u64;
            let chunks = found.chunks(PART);
            // A plan without customers has a part all the same.
            let chunks = chunks.chain((place == 0 && count == 0).then_some([].as_slice()));
            place += count;
            let is_last = place >= self.portfolio.edges.customers || count == 0;
            let last = count.div_ceil(PART as u64).max(1);
            for (number, rows) in (1..).zip(chunks) {
                rows.iter().for_each(|one| totals.add(one));
                if is_last && number == last {
                    // Nothing that does not tie is told as the whole.
                    totals.check(self.portfolio.footing.control_total.reported)?;
                }
                let part = part_to_pb(&self.portfolio, rows, &totals, read_at, currency);
                if parts.send(Ok(part)).await.is_err() {
                    return Ok(());
                }
            }
            if is_last {
                return Ok(());
            }
            found = self.from(place).await?;
        }
    }
}
