//! `ReportService`: trends, worked out by hand.

use crate::harness::{World, cost_model, days, effort, reason, refusal, sale, text};
use profitscore::api::pb::{self, SignChange, google_type::CalendarPeriod};

/// Days from 1970-01-01: January ends before 31, February before 59, March before 90, April before 120; the year 1971
/// begins on 365.
///
/// | customer | January | February          | March             | April, to the 11th |
/// |----------|---------|-------------------|-------------------|--------------------|
/// | a        | 90 - 10 | 60 - 10 - 20 * 1  | 30 - 10 - 40 * 1  | 8                  |
/// | b        | 100 - 0 |                   | 4 - 0             |                    |
async fn world() -> World {
    let world = World::start().await;
    world
        .post(vec![
            sale("a1", "a", 0, "90", "10"),
            sale("b1", "b", 30, "100", "0"),
            sale("a2", "a", 31, "30", "10"),
            sale("a3", "a", 45, "30", "0"),
            effort("a4", "a", 58, "SERVICE", "20"),
            sale("a5", "a", 59, "30", "10"),
            sale("b2", "b", 62, "4", "0"),
            effort("a6", "a", 89, "SERVICE", "40"),
            sale("a7", "a", 100, "8", "0"),
        ])
        .await;
    let request = pb::PutCostModelRequest {
        cost_model: Some(cost_model("SERVICE", "1", "7300", 0, 730)),
        request_id: "r".to_owned(),
        ..Default::default()
    };
    world.cost_models().put_cost_model(request).await.unwrap();
    world
}

async fn trend(world: &World, request: pb::GetTrendRequest) -> pb::GetTrendResponse {
    world
        .reports()
        .get_trend(request)
        .await
        .unwrap()
        .into_inner()
}

fn of(customer: &str) -> pb::GetTrendRequest {
    pb::GetTrendRequest {
        customer_id: customer.to_owned(),
        ..Default::default()
    }
}

fn values(answer: &pb::GetTrendResponse) -> Vec<String> {
    let points = answer.points.iter();
    points.map(|point| text(point.value.as_ref())).collect()
}

#[tokio::test]
async fn a_customer_that_turns_unprofitable_is_seen() {
    let world = world().await;
    let answer = trend(&world, of("a")).await;
    assert_eq!(values(&answer), ["80", "30", "-20", "8"]);
    let complete: Vec<_> = answer.points.iter().map(|p| p.is_complete).collect();
    assert_eq!(complete, [true, true, true, false]);
    let signs: Vec<_> = answer.points.iter().map(|p| p.sign_change()).collect();
    let expected = [
        SignChange::None,
        SignChange::None,
        SignChange::TurnedNegative,
        SignChange::TurnedPositive,
    ];
    assert_eq!(signs, expected);
    // Lines through 80, 30, -20, through revenues of 90, 60, 30, and through 0, 20 and 40 minutes.
    assert_eq!(text(answer.slope.as_ref()), "-50");
    assert_eq!(text(answer.revenue_slope.as_ref()), "-30");
    assert_eq!(answer.minutes_slope.as_ref().unwrap().value, "20");
    assert!(answer.attention_outpaces_volume);
    // 20 of a margin of 50, then 40 of 20.
    let shares: Vec<_> = answer.points.iter().map(|p| p.effort_share).collect();
    assert_eq!(shares, [Some(0.0), Some(0.4), Some(2.0), Some(0.0)]);
    let march = answer.points[2].prior_period.as_ref().unwrap();
    assert_eq!(text(march.value.as_ref()), "30");
    assert_eq!(text(march.change.as_ref()), "-50");
    assert!((march.change_share.unwrap() + 50.0 / 30.0).abs() < 1e-12);
    // April has eleven days so far: beside it are eleven of March, without the forty minutes at its end.
    let april = answer.points[3].prior_period.as_ref().unwrap();
    assert_eq!(april.period, Some(days(59, 70)));
    assert_eq!(text(april.value.as_ref()), "20");
    let statement = april.statement.as_ref().unwrap();
    assert_eq!(text(statement.net_revenue.as_ref()), "30");
    // Everybody else is filtered out; the rent is nobody's.
    let control = answer.control_total.unwrap();
    assert_eq!(text(control.ledger.as_ref()), "202");
    assert_eq!(text(control.reported.as_ref()), "98");
    assert_eq!(text(control.filtered_out.as_ref()), "104");
    let costs = answer.cost_basis.unwrap();
    assert_eq!(text(costs.allocated_fixed_cost.as_ref()), "0");
}

