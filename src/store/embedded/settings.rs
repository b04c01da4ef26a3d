//! What an embedded store needs to be told, and what it tells while it opens.

use crate::domain::{money::Currency, time::Calendar};
use std::path::PathBuf;

/// Where an embedded store keeps its data, and what its amounts and days mean.
#[derive(Debug, Clone)]
pub struct EmbeddedSettings {
    /// The folder; it is made if it is not there.
    pub folder: PathBuf,
    /// The days on which activities count. A folder keeps the time zone that it was made with.
    pub calendar: Calendar,
    /// What amounts are in. A folder keeps the currency that it was made with.
    pub currency: Currency,
}

/// How far the ledger was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The groups that were read.
    pub read_groups: u64,
    /// All groups there are.
    pub all_groups: u64,
    /// The entries and records in the groups that were read.
    pub entries: u64,
}
