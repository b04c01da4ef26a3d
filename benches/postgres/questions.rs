//! What questions cost the database and this process.

use crate::{
    ingest::{customer, tenant},
    processes::{Server, Taken},
};
use profitscore::{
    domain::{
        cost_model::CostModel,
        id::TraitKey,
        party::{TraitFilter, TraitValue},
        question::{
            CrossQuestion, CurveQuestion, Group, LiftQuestion, Order, RankQuestion, RowSelection,
            Scope,
        },
        ranking::{Basis, Direction},
        time::{Day, Period},
    },
    store::{Store as _, postgres::PostgresStore},
};
use std::collections::BTreeMap;

/// So often each question is asked.
const RUNS: u32 = 3;

/// A question.
pub enum Question {
    Rank(RankQuestion),
    Curve(CurveQuestion),
    Lift(LiftQuestion),
    Cross(CrossQuestion),
}

impl Question {
    pub async fn ask(&self, store: &PostgresStore) {
        let tenant = tenant();
        match self {
            Self::Rank(question) => drop(store.rank(&tenant, question).await.unwrap()),
            Self::Curve(question) => drop(store.curve(&tenant, question).await.unwrap()),
            Self::Lift(question) => drop(store.lift(&tenant, question).await.unwrap()),
            Self::Cross(question) => drop(store.cross(&tenant, question).await.unwrap()),
        }
    }
}

/// All questions that are measured, as of a position, with periods that end with a day.
pub fn all(as_of: u64, end: i32) -> Vec<(&'static str, Question)> {
    let scope = |days: Option<i32>| Scope {
        period: days.map_or(Period::ALL, |days| Period {
            start: Some(Day(end - days)),
            end: Some(Day(end)),
        }),
        branches: Vec::new(),
        traits: Vec::new(),
        as_of,
    };
    let order = || Order {
        weights: Basis::NetProfit.weights(&CostModel::default()),
        split: Vec::new(),
        driven: Vec::new(),
        value_bears_split: true,
        direction: Direction::BestFirst,
    };
    let rank = |scope: Scope, rows: RowSelection| {
        let beside = [Basis::Revenue, Basis::NetProfit];
        let beside = beside.map(|basis| basis.weights(&CostModel::default()).into());
        Question::Rank(RankQuestion {
            scope,
            order: order(),
            beside: beside.into(),
            rows,
        })
    };
    let best = |scope| {
        rank(
            scope,
            RowSelection::Places(std::iter::once(0..100).collect()),
        )
    };
    let branch = Scope {
        branches: vec!["branch-7".to_owned()],
        ..scope(None)
    };
    let industry = TraitFilter {
        key: TraitKey::stored("industry"),
        any_of: vec![TraitValue::Category("industry 7".to_owned())],
    };
    let industry = Scope {
        traits: vec![industry],
        ..scope(None)
    };
    let cross = |group| {
        Question::Cross(CrossQuestion {
            scope: scope(None),
            group,
        })
    };
    let traits = [
        ("industry", vec![]),
        ("size", vec![250_000_000, 500_000_000]),
    ];
    let lift = LiftQuestion {
        scope: scope(None),
        order: order(),
        best_millionths: 100_000,
        best_minimum: 20,
        traits: BTreeMap::from(traits.map(|(key, edges)| (TraitKey::stored(key), edges))),
    };
    let curve = CurveQuestion {
        scope: scope(None),
        order: order(),
        points: 100,
    };
    let one = RowSelection::Customer(customer(4_711));
    vec![
        ("100 best, all time", best(scope(None))),
        ("100 best, 365 days", best(scope(Some(365)))),
        ("100 best, 90 days", best(scope(Some(90)))),
        ("100 best, 7 days", best(scope(Some(7)))),
        ("100 best, one branch", best(branch)),
        ("100 best, one industry", best(industry)),
        ("statement of a customer", rank(scope(None), one)),
        ("whale curve", Question::Curve(curve)),
        ("trait lift", Question::Lift(lift)),
        ("cross by branch", cross(Group::Branch)),
        ("cross by product", cross(Group::Product)),
        ("cross by customer", cross(Group::Customer)),
    ]
}

/// Asks all questions, and tells what they take.
pub async fn measure(server: &Server, store: &PostgresStore, end: i32) {
    let as_of = store.watermark(&tenant()).await.unwrap();
    for (name, question) in all(as_of, end) {
        question.ask(store).await;
        let _ = crate::processes::peak_memory();
        let mut all = Taken::default();
        for _ in 0..RUNS {
            let ((), taken) = server.measure(question.ask(store)).await;
            all.wall += taken.wall;
            all.database += taken.database;
            all.process += taken.process;
        }
        let runs = f64::from(RUNS);
        println!(
            "{name:24} wall {:6.3} s; processor time: database {:6.3} s, this process {:6.3} s; \
             this process has {:3.0} MiB; load {}",
            all.wall / runs,
            all.database / runs,
            all.process / runs,
            crate::processes::peak_memory(),
            crate::processes::load(),
        );
    }
}
