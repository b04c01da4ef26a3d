//! `profitscore traits`.

use crate::{
    api::pb::{
        PutTraitDefinitionRequest, TraitDefinition, TraitSensitivity, TraitType,
        google_type::Decimal,
    },
    cli::{
        arguments::ReadArguments,
        connection::Connection,
        errors::Failure,
        output::{Format, Grid, Sheet, Side, show},
        trait_text,
    },
};

#[derive(Debug, clap::Subcommand)]
pub enum TraitCommand {
    /// List the traits that are known
    List {
        #[command(flatten)]
        read: ReadArguments,
    },
    /// Say what a trait is and how it may be used
    Define(DefineArguments),
}

#[derive(Debug, clap::Args)]
pub struct DefineArguments {
    /// The trait, such as INDUSTRY
    key: String,
    /// Its type
    #[arg(long = "type", value_enum)]
    kind: Kind,
    /// For numbers: where bins begin, in rising order, separated by commas
    #[arg(
        long,
        value_name = "NUMBERS",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    bin_edges: Vec<String>,
    /// How it may be used
    #[arg(long, value_enum, default_value = "ordinary")]
    sensitivity: Sensitivity,
    /// It becomes known only after a prospect was won: never learnt from
    #[arg(long)]
    known_after_conversion: bool,
    /// Only say whether it would be accepted
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// One of several categories
    Category,
    /// A number
    Number,
    /// A set of categories
    Set,
    /// Yes or no
    Flag,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Sensitivity {
    /// Used anywhere
    Ordinary,
    /// A special category of personal data: in no model and no profile
    SpecialCategory,
    /// Excluded by the business: in no model and no profile
    Excluded,
}

impl DefineArguments {
    fn definition(&self) -> TraitDefinition {
        let kind = match self.kind {
            Kind::Category => TraitType::Category,
            Kind::Number => TraitType::Number,
            Kind::Set => TraitType::Set,
            Kind::Flag => TraitType::Flag,
        };
        let sensitivity = match self.sensitivity {
            Sensitivity::Ordinary => TraitSensitivity::Ordinary,
            Sensitivity::SpecialCategory => TraitSensitivity::SpecialCategory,
            Sensitivity::Excluded => TraitSensitivity::Excluded,
        };
        let edge = |value: &String| Decimal {
            value: value.clone(),
        };
        TraitDefinition {
            key: self.key.clone(),
            r#type: kind.into(),
            bin_edges: self.bin_edges.iter().map(edge).collect(),
            sensitivity: sensitivity.into(),
            known_after_conversion: self.known_after_conversion,
        }
    }
}

impl TraitCommand {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        match self {
            Self::List { read } => {
                let answer = trait_text::definitions(connection, read.options()).await?;
                let definitions = &answer.trait_definitions;
                show(
                    format,
                    &answer,
                    || table(definitions),
                    || sheet(definitions),
                )
            }
            Self::Define(arguments) => {
                let request = PutTraitDefinitionRequest {
                    tenant_id: connection.tenant(),
                    trait_definition: Some(arguments.definition()),
                    validate_only: arguments.dry_run,
                };
                let mut client = connection.customers();
                let answer = client.put_trait_definition(connection.request(request));
                let answer = answer.await?.into_inner();
                let definitions: Vec<_> = answer.trait_definition.iter().cloned().collect();
                show(
                    format,
                    &answer,
                    || table(&definitions),
                    || sheet(&definitions),
                )
            }
        }
    }
}

/// The cells of one definition, for people and programs.
fn cells(definition: &TraitDefinition) -> [String; 5] {
    let kind = definition.r#type().as_str_name();
    let sensitivity = definition.sensitivity().as_str_name();
    let edges: Vec<_> = definition
        .bin_edges
        .iter()
        .map(|edge| edge.value.clone())
        .collect();
    [
        definition.key.clone(),
        kind.trim_start_matches("TRAIT_TYPE_").to_owned(),
        sensitivity
            .trim_start_matches("TRAIT_SENSITIVITY_")
            .to_owned(),
        edges.join(";"),
        definition.known_after_conversion.to_string(),
    ]
}

fn table(definitions: &[TraitDefinition]) -> String {
    let mut grid = Grid::new(&[
        ("Trait", Side::Left),
        ("Type", Side::Left),
        ("Sensitivity", Side::Left),
        ("Bin edges", Side::Left),
        ("Known after conversion", Side::Left),
    ]);
    for definition in definitions {
        grid.row(cells(definition));
    }
    grid.to_string()
}

fn sheet(definitions: &[TraitDefinition]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "key",
        "type",
        "sensitivity",
        "bin_edges",
        "known_after_conversion",
    ]);
    for definition in definitions {
        sheet.row(cells(definition));
    }
    sheet
}
