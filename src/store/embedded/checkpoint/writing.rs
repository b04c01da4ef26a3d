//! Writes a checkpoint in small steps, between which writes and questions go on.

use super::{CHECKPOINT, Directory, MAGIC, Maker, NamesOf, Part, SavedTenant, UNFINISHED, What};
use crate::{
    domain::{id::TenantId, problem::Problem},
    store::embedded::{
        books::IdOrder,
        disk::{Disk, DiskFile},
        fingerprint::{Fingerprinter, Fingerprints},
        log::Log,
        settings::CheckpointSizes,
        tenants::{Tenant, Tenants},
    },
};
use crc32c::crc32c;
use std::{collections::HashMap, io, sync::Arc};

/// After so many portions it is waited for until all of them are on the disk.
const MOST_PORTIONS: u64 = 16;

/// What a checkpoint is made of.
pub(in super::super) struct Source<'a> {
    /// Where it goes.
    pub disk: &'a dyn Disk,
    /// The log.
    pub log: &'a mut Log,
    /// The books.
    pub tenants: &'a Tenants,
    /// Where ids are.
    pub fingerprints: &'a HashMap<TenantId, Fingerprints>,
    /// What they are made with.
    pub fingerprinter: &'a Fingerprinter,
}

/// Writes checkpoints when the ledger has grown enough.
pub(in super::super) struct Checkpointing {
    sizes: CheckpointSizes,
    job: Option<Job>,
    /// How many writes there are, and how many the last checkpoint holds.
    writes: u64,
    saved: u64,
    /// How many could not be written since the folder was opened.
    failures: u64,
}

/// A checkpoint that is being written.
struct Job {
    file: Arc<dyn DiskFile>,
    maker: Maker,
    tenants: Vec<(SavedTenant, Arc<Tenant>)>,
    parts: Vec<Part>,
    next: Next,
    /// The segment that was appended to when it was begun.
    segment: u32,
    writes: u64,
    /// What is to be written at `place`.
    bytes: Vec<u8>,
    place: u64,
    /// How many bytes were written since it was known that all are on the disk, and since that was asked for.
    unsynced: u64,
    started: u64,
    /// The order of the customers of the tenant that is being saved: what it was when its first part was.
    order: Arc<IdOrder>,
}

/// What is saved next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Part(What),
    Directory,
    /// Everything is written, and must be durable before it takes its name.
    Name,
}

impl Checkpointing {
    /// For a store with so many writes, of which the checkpoint holds some.
    pub fn new(sizes: CheckpointSizes, writes: u64, saved: u64) -> Self {
        Self {
            sizes,
            job: None,
            writes,
            saved,
            failures: 0,
        }
    }

    /// Takes note of writes.
    pub fn wrote(&mut self, count: usize) {
        self.writes += count as u64;
    }

    /// How many writes the last checkpoint holds.
    #[cfg(test)]
    pub fn saved(&self) -> u64 {
        self.saved
    }

    /// How many could not be written since the folder was opened.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// Whether there is something to do.
    pub fn is_due(&self) -> bool {
        self.job.is_some() || self.is_worth_it(self.sizes.writes, self.sizes.share)
    }

    fn is_worth_it(&self, writes: u64, share: u64) -> bool {
        let unsaved = self.writes.saturating_sub(self.saved);
        unsaved >= writes.max(self.writes / share.max(1)).max(1)
    }

    /// Takes one small step, and says whether there was something to do.
    pub fn step(&mut self, source: &mut Source<'_>) -> bool {
        if !self.is_due() {
            return false;
        }
        let stepped = match self.job.take() {
            None => Job::begin(source, self.writes).map(Some),
            Some(job) => {
                let writes = job.writes;
                job.step(source, self.sizes).inspect(|job| {
                    if job.is_none() {
                        self.saved = writes;
                    }
                })
            }
        };
        match stepped {
            Ok(job) => self.job = job,
            // It is only a shortcut: it is tried again when the ledger has grown as much again.
            Err(error) => {
                self.failures += 1;
                let failures = self.failures;
                tracing::warn!(failures, %error, "the checkpoint could not be written");
                let _ = source.disk.remove(UNFINISHED);
                self.saved = self.writes;
            }
        }
        true
    }

