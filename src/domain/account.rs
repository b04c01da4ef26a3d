//! Accounts, and the postings that an activity makes under them.
//!
//! A statement is made of sums of accounts. Amounts are posted as positive magnitudes; what adds to profit and what
//! takes from it is decided by the weights of a question, once, in [`super::ranking`].

use super::{
    activity::{Activity, DirectCostKind, EffortPurpose, Kind, Price, Severity, Work},
    decimal::MICRO_PLACES,
    id::{FactorName, RoleId},
    money::Nanos,
    relationship::{
        AppreciationKind, BonusEvent, Circumstance, ExternalityKind, circumstances, post_effort,
    },
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Working time is counted in thousandths of a minute.
const MINUTE_PLACES: u32 = 3;

/// What a posting is counted under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Account {
    /// Sales at list price, in micro-units.
    GrossRevenue,
    /// Discounts from it, in micro-units.
    Discounts,
    /// Refunds, in micro-units.
    Refunds,
    /// Cost of goods sold less what refunds recovered, in micro-units.
    CostOfGoods,
    /// Direct costs, in micro-units.
    DirectCost(DirectCostKind),
    /// Compensation for complaints, in micro-units.
    Compensation,
    /// What special demands cost besides time, in micro-units.
    SpecialDemandCost,
    /// Amounts written off, in micro-units.
    WrittenOff,
    /// Amounts billed less what was credited, in micro-units.
    Invoiced,
    /// Payments received less refunds paid out, in micro-units.
    Spend,
    /// How many sales there were.
    SaleCount,
    /// How much was sold, in millionths of a unit.
    Quantity,
    /// How many complaints there were.
    ComplaintCount,
    /// How many special demands there were.
    SpecialDemandCount,
    /// How many parties were referred.
    ReferralCount,
    /// Working time, in thousandths of a minute.
    Minutes(RoleId, WorkPurpose),
    /// How many invoices there were.
    InvoiceCount,
    /// How many complaints of a severity there were.
    Complaints(Severity),
    /// How many times the customer said how content it is.
    FeedbackCount,
    /// How content it is, each time from 0 to 1, in millionths.
    Feedback,
    /// Bonuses that were accrued, redeemed or expired, in micro-units.
    Bonus(BonusEvent),
    /// What appreciation cost, in micro-units.
    Appreciation(AppreciationKind),
    /// What was spent to win the customer, in micro-units.
    AcquisitionCost,
    /// What was spent to keep it, in micro-units.
    RetentionSpend,
    /// Estimates of effects on others, of any sign, in micro-units.
    Externality(ExternalityKind),
    /// How much something counts that has no price, of any sign, in millionths.
    Factor(FactorName),
    /// Working time that was worked under a circumstance, in thousandths of a minute. It is counted under what it was
    /// for as well: this is beside it, and what a premium is paid on.
    Circumstance(RoleId, Circumstance),
    /// What working time cost in another currency than that of the books, in micro-units. No activity posts it: it is
    /// made where a report is restated.
    RestatedWork(RoleId, WorkPurpose),
    /// What working time cost more under a circumstance, in the same way.
    RestatedPremium(RoleId, Circumstance),
}

impl Account {
    /// How many decimal places of its unit its sums count.
    pub fn places(&self) -> u32 {
        match self {
            Self::GrossRevenue
            | Self::Discounts
            | Self::Refunds
            | Self::CostOfGoods
            | Self::DirectCost(_)
            | Self::Compensation
            | Self::SpecialDemandCost
            | Self::WrittenOff
            | Self::Invoiced
            | Self::Spend
            | Self::Quantity
            | Self::Feedback
            | Self::Bonus(_)
            | Self::Appreciation(_)
            | Self::AcquisitionCost
            | Self::RetentionSpend
            | Self::Externality(_)
            | Self::Factor(_)
            | Self::RestatedWork(..)
            | Self::RestatedPremium(..) => MICRO_PLACES,
            Self::SaleCount
            | Self::ComplaintCount
            | Self::SpecialDemandCount
            | Self::ReferralCount
            | Self::InvoiceCount
            | Self::Complaints(_)
            | Self::FeedbackCount => 0,
            Self::Minutes(..) | Self::Circumstance(..) => MINUTE_PLACES,
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GrossRevenue => "gross_revenue",
            Self::Discounts => "discounts",
            Self::Refunds => "refunds",
            Self::CostOfGoods => "cost_of_goods",
            Self::DirectCost(kind) => {
                return write!(f, "direct_cost:{}", kind.as_str());
            }
            Self::Compensation => "compensation",
            Self::SpecialDemandCost => "special_demand_cost",
            Self::WrittenOff => "written_off",
            Self::Invoiced => "invoiced",
            Self::Spend => "spend",
            Self::SaleCount => "sales",
            Self::Quantity => "quantity",
            Self::ComplaintCount => "complaints",
            Self::SpecialDemandCount => "special_demands",
            Self::ReferralCount => "referrals",
            Self::InvoiceCount => "invoices",
            Self::Complaints(severity) => return write!(f, "complaints:{}", severity.as_str()),
            Self::FeedbackCount => "feedbacks",
            Self::Feedback => "feedback",
            Self::Bonus(event) => return write!(f, "bonus:{}", event.as_str()),
            Self::Appreciation(kind) => return write!(f, "appreciation:{}", kind.as_str()),
            Self::AcquisitionCost => "acquisition_cost",
            Self::RetentionSpend => "retention_spend",
            Self::Externality(kind) => return write!(f, "externality:{}", kind.as_str()),
            Self::Factor(name) => return write!(f, "factor:{name}"),
            Self::Circumstance(role, circumstance) => {
                return write!(f, "minutes:{role}:under:{}", circumstance.as_str());
            }
            Self::Minutes(role, purpose) => {
                return write!(f, "minutes:{role}:{}", purpose.as_str());
            }
            Self::RestatedWork(role, purpose) => {
                return write!(f, "restated_work:{role}:{}", purpose.as_str());
            }
            Self::RestatedPremium(role, circumstance) => {
                return write!(f, "restated_premium:{role}:{}", circumstance.as_str());
            }
        })
    }
}

