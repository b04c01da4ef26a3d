//! A linear weighting of accounts as an expression over rows of the ledger: always exact. Few weights are different, so
//! that rows are added up before anything is multiplied.

use super::{
    posting::{self, Column, What},
    sql::Sql,
};
use crate::domain::{
    account::{Account, Weights, WorkPurpose},
    money::NANOS_PER_MICRO,
    relationship::Circumstance,
};
use std::collections::BTreeMap;

/// How sums are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// In eight bytes, a third of the time: `profitscore.total`. The database refuses what does not fit.
    Quick,
    /// As `numeric`, which is what `sum(bigint)` is and which has room for everything.
    Exact,
}

impl Arithmetic {
    /// The sum of a column of rows of the ledger; 0 of none.
    pub fn sum(self, column: &str) -> String {
        let (total, _) = self.names();
        format!("coalesce({total}(l.{column}::bigint), 0)")
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Quick => ("profitscore.total", "bigint"),
            Self::Exact => ("sum", "numeric"),
        }
    }
}

/// What values are counted in, in nano-units: micro-units if every weight is a whole number of them.
pub fn unit(weights: &Weights) -> i128 {
    let is_whole = |weight: &i128| weight % NANOS_PER_MICRO == 0;
    match weights.0.values().all(is_whole) {
        true => NANOS_PER_MICRO,
        false => 1,
    }
}

/// Whether all weights fit eight bytes.
pub fn is_short(weights: &Weights) -> bool {
    let unit = unit(weights);
    let mut weights = weights.0.values();
    weights.all(|weight| i64::try_from(weight / unit).is_ok())
}

/// The value of the rows of a group, in units of [`unit`]. `filter` is empty, or a condition on the rows that count.
pub fn value(sql: &mut Sql, arithmetic: Arithmetic, weights: &Weights, filter: &str) -> String {
    let (total, number) = arithmetic.names();
    let unit = unit(weights);
    let mut terms = Vec::new();
    for ((column, weight), (plus, minus)) in by_column(weights) {
        let (rows, sign) = signed(column, &plus, &minus);
        let sum = format!(
            "{sign} coalesce({total}({rows}){}, 0)",
            filtered("", filter)
        );
        terms.push(match weight / unit.unsigned_abs() {
            1 => sum,
            weight => {
                let weight = sql.bind(weight.to_string());
                format!("{sum} * {weight}::text::{number}")
            }
        });
    }
    for (rates, whats) in by_rates(weights) {
        let rates = rates.into_iter();
        let rates = rates.map(|(role, rate)| (role, (rate / unit).to_string()));
        let (roles, rates): (Vec<_>, Vec<_>) = rates.unzip();
        let (roles, rates) = (sql.bind(roles), sql.bind(rates));
        let kinds = is_one_of(&whats);
        terms.push(format!(
            "+ coalesce({total}(l.minutes * ({rates}::text[]::{number}[])\
             [array_position({roles}::text[], l.role)]){}, 0)",
            filtered(&kinds, filter)
        ));
    }
    format!("(0::{number} {})", terms.join(" "))
}

/// A column of rows that are added and of rows that are taken off, and the sign of the whole. Where all rows that have
/// anything in the column go one way, nothing is decided row by row: this is what most time goes into.
fn signed(column: Column, plus: &[What], minus: &[What]) -> (String, &'static str) {
    let name = column.name();
    let holders: Vec<What> = posting::all()
        .filter(|what| posting::holds(*what, column))
        .collect();
    if plus == holders {
        return (format!("l.{name}"), "+");
    }
    if minus == holders {
        return (format!("l.{name}"), "-");
    }
    let case = |whats: &[What], sign: &str| match whats {
        [] => String::new(),
        _ => format!(" WHEN {} THEN {sign}l.{name}", is_one_of(whats)),
    };
    let rows = format!("CASE{}{} END", case(plus, ""), case(minus, "-"));
    (rows, "+")
}

fn filtered(own: &str, filter: &str) -> String {
    match (own, filter) {
        ("", "") => String::new(),
        ("", one) | (one, "") => format!(" FILTER (WHERE {one})"),
        (one, other) => format!(" FILTER (WHERE {one} AND {other})"),
    }
}

/// A condition on what rows are of: runs of numbers, which there are few of.
fn is_one_of(whats: &[What]) -> String {
    let mut whats = whats.to_vec();
    whats.sort_unstable();
    let runs = whats.chunk_by(|a, b| *a + 1 == *b);
    let conditions = runs.filter_map(|run| match run {
        [] => None,
        [only] => Some(format!("l.what = {only}")),
        [first, .., last] => Some(format!("l.what BETWEEN {first} AND {last}")),
    });
    format!("({})", conditions.collect::<Vec<_>>().join(" OR "))
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

/// What kinds of working time weigh, by role; kinds that weigh the same are together. What is worked under
/// circumstances weighs what it is for and each of them.
fn by_rates(weights: &Weights) -> BTreeMap<BTreeMap<String, i128>, Vec<What>> {
    let mut by_purpose = BTreeMap::<WorkPurpose, BTreeMap<String, i128>>::new();
    let mut by_circumstance = BTreeMap::<Circumstance, BTreeMap<String, i128>>::new();
    for (account, weight) in &weights.0 {
        let (role, rates) = if let Account::Minutes(role, purpose) = account {
            (role, by_purpose.entry(*purpose).or_default())
        } else if let Account::Circumstance(role, circumstance) = account {
            (role, by_circumstance.entry(*circumstance).or_default())
        } else {
            continue;
        };
        *rates.entry(role.to_string()).or_default() += weight;
    }
    let mut found = BTreeMap::<_, Vec<What>>::new();
    for what in posting::all() {
        let Some(purpose) = posting::purpose(what) else {
            continue;
        };
        let mut rates = by_purpose.get(&purpose).cloned().unwrap_or_default();
        for circumstance in posting::circumstances_of(what) {
            for (role, extra) in by_circumstance.get(&circumstance).into_iter().flatten() {
                *rates.entry(role.clone()).or_default() += extra;
            }
        }
        rates.retain(|_, rate| *rate != 0);
        if !rates.is_empty() {
            found.entry(rates).or_default().push(what);
        }
    }
    found
}
