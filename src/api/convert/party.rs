//! Parties, traits and their definitions.

use super::common::{check_list, enum_from_pb, item, micros_from_pb, micros_to_pb, required_enum};
use crate::{
    api::pb::{self, trait_value::Value as ValuePb},
    domain::{
        id::{PartyId, TraitKey, check_optional_text, check_text},
        party::{Party, Sensitivity, Stage, TraitDefinition, TraitFilter, TraitType, TraitValue},
        problem::Problem,
        records::Record,
    },
};
use std::collections::{BTreeMap, BTreeSet};

const NAME_LIMIT: usize = 256;
const CATEGORY_LIMIT: usize = 128;
const TRAITS_LIMIT: usize = 100;
const VALUES_LIMIT: usize = 100;
const EDGES_LIMIT: usize = 31;
const FILTERS_LIMIT: usize = 20;

const STAGES: &[Stage] = &[Stage::Prospect, Stage::Customer];
const TYPES: &[TraitType] = &[
    TraitType::Category,
    TraitType::Number,
    TraitType::Set,
    TraitType::Flag,
];
const SENSITIVITIES: &[Sensitivity] = &[
    Sensitivity::Ordinary,
    Sensitivity::SpecialCategory,
    Sensitivity::Excluded,
];

/// The parties of a batch, each converted or refused on its own.
pub fn parties_from_pb(parties: Vec<pb::Party>) -> Vec<Result<Record, Problem>> {
    let each = parties.into_iter().enumerate();
    each.map(|(index, party)| {
        let path = item("parties", index);
        let stage = required_enum(party.stage, STAGES, stage_to_pb, &format!("{path}.stage"))?;
        party_from_pb(party, stage, &path).map(Record::Party)
    })
    .collect()
}

/// A party whose stage is known.
pub fn party_from_pb(party: pb::Party, stage: Stage, path: &str) -> Result<Party, Problem> {
    let at = |name: &str| format!("{path}.{name}");
    let party_id = PartyId::parse(&party.party_id, &at("party_id"))?;
    check_optional_text(&party.display_name, NAME_LIMIT, &at("display_name"))?;
    check_list(party.traits.len(), TRAITS_LIMIT, &at("traits"))?;
    let mut traits = BTreeMap::new();
    for (index, given) in party.traits.into_iter().enumerate() {
        let path = item(&at("traits"), index);
        let key = TraitKey::parse(&given.key, &format!("{path}.key"))?;
        let value = trait_value_from_pb(given.value, &format!("{path}.value"))?;
        if traits.insert(key, value).is_some() {
            let field = format!("{path}.key");
            return Err(Problem::field_invalid(&field, "is given twice"));
        }
    }
    Ok(Party {
        party_id,
        stage,
        display_name: party.display_name,
        traits: traits.into(),
    })
}

fn trait_value_from_pb(value: Option<pb::TraitValue>, path: &str) -> Result<TraitValue, Problem> {
    let value = value
        .and_then(|value| value.value)
        .ok_or_else(|| Problem::field_required(path))?;
    match value {
        ValuePb::Category(category) => {
            check_text(&category, CATEGORY_LIMIT, &format!("{path}.category"))?;
            Ok(TraitValue::Category(category))
        }
        ValuePb::Number(number) => {
            micros_from_pb(&number, &format!("{path}.number")).map(TraitValue::Number)
        }
        ValuePb::Flag(flag) => Ok(TraitValue::Flag(flag)),
        ValuePb::Set(set) => {
            let field = format!("{path}.set.categories");
            check_list(set.categories.len(), VALUES_LIMIT, &field)?;
            let mut categories = BTreeSet::new();
            for (index, category) in set.categories.into_iter().enumerate() {
                let field = item(&field, index);
                check_text(&category, CATEGORY_LIMIT, &field)?;
                if !categories.insert(category) {
                    return Err(Problem::field_invalid(&field, "is given twice"));
                }
            }
            Ok(TraitValue::Set(categories))
        }
    }
}

/// The stage to filter by, if one is given.
pub fn stage_from_pb(stage: i32) -> Result<Option<Stage>, Problem> {
    enum_from_pb(stage, STAGES, stage_to_pb, "stage")
}

