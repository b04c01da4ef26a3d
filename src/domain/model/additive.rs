//! Effects of trait values, added up and drawn towards zero where few customers show them.
//!
//! Each trait's effects are taken to come from a normal distribution of their own, whose variance is read off the data:
//! a trait that says nothing gets a variance near zero and so do its effects, a trait value that few customers have is
//! drawn towards the trait's mean. The variances are found by expectation and maximisation (Dempster, Laird and Rubin,
//! "Maximum likelihood from incomplete data via the EM algorithm", Journal of the Royal Statistical Society B 39, 1977;
//! for variance components: Harville, "Maximum likelihood approaches to variance component estimation and to related
//! problems", Journal of the American Statistical Association 72, 1977). Works on sums over customers alone, so that
//! a round costs the same however many customers there are.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `y = X b + e` | given | outcomes; column 0 of `X` is 1, each other column is a trait value |
//! | `W` | given | weights: `e_i ~ N(0, s2 / w_i)` |
//! | `A = X'WX`, `c = X'Wy` | [`Moments`] | sums over customers |
//! | `tau_f` | [`Variances::effects`] | variance of the effects of trait `f`: `b_j ~ N(0, tau_f)` |
//! | `s2` | [`Variances::residual`] | variance of a customer of weight 1 around its mean |
//! | `D` | `diagonal` | `s2 / tau_f` for the columns of `f`, 0 for column 0 |
//! | `b` | [`Fit::coefficients`] | posterior means: `(A + D) b = c` |
//! | `V` | [`Fit::variance`] | their covariance `s2 (A + D)^-1` |

use super::{
    number,
    symmetric::{Inverse, Symmetric},
};
use std::ops::Range;

/// How many rounds of expectation and maximisation there are from a cold start.
pub const ROUNDS: usize = 50;
/// The variance of effects at the start, as a part of the residual variance.
const FIRST_EFFECTS: f64 = 0.02;
/// The least variance of effects, as a part of the residual variance: a trait is never quite forgotten.
const LEAST_EFFECTS: f64 = 1e-6;
/// The least residual variance, outcomes being of variance 1.
const LEAST_RESIDUAL: f64 = 1e-6;

/// Sums over customers: all that a fit needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    matrix: Symmetric,
    right: Vec<f64>,
    /// The weighted sum of squared outcomes.
    square: f64,
    rows: u64,
}

impl Moments {
    /// No customers, `size` columns.
    pub fn zeros(size: usize) -> Self {
        Self {
            matrix: Symmetric::zeros(size),
            right: vec![0.0; size],
            square: 0.0,
            rows: 0,
        }
    }

    /// Takes in a customer, who has a 1 in these columns, which rise.
    pub fn add_row(&mut self, columns: &[usize], outcome: f64, weight: f64) {
        for (place, row) in columns.iter().enumerate() {
            for column in &columns[..=place] {
                self.matrix.add(*row, *column, weight);
            }
            self.right[*row] += weight * outcome;
        }
        self.square += weight * outcome * outcome;
        self.rows += 1;
    }

    /// Takes in other customers.
    pub fn add_all(&mut self, other: &Self) {
        self.matrix.add_all(&other.matrix);
        for (own, value) in self.right.iter_mut().zip(&other.right) {
            *own += value;
        }
        self.square += other.square;
        self.rows += other.rows;
    }

    /// How many customers there are.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The weight of the customers in a column.
    pub fn weight(&self, column: usize) -> f64 {
        self.matrix.cell(column, column)
    }
}

/// What is not explained, and how far apart the effects of each trait are.
#[derive(Debug, Clone, PartialEq)]
pub struct Variances {
    /// Of a customer of weight 1 around its mean.
    pub residual: f64,
    /// Of the effects of each trait.
    pub effects: Vec<f64>,
}

impl Variances {
    /// Where to start, outcomes being of variance 1.
    pub fn cold(traits: usize) -> Self {
        Self {
            residual: 1.0,
            effects: vec![FIRST_EFFECTS; traits],
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The effect of each column.
    pub coefficients: Vec<f64>,
    /// The variances under which the effects were found.
    pub under: Variances,
    /// The variances that follow from them.
    pub variances: Variances,
    inverse: Inverse,
}

impl Fit {
    /// The variance of the sum of the coefficients at these columns.
    pub fn variance(&self, columns: &[usize]) -> f64 {
        self.under.residual * self.inverse.quadratic(columns)
    }
}

/// Finds the effects. `groups` are the columns of each trait; together they are all but column 0.
pub fn fit(moments: &Moments, groups: &[Range<usize>], start: Variances, rounds: usize) -> Fit {
    let mut variances = start;
    let mut found = expect(moments, groups, &variances);
    for _ in 1..rounds {
        variances = found.variances;
        found = expect(moments, groups, &variances);
    }
    found
}

/// One round: the effects under some variances, and the variances that follow from the effects.
fn expect(moments: &Moments, groups: &[Range<usize>], under: &Variances) -> Fit {
    let size = moments.matrix.size();
    let mut diagonal = vec![0.0; size];
    for (group, variance) in groups.iter().zip(&under.effects) {
        diagonal[group.clone()].fill(under.residual / variance);
    }
    let inverse = Inverse::of(&moments.matrix, &diagonal);
    let coefficients = inverse.solve(&moments.right);

    // tr(A (A + D)^-1) = size - tr(D (A + D)^-1), and the squared residuals follow from (A + D) b = c.
    let mut trace = number(size as u64);
    let mut residual = moments.square;
    let mut effects = Vec::with_capacity(groups.len());
    for (column, coefficient) in coefficients.iter().enumerate() {
        residual -= coefficient * (moments.right[column] + diagonal[column] * coefficient);
    }
    for group in groups {
        let mut sum = 0.0;
        let mut shown = 0_u64;
        for column in group.clone() {
            let spread = inverse.diagonal(column);
            trace -= diagonal[column] * spread;
            if moments.weight(column) > 0.0 {
                sum += coefficients[column] * coefficients[column] + under.residual * spread;
                shown += 1;
            }
        }
        let mean = sum / number(shown.max(1));
        effects.push(mean.max(LEAST_EFFECTS * under.residual));
    }
    let rows = number(moments.rows.max(1));
    let next = (residual.max(0.0) + under.residual * trace.max(0.0)) / rows;
    let variances = Variances {
        residual: next.max(LEAST_RESIDUAL),
        effects,
    };
    Fit {
        coefficients,
        under: under.clone(),
        variances,
        inverse,
    }
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "numbers of tests are small"
)]
mod tests {
    use super::*;
    use crate::domain::model::tests::Dice;

