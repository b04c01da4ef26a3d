//! What PostgreSQL as a store costs: processor time of the database and of this process, for taking in activities
//! beside a bare script of pgbench that inserts the same, and for questions over a tenth of the activities and over all
//! of them.
//!
//! `cargo bench --bench postgres -- [activities] [--plans]` on a PostgreSQL of its own; with
//! `PROFITSCORE_DATABASE_URL` on a database of this machine that holds nothing else, or what an earlier run left.
//! `--plans` prints how the database answers each question.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

#[path = "../../tests/shared/cluster.rs"]
mod cluster;
mod ingest;
mod processes;
mod questions;

use cluster::{Cluster, PASSWORD};
use processes::{Server, Taken, load};
use profitscore::{
    domain::{money::Currency, time::Calendar},
    store::{
        Store as _,
        postgres::{self, DatabaseSettings, PostgresSettings, PostgresStore},
    },
};
use std::{io::Write as _, sync::Arc};
use tokio_postgres::{Client, NoTls};

/// A database, and how to reach it.
struct Place {
    url: String,
    password: String,
    cluster: Option<Cluster>,
}

impl Place {
    async fn find() -> Option<Self> {
        if let Ok(url) = std::env::var("PROFITSCORE_DATABASE_URL") {
            return Some(Self {
                url,
                password: std::env::var("PROFITSCORE_DATABASE_PASSWORD").unwrap_or_default(),
                cluster: None,
            });
        }
        let cluster = cluster::durable_cluster()?;
        Some(Self {
            url: cluster.new_database().await,
            password: PASSWORD.to_owned(),
            cluster: Some(cluster),
        })
    }

    fn settings(&self) -> DatabaseSettings {
        let mut settings = DatabaseSettings::parse(&self.url).unwrap();
        if !self.password.is_empty() {
            settings.set_password(&self.password);
        }
        settings
    }

    async fn store(&self) -> PostgresStore {
        let settings = PostgresSettings {
            calendar: Calendar::of_zone("UTC").unwrap(),
            currency: Currency::parse("USD", "currency").unwrap(),
            database: self.settings(),
        };
        PostgresStore::open(&settings).await.unwrap()
    }

    async fn client(&self) -> Client {
        let mut config: tokio_postgres::Config = self.url.parse().unwrap();
        config.password(&self.password);
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

fn tell(what: &str, activities: u64, taken: Taken) {
    #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
    let number = activities as f64;
    println!(
        "{what:18} {:9.0} a second of wall time; processor time for each: database {:6.2} us, \
         this process {:6.2} us; load {}",
        number / taken.wall,
        taken.database * 1e6 / number,
        taken.process * 1e6 / number,
        load()
    );
}

/// What the database has logged of plans since there were so many bytes.
fn plans(cluster: &Cluster, since: usize) -> String {
    let log = cluster.log();
    let lines = log[since..]
        .lines()
        .skip_while(|line| !line.contains("plan:"));
    let texts = lines.filter(|line| line.starts_with('\t') && !line.contains("Query Text:"));
    texts.collect::<Vec<_>>().join("\n")
}

async fn print_plans(place: &Place, client: &Client) {
    let Some(cluster) = &place.cluster else {
        println!("no plans: the log of the database at PROFITSCORE_DATABASE_URL is not known here");
        return;
    };
    let name = place.settings().name().to_owned();
    for setting in [
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_analyze = on",
        "auto_explain.log_timing = off",
        "auto_explain.log_buffers = on",
    ] {
        let set = format!("LOAD 'auto_explain'; ALTER DATABASE {name} SET {setting}");
        client.batch_execute(&set).await.unwrap();
    }
    let store = place.store().await;
    let as_of = store.watermark(&ingest::tenant()).await.unwrap();
    for (question, asked) in questions::all(as_of, ingest::DAYS.end) {
        let since = cluster.log().len();
        asked.ask(&store).await;
        println!("\n{question}\n{}", plans(cluster, since));
    }
}

/// Takes in a tenth of the activities and then the rest, and as many by a bare script.
async fn fill(
    place: &Place,
    client: &Client,
    server: &Server,
    store: &Arc<PostgresStore>,
    activities: u64,
) {
    ingest::customers(store).await;

    let tenth = activities / 10;
    println!(
        "{activities} activities of {} customers, load {}",
        ingest::CUSTOMERS,
        load()
    );
    ingest::through_the_store(store, 0..tenth, activities).await;
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    println!("questions over {tenth} activities");
    let tenth_end = ingest::DAYS.start + (ingest::DAYS.end - ingest::DAYS.start) / 10;
    questions::measure(server, store, tenth_end).await;

    let rest = ingest::through_the_store(store, tenth..activities, activities);
    let ((), taken) = server.measure(rest).await;
    tell("through the store", activities - tenth, taken);
    let body = "SELECT avg(length(l.body))::bigint AS length FROM profitscore.ledger l";
    let body: i64 = client.query_one(body, &[]).await.unwrap().get(0);
    let script = ingest::prepare_bare(client, usize::try_from(body).unwrap()).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(script.as_bytes()).unwrap();
    let programs = cluster::programs().unwrap();
    // It begins with tables as large as those that the store began with.
    ingest::bare(&programs, &place.url, &place.password, file.path(), tenth);
    let bare = async {
        ingest::bare(
            &programs,
            &place.url,
            &place.password,
            file.path(),
            activities - tenth,
        )
    };
    let (inserted, taken) = server.measure(bare).await;
    tell("bare pgbench", inserted, taken);
    for step in ["DROP SCHEMA bare CASCADE", "VACUUM ANALYZE"] {
        client.batch_execute(step).await.unwrap();
    }
}

#[tokio::main]
async fn main() {
    let Some(place) = Place::find().await else {
        return;
    };
    let activities = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let activities: u64 = activities.unwrap_or(400_000);
    postgres::migrate(&place.settings()).await.unwrap();
    let client = place.client().await;
    let backend = client.query_one("SELECT pg_backend_pid()", &[]).await;
    let server = Server::of_backend(backend.unwrap().get(0));
    let store = Arc::new(place.store().await);
    if store.watermark(&ingest::tenant()).await.unwrap() == 0 {
        fill(&place, &client, &server, &store, activities).await;
    }

    println!("questions over {activities} activities");
    questions::measure(&server, &store, ingest::DAYS.end).await;
    if std::env::args().any(|word| word == "--plans") {
        print_plans(&place, &client).await;
    }
}
