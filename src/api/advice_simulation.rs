//! What becomes of a relationship; and what ending the worst customers does, step after step as it is read.

use super::{
    access::tenant_from_pb,
    convert::{
        common::{count_from_pb, read_options_from_pb},
        ranking::{optional_version_from_pb, scope_from_pb},
        simulation::{
            ending_basis_from_pb, ending_count_from_pb, following_to_pb, simulation_to_pb,
            terms_from_pb,
        },
    },
    pb,
};
use crate::{
    domain::{
        id::{PartyId, TenantId},
        problem::Problem,
    },
    service::{
        Service,
        simulation::SimulationRequest,
        spiral::{Ending, EndingRequest},
    },
};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// How many steps there are by default, and at most.
const STEPS: (u64, u64) = (20, 100);
/// How many customers of a step are told by default, and at most.
const LISTED: (u64, u64) = (20, 1_000);
/// How many parts may wait for their reader.
const WAITING_PARTS: usize = 2;

/// What the reader of steps gets.
pub type Part = Result<pb::SimulatePortfolioResponse, Status>;

/// One relationship.
pub async fn one(
    service: &Service,
    request: pb::SimulateRelationshipRequest,
) -> Result<pb::SimulateRelationshipResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let customer = PartyId::parse(&request.customer_id, "customer_id")?;
    let options = read_options_from_pb(request.read_options.as_ref())?;
    let as_of = service.read_position(&tenant, options).await?;
    let settings = service.settings();
    let terms = terms_from_pb(request.terms.as_ref(), settings.currency)?;
    let asked = SimulationRequest {
        scope: scope_from_pb(request.period.as_ref(), None, settings, "", as_of)?,
        cost_model_version: optional_version_from_pb(request.cost_model_version)?,
        terms,
    };
    let answer = service.simulate(&tenant, &customer, &asked).await?;
    let (id, currency) = (customer.as_str(), settings.currency);
    Ok(simulation_to_pb(id, &answer, &terms, as_of, currency))
}

/// Ending the worst. What cannot be begun is refused at once.
pub async fn ending(
    service: &Arc<Service>,
    request: pb::SimulatePortfolioRequest,
) -> Result<ReceiverStream<Part>, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let options = read_options_from_pb(request.read_options.as_ref())?;
    let as_of = service.read_position(&tenant, options).await?;
    let settings = service.settings();
    let steps = count_from_pb(request.step_limit, STEPS.0, STEPS.1, "step_limit")?;
    let listed = count_from_pb(request.listed_count, LISTED.0, LISTED.1, "listed_count")?;
    let asked = EndingRequest {
        scope: scope_from_pb(request.period.as_ref(), None, settings, "", as_of)?,
        cost_model_version: optional_version_from_pb(request.cost_model_version)?,
        count: ending_count_from_pb(request.ending_count)?,
        basis: ending_basis_from_pb(request.basis)?,
        // Both are at most a thousand.
        steps: u32::try_from(steps).unwrap_or(u32::MAX),
        listed: usize::try_from(listed).unwrap_or(usize::MAX),
    };
    let ending = service.ending(&tenant, asked).await?;
    let (parts, waiting) = mpsc::channel(WAITING_PARTS);
    tokio::spawn(run(Arc::clone(service), tenant, ending, parts));
    Ok(ReceiverStream::new(waiting))
}

/// Sends part after part. Ends early if nobody reads any more.
async fn run(
    service: Arc<Service>,
    tenant: TenantId,
    mut ending: Ending,
    parts: mpsc::Sender<Part>,
) {
    let (as_of, currency) = (ending.as_of(), service.settings().currency);
    loop {
        let part = match service.next_of(&tenant, &mut ending).await {
            Ok(None) => return,
            Ok(Some(following)) => Ok(following_to_pb(&following, as_of, currency)),
            Err(problem) => Err(Status::from(problem)),
        };
        let is_over = part.is_err();
        if parts.send(part).await.is_err() || is_over {
            return;
        }
    }
}
