//! Up to 2,048 customers with everything that was posted on them: the newest rows as they came, all others by day.
//!
//! Rows by day are in leaves, each of some days, with about as many rows as there are customers. At the end of each
//! leaf there is a plane for each account: what every customer has until then. So a sum over a period is the
//! difference of two planes, more or less the rows of the two leaves in which the period begins and ends; and nothing
//! of it is larger than the fastest memory of a processor.

mod folding;
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
/// A block is left as it is while less than one of so many of the rows that may be as they came are so.
const UNSETTLED: usize = 16;
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
    /// Their days, beside: most questions are about few of them.
    recent_days: Vec<Day>,
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
            recent_days: Vec::new(),
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
        // All rows of a position are put by day at once: a reversal can have several.
        let is_next = self.newest() < row.position;
        if is_next && self.unfolded().len() >= self.most_unfolded(sizes) {
            self.fold(row.position.saturating_sub(sizes.kept_positions), sizes);
        }
        self.recent.push(row);
        self.recent_days.push(row.day);
    }

    /// How many rows are put by day at once: by chance half as many as there may be, or up to all of them. Blocks take
    /// in rows equally fast, and if all were full at the same time, all questions of that moment would wait.
    fn most_unfolded(&self, sizes: &BookSizes) -> usize {
        let first = self.unfolded().first().map_or(0, |row| row.position);
        // The upper bits of such a product look like chance (Knuth, The Art of Computer Programming, 6.4).
        let chance = first.wrapping_mul(0x9E37_79B1) >> 16;
        sizes.recent_rows - chance as usize % (sizes.recent_rows / 2 + 1)
    }

    /// The position of the newest row that is kept as it came.
    pub fn newest(&self) -> u32 {
        self.recent.last().map_or(0, |row| row.position)
    }

    /// Puts the newest rows by day, if there are any.
    pub fn settle(&mut self, sizes: &BookSizes) {
        if !self.unfolded().is_empty() {
            self.fold(self.newest().saturating_sub(sizes.kept_positions), sizes);
        }
    }

    /// Whether so many rows are as they came that questions are slower for it.
    pub fn is_unsettled(&self, sizes: &BookSizes) -> bool {
        self.unfolded().len() > sizes.recent_rows / UNSETTLED
    }

    fn unfolded(&self) -> &[Row] {
        &self.recent[self.known..]
    }

    fn leaf_of(&self, day: Day) -> usize {
        self.leaves.partition_point(|leaf| leaf.start <= day).max(1) - 1
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
        bytes.rows += self.recent_days.capacity() * size_of::<Day>();
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
