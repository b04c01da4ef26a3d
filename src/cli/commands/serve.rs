//! `serve`: runs the service until it is told to stop.

use crate::{
    api::server::Limits,
    cli::{arguments::BooksArguments, commands::database::DatabaseArguments, errors::Failure},
    server::{self, ServerSettings, StoreSettings},
    telemetry::{self, LogFormat},
};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use std::{path::PathBuf, time::Duration};
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
    /// A file with the tokens of those who may call, their roles and tenants; read again on SIGHUP. Without it everybody
    /// may call, with the role FINANCE
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
                ..Limits::default()
            },
        };
        server::run(settings, listener, stop_signal()?)
            .await
            .map_err(Failure::Other)
    }
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
