//! Numbers for texts that come again and again: a column holds the number, and the text is kept once, end to end with
//! all others.

mod saved;

use super::interner::number_of;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Texts and their numbers, from 0 in the order in which they came.
#[derive(Debug, Default)]
pub(in super::super) struct Names {
    text: String,
    /// Where each ends.
    ends: Vec<u64>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Names {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text with a number.
    pub fn name(&self, number: u32) -> &str {
        name(&self.text, &self.ends, number)
    }

    /// The number of a text, if it has one.
    pub fn number(&self, text: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(text);
        let same = |number: &u32| self.name(*number) == text;
        self.numbers.find(hash, same).copied()
    }

    /// The number of a text; it gets one if it has none.
    pub fn intern(&mut self, text: &str) -> u32 {
        let hash = self.hasher.hash_one(text);
        let (arena, ends) = (&self.text, &self.ends);
        let same = |number: &u32| name(arena, ends, *number) == text;
        if let Some(number) = self.numbers.find(hash, same) {
            return *number;
        }
        let number = number_of(self.ends.len());
        self.text.push_str(text);
        self.ends.push(self.text.len() as u64);
        let (arena, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        let rehash = |number: &u32| hasher.hash_one(name(arena, ends, *number));
        self.numbers.insert_unique(hash, number, rehash);
        number
    }

    /// All texts, by number.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..number_of(self.len())).map(|number| self.name(number))
    }

    /// About how many bytes of memory they take.
    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * 8 + self.numbers.allocation_size()
    }
}

fn name<'a>(text: &'a str, ends: &[u64], number: u32) -> &'a str {
    let number = number as usize;
    let start = match number {
        0 => 0,
        _ => ends[number - 1],
    };
    // Both are places in a text that is in memory.
    let place = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
    &text[place(start)..place(ends[number])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number() {
        let mut names = Names::default();
        let texts = ["a", "", "bc", "a", "ü", "bc"];
        let numbers: Vec<u32> = texts.iter().map(|text| names.intern(text)).collect();
        assert_eq!(numbers, [0, 1, 2, 0, 3, 2]);
        assert_eq!(names.iter().collect::<Vec<_>>(), ["a", "", "bc", "ü"]);
        assert_eq!((names.number("ü"), names.number("b")), (Some(3), None));
    }
}
