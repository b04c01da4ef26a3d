//! Whatever becomes of a checkpoint, the folder opens as it does from the ledger alone.

use super::{CHECKPOINT, Directory, MAGIC, TRAILER, load};
use crate::{
    domain::{
        activity::{Activity, Dimensions, EffortPurpose, Kind, Work},
        id::{ActivityId, PartyId, RoleId, TenantId},
        ledger::{Entry, LedgerQuestion, Outcome, Position, Reversal, WriteMode},
        money::Currency,
        party::{Party, Stage},
        problem::Reason,
        question::{CrossQuestion, Group, Scope},
        records::Record,
        time::{Calendar, Instant, Period},
        traits::Traits,
    },
    store::embedded::{
        BookSizes, CheckpointSizes, Engine, EngineSettings, RealDisk, Request, Writes,
        disk::{Disk, DiskFile},
        fingerprint::Fingerprinter,
    },
};
use proptest::prelude::*;
use std::{fs, io, path::Path, sync::Arc};
use tempfile::TempDir;

const DAY: i64 = 86_400;
const KEY: (u64, u64) = (1, 2);
/// A checkpoint after every write, part by part.
const OFTENEST: CheckpointSizes = CheckpointSizes {
    writes: 1,
    share: u64::MAX,
    writes_at_close: 1,
    share_at_close: u64::MAX,
    step_bytes: 1,
    sync_bytes: 100,
};
const NEVER: CheckpointSizes = CheckpointSizes {
    writes: u64::MAX,
    writes_at_close: u64::MAX,
    ..OFTENEST
};
const FINE: BookSizes = BookSizes {
    recent_rows: 3,
    kept_positions: 2,
    leaf_rows: 2,
};

/// A folder whose checkpoint nobody sees.
struct WithoutCheckpoint(RealDisk);

