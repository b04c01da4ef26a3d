//! Prints an answer as somebody would write it into a world.

use serde_json::Value;

const WIDTH: usize = 118;

/// YAML, on one line where it fits.
pub fn yaml(value: &Value, indent: usize) -> String {
    let flow = flow(value);
    if indent + flow.len() <= WIDTH {
        return flow;
    }
    let blank = " ".repeat(indent);
    let lines: Vec<String> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let text = yaml(value, indent + name.len() + 2);
                match text.contains('\n') || text.len() + indent + name.len() + 2 > WIDTH {
                    true => format!("{blank}{name}:\n{}", block(value, indent + 2)),
                    false => format!("{blank}{name}: {text}"),
                }
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .map(|item| {
                let text = block(item, indent + 2);
                format!("{blank}- {}", text.trim_start())
            })
            .collect(),
        _ => vec![flow],
    };
    lines.join("\n")
}

/// The same, on lines of its own.
fn block(value: &Value, indent: usize) -> String {
    let text = yaml(value, indent);
    match text.contains('\n') {
        true => text,
        false => format!("{}{text}", " ".repeat(indent)),
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{name}: {}", flow(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!(
                "[{}]",
                items.iter().map(flow).collect::<Vec<_>>().join(", ")
            )
        }
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a text is the same text in YAML without quotes, in a list too.
fn is_plain(text: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || "_-. ".contains(c);
    let digits = text.trim_start_matches('-');
    let begins_well = digits.starts_with(char::is_alphanumeric) && text.trim_end() == text;
    let is_other = matches!(text, "true" | "false" | "null") || text.parse::<f64>().is_ok();
    begins_well && text.chars().all(is_word) && !is_other
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_printed_is_read_again() {
        let long = "x".repeat(WIDTH);
        let value = json!({
            "a": [{"b": "-1.5 USD", "c": "2026-01-01/", "d": "07"}, {"e": long, "f": ["1", true, 2.5, "", "a: b"]}],
            "g": {"h": {"i": long}, "j": "- k", "l": "null"},
        });
        let text = yaml(&value, 0);
        let read: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(read, value, "{text}");
    }
}
