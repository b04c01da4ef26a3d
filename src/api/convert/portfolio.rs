//! The plan of a portfolio.

use super::{
    common::{
        amount_from_pb, count_from_pb, count_to_pb, instant_to_pb, micros_from_pb, micros_to_pb,
        minutes_to_pb, money_to_pb, position_to_pb,
    },
    ranking::{control_total_to_pb, cost_basis_to_pb, name_of},
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        decimal::{MICRO_PLACES, check_range},
        ledger::Position,
        money::{Currency, MICROS_PER_UNIT, Micros, Nanos, to_nanos},
        portfolio::{Band, Cause, Disposition, KeyReason, Rules},
        problem::Problem,
        ranking::share,
        time::Period,
    },
    service::{
        Settings,
        portfolio::{PeriodTotals, Plan, PlanTotals, Planned, Portfolio},
    },
};

/// The most customers that are key by revenue.
const KEY_LIMIT: u64 = 10_000;
/// The most referrals that being key can ask for.
const REFERRAL_LIMIT: u64 = 1_000_000;

/// A part of something, in millionths, from one limit to another; the default if it is not given.
pub fn part_from_pb(
    part: Option<&google_type::Decimal>,
    default: i64,
    (least, most): (i64, i64),
    field: &str,
) -> Result<i64, Problem> {
    let Some(part) = part else {
        return Ok(default);
    };
    check_range(
        micros_from_pb(part, field)?,
        least,
        most,
        MICRO_PLACES,
        field,
    )
}

/// What an hour earns elsewhere, if it is told: zero or more.
pub fn rate_from_pb(
    rate: Option<&google_type::Money>,
    currency: Currency,
    field: &str,
) -> Result<Option<Micros>, Problem> {
    super::common::optional_amount(rate, currency, field)
}

/// By what customers are told apart.
pub fn rules_from_pb(rules: Option<&pb::PlanRules>, currency: Currency) -> Result<Rules, Problem> {
    let rules = rules.cloned().unwrap_or_default();
    let default = Rules::default();
    let floor = rules.floor.as_ref();
    let floor = floor.map(|floor| amount_from_pb(floor, currency, "rules.floor"));
    let part = |part: &Option<google_type::Decimal>, default, field| {
        part_from_pb(part.as_ref(), default, (0, MICROS_PER_UNIT), field)
    };
    let rate = rules.opportunity_rate_per_hour.as_ref();
    Ok(Rules {
        floor: floor.transpose()?.map_or(0, to_nanos),
        opportunity_rate: rate_from_pb(rate, currency, "rules.opportunity_rate_per_hour")?,
        price_reach: part(&rules.price_reach, default.price_reach, "rules.price_reach")?,
        service_reach: part(
            &rules.service_reach,
            default.service_reach,
            "rules.service_reach",
        )?,
        key_count: match count_from_pb(rules.key_count, 0, KEY_LIMIT, "rules.key_count")? {
            0 => None,
            count => Some(count),
        },
        key_referrals: count_from_pb(
            rules.key_referral_count,
            default.key_referrals,
            REFERRAL_LIMIT,
            "rules.key_referral_count",
        )?,
    })
}

// === to_pb ===

fn rules_to_pb(rules: &Rules, customers: u64, currency: Currency) -> pb::PlanRules {
    let part = |part: i64| Some(micros_to_pb(i128::from(part)));
    let count = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
    pb::PlanRules {
        floor: Some(money_to_pb(rules.floor, currency)),
        opportunity_rate_per_hour: (rules.opportunity_rate)
            .map(|rate| money_to_pb(to_nanos(rate), currency)),
        price_reach: part(rules.price_reach),
        service_reach: part(rules.service_reach),
        key_count: count(rules.keys_by_revenue(customers)),
        key_referral_count: count(rules.key_referrals),
    }
}

