//! Activities at a steady rate, the same for the same numbers.

use profitscore::api::pb::{
    self, activity::Kind, activity_service_client::ActivityServiceClient, google_type::Money,
};
use std::time::Duration;
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

/// How often a chunk is sent.
const EVERY: Duration = Duration::from_millis(50);
/// The most activities of a chunk.
const CHUNK: u64 = 1_000;

/// How much there is.
#[derive(Clone, Copy)]
pub struct World {
    /// Activities a second.
    pub rate: u64,
    /// Customers.
    pub customers: u64,
}

/// A number that looks random and is the same for the same number.
fn mixed(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A count that is far below what its type holds.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is zero or more, and what is after the point is not wanted"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

fn dollars(cents: u64) -> Option<Money> {
    Some(Money {
        currency_code: "USD".to_owned(),
        units: i64::try_from(cents / 100).unwrap(),
        nanos: i32::try_from(cents % 100).unwrap() * 10_000_000,
    })
}

impl World {
    /// The activity with a number: of ten, nine are sales and one is a refund. Some customers have far more of them.
    fn activity(&self, run: u32, number: u64) -> pb::Activity {
        let random = mixed(number ^ (u64::from(run) << 40));
        let spread = (random >> 40) as f64 / (1_u64 << 24) as f64;
        let customer = match run {
            0 => number % self.customers,
            _ => whole(spread.powi(4) * self.customers as f64),
        };
        let cents = 100 + random % 20_000;
        let kind = match random % 10 {
            0 if run > 0 => Kind::Refund(pb::Refund {
                amount: dollars(cents * 4),
                ..Default::default()
            }),
            _ => Kind::Sale(pb::Sale {
                revenue: dollars(cents),
                cost_of_goods: dollars(cents * (40 + random % 50) / 100),
                ..Default::default()
            }),
        };
        pb::Activity {
            activity_id: format!("{run}-{number:012}"),
            customer_id: format!("customer-{customer:07}"),
            occur_time: Some(prost_types::Timestamp {
                seconds: 1_700_000_000 + i64::try_from(random % 7_776_000).unwrap(),
                nanos: 0,
            }),
            dimensions: None,
            kind: Some(kind),
        }
    }

    /// An activity for each customer, as fast as they are taken.
    pub async fn fill(&self, channel: Channel) {
        let load = Load::start_at(channel, *self, 0, None);
        assert_eq!(load.end().await, self.customers);
    }
}

/// A stream of activities.
pub struct Load {
    sender: JoinHandle<u64>,
    taken: JoinHandle<u64>,
}

impl Load {
    /// At the world's rate for some time.
    pub fn start(channel: Channel, world: World, run: u32, time: Duration) -> Self {
        Self::start_at(channel, world, run, Some(time))
    }

    fn start_at(channel: Channel, world: World, run: u32, time: Option<Duration>) -> Self {
        let (chunks, receiver) = mpsc::channel(8);
        let taken = tokio::spawn(async move {
            let mut client = ActivityServiceClient::new(channel);
            let answers = client
                .stream_activities(ReceiverStream::new(receiver))
                .await;
            let (mut answers, mut posted) = (answers.unwrap().into_inner(), 0);
            while let Some(answer) = answers.message().await.unwrap() {
                posted += u64::try_from(answer.posted_count).unwrap();
            }
            posted
        });
        let sender = tokio::spawn(async move {
            let (begin, mut sent, mut sequence) = (Instant::now(), 0, 0);
            let all = match time {
                None => world.customers,
                Some(time) => whole(world.rate as f64 * time.as_secs_f64()),
            };
            while sent < all {
                // What should have been sent by now, so that a delay is made up for.
                let due = match time {
                    None => all,
                    Some(_) => whole(world.rate as f64 * begin.elapsed().as_secs_f64()),
                };
                while sent < due.min(all) {
                    let count = CHUNK.min(due.min(all) - sent);
                    sequence += 1;
                    let activities = sent..sent + count;
                    let chunk = pb::StreamActivitiesRequest {
                        sequence,
                        activities: activities.map(|n| world.activity(run, n)).collect(),
                        ..Default::default()
                    };
                    chunks.send(chunk).await.unwrap();
                    sent += count;
                }
                if time.is_some() {
                    tokio::time::sleep(EVERY).await;
                }
            }
            sent
        });
        Self { sender, taken }
    }

    /// How many were posted, once all are.
    pub async fn end(self) -> u64 {
        let sent = self.sender.await.unwrap();
        assert_eq!(self.taken.await.unwrap(), sent);
        sent
    }
}
