//! Gamma-Gamma: how much an order is worth.
//!
//! Fader, Hardie & Lee, RFM and CLV, Journal of Marketing Research 42, 2005; Fader & Hardie, note 025, eqs. (1a),
//! (5). It takes for granted that how much does not depend on how often.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `p` | parameter 0 | shape of the gamma distribution of a customer's orders |
//! | `q`, `v` | parameters 1, 2 | shape and scale of the distribution of its rate over customers |

use super::{
    PurchaseHistory,
    maximum::{Curve, Likelihood, Matrix, maximum},
    special::{digamma, trigamma},
};

/// A customer who ordered again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpendRow {
    /// Orders after the first: `x`, above zero.
    pub repeats: u32,
    /// Their mean value: `m_x`, above zero.
    pub mean_value: f64,
}

/// The smallest amount of money there is: one micro-unit. Who spends less on an order spends nothing.
const SMALLEST: f64 = 1e-6;

/// The rows of those who ordered again and paid for it, by repeats and value.
pub fn spend_rows(histories: impl IntoIterator<Item = PurchaseHistory>) -> Vec<SpendRow> {
    let spent =
        |h: &PurchaseHistory| h.repeats > 0 && h.mean_value >= SMALLEST && h.mean_value.is_finite();
    let rows = histories.into_iter().filter(spent).map(|history| SpendRow {
        repeats: history.repeats,
        mean_value: history.mean_value,
    });
    let mut rows: Vec<SpendRow> = rows.collect();
    rows.sort_unstable_by(|a, b| {
        let by_value = || a.mean_value.total_cmp(&b.mean_value);
        a.repeats.cmp(&b.repeats).then_with(by_value)
    });
    rows
}

/// The likelihood of rows that are sorted by repeats.
#[derive(Debug, Clone, Copy)]
pub struct GammaGamma<'a>(pub &'a [SpendRow]);

impl Likelihood<3> for GammaGamma<'_> {
    fn at(&self, parameters: &[f64; 3]) -> Curve<3> {
        let [p, q, v] = *parameters;
        let mut curve = Curve::ZERO;
        let (log_v, gamma_q) = (libm::log(v), libm::lgamma(q));
        let (digamma_q, trigamma_q) = (digamma(q), trigamma(q));
        for alike in self.0.chunk_by(|a, b| a.repeats == b.repeats) {
            let x = f64::from(alike[0].repeats);
            let (shape, log_x) = (p * x, libm::log(x));
            let whole = shape + q;
            let (mut log_m, mut log_sum, mut inverse, mut inverse_square) = (0.0, 0.0, 0.0, 0.0);
            let mut n = 0.0;
            for row in alike {
                let sum = v + x * row.mean_value;
                n += 1.0;
                log_m += libm::log(row.mean_value);
                log_sum += libm::log(sum);
                inverse += 1.0 / sum;
                inverse_square += 1.0 / (sum * sum);
            }
            let gammas = libm::lgamma(whole) - libm::lgamma(shape) - gamma_q;
            curve.value +=
                n * (gammas + q * log_v + shape * log_x) + (shape - 1.0) * log_m - whole * log_sum;
            let all = digamma(whole);
            curve.gradient[0] += x * (n * (all - digamma(shape) + log_x) + log_m - log_sum);
            curve.gradient[1] += n * (all - digamma_q + log_v) - log_sum;
            curve.gradient[2] += n * q / v - whole * inverse;
            let all = trigamma(whole);
            let h = &mut curve.hessian;
            h[0][0] += n * x * x * (all - trigamma(shape));
            h[1][0] += n * x * all;
            h[1][1] += n * (all - trigamma_q);
            h[2][0] -= x * inverse;
            h[2][1] += n / v - inverse;
            h[2][2] += whole * inverse_square - n * q / (v * v);
        }
        curve.mirrored()
    }
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct SpendFit {
    /// `p`, `q`, `v`.
    pub parameters: [f64; 3],
    /// Covariance of their logarithms.
    pub covariance: Matrix<3>,
    /// The logarithm of the likelihood, all constants included.
    pub log_likelihood: f64,
    /// How many customers it was fitted to.
    pub customers: f64,
    /// The greatest mean value among them: no expectation is above it. Where values have a tail so heavy that they
    /// have no mean, it would be infinite.
    pub greatest: f64,
    /// How often the likelihood was taken.
    pub evaluations: u32,
    /// Whether the maximum was reached.
    pub converged: bool,
}

