//! What is read back is what was written, or the damage is named.

use crate::{
    durability::state,
    generate::{activity_of, sample},
    stores::{open, settings},
    words::*,
};
use profitscore::{
    domain::{
        ledger::{Entry, WriteMode},
        party::Stage,
        problem::{Problem, Reason},
    },
    store::{Store, embedded::EmbeddedStore},
};
use proptest::test_runner::TestRunner;
use rusqlite::Connection;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

fn database(folder: &Path) -> PathBuf {
    folder.join("ledger.db")
}

/// A folder with some groups of two tenants, closed.
async fn filled(folder: &Path) {
    let store = open(folder);
    let mut runner = TestRunner::deterministic();
    for group in 0..30 {
        let id = ["t", "u"][group % 2];
        let batch = (0..=group)
            .map(|item| sample(&mut runner, activity_of(format!("{group}-{item}"))))
            .map(Entry::Activity)
            .collect();
        append_to(&store, id, batch).await;
        put(
            &store,
            vec![party(&format!("p{group}"), Stage::Prospect, [])],
        )
        .await;
    }
}

async fn states(store: &dyn Store) -> [String; 2] {
    [
        state(store, &tenant("t"), NEWEST).await,
        state(store, &tenant("u"), NEWEST).await,
    ]
}

fn refused(folder: &Path) -> Problem {
    EmbeddedStore::open(&settings(folder), |_| ())
        .err()
        .expect("the damage must be found")
}

#[tokio::test]
async fn a_flipped_bit_anywhere_is_found_or_harmless() {
    let folder = TempDir::new().unwrap();
    filled(folder.path()).await;
    let sound = fs::read(database(folder.path())).unwrap();
    let before = states(&open(folder.path())).await;
    let mut runner = TestRunner::deterministic();
    let (mut found, mut harmless) = (0, 0);
    for round in 0..150 {
        let mut bytes = sound.clone();
        // Every fourth in the first page's head and in the heads of other pages, where few bits mean much.
        let page = sample(&mut runner, 0..bytes.len() / 16_384) * 16_384;
        let place = match round % 4 {
            0 => sample(&mut runner, 0_usize..120),
            1 => page + sample(&mut runner, 0_usize..64),
            _ => sample(&mut runner, 0..bytes.len()),
        };
        bytes[place] ^= 1_u8 << sample(&mut runner, 0..8);
        let damaged = TempDir::new().unwrap();
        fs::write(database(damaged.path()), &bytes).unwrap();
        match EmbeddedStore::open(&settings(damaged.path()), |_| ()) {
            Ok(store) => {
                assert_eq!(states(&store).await, before, "byte {place}");
                harmless += 1;
            }
            Err(problem) => {
                let reasons = [
                    Reason::LedgerDamaged,
                    Reason::StoreUnavailable,
                    Reason::CurrencyMismatch,
                ];
                assert!(reasons.contains(&problem.reason), "byte {place}: {problem}");
                assert!(!problem.message.is_empty());
                found += 1;
            }
        }
    }
    println!("of 150 flipped bits {found} were found and {harmless} changed nothing");
    assert!(found > 30);
}

#[tokio::test]
async fn a_flipped_bit_in_an_entry_is_named() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    append(&store, vec![sale("first", "a", 1, 1, 1)]).await;
    append(
        &store,
        vec![
            sale("x", "a-customer-to-find", 1, 1, 1),
            sale("y", "a", 1, 1, 1),
        ],
    )
    .await;
    append(&store, vec![sale("last", "a", 1, 1, 1)]).await;
    drop(store);
    let mut bytes = fs::read(database(folder.path())).unwrap();
    let name = b"a-customer-to-find";
    let place = bytes
        .windows(name.len())
        .position(|window| window == name)
        .unwrap();
    bytes[place + 3] ^= 4;
    fs::write(database(folder.path()), bytes).unwrap();
    let problem = refused(folder.path());
    assert_eq!(problem.reason, Reason::LedgerDamaged);
    let place = "row 2 of table ledger, tenant t, from position 2: its checksum does not hold";
    assert_eq!(problem.metadata["place"], place);
}

