//! Customers in order: the database weighs, orders and adds up, and the rows of the asked places come back.

use super::{
    customers::Customers,
    database::{Database, column},
    driven::Spreads,
    parties,
    sql::{Sql, count, seq},
    sums,
    weigh::Arithmetic,
};
use crate::domain::{
    cost_model::equal_share,
    id::PartyId,
    problem::Problem,
    question::{RankAnswer, RankQuestion, RankRow, RowSelection},
    ranking::Direction,
};
use std::ops::Range;
use tokio_postgres::Row;

/// Up to this place the first customers are picked; beyond, all are put in order.
const PICKED: u64 = 10_000;

/// Up to so many rows are joined with their places beside. Of more, all customers are given theirs: the database takes
/// few rows for granted, and would look through all customers again for each of many.
const JOINED: u64 = 200;

/// The wanted rows and the totals of a ranking.
pub async fn rank(
    database: &Database,
    tenant: i32,
    question: &RankQuestion,
) -> Result<RankAnswer, Problem> {
    let order = &question.order;
    let driven = Spreads::ask(database, tenant, &question.scope, &order.driven).await?;
    let customers = Customers {
        tenant,
        arithmetic: Arithmetic::Exact,
        scope: &question.scope,
        order,
        driven: &driven,
        beside: &question.beside,
        with_traits: false,
    };
    let rows = customers.rows(database, |customers| statement(customers, question));
    let totals = sums::totals(database, tenant, &question.scope);
    let (mut totals, rows) = tokio::try_join!(totals, rows)?;
    if let Some(row) = rows.first() {
        customers.add_totals(&mut totals, row)?;
    }
    let mut found = Vec::new();
    for row in &rows {
        // Without any wanted row there is one with the totals alone.
        if column::<Option<&str>>(row, "customer")?.is_some() {
            found.push(row_of(row, &customers, question, totals.active)?);
        }
    }
    let ids: Vec<PartyId> = found.iter().map(|row| row.customer.clone()).collect();
    if !ids.is_empty() {
        let names = ids.iter().map(PartyId::to_string).collect();
        let sums = sums::of_customers(database, tenant, &question.scope, names);
        let parties = parties::some(database, tenant, &ids, question.scope.as_of);
        let (mut sums, parties) = tokio::try_join!(sums, parties)?;
        for row in &mut found {
            row.sums = sums.remove(&row.customer).unwrap_or_default();
            row.party = parties.get(&row.customer).cloned();
        }
    }
    Ok(RankAnswer {
        totals,
        rows: found,
    })
}

fn row_of(
    row: &Row,
    customers: &Customers<'_>,
    question: &RankQuestion,
    active: u64,
) -> Result<RankRow, Problem> {
    let mut shares = Vec::new();
    if !question.order.split.is_empty() {
        let index = count(column(row, "index")?);
        let split = question.order.split.iter();
        shares.extend(split.map(|amount| equal_share(*amount, active.max(index + 1), index)));
    }
    for place in 0..question.order.driven.len() {
        shares.push(column(row, &format!("s{place}"))?);
    }
    let places = 0..question.beside.len();
    let beside = places.map(|place| column(row, &format!("beside{place}")).map(count));
    Ok(RankRow {
        place: count(column(row, "place")?),
        customer: PartyId::stored(column(row, "customer")?),
        party: None,
        value: customers.nanos(row, customers.final_column())?,
        cumulative: customers.nanos(row, "cumulative")?,
        beside: beside.collect::<Result<_, _>>()?,
        sums: Default::default(),
        shares,
    })
}

fn statement(customers: &Customers<'_>, question: &RankQuestion) -> Sql {
    let mut sql = Sql::default();
    customers.begin(&mut sql);
    let page = match &question.rows {
        RowSelection::Places(ranges) => places(&mut sql, customers, question, ranges),
        RowSelection::Customers(ids) => some(&mut sql, customers, question, ids),
        RowSelection::Customer(id) => customer(&mut sql, customers, question, id),
    };
    sql.push(&format!(
        "page AS ({page}) SELECT w.customers, w.negative, w.value, w.borne, w.driven, s.active, g.* \
         FROM whole w CROSS JOIN size s LEFT JOIN page g ON true ORDER BY g.place"
    ));
    sql
}

