//! The ledger on disk: an append-only log in segments, with the files that tell where it belongs and how far it goes.
//!
//! Whatever a crash leaves is a beginning of what was appended: whole frames, in order. Damage to what was
//! acknowledged is found and named when the log is read. Knows nothing of what a body says.

mod active;
mod bytes;
mod frame;
mod index;
mod known;
mod meta;
mod reading;
mod rewrite;
mod row;
mod scan;
mod segment;
#[cfg(test)]
mod tests;
mod window;
mod witness;

pub(super) use self::{
    bytes::{Bytes, add_varint},
    frame::Chain,
    index::{Index, Place},
    known::{Known, KnownSegment, Scanned},
    meta::{Meta, NAME as META},
    reading::{Read, Reading},
    rewrite::Rewriting,
    row::{NewRow, ReadRow, Row, Table, parse as parse_row},
    segment::BEGIN,
};

use self::{
    active::Active,
    frame::{HEAD, Kind, SEAL, Seal, Seed},
    scan::{End, Sealed, Segment, Tail, unavailable},
    segment::{Begin, Origin, UNFINISHED},
    witness::{Testimony, Witness},
};
use super::{
    disk::{Disk, DiskFile},
    planted::{Planted, is_planted},
};
use crate::domain::problem::{Problem, Reason};
use std::{io, sync::Arc};

/// The file that an earlier format kept its ledger in.
const EARLIER: &str = "ledger.db";
/// The file that shortens the next opening.
pub(super) const CHECKPOINT: &str = "CHECKPOINT";
/// How much room is usually kept at once for what will be appended.
pub(super) const RESERVE: u64 = 4 << 20;
/// How much memory is kept for making frames.
const KEPT: usize = 4 << 20;
/// The largest frame.
const FRAME_LIMIT: u64 = 1 << 30;
/// How large a segment may get, unless a single frame is larger.
pub(super) const SEGMENT_SIZE: u64 = 64 << 20;

/// A folder that is about to be read.
pub(super) struct Opening {
    disk: Arc<dyn Disk>,
    meta: Meta,
    reserve: u64,
    segments: Vec<Segment>,
    witness: Witness,
    testimony: Option<Testimony>,
}

/// The log, open for appending.
pub(super) struct Log {
    disk: Arc<dyn Disk>,
    index: Arc<Index>,
    folder: u64,
    segment_size: u64,
    reserve: u64,
    witness: Witness,
    active: Active,
    /// What the next frame continues.
    chain: Chain,
    /// The segments that are complete.
    sealed: Vec<Sealed>,
    /// Why nothing can be written any more until the folder is opened again.
    failed: Option<String>,
    frame: Vec<u8>,
}

