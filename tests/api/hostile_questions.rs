//! Hostile parties, cost models and questions: each is refused with the path of its field.

use crate::harness::{World, category, days, decimal, party, reason, refusal, sale};
use profitscore::api::pb::{self, google_type};
use prost_types::Timestamp;

#[tokio::test]
async fn hostile_parties_are_refused_by_field() {
    let world = World::start().await;
    let customer = |traits| party("p", pb::PartyStage::Customer, traits);
    let number = |text: &str| pb::Trait {
        key: "N".to_owned(),
        value: Some(pb::TraitValue {
            value: Some(pb::trait_value::Value::Number(decimal(text))),
        }),
    };
    let twice = pb::CategorySet {
        categories: vec!["x".to_owned(), "x".to_owned()],
    };
    let set = pb::Trait {
        key: "S".to_owned(),
        value: Some(pb::TraitValue {
            value: Some(pb::trait_value::Value::Set(twice)),
        }),
    };
    let cases = [
        (
            party("", pb::PartyStage::Customer, Vec::new()),
            "FIELD_REQUIRED",
            "party_id",
        ),
        (
            party("p", pb::PartyStage::Unspecified, Vec::new()),
            "FIELD_REQUIRED",
            "stage",
        ),
        (
            customer(vec![category("a key", "x")]),
            "FIELD_INVALID",
            "traits[0].key",
        ),
        (
            customer(vec![category("K", "")]),
            "FIELD_REQUIRED",
            "traits[0].value.category",
        ),
        (
            customer(vec![category("K", "x"), category("K", "y")]),
            "FIELD_INVALID",
            "traits[1].key",
        ),
        (
            customer(vec![number("NaN")]),
            "FIELD_INVALID",
            "traits[0].value.number",
        ),
        (
            customer(vec![number("0.1234567")]),
            "NUMBER_TOO_FINE",
            "traits[0].value.number",
        ),
        (
            customer(vec![set]),
            "FIELD_INVALID",
            "traits[0].value.set.categories[1]",
        ),
        (
            customer(vec![pb::Trait {
                key: "K".to_owned(),
                value: None,
            }]),
            "FIELD_REQUIRED",
            "traits[0].value",
        ),
        (
            customer(vec![category("K", "x"); 101]),
            "LIST_TOO_LONG",
            "traits",
        ),
    ];
    for (party, reason, field) in cases {
        let request = pb::UpsertPartiesRequest {
            parties: vec![party],
            ..Default::default()
        };
        let answer = world
            .customers()
            .upsert_parties(request)
            .await
            .unwrap()
            .into_inner();
        let Some(pb::party_result::Outcome::Rejection(rejection)) = &answer.results[0].outcome
        else {
            panic!("{answer:?}");
        };
        assert_eq!(
            rejection.reason().as_str_name(),
            format!("ERROR_REASON_{reason}")
        );
        assert_eq!(rejection.field, format!("parties[0].{field}"));
    }
}

