//! A server on a port of its own, clients for it, and short words for messages.

use profitscore::{
    api::{
        access::tokens::Tokens,
        layers::auth::Guard,
        pb::{
            self, activity::Kind, activity_service_client::ActivityServiceClient,
            advice_service_client::AdviceServiceClient,
            closing_service_client::ClosingServiceClient,
            cost_model_service_client::CostModelServiceClient,
            customer_service_client::CustomerServiceClient,
            customer_value_service_client::CustomerValueServiceClient,
            exchange_rate_service_client::ExchangeRateServiceClient, google_type,
            price_terms_service_client::PriceTermsServiceClient,
            prospect_service_client::ProspectServiceClient,
            ranking_service_client::RankingServiceClient,
            receivables_service_client::ReceivablesServiceClient,
            report_service_client::ReportServiceClient,
        },
        server::{Limits, serve_guarded},
    },
    domain::{money::Currency, time::Calendar},
    service::{Service, Settings, clock::SystemClock},
    store::Store,
};
use std::{collections::HashMap, net::SocketAddr, sync::Arc};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use tonic::{Status, transport::Channel};
use tonic_types::StatusExt as _;

/// A running server.
pub struct World {
    pub address: SocketAddr,
    pub channel: Channel,
    pub service: Arc<Service>,
    pub stop: Option<oneshot::Sender<()>>,
    pub ended: JoinHandle<()>,
    /// Where its data is; removed with it.
    pub folder: Option<TempDir>,
}

impl World {
    /// Over an empty store, in US dollars and UTC.
    pub async fn start() -> Self {
        let (store, folder) = crate::store::open().await;
        let mut world = Self::over(Some(store), Limits::default()).await;
        world.folder = folder;
        world
    }

    /// Over an empty store, for those who show one of the tokens.
    pub async fn guarded(tokens: &str) -> Self {
        let (store, folder) = crate::store::open().await;
        let guard = Guard::of(Tokens::parse(tokens).unwrap());
        let mut world = Self::over_guarded(Some(store), Limits::default(), guard).await;
        world.folder = folder;
        world
    }

    /// Over a given store; without one, a service that is still starting.
    pub async fn over(store: Option<Arc<dyn Store>>, limits: Limits) -> Self {
        Self::over_guarded(store, limits, Guard::open()).await
    }

    async fn over_guarded(store: Option<Arc<dyn Store>>, limits: Limits, guard: Guard) -> Self {
        let settings = Settings {
            currency: Currency::parse("USD", "").unwrap(),
            calendar: Calendar::of_zone("UTC").unwrap(),
        };
        let service = Arc::new(Service::starting(settings, Arc::new(SystemClock)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let is_open = store.is_some();
        if let Some(store) = store {
            service.open(store);
        }
        let opened = async move {
            if !is_open {
                std::future::pending::<()>().await;
            }
        };
        let shutdown = async move {
            let _ = stopped.await;
        };
        let limits = (limits, guard);
        let serving = serve_guarded(Arc::clone(&service), listener, limits, opened, shutdown);
        let ended = tokio::spawn(async move { serving.await.unwrap() });
        let channel = Channel::from_shared(format!("http://{address}")).unwrap();
        let channel = channel.connect().await.unwrap();
        Self {
            address,
            channel,
            service,
            stop: Some(stop),
            ended,
            folder: None,
        }
    }

    pub fn activities(&self) -> ActivityServiceClient<Channel> {
        ActivityServiceClient::new(self.channel.clone())
    }

    pub fn advice(&self) -> AdviceServiceClient<Channel> {
        AdviceServiceClient::new(self.channel.clone())
    }

    pub fn customers(&self) -> CustomerServiceClient<Channel> {
        CustomerServiceClient::new(self.channel.clone())
    }

    pub fn closings(&self) -> ClosingServiceClient<Channel> {
        ClosingServiceClient::new(self.channel.clone())
    }

    pub fn cost_models(&self) -> CostModelServiceClient<Channel> {
        CostModelServiceClient::new(self.channel.clone())
    }

    pub fn exchange_rates(&self) -> ExchangeRateServiceClient<Channel> {
        ExchangeRateServiceClient::new(self.channel.clone())
    }

    pub fn price_terms(&self) -> PriceTermsServiceClient<Channel> {
        PriceTermsServiceClient::new(self.channel.clone())
    }

    pub fn rankings(&self) -> RankingServiceClient<Channel> {
        RankingServiceClient::new(self.channel.clone())
    }

    pub fn receivables(&self) -> ReceivablesServiceClient<Channel> {
        ReceivablesServiceClient::new(self.channel.clone())
    }

    pub fn values(&self) -> CustomerValueServiceClient<Channel> {
        CustomerValueServiceClient::new(self.channel.clone())
    }

    pub fn reports(&self) -> ReportServiceClient<Channel> {
        ReportServiceClient::new(self.channel.clone())
    }

    pub fn prospects(&self) -> ProspectServiceClient<Channel> {
        ProspectServiceClient::new(self.channel.clone())
    }

    /// Submits activities that must all be posted, and gives the position after them.
    pub async fn post(&self, activities: Vec<pb::Activity>) -> i64 {
        let request = pb::SubmitActivitiesRequest {
            activities,
            ..Default::default()
        };
        let answer = self
            .activities()
            .submit_activities(request)
            .await
            .unwrap()
            .into_inner();
        for result in &answer.results {
            assert!(is_posted(result), "{result:?}");
        }
        answer.written_at.unwrap().position
    }
}

pub fn is_posted(result: &pb::ActivityResult) -> bool {
    matches!(
        result.outcome,
        Some(pb::activity_result::Outcome::Posted(_))
    )
}

pub fn rejection(result: &pb::ActivityResult) -> &pb::Rejection {
    match &result.outcome {
        Some(pb::activity_result::Outcome::Rejection(rejection)) => rejection,
        other => panic!("{other:?} is not a rejection"),
    }
}

pub fn rejection_of(outcome: &pb::prequalification_result::Outcome) -> &pb::Rejection {
    match outcome {
        pb::prequalification_result::Outcome::Rejection(rejection) => rejection,
        other @ pb::prequalification_result::Outcome::Prequalification(_) => {
            panic!("{other:?} is not a rejection")
        }
    }
}

/// The reason and the metadata of a status.
pub fn reason(status: &Status) -> (String, HashMap<String, String>) {
    let details = status.get_error_details();
    let info = details
        .error_info()
        .unwrap_or_else(|| panic!("{status:?} has no ErrorInfo"));
    assert_eq!(info.domain, "profitscore.v1");
    (info.reason.clone(), info.metadata.clone())
}

/// The reason of a status, and the first field that it names.
pub fn refusal(status: &Status) -> (String, String) {
    let details = status.get_error_details();
    let violations = details
        .bad_request()
        .map(|bad| bad.field_violations.clone());
    let field = violations.and_then(|v| v.first().map(|v| v.field.clone()));
    (reason(status).0, field.unwrap_or_default())
}

/// US dollars from a decimal text with at most nine places.
pub fn usd(text: &str) -> google_type::Money {
    let negative = text.starts_with('-');
    let (units, fraction) = text
        .trim_start_matches('-')
        .split_once('.')
        .unwrap_or((text.trim_start_matches('-'), ""));
    let nanos: i32 = format!("{fraction:0<9}").parse().unwrap();
    let units: i64 = units.parse().unwrap();
    let sign = if negative { -1 } else { 1 };
    google_type::Money {
        currency_code: "USD".to_owned(),
        units: units * i64::from(sign),
        nanos: nanos * sign,
    }
}

/// An amount as a decimal text.
pub fn text(money: Option<&google_type::Money>) -> String {
    let money = money.expect("an amount");
    let nanos = i128::from(money.units) * 1_000_000_000 + i128::from(money.nanos);
    profitscore::domain::decimal::format_fixed(nanos, 9)
}

pub fn decimal(text: &str) -> google_type::Decimal {
    google_type::Decimal {
        value: text.to_owned(),
    }
}

/// Midnight UTC of a day counted from 1970-01-01.
pub fn day(day: i64) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: day * 86_400,
        nanos: 0,
    }
}

