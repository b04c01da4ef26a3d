//! Whether the last quoted cell of a file ends. A reader of rows takes the end of the file for the end of the cell, and
//! all rows after a stray quotation mark for its text: they would be lost without a word.

use std::io::{self, Read};

/// Passes content on, and fails at its end if a quoted cell is still open. Lines must end in line feeds.
pub struct Quotes<R> {
    content: R,
    delimiter: u8,
    place: Place,
    line: u64,
    /// The line in which the last quoted cell begins.
    begin: u64,
}

/// Where the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    CellStart,
    Plain,
    Quoted,
    /// After a quotation mark in a quoted cell: its end, or the first half of a doubled one.
    AfterQuote,
}

impl<R> Quotes<R> {
    /// Reads this content.
    pub fn of(content: R, delimiter: u8) -> Self {
        Self {
            content,
            delimiter,
            place: Place::CellStart,
            line: 1,
            begin: 1,
        }
    }

    fn take(&mut self, byte: u8) {
        let ends_cell = byte == self.delimiter || byte == b'\n';
        self.place = match (self.place, byte) {
            // A byte order mark is no part of the first cell.
            (Place::CellStart, 0xef | 0xbb | 0xbf) if self.line == 1 => Place::CellStart,
            (Place::CellStart, b'"') => {
                self.begin = self.line;
                Place::Quoted
            }
            (Place::Quoted, b'"') => Place::AfterQuote,
            (Place::Quoted, _) | (Place::AfterQuote, b'"') => Place::Quoted,
            (Place::CellStart | Place::Plain | Place::AfterQuote, _) if ends_cell => {
                Place::CellStart
            }
            (Place::CellStart | Place::Plain | Place::AfterQuote, _) => Place::Plain,
        };
        self.line += u64::from(byte == b'\n');
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        for byte in &buffer[..read] {
            self.take(*byte);
        }
        if read == 0 && !buffer.is_empty() && self.place == Place::Quoted {
            return Err(io::Error::other(format!(
                "the quoted cell that begins in line {} never ends",
                self.begin
            )));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let mut whole = String::new();
        Quotes::of(text.as_bytes(), b';')
            .read_to_string(&mut whole)
            .map(|_| whole)
            .map_err(|problem| problem.to_string())
    }

    #[test]
    fn an_open_cell_is_told_by_its_line_and_everything_else_passes() {
        for text in [
            "",
            "a;b\n",
            "\"a\nb\";c\n",
            "a;\"b\"\"c\"",
            "a 5\" b;c\n",
            "\u{feff}\"a;\";b\n",
            "\"a\";\"\"\n",
        ] {
            assert_eq!(read(text).as_deref(), Ok(text));
        }
        for text in ["a\n\"b;c\nd\n", "a;b\nc;\"\n\n", "x\n\"y\"\"\nz\n"] {
            let told = read(text).unwrap_err();
            assert_eq!(told, "the quoted cell that begins in line 2 never ends");
        }
    }
}
