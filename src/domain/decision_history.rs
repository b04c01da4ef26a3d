//! Decisions as they were at every position. A store that keeps them in memory holds them in its
//! [`super::prospect_records::ProspectRecords`].

use super::{
    advice_decision::{DecisionQuestion, StoredDecision, TakenDecision},
    id::{DecisionId, PartyId},
    ledger::Position,
    problem::Problem,
    records::Decision,
    time::Instant,
};
use std::{collections::BTreeMap, ops::Bound};

/// All versions of each decision, the oldest first.
#[derive(Debug, Clone, Default)]
pub struct DecisionHistory {
    versions: BTreeMap<DecisionId, Vec<StoredDecision>>,
}

impl DecisionHistory {
    /// Copies from `base` the newest version of a decision, unless one is here already.
    pub fn prepare(&mut self, base: &Self, key: &DecisionId) {
        if !self.versions.contains_key(key)
            && let Some(newest) = base.versions.get(key).and_then(|all| all.last())
        {
            self.versions.insert(key.clone(), vec![newest.clone()]);
        }
    }

    /// The same of all decisions about a customer.
    pub fn prepare_about(&mut self, base: &Self, customer: &PartyId) {
        for (key, _) in base.about(customer) {
            self.prepare(base, key);
        }
    }

    /// The newest versions of what is about a customer.
    fn about(&self, customer: &PartyId) -> impl Iterator<Item = (&DecisionId, &StoredDecision)> {
        let newest = self.versions.iter();
        let newest = newest.filter_map(|(key, all)| Some((key, all.last()?)));
        newest.filter(move |(_, stored)| stored.taken.decision.customer_id == *customer)
    }

    /// Where something about a customer was stored last; 0 if nothing was.
    pub fn last_about(&self, customer: &PartyId) -> Position {
        let positions = self.about(customer).map(|(_, stored)| stored.position);
        positions.max().unwrap_or(0)
    }

    /// Says what becomes of a decision. What was forecast follows from what was decided, and is not compared.
    pub fn decide(&self, taken: &TakenDecision) -> Decision {
        // Every version keeps its place, though they may be alike.
        if taken.is_erased {
            return Decision::Write;
        }
        let decision = &taken.decision;
        if let Err(problem) = decision.check() {
            return Decision::Refused(problem);
        }
        let versions = self.versions.get(&decision.decision_id);
        match versions.and_then(|versions| versions.last()) {
            Some(stored) if stored.taken.decision == *decision => {
                Decision::Unchanged(stored.position)
            }
            Some(stored) if stored.taken.decision.customer_id != decision.customer_id => {
                let about = &stored.taken.decision.customer_id;
                let problem = format!("is not {about}, whom the decision is about");
                Decision::Refused(Problem::field_invalid("customer_id", &problem))
            }
            _ => Decision::Write,
        }
    }

    /// Takes in a decision that is durable at `position`, greater than all before.
    pub fn apply(&mut self, position: Position, record_time: Instant, taken: TakenDecision) {
        let key = taken.decision.decision_id.clone();
        self.versions.entry(key).or_default().push(StoredDecision {
            position,
            record_time,
            taken,
        });
    }

    /// Takes texts and persons out of what was stored about a customer before a position.
    pub fn erase(&mut self, customer: &PartyId, before: Position) {
        for stored in self.versions.values_mut().flatten() {
            let is_own = stored.taken.decision.customer_id == *customer;
            if is_own && stored.position < before {
                stored.taken = stored.taken.erased();
            }
        }
    }

    /// The decisions that meet a question, in the order of their keys.
    pub fn list(&self, question: &DecisionQuestion) -> Vec<StoredDecision> {
        let after = question.after.as_ref();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let stored = (self.versions).range::<DecisionId, _>((from, Bound::Unbounded));
        let held = stored.filter_map(|(_, versions)| {
            let end = versions.partition_point(|version| version.position <= question.as_of);
            versions[..end].last()
        });
        held.filter(|stored| question.wants(&stored.taken.decision))
            .take(question.limit)
            .cloned()
            .collect()
    }
}
