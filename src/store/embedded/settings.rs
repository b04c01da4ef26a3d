//! What an embedded store needs to be told, and what it tells while it opens.

use super::log::{RESERVE, SEGMENT_SIZE};
use crate::domain::{money::Currency, time::Calendar};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// Where an embedded store keeps its data, and what its amounts and days mean.
#[derive(Debug, Clone)]
pub struct EmbeddedSettings {
    /// The folder; it is made if it is not there.
    pub folder: PathBuf,
    /// The days on which activities count. A folder keeps the time zone that it was made with.
    pub calendar: Calendar,
    /// What amounts are in. A folder keeps the currency that it was made with.
    pub currency: Currency,
    /// How finely the books are divided.
    pub books: BookSizes,
    /// When and how checkpoints are written.
    pub checkpoints: CheckpointSizes,
}

/// How finely books are divided. Other sizes change speed and memory, and never an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookSizes {
    /// At most so many rows of 2,048 customers are kept as they came before they are put by day, and at least half as
    /// many.
    pub recent_rows: usize,
    /// For so many positions rows are kept as they came even after that: a question as of a position that was the
    /// newest a moment ago then need not look at every row.
    pub kept_positions: u32,
    /// The fewest rows between two planes of sums.
    pub leaf_rows: usize,
}

impl Default for BookSizes {
    fn default() -> Self {
        Self {
            recent_rows: 640,
            kept_positions: 32_768,
            leaf_rows: 256,
        }
    }
}

/// When and how checkpoints are written. Other sizes change speed, and never an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointSizes {
    /// A checkpoint is written while serving once there are so many writes that the last one does not hold ...
    pub writes: u64,
    /// ... and these are at least one of so many of all.
    pub share: u64,
    /// The same when the store is closed.
    pub writes_at_close: u64,
    /// The same when the store is closed.
    pub share_at_close: u64,
    /// About how many bytes are written in one step.
    pub step_bytes: usize,
    /// After so many bytes they are sent to the disk, so that no sync has to wait for all of them.
    pub sync_bytes: u64,
}

impl Default for CheckpointSizes {
    fn default() -> Self {
        Self {
            writes: 250_000,
            share: 8,
            writes_at_close: 20_000,
            share_at_close: 64,
            step_bytes: 128 << 10,
            sync_bytes: 1 << 20,
        }
    }
}

/// What an engine needs to be told beside its disk.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// The days on which activities count. A folder keeps the time zone that it was made with.
    pub calendar: Calendar,
    /// What amounts are in. A folder keeps the currency that it was made with.
    pub currency: Currency,
    /// What fingerprints of ids are made with in a folder that is new; nobody else should know it. A folder keeps it.
    pub key: (u64, u64),
    /// How many bytes of the log are kept in one file.
    pub segment_size: u64,
    /// How many bytes of room are kept at once for what will be appended. At least 4,096.
    pub reserve: u64,
    /// How finely the books are divided.
    pub books: BookSizes,
    /// When and how checkpoints are written.
    pub checkpoints: CheckpointSizes,
}

impl EngineSettings {
    /// With segments and reserves of the usual size.
    pub fn new(calendar: Calendar, currency: Currency, key: (u64, u64)) -> Self {
        Self {
            calendar,
            currency,
            key,
            segment_size: SEGMENT_SIZE,
            reserve: RESERVE,
            books: BookSizes::default(),
            checkpoints: CheckpointSizes::default(),
        }
    }
}

/// How far the ledger was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The bytes that were read.
    pub read_bytes: u64,
    /// All bytes there are.
    pub all_bytes: u64,
    /// The entries and records in the bytes that were read.
    pub entries: u64,
}

impl Progress {
    /// Hears of every step, and tells of one when the last word is at least so long ago.
    pub fn every(interval: Duration, mut tell: impl FnMut(Self)) -> impl FnMut(Self) {
        let mut told = Instant::now();
        move |progress| {
            if told.elapsed() >= interval {
                told = Instant::now();
                tell(progress);
            }
        }
    }
}
