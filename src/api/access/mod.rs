//! Who calls, and what a caller may: its role and its tenants.
//!
//! The caller is known to everything that runs on behalf of its call, and to nothing else: what is spawned is to be
//! [`carry`]-ed. Who asks for a tenant without a caller is refused. Knows nothing of what services do.

mod prospects;
mod rates;
mod referrals;
pub mod tokens;
mod values;
pub mod view;
pub mod visibility;
mod whole;

use crate::domain::{
    id::TenantId,
    problem::{Problem, Reason},
};
use std::{collections::BTreeSet, future::Future, sync::Arc};

/// What a caller is to the business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees and does everything.
    Finance,
    /// Sees order, bands, decisions and reasons, and nothing that tells costs or margins.
    Sales,
    /// Brings activities and parties, and reads no report.
    Ingest,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Finance, Self::Sales, Self::Ingest];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finance => "FINANCE",
            Self::Sales => "SALES",
            Self::Ingest => "INGEST",
        }
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Its name, for the log.
    pub name: String,
    /// What it is to the business.
    pub role: Role,
    /// Whose data it may use; everybody's if `None`.
    pub tenants: Option<BTreeSet<TenantId>>,
}

impl Caller {
    /// Whoever calls a service that knows no tokens.
    pub fn anybody() -> Self {
        Self {
            name: String::new(),
            role: Role::Finance,
            tenants: None,
        }
    }
}

tokio::task_local! {
    static CALLER: Arc<Caller>;
}

/// Does something on behalf of a caller.
pub fn on_behalf<F: Future>(caller: Arc<Caller>, call: F) -> impl Future<Output = F::Output> {
    CALLER.scope(caller, call)
}

/// Does something that is spawned on behalf of the caller of the call that spawns it.
pub fn carry<F: Future>(task: F) -> impl Future<Output = F::Output> {
    let caller = CALLER.try_with(Arc::clone).ok();
    async move {
        match caller {
            Some(caller) => CALLER.scope(caller, task).await,
            None => task.await,
        }
    }
}

/// The tenant that a request names, or the default one; refused if the caller may not use its data.
pub fn tenant_from_pb(text: &str) -> Result<TenantId, Problem> {
    let field = "tenant_id";
    let tenant = TenantId::parse_or_default(text, field)?;
    let may = |caller: &Arc<Caller>| match &caller.tenants {
        None => true,
        Some(tenants) => tenants.contains(&tenant),
    };
    if CALLER.try_with(may).unwrap_or(false) {
        return Ok(tenant);
    }
    let message = format!("the caller may not use the data of tenant {tenant}");
    let variables = [("tenant_id", tenant.to_string())];
    Err(Problem::new(
        Reason::TenantNotAllowed,
        field,
        message,
        variables,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(tenants: Option<&[&str]>) -> Arc<Caller> {
        let named = |ids: &[&str]| ids.iter().map(|id| TenantId::stored(id)).collect();
        Arc::new(Caller {
            tenants: tenants.map(named),
            ..Caller::anybody()
        })
    }

    fn refused(found: Result<TenantId, Problem>) -> Reason {
        found.unwrap_err().reason
    }

    #[tokio::test]
    async fn who_is_nobody_has_no_tenant() {
        assert_eq!(refused(tenant_from_pb("t")), Reason::TenantNotAllowed);
        assert_eq!(refused(tenant_from_pb("a/b")), Reason::FieldInvalid);
        let spawned = carry(async { tenant_from_pb("t") });
        assert_eq!(refused(spawned.await), Reason::TenantNotAllowed);
    }

    #[tokio::test]
    async fn a_caller_has_its_own_tenants_also_in_what_it_spawns() {
        let ask = |tenants, asked: &'static str| {
            on_behalf(caller(tenants), async move {
                let spawned = tokio::spawn(carry(async move { tenant_from_pb(asked) }));
                let spawned = spawned.await.unwrap();
                assert_eq!(spawned, tenant_from_pb(asked));
                let forgotten = tokio::spawn(async move { tenant_from_pb(asked) });
                assert!(forgotten.await.unwrap().is_err());
                spawned
            })
        };
        assert!(ask(None, "").await.is_ok());
        assert!(ask(Some(&["t", "default"]), "").await.is_ok());
        assert!(ask(Some(&["t", "default"]), "t").await.is_ok());
        assert_eq!(
            refused(ask(Some(&["t"]), "").await),
            Reason::TenantNotAllowed
        );
        assert_eq!(refused(ask(Some(&[]), "t").await), Reason::TenantNotAllowed);
    }
}
