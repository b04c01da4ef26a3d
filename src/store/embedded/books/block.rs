//! Up to 2,048 customers with everything that was posted on them: the newest rows as they came, all others by day.
//!
//! Rows by day are in leaves, each of some days, with about as many rows as there are customers. At the end of each
//! leaf there is a plane for each account: what every customer has until then. So a sum over a period is the
//! difference of two planes, more or less the rows of the two leaves in which the period begins and ends; and nothing
//! of it is larger than the fastest memory of a processor.

mod planes;
mod reading;
mod saved;

use super::{
    table::{Row, Table},
    track::{Span, Track},
};
use crate::{
    domain::time::Day,
    store::embedded::{
        planted::{Planted, is_planted},
        settings::BookSizes,
    },
};
use std::ops::Range;

/// The most customers of a block.
pub(in super::super) const CUSTOMERS: usize = 1 << SHIFT;
/// A customer's number divided by two so often is the number of its block.
pub(in super::super) const SHIFT: u32 = 11;
/// All days.
pub(in super::super) const ALL: Range<Day> = Day(i32::MIN)..Day(i32::MAX);

/// Some customers and their rows.
#[derive(Debug)]
pub(in super::super) struct Block {
    /// How many customers have rows in leaves.
    customers: usize,
    /// By day; the first one begins before all days.
    leaves: Vec<Leaf>,
    /// How many activities, less those that were taken back.
    live: Track,
    /// By account, rising.
    accounts: Vec<(u32, Track)>,
    /// The newest rows, by position; those up to `folded` are in leaves and planes too.
    recent: Vec<Row>,
    folded: u32,
    /// How many of the newest rows these are.
    known: usize,
    /// All rows up to here are gone from `recent`.
    dropped: u32,
    /// All rows up to here were in it when it was read from a checkpoint.
    seen: u32,
}

/// The rows of some days.
#[derive(Debug, Default)]
struct Leaf {
    /// Its first day.
    start: Day,
    /// One for each layout.
    tables: Vec<Table>,
}

/// How the rows of some days are made up: a span between ends of leaves, and rows more or less.
#[derive(Debug)]
pub(in super::super) struct Plan<'a> {
    span: Span,
    /// Rows of leaves, and 1 or -1.
    parts: Vec<(&'a Table, Range<usize>, i64)>,
}

impl Leaf {
    fn rows(&self) -> usize {
        self.tables.iter().map(Table::len).sum()
    }

    /// Puts rows, all of this leaf, by day.
    fn take(&mut self, rows: &mut [Row]) {
        rows.sort_unstable_by_key(|row| (row.postings.layout, row.day, row.position));
        for rows in rows.chunk_by(|a, b| a.postings.layout == b.postings.layout) {
            let layout = rows[0].postings.layout;
            match self
                .tables
                .iter_mut()
                .find(|table| table.layout() == layout)
            {
                Some(table) => *table = table.merged(rows),
                None => self.tables.push(Table::of(layout, rows.iter())),
            }
        }
    }

    /// The day before which there is about half of the rows, if there is such a day.
    fn middle(&self) -> Option<Day> {
        let half = self.rows() / 2;
        let mut days: Vec<Day> = self
            .tables
            .iter()
            .flat_map(|table| table.days())
            .map(|(day, _)| *day)
            .collect();
        days.sort_unstable();
        days.dedup();
        let before = |day: &Day| {
            self.tables
                .iter()
                .map(|table| table.before(*day))
                .sum::<usize>()
        };
        let middle = days.partition_point(|day| before(day) < half);
        // Not the first day: there would be nothing before it.
        days.get(middle.max(1)).copied()
    }
}

impl Default for Block {
    fn default() -> Self {
        Self {
            customers: 0,
            leaves: vec![Leaf {
                start: ALL.start,
                tables: Vec::new(),
            }],
            live: Track::default(),
            accounts: Vec::new(),
            recent: Vec::new(),
            folded: 0,
            known: 0,
            dropped: 0,
            seen: 0,
        }
    }
}

