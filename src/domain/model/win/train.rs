//! Learning from closed prospects.

use super::{
    Closed, MINIMUM_CLOSED, MINIMUM_OF_EACH, SIGNAL, Standing, WinModel, WinSettings,
    calibrate::{self, Point},
    leak::{self, LATE_LIMIT, Leak},
    logistic::{Fitted, Logistic, Penalty, Sample, log_odds, loss, probability},
    pairs::{self, Additive, Pairs},
    tables::Tables,
};
use crate::domain::{
    id::TraitKey,
    model::{
        IgnoredTrait, admit,
        design::{BinColumn, Binned, Design, TraitColumns, Values},
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
const PENALTIES: [f64; 6] = [4.0, 12.0, 36.0, 108.0, 324.0, 972.0];
/// Neighbouring ranges of numbers are held together by so many penalties …
const SMOOTH: f64 = 1.0;
/// … and drawn towards zero by this part of one.
const ORDERED: f64 = 0.5;
/// Where the choice of a penalty begins.
const FIRST_PENALTY: usize = 2;
/// So many rows are enough to choose.
const CHOOSING: usize = 20_000;
/// The penalty of what everybody has: none to speak of.
const FREE: f64 = 1e-6;
/// What is expected of the slope of the tables: traits that say the same are counted more than once.
const SLOPE: f64 = 0.5;
/// With a greater penalty the fit would seem surer of itself than it is: bounds are those of at most this one.
const PENALTY_OF_BOUNDS: f64 = 16.0;

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

/// Bins of the traits that may enter and do not give the outcome away; these are told and taken out.
fn learn<'a>(
    admitted: &mut Vec<&TraitDefinition>,
    closed: &[Closed],
    rows: &Rows,
    traits: &[&'a Traits],
) -> (Vec<Leak>, Design, Binned, Values<'a>) {
    let mut leaks = Vec::new();
    loop {
        let values = Values::of(admitted, traits);
        let (design, binned) = Design::learn(admitted, &values);
        let found = leaks_among(closed, rows, &design, &binned);
        if found.is_empty() {
            return (leaks, design, binned, values);
        }
        admitted.retain(|own| found.iter().all(|leak| leak.key != own.key));
        leaks.extend(found);
        leaks.sort_by(|a, b| a.key.cmp(&b.key));
    }
}

fn leaks_among(closed: &[Closed], rows: &Rows, design: &Design, binned: &Binned) -> Vec<Leak> {
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

/// What was found by cross-validation.
struct Chosen {
    penalty: f64,
    fit: Fitted,
    /// The log-odds of each row by the model made without its fold.
    held_back: Vec<f64>,
    /// The log-odds of all rows by the model made without each fold.
    without: Vec<Vec<f64>>,
}

/// A penalty for every column but the first.
fn penalties(design: &Design, penalty: f64) -> Penalty {
    let mut towards_zero = vec![penalty; design.size];
    if let Some(first) = towards_zero.first_mut() {
        *first = FREE;
    }
    let mut together = Vec::new();
    for entry in design.traits.iter().filter(|entry| entry.bins.is_ordered()) {
        let shown: Vec<usize> = entry.columns[FIRST_VALUE..]
            .iter()
            .flatten()
            .copied()
            .collect();
        for pair in shown.windows(2) {
            together.push((pair[0], pair[1], penalty * SMOOTH));
        }
        for column in shown {
            towards_zero[column] *= ORDERED;
        }
    }
    Penalty {
        towards_zero,
        together,
    }
}

/// The tables' part of the log-odds of each row, drawn in by one slope: of all rows, and as each fold's model has it.
struct Given {
    /// The slope that the tables are served with.
    slope: f64,
    whole: Vec<f64>,
    without: Vec<Vec<f64>>,
}

impl Given {
    fn of(sample: &Sample, tables: &Tables, base: f64) -> Self {
        let drawn_in = |without: Option<usize>| {
            let mut scores = tables.scores(sample, without);
            let folds = sample.folds.iter().enumerate();
            let rows = folds.filter(|(fold, _)| Some(*fold) != without);
            let points = rows.flat_map(|(_, rows)| rows).map(|row| Point {
                score: scores[*row],
                outcome: sample.outcomes[*row],
                weight: sample.weights[*row],
            });
            let slope = calibrate::line(points, SLOPE, base).slope;
            scores.iter_mut().for_each(|score| *score *= slope);
            (slope, scores)
        };
        let (slope, whole) = drawn_in(None);
        Self {
            slope,
            whole,
            without: (0..FOLDS).map(|fold| drawn_in(Some(fold)).1).collect(),
        }
    }
}

/// Finds the penalty with the least loss on rows that were held back, and fits with it.
///
/// How far effects are from zero does not depend on how many rows there are, so that a part of many is enough to choose.
fn choose(sample: &Sample, design: &Design, given: &Given, base: f64) -> Chosen {
    let step = sample.count().div_ceil(CHOOSING).max(1);
    let part = |rows: &Vec<usize>| rows.iter().copied().step_by(step).collect();
    let part: Vec<Vec<usize>> = sample.folds.iter().map(part).collect();
    let few = Sample {
        folds: &part,
        ..*sample
    };
    let mut start = vec![0.0; sample.size];
    start[0] = log_odds(base);
    let mut tried: [Option<f64>; PENALTIES.len()] = [None; PENALTIES.len()];
    let mut at = FIRST_PENALTY;
    loop {
        for place in [at, at.wrapping_sub(1), at + 1] {
            if place < PENALTIES.len() && tried[place].is_none() {
                let penalty = penalties(design, PENALTIES[place]);
                let whole = few.fit(&penalty, start);
                let (held_back, _) = held_back(&few, &penalty, &whole, given, base);
                tried[place] = Some(loss_of(&few, &held_back));
                start = whole.effects;
            }
        }
        let lower = |place: usize| tried.get(place).copied().flatten();
        let better = |place: usize| lower(place).is_some_and(|loss| Some(loss) < lower(at));
        match (better(at.wrapping_sub(1)), better(at + 1)) {
            (true, _) => at -= 1,
            (false, true) => at += 1,
            (false, false) => break,
        }
    }
    let penalty = penalties(design, PENALTIES[at]);
    let whole = sample.fit(&penalty, start);
    let (held_back, without) = held_back(sample, &penalty, &whole, given, base);
    Chosen {
        penalty: PENALTIES[at],
        fit: whole,
        held_back,
        without,
    }
}

fn loss_of(sample: &Sample, log_odds: &[f64]) -> f64 {
    let rows = sample.folds.iter().flatten();
    rows.map(|row| sample.weights[*row] * loss(log_odds[*row], sample.outcomes[*row]))
        .sum()
}

/// The log-odds of each row by the model made without its fold, and those of all rows by each of these models; the base
/// rate where it has but one kind of outcome to learn from.
fn held_back(
    sample: &Sample,
    penalty: &Penalty,
    whole: &Fitted,
    given: &Given,
    base: f64,
) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut found = vec![log_odds(base); sample.count()];
    let mut without = Vec::with_capacity(FOLDS);
    for (fold, rows) in sample.folds.iter().enumerate() {
        let mut all = vec![log_odds(base); sample.count()];
        if sample.has_both(fold) {
            let own = Sample {
                offsets: &given.without[fold],
                ..*sample
            };
            let effects = own.fit_without(fold, penalty, whole);
            for row in own.folds.iter().flatten() {
                all[*row] = own.log_odds(*row, &effects);
            }
        }
        for row in rows {
            found[*row] = all[*row];
        }
        without.push(all);
    }
    (found, without)
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
        let (leaks, design, binned, values) = learn(&mut admitted, closed, &rows, &traits);
        let columns = design.rows_of(&binned, traits.len());
        let members = members(&rows.folds);
        let base_rate = rows.rate(|_| true);
        let plain = Sample {
            rows: &columns,
            outcomes: &rows.outcomes,
            weights: &rows.weights,
            offsets: &[],
            folds: &members,
            size: design.size,
        };
        let tables = Tables::of(&plain);
        let given = Given::of(&plain, &tables, base_rate);
        let sample = Sample {
            offsets: &given.whole,
            ..plain
        };
        let mut chosen = choose(&sample, &design, &given, base_rate);
        let additive = Additive {
            whole: &sample.all_log_odds(&chosen.fit.effects),
            without: &chosen.without,
            held_back: &chosen.held_back,
        };
        let found = settings
            .pairs
            .then(|| pairs::find(&design, &binned, &sample, &additive))
            .flatten();
        let mut pairs = Pairs::default();
        if let Some((found, held_back, _)) = found {
            chosen.held_back = held_back;
            pairs = found;
        }
        let bounds = penalties(&design, chosen.penalty.min(PENALTY_OF_BOUNDS));
        let mut effects = chosen.fit.effects.clone();
        for (effect, table) in effects.iter_mut().zip(tables.columns([None, None])) {
            *effect += given.slope * table;
        }
        let fit = Logistic {
            effects,
            curvature: chosen.fit.inverse(&sample, &bounds),
        };
        let points = (0..sample.count()).map(|row| Point {
            score: chosen.held_back[row],
            outcome: rows.outcomes[row],
            weight: rows.weights[row],
        });
        let line = calibrate::line(points, 1.0, base_rate);
        let (slope, mut intercept) = (line.slope, line.level);
        let mut held_back: Vec<f64> = chosen.held_back.iter().map(|eta| line.at(*eta)).collect();
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
            seen: Seen::of(&admitted, &values),
            wins: wins(&design, &binned, &rows.won),
            means: means(&design, &sample, &fit.effects),
            prior: design
                .groups
                .iter()
                .map(|group| 1.0 / bounds.towards_zero[group.start])
                .collect(),
            fit,
            pairs,
            slope,
            intercept,
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
