//! Small numbers in as few bytes as they need: nothing while all are the same, then 1, 2 or 4 bytes each.

mod saved;

use std::ops::Range;

/// A column of small numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Narrow {
    /// So many times the same.
    Same(u32, usize),
    /// Of one byte.
    U8(Vec<u8>),
    /// Of two bytes.
    U16(Vec<u16>),
    /// Of four bytes.
    U32(Vec<u32>),
}

/// Adds to a column that grows by an eighth: there are very many, and twice the memory would be too much.
pub(in super::super) fn push_slim<T>(column: &mut Vec<T>, value: T) {
    if column.len() == column.capacity() {
        column.reserve_exact(column.len() / 8 + 4);
    }
    column.push(value);
}

/// Puts values into a column, each before one of those that are there; these places do not fall.
pub(in super::super) fn insert_all<T: Copy>(
    column: &mut Vec<T>,
    places: &[usize],
    value: impl Fn(usize) -> T,
) {
    if places.is_empty() {
        return;
    }
    let mut end = column.len();
    column.reserve_exact(places.len());
    column.resize(end + places.len(), value(0));
    // From the last one on, so that each that is there moves at most once.
    for (number, place) in places.iter().enumerate().rev() {
        column.copy_within(*place..end, place + number + 1);
        column[place + number] = value(number);
        end = *place;
    }
}

impl Default for Narrow {
    fn default() -> Self {
        Self::Same(0, 0)
    }
}

impl Narrow {
    /// One of them.
    pub fn get(&self, place: usize) -> u32 {
        match self {
            Self::Same(value, _) => *value,
            Self::U8(column) => column[place].into(),
            Self::U16(column) => column[place].into(),
            Self::U32(column) => column[place],
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Same(_, count) => *count,
            Self::U8(column) => column.len(),
            Self::U16(column) => column.len(),
            Self::U32(column) => column.len(),
        }
    }

    /// Adds one more.
    pub fn push(&mut self, value: u32) {
        loop {
            let fits = match self {
                Self::Same(_, 0) => {
                    *self = Self::Same(value, 1);
                    true
                }
                Self::Same(same, count) if *same == value => {
                    *count += 1;
                    true
                }
                Self::Same(..) => false,
                Self::U8(column) => u8::try_from(value)
                    .map(|value| push_slim(column, value))
                    .is_ok(),
                Self::U16(column) => u16::try_from(value)
                    .map(|value| push_slim(column, value))
                    .is_ok(),
                Self::U32(column) => {
                    push_slim(column, value);
                    true
                }
            };
            if fits {
                return;
            }
            *self = self.widened();
        }
    }

    fn widened(&self) -> Self {
        match self {
            Self::Same(value, count) => match u8::try_from(*value) {
                Ok(value) => Self::U8(vec![value; *count]),
                Err(_) => match u16::try_from(*value) {
                    Ok(value) => Self::U16(vec![value; *count]),
                    Err(_) => Self::U32(vec![*value; *count]),
                },
            },
            Self::U8(column) => Self::U16(column.iter().map(|value| (*value).into()).collect()),
            Self::U16(column) => Self::U32(column.iter().map(|value| (*value).into()).collect()),
            Self::U32(column) => Self::U32(column.clone()),
        }
    }

    /// Adds some of another column's, in their order.
    pub fn extend(&mut self, other: &Self, range: Range<usize>) {
        match (&mut *self, other) {
            (Self::U8(own), Self::U8(column)) => own.extend_from_slice(&column[range]),
            (Self::U16(own), Self::U16(column)) => own.extend_from_slice(&column[range]),
            (Self::U32(own), Self::U32(column)) => own.extend_from_slice(&column[range]),
            (Self::Same(_, 0), Self::Same(value, _)) => *self = Self::Same(*value, range.len()),
            (Self::Same(own, count), Self::Same(value, _)) if own == value => *count += range.len(),
            (Self::Same(_, 0), Self::U8(column)) => *self = Self::U8(column[range].to_vec()),
            (Self::Same(_, 0), Self::U16(column)) => *self = Self::U16(column[range].to_vec()),
            (Self::Same(_, 0), Self::U32(column)) => *self = Self::U32(column[range].to_vec()),
            _ => range.for_each(|place| self.push(other.get(place))),
        }
    }

    /// Puts values in, each before one of those that are there; these places do not fall.
    pub fn insert_all(&mut self, places: &[usize], value: impl Fn(usize) -> u32) {
        if let Self::Same(same, count) = self
            && (0..places.len()).all(|number| value(number) == *same)
        {
            *count += places.len();
            return;
        }
        let greatest = (0..places.len()).map(&value).max().unwrap_or(0);
        while !self.has_room_for(greatest) {
            *self = self.widened();
        }
        // The greatest has room.
        match self {
            Self::Same(..) => {}
            Self::U8(column) => insert_all(column, places, |n| value(n).to_le_bytes()[0]),
            Self::U16(column) => insert_all(column, places, |n| {
                u16::try_from(value(n)).unwrap_or(u16::MAX)
            }),
            Self::U32(column) => insert_all(column, places, value),
        }
    }

    /// Whether a column can hold a value beside others.
    fn has_room_for(&self, value: u32) -> bool {
        match self {
            Self::Same(..) => false,
            Self::U8(_) => u8::try_from(value).is_ok(),
            Self::U16(_) => u16::try_from(value).is_ok(),
            Self::U32(_) => true,
        }
    }

    /// The value that all of them have, if they are all the same.
    pub fn same(&self) -> Option<u32> {
        match self {
            Self::Same(value, _) => Some(*value),
            Self::U8(_) | Self::U16(_) | Self::U32(_) => None,
        }
    }

    /// How many bytes of memory they take.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Same(..) => 0,
            Self::U8(_) => self.len(),
            Self::U16(_) => self.len() * 2,
            Self::U32(_) => self.len() * 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_column_holds_what_was_put_in(
            values in proptest::collection::vec(prop_oneof![Just(3_u32), 0..300_u32, any::<u32>()], 1..40),
            cut in 0_usize..40,
        ) {
            let mut column = Narrow::default();
            values.iter().for_each(|value| column.push(*value));
            let held = |column: &Narrow| (0..column.len()).map(|place| column.get(place)).collect::<Vec<_>>();
            prop_assert_eq!(&held(&column), &values);
            let cut = cut.min(values.len());
            let mut joined = Narrow::default();
            joined.extend(&column, cut..values.len());
            joined.extend(&column, 0..cut);
            prop_assert_eq!(held(&joined), [&values[cut..], &values[..cut]].concat());
            // The second half between those of the first, two at each place.
            let (first, second) = values.split_at(values.len().div_ceil(2));
            let mut column = Narrow::default();
            first.iter().for_each(|value| column.push(*value));
            let places: Vec<usize> = (0..second.len()).map(|number| number / 2 * 2).collect();
            column.insert_all(&places, |number| second[number]);
            let mut expected = first.to_vec();
            for (number, value) in second.iter().enumerate() {
                expected.insert(places[number] + number, *value);
            }
            prop_assert_eq!(held(&column), expected);
        }
    }
}