#[tokio::test]
async fn damage_that_comes_later_is_found_when_it_is_read() {
    let folder = TempDir::new().unwrap();
    drop({
        let store = open(folder.path());
        append(&store, vec![sale("x", "a-customer-to-find", 1, 1, 1)]).await;
        append(&store, vec![sale("y", "b", 1, 1, 1)]).await;
        store
    });
    let store = open(folder.path());
    let mut bytes = fs::read(database(folder.path())).unwrap();
    let name = b"a-customer-to-find";
    let place = bytes
        .windows(name.len())
        .position(|window| window == name)
        .unwrap();
    bytes[place] ^= 1;
    fs::write(database(folder.path()), bytes).unwrap();
    let problem = store
        .entries(&tenant("t"), &all_entries())
        .await
        .unwrap_err();
    assert_eq!(problem.reason, Reason::LedgerDamaged);
    assert!(
        problem.metadata["place"].contains("tenant t, from position 1"),
        "{problem}"
    );
    // A request that needs the damaged entry fails, one beside it does not, even in the same group.
    let again = vec![
        sale("n", "n", 1, 1, 1),
        sale("x", "a-customer-to-find", 1, 1, 1),
    ];
    let failed = store
        .append(&tenant("t"), again, NOW, WriteMode::Keep)
        .await;
    assert_eq!(failed.unwrap_err().reason, Reason::LedgerDamaged);
    assert_eq!(watermark(&store).await, 2);
    assert_eq!(
        append(&store, vec![sale("n", "n", 1, 1, 1)]).await,
        posted(3, 1)
    );
}

/// What somebody does to the tables, and what it is called.
const TAMPERING: [(&str, &str); 9] = [
    ("DELETE FROM ledger WHERE id = 5", "is missing"),
    (
        "DELETE FROM ledger WHERE id = (SELECT max(id) FROM ledger)",
        "is missing",
    ),
    (
        "DELETE FROM records WHERE id = (SELECT max(id) FROM records)",
        "table tail",
    ),
    (
        "DELETE FROM tail WHERE tenant = 'u'",
        "tenant u is not in table tail",
    ),
    (
        "UPDATE ledger SET tenant = 'u' WHERE id = 5",
        "ends at position",
    ),
    (
        "UPDATE ledger SET checksum = checksum + 1 WHERE id = 5",
        "checksum does not hold",
    ),
    (
        "UPDATE ledger SET count = count + 1 WHERE id = 5",
        "checksum does not hold",
    ),
    (
        "UPDATE ledger SET body = (SELECT body FROM ledger AS other WHERE other.id = 9) WHERE id = 5",
        "checksum does not hold",
    ),
    ("DROP TABLE tail", "no such table"),
];

#[tokio::test]
async fn tampering_is_found_and_named() {
    let folder = TempDir::new().unwrap();
    filled(folder.path()).await;
    for (tampering, name) in TAMPERING {
        let copy = TempDir::new().unwrap();
        fs::copy(database(folder.path()), database(copy.path())).unwrap();
        Connection::open(database(copy.path()))
            .unwrap()
            .execute_batch(tampering)
            .unwrap();
        let problem = refused(copy.path());
        assert_eq!(
            problem.reason,
            Reason::LedgerDamaged,
            "{tampering}: {problem}"
        );
        assert!(
            problem.metadata["place"].contains(name),
            "{tampering}: {problem}"
        );
    }
}

#[tokio::test]
async fn a_stale_row_is_found() {
    // The same folder at two times: a row of the first beside rows of the second is sound by itself.
    let folder = TempDir::new().unwrap();
    let make = async |name: &str, customer: &str| {
        let path = folder.path().join(name);
        let store = open(&path);
        append(&store, vec![sale("1", customer, 1, 1, 1)]).await;
        append(&store, vec![sale("2", "b", 1, 1, 1)]).await;
        database(&path)
    };
    let (stale, newer) = (make("stale", "a").await, make("newer", "c").await);
    let connection = Connection::open(newer).unwrap();
    let attach = format!("ATTACH '{}' AS stale", stale.display());
    connection.execute_batch(&attach).unwrap();
    let replace = "DELETE FROM main.ledger WHERE id = 1;
                   INSERT INTO main.ledger SELECT * FROM stale.ledger WHERE id = 1";
    connection.execute_batch(replace).unwrap();
    drop(connection);
    let problem = refused(&folder.path().join("newer"));
    assert!(
        problem.metadata["place"].starts_with("row 2 of table ledger"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_file_of_another_kind_is_left_alone() {
    let folder = TempDir::new().unwrap();
    fs::write(
        database(folder.path()),
        "these are somebody's notes, and no database",
    )
    .unwrap();
    assert_eq!(refused(folder.path()).reason, Reason::LedgerDamaged);
    let notes = fs::read_to_string(database(folder.path())).unwrap();
    assert_eq!(notes, "these are somebody's notes, and no database");
    let folder = TempDir::new().unwrap();
    let other = Connection::open(database(folder.path())).unwrap();
    other
        .execute_batch("CREATE TABLE notes(text TEXT)")
        .unwrap();
    drop(other);
    let problem = refused(folder.path());
    assert!(
        problem.message.contains("not a database of this program"),
        "{problem}"
    );
}
