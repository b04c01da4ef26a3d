//! Sums by group, of everybody and of some customers. Channels and campaigns have no columns, since few ask for them:
//! they are read from the entries.

use super::{
    database::{Database, column},
    entries::entry_of,
    scope,
    sql::{Sql, count},
    sums,
    weigh::Arithmetic,
};
use crate::{
    domain::{
        account::{Sums, for_each_posting},
        activity::Activity,
        id::PartyId,
        ledger::Entry,
        problem::Problem,
        question::{CellsAnswer, CellsQuestion, CrossAnswer, CrossQuestion, Group, Scope},
        time::Day,
    },
    store::answer::ledger_group,
};
use std::collections::{BTreeMap, BTreeSet};
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
    match asked.is_of_entries() {
        true => asked.read(database, |_, group| group).await,
        false => asked.found(database, |row| asked.group_of(row)).await,
    }
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
    match asked.is_of_entries() {
        true => {
            let cell = |activity: &Activity, group| (activity.customer_id.clone(), group);
            asked.read(database, cell).await
        }
        false => asked.found(database, cell).await,
    }
}

/// What is asked for: by customer too if only some customers are.
struct Asked<'a> {
    tenant: i32,
    scope: &'a Scope,
    group: Group,
    customers: Option<&'a [PartyId]>,
}

impl Asked<'_> {
    /// Whether only the entries themselves have what is grouped by.
    fn is_of_entries(&self) -> bool {
        match self.group {
            Group::Channel | Group::Campaign => true,
            Group::Customer
            | Group::Branch
            | Group::Product
            | Group::AccountManager
            | Group::Day => false,
        }
    }

    /// The sums of the activities that were not taken back, each of which is read.
    async fn read<K: Ord>(
        &self,
        database: &Database,
        key: impl Fn(&Activity, String) -> K,
    ) -> Result<BTreeMap<K, Sums>, Problem> {
        let (reversals, activities) = (self.entries(true), self.entries(false));
        // A reversal has the scope of what it takes back.
        let mut taken_back = BTreeSet::new();
        let taking_back = |row: &Row| {
            taken_back.insert(column::<i64>(row, "target")?);
            Ok(())
        };
        database.each_row(&reversals, taking_back).await?;
        let mut found = BTreeMap::<K, Sums>::new();
        let visit = |row: &Row| {
            let seq = column(row, "seq")?;
            if taken_back.contains(&seq) {
                return Ok(());
            }
            let position = count(seq);
            let Entry::Activity(activity) = entry_of(column(row, "body")?, position)? else {
                let place = format!("position {position} is no activity");
                return Err(Problem::ledger_damaged(&place));
            };
            let group = ledger_group(self.group, &activity);
            let sums = found.entry(key(&activity, group)).or_default();
            for_each_posting(&activity, |account, quantity| {
                sums.add(account, quantity.into());
            });
            Ok(())
        };
        database.each_row(&activities, visit).await?;
        let found = found.into_iter();
        Ok(found
            .map(|(key, sums)| (key, sums.without_zeros()))
            .collect())
    }

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
            Group::Customer
            | Group::Branch
            | Group::Product
            | Group::AccountManager
            | Group::Channel
            | Group::Campaign => column(row, self.name()),
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
            // Of entries: nothing is grouped by a column.
            Group::Channel | Group::Campaign => "body",
        }
    }

    /// What is joined to the rows `l` of the ledger, and the conditions on both.
    fn rows(&self, sql: &mut Sql) -> (String, Vec<String>) {
        let asked = self.scope;
        let mut conditions = vec![scope::rows(sql, self.tenant, &asked.period, asked.as_of)];
        let mut join = String::new();
        if !asked.branches.is_empty() {
            conditions.push(scope::branch(sql, asked));
        }
        if !asked.traits.is_empty() {
            let condition;
            (join, condition) = scope::of_traits(sql, self.tenant, asked);
            conditions.push(condition);
        }
        if let Some(customers) = self.customers {
            let customers: Vec<_> = customers.iter().map(PartyId::to_string).collect();
            conditions.push(format!("l.customer = ANY({})", sql.bind(customers)));
        }
        (join, conditions)
    }

    /// The reversals, or the activities whether they were taken back or not.
    fn entries(&self, are_reversals: bool) -> Sql {
        let mut sql = Sql::default();
        let (join, mut conditions) = self.rows(&mut sql);
        let (columns, condition) = match are_reversals {
            true => ("l.target", "l.target IS NOT NULL"),
            false => ("l.seq, l.body", "l.target IS NULL"),
        };
        conditions.push(condition.to_owned());
        let conditions = conditions.join(" AND ");
        sql.push(&format!(
            "SELECT {columns} FROM profitscore.ledger l{join} WHERE {conditions}"
        ));
        sql
    }

    fn statement(&self, arithmetic: Arithmetic) -> Sql {
        let mut sql = Sql::default();
        let (join, conditions) = self.rows(&mut sql);
        let (group, columns) = (self.name(), sums::columns(arithmetic));
        let (owner, by_owner) = match self.customers {
            Some(_) => ("l.customer AS owner, ", "l.customer, "),
            None => ("", ""),
        };
        sql.push(&format!(
            "SELECT {owner}l.{group}, {columns} FROM profitscore.ledger l{join} WHERE {} \
             GROUP BY {by_owner}l.{group}, l.what, l.role",
            conditions.join(" AND ")
        ));
        sql
    }
}
