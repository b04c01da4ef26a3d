//! What was decided about relationships, and what became of it.

use crate::harness::{World, days, effort, reason, sale, usd};
use profitscore::api::pb::{self, DecidedAction, ErrorReason, decision_result::Outcome};

fn date(year: i32, month: i32, day: i32) -> Option<pb::google_type::Date> {
    Some(pb::google_type::Date { year, month, day })
}

fn decision(key: &str, customer: &str, action: DecidedAction, as_of: i64) -> pb::AdviceDecision {
    pb::AdviceDecision {
        decision_id: key.to_owned(),
        customer_id: customer.to_owned(),
        action: action as i32,
        decided_by: "kim".to_owned(),
        decided_on: date(1970, 2, 1),
        advised_as_of: Some(pb::LedgerPosition { position: as_of }),
        period: Some(days(0, 31)),
        note: "talked".to_owned(),
        evidence_ref: "minutes 4".to_owned(),
        ..Default::default()
    }
}

async fn record(world: &World, decisions: Vec<pb::AdviceDecision>) -> pb::RecordDecisionsResponse {
    let request = pb::RecordDecisionsRequest {
        decisions,
        ..Default::default()
    };
    let answer = world.advice().record_decisions(request).await;
    answer.unwrap().into_inner()
}

async fn list(world: &World, request: pb::ListDecisionsRequest) -> pb::ListDecisionsResponse {
    let answer = world.advice().list_decisions(request).await;
    answer.unwrap().into_inner()
}

async fn world_with_customers() -> (World, i64) {
    let world = World::start().await;
    let mut activities = Vec::new();
    for day in 0..60 {
        activities.push(sale(&format!("a{day}"), "a", day, "100", "60"));
        activities.push(effort(&format!("e{day}"), "a", day, "CLERK", "10"));
        activities.push(sale(&format!("b{day}"), "b", day, "50", "70"));
    }
    world.post(activities).await;
    (world, 180)
}

#[tokio::test]
async fn what_came_of_a_decision_is_the_statement_beside_the_forecast() {
    let (world, as_of) = world_with_customers().await;
    let simulated = pb::SimulateRelationshipRequest {
        customer_id: "b".to_owned(),
        period: Some(days(0, 31)),
        ..Default::default()
    };
    let simulated = world.advice().simulate_relationship(simulated).await;
    let simulated = simulated.unwrap().into_inner();
    let batch = vec![
        decision("d1", "a", DecidedAction::Keep, as_of),
        decision("d2", "b", DecidedAction::Reprice, as_of),
        decision("d3", "nobody", DecidedAction::Keep, as_of),
        decision("d4", "a", DecidedAction::Keep, as_of + 1_000),
        decision("d1", "b", DecidedAction::Keep, as_of),
        decision("d1", "a", DecidedAction::Keep, as_of),
    ];
    let answer = record(&world, batch).await;
    let results: Vec<_> = answer
        .results
        .iter()
        .map(|one| one.outcome.as_ref())
        .collect();
    assert!(matches!(results[0], Some(Outcome::Stored(_))));
    assert!(matches!(results[1], Some(Outcome::Stored(_))));
    let refused = |index: usize| match results[index] {
        Some(Outcome::Rejection(rejection)) => (rejection.reason(), rejection.field.clone()),
        other => panic!("{other:?} is no rejection"),
    };
    assert_eq!(
        refused(2),
        (
            ErrorReason::CustomerNotFound,
            "decisions[2].customer_id".to_owned()
        )
    );
    assert_eq!(
        refused(3),
        (
            ErrorReason::PositionNotReached,
            "decisions[3].advised_as_of".to_owned()
        )
    );
    assert_eq!(
        refused(4),
        (
            ErrorReason::FieldInvalid,
            "decisions[4].customer_id".to_owned()
        )
    );
    assert!(matches!(results[5], Some(Outcome::Unchanged(_))));
    let all = list(&world, pb::ListDecisionsRequest::default()).await;
    let totals = all.totals.clone().unwrap();
    assert_eq!((totals.decision_count, all.decisions.len()), (2, 2));
    for followed in &all.decisions {
        let outcome = followed.outcome.as_ref().unwrap();
        let decision = followed.decision.as_ref().unwrap();
        let request = pb::GetCustomerStatementRequest {
            customer_id: decision.customer_id.clone(),
            period: outcome.period,
            read_options: Some(pb::ReadOptions {
                as_of: all.read_at,
                ..Default::default()
            }),
            cost_model_version: Some(followed.forecast.as_ref().unwrap().cost_model_version),
            ..Default::default()
        };
        let answer = world.rankings().get_customer_statement(request).await;
        assert_eq!(answer.unwrap().into_inner().statement, outcome.statement);
    }
    let forecast = all.decisions[1].forecast.as_ref().unwrap();
    let told = simulated.actions.iter();
    let told = told
        .clone()
        .find(|one| one.action() == pb::RelationshipAction::Reprice)
        .unwrap();
    assert_eq!(forecast.expected_value, told.expected_value);
    assert_eq!(forecast.value_over_keeping, told.value_over_keeping);
    assert_eq!(forecast.advised_action, simulated.advised_action);
    // Pages have the same sums.
    let first = list(
        &world,
        pb::ListDecisionsRequest {
            page_size: 1,
            ..Default::default()
        },
    )
    .await;
    assert_eq!((first.decisions.len(), first.totals), (1, all.totals));
    let next = list(
        &world,
        pb::ListDecisionsRequest {
            page_size: 1,
            page_token: first.next_page_token,
            ..Default::default()
        },
    )
    .await;
    assert_eq!(next.decisions, all.decisions[1..]);
    let asked = pb::ListDecisionsRequest {
        customer_id: "a".to_owned(),
        action: DecidedAction::Keep as i32,
        ..Default::default()
    };
    assert_eq!(list(&world, asked).await.decisions, all.decisions[..1]);
}

