//! Sums by group, and what models learn from.

use crate::words::*;
use profitscore::{
    domain::{
        account::Account,
        activity::Dimensions,
        id::PartyId,
        ledger::Entry,
        party::{Stage, TraitFilter},
        question::{CellsQuestion, CustomerProfile, Group, ProfileQuestion, Scope},
        ranking::Basis,
        time::{Day, Period},
    },
    store::Store,
};

fn in_dimensions(branch: &str, product: &str, manager: &str, entry: Entry) -> Entry {
    let Entry::Activity(mut activity) = entry else {
        unreachable!()
    };
    activity.dimensions = Dimensions {
        branch_id: branch.to_owned(),
        product_id: product.to_owned(),
        account_manager_id: manager.to_owned(),
        ..Dimensions::default()
    };
    Entry::Activity(activity)
}

pub async fn every_group_ties_to_the_ledger(store: &dyn Store) {
    let batch = vec![
        in_dimensions("north", "p", "", sale("1", "a", 1, 10, 4)),
        in_dimensions("north", "q", "mia", sale("2", "b", 1, 20, 4)),
        in_dimensions("", "", "mia", sale("3", "a", 2, 40, 4)),
        in_dimensions("UNASSIGNED", "p", "", payment("4", "c", 3, 80)),
        in_dimensions("south", "p", "bo", sale("5", "a", 3, 160, 4)),
        reversal("6", "5"),
    ];
    append(store, batch).await;
    let revenue = async |scope: &Scope, group| {
        let groups = cross(store, scope.clone(), group).await;
        let text: Vec<String> = groups
            .iter()
            .map(|(name, sums)| format!("{name} {}", sums.get(&Account::GrossRevenue) / 1_000_000))
            .collect();
        let ledger = rank(store, scope.clone(), order(Basis::Revenue))
            .await
            .totals
            .reported;
        assert_eq!(total(&groups), ledger, "{group:?}");
        text.join(", ")
    };
    let all = scope(Period::ALL);
    assert_eq!(revenue(&all, Group::Customer).await, "a 50, b 20, c 0");
    assert_eq!(
        revenue(&all, Group::Branch).await,
        "UNASSIGNED 40, north 30"
    );
    assert_eq!(
        revenue(&all, Group::Product).await,
        "UNASSIGNED 40, p 10, q 20"
    );
    assert_eq!(
        revenue(&all, Group::AccountManager).await,
        "UNASSIGNED 10, mia 60"
    );
    assert_eq!(
        revenue(&all, Group::Day).await,
        "1970-01-02 30, 1970-01-03 40, 1970-01-04 0"
    );
    let before = Scope {
        as_of: 5,
        ..all.clone()
    };
    assert_eq!(
        revenue(&before, Group::Branch).await,
        "UNASSIGNED 40, north 30, south 160"
    );
    let north = Scope {
        branches: vec!["north".to_owned()],
        ..all.clone()
    };
    assert_eq!(revenue(&north, Group::Product).await, "p 10, q 20");
    put(
        store,
        vec![party("a", Stage::Customer, [("kind", category("x"))])],
    )
    .await;
    let traits = vec![TraitFilter {
        key: trait_key("kind"),
        any_of: vec![category("x")],
    }];
    let some = Scope { traits, ..all };
    assert_eq!(
        revenue(&some, Group::AccountManager).await,
        "UNASSIGNED 10, mia 40"
    );
    let day = Scope {
        period: days(1, 2),
        ..some
    };
    assert_eq!(revenue(&day, Group::Customer).await, "a 10");
}

pub async fn a_group_without_live_activities_is_gone(store: &dyn Store) {
    let batch = vec![
        sale_in("north", "1", "a", 1, 10),
        reversal("2", "1"),
        sale_in("south", "3", "a", 1, 0),
        payment("4", "b", 1, 5),
    ];
    append(store, batch).await;
    let groups = cross(store, scope(Period::ALL), Group::Branch).await;
    assert_eq!(groups.keys().collect::<Vec<_>>(), ["UNASSIGNED", "south"]);
    // No account is named whose sum is zero.
    let accounts: Vec<_> = groups["south"].iter().collect();
    assert_eq!(accounts, [(&Account::SaleCount, 1)]);
}

