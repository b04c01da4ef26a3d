//! `copy`: moves tenants between stores, whatever they are, without a service.

use crate::{
    cli::{
        arguments::BooksArguments,
        commands::database,
        errors::Failure,
        output::{self, Format, Grid, Sheet, Side, note},
    },
    domain::{
        account::Account, decimal::format_fixed, id::TenantId, money::Currency, time::Calendar,
    },
    service::copying::{self, Copied, Counts, Progress, Totals},
    store::{
        Store,
        embedded::{self, BookSizes, CheckpointSizes, EmbeddedSettings, EmbeddedStore},
        postgres::{DatabaseSettings, PostgresSettings, PostgresStore},
    },
};
use clap::Args;
use serde_json::json;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How often people hear how far it is.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);

/// How often a page is tried again: for about a minute, which is what it takes until another server has taken over.
const RETRIES: u32 = 40;

/// `copy`
#[derive(Debug, Args)]
pub struct CopyArguments {
    /// Where the data is: the folder of a service that is stopped, or the URL of a database
    #[arg(long, value_name = "PLACE")]
    from: String,
    /// Where it is to be: a folder, made if it is not there, or the URL of a database that was migrated
    #[arg(long, value_name = "PLACE")]
    to: String,
    /// A file that holds the password of the database that is copied from; PROFITSCORE_DATABASE_PASSWORD, if not given
    #[arg(long, value_name = "FILE")]
    from_password_file: Option<PathBuf>,
    /// A file that holds the password of the database that is copied to; PROFITSCORE_DATABASE_PASSWORD, if not given
    #[arg(long, value_name = "FILE")]
    to_password_file: Option<PathBuf>,
    /// PEM certificates of the authorities that a database's certificate may come from; those of the system, if not
    /// given
    #[arg(long, env = "PROFITSCORE_DATABASE_AUTHORITIES", value_name = "FILE")]
    database_authorities: Option<PathBuf>,
    #[command(flatten)]
    books: BooksArguments,
}

impl CopyArguments {
    /// Copies one tenant, or all if none is named.
    pub async fn run(&self, tenant: &str, format: Format) -> Result<(), Failure> {
        let from = self.open(&self.from, self.from_password_file.as_deref(), true);
        let from = from.await?;
        let mut tenants = from.tenants().await.map_err(database::failure)?;
        if !tenant.is_empty() {
            tenants.retain(|own| own.as_str() == tenant);
        }
        if tenants.is_empty() {
            let problem = match tenant {
                "" => "there is nothing to copy".to_owned(),
                one => format!("there is nothing of tenant {one} to copy"),
            };
            return Err(Failure::usage(problem));
        }
        let to = self.open(&self.to, self.to_password_file.as_deref(), false);
        let to = to.await?;
        let mut all = Vec::with_capacity(tenants.len());
        for tenant in tenants {
            let copied = copying::copy(&*from, &*to, &tenant, &mut progress(&tenant)).await;
            all.push(copied.map_err(database::failure)?);
        }
        // What was written is durable already; closing leaves a folder that opens quickly.
        drop((from, to));
        match format {
            Format::Table => output::write(&all.iter().map(table).collect::<String>()),
            Format::Json => {
                let all: Vec<_> = all.iter().map(json_of).collect();
                output::write(&(json!({ "tenants": all }).to_string() + "\n"))
            }
            Format::Csv => output::write(&sheet(&all).to_csv()?),
        }
    }

