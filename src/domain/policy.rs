//! By what a cost pool is allocated to customers, as a controller states it.

use super::{
    account::{Account, Weights, WorkPurpose},
    activity::DirectCostKind,
    allocation::{Driven, Driver},
    cost_model::CostModel,
    decimal::{MICRO_PLACES, MILLI_PLACES},
    id::{PartyId, RoleId},
    money::Micros,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How a pool is allocated. New policies are added at the end: the order is part of the stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// The same for each customer of a population.
    EqualPerCustomer(Population),
    /// In proportion to what the customers bring; who brings nothing or less bears nothing.
    Proportional(Proportion),
    /// In proportion to how much of something the customers caused.
    Driver(Cause),
    /// By the time that the customers took of a capacity.
    TimeDriven(Capacity),
}

impl Default for Policy {
    fn default() -> Self {
        Self::EqualPerCustomer(Population::Active)
    }
}

/// Who bears an equal share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Population {
    /// Everybody with any activity in the period.
    Active,
    /// Everybody with a sale in the period.
    Buying,
}

/// What customers bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Proportion {
    /// Payments received less refunds paid out.
    Spend,
    /// Net revenue.
    Revenue,
    /// Contribution margin.
    ContributionMargin,
}

/// What customers cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// Something that happened.
    Happened(Happening),
    /// Working time of some roles; of all roles of the cost model if none is named.
    Minutes(BTreeSet<RoleId>),
    /// What was supplied for some customers, in millionths; all others cause nothing.
    Supplied(Arc<BTreeMap<PartyId, i64>>),
}

/// Something that happens with customers and can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Happening {
    /// A sale: an order, or a line of one, as it was submitted.
    Sale,
    /// A unit of a product sold.
    Unit,
    /// An invoice.
    Invoice,
    /// A complaint.
    Complaint,
    /// A special demand.
    SpecialDemand,
}

/// A practical capacity in time, and what takes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// How much there is over the whole period of the pool, in thousandths of a minute; above zero. `None` takes what
    /// was used for what there is.
    pub milli_minutes: Option<i64>,
    /// Whose recorded working time takes of it. If neither roles nor an equation are given: everybody's.
    pub roles: BTreeSet<RoleId>,
    /// How long each thing that happened takes besides, in thousandths of a minute: the terms of a time equation
    /// (Kaplan and Anderson, 2004).
    pub equation: BTreeMap<Happening, i64>,
}

impl Happening {
    /// What it is counted under.
    pub fn account(self) -> Account {
        match self {
            Self::Sale => Account::SaleCount,
            Self::Unit => Account::Quantity,
            Self::Invoice => Account::InvoiceCount,
            Self::Complaint => Account::ComplaintCount,
            Self::SpecialDemand => Account::SpecialDemandCount,
        }
    }

    /// The decimal places of its account.
    fn places(self) -> u32 {
        match self {
            Self::Unit => MICRO_PLACES,
            Self::Sale | Self::Invoice | Self::Complaint | Self::SpecialDemand => 0,
        }
    }
}

/// What is made of a pool for a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The same for everybody who is active.
    Split(Micros),
    /// By a driver.
    Driven(Driven),
}

impl Policy {
    /// What becomes of an amount, the part of a pool that falls into a period. `capacity_part` says what part of a
    /// whole period's time does so too.
    pub fn part(
        &self,
        amount: Micros,
        costs: &CostModel,
        capacity_part: impl Fn(i64) -> i64,
    ) -> Part {
        let (driver, capacity) = match self {
            Self::EqualPerCustomer(Population::Active) => return Part::Split(amount),
            Self::EqualPerCustomer(Population::Buying) => {
                (Driver::Present(one(Account::SaleCount)), None)
            }
            Self::Proportional(proportion) => (Driver::Weighed(proportion.weights()), None),
            Self::Driver(cause) => (cause.driver(costs), None),
            Self::TimeDriven(capacity) => {
                let available = capacity.milli_minutes.map(|whole| {
                    let part = capacity_part(whole).max(1);
                    i128::from(part) * capacity.scale()
                });
                (Driver::Weighed(capacity.weights(costs)), available)
            }
        };
        Part::Driven(Driven {
            amount,
            driver,
            capacity,
        })
    }

    /// What it supplies itself, if it does.
    pub fn supplied(&self) -> Option<&BTreeMap<PartyId, i64>> {
        match self {
            Self::Driver(Cause::Supplied(quantities)) => Some(quantities),
            Self::EqualPerCustomer(_)
            | Self::Proportional(_)
            | Self::Driver(_)
            | Self::TimeDriven(_) => None,
        }
    }

    /// The decimal places of a customer's quantity.
    pub fn places(&self) -> u32 {
        match self {
            Self::EqualPerCustomer(_) => 0,
            Self::Proportional(_) | Self::Driver(Cause::Supplied(_)) => MICRO_PLACES,
            Self::Driver(Cause::Happened(happening)) => happening.places(),
            Self::Driver(Cause::Minutes(_)) => MILLI_PLACES,
            Self::TimeDriven(capacity) => capacity.places(),
        }
    }
}

impl Proportion {
    fn weights(self) -> Weights {
        let mut weights = BTreeMap::new();
        if self == Self::Spend {
            return one(Account::Spend);
        }
        weights.insert(Account::GrossRevenue, 1);
        weights.insert(Account::Discounts, -1);
        weights.insert(Account::Refunds, -1);
        if self == Self::ContributionMargin {
            weights.insert(Account::CostOfGoods, -1);
            for kind in DirectCostKind::ALL {
                weights.insert(Account::DirectCost(*kind), -1);
            }
        }
        Weights(weights)
    }
}

