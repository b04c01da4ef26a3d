//! `profitscore rates`: exchange rates.

use super::results;
use crate::{
    api::pb::{
        ExchangeRate, ListExchangeRatesRequest, ListExchangeRatesResponse, PutExchangeRatesRequest,
        StoredExchangeRate, google_type::Decimal,
    },
    cli::{
        arguments::ReadArguments,
        connection::Connection,
        errors::Failure,
        import::{self, rates::date_to_pb},
        output::{
            Format, Grid, Sheet, Side,
            money::{count, date, decimal},
            show,
        },
        paging,
    },
};
use jiff::civil::Date;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub enum RateCommand {
    /// List the exchange rates of each day
    List(ListArguments),
    /// Store the exchange rate of one day; another number for the same day corrects it
    Put(PutArguments),
    /// Store the exchange rates of a CSV file
    Import(ImportArguments),
}

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    /// Only from this currency
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    from: String,
    /// Only into this currency
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    to: String,
    /// Only of this day and later, such as 2014-01-01
    #[arg(long, value_name = "DATE")]
    first_day: Option<Date>,
    /// Only of this day and earlier
    #[arg(long, value_name = "DATE")]
    last_day: Option<Date>,
    /// How many rates
    #[arg(long, value_name = "N", default_value_t = 50)]
    top: usize,
    /// All rates
    #[arg(long, conflicts_with = "top")]
    all: bool,
    #[command(flatten)]
    read: ReadArguments,
}

#[derive(Debug, clap::Args)]
pub struct PutArguments {
    /// The currency that is converted, such as EUR
    from: String,
    /// What it is converted into, such as USD
    to: String,
    /// The day, such as 2014-01-31
    day: Date,
    /// How many units of the second currency a unit of the first is worth
    rate: String,
    /// Who says so, such as ECB
    #[arg(long)]
    source: String,
    /// Only say whether it would be accepted
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub struct ImportArguments {
    /// The CSV file; what is in braces below names its columns
    file: PathBuf,
    /// The currency that is converted
    #[arg(long, value_name = "TEXT", default_value = "{from_currency}")]
    from: String,
    /// What it is converted into
    #[arg(long, value_name = "TEXT", default_value = "{to_currency}")]
    to: String,
    /// The day, as 2014-01-31
    #[arg(long, value_name = "TEXT", default_value = "{day}")]
    day: String,
    /// The rate
    #[arg(long, value_name = "TEXT", default_value = "{rate}")]
    rate: String,
    /// Who says so
    #[arg(long, value_name = "TEXT", default_value = "{source}")]
    source: String,
    /// Store one over each rate, for the other direction; the source tells so
    #[arg(long)]
    reciprocal: bool,
    /// Store a rate for so many days after it too, up to 31, where the file has none; the source tells so
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    carry_forward_days: u8,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

impl RateCommand {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(connection, format).await,
            Self::Put(put) => put.run(connection, format).await,
            Self::Import(import) => import.run(connection, format).await,
        }
    }
}

impl ListArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let wanted = (!self.all).then_some(self.top.max(1));
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let request = ListExchangeRatesRequest {
                tenant_id: connection.tenant(),
                from_currency: self.from.clone(),
                to_currency: self.to.clone(),
                first_day: self.first_day.map(date_to_pb),
                last_day: self.last_day.map(date_to_pb),
                page_size,
                page_token,
                read_options: self.read.options(),
            };
            let mut client = connection.exchange_rates();
            let answer = client.list_exchange_rates(connection.request(request));
            Ok(answer.await?.into_inner())
        })
        .await?;
        show(format, &answer, || table(&answer), || sheet(&answer))
    }
}

impl PutArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let rate = ExchangeRate {
            from_currency: self.from.clone(),
            to_currency: self.to.clone(),
            day: Some(date_to_pb(self.day)),
            rate: Some(Decimal {
                value: self.rate.clone(),
            }),
            source: self.source.clone(),
        };
        let request = PutExchangeRatesRequest {
            tenant_id: connection.tenant(),
            exchange_rates: vec![rate],
            validate_only: self.dry_run,
        };
        let mut client = connection.exchange_rates();
        let answer = client.put_exchange_rates(connection.request(request));
        let answer = answer.await?.into_inner();
        let items = || {
            let id = format!("{} {} {}", self.from, self.to, self.day);
            answer
                .results
                .iter()
                .map(move |result| (id.clone(), results::of_rate(result)))
        };
        let text = || results::text(items(), "stored", "unchanged");
        show(format, &answer, text, || results::sheet(items()))?;
        results::check(items())
    }
}

impl ImportArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let mut section = toml::Table::new();
        let file = self.file.to_str();
        let file = file.ok_or_else(|| Failure::usage("the name of the file is not UTF-8"))?;
        let texts = [
            ("file", file),
            ("from_currency", &self.from),
            ("to_currency", &self.to),
            ("day", &self.day),
            ("rate", &self.rate),
            ("source", &self.source),
        ];
        for (name, text) in texts {
            section.insert(name.to_owned(), text.into());
        }
        section.insert("reciprocal".to_owned(), self.reciprocal.into());
        let carried = i64::from(self.carry_forward_days);
        section.insert("carry_forward_days".to_owned(), carried.into());
        let section = ("exchange_rates", section);
        import::section_alone(connection, section, self.dry_run, format).await
    }
}

/// The cells of one rate.
fn cells(stored: &StoredExchangeRate) -> [String; 6] {
    let rate = stored.exchange_rate.clone().unwrap_or_default();
    let position = stored.position.map_or(0, |position| position.position);
    [
        rate.from_currency,
        rate.to_currency,
        rate.day.as_ref().map(date).unwrap_or_default(),
        decimal(&rate.rate),
        rate.source,
        position.to_string(),
    ]
}

fn table(answer: &ListExchangeRatesResponse) -> String {
    let mut grid = Grid::new(&[
        ("From", Side::Left),
        ("To", Side::Left),
        ("Day", Side::Left),
        ("Rate", Side::Right),
        ("Source", Side::Left),
        ("Position", Side::Right),
    ]);
    for stored in &answer.exchange_rates {
        grid.row(cells(stored));
    }
    let more = match answer.next_page_token.is_empty() {
        true => "",
        false => "; there are more, see --all",
    };
    let position = answer.read_at.map_or(0, |position| position.position);
    let listed = answer.exchange_rates.len();
    format!(
        "{grid}\n{listed} rates{more}; as of position {}\n",
        count(position)
    )
}

fn sheet(answer: &ListExchangeRatesResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "from_currency",
        "to_currency",
        "day",
        "rate",
        "source",
        "position",
    ]);
    for stored in &answer.exchange_rates {
        sheet.row(cells(stored));
    }
    sheet
}
