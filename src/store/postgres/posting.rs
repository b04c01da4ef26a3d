//! How postings are kept: one row for an activity, with what it is of and a few amounts. What the amounts of a row
//! mean is one table here, read in both directions. Knows no SQL but the names of columns.

use super::posting_relationship as relationship;
use crate::domain::{
    account::{Account, Sums, WorkPurpose, for_each_posting},
    activity::{Activity, DirectCostKind, EffortPurpose, Kind},
    id::{FactorName, RoleId},
    problem::Problem,
    relationship::{Circumstance, circumstances},
};
use Account as A;

/// What a row is of. Numbers are part of the stored form.
pub type What = i16;

const SALE: What = 1;
const REFUND: What = 2;
const REFUND_PAID_OUT: What = 3;
/// A complaint of which nobody knows how grave it was: as all were kept once.
const COMPLAINT: What = 4;
const SPECIAL_DEMAND: What = 5;
const INVOICE: What = 6;
const PAYMENT: What = 7;
const WRITE_OFF: What = 8;
pub(super) const REFERRAL: What = 9;
const CREDIT_NOTE: What = 10;
const DISPUTE: What = 11;
/// The first kind of direct cost; the others follow in their order.
const DIRECT_COST: What = 20;
/// The first purpose of effort; the others follow in their order.
const EFFORT: What = 40;

/// What sales are kept as.
pub const SALES: What = SALE;
/// What changes what a customer owes.
pub const RECEIVABLES: [What; 5] = [INVOICE, PAYMENT, WRITE_OFF, CREDIT_NOTE, DISPUTE];

/// How many columns there are.
pub const COLUMNS: usize = 8;

/// A column with amounts, or with 1 for an activity and -1 for its reversal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    Live,
    /// What sales were at list price.
    Gross,
    Discount,
    /// Cost of goods.
    Cost,
    /// What else takes from profit.
    Deduction,
    /// What was billed or paid.
    Money,
    Quantity,
    Minutes,
}

impl Column {
    /// All columns.
    pub const ALL: [Self; COLUMNS] = [
        Self::Live,
        Self::Gross,
        Self::Discount,
        Self::Cost,
        Self::Deduction,
        Self::Money,
        Self::Quantity,
        Self::Minutes,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Gross => "gross",
            Self::Discount => "discount",
            Self::Cost => "cost",
            Self::Deduction => "deduction",
            Self::Money => "money",
            Self::Quantity => "quantity",
            Self::Minutes => "minutes",
        }
    }
}

/// An account that a column is counted under, and with which sign.
pub type Meaning = (Account, Column, i8);

/// Everything that a row can be of.
pub fn all() -> impl Iterator<Item = What> {
    let direct = DirectCostKind::ALL.iter().map(|kind| direct_cost(*kind));
    let effort = EffortPurpose::ALL.iter().map(|purpose| of_effort(*purpose));
    let relationship = relationship::all();
    (SALE..=DISPUTE)
        .chain(direct)
        .chain(effort)
        .chain(relationship)
}

fn direct_cost(kind: DirectCostKind) -> What {
    DIRECT_COST + kind as What
}

fn of_effort(purpose: EffortPurpose) -> What {
    EFFORT + purpose as What
}

/// What working time in such rows is counted under.
pub fn purpose(what: What) -> Option<WorkPurpose> {
    match what {
        COMPLAINT => Some(WorkPurpose::Complaint),
        SPECIAL_DEMAND => Some(WorkPurpose::SpecialDemand),
        _ => {
            let mut purposes = EffortPurpose::ALL.iter();
            let found = purposes.find(|purpose| of_effort(**purpose) == what);
            let found = found.map(|purpose| WorkPurpose::Effort(*purpose));
            found.or_else(|| relationship::purpose(what))
        }
    }
}

/// The circumstances under which working time in such rows was worked.
pub fn circumstances_of(what: What) -> Vec<Circumstance> {
    relationship::effort_of(what).map_or_else(Vec::new, |(_, told)| told)
}

