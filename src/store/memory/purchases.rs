//! How one tenant's customers bought.

use super::tenant::{Tenant, add_postings};
use crate::domain::{
    account::Sums,
    id::PartyId,
    purchase::{PurchaseAnswer, PurchaseQuestion, Purchases},
    time::{Calendar, Day},
};
use std::collections::BTreeMap;

impl Tenant {
    /// Everybody with a posting in the scope.
    pub fn purchases(&self, question: &PurchaseQuestion, calendar: &Calendar) -> PurchaseAnswer {
        let scope = &question.scope;
        let mut by_customer = BTreeMap::<&PartyId, BTreeMap<Day, Sums>>::new();
        for activity in self.live_in(&scope.period, scope.as_of, calendar) {
            let customer = &activity.customer_id;
            let is_asked = (question.customers.as_ref()).is_none_or(|ids| ids.contains(customer));
            if is_asked && self.is_in(scope, activity) {
                let days = by_customer.entry(customer).or_default();
                let day = calendar.day(activity.occur_time);
                add_postings(days.entry(day).or_default(), activity);
            }
        }
        let each = by_customer.into_iter().filter_map(|(customer, by_day)| {
            let (last_day, _) = by_day.last_key_value()?;
            let nets = by_day
                .iter()
                .map(|(day, sums)| (*day, question.revenue.value(sums)));
            Some(Purchases {
                customer: customer.clone(),
                segment: question.segment.as_ref().and_then(|key| {
                    let party = self.records.party(customer, scope.as_of)?;
                    party.traits.get(key).cloned()
                }),
                days: nets.filter(|(_, net)| *net != 0).collect(),
                last_day: *last_day,
                margin: by_day
                    .values()
                    .map(|sums| question.margin.value(sums))
                    .sum(),
                profit: by_day
                    .values()
                    .map(|sums| question.profit.value(sums))
                    .sum(),
            })
        });
        each.collect()
    }
}
