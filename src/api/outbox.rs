//! Messages on their way to one reader of a stream that has no end: one waits at most, and a reader that takes nothing
//! for too long is let go, with all that waited for it.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tonic::Status;

/// What sender and reader share.
struct Shared<M> {
    /// What waits; taken away from a reader that is let go.
    messages: Option<mpsc::Receiver<M>>,
    /// The last word, once it is known.
    end: Option<Status>,
    /// Who waits to read.
    reader: Option<Waker>,
}

/// The reader's end: a stream for tonic.
pub struct Inbox<M>(Arc<Mutex<Shared<M>>>);

/// The sender's end.
pub struct Outbox<M> {
    sender: mpsc::Sender<M>,
    shared: Arc<Mutex<Shared<M>>>,
}

/// A sender and its reader.
pub fn outbox<M>() -> (Outbox<M>, Inbox<M>) {
    let (sender, messages) = mpsc::channel(1);
    let shared = Arc::new(Mutex::new(Shared {
        messages: Some(messages),
        // If the sender breaks off, its reader is not to take that for a good end.
        end: Some(Status::internal("the stream broke off")),
        reader: None,
    }));
    let inbox = Inbox(Arc::clone(&shared));
    (Outbox { sender, shared }, inbox)
}

impl<M> Outbox<M> {
    /// Waits for room for a message; `None` if the reader is gone.
    pub async fn room(&self) -> Option<mpsc::Permit<'_, M>> {
        self.sender.reserve().await.ok()
    }

    /// Ends when the reader is gone.
    pub async fn gone(&self) {
        self.sender.closed().await;
    }

    /// Ends the stream with a last word, after what waits.
    pub fn end(self, status: Status) {
        self.shared().end = Some(status);
    }

    /// Ends the stream with a last word, and forgets what waits.
    pub fn drop_reader(self, status: Status) {
        let mut shared = self.shared();
        shared.end = Some(status);
        shared.messages = None;
        if let Some(reader) = shared.reader.take() {
            reader.wake();
        }
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Shared<M>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M> Stream for Inbox<M> {
    type Item = Result<M, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(messages) = &mut shared.messages {
            match messages.poll_recv(context) {
                Poll::Ready(Some(message)) => return Poll::Ready(Some(Ok(message))),
                Poll::Ready(None) => shared.messages = None,
                Poll::Pending => {
                    shared.reader = Some(context.waker().clone());
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(shared.end.take().map(Err))
    }
}

impl<M> Drop for Inbox<M> {
    fn drop(&mut self) {
        // The sender sees that nobody reads any more.
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.messages = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_stream::StreamExt as _;

    #[tokio::test]
    async fn one_message_waits_and_the_last_word_comes_after_it() {
        let (outbox, mut inbox) = outbox();
        outbox.room().await.unwrap().send(1);
        tokio::select! {
            biased;
            _ = outbox.room() => panic!("two messages wait"),
            () = std::future::ready(()) => {}
        }
        outbox.end(Status::aborted("over"));
        assert_eq!(inbox.next().await.unwrap().unwrap(), 1);
        assert_eq!(inbox.next().await.unwrap().unwrap_err().message(), "over");
        assert!(inbox.next().await.is_none());
    }

    #[tokio::test]
    async fn what_waits_for_a_dropped_reader_is_forgotten() {
        let (outbox, mut inbox) = outbox();
        let message = Arc::new(());
        outbox.room().await.unwrap().send(Arc::clone(&message));
        outbox.drop_reader(Status::aborted("too slow"));
        assert_eq!(Arc::strong_count(&message), 1);
        assert_eq!(
            inbox.next().await.unwrap().unwrap_err().message(),
            "too slow"
        );
        assert!(inbox.next().await.is_none());
    }

    #[tokio::test]
    async fn a_reader_that_went_away_is_noticed() {
        let (outbox, inbox) = outbox::<u8>();
        drop(inbox);
        outbox.gone().await;
        assert!(outbox.room().await.is_none());
    }
}
