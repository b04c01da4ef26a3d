//! `ProspectService` where the evidence is treacherous.

use crate::{
    harness::{World, category, party, sale, text},
    prospects::{answered, inline, prequalify},
};
use profitscore::api::pb::{self, PrequalificationDecision as Decision};

/// Customers who all earn the same: whatever goes with their ids must not look like a signal.
#[tokio::test]
async fn equals_are_not_told_apart_by_their_ids() {
    let world = World::start().await;
    let customers = (0..100).map(|i| (i, format!("c{i:03}")));
    let sales = customers
        .clone()
        .map(|(i, id)| sale(&id, &id, i, "10", "3"))
        .collect();
    world.post(sales).await;
    let parties = customers.map(|(i, id)| {
        let half = if i < 50 { "early" } else { "late" };
        party(&id, pb::PartyStage::Customer, vec![category("HALF", half)])
    });
    let request = pb::UpsertPartiesRequest {
        parties: parties.collect(),
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    let request = pb::GetProfileRequest::default();
    let answer = world.prospects().get_profile(request).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(
        (answer.customer_count, answer.best_customer_count),
        (100, 0)
    );
    assert!(!answer.has_signal);
}

/// Heavy losses of very few customers are drawn in to what the others earn; the answer must not be sure for that.
#[tokio::test]
async fn a_loss_that_drawing_in_hides_is_not_pursued() {
    let world = World::start().await;
    let mut activities: Vec<_> = (0..97)
        .map(|i| sale(&format!("s{i}"), &format!("c{i}"), i, "10", "10"))
        .collect();
    for i in 97..100 {
        activities.push(sale(&format!("s{i}"), &format!("c{i}"), i, "10", "5010"));
    }
    activities.push(sale("last", "c0", 900, "0", "0"));
    world.post(activities).await;
    let parties = (0..100).map(|i| {
        let id = format!("c{i}");
        party(
            &id,
            pb::PartyStage::Customer,
            vec![category("AREA", "north")],
        )
    });
    let request = pb::UpsertPartiesRequest {
        parties: parties.collect(),
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    let request = pb::PrequalifyProspectsRequest {
        prospects: vec![inline(vec![category("AREA", "north")])],
        ..Default::default()
    };
    let (outcomes, answer) = prequalify(&world, request).await;
    assert_eq!(text(answer.model.unwrap().mean_profit.as_ref()), "-150");
    assert_eq!(answered(&outcomes[0]).decision(), Decision::Nurture);
}
