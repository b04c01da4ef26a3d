//! Alerts: which are open in a state, and which were raised and cleared between two states.

use crate::domain::{
    id::PartyId,
    money::{Micros, Nanos},
    party::Party,
    time::Day,
};
use std::{collections::BTreeMap, sync::Arc};

/// What can call for attention. The contract's `watch_service.proto` says when each is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the contract documents each")]
pub enum AlertKind {
    TurnedUnprofitable,
    AttentionOutpacesVolume,
    BelowFloor,
    Overdue,
    OutOfKeyBand,
}

impl AlertKind {
    /// All of them, in the order of the contract.
    pub const ALL: &[Self] = &[
        Self::TurnedUnprofitable,
        Self::AttentionOutpacesVolume,
        Self::BelowFloor,
        Self::Overdue,
        Self::OutOfKeyBand,
    ];
}

/// When alerts are open.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AlertRules {
    /// Which kinds, in the order of the contract and each once.
    pub kinds: Vec<AlertKind>,
    /// What the net profit is not to be below.
    pub floor: Option<Micros>,
    /// When attention outpaces volume.
    pub attention: AttentionRule,
    /// How many days after its due day an invoice is overdue.
    pub grace_days: i32,
    /// Only customers with at least so much overdue, in micro-units.
    pub minimum_overdue: Micros,
    /// How many customers the key band has.
    pub key_band: KeyBand,
}

/// When attention outpaces volume: `minutes` are up while net revenue is down, against the time before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttentionRule {
    /// By how many percent working time has to be up.
    pub rise_percent: i32,
    /// By how many percent net revenue has to be down.
    pub fall_percent: i32,
    /// The least working time that is looked at, in thousandths of a minute.
    pub minimum_milli_minutes: i64,
}

/// How many customers a key band has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyBand {
    /// So many.
    Size(u64),
    /// So many millionths of all, rounded up.
    Millionths(u32),
}

impl KeyBand {
    /// How many of so many customers; at most `limit`, or nothing.
    pub fn of(self, customers: u64, limit: u64) -> Option<u64> {
        let size = match self {
            Self::Size(size) => u128::from(size.min(customers)),
            Self::Millionths(millionths) => {
                (u128::from(customers) * u128::from(millionths)).div_ceil(1_000_000)
            }
        };
        u64::try_from(size).ok().filter(|size| *size <= limit)
    }
}

/// How much attention a customer takes, and how much it buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attention {
    /// Working time, in thousandths of a minute.
    pub milli_minutes: i128,
    /// Working time before.
    pub prior_milli_minutes: i128,
    /// Net revenue, in nano-units.
    pub revenue: Nanos,
    /// Net revenue before.
    pub prior_revenue: Nanos,
}

impl AttentionRule {
    /// Whether attention outpaces volume. Without revenue before there is nothing that fell.
    pub fn holds(&self, figures: &Attention) -> bool {
        let risen = figures.prior_milli_minutes * (100 + i128::from(self.rise_percent));
        let fallen = figures.prior_revenue * (100 - i128::from(self.fall_percent));
        figures.milli_minutes >= i128::from(self.minimum_milli_minutes)
            && figures.milli_minutes > figures.prior_milli_minutes
            && figures.milli_minutes * 100 >= risen
            && figures.prior_revenue > 0
            && figures.revenue < figures.prior_revenue
            && figures.revenue * 100 <= fallen
    }
}

/// What a customer has not paid in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// How much, in nano-units.
    pub amount: Nanos,
    /// On how many invoices.
    pub invoices: u64,
    /// The number of the one that is overdue for the longest time.
    pub oldest: String,
    /// For how many days.
    pub oldest_days: i32,
}

/// The figures behind an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figures {
    /// The net profit, and what it is not to be below.
    Profit {
        /// In nano-units.
        net_profit: Nanos,
        /// In micro-units.
        floor: Option<Micros>,
    },
    /// Working time and net revenue.
    Attention(Attention),
    /// What was not paid.
    Overdue(Overdue),
    /// Where a customer stands that was one of the best.
    KeyBand {
        /// Its place, from 0.
        old_place: u64,
        /// Its place now, if it has one.
        new_place: Option<u64>,
        /// How many the best are.
        size: u64,
    },
}