pub async fn cells_are_of_the_asked_customers_and_in_the_scope(store: &dyn Store) {
    let batch = vec![
        in_dimensions("north", "p", "", sale("1", "a", 1, 10, 4)),
        in_dimensions("south", "q", "mia", sale("2", "b", 1, 20, 4)),
        in_dimensions("", "", "mia", sale("3", "a", 2, 40, 4)),
        in_dimensions("UNASSIGNED", "p", "", payment("4", "c", 3, 80)),
        in_dimensions("north", "p", "bo", sale("5", "b", 3, 160, 4)),
        in_dimensions("south", "p", "bo", sale("6", "a", 3, 320, 4)),
        reversal("7", "5"),
    ];
    append(store, batch).await;
    put(
        store,
        vec![party("a", Stage::Customer, [("kind", category("x"))])],
    )
    .await;
    let cells = async |scope: &Scope, customers: &[&str], group| {
        let question = CellsQuestion {
            scope: scope.clone(),
            customers: customers.iter().map(|id| party_id(id)).collect(),
            group,
        };
        let cells = store.cells(&tenant("t"), &question).await.unwrap();
        let text: Vec<String> = cells
            .iter()
            .map(|((customer, group), sums)| {
                let revenue = sums.get(&Account::GrossRevenue) / 1_000_000;
                format!("{customer} {group} {revenue}")
            })
            .collect();
        text.join(", ")
    };
    let all = scope(Period::ALL);
    let everybody = ["c", "nobody", "b", "a", "a"];
    assert_eq!(
        cells(&all, &everybody, Group::Branch).await,
        "a UNASSIGNED 40, a north 10, a south 320, b south 20, c UNASSIGNED 0"
    );
    assert_eq!(
        cells(&all, &["b", "a"], Group::AccountManager).await,
        "a UNASSIGNED 10, a bo 320, a mia 40, b mia 20"
    );
    assert_eq!(
        cells(&all, &["a"], Group::Day).await,
        "a 1970-01-02 10, a 1970-01-03 40, a 1970-01-04 320"
    );
    assert_eq!(cells(&all, &["b"], Group::Customer).await, "b b 20");
    assert_eq!(cells(&all, &[], Group::Branch).await, "");
    let before = Scope {
        as_of: 6,
        ..all.clone()
    };
    assert_eq!(
        cells(&before, &["b"], Group::Product).await,
        "b p 160, b q 20"
    );
    let south = Scope {
        branches: vec!["south".to_owned()],
        ..all.clone()
    };
    assert_eq!(
        cells(&south, &everybody, Group::Product).await,
        "a p 320, b q 20"
    );
    let traits = vec![TraitFilter {
        key: trait_key("kind"),
        any_of: vec![category("x")],
    }];
    let some = Scope {
        traits,
        period: days(1, 3),
        ..all
    };
    assert_eq!(
        cells(&some, &everybody, Group::Branch).await,
        "a UNASSIGNED 40, a north 10"
    );
}

fn profile_question(period: Period, horizon_days: u32, buckets: u32) -> ProfileQuestion {
    let costs = rates([]);
    ProfileQuestion {
        period,
        as_of: NEWEST,
        profit: Basis::NetProfit.weights(&costs),
        size: Basis::Revenue.weights(&costs),
        horizon_days,
        buckets,
    }
}

/// Profit and size by bucket, in units.
fn buckets(profile: &CustomerProfile) -> Vec<(i128, i128)> {
    let buckets = profile.buckets.iter();
    buckets
        .map(|(profit, size)| (profit / 1_000_000_000, size / 1_000_000_000))
        .collect()
}

