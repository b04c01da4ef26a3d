//! Small numbers as they are saved.

use super::Narrow;
use crate::store::embedded::books::saved::{Saved, put_column, put_count, put_number};

impl Narrow {
    /// Adds them to bytes.
    pub fn save(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Same(value, count) => {
                put_number(bytes, u64::from(*value) << 8);
                put_count(bytes, *count);
            }
            Self::U8(column) => {
                put_number(bytes, 1);
                put_column(bytes, column);
            }
            Self::U16(column) => {
                put_number(bytes, 2);
                put_column(bytes, column);
            }
            Self::U32(column) => {
                put_number(bytes, 4);
                put_column(bytes, column);
            }
        }
    }

    /// Reads what [`Narrow::save`] added, if there are `count` numbers, all of them below `limit`.
    pub fn load(saved: &mut Saved<'_>, count: usize, limit: u32) -> Option<Self> {
        let head = saved.number()?;
        let (read, greatest) = match head & 0xff {
            0 => {
                let value = u32::try_from(head >> 8).ok()?;
                let count = usize::try_from(saved.number()?).ok()?;
                (Self::Same(value, count), Some(value))
            }
            1 => {
                let column: Vec<u8> = saved.column()?;
                let greatest = column.iter().copied().max();
                (Self::U8(column), greatest.map(u32::from))
            }
            2 => {
                let column: Vec<u16> = saved.column()?;
                let greatest = column.iter().copied().max();
                (Self::U16(column), greatest.map(u32::from))
            }
            4 => {
                let column: Vec<u32> = saved.column()?;
                let greatest = column.iter().copied().max();
                (Self::U32(column), greatest)
            }
            _ => return None,
        };
        let fits = read.len() == count && greatest.is_none_or(|greatest| greatest < limit);
        fits.then_some(read)
    }
}
