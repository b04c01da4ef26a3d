//! Starts the service: opens the store while the server already answers STARTING, and serves until it is told to stop.

use crate::{
    api::{
        access::tokens::Tokens,
        layers::auth::Guard,
        metrics::serve_metrics,
        server::{Limits, serve_guarded},
    },
    domain::{money::Currency, problem::Problem, time::Calendar},
    service::{Service, Settings, clock::SystemClock, watching::gauges::GaugeQuestion},
    store::{
        Store,
        embedded::{BookSizes, CheckpointSizes, EmbeddedSettings, EmbeddedStore, Progress},
        memory::MemoryStore,
        postgres::{DatabaseSettings, PostgresSettings, PostgresStore},
    },
};
use anyhow::Context as _;
use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

/// How often the reading of a ledger says how far it is.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// What the service is started with.
#[derive(Debug)]
pub struct ServerSettings {
    /// Where things are kept.
    pub store: StoreSettings,
    /// The reporting currency, an ISO 4217 code.
    pub currency: String,
    /// The reporting time zone, an IANA name.
    pub time_zone: String,
    /// Limits of calls.
    pub limits: Limits,
    /// Where metrics are served, if they are.
    pub metrics: Option<Metrics>,
    /// The file with the tokens of those who may call; without it everybody may, with the role FINANCE.
    pub tokens: Option<PathBuf>,
}

/// Metrics for Prometheus.
#[derive(Debug)]
pub struct Metrics {
    /// Where they are served.
    pub listener: TcpListener,
    /// The standing questions whose figures are among them.
    pub questions: Vec<GaugeQuestion>,
}

/// Where things are kept.
#[derive(Debug, Clone)]
pub enum StoreSettings {
    /// In one folder, durably.
    Embedded {
        /// The folder; made if it is not there.
        folder: PathBuf,
    },
    /// In a PostgreSQL database that was migrated, or in a Citus cluster.
    Postgres(Box<DatabaseSettings>),
    /// In memory: gone when the service stops. For trying things out and as the reference of tests.
    Memory,
}

/// Serves on `listener` until `shutdown`. The listener and the signal come from outside, so that a test can run a whole
/// server on a port of its own.
pub async fn run(
    settings: ServerSettings,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let currency = Currency::parse(&settings.currency, "currency")?;
    let calendar = Calendar::of_zone(&settings.time_zone)?;
    let service_settings = Settings { currency, calendar };
    let service = Arc::new(Service::starting(
        service_settings.clone(),
        Arc::new(SystemClock),
    ));
    let guard = guard(settings.tokens.as_deref())?;
    let renewing = renew(settings.tokens, guard.clone());
    let (opened, is_open) = oneshot::channel::<()>();
    let store = settings.store;
    let open = open_store(store, service_settings);
    let address = listener
        .local_addr()
        .context("the listener has no address")?;
    tracing::info!(%address, "listening");
    let opening = async {
        let store = open.await?;
        service.open(store);
        let _ = opened.send(());
        tracing::info!(%address, "serving");
        // From here on only the server decides when to end.
        std::future::pending::<anyhow::Result<()>>().await
    };
    let metrics = tell_metrics(Arc::clone(&service), settings.metrics);
    let is_open = async move {
        let _ = is_open.await;
    };
    let serving = serve_guarded(
        Arc::clone(&service),
        listener,
        (settings.limits, guard),
        is_open,
        shutdown,
    );
    tokio::select! {
        failed = opening => failed,
        never = metrics => never,
        failed = renewing => failed,
        ended = serving => ended.context("the server failed"),
    }
}

/// Answers who reads metrics, if anybody may; does not end.
async fn tell_metrics(service: Arc<Service>, metrics: Option<Metrics>) -> anyhow::Result<()> {
    if let Some(Metrics {
        listener,
        questions,
    }) = metrics
    {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "metrics are served");
        }
        serve_metrics(listener, service, questions.into()).await;
    }
    std::future::pending().await
}

/// Who may call, by the file with the tokens.
fn guard(tokens: Option<&Path>) -> anyhow::Result<Guard> {
    let Some(path) = tokens else {
        tracing::warn!("no tokens are asked for: every caller has the role FINANCE");
        return Ok(Guard::open());
    };
    Ok(Guard::of(read_tokens(path)?))
}

fn read_tokens(path: &Path) -> anyhow::Result<Tokens> {
    let told = || format!("cannot use the tokens of {}", path.display());
    let text = std::fs::read_to_string(path).with_context(told)?;
    Tokens::parse(&text).with_context(told)
}

/// Reads the tokens again whenever the process is told to by SIGHUP. Those that held stay if the file is wrong.
async fn renew(tokens: Option<PathBuf>, guard: Guard) -> anyhow::Result<()> {
    let Some(path) = tokens else {
        return std::future::pending().await;
    };
    let mut asked = signal(SignalKind::hangup()).context("cannot wait for SIGHUP")?;
    while asked.recv().await.is_some() {
        match read_tokens(&path) {
            Ok(tokens) => {
                guard.renew(tokens);
                tracing::info!("other tokens hold");
            }
            Err(error) => tracing::error!(error = format!("{error:#}"), "the tokens stay"),
        }
    }
    std::future::pending().await
}

async fn open_store(store: StoreSettings, settings: Settings) -> anyhow::Result<Arc<dyn Store>> {
    let Settings { currency, calendar } = settings;
    Ok(match store {
        StoreSettings::Memory => Arc::new(MemoryStore::new(calendar)),
        StoreSettings::Postgres(database) => {
            let settings = PostgresSettings {
                calendar,
                currency,
                database: *database,
            };
            Arc::new(PostgresStore::open(&settings).await?)
        }
        StoreSettings::Embedded { folder } => {
            let settings = EmbeddedSettings {
                folder,
                calendar,
                currency,
                books: BookSizes::default(),
                checkpoints: CheckpointSizes::default(),
            };
            // Reading the ledger takes time and blocks, so that it has a thread of its own.
            let open = tokio::task::spawn_blocking(move || open_folder(&settings));
            Arc::new(open.await??)
        }
    })
}

fn open_folder(settings: &EmbeddedSettings) -> Result<EmbeddedStore, Problem> {
    let tell = |progress| {
        let Progress {
            read_bytes,
            all_bytes,
            entries,
        } = progress;
        tracing::info!(read_bytes, all_bytes, entries, "reading the ledger");
    };
    EmbeddedStore::open(settings, Progress::every(PROGRESS_INTERVAL, tell))
}
