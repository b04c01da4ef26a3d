//! What customers are worth in the time to come.
//!
//! What is learnt of all customers is a function of the question and of a position, so that the same question as of the
//! same position has the same answer. A short ledger is learnt from as it is at the position that is read. Of a long one
//! everything is learnt at round positions alone, the last but one before that which is read: whoever reads meanwhile
//! finds it done, since it is begun as soon as that position is reached. What a customer did is read as of the position
//! itself.

use super::{
    Service,
    compute::compute,
    rankings::RankingRequest,
    report::{Costs, check_range},
};
use crate::domain::{
    account::{Account, Weights},
    cost_model::CostModel,
    id::{PartyId, TenantId, TraitKey},
    ledger::Position,
    model::{
        MINIMUM_CUSTOMERS,
        worth::{ValueTerms, Worth, WorthModel},
    },
    party::{Party, TraitType},
    problem::{Problem, Reason},
    purchase::{PurchaseAnswer, PurchaseQuestion, Purchases},
    question::{Order, RankQuestion, RowSelection, Scope},
    ranking::{Basis, Direction},
    time::{Day, Period},
};
use std::{collections::BTreeMap, sync::Arc};

/// Up to this position everything is learnt as of the position that is read.
const SHORT_LEDGER: Position = 8_192;
/// Of a longer ledger there are so many round positions before it is twice as long.
const ROUND_POSITIONS: Position = 128;

/// What is asked of customers' value.
#[derive(Debug, Clone)]
pub struct ValueRequest {
    /// Which postings and customers, as of which position; customers are valued as of the end of the period.
    pub scope: Scope,
    /// How far ahead.
    pub terms: ValueTerms,
    /// The trait whose values are segments.
    pub segment: Option<TraitKey>,
    /// The field of the request that has both, for what is said of them.
    pub terms_field: &'static str,
    /// Which version of the cost model.
    pub cost_model_version: Option<u64>,
}

/// All that what is learnt depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueLearning {
    /// Whose customers.
    pub tenant: TenantId,
    /// Which of them, as of the position that is learnt at.
    pub scope: Scope,
    /// Their segments.
    pub segment: Option<TraitKey>,
    /// The version of the cost model.
    pub cost_model_version: u64,
}

/// What customers are worth.
#[derive(Debug, Clone)]
pub struct Valued {
    /// One for each that was asked for, in order.
    pub customers: Vec<Result<ValuedCustomer, Problem>>,
    /// What was learnt.
    pub learnt: Arc<WorthModel>,
    /// As of which position.
    pub learnt_at: Position,
    /// The day from which they are valued.
    pub from: Day,
    /// The version of the cost model.
    pub cost_model_version: u64,
}

/// What one customer is worth.
#[derive(Debug, Clone)]
pub struct ValuedCustomer {
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// What it is worth; `None` if it has not ordered.
    pub worth: Option<Worth>,
}

/// The position at which everything is learnt that is read as of another.
pub fn learning_position(as_of: Position) -> Position {
    match step(as_of) {
        0 => as_of,
        // At least a hundred of them are before it.
        step => (as_of / step - 1) * step,
    }
}

/// The last round position: what is read a little later is learnt at it.
fn next_learning_position(as_of: Position) -> Option<Position> {
    match step(as_of) {
        0 => None,
        step => Some(as_of / step * step),
    }
}

/// How far apart round positions are; 0 if every position is one.
fn step(as_of: Position) -> Position {
    match as_of < SHORT_LEDGER {
        true => 0,
        // The greatest power of two up to it, over a power of two.
        false => (1 << as_of.ilog2()) / ROUND_POSITIONS,
    }
}

/// What customer margin is to be expected of: nothing is spent again to win a customer.
fn profit_weights(model: &CostModel) -> Weights {
    let mut weights = Basis::NetProfit.weights(model);
    weights.0.remove(&Account::AcquisitionCost);
    weights
}

