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
    let direct_cost = |kind, amount| {
        of(Kind::DirectCost(pb::DirectCost {
            kind,
            amount,
            ..Default::default()
        }))
    };
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
                ..Default::default()
            })),
            "FIELD_INVALID",
            "referral.referred_party_id",
        ),
    ]
}

/// Every field of every kind and dimension that the list above has not, each with what it must not hold.
fn hostile_fields() -> Vec<(pb::Activity, &'static str, &'static str)> {
    let blank = || " ".to_owned();
    let one = || Some(usd("1"));
    let minute = || Some(decimal("1"));
    let refund = |amount, recovered_cost_of_goods| {
        of(Kind::Refund(pb::Refund {
            amount,
            recovered_cost_of_goods,
            paid_out: true,
        }))
    };
    let effort = |role_id: &str, purpose, channel| {
        of(Kind::Effort(pb::Effort {
            role_id: role_id.to_owned(),
            minutes: minute(),
            purpose,
            channel,
            ..Default::default()
        }))
    };
    let complaint = |severity, perceived_severity, compensation| {
        of(Kind::Complaint(pb::Complaint {
            severity,
            perceived_severity,
            compensation,
            ..Default::default()
        }))
    };
    let demand = |description: &str, cost, role_id: &str, minutes| {
        of(Kind::SpecialDemand(pb::SpecialDemand {
            description: description.to_owned(),
            cost,
            minutes,
            role_id: role_id.to_owned(),
        }))
    };
    let invoice = |invoice_id, amount, due_time| {
        of(Kind::Invoice(pb::Invoice {
            invoice_id,
            amount,
            due_time,
        }))
    };
    let payment = |amount, invoice_id| of(Kind::Payment(pb::Payment { amount, invoice_id }));
    let write_off = |amount, invoice_id| of(Kind::WriteOff(pb::WriteOff { amount, invoice_id }));
    let credit_note =
        |amount, invoice_id| of(Kind::CreditNote(pb::CreditNote { amount, invoice_id }));
    let dispute = |invoice_id| {
        let resolved = false;
        of(Kind::Dispute(pb::Dispute {
            invoice_id,
            resolved,
        }))
    };
    let referral = |referred_party_id| {
        of(Kind::Referral(pb::Referral {
            referred_party_id,
            ..Default::default()
        }))
    };
    let dimension = |change: fn(&mut pb::Dimensions)| {
        edit(|activity| change(activity.dimensions.insert(pb::Dimensions::default())))
    };
    let below = || Some(usd("-1"));
    let early = Some(Timestamp {
        seconds: i64::MIN,
        nanos: 0,
    });
    let (required, invalid) = ("FIELD_REQUIRED", "FIELD_INVALID");
    let (range, unknown) = ("NUMBER_OUT_OF_RANGE", "ENUM_VALUE_UNKNOWN");
    vec![
        (
            edit_sale(|s| s.cost_of_goods = Some(usd("-1"))),
            range,
            "sale.cost_of_goods",
        ),
        (refund(None, None), required, "refund.amount"),
        (
            refund(one(), below()),
            range,
            "refund.recovered_cost_of_goods",
        ),
        (effort("", 1, 0), required, "effort.role_id"),
        (effort("r", 0, 0), required, "effort.purpose"),
        (effort("r", 1, 77), unknown, "effort.channel"),
        (complaint(0, 0, None), required, "complaint.severity"),
        (
            complaint(1, 77, None),
            unknown,
            "complaint.perceived_severity",
        ),
        (complaint(1, 0, below()), range, "complaint.compensation"),
        (
            demand(" ", None, "", None),
            invalid,
            "special_demand.description",
        ),
        (demand("", below(), "", None), range, "special_demand.cost"),
        (
            demand("", None, "r", None),
            required,
            "special_demand.minutes",
        ),
        (
            demand("", None, "", minute()),
            required,
            "special_demand.role_id",
        ),
        (
            invoice(String::new(), one(), None),
            required,
            "invoice.invoice_id",
        ),
        (
            invoice("i".to_owned(), None, early),
            required,
            "invoice.amount",
        ),
        (
            invoice("i".to_owned(), one(), early),
            "TIME_OUT_OF_RANGE",
            "invoice.due_time",
        ),
        (payment(below(), String::new()), range, "payment.amount"),
        (payment(None, blank()), invalid, "payment.invoice_id"),
        (write_off(below(), String::new()), range, "write_off.amount"),
        (write_off(None, blank()), invalid, "write_off.invoice_id"),
        (
            credit_note(below(), String::new()),
            range,
            "credit_note.amount",
        ),
        (
            credit_note(None, blank()),
            invalid,
            "credit_note.invoice_id",
        ),
        (dispute(String::new()), required, "dispute.invoice_id"),
        (
            referral(String::new()),
            required,
            "referral.referred_party_id",
        ),
        (
            dimension(|d| d.product_id = " p".to_owned()),
            invalid,
            "dimensions.product_id",
        ),
        (
            dimension(|d| d.account_manager_id = "m ".to_owned()),
            invalid,
            "dimensions.account_manager_id",
        ),
        (
            dimension(|d| d.channel_id = "\t".to_owned()),
            invalid,
            "dimensions.channel_id",
        ),
        (
            dimension(|d| d.campaign_id = "\u{a0}c".to_owned()),
            invalid,
            "dimensions.campaign_id",
        ),
    ]
}

#[tokio::test]
async fn hostile_activities_are_refused_by_field() {
    let world = World::start().await;
    let all = hostile_activities().into_iter().chain(hostile_fields());
    for (activity, reason, field) in all {
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
