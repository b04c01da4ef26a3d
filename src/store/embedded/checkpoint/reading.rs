//! Reads a checkpoint, and believes nothing that its checksums do not prove. Parts are read one after the other and
//! put together by all processors.

use super::{CHECKPOINT, Directory, MAGIC, Maker, Part, SavedTenant, TRAILER, What};
use crate::{
    domain::{id::TenantId, ledger::Position},
    store::embedded::{
        books::{Block, Books, CUSTOMERS, NamesPart, SHIFT, Saved, TotalsPart},
        disk::{Disk, DiskFile},
        fingerprint::{Fingerprinter, Fingerprints, GROUPS, Group},
        log::{Known, KnownSegment},
        settings::BookSizes,
    },
};
use crc32c::crc32c;
use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

/// How many parts may have been read and not been put together.
const AHEAD: usize = 4;
/// The most threads that put parts together.
const THREADS: usize = 4;

/// What a checkpoint holds.
pub(in super::super) struct Loaded {
    /// Every tenant.
    pub tenants: BTreeMap<TenantId, LoadedTenant>,
    /// What it knows of the log.
    pub known: Known,
}

/// A tenant whose parts were put together.
pub(in super::super) struct LoadedTenant {
    /// Its books, without its records.
    pub books: Books,
    /// Where its ids may be.
    pub fingerprints: Fingerprints,
    /// Up to which position each group of fingerprints holds everything.
    pub noted: Vec<Position>,
    /// Which positions are records, in runs.
    pub records: Vec<Range<Position>>,
}

/// A part that was put together.
enum Read {
    Block(Block),
    Totals(TotalsPart),
    Few(Fingerprints),
    Group(Group),
    Names(NamesPart),
    Segment(KnownSegment),
}

/// Reads the checkpoint of a folder; `None` if there is none that fits.
pub(in super::super) fn load(
    disk: &dyn Disk,
    folder: u64,
    fingerprinter: &Fingerprinter,
    sizes: BookSizes,
) -> Option<Loaded> {
    let file = disk.open(CHECKPOINT).ok()?;
    let directory = read_directory(&*file)?;
    if directory.maker != Maker::of(folder, fingerprinter) {
        return None;
    }
    let parts = read_parts(&file, &directory)?;
    assemble(directory, parts, sizes)
}

fn read_bytes(file: &dyn DiskFile, offset: u64, length: u64, size: u64) -> Option<Vec<u8>> {
    let is_there = offset.checked_add(length)? <= size;
    let mut bytes = vec![0; usize::try_from(length).ok().filter(|_| is_there)?];
    file.read_at(offset, &mut bytes).ok()?;
    Some(bytes)
}

fn read_directory(file: &dyn DiskFile) -> Option<Directory> {
    let size = file.size().ok()?;
    if read_bytes(file, 0, MAGIC.len() as u64, size)? != MAGIC {
        return None;
    }
    let start = size.checked_sub(TRAILER as u64)?;
    let trailer = read_bytes(file, start, TRAILER as u64, size)?;
    let (place, rest) = trailer.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let (sum, magic) = rest.split_first_chunk::<4>()?;
    let (place, length) = (u64::from_le_bytes(*place), u64::from_le_bytes(*length));
    if magic != MAGIC || place.checked_add(length)? != start {
        return None;
    }
    let bytes = read_bytes(file, place, length, size)?;
    if crc32c(&bytes) != u32::from_le_bytes(*sum) {
        return None;
    }
    postcard::from_bytes(&bytes).ok()
}

/// All parts, in the order of the directory.
fn read_parts(file: &Arc<dyn DiskFile>, directory: &Directory) -> Option<Vec<Read>> {
    let size = file.size().ok()?;
    // Names take the longest.
    let is_late = |part: &Part| !matches!(part.what, What::Names { .. });
    let mut order: Vec<usize> = (0..directory.parts.len()).collect();
    order.sort_by_key(|index| is_late(&directory.parts[*index]));
    let (sender, receiver) = mpsc::sync_channel::<(usize, Vec<u8>)>(AHEAD);
    let receiver = Mutex::new(receiver);
    let read: Mutex<Vec<Option<Read>>> = Mutex::new(directory.parts.iter().map(|_| None).collect());
    let put_together = || {
        loop {
            // Nothing behind these locks is ever half done.
            let next = receiver
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok((index, bytes)) = next else { return };
            let part = read_part(&directory.parts[index], &bytes, &directory.tenants);
            read.lock().unwrap_or_else(PoisonError::into_inner)[index] = part;
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..threads.min(THREADS) {
            thread::Builder::new()
                .spawn_scoped(scope, put_together)
                .ok()?;
        }
        for index in order {
            let part = directory.parts[index];
            let bytes = read_bytes(&**file, part.offset, part.length, size)?;
            sender.send((index, bytes)).ok()?;
        }
        drop(sender);
        Some(())
    })?;
    let read = read.into_inner().unwrap_or_else(PoisonError::into_inner);
    read.into_iter().collect()
}

