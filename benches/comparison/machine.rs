//! What the operating system tells: processor time, memory, load, the size of folders, and processes that end with the
//! benchmark.

use crate::{Failure, question::Cost};
use rustix::{
    process::{Pid, Signal, kill_process},
    time::{ClockId, clock_gettime},
};
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A child process that is killed when it is dropped.
pub struct Process {
    child: Child,
    pub endpoint: String,
}

impl Process {
    /// Starts a program that listens on a free port, which `arguments` puts on its command line.
    pub fn listening(
        program: &Path,
        arguments: impl FnOnce(&mut Command, &str),
    ) -> Result<Self, Failure> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let mut command = Command::new(program);
        arguments(&mut command, &address);
        let child = command
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()?;
        let endpoint = format!("http://{address}");
        Ok(Self { child, endpoint })
    }

    /// User and system time, in hundredths of a second: the 14th and 15th word of the operating system's account.
    pub fn processor_time(&self) -> Duration {
        let stat = self.account("stat");
        let words = stat.rsplit_once(')').map_or("", |(_, words)| words);
        let ticks: u64 = words
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|word| word.parse::<u64>().ok())
            .sum();
        Duration::from_millis(ticks * 10)
    }

    /// A line of the process's status, such as `VmRSS`, in megabytes.
    pub fn megabytes(&self, name: &str) -> f64 {
        megabytes(&self.account("status"), name)
    }

    fn account(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap_or_default()
    }

    /// Asks it to stop, and tells how long it took.
    pub fn stop(mut self) -> Result<Duration, Failure> {
        let begin = Instant::now();
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let status = self.child.wait()?;
        if !status.success() {
            return Err(format!("the server ended with {status}").into());
        }
        Ok(begin.elapsed())
    }

    /// Ends it as a crash would.
    pub fn kill(mut self) -> Result<(), Failure> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn megabytes(status: &str, name: &str) -> f64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.trim_start_matches(':').split_whitespace().next());
    kilobytes
        .and_then(|number| number.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1_024.0
}

/// The resident memory of this process in megabytes.
pub fn own_megabytes() -> f64 {
    megabytes(
        &fs::read_to_string("/proc/self/status").unwrap_or_default(),
        "VmRSS",
    )
}

/// The machine's load in the last minute.
pub fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let word = text.split_whitespace().next();
    word.and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

/// What all files of a folder hold, in megabytes.
pub fn folder_megabytes(folder: &Path) -> f64 {
    fn bytes(folder: &Path) -> u64 {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let sizes = entries.map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        });
        sizes.sum()
    }
    bytes(folder) as f64 / 1_048_576.0
}

fn own_processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Measures this process: wall time, and processor time of all its threads.
pub struct Stopwatch {
    wall: Instant,
    processor: Duration,
}

impl Stopwatch {
    pub fn start() -> Self {
        Self {
            wall: Instant::now(),
            processor: own_processor_time(),
        }
    }

    pub fn cost(&self) -> Cost {
        let used = own_processor_time().saturating_sub(self.processor);
        Cost {
            wall: milliseconds(self.wall.elapsed()),
            processor: milliseconds(used),
        }
    }
}

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
