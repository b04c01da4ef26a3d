//! `ExchangeRateService`, activities in other currencies than that of the books, and reports in other currencies.

use crate::harness::{
    World, activity, cost_model, day, days, decimal, effort, is_posted, reason, refusal, rejection,
    text, usd,
};
use profitscore::{
    api::pb::{self, activity::Kind, google_type::Date},
    domain::time::Day,
};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngSeed, TestRunner},
};

fn date(of: i32) -> Date {
    let date = Day(of).date().unwrap();
    Date {
        year: i32::from(date.year()),
        month: i32::from(date.month()),
        day: i32::from(date.day()),
    }
}

fn rate(from: &str, to: &str, on: i32, number: &str) -> pb::ExchangeRate {
    pb::ExchangeRate {
        from_currency: from.to_owned(),
        to_currency: to.to_owned(),
        day: Some(date(on)),
        rate: Some(decimal(number)),
        source: "ECB".to_owned(),
    }
}

async fn put(world: &World, rates: Vec<pb::ExchangeRate>) -> Vec<pb::ExchangeRateResult> {
    let request = pb::PutExchangeRatesRequest {
        exchange_rates: rates,
        ..Default::default()
    };
    let answer = world.exchange_rates().put_exchange_rates(request).await;
    answer.unwrap().into_inner().results
}

/// Stores rates that must all be taken.
async fn store(world: &World, rates: Vec<pb::ExchangeRate>) {
    for result in put(world, rates).await {
        let outcome = result.outcome.unwrap();
        assert!(
            matches!(outcome, pb::exchange_rate_result::Outcome::Stored(_)),
            "{outcome:?}"
        );
    }
}

/// An amount in another currency.
fn money(currency: &str, amount: &str) -> pb::google_type::Money {
    pb::google_type::Money {
        currency_code: currency.to_owned(),
        ..usd(amount)
    }
}

/// A sale at noon in some currency.
fn sale(id: &str, customer: &str, on: i64, currency: &str, amounts: [&str; 2]) -> pb::Activity {
    let kind = Kind::Sale(pb::Sale {
        revenue: Some(money(currency, amounts[0])),
        cost_of_goods: Some(money(currency, amounts[1])),
        ..Default::default()
    });
    activity(id, customer, on, kind)
}

async fn submit(world: &World, activities: Vec<pb::Activity>) -> Vec<pb::ActivityResult> {
    let request = pb::SubmitActivitiesRequest {
        activities,
        ..Default::default()
    };
    let answer = world.activities().submit_activities(request).await;
    answer.unwrap().into_inner().results
}

async fn listed(world: &World) -> Vec<pb::LedgerEntry> {
    let request = pb::ListActivitiesRequest::default();
    let answer = world.activities().list_activities(request).await;
    answer.unwrap().into_inner().entries
}

