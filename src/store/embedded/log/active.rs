//! The segment that is appended to.

use super::{
    segment::{self, BEGIN, Begin},
    unknown,
};
use crate::store::embedded::{
    disk::{Disk, DiskFile},
    planted::{Planted, is_planted},
};
use std::{io, sync::Arc};

/// The segment that is appended to.
pub(super) struct Active {
    /// How it begins.
    pub begin: Begin,
    /// Where it is.
    pub file: Arc<dyn DiskFile>,
    /// Where the next frame goes.
    pub place: u64,
    /// How many bytes the file has.
    pub size: u64,
    /// How much room is kept at once.
    pub reserve: u64,
    /// Up to here there may be bytes of a frame that did not fit on the disk.
    pub soiled: u64,
    /// How many rows it has.
    pub rows: u64,
    /// How many writes it has.
    pub writes: u64,
    /// Whether its end says that it is complete.
    pub is_sealed: bool,
}

impl Active {
    /// Makes a segment, durably.
    pub fn create(disk: &dyn Disk, begin: Begin, reserve: u64) -> io::Result<Self> {
        let name = segment::name(begin.number);
        let file = disk.create(&name)?;
        let filled = file
            .set_size(reserve)
            .and_then(|()| file.write_at(0, &begin.to_bytes()));
        if let Err(error) = filled {
            // It is made anew at the next attempt, or when the folder is opened.
            let _ = disk.remove(&name);
            return Err(error);
        }
        file.sync().map_err(unknown)?;
        if !is_planted(Planted::LoseSegmentName) {
            disk.sync_names().map_err(unknown)?;
        }
        Ok(Self {
            begin,
            file,
            place: BEGIN as u64,
            size: reserve,
            reserve,
            soiled: 0,
            rows: 0,
            writes: 0,
            is_sealed: false,
        })
    }

    /// Writes a frame after the last one, durably; on a full disk nothing has happened.
    pub fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        let end = self.place + frame.len() as u64;
        let reserved = end.div_ceil(self.reserve) * self.reserve;
        if reserved > self.size {
            self.file.set_size(reserved)?;
            self.size = reserved;
        }
        if self.soiled > end && !is_planted(Planted::LeaveSoiled) {
            // Before the frame and not with it: a write that is cut short in what follows the frame would leave all of
            // a frame that was never acknowledged and that the next one replaces, under the eyes of who reads.
            // A frame that failed is never longer than what a vector can hold.
            let rest = usize::try_from(self.soiled - end).map_err(io::Error::other)?;
            self.file.write_at(end, &vec![0; rest])?;
        }
        self.soiled = self.soiled.max(end);
        self.file.write_at(self.place, frame)?;
        if !is_planted(Planted::SkipSync) {
            self.file.sync().map_err(unknown)?;
        }
        (self.place, self.soiled) = (end, 0);
        Ok(())
    }
}
