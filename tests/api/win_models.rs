//! How likely prospects are won: learnt from outcomes, told in parts, measured on outcomes that were held back, and
//! replaced only by what is not worse.

use crate::{
    harness::{World, category, decimal, effort, party, reason, refusal, sale, text, usd},
    outcomes::{outcome, record},
    prospects::{answered, inline, prequalify},
};
use profitscore::api::pb::{
    self, DecisionReason, ModelStanding, OutcomeStatus, PrequalificationDecision as Decision,
    google_type::Date,
};

/// The date of a day, from 1970.
pub fn date(day: i32) -> Option<Date> {
    use profitscore::domain::time::Day;
    let date = Day(day).date().unwrap();
    Some(Date {
        year: i32::from(date.year()),
        month: i32::from(date.month()),
        day: i32::from(date.day()),
    })
}

/// Six of ten referrals are won, and two of ten who were called; SHOE says nothing. Decided from a day on, one a day.
pub fn decided(first: usize, count: usize, day: i32) -> (Vec<pb::Party>, Vec<pb::ProspectOutcome>) {
    let mut parties = Vec::new();
    let mut outcomes = Vec::new();
    for number in first..first + count {
        let id = format!("d{number:04}");
        let by = ["REFERRAL", "CALL"][number % 2];
        let shoe = ["38", "39", "40"][number / 2 % 3];
        let is_won = match by {
            "REFERRAL" => number / 2 % 10 < 6,
            _ => number / 2 % 10 < 2,
        };
        let status = [OutcomeStatus::Lost, OutcomeStatus::Won][usize::from(is_won)];
        let traits = vec![category("BY", by), category("SHOE", shoe)];
        parties.push(party(&id, pb::PartyStage::Prospect, traits));
        let on = day + i32::try_from(number - first).unwrap();
        outcomes.push(pb::ProspectOutcome {
            decided_on: date(on),
            brought: is_won.then(|| usd("50")),
            advice: Decision::Nurture as i32,
            ..outcome(&format!("o{number:04}"), &id, status)
        });
    }
    (parties, outcomes)
}

