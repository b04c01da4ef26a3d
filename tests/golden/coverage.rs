//! That the worlds show everything: each kind of activity, each policy of allocation, and each method that reports.

use crate::{contract, world::World};
use serde_json::Value;
use std::collections::BTreeSet;

/// Methods that need no world: what they do is a whole test of its own.
const ELSEWHERE: &[&str] = &[
    // What is estimated by logarithms: tests/api/time_plan.rs works it out by hand to a hundredth.
    "AdviceService.AllocateTime",
    // What is at risk is learnt of many customers: tests/api/appreciation.rs.
    "AdviceService.AllocateAppreciation",
    // It compares at least forty customers: tests/api/growth.rs.
    "AdviceService.SuggestCrossSell",
    // What models learn needs many customers: tests/model, tests/prospects and tests/store/likeness.rs.
    "ProspectService.GetProfile",
    "ProspectService.ListLookalikes",
    "ProspectService.PrequalifyProspects",
    // As many customers: tests/value, and tests/api/customer_value.rs.
    "CustomerValueService.GetCustomerValue",
    // And many outcomes: tests/api/win_models.rs and tests/api/win_cards.rs.
    "ProspectService.EvaluateModel",
    "ProspectService.AdoptModel",
    "ProspectService.RestoreModel",
    "ProspectService.ListModels",
    "ProspectService.GetProxyReport",
];

/// The fields of a oneof by the name of its message and its own.
fn choices(message: &str, oneof: &str) -> BTreeSet<String> {
    let message = contract::message(message);
    let oneof = message.oneofs().find(|one| one.name() == oneof).unwrap();
    oneof
        .fields()
        .map(|field| field.name().to_owned())
        .collect()
}

/// The names of all fields of a value, however deep.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(name.clone());
                names(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => (),
    }
}

fn assert_shown(what: &str, wanted: &BTreeSet<String>, shown: &BTreeSet<String>) {
    let missing: Vec<_> = wanted.difference(shown).collect();
    assert!(
        missing.is_empty(),
        "no world in tests/golden/worlds has {what} {missing:?}"
    );
}

#[test]
fn every_kind_of_activity_is_shown() {
    let mut shown = BTreeSet::new();
    for world in World::all() {
        world
            .activities
            .iter()
            .for_each(|activity| names(activity, &mut shown));
    }
    assert_shown("the activity", &choices("Activity", "kind"), &shown);
}

#[test]
fn every_policy_is_shown() {
    let mut shown = BTreeSet::new();
    for world in World::all() {
        world
            .given
            .iter()
            .for_each(|given| names(&given.request, &mut shown));
    }
    assert_shown("the policy", &choices("AllocationPolicy", "policy"), &shown);
}

#[test]
fn every_method_is_shown() {
    let wanted = contract::methods().map(|method| contract::name_of(&method));
    let wanted = wanted
        .filter(|name| !ELSEWHERE.contains(&name.as_str()))
        .collect();
    let mut shown = BTreeSet::new();
    for world in World::all() {
        assert!(
            !world.about.is_empty(),
            "{} does not say what it shows",
            world.name
        );
        let given = world.given.iter().filter(|given| is_write(&given.call));
        shown.extend(given.map(|given| given.call.clone()));
        if !world.activities.is_empty() {
            shown.insert("ActivityService.SubmitActivities".to_owned());
        }
        let asked = world.asked.iter().map(|asked| asked.call.clone());
        shown.extend(asked);
    }
    assert_shown("a call of", &wanted, &shown);
}

/// Whether nothing is missed if its answer is not looked at.
fn is_write(call: &str) -> bool {
    let method = call.split_once('.').unwrap().1;
    [
        "Submit", "Stream", "Reverse", "Upsert", "Put", "Revert", "Record", "Set", "Erase",
    ]
    .iter()
    .any(|verb| method.starts_with(verb))
}
