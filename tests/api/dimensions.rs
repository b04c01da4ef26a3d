//! `ReportService`: cross reports, and rankings of branches and account managers, worked out by hand.

use crate::harness::{
    World, activity, category, cost_model, decimal, effort, party, reason, refusal, sale, text, usd,
};
use profitscore::api::pb::{self, activity::Kind};

fn at(branch: &str, manager: &str, mut activity: pb::Activity) -> pb::Activity {
    activity.dimensions = Some(pb::Dimensions {
        branch_id: branch.to_owned(),
        account_manager_id: manager.to_owned(),
        ..Default::default()
    });
    activity
}

/// Revenue less cost of goods, and less 0.5 a minute:
///
/// | customer | north          | south        | west              | UNASSIGNED |
/// |----------|----------------|--------------|-------------------|------------|
/// | a        | 50 - 20        | 60 - 20      |                   | 10 - 0     |
/// | b        | 300 - 280      |              | 5 - 1 - 100 * 0.5 |            |
/// | c        |                | 50 - 10      |                   |            |
///
/// The rent of 10 is nobody's.
async fn branches() -> World {
    let world = World::start().await;
    let commission = Kind::DirectCost(pb::DirectCost {
        kind: pb::DirectCostKind::Commission as i32,
        amount: Some(usd("8")),
        ..Default::default()
    });
    world
        .post(vec![
            at("north", "mia", sale("a1", "a", 5, "50", "20")),
            at("south", "mia", sale("a2", "a", 6, "60", "20")),
            sale("a3", "a", 7, "10", "0"),
            at("north", "bo", sale("b1", "b", 10, "300", "280")),
            at("west", "bo", sale("b2", "b", 11, "5", "1")),
            at("west", "bo", effort("b3", "b", 20, "SERVICE", "100")),
            at("south", "mia", sale("c1", "c", 30, "50", "10")),
            at("south", "mia", sale("oops", "d", 30, "999", "10")),
            at("east", "mia", activity("m1", "c", 200, commission)),
        ])
        .await;
    let reversal = pb::Reversal {
        reversal_id: "r1".to_owned(),
        activity_id: "oops".to_owned(),
        reason: "wrong".to_owned(),
        evidence_ref: String::new(),
    };
    let request = pb::ReverseActivitiesRequest {
        reversals: vec![reversal],
        ..Default::default()
    };
    world
        .activities()
        .reverse_activities(request)
        .await
        .unwrap();
    let request = pb::PutCostModelRequest {
        cost_model: Some(cost_model("SERVICE", "0.5", "10", 0, 100)),
        request_id: "r".to_owned(),
        ..Default::default()
    };
    world.cost_models().put_cost_model(request).await.unwrap();
    world
}

fn early() -> pb::GetCrossReportRequest {
    pb::GetCrossReportRequest {
        period: Some(crate::harness::days(0, 100)),
        ..Default::default()
    }
}

async fn cross(world: &World, request: pb::GetCrossReportRequest) -> pb::GetCrossReportResponse {
    let answer = world.reports().get_cross_report(request).await;
    answer.unwrap().into_inner()
}

fn columns(answer: &pb::GetCrossReportResponse) -> String {
    let columns = answer.columns.iter();
    let columns: Vec<_> = columns
        .map(|column| format!("{} {}", column.column_id, text(column.total.as_ref())))
        .collect();
    columns.join(", ")
}

fn rows(answer: &pb::GetCrossReportResponse) -> Vec<String> {
    let rows = answer.rows.iter().map(|row| {
        let cells = row.cells.iter();
        let cells: Vec<_> = cells
            .map(|cell| format!("{} {}", cell.column_id, text(cell.value.as_ref())))
            .collect();
        let (other, total) = (text(row.other.as_ref()), text(row.total.as_ref()));
        format!(
            "{}: {}; {other}; {total}",
            row.customer_id,
            cells.join(", ")
        )
    });
    rows.collect()
}

