//! Reads a part of the ledger.

use super::{books::Books, ledger::LedgerReader, tenants::Tenant};
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
            let wanted = match (&stored.entry, stored.target) {
                (Entry::Activity(activity), _) => is_in(question, activity),
                (Entry::Reversal(_), None) => false,
                (Entry::Reversal(_), Some(target)) => {
                    match ledger.entry(id, target.position)?.entry {
                        Entry::Activity(activity) => is_in(question, &activity),
                        Entry::Reversal(_) => false,
                    }
                }
            };
            if wanted && entries.len() < question.limit {
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

fn is_in(question: &LedgerQuestion, activity: &Activity) -> bool {
    let time = activity.occur_time;
    question.start.is_none_or(|start| start <= time) && question.end.is_none_or(|end| time < end)
}

/// The next entries of the right customer on the right days; the time of the day is not looked at.
fn candidates(
    books: &Books,
    question: &LedgerQuestion,
    after: Position,
    calendar: &Calendar,
) -> Vec<Candidate> {
    let as_of = question.as_of.min(books.newest);
    let period = Period {
        start: question.start.map(|start| calendar.day(start)),
        end: None,
    };
    let last_day = question.end.map(|end| calendar.day(end));
    let is_on = |position: &Position| {
        let day = books.day(*position);
        day.is_some_and(|day| {
            period.contains(day) && last_day.is_none_or(|last_day| day <= last_day)
        })
    };
    let limit = LOOK_AHEAD.min(question.limit);
    let positions: Vec<Position> = match &question.customer {
        None => (after + 1..=as_of).filter(is_on).take(limit).collect(),
        Some(customer) => {
            let number = books.customers.number(customer);
            let history = number.map_or(&[] as &[_], |number| books.history(number));
            let first = history.partition_point(|position| *position <= after);
            let until = history[first..]
                .iter()
                .copied()
                .take_while(|position| *position <= as_of);
            until.filter(is_on).take(limit).collect()
        }
    };
    let candidate = |position: Position| Candidate {
        position,
        reversed_at: books.reversed_at(position, as_of),
    };
    positions.into_iter().map(candidate).collect()
}
