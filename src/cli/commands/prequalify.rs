//! `profitscore prequalify`.

use super::{
    parties,
    profile::bin_text,
    results::{Outcome, check},
};
use crate::{
    api::pb::{
        LedgerPosition, MoneyRange, PartyStage, Prequalification, PrequalificationDecision,
        PrequalificationResult, PrequalifyProspectsRequest, PrequalifyProspectsResponse,
        ProspectInput, ReadOptions, google_type::Interval, prequalification_result, prospect_input,
    },
    cli::{
        arguments::{ReadArguments, midnight},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side, json,
            money::{count, currency_of, exact, nanos, parse_money, percent, plain, shown},
            proof, show, warn_of_costs,
        },
        trait_text,
    },
};
use jiff::civil::Date;
use std::path::PathBuf;

/// The most prospects of one request.
const PROSPECTS_MAX: usize = 1_000;
/// How many reasons a table shows.
const REASONS_SHOWN: usize = 2;

#[derive(Debug, clap::Args)]
pub struct PrequalifyArguments {
    /// Stored prospects
    #[arg(value_name = "PROSPECT", conflicts_with_all = ["all", "traits"])]
    ids: Vec<String>,
    /// All stored prospects
    #[arg(long, conflicts_with = "traits")]
    all: bool,
    /// A prospect that is not stored, by its traits, KEY=VALUE or KEY:TYPE=VALUE
    #[arg(long = "trait", value_name = "KEY=VALUE")]
    traits: Vec<String>,
    /// A JSON or TOML file of a PrequalifyProspectsRequest instead; other flags do not count
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ids", "all", "traits"])]
    file: Option<PathBuf>,
    /// Over how many days from the first activity profit is counted
    #[arg(long, value_name = "DAYS", default_value_t = 365)]
    horizon: i32,
    /// How likely a pursued prospect is won, 0 to 1; 1 if not given
    #[arg(long, value_name = "PROBABILITY")]
    win_probability: Option<f64>,
    /// What pursuing one costs, won or not
    #[arg(long, value_name = "AMOUNT")]
    acquisition_cost: Option<String>,
    /// The least expected return worth pursuing
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    hurdle: Option<String>,
    /// The currency of the amounts
    #[arg(
        long,
        env = "PROFITSCORE_CURRENCY",
        value_name = "CODE",
        default_value = "USD"
    )]
    currency: String,
    /// Learn only from this day on
    #[arg(long, value_name = "DATE")]
    training_from: Option<Date>,
    /// Learn only from before this day
    #[arg(long, value_name = "DATE")]
    training_to: Option<Date>,
    /// The service's reporting time zone, in which days begin
    #[arg(
        long,
        env = "PROFITSCORE_TIME_ZONE",
        value_name = "ZONE",
        default_value = "UTC"
    )]
    time_zone: String,
    /// Use this version of the cost model instead of the newest
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
    #[command(flatten)]
    read: ReadArguments,
}

