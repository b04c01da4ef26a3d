//! Outcomes of prospects, requests of data subjects, versions of models and decisions about relationships: one table,
//! and what is made of its rows.

use super::{
    database::{Database, Fault, column, rows},
    decisions,
    history::record_time,
    json,
    parties::{self, party_of},
    sql::{Sql, count, seq},
};
use crate::domain::{
    data_subject::StoredSubjectRequest,
    id::{OpportunityId, PartyId},
    ledger::Position,
    model_version::ModelVersion,
    problem::Problem,
    prospect_outcome::{
        DecidedProspect, OutcomeQuestion, OutcomeStatus, PartyVersion, StoredOutcome,
    },
    prospect_records::{DecidedOutcome, ProspectRecord, decided},
    time::Instant,
    versions::day_recorded,
};
use deadpool_postgres::Object;
use std::{collections::BTreeMap, sync::Arc};
use tokio_postgres::Row;

/// What a row is read by.
pub const COLUMNS: &str = "o.kind, o.body::text AS body, o.record_seconds, o.record_nanos";

/// Of so many parties versions are read at once.
const PARTIES: usize = 10_000;

/// The numbers of kinds, as [`ProspectRecord::key`] tells them.
const OUTCOMES: i16 = 0;
const REQUESTS: i16 = 1;
const MODELS: i16 = 2;
/// Decisions about relationships.
pub const DECISIONS: i16 = 3;

/// A record with where and when it was written.
pub struct Stored {
    /// Where.
    pub position: Position,
    /// When.
    pub record_time: Instant,
    /// What it is.
    pub record: ProspectRecord,
}

/// A record of a row.
pub fn stored_of(row: &Row) -> Result<Stored, Problem> {
    let position = count(column(row, "seq")?);
    let (kind, body): (i16, &str) = (column(row, "kind")?, column(row, "body")?);
    let record = match kind {
        OUTCOMES => ProspectRecord::Outcome(json::read(body)?),
        REQUESTS => ProspectRecord::SubjectRequest(json::read(body)?),
        MODELS => ProspectRecord::ModelVersion(json::read(body)?),
        DECISIONS => ProspectRecord::Decision(json::read(body)?),
        _ => {
            let place = format!("the record at position {position} is of kind {kind}");
            return Err(Problem::ledger_damaged(&place));
        }
    };
    Ok(Stored {
        position,
        record_time: record_time(row)?,
        record,
    })
}

fn outcome_of(row: &Row) -> Result<Option<StoredOutcome>, Problem> {
    let stored = stored_of(row)?;
    Ok(match stored.record {
        ProspectRecord::Outcome(outcome) => Some(StoredOutcome {
            position: stored.position,
            record_time: stored.record_time,
            outcome,
        }),
        ProspectRecord::SubjectRequest(_)
        | ProspectRecord::ModelVersion(_)
        | ProspectRecord::Decision(_) => None,
    })
}

/// All records of a kind up to a position; of some keys only, if they are given.
fn of_kind(tenant: i32, kind: i16, as_of: Position, keys: Option<Vec<String>>, by: &str) -> Sql {
    let mut sql = Sql::default();
    let (tenant, kind, as_of) = (sql.bind(tenant), sql.bind(kind), sql.bind(seq(as_of)));
    let some = keys.map_or_else(String::new, |keys| {
        format!(" AND o.key = ANY({})", sql.bind(keys))
    });
    sql.push(&format!(
        "SELECT o.seq, {COLUMNS} FROM profitscore.prospect_records o \
         WHERE o.tenant = {tenant} AND o.kind = {kind} AND o.seq <= {as_of}{some} ORDER BY {by}"
    ));
    sql
}

/// What decides about some records, in the order of positions, as a transaction sees it.
pub async fn deciding_on(
    connection: &Object,
    tenant: i32,
    records: Vec<&ProspectRecord>,
) -> Result<Vec<Stored>, Fault> {
    let mut found = Vec::new();
    for kind in [OUTCOMES, REQUESTS, MODELS, DECISIONS] {
        let keys = records.iter().map(|record| record.key());
        let keys: Vec<String> = keys
            .filter(|(own, _)| *own == kind)
            .map(|(_, key)| key.to_owned())
            .collect();
        if keys.is_empty() {
            continue;
        }
        // The number of a model's version counts all before it.
        let keys = (kind != MODELS).then_some(keys);
        let sql = of_kind(tenant, kind, Position::MAX, keys, "o.seq");
        for row in rows(connection, &sql).await? {
            found.push(stored_of(&row)?);
        }
    }
    // Whoever is erased is to be erased again if something was decided since.
    let subjects = records.iter().filter_map(|record| record.subject());
    let subjects = subjects.map(PartyId::to_string).collect();
    found.extend(decisions::about_on(connection, tenant, subjects).await?);
    found.sort_by_key(|stored| stored.position);
    found.dedup_by_key(|stored| stored.position);
    Ok(found)
}

