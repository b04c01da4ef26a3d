//! The best customers themselves: who they are, how they score, and how much working time they take.

use super::{
    Service,
    compute::compute,
    customer_value::without_activity,
    profile::{BEST_MINIMUM, BestCustomers, LearntOfBest},
    prospect_models::{Gathered, Learning, Measure},
};
use crate::domain::{
    id::{PartyId, TenantId},
    model::{lookalike::Score, profit::ProfitModel},
    problem::{Problem, Reason},
    question::{
        LiftAnswer, LiftCount, LiftQuestion, RankQuestion, RowSelection, TraitBin, ValuesQuestion,
    },
    ranking::Direction,
    time::Period,
    traits::Traits,
};
use std::{collections::BTreeSet, sync::Arc};

/// How many customers or parties are asked for at once.
const AT_ONCE: usize = 10_000;
/// Working time is that of so many days from a customer's first activity on …
const EFFORT_DAYS: u32 = 365;
/// … which are so many months.
const EFFORT_MONTHS: i128 = 12;

/// The best customers.
#[derive(Debug, Clone)]
pub struct Seeds {
    /// Who they are, rising.
    pub ids: Vec<PartyId>,
    /// What they score by what was learnt of them, rising; those who object to profiling are left out.
    pub scores: Vec<Score>,
}

/// What serving the best customers takes.
#[derive(Debug, Clone)]
pub struct ServiceEffort {
    /// Minutes over the days from the first activity on, by traits; a minute stands for a currency unit.
    model: ProfitModel,
}

impl ServiceEffort {
    /// The mean in nano-minutes a month.
    pub fn mean(&self) -> i128 {
        self.model.mean_profit / EFFORT_MONTHS
    }

    /// How many of the best customers it was learnt from.
    pub fn customers(&self) -> u64 {
        self.model.customers
    }

    /// What serving a prospect with these traits is expected to take, in nano-minutes a month: at least a tenth of the
    /// mean, since nobody takes nothing.
    pub fn expected(&self, traits: &Traits) -> i128 {
        let own = self.model.predict(traits).expected / EFFORT_MONTHS;
        own.max(self.mean() / 10)
    }
}

impl Service {
    /// Who the best customers are, and how they score.
    pub(super) async fn seeds(
        &self,
        tenant: &TenantId,
        best: &BestCustomers,
        learnt: &LearntOfBest,
    ) -> Result<Arc<Seeds>, Problem> {
        let question = (tenant.clone(), best.clone());
        let find = async || {
            let ids = self.seed_ids(tenant, best, learnt).await?;
            let objecting = self.objecting(tenant, best.scope.as_of).await?;
            let mut scores = Vec::with_capacity(ids.len());
            for some in ids.chunks(AT_ONCE) {
                let parties = self.store()?.party(tenant, some, best.scope.as_of).await?;
                for (id, party) in some.iter().zip(parties) {
                    if !objecting.contains(id) {
                        let party = party.as_ref();
                        let score = party.map(|party| learnt.scorer.score(&party.traits));
                        scores.push(score.unwrap_or_default());
                    }
                }
            }
            scores.sort_unstable();
            Ok(Seeds { ids, scores })
        };
        self.seeds.find_or(&question, find).await
    }

