//! What customers are worth in the time to come.
//!
//! What is learnt of all customers is a function of the question and of a position, so that the same question as of the
//! same position has the same answer. What a customer did is read as of the position itself.

use super::{
    Service,
    compute::{compute, see_through},
    data_subjects::profiling_objected,
    end_search::EndSearch,
    learning_position::{learning_position, next_learning_position},
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
    party::{Party, Sensitivity, TraitType},
    problem::{Problem, Reason},
    purchase::{PurchaseAnswer, PurchaseQuestion, Purchases},
    question::{Order, RankQuestion, RowSelection, Scope},
    ranking::{Basis, Direction},
    time::{Day, Period},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

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

/// How what a customer is worth is reckoned: with intervals or without.
pub(super) type Way = fn(&WorthModel, &Purchases, Day, &ValueTerms) -> Option<Worth>;

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

/// What customer margin is to be expected of: nothing is spent again to win a customer.
fn profit_weights(model: &CostModel) -> Weights {
    let mut weights = Basis::NetProfit.weights(model);
    weights.0.remove(&Account::AcquisitionCost);
    weights
}

impl Service {
    /// Says what some customers are worth; of who objects to profiling, nothing. Refused with EVIDENCE_TOO_THIN if
    /// there are too few to learn from.
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
        let as_of = request.scope.as_of;
        let objecting = self.objecting(tenant, as_of).await?;
        let known = ids.iter().filter_map(|id| id.as_ref().ok());
        let known: Vec<PartyId> = known
            .filter(|id| !objecting.contains(*id))
            .cloned()
            .collect();
        let parties = self.store()?.party(tenant, &known, as_of).await?;
        let parties: BTreeMap<&PartyId, Option<Arc<Party>>> = known.iter().zip(parties).collect();
        let worths = self
            .worths(
                tenant,
                request,
                &costs,
                (&learnt, from, WorthModel::worth),
                known.clone(),
            )
            .await?;
        let value = |id: &Result<PartyId, Problem>| {
            let id = id.as_ref().map_err(Clone::clone)?;
            if objecting.contains(id) {
                return Err(profiling_objected(id, ""));
            }
            let worth = worths.get(id).ok_or_else(|| without_activity(id, ""))?;
            Ok(ValuedCustomer {
                party: parties.get(id).cloned().flatten(),
                worth: worth.clone(),
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

    /// What those of some customers are worth who have any activity, by one of the ways of the model.
    pub(super) async fn worths(
        &self,
        tenant: &TenantId,
        request: &ValueRequest,
        costs: &Costs,
        (learnt, from, way): (&Arc<WorthModel>, Day, Way),
        ids: Vec<PartyId>,
    ) -> Result<BTreeMap<PartyId, Option<Worth>>, Problem> {
        let question = purchases_question(request, &costs.model, Some(ids));
        let purchases = self.store()?.purchases(tenant, &question).await?;
        let (learnt, terms) = (Arc::clone(learnt), request.terms);
        let value = move |one: Purchases| {
            let worth = way(&learnt, &one, from, &terms);
            for (figure, amount) in worth.iter().flat_map(Worth::figures) {
                check_range(figure, amount)?;
            }
            Ok((one.customer, worth))
        };
        compute(move || purchases.into_iter().map(value).collect()).await?
    }

    /// Learns what a question will be answered by. Goes on if whoever asked gives up, so that the next to ask finds it.
    pub async fn learn_value(
        self: &Arc<Self>,
        tenant: &TenantId,
        request: &ValueRequest,
    ) -> Result<(), Problem> {
        self.check_own_currency()?;
        let (service, tenant, request) = (Arc::clone(self), tenant.clone(), request.clone());
        see_through(async move {
            let costs = service.value_costs(&tenant, &request).await?;
            service.learnt_value(&tenant, &request, &costs).await?;
            Ok(())
        })
        .await?
    }

    /// Refuses a report in another currency: what was learnt is in that of the books.
    pub(super) fn check_own_currency(&self) -> Result<(), Problem> {
        match self.restating {
            None => Ok(()),
            Some(_) => Err(Problem::field_invalid(
                "reporting_currency",
                "is not possible by expected profit",
            )),
        }
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
        // Not what is learnt but what is read says whether there is such a trait.
        if let Some(segment) = &request.segment {
            self.check_segment(tenant, segment, request).await?;
        }
        let learn = async || {
            let mut question = purchases_question(request, &costs.model, None);
            question.scope.as_of = position;
            let mut all = self.store()?.purchases(tenant, &question).await?;
            forget_segments(&mut all, &self.objecting(tenant, position).await?);
            let until = end_of(&request.scope.period, &all);
            let count = all.iter().filter(|one| !one.days.is_empty()).count() as u64;
            let learn = move || until.and_then(|until| WorthModel::learn(&all, until));
            compute(learn).await?.ok_or_else(|| too_thin(count))
        };
        self.worth_models.find_or(&learning, learn).await
    }

    /// Refuses a trait that is not there, one that may not enter any model, and one whose values are too many or not
    /// one of each customer.
    async fn check_segment(
        &self,
        tenant: &TenantId,
        segment: &TraitKey,
        request: &ValueRequest,
    ) -> Result<(), Problem> {
        let as_of = request.scope.as_of;
        let definitions = self.trait_definitions(tenant, as_of).await?;
        let found = definitions.iter().find(|one| one.key == *segment);
        let problem = match found.map(|one| (one.sensitivity, one.trait_type)) {
            Some((Sensitivity::Ordinary, TraitType::Category | TraitType::Flag)) => return Ok(()),
            Some((Sensitivity::SpecialCategory | Sensitivity::Excluded, _)) => {
                "may not enter any model"
            }
            Some((Sensitivity::Ordinary, TraitType::Number | TraitType::Set)) | None => {
                "is no trait that is a category or a flag"
            }
        };
        let field = format!("{}.segment_trait", request.terms_field);
        Err(Problem::field_invalid(&field, problem))
    }

    /// The day from which customers are valued: the end of the period, or the day after the last with any activity.
    /// That is looked for around the one that was found where everything was learnt.
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

/// Takes their segments from those who object to profiling: what they bought counts, as in the books, their traits are
/// not learnt from. `all` in the order of their ids.
fn forget_segments(all: &mut [Purchases], objecting: &BTreeSet<PartyId>) {
    for id in objecting {
        if let Ok(place) = all.binary_search_by(|one| one.customer.cmp(id)) {
            all[place].segment = None;
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

/// A customer that a field names has no activity in the scope.
pub(super) fn without_activity(customer: &PartyId, field: &str) -> Problem {
    let message = format!("customer {customer} has no activity in the period and filter");
    let variables = [("customer_id", customer.to_string())];
    Problem::new(Reason::CustomerNotFound, field, message, variables)
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
