//! Which rows may tell who brought whom: the books do not hold whom, but they know where that is.

use super::{Books, Layout};
use crate::domain::{ledger::Position, time::Period};

impl Books {
    /// Where activities may be that tell of referrals or of asks for them: after a position and up to another, rising.
    pub fn referral_rows(&self, after: Position, as_of: Position) -> Vec<Position> {
        let mut rows = Vec::new();
        self.for_each_row(&Period::ALL, as_of, |_, row| {
            let position = Position::from(row.position);
            if position > after && Layout::REFERRALS.contains(&row.postings.layout) {
                rows.push(position);
            }
        });
        rows.sort_unstable();
        rows
    }
}
