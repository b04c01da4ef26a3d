//! How customers bought: one row for each customer, with its days added up by the database.

use super::{
    database::{Database, column},
    json,
    numbers::Exact,
    scope,
    sql::Sql,
    weigh::{self, Arithmetic},
};
use crate::domain::{
    account::Weights,
    id::PartyId,
    money::Nanos,
    problem::Problem,
    purchase::{PurchaseAnswer, PurchaseQuestion, Purchases},
    time::Day,
};
use tokio_postgres::Row;

/// Everybody with a posting in the scope, in the order of their ids.
pub async fn purchases(
    database: &Database,
    tenant: i32,
    question: &PurchaseQuestion,
) -> Result<PurchaseAnswer, Problem> {
    let mut found = PurchaseAnswer::new();
    let mut visit = |row: Option<&Row>| {
        match row {
            None => found.clear(),
            Some(row) => found.push(purchases_of(row, question)?),
        }
        Ok(())
    };
    let exact = || statement(tenant, question, Arithmetic::Exact);
    let weights = [&question.revenue, &question.margin, &question.profit];
    if weights.into_iter().all(weigh::is_short) {
        let quick = statement(tenant, question, Arithmetic::Quick);
        database
            .each_quick_or_exact(tenant, quick, exact, visit)
            .await?;
    } else {
        database.each_row(&exact(), |row| visit(Some(row))).await?;
    }
    Ok(found)
}

fn purchases_of(row: &Row, question: &PurchaseQuestion) -> Result<Purchases, Problem> {
    let days: Vec<i32> = column(row, "days")?;
    let nets: Vec<Exact> = column(row, "nets")?;
    let mut by_day = Vec::with_capacity(days.len());
    for (day, net) in days.into_iter().zip(nets) {
        by_day.push((Day(day), nanos(net, &question.revenue)?));
    }
    let segment: Option<&str> = column(row, "segment")?;
    Ok(Purchases {
        customer: PartyId::stored(column(row, "customer")?),
        segment: segment.map(json::value).transpose()?,
        days: by_day,
        last_day: Day(column(row, "last_day")?),
        margin: nanos(column(row, "margin")?, &question.margin)?,
        profit: nanos(column(row, "profit")?, &question.profit)?,
    })
}

/// A value that is counted in what its weights are multiples of.
fn nanos(value: Exact, weights: &Weights) -> Result<Nanos, Problem> {
    let nanos = value.of_unit(weigh::unit(weights));
    nanos.ok_or_else(|| Problem::ledger_damaged("a value that is too long"))
}

/// The days of each customer, and then the customers. Both group by what the ledger is spread by.
fn statement(tenant: i32, question: &PurchaseQuestion, arithmetic: Arithmetic) -> Sql {
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
    if let Some(customers) = &question.customers {
        let customers: Vec<String> = customers.iter().map(PartyId::to_string).collect();
        conditions.push(format!("l.customer = ANY({})", sql.bind(customers)));
    }
    let [net, margin, profit] = [&question.revenue, &question.margin, &question.profit]
        .map(|weights| weigh::value(&mut sql, arithmetic, weights, ""));
    let (mut segment, mut party) = ("NULL::text".to_owned(), String::new());
    if let Some(key) = &question.segment {
        segment = format!("(p.traits->{}::text)::text", sql.bind(key.to_string()));
        party = scope::party(&mut sql, tenant, asked.as_of, "c.customer");
    }
    sql.push(&format!(
        "SELECT c.customer, c.days, c.nets, c.margin, c.profit, c.last_day, {segment} AS segment FROM (\
         SELECT d.customer, \
         coalesce(array_agg(d.day ORDER BY d.day) FILTER (WHERE d.net <> 0), '{{}}') AS days, \
         coalesce(array_agg(d.net ORDER BY d.day) FILTER (WHERE d.net <> 0), '{{}}') AS nets, \
         sum(d.margin) AS margin, sum(d.profit) AS profit, \
         max(d.day) FILTER (WHERE d.live > 0) AS last_day FROM (\
         SELECT l.customer, l.day, sum(l.live) AS live, {net} AS net, {margin} AS margin, {profit} AS profit \
         FROM profitscore.ledger l{join} WHERE {} GROUP BY l.customer, l.day) d \
         GROUP BY d.customer HAVING sum(d.live) > 0) c{party} ORDER BY c.customer",
        conditions.join(" AND ")
    ));
    sql
}
