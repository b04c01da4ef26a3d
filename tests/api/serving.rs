//! Health, reflection, compression, gRPC-web and large messages.

use crate::harness::{World, grpc_web, sale};
use profitscore::api::{pb, server::Limits};
use std::time::Duration;
use tokio::net::TcpStream;
use tonic::codec::CompressionEncoding;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

async fn health(world: &World, service: &str) -> ServingStatus {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let mut client = HealthClient::new(world.channel.clone());
    client.check(request).await.unwrap().into_inner().status()
}

#[tokio::test]
async fn health_says_serving_only_when_the_store_is_open() {
    const NAMES: [&str; 2] = ["", "profitscore.v1.RankingService"];
    let starting = World::over(None, Limits::default()).await;
    for name in NAMES {
        assert_eq!(health(&starting, name).await, ServingStatus::NotServing);
    }
    let world = World::start().await;
    for name in NAMES {
        let mut tries = 0;
        while health(&world, name).await != ServingStatus::Serving {
            tries += 1;
            assert!(tries < 100, "{name} is never serving");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn a_stopped_server_ends_calls_in_flight_and_then_itself() {
    let mut world = World::start().await;
    world.post(vec![sale("a", "c", 1, "1", "0")]).await;
    world.stop.take().unwrap().send(()).unwrap();
    world.ended.await.unwrap();
    assert!(TcpStream::connect(world.address).await.is_err());
    let after = world
        .service
        .store()
        .err()
        .map(|problem| problem.reason.as_str());
    assert_eq!(after, Some("STOPPING"));
}

#[tokio::test]
async fn both_compressions_are_understood() {
    let world = World::start().await;
    for (index, encoding) in [CompressionEncoding::Gzip, CompressionEncoding::Zstd]
        .into_iter()
        .enumerate()
    {
        let mut client = world
            .activities()
            .send_compressed(encoding)
            .accept_compressed(encoding);
        let activities = (0..1_000)
            .map(|i| sale(&format!("{index}-{i}"), "c", 1, "1", "0"))
            .collect();
        let request = pb::SubmitActivitiesRequest {
            activities,
            ..Default::default()
        };
        let answer = client.submit_activities(request).await.unwrap();
        assert_eq!(answer.into_inner().results.len(), 1_000);
    }
}

#[tokio::test]
async fn browsers_are_served_over_http_1() {
    let world = World::start().await;
    world.post(vec![sale("a", "c", 1, "1.25", "0")]).await;
    let text = grpc_web(&world, "RankingService/RankCustomers", "").await;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.contains("grpc-status:0"), "{text}");
}
