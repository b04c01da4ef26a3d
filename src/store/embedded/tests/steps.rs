//! The disk goes away at every single step, of writing, of beginning a new segment and of packing: what was
//! acknowledged is there when the folder is opened again, and nothing in part.

use super::*;
use std::sync::atomic::AtomicI64;

/// A disk that stops doing anything after so many changes; the last one is done half.
struct EndingDisk {
    disk: RealDisk,
    left: Arc<AtomicI64>,
}

struct EndingFile {
    file: Arc<dyn DiskFile>,
    left: Arc<AtomicI64>,
}

/// Counts a change: whether it is done, or is the last one, or fails.
fn count(left: &AtomicI64) -> io::Result<bool> {
    match left.fetch_sub(1, SeqCst) {
        ..=0 => Err(io::Error::other("the disk is gone")),
        1 => Ok(false),
        2.. => Ok(true),
    }
}

impl EndingDisk {
    fn around(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        let left = Arc::clone(&self.left);
        Arc::new(EndingFile { file, left })
    }
}

impl Disk for EndingDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        self.disk.names()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        count(&self.left)?;
        Ok(self.around(self.disk.create(name)?))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.around(self.disk.open(name)?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        count(&self.left)?;
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        count(&self.left)?;
        self.disk.remove(name)
    }

    fn sync_names(&self) -> io::Result<()> {
        count(&self.left)?;
        self.disk.sync_names()
    }
}

impl DiskFile for EndingFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, place: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_at(place, bytes)
    }

    fn write_at(&self, place: u64, bytes: &[u8]) -> io::Result<()> {
        if count(&self.left)? {
            return self.file.write_at(place, bytes);
        }
        self.file.write_at(place, &bytes[..bytes.len() / 2])?;
        Err(io::Error::other("the disk is gone"))
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        count(&self.left)?;
        self.file.set_size(size)
    }

    fn sync(&self) -> io::Result<()> {
        if count(&self.left)? {
            return self.file.sync();
        }
        Err(io::Error::other("the disk is gone"))
    }
}

/// Opens, writes groups and packs until the disk is gone; says how many groups were acknowledged, and whether the disk
/// lasted to the end.
fn live(folder: &Path, changes: i64) -> (u64, bool) {
    let left = Arc::new(AtomicI64::new(changes));
    let disk = EndingDisk {
        disk: RealDisk::open(folder).unwrap(),
        left: Arc::clone(&left),
    };
    let settings = settings(Path::new(""));
    let settings = EngineSettings {
        segment_size: 700,
        ..EngineSettings::new(settings.calendar, settings.currency, (1, 2))
    };
    let Ok(mut engine) = Engine::open(Arc::new(disk), &settings, |_| ()) else {
        return (0, false);
    };
    let mut acknowledged = 0;
    for group in 0..GROUPS {
        if write(&mut engine, payments(group * 2..group * 2 + 2)).is_ok() {
            assert_eq!(acknowledged, group, "nothing is written after a failure");
            acknowledged += 1;
        }
        // Some packing between the groups, so that it falls together with everything else.
        engine.tend();
    }
    while engine.tend() {}
    engine.close();
    (acknowledged, left.load(SeqCst) > 0)
}

const GROUPS: u64 = 12;

#[test]
fn a_disk_that_goes_away_at_any_step_keeps_what_was_acknowledged() {
    let mut cut_short = 0;
    for changes in 1.. {
        let folder = TempDir::new().unwrap();
        let (acknowledged, is_whole) = live(folder.path(), changes);
        let mut engine = engine_on(Arc::new(RealDisk::open(folder.path()).unwrap()), 700);
        let found = engine.questions().watermark(&tenant()).unwrap();
        let ends = [acknowledged * 2, acknowledged * 2 + 2];
        assert!(
            ends.contains(&found),
            "{found} of {acknowledged} groups after {changes} changes"
        );
        cut_short += u64::from(found > acknowledged * 2);
        // It goes on as if nothing had been, and packs what is left.
        let rest = write(&mut engine, payments(0..GROUPS * 2 + 2)).unwrap();
        let outcome = |position| match position <= found {
            true => Outcome::Duplicate(position),
            false => Outcome::Posted(position),
        };
        let expected: Vec<Outcome> = (1..=GROUPS * 2 + 2).map(outcome).collect();
        assert_eq!(rest, expected, "after {changes} changes");
        while engine.tend() {}
        let entries = all_entries(&engine);
        let ids: Vec<&str> = entries
            .iter()
            .map(|entry| entry.entry.id().as_str())
            .collect();
        let expected: Vec<String> = (0..GROUPS * 2 + 2).map(|id| format!("p{id}")).collect();
        assert_eq!(ids, expected, "after {changes} changes");
        engine.close();
        drop(engine_on(
            Arc::new(RealDisk::open(folder.path()).unwrap()),
            700,
        ));
        if is_whole {
            println!("{changes} changes, {cut_short} of them between write and acknowledgement");
            assert!(changes > 60 && cut_short > 5);
            return;
        }
    }
}
