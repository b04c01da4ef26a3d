//! What can only be tried from within: colliding fingerprints, a full disk, requests that meet in one group.

use super::*;
use crate::domain::{
    activity::{Activity, Dimensions, Kind},
    id::ActivityId,
    ledger::Reversal,
    money::Currency,
    party::Stage,
    problem::Reason,
};
use std::{collections::BTreeMap, fs, path::Path, sync::mpsc as std_mpsc};
use tempfile::TempDir;

const NOW: Instant = Instant {
    seconds: 1_700_000_000,
    nanos: 0,
};

fn settings(folder: &Path) -> EmbeddedSettings {
    EmbeddedSettings {
        folder: folder.to_owned(),
        calendar: Calendar::of_zone("UTC").unwrap(),
        currency: Currency::parse("USD", "").unwrap(),
    }
}

fn tenant() -> TenantId {
    TenantId::parse("t", "").unwrap()
}

fn activity_id(id: &str) -> ActivityId {
    ActivityId::parse(id, "").unwrap()
}

fn payment(id: &str, amount: i64) -> Entry {
    Entry::Activity(Activity {
        activity_id: activity_id(id),
        customer_id: PartyId::parse("customer", "").unwrap(),
        occur_time: NOW,
        dimensions: Dimensions::default(),
        kind: Kind::Payment {
            amount,
            invoice_id: String::new(),
        },
    })
}

fn reversal(id: &str, of: &str) -> Entry {
    Entry::Reversal(Reversal {
        reversal_id: activity_id(id),
        activity_id: activity_id(of),
        reason: "x".to_owned(),
        evidence_ref: String::new(),
    })
}

async fn append(store: &EmbeddedStore, entries: Vec<Entry>) -> Result<Vec<Outcome>, Problem> {
    store.append(&tenant(), entries, NOW, WriteMode::Keep).await
}

async fn spend(store: &EmbeddedStore) -> i128 {
    let question = CrossQuestion {
        scope: crate::domain::question::Scope {
            period: crate::domain::time::Period::ALL,
            branches: Vec::new(),
            traits: Vec::new(),
            as_of: Position::MAX,
        },
        group: crate::domain::question::Group::Day,
    };
    let groups = store.cross(&tenant(), &question).await.unwrap();
    let spend = crate::domain::account::Account::Spend;
    groups.values().map(|sums| sums.get(&spend)).sum()
}

async fn meddle(store: &EmbeddedStore, with: impl FnOnce(&rusqlite::Connection) + Send + 'static) {
    let (done, is_done) = std_mpsc::channel();
    let message = Message::Meddle(Box::new(move |connection| {
        with(connection);
        done.send(()).unwrap();
    }));
    store
        .messages
        .as_ref()
        .unwrap()
        .send(message)
        .await
        .unwrap();
    is_done.recv().unwrap();
}

#[tokio::test]
async fn a_fingerprint_that_collides_is_never_a_duplicate() {
    let folder = TempDir::new().unwrap();
    let open = || {
        EmbeddedStore::open_with(
            &settings(folder.path()),
            Fingerprinter::new((1, 2)).weakened(),
            |_| (),
        )
        .unwrap()
    };
    let mut store = open();
    // Two hundred ids with four fingerprints, in several groups and over a reopening.
    for group in 0..4 {
        let entries: Vec<Entry> = (0..50)
            .map(|item| payment(&format!("{group}-{item}"), 1))
            .collect();
        let first = group * 50 + 1;
        let posted: Vec<Outcome> = (first..first + 50).map(Outcome::Posted).collect();
        assert_eq!(append(&store, entries.clone()).await.unwrap(), posted);
        let again: Vec<Outcome> = (first..first + 50).map(Outcome::Duplicate).collect();
        assert_eq!(append(&store, entries).await.unwrap(), again);
        if group == 1 {
            drop(store);
            store = open();
        }
    }
    let outcomes = append(&store, vec![payment("0-7", 2), reversal("r", "nothing")])
        .await
        .unwrap();
    let reasons = outcomes.iter().map(|outcome| match outcome {
        Outcome::Rejected(problem) => problem.reason,
        Outcome::Posted(_) | Outcome::Duplicate(_) => panic!("{outcome:?}"),
    });
    let expected = [Reason::ActivityConflict, Reason::ActivityNotFound];
    assert_eq!(reasons.collect::<Vec<_>>(), expected);
    assert_eq!(
        append(&store, vec![reversal("r", "1-7")]).await.unwrap(),
        [Outcome::Posted(201)]
    );
    assert_eq!(spend(&store).await, 199);
}

