//! Outcomes of prospects, requests of data subjects, versions of models and decisions about relationships as they were
//! at every position. A store that keeps them in memory holds them in its [`super::records::Records`].

use super::{
    advice_decision::TakenDecision,
    data_subject::{StoredSubjectRequest, SubjectRequest, SubjectRight},
    decision_history::DecisionHistory,
    id::{OpportunityId, PartyId},
    ledger::Position,
    model_version::{self, ModelVersion, ModelVersionDraft},
    problem::Problem,
    prospect_outcome::{
        DecidedProspect, OutcomeQuestion, PartyVersion, ProspectOutcome, StoredOutcome, known_then,
    },
    records::Decision,
    time::Instant,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::Bound};

/// What is stored about winning prospects, and about keeping customers.
///
/// New kinds are added at the end: the order is part of the stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProspectRecord {
    /// What became of a prospect.
    Outcome(ProspectOutcome),
    /// What somebody asked for of the data that is kept on them.
    SubjectRequest(SubjectRequest),
    /// Which model holds.
    ModelVersion(ModelVersionDraft),
    /// What was decided about a relationship.
    Decision(Box<TakenDecision>),
}

impl ProspectRecord {
    /// The number of its kind, and its key among those of the kind.
    pub fn key(&self) -> (i16, &str) {
        match self {
            Self::Outcome(outcome) => (0, outcome.opportunity_id.as_str()),
            Self::SubjectRequest(request) => (1, request.party_id.as_str()),
            Self::ModelVersion(draft) => (2, draft.request_id.as_str()),
            Self::Decision(taken) => (3, taken.decision.decision_id.as_str()),
        }
    }

    /// The party whose data decides about it, or that it is about to change.
    pub fn subject(&self) -> Option<&PartyId> {
        match self {
            Self::SubjectRequest(request) => Some(&request.party_id),
            Self::Outcome(_) | Self::ModelVersion(_) | Self::Decision(_) => None,
        }
    }
}

/// One tenant's records about winning prospects, with their history.
#[derive(Debug, Clone, Default)]
pub struct ProspectRecords {
    /// All versions of each, the oldest first.
    outcomes: BTreeMap<OpportunityId, Vec<StoredOutcome>>,
    requests: Vec<StoredSubjectRequest>,
    erasure_count: usize,
    models: Vec<ModelVersion>,
    decisions: DecisionHistory,
}

/// An outcome with where it was first stored that it was won or lost.
#[derive(Debug, Clone)]
pub struct DecidedOutcome {
    /// The version that holds.
    pub stored: StoredOutcome,
    /// Where it was decided.
    pub decided_at: Position,
}

impl DecidedOutcome {
    /// With what was known of the prospect, of the versions of its party, the oldest first.
    pub fn known<'a>(self, versions: impl Iterator<Item = PartyVersion<'a>>) -> DecidedProspect {
        let known_on = self.stored.outcome.known_on().unwrap_or_default();
        let (party, was_known_in_time) = known_then(versions, known_on, self.decided_at);
        DecidedProspect {
            stored: self.stored,
            decided_at: self.decided_at,
            party,
            was_known_in_time,
        }
    }
}

/// The version that holds of the versions of one outcome, the oldest first, if it is won or lost.
pub fn decided(versions: &[StoredOutcome]) -> Option<DecidedOutcome> {
    let stored = versions.last()?;
    if !stored.outcome.is_decided() {
        return None;
    }
    let first = (versions.iter()).find(|version| version.outcome.is_decided())?;
    Some(DecidedOutcome {
        stored: stored.clone(),
        decided_at: first.position,
    })
}

impl ProspectRecords {
    /// Copies from `base` what decides about a record, unless it is here already.
    pub fn prepare(&mut self, base: &Self, record: &ProspectRecord) {
        match record {
            ProspectRecord::Outcome(outcome) => {
                let key = &outcome.opportunity_id;
                if !self.outcomes.contains_key(key)
                    && let Some(newest) = base.outcomes.get(key).and_then(|all| all.last())
                {
                    self.outcomes.insert(key.clone(), vec![newest.clone()]);
                }
            }
            ProspectRecord::SubjectRequest(request) => {
                let own =
                    |stored: &&StoredSubjectRequest| stored.request.party_id == request.party_id;
                if !self.requests.iter().any(|stored| own(&stored)) {
                    self.requests
                        .extend(base.requests.iter().rev().find(own).cloned());
                }
                if request.right == SubjectRight::Erasure {
                    self.decisions
                        .prepare_about(&base.decisions, &request.party_id);
                }
            }
            ProspectRecord::ModelVersion(_) => {
                if self.models.is_empty() {
                    self.models.clone_from(&base.models);
                }
            }
            ProspectRecord::Decision(taken) => {
                let key = &taken.decision.decision_id;
                self.decisions.prepare(&base.decisions, key);
            }
        }
    }

