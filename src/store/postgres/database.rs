//! Connections to the database, statements, and what is tried again when one fails. Knows no table.

use super::{settings::DatabaseSettings, sql::Sql, tls::Tls};
use crate::domain::problem::Problem;
use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use std::{
    collections::BTreeSet,
    sync::{PoisonError, RwLock},
    time::Duration,
};
use tokio_postgres::{Error, Row, Statement, error::SqlState};
use tokio_stream::StreamExt as _;

/// How long one waits for a connection that is free.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How long one waits before the first retry; each further wait is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// How many statements a connection knows before it forgets all of them.
const MOST_STATEMENTS: usize = 200;
/// How long the database may take to say that it is there.
const PROBE: Duration = Duration::from_secs(3);
/// What the database says of a number that has no room.
const TOO_LONG: SqlState = SqlState::NUMERIC_VALUE_OUT_OF_RANGE;
const LONGEST_PAUSE: Duration = Duration::from_millis(1_600);

/// A pool of connections.
pub struct Database {
    pool: Pool,
    /// A connection of its own for who only wants to know whether the database answers.
    probe: Pool,
    tls: Tls,
    retries: u32,
    /// Tenants whose values were once too long for eight bytes.
    exact_tenants: RwLock<BTreeSet<i32>>,
    is_distributed: bool,
}

/// A connection while it answers. If nobody waits for the answer any more, the database is told to stop, and nobody
/// else gets the connection.
struct Asked {
    connection: Option<Object>,
    tls: Tls,
}

impl Asked {
    fn connection(&self) -> Result<&Object, Problem> {
        let gone = || Problem::store_unavailable("the connection was given back");
        self.connection.as_ref().ok_or_else(gone)
    }

    /// Gives the connection back to the pool.
    fn is_answered(&mut self) {
        self.connection = None;
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let (Some(connection), Ok(runtime)) = (
            self.connection.take(),
            tokio::runtime::Handle::try_current(),
        ) else {
            return;
        };
        let (client, tls) = (Object::take(connection), self.tls.clone());
        runtime.spawn(async move {
            // What cannot be stopped ends by its own limit of time.
            let _ = client.cancel_token().cancel_query(tls).await;
        });
    }
}

/// Why something failed.
#[derive(Debug)]
pub enum Fault {
    /// The database or the way to it.
    Database(Error),
    /// No connection was free, or none could be made.
    Pool(PoolError),
    /// It was refused, or what was read is not what was written.
    Problem(Problem),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        Self::Pool(error)
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Problem(problem) => problem,
            Fault::Database(error) => Self::store_unavailable(&text(&error)),
            Fault::Pool(PoolError::Backend(error)) => Self::store_unavailable(&text(&error)),
            Fault::Pool(error) => Self::store_unavailable(&error.to_string()),
        }
    }
}

