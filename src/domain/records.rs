//! Parties, trait definitions and cost models as they were at every position: the small things beside the ledger.
//!
//! A store that keeps them in memory holds one [`Records`] for each tenant. What is decided here is decided once for
//! all stores: whether a record is new, unchanged or refused.

use super::{
    cost_model::{self, CostModel, CostModelDraft},
    id::{PartyId, RequestId, TraitKey},
    ledger::Position,
    party::{self, Party, PartyQuestion, TraitDefinition, TraitValue},
    problem::Problem,
    time::Instant,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, LazyLock},
};

/// What a client can store beside the ledger. New kinds are added at the end: the order is part of the stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// A customer or a prospect, as a whole.
    Party(Party),
    /// What a trait is.
    TraitDefinition(TraitDefinition),
    /// The next version of the cost model.
    CostModel(CostModelDraft),
}

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is to be written at the next position.
    Write,
    /// The same was written at this position and still holds.
    Unchanged(Position),
    /// It is refused.
    Refused(Problem),
}

type History<T> = Vec<(Position, Arc<T>)>;

/// One tenant's records with their history.
#[derive(Debug, Clone, Default)]
pub struct Records {
    parties: BTreeMap<PartyId, History<Party>>,
    definitions: BTreeMap<TraitKey, History<TraitDefinition>>,
    cost_models: Vec<StoredCostModel>,
}

/// A version of the cost model with where it was written and under which request.
#[derive(Debug, Clone)]
struct StoredCostModel {
    position: Position,
    request_id: RequestId,
    model: Arc<CostModel>,
}

fn at<T>(history: &History<T>, as_of: Position) -> Option<&(Position, Arc<T>)> {
    history
        .iter()
        .rev()
        .find(|(position, _)| *position <= as_of)
}

fn copy_newest<K: Ord + Clone, T>(
    into: &mut BTreeMap<K, History<T>>,
    from: &BTreeMap<K, History<T>>,
    key: &K,
) {
    if !into.contains_key(key)
        && let Some(newest) = from.get(key).and_then(|history| history.last())
    {
        into.insert(key.clone(), vec![newest.clone()]);
    }
}

impl Records {
    /// Copies from `base` what decides about a record, unless it is here already.
    ///
    /// So a draft of writes that are not durable yet can be made beside the records that they follow, and dropped.
    pub fn prepare(&mut self, base: &Self, record: &Record) {
        match record {
            Record::Party(party) => {
                copy_newest(&mut self.parties, &base.parties, &party.party_id);
                for key in party.traits.keys() {
                    copy_newest(&mut self.definitions, &base.definitions, key);
                }
            }
            Record::TraitDefinition(definition) => {
                copy_newest(&mut self.definitions, &base.definitions, &definition.key);
            }
            Record::CostModel(_) => {
                if self.cost_models.is_empty() {
                    self.cost_models.clone_from(&base.cost_models);
                }
            }
        }
    }

    /// Says what becomes of a record, before it is written.
    pub fn decide(&self, record: &Record) -> Decision {
        match record {
            Record::Party(party) => self.decide_party(party),
            Record::TraitDefinition(definition) => self.decide_definition(definition),
            Record::CostModel(draft) => self.decide_cost_model(draft),
        }
    }

    fn decide_party(&self, party: &Party) -> Decision {
        for (key, value) in &party.traits {
            let defined = self.definition(key, Position::MAX);
            if let Some(definition) = defined
                && definition.trait_type != value.trait_type()
            {
                let problem =
                    party::trait_type_mismatch(key, definition.trait_type, value.trait_type());
                return Decision::Refused(problem);
            }
        }
        match self
            .parties
            .get(&party.party_id)
            .and_then(|history| history.last())
        {
            Some((position, stored)) if **stored == *party => Decision::Unchanged(*position),
            _ => Decision::Write,
        }
    }

    fn decide_definition(&self, definition: &TraitDefinition) -> Decision {
        match self
            .definitions
            .get(&definition.key)
            .and_then(|history| history.last())
        {
            Some((_, stored)) if stored.trait_type != definition.trait_type => {
                let mut problem = party::trait_type_mismatch(
                    &definition.key,
                    stored.trait_type,
                    definition.trait_type,
                );
                "type".clone_into(&mut problem.field);
                problem.metadata.insert("field", problem.field.clone());
                Decision::Refused(problem)
            }
            Some((position, stored)) if **stored == *definition => Decision::Unchanged(*position),
            _ => Decision::Write,
        }
    }

