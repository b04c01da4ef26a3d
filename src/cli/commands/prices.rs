//! `profitscore prices`: by which price lists and discount tiers customers buy.

use super::results;
use crate::{
    api::pb::{
        ListPriceTermsRequest, ListPriceTermsResponse, PriceTerms, PutPriceTermsRequest,
        StoredPriceTerms, google_type::Decimal,
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
pub enum PriceCommand {
    /// List by which price lists and discount tiers customers buy, and from which day on
    List(ListArguments),
    /// Say by what a customer buys from a day on; other content for the same day corrects it
    Put(PutArguments),
    /// Store what the rows of a CSV file say
    Import(ImportArguments),
}

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    /// Only of this customer
    #[arg(
        long,
        value_name = "CUSTOMER",
        default_value = "",
        hide_default_value = true
    )]
    customer: String,
    /// Only what holds on this day, such as 2026-01-31
    #[arg(long, value_name = "DATE")]
    on: Option<Date>,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 50)]
    top: usize,
    /// All of them
    #[arg(long, conflicts_with = "top")]
    all: bool,
    #[command(flatten)]
    read: ReadArguments,
}

#[derive(Debug, clap::Args)]
pub struct PutArguments {
    /// The customer
    customer: String,
    /// The first day, such as 2026-01-31
    first_day: Date,
    /// The price list; without one and without a tier the customer has no terms from this day on
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    price_list: String,
    /// The discount tier
    #[arg(
        long,
        value_name = "TIER",
        default_value = "",
        hide_default_value = true
    )]
    tier: String,
    /// What the tier is meant to give, as a fraction: 0.15 is 15%
    #[arg(long, value_name = "FRACTION", requires = "tier")]
    nominal_discount: Option<String>,
    /// Only say whether it would be accepted
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub struct ImportArguments {
    /// The CSV file; what is in braces below names its columns
    file: PathBuf,
    /// The customer
    #[arg(long, value_name = "TEXT", default_value = "{customer_id}")]
    customer: String,
    /// The first day, as 2026-01-31
    #[arg(long, value_name = "TEXT", default_value = "{first_day}")]
    first_day: String,
    /// The price list
    #[arg(long, value_name = "TEXT", required_unless_present = "tier")]
    price_list: Option<String>,
    /// The discount tier
    #[arg(long, value_name = "TEXT")]
    tier: Option<String>,
    /// What the tier is meant to give, as a formula: "{Percent} / 100"
    #[arg(long, value_name = "FORMULA")]
    nominal_discount: Option<String>,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

impl PriceCommand {
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
            let request = ListPriceTermsRequest {
                tenant_id: connection.tenant(),
                customer_id: self.customer.clone(),
                valid_on: self.on.map(date_to_pb),
                page_size,
                page_token,
                read_options: self.read.options(),
            };
            let mut client = connection.price_terms();
            let answer = client.list_price_terms(connection.request(request));
            Ok(answer.await?.into_inner())
        })
        .await?;
        show(format, &answer, || table(&answer), || sheet(&answer))
    }
}

impl PutArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let discount = self.nominal_discount.clone();
        let terms = PriceTerms {
            customer_id: self.customer.clone(),
            first_day: Some(date_to_pb(self.first_day)),
            price_list_id: self.price_list.clone(),
            discount_tier: self.tier.clone(),
            nominal_discount: discount.map(|value| Decimal { value }),
        };
        let request = PutPriceTermsRequest {
            tenant_id: connection.tenant(),
            price_terms: vec![terms],
            validate_only: self.dry_run,
        };
        let mut client = connection.price_terms();
        let answer = client.put_price_terms(connection.request(request));
        let answer = answer.await?.into_inner();
        let items = || {
            let id = format!("{} {}", self.customer, self.first_day);
            let results = answer.results.iter();
            results.map(move |result| (id.clone(), results::of_terms(result)))
        };
        let done = match self.dry_run {
            true => "would be stored",
            false => "stored",
        };
        let text = || results::text(items(), done, "unchanged");
        show(format, &answer, text, || results::sheet(items()))?;
        results::check(items())
    }
}

impl ImportArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let file = self.file.to_str();
        let file = file.ok_or_else(|| Failure::usage("the name of the file is not UTF-8"))?;
        let texts = [
            ("file", Some(file)),
            ("customer_id", Some(self.customer.as_str())),
            ("first_day", Some(self.first_day.as_str())),
            ("price_list_id", self.price_list.as_deref()),
            ("discount_tier", self.tier.as_deref()),
            ("nominal_discount", self.nominal_discount.as_deref()),
        ];
        let given = texts.into_iter();
        let section = given.filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
        let section = ("price_terms", section.collect());
        import::section_alone(connection, section, self.dry_run, format).await
    }
}

/// The cells of the terms of one customer and day.
fn cells(stored: &StoredPriceTerms) -> [String; 6] {
    let terms = stored.price_terms.clone().unwrap_or_default();
    let position = stored.position.map_or(0, |position| position.position);
    [
        terms.customer_id,
        terms.first_day.as_ref().map(date).unwrap_or_default(),
        terms.price_list_id,
        terms.discount_tier,
        decimal(&terms.nominal_discount),
        position.to_string(),
    ]
}

fn table(answer: &ListPriceTermsResponse) -> String {
    let mut grid = Grid::new(&[
        ("Customer", Side::Left),
        ("From", Side::Left),
        ("Price list", Side::Left),
        ("Tier", Side::Left),
        ("Discount", Side::Right),
        ("Position", Side::Right),
    ]);
    for stored in &answer.price_terms {
        grid.row(cells(stored));
    }
    let more = match answer.next_page_token.is_empty() {
        true => "",
        false => "; there are more, see --all",
    };
    let position = answer.read_at.map_or(0, |position| position.position);
    let listed = answer.price_terms.len();
    format!(
        "{grid}\n{listed} price terms{more}; as of position {}\n",
        count(position)
    )
}

fn sheet(answer: &ListPriceTermsResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_id",
        "first_day",
        "price_list_id",
        "discount_tier",
        "nominal_discount",
        "position",
    ]);
    for stored in &answer.price_terms {
        sheet.row(cells(stored));
    }
    sheet
}
