//! Outcomes of prospects, requests of data subjects and versions of models, and what was known of a prospect when it
//! was pursued.

use crate::{decisions::decision_record, generate::CUSTOMERS, stores::calendar, words::*};
use profitscore::{
    domain::{
        advice_decision::DecidedAction,
        data_subject::{SubjectRequest, SubjectRight},
        history::{Content, HistoryQuestion, Written},
        id::{OpportunityId, RequestId},
        ledger::{Outcome, Position, WriteMode},
        model::decision::Decision,
        model_version::ModelVersionDraft,
        party::Stage,
        problem::Reason,
        prospect::ProspectQuestion,
        prospect_outcome::{OutcomeQuestion, OutcomeStatus, ProspectOutcome, StoredOutcome},
        prospect_records::ProspectRecord,
        ranking::Basis,
        records::Record,
        time::Day,
    },
    service::copying::copy,
    store::{Store, memory::MemoryStore},
};
use proptest::{prelude::*, sample::select};

/// An outcome that was decided on a day.
pub fn outcome(key: &str, party: &str, status: OutcomeStatus, decided_on: i32) -> ProspectOutcome {
    ProspectOutcome {
        opportunity_id: OpportunityId::stored(key),
        party_id: party_id(party),
        status,
        decided_on: (status != OutcomeStatus::Open).then_some(Day(decided_on)),
        pursued_on: None,
        brought: (status == OutcomeStatus::Won).then_some(7_000_000),
        acquisition_cost: None,
        advice: Some(Decision::Nurture),
    }
}

pub fn outcome_record(outcome: ProspectOutcome) -> Record {
    Record::Prospect(ProspectRecord::Outcome(outcome))
}

pub fn subject_request(party: &str, right: SubjectRight) -> Record {
    Record::Prospect(ProspectRecord::SubjectRequest(SubjectRequest {
        party_id: party_id(party),
        right,
        evidence_ref: "letter 7".to_owned(),
    }))
}

pub fn model_version(request: &str, trained_as_of: Position) -> Record {
    Record::Prospect(ProspectRecord::ModelVersion(ModelVersionDraft {
        trained_as_of,
        restores: None,
        note: "spring".to_owned(),
        request_id: RequestId::parse(request, "").unwrap(),
    }))
}

/// One of few, about customers and prospects that everything else is about.
pub fn prospect_record() -> impl Strategy<Value = Record> {
    let ids = prop_oneof![select(&CUSTOMERS), select(&["p1", "p2", "p3"])];
    const STATUSES: [OutcomeStatus; 3] =
        [OutcomeStatus::Won, OutcomeStatus::Lost, OutcomeStatus::Open];
    const RIGHTS: [SubjectRight; 3] = [
        SubjectRight::Objection,
        SubjectRight::Withdrawal,
        SubjectRight::Erasure,
    ];
    let decided = (0..5, ids.clone(), select(&STATUSES), 20_830..20_836);
    prop_oneof![
        4 => decided.prop_map(|(key, party, status, day)| {
            outcome_record(outcome(&format!("o{key}"), party, status, day))
        }),
        2 => (0..4, ids.clone(), 0..3).prop_map(|(key, party, day)| {
            decision_record(&format!("d{key}"), party, DecidedAction::Keep, day)
        }),
        1 => (ids, select(&RIGHTS)).prop_map(|(party, right)| subject_request(party, right)),
        1 => ((0..4), (0_u64..3)).prop_map(|(request, position)| {
            model_version(&format!("request{request}"), position)
        }),
    ]
}

async fn put_on(store: &dyn Store, day: i32, record: Record) -> Vec<Outcome> {
    let keep = WriteMode::Keep;
    let put = store.put(&tenant("t"), vec![record], noon(day), keep).await;
    put.unwrap()
}

fn all(as_of: Position) -> OutcomeQuestion {
    OutcomeQuestion {
        party: None,
        status: None,
        after: None,
        as_of,
        limit: 100,
    }
}

async fn listed(store: &dyn Store, question: &OutcomeQuestion) -> Vec<StoredOutcome> {
    store.outcomes(&tenant("t"), question).await.unwrap()
}

