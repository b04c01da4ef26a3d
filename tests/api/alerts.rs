//! `WatchAlerts`: each alert is raised once and cleared once, whoever reads and from wherever.

use crate::harness::{World, activity, days, decimal, effort, reason, sale, text, usd};
use profitscore::api::pb::{
    self, AlertKind, AlertState, activity::Kind, alert::Figures,
    watch_service_client::WatchServiceClient,
};
use std::collections::BTreeSet;
use tonic::{Status, Streaming};

type Open = BTreeSet<(String, AlertKind)>;

/// A reader that keeps what is open.
struct Reader {
    messages: Streaming<pb::WatchAlertsResponse>,
    open: Open,
    position: i64,
    key_band_as_of: Option<pb::LedgerPosition>,
    kinds: Vec<AlertKind>,
    /// Of the last message.
    alerts: Vec<pb::Alert>,
}

impl Reader {
    async fn open(world: &World, request: pb::WatchAlertsRequest) -> Result<Self, Status> {
        let mut client = WatchServiceClient::new(world.channel.clone());
        let resumed = request.resume_after;
        let messages = client.watch_alerts(request).await?;
        let mut reader = Self {
            messages: messages.into_inner(),
            open: Open::new(),
            position: resumed.map_or(0, |position| position.position),
            key_band_as_of: None,
            kinds: Vec::new(),
            alerts: Vec::new(),
        };
        if resumed.is_none() {
            reader.read().await?;
        }
        Ok(reader)
    }

    async fn read(&mut self) -> Result<(), Status> {
        let message = self.messages.message().await?.unwrap();
        let is_first = message.since.is_none();
        if let Some(since) = message.since {
            assert_eq!(since.position, self.position);
        }
        self.position = message.read_at.unwrap().position;
        self.key_band_as_of = message.key_band_as_of;
        self.kinds = message.kinds().collect();
        for alert in &message.alerts {
            let key = (alert.customer_id.clone(), alert.kind());
            let fits = match alert.state() {
                AlertState::Open => is_first && self.open.insert(key),
                AlertState::Raised => !is_first && self.open.insert(key),
                AlertState::Cleared => !is_first && self.open.remove(&key),
                AlertState::Unspecified => false,
            };
            assert!(fits, "{alert:?} does not follow from {:?}", self.open);
        }
        self.alerts = message.alerts;
        Ok(())
    }

    async fn up_to(&mut self, position: i64) {
        while self.position < position {
            self.read().await.unwrap();
        }
    }

    fn alert(&self, customer: &str, kind: AlertKind) -> &pb::Alert {
        let is_it = |alert: &&pb::Alert| alert.customer_id == customer && alert.kind() == kind;
        let found = self.alerts.iter().find(is_it);
        found.unwrap_or_else(|| panic!("no {kind:?} of {customer}: {:?}", self.alerts))
    }
}

fn question(kinds: &[AlertKind]) -> pb::WatchAlertsRequest {
    pb::WatchAlertsRequest {
        kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
        ..Default::default()
    }
}

fn refund(id: &str, customer: &str, on: i64, amount: &str) -> pb::Activity {
    let refund = pb::Refund {
        amount: Some(usd(amount)),
        ..Default::default()
    };
    activity(id, customer, on, Kind::Refund(refund))
}

fn ids(alert: &pb::Alert) -> Vec<&str> {
    let causes = alert.cause.iter().flat_map(|cause| &cause.activities);
    causes
        .flat_map(|own| own.activity_ids.iter().map(String::as_str))
        .collect()
}

