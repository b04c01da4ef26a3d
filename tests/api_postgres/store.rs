//! The store that these tests run on.

use crate::cluster::cluster;
use profitscore::{
    domain::{money::Currency, time::Calendar},
    store::{
        Store,
        memory::MemoryStore,
        postgres::{self, PostgresSettings, PostgresStore},
    },
};
use std::sync::Arc;
use tempfile::TempDir;

/// A store in an empty database, in US dollars and UTC. Where PostgreSQL is not installed, the test says that it is
/// skipped, and runs on the reference.
pub async fn open() -> (Arc<dyn Store>, Option<TempDir>) {
    let calendar = Calendar::of_zone("UTC").unwrap();
    let Some(cluster) = cluster() else {
        return (Arc::new(MemoryStore::new(calendar)), None);
    };
    let database = cluster.database().await;
    postgres::migrate(&database).await.unwrap();
    let settings = PostgresSettings {
        calendar,
        currency: Currency::parse("USD", "").unwrap(),
        database,
    };
    (
        Arc::new(PostgresStore::open(&settings).await.unwrap()),
        None,
    )
}
