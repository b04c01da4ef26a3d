//! Where log lines go, and what the process counts: the names of all metrics, which tell their units.

pub mod metrics;

use std::io::IsTerminal as _;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Names of metrics. Amounts of money are in units of the reporting currency, times in seconds.
#[allow(missing_docs, reason = "docs/watching.md has a table of them")]
pub mod names {
    pub const WATCHERS: &str = "profitscore_watchers";
    pub const WATCHERS_DROPPED: &str = "profitscore_watchers_dropped_total";
    pub const EVALUATION_SECONDS: &str = "profitscore_watch_evaluation_seconds";
    pub const REQUEST_SECONDS: &str = "profitscore_request_seconds";
    pub const LEDGER_POSITION: &str = "profitscore_ledger_position";
    pub const STANDING_UP: &str = "profitscore_standing_up";
    pub const STANDING_CUSTOMERS: &str = "profitscore_standing_customers";
    pub const STANDING_NEGATIVE: &str = "profitscore_standing_negative_customers";
    pub const STANDING_TOTAL: &str = "profitscore_standing_total";
    pub const STANDING_PEAK: &str = "profitscore_standing_peak";
    pub const STANDING_PEAK_CUSTOMERS: &str = "profitscore_standing_peak_customers";
    pub const STANDING_TOP_SHARE: &str = "profitscore_standing_best_fifth_share";
}

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Writes log lines to standard error. `RUST_LOG` chooses which; by default INFO and above.
///
/// Does nothing if the process has a subscriber already.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Text => registry
            .with(
                fmt::layer()
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_writer(std::io::stderr),
            )
            .try_init(),
        LogFormat::Json => registry
            .with(fmt::layer().json().with_writer(std::io::stderr))
            .try_init(),
    };
    drop(started);
}
