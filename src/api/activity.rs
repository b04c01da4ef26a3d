//! `ActivityService`.

use super::{
    access::{carry, tenant_from_pb},
    activity_server::ActivityService,
    activity_stream::StreamSession,
    convert::{
        activity::{entries_from_wire, reversals_from_pb},
        common::{
            OutcomePb, check_batch, interval_from_pb, outcomes_to_pb, position_to_pb, write_mode,
        },
        ledger::ledger_entry_to_pb,
    },
    paging::Page,
    pb::{self, activity_result::Outcome as ResultPb},
    wire::{
        activity::{ActivityChunk, SubmitActivities},
        malformed,
    },
};
use crate::{
    domain::{
        id::PartyId,
        ledger::{LedgerQuestion, WriteMode},
        time::check_order,
    },
    service::{Service, activities::Written},
};
use std::{pin::Pin, sync::Arc};
use tokio::sync::{mpsc, watch};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};

/// How many answers may wait for a reader before its stream is not read on.
const WAITING_ANSWERS: usize = 4;

/// The handlers.
#[derive(Clone)]
pub struct ActivityHandlers {
    /// The use cases.
    pub service: Arc<Service>,
    /// Turns true when the service stops: open streams then end after the chunk in hand.
    pub stopping: watch::Receiver<bool>,
}

fn result_to_pb(outcome: OutcomePb) -> pb::ActivityResult {
    let outcome = match outcome {
        OutcomePb::Posted(posted) => ResultPb::Posted(posted),
        OutcomePb::Duplicate(duplicate) => ResultPb::Duplicate(duplicate),
        OutcomePb::Rejection(rejection) => ResultPb::Rejection(rejection),
    };
    pb::ActivityResult {
        outcome: Some(outcome),
    }
}

fn results_to_pb(written: Written, mode: WriteMode, list: &'static str) -> Vec<pb::ActivityResult> {
    let outcomes = outcomes_to_pb(written.outcomes, mode, list);
    outcomes.into_iter().map(result_to_pb).collect()
}

#[tonic::async_trait]
impl ActivityService for ActivityHandlers {
    type StreamActivitiesStream =
        Pin<Box<dyn Stream<Item = Result<pb::StreamActivitiesResponse, Status>> + Send>>;

    async fn submit_activities(
        &self,
        request: Request<SubmitActivities>,
    ) -> Result<Response<pb::SubmitActivitiesResponse>, Status> {
        let request = request.into_inner();
        let request = request.view().map_err(malformed)?;
        let currency = self.service.settings().currency;
        let entries = entries_from_wire(&request.activities, currency).map_err(malformed)?;
        let tenant = tenant_from_pb(request.tenant_id)?;
        check_batch(request.activities.count, "activities")?;
        let mode = write_mode(request.validate_only);
        let written = self.service.submit(&tenant, entries, mode).await?;
        Ok(Response::new(pb::SubmitActivitiesResponse {
            written_at: written.written_at.map(position_to_pb),
            results: results_to_pb(written, mode, "activities"),
        }))
    }

    async fn stream_activities(
        &self,
        request: Request<Streaming<ActivityChunk>>,
    ) -> Result<Response<Self::StreamActivitiesStream>, Status> {
        self.service.store()?;
        let (answers, waiting) = mpsc::channel(WAITING_ANSWERS);
        let session = StreamSession::new(Arc::clone(&self.service), self.stopping.clone());
        tokio::spawn(carry(session.run(request.into_inner(), answers)));
        Ok(Response::new(Box::pin(ReceiverStream::new(waiting))))
    }

    async fn reverse_activities(
        &self,
        request: Request<pb::ReverseActivitiesRequest>,
    ) -> Result<Response<pb::ReverseActivitiesResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        check_batch(request.reversals.len(), "reversals")?;
        let mode = write_mode(request.validate_only);
        let entries = reversals_from_pb(request.reversals);
        let written = self.service.append(&tenant, entries, mode).await?;
        Ok(Response::new(pb::ReverseActivitiesResponse {
            written_at: written.written_at.map(position_to_pb),
            results: results_to_pb(written, mode, "reversals"),
        }))
    }

    async fn list_activities(
        &self,
        request: Request<pb::ListActivitiesRequest>,
    ) -> Result<Response<pb::ListActivitiesResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let customer = match request.customer_id.as_str() {
            "" => None,
            id => Some(PartyId::parse(id, "customer_id")?),
        };
        let (start, end) = interval_from_pb(request.period.as_ref(), "period")?;
        check_order(start, end, "period")?;
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let question = LedgerQuestion {
            customer,
            start,
            end,
            after: page.place()?,
            as_of: page.as_of,
            limit: page.size + 1,
        };
        let mut entries = self.service.entries(&tenant, &question).await?;
        let next_page_token = page.cut(&mut entries, |page, last| page.next_at(last.position));
        let currency = self.service.settings().currency;
        Ok(Response::new(pb::ListActivitiesResponse {
            entries: entries
                .into_iter()
                .map(|e| ledger_entry_to_pb(e, currency))
                .collect(),
            next_page_token,
            read_at: Some(position_to_pb(page.as_of)),
        }))
    }
}
