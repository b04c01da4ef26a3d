//! What was decided about relationships, and what became of it.

use super::{
    access::tenant_from_pb,
    convert::{
        common::{
            OutcomePb, check_batch, outcomes_to_pb, period_from_pb, position_to_pb, write_mode,
        },
        decision::{decided_from_pb, decisions_from_pb, followed_to_pb, totals_to_pb},
        exchange_rate::{day_from_pb, day_to_pb},
    },
    paging::Page,
    pb::{self, decision_result::Outcome as ResultPb},
};
use crate::{
    domain::{
        advice_decision::DecisionQuestion,
        id::{DecisionId, PartyId},
        problem::Problem,
    },
    service::{Service, decision_outcomes::FollowRequest},
};

/// Stores decisions.
pub async fn record(
    service: &Service,
    request: pb::RecordDecisionsRequest,
) -> Result<pb::RecordDecisionsResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    check_batch(request.decisions.len(), "decisions")?;
    let mode = write_mode(request.validate_only);
    let decisions = decisions_from_pb(&request.decisions, service.settings());
    let written = service.record_decisions(&tenant, decisions, mode).await?;
    let outcomes = outcomes_to_pb(written.outcomes, mode, "decisions");
    let results = outcomes.into_iter().map(|outcome| {
        let outcome = match outcome {
            OutcomePb::Posted(posted) => ResultPb::Stored(posted),
            OutcomePb::Duplicate(duplicate) => ResultPb::Unchanged(duplicate),
            OutcomePb::Rejection(rejection) => ResultPb::Rejection(rejection),
        };
        pb::DecisionResult {
            outcome: Some(outcome),
        }
    });
    Ok(pb::RecordDecisionsResponse {
        results: results.collect(),
        written_at: written.written_at.map(position_to_pb),
    })
}

/// Lists decisions with what became of them.
pub async fn list(
    service: &Service,
    mut request: pb::ListDecisionsRequest,
) -> Result<pb::ListDecisionsResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let customer = match request.customer_id.as_str() {
        "" => None,
        id => Some(PartyId::parse(id, "customer_id")?),
    };
    let action = decided_from_pb(request.action)?;
    let settings = service.settings();
    let decided = period_from_pb(request.decided.as_ref(), settings, "decided")?;
    let until = request.until.as_ref();
    let until = until.map(|day| day_from_pb(day, "until")).transpose()?;
    let page = Page::of(service, &tenant, &mut request).await?;
    let after = page.id()?;
    let asked = FollowRequest {
        question: DecisionQuestion {
            customer,
            action,
            decided,
            after: after
                .map(|id| DecisionId::parse(id, "page_token"))
                .transpose()?,
            as_of: page.as_of,
            limit: page.size + 1,
        },
        until,
    };
    let mut answer = service.follow_decisions(&tenant, &asked).await?;
    let next_page_token = page.cut(&mut answer.decisions, |page, last| {
        page.next_after(last.stored.taken.decision.decision_id.as_str())
    });
    let decisions = answer.decisions.iter();
    let totals = answer.totals.as_ref();
    Ok(pb::ListDecisionsResponse {
        decisions: decisions.map(|one| followed_to_pb(one, settings)).collect(),
        next_page_token,
        totals: totals.map(|totals| totals_to_pb(totals, settings.currency)),
        until: answer.until.and_then(day_to_pb),
        read_at: Some(position_to_pb(page.as_of)),
    })
}