impl Disk for WithoutCheckpoint {
    fn names(&self) -> io::Result<Vec<String>> {
        self.0.names()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.0.create(name)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        match name {
            CHECKPOINT => Err(io::ErrorKind::NotFound.into()),
            _ => self.0.open(name),
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.0.sync_names()
    }
}

fn settings(checkpoints: CheckpointSizes) -> EngineSettings {
    let calendar = Calendar::of_zone("UTC").unwrap();
    EngineSettings {
        segment_size: 1_500,
        books: FINE,
        checkpoints,
        ..EngineSettings::new(calendar, Currency::parse("USD", "").unwrap(), KEY)
    }
}

fn open(folder: &Path, checkpoints: CheckpointSizes) -> Engine {
    let disk = RealDisk::open(folder).unwrap();
    Engine::open(Arc::new(disk), &settings(checkpoints), |_| ()).unwrap()
}

fn open_without(folder: &Path) -> Engine {
    let disk = WithoutCheckpoint(RealDisk::open(folder).unwrap());
    Engine::open(Arc::new(disk), &settings(NEVER), |_| ()).unwrap()
}

fn tenant(id: &str) -> TenantId {
    TenantId::parse(id, "").unwrap()
}

fn activity_id(id: &str) -> ActivityId {
    ActivityId::parse(id, "").unwrap()
}

fn entry(number: u64, customer: u64) -> Entry {
    let kind = match number % 3 {
        0 => Kind::Effort {
            work: Work {
                role_id: RoleId::stored(&format!("role{}", number % 5)),
                milli_minutes: 500 + number.cast_signed(),
            },
            purpose: EffortPurpose::Service,
            channel: None,
        },
        1 => Kind::Payment {
            amount: 1_000_000 + number.cast_signed(),
            invoice_id: String::new(),
        },
        _ => Kind::Sale {
            revenue: 10_000 * number.cast_signed(),
            cost_of_goods: Some(7_000 * number.cast_signed()),
            quantity: None,
            price: None,
        },
    };
    Entry::Activity(Activity {
        activity_id: activity_id(&format!("a{number}")),
        customer_id: PartyId::stored(&format!("c{customer}")),
        occur_time: Instant {
            seconds: 1_700_000_000 + (number * 7 % 11).cast_signed() * DAY,
            nanos: 0,
        },
        dimensions: Dimensions {
            branch_id: format!("b{}", number % 4),
            ..Dimensions::default()
        },
        kind,
        original: None,
    })
}

fn reversal(of: u64) -> Entry {
    Entry::Reversal(Reversal {
        reversal_id: activity_id(&format!("r{of}")),
        activity_id: activity_id(&format!("a{of}")),
        reason: "x".to_owned(),
        evidence_ref: String::new(),
    })
}

fn party(id: u64) -> Record {
    Record::Party(Party {
        party_id: PartyId::stored(&format!("c{id}")),
        stage: Stage::Customer,
        ..a_party()
    })
}

fn a_party() -> Party {
    Party {
        party_id: PartyId::stored("c"),
        stage: Stage::Customer,
        display_name: String::new(),
        traits: Traits::default(),
    }
}

fn ask(engine: &mut Engine, tenant: &TenantId, writes: Writes, mode: WriteMode) -> Vec<Outcome> {
    let request = Request {
        tenant: tenant.clone(),
        writes,
        record_time: Instant {
            seconds: 1_800_000_000,
            nanos: 0,
        },
        mode,
    };
    let mut answers = engine.answer(&[request]);
    answers.pop().unwrap().unwrap()
}

/// Writes a little of everything: activities of new and of old customers, a reversal of something old, parties.
fn write(engine: &mut Engine, turn: u64) {
    let first = turn * 10;
    let mut entries: Vec<Entry> = (first..first + 6).map(|n| entry(n, n % 5 + turn)).collect();
    entries.extend((turn > 0).then(|| reversal(first / 2)));
    let own = tenant(if turn % 3 == 2 { "u" } else { "t" });
    let entries = match turn % 3 {
        2 => entries.into_iter().take(6).collect(),
        _ => entries,
    };
    ask(engine, &own, Writes::Entries(entries), WriteMode::Keep);
    if turn % 2 == 1 {
        let records = vec![party(turn), party(turn + 1)];
        ask(engine, &own, Writes::Records(records), WriteMode::Keep);
    }
}

/// All that an engine says.
fn state(engine: &mut Engine, turns: u64) -> String {
    let mut said = String::new();
    for id in ["t", "u"] {
        let own = tenant(id);
        let newest = engine.questions().watermark(&own).unwrap();
        for as_of in [newest / 2, newest.saturating_sub(1), newest] {
            for group in [Group::Customer, Group::Branch, Group::Day] {
                let scope = Scope {
                    period: Period::ALL,
                    branches: Vec::new(),
                    traits: Vec::new(),
                    as_of,
                };
                let asked = CrossQuestion { scope, group };
                let answer = engine.questions().cross(&own, &asked).unwrap();
                said += &format!("{id} {as_of} {answer:?}\n");
            }
        }
        let asked = LedgerQuestion {
            customer: None,
            start: None,
            end: None,
            after: 0,
            as_of: Position::MAX,
            limit: usize::MAX,
        };
        said += &format!("{:?}\n", engine.questions().entries(&own, &asked).unwrap());
        let ids: Vec<PartyId> = (0..30).map(|n| PartyId::stored(&format!("c{n}"))).collect();
        let parties = engine.questions().party(&own, &ids, Position::MAX).unwrap();
        said += &format!("{parties:?}\n");
        let again = (0..turns * 10).map(|number| entry(number, number % 10 % 5 + number / 10));
        let again = Writes::Entries(again.chain((0..turns * 10).map(reversal)).collect());
        said += &format!("{:?}\n", ask(engine, &own, again, WriteMode::ValidateOnly));
    }
    said
}

/// Opens a folder both ways, and says how many writes were in the checkpoint.
fn compare(folder: &Path, turns: u64, when: &str) -> u64 {
    let mut engine = open(folder, NEVER);
    let saved = engine.saved();
    let found = state(&mut engine, turns);
    drop(engine);
    let expected = state(&mut open_without(folder), turns);
    assert!(found == expected, "{when}:\n{found}\n{expected}");
    saved
}

const TURNS: u64 = 9;

/// Writes and tends in turn, so that writes fall between the parts of checkpoints; stops after so many steps.
fn live(folder: &Path, steps: u64) -> bool {
    let mut engine = open(folder, OFTENEST);
    let mut left = steps;
    for turn in 0..TURNS {
        write(&mut engine, turn);
        for _ in 0..5 {
            if left == 0 {
                return false;
            }
            engine.tend();
            left -= 1;
        }
    }
    engine.close();
    true
}

#[test]
fn stopped_at_any_moment_it_opens_as_from_the_ledger() {
    let mut saved = Vec::new();
    for steps in 0.. {
        let folder = TempDir::new().unwrap();
        let is_whole = live(folder.path(), steps);
        saved.push(compare(
            folder.path(),
            TURNS,
            &format!("after {steps} steps"),
        ));
        if is_whole {
            break;
        }
    }
    // How many steps it takes until a file is durable is the disk's affair.
    saved.sort_unstable();
    saved.dedup();
    assert!(saved.len() > 3, "{saved:?}");
}

#[test]
fn many_customers_and_ids_are_saved_in_many_parts() {
    let mut all_saved = Vec::new();
    for steps in [20, 258, 264, 270, 280, u64::MAX] {
        let folder = TempDir::new().unwrap();
        let mut engine = open(folder.path(), OFTENEST);
        let entries: Vec<Entry> = (10_000..15_000).map(|n| entry(n, n)).collect();
        for entries in entries.chunks(1_000) {
            let entries = Writes::Entries(entries.to_vec());
            ask(&mut engine, &tenant("t"), entries, WriteMode::Keep);
        }
        let is_saved = || fs::exists(folder.path().join(CHECKPOINT)).unwrap();
        for step in 0..steps {
            engine.tend();
            if step % 10 == 0 && step < 300 {
                write(&mut engine, step / 10);
            }
            if steps == u64::MAX && is_saved() {
                break;
            }
        }
        let is_saved = is_saved();
        drop(engine);
        let saved = compare(folder.path(), 3, &format!("after {steps} steps"));
        assert_eq!(saved >= 5_000, is_saved);
        all_saved.push(is_saved);
    }
    // There are 256 groups of fingerprints, and a few other parts.
    assert!(!all_saved[0], "a checkpoint was finished too early");
    assert!(all_saved[5], "{all_saved:?}");
}

/// A folder with a checkpoint, and what was written after it.
fn saved_folder() -> TempDir {
    saved_folder_of(4)
}

fn saved_folder_of(turns: u64) -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut engine = open(folder.path(), OFTENEST);
    for turn in 0..turns {
        write(&mut engine, turn);
    }
    engine.close();
    let mut engine = open(folder.path(), NEVER);
    assert!(engine.saved() > 20);
    write(&mut engine, turns);
    drop(engine);
    folder
}

