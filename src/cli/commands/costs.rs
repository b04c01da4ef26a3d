//! `profitscore costs`.

use super::{
    allocation::{TraceArguments, policy_name},
    capacity::CapacityArguments,
    comparison::{CompareArguments, preview_text},
};
use crate::{
    api::pb::{
        CostModel, GetCostModelRequest, ListCostModelsRequest, PutCostModelRequest,
        RevertCostModelRequest, google_type::Interval,
    },
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side, json,
            money::{currency_of, decimal, exact, plain},
            show,
        },
        paging,
    },
};
use prost_types::Timestamp;
use std::{fmt::Write as _, path::PathBuf, process};

#[derive(Debug, clap::Subcommand)]
pub enum CostCommand {
    /// Show a cost model
    Show {
        /// Which version; the newest if not given
        version: Option<i64>,
        #[command(flatten)]
        read: ReadArguments,
    },
    /// List all versions, the newest first
    List {
        #[command(flatten)]
        read: ReadArguments,
    },
    /// Store a cost model as the next version
    Put(PutArguments),
    /// Show how a pool was allocated: each customer's driver quantity and share
    Trace(TraceArguments),
    /// Set all four policies of allocating side by side: who changes sign, who moves
    Compare(CompareArguments),
    /// Show how much of each practical capacity was used, and what the rest costs
    Capacity(CapacityArguments),
    /// Store an earlier version again as the next one
    Revert(RevertArguments),
}

#[derive(Debug, clap::Args)]
pub struct RevertArguments {
    /// The version to store again
    version: i64,
    /// Refuse unless the newest version is this one
    #[arg(long, value_name = "VERSION")]
    expected_version: Option<i64>,
    /// The same request id again answers with the version it made at first; a new one if not given
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Only say whether it would be accepted
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub struct PutArguments {
    /// A TOML or JSON file of a CostModel: capacity_cost_rates, cost_pools, note
    file: PathBuf,
    /// Refuse unless the newest version is this one
    #[arg(long, value_name = "VERSION")]
    expected_version: Option<i64>,
    /// The same request id again answers with the version it made at first; a new one if not given
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Only say whether it would be accepted, and show what it would change
    #[arg(long)]
    dry_run: bool,
    /// The period in which --dry-run shows what it would change
    #[command(flatten)]
    preview: PeriodArguments,
}

impl CostCommand {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        match self {
            Self::Show { version, read } => {
                let request = GetCostModelRequest {
                    tenant_id: connection.tenant(),
                    version: *version,
                    read_options: read.options(),
                };
                let mut client = connection.cost_models();
                let answer = client
                    .get_cost_model(connection.request(request))
                    .await?
                    .into_inner();
                let models: Vec<_> = answer.cost_model.iter().cloned().collect();
                show(format, &answer, || text(&models), || sheet(&models))
            }
            Self::List { read } => {
                let answer = paging::gather(None, async |page_size, page_token| {
                    let request = ListCostModelsRequest {
                        tenant_id: connection.tenant(),
                        page_size,
                        page_token,
                        read_options: read.options(),
                    };
                    let mut client = connection.cost_models();
                    let answer = client.list_cost_models(connection.request(request));
                    Ok(answer.await?.into_inner())
                })
                .await?;
                let models = &answer.cost_models;
                show(format, &answer, || text(models), || sheet(models))
            }
            Self::Trace(arguments) => arguments.run(connection, format).await,
            Self::Compare(arguments) => arguments.run(connection, format).await,
            Self::Capacity(arguments) => arguments.run(connection, format).await,
            Self::Revert(arguments) => arguments.run(connection, format).await,
            Self::Put(arguments) => arguments.run(connection, format).await,
        }
    }
}

impl RevertArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = RevertCostModelRequest {
            tenant_id: connection.tenant(),
            version: Some(self.version),
            request_id: self.request_id.clone().unwrap_or_else(new_request_id),
            expected_version: self.expected_version,
            validate_only: self.dry_run,
        };
        let mut client = connection.cost_models();
        let answer = client.revert_cost_model(connection.request(request));
        let answer = answer.await?.into_inner();
        let models: Vec<_> = answer.cost_model.iter().cloned().collect();
        show(format, &answer, || text(&models), || sheet(&models))
    }
}

