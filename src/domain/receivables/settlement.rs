//! Which invoices are settled by what: what is open of each as of the end of a day.
//!
//! What names an invoice settles that one. What names none, what names an invoice that is not there yet, and what is
//! beyond the amount of the named one is on account: it settles what is open of the invoice that is due first (of one
//! day the one that was billed first, then by its number), the oldest money first. What is left then is the credit
//! balance. So a customer has something open or a credit, never both, and what is open less the credit is what was
//! billed less all that was credited, paid and given up.
//!
//! The whole is made anew for each day from all events up to it. It depends on nothing else: not on the order in which
//! activities were written, nor on what was taken back.

use super::{Change, Event, Means};
use crate::domain::{money::divide_half_even, time::Day};
use std::collections::BTreeMap;

/// One invoice as of the end of a day; amounts in micro-units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Its number. Several invoices of one number and customer are one.
    pub invoice_id: String,
    /// When it was billed.
    pub billed_on: Day,
    /// When it is to be paid.
    pub due: Day,
    /// How much was billed.
    pub billed: i128,
    /// How much of that was credited.
    pub credited: i128,
    /// How much was paid.
    pub paid: i128,
    /// How much was given up.
    pub written_off: i128,
    /// Whether it is disputed.
    pub is_disputed: bool,
    /// The amounts paid after the due day, each times the days that it was late.
    pub late: i128,
    /// The last day on which anything of it was paid.
    pub last_paid_on: Option<Day>,
}

impl Invoice {
    /// What is open of it; never below zero.
    pub fn open(&self) -> i128 {
        self.billed - self.credited - self.paid - self.written_off
    }

    /// How much of that is disputed.
    pub fn disputed(&self) -> i128 {
        if self.is_disputed { self.open() } else { 0 }
    }

    /// How many days late what was paid was on the average, weighted by the amounts, in thousandths of a day, rounded
    /// half to even. `None` if nothing was paid.
    pub fn days_late(&self) -> Option<i128> {
        (self.paid > 0).then(|| divide_half_even(self.late * 1_000, self.paid))
    }

    /// Settles as much of an amount as is open; gives what is left of it.
    fn settle(&mut self, by: Means, day: Day, amount: i128) -> i128 {
        let taken = amount.min(self.open());
        match by {
            Means::CreditNote => self.credited += taken,
            Means::WriteOff => self.written_off += taken,
            Means::Payment => {
                self.paid += taken;
                // Money that came before the invoice settles it when it is billed.
                let day = day.max(self.billed_on);
                self.late += taken * days_between(self.due, day).max(0);
                if taken > 0 {
                    self.last_paid_on = self.last_paid_on.max(Some(day));
                }
            }
        }
        amount - taken
    }
}

/// Days from one to another.
pub fn days_between(from: Day, to: Day) -> i128 {
    i128::from(to.0) - i128::from(from.0)
}

/// What a customer owes as of the end of a day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settlement {
    /// The invoices, in the order in which they are due, settled ones too.
    pub invoices: Vec<Invoice>,
    /// What was received or credited beyond all that was billed, in micro-units; zero or more.
    pub credit: i128,
}

/// What settles no invoice by its number.
struct OnAccount {
    by: Means,
    day: Day,
    amount: i128,
}

impl Settlement {
    /// What becomes of the events before a day; `events` are in their natural order.
    pub fn of(events: &[Event], before: Day) -> Self {
        let events = || events.iter().filter(|event| event.day < before);
        let mut invoices = billed(events());
        let mut on_account = Vec::new();
        for event in events() {
            match &event.change {
                Change::Invoice { .. } => {}
                Change::Settle {
                    by,
                    invoice_id,
                    amount,
                } => {
                    let (by, day, amount) = (*by, event.day, i128::from(*amount));
                    let amount = match invoices.get_mut(invoice_id.as_str()) {
                        Some(invoice) => invoice.settle(by, day, amount),
                        None => amount,
                    };
                    if amount > 0 {
                        on_account.push(OnAccount { by, day, amount });
                    }
                }
                Change::Dispute {
                    invoice_id,
                    resolved,
                } => {
                    if let Some(invoice) = invoices.get_mut(invoice_id.as_str()) {
                        invoice.is_disputed = !resolved;
                    }
                }
            }
        }
        let mut invoices: Vec<Invoice> = invoices.into_values().collect();
        invoices.sort_by(|a, b| {
            let key = |invoice: &Invoice| (invoice.due, invoice.billed_on);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.invoice_id.cmp(&b.invoice_id))
        });
        let credit = settle_oldest(&mut invoices, on_account);
        Self { invoices, credit }
    }

    /// What is open of all invoices, in micro-units.
    pub fn open(&self) -> i128 {
        self.invoices.iter().map(Invoice::open).sum()
    }
}

/// The invoices by their numbers, before anything is settled. Of several of one number the amounts are added up, the
/// first says when it was billed and the last when it is due.
fn billed<'e>(events: impl Iterator<Item = &'e Event>) -> BTreeMap<&'e str, Invoice> {
    let mut invoices = BTreeMap::new();
    for event in events {
        let Change::Invoice {
            invoice_id,
            due,
            amount,
        } = &event.change
        else {
            continue;
        };
        let invoice = invoices.entry(invoice_id.as_str()).or_insert(Invoice {
            invoice_id: invoice_id.clone(),
            billed_on: event.day,
            due: *due,
            billed: 0,
            credited: 0,
            paid: 0,
            written_off: 0,
            is_disputed: false,
            late: 0,
            last_paid_on: None,
        });
        invoice.billed += i128::from(*amount);
        invoice.due = *due;
    }
    invoices
}

/// Settles what is open by what is on account, both in their order; gives what is left.
fn settle_oldest(invoices: &mut [Invoice], on_account: Vec<OnAccount>) -> i128 {
    let mut open = invoices.iter_mut().filter(|invoice| invoice.open() > 0);
    let mut next = open.next();
    let mut credit = 0;
    for OnAccount {
        by,
        day,
        mut amount,
    } in on_account
    {
        while amount > 0
            && let Some(invoice) = next.as_mut()
        {
            amount = invoice.settle(by, day, amount);
            if invoice.open() == 0 {
                next = open.next();
            }
        }
        credit += amount;
    }
    credit
}