impl SpendFit {
    /// Fits it by maximum likelihood, from parameters that are near if such are known. `None` without any row.
    pub fn of(rows: &[SpendRow], start: Option<&[f64; 3]>) -> Option<Self> {
        let greatest = rows.iter().map(|row| row.mean_value).reduce(f64::max)?;
        let customers = f64::from(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        let mean = rows.iter().map(|row| row.mean_value).sum::<f64>() / customers;
        let start = start.copied().unwrap_or([4.0, 4.0, mean]);
        let found = maximum(&GammaGamma(rows), &start);
        Some(Self {
            parameters: found.parameters,
            covariance: found.covariance,
            log_likelihood: found.log_likelihood,
            customers,
            greatest,
            evaluations: found.evaluations,
            converged: found.converged,
        })
    }

    /// A model with given parameters, taken for exact.
    pub fn known(parameters: [f64; 3]) -> Self {
        Self {
            parameters,
            covariance: [[0.0; 3]; 3],
            log_likelihood: 0.0,
            customers: 0.0,
            greatest: f64::INFINITY,
            evaluations: 0,
            converged: true,
        }
    }

    /// The expected value of an order of a customer.
    pub fn order_value(&self, repeats: u32, mean_value: f64) -> f64 {
        let [p, q, v] = self.parameters;
        let x = f64::from(repeats);
        let above = p * x + q - 1.0;
        if above <= 0.0 {
            return self.greatest;
        }
        (p * (v + x * mean_value) / above).min(self.greatest)
    }

    /// The variance of the revenue of orders whose number has a mean and a variance.
    pub fn revenue_variance(&self, history: &PurchaseHistory, mean: f64, variance: f64) -> f64 {
        let [p, q, _] = self.parameters;
        let value = self.order_value(history.repeats, history.mean_value);
        // The customer's own mean value has an inverse gamma distribution. Where that has no variance, as much is
        // taken as an exponential one would have.
        let shape = p * f64::from(history.repeats) + q;
        let own = if shape > 3.0 {
            1.0 / (shape - 2.0)
        } else {
            1.0
        };
        let of_orders = mean / p + variance;
        value * value * (of_orders * (1.0 + own) + mean * mean * own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::value::maximum::tests::assert_derivatives;

    fn history(repeats: u32, mean_value: f64) -> PurchaseHistory {
        PurchaseHistory {
            repeats,
            recency_days: repeats,
            observed_days: 100,
            mean_value,
        }
    }

    #[test]
    fn derivatives_are_those_of_the_values() {
        let histories = (1..60).map(|n| history(n % 9, f64::from(n * 7 % 50) + 0.5));
        let rows = spend_rows(histories);
        for at in [[6.25, 3.74, 15.44], [0.3, 20.0, 1.0], [40.0, 0.5, 300.0]] {
            assert_derivatives(&GammaGamma(&rows), &at);
        }
    }

    #[test]
    fn who_did_not_pay_for_a_repeat_order_tells_nothing_of_spend() {
        let rows = spend_rows([
            history(3, 5.0),
            history(0, 9.0),
            history(2, 0.0),
            history(2, f64::NAN),
            history(1, 8.0),
        ]);
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.repeats, row.mean_value))
            .collect();
        assert_eq!(told, [(1, 8.0), (3, 5.0)]);
        assert_eq!(SpendFit::of(&[], None), None);
    }

    #[test]
    fn expectations_stay_finite_where_values_have_no_mean() {
        let rows = spend_rows((1..200).map(|n| history(1 + n % 2, libm::exp(f64::from(n % 40)))));
        let fit = SpendFit::of(&rows, None).unwrap();
        for (repeats, mean_value) in [(0, 0.0), (1, 1e9), (50, 1e-3)] {
            let value = fit.order_value(repeats, mean_value);
            assert!(value > 0.0 && value <= fit.greatest, "{value}");
        }
        // Everybody always pays the same.
        let same = spend_rows((1..100).map(|n| history(1 + n % 3, 25.0)));
        let fit = SpendFit::of(&same, None).unwrap();
        assert!((fit.order_value(4, 25.0) - 25.0).abs() < 0.1, "{fit:?}");
    }
}
