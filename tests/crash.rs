//! `kill -9` at a hundred random moments of an import, and while checkpoints are written, segments are packed and the
//! folder is opened: nothing acknowledged is lost, and nothing is counted twice after the client sends again what was
//! not acknowledged.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "shared/numbered.rs"]
mod numbered;

use numbered::{activity, random};
use profitscore::api::pb::{
    self, activity_service_client::ActivityServiceClient,
    ranking_service_client::RankingServiceClient,
};
use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};

const KILLS: u32 = 100;
/// Activities in a chunk; chunks are resent whole.
const CHUNK: i64 = 50;
/// The longest that a server lives after its first chunk was sent, in microseconds.
const LIFE: u64 = 30_000;

/// The service as a process of its own, killed when it is dropped.
struct Server {
    process: Child,
    endpoint: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let process = Command::new(env!("CARGO_BIN_EXE_profitscore"))
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(folder)
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            process,
            endpoint: format!("http://127.0.0.1:{port}"),
        }
    }

    /// A connection over which a question was answered: the ledger is read.
    async fn channel(&mut self) -> Channel {
        let begin = Instant::now();
        loop {
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "the service does not open"
            );
            assert_eq!(
                self.process.try_wait().unwrap(),
                None,
                "the service ended by itself"
            );
            let endpoint = Endpoint::from_shared(self.endpoint.clone()).unwrap();
            if let Ok(channel) = endpoint.connect().await {
                let question = pb::CompareBandsRequest::default();
                let mut client = RankingServiceClient::new(channel.clone());
                if client.compare_bands(question).await.is_ok() {
                    return channel;
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// `kill -9`.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Streams chunks from the one that begins after `acknowledged`, until the connection breaks. Counts up `acknowledged`
/// with every answer.
async fn import(channel: Channel, acknowledged: &mut i64) {
    let (chunks, waiting) = mpsc::channel(4);
    let mut next = *acknowledged;
    let sender = tokio::spawn(async move {
        for sequence in 1.. {
            let activities = (next + 1..=next + CHUNK).map(activity).collect();
            let chunk = pb::StreamActivitiesRequest {
                sequence,
                activities,
                ..Default::default()
            };
            if chunks.send(chunk).await.is_err() {
                return;
            }
            next += CHUNK;
        }
    });
    let mut client = ActivityServiceClient::new(channel);
    if let Ok(answers) = client.stream_activities(ReceiverStream::new(waiting)).await {
        let mut answers = answers.into_inner();
        while let Ok(Some(answer)) = answers.message().await {
            assert!(answer.rejections.is_empty(), "{answer:?}");
            assert_eq!(
                i64::from(answer.posted_count + answer.duplicate_count),
                CHUNK
            );
            *acknowledged += CHUNK;
        }
    }
    sender.abort();
}

/// What the ledger holds, by its audit trail: how many activities and the sum of their numbers.
async fn ledger(channel: &Channel) -> (i64, i64) {
    let mut client = ActivityServiceClient::new(channel.clone());
    let mut request = pb::ListActivitiesRequest {
        page_size: 1_000,
        ..Default::default()
    };
    let (mut count, mut sum) = (0, 0);
    loop {
        let page = client
            .list_activities(request.clone())
            .await
            .unwrap()
            .into_inner();
        for entry in &page.entries {
            count += 1;
            assert_eq!(
                entry.position.unwrap().position,
                count,
                "positions have no gaps"
            );
            let Some(pb::ledger_entry::Entry::Activity(found)) = &entry.entry else {
                panic!("{entry:?}");
            };
            let number: i64 = found.activity_id[1..].parse().unwrap();
            assert_eq!(*found, activity(number), "what is kept is what was sent");
            sum += number;
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return (count, sum);
        }
    }
}

/// The total revenue by the books, which the service has proved to tie.
async fn revenue(channel: &Channel) -> i64 {
    let request = pb::RankCustomersRequest {
        basis: pb::RankingBasis::Revenue as i32,
        ..Default::default()
    };
    let answer = RankingServiceClient::new(channel.clone())
        .rank_customers(request)
        .await
        .unwrap();
    answer
        .into_inner()
        .control_total
        .unwrap()
        .ledger
        .unwrap()
        .units
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut state = seed;
    let mut acknowledged = 0;
    let mut cut_short = 0;
    for kill in 0..KILLS {
        let mut server = Server::start(folder.path());
        let channel = server.channel().await;
        let count = ledger_size(&channel).await;
        assert!(
            count >= acknowledged,
            "kill {kill}: {count} kept of {acknowledged} acknowledged"
        );
        cut_short += i64::from(count > acknowledged);
        let life = Duration::from_micros(random(&mut state) % LIFE);
        let importing = import(channel, &mut acknowledged);
        tokio::pin!(importing);
        tokio::select! {
            () = &mut importing => panic!("the stream broke before the kill"),
            () = tokio::time::sleep(life) => server.kill(),
        }
        importing.await;
    }
    let mut server = Server::start(folder.path());
    let channel = server.channel().await;
    // Send everything once more, and what was in flight at the last kill with it.
    let kept = ledger_size(&channel).await;
    let all = (kept + CHUNK - 1) / CHUNK * CHUNK;
    let mut client = ActivityServiceClient::new(channel.clone());
    for first in (0..all).step_by(1_000) {
        let activities = (first + 1..=(first + 1_000).min(all))
            .map(activity)
            .collect();
        let request = pb::SubmitActivitiesRequest {
            activities,
            ..Default::default()
        };
        client.submit_activities(request).await.unwrap();
    }
    let sum = all * (all + 1) / 2;
    assert_eq!(ledger(&channel).await, (all, sum));
    assert_eq!(revenue(&channel).await, sum);
    assert!(acknowledged > 0 && acknowledged <= all);
    println!(
        "{all} activities, {acknowledged} acknowledged, {cut_short} kills between write and answer"
    );
}

/// How many activities the ledger holds, by the newest position.
async fn ledger_size(channel: &Channel) -> i64 {
    let mut client = ActivityServiceClient::new(channel.clone());
    let request = pb::ListActivitiesRequest {
        page_size: 1,
        ..Default::default()
    };
    let read_at = client
        .list_activities(request)
        .await
        .unwrap()
        .into_inner()
        .read_at;
    read_at.unwrap().position
}

/// So many writes make the service write a checkpoint.
const CHECKPOINT_WRITES: i64 = 250_000;
/// Activities in a chunk of an import that is to fill segments.
const LARGE_CHUNK: i64 = 500;

/// As [`activity`], with a text that fills segments.
fn large_activity(number: i64) -> pb::Activity {
    let mut state = number.cast_unsigned();
    let letters = (0..512).map(|_| char::from(b'0' + random(&mut state).to_le_bytes()[0] % 75));
    pb::Activity {
        dimensions: Some(pb::Dimensions {
            evidence_ref: letters.collect(),
            ..Default::default()
        }),
        ..activity(number)
    }
}

/// Sends chunks one after the other until there is no answer or all is sent; counts up `acknowledged` with every
/// answer.
async fn send(channel: Channel, acknowledged: &mut i64, until: i64) {
    let (chunks, waiting) = mpsc::channel(4);
    let first = *acknowledged;
    tokio::spawn(async move {
        let starts = (first..until).step_by(usize::try_from(LARGE_CHUNK).unwrap());
        for (sequence, start) in (1..).zip(starts) {
            let activities = (start + 1..=start + LARGE_CHUNK).map(large_activity);
            let chunk = pb::StreamActivitiesRequest {
                sequence,
                activities: activities.collect(),
                ..Default::default()
            };
            if chunks.send(chunk).await.is_err() {
                return;
            }
        }
    });
    let mut client = ActivityServiceClient::new(channel);
    if let Ok(answers) = client.stream_activities(ReceiverStream::new(waiting)).await {
        let mut answers = answers.into_inner();
        while let Ok(Some(answer)) = answers.message().await {
            assert!(answer.rejections.is_empty(), "{answer:?}");
            let count = i64::from(answer.posted_count + answer.duplicate_count);
            assert_eq!(count, LARGE_CHUNK);
            *acknowledged += LARGE_CHUNK;
        }
    }
}

/// Whether a file with such a name is being made in a folder.
fn is_making(folder: &Path, end: &str) -> bool {
    let names = std::fs::read_dir(folder).unwrap();
    let mut names = names.map(|name| name.unwrap().file_name().into_string().unwrap());
    names.any(|name| name.ends_with(end))
}

/// What `verify` says of the one tenant: how many activities, all of them proven.
fn verified(folder: &Path) -> i64 {
    let output = Command::new(env!("CARGO_BIN_EXE_profitscore"))
        .args(["verify", "--output", "json"])
        .arg(folder)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told} {:?}", output.stderr);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    told["tenants"][0]["activities"].as_i64().unwrap()
}

/// At which moment a server is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// While it opens the folder.
    Opening,
    /// While it writes a file whose name ends so, which it does after so many more activities at the latest.
    Making(&'static str, i64),
}

/// Starts a server, lets it take in some more, and kills it at a moment; says whether it came.
async fn kill_at(moment: Moment, folder: &Path, state: &mut u64, acknowledged: &mut i64) -> bool {
    let mut server = Server::start(folder);
    let (end, more) = match moment {
        Moment::Opening => {
            tokio::time::sleep(Duration::from_micros(random(state) % 400_000)).await;
            server.kill();
            return true;
        }
        Moment::Making(end, more) => (end, more),
    };
    let channel = server.channel().await;
    let count = ledger_size(&channel).await;
    assert!(
        count >= *acknowledged,
        "{moment:?}: {count} kept of {acknowledged} acknowledged"
    );
    // Everything is sent again from before what is there.
    *acknowledged = count / LARGE_CHUNK * LARGE_CHUNK - LARGE_CHUNK;
    let until = *acknowledged + more;
    let sending = send(channel, acknowledged, until);
    let life = Duration::from_micros(random(state) % LIFE);
    let killing = async {
        let begin = Instant::now();
        while !is_making(folder, end) && begin.elapsed() < Duration::from_secs(60) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let is_made = is_making(folder, end);
        tokio::time::sleep(life).await;
        server.kill();
        is_made
    };
    let (is_made, ()) = tokio::join!(killing, sending);
    is_made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_while_the_folder_is_tended_and_opened_lose_nothing_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut state = seed;
    let mut acknowledged = 0;
    let mut server = Server::start(folder.path());
    let channel = server.channel().await;
    let all = CHECKPOINT_WRITES + 10 * LARGE_CHUNK;
    send(channel, &mut acknowledged, all).await;
    assert_eq!(acknowledged, all);
    server.kill();
    // A checkpoint may have been finished before the first kill. Then the next is due after as many writes again;
    // packing, when nobody waits any more.
    let checkpoint = Moment::Making("CHECKPOINT.new", all);
    let packed = Moment::Making(".log.new", 20 * LARGE_CHUNK);
    let mut hits = [0; 2];
    for (moment, hit) in [
        (checkpoint, Some(0)),
        (Moment::Opening, None),
        (checkpoint, Some(0)),
        (checkpoint, Some(0)),
        (packed, Some(1)),
        (Moment::Opening, None),
        (packed, Some(1)),
        (Moment::Opening, None),
        (packed, Some(1)),
        (Moment::Opening, None),
    ] {
        let is_hit = kill_at(moment, folder.path(), &mut state, &mut acknowledged).await;
        if let Some(hit) = hit {
            hits[hit] += i32::from(is_hit);
        }
    }
    println!("killed while it wrote a checkpoint and while it packed: {hits:?}");
    assert!(hits[0] > 0 && hits[1] > 0, "{hits:?}");
    let kept = verified(folder.path());
    assert!(kept >= acknowledged, "{kept} of {acknowledged}");
    // They were sent in order: if so many with this sum are there, each is there once.
    let mut server = Server::start(folder.path());
    let channel = server.channel().await;
    assert_eq!(ledger_size(&channel).await, kept);
    assert_eq!(revenue(&channel).await, kept * (kept + 1) / 2);
    // Whatever is sent again is known, wherever it is.
    let mut again = 0;
    let until = 20 * LARGE_CHUNK;
    send(channel.clone(), &mut again, until).await;
    let mut last = kept / LARGE_CHUNK * LARGE_CHUNK - until;
    send(channel.clone(), &mut last, kept / LARGE_CHUNK * LARGE_CHUNK).await;
    assert_eq!(ledger_size(&channel).await, kept);
    assert_eq!(revenue(&channel).await, kept * (kept + 1) / 2);
}
