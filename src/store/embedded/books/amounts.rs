//! Signed quantities in as few bytes as they need: whole multiples of a power of ten, in 1, 2, 4, 8 or 16 bytes each.
//!
//! A column widens without loss when a quantity comes that is too large or too fine for it. What it holds is exact.

mod adding;
mod deltas;
mod saved;

pub(in super::super) use self::deltas::Deltas;

use super::narrow::push_slim;
use std::{
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The coarsest unit: a whole currency unit in micro-units.
pub(in super::super) const COARSEST: i64 = 1_000_000;

/// A column of quantities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Amounts {
    /// What the values are multiples of.
    unit: i64,
    values: Values,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Values {
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    I128(Vec<i128>),
}

/// What quantities are added up in, modulo its width.
pub(in super::super) trait Addend: Copy + Default {
    /// A quantity. Whoever adds up in 64 bits knows that the sum fits, so that what is lost in between comes back.
    fn of(quantity: i128) -> Self;
    /// The same of 64 bits.
    fn of_narrow(quantity: i64) -> Self;
    /// The product of two numbers of 32 bits: processors have an instruction for many of them at once.
    fn of_product(a: i32, b: i32) -> Self;
    /// The value, if it has 32 bits.
    fn small(self) -> Option<i32>;
    /// The sum; wraps around.
    fn plus(self, other: Self) -> Self;
    /// The product; wraps around.
    fn times(self, other: Self) -> Self;
}

/// What values of customers are added up in.
pub(in super::super) trait Accumulator: Addend + Ord + Send {
    /// No value is below it.
    const LEAST: Self;
    /// No value is above it.
    const MOST: Self;
    /// The value with the other sign; not for the least of the type.
    fn negated(self) -> Self;
    /// The value.
    fn wide(self) -> i128;
    /// How far it is above another one, if that has 32 bits.
    fn above(self, least: Self) -> Option<u32>;
    /// How far it is from another one, in steps of so many bits.
    fn steps_from(self, other: Self, bits: u32) -> usize;
    /// Room for so many values, which mean nothing.
    fn scratch(scratch: &Scratch, count: usize) -> Vec<Self>;
    /// Gives room back for the next who needs some.
    fn give_back(scratch: &Scratch, values: Vec<Self>);
}

/// Room for the values of all customers that was used before: to get it anew for each question costs more than to fill
/// it.
#[derive(Debug, Default)]
pub(in super::super) struct Scratch(Mutex<Vec<Vec<i64>>>);

/// How much room is kept.
const SCRATCH: usize = 2;

impl Scratch {
    // A panic leaves nothing half done here.
    fn lock(&self) -> MutexGuard<'_, Vec<Vec<i64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Addend for i64 {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "sums of 64 bits are made modulo 2^64, and only where the sum itself fits"
    )]
    fn of(quantity: i128) -> Self {
        quantity as Self
    }
    fn of_narrow(quantity: i64) -> Self {
        quantity
    }
    fn of_product(a: i32, b: i32) -> Self {
        Self::from(a) * Self::from(b)
    }
    fn small(self) -> Option<i32> {
        self.try_into().ok()
    }
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    fn times(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }
}

impl Accumulator for i64 {
    const LEAST: Self = Self::MIN;
    const MOST: Self = Self::MAX;
    fn negated(self) -> Self {
        -self
    }
    fn wide(self) -> i128 {
        self.into()
    }
    fn above(self, least: Self) -> Option<u32> {
        self.checked_sub(least)?.try_into().ok()
    }
    fn steps_from(self, other: Self, bits: u32) -> usize {
        usize::try_from(self.abs_diff(other) >> bits).unwrap_or(usize::MAX)
    }
    fn scratch(scratch: &Scratch, count: usize) -> Vec<Self> {
        let mut values = scratch.lock().pop().unwrap_or_default();
        values.resize(count, 0);
        values
    }
    fn give_back(scratch: &Scratch, values: Vec<Self>) {
        let mut kept = scratch.lock();
        if kept.len() < SCRATCH {
            kept.push(values);
        }
    }
}

impl Addend for i128 {
    fn of(quantity: i128) -> Self {
        quantity
    }
    fn of_narrow(quantity: i64) -> Self {
        quantity.into()
    }
    fn of_product(a: i32, b: i32) -> Self {
        (i64::from(a) * i64::from(b)).into()
    }
    fn small(self) -> Option<i32> {
        self.try_into().ok()
    }
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    fn times(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }
}

impl Accumulator for i128 {
    const LEAST: Self = Self::MIN;
    const MOST: Self = Self::MAX;
    fn negated(self) -> Self {
        -self
    }
    fn wide(self) -> i128 {
        self
    }
    fn above(self, least: Self) -> Option<u32> {
        self.checked_sub(least)?.try_into().ok()
    }
    fn steps_from(self, other: Self, bits: u32) -> usize {
        usize::try_from(self.abs_diff(other) >> bits).unwrap_or(usize::MAX)
    }
    fn scratch(_: &Scratch, count: usize) -> Vec<Self> {
        vec![0; count]
    }
    fn give_back(_: &Scratch, _: Vec<Self>) {}
}

