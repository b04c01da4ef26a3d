//! Which rows may be of what a customer owes: the books do not hold numbers of invoices and due days, but they know
//! where those are.

use super::{Books, Layout, Row, days, narrow_position, place};
use crate::domain::{ledger::Position, time::Period};

impl Books {
    /// Where activities may be that change what a customer owes, and whose they are: after a position and up to
    /// another, rising.
    pub fn receivable_rows(&self, after: Position, as_of: Position) -> Vec<(Position, u32)> {
        let mut rows = Vec::new();
        self.for_each_row(&Period::ALL, as_of, |customer, row| {
            let position = Position::from(row.position);
            if position > after && is_receivable(row) {
                rows.push((position, customer));
            }
        });
        rows.sort_unstable();
        rows
    }

    /// The same of one customer.
    pub fn receivable_rows_of(&self, customer: u32, as_of: Position) -> Vec<(Position, u32)> {
        let (block, within) = place(customer);
        let mut rows = Vec::new();
        if let Some(block) = self.blocks.get(block) {
            block.for_each_row(&days(&Period::ALL), narrow_position(as_of), |row| {
                if row.customer == within && is_receivable(row) {
                    rows.push((Position::from(row.position), customer));
                }
            });
        }
        rows.sort_unstable();
        rows
    }
}

fn is_receivable(row: &Row) -> bool {
    Layout::RECEIVABLES.contains(&row.postings.layout)
}
