//! Amounts that go by drivers: quantities, parts and shares of all active customers, as common table expressions
//! between the customers' values and everything that is made of them.
//!
//! Two statements: how much there is of each driver is asked first, since how much of an amount is allocated follows
//! from it in the domain. Both see the same state, which a position pins.

use super::{
    database::{Database, column},
    numbers::Exact,
    scope,
    sql::Sql,
    weigh::{self, Arithmetic},
};
use crate::domain::{
    account::Weights,
    allocation::{Allotment, Driven, Driver},
    money::NANOS_PER_MICRO,
    problem::Problem,
    question::Scope,
};

/// All amounts of a question with how much of each is allocated.
#[derive(Default)]
pub struct Spreads<'a> {
    driven: &'a [Driven],
    pub allotments: Vec<Allotment>,
}

/// What values of customers are charged with.
pub struct Charged<'a> {
    /// The column of the values.
    pub name: String,
    /// What they weigh.
    pub weights: &'a Weights,
    /// Whether what is driven is taken off.
    pub bears: bool,
}

impl<'a> Spreads<'a> {
    /// Asks how much there is of each driver.
    pub async fn ask(
        database: &Database,
        tenant: i32,
        asked: &Scope,
        driven: &'a [Driven],
    ) -> Result<Self, Problem> {
        if driven.is_empty() {
            return Ok(Self::default());
        }
        let mut sql = Sql::default();
        let rows = scope::rows(&mut sql, tenant, &asked.period, asked.as_of);
        let weighed = weighed(&mut sql, driven);
        let (drawn, joins) = drawn(&mut sql, driven);
        let sums: Vec<_> = (0..driven.len())
            .map(|place| format!("coalesce(sum(d.q{place}), 0)::numeric AS q{place}"))
            .collect();
        sql.push(&format!(
            "WITH raw AS MATERIALIZED (SELECT l.customer{weighed} FROM profitscore.ledger l WHERE {rows} \
             GROUP BY l.customer HAVING sum(l.live) > 0), \
             drawn AS (SELECT {drawn} FROM raw a{joins}) SELECT {} FROM drawn d",
            sums.join(", ")
        ));
        let rows = database.rows(&sql).await?;
        let mut allotments = Vec::new();
        for (place, one) in driven.iter().enumerate() {
            let quantity = match rows.first() {
                Some(row) => column::<Exact>(row, &format!("q{place}"))?.0,
                None => 0,
            };
            allotments.push(one.allotment(quantity));
        }
        Ok(Self { driven, allotments })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.driven.is_empty()
    }

    /// What drivers weigh of the rows of a customer, as columns beside its values.
    pub fn weighed(&self, sql: &mut Sql) -> String {
        weighed(sql, self.driven)
    }

    /// The names of those columns in a table, to be passed on.
    pub fn passed_on(&self, table: &str) -> String {
        let weighed = (0..).zip(self.driven).filter(|(_, one)| is_weighed(one));
        weighed
            .map(|(place, _)| format!(", {table}.d{place}"))
            .collect()
    }

