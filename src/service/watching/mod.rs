//! Standing questions: evaluated anew when something was written, for as many readers as ask the same.
//!
//! One task evaluates a question, a few times a second at most, and keeps the newest answer alone (`board`). Each
//! reader remembers what it was sent last, and takes the difference from there to the newest when it has room
//! (`watcher`): nothing queues for a reader that is slow. What changed follows from two states (`domain::watch`); which
//! activities are behind it is looked up here (`causes`). Knows nothing of streams and messages.

pub mod alerts;
pub mod board;
mod causes;
pub mod gauges;
pub mod ranking;
mod rows;
mod seats;
pub mod watcher;

use super::Service;
use crate::domain::{
    history::HistoryQuestion, id::TenantId, ledger::Position, problem::Problem, question::Scope,
    watch::Window,
};
use alerts::StandingAlerts;
use board::Board;
use ranking::StandingRanking;
use seats::Seats;
use std::{future::Future, hash::Hash, sync::Arc, time::Duration};

/// How much may be watched, and how often it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct WatchLimits {
    /// The most readers at once.
    pub watchers: usize,
    /// The most readers of one tenant at once.
    pub watchers_per_tenant: usize,
    /// The most different standing questions of a kind at once; each is evaluated by itself.
    pub questions: usize,
    /// The least time from the beginning of one evaluation of a question to the next. It is longer for a question that
    /// takes long, so that evaluating takes at most a quarter of a processor's time.
    pub interval: Duration,
    /// After how long a reader is told of a position at which nothing changed.
    pub progress: Duration,
    /// How long a reader may read nothing of what waits for it.
    pub patience: Duration,
}

impl Default for WatchLimits {
    fn default() -> Self {
        Self {
            watchers: 1_024,
            watchers_per_tenant: 256,
            questions: 128,
            interval: Duration::from_millis(250),
            progress: Duration::from_secs(10),
            patience: Duration::from_secs(30),
        }
    }
}

/// A question that is evaluated again and again. The same questions are evaluated once for all of their readers.
pub trait Standing: Clone + Eq + Hash + Send + Sync + 'static {
    /// What it comes to as of a position.
    type State: Send + Sync + 'static;
    /// One thing that is different between two states.
    type Change: Send + Sync + 'static;
    /// What an evaluation leaves for the next, to be faster. States do not depend on it.
    type Memory: Default + Send + 'static;

    /// Whose question it is.
    fn tenant(&self) -> &TenantId;

    /// What it comes to as of a position.
    fn state(
        &self,
        service: &Service,
        as_of: Position,
        memory: &mut Self::Memory,
    ) -> impl Future<Output = Result<Self::State, Problem>> + Send;

    /// What is different between the states as of two positions, in order.
    fn changes(
        &self,
        service: &Service,
        before: (Position, &Self::State),
        after: (Position, &Self::State),
    ) -> impl Future<Output = Result<Vec<Self::Change>, Problem>> + Send;
}

/// All standing questions of a service.
pub struct Watching {
    /// For rankings.
    pub rankings: Arc<Board<StandingRanking>>,
    /// For alerts.
    pub alerts: Arc<Board<StandingAlerts>>,
    /// What holds for them.
    pub limits: WatchLimits,
}

impl Watching {
    /// Nothing is watched yet.
    pub fn new(service: &Arc<Service>, limits: WatchLimits) -> Self {
        let seats = Arc::new(Seats::new(limits));
        Self {
            rankings: Board::new(service, &seats, limits),
            alerts: Board::new(service, &seats, limits),
            limits,
        }
    }
}

impl Service {
    /// The scope of a standing question as of a position: the days of its window.
    async fn scope_at(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        window: Window,
        as_of: Position,
    ) -> Result<Scope, Problem> {
        let recorded = match window {
            Window::Period(_) => None,
            Window::LastDays(_) => self.recorded_at(tenant, as_of).await?,
        };
        Ok(Scope {
            period: window.period(recorded, &self.settings().calendar),
            as_of,
            ..scope.clone()
        })
    }

    /// When the write at a position was recorded; position 0 is before all writes.
    async fn recorded_at(
        &self,
        tenant: &TenantId,
        position: Position,
    ) -> Result<Option<crate::domain::time::Instant>, Problem> {
        let Some(after) = position.checked_sub(1) else {
            return Ok(None);
        };
        let question = HistoryQuestion {
            after,
            as_of: position,
            limit: 1,
        };
        let written = self.store()?.written(tenant, &question).await?;
        Ok(written.first().map(|one| one.record_time))
    }
}
