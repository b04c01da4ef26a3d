//! What is durable is taken into the books: before whoever wrote it is answered, or, of a few writes, after.

use super::{
    books::{Batch, Books},
    draft::{Part, What, Write},
    engine::Engine,
    prepared::Prepared,
    tenants::Tenant,
};
use crate::domain::{
    id::TenantId,
    ledger::{Entry, Position},
    problem::Problem,
    time::Calendar,
};
use std::{mem, sync::Arc};

/// So many writes are taken into the books before those who read them have a turn.
const APPLIED_AT_ONCE: usize = 512;

/// Writes of a tenant that are durable and announced, and not in the books yet.
pub(super) struct Unposted {
    /// Whose they are.
    pub id: TenantId,
    /// Its books.
    pub tenant: Arc<Tenant>,
    /// What they post.
    pub prepared: Vec<Arc<Prepared>>,
}

impl Engine {
    /// Takes what was announced into the books.
    pub(super) fn post(&mut self) {
        for unposted in mem::take(&mut self.unposted) {
            let Unposted {
                id,
                tenant,
                prepared,
            } = unposted;
            let parts = prepared.into_iter().map(|all| Part::All(&[], all));
            // It fails if the books broke, which whoever reads or writes next finds out too.
            let _ = self.apply(&id, &tenant, parts);
        }
    }

    /// Takes what is durable into the books.
    pub(super) fn apply<'w>(
        &mut self,
        id: &TenantId,
        tenant: &Tenant,
        parts: impl Iterator<Item = Part<'w>>,
    ) -> Result<(), Problem> {
        let mut noted = Vec::new();
        for part in parts {
            match part {
                Part::Each(writes) => {
                    apply_each(tenant, &writes, &self.questions.calendar, &mut noted)?;
                }
                Part::All(_, prepared) => {
                    let first = tenant.read()?.newest + 1;
                    apply_all(tenant, &prepared.batch)?;
                    noted.extend(prepared.fingerprints.iter().copied().zip(first..));
                }
            }
        }
        let newest = tenant.read()?.newest;
        tenant.publish(newest);
        // Nobody who reads needs them.
        let fingerprints = self.fingerprints.entry(id.clone()).or_default();
        fingerprints.extend(&noted);
        Ok(())
    }
}

/// Takes activities into the books: in parts, so that nobody who reads waits long. What is not published yet is after
/// everybody's position.
fn apply_all(tenant: &Tenant, batch: &Batch) -> Result<(), Problem> {
    let links = tenant.write()?.link(batch);
    for start in (0..batch.len()).step_by(APPLIED_AT_ONCE) {
        let end = batch.len().min(start + APPLIED_AT_ONCE);
        tenant.write()?.post_batch(batch, &links, start..end);
    }
    Ok(())
}

/// Takes writes into the books, in parts as well, and takes note of the fingerprints of their ids.
fn apply_each(
    tenant: &Tenant,
    writes: &[Write<'_>],
    calendar: &Calendar,
    noted: &mut Vec<(u64, Position)>,
) -> Result<(), Problem> {
    for writes in writes.chunks(APPLIED_AT_ONCE) {
        let mut books = tenant.write()?;
        for write in writes {
            if let Some(fingerprint) = apply(&mut books, write, calendar) {
                noted.push((fingerprint, books.newest));
            }
        }
        tenant.note_erasures(&books);
    }
    Ok(())
}

/// Takes one write into the books; gives the fingerprint of its id if it has one.
fn apply(books: &mut Books, write: &Write<'_>, calendar: &Calendar) -> Option<u64> {
    match &write.what {
        What::Record(record) => {
            books.store(write.record_time, (*record).clone());
            None
        }
        What::Entry {
            entry,
            fingerprint,
            target,
        } => {
            match (entry, target) {
                (Entry::Activity(activity), target) => {
                    let sale = target.as_ref().map(|target| target.position);
                    books.post(calendar.day(activity.occur_time), activity, sale);
                }
                (Entry::Reversal(_), Some(target)) => {
                    books.take_back(target.position, target.day, &target.customer);
                }
                // The target was found when the reversal was decided.
                (Entry::Reversal(_), None) => {}
            }
            Some(*fingerprint)
        }
    }
}
