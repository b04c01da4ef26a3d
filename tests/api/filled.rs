//! A world in which every role finds something: written by those who may.

use crate::{
    harness::{World, cost_model, effort, party, sale, usd},
    outcomes::outcome,
    roles::showing,
};
use profitscore::api::pb;

/// Customers with and without profit, effort, a rent, traits of customers and a prospect.
pub async fn filled(world: &World) {
    let mut activities = vec![
        effort("e1", "c1", 5, "SERVICE", "100"),
        effort("e2", "c2", 40, "SALES", "30"),
    ];
    for number in 0..60 {
        let (id, customer) = (format!("s{number}"), format!("c{number}"));
        let cost = if number % 3 == 0 { "400" } else { "40" };
        let mut one = sale(&id, &customer, number % 60, "300", cost);
        one.dimensions = Some(pb::Dimensions {
            branch_id: format!("b{}", number % 4),
            ..Default::default()
        });
        activities.push(one);
    }
    let request = pb::SubmitActivitiesRequest {
        activities,
        ..Default::default()
    };
    let request = showing("ingest", request);
    let answer = world
        .activities()
        .submit_activities(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.results.len(), 62);
    let parties = (0..62).map(|number| {
        let industry = if number % 3 == 0 { "RETAIL" } else { "MINING" };
        let stage = match number {
            0..60 => pb::PartyStage::Customer,
            _ => pb::PartyStage::Prospect,
        };
        let traits = vec![crate::harness::category("INDUSTRY", industry)];
        party(&format!("c{number}"), stage, traits)
    });
    let request = pb::UpsertPartiesRequest {
        parties: parties.collect(),
        ..Default::default()
    };
    world
        .customers()
        .upsert_parties(showing("sales", request))
        .await
        .unwrap();
    let terms = pb::PriceTerms {
        customer_id: "c1".to_owned(),
        first_day: Some(crate::currencies::date(3)),
        discount_tier: "gold".to_owned(),
        nominal_discount: Some(crate::harness::decimal("0.1")),
        ..Default::default()
    };
    let request = pb::PutPriceTermsRequest {
        price_terms: vec![terms],
        ..Default::default()
    };
    let request = showing("ingest", request);
    world.price_terms().put_price_terms(request).await.unwrap();
    let request = pb::PutCostModelRequest {
        cost_model: Some(cost_model("SERVICE", "0.5", "600", 0, 60)),
        request_id: "r".to_owned(),
        ..Default::default()
    };
    world
        .cost_models()
        .put_cost_model(showing("finance", request))
        .await
        .unwrap();
    let request = pb::RecordOutcomesRequest {
        outcomes: vec![pb::ProspectOutcome {
            brought: Some(usd("5")),
            acquisition_cost: Some(usd("2")),
            ..outcome("o1", "c60", pb::OutcomeStatus::Won)
        }],
        ..Default::default()
    };
    // Programs that feed the ledger know what was brought.
    world
        .prospects()
        .record_outcomes(showing("ingest", request))
        .await
        .unwrap();
}
