//! Storing and reading cost models.

use super::Service;
use crate::domain::{
    cost_model::{CostModel, CostModelDraft, cost_model_not_found, in_force},
    id::{RequestId, TenantId},
    ledger::{Outcome, Position, WriteMode},
    problem::Problem,
    question::Scope,
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

    /// Stores an earlier version again as the next one. It takes the place of the newest: it holds from the same day
    /// on.
    pub async fn revert_cost_model(
        &self,
        tenant: &TenantId,
        version: u64,
        (request_id, expected_version): (RequestId, Option<u64>),
        mode: WriteMode,
    ) -> Result<(Arc<CostModel>, Option<Position>), Problem> {
        let as_of = self.store()?.watermark(tenant).await?;
        let earlier = self.cost_model(tenant, Some(version), as_of).await;
        let earlier = earlier.map_err(|problem| problem.about("version"))?;
        let newest = self.cost_model(tenant, None, as_of).await?;
        let draft = CostModelDraft {
            model: CostModel {
                version: 0,
                record_time: None,
                effective_from: newest.effective_from,
                ..CostModel::clone(&earlier)
            },
            request_id,
            expected_version,
        };
        self.put_cost_model(tenant, draft, mode).await
    }

    /// The version that a report uses: the one that is asked for, or else the one that holds on the last day of the
    /// scope's period.
    pub async fn cost_model_for(
        &self,
        tenant: &TenantId,
        version: Option<u64>,
        scope: &Scope,
    ) -> Result<Arc<CostModel>, Problem> {
        if version.is_some() {
            return self.cost_model(tenant, version, scope.as_of).await;
        }
        let models = self.cost_models(tenant, scope.as_of).await?;
        Ok(in_force(&models, &scope.period))
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
