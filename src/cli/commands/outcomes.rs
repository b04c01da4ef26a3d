//! `profitscore outcomes`: what became of prospects.

use super::results;
use crate::{
    api::pb::{
        ListOutcomesRequest, ListOutcomesResponse, OutcomeStatus, PrequalificationDecision,
        ProspectOutcome, RecordOutcomesRequest, StoredOutcome, google_type::Date as DatePb,
    },
    cli::{
        arguments::ReadArguments,
        connection::Connection,
        errors::Failure,
        import::rates::date_to_pb,
        output::{
            Format, Grid, Sheet, Side, json,
            money::{count, parse_money, plain},
            show,
        },
        paging,
    },
};
use jiff::civil::Date;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub enum OutcomeCommand {
    /// List outcomes in the order of their keys
    List(ListArguments),
    /// Store what became of a prospect; the same key again corrects it
    Record(RecordArguments),
}

/// How an attempt to win a prospect ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Status {
    Won,
    Lost,
    Open,
}

/// What the advice was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Advice {
    Pursue,
    Nurture,
    Decline,
    Review,
}

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    /// Only of this party
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    party: String,
    /// Only those that ended so
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 50)]
    top: usize,
    /// All
    #[arg(long, conflicts_with = "top")]
    all: bool,
    #[command(flatten)]
    read: ReadArguments,
}

#[derive(Debug, clap::Args)]
pub struct RecordArguments {
    /// The key of the attempt; not with --file
    #[arg(required_unless_present = "file")]
    opportunity: Option<String>,
    /// Whom it was about
    #[arg(required_unless_present = "file")]
    party: Option<String>,
    /// How it ended
    #[arg(long, value_enum, required_unless_present = "file")]
    status: Option<Status>,
    /// When it was decided, such as 2026-03-31; not for what is open
    #[arg(long, value_name = "DATE")]
    decided_on: Option<Date>,
    /// When it was begun: models learn from what was known by then
    #[arg(long, value_name = "DATE")]
    pursued_on: Option<Date>,
    /// What it really brought
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    brought: Option<String>,
    /// What pursuing it cost, won or not
    #[arg(long, value_name = "AMOUNT")]
    acquisition_cost: Option<String>,
    /// What had been advised
    #[arg(long, value_enum)]
    advice: Option<Advice>,
    /// The currency of the amounts
    #[arg(
        long,
        env = "PROFITSCORE_CURRENCY",
        value_name = "CODE",
        default_value = "USD"
    )]
    currency: String,
    /// Store these instead: a JSON or TOML file of a RecordOutcomesRequest
    #[arg(long, value_name = "FILE", conflicts_with_all = ["opportunity", "party", "status"])]
    file: Option<PathBuf>,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

impl Status {
    fn to_pb(self) -> OutcomeStatus {
        match self {
            Self::Won => OutcomeStatus::Won,
            Self::Lost => OutcomeStatus::Lost,
            Self::Open => OutcomeStatus::Open,
        }
    }
}

impl Advice {
    fn to_pb(self) -> PrequalificationDecision {
        match self {
            Self::Pursue => PrequalificationDecision::Pursue,
            Self::Nurture => PrequalificationDecision::Nurture,
            Self::Decline => PrequalificationDecision::Decline,
            Self::Review => PrequalificationDecision::Review,
        }
    }
}

impl OutcomeCommand {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(connection, format).await,
            Self::Record(record) => record.run(connection, format).await,
        }
    }
}

impl ListArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let wanted = (!self.all).then_some(self.top.max(1));
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let request = ListOutcomesRequest {
                tenant_id: connection.tenant(),
                party_id: self.party.clone(),
                status: self.status.map_or(0, |status| status.to_pb() as i32),
                page_size,
                page_token,
                read_options: self.read.options(),
            };
            let mut client = connection.prospects();
            let answer = client.list_outcomes(connection.request(request));
            Ok(answer.await?.into_inner())
        })
        .await?;
        show(format, &answer, || table(&answer), || sheet(&answer))
    }
}

