//! Hostile input: every piece is refused with the path of its field, and the server lives on.

use crate::harness::{
    World, activity, category, day, days, decimal, effort, party, refusal, rejection, sale, usd,
};
use profitscore::api::pb::{self, activity::Kind, google_type};
use prost_types::Timestamp;

fn edit(change: impl FnOnce(&mut pb::Activity)) -> pb::Activity {
    let mut activity = sale("a", "c", 1, "10", "5");
    change(&mut activity);
    activity
}

fn edit_sale(change: impl FnOnce(&mut pb::Sale)) -> pb::Activity {
    edit(|activity| {
        let Some(Kind::Sale(sale)) = &mut activity.kind else {
            panic!("a sale")
        };
        change(sale);
    })
}

fn of(kind: Kind) -> pb::Activity {
    activity("a", "c", 1, kind)
}

/// Activities that must be refused, with the reason and the field below `activities[0]`.
fn hostile_activities() -> Vec<(pb::Activity, &'static str, &'static str)> {
    let money = |currency: &str, units, nanos| google_type::Money {
        currency_code: currency.to_owned(),
        units,
        nanos,
    };
    let amount = |units, nanos| edit_sale(|sale| sale.revenue = Some(money("USD", units, nanos)));
    let direct_cost = |kind, amount| of(Kind::DirectCost(pb::DirectCost { kind, amount }));
    let minutes = |text: &str| effort("a", "c", 1, "r", text);
    vec![
        (
            edit(|a| a.activity_id.clear()),
            "FIELD_REQUIRED",
            "activity_id",
        ),
        (
            edit(|a| a.activity_id = "x".repeat(65)),
            "FIELD_TOO_LONG",
            "activity_id",
        ),
        (
            edit(|a| a.activity_id = "a\u{7}b".to_owned()),
            "FIELD_INVALID",
            "activity_id",
        ),
        (
            edit(|a| a.customer_id = " c".to_owned()),
            "FIELD_INVALID",
            "customer_id",
        ),
        (
            edit(|a| a.customer_id = "é".repeat(65)),
            "FIELD_TOO_LONG",
            "customer_id",
        ),
        (
            edit(|a| a.occur_time = None),
            "FIELD_REQUIRED",
            "occur_time",
        ),
        (edit(|a| a.kind = None), "FIELD_REQUIRED", "kind"),
        (
            edit(|a| {
                a.occur_time = Some(Timestamp {
                    seconds: i64::MAX,
                    nanos: 0,
                })
            }),
            "TIME_OUT_OF_RANGE",
            "occur_time",
        ),
        (
            edit(|a| {
                a.occur_time = Some(Timestamp {
                    seconds: 0,
                    nanos: -1,
                })
            }),
            "FIELD_INVALID",
            "occur_time",
        ),
        (
            edit(|a| {
                a.dimensions = Some(pb::Dimensions {
                    branch_id: "x\n".to_owned(),
                    ..Default::default()
                });
            }),
            "FIELD_INVALID",
            "dimensions.branch_id",
        ),
        (
            edit(|a| {
                a.dimensions = Some(pb::Dimensions {
                    evidence_ref: "x".repeat(513),
                    ..Default::default()
                });
            }),
            "FIELD_TOO_LONG",
            "dimensions.evidence_ref",
        ),
        (
            edit_sale(|s| s.revenue = None),
            "FIELD_REQUIRED",
            "sale.revenue",
        ),
        (amount(0, 1), "NUMBER_TOO_FINE", "sale.revenue.nanos"),
        (amount(1, -1_000), "FIELD_INVALID", "sale.revenue.nanos"),
        (
            amount(1, 1_000_000_000),
            "NUMBER_OUT_OF_RANGE",
            "sale.revenue.nanos",
        ),
        (
            amount(i64::MAX, 0),
            "NUMBER_OUT_OF_RANGE",
            "sale.revenue.units",
        ),
        (
            amount(i64::MIN, 0),
            "NUMBER_OUT_OF_RANGE",
            "sale.revenue.units",
        ),
        (amount(-1, 0), "NUMBER_OUT_OF_RANGE", "sale.revenue"),
        (
            edit_sale(|s| s.revenue = Some(money("", 1, 0))),
            "FIELD_REQUIRED",
            "sale.revenue.currency_code",
        ),
        (
            edit_sale(|s| s.revenue = Some(money("EUR", 1, 0))),
            "CURRENCY_MISMATCH",
            "sale.revenue.currency_code",
        ),
        (
            edit_sale(|s| s.revenue = Some(money("usd", 1, 0))),
            "FIELD_INVALID",
            "sale.revenue.currency_code",
        ),
        (
            edit_sale(|s| s.quantity = Some(decimal("NaN"))),
            "FIELD_INVALID",
            "sale.quantity",
        ),
        (
            edit_sale(|s| s.quantity = Some(decimal("-1"))),
            "NUMBER_OUT_OF_RANGE",
            "sale.quantity",
        ),
        (
            edit_sale(|s| s.quantity = Some(decimal("1e99"))),
            "NUMBER_OUT_OF_RANGE",
            "sale.quantity",
        ),
        (
            edit_sale(|s| s.price = Some(pb::sale::Price::ListAmount(usd("9.99")))),
            "NUMBER_OUT_OF_RANGE",
            "sale.list_amount",
        ),
        (
            edit_sale(|s| s.price = Some(pb::sale::Price::DiscountAmount(usd("9223372036854")))),
            "NUMBER_OUT_OF_RANGE",
            "sale.discount_amount",
        ),
        (
            direct_cost(0, Some(usd("1"))),
            "FIELD_REQUIRED",
            "direct_cost.kind",
        ),
        (
            direct_cost(99, Some(usd("1"))),
            "ENUM_VALUE_UNKNOWN",
            "direct_cost.kind",
        ),
        (
            direct_cost(-1, Some(usd("1"))),
            "ENUM_VALUE_UNKNOWN",
            "direct_cost.kind",
        ),
        (
            direct_cost(1, Some(usd("0"))),
            "NUMBER_OUT_OF_RANGE",
            "direct_cost.amount",
        ),
        (direct_cost(1, None), "FIELD_REQUIRED", "direct_cost.amount"),
        (minutes("0"), "NUMBER_OUT_OF_RANGE", "effort.minutes"),
        (minutes("0.0001"), "NUMBER_TOO_FINE", "effort.minutes"),
        (minutes("10000001"), "NUMBER_OUT_OF_RANGE", "effort.minutes"),
        (minutes("∞"), "FIELD_INVALID", "effort.minutes"),
        (
            minutes(&"9".repeat(100_000)),
            "FIELD_TOO_LONG",
            "effort.minutes",
        ),
        (
            of(Kind::Complaint(pb::Complaint {
                severity: 1,
                role_id: "r".to_owned(),
                ..Default::default()
            })),
            "FIELD_REQUIRED",
            "complaint.minutes",
        ),
        (
            of(Kind::Complaint(pb::Complaint {
                severity: 1,
                minutes: Some(decimal("1")),
                ..Default::default()
            })),
            "FIELD_REQUIRED",
            "complaint.role_id",
        ),
        (
            of(Kind::Invoice(pb::Invoice {
                invoice_id: "i".to_owned(),
                amount: Some(usd("1")),
                due_time: Some(day(0)),
            })),
            "FIELD_INVALID",
            "invoice.due_time",
        ),
        (
            of(Kind::Referral(pb::Referral {
                referred_party_id: "c".to_owned(),
            })),
            "FIELD_INVALID",
            "referral.referred_party_id",
        ),
    ]
}

