//! What is owed, by hand and by chance. Knows no store.

use super::{
    ageing::{BUCKETS, Bucket, Owed, ageing},
    cost::{Part, ReceivablesCost, ReceivablesRates},
    figures::Figures,
    settlement::Settlement,
    *,
};
use crate::domain::{money::divide_half_even, time::Period};
use proptest::{array::uniform5, collection::vec, prelude::*, sample::select};
use std::cmp::Ordering;

fn event(day: i32, change: Change) -> Event {
    let time = Instant {
        seconds: i64::from(day) * 86_400,
        nanos: 0,
    };
    let day = Day(day);
    Event { time, day, change }
}

/// Amounts in units.
fn invoice(day: i32, id: &str, due: i32, amount: i64) -> Event {
    let change = Change::Invoice {
        invoice_id: id.to_owned(),
        due: Day(due),
        amount: amount * 1_000_000,
    };
    event(day, change)
}

fn settle(day: i32, by: Means, id: &str, amount: i64) -> Event {
    let change = Change::Settle {
        by,
        invoice_id: id.to_owned(),
        amount: amount * 1_000_000,
    };
    event(day, change)
}

fn pay(day: i32, id: &str, amount: i64) -> Event {
    settle(day, Means::Payment, id, amount)
}

fn dispute(day: i32, id: &str, resolved: bool) -> Event {
    let invoice_id = id.to_owned();
    event(
        day,
        Change::Dispute {
            invoice_id,
            resolved,
        },
    )
}

fn rates(capital_per_year: i64, provision: [i64; BUCKETS]) -> ReceivablesRates {
    ReceivablesRates {
        capital_per_year,
        provision,
    }
}

/// What is open of each invoice, in units, and the credit.
fn open(events: &[Event], before: i32) -> (Vec<(String, i128)>, i128) {
    let mut events = events.to_vec();
    events.sort();
    let settlement = Settlement::of(&events, Day(before));
    let open = settlement.invoices.iter();
    let open = open.map(|invoice| (invoice.invoice_id.clone(), invoice.open() / 1_000_000));
    (open.collect(), settlement.credit / 1_000_000)
}

/// The example of docs/receivables.md.
fn example() -> Vec<Event> {
    vec![
        invoice(0, "I1", 30, 100),
        invoice(10, "I2", 40, 200),
        pay(45, "", 150),
        settle(50, Means::CreditNote, "I2", 20),
        dispute(60, "I2", false),
    ]
}

#[test]
fn the_example_comes_to_what_was_reckoned_by_hand() {
    let (events, end) = (example(), Day(101));
    let period = Period {
        start: Some(Day(0)),
        end: Some(end),
    };
    let (figures, settlement) = Figures::of(&events, &period, end);
    let second = &settlement.invoices[1];
    assert_eq!(second.open(), 130_000_000);
    // 60 days past its due day.
    let owed = Owed {
        open: 130_000_000,
        disputed: 130_000_000,
    };
    let none = Owed::default();
    assert_eq!(figures.ageing, [none, none, owed, none, none]);
    assert_eq!(figures.fell_due, 150_000_000);
    assert_eq!(figures.paid, 150_000_000);
    // 100 were 15 days late and 50 were 5 days late: 1750 / 150.
    assert_eq!(figures.days_late(), Some(11_667));
    // 130 / 280 * 101 days.
    assert_eq!(figures.billed, 280_000_000);
    assert_eq!(
        figures.days_outstanding(figures.open().open, end),
        Some(46_893)
    );
    assert_eq!(figures.days_outstanding(0, end), Some(0));
    // 100 for 10 days, 300 for 35, 150 for 5 and 130 for 51, at two hundredths of a per cent a day.
    let rates = rates(73_000, [0, 0, 100_000, 0, 0]);
    let cost = rates.cost(&events, Some(Day(0)), end).unwrap();
    let expected = ReceivablesCost {
        carrying: 3_776_000,
        provision_change: 13_000_000,
    };
    assert_eq!(cost, expected);
    // At the end of day 44 all 300 were due, 14 and 4 days ago.
    assert_eq!(rates.provision_before(&events, Day(45)), 0);
}

