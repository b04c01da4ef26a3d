//! Everything that was written for a tenant, in one order: what one store hands to another.
//!
//! Whoever writes the same at the same positions and with the same times answers every question as the other does, as
//! of every position.

use super::{
    cost_model::CostModel,
    data_subject::ErasedParty,
    id::{PartyId, TenantId},
    ledger::{Entry, Outcome, Position},
    party::TraitDefinition,
    problem::{Problem, Reason},
    prospect_records::ProspectRecord,
    records::{Record, Records},
    time::Instant,
};
use serde::Serialize;

/// What was written at one position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Where.
    pub position: Position,
    /// When the server took it in.
    pub record_time: Instant,
    /// What it is.
    pub content: Content,
}

/// An entry or a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Content {
    /// Of the ledger.
    Entry(Entry),
    /// Beside the ledger.
    Record(Record),
}

impl Content {
    /// A record as it was decided: a cost model's version and time follow from its place, and what its writer expected
    /// was met.
    pub fn of_record(record: Record) -> Self {
        Self::Record(match record {
            Record::CostModel(mut draft) => {
                draft.expected_version = None;
                draft.model = CostModel {
                    version: 0,
                    record_time: None,
                    ..draft.model
                };
                Record::CostModel(draft)
            }
            Record::Party(_)
            | Record::TraitDefinition(_)
            | Record::Closing(_)
            | Record::Product(_)
            | Record::ExchangeRate(_)
            | Record::PriceTerms(_)
            | Record::Prospect(_)
            | Record::ErasedParty(_) => record,
        })
    }
}

impl Written {
    /// Takes out the personal data of a party, if this is a version of it or of a decision about it.
    pub fn erase(&mut self, id: &PartyId, records: &Records) {
        let position = self.position;
        self.erase_if(|party| party == id, || records.implied_at(position));
    }

    /// Takes out the personal data of those parties that `is_erased` tells, if this is a version of one, or of a
    /// decision about one; `implied` are the definitions that it implied.
    pub fn erase_if(
        &mut self,
        is_erased: impl Fn(&PartyId) -> bool,
        implied: impl Fn() -> Vec<TraitDefinition>,
    ) {
        match &mut self.content {
            Content::Record(Record::Party(party)) if is_erased(&party.party_id) => {
                self.content = Content::Record(Record::ErasedParty(ErasedParty {
                    party_id: party.party_id.clone(),
                    stage: party.stage,
                    definitions: implied(),
                }));
            }
            Content::Record(Record::Prospect(ProspectRecord::Decision(taken)))
                if is_erased(&taken.decision.customer_id) =>
            {
                **taken = taken.erased();
            }
            Content::Record(_) | Content::Entry(_) => {}
        }
    }

    /// Whether this is the same as what another store holds, or what is left of it after an erasure that the other has
    /// not heard of yet.
    pub fn tells_of(&self, other: &Self) -> bool {
        use ProspectRecord::Decision;
        let (Content::Record(own), Content::Record(others)) = (&self.content, &other.content)
        else {
            return self == other;
        };
        let is_left = match (own, others) {
            (Record::ErasedParty(erased), Record::Party(party)) => erased.is_left_of(party),
            (Record::Prospect(Decision(taken)), Record::Prospect(Decision(before))) => {
                taken == before || (taken.is_erased && **taken == before.erased())
            }
            _ => own == others,
        };
        is_left && (self.position, self.record_time) == (other.position, other.record_time)
    }
}

/// Which part of what was written to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuestion {
    /// Only what is after this position.
    pub after: Position,
    /// Only what is up to this position.
    pub as_of: Position,
    /// At most so many.
    pub limit: usize,
}

/// Refuses what was written elsewhere if it does not begin right after `newest`, or has gaps.
pub fn check_follows(newest: Position, written: &[Written]) -> Result<(), Problem> {
    for (expected, one) in (newest + 1..).zip(written) {
        if one.position != expected {
            let problem = format!("is {}, and {expected} comes next", one.position);
            return Err(Problem::field_invalid("position", &problem));
        }
    }
    Ok(())
}

/// Refuses what was written elsewhere if it would become something else here.
pub fn check_posted(position: Position, outcome: Outcome) -> Result<(), Problem> {
    match outcome {
        Outcome::Posted(own) if own == position => Ok(()),
        Outcome::Rejected(problem) => Err(*problem),
        Outcome::Posted(other) | Outcome::Duplicate(other) => {
            let problem = format!("is {position}, and here it is {other}");
            Err(Problem::field_invalid("position", &problem))
        }
    }
}

/// The tenant's history is not a beginning of the one that is to be copied.
pub fn holds_something_else(tenant: &TenantId, position: Position) -> Problem {
    let message =
        format!("the target holds something else for tenant {tenant} at position {position}");
    let variables = [
        ("tenant_id", tenant.to_string()),
        ("position", position.to_string()),
    ];
    Problem::new(Reason::FieldInvalid, "to", message, variables)
}

/// The tenant's history goes on where the one that is to be copied ends.
pub fn holds_more(tenant: &TenantId, position: Position, end: Position) -> Problem {
    let message = format!(
        "the target holds tenant {tenant} up to position {position}, and the source ends at {end}"
    );
    let variables = [
        ("tenant_id", tenant.to_string()),
        ("position", position.to_string()),
        ("end", end.to_string()),
    ];
    Problem::new(Reason::FieldInvalid, "to", message, variables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        cost_model::CostModelDraft,
        id::RequestId,
        party::{Party, Stage},
        traits::Traits,
    };

    const NOW: Instant = Instant {
        seconds: 5,
        nanos: 6,
    };

    fn party(position: Position) -> Written {
        let party = Party {
            party_id: PartyId::stored("c"),
            stage: Stage::Customer,
            display_name: String::new(),
            traits: Traits::new(),
        };
        Written {
            position,
            record_time: NOW,
            content: Content::of_record(Record::Party(party)),
        }
    }

    #[test]
    fn positions_follow_without_gaps() {
        assert!(check_follows(4, &[party(5), party(6)]).is_ok());
        assert!(check_follows(4, &[]).is_ok());
        for wrong in [&[party(4)][..], &[party(6)], &[party(5), party(7)]] {
            let problem = check_follows(4, wrong).unwrap_err();
            assert_eq!(problem.reason, Reason::FieldInvalid);
        }
        assert!(check_posted(5, Outcome::Posted(5)).is_ok());
        assert!(check_posted(5, Outcome::Posted(6)).is_err());
        assert!(check_posted(5, Outcome::Duplicate(5)).is_err());
    }

    #[test]
    fn a_cost_model_is_what_its_client_sent() {
        let draft = |version, expected_version, record_time| {
            Record::CostModel(CostModelDraft {
                model: CostModel {
                    version,
                    record_time,
                    note: "n".to_owned(),
                    ..CostModel::default()
                },
                request_id: RequestId::stored("q"),
                expected_version,
            })
        };
        let sent = Content::of_record(draft(0, Some(3), None));
        assert_eq!(sent, Content::of_record(draft(4, None, Some(NOW))));
    }
}
