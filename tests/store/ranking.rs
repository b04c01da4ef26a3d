//! Customers in order.

use crate::words::*;
use profitscore::{
    domain::{
        account::WorkPurpose,
        account::{Account, Weights},
        activity::{DirectCostKind, EffortPurpose, Kind},
        ledger::Entry,
        party::{Stage, TraitFilter, TraitValue},
        question::{Order, RankAnswer, RankQuestion, RankTotals, RowSelection, Scope},
        ranking::{Basis, Direction},
        time::Period,
    },
    store::Store,
};
use std::collections::BTreeMap;

/// a sells much and earns little, b sells little and earns much, c only pays, d takes much service.
async fn fill(store: &dyn Store) {
    let freight = Kind::DirectCost {
        kind: DirectCostKind::Freight,
        amount: 20_000_000,
    };
    let entries = vec![
        sale("1", "a", 10, 1_000, 950),
        Entry::Activity(activity("2", "a", 11, freight)),
        sale("3", "b", 10, 300, 100),
        payment("4", "c", 12, 70),
        sale("5", "d", 12, 200, 0),
        service("6", "d", 13, "CLERK", 100),
        payment("7", "a", 20, 500),
    ];
    append(store, entries).await;
}

pub async fn every_basis_has_its_order(store: &dyn Store) {
    fill(store).await;
    let costs = rates([("CLERK", 3)]);
    let expected: [(Basis, [(&str, i128); 4]); 4] = [
        (Basis::Spend, [("a", 500), ("c", 70), ("b", 0), ("d", 0)]),
        (
            Basis::Revenue,
            [("a", 1_000), ("b", 300), ("d", 200), ("c", 0)],
        ),
        (
            Basis::ContributionMargin,
            [("b", 200), ("d", 200), ("a", 30), ("c", 0)],
        ),
        (
            Basis::NetProfit,
            [("b", 200), ("a", 30), ("c", 0), ("d", -100)],
        ),
    ];
    for (basis, mut standings) in expected {
        let mut order = Order {
            weights: basis.weights(&costs),
            ..order(basis)
        };
        let answer = rank(store, scope(Period::ALL), order.clone()).await;
        assert_eq!(standing(&answer), standings, "{basis:?}");
        assert_eq!(answer.totals.customers, 4);
        assert_eq!(answer.totals.active, 4);
        assert_eq!(answer.totals.negative, u64::from(basis == Basis::NetProfit));
        let mut cumulative = 0;
        for (place, row) in (0..).zip(&answer.rows) {
            cumulative += row.value;
            assert_eq!((row.place, row.cumulative), (place, cumulative));
            assert_eq!(order.weights.value(&row.sums), row.value);
        }
        assert_eq!(answer.totals.ledger, answer.totals.reported);
        assert_eq!(order.weights.value(&answer.totals.ledger), cumulative);
        order.direction = Direction::WorstFirst;
        // The other way round, but equal values in the order of their ids still.
        standings.sort_by_key(|(id, value)| (*value, *id));
        assert_eq!(
            standing(&rank(store, scope(Period::ALL), order).await),
            standings
        );
    }
    let service = Account::Minutes(role("CLERK"), WorkPurpose::Effort(EffortPurpose::Service));
    let answer = rank(store, scope(days(13, 14)), order(Basis::Revenue)).await;
    assert_eq!(answer.rows[0].sums.get(&service), 100_000);
    assert_eq!(answer.rows[0].sums.iter().count(), 1);
}

pub async fn equal_values_stand_by_id(store: &dyn Store) {
    let ids = ["b", "B", "é", "a", "aa", "UNASSIGNED", "z", "10", "9"];
    for (number, id) in ids.iter().enumerate() {
        append(store, vec![sale(&number.to_string(), id, 1, 5, 0)]).await;
        // Asking in between must not freeze the order.
        rank(store, scope(Period::ALL), order(Basis::Revenue)).await;
    }
    let mut sorted = ids;
    sorted.sort_unstable();
    for direction in [Direction::BestFirst, Direction::WorstFirst] {
        let order = Order {
            direction,
            ..order(Basis::Revenue)
        };
        let answer = rank(store, scope(Period::ALL), order).await;
        let found: Vec<&str> = standing(&answer).into_iter().map(|(id, _)| id).collect();
        assert_eq!(found, sorted);
    }
}

