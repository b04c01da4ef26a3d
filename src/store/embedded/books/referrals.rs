//! Which rows may tell who brought whom: the books do not hold whom, but they know where that is.

use super::{Books, Layout, narrow_position};
use crate::domain::ledger::Position;

impl Books {
    /// Where activities may be that tell of referrals or of asks for them: after a position and up to another, rising.
    pub fn referral_rows(&self, after: Position, as_of: Position) -> Vec<Position> {
        let (after, as_of) = (narrow_position(after), narrow_position(as_of));
        let mut rows = Vec::new();
        for block in &self.blocks {
            block.for_each_position_of(&Layout::REFERRALS, as_of, |position| {
                if position > after {
                    rows.push(Position::from(position));
                }
            });
        }
        rows.sort_unstable();
        rows
    }
}
