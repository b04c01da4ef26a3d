//! `profitscore watch`: goes on until it is interrupted, and prints a line for each change.

use crate::{
    api::pb::{
        Alert, AlertKind, ChangeCause, ChangeCauseKind, LedgerPosition, RankingChange,
        RankingChangeKind, RankingDirection, WatchAlertsRequest, WatchAlertsResponse,
        WatchRankingRequest, WatchRankingResponse, alert::Figures, google_type::Money,
    },
    cli::{
        arguments::{Basis, FilterArguments, PeriodArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Sheet, json,
            money::{decimal, exact, parse_money, plain},
            write,
        },
    },
};
use tonic::Request;

/// How many customers are followed if the user does not say.
const TOP: i32 = 20;

#[derive(Debug, clap::Subcommand)]
pub enum WatchCommand {
    /// Print the first customers of a ranking, and then what changes among them
    Ranking(WatchRankingArguments),
    /// Print alerts that are open, and then when they are raised and cleared
    Alerts(WatchAlertsArguments),
}

/// What both have in common.
#[derive(Debug, clap::Args)]
pub struct WatchArguments {
    #[command(flatten)]
    period: PeriodArguments,
    /// The last days, instead of a period: they end with the day of the newest write
    #[arg(
        long,
        value_name = "DAYS",
        default_value_t = 0,
        hide_default_value = true
    )]
    last_days: i32,
    #[command(flatten)]
    filter: FilterArguments,
    /// Use this version of the cost model instead of the newest
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
    /// Go on after this position, the last that was told, without the beginning
    #[arg(long, value_name = "POSITION")]
    resume_after: Option<i64>,
    /// End after so many messages of the service
    #[arg(long, value_name = "N")]
    messages: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub struct WatchRankingArguments {
    /// What to rank by
    #[arg(long, value_enum, default_value = "net-profit")]
    basis: Basis,
    /// The worst customers first
    #[arg(long)]
    worst: bool,
    /// How many customers, at most 1,000
    #[arg(long, value_name = "N", default_value_t = TOP)]
    top: i32,
    #[command(flatten)]
    watch: WatchArguments,
}

#[derive(Debug, clap::Args)]
pub struct WatchAlertsArguments {
    /// Which alerts; all that can be followed if not given
    #[arg(long = "kind", value_enum, value_name = "KIND")]
    kinds: Vec<Kind>,
    /// Alert if the net profit is below this amount
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    floor: Option<String>,
    /// The currency of amounts
    #[arg(
        long,
        env = "PROFITSCORE_CURRENCY",
        value_name = "CODE",
        default_value = "USD"
    )]
    currency: String,
    /// Days after which an invoice that is due is overdue
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    grace_days: i32,
    /// How many of the best customers are the key customers; 20 if not given
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    key_customers: i32,
    /// The position that says who is a key customer; the first that is told if not given
    #[arg(long, value_name = "POSITION")]
    key_customers_as_of: Option<i64>,
    #[command(flatten)]
    watch: WatchArguments,
}

/// What can call for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// The net profit is below zero
    TurnedUnprofitable,
    /// Working time is up and revenue is down
    AttentionOutpacesVolume,
    /// The net profit is below --floor
    BelowFloor,
    /// An invoice is past its due time
    Overdue,
    /// A key customer is not among the best any more
    OutOfKeyBand,
}

impl Kind {
    fn to_pb(self) -> i32 {
        let kind = match self {
            Self::TurnedUnprofitable => AlertKind::TurnedUnprofitable,
            Self::AttentionOutpacesVolume => AlertKind::AttentionOutpacesVolume,
            Self::BelowFloor => AlertKind::BelowFloor,
            Self::Overdue => AlertKind::Overdue,
            Self::OutOfKeyBand => AlertKind::OutOfKeyBand,
        };
        kind.into()
    }
}

fn position(position: Option<i64>) -> Option<LedgerPosition> {
    position.map(|position| LedgerPosition { position })
}

/// Prints messages as they come.
struct Printer {
    format: Format,
    is_first: bool,
    left: Option<u64>,
}

impl Printer {
    fn new(format: Format, messages: Option<u64>) -> Self {
        Self {
            format,
            is_first: true,
            left: messages,
        }
    }

    /// Prints a message; whether more are wanted.
    fn print<M: prost::Message + prost::Name>(
        &mut self,
        message: &M,
        lines: impl FnOnce() -> String,
        sheet: impl FnOnce() -> Sheet,
    ) -> Result<bool, Failure> {
        match self.format {
            Format::Table => write(&lines())?,
            // One object a line.
            Format::Json => write(&(json::to_json_line(message)? + "\n"))?,
            Format::Csv => {
                let text = sheet().to_csv()?;
                let rows = text.split_once('\n').map_or("", |(_, rows)| rows);
                write(if self.is_first { &text } else { rows })?;
            }
        }
        self.is_first = false;
        self.left = self.left.map(|left| left.saturating_sub(1));
        Ok(self.left != Some(0))
    }
}

