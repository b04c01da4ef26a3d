//! What goes wrong on a simulated disk, how often, and how machines end.

use std::collections::BTreeMap;

/// How often operations go wrong, in a thousand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// There is no room.
    pub full: u64,
    /// A write is cut short, or a file cannot be made.
    pub write: u64,
    /// A sync says that it failed.
    pub sync: u64,
    /// A sync says that it was done, and was not.
    pub lie: u64,
    /// Names cannot be changed or made durable.
    pub names: u64,
    /// Nothing can be read.
    pub read: u64,
}

/// When a machine ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Before the operation with a number.
    Before(u64),
    /// After it.
    After(u64),
    /// Before names are synced.
    AtNames,
}

/// How a machine ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The process is gone, and the machine goes on.
    Killed,
    /// The machine is off.
    WithoutPower,
}

/// A change of names that is not durable.
#[derive(Debug, Clone)]
pub enum NameChange {
    /// A file was made.
    Made(String, usize),
    /// A file has another name.
    Renamed(String, String, usize),
    /// A name is gone.
    Removed(String),
}

impl NameChange {
    /// Makes it.
    pub fn apply(self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Made(name, file) => {
                names.insert(name, file);
            }
            Self::Renamed(from, to, file) => {
                if names.get(&from) == Some(&file) {
                    names.remove(&from);
                }
                names.insert(to, file);
            }
            Self::Removed(name) => {
                names.remove(&name);
            }
        }
    }
}
