//! Decisions about relationships, what was forecast of them, and what happened.

use super::{
    activity::{DIMENSION_LIMIT, TEXT_LIMIT},
    common::{
        count_to_pb, enum_from_pb, instant_to_pb, minutes_to_pb, money_to_pb, period_from_pb,
        position_from_pb, position_to_pb, required_enum,
    },
    exchange_rate::{day_from_pb, day_to_pb},
    ranking::optional_version_from_pb,
    simulation::{action_name_to_pb, obstacle_to_pb, terms_from_pb, terms_to_pb},
    statement::statement_to_pb,
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        advice_decision::{AdviceDecision, DecidedAction},
        id::{DecisionId, PartyId, check_optional_text, check_text},
        money::{Currency, Nanos, to_nanos},
        problem::Problem,
        time::{Day, Period},
    },
    service::{
        Settings,
        decision_outcomes::{DecisionOutcome, DecisionTotals, FollowedDecision},
    },
};

/// The decisions of a batch, each converted or refused on its own; fields are relative to the item.
pub fn decisions_from_pb(
    decisions: &[pb::AdviceDecision],
    settings: &Settings,
) -> Vec<Result<AdviceDecision, Problem>> {
    let decisions = decisions.iter();
    decisions
        .map(|decision| decision_from_pb(decision, settings))
        .collect()
}

fn decision_from_pb(
    decision: &pb::AdviceDecision,
    settings: &Settings,
) -> Result<AdviceDecision, Problem> {
    let day = |date: &Option<_>, name: &str| {
        let date = date.as_ref();
        date.map(|date| day_from_pb(date, name)).transpose()
    };
    let decision_id = DecisionId::parse(&decision.decision_id, "decision_id")?;
    let customer_id = PartyId::parse(&decision.customer_id, "customer_id")?;
    let all = &DecidedAction::ALL;
    let action = required_enum(decision.action, all, decided_to_pb, "action")?;
    check_text(&decision.decided_by, DIMENSION_LIMIT, "decided_by")?;
    let decided_on = day(&decision.decided_on, "decided_on")?;
    let decided_on = decided_on.ok_or_else(|| Problem::field_required("decided_on"))?;
    let advised_as_of = position_from_pb(decision.advised_as_of.as_ref(), "advised_as_of")?;
    check_optional_text(&decision.note, TEXT_LIMIT, "note")?;
    check_optional_text(&decision.evidence_ref, TEXT_LIMIT, "evidence_ref")?;
    let currency = settings.currency;
    Ok(AdviceDecision {
        decision_id,
        customer_id,
        action,
        decided_by: decision.decided_by.clone(),
        decided_on,
        first_day: day(&decision.first_day, "first_day")?.unwrap_or(decided_on),
        advised_as_of: advised_as_of.ok_or_else(|| Problem::field_required("advised_as_of"))?,
        period: period_from_pb(decision.period.as_ref(), settings, "period")?,
        cost_model_version: optional_version_from_pb(decision.cost_model_version)?,
        terms: terms_from_pb(decision.terms.as_ref(), currency)?,
        note: decision.note.clone(),
        evidence_ref: decision.evidence_ref.clone(),
    })
}

/// What was decided, if that is asked for.
pub fn decided_from_pb(action: i32) -> Result<Option<DecidedAction>, Problem> {
    enum_from_pb(action, &DecidedAction::ALL, decided_to_pb, "action")
}

// === to_pb ===

fn decided_to_pb(action: DecidedAction) -> pb::DecidedAction {
    match action {
        DecidedAction::Keep => pb::DecidedAction::Keep,
        DecidedAction::ReduceCostToServe => pb::DecidedAction::ReduceCostToServe,
        DecidedAction::Surcharge => pb::DecidedAction::Surcharge,
        DecidedAction::Reprice => pb::DecidedAction::Reprice,
        DecidedAction::Migrate => pb::DecidedAction::Migrate,
        DecidedAction::WalkAwayPrice => pb::DecidedAction::WalkAwayPrice,
        DecidedAction::DeclineWork => pb::DecidedAction::DeclineWork,
        DecidedAction::NoCapacity => pb::DecidedAction::NoCapacity,
        DecidedAction::Direct => pb::DecidedAction::Direct,
        DecidedAction::Invest => pb::DecidedAction::Invest,
        DecidedAction::Nurture => pb::DecidedAction::Nurture,
    }
}

fn interval_to_pb(period: &Period, settings: &Settings) -> google_type::Interval {
    let edge = |day: Option<Day>| day.and_then(|day| settings.calendar.begin(day));
    google_type::Interval {
        start_time: edge(period.start).map(instant_to_pb),
        end_time: edge(period.end).map(instant_to_pb),
    }
}

