//! Storing and reading cost models.

use super::Service;
use crate::domain::{
    cost_model::{CostModel, CostModelDraft, cost_model_not_found},
    id::TenantId,
    ledger::{Outcome, Position, WriteMode},
    problem::Problem,
    records::Record,
};
use std::sync::Arc;

impl Service {
    /// Stores a cost model as the next version; the same request again answers with the version that it made at first.
    /// Gives the stored model and the position from which on it holds; with `ValidateOnly` the draft as it is.
    pub async fn put_cost_model(
        &self,
        tenant: &TenantId,
        draft: CostModelDraft,
        mode: WriteMode,
    ) -> Result<(Arc<CostModel>, Option<Position>), Problem> {
        let as_given = Arc::new(draft.model.clone());
        let record = Ok(Record::CostModel(draft));
        let written = self.put(tenant, vec![record], mode).await?;
        let position = match written.outcomes.into_iter().next() {
            Some(Outcome::Rejected(problem)) => return Err(*problem),
            Some(Outcome::Posted(position) | Outcome::Duplicate(position)) => position,
            None => {
                return Err(Problem::store_unavailable(
                    "a write was left without an outcome",
                ));
            }
        };
        match mode {
            WriteMode::ValidateOnly => Ok((as_given, None)),
            WriteMode::Keep => {
                let model = self.cost_model(tenant, None, position).await?;
                Ok((model, written.written_at))
            }
        }
    }

    /// One version of the cost model, or the newest as of a position.
    pub async fn cost_model(
        &self,
        tenant: &TenantId,
        version: Option<u64>,
        as_of: Position,
    ) -> Result<Arc<CostModel>, Problem> {
        let models = self.cost_models(tenant, as_of).await?;
        let newest = models.last().map(Arc::clone).unwrap_or_default();
        match version {
            None => Ok(newest),
            Some(version) => models
                .into_iter()
                .find(|model| model.version == version)
                .ok_or_else(|| cost_model_not_found(version, newest.version)),
        }
    }

    /// All versions as of a position, the oldest first; the first is the empty version 0.
    pub async fn cost_models(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<CostModel>>, Problem> {
        self.store()?.cost_models(tenant, as_of).await
    }
}
