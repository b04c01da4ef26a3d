//! Questions to the books of an engine, from any number of threads. They see the books as they were between two groups
//! of writes.

use super::{
    books::{BookBytes, Books},
    entries, groups, history,
    kept_answers::{KeptAnswers, Of, bytes_of_curve, bytes_of_ranking},
    kept_scans::AllScans,
    ledger::LedgerReader,
    profiles,
    prospects::{self, ProspectTables},
    purchases,
    ranking::{self, with_ranking},
    receivables::{AllEvents, Reader},
    referrals::AllReferrals,
    tasks::Lift,
    tenants::Tenants,
};
use crate::domain::{
    activity::Activity,
    advice_decision::{DecisionQuestion, StoredDecision},
    closing::Closing,
    cost_model::CostModel,
    data_subject::StoredSubjectRequest,
    exchange_rate::{ExchangeRate, Pair, RateQuestion, StoredRate},
    history::{HistoryQuestion, Written},
    id::{PartyId, TenantId},
    ledger::{LedgerEntry, LedgerQuestion, Position},
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
        LiftAnswer, LiftQuestion, ProfileAnswer, ProfileQuestion, RankAnswer, RankQuestion, Scope,
    },
    receivables::{ReceivablesAnswer, ReceivablesQuestion},
    records::PartyAnswer,
    time::{Calendar, Day},
};
use std::sync::Arc;

/// What questions are answered from. [`Store`](crate::store::Store) says what each of them is.
pub struct Questions {
    pub(super) tenants: Tenants,
    pub(super) ledger: LedgerReader,
    pub(super) calendar: Calendar,
    pub(super) prospects: ProspectTables,
    pub(super) scans: AllScans,
    pub(super) answers: KeptAnswers,
    pub(super) receivables: AllEvents,
    pub(super) referrals: AllReferrals,
}

impl Questions {
    /// Answers a question about one tenant from its books.
    pub(super) fn read<T>(
        &self,
        tenant: &TenantId,
        answer: impl FnOnce(&Books) -> T,
    ) -> Result<T, Problem> {
        match self.tenants.find(tenant)? {
            Some(tenant) => Ok(answer(&*tenant.read()?)),
            None => Ok(answer(&Books::default())),
        }
    }

    /// The position as of which a question is answered: what is not announced yet is nobody's to see, and answers as
    /// of a position that is are the same for ever. The books hold everything up to it.
    pub(super) fn seen(&self, tenant: &TenantId, as_of: Position) -> Result<Position, Problem> {
        let Some(tenant) = self.tenants.find(tenant)? else {
            return Ok(0);
        };
        let as_of = tenant.watermark().min(as_of);
        tenant.reach(as_of)?;
        Ok(as_of)
    }

    /// Whose answer is kept.
    fn whose(&self, tenant: &TenantId) -> Result<Of, Problem> {
        let found = self.tenants.find(tenant)?;
        let erasures = found.map_or(0, |tenant| tenant.erasures());
        Ok((tenant.clone(), erasures))
    }

    pub(super) fn scope(&self, tenant: &TenantId, scope: &Scope) -> Result<Scope, Problem> {
        Ok(Scope {
            as_of: self.seen(tenant, scope.as_of)?,
            ..scope.clone()
        })
    }

    /// What a tenant's books take of memory.
    pub fn memory(&self, tenant: &TenantId) -> Result<BookBytes, Problem> {
        self.read(tenant, Books::bytes)
    }

    /// The position up to which everything is visible, for ever.
    pub fn watermark(&self, tenant: &TenantId) -> Result<Position, Problem> {
        let tenant = self.tenants.find(tenant)?;
        Ok(tenant.map_or(0, |tenant| tenant.watermark()))
    }

    /// Every tenant with something written, in the order of their ids.
    pub fn tenants_with_writes(&self) -> Result<Vec<TenantId>, Problem> {
        let tenants = self.tenants.all()?.into_iter();
        let written = tenants.filter(|(_, tenant)| tenant.watermark() > 0);
        Ok(written.map(|(id, _)| id).collect())
    }

