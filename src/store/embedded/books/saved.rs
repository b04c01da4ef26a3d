//! Columns end to end, each number in as few bits as its neighbours need: the form in which books are saved.
//!
//! Whatever bytes are read, there are books whose numbers all lead somewhere, or there are none. Knows nothing of
//! files; the order of bytes is the machine's own, and whoever keeps the bytes must know whether it is the same.

use crate::store::embedded::{
    codec::ints,
    log::{Bytes, add_varint},
};

/// The most numbers that a byte can stand for: a block of 128 takes two bytes at least.
const NUMBERS_OF_A_BYTE: usize = 64;

/// How far the numbers in saved rows may go.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Limits {
    /// How many customers there are: of the tenant, or of the block.
    pub customers: usize,
    /// How many values of dimensions there are.
    pub values: u32,
    /// How many accounts there are.
    pub accounts: u32,
    /// The last position.
    pub position: u32,
}

/// Adds a number.
pub(in super::super) fn put_number(bytes: &mut Vec<u8>, number: u64) {
    add_varint(bytes, number);
}

/// Adds a count.
pub(in super::super) fn put_count(bytes: &mut Vec<u8>, count: usize) {
    put_number(bytes, count as u64);
}

/// Adds numbers in as few bits as they need.
pub(in super::super) fn put_packed<T: Into<i64>>(
    bytes: &mut Vec<u8>,
    numbers: impl IntoIterator<Item = T>,
) {
    let numbers: Vec<i64> = numbers.into_iter().map(Into::into).collect();
    ints::write(bytes, &numbers);
}

/// Adds numbers that rise, by what each is more than the one before.
pub(in super::super) fn put_rising<T: Into<i64>>(
    bytes: &mut Vec<u8>,
    numbers: impl IntoIterator<Item = T>,
) {
    let mut before = 0;
    let steps = numbers.into_iter().map(|number| {
        let number = number.into();
        number - std::mem::replace(&mut before, number)
    });
    put_packed(bytes, steps);
}

/// The rest of saved bytes.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Saved<'a>(pub &'a [u8]);

impl Saved<'_> {
    /// The next number.
    pub fn number(&mut self) -> Option<u64> {
        let mut bytes = Bytes(self.0);
        let number = bytes.varint()?;
        self.0 = bytes.0;
        Some(number)
    }

    /// The next number, which must be below 2^32.
    pub fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// The next count of things that take `size` bytes each at least.
    pub fn count(&mut self, size: usize) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.0.len() / size).then_some(count)
    }

    /// The next packed numbers.
    pub fn wide_packed(&mut self) -> Option<Vec<i64>> {
        let limit = self.0.len().saturating_mul(NUMBERS_OF_A_BYTE);
        let mut bytes = Bytes(self.0);
        let numbers = ints::read(&mut bytes, limit)?;
        self.0 = bytes.0;
        Some(numbers)
    }

    /// The next packed numbers, if all of them are of a type.
    pub fn packed<T: TryFrom<i64>>(&mut self) -> Option<Vec<T>> {
        let numbers = self.wide_packed()?.into_iter();
        numbers.map(|number| T::try_from(number).ok()).collect()
    }

    /// The next numbers that rise.
    pub fn rising<T: TryFrom<i64>>(&mut self) -> Option<Vec<T>> {
        let mut number = 0_i64;
        let steps = self.wide_packed()?.into_iter();
        let numbers = steps.map(|step| {
            number = number.checked_add(step)?;
            T::try_from(number).ok()
        });
        numbers.collect()
    }

    /// What was read, if nothing is left.
    pub fn end<T>(self, read: T) -> Option<T> {
        self.0.is_empty().then_some(read)
    }
}

/// Whether numbers rise, each above the one before.
pub(in super::super) fn rises<T: PartialOrd>(numbers: &[T]) -> bool {
    numbers.is_sorted_by(|a, b| a < b)
}