#[tokio::test]
async fn losses_and_floors_are_raised_once_and_cleared_once() {
    let world = World::start().await;
    world
        .post(vec![
            sale("a1", "a", 1, "10", "0"),
            sale("b1", "b", 1, "3", "8"),
        ])
        .await;
    let request = pb::WatchAlertsRequest {
        net_profit_floor: Some(usd("5")),
        ..question(&[AlertKind::TurnedUnprofitable, AlertKind::BelowFloor])
    };
    let mut reader = Reader::open(&world, request.clone()).await.unwrap();
    let key = |customer: &str, kind| (customer.to_owned(), kind);
    let both = [AlertKind::TurnedUnprofitable, AlertKind::BelowFloor].map(|kind| key("b", kind));
    assert_eq!(reader.open, Open::from(both.clone()));
    // Below the floor, and not below zero.
    let written = world.post(vec![refund("a2", "a", 1, "7")]).await;
    reader.up_to(written).await;
    let below = reader.alert("a", AlertKind::BelowFloor);
    assert_eq!(
        (below.state(), ids(below)),
        (AlertState::Raised, vec!["a2"])
    );
    let Some(Figures::Profit(profit)) = &below.figures else {
        panic!("{below:?}");
    };
    assert_eq!(text(profit.net_profit.as_ref()), "3");
    assert_eq!(text(profit.floor.as_ref()), "5");
    assert_eq!(reader.alerts.len(), 1);
    let written = world.post(vec![refund("a3", "a", 1, "4")]).await;
    reader.up_to(written).await;
    assert_eq!(
        reader.alert("a", AlertKind::TurnedUnprofitable).state(),
        AlertState::Raised
    );
    assert_eq!(reader.alerts.len(), 1);
    // Over the floor again; a new reader sees what this one has, and one that resumes hears the same.
    let before = reader.position;
    let written = world.post(vec![sale("a4", "a", 1, "100", "0")]).await;
    reader.up_to(written).await;
    assert_eq!(reader.open, Open::from(both));
    assert_eq!(reader.alerts.len(), 2);
    let fresh = Reader::open(&world, request.clone()).await.unwrap();
    assert_eq!(fresh.open, reader.open);
    let resume = pb::WatchAlertsRequest {
        resume_after: Some(pb::LedgerPosition { position: before }),
        ..request
    };
    let mut client = WatchServiceClient::new(world.channel.clone());
    let mut resumed = client.watch_alerts(resume).await.unwrap().into_inner();
    let message = resumed.message().await.unwrap().unwrap();
    assert_eq!(message.alerts, reader.alerts);
}

#[tokio::test]
async fn attention_that_outpaces_volume_is_told_with_both_times() {
    let world = World::start().await;
    // The period is days 10 to 20, so that days 0 to 10 are before it.
    world
        .post(vec![
            sale("a1", "a", 5, "1000", "0"),
            effort("a2", "a", 5, "R", "100"),
            sale("a3", "a", 15, "800", "0"),
            effort("a4", "a", 15, "R", "110"),
        ])
        .await;
    let request = pb::WatchAlertsRequest {
        period: Some(days(10, 20)),
        minimum_minutes: Some(decimal("30")),
        ..question(&[AlertKind::AttentionOutpacesVolume])
    };
    let mut reader = Reader::open(&world, request).await.unwrap();
    assert_eq!(reader.open, Open::new());
    let written = world.post(vec![effort("a5", "a", 16, "S", "10")]).await;
    reader.up_to(written).await;
    let raised = reader.alert("a", AlertKind::AttentionOutpacesVolume);
    assert_eq!(ids(raised), ["a5"]);
    let Some(Figures::Attention(figures)) = &raised.figures else {
        panic!("{raised:?}");
    };
    let minutes = |of: &Option<pb::google_type::Decimal>| of.clone().unwrap().value;
    assert_eq!(
        (minutes(&figures.minutes), minutes(&figures.prior_minutes)),
        ("120".to_owned(), "100".to_owned())
    );
    assert_eq!(text(figures.revenue.as_ref()), "800");
    assert_eq!(text(figures.prior_revenue.as_ref()), "1000");
    let written = world.post(vec![sale("a6", "a", 17, "150", "0")]).await;
    reader.up_to(written).await;
    assert_eq!(
        reader
            .alert("a", AlertKind::AttentionOutpacesVolume)
            .state(),
        AlertState::Cleared
    );
}

