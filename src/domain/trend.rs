//! Calendar periods side by side, and the line through their values.

use super::{money::divide_half_even, problem::Problem, time::Day};
use jiff::{Span, ToSpan as _, civil::Date};

/// Into which calendar periods time is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Granularity {
    /// Days.
    Day,
    /// Weeks from Monday on (ISO 8601).
    Week,
    /// Months.
    #[default]
    Month,
    /// Quarters from January, April, July and October on.
    Quarter,
    /// Halves from January and July on.
    Half,
    /// Years.
    Year,
}

/// Some days, from the first to before the second.
pub type Days = (Day, Day);

/// A calendar period, cut off where the asked period begins and ends, with what is set beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Its days.
    pub days: Days,
    /// Whether it is not cut off.
    pub is_complete: bool,
    /// The same days of the calendar period before.
    pub prior_period: Days,
    /// The same days of the year before; of the week 52 weeks before.
    pub prior_year: Days,
}

/// How the sign of a value changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignChange {
    /// Not at all.
    #[default]
    None,
    /// From zero or more to below.
    TurnedNegative,
    /// From below zero to zero or more.
    TurnedPositive,
}

impl SignChange {
    /// From one value to the next.
    pub fn between(before: i128, after: i128) -> Self {
        match (before < 0, after < 0) {
            (false, true) => Self::TurnedNegative,
            (true, false) => Self::TurnedPositive,
            (false, false) | (true, true) => Self::None,
        }
    }
}

impl Granularity {
    fn span(self) -> Span {
        match self {
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Quarter => 3.months(),
            Self::Half => 6.months(),
            Self::Year => 1.year(),
        }
    }

    /// The first day of the calendar period that a date is in.
    fn begin(self, date: Date) -> Date {
        let months = match self {
            Self::Day => return date,
            Self::Week => {
                let since_monday = date.weekday().to_monday_zero_offset();
                return date.saturating_sub(i64::from(since_monday).days());
            }
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Half => 6,
            Self::Year => 12,
        };
        let month = date.month() - (date.month() - 1) % months;
        // Every month has a first day.
        Date::new(date.year(), month, 1).unwrap_or(date)
    }

    /// The days of the calendar period that begins on a date.
    fn days_from(self, begin: Date) -> Days {
        (
            Day::from_date(begin),
            Day::from_date(begin.saturating_add(self.span())),
        )
    }

    /// The first day that the calendar periods from `start` on are compared with, or one before it.
    pub fn first_compared(self, start: Day) -> Day {
        let begin = start
            .date()
            .map_or(start, |date| Day::from_date(self.begin(date)));
        // The calendar period before is never longer than the year before.
        Day(begin.0.saturating_sub(DAYS_OF_A_YEAR))
    }

    /// The calendar periods from `start` to before `end`. Refused if there are more than `limit`.
    pub fn buckets(self, start: Day, end: Day, limit: usize) -> Result<Vec<Bucket>, Problem> {
        let mut buckets = Vec::new();
        // Days of activities and of periods are of the years 1900 to 2200.
        let mut next = start.date().map(|date| self.begin(date));
        while let Some(begin) = next {
            let whole = self.days_from(begin);
            if whole.0 >= end {
                break;
            }
            if buckets.len() == limit {
                return Err(Problem::list_too_long(
                    "period",
                    limit,
                    self.count(begin, end) + limit,
                ));
            }
            let days = (whole.0.max(start), whole.1.min(end));
            let before = self.begin(begin.yesterday().unwrap_or(begin));
            let year_before = match self {
                Self::Week => begin.saturating_sub(52.weeks()),
                Self::Day | Self::Month | Self::Quarter | Self::Half | Self::Year => {
                    begin.saturating_sub(1.year())
                }
            };
            buckets.push(Bucket {
                days,
                is_complete: days == whole,
                prior_period: same_days(whole, days, self.days_from(before)),
                prior_year: same_days(whole, days, self.days_from(year_before)),
            });
            next = whole.1.date().filter(|date| *date > begin);
        }
        Ok(buckets)
    }

    /// How many calendar periods begin from a date to before a day.
    fn count(self, begin: Date, end: Day) -> usize {
        let mut count = 0;
        let mut next = begin;
        while Day::from_date(next) < end {
            count += 1;
            let after = next.saturating_add(self.span());
            if after <= next {
                break;
            }
            next = after;
        }
        count
    }
}

/// The most days that a year has.
const DAYS_OF_A_YEAR: i32 = 366;

/// The same days of another calendar period, counted from its beginning, as far as it has them; all of it for a whole
/// one.
fn same_days(whole: Days, days: Days, other: Days) -> Days {
    let at = |day: Day| Day(other.0.0 + (day.0 - whole.0.0)).min(other.1);
    let end = match days.1 == whole.1 {
        true => other.1,
        false => at(days.1),
    };
    (at(days.0).min(end), end)
}

