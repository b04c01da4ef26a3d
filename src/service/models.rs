//! Adopting and restoring models of winning prospects. A new one takes the place of the old only if it is not worse on
//! outcomes that neither has seen.

use super::{
    Service,
    win::{HeldModel, LearntWin, WinLearning, held, traits_of},
};
use crate::domain::{
    id::{RequestId, TenantId},
    ledger::{Outcome, Position, WriteMode},
    model::evaluation::{
        Forecast,
        contest::{Contest, by_log_loss},
    },
    model_version::{ModelVersion, ModelVersionDraft},
    problem::Problem,
    prospect_outcome::{DecidedProspect, OutcomeStatus},
    prospect_records::ProspectRecord,
    records::Record,
    time::Day,
};
use std::sync::Arc;

/// Two models are compared only if so many prospects were decided since the old one was made.
const MINIMUM_NEW: usize = 40;

/// What a client asks for.
#[derive(Debug, Clone)]
pub struct ModelRequest {
    /// The idempotency key.
    pub request_id: RequestId,
    /// Why; may be empty.
    pub note: String,
}

/// Why a model was adopted, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdoptionReason {
    /// It is the first.
    First,
    /// It is not worse than the one that held.
    NotWorse,
    /// It is worse.
    Worse,
    /// Too few prospects were decided since.
    TooFewNewOutcomes,
    /// The same request had been made before.
    SameRequest,
}

/// Whether a model holds now.
#[derive(Debug)]
pub struct Adoption {
    /// Why, or why not.
    pub reason: AdoptionReason,
    /// The comparison, and the first day of what it was made on.
    pub contest: Option<(Contest, Day)>,
    /// The model.
    pub model: Arc<HeldModel>,
    /// It holds from here on, if it does and was to be kept.
    pub written_at: Option<Position>,
}

impl Adoption {
    /// Whether it holds, or would.
    pub fn adopted(&self) -> bool {
        match self.reason {
            AdoptionReason::First | AdoptionReason::NotWorse | AdoptionReason::SameRequest => true,
            AdoptionReason::Worse | AdoptionReason::TooFewNewOutcomes => false,
        }
    }
}

impl Service {
    /// Learns from everything up to now, and lets that hold unless it is worse.
    pub async fn adopt_model(
        &self,
        tenant: &TenantId,
        request: ModelRequest,
        mode: WriteMode,
    ) -> Result<Adoption, Problem> {
        let as_of = self.store()?.watermark(tenant).await?;
        let versions = self.store()?.model_versions(tenant, as_of).await?;
        let known = |version: &&ModelVersion| version.draft.request_id == request.request_id;
        let trained_as_of = versions
            .iter()
            .find(known)
            .map_or(as_of, |version| version.draft.trained_as_of);
        let draft = ModelVersionDraft {
            trained_as_of,
            restores: None,
            note: request.note.clone(),
            request_id: request.request_id.clone(),
        };
        let (reason, contest) = match (
            versions.iter().any(|version| known(&version)),
            versions.last(),
        ) {
            (true, _) => (AdoptionReason::SameRequest, None),
            (false, None) => (AdoptionReason::First, None),
            (false, Some(champion)) => self.contest(tenant, champion, as_of).await?,
        };
        let mut adoption = Adoption {
            reason,
            contest,
            model: self.model_of(tenant, trained_as_of).await?,
            written_at: None,
        };
        if adoption.adopted() {
            adoption.written_at = self.put_model(tenant, draft, mode).await?.1;
        }
        Ok(adoption)
    }

    /// A model that is not adopted yet.
    async fn model_of(
        &self,
        tenant: &TenantId,
        trained_as_of: Position,
    ) -> Result<Arc<HeldModel>, Problem> {
        let learning = WinLearning {
            tenant: tenant.clone(),
            as_of: trained_as_of,
            decided_before: None,
        };
        Ok(Arc::new(HeldModel {
            version: None,
            trained_as_of,
            learnt: self.learn_win(&learning).await?,
            drift: Vec::new(),
        }))
    }

