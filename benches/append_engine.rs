//! Which storage engine should the embedded ledger append to?
//!
//! Appends deterministic pseudo-random records in durable groups (one synced commit per group) to
//! SQLite in several layouts and to a bare segment file, reads everything back in order verifying
//! CRC32C, and prints medians of wall and processor time. `--crash` instead aborts a writer,
//! cuts the write-ahead log at random bytes, and checks that whole groups survive as a prefix.
//!
//! ```text
//! cargo bench --bench append_engine -- [--records N] [--groups 1000,100,1] [--max-groups M]
//!                                      [--runs R] [--crash]
//! ```
//! `--max-groups` caps the synced commits of one run, so that small groups end in finite time.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crc32c::crc32c;
use rusqlite::{Connection, params};
use rustix::fs::{FallocateFlags, fallocate};
use rustix::time::{ClockId, clock_gettime};

type Res<T> = Result<T, Box<dyn Error>>;
const RECORD: usize = 150;
const SEGMENT: u64 = 64 << 20;
const TENANT: &str = "tenant-0001";

/// How a SQLite table holds records; every layout has the columns that `INSERT` names.
#[derive(Clone, Copy)]
struct Layout {
    row_per_record: bool,
    schema: &'static str,
}
const ROWS: Layout = Layout {
    row_per_record: true,
    schema: "CREATE TABLE IF NOT EXISTS ledger(first_position INTEGER PRIMARY KEY,
             tenant TEXT, count INTEGER, checksum INTEGER, body BLOB)",
};
const CLUSTERED: Layout = Layout {
    row_per_record: false,
    schema: "CREATE TABLE IF NOT EXISTS ledger(tenant TEXT, first_position INTEGER,
             count INTEGER, checksum INTEGER, body BLOB,
             PRIMARY KEY(tenant, first_position)) WITHOUT ROWID",
};
const ROWID: Layout = Layout {
    row_per_record: false,
    schema: "CREATE TABLE IF NOT EXISTS ledger(id INTEGER PRIMARY KEY, tenant TEXT,
             first_position INTEGER, count INTEGER, checksum INTEGER, body BLOB,
             UNIQUE(tenant, first_position))",
};
const INSERT: &str = "INSERT INTO ledger(tenant, first_position, count, checksum, body)
                      VALUES(?1, ?2, ?3, ?4, ?5)";
const SELECT: &str = "SELECT first_position, checksum, body FROM ledger WHERE tenant = ?1
                      ORDER BY first_position";

/// SQLite's own 4 KiB pages and checkpoint every 1,000 pages; `synchronous` is always FULL.
const DEFAULTS: &str = "PRAGMA journal_mode=WAL";
const PAGES_16K: &str = "PRAGMA page_size=16384; PRAGMA journal_mode=WAL;
                         PRAGMA wal_autocheckpoint=256";
const PAGES_16K_LONG: &str = "PRAGMA page_size=16384; PRAGMA journal_mode=WAL;
                              PRAGMA wal_autocheckpoint=1024";

/// What a measured row appends to: a table layout and its pragmas, or bare segment files.
type Engine = Option<(Layout, &'static str)>;

/// "ckpt" is the size of write-ahead log that starts a checkpoint.
const ENGINES: &[(&str, Engine)] = &[
    ("row per record, 4K", Some((ROWS, DEFAULTS))),
    ("clustered, 4K", Some((CLUSTERED, DEFAULTS))),
    ("rowid, 4K", Some((ROWID, DEFAULTS))),
    ("rowid, 16K ckpt 4M", Some((ROWID, PAGES_16K))),
    ("rowid, 16K ckpt 16M", Some((ROWID, PAGES_16K_LONG))),
    ("segment files", None),
];

/// The layout and pragmas that `--crash` exercises.
const CRASH: (Layout, &str) = (ROWID, PAGES_16K);

/// Wall and processor time of one phase.
type Cost = (Duration, Duration);

fn processor() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    // The processor clock starts at zero and only grows, so the conversion never fails.
    now.try_into().unwrap_or_default()
}

fn timed<T>(work: impl FnOnce() -> Res<T>) -> Res<(T, Cost)> {
    let (wall, cpu) = (Instant::now(), processor());
    let value = work()?;
    Ok((value, (wall.elapsed(), processor() - cpu)))
}

/// A xorshift64* stream: the same bytes on every run, and not compressible.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn records(count: usize) -> Vec<u8> {
        let mut random = Self(0x9E37_79B9_7F4A_7C15);
        let mut bytes = Vec::with_capacity(count * RECORD + 8);
        while bytes.len() < count * RECORD {
            bytes.extend(random.next().to_le_bytes());
        }
        bytes.truncate(count * RECORD);
        bytes
    }
}

