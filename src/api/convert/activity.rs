//! Activities and reversals.

use super::common::{
    enum_from_pb, instant_from_pb, instant_to_pb, item, minutes_to_pb, money_to_pb,
    optional_amount, position_to_pb, positive_amount, required_amount, required_enum,
};
use crate::{
    api::pb::{self, activity::Kind as KindPb, google_type, sale::Price as PricePb},
    domain::{
        activity::{
            Activity, ContactChannel, Dimensions, DirectCostKind, EffortPurpose, Kind, Price,
            Severity, Work,
        },
        decimal::{self, MICRO_PLACES, MILLI_PLACES},
        id::{ActivityId, PartyId, RoleId, check_optional_text, check_text},
        ledger::{Entry, LedgerEntry, Reversal},
        money::{Currency, Micros, to_nanos},
        problem::Problem,
    },
};

/// The most bytes of a dimension.
const DIMENSION_LIMIT: usize = 128;
/// The most bytes of a reference, a description or a reason.
const TEXT_LIMIT: usize = 512;
/// The most minutes of one activity, in thousandths.
const MINUTES_LIMIT: i64 = 10_000_000_000;

/// The activities of a batch, each converted or refused on its own.
pub fn entries_from_pb(
    activities: Vec<pb::Activity>,
    currency: Currency,
) -> Vec<Result<Entry, Problem>> {
    let each = activities.into_iter().enumerate();
    each.map(|(index, activity)| {
        activity_from_pb(activity, currency, &item("activities", index)).map(Entry::Activity)
    })
    .collect()
}

fn activity_from_pb(
    activity: pb::Activity,
    currency: Currency,
    path: &str,
) -> Result<Activity, Problem> {
    let at = |name: &str| format!("{path}.{name}");
    let time = activity
        .occur_time
        .ok_or_else(|| Problem::field_required(&at("occur_time")))?;
    let kind = activity
        .kind
        .ok_or_else(|| Problem::field_required(&at("kind")))?;
    let activity_id = ActivityId::parse(&activity.activity_id, &at("activity_id"))?;
    let customer_id = PartyId::parse(&activity.customer_id, &at("customer_id"))?;
    let kind = kind_from_pb(kind, currency, path)?;
    let activity = Activity {
        activity_id,
        customer_id,
        occur_time: instant_from_pb(&time, &at("occur_time"))?,
        dimensions: dimensions_from_pb(activity.dimensions.unwrap_or_default(), &at("dimensions"))?,
        kind,
    };
    check_across_fields(&activity, path)?;
    Ok(activity)
}

/// What no field shows alone.
fn check_across_fields(activity: &Activity, path: &str) -> Result<(), Problem> {
    match &activity.kind {
        Kind::Invoice {
            due_time: Some(due_time),
            ..
        } if *due_time < activity.occur_time => {
            let field = format!("{path}.invoice.due_time");
            Err(Problem::field_invalid(&field, "is before occur_time"))
        }
        Kind::Referral { referred_party_id } if *referred_party_id == activity.customer_id => {
            let field = format!("{path}.referral.referred_party_id");
            Err(Problem::field_invalid(&field, "is the customer itself"))
        }
        _ => Ok(()),
    }
}

fn dimensions_from_pb(dimensions: pb::Dimensions, path: &str) -> Result<Dimensions, Problem> {
    let fields = [
        (&dimensions.branch_id, "branch_id", DIMENSION_LIMIT),
        (&dimensions.product_id, "product_id", DIMENSION_LIMIT),
        (
            &dimensions.account_manager_id,
            "account_manager_id",
            DIMENSION_LIMIT,
        ),
        (&dimensions.channel_id, "channel_id", DIMENSION_LIMIT),
        (&dimensions.campaign_id, "campaign_id", DIMENSION_LIMIT),
        (&dimensions.evidence_ref, "evidence_ref", TEXT_LIMIT),
    ];
    for (text, name, limit) in fields {
        check_optional_text(text, limit, &format!("{path}.{name}"))?;
    }
    Ok(Dimensions {
        branch_id: dimensions.branch_id,
        product_id: dimensions.product_id,
        account_manager_id: dimensions.account_manager_id,
        channel_id: dimensions.channel_id,
        campaign_id: dimensions.campaign_id,
        evidence_ref: dimensions.evidence_ref,
    })
}

