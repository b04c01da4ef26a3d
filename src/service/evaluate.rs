//! The model card: what was said of prospects by models that were made without them, beside what became of them.

use super::{
    Service,
    compute::compute,
    models::forecasts,
    prospect_models::{Learning, Measure, Trained},
    report::Costs,
    win::{HeldModel, LearntWin, WinLearning, traits_of},
};
use crate::domain::{
    id::{PartyId, TenantId},
    ledger::Position,
    model::{
        card::{
            CutOff, Held, Measured, MeasuredValue, Realised, measured, measured_coverage,
            measured_value,
        },
        decision::Decision,
        evaluation::coverage::Coverage,
        expected_return::{Offer, WinChance},
        win::TraitDrift,
    },
    money::{Micros, Nanos, to_nanos},
    problem::Problem,
    prospect_outcome::{DecidedProspect, OutcomeStatus},
    question::{ProfileQuestion, Scope},
    ranking::Basis,
    time::{Day, Period},
};
use std::{collections::BTreeMap, sync::Arc};

/// What is asked about.
#[derive(Debug, Clone)]
pub struct EvaluateRequest {
    /// Which model; the one that holds if `None`.
    pub model_version: Option<u64>,
    /// Prospects decided on this day or later are held back; the last third if `None`.
    pub held_back_from: Option<Day>,
    /// The horizon over which profit counts.
    pub horizon_days: u32,
    /// What pursuing one cost, where the outcome does not tell.
    pub acquisition_cost: Micros,
    /// Which version of the cost model.
    pub cost_model_version: Option<u64>,
    /// As of which position.
    pub as_of: Position,
}

/// The model card.
#[derive(Debug)]
pub struct Evaluation {
    /// The model, as it is asked.
    pub model: Arc<HeldModel>,
    /// The first day whose prospects were held back.
    pub held_back_from: Option<Day>,
    /// From how many earlier prospects was learnt.
    pub earlier: u64,
    /// On prospects of a later time.
    pub later_time: Option<Measured>,
    /// On other prospects.
    pub other_prospects: Option<Measured>,
    /// Expected returns on those of the later time.
    pub later_value: Option<MeasuredValue>,
    /// What those brought whom the model would have had pursued.
    pub pursued: CutOff,
    /// How often intervals of outcomes held.
    pub coverage: Option<Coverage>,
    /// How far the later ones have moved.
    pub drift: Vec<TraitDrift>,
    /// What became of what was advised.
    pub advice: BTreeMap<Option<Decision>, Advised>,
}

/// What became of those with one advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Advised {
    /// How many were decided.
    pub decided: u64,
    /// How many were won.
    pub won: u64,
    /// What these brought, as far as the outcomes say.
    pub brought: Nanos,
}

/// What the later prospects are set beside.
struct Later {
    decided: Vec<DecidedProspect>,
    win: Arc<LearntWin>,
    profit: Arc<Trained>,
    /// The customers' margins over the horizon.
    margins: BTreeMap<PartyId, Nanos>,
    acquisition_cost: Micros,
}

/// What was measured on the later prospects.
struct Found {
    later_time: Option<Measured>,
    value: Option<MeasuredValue>,
    pursued: CutOff,
    coverage: Option<Coverage>,
    drift: Vec<TraitDrift>,
}

impl Service {
    /// Makes the model card.
    pub async fn evaluate(
        &self,
        tenant: &TenantId,
        request: &EvaluateRequest,
    ) -> Result<Evaluation, Problem> {
        let as_of = request.as_of;
        let model = self
            .held_model(tenant, request.model_version, as_of)
            .await?;
        let (decided, _) = self.decided(tenant, as_of).await?;
        let advice = advice(&decided);
        let from = request.held_back_from.or_else(|| last_third(&decided));
        let mut evaluation = Evaluation {
            held_back_from: from,
            earlier: model.learnt.model.closed,
            later_time: None,
            other_prospects: measured(&model.learnt.model.held_back),
            later_value: None,
            pursued: nobody(),
            coverage: None,
            drift: Vec::new(),
            advice,
            model,
        };
        if let Some(from) = from {
            let later = self.later(tenant, request, &evaluation.model, decided, from);
            let later = later.await?;
            evaluation.earlier = later.win.model.closed;
            let found = compute(move || later.measure()).await?;
            evaluation.later_time = found.later_time;
            evaluation.later_value = found.value;
            evaluation.pursued = found.pursued;
            evaluation.coverage = found.coverage;
            evaluation.drift = found.drift;
        }
        Ok(evaluation)
    }

