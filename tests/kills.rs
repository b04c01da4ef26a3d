//! Two services over one database, four clients that send at random and send again, and `kill -9` of a service and of
//! the database in turn: nothing acknowledged is lost, and nothing is counted twice.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "shared/cluster.rs"]
mod cluster;
#[path = "shared/numbered.rs"]
mod numbered;

use cluster::{Cluster, PASSWORD};
use numbered::{activity, random};
use profitscore::api::pb::{
    self, activity_service_client::ActivityServiceClient,
    ranking_service_client::RankingServiceClient,
};
use std::{
    collections::BTreeSet,
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tonic::{
    Code,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

const CLIENTS: u64 = 4;
/// How often each of the three is killed.
const ROUNDS: u32 = 5;
/// Activities in a chunk; chunks are resent whole.
const CHUNK: i64 = 40;
/// The longest that anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// A service as a process of its own, killed when it is dropped.
struct Server {
    process: Child,
    port: u16,
    url: String,
}

impl Server {
    fn start(url: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        Self {
            process: Self::spawn(url, port),
            port,
            url: url.to_owned(),
        }
    }

    fn spawn(url: &str, port: u16) -> Child {
        Command::new(env!("CARGO_BIN_EXE_profitscore"))
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .env("PROFITSCORE_DATABASE_URL", url)
            .env("PROFITSCORE_DATABASE_PASSWORD", PASSWORD)
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// `kill -9`, and another one at the same address.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = Self::spawn(&self.url, self.port);
    }

    /// A service that ended because its database was away is started again, as any service manager would.
    fn keep_up(&mut self) {
        if self.process.try_wait().unwrap().is_some() {
            self.process = Self::spawn(&self.url, self.port);
        }
    }

    fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", self.port)).unwrap();
        endpoint.connect_lazy()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the clients have in common.
#[derive(Default)]
struct Shared {
    /// Chunks that were acknowledged.
    acknowledged: Mutex<BTreeSet<i64>>,
    /// When the last one was.
    last: Mutex<Option<Instant>>,
}

/// Sends chunks that may be new, or sent before, or being sent by others, until it is aborted.
async fn send(shared: Arc<Shared>, channels: [Channel; 2], mut state: u64) {
    loop {
        let newest = shared.acknowledged.lock().unwrap().len() as u64;
        let chunk = i64::try_from(random(&mut state) % (newest + 8)).unwrap();
        let mut tries = 0;
        let begin = Instant::now();
        loop {
            assert!(
                begin.elapsed() < PATIENCE,
                "chunk {chunk} is never acknowledged"
            );
            let channel = &channels[usize::try_from(random(&mut state) % 2).unwrap()];
            let numbers = chunk * CHUNK + 1..=(chunk + 1) * CHUNK;
            let request = pb::SubmitActivitiesRequest {
                activities: numbers.map(activity).collect(),
                ..Default::default()
            };
            let mut client = ActivityServiceClient::new(channel.clone());
            match client.submit_activities(request).await {
                Ok(answer) => {
                    for result in answer.into_inner().results {
                        let Some(outcome) = result.outcome else {
                            panic!("an item without an outcome");
                        };
                        let refused = matches!(outcome, pb::activity_result::Outcome::Rejection(_));
                        assert!(!refused, "{outcome:?}");
                    }
                    break;
                }
                Err(status) => {
                    let passes = [
                        Code::Unavailable,
                        Code::Unknown,
                        Code::Cancelled,
                        Code::DeadlineExceeded,
                    ];
                    assert!(passes.contains(&status.code()), "{status:?}");
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(5 * tries.min(20))).await;
                }
            }
        }
        shared.acknowledged.lock().unwrap().insert(chunk);
        *shared.last.lock().unwrap() = Some(Instant::now());
    }
}

/// Waits until something is acknowledged that was sent after `moment`, and says how long that took.
async fn recovered(shared: &Shared, moment: Instant, servers: &mut [Server; 2]) -> Duration {
    loop {
        assert!(
            moment.elapsed() < PATIENCE,
            "nothing is acknowledged any more"
        );
        servers.iter_mut().for_each(Server::keep_up);
        let last = *shared.last.lock().unwrap();
        if let Some(last) = last.filter(|last| *last > moment + Duration::from_millis(20)) {
            return last - moment;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What the ledger holds by its audit trail: the numbers of all activities.
async fn ledger(channel: &Channel) -> BTreeSet<i64> {
    let mut client = ActivityServiceClient::new(channel.clone());
    let mut request = pb::ListActivitiesRequest {
        page_size: 1_000,
        ..Default::default()
    };
    let (mut position, mut found) = (0, BTreeSet::new());
    loop {
        let page = client
            .list_activities(request.clone())
            .await
            .unwrap()
            .into_inner();
        for entry in page.entries {
            position += 1;
            assert_eq!(
                entry.position.unwrap().position,
                position,
                "positions have no gaps"
            );
            let Some(pb::ledger_entry::Entry::Activity(own)) = entry.entry else {
                panic!("{entry:?}");
            };
            let number: i64 = own.activity_id[1..].parse().unwrap();
            assert_eq!(own, activity(number), "what is kept is what was sent");
            assert!(found.insert(number), "{number} is there twice");
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return found;
        }
    }
}

/// The total revenue by the books as of a position, which the service has proved to tie.
async fn revenue(channel: &Channel, position: usize) -> i64 {
    let position = i64::try_from(position).unwrap();
    let request = pb::RankCustomersRequest {
        basis: pb::RankingBasis::Revenue as i32,
        read_options: Some(pb::ReadOptions {
            as_of: Some(pb::LedgerPosition { position }),
            at_least_as_fresh: None,
            as_closed: None,
        }),
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

async fn migrated(cluster: &Cluster) -> String {
    let url = cluster.new_database().await;
    let migrated = Command::new(env!("CARGO_BIN_EXE_profitscore"))
        .arg("migrate")
        .env("PROFITSCORE_DATABASE_URL", &url)
        .env("PROFITSCORE_DATABASE_PASSWORD", PASSWORD)
        .stdout(Stdio::null())
        .status();
    assert!(migrated.unwrap().success());
    url
}

fn copy(from: &str, to: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_profitscore"));
    command.args(["copy", "--from", from, "--to", to, "-o", "json"]);
    command.env("PROFITSCORE_DATABASE_PASSWORD", PASSWORD);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_goes_on_through_kills_of_the_database() {
    const ACTIVITIES: i64 = 24_000;
    let Some(cluster) = cluster::durable_cluster() else {
        return;
    };
    let (source, target) = (migrated(&cluster).await, migrated(&cluster).await);
    {
        let server = Server::start(&source);
        until(&server.channel(), ServingStatus::Serving).await;
        let mut client = ActivityServiceClient::new(server.channel());
        for first in (1..ACTIVITIES).step_by(1_000) {
            let request = pb::SubmitActivitiesRequest {
                activities: (first..first + 1_000).map(activity).collect(),
                ..Default::default()
            };
            client.submit_activities(request).await.unwrap();
        }
    }
    let mut state = u64::from(std::process::id());
    println!("seed {state}");
    let (begin, mut kills, mut runs) = (Instant::now(), 0, 0);
    let mut copying = copy(&source, &target).spawn().unwrap();
    loop {
        assert!(begin.elapsed() < PATIENCE, "the copy never ends");
        tokio::time::sleep(Duration::from_millis(200 + random(&mut state) % 900)).await;
        if let Some(status) = copying.try_wait().unwrap() {
            runs += 1;
            match status.code() {
                Some(0) if kills > 0 => break,
                // It ended before anything was killed, or was given no time to try again.
                Some(0 | 3) => copying = copy(&source, &target).spawn().unwrap(),
                code => panic!("exit code {code:?}"),
            }
        }
        // The file tells of the one that was killed until the next one runs.
        if kills < 4
            && let Some(server) = cluster.server()
            && rustix::process::kill_process(server, rustix::process::Signal::KILL).is_ok()
        {
            kills += 1;
        }
    }
    let again = copy(&source, &target).output().unwrap();
    assert!(again.status.success());
    let said: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    let tenant = &said["tenants"][0];
    assert_eq!(tenant["found"], ACTIVITIES);
    assert_eq!(tenant["target"]["activities"], ACTIVITIES.to_string());
    let total = ACTIVITIES * (ACTIVITIES + 1) / 2;
    assert_eq!(tenant["target"]["gross_revenue"], total.to_string());
    println!("{kills} kills, {runs} runs of the copy");
}

/// Waits until health says this.
async fn until(channel: &Channel, wanted: ServingStatus) {
    let begin = Instant::now();
    loop {
        let mut client = HealthClient::new(channel.clone());
        let said = client.check(HealthCheckRequest::default()).await;
        if said.is_ok_and(|said| said.into_inner().status() == wanted) {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "health never says {wanted:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_tells_whether_the_database_can_be_reached() {
    let Some(cluster) = cluster::durable_cluster() else {
        return;
    };
    let server = Server::start(&migrated(&cluster).await);
    let channel = server.channel();
    let mut client = ActivityServiceClient::new(channel.clone());
    let request = |number| pb::SubmitActivitiesRequest {
        activities: vec![activity(number)],
        ..Default::default()
    };
    until(&channel, ServingStatus::Serving).await;
    client.submit_activities(request(1)).await.unwrap();
    for round in 2..4 {
        cluster.hold();
        until(&channel, ServingStatus::NotServing).await;
        let status = client.submit_activities(request(round)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        cluster.release();
        until(&channel, ServingStatus::Serving).await;
        client.submit_activities(request(round)).await.unwrap();
    }
    assert_eq!(ledger(&channel).await, (1..4).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_services_and_of_the_database_lose_nothing_and_double_nothing() {
    let Some(cluster) = cluster::durable_cluster() else {
        return;
    };
    let url = migrated(&cluster).await;
    let mut servers = [Server::start(&url), Server::start(&url)];
    let channels = servers.each_ref().map(Server::channel);
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut state = seed;
    let shared = Arc::new(Shared::default());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            tokio::spawn(send(
                Arc::clone(&shared),
                channels.clone(),
                seed ^ client << 32,
            ))
        })
        .collect();
    recovered(&shared, Instant::now(), &mut servers).await;
    let mut longest = [Duration::ZERO; 3];
    for round in 0..3 * ROUNDS {
        tokio::time::sleep(Duration::from_millis(100 + random(&mut state) % 400)).await;
        let which = usize::try_from(round % 3).unwrap();
        match servers.get_mut(which) {
            Some(server) => server.kill(),
            None => {
                let server = cluster.server().unwrap();
                rustix::process::kill_process(server, rustix::process::Signal::KILL).unwrap();
            }
        }
        let took = recovered(&shared, Instant::now(), &mut servers).await;
        longest[which] = longest[which].max(took);
    }
    for client in clients {
        assert!(!client.is_finished(), "{:?}", client.await);
        client.abort();
    }
    for server in &mut servers {
        server.keep_up();
    }
    let acknowledged: BTreeSet<i64> = shared.acknowledged.lock().unwrap().clone();
    let begin = Instant::now();
    let mut ready = ActivityServiceClient::new(channels[0].clone());
    while ready
        .list_activities(pb::ListActivitiesRequest::default())
        .await
        .is_err()
    {
        assert!(begin.elapsed() < PATIENCE, "the service does not open");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let found = ledger(&channels[0]).await;
    for chunk in &acknowledged {
        for number in chunk * CHUNK + 1..=(chunk + 1) * CHUNK {
            assert!(
                found.contains(&number),
                "{number} was acknowledged and is lost"
            );
        }
    }
    // What was sent last may be written still: nobody told the database that its client has gone.
    let by_the_books = revenue(&channels[0], found.len()).await;
    assert_eq!(by_the_books, found.iter().sum::<i64>());
    println!(
        "{} activities, {} acknowledged; longest until the next acknowledgement after a kill of a service: \
         {:?} and {:?}, of the database: {:?}",
        found.len(),
        i64::try_from(acknowledged.len()).unwrap() * CHUNK,
        longest[0],
        longest[1],
        longest[2]
    );
}
