//! What the customer's own accounts are expected to say of the months to come: without what its freed hours earn
//! elsewhere, which no account of the customer shows, and not discounted. So a forecast can stand beside a statement.

use super::{
    course::{RunRate, Terms, course, freed_part},
    rounded,
};
use crate::domain::{
    money::{NANOS_PER_MICRO, Nanos},
    portfolio::remedy::{Accounts, Action, Effect},
};

/// Micro-units of a thousand minutes are thousandths of a minute.
const THOUSAND: f64 = 1e3;

/// A month to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnMonth {
    /// The customer margin, in nano-units, rounded to the micro-unit.
    pub margin: Nanos,
    /// The working time, in thousandths of a minute.
    pub milli_minutes: i128,
}

/// The months of the horizon with an action.
pub fn own_months(
    action: Action,
    effect: &Effect,
    accounts: &Accounts,
    rate: &RunRate,
    terms: &Terms,
) -> Vec<OwnMonth> {
    let alone = Terms {
        redeployed: 0,
        ..*terms
    };
    let course = course(action, effect, accounts, rate, &alone);
    // Where the customer goes, its working time goes with what is left of the relationship.
    let freed = match action {
        Action::ReduceCostToServe | Action::Migrate => freed_part(effect, accounts),
        Action::Keep
        | Action::Surcharge
        | Action::Reprice
        | Action::WalkAwayPrice
        | Action::DeclineWork
        | Action::NoCapacity
        | Action::Direct => 0.0,
    };
    let months = course.months.iter();
    let months = months.map(|month| {
        let minutes = month.base * (1.0 - freed) * rate.minutes.mean;
        OwnMonth {
            margin: rounded(month.base * rate.margin.mean + month.extra),
            milli_minutes: rounded(minutes / THOUSAND) / NANOS_PER_MICRO,
        }
    });
    months.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        model::course::MonthlyAccounts,
        money::{MICROS_PER_UNIT, NANOS_PER_UNIT},
        portfolio::remedy::effect,
    };

    const UNIT: Nanos = NANOS_PER_UNIT;

    /// Each of four months: 100 of revenue, a margin of -10, 60 minutes that cost 30, one special demand.
    fn months(action: Action) -> Vec<(Nanos, i128)> {
        let month = MonthlyAccounts {
            margin: -10 * UNIT,
            net_revenue: 100 * UNIT,
            time_cost: 30 * UNIT,
            milli_minutes: 60_000,
            special_demands: 1,
            referrals: 0,
        };
        let accounts = Accounts {
            net_revenue: 400 * UNIT,
            customer_margin: -40 * UNIT,
            allocated: 0,
            milli_minutes: 240_000,
            time_cost: 120 * UNIT,
            special_demands: 4,
        };
        // Freed hours earn elsewhere, which is nothing that the customer's accounts show.
        let terms = Terms {
            horizon_months: 4,
            redeployed: 500_000,
            opportunity_rate: 80 * MICROS_PER_UNIT,
            ..Terms::default()
        };
        let effect = effect(action, &accounts, &terms.aim(0)).unwrap();
        let rate = RunRate::of(&[month; 4]);
        let months = own_months(action, &effect, &accounts, &rate, &terms);
        let months = months.iter();
        months
            .map(|month| (month.margin, month.milli_minutes))
            .collect()
    }

    #[test]
    fn each_action_shows_in_the_customers_own_accounts_as_by_hand() {
        assert_eq!(months(Action::Keep), [(-10 * UNIT, 60_000); 4]);
        // A third of the time is what is missing: 10 of 30 a month.
        assert_eq!(months(Action::ReduceCostToServe), [(0, 40_000); 4]);
        assert_eq!(months(Action::Migrate), [(20 * UNIT, 0); 4]);
        // Ten more for each demand; nine of ten stay, and the tenth takes no time.
        assert_eq!(months(Action::Surcharge), [(0, 54_000); 4]);
        // Nine of ten stay, buy 1 / 1.1 of it at 1.1 times the price: 0.9 (-10 / 1.1 + 10 / 1.1).
        assert_eq!(months(Action::Reprice), [(0, 49_091); 4]);
        assert_eq!(months(Action::Direct), [(0, 0); 4]);
        assert_eq!(months(Action::WalkAwayPrice), [(0, 0); 4]);
        let (whole, none) = ((-10 * UNIT, 60_000), (0, 0));
        assert_eq!(months(Action::NoCapacity), [whole, none, none, none]);
        let left = [(-6_666_667_000, 40_000), (-3_333_333_000, 20_000)];
        assert_eq!(months(Action::DeclineWork), [left[0], left[1], none, none]);
    }
}
