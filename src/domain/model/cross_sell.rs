//! Which products those who earn money buy more than others, and what one more buyer would bring.
//!
//! A product's lift is how much more of its buyers are profitable than of all customers; small counts are drawn towards
//! the usual rate, intervals are Wilson's, and of many products compared a tenth of those told apart may be so by
//! chance, all as in [`lift`](super::lift). What a further buyer is expected to bring is the rate at which profitable
//! customers buy the product times what such a buyer brings; its bounds are those of the rate.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `a` | [`ProductCount::profitable_buyers`] | profitable customers who buy the product |
//! | `n` | [`ProductCount::buyers`] | all who buy it |
//! | `k`, `N` | `profitable`, `customers` | profitable customers, and all |
//! | lift | [`Suggestion::lift`] | `((a + m k / N) / (n + m)) / (k / N)` with `m` customers of the usual rate added |
//! | expected | [`Suggestion::expected_margin`] | `a / k` times the mean margin of the `a` |

use super::{
    binomial::{two_sided, wilson_interval},
    encode::MINIMUM_SUPPORT,
    lift::{DRAW, passing},
    number, rounded, units,
};
use crate::domain::money::Nanos;
use std::cmp::Reverse;

/// Who buys a product.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductCount {
    /// The product.
    pub product: String,
    /// How many customers buy it.
    pub buyers: u64,
    /// How many of them are profitable.
    pub profitable_buyers: u64,
    /// What it brings with the profitable ones, in nano-units.
    pub margin: Nanos,
}

/// A product to suggest.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// What was counted.
    pub count: ProductCount,
    /// How much more common profitable customers are among its buyers.
    pub lift: f64,
    /// The lower end of its 95% interval.
    pub lift_lower: f64,
    /// The upper end.
    pub lift_upper: f64,
    /// How likely a difference this great is by chance.
    pub p_value: f64,
    /// Whether it passes the correction for many comparisons.
    pub distinguishing: bool,
    /// What a customer like those compared is expected to bring with it, in nano-units.
    pub expected_margin: Nanos,
    /// The lower end of its interval.
    pub expected_lower: Nanos,
    /// The upper end.
    pub expected_upper: Nanos,
}

/// Makes suggestions of counts: the greatest lower bound of the expected margin first, then by product.
pub fn suggestions(counts: Vec<ProductCount>, profitable: u64, customers: u64) -> Vec<Suggestion> {
    if profitable == 0 {
        return Vec::new();
    }
    let usual = number(profitable) / number(customers);
    let one = |count: ProductCount| {
        let (buyers, own) = (number(count.buyers), number(count.profitable_buyers));
        let drawn = own + DRAW * usual;
        let (lower, upper) = wilson_interval(drawn, buyers + DRAW);
        let p_value = two_sided(count.profitable_buyers, count.buyers, usual);
        let each = match count.profitable_buyers {
            0 => 0.0,
            _ => units(count.margin) / own,
        };
        let rate = wilson_interval(own, number(profitable));
        let bounds = [rounded(each * rate.0), rounded(each * rate.1)];
        Suggestion {
            lift: drawn / (buyers + DRAW) / usual,
            lift_lower: lower / usual,
            lift_upper: upper / usual,
            p_value,
            distinguishing: false,
            expected_margin: rounded(each * own / number(profitable)),
            expected_lower: bounds[0].min(bounds[1]),
            expected_upper: bounds[0].max(bounds[1]),
            count,
        }
    };
    let mut found: Vec<_> = counts.into_iter().map(one).collect();
    let is_compared = |place: &usize| found[*place].count.buyers >= MINIMUM_SUPPORT;
    let compared: Vec<_> = (0..found.len()).filter(is_compared).collect();
    let values: Vec<_> = compared.iter().map(|place| found[*place].p_value).collect();
    for place in passing(&values) {
        found[compared[place]].distinguishing = true;
    }
    found.sort_by(|a, b| {
        let by_bound = Reverse(a.expected_lower).cmp(&Reverse(b.expected_lower));
        by_bound.then_with(|| a.count.product.cmp(&b.count.product))
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::NANOS_PER_UNIT;

    fn count(product: &str, buyers: u64, profitable_buyers: u64, margin: i128) -> ProductCount {
        ProductCount {
            product: product.to_owned(),
            buyers,
            profitable_buyers,
            margin: margin * NANOS_PER_UNIT,
        }
    }

    #[test]
    fn what_profitable_customers_buy_stands_first() {
        // Half of 200 customers are profitable.
        let counts = vec![
            count("bread", 100, 50, 500),
            count("cheese", 60, 55, 1_100),
            count("rare", 2, 2, 100),
            count("water", 100, 0, 0),
            count("wine", 60, 50, -500),
        ];
        let found = suggestions(counts, 100, 200);
        let order: Vec<_> = found.iter().map(|one| &*one.count.product).collect();
        assert_eq!(order, ["cheese", "bread", "rare", "water", "wine"]);
        // 55 of 100 buy it and bring 20 each: 11 expected. Of 60 buyers and 20 more of the usual rate 65 are
        // profitable.
        let cheese = &found[0];
        assert_eq!(cheese.expected_margin, 11 * NANOS_PER_UNIT);
        assert!((cheese.lift - 65.0 / 80.0 / 0.5).abs() < 1e-12);
        assert!(cheese.expected_lower < cheese.expected_margin);
        assert!(cheese.expected_margin < cheese.expected_upper);
        assert!(cheese.distinguishing && cheese.lift_lower > 1.0);
        assert!(!found[1].distinguishing, "as many as among all");
        assert!(
            !found[2].distinguishing,
            "two buyers are too few to be compared"
        );
        assert!(
            found[4].expected_lower < found[4].expected_margin,
            "a loss is bounded as well"
        );
    }

    #[test]
    fn without_profitable_customers_there_is_nothing_to_suggest() {
        assert_eq!(suggestions(vec![count("bread", 9, 0, 0)], 0, 50), []);
    }
}
