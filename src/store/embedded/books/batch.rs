//! Activities that are posted at once. A batch is made without books, by whoever has the activities; what it holds is
//! then given the numbers of a tenant's books.

use super::{
    Books, Row,
    accounts::{Postings, WorkKey, postings_of},
    interner::Interner,
    linked::Linked,
    names::hash,
    narrow_position, number_of, place,
};
use crate::domain::{activity::Kind, ledger::Position, time::Day};
use hashbrown::HashTable;
use std::{hint::black_box, ops::Range};

/// Activities in the order of their positions, which are to be posted.
#[derive(Debug, Default)]
pub(in super::super) struct Batch {
    customers: Texts,
    /// The values of dimensions. Those that are not given are none of them.
    values: Texts,
    value_numbers: HashTable<u32>,
    worked: Interner<WorkKey>,
    rows: Vec<BatchRow>,
    /// Which rows were caused by a sale, rising, and where it is.
    caused: Vec<(usize, Position)>,
}

/// Texts end to end, with their hashes.
#[derive(Debug, Default)]
struct Texts {
    text: String,
    /// Where each ends, and its hash.
    ends: Vec<(usize, u64)>,
}

#[derive(Debug)]
struct BatchRow {
    day: Day,
    /// Branch, product, account manager: one more than the number among the values of the batch, or 0 if not given.
    dimensions: [u32; 3],
    /// Working time has the number among what was worked in the batch.
    postings: Postings,
}

/// What the numbers of a batch are in a tenant's books.
#[derive(Debug)]
pub(in super::super) struct Links {
    /// Where nothing is given, and then every value.
    values: Vec<u32>,
    /// The accounts of working time.
    worked: Vec<u32>,
}

impl Texts {
    fn push(&mut self, text: &str, hash: u64) {
        self.text.push_str(text);
        self.ends.push((self.text.len(), hash));
    }

    fn get(&self, number: usize) -> &str {
        let start = number.checked_sub(1).map_or(0, |last| self.ends[last].0);
        &self.text[start..self.ends[number].0]
    }

    fn iter(&self, range: Range<usize>) -> impl Iterator<Item = (&str, u64)> + Clone {
        range.map(|number| (self.get(number), self.ends[number].1))
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

impl Batch {
    /// With room for so many activities.
    pub fn with_room_for(count: usize) -> Self {
        let mut batch = Self::default();
        batch.rows.reserve_exact(count);
        batch.customers.ends.reserve_exact(count);
        // Enough for most: an id has no more bytes than this.
        batch.customers.text.reserve(count * 16);
        batch
    }

    /// Adds an activity; the dimensions are branch, product and account manager.
    pub fn add(&mut self, day: Day, customer: &str, dimensions: [&str; 3], kind: &Kind) {
        self.customers.push(customer, hash(customer));
        let row = BatchRow {
            day,
            dimensions: dimensions.map(|value| self.value(value)),
            postings: postings_of(kind, |key| self.worked.intern(&key, Clone::clone)),
        };
        self.rows.push(row);
    }

    /// Says of the activity that was added last that the sale at a position caused it.
    pub fn add_cause(&mut self, sale: Position) {
        self.caused.push((self.rows.len().saturating_sub(1), sale));
    }

    fn value(&mut self, value: &str) -> u32 {
        if value.is_empty() {
            return 0;
        }
        let hash = hash(value);
        let values = &self.values;
        let is_same = |number: &u32| values.get(*number as usize) == value;
        if let Some(number) = self.value_numbers.find(hash, is_same) {
            return number + 1;
        }
        let number = number_of(values.ends.len());
        let rehash = |number: &u32| values.ends[*number as usize].1;
        self.value_numbers.insert_unique(hash, number, rehash);
        self.values.push(value, hash);
        number + 1
    }

    /// How many activities there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Takes all activities out.
    pub fn clear(&mut self) {
        self.customers.clear();
        self.values.clear();
        self.value_numbers.clear();
        self.worked = Interner::default();
        self.rows.clear();
        self.caused.clear();
    }
}

impl Books {
    /// Gives numbers to everything in a batch but its customers.
    pub fn link(&mut self, batch: &Batch) -> Links {
        let unassigned = self.unassigned();
        let values = batch.values.iter(0..batch.values.ends.len());
        let values = values.map(|(value, _)| self.values.intern(value));
        let values = std::iter::once(unassigned).chain(values).collect();
        let worked = batch.worked.things().iter();
        let worked = worked.map(|key| self.accounts.of_work(key)).collect();
        self.extents
            .resize_with(self.accounts.len(), Default::default);
        Links { values, worked }
    }

    /// Posts some activities of a batch, at the next positions.
    pub fn post_batch(&mut self, batch: &Batch, links: &Links, range: Range<usize>) {
        let customers = self
            .customers
            .intern_all(batch.customers.iter(range.clone()));
        if let Some(last) = customers.iter().map(|customer| place(*customer).0).max() {
            self.make_block(last);
        }
        // Looked at for all of them at once, since they are far away in memory.
        let blocks = customers.iter().map(|customer| place(*customer).0);
        black_box(blocks.fold(0, |seen, block| seen ^ self.blocks[block].newest()));
        let days = batch.rows[range.clone()].iter();
        let days: Vec<usize> = days.map(|row| self.totals.place(row.day)).collect();
        black_box(
            days.iter()
                .fold(0, |seen, day| seen ^ self.totals.touch(*day)),
        );
        self.link_batch(batch, &range, &customers);
        for (row, customer) in batch.rows[range].iter().zip(customers) {
            self.newest += 1;
            let (block, customer) = place(customer);
            let [branch, product, account_manager] =
                row.dimensions.map(|value| links.values[value as usize]);
            let mut postings = row.postings;
            if postings.layout.has_minutes() {
                postings.minutes = links.worked[postings.minutes as usize];
            }
            let row = Row {
                position: narrow_position(self.newest),
                day: row.day,
                customer,
                branch,
                product,
                account_manager,
                postings,
            };
            self.add(block, row);
        }
    }

    /// Takes note of what was caused by sales, before it is posted.
    fn link_batch(&mut self, batch: &Batch, range: &Range<usize>, customers: &[u32]) {
        let first = batch.caused.partition_point(|(row, _)| *row < range.start);
        let own = batch.caused[first..].iter();
        for (row, sale) in own.take_while(|(row, _)| *row < range.end) {
            let within = row - range.start;
            let linked = Linked {
                position: self.newest + within as u64 + 1,
                day: batch.rows[*row].day,
                customer: customers[within],
            };
            self.link_to(*sale, linked);
        }
    }
}
