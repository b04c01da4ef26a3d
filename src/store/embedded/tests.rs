//! What can only be tried from within: colliding fingerprints, a full disk, requests that meet in one group.

mod announced;
mod leftover;
mod minutes;
mod settled;
mod steps;

use super::{
    disk::{Disk, DiskFile},
    store::engine_settings,
    writer::Message,
    *,
};
use crate::domain::{
    activity::{Activity, Dimensions, Kind},
    id::ActivityId,
    ledger::Reversal,
    money::Currency,
    party::Stage,
    problem::Reason,
    time::Calendar,
    traits::Traits,
};
use std::{
    fs, io,
    path::Path,
    sync::{
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc as std_mpsc,
    },
};
use tempfile::TempDir;

const NOW: Instant = Instant {
    seconds: 1_700_000_000,
    nanos: 0,
};

fn settings(folder: &Path) -> EmbeddedSettings {
    EmbeddedSettings {
        folder: folder.to_owned(),
        calendar: Calendar::of_zone("UTC").unwrap(),
        currency: Currency::parse("USD", "").unwrap(),
        books: BookSizes::default(),
        checkpoints: CheckpointSizes::default(),
    }
}

fn tenant() -> TenantId {
    TenantId::parse("t", "").unwrap()
}

fn activity_id(id: &str) -> ActivityId {
    ActivityId::parse(id, "").unwrap()
}

fn payment(id: &str, amount: i64) -> Entry {
    Entry::Activity(Activity {
        activity_id: activity_id(id),
        customer_id: PartyId::parse("customer", "").unwrap(),
        occur_time: NOW,
        dimensions: Dimensions::default(),
        kind: Kind::Payment {
            amount,
            invoice_id: String::new(),
        },
        original: None,
    })
}

fn reversal(id: &str, of: &str) -> Entry {
    Entry::Reversal(Reversal {
        reversal_id: activity_id(id),
        activity_id: activity_id(of),
        reason: "x".to_owned(),
        evidence_ref: String::new(),
    })
}

async fn append(store: &EmbeddedStore, entries: Vec<Entry>) -> Result<Vec<Outcome>, Problem> {
    store.append(&tenant(), entries, NOW, WriteMode::Keep).await
}

async fn spend(store: &EmbeddedStore) -> i128 {
    let question = CrossQuestion {
        scope: crate::domain::question::Scope {
            period: crate::domain::time::Period::ALL,
            branches: Vec::new(),
            traits: Vec::new(),
            as_of: Position::MAX,
        },
        group: crate::domain::question::Group::Day,
    };
    let groups = store.cross(&tenant(), &question).await.unwrap();
    let spend = crate::domain::account::Account::Spend;
    groups.values().map(|sums| sums.get(&spend)).sum()
}

/// A disk that can be told to fail.
struct FaultyDisk {
    disk: RealDisk,
    faults: Arc<Faults>,
}

#[derive(Default)]
struct Faults {
    /// No file grows.
    no_room: AtomicBool,
    /// A write stops half way for want of room.
    no_write: AtomicBool,
    /// What was written may be lost.
    no_sync: AtomicBool,
}

struct FaultyFile {
    file: Arc<dyn DiskFile>,
    faults: Arc<Faults>,
}

impl FaultyDisk {
    fn around(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        let faults = Arc::clone(&self.faults);
        Arc::new(FaultyFile { file, faults })
    }
}

impl Disk for FaultyDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        self.disk.names()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.around(self.disk.create(name)?))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.around(self.disk.open(name)?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.disk.sync_names()
    }
}

