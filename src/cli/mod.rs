//! The command line: a gRPC client like any other. It knows the contract and the way to the service, and nothing of the
//! service's own rooms but how to start it, and what an operator does with its folder.

mod arguments;
mod commands;
mod connection;
mod demo;
mod errors;
mod import;
mod output;
mod paging;
mod trait_text;
mod whale_chart;

use clap::{CommandFactory as _, Parser, Subcommand};
use connection::{Connection, ConnectionArguments};
use errors::{EXIT_CODES, Failure};
use output::Format;
use std::process::ExitCode;

/// Tells which customers earn money, which cost it, and which prospects are worth winning
#[derive(Debug, Parser)]
#[command(name = "profitscore", version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(flatten)]
    connection: ConnectionArguments,
    /// How answers are printed
    #[arg(
        long,
        short,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    output: Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service until it is told to stop
    Serve(commands::serve::ServeArguments),
    /// Show everything on a sample retailer: starts a service of its own, and goes on serving
    Demo(demo::DemoArguments),
    /// Import customers, prospects and activities from CSV files by a mapping
    Import(import::ImportArguments),
    /// Rank customers by profit, margin, revenue or spend
    Rank(commands::rank::RankArguments),
    /// Show one customer's waterfall from gross revenue to net profit
    Statement(commands::statement::StatementArguments),
    /// Compare the first, the middle and the last customers
    Bands(commands::bands::BandsArguments),
    /// Rank branches, products, account managers, channels or campaigns by what their customers bring
    By(commands::by::ByArguments),
    /// Group customers by how they were won, in the order of what they bring
    Acquisition(commands::acquisition::AcquisitionArguments),
    /// Set customers against branches, products, account managers, channels or campaigns, with totals on both sides
    Cross(commands::cross::CrossArguments),
    /// Follow a customer, or all, over calendar periods, beside the period and the year before
    Trend(commands::trend::TrendArguments),
    /// Say what customers will do and bring: how likely they stay, their orders, revenue and profit
    Value(commands::value::ValueArguments),
    /// Tell what customers owe: the ageing report, or one customer's invoices
    Receivables(commands::receivables::ReceivablesArguments),
    /// Tell who brought whom and what that is worth, and whom to ask for referrals
    #[command(subcommand)]
    Referrals(commands::referrals::ReferralCommand),
    /// Draw the whale curve: how much depends on how few
    Whale(commands::whale::WhaleArguments),
    /// Say what to do about relationships, and what becomes of them
    #[command(subcommand)]
    Advise(commands::advise::AdviseCommand),
    /// List what was decided about relationships beside what then happened, and store it
    #[command(subcommand)]
    Decisions(commands::decisions::DecisionCommand),
    /// Follow a ranking or alerts while they change, until interrupted
    #[command(subcommand)]
    Watch(commands::watch::WatchCommand),
    /// List, get and store customers
    #[command(subcommand)]
    Customers(commands::parties::PartyCommand),
    /// List, get and store prospects
    #[command(subcommand)]
    Prospects(commands::parties::PartyCommand),
    /// List and define traits
    #[command(subcommand)]
    Traits(commands::traits::TraitCommand),
    /// List products, and say which category they belong to
    #[command(subcommand)]
    Products(commands::products::ProductCommand),
    /// List what became of prospects, and store it
    #[command(subcommand)]
    Outcomes(commands::outcomes::OutcomeCommand),
    /// Show how good models of winning prospects are, and choose which of them holds
    #[command(subcommand)]
    Models(commands::models::ModelCommand),
    /// Show which traits set the best customers apart
    Profile(commands::profile::ProfileArguments),
    /// Say what prospects are worth and whether to pursue them
    Prequalify(commands::prequalify::PrequalifyArguments),
    /// List the prospects that are most like the best customers
    Lookalikes(commands::lookalikes::LookalikesArguments),
    /// List the ledger
    Activities(commands::activities::ActivitiesArguments),
    /// Take activities back
    Reverse(commands::reverse::ReverseArguments),
    /// Show and store what working time and running the business cost
    #[command(subcommand)]
    Costs(commands::costs::CostCommand),
    /// Close a calendar month: reports --as-closed have the same answer for ever
    Close(commands::closings::CloseArguments),
    /// List the closed months
    Closed(commands::closings::ClosedArguments),
    /// Show what arrived after a month was closed, and what it changed
    Late(commands::closings::LateArguments),
    /// List, put and import exchange rates
    #[command(subcommand)]
    Rates(commands::rates::RateCommand),
    /// List, put and import by which price lists and discount tiers customers buy
    #[command(subcommand)]
    Prices(commands::prices::PriceCommand),
    /// Make the tables in a PostgreSQL database, or bring them up to date
    Migrate(commands::database::MigrateArguments),
    /// Move tenants between folders and databases; all tenants if --tenant names none
    Copy(commands::copy::CopyArguments),
    /// Copy a service's folder as it is now, also while it is served, and verify the copy
    Backup(commands::folder::CopyArguments),
    /// Verify a backup and copy it into a new folder
    Restore(commands::folder::CopyArguments),
    /// Read every byte of a folder, prove every checksum, and tie the books to the ledger
    Verify(commands::folder::VerifyArguments),
    /// Write a completion script for a shell to standard output
    Completion {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Runs the command that the program was started with.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(problem) => return finish(Err(Failure::Other(problem.into()))),
    };
    finish(runtime.block_on(run(arguments)))
}