    /// Compares what would be learnt now with what holds, on the later half of what was decided since: both learn from
    /// what was decided before it, each from what was stored when it was made.
    async fn contest(
        &self,
        tenant: &TenantId,
        champion: &ModelVersion,
        as_of: Position,
    ) -> Result<(AdoptionReason, Option<(Contest, Day)>), Problem> {
        let (decided, _) = self.decided(tenant, as_of).await?;
        let trained_as_of = champion.draft.trained_as_of;
        let newer = decided.iter().filter(|own| own.decided_at > trained_as_of);
        let mut newer: Vec<&DecidedProspect> = newer.collect();
        if newer.len() < MINIMUM_NEW {
            return Ok((AdoptionReason::TooFewNewOutcomes, None));
        }
        newer.sort_by_key(|own| own.stored.outcome.decided_on);
        let from = newer[newer.len() / 2].stored.outcome.decided_on;
        let from = from.unwrap_or_default();
        newer.retain(|own| own.stored.outcome.decided_on >= Some(from));
        let learn = async |as_of| {
            let learning = WinLearning {
                tenant: tenant.clone(),
                as_of,
                decided_before: Some(from),
            };
            self.learn_win(&learning).await
        };
        let (new, old) = (learn(as_of).await?, learn(trained_as_of).await?);
        let contest = by_log_loss(&forecasts(&new, &newer), &forecasts(&old, &newer));
        let reason = match contest.is_not_worse() {
            true => AdoptionReason::NotWorse,
            false => AdoptionReason::Worse,
        };
        Ok((reason, Some((contest, from))))
    }

    /// Lets an earlier model hold again.
    pub async fn restore_model(
        &self,
        tenant: &TenantId,
        version: u64,
        request: ModelRequest,
        mode: WriteMode,
    ) -> Result<(ModelVersion, Option<Position>), Problem> {
        let versions = self.model_versions(tenant, Position::MAX).await?;
        let restored =
            held(&versions, Some(version)).map_err(|problem| problem.about("version"))?;
        let draft = ModelVersionDraft {
            // A version is found or refused: there is none without it.
            trained_as_of: restored.map_or(0, |version| version.draft.trained_as_of),
            restores: Some(version),
            note: request.note,
            request_id: request.request_id,
        };
        let (position, written_at) = self.put_model(tenant, draft.clone(), mode).await?;
        let stored = self.model_versions(tenant, Position::MAX).await?;
        let stored = stored
            .into_iter()
            .find(|version| version.position == position);
        let stored = stored.filter(|_| mode == WriteMode::Keep);
        let would_be = || ModelVersion {
            version: 0,
            position: 0,
            record_time: self.clock.now(),
            draft,
        };
        Ok((stored.unwrap_or_else(would_be), written_at))
    }

    async fn put_model(
        &self,
        tenant: &TenantId,
        draft: ModelVersionDraft,
        mode: WriteMode,
    ) -> Result<(Position, Option<Position>), Problem> {
        let record = Record::Prospect(ProspectRecord::ModelVersion(draft));
        let written = self.put(tenant, vec![Ok(record)], mode).await?;
        let mut stored_at = 0;
        for outcome in written.outcomes {
            match outcome {
                Outcome::Posted(position) | Outcome::Duplicate(position) => stored_at = position,
                Outcome::Rejected(problem) => return Err(*problem),
            }
        }
        Ok((stored_at, written.written_at))
    }

    /// All versions of the model as of a position, the oldest first.
    pub async fn model_versions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<ModelVersion>, Problem> {
        self.store()?.model_versions(tenant, as_of).await
    }
}

/// What a model says of decided prospects, and what became of them.
pub(super) fn forecasts(learnt: &LearntWin, decided: &[&DecidedProspect]) -> Vec<Forecast> {
    let one = |own: &&DecidedProspect| Forecast {
        probability: learnt.model.probability(traits_of(own.party.as_ref())),
        won: own.stored.outcome.status == OutcomeStatus::Won,
    };
    decided.iter().map(one).collect()
}
