//! Names the field in which two entries of one id differ.

use super::{
    activity::{Activity, Dimensions, Kind, Price, Work},
    exchange_rate::for_each_amount,
    ledger::{Entry, Position, Reversal},
    problem::{Problem, Reason},
    referral::Advocacy,
    relationship::{self, Relationship},
};

/// What an entry is that comes under an id that is in the ledger already: `None` if it is the same.
pub fn conflict(stored: &Entry, submitted: &Entry, position: Position) -> Option<Problem> {
    let field = differing_field(stored, submitted)?;
    let id = submitted.id();
    let message =
        format!("{id} is in the ledger already, at position {position}, with another {field}");
    let variables = [
        ("activity_id", id.to_string()),
        ("position", position.to_string()),
    ];
    Some(Problem::new(
        Reason::ActivityConflict,
        field,
        message,
        variables,
    ))
}

/// The first field, in the order of the contract, in which they differ.
fn differing_field(stored: &Entry, submitted: &Entry) -> Option<&'static str> {
    match (stored, submitted) {
        (Entry::Activity(a), Entry::Activity(b)) => differing_activity_field(a, b),
        (Entry::Reversal(a), Entry::Reversal(b)) => differing_reversal_field(a, b),
        (Entry::Activity(_), Entry::Reversal(_)) => Some("reversal_id"),
        (Entry::Reversal(_), Entry::Activity(_)) => Some("activity_id"),
    }
}

fn differing_reversal_field(a: &Reversal, b: &Reversal) -> Option<&'static str> {
    first([
        (a.activity_id != b.activity_id, "activity_id"),
        (a.reason != b.reason, "reason"),
        (a.evidence_ref != b.evidence_ref, "evidence_ref"),
    ])
}

fn differing_activity_field(a: &Activity, b: &Activity) -> Option<&'static str> {
    first([
        (a.customer_id != b.customer_id, "customer_id"),
        (a.occur_time != b.occur_time, "occur_time"),
    ])
    .or_else(|| differing_dimension(&a.dimensions, &b.dimensions))
    .or_else(|| differing_content(a, b))
}

/// Content is compared as it was submitted, so that a rate that was corrected since makes no difference.
fn differing_content(a: &Activity, b: &Activity) -> Option<&'static str> {
    let currency = |activity: &Activity| activity.original.as_ref().map(|own| own.currency);
    match (currency(a), currency(b)) {
        (None, None) => differing_kind_field(&a.kind, &b.kind),
        (one, other) => {
            let (kind, mut submitted) = (a.submitted_kind(), b.submitted_kind());
            let field = differing_kind_field(&kind, &submitted);
            field.or_else(|| (one != other).then(|| currency_field(&mut submitted)))
        }
    }
}

/// Where the currency of what was submitted is told.
fn currency_field(kind: &mut Kind) -> &'static str {
    for_each_amount(kind, |field, _| Err(field))
        .err()
        .unwrap_or("kind")
}

fn differing_dimension(a: &Dimensions, b: &Dimensions) -> Option<&'static str> {
    first([
        (a.branch_id != b.branch_id, "dimensions.branch_id"),
        (a.product_id != b.product_id, "dimensions.product_id"),
        (
            a.account_manager_id != b.account_manager_id,
            "dimensions.account_manager_id",
        ),
        (a.channel_id != b.channel_id, "dimensions.channel_id"),
        (a.campaign_id != b.campaign_id, "dimensions.campaign_id"),
        (a.evidence_ref != b.evidence_ref, "dimensions.evidence_ref"),
    ])
}

