//! Calendar months that a tenant closed: which month, where in the order of writes, and what may be closed next.
//!
//! A closing is a record at a position. It changes no sum: it only names the position as of which the month is read for
//! ever as it was closed. Knows neither clock nor time zone.

use super::{
    id::RequestId,
    ledger::Position,
    problem::{Problem, Reason},
    time::{Day, Instant, Period},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The years in which activities can happen.
const YEARS: (i16, i16) = (1900, 2199);

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// Takes a month that a client sent; `field` is named if it is refused.
    pub fn parse(year: i32, month: i32, field: &str) -> Result<Self, Problem> {
        let refuse = |name: &str, (least, most): (i16, i16)| {
            let field = format!("{field}.{name}");
            Problem::number_out_of_range(&field, &least.to_string(), &most.to_string())
        };
        let year = i16::try_from(year).ok();
        let year = year.filter(|year| (YEARS.0..=YEARS.1).contains(year));
        let month = i8::try_from(month).ok();
        let month = month.filter(|month| (1..=12).contains(month));
        Ok(Self {
            year: year.ok_or_else(|| refuse("year", YEARS))?,
            month: month.ok_or_else(|| refuse("month", (1, 12)))?,
        })
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.year
    }

    /// The month of the year, from 1.
    pub fn month(self) -> i8 {
        self.month
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        match self.month {
            12 => Self {
                year: self.year + 1,
                month: 1,
            },
            _ => Self {
                month: self.month + 1,
                ..self
            },
        }
    }

    fn first_day(self) -> Day {
        // Both are in range, by `parse`.
        Date::new(self.year, self.month, 1).map_or(Day(0), Day::from_date)
    }

    /// The day after its last.
    pub fn end(self) -> Day {
        self.next().first_day()
    }

    /// Its days.
    pub fn period(self) -> Period {
        Period {
            start: Some(self.first_day()),
            end: Some(self.end()),
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// A month to close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosingDraft {
    /// Which.
    pub month: Month,
    /// Who closed it, or what for.
    pub note: String,
    /// The idempotency key.
    pub request_id: RequestId,
}

/// A closed month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// Where it was closed: it is read as of here.
    pub position: Position,
    /// When it was closed.
    pub record_time: Instant,
    /// What was asked for.
    pub draft: ClosingDraft,
}

/// What becomes of a month that is to be closed; `None` if it is to be written. `closed` holds all closed months, the
/// oldest first.
pub fn decide(closed: &[Closing], draft: &ClosingDraft) -> Option<Result<Position, Problem>> {
    let same_request = |closing: &&Closing| closing.draft.request_id == draft.request_id;
    if let Some(closing) = closed.iter().find(same_request) {
        return Some(match closing.draft == *draft {
            true => Ok(closing.position),
            false => Err(request_id_reused(&draft.request_id)),
        });
    }
    if let Some(closing) = of_month(closed, draft.month) {
        return Some(Ok(closing.position));
    }
    let next = closed.last()?.draft.month.next();
    (draft.month != next).then(|| Err(out_of_order(draft.month, next)))
}

/// The closing of a month.
pub fn of_month(closed: &[Closing], month: Month) -> Option<&Closing> {
    closed.iter().find(|closing| closing.draft.month == month)
}

fn request_id_reused(request_id: &RequestId) -> Problem {
    let message = format!("request_id {request_id} was used to close with another month or note");
    let variables = [("request_id", request_id.to_string())];
    Problem::new(Reason::RequestIdReused, "request_id", message, variables)
}

fn out_of_order(month: Month, next: Month) -> Problem {
    let message = format!("{month} cannot be closed, {next} is next");
    let variables = [("month", month.to_string()), ("next", next.to_string())];
    Problem::new(Reason::ClosingOutOfOrder, "month", message, variables)
}

/// Refuses a question about a month that is not closed up to a position.
pub fn not_closed(field: &str, month: Month, position: Position) -> Problem {
    let message = format!("{month} is not closed up to position {position}");
    let variables = [
        ("month", month.to_string()),
        ("position", position.to_string()),
    ];
    Problem::new(Reason::PeriodNotClosed, field, message, variables)
}

/// Refuses a month that is not over.
pub fn not_over(month: Month) -> Problem {
    let message = format!("{month} is not over before {}", month.end());
    let variables = [
        ("month", month.to_string()),
        ("end", month.end().to_string()),
    ];
    Problem::new(Reason::PeriodNotOver, "month", message, variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(year: i32, month: i32, request: &str, note: &str) -> ClosingDraft {
        ClosingDraft {
            month: Month::parse(year, month, "month").unwrap(),
            note: note.to_owned(),
            request_id: RequestId::stored(request),
        }
    }

    fn closed(position: Position, draft: ClosingDraft) -> Closing {
        let record_time = Instant {
            seconds: 0,
            nanos: 0,
        };
        Closing {
            position,
            record_time,
            draft,
        }
    }

    #[test]
    fn a_month_has_its_days() {
        let february = Month::parse(2024, 2, "month").unwrap();
        let days = february.period();
        let text = |day: Option<Day>| day.unwrap().to_string();
        assert_eq!(
            (text(days.start), text(days.end)),
            ("2024-02-01".into(), "2024-03-01".into())
        );
        let december = Month::parse(2199, 12, "month").unwrap();
        assert_eq!(december.to_string(), "2199-12");
        assert_eq!(december.end().to_string(), "2200-01-01");
        for (year, month) in [
            (1899, 1),
            (2200, 1),
            (2024, 0),
            (2024, 13),
            (i32::MAX, i32::MIN),
        ] {
            let problem = Month::parse(year, month, "month").unwrap_err();
            assert_eq!(problem.reason, Reason::NumberOutOfRange);
        }
    }

    #[test]
    fn months_close_in_their_order_and_once() {
        let march = draft(2024, 3, "q1", "first");
        assert_eq!(decide(&[], &march), None, "the first can be any");
        let all = [
            closed(4, draft(2023, 12, "q0", "")),
            closed(9, draft(2024, 1, "q1", "first")),
        ];
        assert_eq!(decide(&all, &draft(2024, 1, "q1", "first")), Some(Ok(9)));
        assert_eq!(
            decide(&all, &draft(2023, 12, "other", "again")),
            Some(Ok(4))
        );
        assert_eq!(decide(&all, &draft(2024, 2, "q2", "")), None);
        let reason = |draft: &ClosingDraft| decide(&all, draft).unwrap().unwrap_err().reason;
        assert_eq!(
            reason(&draft(2024, 1, "q1", "second")),
            Reason::RequestIdReused
        );
        assert_eq!(reason(&march), Reason::RequestIdReused);
        assert_eq!(reason(&draft(2024, 3, "q3", "")), Reason::ClosingOutOfOrder);
        assert_eq!(
            reason(&draft(2023, 11, "q3", "")),
            Reason::ClosingOutOfOrder
        );
    }
}
