//! Learning from closed prospects.

use super::{
    Closed, MINIMUM_CLOSED, MINIMUM_OF_EACH, SIGNAL, Standing, WinModel, WinSettings,
    calibrate::{self, Point},
    choose::{Given, choose, penalties},
    closed_rows::ClosedRows,
    leak::{self, LATE_LIMIT, Leak},
    logistic::{Logistic, Penalty, Sample, probability},
    pairs::{self, Additive, Pairs},
    tables::Tables,
};
use crate::domain::{
    id::TraitKey,
    model::{
        IgnoredTrait, admit,
        design::{BinColumn, Binned, Design, TraitColumns, Values},
        evaluation::{Forecast, discrimination::auc},
        number,
        outcomes::FOLDS,
        seen::Seen,
    },
    party::TraitDefinition,
    traits::Traits,
};
use std::{ops::Range, sync::Arc};

/// With a greater penalty the fit would seem surer of itself than it is: bounds are those of at most this one.
const PENALTY_OF_BOUNDS: f64 = 16.0;

/// Bins of the traits that may enter and do not give the outcome away; these are told and taken out.
fn learn<'a>(
    admitted: &mut Vec<&TraitDefinition>,
    closed: &[Closed],
    rows: &ClosedRows,
    traits: &[&'a Traits],
    settings: &WinSettings,
) -> (Vec<Leak>, Design, Binned, Values<'a>) {
    let mut leaks = Vec::new();
    loop {
        let values = Values::of(admitted, traits);
        let (design, binned) = Design::learn(admitted, &values);
        let found = match settings.refuse_leaks {
            true => leaks_among(closed, rows, &design, &binned),
            false => Vec::new(),
        };
        if found.is_empty() {
            return (leaks, design, binned, values);
        }
        admitted.retain(|own| found.iter().all(|leak| leak.key != own.key));
        leaks.extend(found);
        leaks.sort_by(|a, b| a.key.cmp(&b.key));
    }
}

fn leaks_among(
    closed: &[Closed],
    rows: &ClosedRows,
    design: &Design,
    binned: &Binned,
) -> Vec<Leak> {
    let any_late = closed.iter().any(|own| !own.late.is_empty());
    let mut leaks = Vec::new();
    for (entry, column) in design.traits.iter().zip(&binned.traits) {
        let key = &entry.bins.key;
        let late = if any_late {
            late_part(closed, key)
        } else {
            0.0
        };
        let found = leak::separation(entry.bins.size(), column, &rows.won, &rows.folds);
        if late > LATE_LIMIT || found.is_some_and(|found| leak::is_too_good(&found)) {
            leaks.push(Leak {
                key: key.clone(),
                information_value: found.map_or(0.0, |found| found.information_value),
                auc: found.map_or(0.5, |found| found.auc),
                late,
            });
        }
    }
    leaks
}

/// Which part of a trait's values came after the decision.
fn late_part(closed: &[Closed], key: &TraitKey) -> f64 {
    let known = closed.iter().filter(|own| own.traits.get(key).is_some());
    let late = closed.iter().filter(|own| own.late.contains(key));
    number(late.count() as u64) / number(known.count().max(1) as u64)
}

/// What is added to the log-odds so that the mean probability of the latest rows is their rate of winning.
fn level(rows: &ClosedRows, held_back: &[f64], latest: usize) -> f64 {
    let mut order: Vec<usize> = (0..rows.days.len()).collect();
    order.sort_by_key(|row| (std::cmp::Reverse(rows.days[*row]), *row));
    order.truncate(latest.max(1));
    let won: f64 = order.iter().map(|row| rows.outcomes[*row]).sum();
    let all = number(order.len() as u64);
    let wanted = (won + 0.5) / (all + 1.0);
    let mut shift = 0.0;
    for _ in 0..30 {
        let (mut sum, mut bend) = (0.0, 1e-12);
        for row in &order {
            let p = probability(held_back[*row] + shift);
            sum += p;
            bend += p * (1.0 - p);
        }
        let step = (wanted * all - sum) / bend;
        shift += step.clamp(-1.0, 1.0);
        if step.abs() < 1e-12 {
            break;
        }
    }
    shift
}

/// The weighted mean effect of each trait: of a set nothing, because a party can be in several bins.
fn means(design: &Design, sample: &Sample, effects: &[f64]) -> Vec<f64> {
    let mut weights = vec![0.0; design.size];
    for row in 0..sample.count() {
        for column in sample.rows.customer(row) {
            weights[usize::from(*column)] += sample.weights[row];
        }
    }
    let of_trait = |entry: &TraitColumns| {
        if !entry.bins.is_partition() {
            return 0.0;
        }
        let shown = entry.columns.iter().flatten();
        let (mut sum, mut all) = (0.0, 0.0);
        for column in shown {
            sum += weights[*column] * effects[*column];
            all += weights[*column];
        }
        if all > 0.0 { sum / all } else { 0.0 }
    };
    design.traits.iter().map(of_trait).collect()
}

/// The rows of each fold.
fn members(folds: &[usize]) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); FOLDS];
    for (row, fold) in folds.iter().enumerate() {
        members[*fold].push(row);
    }
    members
}

