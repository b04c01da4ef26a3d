//! What became of decisions about relationships, beside what was forecast of them.
//!
//! What happened is the customer's statement from the first day on, by the cost model of the forecast, so that the two
//! differ by what was done and not by what an hour costs now.

use super::{
    Service,
    rankings::{RankingRequest, question},
    report::{check_range, checked_statement, footing},
};
use crate::domain::{
    advice_decision::{DecisionQuestion, Expected, StoredDecision},
    id::{DecisionId, PartyId, TenantId},
    ledger::Position,
    money::Nanos,
    problem::Problem,
    question::{CellsQuestion, CrossQuestion, Group, RowSelection, Scope},
    ranking::{Basis, Direction},
    statement::Statement,
    time::{Day, Period},
};
use std::collections::BTreeMap;

/// Of at most so many decisions that meet a question the sums are told.
pub const SUMMED: usize = 1_000;
/// A customer with any activity in so many days before the end is there still.
const THERE_DAYS: i32 = 90;
/// Of so many customers days are read at once.
const CUSTOMERS: usize = 100;

/// Which decisions to follow.
#[derive(Debug, Clone)]
pub struct FollowRequest {
    /// Which, and which page of them.
    pub question: DecisionQuestion,
    /// What happened until before this day is counted; until after the last day with any activity if `None`.
    pub until: Option<Day>,
}

/// Decisions with what became of them.
#[derive(Debug, Clone)]
pub struct FollowedDecisions {
    /// The page.
    pub decisions: Vec<FollowedDecision>,
    /// The sums over all that meet the question, unless there are more than [`SUMMED`].
    pub totals: Option<DecisionTotals>,
    /// What happened until before this day is counted; `None` if nothing happened since the first of them.
    pub until: Option<Day>,
}

/// A decision with what became of it.
#[derive(Debug, Clone)]
pub struct FollowedDecision {
    /// The decision.
    pub stored: StoredDecision,
    /// What was forecast of the whole horizon, if anything could be.
    pub of_horizon: Option<Expected>,
    /// What happened; `None` if it has not taken effect yet.
    pub outcome: Option<DecisionOutcome>,
}

/// What became of a decision.
#[derive(Debug, Clone)]
pub struct DecisionOutcome {
    /// The days.
    pub span: (Day, Day),
    /// What was forecast of them, if anything could be.
    pub expected: Option<Expected>,
    /// The customer's waterfall over them.
    pub statement: Statement,
    /// The last day with any activity in the time in which it has to have one to be there still.
    pub last_activity: Option<Day>,
    /// Whether the horizon is over.
    pub is_complete: bool,
}

/// Sums over decisions; amounts in nano-units.
#[derive(Debug, Clone, Copy, Default)]
pub struct DecisionTotals {
    /// How many decisions there are.
    pub decisions: u64,
    /// How many of them have both a forecast and an outcome. All else is of these.
    pub compared: u64,
    /// What was forecast, as customer margin.
    pub forecast: Nanos,
    /// What was forecast if the relationships were kept as they are.
    pub kept: Nanos,
    /// What happened.
    pub outcome: Nanos,
    /// How many came out better than forecast.
    pub better: u64,
    /// How many came out worse.
    pub worse: u64,
    /// How many customers are no longer there.
    pub gone: u64,
}

impl DecisionOutcome {
    /// The customer margin without the cost of capital and the provisions of receivables, of which a forecast knows
    /// nothing.
    pub fn comparable(&self) -> Nanos {
        let statement = &self.statement;
        statement.customer_margin + statement.carrying_cost + statement.provision_change
    }

    /// By how much more came than was forecast.
    pub fn over_forecast(&self) -> Option<Nanos> {
        self.expected
            .map(|expected| self.comparable() - expected.margin)
    }
}

/// Decisions with one span and one cost model, by their places in a list.
type Alike = BTreeMap<(Day, Day, u64), Vec<usize>>;