#[tokio::test]
async fn a_cross_report_has_one_grand_total_both_ways() {
    let world = branches().await;
    let answer = cross(&world, early()).await;
    assert_eq!(
        columns(&answer),
        "north 350, south 110, west 5, UNASSIGNED 10"
    );
    let expected = [
        "b: north 300, west 5; 0; 305",
        "a: north 50, south 60, UNASSIGNED 10; 0; 120",
        "c: south 50; 0; 50",
    ];
    assert_eq!(rows(&answer), expected);
    assert_eq!(text(answer.grand_total.as_ref()), "475");
    assert_eq!(text(answer.control_total.unwrap().ledger.as_ref()), "475");
    assert_eq!((answer.customer_count, answer.other_column_count), (3, 0));
    assert!(answer.next_page_token.is_empty());

    // Nothing says which part of the rent a branch causes: it is nobody's here.
    let profit = pb::GetCrossReportRequest {
        basis: pb::RankingBasis::NetProfit as i32,
        order: pb::CrossReportOrder::WorstFirst as i32,
        ..early()
    };
    let answer = cross(&world, profit.clone()).await;
    assert_eq!(
        columns(&answer),
        "north 50, south 80, west -46, UNASSIGNED 10"
    );
    let expected = [
        "b: north 20, west -46; 0; -26",
        "c: south 40; 0; 40",
        "a: north 30, south 40, UNASSIGNED 10; 0; 80",
    ];
    assert_eq!(rows(&answer), expected);
    assert_eq!(text(answer.grand_total.as_ref()), "94");
    let costs = answer.cost_basis.unwrap();
    assert_eq!(text(costs.allocated_fixed_cost.as_ref()), "0");

    // A branch that is new has its column by itself, and none of the others moves.
    let with_east = pb::GetCrossReportRequest {
        period: None,
        order: pb::CrossReportOrder::CustomerId as i32,
        ..profit
    };
    let answer = cross(&world, with_east).await;
    assert_eq!(
        columns(&answer),
        "east -8, north 50, south 80, west -46, UNASSIGNED 10"
    );
    let expected = [
        "a: north 30, south 40, UNASSIGNED 10; 0; 80",
        "b: north 20, west -46; 0; -26",
        "c: east -8, south 40; 0; 32",
    ];
    assert_eq!(rows(&answer), expected);
}

#[tokio::test]
async fn columns_that_do_not_fit_are_one_together() {
    let world = branches().await;
    let two = pb::GetCrossReportRequest {
        basis: pb::RankingBasis::NetProfit as i32,
        column_limit: 2,
        ..early()
    };
    let answer = cross(&world, two).await;
    assert_eq!(columns(&answer), "north 50, south 80");
    assert_eq!(answer.other_column_count, 2);
    assert_eq!(text(answer.other_total.as_ref()), "-36");
    let expected = [
        "a: north 30, south 40; 10; 80",
        "c: south 40; 0; 40",
        "b: north 20; -46; -26",
    ];
    assert_eq!(rows(&answer), expected);
    assert_eq!(text(answer.grand_total.as_ref()), "94");
}

