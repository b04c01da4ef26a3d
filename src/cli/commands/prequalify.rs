//! `profitscore prequalify`.

mod sheet;

use super::{
    models, parties,
    profile::bin_text,
    results::{Outcome, check},
};
use crate::{
    api::pb::{
        LedgerPosition, MoneyRange, PartyStage, Prequalification, PrequalificationDecision,
        PrequalificationResult, PrequalifyProspectsRequest, PrequalifyProspectsResponse,
        ProspectInput, ReadOptions,
        google_type::{Decimal, Interval},
        prequalification_result, prospect_input,
    },
    cli::{
        arguments::{ReadArguments, midnight},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Side, json,
            money::{count, exact, nanos, parse_money, percent, shown},
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
    /// How likely a pursued prospect is won, 0 to 1; if not given, what is learnt from outcomes, or 1 without any
    #[arg(long, value_name = "PROBABILITY")]
    win_probability: Option<f64>,
    /// What pursuing one costs, won or not
    #[arg(long, value_name = "AMOUNT")]
    acquisition_cost: Option<String>,
    /// The least expected return worth pursuing
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    hurdle: Option<String>,
    /// What a year of waiting takes off, such as 0.08
    #[arg(long, value_name = "RATE")]
    discount_rate: Option<String>,
    /// How many hours pursuing one takes, won or not
    #[arg(long, value_name = "HOURS")]
    effort_hours: Option<String>,
    /// What an hour would bring elsewhere; adds to the hurdle for each hour of effort
    #[arg(long, value_name = "AMOUNT")]
    opportunity_rate: Option<String>,
    /// Use this version of the model of winning prospects instead of the one that holds
    #[arg(long, value_name = "VERSION")]
    model: Option<i64>,
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
        show(
            format,
            &answer,
            || text(&ids, &answer),
            || sheet::sheet(&answer),
        )?;
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
        let decimal = |text: &Option<String>| text.clone().map(|value| Decimal { value });
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
            discount_rate: decimal(&self.discount_rate),
            effort_hours: decimal(&self.effort_hours),
            opportunity_rate: amount(&self.opportunity_rate, "--opportunity-rate")?,
            model_version: self.model,
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
    let has_chance = answer.win_model.is_some();
    let mut columns = vec![("Prospect", Side::Left), ("Decision", Side::Left)];
    columns.extend(has_chance.then_some(("Chance", Side::Right)));
    columns.extend([
        ("Expected return", Side::Right),
        ("Expected profit", Side::Right),
        ("80% of the mean", Side::Right),
        ("80% of outcomes", Side::Right),
        ("Evidence", Side::Right),
        ("Strongest reasons", Side::Left),
    ]);
    let mut grid = Grid::new(&columns);
    let range = |range: &Option<MoneyRange>| match range {
        Some(range) => format!("{} to {}", shown(&range.lower), shown(&range.upper)),
        None => "-".to_owned(),
    };
    for (id, result) in ids.iter().zip(&answer.results) {
        let Some(one) = answered(result) else {
            grid.row_of([id.clone(), "refused".to_owned()]);
            continue;
        };
        let chance = one.win_chance.as_ref();
        let chance = chance.map_or("-".to_owned(), |win| percent(Some(win.probability)));
        let mut cells = vec![id.clone(), decision(one).to_owned()];
        cells.extend(has_chance.then_some(chance));
        cells.extend([
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
        grid.row_of(cells);
    }
    let parts = match &answer.results[..] {
        [only] => answered(only).map(parts).unwrap_or_default(),
        _ => String::new(),
    };
    let win_model = answer.win_model.as_ref().map(models::model_text);
    format!(
        "{grid}\n{parts}{}{}{}",
        model_text(answer),
        win_model.unwrap_or_default(),
        proof(&answer.control_total, &answer.read_at)
    )
}

/// Every part of the expected return of one prospect.
fn parts(one: &Prequalification) -> String {
    let range = |range: &Option<MoneyRange>| match range {
        Some(range) => format!("{} to {}", shown(&range.lower), shown(&range.upper)),
        None => "-".to_owned(),
    };
    let mut grid = Grid::new(&[
        ("Part", Side::Left),
        ("Expected", Side::Right),
        ("80% interval", Side::Right),
    ]);
    if let Some(win) = &one.win_chance {
        let ends = format!(
            "{} to {}",
            percent(Some(win.lower)),
            percent(Some(win.upper))
        );
        let chance = percent(Some(win.probability));
        grid.row(["chance to win".to_owned(), chance, ends]);
    }
    let mut row = |name: &str, amount: String, ends: String| {
        grid.row([name.to_owned(), amount, ends]);
    };
    for (name, expected) in [
        ("revenue", &one.expected_revenue),
        ("cost to serve, in the profit", &one.expected_cost_to_serve),
    ] {
        let expected = expected.clone().unwrap_or_default();
        row(name, shown(&expected.amount), range(&expected.interval));
    }
    for (name, amount, ends) in burden_rows(one, range) {
        row(name, amount, ends);
    }
    let profit = range(&one.expected_profit_interval);
    row("profit", shown(&one.expected_profit), profit);
    row(
        "profit, discounted",
        shown(&one.discounted_profit),
        String::new(),
    );
    row(
        "cost of pursuing",
        shown(&one.acquisition_cost),
        String::new(),
    );
    let returned = range(&one.expected_return_interval);
    row("return", shown(&one.expected_return), returned);
    row("hurdle", shown(&one.hurdle), String::new());
    format!("{grid}\n{}\n", remarks(one))
}

/// What serving it takes.
fn burden_rows(
    one: &Prequalification,
    range: impl Fn(&Option<MoneyRange>) -> String,
) -> [(&'static str, String, String); 2] {
    let burden = one.service_burden.clone().unwrap_or_default();
    let minutes = |minutes: Option<f64>| format!("{:.0}", minutes.unwrap_or(0.0));
    let (lower, upper) = (minutes(burden.minutes_lower), minutes(burden.minutes_upper));
    [
        (
            "serving it, in the return",
            shown(&burden.cost),
            range(&burden.cost_interval),
        ),
        (
            "minutes of serving it",
            minutes(Some(burden.minutes)),
            format!("{lower} to {upper}"),
        ),
    ]
}

/// What else is to be said of one prospect, each in a line.
fn remarks(one: &Prequalification) -> String {
    let mut text = String::new();
    if one.return_per_total_hour.is_some() {
        let hour = exact(&one.return_per_total_hour);
        text += &format!("Each hour of pursuing and serving it brings {hour}");
        let margin = one.opportunity_margin.as_ref();
        text += &margin.map_or("\n".to_owned(), |_| {
            format!(", {} against elsewhere\n", exact(&one.opportunity_margin))
        });
    }
    if let Some(percentile) = one.cost_to_serve_percentile {
        let share = percent(Some(percentile));
        text += &format!("It asks for more care than {share} of the customers\n");
    }
    for unseen in &one.unseen_values {
        text += &format!("Never seen: {} = {}\n", unseen.key, unseen.value);
    }
    if let Some(other) = &one.counterfactual {
        text += &format!("With {} = {} it would be PURSUE\n", other.key, other.value);
    }
    text
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
