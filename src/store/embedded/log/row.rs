//! A row: some writes of one tenant, one after the other, as they are stored.
//!
//! CRC-32C of all that follows, table, length of the tenant's name, the name, position of the first write, count,
//! length of the body, and the body. The checksum comes first: at the end, it would make all rows of one length
//! alike to the checksum of their frame. Knows nothing of what a body says.

use super::bytes::Bytes;
use crate::domain::ledger::Position;
use crc32c::crc32c;

/// The bytes of a row beside its tenant's name and its body.
const FIXED: usize = 1 + 1 + 8 + 4 + 4 + 4;

/// What kind of writes a row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Activities and reversals.
    Ledger,
    /// Parties, trait definitions and cost models.
    Records,
}

impl Table {
    fn code(self) -> u8 {
        match self {
            Self::Ledger => 1,
            Self::Records => 2,
        }
    }

    fn of_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Ledger),
            2 => Some(Self::Records),
            _ => None,
        }
    }
}

/// A row; `B` owns or borrows the bytes of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<T, B> {
    /// What kind of writes it has.
    pub table: Table,
    /// Whose it is.
    pub tenant: T,
    /// The position of its first write.
    pub first: Position,
    /// How many writes it has.
    pub count: u32,
    /// The writes.
    pub body: B,
}

/// A row to be written.
pub type NewRow = Row<String, Vec<u8>>;
/// A row that was read.
pub type ReadRow<'a> = Row<&'a str, &'a [u8]>;

impl NewRow {
    /// How many bytes it takes.
    pub fn size(&self) -> usize {
        FIXED + self.tenant.len() + self.body.len()
    }

    /// Adds its bytes to others, and says what its checksum is.
    pub fn write(&self, bytes: &mut Vec<u8>) -> u32 {
        let start = bytes.len();
        bytes.extend_from_slice(&[0; 4]);
        bytes.push(self.table.code());
        // A tenant's id has at most 64 bytes, and a body is part of a frame, which is checked for its size.
        bytes.push(u8::try_from(self.tenant.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(self.tenant.as_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.count.to_le_bytes());
        let length = u32::try_from(self.body.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&self.body);
        let sum = crc32c(&bytes[start + 4..]);
        bytes[start..start + 4].copy_from_slice(&sum.to_le_bytes());
        sum
    }
}

/// What bytes say at their beginning, if they can be a row at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// The row.
    pub row: ReadRow<'a>,
    /// How many bytes it takes.
    pub size: usize,
    /// Its checksum.
    pub sum: u32,
    /// Whether the checksum holds.
    pub is_sound: bool,
}

/// Reads the row at the beginning of some bytes.
pub fn parse(bytes: &[u8]) -> Option<Parsed<'_>> {
    let mut rest = Bytes(bytes);
    let sum = rest.u32()?;
    let table = Table::of_code(rest.u8()?)?;
    let length = usize::from(rest.u8()?);
    let tenant = std::str::from_utf8(rest.take(length)?).ok()?;
    let (first, count) = (rest.u64()?, rest.u32()?);
    let length = usize::try_from(rest.u32()?).ok()?;
    let body = rest.take(length)?;
    let size = bytes.len() - rest.0.len();
    let row = Row {
        table,
        tenant,
        first,
        count,
        body,
    };
    Some(Parsed {
        row,
        size,
        sum,
        is_sound: crc32c(&bytes[4..size]) == sum,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_back_and_every_flipped_bit_is_seen() {
        let row = Row {
            table: Table::Ledger,
            tenant: "tenant".to_owned(),
            first: 7,
            count: 2,
            body: b"body".to_vec(),
        };
        let mut bytes = Vec::new();
        let sum = row.write(&mut bytes);
        assert_eq!(bytes.len(), row.size());
        let parsed = parse(&bytes).unwrap();
        assert!(parsed.is_sound);
        assert_eq!((parsed.sum, parsed.size), (sum, bytes.len()));
        assert_eq!(
            (parsed.row.tenant, parsed.row.body),
            ("tenant", &b"body"[..])
        );
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !parse(&damaged).is_some_and(|row| row.is_sound),
                "bit {bit}"
            );
        }
        for cut in 0..bytes.len() {
            assert!(parse(&bytes[..cut]).is_none(), "cut at {cut}");
        }
    }
}
