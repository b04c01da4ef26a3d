//! The table is whole, is what the document shows, and is what messages are cut by.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "samples and messages are picked from long lists of kinds"
)]

use super::*;
use crate::api::pb::{self, google_type};
use prost::{Message as _, Name as _};
use prost_reflect::{Cardinality, DynamicMessage, Kind, ReflectMessage as _, Value};
use std::{fmt::Write as _, fs, path::Path};

fn pool() -> DescriptorPool {
    DescriptorPool::decode(DESCRIPTORS).unwrap()
}

/// Every line of the tables that is about nothing, or about something twice.
fn idle_lines(known: &BTreeMap<String, MessageDescriptor>) -> Vec<String> {
    let mut idle = Vec::new();
    let mut named = BTreeSet::new();
    for (message, everybody, finance) in messages() {
        for field in [everybody, finance]
            .into_iter()
            .flat_map(|names| names.split(' '))
        {
            let described = known
                .get(*message)
                .and_then(|own| own.get_field_by_name(field));
            if !field.is_empty() && (described.is_none() || !named.insert((*message, field))) {
                idle.push(format!("{message}.{field}"));
            }
        }
    }
    for &message in WHOLE {
        let is_twice = messages().any(|(name, ..)| *name == message);
        if is_twice || !known.contains_key(message) {
            idle.push(message.to_owned());
        }
    }
    idle
}

#[test]
fn every_field_of_every_answer_is_in_the_table() {
    let known = judged(&pool());
    assert!(known.contains_key("RankCustomersResponse") && !known.contains_key("Money"));
    let mut missing = Vec::new();
    for (name, message) in &known {
        for field in message.fields() {
            if audience(name, field.name()).is_none() {
                missing.push(format!("{name}.{}", field.name()));
            }
            // What is in a map is not looked into.
            let Kind::Message(inner) = field.kind() else {
                continue;
            };
            assert!(!inner.is_map_entry() || !has_own_values(&inner), "{name}");
        }
    }
    assert_eq!(
        missing,
        Vec::<String>::new(),
        "say in visibility.rs who sees them"
    );
    assert_eq!(
        idle_lines(&known),
        Vec::<String>::new(),
        "no such field, or twice"
    );
}

fn has_own_values(entry: &MessageDescriptor) -> bool {
    let value = entry.map_entry_value_field();
    matches!(value.kind(), Kind::Message(message) if is_own(&message))
}

#[test]
fn every_method_is_in_the_table() {
    let mut methods = BTreeSet::new();
    for service in pool()
        .services()
        .filter(|service| service.package_name() == PACKAGE)
    {
        for method in service.methods() {
            methods.insert((service.name().to_owned(), method.name().to_owned()));
        }
    }
    let told = METHODS.iter().flat_map(|(service, methods)| {
        let names = methods.iter().map(|(method, _)| (*method).to_owned());
        names.map(|method| ((*service).to_owned(), method))
    });
    assert_eq!(
        told.collect::<BTreeSet<_>>(),
        methods,
        "say in visibility.rs who calls them"
    );
    for (service, methods) in METHODS {
        for (method, _) in *methods {
            let path = format!("/{PACKAGE}.{service}/{method}");
            assert!(View::of_contract().method(&path).is_some());
        }
    }
}

#[test]
fn what_sales_is_told_by_names_is_no_amount_of_costs_or_profits() {
    // A second look at the table, by the words that the contract has for such amounts.
    const WORDS: [&str; 12] = [
        "cost_of_goods",
        "costs",
        "margin",
        "profit_per",
        "net_profit",
        "compensation",
        "hurdle",
        "threshold",
        "cumulative",
        "negative",
        "control_total",
        "unprofitable",
    ];
    for (message, everybody, _) in messages() {
        for field in everybody.split(' ') {
            let is_rank = field.starts_with("rank_by_");
            let suspicious = WORDS.iter().any(|word| field.contains(word));
            assert!(is_rank || !suspicious, "{message}.{field}");
        }
    }
}

/// A message with something in every field.
fn full(message: &MessageDescriptor) -> DynamicMessage {
    let mut made = DynamicMessage::new(message.clone());
    for field in message.fields() {
        let one = match field.kind() {
            Kind::Message(inner) if inner.is_map_entry() => continue,
            Kind::Message(inner) => Value::Message(full(&inner)),
            Kind::String => Value::String("x".to_owned()),
            Kind::Bool => Value::Bool(true),
            Kind::Double => Value::F64(0.5),
            Kind::Int32 => Value::I32(7),
            Kind::Int64 => Value::I64(7),
            Kind::Enum(_) => Value::EnumNumber(1),
            other => panic!("{other:?} has no sample"),
        };
        let value = match field.cardinality() {
            Cardinality::Repeated => Value::List(vec![one.clone(), one]),
            _ => one,
        };
        made.set_field(&field, value);
    }
    made
}

/// What is left by the table, worked out on messages and not on bytes.
fn expected(mut message: DynamicMessage) -> DynamicMessage {
    let descriptor = message.descriptor();
    for field in descriptor.fields() {
        if audience(descriptor.name(), field.name()) != Some(Audience::Everybody) {
            message.clear_field(&field);
            continue;
        }
        let Kind::Message(inner) = field.kind() else {
            continue;
        };
        if inner.package_name() != PACKAGE || !message.has_field(&field) {
            continue;
        }
        let cut = |value: Value| match value {
            Value::Message(inner) => Value::Message(expected(inner)),
            other => other,
        };
        let value = match message.get_field(&field).into_owned() {
            Value::List(items) => Value::List(items.into_iter().map(cut).collect()),
            Value::Message(inner) => cut(Value::Message(inner)),
            other => other,
        };
        message.set_field(&field, value);
    }
    message
}

