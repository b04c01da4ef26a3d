//! Hostile input: every piece is refused with the path of its field, and the server lives on.

use crate::harness::{World, activity, day, decimal, effort, refusal, rejection, sale, usd};
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
