//! Readers of `WatchService` that are slow, too many, wrong or longer there than the service.

use crate::{
    harness::{World, days, reason, refusal, sale},
    watching::{Reader, at, client, top},
};
use profitscore::{
    api::{
        pb::{self, watch_service_client::WatchServiceClient},
        server::Limits,
    },
    service::watching::WatchLimits,
};
use std::time::Duration;
use tonic::{Code, transport::Channel};

fn impatient() -> Limits {
    Limits {
        watch: WatchLimits {
            patience: Duration::from_secs(2),
            interval: Duration::from_millis(5),
            watchers_per_tenant: 2,
            ..WatchLimits::default()
        },
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_dropped_and_others_miss_nothing() {
    let (store, _folder) = crate::store::open().await;
    let world = World::over(Some(store), impatient()).await;
    let everybody = |step: u32| -> Vec<pb::Activity> {
        let one = |customer| {
            let id = format!("{step}-{customer}");
            sale(
                &id,
                &format!("customer-{customer:04}"),
                1,
                &step.to_string(),
                "0",
            )
        };
        (0..1_000).map(one).collect()
    };
    world.post(everybody(1)).await;
    let mut good = Reader::open(&world, top(1_000)).await;
    // On a connection of its own, whose small window it fills.
    let endpoint = Channel::from_shared(format!("http://{}", world.address)).unwrap();
    let endpoint = endpoint.initial_stream_window_size(65_535);
    let mut apart = WatchServiceClient::new(endpoint.connect().await.unwrap());
    let mut dead = apart.watch_ranking(top(1_000)).await.unwrap().into_inner();
    for step in 2..12 {
        let written = world.post(everybody(step)).await;
        good.up_to(written).await;
    }
    good.assert_true(&world, &top(1_000)).await;
    // Its place is free again, although it is still there.
    let mut tries = 0;
    let third = loop {
        match client(&world).watch_ranking(top(1)).await {
            Ok(messages) => break messages.into_inner(),
            Err(status) => assert_eq!(reason(&status).0, "TOO_MANY_WATCHERS"),
        }
        tries += 1;
        assert!(
            tries < 600,
            "the reader that does not read is never dropped"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let status = loop {
        match dead.message().await {
            Ok(message) => assert!(message.is_some(), "it must not end well"),
            Err(status) => break status,
        }
    };
    assert_eq!(
        (reason(&status).0.as_str(), status.code()),
        ("WATCHER_TOO_SLOW", Code::Aborted)
    );
    // There are two now, and no third.
    let refused = client(&world).watch_ranking(top(1)).await.unwrap_err();
    let (name, metadata) = reason(&refused);
    assert_eq!(
        (name.as_str(), refused.code()),
        ("TOO_MANY_WATCHERS", Code::ResourceExhausted)
    );
    assert_eq!(
        (metadata["what"].as_str(), metadata["limit"].as_str()),
        ("watchers of the tenant", "2")
    );
    drop((third, good));
}

#[tokio::test]
async fn a_stream_outlives_the_limit_of_calls() {
    let (store, _folder) = crate::store::open().await;
    let limits = Limits {
        deadline: Duration::from_secs(2),
        ..Limits::default()
    };
    let world = World::over(Some(store), limits).await;
    let mut reader = Reader::open(&world, top(1)).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let written = world.post(vec![sale("a", "a", 1, "10", "0")]).await;
    reader.up_to(written).await;
    reader.assert_true(&world, &top(1)).await;
}

#[tokio::test]
async fn a_stopping_service_ends_its_readers_with_a_reason() {
    let mut world = World::start().await;
    let mut reader = Reader::open(&world, top(1)).await;
    let alerts = pb::WatchAlertsRequest::default();
    let mut alerts = client(&world)
        .watch_alerts(alerts)
        .await
        .unwrap()
        .into_inner();
    assert!(alerts.message().await.unwrap().is_some());
    world.stop.take().unwrap().send(()).unwrap();
    assert_eq!(reason(&reader.read().await.unwrap_err()).0, "STOPPING");
    assert_eq!(reason(&alerts.message().await.unwrap_err()).0, "STOPPING");
    drop((reader, alerts));
    world.ended.await.unwrap();
}

#[tokio::test]
async fn wrong_questions_are_refused_by_field() {
    let world = World::start().await;
    let both = pb::WatchRankingRequest {
        last_days: 1,
        period: Some(days(0, 1)),
        ..top(1)
    };
    let status = client(&world).watch_ranking(both).await.unwrap_err();
    assert_eq!(
        refusal(&status),
        ("FIELD_INVALID".to_owned(), "last_days".to_owned())
    );
    let status = client(&world).watch_ranking(top(1_001)).await.unwrap_err();
    assert_eq!(
        refusal(&status),
        (
            "NUMBER_OUT_OF_RANGE".to_owned(),
            "customer_count".to_owned()
        )
    );
    let of = |kind: pb::AlertKind| pb::WatchAlertsRequest {
        kinds: vec![kind as i32],
        ..Default::default()
    };
    for (request, field) in [
        (of(pb::AlertKind::BelowFloor), "net_profit_floor"),
        (of(pb::AlertKind::AttentionOutpacesVolume), "period"),
    ] {
        let status = client(&world).watch_alerts(request).await.unwrap_err();
        assert_eq!(
            refusal(&status),
            ("FIELD_INVALID".to_owned(), field.to_owned())
        );
    }
    let status = client(&world)
        .watch_alerts(of(pb::AlertKind::Unspecified))
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&status),
        ("FIELD_REQUIRED".to_owned(), "kinds[0]".to_owned())
    );
    let ahead = pb::WatchAlertsRequest {
        key_band_as_of: at(1),
        ..Default::default()
    };
    let status = client(&world).watch_alerts(ahead).await.unwrap_err();
    assert_eq!(reason(&status).0, "POSITION_NOT_REACHED");
}
