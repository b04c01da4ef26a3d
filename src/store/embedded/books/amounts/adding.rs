//! Columns of quantities added up: for each customer, for some of them, and for all together. Here are the loops in
//! which questions spend their time; each is written so that it is done with the widest instructions that the processor
//! has.

use super::{Addend, Amounts, Values};
use pulp::Arch;
use std::ops::Range;

/// Calls something with the columns of a width that has at most 32 bits, or something else with a wider one.
macro_rules! small_or {
    ($values:expr, $column:ident => $small:expr,
     narrow $narrow:ident => $of_narrow:expr, wide $wide:ident => $of_wide:expr) => {
        match $values {
            Values::I8($column) => $small,
            Values::I16($column) => $small,
            Values::I32($column) => $small,
            Values::I64($narrow) => $of_narrow,
            Values::I128($wide) => $of_wide,
        }
    };
}

/// Adds numbers times a factor.
fn add_small<A: Addend, T: Copy + Into<i32>>(column: &[T], factor: A, sums: &mut [A]) {
    let Some(factor) = factor.small() else {
        let of = |value: T| A::of_narrow(value.into().into());
        return add_large(column, of, factor, sums);
    };
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (sum, value) in sums.iter_mut().zip(column) {
                *sum = sum.plus(A::of_product((*value).into(), factor));
            }
        },
    );
}

fn add_large<A: Addend, T: Copy>(column: &[T], of: impl Fn(T) -> A, factor: A, sums: &mut [A]) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (sum, value) in sums.iter_mut().zip(column) {
                *sum = sum.plus(factor.times(of(*value)));
            }
        },
    );
}

/// Adds the numbers of two columns, each times a factor of its own, in one pass. Says whether it could.
fn add_both<A: Addend, T: Copy + Into<i32>>(
    (first, second): (&[T], &[T]),
    factors: (A, A),
    sums: &mut [A],
) -> bool {
    let (Some(by_first), Some(by_second)) = (factors.0.small(), factors.1.small()) else {
        return false;
    };
    let both = first.len().min(second.len());
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for ((sum, first), second) in sums.iter_mut().zip(first).zip(second) {
                let first = A::of_product((*first).into(), by_first);
                *sum = sum.plus(first.plus(A::of_product((*second).into(), by_second)));
            }
        },
    );
    let sums = sums.get_mut(both..).unwrap_or_default();
    add_small(&first[both..], factors.0, sums);
    add_small(&second[both..], factors.1, sums);
    true
}

impl Amounts {
    /// Adds some of them times `factor`, a value per unit, to as many sums.
    pub fn add_scaled<A: Addend>(&self, range: Range<usize>, factor: A, sums: &mut [A]) {
        small_or!(&self.values,
            column => add_small(&column[range], factor, sums),
            narrow column => add_large(&column[range], A::of_narrow, factor, sums),
            wide column => add_large(&column[range], A::of, factor, sums));
    }

    /// Adds each times `factor`, and each of another column times `other_factor`, to what is at the same place.
    pub fn add_scaled_with<A: Addend>(
        &self,
        factor: A,
        other: &Self,
        other_factor: A,
        sums: &mut [A],
    ) {
        let factors = (factor, other_factor);
        let done = match (&self.values, &other.values) {
            (Values::I8(first), Values::I8(second)) => add_both((first, second), factors, sums),
            (Values::I16(first), Values::I16(second)) => add_both((first, second), factors, sums),
            (Values::I32(first), Values::I32(second)) => add_both((first, second), factors, sums),
            _ => false,
        };
        if !done {
            self.add_scaled(0..self.len(), factor, sums);
            other.add_scaled(0..other.len(), other_factor, sums);
        }
    }

    /// The sum of some of them.
    pub fn sum(&self, range: Range<usize>) -> i128 {
        /// Of fewer than 2^32, of at most 32 bits each.
        fn small<T: Copy + Into<i64>>(column: &[T]) -> i128 {
            let sum: i64 = Arch::new().dispatch(
                #[inline(always)]
                || column.iter().map(|value| (*value).into()).sum::<i64>(),
            );
            sum.into()
        }
        let multiples: i128 = small_or!(&self.values,
            column => small(&column[range]),
            narrow column => column[range].iter().map(|value| i128::from(*value)).sum(),
            wide column => column[range].iter().sum());
        multiples * i128::from(self.unit)
    }

    /// The sum of the first of them, each times the byte at the same place, 0 or 1.
    pub fn sum_where(&self, is_in: &[u8]) -> i128 {
        fn small<T: Copy + Into<i64>>(column: &[T], is_in: &[u8]) -> i128 {
            let sum: i64 = Arch::new().dispatch(
                #[inline(always)]
                || {
                    let pairs = column.iter().zip(is_in);
                    pairs
                        .map(|(value, is_in)| (*value).into() * i64::from(*is_in))
                        .sum()
                },
            );
            sum.into()
        }
        fn large<T: Copy + Into<i128>>(column: &[T], is_in: &[u8]) -> i128 {
            let pairs = column.iter().zip(is_in).filter(|(_, is_in)| **is_in == 1);
            pairs.map(|(value, _)| (*value).into()).sum()
        }
        let multiples = small_or!(&self.values,
            column => small(column, is_in),
            narrow column => large(column, is_in),
            wide column => large(column, is_in));
        multiples * i128::from(self.unit)
    }

    /// The sum of some of them, each times the byte of its owner, 0 or 1.
    pub fn sum_of(&self, range: Range<usize>, owners: &[u16], is_in: &[u8]) -> i128 {
        fn sum<T: Copy + Into<i128>>(column: &[T], owners: &[u16], is_in: &[u8]) -> i128 {
            let pairs = column.iter().zip(owners);
            let own = pairs.filter(|(_, owner)| is_in[usize::from(**owner)] == 1);
            own.map(|(value, _)| (*value).into()).sum()
        }
        let owners = &owners[range.clone()];
        let multiples = small_or!(&self.values,
            column => sum(&column[range], owners, is_in),
            narrow column => sum(&column[range], owners, is_in),
            wide column => sum(&column[range], owners, is_in));
        multiples * i128::from(self.unit)
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use pulp::Arch;

    #[test]
    fn wide_instructions_are_used_where_there_are_any() {
        // They are features of the library, without which everything still works, at half the speed.
        let is_scalar = matches!(Arch::new(), Arch::Scalar);
        assert_eq!(is_scalar, !std::arch::is_x86_feature_detected!("avx2"));
    }
}