impl PrequalifyArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let mut request = match &self.file {
            Some(file) => json::read_file(file)?,
            None => self.request(connection).await?,
        };
        request.tenant_id = connection.tenant();
        let (ids, answer) = ask(connection, request).await?;
        warn_of_costs(&answer.cost_basis);
        show(format, &answer, || text(&ids, &answer), || sheet(&answer))?;
        check(ids.into_iter().zip(answer.results.iter().map(outcome)))
    }

    async fn request(
        &self,
        connection: &Connection,
    ) -> Result<PrequalifyProspectsRequest, Failure> {
        let amount = |text: &Option<String>, flag| {
            let parse = |text: &String| parse_money(text, &self.currency, flag);
            text.as_ref().map(parse).transpose()
        };
        let day = |date: Option<Date>| date.map(|d| midnight(d, &self.time_zone)).transpose();
        let training_period = match (self.training_from, self.training_to) {
            (None, None) => None,
            (from, to) => Some(Interval {
                start_time: day(from)?,
                end_time: day(to)?,
            }),
        };
        let mut read_options = self.read.options();
        Ok(PrequalifyProspectsRequest {
            prospects: self.prospects(connection, &mut read_options).await?,
            horizon_days: self.horizon,
            win_probability: self.win_probability,
            acquisition_cost: amount(&self.acquisition_cost, "--acquisition-cost")?,
            hurdle: amount(&self.hurdle, "--hurdle")?,
            training_period,
            cost_model_version: self.cost_model,
            read_options,
            ..PrequalifyProspectsRequest::default()
        })
    }

    /// The prospects to answer. If they are listed first, the answer is pinned to the state of that list.
    async fn prospects(
        &self,
        connection: &Connection,
        read_options: &mut Option<ReadOptions>,
    ) -> Result<Vec<ProspectInput>, Failure> {
        let stored = |party_id: String| ProspectInput {
            prospect: Some(prospect_input::Prospect::PartyId(party_id)),
        };
        if self.all {
            let stage = PartyStage::Prospect;
            let listed = parties::list(connection, stage, Vec::new(), *read_options, None).await?;
            *read_options = pinned(listed.read_at);
            return match listed.parties.is_empty() {
                true => Err(Failure::usage("no prospects are stored")),
                false => Ok(listed
                    .parties
                    .into_iter()
                    .map(|p| stored(p.party_id))
                    .collect()),
            };
        }
        if !self.traits.is_empty() {
            return Ok(vec![inline(
                "PROSPECT",
                trait_text::traits(connection, &self.traits).await?,
            )]);
        }
        if self.ids.is_empty() {
            return Err(Failure::usage(
                "name prospects, or give --all, --trait or --file",
            ));
        }
        Ok(self.ids.iter().cloned().map(stored).collect())
    }
}

/// A prospect that is not stored.
pub fn inline(party_id: &str, traits: Vec<crate::api::pb::Trait>) -> ProspectInput {
    let party = crate::api::pb::Party {
        party_id: party_id.to_owned(),
        traits,
        ..crate::api::pb::Party::default()
    };
    ProspectInput {
        prospect: Some(prospect_input::Prospect::Inline(party)),
    }
}

/// Exactly the state at a position.
pub fn pinned(position: Option<LedgerPosition>) -> Option<ReadOptions> {
    position.map(|position| ReadOptions {
        at_least_as_fresh: None,
        as_of: Some(position),
        as_closed: None,
    })
}

fn id_of(input: &ProspectInput) -> String {
    match &input.prospect {
        None => String::new(),
        Some(prospect_input::Prospect::PartyId(id)) => id.clone(),
        Some(prospect_input::Prospect::Inline(party)) => party.party_id.clone(),
    }
}

/// The answers to any number of prospects, asked a thousand at a time as of one state.
pub async fn ask(
    connection: &Connection,
    mut request: PrequalifyProspectsRequest,
) -> Result<(Vec<String>, PrequalifyProspectsResponse), Failure> {
    let mut prospects = std::mem::take(&mut request.prospects);
    let ids = prospects.iter().map(id_of).collect();
    let mut answer: Option<PrequalifyProspectsResponse> = None;
    loop {
        let rest = prospects.split_off(prospects.len().min(PROSPECTS_MAX));
        let batch = PrequalifyProspectsRequest {
            prospects,
            ..request.clone()
        };
        let mut client = connection.prospects();
        let part = client
            .prequalify_prospects(connection.request(batch))
            .await?
            .into_inner();
        request.read_options = pinned(part.read_at);
        match &mut answer {
            None => answer = Some(part),
            Some(answer) => answer.results.extend(part.results),
        }
        if rest.is_empty() {
            return Ok((ids, answer.unwrap_or_default()));
        }
        prospects = rest;
    }
}

/// The answer to one prospect, if it was not refused.
pub fn answered(result: &PrequalificationResult) -> Option<&Prequalification> {
    match &result.outcome {
        Some(prequalification_result::Outcome::Prequalification(answer)) => Some(answer),
        Some(prequalification_result::Outcome::Rejection(_)) | None => None,
    }
}

fn outcome(result: &PrequalificationResult) -> Outcome<'_> {
    match &result.outcome {
        Some(prequalification_result::Outcome::Rejection(rejection)) => Outcome::Refused(rejection),
        Some(prequalification_result::Outcome::Prequalification(_)) | None => Outcome::Done,
    }
}

