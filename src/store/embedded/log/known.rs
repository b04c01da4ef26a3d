//! Goes on reading a log from where a checkpoint knows it: complete segments whose rows have known places are not
//! read again. That they are the same segments is proven by how they begin, and that the log goes on from them by the
//! chain of checksums; damage within them is found when a row is read.

use super::{
    Index, Log, Opening, Place,
    frame::Chain,
    scan::{self, Before, End, Sealed, Segment, Visit, damaged, unavailable},
    segment::{self, BEGIN, Begin},
};
use crate::{
    domain::problem::Problem,
    store::embedded::planted::{Planted, is_planted},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io, sync::Arc};

/// A complete segment whose rows have known places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownSegment {
    sealed: Sealed,
    /// How many bytes the file has.
    size: u64,
    rows: BTreeMap<String, Vec<Place>>,
}

/// What a checkpoint knows of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The segments from the first on.
    pub segments: Vec<KnownSegment>,
    /// How far the log went when the checkpoint was finished.
    pub reached: Chain,
}

/// A log that was read and not changed yet.
pub struct Scanned {
    /// Where every row is.
    pub index: Arc<Index>,
    /// Where it ends.
    pub(super) end: End,
}

impl Log {
    /// Where every row is.
    pub fn index(&self) -> &Arc<Index> {
        &self.index
    }

    /// Whether no write failed so that nobody knows what is on the disk.
    pub fn is_sound(&self) -> bool {
        self.failed.is_none()
    }

    /// Which folder it is of.
    pub fn folder(&self) -> u64 {
        self.folder
    }

    /// Where it ends.
    pub fn chain(&self) -> Chain {
        self.chain
    }

    /// The segment that is appended to.
    pub fn active_segment(&self) -> u32 {
        self.active.begin.number
    }

    /// Writes nothing any more until the folder is opened again: names that are made later may not last.
    pub fn distrust(&mut self, error: &io::Error) {
        self.failed = Some(error.to_string());
    }

    /// A complete segment as a checkpoint knows it, if there is one with a number.
    pub fn known(&self, number: u32) -> io::Result<Option<KnownSegment>> {
        let mut all = self.sealed.iter();
        let sealed = all.find(|sealed| sealed.begin.number == number);
        let (Some(sealed), Some(file)) = (sealed, self.index.segment(number)) else {
            return Ok(None);
        };
        Ok(Some(KnownSegment {
            sealed: *sealed,
            size: file.size()?,
            rows: self.index.rows_of(number),
        }))
    }
}

impl Opening {
    /// Reads everything.
    pub fn scan(&self, visit: &mut Visit<'_>) -> Result<Scanned, Problem> {
        let before = Before {
            testimony: self
                .testimony
                .filter(|_| !is_planted(Planted::IgnoreWitness)),
            ..Before::default()
        };
        self.scan_from(0, &self.index(), before, visit)
    }

    /// Where rows are, before any is read.
    pub fn index(&self) -> Arc<Index> {
        let index = Index::default();
        for segment in &self.segments {
            index.add_segment(segment.number, Arc::clone(&segment.file));
        }
        Arc::new(index)
    }

    /// Makes sure that the first segments are those that are known, and notes their rows in an index. Those that were
    /// packed since are read for where their rows are now. Gives the segments, the chain after them, and their bytes.
    pub fn recognise(
        &self,
        known: &Known,
        index: &Index,
    ) -> Result<(Vec<Sealed>, Option<Chain>, u64), Problem> {
        let (mut all, mut chain, mut bytes) = (Vec::new(), None, 0);
        for (segment, known) in self.segments.iter().zip(&known.segments) {
            let sealed = self.recognise_one(segment, known, chain, index)?;
            chain = Some(sealed.seal.chain);
            bytes += segment.size;
            all.push(sealed);
        }
        if all.len() < known.segments.len() || self.segments.len() == all.len() {
            return Err(damaged(1, 0, ": there are fewer segments than were there"));
        }
        Ok((all, chain, bytes))
    }

    fn recognise_one(
        &self,
        segment: &Segment,
        known: &KnownSegment,
        chain: Option<Chain>,
        index: &Index,
    ) -> Result<Sealed, Problem> {
        let number = segment.number;
        let other = || damaged(number, 0, ": it is not the one that was there");
        let mut bytes = [0; BEGIN];
        let read = segment.file.read_at(0, &mut bytes);
        read.map_err(|error| unavailable(&segment::name(number), &error))?;
        let begin = Begin::of_bytes(&bytes).ok_or_else(other)?;
        let was = known.sealed;
        let is_same = Begin {
            origin: was.begin.origin,
            ..begin
        } == was.begin;
        if !is_same || number != begin.number || chain.is_some_and(|chain| chain != begin.chain) {
            return Err(other());
        }
        if begin == was.begin && segment.size == known.size {
            for (tenant, places) in &known.rows {
                let places = places.iter().map(|place| (tenant.as_str(), *place));
                index.add(places);
            }
            return Ok(was);
        }
        let end = scan::scan(
            std::slice::from_ref(segment),
            self.meta.folder,
            Before::default(),
            &mut |row, place, _| {
                index.add(std::iter::once((row.tenant, place)));
                Ok(())
            },
        )?;
        let now = end.sealed.first().copied().ok_or_else(other)?;
        let is_same = now.seal.chain == was.seal.chain && now.seal.writes == was.seal.writes;
        is_same.then_some(now).ok_or_else(other)
    }

    /// Reads what comes after segments that were recognised.
    pub fn scan_after(
        &self,
        known: &Known,
        (mut sealed, chain, read): (Vec<Sealed>, Option<Chain>, u64),
        index: &Arc<Index>,
        visit: &mut Visit<'_>,
    ) -> Result<Scanned, Problem> {
        let before = Before {
            testimony: self
                .testimony
                .filter(|_| !is_planted(Planted::IgnoreWitness)),
            chain,
            reached: Some(known.reached),
            read,
        };
        let mut scanned = self.scan_from(sealed.len(), index, before, visit)?;
        sealed.append(&mut scanned.end.sealed);
        scanned.end.sealed = sealed;
        Ok(scanned)
    }

    fn scan_from(
        &self,
        first: usize,
        index: &Arc<Index>,
        before: Before,
        visit: &mut Visit<'_>,
    ) -> Result<Scanned, Problem> {
        let segments = self.segments.get(first..).unwrap_or_default();
        let folder = self.meta.folder;
        let end = scan::scan(segments, folder, before, &mut |row, place, read| {
            visit(row, place, read)?;
            index.add(std::iter::once((row.tenant, place)));
            Ok(())
        })?;
        Ok(Scanned {
            index: Arc::clone(index),
            end,
        })
    }
}
