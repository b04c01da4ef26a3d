//! The service in a process of its own, and its time and memory from the operating system's account of it.

use profitscore::api::pb::{self, customer_service_client::CustomerServiceClient};
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::transport::{Channel, Endpoint};

/// A running server that is killed when the benchmark ends, however it ends.
pub struct Server {
    child: Child,
    endpoint: String,
    metrics: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free() -> String {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}

impl Server {
    pub fn start(folder: &Path, patience: u64) -> Self {
        let (address, metrics) = (free(), free());
        let child = Command::new(env!("CARGO_BIN_EXE_profitscore"))
            .args(["serve", "--listen", &address, "--metrics-listen", &metrics])
            .args(["--watch-patience", &patience.to_string(), "--data"])
            .arg(folder.join("data"))
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            child,
            endpoint: format!("http://{address}"),
            metrics,
        }
    }

    /// A connection of its own, once the service answers.
    pub async fn connect(&self) -> Channel {
        let begin = Instant::now();
        loop {
            // The window that the protocol begins with: a client with a larger one takes more that it does not read.
            let endpoint = Endpoint::from_shared(self.endpoint.clone()).unwrap();
            let endpoint = endpoint.initial_stream_window_size(65_535);
            if let Ok(channel) = endpoint.connect().await {
                let mut client = CustomerServiceClient::new(channel.clone());
                let question = pb::ListTraitDefinitionsRequest::default();
                if client.list_trait_definitions(question).await.is_ok() {
                    return channel;
                }
            }
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "the service does not answer"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// User and system time in hundredths of a second, the 14th and 15th word of a process's `stat`.
    pub fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let mut words = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11);
        let mut next = || words.next().unwrap().parse::<u64>().unwrap();
        Duration::from_millis((next() + next()) * 10)
    }

    pub fn resident_megabytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line
            .unwrap()
            .split_whitespace()
            .next()
            .unwrap()
            .parse::<u64>();
        kilobytes.unwrap() / 1_024
    }

    /// Prints the metrics whose names begin so.
    pub async fn print_metrics(&self, names: &[&str]) {
        let mut socket = TcpStream::connect(&self.metrics).await.unwrap();
        socket
            .write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut text = String::new();
        socket.read_to_string(&mut text).await.unwrap();
        for line in text
            .lines()
            .filter(|line| names.iter().any(|name| line.starts_with(name)))
        {
            println!("{line}");
        }
    }
}

/// The machine's load.
pub fn load_average() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace()
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}
