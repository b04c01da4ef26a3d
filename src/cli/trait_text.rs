//! Traits as people type them: `KEY=VALUE`, `KEY:TYPE=VALUE`, and how they are shown.

use super::{connection::Connection, errors::Failure, paging};
use crate::api::pb::{
    CategorySet, ListTraitDefinitionsRequest, ListTraitDefinitionsResponse, Trait, TraitFilter,
    TraitType, TraitValue, google_type::Decimal, trait_value::Value,
};
use std::collections::BTreeMap;

/// What a typed text says before its type is known.
struct Typed<'a> {
    key: &'a str,
    kind: Option<TraitType>,
    value: &'a str,
}

fn split(text: &str) -> Result<Typed<'_>, Failure> {
    let (left, value) = text
        .split_once('=')
        .ok_or_else(|| Failure::usage(format!("{text}: a trait is given as KEY=VALUE")))?;
    let (key, kind) = match left.split_once(':') {
        None => (left, None),
        Some((key, "category")) => (key, Some(TraitType::Category)),
        Some((key, "number")) => (key, Some(TraitType::Number)),
        Some((key, "set")) => (key, Some(TraitType::Set)),
        Some((key, "flag")) => (key, Some(TraitType::Flag)),
        Some((_, other)) => {
            return Err(Failure::usage(format!(
                "{text}: {other} is not one of category, number, set and flag"
            )));
        }
    };
    Ok(Typed { key, kind, value })
}

/// A value of a type, from its text; the categories of a set are separated by semicolons.
fn value(kind: TraitType, text: &str) -> Result<Value, Failure> {
    Ok(match kind {
        TraitType::Unspecified | TraitType::Category => Value::Category(text.to_owned()),
        TraitType::Number => Value::Number(Decimal {
            value: text.to_owned(),
        }),
        TraitType::Set => Value::Set(CategorySet {
            categories: text.split(';').map(str::to_owned).collect(),
        }),
        TraitType::Flag => Value::Flag(
            flag(text).ok_or_else(|| Failure::usage(format!("{text}: is not yes or no")))?,
        ),
    })
}

/// Yes or no in the spellings people use.
pub fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

/// The types of all traits that the service knows, asked only if some text gives none.
async fn types(
    connection: &Connection,
    typed: &[Typed<'_>],
) -> Result<BTreeMap<String, TraitType>, Failure> {
    if typed.iter().all(|typed| typed.kind.is_some()) {
        return Ok(BTreeMap::new());
    }
    let all = definitions(connection, None).await?;
    let definitions = all.trait_definitions.into_iter();
    Ok(definitions
        .map(|definition| {
            let kind = definition.r#type();
            (definition.key, kind)
        })
        .collect())
}

/// All trait definitions.
pub async fn definitions(
    connection: &Connection,
    read_options: Option<crate::api::pb::ReadOptions>,
) -> Result<ListTraitDefinitionsResponse, Failure> {
    paging::gather(None, async |page_size, page_token| {
        let request = ListTraitDefinitionsRequest {
            tenant_id: connection.tenant(),
            page_size,
            page_token,
            read_options,
        };
        let mut client = connection.customers();
        let answer = client.list_trait_definitions(connection.request(request));
        Ok(answer.await?.into_inner())
    })
    .await
}

/// Conditions on traits: the values of one key are joined by or, keys by and.
pub async fn filters(
    connection: &Connection,
    texts: &[String],
) -> Result<Vec<TraitFilter>, Failure> {
    let typed: Vec<_> = texts
        .iter()
        .map(|text| split(text))
        .collect::<Result<_, _>>()?;
    let types = types(connection, &typed).await?;
    filters_of(&typed, &types)
}

fn filters_of(
    typed: &[Typed<'_>],
    types: &BTreeMap<String, TraitType>,
) -> Result<Vec<TraitFilter>, Failure> {
    let mut filters: BTreeMap<&str, Vec<TraitValue>> = BTreeMap::new();
    for Typed {
        key,
        kind,
        value: text,
    } in typed
    {
        let any_of = filters.entry(key).or_default();
        if text.is_empty() {
            continue;
        }
        let known = kind.or_else(|| types.get(*key).copied());
        // A set is asked for by one of its categories at a time.
        let kind = known
            .filter(|kind| *kind != TraitType::Set)
            .unwrap_or(TraitType::Category);
        any_of.push(TraitValue {
            value: Some(value(kind, text)?),
        });
    }
    let filter = |(key, any_of): (&str, _)| TraitFilter {
        key: key.to_owned(),
        any_of,
    };
    Ok(filters.into_iter().map(filter).collect())
}

/// Traits to store.
pub async fn traits(connection: &Connection, texts: &[String]) -> Result<Vec<Trait>, Failure> {
    let typed: Vec<_> = texts
        .iter()
        .map(|text| split(text))
        .collect::<Result<_, _>>()?;
    let types = types(connection, &typed).await?;
    let stored = |Typed {
                      key,
                      kind,
                      value: text,
                  }: &Typed<'_>| {
        let known = kind.or_else(|| types.get(*key).copied());
        Ok(Trait {
            key: (*key).to_owned(),
            value: Some(TraitValue {
                value: Some(value(known.unwrap_or(TraitType::Category), text)?),
            }),
        })
    };
    typed.iter().map(stored).collect()
}

/// All traits of a party for people.
pub fn show(traits: &[Trait]) -> String {
    let texts: Vec<_> = traits
        .iter()
        .map(|one| format!("{}={}", one.key, show_value(one)))
        .collect();
    texts.join(", ")
}

/// A trait's value for people and programs.
pub fn show_value(of: &Trait) -> String {
    match of.value.as_ref().and_then(|value| value.value.as_ref()) {
        None => String::new(),
        Some(Value::Category(category)) => category.clone(),
        Some(Value::Number(number)) => number.value.clone(),
        Some(Value::Set(set)) => set.categories.join(";"),
        Some(Value::Flag(flag)) => flag.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_joins_values_of_one_key() {
        let texts = [
            "REGION=West",
            "REGION=East",
            "INCOME:number=40000",
            "TAGS=a",
            "NOTE=",
        ];
        let typed: Vec<_> = texts.iter().map(|text| split(text).unwrap()).collect();
        let types = BTreeMap::from([("TAGS".to_owned(), TraitType::Set)]);
        let filters = filters_of(&typed, &types).unwrap();
        let keys: Vec<_> = filters.iter().map(|filter| filter.key.as_str()).collect();
        assert_eq!(keys, ["INCOME", "NOTE", "REGION", "TAGS"]);
        let number = Value::Number(Decimal {
            value: "40000".to_owned(),
        });
        assert_eq!(filters[0].any_of[0].value, Some(number));
        assert!(filters[1].any_of.is_empty());
        assert_eq!(filters[2].any_of.len(), 2);
        assert_eq!(
            filters[3].any_of[0].value,
            Some(Value::Category("a".to_owned()))
        );
    }

    #[test]
    fn values_follow_their_type() {
        assert_eq!(value(TraitType::Flag, "Yes").unwrap(), Value::Flag(true));
        assert!(value(TraitType::Flag, "perhaps").is_err());
        let set = Value::Set(CategorySet {
            categories: vec!["a".to_owned(), "b".to_owned()],
        });
        assert_eq!(value(TraitType::Set, "a;b").unwrap(), set);
        assert!(split("REGION").is_err());
        assert!(split("REGION:text=West").is_err());
        assert_eq!(split("A=b=c").unwrap().value, "b=c");
    }
}