fn finish(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let format = arguments.output;
    let connect = || Connection::open(&arguments.connection);
    match arguments.command {
        Command::Serve(serve) => serve.run().await,
        Command::Demo(demo) => demo.run().await,
        Command::Import(import) => import.run(&connect().await?, format).await,
        Command::Rank(rank) => rank.run(&connect().await?, format).await,
        Command::Statement(statement) => statement.run(&connect().await?, format).await,
        Command::Bands(bands) => bands.run(&connect().await?, format).await,
        Command::Products(products) => products.run(&connect().await?, format).await,
        Command::By(by) => by.run(&connect().await?, format).await,
        Command::Acquisition(report) => report.run(&connect().await?, format).await,
        Command::Cross(cross) => cross.run(&connect().await?, format).await,
        Command::Trend(trend) => trend.run(&connect().await?, format).await,
        Command::Value(value) => value.run(&connect().await?, format).await,
        Command::Receivables(asked) => asked.run(&connect().await?, format).await,
        Command::Referrals(asked) => asked.run(&connect().await?, format).await,
        Command::Whale(whale) => whale.run(&connect().await?, format).await,
        Command::Advise(advise) => advise.run(&connect().await?, format).await,
        Command::Decisions(decisions) => decisions.run(&connect().await?, format).await,
        Command::Watch(watch) => watch.run(&connect().await?, format).await,
        Command::Customers(parties) => {
            let stage = crate::api::pb::PartyStage::Customer;
            parties.run(&connect().await?, format, stage).await
        }
        Command::Prospects(parties) => {
            let stage = crate::api::pb::PartyStage::Prospect;
            parties.run(&connect().await?, format, stage).await
        }
        Command::Traits(traits) => traits.run(&connect().await?, format).await,
        Command::Outcomes(outcomes) => outcomes.run(&connect().await?, format).await,
        Command::Models(models) => models.run(&connect().await?, format).await,
        Command::Profile(profile) => profile.run(&connect().await?, format).await,
        Command::Prequalify(prequalify) => prequalify.run(&connect().await?, format).await,
        Command::Lookalikes(lookalikes) => lookalikes.run(&connect().await?, format).await,
        Command::Activities(activities) => activities.run(&connect().await?, format).await,
        Command::Reverse(reverse) => reverse.run(&connect().await?, format).await,
        Command::Costs(costs) => costs.run(&connect().await?, format).await,
        Command::Close(close) => close.run(&connect().await?, format).await,
        Command::Closed(closed) => closed.run(&connect().await?, format).await,
        Command::Late(late) => late.run(&connect().await?, format).await,
        Command::Rates(rates) => rates.run(&connect().await?, format).await,
        Command::Prices(prices) => prices.run(&connect().await?, format).await,
        Command::Migrate(migrate) => migrate.run(format).await,
        Command::Copy(copy) => copy.run(&arguments.connection.tenant, format).await,
        Command::Backup(copy) => copy.backup(format),
        Command::Restore(copy) => copy.restore(format),
        Command::Verify(verify) => verify.verify(format),
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "profitscore", &mut script);
            output::write(&String::from_utf8_lossy(&script))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_fit_together() {
        Arguments::command().debug_assert();
    }
}
