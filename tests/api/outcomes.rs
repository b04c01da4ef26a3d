//! Outcomes of prospects, objections to profiling, and erasure.

use crate::harness::{World, category, party, reason, refusal, rejection_of, sale, text, usd};
use profitscore::api::pb::{
    self, ErrorReason, OutcomeStatus, PrequalificationDecision, google_type::Date,
    outcome_result::Outcome,
};

fn date(day: i32) -> Option<Date> {
    Some(Date {
        year: 2026,
        month: 3,
        day,
    })
}

pub fn outcome(key: &str, party: &str, status: OutcomeStatus) -> pb::ProspectOutcome {
    pb::ProspectOutcome {
        opportunity_id: key.to_owned(),
        party_id: party.to_owned(),
        status: status as i32,
        decided_on: date(31).filter(|_| status != OutcomeStatus::Open),
        ..Default::default()
    }
}

pub async fn record(
    world: &World,
    outcomes: Vec<pb::ProspectOutcome>,
    validate_only: bool,
) -> pb::RecordOutcomesResponse {
    let request = pb::RecordOutcomesRequest {
        outcomes,
        validate_only,
        ..Default::default()
    };
    let answer = world.prospects().record_outcomes(request).await;
    answer.unwrap().into_inner()
}

async fn list(world: &World, request: pb::ListOutcomesRequest) -> pb::ListOutcomesResponse {
    let answer = world.prospects().list_outcomes(request).await;
    answer.unwrap().into_inner()
}

fn keys(answer: &pb::ListOutcomesResponse) -> Vec<&str> {
    let outcomes = answer.outcomes.iter();
    outcomes
        .map(|stored| stored.outcome.as_ref().unwrap().opportunity_id.as_str())
        .collect()
}

