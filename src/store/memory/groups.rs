//! One tenant's sums by group.

use super::tenant::{Tenant, add_postings};
use crate::{
    domain::{
        account::Sums,
        activity::Activity,
        id::PartyId,
        question::{
            CellsAnswer, CellsQuestion, CrossAnswer, CrossQuestion, Group, ManagedQuestion,
        },
        time::Calendar,
    },
    store::answer,
};
use std::collections::{BTreeMap, BTreeSet};

impl Tenant {
    /// Sums by group.
    pub fn cross(&self, question: &CrossQuestion, calendar: &Calendar) -> CrossAnswer {
        let scope = &question.scope;
        let mut groups = CrossAnswer::new();
        for activity in self.live_in(&scope.period, scope.as_of, calendar) {
            if self.is_in(scope, activity) {
                let group = group_of(activity, question.group, calendar);
                add_postings(groups.entry(group).or_default(), activity);
            }
        }
        without_zeros(groups)
    }

    /// Sums of some customers by group.
    pub fn cells(&self, question: &CellsQuestion, calendar: &Calendar) -> CellsAnswer {
        let scope = &question.scope;
        let mut cells = CellsAnswer::new();
        for activity in self.live_in(&scope.period, scope.as_of, calendar) {
            let customer = &activity.customer_id;
            if question.customers.contains(customer) && self.is_in(scope, activity) {
                let group = group_of(activity, question.group, calendar);
                let cell = cells.entry((customer.clone(), group)).or_default();
                add_postings(cell, activity);
            }
        }
        without_zeros(cells)
    }

    /// Who has any posting under an account manager.
    pub fn managed(&self, question: &ManagedQuestion, calendar: &Calendar) -> Vec<PartyId> {
        let scope = &question.scope;
        let live = self.live_in(&scope.period, scope.as_of, calendar);
        let own = live.into_iter().filter(|activity| {
            let manager = group_of(activity, Group::AccountManager, calendar);
            manager == question.account_manager && self.is_in(scope, activity)
        });
        let customers: BTreeSet<PartyId> = own.map(|own| own.customer_id.clone()).collect();
        customers.into_iter().collect()
    }
}

/// The group that an activity is counted under.
fn group_of(activity: &Activity, group: Group, calendar: &Calendar) -> String {
    let dimensions = &activity.dimensions;
    let group = match group {
        Group::Customer => activity.customer_id.to_string(),
        Group::Branch => dimensions.branch_id.clone(),
        Group::Product => dimensions.product_id.clone(),
        Group::AccountManager => dimensions.account_manager_id.clone(),
        Group::Day => calendar.day(activity.occur_time).to_string(),
        Group::Channel => dimensions.channel_id.clone(),
        Group::Campaign => dimensions.campaign_id.clone(),
    };
    answer::group_name(&group).to_owned()
}

fn without_zeros<K: Ord>(groups: BTreeMap<K, Sums>) -> BTreeMap<K, Sums> {
    let groups = groups.into_iter();
    groups
        .map(|(group, sums)| (group, sums.without_zeros()))
        .collect()
}
