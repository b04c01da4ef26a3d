//! Standing questions and what changes.

use super::{
    band::millionths,
    common::{
        amount_from_pb, check_list, count_from_pb, count_to_pb, instant_to_pb, item, minutes_to_pb,
        money_to_pb, optional_amount, position_to_pb, required_enum,
    },
    ranking::{RankingFields, name_of, optional_version_from_pb, ranking_from_pb, scope_from_pb},
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        decimal::{self, MILLI_PLACES},
        id::TenantId,
        ledger::Position,
        money::{Currency, to_nanos},
        problem::Problem,
        question::Scope,
        ranking::Basis,
        time::{Calendar, Period},
        watch::{
            Window,
            alert::{AlertKind, AlertRules, AttentionRule, Crossing, Figures, KeyBand, OpenAlert},
            change::{Activities, Cause, RowChange, Spot},
        },
    },
    service::{
        Settings,
        watching::{alerts::StandingAlerts, ranking::StandingRanking, watcher::News},
    },
};

/// How many customers of a ranking are followed by default, and at most.
const CUSTOMER_COUNT: (u64, u64) = (50, 1_000);
/// The most days of a window.
const LAST_DAYS: u64 = 36_600;
/// How many customers a key band has by default, and at most.
const KEY_BAND: (u64, u64) = (20, 1_000);
/// By how many percent effort has to rise by default, and at most.
const RISE: (u64, u64) = (20, 10_000);
/// By how many percent revenue has to fall by default, and at most.
const FALL: (u64, u64) = (10, 100);
/// The most days of grace.
const GRACE: u64 = 3_650;
/// The least working time by default, in thousandths of a minute.
const MINIMUM_MINUTES: i64 = 60_000;
/// The most kinds in a request.
const KINDS: usize = 20;

/// The scope without its days and position, and the days.
fn window_from_pb(
    period: Option<&google_type::Interval>,
    last_days: i32,
    filter: Option<pb::CustomerFilter>,
    settings: &Settings,
) -> Result<(Scope, Window), Problem> {
    let scope = scope_from_pb(period, filter, settings, "", 0)?;
    let days = count_from_pb(last_days, 0, LAST_DAYS, "last_days")?;
    let window = match i32::try_from(days) {
        Ok(0) | Err(_) => Window::Period(scope.period),
        Ok(_) if period.is_some() => {
            return Err(Problem::field_invalid(
                "last_days",
                "is given beside period",
            ));
        }
        Ok(days) => Window::LastDays(days),
    };
    let period = Period::ALL;
    Ok((Scope { period, ..scope }, window))
}

/// A standing question for a ranking.
pub fn standing_ranking_from_pb(
    tenant: TenantId,
    request: pb::WatchRankingRequest,
    settings: &Settings,
) -> Result<StandingRanking, Problem> {
    let period = request.period.as_ref();
    let (scope, window) = window_from_pb(period, request.last_days, request.filter, settings)?;
    let fields = RankingFields {
        basis: request.basis,
        direction: request.direction,
        cost_model_version: request.cost_model_version,
    };
    let asked = ranking_from_pb(scope, &fields, Basis::NetProfit)?;
    let (default, most) = CUSTOMER_COUNT;
    Ok(StandingRanking {
        tenant,
        window,
        scope: asked.scope,
        basis: asked.basis,
        direction: asked.direction,
        cost_model_version: asked.cost_model_version,
        customers: count_from_pb(request.customer_count, default, most, "customer_count")?,
    })
}

/// A standing question for alerts.
pub fn standing_alerts_from_pb(
    tenant: TenantId,
    request: pb::WatchAlertsRequest,
    key_band_as_of: Position,
    settings: &Settings,
) -> Result<StandingAlerts, Problem> {
    let rules = rules_from_pb(&request, settings.currency)?;
    let period = request.period.as_ref();
    let (scope, window) = window_from_pb(period, request.last_days, request.filter, settings)?;
    let kinds = kinds_from_pb(&request.kinds, rules.floor.is_some(), window.is_closed())?;
    Ok(StandingAlerts {
        tenant,
        window,
        scope,
        cost_model_version: optional_version_from_pb(request.cost_model_version)?,
        rules: AlertRules { kinds, ..rules },
        key_band_as_of,
    })
}

