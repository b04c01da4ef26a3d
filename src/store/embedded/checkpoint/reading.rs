//! Reads a checkpoint, and believes nothing that its checksums do not prove. Parts are read one after the other and
//! put together by all processors.

use super::{CHECKPOINT, Directory, MAGIC, Maker, NamesOf, Part, SavedTenant, TRAILER, What};
use crate::{
    domain::{id::TenantId, ledger::Position},
    store::embedded::{
        books::{
            Block, BookParts, Books, CUSTOMERS, IdOrder, Names, RestPart, SHIFT, Saved, TotalsPart,
        },
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
    Order(Vec<u32>),
    Rest(RestPart),
    Names(Names),
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

/// What a checkpoint takes on the disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CheckpointBytes {
    /// Activities in columns.
    pub rows: u64,
    /// Customers' ids and their order, and the values of dimensions.
    pub names: u64,
    /// The fingerprints of the ids of activities and reversals.
    pub fingerprints: u64,
    /// Sums by day, what is known of the ledger's files, and where all parts are.
    pub rest: u64,
}

impl CheckpointBytes {
    /// All of it.
    pub fn all(&self) -> u64 {
        self.rows + self.names + self.fingerprints + self.rest
    }
}

/// What the checkpoint of a folder takes on the disk; nothing if there is none that can be read.
pub(in super::super) fn bytes(disk: &dyn Disk) -> CheckpointBytes {
    let mut bytes = CheckpointBytes::default();
    let read = |file: Arc<dyn DiskFile>| Some((file.size().ok()?, read_directory(&*file)?));
    let Some((size, directory)) = disk.open(CHECKPOINT).ok().and_then(read) else {
        return bytes;
    };
    for part in directory.parts {
        let own = match part.what {
            What::Block { .. } => &mut bytes.rows,
            What::Fingerprints { .. } => &mut bytes.fingerprints,
            What::Order { .. } | What::Names { .. } => &mut bytes.names,
            What::Totals { .. } | What::Rest { .. } | What::Segment { .. } => continue,
        };
        *own += part.length;
    }
    bytes.rest = size.saturating_sub(bytes.all());
    bytes
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

/// All parts, in the order of the directory, with those that are read at once.
fn read_parts(
    file: &Arc<dyn DiskFile>,
    directory: &Directory,
) -> Option<Vec<(Range<usize>, Read)>> {
    let size = file.size().ok()?;
    let parts = &directory.parts;
    let is_one = |a: &Part, b: &Part| match (a.what, b.what) {
        (What::Names { tenant, of, part }, next) => {
            let part = part + 1;
            next == What::Names { tenant, of, part }
        }
        _ => false,
    };
    let mut end = 0;
    let groups = parts.chunk_by(is_one).map(|group| {
        let start = end;
        end += group.len();
        start..end
    });
    let groups: Vec<Range<usize>> = groups.collect();
    // Names take the longest.
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|group| std::cmp::Reverse(groups[*group].len()));
    let (sender, receiver) = mpsc::sync_channel::<(usize, Vec<Vec<u8>>)>(AHEAD);
    let receiver = Mutex::new(receiver);
    let read: Mutex<Vec<Option<Read>>> = Mutex::new(groups.iter().map(|_| None).collect());
    let put_together = || {
        loop {
            // Nothing behind these locks is ever half done.
            let next = receiver
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok((group, bytes)) = next else { return };
            let part = read_group(&parts[groups[group].clone()], &bytes, &directory.tenants);
            read.lock().unwrap_or_else(PoisonError::into_inner)[group] = part;
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..threads.min(THREADS) {
            thread::Builder::new()
                .spawn_scoped(scope, put_together)
                .ok()?;
        }
        for group in order {
            let parts = &parts[groups[group].clone()];
            let bytes = parts
                .iter()
                .map(|part| read_bytes(&**file, part.offset, part.length, size));
            sender.send((group, bytes.collect::<Option<_>>()?)).ok()?;
        }
        drop(sender);
        Some(())
    })?;
    let read = read.into_inner().unwrap_or_else(PoisonError::into_inner);
    let read = groups.into_iter().zip(read);
    read.map(|(group, read)| Some((group, read?))).collect()
}

fn read_group(parts: &[Part], bytes: &[Vec<u8>], tenants: &[SavedTenant]) -> Option<Read> {
    let is_sound = |(part, bytes): (&Part, &Vec<u8>)| crc32c(bytes) == part.sum;
    let (part, first) = (parts.first()?, bytes.first()?);
    if !parts.iter().zip(bytes).all(is_sound) {
        return None;
    }
    match part.what {
        What::Names { tenant, of, part } => {
            let bytes: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
            let names = Names::load(&bytes).filter(|_| part == 0)?;
            let tenant = tenants.get(tenant)?;
            let count = match of {
                NamesOf::Values => u64::from(tenant.values),
                NamesOf::Customers => tenant.customers,
            };
            (names.len() as u64 == count).then_some(Read::Names(names))
        }
        What::Block { .. }
        | What::Totals { .. }
        | What::Fingerprints { .. }
        | What::Order { .. }
        | What::Rest { .. }
        | What::Segment { .. } => read_part(part, first, tenants),
    }
}

fn read_part(part: &Part, bytes: &[u8], tenants: &[SavedTenant]) -> Option<Read> {
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
        What::Order { .. } => Read::Order(IdOrder::load(saved)?),
        What::Rest { tenant: own } => {
            Read::Rest(RestPart::load(saved, &tenant(own)?.limits(part.covers)?)?)
        }
        What::Names { .. } => return None,
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
    order: Vec<u32>,
    order_parts: usize,
    rest: Option<RestPart>,
    values: Option<Names>,
    customers: Option<Names>,
}

fn assemble(
    directory: Directory,
    read: Vec<(Range<usize>, Read)>,
    sizes: BookSizes,
) -> Option<Loaded> {
    let mut all: Vec<Parts> = directory.tenants.iter().map(|_| Parts::default()).collect();
    let mut segments = Vec::new();
    for (group, read) in read {
        let part = directory.parts.get(group.start)?;
        match (part.what, read) {
            (What::Segment { number }, Read::Segment(segment)) => {
                segments.push(segment);
                (segments.len() as u64 == u64::from(number)).then_some(())?;
            }
            (
                What::Block { tenant, .. }
                | What::Totals { tenant }
                | What::Fingerprints { tenant, .. }
                | What::Order { tenant, .. }
                | What::Rest { tenant }
                | What::Names { tenant, .. },
                read,
            ) => all.get_mut(tenant)?.put(part, read)?,
            (What::Segment { .. }, _) => return None,
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
    /// Puts a part where it belongs, if it is the next there.
    fn put(&mut self, part: &Part, read: Read) -> Option<()> {
        let is_next = match (part.what, read) {
            (What::Block { number, .. }, Read::Block(block)) => {
                self.blocks.push(block);
                self.blocks.len() == number + 1
            }
            (What::Totals { .. }, Read::Totals(totals)) => self.totals.replace(totals).is_none(),
            (What::Fingerprints { group, .. }, read) => {
                self.noted.push(part.covers.into());
                let is_known = self.noted.len() == group + 1;
                if let Read::Few(few) = read {
                    is_known && self.few.replace(few).is_none()
                } else if let Read::Group(group) = read {
                    self.groups.push(group);
                    is_known
                } else {
                    false
                }
            }
            (What::Order { part, .. }, Read::Order(numbers)) => {
                self.order.extend(numbers);
                self.order_parts += 1;
                self.order_parts == part + 1
            }
            (What::Rest { .. }, Read::Rest(rest)) => self.rest.replace(rest).is_none(),
            (What::Names { of, .. }, Read::Names(names)) => {
                let own = match of {
                    NamesOf::Values => &mut self.values,
                    NamesOf::Customers => &mut self.customers,
                };
                own.replace(names).is_none()
            }
            _ => false,
        };
        is_next.then_some(())
    }

    fn tenant(self, saved: &SavedTenant, sizes: BookSizes) -> Option<LoadedTenant> {
        let fingerprints = match self.few {
            Some(few) if self.groups.is_empty() => few,
            None if self.groups.len() == GROUPS => Fingerprints::of_groups(self.groups)?,
            _ => return None,
        };
        if self.blocks.len() as u64 != saved.blocks {
            return None;
        }
        let mut rest = self.rest?;
        let records = std::mem::take(&mut rest.records);
        let parts = BookParts {
            customers: self.customers?,
            values: self.values?,
            order: self.order,
            rest,
            totals: self.totals?,
            blocks: self.blocks,
        };
        Some(LoadedTenant {
            books: Books::of_parts(saved.newest, sizes, parts)?,
            fingerprints,
            noted: self.noted,
            records,
        })
    }
}
