//! Who brought whom, who was asked to, and what it is worth: a graph of referrals, read as of a position.
//!
//! Nothing here depends on the order in which activities were submitted. A referral can contradict others: two
//! customers may both say that they brought the same party, or have brought each other. If the second to be submitted
//! were refused, it would depend on the order of submission which of them counts, and one that was taken back would
//! have kept out another for ever. So all are taken in, and [`graph`] decides when they are read, by when they
//! happened.
//!
//! Knows nothing of stores.

pub mod credit;
pub mod graph;
pub mod quadrant;

use super::{
    account::Account,
    activity::{Activity, Kind, closed_list},
    id::{ActivityId, PartyId},
    ledger::Position,
    relationship::Relationship,
    time::{Calendar, Day, Instant},
};
use serde::{Deserialize, Serialize};

/// What happens when customers recommend. New kinds are added at the end: the order is part of the stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Advocacy {
    /// The customer brought another party, and it is told how much that changed or what it is about.
    Referral {
        /// Who was brought.
        referred_party_id: PartyId,
        /// Whether it would have come otherwise.
        kind: Option<ReferralKind>,
        /// What family of products it is about; empty if it is not told.
        product_family: String,
    },
    /// The customer was asked to refer others.
    Ask {
        /// What came of it.
        outcome: AskOutcome,
        /// What was said.
        note: String,
    },
}

closed_list! {
    /// What a referral changed (Kumar, Petersen and Leone, "How Valuable Is Word of Mouth?", HBR, October 2007).
    ReferralKind {
        /// Type one: the party would not have come otherwise.
        WouldNotHaveCome = "WOULD_NOT_HAVE_COME",
        /// Type two: it would have come anyway, and only the cost of winning it was saved.
        WouldHaveCome = "WOULD_HAVE_COME",
    }
}

closed_list! {
    /// What came of asking for a referral.
    AskOutcome {
        /// No answer yet.
        Open = "OPEN",
        /// Somebody was named.
        Named = "NAMED",
        /// The customer would rather not.
        Declined = "DECLINED",
    }
}

closed_list! {
    /// Why a customer is not to be asked for a referral.
    Skip {
        /// It complained.
        Complained = "COMPLAINED",
        /// It is not content.
        Unhappy = "UNHAPPY",
        /// It was asked as often as the quota says.
        QuotaReached = "QUOTA_REACHED",
        /// It was asked a short time ago.
        AskedLately = "ASKED_LATELY",
    }
}

impl Advocacy {
    /// Calls `post` for every posting. To ask moves nothing; who was asked is active all the same.
    pub fn for_each_posting(&self, post: &mut impl FnMut(Account, i64)) {
        match self {
            Self::Referral { .. } => post(Account::ReferralCount, 1),
            Self::Ask { .. } => {}
        }
    }

    /// Its free text.
    pub fn text(&self) -> &str {
        match self {
            Self::Referral { product_family, .. } => product_family,
            Self::Ask { note, .. } => note,
        }
    }

    /// How many bytes its texts have.
    pub fn text_bytes(&self) -> usize {
        let referred = match self {
            Self::Referral {
                referred_party_id, ..
            } => referred_party_id.as_str().len(),
            Self::Ask { .. } => 0,
        };
        self.text().len() + referred
    }

    /// Its fields by their names in the contract, as texts that differ if they do.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Referral {
                referred_party_id,
                kind,
                product_family,
            } => vec![
                ("referral.referred_party_id", referred_party_id.to_string()),
                ("referral.kind", format!("{kind:?}")),
                ("referral.product_family", product_family.clone()),
            ],
            Self::Ask { outcome, note } => vec![
                ("referral_ask.outcome", format!("{outcome:?}")),
                ("referral_ask.note", note.clone()),
            ],
        }
    }
}

/// Asks for the referrals and the asks that happened before a day, as of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReferralsQuestion {
    /// Only what happened before this day; all if `None`.
    pub before: Option<Day>,
    /// Only what was written up to this position, and not taken back up to it.
    pub as_of: Position,
}

/// Referrals and asks, each in the order in which they happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReferralsAnswer {
    /// Who says to have brought whom.
    pub referrals: Vec<Referral>,
    /// Who was asked.
    pub asks: Vec<Ask>,
}

/// A customer says to have brought a party. Ordered by when it happened; at one time by the id of the activity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Referral {
    /// When it happened.
    pub occur_time: Instant,
    /// The activity.
    pub activity_id: ActivityId,
    /// The day on which it counts.
    pub day: Day,
    /// Who brought.
    pub referrer: PartyId,
    /// Who was brought.
    pub referred: PartyId,
    /// Whether it would have come otherwise, if that is told.
    pub kind: Option<ReferralKind>,
    /// What family of products it is about; empty if it is not told.
    pub product_family: String,
}

/// A customer was asked. Ordered like referrals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    /// When it happened.
    pub occur_time: Instant,
    /// The activity.
    pub activity_id: ActivityId,
    /// The day on which it counts.
    pub day: Day,
    /// Who was asked.
    pub customer: PartyId,
    /// What came of it.
    pub outcome: AskOutcome,
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Who says to have brought whom.
    Referral(Referral),
    /// Who was asked.
    Ask(Ask),
}

impl Fact {
    /// What an activity says, if it is of these.
    pub fn of(activity: &Activity, calendar: &Calendar) -> Option<Self> {
        let (occur_time, activity_id) = (activity.occur_time, activity.activity_id.clone());
        let day = calendar.day(occur_time);
        let referral = |referred: &PartyId, kind, product_family: &str| {
            Self::Referral(Referral {
                occur_time,
                activity_id: activity_id.clone(),
                day,
                referrer: activity.customer_id.clone(),
                referred: referred.clone(),
                kind,
                product_family: product_family.to_owned(),
            })
        };
        if let Kind::Referral { referred_party_id } = &activity.kind {
            return Some(referral(referred_party_id, None, ""));
        }
        let Kind::Relationship(Relationship::Advocacy(one)) = &activity.kind else {
            return None;
        };
        Some(match one {
            Advocacy::Referral {
                referred_party_id,
                kind,
                product_family,
            } => referral(referred_party_id, *kind, product_family),
            Advocacy::Ask { outcome, .. } => Self::Ask(Ask {
                occur_time,
                activity_id,
                day,
                customer: activity.customer_id.clone(),
                outcome: *outcome,
            }),
        })
    }

    /// The day on which it counts.
    pub fn day(&self) -> Day {
        match self {
            Self::Referral(referral) => referral.day,
            Self::Ask(ask) => ask.day,
        }
    }
}

impl ReferralsAnswer {
    /// Of facts in any order.
    pub fn of(facts: impl Iterator<Item = Fact>) -> Self {
        let mut answer = Self::default();
        for fact in facts {
            match fact {
                Fact::Referral(referral) => answer.referrals.push(referral),
                Fact::Ask(ask) => answer.asks.push(ask),
            }
        }
        answer.referrals.sort_unstable();
        answer.asks.sort_unstable();
        answer
    }
}