    /// Begins a statement with the table `active`, made of `raw` customers: their values less what they bear, if these
    /// bear it, beside `w0`, the first value as it was; `left_over`, what a customer bears of what rounding leaves over
    /// of all amounts together; and its shares `s0` … of each, all in micro-units.
    pub fn begin(&self, sql: &mut Sql, raw: &str, values: &[Charged<'_>], traits: &str) {
        let (drawn, joins) = drawn(sql, self.driven);
        let places = 0..self.driven.len();
        let (mut parts, mut left, mut more, mut shares) = Default::default();
        for (place, allotment) in places.clone().zip(&self.allotments) {
            parts = format!("{parts}, {} AS f{place}", part(sql, place, allotment));
            let amount = sql.bind(allotment.amount);
            left = format!(
                "{left}{}{amount}::bigint - coalesce(sum(p.f{place}), 0) AS l{place}",
                if place == 0 { "" } else { ", " }
            );
            // Of those that bear anything, the first by id.
            more = format!(
                "{more}, (p.q{place} > 0 AND count(*) FILTER (WHERE p.q{place} > 0) \
                 OVER (ORDER BY p.customer) <= o.l{place})::integer AS m{place}"
            );
            shares = format!("{shares}, (b.f{place} + b.m{place})::bigint AS s{place}");
        }
        let sum = |letter: &str| -> String {
            let all: Vec<_> = places
                .clone()
                .map(|place| format!("b.{letter}{place}"))
                .collect();
            all.join(" + ")
        };
        let charged: String = values
            .iter()
            .map(|value| {
                let name = &value.name;
                let step = NANOS_PER_MICRO / weigh::unit(value.weights);
                match value.bears {
                    true => format!(", b.{name} - {step} * ({}) AS {name}", sum("f")),
                    false => format!(", b.{name}"),
                }
            })
            .collect();
        let values: String = values
            .iter()
            .map(|value| format!(", a.{}", value.name))
            .collect();
        sql.push(&format!(
            "WITH raw AS MATERIALIZED ({raw}), \
             drawn AS (SELECT a.own{values}{traits}, {drawn} FROM raw a{joins}), \
             parted AS MATERIALIZED (SELECT p.*{parts} FROM drawn p), \
             rests AS MATERIALIZED (SELECT {left} FROM parted p), \
             bearing AS (SELECT p.*{more} FROM parted p CROSS JOIN rests o), \
             active AS MATERIALIZED (SELECT b.customer, b.own{charged}{}, b.v0 AS w0, \
             {} AS left_over{shares} FROM bearing b), ",
            traits.replace("a.", "b."),
            sum("m"),
        ));
    }

    /// What the customers of the table `r` bear of each amount, as one column.
    pub fn borne(&self) -> String {
        let sums: Vec<_> = (0..self.driven.len())
            .map(|place| format!("coalesce(sum(r.s{place}), 0)::text"))
            .collect();
        format!("ARRAY[{}]::text[]", sums.join(", "))
    }
}

/// Whether a driver is made of rows of the ledger.
fn is_weighed(one: &Driven) -> bool {
    matches!(one.driver, Driver::Weighed(_) | Driver::Present(_))
}

fn weighed(sql: &mut Sql, driven: &[Driven]) -> String {
    let mut columns = String::new();
    for (place, one) in driven.iter().enumerate() {
        if let Driver::Weighed(weights) | Driver::Present(weights) = &one.driver {
            let value = weigh::value(sql, Arithmetic::Exact, weights, "");
            let unit = weigh::unit(weights);
            columns.push_str(&format!(", {value} * {unit} AS d{place}"));
        }
    }
    columns
}

/// The customer and its quantities `q0` …, and what has to be joined to `a` for them.
fn drawn(sql: &mut Sql, driven: &[Driven]) -> (String, String) {
    let (mut columns, mut joins) = ("a.customer".to_owned(), String::new());
    for (place, one) in driven.iter().enumerate() {
        let quantity = match &one.driver {
            Driver::Weighed(_) => format!("greatest(a.d{place}, 0)"),
            Driver::Present(_) => format!("(a.d{place} > 0)::integer::numeric"),
            Driver::Supplied(supplied) => {
                let supplied = supplied.iter();
                let supplied = supplied.map(|(id, quantity)| (id.to_string(), (*quantity).max(0)));
                let (ids, quantities): (Vec<_>, Vec<_>) = supplied.unzip();
                let (ids, quantities) = (sql.bind(ids), sql.bind(quantities));
                joins.push_str(&format!(
                    " LEFT JOIN unnest({ids}::text[], {quantities}::bigint[]) AS u{place}(id, quantity) \
                     ON u{place}.id = a.customer"
                ));
                format!("coalesce(u{place}.quantity, 0)::numeric")
            }
        };
        columns.push_str(&format!(", {quantity} AS q{place}"));
    }
    (columns, joins)
}

/// A customer's part of an amount, rounded down.
fn part(sql: &mut Sql, place: usize, allotment: &Allotment) -> String {
    if allotment.quantity == 0 {
        return "0::numeric".to_owned();
    }
    let amount = sql.bind(allotment.amount);
    let total = sql.bind(allotment.quantity.to_string());
    format!("div(p.q{place} * {amount}::bigint, {total}::text::numeric)")
}
