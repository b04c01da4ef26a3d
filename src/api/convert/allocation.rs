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
    },
    service::allocation::Trace,
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
