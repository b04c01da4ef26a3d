//! By what customers buy: stored terms, those beside the rows of a report, and those that customers are grouped by.

use super::{Service, rankings::Ranking};
use crate::domain::{
    id::{PartyId, TenantId},
    price_terms::{PriceTerms, PriceTermsQuestion, StoredPriceTerms, TermsKey, last_day},
    problem::Problem,
    question::Scope,
};

/// How many terms are read at once.
const AT_ONCE: usize = 10_000;

impl Service {
    /// Stored terms, in the order of customers and first days.
    pub async fn list_price_terms(
        &self,
        tenant: &TenantId,
        question: &PriceTermsQuestion,
    ) -> Result<Vec<StoredPriceTerms>, Problem> {
        self.store()?.list_price_terms(tenant, question).await
    }

    /// By what the customers of a report buy on its last day, in the order of `customers`.
    pub(super) async fn terms_of(
        &self,
        tenant: &TenantId,
        customers: &[PartyId],
        scope: &Scope,
    ) -> Result<Vec<Option<PriceTerms>>, Problem> {
        if customers.is_empty() {
            return Ok(Vec::new());
        }
        let (store, day) = (self.store()?, last_day(scope.period));
        store.price_terms(tenant, customers, day, scope.as_of).await
    }

    /// Adds by what the customers of a ranking's rows buy.
    pub(super) async fn add_terms(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        ranking: &mut Ranking,
    ) -> Result<(), Problem> {
        let customers = ranking.rows.iter().map(|row| row.customer.clone());
        let customers: Vec<_> = customers.collect();
        let terms = self.terms_of(tenant, &customers, scope).await?;
        for (row, terms) in ranking.rows.iter_mut().zip(terms) {
            row.terms = terms;
        }
        Ok(())
    }

    /// What every customer with terms on the last day of a report is grouped under.
    pub(super) async fn keys_of_customers(
        &self,
        tenant: &TenantId,
        key: TermsKey,
        scope: &Scope,
    ) -> Result<Vec<(String, String)>, Problem> {
        let store = self.store()?;
        let mut question = PriceTermsQuestion {
            customer: None,
            valid_on: Some(last_day(scope.period)),
            after: None,
            as_of: scope.as_of,
            limit: AT_ONCE,
        };
        let mut found = Vec::new();
        loop {
            let page = store.list_price_terms(tenant, &question).await?;
            let Some(last) = page.last() else {
                return Ok(found);
            };
            let last = &last.terms;
            question.after = Some((last.customer_id.clone(), last.first_day));
            found.extend(page.into_iter().map(|stored| {
                let customer = stored.terms.customer_id.to_string();
                (customer, key.of(stored.terms))
            }));
        }
    }
}
