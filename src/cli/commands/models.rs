//! `profitscore models`: how good models of winning prospects are, and which of them holds.

use crate::{
    api::pb::{
        AdoptModelRequest, AdoptModelResponse, CutOff, EvaluateModelRequest, EvaluateModelResponse,
        GetProxyReportRequest, GetProxyReportResponse, ListModelsRequest, ListModelsResponse,
        ModelVersion, ProbabilityCard, RestoreModelRequest, ValueCard, WinModel,
    },
    cli::{
        arguments::ReadArguments,
        connection::Connection,
        errors::Failure,
        import::rates::date_to_pb,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, number, parse_money, percent, shown},
            show,
        },
        paging,
    },
};
use jiff::civil::Date;

#[derive(Debug, clap::Subcommand)]
pub enum ModelCommand {
    /// Show the model card: how good predictions were on outcomes that the model was made without
    Card(CardArguments),
    /// Let what is learnt from everything up to now hold, unless it is worse than what holds
    Adopt(StoreArguments),
    /// Let an earlier model hold again
    Restore {
        /// Its version
        version: i64,
        #[command(flatten)]
        store: StoreArguments,
    },
    /// List the models that held, the newest first
    List {
        #[command(flatten)]
        read: ReadArguments,
    },
    /// Show which of the traits that enter models tell a trait that may not
    Proxies {
        #[command(flatten)]
        read: ReadArguments,
    },
}

#[derive(Debug, clap::Args)]
pub struct CardArguments {
    /// Of this version of the model instead of the one that holds
    #[arg(long, value_name = "VERSION")]
    model: Option<i64>,
    /// Hold back those who were decided on this day or later, such as 2026-01-01; without it, the last third
    #[arg(long, value_name = "DATE")]
    held_back_from: Option<Date>,
    /// Over how many days from the first activity profit is counted
    #[arg(long, value_name = "DAYS", default_value_t = 365)]
    horizon: i32,
    /// What pursuing one cost, where the outcome does not tell
    #[arg(long, value_name = "AMOUNT")]
    acquisition_cost: Option<String>,
    /// The currency of the amount
    #[arg(
        long,
        env = "PROFITSCORE_CURRENCY",
        value_name = "CODE",
        default_value = "USD"
    )]
    currency: String,
    /// Use this version of the cost model instead of the newest
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
    #[command(flatten)]
    read: ReadArguments,
}

#[derive(Debug, clap::Args)]
pub struct StoreArguments {
    /// A key of your own, so that the same command again changes nothing
    #[arg(long, value_name = "KEY")]
    request_id: String,
    /// Why
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

impl ModelCommand {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        match self {
            Self::Card(card) => card.run(connection, format).await,
            Self::Adopt(store) => adopt(store, connection, format).await,
            Self::Restore { version, store } => restore(*version, store, connection, format).await,
            Self::List { read } => list(read, connection, format).await,
            Self::Proxies { read } => proxies(read, connection, format).await,
        }
    }
}

impl CardArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let cost = self.acquisition_cost.as_ref();
        let cost = cost.map(|text| parse_money(text, &self.currency, "--acquisition-cost"));
        let request = EvaluateModelRequest {
            tenant_id: connection.tenant(),
            model_version: self.model,
            held_back_from: self.held_back_from.map(date_to_pb),
            horizon_days: self.horizon,
            acquisition_cost: cost.transpose()?,
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
        };
        let mut client = connection.prospects();
        let answer = client.evaluate_model(connection.request(request));
        let answer = answer.await?.into_inner();
        show(
            format,
            &answer,
            || card_text(&answer),
            || card_sheet(&answer),
        )
    }
}

/// What a model was learnt from, for people.
pub fn model_text(model: &WinModel) -> String {
    let version = match model.version {
        Some(version) => format!("model {version}"),
        None => "a model that is not adopted".to_owned(),
    };
    let standing = model.standing().as_str_name();
    let standing = standing.trim_start_matches("MODEL_STANDING_");
    let leaks = model.leaking_traits.iter().map(|leak| leak.key.as_str());
    let leaks: Vec<_> = leaks.collect();
    let mut text = format!(
        "How likely prospects are won: {version}, learnt from {} decided prospects up to position {}, \
         {} of them won; {}, AUC of those held back {}\n",
        count(model.decided_count),
        count(model.trained_as_of.map_or(0, |position| position.position)),
        count(model.won_count),
        standing.to_lowercase().replace('_', " "),
        number(model.auc),
    );
    if !leaks.is_empty() {
        text += &format!(
            "Refused, because they give the outcome away: {}\n",
            leaks.join(", ")
        );
    }
    if model.drift_alarm {
        text += "DRIFT: those who are pursued now are no longer like those it was learnt from\n";
    }
    text
}