pub async fn profiles_look_at_ages(store: &dyn Store) {
    let batch = vec![
        sale("1", "b", 19, 10, 4),
        sale("2", "b", 10, 20, 4),
        sale("3", "b", 20, 40, 4),
        sale("4", "a", 12, 80, 4),
        sale("5", "c", 11, 7, 0),
        sale("6", "c", 13, 5, 0),
        reversal("7", "5"),
    ];
    append(store, batch).await;
    put(store, vec![party("a", Stage::Customer, [])]).await;
    let ask = async |question| store.profiles(&tenant("t"), &question).await.unwrap();
    let answer = ask(profile_question(days(0, 100), 10, 3)).await;
    let ids: Vec<&PartyId> = answer
        .customers
        .iter()
        .map(|profile| &profile.customer)
        .collect();
    assert_eq!(ids, [&party_id("a"), &party_id("b"), &party_id("c")]);
    assert_eq!(
        answer.customers[0].party.as_ref().unwrap().stage,
        Stage::Customer
    );
    assert_eq!(answer.customers[1].party, None);
    // Ages 0 and 9 of b; the third sale is beyond the horizon, but in the control total.
    assert_eq!(buckets(&answer.customers[1]), [(16, 20), (0, 0), (6, 10)]);
    // What was taken back was never there: c came on day 13.
    assert_eq!(answer.customers[2].first_day, Day(13));
    assert_eq!(buckets(&answer.customers[2]), [(5, 5), (0, 0), (0, 0)]);
    assert_eq!((answer.active, answer.last_day), (3, Some(Day(20))));
    assert_eq!(answer.ledger, answer.reported);
    assert_eq!(answer.reported.get(&Account::GrossRevenue), 155_000_000);
    let before = ProfileQuestion {
        as_of: 6,
        ..profile_question(days(0, 100), 10, 1)
    };
    let answer = ask(before).await;
    assert_eq!(answer.customers[2].first_day, Day(11));
    assert_eq!(buckets(&answer.customers[2]), [(12, 12)]);
    // The end of the period cuts what is looked at.
    let answer = ask(profile_question(days(0, 13), 10, 1)).await;
    assert_eq!(answer.customers.len(), 2);
    assert_eq!(answer.last_day, Some(Day(12)));
    let none = ask(profile_question(days(50, 60), 10, 1)).await;
    assert_eq!(
        none,
        profitscore::domain::question::ProfileAnswer::default()
    );
}

pub async fn sums_beyond_eight_bytes_are_exact(store: &dyn Store) {
    // Each of these is an i64, and all of them together are not.
    let batch = (0..10).map(|number| {
        let id = number.to_string();
        sale(&id, "a", 1, 1_000_000_000_000, 0)
    });
    append(store, batch.collect()).await;
    for group in [Group::Customer, Group::Branch, Group::Customer] {
        let groups = cross(store, scope(Period::ALL), group).await;
        let wanted = 10 * 1_000_000_000_000 * 1_000_000;
        assert_eq!(groups.len(), 1);
        assert_eq!(total(&groups).get(&Account::GrossRevenue), wanted);
    }
}

pub async fn profiles_leave_out_who_came_before(store: &dyn Store) {
    let batch = vec![
        sale("1", "a", 1, 10, 0),
        sale("2", "a", 11, 20, 0),
        sale("3", "b", 12, 40, 0),
        sale("4", "c", 5, 80, 0),
        reversal("5", "4"),
        sale("6", "c", 15, 160, 0),
    ];
    append(store, batch).await;
    let question = profile_question(days(10, 20), 30, 2);
    let answer = store.profiles(&tenant("t"), &question).await.unwrap();
    let ids: Vec<&str> = answer
        .customers
        .iter()
        .map(|profile| profile.customer.as_str())
        .collect();
    assert_eq!(ids, ["b", "c"]);
    assert_eq!(answer.active, 3);
    let revenue =
        |sums: &profitscore::domain::account::Sums| sums.get(&Account::GrossRevenue) / 1_000_000;
    assert_eq!(revenue(&answer.ledger), 220);
    assert_eq!(revenue(&answer.reported), 200);
    assert_eq!(revenue(&answer.filtered_out), 20);
}
