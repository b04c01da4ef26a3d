//! What a store is asked of how customers bought, day by day, and what it answers: exact sums. What an order is, and
//! what is to be expected of a customer, is made of them above the store.

use super::{
    account::Weights,
    id::{PartyId, TraitKey},
    money::Nanos,
    party::TraitValue,
    question::Scope,
    time::Day,
};

/// Asks how customers bought.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PurchaseQuestion {
    /// Which postings and which customers.
    pub scope: Scope,
    /// Only these customers; all if `None`.
    pub customers: Option<Vec<PartyId>>,
    /// What a day's net sum is: net revenue.
    pub revenue: Weights,
    /// What is left of it before a customer is served: contribution margin.
    pub margin: Weights,
    /// What is left of that after it was served: customer margin.
    pub profit: Weights,
    /// The trait whose value is told of each customer.
    pub segment: Option<TraitKey>,
}

/// How customers bought: everybody with a posting in the scope, in the order of their ids.
pub type PurchaseAnswer = Vec<Purchases>;

/// How one customer bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchases {
    /// The customer.
    pub customer: PartyId,
    /// Its value of the trait that was asked for, if it has one.
    pub segment: Option<TraitValue>,
    /// The days, rising, whose net sum is not zero, with it.
    pub days: Vec<(Day, Nanos)>,
    /// The last day with any posting.
    pub last_day: Day,
    /// The sum of all days by margin.
    pub margin: Nanos,
    /// The same by profit.
    pub profit: Nanos,
}
