//! What commands print: tables for people, proto3 JSON and CSV for programs. It knows messages, not how they came.

mod csv;
pub mod json;
pub mod money;
mod proof;
mod table;

pub use csv::Sheet;
pub use proof::{proof, warn_of_costs};
pub use table::{Grid, Side};

use super::errors::Failure;
use prost::{Message, Name};
use std::io::{self, Write as _};

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people; amounts in lists are rounded to two decimal places
    Table,
    /// The response as proto3 JSON, exact
    Json,
    /// Rows with a header, exact
    Csv,
}

/// Prints an answer.
pub fn show<M: Message + Name>(
    format: Format,
    message: &M,
    table: impl FnOnce() -> String,
    sheet: impl FnOnce() -> Sheet,
) -> Result<(), Failure> {
    match format {
        Format::Table => write(&table()),
        Format::Json => write(&(json::to_json(message)? + "\n")),
        Format::Csv => write(&sheet().to_csv()?),
    }
}

/// Writes to standard output. A reader that went away, such as `head`, is no failure.
pub fn write(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    match output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
    {
        Err(problem) if problem.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Other(problem.into()))
        }
        _ => Ok(()),
    }
}

/// Writes a line to standard error, for people only.
pub fn note(text: &str) {
    // Nobody is left to be told if this fails.
    let _ = writeln!(io::stderr(), "{text}");
}
