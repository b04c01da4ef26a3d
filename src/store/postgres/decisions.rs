//! Decisions about relationships: rows of the table of prospect records, found by what their bodies say.

use super::{
    database::{Database, Fault, rows},
    json,
    prospect_records::{COLUMNS, DECISIONS, Newest, Stored, stored_of},
    sql::{Sql, seq},
};
use crate::domain::{
    advice_decision::{DecisionQuestion, StoredDecision},
    id::{DecisionId, PartyId},
    ledger::Position,
    problem::Problem,
    prospect_records::ProspectRecord,
};
use deadpool_postgres::Object;

/// The decisions that meet a question.
pub async fn decisions(
    database: &Database,
    tenant: i32,
    question: &DecisionQuestion,
) -> Result<Vec<StoredDecision>, Problem> {
    let mut sql = Sql::default();
    let mut wanted = Vec::new();
    if let Some(customer) = &question.customer {
        let customer = sql.bind(customer.to_string());
        wanted.push(format!(
            "h.body->'decision'->>'customer_id' = {customer}::text"
        ));
    }
    if let Some(action) = &question.action {
        let action = sql.bind(json::text(action));
        wanted.push(format!(
            "h.body->'decision'->'action' = {action}::text::jsonb"
        ));
    }
    let ends = [(question.decided.start, ">="), (question.decided.end, "<")];
    for (end, relation) in ends {
        if let Some(end) = end {
            let end = sql.bind(end.0);
            wanted.push(format!(
                "(h.body->'decision'->>'decided_on')::integer {relation} {end}::integer"
            ));
        }
    }
    let newest = Newest {
        kind: DECISIONS,
        as_of: question.as_of,
        after: question.after.as_ref().map(DecisionId::to_string),
        limit: question.limit,
    };
    newest.push(&mut sql, tenant, &wanted);
    let mut found = Vec::new();
    for row in database.rows(&sql).await? {
        let stored = stored_of(&row)?;
        if let ProspectRecord::Decision(taken) = stored.record {
            found.push(StoredDecision {
                position: stored.position,
                record_time: stored.record_time,
                taken: *taken,
            });
        }
    }
    Ok(found)
}

/// What is decided about some customers, as a transaction sees it: of each decision the version that holds.
pub async fn about_on(
    connection: &Object,
    tenant: i32,
    customers: Vec<String>,
) -> Result<Vec<Stored>, Fault> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::default();
    let (tenant, kind) = (sql.bind(tenant), sql.bind(DECISIONS));
    let customers = sql.bind(customers);
    sql.push(&format!(
        "SELECT DISTINCT ON (o.key) o.seq, {COLUMNS} FROM profitscore.prospect_records o \
         WHERE o.tenant = {tenant} AND o.kind = {kind} \
         AND o.body->'decision'->>'customer_id' = ANY({customers}) ORDER BY o.key, o.seq DESC"
    ));
    let mut found = Vec::new();
    for row in rows(connection, &sql).await? {
        found.push(stored_of(&row)?);
    }
    Ok(found)
}

/// Takes texts and persons out of what was decided about a customer before a position.
pub fn erasing(tenant: i32, customer: &PartyId, before: Position) -> Sql {
    let mut sql = Sql::default();
    let (tenant, kind) = (sql.bind(tenant), sql.bind(DECISIONS));
    let (customer, before) = (sql.bind(customer.to_string()), sql.bind(seq(before)));
    // Citus takes no function here that could be another tomorrow, such as jsonb_build_object.
    sql.push(&format!(
        "UPDATE profitscore.prospect_records o SET body = jsonb_set(o.body || '{{\"is_erased\": true}}'::jsonb, \
         '{{decision}}', (o.body->'decision') || \
         '{{\"decided_by\": \"\", \"note\": \"\", \"evidence_ref\": \"\"}}'::jsonb) \
         WHERE o.tenant = {tenant} AND o.kind = {kind} AND o.seq < {before} \
         AND o.body->'decision'->>'customer_id' = {customer}::text"
    ));
    sql
}
