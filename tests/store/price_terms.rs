//! By which price list a customer buys and which discount tier it has, from a day on.

use crate::words::*;
use profitscore::{
    domain::{
        id::TenantId,
        ledger::{Outcome, Position, WriteMode},
        price_terms::{PriceTerms, PriceTermsQuestion, StoredPriceTerms},
        records::Record,
        time::Day,
    },
    store::Store,
};
use proptest::{option, prelude::*, sample::select};

fn terms(customer: &str, day: i32, list: &str, tier: &str) -> PriceTerms {
    PriceTerms {
        customer_id: party_id(customer),
        first_day: Day(day),
        price_list_id: list.to_owned(),
        discount_tier: tier.to_owned(),
        nominal_discount: (!tier.is_empty()).then_some(150_000),
    }
}

/// A record of them.
pub fn price_terms(customer: &str, day: i32, list: &str, tier: &str) -> Record {
    Record::PriceTerms(terms(customer, day, list, tier))
}

/// Terms of a few customers and days.
pub fn any_terms(customers: &'static [&'static str]) -> impl Strategy<Value = Record> {
    let ids = (
        select(customers),
        select(&["", "trade", "é"]),
        select(&["", "gold"]),
    );
    (ids, 0..5, option::of(0..3_u32)).prop_map(|((customer, list, tier), day, discount)| {
        Record::PriceTerms(PriceTerms {
            nominal_discount: discount,
            ..terms(customer, day, list, tier)
        })
    })
}

fn all() -> PriceTermsQuestion {
    PriceTermsQuestion {
        customer: None,
        valid_on: None,
        after: None,
        as_of: NEWEST,
        limit: 1_000,
    }
}

/// Everything that can be asked about them, as of a position.
pub async fn told_of_terms(
    store: &dyn Store,
    id: &TenantId,
    customers: &[&str],
    as_of: Position,
) -> String {
    let ids: Vec<_> = customers
        .iter()
        .map(|customer| party_id(customer))
        .collect();
    let mut told = Vec::new();
    for (day, customer) in [(1, None), (3, ids.first().cloned()), (i32::MAX, None)] {
        let question = PriceTermsQuestion {
            customer,
            valid_on: (day > 1).then_some(Day(day)),
            after: (day == 3).then(|| (ids[0].clone(), Day(1))),
            as_of,
            ..all()
        };
        told.push(format!(
            "{:#?} {:#?}",
            store.price_terms(id, &ids, Day(day), as_of).await.unwrap(),
            store.list_price_terms(id, &question).await.unwrap(),
        ));
    }
    told.join("\n")
}

fn names(stored: &[StoredPriceTerms]) -> Vec<String> {
    let name = |stored: &StoredPriceTerms| {
        let terms = &stored.terms;
        let day = terms.first_day.0;
        format!(
            "{} {day} {} @{}",
            terms.customer_id, terms.price_list_id, stored.position
        )
    };
    stored.iter().map(name).collect()
}

