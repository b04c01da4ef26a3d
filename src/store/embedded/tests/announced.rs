//! A few writes are answered once they are durable and before they are in the books; nobody may see that.

use super::*;
use crate::domain::question::{Group, Scope};
use std::{sync::mpsc::RecvTimeoutError, thread, time::Duration};

fn request(entries: Vec<Entry>, mode: WriteMode) -> Request {
    Request {
        tenant: tenant(),
        writes: Writes::Entries(entries),
        record_time: NOW,
        mode,
    }
}

fn payments(first: usize) -> Vec<Entry> {
    (first..first + 8)
        .map(|n| payment(&format!("p{n}"), 1))
        .collect()
}

fn engine(folder: &Path) -> Engine {
    let disk = Arc::new(RealDisk::open(folder).unwrap());
    Engine::open(disk, &engine_settings(&settings(folder)), |_| {}).unwrap()
}

fn question() -> CrossQuestion {
    CrossQuestion {
        scope: Scope {
            period: crate::domain::time::Period::ALL,
            branches: Vec::new(),
            traits: Vec::new(),
            as_of: Position::MAX,
        },
        group: Group::Day,
    }
}

#[test]
fn questions_wait_for_what_was_announced() {
    let folder = TempDir::new().unwrap();
    let mut engine = engine(folder.path());
    let request = request(payments(0), WriteMode::Keep);
    let prepared = engine.preparer().prepare(&request).map(Arc::new);
    assert!(prepared.is_some());
    let answers = engine.answer_prepared(&[(&request, prepared)]);
    assert_eq!(answers[0].as_ref().unwrap().len(), 8);
    let questions = Arc::clone(engine.questions());
    assert_eq!(questions.watermark(&tenant()).unwrap(), 8);

    let (sender, answered) = std_mpsc::channel();
    let asking = thread::spawn(move || {
        let answer = questions.cross(&tenant(), &question()).unwrap();
        sender.send(answer).unwrap();
    });
    let early = answered.recv_timeout(Duration::from_millis(200));
    assert_eq!(early, Err(RecvTimeoutError::Timeout));
    engine.post();
    let sums = answered.recv().unwrap();
    let spend = sums
        .values()
        .map(|sums| sums.get(&crate::domain::account::Account::Spend));
    assert_eq!(spend.sum::<i128>(), 8);
    asking.join().unwrap();
}

#[test]
fn what_was_announced_is_posted_before_anything_else() {
    let folder = TempDir::new().unwrap();
    let mut engine = engine(folder.path());
    for first in [0, 8, 4] {
        let request = request(payments(first), WriteMode::Keep);
        let prepared = engine.preparer().prepare(&request).map(Arc::new);
        // Nobody calls for the books in between.
        let answers = engine.answer_prepared(&[(&request, prepared)]);
        let positions = answers[0]
            .as_ref()
            .unwrap()
            .iter()
            .map(|outcome| match outcome {
                Outcome::Posted(position) | Outcome::Duplicate(position) => *position,
                Outcome::Rejected(problem) => panic!("{problem:?}"),
            });
        let expected: Vec<u64> = (first as u64 + 1..first as u64 + 9).collect();
        assert_eq!(positions.collect::<Vec<_>>(), expected);
    }
    let validated = request(payments(6), WriteMode::ValidateOnly);
    let answers = engine.answer_prepared(&[(&validated, None)]);
    let outcomes = answers[0].as_ref().unwrap();
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Duplicate(_)))
    );
    engine.close();
    assert_eq!(
        self::engine(folder.path())
            .questions()
            .watermark(&tenant())
            .unwrap(),
        16
    );
}
