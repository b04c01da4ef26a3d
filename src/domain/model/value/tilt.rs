//! How customers differ more or less than the model of how often says: learnt from its own earlier forecasts.
//!
//! A customer's pace is `exp(c + d ln e + f ln(1+x))`, with `e` the orders that the model expects of it over a
//! reference time and `x` its repeat orders; `d` and `f` by Poisson likelihood on back-tests, drawn to zero; `c` so
//! that the sum over all customers stays what the model says. Models of leaving trust silence too much: among
//! customers of whom as much is expected, those who ordered more often before do order more. Used only if it foresaw
//! time that was held back from it better than the model alone.

use super::{
    Orders,
    back_test::{BackTest, day_at},
    choice::held_back_from,
    counts::Row,
    frequency::FrequencyFit,
    maximum::{cholesky, solved},
};
use crate::domain::time::Day;

/// Back-tests are made as of these thousandths of the time, and half of the time is the reference.
const ORIGINS: [i64; 5] = [460, 480, 500, 520, 540];
/// Draws `d` and `f` to zero: as much as orders that deviate by themselves.
const RIDGE: f64 = 5.0;
/// How often the level is set at most.
const LEVELLINGS: u32 = 20;
/// No customer's pace is further from the model's than this factor.
const FURTHEST: f64 = 10.0;

/// How the paces of customers differ from the model's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tilt {
    /// `c`.
    pub level: f64,
    /// `d`, by the logarithm of the expected orders.
    pub by_expected: f64,
    /// `f`, by the logarithm of one more than the repeat orders.
    pub by_repeats: f64,
    /// The reference time, in weeks.
    pub weeks: f64,
}

impl Tilt {
    /// No tilt.
    pub const NONE: Self = Self {
        level: 0.0,
        by_expected: 0.0,
        by_repeats: 0.0,
        weeks: 1.0,
    };

    /// Learns it from customers from `first` to before `until`, for a fit to them; none if there is too little, or
    /// if it did not help on time that was held back.
    pub fn of(
        customers: &[Orders],
        (first, until): (Day, Day),
        fit: &FrequencyFit,
        rows: &[Row],
    ) -> Self {
        let cut = held_back_from(first, until);
        let Some(early) = learnt(customers, first, cut, fit) else {
            return Self::NONE;
        };
        let Some(test) = BackTest::of(customers, cut, until, fit.model, &fit.parameters) else {
            return Self::NONE;
        };
        if early.gain(&test) <= 0.0 {
            return Self::NONE;
        }
        learnt(customers, first, until, fit).map_or(Self::NONE, |tilt| tilt.levelled(fit, rows))
    }

    /// How many times as often as the model says a customer orders, of whom it expects so many orders over the
    /// reference time.
    pub fn pace(&self, repeats: u32, expected: f64) -> f64 {
        if *self == Self::NONE {
            return 1.0;
        }
        let log = self.level
            + self.by_expected * libm::log(expected.max(1e-12))
            + self.by_repeats * libm::log1p(f64::from(repeats));
        let most = libm::log(FURTHEST);
        libm::exp(log.clamp(-most, most))
    }

    /// With the level at which the sum over customers stays what the model says.
    #[must_use]
    pub fn levelled(mut self, fit: &FrequencyFit, rows: &[Row]) -> Self {
        if self == Self::NONE {
            return self;
        }
        // Once, but for paces that are held at their bounds.
        for _ in 0..LEVELLINGS {
            let (mut plain, mut tilted) = (0.0, 0.0);
            for row in rows {
                let outlook = fit.outlook(row.repeats, row.recency(), row.observed());
                let orders = outlook.orders(self.weeks);
                let customers = f64::from(row.customers);
                plain += customers * orders;
                tilted += customers * orders * self.pace(row.repeats, orders);
            }
            let missing = libm::log(plain.max(1e-300) / tilted.max(1e-300));
            self.level += missing;
            if missing.abs() < 1e-9 {
                break;
            }
        }
        self
    }

    /// By how much more likely the tilt makes what came: Poisson, given the total.
    fn gain(&self, test: &BackTest) -> f64 {
        let (mut plain, mut tilted, mut orders, mut gain) = (0.0, 0.0, 0.0, 0.0);
        for group in &test.groups {
            let row = &group.row;
            let outlook = test.fit.outlook(row.repeats, row.recency(), row.observed());
            let customers = f64::from(row.customers);
            let pace = self.pace(row.repeats, outlook.orders(self.weeks));
            let expected = customers * outlook.orders(test.weeks);
            plain += expected;
            tilted += expected * pace;
            orders += group.orders;
            gain += group.orders * libm::log(pace);
        }
        gain - orders * libm::log(tilted.max(1e-300) / plain.max(1e-300))
    }
}

/// One group of a back-test as the regression sees it.
struct Cell {
    traits: [f64; 3],
    expected: f64,
    orders: f64,
}