#[tokio::test]
async fn a_full_disk_stops_nothing_but_the_write() {
    let folder = TempDir::new().unwrap();
    let store = EmbeddedStore::open(&settings(folder.path()), |_| ()).unwrap();
    append(&store, vec![payment("a", 1)]).await.unwrap();
    meddle(&store, |connection| {
        let pages: i64 = connection
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .unwrap();
        connection
            .pragma_update(None, "max_page_count", pages + 2)
            .unwrap();
    })
    .await;
    // Too much for two pages: it fails in the middle of the transaction.
    let much: Vec<Entry> = (0..2_000)
        .map(|item| payment(&format!("much{item}"), 1))
        .collect();
    let record = Record::Party(Party {
        party_id: PartyId::parse("customer", "").unwrap(),
        stage: Stage::Customer,
        display_name: "x".repeat(100_000),
        traits: BTreeMap::new(),
    });
    for _ in 0..3 {
        let problem = append(&store, much.clone()).await.unwrap_err();
        assert_eq!(problem.reason, Reason::StoreUnavailable);
        assert!(problem.message.contains("full"), "{problem}");
        let put = store
            .put(&tenant(), vec![record.clone()], NOW, WriteMode::Keep)
            .await;
        assert_eq!(put.unwrap_err().reason, Reason::StoreUnavailable);
        assert_eq!(store.watermark(&tenant()).await.unwrap(), 1);
        assert_eq!(spend(&store).await, 1);
    }
    // What fits is written still.
    assert_eq!(
        append(&store, vec![payment("b", 1)]).await.unwrap(),
        [Outcome::Posted(2)]
    );
    meddle(&store, |connection| {
        connection
            .pragma_update(None, "max_page_count", 1_000_000)
            .unwrap();
    })
    .await;
    let posted: Vec<Outcome> = (3..2_003).map(Outcome::Posted).collect();
    assert_eq!(append(&store, much).await.unwrap(), posted);
    let put = store
        .put(&tenant(), vec![record], NOW, WriteMode::Keep)
        .await;
    assert_eq!(put.unwrap(), [Outcome::Posted(2_003)]);
    drop(store);
    let store = EmbeddedStore::open(&settings(folder.path()), |_| ()).unwrap();
    assert_eq!(store.watermark(&tenant()).await.unwrap(), 2_003);
    assert_eq!(spend(&store).await, 2_002);
}

#[tokio::test]
async fn one_request_of_a_group_can_fail_alone() {
    let folder = TempDir::new().unwrap();
    let open = || EmbeddedStore::open(&settings(folder.path()), |_| ()).unwrap();
    let store = open();
    append(&store, vec![payment("an-id-to-be-found", 1)])
        .await
        .unwrap();
    drop(store);
    let store = open();
    // Damage to the entry, after it was replayed and before it is read again.
    let path = folder.path().join(database::DATABASE);
    let mut bytes = fs::read(&path).unwrap();
    let id = b"an-id-to-be-found";
    let place = bytes
        .windows(id.len())
        .position(|window| window == id)
        .unwrap();
    bytes[place] ^= 1;
    fs::write(&path, bytes).unwrap();
    // The writer is held until three requests wait.
    let (go, may_go) = std_mpsc::channel::<()>();
    let hold = Message::Meddle(Box::new(move |_| may_go.recv().unwrap()));
    store.messages.as_ref().unwrap().send(hold).await.unwrap();
    let damaged = vec![payment("n2", 1), payment("an-id-to-be-found", 1)];
    let requests = async {
        tokio::join!(
            append(&store, vec![payment("n1", 1)]),
            append(&store, damaged),
            append(&store, vec![payment("n1", 1), payment("n2", 2)]),
        )
    };
    let release = async {
        tokio::task::yield_now().await;
        go.send(()).unwrap();
    };
    let ((first, second, third), ()) = tokio::join!(requests, release);
    assert_eq!(first.unwrap(), [Outcome::Posted(2)]);
    assert_eq!(second.unwrap_err().reason, Reason::LedgerDamaged);
    assert_eq!(third.unwrap(), [Outcome::Duplicate(2), Outcome::Posted(3)]);
    assert_eq!(spend(&store).await, 4);
}
