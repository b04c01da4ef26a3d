//! Makes the tables and brings them up to date, and refuses a database that is not what this program expects.

use super::{
    database::{Database, Fault, column, rows},
    settings::PostgresSettings,
    sql::Sql,
    tenants::LOCK_CLASS,
};
use crate::domain::problem::{Problem, Reason};
use deadpool_postgres::Object;

/// What brings a database from each version to the next.
const MIGRATIONS: [&str; 9] = [
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
    include_str!("schema/0007.sql"),
    include_str!("schema/0008.sql"),
    include_str!("schema/0009.sql"),
];
/// What spreads the tables over the machines of a Citus cluster, once they are made.
const CITUS: &str = include_str!("schema/citus.sql");
/// The oldest PostgreSQL that has all that is used.
const OLDEST: i32 = 150_000;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The version before; 0 for none.
    pub from: usize,
    /// The version now.
    pub to: usize,
    /// Whether the tables are spread over a Citus cluster.
    pub is_distributed: bool,
}

/// Makes what is missing. Several processes may do so at once; all is done or nothing.
pub async fn migrate(database: &Database) -> Result<Migrated, Problem> {
    let connection = database.connection().await?;
    check_server(&connection).await?;
    match migrate_on(&connection).await {
        Ok(migrated) => Ok(migrated),
        Err(fault) => {
            drop(Object::take(connection));
            Err(fault.into())
        }
    }
}

async fn migrate_on(connection: &Object) -> Result<Migrated, Fault> {
    let begin = format!(
        "BEGIN; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({LOCK_CLASS}, 0); \
         CREATE SCHEMA IF NOT EXISTS profitscore; \
         CREATE TABLE IF NOT EXISTS profitscore.migrations \
         (version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())"
    );
    connection.batch_execute(&begin).await?;
    let from = version(connection).await?;
    refuse_newer(from)?;
    let is_distributed = has_citus(connection).await?;
    for (number, migration) in (1..).zip(MIGRATIONS).skip(from) {
        connection.batch_execute(migration).await?;
        let applied = format!("INSERT INTO profitscore.migrations (version) VALUES ({number})");
        connection.batch_execute(&applied).await?;
    }
    if is_distributed && from == 0 {
        connection.batch_execute(CITUS).await?;
    }
    connection.batch_execute("COMMIT").await?;
    Ok(Migrated {
        from,
        to: MIGRATIONS.len(),
        is_distributed,
    })
}

/// Refuses a database that is not migrated, or was first served with another currency or time zone. Says whether its
/// tables are spread over a Citus cluster.
pub async fn check(database: &Database, settings: &PostgresSettings) -> Result<bool, Problem> {
    let mut attempts = database.patient_attempts();
    loop {
        let checked = async {
            let connection = database.connection().await?;
            check_server(&connection).await?;
            check_on(&connection, settings).await
        };
        match checked.await {
            Ok(is_distributed) => return Ok(is_distributed),
            Err(fault) => attempts.after(fault).await?,
        }
    }
}

async fn check_on(connection: &Object, settings: &PostgresSettings) -> Result<bool, Fault> {
    let mut sql = Sql::default();
    sql.push("SELECT to_regclass('profitscore.migrations') IS NOT NULL AS found");
    let found: bool = column(&one(connection, &sql).await?, "found")?;
    let version = if found { version(connection).await? } else { 0 };
    refuse_newer(version)?;
    if version < MIGRATIONS.len() {
        let problem = format!(
            "its tables are of version {version}, this program needs {}: run profitscore migrate",
            MIGRATIONS.len()
        );
        return Err(Problem::store_unavailable(&problem).into());
    }
    let currency = settings.currency.to_string();
    keep_first(connection, "currency", &currency, settings).await?;
    let zone = settings.calendar.zone_name().to_owned();
    keep_first(connection, "time_zone", &zone, settings).await?;
    has_citus(connection).await
}

/// Keeps what the database is first served with, and refuses another.
async fn keep_first(
    connection: &Object,
    name: &'static str,
    own: &str,
    settings: &PostgresSettings,
) -> Result<(), Fault> {
    let mut sql = Sql::default();
    let currency = sql.bind(settings.currency.to_string());
    let zone = sql.bind(settings.calendar.zone_name().to_owned());
    sql.push(&format!(
        "INSERT INTO profitscore.settings (currency, time_zone) VALUES ({currency}, {zone}) \
         ON CONFLICT DO NOTHING"
    ));
    rows(connection, &sql).await?;
    let mut sql = Sql::default();
    sql.push("SELECT s.currency, s.time_zone FROM profitscore.settings s");
    let kept: String = column(&one(connection, &sql).await?, name)?;
    if kept == own {
        return Ok(());
    }
    let message = format!("the database was made with {name} {kept}, not {own}");
    let variables = [
        ("field", name.to_owned()),
        ("made_with", kept),
        ("asked", own.to_owned()),
    ];
    Err(Problem::new(Reason::FieldInvalid, name, message, variables).into())
}

async fn version(connection: &Object) -> Result<usize, Fault> {
    let mut sql = Sql::default();
    sql.push("SELECT coalesce(max(m.version), 0) AS version FROM profitscore.migrations m");
    let version: i32 = column(&one(connection, &sql).await?, "version")?;
    Ok(usize::try_from(version).unwrap_or(0))
}

fn refuse_newer(version: usize) -> Result<(), Problem> {
    if version <= MIGRATIONS.len() {
        return Ok(());
    }
    let problem = format!(
        "its tables are of version {version}, made by a newer program than this, which knows {}",
        MIGRATIONS.len()
    );
    Err(Problem::store_unavailable(&problem))
}

async fn check_server(connection: &Object) -> Result<(), Fault> {
    let mut sql = Sql::default();
    sql.push(
        "SELECT current_setting('server_version_num')::integer AS version, \
         current_setting('server_encoding') AS encoding",
    );
    let row = one(connection, &sql).await?;
    let (version, encoding): (i32, String) = (column(&row, "version")?, column(&row, "encoding")?);
    if version < OLDEST {
        let (major, oldest) = (version / 10_000, OLDEST / 10_000);
        let problem = format!("it is PostgreSQL {major}, at least {oldest} is needed");
        return Err(Problem::store_unavailable(&problem).into());
    }
    if encoding != "UTF8" {
        let problem = format!("its encoding is {encoding}, UTF8 is needed");
        return Err(Problem::store_unavailable(&problem).into());
    }
    Ok(())
}

async fn has_citus(connection: &Object) -> Result<bool, Fault> {
    let mut sql = Sql::default();
    sql.push("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS found");
    Ok(column(&one(connection, &sql).await?, "found")?)
}

async fn one(connection: &Object, sql: &Sql) -> Result<tokio_postgres::Row, Fault> {
    let row = rows(connection, sql).await?.pop();
    Ok(row.ok_or_else(|| Problem::ledger_damaged("a row that is gone"))?)
}
