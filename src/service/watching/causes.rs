//! Which activities are behind a change.

use crate::{
    domain::{
        id::{PartyId, TenantId},
        ledger::{Entry, LedgerQuestion, Position},
        problem::Problem,
        question::Scope,
        watch::change::{Activities, Cause, RowChange, crossed},
    },
    service::Service,
};
use std::collections::BTreeMap;

/// How many activities of a customer are named.
const NAMED: usize = 10;
/// How many others are named who moved a customer.
const OTHERS: usize = 3;
/// How many others are looked at for that.
const OTHERS_LOOKED_AT: usize = 8;

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
        let mut ids: Vec<_> = in_scope.map(|one| one.entry.id().clone()).collect();
        let has_more = ids.len() > NAMED;
        ids.truncate(NAMED);
        let found = (!ids.is_empty()).then(|| Activities {
            customer: customer.clone(),
            ids,
            has_more,
        });
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