/// Whole days, the second not included.
pub fn days(from: i64, to: i64) -> google_type::Interval {
    google_type::Interval {
        start_time: Some(day(from)),
        end_time: Some(day(to)),
    }
}

/// Something that happened at noon.
pub fn activity(id: &str, customer: &str, on: i64, kind: Kind) -> pb::Activity {
    let noon = prost_types::Timestamp {
        seconds: on * 86_400 + 43_200,
        nanos: 0,
    };
    pb::Activity {
        activity_id: id.to_owned(),
        customer_id: customer.to_owned(),
        occur_time: Some(noon),
        dimensions: None,
        kind: Some(kind),
    }
}

/// A sale at noon.
pub fn sale(id: &str, customer: &str, on: i64, revenue: &str, cost: &str) -> pb::Activity {
    let kind = Kind::Sale(pb::Sale {
        revenue: Some(usd(revenue)),
        cost_of_goods: Some(usd(cost)),
        ..Default::default()
    });
    activity(id, customer, on, kind)
}

/// Working time at noon.
pub fn effort(id: &str, customer: &str, on: i64, role: &str, minutes: &str) -> pb::Activity {
    let kind = Kind::Effort(pb::Effort {
        role_id: role.to_owned(),
        minutes: Some(decimal(minutes)),
        purpose: pb::EffortPurpose::Service as i32,
        channel: pb::ContactChannel::Call as i32,
        ..Default::default()
    });
    activity(id, customer, on, kind)
}

/// A cost model with one rate and one pool.
pub fn cost_model(role: &str, rate: &str, pool: &str, from: i64, to: i64) -> pb::CostModel {
    pb::CostModel {
        capacity_cost_rates: vec![pb::CapacityCostRate {
            role_id: role.to_owned(),
            rate_per_minute: Some(decimal(rate)),
            practical_capacity: None,
        }],
        cost_pools: vec![pb::CostPool {
            pool_id: "RENT".to_owned(),
            amount: Some(usd(pool)),
            period: Some(days(from, to)),
            ..Default::default()
        }],
        ..Default::default()
    }
}

pub fn category(key: &str, value: &str) -> pb::Trait {
    use pb::trait_value::Value;
    let value = pb::TraitValue {
        value: Some(Value::Category(value.to_owned())),
    };
    pb::Trait {
        key: key.to_owned(),
        value: Some(value),
    }
}

pub fn party(id: &str, stage: pb::PartyStage, traits: Vec<pb::Trait>) -> pb::Party {
    pb::Party {
        party_id: id.to_owned(),
        stage: stage as i32,
        display_name: format!("Name of {id}"),
        traits,
    }
}

/// Calls a method with an empty message as a browser does: gRPC-web over HTTP/1.1, a frame of five bytes and the
/// message. `headers` are whole lines. Gives the whole answer, trailers included.
pub async fn grpc_web(world: &World, method: &str, headers: &str) -> String {
    let head = format!(
        "POST /profitscore.v1.{method} HTTP/1.1\r\nhost: {}\r\n{headers}\
         content-type: application/grpc-web+proto\r\ncontent-length: 5\r\n\
         connection: close\r\n\r\n",
        world.address
    );
    let mut socket = TcpStream::connect(world.address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&[0; 5]).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
