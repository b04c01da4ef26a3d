//! The stored form of writes: a version byte, each write as postcard, and for each write where it ends, as four bytes,
//! the least first; and the checksum over them.
//!
//! Decoding trusts nothing: whatever the bytes are, it answers or names the damage, and asks for no more memory than a
//! small multiple of them.

use crate::domain::{
    activity::Activity,
    ledger::{Entry, Position},
    records::Record,
    time::Instant,
};
use crc32c::crc32c_append;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The first byte of every body.
const VERSION: u8 = 1;

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredEntry {
    /// When it was taken in.
    pub record_time: Instant,
    /// What it takes back, if it is a reversal.
    pub target: Option<Target>,
    /// What it is.
    pub entry: Entry,
}

/// What a reversal takes back. Kept with it, so that whoever reads the reversal need not look for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Target {
    /// Where it is.
    pub position: Position,
    /// What it is.
    pub activity: Activity,
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredRecord {
    /// When it was taken in.
    pub record_time: Instant,
    /// What it is.
    pub record: Record,
}

/// A body that is being made.
#[derive(Debug)]
pub(super) struct BodyBuilder {
    bytes: Vec<u8>,
    /// Where each write ends.
    ends: Vec<u32>,
}

impl BodyBuilder {
    /// A body without writes.
    pub fn new() -> Self {
        Self {
            bytes: vec![VERSION],
            ends: Vec::new(),
        }
    }

    /// How many writes it has.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// How many bytes its writes have.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Adds an entry; `target` is what it takes back.
    pub fn push_entry(
        &mut self,
        record_time: Instant,
        target: Option<&Target>,
        entry: &Entry,
    ) -> Result<(), String> {
        self.push(&(record_time, target, entry))
    }

    /// Adds a record.
    pub fn push_record(&mut self, record_time: Instant, record: &Record) -> Result<(), String> {
        self.push(&(record_time, record))
    }

    fn push(&mut self, write: &impl Serialize) -> Result<(), String> {
        let bytes = std::mem::take(&mut self.bytes);
        self.bytes = postcard::to_extend(write, bytes).map_err(|error| error.to_string())?;
        self.ends
            .push(u32::try_from(self.bytes.len()).map_err(|error| error.to_string())?);
        Ok(())
    }

    /// The bytes of the body.
    pub fn finish(mut self) -> Vec<u8> {
        for end in self.ends {
            self.bytes.extend(end.to_le_bytes());
        }
        self.bytes
    }
}

/// A body that was read back.
#[derive(Debug)]
pub(super) struct Body<B> {
    bytes: B,
    count: usize,
}

impl<B: AsRef<[u8]>> Body<B> {
    /// A body of `count` writes.
    pub fn new(bytes: B, count: u64) -> Result<Self, String> {
        let version = bytes.as_ref().first();
        if version != Some(&VERSION) {
            return Err(format!("the body is of version {version:?}"));
        }
        // Each write has at least a byte, and four that say where it ends.
        let count = usize::try_from(count)
            .ok()
            .filter(|count| *count < bytes.as_ref().len() / 4);
        let count = count.ok_or("the body is too short for its writes")?;
        Ok(Self { bytes, count })
    }

    /// How many writes it has.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many bytes it has.
    pub fn size(&self) -> usize {
        self.bytes.as_ref().len()
    }

    /// The bytes of one write.
    fn write(&self, index: usize) -> Option<&[u8]> {
        if index >= self.count {
            return None;
        }
        let bytes = self.bytes.as_ref();
        let (writes, ends) = bytes.split_at_checked(bytes.len().checked_sub(self.count * 4)?)?;
        let end = |index: usize| {
            let end = ends.get(index * 4..index * 4 + 4)?;
            usize::try_from(u32::from_le_bytes(end.try_into().ok()?)).ok()
        };
        let start = match index.checked_sub(1) {
            None => 1,
            Some(before) => end(before)?,
        };
        writes.get(start..end(index)?)
    }

    fn read<T: DeserializeOwned>(&self, index: usize) -> Result<T, String> {
        let bytes = self
            .write(index)
            .ok_or("the body does not say where its writes are")?;
        match postcard::take_from_bytes(bytes) {
            Ok((write, [])) => Ok(write),
            Ok(_) => Err("a write has more bytes than it needs".to_owned()),
            Err(error) => Err(format!("a write cannot be read: {error}")),
        }
    }

    /// The entry with a number, from 0.
    pub fn entry(&self, index: usize) -> Result<StoredEntry, String> {
        let (record_time, target, entry) = self.read(index)?;
        Ok(StoredEntry {
            record_time,
            target,
            entry,
        })
    }

