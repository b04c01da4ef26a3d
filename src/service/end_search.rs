//! From which day on there is nothing, by as few questions as can be.

use crate::domain::time::Day;

/// Looks for the first day from which on there is nothing, near a guess: in steps that grow, and then by halves.
#[derive(Debug)]
pub struct EndSearch {
    guess: Day,
    /// From here on there is something.
    low: Option<Day>,
    /// From here on there is nothing.
    high: Option<Day>,
}

impl EndSearch {
    /// Begins near a day.
    pub fn near(guess: Day) -> Self {
        Self {
            guess,
            low: None,
            high: None,
        }
    }

    /// The day to be asked about next, or the day that was looked for.
    pub fn next(&self) -> Result<Day, Day> {
        let steps = |day: Day| day.0.abs_diff(self.guess.0).saturating_add(1);
        let width = |day: Day| i32::try_from(steps(day)).unwrap_or(i32::MAX);
        match (self.low, self.high) {
            (None, None) => Ok(self.guess),
            (Some(low), None) => Ok(Day(low.0.saturating_add(width(low)))),
            (None, Some(Day(i32::MIN))) => Err(Day(i32::MIN)),
            (None, Some(high)) => Ok(Day(high.0.saturating_sub(width(high)))),
            (Some(low), Some(high)) if i64::from(low.0) + 1 >= i64::from(high.0) => Err(high),
            (Some(low), Some(high)) => Ok(Day(low.0.midpoint(high.0))),
        }
    }

    /// Takes in whether there is anything from a day on.
    pub fn told(&mut self, day: Day, has_any: bool) {
        match has_any {
            true => self.low = Some(day),
            false => self.high = Some(day),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_is_found_from_any_guess_in_few_steps() {
        let found = |guess: i32, last: Option<i32>| {
            let mut search = EndSearch::near(Day(guess));
            for _ in 0..80 {
                match search.next() {
                    Ok(day) => search.told(day, last.is_some_and(|last| day.0 <= last)),
                    Err(found) => return Some(found.0),
                }
            }
            None
        };
        for last in [-400, 0, 3, 17, 1_000] {
            for guess in [-7, 0, 3, 4, 900] {
                assert_eq!(found(guess, Some(last)), Some(last + 1));
            }
        }
        assert_eq!(found(5, None), Some(i32::MIN));
    }
}
