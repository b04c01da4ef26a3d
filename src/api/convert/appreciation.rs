//! A budget for appreciation.

use super::{
    common::{amount_from_pb, count_to_pb, instant_to_pb, money_to_pb, position_to_pb},
    ranking::name_of,
    time_plan::total_to_pb,
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        ledger::Position,
        money::{Currency, Micros, to_nanos},
        party::Party,
        problem::Problem,
    },
    service::{
        Settings,
        appreciation::{Appreciated, Appreciation, LeftOut},
    },
};
use std::sync::Arc;

/// What there is to spend.
pub fn budget_from_pb(
    budget: Option<&google_type::Money>,
    currency: Currency,
) -> Result<Micros, Problem> {
    let budget = budget.ok_or_else(|| Problem::field_required("budget"))?;
    match amount_from_pb(budget, currency, "budget")? {
        ..=0 => Err(Problem::field_invalid("budget", "must be above zero")),
        budget => Ok(budget),
    }
}

/// What one customer gets at most.
pub fn ceiling_from_pb(
    ceiling: Option<&google_type::Money>,
    currency: Currency,
) -> Result<Option<Micros>, Problem> {
    let field = "ceiling_per_customer";
    let ceiling = ceiling.map(|amount| amount_from_pb(amount, currency, field));
    match ceiling.transpose()? {
        Some(..0) => Err(Problem::field_invalid(field, "must not be below zero")),
        ceiling => Ok(ceiling),
    }
}

// === to_pb ===

/// The answer without the token of the next page.
pub fn appreciation_to_pb(
    found: &Appreciation,
    rows: &[(Appreciated, Option<Arc<Party>>)],
    budget: Micros,
    (as_of, settings): (Position, &Settings),
) -> pb::AllocateAppreciationResponse {
    let currency = settings.currency;
    let money = |amount| Some(money_to_pb(amount, currency));
    let left_out = found.left_out.iter();
    pb::AllocateAppreciationResponse {
        customers: rows
            .iter()
            .map(|(one, party)| customer_to_pb(one, party.as_ref(), currency))
            .collect(),
        next_page_token: String::new(),
        customer_count: count_to_pb(found.customers.len()),
        budget: money(to_nanos(budget)),
        allocated: money(to_nanos(found.allocated)),
        unallocated: money(to_nanos(budget - found.allocated)),
        total_value_at_risk: money(found.at_risk),
        total_spent: money(found.spent),
        left_out: left_out
            .map(|(reason, count)| pb::AppreciationLeftOut {
                reason: reason_to_pb(*reason).into(),
                customer_count: count_to_pb(*count),
            })
            .collect(),
        valued_from: settings.calendar.begin(found.from).map(instant_to_pb),
        learnt_position: count_to_pb(found.learnt_at),
        read_at: Some(position_to_pb(as_of)),
        control_total: Some(total_to_pb(found.control_total, currency)),
        cost_model_version: count_to_pb(found.cost_model_version),
    }
}

fn customer_to_pb(
    one: &Appreciated,
    party: Option<&Arc<Party>>,
    currency: Currency,
) -> pb::AppreciatedCustomer {
    let money = |amount| Some(money_to_pb(amount, currency));
    let is_valued = matches!(one.left_out, None | Some(LeftOut::NothingAtRisk));
    let valued = |amount| money(amount).filter(|_| is_valued);
    let reason = one.left_out.map(reason_to_pb).unwrap_or_default();
    pb::AppreciatedCustomer {
        customer_id: one.customer.to_string(),
        display_name: name_of(party),
        amount: money(to_nanos(one.part)),
        spent: money(one.spent),
        value_at_risk: valued(one.value.0),
        expected_profit: valued(one.value.1),
        probability_alive: is_valued.then_some(one.alive),
        left_out: reason.into(),
    }
}

fn reason_to_pb(reason: LeftOut) -> pb::AppreciationReason {
    match reason {
        LeftOut::NothingAtRisk => pb::AppreciationReason::NothingAtRisk,
        LeftOut::NoKnownValue => pb::AppreciationReason::NoKnownValue,
        LeftOut::Objected => pb::AppreciationReason::Objected,
    }
}
