//! What an account's margin does when it is given more or less time, learnt from months.
//!
//! An account that gets `x` minutes a month brings `r (a + b ln(1 + x / s))`: every further minute brings less than the
//! one before (the semi-logarithmic response of Lodish 1971, and of Mantrala, Sinha and Zoltners, "Impact of resource
//! allocation rules on marketing investment-level decisions and profitability", Journal of Marketing Research 29,
//! 1992). `b` is the slope of the least-squares line through the account's own months. Accounts with few or equal
//! months say little by themselves: their slope is drawn towards that of all accounts, the more the less they say
//! (Lindley and Smith, "Bayes estimates for the linear model", Journal of the Royal Statistical Society B 34, 1972; how
//! much accounts differ by DerSimonian and Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7,
//! 1986). A slope below zero is taken for none: time does no harm.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `x` | minutes | time in a month |
//! | `s` | [`Responses::scale_minutes`] | mean minutes of an account and month |
//! | `r` | [`Response::size`] | mean net revenue of a month, in currency units |
//! | `b` | [`Response::slope`] | answer to time, per unit of `ln(1 + x / s)` |
//! | `v` | `own.variance` | variance of an account's own slope |
//! | `tau^2` | [`Responses::between`] | variance of true slopes between accounts |
//! | `B` | [`Response::drawn`] | `v / (v + tau^2)`: how far it is drawn |

use super::{minutes, number};
use crate::domain::{model::units, money::Nanos};

/// The quantile of the standard normal distribution that leaves a fortieth above it.
pub const Z_95: f64 = 1.959_963_984_540_054;
/// With fewer accounts whose time differed from month to month there is nothing to learn.
pub const MINIMUM_ACCOUNTS: u64 = 3;
/// With fewer months a line through them says nothing of how far they are from it.
const MINIMUM_MONTHS: usize = 3;
/// No account counts for less than this part of the mean account, so that none is divided by zero.
const LEAST_SIZE: f64 = 0.01;
/// Months that lie on a line exactly are taken to be this far from it, in parts of the size, squared.
const LEAST_NOISE: f64 = 1e-12;

/// A month of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Month {
    /// Working time, in thousandths of a minute.
    pub milli_minutes: i128,
    /// Net revenue, in nano-units.
    pub revenue: Nanos,
    /// Contribution margin, in nano-units.
    pub margin: Nanos,
}

/// What an account answers to time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Response {
    /// Mean net revenue of a month, in currency units; at least a hundredth of the mean account's.
    pub size: f64,
    /// Contribution margin of a month without any time, in currency units.
    pub base: f64,
    /// Zero or more, as a part of the size.
    pub slope: f64,
    /// From 0, told by its own months alone, to 1, by all accounts together.
    pub drawn: f64,
    /// The variance of the slope but for what all accounts have in common.
    pub own_variance: f64,
}

/// What accounts answer to time.
#[derive(Debug, Clone, PartialEq)]
pub struct Responses {
    /// In the order of the histories.
    pub accounts: Vec<Response>,
    /// Mean minutes of an account and month.
    pub scale_minutes: f64,
    /// The slope of all accounts together.
    pub common_slope: f64,
    /// Its variance.
    pub common_variance: f64,
    /// The variance of true slopes between accounts.
    pub between: f64,
    /// How many accounts were learnt from.
    pub learnt_from: u64,
}

/// A slope of an account's own months, in parts of its size.
struct Own {
    slope: f64,
    /// The sum of squared deviations of doses.
    spread: f64,
    /// The sum of squared errors.
    errors: f64,
    months: usize,
}

/// The dose of some minutes.
pub fn dose(minutes: f64, scale_minutes: f64) -> f64 {
    libm::log1p(minutes / scale_minutes)
}

