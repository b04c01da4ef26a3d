//! Views against the generated messages: whatever the bytes are, both read the same, or both refuse.

use super::{
    activity::{
        ActivityChunkView, ActivityView, DecimalView, KindView, MoneyView, PriceView,
        SubmitActivitiesView,
    },
    field::View,
};
use crate::api::{
    DESCRIPTORS,
    pb::{self, activity::Kind, google_type, sale::Price},
};
use proptest::prelude::*;
use prost::{
    DecodeError, Message as _, Name as _,
    encoding::{WireType, encode_key, encode_varint},
};
use prost_reflect::{DescriptorPool, FieldDescriptor, Kind as FieldKind, MessageDescriptor};
use std::sync::LazyLock;

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        let index = self.next(of.len() as u64);
        &of[usize::try_from(index).unwrap()]
    }
}

fn delimited(tag: u32, content: &[u8], bytes: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, bytes);
    encode_varint(content.len() as u64, bytes);
    bytes.extend(content);
}

/// Any fields of a message in any order and number, and some that it does not know.
fn message(descriptor: &MessageDescriptor, random: &mut Random) -> Vec<u8> {
    let fields: Vec<FieldDescriptor> = descriptor.fields().collect();
    let mut bytes = Vec::new();
    for _ in 0..random.next(2 + fields.len() as u64) {
        if random.next(12) == 0 {
            unknown(random, &mut bytes);
        } else {
            field(random.pick(&fields).clone(), random, &mut bytes);
        }
    }
    bytes
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "every other kind that the messages have is a varint"
)]
fn field(field: FieldDescriptor, random: &mut Random, bytes: &mut Vec<u8>) {
    let tag = field.number();
    match field.kind() {
        FieldKind::Message(inner) => delimited(tag, &message(&inner, random), bytes),
        FieldKind::String => {
            let texts: [&[u8]; 6] = [b"", b"USD", b"a b", "Zoë".as_bytes(), b"\xff", b"12.5"];
            let mut text = *random.pick(&texts);
            if text == b"\xff" && random.next(8) > 0 {
                text = b"c-1";
            }
            delimited(tag, text, bytes);
        }
        _ => {
            let numbers = [0, 1, 2, 127, 128, 1_000_000, 1 << 31, u64::MAX, 1 << 63];
            encode_key(tag, WireType::Varint, bytes);
            encode_varint(*random.pick(&numbers), bytes);
        }
    }
}

fn unknown(random: &mut Random, bytes: &mut Vec<u8>) {
    let tag = 100 + u32::try_from(random.next(3)).unwrap();
    match random.next(6) {
        0 => {
            encode_key(tag, WireType::Varint, bytes);
            encode_varint(random.next(u64::MAX), bytes);
        }
        1 => delimited(tag, b"\xff\xfe", bytes),
        2 => {
            encode_key(tag, WireType::ThirtyTwoBit, bytes);
            bytes.extend([1; 4]);
        }
        3 => {
            encode_key(tag, WireType::SixtyFourBit, bytes);
            bytes.extend([1; 8]);
        }
        4 => {
            encode_key(tag, WireType::StartGroup, bytes);
            unknown(random, bytes);
            encode_key(tag, WireType::EndGroup, bytes);
        }
        _ => encode_key(
            tag,
            *random.pick(&[WireType::StartGroup, WireType::EndGroup]),
            bytes,
        ),
    }
}

/// Some bytes changed, left out or put in.
fn mutated(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    for _ in 0..random.next(4) {
        let place = usize::try_from(random.next(bytes.len() as u64 + 1)).unwrap();
        let byte = u8::try_from(random.next(256)).unwrap();
        match random.next(4) {
            0 => bytes.insert(place, byte),
            1 => bytes.truncate(place),
            _ if place == bytes.len() => {}
            2 => bytes[place] = byte,
            _ => drop(bytes.remove(place)),
        }
    }
    bytes
}

fn descriptor(name: &str) -> MessageDescriptor {
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).unwrap());
    POOL.get_message_by_name(name).unwrap()
}

fn money(view: MoneyView<'_>) -> google_type::Money {
    google_type::Money {
        currency_code: view.currency_code.to_owned(),
        units: view.units,
        nanos: view.nanos,
    }
}

