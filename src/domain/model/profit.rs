//! What a prospect would bring: an additive model of customers' profit by their traits.
//!
//! Outcomes come from [`super::exposure`], bins from [`super::design`], effects from [`super::additive`], and what
//! single customers differ by from [`super::conformal`]. Effects are told as differences from the mean customer, and
//! rounded before they are added up: what is told adds up exactly.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `y_i`, `w_i` | [`super::exposure::Observation`] | profit over the horizon, and its weight |
//! | `a_fb` | `TraitEffects::amounts` | effect of bin `b` of trait `f`, less the trait's mean over customers |
//! | `B` | [`ProfitModel::baseline`] | what a customer of mean traits brings |
//! | `E` | [`Prediction::expected`] | `B` plus the effects of the prospect's bins |
//! | `x` | columns | 1 for everybody and for each of the prospect's bins |
//! | `se` | `deviation` | `sqrt(x'Vx)`: how well `E` is known |

use super::{
    IgnoredReason, IgnoredTrait,
    additive::{self, Fit, Moments, Variances},
    admit,
    conformal::{Errors, OutOfFold},
    design::{Design, TraitColumns, Values, is_value},
    encode::{Bin, RARE},
    evaluation::{Forecast, discrimination::auc},
    exposure::Exposure,
    outcomes::{Outcomes, fold, merged},
    rounded,
    seen::{NeverSeen, Seen},
    units,
    win::{TraitDrift, drift_of},
};
use crate::domain::{
    fingerprint::Fingerprint, id::TraitKey, money::Nanos, party::TraitDefinition,
    question::CustomerProfile, time::Day, traits::Traits,
};
use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

/// The quantile of the standard normal distribution that leaves a tenth above it.
const TENTH: f64 = 1.281_551_565_544_600_4;
/// An AUC by chance.
const CHANCE: f64 = 0.5;

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfitModel {
    /// The horizon in days.
    pub horizon_days: u32,
    /// How many customers were learnt from.
    pub customers: u64,
    /// How many were left out, because too little of their horizon had passed.
    pub left_out: u64,
    /// The weighted mean of their profit over the horizon, nothing drawn in; whole micro-units.
    pub mean_profit: Nanos,
    /// What a customer of mean traits brings; whole micro-units.
    pub baseline: Nanos,
    /// How often the interval of outcomes held the outcome of customers who were kept out.
    pub coverage: Option<f64>,
    /// Whether traits tell on which side of the middle the outcome of a customer is who was kept out. If not, nobody is
    /// taken to be surer to earn than the mean customer.
    pub has_signal: bool,
    /// The traits that were kept out.
    pub ignored: BTreeMap<TraitKey, IgnoredReason>,
    seen: Seen,
    /// The lower end of the 80% interval of the mean customer's profit; whole micro-units.
    mean_lower: Nanos,
    effects: Vec<TraitEffects>,
    design: Design,
    fit: Fit,
    /// The standard deviation of outcomes, which the fit has as its unit.
    scale: f64,
    /// How far the mean of outcomes as they are is from that of drawn-in ones, if drawing in left no difference between
    /// customers at all. Then it is all that is known of how uncertain the mean is; a fit of nothing would be sure.
    hidden: f64,
    errors: Errors,
}

/// What each bin of a trait adds.
#[derive(Debug, Clone, PartialEq)]
struct TraitEffects {
    amounts: Vec<Nanos>,
}

/// What one bin adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// The bin.
    pub bin: Bin,
    /// What it adds; whole micro-units.
    pub amount: Nanos,
    /// How many of the customers learnt from are in it.
    pub customers: u64,
}

/// Two amounts in whole micro-units, the lower first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountRange {
    /// The lower end.
    pub lower: Nanos,
    /// The upper end.
    pub upper: Nanos,
}

/// What a prospect would bring.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// What a customer of mean traits brings.
    pub baseline: Nanos,
    /// What each of its bins adds, the strongest first.
    pub contributions: Vec<Contribution>,
    /// The baseline and the contributions together.
    pub expected: Nanos,
    /// The 80% interval of the expected profit; `None` if nothing was learnt.
    pub expected_interval: Option<AmountRange>,
    /// The 80% interval of what it would really bring; `None` if there are too few customers to tell.
    pub outcome_interval: Option<AmountRange>,
    /// How many of its traits have a value that customers learnt from have.
    pub known_traits: u64,
    /// How many customers share the least common of its known traits; 0 if none is known.
    pub evidence: u64,
    /// How many customers were learnt from.
    pub customers: u64,
    /// The prospect's traits that were kept out.
    pub ignored: Vec<IgnoredTrait>,
}