impl Service {
    /// Says what some customers are worth. Refused with EVIDENCE_TOO_THIN if there are too few to learn from.
    pub async fn customer_value(
        &self,
        tenant: &TenantId,
        request: &ValueRequest,
        ids: &[Result<PartyId, Problem>],
    ) -> Result<Valued, Problem> {
        let costs = self.value_costs(tenant, request).await?;
        let (learnt, learnt_at) = self.learnt_value(tenant, request, &costs).await?;
        let from = self
            .valued_from(tenant, &request.scope, &learnt, learnt_at)
            .await?;
        let known: Vec<PartyId> = ids
            .iter()
            .filter_map(|id| id.as_ref().ok())
            .cloned()
            .collect();
        let question = purchases_question(request, &costs.model, Some(known.clone()));
        let purchases = self.store()?.purchases(tenant, &question).await?;
        let parties = self
            .store()?
            .party(tenant, &known, request.scope.as_of)
            .await?;
        let parties: BTreeMap<&PartyId, Option<Arc<Party>>> = known.iter().zip(parties).collect();
        let purchases: BTreeMap<&PartyId, &Purchases> =
            purchases.iter().map(|one| (&one.customer, one)).collect();
        let value = |id: &Result<PartyId, Problem>| {
            let id = id.as_ref().map_err(Clone::clone)?;
            let own = purchases.get(id).ok_or_else(|| without_activity(id))?;
            Ok(ValuedCustomer {
                party: parties.get(id).cloned().flatten(),
                worth: checked_worth(&learnt, own, from, &request.terms)?,
            })
        };
        Ok(Valued {
            customers: ids.iter().map(value).collect(),
            learnt,
            learnt_at,
            from,
            cost_model_version: costs.model.version,
        })
    }

    /// Begins what will be read a little later, if it is not there.
    pub async fn learn_value_ahead(
        &self,
        tenant: &TenantId,
        request: &ValueRequest,
    ) -> Result<(), Problem> {
        if let Some(position) = next_learning_position(request.scope.as_of) {
            let costs = self.value_costs(tenant, request).await?;
            self.learn_value_at(tenant, request, &costs, position)
                .await?;
        }
        Ok(())
    }

    /// The costs, without fixed ones: they are nobody's fault.
    pub(super) async fn value_costs(
        &self,
        tenant: &TenantId,
        request: &ValueRequest,
    ) -> Result<Costs, Problem> {
        let model = self
            .cost_model_for(tenant, request.cost_model_version, &request.scope)
            .await?;
        Ok(Costs {
            model,
            pool_parts: Vec::new(),
            receivables: Arc::default(),
            restating: None,
        })
    }

    /// What was learnt for a position, and where.
    pub(super) async fn learnt_value(
        &self,
        tenant: &TenantId,
        request: &ValueRequest,
        costs: &Costs,
    ) -> Result<(Arc<WorthModel>, Position), Problem> {
        let position = learning_position(request.scope.as_of);
        let learnt = self
            .learn_value_at(tenant, request, costs, position)
            .await?;
        Ok((learnt, position))
    }

    async fn learn_value_at(
        &self,
        tenant: &TenantId,
        request: &ValueRequest,
        costs: &Costs,
        position: Position,
    ) -> Result<Arc<WorthModel>, Problem> {
        let learning = request.learning(tenant, costs.model.version, position);
        let learn = async || {
            if let Some(segment) = &request.segment {
                self.check_segment(tenant, segment, request).await?;
            }
            let mut question = purchases_question(request, &costs.model, None);
            question.scope.as_of = position;
            let all = self.store()?.purchases(tenant, &question).await?;
            let until = end_of(&request.scope.period, &all);
            let count = all.iter().filter(|one| !one.days.is_empty()).count() as u64;
            let learn = move || until.and_then(|until| WorthModel::learn(&all, until));
            compute(learn).await?.ok_or_else(|| too_thin(count))
        };
        self.worth_models.find_or(&learning, learn).await
    }

