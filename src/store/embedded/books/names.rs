//! Numbers for texts that come again and again: a column holds the number, and the text is kept once, end to end with
//! all others.

mod saved;

use super::interner::number_of;
use hashbrown::DefaultHashBuilder;
use std::{hash::BuildHasher, hint::black_box, sync::LazyLock};

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
}

/// The same for all texts and all threads, so that a text can be hashed before it is known where it is looked for.
/// Random for each process, so that nobody can prepare texts that collide.
static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// The hash by which a text is found.
pub(in super::super) fn hash(text: &str) -> u64 {
    HASHER.hash_one(text)
}

impl Numbers {
    fn with_room_for(count: usize) -> Self {
        let slots = (count * MOST_TAKEN.1).div_ceil(MOST_TAKEN.0).max(SLOTS);
        Self {
            slots: vec![0; slots.next_power_of_two()],
        }
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
    fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        let count = number as usize + 1;
        if count * MOST_TAKEN.1 > self.slots.len() * MOST_TAKEN.0 {
            self.slots = vec![0; (self.slots.len() * 2).max(SLOTS)];
            for earlier in 0..number {
                self.put(hash_of(earlier), earlier);
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
        self.find(hash(text), text)
    }

    fn find(&self, hash: u64, text: &str) -> Option<u32> {
        let mut candidates = self.numbers.candidates(hash);
        candidates.find(|number| self.name(*number) == text)
    }

    /// The number of a text; it gets one if it has none.
    pub fn intern(&mut self, text: &str) -> u32 {
        self.intern_hashed(text, hash(text))
    }

    fn intern_hashed(&mut self, text: &str, hash: u64) -> u32 {
        if let Some(number) = self.find(hash, text) {
            return number;
        }
        let number = number_of(self.ends.len());
        self.text.push_str(text);
        self.ends.push(self.text.len() as u64);
        let (arena, ends) = (&self.text, &self.ends);
        let hash_of = |number| self::hash(name(arena, ends, number));
        self.numbers.insert(hash, number, hash_of);
        number
    }

    /// The numbers of some texts with their hashes; those that have none get one. What is far away in memory is looked
    /// at for all of them at once, where one after the other would wait for each.
    pub fn intern_all<'t>(
        &mut self,
        texts: impl Iterator<Item = (&'t str, u64)> + Clone,
    ) -> Vec<u32> {
        let near = self.near(texts.clone());
        let each = texts.zip(near);
        each.map(|((text, hash), number)| match number {
            Some(number) if self.name(number) == text => number,
            _ => self.intern_hashed(text, hash),
        })
        .collect()
    }

    /// The numbers that texts probably have, once everything that must be looked at to be sure is near.
    fn near<'t>(&self, texts: impl Iterator<Item = (&'t str, u64)> + Clone) -> Vec<Option<u32>> {
        let slots = &self.numbers.slots;
        let hashes = texts.map(|(_, hash)| hash);
        let slot = |hash| slots.get(self.numbers.first(hash)).copied().unwrap_or(0);
        black_box(hashes.clone().fold(0, |seen, hash| seen ^ slot(hash)));
        let candidate = |hash| {
            let mut candidates = self.numbers.candidates(hash);
            candidates.next()
        };
        let numbers: Vec<Option<u32>> = hashes.map(candidate).collect();
        let known = numbers.iter().flatten();
        let ends: Vec<usize> = known
            .map(|number| place(self.ends[*number as usize]))
            .collect();
        let text = self.text.as_bytes();
        let byte = |end: &usize| text.get(end.wrapping_sub(1)).copied().unwrap_or(0);
        black_box(ends.iter().fold(0, |seen, end| seen ^ byte(end)));
        numbers
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
        assert!((0..5_000).all(|number| names.number(&text(number)) == Some(number)));
        assert_eq!(names.number("nobody"), None);
        let with_new = known[4_990..].iter().map(String::as_str);
        let with_new = with_new.chain(["nobody", "customer-7", "nobody"]);
        let numbers = names.intern_all(with_new.map(|text| (text, hash(text))));
        let expected: Vec<u32> = (4_990..5_001).chain([7, 5_000]).collect();
        assert_eq!(numbers, expected);
    }
}
