//! What became of prospects.

use super::Service;
use crate::domain::{
    id::TenantId,
    problem::Problem,
    prospect_outcome::{OutcomeQuestion, StoredOutcome},
};

impl Service {
    /// Stored outcomes, in the order of their keys.
    pub async fn outcomes(
        &self,
        tenant: &TenantId,
        question: &OutcomeQuestion,
    ) -> Result<Vec<StoredOutcome>, Problem> {
        self.store()?.outcomes(tenant, question).await
    }
}