fn decimal(view: DecimalView<'_>) -> google_type::Decimal {
    google_type::Decimal {
        value: view.value.to_owned(),
    }
}

/// A view as the message that it is of.
fn owned(view: ActivityView<'_>) -> pb::Activity {
    let dimensions = |view: super::activity::DimensionsView<'_>| pb::Dimensions {
        branch_id: view.branch_id.to_owned(),
        product_id: view.product_id.to_owned(),
        account_manager_id: view.account_manager_id.to_owned(),
        channel_id: view.channel_id.to_owned(),
        campaign_id: view.campaign_id.to_owned(),
        evidence_ref: view.evidence_ref.to_owned(),
    };
    pb::Activity {
        activity_id: view.activity_id.to_owned(),
        customer_id: view.customer_id.to_owned(),
        occur_time: view.occur_time,
        dimensions: view.dimensions.map(dimensions),
        kind: view.kind.map(owned_kind),
    }
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "every other kind is told by what is called for it"
)]
fn owned_kind(view: KindView<'_>) -> Kind {
    match view {
        KindView::Sale(view) => Kind::Sale(pb::Sale {
            revenue: view.revenue.map(money),
            cost_of_goods: view.cost_of_goods.map(money),
            quantity: view.quantity.map(decimal),
            price: view.price.map(|price| match price {
                PriceView::ListAmount(amount) => Price::ListAmount(money(amount)),
                PriceView::DiscountAmount(amount) => Price::DiscountAmount(money(amount)),
            }),
        }),
        KindView::Refund(view) => Kind::Refund(pb::Refund {
            amount: view.amount.map(money),
            recovered_cost_of_goods: view.recovered_cost_of_goods.map(money),
            paid_out: view.paid_out,
        }),
        KindView::DirectCost(view) => Kind::DirectCost(pb::DirectCost {
            kind: view.kind,
            amount: view.amount.map(money),
            sale_activity_id: view.sale_activity_id.to_owned(),
        }),
        KindView::Effort(view) => Kind::Effort(pb::Effort {
            role_id: view.role_id.to_owned(),
            minutes: view.minutes.map(decimal),
            purpose: view.purpose,
            channel: view.channel,
            urgency: view.urgency,
            complexity: view.complexity,
        }),
        KindView::Complaint(view) => Kind::Complaint(pb::Complaint {
            severity: view.severity,
            perceived_severity: view.perceived_severity,
            compensation: view.compensation.map(money),
            minutes: view.minutes.map(decimal),
            role_id: view.role_id.to_owned(),
        }),
        KindView::SpecialDemand(view) => Kind::SpecialDemand(pb::SpecialDemand {
            description: view.description.to_owned(),
            cost: view.cost.map(money),
            minutes: view.minutes.map(decimal),
            role_id: view.role_id.to_owned(),
        }),
        KindView::Invoice(view) => Kind::Invoice(pb::Invoice {
            invoice_id: view.invoice_id.to_owned(),
            amount: view.amount.map(money),
            due_time: view.due_time,
        }),
        KindView::Payment(view) => Kind::Payment(pb::Payment {
            amount: view.amount.map(money),
            invoice_id: view.invoice_id.to_owned(),
        }),
        KindView::WriteOff(view) => Kind::WriteOff(pb::WriteOff {
            amount: view.amount.map(money),
            invoice_id: view.invoice_id.to_owned(),
        }),
        KindView::CreditNote(view) => Kind::CreditNote(pb::CreditNote {
            amount: view.amount.map(money),
            invoice_id: view.invoice_id.to_owned(),
        }),
        KindView::Dispute(view) => Kind::Dispute(pb::Dispute {
            invoice_id: view.invoice_id.to_owned(),
            resolved: view.resolved,
        }),
        other => owned_relationship(other),
    }
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "every other kind is told by who calls this"
)]
fn owned_relationship(view: KindView<'_>) -> Kind {
    match view {
        KindView::Bonus(view) => Kind::Bonus(pb::Bonus {
            event: view.event,
            amount: view.amount.map(money),
            sale_activity_id: view.sale_activity_id.to_owned(),
        }),
        KindView::Appreciation(view) => Kind::Appreciation(pb::Appreciation {
            kind: view.kind,
            amount: view.amount.map(money),
            description: view.description.to_owned(),
        }),
        KindView::Acquisition(view) => Kind::Acquisition(pb::Acquisition {
            amount: view.amount.map(money),
            offer_id: view.offer_id.to_owned(),
        }),
        KindView::RetentionSpend(view) => Kind::RetentionSpend(pb::RetentionSpend {
            amount: view.amount.map(money),
            description: view.description.to_owned(),
        }),
        KindView::Feedback(view) => Kind::Feedback(pb::Feedback {
            score: view.score.map(decimal),
            worst_score: view.worst_score.map(decimal),
            best_score: view.best_score.map(decimal),
            comment: view.comment.to_owned(),
        }),
        KindView::Externality(view) => Kind::Externality(pb::Externality {
            kind: view.kind,
            estimate: view.estimate.map(money),
            source: view.source.to_owned(),
        }),
        KindView::QualitativeFactor(view) => Kind::QualitativeFactor(pb::QualitativeFactor {
            name: view.name.to_owned(),
            weight: view.weight.map(decimal),
            note: view.note.to_owned(),
        }),
        KindView::Referral(view) => Kind::Referral(pb::Referral {
            referred_party_id: view.referred_party_id.to_owned(),
            kind: view.kind,
            product_family: view.product_family.to_owned(),
        }),
        KindView::ReferralAsk(view) => Kind::ReferralAsk(pb::ReferralAsk {
            outcome: view.outcome,
            note: view.note.to_owned(),
        }),
        other => unreachable!("{other:?} is told elsewhere"),
    }
}