    /// Customers of two traits: the first with three values and an effect, the second with four values and none.
    fn world(customers: usize, effect: f64) -> (Moments, [Range<usize>; 2]) {
        let mut dice = Dice(11);
        let mut moments = Moments::zeros(8);
        for _ in 0..customers {
            let (first, second) = (dice.roll(3) as usize, dice.roll(4) as usize);
            let noise = (dice.roll(2_001) as f64 - 1_000.0) / 1_000.0;
            let outcome = effect * (first as f64 - 1.0) + noise;
            moments.add_row(&[0, 1 + first, 4 + second], outcome, 1.0);
        }
        (moments, [1..4, 4..8])
    }

    #[test]
    fn an_effect_is_found_and_a_trait_without_one_is_forgotten() {
        let (moments, groups) = world(400, 2.0);
        let found = fit(&moments, &groups, Variances::cold(2), ROUNDS);
        let effects = &found.coefficients[1..4];
        assert!((effects[2] - effects[0] - 4.0).abs() < 0.3, "{effects:?}");
        assert!(
            found.coefficients[4..].iter().all(|b| b.abs() < 0.1),
            "{:?}",
            found.coefficients
        );
        // The noise is even from -1 to 1: its variance is a third.
        assert!(
            (found.variances.residual - 1.0 / 3.0).abs() < 0.05,
            "{:?}",
            found.variances
        );
        assert!(found.variances.effects[0] > 100.0 * found.variances.effects[1]);
    }

    #[test]
    fn fewer_customers_know_less() {
        let variance = |customers| {
            let (moments, groups) = world(customers, 2.0);
            fit(&moments, &groups, Variances::cold(2), ROUNDS).variance(&[0, 2, 5])
        };
        assert!(variance(30) > 2.0 * variance(120));
        assert!(variance(120) > 2.0 * variance(480));
    }

    #[test]
    fn the_likelihood_never_falls() {
        // What expectation and maximisation promise; a wrong trace or residual would break it.
        let (moments, groups) = world(60, 0.5);
        let mut variances = Variances::cold(2);
        let mut last = f64::NEG_INFINITY;
        for _ in 0..30 {
            let found = fit(&moments, &groups, variances.clone(), 1);
            let likelihood = log_likelihood(&moments, &groups, &variances);
            assert!(likelihood >= last - 1e-9, "{likelihood} after {last}");
            last = likelihood;
            variances = found.variances;
        }
    }

    /// -2 times the logarithm of the restricted likelihood, up to a constant, with its sign turned: from the
    /// determinant of the mixed model's equations (Harville 1977).
    fn log_likelihood(moments: &Moments, groups: &[Range<usize>], under: &Variances) -> f64 {
        let size = moments.matrix.size();
        let mut diagonal = vec![0.0; size];
        let mut determinant = 0.0;
        for (group, variance) in groups.iter().zip(&under.effects) {
            diagonal[group.clone()].fill(under.residual / variance);
            determinant += group.len() as f64 * (variance / under.residual).ln();
        }
        let inverse = Inverse::of(&moments.matrix, &diagonal);
        for place in 0..size {
            determinant -= 2.0 * inverse.corner(place).ln();
        }
        let coefficients = inverse.solve(&moments.right);
        let explained: f64 = coefficients
            .iter()
            .zip(&moments.right)
            .map(|(b, c)| b * c)
            .sum();
        let freedom = moments.rows as f64 - 1.0;
        -(freedom * under.residual.ln()
            + determinant
            + (moments.square - explained) / under.residual)
    }

    #[test]
    fn empty_and_equal_worlds_are_finite() {
        let found = fit(
            &Moments::zeros(3),
            &[1..2, 2..3],
            Variances::cold(2),
            ROUNDS,
        );
        assert!(found.coefficients.iter().all(|b| b.is_finite()));
        assert!(found.variance(&[0, 1, 2]).is_finite());
        let mut equal = Moments::zeros(2);
        for _ in 0..50 {
            equal.add_row(&[0, 1], 0.0, 1.0);
        }
        let found = fit(
            &equal,
            std::slice::from_ref(&(1..2)),
            Variances::cold(1),
            ROUNDS,
        );
        assert_eq!(found.coefficients, [0.0, 0.0]);
    }
}
