//! The store that these tests run on.

use crate::cluster::cluster;
use profitscore::{
    domain::{money::Currency, time::Calendar},
    store::{
        Store,
        memory::MemoryStore,
        postgres::{self, DatabaseSettings, PostgresSettings, PostgresStore},
    },
};
use std::sync::Arc;
use tempfile::TempDir;

/// A store in an empty database, in US dollars and UTC. Where PostgreSQL is not installed, the test says that it is
/// skipped, and runs on the reference.
pub async fn open() -> (Arc<dyn Store>, Option<TempDir>) {
    let Some(cluster) = cluster() else {
        let calendar = Calendar::of_zone("UTC").unwrap();
        return (Arc::new(MemoryStore::new(calendar)), None);
    };
    let database = cluster.database().await;
    postgres::migrate(&database).await.unwrap();
    (Arc::new(over(&database).await), None)
}

/// A store in a database that was migrated.
pub async fn over(database: &DatabaseSettings) -> PostgresStore {
    let settings = PostgresSettings {
        calendar: Calendar::of_zone("UTC").unwrap(),
        currency: Currency::parse("USD", "").unwrap(),
        database: database.clone(),
    };
    PostgresStore::open(&settings).await.unwrap()
}