#[tokio::test]
async fn all_customers_together_stand_beside_the_year_before() {
    let world = world().await;
    world
        .post(vec![
            sale("n1", "n", 365, "500", "100"),
            sale("n2", "n", 400, "9", "0"),
        ])
        .await;
    let ask = pb::GetTrendRequest {
        period: Some(days(365, 424)),
        basis: pb::RankingBasis::Revenue as i32,
        ..Default::default()
    };
    let answer = trend(&world, ask.clone()).await;
    assert_eq!(values(&answer), ["500", "9"]);
    let year_before: Vec<_> = answer
        .points
        .iter()
        .map(|point| text(point.prior_year.as_ref().unwrap().value.as_ref()))
        .collect();
    assert_eq!(year_before, ["190", "60"]);
    let january = answer.points[0].prior_year.as_ref().unwrap();
    assert_eq!(january.period, Some(days(0, 31)));
    assert!((january.change_share.unwrap() - 310.0 / 190.0).abs() < 1e-12);
    assert_eq!(text(answer.control_total.unwrap().reported.as_ref()), "509");
    let years = pb::GetTrendRequest {
        granularity: CalendarPeriod::Year as i32,
        period: Some(days(0, 730)),
        ..ask
    };
    let answer = trend(&world, years).await;
    assert_eq!(values(&answer), ["292", "509"]);
    assert!(answer.points.iter().all(|point| point.is_complete));
    let (last, prior) = (&answer.points[1], &answer.points[1].prior_period);
    assert_eq!(prior, &last.prior_year);
    assert_eq!(text(prior.as_ref().unwrap().change.as_ref()), "217");
    assert_eq!(text(answer.slope.as_ref()), "217");
}

#[tokio::test]
async fn every_granularity_adds_up_to_the_same() {
    let world = world().await;
    for granularity in ["DAY", "WEEK", "MONTH", "QUARTER", "HALF", "YEAR"] {
        let ask = pb::GetTrendRequest {
            granularity: CalendarPeriod::from_str_name(granularity).unwrap() as i32,
            ..Default::default()
        };
        let answer = trend(&world, ask).await;
        let sum: i64 = answer
            .points
            .iter()
            .map(|point| point.value.as_ref().unwrap().units)
            .sum();
        assert_eq!(sum, 202, "{granularity}");
        let control = answer.control_total.unwrap();
        assert_eq!(text(control.ledger.as_ref()), "202");
        // From the first day with an activity to the last.
        let (first, last) = (&answer.points[0], &answer.points[answer.points.len() - 1]);
        let start = first.period.as_ref().unwrap().start_time;
        let end = last.period.as_ref().unwrap().end_time;
        assert_eq!(
            (start, end),
            (days(0, 101).start_time, days(0, 101).end_time)
        );
    }
}

#[tokio::test]
async fn a_trend_of_nothing_has_no_points_and_no_slope() {
    let world = world().await;
    let later = pb::GetTrendRequest {
        period: Some(pb::google_type::Interval {
            start_time: days(900, 901).start_time,
            end_time: None,
        }),
        ..of("a")
    };
    let answer = trend(&world, later).await;
    assert!(answer.points.is_empty());
    assert_eq!(answer.slope, None);
    assert!(!answer.attention_outpaces_volume);
    // A closed period has its points whether anything happened or not.
    let closed = pb::GetTrendRequest {
        period: Some(days(365, 424)),
        ..of("a")
    };
    let answer = trend(&world, closed).await;
    assert_eq!(values(&answer), ["0", "0"]);
    assert_eq!(text(answer.slope.as_ref()), "0");
}

#[tokio::test]
async fn hostile_trends_are_refused_by_field() {
    let world = world().await;
    let nobody = world.reports().get_trend(of("nobody")).await.unwrap_err();
    assert_eq!(reason(&nobody).0, "CUSTOMER_NOT_FOUND");
    let cases = [
        (
            pb::GetTrendRequest {
                granularity: CalendarPeriod::Fortnight as i32,
                ..of("a")
            },
            "ENUM_VALUE_UNKNOWN",
            "granularity",
        ),
        (
            pb::GetTrendRequest {
                granularity: CalendarPeriod::Day as i32,
                period: Some(days(0, 1_001)),
                ..of("a")
            },
            "LIST_TOO_LONG",
            "period",
        ),
        (of(&"x".repeat(300)), "FIELD_TOO_LONG", "customer_id"),
    ];
    for (request, reason, field) in cases {
        let status = world.reports().get_trend(request).await.unwrap_err();
        assert_eq!(refusal(&status), (reason.to_owned(), field.to_owned()));
    }
}
