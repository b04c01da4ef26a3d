//! What several processes over one database may expect of each other, and what a database refuses.

use crate::{
    cluster::{Cluster, PASSWORD, cluster},
    durability::state,
    stores::{database, open_database},
    words::*,
};
use profitscore::{
    domain::{
        account::Account,
        money::Currency,
        party::Stage,
        problem::{Problem, Reason},
        question::Scope,
        ranking::Basis,
        time::{Calendar, Period},
    },
    store::postgres::{DatabaseSettings, PostgresSettings, PostgresStore, migrate},
};
use std::time::Duration;

async fn open(
    database: &DatabaseSettings,
    currency: &str,
    zone: &str,
) -> Result<PostgresStore, Problem> {
    let settings = PostgresSettings {
        calendar: Calendar::of_zone(zone).unwrap(),
        currency: Currency::parse(currency, "currency").unwrap(),
        database: database.clone(),
    };
    PostgresStore::open(&settings).await
}

#[tokio::test]
async fn what_one_writes_the_other_sees() {
    let Some(database) = database().await else {
        return;
    };
    let (one, other) = (
        open_database(&database).await,
        open_database(&database).await,
    );
    for round in 0..20 {
        let (writer, reader) = if round % 2 == 0 {
            (&one, &other)
        } else {
            (&other, &one)
        };
        let outcomes = append(writer, vec![sale(&format!("a{round}"), "c", 1, 1, 0)]).await;
        assert_eq!(outcomes, posted(round + 1, 1));
        assert_eq!(watermark(reader).await, round + 1);
        let answer = rank(reader, scope(Period::ALL), order(Basis::Revenue)).await;
        assert_eq!(standing(&answer), [("c", i128::from(round) + 1)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_write_at_once_without_gaps() {
    const WRITERS: u64 = 3;
    const BATCHES: u64 = 30;
    let Some(database) = database().await else {
        return;
    };
    let writers = (0..WRITERS).map(|writer| {
        let database = database.clone();
        tokio::spawn(async move {
            let store = open_database(&database).await;
            for batch in 0..BATCHES {
                // Every writer sends what the one before sends too.
                let ids = [
                    writer * BATCHES + batch,
                    (writer + 1) % WRITERS * BATCHES + batch,
                ];
                let entries =
                    ids.map(|id| sale(&format!("a{id}"), &format!("c{}", id % 7), 1, 1, 0));
                append(&store, entries.to_vec()).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let store = open_database(&database).await;
    let positions: Vec<_> = entries(&store, &all_entries())
        .await
        .iter()
        .map(|own| own.position)
        .collect();
    assert_eq!(positions, (1..=WRITERS * BATCHES).collect::<Vec<_>>());
    assert_eq!(watermark(&store).await, WRITERS * BATCHES);
}

#[tokio::test]
async fn a_database_is_migrated_once_and_keeps_what_it_was_made_with() {
    let Some(cluster) = cluster() else {
        return;
    };
    let database = cluster.database().await;
    let refused = |opened: Result<PostgresStore, Problem>| match opened {
        Ok(_) => panic!("it opens"),
        Err(problem) => problem,
    };
    let problem = refused(open(&database, "USD", "UTC").await);
    assert_eq!(problem.reason, Reason::StoreUnavailable);
    assert!(problem.message.contains("profitscore migrate"), "{problem}");
    // Two at once: one makes the tables, the other finds them.
    let (one, other) = tokio::join!(migrate(&database), migrate(&database));
    let (one, other) = (one.unwrap(), other.unwrap());
    let mut from = [one.from, other.from];
    from.sort_unstable();
    assert_eq!(from, [0, one.to]);
    assert!(open(&database, "USD", "UTC").await.is_ok());
    for (currency, zone, field) in [
        ("EUR", "UTC", "currency"),
        ("USD", "Europe/Berlin", "time_zone"),
    ] {
        let problem = refused(open(&database, currency, zone).await);
        assert_eq!(
            (problem.reason, problem.field.as_str()),
            (Reason::FieldInvalid, field)
        );
    }
    let client = cluster.client(&database).await;
    let newer = "INSERT INTO profitscore.migrations (version) VALUES (1000)";
    client.batch_execute(newer).await.unwrap();
    for problem in [
        refused(open(&database, "USD", "UTC").await),
        migrate(&database).await.unwrap_err(),
    ] {
        assert!(problem.message.contains("newer program"), "{problem}");
    }
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_is_stopped() {
    let Some(database) = database().await else {
        return;
    };
    let store = open_database(&database).await;
    append(&store, vec![sale("a", "c", 1, 1, 0)]).await;
    let client = cluster().unwrap().client(&database).await;
    client
        .batch_execute("BEGIN; LOCK TABLE profitscore.ledger IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let asked = rank(&store, scope(Period::ALL), order(Basis::Revenue));
    let answered = tokio::time::timeout(Duration::from_millis(300), asked).await;
    assert!(answered.is_err(), "it is answered behind a lock");
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND wait_event_type = 'Lock'";
    let mut tries = 0;
    while client
        .query_one(waiting, &[])
        .await
        .unwrap()
        .get::<_, i64>(0)
        > 0
    {
        tries += 1;
        assert!(tries < 600, "the database goes on waiting");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    client.batch_execute("COMMIT").await.unwrap();
    let answer = rank(&store, scope(Period::ALL), order(Basis::Revenue)).await;
    assert_eq!(standing(&answer), [("c", 1)]);
}

/// What `docs/backup.md` says of a dump, done.
#[tokio::test]
async fn a_dump_that_is_restored_answers_the_same_and_goes_on() {
    let Some(database) = database().await else {
        return;
    };
    let cluster = cluster().unwrap();
    let store = open_database(&database).await;
    append(
        &store,
        vec![sale("a", "c", 1, 3, 1), sale("b", "d", 2, 2, 1)],
    )
    .await;
    let customer = party("c", Stage::Customer, [("size", category("big"))]);
    let model = cost_model("q", rates([("CLERK", 2)]), None);
    put(&store, vec![customer, model]).await;
    append(&store, vec![reversal("r", "b")]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump");
    let file = file.to_str().unwrap();
    let dump = ["--format=custom", "--schema=profitscore", "--file", file];
    cluster.run("pg_dump", database.name(), &dump);
    // What comes after it is not in it.
    append(&store, vec![sale("e", "c", 1, 9, 1)]).await;

    let restored = cluster.database().await;
    let restore = ["--exit-on-error", "--no-owner", file];
    cluster.run("pg_restore", restored.name(), &restore);
    let copy = open_database(&restored).await;
    assert_eq!(watermark(&copy).await, 5);
    let id = &tenant("t");
    for as_of in [2, 4, 5] {
        assert_eq!(
            state(&copy, id, as_of).await,
            state(&store, id, as_of).await
        );
    }
    assert_eq!(
        append(&copy, vec![sale("e", "c", 1, 9, 1)]).await,
        posted(6, 1)
    );
    assert_eq!(state(&copy, id, 6).await, state(&store, id, 6).await);
    // A tenant that is new gets a number of its own.
    append_to(&copy, "u", vec![sale("a", "c", 1, 1, 0)]).await;
    assert_eq!(state(&copy, id, 6).await, state(&store, id, 6).await);
}

#[tokio::test]
async fn the_certificate_of_the_database_is_verified() {
    let Some(cluster) = cluster() else {
        return;
    };
    let url = cluster
        .new_database()
        .await
        .replace("127.0.0.1", "localhost");
    let named = |url: &str, authorities: Option<std::path::PathBuf>| {
        let mut settings = DatabaseSettings::parse(url).unwrap();
        settings.set_password(PASSWORD);
        settings.authorities = authorities;
        settings
    };
    let url = format!("{url}?sslmode=require");
    let trusting = named(&url, Some(Cluster::authority()));
    migrate(&trusting).await.unwrap();
    let store = open(&trusting, "USD", "UTC").await.unwrap();
    append(&store, vec![sale("a", "c", 1, 1, 0)]).await;
    let client = cluster.client(&trusting).await;
    let secured = "SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a ON a.pid = s.pid \
                   WHERE a.datname = current_database() AND a.application_name = 'profitscore'";
    assert!(
        client
            .query_one(secured, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
    // An authority that nobody named, and a name that it does not vouch for.
    let other_name = format!("{url}&hostaddr=127.0.0.1").replace("localhost", "db.example.org");
    for settings in [
        named(&url, None),
        named(&other_name, Some(Cluster::authority())),
    ] {
        let problem = migrate(&settings).await.unwrap_err();
        assert!(problem.message.contains("certificate"), "{problem}");
    }
    let missing = named(&url, Some("there/is/none.pem".into()));
    assert_eq!(
        migrate(&missing).await.unwrap_err().field,
        "database_authorities"
    );
}

#[tokio::test]
async fn a_database_of_the_first_version_gets_its_books() {
    let Some(cluster) = cluster() else {
        return;
    };
    let database = cluster.database().await;
    migrate(&database).await.unwrap();
    let store = open(&database, "USD", "UTC").await.unwrap();
    let batch = vec![
        sale("1", "a", 1, 10, 3),
        service("2", "a", 2, "CLERK", 30),
        sale("3", "b", 2, 20, 5),
        reversal("4", "1"),
    ];
    append(&store, batch).await;
    let ask = async |as_of| {
        let asked = Scope {
            as_of,
            ..scope(days(0, 2))
        };
        rank(&store, asked, order(Basis::NetProfit)).await
    };
    let (before, all) = (ask(2).await, ask(NEWEST).await);
    assert_eq!(before.totals.ledger.get(&Account::GrossRevenue), 10_000_000);
    assert_eq!(all.totals.ledger.get(&Account::GrossRevenue), 0);
    let client = cluster.client(&database).await;
    let back = "DROP TABLE profitscore.books, profitscore.closings, profitscore.products, \
                profitscore.exchange_rates, profitscore.price_terms, profitscore.prospect_records; \
                DROP AGGREGATE profitscore.total (bigint); \
                DROP INDEX profitscore.parties_seq; \
                ALTER TABLE profitscore.parties DROP COLUMN record_seconds, DROP COLUMN record_nanos; \
                ALTER TABLE profitscore.trait_definitions DROP COLUMN record_seconds, DROP COLUMN record_nanos; \
                DROP INDEX profitscore.ledger_seq; ALTER TABLE profitscore.ledger DROP COLUMN sale; \
                ALTER TABLE profitscore.ledger ADD PRIMARY KEY (tenant, seq, customer); \
                DELETE FROM profitscore.migrations WHERE version > 1";
    client.batch_execute(back).await.unwrap();
    assert!(open(&database, "USD", "UTC").await.is_err());
    let migrated = migrate(&database).await.unwrap();
    assert_eq!((migrated.from, migrated.to), (1, 9));
    assert_eq!((ask(2).await, ask(NEWEST).await), (before, all));
    append(&store, vec![sale("5", "a", 1, 40, 1)]).await;
    let answer = ask(NEWEST).await;
    assert_eq!(answer.totals.ledger.get(&Account::GrossRevenue), 40_000_000);
    assert_eq!(answer.totals.ledger, answer.totals.reported);
}