#[tokio::test]
async fn hostile_questions_are_refused_by_field() {
    let world = World::start().await;
    world
        .post(
            (0..3)
                .map(|i| sale(&format!("a{i}"), &format!("c{i}"), 1, "1", "0"))
                .collect(),
        )
        .await;
    let token = world
        .rankings()
        .rank_customers(pb::RankCustomersRequest {
            page_size: 1,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner()
        .next_page_token;
    let interval = |from, to| google_type::Interval {
        start_time: from,
        end_time: to,
    };
    let off_edge = Timestamp {
        seconds: 1,
        nanos: 0,
    };
    let branches = |branch_ids: Vec<String>| pb::CustomerFilter {
        traits: Vec::new(),
        branch_ids,
    };
    let position = |position| pb::ReadOptions {
        as_of: Some(pb::LedgerPosition { position }),
        at_least_as_fresh: None,
        as_closed: None,
    };
    let ask = pb::RankCustomersRequest::default;
    let cases = vec![
        (
            pb::RankCustomersRequest {
                page_size: -1,
                ..ask()
            },
            "NUMBER_OUT_OF_RANGE",
            "page_size",
        ),
        (
            pb::RankCustomersRequest {
                page_token: "foreign".to_owned(),
                ..ask()
            },
            "PAGE_TOKEN_INVALID",
            "page_token",
        ),
        (
            pb::RankCustomersRequest {
                page_token: token.clone(),
                basis: 2,
                ..ask()
            },
            "PAGE_TOKEN_MISMATCH",
            "page_token",
        ),
        (
            pb::RankCustomersRequest {
                period: Some(days(5, 4)),
                ..ask()
            },
            "PERIOD_INVERTED",
            "period",
        ),
        (
            pb::RankCustomersRequest {
                period: Some(days(5, 5)),
                ..ask()
            },
            "PERIOD_INVERTED",
            "period",
        ),
        (
            pb::RankCustomersRequest {
                period: Some(interval(Some(off_edge), None)),
                ..ask()
            },
            "PERIOD_NOT_ALIGNED",
            "period.start_time",
        ),
        (
            pb::RankCustomersRequest {
                period: Some(interval(
                    None,
                    Some(Timestamp {
                        seconds: i64::MIN,
                        nanos: 0,
                    }),
                )),
                ..ask()
            },
            "TIME_OUT_OF_RANGE",
            "period.end_time",
        ),
        (
            pb::RankCustomersRequest { basis: 77, ..ask() },
            "ENUM_VALUE_UNKNOWN",
            "basis",
        ),
        (
            pb::RankCustomersRequest {
                direction: -2,
                ..ask()
            },
            "ENUM_VALUE_UNKNOWN",
            "direction",
        ),
        (
            pb::RankCustomersRequest {
                cost_model_version: Some(-1),
                ..ask()
            },
            "NUMBER_OUT_OF_RANGE",
            "cost_model_version",
        ),
        (
            pb::RankCustomersRequest {
                filter: Some(branches(vec![String::new()])),
                ..ask()
            },
            "FIELD_REQUIRED",
            "filter.branch_ids[0]",
        ),
        (
            pb::RankCustomersRequest {
                filter: Some(branches(vec!["b".to_owned(); 101])),
                ..ask()
            },
            "LIST_TOO_LONG",
            "filter.branch_ids",
        ),
        (
            pb::RankCustomersRequest {
                read_options: Some(position(-1)),
                ..ask()
            },
            "NUMBER_OUT_OF_RANGE",
            "read_options.as_of.position",
        ),
        (
            pb::RankCustomersRequest {
                tenant_id: "\u{0}".to_owned(),
                ..ask()
            },
            "FIELD_INVALID",
            "tenant_id",
        ),
    ];
    for (request, reason, field) in cases {
        let status = world.rankings().rank_customers(request).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        assert_eq!(refusal(&status), (reason.to_owned(), field.to_owned()));
    }
    // A token of one list is refused by another list, and a page of it may have another size.
    let other = pb::ListPartiesRequest {
        page_token: token.clone(),
        ..Default::default()
    };
    let status = world.customers().list_parties(other).await.unwrap_err();
    assert_eq!(refusal(&status).0, "PAGE_TOKEN_MISMATCH");
    let next = pb::RankCustomersRequest {
        page_token: token,
        page_size: 9,
        ..ask()
    };
    let next = world
        .rankings()
        .rank_customers(next)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(next.customers.len(), 2);
    let bands = pb::CompareBandsRequest {
        band_size: 334,
        ..Default::default()
    };
    let status = world.rankings().compare_bands(bands).await.unwrap_err();
    assert_eq!(
        refusal(&status),
        ("NUMBER_OUT_OF_RANGE".to_owned(), "band_size".to_owned())
    );
    let points = pb::GetConcentrationRequest {
        point_count: -5,
        ..Default::default()
    };
    let status = world
        .rankings()
        .get_concentration(points)
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&status),
        ("NUMBER_OUT_OF_RANGE".to_owned(), "point_count".to_owned())
    );
}

/// A token that this service made, with another place in it and a checksum that holds.
fn forged(token: &str, place: u64) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    bytes.truncate(bytes.len() - 12);
    bytes.extend(place.to_be_bytes());
    bytes.extend(crc32c::crc32c(&bytes).to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn no_place_in_a_page_token_is_too_far() {
    let world = World::start().await;
    let sales = ["a", "b"].map(|id| sale(id, "c", 1, "1", "0"));
    world.post(sales.to_vec()).await;
    let list = async |page_token: String| {
        let request = pb::ListActivitiesRequest {
            page_size: 1,
            page_token,
            ..Default::default()
        };
        world.activities().list_activities(request).await
    };
    let token = list(String::new()).await.unwrap().into_inner();
    let token = token.next_page_token;
    assert_eq!(token, forged(&token, 1), "the token is laid out as forged");
    let refused = list(forged(&token, u64::MAX)).await.unwrap_err();
    assert_eq!(reason(&refused).0, "PAGE_TOKEN_INVALID");
    let beyond = list(forged(&token, i64::MAX.unsigned_abs())).await.unwrap();
    assert!(beyond.into_inner().entries.is_empty());
}
