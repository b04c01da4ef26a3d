//! What minutes cost more than others of the same role: a time equation over recorded working time.
//!
//! Kaplan and Anderson ("Time-Driven Activity-Based Costing", Harvard Business Review, November 2004) say how long work
//! takes as a base and an extra for each thing that makes it longer: minutes = base + extras. What is recorded here is
//! the base, and an extra is a part of it: an hour of rush work with an extra of 0.5 counts as an hour and a half at
//! the role's rate. Extras of one hour are added up and not multiplied.

use super::{
    account::{Account, Sums},
    cost_model::CostModel,
    decimal::MICRO_PLACES,
    id::RoleId,
    money::{Micros, NANOS_PER_MICRO, Nanos, divide_half_even},
    relationship::Circumstance,
};
use serde::{Deserialize, Serialize};

/// How much more a minute costs under a circumstance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EffortPremium {
    /// Of which role; `None` for all that have none of their own.
    pub role_id: Option<RoleId>,
    /// Under which circumstance.
    pub circumstance: Circumstance,
    /// How much more, as a part of the minute, in millionths; zero or more.
    pub extra: i64,
}

impl CostModel {
    /// What a minute of a role costs more under a circumstance, in micro-units: the role's rate times the extra,
    /// rounded half to even.
    pub fn premium_rate(&self, role: &RoleId, circumstance: Circumstance) -> Option<Micros> {
        let of = |wanted: Option<&RoleId>| {
            let mut all = self.premiums.iter();
            all.find(|own| own.circumstance == circumstance && own.role_id.as_ref() == wanted)
        };
        let premium = of(Some(role)).or_else(|| of(None))?;
        let rate = i128::from(self.rate(role)?) * i128::from(premium.extra);
        let rate = divide_half_even(rate, 10_i128.pow(MICRO_PLACES));
        // Limits of rates and extras keep it in range where they are taken in.
        Micros::try_from(rate).ok().filter(|rate| *rate != 0)
    }

    /// What working time cost more under a circumstance, and the rate behind it, if there is one rate. `None` if it
    /// does not cost more.
    pub fn premium_cost(
        &self,
        sums: &Sums,
        (role, circumstance): (&RoleId, Circumstance),
        milli_minutes: i128,
    ) -> Option<(Nanos, Option<Micros>)> {
        let rate = self.premium_rate(role, circumstance)?;
        if self.is_restated {
            let account = Account::RestatedPremium(role.clone(), circumstance);
            return Some((sums.get(&account) * NANOS_PER_MICRO, None));
        }
        Some((milli_minutes * i128::from(rate), Some(rate)))
    }

    /// What each account of working time under a circumstance costs more per thousandth of a minute, in nano-units; and
    /// where a report is restated, what it cost on its own day, as in [`Self::minute_weights`].
    pub fn premium_weights(&self) -> impl Iterator<Item = (Account, i128)> {
        let roles = match self.premiums.is_empty() {
            true => None,
            false => Some(self.rates.keys()),
        };
        roles.into_iter().flatten().flat_map(move |role| {
            Circumstance::all().filter_map(move |circumstance| {
                let rate = self.premium_rate(role, circumstance)?;
                Some(match self.is_restated {
                    false => {
                        let account = Account::Circumstance(role.clone(), circumstance);
                        (account, i128::from(rate))
                    }
                    true => {
                        let account = Account::RestatedPremium(role.clone(), circumstance);
                        (account, NANOS_PER_MICRO)
                    }
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{activity::ContactChannel, relationship::Complexity};

    #[test]
    fn the_premium_of_a_role_goes_before_the_one_of_all() {
        let role = RoleId::stored;
        let premium = |role_id: Option<&str>, circumstance, extra| EffortPremium {
            role_id: role_id.map(role),
            circumstance,
            extra,
        };
        let costs = CostModel {
            rates: [(role("CLERK"), 600_001), (role("ENGINEER"), 2_000_000)].into(),
            premiums: vec![
                premium(None, Circumstance::Rush, 500_000),
                premium(Some("ENGINEER"), Circumstance::Rush, 1_000_000),
                premium(None, Circumstance::Channel(ContactChannel::Visit), 0),
            ],
            ..CostModel::default()
        };
        let rush = |name| costs.premium_rate(&role(name), Circumstance::Rush);
        // Half of 600,001 millionths is rounded to the even one.
        assert_eq!(rush("CLERK"), Some(300_000));
        assert_eq!(rush("ENGINEER"), Some(2_000_000));
        assert_eq!(rush("DRIVER"), None);
        let complex = Circumstance::Complexity(Complexity::Complex);
        assert_eq!(costs.premium_rate(&role("CLERK"), complex), None);
        assert_eq!(costs.premium_weights().count(), 2);
    }
}
