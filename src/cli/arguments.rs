//! The flags that several commands share, and the parts of requests they become.

use super::{connection::Connection, errors::Failure, trait_text};
use crate::api::pb::{
    self, CalendarMonth, CustomerFilter, LedgerPosition, ReadOptions, google_type::Interval,
};
use jiff::{civil::Date, tz::TimeZone};
use prost_types::Timestamp;

/// In what a store keeps its books.
#[derive(Debug, Clone, clap::Args)]
pub struct BooksArguments {
    /// The reporting currency; a folder or a database keeps the one that it was made with
    #[arg(
        long,
        env = "PROFITSCORE_CURRENCY",
        default_value = "USD",
        value_name = "CODE"
    )]
    pub currency: String,
    /// The reporting time zone, an IANA name; a folder or a database keeps the one that it was made with
    #[arg(
        long,
        env = "PROFITSCORE_TIME_ZONE",
        default_value = "UTC",
        value_name = "ZONE"
    )]
    pub time_zone: String,
}

/// Which period.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Period")]
pub struct PeriodArguments {
    /// First day, such as 2014-01-01; without it, from the beginning
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Day after the last, not included: all of 2014 ends --to 2015-01-01; without it, to the end
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// One calendar year, instead of --from and --to
    #[arg(long, value_name = "YEAR", conflicts_with_all = ["from", "to"])]
    year: Option<i16>,
    /// The service's reporting time zone, in which days begin
    #[arg(
        long,
        env = "PROFITSCORE_TIME_ZONE",
        value_name = "ZONE",
        default_value = "UTC"
    )]
    time_zone: String,
}

impl PeriodArguments {
    /// The period on the wire; nothing for all time.
    pub fn interval(&self) -> Result<Option<Interval>, Failure> {
        let first_of = |year| {
            Date::new(year, 1, 1).map_err(|_| Failure::usage("--year is not a calendar year"))
        };
        let (from, to) = match self.year {
            Some(year) => (
                Some(first_of(year)?),
                Some(first_of(year.saturating_add(1))?),
            ),
            None => (self.from, self.to),
        };
        if from.is_none() && to.is_none() {
            return Ok(None);
        }
        Ok(Some(Interval {
            start_time: from
                .map(|date| midnight(date, &self.time_zone))
                .transpose()?,
            end_time: to.map(|date| midnight(date, &self.time_zone)).transpose()?,
        }))
    }

    /// The time zone in which days begin.
    pub fn zone(&self) -> &str {
        &self.time_zone
    }

    /// The period for people.
    pub fn text(&self) -> String {
        match (self.year, self.from, self.to) {
            (Some(year), _, _) => year.to_string(),
            (None, None, None) => "all time".to_owned(),
            (None, Some(from), None) => format!("from {from}"),
            (None, None, Some(to)) => format!("before {to}"),
            (None, Some(from), Some(to)) => format!("{from} to before {to}"),
        }
    }
}

/// The instant at which a day begins in a time zone.
pub fn midnight(date: Date, zone: &str) -> Result<Timestamp, Failure> {
    let zone = TimeZone::get(zone)
        .map_err(|_| Failure::usage(format!("{zone} is not an IANA time zone")))?;
    let begin = date
        .to_zoned(zone)
        .map_err(|problem| Failure::usage(format!("{date}: {problem}")))?;
    Ok(Timestamp {
        seconds: begin.timestamp().as_second(),
        nanos: 0,
    })
}

/// Which state to read.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "State")]
pub struct ReadArguments {
    /// Read exactly the state at this position: the same question gives the same answer for ever
    #[arg(long, value_name = "POSITION")]
    as_of: Option<i64>,
    /// Read a state that holds at least the writes up to this position
    #[arg(long, value_name = "POSITION")]
    at_least_as_fresh: Option<i64>,
    /// Read exactly what was written when this month was closed, such as 2024-03
    #[arg(long, value_name = "MONTH", value_parser = month, conflicts_with = "as_of")]
    as_closed: Option<CalendarMonth>,
}

/// A calendar month, such as 2024-03.
pub fn month(text: &str) -> Result<CalendarMonth, String> {
    let wrong = || "is not a month such as 2024-03".to_owned();
    let (year, month) = text.split_once('-').ok_or_else(wrong)?;
    let number = |text: &str| text.parse().map_err(|_| wrong());
    Ok(CalendarMonth {
        year: number(year)?,
        month: number(month)?,
    })
}

impl ReadArguments {
    /// The state on the wire.
    pub fn options(&self) -> Option<ReadOptions> {
        let position = |position: Option<i64>| position.map(|position| LedgerPosition { position });
        let positions = [self.as_of, self.at_least_as_fresh];
        if positions.iter().all(Option::is_none) && self.as_closed.is_none() {
            return None;
        }
        Some(ReadOptions {
            at_least_as_fresh: position(self.at_least_as_fresh),
            as_of: position(self.as_of),
            as_closed: self.as_closed,
        })
    }
}

/// Which customers and activities count.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Filter")]
pub struct FilterArguments {
    /// Only customers with this trait, KEY=VALUE or KEY:TYPE=VALUE; several values of one key: any of them;
    /// KEY= for those without a value
    #[arg(long = "trait", value_name = "KEY=VALUE")]
    traits: Vec<String>,
    /// Only activities of this branch; UNASSIGNED for those without one; may be given several times
    #[arg(long = "branch", value_name = "ID")]
    branches: Vec<String>,
}