    /// Refuses a trait that is not there, or whose values are too many or not one of each customer.
    async fn check_segment(
        &self,
        tenant: &TenantId,
        segment: &TraitKey,
        request: &ValueRequest,
    ) -> Result<(), Problem> {
        let as_of = request.scope.as_of;
        let definitions = self.trait_definitions(tenant, as_of).await?;
        let found = definitions.iter().find(|one| one.key == *segment);
        match found.map(|one| one.trait_type) {
            Some(TraitType::Category | TraitType::Flag) => Ok(()),
            Some(TraitType::Number | TraitType::Set) | None => Err(Problem::field_invalid(
                &format!("{}.segment_trait", request.terms_field),
                "is no trait that is a category or a flag",
            )),
        }
    }

    /// The day from which customers are valued: the end of the period, or the day after the last with any activity. That
    /// is looked for around the one that was found where everything was learnt.
    async fn valued_from(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        learnt: &WorthModel,
        learnt_at: Position,
    ) -> Result<Day, Problem> {
        if let Some(end) = scope.period.end {
            return Ok(end);
        }
        if learnt_at == scope.as_of {
            return Ok(learnt.until);
        }
        let mut search = EndSearch::near(learnt.until);
        loop {
            match search.next() {
                Ok(day) => {
                    let has_any = self.has_activity_from(tenant, scope, day).await?;
                    search.told(day, has_any);
                }
                Err(found) => return Ok(found),
            }
        }
    }

    async fn has_activity_from(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        day: Day,
    ) -> Result<bool, Problem> {
        let start = scope.period.start.map_or(day, |start| start.max(day));
        let period = Period {
            start: Some(start),
            end: None,
        };
        let scope = Scope {
            period,
            ..scope.clone()
        };
        let question = everybody(&scope, &Weights::default());
        let answer = self.store()?.rank(tenant, &question).await?;
        Ok(answer.totals.customers > 0)
    }
}

/// Looks for the first day from which on there is nothing, near a guess: in steps that grow, and then by halves.
#[derive(Debug)]
struct EndSearch {
    guess: Day,
    /// From here on there is something.
    low: Option<Day>,
    /// From here on there is nothing.
    high: Option<Day>,
}

impl EndSearch {
    fn near(guess: Day) -> Self {
        Self {
            guess,
            low: None,
            high: None,
        }
    }

    /// The day to be asked about next, or the day that was looked for.
    fn next(&self) -> Result<Day, Day> {
        let steps = |day: Day| day.0.abs_diff(self.guess.0).saturating_add(1);
        let width = |day: Day| i32::try_from(steps(day)).unwrap_or(i32::MAX);
        match (self.low, self.high) {
            (None, None) => Ok(self.guess),
            (Some(low), None) => Ok(Day(low.0.saturating_add(width(low)))),
            (None, Some(Day(i32::MIN))) => Err(Day(i32::MIN)),
            (None, Some(high)) => Ok(Day(high.0.saturating_sub(width(high)))),
            (Some(low), Some(high)) if i64::from(low.0) + 1 >= i64::from(high.0) => Err(high),
            (Some(low), Some(high)) => Ok(Day(low.0.midpoint(high.0))),
        }
    }

    fn told(&mut self, day: Day, has_any: bool) {
        match has_any {
            true => self.low = Some(day),
            false => self.high = Some(day),
        }
    }
}

/// What everybody in a scope adds up to.
pub(super) fn everybody(scope: &Scope, weights: &Weights) -> RankQuestion {
    RankQuestion {
        scope: scope.clone(),
        order: Order {
            weights: weights.clone(),
            split: Vec::new(),
            driven: Vec::new(),
            value_bears_split: false,
            direction: Direction::BestFirst,
        },
        beside: Vec::new(),
        rows: RowSelection::Places(Vec::new()),
    }
}

/// The first day that is not seen.
pub(super) fn end_of(period: &Period, all: &PurchaseAnswer) -> Option<Day> {
    let last = all.iter().map(|one| one.last_day).max();
    period.end.or_else(|| last.map(Day::next))
}

