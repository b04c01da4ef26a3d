//! Learning from closed prospects.

use super::{
    Closed, MINIMUM_CLOSED, MINIMUM_OF_EACH, SIGNAL, Standing, WinModel, WinSettings,
    leak::{self, LATE_LIMIT, Leak},
    logistic::{Logistic, Penalty, Sample, log_odds, loss, probability},
    pairs::{self, Additive, Pairs},
};
use crate::domain::{
    model::{
        IgnoredTrait, admit,
        design::{Design, TraitColumns},
        encode::FIRST_VALUE,
        evaluation::{Forecast, discrimination::auc},
        number,
        outcomes::{FOLDS, fold},
        seen::Seen,
    },
    party::TraitDefinition,
    time::Day,
    traits::Traits,
};
use std::{borrow::Cow, sync::Arc};

/// The penalties that cross-validation chooses from.
const PENALTIES: [f64; 7] = [100.0, 50.0, 25.0, 12.0, 6.0, 3.0, 1.5];
/// The penalty of what everybody has: none to speak of.
const FREE: f64 = 1e-6;
/// How surely the slope of the calibration is 1 beforehand, in outcomes of average information.
const SLOPE_PRIOR: f64 = 10.0;

/// The closed prospects in the order of their ids.
struct Rows<'a> {
    traits: Vec<Cow<'a, Traits>>,
    won: Vec<bool>,
    outcomes: Vec<f64>,
    weights: Vec<f64>,
    folds: Vec<usize>,
    days: Vec<Day>,
}

impl<'a> Rows<'a> {
    fn of(closed: &[Closed<'a>], settings: &WinSettings) -> Self {
        let mut closed: Vec<&Closed> = closed.iter().collect();
        closed.sort_by(|a, b| {
            let key = |own: &Closed<'a>| (own.id, own.closed, own.won);
            key(a).cmp(&key(b)).then(a.weight.total_cmp(&b.weight))
        });
        let last = closed.iter().map(|own| own.closed.0).max().unwrap_or(0);
        let sampled: Vec<f64> = closed.iter().map(|own| sound_weight(own.weight)).collect();
        let mean = sampled.iter().sum::<f64>() / number(sampled.len().max(1) as u64);
        let age = |own: &Closed| f64::from(last) - f64::from(own.closed.0);
        let decay = |own: &Closed| match settings.half_life_days {
            Some(half_life) if half_life > 0.0 => libm::exp2(-age(own) / half_life),
            Some(_) | None => 1.0,
        };
        Self {
            traits: closed.iter().map(|own| without_late(own)).collect(),
            won: closed.iter().map(|own| own.won).collect(),
            outcomes: closed
                .iter()
                .map(|own| f64::from(u8::from(own.won)))
                .collect(),
            weights: closed
                .iter()
                .zip(&sampled)
                .map(|(own, weight)| (decay(own) * weight / mean).max(f64::MIN_POSITIVE))
                .collect(),
            folds: closed.iter().map(|own| fold(own.id)).collect(),
            days: closed.iter().map(|own| own.closed).collect(),
        }
    }

    /// The weighted rate of winning, half a win and half a loss added.
    fn rate(&self, which: impl Fn(usize) -> bool) -> f64 {
        let (mut won, mut all) = (0.5, 1.0);
        for row in (0..self.won.len()).filter(|row| which(*row)) {
            won += self.weights[row] * self.outcomes[row];
            all += self.weights[row];
        }
        won / all
    }
}

/// A weight that can be reckoned with: what is no number above zero is 1.
fn sound_weight(weight: f64) -> f64 {
    match weight.is_finite() && weight > 0.0 {
        true => weight,
        false => 1.0,
    }
}

/// What was known before the decision.
fn without_late<'a>(closed: &Closed<'a>) -> Cow<'a, Traits> {
    match closed.late.is_empty() {
        true => Cow::Borrowed(closed.traits),
        false => {
            let kept = closed
                .traits
                .iter()
                .filter(|(key, _)| !closed.late.contains(key));
            Cow::Owned(
                kept.map(|(key, value)| (key.clone(), value.clone()))
                    .collect(),
            )
        }
    }
}

/// Finds the traits that give the outcome away among those that may enter, and takes them out.
fn refuse_leaks(
    admitted: &mut Vec<&TraitDefinition>,
    closed: &[Closed],
    rows: &Rows,
    traits: &[&Traits],
) -> Vec<Leak> {
    let mut leaks = Vec::new();
    admitted.retain(|definition| {
        let key = &definition.key;
        let known = closed.iter().filter(|own| own.traits.get(key).is_some());
        let late = closed.iter().filter(|own| own.late.contains(key)).count() as u64;
        let late = number(late) / number(known.count().max(1) as u64);
        let found = leak::separation(definition, traits, &rows.won, &rows.folds);
        if late <= LATE_LIMIT && !found.is_some_and(|found| leak::is_too_good(&found)) {
            return true;
        }
        leaks.push(Leak {
            key: key.clone(),
            information_value: found.map_or(0.0, |found| found.information_value),
            auc: found.map_or(0.5, |found| found.auc),
            late,
        });
        false
    });
    leaks
}

