//! Writes of one tenant, one transaction after the other: what waits while one is under way shares the next one.
//!
//! A transaction takes the tenant's lock, decides, writes, sets the tenant's position and commits. Whoever else writes
//! to the tenant, in this process or in another, waits for the lock, so that positions have no gaps and rise in the
//! order in which they become visible.

use super::{
    append::{self, Appending},
    database::{Database, Fault, column, rows},
    recording::{self, Recording},
    sql::{Sql, count, seq},
    tenants::{self, LOCK_CLASS, Tenants},
};
use crate::domain::{
    id::TenantId,
    ledger::{Entry, Outcome, Position, WriteMode},
    problem::Problem,
    records::Record,
    time::{Calendar, Instant},
};
use deadpool_postgres::Object;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::SimpleQueryMessage;

/// How many requests of one tenant may wait; who comes later waits for room.
const WAITING: usize = 64;

/// What one request writes.
#[derive(Clone)]
pub enum Writes {
    Entries(Vec<Entry>),
    Records(Vec<Record>),
}

impl Writes {
    fn len(&self) -> usize {
        match self {
            Self::Entries(entries) => entries.len(),
            Self::Records(records) => records.len(),
        }
    }
}

/// One request, and whom to tell what became of it.
struct Request {
    writes: Writes,
    record_time: Instant,
    answer: oneshot::Sender<Result<Vec<Outcome>, Problem>>,
}

/// What all writers have in common.
pub struct Ground {
    pub database: Database,
    pub tenants: Tenants,
    pub calendar: Calendar,
    /// So many writes share one transaction.
    pub group: usize,
}

/// The writers of tenants, each a task that ends when the store is dropped.
pub struct Writers {
    ground: Arc<Ground>,
    by_tenant: Mutex<HashMap<TenantId, mpsc::Sender<Request>>>,
}

impl Writers {
    /// Without any writer yet.
    pub fn new(ground: Arc<Ground>) -> Self {
        Self {
            ground,
            by_tenant: Mutex::default(),
        }
    }

    /// Writes, or says what would become of it.
    pub async fn write(
        &self,
        tenant: &TenantId,
        writes: Writes,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        if mode == WriteMode::ValidateOnly {
            return self.ground.try_out(tenant, &writes, record_time).await;
        }
        if writes.len() == 0 {
            return Ok(Vec::new());
        }
        let (answer, answered) = oneshot::channel();
        let request = Request {
            writes,
            record_time,
            answer,
        };
        let stopped = || Problem::store_unavailable("its writer has stopped");
        let sender = self.sender(tenant);
        sender.send(request).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    fn sender(&self, tenant: &TenantId) -> mpsc::Sender<Request> {
        let mut writers = self
            .by_tenant
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = writers.get(tenant).filter(|sender| !sender.is_closed());
        if let Some(sender) = known {
            return sender.clone();
        }
        let (sender, waiting) = mpsc::channel(WAITING);
        tokio::spawn(run(Arc::clone(&self.ground), tenant.clone(), waiting));
        writers.insert(tenant.clone(), sender.clone());
        sender
    }
}

async fn run(ground: Arc<Ground>, tenant: TenantId, mut waiting: mpsc::Receiver<Request>) {
    while let Some(first) = waiting.recv().await {
        let mut size = first.writes.len();
        let mut group = vec![first];
        while size < ground.group
            && let Ok(next) = waiting.try_recv()
        {
            size += next.writes.len();
            group.push(next);
        }
        let done = ground.write(&tenant, &group).await;
        match done {
            Ok(outcomes) => {
                for (request, outcomes) in group.into_iter().zip(outcomes) {
                    // Who no longer waits has no need to know.
                    let _ = request.answer.send(Ok(outcomes));
                }
            }
            // One of them may be what the database refuses: the others are not to suffer.
            Err(_) if group.len() > 1 => {
                for request in group {
                    let done = ground.write(&tenant, std::slice::from_ref(&request)).await;
                    let own = done.map(|mut outcomes| outcomes.pop().unwrap_or_default());
                    let _ = request.answer.send(own);
                }
            }
            Err(problem) => {
                for request in group {
                    let _ = request.answer.send(Err(problem.clone()));
                }
            }
        }
    }
}

impl Ground {
    async fn try_out(
        &self,
        tenant: &TenantId,
        writes: &Writes,
        record_time: Instant,
    ) -> Result<Vec<Outcome>, Problem> {
        let number = self.tenants.number(&self.database, tenant).await?;
        let newest = tenants::position(&self.database, number).await?;
        let mut attempts = self.database.attempts();
        loop {
            let tried = async {
                let connection = self.database.connection().await?;
                match writes {
                    Writes::Entries(entries) => {
                        let calendar = &self.calendar;
                        append::try_out(
                            &connection,
                            (number, newest),
                            calendar,
                            entries,
                            record_time,
                        )
                        .await
                    }
                    Writes::Records(records) => {
                        recording::try_out(&connection, (number, newest), records, record_time)
                            .await
                    }
                }
            };
            match tried.await {
                Ok(outcomes) => return Ok(outcomes),
                Err(fault) => attempts.after(fault).await?,
            }
        }
    }

