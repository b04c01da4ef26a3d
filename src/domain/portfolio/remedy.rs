//! What can be done about a relationship, and what that does to the accounts of a period: exact, as if it had been done
//! at the period's start and the customer had stayed, or was gone.
//!
//! Allocated fixed cost is never avoided: where a customer goes it is stranded. An hour that is freed is either saved
//! or put to use elsewhere, never both.

use super::{MILLIONTHS, part_of, proportion, time_value, within};
use crate::domain::money::{Micros, Nanos};
use ethnum::I256;
use serde::{Deserialize, Serialize};

/// By how many times a price can rise at most.
const GREATEST_RISE: i128 = 100;

/// What can be done, in the order of remedies of Mittal, Sarkees and Murshed ("The Right Way to Manage Unprofitable
/// Customers", Harvard Business Review, April 2008): reassess, educate, renegotiate, migrate, end. The order is part of
/// the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the contract documents every action")]
pub enum Action {
    Keep,
    ReduceCostToServe,
    Surcharge,
    Reprice,
    Migrate,
    WalkAwayPrice,
    DeclineWork,
    NoCapacity,
    Direct,
}

/// A step in the order of remedies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the contract documents every step")]
pub enum Step {
    Reassess,
    Educate,
    Renegotiate,
    Migrate,
    End,
}

impl Action {
    /// All of them, in the order of remedies.
    pub const ALL: [Self; 9] = [
        Self::Keep,
        Self::ReduceCostToServe,
        Self::Surcharge,
        Self::Reprice,
        Self::Migrate,
        Self::WalkAwayPrice,
        Self::DeclineWork,
        Self::NoCapacity,
        Self::Direct,
    ];

    /// Its step in the order of remedies.
    pub fn step(self) -> Step {
        match self {
            Self::Keep => Step::Reassess,
            Self::ReduceCostToServe => Step::Educate,
            Self::Surcharge | Self::Reprice => Step::Renegotiate,
            Self::Migrate => Step::Migrate,
            Self::WalkAwayPrice | Self::DeclineWork | Self::NoCapacity | Self::Direct => Step::End,
        }
    }
}

/// A customer's accounts over a period; amounts in nano-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accounts {
    /// Net revenue.
    pub net_revenue: Nanos,
    /// Net revenue less everything that is avoidable.
    pub customer_margin: Nanos,
    /// What it bears of the fixed costs.
    pub allocated: Nanos,
    /// Working time in thousandths of a minute.
    pub milli_minutes: i128,
    /// What that costs, with premiums; a part of what is avoidable.
    pub time_cost: Nanos,
    /// How many special demands there were.
    pub special_demands: i128,
}

impl Accounts {
    /// Everything that is avoidable if the customer goes.
    pub fn cost(&self) -> Nanos {
        self.net_revenue - self.customer_margin
    }

    /// What some of its working time costs, rounded half to even to the nano-unit.
    fn cost_of(&self, milli_minutes: i128) -> Nanos {
        match self.milli_minutes {
            ..=0 => 0,
            all if milli_minutes == all => self.time_cost,
            all => proportion(self.time_cost, milli_minutes, all),
        }
    }
}

/// What is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aim {
    /// The customer margin that remedies are to restore.
    pub target: Nanos,
    /// What an hour earns elsewhere, before its cost, in micro-units.
    pub opportunity_rate: Micros,
    /// Which part of freed time is put to use elsewhere, in millionths.
    pub redeployed: i64,
    /// The rise of the price, in millionths; what reaches the target if `None`.
    pub price_rise: Option<i64>,
    /// The rise that is likely enough to be refused, in millionths.
    pub refused_rise: i64,
}

/// Why something is not possible, or not needed. The order is part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the contract documents every obstacle")]
pub enum Obstacle {
    TargetReached,
    NoWorkingTime,
    NotEnoughWorkingTime,
    NoSpecialDemands,
    NoRevenue,
    PriceBeyondReach,
}

/// What an action does to the accounts of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effect {
    /// The customer's net revenue with it.
    pub net_revenue: Nanos,
    /// The customer's margin with it.
    pub customer_margin: Nanos,
    /// The costs that are no longer there.
    pub avoided_cost: Nanos,
    /// The fixed costs that are left behind.
    pub stranded: Nanos,
    /// The working time that is freed: what is saved and what is put to use elsewhere.
    pub freed: Freed,
    /// By how much the profit of the firm changes.
    pub profit_change: Nanos,
    /// A rise of the price over the period, in nano-units, if there is one.
    pub rise: Option<Nanos>,
    /// The fees of a surcharge.
    pub fees: Option<Fees>,
    /// The working time that may be left, in thousandths of a minute, if that is what is asked.
    pub break_even: Option<i128>,
}

/// Freed working time, in thousandths of a minute, each counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Freed {
    /// Saved: its cost is avoided.
    pub saved: i128,
    /// Put to use elsewhere: it goes on costing.
    pub redeployed: i128,
    /// What that goes on costing.
    pub redeployed_cost: Nanos,
    /// What it earns there, before that cost.
    pub redeployed_value: Nanos,
}

/// Fees for special demands that add up exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fees {
    /// All of them.
    pub total: Nanos,
    /// Each, rounded down.
    pub each: Nanos,
    /// How many bear a nano-unit more.
    pub one_more: i128,
}

