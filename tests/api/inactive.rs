//! Rankings with the customers that have no activity in them.

use crate::{
    harness::{World, category, days, party, reason, refusal, sale, text},
    rankings::small_world,
};
use profitscore::api::pb;

/// Beside the four of the small world: three customers, of whom one did something long after, and a prospect.
async fn world() -> World {
    let world = small_world().await;
    world.post(vec![sale("late", "late", 500, "7", "0")]).await;
    let size = |size: &str| vec![category("SIZE", size)];
    let request = pb::UpsertPartiesRequest {
        parties: vec![
            party("a", pb::PartyStage::Customer, size("BIG")),
            party("bb", pb::PartyStage::Customer, size("BIG")),
            party("late", pb::PartyStage::Customer, size("SMALL")),
            party("zoe", pb::PartyStage::Customer, size("BIG")),
            party("maybe", pb::PartyStage::Prospect, size("BIG")),
        ],
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    world
}

fn asked() -> pb::RankCustomersRequest {
    pb::RankCustomersRequest {
        period: Some(days(0, 100)),
        basis: pb::RankingBasis::ContributionMargin as i32,
        include_inactive: true,
        ..Default::default()
    }
}

async fn rank(world: &World, request: pb::RankCustomersRequest) -> pb::RankCustomersResponse {
    let answer = world.rankings().rank_customers(request).await;
    answer.unwrap().into_inner()
}

fn rows(customers: &[pb::RankedCustomer]) -> Vec<String> {
    let rows = customers.iter().map(|row| {
        format!(
            "{} {} {} {} {}/{}{}",
            row.rank,
            row.customer_id,
            text(row.value.as_ref()),
            text(row.cumulative_value.as_ref()),
            row.rank_by_revenue,
            row.rank_by_net_profit,
            if row.inactive { " -" } else { "" },
        )
    });
    rows.collect()
}

#[tokio::test]
async fn who_did_nothing_stands_among_those_who_brought_nothing() {
    let world = world().await;
    let answer = rank(&world, asked()).await;
    let expected = [
        "1 a 60 60 2/1",
        "2 c 40 100 3/2",
        "3 b 20 120 1/4",
        "4 bb 0 120 0/0 -",
        "5 d 0 120 4/3",
        "6 late 0 120 0/0 -",
        "7 zoe 0 120 0/0 -",
    ];
    assert_eq!(rows(&answer.customers), expected);
    assert_eq!((answer.customer_count, answer.inactive_count), (4, 3));
    let row = &answer.customers[3];
    assert_eq!(row.display_name, "Name of bb");
    let statement = row.statement.clone().unwrap();
    assert_eq!(text(statement.gross_revenue.as_ref()), "0");
    assert_eq!(text(statement.allocated_fixed_cost.as_ref()), "0");

    // By net profit those who were active bear the rent, and all of them stand on one side of zero or the other.
    let by_profit = pb::RankCustomersRequest {
        basis: pb::RankingBasis::NetProfit as i32,
        direction: pb::RankingDirection::WorstFirst as i32,
        ..asked()
    };
    let answer = rank(&world, by_profit).await;
    let expected = [
        "1 b -32.5 -32.5 1/4",
        "2 d -2.5 -35 4/3",
        "3 bb 0 -35 0/0 -",
        "4 late 0 -35 0/0 -",
        "5 zoe 0 -35 0/0 -",
        "6 c 32.5 -2.5 3/2",
        "7 a 57.5 55 2/1",
    ];
    assert_eq!(rows(&answer.customers), expected);
    assert_eq!(answer.negative_count, 2);
    assert_eq!(answer.cost_basis.unwrap().active_customer_count, 4);
}

#[tokio::test]
async fn without_being_asked_for_they_are_not_there() {
    let world = world().await;
    let plain = pb::RankCustomersRequest {
        include_inactive: false,
        ..asked()
    };
    let answer = rank(&world, plain).await;
    assert_eq!((answer.customer_count, answer.inactive_count), (4, 0));
    assert!(answer.customers.iter().all(|row| !row.inactive));
    assert_eq!(answer.customers.len(), 4);
}

#[tokio::test]
async fn pages_and_exports_go_on_among_them() {
    let world = world().await;
    let whole = rank(&world, asked()).await;
    for page_size in 1..=7 {
        let mut page = pb::RankCustomersRequest {
            page_size,
            ..asked()
        };
        let mut paged = Vec::new();
        loop {
            let answer = rank(&world, page.clone()).await;
            paged.extend(answer.customers);
            page.page_token = answer.next_page_token;
            if page.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(paged, whole.customers, "pages of {page_size}");
    }
    let request = pb::ExportRankingRequest {
        period: asked().period,
        basis: asked().basis,
        include_inactive: true,
        ..Default::default()
    };
    let stream = world.rankings().export_ranking(request).await;
    let mut stream = stream.unwrap().into_inner();
    let part = stream.message().await.unwrap().unwrap();
    assert_eq!(part.customers, whole.customers);
    assert_eq!((part.customer_count, part.inactive_count), (4, 3));
    assert!(stream.message().await.unwrap().is_none());
    // A token goes on with its own question alone.
    let first = rank(
        &world,
        pb::RankCustomersRequest {
            page_size: 2,
            ..asked()
        },
    );
    let other = pb::RankCustomersRequest {
        page_token: first.await.next_page_token,
        include_inactive: false,
        ..asked()
    };
    let refused = world.rankings().rank_customers(other).await.unwrap_err();
    assert_eq!(reason(&refused).0, "PAGE_TOKEN_MISMATCH");
}

#[tokio::test]
async fn filters_and_positions_hold_for_them_too() {
    let world = world().await;
    let before = rank(&world, asked()).await;
    let big = pb::RankCustomersRequest {
        filter: Some(pb::CustomerFilter {
            traits: vec![pb::TraitFilter {
                key: "SIZE".to_owned(),
                any_of: vec![category("SIZE", "BIG").value.unwrap()],
            }],
            branch_ids: Vec::new(),
        }),
        ..asked()
    };
    let answer = rank(&world, big).await;
    let expected = ["1 a 60 60 1/1", "2 bb 0 60 0/0 -", "3 zoe 0 60 0/0 -"];
    assert_eq!(rows(&answer.customers), expected);
    // Who did something in other branches has done nothing in this one.
    let south = pb::RankCustomersRequest {
        filter: Some(pb::CustomerFilter {
            traits: Vec::new(),
            branch_ids: vec!["south".to_owned()],
        }),
        ..asked()
    };
    let answer = rank(&world, south).await;
    let ids: Vec<_> = answer
        .customers
        .iter()
        .map(|row| &row.customer_id)
        .collect();
    assert_eq!(ids, ["a", "bb", "late", "zoe"]);
    // As of an earlier position nobody of them was stored.
    world.post(vec![sale("bb1", "bb", 3, "1", "0")]).await;
    let pinned = pb::RankCustomersRequest {
        read_options: Some(pb::ReadOptions {
            as_of: before.read_at,
            ..Default::default()
        }),
        ..asked()
    };
    assert_eq!(rank(&world, pinned).await.customers, before.customers);
    assert_eq!(rank(&world, asked()).await.inactive_count, 2);
}

#[tokio::test]
async fn by_solvency_there_are_no_rows_without_activity() {
    let world = world().await;
    let request = pb::RankCustomersRequest {
        basis: pb::RankingBasis::Solvency as i32,
        ..asked()
    };
    let refused = world.rankings().rank_customers(request).await.unwrap_err();
    let expected = ("FIELD_INVALID".to_owned(), "include_inactive".to_owned());
    assert_eq!(refusal(&refused), expected);
}
