//! What was acknowledged stays, whatever happens to the process.

use crate::{
    damage::frames,
    generate::{activity_of, sample},
    stores::{calendar, open, settings},
    words::*,
};
use profitscore::{
    domain::{
        id::TenantId,
        ledger::{Entry, LedgerQuestion, Outcome},
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
use std::{fs, path::Path};
use tempfile::TempDir;

/// Copies what a process that ends without warning would leave: its files as they are while it runs.
pub fn copy(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let bytes = fs::read(file.path()).unwrap();
        // Room that is kept and not used yet is only told of.
        let used = bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        let path = to.join(file.file_name());
        fs::write(&path, &bytes[..used]).unwrap();
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_len(bytes.len() as u64).unwrap();
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
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        store.rank(id, &question).await.unwrap(),
        store.cross(id, &cross).await.unwrap(),
        store.entries(id, &ledger).await.unwrap(),
        store.trait_definitions(id, as_of).await.unwrap(),
        store.cost_models(id, as_of).await.unwrap(),
        store.closings(id, as_of).await.unwrap(),
        store.products(id, as_of).await.unwrap(),
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
    let size = fs::metadata(folder.path().join("0000000001.log"))
        .unwrap()
        .len();
    let end = Progress {
        read_bytes: size,
        all_bytes: size,
        entries: 3_000,
    };
    assert_eq!(
        told.first(),
        Some(&Progress {
            read_bytes: 0,
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
    assert!(folder.path().join("a/b/META").exists());
}

#[tokio::test]
async fn a_cut_log_leaves_whole_groups_or_is_named() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let reference = MemoryStore::new(calendar());
    let mut runner = TestRunner::deterministic();
    let mut ends = vec![0];
    let log_of = |folder: &Path| folder.join("0000000001.log");
    let used = |folder: &Path| {
        let frames = frames(&fs::read(log_of(folder)).unwrap());
        frames[frames.len() - 1] as u64
    };
    // What the witness said after each group, and how long the log was.
    let witness_of = |folder: &Path| fs::read(folder.join("WITNESS")).unwrap();
    let mut witnesses = vec![witness_of(folder.path())];
    let mut lengths = vec![used(folder.path())];
    let (mut whole, mut shorter, mut damaged) = (0, 0, 0);
    for group in 0..150_usize {
        let id = |item: i32| format!("{group}-{item}");
        let mut batch: Vec<Entry> = (0..sample(&mut runner, 1..20))
            .map(|item| Entry::Activity(sample(&mut runner, activity_of(id(item)))))
            .collect();
        if group % 3 == 2 {
            batch.push(reversal(&id(99), &format!("{}-0", group - 1)));
        }
        append(&store, batch.clone()).await;
        append(&reference, batch).await;
        ends.push(watermark(&store).await);

        let crashed = TempDir::new().unwrap();
        copy(folder.path(), crashed.path());
        witnesses.push(witness_of(folder.path()));
        lengths.push(used(folder.path()));
        // After a loss of power the witness may tell of an earlier end; what came after that may be missing.
        let witness = sample(&mut runner, 0..=group + 1);
        fs::write(crashed.path().join("WITNESS"), &witnesses[witness]).unwrap();
        let (least, length) = (lengths[witness], lengths[group + 1]);
        let from = if group % 4 == 0 { 0 } else { least };
        let cut = sample(&mut runner, from..=length);
        let log = fs::File::options().write(true).open(log_of(crashed.path()));
        log.unwrap().set_len(cut).unwrap();
        match EmbeddedStore::open(&settings(crashed.path()), |_| ()) {
            Err(problem) => {
                assert_eq!(problem.reason, Reason::LedgerDamaged, "{problem}");
                assert!(!problem.metadata["place"].is_empty());
                assert!(cut < least, "cut at {cut} of {least}: {problem}");
                damaged += 1;
            }
            Ok(reopened) => {
                let end = watermark(&reopened).await;
                assert!(
                    cut >= least,
                    "what was acknowledged up to {least} is cut off at {cut}"
                );
                let groups = lengths.iter().filter(|length| **length <= cut).count() - 1;
                assert_eq!(
                    end, ends[groups],
                    "every whole group is there, and no other"
                );
                let expected = state(&reference, &tenant("t"), end).await;
                assert_eq!(state(&reopened, &tenant("t"), NEWEST).await, expected);
                // It goes on from there.
                let next = append(&reopened, vec![sale("next", "a", 1, 1, 1)]).await;
                assert_eq!(next, posted(end + 1, 1));
                let newest = ends.last() == Some(&end);
                whole += u32::from(newest);
                shorter += u32::from(!newest);
            }
        }
    }
    println!("of 150 cut logs {whole} lost nothing, {shorter} lost groups, {damaged} were damaged");
    assert!(
        shorter > 20 && damaged > 5,
        "the cuts must have lost something"
    );
}
