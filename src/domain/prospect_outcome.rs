//! What became of prospects: won, lost or still open, and what was known of them when they were pursued.
//!
//! An outcome is stored under the client's key of the attempt; each further version of it takes the place of the one
//! before, and reads as of an earlier position still see that one. What a prospect is learnt from is what was known
//! when it was pursued: traits that became known afterwards would tell the outcome.

use super::{
    id::{OpportunityId, PartyId},
    ledger::Position,
    model::decision::Decision,
    money::Micros,
    party::Party,
    problem::Problem,
    time::{Day, Instant},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How an attempt to win a prospect ended. The order is part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OutcomeStatus {
    /// It became a customer.
    Won,
    /// It did not.
    Lost,
    /// Not decided yet.
    Open,
}

/// One attempt to win a prospect. The order of the fields is part of the stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProspectOutcome {
    /// The idempotency key.
    pub opportunity_id: OpportunityId,
    /// Whom it was about.
    pub party_id: PartyId,
    /// How it ended.
    pub status: OutcomeStatus,
    /// When it was decided; of one that is open, `None`.
    pub decided_on: Option<Day>,
    /// When it was begun. What was known of the prospect on this day is what is learnt from; if it is not given, the
    /// day on which it was decided.
    pub pursued_on: Option<Day>,
    /// What it really brought, if the business says so; what the ledger says of a customer is not asked here.
    pub brought: Option<Micros>,
    /// What pursuing it cost.
    pub acquisition_cost: Option<Micros>,
    /// What the advice was.
    pub advice: Option<Decision>,
}

impl ProspectOutcome {
    /// Whether it was won or lost.
    pub fn is_decided(&self) -> bool {
        self.status != OutcomeStatus::Open
    }

    /// Refuses what contradicts itself; the field is relative to the item.
    pub fn check(&self) -> Result<(), Problem> {
        match (self.status, self.decided_on) {
            (OutcomeStatus::Open, Some(_)) => {
                return Err(Problem::field_invalid(
                    "decided_on",
                    "is given, and the outcome is open",
                ));
            }
            (OutcomeStatus::Won | OutcomeStatus::Lost, None) => {
                return Err(Problem::field_required("decided_on"));
            }
            _ => {}
        }
        if let (Some(pursued), Some(decided)) = (self.pursued_on, self.decided_on)
            && decided < pursued
        {
            return Err(Problem::field_invalid("decided_on", "is before pursued_on"));
        }
        if self.brought.is_some() && self.status != OutcomeStatus::Won {
            return Err(Problem::field_invalid(
                "brought",
                "is given, and the prospect was not won",
            ));
        }
        Ok(())
    }

    /// The day as of which its traits are learnt from; `None` while it is open.
    pub fn known_on(&self) -> Option<Day> {
        let decided = self.decided_on?;
        Some(self.pursued_on.unwrap_or(decided))
    }
}

/// A stored outcome with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOutcome {
    /// Where this version was written.
    pub position: Position,
    /// When the server took it in.
    pub record_time: Instant,
    /// What it is.
    pub outcome: ProspectOutcome,
}

/// Asks for stored outcomes, in the order of their keys: of each the version that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeQuestion {
    /// Only of this party.
    pub party: Option<PartyId>,
    /// Only those that ended so.
    pub status: Option<OutcomeStatus>,
    /// Only what comes after this key.
    pub after: Option<OpportunityId>,
    /// As of this position.
    pub as_of: Position,
    /// At most so many.
    pub limit: usize,
}

impl OutcomeQuestion {
    /// Whether the version that holds is asked for, apart from its key.
    pub fn wants(&self, outcome: &ProspectOutcome) -> bool {
        let party = self.party.as_ref();
        party.is_none_or(|party| *party == outcome.party_id)
            && self.status.is_none_or(|status| status == outcome.status)
    }
}

