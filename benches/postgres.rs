//! What taking in activities costs on PostgreSQL: processor time of the database and of this process for each, beside
//! that of the bare inserts of as many rows of the same form into tables of the same form.
//!
//! `PROFITSCORE_DATABASE_URL=postgresql://… cargo bench --bench postgres [activities]` on a migrated database of this
//! machine that holds nothing else; processor time is read from `/proc`.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use profitscore::{
    domain::{
        activity::{Activity, Dimensions, Kind},
        id::{ActivityId, PartyId, TenantId},
        ledger::{Entry, Outcome, WriteMode},
        money::Currency,
        time::{Calendar, Instant},
    },
    store::{
        Store,
        postgres::{DatabaseSettings, PostgresSettings, PostgresStore},
    },
};
use std::{fs, sync::Arc, time};
use tokio_postgres::{Client, NoTls};

const BATCH: u64 = 1_000;
const CLIENTS: u64 = 8;

/// Seconds of processor time of a process, with those of its children that ended.
fn seconds(process: &str) -> Option<(u64, f64)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields[11..15]
        .iter()
        .map(|field| field.parse::<f64>().unwrap());
    Some((fields[1].parse().unwrap(), ticks.sum::<f64>() / 100.0))
}

/// Seconds of processor time of the database: of its first process and of all that this one began.
fn of_database(first: u64) -> f64 {
    let processes = fs::read_dir("/proc").unwrap();
    let names = processes.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let all = names.filter_map(|name| Some((name.parse::<u64>().ok()?, seconds(&name)?)));
    let own = all.filter(|(process, (parent, _))| *process == first || *parent == first);
    own.map(|(_, (_, seconds))| seconds).sum()
}

fn sale(number: u64) -> Entry {
    let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Entry::Activity(Activity {
        activity_id: ActivityId::stored(&format!("{scattered:016x}-{number:012}")),
        customer_id: PartyId::stored(&format!("customer-{:07}", scattered % 200_000)),
        occur_time: Instant {
            seconds: 1_500_000_000 + i64::try_from(number).unwrap() * 60,
            nanos: 0,
        },
        dimensions: Dimensions {
            branch_id: format!("branch-{}", number % 20),
            product_id: format!("product-{}", number % 500),
            ..Dimensions::default()
        },
        kind: Kind::Sale {
            revenue: i64::try_from(scattered % 100_000).unwrap() * 10_000,
            cost_of_goods: Some(i64::try_from(scattered % 90_000).unwrap() * 10_000),
            quantity: Some(1_000_000),
            price: None,
        },
    })
}

async fn append(store: Arc<PostgresStore>, activities: u64, client: u64) {
    let tenant = TenantId::stored("bench");
    let now = Instant {
        seconds: 1_700_000_000,
        nanos: 0,
    };
    let mut first = client * BATCH;
    while first < activities {
        let entries = (first..first + BATCH).map(sale).collect();
        let outcomes = store
            .append(&tenant, entries, now, WriteMode::Keep)
            .await
            .unwrap();
        assert!(
            outcomes
                .iter()
                .all(|outcome| matches!(outcome, Outcome::Posted(_)))
        );
        first += BATCH * CLIENTS;
    }
}

async fn bare(client: &Client, activities: u64) {
    let tables = "DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare; \
                  CREATE TABLE bare.ids (LIKE profitscore.ids INCLUDING ALL); \
                  CREATE TABLE bare.ledger (LIKE profitscore.ledger INCLUDING ALL)";
    client.batch_execute(tables).await.unwrap();
    for first in (0..activities).step_by(usize::try_from(BATCH).unwrap()) {
        let last = first + BATCH - 1;
        client
            .batch_execute(&format!(
                "BEGIN; INSERT INTO bare.ids SELECT 1, md5(i::text), i FROM generate_series({first}, {last}) i; \
                 INSERT INTO bare.ledger (tenant, seq, day, what, live, customer, gross, cost, quantity, branch, \
                 product, manager, occur_seconds, record_seconds, occur_nanos, record_nanos, body) \
                 SELECT 1, i, 18000 + i / 1440, 1, 1, 'customer-' || lpad((i * 48271 % 200000)::text, 7, '0'), \
                 i * 7919 % 100000 * 10000, i * 104729 % 90000 * 10000, 1000000, 'branch-' || i % 20, \
                 'product-' || i % 500, 'UNASSIGNED', 1500000000 + i * 60, 1700000000, 0, 0, \
                 decode(repeat('00', 70), 'hex') \
                 FROM generate_series({first}::bigint, {last}::bigint) i; COMMIT"
            ))
            .await
            .unwrap();
    }
}

fn tell(what: &str, activities: u64, wall: f64, database: f64, own: f64) {
    let each = |seconds: f64| seconds * 1e6 / activities as f64;
    println!(
        "{what:22} {:9.0} a second of wall time; for each: database {:6.2} us, this process {:6.2} us of \
         processor time",
        activities as f64 / wall,
        each(database),
        each(own)
    );
}

#[tokio::main]
async fn main() {
    let Ok(url) = std::env::var("PROFITSCORE_DATABASE_URL") else {
        println!("skipped: PROFITSCORE_DATABASE_URL names no database");
        return;
    };
    let activities = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let activities: u64 = activities.unwrap_or(400_000);
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let backend: i32 = client
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap()
        .get(0);
    let (first, _) = seconds(&backend.to_string()).unwrap();
    let settings = PostgresSettings {
        calendar: Calendar::of_zone("UTC").unwrap(),
        currency: Currency::parse("USD", "currency").unwrap(),
        database: DatabaseSettings::parse(&url).unwrap(),
    };
    let store = Arc::new(PostgresStore::open(&settings).await.unwrap());
    let load = fs::read_to_string("/proc/loadavg").unwrap();
    println!(
        "{activities} activities, batches of {BATCH}, {CLIENTS} clients; load {}",
        load.trim()
    );

    let own = || seconds("self").unwrap().1;
    let (database, process, begin) = (of_database(first), own(), time::Instant::now());
    let clients = (0..CLIENTS).map(|one| tokio::spawn(append(Arc::clone(&store), activities, one)));
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    let wall = begin.elapsed().as_secs_f64();
    tell(
        "through the store",
        activities,
        wall,
        of_database(first) - database,
        own() - process,
    );

    let (database, process, begin) = (of_database(first), own(), time::Instant::now());
    bare(&client, activities).await;
    let wall = begin.elapsed().as_secs_f64();
    tell(
        "bare inserts",
        activities,
        wall,
        of_database(first) - database,
        own() - process,
    );
}
