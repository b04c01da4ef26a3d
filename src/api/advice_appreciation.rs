//! A budget for appreciation.

use super::{
    access::tenant_from_pb,
    convert::{
        appreciation::{appreciation_to_pb, budget_from_pb, ceiling_from_pb},
        customer_value::terms_from_pb,
        ranking::{optional_version_from_pb, scope_from_pb},
    },
    customer_value::learn_ahead,
    paging::Page,
    pb,
};
use crate::{
    domain::{
        problem::Problem,
        ranking::{Basis, Direction},
    },
    service::{
        Service, appreciation::AppreciationRequest, customer_value::ValueRequest,
        rankings::RankingRequest,
    },
};
use std::sync::Arc;

/// One page.
pub async fn allocate(
    service: &Arc<Service>,
    mut request: pb::AllocateAppreciationRequest,
) -> Result<pb::AllocateAppreciationResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let page = Page::of(service, &tenant, &mut request).await?;
    let settings = service.settings();
    let (terms, segment) = terms_from_pb(request.value_terms, "value_terms")?;
    let ranking = RankingRequest {
        scope: scope_from_pb(request.period.as_ref(), None, settings, "", page.as_of)?,
        basis: Basis::NetProfit,
        direction: Direction::BestFirst,
        cost_model_version: optional_version_from_pb(request.cost_model_version)?,
    };
    let asked = AppreciationRequest {
        value: ValueRequest::of_ranking(&ranking, terms, segment),
        scope: ranking.scope,
        budget: budget_from_pb(request.budget.as_ref(), settings.currency)?,
        ceiling: ceiling_from_pb(request.ceiling_per_customer.as_ref(), settings.currency)?,
    };
    let places = page.places()?;
    service.learn_value(&tenant, &asked.value).await?;
    let found = service.appreciation(&tenant, &asked).await?;
    let rows = service
        .appreciated_parties(&tenant, &found, places.clone(), page.as_of)
        .await?;
    let next = page.next_if_more(places.end, found.customers.len() as u64);
    let budget = asked.budget;
    learn_ahead(service, tenant, asked.value);
    Ok(pb::AllocateAppreciationResponse {
        next_page_token: next,
        ..appreciation_to_pb(&found, &rows, budget, (page.as_of, settings))
    })
}
