//! What is forecast of some days, by hand.

use super::*;
use crate::domain::{money::MICROS_PER_UNIT, problem::Reason};
use jiff::civil::date;

const UNIT: Micros = MICROS_PER_UNIT;

fn day(year: i16, month: i8, day: i8) -> Day {
    Day::from_date(date(year, month, day))
}

fn decision(first_day: Day, horizon_months: u32) -> AdviceDecision {
    AdviceDecision {
        decision_id: DecisionId::stored("d"),
        customer_id: PartyId::stored("c"),
        action: DecidedAction::Surcharge,
        decided_by: "kim".to_owned(),
        decided_on: day(2026, 1, 31),
        first_day,
        advised_as_of: 7,
        period: Period::default(),
        cost_model_version: None,
        terms: Terms {
            horizon_months,
            ..Terms::default()
        },
        note: "talked".to_owned(),
        evidence_ref: "minutes 4".to_owned(),
    }
}

fn forecast(months: &[(Micros, i64)]) -> DecisionForecast {
    let months: Vec<OwnMonth> = months
        .iter()
        .map(|(margin, milli_minutes)| OwnMonth {
            margin: to_nanos(*margin),
            milli_minutes: i128::from(*milli_minutes),
        })
        .collect();
    DecisionForecast {
        cost_model_version: 1,
        advised: Action::Surcharge,
        obstacle: None,
        expected_value: 0,
        over_keeping: 0,
        kept_margin: -UNIT,
        stretches: DecisionForecast::stretches_of(&months).unwrap(),
    }
}

#[test]
fn nothing_takes_effect_before_it_is_decided() {
    assert!(decision(day(2026, 1, 31), 1).check().is_ok());
    let problem = decision(day(2026, 1, 30), 1).check().unwrap_err();
    assert_eq!(
        (problem.field.as_str(), problem.reason),
        ("first_day", Reason::FieldInvalid)
    );
}

#[test]
fn what_happened_ends_with_the_horizon_or_with_what_is_known() {
    let own = decision(day(2026, 1, 31), 1);
    assert_eq!(own.end(), day(2026, 2, 28));
    assert_eq!(own.span(day(2026, 1, 31)), None);
    assert_eq!(
        own.span(day(2026, 2, 5)),
        Some((day(2026, 1, 31), day(2026, 2, 5)))
    );
    assert_eq!(
        own.span(day(2027, 1, 1)),
        Some((day(2026, 1, 31), day(2026, 2, 28)))
    );
}

#[test]
fn a_forecast_is_cut_by_days_of_the_month() {
    let own = forecast(&[(31 * UNIT, 62_000), (28 * UNIT, 0), (28 * UNIT, 0)]);
    assert_eq!(own.stretches.len(), 2, "what is alike is one stretch");
    let first = day(2026, 1, 1);
    let over = |until| own.over(first, until).unwrap();
    assert_eq!(over(first), Expected::default());
    // One of the 31 days of January.
    let one = Expected {
        margin: to_nanos(UNIT),
        kept_margin: -32_258_065,
        milli_minutes: 2_000,
    };
    assert_eq!(over(day(2026, 1, 2)), one);
    // January, and 7 of the 28 days of February.
    let more = Expected {
        margin: to_nanos(31 * UNIT + 7 * UNIT),
        kept_margin: -1_250_000_000,
        milli_minutes: 62_000,
    };
    assert_eq!(over(day(2026, 2, 8)), more);
    // No more than there is.
    let all = to_nanos(31 * UNIT + 2 * 28 * UNIT);
    assert_eq!(over(day(2030, 1, 1)).margin, all);
}

#[test]
fn of_what_is_not_possible_nothing_is_forecast() {
    let own = DecisionForecast {
        obstacle: Some(Obstacle::NoSpecialDemands),
        ..forecast(&[])
    };
    assert_eq!(own.over(day(2026, 1, 1), day(2026, 2, 1)), None);
}

#[test]
fn an_erasure_leaves_amounts_alone() {
    let taken = TakenDecision {
        decision: decision(day(2026, 2, 1), 12),
        forecast: forecast(&[(UNIT, 1)]),
        is_erased: false,
    };
    let erased = taken.erased();
    let text = format!("{erased:?}");
    for gone in ["kim", "talked", "minutes 4"] {
        assert!(!text.contains(gone), "{text}");
    }
    assert_eq!(erased.forecast, taken.forecast);
    assert_eq!(erased, erased.erased());
}