impl WatchCommand {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        match self {
            Self::Ranking(ranking) => ranking.run(connection, format).await,
            Self::Alerts(alerts) => alerts.run(connection, format).await,
        }
    }
}

impl WatchRankingArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let direction = match self.worst {
            true => RankingDirection::WorstFirst,
            false => RankingDirection::BestFirst,
        };
        let watch = &self.watch;
        let request = WatchRankingRequest {
            tenant_id: connection.tenant(),
            period: watch.period.interval()?,
            last_days: watch.last_days,
            basis: self.basis.to_pb(),
            direction: direction.into(),
            filter: watch.filter.filter(connection).await?,
            cost_model_version: watch.cost_model,
            customer_count: self.top,
            resume_after: position(watch.resume_after),
        };
        let mut client = connection.watches();
        // It has no end, and so no deadline.
        let messages = client.watch_ranking(Request::new(request)).await?;
        let mut messages = messages.into_inner();
        let mut printer = Printer::new(format, watch.messages);
        while let Some(message) = messages.message().await? {
            let lines = || ranking_lines(&message);
            if !printer.print(&message, lines, || ranking_sheet(&message))? {
                break;
            }
        }
        Ok(())
    }
}

fn at(read_at: &Option<LedgerPosition>) -> i64 {
    read_at.map_or(0, |at| at.position)
}

fn ranking_lines(message: &WatchRankingResponse) -> String {
    let position = at(&message.read_at);
    let mut text = String::new();
    let snapshot = message
        .snapshot
        .iter()
        .flat_map(|snapshot| &snapshot.customers);
    for customer in snapshot {
        let (rank, id, value) = (customer.rank, &customer.customer_id, exact(&customer.value));
        text += &format!(
            "{position}\t{rank}\t{id}\t{}\t{value}\n",
            customer.display_name
        );
    }
    for change in &message.changes {
        text += &format!("{position}\t{}\n", change_text(change));
    }
    text
}

fn change_text(change: &RankingChange) -> String {
    let (id, cause) = (&change.customer_id, cause_text(&change.cause));
    let rank = |rank: Option<i64>| rank.unwrap_or(0);
    let (old, new) = (rank(change.old_rank), rank(change.new_rank));
    let (was, is) = (exact(&change.old_value), exact(&change.new_value));
    match change.kind() {
        RankingChangeKind::Entered => format!("{id} entered at {new} with {is}{cause}"),
        RankingChangeKind::Left => format!("{id} left from {old} with {was}{cause}"),
        RankingChangeKind::Moved => format!("{id} moved from {old} to {new}, {was} to {is}{cause}"),
        RankingChangeKind::ValueChanged | RankingChangeKind::Unspecified => {
            format!("{id} stays at {new}, {was} to {is}{cause}")
        }
    }
}

fn cause_text(cause: &Option<ChangeCause>) -> String {
    let Some(cause) = cause else {
        return String::new();
    };
    let activities = cause.activities.iter().map(|own| {
        let more = if own.has_more { ", ..." } else { "" };
        format!("{}{more}", own.activity_ids.join(", "))
    });
    let activities: Vec<String> = activities.collect();
    match cause.kind() {
        ChangeCauseKind::OwnActivity => format!(" by {}", activities.join("; ")),
        ChangeCauseKind::OtherCustomers => {
            format!(" by others' {}", activities.join("; "))
        }
        ChangeCauseKind::CostModel => " by another cost model".to_owned(),
        ChangeCauseKind::Circumstances | ChangeCauseKind::Unspecified => String::new(),
    }
}

fn ids(cause: &Option<ChangeCause>) -> String {
    let activities = cause.iter().flat_map(|cause| &cause.activities);
    let ids: Vec<&str> = activities
        .flat_map(|own| own.activity_ids.iter().map(String::as_str))
        .collect();
    ids.join(" ")
}

fn name(full: &str, prefix: &str) -> String {
    full.trim_start_matches(prefix).to_owned()
}

