//! What each action makes of the months to come, by what is assumed of the customer: whether it stays when the price
//! rises, how much it then buys, and what freed hours earn elsewhere.
//!
//! An hour counts once: its saved part ends its cost, the other part goes on costing and earns the opportunity rate.

use super::{
    relationship::{Month, MonthlyRate, of_millionths, refused_rise, stays, volume},
    units,
};
use crate::domain::{
    money::{MICROS_PER_UNIT, Micros, NANOS_PER_UNIT, Nanos, to_nanos},
    portfolio::remedy::{Accounts, Action, Aim, Effect},
    ranking::share,
};
use serde::{Deserialize, Serialize};

/// Minutes of an hour.
const MINUTES: f64 = 60.0;

/// What is assumed, and what is aimed at. Parts are in millionths. The order of the fields is part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// How many months are looked at.
    pub horizon_months: u32,
    /// By which part a month's earnings are worth less a year later.
    pub discount: i64,
    /// What remedies are to restore.
    pub target: Target,
    /// What an hour earns elsewhere, before its cost, in micro-units.
    pub opportunity_rate: Micros,
    /// Which part of freed time is put to use elsewhere.
    pub redeployed: i64,
    /// The rise of the price; what reaches the target if `None`.
    pub price_rise: Option<i64>,
    /// By how many percent more is bought for each percent of price.
    pub elasticity: i64,
    /// The chance to leave at a rise by a tenth.
    pub attrition: i64,
    /// How many months it takes until nothing is left of declined work.
    pub wind_down_months: u32,
    /// How likely a walk-away price is refused at least.
    pub refusal: i64,
}

/// What remedies are to restore, in micro-units. The order is part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// A customer margin.
    CustomerMargin(Micros),
    /// A net profit, with the present share of fixed costs.
    NetProfit(Micros),
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            horizon_months: 12,
            discount: MICROS_PER_UNIT / 10,
            target: Target::NetProfit(0),
            opportunity_rate: 0,
            redeployed: 0,
            price_rise: None,
            elasticity: -MICROS_PER_UNIT,
            attrition: MICROS_PER_UNIT / 10,
            wind_down_months: 3,
            refusal: 950_000,
        }
    }
}

impl Terms {
    /// What is aimed at with a customer that bears so much of the fixed costs.
    pub fn aim(&self, allocated: Nanos) -> Aim {
        Aim {
            target: match self.target {
                Target::CustomerMargin(target) => to_nanos(target),
                Target::NetProfit(target) => to_nanos(target) + allocated,
            },
            opportunity_rate: self.opportunity_rate,
            redeployed: self.redeployed,
            price_rise: self.price_rise,
            refused_rise: refused_rise(of_millionths(self.attrition), of_millionths(self.refusal)),
        }
    }
}

/// What one month was like, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MonthlyAccounts {
    /// The customer margin, in nano-units.
    pub margin: Nanos,
    /// Net revenue, in nano-units.
    pub net_revenue: Nanos,
    /// What working time cost, in nano-units.
    pub time_cost: Nanos,
    /// Working time in thousandths of a minute.
    pub milli_minutes: i128,
    /// How many special demands there were.
    pub special_demands: i128,
    /// How many parties were referred.
    pub referrals: i128,
}

/// What a month is like on the average.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RunRate {
    /// The customer margin.
    pub margin: MonthlyRate,
    /// Net revenue.
    pub net_revenue: MonthlyRate,
    /// What working time costs.
    pub time_cost: MonthlyRate,
    /// Working time in minutes.
    pub minutes: MonthlyRate,
    /// Special demands.
    pub special_demands: MonthlyRate,
    /// Referrals.
    pub referrals: MonthlyRate,
}

