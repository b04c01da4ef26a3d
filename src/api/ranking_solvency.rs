//! Rankings by solvency, which `RankingService` gives beside those by amounts of money.

use super::{
    convert::{
        common::{count_to_pb, money_to_pb, position_to_pb},
        price_terms::terms_beside,
        ranking::{cost_basis_to_pb, name_of, statement_to_pb},
        receivables::figures_to_pb,
    },
    paging::Page,
    pb,
};
use crate::{
    domain::{id::TenantId, money::Currency, problem::Problem},
    service::{Service, rankings::RankingRequest, solvency::SolventCustomer},
};

/// Whether a ranking is by solvency.
pub fn is_by_solvency(basis: i32) -> bool {
    basis == i32::from(pb::RankingBasis::Solvency)
}

/// One page of such a ranking; the basis of `asked` is not looked at.
pub async fn rank(
    service: &Service,
    tenant: &TenantId,
    asked: &RankingRequest,
    page: &Page,
    with_inactive: bool,
) -> Result<pb::RankCustomersResponse, Problem> {
    if with_inactive {
        let problem = "is not possible by solvency";
        return Err(Problem::field_invalid("include_inactive", problem));
    }
    let places = page.places()?;
    let end = places.end;
    let ranking = service.rank_by_solvency(tenant, asked, places).await?;
    let currency = service.settings().currency;
    let money = |amount| Some(money_to_pb(amount, currency));
    let total = ranking.control_total;
    let rows = ranking.rows.iter();
    Ok(pb::RankCustomersResponse {
        customers: rows.map(|row| solvent_to_pb(row, currency)).collect(),
        next_page_token: page.next_if_more(end, ranking.customers),
        read_at: Some(position_to_pb(page.as_of)),
        control_total: Some(pb::ControlTotal {
            ledger: money(total.ledger),
            reported: money(total.reported),
            filtered_out: money(total.filtered_out),
        }),
        cost_basis: Some(cost_basis_to_pb(&ranking.footing, currency)),
        customer_count: count_to_pb(ranking.customers),
        negative_count: 0,
        inactive_count: 0,
        objected_count: 0,
        referral_totals: None,
    })
}

fn solvent_to_pb(row: &SolventCustomer, currency: Currency) -> pb::RankedCustomer {
    let figures = figures_to_pb(&row.receivables.standing, None, currency);
    let rank = |place: Option<u64>| place.map_or(0, |place| count_to_pb(place) + 1);
    let by_revenue = rank(row.places.map(|(by_revenue, _)| by_revenue));
    let by_profit = rank(row.places.map(|(_, by_profit)| by_profit));
    let terms = terms_beside(row.terms.as_ref());
    pb::RankedCustomer {
        rank: rank(Some(row.receivables.place)),
        customer_id: row.receivables.customer.to_string(),
        display_name: name_of(row.receivables.party.as_ref()),
        value: figures.paid,
        share_of_total: None,
        cumulative_value: None,
        cumulative_share: None,
        statement: Some(statement_to_pb(&row.statement, currency)),
        rank_by_revenue: by_revenue,
        rank_by_net_profit: by_profit,
        rank_divergence: by_revenue - by_profit,
        paid_share: figures.paid_share,
        average_days_late: figures.average_days_late,
        customer_value: None,
        referral: None,
        inactive: false,
        profiling_objected: false,
        price_list_id: terms.price_list_id,
        discount_tier: terms.discount_tier,
        nominal_discount: terms.nominal_discount,
    }
}
