//! Standing questions: what is different between two answers, and when an alert is open. Everything here follows from
//! two states alone; who asks, how often, and who reads is not known here.

pub mod alert;
pub mod change;

use super::time::{Calendar, Day, Instant, Period};

/// Which days a standing question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// These.
    Period(Period),
    /// So many, at least one, of which the last is the day on which the newest write of the state was recorded. So it
    /// follows from the state, and moves on with it.
    LastDays(i32),
}

impl Window {
    /// The days as of a state whose newest write was recorded at some time; an empty state has none.
    pub fn period(&self, recorded: Option<Instant>, calendar: &Calendar) -> Period {
        match (self, recorded) {
            (Self::Period(period), _) => *period,
            (Self::LastDays(_), None) => Period::ALL,
            (Self::LastDays(days), Some(recorded)) => {
                let end = calendar.day(recorded).next();
                Period {
                    start: Some(Day(end.0.saturating_sub(*days))),
                    end: Some(end),
                }
            }
        }
    }

    /// Whether it has both ends, so that there is a time of the same length before it.
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Period(period) => period.start.is_some() && period.end.is_some(),
            Self::LastDays(_) => true,
        }
    }
}

/// The time of the same length before a period that has both ends.
pub fn prior(period: &Period) -> Option<Period> {
    let (start, end) = (period.start?, period.end?);
    let days = end.0.checked_sub(start.0)?;
    Some(Period {
        start: Some(Day(start.0.checked_sub(days)?)),
        end: Some(start),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_days_end_with_the_day_of_the_newest_write() {
        let calendar = Calendar::of_zone("UTC").unwrap();
        let recorded = Instant {
            seconds: 10 * 86_400 + 5,
            nanos: 0,
        };
        let period = Window::LastDays(3).period(Some(recorded), &calendar);
        assert_eq!((period.start, period.end), (Some(Day(8)), Some(Day(11))));
        let before = prior(&period).unwrap();
        assert_eq!((before.start, before.end), (Some(Day(5)), Some(Day(8))));
        assert_eq!(Window::LastDays(3).period(None, &calendar), Period::ALL);
        assert_eq!(prior(&Period::ALL), None);
        assert!(!Window::Period(Period::ALL).is_closed() && Window::LastDays(1).is_closed());
    }
}
