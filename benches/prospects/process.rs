//! Time and memory of a process, from the operating system's own account of it.

use std::{
    fs,
    time::{Duration, Instant},
};

/// Measures a stretch of work.
pub struct Meter {
    process: Option<u32>,
    begin: Instant,
    used: Option<Duration>,
}

fn name(process: Option<u32>) -> String {
    process.map_or("self".to_owned(), |id| id.to_string())
}

/// User and system time in hundredths of a second, the 14th and 15th word of a process's `stat`.
fn processor_time(process: Option<u32>) -> Option<Duration> {
    if process.is_none() {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        let seconds = Duration::from_secs(time.tv_sec.try_into().ok()?);
        return Some(seconds + Duration::from_nanos(time.tv_nsec.try_into().ok()?));
    }
    let stat = fs::read_to_string(format!("/proc/{}/stat", name(process))).ok()?;
    let mut words = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = words.next()?.parse().ok()?;
    let system: u64 = words.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 10))
}

/// The memory that a process has; this one's if `None`.
pub fn resident_megabytes(process: Option<u32>) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", name(process))).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1_024
}

/// The machine's load.
pub fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace()
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}

impl Meter {
    /// Begins now. Measures this process if none is given.
    pub fn start(process: Option<u32>) -> Self {
        Self {
            process,
            begin: Instant::now(),
            used: processor_time(process),
        }
    }

    /// Ends now, and prints what each of some repeats took.
    pub fn stop(self, what: &str, repeats: u64) {
        let wall = self.begin.elapsed();
        let used = self.used.zip(processor_time(self.process));
        let each = |time: Duration| time.as_secs_f64() * 1e3 / repeats as f64;
        let used = used.map_or("?".to_owned(), |(before, after)| {
            format!("{:.3}", each(after.saturating_sub(before)))
        });
        println!(
            "{what:<30}{used:>12} ms processor{:>12.3} ms wall",
            each(wall)
        );
    }
}
