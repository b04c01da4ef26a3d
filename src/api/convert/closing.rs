//! Closed months, and what arrived after that.

use super::{
    common::{count_to_pb, instant_to_pb, money_to_pb, month_from_pb, month_to_pb, position_to_pb},
    ranking::name_of,
    statement::statement_to_pb,
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        account::Account,
        closing::{Closing, ClosingDraft, Month},
        decimal::format_fixed,
        id::{RequestId, check_optional_text},
        money::Currency,
        problem::Problem,
        standing::Standing,
        time::Calendar,
    },
    service::late_arrivals::{CustomerChange, LateArrivals, MonthStanding, net_profit},
};

const NOTE_LIMIT: usize = 512;

/// The month that a question is about.
pub fn required_month(month: Option<pb::CalendarMonth>) -> Result<Month, Problem> {
    let month = month.ok_or_else(|| Problem::field_required("month"))?;
    month_from_pb(month, "month")
}

/// A month to close.
pub fn closing_from_pb(request: pb::ClosePeriodRequest) -> Result<ClosingDraft, Problem> {
    check_optional_text(&request.note, NOTE_LIMIT, "note")?;
    Ok(ClosingDraft {
        month: required_month(request.month)?,
        note: request.note,
        request_id: RequestId::parse(&request.request_id, "request_id")?,
    })
}

/// A month that is not closed, as it would be.
pub fn possible_to_pb(month: Month, note: String, calendar: &Calendar) -> pb::ClosedPeriod {
    let period = month.period();
    let begin = |day| calendar.begin(day).map(instant_to_pb);
    pb::ClosedPeriod {
        month: Some(month_to_pb(month)),
        period: Some(google_type::Interval {
            start_time: period.start.and_then(begin),
            end_time: period.end.and_then(begin),
        }),
        position: None,
        record_time: None,
        note,
    }
}

/// A closed month.
pub fn closing_to_pb(closing: &Closing, calendar: &Calendar) -> pb::ClosedPeriod {
    let draft = &closing.draft;
    pb::ClosedPeriod {
        position: Some(position_to_pb(closing.position)),
        record_time: Some(instant_to_pb(closing.record_time)),
        ..possible_to_pb(draft.month, draft.note.clone(), calendar)
    }
}

/// What changed since a month was closed, without customers and page.
pub fn late_arrivals_to_pb(
    found: &LateArrivals,
    calendar: &Calendar,
    currency: Currency,
) -> pb::GetLateArrivalsResponse {
    let standing = |standing| Some(standing_to_pb(standing, currency));
    let net = |standing: &MonthStanding| standing.statement.net_profit;
    let money = |amount| Some(money_to_pb(amount, currency));
    let accounts = found.accounts.iter();
    pb::GetLateArrivalsResponse {
        closed_period: Some(closing_to_pb(&found.closing, calendar)),
        closed: standing(&found.closed),
        with_arrivals: standing(&found.with_arrivals),
        current: standing(&found.current),
        change_by_arrivals: money(net(&found.with_arrivals) - net(&found.closed)),
        change_by_costs: money(net(&found.current) - net(&found.with_arrivals)),
        change: money(net(&found.current) - net(&found.closed)),
        account_changes: accounts
            .map(|(account, before, after)| account_to_pb(account, *before, *after))
            .collect(),
        changed_customer_count: count_to_pb(found.customers.len()),
        ..Default::default()
    }
}

fn standing_to_pb(standing: &MonthStanding, currency: Currency) -> pb::MonthStanding {
    pb::MonthStanding {
        position: Some(position_to_pb(standing.position)),
        cost_model_version: count_to_pb(standing.cost_model_version),
        statement: Some(statement_to_pb(&standing.statement, currency)),
        active_customer_count: count_to_pb(standing.active),
        negative_count: count_to_pb(standing.negative),
    }
}

fn account_to_pb(account: &Account, before: i128, after: i128) -> pb::AccountChange {
    let decimal = |sum| {
        Some(google_type::Decimal {
            value: format_fixed(sum, account.places()),
        })
    };
    pb::AccountChange {
        account: account.to_string(),
        closed: decimal(before),
        current: decimal(after),
        change: decimal(after - before),
    }
}

/// What changed for a customer.
pub fn customer_change_to_pb(one: &CustomerChange, currency: Currency) -> pb::CustomerChange {
    let money = |amount| Some(money_to_pb(amount, currency));
    let rank = |standing: Option<Standing>| standing.map_or(0, |one| count_to_pb(one.place + 1));
    let is_loss = |standing: Option<Standing>| standing.is_some_and(|one| one.is_loss());
    pb::CustomerChange {
        customer_id: one.customer.to_string(),
        display_name: name_of(one.party.as_ref()),
        closed_net_profit: money(net_profit(one.closed)),
        net_profit: money(net_profit(one.current)),
        change_by_arrivals: money(one.by_arrivals()),
        change_by_costs: money(one.by_costs()),
        change: money(one.change()),
        closed_rank: rank(one.closed),
        rank: rank(one.current),
        changes_sign: is_loss(one.closed) != is_loss(one.current),
    }
}
