//! How pools were allocated: traces.

use super::{
    allocation_policy::policy_to_pb,
    common::{count_to_pb, money_to_pb, position_to_pb},
    ranking::name_of,
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        decimal::{self, MICRO_PLACES},
        ledger::Position,
        money::{Currency, Micros, divide_half_even, to_nanos},
        standing::{Standing, changes_sign},
    },
    service::{
        allocation::Trace,
        standings::{AllocationOutcome, Compared, ComparedCustomer},
    },
};

/// Decimal places of a rate that is shown.
const RATE_PLACES: u32 = 12;

/// A trace, without the token of its next page.
pub fn trace_to_pb(
    trace: &Trace,
    read_at: Position,
    currency: Currency,
) -> pb::GetAllocationTraceResponse {
    let places = trace.policy.places();
    let quantity = |quantity: i128| google_type::Decimal {
        value: decimal::format_fixed(quantity, places),
    };
    let money = |amount: Micros| Some(money_to_pb(to_nanos(amount), currency));
    let shares = trace.shares.iter().map(|share| pb::AllocationShare {
        customer_id: share.customer.to_string(),
        display_name: name_of(share.party.as_ref()),
        driver_quantity: Some(quantity(share.quantity)),
        share: money(share.share),
        remainder: money(share.remainder),
    });
    pb::GetAllocationTraceResponse {
        shares: shares.collect(),
        next_page_token: String::new(),
        read_at: Some(position_to_pb(read_at)),
        cost_model_version: count_to_pb(trace.cost_model_version),
        policy: Some(policy_to_pb(&trace.policy)),
        pool_amount: money(trace.amount),
        allocated_amount: money(trace.allotment.amount),
        unallocated_amount: money(trace.amount - trace.allotment.amount),
        driver_quantity: Some(quantity(trace.allotment.quantity)),
        practical_capacity_minutes: trace.capacity.map(quantity),
        rate: rate(trace.allotment.amount, trace.allotment.quantity, places),
        active_customer_count: count_to_pb(trace.active),
    }
}

/// All policies side by side.
pub fn compared_to_pb(
    compared: &Compared,
    read_at: Position,
    currency: Currency,
) -> pb::CompareAllocationPoliciesResponse {
    let outcomes = compared.outcomes.iter();
    let customers = compared.customers.iter();
    pb::CompareAllocationPoliciesResponse {
        outcomes: outcomes
            .map(|outcome| outcome_to_pb(outcome, currency))
            .collect(),
        customers: customers
            .map(|customer| pb::ComparedCustomer {
                customer_id: customer.customer.to_string(),
                display_name: name_of(customer.party.as_ref()),
                standings: standings_to_pb(customer, currency),
                changes_sign: changes_sign(customer.standings.iter().copied()),
            })
            .collect(),
        active_customer_count: count_to_pb(compared.active),
        cost_model_version: count_to_pb(compared.cost_model_version),
        read_at: Some(position_to_pb(read_at)),
    }
}

/// What a cost model would change.
pub fn preview_to_pb(
    compared: &Compared,
    read_at: Position,
    currency: Currency,
) -> pb::CostModelPreview {
    let outcome = |place: usize| {
        let outcome = compared.outcomes.get(place);
        outcome.map(|outcome| outcome_to_pb(outcome, currency))
    };
    let changed = compared.outcomes.last();
    let changes = compared.customers.iter().map(|customer| {
        let mut standings = standings_to_pb(customer, currency).into_iter();
        pb::StandingChange {
            customer_id: customer.customer.to_string(),
            display_name: name_of(customer.party.as_ref()),
            before: standings.next(),
            after: standings.next(),
            changes_sign: changes_sign(customer.standings.iter().copied()),
        }
    });
    pb::CostModelPreview {
        before: outcome(0),
        after: outcome(1),
        changes: changes.collect(),
        changed_count: changed.map_or(0, |one| count_to_pb(one.differences.values)),
        active_customer_count: count_to_pb(compared.active),
        read_at: Some(position_to_pb(read_at)),
    }
}

fn outcome_to_pb(outcome: &AllocationOutcome, currency: Currency) -> pb::AllocationOutcome {
    let money = |amount| Some(money_to_pb(amount, currency));
    pb::AllocationOutcome {
        policy: outcome.policy.as_ref().map(policy_to_pb),
        allocated_fixed_cost: money(outcome.allocated),
        unallocated_fixed_cost: money(outcome.unallocated),
        net_profit: money(outcome.net_profit),
        negative_count: count_to_pb(outcome.negative),
        sign_change_count: count_to_pb(outcome.differences.signs),
        rank_change_count: count_to_pb(outcome.differences.places),
    }
}

fn standings_to_pb(customer: &ComparedCustomer, currency: Currency) -> Vec<pb::AllocationStanding> {
    let standing = |standing: &Standing| pb::AllocationStanding {
        allocated_fixed_cost: Some(money_to_pb(standing.allocated, currency)),
        net_profit: Some(money_to_pb(standing.net_profit, currency)),
        rank: count_to_pb(standing.place) + 1,
    };
    customer.standings.iter().map(standing).collect()
}

/// An amount for one of a quantity that has so many decimal places.
fn rate(amount: Micros, quantity: i128, places: u32) -> Option<google_type::Decimal> {
    if quantity == 0 {
        return None;
    }
    // At most 2^63 x 10^9 x 10^6, which is below 2^127.
    let numerator =
        i128::from(amount) * 10_i128.pow(places) * 10_i128.pow(RATE_PLACES - MICRO_PLACES);
    Some(google_type::Decimal {
        value: decimal::format_fixed(divide_half_even(numerator, quantity), RATE_PLACES),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_for_one_of_what_is_counted() {
        let value = |amount, quantity, places| rate(amount, quantity, places).unwrap().value;
        // 100 for 3 sales, for 1.5 units, for 40 minutes.
        assert_eq!(value(100_000_000, 3, 0), "33.333333333333");
        assert_eq!(value(100_000_000, 1_500_000, 6), "66.666666666667");
        assert_eq!(value(100_000_000, 40_000, 3), "2.5");
        assert_eq!(rate(100_000_000, 0, 3), None);
        assert_eq!(value(i64::MAX, 1, 9), "9223372036854775807000");
    }
}
