//! `ReportService.GetAcquisitionReport`, and reports by channel and campaign, worked out by hand.

use crate::harness::{World, activity, cost_model, days, decimal, refusal, sale, text, usd};
use profitscore::api::pb::{self, activity::Kind};

fn through(channel: &str, campaign: &str, mut activity: pb::Activity) -> pb::Activity {
    activity.dimensions = Some(pb::Dimensions {
        channel_id: channel.to_owned(),
        campaign_id: campaign.to_owned(),
        ..Default::default()
    });
    activity
}

async fn reverse(world: &World, id: &str) {
    let request = pb::ReverseActivitiesRequest {
        reversals: vec![pb::Reversal {
            reversal_id: format!("not {id}"),
            activity_id: id.to_owned(),
            reason: "wrong".to_owned(),
            evidence_ref: String::new(),
        }],
        ..Default::default()
    };
    let answer = world.activities().reverse_activities(request).await;
    let results = answer.unwrap().into_inner().results;
    assert!(results.iter().all(crate::harness::is_posted));
}

/// | customer | first                | brings                     |
/// |----------|----------------------|----------------------------|
/// | a        | SPRING, through WEB  | 100 - 40, later 50 - 10    |
/// | b        | SPRING, through SHOP | 10 - 30                    |
/// | c        | AUTUMN, through WEB  | 200 - 20 - 30 - 60 * 0.5   |
/// | d        | nothing is said      | 5                          |
async fn campaigns() -> World {
    let world = World::start().await;
    let fee = Kind::DirectCost(pb::DirectCost {
        kind: pb::DirectCostKind::LeadGenerationFee as i32,
        amount: Some(usd("30")),
        ..Default::default()
    });
    let winning = Kind::Effort(pb::Effort {
        role_id: "SALES".to_owned(),
        minutes: Some(decimal("60")),
        purpose: pb::EffortPurpose::Acquisition as i32,
        ..Default::default()
    });
    let activities = vec![
        // Written in another order than they happened.
        through("SHOP", "AUTUMN", sale("a2", "a", 20, "50", "10")),
        through("WEB", "SPRING", sale("a1", "a", 5, "100", "40")),
        through("SHOP", "SPRING", sale("b1", "b", 6, "10", "30")),
        through("WEB", "AUTUMN", sale("c1", "c", 7, "200", "20")),
        activity("c2", "c", 8, fee),
        activity("c3", "c", 9, winning),
        sale("d1", "d", 9, "5", "0"),
        // It would be b's first, and is taken back.
        through("WEB", "AUTUMN", sale("oops", "b", 1, "999", "0")),
    ];
    world.post(activities).await;
    reverse(&world, "oops").await;
    let request = pb::PutCostModelRequest {
        cost_model: Some(cost_model("SALES", "0.5", "10", 0, 100)),
        request_id: "r".to_owned(),
        ..Default::default()
    };
    world.cost_models().put_cost_model(request).await.unwrap();
    world
}

async fn report(
    world: &World,
    request: pb::GetAcquisitionReportRequest,
) -> pb::GetAcquisitionReportResponse {
    let answer = world.reports().get_acquisition_report(request).await;
    answer.unwrap().into_inner()
}

/// Rank, source, profit, customers, rank by customers and how many of them bring less than nothing.
fn rows(answer: &pb::GetAcquisitionReportResponse) -> Vec<String> {
    let rows = answer.rows.iter().map(|row| {
        format!(
            "{} {}: {} of {} ({}), {} below zero",
            row.rank,
            row.source_id,
            text(row.profit.as_ref()),
            row.customer_count,
            row.rank_by_customer_count,
            row.unprofitable_count,
        )
    });
    rows.collect()
}

#[tokio::test]
async fn campaigns_are_ranked_by_what_their_customers_bring_and_not_by_their_number() {
    let world = campaigns().await;
    let answer = report(&world, pb::GetAcquisitionReportRequest::default()).await;
    let expected = [
        "1 AUTUMN: 120 of 1 (2), 0 below zero",
        "2 SPRING: 80 of 2 (1), 1 below zero",
        "3 UNASSIGNED: 5 of 1 (3), 0 below zero",
    ];
    assert_eq!(rows(&answer), expected);
    assert_eq!((answer.row_count, answer.customer_count), (3, 4));
    let control = answer.control_total.unwrap();
    assert_eq!(text(control.reported.as_ref()), "205");
    assert_eq!(text(control.ledger.as_ref()), "205");
    let [autumn, spring, _] = &answer.rows[..] else {
        panic!("three rows");
    };
    assert_eq!(text(autumn.acquisition_cost.as_ref()), "60");
    assert_eq!(autumn.profit_per_acquisition_cost, Some(2.0));
    assert_eq!(text(spring.profit_per_customer.as_ref()), "40");
    assert_eq!(spring.customer_share, Some(0.5));
    assert_eq!(spring.profit_per_acquisition_cost, None);
    let statement = spring.statement.as_ref().unwrap();
    assert_eq!(text(statement.net_revenue.as_ref()), "160");
}

