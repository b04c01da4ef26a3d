//! Changes to many quantities of a column at once: sums that are added, and quantities that are put in between.

use super::{Amounts, COARSEST, Values, multiple_of, unit_of};
use crate::store::embedded::books::narrow::insert_all;
use pulp::Arch;

/// Sums by place, as multiples of a power of ten.
#[derive(Debug)]
pub(in super::super::super) struct Deltas {
    unit: i64,
    multiples: Multiples,
    /// The sum of the magnitudes of all that will be added, in multiples.
    reach: i64,
    total: i128,
}

/// Multiples by place; none of them goes beyond the reach.
#[derive(Debug)]
enum Multiples {
    /// Of less than 2^30.
    Narrow(Vec<i32>),
    /// Of 64 bits.
    Wide(Vec<i64>),
}

impl Deltas {
    /// Sums of these quantities, none of which was added yet, at so many places; `None` if they may leave 64 bits.
    pub fn of(quantities: impl Iterator<Item = i64>, places: usize) -> Option<Self> {
        let (mut unit, mut reach) = (COARSEST, 0_u64);
        for quantity in quantities {
            unit = unit_of(quantity, unit);
            reach = reach.checked_add(quantity.unsigned_abs())?;
        }
        let reach = i64::try_from(reach).ok()? / unit;
        let multiples = match reach < 1 << 30 {
            true => Multiples::Narrow(vec![0; places]),
            false => Multiples::Wide(vec![0; places]),
        };
        Some(Self {
            unit,
            multiples,
            reach,
            total: 0,
        })
    }

    /// Adds one of the quantities.
    pub fn add(&mut self, place: usize, quantity: i64) {
        let multiple = multiple_of(quantity, self.unit);
        match &mut self.multiples {
            // Less than the reach.
            Multiples::Narrow(sums) => sums[place] += i32::try_from(multiple).unwrap_or(0),
            Multiples::Wide(sums) => sums[place] += multiple,
        }
        self.total += i128::from(quantity);
    }

    /// What was added until now, at all places together.
    pub fn total(&self) -> i128 {
        self.total
    }
}

/// Adds to each value of a column what is at the same place, if all sums fit. Sums are made in `$wide`, which has room
/// for all of them but where it is the type of the column itself.
macro_rules! add_if_fits {
    ($column:expr, $multiples:expr, $type:ty, $wide:ty) => {{
        let (column, multiples): (&mut [$type], _) = ($column, $multiples);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::unnecessary_cast,
            clippy::cast_lossless,
            reason = "what does not fit is found by what is lost, and taken back"
        )]
        let lost = Arch::new().dispatch(
            #[inline(always)]
            || {
                let mut lost: $wide = 0;
                for (value, more) in column.iter_mut().zip(multiples) {
                    let (before, more) = (*value as $wide, *more as $wide);
                    let sum = before.wrapping_add(more);
                    let is_narrow = size_of::<$type>() < size_of::<$wide>();
                    lost |= match is_narrow {
                        true => ((sum as $type) as $wide) ^ sum,
                        // Both have a sign that the sum has not.
                        false => ((before ^ sum) & (more ^ sum)) & <$wide>::MIN,
                    };
                    *value = sum as $type;
                }
                lost
            },
        );
        if lost != 0 {
            for (value, more) in column.iter_mut().zip(multiples) {
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::unnecessary_cast,
                    clippy::cast_lossless,
                    reason = "what is lost comes back"
                )]
                let more = *more as $type;
                *value = value.wrapping_sub(more);
            }
        }
        lost == 0
    }};
}

impl Values {
    fn grow(&mut self, count: usize) {
        macro_rules! grow {
            ($column:expr) => {
                if $column.len() < count {
                    $column.reserve_exact(count - $column.len());
                    $column.resize(count, 0);
                }
            };
        }
        match self {
            Self::I8(column) => grow!(column),
            Self::I16(column) => grow!(column),
            Self::I32(column) => grow!(column),
            Self::I64(column) => grow!(column),
            Self::I128(column) => grow!(column),
        }
    }

    /// Puts values in, each before one of those that are there, if all fit.
    fn insert_all(&mut self, places: &[usize], values: &[i64]) -> bool {
        macro_rules! insert {
            ($column:expr, $type:ty) => {{
                let fits = values.iter().all(|value| <$type>::try_from(*value).is_ok());
                if fits {
                    let value = |number| <$type>::try_from(values[number]).unwrap_or_default();
                    insert_all($column, places, value);
                }
                fits
            }};
        }
        match self {
            Self::I8(column) => insert!(column, i8),
            Self::I16(column) => insert!(column, i16),
            Self::I32(column) => insert!(column, i32),
            Self::I64(column) => insert!(column, i64),
            Self::I128(column) => insert!(column, i128),
        }
    }

