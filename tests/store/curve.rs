//! The whale curve, and lift.

use crate::words::*;
use profitscore::{
    domain::{
        party::{Stage, TraitValue},
        question::{
            CurveAnswer, CurveQuestion, LiftAnswer, LiftCount, LiftQuestion, Order, TraitBin,
        },
        ranking::{Basis, Direction},
        time::Period,
    },
    store::Store,
};

fn curve_question(points: u64) -> CurveQuestion {
    CurveQuestion {
        scope: scope(Period::ALL),
        order: Order {
            direction: Direction::WorstFirst,
            ..order(Basis::ContributionMargin)
        },
        points,
    }
}

pub async fn the_curve_has_its_points(store: &dyn Store) {
    // Margins 50, 30, 20, 0, -10, -40.
    let batch = vec![
        sale("1", "a", 1, 100, 50),
        sale("2", "b", 1, 30, 0),
        sale("3", "c", 1, 20, 0),
        sale("4", "d", 1, 7, 7),
        sale("5", "e", 1, 0, 10),
        sale("6", "f", 1, 10, 50),
    ];
    append(store, batch).await;
    let units = |value: i128| value * 1_000_000_000;
    let answer = store.curve(&tenant("t"), &curve_question(3)).await.unwrap();
    assert_eq!(
        answer.points,
        [(2, units(80)), (4, units(100)), (6, units(50))]
    );
    assert_eq!(answer.peak, (3, units(100)));
    assert_eq!(answer.total, units(50));
    assert_eq!(
        (answer.positive, answer.not_negative, answer.totals.negative),
        (3, 4, 2)
    );
    assert_eq!(answer.eighty_percent, Some(1));
    assert_eq!(answer.best_fifth, units(80));
    assert_eq!(answer.positive_sum, units(100));
    // 1 * 0 + 2 * 20 + 3 * 30 + 4 * 50, and 20^2 + 30^2 + 50^2.
    assert_eq!(answer.place_weighted_sum.to_string(), "330000000000");
    assert_eq!(answer.square_sum.to_string(), "3800000000000000000000");
    let answer = store.curve(&tenant("t"), &curve_question(4)).await.unwrap();
    let numbers: Vec<u64> = answer.points.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [2, 3, 5, 6]);
    let answer = store
        .curve(&tenant("t"), &curve_question(1_000))
        .await
        .unwrap();
    let numbers: Vec<u64> = answer.points.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    // Shares are taken off: 15 from each of six.
    let mut question = curve_question(1);
    question.order.split = vec![90_000_000];
    let answer = store.curve(&tenant("t"), &question).await.unwrap();
    assert_eq!(answer.points, [(6, units(-40))]);
    assert_eq!(answer.peak, (3, units(55)));
    assert_eq!((answer.positive, answer.totals.negative), (3, 3));
    assert_eq!(answer.eighty_percent, None);
    assert_eq!(answer.totals.reported_shares, [90_000_000]);
}

pub async fn the_curve_of_nobody_and_of_losses(store: &dyn Store) {
    let answer = store.curve(&tenant("t"), &curve_question(5)).await.unwrap();
    assert_eq!(answer, CurveAnswer::default());
    append(
        store,
        vec![sale("1", "a", 1, 0, 10), sale("2", "b", 1, 0, 5)],
    )
    .await;
    let answer = store.curve(&tenant("t"), &curve_question(5)).await.unwrap();
    assert_eq!(answer.peak, (0, 0));
    assert_eq!(answer.best_fifth, -5_000_000_000);
    assert_eq!(answer.total, -15_000_000_000);
    assert_eq!((answer.positive, answer.not_negative), (0, 0));
}

pub async fn lift_counts_the_best(store: &dyn Store) {
    // Twelve customers with margins 60, 50, …, -50; the even ones are big, those by three have two interests.
    let mut entries = Vec::new();
    let mut records = Vec::new();
    for i in 0_i64..12 {
        let id = format!("c{i:02}");
        entries.push(sale(&id, &id, 1, 100, 40 + i * 10));
        let interests: &[&str] = if i % 3 == 0 { &["golf", "art"] } else { &[] };
        let interests = interests.iter().map(|value| (*value).to_owned()).collect();
        if i != 11 {
            let traits = [
                ("size", category(if i % 2 == 0 { "big" } else { "small" })),
                ("age", TraitValue::Number(i * 1_000_000)),
                ("interests", TraitValue::Set(interests)),
                ("vip", TraitValue::Flag(i == 0)),
            ];
            records.push(party(&id, Stage::Customer, traits));
        }
    }
    append(store, entries).await;
    put(store, records).await;
    let traits = [
        ("size", vec![]),
        ("age", vec![3_000_000, 10_000_000]),
        ("interests", vec![]),
        ("vip", vec![]),
    ];
    let mut question = LiftQuestion {
        scope: scope(Period::ALL),
        order: order(Basis::ContributionMargin),
        best_millionths: 200_000,
        best_minimum: 1,
        traits: traits
            .into_iter()
            .map(|(key, edges)| (trait_key(key), edges))
            .collect(),
    };
    let answer = store.lift(&tenant("t"), &question).await.unwrap();
    // A fifth of twelve, rounded up.
    assert_eq!((answer.best, answer.threshold), (3, 40_000_000_000));
    assert_eq!((answer.totals.customers, answer.totals.negative), (12, 5));
    let count = |best, loss_makers, all| {
        Some(LiftCount {
            best,
            loss_makers,
            all,
        })
    };
    let found = |key: &str, bin| answer.counts.get(&(trait_key(key), bin)).copied();
    let of = |value: &str| TraitBin::Category(value.to_owned());
    assert_eq!(found("size", of("big")), count(2, 2, 6));
    assert_eq!(found("size", of("small")), count(1, 2, 5));
    assert_eq!(found("size", TraitBin::Missing), count(0, 1, 1));
    assert_eq!(found("age", TraitBin::Number(0)), count(3, 0, 3));
    assert_eq!(found("age", TraitBin::Number(1)), count(0, 3, 7));
    assert_eq!(found("age", TraitBin::Number(2)), count(0, 1, 1));
    assert_eq!(found("interests", of("golf")), count(1, 1, 4));
    assert_eq!(found("interests", TraitBin::Missing), count(2, 4, 8));
    assert_eq!(found("vip", TraitBin::Flag(true)), count(1, 0, 1));
    assert_eq!(answer.counts.len(), 3 + 4 + 3 + 3);
    let best = async |question: &LiftQuestion| -> LiftAnswer {
        store.lift(&tenant("t"), question).await.unwrap()
    };
    // At least so many, at most half, and only those above zero.
    question.best_minimum = 5;
    assert_eq!(best(&question).await.best, 5);
    question.best_minimum = 100;
    assert_eq!(best(&question).await.best, 6);
    question.order.split = vec![12 * 35_000_000];
    assert_eq!(best(&question).await.best, 3);
    question.order.split = vec![12 * 60_000_000];
    assert_eq!(best(&question).await.best, 0);
}
