//! A deterministic simulation of the engine: by one seed, a disk that fails in every way that disks do, machines that
//! end at any operation, clients that send again what they do not know the end of, and an auditor who knows better.
//!
//! Each seed is lived twice and must be the same to the last byte. To live more seeds than a test does, or one seed
//! alone, see CONTRIBUTING.md. That the simulation finds what it must is shown by planting bugs.

mod audit;
mod bugs;
mod content;
mod disk;
mod faults;
mod history;
mod questions;
mod random;
mod requests;
mod sizes;
mod tending;
mod truth;
mod world;

use self::world::World;
use super::planted::{Planted, plant};
use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// How many seeds every test run lives.
const SEEDS: u64 = 120;

/// Lives the world of a seed: a digest of everything that happened, or what is wrong and how it came about.
fn live(seed: u64, bug: Option<Planted>) -> Result<u64, String> {
    plant(bug);
    let mut world = World::new(seed);
    let lived = catch_unwind(AssertUnwindSafe(|| world.live()));
    plant(None);
    let finding = match lived {
        Ok(Ok(())) => return Ok(world.disk().digest()),
        Ok(Err(finding)) => finding,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            format!("a panic: {}", text.unwrap_or_default())
        }
    };
    let (step, end) = (world.step, world.disk().state().history.end());
    let profile = world.profile();
    Err(format!(
        "seed {seed}, step {step}: {finding}\n  {end}\n  {profile}\n(to live it again: PROFITSCORE_SEED={seed})"
    ))
}

/// Lives a seed twice.
fn live_twice(seed: u64) -> Result<(), String> {
    let (first, second) = (live(seed, None)?, live(seed, None)?);
    match first == second {
        true => Ok(()),
        false => Err(format!(
            "seed {seed} is not the same when it is lived again"
        )),
    }
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().expect("seeds are numbers"))
}

#[test]
fn nothing_is_lost_whatever_happens() {
    let count = number("PROFITSCORE_SEEDS");
    let (first, count) = match number("PROFITSCORE_SEED") {
        Some(first) => (first, count.unwrap_or(1)),
        None => (0, count.unwrap_or(SEEDS)),
    };
    let next = AtomicU64::new(first);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let findings: Vec<String> = thread::scope(|scope| {
        let live = || {
            let mut findings = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + count {
                    return findings;
                }
                findings.extend(live_twice(seed).err());
            }
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(live)).collect();
        let ended = running.into_iter().map(|thread| thread.join().unwrap());
        ended.flatten().collect()
    });
    let Some(one) = findings.first() else { return };
    let all = findings.iter().filter_map(|finding| finding.lines().next());
    let all: Vec<String> = all.map(|line| line.chars().take(400).collect()).collect();
    panic!(
        "{} of {count} seeds:\n{}\n\n{one}",
        all.len(),
        all.join("\n")
    );
}
