//! The stores that are tested, each empty.

use profitscore::{
    domain::{money::Currency, time::Calendar},
    store::{
        Store,
        embedded::{BookSizes, CheckpointSizes, EmbeddedSettings, EmbeddedStore},
        memory::MemoryStore,
        postgres::{self, DatabaseSettings, PostgresSettings, PostgresStore},
    },
};
use std::{
    future::{Ready, ready},
    path::Path,
    sync::Arc,
};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};
use tokio_postgres::NoTls;

/// A store and the folder that goes with it.
pub struct Opened {
    // Before the others, so that it is closed when the folder is removed, and before the next one has its turn.
    store: Arc<dyn Store>,
    _folder: Option<TempDir>,
    _turn: Option<MutexGuard<'static, ()>>,
    worlds: u8,
}

impl Opened {
    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The store, for a service over it.
    pub fn shared(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// How many worlds a law is tried on: fewer where every question goes to a database.
    pub fn worlds(&self) -> u8 {
        self.worlds
    }
}

/// The days that all tests count on.
pub fn calendar() -> Calendar {
    Calendar::of_zone("UTC").unwrap()
}

/// The reference.
pub fn memory() -> Ready<Option<Opened>> {
    ready(Some(Opened {
        store: Arc::new(MemoryStore::new(calendar())),
        _folder: None,
        _turn: None,
        worlds: 2,
    }))
}

/// The embedded store.
pub fn embedded() -> Ready<Option<Opened>> {
    let folder = TempDir::new().unwrap();
    ready(Some(Opened {
        store: Arc::new(open(folder.path())),
        _folder: Some(folder),
        _turn: None,
        worlds: 2,
    }))
}

/// The embedded store with books that are divided as finely as can be, so that few rows make planes and leaves.
pub fn finely_divided() -> Ready<Option<Opened>> {
    let folder = TempDir::new().unwrap();
    ready(Some(Opened {
        store: Arc::new(open_with(folder.path(), FINEST)),
        _folder: Some(folder),
        _turn: None,
        worlds: 2,
    }))
}

/// A store in a database of its own, if PostgreSQL is installed.
pub async fn postgres() -> Option<Opened> {
    let database = database().await?;
    Some(Opened {
        store: Arc::new(open_database(&database).await),
        _folder: None,
        _turn: None,
        worlds: 1,
    })
}

/// The environment variable that names a database on a Citus cluster.
const CITUS: &str = "PROFITSCORE_TEST_CITUS_URL";

/// A store in the database that [`CITUS`] names, if it does. Everything that this program keeps there is dropped first;
/// one test after the other has it.
pub async fn citus() -> Option<Opened> {
    static TURN: Mutex<()> = Mutex::const_new(());
    let Ok(url) = std::env::var(CITUS) else {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("a test");
        println!("skipped: {name}, {CITUS} names no database on a Citus cluster");
        return None;
    };
    let turn = TURN.lock().await;
    let database = DatabaseSettings::parse(&url).unwrap();
    assert!(
        database.name().contains("test"),
        "{CITUS} must name a database for tests"
    );
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let drop = "DROP SCHEMA IF EXISTS profitscore CASCADE";
    client.batch_execute(drop).await.unwrap();
    std::mem::drop(client);
    connection.await.unwrap().unwrap();
    let migrated = postgres::migrate(&database).await.unwrap();
    assert!(
        migrated.is_distributed,
        "{CITUS} names a database without the extension"
    );
    Some(Opened {
        store: Arc::new(open_database(&database).await),
        _folder: None,
        _turn: Some(turn),
        worlds: 1,
    })
}

/// A new database with the tables in it, if PostgreSQL is installed.
pub async fn database() -> Option<DatabaseSettings> {
    let database = crate::cluster::cluster()?.database().await;
    postgres::migrate(&database).await.unwrap();
    Some(database)
}

/// Opens a database that has the tables.
pub async fn open_database(database: &DatabaseSettings) -> PostgresStore {
    let settings = PostgresSettings {
        calendar: calendar(),
        currency: Currency::parse("USD", "currency").unwrap(),
        database: database.clone(),
    };
    PostgresStore::open(&settings).await.unwrap()
}

/// Books that are divided as finely as can be.
pub const FINEST: BookSizes = BookSizes {
    recent_rows: 3,
    kept_positions: 2,
    leaf_rows: 2,
};

/// Checkpoints that are written after every write, in steps as small as can be.
pub const OFTENEST: CheckpointSizes = CheckpointSizes {
    writes: 1,
    share: u64::MAX,
    writes_at_close: 1,
    share_at_close: u64::MAX,
    step_bytes: 1,
    sync_bytes: 1,
};

/// Opens a folder that must be sound, with checkpoints that are written so.
pub fn open_saved(folder: &Path, books: BookSizes, checkpoints: CheckpointSizes) -> EmbeddedStore {
    let settings = EmbeddedSettings {
        books,
        checkpoints,
        ..settings(folder)
    };
    EmbeddedStore::open(&settings, |_| ()).unwrap()
}

/// Opens a folder that must be sound, with books that are divided so.
pub fn open_with(folder: &Path, books: BookSizes) -> EmbeddedStore {
    open_saved(folder, books, CheckpointSizes::default())
}

/// How the tests open a folder.
pub fn settings(folder: &Path) -> EmbeddedSettings {
    EmbeddedSettings {
        folder: folder.to_owned(),
        calendar: calendar(),
        currency: Currency::parse("USD", "currency").unwrap(),
        books: BookSizes::default(),
        checkpoints: CheckpointSizes::default(),
    }
}

/// Opens a folder that must be sound.
pub fn open(folder: &Path) -> EmbeddedStore {
    open_with(folder, BookSizes::default())
}