/// How all customers bought, or some.
pub(super) fn purchases_question(
    request: &ValueRequest,
    model: &CostModel,
    customers: Option<Vec<PartyId>>,
) -> PurchaseQuestion {
    PurchaseQuestion {
        scope: request.scope.clone(),
        customers,
        revenue: Basis::Revenue.weights(model),
        margin: Basis::ContributionMargin.weights(model),
        profit: profit_weights(model),
        segment: request.segment.clone(),
    }
}

impl ValueRequest {
    /// What is learnt for it at a position.
    pub(super) fn learning(
        &self,
        tenant: &TenantId,
        cost_model_version: u64,
        position: Position,
    ) -> ValueLearning {
        ValueLearning {
            tenant: tenant.clone(),
            scope: Scope {
                as_of: position,
                ..self.scope.clone()
            },
            segment: self.segment.clone(),
            cost_model_version,
        }
    }

    /// The value of the customers of a ranking, whatever its period's start.
    pub fn of_ranking(
        ranking: &RankingRequest,
        terms: ValueTerms,
        segment: Option<TraitKey>,
    ) -> Self {
        let scope = Scope {
            period: Period {
                start: None,
                end: ranking.scope.period.end,
            },
            ..ranking.scope.clone()
        };
        Self {
            scope,
            terms,
            segment,
            terms_field: "value_terms",
            cost_model_version: ranking.cost_model_version,
        }
    }
}

/// What a customer is worth, with all its amounts checked.
pub(super) fn checked_worth(
    learnt: &WorthModel,
    one: &Purchases,
    from: Day,
    terms: &ValueTerms,
) -> Result<Option<Worth>, Problem> {
    let worth = learnt.worth(one, from, terms);
    for (figure, amount) in worth.iter().flat_map(Worth::figures) {
        check_range(figure, amount)?;
    }
    Ok(worth)
}

fn without_activity(customer: &PartyId) -> Problem {
    let message = format!("customer {customer} has no activity in the period and filter");
    let variables = [("customer_id", customer.to_string())];
    Problem::new(Reason::CustomerNotFound, "", message, variables)
}

fn too_thin(customers: u64) -> Problem {
    if customers < MINIMUM_CUSTOMERS {
        return crate::domain::model::evidence_too_thin(customers);
    }
    let message = format!("of {customers} customers too few have ordered again to learn from");
    let variables = [
        ("customers", customers.to_string()),
        ("minimum", MINIMUM_CUSTOMERS.to_string()),
    ];
    Problem::new(Reason::EvidenceTooThin, "", message, variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learnt_is_at_most_a_sixty_fourth_behind_and_rarely_learnt() {
        let mut last = 0;
        let mut changes = 0;
        for as_of in 0..1_000_000 {
            let position = learning_position(as_of);
            assert!(position <= as_of && (as_of - position) * 64 <= as_of.max(64));
            // It never goes back, and was the next one before it is needed.
            assert!(position >= last);
            if as_of >= 2 * SHORT_LEDGER && position > last {
                changes += 1;
                let ahead = next_learning_position(as_of - 1);
                assert!(ahead.is_some_and(|ahead| ahead >= position));
            }
            last = position;
        }
        assert!(changes < 7 * 128, "{changes}");
        assert_eq!(learning_position(8_191), 8_191);
        assert_eq!(learning_position(8_192), 8_128);
    }

    #[test]
    fn the_last_day_is_found_from_any_guess_in_few_steps() {
        let found = |guess: i32, last: Option<i32>| {
            let mut search = EndSearch::near(Day(guess));
            for _ in 0..80 {
                match search.next() {
                    Ok(day) => search.told(day, last.is_some_and(|last| day.0 <= last)),
                    Err(found) => return Some(found.0),
                }
            }
            None
        };
        for last in [-400, 0, 3, 17, 1_000] {
            for guess in [-7, 0, 3, 4, 900] {
                assert_eq!(found(guess, Some(last)), Some(last + 1));
            }
        }
        assert_eq!(found(5, None), Some(i32::MIN));
    }
}