/// What the columns of such rows mean, working time left out.
pub fn meanings(what: What) -> Vec<Meaning> {
    use Column::{Cost, Deduction, Discount, Gross, Live, Money, Quantity};
    match what {
        SALE => vec![
            (A::GrossRevenue, Gross, 1),
            (A::Discounts, Discount, 1),
            (A::CostOfGoods, Cost, 1),
            (A::Quantity, Quantity, 1),
            (A::SaleCount, Live, 1),
        ],
        REFUND => vec![(A::Refunds, Deduction, 1), (A::CostOfGoods, Cost, 1)],
        REFUND_PAID_OUT => vec![
            (A::Refunds, Deduction, 1),
            (A::CostOfGoods, Cost, 1),
            (A::Spend, Deduction, -1),
        ],
        COMPLAINT => vec![
            (A::Compensation, Deduction, 1),
            (A::ComplaintCount, Live, 1),
        ],
        SPECIAL_DEMAND => vec![
            (A::SpecialDemandCost, Deduction, 1),
            (A::SpecialDemandCount, Live, 1),
        ],
        INVOICE => vec![(A::Invoiced, Money, 1), (A::InvoiceCount, Live, 1)],
        PAYMENT => vec![(A::Spend, Money, 1)],
        WRITE_OFF => vec![(A::WrittenOff, Deduction, 1)],
        REFERRAL => vec![(A::ReferralCount, Live, 1)],
        CREDIT_NOTE => vec![(A::Invoiced, Money, -1)],
        _ => {
            let mut kinds = DirectCostKind::ALL.iter();
            match kinds.find(|kind| direct_cost(**kind) == what) {
                Some(kind) => vec![(A::DirectCost(*kind), Deduction, 1)],
                None => relationship::meanings(what),
            }
        }
    }
}

/// Whether such rows have anything in a column.
pub fn holds(what: What, column: Column) -> bool {
    column == Column::Live
        || column == Column::Minutes && purpose(what).is_some()
        || relationship::named(what) == Some(column)
        || meanings(what).iter().any(|(_, own, _)| *own == column)
}

fn what_of(kind: &Kind) -> What {
    match kind {
        Kind::Sale { .. } => SALE,
        Kind::Refund { paid_out, .. } => {
            if *paid_out {
                REFUND_PAID_OUT
            } else {
                REFUND
            }
        }
        Kind::DirectCost { kind, .. } => direct_cost(*kind),
        Kind::Effort {
            purpose, channel, ..
        } => {
            let told = circumstances(*channel, None, None);
            relationship::effort(*purpose, told).unwrap_or_else(|| of_effort(*purpose))
        }
        Kind::Complaint { severity, .. } => relationship::complaint(*severity),
        Kind::SpecialDemand { .. } => SPECIAL_DEMAND,
        Kind::Invoice { .. } => INVOICE,
        Kind::Payment { .. } => PAYMENT,
        Kind::WriteOff { .. } => WRITE_OFF,
        Kind::Referral { .. } => REFERRAL,
        Kind::CreditNote { .. } => CREDIT_NOTE,
        Kind::Dispute { .. } => DISPUTE,
        Kind::Relationship(one) => relationship::what_of(one, direct_cost, of_effort),
    }
}

/// What an activity posts, as one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub what: What,
    /// The role that worked, or another name that an amount is counted under.
    pub role: Option<String>,
    /// In the order of [`Column::ALL`].
    pub amounts: [Option<i64>; COLUMNS],
}

impl Posted {
    /// The row of an activity.
    pub fn of(activity: &Activity) -> Self {
        let what = what_of(&activity.kind);
        let meanings = meanings(what);
        let mut posted = Self {
            what,
            role: None,
            amounts: [None; COLUMNS],
        };
        posted.amounts[Column::Live as usize] = Some(1);
        for_each_posting(activity, |account, quantity| {
            if let Account::Minutes(role, _) = &account {
                posted.amounts[Column::Minutes as usize] = Some(quantity);
                posted.role = Some(role.to_string());
            }
            if let Account::Factor(name) = &account {
                posted.amounts[Column::Money as usize] = Some(quantity);
                posted.role = Some(name.to_string());
            }
            let meaning = meanings.iter().find(|(own, _, _)| *own == account);
            if let Some((_, column, sign)) = meaning
                && *column != Column::Live
            {
                posted.amounts[*column as usize] = Some(quantity * i64::from(*sign));
            }
        });
        posted
    }

    /// The row that takes it back.
    pub fn taken_back(mut self) -> Result<Self, Problem> {
        let smallest = || Problem::number_out_of_range("amount", "-9223372036854", "9223372036854");
        for amount in self.amounts.iter_mut().flatten() {
            *amount = amount.checked_neg().ok_or_else(smallest)?;
        }
        Ok(self)
    }
}

