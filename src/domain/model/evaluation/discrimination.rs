//! Whether those with higher scores do better.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `m`, `n` | `won`, `lost` | how many were won and lost |
//! | AUC | [`Auc::value`] | how often one that was won scores above one that was lost, half for equal scores |
//! | `V10`, `V01` | `above`, `below` | the part of the lost below one won, and of the won above one lost |
//! | `se` | [`Auc::standard_error`] | `sqrt(s10^2 / m + s01^2 / n)` |
//!
//! The standard error is that of DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated
//! receiver operating characteristic curves", Biometrics 44, 1988.

use super::{Forecast, Valued, tied, ties};

/// The quantile of the standard normal distribution that leaves a fortieth above it.
const FORTIETH: f64 = 1.959_963_984_540_054;

/// The area under the receiver operating characteristic curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Auc {
    /// From 0 to 1; a half is chance.
    pub value: f64,
    /// How well it is known.
    pub standard_error: f64,
}

impl Auc {
    /// The ends of its 95% interval, within 0 and 1.
    pub fn interval(&self) -> (f64, f64) {
        let half = FORTIETH * self.standard_error;
        ((self.value - half).max(0.0), (self.value + half).min(1.0))
    }
}

/// How well forecasts tell the won from the lost; `None` without one of each.
pub fn auc(forecasts: &[Forecast]) -> Option<Auc> {
    let ties = ties(forecasts);
    let won: f64 = ties.iter().map(|tie| tie.value).sum();
    let lost: f64 = ties.iter().map(|tie| tie.count - tie.value).sum();
    if won == 0.0 || lost == 0.0 {
        return None;
    }
    let (mut won_before, mut lost_before) = (0.0, 0.0);
    let mut sums = [0.0; 4];
    for tie in &ties {
        let (own_won, own_lost) = (tie.value, tie.count - tie.value);
        let above = (lost_before + own_lost / 2.0) / lost;
        let below = (won - won_before - own_won / 2.0) / won;
        sums[0] += own_won * above;
        sums[1] += own_won * above * above;
        sums[2] += own_lost * below;
        sums[3] += own_lost * below * below;
        won_before += own_won;
        lost_before += own_lost;
    }
    // The variance of a mean of `count`; one value alone tells of no spread, and a quarter is the most there can be.
    let spread = |sum: f64, square: f64, count: f64| match count > 1.0 {
        true => ((square - sum * sum / count) / (count - 1.0)).max(0.0) / count,
        false => 0.25,
    };
    let variance = spread(sums[0], sums[1], won) + spread(sums[2], sums[3], lost);
    Some(Auc {
        value: sums[0] / won,
        standard_error: variance.sqrt(),
    })
}

/// How well scores order what was brought: 1 if the largest come first, 0 for an order by chance, -1 for the reverse
/// (Frees, Meyers and Cummings, "Summarizing insurance scores using a Gini index", Journal of the American Statistical
/// Association 106, 2011, normalised by the best order). `None` if everybody brought the same or nobody is there.
///
/// Values may be negative: it is the area between the curve of values added up by score, from the best, and the
/// straight line, over that area for the best order.
pub fn gini_of_value(valued: &[Valued]) -> Option<f64> {
    let by_score = valued.iter().map(|own| (own.score, own.value)).collect();
    let by_value = valued.iter().map(|own| (own.value, own.value)).collect();
    let (found, best) = (area_above_line(by_score), area_above_line(by_value));
    (best > 0.0).then(|| found / best)
}

fn area_above_line(scores: Vec<(f64, f64)>) -> f64 {
    let ties = tied(scores);
    let count: f64 = ties.iter().map(|tie| tie.count).sum();
    let whole: f64 = ties.iter().map(|tie| tie.value).sum();
    let (mut area, mut sum) = (0.0, 0.0);
    for tie in ties.iter().rev() {
        area += tie.count * (sum + tie.value / 2.0);
        sum += tie.value;
    }
    area - count * whole / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn forecasts(all: &[(f64, bool)]) -> Vec<Forecast> {
        let one = |&(probability, won)| Forecast { probability, won };
        all.iter().map(one).collect()
    }

    fn valued(all: &[(f64, f64)]) -> Vec<Valued> {
        let one = |&(score, value)| Valued { score, value };
        all.iter().map(one).collect()
    }

    /// By the definition: every pair of a won and a lost one.
    fn by_definition(all: &[(f64, bool)]) -> f64 {
        let of = |wanted| all.iter().filter(move |(_, won)| *won == wanted);
        let (mut sum, mut pairs) = (0.0, 0.0);
        for (high, _) in of(true) {
            for (low, _) in of(false) {
                pairs += 1.0;
                sum += match high.total_cmp(low) {
                    std::cmp::Ordering::Greater => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Less => 0.0,
                };
            }
        }
        sum / pairs
    }

    #[test]
    fn a_perfect_an_inverted_and_an_empty_order() {
        let found = |all: &[(f64, bool)]| auc(&forecasts(all)).map(|auc| auc.value);
        assert_eq!(found(&[(0.1, false), (0.2, true)]), Some(1.0));
        assert_eq!(found(&[(0.2, false), (0.1, true)]), Some(0.0));
        assert_eq!(found(&[(0.2, false), (0.2, true)]), Some(0.5));
        assert_eq!(found(&[(0.2, true)]), None);
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[(f64::NAN, false), (0.0, true)]), Some(1.0));
    }

    #[test]
    fn the_standard_error_is_delong_s() {
        // Scores 1 to 4, lost won lost won: V10 = (1/2, 1), V01 = (1, 1/2), both of variance 1/8.
        let found = auc(&forecasts(&[
            (1.0, false),
            (2.0, true),
            (3.0, false),
            (4.0, true),
        ]));
        let found = found.unwrap();
        assert_eq!(found.value, 0.75);
        assert!((found.standard_error - (0.125_f64 / 2.0 + 0.125 / 2.0).sqrt()).abs() < 1e-15);
        assert_eq!(found.interval().1, 1.0);
    }

    #[test]
    fn the_gini_of_value_is_one_for_the_best_order_and_takes_losses() {
        let best = [(3.0, 10.0), (2.0, 0.0), (1.0, -4.0)];
        assert_eq!(gini_of_value(&valued(&best)), Some(1.0));
        let worst = [(1.0, 10.0), (2.0, 0.0), (3.0, -4.0)];
        assert_eq!(gini_of_value(&valued(&worst)), Some(-1.0));
        let equal = [(1.0, 10.0), (1.0, 0.0), (1.0, -4.0)];
        assert!(gini_of_value(&valued(&equal)).unwrap().abs() < 1e-12);
        assert_eq!(gini_of_value(&valued(&[(1.0, 2.0), (2.0, 2.0)])), None);
        assert_eq!(gini_of_value(&[]), None);
    }

    proptest! {
        #[test]
        fn it_is_the_share_of_pairs_in_order_however_they_are_given(
            all in proptest::collection::vec((0..9_u8, any::<bool>()), 2..60),
        ) {
            let mut all: Vec<(f64, bool)> = all.into_iter().map(|(p, won)| (f64::from(p), won)).collect();
            let found = auc(&forecasts(&all));
            if let Some(found) = found {
                prop_assert!((found.value - by_definition(&all)).abs() < 1e-12);
                prop_assert!((0.0..=0.5).contains(&found.standard_error) || all.len() < 8);
            }
            all.reverse();
            prop_assert_eq!(auc(&forecasts(&all)), found);
        }
    }
}