fn kind_from_pb(kind: KindPb, currency: Currency, path: &str) -> Result<Kind, Problem> {
    match kind {
        KindPb::Sale(sale) => sale_from_pb(&sale, currency, &format!("{path}.sale")),
        KindPb::Refund(refund) => {
            let at = |name: &str| format!("{path}.refund.{name}");
            let recovered = refund.recovered_cost_of_goods.as_ref();
            Ok(Kind::Refund {
                amount: positive_amount(refund.amount.as_ref(), currency, &at("amount"))?,
                recovered_cost_of_goods: optional_amount(
                    recovered,
                    currency,
                    &at("recovered_cost_of_goods"),
                )?,
                paid_out: refund.paid_out,
            })
        }
        KindPb::DirectCost(cost) => {
            let at = |name: &str| format!("{path}.direct_cost.{name}");
            Ok(Kind::DirectCost {
                kind: required_enum(
                    cost.kind,
                    DirectCostKind::ALL,
                    direct_cost_to_pb,
                    &at("kind"),
                )?,
                amount: positive_amount(cost.amount.as_ref(), currency, &at("amount"))?,
            })
        }
        KindPb::Effort(effort) => effort_from_pb(&effort, &format!("{path}.effort")),
        KindPb::Complaint(complaint) => {
            complaint_from_pb(&complaint, currency, &format!("{path}.complaint"))
        }
        KindPb::SpecialDemand(demand) => {
            let at = |name: &str| format!("{path}.special_demand.{name}");
            check_optional_text(&demand.description, TEXT_LIMIT, &at("description"))?;
            Ok(Kind::SpecialDemand {
                cost: optional_amount(demand.cost.as_ref(), currency, &at("cost"))?,
                work: work_from_pb(
                    &demand.role_id,
                    demand.minutes.as_ref(),
                    &format!("{path}.special_demand"),
                )?,
                description: demand.description,
            })
        }
        KindPb::Invoice(invoice) => {
            let at = |name: &str| format!("{path}.invoice.{name}");
            check_text(&invoice.invoice_id, DIMENSION_LIMIT, &at("invoice_id"))?;
            let due_time = invoice.due_time.as_ref();
            Ok(Kind::Invoice {
                amount: positive_amount(invoice.amount.as_ref(), currency, &at("amount"))?,
                due_time: due_time
                    .map(|t| instant_from_pb(t, &at("due_time")))
                    .transpose()?,
                invoice_id: invoice.invoice_id,
            })
        }
        KindPb::Payment(payment) => {
            let at = |name: &str| format!("{path}.payment.{name}");
            check_optional_text(&payment.invoice_id, DIMENSION_LIMIT, &at("invoice_id"))?;
            let amount = positive_amount(payment.amount.as_ref(), currency, &at("amount"))?;
            Ok(Kind::Payment {
                amount,
                invoice_id: payment.invoice_id,
            })
        }
        KindPb::WriteOff(write_off) => {
            let at = |name: &str| format!("{path}.write_off.{name}");
            check_optional_text(&write_off.invoice_id, DIMENSION_LIMIT, &at("invoice_id"))?;
            let amount = positive_amount(write_off.amount.as_ref(), currency, &at("amount"))?;
            Ok(Kind::WriteOff {
                amount,
                invoice_id: write_off.invoice_id,
            })
        }
        KindPb::Referral(referral) => {
            let field = format!("{path}.referral.referred_party_id");
            let referred_party_id = PartyId::parse(&referral.referred_party_id, &field)?;
            Ok(Kind::Referral { referred_party_id })
        }
    }
}

