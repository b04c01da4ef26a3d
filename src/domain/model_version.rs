//! Which model of winning prospects holds: a place in the order of writes.
//!
//! A model is what is learnt from the writes up to a position, so that its position is all that has to be kept. To
//! bring an old one back is to store its position again.

use super::{
    id::RequestId,
    ledger::Position,
    problem::{Problem, Reason},
    records::Decision,
    time::Instant,
};
use serde::{Deserialize, Serialize};

/// A model that is to hold from here on. The order of the fields is part of the stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelVersionDraft {
    /// It is learnt from the writes up to here.
    pub trained_as_of: Position,
    /// The version that is brought back, if it is.
    pub restores: Option<u64>,
    /// Why; may be empty.
    pub note: String,
    /// The idempotency key.
    pub request_id: RequestId,
}

/// A stored version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelVersion {
    /// Its number, from 1.
    pub version: u64,
    /// It holds from here on.
    pub position: Position,
    /// When the server took it in.
    pub record_time: Instant,
    /// What was asked for.
    pub draft: ModelVersionDraft,
}

/// What becomes of a version that is to be stored; `stored` holds all, the oldest first.
pub fn decide(stored: &[ModelVersion], draft: &ModelVersionDraft) -> Decision {
    let same_request = |version: &&ModelVersion| version.draft.request_id == draft.request_id;
    match stored.iter().find(same_request) {
        None => Decision::Write,
        // From which position on was learnt follows from when the request first came.
        Some(version)
            if (version.draft.restores, &version.draft.note) == (draft.restores, &draft.note) =>
        {
            Decision::Unchanged(version.position)
        }
        Some(_) => {
            let request_id = &draft.request_id;
            let message = format!("request_id {request_id} was used to store another model");
            let variables = [("request_id", request_id.to_string())];
            Decision::Refused(Problem::new(
                Reason::RequestIdReused,
                "request_id",
                message,
                variables,
            ))
        }
    }
}
