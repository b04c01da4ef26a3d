//! `ClosingService`: what was closed is read as it was, whatever came after.

use crate::harness::{World, cost_model, days, effort, party, reason, refusal, sale};
use profitscore::{
    api::{pb, server::Limits},
    domain::{id::TenantId, money::Currency, time::Calendar},
    service::copying::copy,
    store::{
        Store,
        embedded::{BookSizes, CheckpointSizes, EmbeddedSettings, EmbeddedStore},
        memory::MemoryStore,
    },
};
use prost::Message as _;
use std::{path::Path, sync::Arc};
use tonic::{Code, Status};

/// The first of January 2024.
pub const JANUARY: i64 = 19_723;
/// The first of February 2024.
pub const FEBRUARY: i64 = JANUARY + 31;

pub fn month(year: i32, month: i32) -> pb::CalendarMonth {
    pb::CalendarMonth { year, month }
}

pub fn january() -> Option<pb::CalendarMonth> {
    Some(month(2024, 1))
}

pub fn as_closed() -> Option<pb::ReadOptions> {
    Some(pb::ReadOptions {
        as_closed: january(),
        ..Default::default()
    })
}

pub fn close_request(closed: pb::CalendarMonth, id: &str) -> pb::ClosePeriodRequest {
    pb::ClosePeriodRequest {
        month: Some(closed),
        request_id: id.to_owned(),
        note: "by Bo".to_owned(),
        ..Default::default()
    }
}

pub async fn close(
    world: &World,
    request: pb::ClosePeriodRequest,
) -> Result<pb::ClosePeriodResponse, Status> {
    let answer = world.closings().close_period(request).await;
    answer.map(tonic::Response::into_inner)
}