impl DiskFile for FaultyFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, place: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_at(place, bytes)
    }

    fn write_at(&self, place: u64, bytes: &[u8]) -> io::Result<()> {
        if self.faults.no_write.load(SeqCst) {
            self.file.write_at(place, &bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write_at(place, bytes)
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        if self.faults.no_room.load(SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.set_size(size)
    }

    fn sync(&self) -> io::Result<()> {
        if self.faults.no_sync.load(SeqCst) {
            return Err(io::Error::other("no answer"));
        }
        self.file.sync()
    }
}

fn engine_on(disk: Arc<dyn Disk>, segment_size: u64) -> Engine {
    let settings = settings(Path::new(""));
    let settings = EngineSettings {
        segment_size,
        ..EngineSettings::new(settings.calendar, settings.currency, (1, 2))
    };
    Engine::open(disk, &settings, |_| ()).unwrap()
}

fn faulty(folder: &Path) -> (Engine, Arc<Faults>) {
    let faults = Arc::default();
    let disk = FaultyDisk {
        disk: RealDisk::open(folder).unwrap(),
        faults: Arc::clone(&faults),
    };
    (engine_on(Arc::new(disk), log::SEGMENT_SIZE), faults)
}

async fn meddle(store: &EmbeddedStore, with: impl FnOnce(&mut Engine) + Send + 'static) {
    let message = Message::Meddle(Box::new(with));
    let messages = store.messages.as_ref().unwrap();
    assert!(messages.send(message).await.is_ok());
}

fn request(writes: Writes) -> Request {
    Request {
        tenant: tenant(),
        writes,
        record_time: NOW,
        mode: WriteMode::Keep,
    }
}

fn write(engine: &mut Engine, entries: Vec<Entry>) -> Answer {
    let answers = engine.answer(&[request(Writes::Entries(entries))]);
    answers.into_iter().next().unwrap()
}

fn payments(ids: std::ops::Range<u64>) -> Vec<Entry> {
    ids.map(|id| payment(&format!("p{id}"), 1)).collect()
}

fn all_entries(engine: &Engine) -> Vec<LedgerEntry> {
    let question = LedgerQuestion {
        customer: None,
        start: None,
        end: None,
        after: 0,
        as_of: Position::MAX,
        limit: usize::MAX,
    };
    engine.questions().entries(&tenant(), &question).unwrap()
}

#[tokio::test]
async fn a_fingerprint_that_collides_is_never_a_duplicate() {
    let folder = TempDir::new().unwrap();
    let open = || {
        let disk = Arc::new(RealDisk::open(folder.path()).unwrap());
        let settings = engine_settings(&settings(folder.path()));
        let weaken = fingerprint::Fingerprinter::weakened;
        let engine = Engine::open_with(disk, &settings, weaken, |_| ()).unwrap();
        EmbeddedStore::around(engine).unwrap()
    };
    let mut store = open();
    // Two hundred ids with four fingerprints, in several groups and over a reopening.
    for group in 0..4 {
        let entries: Vec<Entry> = (0..50)
            .map(|item| payment(&format!("{group}-{item}"), 1))
            .collect();
        let first = group * 50 + 1;
        let posted: Vec<Outcome> = (first..first + 50).map(Outcome::Posted).collect();
        assert_eq!(append(&store, entries.clone()).await.unwrap(), posted);
        let again: Vec<Outcome> = (first..first + 50).map(Outcome::Duplicate).collect();
        assert_eq!(append(&store, entries).await.unwrap(), again);
        if group == 1 {
            drop(store);
            store = open();
        }
    }
    let outcomes = append(&store, vec![payment("0-7", 2), reversal("r", "nothing")])
        .await
        .unwrap();
    let reasons = outcomes.iter().map(|outcome| match outcome {
        Outcome::Rejected(problem) => problem.reason,
        Outcome::Posted(_) | Outcome::Duplicate(_) => panic!("{outcome:?}"),
    });
    let expected = [Reason::ActivityConflict, Reason::ActivityNotFound];
    assert_eq!(reasons.collect::<Vec<_>>(), expected);
    assert_eq!(
        append(&store, vec![reversal("r", "1-7")]).await.unwrap(),
        [Outcome::Posted(201)]
    );
    assert_eq!(spend(&store).await, 199);
}

#[test]
fn a_full_disk_stops_nothing_but_the_write() {
    let folder = TempDir::new().unwrap();
    let (mut engine, faults) = faulty(folder.path());
    write(&mut engine, payments(0..1)).unwrap();
    let record = Record::Party(Party {
        party_id: PartyId::parse("customer", "").unwrap(),
        stage: Stage::Customer,
        display_name: "x".repeat(5_000_000),
        traits: Traits::default(),
    });
    let put = |engine: &mut Engine| {
        let group = [request(Writes::Records(vec![record.clone()]))];
        engine.answer(&group).into_iter().next().unwrap()
    };
    let spoil = [&faults.no_room, &faults.no_write];
    for fault in spoil {
        fault.store(true, SeqCst);
        for _ in 0..3 {
            let problem = put(&mut engine).unwrap_err();
            assert_eq!(problem.reason, Reason::StoreUnavailable);
            assert!(problem.message.contains("full"), "{problem}");
            assert_eq!(all_entries(&engine).len(), 1);
        }
        fault.store(false, SeqCst);
    }
    // What there is room for is written still.
    faults.no_room.store(true, SeqCst);
    assert_eq!(
        write(&mut engine, payments(1..3)).unwrap()[1],
        Outcome::Posted(3)
    );
    faults.no_room.store(false, SeqCst);
    assert_eq!(put(&mut engine).unwrap(), [Outcome::Posted(4)]);
    // Half of a long frame is there when the process ends: whoever opens the folder takes it away.
    faults.no_write.store(true, SeqCst);
    write(&mut engine, payments(3..2_000)).unwrap_err();
    faults.no_write.store(false, SeqCst);
    assert_eq!(
        write(&mut engine, payments(3..4)).unwrap(),
        [Outcome::Posted(5)]
    );
    let before = all_entries(&engine);
    faults.no_write.store(true, SeqCst);
    write(&mut engine, payments(4..2_000)).unwrap_err();
    drop(engine);
    let (mut engine, _) = faulty(folder.path());
    assert_eq!(all_entries(&engine), before);
    assert_eq!(
        write(&mut engine, payments(4..6)).unwrap()[1],
        Outcome::Posted(7)
    );
    engine.close();
    let (engine, _) = faulty(folder.path());
    assert_eq!(all_entries(&engine).len(), 6);
}

#[test]
fn a_write_that_fails_is_forgotten() {
    let folder = TempDir::new().unwrap();
    let (mut engine, faults) = faulty(folder.path());
    write(&mut engine, payments(0..2)).unwrap();
    let before = all_entries(&engine);
    let batch = vec![
        payment("new", 1),
        reversal("r1", "p1"),
        reversal("r2", "new"),
    ];
    faults.no_write.store(true, SeqCst);
    write(&mut engine, batch.clone()).unwrap_err();
    assert_eq!(all_entries(&engine), before);
    assert_eq!(engine.questions().watermark(&tenant()).unwrap(), 2);
    faults.no_write.store(false, SeqCst);
    let posted = [3, 4, 5].map(Outcome::Posted);
    assert_eq!(write(&mut engine, batch).unwrap(), posted);
}

#[test]
fn after_a_sync_that_failed_nothing_is_written_until_the_folder_is_opened_again() {
    let folder = TempDir::new().unwrap();
    let (mut engine, faults) = faulty(folder.path());
    write(&mut engine, payments(0..2)).unwrap();
    faults.no_sync.store(true, SeqCst);
    let problem = write(&mut engine, payments(2..3)).unwrap_err();
    assert_eq!(problem.reason, Reason::StoreUnavailable);
    faults.no_sync.store(false, SeqCst);
    for _ in 0..2 {
        let problem = write(&mut engine, payments(2..3)).unwrap_err();
        assert_eq!(problem.reason, Reason::StoreUnavailable);
        assert!(problem.message.contains("opened again"), "{problem}");
    }
    assert_eq!(all_entries(&engine).len(), 2);
    engine.close();
    // The frame is there, though nobody was told so: it counts once.
    let (mut engine, _) = faulty(folder.path());
    let outcome = write(&mut engine, payments(2..4)).unwrap();
    assert_eq!(outcome, [Outcome::Duplicate(3), Outcome::Posted(4)]);
}

#[test]
fn segments_follow_each_other_and_are_packed() {
    let folder = TempDir::new().unwrap();
    let disk = || Arc::new(RealDisk::open(folder.path()).unwrap());
    let mut engine = engine_on(disk(), 20_000);
    let (u, mut next) = (TenantId::parse("u", "").unwrap(), 0);
    for group in 0..600 {
        let count = 1 + group % 5;
        let mut other = request(Writes::Entries(payments(next..next + 1)));
        other.tenant = u.clone();
        let mut entries = payments(next..next + count);
        if group % 7 == 6 {
            entries.push(reversal(&format!("r{group}"), &format!("p{next}")));
        }
        let group = [other, request(Writes::Entries(entries))];
        assert!(engine.answer(&group).iter().all(Result::is_ok));
        next += count;
        if next % 50 == 0 {
            let name = next.to_string();
            let record = Record::Party(Party {
                party_id: PartyId::parse(&name, "").unwrap(),
                stage: Stage::Customer,
                display_name: String::new(),
                traits: Traits::default(),
            });
            let answers = engine.answer(&[request(Writes::Records(vec![record]))]);
            assert!(answers[0].is_ok());
        }
    }
    let size = || -> u64 {
        let files = fs::read_dir(folder.path()).unwrap();
        files
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum()
    };
    let (before, large) = (all_entries(&engine), size());
    let segments = fs::read_dir(folder.path()).unwrap().count();
    assert!(segments > 8, "{segments}");
    // Left in the middle, it is begun anew by who opens the folder next.
    for _ in 0..5 {
        assert!(engine.tend());
    }
    assert_eq!(all_entries(&engine), before);
    drop(engine);
    let mut engine = engine_on(disk(), 20_000);
    let mut steps = 0;
    while engine.tend() {
        steps += 1;
        if steps % 10 == 0 {
            assert_eq!(all_entries(&engine), before, "after step {steps}");
        }
    }
    assert_eq!(all_entries(&engine), before);
    assert_eq!(engine.untended(), 0);
    assert!(size() < large / 2, "{} of {large}", size());
    engine.close();
    let mut engine = engine_on(disk(), 20_000);
    assert_eq!(all_entries(&engine), before);
    let again = write(&mut engine, payments(0..1)).unwrap();
    assert_eq!(again, [Outcome::Duplicate(1)]);
}

#[tokio::test]
async fn one_request_of_a_group_can_fail_alone() {
    let folder = TempDir::new().unwrap();
    let open = || EmbeddedStore::open(&settings(folder.path()), |_| ()).unwrap();
    let store = open();
    append(&store, vec![payment("an-id-to-be-found", 1)])
        .await
        .unwrap();
    drop(store);
    let store = open();
    // Damage to the entry, after it was replayed and before it is read again.
    let path = folder.path().join("0000000001.log");
    let mut bytes = fs::read(&path).unwrap();
    let id = b"an-id-to-be-found";
    let place = bytes
        .windows(id.len())
        .position(|window| window == id)
        .unwrap();
    bytes[place] ^= 1;
    fs::write(&path, bytes).unwrap();
    // The writer is held until three requests wait.
    let (go, may_go) = std_mpsc::channel::<()>();
    meddle(&store, move |_| may_go.recv().unwrap()).await;
    let damaged = vec![payment("n2", 1), payment("an-id-to-be-found", 1)];
    let requests = async {
        tokio::join!(
            append(&store, vec![payment("n1", 1)]),
            append(&store, damaged),
            append(&store, vec![payment("n1", 1), payment("n2", 2)]),
        )
    };
    let release = async {
        tokio::task::yield_now().await;
        go.send(()).unwrap();
    };
    let ((first, second, third), ()) = tokio::join!(requests, release);
    assert_eq!(first.unwrap(), [Outcome::Posted(2)]);
    assert_eq!(second.unwrap_err().reason, Reason::LedgerDamaged);
    assert_eq!(third.unwrap(), [Outcome::Duplicate(2), Outcome::Posted(3)]);
    assert_eq!(spend(&store).await, 4);
}
