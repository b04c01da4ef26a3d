//! How messages are written in the worlds: proto3 JSON with the contract's field names, but amounts as `12.5 USD`,
//! decimals as `0.25`, times as `2026-01-05` (midnight UTC) or in full, periods as `2026-01-01/2026-02-01` with either
//! end left open, and values of enums without what all of them begin with.

use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _,
    SerializeOptions,
};
use serde_json::{Map, Value, json};

/// A message from how it is written.
pub fn message_of(
    descriptor: &MessageDescriptor,
    written: &Value,
) -> Result<DynamicMessage, String> {
    let json = expanded(descriptor, written);
    DynamicMessage::deserialize(descriptor.clone(), json).map_err(|problem| problem.to_string())
}

/// How a message is written.
pub fn written_of(message: &DynamicMessage) -> Value {
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false);
    let json = message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .unwrap();
    shortened(&message.descriptor(), json)
}

/// Does something to every field's values.
fn each_field(
    descriptor: &MessageDescriptor,
    fields: &Map<String, Value>,
    change: impl Fn(&FieldDescriptor, &Value) -> Value,
) -> Value {
    let changed = fields.iter().map(|(name, value)| {
        let field = descriptor.get_field_by_name(name);
        let value = match (field, value) {
            (Some(field), Value::Array(items)) => {
                Value::Array(items.iter().map(|item| change(&field, item)).collect())
            }
            (Some(field), Value::Object(entries)) if field.is_map() => {
                Value::Object(entries.clone())
            }
            (Some(field), value) => change(&field, value),
            // The contract does not know it, and says so when it is read.
            (None, value) => value.clone(),
        };
        (name.clone(), value)
    });
    Value::Object(changed.collect())
}

fn expanded(descriptor: &MessageDescriptor, written: &Value) -> Value {
    match (descriptor.full_name(), written) {
        ("google.type.Money", Value::String(text)) => money(text),
        ("google.type.Decimal", Value::String(_) | Value::Number(_)) => {
            json!({"value": text_of(written)})
        }
        ("google.type.Interval", Value::String(text)) => interval(text),
        ("google.protobuf.Timestamp", Value::String(text)) => Value::String(time(text)),
        (_, Value::Object(fields)) => each_field(descriptor, fields, |field, value| {
            match (field.kind(), value) {
                (Kind::Message(message), value) => expanded(&message, value),
                (Kind::Enum(kind), Value::String(name)) => Value::String(long(&kind, name)),
                (_, value) => value.clone(),
            }
        }),
        (_, other) => other.clone(),
    }
}

fn shortened(descriptor: &MessageDescriptor, json: Value) -> Value {
    let text = |field: &str| json[field].as_str().unwrap_or_default().to_owned();
    match (descriptor.full_name(), &json) {
        ("google.type.Money", _) => Value::String(money_text(&json)),
        ("google.type.Decimal", _) => Value::String(text("value")),
        ("google.type.Interval", _) => {
            let [start, end] = ["start_time", "end_time"].map(|end| short_time(&text(end)));
            Value::String(format!("{start}/{end}"))
        }
        ("google.protobuf.Timestamp", Value::String(time)) => Value::String(short_time(time)),
        (_, Value::Object(fields)) => each_field(descriptor, fields, |field, value| {
            match (field.kind(), value) {
                (Kind::Message(message), value) => shortened(&message, value.clone()),
                (Kind::Enum(kind), Value::String(name)) => Value::String(short(&kind, name)),
                (_, value) => value.clone(),
            }
        }),
        (_, other) => other.clone(),
    }
}

/// A scalar as it was written.
fn text_of(written: &Value) -> String {
    match written {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn money(text: &str) -> Value {
    let (amount, currency) = text
        .split_once(' ')
        .unwrap_or_else(|| panic!("{text:?} is no amount such as 12.5 USD"));
    let digits = amount.trim_start_matches('-');
    let sign: i32 = if digits.len() < amount.len() { -1 } else { 1 };
    let (units, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(fraction.len() <= 9, "{text:?} has more than nine places");
    let nanos: i32 = format!("{fraction:0<9}").parse().unwrap();
    let units: i64 = units.parse().unwrap();
    let units = (units * i64::from(sign)).to_string();
    json!({"currency_code": currency, "units": units, "nanos": nanos * sign})
}

fn money_text(money: &Value) -> String {
    let part = |name: &str| i128::from(money[name].as_i64().unwrap_or(0));
    let nanos = part("units") * 1_000_000_000 + part("nanos");
    let amount = profitscore::domain::decimal::format_fixed(nanos, 9);
    format!(
        "{amount} {}",
        money["currency_code"].as_str().unwrap_or("?")
    )
}

fn time(text: &str) -> String {
    match text.contains('T') {
        true => text.to_owned(),
        false => format!("{text}T00:00:00Z"),
    }
}

fn short_time(text: &str) -> String {
    text.strip_suffix("T00:00:00Z").unwrap_or(text).to_owned()
}

fn interval(text: &str) -> Value {
    let (start, end) = text
        .split_once('/')
        .unwrap_or_else(|| panic!("{text:?} is no period such as 2026-01-01/2026-02-01"));
    let ends = [("start_time", start), ("end_time", end)];
    let given = ends.into_iter().filter(|(_, end)| !end.is_empty());
    let given = given.map(|(name, end)| (name.to_owned(), Value::String(time(end))));
    Value::Object(given.collect())
}

/// What the names of all values of an enum begin with: its own name in capital letters.
fn prefix(kind: &EnumDescriptor) -> String {
    let zero = kind.default_value();
    zero.name()
        .strip_suffix("UNSPECIFIED")
        .unwrap_or_default()
        .to_owned()
}

fn long(kind: &EnumDescriptor, name: &str) -> String {
    match kind.get_value_by_name(name) {
        Some(_) => name.to_owned(),
        None => format!("{}{name}", prefix(kind)),
    }
}

fn short(kind: &EnumDescriptor, name: &str) -> String {
    name.strip_prefix(&prefix(kind)).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::message;

    fn there_and_back(name: &str, written: &Value) -> Value {
        written_of(&message_of(&message(name), written).unwrap())
    }

    #[test]
    fn what_is_written_is_read_and_written_again() {
        let pool = json!({
            "pool_id": "RENT", "amount": "-12.5 USD", "period": "2026-01-01/2026-03-01T00:00:01Z",
            "policy": {"time_driven": {"time_equation": [{"driver": "SALES", "minutes_each": "0.25"}]}},
        });
        assert_eq!(there_and_back("CostPool", &pool), pool);
        let open = json!({"period": "/2026-03-01", "basis": "SPEND", "page_size": 7});
        assert_eq!(there_and_back("RankCustomersRequest", &open), open);
    }

    #[test]
    fn what_the_contract_does_not_know_is_refused() {
        for wrong in [
            json!({"pool": "RENT"}),
            json!({"policy": {"by_driver": {"driver": "SALE"}}}),
        ] {
            assert!(message_of(&message("CostPool"), &wrong).is_err(), "{wrong}");
        }
    }
}
