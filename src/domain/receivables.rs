//! What customers owe: invoices, what settles them, and disputes. Events go by day; all else here is made of them.
//!
//! Knows no clock: whatever is said is said as of the end of a day.

pub mod ageing;
pub mod cost;
pub mod figures;
pub mod settlement;
#[cfg(test)]
mod tests;

use super::{
    activity::{Activity, Kind},
    id::PartyId,
    ledger::Position,
    money::Micros,
    time::{Calendar, Day, Instant},
};
use std::collections::BTreeMap;

/// Something that changes what a customer owes. Events of one customer are in their natural order: by time, and of one
/// time by what they are, so that it does not matter in which order they were written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    /// When it happened.
    pub time: Instant,
    /// On which day that is.
    pub day: Day,
    /// What changes.
    pub change: Change,
}

/// What changes; amounts in micro-units. Of equal times what comes first here is first, and a dispute begins before it
/// ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// An amount was billed.
    Invoice {
        /// Its number.
        invoice_id: String,
        /// When it is to be paid; at once if the invoice does not say.
        due: Day,
        /// How much.
        amount: Micros,
    },
    /// Something settles what is open.
    Settle {
        /// By what.
        by: Means,
        /// The invoice; empty if none is named.
        invoice_id: String,
        /// How much.
        amount: Micros,
    },
    /// An invoice is disputed, or no longer.
    Dispute {
        /// The invoice.
        invoice_id: String,
        /// Whether the dispute ends.
        resolved: bool,
    },
}

/// By what something is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Means {
    /// It was credited.
    CreditNote,
    /// It was paid.
    Payment,
    /// It was given up.
    WriteOff,
}

impl Event {
    /// What an activity changes of what its customer owes, if anything.
    pub fn of(activity: &Activity, calendar: &Calendar) -> Option<Self> {
        let settle = |by, invoice_id: &String, amount: &Micros| Change::Settle {
            by,
            invoice_id: invoice_id.clone(),
            amount: *amount,
        };
        let time = activity.occur_time;
        let change = match &activity.kind {
            Kind::Invoice {
                invoice_id,
                amount,
                due_time,
            } => Change::Invoice {
                invoice_id: invoice_id.clone(),
                due: calendar.day(due_time.unwrap_or(time)),
                amount: *amount,
            },
            Kind::CreditNote { amount, invoice_id } => {
                settle(Means::CreditNote, invoice_id, amount)
            }
            Kind::Payment { amount, invoice_id } => settle(Means::Payment, invoice_id, amount),
            Kind::WriteOff { amount, invoice_id } => settle(Means::WriteOff, invoice_id, amount),
            Kind::Dispute {
                invoice_id,
                resolved,
            } => Change::Dispute {
                invoice_id: invoice_id.clone(),
                resolved: *resolved,
            },
            Kind::Sale { .. }
            | Kind::Refund { .. }
            | Kind::DirectCost { .. }
            | Kind::Effort { .. }
            | Kind::Complaint { .. }
            | Kind::SpecialDemand { .. }
            | Kind::Referral { .. }
            | Kind::Relationship(_) => return None,
        };
        Some(Self {
            time,
            day: calendar.day(time),
            change,
        })
    }

    /// By how much it raises what is owed in all, in micro-units.
    pub fn raises(&self) -> i128 {
        match &self.change {
            Change::Invoice { amount, .. } => i128::from(*amount),
            Change::Settle { amount, .. } => -i128::from(*amount),
            Change::Dispute { .. } => 0,
        }
    }
}

/// Asks for the events of customers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReceivablesQuestion {
    /// Only these customers; all of them if `None`.
    pub customers: Option<Vec<PartyId>>,
    /// Only what happened before this day.
    pub before: Option<Day>,
    /// Only what was written up to this position, and was not taken back up to it.
    pub as_of: Position,
}

/// The events of each customer who has any, in their natural order.
pub type ReceivablesAnswer = BTreeMap<PartyId, Vec<Event>>;

/// The day after the last event of anybody: where a period ends that has no end.
pub fn end_of_all(events: &ReceivablesAnswer) -> Option<Day> {
    let last = events.values().filter_map(|events| events.last());
    last.map(|event| event.day.next()).max()
}
