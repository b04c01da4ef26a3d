//! What several roles are asked to do, and what there is to be told of it.

use crate::{
    harness::{World, sale},
    roles::showing,
};
use profitscore::api::pb;

/// So that there is something to learn from of how customers order.
pub async fn some_come_again(world: &World) {
    let again = (0..60).filter(|number| number % 2 == 1).map(|number| {
        let on = number + 7 + number * 5 % 40;
        sale(
            &format!("again{number}"),
            &format!("c{number}"),
            on,
            "200",
            "50",
        )
    });
    let request = pb::SubmitActivitiesRequest {
        activities: again.collect(),
        ..Default::default()
    };
    let request = showing("ingest", request);
    world.activities().submit_activities(request).await.unwrap();
}

/// Whether prospects are worth it.
pub fn prequalify() -> pb::PrequalifyProspectsRequest {
    let stored = |id: &str| pb::ProspectInput {
        prospect: Some(pb::prospect_input::Prospect::PartyId(id.to_owned())),
    };
    pb::PrequalifyProspectsRequest {
        prospects: vec![stored("c60"), stored("c61"), stored("nobody")],
        horizon_days: 10,
        win_probability: Some(0.5),
        ..Default::default()
    }
}

/// What a customer brings by those whom it brought.
pub fn brought_by(customer: &str) -> pb::GetReferralValueRequest {
    pb::GetReferralValueRequest {
        customer_id: customer.to_owned(),
        ..Default::default()
    }
}
