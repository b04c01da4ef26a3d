//! Quantities as they are saved.

use super::{Amounts, COARSEST, Values};
use crate::store::embedded::books::saved::{Saved, put_column, put_number};

impl Amounts {
    /// Adds them to bytes.
    pub fn save(&self, bytes: &mut Vec<u8>) {
        let width: u64 = match &self.values {
            Values::I8(_) => 1,
            Values::I16(_) => 2,
            Values::I32(_) => 4,
            Values::I64(_) => 8,
            Values::I128(_) => 16,
        };
        // A unit is a power of ten.
        put_number(bytes, width << 32 | self.unit.cast_unsigned());
        match &self.values {
            Values::I8(column) => put_column(bytes, column),
            Values::I16(column) => put_column(bytes, column),
            Values::I32(column) => put_column(bytes, column),
            Values::I64(column) => put_column(bytes, column),
            Values::I128(column) => put_column(bytes, column),
        }
    }

    /// Reads what [`Amounts::save`] added.
    pub fn load(saved: &mut Saved<'_>) -> Option<Self> {
        let head = saved.number()?;
        let unit = (head & u64::from(u32::MAX)).cast_signed();
        if unit == 0 || COARSEST % unit != 0 {
            return None;
        }
        let values = match head >> 32 {
            1 => Values::I8(saved.column()?),
            2 => Values::I16(saved.column()?),
            4 => Values::I32(saved.column()?),
            8 => Values::I64(saved.column()?),
            16 => Values::I128(saved.column()?),
            _ => return None,
        };
        Some(Self { unit, values })
    }
}
