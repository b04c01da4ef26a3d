//! What the embedded store's engine costs without the wire: deciding, appending and posting groups, packing, replay,
//! and the bytes that are left on disk.
//!
//! ```text
//! cargo bench --bench ledger -- [--activities N] [--group G]
//! ```
//! Activities are sales with a UUID, one of a million customers, one of 40 branches and 2,000 products, at random
//! seconds of three years, revenue and cost of goods in cents. Processor time is of the whole process, in microseconds
//! an activity.

#![allow(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on has failed"
)]

use profitscore::{
    domain::{
        activity::{Activity, Dimensions, Kind},
        id::{ActivityId, PartyId, TenantId},
        ledger::{Entry, WriteMode},
        money::Currency,
        time::{Calendar, Instant},
    },
    store::embedded::{Engine, EngineSettings, RealDisk, Request, Writes},
};
use rustix::time::{ClockId, clock_gettime};
use std::{fs, path::Path, sync::Arc, time};

fn processor() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn cents(&mut self, limit: u64) -> i64 {
        i64::try_from(self.below(limit)).unwrap() * 10_000
    }

    fn sale(&mut self) -> Entry {
        let (a, b) = (self.next(), self.next());
        let id = format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        );
        let customer = format!("customer-{:07}", self.below(1_000_000));
        let seconds = 1_600_000_000 + i64::try_from(self.below(3 * 365 * 86_400)).unwrap();
        let cost = self.cents(50_000);
        Entry::Activity(Activity {
            original: None,
            activity_id: ActivityId::parse(&id, "").unwrap(),
            customer_id: PartyId::parse(&customer, "").unwrap(),
            occur_time: Instant { seconds, nanos: 0 },
            dimensions: Dimensions {
                branch_id: format!("branch-{:02}", self.below(40)),
                product_id: format!("product-{:04}", self.below(2_000)),
                ..Dimensions::default()
            },
            kind: Kind::Sale {
                revenue: cost + self.cents(50_000),
                cost_of_goods: Some(cost),
                quantity: None,
                price: None,
            },
        })
    }
}

fn open(folder: &Path) -> Engine {
    let calendar = Calendar::of_zone("UTC").unwrap();
    let settings = EngineSettings::new(calendar, Currency::parse("USD", "").unwrap(), (1, 2));
    let disk = Arc::new(RealDisk::open(folder).unwrap());
    Engine::open(disk, &settings, |_| ()).unwrap()
}

fn bytes_of(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).unwrap();
    files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum()
}

/// Runs something over `count` activities and prints what it cost.
fn measure<T>(name: &str, count: usize, work: impl FnOnce() -> T) -> T {
    let (wall, before) = (time::Instant::now(), processor());
    let done = work();
    let (wall, used) = (wall.elapsed().as_secs_f64(), processor() - before);
    let each = used * 1e6 / count as f64;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    println!(
        "| {name} | {count} | {each:.3} | {:.0} | {load} |",
        count as f64 / wall
    );
    done
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str, default: usize| {
        let at = arguments.iter().position(|argument| argument == name);
        at.map_or(default, |at| arguments[at + 1].parse().unwrap())
    };
    let count = option("--activities", 1_000_000);
    let group = option("--group", 1_000);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ledger");
    // Nothing to remove on the first run.
    fs::remove_dir_all(&folder).ok();
    let mut random = Random(42);
    let tenant = TenantId::parse("default", "").unwrap();
    let mut requests: Vec<Vec<Request>> = Vec::new();
    for time in 0..count.div_ceil(group) {
        let entries = (0..group).map(|_| random.sale()).collect();
        requests.push(vec![Request {
            tenant: tenant.clone(),
            writes: Writes::Entries(entries),
            record_time: Instant {
                seconds: 1_700_000_000 + i64::try_from(time).unwrap(),
                nanos: 123_456_789,
            },
            mode: WriteMode::Keep,
        }]);
    }
    let count = requests.len() * group;
    println!(
        "| step, groups of {group} | activities | CPU us each | a second | load |\n|---|---|---|---|---|"
    );
    let mut engine = open(&folder);
    let mut asked = requests.clone();
    asked
        .iter_mut()
        .flatten()
        .for_each(|request| request.mode = WriteMode::ValidateOnly);
    measure("decide", count, || {
        for request in &asked {
            assert!(engine.answer(request)[0].is_ok());
        }
    });
    drop(asked);
    measure("decide, append, post", count, || {
        for request in &requests {
            assert!(engine.answer(request)[0].is_ok());
        }
    });
    drop(requests);
    let before = bytes_of(&folder);
    let packed = measure("pack", count, || {
        (0..).take_while(|_| engine.tend()).count()
    });
    engine.close();
    let bytes = |bytes: u64| bytes as f64 / count as f64;
    let after = bytes_of(&folder);
    println!(
        "bytes an activity: {:.1}, packed {:.1} in {packed} steps",
        bytes(before),
        bytes(after)
    );
    let engine = measure("open", count, || open(&folder));
    engine.close();
    fs::remove_dir_all(&folder).unwrap();
}
