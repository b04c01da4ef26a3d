//! What every question about customers in order begins with: the customers of a scope with their values, as common
//! table expressions. Only the first one looks at the ledger, and groups it by customer, which is what the tables are
//! spread by; all others look at its result.

use super::{
    database::{Database, column},
    driven::{Charged, Spreads},
    numbers::Exact,
    scope,
    sql::{Sql, count},
    weigh::{self, Arithmetic},
};
use crate::domain::{
    money::{NANOS_PER_MICRO, Nanos},
    problem::Problem,
    question::{Beside, Order, RankTotals, Scope},
};
use tokio_postgres::Row;

/// Which customers, and what is wanted of each.
pub struct Customers<'a> {
    pub tenant: i32,
    pub arithmetic: Arithmetic,
    pub scope: &'a Scope,
    pub order: &'a Order,
    /// The amounts of the order that are driven.
    pub driven: &'a Spreads<'a>,
    /// Values beside that of the order.
    pub beside: &'a [Beside],
    /// Whether their traits are wanted.
    pub with_traits: bool,
}

impl Customers<'_> {
    /// The column of `reported` that has the value of an order beside.
    pub fn value_column(&self, beside: &Beside) -> String {
        let bears = self.order.value_bears_split == beside.bears_driven;
        if beside.weights == self.order.weights && (self.driven.is_empty() || bears) {
            return "v0".to_owned();
        }
        let place = self.beside.iter().position(|own| own == beside);
        format!("v{}", place.map_or(0, |place| place + 1))
    }

    /// The columns of all values, that of the order first, each once.
    fn values(&self) -> Vec<Charged<'_>> {
        let own = Charged {
            name: "v0".to_owned(),
            weights: &self.order.weights,
            bears: self.order.value_bears_split,
        };
        let beside = (1..).zip(self.beside).map(|(place, beside)| Charged {
            name: format!("v{place}"),
            weights: &beside.weights,
            bears: beside.bears_driven,
        });
        let columns = self.beside.iter().map(|beside| self.value_column(beside));
        let once = beside
            .zip(columns)
            .filter(|(own, column)| own.name == *column);
        std::iter::once(own)
            .chain(once.map(|(own, _)| own))
            .collect()
    }

    /// The rows of a statement about these customers.
    pub async fn rows(
        &self,
        database: &Database,
        statement: impl Fn(&Self) -> Sql,
    ) -> Result<Vec<Row>, Problem> {
        let beside = self.beside.iter().map(|beside| &beside.weights);
        let mut weights = beside.chain([&self.order.weights]);
        // A part is a product of two numbers of eight bytes.
        let is_short = self.driven.is_empty() && weights.all(weigh::is_short);
        let quick = is_short.then(|| {
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
        match self.bears_split() {
            true => "final",
            false => "v0",
        }
    }

    /// Whether anything is taken off what the customers are ordered by.
    pub fn bears_split(&self) -> bool {
        let is_split = !(self.order.split.is_empty() && self.driven.is_empty());
        self.order.value_bears_split && is_split
    }

    /// What is taken off that of what rounding leaves over of amounts that are driven, in a table.
    fn left_over(&self, table: &str) -> String {
        match self.driven.is_empty() {
            true => String::new(),
            false => format!(" - {} * {table}.left_over", NANOS_PER_MICRO / self.unit()),
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
        if is_all && self.order.split.is_empty() && self.driven.is_empty() {
            sql.push(&format!("WITH reported AS MATERIALIZED ({active}), "));
        } else {
            size = "SELECT count(*) AS active FROM active";
            if self.driven.is_empty() {
                sql.push(&format!("WITH active AS MATERIALIZED ({active}), "));
            } else {
                let traits = if self.with_traits { ", a.traits" } else { "" };
                self.driven.begin(sql, &active, &self.values(), traits);
            }
            if self.order.split.is_empty() {
                let bearing = match self.bears_split() {
                    true => format!(", a.v0{} AS final", self.left_over("a")),
                    false => String::new(),
                };
                sql.push(&format!(
                    "reported AS MATERIALIZED (SELECT a.*{bearing} FROM active a WHERE a.own), "
                ));
            } else {
                self.split(sql);
                borne = "(SELECT array_agg(c.number ORDER BY c.place) FROM (SELECT p.place, \
                         (SELECT count(*) FROM reported r WHERE r.index < p.rest) AS number FROM parts p) c)";
            }
        }
        let value = self.final_column();
        let (plain, driven) = match self.driven.is_empty() {
            true => ("v0", "NULL::text[]".to_owned()),
            false => ("w0", self.driven.borne()),
        };
        sql.push(&format!(
            "whole AS (SELECT count(*) AS customers, count(*) FILTER (WHERE r.{value} < 0) AS negative, \
             coalesce(sum(r.{plain}), 0) AS value, coalesce(sum(r.{value}), 0) AS total, {borne} AS borne, \
             {driven} AS driven FROM reported r), size AS ({size}), "
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
        let mut values = String::new();
        for value in self.values() {
            let weighed = weigh::value(sql, self.arithmetic, value.weights, &branch);
            values.push_str(&format!(", {weighed} AS {}", value.name));
        }
        values.push_str(&self.driven.weighed(sql));
        let grouped = format!(
            "SELECT l.customer, {own} AS own{values} FROM profitscore.ledger l WHERE {rows} \
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
        let values = self.values().into_iter();
        let mut values: String = values.map(|value| format!(", g.{}", value.name)).collect();
        values.push_str(&self.driven.passed_on("g"));
        if self.with_traits {
            values.push_str(", p.traits");
        }
        let join = scope::party(sql, self.tenant, self.scope.as_of, "g.customer");
        format!("SELECT g.customer, {own} AS own{values} FROM ({grouped}) g{join}")
    }

    /// Shares of the split: everybody bears the same, and the first by id one micro-unit more, as in
    /// [`crate::domain::cost_model::equal_share`].
    fn split(&self, sql: &mut Sql) {
        let amounts = sql.bind(self.order.split.clone());
        let bearing = match self.order.value_bears_split {
            true => format!(
                ", p.v0 - {} * (s.base + cardinality(s.rests) - width_bucket(p.index::numeric, s.rests)){} AS final",
                NANOS_PER_MICRO / self.unit(),
                self.left_over("p"),
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
        let driven: Vec<String> = column::<Option<_>>(row, "driven")?.unwrap_or_default();
        for borne in driven {
            let borne = borne.parse();
            let damaged = |_| Problem::ledger_damaged("a share that is no number");
            totals.reported_shares.push(borne.map_err(damaged)?);
        }
        totals.driven.clone_from(&self.driven.allotments);
        Ok(())
    }
}
