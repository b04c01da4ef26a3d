//! What a store is asked, and what it answers: counts and sums as integers. Every ratio, score and curve is made of
//! them once, above the store.

use super::{
    account::{Sums, Weights},
    allocation::{Allotment, Driven},
    id::{PartyId, TraitKey, UNASSIGNED},
    ledger::Position,
    money::{Micros, Nanos, to_nanos},
    party::{Party, TraitFilter, TraitValue},
    ranking::Direction,
    time::{Day, Period},
};
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// Which postings and which customers a question is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Only postings of these days.
    pub period: Period,
    /// Only postings of these branches, if any are given; [`UNASSIGNED`] for those without one.
    pub branches: Vec<String>,
    /// Only customers that meet all of these.
    pub traits: Vec<TraitFilter>,
    /// Only what was written up to this position.
    pub as_of: Position,
}

impl Scope {
    /// Everything of a period.
    pub fn all_of(period: Period, as_of: Position) -> Self {
        Self {
            period,
            branches: Vec::new(),
            traits: Vec::new(),
            as_of,
        }
    }

    /// Whether a posting's branch counts.
    pub fn has_branch(&self, branch_id: &str) -> bool {
        let branch_id = if branch_id.is_empty() {
            UNASSIGNED
        } else {
            branch_id
        };
        self.branches.is_empty() || self.branches.iter().any(|branch| branch == branch_id)
    }

    /// Whether a customer counts.
    pub fn has_customer(&self, party: Option<&Party>) -> bool {
        self.traits.iter().all(|filter| filter.holds(party))
    }
}

/// The total order of a ranking: by value, then by customer id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Order {
    /// What a customer's sums are worth. Customers are ordered by this, less what they bear of what is driven if the
    /// value bears it.
    pub weights: Weights,
    /// Amounts that are split equally over all active customers. Every row tells its shares; they change nobody's
    /// place. Empty if the question has branches.
    pub split: Vec<Micros>,
    /// Amounts that go by drivers over all active customers. Every row tells its shares, after those of the split. Of
    /// what rounding leaves over, the micro-units that some customers bear more change nobody's place, like those of
    /// an equal split. Empty if the question has branches.
    pub driven: Vec<Driven>,
    /// Whether the shares are taken off the value (and so off totals, counts of negative values, curve and threshold).
    pub value_bears_split: bool,
    /// Which end comes first.
    pub direction: Direction,
}

impl Order {
    /// By how much the values of equals can differ at most: by the micro-unit of each amount that rounding leaves over.
    pub fn most_left_over(&self) -> Nanos {
        match self.value_bears_split {
            // As many as there is memory for.
            true => to_nanos(1) * (self.split.len() + self.driven.len()) as Nanos,
            false => 0,
        }
    }
}

/// Asks for customers in order.
///
/// A customer is active if it has any posting in the period, whatever the branches and traits. It is reported if it has
/// a posting in the scope and meets the trait filters. (An activity whose reversal is in the state leaves no posting.)
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RankQuestion {
    /// Which postings and customers.
    pub scope: Scope,
    /// In which order.
    pub order: Order,
    /// Further orders, always the best first, in which the place of each row is told.
    pub beside: Vec<Beside>,
    /// Which rows.
    pub rows: RowSelection,
}

/// A further order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Beside {
    /// What a customer's sums are worth.
    pub weights: Weights,
    /// Whether what is driven is taken off that.
    pub bears_driven: bool,
}

impl From<Weights> for Beside {
    fn from(weights: Weights) -> Self {
        Self {
            weights,
            bears_driven: false,
        }
    }
}

impl RankQuestion {
    /// Whether an order beside is that of the ranking itself.
    pub fn is_own_order(&self, beside: &Beside) -> bool {
        self.order.direction == Direction::BestFirst
            && self.order.weights == beside.weights
            && (self.order.driven.is_empty() || self.order.value_bears_split == beside.bears_driven)
    }
}

/// Which rows of a ranking are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RowSelection {
    /// Those at these places, from 0.
    Places(Vec<Range<u64>>),
    /// One customer.
    Customer(PartyId),
    /// Some customers.
    Customers(Vec<PartyId>),
}

/// Customers in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankAnswer {
    /// What the whole ranking adds up to.
    pub totals: RankTotals,
    /// The wanted rows that exist, in the order of the ranking.
    pub rows: Vec<RankRow>,
}