/// Adds the sums of rows of one kind and role to the accounts that they are of. `amounts` are in the order of
/// [`Column::ALL`].
pub fn add_sums(sums: &mut Sums, what: What, role: Option<&str>, amounts: [i128; COLUMNS]) {
    for (account, column, sign) in meanings(what) {
        sums.add(account, amounts[column as usize] * i128::from(sign));
    }
    if let (Some(purpose), Some(role)) = (purpose(what), role) {
        let (role, minutes) = (RoleId::stored(role), amounts[Column::Minutes as usize]);
        sums.add(Account::Minutes(role.clone(), purpose), minutes);
        for circumstance in circumstances_of(what) {
            sums.add(Account::Circumstance(role.clone(), circumstance), minutes);
        }
    }
    if let (Some(column), Some(name)) = (relationship::named(what), role) {
        let account = Account::Factor(FactorName::stored(name));
        sums.add(account, amounts[column as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        activity::{Dimensions, Price, Severity, Work},
        id::{ActivityId, PartyId},
        time::Instant,
    };

    fn kinds() -> Vec<Kind> {
        let work = Work {
            role_id: RoleId::stored("CLERK"),
            milli_minutes: 70,
        };
        let invoice_id = || "I".to_owned();
        let mut kinds = vec![
            Kind::Sale {
                revenue: 80,
                cost_of_goods: Some(50),
                quantity: Some(3),
                price: Some(Price::List(100)),
            },
            Kind::Complaint {
                severity: Severity::Minor,
                perceived_severity: None,
                compensation: Some(5),
                work: Some(work.clone()),
            },
            Kind::SpecialDemand {
                description: String::new(),
                cost: Some(6),
                work: Some(work.clone()),
            },
            Kind::Invoice {
                invoice_id: invoice_id(),
                amount: 7,
                due_time: None,
            },
            Kind::Payment {
                amount: 8,
                invoice_id: invoice_id(),
            },
            Kind::WriteOff {
                amount: 9,
                invoice_id: invoice_id(),
            },
            Kind::Referral {
                referred_party_id: PartyId::stored("R"),
            },
            Kind::CreditNote {
                amount: 10,
                invoice_id: invoice_id(),
            },
            Kind::Dispute {
                invoice_id: invoice_id(),
                resolved: true,
            },
        ];
        kinds.extend([true, false].map(|paid_out| Kind::Refund {
            amount: 30,
            recovered_cost_of_goods: Some(9),
            paid_out,
        }));
        let direct = DirectCostKind::ALL.iter();
        kinds.extend(direct.map(|kind| Kind::DirectCost {
            kind: *kind,
            amount: 11,
        }));
        let effort = EffortPurpose::ALL.iter();
        kinds.extend(effort.map(|purpose| Kind::Effort {
            work: work.clone(),
            purpose: *purpose,
            channel: None,
        }));
        kinds
    }

    #[test]
    fn a_row_says_what_its_activity_posts() {
        for kind in kinds() {
            let activity = Activity {
                activity_id: ActivityId::stored("a"),
                customer_id: PartyId::stored("c"),
                occur_time: Instant {
                    seconds: 0,
                    nanos: 0,
                },
                dimensions: Dimensions::default(),
                kind,
                original: None,
            };
            let mut wanted = Sums::default();
            for_each_posting(&activity, |account, quantity| {
                wanted.add(account, i128::from(quantity));
            });
            let posted = Posted::of(&activity);
            assert!(all().any(|what| what == posted.what), "{activity:?}");
            let add = |posted: &Posted, sums: &mut Sums| {
                let amounts = posted.amounts.map(|amount| i128::from(amount.unwrap_or(0)));
                let role = posted.role.as_deref();
                add_sums(sums, posted.what, role, amounts);
            };
            let mut sums = Sums::default();
            add(&posted, &mut sums);
            assert_eq!(sums.clone().without_zeros(), wanted, "{activity:?}");
            add(&posted.taken_back().unwrap(), &mut sums);
            assert_eq!(sums.without_zeros(), Sums::default(), "{activity:?}");
        }
    }

    #[test]
    fn nothing_is_kept_as_two_things() {
        let mut whats: Vec<What> = all().collect();
        whats.sort_unstable();
        let count = whats.len();
        whats.dedup();
        assert_eq!(whats.len(), count);
    }
}
