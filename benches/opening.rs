//! How long opening a folder takes: from its ledger, and from a checkpoint of its books.
//!
//! `cargo bench --bench opening [-- ACTIVITIES [FOLDER]]` fills a folder with the comparison's world, unless it is
//! filled already, closes it, and opens it again and again both ways. Prints wall and processor time, what the
//! checkpoint takes on the disk, what writing it took, and how long groups of writes and steps of a checkpoint take
//! while both are written in turns.

#[path = "comparison/world.rs"]
#[allow(dead_code, reason = "the comparison uses the rest")]
mod world;

use profitscore::{
    domain::{
        id::TenantId,
        ledger::WriteMode,
        money::Currency,
        time::{Calendar, Instant as RecordTime},
    },
    store::embedded::{
        CheckpointSizes, Engine, EngineSettings, RealDisk, Request, Writes, disk_bytes,
    },
};
use rustix::time::{ClockId, clock_gettime};
use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use world::{FIRST_SECOND, Size, World};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error>;

const BATCH: usize = 1_000;
const RUNS: usize = 3;
/// No checkpoint is ever written.
const NEVER: CheckpointSizes = CheckpointSizes {
    writes: u64::MAX,
    share: 1,
    writes_at_close: u64::MAX,
    share_at_close: 1,
    step_bytes: 1 << 20,
    sync_bytes: 4 << 20,
};
/// One is written when the folder is closed, even if nothing is new but one write.
const AT_CLOSE: CheckpointSizes = CheckpointSizes {
    writes_at_close: 1,
    share_at_close: u64::MAX,
    ..NEVER
};

fn processor() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    // The processor clock starts at zero and only grows, so the conversion never fails.
    now.try_into().unwrap_or_default()
}

fn own_processor() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    // As above.
    now.try_into().unwrap_or_default()
}

fn open(folder: &Path, checkpoints: CheckpointSizes) -> Result<Engine, Failure> {
    let calendar = Calendar::of_zone("UTC")?;
    let settings = EngineSettings {
        checkpoints,
        ..EngineSettings::new(calendar, Currency::parse("USD", "currency")?, (1, 2))
    };
    let disk = RealDisk::open(folder)?;
    Ok(Engine::open(Arc::new(disk), &settings, |_| {})?)
}

fn request(tenant: &TenantId, world: &World, range: Range<usize>) -> Result<Request, Failure> {
    let entries = range.map(|index| world.entry(index));
    Ok(Request {
        tenant: tenant.clone(),
        writes: Writes::Entries(entries.collect::<Result<_, _>>()?),
        record_time: RecordTime {
            seconds: FIRST_SECOND,
            nanos: 0,
        },
        mode: WriteMode::Keep,
    })
}

fn fill(engine: &mut Engine, tenant: &TenantId, activities: usize) -> Result<(), Failure> {
    let world = World::generate(Size {
        activities,
        customers: u32::try_from(activities / 10)?.max(1),
        seed: 42,
        chronological: false,
    });
    for start in (0..activities).step_by(BATCH) {
        let end = (start + BATCH).min(activities);
        for answer in engine.answer(&[request(tenant, &world, start..end)?]) {
            answer?;
        }
        engine.tend();
    }
    while engine.tend() {}
    Ok(())
}

