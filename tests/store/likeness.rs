//! Every store answers like the reference, whatever was done before.

use crate::{
    generate::{Command, command},
    stores::{FINEST, OFTENEST, calendar, database, open_database, open_saved},
    words::*,
};
use profitscore::{
    domain::ledger::WriteMode,
    store::{
        Store,
        embedded::{BookSizes, CheckpointSizes},
        memory::MemoryStore,
    },
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{RngSeed, TestCaseError},
};
use tempfile::TempDir;

fn mode(keep: bool) -> WriteMode {
    if keep {
        WriteMode::Keep
    } else {
        WriteMode::ValidateOnly
    }
}

async fn run(
    commands: Vec<Command>,
    open: impl AsyncFn() -> Box<dyn Store>,
) -> Result<(), TestCaseError> {
    let reference = &MemoryStore::new(calendar());
    let mut store = open().await;
    for command in commands {
        match command {
            Command::Append {
                tenant,
                entries,
                keep,
            } => {
                let mode = mode(keep);
                let expected = reference.append(&tenant, entries.clone(), NOW, mode).await;
                prop_assert_eq!(store.append(&tenant, entries, NOW, mode).await, expected);
            }
            Command::Put {
                tenant,
                records,
                keep,
            } => {
                let mode = mode(keep);
                let expected = reference.put(&tenant, records.clone(), NOW, mode).await;
                prop_assert_eq!(store.put(&tenant, records, NOW, mode).await, expected);
            }
            Command::Ask { tenant, question } => {
                let expected = question.ask(reference, &tenant).await;
                let found = question.ask(&*store, &tenant).await;
                prop_assert!(found == expected, "{question:#?}\n{found}\n{expected}");
            }
            Command::Reopen => {
                drop(store);
                store = open().await;
            }
        }
    }
    Ok(())
}

async fn run_embedded(
    commands: Vec<Command>,
    books: BookSizes,
    checkpoints: CheckpointSizes,
) -> Result<(), TestCaseError> {
    let folder = TempDir::new().unwrap();
    let open = async || {
        let store: Box<dyn Store> = Box::new(open_saved(folder.path(), books, checkpoints));
        store
    };
    run(commands, open).await
}

async fn run_postgres(commands: Vec<Command>) -> Result<(), TestCaseError> {
    let Some(database) = database().await else {
        return Ok(());
    };
    let open = async || {
        let store: Box<dyn Store> = Box::new(open_database(&database).await);
        store
    };
    run(commands, open).await
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 80,
        rng_seed: RngSeed::Fixed(20_260_401),
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_embedded_store_answers_like_the_reference(commands in vec(command(), 1..60)) {
        block_on(run_embedded(commands, BookSizes::default(), CheckpointSizes::default()))?;
    }

    #[test]
    fn finely_divided_books_answer_like_the_reference(commands in vec(command(), 1..60)) {
        block_on(run_embedded(commands, FINEST, CheckpointSizes::default()))?;
    }

    #[test]
    fn books_that_are_saved_at_every_moment_answer_like_the_reference(commands in vec(command(), 1..60)) {
        block_on(run_embedded(commands, FINEST, OFTENEST))?;
    }
}

proptest! {
    // A database for each: few, and long ones.
    #![proptest_config(ProptestConfig {
        cases: 24,
        rng_seed: RngSeed::Fixed(20_260_401),
        failure_persistence: None,
        max_shrink_iters: 60,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_database_answers_like_the_reference(commands in vec(command(), 1..120)) {
        block_on(run_postgres(commands))?;
    }
}

fn block_on<T>(run: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    { runtime }.enable_all().build().unwrap().block_on(run)
}