#[test]
fn messages_are_cut_field_by_field() {
    let (pool, view) = (pool(), View::of_contract());
    let mut methods = 0;
    for service in pool
        .services()
        .filter(|service| service.package_name() == PACKAGE)
    {
        for method in service.methods() {
            let output = method.output();
            let whole = full(&output);
            let mut told = Vec::new();
            let number = view.numbers[output.full_name()];
            view.cut(number, &whole.encode_to_vec(), &mut told).unwrap();
            let told = DynamicMessage::decode(output.clone(), &*told).unwrap();
            assert_eq!(told, expected(whole), "{}", method.full_name());
            methods += 1;
        }
    }
    assert!(methods > 25);
    let ranking = pb::RankCustomersResponse::full_name();
    let number = view.numbers[&ranking];
    let statement = pb::Statement {
        net_revenue: Some(google_type::Money::default()),
        net_profit: Some(google_type::Money::default()),
        ..Default::default()
    };
    let customer = pb::RankedCustomer {
        rank: 3,
        value: Some(google_type::Money::default()),
        statement: Some(statement),
        ..Default::default()
    };
    let answer = pb::RankCustomersResponse {
        customers: vec![customer],
        negative_count: 2,
        ..Default::default()
    };
    let mut told = Vec::new();
    view.cut(number, &answer.encode_to_vec(), &mut told)
        .unwrap();
    let told = pb::RankCustomersResponse::decode(&*told).unwrap();
    let [customer] = &told.customers[..] else {
        panic!("{told:?}");
    };
    assert_eq!(
        (customer.rank, &customer.value, told.negative_count),
        (3, &None, 0)
    );
    let statement = customer.statement.as_ref().unwrap();
    assert!(statement.net_revenue.is_some() && statement.net_profit.is_none());
}

#[test]
fn what_the_contract_does_not_know_is_left_out_and_what_is_no_message_is_refused() {
    let view = View::of_contract();
    let number = view.numbers[&pb::LedgerPosition::full_name()];
    let cut = |bytes: &[u8]| {
        let mut told = Vec::new();
        view.cut(number, bytes, &mut told).map(|()| told)
    };
    // Field 1 is the position, field 2 is of a newer contract.
    assert_eq!(cut(&[8, 7, 16, 9]), Ok(vec![8, 7]));
    assert_eq!(cut(&[]), Ok(vec![]));
    for wrong in [&[8][..], &[18, 5, 0], &[15], &[0], &[255; 12]] {
        assert_eq!(cut(wrong), Err(Malformed), "{wrong:?}");
    }
}

#[test]
fn questions_that_divide_at_an_amount_are_found() {
    let view = View::of_contract();
    let method = view
        .method("/profitscore.v1.ProspectService/PrequalifyProspects")
        .unwrap();
    let found = |request: &pb::PrequalifyProspectsRequest| {
        view.first_hidden(method.input, &request.encode_to_vec())
            .unwrap()
    };
    let sound = pb::PrequalifyProspectsRequest {
        win_probability: Some(0.5),
        horizon_days: 30,
        ..Default::default()
    };
    assert_eq!(found(&sound), None);
    let amount = Some(google_type::Money::default());
    let hurdle = pb::PrequalifyProspectsRequest {
        hurdle: amount.clone(),
        ..sound.clone()
    };
    assert_eq!(found(&hurdle).as_deref(), Some("hurdle"));
    let cost = pb::PrequalifyProspectsRequest {
        acquisition_cost: amount,
        ..sound
    };
    assert_eq!(found(&cost).as_deref(), Some("acquisition_cost"));
}

/// The tables for people.
fn tables() -> String {
    let mut text =
        String::from("| method | FINANCE | SALES | INGEST |\n| --- | --- | --- | --- |\n");
    let yes = |is: bool| if is { "yes" } else { "" };
    for (service, methods) in METHODS {
        for (method, roles) in *methods {
            let (sales, ingest) = (roles.contains(&Role::Sales), roles.contains(&Role::Ingest));
            writeln!(
                text,
                "| {service}.{method} | yes | {} | {} |",
                yes(sales),
                yes(ingest)
            )
            .unwrap();
        }
    }
    text += "\n| message | everybody | finance alone |\n| --- | --- | --- |\n";
    let list = |names: &str| names.split_whitespace().collect::<Vec<_>>().join(", ");
    for (message, everybody, finance) in messages() {
        writeln!(
            text,
            "| {message} | {} | {} |",
            list(everybody),
            list(finance)
        )
        .unwrap();
    }
    for message in WHOLE {
        writeln!(text, "| {message} | | all of it |").unwrap();
    }
    // Cells that are empty have one blank.
    text.replace("|  |", "| |")
}

#[test]
fn the_document_shows_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/roles.md");
    let document = fs::read_to_string(path).unwrap();
    let (_, shown) = document.split_once("## The table\n\n").unwrap();
    let tables = tables();
    assert!(shown == tables, "docs/roles.md is to end with:\n{tables}");
}
