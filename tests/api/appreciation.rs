//! A budget for appreciation, in the town of `customer_value`: parts add up to the budget in proportion to what is at
//! risk, nobody is above the ceiling, and who gets nothing says why.

use crate::{
    customer_value::{END, ask, asking, number, town, value},
    harness::{World, activity, days, reason, refusal, text, usd},
};
use profitscore::api::pb::{self, activity::Kind};
use std::collections::BTreeMap;

async fn pages(
    world: &World,
    request: &pb::AllocateAppreciationRequest,
    page_size: i32,
) -> pb::AllocateAppreciationResponse {
    let mut all = pb::AllocateAppreciationResponse::default();
    loop {
        let request = pb::AllocateAppreciationRequest {
            page_size,
            page_token: all.next_page_token.clone(),
            ..request.clone()
        };
        let page = world.advice().allocate_appreciation(request).await;
        let mut page = page.unwrap().into_inner();
        let mut customers = std::mem::take(&mut all.customers);
        customers.append(&mut page.customers);
        all = pb::AllocateAppreciationResponse { customers, ..page };
        if all.next_page_token.is_empty() {
            return all;
        }
    }
}

/// An amount in micro-units.
fn micros(money: Option<&pb::google_type::Money>) -> i64 {
    let money = money.unwrap();
    assert_eq!(money.nanos % 1_000, 0);
    money.units * 1_000_000 + i64::from(money.nanos) / 1_000
}

fn given(id: &str, customer: &str, on: i64, amount: &str) -> pb::Activity {
    let kind = Kind::Appreciation(pb::Appreciation {
        kind: pb::AppreciationKind::Gift.into(),
        amount: Some(usd(amount)),
        ..Default::default()
    });
    activity(id, customer, on, kind)
}

async fn filled() -> World {
    let world = town().await;
    // One before the period, one in it with each of two, of whom one objects.
    world
        .post(vec![
            given("g1", "loyal", 10, "5"),
            given("g2", "loyal", 390, "7.5"),
            given("g3", "c002", 391, "2"),
            given("g4", "c002", 392, "1"),
        ])
        .await;
    let request = pb::SetProfilingObjectionRequest {
        party_id: "c002".to_owned(),
        objects: true,
        ..Default::default()
    };
    let objected = world.customers().set_profiling_objection(request).await;
    objected.unwrap();
    world
}

