//! The gRPC server: services, layers, health and reflection over a listener that the caller bound.

use super::{
    DESCRIPTORS,
    activity::ActivityHandlers,
    activity_server::{self, ActivityServiceServer},
    advice::AdviceHandlers,
    closing::ClosingHandlers,
    cost_model::CostModelHandlers,
    customer::CustomerHandlers,
    customer_value::CustomerValueHandlers,
    exchange_rate::ExchangeRateHandlers,
    layers::{
        auth::{AuthLayer, Guard},
        deadline::DeadlineLayer,
        request_log::RequestLogLayer,
    },
    pb::{
        advice_service_server::{self, AdviceServiceServer},
        closing_service_server::{self, ClosingServiceServer},
        cost_model_service_server::{self, CostModelServiceServer},
        customer_service_server::{self, CustomerServiceServer},
        customer_value_service_server::{self, CustomerValueServiceServer},
        exchange_rate_service_server::{self, ExchangeRateServiceServer},
        price_terms_service_server::{self, PriceTermsServiceServer},
        prospect_service_server::{self, ProspectServiceServer},
        ranking_service_server::{self, RankingServiceServer},
        receivables_service_server::{self, ReceivablesServiceServer},
        report_service_server::{self, ReportServiceServer},
        watch_service_server::{self, WatchServiceServer},
    },
    price_terms::PriceTermsHandlers,
    prospect::ProspectHandlers,
    ranking::RankingHandlers,
    receivables::ReceivablesHandlers,
    report::ReportHandlers,
    watch::WatchHandlers,
};
use crate::service::{
    Service,
    watching::{WatchLimits, Watching},
};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch};
use tonic::{
    codec::CompressionEncoding,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};
use tonic_web::GrpcWebLayer;

/// The largest message that is read. Item limits bite first: 1,000 activities with every field at its limit are
/// below 3 MiB.
const MESSAGE_LIMIT: usize = 16 * 1024 * 1024;
/// How often a silent connection is asked whether it lives, and how long it may take to say so.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));

/// How many bytes a client may send ahead on one stream: a few chunks of 1,000 activities, of which each alone is more
/// than the 64 KiB that HTTP/2 begins with, so that the client would wait for leave within every chunk.
const STREAM_WINDOW: u32 = 1024 * 1024;
/// How many bytes a client may send ahead on all of its streams: this much a connection can make the server keep.
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// The largest frame of a client: each is looked at on its own.
const FRAME_LIMIT: u32 = 64 * 1024;

/// How the server behaves.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest that a unary call may take.
    pub deadline: Duration,
    /// How long calls in flight may go on after the stop signal.
    pub drain: Duration,
    /// How often the store is asked whether it can be reached, which health tells.
    pub probe: Duration,
    /// How much may be watched.
    pub watch: WatchLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            drain: Duration::from_secs(10),
            probe: Duration::from_secs(2),
            watch: WatchLimits::default(),
        }
    }
}

macro_rules! accept {
    ($server:ident, $handlers:expr) => {
        $server::new($handlers)
            .max_decoding_message_size(MESSAGE_LIMIT)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .send_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Zstd)
    };
}

/// Serves everybody until `shutdown`, then drains; see [`serve_guarded`].
pub async fn serve(
    service: Arc<Service>,
    listener: TcpListener,
    limits: Limits,
    opened: impl Future<Output = ()> + Send + 'static,
    shutdown: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    serve_guarded(service, listener, (limits, Guard::open()), opened, shutdown).await
}

/// Serves whom the guard lets in until `shutdown`, then drains. `opened` ends when the service has its store: health
/// says NOT_SERVING until then, and later on while the store cannot be reached.
pub async fn serve_guarded(
    service: Arc<Service>,
    listener: TcpListener,
    (limits, guard): (Limits, Guard),
    opened: impl Future<Output = ()> + Send + 'static,
    shutdown: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    let (health, health_service) = tonic_health::server::health_reporter();
    say(&health, ServingStatus::NotServing).await;
    let health_of_store = tell_health(Arc::clone(&service), opened, health.clone(), limits.probe);
    let telling = tokio::spawn(health_of_store);
    let (stop, stopping) = watch::channel(false);
    let mut drained = stopping.clone();
    let activity = ActivityHandlers {
        service: Arc::clone(&service),
        stopping: stopping.clone(),
    };
    let shared = || Arc::clone(&service);
    let customer = CustomerHandlers { service: shared() };
    let cost_model = CostModelHandlers { service: shared() };
    let ranking = RankingHandlers { service: shared() };
    let watching = Arc::new(Watching::new(&service, limits.watch));
    let watch = WatchHandlers {
        service: shared(),
        watching,
        stopping,
    };
    let server = transport()
        .layer(RequestLogLayer)
        .layer(GrpcWebLayer::new())
        .layer(DeadlineLayer {
            limit: limits.deadline,
        })
        .layer(AuthLayer { guard })
        .add_service(health_service)
        .add_service(reflection())
        .add_service(accept!(ActivityServiceServer, activity))
        .add_service(accept!(CustomerServiceServer, customer))
        .add_service(closings(shared()))
        .add_service(accept!(CostModelServiceServer, cost_model))
        .add_service(advice(shared()))
        .add_service(customer_values(shared()))
        .add_service(exchange_rates(shared()))
        .add_service(price_terms(shared()))
        .add_service(accept!(RankingServiceServer, ranking))
        .add_service(receivables(shared()))
        .add_service(reports(shared()))
        .add_service(prospects(shared()))
        .add_service(accept!(WatchServiceServer, watch))
        .serve_with_incoming_shutdown(incoming(listener), async move {
            let _ = drained.wait_for(|stopping| *stopping).await;
        });
    tokio::pin!(server);
    tokio::select! {
        ended = &mut server => {
            telling.abort();
            return ended;
        }
        () = shutdown => {}
    }
    telling.abort();
    // It is not to say anything after what is said here.
    let _ = telling.await;
    say(&health, ServingStatus::NotServing).await;
    let _ = stop.send(true);
    let drained = tokio::time::timeout(limits.drain, server).await;
    service.stop();
    drained.unwrap_or(Ok(()))
}

