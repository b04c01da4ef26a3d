//! A mapping's section of customers or prospects, bound to a file's columns.

use super::{
    columns::{Cell, Row, Scope},
    mapping::{Rule, TraitRule},
    message::FieldProblem,
    rules::{NumberRule, TextRule},
};
use crate::{
    api::pb::{
        CategorySet, Party, PartyStage, Trait, TraitValue, google_type::Decimal, trait_value::Value,
    },
    domain::decimal::{MICRO_PLACES, format_fixed},
};
use std::borrow::Cow;

/// Between the categories of a set, unless the mapping says otherwise.
const SEPARATOR: &str = ";";

/// A party whose fields know their columns.
#[derive(Debug, Clone)]
pub struct BoundParty {
    stage: PartyStage,
    party_id: TextRule,
    display_name: Option<TextRule>,
    traits: Vec<(String, TraitSource)>,
}

#[derive(Debug, Clone)]
enum TraitSource {
    Category(TextRule),
    Number(NumberRule),
    Set { texts: TextRule, separator: String },
    Flag(TextRule),
}

impl BoundParty {
    /// Binds the fields of a section.
    pub fn bind(fields: &toml::Table, stage: PartyStage, scope: &Scope) -> Result<Self, String> {
        for name in fields.keys() {
            if !["party_id", "display_name", "traits"].contains(&name.as_str()) {
                return Err(format!(
                    "there is no field {name}; there are party_id, display_name, traits"
                ));
            }
        }
        let text = |name: &str| {
            let bind = |value: &toml::Value| {
                let rule: Rule = read(value)?;
                TextRule::bind(&rule, scope)
            };
            let bound = fields.get(name).map(bind).transpose();
            bound.map_err(|problem| format!("{name}: {problem}"))
        };
        let mut traits = Vec::new();
        if let Some(table) = fields.get("traits") {
            for (key, value) in table.as_table().ok_or("traits: is a table")? {
                let source = TraitSource::bind(value, scope)
                    .map_err(|problem| format!("traits.{key}: {problem}"))?;
                traits.push((key.clone(), source));
            }
        }
        Ok(Self {
            stage,
            party_id: text("party_id")?.ok_or("party_id is required")?,
            display_name: text("display_name")?,
            traits,
        })
    }

    /// The party of a row. A trait whose cells are empty is left out.
    pub fn of(&self, row: &Row<'_>) -> Result<Party, FieldProblem> {
        let text = |rule: &TextRule, field: &str| {
            let text = rule.of(row).map_err(|message| FieldProblem {
                field: field.to_owned(),
                message,
            })?;
            Ok(text.map(Cow::into_owned).unwrap_or_default())
        };
        let mut traits = Vec::new();
        for (key, source) in &self.traits {
            let value = source.of(row).map_err(|message| FieldProblem {
                field: format!("traits.{key}"),
                message,
            })?;
            traits.extend(value.map(|value| Trait {
                key: key.clone(),
                value: Some(TraitValue { value: Some(value) }),
            }));
        }
        let name = self.display_name.as_ref();
        Ok(Party {
            party_id: text(&self.party_id, "party_id")?,
            stage: self.stage.into(),
            display_name: name.map_or(Ok(String::new()), |rule| text(rule, "display_name"))?,
            traits,
        })
    }

    /// The columns behind a field that the service named, such as `traits[2].value`, of a party that was refused.
    pub fn cells_of(&self, path: &str, party: &Party) -> Vec<Cell> {
        let rule = match path.split('.').next().unwrap_or("") {
            "party_id" => Some(&self.party_id),
            "display_name" => self.display_name.as_ref(),
            of_trait => {
                let place = of_trait
                    .strip_prefix("traits[")
                    .and_then(|at| at.strip_suffix(']'));
                let given = place.and_then(|place| party.traits.get(place.parse::<usize>().ok()?));
                let source =
                    given.and_then(|given| self.traits.iter().find(|(key, _)| *key == given.key));
                return source.map(|(_, source)| source.cells()).unwrap_or_default();
            }
        };
        rule.map(TextRule::cells).unwrap_or_default()
    }
}

fn read<T: serde::de::DeserializeOwned>(value: &toml::Value) -> Result<T, String> {
    let read = value.clone().try_into();
    read.map_err(|problem: toml::de::Error| problem.message().to_owned())
}

