//! What pursuing the best so many would have brought, and how many would have been best.

use super::{Valued, tied};

/// Into how many steps the curve is drawn at most.
const POINTS: usize = 100;

/// A point of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// How many are pursued: all whose score is at least `score`.
    pub pursued: u64,
    /// The least score among them.
    pub score: f64,
    /// What they brought together, in currency units.
    pub value: f64,
}

/// The curve from nobody to everybody.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfitCurve {
    /// At most 100 points, the fewest first, the last being everybody. Equal scores are pursued together.
    pub points: Vec<CurvePoint>,
    /// Where it is highest, of equally high ones the fewest; `None` if it is best to pursue nobody.
    pub best: Option<CurvePoint>,
    /// What a perfect choice would have brought: all that brought more than nothing.
    pub perfect: f64,
}

/// Draws the curve. What pursuing costs, the caller has taken off the values.
pub fn profit_curve(valued: &[Valued]) -> ProfitCurve {
    let ties = tied(valued.iter().map(|own| (own.score, own.value)).collect());
    let (mut pursued, mut value) = (0.0, 0.0);
    let mut whole = Vec::with_capacity(ties.len());
    for tie in ties.iter().rev() {
        pursued += tie.count;
        value += tie.value;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a sum of counts"
        )]
        let pursued = pursued as u64;
        whole.push(CurvePoint {
            pursued,
            score: tie.score,
            value,
        });
    }
    let mut best = None::<CurvePoint>;
    for point in &whole {
        if point.value > best.map_or(0.0, |best| best.value) {
            best = Some(*point);
        }
    }
    let mut gains: Vec<f64> = valued.iter().map(|own| own.value.max(0.0)).collect();
    gains.sort_unstable_by(f64::total_cmp);
    let count = whole.len();
    let shown = (1..=count.min(POINTS)).map(|step| whole[step * count / count.min(POINTS) - 1]);
    ProfitCurve {
        points: shown.collect(),
        best,
        perfect: gains.iter().sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valued(values: &[f64]) -> Vec<Valued> {
        let one = |(place, value): (usize, &f64)| Valued {
            score: -f64::from(u32::try_from(place).unwrap()),
            value: *value,
        };
        values.iter().enumerate().map(one).collect()
    }

    #[test]
    fn the_best_cut_is_where_the_curve_is_highest() {
        let curve = profit_curve(&valued(&[5.0, -1.0, 3.0, -4.0, 1.0]));
        let best = curve.best.unwrap();
        assert_eq!((best.pursued, best.score, best.value), (3, -2.0, 7.0));
        assert_eq!(curve.perfect, 9.0);
        assert_eq!(curve.points.last().unwrap().value, 4.0);
        assert_eq!(curve.points.len(), 5);
    }

    #[test]
    fn where_everybody_costs_nobody_is_pursued() {
        let curve = profit_curve(&valued(&[-5.0, -1.0]));
        assert_eq!((curve.best, curve.perfect), (None, 0.0));
        assert!(profit_curve(&[]).points.is_empty());
    }

    #[test]
    fn a_long_curve_is_drawn_in_a_hundred_points_and_equal_scores_go_together() {
        assert_eq!(profit_curve(&valued(&[1.0; 250])).points.len(), 100);
        let equal = [
            Valued {
                score: 1.0,
                value: 3.0,
            },
            Valued {
                score: 1.0,
                value: -1.0,
            },
        ];
        let best = profit_curve(&equal).best.unwrap();
        assert_eq!((best.pursued, best.value), (2, 2.0));
    }
}
