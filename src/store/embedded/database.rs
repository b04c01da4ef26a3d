//! The folder: its lock, its SQLite database, and what is written into which table.
//!
//! Knows nothing of what a body says.

use super::settings::EmbeddedSettings;
use crate::domain::{
    ledger::Position,
    problem::{Problem, Reason},
};
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params};
use std::{
    fmt::Display,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

/// The database in the folder.
pub(super) const DATABASE: &str = "ledger.db";
/// The file whose lock says that the folder is open.
const LOCK: &str = "LOCK";
/// Marks the database as one of ours, in its first page: "PrSc".
const APPLICATION: i32 = 0x5072_5363;
/// The version of the tables.
const FORMAT: i32 = 1;
/// How long a write waits for another program that writes to the database, such as one that mends it by hand.
const PATIENCE: Duration = Duration::from_secs(1);

/// Pages of 16 KiB and a log of 4 MiB were measured to append fastest (`benches/append_engine.rs`). FULL: what is
/// committed is on the disk.
const PRAGMAS: &str = "PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    PRAGMA wal_autocheckpoint=256; PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF";

/// Rows of both tables are numbered in one order, without gaps; positions are a tenant's, without gaps, over both.
/// `tail` says where a tenant's last row ends, so that it is missed if it is lost.
const SCHEMA: &str = "
    CREATE TABLE ledger(id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, first_position INTEGER NOT NULL,
        count INTEGER NOT NULL, checksum INTEGER NOT NULL, body BLOB NOT NULL,
        UNIQUE(tenant, first_position)) STRICT;
    CREATE TABLE records(id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, first_position INTEGER NOT NULL,
        count INTEGER NOT NULL, checksum INTEGER NOT NULL, body BLOB NOT NULL,
        UNIQUE(tenant, first_position)) STRICT;
    CREATE TABLE tail(tenant TEXT PRIMARY KEY, position INTEGER NOT NULL, checksum INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
    CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;";

/// Which table a row is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// Activities and reversals.
    Ledger,
    /// Parties, trait definitions and cost models.
    Records,
}

impl Table {
    /// The table's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Records => "records",
        }
    }
}

/// Some writes of one tenant, one after the other, as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Its number among all rows, from 1.
    pub id: u64,
    /// Where it is.
    pub table: Table,
    /// Whose it is.
    pub tenant: String,
    /// The position of its first write.
    pub first: Position,
    /// How many writes it has.
    pub count: u64,
    /// The checksum over it and the tenant's row before.
    pub checksum: u32,
    /// The writes.
    pub body: Vec<u8>,
}

/// Where a tenant's last row ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tail {
    /// Whose.
    pub tenant: String,
    /// The last position.
    pub position: Position,
    /// The checksum of the last row.
    pub checksum: u32,
}

/// An open folder. Nobody else can open it until this is dropped.
pub(super) struct Database {
    connection: Connection,
    // Dropped after the connection, so that the log is in the database before another process may open it.
    _lock: File,
}

impl Database {
    /// Opens a folder, or makes it.
    pub fn open(settings: &EmbeddedSettings) -> Result<Self, Problem> {
        let folder = &settings.folder;
        fs::create_dir_all(folder).map_err(|error| folder_problem(folder, error))?;
        let lock = lock(folder)?;
        let mut connection = connect(folder)?;
        make(&mut connection, settings).map_err(|error| sqlite_problem(&error))?;
        let database = Self {
            connection,
            _lock: lock,
        };
        // At every opening, since the one that made them may have been cut short: the names in the folder, and the
        // folder's own name and those of the folders around it.
        for folder in folder.ancestors() {
            match sync(folder) {
                Err(problem) if folder == settings.folder => return Err(problem),
                // Folders further up may belong to others, who keep them.
                Err(_) => break,
                Ok(()) => {}
            }
        }
        database.check(settings)?;
        Ok(database)
    }

