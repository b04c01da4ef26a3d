//! The one thread that writes: all requests that wait become one group, and while none waits the engine is tended.

use super::{
    engine::{Answer, Asked, Engine, Request},
    prepared::Prepared,
};
use crate::domain::problem::Problem;
use std::sync::Arc;
use tokio::sync::{
    OwnedSemaphorePermit,
    mpsc::{self, error::TryRecvError},
    oneshot, watch,
};
use tokio::{
    runtime::Runtime,
    time::{Duration, timeout},
};

/// A group takes in no more requests once it has so many writes, so that nobody waits long for it.
const GROUP_WRITES: usize = 65_536;
/// Once so many segments wait to be tended, some of it is done between groups as well.
const UNTENDED: usize = 4;
/// Books are settled once nobody has written for so long.
const QUIET: Duration = Duration::from_millis(100);

/// What comes to the writer.
#[cfg_attr(
    test,
    allow(
        clippy::large_enum_variant,
        reason = "what it is compared with is there in tests alone"
    )
)]
pub(super) enum Message {
    /// A request to write, what was prepared of it, where the answer goes, and the room that it takes among all that
    /// wait. The request goes back with the answer: memory is best given back by the thread that took it.
    Write(
        Request,
        Option<Arc<Prepared>>,
        oneshot::Sender<(Answer, Request)>,
        OwnedSemaphorePermit,
    ),
    /// Something that a test does between two groups.
    #[cfg(test)]
    Meddle(Box<dyn FnOnce(&mut Engine) + Send>),
}

/// Writes until nobody can ask any more. `news` changes after each group; `timer` is a runtime that knows the time.
pub(super) fn run(
    mut engine: Engine,
    mut messages: mpsc::Receiver<Message>,
    news: &watch::Sender<()>,
    timer: &Runtime,
) {
    while let Some(first) = next(&mut engine, &mut messages, timer) {
        let (mut group, mut prepared, mut senders) = (Vec::new(), Vec::new(), Vec::new());
        let mut size = 0;
        let mut next = Some(first);
        while let Some(message) = next.take() {
            match message {
                Message::Write(request, all, sender, room) => {
                    size += request.writes.count();
                    group.push(request);
                    prepared.push(all);
                    senders.push((sender, room));
                }
                #[cfg(test)]
                Message::Meddle(meddle) => meddle(&mut engine),
            }
            if size < GROUP_WRITES {
                next = messages.try_recv().ok();
            }
        }
        let asked: Vec<Asked<'_>> = group.iter().zip(prepared).collect();
        let mut answers = engine.answer_prepared(&asked).into_iter();
        drop(asked);
        for ((sender, _room), request) in senders.into_iter().zip(group) {
            let missing = || Err(Problem::store_unavailable("the request was passed over"));
            // Who asked may have gone; what is written stays written.
            let _ = sender.send((answers.next().unwrap_or_else(missing), request));
        }
        engine.post();
        news.send_replace(());
        if engine.untended() > UNTENDED || engine.is_saving() {
            engine.tend();
        }
    }
    engine.close();
}

/// The next message; until it comes the engine is tended, and settled if none comes for a while.
fn next(
    engine: &mut Engine,
    messages: &mut mpsc::Receiver<Message>,
    timer: &Runtime,
) -> Option<Message> {
    loop {
        match messages.try_recv() {
            Ok(message) => return Some(message),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) if engine.tend() => {}
            Err(TryRecvError::Empty) => break,
        }
    }
    if let Ok(message) = timer.block_on(async { timeout(QUIET, messages.recv()).await }) {
        return message;
    }
    engine.settle(|| messages.is_empty() && !messages.is_closed());
    messages.blocking_recv()
}