/// January: a has a margin of 60, b of 20 - 100 x 0.5 = -30, c of 40, and each bears 10 of the rent of 30.
pub async fn small_world() -> World {
    let world = World::start().await;
    let mut first = sale("a1", "a", JANUARY, "100", "40");
    first.dimensions = Some(pb::Dimensions {
        branch_id: "north".to_owned(),
        account_manager_id: "eva".to_owned(),
        ..Default::default()
    });
    let activities = vec![
        first,
        sale("b1", "b", JANUARY + 10, "300", "280"),
        effort("b2", "b", JANUARY + 11, "SERVICE", "100"),
        sale("c1", "c", FEBRUARY - 1, "50", "10"),
        sale("a2", "a", FEBRUARY, "1000", "1"),
    ];
    world.post(activities).await;
    let request = pb::UpsertPartiesRequest {
        parties: vec![party("a", pb::PartyStage::Customer, vec![])],
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    put_costs(&world, "first", "0.5", "30").await;
    world
}

async fn put_costs(world: &World, id: &str, rate: &str, rent: &str) {
    let request = pb::PutCostModelRequest {
        cost_model: Some(cost_model("SERVICE", rate, rent, JANUARY, FEBRUARY)),
        request_id: id.to_owned(),
        ..Default::default()
    };
    world.cost_models().put_cost_model(request).await.unwrap();
}

/// Everything that can come after a closing: a sale, a customer, a reversal, a name, two cost models and a closing.
pub async fn go_on(world: &World) {
    let late = vec![
        sale("late1", "b", JANUARY + 3, "90", "10"),
        sale("late2", "d", JANUARY + 4, "7", "0"),
        sale("march", "a", JANUARY + 70, "5", "1"),
    ];
    world.post(late).await;
    let reversal = pb::Reversal {
        reversal_id: "r1".to_owned(),
        activity_id: "c1".to_owned(),
        reason: "entered twice".to_owned(),
        ..Default::default()
    };
    let request = pb::ReverseActivitiesRequest {
        reversals: vec![reversal],
        ..Default::default()
    };
    world
        .activities()
        .reverse_activities(request)
        .await
        .unwrap();
    let mut renamed = party("a", pb::PartyStage::Customer, vec![]);
    renamed.display_name = "Another".to_owned();
    let request = pb::UpsertPartiesRequest {
        parties: vec![renamed, party("d", pb::PartyStage::Customer, vec![])],
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    put_costs(world, "second", "2", "60").await;
    put_costs(world, "third", "0.6", "30").await;
    close(world, close_request(month(2024, 2), "feb"))
        .await
        .unwrap();
}

/// The bytes of every kind of report on January, and of what is listed.
async fn bytes(
    world: &World,
    read_options: Option<pb::ReadOptions>,
) -> Vec<(&'static str, Vec<u8>)> {
    let period = Some(days(JANUARY, FEBRUARY));
    let mut all = Vec::new();
    macro_rules! ask {
        ($client:ident.$method:ident($request:ident { $($field:ident $(: $value:expr)?),* })) => {
            let request = pb::$request { read_options, $($field $(: $value)?,)* ..Default::default() };
            let answer = world.$client().$method(request).await.unwrap().into_inner();
            all.push((stringify!($method), answer.encode_to_vec()));
        };
    }
    ask!(rankings.rank_customers(RankCustomersRequest { period }));
    ask!(rankings.compare_bands(CompareBandsRequest {
        period,
        band_size: 1
    }));
    ask!(rankings.get_concentration(GetConcentrationRequest {
        period,
        leaving_counts: vec![1]
    }));
    let customer_id = "b".to_owned();
    ask!(
        rankings.get_customer_statement(GetCustomerStatementRequest {
            period,
            customer_id
        })
    );
    ask!(reports.get_cross_report(GetCrossReportRequest { period }));
    let net_profit = pb::RankingBasis::NetProfit as i32;
    ask!(reports.get_cross_report(GetCrossReportRequest {
        period,
        basis: net_profit
    }));
    ask!(reports.rank_dimension(RankDimensionRequest {
        period,
        dimension: 3
    }));
    ask!(reports.get_trend(GetTrendRequest { period }));
    let pool_id = "RENT".to_owned();
    ask!(cost_models.get_allocation_trace(GetAllocationTraceRequest { period, pool_id }));
    ask!(cost_models.compare_allocation_policies(CompareAllocationPoliciesRequest { period }));
    ask!(cost_models.get_capacity_use(GetCapacityUseRequest { period }));
    ask!(cost_models.get_cost_model(GetCostModelRequest {}));
    ask!(cost_models.list_cost_models(ListCostModelsRequest {}));
    ask!(customers.list_parties(ListPartiesRequest {}));
    ask!(activities.list_activities(ListActivitiesRequest {}));
    ask!(closings.list_closed_periods(ListClosedPeriodsRequest {}));
    let request = pb::ExportRankingRequest {
        period,
        read_options,
        ..Default::default()
    };
    let parts = world.rankings().export_ranking(request).await.unwrap();
    let mut parts = parts.into_inner();
    while let Some(part) = parts.message().await.unwrap() {
        all.push(("export_ranking", part.encode_to_vec()));
    }
    all
}

fn folder_store(folder: &Path) -> Arc<EmbeddedStore> {
    let settings = EmbeddedSettings {
        folder: folder.to_owned(),
        calendar: Calendar::of_zone("UTC").unwrap(),
        currency: Currency::parse("USD", "").unwrap(),
        books: BookSizes::default(),
        checkpoints: CheckpointSizes::default(),
    };
    Arc::new(EmbeddedStore::open(&settings, |_| ()).unwrap())
}

#[tokio::test]
async fn what_was_closed_is_read_byte_for_byte_as_on_its_day() {
    let world = small_world().await;
    let closed = close(&world, close_request(month(2024, 1), "jan"))
        .await
        .unwrap();
    let position = closed.closed_period.unwrap().position;
    let recorded = bytes(&world, None).await;
    assert_eq!(bytes(&world, as_closed()).await, recorded);
    go_on(&world).await;

    let now = bytes(&world, None).await;
    let same = recorded.iter().zip(&now).filter(|(then, now)| then == now);
    assert_eq!(same.count(), 0, "everything is another by now");
    assert_eq!(bytes(&world, as_closed()).await, recorded);
    let as_of = pb::ReadOptions {
        as_of: position,
        ..Default::default()
    };
    assert_eq!(
        bytes(&world, Some(as_of)).await,
        recorded,
        "it is only a position"
    );

    let folder = tempfile::tempdir().unwrap();
    let tenant = TenantId::parse_or_default("", "").unwrap();
    let source = world.service.store().unwrap();
    let memory = MemoryStore::new(Calendar::of_zone("UTC").unwrap());
    copy(source, &memory, &tenant, &mut |_| ()).await.unwrap();
    let copied = World::over(Some(Arc::new(memory)), Limits::default()).await;
    assert_eq!(
        bytes(&copied, as_closed()).await,
        recorded,
        "in another store"
    );
    for (round, told) in ["copied to a folder", "and after a restart"]
        .iter()
        .enumerate()
    {
        let store = folder_store(folder.path());
        if round == 0 {
            let target: &dyn Store = &*store;
            copy(source, target, &tenant, &mut |_| ()).await.unwrap();
        }
        let mut other = World::over(Some(store), Limits::default()).await;
        assert_eq!(bytes(&other, as_closed()).await, recorded, "{told}");
        assert_eq!(bytes(&other, None).await, now, "{told}");
        let _ = other.stop.take().unwrap().send(());
        other.ended.await.unwrap();
    }
}

#[tokio::test]
async fn a_closed_ranking_goes_on_page_by_page() {
    let world = small_world().await;
    close(&world, close_request(month(2024, 1), "jan"))
        .await
        .unwrap();
    let ask = |page_token: String| pb::RankCustomersRequest {
        period: Some(days(JANUARY, FEBRUARY)),
        page_size: 2,
        page_token,
        read_options: as_closed(),
        ..Default::default()
    };
    let first = world.rankings().rank_customers(ask(String::new())).await;
    let first = first.unwrap().into_inner();
    go_on(&world).await;
    let second = ask(first.next_page_token);
    let second = world.rankings().rank_customers(second).await;
    let second = second.unwrap().into_inner();
    let customers = first.customers.iter().chain(&second.customers);
    let customers: Vec<_> = customers.map(|row| row.customer_id.as_str()).collect();
    assert_eq!(customers, ["a", "c", "b"]);
    assert_eq!(second.next_page_token, "");
    assert_eq!(second.read_at, first.read_at);
}

#[tokio::test]
async fn closing_is_once_and_for_all() {
    let world = small_world().await;
    let request = close_request(month(2024, 1), "jan");
    let trial = pb::ClosePeriodRequest {
        validate_only: true,
        ..request.clone()
    };
    let tried = close(&world, trial.clone()).await.unwrap();
    let possible = tried.closed_period.unwrap();
    assert_eq!((possible.month, possible.position), (january(), None));
    assert_eq!((tried.already_closed, tried.written_at), (false, None));
    assert_eq!(possible.period, Some(days(JANUARY, FEBRUARY)));

    let first = close(&world, request.clone()).await.unwrap();
    let closed = first.closed_period.clone().unwrap();
    assert_eq!(closed.position, first.written_at);
    assert_eq!(closed.position.unwrap().position, 8);
    assert!(!first.already_closed && closed.record_time.is_some());
    let other = pb::ClosePeriodRequest {
        note: "by Al".to_owned(),
        ..close_request(month(2024, 1), "other")
    };
    for again in [request.clone(), other, trial] {
        let again = close(&world, again).await.unwrap();
        assert!(again.already_closed);
        assert_eq!(again.closed_period, Some(closed.clone()), "the first one");
    }

    let reused = pb::ClosePeriodRequest {
        note: "another".to_owned(),
        ..request
    };
    let status = close(&world, reused).await.unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists);
    assert_eq!(reason(&status).0, "REQUEST_ID_REUSED");
    let status = close(&world, close_request(month(2024, 3), "mar"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    let (told, metadata) = reason(&status);
    assert_eq!(told, "CLOSING_OUT_OF_ORDER");
    assert_eq!(
        (&*metadata["month"], &*metadata["next"]),
        ("2024-03", "2024-02")
    );
    let status = close(&world, close_request(month(2199, 12), "end"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    let (told, metadata) = reason(&status);
    assert_eq!(told, "PERIOD_NOT_OVER");
    assert_eq!(
        (&*metadata["month"], &*metadata["end"]),
        ("2199-12", "2200-01-01")
    );

    close(&world, close_request(month(2024, 2), "feb"))
        .await
        .unwrap();
    let list = async |page_size, page_token| {
        let request = pb::ListClosedPeriodsRequest {
            page_size,
            page_token,
            ..Default::default()
        };
        let answer = world.closings().list_closed_periods(request).await;
        let answer = answer.unwrap().into_inner();
        let months = answer
            .closed_periods
            .iter()
            .map(|one| one.month.unwrap().month);
        (months.collect::<Vec<_>>(), answer.next_page_token)
    };
    assert_eq!(list(0, String::new()).await, (vec![2, 1], String::new()));
    let (months, next) = list(1, String::new()).await;
    assert_eq!(months, [2]);
    assert_eq!(list(1, next).await, (vec![1], String::new()));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let world = small_world().await;
    let rank = async |read_options| {
        let request = pb::RankCustomersRequest {
            read_options: Some(read_options),
            ..Default::default()
        };
        world.rankings().rank_customers(request).await.unwrap_err()
    };
    let closed = pb::ReadOptions {
        as_closed: january(),
        ..Default::default()
    };
    let status = rank(closed).await;
    assert_eq!(status.code(), Code::FailedPrecondition);
    let (told, metadata) = reason(&status);
    assert_eq!(told, "PERIOD_NOT_CLOSED");
    assert_eq!(metadata["field"], "read_options.as_closed");
    assert_eq!(
        (&*metadata["month"], &*metadata["position"]),
        ("2024-01", "7")
    );

    close(&world, close_request(month(2024, 1), "jan"))
        .await
        .unwrap();
    let at = |position| Some(pb::LedgerPosition { position });
    let both = pb::ReadOptions {
        as_of: at(8),
        ..closed
    };
    let invalid = |field: &str| ("FIELD_INVALID".to_owned(), field.to_owned());
    assert_eq!(
        refusal(&rank(both).await),
        invalid("read_options.as_closed")
    );
    go_on(&world).await;
    let fresher = pb::ReadOptions {
        at_least_as_fresh: at(9),
        ..closed
    };
    let status = rank(fresher).await;
    assert_eq!(refusal(&status), invalid("read_options.at_least_as_fresh"));
    let wrong = pb::ReadOptions {
        as_closed: Some(month(2024, 13)),
        ..Default::default()
    };
    let out = |field: &str| ("NUMBER_OUT_OF_RANGE".to_owned(), field.to_owned());
    assert_eq!(
        refusal(&rank(wrong).await),
        out("read_options.as_closed.month")
    );
    let newer_costs = pb::RankCustomersRequest {
        read_options: Some(closed),
        cost_model_version: Some(2),
        ..Default::default()
    };
    let status = world
        .rankings()
        .rank_customers(newer_costs)
        .await
        .unwrap_err();
    assert_eq!(
        reason(&status).0,
        "COST_MODEL_NOT_FOUND",
        "it was not there yet"
    );

    let status = close(&world, pb::ClosePeriodRequest::default())
        .await
        .unwrap_err();
    let required = |field: &str| ("FIELD_REQUIRED".to_owned(), field.to_owned());
    assert_eq!(refusal(&status), required("month"));
    let status = close(&world, close_request(month(1899, 1), "q"))
        .await
        .unwrap_err();
    assert_eq!(refusal(&status), out("month.year"));
    let status = close(&world, close_request(month(2024, 3), ""))
        .await
        .unwrap_err();
    assert_eq!(refusal(&status), required("request_id"));
    let late = pb::GetLateArrivalsRequest {
        month: Some(month(2023, 12)),
        ..Default::default()
    };
    let status = world.closings().get_late_arrivals(late).await.unwrap_err();
    assert_eq!(reason(&status).1["field"], "month");
    let late = pb::ListLateEntriesRequest {
        month: Some(month(2023, 12)),
        ..Default::default()
    };
    let status = world.closings().list_late_entries(late).await.unwrap_err();
    assert_eq!(reason(&status).0, "PERIOD_NOT_CLOSED");
}
