//! `profitscore decisions`: what was decided about relationships, and what became of it.

use super::results;
use crate::{
    api::pb::{
        AdviceDecision, DecidedAction, FollowedDecision, LedgerPosition, ListDecisionsRequest,
        ListDecisionsResponse, RecordDecisionsRequest, SimulationTerms,
        google_type::{Date as DatePb, Decimal},
    },
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        import::rates::date_to_pb,
        output::{
            Format, Grid, Sheet, Side, json,
            money::{count, decimal, plain, shown},
            show,
        },
        paging,
    },
};
use jiff::civil::Date;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub enum DecisionCommand {
    /// List decisions, what was forecast beside what then happened
    List(ListArguments),
    /// Store what was decided about a relationship; the same key again corrects it
    Record(RecordArguments),
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Action {
    Keep,
    ReduceCostToServe,
    Surcharge,
    Reprice,
    Migrate,
    WalkAwayPrice,
    DeclineWork,
    NoCapacity,
    Direct,
    Invest,
    Nurture,
}

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    /// Only about this customer
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    customer: String,
    /// Only these
    #[arg(long, value_enum)]
    action: Option<Action>,
    /// Only those that were decided in this time
    #[command(flatten)]
    decided: PeriodArguments,
    /// Count what happened before this day; until after the last day with any activity if not given
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
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
    /// The key of the decision; not with --file
    #[arg(required_unless_present = "file")]
    decision: Option<String>,
    /// The customer
    #[arg(required_unless_present = "file")]
    customer: Option<String>,
    /// What was decided
    #[arg(long, value_enum, required_unless_present = "file")]
    action: Option<Action>,
    /// Who decided
    #[arg(long, value_name = "ID", required_unless_present = "file")]
    by: Option<String>,
    /// When it was decided, such as 2026-03-31
    #[arg(long, value_name = "DATE", required_unless_present = "file")]
    decided_on: Option<Date>,
    /// From which day on it takes effect; the same day if not given
    #[arg(long, value_name = "DATE")]
    first_day: Option<Date>,
    /// As of which position the advice was asked
    #[arg(long, value_name = "POSITION", required_unless_present = "file")]
    advised_as_of: Option<i64>,
    #[command(flatten)]
    period: PeriodArguments,
    /// By which version of the cost model the advice was asked
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
    /// Over how many months things were expected; 12 if not given
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    months: i32,
    /// The chance that the customer leaves when the price rises by a tenth; 0.1 if not given
    #[arg(long, value_name = "PART")]
    attrition: Option<String>,
    /// Why
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    note: String,
    /// Where it is written down
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    evidence: String,
    /// Store these instead: a JSON or TOML file of a RecordDecisionsRequest, with all the terms
    #[arg(long, value_name = "FILE", conflicts_with_all = ["decision", "customer", "action"])]
    file: Option<PathBuf>,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

impl Action {
    fn to_pb(self) -> DecidedAction {
        match self {
            Self::Keep => DecidedAction::Keep,
            Self::ReduceCostToServe => DecidedAction::ReduceCostToServe,
            Self::Surcharge => DecidedAction::Surcharge,
            Self::Reprice => DecidedAction::Reprice,
            Self::Migrate => DecidedAction::Migrate,
            Self::WalkAwayPrice => DecidedAction::WalkAwayPrice,
            Self::DeclineWork => DecidedAction::DeclineWork,
            Self::NoCapacity => DecidedAction::NoCapacity,
            Self::Direct => DecidedAction::Direct,
            Self::Invest => DecidedAction::Invest,
            Self::Nurture => DecidedAction::Nurture,
        }
    }
}

impl DecisionCommand {
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
        let decided = self.decided.interval()?;
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let request = ListDecisionsRequest {
                tenant_id: connection.tenant(),
                customer_id: self.customer.clone(),
                action: self.action.map_or(0, |action| action.to_pb() as i32),
                decided,
                until: self.until.map(date_to_pb),
                page_size,
                page_token,
                read_options: self.read.options(),
            };
            let mut client = connection.advice();
            let answer = client.list_decisions(connection.request(request));
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
            None => RecordDecisionsRequest {
                decisions: vec![self.decision()?],
                ..RecordDecisionsRequest::default()
            },
        };
        request.tenant_id = connection.tenant();
        request.validate_only |= self.dry_run;
        let ids = request.decisions.iter();
        let ids: Vec<_> = ids.map(|own| own.decision_id.clone()).collect();
        let mut client = connection.advice();
        let answer = client.record_decisions(connection.request(request));
        let answer = answer.await?.into_inner();
        let items = || {
            let outcomes = answer.results.iter().map(results::of_decision);
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

    fn decision(&self) -> Result<AdviceDecision, Failure> {
        let attrition = self.attrition.clone();
        Ok(AdviceDecision {
            decision_id: self.decision.clone().unwrap_or_default(),
            customer_id: self.customer.clone().unwrap_or_default(),
            action: self.action.map_or(0, |action| action.to_pb() as i32),
            decided_by: self.by.clone().unwrap_or_default(),
            decided_on: self.decided_on.map(date_to_pb),
            first_day: self.first_day.map(date_to_pb),
            advised_as_of: self
                .advised_as_of
                .map(|position| LedgerPosition { position }),
            period: self.period.interval()?,
            cost_model_version: self.cost_model,
            terms: Some(SimulationTerms {
                horizon_months: self.months,
                attrition_per_tenth: attrition.map(|value| Decimal { value }),
                ..SimulationTerms::default()
            }),
            note: self.note.clone(),
            evidence_ref: self.evidence.clone(),
        })
    }
}

fn date(day: &Option<DatePb>) -> String {
    let text = |day: &DatePb| format!("{:04}-{:02}-{:02}", day.year, day.month, day.day);
    day.as_ref().map(text).unwrap_or_default()
}

const COLUMNS: [&str; 13] = [
    "decision_id",
    "customer_id",
    "action",
    "decided_by",
    "decided_on",
    "first_day",
    "forecast_margin",
    "forecast_margin_if_kept",
    "outcome_margin",
    "margin_over_forecast",
    "net_profit",
    "minutes",
    "is_still_there",
];

/// The cells of one decision.
fn cells(followed: &FollowedDecision) -> [String; 13] {
    let decision = followed.decision.clone().unwrap_or_default();
    let forecast = followed.forecast.clone().unwrap_or_default();
    let outcome = followed.outcome.clone().unwrap_or_default();
    let statement = outcome.statement.clone().unwrap_or_default();
    let action = decision.action().as_str_name();
    let there = match &followed.outcome {
        None => "",
        Some(outcome) if outcome.is_still_there => "yes",
        Some(_) => "no",
    };
    [
        decision.decision_id.clone(),
        decision.customer_id.clone(),
        action.trim_start_matches("DECIDED_ACTION_").to_owned(),
        decision.decided_by.clone(),
        date(&decision.decided_on),
        date(&decision.first_day),
        plain(&forecast.customer_margin),
        plain(&forecast.customer_margin_if_kept),
        plain(&outcome.comparable_margin),
        plain(&outcome.margin_over_forecast),
        plain(&statement.net_profit),
        decimal(&statement.minutes),
        there.to_owned(),
    ]
}

fn table(answer: &ListDecisionsResponse) -> String {
    let mut grid = Grid::new(&[
        ("Decision", Side::Left),
        ("Customer", Side::Left),
        ("Action", Side::Left),
        ("By", Side::Left),
        ("On", Side::Left),
        ("From", Side::Left),
        ("Forecast", Side::Right),
        ("If kept", Side::Right),
        ("Came", Side::Right),
        ("Over forecast", Side::Right),
        ("Net profit", Side::Right),
        ("Minutes", Side::Right),
        ("Still there", Side::Left),
    ]);
    for followed in &answer.decisions {
        grid.row(cells(followed));
    }
    let more = match answer.next_page_token.is_empty() {
        true => "",
        false => "; there are more, see --all",
    };
    let mut text = format!("{grid}\n{} decisions{more}\n", answer.decisions.len());
    if let Some(totals) = &answer.totals {
        text += &format!(
            "Of {} compared: forecast {}, came {}; {} better, {} worse, {} gone\n",
            count(totals.compared_count),
            shown(&totals.forecast_margin),
            shown(&totals.outcome_margin),
            count(totals.better_count),
            count(totals.worse_count),
            count(totals.gone_count),
        );
    }
    let position = answer.read_at.map_or(0, |position| position.position);
    let until = date(&answer.until);
    let until = match until.is_empty() {
        true => until,
        false => format!("What happened before {until}; "),
    };
    text + &format!("{until}as of position {}\n", count(position))
}

fn sheet(answer: &ListDecisionsResponse) -> Sheet {
    let mut sheet = Sheet::new(&COLUMNS);
    for followed in &answer.decisions {
        sheet.row(cells(followed));
    }
    sheet
}
