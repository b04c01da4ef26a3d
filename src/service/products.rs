//! Products with their categories, and what else reports put groups together by.

use super::Service;
use crate::domain::{
    dimension::Dimension,
    id::TenantId,
    ledger::Position,
    price_terms::TermsKey,
    problem::Problem,
    product::{Categories, Product},
    question::Scope,
};

impl Service {
    /// All stored products, in the order of their ids.
    pub async fn products(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Product>, Problem> {
        self.store()?.products(tenant, as_of).await
    }

    /// The categories of products or the terms of customers, if these are what is grouped by.
    pub(super) async fn categories_of(
        &self,
        tenant: &TenantId,
        dimension: Dimension,
        scope: &Scope,
    ) -> Result<Option<Categories>, Problem> {
        let key = match dimension {
            Dimension::ProductCategory => {
                let products = self.products(tenant, scope.as_of).await?;
                return Ok(Some(Categories::of_products(products)));
            }
            Dimension::PriceList => TermsKey::PriceList,
            Dimension::DiscountTier => TermsKey::DiscountTier,
            Dimension::Branch
            | Dimension::Product
            | Dimension::AccountManager
            | Dimension::Channel
            | Dimension::Campaign => return Ok(None),
        };
        let customers = self.keys_of_customers(tenant, key, scope).await?;
        Ok(Some(Categories::of_customers(customers)))
    }
}
