//! `CustomerService`.

use super::{
    access::tenant_from_pb,
    convert::{
        common::{
            OutcomePb, check_batch, outcomes_to_pb, position_to_pb, read_options_from_pb,
            write_mode,
        },
        party::{
            definition_from_pb, definition_to_pb, parties_from_pb, party_to_pb, stage_from_pb,
            trait_filters_from_pb,
        },
        product::{product_to_pb, products_from_pb},
    },
    paging::Page,
    pb::{self, party_result::Outcome as ResultPb, product_result::Outcome as ProductResultPb},
};
use crate::{
    domain::{
        data_subject::{SubjectRequest, SubjectRight},
        id::{PartyId, check_optional_text},
        ledger::{Outcome, Position, WriteMode},
        party::PartyQuestion,
        problem::Problem,
        records::Record,
    },
    service::Service,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub struct CustomerHandlers {
    /// The use cases.
    pub service: Arc<Service>,
}

#[tonic::async_trait]
impl pb::customer_service_server::CustomerService for CustomerHandlers {
    async fn upsert_parties(
        &self,
        request: Request<pb::UpsertPartiesRequest>,
    ) -> Result<Response<pb::UpsertPartiesResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        check_batch(request.parties.len(), "parties")?;
        let mode = write_mode(request.validate_only);
        let written = self
            .service
            .put(&tenant, parties_from_pb(request.parties), mode)
            .await?;
        let outcomes = outcomes_to_pb(written.outcomes, mode, "parties");
        let results = outcomes.into_iter().map(|outcome| {
            let outcome = match outcome {
                OutcomePb::Posted(posted) => ResultPb::Stored(posted),
                OutcomePb::Duplicate(duplicate) => ResultPb::Unchanged(duplicate),
                OutcomePb::Rejection(rejection) => ResultPb::Rejection(rejection),
            };
            pb::PartyResult {
                outcome: Some(outcome),
            }
        });
        Ok(Response::new(pb::UpsertPartiesResponse {
            results: results.collect(),
            written_at: written.written_at.map(position_to_pb),
        }))
    }

    async fn get_party(
        &self,
        request: Request<pb::GetPartyRequest>,
    ) -> Result<Response<pb::GetPartyResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let id = PartyId::parse(&request.party_id, "party_id")?;
        let options = read_options_from_pb(request.read_options.as_ref())?;
        let as_of = self.service.read_position(&tenant, options).await?;
        let party = self.service.party(&tenant, &id, as_of).await?;
        let objecting = self.service.objecting(&tenant, as_of).await?;
        Ok(Response::new(pb::GetPartyResponse {
            party: Some(party_to_pb(&party)),
            read_at: Some(position_to_pb(as_of)),
            profiling_objection: objecting.contains(&id),
        }))
    }

    async fn list_parties(
        &self,
        request: Request<pb::ListPartiesRequest>,
    ) -> Result<Response<pb::ListPartiesResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let stage = stage_from_pb(request.stage)?;
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let question = PartyQuestion {
            stage,
            traits: trait_filters_from_pb(request.traits, "traits")?,
            without_sales: false,
            after: page
                .id()?
                .map(|id| PartyId::parse(id, "page_token"))
                .transpose()?,
            as_of: page.as_of,
            limit: page.size + 1,
        };
        let mut parties = self.service.parties(&tenant, &question).await?.parties;
        let next = page.cut(&mut parties, |page, last| {
            page.next_after(last.party_id.as_str())
        });
        Ok(Response::new(pb::ListPartiesResponse {
            parties: parties.iter().map(|party| party_to_pb(party)).collect(),
            next_page_token: next,
            read_at: Some(position_to_pb(page.as_of)),
        }))
    }

    async fn put_trait_definition(
        &self,
        request: Request<pb::PutTraitDefinitionRequest>,
    ) -> Result<Response<pb::PutTraitDefinitionResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let definition = definition_from_pb(request.trait_definition)?;
        let mode = write_mode(request.validate_only);
        let stored = definition_to_pb(&definition);
        let record = Ok(Record::TraitDefinition(definition));
        let written = self.service.put(&tenant, vec![record], mode).await?;
        for outcome in written.outcomes {
            if let Outcome::Rejected(problem) = outcome {
                return Err(problem.within("trait_definition").into());
            }
        }
        Ok(Response::new(pb::PutTraitDefinitionResponse {
            trait_definition: Some(stored),
            written_at: written.written_at.map(position_to_pb),
        }))
    }

    async fn list_trait_definitions(
        &self,
        request: Request<pb::ListTraitDefinitionsRequest>,
    ) -> Result<Response<pb::ListTraitDefinitionsResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let mut definitions = self.service.trait_definitions(&tenant, page.as_of).await?;
        if let Some(after) = page.id()? {
            definitions.retain(|definition| definition.key.as_str() > after);
        }
        let next = page.cut(&mut definitions, |page, last| {
            page.next_after(last.key.as_str())
        });
        Ok(Response::new(pb::ListTraitDefinitionsResponse {
            trait_definitions: definitions.iter().map(|d| definition_to_pb(d)).collect(),
            next_page_token: next,
            read_at: Some(position_to_pb(page.as_of)),
        }))
    }

    async fn put_products(
        &self,
        request: Request<pb::PutProductsRequest>,
    ) -> Result<Response<pb::PutProductsResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        check_batch(request.products.len(), "products")?;
        let mode = write_mode(request.validate_only);
        let written = self
            .service
            .put(&tenant, products_from_pb(request.products), mode)
            .await?;
        let outcomes = outcomes_to_pb(written.outcomes, mode, "products");
        let results = outcomes.into_iter().map(|outcome| {
            let outcome = match outcome {
                OutcomePb::Posted(posted) => ProductResultPb::Stored(posted),
                OutcomePb::Duplicate(duplicate) => ProductResultPb::Unchanged(duplicate),
                OutcomePb::Rejection(rejection) => ProductResultPb::Rejection(rejection),
            };
            pb::ProductResult {
                outcome: Some(outcome),
            }
        });
        Ok(Response::new(pb::PutProductsResponse {
            results: results.collect(),
            written_at: written.written_at.map(position_to_pb),
        }))
    }

    async fn list_products(
        &self,
        request: Request<pb::ListProductsRequest>,
    ) -> Result<Response<pb::ListProductsResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let mut products = self.service.products(&tenant, page.as_of).await?;
        if let Some(after) = page.id()? {
            products.retain(|product| product.product_id.as_str() > after);
        }
        let next = page.cut(&mut products, |page, last| {
            page.next_after(&last.product_id)
        });
        Ok(Response::new(pb::ListProductsResponse {
            products: products.iter().map(product_to_pb).collect(),
            next_page_token: next,
            read_at: Some(position_to_pb(page.as_of)),
        }))
    }

    async fn set_profiling_objection(
        &self,
        request: Request<pb::SetProfilingObjectionRequest>,
    ) -> Result<Response<pb::SetProfilingObjectionResponse>, Status> {
        let request = request.into_inner();
        let right = match request.objects {
            true => SubjectRight::Objection,
            false => SubjectRight::Withdrawal,
        };
        let asked = (right, request.party_id, request.evidence_ref);
        let mode = write_mode(request.validate_only);
        let done = self.store_subject_request(&request.tenant_id, asked, mode);
        let (unchanged, written_at) = done.await?;
        Ok(Response::new(pb::SetProfilingObjectionResponse {
            unchanged,
            written_at: written_at.map(position_to_pb),
        }))
    }

    async fn erase_party(
        &self,
        request: Request<pb::ErasePartyRequest>,
    ) -> Result<Response<pb::ErasePartyResponse>, Status> {
        let request = request.into_inner();
        let asked = (
            SubjectRight::Erasure,
            request.party_id,
            request.evidence_ref,
        );
        let mode = write_mode(request.validate_only);
        let done = self.store_subject_request(&request.tenant_id, asked, mode);
        let (unchanged, written_at) = done.await?;
        Ok(Response::new(pb::ErasePartyResponse {
            unchanged,
            written_at: written_at.map(position_to_pb),
        }))
    }
}

/// The most bytes of a reference to where a request is kept.
const EVIDENCE_LIMIT: usize = 512;

impl CustomerHandlers {
    async fn store_subject_request(
        &self,
        tenant_id: &str,
        (right, party_id, evidence_ref): (SubjectRight, String, String),
        mode: WriteMode,
    ) -> Result<(bool, Option<Position>), Problem> {
        let tenant = tenant_from_pb(tenant_id)?;
        check_optional_text(&evidence_ref, EVIDENCE_LIMIT, "evidence_ref")?;
        let request = SubjectRequest {
            party_id: PartyId::parse(&party_id, "party_id")?,
            right,
            evidence_ref,
        };
        let service = &self.service;
        service.store_subject_request(&tenant, request, mode).await
    }
}
