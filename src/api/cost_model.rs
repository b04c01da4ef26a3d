//! `CostModelService`.

use super::{
    convert::{
        allocation::trace_to_pb,
        common::{position_to_pb, read_options_from_pb, write_mode},
        cost_model::{cost_model_to_pb, draft_from_pb, version_from_pb},
        ranking::{optional_version_from_pb, scope_from_pb},
    },
    paging::Page,
    pb,
};
use crate::{
    domain::{
        id::{PoolId, TenantId},
        problem::Reason,
    },
    service::Service,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub struct CostModelHandlers {
    /// The use cases.
    pub service: Arc<Service>,
}

#[tonic::async_trait]
impl pb::cost_model_service_server::CostModelService for CostModelHandlers {
    async fn put_cost_model(
        &self,
        request: Request<pb::PutCostModelRequest>,
    ) -> Result<Response<pb::PutCostModelResponse>, Status> {
        let request = request.into_inner();
        let tenant = TenantId::parse_or_default(&request.tenant_id, "tenant_id")?;
        let settings = self.service.settings();
        let (id, expected) = (&request.request_id, request.expected_version);
        let draft = draft_from_pb(request.cost_model, id, expected, settings)?;
        let mode = write_mode(request.validate_only);
        let (model, written_at) = self.service.put_cost_model(&tenant, draft, mode).await?;
        Ok(Response::new(pb::PutCostModelResponse {
            cost_model: Some(cost_model_to_pb(&model, settings)),
            written_at: written_at.map(position_to_pb),
        }))
    }

    async fn get_cost_model(
        &self,
        request: Request<pb::GetCostModelRequest>,
    ) -> Result<Response<pb::GetCostModelResponse>, Status> {
        let request = request.into_inner();
        let tenant = TenantId::parse_or_default(&request.tenant_id, "tenant_id")?;
        let version = request
            .version
            .map(|v| version_from_pb(v, "version"))
            .transpose()?;
        let options = read_options_from_pb(request.read_options.as_ref())?;
        let as_of = self.service.read_position(&tenant, options).await?;
        let model = self.service.cost_model(&tenant, version, as_of).await;
        let model = model.map_err(|problem| {
            if problem.reason == Reason::CostModelNotFound {
                return problem.about("version");
            }
            problem
        })?;
        Ok(Response::new(pb::GetCostModelResponse {
            cost_model: Some(cost_model_to_pb(&model, self.service.settings())),
            read_at: Some(position_to_pb(as_of)),
        }))
    }

    async fn list_cost_models(
        &self,
        request: Request<pb::ListCostModelsRequest>,
    ) -> Result<Response<pb::ListCostModelsResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = TenantId::parse_or_default(&request.tenant_id, "tenant_id")?;
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let models = self.service.cost_models(&tenant, page.as_of).await?;
        let from = page.place()?;
        // The newest first; the empty version 0 was stored by nobody and is not listed.
        let mut models: Vec<_> = models
            .into_iter()
            .rev()
            .filter(|model| model.version > 0 && (from == 0 || model.version < from))
            .collect();
        let next = page.cut(&mut models, |page, last| page.next_at(last.version));
        let settings = self.service.settings();
        Ok(Response::new(pb::ListCostModelsResponse {
            cost_models: models
                .iter()
                .map(|model| cost_model_to_pb(model, settings))
                .collect(),
            next_page_token: next,
            read_at: Some(position_to_pb(page.as_of)),
        }))
    }

    async fn get_allocation_trace(
        &self,
        request: Request<pb::GetAllocationTraceRequest>,
    ) -> Result<Response<pb::GetAllocationTraceResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = TenantId::parse_or_default(&request.tenant_id, "tenant_id")?;
        let pool = PoolId::parse(&request.pool_id, "pool_id")?;
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let settings = self.service.settings();
        let scope = scope_from_pb(request.period.as_ref(), None, settings, "", page.as_of)?;
        let version = optional_version_from_pb(request.cost_model_version)?;
        let places = page.places()?;
        let end = places.end;
        let trace = self.service.trace(&tenant, scope, &pool, version, places);
        let trace = trace.await?;
        Ok(Response::new(pb::GetAllocationTraceResponse {
            next_page_token: page.next_if_more(end, trace.active),
            ..trace_to_pb(&trace, page.as_of, settings.currency)
        }))
    }
}
