//! Activities over the bidirectional stream: a few chunks are on their way at a time, each is answered once it is
//! durable, and after a break those without an answer are sent again.

use super::{
    chunks::{Chunk, Chunks, Maker},
    report::{Report, field_of_item},
    retry::{Patience, wait},
};
use crate::{
    api::pb::{Activity, StreamActivitiesRequest, StreamActivitiesResponse},
    cli::{connection::Connection, errors::Failure, output::note},
};
use std::collections::VecDeque;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

/// How many chunks may be without an answer.
const WINDOW: usize = 4;

/// What is on its way.
struct Flight<'a, M> {
    maker: &'a M,
    report: &'a mut Report,
    /// Chunks without an answer, the oldest first.
    unanswered: VecDeque<Chunk<Activity>>,
    /// Whether all chunks were taken from the reader.
    is_read: bool,
}

/// Sends all chunks. Every answer is counted once; what an unanswered chunk had posted before a break comes back as
/// duplicate when it is sent again.
pub async fn send<M: Maker<Item = Activity>>(
    connection: &Connection,
    maker: &M,
    mut chunks: Chunks<Activity>,
    report: &mut Report,
    mut patience: Patience,
) -> Result<(), Failure> {
    let mut flight = Flight {
        maker,
        report,
        unanswered: VecDeque::new(),
        is_read: false,
    };
    loop {
        let answered = flight.report.tally.position;
        let failure = match flight.one_stream(connection, &mut chunks).await {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        if flight.report.tally.position > answered {
            patience.renew();
        }
        let is_transient = failure.is_transient();
        if !is_transient || !wait(&mut patience, &failure, flight.report).await {
            let durable = flight.report.tally.position;
            if is_transient || durable > 0 {
                flight
                    .report
                    .progress
                    .suspend(|| note(&go_on_text(durable)));
            }
            return Err(failure);
        }
        flight.report.tally.resent_chunks += flight.unanswered.len() as u64;
    }
}

/// What to do after an import that was broken off.
fn go_on_text(durable: i64) -> String {
    format!(
        "everything up to position {durable} is durable; run the same command again: what is there already is \
         recognised by its id"
    )
}

impl<M: Maker<Item = Activity>> Flight<'_, M> {
    /// Sends on one stream until everything is answered.
    async fn one_stream(
        &mut self,
        connection: &Connection,
        chunks: &mut Chunks<Activity>,
    ) -> Result<(), Failure> {
        let (sender, receiver) = mpsc::channel(WINDOW);
        let mut sequence = 0;
        for chunk in &self.unanswered {
            send_chunk(&sender, connection, &mut sequence, chunk).await;
        }
        // The first chunk must be on its way before the service answers at all.
        if self.unanswered.is_empty()
            && !self
                .take(chunks, &sender, connection, &mut sequence)
                .await?
        {
            return Ok(());
        }
        let requests = connection.patient_request(ReceiverStream::new(receiver));
        let mut answers = connection
            .activities()
            .stream_activities(requests)
            .await?
            .into_inner();
        let mut answered = 0;
        loop {
            if self.unanswered.is_empty() && self.is_read {
                return Ok(());
            }
            let may_take = !self.is_read && self.unanswered.len() < WINDOW;
            tokio::select! {
                answer = next(&mut answers) => {
                    answered += 1;
                    self.settle(&answer?, answered)?;
                }
                taken = self.take_one(chunks), if may_take => {
                    if let Some(chunk) = taken? {
                        send_chunk(&sender, connection, &mut sequence, &chunk).await;
                        self.unanswered.push_back(chunk);
                    }
                }
            }
        }
    }

    /// Takes one chunk and sends it; says whether there was one.
    async fn take(
        &mut self,
        chunks: &mut Chunks<Activity>,
        sender: &mpsc::Sender<StreamActivitiesRequest>,
        connection: &Connection,
        sequence: &mut i64,
    ) -> Result<bool, Failure> {
        while !self.is_read {
            if let Some(chunk) = self.take_one(chunks).await? {
                send_chunk(sender, connection, sequence, &chunk).await;
                self.unanswered.push_back(chunk);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next chunk with anything to send, its unfit rows told.
    async fn take_one(
        &mut self,
        chunks: &mut Chunks<Activity>,
    ) -> Result<Option<Chunk<Activity>>, Failure> {
        let Some(chunk) = chunks.recv().await else {
            self.is_read = true;
            return Ok(None);
        };
        let chunk = chunk?;
        for (line, problem) in &chunk.problems {
            let columns = self.maker.columns_of(&problem.field, None);
            self.report.unfit(*line, problem, &columns);
        }
        Ok(Some(chunk).filter(|chunk| !chunk.items.is_empty()))
    }

    /// Counts the answer to the oldest chunk.
    fn settle(&mut self, answer: &StreamActivitiesResponse, expected: i64) -> Result<(), Failure> {
        let chunk = self
            .unanswered
            .pop_front()
            .filter(|_| answer.sequence == expected);
        let chunk = chunk.ok_or_else(|| {
            let sequence = answer.sequence;
            anyhow::anyhow!("the service answered chunk {sequence} instead of {expected}")
        })?;
        let tally = &mut self.report.tally;
        tally.taken += u64::try_from(answer.posted_count).unwrap_or(0);
        tally.already += u64::try_from(answer.duplicate_count).unwrap_or(0);
        tally.position = answer.written_at.map_or(tally.position, |at| at.position);
        for one in &answer.rejections {
            let place = usize::try_from(one.index).unwrap_or(usize::MAX);
            let rejection = one.rejection.clone().unwrap_or_default();
            let line = chunk.lines.get(place).copied().unwrap_or(0);
            let field = field_of_item(&rejection.field);
            let columns = self.maker.columns_of(field, chunk.items.get(place));
            self.report.refused(line, field, &columns, &rejection);
        }
        self.report.tick();
        Ok(())
    }
}

/// Puts a chunk on its way. If the stream is gone, its end is told by the answers.
async fn send_chunk(
    sender: &mpsc::Sender<StreamActivitiesRequest>,
    connection: &Connection,
    sequence: &mut i64,
    chunk: &Chunk<Activity>,
) {
    *sequence += 1;
    let request = StreamActivitiesRequest {
        tenant_id: connection.tenant(),
        sequence: *sequence,
        activities: chunk.items.clone(),
    };
    let _ = sender.send(request).await;
}

async fn next(
    answers: &mut Streaming<StreamActivitiesResponse>,
) -> Result<StreamActivitiesResponse, Failure> {
    let ended = || Failure::Unreachable("the service ended the stream before its time".to_owned());
    answers.message().await?.ok_or_else(ended)
}
