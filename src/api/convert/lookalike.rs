//! What a list of lookalikes is to be like, and what is told of how it came to be.

use super::{
    common::{check_list, count_to_pb, enum_from_pb, item, micros_from_pb, position_to_pb},
    prospect::{ignored_traits_to_pb, lookalike_to_pb},
    ranking::{control_total_to_pb, cost_basis_to_pb},
};
use crate::{
    api::pb,
    domain::{
        id::TraitKey,
        ledger::Position,
        model::{expansion_level::ExpansionLevel, units},
        money::Currency,
        problem::Problem,
        same_customer::Matching,
    },
    service::{lookalike::Lookalikes, lookalike_selection::LookalikeTerms},
};

/// How many traits may hold domains.
const DOMAIN_TRAITS_LIMIT: usize = 5;
/// How many hours a month there are at most.
const HOURS_LIMIT: i64 = 1_000_000;

/// What the list is to be like.
pub fn lookalike_terms_from_pb(
    request: &pb::ListLookalikesRequest,
) -> Result<LookalikeTerms, Problem> {
    let level = |level| match level {
        ExpansionLevel::Narrow => pb::ExpansionLevel::Narrow,
        ExpansionLevel::Balanced => pb::ExpansionLevel::Balanced,
        ExpansionLevel::Broad => pb::ExpansionLevel::Broad,
    };
    if !(0.0..=1.0).contains(&request.diversity) {
        return Err(Problem::number_out_of_range("diversity", "0", "1"));
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 1,000,000 by the check above"
    )]
    let diversity = (request.diversity * 1e6).round() as u32;
    let capacity = request.capacity_hours_per_month.as_ref();
    let matching = request.customer_matching.as_ref();
    Ok(LookalikeTerms {
        expansion: enum_from_pb(request.expansion, ExpansionLevel::ALL, level, "expansion")?,
        diversity,
        capacity: capacity.map(capacity_from_pb).transpose()?,
        matching: matching.map(matching_from_pb).transpose()?,
    })
}

fn capacity_from_pb(hours: &pb::google_type::Decimal) -> Result<i64, Problem> {
    let field = "capacity_hours_per_month";
    let millionths = micros_from_pb(hours, field)?;
    match (1..=HOURS_LIMIT * 1_000_000).contains(&millionths) {
        true => Ok(millionths),
        false => {
            let most = HOURS_LIMIT.to_string();
            Err(Problem::number_out_of_range(field, "0.000001", &most))
        }
    }
}

fn matching_from_pb(matching: &pb::CustomerMatching) -> Result<Matching, Problem> {
    let field = "customer_matching.domain_traits";
    check_list(matching.domain_traits.len(), DOMAIN_TRAITS_LIMIT, field)?;
    if !matching.by_name && matching.domain_traits.is_empty() {
        let problem = "says neither by_name nor domain_traits";
        return Err(Problem::field_invalid("customer_matching", problem));
    }
    let keys = matching.domain_traits.iter().enumerate();
    let keys = keys.map(|(index, key)| TraitKey::parse(key, &item(field, index)));
    Ok(Matching {
        by_name: matching.by_name,
        domain_traits: keys.collect::<Result<_, _>>()?,
    })
}

// === to_pb ===

/// Minutes of nano-minutes.
pub fn minutes_of(nanos: i128) -> f64 {
    units(nanos)
}

/// One page of lookalikes.
pub fn lookalikes_to_pb(
    answer: &Lookalikes,
    next_page_token: String,
    (as_of, currency): (Position, Currency),
) -> pb::ListLookalikesResponse {
    let learnt = &answer.learnt;
    let selection = answer.selection.as_deref();
    let effort = selection.and_then(|own| own.effort.as_deref());
    let count = |count: Option<u64>| count_to_pb(count.unwrap_or(0));
    pb::ListLookalikesResponse {
        lookalikes: answer.rows.iter().map(lookalike_to_pb).collect(),
        next_page_token,
        read_at: Some(position_to_pb(as_of)),
        prospect_count: count_to_pb(answer.prospects),
        converted_count: count_to_pb(answer.converted),
        objected_count: count_to_pb(answer.objected),
        customer_count: count_to_pb(learnt.table.whole.all),
        best_customer_count: count_to_pb(learnt.table.whole.best),
        loss_maker_count: count_to_pb(learnt.table.whole.loss_makers),
        has_signal: learnt.has_signal(),
        ignored_traits: ignored_traits_to_pb(learnt),
        control_total: Some(control_total_to_pb(&learnt.footing, currency)),
        cost_basis: Some(cost_basis_to_pb(&learnt.footing, currency)),
        matched_count: count(selection.map(|own| own.matched)),
        beyond_expansion_count: count(selection.map(|own| own.beyond_expansion)),
        beyond_capacity_count: count(selection.map(|own| own.beyond_capacity)),
        listed_count: count_to_pb(answer.listed),
        least_score: selection
            .and_then(|own| own.least_score)
            .map(|score| score.value()),
        mean_minutes_per_month: effort.map(|effort| minutes_of(effort.mean())),
        minutes_customer_count: count(effort.map(|effort| effort.customers())),
    }
}