/// What a whole ranking adds up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RankTotals {
    /// How many customers are reported.
    pub customers: u64,
    /// How many of them have a value below zero.
    pub negative: u64,
    /// How many customers are active.
    pub active: u64,
    /// The books' sums over the period, made without looking at customers.
    pub ledger: Sums,
    /// The sums of the reported customers, within the branches.
    pub reported: Sums,
    /// The sums of everything else in the period.
    pub filtered_out: Sums,
    /// The values of the reported customers added up, before shares: what their sums weigh, if nothing is lost.
    pub reported_value: Nanos,
    /// For each amount of the split, and then for each that is driven, what the reported customers bear of it.
    pub reported_shares: Vec<i128>,
    /// For each amount that is driven, how much of it all active customers bear, over which quantity.
    pub driven: Vec<Allotment>,
}

/// One customer in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankRow {
    /// Its place, from 0.
    pub place: u64,
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it, as of the state that was read.
    pub party: Option<Arc<Party>>,
    /// Its value: its sums weighed, less its shares if the order's value bears them.
    pub value: Nanos,
    /// The values from the first customer to this one.
    pub cumulative: Nanos,
    /// Its places in the orders beside, from 0.
    pub beside: Vec<u64>,
    /// Its sums within the scope.
    pub sums: Sums,
    /// For each amount of the split, and then for each that is driven, what it bears of it.
    pub shares: Vec<Micros>,
}

/// Asks for the values of all reported customers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ValuesQuestion {
    /// Which postings and customers.
    pub scope: Scope,
    /// What a customer is worth; its direction means nothing.
    pub order: Order,
    /// What else is told of each: its sums weighed, without any share.
    pub beside: Vec<Weights>,
}

/// The values of all reported customers, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ValuesAnswer {
    /// What they add up to.
    pub totals: RankTotals,
    /// The customers.
    pub customers: Vec<PartyId>,
    /// The value of each: its sums weighed, less its shares if the order's value bears them.
    pub values: Vec<Nanos>,
    /// By each of the weights beside, the value of each customer.
    pub beside: Vec<Vec<Nanos>>,
}

/// Asks for points of the whale curve: cumulative values over customers, the best first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CurveQuestion {
    /// Which postings and customers.
    pub scope: Scope,
    /// In which order; the direction is taken as the best first.
    pub order: Order,
    /// How many points, evenly spread over the customers; the last customer is always one. At least 1.
    pub points: u64,
}

/// The whale curve in integers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CurveAnswer {
    /// What the whole ranking adds up to.
    pub totals: RankTotals,
    /// Number of customers and their cumulative value, rising in customers: at `ceil(i * customers / points)`.
    pub points: Vec<(u64, Nanos)>,
    /// The highest point, the first if there are several; `(0, 0)` if nobody has a value above zero.
    pub peak: (u64, Nanos),
    /// The total of all values.
    pub total: Nanos,
    /// How many have a value above zero.
    pub positive: u64,
    /// The smallest number of customers that reach 80% of the total, if that is above zero.
    pub eighty_percent: Option<u64>,
    /// The cumulative value of the best fifth of the customers, rounded up.
    pub best_fifth: Nanos,
    /// The sum of the values of zero or more.
    pub positive_sum: Nanos,
    /// How many have a value of zero or more.
    pub not_negative: u64,
    /// The sum over the customers with a value of zero or more, the smallest first, of place (from 1) times value.
    pub place_weighted_sum: ethnum::I256,
    /// The sum over the same customers of the squared value.
    pub square_sum: ethnum::I256,
}

/// Asks for sums by group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CrossQuestion {
    /// Which postings and customers.
    pub scope: Scope,
    /// By what.
    pub group: Group,
}

/// What sums are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// By customer.
    Customer,
    /// By branch.
    Branch,
    /// By product.
    Product,
    /// By account manager.
    AccountManager,
    /// By day, as a date.
    Day,
    /// By the channel that an activity came through.
    Channel,
    /// By the campaign that it came from.
    Campaign,
}

/// Sums by group, in the order of the groups; what has no group is under [`UNASSIGNED`]. A group is there if it has a
/// posting in the scope, even if all its sums are zero.
pub type CrossAnswer = BTreeMap<String, Sums>;

/// Asks for the sums of some customers by group: the cells of a table whose rows are these customers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CellsQuestion {
    /// Which postings and customers.
    pub scope: Scope,
    /// Only these customers.
    pub customers: Vec<PartyId>,
    /// By what.
    pub group: Group,
}

