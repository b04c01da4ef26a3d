//! What prospects are expected to bring, and what to do about them.

use super::{
    Service,
    compute::compute,
    data_subjects::profiling_objected,
    parties::party_not_found,
    prospect_models::{Learning, Measure, Trained},
    report::{Costs, Footing, check_range, footing},
    win::HeldModel,
};
use crate::domain::{
    id::{PartyId, TenantId, TraitKey},
    ledger::Position,
    model::{
        asked::{Asked, share_below},
        burden::{Burden, BurdenParts},
        counterfactual::nearest,
        decision::Decision,
        expected_return::{Offer, Return, ReturnReason, WinChance},
        profit::{AmountRange, Prediction, ProfitModel},
        seen::NeverSeen,
        win::WinPrediction,
    },
    money::{Micros, Nanos, to_nanos},
    party::{Party, TraitDefinition, TraitValue, trait_type_mismatch},
    problem::{Problem, Reason},
    question::Scope,
    ranking::{Basis, Direction},
    time::Period,
    traits::Traits,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What prospects are asked about.
#[derive(Debug, Clone)]
pub struct PrequalifyRequest {
    /// The prospects. Items that were refused on the way in keep their place.
    pub prospects: Vec<Result<Prospect, Problem>>,
    /// Over how many days from the first activity profit is counted; above 0.
    pub horizon_days: u32,
    /// What pursuing means for the business.
    pub asked: Asked,
    /// Only customers who came in this period, and only activity in it, are learnt from.
    pub training_period: Period,
    /// Which version of the cost model; the newest if `None`.
    pub cost_model_version: Option<u64>,
    /// Which model of winning; the one that holds if `None`.
    pub model_version: Option<u64>,
    /// As of which position.
    pub as_of: Position,
}

/// One prospect to answer.
#[derive(Debug, Clone)]
pub enum Prospect {
    /// A stored party.
    Stored(PartyId),
    /// A party that need not be stored.
    Inline(Party),
}

/// What the prospects are worth.
#[derive(Debug, Clone)]
pub struct Prequalified {
    /// One result for each prospect, in order; the field of a refusal is relative to the item.
    pub results: Vec<Result<Prequalification, Problem>>,
    /// What was learnt of what they bring.
    pub model: Arc<ProfitModel>,
    /// What said how likely they are won, if a model did.
    pub win_model: Option<Arc<HeldModel>>,
    /// By customer margin: nothing is allocated.
    pub footing: Footing,
}

/// What one prospect is worth.
#[derive(Debug, Clone)]
pub struct Prequalification {
    /// The prospect.
    pub party_id: PartyId,
    /// What it would bring.
    pub prediction: Prediction,
    /// What to do.
    pub returned: Return,
    /// How likely it is won, if a model says so.
    pub win: Option<WinPrediction>,
    /// Its values that nobody had who was learnt from.
    pub never_seen: Vec<NeverSeen>,
    /// What it would buy.
    pub revenue: Prediction,
    /// What serving it would cost.
    pub service: Prediction,
    /// The share of the customers who are expected to cost less to serve.
    pub service_percentile: Option<f64>,
    /// What that takes out of the return.
    pub burden: Burden,
    /// What an amount over the horizon is worth now, per unit.
    pub discount: f64,
    /// What pursuing it costs.
    pub acquisition_cost: Micros,
    /// What the expected return must reach.
    pub hurdle: Micros,
    /// The expected return for each hour of effort.
    pub per_hour: Option<Nanos>,
    /// The one trait value that would make it worth pursuing.
    pub counterfactual: Option<Counterfactual>,
}

/// The same prospect with another trait value.
#[derive(Debug, Clone, PartialEq)]
pub struct Counterfactual {
    /// The trait.
    pub key: TraitKey,
    /// The value that it would have.
    pub value: TraitValue,
    /// What would be decided.
    pub decision: Decision,
    /// What it would be expected to return.
    pub expected: Nanos,
}

/// All that prospects are judged by.
struct Judge {
    asked: Asked,
    hurdle: Micros,
    discount: f64,
    profit: Arc<Trained>,
    revenue: Arc<Trained>,
    service: Arc<Trained>,
    minutes: Arc<Trained>,
    win: Option<Arc<HeldModel>>,
}

type Definitions = BTreeMap<TraitKey, Arc<TraitDefinition>>;

impl Judge {
    /// What is decided about who has these traits, and what on.
    fn decide(&self, traits: &Traits) -> (Prediction, Option<WinPrediction>, Return) {
        let prediction = self.profit.model.predict(traits);
        let win = self.win.as_ref();
        let win = win.map(|held| held.learnt.model.predict(traits));
        let told = || WinChance::told(self.asked.win_probability.unwrap_or(1.0));
        let offer = Offer {
            win: win.as_ref().map_or_else(told, WinChance::of),
            profit: &prediction,
            // The profit is net of it.
            service: None,
            discount: self.discount,
            acquisition_cost: self.asked.acquisition_cost,
            hurdle: self.hurdle,
            drift_alarm: self.win.as_ref().is_some_and(|held| held.drift_alarm()),
        };
        let mut returned = offer.decide();
        let is_unknown = win.as_ref().is_some_and(|win| win.known_traits == 0);
        if is_unknown && returned.decision != Decision::Review {
            (returned.decision, returned.reason) =
                (Decision::Review, ReturnReason::TraitsNeverSeen);
        }
        (prediction, win, returned)
    }

    fn answer(&self, party: &Party) -> Result<Prequalification, Problem> {
        let (prediction, win, returned) = self.decide(&party.traits);
        let service = self.service.model.predict(&party.traits);
        let burden = Burden::of(&BurdenParts {
            win: returned.win,
            discount: self.discount,
            service: &service,
            minutes: &self.minutes.model.predict(&party.traits),
            expected: returned.expected,
            effort: self.asked.effort,
            opportunity_rate: self.asked.opportunity_rate,
        });
        let answer = Prequalification {
            party_id: party.party_id.clone(),
            counterfactual: self.counterfactual(&party.traits, &returned),
            never_seen: self.never_seen(&party.traits, win.as_ref()),
            prediction,
            returned,
            win,
            revenue: self.revenue.model.predict(&party.traits),
            service_percentile: share_below(&self.service.expected, service.expected),
            service,
            burden,
            discount: self.discount,
            acquisition_cost: self.asked.acquisition_cost,
            hurdle: self.hurdle,
            per_hour: self.asked.per_hour(returned.expected),
        };
        check_figures(&answer)?;
        Ok(answer)
    }

    /// The values that no customer had, and no prospect that was decided.
    fn never_seen(&self, traits: &Traits, win: Option<&WinPrediction>) -> Vec<NeverSeen> {
        let mut unseen = self.profit.model.never_seen(traits);
        for own in win.iter().flat_map(|win| &win.never_seen) {
            if !unseen.contains(own) {
                unseen.push(own.clone());
            }
        }
        unseen
    }

    /// The nearest change of one trait that would make it worth pursuing.
    fn counterfactual(&self, traits: &Traits, returned: &Return) -> Option<Counterfactual> {
        if matches!(returned.decision, Decision::Pursue | Decision::Review) {
            return None;
        }
        let decide = |traits: &Traits| self.decide(traits).2;
        // What tells the won from the lost need not be known of customers.
        let mut designs = vec![self.profit.model.design()];
        designs.extend(self.win.iter().map(|held| held.learnt.model.design()));
        let is_pursued = |traits: &Traits| decide(traits).decision == Decision::Pursue;
        let found = nearest(&designs, traits, is_pursued)?;
        let mut other = traits.clone();
        other.insert(found.key.clone(), found.value.clone());
        let other = decide(&other);
        Some(Counterfactual {
            key: found.key,
            value: found.value,
            decision: other.decision,
            expected: other.expected,
        })
    }
}

impl Service {
    /// Says what prospects would bring and whether they are worth pursuing. Each stands alone.
    pub async fn prequalify(
        &self,
        tenant: &TenantId,
        request: PrequalifyRequest,
    ) -> Result<Prequalified, Problem> {
        let as_of = request.as_of;
        let training = Scope::all_of(request.training_period, as_of);
        let model = self
            .cost_model_for(tenant, request.cost_model_version, &training)
            .await?;
        // What prospects bring is judged before fixed costs, which no new customer causes.
        let costs = Costs {
            model,
            pool_parts: Vec::new(),
            receivables: Arc::default(),
            restating: None,
        };
        let judge = Arc::new(self.judge(tenant, &request, &costs).await?);
        let order = costs.order(Basis::NetProfit, Direction::BestFirst);
        let footing = footing(&costs, &order, &judge.profit.totals)?;
        let prospects = self.prospects(tenant, request.prospects, as_of).await?;
        let objecting = self.objecting(tenant, as_of).await?;
        let answer = {
            let judge = Arc::clone(&judge);
            move || {
                let one = |prospect: Result<Arc<Party>, Problem>| {
                    let party = prospect?;
                    match objecting.contains(&party.party_id) {
                        true => Err(profiling_objected(&party.party_id, "party_id")),
                        false => judge.answer(&party),
                    }
                };
                prospects.into_iter().map(one).collect()
            }
        };
        Ok(Prequalified {
            results: compute(answer).await?,
            model: Arc::clone(&judge.profit.model),
            win_model: judge.win.clone(),
            footing,
        })
    }

    /// Learns what prospects are judged by. Sales tooling asks about them one by one; only the first of them waits.
    async fn judge(
        &self,
        tenant: &TenantId,
        request: &PrequalifyRequest,
        costs: &Costs,
    ) -> Result<Judge, Problem> {
        let asked = request.asked;
        let learning = |measure| Learning {
            tenant: tenant.clone(),
            as_of: request.as_of,
            period: request.training_period,
            horizon_days: request.horizon_days,
            cost_model_version: costs.model.version,
            measure,
        };
        let hurdle = asked.whole_hurdle().ok_or_else(|| {
            let most = Micros::MAX.to_string();
            Problem::number_out_of_range("opportunity_rate", "0", &most)
        })?;
        let profit = self.trained(learning(Measure::Profit), costs).await?;
        let mut win = None;
        if asked.win_probability.is_none() {
            let held = self.held_model(tenant, request.model_version, request.as_of);
            win = Some(held.await?).filter(|held| held.learnt.model.closed > 0);
        }
        Ok(Judge {
            hurdle,
            discount: asked.discount(&profit.shares, request.horizon_days),
            revenue: self.trained(learning(Measure::Revenue), costs).await?,
            service: self.trained(learning(Measure::CostToServe), costs).await?,
            minutes: self.trained(learning(Measure::Minutes), costs).await?,
            asked,
            profit,
            win,
        })
    }

    /// The parties to answer: stored ones are read, inline ones checked.
    async fn prospects(
        &self,
        tenant: &TenantId,
        prospects: Vec<Result<Prospect, Problem>>,
        as_of: Position,
    ) -> Result<Vec<Result<Arc<Party>, Problem>>, Problem> {
        let ids: BTreeSet<&PartyId> = prospects
            .iter()
            .filter_map(|prospect| match prospect {
                Ok(Prospect::Stored(id)) => Some(id),
                Ok(Prospect::Inline(_)) | Err(_) => None,
            })
            .collect();
        let ids: Vec<PartyId> = ids.into_iter().cloned().collect();
        let found = self.store()?.party(tenant, &ids, as_of).await?;
        let stored: BTreeMap<PartyId, Option<Arc<Party>>> = ids.into_iter().zip(found).collect();
        let definitions = self.trait_definitions(tenant, as_of).await?.into_iter();
        let definitions: Definitions = definitions
            .map(|definition| (definition.key.clone(), definition))
            .collect();
        let resolve = |prospect: Result<Prospect, Problem>| match prospect? {
            Prospect::Stored(id) => {
                let party = stored.get(&id).cloned().flatten();
                party.ok_or_else(|| party_not_found(&id))
            }
            Prospect::Inline(party) => {
                check_inline(&party, &definitions).map_err(|problem| problem.within("inline"))?;
                Ok(Arc::new(party))
            }
        };
        Ok(prospects.into_iter().map(resolve).collect())
    }
}

/// Refuses an inline prospect with a trait of another type, or with one that would tell the outcome.
fn check_inline(party: &Party, definitions: &Definitions) -> Result<(), Problem> {
    for (key, value) in party.traits.iter() {
        let Some(definition) = definitions.get(key) else {
            continue;
        };
        if definition.trait_type != value.trait_type() {
            return Err(trait_type_mismatch(
                key,
                definition.trait_type,
                value.trait_type(),
            ));
        }
        if definition.known_after_conversion {
            let message = format!(
                "trait {key} becomes known only after conversion, it would leak the outcome"
            );
            let variables = [("trait", key.to_string())];
            return Err(Problem::new(
                Reason::TraitLeaksOutcome,
                "traits",
                message,
                variables,
            ));
        }
    }
    Ok(())
}

/// Refuses an answer with a figure that no amount of money can hold.
fn check_figures(answer: &Prequalification) -> Result<(), Problem> {
    let range = |name: &str, range: Option<AmountRange>| match range {
        None => Ok(()),
        Some(range) => {
            check_range(&format!("{name}.lower"), range.lower)?;
            check_range(&format!("{name}.upper"), range.upper)
        }
    };
    let (prediction, returned) = (&answer.prediction, &answer.returned);
    check_range("baseline", prediction.baseline)?;
    check_range("expected_profit", prediction.expected)?;
    for contribution in &prediction.contributions {
        check_range("contributions.amount", contribution.amount)?;
    }
    range("expected_profit_interval", prediction.expected_interval)?;
    range("outcome_interval", prediction.outcome_interval)?;
    for (name, own) in [
        ("expected_revenue", &answer.revenue),
        ("expected_cost_to_serve", &answer.service),
    ] {
        check_range(&format!("{name}.amount"), own.expected)?;
        range(&format!("{name}.interval"), own.expected_interval)?;
        range(&format!("{name}.outcome_interval"), own.outcome_interval)?;
    }
    check_range("expected_return", returned.expected)?;
    range("expected_return_interval", returned.interval)?;
    check_range("discounted_profit", returned.if_won)?;
    check_range("decision_margin", returned.margin.unwrap_or(0))?;
    check_range("return_per_hour", answer.per_hour.unwrap_or(0))?;
    let burden = &answer.burden;
    check_range("service_burden.cost", burden.cost)?;
    range("service_burden.cost_interval", burden.interval)?;
    check_range("service_burden.return_before", burden.return_before)?;
    check_range("return_per_total_hour", burden.per_hour.unwrap_or(0))?;
    check_range("opportunity_margin", burden.margin_per_hour.unwrap_or(0))?;
    check_range("hurdle", to_nanos(answer.hurdle))
}