pub async fn terms_hold_from_their_day_as_they_were_known(store: &dyn Store) {
    let outcomes = put(
        store,
        vec![
            price_terms("a", 10, "retail", ""),
            price_terms("a", 20, "trade", "gold"),
            price_terms("a", 10, "retail", ""),
            price_terms("b", 15, "retail", "silver"),
        ],
    )
    .await;
    let expected = [
        Outcome::Posted(1),
        Outcome::Posted(2),
        Outcome::Duplicate(1),
        Outcome::Posted(3),
    ];
    assert_eq!(outcomes, expected);
    // From day 15 on it was another list, as is found out later; and that was an error, too.
    assert_eq!(
        put(store, vec![price_terms("a", 15, "export", "")]).await,
        posted(4, 1)
    );
    assert_eq!(
        put(store, vec![price_terms("a", 15, "retail", "")]).await,
        posted(5, 1)
    );
    assert_eq!(
        put(store, vec![price_terms("a", 15, "export", "")]).await,
        posted(6, 1)
    );
    let tried = vec![
        price_terms("a", 15, "export", ""),
        price_terms("a", 16, "", ""),
    ];
    let tried = store
        .put(&tenant("t"), tried, NOW, WriteMode::ValidateOnly)
        .await;
    assert_eq!(tried.unwrap(), [Outcome::Duplicate(6), Outcome::Posted(7)]);
    let on = async |day, as_of| {
        let ids = [party_id("b"), party_id("a"), party_id("nobody")];
        let found = store.price_terms(&tenant("t"), &ids, Day(day), as_of).await;
        let found = found.unwrap().into_iter();
        let found: Vec<_> = found
            .map(|terms| terms.map(|terms| terms.price_list_id))
            .collect();
        found
            .iter()
            .map(|list| list.clone().unwrap_or_else(|| "-".to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(on(9, NEWEST).await, ["-", "-", "-"]);
    assert_eq!(on(14, NEWEST).await, ["-", "retail", "-"]);
    assert_eq!(on(17, 0).await, ["-", "-", "-"]);
    assert_eq!(on(17, 3).await, ["retail", "retail", "-"]);
    assert_eq!(on(17, 4).await, ["retail", "export", "-"]);
    assert_eq!(on(17, 5).await, ["retail", "retail", "-"]);
    assert_eq!(on(17, NEWEST).await, ["retail", "export", "-"]);
    assert_eq!(on(20, 1).await, ["-", "retail", "-"]);
    assert_eq!(on(i32::MAX, NEWEST).await, ["retail", "trade", "-"]);
    let ids = [party_id("a")];
    let found = store.price_terms(&tenant("t"), &ids, Day(25), NEWEST).await;
    assert_eq!(found.unwrap(), [Some(terms("a", 20, "trade", "gold"))]);
    let other = store.price_terms(&tenant("u"), &ids, Day(25), NEWEST).await;
    assert_eq!(other.unwrap(), [None]);
}

pub async fn terms_are_listed_in_pages(store: &dyn Store) {
    let mut records = Vec::new();
    for customer in ["b", "é", "B", "a"] {
        records.extend((0..3).map(|day| price_terms(customer, day, "list", "")));
    }
    assert_eq!(put(store, records).await, posted(1, 12));
    assert_eq!(
        put(store, vec![price_terms("b", 1, "other", "")]).await,
        posted(13, 1)
    );
    assert_eq!(
        put(store, vec![price_terms("a", 2, "", "")]).await,
        posted(14, 1)
    );
    let mut question = PriceTermsQuestion { limit: 5, ..all() };
    let mut listed = Vec::new();
    loop {
        let page = store
            .list_price_terms(&tenant("t"), &question)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        question.after = Some((last.terms.customer_id.clone(), last.terms.first_day));
        listed.extend(page);
    }
    let expected = [
        "B 0 list @7",
        "B 1 list @8",
        "B 2 list @9",
        "a 0 list @10",
        "a 1 list @11",
        "a 2  @14",
        "b 0 list @1",
        "b 1 other @13",
        "b 2 list @3",
        "é 0 list @4",
        "é 1 list @5",
        "é 2 list @6",
    ];
    assert_eq!(names(&listed), expected);
    assert!(listed.iter().all(|stored| stored.record_time == NOW));
    let ask = async |question| {
        store
            .list_price_terms(&tenant("t"), &question)
            .await
            .unwrap()
    };
    let on = |day, after: Option<&str>| PriceTermsQuestion {
        valid_on: Some(Day(day)),
        after: after.map(|customer| (party_id(customer), Day(0))),
        limit: 2,
        ..all()
    };
    assert_eq!(
        names(&ask(on(1, None)).await),
        ["B 1 list @8", "a 1 list @11"]
    );
    assert_eq!(
        names(&ask(on(1, Some("a"))).await),
        ["b 1 other @13", "é 1 list @5"]
    );
    let early = PriceTermsQuestion {
        as_of: 12,
        ..on(9, Some("a"))
    };
    assert_eq!(names(&ask(early).await), ["b 2 list @3", "é 2 list @6"]);
    assert!(ask(on(-1, None)).await.is_empty());
    let of_b = PriceTermsQuestion {
        customer: Some(party_id("b")),
        after: Some((party_id("b"), Day(0))),
        ..all()
    };
    assert_eq!(
        names(&ask(of_b.clone()).await),
        ["b 1 other @13", "b 2 list @3"]
    );
    let after_b = PriceTermsQuestion {
        after: Some((party_id("é"), Day(0))),
        ..of_b
    };
    assert!(ask(after_b).await.is_empty());
}
