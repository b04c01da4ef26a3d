//! Traits that give the outcome away: they are filled in, or changed, when it is known.
//!
//! A trait leaks if it separates the won from the lost better than anything known beforehand does, or if its values
//! came after the decision. What chance separates is taken off first, or a trait of many values would leak in every
//! small sample.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `g_b`, `l_b` | shares of the won and of the lost in bin `b`, half a count added to each | |
//! | IV | [`Leak::information_value`] | sum of `(g_b - l_b) ln(g_b / l_b)` (Siddiqi 2006), less chance's part |
//! | AUC | [`Leak::auc`] | of the bins' rates of winning, each row's own fold left out of its rate |

use super::super::{
    design::BinColumn,
    evaluation::{Forecast, discrimination::auc, drift},
    number,
    outcomes::FOLDS,
};
use crate::domain::id::TraitKey;

/// Beyond this information value a trait leaks.
pub const INFORMATION_LIMIT: f64 = 1.5;
/// Beyond this AUC a trait alone leaks.
pub const AUC_LIMIT: f64 = 0.9;
/// A trait is refused if more than this part of its values came after the decision.
pub const LATE_LIMIT: f64 = 0.1;
/// With fewer of a kind nothing is said: chance separates a handful perfectly.
const MINIMUM_OF_EACH: u64 = 20;
/// So many rows of the usual rate are added to each bin before it is ordered by its rate.
const DRAW: f64 = 5.0;

/// A trait that gives the outcome away.
#[derive(Debug, Clone, PartialEq)]
pub struct Leak {
    /// The trait.
    pub key: TraitKey,
    /// Its information value.
    pub information_value: f64,
    /// How well it alone tells the won from the lost.
    pub auc: f64,
    /// The part of its values that came after the decision.
    pub late: f64,
}

/// What a trait tells of an outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Separation {
    /// The information value, less what chance makes of it; never below 0.
    pub information_value: f64,
    /// The AUC of the trait alone.
    pub auc: f64,
}

/// Whether a trait separates too well to have been known beforehand.
pub fn is_too_good(separation: &Separation) -> bool {
    separation.information_value > INFORMATION_LIMIT || separation.auc > AUC_LIMIT
}

/// How well one trait alone tells the won from the lost, by the bin of each row; `None` if there are too few of a kind.
///
/// `size` is how many bins there are. A set is looked at by the first of its categories.
pub fn separation(
    size: usize,
    column: &BinColumn,
    won: &[bool],
    folds: &[usize],
) -> Option<Separation> {
    let wins = won.iter().filter(|won| **won).count() as u64;
    if wins.min(won.len() as u64 - wins) < MINIMUM_OF_EACH {
        return None;
    }
    let mut counts = vec![[[0_u64; 2]; FOLDS]; size];
    for (row, (won, fold)) in won.iter().zip(folds).enumerate() {
        counts[column.single(row)][*fold][usize::from(*won)] += 1;
    }
    let (lost_counts, won_counts): (Vec<u64>, Vec<u64>) = counts
        .iter()
        .map(|own| {
            let total = |kind: usize| own.iter().map(|fold| fold[kind]).sum::<u64>();
            (total(0), total(1))
        })
        .unzip();
    let raw = drift::stability_index(&lost_counts, &won_counts);
    let information_value = (raw - drift::by_chance(&lost_counts, &won_counts)).max(0.0);
    let rate = number(wins) / number(won.len() as u64);
    // All rows of a bin and a fold are told the same.
    let mut told = Vec::with_capacity(size * FOLDS);
    for (bin, folds) in counts.iter().enumerate() {
        for own in folds {
            let with = number(won_counts[bin] - own[1]);
            let all = with + number(lost_counts[bin] - own[0]);
            told.push((with + DRAW * rate) / (all + DRAW));
        }
    }
    let forecast = |(row, (won, fold)): (usize, (&bool, &usize))| Forecast {
        probability: told[column.single(row) * FOLDS + fold],
        won: *won,
    };
    let forecasts: Vec<Forecast> = won.iter().zip(folds).enumerate().map(forecast).collect();
    Some(Separation {
        information_value,
        auc: auc(&forecasts)?.value,
    })
}
