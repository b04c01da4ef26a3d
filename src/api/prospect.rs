//! `ProspectService`.

use super::{
    access::tenant_from_pb,
    convert::{
        common::{check_batch, count_to_pb, position_to_pb, read_options_from_pb},
        prospect::{
            best_customers_from_pb, ignored_traits_to_pb, lookalike_to_pb, prequalified_to_pb,
            prequalify_from_pb, profile_to_pb,
        },
        ranking::{control_total_to_pb, cost_basis_to_pb},
    },
    paging::Page,
    pb,
};
use crate::service::Service;
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
        let best = best_customers_from_pb(request.best_customers, settings, page.as_of)?;
        let places = page.places()?;
        let end = places.end;
        let answer = self.service.lookalikes(&tenant, &best, places).await?;
        let (learnt, currency) = (&answer.learnt, settings.currency);
        Ok(Response::new(pb::ListLookalikesResponse {
            lookalikes: answer.rows.iter().map(lookalike_to_pb).collect(),
            next_page_token: page.next_if_more(end, answer.prospects),
            read_at: Some(position_to_pb(page.as_of)),
            prospect_count: count_to_pb(answer.prospects),
            converted_count: count_to_pb(answer.converted),
            customer_count: count_to_pb(learnt.table.whole.all),
            best_customer_count: count_to_pb(learnt.table.whole.best),
            loss_maker_count: count_to_pb(learnt.table.whole.loss_makers),
            has_signal: learnt.has_signal(),
            ignored_traits: ignored_traits_to_pb(learnt),
            control_total: Some(control_total_to_pb(&learnt.footing, currency)),
            cost_basis: Some(cost_basis_to_pb(&learnt.footing, currency)),
        }))
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
}
