//! Entries in columns: the ids of all, the customers of all, the times of all … so that each is written in the form that
//! suits it. For rows of many writes.

use super::{ROW_WRITES, StoredEntry, Target, ints, texts};
use crate::{
    domain::{
        activity::{
            Activity, ContactChannel, Dimensions, DirectCostKind, EffortPurpose, Kind, Price,
            Severity, Work,
        },
        id::{ActivityId, PartyId, RoleId},
        ledger::{Entry, Reversal},
        time::{Day, Instant},
    },
    store::embedded::log::Bytes,
};

/// The first byte of such a body.
pub const VERSION: u8 = 2;

/// Numbers and texts by column. Each kind of activity adds to those that it needs.
#[derive(Default)]
struct Columns<'w> {
    record_time: Times,
    /// 0 for a reversal, otherwise the kind of the activity from 1.
    kind: Vec<i64>,
    id: Vec<&'w str>,
    customer: Vec<&'w str>,
    occur_time: Times,
    dimensions: [Vec<&'w str>; 6],
    /// Which parts an activity has, and its choices from closed lists.
    shape: Vec<i64>,
    /// The first, the second and the third amount, and quantities.
    amounts: [Vec<i64>; 4],
    minutes: Vec<i64>,
    role: Vec<&'w str>,
    /// Invoices, descriptions and referred parties.
    detail: Vec<&'w str>,
    due_time: Times,
    target: Vec<i64>,
    target_day: Vec<i64>,
    target_id: Vec<&'w str>,
    reason: Vec<&'w str>,
    evidence: Vec<&'w str>,
}

#[derive(Default)]
struct Times {
    seconds: Vec<i64>,
    nanos: Vec<i64>,
}

impl Times {
    fn push(&mut self, time: Instant) {
        self.seconds.push(time.seconds);
        self.nanos.push(i64::from(time.nanos));
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        ints::write(bytes, &self.seconds);
        ints::write(bytes, &self.nanos);
    }
}

/// The bytes of entries.
pub fn write(entries: &[StoredEntry<&Entry>]) -> Result<Vec<u8>, String> {
    let mut columns = Columns::with_room_for(entries.len());
    for stored in entries {
        columns.record_time.push(stored.record_time);
        columns.id.push(stored.entry.id().as_str());
        match stored.entry {
            Entry::Activity(activity) => columns.activity(activity),
            Entry::Reversal(reversal) => columns.reversal(reversal, stored.target.as_ref())?,
        }
    }
    // About what entries without long texts take.
    let mut bytes = Vec::with_capacity(64 * entries.len());
    bytes.push(VERSION);
    columns.write(&mut bytes)?;
    Ok(bytes)
}

impl<'w> Columns<'w> {
    /// With room in the columns that every activity has.
    fn with_room_for(count: usize) -> Self {
        let times = || Times {
            seconds: Vec::with_capacity(count),
            nanos: Vec::with_capacity(count),
        };
        Self {
            record_time: times(),
            kind: Vec::with_capacity(count),
            id: Vec::with_capacity(count),
            customer: Vec::with_capacity(count),
            occur_time: times(),
            dimensions: [const { Vec::new() }; 6].map(|_: Vec<&str>| Vec::with_capacity(count)),
            shape: Vec::with_capacity(count),
            ..Self::default()
        }
    }

    fn activity(&mut self, activity: &'w Activity) {
        self.customer.push(activity.customer_id.as_str());
        self.occur_time.push(activity.occur_time);
        let dimensions = &activity.dimensions;
        let values = [
            &dimensions.branch_id,
            &dimensions.product_id,
            &dimensions.account_manager_id,
            &dimensions.channel_id,
            &dimensions.campaign_id,
            &dimensions.evidence_ref,
        ];
        for (column, value) in self.dimensions.iter_mut().zip(values) {
            column.push(value);
        }
        let (kind, shape) = self.content(&activity.kind);
        self.kind.push(kind);
        self.shape.push(shape);
    }

    fn reversal(
        &mut self,
        reversal: &'w Reversal,
        target: Option<&'w Target>,
    ) -> Result<(), String> {
        let target = target.ok_or("a reversal without what it takes back")?;
        self.kind.push(0);
        self.target.push(target.position.cast_signed());
        self.target_day.push(i64::from(target.day.0));
        self.customer.push(target.customer.as_str());
        self.target_id.push(reversal.activity_id.as_str());
        self.reason.push(&reversal.reason);
        self.evidence.push(&reversal.evidence_ref);
        Ok(())
    }