    /// Refuses a folder of another program, another version, another currency or another time zone.
    fn check(&self, settings: &EmbeddedSettings) -> Result<(), Problem> {
        let damaged = |error: rusqlite::Error| damage("table meta", &error);
        let pragma = |name| {
            let value = self
                .connection
                .pragma_query_value(None, name, |row| row.get::<_, i32>(0));
            value.map_err(damaged)
        };
        if pragma("application_id")? != APPLICATION {
            return Err(Problem::ledger_damaged(
                "ledger.db is not a database of this program",
            ));
        }
        let format = pragma("user_version")?;
        if format != FORMAT {
            let message = format!("ledger.db is of format {format}, this program reads {FORMAT}");
            return Err(Problem::store_unavailable(&message));
        }
        let meta = |key: &str| {
            let value = "SELECT value FROM meta WHERE key = ?1";
            let value = self.connection.query_row(value, [key], |row| row.get(0));
            value.map_err(damaged)
        };
        let (kept, given): (String, _) = (meta("currency")?, settings.currency.as_str());
        if kept != given {
            let message = format!("the folder was made with the currency {kept}, not {given}");
            let variables = [("currency", given.to_owned()), ("reporting_currency", kept)];
            return Err(Problem::new(
                Reason::CurrencyMismatch,
                "currency",
                message,
                variables,
            ));
        }
        let (kept, given): (String, _) = (meta("time_zone")?, settings.calendar.zone_name());
        if kept != given {
            let problem = format!("is {given}, but the folder was made with {kept}");
            return Err(Problem::field_invalid("time_zone", &problem));
        }
        Ok(())
    }

    /// How many rows there are, and the number of the last one.
    pub fn row_count(&self) -> Result<u64, Problem> {
        let count = "SELECT (SELECT count(*) FROM ledger) + (SELECT count(*) FROM records)";
        let count = self.connection.query_row(count, [], |row| row.get(0));
        count.map_err(|error| damage("tables ledger and records", &error))
    }

    /// Calls `visit` with every row, in the order of their numbers.
    pub fn for_each_row(
        &self,
        mut visit: impl FnMut(Row) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let all = "
            SELECT id, 0, tenant, first_position, count, checksum, body FROM ledger UNION ALL
            SELECT id, 1, tenant, first_position, count, checksum, body FROM records ORDER BY id";
        let mut last = 0;
        let damaged = |last: u64, error: &rusqlite::Error| {
            damage(&format!("after row {last} of ledger and records"), error)
        };
        let mut statement =
            (self.connection.prepare(all)).map_err(|error| damaged(last, &error))?;
        let mut rows = statement.query([]).map_err(|error| damaged(last, &error))?;
        while let Some(row) = rows.next().map_err(|error| damaged(last, &error))? {
            let table = row.get::<_, i64>(1).map(|table| match table {
                0 => Table::Ledger,
                _ => Table::Records,
            });
            let row = table.and_then(|table| {
                Ok(Row {
                    id: row.get(0)?,
                    table,
                    tenant: row.get(2)?,
                    first: row.get(3)?,
                    count: row.get(4)?,
                    checksum: row.get(5)?,
                    body: row.get(6)?,
                })
            });
            let row = row.map_err(|error| damaged(last, &error))?;
            last = row.id;
            visit(row)?;
        }
        Ok(())
    }

    /// Where every tenant's last row ends.
    pub fn tails(&self) -> Result<Vec<Tail>, Problem> {
        let read = || {
            let mut statement = self
                .connection
                .prepare("SELECT tenant, position, checksum FROM tail")?;
            let tails = statement.query_map([], |row| {
                Ok(Tail {
                    tenant: row.get(0)?,
                    position: row.get(1)?,
                    checksum: row.get(2)?,
                })
            })?;
            tails.collect::<rusqlite::Result<Vec<Tail>>>()
        };
        read().map_err(|error| damage("table tail", &error))
    }

    /// Looks at the structure of every page.
    pub fn check_pages(&self) -> Result<(), Problem> {
        let check = self
            .connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
        let found: String = check.map_err(|error| damage("ledger.db", &error))?;
        if found == "ok" {
            return Ok(());
        }
        Err(Problem::ledger_damaged(&format!("ledger.db: {found}")))
    }

    /// Writes rows and tails: all of them durably, or none.
    pub fn write(&mut self, rows: &[Row], tails: &[Tail]) -> Result<(), Problem> {
        let mut write = || {
            let behavior = TransactionBehavior::Immediate;
            let transaction = self.connection.transaction_with_behavior(behavior)?;
            insert(&transaction, rows, tails)?;
            transaction.commit()
        };
        write().map_err(|error| sqlite_problem(&error))
    }

    /// Puts the log into the database and closes it.
    pub fn close(self) {
        // Whatever fails here is in the log still, and is put into the database when the folder is opened again.
        let _ = (self.connection).query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }

