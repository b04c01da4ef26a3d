//! Every kind of entry in every shape, in both forms, and damaged bytes.

use super::*;
use crate::domain::{
    activity::{
        Activity, ContactChannel, Dimensions, DirectCostKind, EffortPurpose, Kind, Price, Severity,
        Work,
    },
    id::{ActivityId, FactorName, PartyId, RoleId},
    ledger::Reversal,
    party::{Party, Stage},
    price_terms::PriceTerms,
    product::Product,
    referral::{Advocacy, AskOutcome, ReferralKind},
    relationship::{
        AppreciationKind, BonusEvent, Complexity, ExternalityKind, Relationship, Urgency,
    },
};
use proptest::{collection::vec, option, prelude::*, sample::select};

fn instant() -> impl Strategy<Value = Instant> {
    let nanos = prop_oneof![Just(0), 0_u32..1_000_000_000];
    (-2_208_988_800_i64..7_258_118_400, nanos)
        .prop_map(|(seconds, nanos)| Instant { seconds, nanos })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-cé-]{0,3}[0-9]{0,20}",
        Just("x".repeat(300))
    ]
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,3}-[0-9]{1,9}",
        "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    ]
}

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![
        (0_i64..100_000).prop_map(|cents| cents * 10_000),
        any::<i64>()
    ]
}

fn work() -> impl Strategy<Value = Work> {
    (id(), any::<i64>()).prop_map(|(role, milli_minutes)| Work {
        role_id: RoleId::stored(&role),
        milli_minutes,
    })
}

fn sale() -> impl Strategy<Value = Kind> {
    let price = option::of(prop_oneof![
        amount().prop_map(Price::List),
        amount().prop_map(Price::Discount)
    ]);
    (
        amount(),
        option::of(amount()),
        option::of(any::<i64>()),
        price,
    )
        .prop_map(|(revenue, cost_of_goods, quantity, price)| Kind::Sale {
            revenue,
            cost_of_goods,
            quantity,
            price,
        })
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        sale(),
        (amount(), option::of(amount()), any::<bool>()).prop_map(
            |(amount, recovered_cost_of_goods, paid_out)| Kind::Refund {
                amount,
                recovered_cost_of_goods,
                paid_out
            }
        ),
        (select(DirectCostKind::ALL), amount())
            .prop_map(|(kind, amount)| Kind::DirectCost { kind, amount }),
        (
            work(),
            select(EffortPurpose::ALL),
            option::of(select(ContactChannel::ALL))
        )
            .prop_map(|(work, purpose, channel)| Kind::Effort {
                work,
                purpose,
                channel
            }),
        (
            select(Severity::ALL),
            option::of(select(Severity::ALL)),
            option::of(amount()),
            option::of(work())
        )
            .prop_map(|(severity, perceived_severity, compensation, work)| {
                Kind::Complaint {
                    severity,
                    perceived_severity,
                    compensation,
                    work,
                }
            }),
        (text(), option::of(amount()), option::of(work())).prop_map(|(description, cost, work)| {
            Kind::SpecialDemand {
                description,
                cost,
                work,
            }
        }),
        (text(), amount(), option::of(instant())).prop_map(|(invoice_id, amount, due_time)| {
            Kind::Invoice {
                invoice_id,
                amount,
                due_time,
            }
        }),
        (amount(), text()).prop_map(|(amount, invoice_id)| Kind::Payment { amount, invoice_id }),
        (amount(), text()).prop_map(|(amount, invoice_id)| Kind::WriteOff { amount, invoice_id }),
        id().prop_map(|id| Kind::Referral {
            referred_party_id: PartyId::stored(&id)
        }),
        (amount(), text()).prop_map(|(amount, invoice_id)| Kind::CreditNote { amount, invoice_id }),
        (text(), any::<bool>()).prop_map(|(invoice_id, resolved)| Kind::Dispute {
            invoice_id,
            resolved
        }),
        relationship().prop_map(Kind::Relationship),
    ]
}

