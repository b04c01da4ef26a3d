//! Where an account manager's hours go.

use super::{
    access::tenant_from_pb,
    convert::{
        common::read_options_from_pb,
        time_plan::{time_plan_from_pb, time_plan_to_pb},
    },
    pb,
};
use crate::{domain::problem::Problem, service::Service};

/// Splits a manager's hours.
pub async fn allocate(
    service: &Service,
    request: pb::AllocateTimeRequest,
) -> Result<pb::AllocateTimeResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let options = read_options_from_pb(request.read_options.as_ref())?;
    let settings = service.settings();
    // What is wrong by itself is refused before anything is read.
    let mut asked = time_plan_from_pb(&request, settings)?;
    asked.scope.as_of = service.read_position(&tenant, options).await?;
    let plan = service.time_plan(&tenant, &asked).await?;
    Ok(time_plan_to_pb(&plan, &asked, settings))
}
