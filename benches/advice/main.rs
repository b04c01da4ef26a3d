//! What advice costs at size: every RPC of `AdviceService`, and rankings by what only advice needs, on a million
//! customers.
//!
//! `cargo bench --bench advice [-- CUSTOMERS [NAME [FOLDER]]]` starts the release build of `profitscore serve` on a
//! folder of its own, gives it a town of so many customers (1,000,000 unless told otherwise), and asks everything, or
//! only what has NAME in its name: first about a period of its own, so that nothing is kept of it, and then the same
//! again. It prints the processor time of the service, which counts, wall time, the bytes of the answer and the
//! service's peak memory meanwhile. The folder is gone at the end, unless FOLDER says which: the town is in that one
//! the next time.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on says so by panicking"
)]

mod process;
mod questions;
mod town;

#[path = "../comparison/world.rs"]
#[allow(dead_code, reason = "the comparison uses the rest")]
mod world;

use process::{Server, Used, load_average};
use questions::{Answered, Question};
use std::path::Path;
use tonic::{Status, transport::Channel};
use town::Town;

/// What is asked of the same period a second time is answered from what is kept.
const TIMES: [&str; 2] = ["first", "again"];

fn row(name: &str, time: &str, used: &Used, answered: &Result<Answered, Status>) {
    let (bytes, said) = match answered {
        Ok(answered) => (answered.bytes, answered.said.clone()),
        Err(status) => (0, format!("refused: {}", status.message())),
    };
    println!(
        "{name:<32} {time:<6}{:>9.0} ms processor{:>9.0} ms wall{:>12} bytes{:>7} MB at peak  {said}",
        used.processor.as_secs_f64() * 1e3,
        used.wall.as_secs_f64() * 1e3,
        bytes,
        used.peak_megabytes,
    );
}

async fn ask(server: &Server, channel: &Channel, question: &Question, turn: usize) {
    for time in TIMES {
        let meter = server.meter();
        let answered = (question.ask)(channel.clone(), questions::period(turn)).await;
        row(question.name, time, &meter.stop(), &answered);
    }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let customers = arguments.first().map_or(1_000_000, |text| {
        text.parse().expect("a whole number of customers")
    });
    let only = arguments.get(1).map_or("", String::as_str);
    let town = Town::of(customers);
    let temporary = tempfile::tempdir().unwrap();
    let folder = arguments.get(2).map_or(temporary.path(), Path::new);
    let is_told = folder.join("data").exists();
    let server = Server::start(folder);
    let channel = server.connect().await;
    let meter = server.meter();
    let activities = match is_told {
        true => 0,
        false => town.tell(&channel).await,
    };
    println!(
        "{customers} customers, {activities} activities told in {:.1} s; {} MB; process {}; load {}",
        meter.stop().wall.as_secs_f64(),
        server.resident_megabytes(),
        server.id(),
        load_average()
    );
    let all = questions::all(&town);
    // The first question of all makes what every question needs, such as the order of ids.
    ask(&server, &channel, &all[0], 0).await;
    let asked = all.iter().skip(1).zip(1..);
    for (question, turn) in asked.filter(|(question, _)| question.name.contains(only)) {
        ask(&server, &channel, question, turn).await;
    }
    println!("load {}", load_average());
}
