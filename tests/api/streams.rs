//! `ActivityService.StreamActivities`.

use crate::harness::{World, reason, refusal, sale};
use profitscore::api::pb;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

fn chunk(sequence: i64, activities: Vec<pb::Activity>) -> pb::StreamActivitiesRequest {
    pb::StreamActivitiesRequest {
        sequence,
        activities,
        ..Default::default()
    }
}

async fn open(
    world: &World,
) -> (
    mpsc::Sender<pb::StreamActivitiesRequest>,
    Streaming<pb::StreamActivitiesResponse>,
) {
    let (chunks, receiver) = mpsc::channel(8);
    let answers = world
        .activities()
        .stream_activities(ReceiverStream::new(receiver))
        .await;
    (chunks, answers.unwrap().into_inner())
}

#[tokio::test]
async fn every_chunk_is_answered_once_and_in_order() {
    let world = World::start().await;
    let (chunks, mut answers) = open(&world).await;
    for sequence in 1..=5 {
        let activities = (0..100).map(|i| sale(&format!("{sequence}-{i}"), "c", 1, "1", "0"));
        chunks
            .send(chunk(sequence, activities.collect()))
            .await
            .unwrap();
    }
    drop(chunks);
    for sequence in 1..=5 {
        let answer = answers.message().await.unwrap().unwrap();
        assert_eq!(answer.sequence, sequence);
        assert_eq!(answer.posted_count, 100);
        assert_eq!(answer.written_at.unwrap().position, sequence * 100);
    }
    assert_eq!(answers.message().await.unwrap(), None);
}

#[tokio::test]
async fn a_chunk_sent_again_after_a_break_is_harmless() {
    let world = World::start().await;
    let activities = vec![sale("a", "c", 1, "1", "0"), sale("b", "", 1, "1", "0")];
    for (posted, duplicate) in [(1, 0), (0, 1)] {
        let (chunks, mut answers) = open(&world).await;
        chunks.send(chunk(1, activities.clone())).await.unwrap();
        let answer = answers.message().await.unwrap().unwrap();
        assert_eq!(
            (answer.posted_count, answer.duplicate_count),
            (posted, duplicate)
        );
        assert_eq!(answer.rejections.len(), 1);
        assert_eq!(answer.rejections[0].index, 1);
        let rejection = answer.rejections[0].rejection.as_ref().unwrap();
        assert_eq!(rejection.field, "activities[1].customer_id");
    }
}

#[tokio::test]
async fn chunks_out_of_order_end_the_stream_and_lose_nothing() {
    let world = World::start().await;
    let (chunks, mut answers) = open(&world).await;
    chunks
        .send(chunk(1, vec![sale("a", "c", 1, "1", "0")]))
        .await
        .unwrap();
    chunks
        .send(chunk(3, vec![sale("b", "c", 1, "1", "0")]))
        .await
        .unwrap();
    assert_eq!(answers.message().await.unwrap().unwrap().sequence, 1);
    let status = answers.message().await.unwrap_err();
    let (reason, metadata) = reason(&status);
    assert_eq!(reason, "SEQUENCE_OUT_OF_ORDER");
    assert_eq!(
        (metadata["expected"].as_str(), metadata["actual"].as_str()),
        ("2", "3")
    );
    assert_eq!(world.post(vec![sale("c", "c", 1, "1", "0")]).await, 2);
}

#[tokio::test]
async fn a_stream_has_one_tenant() {
    let world = World::start().await;
    let (chunks, mut answers) = open(&world).await;
    let mut first = chunk(1, vec![sale("a", "c", 1, "1", "0")]);
    first.tenant_id = "one".to_owned();
    let mut other = chunk(3, vec![sale("b", "c", 1, "1", "0")]);
    other.tenant_id = "two".to_owned();
    chunks.send(first).await.unwrap();
    chunks
        .send(chunk(2, vec![sale("a2", "c", 1, "1", "0")]))
        .await
        .unwrap();
    chunks.send(other).await.unwrap();
    assert_eq!(answers.message().await.unwrap().unwrap().posted_count, 1);
    assert_eq!(
        answers
            .message()
            .await
            .unwrap()
            .unwrap()
            .written_at
            .unwrap()
            .position,
        2
    );
    let status = answers.message().await.unwrap_err();
    assert_eq!(
        refusal(&status),
        ("FIELD_INVALID".to_owned(), "tenant_id".to_owned())
    );
}

#[tokio::test]
async fn a_stopping_service_ends_its_streams_with_a_reason() {
    let mut world = World::start().await;
    let (chunks, mut answers) = open(&world).await;
    chunks
        .send(chunk(1, vec![sale("a", "c", 1, "1", "0")]))
        .await
        .unwrap();
    assert_eq!(answers.message().await.unwrap().unwrap().posted_count, 1);
    world.stop.take().unwrap().send(()).unwrap();
    let status = answers.message().await.unwrap_err();
    assert_eq!(reason(&status).0, "STOPPING");
    assert_eq!(status.code(), tonic::Code::Unavailable);
    drop((chunks, answers));
    world.ended.await.unwrap();
}