fn kind_to_pb(kind: AlertKind) -> pb::AlertKind {
    match kind {
        AlertKind::TurnedUnprofitable => pb::AlertKind::TurnedUnprofitable,
        AlertKind::AttentionOutpacesVolume => pb::AlertKind::AttentionOutpacesVolume,
        AlertKind::BelowFloor => pb::AlertKind::BelowFloor,
        AlertKind::Overdue => pb::AlertKind::Overdue,
        AlertKind::OutOfKeyBand => pb::AlertKind::OutOfKeyBand,
    }
}

/// Which kinds are followed: those that are asked for, or all for which there is what they need.
fn kinds_from_pb(
    kinds: &[i32],
    has_floor: bool,
    is_closed: bool,
) -> Result<Vec<AlertKind>, Problem> {
    check_list(kinds.len(), KINDS, "kinds")?;
    let missing = |kind| match kind {
        AlertKind::BelowFloor if !has_floor => {
            Some(("net_profit_floor", "is needed for BELOW_FLOOR"))
        }
        AlertKind::AttentionOutpacesVolume if !is_closed => {
            Some(("period", "needs both ends for ATTENTION_OUTPACES_VOLUME"))
        }
        AlertKind::BelowFloor
        | AlertKind::AttentionOutpacesVolume
        | AlertKind::TurnedUnprofitable
        | AlertKind::Overdue
        | AlertKind::OutOfKeyBand => None,
    };
    let mut asked = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        let kind = required_enum(*kind, AlertKind::ALL, kind_to_pb, &item("kinds", index))?;
        if let Some((field, problem)) = missing(kind) {
            return Err(Problem::field_invalid(field, problem));
        }
        asked.push(kind);
    }
    let all = AlertKind::ALL.iter().copied();
    Ok(match asked.is_empty() {
        true => all.filter(|kind| missing(*kind).is_none()).collect(),
        false => all.filter(|kind| asked.contains(kind)).collect(),
    })
}

/// When alerts are open, without their kinds.
fn rules_from_pb(
    request: &pb::WatchAlertsRequest,
    currency: Currency,
) -> Result<AlertRules, Problem> {
    // All of these limits are below 2^31.
    let small = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
    let percent = |given, (default, most), field| {
        Ok::<_, Problem>(small(count_from_pb(given, default, most, field)?))
    };
    let minimum = request.minimum_minutes.as_ref();
    let minimum_milli_minutes = match minimum {
        None => MINIMUM_MINUTES,
        Some(minimum) => {
            let field = "minimum_minutes";
            let minutes = decimal::parse_fixed(&minimum.value, MILLI_PLACES, field)?;
            decimal::check_range(minutes, 0, i64::MAX, MILLI_PLACES, field)?
        }
    };
    let floor = request.net_profit_floor.as_ref();
    let floor = floor.map(|floor| amount_from_pb(floor, currency, "net_profit_floor"));
    let minimum_overdue = request.minimum_overdue.as_ref();
    let minimum_overdue = optional_amount(minimum_overdue, currency, "minimum_overdue")?;
    Ok(AlertRules {
        kinds: Vec::new(),
        floor: floor.transpose()?,
        attention: AttentionRule {
            rise_percent: percent(request.effort_rise_percent, RISE, "effort_rise_percent")?,
            fall_percent: percent(request.volume_fall_percent, FALL, "volume_fall_percent")?,
            minimum_milli_minutes,
        },
        grace_days: percent(request.grace_days, (0, GRACE), "grace_days")?,
        minimum_overdue: minimum_overdue.unwrap_or(0),
        key_band: key_band_from_pb(request.key_band_size, request.key_band_fraction)?,
    })
}

