//! Sums by group.

use super::{
    database::{Database, column},
    scope,
    sql::Sql,
    sums,
    weigh::Arithmetic,
};
use crate::domain::{
    account::Sums,
    problem::Problem,
    question::{CrossAnswer, CrossQuestion, Group},
    time::Day,
};
use std::collections::BTreeMap;

/// The groups that have an activity in the scope, with their sums.
pub async fn cross(
    database: &Database,
    tenant: i32,
    question: &CrossQuestion,
) -> Result<CrossAnswer, Problem> {
    let mut groups = BTreeMap::<String, (Sums, i128)>::new();
    let quick = statement(Arithmetic::Quick, tenant, question);
    let exact = || statement(Arithmetic::Exact, tenant, question);
    database
        .each_quick_or_exact(tenant, quick, exact, |row| {
            let Some(row) = row else {
                groups.clear();
                return Ok(());
            };
            let group = match question.group {
                Group::Day => Day(column(row, "day")?).to_string(),
                Group::Customer | Group::Branch | Group::Product | Group::AccountManager => {
                    column(row, name(question.group))?
                }
            };
            let (sums, live) = groups.entry(group).or_default();
            *live += sums::live(row)?;
            sums::add(sums, row)
        })
        .await?;
    let groups = groups.into_iter();
    let live = groups.filter(|(_, (_, live))| *live > 0);
    Ok(live
        .map(|(group, (sums, _))| (group, sums.without_zeros()))
        .collect())
}

/// The column that has a group; what has none is under the name for it already.
fn name(group: Group) -> &'static str {
    match group {
        Group::Customer => "customer",
        Group::Branch => "branch",
        Group::Product => "product",
        Group::AccountManager => "manager",
        Group::Day => "day",
    }
}

fn statement(arithmetic: Arithmetic, tenant: i32, question: &CrossQuestion) -> Sql {
    let mut sql = Sql::default();
    let asked = &question.scope;
    let mut conditions = vec![scope::rows(&mut sql, tenant, &asked.period, asked.as_of)];
    let mut join = String::new();
    if !asked.branches.is_empty() {
        conditions.push(scope::branch(&mut sql, asked));
    }
    if !asked.traits.is_empty() {
        let condition;
        (join, condition) = scope::of_traits(&mut sql, tenant, asked);
        conditions.push(condition);
    }
    let (group, columns) = (name(question.group), sums::columns(arithmetic));
    sql.push(&format!(
        "SELECT l.{group}, {columns} FROM profitscore.ledger l{join} WHERE {} GROUP BY l.{group}, l.what, l.role",
        conditions.join(" AND ")
    ));
    sql
}