/// What working time is counted under: what effort was for, or what made it necessary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WorkPurpose {
    /// Time submitted as effort.
    Effort(EffortPurpose),
    /// Time that complaints took.
    Complaint,
    /// Time that special demands took.
    SpecialDemand,
}

impl WorkPurpose {
    /// All purposes.
    pub fn all() -> impl Iterator<Item = Self> {
        let effort = EffortPurpose::ALL.iter().copied().map(Self::Effort);
        effort.chain([Self::Complaint, Self::SpecialDemand])
    }

    /// The purpose's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Effort(purpose) => purpose.as_str(),
            Self::Complaint => "COMPLAINT",
            Self::SpecialDemand => "SPECIAL_DEMAND",
        }
    }
}

/// Calls `post` for every posting of an activity: the account and the signed quantity in the account's unit.
pub fn for_each_posting(activity: &Activity, post: impl FnMut(Account, i64)) {
    for_each_posting_of(&activity.kind, post);
}

/// The same of what happened: nothing else of an activity matters.
pub fn for_each_posting_of(kind: &Kind, mut post: impl FnMut(Account, i64)) {
    match kind {
        Kind::Sale {
            revenue,
            cost_of_goods,
            quantity,
            price,
        } => {
            // A list amount is checked to be at least the revenue, and their sum to fit, when it is taken in.
            let discount = match price {
                None => 0,
                Some(Price::List(list)) => list - revenue,
                Some(Price::Discount(discount)) => *discount,
            };
            post(Account::GrossRevenue, revenue + discount);
            post_unless_zero(&mut post, Account::Discounts, discount);
            post_unless_zero(&mut post, Account::CostOfGoods, cost_of_goods.unwrap_or(0));
            post_unless_zero(&mut post, Account::Quantity, quantity.unwrap_or(0));
            post(Account::SaleCount, 1);
        }
        Kind::Refund {
            amount,
            recovered_cost_of_goods,
            paid_out,
        } => {
            post(Account::Refunds, *amount);
            post_unless_zero(
                &mut post,
                Account::CostOfGoods,
                -recovered_cost_of_goods.unwrap_or(0),
            );
            let spent = if *paid_out { -amount } else { 0 };
            post_unless_zero(&mut post, Account::Spend, spent);
        }
        Kind::DirectCost { kind, amount } => post(Account::DirectCost(*kind), *amount),
        Kind::Effort {
            work,
            purpose,
            channel,
        } => post_effort(
            &mut post,
            work,
            *purpose,
            circumstances(*channel, None, None),
        ),
        Kind::Complaint {
            compensation,
            work,
            severity,
            perceived_severity: _,
        } => {
            post(Account::ComplaintCount, 1);
            post(Account::Complaints(*severity), 1);
            post_unless_zero(&mut post, Account::Compensation, compensation.unwrap_or(0));
            post_work(&mut post, work.as_ref(), WorkPurpose::Complaint);
        }
        Kind::SpecialDemand {
            cost,
            work,
            description: _,
        } => {
            post(Account::SpecialDemandCount, 1);
            post_unless_zero(&mut post, Account::SpecialDemandCost, cost.unwrap_or(0));
            post_work(&mut post, work.as_ref(), WorkPurpose::SpecialDemand);
        }
        Kind::Invoice { amount, .. } => post_invoice(&mut post, *amount),
        Kind::Payment { amount, .. } => post(Account::Spend, *amount),
        Kind::WriteOff { amount, .. } => post(Account::WrittenOff, *amount),
        Kind::Referral { .. } => post(Account::ReferralCount, 1),
        Kind::CreditNote { amount, .. } => post(Account::Invoiced, -amount),
        // It moves no money. Who has one is active all the same.
        Kind::Dispute { .. } => {}
        Kind::Relationship(relationship) => relationship.for_each_posting(&mut post),
    }
}

