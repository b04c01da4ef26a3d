//! `ExchangeRateService`, and activities in other currencies than that of the books.

use crate::harness::{
    World, activity, day, days, decimal, effort, is_posted, refusal, rejection, text, usd,
};
use profitscore::{
    api::pb::{self, activity::Kind, google_type::Date},
    domain::time::Day,
};

pub fn date(of: i32) -> Date {
    let date = Day(of).date().unwrap();
    Date {
        year: i32::from(date.year()),
        month: i32::from(date.month()),
        day: i32::from(date.day()),
    }
}

pub fn rate(from: &str, to: &str, on: i32, number: &str) -> pb::ExchangeRate {
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
pub async fn store(world: &World, rates: Vec<pb::ExchangeRate>) {
    for result in put(world, rates).await {
        let outcome = result.outcome.unwrap();
        assert!(
            matches!(outcome, pb::exchange_rate_result::Outcome::Stored(_)),
            "{outcome:?}"
        );
    }
}

/// An amount in another currency.
pub fn money(currency: &str, amount: &str) -> pb::google_type::Money {
    pb::google_type::Money {
        currency_code: currency.to_owned(),
        ..usd(amount)
    }
}

/// A sale at noon in some currency.
pub fn sale(id: &str, customer: &str, on: i64, currency: &str, amounts: [&str; 2]) -> pb::Activity {
    let kind = Kind::Sale(pb::Sale {
        revenue: Some(money(currency, amounts[0])),
        cost_of_goods: Some(money(currency, amounts[1])),
        ..Default::default()
    });
    activity(id, customer, on, kind)
}

pub async fn submit(world: &World, activities: Vec<pb::Activity>) -> Vec<pb::ActivityResult> {
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
            ..Default::default()
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
