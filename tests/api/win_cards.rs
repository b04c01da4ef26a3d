//! Models of winning prospects: measured on outcomes that were held back, replaced only by what is not worse, and kept
//! from traits that tell what they must not.

use crate::{
    harness::{World, category, party, reason, text, usd},
    win_models::{ask, date, decided, market, one, store},
};
use profitscore::api::pb::{
    self, AdoptionReason, OutcomeStatus, PrequalificationDecision as Decision,
};

async fn adopt(world: &World, request_id: &str, validate_only: bool) -> pb::AdoptModelResponse {
    let request = pb::AdoptModelRequest {
        request_id: request_id.to_owned(),
        note: "spring".to_owned(),
        validate_only,
        ..Default::default()
    };
    world
        .prospects()
        .adopt_model(request)
        .await
        .unwrap()
        .into_inner()
}

async fn models(world: &World) -> Vec<pb::ModelVersion> {
    let request = pb::ListModelsRequest::default();
    let answer = world.prospects().list_models(request).await.unwrap();
    answer.into_inner().model_versions
}

#[tokio::test]
async fn a_model_is_replaced_only_by_what_is_not_worse_and_can_come_back() {
    let world = market().await;
    store(&world, decided(0, 200, 20_000)).await;
    let tried = adopt(&world, "m1", true).await;
    assert!(tried.adopted && tried.written_at.is_none());
    assert!(models(&world).await.is_empty());
    let first = adopt(&world, "m1", false).await;
    assert_eq!(first.reason(), AdoptionReason::First);
    let again = adopt(&world, "m1", false).await;
    assert_eq!(
        (again.adopted, again.reason()),
        (true, AdoptionReason::SameRequest)
    );
    assert_eq!(
        again.model.unwrap().fingerprint,
        first.model.unwrap().fingerprint
    );
    let thin = adopt(&world, "m2", false).await;
    assert_eq!(
        (thin.adopted, thin.reason()),
        (false, AdoptionReason::TooFewNewOutcomes)
    );
    let (before, _) = one(&world, ask("REFERRAL")).await;
    store(&world, decided(200, 100, 20_200)).await;
    // The pinned model is as it was, whatever was decided since.
    let (pinned, whole) = one(&world, ask("REFERRAL")).await;
    assert_eq!(pinned.win_chance, before.win_chance);
    assert_eq!(whole.win_model.unwrap().version, Some(1));
    let next = adopt(&world, "m2", false).await;
    assert_eq!(
        (next.adopted, next.reason()),
        (true, AdoptionReason::NotWorse)
    );
    let contest = next.contest.unwrap();
    assert_eq!(contest.count, 50);
    assert!(contest.log_loss_difference <= contest.standard_error);
    let (newer, _) = one(&world, ask("REFERRAL")).await;
    assert_ne!(newer.win_chance, before.win_chance);
    let restore = pb::RestoreModelRequest {
        version: 1,
        request_id: "back".to_owned(),
        note: "the new one surprises".to_owned(),
        ..Default::default()
    };
    let restored = world.prospects().restore_model(restore.clone()).await;
    let restored = restored.unwrap().into_inner().model_version.unwrap();
    assert_eq!((restored.version, restored.restores), (3, Some(1)));
    let (back, whole) = one(&world, ask("REFERRAL")).await;
    assert_eq!(back.win_chance, before.win_chance);
    assert_eq!(whole.win_model.unwrap().version, Some(3));
    let versions: Vec<_> = models(&world)
        .await
        .iter()
        .map(|model| model.version)
        .collect();
    assert_eq!(versions, [3, 2, 1]);
    let second = pb::PrequalifyProspectsRequest {
        model_version: Some(2),
        ..ask("REFERRAL")
    };
    assert_eq!(one(&world, second).await.0.win_chance, newer.win_chance);
    for (version, request_id, expected) in [
        (9, "x", "MODEL_VERSION_NOT_FOUND"),
        (0, "x", "FIELD_REQUIRED"),
        (2, "back", "REQUEST_ID_REUSED"),
    ] {
        let request = pb::RestoreModelRequest {
            version,
            request_id: request_id.to_owned(),
            ..restore.clone()
        };
        let status = world.prospects().restore_model(request).await.unwrap_err();
        assert_eq!(reason(&status).0, expected);
    }
}

#[tokio::test]
async fn a_model_that_is_worse_is_not_adopted() {
    let world = market().await;
    store(&world, decided(0, 400, 20_000)).await;
    assert!(adopt(&world, "m1", false).await.adopted);
    // For a while nothing is as it was, and then everything is: what is learnt from both is worse.
    let (parties, mut odd) = decided(400, 120, 20_400);
    for (index, own) in odd.iter_mut().enumerate() {
        let is_won = index % 2 == 1;
        own.status = [OutcomeStatus::Lost, OutcomeStatus::Won][usize::from(is_won)] as i32;
        own.brought = None;
    }
    store(&world, (parties, odd)).await;
    store(&world, decided(520, 120, 20_520)).await;
    let next = adopt(&world, "m2", false).await;
    assert_eq!(
        (next.adopted, next.reason()),
        (false, AdoptionReason::Worse),
        "{:?}",
        next.contest
    );
    assert!(next.written_at.is_none());
    assert_eq!(models(&world).await.len(), 1);
}

