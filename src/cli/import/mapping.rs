//! What a mapping file says, as it is written; docs/import.md is its manual. Nothing here knows a CSV file's columns.

use crate::cli::errors::Failure;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A whole mapping file. Its sections are imported in the order of the fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What traits are.
    #[serde(default)]
    pub trait_definitions: Vec<Definition>,
    /// Files of exchange rates.
    #[serde(default)]
    pub exchange_rates: Vec<Section>,
    /// Files of price terms.
    #[serde(default)]
    pub price_terms: Vec<Section>,
    /// Files of customers.
    #[serde(default)]
    pub customers: Vec<Section>,
    /// Files of prospects.
    #[serde(default)]
    pub prospects: Vec<Section>,
    /// Files of activities.
    #[serde(default)]
    pub activities: Vec<Section>,
}

/// What a trait is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The trait.
    pub key: String,
    /// CATEGORY, NUMBER, SET or FLAG.
    pub r#type: String,
    /// ORDINARY, SPECIAL_CATEGORY or EXCLUDED.
    #[serde(default)]
    pub sensitivity: Option<String>,
    /// Where the bins of a number begin.
    #[serde(default)]
    pub bin_edges: Vec<String>,
    /// Whether it becomes known only after a prospect was won.
    #[serde(default)]
    pub known_after_conversion: bool,
}

/// One file, and what becomes of its rows.
#[derive(Debug, Clone, Deserialize)]
pub struct Section {
    /// The file.
    pub file: FileRule,
    /// Files that are looked up for each row.
    #[serde(default)]
    pub joins: Vec<JoinRule>,
    /// Conditions on rows; all must hold.
    #[serde(default)]
    pub only: Vec<Condition>,
    /// The currency of all amounts: a text, perhaps with columns.
    #[serde(default)]
    pub currency: Option<String>,
    /// For parties: one for each id, from the row with the earliest of these times.
    #[serde(default)]
    pub first_by: Option<Rule>,
    /// The fields of the contract's message, by their names.
    #[serde(flatten)]
    pub fields: toml::Table,
}

/// A file and how it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "FileForm")]
pub struct FileRule {
    /// Its name, from the mapping's folder; `.gz` is unpacked.
    pub name: String,
    /// Between cells; a comma if not given.
    pub delimiter: Option<char>,
    /// In numbers; a point if not given.
    pub decimal_mark: Option<char>,
    /// In numbers; none if not given.
    pub group_mark: Option<char>,
    /// Of times that name no offset; UTC if not given.
    pub time_zone: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a file is a name, or a table of name, delimiter, decimal_mark, group_mark, time_zone"
)]
enum FileForm {
    Short(String),
    Long(LongFile),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LongFile {
    name: String,
    delimiter: Option<char>,
    decimal_mark: Option<char>,
    group_mark: Option<char>,
    time_zone: Option<String>,
}

impl From<FileForm> for FileRule {
    fn from(form: FileForm) -> Self {
        let long = match form {
            FileForm::Long(long) => long,
            FileForm::Short(name) => LongFile {
                name,
                delimiter: None,
                decimal_mark: None,
                group_mark: None,
                time_zone: None,
            },
        };
        Self {
            name: long.name,
            delimiter: long.delimiter,
            decimal_mark: long.decimal_mark,
            group_mark: long.group_mark,
            time_zone: long.time_zone,
        }
    }
}

/// A file that is looked up for each row.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinRule {
    /// The file.
    pub file: FileRule,
    /// What its columns are named with.
    pub r#as: String,
    /// What is looked up: a text with columns of the row and of earlier joins.
    pub on: String,
    /// The column of the joined file it is looked up in; unique there.
    pub key: String,
    /// What becomes of a row that is not found.
    #[serde(default)]
    pub missing: Missing,
}

/// What becomes of a row whose join is not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The row is refused.
    #[default]
    Refuse,
    /// The joined columns are empty.
    Empty,
}

/// A condition on rows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// A text with columns.
    pub value: String,
    /// It must be one of these.
    pub any_of: Option<Vec<String>>,
    /// It must be none of these.
    pub none_of: Option<Vec<String>>,
}

