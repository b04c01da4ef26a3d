//! What differs between an answer and what is expected of it.

use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value};

/// Every difference with its place. Numbers with a fraction may be written as `90/55`; the lines of a statement that
/// are zero may be left out, here and there.
pub fn differences(
    descriptor: &MessageDescriptor,
    expected: &Value,
    actual: &Value,
) -> Vec<String> {
    let mut found = Vec::new();
    of_message(descriptor, "answer", expected, actual, &mut found);
    found
}

fn of_message(
    descriptor: &MessageDescriptor,
    place: &str,
    expected: &Value,
    actual: &Value,
    found: &mut Vec<String>,
) {
    let (Value::Object(expected), Value::Object(actual)) = (expected, actual) else {
        if !is_same(expected, actual) {
            found.push(format!("{place} is {actual} and not {expected}"));
        }
        return;
    };
    let is_statement = descriptor.name() == "Statement";
    let counts = |fields: &Map<String, Value>, name: &str| {
        let is_zero = |value: &Value| {
            let text = value.as_str().unwrap_or_default();
            text == "0" || text.starts_with("0 ")
        };
        let value = fields.get(name);
        value
            .filter(|value| !(is_statement && is_zero(value)))
            .cloned()
    };
    let mut names: Vec<_> = expected.keys().chain(actual.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let place = format!("{place}.{name}");
        match (counts(expected, name), counts(actual, name)) {
            (None, None) => (),
            (Some(_), None) => found.push(format!("{place} is missing")),
            (None, Some(value)) => found.push(format!("{place} is there: {value}")),
            (Some(expected), Some(actual)) => {
                let kind = descriptor.get_field_by_name(name).map(|field| field.kind());
                of_field(kind, &place, &expected, &actual, found);
            }
        }
    }
}

fn of_field(
    kind: Option<Kind>,
    place: &str,
    expected: &Value,
    actual: &Value,
    found: &mut Vec<String>,
) {
    if let (Value::Array(expected), Value::Array(actual)) = (expected, actual) {
        if expected.len() != actual.len() {
            let (is, not) = (actual.len(), expected.len());
            found.push(format!("{place} has {is} items and not {not}"));
        }
        for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
            let place = format!("{place}[{index}]");
            of_field(kind.clone(), &place, expected, actual, found);
        }
        return;
    }
    match kind {
        Some(Kind::Message(message)) => of_message(&message, place, expected, actual, found),
        Some(Kind::Double) if is_near(expected, actual) => (),
        _ if is_same(expected, actual) => (),
        _ => found.push(format!("{place} is {actual} and not {expected}")),
    }
}

/// The same, if `2` and `"2"` are.
fn is_same(expected: &Value, actual: &Value) -> bool {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    expected == actual || text(expected) == text(actual)
}

/// As near as two ways to work out the same come.
fn is_near(expected: &Value, actual: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::String(text) => {
            let (above, below) = text.split_once('/')?;
            let [above, below] = [above, below].map(|part| part.trim().parse::<f64>().ok());
            Some(above? / below?)
        }
        other => other.as_f64(),
    };
    match (number(expected), number(actual)) {
        (Some(expected), Some(actual)) => {
            (expected - actual).abs() <= 1e-12 * expected.abs().max(1.0)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::message;
    use serde_json::json;

    fn count(expected: Value, actual: Value) -> usize {
        differences(&message("RankedCustomer"), &expected, &actual).len()
    }

    #[test]
    fn every_difference_is_found() {
        let row = json!({"rank": 1, "share_of_total": 0.25, "statement": {"spend": "0 USD", "refunds": "2 USD"}});
        let same = json!({"rank": "1", "share_of_total": "1/4", "statement": {"refunds": "2 USD"}});
        assert_eq!(count(row.clone(), row.clone()), 0);
        assert_eq!(count(same, row.clone()), 0);
        for wrong in [
            json!({"rank": 2, "share_of_total": 0.25, "statement": {"refunds": "2 USD"}}),
            json!({"rank": 1, "share_of_total": 0.26, "statement": {"refunds": "2 USD"}}),
            json!({"rank": 1, "share_of_total": 0.25, "statement": {"refunds": "2.000001 USD"}}),
            json!({"rank": 1, "share_of_total": 0.25, "statement": {}}),
            json!({"rank": 1, "share_of_total": 0.25}),
            json!({"rank": 1, "share_of_total": 0.25, "statement": {"refunds": "2 USD"}, "value": "0 USD"}),
        ] {
            assert_eq!(count(wrong.clone(), row.clone()), 1, "{wrong}");
            assert_eq!(count(row.clone(), wrong.clone()), 1, "{wrong}");
        }
    }

    #[test]
    fn lists_are_compared_to_their_ends() {
        let message = message("RankCustomersResponse");
        let of = |ids: &[&str]| {
            let rows: Vec<_> = ids.iter().map(|id| json!({"customer_id": id})).collect();
            json!({"customers": rows})
        };
        assert!(differences(&message, &of(&["a", "b"]), &of(&["a", "b"])).is_empty());
        assert_eq!(
            differences(&message, &of(&["a"]), &of(&["a", "b"])).len(),
            1
        );
        assert_eq!(
            differences(&message, &of(&["b", "a"]), &of(&["a", "b"])).len(),
            2
        );
    }
}