impl RunRate {
    /// Of some months.
    pub fn of(months: &[MonthlyAccounts]) -> Self {
        let of = |figure: &dyn Fn(&MonthlyAccounts) -> i128| {
            let series: Vec<i128> = months.iter().map(figure).collect();
            MonthlyRate::of(&series)
        };
        Self {
            margin: of(&|month| month.margin),
            net_revenue: of(&|month| month.net_revenue),
            time_cost: of(&|month| month.time_cost),
            // Thousandths become 10^-9.
            minutes: of(&|month| month.milli_minutes * 1_000_000),
            special_demands: of(&|month| month.special_demands * NANOS_PER_UNIT),
            referrals: of(&|month| month.referrals * NANOS_PER_UNIT),
        }
    }
}

/// An action as a course of months.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Course {
    /// The months to come.
    pub months: Vec<Month>,
    /// The rise of the price, if there is one.
    pub rise: Option<f64>,
    /// The chance that the customer accepts that.
    pub stay: Option<f64>,
    /// The months if it certainly does, of a walk-away price.
    pub if_accepted: Option<Vec<Month>>,
}

/// What an action makes of the months to come.
pub fn course(
    action: Action,
    effect: &Effect,
    accounts: &Accounts,
    rate: &RunRate,
    terms: &Terms,
) -> Course {
    let hours = Hours::of(rate, terms);
    let rise = |amount: Nanos| share(amount, accounts.net_revenue).unwrap_or(0.0);
    let chance = |rise: f64| stays(of_millionths(terms.attrition), rise);
    let months = terms.horizon_months;
    // What becomes of a month that the customer is there with a chance.
    let kept = |stay: f64, volume: f64, extra: f64| Month {
        base: stay * volume,
        extra: stay * extra + (1.0 - stay) * hours.if_gone,
        presence: stay,
    };
    let evenly = |month: Month| Course {
        months: vec![month; months as usize],
        ..Course::default()
    };
    let ending = |left: &dyn Fn(u32) -> f64| Course {
        months: (1..=months)
            .map(|month| kept(left(month), 1.0, 0.0))
            .collect(),
        ..Course::default()
    };
    match action {
        Action::Keep => ending(&|_| 1.0),
        Action::ReduceCostToServe | Action::Migrate => {
            let part = freed_part(effect, accounts);
            evenly(kept(1.0, 1.0, part * hours.if_freed))
        }
        Action::Surcharge => {
            let total = effect.fees.map_or(0, |fees| fees.total);
            let stay = chance(rise(total));
            let fees = fees_of_a_month(total, accounts, rate);
            Course {
                stay: Some(stay),
                ..evenly(kept(stay, 1.0, fees))
            }
        }
        Action::Reprice => {
            let rise = rise(effect.rise.unwrap_or(0));
            let stay = chance(rise);
            let bought = volume(of_millionths(terms.elasticity), rise);
            let more = bought * rise * rate.net_revenue.mean;
            Course {
                rise: Some(rise),
                stay: Some(stay),
                ..evenly(kept(stay, bought, more))
            }
        }
        Action::WalkAwayPrice => {
            let rise = rise(effect.rise.unwrap_or(0));
            // What it is for is to be refused. Who accepts it all the same needs what it buys.
            let accepted = kept(1.0, 1.0, rise * rate.net_revenue.mean);
            Course {
                rise: Some(rise),
                stay: Some(chance(rise)),
                if_accepted: Some(evenly(accepted).months),
                ..ending(&|_| 0.0)
            }
        }
        Action::DeclineWork => ending(&|month| left(month, terms.wind_down_months)),
        Action::NoCapacity => ending(&|month| if month == 1 { 1.0 } else { 0.0 }),
        Action::Direct => ending(&|_| 0.0),
    }
}

/// What is left of a relationship in a month of winding it down, evenly.
fn left(month: u32, wind_down_months: u32) -> f64 {
    let wind_down = f64::from(wind_down_months.max(1));
    ((wind_down - f64::from(month)) / wind_down).max(0.0)
}

/// Which part of the working time an action frees.
pub(super) fn freed_part(effect: &Effect, accounts: &Accounts) -> f64 {
    let freed = effect.freed.saved + effect.freed.redeployed;
    share(freed, accounts.milli_minutes).unwrap_or(0.0)
}

