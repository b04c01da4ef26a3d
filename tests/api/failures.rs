//! What is not the caller's fault: a store that fails, is damaged, lies or is slow; a service that starts or stops.

use crate::{
    faulty_store::{Fault, FaultyStore},
    harness::{World, cost_model, effort, grpc_web, reason, sale},
};
use profitscore::api::{pb, server::Limits};
use std::{sync::Arc, time::Duration};
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

async fn faulty(fault: Fault, limits: Limits) -> World {
    let store = FaultyStore::new(fault);
    World::over(Some(Arc::new(store)), limits).await
}

#[tokio::test]
async fn health_follows_a_store_that_goes_away_and_comes_back() {
    let limits = Limits {
        probe: Duration::from_millis(100),
        ..Limits::default()
    };
    let world = faulty(Fault::Away, limits).await;
    let mut client = HealthClient::new(world.channel.clone());
    let watched = client.watch(HealthCheckRequest::default()).await;
    let mut said = watched.unwrap().into_inner();
    for wanted in [
        ServingStatus::Serving,
        ServingStatus::NotServing,
        ServingStatus::Serving,
    ] {
        loop {
            let status = said.message().await.unwrap().unwrap().status();
            if status == wanted {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_may_be_tried_again() {
    let world = faulty(Fault::Full, Limits::default()).await;
    let request = pb::SubmitActivitiesRequest {
        activities: vec![sale("a", "c", 1, "1", "0")],
        ..Default::default()
    };
    let status = world
        .activities()
        .submit_activities(request)
        .await
        .unwrap_err();
    let (reason, metadata) = reason(&status);
    assert_eq!(
        (reason.as_str(), status.code()),
        ("STORE_UNAVAILABLE", Code::Unavailable)
    );
    assert_eq!(metadata["problem"], "database or disk is full");
}

#[tokio::test]
async fn damage_is_named_and_never_served() {
    let world = faulty(Fault::Damaged, Limits::default()).await;
    world.post(vec![sale("a", "c", 1, "1", "0")]).await;
    let list = world
        .activities()
        .list_activities(pb::ListActivitiesRequest::default())
        .await;
    let status = list.unwrap_err();
    let (reason, metadata) = reason(&status);
    assert_eq!(
        (reason.as_str(), status.code()),
        ("LEDGER_DAMAGED", Code::DataLoss)
    );
    assert_eq!(metadata["place"], "ledger of default, positions 1 to 7");
}

#[tokio::test]
async fn a_report_that_does_not_tie_is_not_sent() {
    let world = faulty(Fault::Lies, Limits::default()).await;
    world.post(vec![sale("a", "c", 1, "1", "0")]).await;
    let ranking = world
        .rankings()
        .rank_customers(pb::RankCustomersRequest::default())
        .await;
    let status = ranking.unwrap_err();
    let (reason, metadata) = reason(&status);
    assert_eq!(
        (reason.as_str(), status.code()),
        ("REPORT_DOES_NOT_TIE", Code::Internal)
    );
    assert_eq!(metadata["ledger"], "1000000000");
    assert_eq!(metadata["reported"], "1000001000");
}

#[tokio::test]
async fn neither_is_one_whose_columns_or_cells_do_not() {
    for (fault, refused) in [
        (Fault::LiesInGroups, [true, true, true, false]),
        (Fault::LiesInCells, [true, false, false, true]),
        // What one customer has is weighed above the store, whatever that says of all.
        (Fault::Lies, [true, true, true, false]),
    ] {
        let world = faulty(fault, Limits::default()).await;
        world.post(vec![sale("a", "c", 1, "1", "0")]).await;
        let mut client = world.reports();
        let cross = pb::GetCrossReportRequest::default();
        let of_customer = pb::GetTrendRequest {
            customer_id: "c".to_owned(),
            ..Default::default()
        };
        let answers = [
            client.get_cross_report(cross).await.map(drop),
            client
                .rank_dimension(pb::RankDimensionRequest::default())
                .await
                .map(drop),
            client
                .get_trend(pb::GetTrendRequest::default())
                .await
                .map(drop),
            client.get_trend(of_customer).await.map(drop),
        ];
        for (answer, refused) in answers.into_iter().zip(refused) {
            assert_eq!(answer.is_err(), refused);
            if let Err(status) = answer {
                assert_eq!(reason(&status).0, "REPORT_DOES_NOT_TIE");
            }
        }
    }
}

#[tokio::test]
async fn the_servers_own_deadline_is_kept() {
    let limits = Limits {
        deadline: Duration::from_millis(80),
        ..Limits::default()
    };
    let world = faulty(Fault::Slow, limits).await;
    let ranking = world
        .rankings()
        .rank_customers(pb::RankCustomersRequest::default())
        .await;
    let status = ranking.unwrap_err();
    let (reason, metadata) = reason(&status);
    assert_eq!(
        (reason.as_str(), status.code()),
        ("DEADLINE_EXCEEDED", Code::DeadlineExceeded)
    );
    assert_eq!(metadata["timeout_milliseconds"], "80");
}

/// Asked without tonic's client, whose own timer would answer before the server does.
#[tokio::test]
async fn the_callers_deadline_is_kept() {
    let world = faulty(Fault::Slow, Limits::default()).await;
    let answer = grpc_web(
        &world,
        "RankingService/RankCustomers",
        "grpc-timeout: 50m\r\n",
    )
    .await;
    assert!(
        answer.contains("grpc-status: 4") || answer.contains("grpc-status:4"),
        "{answer}"
    );
    assert!(answer.contains("within%2050%20milliseconds"), "{answer}");
}

#[tokio::test]
async fn a_service_that_reads_its_ledger_says_so() {
    let world = World::over(None, Limits::default()).await;
    let ranking = world
        .rankings()
        .rank_customers(pb::RankCustomersRequest::default())
        .await;
    let status = ranking.unwrap_err();
    assert_eq!(
        (reason(&status).0.as_str(), status.code()),
        ("STARTING", Code::Unavailable)
    );
}

#[tokio::test]
async fn a_figure_that_no_amount_of_money_can_hold_is_refused() {
    let world = World::start().await;
    world.post(vec![effort("a", "c", 1, "R", "10000000")]).await;
    let request = pb::PutCostModelRequest {
        cost_model: Some(cost_model("R", "9223372036854", "0", 0, 1)),
        request_id: "absurd".to_owned(),
        ..Default::default()
    };
    world.cost_models().put_cost_model(request).await.unwrap();
    let ranking = world
        .rankings()
        .rank_customers(pb::RankCustomersRequest::default())
        .await;
    let status = ranking.unwrap_err();
    let (reason, metadata) = reason(&status);
    assert_eq!(
        (reason.as_str(), status.code()),
        ("SUM_OUT_OF_RANGE", Code::FailedPrecondition)
    );
    assert!(metadata.contains_key("figure"));
}
