//! The files that the log is divided into: their names and how they begin.

use super::{bytes::Bytes, frame::Chain};
use crc32c::crc32c;
use serde::{Deserialize, Serialize};

/// "PrScSegm".
const MAGIC: [u8; 8] = *b"PrScSegm";
/// The bytes before the first frame.
pub const BEGIN: usize = 40;
/// The end of the name of a file that is being made.
pub const UNFINISHED: &str = ".new";
const SUFFIX: &str = ".log";

/// How the frames of a segment came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// Each was appended when its writes came in.
    Appended,
    /// The segment was written again as a whole, with more writes in a row.
    Packed,
}

/// How a segment begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// Which segment it is, from 1.
    pub number: u32,
    /// How its frames came to be.
    pub origin: Origin,
    /// Which folder it belongs to.
    pub folder: u64,
    /// What it continues.
    pub chain: Chain,
}

impl Begin {
    /// The bytes of it.
    pub fn to_bytes(self) -> [u8; BEGIN] {
        let mut bytes = [0; BEGIN];
        let origin: u32 = match self.origin {
            Origin::Appended => 1,
            Origin::Packed => 2,
        };
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&self.number.to_le_bytes());
        bytes[12..16].copy_from_slice(&origin.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.folder.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.chain.next.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.chain.sum.to_le_bytes());
        let sum = crc32c(&bytes[..36]);
        bytes[36..40].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads it; `None` if it is damaged.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..BEGIN)?;
        let mut rest = Bytes(bytes);
        if rest.take(8)? != MAGIC {
            return None;
        }
        let number = rest.u32()?;
        let origin = match rest.u32()? {
            1 => Origin::Appended,
            2 => Origin::Packed,
            _ => return None,
        };
        let folder = rest.u64()?;
        let (next, sum) = (rest.u64()?, rest.u32()?);
        (rest.u32()? == crc32c(&bytes[..36])).then_some(Self {
            number,
            origin,
            folder,
            chain: Chain { next, sum },
        })
    }
}

/// The name of a segment.
pub fn name(number: u32) -> String {
    format!("{number:010}{SUFFIX}")
}

/// The segment that has a name.
pub fn number(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(SUFFIX)?;
    let number = digits.parse().ok()?;
    (self::name(number) == name).then_some(number)
}
