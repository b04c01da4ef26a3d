//! How like the best customers a prospect is: evidence that adds up exactly.
//!
//! Each trait value weighs what it adds to the log-odds of being one of the best, less what it adds to the log-odds of
//! losing money (weight of evidence: Good, "Probability and the Weighing of Evidence", 1950), with counts drawn as in
//! [`super::lift`]. Weights are whole multiples of 2^-20, so that they add up exactly in any order, in integers here
//! and in double precision wherever they are read.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `r`, `rw` | rates | the best and the loss-makers among all |
//! | `pb`, `pw` | drawn rates | the same among those who have the value: `(count + m r) / (n + m)` |
//! | weight | [`Score`] | `((logit pb - logit r) - (logit pw - logit rw)) / 2` |

use super::{
    encode::{Bin, Bins, MISSING, RARE},
    lift::{DRAW, LiftTable},
    number,
};
use crate::domain::{id::TraitKey, party::TraitValue, question::LiftCount, traits::Traits};
use std::cmp::Reverse;

/// How many steps of a score make 1.
const STEPS: f64 = 1_048_576.0;

/// A score or a part of one, in steps of 2^-20.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Score(pub i64);

impl Score {
    /// The score in natural log-odds, exactly.
    pub fn value(self) -> f64 {
        #[allow(
            clippy::cast_precision_loss,
            reason = "weights are far below 2^53 steps"
        )]
        let steps = self.0 as f64;
        steps / STEPS
    }
}

/// Scores prospects.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorer {
    traits: Vec<ScoredTrait>,
}

#[derive(Debug, Clone, PartialEq)]
struct ScoredTrait {
    bins: Bins,
    weights: Vec<Score>,
    counts: Vec<LiftCount>,
}

/// What one trait value adds to a score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreContribution {
    /// The trait value.
    pub bin: Bin,
    /// What it adds.
    pub score: Score,
    /// How many customers have it.
    pub count: LiftCount,
}

/// The log-odds of a rate; 0 for what is certain, of which nothing can be learnt.
fn logit(rate: f64) -> f64 {
    if rate > 0.0 && rate < 1.0 {
        libm::log(rate / (1.0 - rate))
    } else {
        0.0
    }
}

/// What having a value adds to the log-odds.
fn evidence(having: u64, with: u64, all: u64, of: u64) -> f64 {
    let rate = number(all) / number(of.max(1));
    let drawn = (number(having) + DRAW * rate) / (number(with) + DRAW);
    if rate > 0.0 && rate < 1.0 {
        logit(drawn) - logit(rate)
    } else {
        0.0
    }
}

