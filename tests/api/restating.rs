//! Reports in another currency than that of the books, worked out by hand and of worlds by chance.

use crate::{
    currencies::{date, money, rate, sale, store, submit},
    harness::{World, activity, cost_model, days, decimal, effort, reason, refusal, text},
};
use profitscore::api::pb::{self, activity::Kind};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngSeed, TestRunner},
};

/// In dollars: a sells 100 for 60 on day 1 and takes 30 minutes at 0.5 on day 2; b sells 50 for 10 on day 2. The rent
/// of 10 for days 1 to 10 is one a day, of which two days are asked for, half for each.
///
/// In euros, at 0.5 on day 1 and 0.25 on day 2: a has 50 - 30, less 15 * 0.25 = 3.75, and b 12.5 - 2.5. The rent is
/// 0.5 + 0.25 = 0.75, of which each bears 0.375.
async fn two_days() -> World {
    let world = World::start().await;
    let sold = vec![
        sale("a1", "a", 1, "USD", ["100", "60"]),
        effort("a2", "a", 2, "CLERK", "30"),
        sale("b1", "b", 2, "USD", ["50", "10"]),
    ];
    world.post(sold).await;
    let request = pb::PutCostModelRequest {
        cost_model: Some(cost_model("CLERK", "0.5", "10", 1, 11)),
        request_id: "r".to_owned(),
        ..Default::default()
    };
    world.cost_models().put_cost_model(request).await.unwrap();
    store(
        &world,
        vec![rate("USD", "EUR", 1, "0.5"), rate("USD", "EUR", 2, "0.25")],
    )
    .await;
    world
}

#[tokio::test]
async fn a_report_is_restated_at_the_rate_of_each_day() {
    let world = two_days().await;
    let request = pb::RankCustomersRequest {
        period: Some(days(1, 3)),
        reporting_currency: "EUR".to_owned(),
        ..Default::default()
    };
    let answer = world
        .rankings()
        .rank_customers(request.clone())
        .await
        .unwrap()
        .into_inner();
    let rows: Vec<_> = (answer.customers.iter())
        .map(|row| (row.customer_id.as_str(), text(row.value.as_ref())))
        .collect();
    assert_eq!(
        rows,
        [("a", "15.875".to_owned()), ("b", "9.625".to_owned())]
    );
    let total = answer.control_total.unwrap();
    assert_eq!(text(total.ledger.as_ref()), "25.5");
    assert_eq!(text(total.reported.as_ref()), "25.5");
    assert_eq!(total.ledger.unwrap().currency_code, "EUR");
    let costs = answer.cost_basis.unwrap();
    assert_eq!(text(costs.allocated_fixed_cost.as_ref()), "0.75");
    let restatement = costs.restatement.unwrap();
    let expected = pb::Restatement {
        from_currency: "USD".to_owned(),
        to_currency: "EUR".to_owned(),
        day_count: 2,
        first_day: Some(date(1)),
        last_day: Some(date(2)),
        sources: vec!["ECB".to_owned()],
    };
    assert_eq!(restatement, expected);
    let statement = pb::GetCustomerStatementRequest {
        customer_id: "a".to_owned(),
        period: request.period,
        reporting_currency: "EUR".to_owned(),
        ..Default::default()
    };
    let answer = world
        .rankings()
        .get_customer_statement(statement)
        .await
        .unwrap()
        .into_inner();
    let figures = answer.statement.unwrap();
    assert_eq!(text(figures.cost_to_serve.as_ref()), "3.75");
    assert_eq!(text(figures.net_profit.as_ref()), "15.875");
    // The minutes are what they were, and no single rate is behind their cost.
    let line = answer
        .lines
        .iter()
        .find(|line| line.minutes.is_some())
        .unwrap();
    assert_eq!(line.minutes, Some(decimal("30")));
    assert_eq!(
        (text(line.amount.as_ref()).as_str(), &line.rate_per_minute),
        ("3.75", &None)
    );
    // The curve, the export and the trend come to the same.
    let request = pb::GetConcentrationRequest {
        period: request.period,
        reporting_currency: "EUR".to_owned(),
        leaving_counts: vec![1],
        ..Default::default()
    };
    let answer = world
        .rankings()
        .get_concentration(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        text(answer.control_total.unwrap().reported.as_ref()),
        "25.5"
    );
    assert_eq!(text(answer.dependences[0].lost_margin.as_ref()), "16.25");
    let request = pb::GetTrendRequest {
        period: Some(days(1, 3)),
        granularity: pb::google_type::CalendarPeriod::Day as i32,
        reporting_currency: "EUR".to_owned(),
        ..Default::default()
    };
    let answer = world
        .reports()
        .get_trend(request)
        .await
        .unwrap()
        .into_inner();
    let points: Vec<_> = answer
        .points
        .iter()
        .map(|point| text(point.value.as_ref()))
        .collect();
    assert_eq!(points, ["20", "6.25"]);
}

