//! What each trait value tells by itself: tables of log-odds, drawn towards the base rate where few have it.
//!
//! They are where the fit begins: with few outcomes the sum of these tables, drawn in by one slope, is the better model
//! (Ng and Jordan, "On discriminative vs. generative classifiers", NIPS 2001), with many the effects of the fit take
//! over. A row's own fold never speaks in its table, and a fold that is held back speaks in none.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `g_j`, `n_j` | sums of a column | weights of the won, and of all, in a column |
//! | `r` | `rate` | `g / n` of everybody, half a win and half a loss added |
//! | `m` | [`DRAW`] | how much weight of the usual rate is added to a column |
//! | `T_j` | [`Tables::column`] | `logit((g_j + m r) / (n_j + m)) - logit r` |

use super::logistic::{Sample, log_odds};
use crate::domain::model::outcomes::FOLDS;

/// How much weight of the usual rate is added to a column.
const DRAW: f64 = 15.0;

/// Sums over the rows of each column, fold by fold.
pub struct Tables {
    /// The weights of the won and of all, by fold and column.
    sums: Vec<Vec<[f64; 2]>>,
}

impl Tables {
    /// Adds up.
    pub fn of(sample: &Sample) -> Self {
        let of_fold = |rows: &Vec<usize>| {
            let mut sums = vec![[0.0; 2]; sample.size];
            for row in rows {
                let weight = sample.weights[*row];
                for column in sample.rows.customer(*row) {
                    sums[usize::from(*column)][0] += weight * sample.outcomes[*row];
                    sums[usize::from(*column)][1] += weight;
                }
            }
            sums
        };
        Self {
            sums: sample.folds.iter().map(of_fold).collect(),
        }
    }

    /// What each column adds to the log-odds by itself, some folds left out; nothing for everybody's column.
    pub fn columns(&self, without: [Option<usize>; 2]) -> Vec<f64> {
        let size = self.sums.first().map_or(0, Vec::len);
        let mut whole = vec![[0.0; 2]; size];
        for (_, sums) in self
            .sums
            .iter()
            .enumerate()
            .filter(|(f, _)| !without.contains(&Some(*f)))
        {
            for (whole, own) in whole.iter_mut().zip(sums) {
                whole[0] += own[0];
                whole[1] += own[1];
            }
        }
        let everybody = whole.first().copied().unwrap_or([0.0; 2]);
        let rate = (everybody[0] + 0.5) / (everybody[1] + 1.0);
        let table = |(place, [won, all]): (usize, &[f64; 2])| match place {
            0 => 0.0,
            _ => log_odds((won + DRAW * rate) / (all + DRAW)) - log_odds(rate),
        };
        whole.iter().enumerate().map(table).collect()
    }

    /// The sum of the tables for each row, its own fold left out, and another fold too.
    ///
    /// Rows of that other fold are given what the tables without it say.
    pub fn scores(&self, sample: &Sample, without: Option<usize>) -> Vec<f64> {
        let mut scores = vec![0.0; sample.count()];
        for fold in 0..FOLDS {
            let columns = self.columns([Some(fold), without]);
            for row in &sample.folds[fold] {
                let own = sample.rows.customer(*row);
                scores[*row] = own.iter().map(|column| columns[usize::from(*column)]).sum();
            }
        }
        scores
    }
}
