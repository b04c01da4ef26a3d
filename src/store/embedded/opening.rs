//! Opens a folder: goes on from the checkpoint if there is one that fits, and otherwise reads the whole ledger.

use super::{
    books::Books,
    checkpoint::{self, Loaded},
    codec::Body,
    disk::Disk,
    fingerprint::{Fingerprinter, Fingerprints},
    ledger::read_row,
    log::{Index, Log, Meta, Opening, Scanned},
    replay::Replay,
    settings::{BookSizes, EngineSettings, Progress},
};
use crate::domain::{id::TenantId, ledger::Position, problem::Problem};
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::Arc,
};

/// How many rows are read between two words of progress.
const PROGRESS_ROWS: u64 = 256;
/// While the whole ledger is read nobody asks, so that so many times as many rows are put by day at once.
const REPLAYED_AT_ONCE: usize = 8;

/// What was found in a folder.
pub(super) struct Opened {
    /// The log, open for appending.
    pub log: Log,
    /// Every tenant's books.
    pub books: BTreeMap<TenantId, Books>,
    /// Where every tenant's ids may be.
    pub fingerprints: HashMap<TenantId, Fingerprints>,
    /// How they are made.
    pub fingerprinter: Fingerprinter,
    /// How many writes there are.
    pub writes: u64,
    /// How many of them were in the checkpoint.
    pub saved: u64,
}

/// Opens a folder, or makes what must be in it.
pub(super) fn open(
    disk: &Arc<dyn Disk>,
    settings: &EngineSettings,
    change: impl FnOnce(Fingerprinter) -> Fingerprinter,
    progress: &mut dyn FnMut(Progress),
) -> Result<Opened, Problem> {
    let made = Meta::new(settings);
    let opening = Opening::new(Arc::clone(disk), &made, settings.reserve)?;
    let meta = opening.meta();
    meta.check(&made.currency, &made.time_zone)?;
    let fingerprinter = change(Fingerprinter::new(meta.key));
    let mut told = Told {
        progress,
        done: Progress {
            all_bytes: opening.size(),
            ..Progress::default()
        },
        rows: 0,
    };
    told.tell(0);
    let empty = |books| Replay::new(books, &settings.calendar, &fingerprinter);
    let loaded = checkpoint::load(&**disk, meta.folder, &fingerprinter, settings.books);
    let saved = loaded.as_ref().map_or(0, |loaded| {
        let newest = loaded.tenants.values().map(|tenant| tenant.books.newest);
        newest.sum()
    });
    let resumed =
        loaded.and_then(|loaded| resume(&opening, loaded, empty(settings.books), &mut told).ok());
    let is_resumed = resumed.is_some();
    let (mut replay, scanned) = match resumed {
        Some(resumed) => resumed,
        // Whatever is wrong with the checkpoint, the ledger tells.
        None => {
            let mut replay = empty(BookSizes {
                recent_rows: settings.books.recent_rows * REPLAYED_AT_ONCE,
                ..settings.books
            });
            told.done.entries = 0;
            let scanned = opening.scan(&mut |row, _, read| {
                replay.row(row)?;
                told.row(row.count, read);
                Ok(())
            })?;
            // Made now, so that the first question need not wait for it.
            let books = replay.books.values_mut();
            books.for_each(|books| books.settle(settings.books));
            (replay, scanned)
        }
    };
    told.tell(told.done.all_bytes);
    replay.books.values_mut().for_each(|books| {
        books.id_order();
    });
    let (books, fingerprints) = (
        std::mem::take(&mut replay.books),
        std::mem::take(&mut replay.fingerprints),
    );
    drop(replay);
    Ok(Opened {
        log: opening.finish(scanned, settings.segment_size)?,
        writes: books.values().map(|books| books.newest).sum(),
        books,
        fingerprints,
        fingerprinter,
        saved: if is_resumed { saved } else { 0 },
    })
}

/// Says how far the reading is.
struct Told<'p> {
    progress: &'p mut dyn FnMut(Progress),
    done: Progress,
    rows: u64,
}

impl Told<'_> {
    fn tell(&mut self, read: u64) {
        self.done.read_bytes = read;
        (self.progress)(self.done);
    }

    fn row(&mut self, count: u32, read: u64) {
        self.rows += 1;
        self.done.entries += u64::from(count);
        if self.rows.is_multiple_of(PROGRESS_ROWS) {
            self.tell(read);
        }
    }
}

/// Goes on from a checkpoint.
fn resume<'a>(
    opening: &Opening,
    loaded: Loaded,
    mut replay: Replay<'a>,
    told: &mut Told<'_>,
) -> Result<(Replay<'a>, Scanned), Problem> {
    let Loaded { tenants, known } = loaded;
    let index = opening.index();
    let recognised = opening.recognise(&known, &index)?;
    for (id, mut tenant) in tenants {
        restore_records(&id, &tenant.records, &mut tenant.books, &index)?;
        told.done.entries += tenant.books.newest;
        replay.books.insert(id.clone(), tenant.books);
        replay.fingerprints.insert(id.clone(), tenant.fingerprints);
        replay.noted.insert(id, tenant.noted);
    }
    told.tell(recognised.2);
    let scanned = opening.scan_after(&known, recognised, &index, &mut |row, _, read| {
        let newest = replay.books.get(row.tenant).map_or(0, |books| books.newest);
        replay.row(row)?;
        let now = replay.books.get(row.tenant).map_or(0, |books| books.newest);
        // A row has no more writes than it says.
        told.row(u32::try_from(now - newest).unwrap_or(row.count), read);
        Ok(())
    })?;
    Ok((replay, scanned))
}

/// Reads records again that are in segments that are not read as a whole.
fn restore_records(
    tenant: &TenantId,
    runs: &[Range<Position>],
    books: &mut Books,
    index: &Index,
) -> Result<(), Problem> {
    for run in runs {
        let mut position = run.start;
        while position < run.end {
            let Some((place, file)) = index.find(tenant.as_str(), position) else {
                return Ok(());
            };
            let (_, body) = read_row(&*file, tenant.as_str(), place)?;
            let next = place.first + body.count() as u64;
            if next <= position {
                // It is in a segment that is read after this.
                return Ok(());
            }
            let Body::Records(records) = body else {
                return Err(place.damaged(": there is no record where one must be"));
            };
            for (own, stored) in (place.first..).zip(records) {
                if own >= position {
                    books.store_at(own, stored.record_time, stored.record);
                }
            }
            position = next;
        }
    }
    Ok(())
}
