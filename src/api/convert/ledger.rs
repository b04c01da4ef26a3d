//! Entries of the ledger, as they are listed.

use super::{
    common::{instant_to_pb, minutes_to_pb, money_to_pb, position_to_pb},
    exchange_rate::original_to_pb,
    relationship::relationship_to_pb,
};
use crate::{
    api::pb::{self, activity::Kind as KindPb, google_type, sale::Price as PricePb},
    domain::{
        activity::{
            Activity, ContactChannel, Dimensions, DirectCostKind, EffortPurpose, Kind, Price,
            Severity, Work,
        },
        decimal::{self, MICRO_PLACES},
        exchange_rate::for_each_amount,
        ledger::{Entry, LedgerEntry},
        money::{Currency, Micros, to_nanos},
    },
};

/// An entry of the ledger.
pub fn ledger_entry_to_pb(entry: LedgerEntry, currency: Currency) -> pb::LedgerEntry {
    use pb::ledger_entry::Entry as EntryPb;
    let conversion = match &entry.entry {
        Entry::Activity(activity) => conversion_to_pb(activity, currency),
        Entry::Reversal(_) => None,
    };
    pb::LedgerEntry {
        conversion,
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
    let submitted = activity.original.as_ref().map(|original| original.currency);
    let kind = kind_to_pb(activity.submitted_kind(), submitted.unwrap_or(currency));
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
        kind: Some(kind),
    }
}

/// How an activity was converted, if it was.
fn conversion_to_pb(activity: &Activity, currency: Currency) -> Option<pb::Conversion> {
    let original = activity.original.as_deref()?;
    let mut amounts = Vec::with_capacity(original.amounts.len());
    let mut kind = activity.kind.clone();
    // Nothing is refused.
    let _ = for_each_amount(&mut kind, |field, amount| {
        amounts.push(pb::ConvertedAmount {
            field: field.to_owned(),
            converted: Some(money_to_pb(to_nanos(*amount), currency)),
        });
        Ok::<_, ()>(())
    });
    Some(pb::Conversion {
        exchange_rate: Some(original_to_pb(original, currency)),
        amounts,
    })
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
            sale_activity_id: String::new(),
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
            urgency: 0,
            complexity: 0,
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
            ..pb::Referral::default()
        }),
        Kind::CreditNote { amount, invoice_id } => KindPb::CreditNote(pb::CreditNote {
            amount: Some(money(amount)),
            invoice_id,
        }),
        Kind::Dispute {
            invoice_id,
            resolved,
        } => KindPb::Dispute(pb::Dispute {
            invoice_id,
            resolved,
        }),
        Kind::Relationship(one) => relationship_to_pb(one, currency),
    }
}

/// A kind of direct cost.
pub fn direct_cost_to_pb(kind: DirectCostKind) -> pb::DirectCostKind {
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

/// A purpose of effort.
pub fn purpose_to_pb(purpose: EffortPurpose) -> pb::EffortPurpose {
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

/// A channel of contact.
pub fn channel_to_pb(channel: ContactChannel) -> pb::ContactChannel {
    match channel {
        ContactChannel::Call => pb::ContactChannel::Call,
        ContactChannel::Visit => pb::ContactChannel::Visit,
        ContactChannel::Mail => pb::ContactChannel::Mail,
        ContactChannel::Chat => pb::ContactChannel::Chat,
        ContactChannel::Remote => pb::ContactChannel::Remote,
        ContactChannel::BackOffice => pb::ContactChannel::BackOffice,
    }
}

/// A severity of complaints.
pub fn severity_to_pb(severity: Severity) -> pb::ComplaintSeverity {
    match severity {
        Severity::Minor => pb::ComplaintSeverity::Minor,
        Severity::Moderate => pb::ComplaintSeverity::Moderate,
        Severity::Major => pb::ComplaintSeverity::Major,
    }
}