fn sale_from_pb(sale: &pb::Sale, currency: Currency, path: &str) -> Result<Kind, Problem> {
    let at = |name: &str| format!("{path}.{name}");
    let revenue = required_amount(sale.revenue.as_ref(), currency, &at("revenue"))?;
    let quantity = match &sale.quantity {
        None => None,
        Some(number) => {
            let field = at("quantity");
            let quantity = decimal::parse_fixed(&number.value, MICRO_PLACES, &field)?;
            Some(decimal::check_range(
                quantity,
                0,
                i64::MAX,
                MICRO_PLACES,
                &field,
            )?)
        }
    };
    let price = match &sale.price {
        None => None,
        Some(PricePb::ListAmount(list)) => {
            let list = required_amount(Some(list), currency, &at("list_amount"))?;
            let field = at("list_amount");
            Some(Price::List(decimal::check_range(
                list,
                revenue,
                i64::MAX,
                MICRO_PLACES,
                &field,
            )?))
        }
        Some(PricePb::DiscountAmount(discount)) => {
            let discount = required_amount(Some(discount), currency, &at("discount_amount"))?;
            // Revenue and discount together are the list amount, which has to be an amount too.
            let limit = i64::MAX - revenue;
            let field = at("discount_amount");
            Some(Price::Discount(decimal::check_range(
                discount,
                0,
                limit,
                MICRO_PLACES,
                &field,
            )?))
        }
    };
    let cost_of_goods =
        optional_amount(sale.cost_of_goods.as_ref(), currency, &at("cost_of_goods"))?;
    Ok(Kind::Sale {
        revenue,
        cost_of_goods,
        quantity,
        price,
    })
}

fn effort_from_pb(effort: &pb::Effort, path: &str) -> Result<Kind, Problem> {
    let at = |name: &str| format!("{path}.{name}");
    let work = work_from_pb(&effort.role_id, effort.minutes.as_ref(), path)?
        .ok_or_else(|| Problem::field_required(&at("role_id")))?;
    Ok(Kind::Effort {
        work,
        purpose: required_enum(
            effort.purpose,
            EffortPurpose::ALL,
            purpose_to_pb,
            &at("purpose"),
        )?,
        channel: enum_from_pb(
            effort.channel,
            ContactChannel::ALL,
            channel_to_pb,
            &at("channel"),
        )?,
    })
}

fn complaint_from_pb(
    complaint: &pb::Complaint,
    currency: Currency,
    path: &str,
) -> Result<Kind, Problem> {
    let at = |name: &str| format!("{path}.{name}");
    let severities = Severity::ALL;
    let perceived = complaint.perceived_severity;
    Ok(Kind::Complaint {
        severity: required_enum(
            complaint.severity,
            severities,
            severity_to_pb,
            &at("severity"),
        )?,
        perceived_severity: enum_from_pb(
            perceived,
            severities,
            severity_to_pb,
            &at("perceived_severity"),
        )?,
        compensation: optional_amount(
            complaint.compensation.as_ref(),
            currency,
            &at("compensation"),
        )?,
        work: work_from_pb(&complaint.role_id, complaint.minutes.as_ref(), path)?,
    })
}

/// Working time: a role and minutes, or neither.
fn work_from_pb(
    role_id: &str,
    minutes: Option<&google_type::Decimal>,
    path: &str,
) -> Result<Option<Work>, Problem> {
    let (role, field) = (format!("{path}.role_id"), format!("{path}.minutes"));
    match minutes {
        None if role_id.is_empty() => Ok(None),
        None => Err(Problem::field_required(&field)),
        Some(minutes) => {
            let role_id = RoleId::parse(role_id, &role)?;
            let minutes = decimal::parse_fixed(&minutes.value, MILLI_PLACES, &field)?;
            let milli_minutes =
                decimal::check_range(minutes, 1, MINUTES_LIMIT, MILLI_PLACES, &field)?;
            Ok(Some(Work {
                role_id,
                milli_minutes,
            }))
        }
    }
}