    /// The record with a number, from 0.
    pub fn record(&self, index: usize) -> Result<StoredRecord, String> {
        let (record_time, record) = self.read(index)?;
        Ok(StoredRecord {
            record_time,
            record,
        })
    }
}

/// The checksum of a row: CRC-32C over the checksum of the tenant's row before and everything the row says.
pub(super) fn checksum(
    before: u32,
    table: &str,
    tenant: &str,
    first: Position,
    count: u64,
    body: &[u8],
) -> u32 {
    let mut sum = crc32c_append(0, &before.to_le_bytes());
    for text in [table, tenant] {
        sum = crc32c_append(sum, &(text.len() as u64).to_le_bytes());
        sum = crc32c_append(sum, text.as_bytes());
    }
    sum = crc32c_append(sum, &first.to_le_bytes());
    sum = crc32c_append(sum, &count.to_le_bytes());
    crc32c_append(sum, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        activity::{Dimensions, Kind},
        id::{ActivityId, PartyId},
    };
    use proptest::prelude::*;

    const NOON: Instant = Instant {
        seconds: 1_700_000_000,
        nanos: 5,
    };

    fn entry(id: &str) -> Entry {
        Entry::Activity(Activity {
            activity_id: ActivityId::parse(id, "").unwrap(),
            customer_id: PartyId::parse("customer", "").unwrap(),
            occur_time: NOON,
            dimensions: Dimensions::default(),
            kind: Kind::Payment {
                amount: 12_345_678,
                invoice_id: "i".to_owned(),
            },
        })
    }

    fn target() -> Target {
        let Entry::Activity(activity) = entry("a") else {
            unreachable!("it is made as an activity")
        };
        Target {
            position: 7,
            activity,
        }
    }

    fn bytes() -> Vec<u8> {
        let mut body = BodyBuilder::new();
        body.push_entry(NOON, None, &entry("a")).unwrap();
        body.push_entry(NOON, Some(&target()), &entry("b")).unwrap();
        body.finish()
    }

    #[test]
    fn what_was_written_is_read_back() {
        let body = Body::new(bytes(), 2).unwrap();
        assert_eq!(body.entry(0).unwrap().entry, entry("a"));
        let second = body.entry(1).unwrap();
        assert_eq!((second.target, second.record_time), (Some(target()), NOON));
        assert!(body.entry(2).is_err());
        assert!(body.record(0).is_err());
    }

    #[test]
    fn a_body_of_another_length_or_version_is_refused() {
        let last = |bytes: &[u8], count| {
            let body = Body::new(bytes, count)?;
            body.entry(body.count().max(1) - 1)
        };
        assert!(last(&bytes(), 2).is_ok());
        assert!(last(&bytes(), 1).is_err());
        assert!(last(&bytes(), 3).is_err());
        assert!(last(&bytes(), u64::MAX).is_err());
        assert!(last(&bytes()[..bytes().len() - 1], 2).is_err());
        assert!(last(&[], 0).is_err());
        let mut other = bytes();
        other[0] = 9;
        assert!(last(&other, 2).unwrap_err().contains("version Some(9)"));
    }

    #[test]
    fn a_checksum_covers_everything_a_row_says() {
        let sum = checksum(1, "ledger", "t", 2, 3, b"x");
        let others = [
            checksum(0, "ledger", "t", 2, 3, b"x"),
            checksum(1, "records", "t", 2, 3, b"x"),
            checksum(1, "ledger", "u", 2, 3, b"x"),
            checksum(1, "ledger", "t", 1, 3, b"x"),
            checksum(1, "ledger", "t", 2, 4, b"x"),
            checksum(1, "ledger", "t", 2, 3, b"y"),
        ];
        assert!(others.iter().all(|other| *other != sum), "{others:?}");
    }

    proptest! {
        #[test]
        fn damaged_bytes_neither_panic_nor_ask_for_the_moon(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..200), count in any::<u64>(),
            place in 0_usize..60, value in any::<u8>(),
        ) {
            bytes.insert(0, VERSION);
            let mut damaged = self::bytes();
            let place = place % damaged.len();
            damaged[place] = value;
            for (bytes, count) in [(bytes, count % 60), (damaged.clone(), 2), (damaged, count)] {
                if let Ok(body) = Body::new(bytes, count) {
                    for index in 0..body.count() + 1 {
                        let _ = (body.entry(index), body.record(index));
                    }
                }
            }
        }
    }
}
