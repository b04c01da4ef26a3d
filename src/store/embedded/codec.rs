//! The stored form of writes: a version byte, then each write as postcard, one after the other; and the checksum over
//! them.
//!
//! Decoding trusts nothing: whatever the bytes are, it answers or names the damage, and asks for no more memory than a
//! small multiple of them.

use crate::domain::{
    ledger::{Entry, Position},
    records::Record,
    time::Instant,
};
use crc32c::crc32c_append;
use serde::{Serialize, de::DeserializeOwned};

/// The first byte of every body.
const VERSION: u8 = 1;

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredEntry {
    /// When it was taken in.
    pub record_time: Instant,
    /// Where the activity is that it takes back, if it is a reversal.
    pub target: Option<Position>,
    /// What it is.
    pub entry: Entry,
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredRecord {
    /// When it was taken in.
    pub record_time: Instant,
    /// What it is.
    pub record: Record,
}

/// A body without writes.
pub(super) fn empty_body() -> Vec<u8> {
    vec![VERSION]
}

/// Adds an entry to a body.
pub(super) fn push_entry(
    body: Vec<u8>,
    record_time: Instant,
    target: Option<Position>,
    entry: &Entry,
) -> Result<Vec<u8>, String> {
    push(body, &(record_time, target, entry))
}

/// Adds a record to a body.
pub(super) fn push_record(
    body: Vec<u8>,
    record_time: Instant,
    record: &Record,
) -> Result<Vec<u8>, String> {
    push(body, &(record_time, record))
}

fn push(body: Vec<u8>, write: &impl Serialize) -> Result<Vec<u8>, String> {
    postcard::to_extend(write, body).map_err(|error| error.to_string())
}

/// Reads the entries of a body back; `count` is how many there must be.
pub(super) fn entries(body: &[u8], count: u64) -> Result<Vec<StoredEntry>, String> {
    let entries = writes::<(Instant, Option<Position>, Entry)>(body, count)?.into_iter();
    let stored = entries.map(|(record_time, target, entry)| StoredEntry {
        record_time,
        target,
        entry,
    });
    Ok(stored.collect())
}

/// Reads the records of a body back; `count` is how many there must be.
pub(super) fn records(body: &[u8], count: u64) -> Result<Vec<StoredRecord>, String> {
    let records = writes::<(Instant, Record)>(body, count)?.into_iter();
    let stored = records.map(|(record_time, record)| StoredRecord {
        record_time,
        record,
    });
    Ok(stored.collect())
}

fn writes<T: DeserializeOwned>(body: &[u8], count: u64) -> Result<Vec<T>, String> {
    let Some((version, mut rest)) = body.split_first() else {
        return Err("the body is empty".to_owned());
    };
    if *version != VERSION {
        return Err(format!("the body is of version {version}"));
    }
    let mut writes = Vec::new();
    for _ in 0..count {
        let (write, after) =
            postcard::take_from_bytes(rest).map_err(|error| format!("the body: {error}"))?;
        writes.push(write);
        rest = after;
    }
    if rest.is_empty() {
        Ok(writes)
    } else {
        Err("the body has more than its writes".to_owned())
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
        activity::{Activity, Dimensions, Kind},
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

    fn body() -> Vec<u8> {
        let body = push_entry(empty_body(), NOON, None, &entry("a")).unwrap();
        push_entry(body, NOON, Some(7), &entry("b")).unwrap()
    }

    #[test]
    fn what_was_written_is_read_back() {
        let read = entries(&body(), 2).unwrap();
        assert_eq!(read[0].entry, entry("a"));
        assert_eq!((read[1].target, read[1].record_time), (Some(7), NOON));
    }

    #[test]
    fn a_body_of_another_length_or_version_is_refused() {
        assert!(entries(&body(), 1).is_err());
        assert!(entries(&body(), 3).is_err());
        assert!(entries(&body()[..body().len() - 1], 2).is_err());
        assert!(entries(&[], 0).is_err());
        let mut other = body();
        other[0] = 9;
        assert!(entries(&other, 2).unwrap_err().contains("version 9"));
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
            let _ = entries(&bytes, count);
            let _ = records(&bytes, count);
            let mut damaged = body();
            let place = place % damaged.len();
            damaged[place] = value;
            let _ = entries(&damaged, 2);
        }
    }
}
