//! Sums by group, of everybody and of some customers.

use super::{
    database::{Database, column},
    scope,
    sql::Sql,
    sums,
    weigh::Arithmetic,
};
use crate::domain::{
    account::Sums,
    id::PartyId,
    problem::Problem,
    question::{CellsAnswer, CellsQuestion, CrossAnswer, CrossQuestion, Group, Scope},
    time::Day,
};
use std::collections::BTreeMap;
use tokio_postgres::Row;

/// The groups that have an activity in the scope, with their sums.
pub async fn cross(
    database: &Database,
    tenant: i32,
    question: &CrossQuestion,
) -> Result<CrossAnswer, Problem> {
    let asked = Asked {
        tenant,
        scope: &question.scope,
        group: question.group,
        customers: None,
    };
    asked.found(database, |row| asked.group_of(row)).await
}

/// The cells of some customers that have an activity in the scope, with their sums.
pub async fn cells(
    database: &Database,
    tenant: i32,
    question: &CellsQuestion,
) -> Result<CellsAnswer, Problem> {
    let asked = Asked {
        tenant,
        scope: &question.scope,
        group: question.group,
        customers: Some(&question.customers),
    };
    let cell = |row: &Row| {
        let customer = PartyId::stored(column(row, "owner")?);
        Ok((customer, asked.group_of(row)?))
    };
    asked.found(database, cell).await
}

/// What is asked for: by customer too if only some customers are.
struct Asked<'a> {
    tenant: i32,
    scope: &'a Scope,
    group: Group,
    customers: Option<&'a [PartyId]>,
}

impl Asked<'_> {
    /// Those that have an activity that was not taken back, with their sums.
    async fn found<K: Ord>(
        &self,
        database: &Database,
        key: impl Fn(&Row) -> Result<K, Problem>,
    ) -> Result<BTreeMap<K, Sums>, Problem> {
        let mut found = BTreeMap::<K, (Sums, i128)>::new();
        let quick = self.statement(Arithmetic::Quick);
        let exact = || self.statement(Arithmetic::Exact);
        database
            .each_quick_or_exact(self.tenant, quick, exact, |row| {
                let Some(row) = row else {
                    found.clear();
                    return Ok(());
                };
                let (sums, live) = found.entry(key(row)?).or_default();
                *live += sums::live(row)?;
                sums::add(sums, row)
            })
            .await?;
        let live = found.into_iter().filter(|(_, (_, live))| *live > 0);
        Ok(live
            .map(|(key, (sums, _))| (key, sums.without_zeros()))
            .collect())
    }

    /// The group of a row.
    fn group_of(&self, row: &Row) -> Result<String, Problem> {
        match self.group {
            Group::Day => Ok(Day(column(row, "day")?).to_string()),
            Group::Customer | Group::Branch | Group::Product | Group::AccountManager => {
                column(row, self.name())
            }
        }
    }

    /// The column that has a group; what has none is under the name for it already.
    fn name(&self) -> &'static str {
        match self.group {
            Group::Customer => "customer",
            Group::Branch => "branch",
            Group::Product => "product",
            Group::AccountManager => "manager",
            Group::Day => "day",
        }
    }

    fn statement(&self, arithmetic: Arithmetic) -> Sql {
        let mut sql = Sql::default();
        let asked = self.scope;
        let mut conditions = vec![scope::rows(
            &mut sql,
            self.tenant,
            &asked.period,
            asked.as_of,
        )];
        let mut join = String::new();
        if !asked.branches.is_empty() {
            conditions.push(scope::branch(&mut sql, asked));
        }
        if !asked.traits.is_empty() {
            let condition;
            (join, condition) = scope::of_traits(&mut sql, self.tenant, asked);
            conditions.push(condition);
        }
        let (group, columns) = (self.name(), sums::columns(arithmetic));
        let (mut owner, mut by_owner) = ("", "");
        if let Some(customers) = self.customers {
            let customers: Vec<_> = customers.iter().map(PartyId::to_string).collect();
            conditions.push(format!("l.customer = ANY({})", sql.bind(customers)));
            (owner, by_owner) = ("l.customer AS owner, ", "l.customer, ");
        }
        sql.push(&format!(
            "SELECT {owner}l.{group}, {columns} FROM profitscore.ledger l{join} WHERE {} \
             GROUP BY {by_owner}l.{group}, l.what, l.role",
            conditions.join(" AND ")
        ));
        sql
    }
}
