//! How likely a prospect is won, learnt from prospects that were won and lost.
//!
//! An additive model of the log-odds: one effect for each trait value, drawn towards zero by cross-validation, a few
//! pairs of traits where outcomes that were held back say so, and a calibration on these. So every part of the score is
//! a trait value's, and the parts add up. What cannot be learnt from is told: too few outcomes, no signal, traits that
//! give the outcome away. Knows nothing of profit, of stores and of what is done with the answer.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `r` | [`WinModel::base_rate`] | the rate of winning, half a win and half a loss added |
//! | `b_j` | `effects` | what a column adds to the log-odds |
//! | `a`, `c` | `calibration` | slope and intercept on log-odds of those held back (Platt 1999) |
//! | `eta` | [`WinPrediction::log_odds`] | `c + a X b` |
//! | `se` | `deviation` | `sqrt(x' H^-1 x)` times the slope (Laplace's approximation) |
//!
//! * [`logistic`]: the fit. [`leak`]: traits that give the outcome away.
//!
//! Learning goes from closed rows to tables of single values, from there to effects that are found together, to pairs,
//! and to a calibration on rows that were held back; each part is a file beside this one.

mod calibrate;
mod choose;
mod closed_rows;
pub mod leak;
pub mod logistic;
mod pairs;
mod predict;
mod tables;
mod train;

use super::{
    IgnoredTrait,
    design::Design,
    encode::Bin,
    evaluation::{Forecast, discrimination::Auc, drift},
    seen::{NeverSeen, Seen},
};
use crate::domain::{id::TraitKey, time::Day, traits::Traits};
use leak::Leak;
use logistic::Logistic;
use pairs::Pairs;

/// With fewer closed prospects a prediction is for a person to judge …
pub const MINIMUM_CLOSED: u64 = 40;
/// … and with fewer that were won, or that were lost.
pub const MINIMUM_OF_EACH: u64 = 20;
/// Held-back outcomes must be told apart better than this, by the lower end of the interval of the AUC.
pub const SIGNAL: f64 = 0.55;

/// A prospect whose outcome is known.
#[derive(Debug, Clone, Copy)]
pub struct Closed<'a> {
    /// Who; decides the fold.
    pub id: &'a str,
    /// What was known of it.
    pub traits: &'a Traits,
    /// Those of its traits whose value became known only after the decision; they count as not known.
    pub late: &'a [TraitKey],
    /// Whether it was won.
    pub won: bool,
    /// The day of the decision.
    pub closed: Day,
    /// How many prospects it stands for, above 0: one over the rate at which such outcomes were recorded.
    pub weight: f64,
}

/// How to learn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WinSettings {
    /// After so many days an outcome counts half; for ever if `None`.
    pub half_life_days: Option<f64>,
    /// The level of the probabilities is set to the rate of so many latest outcomes; to that of all if `None`.
    pub latest: Option<usize>,
    /// Whether pairs of traits may enter.
    pub pairs: bool,
    /// Whether traits that separate too well are refused; not where being told apart is what is asked, as among
    /// customers of whom the best are known.
    pub refuse_leaks: bool,
}

impl Default for WinSettings {
    fn default() -> Self {
        Self {
            half_life_days: None,
            latest: None,
            pairs: true,
            refuse_leaks: true,
        }
    }
}