fn is_loaded(folder: &Path, key: (u64, u64)) -> bool {
    let disk = RealDisk::beside(folder).unwrap();
    let folder = crate::store::embedded::log::Meta::read(&disk)
        .unwrap()
        .folder;
    load(&disk, folder, &Fingerprinter::new(key), FINE).is_some()
}

#[test]
fn a_checkpoint_that_is_damaged_anywhere_or_of_another_key_is_passed_over() {
    let folder = saved_folder();
    let path = folder.path().join(CHECKPOINT);
    let sound = fs::read(&path).unwrap();
    assert!(is_loaded(folder.path(), KEY));
    assert!(!is_loaded(folder.path(), (1, 3)));
    for place in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[place] ^= 1 << (place % 8);
        fs::write(&path, &damaged).unwrap();
        assert!(!is_loaded(folder.path(), KEY), "byte {place}");
        if place % 97 == 0 {
            fs::write(&path, &sound[..place]).unwrap();
            assert!(!is_loaded(folder.path(), KEY), "cut at {place}");
        }
    }
    fs::write(&path, &sound[..sound.len() / 2]).unwrap();
    assert_eq!(compare(folder.path(), 5, "cut"), 0);
    fs::write(&path, &sound).unwrap();
    assert!(compare(folder.path(), 5, "sound") > 20);
    fs::remove_file(&path).unwrap();
    assert_eq!(compare(folder.path(), 5, "without"), 0);
}