fn advocacy() -> impl Strategy<Value = Advocacy> {
    let kind = option::of(select(ReferralKind::ALL));
    prop_oneof![
        (id(), kind, text()).prop_map(|(id, kind, product_family)| Advocacy::Referral {
            referred_party_id: PartyId::stored(&id),
            kind,
            product_family,
        }),
        (select(AskOutcome::ALL), text())
            .prop_map(|(outcome, note)| Advocacy::Ask { outcome, note }),
    ]
}

fn relationship() -> impl Strategy<Value = Relationship> {
    let told = (
        option::of(select(ContactChannel::ALL)),
        option::of(select(Urgency::ALL)),
        option::of(select(Complexity::ALL)),
    );
    prop_oneof![
        (select(DirectCostKind::ALL), amount(), id()).prop_map(|(kind, amount, sale)| {
            Relationship::CausedCost {
                kind,
                amount,
                sale_activity_id: ActivityId::stored(&sale),
            }
        }),
        (work(), select(EffortPurpose::ALL), told).prop_map(
            |(work, purpose, (channel, urgency, complexity))| Relationship::QualifiedEffort {
                work,
                purpose,
                channel,
                urgency,
                complexity,
            }
        ),
        (select(BonusEvent::ALL), amount(), option::of(id())).prop_map(|(event, amount, sale)| {
            Relationship::Bonus {
                event,
                amount,
                sale_activity_id: sale.map(|sale| ActivityId::stored(&sale)),
            }
        }),
        (select(AppreciationKind::ALL), amount(), text()).prop_map(
            |(kind, amount, description)| Relationship::Appreciation {
                kind,
                amount,
                description,
            }
        ),
        (amount(), text())
            .prop_map(|(amount, offer_id)| Relationship::Acquisition { amount, offer_id }),
        (amount(), text()).prop_map(|(amount, description)| Relationship::RetentionSpend {
            amount,
            description,
        }),
        (amount(), amount(), amount(), text()).prop_map(|(score, worst, best, comment)| {
            Relationship::Feedback {
                score,
                worst,
                best,
                comment,
            }
        }),
        (select(ExternalityKind::ALL), amount(), text()).prop_map(|(kind, estimate, source)| {
            Relationship::Externality {
                kind,
                estimate,
                source,
            }
        }),
        advocacy().prop_map(Relationship::Advocacy),
        (id(), amount(), text()).prop_map(|(name, weight, note)| {
            Relationship::QualitativeFactor {
                name: FactorName::stored(&name),
                weight,
                note,
            }
        }),
    ]
}

fn entry() -> impl Strategy<Value = StoredEntry> {
    let dimensions = [text(), text(), text(), text(), text(), text()];
    let activity = (id(), id(), instant(), dimensions, kind()).prop_map(
        |(activity, customer, occur_time, dimensions, kind)| {
            let [
                branch_id,
                product_id,
                account_manager_id,
                channel_id,
                campaign_id,
                evidence_ref,
            ] = dimensions;
            let dimensions = Dimensions {
                branch_id,
                product_id,
                account_manager_id,
                channel_id,
                campaign_id,
                evidence_ref,
            };
            let activity = Activity {
                activity_id: ActivityId::stored(&activity),
                customer_id: PartyId::stored(&customer),
                occur_time,
                dimensions,
                kind,
                original: None,
            };
            // Where its sale is, if it has one.
            let sale = activity.sale().map(|_| Target {
                position: 7,
                day: Day(3),
                customer: activity.customer_id.clone(),
            });
            (sale, Entry::Activity(activity))
        },
    );
    let reversal = (id(), id(), id(), text(), text(), any::<u64>(), any::<i32>()).prop_map(
        |(reversal, activity, customer, reason, evidence_ref, position, day)| {
            let reversal = Reversal {
                reversal_id: ActivityId::stored(&reversal),
                activity_id: ActivityId::stored(&activity),
                reason,
                evidence_ref,
            };
            let target = Target {
                position,
                day: Day(day),
                customer: PartyId::stored(&customer),
            };
            (Some(target), Entry::Reversal(reversal))
        },
    );
    (instant(), prop_oneof![5 => activity, 1 => reversal]).prop_map(
        |(record_time, (target, entry))| StoredEntry {
            record_time,
            target,
            entry,
        },
    )
}

