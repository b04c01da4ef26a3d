//! What a folder was made with: one small file that is written once.

use super::bytes::Bytes;
use crate::{
    domain::problem::{Problem, Reason},
    store::embedded::{disk::Disk, settings::EngineSettings},
};
use crc32c::crc32c;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use std::io;

/// Its name.
pub const NAME: &str = "META";
const MAGIC: [u8; 8] = *b"PrScMeta";
/// The version of all files in the folder.
const FORMAT: u32 = 1;
/// Nobody's currency and time zone need so much.
const LIMIT: u64 = 4_096;

/// What a folder was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The reporting currency.
    pub currency: String,
    /// The reporting time zone.
    pub time_zone: String,
    /// The key that fingerprints of ids are made with.
    pub key: (u64, u64),
    /// Tells the folder's segments from those of others.
    pub folder: u64,
}

impl Meta {
    /// For a new folder.
    pub fn new(settings: &EngineSettings) -> Self {
        let (first, second) = settings.key;
        Self {
            currency: settings.currency.as_str().to_owned(),
            time_zone: settings.calendar.zone_name().to_owned(),
            key: settings.key,
            folder: SipHasher13::new_with_keys(first, second).hash(NAME.as_bytes()),
        }
    }

    /// Writes the file under another name, to be renamed by the caller, and makes its content durable.
    pub fn write(&self, disk: &dyn Disk, name: &str) -> io::Result<()> {
        let content = postcard::to_stdvec(self).map_err(io::Error::other)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&content);
        let sum = crc32c(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        let file = disk.create(name)?;
        file.write_at(0, &bytes)?;
        file.sync()
    }

    /// Reads the file.
    pub fn read(disk: &dyn Disk) -> Result<Self, Problem> {
        let unavailable =
            |error: io::Error| Problem::store_unavailable(&format!("file {NAME}: {error}"));
        let damaged = || Problem::ledger_damaged(&format!("file {NAME}: it is not as it was made"));
        let file = disk.open(NAME).map_err(unavailable)?;
        let size = file.size().map_err(unavailable)?;
        let size = usize::try_from(size.min(LIMIT + 1)).unwrap_or_default();
        let mut bytes = vec![0; size];
        file.read_at(0, &mut bytes).map_err(unavailable)?;
        let (content, sum) = bytes.split_last_chunk::<4>().ok_or_else(damaged)?;
        if crc32c(content) != u32::from_le_bytes(*sum) {
            return Err(damaged());
        }
        let mut rest = Bytes(content);
        if rest.take(MAGIC.len()) != Some(&MAGIC) {
            return Err(damaged());
        }
        let format = rest.u32().ok_or_else(damaged)?;
        if format != FORMAT {
            let message = format!("the folder is of format {format}, this program reads {FORMAT}");
            return Err(Problem::store_unavailable(&message));
        }
        postcard::from_bytes(rest.0).map_err(|_| damaged())
    }

    /// Refuses another currency or another time zone than the folder was made with.
    pub fn check(&self, currency: &str, time_zone: &str) -> Result<(), Problem> {
        if self.currency != currency {
            let (kept, given) = (&self.currency, currency.to_owned());
            let message = format!("the folder was made with the currency {kept}, not {given}");
            let variables = [
                ("currency", given),
                ("reporting_currency", self.currency.clone()),
            ];
            return Err(Problem::new(
                Reason::CurrencyMismatch,
                "currency",
                message,
                variables,
            ));
        }
        if self.time_zone != time_zone {
            let kept = &self.time_zone;
            let problem = format!("is {time_zone}, but the folder was made with {kept}");
            return Err(Problem::field_invalid("time_zone", &problem));
        }
        Ok(())
    }
}
