//! Who has any posting under an account manager.

use crate::{
    generate::{CUSTOMERS, any_scope, sample},
    laws::{activities, entries_of, runner, submit},
    words::*,
};
use profitscore::{
    domain::{
        activity::Dimensions,
        id::PartyId,
        ledger::Entry,
        question::{CellsQuestion, Group, ManagedQuestion, Scope},
        time::Period,
    },
    store::Store,
};
use std::collections::BTreeSet;

async fn managed(store: &dyn Store, scope: &Scope, account_manager: &str) -> Vec<PartyId> {
    let question = ManagedQuestion {
        scope: scope.clone(),
        account_manager: account_manager.to_owned(),
    };
    store.managed(&tenant("t"), &question).await.unwrap()
}

fn by(manager: &str, entry: Entry) -> Entry {
    let Entry::Activity(mut activity) = entry else {
        unreachable!()
    };
    activity.dimensions = Dimensions {
        account_manager_id: manager.to_owned(),
        ..Dimensions::default()
    };
    Entry::Activity(activity)
}

pub async fn customers_of_a_manager_are_those_with_an_activity(store: &dyn Store) {
    let batch = vec![
        by("mia", sale("1", "b", 1, 10, 4)),
        by("mia", payment("2", "B", 2, 20)),
        by("", sale("3", "a", 2, 40, 4)),
        by("bo", sale("4", "a", 3, 80, 4)),
        by("mia", sale("5", "c", 3, 160, 4)),
        reversal("6", "5"),
    ];
    append(store, batch).await;
    let all = scope(Period::ALL);
    let told = async |scope: &Scope, manager| {
        let found = managed(store, scope, manager).await;
        found.iter().map(PartyId::to_string).collect::<Vec<_>>()
    };
    assert_eq!(told(&all, "mia").await, ["B", "b"]);
    assert_eq!(told(&all, "bo").await, ["a"]);
    assert_eq!(told(&all, "UNASSIGNED").await, ["a"]);
    assert_eq!(told(&all, "nobody").await, [""; 0]);
    assert_eq!(told(&scope(days(1, 2)), "mia").await, ["b"]);
    let before = Scope { as_of: 5, ..all };
    assert_eq!(told(&before, "mia").await, ["B", "b", "c"]);
}

pub async fn customers_of_a_manager_are_those_with_a_cell(store: &dyn Store) {
    let mut runner = runner(60);
    submit(store, "t", &entries_of(&activities(&mut runner, 80)), 40).await;
    let back = (0..80).step_by(3);
    let back: Vec<Entry> = back
        .map(|of| reversal(&format!("r{of}"), &format!("a{of}")))
        .collect();
    submit(store, "t", &back, 7).await;
    let traits = [("kind", category("x"))];
    put(
        store,
        vec![party(
            "a",
            profitscore::domain::party::Stage::Customer,
            traits,
        )],
    )
    .await;
    let customers: Vec<PartyId> = CUSTOMERS.iter().map(|id| party_id(id)).collect();
    let mut seen = 0;
    for _ in 0..60 {
        let scope = sample(&mut runner, any_scope());
        let question = CellsQuestion {
            scope: scope.clone(),
            customers: customers.clone(),
            group: Group::AccountManager,
        };
        let cells = store.cells(&tenant("t"), &question).await.unwrap();
        let managers: BTreeSet<&String> = cells.keys().map(|(_, manager)| manager).collect();
        for manager in managers {
            let own = cells.keys().filter(|(_, of)| of == manager);
            let own: Vec<PartyId> = own.map(|(customer, _)| customer.clone()).collect();
            assert_eq!(
                managed(store, &scope, manager).await,
                own,
                "{manager} {scope:#?}"
            );
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen}");
}