/// The lines of a card: what, on a later time, on other prospects.
fn lines(answer: &EvaluateModelResponse) -> Vec<[String; 3]> {
    let (later, other) = (answer.later_time.as_ref(), answer.other_prospects.as_ref());
    let of = |name: &str, figure: fn(&ProbabilityCard) -> Option<f64>| {
        let text = |card: Option<&ProbabilityCard>| number(card.and_then(figure));
        [name.to_owned(), text(later), text(other)]
    };
    let whole = |name: &str, figure: fn(&ProbabilityCard) -> i64| {
        let text = |card: Option<&ProbabilityCard>| count(card.map_or(0, figure));
        [name.to_owned(), text(later), text(other)]
    };
    vec![
        whole("prospects", |card| card.count),
        whole("won", |card| card.won_count),
        of("AUC", |card| card.auc),
        of("AUC, lower bound", |card| card.auc_lower_bound),
        of("Brier score", |card| Some(card.brier)),
        of("Brier score of the base rate", |card| {
            Some(card.brier_of_base_rate)
        }),
        of("log loss", |card| Some(card.log_loss)),
        of("calibration error", |card| Some(card.calibration_error)),
        of("lift of the best tenth", |card| card.deciles.first()?.lift),
    ]
}

fn value_lines(card: &ValueCard) -> Vec<[String; 2]> {
    let cut_off = |name: &str, point: &Option<CutOff>| {
        let text = point.as_ref().map_or_else(
            || "nobody".to_owned(),
            |point| format!("{} bring {}", count(point.count), shown(&point.value)),
        );
        [name.to_owned(), text]
    };
    vec![
        ["prospects with a value".to_owned(), count(card.count)],
        ["all of them bring".to_owned(), shown(&card.everybody)],
        ["a perfect choice brings".to_owned(), shown(&card.perfect)],
        ["Gini of value".to_owned(), number(card.gini)],
        cut_off("best cut-off", &card.best_cut_off),
        cut_off("those it would pursue", &card.pursued),
    ]
}

fn card_text(answer: &EvaluateModelResponse) -> String {
    let mut text = answer.model.as_ref().map(model_text).unwrap_or_default();
    let mut grid = Grid::new(&[
        ("", Side::Left),
        ("Later time", Side::Right),
        ("Other prospects", Side::Right),
    ]);
    for line in lines(answer) {
        grid.row(line);
    }
    let from = answer.held_back_from.as_ref();
    let from = from.map_or("-".to_owned(), |day| {
        format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)
    });
    let earlier = count(answer.earlier_count);
    text += &format!("\n{grid}\nHeld back from {from} on, learnt from {earlier} earlier ones\n");
    if let Some(card) = &answer.later_value {
        let mut grid = Grid::new(&[("Value of the later ones", Side::Left), ("", Side::Right)]);
        value_lines(card)
            .into_iter()
            .for_each(|line| grid.row(line));
        text += &format!("\n{grid}");
    }
    if let Some(held) = &answer.outcome_interval {
        text += &format!(
            "\nIntervals of outcomes held {} of {} (aim 80%), {} among the best tenth\n",
            percent(Some(held.overall)),
            count(held.count),
            percent(Some(held.best_tenth)),
        );
    }
    let moved: Vec<_> = answer
        .drift
        .iter()
        .filter(|drift| drift.alarm)
        .map(|drift| format!("{} ({:.2})", drift.key, drift.stability_index))
        .collect();
    if !moved.is_empty() {
        text += &format!("\nMoved since: {}\n", moved.join(", "));
    }
    for line in &answer.advice {
        let advice = match line.advice == 0 {
            true => "without advice",
            false => line.advice().as_str_name(),
        };
        text += &format!(
            "{}: {} decided, {} won, brought {}\n",
            advice.trim_start_matches("PREQUALIFICATION_DECISION_"),
            count(line.decided_count),
            count(line.won_count),
            shown(&line.brought)
        );
    }
    text
}

fn card_sheet(answer: &EvaluateModelResponse) -> Sheet {
    let mut sheet = Sheet::new(&["figure", "later_time", "other_prospects"]);
    for line in lines(answer) {
        sheet.row(line);
    }
    for [name, value] in answer
        .later_value
        .as_ref()
        .map(value_lines)
        .unwrap_or_default()
    {
        sheet.row([name, value, String::new()]);
    }
    sheet
}

async fn adopt(
    store: &StoreArguments,
    connection: &Connection,
    format: Format,
) -> Result<(), Failure> {
    let request = AdoptModelRequest {
        tenant_id: connection.tenant(),
        request_id: store.request_id.clone(),
        note: store.note.clone(),
        validate_only: store.dry_run,
    };
    let mut client = connection.prospects();
    let answer = client.adopt_model(connection.request(request));
    let answer = answer.await?.into_inner();
    let cells = adoption(&answer);
    show(
        format,
        &answer,
        || {
            let model = answer.model.as_ref().map(model_text).unwrap_or_default();
            format!("{model}{}: {}{}\n", cells[0], cells[1], cells[2])
        },
        || {
            let mut sheet = Sheet::new(&["outcome", "reason", "contest"]);
            sheet.row(cells.clone());
            sheet
        },
    )
}