#[tokio::test]
async fn an_erasure_takes_persons_and_texts_out_of_decisions() {
    let (world, as_of) = world_with_customers().await;
    record(
        &world,
        vec![decision("d1", "a", DecidedAction::Keep, as_of)],
    )
    .await;
    let before = list(&world, pb::ListDecisionsRequest::default()).await;
    let request = pb::ErasePartyRequest {
        party_id: "a".to_owned(),
        ..Default::default()
    };
    world.customers().erase_party(request).await.unwrap();
    let read_options = Some(pb::ReadOptions {
        as_of: before.read_at,
        ..Default::default()
    });
    let request = pb::ListDecisionsRequest {
        read_options,
        ..Default::default()
    };
    let after = list(&world, request).await;
    let erased = after.decisions[0].decision.clone().unwrap();
    assert!(after.decisions[0].erased);
    assert_eq!(
        (erased.decided_by, erased.note, erased.evidence_ref),
        Default::default()
    );
    assert_eq!(after.decisions[0].forecast, before.decisions[0].forecast);
    assert_eq!(after.totals, before.totals);
}

#[tokio::test]
async fn wrong_decisions_are_refused_by_field() {
    let (world, as_of) = world_with_customers().await;
    let own = decision("d", "a", DecidedAction::Keep, as_of);
    let cases = [
        (
            pb::AdviceDecision {
                decided_by: String::new(),
                ..own.clone()
            },
            "decided_by",
            ErrorReason::FieldRequired,
        ),
        (
            pb::AdviceDecision {
                action: 99,
                ..own.clone()
            },
            "action",
            ErrorReason::EnumValueUnknown,
        ),
        (
            pb::AdviceDecision {
                advised_as_of: None,
                ..own.clone()
            },
            "advised_as_of",
            ErrorReason::FieldRequired,
        ),
        (
            pb::AdviceDecision {
                first_day: date(1970, 1, 31),
                ..own.clone()
            },
            "first_day",
            ErrorReason::FieldInvalid,
        ),
        (
            pb::AdviceDecision {
                cost_model_version: Some(7),
                ..own.clone()
            },
            "cost_model_version",
            ErrorReason::CostModelNotFound,
        ),
        (
            pb::AdviceDecision {
                terms: Some(pb::SimulationTerms {
                    opportunity_rate_per_hour: Some(usd("-1")),
                    ..Default::default()
                }),
                ..own.clone()
            },
            "terms.opportunity_rate_per_hour",
            ErrorReason::NumberOutOfRange,
        ),
    ];
    let batch = cases.iter().map(|(decision, ..)| decision.clone());
    let answer = record(&world, batch.collect()).await;
    for (index, (result, (_, field, reason))) in answer.results.iter().zip(&cases).enumerate() {
        let Some(Outcome::Rejection(rejection)) = &result.outcome else {
            panic!("{field}: {result:?} is no rejection");
        };
        assert_eq!(rejection.field, format!("decisions[{index}].{field}"));
        assert_eq!(rejection.reason(), *reason, "{field}");
    }
    let empty = pb::RecordDecisionsRequest::default();
    let status = world.advice().record_decisions(empty).await.unwrap_err();
    assert_eq!(reason(&status).0, "BATCH_EMPTY");
}
