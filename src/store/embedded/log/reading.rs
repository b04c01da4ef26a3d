//! Reads a log without changing it, also while another process appends to it; and copies what was read.

use super::{
    Index, Meta,
    scan::{self, Before, End, Segment, Tail, Visit, unavailable},
    segment::{self, UNFINISHED},
    witness::{self, Testimony, Witness},
};
use crate::{
    domain::problem::Problem,
    store::embedded::{
        disk::Disk,
        planted::{Planted, is_planted},
    },
};
use std::{io, sync::Arc};

/// How much is copied at once.
const PIECE: usize = 1 << 20;

/// A log that is read without changing it. What it holds does not change: what is appended or packed meanwhile is not
/// part of it.
pub struct Reading {
    meta: Meta,
    testimony: Option<Testimony>,
    segments: Vec<Segment>,
    index: Arc<Index>,
}

/// What was read.
pub struct Read {
    segments: Vec<Segment>,
    meta: Meta,
    end: End,
}

impl Reading {
    /// Opens the files of a folder.
    pub fn open(disk: &dyn Disk) -> Result<Self, Problem> {
        let meta = Meta::read(disk)?;
        // Before the segments: they hold at least what the witness tells of.
        let testimony = match Witness::open(disk) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let place = format!("file {}: it is missing", witness::NAME);
                return Err(Problem::ledger_damaged(&place));
            }
            opened => {
                opened
                    .map_err(|error| unavailable(witness::NAME, &error))?
                    .1
            }
        };
        let segments = scan::segments(disk)?;
        if segments.first().is_none_or(|first| first.number != 1) {
            let place = format!("file {}: it is missing", segment::name(1));
            return Err(Problem::ledger_damaged(&place));
        }
        let index = Index::default();
        for segment in &segments {
            index.add_segment(segment.number, Arc::clone(&segment.file));
        }
        Ok(Self {
            meta,
            testimony: testimony.filter(|_| !is_planted(Planted::VerifyAlone)),
            segments,
            index: Arc::new(index),
        })
    }

    /// What the folder was made with.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Where every row is that was read.
    pub fn index(&self) -> &Arc<Index> {
        &self.index
    }

    /// How many bytes there are to read.
    pub fn size(&self) -> u64 {
        self.segments.iter().map(|segment| segment.size).sum()
    }

    /// Reads everything.
    pub fn read(self, visit: &mut Visit<'_>) -> Result<Read, Problem> {
        let index = &self.index;
        let end = scan::scan(
            &self.segments,
            self.meta.folder,
            Before {
                testimony: self.testimony,
                ..Before::default()
            },
            &mut |row, place, read| {
                index.add(std::iter::once((row.tenant, place)));
                visit(row, place, read)
            },
        )?;
        Ok(Read {
            segments: self.segments,
            meta: self.meta,
            end,
        })
    }
}

impl Read {
    /// How many bytes of segments there are up to the end.
    pub fn size(&self) -> u64 {
        let complete = self
            .segments
            .iter()
            .filter(|segment| segment.number != self.end.segment.number);
        complete.map(|segment| segment.size).sum::<u64>() + self.end.place
    }

    /// How many segments there are.
    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    /// Whether bytes follow that were never acknowledged.
    pub fn is_torn(&self) -> bool {
        self.end.tail != Tail::Clean
    }

    /// Copies it into an empty folder, durably; what says that the copy is whole comes last.
    pub fn copy(&self, to: &dyn Disk) -> Result<(), Problem> {
        for segment in &self.segments {
            let name = segment::name(segment.number);
            let length = match self.end.segment.number == segment.number {
                true if self.end.tail == Tail::Unbegun => continue,
                true => self.end.place,
                false => segment.size,
            };
            copy(segment, length, &name, to).map_err(|error| unavailable(&name, &error))?;
        }
        let finish = || {
            let mut witness = Witness::create(to)?;
            witness.note(Testimony {
                chain: self.end.chain,
                is_closed: true,
            })?;
            witness.sync()?;
            let unfinished = format!("{}{UNFINISHED}", super::meta::NAME);
            self.meta.write(to, &unfinished)?;
            to.sync_names()?;
            to.rename(&unfinished, super::meta::NAME)?;
            to.sync_names()
        };
        finish().map_err(|error| unavailable("folder", &error))
    }
}

fn copy(segment: &Segment, length: u64, name: &str, to: &dyn Disk) -> io::Result<()> {
    let file = to.create(name)?;
    let mut bytes = vec![0; PIECE];
    let mut place = 0;
    while place < length {
        // At most a piece, which fits.
        let count = usize::try_from(length - place)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        segment.file.read_at(place, &mut bytes[..count])?;
        file.write_at(place, &bytes[..count])?;
        place += count as u64;
    }
    match is_planted(Planted::BackupUnsynced) {
        true => Ok(()),
        false => file.sync(),
    }
}
