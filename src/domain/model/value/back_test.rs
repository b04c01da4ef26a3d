//! Forecasts made as of an earlier day, row by row, and what came of them.

use super::{
    DAYS_PER_WEEK, Orders,
    counts::{Row, rows_of},
    frequency::{FrequencyFit, FrequencyModel},
};
use crate::domain::time::Day;
use std::collections::BTreeMap;

/// Customers who looked alike on an earlier day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// How they looked.
    pub row: Row,
    /// How many orders they placed from then on.
    pub orders: f64,
}

/// The state as of an earlier day, a model fitted to it, and what came by the end.
#[derive(Debug, Clone, PartialEq)]
pub struct BackTest {
    /// The first day that was not seen.
    pub from: Day,
    /// Weeks from then to the end.
    pub weeks: f64,
    /// The model fitted to what was seen.
    pub fit: FrequencyFit,
    /// The customers of then.
    pub groups: Vec<Group>,
}

/// With fewer orders to come, a back-test tells nothing.
const MINIMUM_ORDERS: f64 = 20.0;

impl BackTest {
    /// The back-test as of `from` with the end `until`; `None` if there was nothing to fit, or too little came.
    pub fn of(
        customers: &[Orders],
        from: Day,
        until: Day,
        model: FrequencyModel,
        near: &[f64; 4],
    ) -> Option<Self> {
        let weeks = f64::from(until.0.checked_sub(from.0)?) / DAYS_PER_WEEK;
        let mut orders: BTreeMap<(u32, u32, u32), f64> = BTreeMap::new();
        let histories = customers.iter().filter_map(|customer| {
            let history = customer.before(from)?;
            let key = (history.repeats, history.recency_days, history.observed_days);
            *orders.entry(key).or_default() += f64::from(customer.within(from, until).0);
            Some(history)
        });
        let rows = rows_of(histories.collect::<Vec<_>>());
        let fit = model.fit(&rows, Some(near))?;
        let group = |row: &Row| {
            let key = (row.repeats, row.recency_days, row.observed_days);
            Group {
                row: *row,
                orders: orders.get(&key).copied().unwrap_or(0.0),
            }
        };
        let groups: Vec<Group> = rows.iter().map(group).collect();
        let enough = groups.iter().map(|group| group.orders).sum::<f64>() >= MINIMUM_ORDERS;
        (enough && weeks > 0.0).then_some(Self {
            from,
            weeks,
            fit,
            groups,
        })
    }

    /// Orders that were expected of all, and those that came.
    pub fn totals(&self) -> (f64, f64) {
        let expected = self.groups.iter().map(|group| {
            let row = &group.row;
            let outlook = self.fit.outlook(row.repeats, row.recency(), row.observed());
            f64::from(row.customers) * outlook.orders(self.weeks)
        });
        (
            expected.sum(),
            self.groups.iter().map(|group| group.orders).sum(),
        )
    }
}

/// The day at a share of the time from `first` to `until`, in thousandths.
pub fn day_at(first: Day, until: Day, thousandths: i64) -> Day {
    let length = i64::from(until.0) - i64::from(first.0);
    let days = i32::try_from(length * thousandths / 1_000).unwrap_or(0);
    Day(first.0.saturating_add(days))
}