/// Asks who has any activity under an account manager.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ManagedQuestion {
    /// Which postings and customers.
    pub scope: Scope,
    /// Which account manager; [`UNASSIGNED`] for activities without one.
    pub account_manager: String,
}

/// Sums by customer and group, in the order of both; what has no group is under [`UNASSIGNED`]. A cell is there if it
/// has a posting in the scope, even if all its sums are zero.
pub type CellsAnswer = BTreeMap<(PartyId, String), Sums>;

/// A value of a trait, or a range of numbers, as it is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TraitBin {
    /// No value.
    Missing,
    /// A category, or one category of a set.
    Category(String),
    /// From the edge with this index (1 for the first) to before the next; 0 is below all edges.
    Number(usize),
    /// Yes or no.
    Flag(bool),
}

impl TraitBin {
    /// The bins that a value of a trait is counted in: one, or one for each category of a set. `edges` are those of the
    /// trait, if it is a number.
    pub fn all_of(value: Option<&TraitValue>, edges: &[i64]) -> Vec<Self> {
        match value {
            None => vec![Self::Missing],
            Some(TraitValue::Category(category)) => vec![Self::Category(category.clone())],
            Some(TraitValue::Number(number)) => {
                vec![Self::Number(edges.partition_point(|edge| edge <= number))]
            }
            Some(TraitValue::Set(set)) if set.is_empty() => vec![Self::Missing],
            Some(TraitValue::Set(set)) => set.iter().cloned().map(Self::Category).collect(),
            Some(TraitValue::Flag(flag)) => vec![Self::Flag(*flag)],
        }
    }
}

/// Asks how common trait values are among the best customers, the loss-makers and all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LiftQuestion {
    /// Which postings and customers.
    pub scope: Scope,
    /// In which order; the direction is taken as the best first.
    pub order: Order,
    /// How many are the best, in millionths of the customers, rounded up …
    pub best_millionths: u32,
    /// … but at least so many, and at most half of the customers, rounded down. Only values above zero are the
    /// best, and none that ties with the first one left out.
    pub best_minimum: u64,
    /// The traits to count, with the edges of the bins of those that are numbers, in millionths.
    pub traits: BTreeMap<TraitKey, Vec<i64>>,
}

/// How common trait values are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiftAnswer {
    /// What the whole ranking adds up to.
    pub totals: RankTotals,
    /// How many are the best.
    pub best: u64,
    /// The value of the last of the best.
    pub threshold: Nanos,
    /// Counts by trait and bin, in this order; bins that nobody has are absent.
    pub counts: BTreeMap<(TraitKey, TraitBin), LiftCount>,
}

/// How many customers have a trait value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LiftCount {
    /// Of the best.
    pub best: u64,
    /// Of those with a value below zero.
    pub loss_makers: u64,
    /// Of all.
    pub all: u64,
}

impl LiftCount {
    /// Counts more customers.
    pub fn add(&mut self, more: Self) {
        self.best += more.best;
        self.loss_makers += more.loss_makers;
        self.all += more.all;
    }
}

/// Asks for what models learn from: every customer's traits, and its postings by age.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProfileQuestion {
    /// Only customers whose first posting ever is in these days, and only postings of these days.
    pub period: Period,
    /// As of this position.
    pub as_of: Position,
    /// What profit is.
    pub profit: Weights,
    /// What size is: net revenue.
    pub size: Weights,
    /// How many days from a customer's first posting are looked at.
    pub horizon_days: u32,
    /// Into how many buckets of age they are divided: age `a` is in bucket `a * buckets / horizon_days`.
    pub buckets: u32,
}

/// What models learn from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileAnswer {
    /// The customers, in the order of their ids.
    pub customers: Vec<CustomerProfile>,
    /// The last day with any posting in the period.
    pub last_day: Option<Day>,
    /// The books' sums over the period, made without looking at customers.
    pub ledger: Sums,
    /// The sums of the customers above over the whole period, beyond their horizons too.
    pub reported: Sums,
    /// The sums in the period of customers who came before it.
    pub filtered_out: Sums,
    /// How many customers are active in the period.
    pub active: u64,
}

/// One customer as models see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerProfile {
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// The day of its first posting ever.
    pub first_day: Day,
    /// Profit and size in each bucket of age; as many as were asked for.
    pub buckets: Vec<(Nanos, Nanos)>,
}