    /// Learns from what was decided, and earned, before a day; what came later is held back.
    async fn later(
        &self,
        tenant: &TenantId,
        request: &EvaluateRequest,
        model: &HeldModel,
        decided: Vec<DecidedProspect>,
        from: Day,
    ) -> Result<Later, Problem> {
        let learning = WinLearning {
            tenant: tenant.clone(),
            as_of: model.trained_as_of,
            decided_before: Some(from),
        };
        let before = Period {
            start: None,
            end: Some(from),
        };
        let all = Scope::all_of(Period::ALL, request.as_of);
        let costs = Costs {
            model: self
                .cost_model_for(tenant, request.cost_model_version, &all)
                .await?,
            pool_parts: Vec::new(),
            receivables: Arc::default(),
            restating: None,
        };
        let profit = Learning {
            tenant: tenant.clone(),
            as_of: request.as_of,
            period: before,
            horizon_days: request.horizon_days,
            cost_model_version: costs.model.version,
            measure: Measure::Profit,
        };
        let question = ProfileQuestion {
            period: Period::ALL,
            as_of: request.as_of,
            profit: Basis::NetProfit.weights(&costs.model),
            size: Basis::Revenue.weights(&costs.model),
            horizon_days: request.horizon_days,
            buckets: 1,
        };
        let customers = self.store()?.profiles(tenant, &question).await?.customers;
        let margin = |buckets: Vec<(Nanos, Nanos)>| buckets.iter().map(|(profit, _)| profit).sum();
        let later = |own: &DecidedProspect| own.stored.outcome.decided_on >= Some(from);
        Ok(Later {
            decided: decided.into_iter().filter(later).collect(),
            win: self.learn_win(&learning).await?,
            profit: self.trained(profit, &costs).await?,
            margins: customers
                .into_iter()
                .map(|own| (own.customer, margin(own.buckets)))
                .collect(),
            acquisition_cost: request.acquisition_cost,
        })
    }
}

impl Later {
    fn measure(&self) -> Found {
        let all: Vec<&DecidedProspect> = self.decided.iter().collect();
        let (mut realised, mut held) = (Vec::new(), Vec::new());
        let mut pursued = nobody();
        for own in &all {
            let prediction = self.profit.model.predict(traits_of(own.party.as_ref()));
            let (cost, brought) = (self.cost(own), self.brought(own));
            let Some(brought) = brought else {
                continue;
            };
            let win = self.win.model.predict(traits_of(own.party.as_ref()));
            let offer = Offer {
                win: WinChance::of(&win),
                profit: &prediction,
                service: None,
                discount: 1.0,
                acquisition_cost: cost,
                hurdle: 0,
                drift_alarm: false,
            };
            let returned = offer.decide();
            let value = brought - to_nanos(cost);
            realised.push(Realised {
                expected: returned.expected,
                value,
            });
            if returned.decision == Decision::Pursue {
                pursued.expected = match pursued.pursued {
                    0 => returned.expected,
                    _ => pursued.expected.min(returned.expected),
                };
                pursued.pursued += 1;
                pursued.value += value;
            }
            let range = prediction.outcome_interval;
            if let Some(range) = range.filter(|_| own.stored.outcome.status == OutcomeStatus::Won) {
                held.push(Held {
                    expected: prediction.expected,
                    range,
                    outcome: brought,
                });
            }
        }
        let traits = all.iter().map(|own| traits_of(own.party.as_ref()));
        Found {
            later_time: measured(&forecasts(&self.win, &all)),
            value: measured_value(&realised),
            pursued,
            coverage: measured_coverage(&held),
            drift: self.win.model.drift(traits),
        }
    }

    /// What pursuing it cost.
    fn cost(&self, own: &DecidedProspect) -> Micros {
        let told = own.stored.outcome.acquisition_cost;
        told.unwrap_or(self.acquisition_cost)
    }

    /// What it brought: nothing if it was lost, and `None` if nobody knows.
    fn brought(&self, own: &DecidedProspect) -> Option<Nanos> {
        let outcome = &own.stored.outcome;
        if outcome.status != OutcomeStatus::Won {
            return Some(0);
        }
        let told = outcome.brought.map(to_nanos);
        told.or_else(|| self.margins.get(&outcome.party_id).copied())
    }
}

fn nobody() -> CutOff {
    CutOff {
        pursued: 0,
        expected: 0,
        value: 0,
    }
}

/// The first day of the last third of what was decided.
fn last_third(decided: &[DecidedProspect]) -> Option<Day> {
    let days = decided
        .iter()
        .filter_map(|own| own.stored.outcome.decided_on);
    let mut days: Vec<Day> = days.collect();
    days.sort_unstable();
    let first = days.first().copied()?;
    let from = days.get(days.len() * 2 / 3).copied()?;
    // If all were decided on one day, there is nothing to hold back.
    (from > first).then_some(from)
}

fn advice(decided: &[DecidedProspect]) -> BTreeMap<Option<Decision>, Advised> {
    let mut advice = BTreeMap::<_, Advised>::new();
    for own in decided {
        let outcome = &own.stored.outcome;
        let line = advice.entry(outcome.advice).or_default();
        line.decided += 1;
        line.won += u64::from(outcome.status == OutcomeStatus::Won);
        line.brought += outcome.brought.map_or(0, to_nanos);
    }
    advice
}
