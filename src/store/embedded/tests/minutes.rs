//! Minutes of several roles share a column. A simulation found that a role whose minutes are all whole tens was worth
//! nothing as soon as another's were not: the column's unit is finer than that of the role.

use super::*;
use crate::domain::{
    account::{Account, Weights, WorkPurpose},
    activity::{EffortPurpose, Work},
    id::RoleId,
    question::{Order, RankQuestion, RowSelection, Scope},
    ranking::Direction,
    time::{Day, Period},
};

fn effort(number: i64, role: &RoleId, milli_minutes: i64) -> Entry {
    Entry::Activity(Activity {
        activity_id: activity_id(&format!("a{number}")),
        customer_id: PartyId::parse(&format!("c{number}"), "").unwrap(),
        occur_time: Instant {
            seconds: number * 86_400,
            nanos: 0,
        },
        dimensions: Dimensions::default(),
        kind: Kind::Effort {
            work: Work {
                role_id: role.clone(),
                milli_minutes,
            },
            purpose: EffortPurpose::Sales,
            channel: None,
        },
        original: None,
    })
}

fn values(engine: &Engine, weights: &Weights, period: Period) -> Vec<i128> {
    let question = RankQuestion {
        scope: Scope {
            period,
            branches: Vec::new(),
            traits: Vec::new(),
            as_of: 6,
        },
        order: Order {
            weights: weights.clone(),
            split: Vec::new(),
            driven: Vec::new(),
            value_bears_split: false,
            direction: Direction::BestFirst,
        },
        beside: Vec::new(),
        rows: RowSelection::Places(vec![0..9, 9..99]),
    };
    let answer = engine.questions().rank(&tenant(), &question).unwrap();
    answer.rows.iter().map(|row| row.value).collect()
}

#[test]
fn a_role_is_worth_the_same_whatever_the_minutes_of_others() {
    let roles = ["CLERK", "DRIVER"].map(|role| RoleId::parse(role, "").unwrap());
    let minutes = [(0, 7_001), (1, 500), (0, 13), (1, 90), (1, 1_000), (1, 20)];
    let mut weights = Weights::default();
    for role in &roles {
        let account = Account::Minutes(role.clone(), WorkPurpose::Effort(EffortPurpose::Sales));
        weights.0.insert(account, 3);
    }
    for sizes in [(1, 0, 1), (2, 1, 2), (1_024, 32_768, 256)] {
        let folder = TempDir::new().unwrap();
        let settings = settings(Path::new(""));
        let settings = EngineSettings {
            books: BookSizes {
                recent_rows: sizes.0,
                kept_positions: sizes.1,
                leaf_rows: sizes.2,
            },
            ..EngineSettings::new(settings.calendar, settings.currency, (1, 2))
        };
        let open = || {
            let disk = Arc::new(RealDisk::open(folder.path()).unwrap());
            Engine::open(disk, &settings, |_| ()).unwrap()
        };
        let mut engine = open();
        for (day, (role, minutes)) in (0..).zip(minutes) {
            let entry = effort(day, &roles[role], minutes);
            write(&mut engine, vec![entry]).unwrap();
        }
        drop(engine);
        let engine = open();
        for (start, end) in (0..7).flat_map(|start| (start..7).map(move |end| (start, end))) {
            let mut expected: Vec<i128> = minutes[start..end.min(6)]
                .iter()
                .map(|(_, minutes)| 3 * i128::from(*minutes))
                .collect();
            expected.sort_unstable_by(|a, b| b.cmp(a));
            let day = |day| Some(Day(i32::try_from(day).unwrap()));
            let period = Period {
                start: day(start),
                end: day(end),
            };
            assert_eq!(values(&engine, &weights, period), expected, "{period:?}");
        }
    }
}
