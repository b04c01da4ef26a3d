//! `ProspectService`.

use super::{
    access::tenant_from_pb,
    convert::{
        common::{
            OutcomePb, check_batch, outcomes_to_pb, position_to_pb, read_options_from_pb,
            write_mode,
        },
        lookalike::{lookalike_terms_from_pb, lookalikes_to_pb},
        outcome::{outcomes_from_pb, status_from_pb, stored_outcome_to_pb},
        prospect::{best_customers_from_pb, prequalified_to_pb, prequalify_from_pb, profile_to_pb},
    },
    paging::Page,
    pb::{self, outcome_result::Outcome as ResultPb},
    prospect_model,
};
use crate::{
    domain::{
        id::{OpportunityId, PartyId},
        prospect_outcome::OutcomeQuestion,
    },
    service::Service,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub struct ProspectHandlers {
    /// The use cases.
    pub service: Arc<Service>,
}

#[tonic::async_trait]
impl pb::prospect_service_server::ProspectService for ProspectHandlers {
    async fn get_profile(
        &self,
        request: Request<pb::GetProfileRequest>,
    ) -> Result<Response<pb::GetProfileResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let options = read_options_from_pb(request.read_options.as_ref())?;
        let as_of = self.service.read_position(&tenant, options).await?;
        let settings = self.service.settings();
        let best = best_customers_from_pb(request.best_customers, settings, as_of)?;
        let learnt = self.service.profile(&tenant, &best).await?;
        Ok(Response::new(profile_to_pb(
            &learnt,
            as_of,
            settings.currency,
        )))
    }

    async fn list_lookalikes(
        &self,
        request: Request<pb::ListLookalikesRequest>,
    ) -> Result<Response<pb::ListLookalikesResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let settings = self.service.settings();
        let terms = lookalike_terms_from_pb(&request)?;
        let best = best_customers_from_pb(request.best_customers, settings, page.as_of)?;
        let places = page.places()?;
        let end = places.end;
        let service = &self.service;
        let answer = service.selected_lookalikes(&tenant, (&best, &terms), places);
        let answer = answer.await?;
        let next = page.next_if_more(end, answer.listed);
        Ok(Response::new(lookalikes_to_pb(
            &answer,
            next,
            (page.as_of, settings.currency),
        )))
    }

    async fn prequalify_prospects(
        &self,
        request: Request<pb::PrequalifyProspectsRequest>,
    ) -> Result<Response<pb::PrequalifyProspectsResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        check_batch(request.prospects.len(), "prospects")?;
        let options = read_options_from_pb(request.read_options.as_ref())?;
        let as_of = self.service.read_position(&tenant, options).await?;
        let settings = self.service.settings();
        let asked = prequalify_from_pb(request, settings, as_of)?;
        let answer = self.service.prequalify(&tenant, asked).await?;
        Ok(Response::new(prequalified_to_pb(
            answer,
            as_of,
            settings.currency,
        )))
    }

    async fn record_outcomes(
        &self,
        request: Request<pb::RecordOutcomesRequest>,
    ) -> Result<Response<pb::RecordOutcomesResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        check_batch(request.outcomes.len(), "outcomes")?;
        let mode = write_mode(request.validate_only);
        let currency = self.service.settings().currency;
        let records = outcomes_from_pb(request.outcomes, currency);
        let written = self.service.put(&tenant, records, mode).await?;
        let outcomes = outcomes_to_pb(written.outcomes, mode, "outcomes");
        let results = outcomes.into_iter().map(|outcome| {
            let outcome = match outcome {
                OutcomePb::Posted(posted) => ResultPb::Stored(posted),
                OutcomePb::Duplicate(duplicate) => ResultPb::Unchanged(duplicate),
                OutcomePb::Rejection(rejection) => ResultPb::Rejection(rejection),
            };
            pb::OutcomeResult {
                outcome: Some(outcome),
            }
        });
        Ok(Response::new(pb::RecordOutcomesResponse {
            results: results.collect(),
            written_at: written.written_at.map(position_to_pb),
        }))
    }

    async fn list_outcomes(
        &self,
        request: Request<pb::ListOutcomesRequest>,
    ) -> Result<Response<pb::ListOutcomesResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let party = match request.party_id.as_str() {
            "" => None,
            id => Some(PartyId::parse(id, "party_id")?),
        };
        let status = status_from_pb(request.status)?;
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let after = page.id()?;
        let question = OutcomeQuestion {
            party,
            status,
            after: after
                .map(|id| OpportunityId::parse(id, "page_token"))
                .transpose()?,
            as_of: page.as_of,
            limit: page.size + 1,
        };
        let mut outcomes = self.service.outcomes(&tenant, &question).await?;
        let next = page.cut(&mut outcomes, |page, last| {
            page.next_after(last.outcome.opportunity_id.as_str())
        });
        let currency = self.service.settings().currency;
        let outcomes = outcomes.iter();
        Ok(Response::new(pb::ListOutcomesResponse {
            outcomes: outcomes
                .map(|stored| stored_outcome_to_pb(stored, currency))
                .collect(),
            next_page_token: next,
            read_at: Some(position_to_pb(page.as_of)),
        }))
    }

    async fn evaluate_model(
        &self,
        request: Request<pb::EvaluateModelRequest>,
    ) -> Result<Response<pb::EvaluateModelResponse>, Status> {
        Ok(Response::new(
            prospect_model::evaluate(&self.service, request.into_inner()).await?,
        ))
    }

    async fn adopt_model(
        &self,
        request: Request<pb::AdoptModelRequest>,
    ) -> Result<Response<pb::AdoptModelResponse>, Status> {
        Ok(Response::new(
            prospect_model::adopt(&self.service, request.into_inner()).await?,
        ))
    }

    async fn restore_model(
        &self,
        request: Request<pb::RestoreModelRequest>,
    ) -> Result<Response<pb::RestoreModelResponse>, Status> {
        Ok(Response::new(
            prospect_model::restore(&self.service, request.into_inner()).await?,
        ))
    }

    async fn list_models(
        &self,
        request: Request<pb::ListModelsRequest>,
    ) -> Result<Response<pb::ListModelsResponse>, Status> {
        Ok(Response::new(
            prospect_model::list(&self.service, request.into_inner()).await?,
        ))
    }

    async fn get_proxy_report(
        &self,
        request: Request<pb::GetProxyReportRequest>,
    ) -> Result<Response<pb::GetProxyReportResponse>, Status> {
        Ok(Response::new(
            prospect_model::proxies(&self.service, request.into_inner()).await?,
        ))
    }
}
