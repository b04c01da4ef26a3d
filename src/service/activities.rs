//! Taking in activities and reversals, and reading the ledger.

use super::Service;
use crate::{
    domain::{
        id::TenantId,
        ledger::{Entry, LedgerEntry, LedgerQuestion, Outcome, Position, WriteMode},
        problem::Problem,
    },
    store::Store,
};

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// One outcome for each item, in order.
    pub outcomes: Vec<Outcome>,
    /// From here on everything that was accepted is visible; `None` if nothing was to be kept.
    pub written_at: Option<Position>,
}

impl Written {
    /// The outcomes of a write with the position from which on they are visible.
    pub(super) async fn of(
        store: &dyn Store,
        tenant: &TenantId,
        outcomes: Vec<Outcome>,
        mode: WriteMode,
    ) -> Result<Self, Problem> {
        let written_at = match mode {
            WriteMode::ValidateOnly => None,
            WriteMode::Keep => Some(store.watermark(tenant).await?),
        };
        Ok(Self {
            outcomes,
            written_at,
        })
    }
}

impl Service {
    /// Adds entries to the ledger. Items that were refused on the way in keep their place.
    pub async fn append(
        &self,
        tenant: &TenantId,
        items: Vec<Result<Entry, Problem>>,
        mode: WriteMode,
    ) -> Result<Written, Problem> {
        let store = self.store()?;
        let (entries, refused) = split(items);
        let outcomes = match entries.is_empty() {
            true => Vec::new(),
            false => {
                store
                    .append(tenant, entries, self.clock.now(), mode)
                    .await?
            }
        };
        Written::of(store, tenant, join(outcomes, refused), mode).await
    }

    /// Reads entries of the ledger.
    pub async fn entries(
        &self,
        tenant: &TenantId,
        question: &LedgerQuestion,
    ) -> Result<Vec<LedgerEntry>, Problem> {
        self.store()?.entries(tenant, question).await
    }
}

/// Parts what goes to the store from what was refused before, with the refused items' places.
pub(super) fn split<T>(items: Vec<Result<T, Problem>>) -> (Vec<T>, Vec<(usize, Problem)>) {
    let mut accepted = Vec::with_capacity(items.len());
    let mut refused = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Ok(item) => accepted.push(item),
            Err(problem) => refused.push((index, problem)),
        }
    }
    (accepted, refused)
}

/// Puts the refused items back in their places.
pub(super) fn join(mut outcomes: Vec<Outcome>, refused: Vec<(usize, Problem)>) -> Vec<Outcome> {
    for (index, problem) in refused {
        // The places rise, so that each insertion restores the original index.
        outcomes.insert(index, Outcome::Rejected(problem));
    }
    outcomes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_items_keep_their_places() {
        let refusal = || Problem::field_required("x");
        let items = vec![
            Err(refusal()),
            Ok(1_u64),
            Ok(2),
            Err(refusal()),
            Ok(3),
            Err(refusal()),
        ];
        let (accepted, refused) = split(items);
        assert_eq!(accepted, [1, 2, 3]);
        let outcomes = join(accepted.into_iter().map(Outcome::Posted).collect(), refused);
        let rejected: Vec<bool> = outcomes
            .iter()
            .map(|o| matches!(o, Outcome::Rejected(_)))
            .collect();
        assert_eq!(rejected, [true, false, false, true, false, true]);
        assert_eq!(outcomes[4], Outcome::Posted(3));
    }
}