/// Counts of rows, of which there are fewer than 2^32.
impl Addend for u32 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are made modulo 2^32, and the count itself fits"
    )]
    fn of(quantity: i128) -> Self {
        quantity as Self
    }
    fn of_narrow(quantity: i64) -> Self {
        Self::of(quantity.into())
    }
    fn of_product(a: i32, b: i32) -> Self {
        a.wrapping_mul(b).cast_unsigned()
    }
    fn small(self) -> Option<i32> {
        Some(self.cast_signed())
    }
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    fn times(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }
}

/// How often a unit goes into a quantity, rounded to zero. The units that most amounts have are known to the compiler:
/// dividing by others takes several times as long.
pub(in super::super) fn multiple_of(quantity: i64, unit: i64) -> i64 {
    match unit {
        10_000 => quantity / 10_000,
        1_000_000 => quantity / 1_000_000,
        1 => quantity,
        unit => quantity / unit,
    }
}

/// The coarsest unit, at most `limit`, that a quantity is a whole multiple of.
pub(in super::super) fn unit_of(quantity: i64, limit: i64) -> i64 {
    if multiple_of(quantity, limit) * limit == quantity {
        return limit;
    }
    let mut unit = limit;
    while quantity % unit != 0 {
        unit /= 10;
    }
    unit
}

impl Default for Amounts {
    fn default() -> Self {
        Self {
            unit: COARSEST,
            values: Values::I8(Vec::new()),
        }
    }
}

/// Calls something with the values of whatever width.
macro_rules! each_width {
    ($values:expr, $column:ident => $done:expr) => {
        match $values {
            Values::I8($column) => $done,
            Values::I16($column) => $done,
            Values::I32($column) => $done,
            Values::I64($column) => $done,
            Values::I128($column) => $done,
        }
    };
}

impl Values {
    /// The next wider width with the same values.
    fn widened(&self) -> Self {
        match self {
            Self::I8(values) => Self::I16(values.iter().map(|v| (*v).into()).collect()),
            Self::I16(values) => Self::I32(values.iter().map(|v| (*v).into()).collect()),
            Self::I32(values) => Self::I64(values.iter().map(|v| (*v).into()).collect()),
            Self::I64(values) => Self::I128(values.iter().map(|v| (*v).into()).collect()),
            Self::I128(values) => Self::I128(values.clone()),
        }
    }

    /// Sets or adds the value at a place; says whether it fits. One past the end is a new one.
    fn set(&mut self, place: usize, value: i128) -> bool {
        macro_rules! set {
            ($column:expr) => {
                match value.try_into() {
                    Err(_) => false,
                    Ok(value) if place < $column.len() => {
                        $column[place] = value;
                        true
                    }
                    Ok(value) => {
                        push_slim($column, value);
                        true
                    }
                }
            };
        }
        each_width!(self, column => set!(column))
    }

    /// Adds to a value that is there, if the sum fits.
    fn add(&mut self, place: usize, more: i64) -> bool {
        macro_rules! add {
            ($column:expr) => {
                match ($column.get_mut(place), more.try_into()) {
                    (Some(value), Ok(more)) => match value.checked_add(more) {
                        Some(sum) => {
                            *value = sum;
                            true
                        }
                        None => false,
                    },
                    _ => false,
                }
            };
        }
        each_width!(self, column => add!(column))
    }

    fn get(&self, place: usize) -> i128 {
        match self {
            Self::I8(column) => column[place].into(),
            Self::I16(column) => column[place].into(),
            Self::I32(column) => column[place].into(),
            Self::I64(column) => column[place].into(),
            Self::I128(column) => column[place],
        }
    }
}

impl Amounts {
    /// How many there are.
    pub fn len(&self) -> usize {
        each_width!(&self.values, column => column.len())
    }

    /// How many bytes of memory they take.
    pub fn bytes(&self) -> usize {
        each_width!(&self.values, column => size_of_val(column.as_slice()))
    }

    /// What all of them are whole multiples of.
    pub fn unit(&self) -> i64 {
        self.unit
    }

    /// One of them.
    pub fn get(&self, place: usize) -> i128 {
        self.values.get(place) * i128::from(self.unit)
    }

    fn set(&mut self, place: usize, multiple: i128) {
        while !self.values.set(place, multiple) {
            self.values = self.values.widened();
        }
    }

