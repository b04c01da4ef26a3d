//! Amounts that go by drivers.

use crate::{
    generate::{any_driven, sample},
    laws::{activities, entries_of, runner, submit},
    words::*,
};
use profitscore::{
    domain::{
        account::{Account, Weights, WorkPurpose},
        activity::EffortPurpose,
        allocation::{Allotment, Driven, Driver, shares},
        party::{Stage, TraitFilter},
        question::{Beside, Order, RankAnswer, RankQuestion, RowSelection, Scope},
        ranking::{Basis, Direction},
        time::Period,
    },
    store::Store,
};
use std::{collections::BTreeMap, sync::Arc};

/// a sells for 1,000, b for 300 and d for 200; c only pays; d takes 100 minutes of service.
async fn fill(store: &dyn Store) {
    let entries = vec![
        sale("1", "a", 10, 1_000, 950),
        sale("2", "b", 10, 300, 100),
        payment("3", "c", 12, 70),
        sale("4", "d", 12, 200, 0),
        service("5", "d", 13, "CLERK", 100),
    ];
    append(store, entries).await;
}

fn weighed(account: Account) -> Driver {
    Driver::Weighed(Weights([(account, 1)].into()))
}

fn minutes() -> Driver {
    let purpose = WorkPurpose::Effort(EffortPurpose::Service);
    weighed(Account::Minutes(role("CLERK"), purpose))
}

fn all_of(amount: i64, driver: Driver) -> Driven {
    Driven {
        amount,
        driver,
        capacity: None,
    }
}

fn five() -> Vec<Driven> {
    let supplied = [("b", 1), ("c", 3), ("nobody", 9)];
    let supplied = supplied.map(|(id, quantity)| (party_id(id), quantity));
    vec![
        all_of(10, weighed(Account::SaleCount)),
        all_of(100, weighed(Account::GrossRevenue)),
        Driven {
            capacity: Some(400_000),
            ..all_of(100, minutes())
        },
        all_of(7, Driver::Supplied(Arc::new(supplied.into()))),
        all_of(
            8,
            Driver::Present(Weights([(Account::SaleCount, 1)].into())),
        ),
    ]
}

fn by_revenue(driven: Vec<Driven>) -> Order {
    Order {
        driven,
        ..order(Basis::Revenue)
    }
}

fn shares_of(answer: &RankAnswer) -> BTreeMap<&str, &[i64]> {
    let rows = answer.rows.iter();
    rows.map(|row| (row.customer.as_str(), row.shares.as_slice()))
        .collect()
}

pub async fn drivers_add_up_to_the_unit(store: &dyn Store) {
    fill(store).await;
    let answer = rank(store, scope(Period::ALL), by_revenue(five())).await;
    // 10 by sales: 3 each and one left over, which a bears. 100 by revenue: 66, 20 and 13, and one left over for a. 100
    // by minutes, of which a quarter is used. 7 by what was supplied: 1 and 5 of 7, and one left over for b. 8 over the
    // three with a sale: 2 each, and two left over for a and b.
    let expected: [(&str, &[i64]); 4] = [
        ("a", &[4, 67, 0, 0, 3]),
        ("b", &[3, 20, 0, 2, 3]),
        ("c", &[0, 0, 0, 5, 0]),
        ("d", &[3, 13, 25, 0, 2]),
    ];
    assert_eq!(shares_of(&answer), BTreeMap::from(expected));
    assert_eq!(answer.totals.reported_shares, [10, 100, 25, 7, 8]);
    let allotment = |amount, quantity| Allotment { amount, quantity };
    assert_eq!(
        answer.totals.driven,
        [
            allotment(10, 3),
            allotment(100, 1_500_000_000),
            allotment(25, 100_000),
            allotment(7, 4),
            allotment(8, 3),
        ]
    );
    let values: Vec<_> = answer.rows.iter().map(|row| row.value).collect();
    let expected = [999_999_926_000, 299_999_972_000, 199_999_957_000, -5_000];
    assert_eq!(values, expected);
    assert_eq!(answer.rows[3].cumulative, values.iter().sum::<i128>());
    assert_eq!(answer.totals.negative, 1);
    assert_eq!(answer.totals.reported_value, 1_500_000_000_000);
    // More minutes than there are: all is allocated.
    let scarce = Driven {
        capacity: Some(99_999),
        ..all_of(100, minutes())
    };
    let answer = rank(store, scope(Period::ALL), by_revenue(vec![scarce])).await;
    assert_eq!(answer.totals.driven, [allotment(100, 100_000)]);
    // On the day of d's sale and c's payment.
    let answer = rank(store, scope(days(12, 13)), by_revenue(five())).await;
    let expected: [(&str, &[i64]); 2] = [("c", &[0, 0, 0, 7, 0]), ("d", &[10, 100, 0, 0, 8])];
    assert_eq!(shares_of(&answer), BTreeMap::from(expected));
    let nobody = rank(store, scope(days(50, 60)), by_revenue(five())).await;
    assert_eq!(nobody.totals.reported_shares, [0; 5]);
    assert_eq!(nobody.totals.driven, [Allotment::default(); 5]);
}

