//! What a relationship is expected to earn over a horizon: its own run rate, carried on, with what is assumed of price,
//! attrition and volume.
//!
//! The simplest model that states how sure it is: months are taken as independent and alike. With `n` observed months
//! of mean `m` and standard deviation `s`, and weights `v_j` of the months to come, what comes is `m * sum(v_j)`, with
//! the prediction variance `s^2 (sum(v_j^2) + sum(v_j)^2 / n)`, and an interval by Student's t with `n - 1` degrees of
//! freedom (Student, "The Probable Error of a Mean", Biometrika 1908). Knows no accounts: amounts are numbers of
//! currency units.

use super::{rounded, units};
use crate::domain::money::Nanos;

/// The least number of months that a deviation is made of.
pub const MONTHS_FOR_INTERVAL: usize = 3;
/// The 0.9 quantiles of Student's t with 2 to 11 degrees of freedom: both ends leave out a tenth.
const T_QUANTILES: [f64; 10] = [
    1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372, 1.363,
];
/// The months of a year.
const YEAR: f64 = 12.0;

/// What some months were like.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MonthlyRate {
    /// How many months.
    pub months: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation; `None` for fewer than [`MONTHS_FOR_INTERVAL`].
    pub deviation: Option<f64>,
}

impl MonthlyRate {
    /// Of what some months came to, in `10^-9` of what is told.
    pub fn of(amounts: &[i128]) -> Self {
        if amounts.is_empty() {
            return Self::default();
        }
        let n = length(amounts.len());
        let mean = amounts.iter().map(|amount| units(*amount)).sum::<f64>() / n;
        let off = amounts.iter().map(|amount| units(*amount) - mean);
        let squares: f64 = off.map(|off| off * off).sum();
        let is_enough = amounts.len() >= MONTHS_FOR_INTERVAL;
        Self {
            months: amounts.len(),
            mean,
            deviation: is_enough.then(|| (squares / (n - 1.0)).sqrt()),
        }
    }

    /// The mean as an amount, rounded to the micro-unit.
    pub fn mean_amount(&self) -> Nanos {
        rounded(self.mean)
    }

    /// The deviation as an amount, rounded to the micro-unit.
    pub fn deviation_amount(&self) -> Option<Nanos> {
        self.deviation.map(rounded)
    }
}

/// A number of months.
#[allow(clippy::cast_precision_loss, reason = "numbers of months are small")]
fn length(months: usize) -> f64 {
    months as f64
}

/// What happens in each month to come.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Month {
    /// How much of the relationship is left, from 0 to 1, volume included.
    pub base: f64,
    /// What is earned beside its margin.
    pub extra: f64,
    /// The chance that the customer is still there.
    pub presence: f64,
}

/// A discounted sum, with an interval if there is evidence enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expectation {
    /// In nano-units, rounded to micro-units.
    pub value: Nanos,
    /// The ends of an interval that holds it in 80 of 100 cases.
    pub interval: Option<(Nanos, Nanos)>,
}