fn post_invoice(post: &mut impl FnMut(Account, i64), amount: i64) {
    post(Account::Invoiced, amount);
    post(Account::InvoiceCount, 1);
}

fn post_unless_zero(post: &mut impl FnMut(Account, i64), account: Account, quantity: i64) {
    if quantity != 0 {
        post(account, quantity);
    }
}

fn post_work(post: &mut impl FnMut(Account, i64), work: Option<&Work>, purpose: WorkPurpose) {
    if let Some(Work {
        role_id,
        milli_minutes,
    }) = work
    {
        post(Account::Minutes(role_id.clone(), purpose), *milli_minutes);
    }
}

/// Exact sums by account; accounts without postings are absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sums(BTreeMap<Account, i128>);

impl Sums {
    /// Adds a quantity to an account. Sums of `i64` quantities cannot leave an `i128` before 2^64 postings.
    pub fn add(&mut self, account: Account, quantity: i128) {
        *self.0.entry(account).or_default() += quantity;
    }

    /// Adds all of another's sums.
    pub fn add_all(&mut self, other: &Self) {
        for (account, quantity) in &other.0 {
            self.add(account.clone(), *quantity);
        }
    }

    /// Takes off all of another's sums.
    pub fn subtract_all(&mut self, other: &Self) {
        for (account, quantity) in &other.0 {
            self.add(account.clone(), -*quantity);
        }
    }

    /// The sum of an account.
    pub fn get(&self, account: &Account) -> i128 {
        self.0.get(account).copied().unwrap_or(0)
    }

    /// All accounts with a sum, in the order of accounts.
    pub fn iter(&self) -> impl Iterator<Item = (&Account, i128)> {
        self.0
            .iter()
            .map(|(account, quantity)| (account, *quantity))
    }

    /// Drops accounts whose sum is zero, so that a reversed activity equals one that never was.
    #[must_use]
    pub fn without_zeros(mut self) -> Self {
        self.0.retain(|_, quantity| *quantity != 0);
        self
    }
}

/// What a unit of each account adds to or takes from a value, in nano-units; accounts without a weight add nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Weights(pub BTreeMap<Account, i128>);

impl Weights {
    /// What a unit of an account adds to the value.
    pub fn get(&self, account: &Account) -> i128 {
        self.0.get(account).copied().unwrap_or(0)
    }

    /// The value of some sums.
    pub fn value(&self, sums: &Sums) -> Nanos {
        self.0
            .iter()
            .map(|(account, weight)| weight * sums.get(account))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{activity::Dimensions, id, time::Instant};

    fn sums(kind: Kind) -> Sums {
        let activity = Activity {
            activity_id: id::ActivityId::parse("a", "").unwrap(),
            customer_id: id::PartyId::parse("c", "").unwrap(),
            occur_time: Instant {
                seconds: 0,
                nanos: 0,
            },
            dimensions: Dimensions::default(),
            kind,
            original: None,
        };
        let mut sums = Sums::default();
        for_each_posting(&activity, |account, quantity| {
            sums.add(account, i128::from(quantity))
        });
        sums
    }

    #[test]
    fn a_list_amount_and_a_discount_say_the_same() {
        let sale = |price| Kind::Sale {
            revenue: 80,
            cost_of_goods: Some(50),
            quantity: None,
            price,
        };
        assert_eq!(
            sums(sale(Some(Price::List(100)))),
            sums(sale(Some(Price::Discount(20))))
        );
        assert_eq!(
            sums(sale(Some(Price::List(100)))).get(&Account::GrossRevenue),
            100
        );
        assert_eq!(sums(sale(None)).get(&Account::GrossRevenue), 80);
    }

    #[test]
    fn a_refund_lowers_spend_only_if_it_was_paid_out() {
        let refund = |paid_out| Kind::Refund {
            amount: 30,
            recovered_cost_of_goods: Some(9),
            paid_out,
        };
        assert_eq!(sums(refund(false)).get(&Account::Spend), 0);
        assert_eq!(sums(refund(true)).get(&Account::Spend), -30);
        assert_eq!(sums(refund(true)).get(&Account::CostOfGoods), -9);
    }
}
