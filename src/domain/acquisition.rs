//! How customers were won: by what their first activity says.

use super::{
    account::{Account, Weights, WorkPurpose},
    activity::{Activity, DirectCostKind, EffortPurpose},
    cost_model::CostModel,
    id::{ActivityId, PartyId, UNASSIGNED},
    money::NANOS_PER_MICRO,
    time::Instant,
};
use std::collections::{BTreeMap, btree_map::Entry};

/// What customers were won by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WonBy {
    /// The campaign.
    #[default]
    Campaign,
    /// The channel.
    Channel,
}

/// What the first activity of each customer says of how the customer was won.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Won(BTreeMap<PartyId, First>);

/// A customer's first activity: by when it happened, and of the same time by its id, so that it does not matter in
/// which order they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct First {
    time: Instant,
    activity_id: ActivityId,
    channel: String,
    campaign: String,
}

impl Won {
    /// Takes in an activity that was not taken back, in any order.
    pub fn see(&mut self, activity: &Activity) {
        let first = || First {
            time: activity.occur_time,
            activity_id: activity.activity_id.clone(),
            channel: activity.dimensions.channel_id.clone(),
            campaign: activity.dimensions.campaign_id.clone(),
        };
        match self.0.entry(activity.customer_id.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(first());
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get();
                let own = (activity.occur_time, &activity.activity_id);
                if own < (known.time, &known.activity_id) {
                    entry.insert(first());
                }
            }
        }
    }

    /// What a customer was won by; [`UNASSIGNED`] if its first activity does not say.
    pub fn by(&self, customer: &PartyId, by: WonBy) -> &str {
        let first = self.0.get(customer);
        let value = first.map(|first| match by {
            WonBy::Campaign => first.campaign.as_str(),
            WonBy::Channel => first.channel.as_str(),
        });
        value
            .filter(|value| !value.is_empty())
            .unwrap_or(UNASSIGNED)
    }
}

/// What winning customers cost, by account: fees for leads, and working time spent on it at the rates of its roles.
pub fn acquisition_cost(costs: &CostModel) -> Weights {
    let winning = WorkPurpose::Effort(EffortPurpose::Acquisition);
    let minutes = costs.minute_weights();
    let is_winning = |account: &Account| {
        matches!(
            account,
            Account::Minutes(_, purpose) | Account::RestatedWork(_, purpose) if *purpose == winning
        )
    };
    let mut weights = Weights(minutes.filter(|(account, _)| is_winning(account)).collect());
    let fees = Account::DirectCost(DirectCostKind::LeadGenerationFee);
    weights.0.insert(fees, NANOS_PER_MICRO);
    weights.0.insert(Account::AcquisitionCost, NANOS_PER_MICRO);
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::activity::{Dimensions, Kind};

    fn activity(id: &str, seconds: i64, campaign: &str) -> Activity {
        Activity {
            activity_id: ActivityId::stored(id),
            customer_id: PartyId::stored("c"),
            occur_time: Instant { seconds, nanos: 0 },
            dimensions: Dimensions {
                campaign_id: campaign.to_owned(),
                channel_id: format!("channel of {campaign}"),
                ..Dimensions::default()
            },
            kind: Kind::Referral {
                referred_party_id: PartyId::stored("d"),
            },
            original: None,
        }
    }

    #[test]
    fn the_first_is_the_earliest_whatever_the_order() {
        let all = [
            activity("a", 5, "late"),
            activity("b", 3, "early"),
            activity("c", 3, "same time"),
        ];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let mut won = Won::default();
            for index in order {
                won.see(&all[index]);
            }
            let customer = PartyId::stored("c");
            assert_eq!(won.by(&customer, WonBy::Campaign), "early");
            assert_eq!(won.by(&customer, WonBy::Channel), "channel of early");
            assert_eq!(won.by(&PartyId::stored("x"), WonBy::Channel), UNASSIGNED);
        }
    }

    #[test]
    fn who_says_nothing_is_unassigned() {
        let mut won = Won::default();
        won.see(&activity("a", 1, ""));
        won.see(&activity("b", 2, "later"));
        assert_eq!(won.by(&PartyId::stored("c"), WonBy::Campaign), UNASSIGNED);
    }
}
