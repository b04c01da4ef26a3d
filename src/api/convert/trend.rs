//! Trends: granularities from the wire, and points with what stands beside them to it.

use super::{
    common::{enum_from_pb, instant_to_pb, minutes_to_pb, money_to_pb, position_to_pb},
    ranking::{control_total_to_pb, cost_basis_to_pb},
    statement::statement_to_pb,
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        ledger::Position,
        problem::Problem,
        ranking::share,
        time::{Calendar, Day},
        trend::{Days, Granularity, SignChange},
    },
    service::{
        Settings,
        trends::{Earned, Trend, TrendPoint},
    },
};

const GRANULARITIES: [Granularity; 6] = [
    Granularity::Day,
    Granularity::Week,
    Granularity::Month,
    Granularity::Quarter,
    Granularity::Half,
    Granularity::Year,
];

/// Into which calendar periods time is divided; months if it is not given.
pub fn granularity_from_pb(granularity: i32) -> Result<Granularity, Problem> {
    let same = |granularity| match granularity {
        Granularity::Day => google_type::CalendarPeriod::Day,
        Granularity::Week => google_type::CalendarPeriod::Week,
        Granularity::Month => google_type::CalendarPeriod::Month,
        Granularity::Quarter => google_type::CalendarPeriod::Quarter,
        Granularity::Half => google_type::CalendarPeriod::Half,
        Granularity::Year => google_type::CalendarPeriod::Year,
    };
    Ok(enum_from_pb(granularity, &GRANULARITIES, same, "granularity")?.unwrap_or_default())
}

/// A trend.
pub fn trend_to_pb(trend: &Trend, read_at: Position, settings: &Settings) -> pb::GetTrendResponse {
    let currency = settings.currency;
    let money = |amount| money_to_pb(amount, currency);
    let points = trend.points.iter();
    pb::GetTrendResponse {
        points: points.map(|point| point_to_pb(point, settings)).collect(),
        slope: trend.slope.map(money),
        revenue_slope: trend.revenue_slope.map(money),
        minutes_slope: trend.minutes_slope.map(minutes_to_pb),
        attention_outpaces_volume: trend.attention_outpaces_volume(),
        read_at: Some(position_to_pb(read_at)),
        control_total: Some(control_total_to_pb(&trend.footing, currency)),
        cost_basis: Some(cost_basis_to_pb(&trend.footing, currency)),
    }
}

fn point_to_pb(point: &TrendPoint, settings: &Settings) -> pb::TrendPoint {
    let (bucket, statement) = (&point.bucket, &point.earned.statement);
    let sign_change = match point.sign_change {
        SignChange::None => pb::SignChange::None,
        SignChange::TurnedNegative => pb::SignChange::TurnedNegative,
        SignChange::TurnedPositive => pb::SignChange::TurnedPositive,
    };
    let beside = |days, prior| comparison_to_pb(days, prior, &point.earned, settings);
    pb::TrendPoint {
        period: Some(interval_to_pb(bucket.days, &settings.calendar)),
        is_complete: bucket.is_complete,
        value: Some(money_to_pb(point.earned.value, settings.currency)),
        statement: Some(statement_to_pb(statement, settings.currency)),
        effort_share: share(statement.cost_to_serve, statement.contribution_margin),
        sign_change: sign_change as i32,
        prior_period: Some(beside(bucket.prior_period, &point.prior_period)),
        prior_year: Some(beside(bucket.prior_year, &point.prior_year)),
    }
}

fn comparison_to_pb(
    days: Days,
    prior: &Earned,
    now: &Earned,
    settings: &Settings,
) -> pb::TrendComparison {
    let change = now.value - prior.value;
    pb::TrendComparison {
        period: Some(interval_to_pb(days, &settings.calendar)),
        value: Some(money_to_pb(prior.value, settings.currency)),
        statement: Some(statement_to_pb(&prior.statement, settings.currency)),
        change: Some(money_to_pb(change, settings.currency)),
        change_share: share(change, prior.value),
    }
}

/// The instants at which days begin and end.
fn interval_to_pb((start, end): Days, calendar: &Calendar) -> google_type::Interval {
    let instant = |day: Day| calendar.begin(day).map(instant_to_pb);
    google_type::Interval {
        start_time: instant(start),
        end_time: instant(end),
    }
}
