//! Processor time and memory of processes of this machine, read from `/proc`.

use std::{fs, time};

/// Seconds of processor time of a process, with those of its children that ended; and its parent.
fn seconds(process: &str) -> Option<(u64, f64)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields[11..15]
        .iter()
        .map(|field| field.parse::<f64>().unwrap());
    Some((fields[1].parse().unwrap(), ticks.sum::<f64>() / 100.0))
}

/// Mebibytes that this process had at most since it last asked.
pub fn peak_memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kibibytes = line.unwrap().split_whitespace().nth(1).unwrap();
    // The mark starts anew from what is in memory now.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    kibibytes.parse::<f64>().unwrap() / 1024.0
}

/// How many processes wanted a processor in the last minute.
pub fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap();
    load.split(' ').next().unwrap().to_owned()
}

/// A running database of this machine: its first process.
pub struct Server(u64);

impl Server {
    /// The one that this process belongs to.
    pub fn of_backend(backend: i32) -> Self {
        Self(seconds(&backend.to_string()).unwrap().0)
    }

    /// Seconds of processor time: of its first process and of all that this one began.
    fn seconds(&self) -> f64 {
        let processes = fs::read_dir("/proc").unwrap();
        let names = processes.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let all = names.filter_map(|name| Some((name.parse::<u64>().ok()?, seconds(&name)?)));
        let own = all.filter(|(process, (parent, _))| *process == self.0 || *parent == self.0);
        own.map(|(_, (_, seconds))| seconds).sum()
    }

    /// What something takes.
    pub async fn measure<T>(&self, what: impl Future<Output = T>) -> (T, Taken) {
        let (database, process) = (self.seconds(), seconds("self").unwrap().1);
        let begin = time::Instant::now();
        let done = what.await;
        let wall = begin.elapsed().as_secs_f64();
        // Helpers of a question end a moment after it.
        tokio::time::sleep(time::Duration::from_millis(100)).await;
        let taken = Taken {
            wall,
            database: self.seconds() - database,
            process: seconds("self").unwrap().1 - process,
        };
        (done, taken)
    }
}

/// Seconds of wall time, and of processor time of the database and of this process.
#[derive(Default, Clone, Copy)]
pub struct Taken {
    pub wall: f64,
    pub database: f64,
    pub process: f64,
}
