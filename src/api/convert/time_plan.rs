//! Where an account manager's hours go.

use super::{
    common::{
        count_to_pb, minutes_to_pb, money_to_pb, month_to_pb, period_from_pb, position_to_pb,
    },
    ranking::{name_of, optional_version_from_pb},
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        decimal::{MILLI_PLACES, check_range, parse_fixed},
        id::check_text,
        model::time_plan::{
            Gain,
            response::{Responses, Z_95},
        },
        money::Currency,
        problem::Problem,
        question::Scope,
    },
    service::{
        Settings,
        report::ControlTotal,
        time_plan::{PlannedAccount, Returns, TimePlan, TimePlanRequest},
    },
};

/// The most bytes of an account manager's id.
const MANAGER_LIMIT: usize = 128;
/// A block of contact if none is told, in thousandths of a minute.
const BLOCK: i64 = 30_000;
/// The most hours of a month, in thousandths.
const HOURS_LIMIT: i64 = 100_000_000;
/// The most minutes of a block, of its travel and of what each account gets at least, in thousandths: a month's.
const MINUTES_LIMIT: i64 = 44_640_000;

/// A time in thousandths; `None` if it is not given.
fn time_from_pb(
    time: Option<&google_type::Decimal>,
    (least, most): (i64, i64),
    field: &str,
) -> Result<Option<i64>, Problem> {
    let read = |time: &google_type::Decimal| {
        let found = parse_fixed(&time.value, MILLI_PLACES, field)?;
        check_range(found, least, most, MILLI_PLACES, field)
    };
    time.map(read).transpose()
}

/// What is asked for, as of no position yet.
pub fn time_plan_from_pb(
    request: &pb::AllocateTimeRequest,
    settings: &Settings,
) -> Result<TimePlanRequest, Problem> {
    let manager = &request.account_manager_id;
    check_text(manager, MANAGER_LIMIT, "account_manager_id")?;
    let period = period_from_pb(request.period.as_ref(), settings, "period")?;
    let hours = time_from_pb(request.hours.as_ref(), (1, HOURS_LIMIT), "hours")?;
    let hours = hours.ok_or_else(|| Problem::field_required("hours"))?;
    let minutes = |time: &Option<google_type::Decimal>, least, field| {
        time_from_pb(time.as_ref(), (least, MINUTES_LIMIT), field)
    };
    let least = &request.minimum_minutes_per_account;
    let travel = &request.travel_minutes_per_block;
    Ok(TimePlanRequest {
        account_manager: manager.clone(),
        scope: Scope::all_of(period, 0),
        // At most what 64 bits hold by far.
        available: hours * 60,
        least: minutes(least, 0, "minimum_minutes_per_account")?.unwrap_or(0),
        block: minutes(&request.block_minutes, 1, "block_minutes")?.unwrap_or(BLOCK),
        travel: minutes(travel, 0, "travel_minutes_per_block")?.unwrap_or(0),
        cost_model_version: optional_version_from_pb(request.cost_model_version)?,
    })
}

/// The whole answer.
pub fn time_plan_to_pb(
    plan: &TimePlan,
    request: &TimePlanRequest,
    settings: &Settings,
) -> pb::AllocateTimeResponse {
    let currency = settings.currency;
    let money = |amount| Some(money_to_pb(amount, currency));
    let accounts = plan.accounts.iter();
    let [advised, equal, today] = plan.margins;
    let [over_equal, over_today] = plan.gains;
    let totals = pb::TimeSplitTotals {
        advised_margin: money(advised),
        equal_margin: money(equal),
        today_margin: money(today),
        gain_over_equal: Some(gain_to_pb(over_equal, currency)),
        gain_over_today: Some(gain_to_pb(over_today, currency)),
        next_block_return: money(plan.next_block),
        history: Some(returns_to_pb(&plan.history, currency)),
    };
    pb::AllocateTimeResponse {
        accounts: accounts
            .map(|one| account_to_pb(one, request.block, currency))
            .collect(),
        totals: Some(totals),
        evidence: Some(evidence_to_pb(&plan.responses, plan.months)),
        unallotted_minutes: Some(minutes_to_pb(i128::from(plan.unallotted))),
        block_count: count_to_pb(plan.blocks),
        read_at: Some(position_to_pb(request.scope.as_of)),
        control_total: Some(total_to_pb(plan.control_total, currency)),
        cost_model_version: count_to_pb(plan.cost_model_version),
    }
}

/// A control total of one figure.
pub fn total_to_pb(total: ControlTotal, currency: Currency) -> pb::ControlTotal {
    pb::ControlTotal {
        ledger: Some(money_to_pb(total.ledger, currency)),
        reported: Some(money_to_pb(total.reported, currency)),
        filtered_out: Some(money_to_pb(total.filtered_out, currency)),
    }
}

fn account_to_pb(account: &PlannedAccount, block: i64, currency: Currency) -> pb::TimeAllocation {
    let money = |amount| money_to_pb(amount, currency);
    let minutes = |blocks: u64| Some(minutes_to_pb(i128::from(blocks) * i128::from(block)));
    let [advised, equal, today] = account.blocks;
    let [advised_margin, equal_margin, today_margin] = account.margins.map(money);
    pb::TimeAllocation {
        customer_id: account.customer.to_string(),
        display_name: name_of(account.party.as_ref()),
        advised_minutes: minutes(advised),
        equal_minutes: minutes(equal),
        today_minutes: minutes(today),
        advised_margin: Some(advised_margin),
        equal_margin: Some(equal_margin),
        today_margin: Some(today_margin),
        block_returns: account.returns.iter().map(|one| money(*one)).collect(),
        history: Some(returns_to_pb(&account.history, currency)),
        drawn_to_all: account.drawn,
        managed_since: account.managed_since.map(month_to_pb),
        previous_account_manager_id: account.previous_manager.clone().unwrap_or_default(),
        next_block_return: Some(money(account.next_block)),
    }
}

fn returns_to_pb(returns: &Returns, currency: Currency) -> pb::TimeReturns {
    let money = |amount| money_to_pb(amount, currency);
    pb::TimeReturns {
        minutes: Some(minutes_to_pb(returns.milli_minutes)),
        net_revenue: Some(money(returns.revenue)),
        contribution_margin: Some(money(returns.margin)),
        customer_margin: Some(money(returns.profit)),
        revenue_per_hour: returns.revenue_per_hour().map(money),
        profit_per_hour: returns.profit_per_hour().map(money),
    }
}

fn gain_to_pb(gain: Gain, currency: Currency) -> pb::TimeGain {
    pb::TimeGain {
        expected: Some(money_to_pb(gain.expected, currency)),
        lower: Some(money_to_pb(gain.lower, currency)),
        upper: Some(money_to_pb(gain.upper, currency)),
    }
}

fn evidence_to_pb(learnt: &Responses, months: u64) -> pb::TimeEvidence {
    let half = Z_95 * learnt.common_variance.sqrt();
    pb::TimeEvidence {
        account_count: count_to_pb(learnt.accounts.len()),
        informative_account_count: count_to_pb(learnt.learnt_from),
        month_count: count_to_pb(months),
        scale_minutes: learnt.scale_minutes,
        common_response: learnt.common_slope,
        common_response_lower: learnt.common_slope - half,
        common_response_upper: learnt.common_slope + half,
    }
}
