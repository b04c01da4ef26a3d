//! A linear weighting of accounts as an expression over rows of the ledger: exact, because `sum(bigint)` is a `numeric`
//! and cannot overflow, and few weights are different, so that rows are added up before anything is multiplied.

use super::{
    posting::{self, Column, What},
    sql::Sql,
};
use crate::domain::account::{Account, Weights};
use std::collections::BTreeMap;

/// The value of the rows of a group, in nano-units. `filter` is empty, or a condition on the rows that count.
pub fn value(sql: &mut Sql, weights: &Weights, filter: &str) -> String {
    let mut terms = Vec::new();
    for ((column, weight), (plus, minus)) in by_column(weights) {
        let (rows, sign) = signed(column, &plus, &minus);
        let weight = sql.bind(format!("{sign}{weight}"));
        terms.push(format!(
            "coalesce(sum({rows}){}, 0) * {weight}::text::numeric",
            filtered("", filter)
        ));
    }
    for (rates, whats) in by_rates(weights) {
        let (roles, rates): (Vec<_>, Vec<_>) = rates.into_iter().unzip();
        let (roles, rates) = (sql.bind(roles), sql.bind(rates));
        let kinds = format!("l.what IN ({})", list(&whats));
        terms.push(format!(
            "coalesce(sum(l.minutes * ({rates}::text[]::numeric[])\
             [array_position({roles}::text[], l.role)]){}, 0)",
            filtered(&kinds, filter)
        ));
    }
    if terms.is_empty() {
        return "0::numeric".to_owned();
    }
    format!("({})", terms.join(" + "))
}

/// A column of rows that are added and of rows that are taken off, and the sign of the whole. Where all rows that have
/// anything in the column go one way, nothing is decided row by row: this is what most time goes into.
fn signed(column: Column, plus: &[What], minus: &[What]) -> (String, &'static str) {
    let name = column.name();
    let holders: Vec<What> = posting::all()
        .filter(|what| posting::holds(*what, column))
        .collect();
    if plus == holders {
        return (format!("l.{name}"), "");
    }
    if minus == holders {
        return (format!("l.{name}"), "-");
    }
    let case = |whats: &[What], sign: &str| match whats {
        [] => String::new(),
        _ => format!(" WHEN l.what IN ({}) THEN {sign}l.{name}", list(whats)),
    };
    let rows = format!("CASE{}{} END", case(plus, ""), case(minus, "-"));
    (rows, "")
}

fn filtered(own: &str, filter: &str) -> String {
    match (own, filter) {
        ("", "") => String::new(),
        ("", one) | (one, "") => format!(" FILTER (WHERE {one})"),
        (one, other) => format!(" FILTER (WHERE {one} AND {other})"),
    }
}

fn list(whats: &[What]) -> String {
    let texts: Vec<_> = whats.iter().map(What::to_string).collect();
    texts.join(", ")
}

/// What is added and what is taken off, by column and by how much it weighs.
fn by_column(weights: &Weights) -> BTreeMap<(Column, u128), (Vec<What>, Vec<What>)> {
    let mut found: BTreeMap<(Column, u128), (Vec<What>, Vec<What>)> = BTreeMap::new();
    for what in posting::all() {
        let mut by_column = BTreeMap::<Column, i128>::new();
        for (account, column, sign) in posting::meanings(what) {
            *by_column.entry(column).or_default() += weights.get(&account) * i128::from(sign);
        }
        for (column, weight) in by_column.into_iter().filter(|(_, weight)| *weight != 0) {
            let (plus, minus) = found.entry((column, weight.unsigned_abs())).or_default();
            if weight > 0 { plus } else { minus }.push(what);
        }
    }
    found
}

/// What kinds of working time weigh, by role; kinds that weigh the same are together.
fn by_rates(weights: &Weights) -> BTreeMap<BTreeMap<String, String>, Vec<What>> {
    let mut found = BTreeMap::<_, Vec<What>>::new();
    for what in posting::all() {
        let Some(own) = posting::purpose(what) else {
            continue;
        };
        let mut rates = BTreeMap::new();
        for (account, weight) in &weights.0 {
            if let Account::Minutes(role, purpose) = account
                && *purpose == own
                && *weight != 0
            {
                rates.insert(role.to_string(), weight.to_string());
            }
        }
        if !rates.is_empty() {
            found.entry(rates).or_default().push(what);
        }
    }
    found
}
