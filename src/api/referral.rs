//! What `AdviceService` says of referrals.

use super::{
    access::tenant_from_pb,
    convert::{
        common::read_options_from_pb,
        referral::{asks_from_pb, quadrants_from_pb, referrals_from_pb},
        referral_report::{asks_to_pb, quadrants_to_pb, referral_value_to_pb, report_to_pb},
    },
    paging::Page,
    pb,
};
use crate::{
    domain::{id::PartyId, problem::Problem},
    service::Service,
};

/// What one customer brings by those whom it brought.
pub async fn value(
    service: &Service,
    request: pb::GetReferralValueRequest,
) -> Result<pb::GetReferralValueResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let customer = PartyId::parse(&request.customer_id, "customer_id")?;
    let options = read_options_from_pb(request.read_options.as_ref())?;
    let as_of = service.read_position(&tenant, options).await?;
    let settings = service.settings();
    let version = request.cost_model_version;
    let period = request.period.as_ref();
    let asked = referrals_from_pb(period, version, request.terms, (settings, as_of))?;
    let value = service.referral_value(&tenant, &customer, &asked).await?;
    let seen = (as_of, settings.currency);
    Ok(referral_value_to_pb(customer.as_str(), &value, seen))
}

/// Customers by what they bring themselves and by whom they bring.
pub async fn quadrants(
    service: &Service,
    mut request: pb::ListReferralQuadrantsRequest,
) -> Result<pb::ListReferralQuadrantsResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let page = Page::of(service, &tenant, &mut request).await?;
    let settings = service.settings();
    let asked = quadrants_from_pb(request, settings, page.as_of)?;
    let places = page.places()?;
    let end = places.end;
    let list = service.quadrants(&tenant, &asked, places).await?;
    let next = page.next_if_more(end, list.customers);
    Ok(quadrants_to_pb(
        &list,
        next,
        (page.as_of, settings.currency),
    ))
}

/// Word of mouth as a stream of customers.
pub async fn report(
    service: &Service,
    request: pb::GetReferralReportRequest,
) -> Result<pb::GetReferralReportResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let options = read_options_from_pb(request.read_options.as_ref())?;
    let as_of = service.read_position(&tenant, options).await?;
    let settings = service.settings();
    let version = request.cost_model_version;
    let period = request.period.as_ref();
    let asked = referrals_from_pb(period, version, request.terms, (settings, as_of))?;
    let report = service.referral_report(&tenant, &asked).await?;
    Ok(report_to_pb(&report, as_of, settings.currency))
}

/// Whom to ask for referrals.
pub async fn asks(
    service: &Service,
    mut request: pb::ListReferralAsksRequest,
) -> Result<pb::ListReferralAsksResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let page = Page::of(service, &tenant, &mut request).await?;
    let settings = service.settings();
    let asked = asks_from_pb(request, settings, page.as_of)?;
    let places = page.places()?;
    let end = places.end;
    let list = service.referral_asks(&tenant, &asked, places).await?;
    let next = page.next_if_more(end, list.customers);
    Ok(asks_to_pb(&list, next, (page.as_of, settings.currency)))
}
