//! Entries in columns: the ids of all, the customers of all, the times of all … so that each is written in the form
//! that suits it. For rows of many writes.

mod read;
mod relationship;

pub use self::read::{read, read_posted};

use super::{StoredEntry, Target, ints, texts};
use crate::domain::{
    activity::{Activity, Kind, Price, Work},
    ledger::{Entry, Reversal},
    money::Micros,
    time::Instant,
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
            Entry::Activity(activity) => columns.activity(activity, stored.target.as_ref())?,
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

    fn activity(&mut self, activity: &'w Activity, sale: Option<&Target>) -> Result<(), String> {
        self.caused(activity.sale(), sale)?;
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
        Ok(())
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
            } => (1, self.charge(*revenue, *cost_of_goods, *quantity, *price)),
            Kind::Refund {
                amount,
                recovered_cost_of_goods,
                paid_out,
            } => {
                let shape = self.charge(*amount, *recovered_cost_of_goods, None, None);
                (2, shape | i64::from(*paid_out) << 1)
            }
            Kind::DirectCost { kind, amount } => {
                (3, self.charge(*amount, None, None, None) | *kind as i64)
            }
            Kind::Effort {
                work,
                purpose,
                channel,
            } => {
                let channel = channel.map_or(0, |channel| channel as i64 + 1);
                self.work(Some(work));
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
            } => (7, self.invoice(invoice_id, *amount, *due_time)),
            Kind::Payment { amount, invoice_id } => (8, self.bill(*amount, invoice_id)),
            Kind::WriteOff { amount, invoice_id } => (9, self.bill(*amount, invoice_id)),
            Kind::Referral {
                referred_party_id: id,
            } => (10, self.mention(id.as_str())),
            Kind::CreditNote { amount, invoice_id } => (11, self.bill(*amount, invoice_id)),
            Kind::Dispute {
                invoice_id,
                resolved,
            } => (12, self.mention(invoice_id) | i64::from(*resolved)),
            Kind::Relationship(one) => self.relationship(one),
        }
    }

    /// Adds amounts; gives the shape of which there are.
    fn charge(
        &mut self,
        amount: Micros,
        cost_of_goods: Option<Micros>,
        quantity: Option<i64>,
        price: Option<Price>,
    ) -> i64 {
        self.amounts[0].push(amount);
        let (price, which) = match price {
            None => (None, 0),
            Some(Price::List(price)) => (Some(price), 1),
            Some(Price::Discount(discount)) => (Some(discount), 2),
        };
        let cost = self.amount(1, cost_of_goods);
        let price = self.amount(2, price) * which;
        cost | self.amount(3, quantity) << 1 | price << 2
    }

    fn invoice(&mut self, invoice_id: &'w str, amount: Micros, due_time: Option<Instant>) -> i64 {
        if let Some(time) = due_time {
            self.due_time.push(time);
        }
        self.bill(amount, invoice_id) | i64::from(due_time.is_some())
    }

    fn bill(&mut self, amount: Micros, invoice_id: &'w str) -> i64 {
        self.amounts[0].push(amount);
        self.mention(invoice_id)
    }

    fn mention(&mut self, detail: &'w str) -> i64 {
        self.detail.push(detail);
        0
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