#[test]
fn what_names_no_invoice_settles_the_oldest_due_first() {
    let billed = [invoice(0, "late", 50, 10), invoice(1, "soon", 20, 10)];
    let with = |more: Event| [billed.to_vec(), vec![more]].concat();
    let left = |events: &[Event]| open(events, 99);
    let of = |soon, late, credit| {
        let open = vec![("soon".to_owned(), soon), ("late".to_owned(), late)];
        (open, credit)
    };
    assert_eq!(left(&billed), of(10, 10, 0));
    assert_eq!(left(&with(pay(5, "", 4))), of(6, 10, 0));
    assert_eq!(left(&with(pay(5, "", 14))), of(0, 6, 0));
    assert_eq!(left(&with(pay(5, "late", 4))), of(10, 6, 0));
    // What is beyond the amount of the named one is on account.
    assert_eq!(left(&with(pay(5, "late", 14))), of(6, 0, 0));
    assert_eq!(left(&with(pay(5, "", 25))), of(0, 0, 5));
    // One that is not there.
    assert_eq!(left(&with(pay(5, "unknown", 3))), of(7, 10, 0));
    // Before anything was billed there is nothing but credit.
    assert_eq!(open(&with(pay(-3, "", 12)), 0), (Vec::new(), 12));
    assert_eq!(left(&with(pay(-3, "", 12))), of(0, 8, 0));
    // Of several invoices of one number the amounts are added up, and the last says when it is due.
    let twice = [invoice(0, "i", 5, 10), invoice(2, "i", 9, 4)];
    let settlement = Settlement::of(&twice, Day(9));
    assert_eq!(settlement.invoices.len(), 1);
    assert_eq!(settlement.invoices[0].due, Day(9));
    assert_eq!(settlement.open(), 14_000_000);
}

#[test]
fn a_dispute_holds_from_its_day_to_its_end() {
    let events = [
        invoice(0, "i", 5, 10),
        dispute(7, "i", false),
        dispute(20, "i", true),
        dispute(21, "unknown", false),
    ];
    let disputed = |before: i32| {
        let buckets = ageing(&Settlement::of(&events, Day(before)), Day(before));
        buckets.iter().map(|owed| owed.disputed).sum::<i128>()
    };
    assert_eq!([7, 8, 20, 21].map(disputed), [0, 10_000_000, 10_000_000, 0]);
}

#[test]
fn buckets_end_at_their_last_days() {
    let buckets = [-9, 0, 1, 30, 31, 60, 61, 90, 91].map(Bucket::of);
    use Bucket::{NotDue, Over90, UpTo30, UpTo60, UpTo90};
    let expected = [
        NotDue, NotDue, UpTo30, UpTo30, UpTo60, UpTo60, UpTo90, UpTo90, Over90,
    ];
    assert_eq!(buckets, expected);
}

#[test]
fn who_pays_all_and_in_time_stands_first() {
    let figures = |fell_due, paid, late| Figures {
        fell_due,
        paid,
        late,
        ..Figures::default()
    };
    let order = [
        figures(100, 100, 0),
        figures(10, 10, 5),
        figures(100, 100, 60),
        figures(3, 2, 0),
        figures(100, 0, 0),
        figures(0, 0, 0),
    ];
    for (place, one) in order.iter().enumerate() {
        for (other_place, other) in order.iter().enumerate() {
            let found = one.compare_solvency(other);
            assert_eq!(found, place.cmp(&other_place), "{place} {other_place}");
        }
    }
    let same = figures(200, 200, 120);
    assert_eq!(order[2].compare_solvency(&same), Ordering::Equal);
}

#[test]
fn what_is_released_is_told_apart_and_all_parts_add_up() {
    let rates = rates(73_000, [0, 500_000, 500_000, 500_000, 500_000]);
    let customer = |id: &str| PartyId::stored(id);
    let events = ReceivablesAnswer::from([
        // 10 provided before the period and released in it.
        (customer("a"), vec![invoice(0, "i", 5, 20), pay(12, "", 20)]),
        // 15 provided in it.
        (customer("b"), vec![invoice(0, "i", 11, 30)]),
        (customer("c"), vec![pay(3, "", 5)]),
    ]);
    let period = Period {
        start: Some(Day(10)),
        end: Some(Day(15)),
    };
    let costs = rates.costs(&events, &period).unwrap();
    let amounts: Vec<_> = costs
        .parts
        .iter()
        .map(|(part, driven)| (*part, driven.amount))
        .collect();
    // 20 for two days and 30 for five, at two hundredths of a per cent a day.
    let expected = [
        (Part::Carrying, 38_000),
        (Part::Provision, 15_000_000),
        (Part::Release, -10_000_000),
    ];
    assert_eq!(amounts, expected);
    // Without an end the period ends with the last event, on day 12.
    let open_end = Period {
        end: None,
        ..period
    };
    let costs = rates.costs(&events, &open_end).unwrap();
    assert_eq!(costs.parts[0].1.amount, 8_000 + 18_000);
    let later = Period {
        start: Some(Day(40)),
        end: None,
    };
    assert_eq!(rates.costs(&events, &later).unwrap(), Default::default());
}

