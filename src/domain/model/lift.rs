//! What sets the best customers apart: how much more common each trait value is among them.
//!
//! Where few customers have a value, its rate of the best is drawn towards the rate among all, as if so many more
//! customers of the usual rate had been seen (Good, "Probability and the Weighing of Evidence", 1950, on small
//! counts). The interval is Wilson's on the same counts, so that it always holds the lift. Many values are looked at,
//! so that some look different by chance: the share of such among those told to be distinguishing is held to a tenth
//! (Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society B 57,
//! 1995).
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `a` | [`TraitLift::best_count`] | how many of the best have the value |
//! | `n` | [`TraitLift::all_count`] | how many of all have it |
//! | `r` | `rate` | the best among all |
//! | `m` | [`DRAW`] | how many customers of the usual rate are added |
//! | lift | [`TraitLift::lift`] | `((a + m r) / (n + m)) / r` |

use super::{
    IgnoredReason, IgnoredTrait, admit,
    binomial::{two_sided, wilson_interval},
    design::is_value,
    encode::{Bin, Bins, MINIMUM_SUPPORT},
    number,
};
use crate::domain::{
    id::TraitKey,
    party::TraitDefinition,
    question::{LiftAnswer, LiftCount, TraitBin},
};
use std::{collections::BTreeMap, sync::Arc};

/// How many customers of the usual rate are added to those who have a value.
pub const DRAW: f64 = 20.0;
/// Which part of what is told to be distinguishing may be so by chance.
const FALSE_DISCOVERIES: f64 = 0.10;

/// Counts of the best, of the loss-makers and of all, by trait value as models tell them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiftTable {
    /// The traits in the order of their keys.
    pub traits: Vec<TraitCounts>,
    /// How many of all customers, of the best and of the loss-makers there are.
    pub whole: LiftCount,
    /// The traits that were kept out, in the order of their keys.
    pub ignored: Vec<IgnoredTrait>,
}

/// Counts of one trait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraitCounts {
    /// Its bins.
    pub bins: Bins,
    /// The counts of each.
    pub counts: Vec<LiftCount>,
}

/// How much more common a trait value is among the best customers.
#[derive(Debug, Clone, PartialEq)]
pub struct TraitLift {
    /// The trait value.
    pub bin: Bin,
    /// How many of the best have it.
    pub best_count: u64,
    /// How many of all have it.
    pub all_count: u64,
    /// `best_count` of the best.
    pub best_support: f64,
    /// `all_count` of all.
    pub all_support: f64,
    /// The rate of the best among those who have it over the rate among all, drawn towards 1.
    pub lift: f64,
    /// The lower end of its 95% interval.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// How likely a difference this great is by chance.
    pub p_value: f64,
    /// Whether it passes the correction for many comparisons.
    pub distinguishing: bool,
    /// How many of those with a value below zero have it.
    pub loss_maker_count: u64,
}

impl LiftTable {
    /// Sorts a store's counts into bins. `edges` are those that the store was asked with.
    pub fn of(
        definitions: &[Arc<TraitDefinition>],
        edges: &BTreeMap<TraitKey, Vec<i64>>,
        answer: &LiftAnswer,
    ) -> Self {
        let (admitted, mut ignored) = admit(definitions);
        let mut counts = BTreeMap::<&TraitKey, Vec<(&TraitBin, LiftCount)>>::new();
        for ((key, bin), count) in &answer.counts {
            counts.entry(key).or_default().push((bin, *count));
        }
        let mut traits = Vec::with_capacity(admitted.len());
        for definition in admitted {
            let key = &definition.key;
            let own = counts.get(key).map_or(&[][..], |own| own);
            let edges = edges.get(key).cloned().unwrap_or_default();
            match Bins::of_counts(definition, edges, own) {
                Some((bins, counts)) => traits.push(TraitCounts { bins, counts }),
                None => ignored.push(IgnoredTrait {
                    key: key.clone(),
                    reason: IgnoredReason::NeverSeen,
                }),
            }
        }
        ignored.sort_by(|a, b| a.key.cmp(&b.key));
        let totals = &answer.totals;
        let whole = LiftCount {
            best: answer.best,
            loss_makers: totals.negative,
            all: totals.customers,
        };
        Self {
            traits,
            whole,
            ignored,
        }
    }

