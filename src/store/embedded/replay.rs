//! Makes the books again from the log, and finds out whether everything that was written is there.

use super::{
    books::{Batch, Books},
    codec::{self, PostedWhat},
    fingerprint::{Fingerprinter, Fingerprints, group_of},
    log::{ReadRow, Table},
    planted::{Planted, is_planted},
    settings::BookSizes,
};
use crate::domain::{id::TenantId, ledger::Position, time::Calendar};
use std::collections::{BTreeMap, HashMap};

/// What the log holds. Rows that are in the books already are passed over, so that books that were kept can go on from
/// the segment in which they end.
pub(super) struct Replay<'a> {
    /// Every tenant's books.
    pub books: BTreeMap<TenantId, Books>,
    /// Where every tenant's ids may be.
    pub fingerprints: HashMap<TenantId, Fingerprints>,
    /// Up to which position each group of a tenant's fingerprints holds everything already.
    pub noted: HashMap<TenantId, Vec<Position>>,
    /// How finely books are divided.
    pub sizes: BookSizes,
    /// On which days activities count.
    pub calendar: &'a Calendar,
    /// How fingerprints are made.
    pub fingerprinter: &'a Fingerprinter,
    /// What is being posted, and the fingerprints of it; empty between rows.
    batch: Batch,
    new: Vec<(u64, Position)>,
}

impl<'a> Replay<'a> {
    /// Of nothing yet.
    pub fn new(sizes: BookSizes, calendar: &'a Calendar, fingerprinter: &'a Fingerprinter) -> Self {
        Self {
            books: BTreeMap::new(),
            fingerprints: HashMap::new(),
            noted: HashMap::new(),
            sizes,
            calendar,
            fingerprinter,
            batch: Batch::default(),
            new: Vec::new(),
        }
    }

    /// Takes in a row.
    pub fn row(&mut self, row: &ReadRow<'_>) -> Result<(), String> {
        if !self.books.contains_key(row.tenant) {
            let tenant = TenantId::parse(row.tenant, "tenant")
                .map_err(|_| "there can be no such tenant".to_owned())?;
            self.fingerprints.entry(tenant.clone()).or_default();
            self.books.insert(tenant, Books::new(self.sizes));
        }
        // Both were put there just now, if not before.
        let (Some(books), Some(fingerprints)) = (
            self.books.get_mut(row.tenant),
            self.fingerprints.get_mut(row.tenant),
        ) else {
            return Err("its tenant is not known".to_owned());
        };
        let newest = books.newest;
        let end = u64::from(row.count)
            .checked_add(row.first)
            .filter(|_| row.count > 0);
        let end = end.ok_or("it has no writes")?;
        let is_held = match row.table {
            Table::Ledger => end - 1 <= newest,
            Table::Records => end <= books.records_end(),
        };
        if is_held {
            return Ok(());
        }
        if row.first > newest + 1 {
            return Err(format!("the row before it ends at position {newest}"));
        }
        let noted = self.noted.get(row.tenant).map_or(&[][..], Vec::as_slice);
        let mut position = row.first;
        match row.table {
            Table::Ledger => {
                let (batch, new) = (&mut self.batch, &mut self.new);
                codec::for_each_posted(row.body, row.count, &mut |posted| {
                    if position > newest {
                        let fingerprint = self.fingerprinter.of_text(posted.id);
                        apply(books, batch, position, &posted.what, self.calendar)?;
                        let is_reversal = matches!(posted.what, PostedWhat::Reversal(_));
                        let is_forgotten = is_planted(Planted::ForgetFingerprints)
                            && position.is_multiple_of(7)
                            || is_planted(Planted::ForgetReversals) && is_reversal;
                        if !is_forgotten && !is_noted(noted, fingerprint, position) {
                            new.push((fingerprint, position));
                        }
                    }
                    position += 1;
                    Ok(())
                })?;
                post(books, batch);
                fingerprints.extend(new);
                new.clear();
            }
            Table::Records => codec::for_each_record(row.body, row.count, &mut |stored| {
                if position >= books.records_end() {
                    books.store_at(position, stored.record_time, stored.record);
                }
                books.newest = books.newest.max(position);
                position += 1;
                Ok(())
            })?,
        }
        if books.newest >= end - 1 {
            Ok(())
        } else {
            Err("it has fewer writes than it says".to_owned())
        }
    }
}

/// Whether a fingerprint was noted already when its group was saved.
fn is_noted(noted: &[Position], fingerprint: u64, position: Position) -> bool {
    let until = match noted {
        [] => return false,
        [few] => few,
        groups => &groups[group_of(fingerprint)],
    };
    position <= *until || is_planted(Planted::CheckpointForgets)
}

/// Posts a batch, and empties it.
fn post(books: &mut Books, batch: &mut Batch) {
    let links = books.link(batch);
    books.post_batch(batch, &links, 0..batch.len());
    batch.clear();
}

fn apply(
    books: &mut Books,
    batch: &mut Batch,
    position: Position,
    what: &PostedWhat<'_>,
    calendar: &Calendar,
) -> Result<(), String> {
    match what {
        PostedWhat::Activity {
            customer,
            occur_time,
            dimensions,
            kind,
            sale,
        } => {
            let day = calendar.day(*occur_time);
            batch.add(day, customer, *dimensions, kind);
            if let Some(sale) = sale {
                batch.add_cause(*sale);
            }
            if is_planted(Planted::PostTwice) && position.is_multiple_of(7) {
                post(books, batch);
                books.newest -= 1;
                batch.add(day, customer, *dimensions, kind);
            }
            Ok(())
        }
        PostedWhat::Reversal(target) => {
            // What it takes back may be in the batch.
            post(books, batch);
            let is_there = books.take_back(target.position, target.day, &target.customer);
            let missing = || "a reversal takes back what is not there".to_owned();
            is_there.then_some(()).ok_or_else(missing)
        }
    }
}