fn submit(bytes: &[u8]) -> Result<pb::SubmitActivitiesRequest, DecodeError> {
    let view = SubmitActivitiesView::read(bytes)?;
    Ok(pb::SubmitActivitiesRequest {
        tenant_id: view.tenant_id.to_owned(),
        activities: view
            .activities
            .read()
            .map(|view| view.map(owned))
            .collect::<Result<_, _>>()?,
        validate_only: view.validate_only,
    })
}

fn chunk(bytes: &[u8]) -> Result<pb::StreamActivitiesRequest, DecodeError> {
    let view = ActivityChunkView::read(bytes)?;
    Ok(pb::StreamActivitiesRequest {
        tenant_id: view.tenant_id.to_owned(),
        sequence: view.sequence,
        activities: view
            .activities
            .read()
            .map(|view| view.map(owned))
            .collect::<Result<_, _>>()?,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn views_read_what_messages_read(seed in any::<u64>(), is_mutated in any::<bool>()) {
        let random = &mut Random(seed);
        let mut bytes = |name: &str| {
            let bytes = message(&descriptor(name), random);
            if is_mutated { mutated(bytes, random) } else { bytes }
        };
        let activity = bytes(&pb::Activity::full_name());
        // Which of several faults is told may differ: a message that ends before one of its fields does is
        // found sooner, and the activities of a request are read last.
        let same = ActivityView::read(&activity).map(owned).ok();
        prop_assert_eq!(same, pb::Activity::decode(&*activity).ok());
        let request = bytes(&pb::SubmitActivitiesRequest::full_name());
        let message = pb::SubmitActivitiesRequest::decode(&*request);
        prop_assert_eq!(submit(&request).ok(), message.ok());
        let request = bytes(&pb::StreamActivitiesRequest::full_name());
        let message = pb::StreamActivitiesRequest::decode(&*request);
        prop_assert_eq!(chunk(&request).ok(), message.ok());
    }
}

#[test]
fn activities_beyond_the_limit_are_counted_and_must_be_messages() {
    let mut bytes = Vec::new();
    for _ in 0..1_500 {
        delimited(2, b"", &mut bytes);
    }
    let view = SubmitActivitiesView::read(&bytes).unwrap();
    assert_eq!(view.activities.count, 1_500);
    assert_eq!(view.activities.read().count(), 1_000);
    delimited(2, b"\x0a", &mut bytes);
    assert!(SubmitActivitiesView::read(&bytes).is_err());
    assert!(pb::SubmitActivitiesRequest::decode(&*bytes).is_err());
}