    async fn open(
        &self,
        place: &str,
        password_file: Option<&Path>,
        must_exist: bool,
    ) -> Result<Box<dyn Store>, Failure> {
        let currency =
            Currency::parse(&self.books.currency, "currency").map_err(database::failure)?;
        let calendar = Calendar::of_zone(&self.books.time_zone).map_err(database::failure)?;
        if place.starts_with("postgresql://") || place.starts_with("postgres://") {
            let mut database = DatabaseSettings::parse(place).map_err(database::failure)?;
            database::take_password(&mut database, password_file)?;
            database.authorities.clone_from(&self.database_authorities);
            // Sums of everything may take as long as they take.
            database.statement_timeout = Duration::ZERO;
            database.retries = RETRIES;
            let settings = PostgresSettings {
                database,
                calendar,
                currency,
            };
            let opened = PostgresStore::open(&settings).await;
            return Ok(Box::new(opened.map_err(database::failure)?));
        }
        let folder = PathBuf::from(place);
        if must_exist && !embedded::is_there(&folder) {
            return Err(Failure::usage(format!("there is no ledger in {place}")));
        }
        let settings = EmbeddedSettings {
            folder,
            calendar,
            currency,
            books: BookSizes::default(),
            checkpoints: CheckpointSizes::default(),
        };
        let open = tokio::task::spawn_blocking(move || EmbeddedStore::open(&settings, |_| ()));
        let opened = open.await.map_err(anyhow::Error::from)?;
        Ok(Box::new(opened.map_err(database::failure)?))
    }
}

/// Tells people how far the copy of a tenant is.
fn progress(tenant: &TenantId) -> impl FnMut(Progress) + Send {
    let mut told = Instant::now();
    move |progress| {
        let Progress {
            position,
            found,
            end,
        } = progress;
        if told.elapsed() < PROGRESS_INTERVAL {
            return;
        }
        told = Instant::now();
        let doing = if position <= found {
            "compared"
        } else {
            "copied"
        };
        note(&format!(
            "tenant {tenant}: {doing} up to position {position} of {end}"
        ));
    }
}

/// Everything that is counted or summed, by its name, with its number.
fn numbers(totals: &Totals, accounts: &BTreeSet<&Account>) -> Vec<(String, String)> {
    let Counts {
        activities,
        reversals,
        parties,
        trait_definitions,
        cost_models,
        closings,
        products,
        exchange_rates,
        price_terms,
        prospect_records,
    } = totals.counts;
    let counts = [
        ("activities", activities),
        ("reversals", reversals),
        ("parties", parties),
        ("trait_definitions", trait_definitions),
        ("cost_models", cost_models),
        ("closings", closings),
        ("products", products),
        ("exchange_rates", exchange_rates),
        ("price_terms", price_terms),
        ("prospect_records", prospect_records),
    ];
    let counts = counts.map(|(name, count)| (name.to_owned(), count.to_string()));
    let sums = accounts.iter().map(|account| {
        let sum = format_fixed(totals.sums.get(account), account.places());
        (account.to_string(), sum)
    });
    counts.into_iter().chain(sums).collect()
}

/// What both sides come to: the name, the source's number and the target's.
fn rows(copied: &Copied) -> Vec<[String; 3]> {
    let (source, target) = (&copied.source, &copied.target);
    let accounts = source.sums.iter().chain(target.sums.iter());
    let accounts = accounts.map(|(account, _)| account).collect();
    let both = numbers(source, &accounts)
        .into_iter()
        .zip(numbers(target, &accounts));
    both.map(|((name, source), (_, target))| [name, source, target])
        .collect()
}

fn table(copied: &Copied) -> String {
    let number = Side::Right;
    let mut grid = Grid::new(&[("", Side::Left), ("source", number), ("target", number)]);
    rows(copied).into_iter().for_each(|row| grid.row(row));
    let Copied {
        tenant, found, end, ..
    } = copied;
    format!(
        "tenant {tenant}: {} writes copied, {found} were there\n{grid}\nthe same up to position {end}\n\n",
        end - found
    )
}

fn json_of(copied: &Copied) -> serde_json::Value {
    let rows = rows(copied);
    let of = |side: usize| {
        let pairs = rows.iter().map(|row| (row[0].clone(), json!(row[side])));
        pairs.collect::<serde_json::Map<_, _>>()
    };
    json!({
        "tenantId": copied.tenant.as_str(),
        "found": copied.found,
        "position": copied.end,
        "source": of(1),
        "target": of(2),
    })
}

fn sheet(all: &[Copied]) -> Sheet {
    let mut sheet = Sheet::new(&["tenant_id", "position", "name", "source", "target"]);
    for copied in all {
        for [name, source, target] in rows(copied) {
            let (tenant, end) = (copied.tenant.to_string(), copied.end.to_string());
            sheet.row([tenant, end, name, source, target]);
        }
    }
    sheet
}
