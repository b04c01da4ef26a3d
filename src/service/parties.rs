//! Storing and reading parties and trait definitions.

use super::{
    Service,
    activities::{Items, Written, join},
};
use crate::domain::{
    id::{PartyId, TenantId},
    ledger::{Position, WriteMode},
    party::{Party, PartyQuestion, TraitDefinition},
    problem::{Problem, Reason},
    records::{PartyAnswer, Record},
};
use std::sync::Arc;

impl Service {
    /// Stores records. Items that were refused on the way in keep their place.
    pub async fn put(
        &self,
        tenant: &TenantId,
        items: Vec<Result<Record, Problem>>,
        mode: WriteMode,
    ) -> Result<Written, Problem> {
        let store = self.store()?;
        let Items { accepted, refused } = items.into_iter().collect();
        let outcomes = match accepted.is_empty() {
            true => Vec::new(),
            false => store.put(tenant, accepted, self.clock.now(), mode).await?,
        };
        Written::of(store, tenant, join(outcomes, refused), mode).await
    }

    /// One stored party.
    pub async fn party(
        &self,
        tenant: &TenantId,
        id: &PartyId,
        as_of: Position,
    ) -> Result<Arc<Party>, Problem> {
        let found = self
            .store()?
            .party(tenant, std::slice::from_ref(id), as_of)
            .await?;
        found
            .into_iter()
            .next()
            .flatten()
            .ok_or_else(|| party_not_found(id))
    }

    /// Stored parties.
    pub async fn parties(
        &self,
        tenant: &TenantId,
        question: &PartyQuestion,
    ) -> Result<PartyAnswer, Problem> {
        self.store()?.parties(tenant, question).await
    }

    /// All trait definitions.
    pub async fn trait_definitions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<TraitDefinition>>, Problem> {
        self.store()?.trait_definitions(tenant, as_of).await
    }
}

/// The party is not stored.
pub fn party_not_found(id: &PartyId) -> Problem {
    let message = format!("party {id} is not stored");
    Problem::new(
        Reason::PartyNotFound,
        "party_id",
        message,
        [("party_id", id.to_string())],
    )
}
