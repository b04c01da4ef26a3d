//! The stores that are tested, each empty.

use profitscore::{
    domain::{money::Currency, time::Calendar},
    store::{
        Store,
        embedded::{EmbeddedSettings, EmbeddedStore},
        memory::MemoryStore,
    },
};
use std::path::Path;
use tempfile::TempDir;

/// A store and the folder that goes with it.
pub struct Opened {
    // Before the folder, so that it is closed when the folder is removed.
    store: Box<dyn Store>,
    _folder: Option<TempDir>,
}

impl Opened {
    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }
}

/// The days that all tests count on.
pub fn calendar() -> Calendar {
    Calendar::of_zone("UTC").unwrap()
}

/// The reference.
pub fn memory() -> Opened {
    Opened {
        store: Box::new(MemoryStore::new(calendar())),
        _folder: None,
    }
}

/// The embedded store.
pub fn embedded() -> Opened {
    let folder = TempDir::new().unwrap();
    Opened {
        store: Box::new(open(folder.path())),
        _folder: Some(folder),
    }
}

/// How the tests open a folder.
pub fn settings(folder: &Path) -> EmbeddedSettings {
    EmbeddedSettings {
        folder: folder.to_owned(),
        calendar: calendar(),
        currency: Currency::parse("USD", "currency").unwrap(),
    }
}

/// Opens a folder that must be sound.
pub fn open(folder: &Path) -> EmbeddedStore {
    EmbeddedStore::open(&settings(folder), |_| ()).unwrap()
}
