//! `profitscore customers` and `profitscore prospects`: the same commands for the two stages of a party.

use super::results;
use crate::{
    api::pb::{
        ErasePartyRequest, GetPartyRequest, ListPartiesRequest, ListPartiesResponse, Party,
        PartyStage, ReadOptions, SetProfilingObjectionRequest, TraitFilter, UpsertPartiesRequest,
    },
    cli::{
        arguments::ReadArguments,
        connection::Connection,
        errors::Failure,
        output::{Format, Grid, Sheet, Side, json, money::count, show},
        paging, trait_text,
    },
};
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub enum PartyCommand {
    /// List those that are stored with this stage, in the order of their ids
    List(ListArguments),
    /// Show one
    Get {
        /// Its id
        id: String,
        #[command(flatten)]
        read: ReadArguments,
    },
    /// Store one, as a whole: what is not given is no longer kept
    Upsert(UpsertArguments),
    /// Say that somebody objects to profiling, and is not to be scored
    Object(ObjectArguments),
    /// Erase the name and the traits of somebody, in every version; activities stay under the id
    Erase(EraseArguments),
}

#[derive(Debug, clap::Args)]
pub struct ObjectArguments {
    /// The id
    id: String,
    /// The objection holds no longer
    #[arg(long)]
    withdraw: bool,
    /// Where the request is kept
    #[arg(long, default_value = "", hide_default_value = true)]
    evidence: String,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub struct EraseArguments {
    /// The id
    id: String,
    /// Where the request is kept
    #[arg(long, default_value = "", hide_default_value = true)]
    evidence: String,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    /// Only those with this trait, KEY=VALUE or KEY:TYPE=VALUE; KEY= for those without a value
    #[arg(long = "trait", value_name = "KEY=VALUE")]
    traits: Vec<String>,
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
pub struct UpsertArguments {
    /// Its id; not with --file
    #[arg(required_unless_present = "file")]
    id: Option<String>,
    /// Its name
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// A trait, KEY=VALUE or KEY:TYPE=VALUE with category, number, set (values separated by ;) or flag
    #[arg(long = "trait", value_name = "KEY=VALUE")]
    traits: Vec<String>,
    /// Store these instead: a JSON or TOML file of an UpsertPartiesRequest; stages left out are this command's
    #[arg(long, value_name = "FILE", conflicts_with_all = ["id", "name", "traits"])]
    file: Option<PathBuf>,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

impl PartyCommand {
    pub async fn run(
        &self,
        connection: &Connection,
        format: Format,
        stage: PartyStage,
    ) -> Result<(), Failure> {
        match self {
            Self::List(arguments) => {
                let wanted = (!arguments.all).then_some(arguments.top.max(1));
                let traits = trait_text::filters(connection, &arguments.traits).await?;
                let read = arguments.read.options();
                let answer = list(connection, stage, traits, read, wanted).await?;
                show(
                    format,
                    &answer,
                    || table(&answer),
                    || sheet(&answer.parties),
                )
            }
            Self::Get { id, read } => {
                let request = GetPartyRequest {
                    tenant_id: connection.tenant(),
                    party_id: id.clone(),
                    read_options: read.options(),
                };
                let mut client = connection.customers();
                let answer = client
                    .get_party(connection.request(request))
                    .await?
                    .into_inner();
                let parties: Vec<_> = answer.party.iter().cloned().collect();
                let text = || grid(&parties).to_string();
                show(format, &answer, text, || sheet(&parties))
            }
            Self::Upsert(arguments) => upsert(connection, format, stage, arguments).await,
            Self::Object(arguments) => object(connection, format, arguments).await,
            Self::Erase(arguments) => erase(connection, format, arguments).await,
        }
    }
}

/// All wanted pages of the parties with a stage.
pub async fn list(
    connection: &Connection,
    stage: PartyStage,
    traits: Vec<TraitFilter>,
    read_options: Option<ReadOptions>,
    wanted: Option<usize>,
) -> Result<ListPartiesResponse, Failure> {
    paging::gather(wanted, async |page_size, page_token| {
        let request = ListPartiesRequest {
            tenant_id: connection.tenant(),
            stage: stage.into(),
            traits: traits.clone(),
            page_size,
            page_token,
            read_options,
        };
        let mut client = connection.customers();
        Ok(client
            .list_parties(connection.request(request))
            .await?
            .into_inner())
    })
    .await
}

async fn upsert(
    connection: &Connection,
    format: Format,
    stage: PartyStage,
    arguments: &UpsertArguments,
) -> Result<(), Failure> {
    let mut request = match &arguments.file {
        Some(file) => json::read_file(file)?,
        None => UpsertPartiesRequest {
            parties: vec![Party {
                party_id: arguments.id.clone().unwrap_or_default(),
                stage: stage.into(),
                display_name: arguments.name.clone(),
                traits: trait_text::traits(connection, &arguments.traits).await?,
            }],
            ..UpsertPartiesRequest::default()
        },
    };
    for party in &mut request.parties {
        if party.stage() == PartyStage::Unspecified {
            party.set_stage(stage);
        }
    }
    request.tenant_id = connection.tenant();
    request.validate_only |= arguments.dry_run;
    let ids: Vec<_> = request
        .parties
        .iter()
        .map(|party| party.party_id.clone())
        .collect();
    let mut client = connection.customers();
    let answer = client
        .upsert_parties(connection.request(request))
        .await?
        .into_inner();
    let items = || {
        let outcomes = answer.results.iter().map(results::of_party);
        ids.iter().cloned().zip(outcomes)
    };
    let done = if arguments.dry_run {
        "would be stored"
    } else {
        "stored"
    };
    let text = || results::text(items(), done, "unchanged");
    show(format, &answer, text, || results::sheet(items()))?;
    results::check(items())
}

async fn object(
    connection: &Connection,
    format: Format,
    arguments: &ObjectArguments,
) -> Result<(), Failure> {
    let request = SetProfilingObjectionRequest {
        tenant_id: connection.tenant(),
        party_id: arguments.id.clone(),
        objects: !arguments.withdraw,
        evidence_ref: arguments.evidence.clone(),
        validate_only: arguments.dry_run,
    };
    let mut client = connection.customers();
    let answer = client.set_profiling_objection(connection.request(request));
    let answer = answer.await?.into_inner();
    let what = match arguments.withdraw {
        true => "objects no longer",
        false => "objects to profiling",
    };
    let outcome = done(answer.unchanged, arguments.dry_run);
    show_done(
        format,
        &answer,
        &arguments.id,
        &format!("{what}: {outcome}"),
    )
}

async fn erase(
    connection: &Connection,
    format: Format,
    arguments: &EraseArguments,
) -> Result<(), Failure> {
    let request = ErasePartyRequest {
        tenant_id: connection.tenant(),
        party_id: arguments.id.clone(),
        evidence_ref: arguments.evidence.clone(),
        validate_only: arguments.dry_run,
    };
    let mut client = connection.customers();
    let answer = client.erase_party(connection.request(request));
    let answer = answer.await?.into_inner();
    let outcome = done(answer.unchanged, arguments.dry_run);
    show_done(
        format,
        &answer,
        &arguments.id,
        &format!("erased: {outcome}"),
    )
}

fn done(unchanged: bool, dry_run: bool) -> &'static str {
    match (unchanged, dry_run) {
        (true, _) => "unchanged",
        (false, true) => "would be stored",
        (false, false) => "stored",
    }
}

fn show_done<M: prost::Message + prost::Name>(
    format: Format,
    answer: &M,
    id: &str,
    outcome: &str,
) -> Result<(), Failure> {
    let sheet = || {
        let mut sheet = Sheet::new(&["party_id", "outcome"]);
        sheet.row([id.to_owned(), outcome.to_owned()]);
        sheet
    };
    show(format, answer, || format!("{id} {outcome}\n"), sheet)
}

fn grid(parties: &[Party]) -> Grid {
    let mut grid = Grid::new(&[
        ("Id", Side::Left),
        ("Name", Side::Left),
        ("Stage", Side::Left),
        ("Traits", Side::Left),
    ]);
    for party in parties {
        grid.row([
            party.party_id.clone(),
            party.display_name.clone(),
            stage_text(party),
            trait_text::show(&party.traits),
        ]);
    }
    grid
}

fn stage_text(party: &Party) -> String {
    let name = party.stage().as_str_name();
    name.trim_start_matches("PARTY_STAGE_").to_lowercase()
}

fn table(answer: &ListPartiesResponse) -> String {
    let more = if answer.next_page_token.is_empty() {
        ""
    } else {
        "; there are more, see --all"
    };
    let position = answer.read_at.map_or(0, |position| position.position);
    format!(
        "{}\n{} listed{more}; as of position {}\n",
        grid(&answer.parties),
        answer.parties.len(),
        count(position),
    )
}

/// One row for each trait, so that any set of traits fits the same columns.
fn sheet(parties: &[Party]) -> Sheet {
    let mut sheet = Sheet::new(&["party_id", "stage", "display_name", "trait", "value"]);
    for party in parties {
        let mut row = |key: String, value: String| {
            sheet.row([
                party.party_id.clone(),
                stage_text(party).to_uppercase(),
                party.display_name.clone(),
                key,
                value,
            ]);
        };
        if party.traits.is_empty() {
            row(String::new(), String::new());
        }
        for of in &party.traits {
            row(of.key.clone(), trait_text::show_value(of));
        }
    }
    sheet
}
