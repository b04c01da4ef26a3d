//! Exchange rates, and activities that were submitted in another currency than that of the books.

use crate::words::*;
use profitscore::{
    domain::{
        activity::{Activity, Kind},
        exchange_rate::{ExchangeRate, Original, RateQuestion, convert_amounts, for_each_amount},
        ledger::{Entry, Outcome, WriteMode},
        problem::Reason,
        records::Record,
        time::{Day, Period},
    },
    store::Store,
};
use proptest::{prelude::*, sample::select};

fn rate(from: &str, day: i32, number: &str, source: &str) -> Record {
    Record::ExchangeRate(exchange_rate(from, "USD", day, number, source))
}

pub async fn rates_are_versions_of_days(store: &dyn Store) {
    let (first, corrected) = (rate("EUR", 2, "1.1", "ECB"), rate("EUR", 2, "1.15", "ECB"));
    let batch = vec![
        first.clone(),
        first.clone(),
        corrected.clone(),
        rate("EUR", 3, "1.1", "ECB"),
    ];
    let outcomes = put(store, batch).await;
    let expected = [
        Outcome::Posted(1),
        Outcome::Duplicate(1),
        Outcome::Posted(2),
        Outcome::Posted(3),
    ];
    assert_eq!(outcomes, expected);
    // Another source is another version, and the first again too.
    assert_eq!(
        put(store, vec![rate("EUR", 2, "1.15", "bank")]).await,
        posted(4, 1)
    );
    assert_eq!(put(store, vec![first.clone()]).await, posted(5, 1));
    assert_eq!(
        put(store, vec![first.clone()]).await,
        [Outcome::Duplicate(5)]
    );
    // The other direction is a pair of its own.
    let inverse = Record::ExchangeRate(exchange_rate("USD", "EUR", 2, "0.9", "ECB"));
    let tried = store
        .put(&tenant("t"), vec![inverse], NOW, WriteMode::ValidateOnly)
        .await;
    assert_eq!(tried.unwrap(), posted(6, 1));
    let keys = [
        (pair("EUR", "USD"), Day(2)),
        (pair("USD", "EUR"), Day(2)),
        (pair("EUR", "USD"), Day(4)),
    ];
    for (as_of, number) in [
        (0, None),
        (1, Some("1.1")),
        (2, Some("1.15")),
        (5, Some("1.1")),
    ] {
        let found = store
            .exchange_rates(&tenant("t"), &keys, as_of)
            .await
            .unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|rate| rate.as_ref().map(|rate| rate.rate.to_string()))
            .collect();
        assert_eq!(
            found,
            [number.map(str::to_owned), None, None],
            "as of {as_of}"
        );
    }
    assert!(all_rates(store, &tenant("u"), NEWEST).await.is_empty());
}

pub async fn rates_are_listed_in_pages(store: &dyn Store) {
    let days = 0..6;
    let records = days.flat_map(|day| [rate("GBP", day, "1.5", "b"), rate("EUR", day, "1.1", "b")]);
    put(store, records.collect()).await;
    put(store, vec![rate("EUR", 4, "1.2", "b")]).await;
    let mut question = RateQuestion {
        from: None,
        to: None,
        period: days_of(1, 5),
        after: None,
        as_of: NEWEST,
        limit: 3,
    };
    let mut listed = Vec::new();
    loop {
        let page = store
            .list_exchange_rates(&tenant("t"), &question)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        question.after = Some((last.rate.pair, last.rate.day));
        listed.extend(page);
    }
    let of = |rate: &ExchangeRate| {
        (
            rate.pair.from.to_string(),
            rate.day.0,
            rate.rate.to_string(),
        )
    };
    let found: Vec<_> = listed.iter().map(|stored| of(&stored.rate)).collect();
    let expected = |code: &str, day, number: &str| (code.to_owned(), day, number.to_owned());
    assert_eq!(found.len(), 8);
    assert_eq!(found[0], expected("EUR", 1, "1.1"));
    assert_eq!(found[3], expected("EUR", 4, "1.2"));
    assert_eq!(listed[3].position, 13);
    assert_eq!(listed[3].record_time, NOW);
    assert_eq!(found[7], expected("GBP", 4, "1.5"));
    question.after = None;
    question.from = Some(pair("GBP", "USD").from);
    question.as_of = 3;
    let early = store
        .list_exchange_rates(&tenant("t"), &question)
        .await
        .unwrap();
    assert_eq!(early.len(), 1);
}

fn days_of(start: i32, end: i32) -> Period {
    days(start, end)
}

/// A sale that was submitted in euros, converted at a rate.
fn foreign(id: &str, revenue: i64, number: &str) -> Entry {
    let kind = Kind::Sale {
        revenue: revenue * 1_000_000,
        cost_of_goods: Some(1),
        quantity: None,
        price: None,
    };
    foreign_of(activity(id, "c", 2, kind), number)
}

