//! Customers in order, made of the sums of each of them: the plain way, for whoever holds all of them in memory.
//! Knows nothing of where sums come from.

use crate::domain::{
    account::{Sums, Weights},
    allocation::{Allotment, Driven, shares},
    cost_model::equal_share,
    id::PartyId,
    money::{Micros, Nanos, to_nanos},
    question::{
        Beside, Order, RankAnswer, RankQuestion, RankRow, RankTotals, RowSelection, ValuesAnswer,
    },
    ranking::Direction,
};
use std::{cmp::Reverse, collections::BTreeMap};

/// The sums of a scope.
#[derive(Debug, Default)]
pub struct Collected {
    /// Of everything in the period.
    pub ledger: Sums,
    /// Of everything in the scope.
    pub reported: Sums,
    /// Of what is in the period and not in the scope.
    pub filtered_out: Sums,
    /// Of every customer with anything in the period, whatever the branches and traits.
    pub active: BTreeMap<PartyId, Sums>,
    /// Of every customer with anything in the scope: only that.
    pub in_scope: BTreeMap<PartyId, Sums>,
}

/// A reported customer.
#[derive(Debug)]
pub struct Customer {
    /// Who.
    pub id: PartyId,
    /// Its sums within the scope.
    sums: Sums,
    /// What it bears of each amount of the split, and then of each that is driven.
    shares: Vec<Micros>,
    /// What it bears of all that is driven, before what rounding leaves over.
    parts: Nanos,
}

/// All reported customers in order.
#[derive(Debug)]
pub struct Ranking {
    /// What they add up to.
    pub totals: RankTotals,
    /// The customers.
    pub customers: Vec<Customer>,
    /// Their values, shares taken off.
    pub values: Vec<Nanos>,
}

impl Ranking {
    /// Puts customers in order.
    pub fn of(mut collected: Collected, order: &Order, direction: Direction) -> Self {
        let active = &collected.active;
        let driven = order.driven.iter();
        let driven: Vec<Spread> = driven.map(|driven| Spread::of(driven, active)).collect();
        let mut customers = Vec::new();
        for (index, id) in active.keys().enumerate() {
            if let Some(sums) = collected.in_scope.remove(id) {
                let split = order.split.iter();
                let place = index as u64;
                let equal = split.map(|amount| equal_share(*amount, active.len() as u64, place));
                let parts = driven.iter().map(|spread| to_nanos(spread.part(index)));
                customers.push(Customer {
                    id: id.clone(),
                    sums: sums.without_zeros(),
                    parts: parts.sum(),
                    shares: equal
                        .chain(driven.iter().map(|spread| spread.shares[index]))
                        .collect(),
                });
            }
        }
        sort(
            &mut customers,
            &order.weights,
            order.value_bears_split,
            direction,
        );
        let value = |customer: &Customer| {
            let value = order.weights.value(&customer.sums);
            let shares = customer.shares.iter().map(|share| to_nanos(*share));
            value - shares.filter(|_| order.value_bears_split).sum::<Nanos>()
        };
        let values: Vec<Nanos> = customers.iter().map(value).collect();
        let mut totals = RankTotals {
            active: active.len() as u64,
            driven: driven.iter().map(|spread| spread.allotment).collect(),
            ledger: collected.ledger.without_zeros(),
            reported: collected.reported.without_zeros(),
            filtered_out: collected.filtered_out.without_zeros(),
            ..RankTotals::default()
        };
        add_up(&mut totals, order, &customers, &values);
        Self {
            totals,
            customers,
            values,
        }
    }

    /// The values of all of them in the order of their ids, and by other weights.
    pub fn by_id(self, beside: &[Weights]) -> ValuesAnswer {
        let mut all: Vec<(Customer, Nanos)> = self.customers.into_iter().zip(self.values).collect();
        all.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
        let by = |weights: &Weights| {
            let all = all.iter();
            all.map(|(customer, _)| weights.value(&customer.sums))
                .collect()
        };
        ValuesAnswer {
            totals: self.totals,
            beside: beside.iter().map(by).collect(),
            values: all.iter().map(|(_, value)| *value).collect(),
            customers: all.into_iter().map(|(customer, _)| customer.id).collect(),
        }
    }

    /// The wanted rows, without what is stored of their customers.
    pub fn rows(mut self, question: &RankQuestion) -> RankAnswer {
        let mut rows = Vec::new();
        let mut cumulative = 0;
        let values = self.values.iter();
        for ((place, customer), value) in (0..).zip(&self.customers).zip(values) {
            cumulative += value;
            let wanted = match &question.rows {
                RowSelection::Places(ranges) => ranges.iter().any(|range| range.contains(&place)),
                RowSelection::Customer(id) => *id == customer.id,
                RowSelection::Customers(ids) => ids.contains(&customer.id),
            };
            if wanted {
                rows.push(RankRow {
                    place,
                    customer: customer.id.clone(),
                    party: None,
                    value: *value,
                    cumulative,
                    beside: Vec::new(),
                    sums: customer.sums.clone(),
                    shares: customer.shares.clone(),
                });
            }
        }
        for Beside {
            weights,
            bears_driven,
        } in &question.beside
        {
            sort(
                &mut self.customers,
                weights,
                *bears_driven,
                Direction::BestFirst,
            );
            let customers = self.customers.iter().map(|customer| &customer.id);
            let places: BTreeMap<&PartyId, u64> = customers.zip(0..).collect();
            for row in &mut rows {
                row.beside.push(places[&row.customer]);
            }
        }
        RankAnswer {
            totals: self.totals,
            rows,
        }
    }
}

/// What the reported customers add up to.
fn add_up(totals: &mut RankTotals, order: &Order, customers: &[Customer], values: &[Nanos]) {
    totals.customers = customers.len() as u64;
    totals.negative = values.iter().filter(|value| **value < 0).count() as u64;
    totals.reported_shares = vec![0; order.split.len() + order.driven.len()];
    for customer in customers {
        totals.reported_value += order.weights.value(&customer.sums);
        for (sum, share) in totals.reported_shares.iter_mut().zip(&customer.shares) {
            *sum += i128::from(*share);
        }
    }
}

/// An amount that is driven, spread over everybody who is active.
struct Spread {
    allotment: Allotment,
    /// In the order of the customers' ids, as all below.
    quantities: Vec<i128>,
    shares: Vec<Micros>,
}

impl Spread {
    fn of(driven: &Driven, active: &BTreeMap<PartyId, Sums>) -> Self {
        let active = active.iter();
        let quantities: Vec<i128> = active
            .map(|(id, sums)| driven.driver.quantity(id, sums))
            .collect();
        let allotment = driven.allotment(quantities.iter().sum());
        Self {
            shares: shares(&allotment, &quantities),
            quantities,
            allotment,
        }
    }

    fn part(&self, index: usize) -> Micros {
        self.allotment.part(self.quantities[index])
    }
}

fn sort(customers: &mut [Customer], weights: &Weights, bears_driven: bool, direction: Direction) {
    let value = |customer: &Customer| {
        let parts = if bears_driven { customer.parts } else { 0 };
        weights.value(&customer.sums) - parts
    };
    match direction {
        Direction::BestFirst => {
            customers.sort_by_key(|customer| (Reverse(value(customer)), customer.id.clone()));
        }
        Direction::WorstFirst => {
            customers.sort_by_key(|customer| (value(customer), customer.id.clone()));
        }
    }
}
