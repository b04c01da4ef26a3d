//! What is learnt of customers for prospects: what they bring, what they buy, and what serving them costs.

use super::{Service, compute::compute, customer_value::everybody, report::Costs};
use crate::domain::{
    account::{Account, Sums, Weights},
    cost_model::CostModel,
    id::TenantId,
    ledger::Position,
    model::{asked::shares_of_age, exposure::BUCKET_COUNT, profit::ProfitModel},
    money::Nanos,
    party::TraitDefinition,
    problem::Problem,
    question::{CustomerProfile, ProfileQuestion, RankTotals, Scope},
    ranking::Basis,
    time::{Day, Period},
};
use std::sync::Arc;

/// With more customers than this, every so many of them stand for all when a prospect is set beside them.
const BESIDE: usize = 20_000;

/// What is learnt of customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Customer margin.
    Profit,
    /// Net revenue.
    Revenue,
    /// What comes between contribution margin and customer margin.
    CostToServe,
    /// Working time of whatever role and purpose, in minutes instead of currency units.
    Minutes,
}

/// What a thousandth of a minute is worth where minutes stand for currency units.
const NANOS_PER_MILLI_MINUTE: i128 = 1_000_000;

impl Measure {
    /// As weights of accounts; of working time, of those that occur in the books.
    fn weights(self, costs: &CostModel, books: &Sums) -> Weights {
        match self {
            Self::Profit => Basis::NetProfit.weights(costs),
            Self::Revenue => Basis::Revenue.weights(costs),
            Self::CostToServe => {
                let mut weights = Basis::ContributionMargin.weights(costs);
                for (account, weight) in Basis::NetProfit.weights(costs).0 {
                    *weights.0.entry(account).or_default() -= weight;
                }
                weights.0.retain(|_, weight| *weight != 0);
                weights
            }
            Self::Minutes => {
                let accounts = books.iter().map(|(account, _)| account);
                let minutes = accounts.filter(|account| matches!(account, Account::Minutes(..)));
                let weighed = minutes.map(|account| (account.clone(), NANOS_PER_MILLI_MINUTE));
                Weights(weighed.collect())
            }
        }
    }
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
    /// What is learnt.
    pub measure: Measure,
}

/// A model and the books that it was made of.
#[derive(Debug)]
pub struct Trained {
    /// The model.
    pub model: Arc<ProfitModel>,
    /// What its customers add up to.
    pub totals: RankTotals,
    /// Of profit: which part of the horizon's business falls into each bucket of age.
    pub shares: Vec<f64>,
    /// Of what serving costs: what is expected of customers, rising.
    pub expected: Vec<Nanos>,
}

/// What is learnt from.
pub(super) struct Gathered {
    /// The customers, without the traits of those who object to profiling.
    pub customers: Vec<CustomerProfile>,
    /// What their traits are.
    pub definitions: Vec<Arc<TraitDefinition>>,
    /// The first day of which nothing was seen.
    pub cut: Day,
    /// What they add up to.
    totals: RankTotals,
}

impl Service {
    /// What is learnt of customers; kept for the next question.
    pub(super) async fn trained(
        &self,
        learning: Learning,
        costs: &Costs,
    ) -> Result<Arc<Trained>, Problem> {
        let train = async || self.train(&learning, costs).await;
        self.trained_models.find_or(&learning, train).await
    }

    /// Reads what is learnt from.
    pub(super) async fn gathered(
        &self,
        learning: &Learning,
        model: &CostModel,
    ) -> Result<Gathered, Problem> {
        let (tenant, as_of) = (&learning.tenant, learning.as_of);
        let books = match learning.measure {
            Measure::Minutes => {
                let scope = Scope::all_of(learning.period, as_of);
                let question = everybody(&scope, &Weights::default());
                self.store()?.rank(tenant, &question).await?.totals.ledger
            }
            Measure::Profit | Measure::Revenue | Measure::CostToServe => Sums::default(),
        };
        let question = ProfileQuestion {
            period: learning.period,
            as_of,
            profit: learning.measure.weights(model, &books),
            size: Basis::Revenue.weights(model),
            horizon_days: learning.horizon_days,
            buckets: BUCKET_COUNT,
        };
        let definitions = self.trait_definitions(tenant, as_of).await?;
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
        let mut customers = answer.customers;
        // Their profit counts, so that what is learnt from ties to the books; their traits are not learnt from.
        let objecting = self.objecting(tenant, as_of).await?;
        for customer in &mut customers {
            if objecting.contains(&customer.customer) {
                customer.party = None;
            }
        }
        Ok(Gathered {
            customers,
            definitions,
            cut: cut(answer.last_day, learning.period),
            totals,
        })
    }

    /// Learns from what is in the store.
    async fn train(&self, learning: &Learning, costs: &Costs) -> Result<Trained, Problem> {
        let Gathered {
            customers,
            definitions,
            cut,
            totals,
        } = self.gathered(learning, &costs.model).await?;
        let (measure, horizon_days) = (learning.measure, learning.horizon_days);
        let train = move || {
            let model = Arc::new(ProfitModel::train(
                &customers,
                &definitions,
                cut,
                horizon_days,
            ));
            let (mut shares, mut expected) = (Vec::new(), Vec::new());
            match measure {
                Measure::Profit => shares = shares_of_age(&customers, cut, horizon_days),
                Measure::Revenue | Measure::Minutes => {}
                Measure::CostToServe => expected = expected_of(&model, &customers),
            }
            Trained {
                model,
                totals,
                shares,
                expected,
            }
        };
        compute(train).await
    }
}

/// What is expected of customers by their traits, rising.
fn expected_of(model: &ProfitModel, customers: &[CustomerProfile]) -> Vec<Nanos> {
    let step = customers.len().div_ceil(BESIDE).max(1);
    let parties = customers.iter().step_by(step);
    let parties = parties.filter_map(|customer| customer.party.as_ref());
    let mut expected: Vec<Nanos> = parties
        .map(|party| model.predict(&party.traits).expected)
        .collect();
    expected.sort_unstable();
    expected
}

/// The first day of which nothing was seen. The day after the last posting, and not the end of the period, which may
/// lie in the future: a quiet end must not look like customers who stopped buying.
fn cut(last_day: Option<Day>, period: Period) -> Day {
    let after = last_day.map_or(Day(0), |day| Day(day.0.saturating_add(1)));
    period.end.map_or(after, |end| end.min(after))
}
