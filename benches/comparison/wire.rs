//! The wire: a server that only decodes and counts, which no service can beat, and a client that sends bytes made
//! before the clock starts, so that it costs little beside the server.

use crate::{Failure, world::World};
use profitscore::api::pb;
use prost::{
    Message as _,
    bytes::{BufMut as _, Bytes},
};
use std::{
    convert::Infallible,
    future::Future,
    ops::Range,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll},
    thread,
};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    client::Grpc as Client,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
    codegen::http::{self, uri::PathAndQuery},
    server::{Grpc, NamedService, StreamingService, UnaryService},
    transport::{Channel, Server},
};
use tonic_prost::{ProstCodec, ProstDecoder};

const STREAM: &str = "/profitscore.v1.ActivityService/StreamActivities";
const SUBMIT: &str = "/profitscore.v1.ActivityService/SubmitActivities";

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Status>> + Send>>;
type Answers = Pin<Box<dyn Stream<Item = Result<pb::StreamActivitiesResponse, Status>> + Send>>;

/// The methods that take in activities, answered by counting them.
#[derive(Clone)]
struct Counter;

impl StreamingService<pb::StreamActivitiesRequest> for Counter {
    type Response = pb::StreamActivitiesResponse;
    type ResponseStream = Answers;
    type Future = Answer<Response<Answers>>;

    fn call(&mut self, request: Request<Streaming<pb::StreamActivitiesRequest>>) -> Self::Future {
        let answers = request.into_inner().map(|chunk| {
            let chunk = chunk?;
            Ok(pb::StreamActivitiesResponse {
                sequence: chunk.sequence,
                posted_count: i32::try_from(chunk.activities.len()).unwrap_or(i32::MAX),
                ..Default::default()
            })
        });
        let answers: Answers = Box::pin(answers);
        Box::pin(std::future::ready(Ok(Response::new(answers))))
    }
}

impl UnaryService<pb::SubmitActivitiesRequest> for Counter {
    type Response = pb::SubmitActivitiesResponse;
    type Future = Answer<Response<pb::SubmitActivitiesResponse>>;

    fn call(&mut self, request: Request<pb::SubmitActivitiesRequest>) -> Self::Future {
        let posted = |_| pb::ActivityResult {
            outcome: Some(pb::activity_result::Outcome::Posted(pb::Posted::default())),
        };
        let results = request.into_inner().activities.iter().map(posted).collect();
        let answer = pb::SubmitActivitiesResponse {
            results,
            written_at: None,
        };
        Box::pin(std::future::ready(Ok(Response::new(answer))))
    }
}

impl NamedService for Counter {
    const NAME: &'static str = "profitscore.v1.ActivityService";
}

impl tower::Service<http::Request<Body>> for Counter {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            Ok(match request.uri().path() {
                STREAM => {
                    Grpc::new(ProstCodec::default())
                        .streaming(Counter, request)
                        .await
                }
                SUBMIT => {
                    Grpc::new(ProstCodec::default())
                        .unary(Counter, request)
                        .await
                }
                _ => Status::unimplemented("").into_http(),
            })
        })
    }
}

/// Serves the bare methods for ever.
pub async fn serve_bare(address: &str) -> Result<(), Failure> {
    let server = Server::builder().tcp_nodelay(true).add_service(Counter);
    Ok(server.serve(address.parse()?).await?)
}

/// Sends bytes as they are, and decodes answers.
struct Encoded<T>(std::marker::PhantomData<T>);

struct AsTheyAre;

impl Encoder for AsTheyAre {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl<T: prost::Message + Default + Send + 'static> Codec for Encoded<T> {
    type Encode = Bytes;
    type Decode = T;
    type Encoder = AsTheyAre;
    type Decoder = ProstDecoder<T>;

    fn encoder(&mut self) -> AsTheyAre {
        AsTheyAre
    }

    fn decoder(&mut self) -> ProstDecoder<T> {
        ProstDecoder::new(BufferSettings::default())
    }
}

