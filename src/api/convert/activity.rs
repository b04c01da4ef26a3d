//! Activities and reversals, as they are submitted.

use super::common::{
    BATCH_LIMIT, Path, enum_from_pb, instant_from_pb, optional_amount, positive_amount,
    required_amount, required_enum,
};
use super::ledger::{channel_to_pb, direct_cost_to_pb, purpose_to_pb, severity_to_pb};
use super::referral::{ask_from_wire, referral_from_wire, referred};
use super::relationship::{
    acquisition_from_wire, appreciation_from_wire, bonus_from_wire, complexity_to_pb,
    externality_from_wire, feedback_from_wire, qualitative_factor_from_wire,
    retention_spend_from_wire, sale_from_wire_id, urgency_to_pb,
};
use crate::{
    api::{
        pb,
        wire::activity::{
            Activities, ActivityView, ComplaintView, CreditNoteView, DecimalView, DimensionsView,
            DirectCostView, DisputeView, EffortView, InvoiceView, KindView, PriceView, RefundView,
            SaleView, SpecialDemandView,
        },
    },
    domain::{
        activity::{
            Activity, ContactChannel, Dimensions, DirectCostKind, EffortPurpose, Kind, Price,
            Severity, Work,
        },
        decimal::{self, MICRO_PLACES, MILLI_PLACES},
        id::{ActivityId, PartyId, RoleId, check_optional_text, check_text},
        iso_4217::known_currency,
        ledger::{Entry, Reversal},
        money::Currency,
        problem::{Problem, Reason},
        relationship::{Complexity, Relationship, Urgency},
    },
    service::{
        activities::Items,
        exchange_rates::{ForeignActivity, Submission},
    },
};
use prost::DecodeError;

/// The most bytes of a dimension.
pub(super) const DIMENSION_LIMIT: usize = 128;
/// The most bytes of a reference, a description or a reason.
pub(super) const TEXT_LIMIT: usize = 512;
/// The most minutes of one activity, in thousandths.
const MINUTES_LIMIT: i64 = 10_000_000_000;

/// The activities of a batch, each converted or refused on its own. Fails if one of them is no message at all.
pub fn entries_from_wire(
    activities: &Activities<'_>,
    currency: Currency,
) -> Result<Submission, DecodeError> {
    let mut submission = Submission {
        items: Items::with_room_for(activities.count.min(BATCH_LIMIT)),
        foreign: Vec::new(),
    };
    for (index, activity) in activities.read().enumerate() {
        let path = Path::Item("activities", index);
        let activity = activity?;
        match activity_from_wire(&activity, currency, &path) {
            Err(problem) if problem.reason == Reason::CurrencyMismatch => {
                match foreign_from_wire(&activity, problem, &path) {
                    Ok(foreign) => submission.foreign.push((index, foreign)),
                    Err(problem) => submission.items.push(Err(problem)),
                }
            }
            item => submission.items.push(item.map(Entry::Activity)),
        }
    }
    Ok(submission)
}

/// An activity that is not in the currency of the books, as `mismatch` says of its first amount that is not: all of its
/// amounts must be in the same currency.
#[cold]
fn foreign_from_wire(
    activity: &ActivityView<'_>,
    mismatch: Problem,
    path: &Path<'_>,
) -> Result<ForeignActivity, Problem> {
    let Some(code) = mismatch.metadata.get("currency") else {
        return Err(mismatch);
    };
    let currency = known_currency(code, mismatch.field.as_str())?;
    match activity_from_wire(activity, currency, path) {
        Ok(activity) => Ok(ForeignActivity { activity, currency }),
        // Some are in that of the books: the first that is not is refused.
        Err(problem) if problem.reason == Reason::CurrencyMismatch => Err(mismatch),
        Err(problem) => Err(problem),
    }
}