/// One alert that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAlert {
    /// What is stored of the customer.
    pub party: Option<Arc<Party>>,
    /// The figures behind it.
    pub figures: Figures,
}

/// All alerts that are open in a state.
pub type OpenAlerts = BTreeMap<(PartyId, AlertKind), OpenAlert>;

/// An alert that was raised or cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// The customer.
    pub customer: PartyId,
    /// What it is about.
    pub kind: AlertKind,
    /// Whether it was raised; cleared otherwise.
    pub is_raised: bool,
    /// What it is open with, or was.
    pub alert: OpenAlert,
}

/// What was raised and cleared, in the order of customers and kinds.
pub fn crossings(before: &OpenAlerts, after: &OpenAlerts) -> Vec<Crossing> {
    let only = |of: &OpenAlerts, other: &OpenAlerts, is_raised| {
        let only = of.iter().filter(|(key, _)| !other.contains_key(*key));
        let crossing = |(key, alert): (&(PartyId, AlertKind), &OpenAlert)| Crossing {
            customer: key.0.clone(),
            kind: key.1,
            is_raised,
            alert: alert.clone(),
        };
        only.map(crossing).collect::<Vec<_>>()
    };
    let mut all = only(before, after, false);
    all.extend(only(after, before, true));
    all.sort_by(|one, other| (&one.customer, one.kind).cmp(&(&other.customer, other.kind)));
    all
}

/// The last due day with which an invoice is overdue on a day.
pub fn last_overdue(today: Day, grace_days: i32) -> Day {
    Day(today.0.saturating_sub(grace_days).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attention_outpaces_volume_at_its_thresholds_and_not_before() {
        let rule = AttentionRule {
            rise_percent: 20,
            fall_percent: 10,
            minimum_milli_minutes: 60_000,
        };
        let at = |milli_minutes, revenue| Attention {
            milli_minutes,
            prior_milli_minutes: 100_000,
            revenue,
            prior_revenue: 1_000,
        };
        assert!(rule.holds(&at(120_000, 900)));
        assert!(!rule.holds(&at(119_999, 900)));
        assert!(!rule.holds(&at(120_000, 901)));
        let without = |prior_milli_minutes, prior_revenue| Attention {
            milli_minutes: 60_000,
            prior_milli_minutes,
            revenue: 0,
            prior_revenue,
        };
        assert!(rule.holds(&without(0, 1)));
        assert!(!rule.holds(&without(0, 0)));
        let small = AttentionRule {
            minimum_milli_minutes: 60_001,
            ..rule
        };
        assert!(!small.holds(&without(0, 1)));
    }

    #[test]
    fn bands_are_rounded_up_and_limited() {
        assert_eq!(KeyBand::Size(20).of(5, 1_000), Some(5));
        assert_eq!(KeyBand::Millionths(100_000).of(11, 1_000), Some(2));
        assert_eq!(KeyBand::Millionths(300_000).of(10_000, 1_000), None);
    }

    #[test]
    fn each_crossing_is_told_once() {
        let alert = || OpenAlert {
            party: None,
            figures: Figures::Profit {
                net_profit: -1,
                floor: None,
            },
        };
        let open = |customers: &[&str]| -> OpenAlerts {
            let key = |customer: &&str| (PartyId::stored(customer), AlertKind::TurnedUnprofitable);
            customers.iter().map(|c| (key(c), alert())).collect()
        };
        let (before, after) = (open(&["a", "b"]), open(&["b", "c"]));
        let found = crossings(&before, &after);
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.customer.as_str(), one.is_raised))
            .collect();
        assert_eq!(told, [("a", false), ("c", true)]);
        assert!(crossings(&after, &after).is_empty());
    }
}
