//! What every question about customers in order begins with: the customers of a scope with their values, as common
//! table expressions. Only the first one looks at the ledger, and groups it by customer, which is what the tables are
//! spread by; all others look at its result.

use super::{
    database::{Database, column},
    numbers::Exact,
    scope,
    sql::{Sql, count},
    weigh::{self, Arithmetic},
};
use crate::domain::{
    account::Weights,
    money::{NANOS_PER_MICRO, Nanos},
    problem::Problem,
    question::{Order, RankTotals, Scope},
};
use tokio_postgres::Row;

/// Which customers, and what is wanted of each.
pub struct Customers<'a> {
    pub tenant: i32,
    pub arithmetic: Arithmetic,
    pub scope: &'a Scope,
    pub order: &'a Order,
    /// Values beside that of the order.
    pub beside: &'a [Weights],
    /// Whether their traits are wanted.
    pub with_traits: bool,
}

impl Customers<'_> {
    /// The column of `reported` that has the value of a weighting beside.
    pub fn value_column(&self, weights: &Weights) -> String {
        if *weights == self.order.weights {
            return "v0".to_owned();
        }
        let place = self.beside.iter().position(|own| own == weights);
        format!("v{}", place.map_or(0, |place| place + 1))
    }

    /// The rows of a statement about these customers.
    pub async fn rows(
        &self,
        database: &Database,
        statement: impl Fn(&Self) -> Sql,
    ) -> Result<Vec<Row>, Problem> {
        let mut weights = self.beside.iter().chain([&self.order.weights]);
        let quick = weights.all(weigh::is_short).then(|| {
            statement(&Self {
                arithmetic: Arithmetic::Quick,
                ..*self
            })
        });
        let exact = || statement(self);
        database.quick_or_exact(self.tenant, quick, exact).await
    }

    /// What the values of the order are counted in, in nano-units.
    pub fn unit(&self) -> i128 {
        weigh::unit(&self.order.weights)
    }

    /// A column of a row that is counted in this unit, in nano-units.
    pub fn nanos(&self, row: &Row, name: &str) -> Result<Nanos, Problem> {
        let nanos = column::<Exact>(row, name)?.of_unit(self.unit());
        nanos.ok_or_else(|| Problem::ledger_damaged("a value that is too long"))
    }

    /// The column of `reported` that has the value less its shares.
    pub fn final_column(&self) -> &'static str {
        match self.order.value_bears_split && !self.order.split.is_empty() {
            true => "final",
            false => "v0",
        }
    }

    /// Begins a statement. There is then `size` with how many are `active`; `reported` with customer, own values `v0`,
    /// `v1` …, and the value less its shares; with a split also the customer's `index` among the active; and `whole`
    /// with what they add up to.
    pub fn begin(&self, sql: &mut Sql) {
        let active = self.active(sql);
        let is_all = self.scope.branches.is_empty() && self.scope.traits.is_empty();
        let (mut size, mut borne) = (
            "SELECT w.customers AS active FROM whole w",
            "NULL::bigint[]",
        );
        if is_all && self.order.split.is_empty() {
            sql.push(&format!("WITH reported AS MATERIALIZED ({active}), "));
        } else {
            size = "SELECT count(*) AS active FROM active";
            sql.push(&format!("WITH active AS MATERIALIZED ({active}), "));
            if self.order.split.is_empty() {
                sql.push("reported AS MATERIALIZED (SELECT a.* FROM active a WHERE a.own), ");
            } else {
                self.split(sql);
                borne = "(SELECT array_agg(c.number ORDER BY c.place) FROM (SELECT p.place, \
                         (SELECT count(*) FROM reported r WHERE r.index < p.rest) AS number FROM parts p) c)";
            }
        }
        let value = self.final_column();
        sql.push(&format!(
            "whole AS (SELECT count(*) AS customers, count(*) FILTER (WHERE r.{value} < 0) AS negative, \
             coalesce(sum(r.v0), 0) AS value, coalesce(sum(r.{value}), 0) AS total, {borne} AS borne \
             FROM reported r), size AS ({size}), "
        ));
    }

    /// All active customers.
    fn active(&self, sql: &mut Sql) -> String {
        let rows = scope::rows(sql, self.tenant, &self.scope.period, self.scope.as_of);
        let branch = scope::branch(sql, self.scope);
        let own = match branch.as_str() {
            "" => "true".to_owned(),
            branch => format!("coalesce(sum(l.live) FILTER (WHERE {branch}), 0) > 0"),
        };
        let mut values = {
            let value = weigh::value(sql, self.arithmetic, &self.order.weights, &branch);
            format!("{value} AS v0")
        };
        for (place, weights) in (1..).zip(self.beside) {
            if self.value_column(weights) == format!("v{place}") {
                let value = weigh::value(sql, self.arithmetic, weights, &branch);
                values.push_str(&format!(", {value} AS v{place}"));
            }
        }
        let grouped = format!(
            "SELECT l.customer, {own} AS own, {values} FROM profitscore.ledger l WHERE {rows} \
             GROUP BY l.customer HAVING sum(l.live) > 0"
        );
        if self.scope.traits.is_empty() && !self.with_traits {
            return grouped;
        }
        let mut own = "g.own".to_owned();
        if !self.scope.traits.is_empty() {
            own.push_str(" AND ");
            own.push_str(&scope::traits(sql, &self.scope.traits));
        }
        let mut values: String = (1..)
            .zip(self.beside)
            .filter(|(place, weights)| self.value_column(weights) == format!("v{place}"))
            .map(|(place, _)| format!(", g.v{place}"))
            .collect();
        if self.with_traits {
            values.push_str(", p.traits");
        }
        let join = scope::party(sql, self.tenant, self.scope.as_of, "g.customer");
        format!("SELECT g.customer, {own} AS own, g.v0{values} FROM ({grouped}) g{join}")
    }

    /// Shares of the split: everybody bears the same, and the first by id one micro-unit more, as in
    /// [`crate::domain::cost_model::equal_share`].
    fn split(&self, sql: &mut Sql) {
        let amounts = sql.bind(self.order.split.clone());
        let bearing = match self.order.value_bears_split {
            true => format!(
                ", p.v0 - {} * (s.base + cardinality(s.rests) - width_bucket(p.index::numeric, s.rests)) AS final",
                NANOS_PER_MICRO / self.unit()
            ),
            false => String::new(),
        };
        sql.push(&format!(
            "amounts AS (SELECT a.place, a.amount::numeric AS amount, size.active::numeric AS active \
             FROM unnest({amounts}::bigint[]) WITH ORDINALITY AS a(amount, place) \
             CROSS JOIN (SELECT count(*) AS active FROM active) size WHERE size.active > 0), \
             parts AS (SELECT a.place, a.amount, a.active, \
             mod(mod(a.amount, a.active) + a.active, a.active) AS rest FROM amounts a), \
             shares AS (SELECT sum(div(p.amount - p.rest, p.active)) AS base, \
             array_agg(p.rest ORDER BY p.rest) AS rests FROM parts p), \
             placed AS (SELECT a.*, row_number() OVER (ORDER BY a.customer) - 1 AS index FROM active a), \
             reported AS MATERIALIZED (SELECT p.*{bearing} \
             FROM placed p CROSS JOIN shares s WHERE p.own), "
        ));
    }

    /// How the customers stand in order, those of the table `r`.
    pub fn order_by(&self, is_best_first: bool) -> &'static str {
        match is_best_first {
            true => "r.v0 DESC, r.customer",
            false => "r.v0, r.customer",
        }
    }

    /// Adds what a row with the columns of `whole` and `size` says.
    pub fn add_totals(&self, totals: &mut RankTotals, row: &Row) -> Result<(), Problem> {
        totals.customers = count(column(row, "customers")?);
        totals.negative = count(column(row, "negative")?);
        totals.active = count(column(row, "active")?);
        totals.reported_value = self.nanos(row, "value")?;
        let bearing_more: Vec<i64> = column::<Option<_>>(row, "borne")?.unwrap_or_default();
        totals.reported_shares = vec![0; self.order.split.len()];
        let amounts = self.order.split.iter().zip(bearing_more);
        for (sum, (amount, more)) in totals.reported_shares.iter_mut().zip(amounts) {
            // There are amounts in `borne` only if somebody is active.
            let each = i128::from(*amount).div_euclid(i128::from(totals.active).max(1));
            *sum = each * i128::from(totals.customers) + i128::from(more);
        }
        Ok(())
    }
}