    /// One line for each trait value that somebody has, the highest lower bound of the lift first. Nobody is best, no
    /// lines.
    ///
    /// Only values that enough customers have are compared; having no value, or a rare one, is told and not compared.
    pub fn lines(&self) -> Vec<TraitLift> {
        if self.whole.best == 0 {
            return Vec::new();
        }
        let mut lines = Vec::new();
        let mut compared = Vec::new();
        for entry in &self.traits {
            for (place, count) in entry.counts.iter().enumerate().filter(|(_, c)| c.all > 0) {
                if is_value(place) && count.all >= MINIMUM_SUPPORT {
                    compared.push(lines.len());
                }
                lines.push(self.line(entry.bins.bin(place), *count));
            }
        }
        mark_distinguishing(&mut lines, &compared);
        lines.sort_by(|a, b| b.lower.total_cmp(&a.lower));
        lines
    }

    fn line(&self, bin: Bin, count: LiftCount) -> TraitLift {
        let (best, all) = (number(count.best), number(count.all));
        let rate = number(self.whole.best) / number(self.whole.all);
        let drawn = best + DRAW * rate;
        let (lower, upper) = wilson_interval(drawn, all + DRAW);
        TraitLift {
            bin,
            best_count: count.best,
            all_count: count.all,
            best_support: best / number(self.whole.best),
            all_support: all / number(self.whole.all),
            lift: drawn / (all + DRAW) / rate,
            lower: lower / rate,
            upper: upper / rate,
            p_value: two_sided(count.best, count.all, rate),
            distinguishing: false,
            loss_maker_count: count.loss_makers,
        }
    }
}

/// Marks the lines of those compared that pass the correction for many comparisons.
fn mark_distinguishing(lines: &mut [TraitLift], compared: &[usize]) {
    let p_values: Vec<_> = compared.iter().map(|line| lines[*line].p_value).collect();
    for place in passing(&p_values) {
        lines[compared[place]].distinguishing = true;
    }
}

