//! Writes a complete segment again, with the same writes in other rows, and puts it into the place of the first.
//!
//! The new file is finished and durable before it takes the name, so that a crash leaves one or the other. Both
//! begin and end alike: what comes before and after them notices nothing.

use super::{
    Log,
    frame::{self, Chain, HEAD, Kind, Seal, Seed},
    index::Place,
    row::{NewRow, Row},
    scan::Sealed,
    segment::{self, BEGIN, Begin, Origin, UNFINISHED},
};
use crate::store::embedded::{
    disk::DiskFile,
    planted::{Planted, is_planted},
};
use std::{io, sync::Arc};

/// A segment is worth it if its rows have fewer writes than this on the average.
const SMALL_ROWS: u64 = 512;

/// So many bytes are sent to the disk at once.
const PORTION: u64 = 1 << 20;

/// A segment that is being written again.
pub struct Rewriting {
    was: Sealed,
    file: Arc<dyn DiskFile>,
    seed: Seed,
    chain: Chain,
    place: u64,
    /// Up to where it was sent to the disk.
    sent: u64,
    writes: u64,
    places: Vec<Row<String, Place>>,
    /// What it ends with, once that is written.
    sealed: Option<Seal>,
}

impl Rewriting {
    /// Which segment it is.
    pub fn number(&self) -> u32 {
        self.was.begin.number
    }

    /// Adds a row in a frame of its own.
    pub fn add(&mut self, row: NewRow) -> io::Result<()> {
        let mut frame = vec![0; HEAD];
        let sum = row.write(&mut frame);
        let too_large = |_| io::Error::other("a segment has more than four gigabytes");
        let place = Place {
            first: row.first,
            segment: self.number(),
            offset: u32::try_from(self.place + HEAD as u64).map_err(too_large)?,
            length: u32::try_from(row.size()).map_err(too_large)?,
            sum,
        };
        let sum = frame::complete(&mut frame, Kind::Rows, self.chain, self.seed);
        self.file.write_at(self.place, &frame)?;
        self.place += frame.len() as u64;
        // So that the last sync, which all writes wait for, has little left to do.
        if self.place - self.sent >= PORTION {
            self.file.start_sync();
            self.sent = self.place;
        }
        self.writes += u64::from(row.count);
        self.chain = Chain {
            next: self.chain.next + 1,
            sum,
        };
        self.places.push(Row {
            table: row.table,
            tenant: row.tenant,
            first: row.first,
            count: row.count,
            body: place,
        });
        Ok(())
    }

    /// The seal, if nothing was lost on the way.
    fn seal(&self) -> io::Result<Seal> {
        if self.writes != self.was.seal.writes {
            let message = "a segment that was written again has other writes";
            return Err(io::Error::other(message));
        }
        Ok(Seal {
            chain: self.was.seal.chain,
            rows: self.places.len() as u64,
            writes: self.writes,
        })
    }
}

fn has_small_rows(sealed: &Sealed, except: &[u32]) -> bool {
    sealed.begin.origin == Origin::Appended
        && sealed.seal.writes < SMALL_ROWS * sealed.seal.rows
        && !except.contains(&sealed.begin.number)
}

fn unfinished(number: u32) -> String {
    format!("{}{UNFINISHED}", segment::name(number))
}

impl Log {
    /// The first complete segment that would gain by being written again with larger rows, beside those in `except`.
    pub fn with_small_rows(&self, except: &[u32]) -> Option<u32> {
        if self.failed.is_some() {
            return None;
        }
        let mut all = self.sealed.iter();
        let found = all.find(|sealed| has_small_rows(sealed, except));
        found.map(|sealed| sealed.begin.number)
    }

    /// How many such segments there are.
    pub fn small_row_count(&self, except: &[u32]) -> usize {
        let all = self.sealed.iter();
        all.filter(|sealed| has_small_rows(sealed, except)).count()
    }

    /// How many complete segments there are.
    pub fn sealed_count(&self) -> usize {
        self.sealed.len()
    }

    /// Begins to write a segment again.
    pub fn rewrite(&self, number: u32) -> io::Result<Rewriting> {
        let was = self
            .sealed
            .iter()
            .find(|sealed| sealed.begin.number == number);
        let was = *was.ok_or_else(|| io::Error::other("there is no such segment"))?;
        let file = self.disk.create(&unfinished(number))?;
        let begin = Begin {
            origin: Origin::Packed,
            ..was.begin
        };
        file.write_at(0, &begin.to_bytes())?;
        Ok(Rewriting {
            was,
            file,
            seed: self.seed(),
            chain: was.begin.chain,
            place: BEGIN as u64,
            sent: 0,
            writes: 0,
            places: Vec::new(),
            sealed: None,
        })
    }

    /// Puts the new segment into the place of the old one, once it is durable: says whether it is, and is called again
    /// if it is not. If this fails, the old one is there still.
    pub fn finish_rewriting(&mut self, rewriting: &mut Rewriting) -> io::Result<bool> {
        let number = rewriting.number();
        let seal = match rewriting.sealed {
            Some(seal) => seal,
            None => {
                let seal = rewriting.seal()?;
                let frame = frame::seal(rewriting.chain, seal, rewriting.seed);
                rewriting.file.write_at(rewriting.place, &frame)?;
                *rewriting.sealed.insert(seal)
            }
        };
        if !is_planted(Planted::PackUnsynced) && !rewriting.file.finish_sync()? {
            return Ok(false);
        }
        self.disk
            .rename(&unfinished(number), &segment::name(number))?;
        let places = std::mem::take(&mut rewriting.places);
        let (was, file) = (rewriting.was, Arc::clone(&rewriting.file));
        if let Some(sealed) = (self.sealed.iter_mut()).find(|sealed| **sealed == was) {
            sealed.begin.origin = Origin::Packed;
            sealed.seal = seal;
        }
        self.index.replace(number, file, places);
        if let Err(error) = self.disk.sync_names() {
            // Either file is right, and names that are made later may not last.
            self.failed = Some(error.to_string());
            return Err(error);
        }
        Ok(true)
    }

    /// Leaves a segment as it was.
    pub fn abandon_rewriting(&self, number: u32) {
        // What stays is removed when the folder is opened again.
        let _ = self.disk.remove(&unfinished(number));
    }
}
