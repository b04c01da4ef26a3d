//! A list whose first rows are not all of a kind: maximal marginal relevance (Carbonell and Goldstein, "The use of MMR,
//! diversity-based reranking for reordering documents and producing summaries", SIGIR 1998).
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `1 - lambda` | `diversity` | what likeness to those above weighs against the score |
//! | `Sim1` | relevance | the score, drawn to 0 to 1 between the lowest and the highest of the list |
//! | `Sim2` | [`likeness`] | mean over traits of the share of bins that both are in |
//!
//! Each time the row with the greatest `lambda Sim1 - (1 - lambda) max Sim2` is taken; of equals the one that stood
//! first. Rows are told by the bins that they are in; whoever calls decides which traits these are of.

use super::{lookalike::Score, number};

/// The bins of a row, trait by trait, each rising; empty where it has no value.
pub type Bins = Vec<Vec<usize>>;

/// A row that was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    /// Its place before.
    pub place: usize,
    /// How like it is to the row above it that is most like it; `None` for the first.
    pub nearest: Option<f64>,
}

/// How much two rows have in common, from 0 to 1: the mean, over the traits of which either has a value, of the bins of
/// both by the bins of either.
pub fn likeness(one: &Bins, other: &Bins) -> f64 {
    let (mut sum, mut traits) = (0.0, 0_u64);
    for (own, others) in one.iter().zip(other) {
        if own.is_empty() && others.is_empty() {
            continue;
        }
        let both = own.iter().filter(|bin| others.contains(bin)).count();
        let either = own.len() + others.len() - both;
        sum += number(both as u64) / number(either as u64);
        traits += 1;
    }
    sum / number(traits.max(1))
}

/// The places of rows with these scores and bins in their new order. `diversity` is from 0 to 1.
pub fn reordered(rows: &[(Score, Bins)], diversity: f64) -> Vec<Taken> {
    let scores = || rows.iter().map(|(score, _)| score.value());
    let lowest = scores().fold(f64::INFINITY, f64::min);
    let span = scores().fold(f64::NEG_INFINITY, f64::max) - lowest;
    let relevance = |score: Score| match span > 0.0 {
        true => (score.value() - lowest) / span,
        false => 1.0,
    };
    let mut left: Vec<(usize, f64)> = (0..rows.len()).map(|place| (place, 0.0)).collect();
    let mut taken: Vec<Taken> = Vec::with_capacity(rows.len());
    while !left.is_empty() {
        let worth = |(place, nearest): &(usize, f64)| {
            (1.0 - diversity) * relevance(rows[*place].0) - diversity * nearest
        };
        let mut best = 0;
        for index in 1..left.len() {
            if worth(&left[index]) > worth(&left[best]) {
                best = index;
            }
        }
        // The order of those that are left stays that of their places.
        let (place, nearest) = left.remove(best);
        let nearest = (!taken.is_empty()).then_some(nearest);
        taken.push(Taken { place, nearest });
        for (other, nearest) in &mut left {
            *nearest = nearest.max(likeness(&rows[place].1, &rows[*other].1));
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(score: i64, bins: &[&[usize]]) -> (Score, Bins) {
        let bins = bins.iter().map(|own| own.to_vec()).collect();
        (Score(score), bins)
    }

    fn places(rows: &[(Score, Bins)], diversity: f64) -> Vec<usize> {
        let taken = reordered(rows, diversity);
        taken.iter().map(|one| one.place).collect()
    }

    #[test]
    fn likeness_by_hand() {
        let (_, one) = row(0, &[&[2], &[3, 4], &[], &[5]]);
        let (_, other) = row(0, &[&[2], &[4, 6, 7], &[], &[]]);
        // 1, a quarter and 0 of three traits; of the third neither has a value.
        assert!((likeness(&one, &other) - 1.25 / 3.0).abs() < 1e-12);
        assert_eq!(likeness(&Bins::new(), &Bins::new()), 0.0);
        assert_eq!(likeness(&one, &one), 1.0);
    }

    #[test]
    fn those_like_the_first_come_later_the_more_diversity_weighs() {
        let rows = [
            row(100, &[&[2]]),
            row(90, &[&[2]]),
            row(50, &[&[3]]),
            row(0, &[&[4]]),
        ];
        assert_eq!(places(&rows, 0.0), [0, 1, 2, 3]);
        // 0.6 * 0.9 - 0.4 against 0.6 * 0.5, and then against 0.6 * 0.
        assert_eq!(places(&rows, 0.4), [0, 2, 1, 3]);
        assert_eq!(places(&rows, 1.0), [0, 2, 3, 1]);
        let nearest: Vec<_> = reordered(&rows, 0.4)
            .iter()
            .map(|one| one.nearest)
            .collect();
        assert_eq!(nearest, [None, Some(0.0), Some(1.0), Some(0.0)]);
        assert_eq!(reordered(&[], 0.5), []);
    }

    proptest! {
        #[test]
        fn everybody_is_taken_once_and_without_diversity_in_order(
            scores in proptest::collection::vec((0..9_i64, 0..4_usize), 0..30), diversity in 0.0..=1.0_f64,
        ) {
            let mut rows: Vec<_> = scores.iter().map(|(score, bin)| row(*score, &[&[*bin]])).collect();
            rows.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
            let mut all = places(&rows, diversity);
            all.sort_unstable();
            let in_order: Vec<usize> = (0..rows.len()).collect();
            prop_assert_eq!(&all, &in_order);
            prop_assert_eq!(places(&rows, 0.0), in_order);
        }
    }
}
