//! `profitscore advise`.

use super::advise_time::TimeArguments;
use crate::cli::{connection::Connection, errors::Failure, output::Format};

#[derive(Debug, clap::Subcommand)]
pub enum AdviseCommand {
    /// Say where an account manager's hours should go, against equal time and today's split
    Time(TimeArguments),
}

impl AdviseCommand {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        match self {
            Self::Time(time) => time.run(connection, format).await,
        }
    }
}
