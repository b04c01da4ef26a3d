//! Reads the log in order, proves every frame and that nothing is missing between them, and finds out where it ends.
//!
//! Changes nothing: what is to be mended at the end is told.

use super::{
    frame::{self, Chain, HEAD, Head, Kind, MAGIC, Seal, Seed},
    index::Place,
    row::{self, ReadRow},
    segment::{self, BEGIN, Begin, Origin},
    window::Window,
    witness::Testimony,
};
use crate::{
    domain::problem::Problem,
    store::embedded::{
        disk::{Disk, DiskFile},
        planted::{Planted, is_planted},
    },
};
use serde::{Deserialize, Serialize};
use std::{io, sync::Arc};

/// A segment that is there.
#[derive(Clone)]
pub struct Segment {
    /// Its number.
    pub number: u32,
    /// The open file.
    pub file: Arc<dyn DiskFile>,
    /// How many bytes it has.
    pub size: u64,
}

/// A segment that is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// How it begins.
    pub begin: Begin,
    /// How it ends.
    pub seal: Seal,
}

/// What a frame may be followed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Nothing.
    Clean,
    /// Bytes of a frame that was never finished, up to here.
    Torn(u64),
    /// The segment itself was never finished: it does not begin as it must, and holds nothing.
    Unbegun,
}

/// Where the log ends.
pub struct End {
    /// The last segment.
    pub segment: Segment,
    /// How it begins, unless it does not.
    pub begin: Option<Begin>,
    /// What the next frame continues.
    pub chain: Chain,
    /// Where the next frame goes.
    pub place: u64,
    /// Where the last frame is.
    pub last_frame: Option<(u64, usize)>,
    /// How many rows and writes the segment has.
    pub rows: u64,
    /// How many writes they have.
    pub writes: u64,
    /// Whether the segment is complete, so that the next frame goes into a new one.
    pub is_sealed: bool,
    /// What comes after the end.
    pub tail: Tail,
    /// The segments that are complete.
    pub sealed: Vec<Sealed>,
}

/// Hears of every row with the bytes that were read so far; says what is wrong with it.
pub type Visit<'v> = dyn FnMut(&ReadRow<'_>, Place, u64) -> Result<(), String> + 'v;

/// The segments of a folder, in their order.
pub fn segments(disk: &dyn Disk) -> Result<Vec<Segment>, Problem> {
    let names = disk
        .names()
        .map_err(|error| unavailable("folder", &error))?;
    let mut numbers: Vec<u32> = names
        .iter()
        .filter_map(|name| segment::number(name))
        .collect();
    numbers.sort_unstable();
    let open = |number| {
        let name = segment::name(number);
        let file = disk
            .open(&name)
            .map_err(|error| unavailable(&name, &error))?;
        let size = file.size().map_err(|error| unavailable(&name, &error))?;
        Ok(Segment { number, file, size })
    };
    numbers.into_iter().map(open).collect()
}

/// A failure to read a file.
pub fn unavailable(name: &str, error: &io::Error) -> Problem {
    Problem::store_unavailable(&format!("{name}: {error}"))
}

/// Damage at a place in a segment.
pub fn damaged(number: u32, offset: u64, what: &str) -> Problem {
    let name = segment::name(number);
    Problem::ledger_damaged(&format!("file {name}, offset {offset}{what}"))
}

/// What is known of a log before it is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Before {
    /// What the witness says.
    pub testimony: Option<Testimony>,
    /// What the first segment that is read continues, if it is not the first of the folder.
    pub chain: Option<Chain>,
    /// How far a checkpoint saw it go.
    pub reached: Option<Chain>,
    /// How many bytes come before.
    pub read: u64,
}

