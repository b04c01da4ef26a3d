//! Parties, trait definitions and cost models as they were at a position, and prospects as a table.

use super::{
    database::{Database, column},
    json, posting, scope,
    sql::{Sql, count, seq},
};
use crate::domain::{
    cost_model::CostModel,
    id::{PartyId, TraitKey},
    ledger::Position,
    party::{Party, PartyQuestion, Stage, TraitDefinition},
    problem::Problem,
    prospect::{ProspectAnswer, ProspectQuestion, TableBuilder},
    records::PartyAnswer,
};
use std::{collections::BTreeMap, sync::Arc};
use tokio_postgres::Row;

/// How many parties are looked at at once.
const PAGE: usize = 1_000;

/// The number of a stage.
pub fn stage_number(stage: Stage) -> i16 {
    match stage {
        Stage::Prospect => 0,
        Stage::Customer => 1,
    }
}

/// Takes back a party of the columns party, stage, name and traits.
pub fn party_of(row: &Row) -> Result<Party, Problem> {
    let stage: i16 = column(row, "stage")?;
    Ok(Party {
        party_id: PartyId::stored(column(row, "party")?),
        stage: if stage == stage_number(Stage::Prospect) {
            Stage::Prospect
        } else {
            Stage::Customer
        },
        display_name: column(row, "name")?,
        traits: json::traits(column(row, "traits")?)?,
    })
}

/// The columns of [`party_of`].
pub const COLUMNS: &str = "p.party, p.stage, p.name, p.traits::text AS traits";

fn versions(sql: &mut Sql, tenant: i32, as_of: Position) -> String {
    let (tenant, as_of) = (sql.bind(tenant), sql.bind(seq(as_of)));
    format!("p.tenant = {tenant} AND p.seq <= {as_of} AND p.until > {as_of}")
}

/// Whether the party `p` has a sale that was not taken back, as `sold` of `s`.
fn sales(sql: &mut Sql, as_of: Position) -> String {
    let (as_of, what) = (sql.bind(seq(as_of)), sql.bind(posting::SALES));
    format!(
        " CROSS JOIN LATERAL (SELECT coalesce(sum(l.live), 0) > 0 AS sold FROM profitscore.ledger l \
         WHERE l.tenant = p.tenant AND l.customer = p.party AND l.what = {what} AND l.seq <= {as_of}) s"
    )
}

/// Those parties of some that are stored.
pub async fn some(
    database: &Database,
    tenant: i32,
    ids: &[PartyId],
    as_of: Position,
) -> Result<BTreeMap<PartyId, Arc<Party>>, Problem> {
    let mut found = BTreeMap::new();
    for ids in ids.chunks(10 * PAGE) {
        let mut sql = Sql::default();
        let versions = versions(&mut sql, tenant, as_of);
        let ids: Vec<String> = ids.iter().map(PartyId::to_string).collect();
        let ids = sql.bind(ids);
        sql.push(&format!(
            "SELECT {COLUMNS} FROM profitscore.parties p WHERE {versions} AND p.party = ANY({ids})"
        ));
        for row in database.rows(&sql).await? {
            let party = party_of(&row)?;
            found.insert(party.party_id.clone(), Arc::new(party));
        }
    }
    Ok(found)
}

/// The stored parties that a question asks for.
pub async fn listed(
    database: &Database,
    tenant: i32,
    question: &PartyQuestion,
) -> Result<PartyAnswer, Problem> {
    let mut answer = PartyAnswer::default();
    let mut after = question.after.as_ref().map(PartyId::to_string);
    loop {
        let wanted = (question.limit - answer.parties.len()).min(PAGE);
        if wanted == 0 {
            return Ok(answer);
        }
        let rows = database
            .rows(&page(tenant, question, after.take(), wanted))
            .await?;
        let is_last = rows.len() < wanted;
        for row in &rows {
            if column(row, "sold")? {
                answer.left_out += 1;
            } else {
                answer.parties.push(Arc::new(party_of(row)?));
            }
        }
        let last = rows.last().map(|row| column(row, "party")).transpose()?;
        match last {
            Some(last) if !is_last => after = Some(last),
            _ => return Ok(answer),
        }
    }
}

