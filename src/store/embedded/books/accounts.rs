//! Numbers for accounts, and the layouts of rows: which accounts a row posts under.
//!
//! Most accounts are few, and so are layouts. Roles and other names are free text, and some accounts are rare: rows
//! that post under any of these name in a column what they post under, working time most of the time.

use super::interner::{Interner, number_of};
use crate::domain::{
    account::{Account, Sums, Weights, for_each_posting_of},
    activity::{DirectCostKind, Kind, Severity},
};
use serde::{Deserialize, Serialize};

/// How many accounts have a bit of their own.
pub(in super::super) const FIXED: u32 = 27;
/// The first of those under which a row posts 1 or nothing.
const FIRST_COUNT: u32 = 18;
/// The accounts of what is owed.
const WRITTEN_OFF: u32 = 14;
const INVOICED: u32 = 15;
const SPEND: u32 = 16;
const INVOICE_COUNT: u32 = 22;
const REFERRAL_COUNT: u32 = 21;
/// In a layout: the row has working time, or anything else that it names.
const MINUTES: u32 = 1 << 30;
/// In a layout: the row takes back another.
const REVERSAL: u32 = 1 << 31;
/// The most quantities that a row has beside its counts.
pub(in super::super) const QUANTITIES: usize = 4;

/// The number of an account that has a bit of its own.
fn fixed(account: &Account) -> Option<u32> {
    Some(match account {
        Account::GrossRevenue => 0,
        Account::Discounts => 1,
        Account::Refunds => 2,
        Account::CostOfGoods => 3,
        Account::DirectCost(kind) => {
            let place = DirectCostKind::ALL.iter().position(|other| other == kind);
            4 + number_of(place?)
        }
        Account::Compensation => 12,
        Account::SpecialDemandCost => 13,
        Account::WrittenOff => WRITTEN_OFF,
        Account::Invoiced => INVOICED,
        Account::Spend => SPEND,
        Account::Quantity => 17,
        Account::SaleCount => FIRST_COUNT,
        Account::ComplaintCount => 19,
        Account::SpecialDemandCount => 20,
        Account::ReferralCount => REFERRAL_COUNT,
        Account::InvoiceCount => INVOICE_COUNT,
        Account::Complaints(Severity::Minor) => 23,
        Account::Complaints(Severity::Moderate) => 24,
        Account::Complaints(Severity::Major) => 25,
        Account::FeedbackCount => 26,
        Account::Minutes(..)
        | Account::Circumstance(..)
        | Account::Feedback
        | Account::Bonus(_)
        | Account::Appreciation(_)
        | Account::AcquisitionCost
        | Account::RetentionSpend
        | Account::Externality(_)
        | Account::Factor(_)
        | Account::RestatedWork(..)
        | Account::RestatedPremium(..) => return None,
    })
}

fn of_fixed(number: u32) -> Account {
    match number {
        0 => Account::GrossRevenue,
        1 => Account::Discounts,
        2 => Account::Refunds,
        3 => Account::CostOfGoods,
        4..12 => Account::DirectCost(DirectCostKind::ALL[number as usize - 4]),
        12 => Account::Compensation,
        13 => Account::SpecialDemandCost,
        WRITTEN_OFF => Account::WrittenOff,
        INVOICED => Account::Invoiced,
        SPEND => Account::Spend,
        17 => Account::Quantity,
        FIRST_COUNT => Account::SaleCount,
        19 => Account::ComplaintCount,
        20 => Account::SpecialDemandCount,
        REFERRAL_COUNT => Account::ReferralCount,
        22 => Account::InvoiceCount,
        23 => Account::Complaints(Severity::Minor),
        24 => Account::Complaints(Severity::Moderate),
        25 => Account::Complaints(Severity::Major),
        _ => Account::FeedbackCount,
    }
}

/// The numbers of the bits that are set, rising.
fn bits(mut set: u32) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = set.trailing_zeros();
        // Without the lowest; of none there is none to take away.
        set &= set.wrapping_sub(1);
        (bit < u32::BITS).then_some(bit)
    })
}

/// Which accounts a row posts under: a bit for each that is not working time, one for working time, and one that says
/// whether it takes back another row.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub(in super::super) struct Layout(pub u32);

impl Layout {
    /// What invoices, credit notes, payments, write-offs and disputes leave behind; some others may look the same.
    pub const RECEIVABLES: [Self; 5] = [
        Self(1 << INVOICED | 1 << INVOICE_COUNT),
        Self(1 << INVOICED),
        Self(1 << SPEND),
        Self(1 << WRITTEN_OFF),
        Self(0),
    ];

