//! Tenants and how far each is written. Numbers of tenants never change, so that they are kept.

use super::{
    database::{Database, Fault, column, rows},
    sql::{Sql, count},
};
use crate::domain::{id::TenantId, ledger::Position, problem::Problem};
use deadpool_postgres::Object;
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

/// What advisory locks of this program have as their first number: the letters `prof`.
pub const LOCK_CLASS: i32 = 0x7072_6f66;
/// What nobody has as a number.
pub const NOBODY: i32 = 0;

/// The numbers of tenants.
#[derive(Default)]
pub struct Tenants {
    known: RwLock<HashMap<TenantId, i32>>,
}

impl Tenants {
    fn known(&self, tenant: &TenantId) -> Option<i32> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(tenant).copied()
    }

    fn know(&self, tenant: &TenantId, number: i32) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(tenant.clone(), number);
    }

    /// The number of a tenant; [`NOBODY`] for one that was never written to.
    pub async fn number(&self, database: &Database, tenant: &TenantId) -> Result<i32, Problem> {
        if let Some(number) = self.known(tenant) {
            return Ok(number);
        }
        let mut sql = Sql::default();
        let name = sql.bind(tenant.to_string());
        sql.push(&format!(
            "SELECT t.tenant FROM profitscore.tenants t WHERE t.name = {name}"
        ));
        let Some(row) = database.rows(&sql).await?.pop() else {
            return Ok(NOBODY);
        };
        let number = column(&row, "tenant")?;
        self.know(tenant, number);
        Ok(number)
    }

    /// The number of a tenant that is about to be written to.
    pub async fn number_to_write(
        &self,
        connection: &Object,
        tenant: &TenantId,
    ) -> Result<i32, Fault> {
        if let Some(number) = self.known(tenant) {
            return Ok(number);
        }
        let mut sql = Sql::default();
        let name = sql.bind(tenant.to_string());
        sql.push(&format!(
            "INSERT INTO profitscore.tenants (name) VALUES ({name}) ON CONFLICT (name) DO NOTHING"
        ));
        rows(connection, &sql).await?;
        let mut sql = Sql::default();
        let name = sql.bind(tenant.to_string());
        sql.push(&format!(
            "SELECT t.tenant FROM profitscore.tenants t WHERE t.name = {name}"
        ));
        let found = rows(connection, &sql).await?.pop();
        let row = found.ok_or_else(|| Problem::ledger_damaged("a tenant that is gone"))?;
        let number = column(&row, "tenant")?;
        self.know(tenant, number);
        Ok(number)
    }
}

/// The position up to which everything is visible.
///
/// What a transaction wrote is visible together with the position that it set. That is enough on one database. Citus
/// ends a transaction on each of its machines by itself: there the position is read behind the lock that a writer
/// holds until all of them are done.
pub async fn watermark(
    database: &Database,
    tenant: i32,
    is_distributed: bool,
) -> Result<Position, Problem> {
    if is_distributed {
        let mut sql = Sql::default();
        let (class, tenant) = (sql.bind(LOCK_CLASS), sql.bind(tenant));
        sql.push(&format!(
            "SELECT 1 AS one FROM pg_advisory_xact_lock_shared({class}, {tenant})"
        ));
        database.rows(&sql).await?;
    }
    position(database, tenant).await
}

/// Every tenant with something written, in the order of their ids.
pub async fn written(database: &Database) -> Result<Vec<TenantId>, Problem> {
    let mut sql = Sql::default();
    sql.push("SELECT t.name FROM profitscore.tenants t WHERE t.position > 0 ORDER BY t.name");
    let rows = database.rows(&sql).await?;
    let name = |row| Ok(TenantId::stored(column(row, "name")?));
    rows.iter().map(name).collect()
}

/// The position that is committed.
pub async fn position(database: &Database, tenant: i32) -> Result<Position, Problem> {
    let mut sql = Sql::default();
    let tenant = sql.bind(tenant);
    sql.push(&format!(
        "SELECT t.position FROM profitscore.tenants t WHERE t.tenant = {tenant}"
    ));
    match database.rows(&sql).await?.pop() {
        Some(row) => Ok(count(column(&row, "position")?)),
        None => Ok(0),
    }
}
