//! Rankings by total value, which `RankingService` gives beside those by amounts of money.

use super::{
    convert::{
        common::{count_to_pb, money_to_pb, position_to_pb},
        price_terms::terms_beside,
        ranking::{control_total_to_pb, cost_basis_to_pb, name_of, statement_to_pb},
        referral::referral_terms_from_pb,
        referral_report::{figures_to_pb, totals_to_pb},
    },
    paging::Page,
    pb,
};
use crate::{
    domain::{
        id::TenantId,
        money::{Currency, Nanos},
        problem::Problem,
        ranking::share,
    },
    service::{
        Service,
        rankings::RankingRequest,
        referrals::{ReferralTerms, total_value::TotalValueCustomer},
    },
};

/// Whether a ranking is by total value.
pub fn is_by_total_value(basis: i32) -> bool {
    basis == i32::from(pb::RankingBasis::TotalValue)
}

/// How referrals are credited, if a ranking is by that. Terms of it are refused otherwise.
pub fn terms_of(
    terms: Option<pb::ReferralTerms>,
    is_asked: bool,
    currency: Currency,
) -> Result<Option<ReferralTerms>, Problem> {
    let field = "referral_terms";
    match (terms, is_asked) {
        (None, false) => Ok(None),
        (Some(_), false) => Err(Problem::field_invalid(
            field,
            "is only possible by total value",
        )),
        (terms, true) => referral_terms_from_pb(terms, currency, field).map(Some),
    }
}

/// One page of such a ranking; the basis of `asked` is not looked at.
pub async fn rank(
    service: &Service,
    tenant: &TenantId,
    (asked, terms): (&RankingRequest, ReferralTerms),
    page: &Page,
    with_inactive: bool,
) -> Result<pb::RankCustomersResponse, Problem> {
    if with_inactive {
        let problem = "is not possible by total value";
        return Err(Problem::field_invalid("include_inactive", problem));
    }
    let places = page.places()?;
    let end = places.end;
    let found = service
        .rank_by_total_value(tenant, asked, terms, places)
        .await?;
    let currency = service.settings().currency;
    let total = found.totals.own + found.totals.credited;
    let rows = found.rows.iter();
    Ok(pb::RankCustomersResponse {
        customers: rows.map(|row| row_to_pb(row, total, currency)).collect(),
        next_page_token: page.next_if_more(end, found.customers),
        read_at: Some(position_to_pb(page.as_of)),
        control_total: Some(control_total_to_pb(&found.footing, currency)),
        cost_basis: Some(cost_basis_to_pb(&found.footing, currency)),
        customer_count: count_to_pb(found.customers),
        negative_count: count_to_pb(found.negative),
        inactive_count: 0,
        objected_count: 0,
        referral_totals: Some(totals_to_pb(&found.totals, currency)),
    })
}

fn row_to_pb(row: &TotalValueCustomer, total: Nanos, currency: Currency) -> pb::RankedCustomer {
    let rank = |place: Option<u64>| place.map_or(0, |place| count_to_pb(place) + 1);
    let by_revenue = rank(row.places.map(|(by_revenue, _)| by_revenue));
    let by_profit = rank(row.places.map(|(_, by_profit)| by_profit));
    let value = row.figures.own + row.figures.credited;
    let terms = terms_beside(row.terms.as_ref());
    pb::RankedCustomer {
        rank: rank(Some(row.place)),
        customer_id: row.customer.to_string(),
        display_name: name_of(row.party.as_ref()),
        value: Some(money_to_pb(value, currency)),
        share_of_total: share(value, total),
        cumulative_value: Some(money_to_pb(row.cumulative, currency)),
        cumulative_share: share(row.cumulative, total),
        statement: Some(statement_to_pb(&row.statement, currency)),
        rank_by_revenue: by_revenue,
        rank_by_net_profit: by_profit,
        rank_divergence: by_revenue - by_profit,
        price_list_id: terms.price_list_id,
        discount_tier: terms.discount_tier,
        nominal_discount: terms.nominal_discount,
        referral: Some(figures_to_pb(&row.figures, currency)),
        ..pb::RankedCustomer::default()
    }
}
