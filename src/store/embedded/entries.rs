//! Reads a part of the ledger.

use super::{books::Books, codec::StoredEntry, ledger::LedgerReader, tenants::Tenant};
use crate::domain::{
    activity::Activity,
    id::TenantId,
    ledger::{Entry, LedgerEntry, LedgerQuestion, Position},
    problem::Problem,
    time::{Calendar, Period},
};

/// How many entries are looked for before the books are let go: who reads the disk must not make others wait.
const LOOK_AHEAD: usize = 1_024;

/// An entry that may be wanted.
struct Candidate {
    position: Position,
    reversed_at: Option<Position>,
}

/// Answers which entries there are.
pub(super) fn entries(
    id: &TenantId,
    tenant: &Tenant,
    question: &LedgerQuestion,
    calendar: &Calendar,
    ledger: &LedgerReader,
) -> Result<Vec<LedgerEntry>, Problem> {
    let mut entries = Vec::new();
    let mut after = question.after;
    while entries.len() < question.limit {
        let candidates = candidates(&*tenant.read()?, question, after, calendar);
        let Some(last) = candidates.last() else { break };
        after = last.position;
        for candidate in candidates {
            let stored = ledger.entry(id, candidate.position)?;
            if is_in(question, &stored, id, ledger)? && entries.len() < question.limit {
                entries.push(LedgerEntry {
                    position: candidate.position,
                    record_time: stored.record_time,
                    entry: stored.entry,
                    reversed_at: candidate.reversed_at,
                });
            }
        }
    }
    Ok(entries)
}

/// Whether an entry happened in the asked time: a reversal happens when what it takes back did.
fn is_in(
    question: &LedgerQuestion,
    stored: &StoredEntry,
    id: &TenantId,
    ledger: &LedgerReader,
) -> Result<bool, Problem> {
    if let (Some(customer), Entry::Reversal(_), Some(target)) =
        (&question.customer, &stored.entry, &stored.target)
        && *customer != target.customer
    {
        // It takes back something of this customer that was caused by a sale to another.
        return Ok(false);
    }
    if question.start.is_none() && question.end.is_none() {
        return Ok(true);
    }
    let holds = |activity: &Activity| {
        let time = activity.occur_time;
        question.start.is_none_or(|start| start <= time)
            && question.end.is_none_or(|end| time < end)
    };
    match (&stored.entry, &stored.target) {
        (Entry::Activity(activity), _) => Ok(holds(activity)),
        (Entry::Reversal(_), None) => Ok(false),
        (Entry::Reversal(_), Some(target)) => match ledger.entry(id, target.position)?.entry {
            Entry::Activity(activity) => Ok(holds(&activity)),
            Entry::Reversal(_) => Ok(false),
        },
    }
}

/// The next entries of the right customer on the right days; the time of the day is not looked at.
fn candidates(
    books: &Books,
    question: &LedgerQuestion,
    after: Position,
    calendar: &Calendar,
) -> Vec<Candidate> {
    let as_of = question.as_of.min(books.newest);
    let last_day = question.end.map(|end| calendar.day(end));
    let period = Period {
        start: question.start.map(|start| calendar.day(start)),
        end: last_day.map(|day| day.next()),
    };
    let limit = LOOK_AHEAD.min(question.limit);
    let mut positions = match &question.customer {
        Some(customer) => match books.customers.number(customer.as_str()) {
            Some(number) => books.history(number, &period, after, as_of),
            None => Vec::new(),
        },
        None => books.positions(&period, after, as_of, limit),
    };
    positions.truncate(limit);
    let candidate = |position: Position| Candidate {
        position,
        reversed_at: books.reversed_at(position, as_of),
    };
    positions.into_iter().map(candidate).collect()
}