async fn ranked(world: &World, currency: &str) -> pb::RankCustomersResponse {
    let request = pb::RankCustomersRequest {
        period: Some(days(0, 100)),
        reporting_currency: currency.to_owned(),
        ..Default::default()
    };
    let answer = world.rankings().rank_customers(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn rates_are_stored_corrected_and_listed() {
    let world = World::start().await;
    store(
        &world,
        vec![rate("EUR", "USD", 1, "1.10"), rate("GBP", "USD", 1, "1.5")],
    )
    .await;
    let again = put(
        &world,
        vec![rate("EUR", "USD", 1, "1.1"), rate("EUR", "USD", 1, "1.2")],
    )
    .await;
    use pb::exchange_rate_result::Outcome;
    assert!(matches!(again[0].outcome, Some(Outcome::Unchanged(_))));
    assert!(matches!(again[1].outcome, Some(Outcome::Stored(_))));
    let list = |request| async {
        let answer = world.exchange_rates().list_exchange_rates(request).await;
        answer.unwrap().into_inner()
    };
    let first = list(pb::ListExchangeRatesRequest {
        page_size: 1,
        ..Default::default()
    })
    .await;
    let stored = first.exchange_rates[0].exchange_rate.clone().unwrap();
    assert_eq!(stored, rate("EUR", "USD", 1, "1.2"));
    let second = list(pb::ListExchangeRatesRequest {
        page_size: 1,
        page_token: first.next_page_token,
        ..Default::default()
    })
    .await;
    assert_eq!(
        second.exchange_rates[0].exchange_rate,
        Some(rate("GBP", "USD", 1, "1.5"))
    );
    assert!(second.next_page_token.is_empty());
    let early = list(pb::ListExchangeRatesRequest {
        from_currency: "EUR".to_owned(),
        first_day: Some(date(1)),
        last_day: Some(date(1)),
        read_options: Some(pb::ReadOptions {
            as_of: Some(pb::LedgerPosition { position: 1 }),
            at_least_as_fresh: None,
        }),
        ..Default::default()
    })
    .await;
    assert_eq!(early.exchange_rates.len(), 1);
    assert_eq!(
        early.exchange_rates[0].exchange_rate,
        Some(rate("EUR", "USD", 1, "1.1"))
    );
}

#[tokio::test]
async fn rates_that_are_none_are_refused_by_field() {
    let world = World::start().await;
    let edit = |edit: fn(&mut pb::ExchangeRate)| {
        let mut rate = rate("EUR", "USD", 1, "1.1");
        edit(&mut rate);
        rate
    };
    let cases = [
        (
            edit(|r| r.from_currency = "EUX".to_owned()),
            "CURRENCY_UNKNOWN",
            "from_currency",
        ),
        (
            edit(|r| r.from_currency = "eur".to_owned()),
            "FIELD_INVALID",
            "from_currency",
        ),
        (
            edit(|r| r.to_currency = String::new()),
            "FIELD_REQUIRED",
            "to_currency",
        ),
        (
            edit(|r| r.to_currency = "EUR".to_owned()),
            "FIELD_INVALID",
            "to_currency",
        ),
        (edit(|r| r.day = None), "FIELD_REQUIRED", "day"),
        (
            edit(|r| r.day.as_mut().unwrap().month = 13),
            "FIELD_INVALID",
            "day",
        ),
        (
            edit(|r| r.day.as_mut().unwrap().year = i32::MAX),
            "FIELD_INVALID",
            "day",
        ),
        (
            edit(|r| r.day.as_mut().unwrap().year = 1899),
            "TIME_OUT_OF_RANGE",
            "day",
        ),
        (edit(|r| r.rate = None), "FIELD_REQUIRED", "rate"),
        (
            edit(|r| r.rate = Some(decimal("0"))),
            "NUMBER_OUT_OF_RANGE",
            "rate",
        ),
        (
            edit(|r| r.rate = Some(decimal("-1"))),
            "NUMBER_OUT_OF_RANGE",
            "rate",
        ),
        (
            edit(|r| r.rate = Some(decimal("1e-19"))),
            "NUMBER_TOO_FINE",
            "rate",
        ),
        (
            edit(|r| r.source = String::new()),
            "FIELD_REQUIRED",
            "source",
        ),
        (
            edit(|r| r.source = "x".repeat(129)),
            "FIELD_TOO_LONG",
            "source",
        ),
    ];
    let rates = cases.iter().map(|(rate, ..)| rate.clone()).collect();
    let results = put(&world, rates).await;
    for (index, ((_, name, field), result)) in cases.iter().zip(&results).enumerate() {
        let Some(pb::exchange_rate_result::Outcome::Rejection(rejection)) = &result.outcome else {
            panic!("{result:?} is no rejection");
        };
        let expected = format!("ERROR_REASON_{name}");
        assert_eq!(rejection.reason().as_str_name(), expected, "{rejection:?}");
        assert_eq!(rejection.field, format!("exchange_rates[{index}].{field}"));
    }
    let request = pb::ListExchangeRatesRequest {
        first_day: Some(date(2)),
        last_day: Some(date(1)),
        ..Default::default()
    };
    let status = world
        .exchange_rates()
        .list_exchange_rates(request)
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&status),
        ("FIELD_INVALID".to_owned(), "last_day".to_owned())
    );
}