#[test]
fn a_checkpoint_of_another_moment_or_another_ledger_is_used_only_if_it_fits() {
    let folder = saved_folder();
    let checkpoint = fs::read(folder.path().join(CHECKPOINT)).unwrap();
    let made = |turns: std::ops::Range<u64>| {
        let folder = TempDir::new().unwrap();
        let mut engine = open(folder.path(), NEVER);
        turns.for_each(|turn| write(&mut engine, turn));
        engine.close();
        fs::write(folder.path().join(CHECKPOINT), &checkpoint).unwrap();
        folder
    };
    // The ledger ends before the checkpoint does.
    assert_eq!(compare(made(0..3).path(), 5, "a shorter ledger"), 0);
    // The folder is the same by its key, and holds something else.
    assert_eq!(compare(made(1..9).path(), 9, "another ledger"), 0);
    // Much was written since, and what was known was packed.
    let longer = made(0..TURNS);
    let mut engine = open(longer.path(), NEVER);
    assert!(engine.saved() > 20);
    let mut steps = 0;
    while engine.tend() {
        steps += 1;
    }
    assert!(steps > 10, "nothing was packed");
    engine.close();
    assert!(compare(longer.path(), TURNS, "a longer ledger") > 20);
    // A segment is gone: the ledger is read, and says so.
    fs::remove_file(longer.path().join("0000000001.log")).unwrap();
    let disk = RealDisk::open(longer.path()).unwrap();
    let opened = Engine::open(Arc::new(disk), &settings(NEVER), |_| ());
    let problem = opened.err().unwrap();
    assert_eq!(problem.reason, Reason::LedgerDamaged);
}

#[test]
fn damage_in_a_segment_that_was_not_read_is_named_when_a_row_is_read() {
    let folder = saved_folder_of(TURNS);
    let path = folder.path().join("0000000001.log");
    let mut bytes = fs::read(&path).unwrap();
    bytes[200] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let mut engine = open(folder.path(), NEVER);
    assert!(engine.saved() > 20);
    let request = Request {
        tenant: tenant("t"),
        writes: Writes::Entries(vec![entry(0, 0)]),
        record_time: Instant {
            seconds: 0,
            nanos: 0,
        },
        mode: WriteMode::Keep,
    };
    let problem = engine.answer(&[request]).pop().unwrap().unwrap_err();
    assert_eq!(problem.reason, Reason::LedgerDamaged);
    drop(engine);
    let verified = crate::store::embedded::verify(folder.path(), |_| ());
    assert_eq!(verified.unwrap_err().reason, Reason::LedgerDamaged);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// As somebody would make them who knows how checksums are made.
    #[test]
    fn wrong_bytes_with_right_checksums_are_no_books_that_lead_astray(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        static SOUND: std::sync::LazyLock<(TempDir, Vec<u8>)> = std::sync::LazyLock::new(|| {
            let folder = saved_folder();
            let bytes = fs::read(folder.path().join(CHECKPOINT)).unwrap();
            (folder, bytes)
        });
        let (folder, mut bytes) = (SOUND.0.path(), SOUND.1.clone());
        let trailer = bytes.len() - TRAILER;
        let place = u64::from_le_bytes(bytes[trailer..trailer + 8].try_into().unwrap());
        let place = usize::try_from(place).unwrap();
        let mut directory: Directory = postcard::from_bytes(&bytes[place..trailer]).unwrap();
        for (index, value) in changes {
            bytes[8 + index.index(place - 8)] = value;
        }
        for part in &mut directory.parts {
            let range = usize::try_from(part.offset).unwrap()..usize::try_from(part.offset + part.length).unwrap();
            part.sum = crc32c::crc32c(&bytes[range]);
        }
        bytes.truncate(place);
        let directory = postcard::to_stdvec(&directory).unwrap();
        bytes.extend_from_slice(&directory);
        bytes.extend_from_slice(&(place as u64).to_le_bytes());
        bytes.extend_from_slice(&(directory.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&directory).to_le_bytes());
        bytes.extend_from_slice(&MAGIC);
        let path = TempDir::new().unwrap();
        for name in ["META", CHECKPOINT] {
            let content = if name == CHECKPOINT { bytes.clone() } else { fs::read(folder.join(name)).unwrap() };
            fs::write(path.path().join(name), content).unwrap();
        }
        // Whether it is taken for books or not, nothing panics.
        let _ = is_loaded(path.path(), KEY);
    }
}