fn page(tenant: i32, question: &PartyQuestion, after: Option<String>, limit: usize) -> Sql {
    let mut sql = Sql::default();
    let mut conditions = vec![versions(&mut sql, tenant, question.as_of)];
    if let Some(stage) = question.stage {
        conditions.push(format!("p.stage = {}", sql.bind(stage_number(stage))));
    }
    if !question.traits.is_empty() {
        conditions.push(scope::traits(&mut sql, &question.traits));
    }
    if let Some(after) = after {
        conditions.push(format!("p.party > {}", sql.bind(after)));
    }
    let (sold, sales) = match question.without_sales {
        true => ("s.sold", sales(&mut sql, question.as_of)),
        false => ("false AS sold", String::new()),
    };
    let limit = sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    sql.push(&format!(
        "SELECT {COLUMNS}, {sold} FROM profitscore.parties p{sales} WHERE {} ORDER BY p.party LIMIT {limit}",
        conditions.join(" AND ")
    ));
    sql
}

/// All stored prospects.
pub async fn prospects(
    database: &Database,
    tenant: i32,
    question: &ProspectQuestion,
) -> Result<ProspectAnswer, Problem> {
    let mut sql = Sql::default();
    let versions = versions(&mut sql, tenant, question.as_of);
    let stage = sql.bind(stage_number(Stage::Prospect));
    let keys: Vec<String> = question.traits.iter().map(TraitKey::to_string).collect();
    let keys: Vec<_> = keys.into_iter().map(|key| sql.bind(key)).collect();
    let values: String = keys
        .iter()
        .map(|key| format!(", (p.traits->{key}::text)::text"))
        .collect();
    let (as_of, what) = (sql.bind(seq(question.as_of)), sql.bind(posting::SALES));
    let owner = sql.bind(tenant);
    sql.push(&format!(
        "SELECT p.party, s.sold{values} FROM profitscore.parties p LEFT JOIN \
         (SELECT l.customer, true AS sold FROM profitscore.ledger l \
         WHERE l.tenant = {owner} AND l.what = {what} AND l.seq <= {as_of} \
         GROUP BY l.customer HAVING sum(l.live) > 0) s ON s.customer = p.party \
         WHERE {versions} AND p.stage = {stage} ORDER BY p.party"
    ));
    let mut table = TableBuilder::new(question.traits.clone(), question.as_of);
    let (mut number, mut converted) = (0_u32, Vec::new());
    let damaged = |error: tokio_postgres::Error| Problem::ledger_damaged(&error.to_string());
    database
        .each_row(&sql, |row| {
            let mut traits = Vec::with_capacity(question.traits.len());
            for (place, key) in (2..).zip(&question.traits) {
                let value: Option<&str> = row.try_get(place).map_err(damaged)?;
                if let Some(value) = value {
                    traits.push((key.clone(), json::value(value)?));
                }
            }
            table.add(
                PartyId::stored(column(row, "party")?),
                &traits.into_iter().collect(),
            );
            if column::<Option<bool>>(row, "sold")? == Some(true) {
                converted.push(number);
            }
            number = number.saturating_add(1);
            Ok(())
        })
        .await?;
    Ok(ProspectAnswer {
        table: Arc::new(table.finish()),
        converted,
    })
}

/// All definitions.
pub async fn definitions(
    database: &Database,
    tenant: i32,
    as_of: Position,
) -> Result<Vec<Arc<TraitDefinition>>, Problem> {
    let mut sql = Sql::default();
    let (tenant, as_of) = (sql.bind(tenant), sql.bind(seq(as_of)));
    sql.push(&format!(
        "SELECT DISTINCT ON (d.key) d.definition::text AS definition FROM profitscore.trait_definitions d \
         WHERE d.tenant = {tenant} AND d.seq <= {as_of} ORDER BY d.key, d.seq DESC"
    ));
    let rows = database.rows(&sql).await?;
    let read = |row| json::read(column(row, "definition")?).map(Arc::new);
    rows.iter().map(read).collect()
}

/// All versions of the cost model, with version 0 before them.
pub async fn cost_models(
    database: &Database,
    tenant: i32,
    as_of: Position,
) -> Result<Vec<Arc<CostModel>>, Problem> {
    let mut sql = Sql::default();
    let (tenant, as_of) = (sql.bind(tenant), sql.bind(seq(as_of)));
    sql.push(&format!(
        "SELECT c.model::text AS model FROM profitscore.cost_models c \
         WHERE c.tenant = {tenant} AND c.seq <= {as_of} ORDER BY c.version"
    ));
    let mut models = vec![Arc::default()];
    for row in database.rows(&sql).await? {
        models.push(Arc::new(json::read(column(&row, "model")?)?));
    }
    Ok(models)
}

/// How many there are, for a column that counts.
pub fn counted(row: &Row, name: &str) -> Result<u64, Problem> {
    Ok(count(column(row, name)?))
}
