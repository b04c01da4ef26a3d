//! A service that breaks a stream before it has answered: what was not answered is sent again, in order.

use crate::process::{Files, Said, program};
use profitscore::api::pb::{
    LedgerPosition, ListActivitiesRequest, ListActivitiesResponse, ReverseActivitiesRequest,
    ReverseActivitiesResponse, StreamActivitiesRequest, StreamActivitiesResponse,
    SubmitActivitiesRequest, SubmitActivitiesResponse,
    activity_service_server::{ActivityService, ActivityServiceServer},
};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming, transport::Server};

/// Takes two chunks of its first stream and answers only one of them, then breaks; keeps to the contract after that.
#[derive(Clone, Default)]
struct Breaking {
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    streams: u32,
    /// The sequence and the first id of every chunk.
    chunks: Vec<(i64, String)>,
    ids: HashSet<String>,
}

impl Breaking {
    /// Counts a chunk's activities like a ledger would.
    fn take(&self, chunk: &StreamActivitiesRequest) -> StreamActivitiesResponse {
        let mut seen = self.seen.lock().unwrap();
        seen.chunks
            .push((chunk.sequence, chunk.activities[0].activity_id.clone()));
        let mut posted_count = 0;
        for activity in &chunk.activities {
            posted_count += i32::from(seen.ids.insert(activity.activity_id.clone()));
        }
        StreamActivitiesResponse {
            sequence: chunk.sequence,
            written_at: Some(LedgerPosition {
                position: i64::try_from(seen.ids.len()).unwrap(),
            }),
            posted_count,
            duplicate_count: i32::try_from(chunk.activities.len()).unwrap() - posted_count,
            rejections: Vec::new(),
        }
    }

    async fn answer(
        self,
        mut chunks: Streaming<StreamActivitiesRequest>,
        answers: mpsc::Sender<Result<StreamActivitiesResponse, Status>>,
        is_first: bool,
    ) {
        while let Ok(Some(chunk)) = chunks.message().await {
            let answer = self.take(&chunk);
            if is_first && chunk.sequence == 2 {
                let _ = answers
                    .send(Err(Status::unavailable("the wire broke")))
                    .await;
                return;
            }
            if answers.send(Ok(answer)).await.is_err() {
                return;
            }
        }
    }
}

#[tonic::async_trait]
impl ActivityService for Breaking {
    type StreamActivitiesStream = ReceiverStream<Result<StreamActivitiesResponse, Status>>;

    async fn stream_activities(
        &self,
        request: Request<Streaming<StreamActivitiesRequest>>,
    ) -> Result<Response<Self::StreamActivitiesStream>, Status> {
        let (sender, receiver) = mpsc::channel(1);
        let is_first = {
            let mut seen = self.seen.lock().unwrap();
            seen.streams += 1;
            seen.streams == 1
        };
        tokio::spawn(self.clone().answer(request.into_inner(), sender, is_first));
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn submit_activities(
        &self,
        _: Request<SubmitActivitiesRequest>,
    ) -> Result<Response<SubmitActivitiesResponse>, Status> {
        Err(Status::unimplemented("not asked"))
    }

    async fn reverse_activities(
        &self,
        _: Request<ReverseActivitiesRequest>,
    ) -> Result<Response<ReverseActivitiesResponse>, Status> {
        Err(Status::unimplemented("not asked"))
    }

    async fn list_activities(
        &self,
        _: Request<ListActivitiesRequest>,
    ) -> Result<Response<ListActivitiesResponse>, Status> {
        Err(Status::unimplemented("not asked"))
    }
}

#[tokio::test]
async fn unanswered_chunks_are_sent_again_in_order() {
    let breaking = Breaking::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let serving = Server::builder()
        .add_service(ActivityServiceServer::new(breaking.clone()))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(serving);

    let rows: String = (0..3_500).map(|n| format!("{n}\n")).collect();
    let mapping = "[[activities]]\nfile = \"rows.csv\"\ncurrency = \"USD\"\nactivity_id = \"{n}\"\n\
                   customer_id = \"C\"\noccur_time = \"2016-01-01\"\nsale = { revenue = 1 }\n";
    let files = Files::new(&[("rows.csv", &format!("n\n{rows}")), ("rows.toml", mapping)]);
    let mapping = files.name("rows.toml");
    let import = tokio::task::spawn_blocking(move || {
        let words = [
            "import",
            &mapping,
            "--output",
            "json",
            "--endpoint",
            &endpoint,
        ];
        Said::by(program().args(words))
    });
    let said = import.await.unwrap();
    assert!(said.err.contains("the wire broke"), "{}", said.err);
    let summary = said.json();
    let section = &summary["sections"][0];
    assert_eq!(section["posted"], 2_500);
    // The second chunk had been taken before the break, without an answer.
    assert_eq!(section["duplicate"], 1_000);
    assert_ne!(section["resentChunks"], 0);

    let seen = breaking.seen.lock().unwrap();
    assert_eq!((seen.streams, seen.ids.len()), (2, 3_500));
    let chunk = |sequence, id: &str| (sequence, id.to_owned());
    let expected = [
        chunk(1, "0"),
        chunk(2, "1000"),
        chunk(1, "1000"),
        chunk(2, "2000"),
        chunk(3, "3000"),
    ];
    assert_eq!(seen.chunks, expected);
}
