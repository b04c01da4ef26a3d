//! Small numbers as they are saved.

use super::Narrow;
use crate::store::embedded::books::saved::{Saved, put_number, put_packed};

impl Narrow {
    /// Adds them to bytes.
    pub fn save(&self, bytes: &mut Vec<u8>) {
        match self {
            // One more than the value, so that 0 stands for different ones.
            Self::Same(value, _) => put_number(bytes, u64::from(*value) + 1),
            Self::U8(column) => put_different(bytes, column),
            Self::U16(column) => put_different(bytes, column),
            Self::U32(column) => put_different(bytes, column),
        }
    }

    /// Reads what [`Narrow::save`] added, if there are `count` numbers, all of them below `limit`.
    pub fn load(saved: &mut Saved<'_>, count: usize, limit: u32) -> Option<Self> {
        if let Some(same) = saved.number()?.checked_sub(1) {
            let value = u32::try_from(same).ok()?;
            let fits = count == 0 || value < limit;
            return fits.then_some(Self::Same(value, count));
        }
        let column: Vec<u32> = saved.packed()?;
        let greatest = column.iter().copied().max()?;
        let fits = column.len() == count && greatest < limit;
        fits.then(|| Self::of(column, greatest))
    }

    fn of(column: Vec<u32>, greatest: u32) -> Self {
        // None is greater than the greatest.
        if u8::try_from(greatest).is_ok() {
            let narrow = |value: &u32| u8::try_from(*value).unwrap_or(u8::MAX);
            return Self::U8(column.iter().map(narrow).collect());
        }
        if u16::try_from(greatest).is_ok() {
            let narrow = |value: &u32| u16::try_from(*value).unwrap_or(u16::MAX);
            return Self::U16(column.iter().map(narrow).collect());
        }
        Self::U32(column)
    }
}

fn put_different<T: Copy + Into<i64>>(bytes: &mut Vec<u8>, column: &[T]) {
    put_number(bytes, 0);
    put_packed(bytes, column.iter().copied());
}
