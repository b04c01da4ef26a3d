//! How long an import waits for a service that went away.

use super::report::Report;
use crate::cli::{errors::Failure, output::note};
use std::time::Duration;

/// The first wait; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How many attempts are left, and how long to wait before the next.
#[derive(Debug, Clone)]
pub struct Patience {
    attempts: u32,
    left: u32,
    next_wait: Duration,
}

impl Patience {
    /// Patience for so many attempts after a break.
    pub fn new(attempts: u32) -> Self {
        Self {
            attempts,
            left: attempts,
            next_wait: FIRST_WAIT,
        }
    }

    /// Begins anew, because there was progress.
    pub fn renew(&mut self) {
        *self = Self::new(self.attempts);
    }

    /// How long to wait before the next attempt, if there is one.
    fn spend(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let wait = self.next_wait;
        self.next_wait = (wait * 2).min(LONGEST_WAIT);
        Some(wait)
    }
}

/// Waits before the next attempt; says whether there is one.
pub async fn wait(patience: &mut Patience, failure: &Failure, report: &Report) -> bool {
    let Some(wait) = patience.spend() else {
        return false;
    };
    let seconds = wait.as_secs_f32();
    report.progress.suspend(|| {
        failure.print();
        note(&format!("trying again in {seconds} s"));
    });
    tokio::time::sleep(wait).await;
    true
}

/// Asks until there is an answer that is no passing failure, or no patience is left.
pub async fn with_patience<T>(
    mut patience: Patience,
    report: &Report,
    mut ask: impl AsyncFnMut() -> Result<T, Failure>,
) -> Result<T, Failure> {
    loop {
        match ask().await {
            Err(failure) if failure.is_transient() => {
                if !wait(&mut patience, &failure, report).await {
                    return Err(failure);
                }
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_attempts_end() {
        let mut patience = Patience::new(3);
        let waits = [(); 4].map(|()| patience.spend().map(|wait| wait.as_millis()));
        assert_eq!(waits, [Some(500), Some(1_000), Some(2_000), None]);
        patience.renew();
        assert_eq!(patience.spend(), Some(FIRST_WAIT));
        let mut patience = Patience::new(20);
        let longest = (0..20).filter_map(|_| patience.spend()).max();
        assert_eq!(longest, Some(LONGEST_WAIT));
    }
}