fn any_event() -> impl Strategy<Value = Event> {
    let id = || select(&["i", "j", "k", ""]).prop_map(str::to_owned);
    let invoice_id = select(&["i", "j", "k"]).prop_map(str::to_owned);
    let means = select(&[Means::CreditNote, Means::Payment, Means::WriteOff]);
    let amount = || prop_oneof![0_i64..50, 0_i64..5_000_000, Just(i64::MAX)];
    let change = prop_oneof![
        4 => (invoice_id, 0..150, amount())
            .prop_map(|(invoice_id, due, amount)| Change::Invoice { invoice_id, due: Day(due), amount }),
        4 => (means, id(), amount())
            .prop_map(|(by, invoice_id, amount)| Change::Settle { by, invoice_id, amount }),
        1 => (id(), any::<bool>())
            .prop_map(|(invoice_id, resolved)| Change::Dispute { invoice_id, resolved }),
    ];
    (0..120, change).prop_map(|(day, change)| event(day, change))
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    vec(any_event(), 0..24).prop_map(|mut events| {
        events.sort();
        events
    })
}

proptest! {
    #[test]
    fn all_that_was_billed_is_open_or_settled(events in events(), before in 0..160) {
        let settlement = Settlement::of(&events, Day(before));
        let owed: i128 = events.iter().filter(|event| event.day < Day(before)).map(Event::raises).sum();
        prop_assert_eq!(settlement.open() - settlement.credit, owed);
        prop_assert!(settlement.credit >= 0);
        prop_assert!(settlement.credit == 0 || settlement.open() == 0);
        for invoice in &settlement.invoices {
            prop_assert!(invoice.open() >= 0, "{:?}", invoice);
        }
        let buckets = ageing(&settlement, Day(before));
        prop_assert_eq!(buckets.iter().map(|owed| owed.open).sum::<i128>(), settlement.open());
        for owed in buckets {
            prop_assert!((0..=owed.open).contains(&owed.disputed));
        }
    }

    #[test]
    fn the_order_of_writing_does_not_matter(
        (written, shuffled) in events().prop_flat_map(|events| {
            (Just(events.clone()), Just(events).prop_shuffle())
        }),
        before in 0..160,
    ) {
        let mut events = shuffled;
        events.sort();
        prop_assert_eq!(Settlement::of(&events, Day(before)), Settlement::of(&written, Day(before)));
    }

    #[test]
    fn capital_costs_what_is_open_each_day(events in events(), before in 0..160, rate in 0..2_000_000_i64) {
        let rates = rates(rate, [0; BUCKETS]);
        let bound: i128 = (-1..before).map(|day| Settlement::of(&events, Day(day + 1)).open()).sum();
        let expected = divide_half_even(bound * i128::from(rate), 365_000_000);
        prop_assert_eq!(rates.carrying_before(&events, Day(before)), expected);
    }

    #[test]
    fn costs_of_adjoining_periods_add_up(
        events in vec(events(), 0..5), days in [0..160, 0..160, 0..160],
        capital in 0..200_000_i64, provision in uniform5(0..=1_000_000_i64),
    ) {
        let (mut days, rates) = (days, rates(capital, provision));
        days.sort_unstable();
        let wholes = [(Some(Day(days[0])), Day(days[2])), (None, Day(days[2]))];
        for (start, end) in wholes {
            for events in &events {
                let middle = Day(days[1]);
                // What is too large for an amount of money is refused.
                let (Ok(first), Ok(second), Ok(whole)) = (
                    rates.cost(events, start, middle),
                    rates.cost(events, Some(middle), end),
                    rates.cost(events, start, end),
                ) else {
                    continue;
                };
                prop_assert_eq!(i128::from(first.carrying) + i128::from(second.carrying), i128::from(whole.carrying));
                prop_assert_eq!(
                    i128::from(first.provision_change) + i128::from(second.provision_change),
                    i128::from(whole.provision_change)
                );
            }
        }
    }
}
