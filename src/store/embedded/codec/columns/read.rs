//! Reads entries out of columns, which are in the order in which [`super::write`] puts them.

use crate::{
    domain::{
        activity::{
            Activity, ContactChannel, Dimensions, DirectCostKind, EffortPurpose, Kind, Price,
            Severity, Work,
        },
        id::{ActivityId, FactorName, PartyId, RoleId},
        ledger::{Entry, Position, Reversal},
        referral::{Advocacy, AskOutcome, ReferralKind},
        relationship::{
            AppreciationKind, BonusEvent, Complexity, ExternalityKind, Relationship, Urgency,
        },
        time::{Day, Instant},
    },
    store::embedded::{
        codec::{Posted, PostedWhat, ROW_WRITES, StoredEntry, Target, ints, texts},
        log::Bytes,
    },
};

use super::relationship as kinds;
use std::borrow::Cow;

/// Columns that are read, number by number and text by text.
struct Reader {
    record_time: TimeReader,
    kind: Numbers,
    id: texts::Texts,
    customer: texts::Texts,
    occur_time: TimeReader,
    dimensions: [texts::Texts; 6],
    shape: Numbers,
    amounts: [Numbers; 4],
    minutes: Numbers,
    role: texts::Texts,
    last_role: Option<RoleId>,
    detail: texts::Texts,
    due_time: TimeReader,
    target: Numbers,
    target_day: Numbers,
    target_id: texts::Texts,
    reason: texts::Texts,
    evidence: texts::Texts,
}

type Numbers = std::vec::IntoIter<i64>;

struct TimeReader {
    seconds: Numbers,
    nanos: Numbers,
}

impl TimeReader {
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(Self {
            seconds: numbers(bytes)?,
            nanos: numbers(bytes)?,
        })
    }

    fn next(&mut self) -> Option<Instant> {
        let nanos = u32::try_from(self.nanos.next()?).ok()?;
        Some(Instant {
            seconds: self.seconds.next()?,
            nanos: Some(nanos).filter(|nanos| *nanos < 1_000_000_000)?,
        })
    }
}

fn numbers(bytes: &mut Bytes<'_>) -> Option<Numbers> {
    Some(ints::read(bytes, ROW_WRITES)?.into_iter())
}

fn texts_of(bytes: &mut Bytes<'_>) -> Option<texts::Texts> {
    texts::Texts::read(bytes, ROW_WRITES)
}

fn damaged() -> String {
    "its columns do not fit together".to_owned()
}

/// The columns of so many entries.
fn reader(bytes: &[u8], count: u32) -> Result<Reader, String> {
    let mut bytes = Bytes(bytes);
    let reader = Reader::new(&mut bytes).ok_or_else(damaged)?;
    if !bytes.0.is_empty() || reader.kind.len() as u64 != u64::from(count) {
        return Err(damaged());
    }
    Ok(reader)
}

/// Reads entries.
pub fn read(
    bytes: &[u8],
    count: u32,
    visit: &mut dyn FnMut(StoredEntry) -> Result<(), String>,
) -> Result<(), String> {
    let mut reader = reader(bytes, count)?;
    while let Some(kind) = reader.kind.next() {
        visit(reader.next(kind).ok_or_else(damaged)?)?;
    }
    Ok(())
}

