//! The store for users who outgrow one machine: any number of processes over one PostgreSQL, or over a Citus cluster.
//!
//! Nothing is kept in this process but connections and the numbers of tenants: what is asked is asked in SQL, summed,
//! grouped and ordered by the database, and what comes back are counts and sums. `writer` writes, `schema` makes the
//! tables; `ranking`, `curve`, `cross`, `lift` and `profiles` are the questions. Knows no currency and no ratio.

mod append;
mod books;
mod closings;
mod cross;
mod curve;
mod customers;
mod database;
mod decisions;
mod driven;
mod entries;
mod history;
mod json;
mod lift;
mod managed;
mod numbers;
mod parties;
mod posting;
mod posting_relationship;
mod price_terms;
mod products;
mod profiles;
mod prospect_records;
mod purchases;
mod ranking;
mod rates;
mod receivables;
mod recording;
mod referrals;
mod schema;
mod scope;
mod settings;
mod sql;
mod sums;
mod tenants;
mod tls;
mod values;
mod weigh;
mod writer;

pub use self::{
    schema::Migrated,
    settings::{DatabaseSettings, PostgresSettings},
};

use self::{
    database::Database,
    tenants::Tenants,
    writer::{Ground, Writers, Writes},
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

/// A store in a database.
pub struct PostgresStore {
    ground: Arc<Ground>,
    writers: Writers,
    is_distributed: bool,
}

/// Makes the tables in a database, or brings them up to date.
pub async fn migrate(settings: &DatabaseSettings) -> Result<Migrated, Problem> {
    schema::migrate(&Database::new(settings)?).await
}

impl PostgresStore {
    /// Opens a database that was migrated.
    ///
    /// Refused if it is of another version, or was first served with another currency or time zone.
    pub async fn open(settings: &PostgresSettings) -> Result<Self, Problem> {
        let database = Database::new(&settings.database)?;
        let is_distributed = schema::check(&database, settings).await?;
        let ground = Arc::new(Ground {
            database: database.distributed(is_distributed),
            tenants: Tenants::default(),
            calendar: settings.calendar.clone(),
            group: settings.database.group.max(1),
        });
        Ok(Self {
            writers: Writers::new(Arc::clone(&ground)),
            ground,
            is_distributed,
        })
    }

    fn database(&self) -> &Database {
        &self.ground.database
    }

    async fn number(&self, tenant: &TenantId) -> Result<i32, Problem> {
        self.ground.tenants.number(self.database(), tenant).await
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn append(
        &self,
        tenant: &TenantId,
        entries: Vec<Entry>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        let writes = Writes::Entries(entries);
        self.writers.write(tenant, writes, record_time, mode).await
    }

    async fn put(
        &self,
        tenant: &TenantId,
        records: Vec<Record>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        let writes = Writes::Records(records);
        self.writers.write(tenant, writes, record_time, mode).await
    }

    async fn take_over(&self, tenant: &TenantId, written: Vec<Written>) -> Result<(), Problem> {
        history::take_over(&self.ground, tenant, &written).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, Problem> {
        tenants::written(self.database()).await
    }

    async fn written(
        &self,
        tenant: &TenantId,
        question: &HistoryQuestion,
    ) -> Result<Vec<Written>, Problem> {
        history::written(self.database(), self.number(tenant).await?, question).await
    }

    async fn reach(&self) -> Result<(), Problem> {
        self.database().reach().await
    }

    async fn watermark(&self, tenant: &TenantId) -> Result<Position, Problem> {
        let number = self.number(tenant).await?;
        tenants::watermark(self.database(), number, self.is_distributed).await
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        question: &LedgerQuestion,
    ) -> Result<Vec<LedgerEntry>, Problem> {
        entries::listed(self.database(), self.number(tenant).await?, question).await
    }

    async fn party(
        &self,
        tenant: &TenantId,
        ids: &[PartyId],
        as_of: Position,
    ) -> Result<Vec<Option<Arc<Party>>>, Problem> {
        let number = self.number(tenant).await?;
        let found = parties::some(self.database(), number, ids, as_of).await?;
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    async fn parties(
        &self,
        tenant: &TenantId,
        question: &PartyQuestion,
    ) -> Result<PartyAnswer, Problem> {
        parties::listed(self.database(), self.number(tenant).await?, question).await
    }

    async fn prospects(
        &self,
        tenant: &TenantId,
        question: &ProspectQuestion,
    ) -> Result<ProspectAnswer, Problem> {
        parties::prospects(self.database(), self.number(tenant).await?, question).await
    }

    async fn trait_definitions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<TraitDefinition>>, Problem> {
        parties::definitions(self.database(), self.number(tenant).await?, as_of).await
    }

    async fn cost_models(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<CostModel>>, Problem> {
        parties::cost_models(self.database(), self.number(tenant).await?, as_of).await
    }

    async fn products(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Product>, Problem> {
        products::products(self.database(), self.number(tenant).await?, as_of).await
    }

    async fn closings(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Closing>, Problem> {
        closings::closings(self.database(), self.number(tenant).await?, as_of).await
    }

    async fn exchange_rates(
        &self,
        tenant: &TenantId,
        keys: &[(Pair, Day)],
        as_of: Position,
    ) -> Result<Vec<Option<ExchangeRate>>, Problem> {
        rates::on(self.database(), self.number(tenant).await?, keys, as_of).await
    }

    async fn list_exchange_rates(
        &self,
        tenant: &TenantId,
        question: &RateQuestion,
    ) -> Result<Vec<StoredRate>, Problem> {
        rates::listed(self.database(), self.number(tenant).await?, question).await
    }

    async fn price_terms(
        &self,
        tenant: &TenantId,
        customers: &[PartyId],
        day: Day,
        as_of: Position,
    ) -> Result<Vec<Option<PriceTerms>>, Problem> {
        let number = self.number(tenant).await?;
        price_terms::of(self.database(), number, customers, day, as_of).await
    }

    async fn list_price_terms(
        &self,
        tenant: &TenantId,
        question: &PriceTermsQuestion,
    ) -> Result<Vec<StoredPriceTerms>, Problem> {
        price_terms::listed(self.database(), self.number(tenant).await?, question).await
    }

    async fn outcomes(
        &self,
        tenant: &TenantId,
        question: &OutcomeQuestion,
    ) -> Result<Vec<StoredOutcome>, Problem> {
        prospect_records::outcomes(self.database(), self.number(tenant).await?, question).await
    }

    async fn decisions(
        &self,
        tenant: &TenantId,
        question: &DecisionQuestion,
    ) -> Result<Vec<StoredDecision>, Problem> {
        decisions::decisions(self.database(), self.number(tenant).await?, question).await
    }

    async fn decided_prospects(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<DecidedProspect>, Problem> {
        prospect_records::decided_prospects(self.database(), self.number(tenant).await?, as_of)
            .await
    }

    async fn subject_requests(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<StoredSubjectRequest>, Problem> {
        prospect_records::subject_requests(self.database(), self.number(tenant).await?, as_of).await
    }

    async fn model_versions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<ModelVersion>, Problem> {
        prospect_records::model_versions(self.database(), self.number(tenant).await?, as_of).await
    }

    async fn rank(
        &self,
        tenant: &TenantId,
        question: &RankQuestion,
    ) -> Result<RankAnswer, Problem> {
        ranking::rank(self.database(), self.number(tenant).await?, question).await
    }

    async fn values(
        &self,
        tenant: &TenantId,
        question: &ValuesQuestion,
    ) -> Result<ValuesAnswer, Problem> {
        values::values(self.database(), self.number(tenant).await?, question).await
    }

    async fn referrals(
        &self,
        tenant: &TenantId,
        question: &ReferralsQuestion,
    ) -> Result<ReferralsAnswer, Problem> {
        let tenant = self.number(tenant).await?;
        referrals::referrals(self.database(), tenant, question, &self.ground.calendar).await
    }

    async fn curve(
        &self,
        tenant: &TenantId,
        question: &CurveQuestion,
    ) -> Result<CurveAnswer, Problem> {
        curve::curve(self.database(), self.number(tenant).await?, question).await
    }

    async fn cross(
        &self,
        tenant: &TenantId,
        question: &CrossQuestion,
    ) -> Result<CrossAnswer, Problem> {
        cross::cross(self.database(), self.number(tenant).await?, question).await
    }

    async fn cells(
        &self,
        tenant: &TenantId,
        question: &CellsQuestion,
    ) -> Result<CellsAnswer, Problem> {
        cross::cells(self.database(), self.number(tenant).await?, question).await
    }

    async fn managed(
        &self,
        tenant: &TenantId,
        question: &ManagedQuestion,
    ) -> Result<Vec<PartyId>, Problem> {
        managed::managed(self.database(), self.number(tenant).await?, question).await
    }

    async fn lift(
        &self,
        tenant: &TenantId,
        question: &LiftQuestion,
    ) -> Result<LiftAnswer, Problem> {
        lift::lift(self.database(), self.number(tenant).await?, question).await
    }

    async fn profiles(
        &self,
        tenant: &TenantId,
        question: &ProfileQuestion,
    ) -> Result<ProfileAnswer, Problem> {
        profiles::profiles(self.database(), self.number(tenant).await?, question).await
    }

    async fn purchases(
        &self,
        tenant: &TenantId,
        question: &PurchaseQuestion,
    ) -> Result<PurchaseAnswer, Problem> {
        purchases::purchases(self.database(), self.number(tenant).await?, question).await
    }

    async fn receivables(
        &self,
        tenant: &TenantId,
        question: &ReceivablesQuestion,
    ) -> Result<ReceivablesAnswer, Problem> {
        let number = self.number(tenant).await?;
        receivables::receivables(self.database(), number, question, &self.ground.calendar).await
    }
}