impl FilterArguments {
    /// The filter on the wire. Asks the service for the types of traits whose type is not given.
    pub async fn filter(&self, connection: &Connection) -> Result<Option<CustomerFilter>, Failure> {
        if self.traits.is_empty() && self.branches.is_empty() {
            return Ok(None);
        }
        Ok(Some(CustomerFilter {
            traits: trait_text::filters(connection, &self.traits).await?,
            branch_ids: self.branches.clone(),
        }))
    }
}

/// What to rank by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Basis {
    /// Money received, less refunds paid out
    Spend,
    /// Net revenue: sales less discounts and refunds
    Revenue,
    /// Net revenue less cost of goods and direct costs
    ContributionMargin,
    /// Contribution margin less cost to serve, receivables cost and the share of fixed costs
    NetProfit,
    /// The paid share of what fell due, then days late; only of `rank`
    Solvency,
    /// The profit that is expected from the end of the period on; only of `rank`
    ExpectedProfit,
    /// Net profit and the profit of those whom a customer brought; only of `rank`
    TotalValue,
}

impl Basis {
    /// The basis on the wire.
    pub fn to_pb(self) -> i32 {
        let basis = match self {
            Self::Spend => pb::RankingBasis::Spend,
            Self::Revenue => pb::RankingBasis::Revenue,
            Self::ContributionMargin => pb::RankingBasis::ContributionMargin,
            Self::NetProfit => pb::RankingBasis::NetProfit,
            Self::Solvency => pb::RankingBasis::Solvency,
            Self::ExpectedProfit => pb::RankingBasis::ExpectedProfit,
            Self::TotalValue => pb::RankingBasis::TotalValue,
        };
        basis.into()
    }

    /// The basis for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Spend => "spend",
            Self::Revenue => "revenue",
            Self::ContributionMargin => "contribution margin",
            Self::NetProfit => "net profit",
            Self::Solvency => "solvency",
            Self::ExpectedProfit => "expected profit",
            Self::TotalValue => "total value",
        }
    }
}

/// What activities are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Dimension {
    /// The branch that served the customer
    Branch,
    /// The product or service
    Product,
    /// The account manager or representative
    AccountManager,
    /// Where activities came through
    Channel,
    /// What activities came from
    Campaign,
    /// The category of the product
    ProductCategory,
    /// The price list that the customer buys by at the end of the period
    PriceList,
    /// The discount tier that the customer has at the end of the period
    DiscountTier,
}

impl Dimension {
    /// The dimension on the wire.
    pub fn to_pb(self) -> i32 {
        let dimension = match self {
            Self::Branch => pb::Dimension::Branch,
            Self::Product => pb::Dimension::Product,
            Self::AccountManager => pb::Dimension::AccountManager,
            Self::Channel => pb::Dimension::Channel,
            Self::Campaign => pb::Dimension::Campaign,
            Self::ProductCategory => pb::Dimension::ProductCategory,
            Self::PriceList => pb::Dimension::PriceList,
            Self::DiscountTier => pb::Dimension::DiscountTier,
        };
        dimension.into()
    }

    /// The dimension for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Product => "product",
            Self::AccountManager => "account manager",
            Self::Channel => "channel",
            Self::Campaign => "campaign",
            Self::ProductCategory => "product category",
            Self::PriceList => "price list",
            Self::DiscountTier => "discount tier",
        }
    }
}

/// What a report is about.
#[derive(Debug, Clone, clap::Args)]
pub struct ReportArguments {
    /// Which period.
    #[command(flatten)]
    pub period: PeriodArguments,
    /// Which customers and activities.
    #[command(flatten)]
    pub filter: FilterArguments,
    /// Which state.
    #[command(flatten)]
    pub read: ReadArguments,
    /// Use this version of the cost model instead of the newest
    #[arg(long, value_name = "VERSION")]
    pub cost_model: Option<i64>,
    /// Report in this currency instead of that of the books, at the exchange rate of each day
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub reporting_currency: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        period: PeriodArguments,
    }

    fn period(flags: &[&str]) -> Result<PeriodArguments, clap::Error> {
        Line::try_parse_from(["x"].iter().chain(flags)).map(|line| line.period)
    }

    #[test]
    fn periods_end_before_their_last_date() {
        let year = period(&["--year", "2016"])
            .unwrap()
            .interval()
            .unwrap()
            .unwrap();
        let dates = period(&["--from", "2016-01-01", "--to", "2017-01-01"]).unwrap();
        assert_eq!(dates.interval().unwrap().unwrap(), year);
        assert_eq!(year.start_time.unwrap().seconds, 1_451_606_400);
        assert_eq!(year.end_time.unwrap().seconds, 1_483_228_800);
        assert_eq!(dates.text(), "2016-01-01 to before 2017-01-01");
        assert_eq!(period(&[]).unwrap().interval().unwrap(), None);
        assert!(period(&["--year", "2016", "--to", "2017-01-01"]).is_err());
        assert!(period(&["--from", "2016-13-01"]).is_err());
    }

    #[test]
    fn days_begin_in_the_given_time_zone() {
        let berlin = period(&["--from", "2016-07-01", "--time-zone", "Europe/Berlin"]).unwrap();
        let start = berlin.interval().unwrap().unwrap().start_time.unwrap();
        assert_eq!(start.seconds, 1_467_324_000);
        let nowhere = period(&["--from", "2016-07-01", "--time-zone", "Nowhere"]).unwrap();
        assert!(nowhere.interval().is_err());
    }
}
