//! What is stored beside the ledger, and its history.

use crate::words::*;
use profitscore::{
    domain::{
        cost_model::CostModel,
        ledger::{Outcome, WriteMode},
        party::{
            PartyQuestion, Sensitivity, Stage, TraitDefinition, TraitFilter, TraitType, TraitValue,
        },
        problem::Reason,
        records::Record,
    },
    store::Store,
};

fn definition(key: &str, trait_type: TraitType, edges: &[i64]) -> Record {
    Record::TraitDefinition(TraitDefinition {
        key: trait_key(key),
        trait_type,
        bin_edges: edges.to_vec(),
        sensitivity: Sensitivity::Ordinary,
        known_after_conversion: false,
    })
}

pub async fn positions_are_shared_with_the_ledger(store: &dyn Store) {
    assert_eq!(
        append(store, vec![sale("a", "c", 1, 10, 5)]).await,
        posted(1, 1)
    );
    let records = vec![
        party("c", Stage::Customer, []),
        party("d", Stage::Prospect, []),
    ];
    assert_eq!(put(store, records.clone()).await, posted(2, 2));
    assert_eq!(
        append(store, vec![sale("b", "d", 1, 10, 5)]).await,
        posted(4, 1)
    );
    assert_eq!(
        put(store, records).await,
        [Outcome::Duplicate(2), Outcome::Duplicate(3)]
    );
    assert_eq!(watermark(store).await, 4);
    let found = entries(store, &all_entries()).await;
    assert_eq!(
        found.iter().map(|entry| entry.position).collect::<Vec<_>>(),
        [1, 4]
    );
}

pub async fn parties_have_a_history(store: &dyn Store) {
    let small = party("c", Stage::Prospect, [("size", category("small"))]);
    let large = party("c", Stage::Customer, [("size", category("large"))]);
    let batch = vec![small.clone(), small.clone(), large.clone(), small.clone()];
    let outcomes = put(store, batch).await;
    assert_eq!(
        outcomes,
        [
            Outcome::Posted(1),
            Outcome::Duplicate(1),
            Outcome::Posted(2),
            Outcome::Posted(3)
        ]
    );
    let ids = [party_id("c"), party_id("nobody"), party_id("c")];
    for (as_of, expected) in [
        (0, None),
        (1, Some(&small)),
        (2, Some(&large)),
        (3, Some(&small)),
    ] {
        let found = store.party(&tenant("t"), &ids, as_of).await.unwrap();
        assert_eq!(found.len(), 3);
        assert!(found[1].is_none());
        for found in [&found[0], &found[2]] {
            let found = found.as_ref().map(|party| Record::Party((**party).clone()));
            assert_eq!(found.as_ref(), expected, "as of {as_of}");
        }
    }
    let other = store.party(&tenant("u"), &ids, 3).await.unwrap();
    assert_eq!(other, [None, None, None]);
}

