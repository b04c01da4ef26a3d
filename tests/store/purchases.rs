//! How customers bought, day by day.

use crate::{
    generate::{CUSTOMERS, any_scope, any_weights},
    words::*,
};
use profitscore::{
    domain::{
        activity::Kind,
        cost_model::CostModel,
        ledger::Entry,
        party::{Stage, TraitFilter},
        purchase::{PurchaseAnswer, PurchaseQuestion, Purchases},
        question::{RankQuestion, RowSelection, Scope},
        ranking::{Basis, Direction},
        time::{Day, Period},
    },
    store::Store,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

const UNIT: i128 = 1_000_000_000;

/// A clerk costs two a minute.
fn question(scope: Scope) -> PurchaseQuestion {
    let free = CostModel::default();
    PurchaseQuestion {
        scope,
        customers: None,
        revenue: Basis::Revenue.weights(&free),
        margin: Basis::ContributionMargin.weights(&free),
        profit: Basis::NetProfit.weights(&rates([("CLERK", 2)])),
        segment: None,
    }
}

fn refund(id: &str, customer: &str, day: i32, amount: i64) -> Entry {
    let kind = Kind::Refund {
        amount: amount * 1_000_000,
        recovered_cost_of_goods: None,
        paid_out: true,
    };
    Entry::Activity(activity(id, customer, day, kind))
}

fn bought(customer: &str, days: &[(i32, i128)], last: i32, sums: (i128, i128)) -> Purchases {
    Purchases {
        customer: party_id(customer),
        segment: None,
        days: days
            .iter()
            .map(|(day, net)| (Day(*day), net * UNIT))
            .collect(),
        last_day: Day(last),
        margin: sums.0 * UNIT,
        profit: sums.1 * UNIT,
    }
}

async fn ask(store: &dyn Store, question: &PurchaseQuestion) -> PurchaseAnswer {
    store.purchases(&tenant("t"), question).await.unwrap()
}

async fn write(store: &dyn Store) {
    append(
        store,
        vec![
            sale("1", "b", 3, 10, 4),
            sale("2", "b", 3, 5, 1),
            sale("3", "b", 7, 20, 0),
            refund("4", "b", 9, 8),
            // The day comes to nothing.
            sale("5", "b", 11, 6, 0),
            refund("6", "b", 11, 6),
            service("7", "b", 12, "CLERK", 3),
            // Whoever bought nothing is there as well.
            service("8", "a", 2, "CLERK", 1),
            sale_in("north", "9", "c", 5, 7),
            sale("10", "c", 6, 9, 0),
            sale("11", "gone", 4, 9, 0),
        ],
    )
    .await;
    append(store, vec![reversal("12", "10"), reversal("13", "11")]).await;
}

pub async fn days_are_added_up_by_customer(store: &dyn Store) {
    write(store).await;
    let all = question(scope(Period::ALL));
    let of_a = bought("a", &[], 2, (0, -2));
    let of_b = bought("b", &[(3, 15), (7, 20), (9, -8)], 12, (22, 16));
    let of_c = bought("c", &[(5, 7)], 5, (7, 7));
    let everybody = vec![of_a, of_b.clone(), of_c.clone()];
    assert_eq!(ask(store, &all).await, everybody);
    let some = |ids: &[&str]| PurchaseQuestion {
        customers: Some(ids.iter().map(|id| party_id(id)).collect()),
        ..all.clone()
    };
    assert_eq!(
        ask(store, &some(&["c", "nobody", "b", "c"])).await,
        [of_b, of_c]
    );
    assert_eq!(ask(store, &some(&[])).await, []);
    // Before anything was taken back, up to the day before the seventh.
    let mut earlier = question(scope(days(3, 7)));
    earlier.scope.as_of = 11;
    let expected = [
        bought("b", &[(3, 15)], 3, (10, 10)),
        bought("c", &[(5, 7), (6, 9)], 6, (16, 16)),
        bought("gone", &[(4, 9)], 4, (9, 9)),
    ];
    assert_eq!(ask(store, &earlier).await, expected);
}

pub async fn purchases_are_of_branches_and_traits(store: &dyn Store) {
    write(store).await;
    let size = category("big");
    put(
        store,
        vec![
            party("b", Stage::Customer, [("size", category("big"))]),
            party("c", Stage::Customer, [("size", category("small"))]),
        ],
    )
    .await;
    let mut asked = question(scope(Period::ALL));
    asked.segment = Some(trait_key("size"));
    let segments = ask(store, &asked).await.into_iter().map(|one| one.segment);
    let segments: Vec<_> = segments.collect();
    assert_eq!(
        segments,
        [None, Some(size.clone()), Some(category("small"))]
    );
    asked.segment = None;
    let mut north = asked.clone();
    north.scope.branches = vec!["north".to_owned()];
    assert_eq!(
        ask(store, &north).await,
        [bought("c", &[(5, 7)], 5, (7, 7))]
    );
    let filter = |any_of| TraitFilter {
        key: trait_key("size"),
        any_of,
    };
    asked.scope.traits = vec![filter(vec![size])];
    let ids = |answer: PurchaseAnswer| -> Vec<String> {
        answer.iter().map(|one| one.customer.to_string()).collect()
    };
    assert_eq!(ids(ask(store, &asked).await), ["b"]);
    asked.scope.traits = vec![filter(Vec::new())];
    assert_eq!(ids(ask(store, &asked).await), ["a"]);
}

pub async fn some_customers_of_a_ranking_are_picked(store: &dyn Store) {
    write(store).await;
    for direction in [Direction::BestFirst, Direction::WorstFirst] {
        let mut order = order(Basis::NetProfit);
        order.direction = direction;
        let mut asked = rank_question(scope(Period::ALL), order.clone());
        asked.beside = vec![
            Basis::Revenue.weights(&CostModel::default()).into(),
            order.weights.clone().into(),
        ];
        asked.rows = RowSelection::Places(std::iter::once(0..9).collect());
        let all = store.rank(&tenant("t"), &asked).await.unwrap();
        let ids = ["c", "nobody", "a", "gone", "c"].map(party_id).to_vec();
        let picked = RankQuestion {
            rows: RowSelection::Customers(ids.clone()),
            ..asked
        };
        let some = store.rank(&tenant("t"), &picked).await.unwrap();
        let mut expected = all;
        expected.rows.retain(|row| ids.contains(&row.customer));
        assert_eq!(expected.rows.len(), 2);
        assert_eq!(some, expected);
    }
}

/// How anybody bought, by chance.
pub fn any_purchases() -> impl Strategy<Value = PurchaseQuestion> {
    let customers = option::of(vec(select(&CUSTOMERS), 0..4));
    let segment = option::of(select(&["size", "age", "tags", "vip"]));
    let weights = (any_weights(), any_weights(), any_weights());
    (any_scope(), customers, weights, segment).prop_map(
        |(scope, customers, (revenue, margin, profit), segment)| PurchaseQuestion {
            scope,
            customers: customers.map(|ids| ids.into_iter().map(party_id).collect()),
            revenue,
            margin,
            profit,
            segment: segment.map(trait_key),
        },
    )
}