    /// The connection, so that tests can make it fail.
    #[cfg(test)]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

fn insert(transaction: &Transaction<'_>, rows: &[Row], tails: &[Tail]) -> rusqlite::Result<()> {
    let into = |table: Table| {
        transaction.prepare(match table {
            Table::Ledger => {
                "INSERT INTO ledger(id, tenant, first_position, count, checksum, body)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
            }
            Table::Records => {
                "INSERT INTO records(id, tenant, first_position, count, checksum, body)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
            }
        })
    };
    let (mut ledger, mut records) = (into(Table::Ledger)?, into(Table::Records)?);
    for row in rows {
        let insert = match row.table {
            Table::Ledger => &mut ledger,
            Table::Records => &mut records,
        };
        insert.execute(params![
            row.id,
            row.tenant,
            row.first,
            row.count,
            row.checksum,
            row.body
        ])?;
    }
    let mut replace =
        transaction.prepare("REPLACE INTO tail(tenant, position, checksum) VALUES(?1, ?2, ?3)")?;
    for tail in tails {
        replace.execute(params![tail.tenant, tail.position, tail.checksum])?;
    }
    Ok(())
}

/// Reads single rows, beside the connection that writes.
pub(super) struct RowReader {
    connection: Connection,
}

impl RowReader {
    /// A reader of a folder that is open.
    pub fn open(folder: &Path) -> Result<Self, Problem> {
        let connection = connect(folder)?;
        let pragma = connection.pragma_update(None, "query_only", true);
        pragma.map_err(|error| sqlite_problem(&error))?;
        Ok(Self { connection })
    }

    /// Reads the row with a number.
    pub fn row(&self, table: Table, id: u64) -> Result<Row, Problem> {
        let select = match table {
            Table::Ledger => {
                "SELECT tenant, first_position, count, checksum, body FROM ledger WHERE id = ?1"
            }
            Table::Records => {
                "SELECT tenant, first_position, count, checksum, body FROM records WHERE id = ?1"
            }
        };
        let read = || {
            let mut statement = self.connection.prepare(select)?;
            statement.query_row([id], |row| {
                Ok(Row {
                    id,
                    table,
                    tenant: row.get(0)?,
                    first: row.get(1)?,
                    count: row.get(2)?,
                    checksum: row.get(3)?,
                    body: row.get(4)?,
                })
            })
        };
        read().map_err(|error| damage(&format!("row {id} of table {}", table.name()), &error))
    }
}

fn connect(folder: &Path) -> Result<Connection, Problem> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(folder.join(DATABASE), flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.execute_batch(PRAGMAS)?;
        Ok(connection)
    };
    open().map_err(|error| sqlite_problem(&error))
}

/// Makes the tables in a database that has none. Says whether it did.
fn make(connection: &mut Connection, settings: &EmbeddedSettings) -> rusqlite::Result<bool> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let tables: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let application: i32 =
        transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if tables != 0 || application != 0 {
        return Ok(false);
    }
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    let mut meta = transaction.prepare("INSERT INTO meta(key, value) VALUES(?1, ?2)")?;
    meta.execute(["currency", settings.currency.as_str()])?;
    meta.execute(["time_zone", settings.calendar.zone_name()])?;
    drop(meta);
    transaction.commit()?;
    Ok(true)
}

fn lock(folder: &Path) -> Result<File, Problem> {
    let path: PathBuf = folder.join(LOCK);
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path);
    let lock = lock.map_err(|error| folder_problem(folder, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            let message = format!("the folder {} is open in another process", folder.display());
            Err(Problem::store_unavailable(&message))
        }
        Err(TryLockError::Error(error)) => Err(folder_problem(folder, error)),
    }
}

/// Makes the names in a folder durable.
fn sync(folder: &Path) -> Result<(), Problem> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let sync = File::open(folder).and_then(|folder| folder.sync_all());
    sync.map_err(|error| folder_problem(folder, error))
}

fn folder_problem(folder: &Path, error: impl Display) -> Problem {
    Problem::store_unavailable(&format!("the folder {}: {error}", folder.display()))
}

/// What a failure to write or to open means.
fn sqlite_problem(error: &rusqlite::Error) -> Problem {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Problem::ledger_damaged(&format!("ledger.db: {error}"))
        }
        _ => Problem::store_unavailable(&error.to_string()),
    }
}

/// What a failure to read means: the disk does not answer, or what it answers is not what was written.
fn damage(place: &str, error: &rusqlite::Error) -> Problem {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::OutOfMemory
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::DiskFull,
        ) => Problem::store_unavailable(&error.to_string()),
        _ => Problem::ledger_damaged(&format!("{place}: {error}")),
    }
}
