//! Products with their categories.

use super::common::item;
use crate::{
    api::pb,
    domain::{
        id::{check_optional_text, check_text},
        problem::Problem,
        product::Product,
        records::Record,
    },
};

/// The most bytes of an id, as in an activity's dimensions.
const ID_LIMIT: usize = 128;

/// The products of a batch, each converted or refused on its own.
pub fn products_from_pb(products: Vec<pb::Product>) -> Vec<Result<Record, Problem>> {
    let each = products.into_iter().enumerate();
    each.map(|(index, product)| {
        let path = item("products", index);
        check_text(&product.product_id, ID_LIMIT, &format!("{path}.product_id"))?;
        check_optional_text(
            &product.category_id,
            ID_LIMIT,
            &format!("{path}.category_id"),
        )?;
        Ok(Record::Product(Product {
            product_id: product.product_id,
            category_id: product.category_id,
        }))
    })
    .collect()
}

// === to_pb ===

/// A product.
pub fn product_to_pb(product: &Product) -> pb::Product {
    pb::Product {
        product_id: product.product_id.clone(),
        category_id: product.category_id.clone(),
    }
}