#[tokio::test]
async fn an_overdue_invoice_is_told_until_it_is_paid() {
    let world = World::start().await;
    let invoice = |id: &str, amount: &str, due: i64| {
        let invoice = pb::Invoice {
            invoice_id: id.to_owned(),
            amount: Some(usd(amount)),
            due_time: Some(crate::harness::day(due)),
        };
        activity(id, "a", 1, Kind::Invoice(invoice))
    };
    let payment = |id: &str, amount: &str| {
        let payment = pb::Payment {
            amount: Some(usd(amount)),
            invoice_id: "i1".to_owned(),
        };
        activity(id, "a", 3, Kind::Payment(payment))
    };
    // The other is due in the far future.
    world
        .post(vec![invoice("i1", "100", 40), invoice("i2", "50", 60_000)])
        .await;
    let mut reader = Reader::open(&world, question(&[AlertKind::Overdue]))
        .await
        .unwrap();
    let open = reader.alert("a", AlertKind::Overdue);
    let Some(Figures::Overdue(overdue)) = &open.figures else {
        panic!("{open:?}");
    };
    assert_eq!(
        (
            text(overdue.amount.as_ref()).as_str(),
            overdue.invoice_count
        ),
        ("100", 1)
    );
    assert_eq!(overdue.oldest_invoice_id, "i1");
    // Paid in part is not paid.
    let before = reader.position;
    world.post(vec![payment("p1", "60")]).await;
    let written = world.post(vec![payment("p2", "40")]).await;
    reader.up_to(written).await;
    let cleared = reader.alert("a", AlertKind::Overdue);
    assert_eq!(
        (cleared.state(), reader.open.len()),
        (AlertState::Cleared, 0)
    );
    let resume = pb::WatchAlertsRequest {
        resume_after: Some(pb::LedgerPosition { position: before }),
        ..question(&[AlertKind::Overdue])
    };
    let mut resumed = Reader::open(&world, resume).await.unwrap();
    resumed.open.insert(("a".to_owned(), AlertKind::Overdue));
    resumed.up_to(written).await;
    assert_eq!(resumed.open, Open::new());
}

#[tokio::test]
async fn who_leaves_the_key_band_is_told() {
    let world = World::start().await;
    let first = ["a", "b", "c"].iter().zip(["30", "20", "10"]);
    let first = first.map(|(customer, amount)| sale(customer, customer, 1, amount, "0"));
    let began = world.post(first.collect()).await;
    let request = pb::WatchAlertsRequest {
        key_band_size: 2,
        ..question(&[AlertKind::OutOfKeyBand])
    };
    let mut reader = Reader::open(&world, request.clone()).await.unwrap();
    assert_eq!(reader.key_band_as_of.unwrap().position, began);
    let written = world.post(vec![sale("c2", "c", 1, "15", "0")]).await;
    reader.up_to(written).await;
    let out = reader.alert("b", AlertKind::OutOfKeyBand);
    let Some(Figures::KeyBand(band)) = &out.figures else {
        panic!("{out:?}");
    };
    assert_eq!(
        (band.old_rank, band.new_rank, band.band_size),
        (2, Some(3), 2)
    );
    // Who begins now with the same band sees the same.
    let same = pb::WatchAlertsRequest {
        key_band_as_of: reader.key_band_as_of,
        ..request.clone()
    };
    let same = Reader::open(&world, same).await.unwrap();
    assert_eq!(same.open, reader.open);
    let fresh = Reader::open(&world, request).await.unwrap();
    assert_eq!(fresh.open, Open::new());
    let written = world.post(vec![sale("b2", "b", 1, "50", "0")]).await;
    reader.up_to(written).await;
    assert_eq!(reader.open, Open::new());
}

#[tokio::test]
async fn a_question_about_too_many_is_refused() {
    let world = World::start().await;
    for batch in 0..4 {
        let some = (0..900).map(|index| {
            sale(
                &format!("{batch}-{index}"),
                &format!("{batch}-{index}"),
                1,
                "1",
                "0",
            )
        });
        world.post(some.collect()).await;
    }
    // A third of 3,600 is more than the 1,000 that can be followed.
    let wide = pb::WatchAlertsRequest {
        key_band_fraction: Some(0.333_333),
        ..question(&[AlertKind::OutOfKeyBand])
    };
    let refused = Reader::open(&world, wide).await.err().unwrap();
    let (name, metadata) = reason(&refused);
    assert_eq!(
        (name.as_str(), metadata["limit"].as_str()),
        ("WATCH_TOO_WIDE", "1000")
    );
    // Without kinds, those are followed for which there is what they need.
    let reader = Reader::open(&world, question(&[])).await.unwrap();
    let expected = [
        AlertKind::TurnedUnprofitable,
        AlertKind::Overdue,
        AlertKind::OutOfKeyBand,
    ];
    assert_eq!(reader.kinds, expected);
}