/// The first rows of a kind by key, of each the newest version up to a position.
pub struct Newest {
    /// Of which kind.
    pub kind: i16,
    /// Up to where.
    pub as_of: Position,
    /// After which key.
    pub after: Option<String>,
    /// So many at most.
    pub limit: usize,
}

impl Newest {
    /// Puts the statement that reads those that meet all of `wanted`, conditions on their row `h`.
    pub fn push(self, sql: &mut Sql, tenant: i32, wanted: &[String]) {
        let (tenant, kind) = (sql.bind(tenant), sql.bind(self.kind));
        let as_of = sql.bind(seq(self.as_of));
        let after = self.after.map_or_else(String::new, |after| {
            format!(" AND o.key > {}", sql.bind(after))
        });
        let limit = sql.bind(i64::try_from(self.limit).unwrap_or(i64::MAX));
        let wanted: String = wanted.iter().map(|one| format!(" AND {one}")).collect();
        sql.push(&format!(
            "SELECT h.seq, h.kind, h.body::text AS body, h.record_seconds, h.record_nanos FROM (\
             SELECT DISTINCT ON (o.key) o.* FROM profitscore.prospect_records o \
             WHERE o.tenant = {tenant} AND o.kind = {kind} AND o.seq <= {as_of}{after} \
             ORDER BY o.key, o.seq DESC) h WHERE true{wanted} ORDER BY h.key LIMIT {limit}"
        ));
    }
}

/// The outcomes that meet a question.
pub async fn outcomes(
    database: &Database,
    tenant: i32,
    question: &OutcomeQuestion,
) -> Result<Vec<StoredOutcome>, Problem> {
    let mut sql = Sql::default();
    let mut wanted = Vec::new();
    if let Some(party) = &question.party {
        let party = sql.bind(party.to_string());
        wanted.push(format!("h.body->>'party_id' = {party}"));
    }
    if let Some(status) = question.status {
        let status = sql.bind(status_name(status).to_owned());
        wanted.push(format!("h.body->>'status' = {status}"));
    }
    let newest = Newest {
        kind: OUTCOMES,
        as_of: question.as_of,
        after: question.after.as_ref().map(OpportunityId::to_string),
        limit: question.limit,
    };
    newest.push(&mut sql, tenant, &wanted);
    let mut found = Vec::new();
    for row in database.rows(&sql).await? {
        found.extend(outcome_of(&row)?);
    }
    Ok(found)
}

/// As it is in a body.
fn status_name(status: OutcomeStatus) -> &'static str {
    match status {
        OutcomeStatus::Won => "Won",
        OutcomeStatus::Lost => "Lost",
        OutcomeStatus::Open => "Open",
    }
}

/// All prospects that are won or lost, with what was known of them.
pub async fn decided_prospects(
    database: &Database,
    tenant: i32,
    as_of: Position,
) -> Result<Vec<DecidedProspect>, Problem> {
    let sql = of_kind(tenant, OUTCOMES, as_of, None, "o.key, o.seq");
    let (mut all, mut own) = (Vec::new(), Vec::<StoredOutcome>::new());
    for row in database.rows(&sql).await? {
        let Some(next) = outcome_of(&row)? else {
            continue;
        };
        let key = &next.outcome.opportunity_id;
        if own
            .last()
            .is_some_and(|last| last.outcome.opportunity_id != *key)
        {
            all.extend(decided(&own));
            own.clear();
        }
        own.push(next);
    }
    all.extend(decided(&own));
    with_what_was_known(database, tenant, as_of, all).await
}

