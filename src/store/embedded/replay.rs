//! Makes the books again from the database, and finds out whether everything that was written is there.

use super::{
    books::Books,
    codec::{self, Body, StoredEntry},
    database::{Database, Row, Table},
    draft::row_place,
    fingerprint::{Fingerprinter, Fingerprints},
    settings::{EmbeddedSettings, Progress},
};
use crate::domain::{
    id::TenantId,
    ledger::{Entry, Position},
    problem::Problem,
    time::Calendar,
};
use std::collections::{BTreeMap, HashMap};

/// What the database holds.
#[derive(Default)]
pub(super) struct Replayed {
    /// Every tenant's books.
    pub books: BTreeMap<TenantId, Books>,
    /// Where every tenant's ids may be.
    pub fingerprints: HashMap<TenantId, Fingerprints>,
    /// How many rows there are.
    pub rows: u64,
}

/// How many rows are read between two words of progress.
const PROGRESS_ROWS: u64 = 256;

/// Reads the whole database.
pub(super) fn replay(
    database: &Database,
    settings: &EmbeddedSettings,
    fingerprinter: &Fingerprinter,
    mut progress: impl FnMut(Progress),
) -> Result<Replayed, Problem> {
    let mut replayed = Replayed::default();
    let mut done = Progress {
        all_groups: database.row_count()?,
        ..Progress::default()
    };
    progress(done);
    database.for_each_row(|row| {
        replayed.take(&row, settings, fingerprinter)?;
        done.read_groups += 1;
        done.entries += row.count;
        if done.read_groups.is_multiple_of(PROGRESS_ROWS) {
            progress(done);
        }
        Ok(())
    })?;
    progress(done);
    replayed.check_tails(database)?;
    // Made now, so that the first question need not wait for it.
    replayed.books.values().for_each(|books| {
        books.id_order();
    });
    Ok(replayed)
}

impl Replayed {
    fn take(
        &mut self,
        row: &Row,
        settings: &EmbeddedSettings,
        fingerprinter: &Fingerprinter,
    ) -> Result<(), Problem> {
        let damaged = |what: &str| {
            let (id, table, tenant, first) = (row.id, row.table.name(), &row.tenant, row.first);
            Problem::ledger_damaged(&format!(
                "row {id} of table {table}, tenant {tenant}, from position {first}: {what}"
            ))
        };
        self.rows += 1;
        if row.id != self.rows {
            return Err(damaged(&format!("row {} is missing before it", self.rows)));
        }
        let tenant = TenantId::parse(&row.tenant, "tenant")
            .map_err(|_| damaged("there can be no such tenant"))?;
        let books = self.books.entry(tenant.clone());
        let books = books.or_insert_with(|| Books::new(settings.books));
        if row.first != books.newest + 1 {
            let newest = books.newest;
            return Err(damaged(&format!(
                "the row before it ends at position {newest}"
            )));
        }
        let before = books.checksum();
        let (table, count) = (row.table.name(), row.count);
        let sum = codec::checksum(before, table, &row.tenant, row.first, count, &row.body);
        if sum != row.checksum {
            return Err(damaged("its checksum does not hold"));
        }
        let body = Body::new(&row.body, count).map_err(|error| damaged(&error))?;
        match row.table {
            Table::Ledger => {
                let fingerprints = self.fingerprints.entry(tenant).or_default();
                for index in 0..body.count() {
                    let stored = body.entry(index).map_err(|error| damaged(&error))?;
                    let fingerprint = fingerprinter.of(stored.entry.id());
                    apply(books, &stored, &settings.calendar).map_err(|error| damaged(&error))?;
                    fingerprints.insert(fingerprint, books.newest);
                }
            }
            Table::Records => {
                for index in 0..body.count() {
                    let stored = body.record(index).map_err(|error| damaged(&error))?;
                    books.store(stored.record_time, stored.record);
                }
            }
        }
        books.add_row(row_place(row, before));
        Ok(())
    }

    /// Finds rows that are lost at the end, where no row after them tells.
    fn check_tails(&self, database: &Database) -> Result<(), Problem> {
        let mut ends: BTreeMap<&str, (Position, u32)> = self
            .books
            .iter()
            .map(|(tenant, books)| (tenant.as_str(), (books.newest, books.checksum())))
            .collect();
        for tail in database.tails()? {
            let (tenant, position) = (&tail.tenant, tail.position);
            let end = ends.remove(tenant.as_str()).unwrap_or_default();
            if end != (position, tail.checksum) {
                let place = format!(
                    "tenant {tenant}: tables ledger and records end at position {}, table tail says {position}",
                    end.0
                );
                return Err(Problem::ledger_damaged(&place));
            }
        }
        match ends.keys().next() {
            Some(tenant) => {
                let place = format!("tenant {tenant} is not in table tail");
                Err(Problem::ledger_damaged(&place))
            }
            None => Ok(()),
        }
    }
}

fn apply(books: &mut Books, stored: &StoredEntry, calendar: &Calendar) -> Result<(), String> {
    match (&stored.entry, &stored.target) {
        (Entry::Activity(activity), None) => {
            books.post(calendar.day(activity.occur_time), activity);
            Ok(())
        }
        (Entry::Reversal(_), Some(target)) => {
            let day = calendar.day(target.activity.occur_time);
            books.take_back(target.position, day, &target.activity);
            Ok(())
        }
        _ => Err("a reversal takes back what is not there".to_owned()),
    }
}
