//! `profitscore demo`: a service of its own, a sample retailer's order lines submitted to it, and what they tell.

mod backtest;
mod newcomers;

use super::{
    commands::serve::{listen, stop_signal},
    connection::{Connection, ConnectionArguments},
    errors::Failure,
    import::{self, Manner, files::Embedded, mapping},
    output::{Format, write},
};
use crate::{
    api::{pb::GetCostModelRequest, server::Limits},
    server::{self, ServerSettings, StoreSettings},
};
use anyhow::Context as _;
use clap::Parser as _;
use std::{path::PathBuf, process, time::Duration};
use tokio::sync::oneshot;

const FILES: Embedded = Embedded(&[(
    "orders.csv.gz",
    include_bytes!("../../../examples/superstore/orders.csv.gz"),
)]);
const MAPPINGS: [(&str, &str); 2] = [
    (
        "examples/superstore/customers.toml",
        include_str!("../../../examples/superstore/customers.toml"),
    ),
    (
        "examples/superstore/activities.toml",
        include_str!("../../../examples/superstore/activities.toml"),
    ),
];
/// How often a service that is still opening its store is asked again.
const OPENING_WAIT: Duration = Duration::from_millis(50);

/// What the data tell: a heading, and the command that anybody can give to see it.
const STEPS: [(&str, &[&str]); 6] = [
    ("Who earns the most money?", &["rank", "--top", "5"]),
    ("Who costs it?", &["rank", "--worst", "--top", "5"]),
    (
        "What do the largest, the middle and the smallest by revenue earn?",
        &["bands", "--size", "3"],
    ),
    ("How much depends on how few?", &["whale"]),
    (
        "How can a customer lose so much? The worst one's statement",
        &["statement", "CS-12505"],
    ),
    (
        "What do the best have in common?",
        &["profile", "--top", "10"],
    ),
];

#[derive(Debug, clap::Args)]
pub struct DemoArguments {
    /// Keep the data in this folder; a temporary one, removed at the end, if not given
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The address to listen on; a free port if not given
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: String,
    /// Stop when everything is shown instead of serving on
    #[arg(long)]
    exit: bool,
}

impl DemoArguments {
    pub async fn run(self) -> Result<(), Failure> {
        let listener = listen(&self.listen).await?;
        let address = listener
            .local_addr()
            .context("the listener has no address")?;
        let endpoint = format!("http://{address}");
        let temporary = std::env::temp_dir().join(format!("profitscore-demo-{}", process::id()));
        let folder = self.data.clone().unwrap_or_else(|| temporary.clone());
        let settings = ServerSettings {
            store: StoreSettings::Embedded {
                folder: folder.clone(),
            },
            currency: "USD".to_owned(),
            time_zone: "UTC".to_owned(),
            limits: Limits::default(),
            metrics: None,
            tokens: None,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = server::run(settings, listener, async {
            let _ = stopped.await;
        });
        tokio::pin!(serving);
        write(&format!(
            "profitscore {} serves at {endpoint} and keeps its data in {}\n",
            env!("CARGO_PKG_VERSION"),
            folder.display(),
        ))?;
        let told_to_stop = stop_signal()?;
        let mut result = tokio::select! {
            ended = &mut serving => return Ok(ended?),
            shown = self.show(&endpoint) => shown,
            () = told_to_stop => Ok(()),
        };
        drop(stop);
        result = result.and(serving.await.map_err(Failure::from));
        if self.data.is_none() {
            // What cannot be removed now, the system removes with its other temporary files.
            let _ = std::fs::remove_dir_all(&temporary);
        }
        result
    }

    /// Shows everything, and goes on serving unless told otherwise.
    async fn show(&self, endpoint: &str) -> Result<(), Failure> {
        let arguments = ConnectionArguments {
            endpoint: endpoint.to_owned(),
            tenant: String::new(),
            timeout: Duration::from_secs(60),
            token: None,
        };
        let connection = Connection::open(&arguments).await?;
        until_open(&connection).await?;
        submit(&connection).await?;
        for (heading, words) in STEPS {
            write(&format!(
                "\n# {heading}\n\n$ profitscore {}\n\n",
                words.join(" ")
            ))?;
            command(endpoint, words).await?;
        }
        write(&backtest::text(&connection).await?)?;
        if self.exit {
            return Ok(());
        }
        write(&next(endpoint))?;
        std::future::pending().await
    }
}

/// Asks until the service has opened its store.
async fn until_open(connection: &Connection) -> Result<(), Failure> {
    loop {
        let mut client = connection.cost_models();
        let request = connection.request(GetCostModelRequest::default());
        match client.get_cost_model(request).await.map_err(Failure::from) {
            Err(failure) if failure.is_transient() => tokio::time::sleep(OPENING_WAIT).await,
            answer => return answer.map(drop),
        }
    }
}

/// Submits the order lines over gRPC, like any client.
async fn submit(connection: &Connection) -> Result<(), Failure> {
    let manner = Manner {
        dry_run: false,
        shown_max: 20,
        resume_attempts: 0,
    };
    let mut tallies = Vec::new();
    for (name, text) in MAPPINGS {
        let mapping = mapping::parse(text, name)?;
        import::import(connection, &mapping, &FILES, manner, &mut tallies).await?;
    }
    write(
        "\n# Superstore: four years of a fictitious retailer's order lines, submitted over gRPC\n\n",
    )?;
    import::show(Format::Table, &tallies, false)?;
    match import::refused(&tallies) {
        0 => Ok(()),
        count => Err(Failure::ItemsRefused { count }),
    }
}

/// Gives one of this program's own commands.
async fn command(endpoint: &str, words: &[&str]) -> Result<(), Failure> {
    // Flags come last, so that they win over what the environment says.
    let flags = ["--endpoint", endpoint, "--tenant", "", "--output", "table"];
    let line = ["profitscore"].iter().chain(words).chain(&flags);
    let arguments =
        super::Arguments::try_parse_from(line).map_err(|problem| anyhow::anyhow!("{problem}"))?;
    Box::pin(super::run(arguments)).await
}

/// What to try next.
fn next(endpoint: &str) -> String {
    let commands = [
        "rank --basis revenue --year 2017 --top 10",
        "rank --worst --branch Central",
        "customers list --trait STATE=Texas",
        "activities --customer CS-12505",
        "whale --output csv",
        "prospects upsert NEW-1 --name \"A prospect of mine\" --trait SEGMENT=Corporate --trait REGION=West",
        "prequalify NEW-1 --acquisition-cost 100",
        "lookalikes",
    ];
    let mut text = format!(
        "\nServing at {endpoint} until Ctrl-C. To try next, in another terminal:\n\n  \
         export PROFITSCORE_ENDPOINT={endpoint}\n"
    );
    for command in commands {
        text += &format!("  profitscore {command}\n");
    }
    text
}