impl ProfitModel {
    /// Learns from customers, whose buckets are [`super::exposure::BUCKETS`] of the horizon, in any order.
    ///
    /// `cut` is the first day of which nothing was seen.
    pub fn train(
        customers: &[CustomerProfile],
        definitions: &[Arc<TraitDefinition>],
        cut: Day,
        horizon_days: u32,
    ) -> Self {
        let mut customers: Vec<&CustomerProfile> = customers.iter().collect();
        customers.sort_by(|a, b| a.customer.cmp(&b.customer));
        let exposure = Exposure::of(&customers, cut, horizon_days);
        let learnt: Vec<&CustomerProfile> = exposure
            .observations
            .iter()
            .map(|observation| customers[observation.index])
            .collect();
        let nothing = Traits::new();
        let traits: Vec<&Traits> = learnt
            .iter()
            .map(|customer| {
                customer
                    .party
                    .as_ref()
                    .map_or(&nothing, |party| &party.traits)
            })
            .collect();
        let (admitted, kept_out) = admit(definitions);
        let values = Values::of(&admitted, &traits);
        let (design, binned) = Design::learn(&admitted, &values);
        let rows = design.rows_of(&binned, traits.len());
        let outcomes = Outcomes::of(&exposure);
        let folds: Vec<usize> = learnt
            .iter()
            .map(|customer| fold(customer.customer.as_str()))
            .collect();
        let parts = outcomes.moments(design.size, &rows, &folds);
        let whole = merged(design.size, parts.iter());
        let cold = Variances::cold(design.groups.len());
        let fit = additive::fit(&whole, &design.groups, cold, additive::ROUNDS);
        let errors = outcomes.errors(&design, &rows, &folds, &parts, &fit.variances);
        let (baseline, effects) = centred(&design, &whole, &fit, &outcomes);
        let ignored = kept_out.iter().chain(&design.ignored);
        Self {
            horizon_days,
            customers: learnt.len() as u64,
            left_out: exposure.left_out,
            mean_profit: rounded(outcomes.mean_as_is),
            baseline,
            coverage: errors.coverage(),
            has_signal: has_signal(&errors),
            seen: Seen::of(&admitted, &values),
            mean_lower: rounded(outcomes.mean - TENTH * outcomes.standard_error()),
            ignored: ignored
                .map(|ignored| (ignored.key.clone(), ignored.reason))
                .collect(),
            effects,
            design,
            fit,
            scale: outcomes.scale,
            hidden: match outcomes.scale > 0.0 {
                true => 0.0,
                false => (outcomes.mean_as_is - outcomes.mean).abs(),
            },
            errors,
        }
    }

    /// Says what a prospect with these traits would bring.
    pub fn predict(&self, party: &Traits) -> Prediction {
        let mut contributions = Vec::new();
        let (mut known_traits, mut evidence) = (0, None::<u64>);
        let mut last_known = None;
        self.design.for_each_bin(party, |place, bin| {
            let entry = &self.design.traits[place];
            let customers = entry.counts[bin];
            if bin >= RARE {
                evidence = Some(evidence.map_or(customers, |least| least.min(customers)));
            }
            if is_value(bin) && customers > 0 && last_known != Some(place) {
                last_known = Some(place);
                known_traits += 1;
            }
            let amount = self.effects[place].amounts[bin];
            contributions.push(Contribution {
                bin: entry.bins.bin(bin),
                amount,
                customers,
            });
        });
        let expected = self.baseline
            + contributions
                .iter()
                .map(|contribution| contribution.amount)
                .sum::<Nanos>();
        contributions.sort_by_key(|contribution| Reverse(contribution.amount.unsigned_abs()));
        Prediction {
            baseline: self.baseline,
            contributions,
            expected,
            expected_interval: (self.customers > 1).then(|| {
                let half = rounded(TENTH * self.deviation(party));
                let least = match self.has_signal {
                    true => expected - half,
                    false => (expected - half).min(self.mean_lower),
                };
                AmountRange {
                    lower: least,
                    upper: expected + half,
                }
            }),
            outcome_interval: self.errors.interval(units(expected)).map(|(lower, upper)| {
                AmountRange {
                    lower: expected + rounded(lower),
                    upper: expected + rounded(upper),
                }
            }),
            known_traits,
            evidence: evidence.unwrap_or(0),
            customers: self.customers,
            ignored: self.ignored_of(party),
        }
    }

    /// The values of a party that no customer had.
    pub fn never_seen(&self, party: &Traits) -> Vec<NeverSeen> {
        self.seen.never_seen(party)
    }

    /// What the model tells apart, for [`super::counterfactual`].
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// Whether even the mean customer is sure enough to reach a hurdle.
    pub fn mean_reaches(&self, hurdle: Nanos) -> bool {
        self.mean_lower >= hurdle
    }