/// The reversals of a batch, each converted or refused on its own.
pub fn reversals_from_pb(reversals: Vec<pb::Reversal>) -> Vec<Result<Entry, Problem>> {
    let each = reversals.into_iter().enumerate();
    each.map(|(index, reversal)| {
        let path = item("reversals", index);
        let at = |name: &str| format!("{path}.{name}");
        check_text(&reversal.reason, TEXT_LIMIT, &at("reason"))?;
        check_optional_text(&reversal.evidence_ref, TEXT_LIMIT, &at("evidence_ref"))?;
        Ok(Entry::Reversal(Reversal {
            reversal_id: ActivityId::parse(&reversal.reversal_id, &at("reversal_id"))?,
            activity_id: ActivityId::parse(&reversal.activity_id, &at("activity_id"))?,
            reason: reversal.reason,
            evidence_ref: reversal.evidence_ref,
        }))
    })
    .collect()
}

// === to_pb ===

/// An entry of the ledger.
pub fn ledger_entry_to_pb(entry: LedgerEntry, currency: Currency) -> pb::LedgerEntry {
    use pb::ledger_entry::Entry as EntryPb;
    pb::LedgerEntry {
        position: Some(position_to_pb(entry.position)),
        record_time: Some(instant_to_pb(entry.record_time)),
        reversed_at: entry.reversed_at.map(position_to_pb),
        entry: Some(match entry.entry {
            Entry::Activity(activity) => EntryPb::Activity(activity_to_pb(activity, currency)),
            Entry::Reversal(reversal) => EntryPb::Reversal(pb::Reversal {
                reversal_id: reversal.reversal_id.to_string(),
                activity_id: reversal.activity_id.to_string(),
                reason: reversal.reason,
                evidence_ref: reversal.evidence_ref,
            }),
        }),
    }
}

fn activity_to_pb(activity: Activity, currency: Currency) -> pb::Activity {
    let dimensions = activity.dimensions;
    let any = dimensions != Dimensions::default();
    pb::Activity {
        activity_id: activity.activity_id.to_string(),
        customer_id: activity.customer_id.to_string(),
        occur_time: Some(instant_to_pb(activity.occur_time)),
        dimensions: any.then_some(pb::Dimensions {
            branch_id: dimensions.branch_id,
            product_id: dimensions.product_id,
            account_manager_id: dimensions.account_manager_id,
            channel_id: dimensions.channel_id,
            campaign_id: dimensions.campaign_id,
            evidence_ref: dimensions.evidence_ref,
        }),
        kind: Some(kind_to_pb(activity.kind, currency)),
    }
}