fn activity_from_wire(
    activity: &ActivityView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Activity, Problem> {
    let at = |name| path.at(name);
    let time = activity.occur_time.as_ref();
    let time = time.ok_or_else(|| Problem::field_required(at("occur_time")))?;
    let kind = activity.kind.as_ref();
    let kind = kind.ok_or_else(|| Problem::field_required(at("kind")))?;
    let activity_id = ActivityId::parse(activity.activity_id, at("activity_id"))?;
    let customer_id = PartyId::parse(activity.customer_id, at("customer_id"))?;
    let kind = kind_from_wire(kind, currency, path)?;
    let activity = Activity {
        activity_id,
        customer_id,
        occur_time: instant_from_pb(time, at("occur_time"))?,
        dimensions: match &activity.dimensions {
            Some(dimensions) => dimensions_from_wire(dimensions, &at("dimensions"))?,
            None => Dimensions::default(),
        },
        kind,
        original: None,
    };
    check_across_fields(&activity, path)?;
    Ok(activity)
}

/// What no field shows alone.
fn check_across_fields(activity: &Activity, path: &Path<'_>) -> Result<(), Problem> {
    if let Kind::Invoice {
        due_time: Some(due_time),
        ..
    } = &activity.kind
        && *due_time < activity.occur_time
    {
        let path = path.at("invoice");
        let field = path.at("due_time");
        return Err(Problem::field_invalid(field, "is before occur_time"));
    }
    if referred(&activity.kind) == Some(&activity.customer_id) {
        let path = path.at("referral");
        let field = path.at("referred_party_id");
        return Err(Problem::field_invalid(field, "is the customer itself"));
    }
    Ok(())
}

fn dimensions_from_wire(
    dimensions: &DimensionsView<'_>,
    path: &Path<'_>,
) -> Result<Dimensions, Problem> {
    let fields = [
        (dimensions.branch_id, "branch_id", DIMENSION_LIMIT),
        (dimensions.product_id, "product_id", DIMENSION_LIMIT),
        (
            dimensions.account_manager_id,
            "account_manager_id",
            DIMENSION_LIMIT,
        ),
        (dimensions.channel_id, "channel_id", DIMENSION_LIMIT),
        (dimensions.campaign_id, "campaign_id", DIMENSION_LIMIT),
        (dimensions.evidence_ref, "evidence_ref", TEXT_LIMIT),
    ];
    for (text, name, limit) in fields {
        check_optional_text(text, limit, path.at(name))?;
    }
    Ok(Dimensions {
        branch_id: dimensions.branch_id.to_owned(),
        product_id: dimensions.product_id.to_owned(),
        account_manager_id: dimensions.account_manager_id.to_owned(),
        channel_id: dimensions.channel_id.to_owned(),
        campaign_id: dimensions.campaign_id.to_owned(),
        evidence_ref: dimensions.evidence_ref.to_owned(),
    })
}

fn kind_from_wire(
    kind: &KindView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    match kind {
        KindView::Sale(sale) => sale_from_wire(sale, currency, &at("sale")),
        KindView::Refund(refund) => refund_from_wire(refund, currency, &at("refund")),
        KindView::DirectCost(cost) => direct_cost_from_wire(cost, currency, &at("direct_cost")),
        KindView::Effort(effort) => effort_from_wire(effort, &at("effort")),
        KindView::Complaint(complaint) => {
            complaint_from_wire(complaint, currency, &at("complaint"))
        }
        KindView::SpecialDemand(demand) => {
            special_demand_from_wire(demand, currency, &at("special_demand"))
        }
        KindView::Invoice(invoice) => invoice_from_wire(invoice, currency, &at("invoice")),
        KindView::Payment(payment) => {
            let path = at("payment");
            let (invoice_id, field) = (payment.invoice_id, path.at("invoice_id"));
            check_optional_text(invoice_id, DIMENSION_LIMIT, field)?;
            let amount = payment.amount.as_ref();
            Ok(Kind::Payment {
                amount: positive_amount(amount, currency, path.at("amount"))?,
                invoice_id: invoice_id.to_owned(),
            })
        }
        KindView::WriteOff(write_off) => {
            let path = at("write_off");
            let (invoice_id, field) = (write_off.invoice_id, path.at("invoice_id"));
            check_optional_text(invoice_id, DIMENSION_LIMIT, field)?;
            let amount = write_off.amount.as_ref();
            Ok(Kind::WriteOff {
                amount: positive_amount(amount, currency, path.at("amount"))?,
                invoice_id: invoice_id.to_owned(),
            })
        }
        KindView::Referral(referral) => referral_from_wire(referral, &at("referral")),
        KindView::ReferralAsk(ask) => ask_from_wire(ask, &at("referral_ask")),
        KindView::CreditNote(note) => credit_note_from_wire(note, currency, &at("credit_note")),
        KindView::Dispute(dispute) => dispute_from_wire(dispute, &at("dispute")),
        KindView::Bonus(bonus) => bonus_from_wire(bonus, currency, &at("bonus")),
        KindView::Appreciation(one) => appreciation_from_wire(one, currency, &at("appreciation")),
        KindView::Acquisition(one) => acquisition_from_wire(one, currency, &at("acquisition")),
        KindView::RetentionSpend(one) => {
            retention_spend_from_wire(one, currency, &at("retention_spend"))
        }
        KindView::Feedback(feedback) => feedback_from_wire(feedback, &at("feedback")),
        KindView::Externality(one) => externality_from_wire(one, currency, &at("externality")),
        KindView::QualitativeFactor(one) => {
            qualitative_factor_from_wire(one, &at("qualitative_factor"))
        }
    }
}

fn credit_note_from_wire(
    note: &CreditNoteView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    check_optional_text(note.invoice_id, DIMENSION_LIMIT, path.at("invoice_id"))?;
    Ok(Kind::CreditNote {
        amount: positive_amount(note.amount.as_ref(), currency, path.at("amount"))?,
        invoice_id: note.invoice_id.to_owned(),
    })
}

fn dispute_from_wire(dispute: &DisputeView<'_>, path: &Path<'_>) -> Result<Kind, Problem> {
    check_text(dispute.invoice_id, DIMENSION_LIMIT, path.at("invoice_id"))?;
    Ok(Kind::Dispute {
        invoice_id: dispute.invoice_id.to_owned(),
        resolved: dispute.resolved,
    })
}

fn refund_from_wire(
    refund: &RefundView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    let recovered = refund.recovered_cost_of_goods.as_ref();
    let field = at("recovered_cost_of_goods");
    Ok(Kind::Refund {
        amount: positive_amount(refund.amount.as_ref(), currency, at("amount"))?,
        recovered_cost_of_goods: optional_amount(recovered, currency, field)?,
        paid_out: refund.paid_out,
    })
}

fn direct_cost_from_wire(
    cost: &DirectCostView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    let kinds = DirectCostKind::ALL;
    let kind = required_enum(cost.kind, kinds, direct_cost_to_pb, at("kind"))?;
    let amount = positive_amount(cost.amount.as_ref(), currency, at("amount"))?;
    let sale = sale_from_wire_id(cost.sale_activity_id, at("sale_activity_id"))?;
    Ok(match sale {
        None => Kind::DirectCost { kind, amount },
        Some(sale_activity_id) => Kind::Relationship(Relationship::CausedCost {
            kind,
            amount,
            sale_activity_id,
        }),
    })
}

fn special_demand_from_wire(
    demand: &SpecialDemandView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    check_optional_text(demand.description, TEXT_LIMIT, at("description"))?;
    Ok(Kind::SpecialDemand {
        cost: optional_amount(demand.cost.as_ref(), currency, at("cost"))?,
        work: work_from_wire(demand.role_id, demand.minutes.as_ref(), path)?,
        description: demand.description.to_owned(),
    })
}

fn invoice_from_wire(
    invoice: &InvoiceView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    check_text(invoice.invoice_id, DIMENSION_LIMIT, at("invoice_id"))?;
    let amount = positive_amount(invoice.amount.as_ref(), currency, at("amount"))?;
    let due_time = invoice.due_time.as_ref();
    let due_time = due_time.map(|time| instant_from_pb(time, at("due_time")));
    Ok(Kind::Invoice {
        amount,
        due_time: due_time.transpose()?,
        invoice_id: invoice.invoice_id.to_owned(),
    })
}

fn sale_from_wire(
    sale: &SaleView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    let revenue = required_amount(sale.revenue.as_ref(), currency, at("revenue"))?;
    let quantity = match &sale.quantity {
        None => None,
        Some(number) => {
            let field = at("quantity");
            let quantity = decimal::parse_fixed(number.value, MICRO_PLACES, field)?;
            Some(decimal::check_range(
                quantity,
                0,
                i64::MAX,
                MICRO_PLACES,
                field,
            )?)
        }
    };
    let price = match &sale.price {
        None => None,
        Some(PriceView::ListAmount(list)) => {
            let list = required_amount(Some(list), currency, at("list_amount"))?;
            let field = at("list_amount");
            Some(Price::List(decimal::check_range(
                list,
                revenue,
                i64::MAX,
                MICRO_PLACES,
                field,
            )?))
        }
        Some(PriceView::DiscountAmount(discount)) => {
            let discount = required_amount(Some(discount), currency, at("discount_amount"))?;
            // Revenue and discount together are the list amount, which has to be an amount too.
            let limit = i64::MAX - revenue;
            let field = at("discount_amount");
            Some(Price::Discount(decimal::check_range(
                discount,
                0,
                limit,
                MICRO_PLACES,
                field,
            )?))
        }
    };
    let cost_of_goods =
        optional_amount(sale.cost_of_goods.as_ref(), currency, at("cost_of_goods"))?;
    Ok(Kind::Sale {
        revenue,
        cost_of_goods,
        quantity,
        price,
    })
}

fn effort_from_wire(effort: &EffortView<'_>, path: &Path<'_>) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    let work = work_from_wire(effort.role_id, effort.minutes.as_ref(), path)?
        .ok_or_else(|| Problem::field_required(at("role_id")))?;
    let purposes = EffortPurpose::ALL;
    let purpose = required_enum(effort.purpose, purposes, purpose_to_pb, at("purpose"))?;
    let channels = ContactChannel::ALL;
    let channel = enum_from_pb(effort.channel, channels, channel_to_pb, at("channel"))?;
    let urgency = enum_from_pb(effort.urgency, Urgency::ALL, urgency_to_pb, at("urgency"))?;
    let (complexities, field) = (Complexity::ALL, at("complexity"));
    let complexity = enum_from_pb(effort.complexity, complexities, complexity_to_pb, field)?;
    if urgency.is_none() && complexity.is_none() {
        return Ok(Kind::Effort {
            work,
            purpose,
            channel,
        });
    }
    Ok(Kind::Relationship(Relationship::QualifiedEffort {
        work,
        purpose,
        channel,
        urgency,
        complexity,
    }))
}

