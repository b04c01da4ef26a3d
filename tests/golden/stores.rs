//! The stores that worlds are lived on, each empty.

use crate::cluster::cluster;
use profitscore::{
    domain::{money::Currency, time::Calendar},
    store::{
        Store,
        embedded::{BookSizes, CheckpointSizes, EmbeddedSettings, EmbeddedStore},
        memory::MemoryStore,
        postgres::{self, PostgresSettings, PostgresStore},
    },
};
use std::sync::Arc;
use tempfile::TempDir;

/// A store and the folder that goes with it.
pub struct Opened {
    pub store: Arc<dyn Store>,
    _folder: Option<TempDir>,
}

pub fn calendar() -> Calendar {
    Calendar::of_zone("UTC").unwrap()
}

pub fn currency() -> Currency {
    Currency::parse("USD", "").unwrap()
}

/// The reference.
#[allow(clippy::unused_async, reason = "others are opened over a network")]
pub async fn memory() -> Option<Opened> {
    Some(Opened {
        store: Arc::new(MemoryStore::new(calendar())),
        _folder: None,
    })
}

/// The embedded store.
#[allow(clippy::unused_async, reason = "others are opened over a network")]
pub async fn embedded() -> Option<Opened> {
    let folder = tempfile::tempdir().unwrap();
    let settings = EmbeddedSettings {
        folder: folder.path().to_owned(),
        calendar: calendar(),
        currency: currency(),
        books: BookSizes::default(),
        checkpoints: CheckpointSizes::default(),
    };
    let store = EmbeddedStore::open(&settings, |_| ()).unwrap();
    Some(Opened {
        store: Arc::new(store),
        _folder: Some(folder),
    })
}

/// A store in a database of its own, if PostgreSQL is installed.
pub async fn postgres() -> Option<Opened> {
    let database = cluster()?.database().await;
    postgres::migrate(&database).await.unwrap();
    let settings = PostgresSettings {
        calendar: calendar(),
        currency: currency(),
        database,
    };
    let store = PostgresStore::open(&settings).await.unwrap();
    Some(Opened {
        store: Arc::new(store),
        _folder: None,
    })
}
