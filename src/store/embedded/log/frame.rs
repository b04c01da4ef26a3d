//! Frames: what is appended at once, whole or not at all.
//!
//! A frame's head is magic, kind, length of its content, checksum of the frame before, sequence number, checksum of the
//! head so far, and checksum of these and the content. So a frame proves by itself that it is whole, and by its
//! number and the checksum before that nothing is missing between the two. All checksums are CRC-32C (RFC 3720,
//! appendix B.4) and begin with a number of the folder, so that no text of a client and no frame of another folder can
//! be taken for a frame; all numbers have their least byte first.

use super::bytes::Bytes;
use crc32c::{crc32c, crc32c_append};
use serde::{Deserialize, Serialize};

/// What the checksums of a folder's frames begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(u32);

impl Seed {
    /// Of a folder.
    pub fn of(folder: u64) -> Self {
        Self(crc32c(&folder.to_le_bytes()))
    }
}

/// "PrSf".
pub const MAGIC: [u8; 4] = *b"PrSf";
/// The bytes of a head.
pub const HEAD: usize = 32;
/// The bytes of a frame of kind [`Kind::Seal`].
pub const SEAL: usize = HEAD + 28;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Rows.
    Rows,
    /// The end of a segment: what the next one begins with.
    Seal,
}

/// Where a log ends: what the next frame continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The number of the next frame, from 1.
    pub next: u64,
    /// The checksum of the last frame.
    pub sum: u32,
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// What it holds.
    pub kind: Kind,
    /// How many bytes its content has.
    pub length: usize,
    /// Its own number, and the checksum of the frame before.
    pub chain: Chain,
    /// The checksum over everything.
    pub sum: u32,
}

/// What a seal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// What the next segment continues.
    pub chain: Chain,
    /// How many rows the segment has.
    pub rows: u64,
    /// How many writes they have.
    pub writes: u64,
}

/// Fills in the head of a frame whose first [`HEAD`] bytes were kept free, and says what its checksum is.
pub fn complete(frame: &mut [u8], kind: Kind, chain: Chain, seed: Seed) -> u32 {
    let (head, content) = frame.split_at_mut(HEAD);
    let kind: u32 = match kind {
        Kind::Rows => 1,
        Kind::Seal => 2,
    };
    // The caller makes no frames beyond four gigabytes.
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    head[0..4].copy_from_slice(&MAGIC);
    head[4..8].copy_from_slice(&kind.to_le_bytes());
    head[8..12].copy_from_slice(&length.to_le_bytes());
    head[12..16].copy_from_slice(&chain.sum.to_le_bytes());
    head[16..24].copy_from_slice(&chain.next.to_le_bytes());
    let sum = crc32c_append(seed.0, &head[..24]);
    head[24..28].copy_from_slice(&sum.to_le_bytes());
    // Without the checksum of the head itself: what is followed by its checksum leaves no trace in a later one.
    let sum = crc32c_append(sum, content);
    head[28..32].copy_from_slice(&sum.to_le_bytes());
    sum
}

/// A frame that seals a segment; `at` is where the chain of its frames ends.
pub fn seal(at: Chain, seal: Seal, seed: Seed) -> Vec<u8> {
    let mut frame = vec![0; HEAD];
    frame.extend_from_slice(&seal.chain.next.to_le_bytes());
    frame.extend_from_slice(&seal.chain.sum.to_le_bytes());
    frame.extend_from_slice(&seal.rows.to_le_bytes());
    frame.extend_from_slice(&seal.writes.to_le_bytes());
    complete(&mut frame, Kind::Seal, at, seed);
    frame
}

/// Reads a head; `None` if it is none or is damaged.
pub fn head(bytes: &[u8], seed: Seed) -> Option<Head> {
    let mut rest = Bytes(bytes.get(..HEAD)?);
    if rest.take(4)? != MAGIC {
        return None;
    }
    let kind = match rest.u32()? {
        1 => Kind::Rows,
        2 => Kind::Seal,
        _ => return None,
    };
    let length = usize::try_from(rest.u32()?).ok()?;
    let before = rest.u32()?;
    let next = rest.u64()?;
    let head_sum = rest.u32()?;
    let sum = rest.u32()?;
    (crc32c_append(seed.0, &bytes[..24]) == head_sum).then_some(Head {
        kind,
        length,
        chain: Chain { next, sum: before },
        sum,
    })
}

impl Head {
    /// Whether the content is the one that the head was made for; `frame` is both.
    pub fn proves(&self, frame: &[u8], seed: Seed) -> bool {
        let whole = frame.len() == HEAD + self.length;
        let head = || crc32c_append(seed.0, &frame[..24]);
        whole && crc32c_append(head(), &frame[HEAD..]) == self.sum
    }
}

/// Reads the content of a seal.
pub fn read_seal(content: &[u8]) -> Option<Seal> {
    let mut rest = Bytes(content);
    let (next, sum) = (rest.u64()?, rest.u32()?);
    let (rows, writes) = (rest.u64()?, rest.u64()?);
    rest.0.is_empty().then_some(Seal {
        chain: Chain { next, sum },
        rows,
        writes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = Seed(7);

    fn frame(content: &[u8], chain: Chain) -> (Vec<u8>, u32) {
        let mut frame = vec![0; HEAD];
        frame.extend_from_slice(content);
        let sum = complete(&mut frame, Kind::Rows, chain, SEED);
        (frame, sum)
    }

    #[test]
    fn a_checksum_depends_on_everything_a_frame_says() {
        let chain = |next, sum| Chain { next, sum };
        // A part that ends with its own checksum would leave no trace if it were not left out or turned around.
        let with_sum = |text: &[u8]| [text, &crc32c(text).to_le_bytes()].concat();
        let sums = [
            frame(b"content", chain(1, 2)).1,
            frame(b"content", chain(2, 2)).1,
            frame(b"content", chain(1, 3)).1,
            frame(b"another", chain(1, 2)).1,
            frame(b"", chain(1, 2)).1,
        ];
        let distinct: std::collections::BTreeSet<u32> = sums.into();
        assert_eq!(distinct.len(), sums.len(), "{sums:?}");
        assert_eq!(
            frame(&with_sum(b"one"), chain(1, 2)).1,
            frame(&with_sum(b"two"), chain(1, 2)).1,
            "which is why a row begins with its checksum"
        );
    }

    #[test]
    fn every_flipped_bit_of_a_frame_is_seen() {
        let (sound, _) = frame(b"some content", Chain { next: 3, sum: 4 });
        let proves =
            |bytes: &[u8], seed| head(bytes, seed).is_some_and(|head| head.proves(bytes, seed));
        assert!(proves(&sound, SEED));
        assert!(!proves(&sound, Seed(8)));
        for bit in 0..sound.len() * 8 {
            let mut damaged = sound.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(!proves(&damaged, SEED), "bit {bit}");
        }
    }
}
