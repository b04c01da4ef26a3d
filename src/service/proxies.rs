//! Which traits that enter models stand in for traits that may not.

use super::Service;
use crate::domain::{
    id::TenantId,
    ledger::Position,
    model::proxy::{Proxy, proxies},
    party::PartyQuestion,
    problem::Problem,
    traits::Traits,
};

/// Every pair, and how many parties were looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct ProxyReport {
    /// The strongest first.
    pub proxies: Vec<Proxy>,
    /// How many parties were looked at.
    pub parties: u64,
}

impl Service {
    /// Looks at all stored parties.
    pub async fn proxy_report(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<ProxyReport, Problem> {
        let question = PartyQuestion {
            stage: None,
            traits: Vec::new(),
            without_sales: false,
            after: None,
            as_of,
            limit: usize::MAX,
        };
        let parties = self.parties(tenant, &question).await?.parties;
        let definitions = self.trait_definitions(tenant, as_of).await?;
        let report = move || {
            let traits: Vec<&Traits> = parties.iter().map(|party| &party.traits).collect();
            ProxyReport {
                proxies: proxies(&definitions, &traits),
                parties: parties.len() as u64,
            }
        };
        super::compute::compute(report).await
    }
}