    async fn seed_ids(
        &self,
        tenant: &TenantId,
        best: &BestCustomers,
        learnt: &LearntOfBest,
    ) -> Result<Vec<PartyId>, Problem> {
        if !best.seeds.is_empty() {
            return Ok(best.seeds.clone());
        }
        let costs = self.costs(tenant, best.cost_model_version, &best.scope);
        let order = costs.await?.order(best.basis, Direction::BestFirst);
        // None of the best ties with one who is not among them, so that they are the first.
        let (mut ids, count) = (Vec::new(), learnt.table.whole.best);
        while (ids.len() as u64) < count {
            let place = ids.len() as u64;
            let places = place..count.min(place + AT_ONCE as u64);
            let question = RankQuestion {
                scope: best.scope.clone(),
                order: order.clone(),
                beside: Vec::new(),
                rows: RowSelection::Places(vec![places]),
            };
            let rows = self.store()?.rank(tenant, &question).await?.rows;
            if rows.is_empty() {
                break;
            }
            ids.extend(rows.into_iter().map(|row| row.customer));
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// How much working time the best customers take. Refused with EVIDENCE_TOO_THIN if that is not known of enough.
    pub(super) async fn service_effort(
        &self,
        tenant: &TenantId,
        best: &BestCustomers,
        seeds: &Seeds,
    ) -> Result<Arc<ServiceEffort>, Problem> {
        let question = (tenant.clone(), best.clone());
        let learn = async || {
            let scope = &best.scope;
            let model = self
                .cost_model_for(tenant, best.cost_model_version, scope)
                .await?;
            let learning = Learning {
                tenant: tenant.clone(),
                as_of: scope.as_of,
                period: Period::ALL,
                horizon_days: EFFORT_DAYS,
                cost_model_version: model.version,
                measure: Measure::Minutes,
            };
            let mut gathered = self.gathered(&learning, &model).await?;
            let is_seed = |id: &PartyId| seeds.ids.binary_search(id).is_ok();
            gathered.customers.retain(|own| is_seed(&own.customer));
            compute(move || learn_effort(&gathered)).await?
        };
        self.service_efforts.find_or(&question, learn).await
    }

    /// Counts trait values where the best are told by name: of all who are reported, as a store does where they are the
    /// first of an order.
    pub(super) async fn lift_of_seeds(
        &self,
        tenant: &TenantId,
        question: &LiftQuestion,
        seeds: &[PartyId],
    ) -> Result<LiftAnswer, Problem> {
        if (seeds.len() as u64) < BEST_MINIMUM {
            return Err(too_few_seeds(seeds.len() as u64));
        }
        let values = ValuesQuestion {
            scope: question.scope.clone(),
            order: question.order.clone(),
            beside: Vec::new(),
        };
        let found = self.store()?.values(tenant, &values).await?;
        let seeds: BTreeSet<&PartyId> = seeds.iter().collect();
        let unknown = (seeds.iter()).find(|id| found.customers.binary_search(id).is_err());
        if let Some(id) = unknown {
            return Err(without_activity(id, "best_customers.seed_customer_ids"));
        }
        let mut answer = LiftAnswer {
            totals: found.totals,
            best: seeds.len() as u64,
            ..LiftAnswer::default()
        };
        let (mut losses, mut least) = (0, None);
        let values = found.customers.chunks(AT_ONCE);
        for (some, values) in values.zip(found.values.chunks(AT_ONCE)) {
            let as_of = question.scope.as_of;
            let parties = self.store()?.party(tenant, some, as_of).await?;
            for ((id, value), party) in some.iter().zip(values).zip(parties) {
                let is_best = seeds.contains(id);
                if is_best {
                    least = Some(least.map_or(*value, |least| *value.min(&least)));
                }
                let one = LiftCount {
                    best: u64::from(is_best),
                    loss_makers: u64::from(!is_best && *value < 0),
                    all: 1,
                };
                losses += one.loss_makers;
                for (key, edges) in &question.traits {
                    let value = party.as_ref().and_then(|party| party.traits.get(key));
                    for bin in TraitBin::all_of(value, edges) {
                        answer
                            .counts
                            .entry((key.clone(), bin))
                            .or_default()
                            .add(one);
                    }
                }
            }
        }
        answer.totals.negative = losses;
        answer.threshold = least.unwrap_or(0);
        Ok(answer)
    }
}

fn learn_effort(gathered: &Gathered) -> Result<ServiceEffort, Problem> {
    let Gathered {
        customers,
        definitions,
        cut,
        ..
    } = gathered;
    let model = ProfitModel::train(customers, definitions, *cut, EFFORT_DAYS);
    match model.customers >= BEST_MINIMUM && model.mean_profit > 0 {
        true => Ok(ServiceEffort { model }),
        false => Err(too_few_seeds(model.customers)),
    }
}

/// There are too few of the best, or nothing is known of their working time.
fn too_few_seeds(customers: u64) -> Problem {
    let message = format!(
        "of {customers} best customers too little is known, at least {BEST_MINIMUM} are needed"
    );
    let variables = [
        ("customers", customers.to_string()),
        ("minimum", BEST_MINIMUM.to_string()),
    ];
    Problem::new(
        Reason::EvidenceTooThin,
        "best_customers",
        message,
        variables,
    )
}