fn decision(answer: &Prequalification) -> &'static str {
    answer
        .decision()
        .as_str_name()
        .trim_start_matches("PREQUALIFICATION_DECISION_")
}

fn decision_reason(answer: &Prequalification) -> &'static str {
    answer
        .decision_reason()
        .as_str_name()
        .trim_start_matches("DECISION_REASON_")
}

fn text(ids: &[String], answer: &PrequalifyProspectsResponse) -> String {
    let mut grid = Grid::new(&[
        ("Prospect", Side::Left),
        ("Decision", Side::Left),
        ("Expected return", Side::Right),
        ("Expected profit", Side::Right),
        ("80% of the mean", Side::Right),
        ("80% of outcomes", Side::Right),
        ("Evidence", Side::Right),
        ("Strongest reasons", Side::Left),
    ]);
    let range = |range: &Option<MoneyRange>| match range {
        Some(range) => format!("{} to {}", shown(&range.lower), shown(&range.upper)),
        None => "-".to_owned(),
    };
    for (id, result) in ids.iter().zip(&answer.results) {
        let Some(one) = answered(result) else {
            grid.row_of([id.clone(), "refused".to_owned()]);
            continue;
        };
        grid.row([
            id.clone(),
            decision(one).to_owned(),
            shown(&one.expected_return),
            shown(&one.expected_profit),
            range(&one.expected_profit_interval),
            range(&one.outcome_interval),
            count(one.evidence_count),
            // In a review what the traits add means nothing, but why a person has to decide does.
            match one.decision() == PrequalificationDecision::Review {
                true => decision_reason(one).to_lowercase().replace('_', " "),
                false => reasons(one),
            },
        ]);
    }
    format!(
        "{grid}\n{}{}",
        model_text(answer),
        proof(&answer.control_total, &answer.read_at)
    )
}

/// What the answers were learnt from, for people.
pub fn model_text(answer: &PrequalifyProspectsResponse) -> String {
    let Some(model) = &answer.model else {
        return String::new();
    };
    format!(
        "Learnt from {} customers, {} more were seen for too little of their {} days; their mean \
         profit is {}\nThe interval of outcomes held {} of those kept out of the fit (aim 80%)\n",
        count(model.customer_count),
        count(model.incomplete_count),
        model.horizon_days,
        exact(&model.mean_profit),
        percent(model.interval_coverage),
    )
}

fn reasons(answer: &Prequalification) -> String {
    let shown_of = |amount| match nanos(amount) > 0 {
        true => format!("+{}", shown(amount)),
        false => shown(amount),
    };
    let strongest = answer.contributions.iter().take(REASONS_SHOWN);
    let texts: Vec<_> = strongest
        .map(|reason| format!("{} {}", bin_text(&reason.bin), shown_of(&reason.amount)))
        .collect();
    texts.join(", ")
}

fn sheet(answer: &PrequalifyProspectsResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "party_id",
        "decision",
        "decision_reason",
        "currency_code",
        "expected_return",
        "expected_profit",
        "baseline",
        "expected_profit_lower",
        "expected_profit_upper",
        "outcome_lower",
        "outcome_upper",
        "decision_margin",
        "evidence_count",
    ]);
    for one in answer.results.iter().filter_map(answered) {
        let ends = |range: &Option<MoneyRange>| match range {
            Some(range) => [plain(&range.lower), plain(&range.upper)],
            None => Default::default(),
        };
        let [expected_lower, expected_upper] = ends(&one.expected_profit_interval);
        let [outcome_lower, outcome_upper] = ends(&one.outcome_interval);
        let margin = one.decision_margin.as_ref();
        sheet.row([
            one.party_id.clone(),
            decision(one).to_owned(),
            decision_reason(one).to_owned(),
            currency_of([&one.expected_return]).to_owned(),
            plain(&one.expected_return),
            plain(&one.expected_profit),
            plain(&one.baseline),
            expected_lower,
            expected_upper,
            outcome_lower,
            outcome_upper,
            margin.map_or_else(String::new, |_| plain(&one.decision_margin)),
            one.evidence_count.to_string(),
        ]);
    }
    sheet
}
