//! What customers owe by what was written, found by looking at every entry for every question.

use super::TenantTruth;
use crate::domain::{
    activity::{Activity, Kind},
    ledger::Entry,
    receivables::{Change, Event, Means, ReceivablesAnswer, ReceivablesQuestion},
    time::Calendar,
};

/// What an activity changes, said in words of its own: [`Event::of`] is what the engine has.
fn change(activity: &Activity, calendar: &Calendar) -> Option<Change> {
    let (by, invoice_id, amount) = match &activity.kind {
        Kind::Invoice {
            invoice_id,
            amount,
            due_time,
        } => {
            let due = due_time.as_ref().unwrap_or(&activity.occur_time);
            return Some(Change::Invoice {
                invoice_id: invoice_id.clone(),
                due: calendar.day(*due),
                amount: *amount,
            });
        }
        Kind::Dispute {
            invoice_id,
            resolved,
        } => {
            return Some(Change::Dispute {
                invoice_id: invoice_id.clone(),
                resolved: *resolved,
            });
        }
        Kind::Payment { amount, invoice_id } => (Means::Payment, invoice_id, *amount),
        Kind::WriteOff { amount, invoice_id } => (Means::WriteOff, invoice_id, *amount),
        Kind::CreditNote { amount, invoice_id } => (Means::CreditNote, invoice_id, *amount),
        Kind::Sale { .. }
        | Kind::Refund { .. }
        | Kind::DirectCost { .. }
        | Kind::Effort { .. }
        | Kind::Complaint { .. }
        | Kind::SpecialDemand { .. }
        | Kind::Referral { .. }
        | Kind::Relationship(_) => return None,
    };
    Some(Change::Settle {
        by,
        invoice_id: invoice_id.clone(),
        amount,
    })
}

impl TenantTruth {
    /// The events of each customer who has any.
    pub fn receivables(
        &self,
        question: &ReceivablesQuestion,
        calendar: &Calendar,
    ) -> ReceivablesAnswer {
        let mut answer = ReceivablesAnswer::new();
        for written in &self.entries {
            let Entry::Activity(activity) = &written.entry else {
                continue;
            };
            let day = calendar.day(activity.occur_time);
            let is_there = written.position <= question.as_of
                && written
                    .taken_back
                    .is_none_or(|position| position > question.as_of);
            let is_asked_for = match &question.customers {
                Some(customers) => customers.contains(&activity.customer_id),
                None => true,
            };
            let is_before = question.before.is_none_or(|before| day < before);
            if let Some(change) = change(activity, calendar)
                && is_there
                && is_asked_for
                && is_before
            {
                let own = answer.entry(activity.customer_id.clone()).or_default();
                own.push(Event {
                    time: activity.occur_time,
                    day,
                    change,
                });
            }
        }
        answer.values_mut().for_each(|events| events.sort());
        answer
    }
}
