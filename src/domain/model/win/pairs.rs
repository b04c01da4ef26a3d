//! Pairs of traits that say more together than each says alone.
//!
//! All pairs are looked at on what the additive model left unexplained of outcomes that it was made without; the most
//! promising few are fitted on top of it, and stay only if they explain held-back outcomes better by more than a
//! standard error (Lou, Caruana, Gehrke and Hooker, "Accurate intelligible models with pairwise interactions", KDD
//! 2013). Bins are put together to a few groups first, without looking at outcomes, or the trait with the most values
//! would be chosen for its many cells.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `g_c`, `h_c` | `Cells` | sums over a cell of `w (y - p)` and of `w p (1 - p)` |
//! | `l` | [`DRAW`] | how strongly a cell is drawn towards zero |
//! | `z` | [`promise`] | `sum g^2 / (h + l)` less its mean by chance, over its deviation by chance |

use super::logistic::{Logistic, Penalty, Sample, probability};
use crate::domain::{
    model::{
        design::{Design, Rows, TraitColumns},
        encode::{FIRST_VALUE, MISSING, RARE},
        evaluation::contest::{Contest, paired},
        outcomes::FOLDS,
    },
    traits::Traits,
};
use std::cmp::Reverse;

/// At most so many pairs enter.
const LIMIT: usize = 10;
/// Into so many groups the bins of a trait are put.
const GROUPS: usize = 8;
/// How strongly a cell is drawn towards zero while pairs are looked for.
const DRAW: f64 = 20.0;
/// A pair must promise so many deviations more than chance to be tried.
const PROMISE: f64 = 4.0;
/// The penalties that are tried.
const PENALTIES: [f64; 2] = [60.0, 20.0];
/// The penalty of the level, which the additive model has set already.
const LEVEL: f64 = 1.0;

/// Pairs with what their cells add.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pairs {
    /// The pairs, by the places of their traits.
    pub pairs: Vec<Pair>,
    /// What everybody and each cell adds.
    pub fit: Logistic,
    /// The penalty of a cell.
    pub penalty: f64,
}

/// Two traits whose groups are crossed.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The place of the first trait in the design.
    pub first: usize,
    /// That of the second, a later one.
    pub second: usize,
    /// The group of each bin of the first.
    first_groups: Vec<usize>,
    /// The group of each bin of the second.
    second_groups: Vec<usize>,
    /// The column of the first cell.
    start: usize,
    /// How many closed prospects and how many of them won are in each cell.
    pub counts: Vec<(u64, u64)>,
    /// The mean of what the cells add.
    pub mean: f64,
}

impl Pair {
    /// The cell of two bins.
    pub fn cell(&self, first: usize, second: usize) -> usize {
        self.first_groups[first] * GROUPS + self.second_groups[second]
    }

    /// The column of a cell.
    pub fn column(&self, cell: usize) -> usize {
        self.start + cell
    }
}

/// The one bin of each trait that a party is in; of sets none.
pub fn places(design: &Design, party: &Traits) -> Vec<usize> {
    let mut found = vec![MISSING; design.traits.len()];
    design.for_each_bin(party, |place, bin| found[place] = bin);
    found
}

/// Puts the bins of a trait into groups: no value; rare ones; the others by their order or by how many are in them.
fn groups(entry: &TraitColumns) -> Vec<usize> {
    let mut groups = vec![0; entry.counts.len()];
    groups[RARE] = 1;
    let free = GROUPS - 2;
    let values = FIRST_VALUE..entry.counts.len();
    if entry.bins.is_ordered() {
        let all: u64 = entry.counts[values.clone()].iter().sum();
        let mut before = 0;
        for bin in values {
            let middle = before + entry.counts[bin] / 2;
            let part = (middle * free as u64).checked_div(all).unwrap_or(0);
            groups[bin] = 2 + usize::try_from(part).unwrap_or(0).min(free - 1);
            before += entry.counts[bin];
        }
    } else {
        let mut order: Vec<usize> = values.collect();
        order.sort_by_key(|bin| (Reverse(entry.counts[*bin]), *bin));
        for (rank, bin) in order.iter().enumerate() {
            groups[*bin] = 2 + rank.min(free - 1);
        }
    }
    groups
}

/// Sums over the cells of all pairs, fold by fold.
struct Cells {
    pairs: Vec<(usize, usize)>,
    /// `sums[fold][pair * GROUPS^2 + cell]`: gradient and curvature.
    sums: Vec<Vec<[f64; 2]>>,
}

const CELLS: usize = GROUPS * GROUPS;

