//! `RankingService.ExportRanking`: a whole ranking in parts.

use crate::{
    harness::{World, days, reason, refusal, sale, text},
    rankings::small_world,
};
use profitscore::api::pb;

async fn parts(world: &World, request: pb::ExportRankingRequest) -> Vec<pb::ExportRankingResponse> {
    let mut stream = world
        .rankings()
        .export_ranking(request)
        .await
        .unwrap()
        .into_inner();
    let mut parts = Vec::new();
    while let Some(part) = stream.message().await.unwrap() {
        parts.push(part);
    }
    parts
}

#[tokio::test]
async fn an_export_is_the_ranking_that_pages_make() {
    let world = World::start().await;
    // More than one question to the store, and not a whole number of parts.
    for batch in 0..12 {
        let sales = (0..900).map(|i| {
            let id = batch * 900 + i;
            let revenue = (id * 7_919 % 4_001).to_string();
            sale(&format!("s{id}"), &format!("c{id}"), 1, &revenue, "2000")
        });
        world.post(sales.collect()).await;
    }
    let basis = pb::RankingBasis::ContributionMargin as i32;
    let request = pb::ExportRankingRequest {
        basis,
        ..Default::default()
    };
    let parts = parts(&world, request).await;
    let sizes: Vec<_> = parts.iter().map(|part| part.customers.len()).collect();
    assert_eq!(sizes, [vec![1_000; 10], vec![800]].concat());
    assert!(parts.iter().all(|part| part.customer_count == 10_800));
    assert!(
        parts
            .iter()
            .all(|part| part.control_total == parts[0].control_total)
    );
    let exported = parts.iter().flat_map(|part| &part.customers);
    let mut page = pb::RankCustomersRequest {
        basis,
        page_size: 1_000,
        ..Default::default()
    };
    let mut paged = Vec::new();
    loop {
        let answer = world.rankings().rank_customers(page.clone()).await.unwrap();
        let answer = answer.into_inner();
        paged.extend(answer.customers);
        page.page_token = answer.next_page_token;
        if page.page_token.is_empty() {
            break;
        }
    }
    assert!(exported.clone().eq(&paged));
    // Few rows are found another way than many in some stores.
    let few = pb::RankCustomersRequest {
        page_size: 150,
        page_token: String::new(),
        ..page
    };
    let few = world.rankings().rank_customers(few).await.unwrap();
    let few = few.into_inner().customers;
    assert!(exported.take(150).eq(&few));
    let last = parts[10].customers.last().unwrap();
    let reported = parts[10].control_total.as_ref().unwrap().reported.as_ref();
    assert_eq!(text(last.cumulative_value.as_ref()), text(reported));
    assert_eq!(last.rank, 10_800);
}

#[tokio::test]
async fn an_export_of_nobody_has_one_part() {
    let world = small_world().await;
    let later = pb::ExportRankingRequest {
        period: Some(days(900, 901)),
        ..Default::default()
    };
    let parts = parts(&world, later).await;
    assert_eq!(parts.len(), 1);
    assert!(parts[0].customers.is_empty());
    assert_eq!(parts[0].customer_count, 0);
    assert!(parts[0].read_at.is_some());
}

#[tokio::test]
async fn an_export_bears_fixed_costs_and_can_be_pinned() {
    let world = small_world().await;
    let worst_first = pb::ExportRankingRequest {
        direction: pb::RankingDirection::WorstFirst as i32,
        ..Default::default()
    };
    let before = parts(&world, worst_first.clone()).await;
    let values: Vec<_> = before[0]
        .customers
        .iter()
        .map(|row| text(row.value.as_ref()))
        .collect();
    assert_eq!(values, ["-32.5", "-2.5", "32.5", "57.5"]);
    world.post(vec![sale("late", "z", 1, "9", "0")]).await;
    let pinned = pb::ExportRankingRequest {
        read_options: Some(pb::ReadOptions {
            as_of: before[0].read_at,
            at_least_as_fresh: None,
            as_closed: None,
        }),
        ..worst_first
    };
    assert_eq!(parts(&world, pinned).await, before);
}

#[tokio::test]
async fn an_export_is_refused_before_it_begins() {
    let world = small_world().await;
    let wrong = pb::ExportRankingRequest {
        basis: 77,
        ..Default::default()
    };
    let status = world.rankings().export_ranking(wrong).await.unwrap_err();
    let expected = ("ENUM_VALUE_UNKNOWN".to_owned(), "basis".to_owned());
    assert_eq!(refusal(&status), expected);
    let missing = pb::ExportRankingRequest {
        cost_model_version: Some(9),
        ..Default::default()
    };
    let status = world.rankings().export_ranking(missing).await.unwrap_err();
    assert_eq!(reason(&status).0, "COST_MODEL_NOT_FOUND");
}