/// How a field gets its value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "RuleForm")]
pub struct Rule {
    /// A text with columns, or a formula.
    pub value: String,
    /// What stands for what, in texts.
    pub map: Option<BTreeMap<String, String>>,
    /// What becomes of texts that `map` does not have.
    pub otherwise: Option<Otherwise>,
    /// Whether numbers may be rounded.
    pub round: Option<Round>,
    /// How times are written.
    pub format: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a field is a text with columns in braces, or a table of value, map, otherwise, round, format"
)]
enum RuleForm {
    Short(String),
    Integer(i64),
    Flag(bool),
    Long(LongRule),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LongRule {
    value: String,
    map: Option<BTreeMap<String, String>>,
    otherwise: Option<Otherwise>,
    round: Option<Round>,
    format: Option<String>,
}

impl From<RuleForm> for Rule {
    fn from(form: RuleForm) -> Self {
        let short = |value| LongRule {
            value,
            map: None,
            otherwise: None,
            round: None,
            format: None,
        };
        let long = match form {
            RuleForm::Short(value) => short(value),
            RuleForm::Integer(value) => short(value.to_string()),
            RuleForm::Flag(value) => short(value.to_string()),
            RuleForm::Long(long) => long,
        };
        Self {
            value: long.value,
            map: long.map,
            otherwise: long.otherwise,
            round: long.round,
            format: long.format,
        }
    }
}

/// What becomes of a text that a map does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// The row is refused.
    #[default]
    Refuse,
    /// It stays as it is.
    Keep,
    /// The field is left out.
    Skip,
}

/// Whether numbers may be rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Round {
    /// To the sixth decimal place, halves to the even digit.
    HalfEven,
}

/// How a trait gets its value: exactly one of the types, and what belongs to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraitRule {
    /// A category.
    pub category: Option<String>,
    /// A number, from a formula.
    pub number: Option<String>,
    /// Categories in one text.
    pub set: Option<String>,
    /// Yes or no.
    pub flag: Option<String>,
    /// Between the categories of a set; a semicolon if not given.
    pub separator: Option<String>,
    /// As in a rule.
    pub map: Option<BTreeMap<String, String>>,
    /// As in a rule.
    pub otherwise: Option<Otherwise>,
    /// As in a rule.
    pub round: Option<Round>,
}

/// Reads a mapping; `place` is what to call it in messages.
pub fn parse(text: &str, place: &str) -> Result<Mapping, Failure> {
    let mapping: Mapping =
        toml::from_str(text).map_err(|problem| Failure::usage(format!("{place}: {problem}")))?;
    let parties = mapping.customers.len() + mapping.prospects.len();
    let days = mapping.exchange_rates.len() + mapping.price_terms.len();
    let sections = days + parties + mapping.activities.len();
    match sections + mapping.trait_definitions.len() {
        0 => Err(Failure::usage(format!(
            "{place}: the mapping has no section"
        ))),
        _ => Ok(mapping),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_forms_say_the_same() {
        let text = r#"
            [[activities]]
            file = "orders.csv.gz"
            currency = "USD"
            activity_id = "{Row ID}"
            [activities.sale]
            revenue = "{Sales}"

            [[activities]]
            file = { name = "auftraege.csv", delimiter = ";", decimal_mark = ",", group_mark = "." }
            joins = [{ file = "kunden.csv", as = "kunde", on = "{Kunde}", key = "Nr", missing = "empty" }]
            only = [{ value = "{Art}", any_of = ["Verkauf"] }]
        "#;
        let mapping = parse(text, "orders.toml").unwrap();
        assert_eq!(mapping.activities[0].file.name, "orders.csv.gz");
        assert_eq!(mapping.activities[0].fields.len(), 2);
        let second = &mapping.activities[1];
        assert_eq!(second.file.delimiter, Some(';'));
        assert_eq!(second.joins[0].missing, Missing::Empty);
        assert!(second.fields.is_empty());
    }

    #[test]
    fn what_is_not_known_is_refused_with_its_line() {
        let refused = |text: &str| match parse(text, "a.toml") {
            Err(Failure::Usage(problem)) => problem,
            other => panic!("{other:?}"),
        };
        assert!(refused("[[sales]]\nfile = \"a.csv\"").contains("unknown field `sales`"));
        assert!(refused("[[activities]]\nfile = { nam = \"a\" }").contains("delimiter"));
        assert!(refused("[[activities]]\nfile = 3").contains("line 2"));
        assert!(refused("").contains("no section"));
    }

    #[test]
    fn rules_are_texts_or_tables() {
        let rule = |text: &str| {
            #[derive(Deserialize)]
            struct Holder {
                rule: Rule,
            }
            toml::from_str::<Holder>(text).map(|holder| holder.rule)
        };
        let short = rule("rule = \"{A}\"").unwrap();
        assert_eq!(rule("rule = { value = \"{A}\" }").unwrap(), short);
        assert_eq!(rule("rule = 5").unwrap().value, "5");
        assert_eq!(rule("rule = true").unwrap().value, "true");
        assert!(rule("rule = { value = \"{A}\", rounding = \"up\" }").is_err());
        assert!(rule("rule = 1.5").is_err());
    }
}
