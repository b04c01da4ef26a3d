//! One kind of line end, so that lines are counted the same in every file. Knows nothing of cells.

use std::io::{self, Read};

/// Reads a carriage return, with a line feed after it or without one, as one line feed: a reader of rows that stops
/// after the carriage return would count the line feed to the next row, and name the line before it.
pub struct LineEnds<R> {
    content: R,
    after_return: bool,
}

impl<R> LineEnds<R> {
    /// Reads this content.
    pub fn of(content: R) -> Self {
        Self {
            content,
            after_return: false,
        }
    }
}

impl<R: Read> Read for LineEnds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.content.read(buffer)?;
            let mut kept = 0;
            for place in 0..read {
                let byte = buffer[place];
                let is_second = byte == b'\n' && self.after_return;
                self.after_return = byte == b'\r';
                if !is_second {
                    buffer[kept] = if self.after_return { b'\n' } else { byte };
                    kept += 1;
                }
            }
            // Nothing is the end only if nothing was read.
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let one = self.0.len().min(buffer.len()).min(1);
            self.0.read(&mut buffer[..one])
        }
    }

    #[test]
    fn every_line_end_is_a_line_feed_however_it_is_cut() {
        for (given, wanted) in [
            ("a\r\nb\r\n\r\nc", "a\nb\n\nc"),
            ("a\rb\r\r\n", "a\nb\n\n"),
            ("a\nb\n\n", "a\nb\n\n"),
            ("\r\n", "\n"),
            ("", ""),
        ] {
            let mut whole = String::new();
            LineEnds::of(given.as_bytes())
                .read_to_string(&mut whole)
                .unwrap();
            assert_eq!(whole, wanted);
            let mut cut = String::new();
            LineEnds::of(Slow(given.as_bytes()))
                .read_to_string(&mut cut)
                .unwrap();
            assert_eq!(cut, wanted);
        }
    }
}
