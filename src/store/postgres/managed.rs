//! Who has any posting under an account manager.

use super::{
    database::{Database, column},
    scope,
    sql::Sql,
};
use crate::domain::{id::PartyId, problem::Problem, question::ManagedQuestion};

/// Those customers, in the order of their ids.
pub async fn managed(
    database: &Database,
    tenant: i32,
    question: &ManagedQuestion,
) -> Result<Vec<PartyId>, Problem> {
    let mut found = Vec::new();
    for row in database.rows(&statement(tenant, question)).await? {
        found.push(PartyId::stored(column(&row, "customer")?));
    }
    // Not in the order of a database's language.
    found.sort_unstable();
    Ok(found)
}

fn statement(tenant: i32, question: &ManagedQuestion) -> Sql {
    let mut sql = Sql::default();
    let asked = &question.scope;
    let mut conditions = vec![scope::rows(&mut sql, tenant, &asked.period, asked.as_of)];
    let manager = sql.bind(question.account_manager.clone());
    conditions.push(format!("l.manager = {manager}"));
    if !asked.branches.is_empty() {
        conditions.push(scope::branch(&mut sql, asked));
    }
    let mut join = String::new();
    if !asked.traits.is_empty() {
        let condition;
        (join, condition) = scope::of_traits(&mut sql, tenant, asked);
        conditions.push(condition);
    }
    sql.push(&format!(
        "SELECT l.customer FROM profitscore.ledger l{join} WHERE {} \
         GROUP BY l.customer HAVING sum(l.live) > 0",
        conditions.join(" AND ")
    ));
    sql
}