/// A decision with what became of it.
pub fn followed_to_pb(followed: &FollowedDecision, settings: &Settings) -> pb::FollowedDecision {
    let stored = &followed.stored;
    let outcome = followed.outcome.as_ref();
    pb::FollowedDecision {
        decision: Some(decision_to_pb(&stored.taken.decision, settings)),
        position: Some(position_to_pb(stored.position)),
        record_time: Some(instant_to_pb(stored.record_time)),
        forecast: Some(forecast_to_pb(followed, settings.currency)),
        outcome: outcome.map(|outcome| outcome_to_pb(outcome, settings)),
        erased: stored.taken.is_erased,
    }
}

fn decision_to_pb(decision: &AdviceDecision, settings: &Settings) -> pb::AdviceDecision {
    let period = decision.period;
    pb::AdviceDecision {
        decision_id: decision.decision_id.to_string(),
        customer_id: decision.customer_id.to_string(),
        action: decided_to_pb(decision.action).into(),
        decided_by: decision.decided_by.clone(),
        decided_on: day_to_pb(decision.decided_on),
        first_day: day_to_pb(decision.first_day),
        advised_as_of: Some(position_to_pb(decision.advised_as_of)),
        period: (period != Period::ALL).then(|| interval_to_pb(&period, settings)),
        cost_model_version: decision.cost_model_version.map(count_to_pb),
        terms: Some(terms_to_pb(&decision.terms, settings.currency)),
        note: decision.note.clone(),
        evidence_ref: decision.evidence_ref.clone(),
    }
}

fn forecast_to_pb(followed: &FollowedDecision, currency: Currency) -> pb::DecisionForecast {
    let money = |amount: Nanos| Some(money_to_pb(amount, currency));
    let taken = &followed.stored.taken;
    let forecast = &taken.forecast;
    let told = pb::DecisionForecast {
        cost_model_version: count_to_pb(forecast.cost_model_version),
        advised_action: action_name_to_pb(forecast.advised).into(),
        ..pb::DecisionForecast::default()
    };
    if let Some(obstacle) = forecast.obstacle {
        return pb::DecisionForecast {
            obstacle: obstacle_to_pb(obstacle).into(),
            ..told
        };
    }
    let expected = followed.outcome.as_ref();
    let expected = expected.and_then(|outcome| outcome.expected);
    pb::DecisionForecast {
        expected_value: money(to_nanos(forecast.expected_value)),
        value_over_keeping: money(to_nanos(forecast.over_keeping)),
        horizon_end: day_to_pb(taken.decision.end()),
        horizon_customer_margin: followed.of_horizon.and_then(|all| money(all.margin)),
        customer_margin: expected.and_then(|own| money(own.margin)),
        customer_margin_if_kept: expected.and_then(|own| money(own.kept_margin)),
        minutes: expected.map(|own| minutes_to_pb(own.milli_minutes)),
        ..told
    }
}

fn outcome_to_pb(outcome: &DecisionOutcome, settings: &Settings) -> pb::DecisionOutcome {
    let currency = settings.currency;
    let money = |amount: Nanos| Some(money_to_pb(amount, currency));
    let (start, end) = outcome.span;
    let period = Period {
        start: Some(start),
        end: Some(end),
    };
    pb::DecisionOutcome {
        period: Some(interval_to_pb(&period, settings)),
        horizon_is_over: outcome.is_complete,
        statement: Some(statement_to_pb(&outcome.statement, currency)),
        comparable_margin: money(outcome.comparable()),
        margin_over_forecast: outcome.over_forecast().and_then(money),
        last_activity_on: outcome.last_activity.and_then(day_to_pb),
        is_still_there: outcome.last_activity.is_some(),
    }
}

/// Sums over decisions.
pub fn totals_to_pb(totals: &DecisionTotals, currency: Currency) -> pb::DecisionTotals {
    let money = |amount: Nanos| Some(money_to_pb(amount, currency));
    pb::DecisionTotals {
        decision_count: count_to_pb(totals.decisions),
        compared_count: count_to_pb(totals.compared),
        forecast_margin: money(totals.forecast),
        forecast_margin_if_kept: money(totals.kept),
        outcome_margin: money(totals.outcome),
        margin_over_forecast: money(totals.outcome - totals.forecast),
        better_count: count_to_pb(totals.better),
        worse_count: count_to_pb(totals.worse),
        gone_count: count_to_pb(totals.gone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_have_the_numbers_of_the_simulation() {
        for action in DecidedAction::ALL {
            let number = decided_to_pb(action) as i32;
            assert_eq!(decided_from_pb(number), Ok(Some(action)));
            if number <= pb::RelationshipAction::Direct as i32 {
                assert_eq!(number, action_name_to_pb(action.simulated()) as i32);
            }
        }
    }
}