/// Writes groups and a checkpoint in turns, and tells how long each took.
fn save_while_writing(folder: &Path, tenant: &TenantId, activities: usize) -> Result<(), Failure> {
    let sizes = CheckpointSizes {
        writes: 1,
        share: u64::MAX,
        writes_at_close: u64::MAX,
        ..CheckpointSizes::default()
    };
    let mut engine = open(folder, sizes)?;
    let world = World::generate(Size {
        activities: 400 * BATCH,
        customers: u32::try_from(activities / 10)?.max(1),
        seed: engine.questions().watermark(tenant)?,
        chronological: false,
    });
    let (mut groups, mut steps) = (Vec::new(), Vec::new());
    for start in (0..world.activities()).step_by(BATCH) {
        let request = request(tenant, &world, start..start + BATCH)?;
        let begin = Instant::now();
        for answer in engine.answer(&[request]) {
            answer?;
        }
        groups.push(begin.elapsed());
        if engine.is_saving() || engine.untended() > 0 {
            let (begin, own) = (Instant::now(), own_processor());
            engine.tend();
            steps.push((own_processor() - own, begin.elapsed(), steps.len()));
        }
    }
    // What is left of the checkpoint, and packing.
    loop {
        let (begin, own) = (Instant::now(), own_processor());
        if !engine.tend() {
            break;
        }
        steps.push((own_processor() - own, begin.elapsed(), steps.len()));
    }
    engine.close();
    groups.sort_unstable();
    let at = |times: &[Duration], of: usize| times[times.len() * of / 1_000].as_secs_f64() * 1e3;
    let tell = |what: &str, times: &[Duration]| {
        println!(
            "{what:<40} {} times: median {:.2} ms, 99th percentile {:.2} ms, longest {:.2} ms",
            times.len(),
            at(times, 500),
            at(times, 990),
            at(times, 999),
        );
    };
    tell("groups of writes", &groups);
    let column = |of: fn(&(Duration, Duration, usize)) -> Duration| {
        let mut times: Vec<Duration> = steps.iter().map(of).collect();
        times.sort_unstable();
        times
    };
    tell("steps between them", &column(|step| step.1));
    tell("steps between them, processor", &column(|step| step.0));
    steps.sort_unstable();
    let longest = steps.iter().rev().take(8);
    let longest = longest.map(|(own, _, step)| format!("{own:.1?} at step {step}"));
    println!("longest: {}", longest.collect::<Vec<_>>().join(", "));
    Ok(())
}

fn measured<T>(what: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let (wall, cpu) = (Instant::now(), processor());
    let done = work()?;
    let (wall, cpu) = (wall.elapsed(), processor() - cpu);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    println!(
        "{what:<40} wall {:>8.0} ms, processor {:>8.0} ms, load {load}",
        wall.as_secs_f64() * 1e3,
        cpu.as_secs_f64() * 1e3,
    );
    Ok(done)
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|text| !text.starts_with("--"));
    let activities = match arguments.next() {
        Some(text) => text.parse()?,
        None => 1_000_000,
    };
    let kept = arguments.next().map(PathBuf::from);
    let own = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let folder = kept.unwrap_or_else(|| own.path().to_owned());
    let checkpoint = folder.join("CHECKPOINT");
    let tenant = TenantId::parse_or_default("", "tenant_id")?;
    let mut engine = open(&folder, NEVER)?;
    if engine.questions().watermark(&tenant)? == 0 {
        fill(&mut engine, &tenant, activities)?;
    }
    engine.close();
    for _ in 0..RUNS {
        if checkpoint.exists() {
            fs::remove_file(&checkpoint)?;
        }
        let engine = measured("open from the ledger", || open(&folder, NEVER))?;
        engine.close();
    }
    let engine = open(&folder, AT_CLOSE)?;
    measured("close with a checkpoint", || {
        engine.close();
        Ok(())
    })?;
    let bytes = disk_bytes(&folder)?;
    let parts = bytes.checkpoint;
    let each = |bytes: u64| bytes as f64 / activities as f64;
    println!(
        "bytes an activity: ledger {:.2}, checkpoint {:.2} (rows {:.2}, fingerprints {:.2}, names {:.2}, rest {:.2})",
        each(bytes.ledger),
        each(parts.all()),
        each(parts.rows),
        each(parts.fingerprints),
        each(parts.names),
        each(parts.rest),
    );
    for _ in 0..RUNS {
        let engine = measured("open from the checkpoint", || open(&folder, NEVER))?;
        engine.close();
    }
    save_while_writing(&folder, &tenant, activities)
}
