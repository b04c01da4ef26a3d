//! Closed prospects in the order of their ids, with what each counts, so that no other order shows in what is learnt.

use super::{Closed, WinSettings};
use crate::domain::{
    model::{number, outcomes::fold},
    time::Day,
    traits::Traits,
};
use std::borrow::Cow;

/// The closed prospects in the order of their ids.
pub struct ClosedRows<'a> {
    /// What was known of each before the decision.
    pub traits: Vec<Cow<'a, Traits>>,
    /// Whether it was won.
    pub won: Vec<bool>,
    /// The same as 1 and 0.
    pub outcomes: Vec<f64>,
    /// How much each counts.
    pub weights: Vec<f64>,
    /// The fold of each.
    pub folds: Vec<usize>,
    /// The day of each decision.
    pub days: Vec<Day>,
}

impl<'a> ClosedRows<'a> {
    /// Takes in closed prospects, in any order.
    pub fn of(closed: &[Closed<'a>], settings: &WinSettings) -> Self {
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
    pub fn rate(&self) -> f64 {
        let (mut won, mut all) = (0.5, 1.0);
        for (outcome, weight) in self.outcomes.iter().zip(&self.weights) {
            won += weight * outcome;
            all += weight;
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