impl TraitSource {
    fn bind(value: &toml::Value, scope: &Scope) -> Result<Self, String> {
        let rule: TraitRule = read(value)?;
        let text = |text: &str| TextRule::with_map(text, rule.map.clone(), rule.otherwise, scope);
        let given = (&rule.category, &rule.number, &rule.set, &rule.flag);
        if rule.round.is_some() && rule.number.is_none() {
            return Err("round is for numbers".to_owned());
        }
        if rule.separator.is_some() && rule.set.is_none() {
            return Err("separator is for sets".to_owned());
        }
        Ok(match given {
            (Some(category), None, None, None) => Self::Category(text(category)?),
            (None, Some(_), None, None) if rule.map.is_some() || rule.otherwise.is_some() => {
                return Err("map and otherwise are for texts".to_owned());
            }
            (None, Some(number), None, None) => {
                Self::Number(NumberRule::with_round(number, rule.round.is_some(), scope)?)
            }
            (None, None, Some(set), None) => Self::Set {
                texts: text(set)?,
                separator: rule.separator.unwrap_or_else(|| SEPARATOR.to_owned()),
            },
            (None, None, None, Some(flag)) => Self::Flag(text(flag)?),
            _ => return Err("has exactly one of category, number, set and flag".to_owned()),
        })
    }

    fn cells(&self) -> Vec<Cell> {
        match self {
            Self::Category(rule) | Self::Flag(rule) | Self::Set { texts: rule, .. } => rule.cells(),
            Self::Number(rule) => rule.cells(),
        }
    }

    fn of(&self, row: &Row<'_>) -> Result<Option<Value>, String> {
        Ok(match self {
            Self::Category(rule) => rule.of(row)?.map(|text| Value::Category(text.into_owned())),
            Self::Number(rule) => rule.of(row)?.map(|micros| {
                let value = format_fixed(micros.into(), MICRO_PLACES);
                Value::Number(Decimal { value })
            }),
            Self::Flag(rule) => rule.flag_of(row)?.map(Value::Flag),
            Self::Set { texts, separator } => {
                let text = texts.unmapped(row);
                let mut categories = Vec::new();
                for part in text.split(separator.as_str()).map(str::trim) {
                    let mapped = texts.mapped(Cow::Borrowed(part))?;
                    let category = mapped.map(Cow::into_owned);
                    categories.extend(category.filter(|category| !categories.contains(category)));
                }
                let set = CategorySet { categories };
                (!set.categories.is_empty()).then_some(Value::Set(set))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{import::columns::tests::with_row, trait_text};

    const HEADER: [&str; 6] = ["Id", "First", "Last", "Income", "Likes", "Owner"];
    const MAPPING: &str = r#"
        party_id = "{Id}"
        display_name = "{First} {Last}"
        [traits]
        INCOME = { number = "{Income}" }
        LIKES = { set = "{Likes}", separator = "|", map = { r = "red", b = "blue" } }
        OWNER = { flag = "{Owner}" }
    "#;

    fn party(mapping: &str, cells: &[&str]) -> Result<Party, String> {
        let fields: toml::Table = toml::from_str(mapping).unwrap();
        with_row(&HEADER, cells, |scope, row| {
            let bound = BoundParty::bind(&fields, PartyStage::Prospect, scope)?;
            bound
                .of(row)
                .map_err(|p| format!("{}: {}", p.field, p.message))
        })
    }

    #[test]
    fn a_row_becomes_a_party() {
        let read = party(MAPPING, &["7", "Ann", "Lee", "40000.0000", "r| b|r", "1"]).unwrap();
        assert_eq!(
            (read.party_id.as_str(), read.display_name.as_str()),
            ("7", "Ann Lee")
        );
        assert_eq!(read.stage(), PartyStage::Prospect);
        let traits = "INCOME=40000, LIKES=red;blue, OWNER=true";
        assert_eq!(trait_text::show(&read.traits), traits);
    }

    #[test]
    fn empty_cells_leave_their_traits_out() {
        let read = party(MAPPING, &["7", "", "", "", "", ""]).unwrap();
        assert!(read.traits.is_empty());
        assert_eq!(read.display_name, "");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_trait() {
        let cells = ["7", "", "", "much", "", "perhaps"];
        assert!(
            party(MAPPING, &cells)
                .unwrap_err()
                .starts_with("traits.INCOME: \"much\"")
        );
        let cells = ["7", "", "", "", "x", ""];
        assert!(
            party(MAPPING, &cells)
                .unwrap_err()
                .starts_with("traits.LIKES: ")
        );
        let wrong = |mapping: &str| party(mapping, &["7"]).unwrap_err();
        assert!(wrong("party_id = \"{Id}\"\nname = \"x\"").contains("no field name"));
        assert!(wrong("display_name = \"x\"").contains("party_id"));
        let two = "party_id = \"{Id}\"\ntraits = { A = { flag = \"1\", number = \"1\" } }";
        assert!(wrong(two).contains("exactly one"));
    }
}
