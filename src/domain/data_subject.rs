//! What people can ask of whoever keeps data on them: no profiling, and erasure.
//!
//! An objection stops scoring from its position on, until it is withdrawn. An erasure takes name and traits out of
//! every version of the party, also of those before it: it is the one write that changes what is answered as of an
//! earlier position. Activities stay under the party's id, which the client made, so that all totals stay what they
//! are.

use super::{
    id::PartyId,
    ledger::Position,
    party::{Party, Stage, TraitDefinition},
    time::Instant,
    traits::Traits,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is asked. The order is part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SubjectRight {
    /// Not to be scored.
    Objection,
    /// The objection holds no longer.
    Withdrawal,
    /// Name and traits are not to be kept, and nobody is to be scored.
    Erasure,
}

/// What somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectRequest {
    /// Who it is about.
    pub party_id: PartyId,
    /// What.
    pub right: SubjectRight,
    /// Where the request is kept; may be empty.
    pub evidence_ref: String,
}

/// A stored request with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSubjectRequest {
    /// Where it was written.
    pub position: Position,
    /// When the server took it in.
    pub record_time: Instant,
    /// What it is.
    pub request: SubjectRequest,
}

/// Who may not be scored: those whose last request is an objection or an erasure. `requests` in the order of positions.
pub fn objecting<'a>(
    requests: impl IntoIterator<Item = &'a StoredSubjectRequest>,
) -> BTreeSet<PartyId> {
    let mut objecting = BTreeSet::new();
    for StoredSubjectRequest { request, .. } in requests {
        match request.right {
            SubjectRight::Objection | SubjectRight::Erasure => {
                objecting.insert(request.party_id.clone());
            }
            SubjectRight::Withdrawal => {
                objecting.remove(&request.party_id);
            }
        }
    }
    objecting
}

/// What is left of a party: its id, and what it is to the business.
pub fn erased(party: &Party) -> Party {
    Party {
        party_id: party.party_id.clone(),
        stage: party.stage,
        display_name: String::new(),
        traits: Traits::new(),
    }
}

/// What is left of a version of a party that was erased: what one store hands to another, and no client can send. The
/// order of the fields is part of the stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedParty {
    /// Who.
    pub party_id: PartyId,
    /// What it was to the business.
    pub stage: Stage,
    /// The definitions of the traits that it was the first to have; they hold nothing of it.
    pub definitions: Vec<TraitDefinition>,
}

impl ErasedParty {
    /// As a party without name and traits.
    pub fn party(&self) -> Party {
        Party {
            party_id: self.party_id.clone(),
            stage: self.stage,
            display_name: String::new(),
            traits: Traits::new(),
        }
    }

    /// Whether this is what an erasure leaves of a version of a party.
    pub fn is_left_of(&self, party: &Party) -> bool {
        self.party_id == party.party_id && self.stage == party.stage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_request_holds() {
        use SubjectRight::{Erasure, Objection, Withdrawal};
        let asked = [
            ("a", Objection),
            ("b", Objection),
            ("b", Withdrawal),
            ("c", Erasure),
            ("d", Erasure),
            ("d", Withdrawal),
            ("e", Withdrawal),
            ("e", Objection),
        ];
        let stored = (1..).zip(asked).map(|(position, (id, right))| {
            let record_time = Instant {
                seconds: 0,
                nanos: 0,
            };
            StoredSubjectRequest {
                position,
                record_time,
                request: SubjectRequest {
                    party_id: PartyId::stored(id),
                    right,
                    evidence_ref: String::new(),
                },
            }
        });
        let stored: Vec<_> = stored.collect();
        let expected = ["a", "c", "e"].map(PartyId::stored);
        assert_eq!(objecting(&stored), expected.into());
    }
}
