//! What an operator does with a folder: verifies it, backs it up while it is served, and restores it.
//!
//! Reads a folder without changing it. A copy is proven by reading it back.

use super::{
    books::Books,
    checkpoint::{self, CheckpointBytes},
    codec::{self, StoredEntry, Target},
    disk::Disk,
    fingerprint::Fingerprinter,
    ledger::LedgerReader,
    log::{META, Read, ReadRow, Reading, Table},
    real_disk::RealDisk,
    replay::Replay,
    settings::{BookSizes, Progress},
};
use crate::domain::{
    account::{Sums, for_each_posting},
    activity::Activity,
    id::TenantId,
    ledger::{Entry, Position},
    problem::Problem,
    time::{Calendar, Period},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

/// How many rows are read between two words of progress; simulations let other things happen then.
const PROGRESS_ROWS: u64 = if cfg!(test) { 4 } else { 256 };

/// What was found in a folder that is sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many files the log has.
    pub segments: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// Whether a write was never finished, which who opens the folder takes away.
    pub is_torn: bool,
    /// Every tenant, in the order of their ids.
    pub tenants: Vec<VerifiedTenant>,
}

/// What was found of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTenant {
    /// Whose data it is.
    pub tenant: TenantId,
    /// How many activities.
    pub activities: u64,
    /// How many reversals.
    pub reversals: u64,
    /// How many parties, trait definitions and cost models.
    pub records: u64,
    /// The position of the last write.
    pub position: Position,
    /// How many accounts have a sum, each of which is the same by the books and by the ledger.
    pub accounts: usize,
}

/// Whether a folder holds a ledger, sound or not.
pub fn is_there(folder: &Path) -> bool {
    folder.join(META).is_file()
}

/// Reads every byte of a folder, proves every checksum, makes the books from the ledger and compares them, tenant by
/// tenant and account by account, with sums that are made of the entries alone.
pub fn verify(folder: &Path, progress: impl FnMut(Progress)) -> Result<Verified, Problem> {
    verify_disk(&RealDisk::beside(folder)?, progress)
}

/// As [`verify`], whatever disk it is on.
pub(super) fn verify_disk(
    disk: &dyn Disk,
    progress: impl FnMut(Progress),
) -> Result<Verified, Problem> {
    let (read, tenants) = audit(disk, progress)?;
    Ok(Verified {
        segments: read.segment_count(),
        bytes: read.size(),
        is_torn: read.is_torn(),
        tenants,
    })
}

/// What a folder takes on the disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiskBytes {
    /// All segments of the ledger.
    pub ledger: u64,
    /// The checkpoint.
    pub checkpoint: CheckpointBytes,
}

/// What a folder takes on the disk.
pub fn disk_bytes(folder: &Path) -> Result<DiskBytes, Problem> {
    let disk = RealDisk::beside(folder)?;
    Ok(DiskBytes {
        ledger: Reading::open(&disk)?.size(),
        checkpoint: checkpoint::bytes(&disk),
    })
}

/// Copies a folder as it is now into one that is empty or not there, while another process may be serving the first;
/// then verifies the copy.
pub fn backup(
    from: &Path,
    to: &Path,
    mut progress: impl FnMut(Progress),
) -> Result<Verified, Problem> {
    let source = RealDisk::beside(from)?;
    check_empty(to)?;
    copy_disk(&source, || RealDisk::open(to), &mut progress)?;
    verify(to, progress)
}

/// Copies what is on a disk now to one that is empty, which is asked for once all was read and proven.
pub(super) fn copy_disk<D: Disk>(
    source: &dyn Disk,
    target: impl FnOnce() -> Result<D, Problem>,
    progress: &mut impl FnMut(Progress),
) -> Result<(), Problem> {
    let reading = Reading::open(source)?;
    let read = read_all(reading, progress, &mut |_, _| Ok(()))?;
    read.copy(&target()?)
}

/// Verifies a backup, copies it into a folder that is empty or not there, and verifies that.
pub fn restore(
    from: &Path,
    to: &Path,
    mut progress: impl FnMut(Progress),
) -> Result<Verified, Problem> {
    check_empty(to)?;
    verify(from, &mut progress)?;
    backup(from, to, progress)
}

fn check_empty(folder: &Path) -> Result<(), Problem> {
    let refused = |problem: &str| {
        let problem = format!("{}: {problem}", folder.display());
        Err(Problem::field_invalid("to", &problem))
    };
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => refused(&error.to_string()),
        Ok(mut names) => match names.next() {
            None => Ok(()),
            Some(_) => refused("the folder is not empty"),
        },
    }
}

/// Hears of every row, with what reads entries that were read before.
type Hear<'h> = dyn FnMut(&ReadRow<'_>, &LedgerReader) -> Result<(), String> + 'h;

fn read_all(
    reading: Reading,
    progress: &mut impl FnMut(Progress),
    hear: &mut Hear<'_>,
) -> Result<Read, Problem> {
    let mut done = Progress {
        all_bytes: reading.size(),
        ..Progress::default()
    };
    progress(done);
    let ledger = LedgerReader::new(reading.index().clone());
    let mut rows = 0_u64;
    let read = reading.read(&mut |row, _, bytes| {
        hear(row, &ledger)?;
        rows += 1;
        done.entries += u64::from(row.count);
        if rows.is_multiple_of(PROGRESS_ROWS) {
            done.read_bytes = bytes;
            progress(done);
        }
        Ok(())
    })?;
    done.read_bytes = done.all_bytes;
    progress(done);
    Ok(read)
}

