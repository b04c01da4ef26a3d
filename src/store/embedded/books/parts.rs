//! The parts in which books are saved: blocks, totals, the order of customers, what is kept once, and names.
//!
//! Parts are saved one after the other while writes go on, so that each holds what was written up to a position of
//! its own. When they are put together again and what was written since the first of them is posted once more, each
//! takes in what it does not hold already. Names are saved last: every number in the other parts is one of theirs.

use super::{
    Accounts, Block, Books, IdOrder, Names, Totals,
    accounts::WorkKey,
    linked::{Linked, Links},
    saved::{Limits, Saved, put_packed},
    weighing::Extent,
};
use crate::{domain::ledger::Position, store::embedded::settings::BookSizes};
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
    worked: Vec<WorkKey>,
    reversals: Vec<(Position, Position)>,
    links: Vec<(Position, Vec<Linked>)>,
    records: Vec<Range<Position>>,
}

/// What is kept once, but for names.
pub(in super::super) struct RestPart {
    accounts: Accounts,
    reversals: HashMap<Position, Position>,
    links: Links,
    /// Which positions are records, in runs. The records themselves are in the ledger.
    pub records: Vec<Range<Position>>,
}

/// All parts of the books of a tenant.
pub(in super::super) struct BookParts {
    /// The customers.
    pub customers: Names,
    /// The values of dimensions.
    pub values: Names,
    /// The customers in the order of their ids, but for those that came last.
    pub order: Vec<u32>,
    /// What is kept once.
    pub rest: RestPart,
    /// Totals and extents.
    pub totals: TotalsPart,
    /// The customers' rows.
    pub blocks: Vec<Block>,
}

/// How many numbers are in a part of the order.
const ORDER_PART: usize = 32_768;

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

    /// The order of customers as it was asked for last.
    pub fn known_order(&self) -> Arc<IdOrder> {
        // Nothing that is behind this lock is ever half done.
        Arc::clone(&self.order.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds what is kept once to bytes, but for names.
    pub fn save_rest(&self, bytes: &mut Vec<u8>) -> Result<(), String> {
        let mut reversals: Vec<_> = self.reversals.iter().map(|(of, by)| (*of, *by)).collect();
        reversals.sort_unstable();
        let rest = SavedRest {
            worked: self.accounts.worked().to_vec(),
            reversals,
            links: self.saved_links(),
            records: self.record_positions.clone(),
        };
        add(&rest, bytes)
    }

    /// Books that are put together again from all of their parts, if these fit; the last write that all of them hold is
    /// at `newest`.
    pub fn of_parts(newest: Position, sizes: BookSizes, parts: BookParts) -> Option<Self> {
        let TotalsPart(
            SavedTotals {
                totals,
                mut extents,
            },
            totals_seen,
        ) = parts.totals;
        extents.resize(parts.rest.accounts.len(), Extent::default());
        let order = IdOrder::of_numbers(parts.order)?;
        // Those that came since it was asked for last are not in it yet.
        (order.numbers.len() <= parts.customers.len()).then(|| Self {
            newest,
            customers: parts.customers,
            accounts: parts.rest.accounts,
            values: parts.values,
            blocks: parts.blocks,
            extents,
            totals,
            totals_seen,
            reversals: parts.rest.reversals,
            links: parts.rest.links,
            order: Mutex::new(Arc::new(order)),
            sizes,
            ..Self::default()
        })
    }
}

impl IdOrder {
    /// Adds a part to bytes, and says whether it is the last.
    pub fn save(&self, part: usize, bytes: &mut Vec<u8>) -> bool {
        let mut parts = self.numbers.chunks(ORDER_PART).skip(part);
        put_packed(bytes, parts.next().unwrap_or_default().iter().copied());
        parts.next().is_none()
    }

    /// Reads a part.
    pub fn load(mut saved: Saved<'_>) -> Option<Vec<u32>> {
        let numbers = saved.packed()?;
        saved.end(numbers)
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

impl RestPart {
    /// Reads what [`Books::save_rest`] added when the books had these limits.
    pub fn load(saved: Saved<'_>, limits: &Limits) -> Option<Self> {
        let (rest, left): (SavedRest, _) = postcard::take_from_bytes(saved.0).ok()?;
        let accounts = Accounts::of_worked(&rest.worked)?;
        let is_whole = left.is_empty() && accounts.len() == limits.accounts as usize;
        let position = Position::from(limits.position);
        let mut end = 0;
        let are_runs = rest.records.iter().all(|run| {
            let fits = run.start > end && run.start < run.end && run.end <= position + 1;
            end = run.end;
            fits
        });
        let mut linked = rest.links.iter().flat_map(|(_, linked)| linked);
        let are_known = linked.all(|linked| (linked.customer as usize) < limits.customers);
        (is_whole && are_runs && are_known).then(|| Self {
            accounts,
            reversals: rest.reversals.into_iter().collect(),
            links: rest.links.into_iter().collect(),
            records: rest.records,
        })
    }
}
