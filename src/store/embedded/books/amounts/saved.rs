//! Quantities as they are saved: as multiples of their unit.

use super::{Accumulator, Amounts, COARSEST, Values};
use crate::store::embedded::books::saved::{Saved, put_number, put_packed};

impl Amounts {
    /// Adds quantities of rows to bytes, each of which has 64 bits.
    pub fn save(&self, bytes: &mut Vec<u8>) {
        put_number(bytes, self.unit.cast_unsigned());
        match &self.values {
            Values::I8(column) => put_packed(bytes, column.iter().copied()),
            Values::I16(column) => put_packed(bytes, column.iter().copied()),
            Values::I32(column) => put_packed(bytes, column.iter().copied()),
            Values::I64(column) => put_packed(bytes, column.iter().copied()),
            Values::I128(column) => {
                let narrow = |value: &i128| i64::try_from(*value).unwrap_or(i64::MAX);
                put_packed(bytes, column.iter().map(narrow));
            }
        }
    }

    /// Reads what [`Amounts::save`] added.
    pub fn load(saved: &mut Saved<'_>) -> Option<Self> {
        let unit = saved.number()?.cast_signed();
        let is_unit = unit > 0 && COARSEST % unit == 0;
        let multiples = saved.wide_packed()?;
        is_unit.then(|| Self::of_multiples(unit, &multiples))
    }

    /// So many times a unit each.
    pub fn of_multiples<A: Accumulator>(unit: i64, multiples: &[A]) -> Self {
        let least = multiples.iter().min().map_or(0, |least| least.wide());
        let greatest = multiples.iter().max().map_or(0, |most| most.wide());
        macro_rules! narrowest {
            ($($type:ty),*) => {
                $(if <$type>::try_from(least).is_ok() && <$type>::try_from(greatest).is_ok() {
                    #[allow(clippy::cast_possible_truncation, reason = "the least and the greatest fit")]
                    let column: Vec<$type> = multiples.iter().map(|value| value.wide() as $type).collect();
                    return Self { unit, values: column.into() };
                })*
            };
        }
        narrowest!(i8, i16, i32, i64);
        let wide: Vec<i128> = multiples.iter().map(|value| value.wide()).collect();
        Self {
            unit,
            values: wide.into(),
        }
    }

    /// How large a multiple can be in as many bytes as they have.
    pub fn reach(&self) -> i128 {
        match &self.values {
            Values::I8(_) => 1 << 7,
            Values::I16(_) => 1 << 15,
            Values::I32(_) => 1 << 31,
            Values::I64(_) => 1 << 63,
            Values::I128(_) => i128::MAX,
        }
    }
}
