//! Closing months, and finding where they were closed.

use super::Service;
use crate::domain::{
    closing::{self, Closing, ClosingDraft, Month},
    id::TenantId,
    ledger::{Outcome, Position, WriteMode},
    problem::Problem,
    records::Record,
};

/// A month that was to be closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// It is closed now, and everything is visible up to the position.
    Now(Closing, Position),
    /// It was closed before; with a position if the call was to keep anything.
    Before(Closing, Option<Position>),
    /// It could be closed.
    Possible,
}

impl Service {
    /// Closes a month. A month that is closed already is answered with its first closing.
    pub async fn close(
        &self,
        tenant: &TenantId,
        draft: ClosingDraft,
        mode: WriteMode,
    ) -> Result<Closed, Problem> {
        let month = draft.month;
        let end = self.settings.calendar.begin(month.end());
        if end.is_none_or(|end| end > self.clock.now()) {
            return Err(closing::not_over(month));
        }
        let record = Ok(Record::Closing(draft));
        let written = self.put(tenant, vec![record], mode).await?;
        let (position, is_new) = match written.outcomes.into_iter().next() {
            Some(Outcome::Rejected(problem)) => return Err(*problem),
            Some(Outcome::Posted(position)) => (position, true),
            Some(Outcome::Duplicate(position)) => (position, false),
            None => {
                return Err(Problem::store_unavailable(
                    "a write was left without an outcome",
                ));
            }
        };
        if is_new && mode == WriteMode::ValidateOnly {
            return Ok(Closed::Possible);
        }
        let closing = self.closing(tenant, month, position, "month").await?;
        Ok(match (is_new, written.written_at) {
            (true, Some(written_at)) => Closed::Now(closing, written_at),
            (_, written_at) => Closed::Before(closing, written_at),
        })
    }

    /// All closed months as of a position, the oldest first.
    pub async fn closings(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Closing>, Problem> {
        self.store()?.closings(tenant, as_of).await
    }

    /// The closing of a month as of a position; `field` is named if it is not closed.
    pub async fn closing(
        &self,
        tenant: &TenantId,
        month: Month,
        as_of: Position,
        field: &str,
    ) -> Result<Closing, Problem> {
        let closed = self.closings(tenant, as_of).await?;
        let found = closing::of_month(&closed, month).cloned();
        found.ok_or_else(|| closing::not_closed(field, month, as_of))
    }
}
