//! A checkpoint of books and fingerprints, so that opening a folder need not read the whole ledger.
//!
//! It is only a shortcut: whatever is wrong with it, it is passed over and everything is made again from the ledger.
//! It is written part by part while writes go on, so that each part holds what was written up to a position of its
//! own; what came since the first of them is posted again from the segment in which it was begun, and each part takes
//! in what it does not hold yet.
//!
//! The file is magic, the parts end to end, the directory that says what they are and proves them by their checksums,
//! and at the very end where the directory is. It is made under another name, synced and renamed. Parts follow what is
//! in memory, so that a checkpoint is of use to the same version of the program on the same kind of machine.

mod reading;
#[cfg(test)]
mod tests;
mod writing;

pub use self::reading::CheckpointBytes;
pub(super) use self::{
    reading::{Loaded, bytes, load},
    writing::{Checkpointing, Source},
};

use super::{
    books::Limits,
    fingerprint::Fingerprinter,
    log::{CHECKPOINT, Chain},
};
use serde::{Deserialize, Serialize};

/// The form of parts and directory: another one is passed over. To be changed with any of them.
const FORMAT: u32 = 5;
/// "PrScChkp".
const MAGIC: [u8; 8] = *b"PrScChkp";
/// Where the directory is: its place, its length, its checksum, and magic.
const TRAILER: usize = 8 + 8 + 4 + 8;
/// What the checkpoint is called until it is finished.
const UNFINISHED: &str = "CHECKPOINT.new";

/// What a checkpoint was made by and with. Other days, other numbers or other fingerprints would not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Maker {
    format: u32,
    /// The version of the program, which brings its own rules of time zones.
    version: String,
    /// The order of bytes, by how it writes this number.
    bytes: [u8; 4],
    folder: u64,
    /// The fingerprint of a text, which shows with what fingerprints are made.
    fingerprint: u64,
}

impl Maker {
    fn of(folder: u64, fingerprinter: &Fingerprinter) -> Self {
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            bytes: 0x0102_0304_u32.to_ne_bytes(),
            folder,
            fingerprint: fingerprinter.of_text(CHECKPOINT),
        }
    }
}

/// What the parts are.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Directory {
    maker: Maker,
    /// How far the log went when it was finished.
    reached: Chain,
    tenants: Vec<SavedTenant>,
    parts: Vec<Part>,
}

/// A tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SavedTenant {
    id: String,
    /// The last write when the checkpoint was begun: all parts hold everything up to here.
    newest: u64,
    /// How far the numbers in its parts go.
    customers: u64,
    values: u32,
    accounts: u32,
    /// How many blocks there are.
    blocks: u64,
    /// In how many groups fingerprints are saved.
    groups: u64,
}

impl SavedTenant {
    /// How far numbers go in a part that holds everything up to a position.
    fn limits(&self, position: u32) -> Option<Limits> {
        Some(Limits {
            customers: usize::try_from(self.customers).ok()?,
            values: self.values,
            accounts: self.accounts,
            position,
        })
    }
}

/// A part.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Part {
    what: What,
    offset: u64,
    length: u64,
    /// Its CRC-32C.
    sum: u32,
    /// Up to which position it holds everything.
    covers: u32,
}

/// What a part is; tenants by their number in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum What {
    Block {
        tenant: usize,
        number: usize,
    },
    Totals {
        tenant: usize,
    },
    Fingerprints {
        tenant: usize,
        group: usize,
    },
    Order {
        tenant: usize,
        part: usize,
    },
    Rest {
        tenant: usize,
    },
    Names {
        tenant: usize,
        of: NamesOf,
        part: usize,
    },
    Segment {
        number: u32,
    },
}

/// What has names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum NamesOf {
    Values,
    Customers,
}