/// Conditions on traits.
pub fn trait_filters_from_pb(
    filters: Vec<pb::TraitFilter>,
    path: &str,
) -> Result<Vec<TraitFilter>, Problem> {
    check_list(filters.len(), FILTERS_LIMIT, path)?;
    let each = filters.into_iter().enumerate();
    each.map(|(index, filter)| {
        let path = item(path, index);
        let key = TraitKey::parse(&filter.key, &format!("{path}.key"))?;
        let values = format!("{path}.any_of");
        check_list(filter.any_of.len(), VALUES_LIMIT, &values)?;
        let any_of = filter.any_of.into_iter().enumerate();
        let any_of =
            any_of.map(|(index, value)| trait_value_from_pb(Some(value), &item(&values, index)));
        Ok(TraitFilter {
            key,
            any_of: any_of.collect::<Result<_, Problem>>()?,
        })
    })
    .collect()
}

/// What a trait is.
pub fn definition_from_pb(
    definition: Option<pb::TraitDefinition>,
) -> Result<TraitDefinition, Problem> {
    let path = "trait_definition";
    let at = |name: &str| format!("{path}.{name}");
    let definition = definition.ok_or_else(|| Problem::field_required(path))?;
    let key = TraitKey::parse(&definition.key, &at("key"))?;
    let trait_type = required_enum(definition.r#type, TYPES, type_to_pb, &at("type"))?;
    let sensitivity = required_enum(
        definition.sensitivity,
        SENSITIVITIES,
        sensitivity_to_pb,
        &at("sensitivity"),
    )?;
    let field = at("bin_edges");
    check_list(definition.bin_edges.len(), EDGES_LIMIT, &field)?;
    if trait_type != TraitType::Number && !definition.bin_edges.is_empty() {
        return Err(Problem::field_invalid(&field, "are only for numbers"));
    }
    let edges = definition.bin_edges.iter().enumerate();
    let bin_edges = edges
        .map(|(index, edge)| micros_from_pb(edge, &item(&field, index)))
        .collect::<Result<Vec<_>, Problem>>()?;
    if !bin_edges.is_sorted_by(|a, b| a < b) {
        return Err(Problem::field_invalid(&field, "do not rise"));
    }
    Ok(TraitDefinition {
        key,
        trait_type,
        bin_edges,
        sensitivity,
        known_after_conversion: definition.known_after_conversion,
    })
}

// === to_pb ===

/// A party.
pub fn party_to_pb(party: &Party) -> pb::Party {
    let traits = party.traits.iter().map(|(key, value)| pb::Trait {
        key: key.to_string(),
        value: Some(trait_value_to_pb(value)),
    });
    pb::Party {
        party_id: party.party_id.to_string(),
        stage: stage_to_pb(party.stage) as i32,
        display_name: party.display_name.clone(),
        traits: traits.collect(),
    }
}

fn trait_value_to_pb(value: &TraitValue) -> pb::TraitValue {
    let value = match value {
        TraitValue::Category(category) => ValuePb::Category(category.clone()),
        TraitValue::Number(number) => ValuePb::Number(micros_to_pb(i128::from(*number))),
        TraitValue::Flag(flag) => ValuePb::Flag(*flag),
        TraitValue::Set(set) => ValuePb::Set(pb::CategorySet {
            categories: set.iter().cloned().collect(),
        }),
    };
    pb::TraitValue { value: Some(value) }
}

/// What a trait is.
pub fn definition_to_pb(definition: &TraitDefinition) -> pb::TraitDefinition {
    let edges = definition
        .bin_edges
        .iter()
        .map(|edge| micros_to_pb(i128::from(*edge)));
    pb::TraitDefinition {
        key: definition.key.to_string(),
        r#type: type_to_pb(definition.trait_type) as i32,
        bin_edges: edges.collect(),
        sensitivity: sensitivity_to_pb(definition.sensitivity) as i32,
        known_after_conversion: definition.known_after_conversion,
    }
}

fn stage_to_pb(stage: Stage) -> pb::PartyStage {
    match stage {
        Stage::Prospect => pb::PartyStage::Prospect,
        Stage::Customer => pb::PartyStage::Customer,
    }
}

fn type_to_pb(trait_type: TraitType) -> pb::TraitType {
    match trait_type {
        TraitType::Category => pb::TraitType::Category,
        TraitType::Number => pb::TraitType::Number,
        TraitType::Set => pb::TraitType::Set,
        TraitType::Flag => pb::TraitType::Flag,
    }
}

fn sensitivity_to_pb(sensitivity: Sensitivity) -> pb::TraitSensitivity {
    match sensitivity {
        Sensitivity::Ordinary => pb::TraitSensitivity::Ordinary,
        Sensitivity::SpecialCategory => pb::TraitSensitivity::SpecialCategory,
        Sensitivity::Excluded => pb::TraitSensitivity::Excluded,
    }
}
