//! What was acknowledged stays, whatever happens to the process.

use crate::{
    generate::{activity_of, sample},
    stores::{calendar, open, settings},
    words::*,
};
use profitscore::{
    domain::{
        id::TenantId,
        ledger::{Entry, LedgerQuestion, Outcome, WriteMode},
        money::Currency,
        party::Stage,
        problem::Reason,
        question::{CrossQuestion, Group, Scope},
        ranking::Basis,
        time::{Calendar, Period},
    },
    store::{
        Store,
        embedded::{EmbeddedSettings, EmbeddedStore, Progress},
        memory::MemoryStore,
    },
};
use proptest::test_runner::TestRunner;
use rusqlite::Connection;
use std::{fs, path::Path};
use tempfile::TempDir;

/// Copies what a process that ends without warning would leave: its files as they are while it runs.
pub fn copy(from: &Path, to: &Path) {
    for name in ["ledger.db", "ledger.db-wal", "LOCK"] {
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

/// All that a store says of a tenant as of a position.
pub async fn state(store: &dyn Store, id: &TenantId, as_of: u64) -> String {
    let scope = Scope {
        as_of,
        ..scope(Period::ALL)
    };
    let ledger = LedgerQuestion {
        as_of,
        ..all_entries()
    };
    let question = rank_question(scope.clone(), order(Basis::NetProfit));
    let cross = CrossQuestion {
        scope,
        group: Group::Day,
    };
    format!(
        "{:?} {:?} {:?} {:?} {:?}",
        store.rank(id, &question).await.unwrap(),
        store.cross(id, &cross).await.unwrap(),
        store.entries(id, &ledger).await.unwrap(),
        store.trait_definitions(id, as_of).await.unwrap(),
        store.cost_models(id, as_of).await.unwrap(),
    )
}

async fn fill(store: &dyn Store) {
    append_to(
        store,
        "t",
        vec![sale("1", "a", 1, 10, 4), sale("2", "b", 2, 20, 4)],
    )
    .await;
    put(
        store,
        vec![
            party("a", Stage::Customer, [("size", category("big"))]),
            cost_model("one", rates([("CLERK", 1)]), None),
        ],
    )
    .await;
    append_to(store, "u", vec![payment("1", "z", 5, 20)]).await;
    append_to(
        store,
        "t",
        vec![reversal("3", "1"), service("4", "b", 2, "CLERK", 5)],
    )
    .await;
}

#[tokio::test]
async fn reopened_it_is_as_before() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    fill(&store).await;
    let (t, u) = (tenant("t"), tenant("u"));
    let before = (
        state(&store, &t, NEWEST).await,
        state(&store, &u, NEWEST).await,
    );
    let early = state(&store, &t, 3).await;
    let crashed = TempDir::new().unwrap();
    copy(folder.path(), crashed.path());
    drop(store);
    for folder in [folder.path(), crashed.path()] {
        let store = open(folder);
        assert_eq!(watermark(&store).await, 6);
        assert_eq!(
            (
                state(&store, &t, NEWEST).await,
                state(&store, &u, NEWEST).await
            ),
            before
        );
        assert_eq!(state(&store, &t, 3).await, early);
        // Ids are known still, and positions go on.
        let batch = vec![
            sale("1", "a", 1, 10, 4),
            sale("1", "a", 1, 11, 4),
            reversal("9", "1"),
        ];
        let outcomes = append(&store, batch).await;
        assert_eq!(outcomes[0], Outcome::Duplicate(1));
        assert_eq!(refusal(&outcomes[1]).0, Reason::ActivityConflict);
        assert_eq!(refusal(&outcomes[2]).0, Reason::ActivityAlreadyReversed);
        assert_eq!(
            append(&store, vec![sale("9", "a", 1, 1, 1)]).await,
            posted(7, 1)
        );
    }
}

#[tokio::test]
async fn a_large_batch_is_many_rows_and_one_group() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let batch: Vec<Entry> = (0..3_000)
        .map(|i| sale(&format!("s{i}"), &format!("c{}", i % 70), 1, i, 0))
        .collect();
    assert_eq!(append(&store, batch.clone()).await, posted(1, 3_000));
    let again: Vec<Outcome> = (1..=3_000).map(Outcome::Duplicate).collect();
    assert_eq!(append(&store, batch.clone()).await, again);
    let before = state(&store, &tenant("t"), NEWEST).await;
    drop(store);
    let mut told = Vec::new();
    let store =
        EmbeddedStore::open(&settings(folder.path()), |progress| told.push(progress)).unwrap();
    let end = Progress {
        read_groups: 3,
        all_groups: 3,
        entries: 3_000,
    };
    assert_eq!(
        told.first(),
        Some(&Progress {
            read_groups: 0,
            entries: 0,
            ..end
        })
    );
    assert_eq!(told.last(), Some(&end));
    assert_eq!(state(&store, &tenant("t"), NEWEST).await, before);
    assert_eq!(append(&store, batch).await, again);
    let page = LedgerQuestion {
        after: 2_040,
        limit: 20,
        ..all_entries()
    };
    let found = entries(&store, &page).await;
    assert_eq!(
        found.iter().map(|entry| entry.position).collect::<Vec<_>>(),
        (2_041..=2_060).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_folder_is_open_once() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let refused = EmbeddedStore::open(&settings(folder.path()), |_| ())
        .err()
        .unwrap();
    assert_eq!(refused.reason, Reason::StoreUnavailable);
    assert!(
        refused
            .message
            .contains(&folder.path().display().to_string()),
        "{refused}"
    );
    assert!(refused.message.contains("another process"), "{refused}");
    assert_eq!(
        append(&store, vec![sale("1", "a", 1, 1, 1)]).await,
        posted(1, 1)
    );
    drop(store);
    assert_eq!(watermark(&open(folder.path())).await, 1);
}

#[tokio::test]
async fn a_folder_keeps_its_currency_and_time_zone() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()));
    let euros = EmbeddedSettings {
        currency: Currency::parse("EUR", "").unwrap(),
        ..settings(folder.path())
    };
    let refused = EmbeddedStore::open(&euros, |_| ()).err().unwrap();
    assert_eq!(refused.reason, Reason::CurrencyMismatch);
    assert_eq!(
        refused.message,
        "the folder was made with the currency USD, not EUR"
    );
    let berlin = EmbeddedSettings {
        calendar: Calendar::of_zone("Europe/Berlin").unwrap(),
        ..settings(folder.path())
    };
    let refused = EmbeddedStore::open(&berlin, |_| ()).err().unwrap();
    assert_eq!(refused.field, "time_zone");
    let expected = "time_zone is Europe/Berlin, but the folder was made with UTC";
    assert_eq!(refused.message, expected);
    open(folder.path());
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    let refused = EmbeddedStore::open(&settings(&file), |_| ()).err().unwrap();
    assert_eq!(refused.reason, Reason::StoreUnavailable);
    assert!(
        refused.message.contains(&file.display().to_string()),
        "{refused}"
    );
    // A folder in a folder that is not there yet is made.
    drop(open(&folder.path().join("a/b")));
    assert!(folder.path().join("a/b/ledger.db").exists());
}