    /// What referrals and asks for them leave behind; some others may look the same.
    pub const REFERRALS: [Self; 2] = [Self(1 << REFERRAL_COUNT), Self(0)];

    /// Whether there can be such rows.
    pub fn is_possible(self) -> bool {
        let known = ((1 << FIXED) - 1) | MINUTES | REVERSAL;
        self.0 & !known == 0 && self.quantities().count() <= QUANTITIES
    }

    /// Whether it takes back another row.
    pub fn is_reversal(self) -> bool {
        self.0 & REVERSAL != 0
    }

    /// The layout of what takes such a row back.
    pub fn reversed(self) -> Self {
        Self(self.0 | REVERSAL)
    }

    /// Whether there is working time.
    pub fn has_minutes(self) -> bool {
        self.0 & MINUTES != 0
    }

    /// 1, or -1 for what takes back another row.
    pub fn sign(self) -> i64 {
        if self.is_reversal() { -1 } else { 1 }
    }

    /// The accounts with a quantity of their own, rising; `None` stands for working time, whose account the row names.
    pub fn quantities(self) -> impl Iterator<Item = Option<u32>> {
        let all = bits(self.0 & (((1 << FIRST_COUNT) - 1) | MINUTES));
        all.map(|bit| Some(bit).filter(|bit| *bit < FIRST_COUNT))
    }

    /// The accounts under which 1 is posted.
    pub fn counts(self) -> impl Iterator<Item = u32> {
        bits(self.0 & ((1 << FIXED) - (1 << FIRST_COUNT)))
    }
}

/// What an activity posts, as a row holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in super::super) struct Postings {
    /// Under which accounts.
    pub layout: Layout,
    /// The account of working time, if there is any.
    pub minutes: u32,
    /// The quantities, in the order of [`Layout::quantities`].
    pub quantities: [i64; QUANTITIES],
}

impl Postings {
    /// Whether there can be such a row where there are so many accounts.
    pub fn is_possible(&self, accounts: u32) -> bool {
        self.layout.is_possible() && self.minutes < accounts
    }

    /// The account and the signed quantity of each posting.
    pub fn for_each(&self, mut post: impl FnMut(u32, i64)) {
        let sign = self.layout.sign();
        for (account, quantity) in self.layout.quantities().zip(self.quantities) {
            // No quantity is the least of its type: they are made of amounts of zero or more.
            post(account.unwrap_or(self.minutes), sign * quantity);
        }
        self.layout.counts().for_each(|account| post(account, sign));
    }
}

/// What something that happened posts; `work` says what number the account of working time has.
pub(in super::super) fn postings_of(kind: &Kind, work: impl FnOnce(WorkKey) -> u32) -> Postings {
    let mut by_bit = [0_i64; FIRST_COUNT as usize];
    let mut postings = Postings::default();
    let mut named: Option<(WorkKey, i64)> = None;
    for_each_posting_of(kind, |account, quantity| match fixed(&account) {
        Some(number) => {
            postings.layout.0 |= 1 << number;
            if let Some(sum) = by_bit.get_mut(number as usize) {
                *sum = quantity;
            }
        }
        None => {
            postings.layout.0 |= MINUTES;
            named = Some(match named.take() {
                None => (WorkKey::One(account), quantity),
                // All of them are of one quantity.
                Some((key, quantity)) => (key.and(account), quantity),
            });
        }
    });
    let mut minutes = 0;
    if let Some((key, quantity)) = named {
        postings.minutes = work(key);
        minutes = quantity;
    }
    let quantities = postings.layout.quantities();
    let quantities = quantities.map(|bit| bit.map_or(minutes, |bit| by_bit[bit as usize]));
    for (place, quantity) in postings.quantities.iter_mut().zip(quantities) {
        *place = quantity;
    }
    postings
}

/// What a row names: an account, such as whose working time and what for, or several that it posts the same quantity
/// under. All rows that name the same are under one number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(in super::super) enum WorkKey {
    /// One account.
    One(Account),
    /// Several, in the order in which they are posted.
    Several(Vec<Account>),
}

impl WorkKey {
    /// This and another account.
    fn and(self, account: Account) -> Self {
        Self::Several(match self {
            Self::One(first) => vec![first, account],
            Self::Several(mut all) => {
                all.push(account);
                all
            }
        })
    }