fn first<const N: usize>(fields: [(bool, &'static str); N]) -> Option<&'static str> {
    fields
        .into_iter()
        .find_map(|(differs, field)| differs.then_some(field))
}

fn differing_kind_field(a: &Kind, b: &Kind) -> Option<&'static str> {
    match (a, b) {
        (
            Kind::Sale {
                revenue: r1,
                cost_of_goods: c1,
                quantity: q1,
                price: p1,
            },
            Kind::Sale {
                revenue: r2,
                cost_of_goods: c2,
                quantity: q2,
                price: p2,
            },
        ) => first([
            (r1 != r2, "sale.revenue"),
            (c1 != c2, "sale.cost_of_goods"),
            (q1 != q2, "sale.quantity"),
            (
                p1 != p2,
                if is_list(*p1) || is_list(*p2) {
                    "sale.list_amount"
                } else {
                    "sale.discount_amount"
                },
            ),
        ]),
        (
            Kind::Refund {
                amount: a1,
                recovered_cost_of_goods: c1,
                paid_out: p1,
            },
            Kind::Refund {
                amount: a2,
                recovered_cost_of_goods: c2,
                paid_out: p2,
            },
        ) => first([
            (a1 != a2, "refund.amount"),
            (c1 != c2, "refund.recovered_cost_of_goods"),
            (p1 != p2, "refund.paid_out"),
        ]),
        (
            Kind::DirectCost {
                kind: k1,
                amount: a1,
            },
            Kind::DirectCost {
                kind: k2,
                amount: a2,
            },
        ) => first([
            (k1 != k2, "direct_cost.kind"),
            (a1 != a2, "direct_cost.amount"),
        ]),
        (
            Kind::Effort {
                work: w1,
                purpose: p1,
                channel: c1,
            },
            Kind::Effort {
                work: w2,
                purpose: p2,
                channel: c2,
            },
        ) => first([
            (w1.role_id != w2.role_id, "effort.role_id"),
            (w1.milli_minutes != w2.milli_minutes, "effort.minutes"),
            (p1 != p2, "effort.purpose"),
            (c1 != c2, "effort.channel"),
        ]),
        (
            Kind::Complaint {
                severity: s1,
                perceived_severity: p1,
                compensation: c1,
                work: w1,
            },
            Kind::Complaint {
                severity: s2,
                perceived_severity: p2,
                compensation: c2,
                work: w2,
            },
        ) => first([
            (s1 != s2, "complaint.severity"),
            (p1 != p2, "complaint.perceived_severity"),
            (c1 != c2, "complaint.compensation"),
            (minutes(w1) != minutes(w2), "complaint.minutes"),
            (w1 != w2, "complaint.role_id"),
        ]),
        (
            Kind::SpecialDemand {
                description: d1,
                cost: c1,
                work: w1,
            },
            Kind::SpecialDemand {
                description: d2,
                cost: c2,
                work: w2,
            },
        ) => first([
            (d1 != d2, "special_demand.description"),
            (c1 != c2, "special_demand.cost"),
            (minutes(w1) != minutes(w2), "special_demand.minutes"),
            (w1 != w2, "special_demand.role_id"),
        ]),
        (
            Kind::Invoice {
                invoice_id: i1,
                amount: a1,
                due_time: d1,
            },
            Kind::Invoice {
                invoice_id: i2,
                amount: a2,
                due_time: d2,
            },
        ) => first([
            (i1 != i2, "invoice.invoice_id"),
            (a1 != a2, "invoice.amount"),
            (d1 != d2, "invoice.due_time"),
        ]),
        (
            Kind::Payment {
                amount: a1,
                invoice_id: i1,
            },
            Kind::Payment {
                amount: a2,
                invoice_id: i2,
            },
        ) => first([
            (a1 != a2, "payment.amount"),
            (i1 != i2, "payment.invoice_id"),
        ]),
        (
            Kind::WriteOff {
                amount: a1,
                invoice_id: i1,
            },
            Kind::WriteOff {
                amount: a2,
                invoice_id: i2,
            },
        ) => first([
            (a1 != a2, "write_off.amount"),
            (i1 != i2, "write_off.invoice_id"),
        ]),
        (
            Kind::Referral {
                referred_party_id: r1,
            },
            Kind::Referral {
                referred_party_id: r2,
            },
        ) => first([(r1 != r2, "referral.referred_party_id")]),
        (
            Kind::CreditNote {
                amount: a1,
                invoice_id: i1,
            },
            Kind::CreditNote {
                amount: a2,
                invoice_id: i2,
            },
        ) => first([
            (a1 != a2, "credit_note.amount"),
            (i1 != i2, "credit_note.invoice_id"),
        ]),
        (
            Kind::Dispute {
                invoice_id: i1,
                resolved: r1,
            },
            Kind::Dispute {
                invoice_id: i2,
                resolved: r2,
            },
        ) => first([
            (i1 != i2, "dispute.invoice_id"),
            (r1 != r2, "dispute.resolved"),
        ]),
        (Kind::Relationship(a), Kind::Relationship(b)) => {
            (a != b).then(|| relationship::differing_field(a, b))
        }
        (Kind::DirectCost { .. }, Kind::Relationship(Relationship::CausedCost { .. }))
        | (Kind::Relationship(Relationship::CausedCost { .. }), Kind::DirectCost { .. }) => {
            Some("direct_cost.sale_activity_id")
        }
        (Kind::Effort { .. }, Kind::Relationship(Relationship::QualifiedEffort { .. }))
        | (Kind::Relationship(Relationship::QualifiedEffort { .. }), Kind::Effort { .. }) => {
            Some("effort.urgency")
        }
        (Kind::Referral { .. }, Kind::Relationship(Relationship::Advocacy(_)))
        | (Kind::Relationship(Relationship::Advocacy(_)), Kind::Referral { .. }) => {
            differing_referral_field(a, b)
        }
        _ => Some("kind"),
    }
}

/// Of two of which one tells nothing but who was referred.
fn differing_referral_field(a: &Kind, b: &Kind) -> Option<&'static str> {
    let (a, b) = (advocacy(a)?.fields(), advocacy(b)?.fields());
    let mut both = a.iter().zip(&b);
    let found = both.find(|(a, b)| a != b);
    Some(found.map_or("kind", |(a, b)| if a.0 == b.0 { a.0 } else { "kind" }))
}

fn advocacy(kind: &Kind) -> Option<Advocacy> {
    if let Kind::Relationship(Relationship::Advocacy(one)) = kind {
        return Some(one.clone());
    }
    let Kind::Referral { referred_party_id } = kind else {
        return None;
    };
    Some(Advocacy::Referral {
        referred_party_id: referred_party_id.clone(),
        kind: None,
        product_family: String::new(),
    })
}

fn is_list(price: Option<Price>) -> bool {
    matches!(price, Some(Price::List(_)))
}

fn minutes(work: &Option<Work>) -> Option<i64> {
    work.as_ref().map(|work| work.milli_minutes)
}