pub async fn an_equal_split_adds_up_and_moves_nobody(store: &dyn Store) {
    fill(store).await;
    let costs = rates([("CLERK", 3)]);
    let order = Order {
        weights: Basis::NetProfit.weights(&costs),
        // 10 and 7 micro-units over 4 customers: 3, 3, 2, 2 and 2, 2, 2, 1, whatever their values.
        split: vec![10, 7, 0],
        driven: Vec::new(),
        value_bears_split: true,
        direction: Direction::BestFirst,
    };
    let answer = rank(store, scope(Period::ALL), order.clone()).await;
    let shares: BTreeMap<&str, &[i64]> = answer
        .rows
        .iter()
        .map(|row| (row.customer.as_str(), row.shares.as_slice()))
        .collect();
    let expected: [(&str, &[i64]); 4] = [
        ("a", &[3, 2, 0]),
        ("b", &[3, 2, 0]),
        ("c", &[2, 2, 0]),
        ("d", &[2, 1, 0]),
    ];
    assert_eq!(shares, BTreeMap::from(expected));
    assert_eq!(answer.totals.reported_shares, [10, 7, 0]);
    let values: Vec<i128> = answer.rows.iter().map(|row| row.value).collect();
    assert_eq!(
        values,
        [199_999_995_000, 29_999_995_000, -4_000, -100_000_003_000]
    );
    assert_eq!(answer.rows[3].cumulative, values.iter().sum::<i128>());
    assert_eq!(answer.totals.negative, 2);
    // A basis that bears no fixed costs tells the shares beside its values.
    let beside = Order {
        value_bears_split: false,
        ..order.clone()
    };
    let beside = rank(store, scope(Period::ALL), beside).await;
    assert_eq!(
        standing(&beside),
        [("b", 200), ("a", 30), ("c", 0), ("d", -100)]
    );
    assert_eq!(beside.totals.negative, 1);
    assert_eq!(beside.rows[0].shares, [3, 2, 0]);
    assert_eq!(beside.totals.reported_shares, [10, 7, 0]);
    // One customer alone bears its part, and the others' parts are not reported.
    let only_b = Scope {
        traits: vec![TraitFilter {
            key: trait_key("kind"),
            any_of: vec![category("x")],
        }],
        ..scope(Period::ALL)
    };
    put(
        store,
        vec![party("b", Stage::Customer, [("kind", category("x"))])],
    )
    .await;
    let answer = rank(store, only_b, order.clone()).await;
    assert_eq!(answer.totals.reported_shares, [3, 2, 0]);
    assert_eq!((answer.totals.active, answer.totals.customers), (4, 1));
    // Only those who are active in the period bear anything.
    let answer = rank(store, scope(days(12, 13)), order.clone()).await;
    let shares: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.customer.as_str(), row.shares[1]))
        .collect();
    assert_eq!(shares, [("d", 3), ("c", 4)]);
    let nobody = rank(store, scope(days(50, 60)), order).await;
    assert_eq!(nobody.totals.reported_shares, [0, 0, 0]);
}

pub async fn filters_leave_the_rest_beside(store: &dyn Store) {
    let batch = vec![
        sale_in("north", "1", "a", 1, 10),
        sale_in("south", "2", "a", 1, 20),
        sale_in("", "3", "b", 1, 40),
        sale_in("UNASSIGNED", "4", "c", 1, 80),
        sale_in("south", "5", "d", 1, 160),
        reversal("6", "5"),
    ];
    append(store, batch).await;
    let records = vec![
        party("a", Stage::Customer, [("kind", category("x"))]),
        party("c", Stage::Customer, [("kind", category("y"))]),
    ];
    put(store, records).await;
    let traits = |any_of: &[&str]| {
        let any_of = any_of.iter().map(|value| category(value)).collect();
        vec![TraitFilter {
            key: trait_key("kind"),
            any_of,
        }]
    };
    let ask = async |branches: &[&str], traits: Vec<TraitFilter>, as_of| {
        let branches = branches.iter().map(|branch| (*branch).to_owned()).collect();
        let scope = Scope {
            branches,
            traits,
            as_of,
            period: Period::ALL,
        };
        let answer = rank(store, scope, order(Basis::Revenue)).await;
        let totals = &answer.totals;
        let mut all = totals.reported.clone();
        all.add_all(&totals.filtered_out);
        assert_eq!(all.without_zeros(), totals.ledger);
        assert_eq!(totals.customers, answer.rows.len() as u64);
        let standing: Vec<_> = standing(&answer)
            .iter()
            .map(|(id, value)| format!("{id}{value}"))
            .collect();
        (standing.join(" "), totals.active)
    };
    let text = |text: &str, active| (text.to_owned(), active);
    assert_eq!(ask(&[], vec![], NEWEST).await, text("c80 b40 a30", 3));
    assert_eq!(ask(&["north"], vec![], NEWEST).await, text("a10", 3));
    assert_eq!(ask(&["south"], vec![], NEWEST).await, text("a20", 3));
    assert_eq!(ask(&["south"], vec![], 5).await, text("d160 a20", 4));
    assert_eq!(
        ask(&["UNASSIGNED"], vec![], NEWEST).await,
        text("c80 b40", 3)
    );
    assert_eq!(
        ask(&["UNASSIGNED", "north"], vec![], NEWEST).await,
        text("c80 b40 a10", 3)
    );
    assert_eq!(ask(&["east"], vec![], NEWEST).await, text("", 3));
    assert_eq!(
        ask(&[], traits(&["x", "y"]), NEWEST).await,
        text("c80 a30", 3)
    );
    assert_eq!(ask(&[], traits(&[]), NEWEST).await, text("b40", 3));
    assert_eq!(
        ask(&["south"], traits(&["x"]), NEWEST).await,
        text("a20", 3)
    );
    // Traits as they were stored then.
    assert_eq!(ask(&[], traits(&["x", "y"]), 7).await, text("a30", 3));
    assert_eq!(ask(&[], traits(&["x", "y"]), 6).await, text("", 3));
}

