//! Page tokens: where a list goes on, in which state, and to which question they belong.

use crate::domain::{
    fingerprint::Fingerprint,
    ledger::Position,
    problem::{Problem, Reason},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use prost::Message;

/// The first byte of every token; another one means another layout.
const LAYOUT: u8 = 1;

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken {
    /// The state that the first page saw.
    pub position: Position,
    /// Where the next page begins: a place, a position or an id, as the list has it.
    pub cursor: Vec<u8>,
}

impl PageToken {
    /// The token of a list of places or positions.
    pub fn at(position: Position, place: u64) -> Self {
        Self {
            position,
            cursor: place.to_be_bytes().to_vec(),
        }
    }

    /// The token of a list of ids.
    pub fn after(position: Position, id: &str) -> Self {
        Self {
            position,
            cursor: id.as_bytes().to_vec(),
        }
    }

    /// The place or position where the next page begins.
    pub fn place(&self) -> Result<u64, Problem> {
        let bytes = <[u8; 8]>::try_from(self.cursor.as_slice()).map_err(|_| invalid())?;
        let place = u64::from_be_bytes(bytes);
        // Whoever makes a token by hand must not find a place that has none after it.
        i64::try_from(place).map(|_| place).map_err(|_| invalid())
    }

    /// The id after which the next page begins.
    pub fn id(&self) -> Result<&str, Problem> {
        std::str::from_utf8(&self.cursor).map_err(|_| invalid())
    }

    /// The text that a client sends back.
    pub fn encode(&self, question: u64) -> String {
        let mut bytes = vec![LAYOUT];
        bytes.extend(self.position.to_be_bytes());
        bytes.extend(question.to_be_bytes());
        bytes.extend(&self.cursor);
        let checksum = crc32c::crc32c(&bytes);
        bytes.extend(checksum.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a text that a client sent; `None` if it is empty, the first page. `question` is the fingerprint of the
    /// question that it comes with.
    pub fn decode(text: &str, question: u64) -> Result<Option<Self>, Problem> {
        if text.is_empty() {
            return Ok(None);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let (bytes, checksum) = bytes.split_last_chunk::<4>().ok_or_else(invalid)?;
        if crc32c::crc32c(bytes) != u32::from_be_bytes(*checksum) {
            return Err(invalid());
        }
        let [LAYOUT, rest @ ..] = bytes else {
            return Err(invalid());
        };
        let (position, rest) = rest.split_first_chunk::<8>().ok_or_else(invalid)?;
        let (asked, cursor) = rest.split_first_chunk::<8>().ok_or_else(invalid)?;
        if u64::from_be_bytes(*asked) != question {
            let message = "page_token belongs to another question".to_owned();
            return Err(Problem::new(
                Reason::PageTokenMismatch,
                "page_token",
                message,
                [],
            ));
        }
        Ok(Some(Self {
            position: u64::from_be_bytes(*position),
            cursor: cursor.to_vec(),
        }))
    }
}

fn invalid() -> Problem {
    let message = "page_token was not made by this service".to_owned();
    Problem::new(Reason::PageTokenInvalid, "page_token", message, [])
}

/// The fingerprint of a question: the name of its message and its encoding, without its page_token and page_size, which
/// the caller has cleared.
pub fn fingerprint<M: Message + prost::Name>(question: &M) -> u64 {
    let mut fingerprint = Fingerprint::default();
    fingerprint.add(M::full_name().as_bytes());
    fingerprint.add(&question.encode_to_vec());
    fingerprint.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_only_whole_and_with_its_own_question() {
        let token = PageToken::at(7, 50);
        let text = token.encode(42);
        assert_eq!(PageToken::decode(&text, 42).unwrap(), Some(token));
        assert_eq!(PageToken::decode("", 42).unwrap(), None);
        let reason = |text: &str, question| PageToken::decode(text, question).unwrap_err().reason;
        assert_eq!(reason(&text, 43), Reason::PageTokenMismatch);
        assert_eq!(reason(&text[1..], 42), Reason::PageTokenInvalid);
        assert_eq!(reason("no token", 42), Reason::PageTokenInvalid);
        let mut damaged = text.into_bytes();
        damaged[5] = if damaged[5] == b'A' { b'B' } else { b'A' };
        assert_eq!(
            reason(std::str::from_utf8(&damaged).unwrap(), 42),
            Reason::PageTokenInvalid
        );
    }
}