#[tokio::test]
async fn an_activity_in_another_currency_is_converted_at_the_rate_of_its_day() {
    let world = World::start().await;
    store(
        &world,
        vec![
            rate("EUR", "USD", 5, "1.0000005"),
            rate("EUR", "USD", 6, "2"),
        ],
    )
    .await;
    let activities = vec![
        // 3 * 1.0000005 is 3.0000015, and of two numbers at the same distance the even one is 3.000002.
        sale("e5", "c", 5, "EUR", ["3", "1"]),
        sale("u5", "c", 5, "USD", ["10", "4"]),
        sale("e6", "c", 6, "EUR", ["3", "1"]),
        effort("w6", "c", 6, "CLERK", "5"),
    ];
    let results = submit(&world, activities.clone()).await;
    assert!(results.iter().all(is_posted), "{results:?}");
    let entries = listed(&world).await;
    // Shown as they were submitted.
    let shown: Vec<_> = entries
        .iter()
        .map(|entry| match &entry.entry {
            Some(pb::ledger_entry::Entry::Activity(activity)) => activity.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(shown, activities);
    let conversion = entries[0].conversion.clone().unwrap();
    assert_eq!(
        conversion.exchange_rate,
        Some(rate("EUR", "USD", 5, "1.0000005"))
    );
    let amounts: Vec<_> = (conversion.amounts.iter())
        .map(|amount| (amount.field.as_str(), text(amount.converted.as_ref())))
        .collect();
    let expected = [("sale.revenue", "3.000002"), ("sale.cost_of_goods", "1")];
    assert_eq!(
        amounts,
        expected.map(|(field, amount)| (field, amount.to_owned()))
    );
    assert_eq!(
        conversion.amounts[0]
            .converted
            .as_ref()
            .unwrap()
            .currency_code,
        "USD"
    );
    assert_eq!(entries[1].conversion, None);
    let ranking = ranked(&world, "").await;
    // 3.000002 - 1 + 10 - 4 + 6 - 2
    assert_eq!(text(ranking.customers[0].value.as_ref()), "12.000002");

    // A rate that is corrected changes nothing of what was converted, and the same is still the same.
    store(&world, vec![rate("EUR", "USD", 5, "7")]).await;
    for result in submit(&world, activities).await {
        assert!(matches!(
            result.outcome,
            Some(pb::activity_result::Outcome::Duplicate(_))
        ));
    }
    let other = vec![
        sale("e5", "c", 5, "USD", ["3", "1"]),
        sale("u5", "c", 5, "EUR", ["10", "4"]),
        sale("e6", "c", 6, "EUR", ["3", "1.5"]),
    ];
    let fields = ["sale.revenue", "sale.revenue", "sale.cost_of_goods"];
    for (index, (result, field)) in submit(&world, other).await.iter().zip(fields).enumerate() {
        let rejection = rejection(result);
        assert_eq!(rejection.reason(), pb::ErrorReason::ActivityConflict);
        assert_eq!(rejection.field, format!("activities[{index}].{field}"));
    }
}

#[tokio::test]
async fn an_activity_without_a_rate_is_refused_by_name() {
    let world = World::start().await;
    store(
        &world,
        vec![rate("EUR", "USD", 5, "1.1"), rate("USD", "GBP", 5, "0.6")],
    )
    .await;
    let mixed = Kind::Sale(pb::Sale {
        revenue: Some(usd("3")),
        cost_of_goods: Some(money("EUR", "1")),
        ..Default::default()
    });
    let large = sale("large", "c", 5, "EUR", ["9223372036000", "1"]);
    let results = submit(
        &world,
        vec![
            sale("a", "c", 4, "EUR", ["3", "1"]),
            // The other direction is not worked out.
            sale("b", "c", 5, "GBP", ["3", "1"]),
            sale("c", "c", 5, "EUR", ["3", "1"]),
            sale("d", "c", 5, "EUX", ["3", "1"]),
            activity("e", "c", 5, mixed),
            large,
            sale("g", "c", 5, "USD", ["3", "1"]),
        ],
    )
    .await;
    let refused = |index: usize| {
        let rejection = rejection(&results[index]);
        (rejection.reason(), rejection.field.clone())
    };
    let missing = pb::ErrorReason::ExchangeRateNotFound;
    assert_eq!(refused(0), (missing, "activities[0].occur_time".to_owned()));
    assert_eq!(refused(1), (missing, "activities[1].occur_time".to_owned()));
    let metadata = &rejection(&results[0]).metadata;
    assert_eq!(
        ["from", "to", "day"].map(|key| metadata[key].as_str()),
        ["EUR", "USD", "1970-01-05"]
    );
    assert!(is_posted(&results[2]) && is_posted(&results[6]));
    let unknown = pb::ErrorReason::CurrencyUnknown;
    assert_eq!(
        refused(3),
        (
            unknown,
            "activities[3].sale.revenue.currency_code".to_owned()
        )
    );
    let mismatch = pb::ErrorReason::CurrencyMismatch;
    let field = "activities[4].sale.cost_of_goods.currency_code".to_owned();
    assert_eq!(refused(4), (mismatch, field));
    let range = pb::ErrorReason::NumberOutOfRange;
    assert_eq!(refused(5), (range, "activities[5].sale.revenue".to_owned()));
}

/// In dollars: a sells 100 for 60 on day 1 and takes 30 minutes at 0.5 on day 2; b sells 50 for 10 on day 2. The rent of
/// 10 for days 1 to 10 is one a day, of which two days are asked for, half for each.
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
            at_least_as_fresh: None,
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
                    channel: 0,
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
            let number = |code: usize| format!("{}.{}{}3571113", code, on + 1, seed + 1);
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

#[tokio::test]
async fn a_stream_takes_other_currencies_too() {
    let world = World::start().await;
    store(&world, vec![rate("EUR", "USD", 1, "2")]).await;
    let chunk = pb::StreamActivitiesRequest {
        sequence: 1,
        activities: vec![
            sale("a", "c", 1, "EUR", ["3", "1"]),
            sale("b", "c", 2, "EUR", ["3", "1"]),
        ],
        ..Default::default()
    };
    let answers = world
        .activities()
        .stream_activities(tokio_stream::iter([chunk]))
        .await;
    let answer = answers
        .unwrap()
        .into_inner()
        .message()
        .await
        .unwrap()
        .unwrap();
    assert_eq!((answer.posted_count, answer.rejections.len()), (1, 1));
    assert_eq!(answer.rejections[0].index, 1);
    let rejection = answer.rejections[0].rejection.clone().unwrap();
    assert_eq!(rejection.field, "activities[1].occur_time");
    assert_eq!(day(1).seconds, 86_400);
}