/// Reads segments from the first of them on, which need not be the first of the folder.
pub fn scan(
    segments: &[Segment],
    folder: u64,
    before: Before,
    visit: &mut Visit<'_>,
) -> Result<End, Problem> {
    let mut scan = Scan {
        folder,
        seed: Seed::of(folder),
        testimony: before.testimony,
        reached: before.reached,
        visit,
        read: before.read,
        chain: before.chain,
        sealed: Vec::new(),
    };
    let Some(first) = segments.first() else {
        return Err(damaged(1, 0, ": it is missing"));
    };
    let mut end = None;
    for (index, (number, segment)) in (first.number..).zip(segments).enumerate() {
        if segment.number != number {
            return Err(damaged(number, 0, ": it is missing"));
        }
        let is_last = index + 1 == segments.len();
        end = Some(scan.segment(segment, is_last)?);
        scan.read += segment.size;
    }
    let mut end = end.ok_or_else(|| damaged(1, 0, ": it is missing"))?;
    end.sealed = scan.sealed;
    check_end(&end, before)?;
    Ok(end)
}

/// Finds what is missing at the end.
fn check_end(end: &End, before: Before) -> Result<(), Problem> {
    let (number, place) = (end.segment.number, end.place);
    if let Some(reached) = before
        .reached
        .filter(|reached| end.chain.next < reached.next)
    {
        let what = format!(": the log ends before frame {}", reached.next);
        return Err(damaged(number, place, &what));
    }
    let Some(said) = before.testimony else {
        return Ok(());
    };
    let (last, acknowledged) = (end.chain.next - 1, said.chain.next.saturating_sub(1));
    if last < acknowledged {
        let what = format!(
            ": the log ends with frame {last}, though frame {acknowledged} was written durably"
        );
        return Err(damaged(number, place, &what));
    }
    // A segment that could not be made for want of room may come back with its name: it holds nothing.
    let is_more = last > acknowledged || matches!(end.tail, Tail::Torn(_));
    if said.is_closed && is_more {
        let what = format!(
            ": there is more than was there when the folder was closed, frame {acknowledged}"
        );
        return Err(damaged(number, place, &what));
    }
    Ok(())
}

struct Scan<'v, 'f> {
    folder: u64,
    seed: Seed,
    testimony: Option<Testimony>,
    reached: Option<Chain>,
    visit: &'v mut Visit<'f>,
    read: u64,
    chain: Option<Chain>,
    sealed: Vec<Sealed>,
}

/// What is at the place where a frame can be.
enum Next {
    Frame(Head),
    Nothing,
    Bad,
}

impl Scan<'_, '_> {
    fn segment(&mut self, segment: &Segment, is_last: bool) -> Result<End, Problem> {
        let number = segment.number;
        let failed = |error: io::Error| unavailable(&segment::name(number), &error);
        let mut window = Window::new(Arc::clone(&segment.file)).map_err(failed)?;
        let begin = match window.bytes(0, BEGIN).map_err(failed)? {
            Some(bytes) => Begin::of_bytes(bytes),
            None => None,
        };
        let Some(begin) = begin else {
            let unbegun = is_last && number > 1 && self.chain.is_some();
            return match self.chain {
                Some(chain)
                    if unbegun && !self.has_frame(&mut window, 0, chain).map_err(failed)? =>
                {
                    Ok(End::unbegun(segment, chain))
                }
                _ => Err(damaged(number, 0, ": it does not begin as a segment does")),
            };
        };
        let continues = self.chain.is_none_or(|chain| chain == begin.chain);
        if begin.number != number || begin.folder != self.folder || !continues {
            let what = ": it does not continue the segment before";
            return Err(damaged(number, 0, what));
        }
        let mut end = End::unbegun(segment, begin.chain);
        (end.begin, end.tail) = (Some(begin), Tail::Clean);
        end.place = BEGIN as u64;
        loop {
            if begin.origin == Origin::Appended {
                self.check_witness(number, end.place, end.chain)?;
            }
            match self.next(&mut window, &end).map_err(failed)? {
                Next::Frame(head) => match head.kind {
                    Kind::Rows => self.rows(&mut window, &mut end, head)?,
                    Kind::Seal => {
                        let seal = self.seal(&mut window, &mut end, head)?;
                        self.check_witness(number, end.place, seal.chain)?;
                        self.sealed.push(Sealed { begin, seal });
                        self.chain = Some(seal.chain);
                        return Ok(end);
                    }
                },
                Next::Nothing | Next::Bad => {
                    end.tail = self.tail(&mut window, &end, is_last)?;
                    self.chain = Some(end.chain);
                    return Ok(end);
                }
            }
        }
    }