#[tokio::test]
async fn what_became_of_prospects_is_stored_and_listed() {
    let world = World::start().await;
    let won = pb::ProspectOutcome {
        pursued_on: date(1),
        brought: Some(usd("-12.5")),
        acquisition_cost: Some(usd("3")),
        advice: PrequalificationDecision::Pursue as i32,
        ..outcome("o1", "a", OutcomeStatus::Won)
    };
    let batch = vec![
        outcome("o1", "a", OutcomeStatus::Open),
        won.clone(),
        outcome("o1", "b", OutcomeStatus::Won),
        outcome("o2", "b", OutcomeStatus::Lost),
        outcome("o2", "b", OutcomeStatus::Lost),
    ];
    let tried = record(&world, batch.clone(), true).await;
    assert!(tried.written_at.is_none());
    let answer = record(&world, batch, false).await;
    let position = answer.written_at.unwrap().position;
    assert_eq!(position, 3);
    for answer in [tried, answer] {
        let outcomes = answer.results.into_iter().map(|one| one.outcome.unwrap());
        let outcomes: Vec<_> = outcomes.collect();
        assert!(matches!(outcomes[0], Outcome::Stored(_)));
        assert!(matches!(outcomes[1], Outcome::Stored(_)));
        let Outcome::Rejection(rejection) = &outcomes[2] else {
            panic!("{:?} is no rejection", outcomes[2]);
        };
        assert_eq!(rejection.reason(), ErrorReason::FieldInvalid);
        assert_eq!(rejection.field, "outcomes[2].party_id");
        assert!(matches!(outcomes[3], Outcome::Stored(_)));
        assert!(matches!(outcomes[4], Outcome::Unchanged(_)));
    }
    let all = list(&world, pb::ListOutcomesRequest::default()).await;
    assert_eq!(keys(&all), ["o1", "o2"]);
    assert_eq!(all.outcomes[0].outcome.as_ref(), Some(&won));
    assert_eq!(all.outcomes[0].position.unwrap().position, 2);
    assert!(all.outcomes[0].record_time.is_some());
    let first = pb::ListOutcomesRequest {
        page_size: 1,
        ..Default::default()
    };
    let page = list(&world, first.clone()).await;
    assert_eq!(keys(&page), ["o1"]);
    let next = pb::ListOutcomesRequest {
        page_token: page.next_page_token,
        ..first
    };
    assert_eq!(keys(&list(&world, next).await), ["o2"]);
    let asked = |party: &str, status: OutcomeStatus, as_of: Option<i64>| pb::ListOutcomesRequest {
        party_id: party.to_owned(),
        status: status as i32,
        read_options: Some(pb::ReadOptions {
            as_of: as_of.map(|position| pb::LedgerPosition { position }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let open = OutcomeStatus::Open;
    assert_eq!(
        keys(&list(&world, asked("b", OutcomeStatus::Unspecified, None)).await),
        ["o2"]
    );
    assert!(
        list(&world, asked("", open, None))
            .await
            .outcomes
            .is_empty()
    );
    assert_eq!(keys(&list(&world, asked("", open, Some(1))).await), ["o1"]);
}

#[tokio::test]
async fn wrong_outcomes_are_refused_by_field() {
    let world = World::start().await;
    let edit = |edit: fn(&mut pb::ProspectOutcome)| {
        let mut edited = outcome("o", "a", OutcomeStatus::Won);
        edit(&mut edited);
        edited
    };
    let cases = [
        (
            edit(|o| o.opportunity_id.clear()),
            "opportunity_id",
            ErrorReason::FieldRequired,
        ),
        (
            edit(|o| o.party_id = "x".repeat(129)),
            "party_id",
            ErrorReason::FieldTooLong,
        ),
        (edit(|o| o.status = 0), "status", ErrorReason::FieldRequired),
        (
            edit(|o| o.status = 9),
            "status",
            ErrorReason::EnumValueUnknown,
        ),
        (
            edit(|o| o.decided_on = None),
            "decided_on",
            ErrorReason::FieldRequired,
        ),
        (
            edit(|o| o.status = OutcomeStatus::Open as i32),
            "decided_on",
            ErrorReason::FieldInvalid,
        ),
        (
            edit(|o| o.decided_on = date(32)),
            "decided_on",
            ErrorReason::FieldInvalid,
        ),
        (
            edit(|o| {
                o.pursued_on = Some(Date {
                    year: 2026,
                    month: 4,
                    day: 1,
                })
            }),
            "decided_on",
            ErrorReason::FieldInvalid,
        ),
        (
            edit(|o| {
                o.status = OutcomeStatus::Lost as i32;
                o.brought = Some(usd("1"));
            }),
            "brought",
            ErrorReason::FieldInvalid,
        ),
        (
            edit(|o| {
                let mut euros = usd("1");
                euros.currency_code = "EUR".to_owned();
                o.brought = Some(euros);
            }),
            "brought.currency_code",
            ErrorReason::CurrencyMismatch,
        ),
        (
            edit(|o| o.acquisition_cost = Some(usd("-1"))),
            "acquisition_cost",
            ErrorReason::NumberOutOfRange,
        ),
        (
            edit(|o| o.advice = 77),
            "advice",
            ErrorReason::EnumValueUnknown,
        ),
    ];
    let batch = cases.iter().map(|(outcome, ..)| outcome.clone()).collect();
    let answer = record(&world, batch, false).await;
    for (index, (result, (_, field, reason))) in answer.results.iter().zip(&cases).enumerate() {
        let Some(Outcome::Rejection(rejection)) = &result.outcome else {
            panic!("{index}: {result:?} is no rejection");
        };
        assert_eq!(rejection.field, format!("outcomes[{index}].{field}"));
        assert_eq!(rejection.reason(), *reason, "{field}");
    }
    let empty = pb::RecordOutcomesRequest::default();
    let status = world.prospects().record_outcomes(empty).await.unwrap_err();
    assert_eq!(
        refusal(&status),
        ("BATCH_EMPTY".to_owned(), "outcomes".to_owned())
    );
}

pub async fn object(world: &World, id: &str, objects: bool) -> pb::SetProfilingObjectionResponse {
    let request = pb::SetProfilingObjectionRequest {
        party_id: id.to_owned(),
        objects,
        evidence_ref: "letter 7".to_owned(),
        ..Default::default()
    };
    let answer = world.customers().set_profiling_objection(request).await;
    answer.unwrap().into_inner()
}

async fn prospects_like_the_best(world: &World) -> (Vec<String>, i64) {
    let request = pb::ListLookalikesRequest::default();
    let answer = world.prospects().list_lookalikes(request).await;
    let answer = answer.unwrap().into_inner();
    let ids = answer.lookalikes.iter().map(|one| one.party_id.clone());
    assert_eq!(
        usize::try_from(answer.prospect_count).unwrap(),
        answer.lookalikes.len()
    );
    (ids.collect(), answer.objected_count)
}

/// 60 customers of two kinds, and the prospects p1 to p3.
async fn small_town() -> World {
    let world = World::start().await;
    let mut parties = Vec::new();
    let mut sales = Vec::new();
    for i in 0..60 {
        let id = format!("c{i:02}");
        let (kind, cost) = [("bank", "20"), ("shop", "110")][usize::from(i % 2 == 1)];
        parties.push(party(
            &id,
            pb::PartyStage::Customer,
            vec![category("KIND", kind)],
        ));
        sales.push(sale(&format!("s{i}"), &id, i, "100", cost));
    }
    for id in ["p1", "p2", "p3"] {
        parties.push(party(
            id,
            pb::PartyStage::Prospect,
            vec![category("KIND", "bank")],
        ));
    }
    world.post(sales).await;
    let request = pb::UpsertPartiesRequest {
        parties,
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    world
}

fn inputs(ids: &[&str]) -> Vec<pb::ProspectInput> {
    use pb::prospect_input::Prospect;
    let stored = ids.iter().map(|id| Prospect::PartyId((*id).to_owned()));
    let inline = Prospect::Inline(party("p2", pb::PartyStage::Prospect, Vec::new()));
    let all = stored.chain([inline]);
    all.map(|prospect| pb::ProspectInput {
        prospect: Some(prospect),
    })
    .collect()
}

#[tokio::test]
async fn who_objects_is_not_scored() {
    let world = small_town().await;
    let everybody = (["p1", "p2", "p3"].map(str::to_owned).to_vec(), 0);
    assert_eq!(prospects_like_the_best(&world).await, everybody);
    let done = object(&world, "p2", true).await;
    assert!(!done.unchanged);
    let position = done.written_at.unwrap();
    assert!(object(&world, "p2", true).await.unchanged);
    let others = (["p1", "p3"].map(str::to_owned).to_vec(), 1);
    assert_eq!(prospects_like_the_best(&world).await, others);
    let request = pb::PrequalifyProspectsRequest {
        prospects: inputs(&["p1", "p2"]),
        ..Default::default()
    };
    let answer = world
        .prospects()
        .prequalify_prospects(request.clone())
        .await;
    let results = answer.unwrap().into_inner().results;
    let results: Vec<_> = results
        .into_iter()
        .map(|one| one.outcome.unwrap())
        .collect();
    use pb::prequalification_result::Outcome as Answer;
    assert!(matches!(results[0], Answer::Prequalification(_)));
    // The same person is not scored under its name either.
    for (index, of) in [(1, "prospects[1].party_id"), (2, "prospects[2].party_id")] {
        let rejection = rejection_of(&results[index]);
        assert_eq!(rejection.reason(), ErrorReason::ProfilingObjected);
        assert_eq!(rejection.field, of);
    }
    let get = async |as_of: Option<pb::LedgerPosition>| {
        let request = pb::GetPartyRequest {
            party_id: "p2".to_owned(),
            read_options: Some(pb::ReadOptions {
                as_of,
                ..Default::default()
            }),
            ..Default::default()
        };
        world
            .customers()
            .get_party(request)
            .await
            .unwrap()
            .into_inner()
    };
    assert!(get(None).await.profiling_objection);
    let before = pb::LedgerPosition {
        position: position.position - 1,
    };
    assert!(!get(Some(before)).await.profiling_objection);
    assert!(!object(&world, "p2", false).await.unchanged);
    assert_eq!(prospects_like_the_best(&world).await, everybody);
}

#[tokio::test]
async fn what_is_erased_is_in_no_answer_and_totals_stay() {
    let world = small_town().await;
    let rank = async |as_of: Option<i64>| {
        let request = pb::RankCustomersRequest {
            page_size: 1_000,
            read_options: Some(pb::ReadOptions {
                as_of: as_of.map(|position| pb::LedgerPosition { position }),
                ..Default::default()
            }),
            ..Default::default()
        };
        let answer = world.rankings().rank_customers(request).await;
        answer.unwrap().into_inner()
    };
    let before = rank(None).await;
    let position = before.read_at.unwrap().position;
    let request = pb::ErasePartyRequest {
        party_id: "c04".to_owned(),
        evidence_ref: "letter 8".to_owned(),
        ..Default::default()
    };
    let dry = pb::ErasePartyRequest {
        validate_only: true,
        ..request.clone()
    };
    let tried = world
        .customers()
        .erase_party(dry)
        .await
        .unwrap()
        .into_inner();
    assert!(tried.written_at.is_none());
    let erased = world.customers().erase_party(request.clone()).await;
    assert!(!erased.unwrap().into_inner().unchanged);
    let again = world.customers().erase_party(request).await;
    assert!(again.unwrap().into_inner().unchanged);
    for as_of in [None, Some(position)] {
        let after = rank(as_of).await;
        assert_eq!(after.control_total, before.control_total);
        for (one, other) in before.customers.iter().zip(&after.customers) {
            assert_eq!(one.customer_id, other.customer_id);
            let value = |row: &pb::RankedCustomer| text(row.value.as_ref());
            assert_eq!(value(one), value(other));
            let is_erased = one.customer_id == "c04";
            assert_eq!(
                other.display_name.is_empty(),
                is_erased,
                "{}",
                one.customer_id
            );
        }
        let request = pb::GetPartyRequest {
            party_id: "c04".to_owned(),
            read_options: Some(pb::ReadOptions {
                as_of: as_of.map(|position| pb::LedgerPosition { position }),
                ..Default::default()
            }),
            ..Default::default()
        };
        let got = world
            .customers()
            .get_party(request)
            .await
            .unwrap()
            .into_inner();
        let got = got.party.unwrap();
        assert!(
            got.display_name.is_empty() && got.traits.is_empty(),
            "{got:?}"
        );
    }
    let request = pb::PrequalifyProspectsRequest {
        prospects: inputs(&["c04"]),
        ..Default::default()
    };
    let answer = world.prospects().prequalify_prospects(request).await;
    let results = answer.unwrap().into_inner().results;
    let rejection = rejection_of(results[0].outcome.as_ref().unwrap());
    assert_eq!(rejection.reason(), ErrorReason::ProfilingObjected);
    let wrong = pb::ErasePartyRequest::default();
    let status = world.customers().erase_party(wrong).await.unwrap_err();
    assert_eq!(reason(&status).0, "FIELD_REQUIRED");
}