/// The places of those up to the last whose p-value is at most its place in the order of p-values times the false
/// discoveries over their number.
pub(super) fn passing(p_values: &[f64]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..p_values.len()).collect();
    places.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]).then(a.cmp(b)));
    let count = number(places.len() as u64);
    let passed = (1..=places.len()).rev().find(|place| {
        let limit = FALSE_DISCOVERIES * number(*place as u64) / count;
        p_values[places[place - 1]] <= limit
    });
    places.truncate(passed.unwrap_or(0));
    places
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::{
        model::tests::{Dice, definition},
        party::TraitType,
        question::RankTotals,
    };

    /// What a store would answer about customers with categories: the places of each customer's categories in T0, T1
    /// …, whether it is one of the best and whether it lost money.
    pub fn answer(customers: &[(Vec<u64>, bool, bool)]) -> LiftAnswer {
        let mut answer = LiftAnswer {
            totals: RankTotals {
                customers: customers.len() as u64,
                ..RankTotals::default()
            },
            ..LiftAnswer::default()
        };
        for (categories, best, loss) in customers {
            answer.best += u64::from(*best);
            answer.totals.negative += u64::from(*loss);
            for (place, category) in categories.iter().enumerate() {
                let key = TraitKey::parse(&format!("T{place}"), "").unwrap();
                let bin = TraitBin::Category(format!("c{category}"));
                let count = answer.counts.entry((key, bin)).or_default();
                count.best += u64::from(*best);
                count.loss_makers += u64::from(*loss);
                count.all += 1;
            }
        }
        answer
    }

    pub fn table(answer: &LiftAnswer, traits: usize) -> LiftTable {
        let definitions: Vec<_> = (0..traits)
            .map(|place| Arc::new(definition(&format!("T{place}"), TraitType::Category)))
            .collect();
        LiftTable::of(&definitions, &BTreeMap::new(), answer)
    }

    #[test]
    fn a_planted_value_is_found_and_comes_first() {
        let mut dice = Dice(1);
        let customers: Vec<_> = (0..400)
            .map(|_| {
                let planted = dice.roll(4);
                let best = dice.roll(100) < if planted == 2 { 30 } else { 4 };
                (vec![dice.roll(5), planted], best, false)
            })
            .collect();
        let lines = table(&answer(&customers), 2).lines();
        assert_eq!(lines[0].bin.label(), "T1 = c2");
        assert!(lines[0].distinguishing && lines[0].lift > 2.0 && lines[0].lower > 1.0);
        assert!(lines.iter().all(|l| l.lower <= l.lift && l.lift <= l.upper));
        let others = lines.iter().filter(|l| l.bin.key.as_str() == "T0");
        assert!(others.clone().all(|l| !l.distinguishing) && others.count() == 5);
    }

    #[test]
    fn the_lift_is_drawn_towards_one_where_few_have_the_value() {
        let mut customers = vec![(vec![0], false, false); 195];
        customers.extend(vec![(vec![1], true, false); 5]);
        customers.extend(vec![(vec![0], true, false); 15]);
        let lines = table(&answer(&customers), 1).lines();
        let few = lines.iter().find(|l| l.bin.label() == "T0 = c1").unwrap();
        let rate = 20.0 / 215.0;
        assert!((few.lift - (5.0 + 20.0 * rate) / 25.0 / rate).abs() < 1e-12);
        assert!(few.lift < 1.0 / rate);
        assert_eq!((few.best_count, few.all_count), (5, 5));
        assert!((few.best_support - 0.25).abs() < 1e-12);
    }

    #[test]
    fn shuffled_labels_seldom_look_like_anything() {
        let mut dice = Dice(7);
        let mut labels: Vec<bool> = (0..300).map(|i| i < 30).collect();
        let traits: Vec<Vec<u64>> = (0..300)
            .map(|_| (0..6).map(|_| dice.roll(8)).collect())
            .collect();
        let mut runs_with_any = 0;
        for _ in 0..60 {
            dice.shuffle(&mut labels);
            let customers: Vec<_> = traits
                .iter()
                .zip(&labels)
                .map(|(own, best)| (own.clone(), *best, false))
                .collect();
            let lines = table(&answer(&customers), 6).lines();
            runs_with_any += usize::from(lines.iter().any(|line| line.distinguishing));
        }
        assert!(
            runs_with_any <= 9,
            "{runs_with_any} of 60 runs found something in noise"
        );
    }

    #[test]
    fn correction_takes_all_up_to_the_last_that_passes() {
        let base = answer(&[(vec![0], true, false), (vec![0], false, false)]);
        let line = table(&base, 1).lines()[0].clone();
        let mut lines: Vec<_> = [0.04, 0.9, 0.045, 0.061, 0.5]
            .map(|p_value| TraitLift {
                p_value,
                ..line.clone()
            })
            .into();
        // Limits are 0.02, 0.04, 0.06 …: the first two fail their own limits, the third passes and takes them along.
        mark_distinguishing(&mut lines, &[0, 1, 2, 3, 4]);
        assert!(lines.iter().map(|l| l.distinguishing).eq([false; 5]));
        lines[3].p_value = 0.06;
        mark_distinguishing(&mut lines, &[0, 1, 2, 3, 4]);
        assert!(
            lines
                .iter()
                .map(|l| l.distinguishing)
                .eq([true, false, true, true, false])
        );
    }

    #[test]
    fn without_customers_or_best_there_are_no_lines() {
        assert!(table(&LiftAnswer::default(), 1).lines().is_empty());
        let customers = vec![(vec![0], false, true); 50];
        assert!(table(&answer(&customers), 1).lines().is_empty());
    }

    #[test]
    fn what_may_not_enter_is_not_counted_even_if_a_store_answers_it() {
        let mut secret = definition("T0", TraitType::Category);
        secret.sensitivity = crate::domain::party::Sensitivity::SpecialCategory;
        let definitions = [
            Arc::new(secret),
            Arc::new(definition("T9", TraitType::Flag)),
        ];
        let customers = vec![(vec![0], true, false); 50];
        let table = LiftTable::of(&definitions, &BTreeMap::new(), &answer(&customers));
        assert!(table.traits.is_empty() && table.lines().is_empty());
        let reasons: Vec<_> = table.ignored.iter().map(|ignored| ignored.reason).collect();
        assert_eq!(
            reasons,
            [IgnoredReason::SpecialCategory, IgnoredReason::NeverSeen]
        );
    }
}