/// A prospect that was won or lost, with what was known of it when it was pursued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedProspect {
    /// What became of it, as it holds now.
    pub stored: StoredOutcome,
    /// Where it was first stored that it was won or lost.
    pub decided_at: Position,
    /// What was known of it; `None` if nothing was stored of it before it was decided.
    pub party: Option<Arc<Party>>,
    /// Whether that was stored by the day on which it was pursued. Otherwise it is the first that was stored of it,
    /// before the outcome was: as when a business brings its history.
    pub was_known_in_time: bool,
}

/// A version of a party: where and on which day of UTC it was written.
#[derive(Debug, Clone, Copy)]
pub struct PartyVersion<'a> {
    /// Where.
    pub position: Position,
    /// When.
    pub recorded: Day,
    /// What was stored.
    pub party: &'a Arc<Party>,
}

/// What was known of a prospect when it was pursued.
///
/// `versions` are those of the party, the oldest first; `decided_at` is where it was first stored that the prospect was
/// won or lost. Of what was stored before that: the last version of the day or of earlier ones, or else the first.
pub fn known_then<'a>(
    versions: impl Iterator<Item = PartyVersion<'a>>,
    known_on: Day,
    decided_at: Position,
) -> (Option<Arc<Party>>, bool) {
    let (mut in_time, mut first) = (None, None);
    for version in versions.take_while(|version| version.position < decided_at) {
        first = first.or(Some(version.party));
        if version.recorded <= known_on {
            in_time = Some(version.party);
        }
    }
    (in_time.or(first).cloned(), in_time.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{party::Stage, problem::Reason, traits::Traits};

    fn outcome(status: OutcomeStatus, decided_on: Option<i32>) -> ProspectOutcome {
        ProspectOutcome {
            opportunity_id: OpportunityId::stored("o"),
            party_id: PartyId::stored("p"),
            status,
            decided_on: decided_on.map(Day),
            pursued_on: None,
            brought: None,
            acquisition_cost: None,
            advice: None,
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused_by_name() {
        use OutcomeStatus::{Lost, Open, Won};
        assert!(outcome(Won, Some(3)).check().is_ok());
        assert!(outcome(Open, None).check().is_ok());
        let refused = |outcome: ProspectOutcome| {
            let problem = outcome.check().unwrap_err();
            (problem.field, problem.reason)
        };
        let field = |name: &str, reason| (name.to_owned(), reason);
        assert_eq!(
            refused(outcome(Lost, None)),
            field("decided_on", Reason::FieldRequired)
        );
        assert_eq!(
            refused(outcome(Open, Some(1))),
            field("decided_on", Reason::FieldInvalid)
        );
        let mut late = outcome(Won, Some(3));
        late.pursued_on = Some(Day(4));
        assert_eq!(refused(late), field("decided_on", Reason::FieldInvalid));
        let mut lost = outcome(Lost, Some(3));
        lost.brought = Some(1);
        assert_eq!(refused(lost), field("brought", Reason::FieldInvalid));
    }

    #[test]
    fn what_became_known_afterwards_is_not_what_was_known() {
        let named = |name: &str| {
            Arc::new(Party {
                party_id: PartyId::stored("p"),
                stage: Stage::Prospect,
                display_name: name.to_owned(),
                traits: Traits::new(),
            })
        };
        let parties = ["a", "b", "c"].map(named);
        let versions = [(2, 10), (5, 20), (9, 30)];
        let known = |known_on, decided_at| {
            let versions = versions.iter().zip(&parties);
            let versions = versions.map(|((position, recorded), party)| PartyVersion {
                position: *position,
                recorded: Day(*recorded),
                party,
            });
            let (party, in_time) = known_then(versions, Day(known_on), decided_at);
            (party.map(|party| party.display_name.clone()), in_time)
        };
        let of = |name: &str, in_time| (Some(name.to_owned()), in_time);
        assert_eq!(known(25, 20), of("b", true));
        assert_eq!(known(20, 20), of("b", true));
        // On the same day, but after the outcome was stored.
        assert_eq!(known(30, 9), of("b", true));
        assert_eq!(known(5, 20), of("a", false));
        assert_eq!(known(5, 2), (None, false));
    }
}