pub async fn places_and_customers_are_picked(store: &dyn Store) {
    let batch = (0..30)
        .map(|i| sale(&format!("s{i}"), &format!("c{i:02}"), 1, i, 0))
        .collect();
    append(store, batch).await;
    let all = rank(store, scope(Period::ALL), order(Basis::Revenue)).await;
    let ask = async |rows, direction| {
        let order = Order {
            direction,
            ..order(Basis::Revenue)
        };
        let question = RankQuestion {
            rows,
            ..rank_question(scope(Period::ALL), order)
        };
        store.rank(&tenant("t"), &question).await.unwrap()
    };
    #[allow(clippy::single_range_in_vec_init, reason = "one range is meant")]
    let picked = [
        vec![0..5],
        vec![28..99],
        vec![3..3],
        vec![2..4, 3..7, 20..21, 10..12],
        vec![],
    ];
    for ranges in picked {
        let answer = ask(RowSelection::Places(ranges.clone()), Direction::BestFirst).await;
        let wanted = |place: u64| ranges.iter().any(|range| range.contains(&place));
        let expected: Vec<_> = all
            .rows
            .iter()
            .filter(|row| wanted(row.place))
            .cloned()
            .collect();
        assert_eq!(answer.rows, expected, "{ranges:?}");
        assert_eq!(answer.totals, all.totals);
    }
    #[allow(clippy::single_range_in_vec_init, reason = "one range is meant")]
    let last = ask(RowSelection::Places(vec![0..2]), Direction::WorstFirst).await;
    assert_eq!(standing(&last), [("c00", 0), ("c01", 1)]);
    let one = ask(
        RowSelection::Customer(party_id("c07")),
        Direction::BestFirst,
    )
    .await;
    assert_eq!(one.rows, all.rows[22..23]);
    let one = ask(
        RowSelection::Customer(party_id("c07")),
        Direction::WorstFirst,
    )
    .await;
    assert_eq!(
        (one.rows[0].place, one.rows[0].cumulative),
        (7, 28_000_000_000)
    );
    let none = ask(
        RowSelection::Customer(party_id("nobody")),
        Direction::BestFirst,
    )
    .await;
    assert!(none.rows.is_empty());
}

pub async fn places_beside_are_told(store: &dyn Store) {
    fill(store).await;
    let costs = rates([("CLERK", 3)]);
    let weights = |basis: Basis| basis.weights(&costs);
    let question = RankQuestion {
        beside: vec![
            weights(Basis::Revenue).into(),
            weights(Basis::NetProfit).into(),
            weights(Basis::Spend).into(),
            Weights::default().into(),
            weights(Basis::Revenue).into(),
        ],
        ..rank_question(
            scope(Period::ALL),
            Order {
                direction: Direction::WorstFirst,
                ..order(Basis::Revenue)
            },
        )
    };
    let answer = store.rank(&tenant("t"), &question).await.unwrap();
    let beside: Vec<(&str, &[u64])> = answer
        .rows
        .iter()
        .map(|row| (row.customer.as_str(), row.beside.as_slice()))
        .collect();
    let expected: [(&str, &[u64]); 4] = [
        ("c", &[3, 2, 1, 2, 3]),
        ("d", &[2, 3, 3, 3, 2]),
        ("b", &[1, 0, 2, 1, 1]),
        ("a", &[0, 1, 0, 0, 0]),
    ];
    assert_eq!(beside, expected);
}

