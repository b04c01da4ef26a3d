//! Records as JSON, in the form in which SQL can look into traits: a category is a text, a number an integer of
//! millionths, a set an array of texts that rises, and a flag a boolean.

use crate::domain::{id::TraitKey, party::TraitValue, problem::Problem, traits::Traits};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Value<'a> {
    Flag(bool),
    Number(i64),
    Category(std::borrow::Cow<'a, str>),
    Set(BTreeSet<std::borrow::Cow<'a, str>>),
}

impl<'a> From<&'a TraitValue> for Value<'a> {
    fn from(value: &'a TraitValue) -> Self {
        match value {
            TraitValue::Category(text) => Self::Category(text.into()),
            TraitValue::Number(number) => Self::Number(*number),
            TraitValue::Set(set) => Self::Set(set.iter().map(Into::into).collect()),
            TraitValue::Flag(flag) => Self::Flag(*flag),
        }
    }
}

impl From<Value<'_>> for TraitValue {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Category(text) => Self::Category(text.into_owned()),
            Value::Number(number) => Self::Number(number),
            Value::Set(set) => Self::Set(set.into_iter().map(Into::into).collect()),
            Value::Flag(flag) => Self::Flag(flag),
        }
    }
}

/// A value.
pub fn of_value(value: &TraitValue) -> String {
    text(&Value::from(value))
}

/// All traits of a party, as one object.
pub fn of_traits(traits: &Traits) -> String {
    let values = traits
        .iter()
        .map(|(key, value)| (key.as_str(), Value::from(value)));
    text(&values.collect::<BTreeMap<_, _>>())
}

/// Anything else that is kept whole.
pub fn text(thing: &impl Serialize) -> String {
    // Neither fails nor loses anything: all keys are texts, and no number is a fraction.
    serde_json::to_string(thing).unwrap_or_default()
}

/// Takes back what [`of_value`] gave.
pub fn value(json: &str) -> Result<TraitValue, Problem> {
    read::<Value<'_>>(json).map(TraitValue::from)
}

/// Takes back what [`of_traits`] gave.
pub fn traits(json: &str) -> Result<Traits, Problem> {
    let values: BTreeMap<String, Value<'_>> = read(json)?;
    let values = values.into_iter();
    Ok(values
        .map(|(key, value)| (TraitKey::stored(&key), value.into()))
        .collect())
}

/// Takes back what [`text`] gave.
pub fn read<T: DeserializeOwned>(json: &str) -> Result<T, Problem> {
    serde_json::from_str(json).map_err(|error| Problem::ledger_damaged(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        cost_model::{CostModel, CostPool},
        id::{PoolId, RoleId},
        policy::Policy,
        time::{Day, Instant},
    };

    #[test]
    fn every_type_comes_back() {
        let values = [
            TraitValue::Category("5".to_owned()),
            TraitValue::Category(String::new()),
            TraitValue::Number(i64::MIN),
            TraitValue::Number(i64::MAX),
            TraitValue::Set(["b", "\"a\\"].map(str::to_owned).into()),
            TraitValue::Set(BTreeSet::new()),
            TraitValue::Flag(true),
        ];
        let keyed = values.iter().cloned().enumerate();
        let all: Traits = keyed
            .map(|(index, value)| (TraitKey::stored(&format!("K{index}")), value))
            .collect();
        assert_eq!(traits(&of_traits(&all)).unwrap(), all);
        for one in values {
            assert_eq!(value(&of_value(&one)).unwrap(), one);
        }
        assert!(traits("[1]").is_err());
    }

    #[test]
    fn a_cost_model_of_the_first_form_is_read_as_it_was_meant() {
        let json = r#"{"version": 2, "record_time": {"seconds": 7, "nanos": 5}, "rates": {"CLERK": 500000},
            "pools": {"RENT": {"amount": 1200, "start": 0, "end": 360}}, "note": "first"}"#;
        let pool = CostPool {
            amount: 1_200,
            start: Day(0),
            end: Day(360),
            policy: Policy::default(),
            items: BTreeMap::new(),
        };
        let model = CostModel {
            version: 2,
            record_time: Some(Instant {
                seconds: 7,
                nanos: 5,
            }),
            rates: [(RoleId::stored("CLERK"), 500_000)].into(),
            pools: [(PoolId::stored("RENT"), pool)].into(),
            note: "first".to_owned(),
            ..CostModel::default()
        };
        assert_eq!(read::<CostModel>(json).unwrap(), model);
        assert_eq!(read::<CostModel>(&text(&model)).unwrap(), model);
    }
}
