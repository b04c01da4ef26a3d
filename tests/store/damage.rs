//! What is read back is what was written, or the damage is named.

use crate::{
    durability::{copy, state},
    generate::{activity_of, sample},
    stores::{calendar, open, settings},
    words::*,
};
use profitscore::{
    domain::{
        ledger::{Entry, WriteMode},
        money::Currency,
        party::Stage,
        problem::{Problem, Reason},
    },
    store::{
        Store,
        embedded::{EmbeddedStore, Engine, EngineSettings, RealDisk},
    },
};
use proptest::test_runner::TestRunner;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

/// The bytes before the first frame of a segment, and those of a frame's head.
const BEGIN: usize = 40;
const HEAD: usize = 32;

fn segment(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:010}.log"))
}

/// Opens a folder whose segments are small.
fn open_small(folder: &Path) -> Result<EmbeddedStore, Problem> {
    let currency = Currency::parse("USD", "").unwrap();
    let settings = EngineSettings {
        segment_size: 6_000,
        ..EngineSettings::new(calendar(), currency, (3, 4))
    };
    let disk = Arc::new(RealDisk::open(folder)?);
    EmbeddedStore::around(Engine::open(disk, &settings, |_| ())?)
}

/// Changes the bytes of a file, which keeps its size.
fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    let size = bytes.len();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_len(size as u64).unwrap();
}

/// How many bytes there are before the zeros at the end.
fn used(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1)
}

/// Where the frames of a segment begin, and where the last one ends.
pub fn frames(bytes: &[u8]) -> Vec<usize> {
    let mut frames = vec![BEGIN];
    let mut place = BEGIN;
    while bytes.get(place..place + 4) == Some(b"PrSf") {
        let length = bytes[place + 8..place + 12].try_into().unwrap();
        place += HEAD + u32::from_le_bytes(length) as usize;
        frames.push(place);
    }
    frames
}

/// Fills a store with some groups of two tenants, and closes it.
async fn filled(store: EmbeddedStore) {
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
    filled(open_small(folder.path()).unwrap()).await;
    let before = states(&open_small(folder.path()).unwrap()).await;
    let last = (1..)
        .find(|number| !segment(folder.path(), number + 1).exists())
        .unwrap();
    assert!(last > 3, "{last} segments");
    let mut runner = TestRunner::deterministic();
    let (mut found, mut harmless) = (0, 0);
    for round in 0..300 {
        let damaged = TempDir::new().unwrap();
        copy(folder.path(), damaged.path());
        let number = sample(&mut runner, 1..=last);
        // Many in the last frames, after which nothing tells, and in the heads, where few bits mean much.
        let path = match round % 8 {
            0 => damaged.path().join("META"),
            1 => damaged.path().join("WITNESS"),
            2..=4 => segment(damaged.path(), last),
            _ => segment(damaged.path(), number),
        };
        let mut place = 0;
        change(&path, |bytes| {
            place = match round % 8 {
                5 => sample(&mut runner, 0..BEGIN + HEAD),
                _ => sample(&mut runner, 0..used(bytes)),
            };
            bytes[place] ^= 1_u8 << sample(&mut runner, 0..8);
        });
        match open_small(damaged.path()) {
            Ok(store) => {
                assert_eq!(states(&store).await, before, "{path:?}, byte {place}");
                assert!(path.ends_with("WITNESS"), "{path:?}, byte {place}");
                harmless += 1;
            }
            Err(problem) => {
                let reason = problem.reason;
                assert_eq!(
                    reason,
                    Reason::LedgerDamaged,
                    "{path:?}, byte {place}: {problem}"
                );
                let name = path.file_name().unwrap().to_str().unwrap();
                assert!(
                    problem.metadata["place"].contains(name),
                    "{path:?}, byte {place}: {problem}"
                );
                found += 1;
            }
        }
    }
    println!("of 300 flipped bits {found} were found and {harmless} changed nothing");
    assert!(found > 200 && harmless > 0);
}