    /// Everything that was written, in the order of positions.
    pub fn written(
        &self,
        tenant: &TenantId,
        question: &HistoryQuestion,
    ) -> Result<Vec<Written>, Problem> {
        let question = &HistoryQuestion {
            as_of: self.seen(tenant, question.as_of)?,
            ..question.clone()
        };
        let mut written = history::written(tenant, question, &self.ledger)?;
        self.read(tenant, |books| history::erase(&mut written, &books.records))?;
        Ok(written)
    }

    /// Entries of the ledger.
    pub fn entries(
        &self,
        id: &TenantId,
        question: &LedgerQuestion,
    ) -> Result<Vec<LedgerEntry>, Problem> {
        let question = &LedgerQuestion {
            as_of: self.seen(id, question.as_of)?,
            ..question.clone()
        };
        match self.tenants.find(id)? {
            Some(tenant) => entries::entries(id, &tenant, question, &self.calendar, &self.ledger),
            None => Ok(Vec::new()),
        }
    }

    /// Some parties as of a position.
    pub fn party(
        &self,
        tenant: &TenantId,
        ids: &[PartyId],
        as_of: Position,
    ) -> Result<Vec<Option<Arc<Party>>>, Problem> {
        let as_of = self.seen(tenant, as_of)?;
        self.read(tenant, |books| {
            let ids = ids.iter();
            ids.map(|id| books.records.party(id, as_of).cloned())
                .collect()
        })
    }

    /// Stored parties.
    pub fn parties(
        &self,
        tenant: &TenantId,
        question: &PartyQuestion,
    ) -> Result<PartyAnswer, Problem> {
        let question = &PartyQuestion {
            as_of: self.seen(tenant, question.as_of)?,
            ..question.clone()
        };
        self.read(tenant, |books| {
            let has_sale = |id: &PartyId| books.has_sale(id, question.as_of);
            books.records.parties(question, has_sale)
        })
    }

    /// Stored prospects as rows of numbers.
    pub fn prospects(
        &self,
        id: &TenantId,
        question: &ProspectQuestion,
    ) -> Result<ProspectAnswer, Problem> {
        let question = &ProspectQuestion {
            as_of: self.seen(id, question.as_of)?,
            ..question.clone()
        };
        match self.tenants.find(id)? {
            Some(tenant) => self.prospects.answer(id, &tenant, question),
            None => Ok(prospects::nobody(question)),
        }
    }

    /// All trait definitions as of a position.
    pub fn trait_definitions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<TraitDefinition>>, Problem> {
        let as_of = self.seen(tenant, as_of)?;
        self.read(tenant, |books| books.records.definitions(as_of))
    }

