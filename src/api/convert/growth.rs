//! What to sell to whom.

use super::{
    common::{count_to_pb, micros_to_pb, minutes_to_pb, money_to_pb, position_to_pb},
    ranking::{control_total_to_pb, cost_basis_to_pb, name_of},
    time_plan::total_to_pb,
};
use crate::{
    api::pb,
    domain::{
        ledger::Position,
        model::cross_sell::Suggestion,
        money::{Currency, NANOS_PER_MICRO, divide_half_even},
    },
    service::{
        bonus_returns::{BonusReturn, BonusReturns},
        growth::{CrossSell, CustomerPotential, Expansion},
    },
};
use std::ops::Range;

/// The first suggestions.
pub fn cross_sell_to_pb(
    found: &CrossSell,
    count: u64,
    as_of: Position,
    currency: Currency,
) -> pb::SuggestCrossSellResponse {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let first = found.suggestions.iter().take(count);
    pb::SuggestCrossSellResponse {
        suggestions: first
            .map(|one| suggestion_to_pb(one, found.customers, currency))
            .collect(),
        product_count: count_to_pb(found.suggestions.len()),
        customer_count: count_to_pb(found.customers),
        profitable_count: count_to_pb(found.profitable),
        read_at: Some(position_to_pb(as_of)),
        control_total: Some(control_total_to_pb(&found.footing, currency)),
        cost_basis: Some(cost_basis_to_pb(&found.footing, currency)),
    }
}

fn suggestion_to_pb(
    one: &Suggestion,
    customers: u64,
    currency: Currency,
) -> pb::CrossSellSuggestion {
    let money = |amount| Some(money_to_pb(amount, currency));
    let count = &one.count;
    let each = match count.profitable_buyers {
        0 => 0,
        buyers => {
            let unit = i128::from(buyers) * NANOS_PER_MICRO;
            divide_half_even(count.margin, unit) * NANOS_PER_MICRO
        }
    };
    pb::CrossSellSuggestion {
        product_id: count.product.clone(),
        buyer_count: count_to_pb(count.buyers),
        profitable_buyer_count: count_to_pb(count.profitable_buyers),
        candidate_count: count_to_pb(customers.saturating_sub(count.buyers)),
        lift: one.lift,
        lift_lower: one.lift_lower,
        lift_upper: one.lift_upper,
        p_value: one.p_value,
        is_distinguishing: one.distinguishing,
        expected_margin: money(one.expected_margin),
        expected_margin_lower: money(one.expected_lower),
        expected_margin_upper: money(one.expected_upper),
        margin_per_buyer: money(each),
    }
}

/// What is at some places of a list.
fn at<T>(list: &[T], places: Range<u64>) -> impl Iterator<Item = &T> {
    let start = usize::try_from(places.start).unwrap_or(usize::MAX);
    let size = usize::try_from(places.end - places.start).unwrap_or(usize::MAX);
    list.iter().skip(start).take(size)
}

/// One page.
pub fn expansion_to_pb(
    found: &Expansion,
    places: Range<u64>,
    next_page_token: String,
    as_of: Position,
    currency: Currency,
) -> pb::RankExpansionResponse {
    let rows = at(&found.potentials, places);
    pb::RankExpansionResponse {
        potentials: rows.map(|one| potential_to_pb(one, currency)).collect(),
        next_page_token,
        potential_count: count_to_pb(found.potentials.len()),
        left_out_count: count_to_pb(found.left_out),
        read_at: Some(position_to_pb(as_of)),
        control_total: Some(total_to_pb(found.control_total, currency)),
        cost_model_version: count_to_pb(found.cost_model_version),
    }
}

fn potential_to_pb(one: &CustomerPotential, currency: Currency) -> pb::ExpansionPotential {
    let money = |amount| money_to_pb(amount, currency);
    let (potential, terms) = (&one.potential, one.terms.as_ref());
    let discount = terms.and_then(|terms| terms.nominal_discount);
    pb::ExpansionPotential {
        customer_id: one.customer.to_string(),
        display_name: name_of(one.party.as_ref()),
        current_units: Some(micros_to_pb(one.bought.quantity)),
        units: Some(micros_to_pb(potential.units)),
        list_price: Some(money(potential.list_price)),
        net_price: Some(money(potential.net_price)),
        discount_tier: terms.map_or_else(String::new, |terms| terms.discount_tier.clone()),
        nominal_discount: discount.map(|part| micros_to_pb(i128::from(part))),
        margin: Some(money(potential.margin)),
        minutes: Some(minutes_to_pb(potential.milli_minutes)),
        margin_per_hour: one.margin_per_hour().map(money),
    }
}

/// One page.
pub fn bonus_returns_to_pb(
    found: &BonusReturns,
    places: Range<u64>,
    next_page_token: String,
    as_of: Position,
    currency: Currency,
) -> pb::RankBonusReturnsResponse {
    let rows = at(&found.returns, places);
    pb::RankBonusReturnsResponse {
        returns: rows.map(|one| bonus_return_to_pb(one, currency)).collect(),
        next_page_token,
        return_count: count_to_pb(found.returns.len()),
        flagged_count: count_to_pb(found.flagged),
        total_bonus_cost: Some(money_to_pb(found.cost, currency)),
        total_margin_gain: Some(money_to_pb(found.gain, currency)),
        read_at: Some(position_to_pb(as_of)),
        control_total: Some(total_to_pb(found.control_total, currency)),
        cost_model_version: count_to_pb(found.cost_model_version),
    }
}

fn bonus_return_to_pb(one: &BonusReturn, currency: Currency) -> pb::BonusReturn {
    let money = |amount| Some(money_to_pb(amount, currency));
    pb::BonusReturn {
        customer_id: one.customer.to_string(),
        display_name: name_of(one.party.as_ref()),
        bonus_cost: money(one.cost),
        margin: money(one.margin),
        prior_margin: money(one.prior),
        margin_gain: money(one.gain()),
        net_return: money(one.net()),
        is_flagged: one.net() < 0,
    }
}
