//! Tokens: who is let in, and to whose data.

use crate::{
    harness::{World, grpc_web, reason, sale},
    roles::{all_roles, rank, showing},
};
use profitscore::api::pb;
use tonic::{Code, Status};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

#[tokio::test]
async fn who_shows_no_known_token_is_not_let_in() {
    let world = World::guarded(&all_roles()).await;
    for (token, expected) in [
        (None, "TOKEN_REQUIRED"),
        (Some("nobody"), "TOKEN_UNKNOWN"),
        (Some("Finance"), "TOKEN_UNKNOWN"),
    ] {
        let status = rank(&world, token).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
        assert_eq!(reason(&status), (expected.to_owned(), [].into()));
    }
    assert!(rank(&world, Some("finance")).await.is_ok());
    assert!(rank(&world, Some("sales")).await.is_ok());
    let mut health = HealthClient::new(world.channel.clone());
    assert!(
        health.check(HealthCheckRequest::default()).await.is_ok(),
        "open to everybody"
    );
    let answer = grpc_web(&world, "RankingService/RankCustomers", "").await;
    assert!(
        answer.contains("grpc-status: 16") || answer.contains("grpc-status:16"),
        "{answer}"
    );
    let header = "authorization: Bearer sales\r\n";
    let answer = grpc_web(&world, "RankingService/RankCustomers", header).await;
    assert!(answer.contains("grpc-status:0"), "{answer}");
}

#[tokio::test]
async fn a_caller_uses_its_own_tenants() {
    let world = World::guarded(&all_roles()).await;
    let refused = |status: Status| {
        assert_eq!(status.code(), Code::PermissionDenied);
        let (told, metadata) = reason(&status);
        assert_eq!(
            (&*told, &*metadata["tenant_id"]),
            ("TENANT_NOT_ALLOWED", "default")
        );
    };
    refused(rank(&world, Some("other")).await.unwrap_err());
    let request = pb::RankCustomersRequest {
        tenant_id: "other".to_owned(),
        ..Default::default()
    };
    world
        .rankings()
        .rank_customers(showing("other", request))
        .await
        .unwrap();
    for (tenant, is_refused) in [("", true), ("other", false)] {
        let chunk = pb::StreamActivitiesRequest {
            tenant_id: tenant.to_owned(),
            sequence: 1,
            activities: vec![sale("a", "c", 1, "10", "1")],
        };
        let chunks = showing("other", tokio_stream::iter([chunk]));
        let answers = world.activities().stream_activities(chunks).await.unwrap();
        let answer = answers.into_inner().message().await;
        match is_refused {
            true => refused(answer.unwrap_err()),
            false => assert_eq!(answer.unwrap().unwrap().posted_count, 1),
        }
    }
}

#[tokio::test]
async fn a_service_without_tokens_tells_everybody_everything() {
    let world = World::start().await;
    world.post(vec![sale("a", "c", 1, "10", "1")]).await;
    for token in [None, Some("whatever")] {
        let answer = rank(&world, token).await.unwrap();
        assert!(answer.customers[0].value.is_some());
    }
}
