//! How long what is open has been overdue.

use super::settlement::{Settlement, days_between};
use crate::domain::time::Day;

/// How many buckets there are.
pub const BUCKETS: usize = 5;

/// How many days what is open is past its due day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// It is not due, or due on this very day.
    NotDue,
    /// 1 to 30 days.
    UpTo30,
    /// 31 to 60 days.
    UpTo60,
    /// 61 to 90 days.
    UpTo90,
    /// More than 90 days.
    Over90,
}

impl Bucket {
    /// All of them, in the order of their days.
    pub const ALL: [Self; BUCKETS] = [
        Self::NotDue,
        Self::UpTo30,
        Self::UpTo60,
        Self::UpTo90,
        Self::Over90,
    ];

    /// The bucket of what is so many days past its due day.
    pub fn of(days_past_due: i128) -> Self {
        match days_past_due {
            ..=0 => Self::NotDue,
            1..=30 => Self::UpTo30,
            31..=60 => Self::UpTo60,
            61..=90 => Self::UpTo90,
            91.. => Self::Over90,
        }
    }
}

/// What is owed, in micro-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Owed {
    /// All that is open.
    pub open: i128,
    /// How much of it is disputed.
    pub disputed: i128,
}

impl Owed {
    /// With something more.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self {
            open: self.open + more.open,
            disputed: self.disputed + more.disputed,
        }
    }
}

/// What is owed by bucket, in the order of [`Bucket::ALL`], as of the end of the day before a day.
pub fn ageing(settlement: &Settlement, before: Day) -> [Owed; BUCKETS] {
    let mut buckets = [Owed::default(); BUCKETS];
    for invoice in &settlement.invoices {
        let bucket = Bucket::of(days_past_due(invoice.due, before));
        let owed = &mut buckets[bucket as usize];
        *owed = owed.plus(Owed {
            open: invoice.open(),
            disputed: invoice.disputed(),
        });
    }
    buckets
}

/// How many days something is past its due day on the day before a day; below zero if it is not due.
pub fn days_past_due(due: Day, before: Day) -> i128 {
    days_between(due, before) - 1
}