impl Service {
    /// Decisions with what became of them.
    pub async fn follow_decisions(
        &self,
        tenant: &TenantId,
        request: &FollowRequest,
    ) -> Result<FollowedDecisions, Problem> {
        let question = &request.question;
        let all = DecisionQuestion {
            after: None,
            limit: SUMMED + 1,
            ..question.clone()
        };
        let mut stored = self.store()?.decisions(tenant, &all).await?;
        let is_summed = stored.len() <= SUMMED;
        if !is_summed {
            stored = self.store()?.decisions(tenant, question).await?;
        }
        let until = self.known_until(tenant, request, &stored).await?;
        let mut decisions = self.follow(tenant, question.as_of, stored, until).await?;
        let totals = match is_summed {
            true => Some(DecisionTotals::of(&decisions)?),
            false => None,
        };
        let after =
            |one: &FollowedDecision, key: &DecisionId| one.stored.taken.decision.decision_id > *key;
        decisions.retain(|one| question.after.as_ref().is_none_or(|key| after(one, key)));
        decisions.truncate(question.limit);
        Ok(FollowedDecisions {
            decisions,
            totals,
            until,
        })
    }

    /// The day until before which it is known what happened.
    async fn known_until(
        &self,
        tenant: &TenantId,
        request: &FollowRequest,
        stored: &[StoredDecision],
    ) -> Result<Option<Day>, Problem> {
        if request.until.is_some() {
            return Ok(request.until);
        }
        let first_days = stored.iter().map(|one| one.taken.decision.first_day);
        let Some(first_day) = first_days.min() else {
            return Ok(None);
        };
        let since = Period {
            start: Some(first_day),
            end: None,
        };
        let question = CrossQuestion {
            scope: Scope::all_of(since, request.question.as_of),
            group: Group::Day,
        };
        let days = self.store()?.cross(tenant, &question).await?;
        let last = days.keys().filter_map(|day| Day::named(day)).max();
        Ok(last.map(Day::next))
    }

    async fn follow(
        &self,
        tenant: &TenantId,
        as_of: Position,
        stored: Vec<StoredDecision>,
        until: Option<Day>,
    ) -> Result<Vec<FollowedDecision>, Problem> {
        let mut alike = Alike::new();
        for (index, one) in stored.iter().enumerate() {
            let span = until.and_then(|until| one.taken.decision.span(until));
            if let Some((start, end)) = span {
                let version = one.taken.forecast.cost_model_version;
                alike.entry((start, end, version)).or_default().push(index);
            }
        }
        let mut followed = Vec::with_capacity(stored.len());
        for stored in stored {
            let decision = &stored.taken.decision;
            let of_horizon = (stored.taken.forecast).over(decision.first_day, decision.end());
            followed.push(FollowedDecision {
                stored,
                of_horizon,
                outcome: None,
            });
        }
        for ((start, end, version), places) in alike {
            self.add_outcomes(
                tenant,
                (start, end),
                (as_of, version),
                &places,
                &mut followed,
            )
            .await?;
        }
        for one in &followed {
            one.check_range()?;
        }
        Ok(followed)
    }

    /// What happened in one span, of the decisions at some places.
    async fn add_outcomes(
        &self,
        tenant: &TenantId,
        (start, end): (Day, Day),
        (as_of, version): (Position, u64),
        places: &[usize],
        followed: &mut [FollowedDecision],
    ) -> Result<(), Problem> {
        let period = Period {
            start: Some(start),
            end: Some(end),
        };
        let customer_of = |one: &FollowedDecision| one.stored.taken.decision.customer_id.clone();
        let customers = places.iter().map(|place| customer_of(&followed[*place]));
        let mut customers: Vec<PartyId> = customers.collect();
        customers.sort_unstable();
        customers.dedup();
        let statements = self
            .statements(tenant, Scope::all_of(period, as_of), version, &customers)
            .await?;
        let last_days = self.last_days(tenant, end, as_of, &customers).await?;
        for place in places {
            let one = &mut followed[*place];
            let (decision, forecast) = (&one.stored.taken.decision, &one.stored.taken.forecast);
            let customer = &decision.customer_id;
            one.outcome = Some(DecisionOutcome {
                span: (start, end),
                expected: forecast.over(start, end),
                statement: statements.get(customer).cloned().unwrap_or_default(),
                last_activity: last_days.get(customer).copied(),
                is_complete: end == decision.end(),
            });
        }
        Ok(())
    }

