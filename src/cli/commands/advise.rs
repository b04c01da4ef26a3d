//! `profitscore advise`.

use super::{
    advise_bonuses::BonusArguments,
    advise_growth::{CrossSellArguments, ExpansionArguments},
    advise_time::TimeArguments,
};
use crate::cli::{connection::Connection, errors::Failure, output::Format};

#[derive(Debug, clap::Subcommand)]
pub enum AdviseCommand {
    /// Say where an account manager's hours should go, against equal time and today's split
    Time(TimeArguments),
    /// Suggest products that profitable customers buy
    CrossSell(CrossSellArguments),
    /// Rank customers by what more of a product would bring for an hour of effort
    Expansion(ExpansionArguments),
    /// Set what bonuses cost against what the customers who got them bring more than before
    Bonuses(BonusArguments),
}

impl AdviseCommand {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        match self {
            Self::Time(time) => time.run(connection, format).await,
            Self::CrossSell(asked) => asked.run(connection, format).await,
            Self::Expansion(asked) => asked.run(connection, format).await,
            Self::Bonuses(asked) => asked.run(connection, format).await,
        }
    }
}