/// What the fees of a surcharge come to in a month, in currency units: each as in the period, for the demands of a
/// month.
fn fees_of_a_month(total: Nanos, accounts: &Accounts, rate: &RunRate) -> f64 {
    let each = units(total) / units(accounts.special_demands.max(1) * NANOS_PER_UNIT);
    each * rate.special_demands.mean
}

/// What the hours of a month earn, in currency units.
struct Hours {
    /// If the customer is gone, beside its margin, in which they are saved: what the part that is not saved brings.
    if_gone: f64,
    /// If they are freed while it stays.
    if_freed: f64,
}

impl Hours {
    fn of(rate: &RunRate, terms: &Terms) -> Self {
        let redeployed = of_millionths(terms.redeployed);
        let elsewhere = rate.minutes.mean / MINUTES * units(to_nanos(terms.opportunity_rate));
        let cost = rate.time_cost.mean;
        Self {
            if_gone: redeployed * (elsewhere - cost),
            if_freed: (1.0 - redeployed) * cost + redeployed * elsewhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{model::relationship::expect, portfolio::remedy::effect};

    const UNIT: Nanos = NANOS_PER_UNIT;

    /// Each of four months: 100 of revenue, a margin of -10, 60 minutes that cost 30, one special demand.
    fn expected(action: Action, terms: &Terms) -> (Nanos, Course) {
        let month = MonthlyAccounts {
            margin: -10 * UNIT,
            net_revenue: 100 * UNIT,
            time_cost: 30 * UNIT,
            milli_minutes: 60_000,
            special_demands: 1,
            referrals: 0,
        };
        let rate = RunRate::of(&[month; 4]);
        let accounts = Accounts {
            net_revenue: 400 * UNIT,
            customer_margin: -40 * UNIT,
            allocated: 0,
            milli_minutes: 240_000,
            time_cost: 120 * UNIT,
            special_demands: 4,
        };
        let effect = effect(action, &accounts, &terms.aim(0)).unwrap();
        let course = course(action, &effect, &accounts, &rate, terms);
        let discount = of_millionths(terms.discount);
        (expect(&rate.margin, discount, &course.months).value, course)
    }

    #[test]
    fn each_action_has_the_course_that_is_reckoned_by_hand() {
        // Ten months, not discounted; half of the hours are put to use at 80 an hour.
        let terms = Terms {
            horizon_months: 10,
            discount: 0,
            redeployed: 500_000,
            opportunity_rate: 80 * MICROS_PER_UNIT,
            ..Terms::default()
        };
        let of = |action| expected(action, &terms).0 / UNIT;
        assert_eq!(of(Action::Keep), -100);
        // A third of the hours is freed: 10 a month, half saved is 5 and half at 80 an hour 13.33.
        assert_eq!(
            expected(Action::ReduceCostToServe, &terms).0,
            83_333_333_000
        );
        // Half of 30 is saved, and half an hour brings 40.
        assert_eq!(of(Action::Migrate), -100 + 550);
        // Gone at once: half an hour brings 40 and goes on costing 15.
        assert_eq!(of(Action::Direct), 250);
        assert_eq!(of(Action::NoCapacity), -10 + 9 * 25);
        // Two thirds and one third are left, and then nothing: -10 and nine months' worth of hours.
        assert_eq!(of(Action::DeclineWork), -10 + 9 * 25);
        // A tenth more: 9 of 10 stay, buy 1/1.1 of it at 1.1 times the price, and costs go with it.
        let (value, course) = expected(Action::Reprice, &terms);
        assert_eq!((course.rise, course.stay), (Some(0.1), Some(0.9)));
        // 0.9 (100 - 110 / 1.1) + 0.1 * 25.
        assert_eq!(value, 25 * UNIT);
        // Ten more for each demand, with the same chance to leave.
        assert_eq!(of(Action::Surcharge), 25);
        let (value, course) = expected(Action::WalkAwayPrice, &terms);
        assert_eq!(value, 250 * UNIT, "it is refused");
        assert!(course.stay.unwrap() <= 0.050_001, "{course:?}");
        let accepted = course.if_accepted.unwrap();
        assert!(accepted[0].extra > 10.0, "{accepted:?}");
    }
}
