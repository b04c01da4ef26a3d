//! How good predictions were, told by what became of them. Knows predictions and outcomes as plain numbers, and nothing
//! of the models that made them: whoever calls decides which outcomes were held back.
//!
//! * [`discrimination`]: whether the likelier ones win (AUC), and the worthier ones bring more (Gini of value).
//! * [`calibration`]: whether of those told 20% a fifth wins.
//! * [`deciles`]: what the best tenth, the next tenth … brought. [`profit_curve`]: how many to pursue.
//! * [`coverage`]: how often intervals hold. [`drift`]: whether the asked are still like those learnt from.
//! * [`contest`]: whether a new model may replace an old one.
//!
//! No answer depends on the order in which forecasts are given: equal scores share what they get.

pub mod calibration;
pub mod contest;
pub mod coverage;
pub mod deciles;
pub mod discrimination;
pub mod drift;
pub mod profit_curve;

/// A probability that was told, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// The probability of winning, or any score that rises with it where only the order matters.
    pub probability: f64,
    /// Whether it was won.
    pub won: bool,
}

/// A score that was told, and what it brought in currency units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Valued {
    /// Whatever prospects are ordered by, the higher the better.
    pub score: f64,
    /// What it brought, zero if it was lost; may be negative.
    pub value: f64,
}

impl Forecast {
    /// The outcome as a number.
    fn outcome(self) -> f64 {
        f64::from(u8::from(self.won))
    }
}

/// Forecasts of equal probability, from the lowest to the highest: of each how many there are and how many were won.
///
/// What is no number is as low as can be.
fn ties(forecasts: &[Forecast]) -> Vec<Tie> {
    let scores = forecasts.iter().map(|own| (own.probability, own.outcome()));
    tied(scores.collect())
}

/// The scores that several share, and what these brought together.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tie {
    score: f64,
    count: f64,
    value: f64,
}

/// Puts scores in order, equal ones together, and adds up what they brought in the order of size: the sum is the same
/// for every order in which they are given.
fn tied(mut scores: Vec<(f64, f64)>) -> Vec<Tie> {
    for (score, value) in &mut scores {
        if score.is_nan() {
            *score = f64::NEG_INFINITY;
        }
        // Zero has two signs that order apart and are equal.
        *score += 0.0;
        *value += 0.0;
    }
    scores.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut ties: Vec<Tie> = Vec::new();
    for (score, value) in scores {
        match ties.last_mut().filter(|tie| tie.score == score) {
            Some(tie) => {
                tie.count += 1.0;
                tie.value += value;
            }
            None => ties.push(Tie {
                score,
                count: 1.0,
                value,
            }),
        }
    }
    ties
}