pub async fn drivers_do_not_look_at_filters(store: &dyn Store) {
    fill(store).await;
    let kind = |id: &str, value| party(id, Stage::Customer, [("kind", category(value))]);
    put(store, vec![kind("b", "x"), kind("c", "x"), kind("a", "y")]).await;
    let some = Scope {
        traits: vec![TraitFilter {
            key: trait_key("kind"),
            any_of: vec![category("x")],
        }],
        ..scope(Period::ALL)
    };
    let answer = rank(store, some, by_revenue(five())).await;
    let expected: [(&str, &[i64]); 2] = [("b", &[3, 20, 0, 2, 3]), ("c", &[0, 0, 0, 5, 0])];
    assert_eq!(shares_of(&answer), BTreeMap::from(expected));
    assert_eq!(answer.totals.reported_shares, [3, 20, 0, 7, 3]);
    assert_eq!(answer.totals.driven[1].quantity, 1_500_000_000);
}

pub async fn drivers_move_customers(store: &dyn Store) {
    fill(store).await;
    let question = |value_bears_split, bears_driven| RankQuestion {
        beside: vec![
            order(Basis::Revenue).weights.into(),
            Beside {
                weights: order(Basis::Revenue).weights,
                bears_driven,
            },
        ],
        ..rank_question(
            scope(Period::ALL),
            Order {
                value_bears_split,
                ..by_revenue(vec![all_of(250_000_000, minutes())])
            },
        )
    };
    let t = tenant("t");
    let bearing = store.rank(&t, &question(true, true)).await.unwrap();
    assert_eq!(
        standing(&bearing),
        [("a", 1_000), ("b", 300), ("c", 0), ("d", -50)]
    );
    let places = |answer: &RankAnswer| -> Vec<Vec<u64>> {
        let rows = answer.rows.iter();
        rows.map(|row| row.beside.clone()).collect()
    };
    assert_eq!(places(&bearing), [[0, 0], [1, 1], [3, 2], [2, 3]]);
    assert_eq!(bearing.totals.negative, 1);
    let beside = store.rank(&t, &question(false, true)).await.unwrap();
    assert_eq!(
        standing(&beside),
        [("a", 1_000), ("b", 300), ("d", 200), ("c", 0)]
    );
    assert_eq!(places(&beside), [[0, 0], [1, 1], [2, 3], [3, 2]]);
    assert_eq!(
        (beside.totals.negative, beside.rows[2].shares[0]),
        (0, 250_000_000)
    );
    let one = RankQuestion {
        rows: RowSelection::Customer(party_id("d")),
        ..question(true, false)
    };
    let one = store.rank(&t, &one).await.unwrap();
    assert_eq!((one.rows[0].place, &one.rows[0].beside), (3, &vec![2, 2]));
    assert_eq!(one.rows[0].cumulative, bearing.rows[3].cumulative);
}

pub async fn what_rounding_leaves_over_moves_nobody(store: &dyn Store) {
    let sales = ["b", "B", "é", "a", "z"].map(|id| sale(&format!("s{id}"), id, 1, 5, 0));
    append(store, sales.into()).await;
    // 3 micro-units over five: nobody's part, and the first three bear one each.
    let order = by_revenue(vec![all_of(3, weighed(Account::SaleCount))]);
    for direction in [Direction::BestFirst, Direction::WorstFirst] {
        let order = Order {
            direction,
            ..order.clone()
        };
        let answer = rank(store, scope(Period::ALL), order).await;
        let rows = answer.rows.iter();
        let rows: Vec<_> = rows
            .map(|row| (row.customer.as_str(), row.shares[0]))
            .collect();
        assert_eq!(rows, [("B", 1), ("a", 1), ("b", 1), ("z", 0), ("é", 0)]);
    }
}

pub async fn every_store_comes_to_the_same_shares(store: &dyn Store) {
    let mut runner = runner(50);
    submit(store, "t", &entries_of(&activities(&mut runner, 60)), 20).await;
    for turn in 0..24 {
        let driven = sample(&mut runner, proptest::collection::vec(any_driven(), 1..4));
        let period = days(turn % 6, 9);
        let answer = rank(store, scope(period), by_revenue(driven.clone())).await;
        let by_id: BTreeMap<_, _> = answer.rows.iter().map(|row| (&row.customer, row)).collect();
        for (number, one) in driven.iter().enumerate() {
            let quantities = by_id.iter();
            let quantities: Vec<i128> = quantities
                .map(|(id, row)| one.driver.quantity(id, &row.sums))
                .collect();
            let allotment = one.allotment(quantities.iter().sum());
            assert_eq!(answer.totals.driven[number], allotment);
            let found = by_id.values().map(|row| row.shares[number]);
            let found: Vec<i64> = found.collect();
            assert_eq!(found, shares(&allotment, &quantities));
            let sum: i128 = found.iter().map(|share| i128::from(*share)).sum();
            assert_eq!(sum, i128::from(allotment.amount));
            assert_eq!(sum, answer.totals.reported_shares[number]);
        }
    }
}