pub async fn trait_types_hold(store: &dyn Store) {
    let number = party("c", Stage::Customer, [("size", TraitValue::Number(5))]);
    let text = party("d", Stage::Customer, [("size", category("big"))]);
    let outcomes = put(store, vec![number, text.clone()]).await;
    assert_eq!(outcomes[0], Outcome::Posted(1));
    assert_eq!(refusal(&outcomes[1]).0, Reason::TraitTypeMismatch);
    let outcomes = put(store, vec![text]).await;
    assert_eq!(refusal(&outcomes[0]).0, Reason::TraitTypeMismatch);
    let definitions = store.trait_definitions(&tenant("t"), NEWEST).await.unwrap();
    assert_eq!(definitions.len(), 1);
    assert_eq!(definitions[0].trait_type, TraitType::Number);
    assert!(
        store
            .trait_definitions(&tenant("t"), 0)
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn a_definition_can_change_but_not_its_type(store: &dyn Store) {
    let batch = vec![
        definition("age", TraitType::Number, &[18]),
        definition("age", TraitType::Number, &[18]),
        definition("age", TraitType::Flag, &[]),
        definition("age", TraitType::Number, &[18, 65]),
        definition("Zone", TraitType::Category, &[]),
    ];
    let outcomes = put(store, batch).await;
    assert_eq!(outcomes[..2], [Outcome::Posted(1), Outcome::Duplicate(1)]);
    assert_eq!(refusal(&outcomes[2]), (Reason::TraitTypeMismatch, "type"));
    assert_eq!(outcomes[3..], posted(2, 2));
    let edges = async |as_of| {
        let definitions = store.trait_definitions(&tenant("t"), as_of).await.unwrap();
        definitions
            .iter()
            .map(|definition| definition.bin_edges.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(edges(1).await, [vec![18]]);
    assert_eq!(edges(2).await, [vec![18, 65]]);
    assert_eq!(edges(3).await, [vec![], vec![18, 65]]);
}

pub async fn cost_models_are_versions(store: &dyn Store) {
    let versions = store.cost_models(&tenant("t"), NEWEST).await.unwrap();
    assert_eq!(versions.len(), 1);
    assert_eq!(*versions[0], CostModel::default());
    let batch = vec![
        cost_model("one", rates([("CLERK", 1)]), Some(0)),
        cost_model("one", rates([("CLERK", 1)]), Some(0)),
        cost_model("one", rates([("CLERK", 2)]), None),
        cost_model("two", rates([("CLERK", 2)]), Some(0)),
        cost_model("three", rates([("CLERK", 3)]), Some(1)),
        cost_model("four", rates([("CLERK", 3)]), None),
    ];
    let outcomes = put(store, batch.clone()).await;
    assert_eq!(outcomes[..2], [Outcome::Posted(1), Outcome::Duplicate(1)]);
    assert_eq!(
        refusal(&outcomes[2]),
        (Reason::RequestIdReused, "request_id")
    );
    assert_eq!(
        refusal(&outcomes[3]),
        (Reason::CostModelChanged, "expected_version")
    );
    assert_eq!(outcomes[4..], posted(2, 2));
    assert_eq!(
        put(store, batch[5..].to_vec()).await,
        [Outcome::Duplicate(3)]
    );
    let versions = store.cost_models(&tenant("t"), 2).await.unwrap();
    assert_eq!(
        versions
            .iter()
            .map(|model| model.version)
            .collect::<Vec<_>>(),
        [0, 1, 2]
    );
    assert_eq!(versions[2].rate(&role("CLERK")), Some(3_000_000));
    assert_eq!(versions[2].record_time, Some(NOW));
    assert_eq!(
        store.cost_models(&tenant("t"), NEWEST).await.unwrap().len(),
        4
    );
}

pub async fn months_are_closed_once_and_in_order(store: &dyn Store) {
    let closed = async |as_of| {
        let found = store.closings(&tenant("t"), as_of).await.unwrap();
        let told = found.iter().map(|closing| {
            assert_eq!(closing.record_time, NOW);
            format!(
                "{} {} {}",
                closing.position, closing.draft.month, closing.draft.note
            )
        });
        told.collect::<Vec<_>>()
    };
    assert!(closed(NEWEST).await.is_empty());
    let batch = vec![
        closing("one", 3, "by Bo"),
        closing("one", 3, "by Bo"),
        closing("one", 4, "by Bo"),
        closing("two", 3, "by Al"),
        closing("three", 5, ""),
        closing("three", 2, ""),
        closing("three", 4, ""),
    ];
    let outcomes = put(store, batch).await;
    assert_eq!(outcomes[..2], [Outcome::Posted(1), Outcome::Duplicate(1)]);
    assert_eq!(
        refusal(&outcomes[2]),
        (Reason::RequestIdReused, "request_id")
    );
    assert_eq!(outcomes[3], Outcome::Duplicate(1), "the first one stays");
    let out_of_order = (Reason::ClosingOutOfOrder, "month");
    assert_eq!(refusal(&outcomes[4]), out_of_order);
    assert_eq!(refusal(&outcomes[5]), out_of_order);
    assert_eq!(outcomes[6], Outcome::Posted(2));
    append(store, vec![sale("a", "c", 1, 10, 5)]).await;
    let mode = WriteMode::ValidateOnly;
    let batch = vec![closing("four", 5, ""), closing("five", 6, "")];
    let tried = store.put(&tenant("t"), batch, NOW, mode).await.unwrap();
    assert!(tried.iter().all(|one| matches!(one, Outcome::Posted(_))));
    assert_eq!(watermark(store).await, 3);
    let again = vec![closing("three", 4, ""), closing("six", 5, "")];
    assert_eq!(
        put(store, again).await,
        [Outcome::Duplicate(2), Outcome::Posted(4)]
    );
    let all = ["1 2024-03 by Bo", "2 2024-04 ", "4 2024-05 "];
    assert_eq!(closed(NEWEST).await, all);
    assert_eq!(closed(3).await, all[..2]);
    assert!(closed(0).await.is_empty());
    let other = store.closings(&tenant("u"), NEWEST).await.unwrap();
    assert!(other.is_empty());
}

pub async fn products_have_a_history(store: &dyn Store) {
    let batch = vec![
        product("tea", "drinks"),
        product("pie", "food"),
        product("tea", "drinks"),
        product("tea", "leaves"),
    ];
    let outcomes = put(store, batch).await;
    let expected = [
        Outcome::Posted(1),
        Outcome::Posted(2),
        Outcome::Duplicate(1),
        Outcome::Posted(3),
    ];
    assert_eq!(outcomes, expected);
    let taken_back = vec![product("pie", ""), product("tea", "leaves")];
    let outcomes = put(store, taken_back).await;
    assert_eq!(outcomes, [Outcome::Posted(4), Outcome::Duplicate(3)]);
    let kept = async |as_of| {
        let found = store.products(&tenant("t"), as_of).await.unwrap();
        let told = found.iter();
        told.map(|product| format!("{}: {}", product.product_id, product.category_id))
            .collect::<Vec<_>>()
    };
    assert_eq!(kept(NEWEST).await, ["pie: ", "tea: leaves"]);
    assert_eq!(kept(3).await, ["pie: food", "tea: leaves"]);
    assert_eq!(kept(2).await, ["pie: food", "tea: drinks"]);
    assert_eq!(kept(1).await, ["tea: drinks"]);
    assert!(kept(0).await.is_empty());
    let other = store.products(&tenant("u"), NEWEST).await.unwrap();
    assert!(other.is_empty());
}

pub async fn validate_only_keeps_no_record(store: &dyn Store) {
    put(
        store,
        vec![party("c", Stage::Customer, [("size", category("big"))])],
    )
    .await;
    let batch = vec![
        party("d", Stage::Customer, [("age", TraitValue::Number(1))]),
        party("d", Stage::Customer, [("age", TraitValue::Number(1))]),
        party("e", Stage::Customer, [("age", TraitValue::Flag(true))]),
        party("f", Stage::Customer, [("size", TraitValue::Flag(true))]),
        cost_model("one", rates([("CLERK", 1)]), Some(0)),
        cost_model("two", rates([("CLERK", 1)]), Some(0)),
    ];
    let outcomes = store
        .put(&tenant("t"), batch, NOW, WriteMode::ValidateOnly)
        .await
        .unwrap();
    assert!(matches!(outcomes[0], Outcome::Posted(_)));
    assert!(matches!(outcomes[1], Outcome::Duplicate(_)));
    assert_eq!(refusal(&outcomes[2]).0, Reason::TraitTypeMismatch);
    assert_eq!(refusal(&outcomes[3]).0, Reason::TraitTypeMismatch);
    assert!(matches!(outcomes[4], Outcome::Posted(_)));
    assert_eq!(refusal(&outcomes[5]).0, Reason::CostModelChanged);
    assert_eq!(watermark(store).await, 1);
    assert_eq!(
        store.cost_models(&tenant("t"), NEWEST).await.unwrap().len(),
        1
    );
    assert_eq!(
        store
            .trait_definitions(&tenant("t"), NEWEST)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        store
            .party(&tenant("t"), &[party_id("d")], NEWEST)
            .await
            .unwrap(),
        [None]
    );
}

pub async fn parties_are_listed_in_pages(store: &dyn Store) {
    let records = vec![
        party("b", Stage::Prospect, [("size", category("small"))]),
        party("a", Stage::Prospect, [("size", category("big"))]),
        party("d", Stage::Customer, [("size", category("big"))]),
        party("c", Stage::Prospect, [("size", category("big"))]),
        party("e", Stage::Prospect, [("size", category("big"))]),
    ];
    put(store, records).await;
    // c was won and taken back; e was won; b only complained by paying.
    let entries = vec![
        sale("1", "c", 1, 1, 0),
        sale("2", "e", 1, 1, 0),
        payment("3", "b", 1, 1),
        reversal("4", "1"),
    ];
    append(store, entries).await;
    let base = PartyQuestion {
        stage: None,
        traits: Vec::new(),
        without_sales: false,
        after: None,
        as_of: NEWEST,
        limit: 100,
    };
    let list = async |question: &PartyQuestion| {
        let answer = store.parties(&tenant("t"), question).await.unwrap();
        let ids = answer
            .parties
            .iter()
            .map(|party| party.party_id.to_string());
        (ids.collect::<Vec<_>>().join(""), answer.left_out)
    };
    let text = |text: &str, left_out| (text.to_owned(), left_out);
    assert_eq!(list(&base).await, text("abcde", 0));
    let prospects = PartyQuestion {
        stage: Some(Stage::Prospect),
        ..base.clone()
    };
    assert_eq!(list(&prospects).await, text("abce", 0));
    let open = PartyQuestion {
        without_sales: true,
        ..prospects.clone()
    };
    assert_eq!(list(&open).await, text("abc", 1));
    // As of position 7, where c's sale was not taken back yet.
    assert_eq!(
        list(&PartyQuestion {
            as_of: 8,
            ..open.clone()
        })
        .await,
        text("ab", 2)
    );
    assert_eq!(
        list(&PartyQuestion {
            as_of: 6,
            ..open.clone()
        })
        .await,
        text("abe", 1)
    );
    assert_eq!(
        list(&PartyQuestion {
            as_of: 1,
            ..open.clone()
        })
        .await,
        text("b", 0)
    );
    let big = TraitFilter {
        key: trait_key("size"),
        any_of: vec![category("big")],
    };
    let page = PartyQuestion {
        traits: vec![big],
        limit: 2,
        ..base
    };
    assert_eq!(list(&page).await, text("ac", 0));
    let next = PartyQuestion {
        after: Some(party_id("c")),
        ..page
    };
    assert_eq!(list(&next).await, text("de", 0));
}