    /// The waterfalls of some customers, each as its statement tells it.
    async fn statements(
        &self,
        tenant: &TenantId,
        scope: Scope,
        version: u64,
        customers: &[PartyId],
    ) -> Result<BTreeMap<PartyId, Statement>, Problem> {
        let request = RankingRequest {
            scope,
            basis: Basis::NetProfit,
            direction: Direction::BestFirst,
            cost_model_version: Some(version),
        };
        let costs = self.costs(tenant, Some(version), &request.scope).await?;
        let rows = RowSelection::Customers(customers.to_vec());
        let mut question = question(&request, &costs, rows);
        question.beside.clear();
        let answer = self.store()?.rank(tenant, &question).await?;
        footing(&costs, &question.order, &answer.totals)?;
        let rows = answer.rows.into_iter().map(|row| {
            let statement = checked_statement(&row.sums, &costs, &row.shares)?;
            Ok((row.customer, statement))
        });
        rows.collect()
    }

    /// The last day of each customer with any activity, in the days before an end in which it has to have one.
    async fn last_days(
        &self,
        tenant: &TenantId,
        end: Day,
        as_of: Position,
        customers: &[PartyId],
    ) -> Result<BTreeMap<PartyId, Day>, Problem> {
        let period = Period {
            start: Some(Day(end.0.saturating_sub(THERE_DAYS))),
            end: Some(end),
        };
        let mut last = BTreeMap::new();
        for customers in customers.chunks(CUSTOMERS) {
            let question = CellsQuestion {
                scope: Scope::all_of(period, as_of),
                customers: customers.to_vec(),
                group: Group::Day,
            };
            // In the order of customers and days.
            for (customer, day) in self.store()?.cells(tenant, &question).await?.into_keys() {
                last.extend(Day::named(&day).map(|day| (customer, day)));
            }
        }
        Ok(last)
    }
}

impl FollowedDecision {
    fn check_range(&self) -> Result<(), Problem> {
        let outcome = self.outcome.as_ref();
        let expected = outcome.and_then(|outcome| outcome.expected);
        for expected in [self.of_horizon, expected].into_iter().flatten() {
            check_range("forecast.customer_margin", expected.margin)?;
            check_range("forecast.customer_margin_if_kept", expected.kept_margin)?;
        }
        outcome.map_or(Ok(()), |outcome| {
            check_range("outcome.comparable_margin", outcome.comparable())?;
            let over = outcome.over_forecast().unwrap_or(0);
            check_range("outcome.margin_over_forecast", over)
        })
    }
}

impl DecisionTotals {
    fn of(all: &[FollowedDecision]) -> Result<Self, Problem> {
        let mut totals = Self {
            decisions: all.len() as u64,
            ..Self::default()
        };
        let compared = all.iter().filter_map(|one| {
            let outcome = one.outcome.as_ref()?;
            Some((outcome, outcome.expected?))
        });
        for (outcome, expected) in compared {
            let over = outcome.comparable() - expected.margin;
            totals.compared += 1;
            totals.forecast += expected.margin;
            totals.kept += expected.kept_margin;
            totals.outcome += outcome.comparable();
            totals.better += u64::from(over > 0);
            totals.worse += u64::from(over < 0);
            totals.gone += u64::from(outcome.last_activity.is_none());
        }
        check_range("totals.forecast_margin", totals.forecast)?;
        check_range("totals.forecast_margin_if_kept", totals.kept)?;
        check_range("totals.outcome_margin", totals.outcome)?;
        check_range(
            "totals.margin_over_forecast",
            totals.outcome - totals.forecast,
        )?;
        Ok(totals)
    }
}
