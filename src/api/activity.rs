//! `ActivityService`.

use super::{
    convert::{
        activity::{entries_from_pb, reversals_from_pb},
        common::{
            OutcomePb, check_batch, interval_from_pb, item, outcome_to_pb, outcomes_to_pb,
            position_to_pb, write_mode,
        },
        ledger::ledger_entry_to_pb,
    },
    paging::Page,
    pb::{self, activity_result::Outcome as ResultPb},
};
use crate::{
    domain::{
        id::{PartyId, TenantId},
        ledger::{LedgerQuestion, WriteMode},
        problem::{Problem, Reason},
        time::check_order,
    },
    service::{Service, activities::Written},
};
use std::{pin::Pin, sync::Arc};
use tokio::sync::{mpsc, watch};
use tokio_stream::{Stream, StreamExt as _, wrappers::ReceiverStream};
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

fn results_to_pb(written: Written, mode: WriteMode, list: &str) -> Vec<pb::ActivityResult> {
    let outcomes = outcomes_to_pb(written.outcomes, mode, list);
    outcomes.into_iter().map(result_to_pb).collect()
}

#[tonic::async_trait]
impl pb::activity_service_server::ActivityService for ActivityHandlers {
    type StreamActivitiesStream =
        Pin<Box<dyn Stream<Item = Result<pb::StreamActivitiesResponse, Status>> + Send>>;

    async fn submit_activities(
        &self,
        request: Request<pb::SubmitActivitiesRequest>,
    ) -> Result<Response<pb::SubmitActivitiesResponse>, Status> {
        let request = request.into_inner();
        let tenant = TenantId::parse_or_default(&request.tenant_id, "tenant_id")?;
        check_batch(request.activities.len(), "activities")?;
        let entries = entries_from_pb(request.activities, self.service.settings().currency);
        let mode = write_mode(request.validate_only);
        let written = self.service.append(&tenant, entries, mode).await?;
        Ok(Response::new(pb::SubmitActivitiesResponse {
            written_at: written.written_at.map(position_to_pb),
            results: results_to_pb(written, mode, "activities"),
        }))
    }

    async fn stream_activities(
        &self,
        request: Request<Streaming<pb::StreamActivitiesRequest>>,
    ) -> Result<Response<Self::StreamActivitiesStream>, Status> {
        self.service.store()?;
        let (answers, waiting) = mpsc::channel(WAITING_ANSWERS);
        let session = StreamSession {
            service: Arc::clone(&self.service),
            stopping: self.stopping.clone(),
            tenant: None,
            sequence: 0,
        };
        tokio::spawn(session.run(request.into_inner(), answers));
        Ok(Response::new(Box::pin(ReceiverStream::new(waiting))))
    }

    async fn reverse_activities(
        &self,
        request: Request<pb::ReverseActivitiesRequest>,
    ) -> Result<Response<pb::ReverseActivitiesResponse>, Status> {
        let request = request.into_inner();
        let tenant = TenantId::parse_or_default(&request.tenant_id, "tenant_id")?;
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
        let tenant = TenantId::parse_or_default(&request.tenant_id, "tenant_id")?;
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

/// One open stream: chunks are taken one after the other, and each is answered after it is durable.
struct StreamSession {
    service: Arc<Service>,
    stopping: watch::Receiver<bool>,
    tenant: Option<TenantId>,
    sequence: i64,
}

/// Ends when the service stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

type Answers = mpsc::Sender<Result<pb::StreamActivitiesResponse, Status>>;

impl StreamSession {
    async fn run(mut self, mut chunks: Streaming<pb::StreamActivitiesRequest>, answers: Answers) {
        loop {
            let chunk = tokio::select! {
                biased;
                () = stopped(&mut self.stopping) => {
                    let message = "the service is stopping".to_owned();
                    let problem = Problem::new(Reason::Stopping, "", message, []);
                    let _ = answers.send(Err(problem.into())).await;
                    return;
                }
                chunk = chunks.next() => chunk,
            };
            let answer = match chunk {
                None => return,
                Some(Err(status)) => Err(status),
                Some(Ok(chunk)) => self.chunk(chunk).await.map_err(Status::from),
            };
            let ended = answer.is_err();
            // A reader that went away ends the stream too.
            if answers.send(answer).await.is_err() || ended {
                return;
            }
        }
    }

    async fn chunk(
        &mut self,
        chunk: pb::StreamActivitiesRequest,
    ) -> Result<pb::StreamActivitiesResponse, Problem> {
        let tenant = self.tenant(&chunk.tenant_id)?;
        let expected = self.sequence + 1;
        if chunk.sequence != expected {
            let actual = chunk.sequence;
            let message = format!("sequence is {actual}, the next chunk is {expected}");
            let variables = [
                ("expected", expected.to_string()),
                ("actual", actual.to_string()),
            ];
            return Err(Problem::new(
                Reason::SequenceOutOfOrder,
                "sequence",
                message,
                variables,
            ));
        }
        check_batch(chunk.activities.len(), "activities")?;
        let entries = entries_from_pb(chunk.activities, self.service.settings().currency);
        let written = self
            .service
            .append(&tenant, entries, WriteMode::Keep)
            .await?;
        self.sequence = expected;
        let mut answer = pb::StreamActivitiesResponse {
            sequence: expected,
            written_at: written.written_at.map(position_to_pb),
            ..Default::default()
        };
        for (index, outcome) in written.outcomes.into_iter().enumerate() {
            match outcome_to_pb(outcome, WriteMode::Keep, &item("activities", index)) {
                OutcomePb::Posted(_) => answer.posted_count += 1,
                OutcomePb::Duplicate(_) => answer.duplicate_count += 1,
                OutcomePb::Rejection(rejection) => answer.rejections.push(pb::ChunkRejection {
                    index: i32::try_from(index).unwrap_or(i32::MAX),
                    rejection: Some(rejection),
                }),
            }
        }
        Ok(answer)
    }

    /// The tenant of the first chunk; later ones may leave it empty or repeat it.
    fn tenant(&mut self, given: &str) -> Result<TenantId, Problem> {
        match &self.tenant {
            Some(tenant) if given.is_empty() || tenant.as_str() == given => Ok(tenant.clone()),
            Some(_) => Err(Problem::field_invalid(
                "tenant_id",
                "differs from the first chunk's",
            )),
            None => {
                let tenant = TenantId::parse_or_default(given, "tenant_id")?;
                self.tenant = Some(tenant.clone());
                Ok(tenant)
            }
        }
    }
}
