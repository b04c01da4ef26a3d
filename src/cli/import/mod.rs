//! `profitscore import`: rows of CSV files become activities, customers, prospects, exchange rates and price terms by a
//! declared mapping.

mod batches;
mod chunks;
mod columns;
mod expression;
pub mod files;
mod line_ends;
pub mod mapping;
mod message;
mod party;
mod prices;
mod quotes;
pub mod rates;
mod rational;
mod report;
mod retry;
mod rows;
mod rules;
mod stream;
mod text;

use super::{
    connection::Connection,
    errors::Failure,
    output::{Format, Grid, Sheet, Side, write},
};
use crate::api::pb::PartyStage;
use files::{Files, Folder};
use mapping::{Mapping, Section};
use report::{Report, Tally, shown};
use retry::Patience;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct ImportArguments {
    /// The mapping, a TOML file; see docs/import.md
    mapping: PathBuf,
    /// Read this file instead of the one that the mapping names
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The folder of the files; the mapping's own if not given
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    /// How many problems to show; the rest is counted
    #[arg(long, value_name = "N", default_value_t = 20)]
    errors: u64,
    /// How often to try again when the service goes away
    #[arg(long, value_name = "N", default_value_t = 5)]
    resume_attempts: u32,
}

/// How an import is run.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Only say what would happen.
    pub dry_run: bool,
    /// How many problems to show in each section.
    pub shown_max: u64,
    /// How often to try again when the service goes away.
    pub resume_attempts: u32,
}

/// What became of one section.
#[derive(Debug, Clone)]
pub struct SectionTally {
    kind: &'static str,
    file: String,
    tally: Tally,
}

impl ImportArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let place = self.mapping.display();
        let text = std::fs::read_to_string(&self.mapping)
            .map_err(|problem| Failure::usage(format!("{place}: {problem}")))?;
        let mut mapping = mapping::parse(&text, &place.to_string())?;
        if let Some(file) = &self.file {
            read_instead(&mut mapping, file)?;
        }
        let own = self.mapping.parent().unwrap_or(Path::new(""));
        let folder = Folder(self.folder.clone().unwrap_or_else(|| own.to_owned()));
        let manner = Manner {
            dry_run: self.dry_run,
            shown_max: self.errors,
            resume_attempts: self.resume_attempts,
        };
        let mut tallies = Vec::new();
        let imported = import(connection, &mapping, &folder, manner, &mut tallies).await;
        show(format, &tallies, self.dry_run)?;
        imported?;
        match refused(&tallies) {
            0 => Ok(()),
            count => Err(Failure::ItemsRefused { count }),
        }
    }
}

/// How many items were refused.
pub fn refused(tallies: &[SectionTally]) -> u64 {
    tallies.iter().map(|section| section.tally.refused).sum()
}

/// Puts another file in the place of the mapping's only one.
fn read_instead(mapping: &mut Mapping, file: &Path) -> Result<(), Failure> {
    let wrong = |problem| Failure::usage(format!("--file {}: {problem}", file.display()));
    let absolute = std::path::absolute(file).map_err(|problem| wrong(problem.to_string()))?;
    let name = absolute
        .to_str()
        .ok_or_else(|| wrong("is not UTF-8".to_owned()))?;
    let Mapping {
        exchange_rates,
        price_terms,
        customers,
        prospects,
        activities,
        ..
    } = mapping;
    let mut files: Vec<_> = exchange_rates
        .iter_mut()
        .chain(price_terms)
        .chain(customers)
        .chain(prospects)
        .chain(activities)
        .map(|s| &mut s.file.name)
        .collect();
    let first = files.first().map(|first| first.to_string());
    if files
        .iter()
        .any(|file| Some(file.as_str()) != first.as_deref())
    {
        return Err(wrong(
            "the mapping reads several files; use --folder".to_owned(),
        ));
    }
    files.iter_mut().for_each(|file| name.clone_into(file));
    Ok(())
}

