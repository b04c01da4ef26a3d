//! What ending customers does to those who are left: the fixed costs stay and are allocated anew, which may turn others
//! unprofitable, who are ended next. Exact, by the same rules as in the reports.
//!
//! Full-cost pricing that is driven on like this is known as the death spiral (Cooper and Kaplan, "How Cost Accounting
//! Distorts Product Costs", Management Accounting, April 1988).

use crate::domain::{
    allocation::{Driven, shares},
    cost_model::equal_share,
    money::{Micros, NANOS_PER_MICRO, Nanos, to_nanos},
};

/// What is allocated.
#[derive(Debug, Clone, Default)]
pub struct Pools {
    /// Amounts that are split equally.
    pub split: Vec<Micros>,
    /// Amounts that go by a driver.
    pub driven: Vec<Driven>,
}

/// One customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Member {
    /// Its customer margin, which nobody else changes.
    pub margin: Nanos,
    /// Its net revenue.
    pub net_revenue: Nanos,
    /// Its working time in thousandths of a minute.
    pub milli_minutes: i128,
}

/// By what customers are the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EndingBasis {
    /// By net profit.
    #[default]
    NetProfit,
    /// By customer margin.
    CustomerMargin,
}

/// The accounts of the firm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Books {
    /// How many customers are left.
    pub customers: u64,
    /// Their net revenue.
    pub net_revenue: Nanos,
    /// Their customer margin.
    pub customer_margin: Nanos,
    /// What they bear of the fixed costs.
    pub allocated: Nanos,
    /// What nobody bears of them.
    pub unallocated: Nanos,
}

impl Books {
    /// The margin less all fixed costs.
    pub fn profit(&self) -> Nanos {
        self.customer_margin - self.allocated - self.unallocated
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// Who is ended, the worst first.
    pub ended: Vec<usize>,
    /// What those bore of the fixed costs.
    pub stranded: Nanos,
    /// Who turned from zero or more to below zero, the largest by net revenue first.
    pub turned: Vec<usize>,
    /// How many of those who are left are below zero.
    pub negative: u64,
    /// The net profits before it.
    pub before: Vec<Nanos>,
    /// The firm after it.
    pub books: Books,
}

/// Customers in the order of their ids, and what they bear.
#[derive(Debug, Clone)]
pub struct Spiral {
    pools: Pools,
    members: Vec<Member>,
    /// Of each customer, one for each amount that goes by a driver.
    quantities: Vec<i128>,
    is_left: Vec<bool>,
    borne: Vec<Nanos>,
}

impl Spiral {
    /// All customers, in the order of their ids, with their quantities of what is driven, one after the other.
    pub fn of(pools: Pools, members: Vec<Member>, quantities: Vec<i128>) -> Self {
        let mut spiral = Self {
            is_left: vec![true; members.len()],
            borne: vec![0; members.len()],
            pools,
            members,
            quantities,
        };
        spiral.allocate();
        spiral
    }

    /// A customer.
    pub fn member(&self, index: usize) -> Member {
        self.members[index]
    }

    /// Whether a customer is left.
    pub fn is_left(&self, index: usize) -> bool {
        self.is_left[index]
    }

    /// A customer's net profit.
    pub fn net_profit(&self, index: usize) -> Nanos {
        self.members[index].margin - self.borne[index]
    }

    /// What a customer bears of the fixed costs.
    pub fn borne(&self, index: usize) -> Nanos {
        self.borne[index]
    }

    fn left(&self) -> impl Iterator<Item = usize> + '_ {
        let all = self.is_left.iter().enumerate();
        all.filter(|(_, is_left)| **is_left).map(|(index, _)| index)
    }

    /// Allocates everything over those who are left.
    fn allocate(&mut self) {
        let left: Vec<usize> = self.left().collect();
        let count = left.len() as u64;
        self.borne.fill(0);
        for amount in &self.pools.split {
            for (place, index) in (0..).zip(&left) {
                self.borne[*index] += to_nanos(equal_share(*amount, count, place));
            }
        }
        let width = self.pools.driven.len();
        for (column, driven) in self.pools.driven.iter().enumerate() {
            let quantity = |index: &usize| self.quantities[index * width + column];
            let quantities: Vec<i128> = left.iter().map(quantity).collect();
            let allotment = driven.allotment(quantities.iter().sum());
            let own = shares(&allotment, &quantities);
            for (index, share) in left.iter().zip(own) {
                self.borne[*index] += to_nanos(share);
            }
        }
    }

    /// The firm as it is.
    pub fn books(&self) -> Books {
        let mut books = Books::default();
        for index in self.left() {
            let member = self.members[index];
            books.customers += 1;
            books.net_revenue += member.net_revenue;
            books.customer_margin += member.margin;
            books.allocated += self.borne[index];
        }
        let driven = self.pools.driven.iter().map(|driven| driven.amount);
        let all = self.pools.split.iter().copied().chain(driven);
        let all: i128 = all.map(i128::from).sum();
        books.unallocated = all * NANOS_PER_MICRO - books.allocated;
        books
    }

    /// The worst of those who are left, the worst first and equals in the order of their ids: so many, or all below
    /// zero.
    pub fn worst(&self, basis: EndingBasis, count: Option<u64>) -> Vec<usize> {
        let value = |index: usize| match basis {
            EndingBasis::NetProfit => self.net_profit(index),
            EndingBasis::CustomerMargin => self.members[index].margin,
        };
        let wanted = self
            .left()
            .filter(|index| count.is_some() || value(*index) < 0);
        let mut worst: Vec<(Nanos, usize)> = wanted.map(|index| (value(index), index)).collect();
        worst.sort_unstable();
        if let Some(count) = count {
            worst.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        }
        worst.into_iter().map(|(_, index)| index).collect()
    }

    /// Ends some customers, and allocates anew.
    pub fn end(&mut self, ended: Vec<usize>) -> Step {
        let all = 0..self.members.len();
        let before: Vec<Nanos> = all.map(|index| self.net_profit(index)).collect();
        let mut stranded = 0;
        for index in &ended {
            self.is_left[*index] = false;
            stranded += self.borne[*index];
        }
        self.allocate();
        let below: Vec<usize> = self
            .left()
            .filter(|index| self.net_profit(*index) < 0)
            .collect();
        let turned = below.iter().copied().filter(|index| before[*index] >= 0);
        let mut turned: Vec<usize> = turned.collect();
        turned.sort_by_key(|index| std::cmp::Reverse(self.members[*index].net_revenue));
        Step {
            ended,
            stranded,
            turned,
            negative: below.len() as u64,
            before,
            books: self.books(),
        }
    }
}