/// What an action does.
pub fn effect(action: Action, accounts: &Accounts, aim: &Aim) -> Result<Effect, Obstacle> {
    let shortfall = aim.target - accounts.customer_margin;
    match action {
        Action::Keep => Ok(stays(accounts, aim, 0, 0)),
        Action::ReduceCostToServe => reduce(accounts, aim, shortfall),
        Action::Surcharge => surcharge(accounts, aim, shortfall),
        Action::Reprice => reprice(accounts, aim, shortfall),
        Action::Migrate => {
            if accounts.milli_minutes <= 0 || accounts.time_cost <= 0 {
                return Err(Obstacle::NoWorkingTime);
            }
            Ok(stays(accounts, aim, 0, accounts.milli_minutes))
        }
        Action::WalkAwayPrice => {
            if accounts.net_revenue <= 0 {
                return Err(Obstacle::NoRevenue);
            }
            let rise = walk_away_rise(accounts, aim);
            within_reach(accounts, rise)?;
            Ok(Effect {
                rise: Some(rise),
                ..gone(accounts, aim)
            })
        }
        Action::DeclineWork | Action::NoCapacity | Action::Direct => Ok(gone(accounts, aim)),
    }
}

fn freed(accounts: &Accounts, aim: &Aim, milli_minutes: i128) -> Freed {
    let redeployed = milli_minutes.max(0) / MILLIONTHS * i128::from(aim.redeployed)
        + milli_minutes.max(0) % MILLIONTHS * i128::from(aim.redeployed) / MILLIONTHS;
    Freed {
        saved: milli_minutes - redeployed,
        redeployed,
        redeployed_cost: accounts.cost_of(redeployed),
        redeployed_value: time_value(redeployed, aim.opportunity_rate),
    }
}

/// The customer stays, pays `more`, and takes `less` working time.
fn stays(accounts: &Accounts, aim: &Aim, more: Nanos, less: i128) -> Effect {
    let freed = freed(accounts, aim, less);
    // What it no longer causes; of which what is put to use elsewhere goes on being paid.
    let no_longer = accounts.cost_of(less);
    let avoided_cost = no_longer - freed.redeployed_cost;
    Effect {
        net_revenue: accounts.net_revenue + more,
        customer_margin: accounts.customer_margin + more + no_longer,
        avoided_cost,
        freed,
        profit_change: more + avoided_cost + freed.redeployed_value,
        ..Effect::default()
    }
}

/// The customer is gone, and its fixed costs are left behind.
fn gone(accounts: &Accounts, aim: &Aim) -> Effect {
    let freed = freed(accounts, aim, accounts.milli_minutes);
    let avoided_cost = accounts.cost() - freed.redeployed_cost;
    Effect {
        avoided_cost,
        stranded: accounts.allocated,
        freed,
        profit_change: avoided_cost - accounts.net_revenue + freed.redeployed_value,
        ..Effect::default()
    }
}

fn reduce(accounts: &Accounts, aim: &Aim, shortfall: Nanos) -> Result<Effect, Obstacle> {
    if shortfall <= 0 {
        return Err(Obstacle::TargetReached);
    }
    if accounts.milli_minutes <= 0 || accounts.time_cost <= 0 {
        return Err(Obstacle::NoWorkingTime);
    }
    if accounts.time_cost < shortfall {
        return Err(Obstacle::NotEnoughWorkingTime);
    }
    // Rounded up, so that the target is reached: at most all of it.
    let exact = I256::from(shortfall) * I256::from(accounts.milli_minutes);
    let cost = I256::from(accounts.time_cost);
    let less = within((exact + cost - I256::ONE) / cost);
    Ok(Effect {
        break_even: Some(accounts.milli_minutes - less),
        ..stays(accounts, aim, 0, less)
    })
}

fn surcharge(accounts: &Accounts, aim: &Aim, shortfall: Nanos) -> Result<Effect, Obstacle> {
    if shortfall <= 0 {
        return Err(Obstacle::TargetReached);
    }
    if accounts.special_demands <= 0 {
        return Err(Obstacle::NoSpecialDemands);
    }
    let fees = Fees {
        total: shortfall,
        each: shortfall / accounts.special_demands,
        one_more: shortfall % accounts.special_demands,
    };
    Ok(Effect {
        fees: Some(fees),
        ..stays(accounts, aim, shortfall, 0)
    })
}

fn reprice(accounts: &Accounts, aim: &Aim, shortfall: Nanos) -> Result<Effect, Obstacle> {
    if accounts.net_revenue <= 0 {
        return Err(Obstacle::NoRevenue);
    }
    let rise = match aim.price_rise {
        Some(rise) => part_of(accounts.net_revenue, rise),
        None if shortfall <= 0 => return Err(Obstacle::TargetReached),
        None => shortfall,
    };
    within_reach(accounts, rise)?;
    Ok(Effect {
        rise: Some(rise),
        ..stays(accounts, aim, rise, 0)
    })
}

/// Refuses a rise of the price that nobody would think of, and that nothing can be expected of.
fn within_reach(accounts: &Accounts, rise: Nanos) -> Result<(), Obstacle> {
    match rise <= accounts.net_revenue * GREATEST_RISE {
        true => Ok(()),
        false => Err(Obstacle::PriceBeyondReach),
    }
}

/// The least rise that is right if the customer accepts it, and that is likely enough to be refused: with it the
/// customer earns the target, and no less than its hours would earn elsewhere.
fn walk_away_rise(accounts: &Accounts, aim: &Aim) -> Nanos {
    let freed = freed(accounts, aim, accounts.milli_minutes);
    let elsewhere = freed.redeployed_value - freed.redeployed_cost;
    let right = aim.target.max(elsewhere) - accounts.customer_margin;
    let refused = part_of(accounts.net_revenue, aim.refused_rise);
    right.max(refused)
}