/// What the database said, without details: those quote what was written.
fn text(error: &Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{} (SQLSTATE {})", said.message(), said.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

impl Fault {
    /// Whether the same can succeed when it is simply tried again.
    fn passes(&self) -> bool {
        match self {
            Self::Database(error) | Self::Pool(PoolError::Backend(error)) => passes(error),
            Self::Problem(_) | Self::Pool(_) => false,
        }
    }
}

fn passes(error: &Error) -> bool {
    let Some(code) = error.code() else {
        let source = std::error::Error::source(error);
        let broken = source.and_then(|source| source.downcast_ref::<std::io::Error>());
        // A certificate that is refused is refused again.
        return error.is_closed()
            || broken.is_some_and(|broken| broken.kind() != std::io::ErrorKind::InvalidData);
    };
    let code = code.code();
    code.starts_with("08") || ["57P01", "57P02", "57P03", "40001", "40P01", "XX000"].contains(&code)
}

/// Counts attempts at one thing.
pub struct Attempts {
    left: u32,
    pause: Duration,
}

impl Attempts {
    /// Waits before the next attempt; gives the fault back if there is to be none.
    pub async fn after(&mut self, fault: Fault) -> Result<(), Fault> {
        if self.left == 0 || !fault.passes() {
            return Err(fault);
        }
        let problem = Problem::from(fault);
        tracing::warn!(problem = problem.message, "trying again");
        self.left -= 1;
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

impl Database {
    /// Prepares a pool; connects to nothing yet.
    pub fn new(settings: &DatabaseSettings) -> Result<Self, Problem> {
        let tls = Tls::trusting(settings.authorities.as_ref())?;
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let connections = Manager::from_config(settings.config.clone(), tls.clone(), recycling);
        let asking = ManagerConfig {
            recycling_method: RecyclingMethod::Verified,
        };
        let probe = Manager::from_config(settings.config.clone(), tls.clone(), asking);
        let probe = Pool::builder(probe)
            .max_size(1)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(PROBE))
            .create_timeout(Some(PROBE))
            .recycle_timeout(Some(PROBE))
            .build()
            .map_err(|error| Problem::store_unavailable(&error.to_string()))?;
        // Plans are made for the values of a question: a period of a week and all time want different ones. Compiling
        // them to machine code takes longer than most questions. Two processes that each group by customer have nearly
        // as many groups each, and what brings them together takes longer than was won.
        let session = format!(
            "SET plan_cache_mode = force_custom_plan; SET jit = off; SET parallel_tuple_cost = 1; \
             SET work_mem = '{}MB'; SET statement_timeout = {}; SET idle_in_transaction_session_timeout = '60s'",
            settings.work_memory,
            settings.statement_timeout.as_millis(),
        );
        let prepare = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
            let session = session.clone();
            Box::pin(async move {
                client
                    .batch_execute(&session)
                    .await
                    .map_err(HookError::Backend)
            })
        });
        let pool = Pool::builder(connections)
            .max_size(settings.connections.max(2))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(LONGEST_WAIT))
            .create_timeout(Some(LONGEST_WAIT))
            .post_create(prepare)
            .build()
            .map_err(|error| Problem::store_unavailable(&error.to_string()))?;
        Ok(Self {
            pool,
            probe,
            tls,
            retries: settings.retries,
            exact_tenants: RwLock::default(),
            is_distributed: false,
        })
    }

    /// Fails if the database does not answer soon.
    pub async fn reach(&self) -> Result<(), Problem> {
        // A connection that is taken out of the pool again was asked whether it lives; one that is new has just begun.
        let reached = self.probe.get().await.map_err(Fault::from)?;
        drop(reached);
        Ok(())
    }

    /// The same, with tables that are spread over machines: those know nothing but what PostgreSQL brings with it.
    pub fn distributed(self, is_distributed: bool) -> Self {
        Self {
            is_distributed,
            ..self
        }
    }

    /// A connection.
    pub async fn connection(&self) -> Result<Object, Fault> {
        Ok(self.pool.get().await?)
    }

    /// A connection that is asked something.
    async fn asked(&self) -> Result<Asked, Fault> {
        Ok(Asked {
            connection: Some(self.connection().await?),
            tls: self.tls.clone(),
        })
    }

    /// Begins to count attempts.
    pub fn attempts(&self) -> Attempts {
        Attempts {
            left: self.retries,
            pause: FIRST_PAUSE,
        }
    }

    /// Begins to count attempts at what somebody will wait for while a database starts: for more than a minute.
    pub fn patient_attempts(&self) -> Attempts {
        Attempts {
            left: 50.max(self.retries),
            pause: FIRST_PAUSE,
        }
    }

    /// The rows that a question has.
    pub async fn rows(&self, sql: &Sql) -> Result<Vec<Row>, Problem> {
        Ok(self.answered(sql).await?)
    }

    async fn answered(&self, sql: &Sql) -> Result<Vec<Row>, Fault> {
        let mut attempts = self.attempts();
        loop {
            let asked = async {
                let mut asked = self.asked().await?;
                let answer = rows(asked.connection()?, sql).await;
                asked.is_answered();
                answer
            };
            match asked.await {
                Ok(rows) => return Ok(rows),
                Err(fault) => attempts.after(fault).await?,
            }
        }
    }

    /// Whether a tenant's values are added up in eight bytes.
    fn is_quick(&self, tenant: i32) -> bool {
        let exact = self.exact_tenants.read();
        let exact = exact.unwrap_or_else(PoisonError::into_inner);
        !self.is_distributed && !exact.contains(&tenant)
    }

    /// Keeps in mind that they do not suffice for the tenant, if that is why a question failed.
    fn is_too_long(&self, tenant: i32, fault: &Fault) -> bool {
        let Fault::Database(error) = fault else {
            return false;
        };
        let is_too_long = error.code() == Some(&TOO_LONG);
        if is_too_long {
            let exact = self.exact_tenants.write();
            exact.unwrap_or_else(PoisonError::into_inner).insert(tenant);
        }
        is_too_long
    }

    /// The rows that a question has, asked in a quick form if there is one; in an exact form if the database finds
    /// that eight bytes do not suffice for the tenant's values, and from then on.
    pub async fn quick_or_exact(
        &self,
        tenant: i32,
        quick: Option<Sql>,
        exact: impl FnOnce() -> Sql,
    ) -> Result<Vec<Row>, Problem> {
        if let Some(quick) = quick.filter(|_| self.is_quick(tenant)) {
            match self.answered(&quick).await {
                Err(fault) if self.is_too_long(tenant, &fault) => {}
                answer => return Ok(answer?),
            }
        }
        self.rows(&exact()).await
    }

    /// The same of a question that may have very many rows: visits them, and nothing where all begins anew.
    pub async fn each_quick_or_exact(
        &self,
        tenant: i32,
        quick: Sql,
        exact: impl FnOnce() -> Sql,
        mut visit: impl FnMut(Option<&Row>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        if self.is_quick(tenant) {
            match self.visited(&quick, |row| visit(Some(row))).await {
                Err(fault) if self.is_too_long(tenant, &fault) => visit(None)?,
                done => return Ok(done?),
            }
        }
        self.each_row(&exact(), |row| visit(Some(row))).await
    }

    /// Visits the rows of a question that may have very many. What fails after the first row is not tried again.
    pub async fn each_row(
        &self,
        sql: &Sql,
        visit: impl FnMut(&Row) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        Ok(self.visited(sql, visit).await?)
    }

    async fn visited(
        &self,
        sql: &Sql,
        mut visit: impl FnMut(&Row) -> Result<(), Problem>,
    ) -> Result<(), Fault> {
        let mut attempts = self.attempts();
        loop {
            let begun = async {
                let asked = self.asked().await?;
                let connection = asked.connection()?;
                let statement = prepared(connection, sql).await?;
                let rows = connection.query_raw(&statement, sql.parameters()).await?;
                Ok((asked, rows))
            };
            match begun.await {
                Ok((mut asked, rows)) => {
                    let mut rows = std::pin::pin!(rows);
                    while let Some(row) = rows.next().await {
                        visit(&row.map_err(Fault::from)?)?;
                    }
                    asked.is_answered();
                    return Ok(());
                }
                Err(fault) => attempts.after(fault).await?,
            }
        }
    }
}

/// A statement that the connection knows, or learns.
async fn prepared(connection: &Object, sql: &Sql) -> Result<Statement, Fault> {
    // Clients choose how many filters a question has, and so how many statements there are.
    if connection.statement_cache.size() >= MOST_STATEMENTS {
        connection.statement_cache.clear();
    }
    Ok(connection.prepare_cached(sql.text()).await?)
}

/// The rows that a question has, asked on a given connection.
pub async fn rows(connection: &Object, sql: &Sql) -> Result<Vec<Row>, Fault> {
    let statement = prepared(connection, sql).await?;
    let parameters: Vec<_> = sql.parameters().collect();
    Ok(connection.query(&statement, &parameters).await?)
}

/// Takes a column out of a row.
pub fn column<'r, T: tokio_postgres::types::FromSql<'r>>(
    row: &'r Row,
    name: &str,
) -> Result<T, Problem> {
    row.try_get(name)
        .map_err(|error| Problem::ledger_damaged(&text(&error)))
}
