//! `CustomerService`.

use crate::harness::{World, category, decimal, party, reason, refusal, sale};
use profitscore::api::pb::{self, party_result::Outcome};

async fn upsert(world: &World, parties: Vec<pb::Party>) -> Vec<Outcome> {
    let request = pb::UpsertPartiesRequest {
        parties,
        ..Default::default()
    };
    let answer = world
        .customers()
        .upsert_parties(request)
        .await
        .unwrap()
        .into_inner();
    answer
        .results
        .into_iter()
        .map(|result| result.outcome.unwrap())
        .collect()
}

fn value(value: pb::trait_value::Value) -> pb::TraitValue {
    pb::TraitValue { value: Some(value) }
}

fn rich(id: &str) -> pb::Party {
    use pb::trait_value::Value;
    let set = pb::CategorySet {
        categories: vec!["p1".to_owned(), "p2".to_owned()],
    };
    let traits = [
        ("AREA", Value::Category("north".to_owned())),
        ("EMPLOYEES", Value::Number(decimal("12.5"))),
        ("PRODUCTS", Value::Set(set)),
        ("PUBLIC", Value::Flag(true)),
    ];
    let traits = traits.map(|(key, v)| pb::Trait {
        key: key.to_owned(),
        value: Some(value(v)),
    });
    party(id, pb::PartyStage::Prospect, traits.to_vec())
}

#[tokio::test]
async fn a_party_comes_back_as_it_was_stored_and_has_a_history() {
    let world = World::start().await;
    assert!(matches!(
        upsert(&world, vec![rich("p")]).await[0],
        Outcome::Stored(_)
    ));
    assert!(matches!(
        upsert(&world, vec![rich("p")]).await[0],
        Outcome::Unchanged(_)
    ));
    let mut changed = rich("p");
    changed.traits.truncate(1);
    assert!(matches!(
        upsert(&world, vec![changed.clone()]).await[0],
        Outcome::Stored(_)
    ));

    let get = |as_of: Option<i64>| pb::GetPartyRequest {
        party_id: "p".to_owned(),
        read_options: as_of.map(|position| pb::ReadOptions {
            as_of: Some(pb::LedgerPosition { position }),
            at_least_as_fresh: None,
            as_closed: None,
        }),
        ..Default::default()
    };
    let newest = world
        .customers()
        .get_party(get(None))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(newest.party.unwrap(), changed);
    let first = world
        .customers()
        .get_party(get(Some(1)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.party.unwrap(), rich("p"));
    let none = world.customers().get_party(get(Some(0))).await.unwrap_err();
    assert_eq!(reason(&none).0, "PARTY_NOT_FOUND");
}

#[tokio::test]
async fn lists_are_filtered_by_stage_and_traits_and_paged() {
    let world = World::start().await;
    let area = |i: usize| {
        if i.is_multiple_of(2) {
            "north"
        } else {
            "south"
        }
    };
    let parties = (0..40).map(|i| {
        let stage = if i < 30 {
            pb::PartyStage::Prospect
        } else {
            pb::PartyStage::Customer
        };
        party(&format!("p{i:02}"), stage, vec![category("AREA", area(i))])
    });
    upsert(&world, parties.collect()).await;
    for page_size in [1, 7, 15, 100] {
        let mut request = pb::ListPartiesRequest {
            stage: pb::PartyStage::Prospect as i32,
            traits: vec![pb::TraitFilter {
                key: "AREA".to_owned(),
                any_of: vec![category("AREA", "north").value.unwrap()],
            }],
            page_size,
            ..Default::default()
        };
        let mut found = Vec::new();
        loop {
            let page = world
                .customers()
                .list_parties(request.clone())
                .await
                .unwrap()
                .into_inner();
            found.extend(page.parties.into_iter().map(|party| party.party_id));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        let expected: Vec<_> = (0..30).step_by(2).map(|i| format!("p{i:02}")).collect();
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn a_trait_keeps_its_type_and_its_definition() {
    let world = World::start().await;
    upsert(&world, vec![rich("p")]).await;
    let mut wrong = party(
        "q",
        pb::PartyStage::Customer,
        vec![category("EMPLOYEES", "many")],
    );
    let outcome = upsert(&world, vec![wrong.clone()]).await.remove(0);
    let Outcome::Rejection(rejection) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(rejection.reason(), pb::ErrorReason::TraitTypeMismatch);
    assert_eq!(rejection.metadata["expected"], "NUMBER");
    wrong.traits.clear();
    assert!(matches!(
        upsert(&world, vec![wrong]).await[0],
        Outcome::Stored(_)
    ));

    let definition = |r#type: pb::TraitType| pb::TraitDefinition {
        key: "EMPLOYEES".to_owned(),
        r#type: r#type as i32,
        bin_edges: Vec::new(),
        sensitivity: pb::TraitSensitivity::Excluded as i32,
        known_after_conversion: true,
    };
    let put = |definition| pb::PutTraitDefinitionRequest {
        trait_definition: Some(definition),
        ..Default::default()
    };
    let refused = world
        .customers()
        .put_trait_definition(put(definition(pb::TraitType::Flag)))
        .await;
    assert_eq!(
        refusal(&refused.unwrap_err()),
        (
            "TRAIT_TYPE_MISMATCH".to_owned(),
            "trait_definition.type".to_owned()
        )
    );
    let wanted = definition(pb::TraitType::Number);
    world
        .customers()
        .put_trait_definition(put(wanted.clone()))
        .await
        .unwrap();
    let mut request = pb::ListTraitDefinitionsRequest {
        page_size: 3,
        ..Default::default()
    };
    let first = world
        .customers()
        .list_trait_definitions(request.clone())
        .await
        .unwrap();
    let first = first.into_inner();
    assert_eq!(first.trait_definitions.len(), 3);
    assert_eq!(first.trait_definitions[1], wanted);
    request.page_token = first.next_page_token;
    let rest = world
        .customers()
        .list_trait_definitions(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(rest.trait_definitions[0].key, "PUBLIC");
    assert_eq!(rest.next_page_token, "");
}

#[tokio::test]
async fn validate_only_stores_nothing() {
    let world = World::start().await;
    let request = pb::UpsertPartiesRequest {
        parties: vec![rich("p")],
        validate_only: true,
        ..Default::default()
    };
    let answer = world
        .customers()
        .upsert_parties(request)
        .await
        .unwrap()
        .into_inner();
    assert!(matches!(
        answer.results[0].outcome,
        Some(Outcome::Stored(_))
    ));
    assert_eq!(answer.written_at, None);
    assert_eq!(world.post(vec![sale("a", "c", 1, "1", "0")]).await, 1);
}