    /// Its accounts.
    fn accounts(&self) -> &[Account] {
        match self {
            Self::One(account) => std::slice::from_ref(account),
            Self::Several(accounts) => accounts,
        }
    }

    /// Whether a row can name it.
    fn is_possible(&self) -> bool {
        self.accounts()
            .iter()
            .all(|account| fixed(account).is_none())
    }
}

/// The accounts of one tenant and their numbers.
#[derive(Debug, Default)]
pub(in super::super) struct Accounts {
    minutes: Interner<WorkKey>,
}

impl Accounts {
    /// One more than the greatest number.
    pub fn len(&self) -> usize {
        FIXED as usize + self.minutes.len()
    }

    /// Calls `visit` with the accounts of a number: one most of the time.
    pub fn for_each(&self, number: u32, mut visit: impl FnMut(&Account)) {
        match number.checked_sub(FIXED) {
            None => visit(&of_fixed(number)),
            Some(number) => {
                let accounts = self.minutes.thing(number).accounts();
                accounts.iter().for_each(visit);
            }
        }
    }

    /// What a unit of a number weighs: as much as those of all its accounts together.
    pub fn weight(&self, number: u32, weights: &Weights) -> i128 {
        let mut weight = 0;
        self.for_each(number, |account| weight += weights.get(account));
        weight
    }

    /// Adds a sum to the accounts of a number.
    pub fn add(&self, number: u32, sum: i128, sums: &mut Sums) {
        self.for_each(number, |account| sums.add(account.clone(), sum));
    }

    /// What rows name that has a number, in the order of the numbers.
    pub fn worked(&self) -> &[WorkKey] {
        self.minutes.things()
    }

    /// The accounts of [`Accounts::worked`], if rows can name all of them.
    pub fn of_worked(worked: &[WorkKey]) -> Option<Self> {
        let mut accounts = Self::default();
        for key in worked {
            accounts.minutes.intern(key, Clone::clone);
        }
        worked.iter().all(WorkKey::is_possible).then_some(accounts)
    }

    /// What something that happened posts; an account that is new gets a number.
    pub fn postings(&mut self, kind: &Kind) -> Postings {
        postings_of(kind, |key| self.of_work(&key))
    }

    /// The number of what a row names; it gets one if it has none.
    pub fn of_work(&mut self, key: &WorkKey) -> u32 {
        FIXED + self.minutes.intern(key, Clone::clone)
    }

    /// Sums by the number of the account as sums by account, those of zero left out.
    pub fn sums(&self, by_number: &[i128]) -> Sums {
        let mut sums = Sums::default();
        for (number, sum) in (0..).zip(by_number).filter(|(_, sum)| **sum != 0) {
            self.add(number, *sum, &mut sums);
        }
        sums.without_zeros()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        id::PartyId,
        referral::{Advocacy, AskOutcome},
        relationship::Relationship,
    };

    #[test]
    fn what_is_owed_leaves_known_layouts() {
        let invoice_id = || "i".to_owned();
        let kinds = [
            Kind::Invoice {
                invoice_id: invoice_id(),
                amount: 7,
                due_time: None,
            },
            Kind::CreditNote {
                invoice_id: invoice_id(),
                amount: 7,
            },
            Kind::Payment {
                invoice_id: invoice_id(),
                amount: 0,
            },
            Kind::WriteOff {
                invoice_id: invoice_id(),
                amount: 7,
            },
            Kind::Dispute {
                invoice_id: invoice_id(),
                resolved: false,
            },
        ];
        let layouts = kinds.map(|kind| postings_of(&kind, |_| 0).layout);
        assert_eq!(layouts, Layout::RECEIVABLES);
    }

    #[test]
    fn referrals_leave_known_layouts() {
        let referred_party_id = PartyId::stored("p");
        let referral = Advocacy::Referral {
            referred_party_id: referred_party_id.clone(),
            kind: None,
            product_family: "tea".to_owned(),
        };
        let ask = Advocacy::Ask {
            outcome: AskOutcome::Open,
            note: String::new(),
        };
        let advocacy = |one| Kind::Relationship(Relationship::Advocacy(one));
        let layout = |kind: &Kind| postings_of(kind, |_| 0).layout;
        let layouts = [layout(&advocacy(referral)), layout(&advocacy(ask))];
        assert_eq!(layouts, Layout::REFERRALS);
        assert_eq!(layout(&Kind::Referral { referred_party_id }), layouts[0]);
    }
}
