//! Work that takes a processor for more than a moment, away from the threads that answer others.

use crate::domain::problem::{Problem, Reason};
use std::panic::resume_unwind;
use tokio::task::JoinError;

/// Does work on a thread of its own.
pub async fn compute<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    ended(tokio::task::spawn_blocking(work).await)
}

/// Does something to its end, even if nobody waits for it any more.
pub async fn see_through<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Problem> {
    ended(tokio::spawn(work).await)
}

fn ended<T>(done: Result<T, JoinError>) -> Result<T, Problem> {
    match done {
        Ok(done) => Ok(done),
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        Err(_) => {
            let message = "the service is stopping".to_owned();
            Err(Problem::new(Reason::Stopping, "", message, []))
        }
    }
}
