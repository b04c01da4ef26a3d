//! The reference: a store that keeps everything in memory and answers every question by looking at every entry.
//!
//! It is slow and obviously right, so that every other store can be compared with it. Nothing outlives the process.

mod customers;
mod groups;
mod purchases;
mod tenant;

use self::tenant::Tenant;
use super::{Store, answer};
use crate::domain::{
    advice_decision::{DecisionQuestion, StoredDecision},
    closing::Closing,
    cost_model::CostModel,
    data_subject::StoredSubjectRequest,
    exchange_rate::{ExchangeRate, Pair, RateQuestion, StoredRate},
    history::{HistoryQuestion, Written, check_follows},
    id::{PartyId, TenantId},
    ledger::{Entry, LedgerEntry, LedgerQuestion, Outcome, Position, WriteMode},
    model_version::ModelVersion,
    party::{Party, PartyQuestion, TraitDefinition},
    price_terms::{PriceTerms, PriceTermsQuestion, StoredPriceTerms},
    problem::Problem,
    product::Product,
    prospect::{ProspectAnswer, ProspectQuestion},
    prospect_outcome::{DecidedProspect, OutcomeQuestion, StoredOutcome},
    purchase::{PurchaseAnswer, PurchaseQuestion},
    question::{
        CellsAnswer, CellsQuestion, CrossAnswer, CrossQuestion, CurveAnswer, CurveQuestion,
        LiftAnswer, LiftQuestion, ManagedQuestion, ProfileAnswer, ProfileQuestion, RankAnswer,
        RankQuestion, ValuesAnswer, ValuesQuestion,
    },
    ranking::Direction,
    receivables::{Event, ReceivablesAnswer, ReceivablesQuestion},
    records::{PartyAnswer, Record},
    referral::{Fact, ReferralsAnswer, ReferralsQuestion},
    time::{Calendar, Day, Instant},
};
use async_trait::async_trait;
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::watch;

/// Keeps every tenant's ledger and records in memory.
pub struct MemoryStore {
    calendar: Calendar,
    tenants: RwLock<BTreeMap<TenantId, Tenant>>,
    /// Told after each write.
    written: watch::Sender<()>,
}

impl MemoryStore {
    /// An empty store that counts activities on the days of `calendar`.
    pub fn new(calendar: Calendar) -> Self {
        Self {
            calendar,
            tenants: RwLock::default(),
            written: watch::Sender::new(()),
        }
    }

    /// Answers a question about one tenant.
    fn read<T>(&self, tenant: &TenantId, answer: impl FnOnce(&Tenant) -> T) -> T {
        // A tenant is only ever replaced as a whole, so that a panic elsewhere leaves none half written.
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        match tenants.get(tenant) {
            Some(tenant) => answer(tenant),
            None => answer(&Tenant::default()),
        }
    }

