//! `ProspectService`: worlds in which one trait earns and another loses money.

use crate::harness::{
    World, category, day, days, decimal, party, reason, refusal, rejection_of, sale, text, usd,
};
use profitscore::api::pb::{
    self, IgnoredTraitReason, PrequalificationDecision as Decision,
    prequalification_result::Outcome,
};

const CUSTOMERS: i64 = 120;

/// 120 customers: those of the INDUSTRY bank earn about 500 a year, shops lose about 100, the rest earn about 20.
/// SHOE says nothing. All first buy within days 0 to 119 and are seen until day 900.
async fn world() -> World {
    let world = World::start().await;
    let mut activities = Vec::new();
    let mut parties = Vec::new();
    for i in 0..CUSTOMERS {
        let id = format!("c{i:03}");
        let (industry, margin) = match i % 6 {
            0 => ("bank", 250),
            1 => ("shop", -50),
            _ => ("office", 10),
        };
        let noise = i * 7 % 11;
        for (order, on) in [(0, i), (1, i + 180)] {
            let cost = (1_000 - margin - noise).to_string();
            activities.push(sale(&format!("{id}-{order}"), &id, on, "1000", &cost));
        }
        let shoe = ["38", "39", "40"][usize::try_from(i / 6 % 3).unwrap()];
        let traits = vec![
            category("BLOOD", ["a", "b"][usize::try_from(i % 2).unwrap()]),
            category("INDUSTRY", industry),
            category("SHOE", shoe),
        ];
        parties.push(party(&id, pb::PartyStage::Customer, traits));
    }
    activities.push(sale("last", "c000", 900, "0", "0"));
    for (id, industry) in [
        ("p1", "bank"),
        ("p2", "shop"),
        ("p3", "office"),
        ("p4", "circus"),
    ] {
        let traits = vec![category("INDUSTRY", industry), category("SHOE", "39")];
        parties.push(party(id, pb::PartyStage::Prospect, traits));
    }
    parties.push(party(
        "c001x",
        pb::PartyStage::Prospect,
        vec![category("INDUSTRY", "bank")],
    ));
    activities.push(sale("won", "c001x", 20, "1000", "750"));
    let definition = pb::TraitDefinition {
        key: "BLOOD".to_owned(),
        r#type: pb::TraitType::Category as i32,
        sensitivity: pb::TraitSensitivity::SpecialCategory as i32,
        ..Default::default()
    };
    define(&world, definition).await;
    for chunk in activities.chunks(1_000) {
        world.post(chunk.to_vec()).await;
    }
    let request = pb::UpsertPartiesRequest {
        parties,
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    world
}

async fn define(world: &World, definition: pb::TraitDefinition) {
    let request = pb::PutTraitDefinitionRequest {
        trait_definition: Some(definition),
        ..Default::default()
    };
    world
        .customers()
        .put_trait_definition(request)
        .await
        .unwrap();
}

pub async fn prequalify(
    world: &World,
    request: pb::PrequalifyProspectsRequest,
) -> (Vec<Outcome>, pb::PrequalifyProspectsResponse) {
    let answer = world
        .prospects()
        .prequalify_prospects(request)
        .await
        .unwrap()
        .into_inner();
    let outcomes = answer
        .results
        .iter()
        .map(|result| result.outcome.clone().unwrap());
    (outcomes.collect(), answer)
}

fn stored(ids: &[&str]) -> Vec<pb::ProspectInput> {
    let input = |id: &&str| pb::ProspectInput {
        prospect: Some(pb::prospect_input::Prospect::PartyId((*id).to_owned())),
    };
    ids.iter().map(input).collect()
}

pub fn inline(traits: Vec<pb::Trait>) -> pb::ProspectInput {
    let party = pb::Party {
        party_id: "new".to_owned(),
        traits,
        ..Default::default()
    };
    pb::ProspectInput {
        prospect: Some(pb::prospect_input::Prospect::Inline(party)),
    }
}

pub fn answered(outcome: &Outcome) -> &pb::Prequalification {
    match outcome {
        Outcome::Prequalification(answer) => answer,
        Outcome::Rejection(rejection) => panic!("{rejection:?}"),
    }
}

#[tokio::test]
async fn the_profile_finds_what_earns_and_nothing_else() {
    let world = world().await;
    let request = pb::GetProfileRequest::default();
    let answer = world
        .prospects()
        .get_profile(request)
        .await
        .unwrap()
        .into_inner();
    assert!(answer.has_signal);
    assert_eq!(
        (answer.customer_count, answer.best_customer_count),
        (121, 20)
    );
    let first = &answer.trait_lifts[0];
    assert_eq!(first.bin.as_ref().unwrap().label, "INDUSTRY = bank");
    assert!(first.distinguishing && first.lift_lower_bound > 1.0);
    assert_eq!(first.best_count, 20);
    for line in &answer.trait_lifts {
        let key = &line.bin.as_ref().unwrap().key;
        assert_ne!(key, "BLOOD", "a special category enters no profile");
        assert!(key != "SHOE" || !line.distinguishing, "{line:?}");
    }
    assert_eq!(answer.ignored_traits.len(), 1);
    assert_eq!(answer.ignored_traits[0].key, "BLOOD");
    assert_eq!(
        answer.ignored_traits[0].reason(),
        IgnoredTraitReason::SpecialCategory
    );
    let control = answer.control_total.unwrap();
    assert_eq!(control.ledger, control.reported);
}

#[tokio::test]
async fn lookalikes_are_ordered_by_contributions_that_add_up_exactly() {
    let world = world().await;
    let ask = |page_size, page_token| pb::ListLookalikesRequest {
        page_size,
        page_token,
        ..Default::default()
    };
    let whole = world
        .prospects()
        .list_lookalikes(ask(0, String::new()))
        .await
        .unwrap();
    let whole = whole.into_inner();
    let ids: Vec<_> = whole
        .lookalikes
        .iter()
        .map(|row| row.party_id.as_str())
        .collect();
    assert_eq!((ids[0], ids[3]), ("p1", "p2"));
    assert_eq!((whole.prospect_count, whole.converted_count), (4, 1));
    assert_eq!(whole.loss_maker_count, 20);
    for row in &whole.lookalikes {
        let forwards: f64 = row.contributions.iter().map(|part| part.contribution).sum();
        let backwards: f64 = row
            .contributions
            .iter()
            .rev()
            .map(|part| part.contribution)
            .sum();
        assert!(forwards.to_bits() == row.score.to_bits() || forwards == row.score);
        assert!(backwards == row.score, "exact in any order");
    }
    let mut paged = Vec::new();
    let mut token = String::new();
    loop {
        let page = world
            .prospects()
            .list_lookalikes(ask(3, token))
            .await
            .unwrap()
            .into_inner();
        paged.extend(page.lookalikes);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, whole.lookalikes);
}

#[tokio::test]
async fn prequalification_pursues_what_earns_and_explains_itself() {
    let world = world().await;
    let request = pb::PrequalifyProspectsRequest {
        prospects: stored(&["p1", "p2", "p3", "p4", "nobody"]),
        acquisition_cost: Some(usd("40")),
        ..Default::default()
    };
    let (outcomes, answer) = prequalify(&world, request.clone()).await;
    let [bank, shop, office, circus] = [0, 1, 2, 3].map(|i| answered(&outcomes[i]).clone());
    assert_eq!(bank.decision(), Decision::Pursue);
    assert_eq!(shop.decision(), Decision::Decline);
    assert_ne!(office.decision(), Decision::Pursue);
    assert_ne!(
        circus.decision(),
        Decision::Decline,
        "an unseen value widens the interval"
    );
    for row in [&bank, &shop, &office, &circus] {
        let nanos = |money: &Option<pb::google_type::Money>| {
            let money = money.as_ref().unwrap();
            i128::from(money.units) * 1_000_000_000 + i128::from(money.nanos)
        };
        let parts: i128 = row
            .contributions
            .iter()
            .map(|part| nanos(&part.amount))
            .sum();
        assert_eq!(
            nanos(&row.baseline) + parts,
            nanos(&row.expected_profit),
            "to the last unit"
        );
        let expected = nanos(&row.expected_profit) - 40_000_000_000;
        assert_eq!(nanos(&row.expected_return), expected);
    }
    // The truth is 500 and some for banks, -100 and some for shops.
    let near = |row: &pb::Prequalification, truth: f64| {
        let profit: f64 = text(row.expected_profit.as_ref()).parse().unwrap();
        assert!(
            (profit - truth).abs() < 60.0,
            "{profit} is not near {truth}"
        );
    };
    near(&bank, 510.0);
    near(&shop, -90.0);
    let Outcome::Rejection(rejection) = &outcomes[4] else {
        panic!("{:?}", outcomes[4])
    };
    assert_eq!(rejection.reason(), pb::ErrorReason::PartyNotFound);
    assert_eq!(rejection.field, "prospects[4].party_id");
    assert_eq!(answer.model.as_ref().unwrap().horizon_days, 365);
    // The same question again, to the byte; and half the chance of winning halves the profit.
    assert_eq!(prequalify(&world, request.clone()).await.1, answer);
    let half = pb::PrequalifyProspectsRequest {
        win_probability: Some(0.5),
        ..request
    };
    let (outcomes, _) = prequalify(&world, half).await;
    let profit: f64 = text(bank.expected_profit.as_ref()).parse().unwrap();
    let half: f64 = text(answered(&outcomes[0]).expected_return.as_ref())
        .parse()
        .unwrap();
    assert!((half - (profit / 2.0 - 40.0)).abs() < 1e-5);
}

#[tokio::test]
async fn thin_evidence_is_reviewed_or_refused_and_never_guessed() {
    let world = world().await;
    let unknown = pb::PrequalifyProspectsRequest {
        prospects: vec![inline(vec![category("HAT", "tall")])],
        ..Default::default()
    };
    let (outcomes, _) = prequalify(&world, unknown).await;
    let answer = answered(&outcomes[0]);
    assert_eq!(answer.decision(), Decision::Review);
    assert_eq!(
        answer.decision_reason(),
        pb::DecisionReason::TraitsNeverSeen
    );
    let few = pb::PrequalifyProspectsRequest {
        prospects: stored(&["p1"]),
        training_period: Some(days(0, 10)),
        ..Default::default()
    };
    let (outcomes, _) = prequalify(&world, few).await;
    let answer = answered(&outcomes[0]);
    assert_eq!(answer.decision(), Decision::Review);
    assert_eq!(
        answer.decision_reason(),
        pb::DecisionReason::TooFewCustomers
    );

    let empty = World::start().await;
    let profile = empty
        .prospects()
        .get_profile(pb::GetProfileRequest::default())
        .await;
    let status = profile.unwrap_err();
    let (name, metadata) = reason(&status);
    assert_eq!(name, "EVIDENCE_TOO_THIN");
    assert_eq!(
        (metadata["customers"].as_str(), metadata["minimum"].as_str()),
        ("0", "40")
    );
    let lookalikes = empty
        .prospects()
        .list_lookalikes(pb::ListLookalikesRequest::default())
        .await;
    assert_eq!(reason(&lookalikes.unwrap_err()).0, "EVIDENCE_TOO_THIN");
}

#[tokio::test]
async fn a_trait_that_leaks_the_outcome_is_refused() {
    let world = world().await;
    let definition = pb::TraitDefinition {
        key: "PAYS_LATE".to_owned(),
        r#type: pb::TraitType::Flag as i32,
        sensitivity: pb::TraitSensitivity::Ordinary as i32,
        known_after_conversion: true,
        bin_edges: Vec::new(),
    };
    define(&world, definition).await;
    let flag = pb::TraitValue {
        value: Some(pb::trait_value::Value::Flag(true)),
    };
    let leak = pb::Trait {
        key: "PAYS_LATE".to_owned(),
        value: Some(flag),
    };
    let wrong_type = pb::TraitValue {
        value: Some(pb::trait_value::Value::Number(decimal("3"))),
    };
    let wrong_type = pb::Trait {
        key: "INDUSTRY".to_owned(),
        value: Some(wrong_type),
    };
    let request = pb::PrequalifyProspectsRequest {
        prospects: vec![
            inline(vec![leak]),
            inline(vec![wrong_type]),
            inline(vec![category("INDUSTRY", "bank")]),
            pb::ProspectInput { prospect: None },
        ],
        ..Default::default()
    };
    let (outcomes, _) = prequalify(&world, request).await;
    let refusals = [
        (
            0,
            pb::ErrorReason::TraitLeaksOutcome,
            "prospects[0].inline.traits",
        ),
        (
            1,
            pb::ErrorReason::TraitTypeMismatch,
            "prospects[1].inline.traits",
        ),
        (3, pb::ErrorReason::FieldRequired, "prospects[3].prospect"),
    ];
    for (index, reason, field) in refusals {
        let rejection = rejection_of(&outcomes[index]);
        assert_eq!(
            (rejection.reason(), rejection.field.as_str()),
            (reason, field)
        );
    }
    assert_eq!(answered(&outcomes[2]).decision(), Decision::Pursue);
}

#[tokio::test]
async fn hostile_questions_are_refused_by_field() {
    let world = World::start().await;
    let ask = || pb::PrequalifyProspectsRequest {
        prospects: vec![inline(Vec::new())],
        ..Default::default()
    };
    let cases = [
        (
            pb::PrequalifyProspectsRequest {
                prospects: Vec::new(),
                ..ask()
            },
            "BATCH_EMPTY",
            "prospects",
        ),
        (
            pb::PrequalifyProspectsRequest {
                prospects: stored(&["x"; 1_001]),
                ..ask()
            },
            "BATCH_TOO_LARGE",
            "prospects",
        ),
        (
            pb::PrequalifyProspectsRequest {
                win_probability: Some(f64::NAN),
                ..ask()
            },
            "NUMBER_OUT_OF_RANGE",
            "win_probability",
        ),
        (
            pb::PrequalifyProspectsRequest {
                win_probability: Some(1.5),
                ..ask()
            },
            "NUMBER_OUT_OF_RANGE",
            "win_probability",
        ),
        (
            pb::PrequalifyProspectsRequest {
                horizon_days: -3,
                ..ask()
            },
            "NUMBER_OUT_OF_RANGE",
            "horizon_days",
        ),
        (
            pb::PrequalifyProspectsRequest {
                acquisition_cost: Some(usd("-1")),
                ..ask()
            },
            "NUMBER_OUT_OF_RANGE",
            "acquisition_cost",
        ),
        (
            pb::PrequalifyProspectsRequest {
                training_period: Some(days(9, 3)),
                ..ask()
            },
            "PERIOD_INVERTED",
            "training_period",
        ),
    ];
    for (request, reason, field) in cases {
        let status = world
            .prospects()
            .prequalify_prospects(request)
            .await
            .unwrap_err();
        assert_eq!(refusal(&status), (reason.to_owned(), field.to_owned()));
    }
    for fraction in [f64::NAN, f64::INFINITY, -0.1, 0.6] {
        let best = pb::BestCustomers {
            fraction,
            ..Default::default()
        };
        let request = pb::GetProfileRequest {
            best_customers: Some(best),
            ..Default::default()
        };
        let status = world.prospects().get_profile(request).await.unwrap_err();
        let expected = (
            "NUMBER_OUT_OF_RANGE".to_owned(),
            "best_customers.fraction".to_owned(),
        );
        assert_eq!(refusal(&status), expected);
    }
    let best = pb::BestCustomers {
        period: Some(pb::google_type::Interval {
            start_time: Some(day(5)),
            end_time: Some(day(4)),
        }),
        ..Default::default()
    };
    let request = pb::ListLookalikesRequest {
        best_customers: Some(best),
        ..Default::default()
    };
    let status = world
        .prospects()
        .list_lookalikes(request)
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&status),
        (
            "PERIOD_INVERTED".to_owned(),
            "best_customers.period".to_owned()
        )
    );
}
