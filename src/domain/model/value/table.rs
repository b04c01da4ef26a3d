//! What many rows share, taken once for each evaluation of a likelihood: logarithms of ages, and ratios of gamma
//! functions, whose arguments differ by whole numbers.

use super::{DAYS_PER_WEEK, counts::Row};

/// Ages up to so many days are found by a list as long; beyond, by searching.
const LISTED_DAYS: u32 = 1 << 20;
/// Sums are taken in parts of so many rows, and the parts added up: less rounding.
pub const PART: usize = 4_096;

/// A row that knows where its ages are in the list of them.
#[derive(Debug, Clone, Copy)]
pub struct IndexedRow {
    /// Orders after the first.
    pub repeats: u32,
    /// Where the age at the last order is.
    pub recency: u32,
    /// Where the age now is.
    pub observed: u32,
    /// How many customers, as a number.
    pub weight: f64,
}

/// Rows, and the ages that occur in them.
#[derive(Debug, Clone)]
pub struct Design {
    /// The rows, by repeats.
    pub rows: Vec<IndexedRow>,
    /// The distinct ages in weeks, ascending.
    pub ages: Vec<f64>,
    /// The most repeat orders of a row.
    pub most_repeats: u32,
    /// How many customers all rows are.
    pub customers: f64,
    /// How many repeat orders they have.
    pub repeats: f64,
    /// How many weeks they were seen.
    pub weeks: f64,
}

impl Design {
    /// Reads rows, in any order.
    pub fn of(rows: &[Row]) -> Self {
        let mut days: Vec<u32> = Vec::new();
        let most_days = rows.iter().map(|row| row.observed_days).max().unwrap_or(0);
        let mut places = Vec::new();
        if most_days <= LISTED_DAYS {
            let mut seen = vec![false; most_days as usize + 1];
            for row in rows {
                seen[row.recency_days.min(row.observed_days) as usize] = true;
                seen[row.observed_days as usize] = true;
            }
            places = vec![0; seen.len()];
            for day in (0..=most_days).filter(|day| seen[*day as usize]) {
                places[day as usize] = index(days.len());
                days.push(day);
            }
        } else {
            days.extend(
                rows.iter()
                    .flat_map(|r| [r.recency_days.min(r.observed_days), r.observed_days]),
            );
            days.sort_unstable();
            days.dedup();
        }
        let place = |day: u32| match places.get(day as usize) {
            Some(place) => *place,
            None => index(days.partition_point(|other| *other < day)),
        };
        let indexed = rows.iter().map(|row| IndexedRow {
            repeats: row.repeats,
            recency: place(row.recency_days.min(row.observed_days)),
            observed: place(row.observed_days),
            weight: f64::from(row.customers),
        });
        let mut indexed: Vec<IndexedRow> = indexed.collect();
        if !indexed.is_sorted_by_key(|row| row.repeats) {
            indexed.sort_by_key(|row| (row.repeats, row.recency, row.observed));
        }
        let sum = |number: fn(&Row) -> f64| -> f64 {
            let of_row = |row| number(row) * f64::from(row.customers);
            rows.iter().map(of_row).sum()
        };
        Self {
            most_repeats: rows.iter().map(|row| row.repeats).max().unwrap_or(0),
            customers: sum(|_| 1.0),
            repeats: sum(|row| f64::from(row.repeats)),
            weeks: sum(Row::observed),
            ages: days
                .iter()
                .map(|day| f64::from(*day) / DAYS_PER_WEEK)
                .collect(),
            rows: indexed,
        }
    }

    /// Every `step`-th row: enough to come near the maximum.
    #[must_use]
    pub fn sample(&self, step: usize) -> Self {
        let rows: Vec<_> = self.rows.iter().step_by(step).copied().collect();
        let sum = |number: &dyn Fn(&IndexedRow) -> f64| -> f64 {
            rows.iter().map(|row| number(row) * row.weight).sum()
        };
        Self {
            most_repeats: rows.last().map_or(0, |row| row.repeats),
            customers: sum(&|_| 1.0),
            repeats: sum(&|row| f64::from(row.repeats)),
            weeks: sum(&|row| self.ages[row.observed as usize]),
            ages: self.ages.clone(),
            rows,
        }
    }
}

fn index(place: usize) -> u32 {
    // Lists of ages are no longer than the days of a calendar.
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// `ln G(p + n) - ln G(p)` of a parameter for every whole `n` up to a limit, with its derivatives by `p`, as sums: no
/// digits are lost however large they are.
#[derive(Debug, Clone)]
pub struct Rising {
    /// The logarithms.
    pub log: Vec<f64>,
    /// Their first derivatives.
    pub first: Vec<f64>,
    /// Their second derivatives.
    pub second: Vec<f64>,
}

impl Rising {
    /// The table of a parameter for `0..=most`.
    pub fn of(parameter: f64, most: u32) -> Self {
        let length = most as usize + 1;
        let mut table = Self {
            log: Vec::with_capacity(length),
            first: Vec::with_capacity(length),
            second: Vec::with_capacity(length),
        };
        let (mut log, mut first, mut second) = (0.0, 0.0, 0.0);
        for n in 0..=most {
            table.log.push(log);
            table.first.push(first);
            table.second.push(second);
            let factor = parameter + f64::from(n);
            let inverse = 1.0 / factor;
            log += libm::log(factor);
            first += inverse;
            second -= inverse * inverse;
        }
        table
    }
}

/// Logarithm and inverse of `scale + age` for every age.
#[derive(Debug, Clone)]
pub struct Ages {
    /// `ln(scale + age)` and `1 / (scale + age)`.
    pub cells: Vec<(f64, f64)>,
}

impl Ages {
    /// The table for a scale.
    pub fn of(scale: f64, ages: &[f64]) -> Self {
        let cell = |age: &f64| (libm::log(scale + age), 1.0 / (scale + age));
        Self {
            cells: ages.iter().map(cell).collect(),
        }
    }
}
