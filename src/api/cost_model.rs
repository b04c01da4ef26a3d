//! `CostModelService`.

use super::{
    access::tenant_from_pb,
    convert::{
        allocation::{compared_to_pb, preview_to_pb, trace_to_pb},
        allocation_policy::compared_from_pb,
        capacity::capacities_to_pb,
        common::{
            check_list, count_from_pb, item, period_from_pb, position_to_pb, read_options_from_pb,
            write_mode,
        },
        cost_model::{ITEMS_LIMIT, cost_model_to_pb, draft_from_pb, version_from_pb},
        ranking::{optional_version_from_pb, scope_from_pb},
    },
    paging::Page,
    pb,
};
use crate::{
    domain::{
        id::{PoolId, RequestId},
        ledger::WriteMode,
        problem::{Problem, Reason},
        question::Scope,
    },
    service::{ReadOptions, Service, standings::PolicyComparison},
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// How many customers a comparison lists by default, and at most.
const LISTED: (u64, u64) = (50, 1_000);

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
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let settings = self.service.settings();
        let (id, expected) = (&request.request_id, request.expected_version);
        let limit = listed(request.preview_customer_count, "preview_customer_count")?;
        let draft = draft_from_pb(request.cost_model, id, expected, settings)?;
        let mode = write_mode(request.validate_only);
        let period = period_from_pb(request.preview_period.as_ref(), settings, "preview_period")?;
        let (model, written_at) = self.service.put_cost_model(&tenant, draft, mode).await?;
        let preview = match mode {
            WriteMode::Keep => None,
            WriteMode::ValidateOnly => {
                let options = ReadOptions::default();
                let as_of = self.service.read_position(&tenant, options).await?;
                let scope = Scope::all_of(period, as_of);
                let compared = self.service.preview(&tenant, &scope, &model, limit).await?;
                Some(preview_to_pb(&compared, as_of, settings.currency))
            }
        };
        Ok(Response::new(pb::PutCostModelResponse {
            cost_model: Some(cost_model_to_pb(&model, settings)),
            written_at: written_at.map(position_to_pb),
            preview,
        }))
    }

    async fn get_cost_model(
        &self,
        request: Request<pb::GetCostModelRequest>,
    ) -> Result<Response<pb::GetCostModelResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
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
        let tenant = tenant_from_pb(&request.tenant_id)?;
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
        let tenant = tenant_from_pb(&request.tenant_id)?;
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

    async fn compare_allocation_policies(
        &self,
        request: Request<pb::CompareAllocationPoliciesRequest>,
    ) -> Result<Response<pb::CompareAllocationPoliciesResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let settings = self.service.settings();
        let options = read_options_from_pb(request.read_options.as_ref())?;
        let as_of = self.service.read_position(&tenant, options).await?;
        check_list(request.pool_ids.len(), ITEMS_LIMIT, "pool_ids")?;
        let pools = request.pool_ids.iter().enumerate();
        let pools = pools.map(|(index, pool)| PoolId::parse(pool, &item("pool_ids", index)));
        let asked = PolicyComparison {
            scope: scope_from_pb(request.period.as_ref(), None, settings, "", as_of)?,
            cost_model_version: optional_version_from_pb(request.cost_model_version)?,
            pools: pools.collect::<Result<_, _>>()?,
            policies: compared_from_pb(&request)?.into(),
            limit: listed(request.customer_count, "customer_count")?,
        };
        let compared = self.service.compare_policies(&tenant, &asked).await?;
        Ok(Response::new(compared_to_pb(
            &compared,
            as_of,
            settings.currency,
        )))
    }

    async fn get_capacity_use(
        &self,
        request: Request<pb::GetCapacityUseRequest>,
    ) -> Result<Response<pb::GetCapacityUseResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let settings = self.service.settings();
        let options = read_options_from_pb(request.read_options.as_ref())?;
        let as_of = self.service.read_position(&tenant, options).await?;
        let scope = scope_from_pb(request.period.as_ref(), None, settings, "", as_of)?;
        let asked = optional_version_from_pb(request.cost_model_version)?;
        let uses = self.service.capacity_use(&tenant, &scope, asked).await?;
        let (uses, version) = uses;
        let currency = settings.currency;
        Ok(Response::new(capacities_to_pb(
            &uses, version, as_of, currency,
        )))
    }

    async fn revert_cost_model(
        &self,
        request: Request<pb::RevertCostModelRequest>,
    ) -> Result<Response<pb::RevertCostModelResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let settings = self.service.settings();
        let version = request.version;
        let version = version.ok_or_else(|| Problem::field_required("version"))?;
        let version = version_from_pb(version, "version")?;
        let id = RequestId::parse(&request.request_id, "request_id")?;
        let expected = request.expected_version;
        let expected = expected.map(|version| version_from_pb(version, "expected_version"));
        let asked = (id, expected.transpose()?);
        let mode = write_mode(request.validate_only);
        let reverted = self
            .service
            .revert_cost_model(&tenant, version, asked, mode);
        let (model, written_at) = reverted.await?;
        Ok(Response::new(pb::RevertCostModelResponse {
            cost_model: Some(cost_model_to_pb(&model, settings)),
            written_at: written_at.map(position_to_pb),
        }))
    }
}

/// How many customers to list at most.
fn listed(count: i32, field: &str) -> Result<usize, Problem> {
    let count = count_from_pb(count, LISTED.0, LISTED.1, field)?;
    // At most a thousand.
    Ok(usize::try_from(count).unwrap_or(0))
}
