//! Packing: complete segments whose rows have few writes are written again with full rows, which take less room and are
//! read faster. It is done row by row, while nobody waits.

use super::{
    codec::{BodyBuilder, ROW_WRITES},
    ledger::read_row,
    log::{Log, Place, Rewriting, Row, Table},
    planted::{Planted, is_planted},
};
use crate::{
    domain::{ledger::Position, problem::Problem},
    store::embedded::disk::DiskFile,
};
use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::Arc,
};

/// What is being packed.
#[derive(Default)]
pub(super) struct Packing {
    job: Option<Job>,
    /// Segments that could not be packed: nobody tries again until the folder is opened again.
    given_up: Vec<u32>,
    /// How many segments there were when nothing was found to do.
    idle_at: Option<usize>,
}

/// A segment on its way.
struct Job {
    rewriting: Rewriting,
    file: Arc<dyn DiskFile>,
    /// The rows that are left, by tenant.
    rows: BTreeMap<String, VecDeque<Place>>,
}

impl Packing {
    /// Takes one step, and says whether there is more to do.
    pub fn step(&mut self, log: &mut Log) -> bool {
        let Some(mut job) = self.job.take() else {
            return self.begin(log);
        };
        let number = job.rewriting.number();
        let stepped = match job.rows.first_entry() {
            Some(first) if first.get().is_empty() => {
                first.remove();
                Ok(Some(job))
            }
            Some(_) => job.pack_row().map(|()| Some(job)),
            None => {
                let finished = log.finish_rewriting(&mut job.rewriting);
                finished
                    .map_err(|error| Problem::store_unavailable(&error.to_string()))
                    .map(|is_finished| (!is_finished).then_some(job))
            }
        };
        match stepped {
            Ok(job) => self.job = job,
            // Whatever it is, the segment is as it was. Damage is named when it is read.
            Err(problem) => self.give_up(log, number, &problem.message),
        }
        true
    }

    fn begin(&mut self, log: &Log) -> bool {
        if self.idle_at == Some(log.sealed_count()) {
            return false;
        }
        let Some(number) = log.with_small_rows(&self.given_up) else {
            self.idle_at = Some(log.sealed_count());
            return false;
        };
        let file = log.index().segment(number);
        let file = file.ok_or_else(|| io::Error::other("it is not open"));
        match log.rewrite(number).and_then(|own| Ok((own, file?))) {
            Ok((rewriting, file)) => {
                let rows = log.index().rows_of(number).into_iter();
                self.job = Some(Job {
                    rewriting,
                    file,
                    rows: rows.map(|(tenant, rows)| (tenant, rows.into())).collect(),
                });
            }
            Err(error) => self.give_up(log, number, &error.to_string()),
        }
        true
    }

    /// Leaves a segment as it was until the folder is opened again.
    fn give_up(&mut self, log: &Log, number: u32, why: &str) {
        log.abandon_rewriting(number);
        self.given_up.push(number);
        let failures = self.given_up.len();
        tracing::warn!(
            segment = number,
            failures,
            why,
            "a segment could not be packed"
        );
    }

    /// How many segments could not be packed since the folder was opened.
    pub fn failures(&self) -> u64 {
        self.given_up.len() as u64
    }

    /// How many segments wait to be packed, about.
    pub fn waiting(&self, log: &Log) -> usize {
        if self.idle_at == Some(log.sealed_count()) {
            return 0;
        }
        log.small_row_count(&self.given_up)
    }

    /// Stops, leaving what is not finished as it was.
    pub fn stop(&self, log: &Log) {
        if let Some(job) = &self.job {
            log.abandon_rewriting(job.rewriting.number());
        }
    }
}

impl Job {
    /// Makes one full row of the first tenant's next rows.
    fn pack_row(&mut self) -> Result<(), Problem> {
        let Some(mut entry) = self.rows.first_entry() else {
            return Ok(());
        };
        let tenant = entry.key().clone();
        let places = entry.get_mut();
        let Some(first) = places.front().map(|place| place.first) else {
            return Ok(());
        };
        let mut bodies = Vec::new();
        let (mut table, mut count) = (Table::Ledger, 0);
        // As many rows as may go into one, and no more than that.
        while let Some(place) = places.front().copied() {
            let (own, body) = read_row(&*self.file, &tenant, place)?;
            let goes_on = bodies.is_empty() || (own == table && count + body.count() <= ROW_WRITES);
            if !goes_on {
                break;
            }
            (table, count) = (own, count + body.count());
            bodies.push(body);
            places.pop_front();
        }
        let mut position = first;
        let mut builder = BodyBuilder::default();
        for body in &bodies {
            let mut index = 0;
            while index < body.count() {
                let from = match body.count() - 1 - index {
                    last if is_planted(Planted::PackReorders) => last,
                    _ if is_planted(Planted::PackLoses) => index & !1,
                    _ => index,
                };
                if body.push_to(&mut builder, from) {
                    index += 1;
                    continue;
                }
                let full = std::mem::take(&mut builder);
                position += add_row(&mut self.rewriting, table, &tenant, position, full)?;
            }
        }
        add_row(&mut self.rewriting, table, &tenant, position, builder)?;
        Ok(())
    }
}

/// Adds a row, and says how many writes it has.
fn add_row(
    rewriting: &mut Rewriting,
    table: Table,
    tenant: &str,
    first: Position,
    body: BodyBuilder<'_>,
) -> Result<u64, Problem> {
    let failed = |error: String| Problem::store_unavailable(&error);
    let count = body.count();
    let row = Row {
        table,
        tenant: tenant.to_owned(),
        first,
        // A row has at most as many writes as a builder takes.
        count: u32::try_from(count).unwrap_or(u32::MAX),
        body: body.finish().map_err(failed)?,
    };
    rewriting
        .add(row)
        .map_err(|error| failed(error.to_string()))?;
    Ok(count as u64)
}
