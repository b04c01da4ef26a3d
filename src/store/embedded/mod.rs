//! The default store: one folder, no server.
//!
//! The ledger is a SQLite database, durable before anything is acknowledged; the books are columns in memory, made
//! again from the ledger when the folder is opened. One thread writes (`writer`); questions are answered from the
//! books by as many threads as ask, and see them as they were between two groups of writes.

mod books;
mod codec;
mod database;
mod day_book;
pub mod disk;
mod draft;
mod entries;
pub mod fingerprint;
mod groups;
mod id_order;
mod interner;
mod ledger;
mod place_set;
mod profiles;
mod ranking;
mod replay;
mod scan;
mod settings;
mod split;
mod tenants;
#[cfg(test)]
mod tests;
mod writer;

pub use self::settings::{EmbeddedSettings, Progress};

use self::{
    books::Books,
    database::Database,
    fingerprint::Fingerprinter,
    ledger::LedgerReader,
    ranking::Ranking,
    tenants::Tenants,
    writer::{Message, Request, Writer, Writes},
};
use super::{Store, answer};
use crate::domain::{
    cost_model::CostModel,
    id::{PartyId, TenantId},
    ledger::{Entry, LedgerEntry, LedgerQuestion, Outcome, Position, WriteMode},
    party::{Party, PartyQuestion, TraitDefinition},
    problem::Problem,
    question::{
        CrossAnswer, CrossQuestion, CurveAnswer, CurveQuestion, LiftAnswer, LiftQuestion,
        ProfileAnswer, ProfileQuestion, RankAnswer, RankQuestion,
    },
    records::{PartyAnswer, Record},
    time::{Calendar, Instant},
};
use async_trait::async_trait;
use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    thread::{self, JoinHandle},
};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// How many requests to write may wait; who comes later waits for room.
const WAITING: usize = 256;
/// How many bytes those that wait and those that are being written may have in all; who comes later waits for room.
const WAITING_BYTES: u32 = 80 * 1_024 * 1_024;

/// A store in one folder. Dropping it waits until everything that was asked of it is written.
pub struct EmbeddedStore {
    shared: Arc<Shared>,
    messages: Option<mpsc::Sender<Message>>,
    room: Arc<Semaphore>,
    writer: Option<JoinHandle<()>>,
}

/// What questions are answered from.
struct Shared {
    tenants: Arc<Tenants>,
    ledger: Arc<LedgerReader>,
    calendar: Calendar,
}

impl EmbeddedStore {
    /// Opens a folder, or makes it, and reads its ledger. Blocks; `progress` hears how far it is.
    ///
    /// Refused if another process has it open, if it was made with another currency or time zone, and with
    /// LEDGER_DAMAGED if what is read is not what was written.
    pub fn open(
        settings: &EmbeddedSettings,
        progress: impl FnMut(Progress),
    ) -> Result<Self, Problem> {
        // The standard library's own source of randomness: each state begins with other keys.
        let random = || RandomState::new().hash_one(0);
        Self::open_with(settings, Fingerprinter::new((random(), random())), progress)
    }

    fn open_with(
        settings: &EmbeddedSettings,
        fingerprinter: Fingerprinter,
        progress: impl FnMut(Progress),
    ) -> Result<Self, Problem> {
        let database = Database::open(settings)?;
        database.check_pages()?;
        let replayed = replay::replay(&database, &settings.calendar, &fingerprinter, progress)?;
        let shared = Shared {
            tenants: Arc::new(replayed.books.into_iter().collect()),
            ledger: Arc::new(LedgerReader::open(&settings.folder)?),
            calendar: settings.calendar.clone(),
        };
        let writer = Writer {
            database,
            next_row: replayed.rows + 1,
            tenants: Arc::clone(&shared.tenants),
            ledger: Arc::clone(&shared.ledger),
            calendar: settings.calendar.clone(),
            fingerprinter,
            fingerprints: replayed.fingerprints,
        };
        let (messages, receiver) = mpsc::channel(WAITING);
        let thread = thread::Builder::new().name("ledger-writer".to_owned());
        let writer = thread.spawn(move || writer.run(receiver));
        let writer = writer.map_err(|error| Problem::store_unavailable(&error.to_string()))?;
        Ok(Self {
            shared: Arc::new(shared),
            messages: Some(messages),
            room: Arc::new(Semaphore::new(WAITING_BYTES as usize)),
            writer: Some(writer),
        })
    }

