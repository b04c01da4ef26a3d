//! What the log refuses.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use super::{FRAME_LIMIT, Log, Meta, NewRow, Opening, Table};
use crate::{
    domain::{money::Currency, problem::Reason, time::Calendar},
    store::embedded::{EngineSettings, RealDisk},
};
use std::{path::Path, sync::Arc};

fn open(folder: &Path) -> (Log, u64) {
    let calendar = Calendar::of_zone("UTC").unwrap();
    let currency = Currency::parse("EUR", "").unwrap();
    let settings = EngineSettings::new(calendar, currency, (1, 2));
    let disk = Arc::new(RealDisk::open(folder).unwrap());
    let opening = Opening::new(disk, &Meta::new(&settings), settings.reserve).unwrap();
    let mut writes = 0;
    let scanned = opening.scan(&mut |row, _, _| {
        writes += u64::from(row.count);
        Ok(())
    });
    let log = opening.finish(scanned.unwrap(), settings.segment_size);
    (log.unwrap(), writes)
}

fn row(first: u64, bytes: usize) -> NewRow {
    NewRow {
        table: Table::Ledger,
        tenant: "t".to_owned(),
        first,
        count: 1,
        body: vec![0; bytes],
    }
}

#[test]
fn what_is_too_large_to_be_written_at_once_is_refused_by_name_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = open(folder.path());
    log.append(&[row(1, 10)]).unwrap();
    // Memory that is never touched: it costs nothing.
    let limit = usize::try_from(FRAME_LIMIT).unwrap();
    let rows = [row(2, limit / 2), row(3, limit / 2)];
    let problem = log.append(&rows).unwrap_err();
    assert_eq!(problem.reason, Reason::BatchTooLarge);
    assert!(problem.message.contains("at most 1073741824"), "{problem}");
    // Nothing happened: what comes next is the next.
    log.append(&[row(2, 10)]).unwrap();
    log.close();
    assert_eq!(open(folder.path()).1, 2);
}