impl Block {
    /// Adds a row, which is the newest of all.
    pub fn push(&mut self, row: Row, sizes: &BookSizes) {
        if row.position <= self.seen && !is_planted(Planted::CheckpointTwice) {
            return;
        }
        self.recent.push(row);
        if self.recent.len() - self.known >= sizes.recent_rows {
            self.fold(row.position.saturating_sub(sizes.kept_positions), sizes);
        }
    }

    /// Puts the newest rows by day, if there are any.
    pub fn settle(&mut self, sizes: &BookSizes) {
        if !self.unfolded().is_empty() {
            self.fold(self.folded, sizes);
        }
    }

    fn unfolded(&self) -> &[Row] {
        &self.recent[self.known..]
    }

    fn leaf_of(&self, day: Day) -> usize {
        self.leaves.partition_point(|leaf| leaf.start <= day).max(1) - 1
    }

    fn track(&mut self, account: u32) -> &mut Track {
        let place = match self
            .accounts
            .binary_search_by_key(&account, |(own, _)| *own)
        {
            Ok(place) => place,
            Err(place) => {
                self.accounts.insert(place, (account, Track::default()));
                place
            }
        };
        &mut self.accounts[place].1
    }

    /// Puts the newest rows by day, and forgets rows as they came up to a position.
    fn fold(&mut self, keep_after: u32, sizes: &BookSizes) {
        let mut rows = self.unfolded().to_vec();
        for row in &rows {
            let leaf = self.leaf_of(row.day);
            self.customers = self.customers.max(usize::from(row.customer) + 1);
            self.live
                .add(leaf, row.day, row.customer, row.postings.layout.sign());
            row.postings.for_each(|account, quantity| {
                self.track(account)
                    .add(leaf, row.day, row.customer, quantity);
            });
        }
        self.folded = self.recent.last().map_or(self.folded, |row| row.position);
        rows.sort_unstable_by_key(|row| row.day);
        let mut touched: Vec<usize> = Vec::new();
        let starts: Vec<Day> = self.leaves.iter().map(|leaf| leaf.start).collect();
        let leaf_of = |day: Day| starts.partition_point(|start| *start <= day).max(1) - 1;
        for rows in rows.chunk_by_mut(|a, b| leaf_of(a.day) == leaf_of(b.day)) {
            let leaf = leaf_of(rows[0].day);
            self.leaves[leaf].take(rows);
            touched.push(leaf);
        }
        // From the last to the first, since a leaf that is divided moves those after it.
        touched
            .into_iter()
            .rev()
            .for_each(|leaf| self.divide(leaf, sizes));
        let starts: Vec<Day> = self.leaves.iter().map(|leaf| leaf.start).collect();
        self.live.settle(&starts, self.customers);
        self.accounts
            .iter_mut()
            .for_each(|(_, track)| track.settle(&starts, self.customers));
        let gone = self
            .recent
            .partition_point(|row| row.position <= keep_after.min(self.folded));
        if let Some(last) = self.recent[..gone].last() {
            self.dropped = last.position;
        }
        self.recent.drain(..gone);
        self.known = self.recent.len();
        self.recent.shrink_to(sizes.recent_rows);
    }

    /// Divides a leaf as often as it is too large.
    fn divide(&mut self, leaf: usize, sizes: &BookSizes) {
        if self.leaves[leaf].rows() < 2 * self.customers.max(sizes.leaf_rows) {
            return;
        }
        let Some(day) = self.leaves[leaf].middle() else {
            return;
        };
        let tables = std::mem::take(&mut self.leaves[leaf].tables);
        let (first, second): (Vec<Table>, Vec<Table>) =
            tables.iter().map(|table| table.split(day)).unzip();
        let filled =
            |tables: Vec<Table>| tables.into_iter().filter(|table| table.len() > 0).collect();
        self.leaves[leaf].tables = filled(first);
        self.leaves.insert(
            leaf + 1,
            Leaf {
                start: day,
                tables: filled(second),
            },
        );
        self.live.divide(leaf);
        self.accounts
            .iter_mut()
            .for_each(|(_, track)| track.divide(leaf));
        let mut rows = Vec::with_capacity(self.leaves[leaf].rows());
        for table in &self.leaves[leaf].tables {
            for (day, range) in table.days_of(0..table.len()) {
                rows.extend(range.map(|place| table.row(place, day)));
            }
        }
        for row in rows {
            self.live
                .add_to_end(leaf, row.customer, row.postings.layout.sign());
            row.postings.for_each(|account, quantity| {
                self.track(account).add_to_end(leaf, row.customer, quantity);
            });
        }
        self.divide(leaf + 1, sizes);
        self.divide(leaf, sizes);
    }

