//! Sums of accounts by group: the ledger's rows are added up by what they are of and by role, and few rows come back.

use super::{
    books,
    database::{Database, column},
    numbers::Exact,
    posting::{self, Column},
    scope,
    sql::{Sql, seq},
    weigh::Arithmetic,
};
use crate::domain::{
    account::Sums,
    id::PartyId,
    ledger::Position,
    problem::Problem,
    question::{RankTotals, Scope},
    time::Period,
};
use std::collections::BTreeMap;
use tokio_postgres::Row;

/// What every such statement has beside its groups: what the rows are of, their role, and the sums.
pub fn columns(arithmetic: Arithmetic) -> String {
    let sums = Column::ALL.map(|column| {
        let name = column.name();
        format!(", {} AS {name}", arithmetic.sum(name))
    });
    format!("l.what, l.role{}", sums.concat())
}

/// Adds a row of such a statement.
pub fn add(sums: &mut Sums, row: &Row) -> Result<(), Problem> {
    let mut amounts = [0; posting::COLUMNS];
    for (amount, own) in amounts.iter_mut().zip(Column::ALL) {
        *amount = column::<Exact>(row, own.name())?.0;
    }
    posting::add_sums(sums, column(row, "what")?, column(row, "role")?, amounts);
    Ok(())
}

/// How many activities a row of such a statement has that were not taken back.
pub fn live(row: &Row) -> Result<i128, Problem> {
    Ok(column::<Exact>(row, "live")?.0)
}

/// The sums of a ledger over a period, made without looking at customers: those of the books, and of what was written
/// after the last of them that count.
pub async fn of_ledger(
    database: &Database,
    tenant: i32,
    period: &Period,
    as_of: Position,
) -> Result<Sums, Problem> {
    let booked = books::last(database, tenant, as_of).await?;
    let books = books::by_kind(tenant, period, booked);
    let mut sql = Sql::default();
    let condition = scope::rows(&mut sql, tenant, period, as_of);
    let booked = sql.bind(seq(booked));
    sql.push(&format!(
        "SELECT {} FROM profitscore.ledger l WHERE {condition} AND l.seq > {booked} GROUP BY l.what, l.role",
        columns(Arithmetic::Exact)
    ));
    let (books, rest) = tokio::try_join!(database.rows(&books), database.rows(&sql))?;
    let mut sums = Sums::default();
    for row in books.iter().chain(&rest) {
        add(&mut sums, row)?;
    }
    Ok(sums.without_zeros())
}

/// The ledger's, the reported and the other sums of a scope. The ledger's are made without looking at customers.
pub async fn totals(
    database: &Database,
    tenant: i32,
    asked: &Scope,
) -> Result<RankTotals, Problem> {
    let ledger = of_ledger(database, tenant, &asked.period, asked.as_of);
    if asked.branches.is_empty() && asked.traits.is_empty() {
        let ledger = ledger.await?;
        return Ok(RankTotals {
            reported: ledger.clone(),
            ledger,
            ..RankTotals::default()
        });
    }
    let mut sql = Sql::default();
    let condition = scope::rows(&mut sql, tenant, &asked.period, asked.as_of);
    let mut own = vec!["true".to_owned()];
    let mut join = String::new();
    if !asked.branches.is_empty() {
        own.push(scope::branch(&mut sql, asked));
    }
    if !asked.traits.is_empty() {
        let condition;
        (join, condition) = scope::of_traits(&mut sql, tenant, asked);
        own.push(condition);
    }
    sql.push(&format!(
        "SELECT {} AS own, {} FROM profitscore.ledger l{join} WHERE {condition} GROUP BY 1, l.what, l.role",
        own.join(" AND "),
        columns(Arithmetic::Exact)
    ));
    let (ledger, rows) = tokio::try_join!(ledger, database.rows(&sql))?;
    let mut totals = RankTotals {
        ledger,
        ..RankTotals::default()
    };
    for row in rows {
        let sums = match column(&row, "own")? {
            true => &mut totals.reported,
            false => &mut totals.filtered_out,
        };
        add(sums, &row)?;
    }
    totals.reported = totals.reported.without_zeros();
    totals.filtered_out = totals.filtered_out.without_zeros();
    Ok(totals)
}

/// The sums of some customers within a scope.
pub async fn of_customers(
    database: &Database,
    tenant: i32,
    asked: &Scope,
    customers: Vec<String>,
) -> Result<BTreeMap<PartyId, Sums>, Problem> {
    let mut sql = Sql::default();
    let mut condition = scope::rows(&mut sql, tenant, &asked.period, asked.as_of);
    if !asked.branches.is_empty() {
        condition.push_str(" AND ");
        condition.push_str(&scope::branch(&mut sql, asked));
    }
    let customers = sql.bind(customers);
    sql.push(&format!(
        "SELECT l.customer, {} FROM profitscore.ledger l \
         WHERE {condition} AND l.customer = ANY({customers}) GROUP BY l.customer, l.what, l.role",
        columns(Arithmetic::Exact)
    ));
    let mut found = BTreeMap::<PartyId, Sums>::new();
    for row in database.rows(&sql).await? {
        let customer = PartyId::stored(column(&row, "customer")?);
        add(found.entry(customer).or_default(), &row)?;
    }
    let found = found.into_iter();
    Ok(found
        .map(|(customer, sums)| (customer, sums.without_zeros()))
        .collect())
}
