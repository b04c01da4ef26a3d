//! What every store must be able to do, and the stores that can.
//!
//! Stores answer integers: counts and sums. Ratios, scores, curve points, allocations and every rounding of money
//! happen once, above this trait. Knows nothing of gRPC and of the services.

pub(crate) mod answer;
pub mod embedded;
pub mod memory;
pub(crate) mod ordered;
pub mod postgres;

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
use std::{sync::Arc, time::Duration};

/// How often a store that is not told of writes is asked whether there are any.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// Keeps the ledger and the records of every tenant, and answers sums of them.
///
/// A tenant that was never written to is empty. Positions count a tenant's writes from 1 without gaps. A question names
/// the position as of which it is answered, which must be at most the watermark; the same question as of the same
/// position has the same answer for ever.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Adds entries to the ledger: one outcome for each, in order. Each stands alone, and sees those before it.
    ///
    /// What is posted is durable and visible when this returns; on an error nothing is. Entries of one id: the same
    /// again is a duplicate, other content is refused with ACTIVITY_CONFLICT. A reversal of an activity that is not
    /// there, or was taken back, is refused; it happens on the day of that activity.
    async fn append(
        &self,
        tenant: &TenantId,
        entries: Vec<Entry>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem>;

    /// Stores records: one outcome for each, in order. Each stands alone, and sees those before it.
    async fn put(
        &self,
        tenant: &TenantId,
        records: Vec<Record>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem>;

    /// Writes what another store holds, each at its position and with its time there: all of it or nothing.
    ///
    /// Refused unless it begins right after the watermark, and unless each would be posted here as well. What is
    /// written is durable and visible when this returns.
    async fn take_over(&self, tenant: &TenantId, written: Vec<Written>) -> Result<(), Problem>;

    /// Every tenant with something written, in the order of their ids.
    async fn tenants(&self) -> Result<Vec<TenantId>, Problem>;

    /// Everything that was written, in the order of positions, which have no gaps. At most `limit` and maybe fewer,
    /// but none only if there is none.
    async fn written(
        &self,
        tenant: &TenantId,
        question: &HistoryQuestion,
    ) -> Result<Vec<Written>, Problem>;

    /// Fails soon while the store cannot be asked anything, such as a database that is away. Waits for nobody else.
    async fn reach(&self) -> Result<(), Problem>;

    /// The position up to which everything is visible, for ever.
    async fn watermark(&self, tenant: &TenantId) -> Result<Position, Problem>;

    /// Waits until the watermark is after a position, and gives it. Other processes' writes count too.
    async fn advanced(&self, tenant: &TenantId, after: Position) -> Result<Position, Problem> {
        loop {
            let newest = self.watermark(tenant).await?;
            if newest > after {
                return Ok(newest);
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// Entries of the ledger, in the order of their positions.
    async fn entries(
        &self,
        tenant: &TenantId,
        question: &LedgerQuestion,
    ) -> Result<Vec<LedgerEntry>, Problem>;

    /// Some parties as of a position, in the order of `ids`.
    async fn party(
        &self,
        tenant: &TenantId,
        ids: &[PartyId],
        as_of: Position,
    ) -> Result<Vec<Option<Arc<Party>>>, Problem>;

    /// Stored parties, in the order of their ids.
    async fn parties(
        &self,
        tenant: &TenantId,
        question: &PartyQuestion,
    ) -> Result<PartyAnswer, Problem>;

    /// All parties that are stored as prospects, as rows of numbers for their values, and which of them have a sale.
    async fn prospects(
        &self,
        tenant: &TenantId,
        question: &ProspectQuestion,
    ) -> Result<ProspectAnswer, Problem>;

    /// All trait definitions as of a position, in the order of their keys.
    async fn trait_definitions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<TraitDefinition>>, Problem>;

    /// All versions of the cost model as of a position, the oldest first; the first is the empty version 0.
    async fn cost_models(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<CostModel>>, Problem>;

    /// All products as of a position, in the order of their ids.
    async fn products(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Product>, Problem>;

    /// All closed months as of a position, the oldest first.
    async fn closings(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Closing>, Problem>;

    /// The exchange rates of some pairs and days as of a position, in the order of `keys`.
    async fn exchange_rates(
        &self,
        tenant: &TenantId,
        keys: &[(Pair, Day)],
        as_of: Position,
    ) -> Result<Vec<Option<ExchangeRate>>, Problem>;

    /// Stored exchange rates, in the order of pairs and days.
    async fn list_exchange_rates(
        &self,
        tenant: &TenantId,
        question: &RateQuestion,
    ) -> Result<Vec<StoredRate>, Problem>;

    /// By what some customers buy on a day, as of a position, in the order of `customers`.
    async fn price_terms(
        &self,
        tenant: &TenantId,
        customers: &[PartyId],
        day: Day,
        as_of: Position,
    ) -> Result<Vec<Option<PriceTerms>>, Problem>;

    /// Stored price terms, in the order of customers and first days.
    async fn list_price_terms(
        &self,
        tenant: &TenantId,
        question: &PriceTermsQuestion,
    ) -> Result<Vec<StoredPriceTerms>, Problem>;

    /// Stored outcomes of prospects, in the order of their keys.
    async fn outcomes(
        &self,
        tenant: &TenantId,
        question: &OutcomeQuestion,
    ) -> Result<Vec<StoredOutcome>, Problem>;

    /// Stored decisions about relationships, in the order of their keys.
    async fn decisions(
        &self,
        tenant: &TenantId,
        question: &DecisionQuestion,
    ) -> Result<Vec<StoredDecision>, Problem>;

    /// All prospects that are won or lost as of a position, in the order of the keys of their outcomes, each with what
    /// was known of it when it was pursued.
    async fn decided_prospects(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<DecidedProspect>, Problem>;

    /// All requests of data subjects as of a position, in the order of positions.
    async fn subject_requests(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<StoredSubjectRequest>, Problem>;

    /// All versions of the model of winning prospects as of a position, the oldest first.
    async fn model_versions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<ModelVersion>, Problem>;

    /// Customers in the order of a linear weighting of their accounts.
    async fn rank(&self, tenant: &TenantId, question: &RankQuestion)
    -> Result<RankAnswer, Problem>;

    /// The values of all reported customers.
    async fn values(
        &self,
        tenant: &TenantId,
        question: &ValuesQuestion,
    ) -> Result<ValuesAnswer, Problem>;

    /// Who says to have brought whom, and who was asked to: what was not taken back.
    async fn referrals(
        &self,
        tenant: &TenantId,
        question: &ReferralsQuestion,
    ) -> Result<ReferralsAnswer, Problem>;

    /// Points of the whale curve.
    async fn curve(
        &self,
        tenant: &TenantId,
        question: &CurveQuestion,
    ) -> Result<CurveAnswer, Problem>;

    /// Sums by group.
    async fn cross(
        &self,
        tenant: &TenantId,
        question: &CrossQuestion,
    ) -> Result<CrossAnswer, Problem>;

    /// Sums of some customers by group.
    async fn cells(
        &self,
        tenant: &TenantId,
        question: &CellsQuestion,
    ) -> Result<CellsAnswer, Problem>;

    /// Who has any posting under an account manager, in the order of ids.
    async fn managed(
        &self,
        tenant: &TenantId,
        question: &ManagedQuestion,
    ) -> Result<Vec<PartyId>, Problem>;

    /// Counts of trait values among the best customers, the loss-makers and all.
    async fn lift(&self, tenant: &TenantId, question: &LiftQuestion)
    -> Result<LiftAnswer, Problem>;

    /// What models learn from: every customer's traits and sums by age.
    async fn profiles(
        &self,
        tenant: &TenantId,
        question: &ProfileQuestion,
    ) -> Result<ProfileAnswer, Problem>;

    /// How customers bought, day by day, in the order of their ids: everybody with a posting in the scope.
    async fn purchases(
        &self,
        tenant: &TenantId,
        question: &PurchaseQuestion,
    ) -> Result<PurchaseAnswer, Problem>;

    /// What changed what customers owe: the events of each who has any, in their natural order.
    async fn receivables(
        &self,
        tenant: &TenantId,
        question: &ReceivablesQuestion,
    ) -> Result<ReceivablesAnswer, Problem>;
}
