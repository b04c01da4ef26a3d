//! What changes what customers owe, and what that costs them in a ranking.

use crate::{generate::CUSTOMERS, words::*};
use profitscore::{
    domain::{
        activity::Kind,
        allocation::{Driven, Driver},
        id::PartyId,
        ledger::Entry,
        question::Order,
        ranking::Basis,
        receivables::{
            Change, Event, Means, ReceivablesAnswer, ReceivablesQuestion,
            cost::{Part, ReceivablesRates},
        },
        time::{Day, Instant, Period},
    },
    store::Store,
};
use proptest::{collection::vec, prelude::*, sample::select};
use std::{collections::BTreeMap, sync::Arc};

const UNIT: i64 = 1_000_000;

fn invoice(id: &str, customer: &str, day: i32, due: Option<i32>, amount: i64) -> Entry {
    let kind = Kind::Invoice {
        invoice_id: format!("no {id}"),
        amount: amount * UNIT,
        due_time: due.map(noon),
    };
    Entry::Activity(activity(id, customer, day, kind))
}

fn credit(id: &str, customer: &str, day: i32, invoice: &str, amount: i64) -> Entry {
    let kind = Kind::CreditNote {
        amount: amount * UNIT,
        invoice_id: invoice.to_owned(),
    };
    Entry::Activity(activity(id, customer, day, kind))
}

fn dispute(id: &str, customer: &str, day: i32, invoice: &str, resolved: bool) -> Entry {
    let invoice_id = invoice.to_owned();
    let kind = Kind::Dispute {
        invoice_id,
        resolved,
    };
    Entry::Activity(activity(id, customer, day, kind))
}

async fn ask(
    store: &dyn Store,
    customers: Option<&[&str]>,
    before: Option<i32>,
    as_of: u64,
) -> ReceivablesAnswer {
    let question = ReceivablesQuestion {
        customers: customers.map(|ids| ids.iter().map(|id| party_id(id)).collect()),
        before: before.map(Day),
        as_of,
    };
    store.receivables(&tenant("t"), &question).await.unwrap()
}

fn event(day: i32, change: Change) -> Event {
    let time: Instant = noon(day);
    let day = Day(day);
    Event { time, day, change }
}

fn settled(by: Means, invoice: &str, amount: i64) -> Change {
    Change::Settle {
        by,
        invoice_id: invoice.to_owned(),
        amount: amount * UNIT,
    }
}

fn billed(invoice: &str, due: i32, amount: i64) -> Change {
    Change::Invoice {
        invoice_id: invoice.to_owned(),
        due: Day(due),
        amount: amount * UNIT,
    }
}

pub async fn what_customers_owe_is_told_by_customer(store: &dyn Store) {
    append(
        store,
        vec![
            sale("1", "a", 3, 100, 0),
            payment("2", "a", 9, 40),
            invoice("3", "a", 3, Some(8), 100),
            invoice("4", "b", 5, None, 70),
            credit("5", "a", 9, "no 3", 10),
            dispute("6", "b", 6, "no 4", false),
            dispute("7", "b", 8, "no 4", true),
        ],
    )
    .await;
    append(store, vec![reversal("8", "6"), reversal("9", "2")]).await;
    let of_a = vec![
        event(3, billed("no 3", 8, 100)),
        event(9, settled(Means::CreditNote, "no 3", 10)),
    ];
    let resolved = |resolved| Change::Dispute {
        invoice_id: "no 4".to_owned(),
        resolved,
    };
    let of_b = vec![event(5, billed("no 4", 5, 70)), event(8, resolved(true))];
    let expected = ReceivablesAnswer::from([(party_id("a"), of_a), (party_id("b"), of_b.clone())]);
    assert_eq!(ask(store, None, None, NEWEST).await, expected);
    assert_eq!(
        ask(store, Some(&["a", "nobody", "b", "a"]), None, NEWEST).await,
        expected
    );
    assert_eq!(
        ask(store, Some(&["b"]), None, NEWEST).await,
        ReceivablesAnswer::from([(party_id("b"), of_b)])
    );
    assert_eq!(
        ask(store, Some(&[]), None, NEWEST).await,
        ReceivablesAnswer::new()
    );
    // As it was before anything was taken back, up to the day before the ninth.
    let before = ReceivablesAnswer::from([
        (party_id("a"), vec![event(3, billed("no 3", 8, 100))]),
        (
            party_id("b"),
            vec![
                event(5, billed("no 4", 5, 70)),
                event(6, resolved(false)),
                event(8, resolved(true)),
            ],
        ),
    ]);
    assert_eq!(ask(store, None, Some(9), 7).await, before);
    // What comes later is seen later.
    append(store, vec![payment("10", "b", 20, 70)]).await;
    let answer = ask(store, None, None, NEWEST).await;
    let last = answer[&party_id("b")].last().unwrap();
    assert_eq!(*last, event(20, settled(Means::Payment, "", 70)));
    assert_eq!(ask(store, None, None, 9).await, expected);
}

