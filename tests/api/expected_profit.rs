//! Rankings by expected profit, of the town whose customers' values are asked for elsewhere.

use crate::{
    customer_value::{CUSTOMERS, END, ask, asking, number, post, town, value},
    harness::{World, days, sale, text},
};
use profitscore::api::pb::{self, RankingBasis};

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
        assert_eq!(row.customer_value.as_ref(), Some(own));
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
