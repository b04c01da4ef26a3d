//! What earlier forecasts got wrong, and how wrong they may be.
//!
//! The same models are fitted as of earlier days, and their forecasts compared with what then came, week by week of lead.
//! All customers share the calendar, so the error of a total does not average out over customers: its size is read off
//! these back-tests, and widens the interval of every total.

use super::{Orders, choice::rows_before, frequency::FrequencyModel};
use crate::domain::time::Day;

/// Back-tests are made as of so many days.
const ORIGINS: i64 = 8;
/// With fewer repeat orders after an earlier day, it tells nothing.
const MINIMUM_ORDERS: f64 = 20.0;
/// A forecast is thought to be wrong by so much before any back-test: the standard deviation of its logarithm.
const PRIOR_ERROR: f64 = 0.15;
/// As many back-tests the prior weighs.
const PRIOR_WEIGHT: f64 = 2.0;

/// A forecast made as of an earlier day, and what came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BackTest {
    /// The first day that was not seen.
    pub until: Day,
    /// Weeks that were forecast.
    pub weeks: f64,
    /// Orders that were expected.
    pub expected: f64,
    /// Orders that came.
    pub actual: f64,
}

/// What back-tests say.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// They themselves, the earliest first.
    pub tests: Vec<BackTest>,
    /// Standard deviation of the logarithm of what comes by what is forecast.
    pub error: f64,
}

impl Trend {
    /// Makes back-tests.
    pub fn of(customers: &[Orders], until: Day, model: FrequencyModel, near: &[f64; 4]) -> Self {
        let tests = back_tests(customers, until, model, near);
        let mut sum = PRIOR_WEIGHT * PRIOR_ERROR * PRIOR_ERROR;
        let mut weight = PRIOR_WEIGHT;
        for test in &tests {
            let error = libm::log(test.actual.max(1.0) / test.expected.max(1e-9));
            sum += error * error;
            weight += 1.0;
        }
        let error = libm::sqrt(sum / weight);
        Self { tests, error }
    }
}

fn back_tests(
    customers: &[Orders],
    until: Day,
    model: FrequencyModel,
    near: &[f64; 4],
) -> Vec<BackTest> {
    let Some(first) = customers.iter().map(Orders::first).min() else {
        return Vec::new();
    };
    let length = i64::from(until.0) - i64::from(first.0);
    let mut tests = Vec::new();
    // From a third of the time to five sixths of it.
    for origin in 0..ORIGINS {
        let days = length / 3 + origin * (length / 2) / (ORIGINS - 1);
        let Ok(days) = i32::try_from(days) else {
            continue;
        };
        let from = Day(first.0.saturating_add(days));
        let rows = rows_before(customers, from);
        let Some(fit) = model.fit(&rows, Some(near)) else {
            continue;
        };
        let weeks = f64::from(until.0 - from.0) / super::DAYS_PER_WEEK;
        let expected = rows.iter().map(|row| {
            let outlook = fit.outlook(row.repeats, row.recency(), row.observed());
            f64::from(row.customers) * outlook.orders(weeks)
        });
        let expected: f64 = expected.sum();
        let came = customers.iter().filter(|orders| orders.first() < from);
        let actual: f64 = came
            .map(|orders| f64::from(orders.within(from, until).0))
            .sum();
        if actual >= MINIMUM_ORDERS && weeks > 0.0 {
            tests.push(BackTest {
                until: from,
                weeks,
                expected,
                actual,
            });
        }
    }
    tests
}
