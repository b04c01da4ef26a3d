//! Numbers for texts that come again and again: a column holds the number, and the text is kept once, end to end with
//! all others.

mod saved;

use super::interner::number_of;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::{hash::BuildHasher, hint::black_box};

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
        self.intern_hashed(text, hash)
    }

    /// The numbers of some texts, in order. What is looked at of each is brought near for all of them at once: one after
    /// the other, each would be waited for alone.
    pub fn intern_all(&mut self, texts: &[&str]) -> Vec<u32> {
        let hashes: Vec<u64> = texts
            .iter()
            .map(|text| self.hasher.hash_one(text))
            .collect();
        // Most of the time the first that may be the one is.
        let first = |hash: &u64| self.numbers.find(*hash, |_| true).copied();
        let likely: Vec<u32> = hashes.iter().filter_map(first).collect();
        let starts = likely.iter().map(|number| match number.checked_sub(1) {
            Some(before) => self.ends[before as usize],
            None => 0,
        });
        let starts: Vec<u64> = starts.collect();
        let bytes = self.text.as_bytes();
        let touched = starts.iter().fold(0, |touched, start| {
            let byte = usize::try_from(*start)
                .ok()
                .and_then(|start| bytes.get(start));
            touched ^ byte.copied().unwrap_or(0)
        });
        black_box(touched);
        let each = texts.iter().zip(hashes);
        each.map(|(text, hash)| self.intern_hashed(text, hash))
            .collect()
    }

    fn intern_hashed(&mut self, text: &str, hash: u64) -> u32 {
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
        let mut at_once = Names::default();
        assert_eq!(at_once.intern_all(&texts), numbers);
        assert_eq!(at_once.intern_all(&texts), numbers);
        assert_eq!(names.iter().collect::<Vec<_>>(), ["a", "", "bc", "ü"]);
        assert_eq!((names.number("ü"), names.number("b")), (Some(3), None));
    }
}
