//! Readers of the same standing question, and what each of them hears.

use super::WATCHED;
use profitscore::api::pb::{self, google_type::Money, watch_service_client::WatchServiceClient};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{task::JoinHandle, time::Instant};
use tonic::{Streaming, transport::Channel};

/// By rank: the customer and its value.
pub type State = BTreeMap<i64, (String, Money)>;

/// How often the one that resumes breaks off.
const BREAK: Duration = Duration::from_secs(5);
/// How long the slow one waits between messages.
const SLOW: Duration = Duration::from_secs(3);

/// What a reader heard.
#[derive(Default)]
pub struct Heard {
    /// After each message, as of its position.
    pub states: Vec<(i64, State)>,
    pub messages: u64,
    pub changes: u64,
    pub with_activity: u64,
    pub resumed: u64,
    /// Changes from what the reader did not have, and positions that do not rise.
    pub broken: u64,
}

impl Heard {
    fn position(&self) -> Option<i64> {
        self.states.last().map(|(position, _)| *position)
    }

    fn hear(&mut self, message: pb::WatchRankingResponse) {
        self.messages += 1;
        let position = message.read_at.unwrap().position;
        let before = self.position();
        self.broken += u64::from(before.is_some_and(|before| position <= before));
        self.broken += u64::from(message.since.map(|since| since.position) != before);
        let mut state = self
            .states
            .last()
            .map_or_else(State::new, |(_, state)| state.clone());
        for row in message
            .snapshot
            .into_iter()
            .flat_map(|snapshot| snapshot.customers)
        {
            state.insert(row.rank, (row.customer_id, row.value.unwrap()));
        }
        let old = state.clone();
        for change in &message.changes {
            if let Some(rank) = change.old_rank {
                let value = change.old_value.clone().unwrap();
                let had = (change.customer_id.clone(), value);
                self.broken += u64::from(old.get(&rank) != Some(&had));
                state.remove(&rank);
            }
        }
        for change in message.changes {
            self.changes += 1;
            let cause = change.cause.unwrap_or_default();
            self.with_activity += u64::from(!cause.activities.is_empty());
            if let Some(rank) = change.new_rank {
                state.insert(rank, (change.customer_id, change.new_value.unwrap()));
            }
        }
        self.states.push((position, state));
    }
}

async fn open(channel: &Channel, resume_after: Option<i64>) -> Streaming<pb::WatchRankingResponse> {
    let request = pb::WatchRankingRequest {
        customer_count: i32::try_from(WATCHED).unwrap(),
        resume_after: resume_after.map(|position| pb::LedgerPosition { position }),
        ..Default::default()
    };
    let mut client = WatchServiceClient::new(channel.clone());
    client.watch_ranking(request).await.unwrap().into_inner()
}

/// A reader in a task of its own.
pub struct Reader {
    heard: Arc<Mutex<Heard>>,
    task: JoinHandle<()>,
}

impl Reader {
    /// Reads everything.
    pub fn good(channel: Channel) -> Self {
        Self::start(channel, Duration::MAX, Duration::ZERO)
    }

    /// Breaks off again and again, and goes on where it was.
    pub fn resuming(channel: Channel) -> Self {
        Self::start(channel, BREAK, Duration::ZERO)
    }

    /// Takes its time.
    pub fn slow(channel: Channel) -> Self {
        Self::start(channel, Duration::MAX, SLOW)
    }

    fn start(channel: Channel, breaks: Duration, waits: Duration) -> Self {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let own = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            loop {
                let resume_after = own.lock().unwrap().position();
                own.lock().unwrap().resumed += u64::from(resume_after.is_some());
                let mut messages = open(&channel, resume_after).await;
                let begin = Instant::now();
                while begin.elapsed() < breaks {
                    let message = messages.message().await.unwrap().unwrap();
                    own.lock().unwrap().hear(message);
                    tokio::time::sleep(waits).await;
                }
            }
        });
        Self { heard, task }
    }

    /// One that opens its stream and does not read.
    pub async fn dead(channel: Channel) -> Dead {
        let messages = open(&channel, None).await;
        Dead(messages)
    }

    /// What it heard, once it heard of a position.
    pub async fn up_to(self, position: i64) -> Heard {
        let begin = Instant::now();
        let is_behind = || self.heard.lock().unwrap().position() < Some(position);
        // What changes nothing is told after a while.
        while is_behind() && begin.elapsed() < Duration::from_secs(60) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(!is_behind(), "a reader did not hear of position {position}");
        self.task.abort();
        let _ = self.task.await;
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

/// A stream that nobody read.
pub struct Dead(Streaming<pb::WatchRankingResponse>);

impl Dead {
    /// Reads it after all: how it ended, and how many messages were there.
    pub async fn end(mut self) -> (String, u64) {
        let mut count = 0;
        loop {
            match self.0.message().await {
                Ok(Some(_)) => count += 1,
                Ok(None) => return ("OK".to_owned(), count),
                Err(status) => {
                    return (format!("{:?}: {}", status.code(), status.message()), count);
                }
            }
        }
    }
}
