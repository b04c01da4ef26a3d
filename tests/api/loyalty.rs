//! The loyalty guard: before any remedy it is told that a customer is loyal, and what a price would risk.

use crate::harness::{World, activity, days, decimal, sale, usd};
use profitscore::api::pb::{self, RelationshipAction, SimulationWarning, activity::Kind};

/// The day after everything, thirty months after the first.
const END: i64 = 912;

/// Sales each month from one day on, each at a loss of ten.
fn sales(customer: &str, from: i64, every: usize) -> Vec<pb::Activity> {
    let starts = (from..END).step_by(30).step_by(every);
    let sales = starts.map(|on| sale(&format!("{customer}-{on}"), customer, on, "100", "110"));
    sales.collect()
}

fn feedback(customer: &str, score: &str) -> pb::Activity {
    let kind = Kind::Feedback(pb::Feedback {
        score: Some(decimal(score)),
        worst_score: Some(decimal("0")),
        best_score: Some(decimal("10")),
        ..Default::default()
    });
    activity(&format!("{customer}-said"), customer, END - 5, kind)
}

async fn filled() -> World {
    let world = World::start().await;
    let mut all = sales("old", 0, 1);
    all.extend(sales("content", 0, 1));
    all.push(feedback("content", "5"));
    all.extend(sales("unhappy", 0, 1));
    all.push(feedback("unhappy", "4.9"));
    // Here for nineteen months; and for thirty, but in three of the last twelve alone.
    all.extend(sales("new", 330, 1));
    all.extend(sales("rare", 0, 4));
    world.post(all).await;
    world
}

async fn simulated(
    world: &World,
    customer: &str,
    terms: pb::SimulationTerms,
) -> pb::SimulateRelationshipResponse {
    let request = pb::SimulateRelationshipRequest {
        customer_id: customer.to_owned(),
        period: Some(days(END - 365, END)),
        terms: Some(terms),
        ..Default::default()
    };
    let answer = world.advice().simulate_relationship(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn who_is_loyal_is_not_pushed_without_a_warning() {
    let world = filled().await;
    for (customer, is_loyal, tenure, active) in [
        ("old", true, 30, 12),
        ("content", true, 30, 12),
        ("unhappy", false, 30, 12),
        ("new", false, 19, 12),
        ("rare", false, 30, 3),
    ] {
        let found = simulated(&world, customer, pb::SimulationTerms::default()).await;
        let loyalty = found.loyalty.unwrap();
        let told = (
            loyalty.is_loyal,
            loyalty.tenure_months,
            loyalty.active_months,
        );
        assert_eq!(told, (is_loyal, tenure, active), "{customer}");
        let warning = i32::from(SimulationWarning::LoyalCustomer);
        assert_eq!(found.warnings.contains(&warning), is_loyal, "{customer}");
    }
}

#[tokio::test]
async fn remedies_come_in_their_order_and_tell_what_they_risk() {
    let world = filled().await;
    let terms = pb::SimulationTerms {
        attrition_per_tenth: Some(decimal("0.2")),
        price_rise: Some(decimal("0.3")),
        opportunity_rate_per_hour: Some(usd("10")),
        ..Default::default()
    };
    let found = simulated(&world, "old", terms).await;
    let steps: Vec<i32> = found.actions.iter().map(|one| one.step).collect();
    assert!(
        steps.is_sorted(),
        "reassess, educate, renegotiate, migrate, end"
    );
    assert_eq!(steps.first(), Some(&pb::RemedyStep::Reassess.into()));
    let last = found.actions.last().unwrap();
    assert_eq!(last.action(), RelationshipAction::Direct, "the last resort");
    let reprice = found
        .actions
        .iter()
        .find(|one| one.action() == RelationshipAction::Reprice)
        .unwrap();
    // Three tenths, each survived by four of five.
    assert!((reprice.stay_probability.unwrap() - 0.512).abs() < 1e-12);
}