#[tokio::test]
async fn pages_of_a_cross_report_have_the_same_columns() {
    let world = branches().await;
    for order in [
        pb::CrossReportOrder::BestFirst,
        pb::CrossReportOrder::CustomerId,
    ] {
        let ask = pb::GetCrossReportRequest {
            order: order as i32,
            ..early()
        };
        let whole = cross(&world, ask.clone()).await;
        let mut page = pb::GetCrossReportRequest {
            page_size: 1,
            ..ask.clone()
        };
        let mut gathered = Vec::new();
        loop {
            let answer = cross(&world, page.clone()).await;
            assert_eq!(answer.columns, whole.columns);
            assert_eq!(answer.grand_total, whole.grand_total);
            gathered.extend(answer.rows);
            let late = format!("{order:?}-{}", gathered.len());
            world
                .post(vec![at(&late, "", sale(&late, "a", 1, "0", "0"))])
                .await;
            page.page_token = answer.next_page_token;
            if page.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(gathered, whole.rows);
        // As of the same position the same bytes.
        let pinned = pb::GetCrossReportRequest {
            read_options: Some(pb::ReadOptions {
                as_of: whole.read_at,
                at_least_as_fresh: None,
                as_closed: None,
            }),
            ..ask
        };
        assert_eq!(cross(&world, pinned).await, whole);
    }
}

#[tokio::test]
async fn a_cross_report_says_what_its_filter_leaves_out() {
    let world = branches().await;
    let parties = vec![party(
        "a",
        pb::PartyStage::Customer,
        vec![category("INDUSTRY", "retail")],
    )];
    let request = pb::UpsertPartiesRequest {
        parties,
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    let retail = pb::CustomerFilter {
        traits: vec![pb::TraitFilter {
            key: "INDUSTRY".to_owned(),
            any_of: vec![category("", "retail").value.unwrap()],
        }],
        branch_ids: vec!["north".to_owned(), "UNASSIGNED".to_owned()],
    };
    let ask = pb::GetCrossReportRequest {
        filter: Some(retail),
        columns: pb::Dimension::AccountManager as i32,
        ..early()
    };
    let answer = cross(&world, ask).await;
    assert_eq!(columns(&answer), "mia 50, UNASSIGNED 10");
    assert_eq!(rows(&answer), ["a: mia 50, UNASSIGNED 10; 0; 60"]);
    assert_eq!(answer.rows[0].display_name, "Name of a");
    let control = answer.control_total.unwrap();
    assert_eq!(text(control.ledger.as_ref()), "475");
    assert_eq!(text(control.reported.as_ref()), "60");
    assert_eq!(text(control.filtered_out.as_ref()), "415");
}

async fn ranked(world: &World, request: pb::RankDimensionRequest) -> pb::RankDimensionResponse {
    let answer = world.reports().rank_dimension(request).await;
    answer.unwrap().into_inner()
}

fn values(answer: &pb::RankDimensionResponse) -> Vec<String> {
    let rows = answer.rows.iter();
    rows.map(|row| format!("{} {}", row.dimension_id, text(row.value.as_ref())))
        .collect()
}

#[tokio::test]
async fn branches_are_ranked_by_what_their_customers_bring() {
    let world = branches().await;
    let ask = pb::RankDimensionRequest {
        period: Some(crate::harness::days(0, 100)),
        ..Default::default()
    };
    let answer = ranked(&world, ask.clone()).await;
    assert_eq!(
        values(&answer),
        ["south 80", "north 50", "UNASSIGNED 10", "west -46"]
    );
    assert_eq!((answer.row_count, answer.negative_count), (4, 1));
    let control = answer.control_total.unwrap();
    assert_eq!(text(control.ledger.as_ref()), "94");
    assert_eq!(control.ledger, control.reported);
    let west = &answer.rows[3];
    assert_eq!(
        (west.rank, text(west.cumulative_value.as_ref())),
        (4, "94".to_owned())
    );
    // 100 minutes for a revenue of 5 and a loss of 46.
    assert_eq!(text(west.revenue_per_hour.as_ref()), "3");
    assert_eq!(text(west.profit_per_hour.as_ref()), "-27.6");
    let statement = west.statement.as_ref().unwrap();
    assert_eq!(text(statement.cost_to_serve.as_ref()), "50");
    assert_eq!(text(statement.allocated_fixed_cost.as_ref()), "0");
    assert_eq!(answer.rows[0].profit_per_hour, None);
    assert!((answer.rows[0].share_of_total.unwrap() - 80.0 / 94.0).abs() < 1e-12);

    let mut page = pb::RankDimensionRequest {
        page_size: 3,
        direction: pb::RankingDirection::WorstFirst as i32,
        basis: pb::RankingBasis::Revenue as i32,
        ..ask
    };
    let first = ranked(&world, page.clone()).await;
    assert_eq!(values(&first), ["west 5", "UNASSIGNED 10", "south 110"]);
    page.page_token = first.next_page_token;
    let second = ranked(&world, page).await;
    assert_eq!(values(&second), ["north 350"]);
    assert_eq!(text(second.rows[0].cumulative_value.as_ref()), "475");
    assert!(second.next_page_token.is_empty());
}

#[tokio::test]
async fn what_selling_is_paid_is_set_against_the_profit() {
    let world = branches().await;
    let selling = Kind::Effort(pb::Effort {
        role_id: "SERVICE".to_owned(),
        minutes: Some(decimal("40")),
        purpose: pb::EffortPurpose::Sales as i32,
        channel: 0,
        ..Default::default()
    });
    world
        .post(vec![at("south", "mia", activity("e1", "a", 3, selling))])
        .await;
    let ask = pb::RankDimensionRequest {
        dimension: pb::Dimension::AccountManager as i32,
        ..Default::default()
    };
    let answer = ranked(&world, ask).await;
    // mia: 30 + 40 + 40, less a commission of 8, less 40 minutes at 0.5; bo: 20 - 46.
    assert_eq!(values(&answer), ["mia 82", "UNASSIGNED 10", "bo -26"]);
    let mia = &answer.rows[0];
    assert_eq!(text(mia.sales_pay.as_ref()), "28");
    assert!((mia.profit_per_sales_pay.unwrap() - 82.0 / 28.0).abs() < 1e-12);
    assert_eq!(text(mia.profit_per_hour.as_ref()), "123");
    // Time for service is not paid for selling.
    let bo = &answer.rows[2];
    assert_eq!(text(bo.sales_pay.as_ref()), "0");
    assert_eq!(bo.profit_per_sales_pay, None);
}

#[tokio::test]
async fn hostile_reports_are_refused_by_field() {
    let world = branches().await;
    let ask = pb::GetCrossReportRequest::default;
    let cases = [
        (
            pb::GetCrossReportRequest {
                columns: 9,
                ..ask()
            },
            "ENUM_VALUE_UNKNOWN",
            "columns",
        ),
        (
            pb::GetCrossReportRequest { order: -1, ..ask() },
            "ENUM_VALUE_UNKNOWN",
            "order",
        ),
        (
            pb::GetCrossReportRequest {
                column_limit: 1_001,
                ..ask()
            },
            "NUMBER_OUT_OF_RANGE",
            "column_limit",
        ),
        (
            pb::GetCrossReportRequest {
                page_size: -1,
                ..ask()
            },
            "NUMBER_OUT_OF_RANGE",
            "page_size",
        ),
    ];
    for (request, reason, field) in cases {
        let status = world.reports().get_cross_report(request).await.unwrap_err();
        assert_eq!(refusal(&status), (reason.to_owned(), field.to_owned()));
    }
    let unknown = pb::RankDimensionRequest {
        dimension: 9,
        ..Default::default()
    };
    let status = world.reports().rank_dimension(unknown).await.unwrap_err();
    let expected = ("ENUM_VALUE_UNKNOWN".to_owned(), "dimension".to_owned());
    assert_eq!(refusal(&status), expected);
    let missing = pb::RankDimensionRequest {
        cost_model_version: Some(9),
        ..Default::default()
    };
    let status = world.reports().rank_dimension(missing).await.unwrap_err();
    assert_eq!(reason(&status).0, "COST_MODEL_NOT_FOUND");
}

#[tokio::test]
async fn an_empty_tenant_has_a_report_without_columns() {
    let world = World::start().await;
    let answer = cross(&world, pb::GetCrossReportRequest::default()).await;
    assert!(answer.columns.is_empty() && answer.rows.is_empty());
    assert_eq!(text(answer.grand_total.as_ref()), "0");
    let answer = ranked(&world, pb::RankDimensionRequest::default()).await;
    assert!(answer.rows.is_empty());
}
