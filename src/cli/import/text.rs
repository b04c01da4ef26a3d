//! Texts with columns in braces: `{Order ID}-{Row ID}`. `{Column?}` may be empty; if any other column is empty, so is
//! the whole text. `{{` and `}}` are braces.

use super::columns::{Cell, Row, Scope};
use std::borrow::Cow;

/// A text with columns, bound to a file's columns.
#[derive(Debug, Clone)]
pub struct Text {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Literal(String),
    Column { cell: Cell, optional: bool },
}

/// What stands in a text: something literal, or a column's name.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it is.
    Literal(String),
    /// A column's name, perhaps with a question mark.
    Column(String),
}

/// Divides a text into its pieces.
pub fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        literal.push_str(&rest[..at]);
        let brace = &rest[at..];
        if let Some(after) = brace.strip_prefix("{{") {
            literal.push('{');
            rest = after;
        } else if let Some(after) = brace.strip_prefix("}}") {
            literal.push('}');
            rest = after;
        } else if let Some((name, after)) = brace[1..]
            .split_once('}')
            .filter(|_| brace.starts_with('{'))
        {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Column(name.to_owned()));
            rest = after;
        } else {
            return Err(format!(
                "{text:?}: a brace is not closed or not opened; write {{{{ for a brace"
            ));
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

impl Text {
    /// Finds the columns of a text.
    pub fn bind(text: &str, scope: &Scope) -> Result<Self, String> {
        let part = |piece| {
            Ok(match piece {
                Piece::Literal(literal) => Part::Literal(literal),
                Piece::Column(name) => {
                    let (cell, optional) = scope.find(&name)?;
                    Part::Column { cell, optional }
                }
            })
        };
        let parts = pieces(text)?
            .into_iter()
            .map(part)
            .collect::<Result<_, String>>()?;
        Ok(Self { parts })
    }

    /// The columns it uses.
    pub fn cells(&self) -> impl Iterator<Item = Cell> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Column { cell, .. } => Some(*cell),
        })
    }

    /// The text of a row; empty if a needed column is.
    pub fn of<'a>(&'a self, row: &Row<'a>) -> Cow<'a, str> {
        if let [part] = self.parts.as_slice() {
            return Cow::Borrowed(match part {
                Part::Literal(literal) => literal,
                Part::Column { cell, .. } => row.cell(*cell),
            });
        }
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Column { cell, optional } => {
                    let value = row.cell(*cell);
                    if value.is_empty() && !optional {
                        return Cow::Borrowed("");
                    }
                    text.push_str(value);
                }
            }
        }
        Cow::Owned(text.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::import::columns::tests::with_row;

    fn of(text: &str, header: &[&str], cells: &[&str]) -> Result<String, String> {
        with_row(header, cells, |scope, row| {
            Text::bind(text, scope).map(|text| text.of(row).into_owned())
        })
    }

    #[test]
    fn columns_take_the_place_of_their_names() {
        let header = ["Order ID", "Row ID", "Note"];
        let of = |text| of(text, &header, &["US-1", "7", ""]);
        assert_eq!(of("{Order ID}-{Row ID}").as_deref(), Ok("US-1-7"));
        assert_eq!(of("USD").as_deref(), Ok("USD"));
        assert_eq!(of("{Order ID} {Note}").as_deref(), Ok(""));
        assert_eq!(of("{Order ID} {Note?}").as_deref(), Ok("US-1"));
        assert_eq!(of("{{{Row ID}}}").as_deref(), Ok("{7}"));
        assert!(of("{Row").is_err());
        assert!(of("Row}").is_err());
        assert!(of("{Raw ID}").unwrap_err().contains("Row ID"));
    }
}