/// What the entries say by themselves.
#[derive(Default)]
struct Audited {
    activities: u64,
    reversals: u64,
    records: u64,
    sums: Sums,
    /// What sales caused and was not taken back, by the tenant and the position of the sale.
    caused: BTreeMap<(TenantId, Position), BTreeSet<Position>>,
    /// Why an entry that was read before could not be read again.
    failed: Option<Problem>,
}

impl Audited {
    fn row(
        &mut self,
        row: &ReadRow<'_>,
        tenant: &TenantId,
        ledger: &LedgerReader,
        calendar: &Calendar,
    ) -> Result<(), String> {
        if row.table == Table::Records {
            self.records += u64::from(row.count);
            return Ok(());
        }
        let mut position = row.first;
        codec::for_each_entry(row.body, row.count, &mut |stored| {
            self.entry(position, stored, tenant, ledger, calendar)?;
            position += 1;
            Ok(())
        })
    }

    fn entry(
        &mut self,
        position: Position,
        stored: StoredEntry,
        tenant: &TenantId,
        ledger: &LedgerReader,
        calendar: &Calendar,
    ) -> Result<(), String> {
        let sale = |target: &Target| (tenant.clone(), target.position);
        let reversal = match stored.entry {
            Entry::Activity(activity) => {
                self.activities += 1;
                self.sums.add_all(&postings(&activity));
                if let Some(target) = &stored.target {
                    self.caused
                        .entry(sale(target))
                        .or_default()
                        .insert(position);
                }
                return Ok(());
            }
            Entry::Reversal(reversal) => reversal,
        };
        self.reversals += 1;
        let target = (stored.target).ok_or("a reversal does not say what it takes back")?;
        let taken = self.stored(target.position, tenant, ledger)?;
        let missing = || "a reversal takes back what is not there".to_owned();
        match taken.entry {
            Entry::Activity(activity)
                if activity.activity_id == reversal.activity_id
                    && activity.customer_id == target.customer
                    && calendar.day(activity.occur_time) == target.day =>
            {
                self.sums.subtract_all(&postings(&activity));
            }
            Entry::Activity(_) | Entry::Reversal(_) => return Err(missing()),
        }
        if let Some(cause) = &taken.target
            && let Some(caused) = self.caused.get_mut(&sale(cause))
        {
            caused.remove(&target.position);
        }
        for position in self.caused.remove(&sale(&target)).unwrap_or_default() {
            match self.stored(position, tenant, ledger)?.entry {
                Entry::Activity(caused) => self.sums.subtract_all(&postings(&caused)),
                Entry::Reversal(_) => return Err(missing()),
            }
        }
        Ok(())
    }

    /// An entry that was read before.
    fn stored(
        &mut self,
        position: Position,
        tenant: &TenantId,
        ledger: &LedgerReader,
    ) -> Result<StoredEntry, String> {
        ledger.entry(tenant, position).map_err(|problem| {
            let message = problem.message.clone();
            self.failed = Some(problem);
            message
        })
    }
}

fn postings(activity: &Activity) -> Sums {
    let mut sums = Sums::default();
    for_each_posting(activity, |account, amount| {
        sums.add(account, i128::from(amount))
    });
    sums
}

/// Reads a folder and compares its books with its entries.
fn audit(
    disk: &dyn Disk,
    mut progress: impl FnMut(Progress),
) -> Result<(Read, Vec<VerifiedTenant>), Problem> {
    let reading = Reading::open(disk)?;
    let calendar = Calendar::of_zone(&reading.meta().time_zone)?;
    let fingerprinter = Fingerprinter::new(reading.meta().key);
    let mut replay = Replay::new(BookSizes::default(), &calendar, &fingerprinter);
    let mut audited: BTreeMap<TenantId, Audited> = BTreeMap::new();
    let read = read_all(reading, &mut progress, &mut |row, ledger| {
        replay.row(row)?;
        let tenant = TenantId::parse(row.tenant, "tenant").map_err(|problem| problem.message)?;
        let own = audited.entry(tenant.clone()).or_default();
        own.row(row, &tenant, ledger, &calendar)
    });
    // A disk that cannot be read just now is no damage.
    let failed = audited.values_mut().find_map(|own| own.failed.take());
    let read = read.map_err(|problem| failed.unwrap_or(problem))?;
    let mut tenants = Vec::new();
    for (tenant, own) in audited {
        let books = replay.books.remove(&tenant).unwrap_or_default();
        tenants.push(compare(tenant, own, &books)?);
    }
    Ok((read, tenants))
}

fn compare(tenant: TenantId, audited: Audited, books: &Books) -> Result<VerifiedTenant, Problem> {
    let by_books = books.ledger(&Period::ALL, Position::MAX).without_zeros();
    let by_entries = audited.sums.without_zeros();
    let all = || by_books.iter().chain(by_entries.iter());
    for (account, _) in all() {
        let (books, entries) = (by_books.get(account), by_entries.get(account));
        if books != entries {
            let place = format!(
                "tenant {tenant}, account {account:?}: {books} by the books, {entries} by the entries"
            );
            return Err(Problem::ledger_damaged(&place));
        }
    }
    let position = books.newest;
    let writes = audited.activities + audited.reversals + audited.records;
    if writes != position {
        let place = format!("tenant {tenant}: {writes} writes up to position {position}");
        return Err(Problem::ledger_damaged(&place));
    }
    Ok(VerifiedTenant {
        tenant,
        activities: audited.activities,
        reversals: audited.reversals,
        records: audited.records,
        position,
        accounts: by_entries.iter().count(),
    })
}
