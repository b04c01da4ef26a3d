//! Reads everything that was written, in the order of positions. The ledger proves each row that is read; what was
//! erased since is told of without its personal data.

use super::ledger::LedgerReader;
use crate::domain::{
    history::{HistoryQuestion, Written},
    id::TenantId,
    problem::Problem,
    records::Records,
};

/// What a question asks for; nothing is missing up to its `as_of`.
pub(super) fn written(
    tenant: &TenantId,
    question: &HistoryQuestion,
    ledger: &LedgerReader,
) -> Result<Vec<Written>, Problem> {
    let mut written = Vec::new();
    let mut next = question.after.saturating_add(1);
    while next <= question.as_of && written.len() < question.limit {
        let missing = usize::try_from(question.as_of - question.after).unwrap_or(usize::MAX);
        let limit = question.limit.min(missing) - written.len();
        let found = ledger.written(tenant, next, limit)?;
        next += found.len() as u64;
        written.extend(found);
    }
    Ok(written)
}

/// Takes out of what was written what was erased since.
pub(super) fn erase(written: &mut [Written], records: &Records) {
    for (party, erased_at) in records.prospects().erasures() {
        for one in &mut *written {
            if one.position < erased_at {
                one.erase(party, records);
            }
        }
    }
}
