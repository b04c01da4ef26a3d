//! Makes the books again from the log, and finds out whether everything that was written is there.

use super::{
    books::Books,
    codec::{self, StoredEntry},
    fingerprint::{Fingerprinter, Fingerprints},
    log::{ReadRow, Table},
    planted::{Planted, is_planted},
    settings::BookSizes,
};
use crate::domain::{id::TenantId, ledger::Entry, time::Calendar};
use std::collections::{BTreeMap, HashMap};

/// What the log holds. Rows that are in the books already are passed over, so that books that were kept can go on from
/// the segment in which they end.
pub(super) struct Replay<'a> {
    /// Every tenant's books.
    pub books: BTreeMap<TenantId, Books>,
    /// Where every tenant's ids may be.
    pub fingerprints: HashMap<TenantId, Fingerprints>,
    /// How finely books are divided.
    pub sizes: BookSizes,
    /// On which days activities count.
    pub calendar: &'a Calendar,
    /// How fingerprints are made.
    pub fingerprinter: &'a Fingerprinter,
}

impl Replay<'_> {
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
        if end - 1 <= newest {
            return Ok(());
        }
        if row.first > newest + 1 {
            return Err(format!("the row before it ends at position {newest}"));
        }
        let mut position = row.first;
        match row.table {
            Table::Ledger => codec::for_each_entry(row.body, row.count, &mut |stored| {
                if position > newest {
                    let fingerprint = self.fingerprinter.of(stored.entry.id());
                    apply(books, &stored, self.calendar)?;
                    let is_forgotten = is_planted(Planted::ForgetFingerprints)
                        && position.is_multiple_of(7)
                        || is_planted(Planted::ForgetReversals) && stored.target.is_some();
                    if !is_forgotten {
                        fingerprints.insert(fingerprint, position);
                    }
                }
                position += 1;
                Ok(())
            })?,
            Table::Records => codec::for_each_record(row.body, row.count, &mut |stored| {
                if position > newest {
                    books.store(stored.record_time, stored.record);
                }
                position += 1;
                Ok(())
            })?,
        }
        if books.newest == end - 1 {
            Ok(())
        } else {
            Err("it has fewer writes than it says".to_owned())
        }
    }
}

fn apply(books: &mut Books, stored: &StoredEntry, calendar: &Calendar) -> Result<(), String> {
    match (&stored.entry, &stored.target) {
        (Entry::Activity(activity), None) => {
            books.post(calendar.day(activity.occur_time), activity);
            if is_planted(Planted::PostTwice) && books.newest.is_multiple_of(7) {
                books.newest -= 1;
                books.post(calendar.day(activity.occur_time), activity);
            }
            Ok(())
        }
        (Entry::Reversal(_), Some(target))
            if books.take_back(target.position, target.day, &target.customer) =>
        {
            Ok(())
        }
        _ => Err("a reversal takes back what is not there".to_owned()),
    }
}