    /// Writes a last checkpoint, if enough was written since the one before.
    pub fn close(&mut self, source: &mut Source<'_>) {
        // One that was begun holds less than one that is begun now.
        if self.job.take().is_some() {
            let _ = source.disk.remove(UNFINISHED);
        }
        if !self.is_worth_it(self.sizes.writes_at_close, self.sizes.share_at_close) {
            return;
        }
        let mut job = Job::begin(source, self.writes).map(Some);
        while let Ok(Some(begun)) = job {
            job = begun.step(source, self.sizes);
        }
        if let Err(error) = job {
            tracing::warn!(%error, "the checkpoint could not be written");
            let _ = source.disk.remove(UNFINISHED);
        }
    }
}

fn failed(problem: Problem) -> io::Error {
    io::Error::other(problem.message)
}

impl Job {
    fn begin(source: &mut Source<'_>, writes: u64) -> io::Result<Self> {
        let mut tenants = Vec::new();
        for (id, tenant) in source.tenants.all().map_err(failed)? {
            let saved = SavedTenant {
                id: id.as_str().to_owned(),
                newest: tenant.read().map_err(failed)?.newest,
                customers: 0,
                values: 0,
                accounts: 0,
                blocks: 0,
                groups: 0,
            };
            tenants.push((saved, tenant));
        }
        let mut job = Self {
            file: source.disk.create(UNFINISHED)?,
            maker: Maker::of(source.log.folder(), source.fingerprinter),
            tenants,
            parts: Vec::new(),
            next: Next::Directory,
            segment: source.log.active_segment(),
            writes,
            bytes: MAGIC.to_vec(),
            place: 0,
            unsynced: 0,
            started: 0,
            order: Arc::default(),
        };
        job.next = job.first_of(0);
        Ok(job)
    }

    /// The first part of a tenant, or what comes after all tenants.
    fn first_of(&self, tenant: usize) -> Next {
        if tenant < self.tenants.len() {
            Next::Part(What::Block { tenant, number: 0 })
        } else {
            self.segment_from(1)
        }
    }

    fn segment_from(&self, number: u32) -> Next {
        if number < self.segment {
            Next::Part(What::Segment { number })
        } else {
            Next::Directory
        }
    }

    /// Saves about as many bytes as a step may write, and writes them. Nothing is left when the checkpoint is finished.
    fn step(mut self, source: &mut Source<'_>, sizes: CheckpointSizes) -> io::Result<Option<Self>> {
        while self.bytes.len() < sizes.step_bytes {
            match self.next {
                Next::Part(what) => self.next = self.save(what, source)?,
                Next::Directory => {
                    self.save_directory(source)?;
                    self.next = Next::Name;
                    break;
                }
                Next::Name => {
                    let is_durable = self.file.finish_sync()?;
                    return if is_durable {
                        self.name(source).map(|()| None)
                    } else {
                        Ok(Some(self))
                    };
                }
            }
        }
        self.write()?;
        // In small portions that nobody waits for, unless the disk does not keep up.
        if self.unsynced >= MOST_PORTIONS * sizes.sync_bytes {
            self.file.sync()?;
            (self.unsynced, self.started) = (0, 0);
        } else if self.unsynced - self.started >= sizes.sync_bytes {
            self.file.start_sync();
            self.started = self.unsynced;
        }
        Ok(Some(self))
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.write_at(self.place, &self.bytes)?;
        self.place += self.bytes.len() as u64;
        self.unsynced += self.bytes.len() as u64;
        self.bytes.clear();
        Ok(())
    }

    /// Saves a part, and says what comes after it.
    fn save(&mut self, what: What, source: &Source<'_>) -> io::Result<Next> {
        let start = self.bytes.len();
        let (covers, next) = match what {
            What::Segment { number } => {
                let known = source.log.known(number)?;
                let known = known.ok_or_else(|| io::Error::other("a segment is not complete"))?;
                let saved = postcard::to_stdvec(&known).map_err(io::Error::other)?;
                self.bytes.extend_from_slice(&saved);
                (0, self.segment_from(number + 1))
            }
            What::Block { tenant, .. }
            | What::Totals { tenant }
            | What::Fingerprints { tenant, .. }
            | What::Order { tenant, .. }
            | What::Rest { tenant }
            | What::Names { tenant, .. } => self.save_of(tenant, what, source)?,
        };
        // Where there are no more blocks there is nothing to save.
        if self.bytes.len() > start || !matches!(what, What::Block { .. }) {
            self.parts.push(Part {
                what,
                offset: self.place + start as u64,
                length: (self.bytes.len() - start) as u64,
                sum: crc32c(&self.bytes[start..]),
                covers,
            });
        }
        Ok(next)
    }

