//! Decisions about relationships, each stored with what was forecast when it was taken: what the simulation says as of
//! the position and by the cost model of the advice.

use super::{
    Service,
    activities::Written,
    simulation::{Simulated, SimulationRequest},
};
use crate::domain::{
    advice_decision::{AdviceDecision, DecisionForecast, TakenDecision},
    id::TenantId,
    ledger::{Position, WriteMode},
    money::{Micros, NANOS_PER_MICRO, Nanos},
    portfolio::remedy::Action,
    problem::{Problem, Reason},
    prospect_records::ProspectRecord,
    question::Scope,
    records::Record,
};

impl Service {
    /// Stores decisions, each with what the service forecasts of it. Items that were refused keep their place.
    pub async fn record_decisions(
        &self,
        tenant: &TenantId,
        decisions: Vec<Result<AdviceDecision, Problem>>,
        mode: WriteMode,
    ) -> Result<Written, Problem> {
        let written = self.store()?.watermark(tenant).await?;
        let mut records = Vec::with_capacity(decisions.len());
        for decision in decisions {
            let forecast = match &decision {
                Ok(decision) => self.forecast(tenant, decision, written).await,
                Err(problem) => Err(problem.clone()),
            };
            records.push(match (decision, forecast) {
                (Ok(decision), Ok(forecast)) => Ok(Record::Prospect(ProspectRecord::Decision(
                    Box::new(TakenDecision {
                        decision,
                        forecast,
                        is_erased: false,
                    }),
                ))),
                (Err(problem), _) => Err(problem),
                (_, Err(problem)) if is_about_the_item(problem.reason) => Err(problem),
                (_, Err(problem)) => return Err(problem),
            });
        }
        self.put(tenant, records, mode).await
    }

    /// What the simulation says of what was decided, as of when the advice was asked.
    async fn forecast(
        &self,
        tenant: &TenantId,
        decision: &AdviceDecision,
        written: Position,
    ) -> Result<DecisionForecast, Problem> {
        decision.check()?;
        let as_of = decision.advised_as_of;
        if as_of > written {
            let field = "advised_as_of";
            return Err(Problem::position_not_reached(field, as_of, written));
        }
        let request = SimulationRequest {
            scope: Scope::all_of(decision.period, as_of),
            cost_model_version: decision.cost_model_version,
            terms: decision.terms,
        };
        let simulation = self
            .simulate(tenant, &decision.customer_id, &request)
            .await?;
        let wanted = decision.action.simulated();
        let find = |action: Action| {
            let mut all = simulation.actions.iter();
            all.find(|one: &&Simulated| one.action == action)
                .map(|one| &one.outcome)
        };
        let mut forecast = DecisionForecast {
            cost_model_version: simulation.footing.cost_model_version,
            advised: simulation.advised,
            obstacle: None,
            expected_value: 0,
            over_keeping: 0,
            kept_margin: 0,
            stretches: Vec::new(),
        };
        let (Some(outcome), Some(Ok(kept))) = (find(wanted), find(Action::Keep)) else {
            // Every action is simulated, and keeping is always possible.
            return Ok(forecast);
        };
        match outcome {
            Err(obstacle) => forecast.obstacle = Some(*obstacle),
            Ok(outcome) => {
                let first = kept.own_months.first().copied().unwrap_or_default();
                forecast.expected_value = micros(outcome.expected.value)?;
                forecast.over_keeping = micros(outcome.over_keeping)?;
                forecast.kept_margin = micros(first.margin)?;
                forecast.stretches =
                    DecisionForecast::stretches_of(&outcome.own_months).ok_or_else(out_of_range)?;
            }
        }
        Ok(forecast)
    }
}

/// Whether only one decision is refused for this reason, and not the whole call.
fn is_about_the_item(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::CustomerNotFound
            | Reason::CostModelNotFound
            | Reason::PositionNotReached
            | Reason::FieldInvalid
            | Reason::SumOutOfRange
    )
}

fn micros(amount: Nanos) -> Result<Micros, Problem> {
    Micros::try_from(amount / NANOS_PER_MICRO).map_err(|_| out_of_range())
}

fn out_of_range() -> Problem {
    let message = "what is forecast is too large for an amount of money".to_owned();
    let variables = [("figure", "forecast".to_owned())];
    Problem::new(Reason::SumOutOfRange, "", message, variables)
}
