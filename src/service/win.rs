//! How likely prospects are won: which model holds, what it was learnt from, and whether it may still be relied on.
//!
//! A model is what is learnt from everything that was stored up to a position. So that a version can be pinned by its
//! position alone, and the same question as of the same position has the same answer.

use super::{Service, compute::compute};
use crate::domain::{
    id::{PartyId, TenantId},
    ledger::Position,
    model::win::{Closed, Standing, TraitDrift, WinModel, WinSettings},
    model_version::ModelVersion,
    party::Party,
    problem::{Problem, Reason},
    prospect_outcome::{DecidedProspect, OutcomeQuestion, OutcomeStatus},
    time::Day,
    traits::Traits,
};
use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

/// All that a model of winning prospects depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WinLearning {
    /// Whose prospects.
    pub tenant: TenantId,
    /// It is learnt from what was stored up to here …
    pub as_of: Position,
    /// … and decided before this day; all of it if `None`.
    pub decided_before: Option<Day>,
}

/// A model of winning prospects with what is told beside it.
#[derive(Debug)]
pub struct LearntWin {
    /// The model.
    pub model: WinModel,
    /// Of how many prospects nothing was stored by the day on which they were pursued.
    pub recorded_late: u64,
    /// How many were left out, because they object to profiling.
    pub objected: u64,
}

/// The model that holds in a state, and whether it may be relied on there.
#[derive(Debug)]
pub struct HeldModel {
    /// Its number, if it was adopted.
    pub version: Option<u64>,
    /// It is learnt from what was stored up to here.
    pub trained_as_of: Position,
    /// What was learnt.
    pub learnt: Arc<LearntWin>,
    /// How far those who are pursued now, or were since, have moved.
    pub drift: Vec<TraitDrift>,
}

impl HeldModel {
    /// Whether those who are asked about are no longer like those learnt from.
    pub fn drift_alarm(&self) -> bool {
        self.drift.iter().any(|drift| drift.alarm)
    }
}

/// What is known of a prospect.
pub(super) fn traits_of(party: Option<&Arc<Party>>) -> &Traits {
    static NOTHING: LazyLock<Traits> = LazyLock::new(Traits::new);
    party.map_or(&NOTHING, |party| &party.traits)
}

/// Decided prospects as a model takes them.
pub(super) fn closed(decided: &[DecidedProspect]) -> Vec<Closed<'_>> {
    let each = decided.iter();
    each.map(|own| Closed {
        // All attempts at a party are held back together.
        id: own.stored.outcome.party_id.as_str(),
        traits: traits_of(own.party.as_ref()),
        late: &[],
        won: own.stored.outcome.status == OutcomeStatus::Won,
        closed: own.stored.outcome.decided_on.unwrap_or_default(),
        weight: 1.0,
    })
    .collect()
}

impl Service {
    /// The model that holds as of a position, or the asked version of those that did.
    pub(super) async fn held_model(
        &self,
        tenant: &TenantId,
        version: Option<u64>,
        as_of: Position,
    ) -> Result<Arc<HeldModel>, Problem> {
        let key = (tenant.clone(), version, as_of);
        let find = async || self.find_model(tenant, version, as_of).await;
        self.held_models.find_or(&key, find).await
    }

    async fn find_model(
        &self,
        tenant: &TenantId,
        version: Option<u64>,
        as_of: Position,
    ) -> Result<HeldModel, Problem> {
        let versions = self.store()?.model_versions(tenant, as_of).await?;
        let held = held(&versions, version)?;
        let trained_as_of = held.map_or(as_of, |held| held.draft.trained_as_of);
        let learning = WinLearning {
            tenant: tenant.clone(),
            as_of: trained_as_of,
            decided_before: None,
        };
        let learnt = self.learn_win(&learning).await?;
        let asked = self.pursued(tenant, trained_as_of, as_of).await?;
        let asked = asked.iter().map(|party| &party.traits);
        Ok(HeldModel {
            version: held.map(|held| held.version),
            trained_as_of,
            drift: match learnt.model.standing {
                Standing::TooFewOutcomes => Vec::new(),
                Standing::NoSignal | Standing::Signal => learnt.model.drift(asked),
            },
            learnt,
        })
    }

    /// What is known of those who are pursued now, and of those who were decided since a model was made.
    async fn pursued(
        &self,
        tenant: &TenantId,
        since: Position,
        as_of: Position,
    ) -> Result<Vec<Arc<Party>>, Problem> {
        let question = OutcomeQuestion {
            party: None,
            status: Some(OutcomeStatus::Open),
            after: None,
            as_of,
            limit: usize::MAX,
        };
        let open = self.store()?.outcomes(tenant, &question).await?;
        let ids: BTreeSet<PartyId> = open.into_iter().map(|own| own.outcome.party_id).collect();
        let ids: Vec<PartyId> = ids.into_iter().collect();
        let parties = self.store()?.party(tenant, &ids, as_of).await?;
        let mut pursued: Vec<Arc<Party>> = parties.into_iter().flatten().collect();
        if since < as_of {
            let decided = self.store()?.decided_prospects(tenant, as_of).await?;
            let newer = decided.into_iter().filter(|own| own.decided_at > since);
            pursued.extend(newer.filter_map(|own| own.party));
        }
        Ok(pursued)
    }

    /// Learns from decided prospects.
    pub(super) async fn learn_win(
        &self,
        learning: &WinLearning,
    ) -> Result<Arc<LearntWin>, Problem> {
        let learn = async || {
            let tenant = &learning.tenant;
            let (decided, objected) = self.decided(tenant, learning.as_of).await?;
            let before = learning.decided_before;
            let is_before = |own: &DecidedProspect| {
                before.is_none_or(|before| own.stored.outcome.decided_on < Some(before))
            };
            let decided: Vec<_> = decided.into_iter().filter(is_before).collect();
            let definitions = self.trait_definitions(tenant, learning.as_of).await?;
            let late = decided
                .iter()
                .filter(|own| own.party.is_some() && !own.was_known_in_time);
            let recorded_late = late.count() as u64;
            let train = move || {
                let settings = WinSettings::default();
                WinModel::train(&closed(&decided), &definitions, &settings)
            };
            Ok(LearntWin {
                model: compute(train).await?,
                recorded_late,
                objected,
            })
        };
        self.win_models.find_or(learning, learn).await
    }

    /// The decided prospects that may be learnt from, and how many may not.
    pub(super) async fn decided(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<(Vec<DecidedProspect>, u64), Problem> {
        let mut decided = self.store()?.decided_prospects(tenant, as_of).await?;
        let objecting = self.objecting(tenant, as_of).await?;
        let all = decided.len();
        decided.retain(|own| !objecting.contains(&own.stored.outcome.party_id));
        let objected = all - decided.len();
        Ok((decided, objected as u64))
    }
}

/// The version that holds, or the one that is asked for; `versions` the oldest first.
pub(super) fn held(
    versions: &[ModelVersion],
    asked: Option<u64>,
) -> Result<Option<&ModelVersion>, Problem> {
    let Some(asked) = asked else {
        return Ok(versions.last());
    };
    let found = versions.iter().find(|version| version.version == asked);
    match found {
        Some(found) => Ok(Some(found)),
        None => {
            let newest = versions.last().map_or(0, |version| version.version);
            let message = format!("there is no model version {asked}, the newest is {newest}");
            let variables = [
                ("version", asked.to_string()),
                ("newest", newest.to_string()),
            ];
            Err(Problem::new(
                Reason::ModelVersionNotFound,
                "model_version",
                message,
                variables,
            ))
        }
    }
}
