//! What is taken back together with a sale: which activities say that they were caused by it.

use super::{Books, place};
use crate::domain::{ledger::Position, time::Day};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// An activity that was caused by a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(in super::super) struct Linked {
    /// Where it is.
    pub position: Position,
    /// The day on which it counts.
    pub day: Day,
    /// The number of its customer.
    pub customer: u32,
}

/// By the position of the sale. Sales that caused nothing else are not in it.
pub(super) type Links = HashMap<Position, Vec<Linked>>;

impl Books {
    /// Takes note that an activity was caused by the sale at a position. Whatever comes twice is noted once.
    pub fn link_to(&mut self, sale: Position, linked: Linked) {
        let own = self.links.entry(sale).or_default();
        if let Err(place) = own.binary_search(&linked) {
            own.insert(place, linked);
        }
    }

    /// What is taken back with the sale at a position, if that is at a later one: what was caused by it and was not
    /// taken back before.
    pub fn linked(&self, sale: Position, at: Position) -> impl Iterator<Item = Linked> {
        let all = self.links.get(&sale).map_or(&[][..], Vec::as_slice);
        all.iter().copied().filter(move |linked| {
            let reversed = self.reversals.get(&linked.position);
            linked.position < at && reversed.is_none_or(|reversed| *reversed >= at)
        })
    }

    /// Takes back what was caused by the sale that was taken back just now, at the same position.
    pub(super) fn take_back_linked(&mut self, sale: Position) {
        let linked: Vec<Linked> = match self.links.is_empty() {
            true => return,
            false => self.linked(sale, self.newest).collect(),
        };
        for Linked {
            position,
            day,
            customer,
        } in linked
        {
            self.take_back_row(position, day, place(customer).0);
            self.reversals.insert(position, self.newest);
        }
    }

    /// The links of all sales, in order.
    pub(super) fn saved_links(&self) -> Vec<(Position, Vec<Linked>)> {
        let links = self.links.iter();
        let mut saved: Vec<_> = links
            .map(|(sale, linked)| (*sale, linked.clone()))
            .collect();
        saved.sort_unstable();
        saved
    }
}