fn asked(budget: &str) -> pb::AllocateAppreciationRequest {
    pb::AllocateAppreciationRequest {
        period: Some(days(380, END)),
        budget: Some(usd(budget)),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_budget_goes_where_profit_is_at_risk() {
    let world = filled().await;
    let all = pages(&world, &asked("1000"), 7).await;
    assert_eq!(pages(&world, &asked("1000"), 1_000).await, all);
    let rows: BTreeMap<&str, &pb::AppreciatedCustomer> = all
        .customers
        .iter()
        .map(|one| (one.customer_id.as_str(), one))
        .collect();
    assert_eq!(rows.len(), all.customers.len(), "everybody once");
    assert_eq!((rows.len(), all.customer_count), (93, 93));
    let parts = all.customers.iter().map(|one| micros(one.amount.as_ref()));
    assert_eq!(parts.clone().sum::<i64>(), 1_000_000_000);
    assert!(parts.is_sorted_by(|one, next| one >= next));
    assert_eq!(text(all.allocated.as_ref()), "1000");
    assert_eq!(text(all.unallocated.as_ref()), "0");
    // In proportion to what is at risk, to the micro-unit.
    let whole = micros(all.total_value_at_risk.as_ref());
    for one in &all.customers {
        let Some(at_risk) = one.value_at_risk.as_ref() else {
            continue;
        };
        let part = i128::from(micros(one.amount.as_ref())) * i128::from(whole);
        let exact = 1_000_000_000 * i128::from(micros(Some(at_risk)));
        assert!((part - exact).abs() <= i128::from(whole), "{one:?}");
    }
    // What is at risk is what customer value says.
    let mut request = asking(&["loyal", "gone", "c004"]);
    request.period = Some(pb::google_type::Interval {
        start_time: None,
        ..days(380, END)
    });
    let known = ask(&world, request).await;
    for (index, name) in ["loyal", "gone", "c004"].into_iter().enumerate() {
        let (own, row) = (value(&known, index), rows[name]);
        assert_eq!(own.value_at_risk, row.value_at_risk, "{name}");
        assert_eq!(
            own.expected_profit.as_ref().unwrap().expected,
            row.expected_profit
        );
        assert_eq!(Some(own.probability_alive), row.probability_alive);
    }
    assert!(number(rows["loyal"].expected_profit.as_ref()) > 0.0);
}

#[tokio::test]
async fn who_gets_nothing_says_why_and_what_was_spent_stands_beside() {
    let world = filled().await;
    let all = pages(&world, &asked("50"), 1_000).await;
    let of = |name: &str| {
        let mut found = all.customers.iter();
        found.find(|one| one.customer_id == name).unwrap()
    };
    use pb::AppreciationReason as R;
    let (idle, objecting) = (of("idle"), of("c002"));
    assert_eq!(idle.left_out(), R::NoKnownValue);
    assert_eq!(objecting.left_out(), R::Objected);
    for one in [idle, objecting] {
        assert_eq!(text(one.amount.as_ref()), "0");
        assert_eq!(one.value_at_risk, None, "it is not valued");
        assert_eq!(one.expected_profit, None);
        assert_eq!(one.probability_alive, None);
    }
    for one in &all.customers {
        let has_risk = one
            .value_at_risk
            .as_ref()
            .is_some_and(|own| micros(Some(own)) > 0);
        assert_eq!(one.left_out() == R::Unspecified, has_risk, "{one:?}");
    }
    for told in &all.left_out {
        let own = all
            .customers
            .iter()
            .filter(|one| one.left_out == told.reason);
        assert_eq!(i64::try_from(own.count()), Ok(told.customer_count));
    }
    assert_eq!(all.left_out.len(), 3, "some have no profit to lose");
    // Of the period alone.
    assert_eq!(text(of("loyal").spent.as_ref()), "7.5");
    assert_eq!(text(objecting.spent.as_ref()), "3");
    assert_eq!(text(all.total_spent.as_ref()), "10.5");
    let total = all.control_total.unwrap();
    assert_eq!(text(total.ledger.as_ref()), "10.5");
}

#[tokio::test]
async fn nobody_gets_more_than_the_ceiling() {
    let world = filled().await;
    let free = pages(&world, &asked("1000"), 1_000).await;
    let most = micros(free.customers[0].amount.as_ref());
    let ceiling = |amount: &str| pb::AllocateAppreciationRequest {
        ceiling_per_customer: Some(usd(amount)),
        ..asked("1000")
    };
    assert!(most > 60_000_000, "{most}");
    let all = pages(&world, &ceiling("60"), 1_000).await;
    let parts: Vec<i64> = all
        .customers
        .iter()
        .map(|one| micros(one.amount.as_ref()))
        .collect();
    assert_eq!(parts.iter().sum::<i64>(), 1_000_000_000, "all of it");
    assert_eq!(parts.iter().max(), Some(&60_000_000));
    // What cannot be given is told.
    let all = pages(&world, &ceiling("0.01"), 1_000).await;
    let some = all.customers.iter().filter(|one| one.left_out == 0);
    let some = i64::try_from(some.count()).unwrap();
    assert_eq!(micros(all.allocated.as_ref()), some * 10_000);
    assert_eq!(
        micros(all.unallocated.as_ref()),
        1_000_000_000 - some * 10_000
    );
}

#[tokio::test]
async fn a_budget_is_checked_by_name() {
    let world = World::start().await;
    let ask = async |request| {
        let answer = world.advice().allocate_appreciation(request).await;
        reason(&answer.unwrap_err()).0
    };
    let none = pb::AllocateAppreciationRequest::default();
    assert_eq!(ask(none).await, "FIELD_REQUIRED");
    for budget in ["0", "-1"] {
        assert_eq!(ask(asked(budget)).await, "FIELD_INVALID");
    }
    let below = pb::AllocateAppreciationRequest {
        ceiling_per_customer: Some(usd("-0.01")),
        ..asked("1")
    };
    let refused = world.advice().allocate_appreciation(below).await;
    let refused = refusal(&refused.unwrap_err());
    assert_eq!(
        refused,
        (
            "FIELD_INVALID".to_owned(),
            "ceiling_per_customer".to_owned()
        )
    );
    assert_eq!(ask(asked("1")).await, "EVIDENCE_TOO_THIN");
}