#[tokio::test]
async fn the_card_is_of_outcomes_that_were_held_back() {
    let world = market().await;
    store(&world, decided(0, 300, 20_000)).await;
    let request = pb::EvaluateModelRequest {
        acquisition_cost: Some(usd("10")),
        ..Default::default()
    };
    let ask = async |request: pb::EvaluateModelRequest| {
        world
            .prospects()
            .evaluate_model(request)
            .await
            .unwrap()
            .into_inner()
    };
    let card = ask(request.clone()).await;
    assert_eq!(card.held_back_from, date(20_200));
    assert_eq!(card.earlier_count, 200);
    let later = card.later_time.as_ref().unwrap();
    assert_eq!((later.count, later.won_count), (100, 40));
    assert!(later.auc.unwrap() > 0.65 && later.brier < later.brier_of_base_rate);
    assert!(later.calibration_error < 0.1, "{later:?}");
    assert_eq!((later.reliability.len(), later.deciles.len()), (10, 10));
    assert!(later.deciles[0].lift.unwrap() > 1.3);
    let other = card.other_prospects.as_ref().unwrap();
    assert_eq!(other.count, 300);
    // Nobody had bought before that day: nothing can be said of what they would bring, and what they did is known.
    let value = card.later_value.as_ref().unwrap();
    assert_eq!(value.count, 100);
    assert_eq!(
        text(value.everybody.as_ref()),
        (40 * 50 - 100 * 10).to_string()
    );
    assert_eq!(text(value.perfect.as_ref()), (40 * 40).to_string());
    assert!(value.gini.is_some() && value.best_cut_off.is_some());
    assert_eq!(value.curve.last().unwrap().count, 100);
    let advice = &card.advice[0];
    assert_eq!(
        (advice.advice(), advice.decided_count, advice.won_count),
        (Decision::Nurture, 300, 120)
    );
    assert_eq!(text(advice.brought.as_ref()), "6000");
    assert_eq!(ask(request.clone()).await, card);
    let from = pb::EvaluateModelRequest {
        held_back_from: date(20_250),
        ..request
    };
    assert_eq!(ask(from).await.later_time.unwrap().count, 50);
    // Nothing is known yet, and nothing is made up.
    let empty = World::start().await;
    let request = pb::EvaluateModelRequest::default();
    let card = empty
        .prospects()
        .evaluate_model(request)
        .await
        .unwrap()
        .into_inner();
    assert!(card.later_time.is_none() && card.other_prospects.is_none());
    assert!(card.held_back_from.is_none() && card.later_value.is_none());
    let wrong = pb::EvaluateModelRequest {
        model_version: Some(4),
        ..Default::default()
    };
    let status = empty.prospects().evaluate_model(wrong).await.unwrap_err();
    let (found, metadata) = reason(&status);
    assert_eq!(found, "MODEL_VERSION_NOT_FOUND");
    assert_eq!(
        (metadata["version"].as_str(), metadata["newest"].as_str()),
        ("4", "0")
    );
}

#[tokio::test]
async fn a_planted_leak_is_refused_by_name() {
    let world = market().await;
    let (mut parties, outcomes) = decided(0, 200, 20_000);
    for (party, outcome) in parties.iter_mut().zip(&outcomes) {
        let has_paid = ["no", "yes"][usize::from(outcome.status() == OutcomeStatus::Won)];
        party.traits.push(category("HAS_PAID", has_paid));
    }
    store(&world, (parties, outcomes)).await;
    let (_, whole) = one(&world, ask("REFERRAL")).await;
    let model = whole.win_model.unwrap();
    let leaks: Vec<_> = model
        .leaking_traits
        .iter()
        .map(|leak| leak.key.as_str())
        .collect();
    assert_eq!(leaks, ["HAS_PAID"]);
    assert!(model.leaking_traits[0].auc > 0.9);
    assert!(model.auc.unwrap() < 0.9);
}

#[tokio::test]
async fn what_stands_in_for_a_protected_trait_is_named() {
    let world = World::start().await;
    let definition = pb::TraitDefinition {
        key: "SEX".to_owned(),
        r#type: pb::TraitType::Category as i32,
        sensitivity: pb::TraitSensitivity::SpecialCategory as i32,
        ..Default::default()
    };
    let request = pb::PutTraitDefinitionRequest {
        trait_definition: Some(definition),
        ..Default::default()
    };
    world
        .customers()
        .put_trait_definition(request)
        .await
        .unwrap();
    let parties = (0..100_usize).map(|number| {
        let sex = ["f", "m"][number % 2];
        let name = if number % 10 < 8 { sex } else { "either" };
        let traits = vec![
            category("FIRST_NAME", name),
            category("SEX", sex),
            category("SHOE", ["38", "39"][number / 2 % 2]),
        ];
        party(&format!("p{number:02}"), pb::PartyStage::Prospect, traits)
    });
    let request = pb::UpsertPartiesRequest {
        parties: parties.collect(),
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    let request = pb::GetProxyReportRequest::default();
    let report = world.prospects().get_proxy_report(request).await;
    let report = report.unwrap().into_inner();
    assert_eq!(report.party_count, 100);
    let lines: Vec<_> = report
        .proxies
        .iter()
        .map(|proxy| {
            (
                proxy.key.as_str(),
                proxy.protected_key.as_str(),
                proxy.alarm,
            )
        })
        .collect();
    assert_eq!(lines, [("FIRST_NAME", "SEX", true), ("SHOE", "SEX", false)]);
}
