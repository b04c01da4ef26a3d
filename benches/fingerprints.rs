//! The check for ids that were used before: the store's own table beside hashbrown's, over unique random ids.
//!
//! `cargo bench --bench fingerprints [-- IDS]` looks up and notes ids in batches of 1,000, as the store does, and
//! prints the processor time and the memory of each, by the table's own account, while the table grows.

use hashbrown::HashTable;
use profitscore::{
    domain::id::ActivityId,
    store::embedded::fingerprint::{Fingerprinter, Fingerprints},
};
use rustix::time::{ClockId, clock_gettime};
use std::{fs, time::Duration};

const BATCH: u64 = 1_000;

fn processor() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    // The processor clock starts at zero and only grows, so the conversion never fails.
    now.try_into().unwrap_or_default()
}

/// A table that says whether an id is new, notes it, and tells its size.
trait Table {
    fn note(&mut self, batch: &[u64], first: u64) -> usize;
    fn bytes(&self) -> usize;
}

impl Table for Fingerprints {
    fn note(&mut self, batch: &[u64], first: u64) -> usize {
        self.touch(batch.iter().copied());
        let found = batch.iter().map(|id| self.places(*id).count()).sum();
        let entries: Vec<_> = batch.iter().copied().zip(first..).collect();
        self.extend(&entries);
        found
    }

    fn bytes(&self) -> usize {
        self.bytes()
    }
}

impl Table for HashTable<(u64, u64)> {
    fn note(&mut self, batch: &[u64], first: u64) -> usize {
        let same = |id: u64| self.iter_hash(id).filter(move |own| own.0 == id);
        let found = batch.iter().map(|id| same(*id).count()).sum();
        for (id, place) in batch.iter().zip(first..) {
            self.insert_unique(*id, (*id, place), |own| own.0);
        }
        found
    }

    fn bytes(&self) -> usize {
        self.allocation_size()
    }
}

fn measure(name: &str, table: &mut dyn Table, ids: u64) {
    let fingerprinter = Fingerprinter::new((1, 2));
    let mut state = 42_u64;
    let (mut tables, mut hashes, mut slowest) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut noted = 0;
    while noted < ids {
        let batch: Vec<_> = (0..BATCH)
            .filter_map(|n| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                ActivityId::parse(&format!("{:016x}-{}", state, noted + n), "id").ok()
            })
            .collect();
        let begin = processor();
        let batch: Vec<u64> = batch.iter().map(|id| fingerprinter.of(id)).collect();
        let hashed = processor();
        let found = table.note(&batch, noted + 1);
        let end = processor();
        // Of ten million ids about eleven pairs have the same 42 bits.
        assert!(found < 10, "42 bits tell so few ids apart");
        hashes += hashed - begin;
        tables += end - hashed;
        slowest = slowest.max(end - hashed);
        noted += BATCH;
        if [ids / 10, ids / 3, ids / 2, ids]
            .iter()
            .any(|n| n / BATCH * BATCH == noted)
        {
            let each = |time: Duration| time.as_nanos() as f64 / noted as f64;
            println!(
                "{name:<12}{noted:>10} ids {:>6.1} ns hash {:>6.1} ns look up and note \
                 {:>6.1} bytes, slowest batch {:?}",
                each(hashes),
                each(tables),
                table.bytes() as f64 / noted as f64,
                slowest
            );
        }
    }
}

fn main() {
    // Cargo adds --bench of its own.
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok());
    let ids = numbers.next().unwrap_or(10_000_000);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load before: {}", load.trim());
    measure("fingerprints", &mut Fingerprints::default(), ids);
    measure("hashbrown", &mut HashTable::<(u64, u64)>::new(), ids);
}