    async fn write(
        &self,
        tenant: &TenantId,
        writes: Writes,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        let stopped = || Problem::store_unavailable("its writer has stopped");
        let (answer, answered) = oneshot::channel();
        let room = Arc::clone(&self.room);
        let size = writes.most_bytes().min(WAITING_BYTES);
        let room = room.acquire_many_owned(size).await;
        let request = Request {
            _room: room.map_err(|_| stopped())?,
            tenant: tenant.clone(),
            writes,
            record_time,
            mode,
            answer,
        };
        let messages = self.messages.as_ref().ok_or_else(stopped)?;
        messages
            .send(Message::Write(request))
            .await
            .map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// Answers a question on a thread that may block.
    async fn ask<T: Send + 'static>(
        &self,
        answer: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let shared = Arc::clone(&self.shared);
        let answered = tokio::task::spawn_blocking(move || answer(&shared)).await;
        answered.map_err(|error| Problem::store_unavailable(&error.to_string()))?
    }

    /// Answers a question about one tenant from its books.
    async fn read<T: Send + 'static>(
        &self,
        tenant: &TenantId,
        answer: impl FnOnce(&Books) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let id = tenant.clone();
        self.ask(move |shared| match shared.tenants.find(&id)? {
            Some(tenant) => Ok(answer(&*tenant.read()?)),
            None => Ok(answer(&Books::default())),
        })
        .await
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        // The writer ends when nobody can send to it any more.
        self.messages = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing left to do.
            let _ = writer.join();
        }
    }
}

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

    async fn watermark(&self, tenant: &TenantId) -> Result<Position, Problem> {
        let tenant = self.shared.tenants.find(tenant)?;
        Ok(tenant.map_or(0, |tenant| tenant.watermark()))
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        question: &LedgerQuestion,
    ) -> Result<Vec<LedgerEntry>, Problem> {
        let (id, question) = (tenant.clone(), question.clone());
        self.ask(move |shared| match shared.tenants.find(&id)? {
            Some(tenant) => {
                let (calendar, ledger) = (&shared.calendar, &shared.ledger);
                entries::entries(&id, &tenant, &question, calendar, ledger)
            }
            None => Ok(Vec::new()),
        })
        .await
    }

    async fn party(
        &self,
        tenant: &TenantId,
        ids: &[PartyId],
        as_of: Position,
    ) -> Result<Vec<Option<Arc<Party>>>, Problem> {
        let ids = ids.to_vec();
        self.read(tenant, move |books| {
            let ids = ids.iter();
            ids.map(|id| books.records.party(id, as_of).cloned())
                .collect()
        })
        .await
    }

    async fn parties(
        &self,
        tenant: &TenantId,
        question: &PartyQuestion,
    ) -> Result<PartyAnswer, Problem> {
        let question = question.clone();
        self.read(tenant, move |books| {
            let has_sale = |id: &PartyId| books.has_sale(id, question.as_of);
            books.records.parties(&question, has_sale)
        })
        .await
    }

    async fn trait_definitions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<TraitDefinition>>, Problem> {
        self.read(tenant, move |books| books.records.definitions(as_of))
            .await
    }

    async fn cost_models(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<CostModel>>, Problem> {
        self.read(tenant, move |books| books.records.cost_models(as_of))
            .await
    }

    async fn rank(
        &self,
        tenant: &TenantId,
        question: &RankQuestion,
    ) -> Result<RankAnswer, Problem> {
        let question = question.clone();
        self.read(tenant, move |books| ranking::rank(books, &question))
            .await
    }

    async fn curve(
        &self,
        tenant: &TenantId,
        question: &CurveQuestion,
    ) -> Result<CurveAnswer, Problem> {
        let question = question.clone();
        self.read(tenant, move |books| {
            let ranking = Ranking::sorted(books, &question.scope, &question.order);
            let values = ranking.values();
            answer::curve(ranking.totals, &values, question.points)
        })
        .await
    }

    async fn cross(
        &self,
        tenant: &TenantId,
        question: &CrossQuestion,
    ) -> Result<CrossAnswer, Problem> {
        let question = question.clone();
        self.read(tenant, move |books| groups::cross(books, &question))
            .await
    }

    async fn lift(
        &self,
        tenant: &TenantId,
        question: &LiftQuestion,
    ) -> Result<LiftAnswer, Problem> {
        let question = question.clone();
        self.read(tenant, move |books| {
            let ranking = Ranking::sorted(books, &question.scope, &question.order);
            let parties = ranking.customers().map(|customer| {
                let id = books.customers.thing(customer);
                let party = books.records.party(id, question.scope.as_of);
                party.map(|party| &**party)
            });
            let totals = ranking.totals.clone();
            answer::lift(totals, &ranking.values(), parties, &question)
        })
        .await
    }

    async fn profiles(
        &self,
        tenant: &TenantId,
        question: &ProfileQuestion,
    ) -> Result<ProfileAnswer, Problem> {
        let question = question.clone();
        self.read(tenant, move |books| profiles::profiles(books, &question))
            .await
    }
}
