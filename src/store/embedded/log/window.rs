//! Reads a file from its beginning to its end in large pieces.

use crate::store::embedded::disk::DiskFile;
use std::{io, sync::Arc};

/// How much is read at once.
const PIECE: u64 = 1 << 20;
static ZEROS: [u8; 1 << 20] = [0; 1 << 20];

/// A part of a file that was read.
pub struct Window {
    file: Arc<dyn DiskFile>,
    size: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// Of a file.
    pub fn new(file: Arc<dyn DiskFile>) -> io::Result<Self> {
        let size = file.size()?;
        Ok(Self {
            file,
            size,
            start: 0,
            bytes: Vec::new(),
        })
    }

    /// How many bytes the file had when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes of the file; `None` if it ends before.
    pub fn bytes(&mut self, place: u64, count: usize) -> io::Result<Option<&[u8]>> {
        let Some(end) = place
            .checked_add(count as u64)
            .filter(|end| *end <= self.size)
        else {
            return Ok(None);
        };
        if place < self.start || end > self.start + self.bytes.len() as u64 {
            let until = end.max(place.saturating_add(PIECE)).min(self.size);
            let length = usize::try_from(until - place).map_err(io::Error::other)?;
            self.start = place;
            self.bytes.resize(length, 0);
            if let Err(error) = self.file.read_at(place, &mut self.bytes) {
                self.bytes.clear();
                return Err(error);
            }
        }
        let from = usize::try_from(place - self.start).map_err(io::Error::other)?;
        Ok(self.bytes.get(from..from + count))
    }

    /// The last byte from a place on that is not zero.
    pub fn last_byte(&mut self, mut place: u64) -> io::Result<Option<u64>> {
        let mut last = None;
        while place < self.size {
            // At most a piece, which fits.
            let count = usize::try_from(PIECE.min(self.size - place)).unwrap_or_default();
            let found = self.bytes(place, count)?.unwrap_or_default();
            // Comparing memory is much faster than looking at every byte.
            if ZEROS.get(..found.len()) == Some(found) {
                place += count as u64;
                continue;
            }
            if let Some(index) = found.iter().rposition(|byte| *byte != 0) {
                last = Some(place + index as u64);
            }
            place += count as u64;
        }
        Ok(last)
    }
}