/// Streams chunks and gives how many activities were posted. `acknowledged` hears the last position that was.
pub async fn stream(
    channel: Channel,
    chunks: impl Stream<Item = Bytes> + Send + 'static,
    acknowledged: &AtomicI64,
) -> Result<usize, Failure> {
    let codec = Encoded(std::marker::PhantomData);
    stream_with(codec, channel, chunks, acknowledged).await
}

/// Streams activities of the world as a client with generated stubs does, which makes messages and encodes them.
pub async fn stream_by_stubs(
    channel: Channel,
    world: Arc<World>,
    activities: Range<usize>,
) -> Result<usize, Failure> {
    let chunks = (1..).zip(activities.clone().step_by(CHUNK));
    let chunks = chunks.map(move |(sequence, start)| {
        chunk(&world, start..(start + CHUNK).min(activities.end), sequence)
    });
    let chunks = tokio_stream::iter(chunks);
    stream_with(ProstCodec::default(), channel, chunks, &AtomicI64::new(0)).await
}

async fn stream_with<C>(
    codec: C,
    channel: Channel,
    chunks: impl Stream<Item = C::Encode> + Send + 'static,
    acknowledged: &AtomicI64,
) -> Result<usize, Failure>
where
    C: Codec<Decode = pb::StreamActivitiesResponse, Encode: Sync>,
{
    let mut client = Client::new(channel);
    client.ready().await?;
    let path = PathAndQuery::from_static(STREAM);
    let answers = client.streaming(Request::new(chunks), path, codec).await?;
    let mut answers = answers.into_inner();
    let mut posted = 0;
    while let Some(answer) = answers.message().await? {
        posted += usize::try_from(answer.posted_count)?;
        let position = answer.written_at.map_or(0, |at| at.position);
        acknowledged.fetch_max(position, Ordering::Relaxed);
    }
    Ok(posted)
}

/// Submits one batch and gives how many activities were posted.
pub async fn submit(channel: Channel, batch: Bytes) -> Result<usize, Failure> {
    let mut client = Client::new(channel);
    client.ready().await?;
    let codec = Encoded::<pb::SubmitActivitiesResponse>(std::marker::PhantomData);
    let path = PathAndQuery::from_static(SUBMIT);
    let answer = client.unary(Request::new(batch), path, codec).await?;
    let results = answer.into_inner().results;
    let posted = |result: &&pb::ActivityResult| {
        matches!(
            result.outcome,
            Some(pb::activity_result::Outcome::Posted(_))
        )
    };
    Ok(results.iter().filter(posted).count())
}

/// Activities in a chunk of the stream and in a batch.
pub const CHUNK: usize = 1_000;

fn chunk(world: &World, activities: Range<usize>, sequence: i64) -> pb::StreamActivitiesRequest {
    pb::StreamActivitiesRequest {
        sequence,
        activities: activities.map(|index| world.message(index)).collect(),
        ..Default::default()
    }
}

/// Encodes the chunks of a part of the world as streams of `chunks_of_stream` chunks each take them.
pub fn encode_chunks(
    world: &World,
    activities: Range<usize>,
    chunks_of_stream: usize,
) -> Vec<Bytes> {
    let starts: Vec<usize> = activities.clone().step_by(CHUNK).collect();
    let encode = |number: usize| {
        let start = starts[number];
        let end = (start + CHUNK).min(activities.end);
        let sequence = i64::try_from(number % chunks_of_stream + 1).unwrap_or(0);
        Bytes::from(chunk(world, start..end, sequence).encode_to_vec())
    };
    // Two halves at once, since all of it is waited for.
    let middle = starts.len() / 2;
    thread::scope(|scope| {
        let half = scope.spawn(|| (middle..starts.len()).map(encode).collect::<Vec<_>>());
        let mut chunks: Vec<Bytes> = (0..middle).map(encode).collect();
        chunks.extend(half.join().unwrap_or_default());
        chunks
    })
}

/// Encodes one batch of a tenant.
pub fn encode_batch(world: &World, tenant: &str, start: usize) -> Bytes {
    let batch = pb::SubmitActivitiesRequest {
        tenant_id: tenant.to_owned(),
        activities: (start..start + CHUNK)
            .map(|index| world.message(index))
            .collect(),
        validate_only: false,
    };
    Bytes::from(batch.encode_to_vec())
}