    /// Saves a part of a tenant; says what position it goes to, and what comes after it.
    fn save_of(&mut self, at: usize, what: What, source: &Source<'_>) -> io::Result<(u32, Next)> {
        let after = self.first_of(at + 1);
        let Some((saved, tenant)) = self.tenants.get_mut(at) else {
            return Ok((0, after));
        };
        let books = tenant.read().map_err(failed)?;
        let none = Fingerprints::default();
        let fingerprints = source.fingerprints.get(saved.id.as_str()).unwrap_or(&none);
        let bytes = &mut self.bytes;
        let next = match what {
            What::Block { tenant, number } => match books.blocks.get(number) {
                Some(block) => {
                    block.save(bytes);
                    saved.blocks += 1;
                    let number = number + 1;
                    What::Block { tenant, number }
                }
                None => What::Totals { tenant },
            },
            What::Totals { tenant } => {
                books.save_totals(bytes).map_err(io::Error::other)?;
                What::Fingerprints { tenant, group: 0 }
            }
            What::Fingerprints { tenant, group } => {
                // Many never become few again.
                saved.groups = fingerprints.groups() as u64;
                fingerprints.save(group, bytes);
                let group = group + 1;
                match group as u64 == saved.groups {
                    true => What::Order { tenant, part: 0 },
                    false => What::Fingerprints { tenant, group },
                }
            }
            What::Order { tenant, part } => {
                if part == 0 {
                    self.order = books.known_order();
                }
                let part = part + 1;
                match self.order.save(part - 1, bytes) {
                    true => What::Rest { tenant },
                    false => What::Order { tenant, part },
                }
            }
            What::Rest { tenant } => {
                books.save_rest(bytes).map_err(io::Error::other)?;
                saved.accounts = books.limits().accounts;
                let of = NamesOf::Values;
                What::Names {
                    tenant,
                    of,
                    part: 0,
                }
            }
            What::Names { tenant, of, part } => {
                let names = match of {
                    NamesOf::Values => &books.values,
                    NamesOf::Customers => &books.customers,
                };
                let (count, is_last) = names.save(part, bytes);
                let part = part + 1;
                match (is_last, of) {
                    (false, _) => What::Names { tenant, of, part },
                    (true, NamesOf::Values) => {
                        saved.values = u32::try_from(count).map_err(io::Error::other)?;
                        let of = NamesOf::Customers;
                        What::Names {
                            tenant,
                            of,
                            part: 0,
                        }
                    }
                    (true, NamesOf::Customers) => {
                        saved.customers = count as u64;
                        return Ok((books.limits().position, after));
                    }
                }
            }
            // It is of no tenant.
            What::Segment { .. } => return Ok((0, after)),
        };
        Ok((books.limits().position, Next::Part(next)))
    }

    /// Adds the directory.
    fn save_directory(&mut self, source: &Source<'_>) -> io::Result<()> {
        let tenants = self.tenants.iter().map(|(saved, _)| saved.clone());
        let directory = Directory {
            maker: self.maker.clone(),
            reached: source.log.chain(),
            tenants: tenants.collect(),
            parts: std::mem::take(&mut self.parts),
        };
        let directory = postcard::to_stdvec(&directory).map_err(io::Error::other)?;
        let place = self.place + self.bytes.len() as u64;
        self.bytes.extend_from_slice(&directory);
        let mut trailer = Vec::new();
        trailer.extend_from_slice(&place.to_le_bytes());
        trailer.extend_from_slice(&(directory.len() as u64).to_le_bytes());
        trailer.extend_from_slice(&crc32c(&directory).to_le_bytes());
        trailer.extend_from_slice(&MAGIC);
        self.bytes.extend_from_slice(&trailer);
        Ok(())
    }

    /// Puts it into the place of the checkpoint before.
    fn name(self, source: &mut Source<'_>) -> io::Result<()> {
        source.disk.rename(UNFINISHED, CHECKPOINT)?;
        // Either file is right, and names that are made later may not last.
        source
            .disk
            .sync_names()
            .inspect_err(|error| source.log.distrust(error))
    }
}
