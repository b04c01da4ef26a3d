//! Statements, bands and the whale curve of the small world.

use crate::{
    harness::{World, days, effort, reason, sale, text},
    rankings::small_world,
};
use profitscore::api::pb::{self};

#[tokio::test]
async fn a_statement_shows_what_its_totals_are_made_of() {
    let world = small_world().await;
    world
        .post(vec![effort("b3", "b", 21, "UNKNOWN", "3.5")])
        .await;
    let ask = |customer: &str| pb::GetCustomerStatementRequest {
        customer_id: customer.to_owned(),
        ..Default::default()
    };
    let answer = world
        .rankings()
        .get_customer_statement(ask("b"))
        .await
        .unwrap()
        .into_inner();
    let lines: Vec<_> = answer
        .lines
        .iter()
        .map(|line| {
            (
                line.section(),
                line.label.as_str(),
                text(line.amount.as_ref()),
            )
        })
        .collect();
    use pb::StatementSection::{AllocatedFixedCost, CostToServe};
    let expected = [
        (CostToServe, "SERVICE SERVICE", "50".to_owned()),
        (CostToServe, "UNKNOWN SERVICE", "0".to_owned()),
        (AllocatedFixedCost, "RENT", "2.5".to_owned()),
    ];
    assert_eq!(lines, expected);
    assert_eq!(
        answer.lines[0].rate_per_minute.as_ref().unwrap().value,
        "0.5"
    );
    assert_eq!(answer.lines[1].rate_per_minute, None);
    // What has no rate is named, not passed over.
    let unrated = &answer.cost_basis.unwrap().unrated_efforts;
    assert_eq!(unrated[0].role_id, "UNKNOWN");
    assert_eq!(unrated[0].minutes.as_ref().unwrap().value, "3.5");
    assert_eq!(
        (
            answer.rank_by_revenue,
            answer.rank_by_net_profit,
            answer.customer_count
        ),
        (1, 4, 4)
    );
    let control = answer.control_total.unwrap();
    assert_eq!(text(control.reported.as_ref()), "-32.5");
    assert_eq!(text(control.filtered_out.as_ref()), "87.5");

    let idle = pb::GetCustomerStatementRequest {
        period: Some(days(90, 95)),
        ..ask("b")
    };
    let idle = world
        .rankings()
        .get_customer_statement(idle)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(text(idle.statement.unwrap().net_profit.as_ref()), "0");
    assert_eq!(idle.rank_by_revenue, 0);
    let unknown = world
        .rankings()
        .get_customer_statement(ask("nobody"))
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown).0, "CUSTOMER_NOT_FOUND");

    // One whose only activity was taken back is as unknown as before.
    world.post(vec![sale("oops", "nobody", 5, "1", "0")]).await;
    let reversal = pb::Reversal {
        reversal_id: "oops-r".to_owned(),
        activity_id: "oops".to_owned(),
        reason: "wrong customer".to_owned(),
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
    let unknown = world
        .rankings()
        .get_customer_statement(ask("nobody"))
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown).0, "CUSTOMER_NOT_FOUND");
}

#[tokio::test]
async fn bands_are_the_first_the_middle_and_the_last() {
    let world = World::start().await;
    let sales = (1..=20).map(|i| {
        sale(
            &format!("s{i}"),
            &format!("c{i:02}"),
            i,
            &(i * 10).to_string(),
            "95",
        )
    });
    world.post(sales.collect()).await;
    let ask = pb::CompareBandsRequest::default();
    let answer = world
        .rankings()
        .compare_bands(ask)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((answer.band_size, answer.customer_count), (5, 20));
    let ranks = |band: &pb::Band| {
        band.customers
            .iter()
            .map(|row| row.rank)
            .collect::<Vec<_>>()
    };
    assert_eq!(ranks(&answer.bands[0]), [1, 2, 3, 4, 5]);
    assert_eq!(ranks(&answer.bands[1]), [8, 9, 10, 11, 12]);
    assert_eq!(ranks(&answer.bands[2]), [16, 17, 18, 19, 20]);
    // Revenue 160 to 200 of 2,100 in all; profit 425 of 200 in all, since the small ones lose money.
    assert_eq!(text(answer.bands[0].value.as_ref()), "900");
    assert!((answer.bands[0].revenue_share.unwrap() - 900.0 / 2_100.0).abs() < 1e-12);
    assert_eq!(text(answer.bands[0].net_profit.as_ref()), "425");
    assert!((answer.bands[0].net_profit_share.unwrap() - 425.0 / 200.0).abs() < 1e-12);
    assert_eq!(answer.bands[2].unprofitable_count, 5);

    let few = pb::CompareBandsRequest {
        period: Some(days(1, 5)),
        ..Default::default()
    };
    let few = world
        .rankings()
        .compare_bands(few)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((few.band_size, few.customer_count), (1, 4));
    let none = pb::CompareBandsRequest {
        period: Some(days(900, 905)),
        ..Default::default()
    };
    let none = world
        .rankings()
        .compare_bands(none)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((none.band_size, none.bands.len()), (0, 3));
}

#[tokio::test]
async fn the_whale_curve_peaks_where_losses_begin() {
    let world = small_world().await;
    let ask = pb::GetConcentrationRequest {
        basis: pb::RankingBasis::NetProfit as i32,
        point_count: 4,
        ..Default::default()
    };
    let answer = world
        .rankings()
        .get_concentration(ask)
        .await
        .unwrap()
        .into_inner();
    let points: Vec<_> = answer
        .points
        .iter()
        .map(|point| (point.customer_count, text(point.cumulative_value.as_ref())))
        .collect();
    let expected = [(1, "57.5"), (2, "90"), (3, "87.5"), (4, "55")];
    assert_eq!(
        points,
        expected.map(|(count, value)| (count, value.to_owned()))
    );
    let peak = answer.peak.unwrap();
    assert_eq!(peak.customer_count, 2);
    assert!((peak.cumulative_share.unwrap() - 90.0 / 55.0).abs() < 1e-12);
    assert_eq!((answer.positive_count, answer.negative_count), (2, 2));
    assert_eq!(answer.customers_for_eighty_percent, Some(1));
    assert!((answer.best_fifth_share.unwrap() - 57.5 / 55.0).abs() < 1e-12);
    // Over 57.5 and 32.5: Gini = 2 * (32.5 + 2 * 57.5) / (2 * 90) - 3 / 2; shares squared for the other.
    assert!((answer.gini.unwrap() - (147.5 / 90.0 - 1.5)).abs() < 1e-12);
    let index = (57.5_f64 / 90.0).powi(2) + (32.5_f64 / 90.0).powi(2);
    assert!((answer.herfindahl_hirschman_index.unwrap() - index).abs() < 1e-12);
}
