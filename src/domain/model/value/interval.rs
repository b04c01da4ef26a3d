//! Where the outcome will be: the distribution of orders and of revenue, and the part of it that holds 90%.
//!
//! * What the parameters leave open is put in by taking the distribution at points around them that have their
//!   covariance (Julier & Uhlmann, Proceedings of the IEEE 92, 2004), and the mean of these distributions. No dice.
//! * What the pace of orders leaves open (`trend`) by three points of Gauss and Hermite.
//! * Orders come in whole numbers, so that no interval holds exactly 90%. Each end is where the probability comes
//!   closest to what it should be, so that many customers together come out at 90%.

use super::{
    distribution::order_distribution,
    frequency::FrequencyFit,
    maximum::{Matrix, cholesky},
    outlook::Outlook,
    special::incomplete_beta,
    spend::SpendFit,
};

/// Probability beyond each end of an interval.
pub const BEYOND: f64 = 0.05;
/// The same in standard deviations of a normal distribution.
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
    let Some(factor) = factor(covariance) else {
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

/// The distribution of a customer's orders, with everything that is not known. `outlook` makes the customer's outlook of
/// a model and a pace.
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

/// The interval of a number that has a distribution: of all that begin where the probability below comes closest to
/// half of what is to be left out, the one whose probability comes closest to what it is to hold.
pub fn of_counts(distribution: &[f64], left_out: f64) -> (f64, f64) {
    let (low, below_low) = closest(distribution, 0.5 * left_out, true);
    let (high, _) = closest(distribution, below_low + 1.0 - left_out, false);
    (low, (high - 1.0).max(low))
}

/// After how many outcomes the sum of probabilities comes closest to a target, and that sum. Of two as close the first,
/// or the last.
fn closest(distribution: &[f64], target: f64, first: bool) -> (f64, f64) {
    let mut best = (0.0, 0.0);
    let (mut count, mut sum) = (0.0, 0.0);
    for probability in distribution {
        count += 1.0;
        sum += probability;
        let (new, old) = ((sum - target).abs(), (best.1 - target).abs());
        if new < old || (!first && new <= old) {
            best = (count, sum);
        }
    }
    best
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
    (repeats, mean_value): (u32, f64),
    probability: f64,
) -> f64 {
    let none = distribution.first().copied().unwrap_or(1.0);
    if probability <= none {
        return 0.0;
    }
    let [p, q, v] = spend.parameters;
    let x = f64::from(repeats);
    let (scale, shape) = (v + x * mean_value, q + p * x);
    let at_most = |share: f64| {
        let mut sum = none;
        let mut orders = 0.0;
        for weight in distribution.iter().skip(1) {
            orders += 1.0;
            if *weight > 1e-7 {
                sum += weight * incomplete_beta(p * orders, shape, share);
            }
        }
        sum
    };
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
