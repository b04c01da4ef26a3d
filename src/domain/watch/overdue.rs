//! Open invoices, from what was billed, paid and given up: a simple sum for each invoice, made from the ledger.
//!
//! What was paid or given up under an invoice's number settles this invoice. All other payments, and what an invoice
//! was overpaid by, settle the customer's invoices that are due first.

use super::alert::Overdue;
use crate::domain::{
    activity::Kind,
    id::{ActivityId, PartyId},
    ledger::Entry,
    money::{Nanos, to_nanos},
    time::{Calendar, Day},
};
use std::collections::BTreeMap;

/// One activity that bills or settles.
#[derive(Debug, Clone)]
struct Fact {
    customer: PartyId,
    invoice_id: String,
    billed: Nanos,
    settled: Nanos,
    due: Option<Day>,
}

#[derive(Debug, Clone, Default)]
struct Invoice {
    billed: Nanos,
    settled: Nanos,
    /// The due days of what was billed under its number; it is due on the first of them.
    due: BTreeMap<Day, u32>,
}

/// What is open, invoice by invoice.
#[derive(Debug, Clone, Default)]
pub struct OpenInvoices {
    facts: BTreeMap<ActivityId, Fact>,
    invoices: BTreeMap<PartyId, BTreeMap<String, Invoice>>,
}

impl OpenInvoices {
    /// How many activities are kept: all that bill or settle, since each can be taken back.
    pub fn size(&self) -> usize {
        self.facts.len()
    }

    /// Takes in the next entry of the ledger.
    pub fn add(&mut self, entry: &Entry, calendar: &Calendar) {
        match entry {
            Entry::Activity(activity) => {
                let (invoice_id, billed, settled, due) = match &activity.kind {
                    Kind::Invoice {
                        invoice_id,
                        amount,
                        due_time,
                        ..
                    } => (invoice_id, *amount, 0, due_time.map(|t| calendar.day(t))),
                    Kind::Payment {
                        invoice_id, amount, ..
                    }
                    | Kind::WriteOff {
                        invoice_id, amount, ..
                    } => (invoice_id, 0, *amount, None),
                    Kind::Sale { .. }
                    | Kind::Refund { .. }
                    | Kind::DirectCost { .. }
                    | Kind::Effort { .. }
                    | Kind::Complaint { .. }
                    | Kind::SpecialDemand { .. }
                    | Kind::Referral { .. } => return,
                };
                let fact = Fact {
                    customer: activity.customer_id.clone(),
                    invoice_id: invoice_id.clone(),
                    billed: to_nanos(billed),
                    settled: to_nanos(settled),
                    due,
                };
                self.count(&fact, 1);
                self.facts.insert(activity.activity_id.clone(), fact);
            }
            Entry::Reversal(reversal) => {
                if let Some(fact) = self.facts.remove(&reversal.activity_id) {
                    self.count(&fact, -1);
                }
            }
        }
    }

    fn count(&mut self, fact: &Fact, sign: Nanos) {
        let of_customer = self.invoices.entry(fact.customer.clone()).or_default();
        let invoice = of_customer.entry(fact.invoice_id.clone()).or_default();
        invoice.billed += sign * fact.billed;
        invoice.settled += sign * fact.settled;
        if let Some(due) = fact.due {
            let count = invoice.due.entry(due).or_default();
            *count = count.saturating_add_signed(if sign > 0 { 1 } else { -1 });
            invoice.due.retain(|_, count| *count > 0);
        }
    }

    /// The customers with invoices that were due on `last` or before and are not settled, as seen on `today`.
    pub fn overdue(&self, last: Day, today: Day) -> BTreeMap<PartyId, Overdue> {
        let each = self.invoices.iter();
        each.filter_map(|(customer, invoices)| {
            Some((customer.clone(), overdue_of(invoices, last, today)?))
        })
        .collect()
    }
}