fn key_band_from_pb(size: i32, fraction: Option<f64>) -> Result<KeyBand, Problem> {
    let field = "key_band_fraction";
    match fraction {
        None => {
            let (default, most) = KEY_BAND;
            Ok(KeyBand::Size(count_from_pb(
                size,
                default,
                most,
                "key_band_size",
            )?))
        }
        Some(_) if size != 0 => Err(Problem::field_invalid(
            field,
            "is given beside key_band_size",
        )),
        Some(fraction) if (0.000_001..=0.333_333).contains(&fraction) => {
            Ok(KeyBand::Millionths(millionths(fraction)))
        }
        Some(_) => Err(Problem::number_out_of_range(field, "0.000001", "0.333333")),
    }
}

// === to_pb ===

fn period_to_pb(period: &Period, calendar: &Calendar) -> Option<google_type::Interval> {
    let edge = |day: Option<_>| day.and_then(|day| calendar.begin(day)).map(instant_to_pb);
    let interval = google_type::Interval {
        start_time: edge(period.start),
        end_time: edge(period.end),
    };
    (*period != Period::ALL).then_some(interval)
}

fn rank_to_pb(spot: Spot) -> i64 {
    count_to_pb(spot.place) + 1
}

fn activities_to_pb(activities: &Activities) -> pb::CausingActivities {
    pb::CausingActivities {
        customer_id: activities.customer.to_string(),
        activity_ids: activities.ids.iter().map(ToString::to_string).collect(),
        has_more: activities.has_more,
    }
}

fn cause_to_pb(cause: &Cause) -> pb::ChangeCause {
    let (kind, activities) = match cause {
        Cause::Own(own) => (
            pb::ChangeCauseKind::OwnActivity,
            vec![activities_to_pb(own)],
        ),
        Cause::Others(others) => (
            pb::ChangeCauseKind::OtherCustomers,
            others.iter().map(activities_to_pb).collect(),
        ),
        Cause::CostModel => (pb::ChangeCauseKind::CostModel, Vec::new()),
        Cause::Circumstances => (pb::ChangeCauseKind::Circumstances, Vec::new()),
    };
    pb::ChangeCause {
        kind: kind as i32,
        activities,
    }
}

fn change_to_pb((change, cause): &(RowChange, Cause), currency: Currency) -> pb::RankingChange {
    let kind = match (change.before, change.after) {
        (None, _) => pb::RankingChangeKind::Entered,
        (_, None) => pb::RankingChangeKind::Left,
        (Some(before), Some(after)) if before.place != after.place => pb::RankingChangeKind::Moved,
        (Some(_), Some(_)) => pb::RankingChangeKind::ValueChanged,
    };
    let value = |spot: Option<Spot>| spot.map(|spot| money_to_pb(spot.value, currency));
    pb::RankingChange {
        kind: kind as i32,
        customer_id: change.customer.to_string(),
        display_name: name_of(change.party.as_ref()),
        old_rank: change.before.map(rank_to_pb),
        new_rank: change.after.map(rank_to_pb),
        old_value: value(change.before),
        new_value: value(change.after),
        cause: Some(cause_to_pb(cause)),
    }
}

/// What a reader of a ranking is told.
pub fn ranking_news_to_pb(
    news: &News<StandingRanking>,
    settings: &Settings,
) -> pb::WatchRankingResponse {
    let (state, currency) = (&news.state, settings.currency);
    let snapshot = || pb::RankingSnapshot {
        customers: state
            .rows
            .iter()
            .map(|row| pb::WatchedCustomer {
                rank: rank_to_pb(row.spot),
                customer_id: row.customer.to_string(),
                display_name: name_of(row.party.as_ref()),
                value: Some(money_to_pb(row.spot.value, currency)),
            })
            .collect(),
    };
    pb::WatchRankingResponse {
        read_at: Some(position_to_pb(news.position)),
        since: news.since.map(position_to_pb),
        snapshot: news.since.is_none().then(snapshot),
        changes: news
            .changes
            .iter()
            .map(|one| change_to_pb(one, currency))
            .collect(),
        period: period_to_pb(&state.scope.period, &settings.calendar),
        customer_count: count_to_pb(state.customers),
        negative_count: count_to_pb(state.negative),
        total: Some(money_to_pb(state.total, currency)),
    }
}

