//! How like the best customers a prospect must be: as like as a part of the best are themselves.
//!
//! The scores of the best customers by the scorer that was learnt from them are put in order; a level asks for the
//! score that a stated share of them reaches (an order statistic without interpolation, so that it is always the score
//! of one of them).

use super::lookalike::Score;

/// A level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExpansionLevel {
    /// Half of the best reach it.
    Narrow,
    /// Four of five do.
    Balanced,
    /// Nineteen of twenty do.
    Broad,
}

impl ExpansionLevel {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Narrow, Self::Balanced, Self::Broad];

    /// The share of the best that reach it, in hundredths.
    pub fn hundredths(self) -> usize {
        match self {
            Self::Narrow => 50,
            Self::Balanced => 80,
            Self::Broad => 95,
        }
    }

    /// The least score, of the scores of the best, which rise; `None` without any.
    pub fn least(self, rising: &[Score]) -> Option<Score> {
        // So many reach it: rounded up, so that at least the stated share does.
        let reaching = (rising.len() * self.hundredths()).div_ceil(100);
        rising.get(rising.len().checked_sub(reaching)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_of_the_best_reach_each_level() {
        let scores: Vec<Score> = (1..=40).map(Score).collect();
        for (level, reaching) in [
            (ExpansionLevel::Narrow, 20),
            (ExpansionLevel::Balanced, 32),
            (ExpansionLevel::Broad, 38),
        ] {
            let least = level.least(&scores).unwrap();
            assert_eq!(scores.iter().filter(|own| **own >= least).count(), reaching);
            assert_eq!(level.least(&scores[..1]), Some(Score(1)));
            assert_eq!(level.least(&[]), None);
        }
        assert!(ExpansionLevel::ALL.is_sorted_by_key(|level| level.hundredths()));
    }
}