#[tokio::test]
async fn channels_periods_and_states_are_asked_for_alike() {
    let world = campaigns().await;
    let by_channel = pb::GetAcquisitionReportRequest {
        by: pb::AcquisitionSource::Channel as i32,
        ..Default::default()
    };
    let expected = [
        "1 WEB: 220 of 2 (1), 0 below zero",
        "2 UNASSIGNED: 5 of 1 (3), 0 below zero",
        "3 SHOP: -20 of 1 (2), 1 below zero",
    ];
    let answer = report(&world, by_channel.clone()).await;
    assert_eq!(rows(&answer), expected);
    // Who brings something in a period may have been won before it.
    let later = pb::GetAcquisitionReportRequest {
        period: Some(days(10, 100)),
        ..by_channel.clone()
    };
    assert_eq!(
        rows(&report(&world, later).await),
        ["1 WEB: 40 of 1 (1), 0 below zero"]
    );
    // Before the reversal, in position 9, b was won by what was taken back.
    let before = pb::GetAcquisitionReportRequest {
        read_options: Some(pb::ReadOptions {
            as_of: Some(pb::LedgerPosition { position: 8 }),
            ..Default::default()
        }),
        cost_model_version: Some(0),
        ..by_channel.clone()
    };
    let expected = [
        "1 WEB: 1229 of 3 (1), 0 below zero",
        "2 UNASSIGNED: 5 of 1 (2), 0 below zero",
    ];
    assert_eq!(rows(&report(&world, before).await), expected);
    // Pages of one row join.
    let (mut joined, mut page_token) = (Vec::new(), String::new());
    loop {
        let page = pb::GetAcquisitionReportRequest {
            page_size: 1,
            page_token,
            ..by_channel.clone()
        };
        let page = report(&world, page).await;
        joined.extend(page.rows);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(joined, answer.rows);
}

#[tokio::test]
async fn an_acquisition_report_of_nobody_is_empty_and_a_wrong_one_refused() {
    let world = World::start().await;
    let answer = report(&world, pb::GetAcquisitionReportRequest::default()).await;
    assert!(answer.rows.is_empty() && answer.row_count == 0);
    let wrong = pb::GetAcquisitionReportRequest {
        by: 9,
        ..Default::default()
    };
    let status = world.reports().get_acquisition_report(wrong).await;
    let expected = ("ENUM_VALUE_UNKNOWN".to_owned(), "by".to_owned());
    assert_eq!(refusal(&status.unwrap_err()), expected);
}

#[tokio::test]
async fn channels_and_campaigns_are_dimensions_of_reports() {
    let world = campaigns().await;
    let request = pb::RankDimensionRequest {
        dimension: pb::Dimension::Campaign as i32,
        ..Default::default()
    };
    let ranking = world.reports().rank_dimension(request).await;
    let ranking = ranking.unwrap().into_inner();
    let rows = ranking.rows.iter();
    let rows: Vec<_> = rows
        .map(|row| (row.dimension_id.as_str(), text(row.value.as_ref())))
        .collect();
    // Each activity under its own campaign: a's second sale is the autumn's.
    let expected = [("AUTUMN", "220"), ("SPRING", "40"), ("UNASSIGNED", "-55")];
    let expected = expected.map(|(id, value)| (id, value.to_owned()));
    assert_eq!(rows, expected);
    let request = pb::GetCrossReportRequest {
        columns: pb::Dimension::Channel as i32,
        period: Some(days(0, 100)),
        ..Default::default()
    };
    let cross = world.reports().get_cross_report(request).await;
    let cross = cross.unwrap().into_inner();
    let columns = cross.columns.iter();
    let columns: Vec<_> = columns
        .map(|column| (column.column_id.as_str(), text(column.total.as_ref())))
        .collect();
    let expected = [("SHOP", "60"), ("WEB", "300"), ("UNASSIGNED", "5")];
    let expected = expected.map(|(id, total)| (id, total.to_owned()));
    assert_eq!(columns, expected);
    let a = cross
        .rows
        .iter()
        .find(|row| row.customer_id == "a")
        .unwrap();
    let cells = a.cells.iter().map(|cell| text(cell.value.as_ref()));
    assert_eq!(cells.collect::<Vec<_>>(), ["50", "100"]);
    assert_eq!(text(cross.grand_total.as_ref()), "365");
}