pub async fn store(world: &World, (parties, outcomes): (Vec<pb::Party>, Vec<pb::ProspectOutcome>)) {
    let request = pb::UpsertPartiesRequest {
        parties,
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    let answer = record(world, outcomes, false).await;
    assert!(
        answer
            .results
            .iter()
            .all(|result| matches!(result.outcome, Some(pb::outcome_result::Outcome::Stored(_))))
    );
}

/// 80 customers: referrals earn 100 less what serving them costs, those who were called 40 with complaints.
pub async fn market() -> World {
    let world = World::start().await;
    let mut parties = Vec::new();
    let mut activities = Vec::new();
    for i in 0..80_i64 {
        let id = format!("c{i:02}");
        let (by, cost) =
            [("REFERRAL", 900 + i % 7), ("CALL", 930 + i % 5)][usize::from(i % 2 == 1)];
        parties.push(party(
            &id,
            pb::PartyStage::Customer,
            vec![category("BY", by)],
        ));
        activities.push(sale(&format!("s{i}"), &id, i, "1000", &cost.to_string()));
        if by == "CALL" {
            let kind = pb::activity::Kind::Complaint(pb::Complaint {
                severity: pb::ComplaintSeverity::Minor as i32,
                compensation: Some(usd("30")),
                ..Default::default()
            });
            activities.push(crate::harness::activity(&format!("k{i}"), &id, i, kind));
        }
    }
    activities.push(sale("last", "c00", 900, "0", "0"));
    world.post(activities).await;
    let request = pb::UpsertPartiesRequest {
        parties,
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    world
}

pub fn ask(by: &str) -> pb::PrequalifyProspectsRequest {
    pb::PrequalifyProspectsRequest {
        prospects: vec![inline(vec![category("BY", by)])],
        ..Default::default()
    }
}

pub async fn one(
    world: &World,
    request: pb::PrequalifyProspectsRequest,
) -> (pb::Prequalification, pb::PrequalifyProspectsResponse) {
    let (outcomes, answer) = prequalify(world, request).await;
    (answered(&outcomes[0]).clone(), answer)
}

#[tokio::test]
async fn without_outcomes_the_answer_is_the_return_if_it_is_won() {
    let world = market().await;
    let (answer, whole) = one(&world, ask("REFERRAL")).await;
    assert!(whole.win_model.is_none() && answer.win_chance.is_none());
    assert_eq!(answer.expected_return, answer.expected_profit);
    assert_eq!(answer.decision(), Decision::Pursue);
}

#[tokio::test]
async fn every_part_of_the_expected_return_is_told_and_adds_up() {
    let world = market().await;
    store(&world, decided(0, 200, 20_000)).await;
    let request = pb::PrequalifyProspectsRequest {
        acquisition_cost: Some(usd("7")),
        discount_rate: Some(decimal("0.1")),
        effort_hours: Some(decimal("0.5")),
        opportunity_rate: Some(usd("30")),
        ..ask("REFERRAL")
    };
    let (answer, whole) = one(&world, request.clone()).await;
    let model = whole.win_model.unwrap();
    assert_eq!((model.decided_count, model.won_count), (200, 80));
    assert_eq!(model.standing(), ModelStanding::Signal);
    assert!(model.version.is_none() && model.auc.unwrap() > 0.6);
    // Everything was stored today, and decided long ago.
    assert_eq!(model.recorded_late_count, 200);
    let win = answer.win_chance.as_ref().unwrap();
    assert!((0.5..0.7).contains(&win.probability), "{win:?}");
    assert!(win.lower < win.probability && win.probability < win.upper);
    let parts = win.contributions.iter().map(|part| part.log_odds);
    let sum = parts.fold(win.baseline_log_odds, |sum, part| sum + part);
    assert!((sum - win.log_odds).abs() < 1e-9);
    assert_eq!(win.evidence_count, 100);
    let of =
        |money: &Option<pb::google_type::Money>| -> f64 { text(money.as_ref()).parse().unwrap() };
    let profit = of(&answer.expected_profit);
    assert!((80.0..110.0).contains(&profit), "{profit}");
    // A referral does not complain, and asks for less care than those who were called.
    let service = answer.expected_cost_to_serve.as_ref().unwrap();
    assert!(of(&service.amount) < 10.0, "{service:?}");
    assert_eq!(answer.cost_to_serve_percentile, Some(0.0));
    let revenue = of(&answer.expected_revenue.as_ref().unwrap().amount);
    assert!((990.0..1_010.0).contains(&revenue), "{revenue}");
    assert!((0.9..1.0).contains(&answer.discount_factor));
    let discounted = of(&answer.discounted_profit);
    assert!((discounted - profit * answer.discount_factor).abs() < 1e-5);
    let expected = of(&answer.expected_return);
    assert!((expected - (win.probability * discounted - 7.0)).abs() < 1e-5);
    assert!((answer.return_on_effort.unwrap() - expected / 7.0).abs() < 1e-6);
    assert!((of(&answer.return_per_hour) - expected / 0.5).abs() < 1e-5);
    assert_eq!(text(answer.hurdle.as_ref()), "15");
    let range = answer.expected_return_interval.as_ref().unwrap();
    assert!(of(&range.lower) <= expected && expected <= of(&range.upper));
    let margin = of(&answer.decision_margin);
    assert!((margin - (of(&range.lower) - 15.0)).abs() < 1e-9);
    assert_eq!(answer.decision(), Decision::Pursue);
    // Who was called is won too seldom; as a referral it would be worth it.
    let called = pb::PrequalifyProspectsRequest {
        prospects: ask("CALL").prospects,
        ..request.clone()
    };
    let (called, _) = one(&world, called).await;
    assert_eq!(called.decision(), Decision::Decline, "{called:?}");
    assert!(called.cost_to_serve_percentile.unwrap() > 0.4);
    let other = called.counterfactual.unwrap();
    assert_eq!(
        (other.key.as_str(), other.value.as_str()),
        ("BY", "REFERRAL")
    );
    assert_eq!(other.decision(), Decision::Pursue);
    // A probability that is given counts as before, and asks no model.
    let given = pb::PrequalifyProspectsRequest {
        win_probability: Some(0.5),
        ..ask("REFERRAL")
    };
    let (given, whole) = one(&world, given).await;
    assert!(whole.win_model.is_none() && given.win_chance.is_none());
    assert!((of(&given.expected_return) - profit / 2.0).abs() < 1e-5);
    // What was never seen is told, and judged by a person if nothing else is known.
    let (unseen, _) = one(&world, ask("CIRCUS")).await;
    assert_eq!(unseen.unseen_values[0].value, "CIRCUS");
    assert_eq!(unseen.decision_reason(), DecisionReason::TraitsNeverSeen);
}

/// What serving a prospect takes is a part of the return, in money and in time, and adds up.
#[tokio::test]
async fn what_serving_takes_is_a_part_of_its_own() {
    let world = market().await;
    // Who was called takes two hours in its first month, a referral none.
    let work = |i: i64| effort(&format!("e{i}"), &format!("c{i:02}"), i, "SERVICE", "120");
    world
        .post((0..80).filter(|i| i % 2 == 1).map(work).collect())
        .await;
    store(&world, decided(0, 200, 20_000)).await;
    let request = |by: &str| pb::PrequalifyProspectsRequest {
        acquisition_cost: Some(usd("1")),
        discount_rate: Some(decimal("0.1")),
        effort_hours: Some(decimal("0.5")),
        opportunity_rate: Some(usd("30")),
        ..ask(by)
    };
    let of =
        |money: &Option<pb::google_type::Money>| -> f64 { text(money.as_ref()).parse().unwrap() };
    for (by, minutes) in [("CALL", 120.0), ("REFERRAL", 0.0)] {
        let (answer, _) = one(&world, request(by)).await;
        let burden = answer.service_burden.as_ref().unwrap();
        let chance = answer.win_chance.as_ref().unwrap().probability;
        let cost = of(&burden.cost);
        let service = of(&answer.expected_cost_to_serve.as_ref().unwrap().amount);
        assert!((cost - chance * answer.discount_factor * service).abs() < 1e-5);
        let sum = of(&answer.expected_return) + cost;
        assert!((of(&burden.return_before) - sum).abs() < 1e-9);
        let range = burden.cost_interval.as_ref().unwrap();
        assert!(of(&range.lower) <= cost && cost <= of(&range.upper));
        let parts = burden.contributions.iter().map(|part| of(&part.amount));
        let told = parts.fold(of(&burden.baseline), |sum, part| sum + part);
        assert!((told - service).abs() < 1e-5, "{told} {service}");
        assert_eq!((burden.evidence_count, burden.customer_count), (40, 80));
        assert_eq!(burden.minutes_evidence_count, 40);
        assert!((burden.minutes - minutes).abs() < 12.0, "{burden:?}");
        assert!(burden.minutes_lower.unwrap() <= burden.minutes);
        assert!(burden.minutes <= burden.minutes_upper.unwrap());
        let hours = 0.5 + chance * burden.minutes / 60.0;
        let per_hour = of(&answer.return_per_total_hour);
        assert!((per_hour - of(&answer.expected_return) / hours).abs() < 1e-5);
        assert!((of(&answer.opportunity_margin) - (per_hour - 30.0)).abs() < 1e-9);
    }
    // Without hours of pursuing there are those of serving, and no rate to compare them with.
    let (answer, _) = one(&world, ask("CALL")).await;
    assert!(answer.return_per_hour.is_none() && answer.return_per_total_hour.is_some());
    assert!(answer.opportunity_margin.is_none());
}

/// What tells the won from the lost need not be known of customers: the nearest change is told all the same.
#[tokio::test]
async fn a_channel_that_only_outcomes_know_is_told_as_the_nearest_change() {
    let world = market().await;
    let (mut parties, outcomes) = decided(0, 200, 20_000);
    for party in &mut parties {
        party.traits[0].key = "CHANNEL".to_owned();
    }
    store(&world, (parties, outcomes)).await;
    let asked = |channel: &str| pb::PrequalifyProspectsRequest {
        prospects: vec![inline(vec![
            category("BY", "REFERRAL"),
            category("CHANNEL", channel),
        ])],
        acquisition_cost: Some(usd("35")),
        ..Default::default()
    };
    let (referred, whole) = one(&world, asked("REFERRAL")).await;
    assert_eq!(whole.win_model.unwrap().standing(), ModelStanding::Signal);
    assert_eq!(referred.decision(), Decision::Pursue, "{referred:?}");
    assert_eq!(referred.counterfactual, None);
    let (called, _) = one(&world, asked("CALL")).await;
    assert_ne!(called.decision(), Decision::Pursue, "{called:?}");
    let other = called.counterfactual.unwrap();
    assert_eq!(
        (other.key.as_str(), other.value.as_str(), other.decision()),
        ("CHANNEL", "REFERRAL", Decision::Pursue)
    );
    assert_eq!(other.expected_return, referred.expected_return);
    // The same without outcomes: from what customers bring alone.
    let alone = market().await;
    let request = pb::PrequalifyProspectsRequest {
        acquisition_cost: Some(usd("60")),
        ..ask("CALL")
    };
    let (called, whole) = one(&alone, request).await;
    assert!(whole.win_model.is_none());
    let other = called.counterfactual.unwrap();
    assert_eq!(
        (other.key.as_str(), other.value.as_str(), other.decision()),
        ("BY", "REFERRAL", Decision::Pursue)
    );
}

#[tokio::test]
async fn thin_evidence_and_drift_are_for_a_person() {
    let world = market().await;
    store(&world, decided(0, 30, 20_000)).await;
    let (thin, whole) = one(&world, ask("REFERRAL")).await;
    assert_eq!(
        whole.win_model.unwrap().standing(),
        ModelStanding::TooFewOutcomes
    );
    assert_eq!(thin.decision(), Decision::Review);
    assert_eq!(thin.decision_reason(), DecisionReason::TooFewOutcomes);
    store(&world, decided(30, 170, 20_030)).await;
    let (enough, _) = one(&world, ask("REFERRAL")).await;
    assert_eq!(enough.decision(), Decision::Pursue);
    // Sixty who are pursued now were all called, and none wears a shoe.
    let mut parties = Vec::new();
    let mut open = Vec::new();
    for number in 0..60 {
        let id = format!("n{number:02}");
        parties.push(party(
            &id,
            pb::PartyStage::Prospect,
            vec![category("BY", "CALL")],
        ));
        open.push(outcome(&format!("n{number}"), &id, OutcomeStatus::Open));
    }
    store(&world, (parties, open)).await;
    let (moved, whole) = one(&world, ask("REFERRAL")).await;
    let model = whole.win_model.unwrap();
    assert!(model.drift_alarm && model.drift.iter().any(|drift| drift.stability_index > 0.25));
    assert_eq!(moved.decision(), Decision::Review);
    assert_eq!(moved.decision_reason(), DecisionReason::DriftAlarm);
}

#[tokio::test]
async fn wrong_terms_are_refused_by_field() {
    let world = World::start().await;
    let cases = [
        (
            pb::PrequalifyProspectsRequest {
                discount_rate: Some(decimal("10.000001")),
                ..ask("CALL")
            },
            "discount_rate",
        ),
        (
            pb::PrequalifyProspectsRequest {
                effort_hours: Some(decimal("-1")),
                ..ask("CALL")
            },
            "effort_hours",
        ),
        (
            pb::PrequalifyProspectsRequest {
                opportunity_rate: Some(usd("-1")),
                ..ask("CALL")
            },
            "opportunity_rate",
        ),
        (
            pb::PrequalifyProspectsRequest {
                model_version: Some(-1),
                ..ask("CALL")
            },
            "model_version",
        ),
    ];
    for (request, field) in cases {
        let status = world
            .prospects()
            .prequalify_prospects(request)
            .await
            .unwrap_err();
        assert_eq!(
            refusal(&status),
            ("NUMBER_OUT_OF_RANGE".to_owned(), field.to_owned())
        );
    }
    let request = pb::PrequalifyProspectsRequest {
        model_version: Some(1),
        ..ask("CALL")
    };
    let status = world
        .prospects()
        .prequalify_prospects(request)
        .await
        .unwrap_err();
    assert_eq!(reason(&status).0, "MODEL_VERSION_NOT_FOUND");
}

#[tokio::test]
async fn what_a_prospect_needs_is_a_trait_like_others() {
    use pb::trait_value::Value;
    let needs = |needs: &[&str]| pb::Trait {
        key: "NEEDS".to_owned(),
        value: Some(pb::TraitValue {
            value: Some(Value::Set(pb::CategorySet {
                categories: needs.iter().map(|need| (*need).to_owned()).collect(),
            })),
        }),
    };
    let world = World::start().await;
    let mut parties = Vec::new();
    let mut sales = Vec::new();
    for i in 0..80_i64 {
        let id = format!("c{i:02}");
        let (own, cost): (&[&str], _) = match i % 4 {
            0 => (&["leasing", "advice"], "400"),
            1 => (&["leasing"], "500"),
            2 => (&["advice"], "980"),
            _ => (&["spare parts"], "990"),
        };
        parties.push(party(&id, pb::PartyStage::Customer, vec![needs(own)]));
        sales.push(sale(&format!("s{i}"), &id, i, "1000", cost));
    }
    sales.push(sale("last", "c00", 900, "0", "0"));
    world.post(sales).await;
    let request = pb::UpsertPartiesRequest {
        parties,
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    let request = |own: &[&str]| pb::PrequalifyProspectsRequest {
        prospects: vec![inline(vec![needs(own)])],
        hurdle: Some(usd("200")),
        ..Default::default()
    };
    let (leasing, _) = one(&world, request(&["leasing"])).await;
    assert_eq!(leasing.decision(), Decision::Pursue);
    assert_eq!(
        leasing.contributions[0].bin.as_ref().unwrap().label,
        "NEEDS = leasing"
    );
    let (parts, _) = one(&world, request(&["spare parts"])).await;
    assert_eq!(parts.decision(), Decision::Decline);
}
