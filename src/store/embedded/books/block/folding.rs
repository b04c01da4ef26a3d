//! Puts a block's newest rows by day: into the columns of their leaves, and into the planes at the ends of leaves.
//!
//! All rows at once, column by column and plane by plane: one after the other, each row would be added to every plane
//! after it, and each leaf would be copied for every day.

use super::{Block, Leaf};
use crate::{
    domain::time::Day,
    store::embedded::{
        books::{
            number_of,
            table::{Row, Table},
            track::{Placed, Track},
        },
        settings::BookSizes,
    },
};

/// What some rows post, by account, in the order of the rows.
struct Postings {
    live: Vec<Placed>,
    accounts: Vec<(u32, Vec<Placed>)>,
    /// How many rows there will be.
    rows: usize,
}

impl Postings {
    /// Of so many rows.
    fn with_room_for(rows: usize) -> Self {
        Self {
            live: Vec::with_capacity(rows),
            accounts: Vec::new(),
            rows,
        }
    }

    /// Adds what a row of a leaf posts.
    fn add(&mut self, leaf: usize, row: &Row) {
        let leaf = number_of(leaf);
        let placed = |quantity| Placed::new(leaf, row.day, row.customer, quantity);
        self.live.push(placed(row.postings.layout.sign()));
        row.postings.for_each(|account, quantity| {
            let own = self.accounts.iter_mut().find(|(own, _)| *own == account);
            match own {
                Some((_, own)) => own.push(placed(quantity)),
                None => {
                    let mut own = Vec::with_capacity(self.rows);
                    own.push(placed(quantity));
                    self.accounts.push((account, own));
                }
            }
        });
    }
}

impl Leaf {
    /// Puts rows of one layout, all of this leaf, in the order of their days and then of their positions.
    fn take(&mut self, rows: &[&Row]) {
        let layout = rows[0].postings.layout;
        let mut tables = self.tables.iter_mut();
        match tables.find(|table| table.layout() == layout) {
            Some(table) => table.merge(rows),
            None => self.tables.push(Table::of(layout, rows)),
        }
    }
}

impl Block {
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
    pub(super) fn fold(&mut self, keep_after: u32, sizes: &BookSizes) {
        let recent = std::mem::take(&mut self.recent);
        let rows = self.by_leaf(&recent[self.known..]);
        let mut postings = Postings::with_room_for(rows.len());
        for (leaf, row) in &rows {
            self.customers = self.customers.max(usize::from(row.customer) + 1);
            postings.add(*leaf, row);
        }
        let customers = self.customers;
        self.live.add(&postings.live, customers);
        for (account, postings) in &postings.accounts {
            self.track(*account).add(postings, customers);
        }
        let mut touched: Vec<usize> = Vec::new();
        let layout = |row: &Row| row.postings.layout;
        for rows in rows.chunk_by(|a, b| a.0 == b.0 && layout(a.1) == layout(b.1)) {
            let leaf = rows[0].0;
            let rows: Vec<&Row> = rows.iter().map(|(_, row)| *row).collect();
            self.leaves[leaf].take(&rows);
            if touched.last() != Some(&leaf) {
                touched.push(leaf);
            }
        }
        drop(rows);
        self.recent = recent;
        self.folded = self.recent.last().map_or(self.folded, |row| row.position);
        // From the last to the first, since a leaf that is divided moves those after it.
        touched
            .into_iter()
            .rev()
            .for_each(|leaf| self.divide(leaf, sizes));
        let starts = self.starts();
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
        self.recent_days.drain(..gone);
        self.known = self.recent.len();
        self.recent.shrink_to(sizes.recent_rows);
    }

    fn starts(&self) -> Vec<Day> {
        self.leaves.iter().map(|leaf| leaf.start).collect()
    }

    /// Rows, which are by position, with the numbers of their leaves: by leaf, layout, day and position.
    fn by_leaf<'r>(&self, rows: &'r [Row]) -> Vec<(usize, &'r Row)> {
        let key = |(index, row): (usize, &Row)| {
            let leaf = self.leaf_of(row.day) as u128;
            // In the order of signed numbers.
            let day = row.day.0.cast_unsigned() ^ (1 << 31);
            let layout = u128::from(row.postings.layout.0);
            leaf << 96 | layout << 64 | u128::from(day) << 32 | index as u128
        };
        let mut keys: Vec<u128> = rows.iter().enumerate().map(key).collect();
        keys.sort_unstable();
        let part = |key: u128| usize::try_from(key & u128::from(u32::MAX)).unwrap_or(0);
        let ordered = keys.into_iter();
        ordered
            .map(|key| (part(key >> 96), &rows[part(key)]))
            .collect()
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
        let mut postings = Postings::with_room_for(self.leaves[leaf].rows());
        for table in &self.leaves[leaf].tables {
            for (day, range) in table.days_of(0..table.len()) {
                range.for_each(|place| postings.add(leaf, &table.row(place, day)));
            }
        }
        let customers = self.customers;
        self.live.add_to_end(leaf, &postings.live, customers);
        for (account, postings) in &postings.accounts {
            self.track(*account).add_to_end(leaf, postings, customers);
        }
        self.divide(leaf + 1, sizes);
        self.divide(leaf, sizes);
    }
}