/// What months to come are worth now: month `j`, from 1, is discounted by `(1 + rate)^(-j / 12)`.
pub fn expect(rate: &MonthlyRate, discount: f64, months: &[Month]) -> Expectation {
    let (mut value, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for (weight, month) in weights(discount).zip(months) {
        let base = weight * month.base;
        value += base * rate.mean + weight * month.extra;
        sum += base;
        squares += base * base;
    }
    let interval = rate.deviation.map(|deviation| {
        let quantile = T_QUANTILES[rate.months.clamp(3, 12) - 3];
        let half = quantile * deviation * (squares + sum * sum / length(rate.months)).sqrt();
        (rounded(value - half), rounded(value + half))
    });
    Expectation {
        value: rounded(value),
        interval,
    }
}

/// What a unit of each month to come is worth now, from the first on.
pub fn weights(discount: f64) -> impl Iterator<Item = f64> {
    (1..).map(move |month| libm::pow(1.0 + discount, -length(month) / YEAR))
}

/// Millionths as a number.
#[allow(clippy::cast_precision_loss, reason = "an assumption, not an account")]
pub fn of_millionths(millionths: i64) -> f64 {
    millionths as f64 / 1e6
}

/// The chance that a customer stays when its price rises by a part: each tenth is survived with the same chance.
pub fn stays(attrition_per_tenth: f64, rise: f64) -> f64 {
    libm::pow(1.0 - attrition_per_tenth, rise.max(0.0) * 10.0)
}

/// The rise of the price that a customer refuses with a chance, in millionths, rounded up; the greatest that is looked
/// at, a hundredfold, if it refuses none.
#[allow(
    clippy::cast_possible_truncation,
    reason = "at most a hundred million millionths"
)]
pub fn refused_rise(attrition_per_tenth: f64, refusal: f64) -> i64 {
    let rise = libm::log(1.0 - refusal) / libm::log(1.0 - attrition_per_tenth) / 10.0;
    match rise.is_finite() {
        true => (rise.clamp(0.0, 100.0) * 1e6).ceil() as i64,
        false => 100_000_000,
    }
}

/// How much a customer who stays still buys when its price rises by a part: constant elasticity.
pub fn volume(elasticity: f64, rise: f64) -> f64 {
    libm::pow(1.0 + rise.max(-0.99), elasticity)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Nanos = 1_000_000_000;

    fn lasting(months: usize) -> Vec<Month> {
        vec![
            Month {
                base: 1.0,
                extra: 0.0,
                presence: 1.0
            };
            months
        ]
    }

    #[test]
    fn a_run_rate_goes_on_and_is_discounted() {
        let rate = MonthlyRate::of(&[100 * UNIT; 4]);
        assert_eq!(rate.deviation, Some(0.0));
        let undiscounted = expect(&rate, 0.0, &lasting(12));
        assert_eq!(undiscounted.value, 1_200 * UNIT);
        assert_eq!(undiscounted.interval, Some((1_200 * UNIT, 1_200 * UNIT)));
        // After a year a tenth off is a divisor of 1.1.
        let mut last = vec![Month::default(); 11];
        last.extend(lasting(1));
        assert_eq!(expect(&rate, 0.1, &last).value, 90_909_091 * 1_000);
    }

    #[test]
    fn an_interval_is_students_by_hand() {
        // Mean 20, deviation 10, n = 3: of one month 1.886 * 10 * sqrt(1 + 1/3) = 21.7776.
        let rate = MonthlyRate::of(&[10 * UNIT, 20 * UNIT, 30 * UNIT]);
        let (low, high) = expect(&rate, 0.0, &lasting(1)).interval.unwrap();
        assert_eq!(high - 20 * UNIT, 20 * UNIT - low);
        assert_eq!((high - 20 * UNIT) / 100_000, 217_776);
        let thin = MonthlyRate::of(&[10 * UNIT, 20 * UNIT]);
        assert_eq!(expect(&thin, 0.0, &lasting(1)).interval, None);
    }

    #[test]
    fn what_is_assumed_of_prices_is_what_is_said() {
        assert!((stays(0.1, 0.2) - 0.81).abs() < 1e-12);
        assert_eq!(stays(0.1, 0.0), 1.0);
        assert!((volume(-1.0, 0.25) - 0.8).abs() < 1e-12);
        // 0.9^(10 r) = 0.81 at r = 0.2.
        assert!((199_999..=200_001).contains(&refused_rise(0.1, 0.19)));
        assert_eq!(refused_rise(0.0, 0.95), 100_000_000);
    }

    #[test]
    fn nothing_known_is_nothing_expected() {
        let none = MonthlyRate::of(&[]);
        assert_eq!(expect(&none, 0.1, &lasting(12)), Expectation::default());
        assert_eq!(rounded(f64::NAN), 0);
    }
}
