//! A column of texts: a dictionary of what differs between them, and of texts that end with a number
//! (`customer-0123456`) only what stands before it; the numbers are a column of their own. Hexadecimal texts, such
//! as UUIDs (RFC 9562), are kept as the bytes that they stand for.

use super::ints;
use crate::store::embedded::log::{Bytes, add_varint};
use hashbrown::HashMap;

/// The longest number at the end of a text.
const DIGITS: usize = 18;
/// What dictionaries with more bytes are compressed with: zstd (RFC 8878), level 1.
const COMPRESSED_FROM: usize = 256;
const LEVEL: i32 = 1;
/// The most bytes that a dictionary may have when it was compressed.
const DICTIONARY_LIMIT: usize = 16 << 20;
/// The shortest text that is looked at as hexadecimal.
const HEX_FROM: usize = 16;

/// How a text goes on after what the dictionary says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Rest {
    /// Not at all.
    Nothing,
    /// With a number of so many digits.
    Number(u8),
    /// With the bytes of a UUID, as hexadecimal digits in five parts.
    Uuid,
    /// With so many bytes as hexadecimal digits.
    Hex(u8),
}

impl Rest {
    fn code(self) -> (u8, u8) {
        match self {
            Self::Nothing => (0, 0),
            Self::Number(digits) => (1, digits),
            Self::Uuid => (2, 0),
            Self::Hex(bytes) => (3, bytes),
        }
    }

    fn of_code(code: u8, length: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Nothing),
            1 if usize::from(length) <= DIGITS => Some(Self::Number(length)),
            2 => Some(Self::Uuid),
            3 => Some(Self::Hex(length)),
            _ => None,
        }
    }
}

/// Adds a column.
pub fn write(bytes: &mut Vec<u8>, texts: &[&str]) -> Result<(), String> {
    if texts.iter().all(|text| text.is_empty()) {
        bytes.push(0);
        return Ok(());
    }
    bytes.push(1);
    let mut patterns: HashMap<(&str, Rest), i64> = HashMap::new();
    let mut dictionary: Vec<(&str, Rest)> = Vec::new();
    let mut indexes = Vec::with_capacity(texts.len());
    let (mut numbers, mut raw) = (Vec::new(), Vec::new());
    let (mut last, mut next) = (None, -1);
    for text in texts {
        let pattern = split(text, texts.len(), &mut numbers, &mut raw);
        let index = match last {
            Some((same, index)) if is_same(same, pattern) => index,
            _ => *patterns.entry(pattern).or_insert_with(|| {
                dictionary.push(pattern);
                next += 1;
                next
            }),
        };
        last = Some((pattern, index));
        indexes.push(index);
    }
    ints::write(bytes, &indexes);
    ints::write(bytes, &numbers);
    write_dictionary(bytes, &dictionary)?;
    add_varint(bytes, raw.len() as u64);
    bytes.extend_from_slice(&raw);
    Ok(())
}

/// Whether two patterns are the same. Empty texts are not compared: they are nowhere in memory, and there are
/// processors that need a hundred nanoseconds to find that out.
fn is_same((text, rest): (&str, Rest), (other_text, other_rest): (&str, Rest)) -> bool {
    rest == other_rest && text.len() == other_text.len() && (text.is_empty() || text == other_text)
}

/// What the dictionary has to say of a text; the rest is added to the numbers or the bytes.
fn split<'t>(
    text: &'t str,
    count: usize,
    numbers: &mut Vec<i64>,
    raw: &mut Vec<u8>,
) -> (&'t str, Rest) {
    if let Some(uuid) = uuid_bytes(text) {
        if raw.is_empty() {
            // Probably all of them are.
            raw.reserve(count * uuid.len());
        }
        raw.extend_from_slice(&uuid);
        return ("", Rest::Uuid);
    }
    if let Some(length) = hex_length(text) {
        raw.extend(
            text.as_bytes()
                .chunks_exact(2)
                .map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])),
        );
        return ("", Rest::Hex(length));
    }
    let tail = text.bytes().rev().take(DIGITS);
    let digits = tail
        .take_while(u8::is_ascii_digit)
        .fold(0_u8, |digits, _| digits + 1);
    if digits == 0 {
        return (text, Rest::Nothing);
    }
    let (before, number) = text.split_at(text.len() - usize::from(digits));
    let value = number
        .bytes()
        .fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    if numbers.is_empty() {
        numbers.reserve(count);
    }
    numbers.push(value);
    (before, Rest::Number(digits))
}

/// Where the hyphens of a UUID are, and the two digits of each byte.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const UUID_DIGITS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const DIGIT_OF: &[u8; 16] = b"0123456789abcdef";

