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
//! | `l` | [`DRAW`], penalty | how strongly a cell is drawn towards zero |
//! | `e_c` | [`Pairs::effects`] | what a cell adds, by Newton's steps pair by pair: `(g + h e) / (h + l)` |
//! | `z` | [`promise`] | `sum g^2 / (h + l)` less its mean by chance, over its deviation by chance |

use super::logistic::{Sample, probability};
use crate::domain::{
    model::{
        design::{Binned, Design, TraitColumns},
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
/// How many times all pairs are gone through.
const SWEEPS: usize = 6;

/// Pairs with what their cells add.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pairs {
    /// The pairs, by the places of their traits.
    pub pairs: Vec<Pair>,
    /// What each cell adds.
    pub effects: Vec<f64>,
    /// How well that is known: the variance of each cell's effect, the others being given.
    pub variances: Vec<f64>,
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
    /// The place of the first cell among the effects.
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

    /// The place of a cell among the effects.
    pub fn place(&self, cell: usize) -> usize {
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
/// The same as [`GROUPS`], for small numbers.
const GROUP_STEP: u8 = 8;

impl Cells {
    fn of(codes: &[Vec<u8>], sample: &Sample, held_back: &[f64]) -> Self {
        let traits = codes.len();
        let mut folds = vec![0; sample.count()];
        for (fold, rows) in sample.folds.iter().enumerate() {
            rows.iter().for_each(|row| folds[*row] = fold);
        }
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
            let mut cells = sums[folds[row]].chunks_exact_mut(CELLS);
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

/// Pairs that were chosen.
struct Crossed {
    pairs: Vec<Pair>,
    /// The cell of each row, one list for each pair.
    cells: Vec<Vec<u8>>,
}

/// What cells add, and their curvatures.
struct CellFit {
    effects: Vec<f64>,
    bends: Vec<f64>,
}

impl Crossed {
    fn of(chosen: &[(usize, usize)], design: &Design, codes: &[Vec<u8>], places: &[usize]) -> Self {
        let mut start = 0;
        let pair = |&(first, second): &(usize, usize)| {
            start += CELLS;
            Pair {
                first: places[first],
                second: places[second],
                first_groups: groups(&design.traits[places[first]]),
                second_groups: groups(&design.traits[places[second]]),
                start: start - CELLS,
                counts: vec![(0, 0); CELLS],
                mean: 0.0,
            }
        };
        let cell = |(first, second): (&u8, &u8)| first * GROUP_STEP + second;
        Self {
            pairs: chosen.iter().map(pair).collect(),
            cells: chosen
                .iter()
                .map(|(first, second)| {
                    codes[*first]
                        .iter()
                        .zip(&codes[*second])
                        .map(cell)
                        .collect()
                })
                .collect(),
        }
    }

    /// What the cells of a row add.
    fn sum(&self, row: usize, effects: &[f64]) -> f64 {
        let tables = effects.chunks_exact(CELLS).zip(&self.cells);
        tables
            .map(|(table, cells)| table[usize::from(cells[row])])
            .sum()
    }

    /// Fits the cells on top of given log-odds, a fold left out: Newton's step for each pair in turn, what the others
    /// have moved since probabilities were taken being reckoned with to first order.
    fn fit(&self, sample: &Sample, given: &[f64], without: Option<usize>, penalty: f64) -> CellFit {
        let folds = sample.folds.iter().enumerate();
        let folds = folds.filter(|(fold, _)| Some(*fold) != without);
        let rows: Vec<usize> = folds.flat_map(|(_, rows)| rows.iter().copied()).collect();
        let mut effects = vec![0.0; self.pairs.len() * CELLS];
        let mut bends = vec![0.0; effects.len()];
        let mut pulls = vec![0.0; rows.len()];
        let mut weights = vec![0.0; rows.len()];
        for _ in 0..SWEEPS {
            for ((pull, weight), row) in pulls.iter_mut().zip(&mut weights).zip(&rows) {
                let p = probability(given[*row] + self.sum(*row, &effects));
                *weight = sample.weights[*row] * p * (1.0 - p);
                *pull = sample.weights[*row] * (sample.outcomes[*row] - p);
            }
            for (place, cells) in self.cells.iter().enumerate() {
                let mut sums = [[0.0; 2]; CELLS];
                for ((pull, weight), row) in pulls.iter().zip(&weights).zip(&rows) {
                    let sums = &mut sums[usize::from(cells[*row])];
                    sums[0] += pull;
                    sums[1] += weight;
                }
                let mut moved = [0.0; CELLS];
                for (cell, [pull, bend]) in sums.iter().enumerate() {
                    let effect = &mut effects[place * CELLS + cell];
                    moved[cell] = (pull - penalty * *effect) / (bend + penalty);
                    *effect += moved[cell];
                    bends[place * CELLS + cell] = *bend;
                }
                for ((pull, weight), row) in pulls.iter_mut().zip(&weights).zip(&rows) {
                    *pull -= weight * moved[usize::from(cells[*row])];
                }
            }
        }
        CellFit { effects, bends }
    }
}

/// What the additive model was found to be: its own fit, and those made without each fold.
pub struct Additive<'a> {
    /// The log-odds of all rows.
    pub whole: &'a [f64],
    /// The same by the model made without each fold.
    pub without: &'a [Vec<f64>],
    /// The log-odds of each row by the model made without its fold.
    pub held_back: &'a [f64],
}

/// Looks for pairs; `None` if none helps. With them the log-odds of held-back rows with the pairs' part in.
pub fn find(
    design: &Design,
    binned: &Binned,
    sample: &Sample,
    additive: &Additive,
) -> Option<(Pairs, Vec<f64>, Contest)> {
    let partitions: Vec<usize> = (0..design.traits.len())
        .filter(|place| design.traits[*place].bins.is_partition())
        .collect();
    let codes = codes(design, binned, &partitions);
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

fn codes(design: &Design, binned: &Binned, partitions: &[usize]) -> Vec<Vec<u8>> {
    let of_trait = |place: &usize| {
        let groups = groups(&design.traits[*place]);
        let small = |group: usize| u8::try_from(group).unwrap_or(0);
        let column = &binned.traits[*place];
        let code = |row: usize| small(groups[column.single(row)]);
        (0..binned.count).map(code).collect()
    };
    partitions.iter().map(of_trait).collect()
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
        let (Some(crossed), Some(offsets)) = (crossed, additive.without.get(fold)) else {
            continue;
        };
        let fit = crossed.fit(sample, offsets, Some(fold), penalty);
        for row in &sample.folds[fold] {
            found[*row] = offsets[*row] + crossed.sum(*row, &fit.effects);
        }
    }
    found
}

impl Crossed {
    fn fitted(mut self, sample: &Sample, additive: &Additive, penalty: f64) -> Pairs {
        let fit = self.fit(sample, additive.whole, None, penalty);
        for (pair, cells) in self.pairs.iter_mut().zip(&self.cells) {
            let (mut sum, mut all) = (0.0, 0.0);
            for (row, cell) in cells.iter().enumerate() {
                let cell = usize::from(*cell);
                sum += sample.weights[row] * fit.effects[pair.start + cell];
                all += sample.weights[row];
                pair.counts[cell].0 += 1;
                pair.counts[cell].1 += u64::from(sample.outcomes[row] > 0.5);
            }
            pair.mean = if all > 0.0 { sum / all } else { 0.0 };
        }
        Pairs {
            pairs: self.pairs,
            effects: fit.effects,
            variances: fit
                .bends
                .iter()
                .map(|bend| 1.0 / (bend + penalty))
                .collect(),
        }
    }
}
