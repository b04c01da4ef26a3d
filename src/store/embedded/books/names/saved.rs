//! Names as they are saved.

use super::Names;
use crate::store::embedded::books::{
    interner::number_of,
    saved::{Saved, put_column},
};

impl Names {
    /// Adds them to bytes.
    pub fn save(&self, bytes: &mut Vec<u8>) {
        put_column(bytes, &self.ends);
        put_column(bytes, self.text.as_bytes());
    }

    /// Reads what [`Names::save`] added.
    pub fn load(saved: &mut Saved<'_>) -> Option<Self> {
        let ends: Vec<u64> = saved.column()?;
        let text = String::from_utf8(saved.column()?).ok()?;
        let is_whole = ends.last().copied().unwrap_or(0) == text.len() as u64 && ends.is_sorted();
        let is_between = |end: &u64| {
            let end = usize::try_from(*end);
            end.is_ok_and(|end| text.is_char_boundary(end))
        };
        if !is_whole || !ends.iter().all(is_between) {
            return None;
        }
        let mut names = Self {
            text,
            ends,
            ..Self::default()
        };
        // There is nobody to compare with, since they were all different.
        let mut numbers = super::Numbers::with_room_for(names.len());
        for number in 0..number_of(names.len()) {
            numbers.put(super::hash(names.name(number)), number);
        }
        names.numbers = numbers;
        Some(names)
    }
}
