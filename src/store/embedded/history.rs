//! Reads everything that was written, in the order of positions. The ledger proves each row that is read.

use super::ledger::LedgerReader;
use crate::domain::{
    history::{HistoryQuestion, Written},
    id::TenantId,
    problem::Problem,
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
