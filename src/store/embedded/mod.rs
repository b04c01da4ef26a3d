//! The default store: one folder, no server.
//!
//! The ledger is an append-only log (`log`), durable before anything is acknowledged; the books are columns in
//! memory, made again from the ledger when the folder is opened. `engine` is the heart, without threads; one thread
//! drives it (`writer`), and questions are answered from the books by as many threads as ask (`questions`).

mod bits;
mod books;
mod checkpoint;
mod codec;
pub mod disk;
mod draft;
mod driven;
mod engine;
mod entries;
pub mod fingerprint;
mod groups;
mod history;
mod kept;
mod kept_answers;
mod kept_scans;
mod ledger;
mod log;
mod maintenance;
mod managed;
mod opening;
mod pack;
mod place_set;
mod planted;
mod posting;
mod prepared;
mod profiles;
mod prospects;
mod purchases;
mod questions;
mod ranking;
mod real_disk;
mod receivables;
mod referrals;
mod replay;
mod scan;
mod select;
mod settings;
#[cfg(test)]
mod simulation;
mod split;
mod store;
mod tasks;
mod tenants;
#[cfg(test)]
mod tests;
mod values;
mod writer;

pub use self::{
    books::BookBytes,
    checkpoint::CheckpointBytes,
    engine::{Answer, Engine, Failures, Request, Writes},
    maintenance::{
        DiskBytes, Verified, VerifiedTenant, backup, disk_bytes, is_there, restore, verify,
    },
    questions::Questions,
    real_disk::RealDisk,
    settings::{BookSizes, CheckpointSizes, EmbeddedSettings, EngineSettings, Progress},
    store::EmbeddedStore,
};

use super::Store;
use crate::domain::{
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
    time::{Day, Instant},
};
use async_trait::async_trait;
use std::sync::Arc;

#[async_trait]
impl Store for EmbeddedStore {
    async fn append(
        &self,
        tenant: &TenantId,
        entries: Vec<Entry>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        self.write(tenant, Writes::Entries(entries), record_time, mode)
            .await
    }

    async fn put(
        &self,
        tenant: &TenantId,
        records: Vec<Record>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        self.write(tenant, Writes::Records(records), record_time, mode)
            .await
    }

