//! What a relationship costs and gives, as it is reckoned by hand in docs/relationships.md, and what a sale takes back.

use crate::harness::{World, activity, decimal, is_posted, rejection, text, usd};
use profitscore::api::pb::{
    self, activity::Kind, effort_premium::Circumstance, google_type::Money,
};

fn effort(
    id: &str,
    minutes: &str,
    urgency: pb::EffortUrgency,
    channel: pb::ContactChannel,
) -> pb::Activity {
    let kind = Kind::Effort(pb::Effort {
        role_id: "CLERK".to_owned(),
        minutes: Some(decimal(minutes)),
        purpose: pb::EffortPurpose::Service as i32,
        channel: channel as i32,
        urgency: urgency as i32,
        complexity: pb::EffortComplexity::Standard as i32,
    });
    activity(id, "C", 3, kind)
}

fn bonus(id: &str, event: pb::BonusEvent, amount: &str, sale: &str) -> pb::Activity {
    let kind = Kind::Bonus(pb::Bonus {
        event: event as i32,
        amount: Some(usd(amount)),
        sale_activity_id: sale.to_owned(),
    });
    activity(id, "C", 4, kind)
}

fn commission(id: &str, amount: &str, sale: &str) -> pb::Activity {
    let kind = Kind::DirectCost(pb::DirectCost {
        kind: pb::DirectCostKind::Commission as i32,
        amount: Some(usd(amount)),
        sale_activity_id: sale.to_owned(),
    });
    activity(id, "C", 2, kind)
}

/// The world of the document.
fn by_hand() -> Vec<pb::Activity> {
    use pb::{BonusEvent, ContactChannel, EffortUrgency};
    let of = |id: &str, kind| activity(id, "C", 5, kind);
    vec![
        of(
            "sale",
            Kind::Sale(pb::Sale {
                revenue: Some(usd("1000")),
                cost_of_goods: Some(usd("400")),
                quantity: None,
                price: Some(pb::sale::Price::ListAmount(usd("1250"))),
            }),
        ),
        commission("commission", "50", "sale"),
        effort(
            "usual",
            "60",
            EffortUrgency::Normal,
            ContactChannel::Unspecified,
        ),
        effort(
            "rush",
            "30",
            EffortUrgency::Rush,
            ContactChannel::Unspecified,
        ),
        effort("visit", "10", EffortUrgency::Rush, ContactChannel::Visit),
        bonus("accrued", BonusEvent::Accrued, "30", "sale"),
        bonus("redeemed", BonusEvent::Redeemed, "10", ""),
        of(
            "gift",
            Kind::Appreciation(pb::Appreciation {
                kind: pb::AppreciationKind::Gift as i32,
                amount: Some(usd("20")),
                description: "tea".to_owned(),
            }),
        ),
        of(
            "won",
            Kind::Acquisition(pb::Acquisition {
                amount: Some(usd("25")),
                offer_id: "SPRING".to_owned(),
            }),
        ),
        of(
            "content",
            Kind::Feedback(pb::Feedback {
                score: Some(decimal("4")),
                worst_score: Some(decimal("1")),
                best_score: Some(decimal("5")),
                comment: "fast".to_owned(),
            }),
        ),
        of(
            "loud",
            Kind::Externality(pb::Externality {
                kind: pb::ExternalityKind::OtherCustomers as i32,
                estimate: Some(usd("-12.5")),
                source: "the neighbours".to_owned(),
            }),
        ),
        of(
            "partner",
            Kind::QualitativeFactor(pb::QualitativeFactor {
                name: "INNOVATION_PARTNER".to_owned(),
                weight: Some(decimal("2.5")),
                note: "tests what is new".to_owned(),
            }),
        ),
    ]
}

async fn put_costs(world: &World) {
    let premium = |role: &str, circumstance, extra: &str| pb::EffortPremium {
        role_id: role.to_owned(),
        circumstance: Some(circumstance),
        extra: Some(decimal(extra)),
    };
    let rush = Circumstance::Urgency(pb::EffortUrgency::Rush as i32);
    let visit = Circumstance::Channel(pb::ContactChannel::Visit as i32);
    let model = pb::CostModel {
        capacity_cost_rates: vec![pb::CapacityCostRate {
            role_id: "CLERK".to_owned(),
            rate_per_minute: Some(decimal("0.6")),
            practical_capacity: None,
        }],
        effort_premiums: vec![premium("", rush, "0.5"), premium("CLERK", visit, "0.25")],
        ..Default::default()
    };
    let request = pb::PutCostModelRequest {
        cost_model: Some(model.clone()),
        request_id: "premiums".to_owned(),
        ..Default::default()
    };
    let put = world.cost_models().put_cost_model(request).await.unwrap();
    let stored = put.into_inner().cost_model.unwrap();
    assert_eq!(stored.effort_premiums, model.effort_premiums);
}

