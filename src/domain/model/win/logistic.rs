//! Logistic regression on columns of ones, each effect drawn towards zero by a penalty of its own.
//!
//! Newton's method with step halving (the iteratively re-weighted least squares of McCullagh and Nelder, "Generalized
//! Linear Models", 2nd edition 1989, with ridge: le Cessie and van Houwelingen, "Ridge estimators in logistic
//! regression", Applied Statistics 41, 1992). Of the curvature at the end the Cholesky factor is kept: it says how
//! well a sum of effects is known (Laplace's approximation). Sums are taken in the order of rows, always.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `y_i`, `w_i`, `o_i` | [`Sample`] | 1 if won, the weight, a part of the log-odds that is given |
//! | `X` | [`Sample::rows`] | ones; column 0 is everybody's |
//! | `b` | [`Logistic::effects`] | what is found: `logit p = o + X b` |
//! | `D`, `K` | [`Penalty`] | `sum D_j b_j^2 / 2 + sum K_jk (b_j - b_k)^2 / 2` is added to the loss |
//! | `H` | [`Logistic::curvature`] | `X' w p (1 - p) X + D` |

use super::super::{
    design::Rows,
    number,
    symmetric::{Inverse, Symmetric},
};

/// So many steps are enough from anywhere; a few are, most often.
const STEPS: usize = 60;
/// A step is halved so many times before the search gives up.
const HALVINGS: usize = 12;
/// Effects that move less than this have been found.
const STILL: f64 = 1e-6;
/// After a step as short as this the curvature is taken to be still the same.
const SHORT: f64 = 0.1;
/// How short steps must have become when that is asked of a fold.
const STILL_OF_FOLDS: f64 = 1e-4;
/// The least curvature of a row, so that a certain one does not vanish from the system.
const LEAST_CURVATURE: f64 = 1e-9;

/// What is fitted.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Which row is in which columns.
    pub rows: &'a Rows,
    /// 1 for a row that was won, 0 for one that was lost.
    pub outcomes: &'a [f64],
    /// Weights above zero.
    pub weights: &'a [f64],
    /// What is added to the log-odds of each row and is not fitted; empty for nothing.
    pub offsets: &'a [f64],
    /// The rows of each fold.
    pub folds: &'a [Vec<usize>],
    /// How many columns there are.
    pub size: usize,
}

/// A fit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Logistic {
    /// What each column adds to the log-odds.
    pub effects: Vec<f64>,
    /// The inverse of the curvature's factor, for sums of effects.
    pub curvature: Inverse,
}

/// The probability of log-odds, never quite 0 or 1 in what is finite.
pub fn probability(log_odds: f64) -> f64 {
    if log_odds >= 0.0 {
        1.0 / (1.0 + libm::exp(-log_odds))
    } else {
        let odds = libm::exp(log_odds);
        odds / (1.0 + odds)
    }
}

/// The log-odds of a probability between 0 and 1.
pub fn log_odds(probability: f64) -> f64 {
    libm::log(probability / (1.0 - probability))
}

/// The negative log-likelihood of one outcome, without cancellation for large log-odds.
pub fn loss(log_odds: f64, outcome: f64) -> f64 {
    likely(log_odds, outcome).0
}

/// The loss and the probability together, for one exponential.
fn likely(log_odds: f64, outcome: f64) -> (f64, f64) {
    let odds = libm::exp(-log_odds.abs());
    let loss = log_odds.max(0.0) - log_odds * outcome + libm::log1p(odds);
    let numerator = if log_odds >= 0.0 { 1.0 } else { odds };
    (loss, numerator / (1.0 + odds))
}

/// What draws effects together: each towards zero, and those of neighbouring ranges of numbers towards one another.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Penalty {
    /// `D_j` of each column.
    pub towards_zero: Vec<f64>,
    /// `K`: pairs of columns, the second being the later one, and how strongly their effects are held together.
    pub together: Vec<(usize, usize, f64)>,
}

