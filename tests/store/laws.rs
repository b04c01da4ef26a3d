//! Laws that hold whatever the data: what must change nothing changes nothing, and what must add up adds up.

use crate::{
    generate::{DAYS, GROUPS, Question, activity_of, question, sample},
    words::*,
};
use profitscore::{
    domain::{
        account::Sums,
        activity::Activity,
        id::PartyId,
        ledger::{Entry, Outcome},
        question::{CellsQuestion, CrossAnswer, CrossQuestion, Group, Order},
        ranking::Basis,
        time::{Day, Period},
    },
    store::Store,
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::collections::{BTreeMap, BTreeSet};

pub fn runner(seed: u8) -> TestRunner {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    TestRunner::new_with_rng(Config::default(), rng)
}

/// Activities with ids of their own.
pub fn activities(runner: &mut TestRunner, count: usize) -> Vec<Activity> {
    (0..count)
        .map(|number| sample(runner, activity_of(format!("a{number}"))))
        .collect()
}

pub fn entries_of(activities: &[Activity]) -> Vec<Entry> {
    activities.iter().cloned().map(Entry::Activity).collect()
}

/// Appends what must all be accepted, in batches of some size.
pub async fn submit(store: &dyn Store, id: &str, entries: &[Entry], size: usize) {
    for batch in entries.chunks(size) {
        let outcomes = append_to(store, id, batch.to_vec()).await;
        assert!(
            outcomes
                .iter()
                .all(|outcome| matches!(outcome, Outcome::Posted(_)))
        );
    }
}

/// Questions about all that there is, whatever its positions.
pub fn questions(runner: &mut TestRunner, count: usize) -> Vec<Question> {
    let newest = |mut question: Question| match &mut question {
        Question::Rank(asked) => {
            asked.scope.as_of = NEWEST;
            Some(question)
        }
        Question::Curve(asked) => {
            asked.scope.as_of = NEWEST;
            Some(question)
        }
        Question::Cross(asked) => {
            asked.scope.as_of = NEWEST;
            Some(question)
        }
        Question::Cells(asked) => {
            asked.scope.as_of = NEWEST;
            Some(question)
        }
        Question::Lift(asked) => {
            asked.scope.as_of = NEWEST;
            Some(question)
        }
        Question::Profiles(asked) => {
            asked.as_of = NEWEST;
            Some(question)
        }
        Question::Receivables(asked) => {
            asked.as_of = NEWEST;
            Some(question)
        }
        Question::Purchases(asked) => {
            asked.scope.as_of = NEWEST;
            Some(question)
        }
        Question::Referrals(asked) => {
            asked.as_of = NEWEST;
            Some(question)
        }
        Question::Values(asked) => {
            asked.scope.as_of = NEWEST;
            Some(question)
        }
        Question::Prospects(asked) => {
            asked.as_of = NEWEST;
            Some(question)
        }
        Question::Entries(_) | Question::Parties(_) | Question::Others(_) => None,
    };
    std::iter::from_fn(|| Some(sample(runner, question())))
        .filter_map(newest)
        .take(count)
        .collect()
}

pub async fn assert_same(store: &dyn Store, a: &str, b: &str, questions: &[Question]) {
    for question in questions {
        let (of_a, of_b) = (
            question.ask(store, &tenant(a)).await,
            question.ask(store, &tenant(b)).await,
        );
        assert_eq!(of_a, of_b, "{question:#?}");
    }
}

pub async fn order_batches_and_repeats_change_nothing(store: &dyn Store) {
    for seed in 0..4 {
        let mut runner = runner(seed);
        let activities = entries_of(&activities(&mut runner, 60));
        let reversals: Vec<Entry> = (0..60)
            .step_by(7)
            .map(|of| reversal(&format!("r{of}"), &format!("a{of}")))
            .collect();
        let (plain, other) = (format!("plain{seed}"), format!("other{seed}"));
        submit(store, &plain, &activities, 60).await;
        submit(store, &plain, &reversals, 60).await;
        let activities = sample(&mut runner, Just(activities).prop_shuffle());
        let reversals = sample(&mut runner, Just(reversals).prop_shuffle());
        for entries in [&activities, &reversals] {
            let mut rest = entries.as_slice();
            while !rest.is_empty() {
                let size = sample(&mut runner, 1..=rest.len().min(9));
                let again = sample(&mut runner, 1..4);
                for _ in 0..again {
                    append_to(store, &other, rest[..size].to_vec()).await;
                }
                rest = &rest[size..];
            }
            // And everything once more.
            append_to(store, &other, entries.clone()).await;
        }
        assert_same(store, &plain, &other, &questions(&mut runner, 40)).await;
    }
}

pub async fn a_reversal_equals_never_having_been(store: &dyn Store) {
    for seed in 10..14 {
        let mut runner = runner(seed);
        let all = activities(&mut runner, 50);
        let gone: BTreeSet<usize> = sample(&mut runner, vec(0_usize..50, 30))
            .into_iter()
            .collect();
        let (taken_back, never) = (format!("back{seed}"), format!("never{seed}"));
        let left: Vec<Activity> = (0..50)
            .filter(|i| !gone.contains(i))
            .map(|i| all[i].clone())
            .collect();
        submit(store, &never, &entries_of(&left), 50).await;
        submit(store, &taken_back, &entries_of(&all), 13).await;
        let reversals: Vec<Entry> = gone
            .iter()
            .map(|of| reversal(&format!("r{of}"), &format!("a{of}")))
            .collect();
        submit(store, &taken_back, &reversals, 8).await;
        assert_same(store, &taken_back, &never, &questions(&mut runner, 40)).await;
    }
}

async fn grouped(store: &dyn Store, id: &str, period: Period, group: Group) -> CrossAnswer {
    let question = CrossQuestion {
        scope: scope(period),
        group,
    };
    store.cross(&tenant(id), &question).await.unwrap()
}

fn add(into: &mut CrossAnswer, groups: CrossAnswer) {
    for (group, sums) in groups {
        into.entry(group).or_default().add_all(&sums);
    }
}

pub async fn adjoining_periods_add_up(store: &dyn Store) {
    let mut runner = runner(20);
    submit(store, "t", &entries_of(&activities(&mut runner, 80)), 40).await;
    for _ in 0..12 {
        let mut days = sample(&mut runner, [-1..=DAYS, -1..=DAYS, -1..=DAYS]);
        days.sort_unstable();
        let [start, middle, end] = days.map(|day| Some(Day(day)));
        let wholes = [(start, end), (None, end), (start, None), (None, None)];
        for (start, end) in wholes {
            for group in GROUPS {
                let mut parts = grouped(store, "t", Period { start, end: middle }, group).await;
                add(
                    &mut parts,
                    grouped(store, "t", Period { start: middle, end }, group).await,
                );
                let parts: CrossAnswer = parts
                    .into_iter()
                    .map(|(group, sums)| (group, sums.without_zeros()))
                    .collect();
                assert_eq!(
                    parts,
                    grouped(store, "t", Period { start, end }, group).await
                );
            }
        }
    }
}

pub async fn all_groups_and_the_ledger_agree(store: &dyn Store) {
    let mut runner = runner(30);
    submit(store, "t", &entries_of(&activities(&mut runner, 80)), 40).await;
    let reversals: Vec<Entry> = (0..80)
        .step_by(5)
        .map(|of| reversal(&format!("r{of}"), &format!("a{of}")))
        .collect();
    submit(store, "t", &reversals, 3).await;
    for start in 0..DAYS {
        let period = days(start, DAYS - start / 2);
        let ranked = rank(store, scope(period), order(Basis::Revenue)).await;
        let mut rows = Sums::default();
        ranked.rows.iter().for_each(|row| rows.add_all(&row.sums));
        assert_eq!(rows.without_zeros(), ranked.totals.ledger);
        for group in GROUPS {
            let groups = grouped(store, "t", period, group).await;
            assert_eq!(total(&groups), ranked.totals.ledger, "{group:?} {period:?}");
        }
    }
}

pub async fn cells_add_up_to_rows_and_to_columns(store: &dyn Store) {
    let mut runner = runner(50);
    submit(store, "t", &entries_of(&activities(&mut runner, 80)), 40).await;
    let reversals: Vec<Entry> = (0..80)
        .step_by(6)
        .map(|of| reversal(&format!("r{of}"), &format!("a{of}")))
        .collect();
    submit(store, "t", &reversals, 5).await;
    for start in 0..DAYS {
        let period = days(start, DAYS - start / 2);
        let ranked = rank(store, scope(period), order(Basis::Revenue)).await;
        let customers: Vec<PartyId> = ranked.rows.iter().map(|row| row.customer.clone()).collect();
        for group in GROUPS {
            let question = CellsQuestion {
                scope: scope(period),
                customers: customers.clone(),
                group,
            };
            let cells = store.cells(&tenant("t"), &question).await.unwrap();
            let (mut columns, mut rows) = (CrossAnswer::new(), BTreeMap::<_, Sums>::new());
            for ((customer, group), sums) in &cells {
                columns.entry(group.clone()).or_default().add_all(sums);
                rows.entry(customer).or_default().add_all(sums);
            }
            let columns: CrossAnswer = columns
                .into_iter()
                .map(|(group, sums)| (group, sums.without_zeros()))
                .collect();
            assert_eq!(
                columns,
                grouped(store, "t", period, group).await,
                "{group:?}"
            );
            for row in &ranked.rows {
                let sums = rows.remove(&row.customer).unwrap_or_default();
                assert_eq!(
                    sums.without_zeros(),
                    row.sums,
                    "{group:?} {:?}",
                    row.customer
                );
            }
            assert!(rows.is_empty());
        }
    }
}

pub async fn an_equal_split_moves_nobody_and_adds_up(store: &dyn Store) {
    let mut runner = runner(40);
    submit(store, "t", &entries_of(&activities(&mut runner, 30)), 40).await;
    for _ in 0..30 {
        let split = sample(&mut runner, vec(0_i64..1_000_000, 1..4));
        let without = order(Basis::NetProfit);
        let with = Order {
            split: split.clone(),
            ..without.clone()
        };
        let period = days(sample(&mut runner, 0..DAYS), DAYS);
        let without = rank(store, scope(period), without).await;
        let with = rank(store, scope(period), with).await;
        assert_eq!(without.rows.len(), with.rows.len());
        let mut sums = vec![0_i128; split.len()];
        for (before, after) in without.rows.iter().zip(&with.rows) {
            assert_eq!(before.customer, after.customer);
            let shares: i128 = after
                .shares
                .iter()
                .map(|share| i128::from(*share) * 1_000)
                .sum();
            assert_eq!(before.value - shares, after.value);
            for (sum, share) in sums.iter_mut().zip(&after.shares) {
                *sum += i128::from(*share);
            }
        }
        assert_eq!(sums, with.totals.reported_shares);
        if !with.rows.is_empty() {
            assert_eq!(
                sums,
                split.iter().copied().map(i128::from).collect::<Vec<_>>()
            );
        }
    }
}
