//! One open stream of activities: chunks are read and converted while those before them are being written, and each is
//! answered after it is durable, in order.

use super::{
    access::tenant_from_pb,
    convert::{
        activity::entries_from_wire,
        common::{OutcomePb, Path, check_batch, outcome_to_pb, position_to_pb},
    },
    pb,
    wire::{activity::ActivityChunk, malformed},
};
use crate::{
    domain::{
        id::TenantId,
        ledger::{Outcome, Position, WriteMode},
        problem::{Problem, Reason},
    },
    service::{Service, activities::Written},
};
use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
};
use tokio::sync::{mpsc, watch};
use tokio_stream::StreamExt as _;
use tonic::{Status, Streaming};

/// How many chunks of a stream may be on their way: enough that some are read while others are written with one sync,
/// and few enough that what waits in memory is small.
const CHUNKS_IN_FLIGHT: usize = 8;

type Answer = Result<pb::StreamActivitiesResponse, Status>;

/// One open stream.
pub struct StreamSession {
    /// The use cases.
    pub service: Arc<Service>,
    /// Turns true when the service stops.
    pub stopping: watch::Receiver<bool>,
    tenant: Option<TenantId>,
    sequence: i64,
    visible: Position,
}

/// A chunk that was read: what is written, and what becomes of it.
type Writing = Pin<Box<dyn Future<Output = Result<Written, Problem>> + Send>>;

enum Slot {
    /// The chunk with this number is being written.
    Writing(i64, Writing),
    /// This one was written, or was not.
    Written(i64, Result<Written, Problem>),
    /// The last word of the stream.
    End(Status),
}

/// Chunks on their way, the oldest first.
#[derive(Default)]
struct Pending(VecDeque<Slot>);

impl Pending {
    /// Ends when something was written. All are asked each time, the oldest first, so that chunks reach the store in
    /// their order and none waits for an older one to be answered.
    async fn progress(&mut self) {
        poll_fn(|context| {
            let mut any = Poll::Pending;
            for slot in &mut self.0 {
                if let Slot::Writing(sequence, writing) = slot
                    && let Poll::Ready(written) = writing.as_mut().poll(context)
                {
                    *slot = Slot::Written(*sequence, written);
                    any = Poll::Ready(());
                }
            }
            any
        })
        .await;
    }

    fn has_answer(&self) -> bool {
        matches!(self.0.front(), Some(Slot::Written(..) | Slot::End(_)))
    }
}

/// Ends when the service stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

impl StreamSession {
    /// A stream of which nothing was read yet.
    pub fn new(service: Arc<Service>, stopping: watch::Receiver<bool>) -> Self {
        Self {
            service,
            stopping,
            tenant: None,
            sequence: 0,
            visible: 0,
        }
    }

    /// Reads chunks and answers them until either side ends.
    pub async fn run(
        mut self,
        mut chunks: Streaming<ActivityChunk>,
        answers: mpsc::Sender<Answer>,
    ) {
        let mut pending = Pending::default();
        let mut is_reading = true;
        while is_reading || !pending.0.is_empty() {
            let has_room = is_reading && pending.0.len() < CHUNKS_IN_FLIGHT;
            tokio::select! {
                biased;
                () = pending.progress() => {}
                room = answers.reserve(), if pending.has_answer() => {
                    // A reader that went away ends the stream too.
                    let (Ok(room), Some(slot)) = (room, pending.0.pop_front()) else { return };
                    let answer = self.answer(slot);
                    let ended = answer.is_err();
                    room.send(answer);
                    if ended {
                        return;
                    }
                }
                () = stopped(&mut self.stopping), if is_reading => {
                    let message = "the service is stopping".to_owned();
                    let problem = Problem::new(Reason::Stopping, "", message, []);
                    pending.0.push_back(Slot::End(problem.into()));
                    is_reading = false;
                }
                chunk = chunks.next(), if has_room => {
                    let slot = chunk.map(|chunk| chunk.and_then(|chunk| self.begin(&chunk)));
                    is_reading = matches!(slot, Some(Ok(_)));
                    pending.0.extend(slot.map(|slot| slot.unwrap_or_else(Slot::End)));
                }
            }
        }
    }

    /// Converts a chunk and begins to write it.
    fn begin(&mut self, chunk: &ActivityChunk) -> Result<Slot, Status> {
        let chunk = chunk.view().map_err(malformed)?;
        let currency = self.service.settings().currency;
        let entries = entries_from_wire(&chunk.activities, currency).map_err(malformed)?;
        let tenant = self.tenant(chunk.tenant_id)?;
        let expected = self.sequence + 1;
        if chunk.sequence != expected {
            let actual = chunk.sequence;
            let message = format!("sequence is {actual}, the next chunk is {expected}");
            let variables = [
                ("expected", expected.to_string()),
                ("actual", actual.to_string()),
            ];
            let reason = Reason::SequenceOutOfOrder;
            return Err(Problem::new(reason, "sequence", message, variables).into());
        }
        check_batch(chunk.activities.count, "activities")?;
        self.sequence = expected;
        let service = Arc::clone(&self.service);
        let writing = async move { service.submit(&tenant, entries, WriteMode::Keep).await };
        Ok(Slot::Writing(expected, Box::pin(writing)))
    }

    fn answer(&mut self, slot: Slot) -> Answer {
        let (sequence, written) = match slot {
            Slot::Written(sequence, written) => (sequence, written?),
            Slot::End(status) => return Err(status),
            Slot::Writing(..) => return Err(Status::internal("answered before it was written")),
        };
        // Later chunks may be there already: a chunk is told its own position, and those before it are not after it.
        let position = |outcome: &Outcome| match outcome {
            Outcome::Posted(position) | Outcome::Duplicate(position) => Some(*position),
            Outcome::Rejected(_) => None,
        };
        let last = written.outcomes.iter().filter_map(position).max();
        let last = last.or(written.written_at).unwrap_or_default();
        self.visible = self.visible.max(last);
        let mut answer = pb::StreamActivitiesResponse {
            sequence,
            written_at: Some(position_to_pb(self.visible)),
            ..Default::default()
        };
        for (index, outcome) in written.outcomes.into_iter().enumerate() {
            match outcome_to_pb(outcome, WriteMode::Keep, Path::Item("activities", index)) {
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
                let tenant = tenant_from_pb(given)?;
                self.tenant = Some(tenant.clone());
                Ok(tenant)
            }
        }
    }
}