    fn decide_cost_model(&self, draft: &CostModelDraft) -> Decision {
        if let Some(stored) = self
            .cost_models
            .iter()
            .find(|s| s.request_id == draft.request_id)
        {
            return if stored.model.same_content(&draft.model) {
                Decision::Unchanged(stored.position)
            } else {
                Decision::Refused(cost_model::request_id_reused(&draft.request_id))
            };
        }
        let newest = self.newest_version();
        match draft.expected_version {
            Some(expected) if expected != newest => {
                Decision::Refused(cost_model::cost_model_changed(expected, newest))
            }
            _ => Decision::Write,
        }
    }

    fn newest_version(&self) -> u64 {
        self.cost_models
            .last()
            .map_or(0, |stored| stored.model.version)
    }

    /// Takes in a record that was decided to be written and is durable at `position`, greater than all before.
    pub fn apply(&mut self, position: Position, record_time: Instant, record: Record) {
        match record {
            Record::Party(party) => {
                for (key, value) in &party.traits {
                    self.imply_definition(position, key, value);
                }
                let history = self.parties.entry(party.party_id.clone()).or_default();
                history.push((position, Arc::new(party)));
            }
            Record::TraitDefinition(definition) => {
                let history = self.definitions.entry(definition.key.clone()).or_default();
                history.push((position, Arc::new(definition)));
            }
            Record::CostModel(draft) => {
                let version = self.newest_version() + 1;
                let model = CostModel {
                    version,
                    record_time: Some(record_time),
                    ..draft.model
                };
                let stored = StoredCostModel {
                    position,
                    request_id: draft.request_id,
                    model: Arc::new(model),
                };
                self.cost_models.push(stored);
            }
        }
    }

    fn imply_definition(&mut self, position: Position, key: &TraitKey, value: &TraitValue) {
        if !self.definitions.contains_key(key) {
            let implied = TraitDefinition::implied(key.clone(), value);
            self.definitions
                .insert(key.clone(), vec![(position, Arc::new(implied))]);
        }
    }

    /// A party as of a position.
    pub fn party(&self, id: &PartyId, as_of: Position) -> Option<&Arc<Party>> {
        at(self.parties.get(id)?, as_of).map(|(_, party)| party)
    }

    /// The parties that meet a question, in the order of their ids, and how many prospects `has_sale` left out.
    pub fn parties(
        &self,
        question: &PartyQuestion,
        has_sale: impl Fn(&PartyId) -> bool,
    ) -> PartyAnswer {
        let from = question
            .after
            .as_ref()
            .map_or(Bound::Unbounded, Bound::Excluded);
        let mut answer = PartyAnswer::default();
        for (id, history) in self.parties.range::<PartyId, _>((from, Bound::Unbounded)) {
            if answer.parties.len() == question.limit {
                break;
            }
            let Some((_, party)) = at(history, question.as_of) else {
                continue;
            };
            let wanted = question.stage.is_none_or(|stage| stage == party.stage)
                && question
                    .traits
                    .iter()
                    .all(|filter| filter.holds(Some(party)));
            if wanted && question.without_sales && has_sale(id) {
                answer.left_out += 1;
            } else if wanted {
                answer.parties.push(Arc::clone(party));
            }
        }
        answer
    }

    /// A trait's definition as of a position.
    pub fn definition(&self, key: &TraitKey, as_of: Position) -> Option<&Arc<TraitDefinition>> {
        at(self.definitions.get(key)?, as_of).map(|(_, definition)| definition)
    }

    /// All definitions as of a position, in the order of their keys.
    pub fn definitions(&self, as_of: Position) -> Vec<Arc<TraitDefinition>> {
        let found = self
            .definitions
            .values()
            .filter_map(|history| at(history, as_of));
        found
            .map(|(_, definition)| Arc::clone(definition))
            .collect()
    }

    /// All versions of the cost model as of a position, the oldest first, with version 0 before them.
    pub fn cost_models(&self, as_of: Position) -> Vec<Arc<CostModel>> {
        static EMPTY: LazyLock<Arc<CostModel>> = LazyLock::new(Arc::default);
        let stored = self
            .cost_models
            .iter()
            .filter(|stored| stored.position <= as_of);
        std::iter::once(&*EMPTY)
            .chain(stored.map(|stored| &stored.model))
            .cloned()
            .collect()
    }
}

/// Stored parties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartyAnswer {
    /// Those that meet the question, in the order of their ids.
    pub parties: Vec<Arc<Party>>,
    /// How many were passed over on the way because they have a sale.
    pub left_out: u64,
}