impl PutArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = PutCostModelRequest {
            tenant_id: connection.tenant(),
            cost_model: Some(json::read_file(&self.file)?),
            request_id: self.request_id.clone().unwrap_or_else(new_request_id),
            expected_version: self.expected_version,
            validate_only: self.dry_run,
            preview_period: self.preview.interval()?,
            preview_customer_count: 20,
        };
        let mut client = connection.cost_models();
        let answer = client.put_cost_model(connection.request(request));
        let answer = answer.await?.into_inner();
        let models: Vec<_> = answer.cost_model.iter().cloned().collect();
        let period = self.preview.text();
        let preview = answer.preview.as_ref();
        let preview = || preview.map(|preview| preview_text(preview, &period));
        let whole = || text(&models) + &preview().unwrap_or_default();
        show(format, &answer, whole, || sheet(&models))
    }
}

/// An id that no other run of this command makes.
/// An id for a request that is not sent again.
pub fn new_request_id() -> String {
    let now = jiff::Timestamp::now().as_nanosecond();
    format!("cli-{now:x}-{}", process::id())
}

fn day(timestamp: Option<Timestamp>) -> String {
    timestamp
        .and_then(|at| jiff::Timestamp::new(at.seconds, at.nanos).ok())
        .map_or_else(
            || "…".to_owned(),
            |at| at.to_string().replace("T00:00:00Z", ""),
        )
}

fn period(interval: &Option<Interval>) -> String {
    let interval = interval.unwrap_or_default();
    format!(
        "{} to before {}",
        day(interval.start_time),
        day(interval.end_time)
    )
}

fn text(models: &[CostModel]) -> String {
    let mut text = String::new();
    for model in models {
        let recorded = match model.record_time {
            Some(_) => format!(", stored {}", day(model.record_time)),
            None => String::new(),
        };
        let note = if model.note.is_empty() {
            String::new()
        } else {
            format!(": {}", model.note)
        };
        let effective = match model.effective_time {
            Some(_) => format!(", holds from {}", day(model.effective_time)),
            None => String::new(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "Cost model {}{recorded}{effective}{note}\n",
            model.version
        );
        if !model.capacity_cost_rates.is_empty() {
            let mut grid = Grid::new(&[("Role", Side::Left), ("Rate a minute", Side::Right)]);
            for rate in &model.capacity_cost_rates {
                grid.row([rate.role_id.clone(), decimal(&rate.rate_per_minute)]);
            }
            let _ = writeln!(text, "{grid}");
        }
        if !model.cost_pools.is_empty() {
            let mut grid = Grid::new(&[
                ("Pool", Side::Left),
                ("Amount", Side::Right),
                ("Currency", Side::Left),
                ("Period", Side::Left),
                ("Allocated", Side::Left),
            ]);
            for pool in &model.cost_pools {
                grid.row([
                    pool.pool_id.clone(),
                    exact(&pool.amount),
                    currency_of([&pool.amount]).to_owned(),
                    period(&pool.period),
                    policy_name(&pool.policy).to_owned(),
                ]);
            }
            let _ = writeln!(text, "{grid}");
        }
    }
    text
}

fn sheet(models: &[CostModel]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "version",
        "kind",
        "id",
        "currency_code",
        "amount",
        "start_time",
        "end_time",
    ]);
    for model in models {
        let mut row = |kind: &str, id: &str, currency: &str, amount, start, end| {
            let version = model.version.to_string();
            let [kind, id, currency] = [kind, id, currency].map(str::to_owned);
            sheet.row([version, kind, id, currency, amount, start, end]);
        };
        for rate in &model.capacity_cost_rates {
            let amount = decimal(&rate.rate_per_minute);
            row(
                "rate_per_minute",
                &rate.role_id,
                "",
                amount,
                String::new(),
                String::new(),
            );
        }
        for pool in &model.cost_pools {
            let interval = pool.period.unwrap_or_default();
            let currency = currency_of([&pool.amount]);
            let (start, end) = (day(interval.start_time), day(interval.end_time));
            row(
                "cost_pool",
                &pool.pool_id,
                currency,
                plain(&pool.amount),
                start,
                end,
            );
        }
    }
    sheet
}
