//! What every question about customers in order begins with: the customers of a scope with their values, as common
//! table expressions. Only the first one looks at the ledger, and groups it by customer, which is what the tables are
//! spread by; all others look at its result.

use super::{
    database::column,
    numbers::Exact,
    scope,
    sql::{Sql, count},
    weigh,
};
use crate::domain::{
    account::Weights,
    money::NANOS_PER_MICRO,
    problem::Problem,
    question::{Order, RankTotals, Scope},
};
use tokio_postgres::Row;

/// Which customers, and what is wanted of each.
pub struct Customers<'a> {
    pub tenant: i32,
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

    /// Begins a statement. There is then `size` with how many are `active`; `reported` with customer, own values `v0`,
    /// `v1` …, and `final`, the value less its shares; with a split also the customer's `index` among the active; and
    /// `whole` with what they add up to.
    pub fn begin(&self, sql: &mut Sql) {
        let active = self.active(sql);
        sql.push(&format!(
            "WITH active AS MATERIALIZED ({active}), size AS (SELECT count(*) AS active FROM active), "
        ));
        let borne = if self.order.split.is_empty() {
            sql.push(
                "reported AS MATERIALIZED (SELECT a.*, a.v0 AS final FROM active a WHERE a.own), ",
            );
            "NULL::bigint[]"
        } else {
            self.split(sql);
            "(SELECT array_agg(c.number ORDER BY c.place) FROM (SELECT p.place, \
             (SELECT count(*) FROM reported r WHERE r.index < p.rest) AS number FROM parts p) c)"
        };
        sql.push(&format!(
            "whole AS (SELECT count(*) AS customers, count(*) FILTER (WHERE r.final < 0) AS negative, \
             coalesce(sum(r.v0), 0) AS value, coalesce(sum(r.final), 0) AS total, {borne} AS borne FROM reported r), "
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
        let mut values = format!("{} AS v0", weigh::value(sql, &self.order.weights, &branch));
        for (place, weights) in (1..).zip(self.beside) {
            if self.value_column(weights) == format!("v{place}") {
                let value = weigh::value(sql, weights, &branch);
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
        let share = match self.order.value_bears_split {
            true => format!(
                " - {NANOS_PER_MICRO} * (s.base + cardinality(s.rests) - width_bucket(p.index::numeric, s.rests))"
            ),
            false => String::new(),
        };
        sql.push(&format!(
            "amounts AS (SELECT a.place, a.amount::numeric AS amount, size.active::numeric AS active \
             FROM unnest({amounts}::bigint[]) WITH ORDINALITY AS a(amount, place) CROSS JOIN size \
             WHERE size.active > 0), \
             parts AS (SELECT a.place, a.amount, a.active, \
             mod(mod(a.amount, a.active) + a.active, a.active) AS rest FROM amounts a), \
             shares AS (SELECT sum(div(p.amount - p.rest, p.active)) AS base, \
             array_agg(p.rest ORDER BY p.rest) AS rests FROM parts p), \
             placed AS (SELECT a.*, row_number() OVER (ORDER BY a.customer) - 1 AS index FROM active a), \
             reported AS MATERIALIZED (SELECT p.*, p.v0{share} AS final \
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
        totals.reported_value = column::<Exact>(row, "value")?.0;
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