    /// Writes a group in one transaction, and tries it again if what failed passes. After a commit whose answer was
    /// lost the same ids are found, and are told to be duplicates.
    async fn write(
        &self,
        tenant: &TenantId,
        group: &[Request],
    ) -> Result<Vec<Vec<Outcome>>, Problem> {
        let mut attempts = self.database.attempts();
        loop {
            match self.attempt(tenant, group).await {
                Ok(outcomes) => return Ok(outcomes),
                Err(fault) => attempts.after(fault).await?,
            }
        }
    }

    async fn attempt(
        &self,
        tenant: &TenantId,
        group: &[Request],
    ) -> Result<Vec<Vec<Outcome>>, Fault> {
        let connection = self.database.connection().await?;
        let number = self.tenants.number_to_write(&connection, tenant).await?;
        let done = self.transaction(&connection, number, group).await;
        if done.is_err() {
            // Nobody is to get a connection whose transaction is still open.
            drop(Object::take(connection));
        }
        done
    }

    async fn transaction(
        &self,
        connection: &Object,
        tenant: i32,
        group: &[Request],
    ) -> Result<Vec<Vec<Outcome>>, Fault> {
        let before = begin(connection, tenant).await?;
        let entries = group.iter().flat_map(|request| match &request.writes {
            Writes::Entries(entries) => entries.as_slice(),
            Writes::Records(_) => &[],
        });
        let records = group.iter().flat_map(|request| match &request.writes {
            Writes::Records(records) => records.as_slice(),
            Writes::Entries(_) => &[],
        });
        let mut appending = Appending::prepare(connection, tenant, &self.calendar, entries).await?;
        let mut recording = Recording::prepare(connection, tenant, records).await?;
        let mut newest = before;
        let mut outcomes = Vec::with_capacity(group.len());
        for request in group {
            let time = request.record_time;
            outcomes.push(match request.writes.clone() {
                Writes::Entries(entries) => {
                    let entries = entries.into_iter();
                    let decided = entries.map(|entry| appending.decide(entry, time, &mut newest));
                    decided.collect::<Result<_, Problem>>()?
                }
                Writes::Records(records) => {
                    let records = records.into_iter();
                    let decided = records.map(|record| recording.decide(record, time, &mut newest));
                    decided.collect()
                }
            });
        }
        if newest == before {
            connection.batch_execute("COMMIT").await?;
            return Ok(outcomes);
        }
        appending.write(connection, tenant).await?;
        recording.write(connection, tenant).await?;
        move_on(connection, tenant, before, newest).await?;
        connection.batch_execute("COMMIT").await?;
        Ok(outcomes)
    }
}

/// Begins a transaction behind the tenant's lock, and gives its last position.
pub async fn begin(connection: &Object, tenant: i32) -> Result<Position, Fault> {
    // Numbers and nothing else are put into this text; each statement sees what was committed before it began.
    let text = format!(
        "BEGIN; SELECT pg_advisory_xact_lock({LOCK_CLASS}, {tenant}); \
         SELECT t.position FROM profitscore.tenants t WHERE t.tenant = {tenant}"
    );
    let mut position = None;
    for message in connection.simple_query(&text).await? {
        if let SimpleQueryMessage::Row(row) = message
            && let Ok(Some(text)) = row.try_get("position")
        {
            position = text.parse().ok();
        }
    }
    let gone = || Problem::ledger_damaged("a tenant without a position");
    Ok(position.ok_or_else(gone)?)
}

/// Sets the tenant's position, which nobody else can have moved behind the lock.
pub async fn move_on(
    connection: &Object,
    tenant: i32,
    before: Position,
    newest: Position,
) -> Result<(), Fault> {
    let mut sql = Sql::default();
    let (newest, tenant) = (sql.bind(seq(newest)), sql.bind(tenant));
    let old = sql.bind(seq(before));
    sql.push(&format!(
        "UPDATE profitscore.tenants t SET position = {newest} \
         WHERE t.tenant = {tenant} AND t.position = {old} RETURNING t.position"
    ));
    let moved = rows(connection, &sql).await?;
    match moved.first() {
        Some(row) if count(column(row, "position")?) > before => Ok(()),
        _ => Err(Problem::store_unavailable("somebody wrote without the tenant's lock").into()),
    }
}
