//! Evaluates each standing question in one task, for as long as anybody reads it, and keeps its newest answer.

use super::{
    Standing, WatchLimits,
    seats::{Seats, too_many},
    watcher::Watcher,
};
use crate::{
    domain::{ledger::Position, problem::Problem},
    service::Service,
    telemetry::metrics::METRICS,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// How much longer than it took to evaluate a question it is left alone afterwards.
const REST: u32 = 3;

/// What a question came to.
pub struct Evaluation<Q: Standing> {
    /// As of which position.
    pub position: Position,
    /// What it came to.
    pub state: Arc<Q::State>,
    /// What is different from the evaluation before, and its position.
    pub step: Option<(Position, Arc<Vec<Q::Change>>)>,
}

/// The newest evaluation, or why there is none any more; nothing before the first.
pub type Latest<Q> = Option<Result<Arc<Evaluation<Q>>, Problem>>;

type Line<Q> = watch::Sender<Latest<Q>>;

/// The standing questions of one kind.
pub struct Board<Q: Standing> {
    service: Arc<Service>,
    limits: WatchLimits,
    seats: Arc<Seats>,
    lines: Mutex<HashMap<Q, Weak<Line<Q>>>>,
}

impl<Q: Standing> Board<Q> {
    /// Nothing is watched yet.
    pub fn new(service: &Arc<Service>, seats: &Arc<Seats>, limits: WatchLimits) -> Arc<Self> {
        Arc::new(Self {
            service: Arc::clone(service),
            limits,
            seats: Arc::clone(seats),
            lines: Mutex::default(),
        })
    }

    /// A new reader: from the newest state on, which is at least as new as a position, or from one that it has.
    pub fn watch(
        self: &Arc<Self>,
        question: Q,
        at_least: Position,
        resume_after: Option<Position>,
    ) -> Result<Watcher<Q>, Problem> {
        let seat = self.seats.take(question.tenant())?;
        let line = self.subscribe(&question)?;
        let service = Arc::clone(&self.service);
        let progress = self.limits.progress;
        Ok(Watcher::new(
            service,
            question,
            line,
            (at_least, resume_after),
            progress,
            seat,
        ))
    }

    fn subscribe(self: &Arc<Self>, question: &Q) -> Result<watch::Receiver<Latest<Q>>, Problem> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(question).and_then(Weak::upgrade) {
            return Ok(line.subscribe());
        }
        if lines.len() >= self.limits.questions {
            let limit = self.limits.questions;
            return Err(too_many("different standing questions", limit));
        }
        let (sender, receiver) = watch::channel(None);
        let sender = Arc::new(sender);
        lines.insert(question.clone(), Arc::downgrade(&sender));
        let evaluator = Evaluator {
            board: Arc::clone(self),
            question: question.clone(),
            sender,
            last: None,
            memory: Q::Memory::default(),
        };
        tokio::spawn(evaluator.run());
        Ok(receiver)
    }

    /// Takes a line down if nobody reads it.
    fn leave(&self, question: &Q, sender: &Line<Q>) -> bool {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let is_unread = sender.receiver_count() == 0;
        if is_unread {
            lines.remove(question);
        }
        is_unread
    }
}

/// Evaluates one question.
struct Evaluator<Q: Standing> {
    board: Arc<Board<Q>>,
    question: Q,
    sender: Arc<Line<Q>>,
    last: Option<Arc<Evaluation<Q>>>,
    memory: Q::Memory,
}

impl<Q: Standing> Evaluator<Q> {
    async fn run(mut self) {
        let sender = Arc::clone(&self.sender);
        loop {
            let evaluated = tokio::select! {
                evaluated = self.next() => Some(evaluated),
                () = sender.closed() => None,
            };
            let pause = match evaluated {
                Some(Ok((evaluation, took))) => {
                    self.last = Some(Arc::clone(&evaluation));
                    sender.send_replace(Some(Ok(evaluation)));
                    self.board
                        .limits
                        .interval
                        .saturating_sub(took)
                        .max(took * REST)
                }
                Some(Err(problem)) => {
                    // Who comes later begins anew.
                    let lines = self.board.lines.lock();
                    lines
                        .unwrap_or_else(PoisonError::into_inner)
                        .remove(&self.question);
                    sender.send_replace(Some(Err(problem)));
                    return;
                }
                None => Duration::ZERO,
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = sender.closed() => {}
            }
            if self.board.leave(&self.question, &sender) {
                return;
            }
        }
    }

    /// The next evaluation, once there is anything new, and how long it took.
    async fn next(&mut self) -> Result<(Arc<Evaluation<Q>>, Duration), Problem> {
        let service = Arc::clone(&self.board.service);
        let (tenant, store) = (self.question.tenant(), service.store()?);
        let position = match &self.last {
            Some(last) => store.advanced(tenant, last.position).await?,
            None => store.watermark(tenant).await?,
        };
        let begin = Instant::now();
        let state = self
            .question
            .state(&service, position, &mut self.memory)
            .await?;
        let step = match &self.last {
            None => None,
            Some(last) => {
                let before = (last.position, &*last.state);
                let changes = self
                    .question
                    .changes(&service, before, (position, &state))
                    .await?;
                Some((last.position, Arc::new(changes)))
            }
        };
        let took = begin.elapsed();
        METRICS.evaluations.record(took);
        let evaluation = Evaluation {
            position,
            state: Arc::new(state),
            step,
        };
        Ok((Arc::new(evaluation), took))
    }
}
