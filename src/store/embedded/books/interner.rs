//! Numbers for things that come again and again: a column holds the number, and the thing is kept once.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::{
    borrow::Borrow,
    hash::{BuildHasher, Hash},
};

/// Things and their numbers, from 0 in the order in which they came.
#[derive(Debug)]
pub(in super::super) struct Interner<T> {
    things: Vec<T>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self {
            things: Vec::new(),
            numbers: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl<T: Hash + Eq> Interner<T> {
    /// The number of a thing, if it has one.
    pub fn number<Q: Hash + Eq + ?Sized>(&self, thing: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
    {
        let hash = self.hasher.hash_one(thing);
        let same = |number: &u32| self.things[*number as usize].borrow() == thing;
        self.numbers.find(hash, same).copied()
    }

    /// The number of a thing; it gets one if it has none.
    pub fn intern<Q: Hash + Eq + ?Sized>(&mut self, thing: &Q, own: impl FnOnce(&Q) -> T) -> u32
    where
        T: Borrow<Q>,
    {
        if let Some(number) = self.number(thing) {
            return number;
        }
        let number = number_of(self.things.len());
        let hash = self.hasher.hash_one(thing);
        self.things.push(own(thing));
        let (hasher, things) = (&self.hasher, &self.things);
        let rehash = |number: &u32| hasher.hash_one(things[*number as usize].borrow());
        self.numbers.insert_unique(hash, number, rehash);
        number
    }

    /// All things, by number.
    pub fn things(&self) -> &[T] {
        &self.things
    }

    /// The thing with a number.
    pub fn thing(&self, number: u32) -> &T {
        &self.things[number as usize]
    }

    /// How many things there are.
    pub fn len(&self) -> usize {
        self.things.len()
    }
}

/// A place in memory as a number of a column.
pub(in super::super) fn number_of(place: usize) -> u32 {
    u32::try_from(place)
        .expect("what is numbered takes more than a byte, and memory ends before 2^32 of it")
}