fn standing(closed: u64, won: u64, forecasts: &[Forecast]) -> Standing {
    if closed < MINIMUM_CLOSED || won.min(closed - won) < MINIMUM_OF_EACH {
        return Standing::TooFewOutcomes;
    }
    match auc(forecasts) {
        Some(auc) if auc.interval().0 > SIGNAL => Standing::Signal,
        Some(_) | None => Standing::NoSignal,
    }
}

/// What was fitted.
struct Fits {
    fit: Logistic,
    pairs: Pairs,
    /// The log-odds of each row by the model made without its fold.
    held_back: Vec<f64>,
    /// The penalty that bounds are reckoned with.
    bounds: Penalty,
}

/// Fits tables, effects and pairs, one on top of the other.
fn fit(
    design: &Design,
    binned: &Binned,
    plain: &Sample,
    base_rate: f64,
    settings: &WinSettings,
) -> Fits {
    let tables = Tables::of(plain);
    let given = Given::of(plain, &tables, base_rate);
    let sample = Sample {
        offsets: &given.whole,
        ..*plain
    };
    let chosen = choose(&sample, design, &given, base_rate);
    let additive = Additive {
        whole: &sample.all_log_odds(&chosen.fit.effects),
        without: &chosen.without,
        held_back: &chosen.held_back,
    };
    let found = settings
        .pairs
        .then(|| pairs::find(design, binned, &sample, &additive));
    let bounds = penalties(design, chosen.penalty.min(PENALTY_OF_BOUNDS));
    let curvature = chosen.fit.inverse(&sample, &bounds);
    let mut effects = chosen.fit.effects;
    for (effect, table) in effects.iter_mut().zip(tables.columns([None, None])) {
        *effect += given.slope * table;
    }
    let (pairs, held_back) = match found.flatten() {
        Some((pairs, held_back, _)) => (pairs, held_back),
        None => (Pairs::default(), chosen.held_back),
    };
    Fits {
        fit: Logistic { effects, curvature },
        pairs,
        held_back,
        bounds,
    }
}

/// Slope and intercept that make log-odds mean what they say, on rows that were held back.
fn calibrated(
    held_back: &[f64],
    rows: &ClosedRows,
    base_rate: f64,
    settings: &WinSettings,
) -> calibrate::Line {
    let points = held_back.iter().enumerate().map(|(row, score)| Point {
        score: *score,
        outcome: rows.outcomes[row],
        weight: rows.weights[row],
    });
    let mut line = calibrate::line(points, 1.0, base_rate);
    if let Some(latest) = settings.latest.filter(|_| !held_back.is_empty()) {
        let told: Vec<f64> = held_back.iter().map(|eta| line.at(*eta)).collect();
        line.level += level(rows, &told, latest);
    }
    line
}

impl WinModel {
    /// Learns from closed prospects, in any order.
    pub fn train(
        closed: &[Closed<'_>],
        definitions: &[Arc<TraitDefinition>],
        settings: &WinSettings,
    ) -> Self {
        let rows = ClosedRows::of(closed, settings);
        let traits: Vec<&Traits> = rows.traits.iter().map(|traits| &**traits).collect();
        let (mut admitted, kept_out) = admit(definitions);
        let (leaks, design, binned, values) =
            learn(&mut admitted, closed, &rows, &traits, settings);
        let base_rate = rows.rate();
        let sample = Sample {
            rows: &design.rows_of(&binned, traits.len()),
            outcomes: &rows.outcomes,
            weights: &rows.weights,
            offsets: &[],
            folds: &members(&rows.folds),
            size: design.size,
        };
        let fits = fit(&design, &binned, &sample, base_rate, settings);
        let line = calibrated(&fits.held_back, &rows, base_rate, settings);
        let forecast = |(eta, won): (&f64, &bool)| Forecast {
            probability: probability(line.at(*eta)),
            won: *won,
        };
        let held_back = fits.held_back.iter().zip(&rows.won).map(forecast);
        let held_back: Vec<Forecast> = held_back.collect();
        let won = rows.won.iter().filter(|won| **won).count() as u64;
        let ignored: Vec<IgnoredTrait> = kept_out.iter().chain(&design.ignored).cloned().collect();
        let prior = |group: &Range<usize>| 1.0 / fits.bounds.towards_zero[group.start];
        Self {
            closed: rows.won.len() as u64,
            won,
            base_rate,
            last_closed: rows.days.iter().max().copied(),
            standing: standing(rows.won.len() as u64, won, &held_back),
            held_back_auc: auc(&held_back),
            held_back,
            leaks,
            ignored,
            seen: Seen::of(&admitted, &values),
            wins: wins(&design, &binned, &rows.won),
            means: means(&design, &sample, &fits.fit.effects),
            prior: design.groups.iter().map(prior).collect(),
            fit: fits.fit,
            pairs: fits.pairs,
            slope: line.slope,
            intercept: line.level,
            design,
        }
    }
}

/// How many of each bin were won.
fn wins(design: &Design, binned: &Binned, won: &[bool]) -> Vec<Vec<u64>> {
    let of_trait = |(entry, column): (&TraitColumns, &BinColumn)| {
        let mut wins = vec![0; entry.bins.size()];
        for (row, _) in won.iter().enumerate().filter(|(_, won)| **won) {
            for bin in column.of_row(row) {
                wins[usize::from(*bin)] += 1;
            }
        }
        wins
    };
    design
        .traits
        .iter()
        .zip(&binned.traits)
        .map(of_trait)
        .collect()
}
