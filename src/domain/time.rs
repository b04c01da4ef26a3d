//! Instants, days of the reporting time zone, and periods of whole days.

use super::problem::{Problem, Reason};
use jiff::{Timestamp as JiffTimestamp, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::fmt;

/// 1900-01-01T00:00:00Z in seconds since 1970: the first instant an activity may have.
const FIRST_SECOND: i64 = -2_208_988_800;
/// 2200-01-01T00:00:00Z: the first instant it may not have.
const END_SECOND: i64 = 7_258_118_400;

/// No day of the calendar has a leap second here, and what is longer or shorter is so by a change of offset.
const SECONDS_OF_A_DAY: i64 = 86_400;

/// An instant to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Instant {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds after them, 0 to 999,999,999.
    pub nanos: u32,
}

impl Instant {
    /// Takes an instant that a client sent.
    pub fn parse(
        seconds: i64,
        nanos: i32,
        field: impl fmt::Display + Copy,
    ) -> Result<Self, Problem> {
        let nanos = u32::try_from(nanos)
            .ok()
            .filter(|n| *n < 1_000_000_000)
            .ok_or_else(|| Problem::field_invalid(field, "has nanos outside 0 to 999999999"))?;
        if !(FIRST_SECOND..END_SECOND).contains(&seconds) {
            return Err(Problem::time_out_of_range(field));
        }
        Ok(Self { seconds, nanos })
    }
}

/// A day of the reporting time zone, counted from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Day(pub i32);

impl Day {
    /// The day of a calendar date.
    pub fn from_date(date: civil::Date) -> Self {
        // Dates of the years -9999 to 9999 are within four million days of 1970.
        let days = date
            .since(civil::Date::constant(1970, 1, 1))
            .map_or(0, |span| span.get_days());
        Self(days)
    }

    /// The day with this name, as it is displayed.
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(Self::from_date)
    }

    /// The day after; the last of all days is the end of time.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The calendar date, if it is one of the years -9999 to 9999.
    pub fn date(self) -> Option<civil::Date> {
        civil::Date::constant(1970, 1, 1)
            .checked_add(jiff::Span::new().try_days(self.0).ok()?)
            .ok()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(date) => write!(f, "{date}"),
            None => write!(f, "day {}", self.0),
        }
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whole days from `start` to before `end`; an end that is not given is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Period {
    /// The first day.
    pub start: Option<Day>,
    /// The day after the last.
    pub end: Option<Day>,
}

impl Period {
    /// All time.
    pub const ALL: Self = Self {
        start: None,
        end: None,
    };

    /// Whether it holds the day.
    pub fn contains(&self, day: Day) -> bool {
        self.start.is_none_or(|start| start <= day) && self.end.is_none_or(|end| day < end)
    }

    /// How many days it shares with `other`, which must be closed.
    pub fn overlap(&self, start: Day, end: Day) -> Option<(Day, Day)> {
        let from = self.start.map_or(start, |own| own.max(start));
        let to = self.end.map_or(end, |own| own.min(end));
        (from < to).then_some((from, to))
    }
}

/// Turns instants into days of the reporting time zone and back.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    name: String,
}

impl Calendar {
    /// The calendar of an IANA time zone, such as `Europe/Berlin` or `UTC`.
    pub fn of_zone(name: &str) -> Result<Self, Problem> {
        let zone = TimeZone::get(name)
            .map_err(|_| Problem::field_invalid("time_zone", "is not an IANA time zone"))?;
        Ok(Self {
            zone,
            name: name.to_owned(),
        })
    }

    /// The time zone's name.
    pub fn zone_name(&self) -> &str {
        &self.name
    }

    /// The day that an instant is in.
    pub fn day(&self, instant: Instant) -> Day {
        let seconds = instant.seconds.clamp(FIRST_SECOND, END_SECOND);
        // In range by the clamp; the fallback is never taken.
        let timestamp = JiffTimestamp::from_second(seconds).unwrap_or(JiffTimestamp::UNIX_EPOCH);
        let offset = self.zone.to_offset(timestamp).seconds();
        let day = (seconds + i64::from(offset)).div_euclid(SECONDS_OF_A_DAY);
        // Within the range of instants there are fewer than 200,000 days.
        Day(i32::try_from(day).unwrap_or(0))
    }

    /// The instant at which a day begins.
    pub fn begin(&self, day: Day) -> Option<Instant> {
        let zoned = day.date()?.to_zoned(self.zone.clone()).ok()?;
        Some(Instant {
            seconds: zoned.timestamp().as_second(),
            nanos: 0,
        })
    }

    /// The period between two instants, refused unless both are at the edges of days.
    pub fn period(
        &self,
        start: Option<Instant>,
        end: Option<Instant>,
        field: &str,
    ) -> Result<Period, Problem> {
        check_order(start, end, field)?;
        let edge = |instant: Option<Instant>, name: &str| {
            let Some(instant) = instant else {
                return Ok(None);
            };
            let day = self.day(instant);
            if self.begin(day) == Some(instant) {
                return Ok(Some(day));
            }
            let inner = format!("{field}.{name}");
            let message = format!("{inner} is not the beginning of a day in {}", self.name);
            let variables = [("time_zone", self.name.clone())];
            Err(Problem::new(
                Reason::PeriodNotAligned,
                &inner,
                message,
                variables,
            ))
        };
        Ok(Period {
            start: edge(start, "start_time")?,
            end: edge(end, "end_time")?,
        })
    }
}

/// Refuses a period that ends at or before its start.
pub fn check_order(
    start: Option<Instant>,
    end: Option<Instant>,
    field: &str,
) -> Result<(), Problem> {
    match (start, end) {
        (Some(start), Some(end)) if end <= start => {
            let message = format!("{field} ends at or before its start");
            Err(Problem::new(Reason::PeriodInverted, field, message, []))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Option<Instant> {
        Some(Instant { seconds, nanos: 0 })
    }

    #[test]
    fn a_period_is_whole_days_of_the_zone() {
        let utc = Calendar::of_zone("UTC").unwrap();
        let period = utc.period(at(0), at(86_400 * 90), "period").unwrap();
        assert_eq!(
            period,
            Period {
                start: Some(Day(0)),
                end: Some(Day(90))
            }
        );
        let refused = |start, end| utc.period(start, end, "period").unwrap_err().reason;
        assert_eq!(refused(at(1), None), Reason::PeriodNotAligned);
        assert_eq!(refused(at(86_400), at(86_400)), Reason::PeriodInverted);
    }

    #[test]
    fn a_zone_with_summer_time_has_days_of_its_own() {
        let berlin = Calendar::of_zone("Europe/Berlin").unwrap();
        // 2024-03-30T23:30:00Z is already the 31st in Berlin, the day on which the clocks go forward.
        let instant = Instant {
            seconds: 1_711_841_400,
            nanos: 0,
        };
        assert_eq!(berlin.day(instant).to_string(), "2024-03-31");
        let day = berlin.day(instant);
        let length =
            berlin.begin(Day(day.0 + 1)).unwrap().seconds - berlin.begin(day).unwrap().seconds;
        assert_eq!(length, 23 * 3_600);
        assert!(Calendar::of_zone("Mars/Olympus").is_err());
    }

    #[test]
    fn instants_outside_the_books_are_refused() {
        assert!(Instant::parse(FIRST_SECOND, 0, "t").is_ok());
        assert_eq!(
            Instant::parse(END_SECOND, 0, "t").unwrap_err().reason,
            Reason::TimeOutOfRange
        );
        assert_eq!(
            Instant::parse(0, -1, "t").unwrap_err().reason,
            Reason::FieldInvalid
        );
    }
}
