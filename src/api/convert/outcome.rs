//! Outcomes of prospects.

use super::{
    common::{
        Path, amount_from_pb, enum_from_pb, instant_to_pb, money_to_pb, optional_amount,
        position_to_pb, required_enum,
    },
    exchange_rate::{day_from_pb, day_to_pb},
    prospect::decision_to_pb,
};
use crate::{
    api::pb,
    domain::{
        id::{OpportunityId, PartyId},
        model::decision::Decision,
        money::{Currency, to_nanos},
        problem::Problem,
        prospect_outcome::{OutcomeStatus, ProspectOutcome, StoredOutcome},
        prospect_records::ProspectRecord,
        records::Record,
    },
};

const STATUSES: &[OutcomeStatus] = &[OutcomeStatus::Won, OutcomeStatus::Lost, OutcomeStatus::Open];
const DECISIONS: &[Decision] = &[
    Decision::Pursue,
    Decision::Nurture,
    Decision::Decline,
    Decision::Review,
];

/// The outcomes of a batch, each converted or refused on its own.
pub fn outcomes_from_pb(
    outcomes: Vec<pb::ProspectOutcome>,
    currency: Currency,
) -> Vec<Result<Record, Problem>> {
    let each = outcomes.iter().enumerate();
    each.map(|(index, outcome)| {
        let path = Path::Item("outcomes", index);
        let outcome = outcome_from_pb(outcome, currency, &path)?;
        Ok(Record::Prospect(ProspectRecord::Outcome(outcome)))
    })
    .collect()
}

fn outcome_from_pb(
    outcome: &pb::ProspectOutcome,
    currency: Currency,
    path: &Path<'_>,
) -> Result<ProspectOutcome, Problem> {
    let at = |name| path.at(name);
    let day = |date: &Option<_>, name| {
        let date = date.as_ref();
        date.map(|date| day_from_pb(date, at(name))).transpose()
    };
    let brought = outcome.brought.as_ref();
    let cost = outcome.acquisition_cost.as_ref();
    Ok(ProspectOutcome {
        opportunity_id: OpportunityId::parse(&outcome.opportunity_id, at("opportunity_id"))?,
        party_id: PartyId::parse(&outcome.party_id, at("party_id"))?,
        status: required_enum(outcome.status, STATUSES, status_to_pb, at("status"))?,
        decided_on: day(&outcome.decided_on, "decided_on")?,
        pursued_on: day(&outcome.pursued_on, "pursued_on")?,
        brought: brought
            .map(|amount| amount_from_pb(amount, currency, at("brought")))
            .transpose()?,
        acquisition_cost: optional_amount(cost, currency, at("acquisition_cost"))?,
        advice: enum_from_pb(outcome.advice, DECISIONS, decision_to_pb, at("advice"))?,
    })
}

/// How an attempt ended, if that is asked for.
pub fn status_from_pb(status: i32) -> Result<Option<OutcomeStatus>, Problem> {
    enum_from_pb(status, STATUSES, status_to_pb, "status")
}

// === to_pb ===

fn status_to_pb(status: OutcomeStatus) -> pb::OutcomeStatus {
    match status {
        OutcomeStatus::Won => pb::OutcomeStatus::Won,
        OutcomeStatus::Lost => pb::OutcomeStatus::Lost,
        OutcomeStatus::Open => pb::OutcomeStatus::Open,
    }
}

/// An outcome with its place.
pub fn stored_outcome_to_pb(stored: &StoredOutcome, currency: Currency) -> pb::StoredOutcome {
    let outcome = &stored.outcome;
    let money = |amount: Option<_>| amount.map(|amount| money_to_pb(to_nanos(amount), currency));
    pb::StoredOutcome {
        outcome: Some(pb::ProspectOutcome {
            opportunity_id: outcome.opportunity_id.to_string(),
            party_id: outcome.party_id.to_string(),
            status: status_to_pb(outcome.status) as i32,
            decided_on: outcome.decided_on.and_then(day_to_pb),
            pursued_on: outcome.pursued_on.and_then(day_to_pb),
            brought: money(outcome.brought),
            acquisition_cost: money(outcome.acquisition_cost),
            advice: outcome
                .advice
                .map_or(0, |advice| decision_to_pb(advice) as i32),
        }),
        position: Some(position_to_pb(stored.position)),
        record_time: Some(instant_to_pb(stored.record_time)),
    }
}