async fn with_what_was_known(
    database: &Database,
    tenant: i32,
    as_of: Position,
    all: Vec<DecidedOutcome>,
) -> Result<Vec<DecidedProspect>, Problem> {
    let mut ids: Vec<&PartyId> = all.iter().map(|one| &one.stored.outcome.party_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut versions = BTreeMap::<String, Vec<_>>::new();
    for ids in ids.chunks(PARTIES) {
        let mut sql = Sql::default();
        let (owner, as_of) = (sql.bind(tenant), sql.bind(seq(as_of)));
        let ids = sql.bind(ids.iter().map(|id| id.to_string()).collect::<Vec<_>>());
        sql.push(&format!(
            "SELECT p.seq, p.record_seconds, p.record_nanos, {} FROM profitscore.parties p \
             WHERE p.tenant = {owner} AND p.seq <= {as_of} AND p.party = ANY({ids}) ORDER BY p.party, p.seq",
            parties::COLUMNS
        ));
        for row in database.rows(&sql).await? {
            let position = count(column(&row, "seq")?);
            let recorded = day_recorded(record_time(&row)?);
            let party = Arc::new(party_of(&row)?);
            let own = versions.entry(party.party_id.to_string()).or_default();
            own.push((position, recorded, party));
        }
    }
    let known = all.into_iter().map(|one| {
        let versions = versions.get(one.stored.outcome.party_id.as_str());
        let versions = versions.into_iter().flatten();
        let versions = versions.map(|(position, recorded, party)| PartyVersion {
            position: *position,
            recorded: *recorded,
            party,
        });
        one.known(versions)
    });
    Ok(known.collect())
}

/// All requests of data subjects.
pub async fn subject_requests(
    database: &Database,
    tenant: i32,
    as_of: Position,
) -> Result<Vec<StoredSubjectRequest>, Problem> {
    let sql = of_kind(tenant, REQUESTS, as_of, None, "o.seq");
    let mut found = Vec::new();
    for row in database.rows(&sql).await? {
        let stored = stored_of(&row)?;
        if let ProspectRecord::SubjectRequest(request) = stored.record {
            found.push(StoredSubjectRequest {
                position: stored.position,
                record_time: stored.record_time,
                request,
            });
        }
    }
    Ok(found)
}

/// All versions of the model.
pub async fn model_versions(
    database: &Database,
    tenant: i32,
    as_of: Position,
) -> Result<Vec<ModelVersion>, Problem> {
    let sql = of_kind(tenant, MODELS, as_of, None, "o.seq");
    let mut found = Vec::new();
    for row in database.rows(&sql).await? {
        let stored = stored_of(&row)?;
        if let ProspectRecord::ModelVersion(draft) = stored.record {
            found.push(ModelVersion {
                version: found.len() as u64 + 1,
                position: stored.position,
                record_time: stored.record_time,
                draft,
            });
        }
    }
    Ok(found)
}

/// Adds records.
pub fn statement(tenant: i32, records: &[Stored]) -> Sql {
    let (mut seqs, mut kinds, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    let (mut bodies, mut seconds, mut nanos) = (Vec::new(), Vec::new(), Vec::new());
    for stored in records {
        let (kind, key) = stored.record.key();
        seqs.push(seq(stored.position));
        kinds.push(kind);
        keys.push(key.to_owned());
        bodies.push(match &stored.record {
            ProspectRecord::Outcome(outcome) => json::text(outcome),
            ProspectRecord::SubjectRequest(request) => json::text(request),
            ProspectRecord::ModelVersion(draft) => json::text(draft),
            ProspectRecord::Decision(taken) => json::text(taken),
        });
        seconds.push(stored.record_time.seconds);
        nanos.push(stored.record_time.nanos.cast_signed());
    }
    let mut sql = Sql::default();
    let (tenant, seqs, kinds) = (sql.bind(tenant), sql.bind(seqs), sql.bind(kinds));
    let (keys, bodies) = (sql.bind(keys), sql.bind(bodies));
    let (seconds, nanos) = (sql.bind(seconds), sql.bind(nanos));
    sql.push(&format!(
        "INSERT INTO profitscore.prospect_records (tenant, seq, kind, key, body, record_seconds, record_nanos) \
         SELECT {tenant}::integer, n.seq, n.kind, n.key, n.body::jsonb, n.seconds, n.nanos \
         FROM unnest({seqs}::bigint[], {kinds}::smallint[], {keys}::text[], {bodies}::text[], \
         {seconds}::bigint[], {nanos}::integer[]) AS n(seq, kind, key, body, seconds, nanos)"
    ));
    sql
}

/// Takes name and traits out of the versions of a party up to a position.
pub fn erasing(tenant: i32, party: &PartyId, up_to: Position) -> Sql {
    let mut sql = Sql::default();
    let (tenant, party) = (sql.bind(tenant), sql.bind(party.to_string()));
    let up_to = sql.bind(seq(up_to));
    sql.push(&format!(
        "UPDATE profitscore.parties p SET name = '', traits = '{{}}'::jsonb \
         WHERE p.tenant = {tenant} AND p.party = {party} AND p.seq < {up_to}"
    ));
    sql
}
