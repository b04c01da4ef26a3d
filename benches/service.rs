//! The whole service through its socket: how fast it takes in activities, and how long a ranking takes.
//!
//! `cargo bench --bench service [-- ACTIVITIES [CUSTOMERS]]` starts the release build of `profitscore serve` on a
//! folder of its own, streams a generated world into it and asks for rankings. Processor time is the server's alone,
//! from the operating system's own account of its process; the machine's load stands beside it, since these figures
//! are noisy.

use profitscore::api::pb::{
    self, activity::Kind, activity_service_client::ActivityServiceClient, google_type,
    ranking_service_client::RankingServiceClient,
};
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};

/// Activities in a chunk of the stream.
const CHUNK: u64 = 1_000;
/// Chunks that may wait for their answer.
const WINDOW: usize = 8;
/// Days that the world spans: three years.
const DAYS: u64 = 1_095;
/// 2023-01-01T00:00:00Z.
const FIRST_SECOND: u64 = 1_672_531_200;
/// How often each question is asked.
const QUESTIONS: u32 = 20;

type Failure = Box<dyn std::error::Error>;

/// A running server that is killed when the benchmark ends, however it ends.
struct Server {
    process: Child,
    endpoint: String,
}

impl Server {
    fn start(folder: &Path) -> Result<Self, Failure> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new(env!("CARGO_BIN_EXE_profitscore"))
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(folder)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()?;
        Ok(Self {
            process,
            endpoint: format!("http://127.0.0.1:{port}"),
        })
    }

    /// A connection to the server, as soon as it has read its ledger.
    async fn channel(&self) -> Result<Channel, Failure> {
        let begin = Instant::now();
        loop {
            match self.asked().await {
                Ok(channel) => return Ok(channel),
                Err(error) if begin.elapsed() > Duration::from_secs(60) => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    /// A connection over which a question was answered.
    async fn asked(&self) -> Result<Channel, Failure> {
        let channel = Endpoint::from_shared(self.endpoint.clone())?
            .connect()
            .await?;
        let question = pb::CompareBandsRequest::default();
        RankingServiceClient::new(channel.clone())
            .compare_bands(question)
            .await?;
        Ok(channel)
    }

    /// The processor time that the server has used, where the operating system tells it: user and system time in
    /// hundredths of a second, the 14th and 15th word of its `stat`.
    fn processor_time(&self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).ok()?;
        let mut words = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let user: u64 = words.next()?.parse().ok()?;
        let system: u64 = words.next()?.parse().ok()?;
        Some(Duration::from_millis((user + system) * 10))
    }

    fn memory_megabytes(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1_024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A generated world: the same for the same numbers. Customers are heavy-tailed: a number is squared before it is
/// taken.
struct Generator {
    state: u64,
    customers: u64,
}

impl Generator {
    /// The next number: SplitMix64 (Steele, Lea and Flood 2014).
    fn next(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    fn activity(&mut self, index: u64) -> pb::Activity {
        let place = self.next(1 << 20);
        let customer = (((place * place) >> 20) * self.customers) >> 20;
        let seconds = FIRST_SECOND + self.next(DAYS * 86_400);
        let money = |micros: u64| google_type::Money {
            currency_code: "USD".to_owned(),
            units: i64::try_from(micros / 1_000_000).unwrap_or(0),
            nanos: i32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0),
        };
        let revenue = self.next(500_000_000);
        let kind = match self.next(10) {
            0 => Kind::Effort(pb::Effort {
                role_id: "SERVICE".to_owned(),
                minutes: Some(google_type::Decimal {
                    value: (1 + self.next(60)).to_string(),
                }),
                purpose: pb::EffortPurpose::Service as i32,
                channel: 0,
            }),
            _ => Kind::Sale(pb::Sale {
                revenue: Some(money(revenue)),
                cost_of_goods: Some(money(revenue / 100 * (40 + self.next(80)))),
                ..Default::default()
            }),
        };
        pb::Activity {
            activity_id: format!("{:016x}-{index}", self.next(u64::MAX)),
            customer_id: format!("customer-{customer:07}"),
            occur_time: Some(prost_types::Timestamp {
                seconds: i64::try_from(seconds).unwrap_or(0),
                nanos: 0,
            }),
            dimensions: Some(pb::Dimensions {
                branch_id: format!("branch-{}", customer % 12),
                ..Default::default()
            }),
            kind: Some(kind),
        }
    }
}

/// Streams the world in and gives what was posted.
async fn ingest(channel: Channel, activities: u64, customers: u64) -> Result<u64, Failure> {
    let (chunks, waiting) = mpsc::channel(WINDOW);
    let sender = tokio::spawn(async move {
        let mut generator = Generator {
            state: 42,
            customers,
        };
        let mut index = 0;
        let mut sequence = 0;
        while index < activities {
            let end = (index + CHUNK).min(activities);
            let activities = (index..end)
                .map(|index| generator.activity(index))
                .collect();
            sequence += 1;
            let chunk = pb::StreamActivitiesRequest {
                sequence,
                activities,
                ..Default::default()
            };
            if chunks.send(chunk).await.is_err() {
                return;
            }
            index = end;
        }
    });
    let mut client = ActivityServiceClient::new(channel);
    let mut answers = client
        .stream_activities(ReceiverStream::new(waiting))
        .await?
        .into_inner();
    let mut posted = 0;
    while let Some(answer) = answers.message().await? {
        posted += u64::try_from(answer.posted_count)?;
    }
    sender.await?;
    Ok(posted)
}

fn period(first_day: u64, days: u64) -> google_type::Interval {
    let day = |day: u64| {
        let seconds = i64::try_from(FIRST_SECOND + day * 86_400).unwrap_or(0);
        Some(prost_types::Timestamp { seconds, nanos: 0 })
    };
    google_type::Interval {
        start_time: day(first_day),
        end_time: day(first_day + days),
    }
}

/// Asks one question several times, each time for another period of `days` days, and prints the median and the
/// server's processor time for each.
async fn ask(server: &Server, channel: &Channel, days: u64, what: Question) -> Result<(), Failure> {
    let mut client = RankingServiceClient::new(channel.clone());
    let mut times = Vec::new();
    let before = server.processor_time();
    for index in 0..QUESTIONS {
        let first = u64::from(index) * 37 % (DAYS - days + 1);
        let period = Some(period(first, days));
        let begin = Instant::now();
        match what {
            Question::Best | Question::Worst => {
                let direction = match what {
                    Question::Worst => pb::RankingDirection::WorstFirst,
                    Question::Best | Question::WhaleCurve => pb::RankingDirection::BestFirst,
                };
                let request = pb::RankCustomersRequest {
                    period,
                    direction: direction as i32,
                    page_size: 100,
                    ..Default::default()
                };
                client.rank_customers(request).await?;
            }
            Question::WhaleCurve => {
                let request = pb::GetConcentrationRequest {
                    period,
                    ..Default::default()
                };
                client.get_concentration(request).await?;
            }
        }
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    let median = times[times.len() / 2];
    let used = before
        .zip(server.processor_time())
        .map(|(before, after)| after - before);
    let used = used.map_or("?".to_owned(), |used| {
        format!("{:.1}", (used / QUESTIONS).as_secs_f64() * 1e3)
    });
    let name = format!("{what:?} of {days} days");
    println!(
        "{name:<28}{:>10.1} ms wall (median){used:>10} ms processor",
        median.as_secs_f64() * 1e3
    );
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum Question {
    Best,
    Worst,
    WhaleCurve,
}

async fn run(activities: u64, customers: u64) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "{activities} activities of {customers} customers; load before: {}",
        load.trim()
    );
    let server = Server::start(folder.path())?;
    let channel = server.channel().await?;
    let before = server.processor_time();
    let begin = Instant::now();
    let posted = ingest(channel.clone(), activities, customers).await?;
    let wall = begin.elapsed();
    if posted != activities {
        return Err(format!("{posted} of {activities} activities were posted").into());
    }
    let rate = activities as f64 / wall.as_secs_f64();
    let used = before
        .zip(server.processor_time())
        .map(|(before, after)| after - before);
    let used = used.map_or("?".to_owned(), |u| {
        format!("{:.2}", u.as_secs_f64() * 1e6 / activities as f64)
    });
    println!(
        "ingest, each chunk fsynced    {rate:>9.0} activities a second{used:>8} µs processor each"
    );
    println!(
        "memory of the server          {:>9} MB",
        server.memory_megabytes().unwrap_or(0)
    );
    let disk: u64 = fs::read_dir(folder.path())?
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .map(|metadata| metadata.len())
        .sum();
    println!("disk                          {:>9} MB", disk / 1_048_576);
    for days in [90, 365, DAYS] {
        for question in [Question::Best, Question::Worst, Question::WhaleCurve] {
            ask(&server, &channel, days, question).await?;
        }
    }
    drop((channel, server));
    let begin = Instant::now();
    let server = Server::start(folder.path())?;
    server.channel().await?;
    println!(
        "open after kill -9            {:>9.2} s wall",
        begin.elapsed().as_secs_f64()
    );
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // Cargo adds --bench of its own.
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok());
    let activities = numbers.next().unwrap_or(1_000_000);
    let customers = numbers.next().unwrap_or(activities / 10).max(1);
    run(activities, customers).await
}
