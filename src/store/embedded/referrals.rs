//! Who brought whom, read from the ledger: the books know which of its entries may tell it, and only those are read.
//!
//! What was read is kept, so that the next question reads only what was written since. Nothing is read or kept of a
//! tenant until somebody asks.

use super::{ledger::LedgerReader, questions::Questions, tenants::Tenant};
use crate::domain::{
    id::TenantId,
    ledger::{Entry, Position},
    problem::Problem,
    referral::{Fact, ReferralsAnswer, ReferralsQuestion},
    time::Calendar,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many facts of a tenant are kept; if there are more, they are read for each question.
const KEPT: usize = 2_000_000;

/// All tenants' facts.
#[derive(Default)]
pub(super) struct AllReferrals(Mutex<BTreeMap<TenantId, Arc<Mutex<KeptFacts>>>>);

/// What was read of one tenant: everything up to a position, whether it was taken back or not.
#[derive(Default)]
struct KeptFacts {
    read: Position,
    facts: Vec<(Position, Fact)>,
}

// Nothing that is behind these locks is ever half done: what was read is added at once.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Questions {
    /// Who brought whom, and who was asked to.
    pub fn referrals(
        &self,
        id: &TenantId,
        question: &ReferralsQuestion,
    ) -> Result<ReferralsAnswer, Problem> {
        let as_of = self.seen(id, question.as_of)?;
        let question = &ReferralsQuestion { as_of, ..*question };
        match self.tenants.find(id)? {
            Some(tenant) => {
                let from = (&self.ledger, &self.calendar);
                self.referrals.answer((id, &tenant), from, question)
            }
            None => Ok(ReferralsAnswer::default()),
        }
    }
}

impl AllReferrals {
    /// Answers a question as of a position that the books have reached.
    fn answer(
        &self,
        (id, tenant): (&TenantId, &Tenant),
        (ledger, calendar): (&LedgerReader, &Calendar),
        question: &ReferralsQuestion,
    ) -> Result<ReferralsAnswer, Problem> {
        let kept = Arc::clone(lock(&self.0).entry(id.clone()).or_default());
        let mut kept = lock(&kept);
        if kept.read < question.as_of {
            let rows = tenant.read()?.referral_rows(kept.read, question.as_of);
            let mut new = Vec::with_capacity(rows.len());
            for position in rows {
                // The books only know what may be one.
                if let Entry::Activity(activity) = &ledger.entry(id, position)?.entry
                    && let Some(fact) = Fact::of(activity, calendar)
                {
                    new.push((position, fact));
                }
            }
            kept.facts.extend(new);
            kept.read = question.as_of;
        }
        let books = tenant.read()?;
        let told = kept.facts.iter().filter(|(position, fact)| {
            *position <= question.as_of
                && question.before.is_none_or(|before| fact.day() < before)
                && books.reversed_at(*position, question.as_of).is_none()
        });
        let answer = ReferralsAnswer::of(told.map(|(_, fact)| fact.clone()));
        drop(books);
        if kept.facts.len() > KEPT {
            *kept = KeptFacts::default();
        }
        Ok(answer)
    }
}
