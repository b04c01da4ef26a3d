//! What one store holds, another takes over as it is.

use crate::{
    generate::{Command, command, question, sample},
    price_terms::price_terms,
    stores::calendar,
    words::*,
};
use profitscore::{
    domain::{
        history::{Content, HistoryQuestion, Written},
        id::TenantId,
        ledger::WriteMode,
        party::Stage,
        problem::Reason,
        records::Record,
        time::Instant,
    },
    service::copying::{self, copy},
    store::{Store, memory::MemoryStore},
};
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// Enough for every kind of write, and for several pages of few.
const COMMANDS: u32 = 120;
const QUESTIONS: u32 = 60;

fn runner() -> TestRunner {
    TestRunner::new(Config {
        rng_seed: RngSeed::Fixed(20_261_123),
        failure_persistence: None,
        ..Config::default()
    })
}

fn time(second: u32) -> Instant {
    Instant {
        seconds: 1_800_000_000 + i64::from(second),
        nanos: 999_999_999 - second,
    }
}

/// Writes by chance, each request at a time of its own.
async fn fill(store: &dyn Store, runner: &mut TestRunner) {
    for second in 0..COMMANDS {
        let mode = WriteMode::Keep;
        match sample(runner, command()) {
            Command::Append {
                tenant, entries, ..
            } => {
                let appended = store.append(&tenant, entries, time(second), mode).await;
                appended.unwrap();
            }
            Command::Put {
                tenant, records, ..
            } => {
                let put = store.put(&tenant, records, time(second), mode).await;
                put.unwrap();
            }
            Command::Ask { .. } | Command::Reopen => {}
        }
    }
}

