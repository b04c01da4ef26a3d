//! Rankings by expected profit, which `RankingService` gives beside those by amounts of money.

use super::{
    convert::{
        common::{count_to_pb, position_to_pb},
        customer_value::{Shown, terms_from_pb, worth_to_pb},
        price_terms::terms_beside,
        ranking::{control_total_to_pb, cost_basis_to_pb, name_of, statement_to_pb},
    },
    customer_value::learn_ahead,
    paging::Page,
    pb,
};
use crate::{
    api::convert::common::money_to_pb,
    domain::{id::TenantId, money::Nanos, problem::Problem, ranking::share},
    service::{
        Service,
        customer_value::ValueRequest,
        expected_profit::{ExpectedCustomer, ExpectedRanking},
        rankings::RankingRequest,
    },
};
use std::sync::Arc;

/// Whether a ranking is by expected profit.
pub fn is_by_expected_profit(basis: i32) -> bool {
    basis == i32::from(pb::RankingBasis::ExpectedProfit)
}

/// What is asked of the customers' value, if a ranking is by that. Terms of it are refused otherwise.
pub fn value_request(
    ranking: &RankingRequest,
    terms: Option<pb::ValueTerms>,
    is_asked: bool,
) -> Result<Option<ValueRequest>, Problem> {
    if !is_asked {
        return match terms {
            None => Ok(None),
            Some(_) => Err(Problem::field_invalid(
                "value_terms",
                "is only possible by expected profit",
            )),
        };
    }
    let (terms, segment) = terms_from_pb(terms, "value_terms")?;
    let asked = ValueRequest::of_ranking(ranking, terms, segment);
    Ok(Some(asked))
}

/// Everybody with any activity before the end of the period is in such a ranking, and nobody else.
pub fn check_inactive(with_inactive: bool) -> Result<(), Problem> {
    match with_inactive {
        false => Ok(()),
        true => Err(Problem::field_invalid(
            "include_inactive",
            "is not possible by expected profit",
        )),
    }
}

/// One page of such a ranking; the basis of `ranking` is not looked at.
pub async fn rank(
    service: &Arc<Service>,
    tenant: TenantId,
    (ranking, asked): (&RankingRequest, ValueRequest),
    page: &Page,
    with_inactive: bool,
) -> Result<pb::RankCustomersResponse, Problem> {
    check_inactive(with_inactive)?;
    let places = page.places()?;
    let end = places.end;
    service.learn_value(&tenant, &asked).await?;
    let found = service
        .rank_by_expected_profit(&tenant, ranking, &asked, places)
        .await?;
    learn_ahead(service, tenant, asked);
    let settings = service.settings();
    Ok(pb::RankCustomersResponse {
        customers: rows_to_pb(&found, settings.into()),
        next_page_token: page.next_if_more(end, found.customers),
        read_at: Some(position_to_pb(page.as_of)),
        control_total: Some(control_total_to_pb(&found.footing, settings.currency)),
        cost_basis: Some(cost_basis_to_pb(&found.footing, settings.currency)),
        customer_count: count_to_pb(found.customers),
        negative_count: count_to_pb(found.negative),
        inactive_count: 0,
        objected_count: count_to_pb(found.objected),
        referral_totals: None,
    })
}

/// The rows of such a ranking.
pub fn rows_to_pb(found: &ExpectedRanking, shown: Shown<'_>) -> Vec<pb::RankedCustomer> {
    let rows = found.rows.iter();
    rows.map(|row| row_to_pb(row, found.total, shown)).collect()
}

fn row_to_pb(row: &ExpectedCustomer, total: Nanos, shown: Shown<'_>) -> pb::RankedCustomer {
    let rank = |place: Option<u64>| place.map_or(0, |place| count_to_pb(place) + 1);
    let by_revenue = rank(row.places.map(|(by_revenue, _)| by_revenue));
    let by_profit = rank(row.places.map(|(_, by_profit)| by_profit));
    let terms = terms_beside(row.terms.as_ref());
    pb::RankedCustomer {
        rank: rank(Some(row.place)),
        customer_id: row.customer.to_string(),
        display_name: name_of(row.party.as_ref()),
        value: (!row.objected).then(|| money_to_pb(row.value, shown.currency)),
        share_of_total: share(row.value, total).filter(|_| !row.objected),
        cumulative_value: Some(money_to_pb(row.cumulative, shown.currency)),
        cumulative_share: share(row.cumulative, total),
        statement: Some(statement_to_pb(&row.statement, shown.currency)),
        rank_by_revenue: by_revenue,
        rank_by_net_profit: by_profit,
        rank_divergence: by_revenue - by_profit,
        // Of a ranking by solvency.
        paid_share: None,
        average_days_late: None,
        inactive: false,
        profiling_objected: row.objected,
        price_list_id: terms.price_list_id,
        discount_tier: terms.discount_tier,
        nominal_discount: terms.nominal_discount,
        customer_value: (!row.objected).then(|| worth_to_pb(row.worth.as_ref(), shown)),
        // Of a ranking by total value.
        referral: None,
    }
}
