//! Products with their categories.

use super::Service;
use crate::domain::{
    dimension::Dimension,
    id::TenantId,
    ledger::Position,
    problem::Problem,
    product::{Categories, Product},
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

    /// The categories of products, if these are what is grouped by.
    pub(super) async fn categories_of(
        &self,
        tenant: &TenantId,
        dimension: Dimension,
        as_of: Position,
    ) -> Result<Option<Categories>, Problem> {
        match dimension {
            Dimension::ProductCategory => {
                let products = self.products(tenant, as_of).await?;
                Ok(Some(Categories::of_products(products)))
            }
            Dimension::Branch
            | Dimension::Product
            | Dimension::AccountManager
            | Dimension::Channel
            | Dimension::Campaign => Ok(None),
        }
    }
}
