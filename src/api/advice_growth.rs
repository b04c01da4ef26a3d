//! What to sell to whom.

use super::{
    access::tenant_from_pb,
    convert::{
        common::{count_from_pb, micros_from_pb, read_options_from_pb},
        growth::{bonus_returns_to_pb, cross_sell_to_pb, expansion_to_pb},
        ranking::{optional_version_from_pb, scope_from_pb},
    },
    paging::Page,
    pb,
};
use crate::{
    domain::{
        decimal::{MICRO_PLACES, check_range},
        id::{PartyId, check_text},
        problem::Problem,
    },
    service::{Service, growth::GrowthRequest},
};

/// How many products are told if the caller does not say, and at most.
const SUGGESTIONS: (u64, u64) = (20, 1_000);
/// The most bytes of a product's id.
const PRODUCT_LIMIT: usize = 128;
/// The most units more that can be asked for, in millionths.
const UNITS_LIMIT: i64 = 1_000_000_000_000_000;

/// Which products to sell.
pub async fn cross_sell(
    service: &Service,
    request: pb::SuggestCrossSellRequest,
) -> Result<pb::SuggestCrossSellResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let options = read_options_from_pb(request.read_options.as_ref())?;
    let as_of = service.read_position(&tenant, options).await?;
    let settings = service.settings();
    let customer = match request.customer_id.is_empty() {
        true => None,
        false => Some(PartyId::parse(&request.customer_id, "customer_id")?),
    };
    let (default, limit) = SUGGESTIONS;
    let count = count_from_pb(request.suggestion_count, default, limit, "suggestion_count")?;
    let period = request.period.as_ref();
    let asked = GrowthRequest {
        scope: scope_from_pb(period, request.filter, settings, "", as_of)?,
        cost_model_version: optional_version_from_pb(request.cost_model_version)?,
    };
    let found = service.cross_sell(&tenant, &asked, customer.as_ref());
    let found = found.await?;
    Ok(cross_sell_to_pb(&found, count, as_of, settings.currency))
}

/// With whom more of a product pays.
pub async fn expansion(
    service: &Service,
    mut request: pb::RankExpansionRequest,
) -> Result<pb::RankExpansionResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let page = Page::of(service, &tenant, &mut request).await?;
    let settings = service.settings();
    check_text(&request.product_id, PRODUCT_LIMIT, "product_id")?;
    let units = request.units.as_ref().map(|units| {
        let units = micros_from_pb(units, "units")?;
        check_range(units, 1, UNITS_LIMIT, MICRO_PLACES, "units")
    });
    let units = units.transpose()?.map(i128::from);
    let period = request.period.as_ref();
    let asked = GrowthRequest {
        scope: scope_from_pb(period, request.filter, settings, "", page.as_of)?,
        cost_model_version: optional_version_from_pb(request.cost_model_version)?,
    };
    let places = page.places()?;
    let found = service.expansion(&tenant, &asked, &request.product_id, units);
    let found = found.await?;
    let next = page.next_if_more(places.end, found.potentials.len() as u64);
    Ok(expansion_to_pb(
        &found,
        places,
        next,
        page.as_of,
        settings.currency,
    ))
}

/// Which bonuses cost more than they bring.
pub async fn bonus_returns(
    service: &Service,
    mut request: pb::RankBonusReturnsRequest,
) -> Result<pb::RankBonusReturnsResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let page = Page::of(service, &tenant, &mut request).await?;
    let settings = service.settings();
    let period = request.period.as_ref();
    let asked = GrowthRequest {
        scope: scope_from_pb(period, request.filter, settings, "", page.as_of)?,
        cost_model_version: optional_version_from_pb(request.cost_model_version)?,
    };
    let places = page.places()?;
    let found = service.bonus_returns(&tenant, &asked).await?;
    let next = page.next_if_more(places.end, found.returns.len() as u64);
    Ok(bonus_returns_to_pb(
        &found,
        places,
        next,
        page.as_of,
        settings.currency,
    ))
}
