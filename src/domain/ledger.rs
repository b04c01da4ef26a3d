//! The ledger's entries, and what becomes of an entry that is submitted.

use super::{
    activity::Activity,
    id::{ActivityId, PartyId},
    problem::{Problem, Reason},
    time::Instant,
};
use serde::{Deserialize, Serialize};

/// A place in a tenant's order of writes; 0 is before all writes. Activities, reversals, parties, trait definitions,
/// cost models and closings share one order.
pub type Position = u64;

/// Takes back one activity, in the period in which that activity counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversal {
    /// The idempotency key, in one space with activity ids.
    pub reversal_id: ActivityId,
    /// The activity that is taken back.
    pub activity_id: ActivityId,
    /// Why.
    pub reason: String,
    /// Where the evidence is.
    pub evidence_ref: String,
}

/// What a client can add to the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// Something happened.
    Activity(Activity),
    /// Something is taken back.
    Reversal(Reversal),
}

impl Entry {
    /// The idempotency key.
    pub fn id(&self) -> &ActivityId {
        match self {
            Self::Activity(activity) => &activity.activity_id,
            Self::Reversal(reversal) => &reversal.reversal_id,
        }
    }
}

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its place.
    pub position: Position,
    /// When the server took it in.
    pub record_time: Instant,
    /// What it is.
    pub entry: Entry,
    /// For an activity that was taken back by the state that was read: where.
    pub reversed_at: Option<Position>,
}

/// What became of one submitted entry or record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is written, at this position; with [`WriteMode::ValidateOnly`] it would be.
    Posted(Position),
    /// It was there already, at this position.
    Duplicate(Position),
    /// It was refused, which is rare: boxed, so that many outcomes are small. The field is relative to the item.
    Rejected(Box<Problem>),
}

/// Whether a write is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// It is.
    Keep,
    /// It is not; outcomes say what would happen. Posted positions are then without meaning.
    ValidateOnly,
}

/// Refuses a reversal whose target is not in the ledger, or is a reversal itself.
pub fn activity_not_found(activity_id: &ActivityId) -> Problem {
    let message = format!("there is no activity {activity_id} to take back");
    let variables = [("activity_id", activity_id.to_string())];
    Problem::new(Reason::ActivityNotFound, "activity_id", message, variables)
}

/// Refuses a reversal whose target was taken back already.
pub fn already_reversed(activity_id: &ActivityId, reversed_at: Position) -> Problem {
    let message =
        format!("activity {activity_id} was taken back already, at position {reversed_at}");
    let variables = [
        ("activity_id", activity_id.to_string()),
        ("reversed_at", reversed_at.to_string()),
    ];
    Problem::new(
        Reason::ActivityAlreadyReversed,
        "activity_id",
        message,
        variables,
    )
}

/// Which part of the ledger to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerQuestion {
    /// Only this customer's activities and their reversals.
    pub customer: Option<PartyId>,
    /// Only what happened from here on; a reversal happens when its activity did.
    pub start: Option<Instant>,
    /// Only what happened before.
    pub end: Option<Instant>,
    /// Only entries after this position.
    pub after: Position,
    /// Only entries up to this position.
    pub as_of: Position,
    /// At most so many.
    pub limit: usize,
}
