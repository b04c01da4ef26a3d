//! `profitscore advise`: what to do about relationships.

mod appreciation;
mod bonuses;
mod end_worst;
mod growth;
mod portfolio;
mod simulate;
mod time;

use crate::{
    api::pb::google_type::{Decimal, Money},
    cli::{
        connection::Connection,
        errors::Failure,
        output::{Format, money::parse_money},
    },
};

#[derive(Debug, clap::Subcommand)]
pub enum AdviseCommand {
    /// Tell of each customer whether to keep, invest in, nurture, repair or end the relationship, and why
    Portfolio(portfolio::PortfolioArguments),
    /// Set keeping one relationship, changing it and ending it side by side
    Simulate(simulate::SimulateArguments),
    /// End the worst customers and see whom the fixed costs that they leave behind turn unprofitable
    EndWorst(end_worst::EndWorstArguments),
    /// Say where an account manager's hours should go, against equal time and today's split
    Time(time::TimeArguments),
    /// Suggest products that profitable customers buy
    CrossSell(growth::CrossSellArguments),
    /// Rank customers by what more of a product would bring for an hour of effort
    Expansion(growth::ExpansionArguments),
    /// Set what bonuses cost against what the customers who got them bring more than before
    Bonuses(bonuses::BonusArguments),
    /// Split a budget for gifts, cards and perks over customers by what is at risk with each
    Appreciation(appreciation::AppreciationArguments),
}

impl AdviseCommand {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        match self {
            Self::Portfolio(asked) => asked.run(connection, format).await,
            Self::Simulate(asked) => asked.run(connection, format).await,
            Self::EndWorst(asked) => asked.run(connection, format).await,
            Self::Time(asked) => asked.run(connection, format).await,
            Self::CrossSell(asked) => asked.run(connection, format).await,
            Self::Expansion(asked) => asked.run(connection, format).await,
            Self::Bonuses(asked) => asked.run(connection, format).await,
            Self::Appreciation(asked) => asked.run(connection, format).await,
        }
    }
}

/// An amount that somebody typed, if it was.
fn money(text: Option<&String>, currency: &str, flag: &str) -> Result<Option<Money>, Failure> {
    text.map(|text| parse_money(text, currency, flag))
        .transpose()
}

/// A part that somebody typed, which the service reads.
fn part(text: Option<&String>) -> Option<Decimal> {
    text.map(|value| Decimal {
        value: value.clone(),
    })
}

/// The name of a value of an enum without what all of them begin with, such as `WITHIN_REPAIR`.
fn short<'n>(name: &'n str, prefix: &str) -> &'n str {
    name.strip_prefix(prefix).unwrap_or(name)
}
