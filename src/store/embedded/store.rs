//! The store around an engine: requests to write wait for its one thread, and questions have threads of their own.

use super::{
    books::BookBytes,
    engine::{Engine, Request, Writes},
    prepared::Preparer,
    questions::Questions,
    real_disk::RealDisk,
    settings::{EmbeddedSettings, EngineSettings, Progress},
    writer::{self, Message},
};
use crate::domain::{
    id::TenantId,
    ledger::{Outcome, Position, WriteMode},
    problem::Problem,
    time::Instant,
};
use std::{
    hash::{BuildHasher, RandomState},
    io,
    sync::Arc,
    thread::{self, JoinHandle},
};
use tokio::{
    runtime,
    sync::{Semaphore, mpsc, oneshot, watch},
};

/// How many requests to write may wait; who comes later waits for room.
const WAITING: usize = 256;
/// How many bytes those that wait and those that are being written may have in all; who comes later waits for room.
const WAITING_BYTES: u32 = 80 * 1_024 * 1_024;

/// A store in one folder. Dropping it waits until everything that was asked of it is written.
pub struct EmbeddedStore {
    pub(super) questions: Arc<Questions>,
    preparer: Preparer,
    pub(super) messages: Option<mpsc::Sender<Message>>,
    room: Arc<Semaphore>,
    writer: Option<JoinHandle<()>>,
    /// Changes after each group of writes; closed when the writer is no more.
    pub(super) written: watch::Receiver<()>,
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
        let disk = RealDisk::open(&settings.folder)?;
        let engine = Engine::open(Arc::new(disk), &engine_settings(settings), progress)?;
        Self::around(engine)
    }

    /// A store around an engine that is open.
    pub fn around(engine: Engine) -> Result<Self, Problem> {
        let questions = Arc::clone(engine.questions());
        let preparer = engine.preparer().clone();
        let (messages, receiver) = mpsc::channel(WAITING);
        let (news, written) = watch::channel(());
        let thread = thread::Builder::new().name("ledger-writer".to_owned());
        let failed = |error: io::Error| Problem::store_unavailable(&error.to_string());
        let timer = runtime::Builder::new_current_thread().enable_time().build();
        let timer = timer.map_err(failed)?;
        let writer = thread.spawn(move || writer::run(engine, receiver, &news, &timer));
        let writer = writer.map_err(failed)?;
        Ok(Self {
            questions,
            preparer,
            messages: Some(messages),
            room: Arc::new(Semaphore::new(WAITING_BYTES as usize)),
            writer: Some(writer),
            written,
        })
    }

    /// What a tenant's books take of memory.
    pub fn memory(&self, tenant: &TenantId) -> Result<BookBytes, Problem> {
        self.questions.memory(tenant)
    }

    /// Writes, once there is room for what is to be written.
    pub(super) async fn write(
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
        let room = room.acquire_many_owned(size).await.map_err(|_| stopped())?;
        let request = Request {
            tenant: tenant.clone(),
            writes,
            record_time,
            mode,
        };
        let messages = self.messages.as_ref().ok_or_else(stopped)?;
        let prepared = self.preparer.prepare(&request).map(Arc::new);
        messages
            .send(Message::Write(request, prepared, answer, room))
            .await
            .map_err(|_| stopped())?;
        let (answer, _request) = answered.await.map_err(|_| stopped())?;
        answer
    }

    /// Answers a question on a thread that may block.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        answer: impl FnOnce(&Questions) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let questions = Arc::clone(&self.questions);
        let answered = tokio::task::spawn_blocking(move || answer(&questions)).await;
        answered.map_err(|error| Problem::store_unavailable(&error.to_string()))?
    }

    /// Answers what is asked of a tenant as of a position.
    pub(super) async fn ask_as_of<T: Send + 'static>(
        &self,
        tenant: &TenantId,
        as_of: Position,
        answer: fn(&Questions, &TenantId, Position) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let tenant = tenant.clone();
        self.ask(move |questions| answer(questions, &tenant, as_of))
            .await
    }

    /// Answers a question about a tenant.
    pub(super) async fn ask_about<Q: Clone + Send + 'static, T: Send + 'static>(
        &self,
        tenant: &TenantId,
        question: &Q,
        answer: fn(&Questions, &TenantId, &Q) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let (tenant, question) = (tenant.clone(), question.clone());
        self.ask(move |questions| answer(questions, &tenant, &question))
            .await
    }
}

/// What the engine of a folder is told, with a new key in case that it makes the folder.
pub(super) fn engine_settings(settings: &EmbeddedSettings) -> EngineSettings {
    // The standard library's own source of randomness: each state begins with other keys.
    let random = || RandomState::new().hash_one(0);
    let key = (random(), random());
    EngineSettings {
        books: settings.books,
        checkpoints: settings.checkpoints,
        ..EngineSettings::new(settings.calendar.clone(), settings.currency, key)
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