impl Cause {
    fn driver(&self, costs: &CostModel) -> Driver {
        match self {
            Self::Happened(happening) => Driver::Weighed(one(happening.account())),
            Self::Minutes(roles) => Driver::Weighed(Weights(minutes(roles, costs, 1).collect())),
            Self::Supplied(quantities) => Driver::Supplied(Arc::clone(quantities)),
        }
    }
}

impl Capacity {
    /// Units are counted in millionths, and so is then the time that they take.
    fn scale(&self) -> i128 {
        match self.equation.contains_key(&Happening::Unit) {
            true => 1_000_000,
            false => 1,
        }
    }

    fn places(&self) -> u32 {
        match self.scale() {
            1 => MILLI_PLACES,
            _ => MILLI_PLACES + MICRO_PLACES,
        }
    }

    fn weights(&self, costs: &CostModel) -> Weights {
        let scale = self.scale();
        let mut weights = BTreeMap::new();
        if !self.roles.is_empty() || self.equation.is_empty() {
            weights.extend(minutes(&self.roles, costs, scale));
        }
        for (happening, milli_minutes) in &self.equation {
            let each = scale / 10_i128.pow(happening.places());
            weights.insert(happening.account(), i128::from(*milli_minutes) * each);
        }
        Weights(weights)
    }
}

fn one(account: Account) -> Weights {
    Weights(BTreeMap::from([(account, 1)]))
}

/// Working time of some roles, or of all roles of a cost model.
fn minutes<'a>(
    roles: &'a BTreeSet<RoleId>,
    costs: &'a CostModel,
    weight: i128,
) -> impl Iterator<Item = (Account, i128)> + 'a {
    let all = costs.rates.keys().filter(|_| roles.is_empty());
    roles.iter().chain(all).flat_map(move |role| {
        WorkPurpose::all().map(move |purpose| (Account::Minutes(role.clone(), purpose), weight))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::Sums;

    fn sums(of: &[(Account, i128)]) -> Sums {
        let mut sums = Sums::default();
        for (account, quantity) in of {
            sums.add(account.clone(), *quantity);
        }
        sums
    }

    fn quantity(policy: &Policy, of: &[(Account, i128)]) -> i128 {
        let costs = CostModel {
            rates: [(RoleId::stored("CLERK"), 5)].into(),
            ..CostModel::default()
        };
        match policy.part(100, &costs, |whole| whole) {
            Part::Driven(driven) => driven.driver.quantity(&PartyId::stored("c"), &sums(of)),
            Part::Split(_) => unreachable!("only an equal split over all goes by nothing"),
        }
    }

    #[test]
    fn who_brings_less_than_nothing_bears_nothing() {
        let by_revenue = Policy::Proportional(Proportion::Revenue);
        let sold = (Account::GrossRevenue, 50);
        assert_eq!(quantity(&by_revenue, std::slice::from_ref(&sold)), 50);
        let refunds = |refunds| [sold.clone(), (Account::Refunds, refunds)];
        assert_eq!(quantity(&by_revenue, &refunds(20)), 30);
        assert_eq!(quantity(&by_revenue, &refunds(80)), 0);
        let by_margin = Policy::Proportional(Proportion::ContributionMargin);
        let freight = Account::DirectCost(DirectCostKind::Freight);
        assert_eq!(
            quantity(
                &by_margin,
                &[sold.clone(), (freight, 9), (Account::CostOfGoods, 30)]
            ),
            11
        );
        let by_spend = Policy::Proportional(Proportion::Spend);
        assert_eq!(quantity(&by_spend, &[sold, (Account::Spend, 7)]), 7);
        let buying = Policy::EqualPerCustomer(Population::Buying);
        assert_eq!(quantity(&buying, &[(Account::SaleCount, 4)]), 1);
        assert_eq!(quantity(&buying, &[(Account::Spend, 4)]), 0);
    }

    #[test]
    fn time_is_recorded_or_follows_from_an_equation() {
        let time = |role: &str, milli_minutes: i128| {
            let purpose = WorkPurpose::Complaint;
            (
                Account::Minutes(RoleId::stored(role), purpose),
                milli_minutes,
            )
        };
        let happened = [
            time("CLERK", 30_000),
            time("DRIVER", 7_000),
            (Account::SaleCount, 2),
            (Account::Quantity, 1_500_000),
        ];
        let of = |roles: &[&str], equation: &[(Happening, i64)]| {
            let roles = roles.iter().map(|role| RoleId::stored(role)).collect();
            let equation = equation.iter().copied().collect();
            let milli_minutes = Some(1_000_000);
            let capacity = Capacity {
                milli_minutes,
                roles,
                equation,
            };
            let policy = Policy::TimeDriven(capacity);
            (quantity(&policy, &happened), policy.places())
        };
        assert_eq!(of(&[], &[]), (30_000, 3), "of the roles of the cost model");
        assert_eq!(of(&["DRIVER"], &[]), (7_000, 3));
        assert_eq!(of(&[], &[(Happening::Sale, 4_000)]), (8_000, 3));
        assert_eq!(of(&["DRIVER"], &[(Happening::Sale, 4_000)]), (15_000, 3));
        // 1.5 units of 2 minutes each beside two sales of 4 minutes each: 11 minutes.
        let with_units = of(&[], &[(Happening::Sale, 4_000), (Happening::Unit, 2_000)]);
        assert_eq!(with_units, (11_000_000_000, 9));
    }
}