/// What was found by cross-validation.
struct Chosen {
    penalty: Penalty,
    fit: Logistic,
    /// The log-odds of each row by the model made without its fold.
    held_back: Vec<f64>,
    /// The effects without each fold.
    without: Vec<Vec<f64>>,
}

/// A penalty for every column but the first.
fn penalties(design: &Design, penalty: f64) -> Penalty {
    let mut towards_zero = vec![penalty; design.size];
    if let Some(first) = towards_zero.first_mut() {
        *first = FREE;
    }
    let mut together = Vec::new();
    let smooth: f64 = std::env::var("SMOOTH")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(0.0);
    let ridge: f64 = std::env::var("RIDGE")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(1.0);
    for entry in design.traits.iter().filter(|entry| entry.bins.is_ordered()) {
        let shown: Vec<usize> = entry.columns[FIRST_VALUE..]
            .iter()
            .flatten()
            .copied()
            .collect();
        for pair in shown.windows(2) {
            together.push((pair[0], pair[1], penalty * smooth));
        }
        for column in shown {
            towards_zero[column] *= ridge;
        }
    }
    Penalty {
        towards_zero,
        together,
    }
}

/// Fits with each penalty, and keeps the one with the least loss on rows that were held back.
fn choose(sample: &Sample, design: &Design, base: f64) -> Chosen {
    let mut start = vec![0.0; sample.size];
    start[0] = log_odds(base);
    let mut best = None::<(f64, Chosen)>;
    for penalty in PENALTIES {
        let penalty = penalties(design, penalty);
        let fit = sample.fit(&penalty, start, None);
        let (held_back, without) = held_back(sample, &penalty, &fit, base);
        let loss: f64 = held_back
            .iter()
            .zip(sample.outcomes)
            .zip(sample.weights)
            .map(|((eta, outcome), weight)| weight * loss(*eta, *outcome))
            .sum();
        start = fit.effects.clone();
        if best.as_ref().is_none_or(|(least, _)| loss < *least) {
            let chosen = Chosen {
                penalty,
                fit,
                held_back,
                without,
            };
            best = Some((loss, chosen));
        }
    }
    best.map_or_else(
        || Chosen {
            penalty: penalties(design, FREE),
            fit: Logistic::default(),
            held_back: Vec::new(),
            without: Vec::new(),
        },
        |(_, chosen)| chosen,
    )
}

/// The log-odds of each row by the model made without its fold; the base rate where that has but one kind of outcome.
fn held_back(
    sample: &Sample,
    penalty: &Penalty,
    whole: &Logistic,
    base: f64,
) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut found = vec![log_odds(base); sample.count()];
    let mut flat = vec![0.0; sample.size];
    flat[0] = log_odds(base);
    let mut without = vec![flat; FOLDS];
    for fold in 0..FOLDS {
        let learnt = (0..sample.count()).filter(|row| sample.folds[*row] != fold);
        let (mut won, mut all) = (0.0, 0.0);
        for row in learnt {
            won += sample.outcomes[row];
            all += 1.0;
        }
        if won == 0.0 || won == all {
            continue;
        }
        let fit = sample.fit(penalty, whole.effects.clone(), Some(fold));
        for row in (0..sample.count()).filter(|row| sample.folds[*row] == fold) {
            found[row] = sample.log_odds(row, &fit.effects);
        }
        without[fold] = fit.effects;
    }
    (found, without)
}

