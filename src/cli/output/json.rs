//! Messages as proto3 JSON, in both directions, by the contract's own description of them.

use crate::{api::DESCRIPTORS, cli::errors::Failure};
use anyhow::Context as _;
use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use std::sync::OnceLock;

/// The contract's description of a message.
pub fn descriptor(full_name: &str) -> anyhow::Result<MessageDescriptor> {
    static POOL: OnceLock<Option<DescriptorPool>> = OnceLock::new();
    POOL.get_or_init(|| DescriptorPool::decode(DESCRIPTORS).ok())
        .as_ref()
        .and_then(|pool| pool.get_message_by_name(full_name))
        .with_context(|| format!("the contract does not describe {full_name}"))
}

/// A message as proto3 JSON, indented.
pub fn to_json<M: Message + Name>(message: &M) -> anyhow::Result<String> {
    let mut dynamic = DynamicMessage::new(descriptor(&M::full_name())?);
    dynamic.transcode_from(message)?;
    Ok(serde_json::to_string_pretty(&dynamic)?)
}

/// A message as proto3 JSON, in one line.
pub fn to_json_line<M: Message + Name>(message: &M) -> anyhow::Result<String> {
    let mut dynamic = DynamicMessage::new(descriptor(&M::full_name())?);
    dynamic.transcode_from(message)?;
    Ok(serde_json::to_string(&dynamic)?)
}

/// A message that somebody wrote as proto3 JSON, or as TOML with the same fields.
pub fn read_file<M: Message + Name + Default>(path: &std::path::Path) -> Result<M, Failure> {
    let place = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|problem| Failure::usage(format!("{place}: {problem}")))?;
    let is_toml = path
        .extension()
        .is_some_and(|extension| extension == "toml");
    let dynamic = match is_toml {
        true => toml::from_str::<toml::Table>(&text)
            .map_err(|problem| problem.to_string())
            .and_then(|table| read::<M, _>(table)),
        false => {
            let mut deserializer = serde_json::Deserializer::from_str(&text);
            read::<M, _>(&mut deserializer)
                .and_then(|read| deserializer.end().map(|()| read).map_err(|p| p.to_string()))
        }
    };
    let dynamic = dynamic.map_err(|problem| Failure::usage(format!("{place}: {problem}")))?;
    Ok(dynamic
        .transcode_to()
        .context("the contract's description does not fit it")?)
}

fn read<'de, M, D>(deserializer: D) -> Result<DynamicMessage, String>
where
    M: Name,
    D: serde::Deserializer<'de>,
{
    let descriptor = descriptor(&M::full_name()).map_err(|problem| problem.to_string())?;
    DynamicMessage::deserialize(descriptor, deserializer).map_err(|problem| problem.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::pb::{CostModel, LedgerPosition, RankCustomersResponse};

    #[test]
    fn answers_are_proto3_json() {
        let answer = RankCustomersResponse {
            customer_count: 635,
            read_at: Some(LedgerPosition { position: 7 }),
            ..RankCustomersResponse::default()
        };
        let json: serde_json::Value = serde_json::from_str(&to_json(&answer).unwrap()).unwrap();
        let expected = serde_json::json!({"customerCount": "635", "readAt": {"position": "7"}});
        assert_eq!(json, expected);
    }

    #[test]
    fn reads_toml_and_json_alike() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let toml = "note = \"first\"\n\
                    capacity_cost_rates = [{ role_id = \"CLERK\", rate_per_minute = { value = \"0.8\" } }]\n\
                    [[cost_pools]]\npool_id = \"RENT\"\namount = { currency_code = \"USD\", units = 12 }\n\
                    period = { start_time = \"2016-01-01T00:00:00Z\", end_time = \"2017-01-01T00:00:00Z\" }\n";
        let json = r#"{"note": "first",
            "capacityCostRates": [{"roleId": "CLERK", "ratePerMinute": {"value": "0.8"}}],
            "costPools": [{"poolId": "RENT", "amount": {"currencyCode": "USD", "units": "12"},
            "period": {"startTime": "2016-01-01T00:00:00Z", "endTime": "2017-01-01T00:00:00Z"}}]}"#;
        let from_toml: CostModel = read_file(&write("a.toml", toml)).unwrap();
        let from_json: CostModel = read_file(&write("a.json", json)).unwrap();
        assert_eq!(from_toml, from_json);
        assert_eq!(from_toml.cost_pools.len(), 1);
        assert!(read_file::<CostModel>(&write("b.json", r#"{"notes": "x"}"#)).is_err());
        assert!(read_file::<CostModel>(&write("c.json", "{} {}")).is_err());
    }
}
