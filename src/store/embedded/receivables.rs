//! What customers owe, read from the ledger: the books know which of its entries matter, and only those are read.
//!
//! What was read of all customers is kept, so that the next question reads only what was written since. Nothing is read
//! or kept of a tenant until somebody asks.

use super::{
    books::Books,
    ledger::LedgerReader,
    planted::{Planted, is_planted},
    tenants::Tenant,
};
use crate::domain::{
    id::{PartyId, TenantId},
    ledger::{Entry, Position},
    problem::Problem,
    receivables::{Change, Event, ReceivablesAnswer, ReceivablesQuestion},
    time::Calendar,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many bytes of a tenant's events are kept; if there are more, they are read for each question.
const KEPT_BYTES: usize = 256 * 1_024 * 1_024;

/// All tenants' events.
#[derive(Default)]
pub(super) struct AllEvents(Mutex<BTreeMap<TenantId, Arc<Mutex<KeptEvents>>>>);

/// What was read of one tenant: everything up to a position, whether it was taken back or not.
#[derive(Default)]
struct KeptEvents {
    read: Position,
    events: Vec<Noted>,
    bytes: usize,
}

/// An event with where it is and whose it is.
#[derive(Clone)]
struct Noted {
    position: Position,
    customer: u32,
    event: Event,
}

/// What is asked of a tenant's ledger.
pub(super) struct Reader<'a> {
    pub id: &'a TenantId,
    pub tenant: &'a Tenant,
    pub ledger: &'a LedgerReader,
    pub calendar: &'a Calendar,
}

// Nothing that is behind these locks is ever half done: what was read is added at once.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AllEvents {
    fn of(&self, tenant: &TenantId) -> Arc<Mutex<KeptEvents>> {
        Arc::clone(lock(&self.0).entry(tenant.clone()).or_default())
    }

    /// Answers a question as of a position that the books have reached.
    pub fn answer(
        &self,
        reader: &Reader<'_>,
        question: &ReceivablesQuestion,
    ) -> Result<ReceivablesAnswer, Problem> {
        if let Some(customers) = &question.customers {
            let mut events = Vec::new();
            // Who is asked for twice has its events once.
            for customer in customers.iter().collect::<BTreeSet<_>>() {
                let rows = reader.rows_of(customer, question.as_of)?;
                events.extend(reader.events(rows)?);
            }
            return reader.told(events.iter(), question);
        }
        let kept = self.of(reader.id);
        let mut kept = lock(&kept);
        let is_read = kept.read > 0 && is_planted(Planted::OweFirst);
        if kept.read < question.as_of && !is_read {
            let rows = {
                let books = reader.tenant.read()?;
                books.receivable_rows(kept.read, question.as_of)
            };
            let new = reader.events(rows)?;
            kept.bytes += new.iter().map(Noted::bytes).sum::<usize>();
            kept.events.extend(new);
            kept.read = question.as_of;
        }
        let answer = reader.told(kept.events.iter(), question)?;
        if kept.bytes > KEPT_BYTES {
            *kept = KeptEvents::default();
        }
        Ok(answer)
    }
}

impl Noted {
    /// How many bytes it takes.
    fn bytes(&self) -> usize {
        let (Change::Invoice { invoice_id, .. }
        | Change::Settle { invoice_id, .. }
        | Change::Dispute { invoice_id, .. }) = &self.event.change;
        size_of::<Self>() + invoice_id.len()
    }
}

impl Reader<'_> {
    /// Where one customer's events are.
    fn rows_of(
        &self,
        customer: &PartyId,
        as_of: Position,
    ) -> Result<Vec<(Position, u32)>, Problem> {
        let books = self.tenant.read()?;
        let number = books.customers.number(customer.as_str());
        Ok(number.map_or_else(Vec::new, |number| books.receivable_rows_of(number, as_of)))
    }

    /// Reads the events at some positions, which rise.
    fn events(&self, rows: Vec<(Position, u32)>) -> Result<Vec<Noted>, Problem> {
        let mut events = Vec::with_capacity(rows.len());
        for (position, customer) in rows {
            let stored = self.ledger.entry(self.id, position)?;
            // The books only know what may be one.
            if let Entry::Activity(activity) = &stored.entry
                && let Some(event) = Event::of(activity, self.calendar)
            {
                events.push(Noted {
                    position,
                    customer,
                    event,
                });
            }
        }
        Ok(events)
    }

    /// Those that a question asks for, by customer.
    fn told<'e>(
        &self,
        events: impl Iterator<Item = &'e Noted>,
        question: &ReceivablesQuestion,
    ) -> Result<ReceivablesAnswer, Problem> {
        let books = self.tenant.read()?;
        let mut by_number: BTreeMap<u32, Vec<Event>> = BTreeMap::new();
        for noted in events {
            let is_wanted = noted.position <= question.as_of
                && question
                    .before
                    .is_none_or(|before| noted.event.day < before)
                && (books.reversed_at(noted.position, question.as_of).is_none()
                    || is_planted(Planted::OweReversed));
            if is_wanted {
                let own = by_number.entry(noted.customer).or_default();
                own.push(noted.event.clone());
            }
        }
        Ok(named(&books, by_number))
    }
}

fn named(books: &Books, by_number: BTreeMap<u32, Vec<Event>>) -> ReceivablesAnswer {
    let each = by_number.into_iter().map(|(number, mut events)| {
        events.sort_unstable();
        (books.customer(number), events)
    });
    each.collect()
}