impl Opening {
    /// Opens the files of a folder, and makes them if there are none; `made` is what they are made with, and `reserve`
    /// how much room is kept at once for what will be appended.
    pub fn new(disk: Arc<dyn Disk>, made: &Meta, reserve: u64) -> Result<Self, Problem> {
        let failed = |error: io::Error| unavailable("folder", &error);
        let names = disk.names().map_err(failed)?;
        if names.iter().any(|name| name == EARLIER) {
            let message = format!(
                "the folder holds {EARLIER}, a ledger of a format that was never released and is not read any more"
            );
            return Err(Problem::store_unavailable(&message));
        }
        if !names.iter().any(|name| name == meta::NAME) {
            make(&*disk, &names, made, reserve)?;
        }
        let meta = Meta::read(&*disk)?;
        for name in disk.names().map_err(failed)? {
            if is_unfinished(&name) {
                disk.remove(&name).map_err(failed)?;
            }
        }
        // Whoever made a segment may have been cut short before its name was durable.
        if !is_planted(Planted::TrustNames) {
            disk.sync_names().map_err(failed)?;
        }
        let is_missing =
            |name: &str| Problem::ledger_damaged(&format!("file {name}: it is missing"));
        let (witness, testimony) = match Witness::open(&*disk) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(is_missing(witness::NAME));
            }
            opened => opened.map_err(|error| unavailable(witness::NAME, &error))?,
        };
        let segments = scan::segments(&*disk)?;
        if segments.first().is_none_or(|first| first.number != 1) {
            return Err(is_missing(&segment::name(1)));
        }
        Ok(Self {
            disk,
            meta,
            reserve,
            segments,
            witness,
            testimony,
        })
    }

    /// What the folder was made with.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// How many bytes there are to read.
    pub fn size(&self) -> u64 {
        self.segments.iter().map(|segment| segment.size).sum()
    }

    /// Mends what a crash left at the end of what was read, and opens the log for appending.
    pub fn finish(mut self, scanned: Scanned, segment_size: u64) -> Result<Log, Problem> {
        let Scanned { index, end } = scanned;
        let name = segment::name(end.segment.number);
        let active = self
            .mend(&end)
            .map_err(|error| unavailable(&name, &error))?;
        let noted = self.witness.note_opened(end.chain);
        noted.map_err(|error| unavailable(witness::NAME, &error))?;
        index.add_segment(active.begin.number, Arc::clone(&active.file));
        Ok(Log {
            disk: self.disk,
            index,
            folder: self.meta.folder,
            segment_size,
            reserve: self.reserve,
            witness: self.witness,
            active,
            chain: end.chain,
            sealed: end.sealed,
            failed: None,
            frame: Vec::new(),
        })
    }

    /// Takes away what was never finished, and makes sure of what was.
    fn mend(&self, end: &End) -> io::Result<Active> {
        let anew = Begin {
            number: end.segment.number,
            origin: Origin::Appended,
            folder: self.meta.folder,
            chain: end.chain,
        };
        let begin = end.begin.unwrap_or(anew);
        let active = Active {
            begin,
            file: Arc::clone(&end.segment.file),
            place: end.place,
            size: end.segment.size,
            reserve: self.reserve,
            soiled: 0,
            rows: end.rows,
            writes: end.writes,
            is_sealed: end.is_sealed,
        };
        if end.tail == Tail::Unbegun {
            return Active::create(&*self.disk, begin, self.reserve);
        }
        if let Tail::Torn(until) = end.tail
            && !is_planted(Planted::LeaveTorn)
        {
            wipe(&*active.file, end.place, until)?;
            active.file.sync()?;
        }
        let is_closed = self.testimony.is_some_and(|said| said.is_closed);
        let is_sure = is_closed || is_planted(Planted::TrustLastFrame);
        if let Some((place, length)) = end.last_frame.filter(|_| !is_sure) {
            // What can be read may never have reached the disk, if the sync before the end failed.
            let mut frame = vec![0; length];
            active.file.read_at(place, &mut frame)?;
            active.file.write_at(place, &frame)?;
            active.file.sync()?;
        }
        Ok(active)
    }
}

/// Whether a file of ours was being made under this name when the process ended.
fn is_unfinished(name: &str) -> bool {
    let made = name.strip_suffix(UNFINISHED);
    made.is_some_and(|made| {
        made == meta::NAME || made == CHECKPOINT || segment::number(made).is_some()
    })
}

/// Makes the files of an empty folder; the last one says that it is done.
fn make(disk: &dyn Disk, names: &[String], meta: &Meta, reserve: u64) -> Result<(), Problem> {
    for number in names.iter().filter_map(|name| segment::number(name)) {
        let name = segment::name(number);
        let failed = |error: io::Error| unavailable(&name, &error);
        let file = disk.open(&name).map_err(failed)?;
        let has_frames = file.size().map_err(failed)? > reserve || {
            let mut byte = [0];
            file.read_at(BEGIN as u64, &mut byte).is_ok() && byte != [0]
        };
        if number != 1 || has_frames {
            let place = format!("file {}: it is missing, and {name} is there", meta::NAME);
            return Err(Problem::ledger_damaged(&place));
        }
    }
    let make = || {
        let witness = Witness::create(disk)?;
        witness.sync()?;
        let begin = Begin {
            number: 1,
            origin: Origin::Appended,
            folder: meta.folder,
            chain: Chain { next: 1, sum: 0 },
        };
        Active::create(disk, begin, reserve)?;
        let unfinished = format!("{}{UNFINISHED}", meta::NAME);
        meta.write(disk, &unfinished)?;
        disk.rename(&unfinished, meta::NAME)?;
        disk.sync_names()
    };
    make().map_err(|error| unavailable("folder", &error))
}

/// Writes zeros over a part of a file.
fn wipe(file: &dyn DiskFile, mut place: u64, until: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 16];
    while place < until {
        // At most the zeros there are, which fits.
        let count = usize::try_from(until - place)
            .unwrap_or(usize::MAX)
            .min(zeros.len());
        file.write_at(place, &zeros[..count])?;
        place += count as u64;
    }
    Ok(())
}

/// What cannot be written at once will never be: whoever sent it must divide it.
fn too_large(size: u64) -> Problem {
    let message = format!(
        "what was to be written takes {size} bytes at once, at most {FRAME_LIMIT} are possible"
    );
    let variables = [
        ("limit", FRAME_LIMIT.to_string()),
        ("actual", size.to_string()),
    ];
    Problem::new(Reason::BatchTooLarge, "", message, variables)
}

/// After a sync that failed nobody knows what is on the disk, even if it failed because the disk is full.
fn unknown(error: io::Error) -> io::Error {
    io::Error::other(error)
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}

