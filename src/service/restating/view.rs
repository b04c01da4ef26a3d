//! The view as a store: what is about sums is answered in the other currency, and all else by the store itself.

use super::{Restating, collecting::group_of};
use crate::{
    domain::{
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
        ranking::Direction,
        receivables::{ReceivablesAnswer, ReceivablesQuestion},
        records::{PartyAnswer, Record},
        referral::{ReferralsAnswer, ReferralsQuestion},
        time::{Day, Instant},
    },
    store::{Store, answer, ordered::Ranking},
};
use async_trait::async_trait;
use std::{collections::BTreeSet, sync::Arc};

#[async_trait]
impl Store for Restating {
    async fn append(
        &self,
        tenant: &TenantId,
        entries: Vec<Entry>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        self.store.append(tenant, entries, record_time, mode).await
    }

    async fn put(
        &self,
        tenant: &TenantId,
        records: Vec<Record>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        self.store.put(tenant, records, record_time, mode).await
    }

    async fn take_over(&self, tenant: &TenantId, written: Vec<Written>) -> Result<(), Problem> {
        self.store.take_over(tenant, written).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, Problem> {
        self.store.tenants().await
    }

    async fn written(
        &self,
        tenant: &TenantId,
        question: &HistoryQuestion,
    ) -> Result<Vec<Written>, Problem> {
        self.store.written(tenant, question).await
    }

    async fn reach(&self) -> Result<(), Problem> {
        self.store.reach().await
    }

    async fn watermark(&self, tenant: &TenantId) -> Result<Position, Problem> {
        self.store.watermark(tenant).await
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        question: &LedgerQuestion,
    ) -> Result<Vec<LedgerEntry>, Problem> {
        self.store.entries(tenant, question).await
    }

    async fn party(
        &self,
        tenant: &TenantId,
        ids: &[PartyId],
        as_of: Position,
    ) -> Result<Vec<Option<Arc<Party>>>, Problem> {
        self.store.party(tenant, ids, as_of).await
    }

    async fn parties(
        &self,
        tenant: &TenantId,
        question: &PartyQuestion,
    ) -> Result<PartyAnswer, Problem> {
        self.store.parties(tenant, question).await
    }

    async fn prospects(
        &self,
        tenant: &TenantId,
        question: &ProspectQuestion,
    ) -> Result<ProspectAnswer, Problem> {
        self.store.prospects(tenant, question).await
    }

    async fn trait_definitions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<TraitDefinition>>, Problem> {
        self.store.trait_definitions(tenant, as_of).await
    }

    async fn cost_models(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<CostModel>>, Problem> {
        self.store.cost_models(tenant, as_of).await
    }

    async fn products(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Product>, Problem> {
        self.store.products(tenant, as_of).await
    }

    async fn closings(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Closing>, Problem> {
        self.store.closings(tenant, as_of).await
    }

    async fn exchange_rates(
        &self,
        tenant: &TenantId,
        keys: &[(Pair, Day)],
        as_of: Position,
    ) -> Result<Vec<Option<ExchangeRate>>, Problem> {
        self.store.exchange_rates(tenant, keys, as_of).await
    }

    async fn list_exchange_rates(
        &self,
        tenant: &TenantId,
        question: &RateQuestion,
    ) -> Result<Vec<StoredRate>, Problem> {
        self.store.list_exchange_rates(tenant, question).await
    }

    async fn price_terms(
        &self,
        tenant: &TenantId,
        customers: &[PartyId],
        day: Day,
        as_of: Position,
    ) -> Result<Vec<Option<PriceTerms>>, Problem> {
        let store = &self.store;
        store.price_terms(tenant, customers, day, as_of).await
    }

    async fn list_price_terms(
        &self,
        tenant: &TenantId,
        question: &PriceTermsQuestion,
    ) -> Result<Vec<StoredPriceTerms>, Problem> {
        self.store.list_price_terms(tenant, question).await
    }

    async fn outcomes(
        &self,
        tenant: &TenantId,
        question: &OutcomeQuestion,
    ) -> Result<Vec<StoredOutcome>, Problem> {
        self.store.outcomes(tenant, question).await
    }

    async fn decisions(
        &self,
        tenant: &TenantId,
        question: &DecisionQuestion,
    ) -> Result<Vec<StoredDecision>, Problem> {
        self.store.decisions(tenant, question).await
    }

    async fn decided_prospects(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<DecidedProspect>, Problem> {
        self.store.decided_prospects(tenant, as_of).await
    }

    async fn subject_requests(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<StoredSubjectRequest>, Problem> {
        self.store.subject_requests(tenant, as_of).await
    }

    async fn model_versions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<ModelVersion>, Problem> {
        self.store.model_versions(tenant, as_of).await
    }

    async fn rank(
        &self,
        tenant: &TenantId,
        question: &RankQuestion,
    ) -> Result<RankAnswer, Problem> {
        let (scope, order) = (&question.scope, &question.order);
        let collected = self.collect(tenant, scope).await?;
        let mut answer = Ranking::of(collected, order, order.direction).rows(question);
        let ids: Vec<PartyId> = answer.rows.iter().map(|row| row.customer.clone()).collect();
        let parties = self.store.party(tenant, &ids, scope.as_of).await?;
        for (row, party) in answer.rows.iter_mut().zip(parties) {
            row.party = party;
        }
        Ok(answer)
    }

    async fn values(
        &self,
        tenant: &TenantId,
        question: &ValuesQuestion,
    ) -> Result<ValuesAnswer, Problem> {
        let collected = self.collect(tenant, &question.scope).await?;
        let ranking = Ranking::of(collected, &question.order, Direction::BestFirst);
        Ok(ranking.by_id(&question.beside))
    }

    async fn referrals(
        &self,
        tenant: &TenantId,
        question: &ReferralsQuestion,
    ) -> Result<ReferralsAnswer, Problem> {
        self.store.referrals(tenant, question).await
    }

    async fn curve(
        &self,
        tenant: &TenantId,
        question: &CurveQuestion,
    ) -> Result<CurveAnswer, Problem> {
        let collected = self.collect(tenant, &question.scope).await?;
        let ranking = Ranking::of(collected, &question.order, Direction::BestFirst);
        let values = ranking.values.iter().copied();
        Ok(answer::curve(ranking.totals, values, 1, question.points))
    }

    async fn cross(
        &self,
        tenant: &TenantId,
        question: &CrossQuestion,
    ) -> Result<CrossAnswer, Problem> {
        let key = |one: &_| Some(group_of(one, question.group));
        self.grouped(tenant, &question.scope, key).await
    }

    async fn cells(
        &self,
        tenant: &TenantId,
        question: &CellsQuestion,
    ) -> Result<CellsAnswer, Problem> {
        let wanted: BTreeSet<&PartyId> = question.customers.iter().collect();
        let key = |one: &super::collecting::Restated| {
            let id = &one.activity.customer_id;
            let group = || (id.clone(), group_of(one, question.group));
            wanted.contains(id).then(group)
        };
        self.grouped(tenant, &question.scope, key).await
    }

    async fn managed(
        &self,
        tenant: &TenantId,
        question: &ManagedQuestion,
    ) -> Result<Vec<PartyId>, Problem> {
        self.store.managed(tenant, question).await
    }

    async fn lift(
        &self,
        tenant: &TenantId,
        question: &LiftQuestion,
    ) -> Result<LiftAnswer, Problem> {
        self.store.lift(tenant, question).await
    }

    async fn receivables(
        &self,
        tenant: &TenantId,
        question: &ReceivablesQuestion,
    ) -> Result<ReceivablesAnswer, Problem> {
        self.store.receivables(tenant, question).await
    }

    async fn profiles(
        &self,
        tenant: &TenantId,
        question: &ProfileQuestion,
    ) -> Result<ProfileAnswer, Problem> {
        self.store.profiles(tenant, question).await
    }

    async fn purchases(
        &self,
        tenant: &TenantId,
        question: &PurchaseQuestion,
    ) -> Result<PurchaseAnswer, Problem> {
        self.store.purchases(tenant, question).await
    }
}