fn read_part(part: &Part, bytes: &[u8], tenants: &[SavedTenant]) -> Option<Read> {
    if crc32c(bytes) != part.sum {
        return None;
    }
    let mut saved = Saved(bytes);
    let position = Position::from(part.covers);
    let tenant = |number: usize| tenants.get(number);
    Some(match part.what {
        What::Block {
            tenant: own,
            number,
        } => {
            let mut limits = tenant(own)?.limits(part.covers)?;
            let first = number.checked_mul(1 << SHIFT)?;
            limits.customers = limits.customers.saturating_sub(first).min(CUSTOMERS);
            let block = Block::load(&mut saved, &limits)?;
            Read::Block(saved.end(block)?)
        }
        What::Totals { tenant: own } => {
            Read::Totals(TotalsPart::load(saved, &tenant(own)?.limits(part.covers)?)?)
        }
        What::Fingerprints { tenant: own, .. } => match tenant(own)?.groups {
            1 => Read::Few(Fingerprints::load_few(saved, position)?),
            _ => Read::Group(Fingerprints::load_group(saved, position)?),
        },
        What::Names { tenant: own } => {
            Read::Names(NamesPart::load(saved, &tenant(own)?.limits(part.covers)?)?)
        }
        What::Segment { .. } => Read::Segment(postcard::from_bytes(bytes).ok()?),
    })
}

/// The parts of a tenant.
#[derive(Default)]
struct Parts {
    blocks: Vec<Block>,
    totals: Option<TotalsPart>,
    few: Option<Fingerprints>,
    groups: Vec<Group>,
    noted: Vec<Position>,
    names: Option<NamesPart>,
}

fn assemble(directory: Directory, read: Vec<Read>, sizes: BookSizes) -> Option<Loaded> {
    let mut all: Vec<Parts> = directory.tenants.iter().map(|_| Parts::default()).collect();
    let mut segments = Vec::new();
    for (part, read) in directory.parts.iter().zip(read) {
        match (part.what, read) {
            (What::Block { tenant, number }, Read::Block(block)) => {
                let blocks = &mut all.get_mut(tenant)?.blocks;
                blocks.push(block);
                (blocks.len() == number + 1).then_some(())?;
            }
            (What::Totals { tenant }, Read::Totals(totals)) => {
                all.get_mut(tenant)?.totals = Some(totals);
            }
            (What::Fingerprints { tenant, group }, read) => {
                let own = all.get_mut(tenant)?;
                (own.noted.len() == group).then_some(())?;
                own.noted.push(part.covers.into());
                match read {
                    Read::Few(few) => own.few = Some(few),
                    Read::Group(group) => own.groups.push(group),
                    _ => return None,
                }
            }
            (What::Names { tenant }, Read::Names(names)) => {
                all.get_mut(tenant)?.names = Some(names);
            }
            (What::Segment { number }, Read::Segment(segment)) => {
                segments.push(segment);
                (segments.len() as u64 == u64::from(number)).then_some(())?;
            }
            _ => return None,
        }
    }
    let mut tenants = BTreeMap::new();
    for (saved, parts) in directory.tenants.iter().zip(all) {
        let id = TenantId::parse(&saved.id, "tenant").ok()?;
        tenants.insert(id, parts.tenant(saved, sizes)?);
    }
    Some(Loaded {
        tenants,
        known: Known {
            segments,
            reached: directory.reached,
        },
    })
}

impl Parts {
    fn tenant(self, saved: &SavedTenant, sizes: BookSizes) -> Option<LoadedTenant> {
        let fingerprints = match self.few {
            Some(few) if self.groups.is_empty() => few,
            None if self.groups.len() == GROUPS => Fingerprints::of_groups(self.groups)?,
            _ => return None,
        };
        if self.blocks.len() as u64 != saved.blocks {
            return None;
        }
        let mut names = self.names?;
        let records = std::mem::take(&mut names.records);
        let books = Books::of_parts(saved.newest, sizes, names, self.totals?, self.blocks);
        Some(LoadedTenant {
            books,
            fingerprints,
            noted: self.noted,
            records,
        })
    }
}