fn kind_to_pb(kind: Kind, currency: Currency) -> KindPb {
    let money = |amount: Micros| money_to_pb(to_nanos(amount), currency);
    let minutes = |work: &Option<Work>| {
        work.as_ref()
            .map(|work| minutes_to_pb(i128::from(work.milli_minutes)))
    };
    let role = |work: Option<Work>| {
        work.map(|work| work.role_id.to_string())
            .unwrap_or_default()
    };
    match kind {
        Kind::Sale {
            revenue,
            cost_of_goods,
            quantity,
            price,
        } => KindPb::Sale(pb::Sale {
            revenue: Some(money(revenue)),
            cost_of_goods: cost_of_goods.map(money),
            quantity: quantity.map(|quantity| google_type::Decimal {
                value: decimal::format_fixed(i128::from(quantity), MICRO_PLACES),
            }),
            price: price.map(|price| match price {
                Price::List(amount) => PricePb::ListAmount(money(amount)),
                Price::Discount(amount) => PricePb::DiscountAmount(money(amount)),
            }),
        }),
        Kind::Refund {
            amount,
            recovered_cost_of_goods,
            paid_out,
        } => KindPb::Refund(pb::Refund {
            amount: Some(money(amount)),
            recovered_cost_of_goods: recovered_cost_of_goods.map(money),
            paid_out,
        }),
        Kind::DirectCost { kind, amount } => KindPb::DirectCost(pb::DirectCost {
            kind: direct_cost_to_pb(kind) as i32,
            amount: Some(money(amount)),
        }),
        Kind::Effort {
            work,
            purpose,
            channel,
        } => KindPb::Effort(pb::Effort {
            minutes: Some(minutes_to_pb(i128::from(work.milli_minutes))),
            role_id: work.role_id.to_string(),
            purpose: purpose_to_pb(purpose) as i32,
            channel: channel.map_or(0, |channel| channel_to_pb(channel) as i32),
        }),
        Kind::Complaint {
            severity,
            perceived_severity,
            compensation,
            work,
        } => KindPb::Complaint(pb::Complaint {
            severity: severity_to_pb(severity) as i32,
            perceived_severity: perceived_severity.map_or(0, |s| severity_to_pb(s) as i32),
            compensation: compensation.map(money),
            minutes: minutes(&work),
            role_id: role(work),
        }),
        Kind::SpecialDemand {
            description,
            cost,
            work,
        } => {
            let (cost, minutes) = (cost.map(money), minutes(&work));
            let role_id = role(work);
            KindPb::SpecialDemand(pb::SpecialDemand {
                description,
                cost,
                minutes,
                role_id,
            })
        }
        Kind::Invoice {
            invoice_id,
            amount,
            due_time,
        } => KindPb::Invoice(pb::Invoice {
            invoice_id,
            amount: Some(money(amount)),
            due_time: due_time.map(instant_to_pb),
        }),
        Kind::Payment { amount, invoice_id } => KindPb::Payment(pb::Payment {
            amount: Some(money(amount)),
            invoice_id,
        }),
        Kind::WriteOff { amount, invoice_id } => KindPb::WriteOff(pb::WriteOff {
            amount: Some(money(amount)),
            invoice_id,
        }),
        Kind::Referral { referred_party_id } => KindPb::Referral(pb::Referral {
            referred_party_id: referred_party_id.to_string(),
        }),
    }
}

fn direct_cost_to_pb(kind: DirectCostKind) -> pb::DirectCostKind {
    match kind {
        DirectCostKind::Material => pb::DirectCostKind::Material,
        DirectCostKind::Production => pb::DirectCostKind::Production,
        DirectCostKind::Sales => pb::DirectCostKind::Sales,
        DirectCostKind::Commission => pb::DirectCostKind::Commission,
        DirectCostKind::LeadGenerationFee => pb::DirectCostKind::LeadGenerationFee,
        DirectCostKind::ServiceCharge => pb::DirectCostKind::ServiceCharge,
        DirectCostKind::Freight => pb::DirectCostKind::Freight,
        DirectCostKind::Other => pb::DirectCostKind::Other,
    }
}

fn purpose_to_pb(purpose: EffortPurpose) -> pb::EffortPurpose {
    match purpose {
        EffortPurpose::Sales => pb::EffortPurpose::Sales,
        EffortPurpose::Service => pb::EffortPurpose::Service,
        EffortPurpose::Acquisition => pb::EffortPurpose::Acquisition,
        EffortPurpose::Retention => pb::EffortPurpose::Retention,
        EffortPurpose::Delivery => pb::EffortPurpose::Delivery,
        EffortPurpose::Administration => pb::EffortPurpose::Administration,
        EffortPurpose::Other => pb::EffortPurpose::Other,
    }
}

fn channel_to_pb(channel: ContactChannel) -> pb::ContactChannel {
    match channel {
        ContactChannel::Call => pb::ContactChannel::Call,
        ContactChannel::Visit => pb::ContactChannel::Visit,
        ContactChannel::Mail => pb::ContactChannel::Mail,
        ContactChannel::Chat => pb::ContactChannel::Chat,
        ContactChannel::Remote => pb::ContactChannel::Remote,
        ContactChannel::BackOffice => pb::ContactChannel::BackOffice,
    }
}

fn severity_to_pb(severity: Severity) -> pb::ComplaintSeverity {
    match severity {
        Severity::Minor => pb::ComplaintSeverity::Minor,
        Severity::Moderate => pb::ComplaintSeverity::Moderate,
        Severity::Major => pb::ComplaintSeverity::Major,
    }
}
