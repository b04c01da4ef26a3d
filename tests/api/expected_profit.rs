//! Rankings by expected profit, of the town whose customers' values are asked for elsewhere.

use crate::{
    customer_value::{CUSTOMERS, END, activities, ask, asking, number, post, town, value},
    harness::{World, activity, days, sale, text, usd},
    outcomes::object,
};
use profitscore::api::pb::{
    self, ErrorReason, RankingBasis, activity::Kind, customer_value_result::Outcome,
};

fn ranking(direction: pb::RankingDirection) -> pb::RankCustomersRequest {
    pb::RankCustomersRequest {
        period: Some(days(300, END)),
        basis: RankingBasis::ExpectedProfit.into(),
        direction: direction.into(),
        page_size: 1_000,
        ..Default::default()
    }
}

async fn rank(world: &World, request: pb::RankCustomersRequest) -> pb::RankCustomersResponse {
    let answer = world.rankings().rank_customers(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn everybody_is_ranked_by_what_is_expected_beside_what_was_earned() {
    let world = town().await;
    let best = rank(&world, ranking(pb::RankingDirection::BestFirst)).await;
    // The idle one too, whatever it did before the period.
    assert_eq!(best.customer_count, i64::try_from(CUSTOMERS).unwrap() + 3);
    assert_eq!(
        best.customers.len(),
        usize::try_from(best.customer_count).unwrap()
    );
    let values: Vec<f64> = best
        .customers
        .iter()
        .map(|one| number(one.value.as_ref()))
        .collect();
    assert!(values.is_sorted_by(|a, b| a >= b));
    let negative = values.iter().filter(|value| **value < 0.0).count();
    assert_eq!(usize::try_from(best.negative_count).unwrap(), negative);
    assert!(negative > 0);
    let last = best.customers.last().unwrap();
    let total: f64 = values.iter().sum();
    assert!((number(last.cumulative_value.as_ref()) - total).abs() < 1e-4);
    assert!((last.cumulative_share.unwrap() - 1.0).abs() < 1e-12);
    // Equals stand by id, and nothing is expected of who never ordered.
    let idle = best
        .customers
        .iter()
        .find(|one| one.customer_id == "idle")
        .unwrap();
    assert_eq!(text(idle.value.as_ref()), "0");
    assert_eq!(idle.customer_value, Some(pb::CustomerValue::default()));
    let worst = rank(&world, ranking(pb::RankingDirection::WorstFirst)).await;
    let ids = |answer: &pb::RankCustomersResponse| -> Vec<String> {
        answer
            .customers
            .iter()
            .map(|one| one.customer_id.clone())
            .collect()
    };
    let mut turned = ids(&worst);
    turned.reverse();
    assert_eq!(turned, ids(&best));
    // The figures are those that a customer's value has, as of the end of the period.
    let names: Vec<&str> = best
        .customers
        .iter()
        .map(|one| one.customer_id.as_str())
        .collect();
    let request = pb::GetCustomerValueRequest {
        period: Some(pb::google_type::Interval {
            start_time: None,
            end_time: days(0, END).end_time,
        }),
        ..asking(&names)
    };
    let answer = ask(&world, request).await;
    for (index, row) in best.customers.iter().enumerate() {
        let own = value(&answer, index);
        assert_eq!(row.customer_value, Some(without_intervals(own)));
        let expected = own
            .expected_profit
            .as_ref()
            .and_then(|one| one.expected.as_ref());
        if let Some(expected) = expected {
            assert_eq!(row.value.as_ref(), Some(expected), "{}", row.customer_id);
        }
    }
    assert_own_profit(&world, &best).await;
}

/// What a ranking tells of a customer's value.
fn without_intervals(value: &pb::CustomerValue) -> pb::CustomerValue {
    let plain = |estimate: &Option<pb::MoneyEstimate>| {
        estimate.as_ref().map(|one| pb::MoneyEstimate {
            expected: one.expected.clone(),
            ..Default::default()
        })
    };
    pb::CustomerValue {
        expected_orders: value.expected_orders.map(|one| pb::NumberEstimate {
            expected: one.expected,
            ..Default::default()
        }),
        expected_order_value: plain(&value.expected_order_value),
        expected_revenue: plain(&value.expected_revenue),
        discounted_revenue: plain(&value.discounted_revenue),
        expected_profit: plain(&value.expected_profit),
        next_period_revenue: plain(&value.next_period_revenue),
        upside_profit: None,
        typical_orders: None,
        ..value.clone()
    }
}

/// What was earned in the period is what a ranking by net profit tells, and ties to the books as there.
async fn assert_own_profit(world: &World, expected: &pb::RankCustomersResponse) {
    let request = pb::RankCustomersRequest {
        basis: RankingBasis::NetProfit.into(),
        ..ranking(pb::RankingDirection::BestFirst)
    };
    let earned = rank(world, request).await;
    assert_eq!(earned.control_total, expected.control_total);
    assert_eq!(earned.cost_basis, expected.cost_basis);
    let mut active = 0;
    for row in &expected.customers {
        let own = earned
            .customers
            .iter()
            .find(|own| own.customer_id == row.customer_id);
        let Some(own) = own else {
            assert_eq!((row.rank_by_revenue, row.rank_by_net_profit), (0, 0));
            continue;
        };
        active += 1;
        assert_eq!(own.statement, row.statement);
        assert_eq!(own.rank_by_revenue, row.rank_by_revenue);
        assert_eq!(own.rank_by_net_profit, row.rank_by_net_profit);
    }
    assert_eq!(active, earned.customers.len());
    assert!(active < expected.customers.len());
}

#[tokio::test]
async fn pages_and_the_export_are_of_one_ranking() {
    let world = town().await;
    let whole = rank(&world, ranking(pb::RankingDirection::BestFirst)).await;
    let mut paged = Vec::new();
    let mut request = pb::RankCustomersRequest {
        page_size: 70,
        ..ranking(pb::RankingDirection::BestFirst)
    };
    loop {
        let page = rank(&world, request.clone()).await;
        paged.extend(page.customers);
        // What comes in between is not seen.
        let id = format!("between-{}", paged.len());
        post(&world, &[sale(&id, "gone", END + 1, "5000", "0")]).await;
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(paged, whole.customers);
    let request = pb::ExportRankingRequest {
        period: Some(days(300, END)),
        basis: RankingBasis::ExpectedProfit.into(),
        read_options: Some(pb::ReadOptions {
            as_of: whole.read_at,
            ..Default::default()
        }),
        ..Default::default()
    };
    let parts = world.rankings().export_ranking(request).await;
    let mut parts = parts.unwrap().into_inner();
    let mut exported = Vec::new();
    while let Some(part) = parts.message().await.unwrap() {
        assert_eq!(part.control_total, whole.control_total);
        exported.extend(part.customers);
    }
    assert_eq!(exported, whole.customers);
}

#[tokio::test]
async fn of_a_long_ledger_everything_is_learnt_at_round_positions() {
    let world = town().await;
    let payment = |number: i64| {
        let kind = Kind::Payment(pb::Payment {
            amount: Some(usd("1")),
            ..Default::default()
        });
        activity(&format!("p{number}"), "payer", number % END, kind)
    };
    let payments: Vec<_> = (0..8_300).map(payment).collect();
    let position = post(&world, &payments).await;
    let answer = ask(&world, asking(&["loyal"])).await;
    let (model, step) = (answer.model.clone().unwrap(), 64);
    assert_eq!(model.learnt_position, (position / step - 1) * step);
    assert_eq!(model.end_time.unwrap().seconds, END * 86_400);
    // What a customer does is seen at once, also on a day after all that was learnt from.
    let left = (step - position % step).min(3);
    let orders = (1..left).map(|on| sale(&format!("more-{on}"), "loyal", END + on, "100", "50"));
    let orders: Vec<_> = orders.collect();
    let later = match orders.is_empty() {
        true => answer.clone(),
        false => {
            post(&world, &orders).await;
            ask(&world, asking(&["loyal"])).await
        }
    };
    let more = i64::try_from(orders.len()).unwrap();
    assert_eq!(value(&later, 0).order_count, 52 + more);
    let learnt = later.model.clone().unwrap();
    assert_eq!(learnt.learnt_position, model.learnt_position);
    assert_eq!(learnt.frequency_parameters, model.frequency_parameters);
    assert_eq!(
        learnt.end_time.unwrap().seconds,
        (END + if more > 0 { more + 1 } else { 0 }) * 86_400
    );
    // Everybody is ranked by the same.
    let request = pb::RankCustomersRequest {
        basis: RankingBasis::ExpectedProfit.into(),
        page_size: 1_000,
        ..Default::default()
    };
    let ranking = rank(&world, request).await;
    let loyal = ranking
        .customers
        .iter()
        .find(|one| one.customer_id == "loyal")
        .unwrap();
    let own = value(&later, 0).expected_profit.as_ref().unwrap();
    assert_eq!(loyal.value, own.expected);
}

#[tokio::test]
async fn the_order_of_arrival_changes_nothing() {
    let (one, other) = (World::start().await, World::start().await);
    let mut all = activities();
    post(&one, &all).await;
    all.reverse();
    post(&other, &all).await;
    let ids = ["loyal", "gone", "c003", "c004"];
    let (first, second) = (
        ask(&one, asking(&ids)).await,
        ask(&other, asking(&ids)).await,
    );
    assert_eq!(first, second);
    let best = || pb::RankCustomersRequest {
        period: None,
        ..ranking(pb::RankingDirection::BestFirst)
    };
    assert_eq!(rank(&one, best()).await, rank(&other, best()).await);
}

/// The ids of those of whom nothing is expected, who must be the last.
fn objecting(answer: &pb::RankCustomersResponse) -> Vec<&str> {
    let first = usize::try_from(answer.customer_count - answer.objected_count).unwrap();
    let (others, objecting) = answer.customers.split_at(first);
    for row in others {
        assert!(!row.profiling_objected && row.value.is_some() && row.customer_value.is_some());
    }
    for row in objecting {
        assert!(row.profiling_objected && row.share_of_total.is_none());
        assert_eq!((&row.value, &row.customer_value), (&None, &None));
        // It adds nothing to what is expected of all.
        assert_eq!(
            row.cumulative_value,
            others.last().unwrap().cumulative_value
        );
    }
    let ids = objecting.iter().map(|row| row.customer_id.as_str());
    ids.collect()
}

#[tokio::test]
async fn of_who_objects_nothing_is_expected_and_what_it_earned_counts() {
    let world = town().await;
    let best = || ranking(pb::RankingDirection::BestFirst);
    let before = rank(&world, best()).await;
    assert_eq!(objecting(&before), Vec::<&str>::new());
    object(&world, "loyal", true).await;
    let erase = pb::ErasePartyRequest {
        party_id: "c004".to_owned(),
        ..Default::default()
    };
    world.customers().erase_party(erase).await.unwrap();
    // Item by item.
    let answer = ask(&world, asking(&["gone", "loyal", "c004", "nobody"])).await;
    assert!(value(&answer, 0).order_count > 0);
    let refused = |index: usize| match &answer.results[index].outcome {
        Some(Outcome::Rejection(rejection)) => (rejection.reason(), rejection.field.clone()),
        other => panic!("{other:?}"),
    };
    let objected = |index: usize| {
        let field = format!("customer_ids[{index}]");
        (ErrorReason::ProfilingObjected, field)
    };
    assert_eq!((refused(1), refused(2)), (objected(1), objected(2)));
    assert_eq!(refused(3).0, ErrorReason::CustomerNotFound);
    // In rankings, whichever end comes first.
    let after = rank(&world, best()).await;
    let worst = rank(&world, ranking(pb::RankingDirection::WorstFirst)).await;
    assert_eq!(objecting(&after), ["c004", "loyal"]);
    assert_eq!(objecting(&worst), ["c004", "loyal"]);
    assert_eq!(after.customer_count, before.customer_count);
    assert_eq!(after.control_total, before.control_total);
    let earned = |answer: &pb::RankCustomersResponse, id: &str| {
        let row = answer.customers.iter().find(|one| one.customer_id == id);
        row.unwrap().statement.clone().unwrap()
    };
    assert_eq!(earned(&after, "loyal"), earned(&before, "loyal"));
    assert_ne!(text(earned(&after, "loyal").net_profit.as_ref()), "0");
    let net: f64 = (after.customers.iter())
        .map(|one| number(one.statement.as_ref().unwrap().net_profit.as_ref()))
        .sum();
    let reported = after.control_total.as_ref().unwrap().reported.as_ref();
    assert!((net - number(reported)).abs() < 1e-6, "{net}");
    assert_own_profit(&world, &after).await;
    // As of before it all is as it was.
    let earlier = pb::RankCustomersRequest {
        read_options: Some(pb::ReadOptions {
            as_of: before.read_at,
            ..Default::default()
        }),
        ..best()
    };
    let earlier = rank(&world, earlier).await;
    assert_eq!(objecting(&earlier), Vec::<&str>::new());
    // An export tells them apart too, and a withdrawn objection holds no longer.
    let request = pb::ExportRankingRequest {
        period: best().period,
        basis: best().basis,
        ..Default::default()
    };
    let parts = world.rankings().export_ranking(request).await;
    let part = parts
        .unwrap()
        .into_inner()
        .message()
        .await
        .unwrap()
        .unwrap();
    assert_eq!((part.objected_count, part.customers), (2, after.customers));
    object(&world, "loyal", false).await;
    assert_eq!(objecting(&rank(&world, best()).await), ["c004"]);
}
