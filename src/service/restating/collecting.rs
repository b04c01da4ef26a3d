//! Reads the ledger's part of a period and adds up what its activities post in the other currency.

use super::{FIELD, Restating, out_of_range};
use crate::{
    domain::{
        account::{Account, Sums, for_each_posting_of},
        activity::Activity,
        cost_model::CostModel,
        exchange_rate::{Rate, convert_amounts},
        id::{PartyId, TenantId},
        ledger::{Entry, LedgerQuestion},
        problem::Problem,
        question::{Group, Scope},
        time::Day,
    },
    store::{answer::group_name, ordered::Collected},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
};

/// How many entries of the ledger are read at once.
const READ: usize = 4_096;
/// The most customers or groups that sums are kept of.
const MOST_ROWS: usize = 200_000;

/// What an activity posts in the other currency.
pub struct Restated {
    pub activity: Activity,
    pub day: Day,
    pub sums: Sums,
    /// Whether it is in the scope, and not only in its period.
    pub is_in_scope: bool,
}

impl Restating {
    /// Calls `visit` with every activity of the scope's period that was not taken back.
    pub async fn for_each(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        mut visit: impl FnMut(Restated) -> Result<(), Problem> + Send,
    ) -> Result<(), Problem> {
        let rates = self.rates(tenant, scope.period, scope.as_of).await?;
        let model = self
            .model
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let begin = |day: Option<Day>| day.and_then(|day| self.calendar.begin(day));
        let mut question = LedgerQuestion {
            customer: None,
            start: begin(scope.period.start),
            end: begin(scope.period.end),
            after: 0,
            as_of: scope.as_of,
            limit: READ,
        };
        let mut known = BTreeMap::new();
        loop {
            let entries = self.store.entries(tenant, &question).await?;
            let Some(last) = entries.last() else {
                return Ok(());
            };
            question.after = last.position;
            let live = entries
                .into_iter()
                .filter(|entry| entry.reversed_at.is_none());
            let activities: Vec<Activity> = live
                .filter_map(|entry| match entry.entry {
                    Entry::Activity(activity) => Some(activity),
                    Entry::Reversal(_) => None,
                })
                .collect();
            self.look_up(tenant, scope, &activities, &mut known).await?;
            for activity in activities {
                let day = self.calendar.day(activity.occur_time);
                let rate = self.rate_of(day, &rates)?.rate;
                let has_customer = known.get(&activity.customer_id).copied().unwrap_or(true);
                let has_branch = scope.has_branch(&activity.dimensions.branch_id);
                visit(Restated {
                    sums: postings(&activity, rate, &model)?,
                    day,
                    is_in_scope: has_customer && has_branch,
                    activity,
                })?;
            }
        }
    }

    /// Which customers meet the scope's filters; none is looked up if there are no filters.
    async fn look_up(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        activities: &[Activity],
        known: &mut BTreeMap<PartyId, bool>,
    ) -> Result<(), Problem> {
        if scope.traits.is_empty() {
            return Ok(());
        }
        let ids = activities.iter().map(|activity| &activity.customer_id);
        let new: BTreeSet<&PartyId> = ids.filter(|id| !known.contains_key(*id)).collect();
        let new: Vec<PartyId> = new.into_iter().cloned().collect();
        let parties = self.store.party(tenant, &new, scope.as_of).await?;
        for (id, party) in new.into_iter().zip(parties) {
            known.insert(id, scope.has_customer(party.as_deref()));
        }
        check_rows(known.len())
    }

    /// The sums of every customer of a scope.
    pub async fn collect(&self, tenant: &TenantId, scope: &Scope) -> Result<Collected, Problem> {
        let mut collected = Collected::default();
        self.for_each(tenant, scope, |one| {
            let id = one.activity.customer_id;
            collected.ledger.add_all(&one.sums);
            if one.is_in_scope {
                collected.reported.add_all(&one.sums);
                collected
                    .in_scope
                    .entry(id.clone())
                    .or_default()
                    .add_all(&one.sums);
            } else {
                collected.filtered_out.add_all(&one.sums);
            }
            collected.active.entry(id).or_default().add_all(&one.sums);
            check_rows(collected.active.len())
        })
        .await?;
        Ok(collected)
    }

    /// The sums of every group of a scope; `key` says whose they are, and is asked only of what is in it.
    pub async fn grouped<K: Ord + Send>(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        key: impl Fn(&Restated) -> Option<K> + Send + Sync,
    ) -> Result<BTreeMap<K, Sums>, Problem> {
        let mut groups = BTreeMap::<K, Sums>::new();
        self.for_each(tenant, scope, |one| {
            let key = match one.is_in_scope {
                true => key(&one),
                false => None,
            };
            if let Some(key) = key {
                groups.entry(key).or_default().add_all(&one.sums);
            }
            check_rows(groups.len())
        })
        .await?;
        let groups = groups.into_iter();
        Ok(groups
            .map(|(key, sums)| (key, sums.without_zeros()))
            .collect())
    }
}

/// The group that an activity is counted under.
pub fn group_of(one: &Restated, group: Group) -> String {
    let dimensions = &one.activity.dimensions;
    let day;
    let name = match group {
        Group::Customer => one.activity.customer_id.as_str(),
        Group::Branch => &dimensions.branch_id,
        Group::Product => &dimensions.product_id,
        Group::AccountManager => &dimensions.account_manager_id,
        Group::Channel => &dimensions.channel_id,
        Group::Campaign => &dimensions.campaign_id,
        Group::Day => {
            day = one.day.to_string();
            &day
        }
    };
    group_name(name).to_owned()
}

/// What an activity posts in the other currency, with what its working time cost.
fn postings(activity: &Activity, rate: Rate, model: &Arc<CostModel>) -> Result<Sums, Problem> {
    let mut kind = activity.kind.clone();
    convert_amounts(&mut kind, rate).map_err(|_| out_of_range())?;
    let mut sums = Sums::default();
    let mut fits = true;
    for_each_posting_of(&kind, |account, quantity| {
        let cost = if let Account::Minutes(role, purpose) = &account {
            let restated = Account::RestatedWork(role.clone(), *purpose);
            model.rate(role).map(|rate| (rate, restated))
        } else if let Account::Circumstance(role, circumstance) = &account {
            let restated = Account::RestatedPremium(role.clone(), *circumstance);
            let rate = model.premium_rate(role, *circumstance);
            rate.map(|rate| (rate, restated))
        } else {
            None
        };
        if let Some((per_minute, restated)) = cost {
            let cost = rate.convert_nanos(i128::from(quantity) * i128::from(per_minute));
            fits &= cost.is_some();
            sums.add(restated, i128::from(cost.unwrap_or(0)));
        }
        sums.add(account, i128::from(quantity));
    });
    match fits {
        true => Ok(sums),
        false => Err(out_of_range()),
    }
}

/// Refuses to keep the sums of more.
fn check_rows(count: usize) -> Result<(), Problem> {
    match count <= MOST_ROWS {
        true => Ok(()),
        false => Err(Problem::list_too_long(FIELD, MOST_ROWS, count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::Reason;

    #[test]
    fn too_many_rows_are_refused_by_name() {
        assert!(check_rows(MOST_ROWS).is_ok());
        let problem = check_rows(MOST_ROWS + 1).unwrap_err();
        assert_eq!(problem.reason, Reason::ListTooLong);
        assert_eq!(problem.metadata["limit"], "200000");
    }
}
