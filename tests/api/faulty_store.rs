//! A memory store with a fault: it fails, is damaged, lies or is slow.

use async_trait::async_trait;
use profitscore::{
    domain::{
        account::Account,
        advice_decision::{DecisionQuestion, StoredDecision},
        closing::Closing,
        cost_model::CostModel,
        data_subject::StoredSubjectRequest,
        exchange_rate::{ExchangeRate, Pair, RateQuestion, StoredRate},
        history::{HistoryQuestion, Written},
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
        receivables::{ReceivablesAnswer, ReceivablesQuestion},
        records::{PartyAnswer, Record},
        referral::{ReferralsAnswer, ReferralsQuestion},
        time::{Calendar, Day, Instant},
    },
    store::{Store, memory::MemoryStore},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// What goes wrong.
#[derive(Clone, Copy, PartialEq)]
pub enum Fault {
    /// Writes fail, as on a full disk.
    Full,
    /// What is read back is damaged.
    Damaged,
    /// The books lost a unit.
    Lies,
    /// Sums by group have a unit too many.
    LiesInGroups,
    /// So have sums of some customers by group.
    LiesInCells,
    /// Questions take longer than anybody waits.
    Slow,
    /// It goes away and comes back.
    Away,
}

/// A memory store with a fault.
pub struct FaultyStore {
    inner: MemoryStore,
    fault: Fault,
    probes: AtomicUsize,
}

impl FaultyStore {
    /// An empty one.
    pub fn new(fault: Fault) -> Self {
        Self {
            inner: MemoryStore::new(Calendar::of_zone("UTC").unwrap()),
            fault,
            probes: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn append(
        &self,
        tenant: &TenantId,
        entries: Vec<Entry>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        if self.fault == Fault::Full {
            return Err(Problem::store_unavailable("database or disk is full"));
        }
        self.inner.append(tenant, entries, record_time, mode).await
    }

    async fn put(
        &self,
        tenant: &TenantId,
        records: Vec<Record>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        self.inner.put(tenant, records, record_time, mode).await
    }

    async fn take_over(&self, tenant: &TenantId, written: Vec<Written>) -> Result<(), Problem> {
        self.inner.take_over(tenant, written).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, Problem> {
        self.inner.tenants().await
    }

    async fn written(
        &self,
        tenant: &TenantId,
        question: &HistoryQuestion,
    ) -> Result<Vec<Written>, Problem> {
        self.inner.written(tenant, question).await
    }

    async fn reach(&self) -> Result<(), Problem> {
        let probe = self.probes.fetch_add(1, Ordering::Relaxed);
        if self.fault == Fault::Away && probe % 2 == 1 {
            return Err(Problem::store_unavailable("it is away"));
        }
        Ok(())
    }

    async fn watermark(&self, tenant: &TenantId) -> Result<Position, Problem> {
        self.inner.watermark(tenant).await
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        question: &LedgerQuestion,
    ) -> Result<Vec<LedgerEntry>, Problem> {
        if self.fault == Fault::Damaged {
            let place = "ledger of default, positions 1 to 7";
            return Err(Problem::ledger_damaged(place));
        }
        self.inner.entries(tenant, question).await
    }

    async fn party(
        &self,
        tenant: &TenantId,
        ids: &[PartyId],
        as_of: Position,
    ) -> Result<Vec<Option<Arc<Party>>>, Problem> {
        self.inner.party(tenant, ids, as_of).await
    }

    async fn parties(
        &self,
        tenant: &TenantId,
        question: &PartyQuestion,
    ) -> Result<PartyAnswer, Problem> {
        self.inner.parties(tenant, question).await
    }

    async fn prospects(
        &self,
        tenant: &TenantId,
        question: &ProspectQuestion,
    ) -> Result<ProspectAnswer, Problem> {
        self.inner.prospects(tenant, question).await
    }

    async fn trait_definitions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<TraitDefinition>>, Problem> {
        self.inner.trait_definitions(tenant, as_of).await
    }

    async fn cost_models(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<CostModel>>, Problem> {
        self.inner.cost_models(tenant, as_of).await
    }

    async fn products(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Product>, Problem> {
        self.inner.products(tenant, as_of).await
    }

    async fn closings(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Closing>, Problem> {
        self.inner.closings(tenant, as_of).await
    }

    async fn exchange_rates(
        &self,
        tenant: &TenantId,
        keys: &[(Pair, Day)],
        as_of: Position,
    ) -> Result<Vec<Option<ExchangeRate>>, Problem> {
        self.inner.exchange_rates(tenant, keys, as_of).await
    }

    async fn list_exchange_rates(
        &self,
        tenant: &TenantId,
        question: &RateQuestion,
    ) -> Result<Vec<StoredRate>, Problem> {
        self.inner.list_exchange_rates(tenant, question).await
    }

    async fn price_terms(
        &self,
        tenant: &TenantId,
        customers: &[PartyId],
        day: Day,
        as_of: Position,
    ) -> Result<Vec<Option<PriceTerms>>, Problem> {
        self.inner.price_terms(tenant, customers, day, as_of).await
    }

    async fn list_price_terms(
        &self,
        tenant: &TenantId,
        question: &PriceTermsQuestion,
    ) -> Result<Vec<StoredPriceTerms>, Problem> {
        self.inner.list_price_terms(tenant, question).await
    }

    async fn outcomes(
        &self,
        tenant: &TenantId,
        question: &OutcomeQuestion,
    ) -> Result<Vec<StoredOutcome>, Problem> {
        self.inner.outcomes(tenant, question).await
    }

    async fn decisions(
        &self,
        tenant: &TenantId,
        question: &DecisionQuestion,
    ) -> Result<Vec<StoredDecision>, Problem> {
        self.inner.decisions(tenant, question).await
    }

    async fn decided_prospects(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<DecidedProspect>, Problem> {
        self.inner.decided_prospects(tenant, as_of).await
    }

    async fn subject_requests(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<StoredSubjectRequest>, Problem> {
        self.inner.subject_requests(tenant, as_of).await
    }

    async fn model_versions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<ModelVersion>, Problem> {
        self.inner.model_versions(tenant, as_of).await
    }

    async fn rank(
        &self,
        tenant: &TenantId,
        question: &RankQuestion,
    ) -> Result<RankAnswer, Problem> {
        let mut answer = self.inner.rank(tenant, question).await?;
        if self.fault == Fault::Slow {
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
        if self.fault == Fault::Lies {
            answer.totals.reported_value += 1_000;
        }
        Ok(answer)
    }

    async fn values(
        &self,
        tenant: &TenantId,
        question: &ValuesQuestion,
    ) -> Result<ValuesAnswer, Problem> {
        self.inner.values(tenant, question).await
    }

    async fn referrals(
        &self,
        tenant: &TenantId,
        question: &ReferralsQuestion,
    ) -> Result<ReferralsAnswer, Problem> {
        self.inner.referrals(tenant, question).await
    }

    async fn curve(
        &self,
        tenant: &TenantId,
        question: &CurveQuestion,
    ) -> Result<CurveAnswer, Problem> {
        self.inner.curve(tenant, question).await
    }

    async fn cross(
        &self,
        tenant: &TenantId,
        question: &CrossQuestion,
    ) -> Result<CrossAnswer, Problem> {
        let mut groups = self.inner.cross(tenant, question).await?;
        if self.fault == Fault::LiesInGroups {
            let sums = groups.values_mut();
            sums.for_each(|sums| sums.add(Account::GrossRevenue, 1));
        }
        Ok(groups)
    }

    async fn cells(
        &self,
        tenant: &TenantId,
        question: &CellsQuestion,
    ) -> Result<CellsAnswer, Problem> {
        let mut cells = self.inner.cells(tenant, question).await?;
        if self.fault == Fault::LiesInCells {
            let sums = cells.values_mut();
            sums.for_each(|sums| sums.add(Account::GrossRevenue, 1));
        }
        Ok(cells)
    }

    async fn managed(
        &self,
        tenant: &TenantId,
        question: &ManagedQuestion,
    ) -> Result<Vec<PartyId>, Problem> {
        self.inner.managed(tenant, question).await
    }

    async fn lift(
        &self,
        tenant: &TenantId,
        question: &LiftQuestion,
    ) -> Result<LiftAnswer, Problem> {
        self.inner.lift(tenant, question).await
    }

    async fn profiles(
        &self,
        tenant: &TenantId,
        question: &ProfileQuestion,
    ) -> Result<ProfileAnswer, Problem> {
        self.inner.profiles(tenant, question).await
    }

    async fn purchases(
        &self,
        tenant: &TenantId,
        question: &PurchaseQuestion,
    ) -> Result<PurchaseAnswer, Problem> {
        self.inner.purchases(tenant, question).await
    }

    async fn receivables(
        &self,
        tenant: &TenantId,
        question: &ReceivablesQuestion,
    ) -> Result<ReceivablesAnswer, Problem> {
        self.inner.receivables(tenant, question).await
    }
}