fn written(entries: &[StoredEntry]) -> Vec<u8> {
    let mut builder = BodyBuilder::default();
    for stored in entries {
        assert!(builder.push_entry(stored.record_time, stored.target.as_ref(), &stored.entry));
    }
    builder.finish().unwrap()
}

fn read(bytes: &[u8], count: usize) -> Result<Vec<StoredEntry>, String> {
    match Body::read(Table::Ledger, u32::try_from(count).unwrap(), bytes)? {
        Body::Entries(entries) => Ok(entries),
        Body::Records(_) => panic!("entries were asked for"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn entries_are_read_back(entries in vec(entry(), 1..80)) {
        let bytes = written(&entries);
        prop_assert_eq!(bytes[0], if entries.len() < COLUMNS_FROM { 1 } else { 2 });
        prop_assert_eq!(read(&bytes, entries.len()).unwrap(), entries.as_slice());
        prop_assert!(read(&bytes, entries.len() + 1).is_err());
        prop_assert!(read(&bytes, entries.len() - 1).is_err());
        prop_assert!(read(&bytes[..bytes.len() - 1], entries.len()).is_err());
    }

    #[test]
    fn damaged_bytes_neither_panic_nor_ask_for_the_moon(
        entries in vec(entry(), 1..40), damage in vec((any::<usize>(), any::<u8>()), 1..4),
        count in any::<u32>(), noise in vec(any::<u8>(), 0..200),
    ) {
        let mut bytes = written(&entries);
        for (place, value) in damage {
            let place = place % bytes.len();
            bytes[place] = value;
        }
        let _ = read(&bytes, entries.len());
        for version in [1, 2] {
            let bytes: Vec<u8> = std::iter::once(version).chain(noise.iter().copied()).collect();
            for table in [Table::Ledger, Table::Records] {
                let _ = Body::read(table, count % 2_000, &bytes);
                let _ = Body::read(table, count, &bytes);
            }
        }
    }
}

/// The ledgers that are there have these numbers.
#[test]
fn kinds_of_records_keep_their_numbers() {
    let product = Record::Product(Product {
        product_id: "tea".to_owned(),
        category_id: String::new(),
    });
    let terms = Record::PriceTerms(PriceTerms {
        customer_id: PartyId::stored("c"),
        first_day: Day(-3),
        price_list_id: "trade".to_owned(),
        discount_tier: String::new(),
        nominal_discount: Some(5),
    });
    let bytes = |record: &Record| postcard::to_allocvec(record).unwrap();
    assert_eq!(bytes(&product), b"\x04\x03tea\x00");
    assert_eq!(bytes(&terms), b"\x06\x01c\x05\x05trade\x00\x01\x05");
}

#[test]
fn a_row_has_writes_of_one_table_and_an_end() {
    let noon = Instant {
        seconds: 1_700_000_000,
        nanos: 5,
    };
    let record = Record::Party(Party {
        party_id: PartyId::stored("p"),
        stage: Stage::Customer,
        display_name: "x".repeat(100_000),
        traits: crate::domain::traits::Traits::default(),
    });
    let entry = Entry::Reversal(Reversal {
        reversal_id: ActivityId::stored("r"),
        activity_id: ActivityId::stored("a"),
        reason: String::new(),
        evidence_ref: String::new(),
    });
    let mut builder = BodyBuilder::default();
    assert!(builder.push_record(noon, &record));
    assert!(!builder.push_entry(noon, None, &entry));
    assert!(builder.push_record(noon, &record));
    assert!(builder.push_record(noon, &record));
    assert!(
        !builder.push_record(noon, &record),
        "three of them are more than a row takes"
    );
    let bytes = builder.finish().unwrap();
    let body = Body::read(Table::Records, 3, &bytes).unwrap();
    assert_eq!(body.count(), 3);
    assert!(body.entry(0).is_err());
    let mut builder = BodyBuilder::default();
    for _ in 0..ROW_WRITES {
        assert!(builder.push_entry(noon, None, &entry));
        assert!(!builder.push_record(noon, &record));
    }
    assert!(!builder.push_entry(noon, None, &entry));
    let unknown = for_each_entry(&[9, 0], 1, &mut |_| Ok(())).unwrap_err();
    assert_eq!(unknown, "the body is of version 9");
}
