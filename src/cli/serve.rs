//! `profitscore serve`: starts the service in this process.

use super::errors::Failure;
use crate::{
    api::server::Limits,
    server::{ServerSettings, StoreSettings, run},
    telemetry::{self, LogFormat},
};
use anyhow::Context as _;
use std::{net::SocketAddr, path::PathBuf};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// How the service is started.
#[derive(Debug, Clone, clap::Args)]
pub struct ServeArguments {
    /// The folder in which everything is kept; made if it is not there
    #[arg(
        long,
        env = "PROFITSCORE_DATA",
        value_name = "FOLDER",
        default_value = "./profitscore-data"
    )]
    data: PathBuf,
    /// The address to listen on
    #[arg(
        long,
        env = "PROFITSCORE_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:50051"
    )]
    listen: SocketAddr,
    /// Where things are kept
    #[arg(
        long,
        env = "PROFITSCORE_STORE",
        value_enum,
        default_value = "embedded"
    )]
    store: StoreKind,
    /// The reporting currency; kept for ever with the data
    #[arg(
        long,
        env = "PROFITSCORE_CURRENCY",
        value_name = "CODE",
        default_value = "USD"
    )]
    currency: String,
    /// The reporting time zone, in which days begin; kept for ever with the data
    #[arg(
        long,
        env = "PROFITSCORE_TIME_ZONE",
        value_name = "ZONE",
        default_value = "UTC"
    )]
    time_zone: String,
    /// How log lines are written to standard error
    #[arg(
        long,
        env = "PROFITSCORE_LOG_FORMAT",
        value_enum,
        value_name = "FORMAT",
        default_value = "text"
    )]
    log_format: LogKind,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum StoreKind {
    /// In one folder, durably
    Embedded,
    /// In memory: gone when the service stops
    Memory,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LogKind {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

impl ServeArguments {
    pub async fn run(self) -> Result<(), Failure> {
        telemetry::start(match self.log_format {
            LogKind::Text => LogFormat::Text,
            LogKind::Json => LogFormat::Json,
        });
        let settings = ServerSettings {
            store: match self.store {
                StoreKind::Memory => StoreSettings::Memory,
                StoreKind::Embedded => StoreSettings::Embedded { folder: self.data },
            },
            currency: self.currency,
            time_zone: self.time_zone,
            limits: Limits::default(),
        };
        let listener = listen(self.listen).await?;
        Ok(run(settings, listener, stop_signal()?).await?)
    }
}

/// Binds an address.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address).await;
    Ok(listener.with_context(|| format!("could not listen on {address}"))?)
}

/// Ends when the process is asked to stop: by Ctrl-C, or by the signal that service managers send.
pub fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let terminate = signal(SignalKind::terminate()).context("no signals")?;
    let interrupt = signal(SignalKind::interrupt()).context("no signals")?;
    Ok(async move {
        let (mut terminate, mut interrupt) = (terminate, interrupt);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
