//! Books: the sums of a tenant's whole ledger by day, kind and role, kept beside it. They are what reports are checked
//! against, made without looking at customers, and spare every question a second look at the ledger.
//!
//! A transaction that writes to the ledger ends the versions of the sums that it changes and adds the next ones. A
//! version holds from the last position of its transaction to before that of the next one that changes it, so that any
//! end of a transaction can be asked for ever; what is between two ends is in the ledger.

use super::{
    database::{Database, column},
    posting::{self, Column, Posted, What},
    sql::{OPEN, Sql, count, seq},
};
use crate::domain::{ledger::Position, problem::Problem, time::Period};
use std::collections::BTreeMap;

/// What a transaction adds, by day, kind and role.
#[derive(Default)]
pub struct Booked(BTreeMap<(i32, What, String), [i128; posting::COLUMNS]>);

impl Booked {
    /// Adds a row of the ledger.
    pub fn add(&mut self, day: i32, posted: &Posted) {
        let role = posted.role.as_ref();
        let role = role.map_or_else(String::new, ToString::to_string);
        let sums = self.0.entry((day, posted.what, role)).or_default();
        for (sum, amount) in sums.iter_mut().zip(posted.amounts) {
            *sum += i128::from(amount.unwrap_or(0));
        }
    }

    /// Ends the versions that held until now, and adds the next ones.
    pub fn statement(self, tenant: i32, last: i64) -> Sql {
        let (mut day, mut what, mut role) = (Vec::new(), Vec::new(), Vec::new());
        let mut amounts: [Vec<String>; posting::COLUMNS] = Default::default();
        for ((own_day, own_what, own_role), sums) in self.0 {
            day.push(own_day);
            what.push(own_what);
            role.push(own_role);
            for (amounts, sum) in amounts.iter_mut().zip(sums) {
                amounts.push(sum.to_string());
            }
        }
        let mut sql = Sql::default();
        let (tenant, last) = (sql.bind(tenant), sql.bind(last));
        let (day, what, role) = (sql.bind(day), sql.bind(what), sql.bind(role));
        let names = Column::ALL.map(Column::name);
        let arrays = amounts.map(|amounts| format!(", {}::text[]", sql.bind(amounts)));
        let each = |text: &dyn Fn(&str) -> String| names.map(text).concat();
        sql.push(&format!(
            "WITH closed AS (UPDATE profitscore.books b SET until = {last} \
             FROM unnest({day}::integer[], {what}::smallint[], {role}::text[]) AS n(day, what, role) \
             WHERE b.tenant = {tenant} AND b.until = {OPEN} \
             AND b.day = n.day AND b.what = n.what AND b.role = n.role RETURNING b.day, b.what, b.role{}) \
             INSERT INTO profitscore.books (tenant, seq, until, day, what, role{}) \
             SELECT {tenant}::integer, {last}::bigint, {OPEN}, n.day, n.what, n.role{} \
             FROM unnest({day}::integer[], {what}::smallint[], {role}::text[]{}) AS n(day, what, role{}) \
             LEFT JOIN closed c ON c.day = n.day AND c.what = n.what AND c.role = n.role",
            each(&|name| format!(", b.{name}")),
            each(&|name| format!(", {name}")),
            each(&|name| format!(", n.{name}::numeric + coalesce(c.{name}, 0)")),
            arrays.concat(),
            each(&|name| format!(", {name}")),
        ));
        sql
    }
}

/// The last position up to one at which there are books; 0 for none.
pub async fn last(database: &Database, tenant: i32, as_of: Position) -> Result<Position, Problem> {
    let mut sql = Sql::default();
    let (tenant, as_of) = (sql.bind(tenant), sql.bind(seq(as_of)));
    sql.push(&format!(
        "SELECT max(b.seq) AS seq FROM profitscore.books b WHERE b.tenant = {tenant} AND b.seq <= {as_of}"
    ));
    let row = database.rows(&sql).await?.pop();
    let last = row
        .map(|row| column::<Option<i64>>(&row, "seq"))
        .transpose()?;
    Ok(last.flatten().map_or(0, count))
}

/// The sums of a period by kind and role, as of a position at which there are books.
pub fn by_kind(tenant: i32, period: &Period, last: Position) -> Sql {
    let mut sql = Sql::default();
    let (tenant, last) = (sql.bind(tenant), sql.bind(seq(last)));
    let mut days = String::new();
    if let Some(start) = period.start {
        days.push_str(&format!(" AND b.day >= {}", sql.bind(start.0)));
    }
    if let Some(end) = period.end {
        days.push_str(&format!(" AND b.day < {}", sql.bind(end.0)));
    }
    let sums = Column::ALL.map(|column| {
        let name = column.name();
        format!(", sum(b.{name}) AS {name}")
    });
    sql.push(&format!(
        "SELECT b.what, nullif(b.role, '') AS role{} FROM profitscore.books b \
         WHERE b.tenant = {tenant} AND b.seq <= {last} AND b.until > {last}{days} GROUP BY b.what, b.role",
        sums.concat()
    ));
    sql
}