fn figures_to_pb(figures: &Figures, currency: Currency) -> pb::alert::Figures {
    let money = |amount| Some(money_to_pb(amount, currency));
    match figures {
        Figures::Profit { net_profit, floor } => pb::alert::Figures::Profit(pb::ProfitFigures {
            net_profit: money(*net_profit),
            floor: floor.and_then(|floor| money(to_nanos(floor))),
        }),
        Figures::Attention(figures) => pb::alert::Figures::Attention(pb::AttentionFigures {
            minutes: Some(minutes_to_pb(figures.milli_minutes)),
            prior_minutes: Some(minutes_to_pb(figures.prior_milli_minutes)),
            revenue: money(figures.revenue),
            prior_revenue: money(figures.prior_revenue),
        }),
        Figures::Overdue(overdue) => pb::alert::Figures::Overdue(pb::OverdueFigures {
            amount: money(overdue.amount),
            invoice_count: count_to_pb(overdue.invoices),
            oldest_invoice_id: overdue.oldest.clone(),
            oldest_days: i64::from(overdue.oldest_days),
        }),
        Figures::KeyBand {
            old_place,
            new_place,
            size,
        } => pb::alert::Figures::KeyBand(pb::KeyBandFigures {
            old_rank: count_to_pb(*old_place) + 1,
            new_rank: new_place.map(|place| count_to_pb(place) + 1),
            band_size: count_to_pb(*size),
        }),
    }
}

fn alert_to_pb(
    (customer, kind): (&str, AlertKind),
    alert: &OpenAlert,
    state: pb::AlertState,
    cause: Option<&Cause>,
    currency: Currency,
) -> pb::Alert {
    pb::Alert {
        kind: kind_to_pb(kind) as i32,
        state: state as i32,
        customer_id: customer.to_owned(),
        display_name: name_of(alert.party.as_ref()),
        figures: Some(figures_to_pb(&alert.figures, currency)),
        cause: cause.map(cause_to_pb),
    }
}

/// What a reader of alerts is told.
pub fn alert_news_to_pb(
    news: &News<StandingAlerts>,
    question: &StandingAlerts,
    settings: &Settings,
) -> pb::WatchAlertsResponse {
    let (state, currency) = (&news.state, settings.currency);
    let crossed = |(crossing, cause): &(Crossing, Cause)| {
        let state = match crossing.is_raised {
            true => pb::AlertState::Raised,
            false => pb::AlertState::Cleared,
        };
        let key = (crossing.customer.as_str(), crossing.kind);
        alert_to_pb(key, &crossing.alert, state, Some(cause), currency)
    };
    let alerts = match news.since {
        Some(_) => news.changes.iter().map(crossed).collect(),
        None => {
            let open = state.open.iter();
            open.map(|((customer, kind), alert)| {
                let key = (customer.as_str(), *kind);
                alert_to_pb(key, alert, pb::AlertState::Open, None, currency)
            })
            .collect()
        }
    };
    pb::WatchAlertsResponse {
        read_at: Some(position_to_pb(news.position)),
        since: news.since.map(position_to_pb),
        alerts,
        period: period_to_pb(&state.scope.period, &settings.calendar),
        kinds: question
            .rules
            .kinds
            .iter()
            .map(|kind| kind_to_pb(*kind) as i32)
            .collect(),
        key_band_as_of: Some(position_to_pb(question.key_band_as_of)),
    }
}
