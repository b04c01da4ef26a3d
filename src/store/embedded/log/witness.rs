//! The witness: a small file that says how far the log was acknowledged, so that a lost or damaged end is told from one
//! that was never finished.
//!
//! It has two slots that are written in turn, after each append and without a sync of its own: after a crash of the
//! machine it may tell of an earlier end, and never of one that was not durable.

use super::{bytes::Bytes, frame::Chain};
use crate::store::embedded::disk::{Disk, DiskFile};
use crc32c::crc32c;
use std::{io, sync::Arc};

/// Its name.
pub const NAME: &str = "WITNESS";
const MAGIC: [u8; 4] = *b"PrSw";
const SLOT: usize = 36;
/// Slots are in sectors of their own, so that no write can tear both.
const STRIDE: u64 = 4_096;

/// What the witness says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Testimony {
    /// Where the log ended when it was last acknowledged.
    pub chain: Chain,
    /// Whether the folder was closed then, so that nothing can have been added since.
    pub is_closed: bool,
}

/// The open file.
pub struct Witness {
    file: Arc<dyn DiskFile>,
    generation: u64,
}

impl Witness {
    /// Makes the file.
    pub fn create(disk: &dyn Disk) -> io::Result<Self> {
        let file = disk.create(NAME)?;
        file.set_size(2 * STRIDE)?;
        Ok(Self {
            file,
            generation: 0,
        })
    }

    /// Opens the file and reads what it says; nothing if neither slot can be read.
    pub fn open(disk: &dyn Disk) -> io::Result<(Self, Option<Testimony>)> {
        let file = disk.open(NAME)?;
        let mut newest: Option<(u64, Testimony)> = None;
        for slot in 0..2 {
            let mut bytes = [0; SLOT];
            match file.read_at(slot * STRIDE, &mut bytes) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
                Err(error) => return Err(error),
            }
            let read = read(&bytes).filter(|(generation, _)| generation % 2 == slot);
            if let Some(read) = read
                && newest.is_none_or(|newest| newest.0 < read.0)
            {
                newest = Some(read);
            }
        }
        let generation = newest.map_or(0, |newest| newest.0);
        let testimony = newest.map(|newest| newest.1);
        Ok((Self { file, generation }, testimony))
    }

    /// Says where the log ends.
    pub fn note(&mut self, testimony: Testimony) -> io::Result<()> {
        self.generation += 1;
        let mut bytes = [0; SLOT];
        bytes[0..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&u32::from(testimony.is_closed).to_le_bytes());
        bytes[8..16].copy_from_slice(&self.generation.to_le_bytes());
        bytes[16..24].copy_from_slice(&testimony.chain.next.to_le_bytes());
        bytes[24..28].copy_from_slice(&testimony.chain.sum.to_le_bytes());
        let sum = crc32c(&bytes[..32]);
        bytes[32..36].copy_from_slice(&sum.to_le_bytes());
        self.file.write_at(self.generation % 2 * STRIDE, &bytes)
    }

    /// Makes what was said durable.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    /// Says in both slots that the folder is open: were an older word that it is closed to stay in one of them, it
    /// would be believed when the other one is lost.
    pub fn note_opened(&mut self, chain: Chain) -> io::Result<()> {
        for _ in 0..2 {
            self.note(Testimony {
                chain,
                is_closed: false,
            })?;
            self.sync()?;
        }
        Ok(())
    }
}

fn read(bytes: &[u8; SLOT]) -> Option<(u64, Testimony)> {
    let mut rest = Bytes(bytes);
    if rest.take(4)? != MAGIC {
        return None;
    }
    let is_closed = rest.u32()? == 1;
    let generation = rest.u64()?;
    let (next, sum) = (rest.u64()?, rest.u32()?);
    let _ = rest.u32()?;
    (rest.u32()? == crc32c(&bytes[..32])).then_some((
        generation,
        Testimony {
            chain: Chain { next, sum },
            is_closed,
        },
    ))
}
