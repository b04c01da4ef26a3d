//! One statement while it is put together: its text, and its parameters beside it. No value is ever part of a text.

use crate::domain::ledger::Position;
use tokio_postgres::types::ToSql;

/// A statement with its parameters.
#[derive(Default)]
pub struct Sql {
    text: String,
    parameters: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Sql {
    /// Adds a parameter, and gives what stands for it in the text.
    pub fn bind(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.parameters.push(Box::new(value));
        format!("${}", self.parameters.len())
    }

    /// Adds to the text.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parameters.
    pub fn parameters(&self) -> impl ExactSizeIterator<Item = &(dyn ToSql + Sync)> {
        self.parameters.iter().map(|value| {
            let value: &(dyn ToSql + Sync) = &**value;
            value
        })
    }
}

/// The end of what has no end yet: after every position.
pub const OPEN: i64 = i64::MAX;

/// A position as the database has it; what is beyond all positions is the last before the end.
pub fn seq(position: Position) -> i64 {
    i64::try_from(position).map_or(OPEN - 1, |seq| seq.min(OPEN - 1))
}

/// A count or a position of the database, where none is below zero.
pub fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