fn overdue_of(invoices: &BTreeMap<String, Invoice>, last: Day, today: Day) -> Option<Overdue> {
    let open = |invoice: &Invoice| invoice.billed - invoice.settled;
    let mut credit: Nanos = invoices.values().map(|one| (-open(one)).max(0)).sum();
    let unsettled = invoices.iter().filter(|(_, invoice)| open(invoice) > 0);
    // What has no due day is due last.
    let mut unsettled: Vec<_> = unsettled
        .map(|(id, invoice)| {
            (
                invoice.due.keys().next().map_or(Day(i32::MAX), |d| *d),
                id,
                invoice,
            )
        })
        .collect();
    unsettled.sort_by_key(|(due, id, _)| (*due, *id));
    let mut found: Option<Overdue> = None;
    for (due, id, invoice) in unsettled {
        let covered = credit.min(open(invoice));
        credit -= covered;
        let amount = open(invoice) - covered;
        if amount == 0 || due > last {
            continue;
        }
        let overdue = found.get_or_insert_with(|| Overdue {
            amount: 0,
            invoices: 0,
            oldest: id.clone(),
            oldest_days: today.0 - due.0,
        });
        overdue.amount += amount;
        overdue.invoices += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        activity::{Activity, Dimensions},
        ledger::Reversal,
        time::Instant,
    };

    fn calendar() -> Calendar {
        Calendar::of_zone("UTC").unwrap()
    }

    fn at(day: i64) -> Instant {
        Instant {
            seconds: day * 86_400,
            nanos: 0,
        }
    }

    fn entry(id: &str, kind: Kind) -> Entry {
        Entry::Activity(Activity {
            activity_id: ActivityId::stored(id),
            customer_id: PartyId::stored("c"),
            occur_time: at(1),
            dimensions: Dimensions::default(),
            kind,
        })
    }

    fn invoice(id: &str, amount: i64, due: i64) -> Entry {
        let kind = Kind::Invoice {
            invoice_id: id.to_owned(),
            amount,
            due_time: Some(at(due)),
        };
        entry(id, kind)
    }

    fn payment(id: &str, amount: i64, invoice: &str) -> Entry {
        let kind = Kind::Payment {
            amount,
            invoice_id: invoice.to_owned(),
        };
        entry(id, kind)
    }

    fn reversal(of: &str) -> Entry {
        Entry::Reversal(Reversal {
            reversal_id: ActivityId::stored(&format!("no-{of}")),
            activity_id: ActivityId::stored(of),
            reason: String::new(),
            evidence_ref: String::new(),
        })
    }

    fn told(entries: &[Entry], last: i32) -> Option<(Nanos, u64, String)> {
        let mut open = OpenInvoices::default();
        for entry in entries {
            open.add(entry, &calendar());
        }
        let found = open
            .overdue(Day(last), Day(last + 1))
            .remove(&PartyId::stored("c"));
        found.map(|one| (one.amount / 1_000, one.invoices, one.oldest))
    }

    #[test]
    fn an_invoice_is_overdue_until_it_is_settled() {
        let mut all = vec![invoice("i", 100, 10), invoice("j", 50, 20)];
        assert_eq!(told(&all, 9), None);
        assert_eq!(told(&all, 10), Some((100, 1, "i".to_owned())));
        assert_eq!(told(&all, 20), Some((150, 2, "i".to_owned())));
        all.push(payment("p", 60, "i"));
        assert_eq!(told(&all, 10), Some((40, 1, "i".to_owned())));
        // Without a number it settles what is due first, and so does what is paid too much.
        all.push(payment("q", 45, ""));
        assert_eq!(told(&all, 20), Some((45, 1, "j".to_owned())));
        all.push(payment("r", 45, "j"));
        assert_eq!(told(&all, 20), None);
        all.push(reversal("q"));
        assert_eq!(told(&all, 20), Some((45, 2, "i".to_owned())));
        all.push(reversal("i"));
        assert_eq!(told(&all, 20), None);
    }
}