fn ranking_sheet(message: &WatchRankingResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "position",
        "change",
        "customer_id",
        "display_name",
        "old_rank",
        "new_rank",
        "old_value",
        "new_value",
        "activity_ids",
    ]);
    let position = at(&message.read_at).to_string();
    let snapshot = message
        .snapshot
        .iter()
        .flat_map(|snapshot| &snapshot.customers);
    for customer in snapshot {
        sheet.row([
            position.clone(),
            "SNAPSHOT".to_owned(),
            customer.customer_id.clone(),
            customer.display_name.clone(),
            String::new(),
            customer.rank.to_string(),
            String::new(),
            plain(&customer.value),
            String::new(),
        ]);
    }
    let rank = |rank: Option<i64>| rank.map_or_else(String::new, |rank| rank.to_string());
    let value = |value: &Option<Money>| value.as_ref().map_or_else(String::new, |_| plain(value));
    for change in &message.changes {
        sheet.row([
            position.clone(),
            name(change.kind().as_str_name(), "RANKING_CHANGE_KIND_"),
            change.customer_id.clone(),
            change.display_name.clone(),
            rank(change.old_rank),
            rank(change.new_rank),
            value(&change.old_value),
            value(&change.new_value),
            ids(&change.cause),
        ]);
    }
    sheet
}

impl WatchAlertsArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let watch = &self.watch;
        let floor = self.floor.as_deref();
        let floor = floor.map(|floor| parse_money(floor, &self.currency, "--floor"));
        let request = WatchAlertsRequest {
            tenant_id: connection.tenant(),
            period: watch.period.interval()?,
            last_days: watch.last_days,
            filter: watch.filter.filter(connection).await?,
            cost_model_version: watch.cost_model,
            kinds: self.kinds.iter().map(|kind| kind.to_pb()).collect(),
            net_profit_floor: floor.transpose()?,
            grace_days: self.grace_days,
            key_band_size: self.key_customers,
            key_band_as_of: position(self.key_customers_as_of),
            resume_after: position(watch.resume_after),
            ..WatchAlertsRequest::default()
        };
        let mut client = connection.watches();
        let messages = client.watch_alerts(Request::new(request)).await?;
        let mut messages = messages.into_inner();
        let mut printer = Printer::new(format, watch.messages);
        while let Some(message) = messages.message().await? {
            let lines = || alert_lines(&message);
            if !printer.print(&message, lines, || alert_sheet(&message))? {
                break;
            }
        }
        Ok(())
    }
}

fn alert_lines(message: &WatchAlertsResponse) -> String {
    let position = at(&message.read_at);
    let line = |alert: &Alert| {
        let state = name(alert.state().as_str_name(), "ALERT_STATE_").to_lowercase();
        let kind = name(alert.kind().as_str_name(), "ALERT_KIND_");
        let (id, figures) = (&alert.customer_id, figures_text(alert.figures.as_ref()));
        let cause = cause_text(&alert.cause);
        format!("{position}\t{state}\t{kind}\t{id}\t{figures}{cause}\n")
    };
    message.alerts.iter().map(line).collect()
}

fn figures_text(figures: Option<&Figures>) -> String {
    match figures {
        None => String::new(),
        Some(Figures::Profit(profit)) => {
            let floor = profit.floor.as_ref();
            let floor = floor.map(|_| format!(", floor {}", exact(&profit.floor)));
            format!(
                "net profit {}{}",
                exact(&profit.net_profit),
                floor.unwrap_or_default()
            )
        }
        Some(Figures::Attention(attention)) => format!(
            "minutes {} to {}, revenue {} to {}",
            decimal(&attention.prior_minutes),
            decimal(&attention.minutes),
            exact(&attention.prior_revenue),
            exact(&attention.revenue),
        ),
        Some(Figures::Overdue(overdue)) => format!(
            "{} on {} invoices, {} for {} days",
            exact(&overdue.amount),
            overdue.invoice_count,
            overdue.oldest_invoice_id,
            overdue.oldest_days,
        ),
        Some(Figures::KeyBand(band)) => {
            let new = band
                .new_rank
                .map_or("none".to_owned(), |rank| rank.to_string());
            format!(
                "rank {} to {new}, the best are {}",
                band.old_rank, band.band_size
            )
        }
    }
}

fn alert_sheet(message: &WatchAlertsResponse) -> Sheet {
    let columns = [
        "position",
        "state",
        "kind",
        "customer_id",
        "display_name",
        "figures",
        "activity_ids",
    ];
    let mut sheet = Sheet::new(&columns);
    for alert in &message.alerts {
        sheet.row([
            at(&message.read_at).to_string(),
            name(alert.state().as_str_name(), "ALERT_STATE_"),
            name(alert.kind().as_str_name(), "ALERT_KIND_"),
            alert.customer_id.clone(),
            alert.display_name.clone(),
            figures_text(alert.figures.as_ref()),
            ids(&alert.cause),
        ]);
    }
    sheet
}
