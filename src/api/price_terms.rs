//! `PriceTermsService`.

use super::{
    access::tenant_from_pb,
    convert::{
        common::{OutcomePb, check_batch, outcomes_to_pb, position_to_pb, write_mode},
        exchange_rate::day_from_pb,
        price_terms::{price_terms_from_pb, stored_terms_to_pb},
    },
    paging::Page,
    pb::{self, price_terms_result::Outcome as ResultPb},
};
use crate::{
    domain::{id::PartyId, price_terms::PriceTermsQuestion, problem::Problem, time::Day},
    service::Service,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub struct PriceTermsHandlers {
    /// The use cases.
    pub service: Arc<Service>,
}

#[tonic::async_trait]
impl pb::price_terms_service_server::PriceTermsService for PriceTermsHandlers {
    async fn put_price_terms(
        &self,
        request: Request<pb::PutPriceTermsRequest>,
    ) -> Result<Response<pb::PutPriceTermsResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        check_batch(request.price_terms.len(), "price_terms")?;
        let mode = write_mode(request.validate_only);
        let records = price_terms_from_pb(request.price_terms);
        let written = self.service.put(&tenant, records, mode).await?;
        let outcomes = outcomes_to_pb(written.outcomes, mode, "price_terms");
        let results = outcomes.into_iter().map(|outcome| {
            let outcome = match outcome {
                OutcomePb::Posted(posted) => ResultPb::Stored(posted),
                OutcomePb::Duplicate(duplicate) => ResultPb::Unchanged(duplicate),
                OutcomePb::Rejection(rejection) => ResultPb::Rejection(rejection),
            };
            pb::PriceTermsResult {
                outcome: Some(outcome),
            }
        });
        Ok(Response::new(pb::PutPriceTermsResponse {
            results: results.collect(),
            written_at: written.written_at.map(position_to_pb),
        }))
    }

    async fn list_price_terms(
        &self,
        request: Request<pb::ListPriceTermsRequest>,
    ) -> Result<Response<pb::ListPriceTermsResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let customer = match request.customer_id.as_str() {
            "" => None,
            id => Some(PartyId::parse(id, "customer_id")?),
        };
        let valid_on = request.valid_on.as_ref();
        let question = PriceTermsQuestion {
            customer,
            valid_on: valid_on
                .map(|day| day_from_pb(day, "valid_on"))
                .transpose()?,
            after: page.id()?.map(after).transpose()?,
            as_of: page.as_of,
            limit: page.size + 1,
        };
        let mut terms = self.service.list_price_terms(&tenant, &question).await?;
        let next = page.cut(&mut terms, |page, last| {
            let last = &last.terms;
            page.next_after(&format!("{} {}", last.first_day.0, last.customer_id))
        });
        Ok(Response::new(pb::ListPriceTermsResponse {
            price_terms: terms.into_iter().map(stored_terms_to_pb).collect(),
            next_page_token: next,
            read_at: Some(position_to_pb(page.as_of)),
        }))
    }
}

/// Where a page goes on, as its token says: after this customer and first day. Ids may hold blanks, days do not.
fn after(text: &str) -> Result<(PartyId, Day), Problem> {
    let invalid = || Problem::field_invalid("page_token", "was not made by this service");
    let (day, customer) = text.split_once(' ').ok_or_else(invalid)?;
    let day = day.parse().map_err(|_| invalid())?;
    Ok((PartyId::parse(customer, "page_token")?, Day(day)))
}