    /// Makes the unit one that `quantity` is a whole multiple of.
    fn admit(&mut self, quantity: i64) {
        let unit = unit_of(quantity, self.unit);
        if unit == self.unit {
            return;
        }
        let factor = i128::from(self.unit / unit);
        self.unit = unit;
        for place in 0..self.len() {
            self.set(place, self.values.get(place) * factor);
        }
    }

    /// Adds one more.
    pub fn push(&mut self, quantity: i64) {
        self.admit(quantity);
        self.set(self.len(), i128::from(multiple_of(quantity, self.unit)));
    }

    /// Adds to the one at a place; before it everything that is not there yet is zero.
    pub fn add(&mut self, place: usize, quantity: i64) {
        self.admit(quantity);
        if self.values.add(place, multiple_of(quantity, self.unit)) {
            return;
        }
        while self.len() <= place {
            self.set(self.len(), 0);
        }
        let multiple = self.values.get(place) + i128::from(quantity / self.unit);
        self.set(place, multiple);
    }

    /// Adds some of another column's, in their order.
    pub fn extend(&mut self, other: &Self, range: Range<usize>) {
        if self.len() == 0 {
            *self = Self {
                unit: other.unit,
                values: each_width!(&other.values, column => column[range].to_vec().into()),
            };
            return;
        }
        macro_rules! same_width {
            ($($width:ident),*) => {
                match (&mut self.values, &other.values) {
                    $((Values::$width(own), Values::$width(column)) if self.unit == other.unit => {
                        own.extend_from_slice(&column[range.clone()]);
                        return;
                    })*
                    _ => {}
                }
            };
        }
        same_width!(I8, I16, I32, I64, I128);
        // Rows hold what fits into 64 bits; only sums, which are never joined, may need more.
        for place in range {
            self.push(i64::try_from(other.get(place)).unwrap_or(i64::MAX));
        }
    }

    /// Room for exactly so many more.
    pub fn reserve(&mut self, count: usize) {
        each_width!(&mut self.values, column => column.reserve_exact(count));
    }
}

macro_rules! from_column {
    ($($type:ty => $width:ident),*) => {
        $(impl From<Vec<$type>> for Values {
            fn from(column: Vec<$type>) -> Self {
                Self::$width(column)
            }
        })*
    };
}
from_column!(i8 => I8, i16 => I16, i32 => I32, i64 => I64, i128 => I128);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quantity() -> impl Strategy<Value = i64> {
        let coarse =
            (-3_000_000_i64..3_000_000, 0_u32..7).prop_map(|(n, power)| n * 10_i64.pow(power));
        prop_oneof![
            coarse,
            any::<i64>().prop_filter("of postings", |n| *n != i64::MIN)
        ]
    }

    proptest! {
        #[test]
        fn a_column_holds_exactly_what_was_put_in(
            quantities in proptest::collection::vec(quantity(), 1..60), cut in 0_usize..60,
        ) {
            let mut column = Amounts::default();
            quantities.iter().for_each(|quantity| column.push(*quantity));
            let wide: Vec<i128> = quantities.iter().map(|q| i128::from(*q)).collect();
            let held: Vec<i128> = (0..column.len()).map(|place| column.get(place)).collect();
            prop_assert_eq!(&held, &wide);
            let cut = cut.min(wide.len());
            prop_assert_eq!(column.sum(cut..wide.len()), wide[cut..].iter().sum::<i128>());
            let mut joined = Amounts::default();
            joined.extend(&column, cut..wide.len());
            joined.extend(&column, 0..cut);
            let held: Vec<i128> = (0..joined.len()).map(|place| joined.get(place)).collect();
            prop_assert_eq!(held, [&wide[cut..], &wide[..cut]].concat());
        }

        #[test]
        fn sums_by_place_are_exact_and_never_overflow(
            postings in proptest::collection::vec((0_usize..9, quantity()), 1..60), factor in -1_000_i128..1_000,
        ) {
            let mut column = Amounts::default();
            let mut sums = [0_i128; 9];
            for (place, quantity) in &postings {
                column.add(*place, *quantity);
                sums[*place] += i128::from(*quantity);
            }
            for (place, sum) in sums.iter().enumerate().take(column.len()) {
                prop_assert_eq!(column.get(place), *sum);
            }
            let mut scaled = [5_i128; 9];
            column.add_scaled(0..column.len(), factor * i128::from(column.unit()), &mut scaled);
            prop_assert_eq!(scaled, sums.map(|sum| 5 + factor * sum));
        }
    }

    #[test]
    fn cents_take_four_bytes_and_whole_counts_one() {
        let mut cents = Amounts::default();
        (0..1_000).for_each(|n| cents.push(n * 7_770_000));
        assert_eq!((cents.unit(), cents.bytes()), (10_000, 4_000));
        let mut counts = Amounts::default();
        (0..100).for_each(|n| counts.push(n));
        assert_eq!((counts.unit(), counts.bytes()), (1, 100));
    }
}