impl Cells {
    fn of(codes: &[Vec<u8>], sample: &Sample, held_back: &[f64]) -> Self {
        let traits = codes.len();
        let pairs: Vec<(usize, usize)> = (0..traits)
            .flat_map(|first| (first + 1..traits).map(move |second| (first, second)))
            .collect();
        let mut sums = vec![vec![[0.0; 2]; pairs.len() * CELLS]; FOLDS];
        let mut own = vec![0_usize; traits];
        for (row, eta) in held_back.iter().enumerate() {
            let p = probability(*eta);
            let weight = sample.weights[row];
            let (pull, bend) = (weight * (sample.outcomes[row] - p), weight * p * (1.0 - p));
            for (own, codes) in own.iter_mut().zip(codes) {
                *own = usize::from(codes[row]);
            }
            let mut cells = sums[sample.folds[row]].chunks_exact_mut(CELLS);
            for (place, first) in own.iter().enumerate() {
                for (second, table) in own[place + 1..].iter().zip(&mut cells) {
                    let cell = &mut table[first * GROUPS + second];
                    cell[0] += pull;
                    cell[1] += bend;
                }
            }
        }
        Self { pairs, sums }
    }

    /// How much more a pair explains than chance would, in deviations, a fold left out.
    fn promise(&self, pair: usize, without: Option<usize>) -> f64 {
        let (mut found, mut mean, mut variance) = (0.0, 0.0, 0.0);
        for cell in pair * CELLS..(pair + 1) * CELLS {
            let (mut pull, mut bend) = (0.0, 0.0);
            for (_, sums) in self
                .sums
                .iter()
                .enumerate()
                .filter(|(f, _)| Some(*f) != without)
            {
                pull += sums[cell][0];
                bend += sums[cell][1];
            }
            let share = bend / (bend + DRAW);
            found += pull * pull / (bend + DRAW);
            mean += share;
            variance += 2.0 * share * share;
        }
        if variance > 0.0 {
            (found - mean) / variance.sqrt()
        } else {
            0.0
        }
    }

    /// The most promising pairs.
    fn best(&self, without: Option<usize>) -> Vec<(usize, usize)> {
        let mut order: Vec<(f64, usize)> = (0..self.pairs.len())
            .map(|pair| (self.promise(pair, without), pair))
            .filter(|(promise, _)| *promise > PROMISE)
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        order.truncate(LIMIT);
        let mut chosen: Vec<(usize, usize)> =
            order.iter().map(|(_, pair)| self.pairs[*pair]).collect();
        chosen.sort_unstable();
        chosen
    }
}

/// Pairs that were chosen, and which row is in which of their cells.
struct Crossed {
    pairs: Vec<Pair>,
    rows: Rows,
    size: usize,
}

impl Crossed {
    fn of(chosen: &[(usize, usize)], design: &Design, codes: &[Vec<u8>], places: &[usize]) -> Self {
        let mut size = 1;
        let pair = |&(first, second): &(usize, usize)| {
            let start = size;
            size += CELLS;
            Pair {
                first: places[first],
                second: places[second],
                first_groups: groups(&design.traits[places[first]]),
                second_groups: groups(&design.traits[places[second]]),
                start,
                counts: vec![(0, 0); CELLS],
                mean: 0.0,
            }
        };
        let pairs: Vec<Pair> = chosen.iter().map(pair).collect();
        let count = codes.first().map_or(0, Vec::len);
        let columns = |row: usize| {
            let mut columns = vec![0];
            for (place, (first, second)) in chosen.iter().enumerate() {
                let cell =
                    usize::from(codes[*first][row]) * GROUPS + usize::from(codes[*second][row]);
                columns.push(1 + place * CELLS + cell);
            }
            columns
        };
        let rows = Rows::of((0..count).map(columns));
        Self { pairs, rows, size }
    }

    fn penalty(&self, strength: f64) -> Penalty {
        let mut towards_zero = vec![strength; self.size];
        towards_zero[0] = LEVEL;
        Penalty {
            towards_zero,
            together: Vec::new(),
        }
    }
}

/// What the additive model was found to be: its own fit, and those made without each fold.
pub struct Additive<'a> {
    /// The effects of all rows.
    pub whole: &'a [f64],
    /// The effects without each fold.
    pub without: &'a [Vec<f64>],
    /// The log-odds of each row by the model made without its fold.
    pub held_back: &'a [f64],
}