fn open(dir: &Path, layout: Layout, pragmas: &str) -> Res<Connection> {
    let db = Connection::open(dir.join("ledger.db"))?;
    let schema = layout.schema;
    db.execute_batch(&format!("{pragmas}; PRAGMA synchronous=FULL; {schema}"))?;
    Ok(db)
}

/// Appends `data` in groups of `group` records, one synced transaction each.
fn append_sqlite(db: &Connection, layout: Layout, data: &[u8], group: usize) -> Res<()> {
    let mut insert = db.prepare(INSERT)?;
    let mut position = 0;
    let row = if layout.row_per_record { 1 } else { group } * RECORD;
    for bodies in data.chunks(group * RECORD) {
        let transaction = db.unchecked_transaction()?;
        for body in bodies.chunks(row) {
            let count = i64::try_from(body.len() / RECORD)?;
            insert.execute(params![TENANT, position, count, crc32c(body), body])?;
            position += count;
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Reads the ledger in order, verifies every checksum, and returns the bytes of body seen.
fn read_sqlite(db: &Connection) -> Res<usize> {
    let mut select = db.prepare(SELECT)?;
    let mut rows = select.query([TENANT])?;
    let mut seen = 0;
    while let Some(row) = rows.next()? {
        let (position, checksum): (i64, u32) = (row.get(0)?, row.get(1)?);
        let body = row.get_ref(2)?.as_blob()?;
        let in_order = usize::try_from(position)? * RECORD == seen;
        verify(in_order && crc32c(body) == checksum)?;
        seen += body.len();
    }
    Ok(seen)
}

fn verify(sound: bool) -> Res<()> {
    sound.then_some(()).ok_or_else(|| "bytes lost".into())
}

fn segment(dir: &Path, index: u32) -> PathBuf {
    dir.join(format!("{index:08}.segment"))
}

/// Opens a new preallocated segment, durable in its directory, positioned at its start.
fn new_segment(dir: &Path, index: u32) -> Res<File> {
    let file = File::create(segment(dir, index))?;
    fallocate(&file, FallocateFlags::empty(), 0, SEGMENT)?;
    file.sync_all()?;
    File::open(dir)?.sync_all()?;
    Ok(file)
}

/// Appends frames of length, CRC32C and body, each in one write and one fdatasync.
fn append_segments(dir: &Path, data: &[u8], group: usize) -> Res<()> {
    let (mut index, mut used) = (0, 0);
    let mut file = new_segment(dir, index)?;
    let mut frame = Vec::with_capacity(group * RECORD + 8);
    for body in data.chunks(group * RECORD) {
        frame.clear();
        frame.extend_from_slice(&u32::try_from(body.len())?.to_le_bytes());
        frame.extend_from_slice(&crc32c(body).to_le_bytes());
        frame.extend_from_slice(body);
        if used + frame.len() as u64 > SEGMENT {
            (index, used) = (index + 1, 0);
            file = new_segment(dir, index)?;
        }
        file.write_all(&frame)?;
        file.sync_data()?;
        used += frame.len() as u64;
    }
    Ok(())
}

fn read_segments(dir: &Path) -> Res<usize> {
    let mut seen = 0;
    let mut body = Vec::new();
    let paths = (0..).map(|index| segment(dir, index));
    for path in paths.take_while(|path| path.exists()) {
        let mut file = BufReader::with_capacity(1 << 18, File::open(path)?);
        let mut head = [0; 8];
        // A zero length, or no room for another frame, ends a segment.
        while file.read_exact(&mut head).is_ok() {
            let (length, checksum) = head.split_at(4);
            let length = u32::from_le_bytes(length.try_into()?) as usize;
            if length == 0 {
                break;
            }
            body.resize(length, 0);
            file.read_exact(&mut body)?;
            verify(crc32c(&body) == u32::from_le_bytes(checksum.try_into()?))?;
            seen += length;
        }
    }
    Ok(seen)
}

fn fresh(name: &str) -> Res<PathBuf> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // Nothing to remove on the first run; anything else fails in the next line or in `open`.
    fs::remove_dir_all(&dir).ok();
    fs::create_dir_all(&dir)?;
    Ok(dir)
}

fn bytes_on_disk(dir: &Path) -> Res<u64> {
    fs::read_dir(dir)?.try_fold(0, |sum, entry| Ok(sum + entry?.metadata()?.len()))
}

/// One run: append cost, bytes on disk just after the last commit, and cost of reading back.
fn run(engine: Engine, data: &[u8], group: usize) -> Res<(Cost, u64, Cost)> {
    let dir = fresh("append_engine")?;
    let (append, disk, (seen, read)) = if let Some((layout, pragmas)) = engine {
        let db = open(&dir, layout, pragmas)?;
        let append = timed(|| append_sqlite(&db, layout, data, group))?.1;
        let disk = bytes_on_disk(&dir)?;
        drop(db);
        let db = open(&dir, layout, pragmas)?;
        (append, disk, timed(|| read_sqlite(&db))?)
    } else {
        let append = timed(|| append_segments(&dir, data, group))?.1;
        (append, bytes_on_disk(&dir)?, timed(|| read_segments(&dir))?)
    };
    fs::remove_dir_all(&dir)?;
    verify(seen == data.len())?;
    Ok((append, disk, read))
}

fn median<T: Ord + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}

/// Appends `count` records to `dir` in a child process that aborts after its last commit.
fn abort_after(dir: &Path, count: usize) -> Res<()> {
    let mut child = Command::new(std::env::current_exe()?);
    child.arg("--child").arg(dir).arg(count.to_string());
    verify(child.status()?.code().is_none())
}

/// Times opening after an abort, then cuts the log of many aborted writers at random bytes.
fn crash(records: usize) -> Res<()> {
    const GROUP: usize = 1000;
    const LOG: &str = "ledger.db-wal";
    let (layout, pragmas) = CRASH;
    let dir = fresh("append_engine_crash")?;
    abort_after(&dir, records)?;
    let log = fs::metadata(dir.join(LOG))?.len();
    let (db, (wall, cpu)) = timed(|| {
        let db = open(&dir, layout, pragmas)?;
        db.query_row("SELECT max(id) FROM ledger", [], |row| row.get::<_, i64>(0))?;
        Ok(db)
    })?;
    verify(read_sqlite(&db)? == records * RECORD)?;
    println!("{records} records and {log} bytes of log open in {wall:?}, {cpu:?} of processor");

    let mut random = Random(42);
    // Only a log whose pages a checkpoint had just copied to the database can leave damage.
    let (mut shorter, mut damaged) = (0, Vec::new());
    for groups in 1..=130 {
        let dir = fresh("append_engine_cut")?;
        abort_after(&dir, groups * GROUP)?;
        let log = File::options().append(true).open(dir.join(LOG))?;
        log.set_len(random.next() % log.metadata()?.len())?;
        let db = open(&dir, layout, pragmas)?;
        let seen = read_sqlite(&db).unwrap_or(1);
        let check: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        shorter += usize::from(seen < groups * GROUP * RECORD);
        if !seen.is_multiple_of(GROUP * RECORD) || check != "ok" {
            damaged.push((groups, seen, check));
        }
    }
    println!("of 130 cut logs {shorter} left fewer whole groups; damaged: {damaged:?}");
    Ok(())
}

/// Measures one engine at one group size and prints its medians as a table row.
fn measure(name: &str, engine: Engine, data: &[u8], group: usize, runs: usize) -> Res<()> {
    let results: Res<Vec<_>> = (0..runs).map(|_| run(engine, data, group)).collect();
    let results = results?;
    let of = |pick: fn(&(Cost, u64, Cost)) -> Duration| {
        median(results.iter().map(pick).collect()).as_secs_f64()
    };
    let (wall, cpu) = (of(|run| run.0.0), of(|run| run.0.1));
    let (read, read_cpu) = (of(|run| run.2.0) * 1e3, of(|run| run.2.1) * 1e3);
    let records = data.len() / RECORD;
    let (n, groups) = (records as f64, records.div_ceil(group) as f64);
    let load = fs::read_to_string("/proc/loadavg")?;
    let disk = median(results.iter().map(|run| run.1).collect()) as f64 / n;
    let (rate, cpu, wall) = (n / wall, cpu * 1e6 / n, wall * 1e6 / groups);
    print!("| {name} | {group} | {records} | {rate:.0} | {cpu:.3} | {wall:.0} ");
    println!("| {disk:.0} | {read:.0} | {read_cpu:.0} | {load:.4} |");
    Ok(())
}

fn main() -> Res<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [_, "--child", dir, count] = arguments[..] {
        let db = open(Path::new(dir), CRASH.0, CRASH.1)?;
        append_sqlite(&db, CRASH.0, &Random::records(count.parse()?), 1000)?;
        std::process::abort();
    }
    let flag = |name: &str| arguments.iter().position(|argument| *argument == name);
    let option = |name, default| {
        let value = flag(name).and_then(|at| arguments.get(at + 1));
        *value.unwrap_or(default)
    };
    let records: usize = option("--records", &"1000000").parse()?;
    if flag("--crash").is_some() {
        return crash(records);
    }
    let max_groups: usize = option("--max-groups", &"10000").parse()?;
    let runs: usize = option("--runs", &"3").parse()?;
    let data = Random::records(records);
    println!(
        "| engine | group | records | records/s | cpu us/record | wall us/group | bytes/record \
         | read ms | read cpu ms | load |\n|---|---|---|---|---|---|---|---|---|---|"
    );
    for group in option("--groups", &"1000,100,1").split(',') {
        let group: usize = group.parse()?;
        let count = records.min(group * max_groups);
        for (name, engine) in ENGINES {
            measure(name, *engine, &data[..count * RECORD], group, runs)?;
        }
    }
    Ok(())
}