#[tokio::test]
async fn a_cut_anywhere_is_found() {
    let folder = TempDir::new().unwrap();
    filled(open_small(folder.path()).unwrap()).await;
    let last = (1..)
        .find(|number| !segment(folder.path(), number + 1).exists())
        .unwrap();
    let mut runner = TestRunner::deterministic();
    for round in 0..60 {
        let damaged = TempDir::new().unwrap();
        copy(folder.path(), damaged.path());
        let number = if round % 2 == 0 {
            last
        } else {
            sample(&mut runner, 1..=last)
        };
        let path = segment(damaged.path(), number);
        let mut cut = 0;
        change(&path, |bytes| {
            cut = sample(&mut runner, 0..used(bytes));
            bytes.truncate(cut);
        });
        // Bytes that were zero may be missing at the place of the cut.
        if round % 3 == 0 {
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_len(cut as u64).unwrap();
        }
        let problem = open_small(damaged.path()).err();
        let problem = problem.unwrap_or_else(|| panic!("{path:?} cut at {cut}"));
        assert_eq!(problem.reason, Reason::LedgerDamaged, "{problem}");
    }
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
    let mut second = 0;
    change(&segment(folder.path(), 1), |bytes| {
        second = frames(bytes)[1];
        let place = place_of(bytes, b"a-customer-to-find");
        bytes[place + 3] ^= 4;
    });
    let problem = refused(folder.path());
    assert_eq!(problem.reason, Reason::LedgerDamaged);
    let place = format!(
        "file 0000000001.log, offset {second}, tenant t, position 2: frame 2 is damaged or missing"
    );
    assert_eq!(problem.metadata["place"], place);
}

