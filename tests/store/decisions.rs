//! Decisions about relationships: versions, questions, and what an erasure leaves of them.

use crate::{outcomes::subject_request, stores::calendar, words::*};
use profitscore::{
    domain::{
        advice_decision::{
            AdviceDecision, DecidedAction, DecisionForecast, DecisionQuestion, Stretch,
            TakenDecision,
        },
        data_subject::SubjectRight,
        history::HistoryQuestion,
        id::{DecisionId, TenantId},
        ledger::{Outcome, Position},
        model::course::Terms,
        portfolio::remedy::{Action, Obstacle},
        problem::Reason,
        prospect_records::ProspectRecord,
        records::Record,
        time::{Day, Period},
    },
    service::copying::copy,
    store::{Store, memory::MemoryStore},
};

fn taken(key: &str, customer: &str, action: DecidedAction, day: i32) -> TakenDecision {
    TakenDecision {
        decision: AdviceDecision {
            decision_id: DecisionId::stored(key),
            customer_id: party_id(customer),
            action,
            decided_by: "kim".to_owned(),
            decided_on: Day(day),
            first_day: Day(day + 1),
            advised_as_of: 1,
            period: Period::default(),
            cost_model_version: Some(0),
            terms: Terms::default(),
            note: format!("secret of {customer}"),
            evidence_ref: String::new(),
        },
        forecast: DecisionForecast {
            cost_model_version: 0,
            advised: Action::Keep,
            obstacle: (action == DecidedAction::Surcharge).then_some(Obstacle::NoRevenue),
            expected_value: -7,
            over_keeping: 3,
            kept_margin: i64::MIN,
            stretches: vec![Stretch {
                months: 12,
                margin: i64::MAX,
                milli_minutes: 5,
            }],
        },
        is_erased: false,
    }
}

/// A record of a decision.
pub fn decision_record(key: &str, customer: &str, action: DecidedAction, day: i32) -> Record {
    Record::Prospect(ProspectRecord::Decision(Box::new(taken(
        key, customer, action, day,
    ))))
}

fn all(as_of: Position) -> DecisionQuestion {
    DecisionQuestion {
        customer: None,
        action: None,
        decided: Period::ALL,
        after: None,
        as_of,
        limit: 100,
    }
}

/// Everything that is told of decisions.
pub async fn told_of_decisions(store: &dyn Store, tenant: &TenantId, as_of: Position) -> String {
    format!("{:?}", store.decisions(tenant, &all(as_of)).await.unwrap())
}

async fn keys(store: &dyn Store, question: DecisionQuestion) -> Vec<(String, Position)> {
    let found = store.decisions(&tenant("t"), &question).await.unwrap();
    let found = found.into_iter();
    found
        .map(|one| (one.taken.decision.decision_id.to_string(), one.position))
        .collect()
}

pub async fn decisions_are_versions(store: &dyn Store) {
    use DecidedAction::{Keep, Surcharge};
    let mut other_forecast = taken("d1", "a", Keep, 10);
    other_forecast.forecast.expected_value = 8;
    let batch = vec![
        decision_record("d1", "a", Keep, 10),
        Record::Prospect(ProspectRecord::Decision(Box::new(other_forecast))),
        decision_record("d1", "b", Keep, 10),
        decision_record("d1", "a", Surcharge, 11),
        decision_record("d2", "b", Keep, 12),
    ];
    let outcomes = put(store, batch).await;
    assert_eq!(outcomes[0], Outcome::Posted(1));
    assert_eq!(outcomes[1], Outcome::Duplicate(1));
    assert_eq!(refusal(&outcomes[2]), (Reason::FieldInvalid, "customer_id"));
    assert_eq!(outcomes[3..], [Outcome::Posted(2), Outcome::Posted(3)]);
    let again = put(store, vec![decision_record("d2", "b", Keep, 12)]).await;
    assert_eq!(again, [Outcome::Duplicate(3)]);
    let key = |key: &str, position| (key.to_owned(), position);
    assert_eq!(keys(store, all(1)).await, [key("d1", 1)]);
    assert_eq!(keys(store, all(3)).await, [key("d1", 2), key("d2", 3)]);
    let found = store.decisions(&tenant("t"), &all(3)).await.unwrap();
    assert_eq!(found[0].taken, taken("d1", "a", Surcharge, 11));
    let of = |edit: fn(&mut DecisionQuestion)| {
        let mut question = all(3);
        edit(&mut question);
        question
    };
    let by_customer = of(|question| question.customer = Some(party_id("b")));
    let by_action = of(|question| question.action = Some(Keep));
    let by_day = of(|question| question.decided.start = Some(Day(12)));
    let after = of(|question| question.after = Some(DecisionId::stored("d1")));
    for question in [by_customer, by_action, by_day, after] {
        assert_eq!(keys(store, question).await, [key("d2", 3)]);
    }
    let before = of(|question| question.decided.end = Some(Day(12)));
    let one = of(|question| question.limit = 1);
    for question in [before, one] {
        assert_eq!(keys(store, question).await, [key("d1", 2)]);
    }
}

/// What an erasure leaves, here and in copies that were made before it, on the way and after it.
pub async fn an_erasure_leaves_amounts_of_decisions(store: &dyn Store) {
    use DecidedAction::Keep;
    let batch = vec![
        decision_record("d1", "a", Keep, 10),
        decision_record("d1", "a", Keep, 11),
        decision_record("d2", "b", Keep, 12),
    ];
    put(store, batch).await;
    let before = MemoryStore::new(calendar());
    let history = async |store: &dyn Store| {
        let question = HistoryQuestion {
            after: 0,
            as_of: Position::MAX,
            limit: 100,
        };
        store.written(&tenant("t"), &question).await.unwrap()
    };
    copy(store, &before, &tenant("t"), &mut |_| ())
        .await
        .unwrap();
    let erase = || vec![subject_request("a", SubjectRight::Erasure)];
    assert_eq!(put(store, erase()).await, [Outcome::Posted(4)]);
    assert_eq!(put(store, erase()).await, [Outcome::Duplicate(4)]);
    for as_of in [1, 2, 4] {
        let told = told_of_decisions(store, &tenant("t"), as_of).await;
        assert!(!told.contains("secret of a"), "{told}");
        assert_eq!(told.contains("secret of b"), as_of == 4);
    }
    assert!(!format!("{:?}", history(store).await).contains("secret of a"));
    // What was decided since is erased by the next one.
    put(store, vec![decision_record("d3", "a", Keep, 13)]).await;
    let told = told_of_decisions(store, &tenant("t"), 5).await;
    assert!(told.contains("secret of a"));
    assert_eq!(put(store, erase()).await, [Outcome::Posted(6)]);
    let told = told_of_decisions(store, &tenant("t"), 6).await;
    assert!(!told.contains("secret of a"));
    let after = MemoryStore::new(calendar());
    for target in [&before, &after] {
        copy(store, target, &tenant("t"), &mut |_| ())
            .await
            .unwrap();
        assert_eq!(history(target).await, history(store).await);
        for as_of in 1..=6 {
            assert_eq!(
                told_of_decisions(target, &tenant("t"), as_of).await,
                told_of_decisions(store, &tenant("t"), as_of).await
            );
        }
    }
}