#[tokio::test]
async fn hostile_activities_are_refused_by_field() {
    let world = World::start().await;
    for (activity, reason, field) in hostile_activities() {
        let request = pb::SubmitActivitiesRequest {
            activities: vec![activity],
            ..Default::default()
        };
        let answer = world
            .activities()
            .submit_activities(request)
            .await
            .unwrap()
            .into_inner();
        let rejection = rejection(&answer.results[0]);
        let name = rejection.reason().as_str_name();
        assert_eq!(
            (name, rejection.field.as_str()),
            (
                format!("ERROR_REASON_{reason}").as_str(),
                format!("activities[0].{field}").as_str()
            )
        );
        assert_eq!(rejection.metadata["field"], rejection.field);
    }
    assert_eq!(
        world.post(vec![sale("a", "c", 1, "1", "0")]).await,
        1,
        "the server lives on"
    );
}

#[tokio::test]
async fn hostile_batches_are_refused_whole() {
    let world = World::start().await;
    let submit = |count: usize| pb::SubmitActivitiesRequest {
        activities: (0..count)
            .map(|i| sale(&format!("a{i}"), "c", 1, "1", "0"))
            .collect(),
        ..Default::default()
    };
    for (count, reason) in [
        (0, "BATCH_EMPTY"),
        (1_001, "BATCH_TOO_LARGE"),
        (50_000, "BATCH_TOO_LARGE"),
    ] {
        let status = world
            .activities()
            .submit_activities(submit(count))
            .await
            .unwrap_err();
        assert_eq!(
            refusal(&status),
            (reason.to_owned(), "activities".to_owned())
        );
    }
    let status = world
        .customers()
        .upsert_parties(pb::UpsertPartiesRequest::default())
        .await;
    assert_eq!(
        refusal(&status.unwrap_err()),
        ("BATCH_EMPTY".to_owned(), "parties".to_owned())
    );
    assert_eq!(world.post(vec![sale("a", "c", 1, "1", "0")]).await, 1);
}

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