    /// Adds what is particular to a kind; gives its number and its shape.
    fn content(&mut self, kind: &'w Kind) -> (i64, i64) {
        match kind {
            Kind::Sale {
                revenue,
                cost_of_goods,
                quantity,
                price,
            } => {
                self.amounts[0].push(*revenue);
                let (price, which) = match price {
                    None => (None, 0),
                    Some(Price::List(price)) => (Some(*price), 1),
                    Some(Price::Discount(discount)) => (Some(*discount), 2),
                };
                let cost = self.amount(1, *cost_of_goods);
                let price = self.amount(2, price) * which;
                let quantity = self.amount(3, *quantity);
                (1, cost | quantity << 1 | price << 2)
            }
            Kind::Refund {
                amount,
                recovered_cost_of_goods,
                paid_out,
            } => {
                self.amounts[0].push(*amount);
                let recovered = self.amount(1, *recovered_cost_of_goods);
                (2, recovered | i64::from(*paid_out) << 1)
            }
            Kind::DirectCost { kind, amount } => {
                self.amounts[0].push(*amount);
                (3, *kind as i64)
            }
            Kind::Effort {
                work,
                purpose,
                channel,
            } => {
                self.work(Some(work));
                let channel = channel.map_or(0, |channel| channel as i64 + 1);
                (4, *purpose as i64 | channel << 4)
            }
            Kind::Complaint {
                severity,
                perceived_severity,
                compensation,
                work,
            } => {
                let perceived = perceived_severity.map_or(0, |severity| severity as i64 + 1);
                let compensation = self.amount(0, *compensation);
                let work = self.work(work.as_ref());
                (
                    5,
                    compensation | work << 1 | (*severity as i64) << 2 | perceived << 4,
                )
            }
            Kind::SpecialDemand {
                description,
                cost,
                work,
            } => {
                self.detail.push(description);
                (6, self.amount(0, *cost) | self.work(work.as_ref()) << 1)
            }
            Kind::Invoice {
                invoice_id,
                amount,
                due_time,
            } => {
                self.amounts[0].push(*amount);
                self.detail.push(invoice_id);
                if let Some(time) = due_time {
                    self.due_time.push(*time);
                }
                (7, i64::from(due_time.is_some()))
            }
            Kind::Payment { amount, invoice_id } => {
                self.amounts[0].push(*amount);
                self.detail.push(invoice_id);
                (8, 0)
            }
            Kind::WriteOff { amount, invoice_id } => {
                self.amounts[0].push(*amount);
                self.detail.push(invoice_id);
                (9, 0)
            }
            Kind::Referral { referred_party_id } => {
                self.detail.push(referred_party_id.as_str());
                (10, 0)
            }
        }
    }

    /// Adds an amount if there is one: 1 if so, and otherwise 0.
    fn amount(&mut self, column: usize, amount: Option<i64>) -> i64 {
        self.amounts[column].extend(amount);
        i64::from(amount.is_some())
    }

    fn work(&mut self, work: Option<&'w Work>) -> i64 {
        if let Some(work) = work {
            self.role.push(work.role_id.as_str());
            self.minutes.push(work.milli_minutes);
        }
        i64::from(work.is_some())
    }

    fn write(&self, bytes: &mut Vec<u8>) -> Result<(), String> {
        self.record_time.write(bytes);
        ints::write(bytes, &self.kind);
        texts::write(bytes, &self.id)?;
        texts::write(bytes, &self.customer)?;
        self.occur_time.write(bytes);
        for column in &self.dimensions {
            texts::write(bytes, column)?;
        }
        ints::write(bytes, &self.shape);
        for column in &self.amounts {
            ints::write(bytes, column);
        }
        ints::write(bytes, &self.minutes);
        texts::write(bytes, &self.role)?;
        texts::write(bytes, &self.detail)?;
        self.due_time.write(bytes);
        ints::write(bytes, &self.target);
        ints::write(bytes, &self.target_day);
        texts::write(bytes, &self.target_id)?;
        texts::write(bytes, &self.reason)?;
        texts::write(bytes, &self.evidence)
    }
}

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

/// Reads entries.
pub fn read(
    bytes: &[u8],
    count: u32,
    visit: &mut dyn FnMut(StoredEntry) -> Result<(), String>,
) -> Result<(), String> {
    let damaged = || "its columns do not fit together".to_owned();
    let mut bytes = Bytes(bytes);
    let mut reader = Reader::new(&mut bytes).ok_or_else(damaged)?;
    if !bytes.0.is_empty() || reader.kind.len() as u64 != u64::from(count) {
        return Err(damaged());
    }
    while let Some(kind) = reader.kind.next() {
        visit(reader.next(kind).ok_or_else(damaged)?)?;
    }
    Ok(())
}

impl Reader {
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
            let target = Target {
                position: self.target.next()?.cast_unsigned(),
                day: Day(i32::try_from(self.target_day.next()?).ok()?),
                customer: PartyId::stored(self.customer.next()?),
            };
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
        };
        Some(StoredEntry {
            record_time,
            target: None,
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
                due_time: if has(0) {
                    Some(self.due_time.next()?)
                } else {
                    None
                },
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
            _ => return None,
        })
    }

    /// An amount if it has one; `None` if the column ends before it.
    fn amount(&mut self, column: usize, is_there: bool) -> Option<Option<i64>> {
        if is_there {
            self.amounts[column].next().map(Some)
        } else {
            Some(None)
        }
    }

    fn work(&mut self, is_there: bool) -> Option<Option<Work>> {
        if !is_there {
            return Some(None);
        }
        Some(Some(Work {
            role_id: RoleId::stored(self.role.next()?),
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
