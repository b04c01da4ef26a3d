//! Figures of what one customer, or all of them, owe and pay: sums that can be added up, and ratios of them.

use super::{
    Change, Event,
    ageing::{BUCKETS, Owed, ageing},
    settlement::{Settlement, days_between},
};
use crate::domain::{
    money::divide_half_even,
    time::{Day, Period},
};
use std::cmp::Ordering;

/// Days are told in thousandths.
const MILLI: i128 = 1_000;

/// Sums as of the end of a period, in micro-units. What is disputed is a part of what is open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// What is open, by how long it is overdue.
    pub ageing: [Owed; BUCKETS],
    /// What was received or credited beyond all that was billed.
    pub credit: i128,
    /// What was billed in the period, less what was credited.
    pub billed: i128,
    /// The first day of the period, or of anything that happened if the period has no start.
    pub first_day: Option<Day>,
    /// What fell due up to the end of the period, however long ago, less what was credited of it and what is disputed.
    pub fell_due: i128,
    /// What was paid of that.
    pub paid: i128,
    /// The amounts of that which were paid late, each times the days that it was late.
    pub late: i128,
    /// What was given up of all that was billed.
    pub written_off: i128,
}

impl Figures {
    /// The figures of one customer with these events, and what they are made of. The period ends before `end`.
    pub fn of(events: &[Event], period: &Period, end: Day) -> (Self, Settlement) {
        let settlement = Settlement::of(events, end);
        let mut figures = Self {
            ageing: ageing(&settlement, end),
            credit: settlement.credit,
            first_day: period.start.or_else(|| Some(events.first()?.day)),
            ..Self::default()
        };
        for invoice in &settlement.invoices {
            figures.written_off += invoice.written_off;
            if invoice.due < end {
                figures.fell_due += invoice.billed - invoice.credited - invoice.disputed();
                figures.paid += invoice.paid;
                figures.late += invoice.late;
            }
        }
        let in_period =
            |event: &&Event| event.day < end && period.start.is_none_or(|start| start <= event.day);
        for event in events.iter().filter(in_period) {
            let is_billing = match &event.change {
                Change::Invoice { .. } => true,
                Change::Settle { by, .. } => *by == super::Means::CreditNote,
                Change::Dispute { .. } => false,
            };
            if is_billing {
                figures.billed += event.raises();
            }
        }
        (figures, settlement)
    }

    /// Adds those of another customer, of the same period.
    pub fn add(&mut self, other: &Self) {
        for (own, more) in self.ageing.iter_mut().zip(other.ageing) {
            *own = own.plus(more);
        }
        self.first_day = match (self.first_day, other.first_day) {
            (Some(own), Some(other)) => Some(own.min(other)),
            (own, other) => own.or(other),
        };
        self.credit += other.credit;
        self.billed += other.billed;
        self.fell_due += other.fell_due;
        self.paid += other.paid;
        self.late += other.late;
        self.written_off += other.written_off;
    }

    /// All that is open.
    pub fn open(&self) -> Owed {
        self.ageing
            .iter()
            .fold(Owed::default(), |sum, owed| sum.plus(*owed))
    }

    /// What is open and past its due day.
    pub fn overdue(&self) -> Owed {
        let overdue = self.ageing.iter().skip(1);
        overdue.fold(Owed::default(), |sum, owed| sum.plus(*owed))
    }

    /// Days sales outstanding: what is open at the end of the period over what was billed in it, times the days of the
    /// period, in thousandths of a day, rounded half to even: the "regular DSO" of the Credit Research Foundation.
    /// `None` if nothing was billed. `owed` says what counts as open: all of it, what is not disputed, or what is not
    /// overdue.
    pub fn days_outstanding(&self, owed: i128, end: Day) -> Option<i128> {
        let days = days_between(self.first_day?, end);
        (self.billed > 0 && days > 0).then(|| divide_half_even(owed * days * MILLI, self.billed))
    }

    /// How many days late what was paid was on the average, weighted by the amounts, in thousandths of a day, rounded
    /// half to even; what was paid early is not late. `None` if nothing was paid.
    pub fn days_late(&self) -> Option<i128> {
        (self.paid > 0).then(|| divide_half_even(self.late * MILLI, self.paid))
    }

    /// The order of solvency, the best first: by the paid part of what fell due; of equal parts by how late it was
    /// paid. Those of whom nothing fell due are the last.
    pub fn compare_solvency(&self, other: &Self) -> Ordering {
        let part = |one: &Self| (one.paid, one.fell_due);
        let ratio = |(a, whole_a), (b, whole_b)| cross(b, whole_a).cmp(&cross(a, whole_b));
        let lateness = |one: &Self| (one.late, one.paid);
        match (self.fell_due > 0, other.fell_due > 0) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => Ordering::Equal,
            (true, true) => ratio(part(self), part(other)).then_with(|| {
                let (own, others) = (lateness(self), lateness(other));
                match (own.1 > 0, others.1 > 0) {
                    (true, true) => ratio(others, own),
                    // Both parts are nothing: nobody was late with nothing.
                    _ => Ordering::Equal,
                }
            }),
        }
    }
}

/// A product that no sums of money leave.
fn cross(a: i128, b: i128) -> ethnum::I256 {
    ethnum::I256::from(a) * ethnum::I256::from(b)
}