fn place_of(bytes: &[u8], name: &[u8]) -> usize {
    let mut windows = bytes.windows(name.len());
    windows.position(|window| window == name).unwrap()
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
    change(&segment(folder.path(), 1), |bytes| {
        let place = place_of(bytes, b"a-customer-to-find");
        bytes[place] ^= 1;
    });
    let problem = store
        .entries(&tenant("t"), &all_entries())
        .await
        .unwrap_err();
    assert_eq!(problem.reason, Reason::LedgerDamaged);
    assert!(
        problem.metadata["place"].contains("tenant t, position 1"),
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

/// What somebody does to the files of a folder with four segments or more, and what it is called.
type Tampering = (fn(&Path), &'static str);

const TAMPERING: [Tampering; 11] = [
    (
        |folder| fs::remove_file(segment(folder, 1)).unwrap(),
        "file 0000000001.log: it is missing",
    ),
    (
        |folder| fs::remove_file(segment(folder, 3)).unwrap(),
        "file 0000000003.log, offset 0: it is missing",
    ),
    (
        |folder| {
            let last = (1..).find(|number| !segment(folder, number + 1).exists());
            fs::remove_file(segment(folder, last.unwrap())).unwrap();
        },
        "was written durably",
    ),
    (
        |folder| {
            fs::rename(segment(folder, 2), folder.join("aside")).unwrap();
            fs::rename(segment(folder, 3), segment(folder, 2)).unwrap();
            fs::rename(folder.join("aside"), segment(folder, 3)).unwrap();
        },
        "file 0000000002.log, offset 0: it does not continue the segment before",
    ),
    (
        |folder| fs::remove_file(folder.join("META")).unwrap(),
        "file META: it is missing",
    ),
    (
        |folder| fs::remove_file(folder.join("WITNESS")).unwrap(),
        "file WITNESS: it is missing",
    ),
    (
        |folder| {
            change(&segment(folder, 2), |bytes| {
                let frames = frames(bytes);
                bytes.drain(frames[1]..frames[2]);
            });
        },
        "is damaged or missing",
    ),
    (
        |folder| {
            change(&segment(folder, 2), |bytes| {
                let frames = frames(bytes);
                let twice = bytes[frames[0]..frames[1]].to_vec();
                bytes.splice(frames[1]..frames[1], twice);
            });
        },
        "is damaged or missing",
    ),
    (
        |folder| {
            change(&segment(folder, 2), |bytes| {
                let frames = frames(bytes);
                let (first, second) = (frames[0]..frames[1], frames[1]..frames[2]);
                let swapped = [&bytes[second], &bytes[first]].concat();
                bytes.splice(frames[0]..frames[2], swapped);
            });
        },
        "is damaged or missing",
    ),
    (
        |folder| {
            // The seal of a segment that is not the last.
            change(&segment(folder, 2), |bytes| {
                let frames = frames(bytes);
                bytes.truncate(frames[frames.len() - 2]);
            });
        },
        "file 0000000002.log",
    ),
    (
        |folder| {
            // The newest frame, as if it had never been.
            let last = (1..).find(|number| !segment(folder, number + 1).exists());
            change(&segment(folder, last.unwrap()), |bytes| {
                let frames = frames(bytes);
                bytes.truncate(frames[frames.len() - 2]);
            });
        },
        "is damaged or missing",
    ),
];

#[tokio::test]
async fn tampering_is_found_and_named() {
    let folder = TempDir::new().unwrap();
    filled(open_small(folder.path()).unwrap()).await;
    for (number, (tamper, name)) in TAMPERING.iter().enumerate() {
        let damaged = TempDir::new().unwrap();
        copy(folder.path(), damaged.path());
        tamper(damaged.path());
        let problem = open_small(damaged.path()).err().expect(name);
        assert_eq!(problem.reason, Reason::LedgerDamaged, "{number}: {problem}");
        let place = &problem.metadata["place"];
        assert!(place.contains(name), "{number}: {problem}");
    }
}

#[tokio::test]
async fn a_stale_frame_is_found() {
    // The same folder in two lives: a frame of the one beside frames of the other is sound by itself.
    let folder = TempDir::new().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    drop(open(&one));
    fs::create_dir(&other).unwrap();
    copy(&one, &other);
    for (path, customer) in [(&one, "a"), (&other, "c")] {
        let store = open(path);
        append(&store, vec![sale("1", customer, 1, 1, 1)]).await;
        append(&store, vec![sale("2", "b", 1, 1, 1)]).await;
    }
    let stale = fs::read(segment(&one, 1)).unwrap();
    let first = frames(&stale)[0]..frames(&stale)[1];
    change(&segment(&other, 1), |bytes| {
        bytes.splice(first.clone(), stale[first.clone()].to_vec());
    });
    let problem = refused(&other);
    assert_eq!(problem.reason, Reason::LedgerDamaged);
    let place = &problem.metadata["place"];
    assert!(place.contains("frame 2 is damaged or missing"), "{problem}");
    // And a whole segment of another folder.
    let stranger = folder.path().join("stranger");
    append(&open(&stranger), vec![sale("1", "a", 1, 1, 1)]).await;
    fs::copy(segment(&stranger, 1), segment(&one, 1)).unwrap();
    let problem = refused(&one);
    assert!(problem.message.contains("does not continue"), "{problem}");
}

#[tokio::test]
async fn a_file_of_another_kind_is_left_alone() {
    let text = "these are somebody's notes, and no ledger";
    for name in ["META", "0000000001.log"] {
        let folder = TempDir::new().unwrap();
        let padded = format!("{text}{}", " ".repeat(100));
        fs::write(folder.path().join(name), &padded).unwrap();
        assert_eq!(
            refused(folder.path()).reason,
            Reason::LedgerDamaged,
            "{name}"
        );
        assert_eq!(
            fs::read_to_string(folder.path().join(name)).unwrap(),
            padded
        );
    }
    // A ledger of a program that was never released.
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("ledger.db"), text).unwrap();
    let problem = refused(folder.path());
    assert_eq!(problem.reason, Reason::StoreUnavailable);
    assert!(problem.message.contains("ledger.db"), "{problem}");
    assert!(!folder.path().join("META").exists());
}

#[tokio::test]
async fn a_folder_of_a_later_version_is_left_alone() {
    let folder = TempDir::new().unwrap();
    filled(open(folder.path())).await;
    let path = folder.path().join("META");
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.len() - 4;
    bytes[8] = 2;
    let sum = crc32c::crc32c(&bytes[..end]);
    bytes[end..].copy_from_slice(&sum.to_le_bytes());
    fs::write(&path, bytes).unwrap();
    let problem = refused(folder.path());
    assert_eq!(problem.reason, Reason::StoreUnavailable);
    let expected = "the folder is of format 2, this program reads 1";
    assert!(problem.message.contains(expected), "{problem}");
}
