//! The service in a process of its own, and its time and memory from the operating system's account of it.

use profitscore::api::pb::{self, customer_service_client::CustomerServiceClient};
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tonic::transport::{Channel, Endpoint};

/// A running server that is killed when the benchmark ends, however it ends.
pub struct Server(Child, String);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What something took of the service.
pub struct Used {
    pub processor: Duration,
    pub wall: Duration,
    pub peak_megabytes: u64,
}

/// Measures the service from now on.
pub struct Meter<'s> {
    server: &'s Server,
    begin: Instant,
    processor: Duration,
}

impl Meter<'_> {
    pub fn stop(self) -> Used {
        Used {
            processor: self.server.processor_time() - self.processor,
            wall: self.begin.elapsed(),
            peak_megabytes: self.server.megabytes("VmHWM:"),
        }
    }
}

impl Server {
    pub fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        let address = port.unwrap().to_string();
        let child = Command::new(env!("CARGO_BIN_EXE_profitscore"))
            .args(["serve", "--listen", &address, "--deadline", "600", "--data"])
            .arg(folder.join("data"))
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self(child, format!("http://{address}"))
    }

    /// A connection, once the service answers.
    pub async fn connect(&self) -> Channel {
        let begin = Instant::now();
        loop {
            let endpoint = Endpoint::from_shared(self.1.clone()).unwrap();
            if let Ok(channel) = endpoint.connect().await {
                let mut client = CustomerServiceClient::new(channel.clone());
                let question = pb::ListTraitDefinitionsRequest::default();
                if client.list_trait_definitions(question).await.is_ok() {
                    return channel;
                }
            }
            let waited = begin.elapsed();
            assert!(waited.as_secs() < 60, "the service does not answer");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Begins to measure; the peak of memory begins at what is resident now.
    pub fn meter(&self) -> Meter<'_> {
        // Where that is not possible the peak is that of the whole life.
        let _ = fs::write(format!("/proc/{}/clear_refs", self.id()), "5");
        Meter {
            server: self,
            begin: Instant::now(),
            processor: self.processor_time(),
        }
    }

    pub fn resident_megabytes(&self) -> u64 {
        self.megabytes("VmRSS:")
    }

    /// User and system time in hundredths of a second, the 14th and 15th word of a process's `stat`.
    fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap();
        let mut words = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11);
        let mut next = || words.next().unwrap().parse::<u64>().unwrap();
        Duration::from_millis((next() + next()) * 10)
    }

    fn megabytes(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let mut words = line.unwrap().split_whitespace();
        words.next().unwrap().parse::<u64>().unwrap() / 1_024
    }
}

/// The machine's load.
pub fn load_average() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap();
    let words: Vec<&str> = load.split_whitespace().take(3).collect();
    words.join(" ")
}