impl RecordArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let mut request = match &self.file {
            Some(file) => json::read_file(file)?,
            None => RecordOutcomesRequest {
                outcomes: vec![self.outcome()?],
                ..RecordOutcomesRequest::default()
            },
        };
        request.tenant_id = connection.tenant();
        request.validate_only |= self.dry_run;
        let ids: Vec<_> = request
            .outcomes
            .iter()
            .map(|outcome| outcome.opportunity_id.clone())
            .collect();
        let mut client = connection.prospects();
        let answer = client.record_outcomes(connection.request(request));
        let answer = answer.await?.into_inner();
        let items = || {
            let outcomes = answer.results.iter().map(results::of_outcome);
            ids.iter().cloned().zip(outcomes)
        };
        let done = match self.dry_run {
            true => "would be stored",
            false => "stored",
        };
        let text = || results::text(items(), done, "unchanged");
        show(format, &answer, text, || results::sheet(items()))?;
        results::check(items())
    }

    fn outcome(&self) -> Result<ProspectOutcome, Failure> {
        let amount = |text: &Option<String>, flag| {
            let parse = |text: &String| parse_money(text, &self.currency, flag);
            text.as_ref().map(parse).transpose()
        };
        Ok(ProspectOutcome {
            opportunity_id: self.opportunity.clone().unwrap_or_default(),
            party_id: self.party.clone().unwrap_or_default(),
            status: self.status.map_or(0, |status| status.to_pb() as i32),
            decided_on: self.decided_on.map(date_to_pb),
            pursued_on: self.pursued_on.map(date_to_pb),
            brought: amount(&self.brought, "--brought")?,
            acquisition_cost: amount(&self.acquisition_cost, "--acquisition-cost")?,
            advice: self.advice.map_or(0, |advice| advice.to_pb() as i32),
        })
    }
}

fn date(day: &Option<DatePb>) -> String {
    let day = day.as_ref();
    let text = |day: &DatePb| format!("{:04}-{:02}-{:02}", day.year, day.month, day.day);
    day.map(text).unwrap_or_default()
}

/// The cells of one outcome.
fn cells(stored: &StoredOutcome) -> [String; 9] {
    let outcome = stored.outcome.clone().unwrap_or_default();
    let position = stored.position.map_or(0, |position| position.position);
    let status = outcome.status().as_str_name();
    let advice = match outcome.advice == 0 {
        true => "",
        false => outcome.advice().as_str_name(),
    };
    let advice = advice.trim_start_matches("PREQUALIFICATION_DECISION_");
    [
        outcome.opportunity_id.clone(),
        outcome.party_id.clone(),
        status.trim_start_matches("OUTCOME_STATUS_").to_owned(),
        date(&outcome.pursued_on),
        date(&outcome.decided_on),
        plain(&outcome.brought),
        plain(&outcome.acquisition_cost),
        advice.to_owned(),
        position.to_string(),
    ]
}

fn table(answer: &ListOutcomesResponse) -> String {
    let mut grid = Grid::new(&[
        ("Opportunity", Side::Left),
        ("Party", Side::Left),
        ("Status", Side::Left),
        ("Pursued on", Side::Left),
        ("Decided on", Side::Left),
        ("Brought", Side::Right),
        ("Cost", Side::Right),
        ("Advice", Side::Left),
        ("Position", Side::Right),
    ]);
    for stored in &answer.outcomes {
        grid.row(cells(stored));
    }
    let more = match answer.next_page_token.is_empty() {
        true => "",
        false => "; there are more, see --all",
    };
    let position = answer.read_at.map_or(0, |position| position.position);
    let listed = answer.outcomes.len();
    let position = count(position);
    format!("{grid}\n{listed} outcomes{more}; as of position {position}\n")
}

fn sheet(answer: &ListOutcomesResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "opportunity_id",
        "party_id",
        "status",
        "pursued_on",
        "decided_on",
        "brought",
        "acquisition_cost",
        "advice",
        "position",
    ]);
    for stored in &answer.outcomes {
        sheet.row(cells(stored));
    }
    sheet
}