/// What each byte stands for as a digit; more than 15 if it is none.
static NIBBLES: [u8; 256] = {
    let mut nibbles = [0xff; 256];
    let mut digit = 0_u8;
    while digit < 16 {
        nibbles[DIGIT_OF[digit as usize] as usize] = digit;
        digit += 1;
    }
    nibbles
};

fn nibble(digit: u8) -> u8 {
    NIBBLES[usize::from(digit)]
}

fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let digits: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 16];
    let mut bad = 0;
    for (byte, at) in bytes.iter_mut().zip(UUID_DIGITS) {
        let (high, low) = (nibble(digits[at]), nibble(digits[at + 1]));
        bad |= (high | low) & 0xf0;
        *byte = high << 4 | low & 0xf;
    }
    let is_apart = HYPHENS.iter().all(|at| digits[*at] == b'-');
    (bad == 0 && is_apart).then_some(bytes)
}

/// How many bytes a text stands for, if it is hexadecimal; what has no letter is better kept as a number.
fn hex_length(text: &str) -> Option<u8> {
    let digits = text.as_bytes();
    let is_long = digits.len() >= HEX_FROM && digits.len().is_multiple_of(2);
    let is_hex = is_long
        && digits.iter().all(|digit| nibble(*digit) < 16)
        && !digits.iter().all(u8::is_ascii_digit);
    u8::try_from(digits.len() / 2).ok().filter(|_| is_hex)
}

fn write_dictionary(bytes: &mut Vec<u8>, dictionary: &[(&str, Rest)]) -> Result<(), String> {
    let mut plain = Vec::new();
    for (text, rest) in dictionary {
        let (code, length) = rest.code();
        plain.extend_from_slice(&[code, length]);
        add_varint(&mut plain, text.len() as u64);
        plain.extend_from_slice(text.as_bytes());
    }
    let compressed = if (COMPRESSED_FROM..DICTIONARY_LIMIT).contains(&plain.len()) {
        let compressed = zstd::bulk::compress(&plain, LEVEL).map_err(|error| error.to_string())?;
        Some(compressed).filter(|compressed| compressed.len() < plain.len())
    } else {
        None
    };
    // The length when it was not compressed, or 0 if it is not.
    add_varint(bytes, compressed.as_ref().map_or(0, |_| plain.len() as u64));
    let stored = compressed.unwrap_or(plain);
    add_varint(bytes, stored.len() as u64);
    bytes.extend_from_slice(&stored);
    Ok(())
}

/// A column that is read, text by text.
#[derive(Debug, Default)]
pub struct Texts {
    dictionary: Vec<u8>,
    /// What each pattern says: where its text is in the dictionary, and how it goes on.
    patterns: Vec<(usize, usize, Rest)>,
    indexes: std::vec::IntoIter<i64>,
    numbers: std::vec::IntoIter<i64>,
    raw: Vec<u8>,
    raw_read: usize,
    is_empty: bool,
    text: Vec<u8>,
}

impl Texts {
    /// Reads a column of at most `limit` texts.
    pub fn read(bytes: &mut Bytes<'_>, limit: usize) -> Option<Self> {
        if bytes.u8()? == 0 {
            return Some(Self {
                is_empty: true,
                ..Self::default()
            });
        }
        let indexes = ints::read(bytes, limit)?.into_iter();
        let numbers = ints::read(bytes, limit)?.into_iter();
        let length = usize::try_from(bytes.varint()?).ok()?;
        let stored = usize::try_from(bytes.varint()?).ok()?;
        let stored = bytes.take(stored)?;
        let dictionary = match length {
            0 => stored.to_vec(),
            // The limit keeps damaged bytes from asking for more.
            1..DICTIONARY_LIMIT => zstd::bulk::decompress(stored, length).ok()?,
            _ => return None,
        };
        let raw = usize::try_from(bytes.varint()?).ok()?;
        let raw = bytes.take(raw)?.to_vec();
        let patterns = patterns(&dictionary, limit)?;
        Some(Self {
            dictionary,
            patterns,
            indexes,
            numbers,
            raw,
            ..Self::default()
        })
    }