/// Reads what the books look at.
pub fn read_posted(
    bytes: &[u8],
    count: u32,
    visit: &mut dyn FnMut(Posted<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let mut reader = reader(bytes, count)?;
    while let Some(kind) = reader.kind.next() {
        visit(reader.next_posted(kind).ok_or_else(damaged)?)?;
    }
    Ok(())
}

impl Reader {
    fn next_posted(&mut self, kind: i64) -> Option<Posted<'_>> {
        if kind == 0 {
            let target = self.target()?;
            return Some(Posted {
                id: self.id.next()?,
                what: PostedWhat::Reversal(Cow::Owned(target)),
            });
        }
        let kind = self.content(kind)?;
        let sale = match kind.sale() {
            None => None,
            Some(_) => Some(self.caused_at()?.0),
        };
        let kind = Cow::Owned(kind);
        let [branch, product, account_manager, ..] = &mut self.dimensions;
        Some(Posted {
            id: self.id.next()?,
            what: PostedWhat::Activity {
                customer: self.customer.next()?,
                occur_time: self.occur_time.next()?,
                dimensions: [branch.next()?, product.next()?, account_manager.next()?],
                kind,
                sale,
            },
        })
    }

    /// Where a sale is that caused something, and its day.
    fn caused_at(&mut self) -> Option<(Position, Day)> {
        let position = self.target.next()?.cast_unsigned();
        let day = Day(i32::try_from(self.target_day.next()?).ok()?);
        Some((position, day))
    }

    fn target(&mut self) -> Option<Target> {
        let (position, day) = self.caused_at()?;
        Some(Target {
            position,
            day,
            customer: PartyId::stored(self.customer.next()?),
        })
    }

    fn new(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(Self {
            record_time: TimeReader::read(bytes)?,
            kind: numbers(bytes)?,
            id: texts_of(bytes)?,
            customer: texts_of(bytes)?,
            occur_time: TimeReader::read(bytes)?,
            dimensions: [
                texts_of(bytes)?,
                texts_of(bytes)?,
                texts_of(bytes)?,
                texts_of(bytes)?,
                texts_of(bytes)?,
                texts_of(bytes)?,
            ],
            shape: numbers(bytes)?,
            amounts: [
                numbers(bytes)?,
                numbers(bytes)?,
                numbers(bytes)?,
                numbers(bytes)?,
            ],
            minutes: numbers(bytes)?,
            role: texts_of(bytes)?,
            last_role: None,
            detail: texts_of(bytes)?,
            due_time: TimeReader::read(bytes)?,
            target: numbers(bytes)?,
            target_day: numbers(bytes)?,
            target_id: texts_of(bytes)?,
            reason: texts_of(bytes)?,
            evidence: texts_of(bytes)?,
        })
    }

    fn next(&mut self, kind: i64) -> Option<StoredEntry> {
        let record_time = self.record_time.next()?;
        let id = ActivityId::stored(self.id.next()?);
        if kind == 0 {
            let target = self.target()?;
            let reversal = Reversal {
                reversal_id: id,
                activity_id: ActivityId::stored(self.target_id.next()?),
                reason: self.reason.next()?.to_owned(),
                evidence_ref: self.evidence.next()?.to_owned(),
            };
            return Some(StoredEntry {
                record_time,
                target: Some(target),
                entry: Entry::Reversal(reversal),
            });
        }
        let [
            branch,
            product,
            account_manager,
            channel,
            campaign,
            evidence,
        ] = &mut self.dimensions;
        let dimensions = Dimensions {
            branch_id: branch.next()?.to_owned(),
            product_id: product.next()?.to_owned(),
            account_manager_id: account_manager.next()?.to_owned(),
            channel_id: channel.next()?.to_owned(),
            campaign_id: campaign.next()?.to_owned(),
            evidence_ref: evidence.next()?.to_owned(),
        };
        let activity = Activity {
            activity_id: id,
            customer_id: PartyId::stored(self.customer.next()?),
            occur_time: self.occur_time.next()?,
            dimensions,
            kind: self.content(kind)?,
            original: None,
        };
        let target = match activity.sale() {
            None => None,
            Some(_) => {
                let (position, day) = self.caused_at()?;
                Some(Target {
                    position,
                    day,
                    customer: activity.customer_id.clone(),
                })
            }
        };
        Some(StoredEntry {
            record_time,
            target,
            entry: Entry::Activity(activity),
        })
    }

    fn content(&mut self, kind: i64) -> Option<Kind> {
        let shape = usize::try_from(self.shape.next()?).ok()?;
        let has = |bit: usize| shape >> bit & 1 == 1;
        Some(match kind {
            1 => Kind::Sale {
                revenue: self.amounts[0].next()?,
                cost_of_goods: self.amount(1, has(0))?,
                quantity: self.amount(3, has(1))?,
                price: match shape >> 2 {
                    0 => None,
                    1 => Some(Price::List(self.amounts[2].next()?)),
                    2 => Some(Price::Discount(self.amounts[2].next()?)),
                    _ => return None,
                },
            },
            2 => Kind::Refund {
                amount: self.amounts[0].next()?,
                recovered_cost_of_goods: self.amount(1, has(0))?,
                paid_out: has(1),
            },
            3 => Kind::DirectCost {
                kind: *DirectCostKind::ALL.get(shape)?,
                amount: self.amounts[0].next()?,
            },
            4 => Kind::Effort {
                work: self.work(true)??,
                purpose: *EffortPurpose::ALL.get(shape & 0xf)?,
                channel: chosen(ContactChannel::ALL, shape >> 4)?,
            },
            5 => Kind::Complaint {
                severity: *Severity::ALL.get(shape >> 2 & 3)?,
                perceived_severity: chosen(Severity::ALL, shape >> 4)?,
                compensation: self.amount(0, has(0))?,
                work: self.work(has(1))?,
            },
            6 => Kind::SpecialDemand {
                description: self.detail.next()?.to_owned(),
                cost: self.amount(0, has(0))?,
                work: self.work(has(1))?,
            },
            7 => Kind::Invoice {
                invoice_id: self.detail.next()?.to_owned(),
                amount: self.amounts[0].next()?,
                due_time: self.due_time(has(0))?,
            },
            8 => Kind::Payment {
                amount: self.amounts[0].next()?,
                invoice_id: self.detail.next()?.to_owned(),
            },
            9 => Kind::WriteOff {
                amount: self.amounts[0].next()?,
                invoice_id: self.detail.next()?.to_owned(),
            },
            10 => Kind::Referral {
                referred_party_id: PartyId::stored(self.detail.next()?),
            },
            11 => Kind::CreditNote {
                amount: self.amounts[0].next()?,
                invoice_id: self.detail.next()?.to_owned(),
            },
            12 => Kind::Dispute {
                invoice_id: self.detail.next()?.to_owned(),
                resolved: has(0),
            },
            _ => Kind::Relationship(self.relationship(kind, shape)?),
        })
    }

    fn relationship(&mut self, kind: i64, shape: usize) -> Option<Relationship> {
        let text = |reader: &mut Self| Some(reader.detail.next()?.to_owned());
        Some(match kind {
            kinds::CAUSED_COST => Relationship::CausedCost {
                kind: *DirectCostKind::ALL.get(shape)?,
                amount: self.amounts[0].next()?,
                sale_activity_id: ActivityId::stored(self.target_id.next()?),
            },
            kinds::QUALIFIED_EFFORT => Relationship::QualifiedEffort {
                work: self.work(true)??,
                purpose: *EffortPurpose::ALL.get(shape & 0xf)?,
                channel: chosen(ContactChannel::ALL, shape >> 4 & 0xf)?,
                urgency: chosen(Urgency::ALL, shape >> 8 & 0xf)?,
                complexity: chosen(Complexity::ALL, shape >> 12)?,
            },
            kinds::BONUS => Relationship::Bonus {
                event: *BonusEvent::ALL.get(shape >> 1)?,
                amount: self.amounts[0].next()?,
                sale_activity_id: match shape & 1 {
                    0 => None,
                    _ => Some(ActivityId::stored(self.target_id.next()?)),
                },
            },
            kinds::APPRECIATION => Relationship::Appreciation {
                kind: *AppreciationKind::ALL.get(shape)?,
                amount: self.amounts[0].next()?,
                description: text(self)?,
            },
            kinds::ACQUISITION => Relationship::Acquisition {
                amount: self.amounts[0].next()?,
                offer_id: text(self)?,
            },
            kinds::RETENTION_SPEND => Relationship::RetentionSpend {
                amount: self.amounts[0].next()?,
                description: text(self)?,
            },
            kinds::FEEDBACK => Relationship::Feedback {
                score: self.amounts[0].next()?,
                worst: self.amounts[1].next()?,
                best: self.amounts[2].next()?,
                comment: text(self)?,
            },
            kinds::EXTERNALITY => Relationship::Externality {
                kind: *ExternalityKind::ALL.get(shape)?,
                estimate: self.amounts[0].next()?,
                source: text(self)?,
            },
            kinds::QUALITATIVE_FACTOR => Relationship::QualitativeFactor {
                name: FactorName::stored(self.detail.next()?),
                weight: self.amounts[0].next()?,
                note: text(self)?,
            },
            kinds::REFERRAL => Relationship::Advocacy(Advocacy::Referral {
                referred_party_id: PartyId::stored(self.detail.next()?),
                kind: chosen(ReferralKind::ALL, shape)?,
                product_family: text(self)?,
            }),
            kinds::REFERRAL_ASK => Relationship::Advocacy(Advocacy::Ask {
                outcome: *AskOutcome::ALL.get(shape)?,
                note: text(self)?,
            }),
            _ => return None,
        })
    }

    /// A due time if it has one; `None` if the column ends before it.
    fn due_time(&mut self, is_there: bool) -> Option<Option<Instant>> {
        if is_there {
            self.due_time.next().map(Some)
        } else {
            Some(None)
        }
    }

    /// An amount if it has one; `None` if the column ends before it.
    fn amount(&mut self, column: usize, is_there: bool) -> Option<Option<i64>> {
        if is_there {
            self.amounts[column].next().map(Some)
        } else {
            Some(None)
        }
    }

    /// The next role: the one before, most of the time.
    fn role(&mut self) -> Option<RoleId> {
        let text = self.role.next()?;
        if let Some(last) = self.last_role.as_ref().filter(|last| last.as_str() == text) {
            return Some(last.clone());
        }
        let role = RoleId::stored(text);
        self.last_role = Some(role.clone());
        Some(role)
    }

    fn work(&mut self, is_there: bool) -> Option<Option<Work>> {
        if !is_there {
            return Some(None);
        }
        Some(Some(Work {
            role_id: self.role()?,
            milli_minutes: self.minutes.next()?,
        }))
    }
}

/// A choice of a closed list, from 1; 0 is none.
fn chosen<T: Copy>(all: &[T], number: usize) -> Option<Option<T>> {
    match number.checked_sub(1) {
        None => Some(None),
        Some(index) => all.get(index).copied().map(Some),
    }
}
