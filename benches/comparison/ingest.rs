//! Taking activities in, a phase of the world at a time, through one or several streams.

use crate::{
    Arguments, Failure,
    machine::{self, Process},
    wire::{self, CHUNK},
    world::World,
};
use prost::bytes::Bytes;
use std::{
    ops::Range,
    sync::{Arc, atomic::AtomicI64},
    time::Instant,
};
use tokio::task::JoinHandle;
use tonic::transport::Channel;

/// One phase of taking in.
#[derive(Debug, Clone, Default)]
pub struct Ingest {
    /// Activities a second.
    pub rate: f64,
    /// Processor time of the server, in microseconds an activity.
    pub micros: f64,
    /// Resident memory afterwards.
    pub megabytes: f64,
    pub load: f64,
}

/// What is streamed into a server.
pub struct Phase {
    world: Arc<World>,
    activities: Range<usize>,
    /// In each stream.
    chunks_of_stream: usize,
    /// Made before the clock starts; none if the client is to make and encode messages while it streams.
    encoded: Option<Vec<Bytes>>,
}

impl Phase {
    pub fn of(world: &Arc<World>, activities: Range<usize>, arguments: &Arguments) -> Self {
        let chunks = activities.len().div_ceil(CHUNK);
        let chunks_of_stream = chunks.div_ceil(usize::from(arguments.streams));
        let encode = || wire::encode_chunks(world, activities.clone(), chunks_of_stream);
        Self {
            encoded: arguments.encoded.then(encode),
            world: Arc::clone(world),
            activities,
            chunks_of_stream,
        }
    }

    fn streams(&self, channel: &Channel) -> Vec<JoinHandle<Result<usize, String>>> {
        let say = |error: Failure| error.to_string();
        match &self.encoded {
            Some(encoded) => encoded
                .chunks(self.chunks_of_stream)
                .map(|chunks| {
                    let chunks = tokio_stream::iter(chunks.to_vec());
                    let channel = channel.clone();
                    tokio::spawn(async move {
                        let posted = wire::stream(channel, chunks, &AtomicI64::new(0)).await;
                        posted.map_err(say)
                    })
                })
                .collect(),
            None => {
                let of_stream = self.chunks_of_stream * CHUNK;
                let starts = self.activities.clone().step_by(of_stream);
                starts
                    .map(|start| {
                        let part = start..(start + of_stream).min(self.activities.end);
                        let (channel, world) = (channel.clone(), Arc::clone(&self.world));
                        tokio::spawn(async move {
                            let posted = wire::stream_by_stubs(channel, world, part).await;
                            posted.map_err(say)
                        })
                    })
                    .collect()
            }
        }
    }
}

/// Streams one phase into a server, over as many streams as wanted.
pub async fn ingest(server: &Process, channel: &Channel, phase: &Phase) -> Result<Ingest, Failure> {
    let (begin, before) = (Instant::now(), server.processor_time());
    let streams = phase.streams(channel);
    let activities = phase.activities.len();
    let mut posted = 0;
    for stream in streams {
        posted += stream.await??;
    }
    if posted != activities {
        return Err(format!("{posted} of {activities} activities were posted").into());
    }
    let used = server.processor_time().saturating_sub(before);
    let count = activities as f64;
    Ok(Ingest {
        rate: count / begin.elapsed().as_secs_f64(),
        micros: used.as_secs_f64() * 1e6 / count,
        megabytes: server.megabytes("VmRSS"),
        load: machine::load(),
    })
}
