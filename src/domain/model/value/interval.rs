//! Where the outcome will be: the distribution of orders and of revenue, and the part of it that holds 90%.
//!
//! * What the parameters leave open is put in by taking the distribution at points around them that have their
//!   covariance (Julier & Uhlmann, Proceedings of the IEEE 92, 2004), and the mean of these distributions. No dice.
//! * What the pace of orders leaves open (`trend`) by three points of Gauss and Hermite.
//! * Between which levels of the distribution the outcome will be is learnt (`levels`).

use super::{
    distribution::order_distribution,
    frequency::FrequencyFit,
    levels::Levels,
    maximum::{Matrix, cholesky},
    outlook::Outlook,
    special::incomplete_beta,
    spend::SpendFit,
};

/// Half the length of a 90% interval of a normal distribution, in standard deviations.
pub const DEVIATIONS: f64 = 1.644_853_626_951_472_2;
/// Points and weights of Gauss and Hermite for a standard normal distribution.
const NORMAL: [(f64, f64); 3] = [
    (-1.732_050_807_568_877_2, 1.0 / 6.0),
    (0.0, 2.0 / 3.0),
    (1.732_050_807_568_877_2, 1.0 / 6.0),
];
/// Halvings of the interval in which a quantile of revenue lies.
const HALVINGS: u32 = 50;

/// Points around parameters, each as likely as the others, with the covariance of their logarithms.
pub fn around<const N: usize>(parameters: &[f64; N], covariance: &Matrix<N>) -> Vec<[f64; N]> {
    let known = (0..N).all(|row| covariance[row][row] <= 0.0);
    let Some(factor) = factor(covariance).filter(|_| !known) else {
        return vec![*parameters];
    };
    // As many standard deviations that the points have the covariance itself.
    let length = f64::from(u32::try_from(N).unwrap_or(1)).sqrt();
    let mut points = Vec::with_capacity(2 * N);
    for column in 0..N {
        let along = factor.map(|row| row[column]);
        for side in [-length, length] {
            points.push(std::array::from_fn(|row| {
                parameters[row] * libm::exp((side * along[row]).clamp(-3.0, 3.0))
            }));
        }
    }
    points
}

/// A factor of a covariance in which parameters without any are left out.
fn factor<const N: usize>(covariance: &Matrix<N>) -> Option<Matrix<N>> {
    let mut kept = *covariance;
    for (row, cells) in kept.iter_mut().enumerate() {
        if cells[row] <= 0.0 {
            cells[row] = 1.0;
        }
    }
    let mut factor = cholesky(&kept)?;
    for row in 0..N {
        if covariance[row][row] <= 0.0 {
            factor[row] = [0.0; N];
        }
    }
    Some(factor)
}

/// The distribution of a customer's orders, with everything that is not known. `outlook` makes the customer's
/// outlook of a model and a pace.
pub fn orders(
    fit: &FrequencyFit,
    pace_error: f64,
    weeks: f64,
    outlook: impl Fn(&FrequencyFit, f64) -> Outlook,
) -> Vec<f64> {
    let mut sum: Vec<f64> = Vec::new();
    let points = around(&fit.parameters, &fit.covariance);
    let share = 1.0 / f64::from(u32::try_from(points.len()).unwrap_or(1));
    for parameters in points {
        let at = FrequencyFit::known(fit.model, parameters);
        for (deviation, weight) in NORMAL {
            let outlook = outlook(&at, libm::exp(deviation * pace_error));
            let distribution = order_distribution(&outlook, weeks);
            if sum.len() < distribution.len() {
                sum.resize(distribution.len(), 0.0);
            }
            for (sum, probability) in sum.iter_mut().zip(&distribution) {
                *sum += share * weight * probability;
            }
        }
    }
    sum
}

/// The counts between two levels of a distribution.
pub fn of_counts(distribution: &[f64], levels: Levels) -> (f64, f64) {
    let (mut low, mut high) = (None, 0.0);
    let (mut count, mut below) = (0.0, 0.0);
    for probability in distribution {
        let up_to = below + probability;
        if low.is_none() && up_to >= levels.low {
            low = Some(count);
        }
        if below <= levels.high {
            high = count;
        }
        below = up_to;
        count += 1.0;
    }
    let low = low.unwrap_or(high);
    (low, high.max(low))
}

/// The revenue between two levels of its distribution.
pub fn of_revenue(
    distribution: &[f64],
    spend: &SpendFit,
    own: (u32, f64),
    levels: Levels,
) -> (f64, f64) {
    let none = distribution.first().copied().unwrap_or(1.0);
    let low = if none >= levels.low {
        0.0
    } else {
        revenue_quantile(distribution, spend, own, levels.low)
    };
    let high = revenue_quantile(distribution, spend, own, levels.high);
    (low, high.max(low))
}