pub async fn outcomes_are_versions(store: &dyn Store) {
    use OutcomeStatus::{Lost, Open, Won};
    let open = outcome("o1", "a", Open, 0);
    let won = outcome("o1", "a", Won, 9);
    let batch = vec![
        outcome_record(open.clone()),
        outcome_record(open.clone()),
        outcome_record(won.clone()),
        outcome_record(outcome("o1", "b", Won, 9)),
        outcome_record(outcome("o2", "a", Lost, 5)),
    ];
    let outcomes = put(store, batch).await;
    assert_eq!(
        outcomes[..3],
        [
            Outcome::Posted(1),
            Outcome::Duplicate(1),
            Outcome::Posted(2)
        ]
    );
    assert_eq!(refusal(&outcomes[3]), (Reason::FieldInvalid, "party_id"));
    assert_eq!(outcomes[4], Outcome::Posted(3));
    let wrong = ProspectOutcome {
        decided_on: None,
        ..won.clone()
    };
    let refused = put(store, vec![outcome_record(wrong)]).await;
    assert_eq!(refusal(&refused[0]), (Reason::FieldRequired, "decided_on"));
    let at = |found: Vec<StoredOutcome>| {
        let found = found.into_iter();
        found
            .map(|stored| (stored.position, stored.outcome))
            .collect::<Vec<_>>()
    };
    assert_eq!(at(listed(store, &all(1)).await), [(1, open)]);
    assert_eq!(at(listed(store, &all(2)).await), [(2, won.clone())]);
    let lost = outcome("o2", "a", Lost, 5);
    let both = [(2, won.clone()), (3, lost)];
    assert_eq!(at(listed(store, &all(NEWEST)).await), both);
    assert!(listed(store, &all(NEWEST)).await[0].record_time == NOW);
    // What is kept in vain is told, and not kept.
    let tried = store
        .put(
            &tenant("t"),
            vec![
                outcome_record(outcome("o3", "c", Lost, 1)),
                outcome_record(won),
            ],
            NOW,
            WriteMode::ValidateOnly,
        )
        .await
        .unwrap();
    assert!(matches!(tried[0], Outcome::Posted(_)));
    assert_eq!(tried[1], Outcome::Duplicate(2));
    assert_eq!(watermark(store).await, 3);
    assert!(
        store
            .outcomes(&tenant("u"), &all(NEWEST))
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn outcomes_are_listed_in_pages(store: &dyn Store) {
    use OutcomeStatus::{Lost, Open, Won};
    let batch = [
        outcome("d", "p", Won, 1),
        outcome("a", "q", Lost, 1),
        outcome("c", "p", Open, 1),
        outcome("b", "p", Lost, 1),
        outcome("c", "p", Lost, 1),
    ];
    put(store, batch.into_iter().map(outcome_record).collect()).await;
    let keys = async |question: OutcomeQuestion| {
        let found = listed(store, &question).await.into_iter();
        let keys = found.map(|stored| stored.outcome.opportunity_id.to_string());
        keys.collect::<Vec<_>>().join("")
    };
    assert_eq!(keys(all(NEWEST)).await, "abcd");
    let first = OutcomeQuestion {
        limit: 2,
        ..all(NEWEST)
    };
    assert_eq!(keys(first.clone()).await, "ab");
    let rest = OutcomeQuestion {
        after: Some(OpportunityId::stored("b")),
        ..first
    };
    assert_eq!(keys(rest).await, "cd");
    let of_p = OutcomeQuestion {
        party: Some(party_id("p")),
        ..all(NEWEST)
    };
    assert_eq!(keys(of_p.clone()).await, "bcd");
    let lost = OutcomeQuestion {
        status: Some(Lost),
        limit: 1,
        ..of_p
    };
    assert_eq!(keys(lost.clone()).await, "b");
    let lost_then = OutcomeQuestion {
        as_of: 4,
        limit: 9,
        ..lost
    };
    assert_eq!(keys(lost_then).await, "b");
}

pub async fn what_became_known_afterwards_is_not_learnt_from(store: &dyn Store) {
    use OutcomeStatus::{Lost, Open, Won};
    let sized = |size: &str| party("a", Stage::Prospect, [("size", category(size))]);
    put_on(store, 10, sized("small")).await;
    put_on(store, 20, sized("big")).await;
    put_on(store, 20, outcome_record(outcome("o", "a", Open, 0))).await;
    put_on(store, 30, sized("pays late")).await;
    let mut won = outcome("o", "a", Won, 25);
    put_on(store, 30, outcome_record(won.clone())).await;
    // Of the day of the decision, and written after the outcome.
    put_on(store, 25, sized("too late")).await;
    put_on(store, 31, outcome_record(outcome("x", "a", Lost, 9))).await;
    put_on(store, 31, outcome_record(outcome("y", "nobody", Lost, 9))).await;
    let known = async |as_of| {
        let found = store.decided_prospects(&tenant("t"), as_of).await.unwrap();
        let found = found.into_iter().map(|one| {
            let size = one
                .party
                .and_then(|party| party.traits.get(&trait_key("size")).cloned());
            let key = one.stored.outcome.opportunity_id.to_string();
            (key, size, one.was_known_in_time)
        });
        found.collect::<Vec<_>>()
    };
    let line =
        |key: &str, size: Option<&str>, in_time| (key.to_owned(), size.map(category), in_time);
    assert_eq!(known(4).await, []);
    assert_eq!(known(5).await, [line("o", Some("big"), true)]);
    // What had been stored first, and nothing was stored of the other.
    let all = [
        line("o", Some("big"), true),
        line("x", Some("small"), false),
        line("y", None, false),
    ];
    assert_eq!(known(NEWEST).await, all);
    // When it was begun, less was known. A correction does not bring in what was stored since.
    won.pursued_on = Some(Day(19));
    put_on(store, 40, outcome_record(won)).await;
    assert_eq!(known(NEWEST).await[0], line("o", Some("small"), true));
}

pub async fn requests_and_models_are_told_as_of_a_position(store: &dyn Store) {
    use SubjectRight::{Erasure, Objection, Withdrawal};
    let rights = async |as_of| {
        let found = store.subject_requests(&tenant("t"), as_of).await.unwrap();
        let found = found.into_iter();
        found
            .map(|stored| (stored.position, stored.request.right))
            .collect::<Vec<_>>()
    };
    let other_note = Record::Prospect(ProspectRecord::ModelVersion(ModelVersionDraft {
        trained_as_of: 1,
        restores: None,
        note: "autumn".to_owned(),
        request_id: RequestId::parse("m1", "").unwrap(),
    }));
    let batch = vec![
        subject_request("a", Objection),
        subject_request("a", Objection),
        subject_request("a", Withdrawal),
        model_version("m1", 1),
        model_version("m1", 2),
        other_note,
        subject_request("a", Erasure),
        subject_request("a", Erasure),
        party("a", Stage::Prospect, []),
        subject_request("a", Erasure),
        model_version("m2", 2),
    ];
    let outcomes = put(store, batch).await;
    let positions = outcomes.iter().map(|outcome| match outcome {
        Outcome::Posted(position) => (*position, true),
        Outcome::Duplicate(position) => (*position, false),
        Outcome::Rejected(_) => (0, false),
    });
    let positions: Vec<_> = positions.collect();
    assert_eq!(
        positions,
        [
            (1, true),
            (1, false),
            (2, true),
            (3, true),
            (3, false),
            (0, false),
            (4, true),
            (4, false),
            (5, true),
            (6, true),
            (7, true)
        ]
    );
    assert_eq!(
        refusal(&outcomes[5]),
        (Reason::RequestIdReused, "request_id")
    );
    assert_eq!(rights(3).await, [(1, Objection), (2, Withdrawal)]);
    assert_eq!(rights(NEWEST).await[2..], [(4, Erasure), (6, Erasure)]);
    let versions = store.model_versions(&tenant("t"), NEWEST).await.unwrap();
    let versions: Vec<_> = versions
        .iter()
        .map(|version| {
            (
                version.version,
                version.position,
                version.draft.trained_as_of,
            )
        })
        .collect();
    assert_eq!(versions, [(1, 3, 1), (2, 7, 2)]);
    assert_eq!(
        store.model_versions(&tenant("t"), 6).await.unwrap().len(),
        1
    );
    // Of the same request again, also in another call.
    assert_eq!(
        put(store, vec![model_version("m2", 2)]).await,
        [Outcome::Duplicate(7)]
    );
    let erased_again = put(store, vec![subject_request("a", Erasure)]).await;
    assert_eq!(erased_again, [Outcome::Duplicate(6)]);
}

async fn history(store: &dyn Store) -> Vec<Written> {
    let question = HistoryQuestion {
        after: 0,
        as_of: NEWEST,
        limit: 1_000,
    };
    store.written(&tenant("t"), &question).await.unwrap()
}

/// Everything that is told of the parties a and b, and of prospects.
async fn told(store: &dyn Store) -> String {
    let mut told = String::new();
    for as_of in [1, 2, 3, 4, 5, 6, 7, 8, NEWEST] {
        let ids = [party_id("a"), party_id("b")];
        let found = store.party(&tenant("t"), &ids, as_of).await.unwrap();
        let question = ProspectQuestion {
            traits: vec![trait_key("size")],
            as_of,
        };
        let table = store.prospects(&tenant("t"), &question).await.unwrap();
        let rows = crate::prospects::rows(&table.table);
        let decided = store.decided_prospects(&tenant("t"), as_of).await.unwrap();
        told += &format!("{as_of} {found:?} {rows:?} {decided:?}\n");
    }
    told + &format!("{:?}", history(store).await)
}

pub async fn an_erasure_reaches_every_version(store: &dyn Store) {
    let named = |id: &str, size: &str| party(id, Stage::Prospect, [("size", category(size))]);
    put(
        store,
        vec![
            named("a", "secret1"),
            named("b", "open"),
            named("a", "secret2"),
            outcome_record(outcome("o", "a", OutcomeStatus::Lost, 30_000)),
        ],
    )
    .await;
    append(store, vec![sale("s", "a", 1, 10, 4)]).await;
    let copied = MemoryStore::new(calendar());
    copy(store, &copied, &tenant("t"), &mut |_| ())
        .await
        .unwrap();
    let before = rank(store, scope(days(0, 9)), order(Basis::NetProfit)).await;
    assert!(told(store).await.contains("secret2"));
    assert_eq!(
        put(store, vec![subject_request("a", SubjectRight::Erasure)]).await,
        posted(6, 1)
    );
    let after = told(store).await;
    assert!(
        !after.contains("secret") && !after.contains("name of a"),
        "{after}"
    );
    assert!(after.contains("name of b") && after.contains("open"));
    // The totals are what they were, and the customer's activities are under its id.
    let ranked = rank(store, scope(days(0, 9)), order(Basis::NetProfit)).await;
    assert_eq!(ranked.totals, before.totals);
    assert_eq!(standing(&ranked), [("a", 6)]);
    // The type of its trait is known from it still.
    let definitions = store.trait_definitions(&tenant("t"), 1).await.unwrap();
    assert_eq!(definitions.len(), 1);
    assert!(matches!(
        &history(store).await[0].content,
        Content::Record(Record::ErasedParty(erased)) if erased.definitions.len() == 1
    ));
    // What is stored later is kept, until it is erased too.
    assert_eq!(put(store, vec![named("a", "new")]).await, posted(7, 1));
    let fresh = MemoryStore::new(calendar());
    for target in [&copied, &fresh] {
        copy(store, target, &tenant("t"), &mut |_| ())
            .await
            .unwrap();
        assert_eq!(history(target).await, history(store).await);
        assert_eq!(told(target).await, told(store).await);
    }
    assert!(told(store).await.contains("new"));
}

/// The copy is told of an erasure when it goes on, and a store that takes over what was erased tells the same.
pub async fn what_was_erased_is_copied_without_it(store: &dyn Store) {
    let source = MemoryStore::new(calendar());
    let named = |size: &str| party("a", Stage::Prospect, [("size", category(size))]);
    put(&source, vec![named("one"), named("two")]).await;
    copy(&source, store, &tenant("t"), &mut |_| ())
        .await
        .unwrap();
    put(
        &source,
        vec![subject_request("a", SubjectRight::Erasure), named("three")],
    )
    .await;
    copy(&source, store, &tenant("t"), &mut |_| ())
        .await
        .unwrap();
    put(&source, vec![subject_request("a", SubjectRight::Erasure)]).await;
    copy(&source, store, &tenant("t"), &mut |_| ())
        .await
        .unwrap();
    assert_eq!(history(&source).await, history(store).await);
    assert_eq!(told(&source).await, told(store).await);
    let other = MemoryStore::new(calendar());
    let written = history(&source).await;
    other
        .take_over(&tenant("t"), written.clone())
        .await
        .unwrap();
    assert_eq!(history(&other).await, written);
}
