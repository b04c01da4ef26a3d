//! The embedded store answers like the reference, whatever was done before.

use crate::{
    generate::{Command, command},
    stores::{FINEST, OFTENEST, memory, open_saved},
    words::*,
};
use profitscore::{
    domain::ledger::WriteMode,
    store::{
        Store,
        embedded::{BookSizes, CheckpointSizes},
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
    books: BookSizes,
    checkpoints: CheckpointSizes,
) -> Result<(), TestCaseError> {
    let reference = memory();
    let reference = reference.store();
    let folder = TempDir::new().unwrap();
    let mut store = open_saved(folder.path(), books, checkpoints);
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
                let found = question.ask(&store, &tenant).await;
                prop_assert!(found == expected, "{question:#?}\n{found}\n{expected}");
            }
            Command::Reopen => {
                drop(store);
                store = open_saved(folder.path(), books, checkpoints);
            }
        }
    }
    Ok(())
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
        block_on(run(commands, BookSizes::default(), CheckpointSizes::default()))?;
    }

    #[test]
    fn finely_divided_books_answer_like_the_reference(commands in vec(command(), 1..60)) {
        block_on(run(commands, FINEST, CheckpointSizes::default()))?;
    }

    #[test]
    fn books_that_are_saved_at_every_moment_answer_like_the_reference(commands in vec(command(), 1..60)) {
        block_on(run(commands, FINEST, OFTENEST))?;
    }
}

fn block_on<T>(run: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    { runtime }.build().unwrap().block_on(run)
}
