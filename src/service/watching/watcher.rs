//! One reader of a standing question: what it was sent last, and the difference from there.

use super::{
    Standing,
    board::{Evaluation, Latest},
    seats::Seat,
};
use crate::{
    domain::{ledger::Position, problem::Problem},
    service::Service,
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// One reader.
pub struct Watcher<Q: Standing> {
    service: Arc<Service>,
    question: Q,
    line: watch::Receiver<Latest<Q>>,
    /// The state that it says it has, until that is evaluated.
    resume_after: Option<Position>,
    /// Its first state is at least as new as this, so that it sees what was written before it came.
    at_least: Position,
    /// The newest state that it knows.
    known: Option<(Position, Arc<Q::State>)>,
    /// The position that it was told last.
    told: Position,
    progress: Duration,
    tell_at: Instant,
    _seat: Seat,
}

/// What a reader is told.
pub struct News<Q: Standing> {
    /// The position of what it was told before; `None` at the beginning.
    pub since: Option<Position>,
    /// As of which position.
    pub position: Position,
    /// What the question comes to.
    pub state: Arc<Q::State>,
    /// What is different.
    pub changes: Arc<Vec<Q::Change>>,
}

impl<Q: Standing> Watcher<Q> {
    /// A reader that was told nothing yet.
    pub(super) fn new(
        service: Arc<Service>,
        question: Q,
        line: watch::Receiver<Latest<Q>>,
        (at_least, resume_after): (Position, Option<Position>),
        progress: Duration,
        seat: Seat,
    ) -> Self {
        Self {
            service,
            question,
            line,
            resume_after,
            at_least,
            known: None,
            told: 0,
            progress,
            tell_at: Instant::now() + progress,
            _seat: seat,
        }
    }

    /// The question.
    pub fn question(&self) -> &Q {
        &self.question
    }

    /// Waits for what is new and gives it, as new as it is when it is asked for.
    pub async fn next(&mut self) -> Result<News<Q>, Problem> {
        if let Some(position) = self.resume_after.take() {
            let mut memory = Q::Memory::default();
            let state = self
                .question
                .state(&self.service, position, &mut memory)
                .await?;
            self.known = Some((position, Arc::new(state)));
            self.told = position;
        }
        loop {
            let latest = self.line.borrow_and_update().clone();
            if let Some(latest) = latest
                && let Some(news) = self.news(&*latest?).await?
            {
                self.tell_at = Instant::now() + self.progress;
                return Ok(news);
            }
            let is_behind = matches!(&self.known, Some((known, _)) if *known > self.told);
            tokio::select! {
                changed = self.line.changed() => {
                    changed.map_err(|_| Problem::store_unavailable("an evaluation broke off"))?;
                }
                () = tokio::time::sleep_until(self.tell_at), if is_behind => {}
            }
        }
    }

    /// What an evaluation has to tell.
    async fn news(&mut self, newest: &Evaluation<Q>) -> Result<Option<News<Q>>, Problem> {
        let Some((known, state)) = self.known.take() else {
            if newest.position < self.at_least {
                return Ok(None);
            }
            let news = self.tell(newest.position, &newest.state, None, Arc::default());
            return Ok(Some(news));
        };
        if newest.position <= known {
            let news = (known > self.told && Instant::now() >= self.tell_at)
                .then(|| self.tell(known, &state, Some(self.told), Arc::default()));
            self.known = Some((known, state));
            return Ok(news);
        }
        let changes = match &newest.step {
            Some((since, changes)) if *since == known => Arc::clone(changes),
            _ => {
                let after = (newest.position, &*newest.state);
                let changes = self.question.changes(&self.service, (known, &state), after);
                Arc::new(changes.await?)
            }
        };
        if changes.is_empty() && Instant::now() < self.tell_at {
            self.known = Some((newest.position, Arc::clone(&newest.state)));
            return Ok(None);
        }
        let since = Some(self.told);
        Ok(Some(self.tell(
            newest.position,
            &newest.state,
            since,
            changes,
        )))
    }

    fn tell(
        &mut self,
        position: Position,
        state: &Arc<Q::State>,
        since: Option<Position>,
        changes: Arc<Vec<Q::Change>>,
    ) -> News<Q> {
        self.told = position;
        self.known = Some((position, Arc::clone(state)));
        News {
            since,
            position,
            state: Arc::clone(state),
            changes,
        }
    }
}