impl Responses {
    /// Learns from the months of accounts. All histories have the same months. `Err` with how many accounts there are
    /// to learn from, if these are too few.
    pub fn learn(histories: &[Vec<Month>]) -> Result<Self, u64> {
        let months: usize = histories.iter().map(Vec::len).sum();
        let count = number(months as u64);
        let total: i128 = histories.iter().flatten().map(|m| m.milli_minutes).sum();
        let revenue: Nanos = histories.iter().flatten().map(|m| m.revenue).sum();
        if total <= 0 || revenue <= 0 {
            return Err(0);
        }
        let scale_minutes = minutes(total) / count;
        let least = LEAST_SIZE * units(revenue) / count;
        let sized: Vec<f64> = histories.iter().map(|own| size(own).max(least)).collect();
        let fits: Vec<Option<Own>> = histories
            .iter()
            .zip(&sized)
            .map(|(own, size)| fit(own, *size, scale_minutes))
            .collect();
        let known: Vec<&Own> = fits.iter().flatten().collect();
        let learnt_from = known.len() as u64;
        if learnt_from < MINIMUM_ACCOUNTS {
            return Err(learnt_from);
        }
        let freedom: usize = known.iter().map(|own| own.months - 2).sum();
        let errors: f64 = known.iter().map(|own| own.errors).sum();
        let noise = (errors / number(freedom as u64)).max(LEAST_NOISE);
        let pooled = pool(&known, noise);
        let each = histories.iter().zip(sized).zip(&fits);
        let accounts = each
            .map(|((months, size), own)| pooled.draw(months, size, own.as_ref(), scale_minutes));
        Ok(Self {
            accounts: accounts.collect(),
            scale_minutes,
            common_slope: pooled.slope,
            common_variance: pooled.variance,
            between: pooled.between,
            learnt_from,
        })
    }
}

/// Mean net revenue of a month, in currency units.
fn size(months: &[Month]) -> f64 {
    units(months.iter().map(|month| month.revenue).sum()) / number(months.len() as u64)
}

/// Means of dose and of margin as a part of the size.
fn means(months: &[Month], size: f64, scale_minutes: f64) -> (f64, f64) {
    let count = number(months.len() as u64);
    let doses = months
        .iter()
        .map(|month| dose(minutes(month.milli_minutes), scale_minutes));
    let margins = months.iter().map(|month| units(month.margin) / size);
    (doses.sum::<f64>() / count, margins.sum::<f64>() / count)
}

/// The least-squares line through an account's months; none if they are too few, or all got the same time.
fn fit(months: &[Month], size: f64, scale_minutes: f64) -> Option<Own> {
    let first = months.first()?.milli_minutes;
    if months.len() < MINIMUM_MONTHS || months.iter().all(|month| month.milli_minutes == first) {
        return None;
    }
    let (mean_dose, mean_margin) = means(months, size, scale_minutes);
    let (mut spread, mut together, mut squares) = (0.0, 0.0, 0.0);
    for month in months {
        let x = dose(minutes(month.milli_minutes), scale_minutes) - mean_dose;
        let y = units(month.margin) / size - mean_margin;
        spread += x * x;
        together += x * y;
        squares += y * y;
    }
    let slope = together / spread;
    Some(Own {
        slope,
        spread,
        errors: (squares - slope * together).max(0.0),
        months: months.len(),
    })
}

/// What all accounts say together.
struct Pooled {
    noise: f64,
    slope: f64,
    variance: f64,
    between: f64,
}

fn pool(known: &[&Own], noise: f64) -> Pooled {
    let variance = |own: &Own| noise / own.spread;
    let weigh = |between: f64| {
        let (mut weights, mut slopes) = (0.0, 0.0);
        for own in known {
            let weight = 1.0 / (variance(own) + between);
            weights += weight;
            slopes += weight * own.slope;
        }
        (weights, slopes / weights)
    };
    let (weights, mean) = weigh(0.0);
    let (mut differences, mut squares) = (0.0, 0.0);
    for own in known {
        let weight = 1.0 / variance(own);
        differences += weight * (own.slope - mean) * (own.slope - mean);
        squares += weight * weight;
    }
    let freedom = number(known.len() as u64) - 1.0;
    let between = ((differences - freedom) / (weights - squares / weights)).max(0.0);
    let (weights, slope) = weigh(between);
    Pooled {
        noise,
        slope,
        variance: 1.0 / weights,
        between,
    }
}

impl Pooled {
    /// An account's slope, drawn towards that of all.
    fn draw(&self, months: &[Month], size: f64, own: Option<&Own>, scale_minutes: f64) -> Response {
        let (drawn, raw, own_variance) = match own {
            None => (1.0, self.slope, self.between),
            Some(own) => {
                let variance = self.noise / own.spread;
                let drawn = variance / (variance + self.between);
                let slope = drawn * self.slope + (1.0 - drawn) * own.slope;
                (drawn, slope, (1.0 - drawn) * variance)
            }
        };
        let slope = raw.max(0.0);
        let (mean_dose, mean_margin) = means(months, size, scale_minutes);
        Response {
            size,
            base: size * (mean_margin - slope * mean_dose),
            slope,
            drawn,
            own_variance,
        }
    }
}