impl Penalty {
    /// What it adds to the loss; takes its slope off the gradient's negative.
    fn add_to(&self, effects: &[f64], gradient: &mut [f64]) -> f64 {
        let mut sum = 0.0;
        for ((effect, penalty), gradient) in
            effects.iter().zip(&self.towards_zero).zip(&mut *gradient)
        {
            sum += penalty * effect * effect / 2.0;
            *gradient -= penalty * effect;
        }
        for (one, next, strength) in &self.together {
            let apart = effects[*next] - effects[*one];
            sum += strength * apart * apart / 2.0;
            gradient[*next] -= strength * apart;
            gradient[*one] += strength * apart;
        }
        sum
    }

    /// The inverse of a curvature with this on top.
    fn inverse(&self, mut curvature: Symmetric) -> Inverse {
        for (one, next, strength) in &self.together {
            curvature.add(*one, *one, *strength);
            curvature.add(*next, *next, *strength);
            curvature.add(*next, *one, -strength);
        }
        Inverse::of(&curvature, &self.towards_zero)
    }
}

impl Sample<'_> {
    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.outcomes.len()
    }

    /// The log-odds of a row under some effects.
    pub fn log_odds(&self, row: usize, effects: &[f64]) -> f64 {
        let columns = self.rows.customer(row).chunks_exact(4);
        let mut sum = self.offsets.get(row).copied().unwrap_or(0.0);
        for column in columns.remainder() {
            sum += effects[usize::from(*column)];
        }
        // Four strands: a fixed order, in which one addition need not wait for the other.
        let mut strands = [0.0; 4];
        for four in columns {
            for (strand, column) in strands.iter_mut().zip(four) {
                *strand += effects[usize::from(*column)];
            }
        }
        sum + (strands[0] + strands[1]) + (strands[2] + strands[3])
    }

    /// The log-odds of all rows.
    pub fn all_log_odds(&self, effects: &[f64]) -> Vec<f64> {
        (0..self.count())
            .map(|row| self.log_odds(row, effects))
            .collect()
    }

    /// The rows that are fitted when a fold is left out; `None` leaves nobody out.
    fn fitted(&self, without: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        let folds = self.folds.iter().enumerate();
        let folds = folds.filter(move |(fold, _)| Some(*fold) != without);
        folds.flat_map(|(_, rows)| rows.iter().copied())
    }

    /// Whether there are outcomes of both kinds outside a fold.
    pub fn has_both(&self, without: usize) -> bool {
        let won = |row: usize| self.outcomes[row] > 0.5;
        let mut rows = self.fitted(Some(without));
        let first = rows.next().map(won);
        first.is_some_and(|first| rows.any(|row| won(row) != first))
    }

    /// The penalised negative log-likelihood, and its gradient's negative.
    fn objective(
        &self,
        effects: &[f64],
        penalty: &Penalty,
        without: Option<usize>,
    ) -> (f64, Vec<f64>) {
        let mut gradient = vec![0.0; self.size];
        let mut sum = 0.0;
        for row in self.fitted(without) {
            let eta = self.log_odds(row, effects);
            let (outcome, weight) = (self.outcomes[row], self.weights[row]);
            let (loss, probability) = likely(eta, outcome);
            sum += weight * loss;
            let pull = weight * (outcome - probability);
            for column in self.rows.customer(row) {
                gradient[usize::from(*column)] += pull;
            }
        }
        sum += penalty.add_to(effects, &mut gradient);
        (sum, gradient)
    }

    /// The curvature of the likelihood, fold by fold.
    fn curvatures(&self, effects: &[f64]) -> Vec<Symmetric> {
        let of_fold = |rows: &Vec<usize>| {
            let mut matrix = Symmetric::zeros(self.size);
            for row in rows {
                let p = probability(self.log_odds(*row, effects));
                let weight = self.weights[*row] * (p * (1.0 - p)).max(LEAST_CURVATURE);
                let columns = self.rows.customer(*row);
                for (place, own) in columns.iter().enumerate() {
                    matrix.add_along((*own).into(), &columns[..=place], weight);
                }
            }
            matrix
        };
        self.folds.iter().map(of_fold).collect()
    }

    /// Finds the effects of all rows, beginning from some.
    pub fn fit(&self, penalty: &Penalty, start: Vec<f64>) -> Fitted {
        let mut curvatures = self.curvatures(&start);
        let mut inverse = penalty.inverse(self.sum(&curvatures, None));
        let mut at = Place::of(self, start, penalty, None);
        for _ in 0..STEPS {
            let longest = at.step(self, &inverse, penalty, None);
            if longest < STILL {
                break;
            }
            if longest > SHORT {
                curvatures = self.curvatures(&at.effects);
                inverse = penalty.inverse(self.sum(&curvatures, None));
            }
        }
        let mut of_folds = self.sum(&curvatures, None);
        of_folds.scale(1.0 - 1.0 / number(self.folds.len() as u64));
        Fitted {
            effects: at.effects,
            curvatures,
            inverse_of_folds: penalty.inverse(of_folds),
        }
    }

    /// Finds the effects without a fold, beginning from those of all rows.
    ///
    /// The curvature of all rows, drawn in, stands for that of the others as long as steps with it are short.
    pub fn fit_without(&self, fold: usize, penalty: &Penalty, whole: &Fitted) -> Vec<f64> {
        let mut own = None::<Inverse>;
        let mut at = Place::of(self, whole.effects.clone(), penalty, Some(fold));
        for _ in 0..STEPS {
            let inverse = own.as_ref().unwrap_or(&whole.inverse_of_folds);
            let longest = at.step(self, inverse, penalty, Some(fold));
            if longest < STILL_OF_FOLDS {
                break;
            }
            if longest > SHORT {
                let curvatures = self.curvatures(&at.effects);
                own = Some(penalty.inverse(self.sum(&curvatures, Some(fold))));
            }
        }
        at.effects
    }

    fn sum(&self, curvatures: &[Symmetric], without: Option<usize>) -> Symmetric {
        let mut sum = Symmetric::zeros(self.size);
        for (_, part) in curvatures
            .iter()
            .enumerate()
            .filter(|(f, _)| Some(*f) != without)
        {
            sum.add_all(part);
        }
        sum
    }
}

