//! Products and the categories that they belong to, and whatever else groups are put together by.

use super::id::UNASSIGNED;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is stored of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// The product.
    pub product_id: String,
    /// The category that it belongs to; empty for none.
    pub category_id: String,
}

/// The categories of products, or what customers are grouped under, as of a position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Categories(BTreeMap<String, String>);

impl Categories {
    /// Those of some products.
    pub fn of_products(products: impl IntoIterator<Item = Product>) -> Self {
        let products = products.into_iter();
        // What has no product has no category.
        let with_category = products
            .filter(|product| !product.category_id.is_empty() && product.product_id != UNASSIGNED);
        Self(
            with_category
                .map(|product| (product.product_id, product.category_id))
                .collect(),
        )
    }

    /// What customers are grouped under, each with its id first.
    pub fn of_customers(customers: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(customers.into_iter().collect())
    }

    /// The category of a product or the group of a customer; [`UNASSIGNED`] if it has none.
    pub fn of(&self, member: &str) -> &str {
        self.0.get(member).map_or(UNASSIGNED, |category| category)
    }

    /// Puts together what belongs to one category.
    pub fn merged<V>(
        &self,
        by_member: impl IntoIterator<Item = (String, V)>,
        mut add: impl FnMut(&mut V, V),
    ) -> BTreeMap<String, V> {
        let mut merged = BTreeMap::<String, V>::new();
        for (member, value) in by_member {
            let category = self.of(&member);
            match merged.get_mut(category) {
                Some(known) => add(known, value),
                None => {
                    merged.insert(category.to_owned(), value);
                }
            }
        }
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_category_is_unassigned() {
        let products = [
            ("tea", "drinks"),
            ("milk", "drinks"),
            ("pie", ""),
            (UNASSIGNED, "x"),
        ];
        let categories = Categories::of_products(products.map(|(product, category)| Product {
            product_id: product.to_owned(),
            category_id: category.to_owned(),
        }));
        let sold = [
            ("tea", 1),
            ("pie", 2),
            ("milk", 4),
            (UNASSIGNED, 8),
            ("unknown", 16),
        ];
        let sold = sold.map(|(product, count)| (product.to_owned(), count));
        let merged = categories.merged(sold, |known, more| *known += more);
        let expected = [("drinks", 5), (UNASSIGNED, 26)];
        let expected = expected.map(|(category, count)| (category.to_owned(), count));
        assert_eq!(merged, expected.into());
    }
}
