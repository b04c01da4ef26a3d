//! A ranking that is watched while activities come in: is anything lost or repeated, what does it cost, and does a
//! reader that does not read hold memory?
//!
//! `cargo bench --bench watch [-- SECONDS [RATE [CUSTOMERS]]]` starts the release build of `profitscore serve` on a
//! folder of its own, stores an activity for each customer (100,000 unless told otherwise), and submits activities at a
//! rate (10,000 a second) for some time (60 seconds): once with nobody watching, once with four readers of the same 50 best
//! customers. One reads everything, one breaks off every five seconds and resumes, one reads a message every three
//! seconds, and one does not read at all. Afterwards every state that a reader had is compared with the ranking as of
//! its position. Processor time and memory are those of the service; the machine's load stands beside them.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on says so by panicking"
)]

mod load;
mod process;
mod readers;

use load::{Load, World};
use process::{Server, load_average};
use profitscore::api::pb::{self, ranking_service_client::RankingServiceClient};
use readers::{Heard, Reader, State};
use std::time::{Duration, Instant};
use tonic::transport::Channel;

/// How many customers are watched.
pub const WATCHED: usize = 50;
/// After how many seconds a reader that reads nothing is dropped.
const PATIENCE: u64 = 10;
/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(5);

fn number(arguments: &[String], index: usize, default: u64) -> u64 {
    arguments
        .get(index)
        .map_or(default, |text| text.parse().expect("a whole number"))
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let time = Duration::from_secs(number(&arguments, 0, 60));
    let world = World {
        rate: number(&arguments, 1, 10_000),
        customers: number(&arguments, 2, 100_000),
    };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), PATIENCE);
    let channel = server.connect().await;
    world.fill(channel.clone()).await;
    println!(
        "{} customers, {} activities a second, {} watched, load {}",
        world.customers,
        world.rate,
        WATCHED,
        load_average()
    );

    println!("\nnobody watches, {} s", time.as_secs());
    let alone = measure(&server, &world, 1, time).await;

    let (good, resuming, slow, dead) = (
        Reader::good(server.connect().await),
        Reader::resuming(server.connect().await),
        Reader::slow(server.connect().await),
        Reader::dead(server.connect().await).await,
    );
    println!("\nwith readers, {} s", time.as_secs());
    let watched = measure(&server, &world, 2, time).await;
    println!(
        "\nprocessor time: {:.2} s of {} s alone, {:.2} s watched",
        alone.as_secs_f64(),
        time.as_secs(),
        watched.as_secs_f64()
    );
    let last = newest(&channel).await;
    let mut failed = false;
    for (name, reader) in [
        ("reads all", good),
        ("resumes", resuming),
        ("is slow", slow),
    ] {
        let heard = reader.up_to(last).await;
        failed |= !report(name, &heard, &channel).await;
    }
    let (status, messages) = dead.end().await;
    let is_dropped = status.contains("nothing was read for");
    println!("reads nothing: ended after {messages} messages with {status}");
    server
        .print_metrics(&["profitscore_watch", "profitscore_watchers"])
        .await;
    println!("load {}", load_average());
    assert!(!failed && is_dropped, "a reader was told something wrong");
}

/// Submits for some time, and tells the service's memory and processor time.
async fn measure(server: &Server, world: &World, run: u32, time: Duration) -> Duration {
    let before = server.processor_time();
    let load = Load::start(server.connect().await, *world, run, time);
    let begin = Instant::now();
    while begin.elapsed() < time {
        tokio::time::sleep(LOOK.min(time)).await;
        println!(
            "  after {:>3} s: {:>5} MB resident, {:>6.2} s processor time",
            begin.elapsed().as_secs(),
            server.resident_megabytes(),
            (server.processor_time() - before).as_secs_f64()
        );
    }
    let sent = load.end().await;
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "  {} activities, {:.0} a second",
        sent,
        sent as f64 / seconds
    );
    server.processor_time() - before
}

async fn newest(channel: &Channel) -> i64 {
    rank(channel, None).await.read_at.unwrap().position
}

async fn rank(channel: &Channel, as_of: Option<i64>) -> pb::RankCustomersResponse {
    let as_of = as_of.map(|position| pb::LedgerPosition { position });
    let request = pb::RankCustomersRequest {
        page_size: i32::try_from(WATCHED).unwrap(),
        read_options: Some(pb::ReadOptions {
            as_of,
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut client = RankingServiceClient::new(channel.clone());
    client.rank_customers(request).await.unwrap().into_inner()
}

/// Compares every state that a reader had with the ranking as of its position.
async fn report(name: &str, heard: &Heard, channel: &Channel) -> bool {
    let mut wrong = 0;
    for (position, state) in &heard.states {
        let answer = rank(channel, Some(*position)).await;
        let expected: State = answer
            .customers
            .into_iter()
            .map(|row| (row.rank, (row.customer_id, row.value.unwrap())))
            .collect();
        wrong += u32::from(expected != *state);
    }
    println!(
        "{name}: {} messages, {} changes, {} with an activity behind them, {} resumed; {} states compared, {wrong} \
         wrong; {} told twice or out of order",
        heard.messages,
        heard.changes,
        heard.with_activity,
        heard.resumed,
        heard.states.len(),
        heard.broken,
    );
    wrong == 0 && heard.broken == 0 && !heard.states.is_empty()
}
