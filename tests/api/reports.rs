//! Statements, bands and the whale curve of the small world.

use crate::{
    harness::{World, days, effort, reason, refusal, sale, text},
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

#[tokio::test]
async fn a_band_can_be_a_part_of_all_customers() {
    let world = World::start().await;
    let sales = (1..=700).map(|i| sale(&format!("s{i}"), &format!("c{i:03}"), 1, "10", "1"));
    world.post(sales.collect()).await;
    let bands = async |request| {
        let answer = world.rankings().compare_bands(request).await;
        answer.map(tonic::Response::into_inner)
    };
    let ask = pb::CompareBandsRequest::default;
    // One in a hundred of 700 customers.
    let answer = bands(ask()).await.unwrap();
    assert_eq!(answer.band_size, 7);
    assert_eq!(answer.band_size_rule(), pb::BandSizeRule::ByCustomerCount);
    let given = pb::CompareBandsRequest {
        band_size: 2,
        ..ask()
    };
    let answer = bands(given.clone()).await.unwrap();
    assert_eq!(
        (answer.band_size, answer.band_size_rule()),
        (2, pb::BandSizeRule::Size)
    );
    // 0.0101 of 700 is 7.07: eight customers.
    let fraction = |fraction| pb::CompareBandsRequest {
        band_fraction: Some(fraction),
        ..ask()
    };
    let answer = bands(fraction(0.0101)).await.unwrap();
    assert_eq!(
        (answer.band_size, answer.band_size_rule()),
        (8, pb::BandSizeRule::Fraction)
    );
    let whole = bands(fraction(0.333_333)).await.unwrap();
    assert_eq!(whole.band_size, 233);
    for band in &whole.bands {
        assert_eq!(text(band.revenue.as_ref()), "2330");
        assert_eq!(text(band.net_profit.as_ref()), "2097");
    }
    for wrong in [0.0, -0.1, 0.34, f64::NAN] {
        let status = bands(fraction(wrong)).await.unwrap_err();
        let expected = ("NUMBER_OUT_OF_RANGE".to_owned(), "band_fraction".to_owned());
        assert_eq!(refusal(&status), expected);
    }
    let both = pb::CompareBandsRequest {
        band_fraction: Some(0.1),
        ..given
    };
    let status = bands(both).await.unwrap_err();
    assert_eq!(reason(&status).0, "FIELD_INVALID");
}

#[tokio::test]
async fn long_bands_are_told_in_part_and_added_up_as_a_whole() {
    let world = World::start().await;
    for part in 0..2 {
        let sales = (0..600).map(|i| {
            let id = part * 600 + i;
            sale(&format!("s{id}"), &format!("c{id:04}"), 1, "10", "1")
        });
        world.post(sales.collect()).await;
    }
    let request = pb::CompareBandsRequest {
        band_fraction: Some(0.333_333),
        ..Default::default()
    };
    let answer = world.rankings().compare_bands(request).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!((answer.band_size, answer.customer_count), (400, 1_200));
    for band in &answer.bands {
        assert_eq!(band.customers.len(), 333);
        assert_eq!(text(band.revenue.as_ref()), "4000");
    }
}

#[tokio::test]
async fn what_the_best_take_with_them_is_their_margin_and_not_the_rent() {
    let world = small_world().await;
    let ask = |leaving_counts| pb::GetConcentrationRequest {
        leaving_counts,
        ..Default::default()
    };
    let concentration = async |request| {
        let answer = world.rankings().get_concentration(request).await;
        answer.map(tonic::Response::into_inner)
    };
    let answer = concentration(ask(vec![2, 1, 4, 9])).await.unwrap();
    let told: Vec<_> = answer
        .dependences
        .iter()
        .map(|one| {
            let amounts = [
                &one.lost_revenue,
                &one.lost_margin,
                &one.stranded_fixed_cost,
                &one.remaining_net_profit,
            ];
            let amounts = amounts.map(|amount| text(amount.as_ref()));
            format!("{}: {}", one.leaving_count, amounts.join(", "))
        })
        .collect();
    // The best are a with 100 - 40 and c with 50 - 10 - 5; each bears 2.5 of the rent. There are only four.
    let expected = [
        "2: 150, 95, 5, -40",
        "1: 100, 60, 2.5, -5",
        "4: 500, 65, 10, -10",
    ];
    assert_eq!(told, expected);
    let one = &answer.dependences[1];
    assert!((one.lost_revenue_share.unwrap() - 0.2).abs() < 1e-12);
    assert!((one.lost_margin_share.unwrap() - 60.0 / 65.0).abs() < 1e-12);
    assert!(
        concentration(ask(Vec::new()))
            .await
            .unwrap()
            .dependences
            .is_empty()
    );
    let cases = [
        (vec![1, 0], "NUMBER_OUT_OF_RANGE", "leaving_counts[1]"),
        (vec![1_001], "NUMBER_OUT_OF_RANGE", "leaving_counts[0]"),
        (vec![1; 21], "LIST_TOO_LONG", "leaving_counts"),
    ];
    for (counts, reason, field) in cases {
        let status = concentration(ask(counts)).await.unwrap_err();
        assert_eq!(refusal(&status), (reason.to_owned(), field.to_owned()));
    }
}