    /// The next text.
    pub fn next(&mut self) -> Option<&str> {
        if self.is_empty {
            return Some("");
        }
        let index = usize::try_from(self.indexes.next()?).ok()?;
        let (start, end, rest) = *self.patterns.get(index)?;
        let before = self.dictionary.get(start..end)?;
        let before = match rest {
            Rest::Nothing => return std::str::from_utf8(before).ok(),
            Rest::Number(_) | Rest::Uuid | Rest::Hex(_) => before,
        };
        self.text.clear();
        self.text.extend_from_slice(before);
        match rest {
            Rest::Nothing => {}
            Rest::Number(digits) => {
                let mut value = u64::try_from(self.numbers.next()?).ok()?;
                let mut written = [b'0'; DIGITS];
                let written = written.get_mut(..usize::from(digits))?;
                for digit in written.iter_mut().rev() {
                    // A digit, which fits.
                    *digit = b'0' + (value % 10) as u8;
                    value /= 10;
                }
                self.text.extend_from_slice(written);
            }
            Rest::Uuid => {
                let bytes = self.raw.get(self.raw_read..self.raw_read + 16)?;
                let mut written = [b'-'; 36];
                for (byte, at) in bytes.iter().zip(UUID_DIGITS) {
                    written[at] = DIGIT_OF[usize::from(byte >> 4)];
                    written[at + 1] = DIGIT_OF[usize::from(byte & 0xf)];
                }
                self.raw_read += 16;
                self.text.extend_from_slice(&written);
            }
            Rest::Hex(length) => {
                let end = self.raw_read + usize::from(length);
                for byte in self.raw.get(self.raw_read..end)? {
                    self.text.push(DIGIT_OF[usize::from(byte >> 4)]);
                    self.text.push(DIGIT_OF[usize::from(byte & 0xf)]);
                }
                self.raw_read = end;
            }
        }
        std::str::from_utf8(&self.text).ok()
    }
}

/// Where the texts of a dictionary are.
fn patterns(dictionary: &[u8], limit: usize) -> Option<Vec<(usize, usize, Rest)>> {
    let mut patterns = Vec::new();
    let mut bytes = Bytes(dictionary);
    while !bytes.0.is_empty() {
        if patterns.len() == limit {
            return None;
        }
        let rest = Rest::of_code(bytes.u8()?, bytes.u8()?)?;
        let length = usize::try_from(bytes.varint()?).ok()?;
        let start = dictionary.len() - bytes.0.len();
        bytes.take(length)?;
        patterns.push((start, start + length, rest));
    }
    Some(patterns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn back(texts: &[&str]) -> (usize, Vec<String>) {
        let mut bytes = Vec::new();
        write(&mut bytes, texts).unwrap();
        let mut rest = Bytes(&bytes);
        let mut read = Texts::read(&mut rest, texts.len()).unwrap();
        assert!(rest.0.is_empty());
        let read = texts.iter().map(|_| read.next().unwrap().to_owned());
        (bytes.len(), read.collect())
    }

    #[test]
    fn texts_that_look_like_others_are_kept_as_they_are() {
        let texts = [
            "",
            "0",
            "00",
            "customer-0123456",
            "customer-123456",
            "é7",
            "9223372036854775807",
            "00000000000000000000000000000001",
            "123e4567-e89b-12d3-a456-426614174000",
            "123E4567-e89b-12d3-a456-426614174000",
            "123e4567+e89b-12d3-a456-426614174000",
            "d41d8cd98f00b204e9800998ecf8427e",
            "D41D8CD98F00B204E9800998ECF8427E",
            "deadbeefdeadbeefd",
            "123e4567-e89b-12d3-a456-42661417400g",
            "123e4567-e89b-12d3-a456-42661417400",
        ];
        assert_eq!(back(&texts).1, texts);
        assert_eq!(back(&["", ""]), (1, vec![String::new(), String::new()]));
    }

    #[test]
    fn ids_take_what_is_in_them() {
        let customers: Vec<String> = (0..1_000)
            .map(|i| format!("customer-{:07}", i * 7_919 % 1_000_000))
            .collect();
        let texts: Vec<&str> = customers.iter().map(String::as_str).collect();
        let (size, read) = back(&texts);
        assert_eq!(read, customers);
        assert!(size < 1_000 * 20 / 8 + 150, "{size}");
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(
            texts in proptest::collection::vec(
                "(|[a-c]{1,2}|é|-)[0-9]{0,25}[a-f]{0,17}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                0..60,
            ),
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            prop_assert_eq!(back(&texts).1, texts);
        }

        #[test]
        fn damaged_bytes_neither_panic_nor_ask_for_the_moon(
            mut bytes in proptest::collection::vec(any::<u8>(), 1..100), place in any::<usize>(), value in any::<u8>(),
        ) {
            bytes[0] = 1;
            let mut sound = Vec::new();
            let long = |i| format!("a text that is long enough {i} to be compressed");
            let long: Vec<String> = (0..40).map(long).collect();
            let mut texts: Vec<&str> = long.iter().map(String::as_str).collect();
            texts.extend(["a-1", "123e4567-e89b-12d3-a456-426614174000", "d41d8cd98f00b204e9800998ecf8427e"]);
            write(&mut sound, &texts).unwrap();
            let place = place % sound.len();
            sound[place] = value;
            for bytes in [bytes, sound] {
                if let Some(mut texts) = Texts::read(&mut Bytes(&bytes), 1_024) {
                    for _ in 0..1_025 {
                        let _ = texts.next();
                    }
                }
            }
        }
    }
}
