//! What prospects are expected to bring, and what to do about them.

use super::{
    Service,
    compute::compute,
    data_subjects::profiling_objected,
    parties::party_not_found,
    report::{Costs, Footing, check_range, footing},
};
use crate::domain::{
    id::{PartyId, TenantId, TraitKey},
    ledger::Position,
    model::{
        decision::{Terms, Verdict, decide},
        exposure::BUCKET_COUNT,
        profit::{Prediction, ProfitModel},
    },
    party::{Party, TraitDefinition, trait_type_mismatch},
    problem::{Problem, Reason},
    question::{ProfileQuestion, RankTotals, Scope},
    ranking::{Basis, Direction},
    time::{Day, Period},
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
    pub terms: Terms,
    /// Only customers who came in this period, and only activity in it, are learnt from.
    pub training_period: Period,
    /// Which version of the cost model; the newest if `None`.
    pub cost_model_version: Option<u64>,
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
    /// What was learnt.
    pub model: Arc<ProfitModel>,
    /// By customer margin: nothing is allocated.
    pub footing: Footing,
}

/// All that a model depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learning {
    /// Whose customers.
    pub tenant: TenantId,
    /// As of which position.
    pub as_of: Position,
    /// The training period.
    pub period: Period,
    /// The horizon.
    pub horizon_days: u32,
    /// The version of the cost model.
    pub cost_model_version: u64,
}

/// A model and the books that it was made of.
#[derive(Debug)]
pub struct Trained {
    /// The model.
    pub model: Arc<ProfitModel>,
    /// What its customers add up to.
    pub totals: RankTotals,
}

/// What one prospect is worth.
#[derive(Debug, Clone)]
pub struct Prequalification {
    /// The prospect.
    pub party_id: PartyId,
    /// What it would bring.
    pub prediction: Prediction,
    /// What to do.
    pub verdict: Verdict,
}

type Definitions = BTreeMap<TraitKey, Arc<TraitDefinition>>;

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
        let learning = Learning {
            tenant: tenant.clone(),
            as_of,
            period: request.training_period,
            horizon_days: request.horizon_days,
            cost_model_version: costs.model.version,
        };
        // Sales tooling asks about prospects one by one; only the first of them waits for the training.
        let train = async || self.train(&learning, &costs).await;
        let trained = self.trained_models.find_or(&learning, train).await?;
        let order = costs.order(Basis::NetProfit, Direction::BestFirst);
        let footing = footing(&costs, &order, &trained.totals)?;
        let prospects = self.prospects(tenant, request.prospects, as_of).await?;
        let objecting = self.objecting(tenant, as_of).await?;
        let answer = |prospect: Result<Arc<Party>, Problem>| {
            let party = prospect?;
            if objecting.contains(&party.party_id) {
                return Err(profiling_objected(&party.party_id));
            }
            let prediction = trained.model.predict(&party.traits);
            let verdict = decide(&prediction, &request.terms);
            check_figures(&prediction, &verdict)?;
            Ok(Prequalification {
                party_id: party.party_id.clone(),
                prediction,
                verdict,
            })
        };
        Ok(Prequalified {
            results: prospects.into_iter().map(answer).collect(),
            model: Arc::clone(&trained.model),
            footing,
        })
    }

    /// Learns from what is in the store.
    async fn train(&self, learning: &Learning, costs: &Costs) -> Result<Trained, Problem> {
        let tenant = &learning.tenant;
        let question = ProfileQuestion {
            period: learning.period,
            as_of: learning.as_of,
            profit: Basis::NetProfit.weights(&costs.model),
            size: Basis::Revenue.weights(&costs.model),
            horizon_days: learning.horizon_days,
            buckets: BUCKET_COUNT,
        };
        let definitions = self.trait_definitions(tenant, learning.as_of).await?;
        let answer = self.store()?.profiles(tenant, &question).await?;
        let totals = RankTotals {
            customers: answer.customers.len() as u64,
            active: answer.active,
            ledger: answer.ledger,
            reported_value: question.profit.value(&answer.reported),
            reported: answer.reported,
            filtered_out: answer.filtered_out,
            ..RankTotals::default()
        };
        let (mut customers, horizon_days) = (answer.customers, learning.horizon_days);
        // Their profit counts, so that what is learnt from ties to the books; their traits are not learnt from.
        let objecting = self.objecting(tenant, learning.as_of).await?;
        for customer in &mut customers {
            if objecting.contains(&customer.customer) {
                customer.party = None;
            }
        }
        let cut = cut(answer.last_day, learning.period);
        let train = move || ProfitModel::train(&customers, &definitions, cut, horizon_days);
        let model = Arc::new(compute(train).await?);
        Ok(Trained { model, totals })
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

/// The first day of which nothing was seen. The day after the last posting, and not the end of the period, which may
/// lie in the future: a quiet end must not look like customers who stopped buying.
fn cut(last_day: Option<Day>, period: Period) -> Day {
    let after = last_day.map_or(Day(0), |day| Day(day.0.saturating_add(1)));
    period.end.map_or(after, |end| end.min(after))
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
fn check_figures(prediction: &Prediction, verdict: &Verdict) -> Result<(), Problem> {
    check_range("baseline", prediction.baseline)?;
    check_range("expected_profit", prediction.expected)?;
    for contribution in &prediction.contributions {
        check_range("contributions.amount", contribution.amount)?;
    }
    if let Some(range) = prediction.expected_interval {
        check_range("expected_profit_interval.lower", range.lower)?;
        check_range("expected_profit_interval.upper", range.upper)?;
    }
    if let Some(range) = prediction.outcome_interval {
        check_range("outcome_interval.lower", range.lower)?;
        check_range("outcome_interval.upper", range.upper)?;
    }
    check_range("expected_return", verdict.expected_return)?;
    check_range("decision_margin", verdict.margin.unwrap_or(0))
}
