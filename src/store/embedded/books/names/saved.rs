//! Names as they are saved: in parts, so that nobody waits while very many are.

use super::{Names, Numbers};
use crate::store::embedded::books::{
    interner::number_of,
    saved::{Saved, put_packed},
};

/// How many names are in a part; the last one has fewer.
const PART: usize = 8_192;

impl Names {
    /// Adds a part to bytes, and says how many names there are in all parts up to this, and whether it is the last.
    pub fn save(&self, part: usize, bytes: &mut Vec<u8>) -> (usize, bool) {
        let end = self.len().min(part.saturating_add(1).saturating_mul(PART));
        let numbers = number_of(part.saturating_mul(PART).min(end))..number_of(end);
        let names = || numbers.clone().map(|number| self.name(number));
        // No name is longer than what identifiers may be.
        let length = |name: &str| u32::try_from(name.len()).unwrap_or(u32::MAX);
        put_packed(bytes, names().map(length));
        names().for_each(|name| bytes.extend_from_slice(name.as_bytes()));
        (end, end == self.len())
    }

    /// Reads all parts that [`Names::save`] added.
    pub fn load(parts: &[&[u8]]) -> Option<Self> {
        let mut names = Self::default();
        for (index, part) in parts.iter().enumerate() {
            let mut saved = Saved(part);
            let lengths: Vec<u32> = saved.packed()?;
            let is_whole = lengths.len() == PART || index + 1 == parts.len();
            let text = std::str::from_utf8(saved.0).ok().filter(|_| is_whole)?;
            let mut place = 0_usize;
            for length in lengths {
                place = place.checked_add(length as usize)?;
                if !text.is_char_boundary(place) {
                    return None;
                }
                names.ends.push((names.text.len() + place) as u64);
            }
            if place != text.len() {
                return None;
            }
            names.text.push_str(text);
        }
        // There is nobody to compare with, since they were all different.
        let mut numbers = Numbers::with_room_for(names.len());
        for number in 0..number_of(names.len()) {
            numbers.put(super::hash(names.name(number)), number);
        }
        names.numbers = numbers;
        Some(names)
    }
}
