//! Which rows of the ledger and which customers a question is about, as conditions.

use super::sql::{Sql, seq};
use crate::domain::{
    ledger::Position,
    party::{TraitFilter, TraitValue},
    question::Scope,
    time::Period,
};

/// The rows of a tenant's ledger in a period, up to a position: a condition on `l`.
pub fn rows(sql: &mut Sql, tenant: i32, period: &Period, as_of: Position) -> String {
    let mut condition = format!(
        "l.tenant = {} AND l.seq <= {}",
        sql.bind(tenant),
        sql.bind(seq(as_of))
    );
    if let Some(start) = period.start {
        condition.push_str(&format!(" AND l.day >= {}", sql.bind(start.0)));
    }
    if let Some(end) = period.end {
        condition.push_str(&format!(" AND l.day < {}", sql.bind(end.0)));
    }
    condition
}

/// The condition on `l` that a row's branch counts; empty if every branch does.
pub fn branch(sql: &mut Sql, scope: &Scope) -> String {
    if scope.branches.is_empty() {
        return String::new();
    }
    format!("l.branch = ANY({})", sql.bind(scope.branches.clone()))
}

/// The join of `p`, the version of a party that holds, to what has the customer in `customer`.
pub fn party(sql: &mut Sql, tenant: i32, as_of: Position, customer: &str) -> String {
    let (tenant, as_of) = (sql.bind(tenant), sql.bind(seq(as_of)));
    format!(
        " LEFT JOIN profitscore.parties p ON p.tenant = {tenant} AND p.party = {customer} \
         AND p.seq <= {as_of} AND p.until > {as_of}"
    )
}

/// The join of the parties that meet all of some filters to rows `l` of the ledger, and the condition that a row's
/// customer does. Traits are looked at once for each party, not once for each row.
pub fn of_traits(sql: &mut Sql, tenant: i32, asked: &Scope) -> (String, String) {
    let condition = traits(sql, &asked.traits);
    // Who is not stored meets the filters for no value. If that is all of them, those who do not are joined.
    let (wanted, is_joined) = match asked.has_customer(None) {
        true => (format!("NOT ({condition})"), "IS NULL"),
        false => (condition, "IS NOT NULL"),
    };
    let (tenant, as_of) = (sql.bind(tenant), sql.bind(seq(asked.as_of)));
    let join = format!(
        " LEFT JOIN (SELECT p.party FROM profitscore.parties p WHERE p.tenant = {tenant} \
         AND p.seq <= {as_of} AND p.until > {as_of} AND {wanted}) m ON m.party = l.customer"
    );
    (join, format!("m.party {is_joined}"))
}

/// The condition on `p` that its traits meet all of some filters; nobody's traits meet only a filter for no value.
pub fn traits(sql: &mut Sql, filters: &[TraitFilter]) -> String {
    let all: Vec<_> = filters.iter().map(|filter| one(sql, filter)).collect();
    all.join(" AND ")
}

fn one(sql: &mut Sql, filter: &TraitFilter) -> String {
    let own = format!("p.traits->{}::text", sql.bind(filter.key.to_string()));
    if filter.any_of.is_empty() {
        return format!("({own}) IS NULL");
    }
    let any = filter.any_of.iter().map(|value| {
        let wanted = sql.bind(super::json::of_value(value));
        match value {
            // Also the sets that it is in: an array contains a text that is one of its elements.
            TraitValue::Category(_) => format!("({own}) @> {wanted}::text::jsonb"),
            TraitValue::Number(_) | TraitValue::Set(_) | TraitValue::Flag(_) => {
                format!("({own}) = {wanted}::text::jsonb")
            }
        }
    });
    let any: Vec<_> = any.collect();
    format!("coalesce({}, false)", any.join(" OR "))
}
