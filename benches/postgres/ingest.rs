//! Taking in: activities through the store, and the same rows by a bare script of pgbench.

use profitscore::{
    domain::{
        activity::{Activity, Dimensions, Kind},
        id::{ActivityId, PartyId, TenantId},
        ledger::{Entry, Outcome, WriteMode},
        party::{Party, Stage, TraitValue},
        records::Record,
        time::Instant,
    },
    store::{Store, postgres::PostgresStore},
};
use std::{ops::Range, path::Path, process::Command, sync::Arc};
use tokio_postgres::Client;

const BATCH: u64 = 1_000;
const CLIENTS: u64 = 8;
/// How many activities a transaction of the bare script has: as many as one of the store.
const GROUP: u64 = 4_000;
pub const CUSTOMERS: u64 = 200_000;
/// Three years.
pub const DAYS: Range<i32> = 17_361..17_361 + 3 * 365;

pub const NOW: Instant = Instant {
    seconds: 1_800_000_000,
    nanos: 0,
};

pub fn tenant() -> TenantId {
    TenantId::stored("bench")
}

pub fn customer(number: u64) -> PartyId {
    PartyId::stored(&format!("customer-{number:07}"))
}

/// A sale; all of them are spread over the days, one after the other.
fn sale(number: u64, all: u64) -> Entry {
    let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let seconds = u64::from(DAYS.end.abs_diff(DAYS.start)) * 86_400 * number / all;
    Entry::Activity(Activity {
        original: None,
        activity_id: ActivityId::stored(&format!("{scattered:016x}-{number:012}")),
        customer_id: customer(scattered % CUSTOMERS),
        occur_time: Instant {
            seconds: i64::from(DAYS.start) * 86_400 + i64::try_from(seconds).unwrap(),
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

async fn append(store: Arc<PostgresStore>, numbers: Range<u64>, all: u64) {
    for first in numbers.step_by(usize::try_from(BATCH * CLIENTS).unwrap()) {
        let entries = (first..first + BATCH).map(|number| sale(number, all));
        let outcomes = store
            .append(&tenant(), entries.collect(), NOW, WriteMode::Keep)
            .await
            .unwrap();
        let is_posted = |outcome: &Outcome| matches!(outcome, Outcome::Posted(_));
        assert!(outcomes.iter().all(is_posted));
    }
}

/// Takes in sales through the store, several clients at once.
pub async fn through_the_store(store: &Arc<PostgresStore>, numbers: Range<u64>, all: u64) {
    let clients = (0..CLIENTS).map(|client| {
        let own = numbers.start + client * BATCH..numbers.end;
        tokio::spawn(append(Arc::clone(store), own, all))
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

/// Stores all customers, each with two traits.
pub async fn customers(store: &PostgresStore) {
    for first in (0..CUSTOMERS).step_by(4_000) {
        let parties = (first..first + 4_000).map(|number| {
            let branch = TraitValue::Category(format!("industry {}", number % 12));
            let size = TraitValue::Number(i64::try_from(number % 1_000).unwrap() * 1_000_000);
            let traits = [("industry", branch), ("size", size)];
            let traits = traits.map(|(key, value)| {
                let key = profitscore::domain::id::TraitKey::stored(key);
                (key, value)
            });
            Record::Party(Party {
                party_id: customer(number),
                stage: Stage::Customer,
                display_name: String::new(),
                traits: traits.into_iter().collect(),
            })
        });
        let kept = store
            .put(&tenant(), parties.collect(), NOW, WriteMode::Keep)
            .await;
        kept.unwrap();
    }
}

/// Makes tables of the same form as the store's, and the script that inserts as many rows of the same form in each
/// transaction. Texts, amounts and bodies are constants of a statement that is prepared once: nothing is sent, and
/// nothing is read but this.
pub async fn prepare_bare(client: &Client, body: usize) -> String {
    let tables = "DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare; CREATE SEQUENCE bare.groups; \
                  CREATE TABLE bare.ids (LIKE profitscore.ids INCLUDING ALL); \
                  CREATE TABLE bare.ledger (LIKE profitscore.ledger INCLUDING ALL)";
    client.batch_execute(tables).await.unwrap();
    let scattered = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let list = |each: &dyn Fn(u64) -> String| {
        let all: Vec<String> = (0..GROUP).map(each).collect();
        format!("'{{{}}}'", all.join(","))
    };
    let mut ids: Vec<u64> = (0..GROUP).map(scattered).collect();
    ids.sort_unstable();
    let id = list(&|number| format!("{:016x}", ids[usize::try_from(number).unwrap()]));
    let place = list(&|number| number.to_string());
    let day = list(&|number| (number / 3_650).to_string());
    let bought = list(&|number| format!("customer-{:07}", scattered(number) % CUSTOMERS));
    let gross = list(&|number| (scattered(number) % 100_000 * 10_000).to_string());
    let cost = list(&|number| (scattered(number) % 90_000 * 10_000).to_string());
    let branch = list(&|number| format!("branch-{}", number % 20));
    let product = list(&|number| format!("product-{}", number % 500));
    let body = "00".repeat(body);
    format!(
        "SELECT nextval('bare.groups') AS own \\gset\n\
         BEGIN;\n\
         INSERT INTO bare.ids (tenant, id, seq) SELECT 1, n.id || '-' || lpad((:own)::text, 12, '0'), \
         (:own)::bigint * {GROUP} + n.place FROM unnest({id}::text[], {place}::bigint[]) AS n(id, place) \
         ON CONFLICT DO NOTHING;\n\
         INSERT INTO bare.ledger (tenant, seq, day, what, live, customer, gross, cost, quantity, branch, product, \
         manager, occur_seconds, record_seconds, occur_nanos, record_nanos, body) \
         SELECT 1, (:own)::bigint * {GROUP} + n.place, 17361 + (:own)::integer + n.day, 1, 1, n.customer, n.gross, \
         n.cost, 1000000, n.branch, n.product, 'UNASSIGNED', 1500000000, 1700000000, 0, 0, \
         decode('{body}', 'hex') FROM unnest({place}::bigint[], {day}::integer[], {bought}::text[], \
         {gross}::bigint[], {cost}::bigint[], {branch}::text[], {product}::text[]) \
         AS n(place, day, customer, gross, cost, branch, product) ON CONFLICT DO NOTHING;\n\
         COMMIT;\n"
    )
}

/// Runs the script, until so many activities are inserted. Says how many were.
pub fn bare(programs: &Path, url: &str, password: &str, script: &Path, activities: u64) -> u64 {
    let transactions = activities.div_ceil(GROUP);
    let ran = Command::new(programs.join("pgbench"))
        .args(["--no-vacuum", "--protocol=prepared", "--client=1"])
        .arg(format!("--transactions={transactions}"))
        .arg("--file")
        .arg(script)
        .arg(url)
        .env("PGPASSWORD", password)
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    transactions * GROUP
}