pub async fn late_activities_count_when_they_happened(store: &dyn Store) {
    append(store, vec![sale("1", "a", 100, 10, 0)]).await;
    append(
        store,
        vec![sale("2", "a", -20_000, 20, 0), sale("3", "b", 100, 5, 0)],
    )
    .await;
    append(store, vec![reversal("4", "2"), sale("5", "a", 99, 40, 0)]).await;
    let ask = async |period| {
        let answer = rank(store, scope(period), order(Basis::Revenue)).await;
        standing(&answer)
            .iter()
            .map(|(id, value)| format!("{id}{value}"))
            .collect::<String>()
    };
    assert_eq!(ask(Period::ALL).await, "a50b5");
    assert_eq!(ask(days(100, 101)).await, "a10b5");
    assert_eq!(ask(days(99, 100)).await, "a40");
    assert_eq!(ask(days(101, 102)).await, "");
    assert_eq!(
        ask(Period {
            start: None,
            end: days(0, 100).end
        })
        .await,
        "a40"
    );
    let past = Scope {
        as_of: 2,
        ..scope(Period {
            start: None,
            end: days(0, 0).end,
        })
    };
    let answer = rank(store, past, order(Basis::Revenue)).await;
    assert_eq!(standing(&answer), [("a", 20)]);
}

pub async fn the_past_stays_as_it_was(store: &dyn Store) {
    let mut seen = Vec::new();
    let record = |day: i64| party("c1", Stage::Customer, [("day", TraitValue::Number(day))]);
    for step in 0_i32..12 {
        let id = |kind: &str| format!("{kind}{step}");
        let customer = format!("c{}", step % 4);
        append(
            store,
            vec![sale(&id("s"), &customer, 20 - step, i64::from(step) + 1, 0)],
        )
        .await;
        put(store, vec![record(i64::from(step))]).await;
        if step % 3 == 2 {
            append(store, vec![reversal(&id("r"), &format!("s{}", step - 1))]).await;
        }
        let as_of = watermark(store).await;
        let scope = Scope {
            as_of,
            ..scope(days(5, 30))
        };
        let newest = Scope {
            as_of: NEWEST,
            ..scope.clone()
        };
        let answer = rank(store, scope.clone(), order(Basis::Revenue)).await;
        assert_eq!(answer, rank(store, newest, order(Basis::Revenue)).await);
        seen.push((scope, answer));
    }
    for (scope, answer) in seen {
        assert_eq!(rank(store, scope, order(Basis::Revenue)).await, answer);
    }
}

pub async fn nobody_is_ranked_without_activity(store: &dyn Store) {
    let empty = rank(store, scope(Period::ALL), order(Basis::NetProfit)).await;
    assert_eq!(
        empty,
        RankAnswer {
            totals: RankTotals::default(),
            rows: Vec::new(),
        }
    );
    put(
        store,
        vec![
            party("a", Stage::Customer, []),
            party("b", Stage::Customer, []),
        ],
    )
    .await;
    append(
        store,
        vec![
            sale("1", "a", 1, 1, 0),
            sale("2", "c", 1, 0, 0),
            reversal("3", "1"),
        ],
    )
    .await;
    let answer = rank(store, scope(Period::ALL), order(Basis::NetProfit)).await;
    // A sale of nothing is an activity still.
    assert_eq!(standing(&answer), [("c", 0)]);
    assert_eq!(answer.rows[0].party, None);
    assert_eq!(answer.totals.active, 1);
    let before = Scope {
        as_of: 3,
        ..scope(Period::ALL)
    };
    let answer = rank(store, before, order(Basis::NetProfit)).await;
    assert_eq!(
        answer.rows[0].party.as_ref().unwrap().display_name,
        "name of a"
    );
}

pub async fn huge_weights_and_amounts_are_exact(store: &dyn Store) {
    const HUGE: i64 = 1_000_000_000_000_000_000;
    let huge = |id: &str, customer: &str, amount: i64| {
        let kind = Kind::Payment {
            amount,
            invoice_id: String::new(),
        };
        Entry::Activity(activity(id, customer, 1, kind))
    };
    let batch = vec![
        huge("1", "a", HUGE),
        huge("2", "a", HUGE),
        huge("3", "b", HUGE),
        huge("4", "b", HUGE - 1),
        huge("5", "c", 1),
    ];
    append(store, batch).await;
    let more = (0..8).map(|number| huge(&format!("more {number}"), "a", HUGE));
    append(store, more.collect()).await;
    // The second weight is greater than any i64, and so is what one customer paid.
    for weight in [1_000, i128::from(i64::MAX) + 7] {
        let order = Order {
            weights: Weights(BTreeMap::from([(Account::Spend, weight)])),
            ..order(Basis::Spend)
        };
        let answer = rank(store, scope(Period::ALL), order).await;
        let huge = i128::from(HUGE);
        let values: Vec<i128> = answer.rows.iter().map(|row| row.value).collect();
        assert_eq!(
            values,
            [10 * huge * weight, (2 * huge - 1) * weight, weight]
        );
        assert_eq!(answer.totals.ledger.get(&Account::Spend), 12 * huge);
    }
}
