//! Which of many prospects to take: how far from the best customers, how different from one another, and how many there
//! is time for. Knows scores, bins and efforts as plain numbers.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `s` | score | drawn to 0 to 1 over those to choose from |
//! | `c` | [`likeness`] | the part of bins that two share, from 0 to 1 (cosine of their columns) |
//! | MMR | [`diverse`] | `0.8 s - 0.2 max c` over those already taken |
//!
//! MMR is the maximal marginal relevance of Carbonell and Goldstein, "The use of MMR, diversity-based reranking", SIGIR
//! 1998.

use super::{lookalike::Score, number};
use std::collections::BTreeMap;

/// The part that the score has in a choice; the rest is for being different.
const RELEVANCE: f64 = 0.8;
/// At most this part of those taken may share a trait value, as tenths …
const CELL_TENTHS: usize = 3;
/// … but so many always may.
const CELL_MINIMUM: usize = 3;

/// How far from the best customers lookalikes may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expansion {
    /// As like them as the better half of the best customers.
    Narrow,
    /// As like them as four in five of the best customers.
    Balanced,
    /// As like them as nineteen in twenty of the best customers.
    Broad,
}

impl Expansion {
    /// The least score that is like enough, by the scores that the best customers themselves have; `None` without any.
    pub fn least(self, best_customers: &[Score]) -> Option<Score> {
        let mut scores = best_customers.to_vec();
        scores.sort_unstable();
        let part = match self {
            Self::Narrow => 2,
            Self::Balanced => 5,
            Self::Broad => 20,
        };
        scores.get(scores.len() / part).copied()
    }
}

/// A prospect to choose from.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The higher the better.
    pub score: f64,
    /// What tells it apart: a number for each of its trait values, rising.
    pub cells: Vec<u32>,
}

/// Those that were taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Diverse {
    /// Their places, in the order in which they were taken.
    pub taken: Vec<usize>,
    /// How much of the score the best so many would have had together is given up for being different.
    pub given_up: f64,
}

/// The part of their cells that two share: the cosine of their columns of zeros and ones.
pub fn likeness(one: &[u32], other: &[u32]) -> f64 {
    let shared = one.iter().filter(|cell| other.binary_search(cell).is_ok());
    let product = number(one.len() as u64) * number(other.len() as u64);
    if product > 0.0 {
        number(shared.count() as u64) / product.sqrt()
    } else {
        0.0
    }
}

/// Takes so many that are good and not all alike. No trait value is shared by more than three in ten, as far as others
/// are there; of equals the first is taken.
pub fn diverse(choices: &[Choice], wanted: usize) -> Diverse {
    let wanted = wanted.min(choices.len());
    let least = choices
        .iter()
        .map(|own| own.score)
        .fold(f64::INFINITY, f64::min);
    let most = choices
        .iter()
        .map(|own| own.score)
        .fold(f64::NEG_INFINITY, f64::max);
    let spread = if most > least { most - least } else { 1.0 };
    let limit = (wanted * CELL_TENTHS / 10).max(CELL_MINIMUM);
    let mut nearest = vec![0.0_f64; choices.len()];
    let mut free = vec![true; choices.len()];
    let mut cells = BTreeMap::<u32, usize>::new();
    let mut taken = Vec::with_capacity(wanted);
    while taken.len() < wanted {
        let full = |own: &Choice| {
            own.cells
                .iter()
                .any(|cell| cells.get(cell).is_some_and(|count| *count >= limit))
        };
        let mut best = None::<(bool, f64, usize)>;
        for (place, own) in choices.iter().enumerate().filter(|(place, _)| free[*place]) {
            let worth =
                RELEVANCE * (own.score - least) / spread - (1.0 - RELEVANCE) * nearest[place];
            let fits = !full(own);
            let better = best.is_none_or(|(other, most, _)| (fits, worth) > (other, most));
            if better {
                best = Some((fits, worth, place));
            }
        }
        let Some((_, _, place)) = best else {
            break;
        };
        free[place] = false;
        taken.push(place);
        for cell in &choices[place].cells {
            *cells.entry(*cell).or_default() += 1;
        }
        for (own, nearest) in choices.iter().zip(&mut nearest) {
            *nearest = nearest.max(likeness(&own.cells, &choices[place].cells));
        }
    }
    let mut scores: Vec<f64> = choices.iter().map(|own| own.score).collect();
    scores.sort_unstable_by(|a, b| b.total_cmp(a));
    let best: f64 = scores.iter().take(wanted).sum();
    let found: f64 = taken.iter().map(|place| choices[*place].score).sum();
    Diverse {
        taken,
        given_up: (best - found).max(0.0),
    }
}

/// Takes those who bring most for their effort as long as they fit into a capacity; the places, the most worthwhile
/// first. What brings nothing is not taken; what takes no effort always fits. Of equals the first is taken.
pub fn within_capacity(worths_and_efforts: &[(i128, u64)], capacity: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..worths_and_efforts.len()).collect();
    order.retain(|place| worths_and_efforts[*place].0 > 0);
    let rate = |place: usize| {
        let (worth, effort) = worths_and_efforts[place];
        #[allow(
            clippy::cast_precision_loss,
            reason = "the order of worth, not a sum of money"
        )]
        let worth = worth as f64;
        worth / number(effort)
    };
    order.sort_by(|a, b| rate(*b).total_cmp(&rate(*a)).then(a.cmp(b)));
    let mut free = capacity;
    order.retain(
        |place| match free.checked_sub(worths_and_efforts[*place].1) {
            Some(rest) => {
                free = rest;
                true
            }
            None => false,
        },
    );
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broader_expansion_takes_in_more() {
        let scores: Vec<Score> = (0..100).rev().map(Score).collect();
        let least = |expansion: Expansion| expansion.least(&scores).unwrap().0;
        assert_eq!(least(Expansion::Narrow), 50);
        assert_eq!(least(Expansion::Balanced), 20);
        assert_eq!(least(Expansion::Broad), 5);
        assert_eq!(Expansion::Broad.least(&[]), None);
    }

    #[test]
    fn those_taken_are_not_all_alike_and_what_that_costs_is_told() {
        // Twenty of one kind, each a little better than the ten of another.
        let choice = |place: u32| Choice {
            score: f64::from(100 - place),
            cells: if place < 20 { vec![1, 2] } else { vec![3, 4] },
        };
        let choices: Vec<Choice> = (0..30).map(choice).collect();
        let found = diverse(&choices, 10);
        assert_eq!(found.taken[0], 0);
        assert!(found.taken.iter().filter(|place| **place >= 20).count() >= 3);
        assert!(found.given_up > 0.0);
        let alone = diverse(&choices[..20], 10);
        assert_eq!((alone.taken.len(), alone.given_up), (10, 0.0));
        assert!(diverse(&[], 5).taken.is_empty());
    }

    #[test]
    fn likeness_is_the_cosine() {
        assert_eq!(likeness(&[1, 2], &[1, 2]), 1.0);
        assert_eq!(likeness(&[1, 2], &[3]), 0.0);
        assert_eq!(likeness(&[1, 2, 3, 4], &[1]), 0.5);
        assert_eq!(likeness(&[], &[1]), 0.0);
    }

    #[test]
    fn time_goes_to_those_who_bring_most_for_it() {
        let all = [(100, 50), (90, 10), (30, 1), (-5, 1), (7, 0), (60, 45)];
        assert_eq!(within_capacity(&all, 60), [4, 2, 1, 5]);
        assert_eq!(within_capacity(&all, 0), [4]);
        assert_eq!(within_capacity(&[], 9), [0_usize; 0]);
    }
}
