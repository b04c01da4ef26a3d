//! Numbers for texts that come again and again: a column holds the number, and the text is kept once, end to end with
//! all others.

mod saved;

use super::interner::number_of;
use hashbrown::DefaultHashBuilder;
use std::{hash::BuildHasher, hint::black_box};

/// Of so many slots of the table at most so many are taken.
const MOST_TAKEN: (usize, usize) = (3, 4);
/// The fewest slots.
const SLOTS: usize = 16;

/// Texts and their numbers, from 0 in the order in which they came.
#[derive(Debug, Default)]
pub(in super::super) struct Names {
    text: String,
    /// Where each ends.
    ends: Vec<u64>,
    numbers: Numbers,
}

/// Where numbers are found by hash: open addressing with linear probing.
#[derive(Debug, Default)]
struct Numbers {
    /// The upper half of a hash and one more than the number; 0 if nothing is there.
    slots: Vec<u64>,
    hasher: DefaultHashBuilder,
}

impl Numbers {
    fn with_room_for(count: usize) -> Self {
        let slots = (count * MOST_TAKEN.1).div_ceil(MOST_TAKEN.0).max(SLOTS);
        Self {
            slots: vec![0; slots.next_power_of_two()],
            ..Self::default()
        }
    }

    fn hash(&self, text: &str) -> u64 {
        self.hasher.hash_one(text)
    }

    /// The first slot to look at.
    fn first(&self, hash: u64) -> usize {
        // The number of slots is a power of two.
        usize::try_from(hash & (self.slots.len() as u64).saturating_sub(1)).unwrap_or(0)
    }

    /// The numbers that a text with this hash may have.
    fn candidates(&self, hash: u64) -> impl Iterator<Item = u32> {
        let first = self.first(hash);
        let (before, from) = self.slots.split_at(first);
        let slots = from.iter().chain(before).take_while(|slot| **slot != 0);
        let same = slots.filter(move |slot| (**slot ^ hash) >> 32 == 0);
        same.map(|slot| number_in(*slot))
    }

    /// Puts a number in, which is the next.
    fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(&Self, u32) -> u64) {
        let count = number as usize + 1;
        if count * MOST_TAKEN.1 > self.slots.len() * MOST_TAKEN.0 {
            self.slots = vec![0; (self.slots.len() * 2).max(SLOTS)];
            for earlier in 0..number {
                self.put(hash_of(self, earlier), earlier);
            }
        }
        self.put(hash, number);
    }

    fn put(&mut self, hash: u64, number: u32) {
        let mut place = self.first(hash);
        while self.slots[place] != 0 {
            place = (place + 1) % self.slots.len();
        }
        self.slots[place] = (hash & !u64::from(u32::MAX)) | (u64::from(number) + 1);
    }
}

fn number_in(slot: u64) -> u32 {
    // Memory ends before there are as many texts as numbers.
    u32::try_from((slot & u64::from(u32::MAX)).wrapping_sub(1)).unwrap_or(u32::MAX)
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
        self.find(self.numbers.hash(text), text)
    }

    fn find(&self, hash: u64, text: &str) -> Option<u32> {
        let mut candidates = self.numbers.candidates(hash);
        candidates.find(|number| self.name(*number) == text)
    }

    /// The number of a text; it gets one if it has none.
    pub fn intern(&mut self, text: &str) -> u32 {
        let hash = self.numbers.hash(text);
        if let Some(number) = self.find(hash, text) {
            return number;
        }
        let number = number_of(self.ends.len());
        self.text.push_str(text);
        self.ends.push(self.text.len() as u64);
        let (arena, ends) = (&self.text, &self.ends);
        let hash_of = |numbers: &Numbers, number| numbers.hash(name(arena, ends, number));
        self.numbers.insert(hash, number, hash_of);
        number
    }

    /// Looks at everything that finding these texts will look at. What is far away in memory is then fetched for all of
    /// them at once, where one after the other would wait for each.
    pub fn touch<'t>(&self, texts: impl Iterator<Item = &'t str>) {
        if self.numbers.slots.is_empty() {
            return;
        }
        let places: Vec<(u64, usize)> = texts
            .map(|text| self.numbers.hash(text))
            .map(|hash| (hash, self.numbers.first(hash)))
            .collect();
        let mut seen = 0;
        for (_, place) in &places {
            seen ^= self.numbers.slots[*place];
        }
        black_box(seen);
        let numbers: Vec<u32> = places
            .iter()
            .filter_map(|(hash, _)| self.numbers.candidates(*hash).next())
            .collect();
        let ends: Vec<usize> = numbers
            .iter()
            .map(|number| place(self.ends[*number as usize]))
            .collect();
        let mut seen = 0;
        for end in ends {
            seen ^= self
                .text
                .as_bytes()
                .get(end.wrapping_sub(1))
                .copied()
                .unwrap_or(0);
        }
        black_box(seen);
    }

    /// All texts, by number.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..number_of(self.len())).map(|number| self.name(number))
    }

    /// About how many bytes of memory they take.
    pub fn bytes(&self) -> usize {
        self.text.capacity() + (self.ends.capacity() + self.numbers.slots.capacity()) * 8
    }
}

fn name<'a>(text: &'a str, ends: &[u64], number: u32) -> &'a str {
    let number = number as usize;
    let start = match number {
        0 => 0,
        _ => ends[number - 1],
    };
    &text[place(start)..place(ends[number])]
}

/// A place in a text that is in memory.
fn place(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
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

    #[test]
    fn many_texts_are_found_by_theirs() {
        let mut names = Names::default();
        let text = |number: u32| format!("customer-{number}");
        for number in 0..5_000 {
            assert_eq!(names.intern(&text(number)), number);
        }
        let known: Vec<String> = (0..5_000).map(text).collect();
        names.touch(known.iter().map(String::as_str).chain(["nobody"]));
        assert!((0..5_000).all(|number| names.number(&text(number)) == Some(number)));
        assert_eq!(names.number("nobody"), None);
    }
}
