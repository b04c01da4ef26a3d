//! How strongly effects are drawn towards zero: as it is best for rows that were held back.

use super::{
    calibrate::{self, Point},
    logistic::{Fitted, Penalty, Sample, log_odds, loss},
    tables::Tables,
};
use crate::domain::model::{design::Design, encode::FIRST_VALUE, outcomes::FOLDS};

/// The penalties that cross-validation chooses from.
const PENALTIES: [f64; 6] = [4.0, 12.0, 36.0, 108.0, 324.0, 972.0];
/// Neighbouring ranges of numbers are held together by so many penalties …
const SMOOTH: f64 = 1.0;
/// … and drawn towards zero by this part of one.
const ORDERED: f64 = 0.5;
/// Where the choice of a penalty begins.
const FIRST_PENALTY: usize = 2;
/// So many rows are enough to choose.
const CHOOSING: usize = 10_000;
/// The penalty of what everybody has: none to speak of.
const FREE: f64 = 1e-6;
/// What is expected of the slope of the tables: traits that say the same are counted more than once.
const SLOPE: f64 = 0.5;
/// What was found by cross-validation.
pub struct Chosen {
    /// The penalty of an effect.
    pub penalty: f64,
    /// The fit of all rows with it.
    pub fit: Fitted,
    /// The log-odds of each row by the model made without its fold.
    pub held_back: Vec<f64>,
    /// The log-odds of all rows by the model made without each fold.
    pub without: Vec<Vec<f64>>,
}

/// A penalty for every column but the first.
pub fn penalties(design: &Design, penalty: f64) -> Penalty {
    let mut towards_zero = vec![penalty; design.size];
    if let Some(first) = towards_zero.first_mut() {
        *first = FREE;
    }
    let mut together = Vec::new();
    for entry in design.traits.iter().filter(|entry| entry.bins.is_ordered()) {
        let shown: Vec<usize> = entry.columns[FIRST_VALUE..]
            .iter()
            .flatten()
            .copied()
            .collect();
        for pair in shown.windows(2) {
            together.push((pair[0], pair[1], penalty * SMOOTH));
        }
        for column in shown {
            towards_zero[column] *= ORDERED;
        }
    }
    Penalty {
        towards_zero,
        together,
    }
}

/// The tables' part of the log-odds of each row, drawn in by one slope: of all rows, and as each fold's model has it.
pub struct Given {
    /// The slope that the tables are served with.
    pub slope: f64,
    /// Of all rows.
    pub whole: Vec<f64>,
    without: Vec<Vec<f64>>,
}

impl Given {
    /// Draws the tables in.
    pub fn of(sample: &Sample, tables: &Tables, base: f64) -> Self {
        let drawn_in = |without: Option<usize>| {
            let mut scores = tables.scores(sample, without);
            let folds = sample.folds.iter().enumerate();
            let rows = folds.filter(|(fold, _)| Some(*fold) != without);
            let points = rows.flat_map(|(_, rows)| rows).map(|row| Point {
                score: scores[*row],
                outcome: sample.outcomes[*row],
                weight: sample.weights[*row],
            });
            let slope = calibrate::line(points, SLOPE, base).slope;
            scores.iter_mut().for_each(|score| *score *= slope);
            (slope, scores)
        };
        let (slope, whole) = drawn_in(None);
        Self {
            slope,
            whole,
            without: (0..FOLDS).map(|fold| drawn_in(Some(fold)).1).collect(),
        }
    }
}

/// Finds the penalty with the least loss on rows that were held back, and fits with it.
///
/// How far effects are from zero does not depend on how many rows there are, so that a part of many is enough to
/// choose.
pub fn choose(sample: &Sample, design: &Design, given: &Given, base: f64) -> Chosen {
    let step = sample.count().div_ceil(CHOOSING).max(1);
    let part = |rows: &Vec<usize>| rows.iter().copied().step_by(step).collect();
    let part: Vec<Vec<usize>> = sample.folds.iter().map(part).collect();
    let few = Sample {
        folds: &part,
        ..*sample
    };
    let mut start = vec![0.0; sample.size];
    start[0] = log_odds(base);
    let mut tried: [Option<f64>; PENALTIES.len()] = [None; PENALTIES.len()];
    let mut at = FIRST_PENALTY;
    loop {
        for place in [at, at.wrapping_sub(1), at + 1] {
            if place < PENALTIES.len() && tried[place].is_none() {
                let penalty = penalties(design, PENALTIES[place]);
                let whole = few.fit(&penalty, start);
                let (held_back, _) = held_back(&few, &penalty, &whole, given, base);
                tried[place] = Some(loss_of(&few, &held_back));
                start = whole.effects;
            }
        }
        let lower = |place: usize| tried.get(place).copied().flatten();
        let better = |place: usize| lower(place).is_some_and(|loss| Some(loss) < lower(at));
        match (better(at.wrapping_sub(1)), better(at + 1)) {
            (true, _) => at -= 1,
            (false, true) => at += 1,
            (false, false) => break,
        }
    }
    let penalty = penalties(design, PENALTIES[at]);
    let whole = sample.fit(&penalty, start);
    let (held_back, without) = held_back(sample, &penalty, &whole, given, base);
    Chosen {
        penalty: PENALTIES[at],
        fit: whole,
        held_back,
        without,
    }
}

fn loss_of(sample: &Sample, log_odds: &[f64]) -> f64 {
    let rows = sample.folds.iter().flatten();
    rows.map(|row| sample.weights[*row] * loss(log_odds[*row], sample.outcomes[*row]))
        .sum()
}

/// The log-odds of each row by the model made without its fold, and those of all rows by each of these models; the base
/// rate where it has but one kind of outcome to learn from.
fn held_back(
    sample: &Sample,
    penalty: &Penalty,
    whole: &Fitted,
    given: &Given,
    base: f64,
) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut found = vec![log_odds(base); sample.count()];
    let mut without = Vec::with_capacity(FOLDS);
    for (fold, rows) in sample.folds.iter().enumerate() {
        let mut all = vec![log_odds(base); sample.count()];
        if sample.has_both(fold) {
            let own = Sample {
                offsets: &given.without[fold],
                ..*sample
            };
            let effects = own.fit_without(fold, penalty, whole);
            for row in own.folds.iter().flatten() {
                all[*row] = own.log_odds(*row, &effects);
            }
        }
        for row in rows {
            found[*row] = all[*row];
        }
        without.push(all);
    }
    (found, without)
}
