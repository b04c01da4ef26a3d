//! What sets the best customers apart.

use super::{
    Service,
    report::{Footing, check_range, footing},
};
use crate::domain::{
    account::Weights,
    id::{PartyId, TenantId, TraitKey},
    model::{
        IgnoredTrait, MINIMUM_CUSTOMERS, admit,
        encode::quantile_edges,
        evidence_too_thin,
        lift::{LiftTable, TraitLift},
        lookalike::Scorer,
    },
    money::Nanos,
    party::{TraitDefinition, TraitType, TraitValue},
    problem::{Problem, Reason},
    question::{LiftQuestion, ProfileQuestion, Scope},
    ranking::{Basis, Direction},
    time::Period,
};
use std::{collections::BTreeMap, sync::Arc};

/// However small the fraction, so many customers are the best, if there are twice as many.
pub const BEST_MINIMUM: u64 = 20;

/// Which customers are the best.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BestCustomers {
    /// Who is looked at, and by which postings, as of which position. Has no branches: a fixed cost could not be split.
    pub scope: Scope,
    /// By what they are judged.
    pub basis: Basis,
    /// How many of them are the best, in millionths.
    pub best_millionths: u32,
    /// Which version of the cost model; the newest if `None`.
    pub cost_model_version: Option<u64>,
    /// The best by name, rising and each once; if there are none, the first of the order are the best.
    pub seeds: Vec<PartyId>,
}

/// What was learnt of the best customers.
#[derive(Debug, Clone)]
pub struct LearntOfBest {
    /// How common trait values are among the best, the loss-makers and all, and how many of each there are.
    pub table: LiftTable,
    /// Scores prospects by it.
    pub scorer: Arc<Scorer>,
    /// One line for each trait value, the highest lower bound of the lift first.
    pub lines: Vec<TraitLift>,
    /// The value of the last of the best.
    pub threshold: Nanos,
    /// What the report says beside it.
    pub footing: Footing,
}

impl LearntOfBest {
    /// Whether the best differ from the rest by anything that is known.
    pub fn has_signal(&self) -> bool {
        self.lines.iter().any(|line| line.distinguishing)
    }

    /// The traits that were kept out.
    pub fn ignored(&self) -> &[IgnoredTrait] {
        &self.table.ignored
    }
}

impl Service {
    /// Says which traits set the best customers apart; refused with EVIDENCE_TOO_THIN if there are too few customers.
    pub async fn profile(
        &self,
        tenant: &TenantId,
        best: &BestCustomers,
    ) -> Result<Arc<LearntOfBest>, Problem> {
        let question = (tenant.clone(), best.clone());
        let learn = async || self.learn(tenant, best).await;
        self.profiles.find_or(&question, learn).await
    }

    async fn learn(
        &self,
        tenant: &TenantId,
        best: &BestCustomers,
    ) -> Result<LearntOfBest, Problem> {
        let costs = self
            .costs(tenant, best.cost_model_version, &best.scope)
            .await
            .map_err(|problem| {
                if problem.reason == Reason::CostModelNotFound {
                    return problem.within("best_customers");
                }
                problem
            })?;
        let definitions = self.trait_definitions(tenant, best.scope.as_of).await?;
        let edges = self.edges(tenant, &definitions, &best.scope).await?;
        let question = LiftQuestion {
            scope: best.scope.clone(),
            order: costs.order(best.basis, Direction::BestFirst),
            best_millionths: best.best_millionths,
            best_minimum: BEST_MINIMUM,
            traits: edges.clone(),
        };
        let answer = match best.seeds.is_empty() {
            true => self.store()?.lift(tenant, &question).await?,
            false => self.lift_of_seeds(tenant, &question, &best.seeds).await?,
        };
        let footing = footing(&costs, &question.order, &answer.totals)?;
        if answer.totals.customers < MINIMUM_CUSTOMERS {
            return Err(evidence_too_thin(answer.totals.customers));
        }
        check_range("threshold", answer.threshold)?;
        let table = LiftTable::of(&definitions, &edges, &answer);
        Ok(LearntOfBest {
            lines: table.lines(),
            scorer: Arc::new(Scorer::of(&table)),
            table,
            threshold: answer.threshold,
            footing,
        })
    }

    /// The traits that may enter, with the edges of the bins of numbers: those that were declared, or such that about
    /// as many customers of all time are in each, so that bins do not depend on the period that is asked for.
    async fn edges(
        &self,
        tenant: &TenantId,
        definitions: &[Arc<TraitDefinition>],
        scope: &Scope,
    ) -> Result<BTreeMap<TraitKey, Vec<i64>>, Problem> {
        let (admitted, _) = admit(definitions);
        let open = |definition: &&TraitDefinition| {
            definition.trait_type == TraitType::Number && definition.bin_edges.is_empty()
        };
        let mut numbers: BTreeMap<&TraitKey, Vec<i64>> = admitted
            .iter()
            .copied()
            .filter(open)
            .map(|definition| (&definition.key, Vec::new()))
            .collect();
        if !numbers.is_empty() {
            let everybody = ProfileQuestion {
                period: Period::ALL,
                as_of: scope.as_of,
                profit: Weights::default(),
                size: Weights::default(),
                horizon_days: 1,
                buckets: 1,
            };
            let answer = self.store()?.profiles(tenant, &everybody).await?;
            let parties = answer
                .customers
                .iter()
                .filter_map(|own| own.party.as_deref());
            for party in parties.filter(|party| scope.has_customer(Some(party))) {
                for (key, known) in &mut numbers {
                    if let Some(TraitValue::Number(number)) = party.traits.get(key) {
                        known.push(*number);
                    }
                }
            }
        }
        let edges = admitted.iter().map(|definition| {
            let known = numbers.remove(&definition.key).map(quantile_edges);
            let edges = known.unwrap_or_else(|| definition.bin_edges.clone());
            (definition.key.clone(), edges)
        });
        Ok(edges.collect())
    }
}