fn foreign_of(mut activity: Activity, number: &str) -> Entry {
    let rate = exchange_rate("EUR", "USD", 2, number, "ECB");
    let amounts = convert_amounts(&mut activity.kind, rate.rate).unwrap();
    activity.original = Some(Box::new(Original {
        currency: rate.pair.from,
        amounts,
        rate: rate.rate,
        rate_day: rate.day,
        source: rate.source,
    }));
    Entry::Activity(activity)
}

pub async fn what_was_submitted_is_kept_and_compared(store: &dyn Store) {
    let first = foreign("a", 10, "1.25");
    assert_eq!(append(store, vec![first.clone()]).await, posted(1, 1));
    // The rate was corrected since.
    let again = vec![foreign("a", 10, "1.5"), first.clone()];
    assert_eq!(
        append(store, again).await,
        [Outcome::Duplicate(1), Outcome::Duplicate(1)]
    );
    let mut in_dollars = first.clone();
    let mut with_other_cost = first.clone();
    let (Entry::Activity(dollars), Entry::Activity(cost)) = (&mut in_dollars, &mut with_other_cost)
    else {
        unreachable!()
    };
    dollars.original = None;
    dollars.kind = Kind::Sale {
        revenue: 10_000_000,
        cost_of_goods: Some(1),
        quantity: None,
        price: None,
    };
    cost.original.as_mut().unwrap().amounts[1] = 2;
    for (entry, field) in [
        (in_dollars, "sale.revenue"),
        (with_other_cost, "sale.cost_of_goods"),
        (foreign("a", 11, "1.25"), "sale.revenue"),
    ] {
        let outcome = append(store, vec![entry]).await.pop().unwrap();
        assert_eq!(refusal(&outcome), (Reason::ActivityConflict, field));
    }
    let found = entries(store, &all_entries()).await;
    assert_eq!(found[0].entry, first);
    // What is posted is in the currency of the books: 12.5 and, of a millionth times 1.25, a millionth.
    let sums = &grouped(store).await["UNASSIGNED"];
    assert_eq!(
        sums.get(&profitscore::domain::account::Account::GrossRevenue),
        12_500_000
    );
    assert_eq!(
        sums.get(&profitscore::domain::account::Account::CostOfGoods),
        1
    );
}

async fn grouped(store: &dyn Store) -> profitscore::domain::question::CrossAnswer {
    use profitscore::domain::question::{CrossQuestion, Group, Scope};
    let question = CrossQuestion {
        scope: Scope::all_of(Period::ALL, watermark(store).await),
        group: Group::Branch,
    };
    store.cross(&tenant("t"), &question).await.unwrap()
}

/// Large batches are stored in another form than small ones, and prepared elsewhere.
pub async fn rows_of_many_entries_keep_what_was_submitted(store: &dyn Store) {
    let batch: Vec<Entry> = (0..300)
        .map(|number| match number % 3 {
            0 => foreign(&format!("a{number}"), number, "1.25"),
            _ => sale(&format!("a{number}"), "c", 2, number, 0),
        })
        .collect();
    assert_eq!(append(store, batch.clone()).await, posted(1, 300));
    let found = entries(store, &all_entries()).await;
    let found: Vec<Entry> = found.into_iter().map(|entry| entry.entry).collect();
    assert_eq!(found, batch);
    let revenue = |number: i64| {
        if number % 3 == 0 {
            number * 1_250_000
        } else {
            number * 1_000_000
        }
    };
    let wanted: i64 = (0..300).map(revenue).sum();
    let sums = &grouped(store).await["UNASSIGNED"];
    let account = profitscore::domain::account::Account::GrossRevenue;
    assert_eq!(sums.get(&account), i128::from(wanted));
    assert_eq!(append(store, batch).await[299], Outcome::Duplicate(300));
}

/// A rate, and amounts in its currency.
pub fn submitted() -> impl Strategy<Value = (ExchangeRate, [i64; 3])> {
    (any_rate(), [0..3_i64, 0..3, 0..3])
}

/// Stores keep what was submitted as it is told to them.
pub fn original_of(kind: &Kind, rate: &ExchangeRate, amounts: &[i64]) -> Original {
    let mut amounts = amounts.iter().cycle();
    let mut own = Vec::new();
    for_each_amount(&mut kind.clone(), |_, _| {
        own.extend(amounts.next());
        Ok::<_, ()>(())
    })
    .unwrap();
    Original {
        currency: rate.pair.from,
        amounts: own,
        rate: rate.rate,
        rate_day: rate.day,
        source: rate.source.clone(),
    }
}

/// A rate of a few currencies and days.
pub fn any_rate() -> impl Strategy<Value = ExchangeRate> {
    let rate = (select(&["EUR", "GBP"]), select(&["USD", "JPY"]), 0..4);
    (rate, 1..4_u64, select(&["", "ECB"])).prop_map(|((from, to, day), number, source)| {
        exchange_rate(from, to, day, &format!("{number}.5"), source)
    })
}