/// How much values rise from one to the next: the slope of the least-squares line through them, rounded half to even
/// to whole multiples of `unit`. `None` for fewer than two.
///
/// With `n` values `y_i`, `i` from 0, it is `(12 sum(i * y_i) - 6 (n - 1) sum(y_i)) / (n (n^2 - 1))`: the normal
/// equation (Gauss, "Theoria motus", 1809) for equidistant `i`. Values must be amounts of money or sums of minutes, and
/// at most some thousands, so that nothing leaves 128 bits.
pub fn slope(values: &[i128], unit: i128) -> Option<i128> {
    // A list in memory is shorter than any i128.
    let n = values.len() as i128;
    if n < 2 {
        return None;
    }
    let sum: i128 = values.iter().sum();
    let weighted: i128 = (0..).zip(values).map(|(i, value)| i * value).sum();
    let numerator = 12 * weighted - 6 * (n - 1) * sum;
    Some(divide_half_even(numerator, n * (n * n - 1) * unit) * unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        Day::named(text).unwrap()
    }

    fn text((start, end): Days) -> String {
        format!("{start} {end}")
    }

    fn buckets(granularity: Granularity, start: &str, end: &str) -> Vec<Bucket> {
        granularity.buckets(day(start), day(end), 1_000).unwrap()
    }

    #[test]
    fn whole_periods_stand_beside_whole_ones() {
        let months = buckets(Granularity::Month, "2024-02-01", "2024-04-01");
        assert_eq!(months.len(), 2);
        assert!(months.iter().all(|month| month.is_complete));
        assert_eq!(text(months[0].prior_period), "2024-01-01 2024-02-01");
        assert_eq!(text(months[0].prior_year), "2023-02-01 2023-03-01");
        assert_eq!(text(months[1].prior_period), "2024-02-01 2024-03-01");
        let quarter = buckets(Granularity::Quarter, "2024-04-01", "2024-07-01");
        assert_eq!(text(quarter[0].prior_period), "2024-01-01 2024-04-01");
        let half = buckets(Granularity::Half, "2024-01-01", "2024-07-01");
        assert_eq!(text(half[0].prior_period), "2023-07-01 2024-01-01");
        let year = buckets(Granularity::Year, "2024-01-01", "2025-01-01");
        assert_eq!(text(year[0].prior_period), "2023-01-01 2024-01-01");
        assert_eq!(year[0].prior_period, year[0].prior_year);
        // 2024-01-01 is a Monday; so is 2023-01-02.
        let week = buckets(Granularity::Week, "2024-01-01", "2024-01-08");
        assert_eq!(text(week[0].prior_period), "2023-12-25 2024-01-01");
        assert_eq!(text(week[0].prior_year), "2023-01-02 2023-01-09");
        let leap = buckets(Granularity::Day, "2024-02-29", "2024-03-01");
        assert_eq!(text(leap[0].prior_year), "2023-02-28 2023-03-01");
    }

    #[test]
    fn a_period_to_date_stands_beside_the_same_days() {
        let months = buckets(Granularity::Month, "2024-01-30", "2024-03-31");
        let complete: Vec<_> = months.iter().map(|month| month.is_complete).collect();
        assert_eq!(complete, [false, true, false]);
        assert_eq!(text(months[0].days), "2024-01-30 2024-02-01");
        assert_eq!(text(months[0].prior_period), "2023-12-30 2024-01-01");
        // Thirty days of March; February has no more than 29, and the one of the year before 28.
        assert_eq!(text(months[2].prior_period), "2024-02-01 2024-03-01");
        assert_eq!(text(months[2].prior_year), "2023-03-01 2023-03-31");
        // The last two days of March are beyond all of February.
        let end = buckets(Granularity::Month, "2023-03-30", "2023-04-01");
        assert_eq!(text(end[0].prior_period), "2023-03-01 2023-03-01");
    }

    #[test]
    fn too_many_periods_are_refused_with_their_number() {
        let refused = Granularity::Day.buckets(day("2024-01-01"), day("2024-02-01"), 30);
        let problem = refused.unwrap_err();
        assert_eq!(problem.metadata["actual"], "31");
        let fits = Granularity::Day.buckets(day("2024-01-01"), day("2024-02-01"), 31);
        assert_eq!(fits.unwrap().len(), 31);
    }

    #[test]
    fn a_slope_is_the_rise_per_step() {
        assert_eq!(slope(&[10, 13, 16, 19], 1), Some(3));
        assert_eq!(slope(&[0, 1, 0], 1), Some(0));
        // 2.5 is rounded to even, and so are 25 to tens.
        assert_eq!(slope(&[0, 5, 5], 1), Some(2));
        assert_eq!(slope(&[0, 50, 50], 10), Some(20));
        assert_eq!(slope(&[5, -5], 1), Some(-10));
        assert_eq!(slope(&[7], 1), None);
    }

    #[test]
    fn signs_change_below_zero() {
        assert_eq!(SignChange::between(0, -1), SignChange::TurnedNegative);
        assert_eq!(SignChange::between(-1, 0), SignChange::TurnedPositive);
        assert_eq!(SignChange::between(-2, -1), SignChange::None);
    }

    proptest! {
        #[test]
        fn calendar_periods_divide_time(start in 0..20_000, length in 1..900, which in 0..6_usize) {
            use Granularity::{Half, Month, Quarter, Week, Year};
            let granularity = [Granularity::Day, Week, Month, Quarter, Half, Year][which];
            let (start, end) = (Day(start), Day(start + length));
            let buckets = granularity.buckets(start, end, 1_000).unwrap();
            prop_assert_eq!(buckets[0].days.0, start);
            prop_assert_eq!(buckets[buckets.len() - 1].days.1, end);
            for pair in buckets.windows(2) {
                prop_assert_eq!(pair[0].days.1, pair[1].days.0);
                // What is complete stands beside the very one before it.
                if pair[0].is_complete && pair[1].is_complete {
                    prop_assert_eq!(pair[1].prior_period, pair[0].days);
                }
            }
            for bucket in &buckets {
                for other in [bucket.prior_period, bucket.prior_year] {
                    prop_assert!(other.0 <= other.1 && other.1 <= bucket.days.0.max(other.0));
                    prop_assert!(granularity.first_compared(start) <= other.0);
                }
            }
        }

        #[test]
        fn a_line_has_its_own_slope(first in -1_000_i128..1_000, rise in -1_000_i128..1_000, n in 2..400_i128) {
            let line: Vec<i128> = (0..n).map(|i| first + rise * i).collect();
            prop_assert_eq!(slope(&line, 1), Some(rise));
        }
    }
}