/// A page of a plan.
pub fn plan_to_pb(
    plan: &Plan,
    rules: &Rules,
    next_page_token: String,
    read_at: Position,
    settings: &Settings,
) -> pb::PlanPortfolioResponse {
    let currency = settings.currency;
    let portfolio = &plan.portfolio;
    let customers = plan.customers.iter();
    pb::PlanPortfolioResponse {
        customers: customers.map(|one| planned_to_pb(one, currency)).collect(),
        next_page_token,
        customer_count: count_to_pb(portfolio.edges.customers),
        bands: bands_to_pb(portfolio, currency),
        disposition_totals: (plan.totals.as_ref())
            .map(|totals| totals_to_pb(totals, currency))
            .unwrap_or_default(),
        this_period: Some(year_to_pb(&portfolio.this_period, settings)),
        prior_year: (portfolio.prior_year.as_ref()).map(|year| year_to_pb(year, settings)),
        rules: Some(rules_to_pb(rules, portfolio.edges.customers, currency)),
        read_at: Some(position_to_pb(read_at)),
        control_total: Some(control_total_to_pb(&portfolio.footing, currency)),
        cost_basis: Some(cost_basis_to_pb(&portfolio.footing, currency)),
    }
}

/// A part of a plan.
pub fn part_to_pb(
    portfolio: &Portfolio,
    customers: &[Planned],
    totals: &PlanTotals,
    read_at: Position,
    currency: Currency,
) -> pb::ExportPortfolioResponse {
    let customers = customers.iter();
    pb::ExportPortfolioResponse {
        customers: customers.map(|one| planned_to_pb(one, currency)).collect(),
        customer_count: count_to_pb(portfolio.edges.customers),
        disposition_totals: totals_to_pb(totals, currency),
        bands: bands_to_pb(portfolio, currency),
        read_at: Some(position_to_pb(read_at)),
        control_total: Some(control_total_to_pb(&portfolio.footing, currency)),
        cost_basis: Some(cost_basis_to_pb(&portfolio.footing, currency)),
    }
}

fn place_to_pb(band: Band) -> pb::BandPlace {
    match band {
        Band::Top => pb::BandPlace::Top,
        Band::Middle => pb::BandPlace::Middle,
        Band::Bottom => pb::BandPlace::Bottom,
    }
}

fn bands_to_pb(portfolio: &Portfolio, currency: Currency) -> Vec<pb::PortfolioBand> {
    let all = i128::from(portfolio.edges.customers);
    let bands = portfolio.bands.iter();
    bands
        .map(|(band, count, net_profit)| pb::PortfolioBand {
            place: place_to_pb(*band).into(),
            customer_count: count_to_pb(*count),
            customer_share: share(i128::from(*count), all),
            net_profit: Some(money_to_pb(*net_profit, currency)),
        })
        .collect()
}

fn disposition_to_pb(disposition: Disposition) -> pb::Disposition {
    match disposition {
        Disposition::Keep => pb::Disposition::Keep,
        Disposition::Invest => pb::Disposition::Invest,
        Disposition::Nurture => pb::Disposition::Nurture,
        Disposition::Repair => pb::Disposition::Repair,
        Disposition::Exit => pb::Disposition::Exit,
    }
}

fn cause_to_pb(cause: Cause) -> pb::DispositionCause {
    match cause {
        Cause::BeyondRepair => pb::DispositionCause::BeyondRepair,
        Cause::WithinRepair => pb::DispositionCause::WithinRepair,
        Cause::HelpsOtherwise => pb::DispositionCause::HelpsOtherwise,
        Cause::BelowOpportunityRate => pb::DispositionCause::BelowOpportunityRate,
        Cause::CoversOwnCost => pb::DispositionCause::CoversOwnCost,
        Cause::Growing => pb::DispositionCause::Growing,
        Cause::TopBand => pb::DispositionCause::TopBand,
        Cause::MiddleBand => pb::DispositionCause::MiddleBand,
        Cause::BottomBand => pb::DispositionCause::BottomBand,
        Cause::Shrinking => pb::DispositionCause::Shrinking,
    }
}