#[tokio::test]
async fn a_write_that_fails_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    fill(&store).await;
    let before = state(&store, &tenant("t"), NEWEST).await;
    // Another program holds the database, as a person who mends it by hand would.
    let other = Connection::open(folder.path().join("ledger.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let batch = vec![
        sale("5", "c", 1, 1, 0),
        reversal("6", "2"),
        reversal("7", "5"),
    ];
    let failed = store
        .append(&tenant("t"), batch.clone(), NOW, WriteMode::Keep)
        .await;
    assert_eq!(failed.unwrap_err().reason, Reason::StoreUnavailable);
    let record = vec![party("a", Stage::Prospect, [("new", category("x"))])];
    let failed = store
        .put(&tenant("t"), record.clone(), NOW, WriteMode::Keep)
        .await;
    assert_eq!(failed.unwrap_err().reason, Reason::StoreUnavailable);
    assert_eq!(state(&store, &tenant("t"), NEWEST).await, before);
    assert_eq!(watermark(&store).await, 6);
    other.execute_batch("ROLLBACK").unwrap();
    // The same is posted now: nothing of the first attempt is remembered.
    assert_eq!(append(&store, batch).await, posted(7, 3));
    assert_eq!(put(&store, record).await, posted(10, 1));
    let after = state(&store, &tenant("t"), NEWEST).await;
    drop((store, other));
    assert_eq!(
        state(&open(folder.path()), &tenant("t"), NEWEST).await,
        after
    );
}

#[tokio::test]
async fn a_cut_log_leaves_whole_groups_or_is_named() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let reference = MemoryStore::new(calendar());
    let mut runner = TestRunner::deterministic();
    let mut ends = vec![0];
    let (mut shorter, mut damaged, mut whole) = (0, 0, 0);
    for round in 0..12 {
        // Enough small groups that the log is put into the database and begun anew now and then.
        for group in 0..12 {
            let id = |item: i32| format!("{round}-{group}-{item}");
            let mut batch: Vec<Entry> = (0..sample(&mut runner, 1..6))
                .map(|item| Entry::Activity(sample(&mut runner, activity_of(id(item)))))
                .collect();
            if group % 3 == 2 {
                batch.push(reversal(&id(9), &format!("{round}-{}-0", group - 1)));
            }
            append(&store, batch.clone()).await;
            append(&reference, batch).await;
            ends.push(watermark(&store).await);
        }
        for _ in 0..5 {
            let crashed = TempDir::new().unwrap();
            copy(folder.path(), crashed.path());
            let log = fs::File::options()
                .write(true)
                .open(crashed.path().join("ledger.db-wal"))
                .unwrap();
            let length = log.metadata().unwrap().len();
            log.set_len(sample(&mut runner, 0..=length)).unwrap();
            drop(log);
            match EmbeddedStore::open(&settings(crashed.path()), |_| ()) {
                Err(problem) => {
                    assert_eq!(problem.reason, Reason::LedgerDamaged, "{problem}");
                    assert!(!problem.metadata["place"].is_empty());
                    damaged += 1;
                }
                Ok(cut) => {
                    let end = watermark(&cut).await;
                    assert!(ends.contains(&end), "{end} is within a group");
                    let expected = state(&reference, &tenant("t"), end).await;
                    assert_eq!(state(&cut, &tenant("t"), NEWEST).await, expected);
                    // It goes on from there.
                    let next = append(&cut, vec![sale("next", "a", 1, 1, 1)]).await;
                    assert_eq!(next, posted(end + 1, 1));
                    shorter += u32::from(end < ends[ends.len() - 1]);
                    whole += u32::from(end == ends[ends.len() - 1]);
                }
            }
        }
    }
    println!(
        "of 60 cut logs {whole} lost nothing, {shorter} lost whole groups, {damaged} were found damaged"
    );
    assert!(shorter > 10, "the cuts must have lost something");
}