/// A fit of all rows, with what is needed to leave a fold out.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// What each column adds to the log-odds.
    pub effects: Vec<f64>,
    curvatures: Vec<Symmetric>,
    /// Of the curvature that all folds but one have on average.
    inverse_of_folds: Inverse,
}

impl Fitted {
    /// The inverse of the curvature under another penalty.
    pub fn inverse(&self, sample: &Sample, penalty: &Penalty) -> Inverse {
        penalty.inverse(sample.sum(&self.curvatures, None))
    }
}

/// Where the search is.
struct Place {
    effects: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
}

impl Place {
    fn of(sample: &Sample, effects: Vec<f64>, penalty: &Penalty, without: Option<usize>) -> Self {
        let (loss, gradient) = sample.objective(&effects, penalty, without);
        Self {
            effects,
            loss,
            gradient,
        }
    }

    /// Goes a step, or its half, its quarter … if that leads uphill, and says how long the longest part was.
    fn step(
        &mut self,
        sample: &Sample,
        inverse: &Inverse,
        penalty: &Penalty,
        without: Option<usize>,
    ) -> f64 {
        let step = inverse.solve(&self.gradient);
        let longest = step.iter().fold(0.0_f64, |most, own| most.max(own.abs()));
        let mut scale = 1.0;
        for _ in 0..HALVINGS {
            let moved = self.effects.iter().zip(&step);
            let moved: Vec<f64> = moved.map(|(own, step)| own + scale * step).collect();
            let found = Self::of(sample, moved, penalty, without);
            if found.loss <= self.loss {
                *self = found;
                return longest * scale;
            }
            scale /= 2.0;
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::{design::Rows, outcomes::FOLDS};

    /// Two columns beside everybody's: rows in the first win three of four times, in the second one of four.
    fn rows() -> (Rows, Vec<f64>, Vec<Vec<usize>>) {
        let count = 400;
        let columns = (0..count).map(|row| vec![0, 1 + u16::from(row % 2 == 1)]);
        let outcome = |row: usize| {
            f64::from(u8::from(
                (row / 2) % 4 < if row.is_multiple_of(2) { 3 } else { 1 },
            ))
        };
        let mut folds = vec![Vec::new(); FOLDS];
        (0..count).for_each(|row| folds[row % FOLDS].push(row));
        (Rows::of(columns), (0..count).map(outcome).collect(), folds)
    }

    fn penalty(strength: f64) -> Penalty {
        Penalty {
            towards_zero: vec![1e-6, strength, strength],
            together: Vec::new(),
        }
    }

    #[test]
    fn without_a_penalty_it_is_the_log_odds_and_with_one_the_gradient_vanishes() {
        let (rows, outcomes, folds) = rows();
        let weights = vec![1.0; outcomes.len()];
        let sample = Sample {
            rows: &rows,
            outcomes: &outcomes,
            weights: &weights,
            offsets: &[],
            folds: &folds,
            size: 3,
        };
        let found = sample.fit(&penalty(1e-3), vec![0.0; 3]);
        let apart = found.effects[1] - found.effects[2];
        assert!((apart - 2.0 * 3.0_f64.ln()).abs() < 1e-3, "{apart}");
        let drawn = sample.fit(&penalty(20.0), vec![0.0; 3]);
        assert!(drawn.effects[1] - drawn.effects[2] < 0.8 * apart);
        let (_, gradient) = sample.objective(&drawn.effects, &penalty(20.0), None);
        assert!(gradient.iter().all(|own| own.abs() < 1e-4), "{gradient:?}");
        // The variance of the first column's log-odds is that of a binomial rate, but for the last short steps.
        let inverse = found.inverse(&sample, &penalty(1e-3));
        let variance = inverse.quadratic(&[0, 1]) * 200.0 * 0.75 * 0.25;
        assert!((variance - 1.0).abs() < 0.1, "{variance}");
    }

    #[test]
    fn a_fold_left_out_has_no_say() {
        let (rows, mut outcomes, folds) = rows();
        let weights = vec![1.0; outcomes.len()];
        let effects = |outcomes: &[f64]| {
            let sample = Sample {
                rows: &rows,
                outcomes,
                weights: &weights,
                offsets: &[],
                folds: &folds,
                size: 3,
            };
            let whole = sample.fit(&penalty(1.0), vec![0.0; 3]);
            sample.fit_without(2, &penalty(1.0), &whole)
        };
        let before = effects(&outcomes);
        folds[2]
            .iter()
            .for_each(|row| outcomes[*row] = 1.0 - outcomes[*row]);
        for (own, other) in before.iter().zip(effects(&outcomes)) {
            assert!((own - other).abs() < 1e-3, "{own} {other}");
        }
    }

    #[test]
    fn neighbours_are_held_together() {
        let (rows, outcomes, folds) = rows();
        let weights = vec![1.0; outcomes.len()];
        let sample = Sample {
            rows: &rows,
            outcomes: &outcomes,
            weights: &weights,
            offsets: &[],
            folds: &folds,
            size: 3,
        };
        let mut held = penalty(1.0);
        held.together.push((1, 2, 1e6));
        let found = sample.fit(&held, vec![0.0; 3]);
        assert!((found.effects[1] - found.effects[2]).abs() < 1e-3);
    }

    #[test]
    fn log_odds_of_any_size_have_a_probability_and_a_loss() {
        for eta in [-1e4, -40.0, 0.0, 40.0, 1e4] {
            assert!((0.0..=1.0).contains(&probability(eta)));
            assert!(loss(eta, 1.0) >= 0.0 && loss(eta, 0.0).is_finite());
        }
        assert!((log_odds(probability(1.5)) - 1.5).abs() < 1e-12);
        assert!((loss(0.3, 1.0) + probability(0.3).ln()).abs() < 1e-15);
    }
}