fn adoption(answer: &AdoptModelResponse) -> [String; 3] {
    let reason = answer.reason().as_str_name();
    let reason = reason.trim_start_matches("ADOPTION_REASON_").to_lowercase();
    let contest = answer.contest.as_ref().map(|contest| {
        format!(
            "; log loss {:+.4} (standard error {:.4}) on {} outcomes",
            contest.log_loss_difference,
            contest.standard_error,
            count(contest.count)
        )
    });
    let outcome = if answer.adopted {
        "adopted"
    } else {
        "not adopted"
    };
    [
        outcome.to_owned(),
        reason.replace('_', " "),
        contest.unwrap_or_default(),
    ]
}

async fn restore(
    version: i64,
    store: &StoreArguments,
    connection: &Connection,
    format: Format,
) -> Result<(), Failure> {
    let request = RestoreModelRequest {
        tenant_id: connection.tenant(),
        version,
        request_id: store.request_id.clone(),
        note: store.note.clone(),
        validate_only: store.dry_run,
    };
    let mut client = connection.prospects();
    let answer = client.restore_model(connection.request(request));
    let answer = answer.await?.into_inner();
    let versions: Vec<_> = answer.model_version.iter().cloned().collect();
    show(
        format,
        &answer,
        || grid(&versions).to_string(),
        || sheet(&versions),
    )
}

async fn list(
    read: &ReadArguments,
    connection: &Connection,
    format: Format,
) -> Result<(), Failure> {
    let answer: ListModelsResponse = paging::gather(None, async |page_size, page_token| {
        let request = ListModelsRequest {
            tenant_id: connection.tenant(),
            page_size,
            page_token,
            read_options: read.options(),
        };
        let mut client = connection.prospects();
        let answer = client.list_models(connection.request(request));
        Ok(answer.await?.into_inner())
    })
    .await?;
    let versions = &answer.model_versions;
    show(
        format,
        &answer,
        || grid(versions).to_string(),
        || sheet(versions),
    )
}

fn cells(version: &ModelVersion) -> [String; 5] {
    let position = |position: Option<crate::api::pb::LedgerPosition>| {
        position.map_or_else(String::new, |position| position.position.to_string())
    };
    let restores = version.restores;
    [
        version.version.to_string(),
        position(version.trained_as_of),
        restores.map_or_else(String::new, |restores| restores.to_string()),
        position(version.position),
        version.note.clone(),
    ]
}

fn grid(versions: &[ModelVersion]) -> Grid {
    let mut grid = Grid::new(&[
        ("Version", Side::Right),
        ("Trained as of", Side::Right),
        ("Restores", Side::Right),
        ("Position", Side::Right),
        ("Note", Side::Left),
    ]);
    versions.iter().for_each(|version| grid.row(cells(version)));
    grid
}

fn sheet(versions: &[ModelVersion]) -> Sheet {
    let mut sheet = Sheet::new(&["version", "trained_as_of", "restores", "position", "note"]);
    versions
        .iter()
        .for_each(|version| sheet.row(cells(version)));
    sheet
}

async fn proxies(
    read: &ReadArguments,
    connection: &Connection,
    format: Format,
) -> Result<(), Failure> {
    let request = GetProxyReportRequest {
        tenant_id: connection.tenant(),
        read_options: read.options(),
    };
    let mut client = connection.prospects();
    let answer = client.get_proxy_report(connection.request(request));
    let answer = answer.await?.into_inner();
    show(
        format,
        &answer,
        || proxy_text(&answer),
        || proxy_sheet(&answer),
    )
}

fn proxy_cells(answer: &GetProxyReportResponse) -> Vec<[String; 6]> {
    let each = answer.proxies.iter();
    each.map(|proxy| {
        [
            proxy.key.clone(),
            proxy.protected_key.clone(),
            format!("{:.3}", proxy.strength),
            format!("{:.2e}", proxy.p_value),
            count(proxy.party_count),
            if proxy.alarm { "stands in for it" } else { "" }.to_owned(),
        ]
    })
    .collect()
}

fn proxy_text(answer: &GetProxyReportResponse) -> String {
    let mut grid = Grid::new(&[
        ("Trait", Side::Left),
        ("Tells of", Side::Left),
        ("Strength", Side::Right),
        ("By chance", Side::Right),
        ("Parties", Side::Right),
        ("", Side::Left),
    ]);
    proxy_cells(answer)
        .into_iter()
        .for_each(|line| grid.row(line));
    format!("{grid}\n{} parties looked at\n", count(answer.party_count))
}

fn proxy_sheet(answer: &GetProxyReportResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "key",
        "protected_key",
        "strength",
        "p_value",
        "party_count",
        "alarm",
    ]);
    proxy_cells(answer)
        .into_iter()
        .for_each(|line| sheet.row(line));
    sheet
}