/// Imports all sections of a mapping. What became of each is added to `tallies`, of a section that failed too.
pub async fn import(
    connection: &Connection,
    mapping: &Mapping,
    files: &dyn Files,
    manner: Manner,
    tallies: &mut Vec<SectionTally>,
) -> Result<(), Failure> {
    let run = Run {
        connection,
        files,
        manner,
        patience: Patience::new(manner.resume_attempts),
    };
    if !mapping.trait_definitions.is_empty() {
        run.section("traits", "", tallies, async |report| {
            let definitions = &mapping.trait_definitions;
            let dry_run = manner.dry_run;
            batches::definitions(connection, definitions, report, &run.patience, dry_run).await
        })
        .await?;
    }
    for section in &mapping.exchange_rates {
        run.rates(section, tallies).await?;
    }
    for section in &mapping.price_terms {
        run.price_terms(section, tallies).await?;
    }
    for section in &mapping.customers {
        run.parties("customers", section, PartyStage::Customer, tallies)
            .await?;
    }
    for section in &mapping.prospects {
        run.parties("prospects", section, PartyStage::Prospect, tallies)
            .await?;
    }
    for section in &mapping.activities {
        run.activities(section, tallies).await?;
    }
    Ok(())
}

/// Imports one section, with its name, which no mapping file has.
pub async fn section_alone(
    connection: &Connection,
    (name, section): (&str, toml::Table),
    dry_run: bool,
    format: Format,
) -> Result<(), Failure> {
    let mut whole = toml::Table::new();
    whole.insert(name.to_owned(), vec![section].into());
    let mapping: Result<Mapping, toml::de::Error> = whole.try_into();
    let mapping = mapping.map_err(|problem| Failure::usage(problem.message().to_owned()))?;
    let manner = Manner {
        dry_run,
        shown_max: 20,
        resume_attempts: 5,
    };
    let (files, mut tallies) = (Folder(PathBuf::new()), Vec::new());
    let imported = import(connection, &mapping, &files, manner, &mut tallies).await;
    show(format, &tallies, dry_run)?;
    imported?;
    match refused(&tallies) {
        0 => Ok(()),
        count => Err(Failure::ItemsRefused { count }),
    }
}

struct Run<'a> {
    connection: &'a Connection,
    files: &'a dyn Files,
    manner: Manner,
    patience: Patience,
}

impl Run<'_> {
    /// Runs one section and adds what became of it.
    async fn section(
        &self,
        kind: &'static str,
        file: &str,
        tallies: &mut Vec<SectionTally>,
        send: impl AsyncFnOnce(&mut Report) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut report = Report::new(file, self.manner.shown_max);
        let sent = send(&mut report).await;
        report.finish();
        tallies.push(SectionTally {
            kind,
            file: file.to_owned(),
            tally: report.tally,
        });
        sent
    }

    async fn parties(
        &self,
        kind: &'static str,
        section: &Section,
        stage: PartyStage,
        tallies: &mut Vec<SectionTally>,
    ) -> Result<(), Failure> {
        self.section(kind, &section.file.name, tallies, async |report| {
            let (maker, chunks) = chunks::parties(section, stage, self.files, &report.progress)
                .map_err(|failure| in_section(kind, section, failure))?;
            let (patience, dry_run) = (&self.patience, self.manner.dry_run);
            batches::parties(self.connection, &*maker, chunks, report, patience, dry_run).await
        })
        .await
    }

    async fn rates(
        &self,
        section: &Section,
        tallies: &mut Vec<SectionTally>,
    ) -> Result<(), Failure> {
        let kind = "exchange_rates";
        self.section(kind, &section.file.name, tallies, async |report| {
            let (maker, chunks) = rates::open(section, self.files, &report.progress)
                .map_err(|failure| in_section(kind, section, failure))?;
            let (patience, dry_run) = (&self.patience, self.manner.dry_run);
            batches::rates(self.connection, &*maker, chunks, report, patience, dry_run).await
        })
        .await
    }

    async fn price_terms(
        &self,
        section: &Section,
        tallies: &mut Vec<SectionTally>,
    ) -> Result<(), Failure> {
        let kind = "price_terms";
        self.section(kind, &section.file.name, tallies, async |report| {
            let (maker, chunks) = prices::open(section, self.files, &report.progress)
                .map_err(|failure| in_section(kind, section, failure))?;
            let (patience, dry_run) = (&self.patience, self.manner.dry_run);
            batches::price_terms(self.connection, &*maker, chunks, report, patience, dry_run).await
        })
        .await
    }

    async fn activities(
        &self,
        section: &Section,
        tallies: &mut Vec<SectionTally>,
    ) -> Result<(), Failure> {
        self.section("activities", &section.file.name, tallies, async |report| {
            let (maker, chunks) = chunks::activities(section, self.files, &report.progress)
                .map_err(|failure| in_section("activities", section, failure))?;
            let patience = self.patience.clone();
            match self.manner.dry_run {
                true => {
                    batches::validate(self.connection, &*maker, chunks, report, &patience).await
                }
                false => stream::send(self.connection, &*maker, chunks, report, patience).await,
            }
        })
        .await
    }
}

