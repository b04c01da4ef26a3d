//! The parts in which books are saved: blocks, totals, and what everything else has numbers of.
//!
//! Parts are saved one after the other while writes go on, so that each holds what was written up to a position of
//! its own. When they are put together again and what was written since the first of them is posted once more, each
//! takes in what it does not hold already. Names are saved last: every number in the other parts is one of theirs.

use super::{
    Accounts, Block, Books, IdOrder, Names, Totals,
    saved::{Limits, Saved, put_column},
    weighing::Extent,
};
use crate::{
    domain::{account::WorkPurpose, id::RoleId, ledger::Position},
    store::embedded::settings::BookSizes,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

/// What is known without looking at customers.
#[derive(Serialize, Deserialize)]
struct SavedTotals {
    totals: Totals,
    extents: Vec<Extent>,
}

/// What is neither of blocks nor totals nor a name.
#[derive(Serialize, Deserialize)]
struct SavedRest {
    worked: Vec<(RoleId, WorkPurpose)>,
    reversals: Vec<(Position, Position)>,
    records: Vec<Range<Position>>,
}

/// What numbers stand for, and what else is kept once.
pub(in super::super) struct NamesPart {
    customers: Names,
    values: Names,
    accounts: Accounts,
    order: IdOrder,
    reversals: HashMap<Position, Position>,
    /// Which positions are records, in runs. The records themselves are in the ledger.
    pub records: Vec<Range<Position>>,
}

/// Totals and extents.
pub(in super::super) struct TotalsPart(SavedTotals, u32);

impl Books {
    /// How far numbers go.
    pub fn limits(&self) -> Limits {
        Limits {
            customers: self.customers.len(),
            values: super::number_of(self.values.len()),
            accounts: super::number_of(self.accounts.len()),
            position: super::narrow_position(self.newest),
        }
    }

    /// Adds totals and extents to bytes.
    pub fn save_totals(&self, bytes: &mut Vec<u8>) -> Result<(), String> {
        let saved = SavedTotals {
            totals: self.totals.clone(),
            extents: self.extents.clone(),
        };
        add(&saved, bytes)
    }

    /// Adds names and what else is kept once to bytes.
    pub fn save_names(&self, bytes: &mut Vec<u8>) -> Result<(), String> {
        self.customers.save(bytes);
        self.values.save(bytes);
        // Nothing that is behind this lock is ever half done.
        let order = Arc::clone(&self.order.lock().unwrap_or_else(PoisonError::into_inner));
        put_column(bytes, &order.numbers);
        let mut reversals: Vec<_> = self.reversals.iter().map(|(of, by)| (*of, *by)).collect();
        reversals.sort_unstable();
        let rest = SavedRest {
            worked: self.accounts.worked().to_vec(),
            reversals,
            records: self.record_positions.clone(),
        };
        add(&rest, bytes)
    }

    /// Books that are put together again from all of their parts; the last write that all of them hold is at `newest`.
    pub fn of_parts(
        newest: Position,
        sizes: BookSizes,
        names: NamesPart,
        totals: TotalsPart,
        blocks: Vec<Block>,
    ) -> Self {
        let TotalsPart(
            SavedTotals {
                totals,
                mut extents,
            },
            totals_seen,
        ) = totals;
        extents.resize(names.accounts.len(), Extent::default());
        Self {
            newest,
            customers: names.customers,
            accounts: names.accounts,
            values: names.values,
            blocks,
            extents,
            totals,
            totals_seen,
            reversals: names.reversals,
            order: Mutex::new(Arc::new(names.order)),
            sizes,
            ..Self::default()
        }
    }
}

fn add(part: &impl Serialize, bytes: &mut Vec<u8>) -> Result<(), String> {
    let part = postcard::to_stdvec(part).map_err(|error| error.to_string())?;
    bytes.extend_from_slice(&part);
    Ok(())
}

impl TotalsPart {
    /// Reads what [`Books::save_totals`] added when everything up to `limits.position` was in it.
    pub fn load(saved: Saved<'_>, limits: &Limits) -> Option<Self> {
        let (read, rest): (SavedTotals, _) = postcard::take_from_bytes(saved.0).ok()?;
        let is_possible = rest.is_empty()
            && read.totals.is_possible(limits.accounts, limits.position)
            && read.extents.len() <= limits.accounts as usize
            && read.extents.iter().all(Extent::is_possible);
        is_possible.then_some(Self(read, limits.position))
    }
}

impl NamesPart {
    /// Reads what [`Books::save_names`] added when the books had these limits.
    pub fn load(mut saved: Saved<'_>, limits: &Limits) -> Option<Self> {
        let customers = Names::load(&mut saved)?;
        let values = Names::load(&mut saved)?;
        let order = IdOrder::of_numbers(saved.column()?).filter(|order| {
            // Those that came since it was asked for last are not in it yet.
            order.numbers.len() <= customers.len()
        })?;
        let (rest, left): (SavedRest, _) = postcard::take_from_bytes(saved.0).ok()?;
        let accounts = Accounts::of_worked(&rest.worked);
        let is_whole = left.is_empty()
            && customers.len() == limits.customers
            && values.len() == limits.values as usize
            && accounts.len() == limits.accounts as usize;
        let position = Position::from(limits.position);
        let mut end = 0;
        let are_runs = rest.records.iter().all(|run| {
            let fits = run.start > end && run.start < run.end && run.end <= position + 1;
            end = run.end;
            fits
        });
        (is_whole && are_runs).then(|| Self {
            customers,
            values,
            accounts,
            order,
            reversals: rest.reversals.into_iter().collect(),
            records: rest.records,
        })
    }
}