    /// All versions of the cost model as of a position.
    pub fn cost_models(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<CostModel>>, Problem> {
        let as_of = self.seen(tenant, as_of)?;
        self.read(tenant, |books| books.records.cost_models(as_of))
    }

    /// All products as of a position.
    pub fn products(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Product>, Problem> {
        let as_of = self.seen(tenant, as_of)?;
        self.read(tenant, |books| books.records.products(as_of))
    }

    /// All closed months as of a position.
    pub fn closings(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Closing>, Problem> {
        let as_of = self.seen(tenant, as_of)?;
        self.read(tenant, |books| books.records.closings(as_of))
    }

    /// The exchange rates of some pairs and days as of a position.
    pub fn exchange_rates(
        &self,
        tenant: &TenantId,
        keys: &[(Pair, Day)],
        as_of: Position,
    ) -> Result<Vec<Option<ExchangeRate>>, Problem> {
        let as_of = self.seen(tenant, as_of)?;
        self.read(tenant, |books| books.records.rates().find(keys, as_of))
    }

    /// Stored exchange rates.
    pub fn list_exchange_rates(
        &self,
        tenant: &TenantId,
        question: &RateQuestion,
    ) -> Result<Vec<StoredRate>, Problem> {
        let question = &RateQuestion {
            as_of: self.seen(tenant, question.as_of)?,
            ..question.clone()
        };
        self.read(tenant, |books| books.records.rates().list(question))
    }

    /// Whether it is known without waiting that nobody has price terms: a ranking asks for those of its rows.
    pub fn has_no_price_terms(&self, tenant: &TenantId, as_of: Position) -> Result<bool, Problem> {
        let tenant = self.tenants.find(tenant)?;
        Ok(tenant.is_none_or(|tenant| {
            let books = tenant.read_at_once();
            books.is_some_and(|books| {
                books.newest >= as_of.min(tenant.watermark())
                    && books.records.price_terms().is_empty()
            })
        }))
    }

    /// By what some customers buy on a day.
    pub fn price_terms(
        &self,
        tenant: &TenantId,
        customers: &[PartyId],
        day: Day,
        as_of: Position,
    ) -> Result<Vec<Option<PriceTerms>>, Problem> {
        let as_of = self.seen(tenant, as_of)?;
        self.read(tenant, |books| {
            let terms = books.records.price_terms();
            terms.find(customers, day, as_of)
        })
    }

    /// Stored price terms.
    pub fn list_price_terms(
        &self,
        tenant: &TenantId,
        question: &PriceTermsQuestion,
    ) -> Result<Vec<StoredPriceTerms>, Problem> {
        let question = &PriceTermsQuestion {
            as_of: self.seen(tenant, question.as_of)?,
            ..question.clone()
        };
        self.read(tenant, |books| books.records.price_terms().list(question))
    }

    /// Stored outcomes of prospects.
    pub fn outcomes(
        &self,
        tenant: &TenantId,
        question: &OutcomeQuestion,
    ) -> Result<Vec<StoredOutcome>, Problem> {
        let question = &OutcomeQuestion {
            as_of: self.seen(tenant, question.as_of)?,
            ..question.clone()
        };
        self.read(tenant, |books| books.records.prospects().outcomes(question))
    }

    /// Stored decisions about relationships.
    pub fn decisions(
        &self,
        tenant: &TenantId,
        question: &DecisionQuestion,
    ) -> Result<Vec<StoredDecision>, Problem> {
        let question = &DecisionQuestion {
            as_of: self.seen(tenant, question.as_of)?,
            ..question.clone()
        };
        self.read(tenant, |books| {
            books.records.prospects().decisions().list(question)
        })
    }

    /// All prospects that are won or lost, with what was known of them.
    pub fn decided_prospects(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<DecidedProspect>, Problem> {
        let as_of = self.seen(tenant, as_of)?;
        self.read(tenant, |books| books.records.decided_prospects(as_of))
    }

    /// All requests of data subjects as of a position.
    pub fn subject_requests(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<StoredSubjectRequest>, Problem> {
        let as_of = self.seen(tenant, as_of)?;
        self.read(tenant, |books| books.records.prospects().requests(as_of))
    }

    /// All versions of the model of winning prospects as of a position.
    pub fn model_versions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<ModelVersion>, Problem> {
        let as_of = self.seen(tenant, as_of)?;
        self.read(tenant, |books| books.records.prospects().models(as_of))
    }

    /// Customers in the order of a linear weighting of their accounts.
    pub fn rank(&self, tenant: &TenantId, question: &RankQuestion) -> Result<RankAnswer, Problem> {
        let question = RankQuestion {
            scope: self.scope(tenant, &question.scope)?,
            ..question.clone()
        };
        let make = |(_, question): &(Of, RankQuestion)| {
            let scans = self.scans.of(tenant);
            self.read(tenant, |books| ranking::rank(books, &scans, question))
                .map(Arc::new)
        };
        let key = (self.whose(tenant)?, question);
        let answer = self
            .answers
            .rankings
            .find_or_make(key, make, |answer| bytes_of_ranking(answer))?;
        Ok(Arc::unwrap_or_clone(answer))
    }

    /// Points of the whale curve.
    pub fn curve(
        &self,
        tenant: &TenantId,
        question: &CurveQuestion,
    ) -> Result<CurveAnswer, Problem> {
        let question = CurveQuestion {
            scope: self.scope(tenant, &question.scope)?,
            ..question.clone()
        };
        let make = |(_, question): &(Of, CurveQuestion)| {
            let (scans, asked) = (self.scans.of(tenant), (&question.scope, &question.order));
            self.read(tenant, |books| {
                with_ranking(books, &scans, asked, &[], question)
            })
            .map(Arc::new)
        };
        let key = (self.whose(tenant)?, question);
        let answer = self
            .answers
            .curves
            .find_or_make(key, make, |answer| bytes_of_curve(answer))?;
        Ok(Arc::unwrap_or_clone(answer))
    }

    /// Sums by group.
    pub fn cross(
        &self,
        tenant: &TenantId,
        question: &CrossQuestion,
    ) -> Result<CrossAnswer, Problem> {
        let question = &CrossQuestion {
            scope: self.scope(tenant, &question.scope)?,
            ..question.clone()
        };
        if groups::are_in_books(question.group) {
            return self.read(tenant, |books| groups::cross(books, question));
        }
        let positions = self.read(tenant, |books| groups::positions(books, question))?;
        let key = |_: &Activity, group| group;
        groups::read(&self.ledger, tenant, positions, question.group, key)
    }

    /// Sums of some customers by group.
    pub fn cells(
        &self,
        tenant: &TenantId,
        question: &CellsQuestion,
    ) -> Result<CellsAnswer, Problem> {
        let question = &CellsQuestion {
            scope: self.scope(tenant, &question.scope)?,
            ..question.clone()
        };
        if groups::are_in_books(question.group) {
            return self.read(tenant, |books| groups::cells(books, question));
        }
        let some = |books: &Books| groups::positions_of_some(books, question);
        let positions = self.read(tenant, some)?;
        let key = |activity: &Activity, group| (activity.customer_id.clone(), group);
        groups::read(&self.ledger, tenant, positions, question.group, key)
    }

    /// Counts of trait values among the best customers, the loss-makers and all.
    pub fn lift(&self, tenant: &TenantId, question: &LiftQuestion) -> Result<LiftAnswer, Problem> {
        let question = &LiftQuestion {
            scope: self.scope(tenant, &question.scope)?,
            ..question.clone()
        };
        self.read(tenant, |books| {
            let task = Lift { books, question };
            let kept = self.scans.of(tenant);
            let asked = (&question.scope, &question.order);
            with_ranking(books, &kept, asked, &[], task)
        })
    }

    /// What models learn from.
    pub fn profiles(
        &self,
        tenant: &TenantId,
        question: &ProfileQuestion,
    ) -> Result<ProfileAnswer, Problem> {
        let question = &ProfileQuestion {
            as_of: self.seen(tenant, question.as_of)?,
            ..question.clone()
        };
        self.read(tenant, |books| profiles::profiles(books, question))
    }

    /// How customers bought, day by day.
    pub fn purchases(
        &self,
        tenant: &TenantId,
        question: &PurchaseQuestion,
    ) -> Result<PurchaseAnswer, Problem> {
        let question = &PurchaseQuestion {
            scope: self.scope(tenant, &question.scope)?,
            ..question.clone()
        };
        self.read(tenant, |books| purchases::purchases(books, question))
    }

    /// What changed what customers owe.
    pub fn receivables(
        &self,
        id: &TenantId,
        question: &ReceivablesQuestion,
    ) -> Result<ReceivablesAnswer, Problem> {
        let question = &ReceivablesQuestion {
            as_of: self.seen(id, question.as_of)?,
            ..question.clone()
        };
        let Some(tenant) = self.tenants.find(id)? else {
            return Ok(ReceivablesAnswer::new());
        };
        let reader = Reader {
            id,
            tenant: &tenant,
            ledger: &self.ledger,
            calendar: &self.calendar,
        };
        self.receivables.answer(&reader, question)
    }
}