/// Who has a dispute and nothing else is active all the same, and who owes something but did nothing is not.
pub async fn what_each_customer_costs_is_its_own(store: &dyn Store) {
    append(
        store,
        vec![
            invoice("1", "a", 0, Some(5), 20),
            invoice("2", "b", 0, Some(11), 30),
            invoice("3", "idle", 0, Some(5), 40),
            payment("4", "a", 12, 20),
            sale("5", "b", 12, 14, 0),
            dispute("6", "c", 13, "none", false),
        ],
    )
    .await;
    let rates = ReceivablesRates {
        capital_per_year: 73_000,
        provision: [0, 500_000, 500_000, 500_000, 500_000],
    };
    let period = days(10, 15);
    let events = ask(store, None, Some(15), NEWEST).await;
    let costs = rates.costs(&events, &period).unwrap();
    // A day costs two hundredths of a per cent: 20 for two days, 30 and 40 for five. 15 are provided for b, and 10 of a
    // are released.
    let parts: Vec<_> = costs
        .parts
        .iter()
        .map(|(part, driven)| (*part, driven.amount))
        .collect();
    let expected = [
        (Part::Carrying, 78_000),
        (Part::Provision, 15_000_000),
        (Part::Release, -10_000_000),
    ];
    assert_eq!(parts, expected);
    let order = Order {
        driven: costs.parts.into_iter().map(|(_, driven)| driven).collect(),
        ..order(Basis::NetProfit)
    };
    let answer = rank(store, scope(period), order.clone()).await;
    let rows: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.customer.as_str(), row.value, row.shares.clone()))
        .collect();
    let expected = [
        ("a", 9_992_000_000, vec![8_000, 0, -10_000_000]),
        ("c", 0, vec![0, 0, 0]),
        ("b", -1_030_000_000, vec![30_000, 15_000_000, 0]),
    ];
    assert_eq!(rows, expected);
    // 40,000 of what the idle one costs are nobody's here.
    let allotted: Vec<_> = answer.totals.driven.iter().map(|one| one.amount).collect();
    assert_eq!(allotted, [38_000, 15_000_000, -10_000_000]);
    assert_eq!(
        answer.totals.reported_shares,
        [38_000, 15_000_000, -10_000_000]
    );
    assert_eq!(answer.totals.negative, 1);
    let before = rank(
        store,
        scope(Period {
            start: None,
            end: Some(Day(10)),
        }),
        order,
    )
    .await;
    assert_eq!(before.totals.active, 3);
}

/// Of what each customer bears exactly its own, or gets it.
pub fn any_own() -> impl Strategy<Value = Driven> {
    let own = (select(&CUSTOMERS), 1_i64..1_000_000_000);
    let own = own.prop_map(|(id, quantity)| (party_id(id), quantity));
    (vec(own, 1..5), any::<bool>()).prop_map(|(own, takes)| {
        let own: BTreeMap<PartyId, i64> = own.into_iter().collect();
        let total: i64 = own.values().sum();
        Driven {
            amount: if takes { -total } else { total },
            driver: Driver::Supplied(Arc::new(own)),
            capacity: Some(total.into()),
        }
    })
}