/// What holds for all connections.
fn transport() -> Server {
    Server::builder()
        .accept_http1(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME_LIMIT)
        .http2_keepalive_interval(Some(KEEPALIVE.0))
        .http2_keepalive_timeout(Some(KEEPALIVE.1))
}

/// Tells clients the contract.
fn reflection() -> ServerReflectionServer<impl ServerReflection> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        // The descriptors are made by the build script from the contract itself.
        .expect("the contract's descriptors are whole")
}

fn closings(service: Arc<Service>) -> ClosingServiceServer<ClosingHandlers> {
    accept!(ClosingServiceServer, ClosingHandlers { service })
}

fn prospects(service: Arc<Service>) -> ProspectServiceServer<ProspectHandlers> {
    accept!(ProspectServiceServer, ProspectHandlers { service })
}

fn advice(service: Arc<Service>) -> AdviceServiceServer<AdviceHandlers> {
    accept!(AdviceServiceServer, AdviceHandlers { service })
}

fn reports(service: Arc<Service>) -> ReportServiceServer<ReportHandlers> {
    accept!(ReportServiceServer, ReportHandlers { service })
}

fn customer_values(service: Arc<Service>) -> CustomerValueServiceServer<CustomerValueHandlers> {
    accept!(
        CustomerValueServiceServer,
        CustomerValueHandlers { service }
    )
}

fn receivables(service: Arc<Service>) -> ReceivablesServiceServer<ReceivablesHandlers> {
    accept!(ReceivablesServiceServer, ReceivablesHandlers { service })
}

fn exchange_rates(service: Arc<Service>) -> ExchangeRateServiceServer<ExchangeRateHandlers> {
    accept!(ExchangeRateServiceServer, ExchangeRateHandlers { service })
}

fn price_terms(service: Arc<Service>) -> PriceTermsServiceServer<PriceTermsHandlers> {
    accept!(PriceTermsServiceServer, PriceTermsHandlers { service })
}

/// Connections that do not wait to fill packets: answers are written in several small pieces, and each call would take
/// 40 ms longer.
fn incoming(listener: TcpListener) -> TcpIncoming {
    TcpIncoming::from(listener).with_nodelay(Some(true))
}

/// The services by their names, and the server as a whole by the empty one.
const HEALTH_NAMES: [&str; 14] = [
    "",
    activity_server::SERVICE_NAME,
    advice_service_server::SERVICE_NAME,
    closing_service_server::SERVICE_NAME,
    cost_model_service_server::SERVICE_NAME,
    customer_service_server::SERVICE_NAME,
    customer_value_service_server::SERVICE_NAME,
    exchange_rate_service_server::SERVICE_NAME,
    price_terms_service_server::SERVICE_NAME,
    prospect_service_server::SERVICE_NAME,
    ranking_service_server::SERVICE_NAME,
    receivables_service_server::SERVICE_NAME,
    report_service_server::SERVICE_NAME,
    watch_service_server::SERVICE_NAME,
];

async fn say(health: &HealthReporter, status: ServingStatus) {
    for name in HEALTH_NAMES {
        health.set_service_status(name, status).await;
    }
}

/// Says whether the store can be reached, from when it is open until it is aborted.
async fn tell_health(
    service: Arc<Service>,
    opened: impl Future<Output = ()>,
    health: HealthReporter,
    every: Duration,
) {
    opened.await;
    let mut told = ServingStatus::NotServing;
    loop {
        let reached = service.reach().await;
        let status = match reached {
            Ok(()) => ServingStatus::Serving,
            Err(_) => ServingStatus::NotServing,
        };
        if status != told {
            match reached {
                Ok(()) => tracing::info!("the store can be reached"),
                Err(problem) => {
                    tracing::error!(problem = problem.message, "the store cannot be reached");
                }
            }
            say(&health, status).await;
            told = status;
        }
        tokio::time::sleep(every).await;
    }
}