/// The middle of a distribution: as many outcomes lie above as below.
pub fn median(distribution: &[f64]) -> f64 {
    let mut below = 0.0;
    for (count, probability) in distribution.iter().enumerate() {
        below += probability;
        if below >= 0.5 {
            return f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        }
    }
    0.0
}

/// The revenue below which it stays with some probability, for a distribution of orders.
pub fn revenue_quantile(
    distribution: &[f64],
    spend: &SpendFit,
    own: (u32, f64),
    probability: f64,
) -> f64 {
    let none = distribution.first().copied().unwrap_or(1.0);
    if probability <= none {
        return 0.0;
    }
    let scale = revenue_scale(spend, own);
    let at_most = |share: f64| probability_of_share(distribution, spend, own, share);
    // Revenue is `scale` times `share / (1 - share)`.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if at_most(middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
        if high - low < 1e-6 * (1.0 - high) {
            break;
        }
    }
    let share = 0.5 * (low + high);
    scale * share / (1.0 - share)
}

/// The probability that revenue is at most an amount.
pub fn revenue_probability(
    distribution: &[f64],
    spend: &SpendFit,
    own: (u32, f64),
    amount: f64,
) -> f64 {
    let share = amount / (amount + revenue_scale(spend, own));
    probability_of_share(distribution, spend, own, share)
}

/// `v + x m`.
fn revenue_scale(spend: &SpendFit, (repeats, mean_value): (u32, f64)) -> f64 {
    spend.parameters[2] + f64::from(repeats) * mean_value
}

/// The probability that revenue is at most `scale` times `share / (1 - share)`.
fn probability_of_share(
    distribution: &[f64],
    spend: &SpendFit,
    (repeats, _): (u32, f64),
    share: f64,
) -> f64 {
    let [p, q, _] = spend.parameters;
    let shape = q + p * f64::from(repeats);
    let mut sum = distribution.first().copied().unwrap_or(1.0);
    let mut orders = 0.0;
    for weight in distribution.iter().skip(1) {
        orders += 1.0;
        if *weight > 1e-7 {
            sum += weight * incomplete_beta(p * orders, shape, share);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISTRIBUTION: [f64; 5] = [0.5, 0.2, 0.15, 0.11, 0.04];

    fn levels(low: f64, high: f64) -> Levels {
        Levels { low, high }
    }

    #[test]
    fn counts_lie_between_their_levels() {
        assert_eq!(of_counts(&DISTRIBUTION, Levels::PLAIN), (0.0, 3.0));
        assert_eq!(of_counts(&DISTRIBUTION, levels(0.6, 0.8)), (1.0, 2.0));
        assert_eq!(of_counts(&DISTRIBUTION, levels(0.5, 0.4)), (0.0, 0.0));
        assert_eq!(of_counts(&DISTRIBUTION, levels(0.0, 1.0)), (0.0, 4.0));
        assert_eq!(of_counts(&[], Levels::PLAIN), (0.0, 0.0));
        assert_eq!(median(&DISTRIBUTION), 0.0);
        assert_eq!(median(&[0.4, 0.3, 0.3]), 1.0);
    }

    #[test]
    fn a_quantile_of_revenue_has_its_probability() {
        let spend = SpendFit::known([6.25, 3.74, 15.44]);
        for own in [(0, 0.0), (1, 20.0), (30, 45.0)] {
            for probability in [0.51, 0.7, 0.95, 0.999] {
                let amount = revenue_quantile(&DISTRIBUTION, &spend, own, probability);
                let again = revenue_probability(&DISTRIBUTION, &spend, own, amount);
                assert!(
                    (again - probability).abs() < 1e-5,
                    "{amount} {again} {probability}"
                );
            }
            assert_eq!(revenue_quantile(&DISTRIBUTION, &spend, own, 0.4), 0.0);
        }
        let (low, high) = of_revenue(&DISTRIBUTION, &spend, (1, 20.0), levels(0.6, 0.95));
        assert!(low > 0.0 && high > low);
    }

    #[test]
    fn points_around_parameters_have_their_covariance() {
        let covariance = [[0.04, 0.01], [0.01, 0.09]];
        let points = around(&[2.0, 3.0], &covariance);
        assert_eq!(points.len(), 4);
        for (row, cells) in covariance.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let log = |point: &[f64; 2], at: usize| (point[at] / [2.0, 3.0][at]).ln();
                let sum: f64 = points.iter().map(|p| log(p, row) * log(p, column)).sum();
                assert!((sum / 4.0 - cell).abs() < 1e-12);
            }
        }
        // A parameter without an error stays.
        let points = around(&[2.0, 3.0], &[[0.0, 0.0], [0.0, 0.09]]);
        assert!(points.iter().all(|point| point[0] == 2.0));
        assert_eq!(around(&[2.0, 3.0], &[[0.0; 2]; 2]), [[2.0, 3.0]]);
    }
}
