//! Customers who look alike to a frequency model, counted: what a fit reads instead of every customer.
//!
//! Kept by the day of the first order, so that a new day makes everybody older without touching what is kept: only
//! customers who ordered are moved, by [`Counts::remove`] and [`Counts::add`], and a refit starts from the rest.

use super::{DAYS_PER_WEEK, PurchaseHistory};
use crate::domain::time::Day;
use std::collections::BTreeMap;

/// Customers with the same history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Orders after the first: `x`.
    pub repeats: u32,
    /// Days from the first order to the last: `7 t_x`.
    pub recency_days: u32,
    /// Days from the first order to now: `7 T`.
    pub observed_days: u32,
    /// How many customers.
    pub customers: u32,
}

impl Row {
    /// The history of one customer as a row of its own.
    pub fn one(history: &PurchaseHistory) -> Self {
        Self {
            repeats: history.repeats,
            recency_days: history.recency_days,
            observed_days: history.observed_days,
            customers: 1,
        }
    }

    /// Age at the last order, in weeks.
    pub fn recency(&self) -> f64 {
        f64::from(self.recency_days) / DAYS_PER_WEEK
    }

    /// Age now, in weeks.
    pub fn observed(&self) -> f64 {
        f64::from(self.observed_days) / DAYS_PER_WEEK
    }
}

/// A customer as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counted {
    /// The day of its first order.
    pub first: Day,
    /// Orders after the first.
    pub repeats: u32,
    /// Days from the first order to the last.
    pub recency_days: u32,
}

/// How many customers have which history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    customers: BTreeMap<Counted, u32>,
}

impl Counts {
    /// Adds a customer.
    pub fn add(&mut self, customer: Counted) {
        let count = self.customers.entry(customer).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// Takes a customer away; one that was never added changes nothing.
    pub fn remove(&mut self, customer: Counted) {
        if let Some(count) = self.customers.get_mut(&customer) {
            *count -= 1;
            if *count == 0 {
                self.customers.remove(&customer);
            }
        }
    }

    /// The rows as of the day before `until`. Customers who had not ordered by then are left out; what was added of
    /// later orders is not undone.
    pub fn rows(&self, until: Day) -> Vec<Row> {
        let age = |first: Day| i64::from(until.0) - 1 - i64::from(first.0);
        let seen = self.customers.iter().filter_map(|(customer, &customers)| {
            let observed_days = u32::try_from(age(customer.first)).ok()?;
            Some(Row {
                repeats: customer.repeats,
                recency_days: customer.recency_days,
                observed_days: observed_days.max(customer.recency_days),
                customers,
            })
        });
        seen.collect()
    }
}

/// Rows of histories: sorted, equal ones counted.
pub fn rows_of(histories: impl IntoIterator<Item = PurchaseHistory>) -> Vec<Row> {
    let mut rows: Vec<Row> = histories.into_iter().map(|h| Row::one(&h)).collect();
    rows.sort_unstable_by_key(|row| (row.repeats, row.recency_days, row.observed_days));
    rows.dedup_by(|next, kept| {
        let same = (next.repeats, next.recency_days, next.observed_days)
            == (kept.repeats, kept.recency_days, kept.observed_days);
        if same {
            kept.customers = kept.customers.saturating_add(next.customers);
        }
        same
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(first: i32, repeats: u32, recency_days: u32) -> Counted {
        Counted {
            first: Day(first),
            repeats,
            recency_days,
        }
    }

    #[test]
    fn who_is_added_and_removed_leaves_nothing() {
        let mut counts = Counts::default();
        counts.add(counted(3, 0, 0));
        counts.add(counted(3, 0, 0));
        counts.add(counted(5, 2, 9));
        let before = counts.clone();
        counts.add(counted(9, 0, 0));
        counts.remove(counted(9, 0, 0));
        counts.remove(counted(9, 0, 0));
        assert_eq!(counts, before);
        let row = |repeats, recency_days, observed_days, customers| Row {
            repeats,
            recency_days,
            observed_days,
            customers,
        };
        assert_eq!(counts.rows(Day(21)), [row(0, 0, 17, 2), row(2, 9, 15, 1)]);
        assert_eq!(counts.rows(Day(5)), [row(0, 0, 1, 2)]);
    }

    #[test]
    fn equal_histories_are_one_row() {
        let history = |repeats, recency_days| PurchaseHistory {
            repeats,
            recency_days,
            observed_days: 30,
            mean_value: 1.0,
        };
        let rows = rows_of([history(1, 4), history(0, 0), history(1, 4), history(1, 5)]);
        let counts: Vec<_> = rows.iter().map(|row| row.customers).collect();
        assert_eq!(counts, [1, 2, 1]);
        assert_eq!((rows[1].repeats, rows[1].recency_days), (1, 4));
    }
}
