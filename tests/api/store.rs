//! The store that these tests run on.

use profitscore::{
    domain::{money::Currency, time::Calendar},
    store::{
        Store,
        embedded::{BookSizes, CheckpointSizes, EmbeddedSettings, EmbeddedStore},
    },
};
use std::sync::Arc;
use tempfile::TempDir;

/// An empty embedded store, in US dollars and UTC, and its folder.
#[allow(clippy::unused_async, reason = "others are opened over a network")]
pub async fn open() -> (Arc<dyn Store>, Option<TempDir>) {
    let folder = tempfile::tempdir().unwrap();
    let settings = EmbeddedSettings {
        folder: folder.path().to_owned(),
        calendar: Calendar::of_zone("UTC").unwrap(),
        currency: Currency::parse("USD", "").unwrap(),
        books: BookSizes::default(),
        checkpoints: CheckpointSizes::default(),
    };
    let store = EmbeddedStore::open(&settings, |_| ()).unwrap();
    (Arc::new(store), Some(folder))
}