    /// Adds multiples whose magnitudes are below 2^62, if all sums fit.
    fn add_all(&mut self, multiples: &Multiples) -> bool {
        match (self, multiples) {
            (Self::I8(column), Multiples::Narrow(more)) => add_if_fits!(column, more, i8, i32),
            (Self::I16(column), Multiples::Narrow(more)) => add_if_fits!(column, more, i16, i32),
            (Self::I32(column), Multiples::Narrow(more)) => add_if_fits!(column, more, i32, i32),
            (Self::I64(column), Multiples::Narrow(more)) => add_if_fits!(column, more, i64, i64),
            (Self::I8(column), Multiples::Wide(more)) => add_if_fits!(column, more, i8, i64),
            (Self::I16(column), Multiples::Wide(more)) => add_if_fits!(column, more, i16, i64),
            (Self::I32(column), Multiples::Wide(more)) => add_if_fits!(column, more, i32, i64),
            (Self::I64(column), Multiples::Wide(more)) => add_if_fits!(column, more, i64, i64),
            (Self::I128(column), Multiples::Narrow(more)) => {
                let pairs = column.iter_mut().zip(more);
                pairs.for_each(|(value, more)| *value += i128::from(*more));
                true
            }
            (Self::I128(column), Multiples::Wide(more)) => {
                let pairs = column.iter_mut().zip(more);
                pairs.for_each(|(value, more)| *value += i128::from(*more));
                true
            }
        }
    }
}

impl Multiples {
    fn wide(&self) -> Vec<i64> {
        match self {
            Self::Narrow(multiples) => multiples.iter().map(|m| (*m).into()).collect(),
            Self::Wide(multiples) => multiples.clone(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Narrow(multiples) => multiples.len(),
            Self::Wide(multiples) => multiples.len(),
        }
    }
}

impl Amounts {
    /// Puts quantities in, each before one of those that are there; these places do not fall.
    pub fn insert_all(&mut self, places: &[usize], quantity: impl Fn(usize) -> i64) {
        (0..places.len()).for_each(|number| self.admit(quantity(number)));
        let multiples = (0..places.len()).map(|number| multiple_of(quantity(number), self.unit));
        let multiples: Vec<i64> = multiples.collect();
        while !self.values.insert_all(places, &multiples) {
            self.values = self.values.widened();
        }
    }

    /// Adds to each what is at the same place; before that, what is not there yet is zero.
    pub fn add_all(&mut self, deltas: &Deltas) {
        self.admit(deltas.unit);
        let factor = deltas.unit / self.unit;
        let reach = deltas.reach.checked_mul(factor);
        if reach.is_none_or(|reach| reach >= 1 << 62) {
            let all = deltas.multiples.wide().into_iter().enumerate();
            // The quantities fit together, so each sum of some of them does.
            all.filter(|(_, multiple)| *multiple != 0)
                .for_each(|(place, multiple)| self.add(place, multiple * deltas.unit));
            return;
        }
        self.values.grow(deltas.multiples.len());
        let scaled: Multiples;
        let multiples = if factor == 1 {
            &deltas.multiples
        } else {
            let multiples = deltas.multiples.wide().into_iter();
            scaled = Multiples::Wide(multiples.map(|m| m * factor).collect());
            &scaled
        };
        while !self.values.add_all(multiples) {
            self.values = self.values.widened();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quantity() -> impl Strategy<Value = i64> {
        prop_oneof![
            (-300_i64..300, 0_u32..7).prop_map(|(n, power)| n * 10_i64.pow(power)),
            (-3_i64..3).prop_map(|n| n << 60 | 1),
            any::<i64>().prop_filter("of postings", |n| *n != i64::MIN),
        ]
    }

    proptest! {
        #[test]
        fn what_is_added_at_once_is_what_is_added_one_by_one(
            before in proptest::collection::vec((0_usize..9, quantity()), 0..9),
            parts in proptest::collection::vec(proptest::collection::vec((0_usize..12, quantity()), 0..9), 1..4),
        ) {
            let (mut at_once, mut one_by_one) = (Amounts::default(), Amounts::default());
            for (place, quantity) in before {
                at_once.add(place, quantity);
                one_by_one.add(place, quantity);
            }
            for part in parts {
                let quantities = part.iter().map(|(_, quantity)| *quantity);
                let wide: i128 = part.iter().map(|(_, quantity)| i128::from(quantity.unsigned_abs())).sum();
                let Some(mut deltas) = Deltas::of(quantities, 12) else {
                    prop_assert!(wide > i128::from(i64::MAX));
                    continue;
                };
                for (place, quantity) in part {
                    deltas.add(place, quantity);
                    one_by_one.add(place, quantity);
                }
                at_once.add_all(&deltas);
            }
            let all = |column: &Amounts| (0..12).map(|place| if place < column.len() { column.get(place) } else { 0 })
                .collect::<Vec<_>>();
            prop_assert_eq!(all(&at_once), all(&one_by_one));
        }
    }
}
