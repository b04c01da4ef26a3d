//! Numbers for accounts, and the layouts of rows: which accounts a row posts under.
//!
//! There are few accounts that are not working time, and so few layouts; roles are free text, so that rows with working
//! time name their account in a column.

use super::interner::{Interner, number_of};
use crate::domain::{
    account::{Account, Sums, WorkPurpose, for_each_posting_of},
    activity::{DirectCostKind, Kind},
    id::RoleId,
};
use serde::{Deserialize, Serialize};

/// How many accounts are not working time.
pub(in super::super) const FIXED: u32 = 23;
/// The first of those under which a row posts 1 or nothing.
const FIRST_COUNT: u32 = 18;
/// The accounts of what is owed.
const WRITTEN_OFF: u32 = 14;
const INVOICED: u32 = 15;
const SPEND: u32 = 16;
const INVOICE_COUNT: u32 = 22;
/// In a layout: the row has working time.
const MINUTES: u32 = 1 << 30;
/// In a layout: the row takes back another.
const REVERSAL: u32 = 1 << 31;
/// The most quantities that a row has beside its counts.
pub(in super::super) const QUANTITIES: usize = 4;

/// The number of an account that is not working time.
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
        Account::ReferralCount => 21,
        Account::InvoiceCount => INVOICE_COUNT,
        Account::Minutes(..) | Account::RestatedWork(..) => return None,
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
        21 => Account::ReferralCount,
        _ => Account::InvoiceCount,
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
    let mut worked = None;
    for_each_posting_of(kind, |account, quantity| match fixed(&account) {
        Some(number) => {
            postings.layout.0 |= 1 << number;
            if let Some(sum) = by_bit.get_mut(number as usize) {
                *sum = quantity;
            }
        }
        None => {
            if let Account::Minutes(role, purpose) = account {
                postings.layout.0 |= MINUTES;
                worked = Some(((role, purpose), quantity));
            }
        }
    });
    let mut minutes = 0;
    if let Some((key, quantity)) = worked {
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

/// Whose working time, and what for.
pub(in super::super) type WorkKey = (RoleId, WorkPurpose);

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

    /// The account with a number.
    pub fn account(&self, number: u32) -> Account {
        match number.checked_sub(FIXED) {
            None => of_fixed(number),
            Some(number) => {
                let (role, purpose) = self.minutes.thing(number);
                Account::Minutes(role.clone(), *purpose)
            }
        }
    }

    /// The roles and what they worked for that have accounts, in the order of the accounts' numbers.
    pub fn worked(&self) -> &[(RoleId, WorkPurpose)] {
        self.minutes.things()
    }

    /// The accounts of [`Accounts::worked`].
    pub fn of_worked(worked: &[(RoleId, WorkPurpose)]) -> Self {
        let mut accounts = Self::default();
        for key in worked {
            accounts.minutes.intern(key, Clone::clone);
        }
        accounts
    }

    /// What something that happened posts; an account that is new gets a number.
    pub fn postings(&mut self, kind: &Kind) -> Postings {
        postings_of(kind, |key| self.of_work(&key))
    }

    /// The number of the account of working time; it gets one if it has none.
    pub fn of_work(&mut self, key: &WorkKey) -> u32 {
        FIXED + self.minutes.intern(key, Clone::clone)
    }

    /// Sums by the number of the account as sums by account, those of zero left out.
    pub fn sums(&self, by_number: &[i128]) -> Sums {
        let mut sums = Sums::default();
        for (number, sum) in (0..).zip(by_number).filter(|(_, sum)| **sum != 0) {
            sums.add(self.account(number), *sum);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