/// The customers at some places, with the sum of the values from the first to each.
fn places(
    sql: &mut Sql,
    customers: &Customers<'_>,
    question: &RankQuestion,
    ranges: &[Range<u64>],
) -> String {
    let order = customers.order_by(question.order.direction == Direction::BestFirst);
    let value = customers.final_column();
    let end = ranges.iter().map(|range| range.end).max().unwrap_or(0);
    let lengths = ranges
        .iter()
        .map(|range| range.end.saturating_sub(range.start));
    let joins_places = lengths.fold(0, u64::saturating_add) <= JOINED;
    let source = match joins_places && end <= PICKED {
        true => {
            let end = sql.bind(seq(end));
            format!("(SELECT r.* FROM reported r ORDER BY {order} LIMIT {end})")
        }
        false => "reported".to_owned(),
    };
    let mut wanted = vec!["false".to_owned()];
    for range in ranges {
        let (start, end) = (sql.bind(seq(range.start)), sql.bind(seq(range.end)));
        wanted.push(format!("(t.place >= {start} AND t.place < {end})"));
    }
    let (mut own, mut columns, mut joins) = (String::new(), String::new(), String::new());
    for (place, beside) in question.beside.iter().enumerate() {
        // Where no row is wanted, nobody's place is either.
        if ranges.is_empty() || question.is_own_order(beside) {
            columns.push_str(&format!(", t.place AS beside{place}"));
            continue;
        }
        let value = customers.value_column(beside);
        let number = format!("row_number() OVER (ORDER BY r.{value} DESC, r.customer) - 1 AS");
        if joins_places {
            columns.push_str(&format!(", b{place}.place AS beside{place}"));
            joins.push_str(&format!(
                " JOIN (SELECT r.customer, {number} place FROM reported r) b{place} \
                 ON b{place}.customer = t.customer"
            ));
        } else {
            own.push_str(&format!(", {number} beside{place}"));
        }
    }
    format!(
        "SELECT t.*{columns} FROM (SELECT r.*, row_number() OVER o - 1 AS place, \
         sum(r.{value}) OVER (o ROWS UNBOUNDED PRECEDING) AS cumulative{own} FROM {source} r \
         WINDOW o AS (ORDER BY {order})) t{joins} WHERE {}",
        wanted.join(" OR ")
    )
}

/// Some customers: all are given their places.
fn some(
    sql: &mut Sql,
    customers: &Customers<'_>,
    question: &RankQuestion,
    ids: &[PartyId],
) -> String {
    let order = customers.order_by(question.order.direction == Direction::BestFirst);
    let value = customers.final_column();
    let (mut inner, mut outer) = (String::new(), String::new());
    for (place, beside) in question.beside.iter().enumerate() {
        if question.is_own_order(beside) {
            outer.push_str(&format!(", t.place AS beside{place}"));
            continue;
        }
        let value = customers.value_column(beside);
        inner.push_str(&format!(
            ", row_number() OVER (ORDER BY r.{value} DESC, r.customer) - 1 AS beside{place}"
        ));
    }
    let ids: Vec<String> = ids.iter().map(PartyId::to_string).collect();
    let ids = sql.bind(ids);
    format!(
        "SELECT t.*{outer} FROM (SELECT r.*, row_number() OVER o - 1 AS place, \
         sum(r.{value}) OVER (o ROWS UNBOUNDED PRECEDING) AS cumulative{inner} FROM reported r \
         WINDOW o AS (ORDER BY {order})) t WHERE t.customer = ANY({ids})"
    )
}

/// One customer: its places are how many stand before it.
fn customer(
    sql: &mut Sql,
    customers: &Customers<'_>,
    question: &RankQuestion,
    id: &PartyId,
) -> String {
    let id = sql.bind(id.to_string());
    let value = customers.final_column();
    let before = |value: &str, comparison: &str| {
        format!(
            "(r.{value} {comparison} m.{value} OR r.{value} = m.{value} AND r.customer < m.customer)"
        )
    };
    let own = match question.order.direction {
        Direction::BestFirst => before("v0", ">"),
        Direction::WorstFirst => before("v0", "<"),
    };
    let mut beside = String::new();
    for (place, own) in question.beside.iter().enumerate() {
        let before = before(&customers.value_column(own), ">");
        beside.push_str(&format!(
            ", count(*) FILTER (WHERE {before}) AS beside{place}"
        ));
    }
    format!(
        "SELECT m.*, c.* FROM (SELECT r.* FROM reported r WHERE r.customer = {id}) m CROSS JOIN LATERAL \
         (SELECT count(*) FILTER (WHERE {own}) AS place, \
         sum(r.{value}) FILTER (WHERE {own} OR r.customer = m.customer) AS cumulative{beside} FROM reported r) c"
    )
}