impl Log {
    /// Appends rows: all of them durably, or none.
    pub fn append(&mut self, rows: &[NewRow]) -> Result<(), Problem> {
        if let Some(failed) = &self.failed
            && !is_planted(Planted::WriteOn)
        {
            let message =
                format!("a write failed before, the folder must be opened again: {failed}");
            return Err(Problem::store_unavailable(&message));
        }
        let size: usize = rows.iter().map(NewRow::size).sum();
        let size = (HEAD + size) as u64;
        if size > FRAME_LIMIT {
            return Err(too_large(size));
        }
        self.make_room(size).map_err(|error| self.fail(error))?;
        let mut frame = std::mem::take(&mut self.frame);
        frame.clear();
        frame.resize(HEAD, 0);
        let mut places = Vec::with_capacity(rows.len());
        for row in rows {
            let at = frame.len();
            let sum = row.write(&mut frame);
            places.push((
                row.tenant.as_str(),
                self.place(row.first, at, frame.len(), sum),
            ));
        }
        let sum = frame::complete(&mut frame, Kind::Rows, self.chain, self.seed());
        let chain = Chain {
            next: self.chain.next + 1,
            sum,
        };
        if is_planted(Planted::WitnessEarly) {
            let _ = self.witness.note_opened(chain);
        }
        let written = self.active.write(&frame);
        if is_planted(Planted::ChainFailure) {
            self.chain = chain;
        }
        self.frame = frame;
        // One large group does not keep its memory for ever.
        self.frame.shrink_to(KEPT);
        written.map_err(|error| self.fail(error))?;
        self.chain = chain;
        self.active.rows += rows.len() as u64;
        self.active.writes += rows.iter().map(|row| u64::from(row.count)).sum::<u64>();
        self.index.add(places.into_iter());
        let testimony = self.testimony(false);
        if let Err(error) = self.witness.note(testimony) {
            // The rows are durable all the same.
            self.failed = Some(error.to_string());
        }
        Ok(())
    }

    fn seed(&self) -> Seed {
        Seed::of(self.folder)
    }

    fn testimony(&self, is_closed: bool) -> Testimony {
        Testimony {
            chain: self.chain,
            is_closed,
        }
    }

    fn place(&self, first: u64, at: usize, end: usize, sum: u32) -> Place {
        // Frames begin within the first segment size and end within the frame limit after it: less than four gigabytes.
        let narrow = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        Place {
            first,
            segment: self.active.begin.number,
            offset: narrow(self.active.place + at as u64),
            length: narrow((end - at) as u64),
            sum,
        }
    }

    /// Begins a new segment if a frame does not fit into this one.
    fn make_room(&mut self, size: u64) -> io::Result<()> {
        let end = self.active.place + size + SEAL as u64;
        let is_empty = self.active.place == BEGIN as u64;
        if !self.active.is_sealed && (end <= self.segment_size || is_empty) {
            return Ok(());
        }
        if !self.active.is_sealed {
            let seal = Seal {
                chain: self.chain,
                rows: self.active.rows,
                writes: self.active.writes,
            };
            let frame = frame::seal(self.chain, seal, self.seed());
            self.active.write(&frame)?;
            self.active.is_sealed = true;
            let begin = self.active.begin;
            self.sealed.push(Sealed { begin, seal });
            self.witness.note(self.testimony(false))?;
            self.witness.sync()?;
        }
        let begin = Begin {
            number: self.active.begin.number + 1,
            origin: Origin::Appended,
            folder: self.folder,
            chain: self.chain,
        };
        self.active = Active::create(&*self.disk, begin, self.reserve)?;
        let file = Arc::clone(&self.active.file);
        self.index.add_segment(begin.number, file);
        Ok(())
    }

    /// What a failed write means: a full disk is found full by the next write as well, and after anything else nobody
    /// knows what is on the disk.
    fn fail(&mut self, error: io::Error) -> Problem {
        if is_full(&error) {
            let message = format!("the disk is full, nothing was written: {error}");
            return Problem::store_unavailable(&message);
        }
        self.failed = Some(error.to_string());
        Problem::store_unavailable(&format!("nothing was written: {error}"))
    }

    /// Says that the folder was closed, so that the next one to open it can tell when something is missing.
    pub fn close(mut self) {
        if self.failed.is_some() {
            return;
        }
        // Whatever fails here is found and mended when the folder is opened again.
        let _ = self.try_close();
    }

    fn try_close(&mut self) -> io::Result<()> {
        if self.active.soiled > self.active.place {
            wipe(&*self.active.file, self.active.place, self.active.soiled)?;
            self.active.file.sync()?;
        }
        let testimony = self.testimony(true);
        self.witness.note(testimony)?;
        self.witness.sync()
    }
}