    /// The row with a position, which is on a day.
    pub fn row_at(&self, position: u32, day: Day) -> Option<Row> {
        let recent = self
            .recent
            .binary_search_by_key(&position, |row| row.position);
        if let Ok(place) = recent {
            return Some(self.recent[place]);
        }
        let tables = self.leaves[self.leaf_of(day)].tables.iter();
        let mut found = tables.filter_map(|table| table.find(position, day));
        found.next()
    }

    /// How the rows of some days are best made up.
    pub fn plan(&self, days: &Range<Day>) -> Plan<'_> {
        let (first, last) = (self.leaf_of(days.start), self.leaf_of(days.end));
        if first == last {
            return self.plan_within(first, days);
        }
        let mut parts = Vec::with_capacity(4);
        let start = self.edge(first, days.start, -1, &mut parts);
        let end = self.edge(last, days.end, 1, &mut parts);
        Plan {
            span: self.span(start..end),
            parts,
        }
    }

    /// Days of one leaf: its rows of these days, or all of it without its other rows.
    fn plan_within(&self, number: usize, days: &Range<Day>) -> Plan<'_> {
        let leaf = &self.leaves[number];
        let ranges = leaf.tables.iter().map(|table| (table, table.range(days)));
        let ranges: Vec<_> = ranges.collect();
        let within: usize = ranges.iter().map(|(_, range)| range.len()).sum();
        let takes_rows = within <= leaf.rows() - within + self.customers / 2;
        let parts = ranges
            .into_iter()
            .flat_map(|(table, range)| match takes_rows {
                true => [(table, range, 1), (table, 0..0, 1)],
                false => [
                    (table, 0..range.start, -1),
                    (table, range.end..table.len(), -1),
                ],
            });
        Plan {
            parts: parts.filter(|(_, range, _)| !range.is_empty()).collect(),
            span: match takes_rows {
                true => Span::default(),
                false => self.span(number..number + 1),
            },
        }
    }

    /// Everything before a day is what there is at one of the ends of its leaf, which is told, with rows: those of the
    /// leaf before the day, `times` 1 or -1, or those from it on, the other way round.
    fn edge<'b>(
        &'b self,
        leaf: usize,
        day: Day,
        times: i64,
        parts: &mut Vec<(&'b Table, Range<usize>, i64)>,
    ) -> usize {
        let tables = self.leaves[leaf].tables.iter();
        let cuts = tables.map(|table| (table, table.range(&(ALL.start..day)).end));
        let before: usize = cuts.clone().map(|(_, cut)| cut).sum();
        let is_less = before <= self.leaves[leaf].rows() - before;
        let rows = cuts.map(|(table, cut)| match is_less {
            true => (table, 0..cut, times),
            false => (table, cut..table.len(), -times),
        });
        parts.extend(rows.filter(|(_, range, _)| !range.is_empty()));
        if is_less { leaf } else { leaf + 1 }
    }

    fn span(&self, ends: Range<usize>) -> Span {
        let day = |end: usize| match end {
            0 => ALL.start,
            _ => self.leaves.get(end).map_or(ALL.end, |leaf| leaf.start),
        };
        let days = day(ends.start)..day(ends.end);
        Span { ends, days }
    }

    /// What it takes of memory.
    pub fn add_bytes(&self, bytes: &mut BookBytes) {
        let tables = self.leaves.iter().flat_map(|leaf| &leaf.tables);
        bytes.rows += tables.map(Table::bytes).sum::<usize>();
        bytes.rows += self.recent.capacity() * size_of::<Row>();
        bytes.planes += self.live.bytes();
        bytes.planes += self
            .accounts
            .iter()
            .map(|(_, track)| track.bytes())
            .sum::<usize>();
    }
}

/// What books take of memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BookBytes {
    /// Activities in columns.
    pub rows: usize,
    /// Sums of each customer at the ends of leaves.
    pub planes: usize,
    /// Customers' ids and their order.
    pub customers: usize,
}