    fn check_witness(&self, number: u32, place: u64, chain: Chain) -> Result<(), Problem> {
        let said = self.testimony.map(|said| said.chain);
        let mut known = said.into_iter().chain(self.reached);
        if known.any(|known| known.next == chain.next && known.sum != chain.sum) {
            let what = format!(": frame {} is not the one that was written", chain.next - 1);
            return Err(damaged(number, place, &what));
        }
        Ok(())
    }

    fn next(&self, window: &mut Window, end: &End) -> io::Result<Next> {
        let Some(bytes) = window.bytes(end.place, HEAD)? else {
            return Ok(Next::Nothing);
        };
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(Next::Nothing);
        }
        let Some(head) = frame::head(bytes, self.seed) else {
            return Ok(Next::Bad);
        };
        let whole = window.bytes(end.place, HEAD + head.length)?;
        let proves = |whole| head.proves(whole, self.seed) || is_planted(Planted::BelieveFrames);
        let is_cut = is_planted(Planted::CutFrame) && head.chain.next.is_multiple_of(5);
        let is_sound = head.chain == end.chain && whole.is_some_and(proves) && !is_cut;
        Ok(if is_sound {
            Next::Frame(head)
        } else {
            Next::Bad
        })
    }

    fn rows(&mut self, window: &mut Window, end: &mut End, head: Head) -> Result<(), Problem> {
        let number = end.segment.number;
        let failed = |error: io::Error| unavailable(&segment::name(number), &error);
        let mut place = end.place + HEAD as u64;
        let content = window.bytes(place, head.length).map_err(failed)?;
        let mut rest = content.unwrap_or_default();
        while !rest.is_empty() {
            let parsed = row::parse(rest).filter(|parsed| parsed.is_sound);
            let Some(parsed) = parsed else {
                return Err(damaged(
                    number,
                    place,
                    ": there is no row in a frame of rows",
                ));
            };
            let row = parsed.row;
            let read = self.read + place;
            let at = place_of(number, place, &parsed);
            let visited = at.and_then(|at| (self.visit)(&row, at, read));
            visited.map_err(|what| {
                let (tenant, first) = (row.tenant, row.first);
                let what = format!(", tenant {tenant}, position {first}: {what}");
                damaged(number, place, &what)
            })?;
            end.rows += 1;
            end.writes += u64::from(row.count);
            place += parsed.size as u64;
            rest = &rest[parsed.size..];
        }
        end.last_frame = Some((end.place, HEAD + head.length));
        end.place = place;
        end.chain = Chain {
            next: head.chain.next + 1,
            sum: head.sum,
        };
        Ok(())
    }

    fn seal(&self, window: &mut Window, end: &mut End, head: Head) -> Result<Seal, Problem> {
        let number = end.segment.number;
        let failed = |error: io::Error| unavailable(&segment::name(number), &error);
        let content = window
            .bytes(end.place + HEAD as u64, head.length)
            .map_err(failed)?;
        let seal = content.and_then(frame::read_seal);
        let counts = Some((end.rows, end.writes));
        let seal = seal.filter(|seal| Some((seal.rows, seal.writes)) == counts);
        let seal = seal.ok_or_else(|| damaged(number, end.place, ": its seal does not fit"))?;
        end.is_sealed = true;
        end.last_frame = Some((end.place, HEAD + head.length));
        end.place += (HEAD + head.length) as u64;
        end.chain = seal.chain;
        Ok(seal)
    }

    /// What comes after the last frame of a segment without a seal.
    fn tail(&mut self, window: &mut Window, end: &End, is_last: bool) -> Result<Tail, Problem> {
        let (number, place) = (end.segment.number, end.place);
        let failed = |error: io::Error| unavailable(&segment::name(number), &error);
        let last = window.last_byte(place).map_err(failed)?;
        let acknowledged = self.testimony.map_or(0, |said| said.chain.next);
        let is_lost = !is_last || acknowledged > end.chain.next;
        let goes_on = last.is_some()
            && self
                .has_frame(window, place + 1, end.chain)
                .map_err(failed)?;
        let is_closed = last.is_some() && self.testimony.is_some_and(|said| said.is_closed);
        if goes_on && !is_lost && !is_closed && self.is_there_now(end).map_err(failed)? {
            // Somebody else appends while this is read: it ended here a moment ago.
            return Ok(Tail::Clean);
        }
        if is_lost || goes_on || is_closed {
            let what = self.bad_frame(window, end).map_err(failed)?;
            return Err(damaged(number, place, &what));
        }
        Ok(last.map_or(Tail::Clean, |last| Tail::Torn(last + 1)))
    }

    /// Whether there is a frame at the end, if it is read anew.
    fn is_there_now(&self, end: &End) -> io::Result<bool> {
        let mut window = Window::new(Arc::clone(&end.segment.file))?;
        Ok(matches!(self.next(&mut window, end)?, Next::Frame(_)))
    }

    /// Whether a whole frame of this log is somewhere after a place, which would have come after the one there.
    fn has_frame(&self, window: &mut Window, place: u64, chain: Chain) -> io::Result<bool> {
        let (mut place, size) = (place, window.size());
        while place + HEAD as u64 <= size {
            let count = usize::try_from((size - place).min(1 << 18)).unwrap_or_default();
            let bytes = window.bytes(place, count)?.unwrap_or_default();
            let found = bytes.windows(MAGIC.len()).position(|found| found == MAGIC);
            let Some(index) = found else {
                place += (count - HEAD.min(count) + 1) as u64;
                continue;
            };
            place += index as u64;
            let head = window
                .bytes(place, HEAD)?
                .and_then(|bytes| frame::head(bytes, self.seed));
            if let Some(head) = head
                && head.chain.next >= chain.next
                && let Some(whole) = window.bytes(place, HEAD + head.length)?
                && head.proves(whole, self.seed)
            {
                return Ok(true);
            }
            place += 1;
        }
        Ok(false)
    }

    /// Says what is wrong with the frame at the end, and whose it is as far as it can be read.
    fn bad_frame(&self, window: &mut Window, end: &End) -> io::Result<String> {
        let next = end.chain.next;
        let wrong = format!(": frame {next} is damaged or missing");
        let mut place = end.place + HEAD as u64;
        let mut whose = String::new();
        loop {
            let count = usize::try_from(window.size().saturating_sub(place).min(1 << 20));
            let bytes = window
                .bytes(place, count.unwrap_or_default())?
                .unwrap_or_default();
            let Some(parsed) = row::parse(bytes) else {
                break;
            };
            let (tenant, first) = (parsed.row.tenant, parsed.row.first);
            whose = format!(", tenant {tenant}, position {first}");
            if !parsed.is_sound {
                break;
            }
            place += parsed.size as u64;
        }
        Ok(format!("{whose}{wrong}"))
    }
}

impl End {
    fn unbegun(segment: &Segment, chain: Chain) -> Self {
        Self {
            segment: segment.clone(),
            begin: None,
            chain,
            place: 0,
            last_frame: None,
            rows: 0,
            writes: 0,
            is_sealed: false,
            tail: Tail::Unbegun,
            sealed: Vec::new(),
        }
    }
}

fn place_of(number: u32, offset: u64, parsed: &row::Parsed<'_>) -> Result<Place, String> {
    let narrow = |_| "it is beyond what a segment can hold".to_owned();
    Ok(Place {
        first: parsed.row.first,
        segment: number,
        offset: u32::try_from(offset).map_err(narrow)?,
        length: u32::try_from(parsed.size).map_err(narrow)?,
        sum: parsed.sum,
    })
}
