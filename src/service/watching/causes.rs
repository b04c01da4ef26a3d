//! Which activities are behind a change.

use crate::{
    domain::{
        id::{ActivityId, PartyId, TenantId},
        ledger::{Entry, LedgerQuestion, Position},
        problem::Problem,
        question::Scope,
        watch::change::{Activities, Cause, NAMED, RowChange, crossed},
    },
    service::Service,
};
use std::collections::BTreeMap;

/// How many others are named who moved a customer.
const OTHERS: usize = 3;
/// How many others are looked at for that.
const OTHERS_LOOKED_AT: usize = 8;

/// From how many customers on what was written is read instead.
const LOOKED_UP: usize = 4;
/// How many entries are read for that at most, and at once.
const READ_AT_MOST: u64 = 100_000;
const READ_AT_ONCE: usize = 5_000;

/// What is needed to know whom a reversal is about.
#[derive(Default)]
struct Reversals {
    /// The activities that were read, with their customers if they are in the scope.
    targets: BTreeMap<ActivityId, Option<PartyId>>,
    /// Whether any takes back what was not read.
    has_unknown: bool,
}

/// Looks activities up, each customer's once.
pub struct Causes<'c> {
    service: &'c Service,
    tenant: &'c TenantId,
    scope: &'c Scope,
    after: Position,
    known: BTreeMap<PartyId, Option<Activities>>,
}

impl<'c> Causes<'c> {
    /// Of what was written after a position up to that of the scope.
    pub fn new(
        service: &'c Service,
        tenant: &'c TenantId,
        scope: &'c Scope,
        after: Position,
    ) -> Self {
        Self {
            service,
            tenant,
            scope,
            after,
            known: BTreeMap::new(),
        }
    }

    /// Reads what was written once, if that is less work than to look it up for each of some customers.
    ///
    /// Stores look a customer up among all of its activities, however long ago; the end of the ledger is read fast.
    pub async fn read_for<'i>(
        &mut self,
        customers: impl Iterator<Item = &'i PartyId>,
    ) -> Result<(), Problem> {
        let mut found: BTreeMap<PartyId, Vec<ActivityId>> = customers
            .map(|customer| (customer.clone(), Vec::new()))
            .collect();
        let written = self.scope.as_of.saturating_sub(self.after);
        if found.len() < LOOKED_UP || written > READ_AT_MOST {
            return Ok(());
        }
        let mut reversals = Reversals::default();
        let mut after = self.after;
        while after < self.scope.as_of {
            let question = LedgerQuestion {
                customer: None,
                start: None,
                end: None,
                after,
                as_of: self.scope.as_of,
                limit: READ_AT_ONCE,
            };
            let store = self.service.store()?;
            let entries = store.entries(self.tenant, &question).await?;
            let Some(last) = entries.last() else { break };
            after = last.position;
            for one in &entries {
                self.sort(&one.entry, &mut found, &mut reversals);
            }
        }
        for (customer, ids) in found {
            // A reversal of something that was written before may be of anybody.
            if !ids.is_empty() || !reversals.has_unknown {
                let activities = Activities::of(&customer, ids);
                self.known.insert(customer, activities);
            }
        }
        Ok(())
    }

    /// Puts an entry to its customer.
    fn sort(
        &self,
        entry: &Entry,
        found: &mut BTreeMap<PartyId, Vec<ActivityId>>,
        reversals: &mut Reversals,
    ) {
        let mut name = |customer: &PartyId, id: &ActivityId| {
            if let Some(ids) = found.get_mut(customer)
                && ids.len() <= NAMED
            {
                ids.push(id.clone());
            }
        };
        match entry {
            Entry::Activity(activity) => {
                let (id, customer) = (&activity.activity_id, &activity.customer_id);
                let day = self.service.settings().calendar.day(activity.occur_time);
                let is_in = self.scope.period.contains(day)
                    && self.scope.has_branch(&activity.dimensions.branch_id);
                reversals
                    .targets
                    .insert(id.clone(), is_in.then(|| customer.clone()));
                if is_in {
                    name(customer, id);
                }
            }
            Entry::Reversal(reversal) => match reversals.targets.get(&reversal.activity_id) {
                Some(Some(customer)) => name(customer, &reversal.reversal_id),
                Some(None) => {}
                None => reversals.has_unknown = true,
            },
        }
    }

    /// The activities of a customer, if there are any.
    pub async fn of(&mut self, customer: &PartyId) -> Result<Option<Activities>, Problem> {
        if let Some(known) = self.known.get(customer) {
            return Ok(known.clone());
        }
        let calendar = &self.service.settings().calendar;
        let period = self.scope.period;
        let question = LedgerQuestion {
            customer: Some(customer.clone()),
            start: period.start.and_then(|day| calendar.begin(day)),
            end: period.end.and_then(|day| calendar.begin(day)),
            after: self.after,
            as_of: self.scope.as_of,
            limit: NAMED + 1,
        };
        let entries = self
            .service
            .store()?
            .entries(self.tenant, &question)
            .await?;
        let in_scope = entries.iter().filter(|one| match &one.entry {
            Entry::Activity(activity) => self.scope.has_branch(&activity.dimensions.branch_id),
            // It has no branch of its own.
            Entry::Reversal(_) => true,
        });
        let ids = in_scope.map(|one| one.entry.id().clone()).collect();
        let found = Activities::of(customer, ids);
        self.known.insert(customer.clone(), found.clone());
        Ok(found)
    }

    /// Why a customer's own figures changed.
    pub async fn of_figures(
        &mut self,
        customer: &PartyId,
        other_costs: bool,
    ) -> Result<Cause, Problem> {
        Ok(match (self.of(customer).await?, other_costs) {
            (Some(own), _) => Cause::Own(own),
            (None, true) => Cause::CostModel,
            (None, false) => Cause::Circumstances,
        })
    }

    /// Why a customer stands elsewhere or has another value. `all` is everything that changed with it.
    pub async fn of_change(
        &mut self,
        change: &RowChange,
        all: &[RowChange],
        other_costs: bool,
    ) -> Result<Cause, Problem> {
        let value = |spot: Option<crate::domain::watch::change::Spot>| spot.map(|spot| spot.value);
        let is_moved_by_others = value(change.before) == value(change.after);
        if !is_moved_by_others && let Some(own) = self.of(&change.customer).await? {
            return Ok(Cause::Own(own));
        }
        if is_moved_by_others || change.after.is_none() || change.before.is_none() {
            let others = self.others(change, all).await?;
            if !others.is_empty() {
                return Ok(Cause::Others(others));
            }
        }
        self.of_figures(&change.customer, other_costs).await
    }

    async fn others(
        &mut self,
        change: &RowChange,
        all: &[RowChange],
    ) -> Result<Vec<Activities>, Problem> {
        let mut found = Vec::new();
        for other in crossed(change, all).into_iter().take(OTHERS_LOOKED_AT) {
            found.extend(self.of(&other.customer).await?);
            if found.len() == OTHERS {
                break;
            }
        }
        Ok(found)
    }
}
