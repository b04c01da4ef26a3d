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

/// What was taken of a batch on the way in, and what was refused, with its places.
#[derive(Debug)]
pub struct Items<T> {
    pub(super) accepted: Vec<T>,
    pub(super) refused: Vec<(usize, Problem)>,
}

impl<T> Items<T> {
    /// With room for so many.
    pub fn with_room_for(count: usize) -> Self {
        Self {
            accepted: Vec::with_capacity(count),
            refused: Vec::new(),
        }
    }

    /// Adds the next item.
    #[inline]
    pub fn push(&mut self, item: Result<T, Problem>) {
        match item {
            Ok(item) => self.accepted.push(item),
            Err(problem) => {
                let index = self.accepted.len() + self.refused.len();
                self.refused.push((index, problem));
            }
        }
    }
}

impl<T> FromIterator<Result<T, Problem>> for Items<T> {
    fn from_iter<I: IntoIterator<Item = Result<T, Problem>>>(items: I) -> Self {
        let items = items.into_iter();
        // Batches are bounded on the way in.
        let mut all = Self::with_room_for(items.size_hint().1.unwrap_or_default());
        items.for_each(|item| all.push(item));
        all
    }
}

impl Service {
    /// Adds entries to the ledger. Items that were refused on the way in keep their place.
    pub async fn append(
        &self,
        tenant: &TenantId,
        items: Items<Entry>,
        mode: WriteMode,
    ) -> Result<Written, Problem> {
        let store = self.store()?;
        let Items { accepted, refused } = items;
        let outcomes = match accepted.is_empty() {
            true => Vec::new(),
            false => {
                store
                    .append(tenant, accepted, self.clock.now(), mode)
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

/// Puts the refused items back in their places.
pub(super) fn join(outcomes: Vec<Outcome>, refused: Vec<(usize, Problem)>) -> Vec<Outcome> {
    if refused.is_empty() {
        return outcomes;
    }
    let mut joined = Vec::with_capacity(outcomes.len() + refused.len());
    let mut outcomes = outcomes.into_iter();
    for (index, problem) in refused {
        let before = index - joined.len();
        joined.extend(outcomes.by_ref().take(before));
        joined.push(Outcome::Rejected(problem.into()));
    }
    joined.extend(outcomes);
    joined
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
        let Items { accepted, refused } = items.into_iter().collect();
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