impl Scorer {
    /// Weighs the values of a table.
    pub fn of(table: &LiftTable) -> Self {
        let whole = table.whole;
        let weigh = |count: &LiftCount| {
            let best = evidence(count.best, count.all, whole.best, whole.all);
            let loss = evidence(count.loss_makers, count.all, whole.loss_makers, whole.all);
            let steps = ((best - loss) / 2.0 * STEPS).round_ties_even();
            #[allow(
                clippy::cast_possible_truncation,
                reason = "log-odds of counts are below 100"
            )]
            Score(steps as i64)
        };
        let traits = table.traits.iter().map(|entry| ScoredTrait {
            bins: entry.bins.clone(),
            weights: entry.counts.iter().map(weigh).collect(),
            counts: entry.counts.clone(),
        });
        Self {
            traits: traits.collect(),
        }
    }

    /// The traits that it looks at, in the order of their keys.
    pub fn traits(&self) -> impl Iterator<Item = &TraitKey> {
        self.traits.iter().map(|entry| &entry.bins.key)
    }

    /// What values of a trait add, one after the other; 0 for a trait that it does not look at.
    pub fn weights<'a>(
        &self,
        key: &TraitKey,
        values: impl Iterator<Item = Option<&'a TraitValue>>,
    ) -> Vec<Score> {
        let traits = &self.traits;
        let place = traits.binary_search_by(|entry| entry.bins.key.cmp(key));
        let entry = place.ok().and_then(|place| traits.get(place));
        let weight = |value| {
            let mut sum = 0;
            if let Some(entry) = entry {
                let bins = &entry.bins;
                bins.for_each_bin(value, |bin| sum += entry.weights[bin].0);
            }
            Score(sum)
        };
        values.map(weight).collect()
    }

    /// What a trait value adds, if it is one of those that are told apart.
    pub fn weight(&self, bin: &Bin) -> Option<Score> {
        let place = (self.traits).binary_search_by(|entry| entry.bins.key.cmp(&bin.key));
        let entry = self.traits.get(place.ok()?)?;
        let place = (0..entry.bins.size()).find(|place| entry.bins.bin(*place) == *bin)?;
        entry.weights.get(place).copied()
    }

    /// The bins that values of its traits are in, in the order of the traits: none for a trait without a value. `rare`
    /// stands for the bin of what is rare.
    pub fn bins(&self, values: &[Option<&TraitValue>], rare: usize) -> Vec<Vec<usize>> {
        let bins = |(entry, value): (&ScoredTrait, &Option<&TraitValue>)| {
            let mut own = Vec::new();
            entry.bins.for_each_bin(*value, |bin| match bin {
                MISSING => {}
                RARE => own.push(rare),
                bin => own.push(bin),
            });
            own
        };
        self.traits.iter().zip(values).map(bins).collect()
    }

    /// The score of a party.
    pub fn score(&self, party: &Traits) -> Score {
        let mut sum = 0;
        for entry in &self.traits {
            let value = party.get(&entry.bins.key);
            entry
                .bins
                .for_each_bin(value, |bin| sum += entry.weights[bin].0);
        }
        Score(sum)
    }

    /// What the score is made of, the strongest first. Having no value is told only if it adds something.
    pub fn contributions(&self, party: &Traits) -> Vec<ScoreContribution> {
        let mut contributions = Vec::new();
        for entry in &self.traits {
            entry
                .bins
                .for_each_bin(party.get(&entry.bins.key), |place| {
                    let score = entry.weights[place];
                    if place != MISSING || score.0 != 0 {
                        let bin = entry.bins.bin(place);
                        contributions.push(ScoreContribution {
                            bin,
                            score,
                            count: entry.counts[place],
                        });
                    }
                });
        }
        contributions.sort_by_key(|contribution| Reverse(contribution.score.0.abs()));
        contributions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::{
        lift::tests::{answer, table},
        tests::Dice,
    };
    use proptest::prelude::*;

    fn party(categories: &[u64]) -> Traits {
        let entry = |(place, category): (usize, &u64)| {
            let key = TraitKey::parse(&format!("T{place}"), "").unwrap();
            (key, TraitValue::Category(format!("c{category}")))
        };
        categories.iter().enumerate().map(entry).collect()
    }

    fn world(customers: usize, seed: u64) -> Vec<(Vec<u64>, bool, bool)> {
        let mut dice = Dice(seed);
        (0..customers)
            .map(|_| {
                let own = vec![dice.roll(3), dice.roll(9)];
                let roll = dice.roll(100);
                let best = roll < if own[0] == 1 { 40 } else { 5 };
                (own.clone(), best, !best && own[0] == 2 && dice.roll(2) == 0)
            })
            .collect()
    }

    #[test]
    fn those_like_the_best_score_high_and_those_like_loss_makers_low() {
        let scorer = Scorer::of(&table(&answer(&world(300, 3)), 2));
        let score = |first| scorer.score(&party(&[first])).value();
        assert!(
            score(1) > 0.5 && score(2) < -0.5,
            "{} {}",
            score(1),
            score(2)
        );
        assert!(score(1) > score(0) && score(0) > score(2));
    }

    #[test]
    fn weights_of_single_values_are_what_scores_are_made_of() {
        let scorer = Scorer::of(&table(&answer(&world(300, 3)), 2));
        let parts = scorer.contributions(&party(&[1, 7]));
        assert_eq!(parts.len(), 2);
        for part in &parts {
            assert_eq!(scorer.weight(&part.bin), Some(part.score));
        }
        let elsewhere = Bin {
            key: TraitKey::parse("T9", "").unwrap(),
            ..parts[0].bin.clone()
        };
        assert_eq!(scorer.weight(&elsewhere), None);
        let category = |text: &str| TraitValue::Category(text.to_owned());
        let (one, unheard) = (category("c1"), category("c77"));
        assert_eq!(
            scorer.bins(&[Some(&one), Some(&unheard)], 99)[1],
            vec![99_usize]
        );
        assert_eq!(scorer.bins(&[None, Some(&one)], 99)[0], Vec::<usize>::new());
    }

    #[test]
    fn what_nobody_has_says_nothing() {
        let scorer = Scorer::of(&table(&answer(&world(300, 3)), 2));
        assert_eq!(scorer.score(&Traits::new()), Score(0));
        assert_eq!(scorer.contributions(&Traits::new()), []);
        let unheard = scorer.contributions(&party(&[7]));
        assert_eq!(unheard[0].bin.label(), "T0 is rare");
        assert_eq!(
            (unheard[0].score, unheard[0].count),
            (Score(0), LiftCount::default())
        );
    }

    #[test]
    fn without_best_or_loss_makers_and_with_all_of_them_scores_are_finite() {
        for (best, loss) in [(false, false), (true, false), (false, true)] {
            let customers = vec![(vec![0], best, loss); 50];
            let scorer = Scorer::of(&table(&answer(&customers), 1));
            assert_eq!(scorer.score(&party(&[0])), Score(0));
        }
        let empty = Scorer::of(&table(&answer(&[]), 1));
        assert_eq!(empty.score(&party(&[0])), Score(0));
    }

    proptest! {
        #[test]
        fn contributions_add_up_exactly_in_doubles_and_in_any_order(
            seed in 1..u64::MAX, customers in 0..200_usize, prospect in proptest::collection::vec(0..12_u64, 0..3),
        ) {
            let mut world = world(customers, seed);
            let scorer = Scorer::of(&table(&answer(&world), 2));
            let prospect = party(&prospect);
            let mut parts: Vec<f64> =
                scorer.contributions(&prospect).iter().map(|c| c.score.value()).collect();
            let score = scorer.score(&prospect).value();
            prop_assert_eq!(parts.iter().sum::<f64>(), score);
            parts.reverse();
            prop_assert_eq!(parts.iter().sum::<f64>(), score);
            Dice(seed).shuffle(&mut world);
            prop_assert_eq!(Scorer::of(&table(&answer(&world), 2)), scorer);
        }
    }
}