/// Says which section of the mapping is wrong.
fn in_section(kind: &str, section: &Section, failure: Failure) -> Failure {
    let Failure::Usage(problem) = failure else {
        return failure;
    };
    Failure::usage(format!("{kind} of {}: {problem}", section.file.name))
}

/// Prints what became of all sections.
pub fn show(format: Format, tallies: &[SectionTally], dry_run: bool) -> Result<(), Failure> {
    match format {
        Format::Table => write(&text(tallies, dry_run)),
        Format::Csv => write(&sheet(tallies).to_csv()?),
        Format::Json => {
            let of = |section: &SectionTally| {
                serde_json::json!({
                    "section": section.kind,
                    "file": section.file,
                    "posted": section.tally.taken,
                    "duplicate": section.tally.already,
                    "refused": section.tally.refused,
                    "resentChunks": section.tally.resent_chunks,
                    "position": section.tally.position,
                })
            };
            let sections: Vec<_> = tallies.iter().map(of).collect();
            let summary = serde_json::json!({"sections": sections, "dryRun": dry_run});
            let text = serde_json::to_string_pretty(&summary).map_err(anyhow::Error::from)?;
            write(&(text + "\n"))
        }
    }
}

fn text(tallies: &[SectionTally], dry_run: bool) -> String {
    let mut grid = Grid::new(&[
        ("Section", Side::Left),
        ("File", Side::Left),
        (
            if dry_run { "Would be posted" } else { "Posted" },
            Side::Right,
        ),
        ("Duplicate", Side::Right),
        ("Refused", Side::Right),
        ("Position", Side::Right),
    ]);
    for section in tallies {
        let tally = &section.tally;
        grid.row([
            section.kind.to_owned(),
            section.file.clone(),
            shown(tally.taken),
            shown(tally.already),
            shown(tally.refused),
            if dry_run {
                String::new()
            } else {
                tally.position.to_string()
            },
        ]);
    }
    let resent: u64 = tallies
        .iter()
        .map(|section| section.tally.resent_chunks)
        .sum();
    match resent {
        0 => grid.to_string(),
        resent => format!(
            "{grid}\n{} chunks were sent again after a break; what they had posted before counts \
             as duplicate\n",
            shown(resent)
        ),
    }
}

fn sheet(tallies: &[SectionTally]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "section",
        "file",
        "posted",
        "duplicate",
        "refused",
        "resent_chunks",
        "position",
    ]);
    for section in tallies {
        let tally = &section.tally;
        sheet.row([
            section.kind.to_owned(),
            section.file.clone(),
            tally.taken.to_string(),
            tally.already.to_string(),
            tally.refused.to_string(),
            tally.resent_chunks.to_string(),
            tally.position.to_string(),
        ]);
    }
    sheet
}