fn learnt(customers: &[Orders], first: Day, until: Day, fit: &FrequencyFit) -> Option<Tilt> {
    let weeks = 0.5 * f64::from(until.0.checked_sub(first.0)?) / super::DAYS_PER_WEEK;
    let mut cells = Vec::new();
    for thousandths in ORIGINS {
        let from = day_at(first, until, thousandths);
        let Some(test) = BackTest::of(customers, from, until, fit.model, &fit.parameters) else {
            continue;
        };
        cells.extend(test.groups.iter().map(|group| {
            let row = &group.row;
            let outlook = test.fit.outlook(row.repeats, row.recency(), row.observed());
            let log_expected = libm::log(outlook.orders(weeks).max(1e-12));
            Cell {
                traits: [1.0, log_expected, libm::log1p(f64::from(row.repeats))],
                expected: f64::from(row.customers) * outlook.orders(test.weeks),
                orders: group.orders,
            }
        }));
    }
    if cells.is_empty() {
        return None;
    }
    let [level, by_expected, by_repeats] = regression(&cells)?;
    Some(Tilt {
        level,
        by_expected,
        by_repeats,
        weeks,
    })
}

/// Poisson regression by Newton's method.
fn regression(cells: &[Cell]) -> Option<[f64; 3]> {
    let mut coefficients = [0.0_f64; 3];
    for _ in 0..100 {
        let mut gradient = coefficients.map(|c| -RIDGE * c);
        let mut bend = [[0.0; 3]; 3];
        for (row, cells) in bend.iter_mut().enumerate() {
            cells[row] = RIDGE;
        }
        for cell in cells {
            let log: f64 = coefficients
                .iter()
                .zip(cell.traits)
                .map(|(c, t)| c * t)
                .sum();
            let mean = cell.expected * libm::exp(log.clamp(-30.0, 30.0));
            for row in 0..3 {
                gradient[row] += cell.traits[row] * (cell.orders - mean);
                for (sum, other) in bend[row].iter_mut().zip(cell.traits) {
                    *sum += cell.traits[row] * other * mean;
                }
            }
        }
        let step = solved(&cholesky(&bend)?, &gradient);
        let longest = step.iter().fold(0.0_f64, |most, part| most.max(part.abs()));
        if !longest.is_finite() {
            return None;
        }
        let share = (1.0 / longest).min(1.0);
        for (coefficient, step) in coefficients.iter_mut().zip(step) {
            *coefficient += share * step;
        }
        if longest < 1e-10 {
            return Some(coefficients);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::value::frequency::FrequencyModel;

    fn cells(level: f64, by_expected: f64, by_repeats: f64) -> Vec<Cell> {
        let cell = |number: u32| {
            let (log_expected, repeats) = (f64::from(number % 7) - 3.0, f64::from(number % 5));
            let traits = [1.0, log_expected, libm::log1p(repeats)];
            let pace = level + by_expected * traits[1] + by_repeats * traits[2];
            let expected = 1e7 * libm::exp(log_expected);
            Cell {
                traits,
                expected,
                orders: expected * libm::exp(pace),
            }
        };
        (0..35).map(cell).collect()
    }

    #[test]
    fn a_planted_tilt_comes_back() {
        let found = regression(&cells(-0.3, -0.4, 0.5)).unwrap();
        for (found, planted) in found.iter().zip([-0.3, -0.4, 0.5]) {
            assert!((found - planted).abs() < 1e-5, "{found} {planted}");
        }
        let found = regression(&cells(0.0, 0.0, 0.0)).unwrap();
        assert!(found.iter().all(|c| c.abs() < 1e-9), "{found:?}");
    }

    #[test]
    fn the_sum_over_customers_stays() {
        let fit = FrequencyFit::known(FrequencyModel::ParetoNbd, [0.553, 10.578, 0.606, 11.669]);
        let row = |repeats, recency_days| Row {
            repeats,
            recency_days,
            observed_days: 270,
            customers: 1 + repeats,
        };
        let rows = [row(0, 0), row(1, 30), row(4, 250), row(20, 268)];
        let tilt = Tilt {
            level: 3.0,
            by_expected: -0.3,
            by_repeats: 0.4,
            weeks: 20.0,
        };
        let tilt = tilt.levelled(&fit, &rows);
        let (mut plain, mut tilted) = (0.0, 0.0);
        for row in rows {
            let outlook = fit.outlook(row.repeats, row.recency(), row.observed());
            let orders = outlook.orders(tilt.weeks);
            plain += f64::from(row.customers) * orders;
            tilted += f64::from(row.customers) * orders * tilt.pace(row.repeats, orders);
        }
        assert!((tilted / plain - 1.0).abs() < 1e-8, "{tilted} {plain}");
        assert_eq!(Tilt::NONE.levelled(&fit, &rows), Tilt::NONE);
        assert_eq!(Tilt::NONE.pace(5, 3.0), 1.0);
        // Nobody's pace leaves all bounds.
        assert!((tilt.pace(4_000_000_000, 1e-300) - FURTHEST).abs() < 1e-9);
    }
}