    /// Says what becomes of a record. `last_party_write` is where the newest version of the party is that a request is
    /// about.
    pub fn decide(&self, record: &ProspectRecord, last_party_write: Position) -> Decision {
        match record {
            ProspectRecord::Outcome(outcome) => self.decide_outcome(outcome),
            ProspectRecord::SubjectRequest(request) => {
                let last_write = last_party_write.max(self.decisions.last_about(&request.party_id));
                let mut stored = self.requests.iter().rev();
                let stored = stored.find(|stored| stored.request.party_id == request.party_id);
                match stored {
                    // What was stored of a party, or decided about it, since it was erased is to be erased again.
                    Some(stored)
                        if stored.request.right == request.right
                            && (request.right != SubjectRight::Erasure
                                || last_write < stored.position) =>
                    {
                        Decision::Unchanged(stored.position)
                    }
                    _ => Decision::Write,
                }
            }
            ProspectRecord::ModelVersion(draft) => model_version::decide(&self.models, draft),
            ProspectRecord::Decision(taken) => self.decisions.decide(taken),
        }
    }

    fn decide_outcome(&self, outcome: &ProspectOutcome) -> Decision {
        if let Err(problem) = outcome.check() {
            return Decision::Refused(problem);
        }
        let versions = self.outcomes.get(&outcome.opportunity_id);
        match versions.and_then(|versions| versions.last()) {
            Some(stored) if stored.outcome == *outcome => Decision::Unchanged(stored.position),
            Some(stored) if stored.outcome.party_id != outcome.party_id => {
                let problem = format!("is not {}, whose outcome it is", stored.outcome.party_id);
                Decision::Refused(Problem::field_invalid("party_id", &problem))
            }
            _ => Decision::Write,
        }
    }

    /// Takes in a record that is durable at `position`, greater than all before.
    pub fn apply(&mut self, position: Position, record_time: Instant, record: ProspectRecord) {
        match record {
            ProspectRecord::Outcome(outcome) => {
                let key = outcome.opportunity_id.clone();
                self.outcomes.entry(key).or_default().push(StoredOutcome {
                    position,
                    record_time,
                    outcome,
                });
            }
            ProspectRecord::SubjectRequest(request) => {
                if request.right == SubjectRight::Erasure {
                    self.erasure_count += 1;
                    self.decisions.erase(&request.party_id, position);
                }
                self.requests.push(StoredSubjectRequest {
                    position,
                    record_time,
                    request,
                });
            }
            ProspectRecord::ModelVersion(draft) => {
                let version = self.models.len() as u64 + 1;
                self.models.push(ModelVersion {
                    version,
                    position,
                    record_time,
                    draft,
                });
            }
            ProspectRecord::Decision(taken) => {
                self.decisions.apply(position, record_time, *taken);
            }
        }
    }

    /// Where a party was erased, each time.
    pub fn erasures(&self) -> impl Iterator<Item = (&PartyId, Position)> {
        let erasures = self.requests.iter();
        let erasures = erasures.filter(|stored| stored.request.right == SubjectRight::Erasure);
        erasures.map(|stored| (&stored.request.party_id, stored.position))
    }

    /// How many erasures there are.
    pub fn erasure_count(&self) -> usize {
        self.erasure_count
    }

    /// The outcomes that meet a question, in the order of their keys.
    pub fn outcomes(&self, question: &OutcomeQuestion) -> Vec<StoredOutcome> {
        let after = question.after.as_ref();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let stored = (self.outcomes).range::<OpportunityId, _>((from, Bound::Unbounded));
        let held = stored.filter_map(|(_, versions)| up_to(versions, question.as_of).last());
        held.filter(|stored| question.wants(&stored.outcome))
            .take(question.limit)
            .cloned()
            .collect()
    }

    /// The decisions about relationships.
    pub fn decisions(&self) -> &DecisionHistory {
        &self.decisions
    }

    /// All outcomes that are won or lost as of a position, in the order of their keys.
    pub fn decided(&self, as_of: Position) -> impl Iterator<Item = DecidedOutcome> {
        let all = self.outcomes.values();
        all.filter_map(move |versions| decided(up_to(versions, as_of)))
    }

    /// All requests up to a position, in the order of positions.
    pub fn requests(&self, as_of: Position) -> Vec<StoredSubjectRequest> {
        let all = self.requests.iter();
        all.take_while(|stored| stored.position <= as_of)
            .cloned()
            .collect()
    }

    /// All versions of the model up to a position, the oldest first.
    pub fn models(&self, as_of: Position) -> Vec<ModelVersion> {
        let all = self.models.iter();
        all.take_while(|version| version.position <= as_of)
            .cloned()
            .collect()
    }
}

fn up_to(versions: &[StoredOutcome], as_of: Position) -> &[StoredOutcome] {
    let end = versions.partition_point(|version| version.position <= as_of);
    &versions[..end]
}