/// Looks for pairs; `None` if none helps. With them the log-odds of held-back rows with the pairs' part in.
pub fn find(
    design: &Design,
    traits: &[&Traits],
    sample: &Sample,
    additive: &Additive,
) -> Option<(Pairs, Vec<f64>, Contest)> {
    let partitions: Vec<usize> = (0..design.traits.len())
        .filter(|place| design.traits[*place].bins.is_partition())
        .collect();
    let codes = codes(design, traits, &partitions);
    let cells = Cells::of(&codes, sample, additive.held_back);
    let chosen = cells.best(None);
    if chosen.is_empty() {
        return None;
    }
    // Each fold chooses for itself, or the outcomes that are held back would have had their say.
    let crossed: Vec<Option<Crossed>> = (0..FOLDS)
        .map(|fold| {
            let chosen = cells.best(Some(fold));
            (!chosen.is_empty()).then(|| Crossed::of(&chosen, design, &codes, &partitions))
        })
        .collect();
    let mut best = None::<(f64, f64, Vec<f64>)>;
    for penalty in PENALTIES {
        let held_back = held_back(&crossed, sample, additive, penalty);
        let sum: f64 = losses(sample, &held_back).iter().sum();
        if best.as_ref().is_none_or(|(least, ..)| sum < *least) {
            best = Some((sum, penalty, held_back));
        }
    }
    let (_, penalty, held_back) = best?;
    let contest = paired(
        &losses(sample, &held_back),
        &losses(sample, additive.held_back),
    );
    if !contest.is_better() {
        return None;
    }
    let crossed = Crossed::of(&chosen, design, &codes, &partitions);
    Some((
        crossed.fitted(sample, additive, penalty),
        held_back,
        contest,
    ))
}

fn codes(design: &Design, traits: &[&Traits], partitions: &[usize]) -> Vec<Vec<u8>> {
    let groups: Vec<Vec<usize>> = partitions
        .iter()
        .map(|place| groups(&design.traits[*place]))
        .collect();
    let mut codes = vec![Vec::with_capacity(traits.len()); partitions.len()];
    for party in traits {
        let bins = places(design, party);
        for ((codes, groups), place) in codes.iter_mut().zip(&groups).zip(partitions) {
            codes.push(u8::try_from(groups[bins[*place]]).unwrap_or(u8::MAX));
        }
    }
    codes
}

fn losses(sample: &Sample, log_odds: &[f64]) -> Vec<f64> {
    let loss = |(row, eta): (usize, &f64)| {
        sample.weights[row] * super::logistic::loss(*eta, sample.outcomes[row])
    };
    log_odds.iter().enumerate().map(loss).collect()
}

/// The log-odds of each row by additive model and pairs made without its fold.
fn held_back(
    crossed: &[Option<Crossed>],
    sample: &Sample,
    additive: &Additive,
    penalty: f64,
) -> Vec<f64> {
    let mut found = additive.held_back.to_vec();
    for (fold, crossed) in crossed.iter().enumerate() {
        let (Some(crossed), Some(effects)) = (crossed, additive.without.get(fold)) else {
            continue;
        };
        let offsets = sample.all_log_odds(effects);
        let own = Sample {
            rows: &crossed.rows,
            offsets: &offsets,
            size: crossed.size,
            ..*sample
        };
        let fit = own.fit(&crossed.penalty(penalty), vec![0.0; own.size], Some(fold));
        for row in (0..own.count()).filter(|row| own.folds[*row] == fold) {
            found[row] = own.log_odds(row, &fit.effects);
        }
    }
    found
}

impl Crossed {
    fn fitted(mut self, sample: &Sample, additive: &Additive, penalty: f64) -> Pairs {
        let offsets = sample.all_log_odds(additive.whole);
        let own = Sample {
            rows: &self.rows,
            offsets: &offsets,
            size: self.size,
            ..*sample
        };
        let fit = own.fit(&self.penalty(penalty), vec![0.0; own.size], None);
        let mut weights = vec![0.0; self.size];
        for row in 0..own.count() {
            for (pair, column) in self.pairs.iter_mut().zip(&self.rows.customer(row)[1..]) {
                weights[*column] += own.weights[row];
                let (closed, won) = &mut pair.counts[*column - pair.start];
                *closed += 1;
                *won += u64::from(own.outcomes[row] > 0.5);
            }
        }
        for pair in &mut self.pairs {
            let (mut sum, mut all) = (0.0, 0.0);
            for column in pair.start..pair.start + CELLS {
                sum += weights[column] * fit.effects[column];
                all += weights[column];
            }
            pair.mean = if all > 0.0 { sum / all } else { 0.0 };
        }
        Pairs {
            pairs: self.pairs,
            fit,
            penalty,
        }
    }
}
