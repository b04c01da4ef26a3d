//! Columns as they are in memory, end to end: the form in which books are saved.
//!
//! Whatever bytes are read, there are books whose numbers all lead somewhere, or there are none. Knows nothing of
//! files; the order of bytes is the machine's own, and whoever keeps the bytes must know whether it is the same.

use bytemuck::{Pod, cast_slice, cast_slice_mut};

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
    bytes.extend_from_slice(&number.to_ne_bytes());
}

/// Adds a count.
pub(in super::super) fn put_count(bytes: &mut Vec<u8>, count: usize) {
    put_number(bytes, count as u64);
}

/// Adds a column.
pub(in super::super) fn put_column<T: Pod>(bytes: &mut Vec<u8>, column: &[T]) {
    put_count(bytes, column.len());
    bytes.extend_from_slice(cast_slice(column));
}

/// The rest of saved bytes.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Saved<'a>(pub &'a [u8]);

impl<'a> Saved<'a> {
    /// The next bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next number.
    pub fn number(&mut self) -> Option<u64> {
        Some(u64::from_ne_bytes(self.take(8)?.try_into().ok()?))
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

    /// The next column.
    pub fn column<T: Pod>(&mut self) -> Option<Vec<T>> {
        let count = self.count(size_of::<T>())?;
        let mut column = vec![T::zeroed(); count];
        cast_slice_mut(&mut column).copy_from_slice(self.take(count * size_of::<T>())?);
        Some(column)
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