    /// Writes to a copy of one tenant, and keeps the copy if it is to be kept.
    fn write<T>(
        &self,
        tenant: &TenantId,
        mode: WriteMode,
        write: impl FnOnce(&mut Tenant) -> T,
    ) -> T {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        if mode == WriteMode::Keep {
            let done = write(tenants.entry(tenant.clone()).or_default());
            drop(tenants);
            self.written.send_replace(());
            return done;
        }
        let mut copy = tenants.get(tenant).cloned().unwrap_or_default();
        write(&mut copy)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn append(
        &self,
        tenant: &TenantId,
        entries: Vec<Entry>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        let append = |tenant: &mut Tenant| {
            let entries = entries.into_iter();
            entries
                .map(|entry| tenant.append(entry, record_time))
                .collect()
        };
        Ok(self.write(tenant, mode, append))
    }

    async fn put(
        &self,
        tenant: &TenantId,
        records: Vec<Record>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        let put = |tenant: &mut Tenant| {
            let records = records.into_iter();
            records
                .map(|record| tenant.put(record, record_time))
                .collect()
        };
        Ok(self.write(tenant, mode, put))
    }

    async fn take_over(&self, tenant: &TenantId, written: Vec<Written>) -> Result<(), Problem> {
        let take_over = |tenant: &mut Tenant| {
            let mut changed = tenant.clone();
            check_follows(changed.newest, &written)?;
            for one in written {
                changed.take_over(one)?;
            }
            *tenant = changed;
            Ok(())
        };
        self.write(tenant, WriteMode::Keep, take_over)
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, Problem> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let written = tenants.iter().filter(|(_, tenant)| tenant.newest > 0);
        Ok(written.map(|(id, _)| id.clone()).collect())
    }

    async fn written(
        &self,
        tenant: &TenantId,
        question: &HistoryQuestion,
    ) -> Result<Vec<Written>, Problem> {
        Ok(self.read(tenant, |tenant| tenant.history(question)))
    }

    async fn reach(&self) -> Result<(), Problem> {
        Ok(())
    }

    async fn watermark(&self, tenant: &TenantId) -> Result<Position, Problem> {
        Ok(self.read(tenant, |tenant| tenant.newest))
    }

    async fn advanced(&self, tenant: &TenantId, after: Position) -> Result<Position, Problem> {
        let mut written = self.written.subscribe();
        loop {
            let newest = self.watermark(tenant).await?;
            if newest > after {
                return Ok(newest);
            }
            // Its sender lives as long as this store.
            let _ = written.changed().await;
        }
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        question: &LedgerQuestion,
    ) -> Result<Vec<LedgerEntry>, Problem> {
        Ok(self.read(tenant, |tenant| tenant.entries(question)))
    }

    async fn party(
        &self,
        tenant: &TenantId,
        ids: &[PartyId],
        as_of: Position,
    ) -> Result<Vec<Option<Arc<Party>>>, Problem> {
        Ok(self.read(tenant, |tenant| {
            let ids = ids.iter();
            ids.map(|id| tenant.records.party(id, as_of).cloned())
                .collect()
        }))
    }

    async fn parties(
        &self,
        tenant: &TenantId,
        question: &PartyQuestion,
    ) -> Result<PartyAnswer, Problem> {
        Ok(self.read(tenant, |tenant| tenant.parties(question)))
    }

    async fn prospects(
        &self,
        tenant: &TenantId,
        question: &ProspectQuestion,
    ) -> Result<ProspectAnswer, Problem> {
        Ok(self.read(tenant, |tenant| tenant.prospects(question)))
    }

    async fn trait_definitions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<TraitDefinition>>, Problem> {
        Ok(self.read(tenant, |tenant| tenant.records.definitions(as_of)))
    }

    async fn cost_models(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<CostModel>>, Problem> {
        Ok(self.read(tenant, |tenant| tenant.records.cost_models(as_of)))
    }

    async fn products(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Product>, Problem> {
        Ok(self.read(tenant, |tenant| tenant.records.products(as_of)))
    }

    async fn closings(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Closing>, Problem> {
        Ok(self.read(tenant, |tenant| tenant.records.closings(as_of)))
    }

    async fn exchange_rates(
        &self,
        tenant: &TenantId,
        keys: &[(Pair, Day)],
        as_of: Position,
    ) -> Result<Vec<Option<ExchangeRate>>, Problem> {
        Ok(self.read(tenant, |tenant| tenant.records.rates().find(keys, as_of)))
    }

    async fn list_exchange_rates(
        &self,
        tenant: &TenantId,
        question: &RateQuestion,
    ) -> Result<Vec<StoredRate>, Problem> {
        Ok(self.read(tenant, |tenant| tenant.records.rates().list(question)))
    }

    async fn price_terms(
        &self,
        tenant: &TenantId,
        customers: &[PartyId],
        day: Day,
        as_of: Position,
    ) -> Result<Vec<Option<PriceTerms>>, Problem> {
        Ok(self.read(tenant, |tenant| {
            let terms = tenant.records.price_terms();
            terms.find(customers, day, as_of)
        }))
    }

    async fn list_price_terms(
        &self,
        tenant: &TenantId,
        question: &PriceTermsQuestion,
    ) -> Result<Vec<StoredPriceTerms>, Problem> {
        Ok(self.read(tenant, |tenant| tenant.records.price_terms().list(question)))
    }

    async fn outcomes(
        &self,
        tenant: &TenantId,
        question: &OutcomeQuestion,
    ) -> Result<Vec<StoredOutcome>, Problem> {
        Ok(self.read(tenant, |tenant| {
            tenant.records.prospects().outcomes(question)
        }))
    }

    async fn decisions(
        &self,
        tenant: &TenantId,
        question: &DecisionQuestion,
    ) -> Result<Vec<StoredDecision>, Problem> {
        Ok(self.read(tenant, |tenant| {
            tenant.records.prospects().decisions().list(question)
        }))
    }

    async fn decided_prospects(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<DecidedProspect>, Problem> {
        Ok(self.read(tenant, |tenant| tenant.records.decided_prospects(as_of)))
    }

    async fn subject_requests(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<StoredSubjectRequest>, Problem> {
        Ok(self.read(tenant, |tenant| tenant.records.prospects().requests(as_of)))
    }

    async fn model_versions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<ModelVersion>, Problem> {
        Ok(self.read(tenant, |tenant| tenant.records.prospects().models(as_of)))
    }

    async fn rank(
        &self,
        tenant: &TenantId,
        question: &RankQuestion,
    ) -> Result<RankAnswer, Problem> {
        Ok(self.read(tenant, |tenant| tenant.rank(question, &self.calendar)))
    }

    async fn values(
        &self,
        tenant: &TenantId,
        question: &ValuesQuestion,
    ) -> Result<ValuesAnswer, Problem> {
        Ok(self.read(tenant, |tenant| {
            let (scope, order) = (&question.scope, &question.order);
            let ranking = tenant.ranking(scope, order, Direction::BestFirst, &self.calendar);
            ranking.by_id(&question.beside)
        }))
    }

    async fn referrals(
        &self,
        tenant: &TenantId,
        question: &ReferralsQuestion,
    ) -> Result<ReferralsAnswer, Problem> {
        Ok(self.read(tenant, |tenant| {
            let live = tenant.live(question.as_of).into_iter();
            let facts = live.filter_map(|activity| Fact::of(activity, &self.calendar));
            let before = |fact: &Fact| question.before.is_none_or(|before| fact.day() < before);
            ReferralsAnswer::of(facts.filter(before))
        }))
    }

    async fn curve(
        &self,
        tenant: &TenantId,
        question: &CurveQuestion,
    ) -> Result<CurveAnswer, Problem> {
        Ok(self.read(tenant, |tenant| {
            let (scope, order) = (&question.scope, &question.order);
            let ranking = tenant.ranking(scope, order, Direction::BestFirst, &self.calendar);
            answer::curve(
                ranking.totals,
                ranking.values.iter().copied(),
                1,
                question.points,
            )
        }))
    }

    async fn cross(
        &self,
        tenant: &TenantId,
        question: &CrossQuestion,
    ) -> Result<CrossAnswer, Problem> {
        Ok(self.read(tenant, |tenant| tenant.cross(question, &self.calendar)))
    }

    async fn cells(
        &self,
        tenant: &TenantId,
        question: &CellsQuestion,
    ) -> Result<CellsAnswer, Problem> {
        Ok(self.read(tenant, |tenant| tenant.cells(question, &self.calendar)))
    }

    async fn managed(
        &self,
        tenant: &TenantId,
        question: &ManagedQuestion,
    ) -> Result<Vec<PartyId>, Problem> {
        Ok(self.read(tenant, |tenant| tenant.managed(question, &self.calendar)))
    }

    async fn lift(
        &self,
        tenant: &TenantId,
        question: &LiftQuestion,
    ) -> Result<LiftAnswer, Problem> {
        Ok(self.read(tenant, |tenant| {
            let (scope, order) = (&question.scope, &question.order);
            let ranking = tenant.ranking(scope, order, Direction::BestFirst, &self.calendar);
            let parties = ranking.customers.iter().map(|customer| {
                let party = tenant.records.party(&customer.id, question.scope.as_of);
                party.map(|party| &**party)
            });
            answer::lift(ranking.totals, &ranking.values, parties, question)
        }))
    }

    async fn profiles(
        &self,
        tenant: &TenantId,
        question: &ProfileQuestion,
    ) -> Result<ProfileAnswer, Problem> {
        Ok(self.read(tenant, |tenant| tenant.profiles(question, &self.calendar)))
    }

    async fn purchases(
        &self,
        tenant: &TenantId,
        question: &PurchaseQuestion,
    ) -> Result<PurchaseAnswer, Problem> {
        Ok(self.read(tenant, |tenant| tenant.purchases(question, &self.calendar)))
    }

    async fn receivables(
        &self,
        tenant: &TenantId,
        question: &ReceivablesQuestion,
    ) -> Result<ReceivablesAnswer, Problem> {
        Ok(self.read(tenant, |tenant| {
            let mut answer = ReceivablesAnswer::new();
            for activity in tenant.live(question.as_of) {
                let customer = &activity.customer_id;
                let asked = question.customers.as_ref();
                let event = Event::of(activity, &self.calendar);
                let event = event.filter(|event| {
                    asked.is_none_or(|customers| customers.contains(customer))
                        && question.before.is_none_or(|before| event.day < before)
                });
                if let Some(event) = event {
                    answer.entry(customer.clone()).or_default().push(event);
                }
            }
            answer
                .values_mut()
                .for_each(|events| events.sort_unstable());
            answer
        }))
    }
}
