//! Who may not be scored, and erasing what is known of a party.

use super::{Service, activities::Written};
use crate::domain::{
    data_subject::{StoredSubjectRequest, SubjectRequest, SubjectRight, objecting},
    id::{PartyId, TenantId},
    ledger::{Outcome, Position, WriteMode},
    problem::{Problem, Reason},
    prospect_records::ProspectRecord,
    records::Record,
};
use std::collections::BTreeSet;

impl Service {
    /// Who may not be scored as of a position.
    pub async fn objecting(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<BTreeSet<PartyId>, Problem> {
        let requests = self.store()?.subject_requests(tenant, as_of).await?;
        Ok(objecting(&requests))
    }

    /// How many erasures there are by now.
    pub(super) async fn erasure_count(&self, tenant: &TenantId) -> Result<usize, Problem> {
        let requests = self
            .store()?
            .subject_requests(tenant, Position::MAX)
            .await?;
        let is_erasure =
            |stored: &&StoredSubjectRequest| stored.request.right == SubjectRight::Erasure;
        Ok(requests.iter().filter(is_erasure).count())
    }

    /// Stores what somebody asked for of the data that is kept on them. Says whether it was so before.
    pub async fn store_subject_request(
        &self,
        tenant: &TenantId,
        request: SubjectRequest,
        mode: WriteMode,
    ) -> Result<(bool, Option<Position>), Problem> {
        let record = Record::Prospect(ProspectRecord::SubjectRequest(request));
        let Written {
            outcomes,
            written_at,
        } = self.put(tenant, vec![Ok(record)], mode).await?;
        let mut unchanged = false;
        for outcome in outcomes {
            match outcome {
                Outcome::Posted(_) => {}
                Outcome::Duplicate(_) => unchanged = true,
                Outcome::Rejected(problem) => return Err(*problem),
            }
        }
        Ok((unchanged, written_at))
    }
}

/// The party that a field names objects to profiling.
pub fn profiling_objected(id: &PartyId, field: &str) -> Problem {
    let message = format!("party {id} objects to profiling, or was erased: it is not scored");
    Problem::new(
        Reason::ProfilingObjected,
        field,
        message,
        [("party_id", id.to_string())],
    )
}