fn key_to_pb(key: &KeyReason) -> i32 {
    match key {
        KeyReason::Revenue => pb::KeyReason::Revenue,
        KeyReason::Referral => pb::KeyReason::Referral,
        KeyReason::OtherHelp => pb::KeyReason::OtherHelp,
    }
    .into()
}

fn totals_to_pb(totals: &PlanTotals, currency: Currency) -> Vec<pb::DispositionTotal> {
    let money = |amount| Some(money_to_pb(amount, currency));
    let each = totals.each().map(|(disposition, total)| {
        let disposition = disposition_to_pb(disposition);
        pb::DispositionTotal {
            disposition: disposition.into(),
            customer_count: count_to_pb(total.customers),
            below_floor_count: count_to_pb(total.below_floor),
            net_revenue: money(total.net_revenue),
            customer_margin: money(total.customer_margin),
            allocated_fixed_cost: money(total.allocated),
            net_profit: money(total.net_profit),
            minutes: Some(minutes_to_pb(total.milli_minutes)),
        }
    });
    each.collect()
}

/// A period of whole days; an open end is not set.
fn period_to_pb(period: &Period, settings: &Settings) -> google_type::Interval {
    let edge = |day| settings.calendar.begin(day).map(instant_to_pb);
    google_type::Interval {
        start_time: period.start.and_then(edge),
        end_time: period.end.and_then(edge),
    }
}

fn year_to_pb(year: &PeriodTotals, settings: &Settings) -> pb::PortfolioYear {
    let money = |amount| Some(money_to_pb(amount, settings.currency));
    pb::PortfolioYear {
        period: Some(period_to_pb(&year.period, settings)),
        customer_count: count_to_pb(year.customers),
        negative_count: count_to_pb(year.negative),
        net_revenue: money(year.net_revenue),
        customer_margin: money(year.customer_margin),
        net_profit: money(year.net_profit),
    }
}

fn planned_to_pb(planned: &Planned, currency: Currency) -> pb::PlannedCustomer {
    let money = |amount: Nanos| Some(money_to_pb(amount, currency));
    let (statement, verdict) = (&planned.statement, &planned.verdict);
    let reasons = verdict.reasons.iter().map(|reason| pb::DispositionReason {
        cause: cause_to_pb(reason.cause).into(),
        margin: money(reason.margin),
    });
    pb::PlannedCustomer {
        rank: count_to_pb(planned.place) + 1,
        customer_id: planned.customer.to_string(),
        display_name: name_of(planned.party.as_ref()),
        disposition: disposition_to_pb(verdict.disposition).into(),
        reasons: reasons.collect(),
        net_profit: money(statement.net_profit),
        cumulative_net_profit: money(planned.cumulative),
        customer_margin: money(statement.customer_margin),
        allocated_fixed_cost: money(statement.allocated_fixed_cost),
        net_revenue: money(statement.net_revenue),
        rank_by_revenue: count_to_pb(planned.place_by_revenue) + 1,
        minutes: Some(minutes_to_pb(statement.milli_minutes)),
        margin_per_hour: planned.margin_per_hour.and_then(money),
        band: place_to_pb(planned.band).into(),
        gap_to_next_band: planned.gap.and_then(money),
        revenue_to_next_band: planned.revenue_to_next_band.and_then(money),
        below_floor: verdict.below_floor.is_some(),
        key_reasons: verdict.keys.iter().map(key_to_pb).collect(),
        prior_year_net_revenue: planned.prior.and_then(|(revenue, _)| money(revenue)),
        prior_year_customer_margin: planned.prior.and_then(|(_, margin)| money(margin)),
        price_rise_to_floor: (verdict.below_floor)
            .and_then(|missing| share(missing, statement.net_revenue)),
    }
}