    /// How far parties have moved from the customers learnt from, by trait in the order of keys.
    pub fn drift<'a>(&self, asked: impl Iterator<Item = &'a Traits>) -> Vec<TraitDrift> {
        drift_of(&self.design, asked)
    }

    /// How well the expected profit of a party is known: its standard error, in currency units.
    fn deviation(&self, party: &Traits) -> f64 {
        let (columns, without) = self.design.columns_of(party);
        let unseen: f64 = without
            .iter()
            .map(|place| self.fit.under.effects[*place])
            .sum();
        let variance = self.fit.variance(&columns) + unseen;
        variance.max(0.0).sqrt() * self.scale + self.hidden
    }

    fn ignored_of(&self, party: &Traits) -> Vec<IgnoredTrait> {
        let learnt = |key: &TraitKey| {
            self.design
                .traits
                .binary_search_by(|entry| entry.bins.key.cmp(key))
                .is_ok()
        };
        let ignored = party.keys().filter(|key| !learnt(key)).map(|key| {
            let reason = self
                .ignored
                .get(key)
                .copied()
                .unwrap_or(IgnoredReason::NeverSeen);
            IgnoredTrait {
                key: key.clone(),
                reason,
            }
        });
        ignored.collect()
    }

    /// A fingerprint of everything that was learnt.
    pub fn fingerprint(&self) -> u64 {
        let mut print = Fingerprint::default();
        print.add(&self.horizon_days.to_le_bytes());
        print.add(&self.customers.to_le_bytes());
        print.add(&self.left_out.to_le_bytes());
        print.add(&self.mean_profit.to_le_bytes());
        print.add(&self.baseline.to_le_bytes());
        for (entry, effects) in self.design.traits.iter().zip(&self.effects) {
            for (bin, (count, amount)) in entry.counts.iter().zip(&effects.amounts).enumerate() {
                print.add(entry.bins.bin(bin).label().as_bytes());
                print.add(&count.to_le_bytes());
                print.add(&amount.to_le_bytes());
            }
        }
        let variances = &self.fit.under;
        for number in
            variances
                .effects
                .iter()
                .chain([&variances.residual, &self.scale, &self.hidden])
        {
            print.add(&number.to_bits().to_le_bytes());
        }
        for missed in self.errors.all() {
            print.add(&missed.prediction.to_bits().to_le_bytes());
            print.add(&missed.error.to_bits().to_le_bytes());
        }
        print.value()
    }
}

/// Whether predictions of customers who were kept out tell those above the median outcome from the others, by the lower
/// end of the AUC's 95% interval.
fn has_signal(errors: &Errors) -> bool {
    let outcome = |own: &OutOfFold| own.prediction + own.error;
    let mut outcomes: Vec<f64> = errors.all().iter().map(outcome).collect();
    outcomes.sort_unstable_by(f64::total_cmp);
    let Some(median) = outcomes.get(outcomes.len() / 2).copied() else {
        return false;
    };
    let forecast = |own: &OutOfFold| Forecast {
        probability: own.prediction,
        won: outcome(own) >= median,
    };
    let forecasts: Vec<Forecast> = errors.all().iter().map(forecast).collect();
    auc(&forecasts).is_some_and(|auc| auc.interval().0 > CHANCE)
}

/// The baseline, and the effects as differences from it. A set's categories add to the baseline of those who have none:
/// nobody is told what it does not have.
fn centred(
    design: &Design,
    whole: &Moments,
    fit: &Fit,
    outcomes: &Outcomes,
) -> (Nanos, Vec<TraitEffects>) {
    let mut baseline = outcomes.mean + outcomes.scale * fit.coefficients[0];
    let of_trait = |entry: &TraitColumns| {
        let effect = |column: &Option<usize>| column.map_or(0.0, |column| fit.coefficients[column]);
        let mean = if entry.bins.is_partition() {
            let shown = entry.columns.iter().flatten();
            let (mut sum, mut weight) = (0.0, 0.0);
            for column in shown {
                sum += whole.weight(*column) * fit.coefficients[*column];
                weight += whole.weight(*column);
            }
            if weight > 0.0 { sum / weight } else { 0.0 }
        } else {
            0.0
        };
        baseline += outcomes.scale * mean;
        let amounts = entry
            .columns
            .iter()
            .map(|column| rounded(outcomes.scale * (effect(column) - mean)));
        TraitEffects {
            amounts: amounts.collect(),
        }
    };
    let effects = design.traits.iter().map(of_trait).collect();
    (rounded(baseline), effects)
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "numbers of tests are small"
)]
mod tests;