async fn history(store: &dyn Store, id: &TenantId) -> Vec<Written> {
    let mut all: Vec<Written> = Vec::new();
    loop {
        let question = HistoryQuestion {
            after: all.len() as u64,
            as_of: NEWEST,
            limit: 7,
        };
        let page = store.written(id, &question).await.unwrap();
        assert!(page.len() <= 7);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// Both answer the same, as of every position.
async fn assert_same(one: &dyn Store, other: &dyn Store, runner: &mut TestRunner) {
    let tenants = one.tenants().await.unwrap();
    assert_eq!(other.tenants().await.unwrap(), tenants);
    for id in &tenants {
        assert_eq!(history(one, id).await, history(other, id).await);
        for _ in 0..QUESTIONS {
            let question = sample(runner, question());
            let (own, others) = (question.ask(one, id).await, question.ask(other, id).await);
            assert!(own == others, "{question:?}\n{own}\n{others}");
        }
    }
}

pub async fn what_was_written_is_told_in_order(store: &dyn Store) {
    assert_eq!(store.tenants().await.unwrap(), []);
    append(
        store,
        vec![sale("a", "c", 3, 10, 5), sale("b", "d", 1, 10, 5)],
    )
    .await;
    put(
        store,
        vec![
            party("c", Stage::Customer, [("size", category("big"))]),
            cost_model("q", rates([("CLERK", 2)]), Some(0)),
            closing("z", 3, "by Bo"),
            product("tea", "drinks"),
            price_terms("c", 3, "trade", "gold"),
        ],
    )
    .await;
    append(
        store,
        vec![
            reversal("r", "b"),
            reversal("s", "b"),
            sale("a", "c", 3, 10, 5),
        ],
    )
    .await;
    append_to(store, "a", vec![sale("a", "c", 1, 1, 0)]).await;
    assert_eq!(store.tenants().await.unwrap(), ["a", "t"].map(tenant));

    let all = history(store, &tenant("t")).await;
    let positions: Vec<_> = all.iter().map(|one| one.position).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(all.iter().all(|one| one.record_time == NOW));
    let contents: Vec<_> = all.into_iter().map(|one| one.content).collect();
    let wanted = [
        Content::Entry(sale("a", "c", 3, 10, 5)),
        Content::Entry(sale("b", "d", 1, 10, 5)),
        Content::Record(party("c", Stage::Customer, [("size", category("big"))])),
        Content::Record(cost_model("q", rates([("CLERK", 2)]), None)),
        Content::Record(closing("z", 3, "by Bo")),
        Content::Record(product("tea", "drinks")),
        Content::Record(price_terms("c", 3, "trade", "gold")),
        Content::Entry(reversal("r", "b")),
    ];
    assert_eq!(contents, wanted);
    for (after, as_of, limit, wanted) in [
        (0, 3, 10, &[1, 2, 3][..]),
        (2, NEWEST, 2, &[3, 4]),
        (1, 3, 1, &[2]),
        (4, NEWEST, 10, &[5, 6, 7, 8]),
        (6, NEWEST, 1, &[7]),
        (8, NEWEST, 10, &[]),
        (NEWEST, NEWEST, 10, &[]),
        (3, 2, 10, &[]),
        (0, NEWEST, 0, &[]),
    ] {
        let question = HistoryQuestion {
            after,
            as_of,
            limit,
        };
        let page = store.written(&tenant("t"), &question).await.unwrap();
        let positions: Vec<_> = page.iter().map(|one| one.position).collect();
        assert_eq!(positions, wanted, "{question:?}");
    }
}

pub async fn what_is_copied_answers_the_same_there_and_back(store: &dyn Store) {
    let (source, back) = (MemoryStore::new(calendar()), MemoryStore::new(calendar()));
    let mut runner = runner();
    fill(&source, &mut runner).await;
    for id in source.tenants().await.unwrap() {
        let end = source.watermark(&id).await.unwrap();
        let mut told = Vec::new();
        let mut tell = |progress| told.push(progress);
        let copied = copy(&source, store, &id, &mut tell).await.unwrap();
        assert_eq!((copied.found, copied.end), (0, end));
        assert_eq!(told.last().unwrap().position, end);
        assert_eq!(copied.source, copied.target);
        let counts = copied.target.counts;
        let entries = counts.activities + counts.reversals;
        let records = counts.parties
            + counts.trait_definitions
            + counts.cost_models
            + counts.closings
            + counts.products
            + counts.exchange_rates
            + counts.price_terms
            + counts.prospect_records;
        assert_eq!(entries + records, end);
        copy(store, &back, &id, &mut |_| ()).await.unwrap();
    }
    assert_same(&source, store, &mut runner).await;
    assert_same(&source, &back, &mut runner).await;
    // Both go on in the same way: versions, duplicates and conflicts are known to the copy.
    fill(&source, &mut runner.clone()).await;
    fill(store, &mut runner.clone()).await;
    assert_same(&source, store, &mut runner).await;
}

pub async fn a_copy_goes_on_where_it_was_broken_off(store: &dyn Store) {
    let source = MemoryStore::new(calendar());
    let mut runner = runner();
    fill(&source, &mut runner).await;
    let id = &tenant("t");
    let whole = history(&source, id).await;
    let (before, rest) = whole.split_at(whole.len() / 2);
    store.take_over(id, before.to_vec()).await.unwrap();
    assert_eq!(watermark(store).await, before.len() as u64);
    let copied = copy(&source, store, id, &mut |_| ()).await.unwrap();
    assert_eq!(copied.found, before.len() as u64);
    assert_eq!(copied.end, whole.len() as u64);
    assert!(!rest.is_empty());
    // Once more there is nothing to do, and it is all proved again.
    let again = copy(&source, store, id, &mut |_| ()).await.unwrap();
    assert_eq!(again.found, again.end);
    assert_eq!(
        again,
        copying::Copied {
            found: again.end,
            ..copied
        }
    );
}

pub async fn what_does_not_follow_is_not_taken_over(store: &dyn Store) {
    let id = &tenant("t");
    let at = |position, content| Written {
        position,
        record_time: NOW,
        content,
    };
    let entry = |position, id| at(position, Content::Entry(sale(id, "c", 1, 1, 0)));
    let record = |position| {
        let party: Record = party("c", Stage::Customer, [("size", category("big"))]);
        at(position, Content::Record(party))
    };
    append(store, vec![sale("a", "c", 1, 1, 0)]).await;
    let before = history(store, id).await;
    for (wrong, reason) in [
        (vec![entry(1, "b")], Reason::FieldInvalid),
        (vec![entry(3, "b")], Reason::FieldInvalid),
        (vec![entry(2, "b"), entry(4, "c")], Reason::FieldInvalid),
        // It would be a duplicate here.
        (vec![entry(2, "b"), entry(3, "a")], Reason::FieldInvalid),
        (vec![record(2), record(3)], Reason::FieldInvalid),
        (
            vec![record(2), at(3, Content::Entry(sale("a", "c", 1, 2, 0)))],
            Reason::ActivityConflict,
        ),
        (
            vec![entry(2, "b"), at(3, Content::Entry(reversal("r", "x")))],
            Reason::ActivityNotFound,
        ),
    ] {
        let problem = store.take_over(id, wrong.clone()).await.unwrap_err();
        assert_eq!(problem.reason, reason, "{wrong:?}: {problem}");
        assert_eq!(history(store, id).await, before, "{wrong:?}");
    }
    store.take_over(id, Vec::new()).await.unwrap();
    store
        .take_over(id, vec![entry(2, "b"), record(3)])
        .await
        .unwrap();
    assert_eq!(watermark(store).await, 3);
    assert_eq!(
        append(store, vec![sale("d", "c", 1, 1, 0)]).await,
        posted(4, 1)
    );
}

pub async fn a_target_with_something_else_is_refused_by_name(store: &dyn Store) {
    let source = MemoryStore::new(calendar());
    append(
        &source,
        vec![sale("a", "c", 1, 1, 0), sale("b", "c", 1, 1, 0)],
    )
    .await;
    let id = &tenant("t");
    append(
        store,
        vec![sale("a", "c", 1, 1, 0), sale("x", "c", 1, 1, 0)],
    )
    .await;
    let problem = copy(&source, store, id, &mut |_| ()).await.unwrap_err();
    assert_eq!(problem.reason, Reason::FieldInvalid);
    assert_eq!(problem.metadata["tenant_id"], "t");
    assert_eq!(problem.metadata["position"], "2");
    append(store, vec![sale("y", "c", 1, 1, 0)]).await;
    let problem = copy(&source, store, id, &mut |_| ()).await.unwrap_err();
    assert_eq!(problem.metadata["position"], "3");
    assert_eq!(problem.metadata["end"], "2");
    // The time at which it was taken in is a part of what was written.
    let other = MemoryStore::new(calendar());
    let entries = vec![sale("a", "c", 1, 1, 0)];
    let later = Instant { nanos: 8, ..NOW };
    let appended = other.append(id, entries, later, WriteMode::Keep).await;
    appended.unwrap();
    let problem = copy(&source, &other, id, &mut |_| ()).await.unwrap_err();
    assert_eq!(problem.metadata["position"], "1");
    assert_eq!(watermark(store).await, 3);
}
