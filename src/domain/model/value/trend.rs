//! How wrong forecasts of a total may be.
//!
//! All customers share the calendar, so the error of a total does not average out over customers: its size is read
//! off back-tests, and widens the interval of everything. The level itself is left as the model has it: on the data
//! tried, corrections of the level that were learnt from earlier forecasts made later ones worse (`docs/models.md`).

use super::{
    DAYS_PER_WEEK, Orders,
    back_test::{BackTest, day_at},
    frequency::FrequencyFit,
};
use crate::domain::time::Day;

/// Back-tests of trends and of intervals are made as of these thousandths of the time.
pub const ORIGINS: [i64; 8] = [333, 405, 476, 548, 619, 690, 762, 833];
/// A forecast over half of the time is thought to be wrong by so much before any back-test: the standard deviation
/// of its logarithm.
const PRIOR_ERROR: f64 = 0.15;
/// No forecast is thought to be worse than this.
const MOST_ERROR: f64 = 1.0;
/// As many back-tests the prior weighs.
const PRIOR_WEIGHT: f64 = 2.0;

/// A forecast made as of an earlier day, and what came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// The first day that was not seen.
    pub from: Day,
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
    pub forecasts: Vec<Forecast>,
    /// Variance of the logarithm of what comes by what is forecast, by week of lead.
    pub weekly_variance: f64,
}

impl Trend {
    /// Makes back-tests of customers from `first` to before `until`.
    pub fn of(customers: &[Orders], first: Day, until: Day, fit: &FrequencyFit) -> Self {
        let forecasts = ORIGINS.into_iter().filter_map(|thousandths| {
            let from = day_at(first, until, thousandths);
            let test = BackTest::of(customers, from, until, fit.model, &fit.parameters)?;
            let (expected, actual) = test.totals();
            Some(Forecast {
                from,
                weeks: test.weeks,
                expected,
                actual,
            })
        });
        let forecasts: Vec<Forecast> = forecasts.collect();
        let length = f64::from(until.0.saturating_sub(first.0)) / DAYS_PER_WEEK;
        let of_prior = PRIOR_ERROR * PRIOR_ERROR / (0.5 * length).max(1.0);
        let (mut sum, mut weight) = (PRIOR_WEIGHT * of_prior, PRIOR_WEIGHT);
        for forecast in &forecasts {
            let error = libm::log(forecast.actual.max(1.0) / forecast.expected.max(1e-9));
            sum += error * error / forecast.weeks;
            weight += 1.0;
        }
        let weekly_variance = sum / weight;
        Self {
            forecasts,
            weekly_variance,
        }
    }

    /// How wrong a forecast over so many weeks may be: the standard deviation of the logarithm of what comes by what
    /// is forecast. Like that of a random walk it grows with the root of time.
    pub fn error(&self, weeks: f64) -> f64 {
        (self.weekly_variance * weeks).sqrt().min(MOST_ERROR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::value::{DaySum, choice::rows_before, frequency::FrequencyModel};

    /// Customers who order every so many days, some of them for ever.
    fn customers() -> Vec<Orders> {
        let customer = |number: i32| {
            let (first, every) = (number % 50, 5 + number % 40);
            let last = if number % 3 == 0 { 400 } else { first + 60 };
            let day = |at: i32| DaySum {
                day: Day(first + at * every),
                value: 10.0,
            };
            Orders::of(
                (0..80)
                    .map(day)
                    .take_while(|sum| sum.day.0 <= last)
                    .collect(),
            )
            .unwrap()
        };
        (0..300).map(customer).collect()
    }

    #[test]
    fn forecasts_are_of_what_was_known_and_their_error_grows_with_time() {
        let (customers, until) = (customers(), Day(400));
        let fit = FrequencyModel::BgNbd
            .fit(&rows_before(&customers, until), None)
            .unwrap();
        let trend = Trend::of(&customers, Day(0), until, &fit);
        assert_eq!(trend.forecasts.len(), ORIGINS.len());
        for forecast in &trend.forecasts {
            let came = customers
                .iter()
                .map(|c| f64::from(c.within(forecast.from, until).0));
            assert_eq!(forecast.actual, came.sum::<f64>());
            assert_eq!(forecast.weeks, f64::from(400 - forecast.from.0) / 7.0);
            assert!(forecast.expected > 0.0);
        }
        assert!((trend.error(40.0) / trend.error(10.0) - 2.0).abs() < 1e-12);
        assert!(trend.error(1e12) <= MOST_ERROR);
        // Nothing to forecast: only what is thought before.
        let none = Trend::of(&[], Day(0), until, &fit);
        assert!(none.forecasts.is_empty());
        assert!((none.error(200.0 / 7.0) - PRIOR_ERROR).abs() < 1e-12);
    }
}