fn complaint_from_wire(
    complaint: &ComplaintView<'_>,
    currency: Currency,
    path: &Path<'_>,
) -> Result<Kind, Problem> {
    let at = |name| path.at(name);
    let severities = Severity::ALL;
    let perceived = complaint.perceived_severity;
    Ok(Kind::Complaint {
        severity: required_enum(
            complaint.severity,
            severities,
            severity_to_pb,
            at("severity"),
        )?,
        perceived_severity: enum_from_pb(
            perceived,
            severities,
            severity_to_pb,
            at("perceived_severity"),
        )?,
        compensation: optional_amount(
            complaint.compensation.as_ref(),
            currency,
            at("compensation"),
        )?,
        work: work_from_wire(complaint.role_id, complaint.minutes.as_ref(), path)?,
    })
}

/// Working time: a role and minutes, or neither.
fn work_from_wire(
    role_id: &str,
    minutes: Option<&DecimalView<'_>>,
    path: &Path<'_>,
) -> Result<Option<Work>, Problem> {
    let (role, field) = (path.at("role_id"), path.at("minutes"));
    match minutes {
        None if role_id.is_empty() => Ok(None),
        None => Err(Problem::field_required(field)),
        Some(minutes) => {
            let role_id = RoleId::parse(role_id, role)?;
            let minutes = decimal::parse_fixed(minutes.value, MILLI_PLACES, field)?;
            let milli_minutes =
                decimal::check_range(minutes, 1, MINUTES_LIMIT, MILLI_PLACES, field)?;
            Ok(Some(Work {
                role_id,
                milli_minutes,
            }))
        }
    }
}

/// The reversals of a batch, each converted or refused on its own.
pub fn reversals_from_pb(reversals: Vec<pb::Reversal>) -> Items<Entry> {
    let each = reversals.into_iter().enumerate();
    each.map(|(index, reversal)| {
        let path = Path::Item("reversals", index);
        let at = |name| path.at(name);
        check_text(&reversal.reason, TEXT_LIMIT, at("reason"))?;
        check_optional_text(&reversal.evidence_ref, TEXT_LIMIT, at("evidence_ref"))?;
        Ok(Entry::Reversal(Reversal {
            reversal_id: ActivityId::parse(&reversal.reversal_id, at("reversal_id"))?,
            activity_id: ActivityId::parse(&reversal.activity_id, at("activity_id"))?,
            reason: reversal.reason,
            evidence_ref: reversal.evidence_ref,
        }))
    })
    .collect()
}