/// Slope and intercept that make log-odds of held-back rows mean what they say (Platt, "Probabilistic outputs for
/// support vector machines", 1999), the slope drawn towards 1.
fn calibrate(held_back: &[f64], sample: &Sample, base: f64) -> (f64, f64) {
    let information = base * (1.0 - base);
    let centre = held_back.iter().sum::<f64>() / number(held_back.len().max(1) as u64);
    let prior = SLOPE_PRIOR * information;
    let (mut slope, mut intercept) = (1.0, 0.0);
    for _ in 0..20 {
        let mut gradient = [-prior * (slope - 1.0), 0.0];
        let mut curvature = [prior, 0.0, 1e-9];
        for (row, eta) in held_back.iter().enumerate() {
            let moved = eta - centre;
            let p = probability(intercept + centre + slope * moved);
            let weight = sample.weights[row];
            let pull = weight * (sample.outcomes[row] - p);
            gradient[0] += pull * moved;
            gradient[1] += pull;
            let bend = weight * p * (1.0 - p);
            curvature[0] += bend * moved * moved;
            curvature[1] += bend * moved;
            curvature[2] += bend;
        }
        let determinant = curvature[0] * curvature[2] - curvature[1] * curvature[1];
        if determinant <= 0.0 {
            break;
        }
        let by_slope = (curvature[2] * gradient[0] - curvature[1] * gradient[1]) / determinant;
        let by_level = (curvature[0] * gradient[1] - curvature[1] * gradient[0]) / determinant;
        slope += by_slope.clamp(-0.5, 0.5);
        intercept += by_level.clamp(-1.0, 1.0);
        if by_slope.abs() + by_level.abs() < 1e-10 {
            break;
        }
    }
    let slope = slope.clamp(0.0, 2.0);
    // log-odds = intercept + centre + slope (eta - centre)
    (slope, intercept + centre * (1.0 - slope))
}

/// What is added to the log-odds so that the mean probability of the latest rows is their rate of winning.
fn level(rows: &Rows, held_back: &[f64], latest: usize) -> f64 {
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
            weights[*column] += sample.weights[row];
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

fn standing(closed: u64, won: u64, forecasts: &[Forecast]) -> Standing {
    if closed < MINIMUM_CLOSED || won.min(closed - won) < MINIMUM_OF_EACH {
        return Standing::TooFewOutcomes;
    }
    match auc(forecasts) {
        Some(auc) if auc.interval().0 > SIGNAL => Standing::Signal,
        Some(_) | None => Standing::NoSignal,
    }
}

impl WinModel {
    /// Learns from closed prospects, in any order.
    pub fn train(
        closed: &[Closed<'_>],
        definitions: &[Arc<TraitDefinition>],
        settings: &WinSettings,
    ) -> Self {
        let rows = Rows::of(closed, settings);
        let traits: Vec<&Traits> = rows.traits.iter().map(|traits| &**traits).collect();
        let (mut admitted, kept_out) = admit(definitions);
        let leaks = refuse_leaks(&mut admitted, closed, &rows, &traits);
        let design = Design::of(&admitted, &traits);
        let columns = design.rows(&traits);
        let sample = Sample {
            rows: &columns,
            outcomes: &rows.outcomes,
            weights: &rows.weights,
            offsets: &[],
            folds: &rows.folds,
            size: design.size,
        };
        let base_rate = rows.rate(|_| true);
        let mut chosen = choose(&sample, &design, base_rate);
        let additive = Additive {
            whole: &chosen.fit.effects,
            without: &chosen.without,
            held_back: &chosen.held_back,
        };
        let found = settings
            .pairs
            .then(|| pairs::find(&design, &traits, &sample, &additive))
            .flatten();
        let mut pairs = Pairs::default();
        if let Some((found, held_back, _)) = found {
            chosen.held_back = held_back;
            pairs = found;
        }
        let (slope, mut intercept) = calibrate(&chosen.held_back, &sample, base_rate);
        let mut held_back: Vec<f64> = chosen
            .held_back
            .iter()
            .map(|eta| intercept + slope * eta)
            .collect();
        if let Some(latest) = settings.latest.filter(|_| !held_back.is_empty()) {
            let shift = level(&rows, &held_back, latest);
            intercept += shift;
            held_back.iter_mut().for_each(|eta| *eta += shift);
        }
        let forecast = |(eta, won): (&f64, &bool)| Forecast {
            probability: probability(*eta),
            won: *won,
        };
        let held_back: Vec<Forecast> = held_back.iter().zip(&rows.won).map(forecast).collect();
        let won = rows.won.iter().filter(|won| **won).count() as u64;
        let ignored: Vec<IgnoredTrait> = kept_out.iter().chain(&design.ignored).cloned().collect();
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
            seen: Seen::of(&admitted, &traits),
            wins: wins(&design, &traits, &rows.won),
            means: means(&design, &sample, &chosen.fit.effects),
            prior: design
                .groups
                .iter()
                .map(|group| 1.0 / chosen.penalty.towards_zero[group.start])
                .collect(),
            fit: chosen.fit,
            pairs,
            slope,
            intercept,
            design,
        }
    }
}

/// How many of each bin were won.
fn wins(design: &Design, traits: &[&Traits], won: &[bool]) -> Vec<Vec<u64>> {
    let mut wins: Vec<Vec<u64>> = design
        .traits
        .iter()
        .map(|entry| vec![0; entry.bins.size()])
        .collect();
    for (party, _) in traits.iter().zip(won).filter(|(_, won)| **won) {
        design.for_each_bin(party, |place, bin| wins[place][bin] += 1);
    }
    wins
}
