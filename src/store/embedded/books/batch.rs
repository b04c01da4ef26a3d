//! Activities that are posted at once: the memory that each needs is fetched for all of them together, since waiting
//! for it takes longer than all else.

use super::{Books, Row, accounts::Postings, narrow_position, place};
use crate::domain::{activity::Kind, time::Day};

/// Activities in the order of their positions, which are to be posted.
#[derive(Debug, Default)]
pub(in super::super) struct Batch {
    /// The customers, end to end, and where each ends.
    customers: String,
    ends: Vec<usize>,
    rows: Vec<BatchRow>,
}

#[derive(Debug)]
struct BatchRow {
    day: Day,
    /// Branch, product, account manager.
    dimensions: [u32; 3],
    postings: Postings,
}

impl Books {
    /// Adds an activity to a batch; the dimensions are branch, product and account manager.
    pub fn add_to_batch(
        &mut self,
        batch: &mut Batch,
        day: Day,
        customer: &str,
        dimensions: [&str; 3],
        kind: &Kind,
    ) {
        batch.customers.push_str(customer);
        batch.ends.push(batch.customers.len());
        batch.rows.push(BatchRow {
            day,
            dimensions: self.values_of(dimensions),
            postings: self.accounts.postings(kind),
        });
    }

    /// Posts a batch at the next positions, and empties it.
    pub fn post_batch(&mut self, batch: &mut Batch) {
        let starts = std::iter::once(0).chain(batch.ends.iter().copied());
        let ranges = starts.zip(&batch.ends);
        let customers: Vec<&str> = ranges
            .map(|(start, end)| &batch.customers[start..*end])
            .collect();
        self.customers.touch(customers.iter().copied());
        self.extents
            .resize_with(self.accounts.len(), Default::default);
        for (row, customer) in batch.rows.iter().zip(customers) {
            self.newest += 1;
            let (block, customer) = place(self.customers.intern(customer));
            let [branch, product, account_manager] = row.dimensions;
            let row = Row {
                position: narrow_position(self.newest),
                day: row.day,
                customer,
                branch,
                product,
                account_manager,
                postings: row.postings,
            };
            self.add(block, row);
        }
        batch.customers.clear();
        batch.ends.clear();
        batch.rows.clear();
    }
}