/// How far a model can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// There are too few outcomes, or too few of one kind.
    TooFewOutcomes,
    /// Nothing shows that traits tell the won from the lost: decisions are taken on the base rate.
    NoSignal,
    /// It tells them apart, on outcomes that were held back.
    Signal,
}

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub struct WinModel {
    /// How many outcomes were learnt from.
    pub closed: u64,
    /// How many of these were won.
    pub won: u64,
    /// The weighted rate of winning, never quite 0 or 1.
    pub base_rate: f64,
    /// The last day of an outcome learnt from.
    pub last_closed: Option<Day>,
    /// How far it can be relied on.
    pub standing: Standing,
    /// How well it tells apart those that were held back; `None` without one of each kind.
    pub held_back_auc: Option<Auc>,
    /// What it said of each outcome when made without it, in the order of ids, and what became of it.
    pub held_back: Vec<Forecast>,
    /// Traits that were refused because they give the outcome away.
    pub leaks: Vec<Leak>,
    /// Traits that were kept out for another reason.
    pub ignored: Vec<IgnoredTrait>,
    design: Design,
    seen: Seen,
    /// How many of each bin were won, by trait.
    wins: Vec<Vec<u64>>,
    fit: Logistic,
    pairs: Pairs,
    /// The weighted mean effect of each trait.
    means: Vec<f64>,
    /// The variance that a column nobody has shown may have, by trait.
    prior: Vec<f64>,
    slope: f64,
    intercept: f64,
}

/// How likely one prospect is won.
#[derive(Debug, Clone, PartialEq)]
pub struct WinPrediction {
    /// The probability, never 0 or 1.
    pub probability: f64,
    /// The lower end of its 80% interval.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
    /// The log-odds of `probability`: `baseline` and all contributions, added in their order.
    pub log_odds: f64,
    /// The log-odds of a prospect of mean traits.
    pub baseline: f64,
    /// What each of its trait values adds to the log-odds, the strongest first.
    pub contributions: Vec<WinContribution>,
    /// How many of its traits have a value that closed prospects have.
    pub known_traits: u64,
    /// How many closed prospects share the least common of its known traits; 0 if none is known.
    pub evidence: u64,
    /// Its values that no closed prospect had.
    pub never_seen: Vec<NeverSeen>,
    /// The base rate: without a signal nobody is to be taken for likelier than this.
    pub base_rate: f64,
    /// How far the model can be relied on.
    pub standing: Standing,
}

/// What a trait value, or two together, add.
#[derive(Debug, Clone, PartialEq)]
pub struct WinContribution {
    /// The trait value.
    pub bin: Bin,
    /// The other one of a pair: then it is what both add beyond what each adds.
    pub with: Option<Bin>,
    /// What is added, as a difference from the mean prospect.
    pub log_odds: f64,
    /// How many closed prospects are in it.
    pub closed: u64,
    /// How many of these were won.
    pub won: u64,
    /// Their rate of winning over the base rate, drawn towards 1 as in [`super::lift`].
    pub lift: f64,
    /// The lower end of its 95% interval.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

/// How far the asked have moved from those learnt from, in one trait.
#[derive(Debug, Clone, PartialEq)]
pub struct TraitDrift {
    /// The trait.
    pub key: TraitKey,
    /// The population stability index.
    pub index: f64,
    /// Whether the alarm rings.
    pub alarm: bool,
}

impl WinModel {
    /// What the model tells apart, for [`super::counterfactual`].
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// How far prospects have moved from the closed ones learnt from, by trait in the order of keys.
    pub fn drift<'a>(&self, asked: impl Iterator<Item = &'a Traits>) -> Vec<TraitDrift> {
        drift_of(&self.design, asked)
    }
}

/// How far parties have moved from those of a design, by trait in the order of keys.
pub fn drift_of<'a>(design: &Design, asked: impl Iterator<Item = &'a Traits>) -> Vec<TraitDrift> {
    let entries = &design.traits;
    let mut counts: Vec<Vec<u64>> = entries
        .iter()
        .map(|entry| vec![0; entry.bins.size()])
        .collect();
    for party in asked {
        design.for_each_bin(party, |place, bin| counts[place][bin] += 1);
    }
    let one = |(entry, counts): (&super::design::TraitColumns, &Vec<u64>)| TraitDrift {
        key: entry.bins.key.clone(),
        index: drift::stability_index(&entry.counts, counts),
        alarm: drift::alarm(&entry.counts, counts),
    };
    entries.iter().zip(&counts).map(one).collect()
}
