//! One slope and one level that make scores mean what they say (Platt, "Probabilistic outputs for support vector
//! machines", 1999), the slope drawn towards what is expected beforehand.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `s_i` | scores | whatever rises with the probability |
//! | `a`, `c` | [`Line`] | `logit p_i = c + a s_i` |

use super::logistic::{log_odds, probability};
use crate::domain::model::number;

/// How surely the slope is what is expected, in outcomes of average information.
const PRIOR: f64 = 30.0;
/// The slope is not below this: an order that seems to be the wrong way round is chance.
const LEAST: f64 = 0.05;
/// Steps of Newton's method.
const STEPS: usize = 30;

/// A slope and a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// From 0.05 to 2.
    pub slope: f64,
    /// The log-odds of a score of zero.
    pub level: f64,
}

impl Line {
    /// The log-odds of a score.
    pub fn at(&self, score: f64) -> f64 {
        self.level + self.slope * score
    }
}

/// A score with what became of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The score.
    pub score: f64,
    /// 1 if it was won, 0 if it was lost.
    pub outcome: f64,
    /// Its weight.
    pub weight: f64,
}

/// Finds slope and level, in the order of the points. `base` is the rate of winning.
pub fn line(points: impl Iterator<Item = Point> + Clone, expected: f64, base: f64) -> Line {
    let (mut sum, mut count) = (0.0, 0_u64);
    for point in points.clone() {
        sum += point.score;
        count += 1;
    }
    let centre = sum / number(count.max(1));
    let prior = PRIOR * base * (1.0 - base);
    let (mut slope, mut level) = (expected, log_odds(base));
    for _ in 0..STEPS {
        let mut gradient = [-prior * (slope - expected), 0.0];
        let mut curvature = [prior, 0.0, 1e-9];
        for point in points.clone() {
            let moved = point.score - centre;
            let p = probability(level + slope * moved);
            let pull = point.weight * (point.outcome - p);
            gradient[0] += pull * moved;
            gradient[1] += pull;
            let bend = point.weight * p * (1.0 - p);
            curvature[0] += bend * moved * moved;
            curvature[1] += bend * moved;
            curvature[2] += bend;
        }
        let determinant = curvature[0] * curvature[2] - curvature[1] * curvature[1];
        if determinant <= 0.0 {
            break;
        }
        let by_slope = (curvature[2] * gradient[0] - curvature[1] * gradient[1]) / determinant;
        let by_level = (curvature[0] * gradient[1] - curvature[1] * gradient[0]) / determinant;
        slope += by_slope.clamp(-0.5, 0.5);
        level += by_level.clamp(-1.0, 1.0);
        if by_slope.abs() + by_level.abs() < 1e-9 {
            break;
        }
    }
    let slope = slope.clamp(LEAST, 2.0);
    Line {
        slope,
        level: level - slope * centre,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(slope: f64, level: f64) -> Vec<Point> {
        // Of each score a thousand, of which the right part was won.
        let mut points = Vec::new();
        for step in -4..=4 {
            let score = f64::from(step);
            let p = probability(level + slope * score);
            let weighted = [(1.0, p), (0.0, 1.0 - p)];
            points.extend(weighted.map(|(outcome, weight)| Point {
                score,
                outcome,
                weight: 1_000.0 * weight,
            }));
        }
        points
    }

    #[test]
    fn what_the_scores_were_made_with_is_found() {
        let points = points(0.7, -1.5);
        let found = line(points.iter().copied(), 1.0, 0.2);
        assert!((found.slope - 0.7).abs() < 0.01, "{found:?}");
        assert!((found.at(0.0) + 1.5).abs() < 0.02, "{found:?}");
    }

    #[test]
    fn without_points_it_is_what_was_expected() {
        let found = line(std::iter::empty(), 0.5, 0.25);
        assert!((found.slope - 0.5).abs() < 1e-12 && found.level.is_finite());
    }

    #[test]
    fn scores_that_lie_are_ignored_and_never_turned_round() {
        let found = line(points(-1.0, 0.0).into_iter(), 1.0, 0.5);
        assert_eq!(found.slope, LEAST);
    }
}
