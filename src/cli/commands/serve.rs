//! `serve`: runs the service until it is told to stop.

use crate::{
    api::server::Limits,
    cli::{arguments::BooksArguments, commands::database::DatabaseArguments, errors::Failure},
    server::{self, Metrics, ServerSettings, StoreSettings},
    service::watching::{
        WatchLimits,
        gauges::{GaugeQuestion, parse_all},
    },
    telemetry::{self, LogFormat},
};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// Where things are kept.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum StoreKind {
    /// In one folder, durably
    Embedded,
    /// In a PostgreSQL database that was migrated
    Postgres,
    /// In memory, gone when the service stops
    Memory,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormatArgument {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// How the service is run.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// The folder that holds the data; made if it is not there
    #[arg(
        long,
        env = "PROFITSCORE_DATA",
        default_value = "profitscore-data",
        value_name = "DIR"
    )]
    data: PathBuf,
    /// The address to listen on
    #[arg(
        long,
        env = "PROFITSCORE_LISTEN",
        default_value = "127.0.0.1:50051",
        value_name = "ADDRESS"
    )]
    listen: String,
    /// Where things are kept; in a database if one is named, and otherwise embedded
    #[arg(long, value_enum)]
    store: Option<StoreKind>,
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    books: BooksArguments,
    /// The longest that a call may take, in seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    deadline: u64,
    /// Serve metrics for Prometheus at http://ADDRESS/metrics; without it they are not served
    #[arg(long, env = "PROFITSCORE_METRICS_LISTEN", value_name = "ADDRESS")]
    metrics_listen: Option<String>,
    /// A TOML file with the standing questions whose figures are among the metrics
    #[arg(long, value_name = "FILE", requires = "metrics_listen")]
    standing_questions: Option<PathBuf>,
    /// The most readers of standing questions at once
    #[arg(long, value_name = "N", default_value_t = WatchLimits::default().watchers)]
    watchers: usize,
    /// The most readers of standing questions of one tenant at once
    #[arg(long, value_name = "N", default_value_t = WatchLimits::default().watchers_per_tenant)]
    watchers_per_tenant: usize,
    /// After how many seconds a reader is dropped that reads nothing of what waits for it
    #[arg(long, value_name = "SECONDS", default_value_t = WatchLimits::default().patience.as_secs())]
    watch_patience: u64,
    /// A file with the tokens of those who may call, their roles and tenants; read again on SIGHUP. Without it
    /// everybody may call, with the role FINANCE
    #[arg(long, env = "PROFITSCORE_TOKENS", value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// How log lines are written; RUST_LOG chooses which
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormatArgument,
}

impl ServeArguments {
    /// Serves until SIGTERM or Ctrl-C, and then ends what is in flight.
    pub async fn run(self) -> Result<(), Failure> {
        telemetry::start(match self.log_format {
            LogFormatArgument::Text => LogFormat::Text,
            LogFormatArgument::Json => LogFormat::Json,
        });
        let listener = listen(&self.listen).await?;
        let metrics = match &self.metrics_listen {
            Some(address) => Some(Metrics {
                listener: listen(address).await?,
                questions: read_questions(self.standing_questions.as_deref())?,
            }),
            None => None,
        };
        let default_store = match self.database.is_given() {
            true => StoreKind::Postgres,
            false => StoreKind::Embedded,
        };
        let settings = ServerSettings {
            store: match self.store.unwrap_or(default_store) {
                StoreKind::Embedded => StoreSettings::Embedded { folder: self.data },
                StoreKind::Postgres => StoreSettings::Postgres(Box::new(self.database.settings()?)),
                StoreKind::Memory => StoreSettings::Memory,
            },
            currency: self.books.currency,
            time_zone: self.books.time_zone,
            tokens: self.tokens,
            limits: Limits {
                deadline: Duration::from_secs(self.deadline),
                watch: WatchLimits {
                    watchers: self.watchers,
                    watchers_per_tenant: self.watchers_per_tenant,
                    patience: Duration::from_secs(self.watch_patience),
                    ..WatchLimits::default()
                },
                ..Limits::default()
            },
            metrics,
        };
        server::run(settings, listener, stop_signal()?)
            .await
            .map_err(Failure::Other)
    }
}

/// The standing questions of a file; none without one.
fn read_questions(path: Option<&Path>) -> Result<Vec<GaugeQuestion>, Failure> {
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    let wrong = |problem: String| Failure::usage(format!("{}: {problem}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|problem| wrong(problem.to_string()))?;
    parse_all(&text).map_err(wrong)
}

/// Binds an address.
pub async fn listen(address: &str) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address).await;
    Ok(listener.with_context(|| format!("cannot listen on {address}"))?)
}

/// Ends when the process is told to stop: by Ctrl-C, or by the signal that service managers send.
pub fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for Ctrl-C")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    })
}