async fn statement(world: &World) -> (pb::Statement, Vec<pb::StatementLine>) {
    let request = pb::GetCustomerStatementRequest {
        customer_id: "C".to_owned(),
        ..Default::default()
    };
    let answer = world.rankings().get_customer_statement(request).await;
    let answer = answer.unwrap().into_inner();
    (answer.statement.unwrap(), answer.lines)
}

fn amounts<const N: usize>(amounts: [&Option<Money>; N]) -> Vec<String> {
    amounts.iter().map(|amount| text(amount.as_ref())).collect()
}

#[tokio::test]
async fn a_relationship_is_reckoned_as_by_hand() {
    let world = World::start().await;
    put_costs(&world).await;
    world.post(by_hand()).await;
    let (of, lines) = statement(&world).await;
    let found = amounts([
        &of.net_revenue,
        &of.direct_costs,
        &of.contribution_margin,
        &of.cost_to_serve,
        &of.acquisition_cost,
        &of.bonus_cost,
        &of.appreciation_cost,
        &of.customer_margin,
        &of.premium_cost,
        &of.bonus_liability,
        &of.externality_other_customers,
    ]);
    let expected = [
        "1000", "50", "550", "73.5", "25", "30", "20", "401.5", "13.5", "20", "-12.5",
    ];
    assert_eq!(found, expected);
    assert_eq!(of.minutes, Some(decimal("100")));
    assert_eq!(of.rush_minutes, Some(decimal("40")));
    assert_eq!(of.rush_effort_share, Some(0.4));
    assert_eq!(of.price_realisation, Some(0.8));
    assert_eq!(of.return_on_service, Some(475.0 / 73.5));
    assert_eq!(of.mean_feedback, Some(0.75));
    assert_eq!(of.externality_reputation, None);
    let factor = &of.qualitative_factors[0];
    assert_eq!(factor.name, "INNOVATION_PARTNER");
    assert_eq!(factor.weight, Some(decimal("2.5")));
    let served = lines
        .iter()
        .filter(|line| line.section() == pb::StatementSection::CostToServe);
    let served = served.map(|line| (line.label.as_str(), text(line.amount.as_ref())));
    let expected = [
        ("CLERK SERVICE", "60"),
        ("CLERK RUSH PREMIUM", "12"),
        ("CLERK VISIT PREMIUM", "1.5"),
    ];
    let expected = expected.map(|(label, amount)| (label, amount.to_owned()));
    assert_eq!(served.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_sale_takes_back_what_it_caused() {
    let world = World::start().await;
    world.post(by_hand()).await;
    let reversal = pb::Reversal {
        reversal_id: "mistake".to_owned(),
        activity_id: "sale".to_owned(),
        reason: "entered twice".to_owned(),
        evidence_ref: String::new(),
    };
    let request = pb::ReverseActivitiesRequest {
        reversals: vec![reversal],
        ..Default::default()
    };
    let answer = world.activities().reverse_activities(request).await;
    assert!(is_posted(&answer.unwrap().into_inner().results[0]));
    let (of, _) = statement(&world).await;
    let found = amounts([&of.gross_revenue, &of.direct_costs, &of.bonus_liability]);
    assert_eq!(found, ["0", "0", "-10"]);
    assert_eq!(of.bonus_cost, None);
    let list = world.activities();
    let list = { list }
        .list_activities(pb::ListActivitiesRequest::default())
        .await;
    let list = list.unwrap().into_inner().entries;
    let reversed = |entry: &pb::LedgerEntry| entry.reversed_at.map(|at| at.position);
    let reversed: Vec<_> = list.iter().map(reversed).collect();
    let mut expected = vec![None; 13];
    for place in [0, 1, 5] {
        expected[place] = Some(13);
    }
    assert_eq!(reversed, expected);
    let late = pb::SubmitActivitiesRequest {
        activities: vec![
            commission("late", "1", "sale"),
            commission("lost", "1", "none"),
        ],
        ..Default::default()
    };
    let answer = world.activities().submit_activities(late).await;
    let results = answer.unwrap().into_inner().results;
    let refused = results.iter().map(rejection);
    let refused = refused.map(|refused| (refused.reason(), refused.field.as_str()));
    let expected = [
        (
            pb::ErrorReason::SaleAlreadyReversed,
            "activities[0].direct_cost.sale_activity_id",
        ),
        (
            pb::ErrorReason::SaleNotFound,
            "activities[1].direct_cost.sale_activity_id",
        ),
    ];
    assert_eq!(refused.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn what_is_submitted_is_listed_as_it_was() {
    let world = World::start().await;
    let submitted = by_hand();
    world.post(submitted.clone()).await;
    let request = pb::ListActivitiesRequest::default();
    let list = world.activities().list_activities(request).await.unwrap();
    let listed = list.into_inner().entries.into_iter();
    let listed = listed.map(|entry| match entry.entry {
        Some(pb::ledger_entry::Entry::Activity(activity)) => activity,
        other => panic!("{other:?}"),
    });
    assert_eq!(listed.collect::<Vec<_>>(), submitted);
    // The same again is the same; another sale is other content.
    let mut again = submitted[1].clone();
    let Some(Kind::DirectCost(cost)) = &mut again.kind else {
        panic!("the second is a commission");
    };
    cost.sale_activity_id.clear();
    let request = pb::SubmitActivitiesRequest {
        activities: vec![submitted[1].clone(), again],
        ..Default::default()
    };
    let answer = world.activities().submit_activities(request).await;
    let results = answer.unwrap().into_inner().results;
    let refused = rejection(&results[1]);
    assert_eq!(refused.reason(), pb::ErrorReason::ActivityConflict);
    assert_eq!(refused.field, "activities[1].direct_cost.sale_activity_id");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_field() {
    let world = World::start().await;
    let feedback = |score: &str, worst: &str, best: &str| {
        Kind::Feedback(pb::Feedback {
            score: Some(decimal(score)),
            worst_score: Some(decimal(worst)),
            best_score: Some(decimal(best)),
            comment: String::new(),
        })
    };
    let externality = |amount: &str, source: &str| {
        Kind::Externality(pb::Externality {
            kind: pb::ExternalityKind::Reputation as i32,
            estimate: Some(usd(amount)),
            source: source.to_owned(),
        })
    };
    let factor = Kind::QualitativeFactor(pb::QualitativeFactor {
        name: "LOYAL".to_owned(),
        weight: Some(decimal("0")),
        note: String::new(),
    });
    let kinds = [
        (
            feedback("6", "1", "5"),
            "NUMBER_OUT_OF_RANGE",
            "feedback.score",
        ),
        (
            feedback("5", "5", "5"),
            "FIELD_INVALID",
            "feedback.best_score",
        ),
        (
            externality("0", "x"),
            "FIELD_INVALID",
            "externality.estimate",
        ),
        (externality("1", ""), "FIELD_REQUIRED", "externality.source"),
        (factor, "FIELD_INVALID", "qualitative_factor.weight"),
        (
            Kind::Bonus(pb::Bonus::default()),
            "FIELD_REQUIRED",
            "bonus.event",
        ),
    ];
    let (kinds, expected): (Vec<_>, Vec<_>) = kinds
        .into_iter()
        .map(|(kind, reason, field)| (kind, (reason, field)))
        .unzip();
    let activities = kinds.into_iter().enumerate();
    let activities = activities.map(|(number, kind)| activity(&format!("x{number}"), "C", 1, kind));
    let request = pb::SubmitActivitiesRequest {
        activities: activities.collect(),
        ..Default::default()
    };
    let answer = world.activities().submit_activities(request).await;
    let results = answer.unwrap().into_inner().results;
    for (number, (result, (reason, field))) in results.iter().zip(expected).enumerate() {
        let refused = rejection(result);
        let name = refused.reason().as_str_name();
        assert_eq!(name, format!("ERROR_REASON_{reason}"));
        assert_eq!(refused.field, format!("activities[{number}].{field}"));
    }
}
