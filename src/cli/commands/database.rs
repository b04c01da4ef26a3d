//! How a database is named on the command line, and `migrate`. A password is taken from the environment or a file, and
//! is shown nowhere.

use crate::{
    cli::{
        errors::Failure,
        output::{self, Format},
    },
    domain::problem::{Problem, Reason},
    store::postgres::{self, DatabaseSettings, Migrated},
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The environment variable that may hold the password; there is no flag for it, which everybody could see.
const PASSWORD: &str = "PROFITSCORE_DATABASE_PASSWORD";

/// Where a database is, and how much is asked of it at once.
#[derive(Debug, clap::Args)]
pub struct DatabaseArguments {
    /// The PostgreSQL database, such as postgresql://user@host/name; a password in PROFITSCORE_DATABASE_PASSWORD or in
    /// a file is better than one in the URL
    #[arg(
        long,
        env = "PROFITSCORE_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    database_url: Option<String>,
    /// A file that holds the password
    #[arg(long, env = "PROFITSCORE_DATABASE_PASSWORD_FILE", value_name = "FILE")]
    database_password_file: Option<PathBuf>,
    /// PEM certificates of the authorities that the database's certificate may come from; those of the system, if not
    /// given
    #[arg(long, env = "PROFITSCORE_DATABASE_AUTHORITIES", value_name = "FILE")]
    database_authorities: Option<PathBuf>,
    /// How many connections to the database are open at once
    #[arg(long, default_value_t = 16, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(2..))]
    database_connections: u16,
    /// Activities and records of waiting requests that share one transaction
    #[arg(long, default_value_t = 4_000, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    database_group: u16,
    /// Mebibytes that one step of a question may take in the database before it goes to disk
    #[arg(long, default_value_t = 64, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    database_work_memory: u32,
}

impl DatabaseArguments {
    /// Whether a database is named.
    pub fn is_given(&self) -> bool {
        self.database_url.is_some()
    }

    /// The settings.
    pub fn settings(&self) -> Result<DatabaseSettings, Failure> {
        let missing = || Failure::usage("--database-url or PROFITSCORE_DATABASE_URL is required");
        let url = self.database_url.as_deref().ok_or_else(missing)?;
        let mut settings = DatabaseSettings::parse(url).map_err(failure)?;
        take_password(&mut settings, self.database_password_file.as_deref())?;
        settings.authorities.clone_from(&self.database_authorities);
        settings.connections = self.database_connections.into();
        settings.group = self.database_group.into();
        settings.work_memory = self.database_work_memory;
        Ok(settings)
    }
}

/// Takes the password from a file if there is one, and otherwise from the environment.
pub fn take_password(settings: &mut DatabaseSettings, file: Option<&Path>) -> Result<(), Failure> {
    if let Some(file) = file {
        let password = fs::read_to_string(file);
        let password = password
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", file.display())))?;
        settings.set_password(password.trim_end_matches(['\r', '\n']));
    } else if let Ok(password) = std::env::var(PASSWORD) {
        settings.set_password(&password);
    }
    Ok(())
}

/// What a command that works on a store itself says of a problem.
pub fn failure(problem: Problem) -> Failure {
    if [Reason::FieldInvalid, Reason::CurrencyMismatch].contains(&problem.reason) {
        Failure::Usage(problem.message)
    } else if problem.reason == Reason::StoreUnavailable {
        Failure::Unreachable(problem.message)
    } else {
        Failure::Other(problem.into())
    }
}

/// `migrate`
#[derive(Debug, clap::Args)]
pub struct MigrateArguments {
    #[command(flatten)]
    database: DatabaseArguments,
}

impl MigrateArguments {
    /// Makes the tables, or brings them up to date.
    pub async fn run(&self, format: Format) -> Result<(), Failure> {
        let settings = self.database.settings()?;
        let migrated = postgres::migrate(&settings).await.map_err(failure)?;
        let Migrated {
            from,
            to,
            is_distributed,
        } = migrated;
        let place = match is_distributed {
            true => "spread over the cluster",
            false => "on one server",
        };
        match format {
            Format::Table if from == to => output::write(&format!(
                "the tables are of version {to} already, {place}\n"
            )),
            Format::Table => output::write(&format!(
                "the tables were of version {from} and are of version {to} now, {place}\n"
            )),
            Format::Json => {
                let said = json!({"from": from, "to": to, "distributed": is_distributed});
                output::write(&format!("{said}\n"))
            }
            Format::Csv => output::write(&format!(
                "from,to,distributed\n{from},{to},{is_distributed}\n"
            )),
        }
    }
}
