//! One tenant's customers in order.

use super::tenant::{Tenant, add_postings};
use crate::domain::{
    account::{Sums, Weights},
    cost_model::equal_share,
    id::PartyId,
    money::{Micros, Nanos, to_nanos},
    question::{Order, RankAnswer, RankQuestion, RankRow, RankTotals, RowSelection, Scope},
    ranking::Direction,
    time::Calendar,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// A reported customer.
pub(super) struct Customer {
    /// Who.
    pub id: PartyId,
    /// Its sums within the scope.
    sums: Sums,
    /// What it bears of each amount of the split.
    shares: Vec<Micros>,
}

/// All reported customers in order.
pub(super) struct Ranking {
    /// What they add up to.
    pub totals: RankTotals,
    /// The customers.
    pub customers: Vec<Customer>,
    /// Their values, shares taken off.
    pub values: Vec<Nanos>,
}

impl Tenant {
    /// All customers of a scope in order.
    pub fn ranking(
        &self,
        scope: &Scope,
        order: &Order,
        direction: Direction,
        calendar: &Calendar,
    ) -> Ranking {
        let mut totals = RankTotals::default();
        let mut active = BTreeSet::new();
        let mut reported: BTreeMap<&PartyId, Sums> = BTreeMap::new();
        for activity in self.live_in(&scope.period, scope.as_of, calendar) {
            active.insert(&activity.customer_id);
            add_postings(&mut totals.ledger, activity);
            if self.is_in(scope, activity) {
                add_postings(&mut totals.reported, activity);
                add_postings(reported.entry(&activity.customer_id).or_default(), activity);
            } else {
                add_postings(&mut totals.filtered_out, activity);
            }
        }
        let mut customers = Vec::new();
        for (index, id) in (0..).zip(&active) {
            if let Some(sums) = reported.remove(*id) {
                let split = order.split.iter();
                customers.push(Customer {
                    id: (*id).clone(),
                    sums: sums.without_zeros(),
                    shares: split
                        .map(|amount| equal_share(*amount, active.len() as u64, index))
                        .collect(),
                });
            }
        }
        sort(&mut customers, &order.weights, direction);
        let value = |customer: &Customer| {
            let value = order.weights.value(&customer.sums);
            if !order.value_bears_split {
                return value;
            }
            value
                - customer
                    .shares
                    .iter()
                    .map(|share| to_nanos(*share))
                    .sum::<Nanos>()
        };
        let values: Vec<Nanos> = customers.iter().map(value).collect();
        totals.customers = customers.len() as u64;
        totals.negative = values.iter().filter(|value| **value < 0).count() as u64;
        totals.active = active.len() as u64;
        totals.reported_shares = vec![0; order.split.len()];
        for customer in &customers {
            for (sum, share) in totals.reported_shares.iter_mut().zip(&customer.shares) {
                *sum += i128::from(*share);
            }
        }
        totals.reported_value = customers
            .iter()
            .map(|customer| order.weights.value(&customer.sums))
            .sum();
        totals.ledger = totals.ledger.without_zeros();
        totals.reported = totals.reported.without_zeros();
        totals.filtered_out = totals.filtered_out.without_zeros();
        Ranking {
            totals,
            customers,
            values,
        }
    }

    /// The wanted rows of a ranking.
    pub fn rank(&self, question: &RankQuestion, calendar: &Calendar) -> RankAnswer {
        let order = &question.order;
        let mut ranking = self.ranking(&question.scope, order, order.direction, calendar);
        let mut rows = Vec::new();
        let mut cumulative = 0;
        let values = ranking.values.iter();
        for ((place, customer), value) in (0..).zip(&ranking.customers).zip(values) {
            cumulative += value;
            let wanted = match &question.rows {
                RowSelection::Places(ranges) => ranges.iter().any(|range| range.contains(&place)),
                RowSelection::Customer(id) => *id == customer.id,
            };
            if wanted {
                let party = self.records.party(&customer.id, question.scope.as_of);
                rows.push(RankRow {
                    place,
                    customer: customer.id.clone(),
                    party: party.cloned(),
                    value: *value,
                    cumulative,
                    beside: Vec::new(),
                    sums: customer.sums.clone(),
                    shares: customer.shares.clone(),
                });
            }
        }
        for weights in &question.beside {
            sort(&mut ranking.customers, weights, Direction::BestFirst);
            let customers = ranking.customers.iter().map(|customer| &customer.id);
            let places: BTreeMap<&PartyId, u64> = customers.zip(0..).collect();
            for row in &mut rows {
                row.beside.push(places[&row.customer]);
            }
        }
        RankAnswer {
            totals: ranking.totals,
            rows,
        }
    }
}

fn sort(customers: &mut [Customer], weights: &Weights, direction: Direction) {
    match direction {
        Direction::BestFirst => customers
            .sort_by_key(|customer| (Reverse(weights.value(&customer.sums)), customer.id.clone())),
        Direction::WorstFirst => {
            customers.sort_by_key(|customer| (weights.value(&customer.sums), customer.id.clone()))
        }
    }
}