    async fn take_over(&self, tenant: &TenantId, written: Vec<Written>) -> Result<(), Problem> {
        let Some(first) = written.first() else {
            return Ok(());
        };
        // Each has a time of its own.
        let time = first.record_time;
        let writes = Writes::TakenOver(written);
        self.write(tenant, writes, time, WriteMode::Keep).await?;
        Ok(())
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, Problem> {
        self.questions.tenants_with_writes()
    }

    async fn written(
        &self,
        tenant: &TenantId,
        question: &HistoryQuestion,
    ) -> Result<Vec<Written>, Problem> {
        self.ask_about(tenant, question, Questions::written).await
    }

    async fn reach(&self) -> Result<(), Problem> {
        // It is in this process.
        Ok(())
    }

    async fn watermark(&self, tenant: &TenantId) -> Result<Position, Problem> {
        self.questions.watermark(tenant)
    }

    async fn advanced(&self, tenant: &TenantId, after: Position) -> Result<Position, Problem> {
        let mut written = self.written.clone();
        loop {
            written.mark_unchanged();
            let newest = self.questions.watermark(tenant)?;
            if newest > after {
                return Ok(newest);
            }
            if written.changed().await.is_err() {
                return Err(Problem::store_unavailable("its writer has stopped"));
            }
        }
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        question: &LedgerQuestion,
    ) -> Result<Vec<LedgerEntry>, Problem> {
        self.ask_about(tenant, question, Questions::entries).await
    }

    async fn party(
        &self,
        tenant: &TenantId,
        ids: &[PartyId],
        as_of: Position,
    ) -> Result<Vec<Option<Arc<Party>>>, Problem> {
        let tenant = tenant.clone();
        let ids = ids.to_vec();
        self.ask(move |questions| questions.party(&tenant, &ids, as_of))
            .await
    }

    async fn parties(
        &self,
        tenant: &TenantId,
        question: &PartyQuestion,
    ) -> Result<PartyAnswer, Problem> {
        self.ask_about(tenant, question, Questions::parties).await
    }

    async fn prospects(
        &self,
        tenant: &TenantId,
        question: &ProspectQuestion,
    ) -> Result<ProspectAnswer, Problem> {
        self.ask_about(tenant, question, Questions::prospects).await
    }

    async fn trait_definitions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<TraitDefinition>>, Problem> {
        self.ask_as_of(tenant, as_of, Questions::trait_definitions)
            .await
    }

    async fn cost_models(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<CostModel>>, Problem> {
        self.ask_as_of(tenant, as_of, Questions::cost_models).await
    }

    async fn products(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Product>, Problem> {
        self.ask_as_of(tenant, as_of, Questions::products).await
    }

    async fn closings(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Closing>, Problem> {
        self.ask_as_of(tenant, as_of, Questions::closings).await
    }

    async fn exchange_rates(
        &self,
        tenant: &TenantId,
        keys: &[(Pair, Day)],
        as_of: Position,
    ) -> Result<Vec<Option<ExchangeRate>>, Problem> {
        let (tenant, keys) = (tenant.clone(), keys.to_vec());
        self.ask(move |questions| questions.exchange_rates(&tenant, &keys, as_of))
            .await
    }

    async fn list_exchange_rates(
        &self,
        tenant: &TenantId,
        question: &RateQuestion,
    ) -> Result<Vec<StoredRate>, Problem> {
        self.ask_about(tenant, question, Questions::list_exchange_rates)
            .await
    }

    async fn price_terms(
        &self,
        tenant: &TenantId,
        customers: &[PartyId],
        day: Day,
        as_of: Position,
    ) -> Result<Vec<Option<PriceTerms>>, Problem> {
        if self.questions.has_no_price_terms(tenant, as_of)? {
            return Ok(vec![None; customers.len()]);
        }
        let (tenant, customers) = (tenant.clone(), customers.to_vec());
        self.ask(move |questions| questions.price_terms(&tenant, &customers, day, as_of))
            .await
    }

    async fn list_price_terms(
        &self,
        tenant: &TenantId,
        question: &PriceTermsQuestion,
    ) -> Result<Vec<StoredPriceTerms>, Problem> {
        self.ask_about(tenant, question, Questions::list_price_terms)
            .await
    }

    async fn outcomes(
        &self,
        tenant: &TenantId,
        question: &OutcomeQuestion,
    ) -> Result<Vec<StoredOutcome>, Problem> {
        self.ask_about(tenant, question, Questions::outcomes).await
    }

    async fn decisions(
        &self,
        tenant: &TenantId,
        question: &DecisionQuestion,
    ) -> Result<Vec<StoredDecision>, Problem> {
        self.ask_about(tenant, question, Questions::decisions).await
    }

    async fn decided_prospects(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<DecidedProspect>, Problem> {
        self.ask_as_of(tenant, as_of, Questions::decided_prospects)
            .await
    }

    async fn subject_requests(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<StoredSubjectRequest>, Problem> {
        self.ask_as_of(tenant, as_of, Questions::subject_requests)
            .await
    }

    async fn model_versions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<ModelVersion>, Problem> {
        self.ask_as_of(tenant, as_of, Questions::model_versions)
            .await
    }

    async fn rank(
        &self,
        tenant: &TenantId,
        question: &RankQuestion,
    ) -> Result<RankAnswer, Problem> {
        self.ask_about(tenant, question, Questions::rank).await
    }

    async fn values(
        &self,
        tenant: &TenantId,
        question: &ValuesQuestion,
    ) -> Result<ValuesAnswer, Problem> {
        self.ask_about(tenant, question, Questions::values).await
    }

    async fn referrals(
        &self,
        tenant: &TenantId,
        question: &ReferralsQuestion,
    ) -> Result<ReferralsAnswer, Problem> {
        self.ask_about(tenant, question, Questions::referrals).await
    }

    async fn curve(
        &self,
        tenant: &TenantId,
        question: &CurveQuestion,
    ) -> Result<CurveAnswer, Problem> {
        self.ask_about(tenant, question, Questions::curve).await
    }

    async fn cross(
        &self,
        tenant: &TenantId,
        question: &CrossQuestion,
    ) -> Result<CrossAnswer, Problem> {
        self.ask_about(tenant, question, Questions::cross).await
    }

    async fn cells(
        &self,
        tenant: &TenantId,
        question: &CellsQuestion,
    ) -> Result<CellsAnswer, Problem> {
        self.ask_about(tenant, question, Questions::cells).await
    }

    async fn managed(
        &self,
        tenant: &TenantId,
        question: &ManagedQuestion,
    ) -> Result<Vec<PartyId>, Problem> {
        self.ask_about(tenant, question, Questions::managed).await
    }

    async fn lift(
        &self,
        tenant: &TenantId,
        question: &LiftQuestion,
    ) -> Result<LiftAnswer, Problem> {
        self.ask_about(tenant, question, Questions::lift).await
    }

    async fn profiles(
        &self,
        tenant: &TenantId,
        question: &ProfileQuestion,
    ) -> Result<ProfileAnswer, Problem> {
        self.ask_about(tenant, question, Questions::profiles).await
    }

    async fn purchases(
        &self,
        tenant: &TenantId,
        question: &PurchaseQuestion,
    ) -> Result<PurchaseAnswer, Problem> {
        self.ask_about(tenant, question, Questions::purchases).await
    }

    async fn receivables(
        &self,
        tenant: &TenantId,
        question: &ReceivablesQuestion,
    ) -> Result<ReceivablesAnswer, Problem> {
        self.ask_about(tenant, question, Questions::receivables)
            .await
    }
}