#[tokio::test]
async fn a_restatement_without_a_rate_is_refused_by_name() {
    let world = two_days().await;
    let ask = |currency: &str, period| {
        let request = pb::RankCustomersRequest {
            period,
            reporting_currency: currency.to_owned(),
            ..Default::default()
        };
        let mut client = world.rankings();
        async move { client.rank_customers(request).await }
    };
    // The rent of day 3 has no rate.
    let status = ask("EUR", Some(days(1, 4))).await.unwrap_err();
    let (name, metadata) = reason(&status);
    assert_eq!(name, "EXCHANGE_RATE_NOT_FOUND");
    assert_eq!(metadata["day"], "1970-01-04");
    assert_eq!(metadata["field"], "reporting_currency");
    let status = ask("GBP", Some(days(1, 3))).await.unwrap_err();
    assert_eq!(reason(&status).0, "EXCHANGE_RATE_NOT_FOUND");
    let status = ask("EUX", Some(days(1, 3))).await.unwrap_err();
    let expected = (
        "CURRENCY_UNKNOWN".to_owned(),
        "reporting_currency".to_owned(),
    );
    assert_eq!(refusal(&status), expected);
    // That of the books needs no rates.
    let answer = ask("USD", None).await.unwrap().into_inner();
    assert_eq!(answer.cost_basis.unwrap().restatement, None);
    // As of a position before the rates there are none.
    let request = pb::RankCustomersRequest {
        reporting_currency: "EUR".to_owned(),
        period: Some(days(1, 3)),
        read_options: Some(pb::ReadOptions {
            as_of: Some(pb::LedgerPosition { position: 4 }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let status = world.rankings().rank_customers(request).await.unwrap_err();
    assert_eq!(reason(&status).0, "EXCHANGE_RATE_NOT_FOUND");
}

const CODES: [&str; 4] = ["USD", "EUR", "GBP", "JPY"];

/// Activities in several currencies, on three days, with working time and refunds.
fn world_of(number: usize) -> impl Strategy<Value = pb::Activity> {
    let ids = (0..5_usize, 0..3_usize, 0..3_usize, 0..3_i64);
    let amounts = (0..CODES.len(), 1..100_000_i64, 0..100_000_i64, 0..4_u8);
    (ids, amounts).prop_map(
        move |((customer, branch, product, on), (code, first, second, kind))| {
            let amount = |micros: i64| {
                let text = format!("{}.{:06}", micros / 1_000, micros % 1_000 * 7);
                Some(money(CODES[code], &text))
            };
            let kind = match kind {
                0 => Kind::Refund(pb::Refund {
                    amount: amount(first),
                    recovered_cost_of_goods: amount(second),
                    paid_out: second % 2 == 0,
                }),
                1 => Kind::Effort(pb::Effort {
                    role_id: "CLERK".to_owned(),
                    minutes: Some(decimal(&format!("{}", first % 90 + 1))),
                    purpose: pb::EffortPurpose::Service as i32,
                    ..Default::default()
                }),
                _ => Kind::Sale(pb::Sale {
                    revenue: amount(first),
                    cost_of_goods: amount(second),
                    ..Default::default()
                }),
            };
            let mut made = activity(&format!("a{number}"), &format!("c{customer}"), on, kind);
            made.dimensions = Some(pb::Dimensions {
                branch_id: ["", "north", "south"][branch].to_owned(),
                product_id: ["", "p", "q"][product].to_owned(),
                ..Default::default()
            });
            made
        },
    )
}

/// The totals of all reports in a currency, which must all be the same, and the ranking.
async fn tied(world: &World, currency: &str) -> (String, Vec<(String, String)>) {
    let reporting_currency = currency.to_owned();
    let basis = pb::RankingBasis::ContributionMargin as i32;
    let request = pb::RankCustomersRequest {
        basis,
        reporting_currency: reporting_currency.clone(),
        ..Default::default()
    };
    let ranking = world
        .rankings()
        .rank_customers(request)
        .await
        .unwrap()
        .into_inner();
    let ledger = text(ranking.control_total.unwrap().ledger.as_ref());
    let nanos = |money: &Option<pb::google_type::Money>| {
        let money = money.as_ref().unwrap();
        i128::from(money.units) * 1_000_000_000 + i128::from(money.nanos)
    };
    let of_customers: i128 = ranking.customers.iter().map(|row| nanos(&row.value)).sum();
    assert_eq!(
        profitscore::domain::decimal::format_fixed(of_customers, 9),
        ledger
    );
    for dimension in [
        pb::Dimension::Branch,
        pb::Dimension::Product,
        pb::Dimension::AccountManager,
    ] {
        let request = pb::RankDimensionRequest {
            dimension: dimension as i32,
            basis,
            reporting_currency: reporting_currency.clone(),
            ..Default::default()
        };
        let ranking = world
            .reports()
            .rank_dimension(request)
            .await
            .unwrap()
            .into_inner();
        let sum: i128 = ranking.rows.iter().map(|row| nanos(&row.value)).sum();
        assert_eq!(sum, of_customers, "{dimension:?} {currency}");
        let request = pb::GetCrossReportRequest {
            columns: dimension as i32,
            basis,
            reporting_currency: reporting_currency.clone(),
            ..Default::default()
        };
        let cross = world
            .reports()
            .get_cross_report(request)
            .await
            .unwrap()
            .into_inner();
        let across: i128 = cross
            .columns
            .iter()
            .map(|column| nanos(&column.total))
            .sum();
        let down: i128 = cross.rows.iter().map(|row| nanos(&row.total)).sum();
        assert_eq!((across, down), (of_customers, of_customers));
        for column in &cross.columns {
            let cells = cross.rows.iter().flat_map(|row| &row.cells);
            let own = cells.filter(|cell| cell.column_id == column.column_id);
            let own: i128 = own.map(|cell| nanos(&cell.value)).sum();
            assert_eq!(own, nanos(&column.total));
        }
    }
    let rows = ranking.customers.iter();
    let rows = rows.map(|row| (row.customer_id.clone(), text(row.value.as_ref())));
    (ledger, rows.collect())
}

#[tokio::test]
async fn worlds_in_several_currencies_tie_and_order_changes_nothing() {
    for seed in 0..4 {
        let mut runner = TestRunner::new(Config {
            rng_seed: RngSeed::Fixed(seed),
            failure_persistence: None,
            ..Config::default()
        });
        let mut sample = |number| world_of(number).new_tree(&mut runner).unwrap().current();
        let activities: Vec<_> = (0..80).map(&mut sample).collect();
        let rates = (0..3).flat_map(|on| {
            let number = move |code: usize| format!("{}.{}{}3571113", code, on + 1, seed + 1);
            let foreign = (1..4).map(move |code| rate(CODES[code], "USD", on, &number(code)));
            foreign.chain([rate("USD", "EUR", on, &format!("0.8{on}{seed}17"))])
        });
        let rates: Vec<_> = rates.collect();
        let (plain, other) = (World::start().await, World::start().await);
        for world in [&plain, &other] {
            store(world, rates.clone()).await;
            let request = pb::PutCostModelRequest {
                cost_model: Some(cost_model("CLERK", "0.333333", "10", 0, 3)),
                request_id: "r".to_owned(),
                ..Default::default()
            };
            world.cost_models().put_cost_model(request).await.unwrap();
        }
        plain.post(activities.clone()).await;
        let shuffled = Just(activities)
            .prop_shuffle()
            .new_tree(&mut runner)
            .unwrap()
            .current();
        for batch in shuffled.chunks(7) {
            for _ in 0..2 {
                let results = submit(&other, batch.to_vec()).await;
                let refused = |result: &&pb::ActivityResult| {
                    matches!(
                        result.outcome,
                        Some(pb::activity_result::Outcome::Rejection(_))
                    )
                };
                assert_eq!(results.iter().find(refused), None);
            }
        }
        for currency in ["USD", "EUR"] {
            assert_eq!(tied(&plain, currency).await, tied(&other, currency).await);
        }
    }
}

/// Half a unit a minute: 20 minutes on a complaint on day 1 and 40 on winning the customer on day 2 cost 10 and 20
/// dollars, and at 0.5 and 0.25 five euros each.
#[tokio::test]
async fn what_time_was_spent_on_is_restated_too() {
    let world = two_days().await;
    let complaint = Kind::Complaint(pb::Complaint {
        severity: pb::ComplaintSeverity::Minor as i32,
        minutes: Some(decimal("20")),
        role_id: "CLERK".to_owned(),
        ..Default::default()
    });
    let winning = Kind::Effort(pb::Effort {
        role_id: "CLERK".to_owned(),
        minutes: Some(decimal("40")),
        purpose: pb::EffortPurpose::Acquisition as i32,
        ..Default::default()
    });
    let more = vec![
        activity("c1", "c", 1, complaint),
        activity("c2", "c", 2, winning),
    ];
    world.post(more).await;
    for (currency, expected) in [("USD", ["10", "20", "30"]), ("EUR", ["5", "5", "10"])] {
        let request = pb::GetCustomerStatementRequest {
            customer_id: "c".to_owned(),
            period: Some(days(1, 3)),
            reporting_currency: currency.to_owned(),
            ..Default::default()
        };
        let answer = world.rankings().get_customer_statement(request).await;
        let statement = answer.unwrap().into_inner().statement.unwrap();
        let figures = [
            &statement.complaint_cost,
            &statement.total_acquisition_cost,
            &statement.cost_to_serve,
        ];
        assert_eq!(
            figures.map(|figure| text(figure.as_ref())),
            expected,
            "{currency}"
        );
    }
}
