//! `profitscore receivables`.

use crate::{
    api::pb::{
        AgeBucket, GetReceivablesRequest, GetReceivablesResponse, ListReceivablesRequest,
        ListReceivablesResponse, ReceivableFigures, ReceivableInvoice, ReceivablesOrder,
    },
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, decimal, number, percent, plain, shown},
            proof, show,
        },
        paging,
    },
};
use prost_types::Timestamp;

#[derive(Debug, clap::Args)]
pub struct ReceivablesArguments {
    /// One customer with its invoices; without it, all customers
    #[arg(value_name = "CUSTOMER")]
    customer: Option<String>,
    /// In which order customers stand
    #[arg(long, value_enum, default_value = "open", conflicts_with = "customer")]
    order: Order,
    /// How many customers
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        conflicts_with = "customer"
    )]
    top: usize,
    /// All customers
    #[arg(long, conflicts_with_all = ["top", "customer"])]
    all: bool,
    /// Settled invoices too
    #[arg(long, requires = "customer")]
    settled: bool,
    #[command(flatten)]
    period: PeriodArguments,
    /// Use this version of the cost model
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
    #[command(flatten)]
    read: ReadArguments,
}

/// In which order customers stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Order {
    /// Who owes the most first
    Open,
    /// Who owes the most that is overdue first
    Overdue,
    /// Who pays best first
    Solvency,
    /// By customer id
    Customer,
}

impl Order {
    fn to_pb(self) -> i32 {
        let order = match self {
            Self::Open => ReceivablesOrder::Open,
            Self::Overdue => ReceivablesOrder::Overdue,
            Self::Solvency => ReceivablesOrder::Solvency,
            Self::Customer => ReceivablesOrder::CustomerId,
        };
        order.into()
    }
}

impl ReceivablesArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        match &self.customer {
            Some(customer) => self.one(connection, format, customer).await,
            None => self.list(connection, format).await,
        }
    }

    async fn one(
        &self,
        connection: &Connection,
        format: Format,
        customer: &str,
    ) -> Result<(), Failure> {
        let request = GetReceivablesRequest {
            tenant_id: connection.tenant(),
            customer_id: customer.to_owned(),
            period: self.period.interval()?,
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
            include_settled: self.settled,
        };
        let mut client = connection.receivables();
        let answer = client.get_receivables(connection.request(request)).await?;
        let answer = answer.into_inner();
        let zone = self.period.zone();
        show(
            format,
            &answer,
            || self.account(&answer),
            || invoice_sheet(&answer, zone),
        )
    }

    async fn list(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = ListReceivablesRequest {
            tenant_id: connection.tenant(),
            period: self.period.interval()?,
            order: self.order.to_pb(),
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
            ..ListReceivablesRequest::default()
        };
        let wanted = (!self.all).then_some(self.top.max(1));
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let page = ListReceivablesRequest {
                page_size,
                page_token,
                ..request.clone()
            };
            let mut client = connection.receivables();
            let answer = client.list_receivables(connection.request(page));
            Ok(answer.await?.into_inner())
        })
        .await?;
        show(format, &answer, || self.ageing(&answer), || sheet(&answer))
    }

    /// The ageing report for people.
    fn ageing(&self, answer: &ListReceivablesResponse) -> String {
        let totals = answer.totals.clone().unwrap_or_default();
        let mut columns = vec![("Rank", Side::Right), ("Customer", Side::Left)];
        columns.extend(AGEING.map(|name| (name, Side::Right)));
        columns.extend(
            [
                "Open",
                "Disputed",
                "Credit",
                "Paid share",
                "Days late",
                "DSO",
            ]
            .map(|name| (name, Side::Right)),
        );
        let mut grid = Grid::new(&columns);
        for row in &answer.rows {
            let figures = row.figures.clone().unwrap_or_default();
            grid.row_of(cells(count(row.rank), row.customer_id.clone(), &figures));
        }
        grid.row_of(cells(String::new(), "all customers".to_owned(), &totals));
        format!(
            "Receivables{}, {}\n\n{grid}\n{} of {} customers\n{}{}",
            until(&answer.end_time, self.period.zone()),
            currency_of([&totals.open]),
            // A list in memory is shorter than any i64.
            count(i64::try_from(answer.rows.len()).unwrap_or(i64::MAX)),
            count(answer.customer_count),
            costs(&totals),
            proof(&answer.control_total, &answer.read_at),
        )
    }

    /// One customer's invoices for people.
    fn account(&self, answer: &GetReceivablesResponse) -> String {
        let figures = answer.figures.clone().unwrap_or_default();
        let mut grid = Grid::new(&[
            ("Invoice", Side::Left),
            ("Billed", Side::Left),
            ("Due", Side::Left),
            ("Amount", Side::Right),
            ("Credited", Side::Right),
            ("Paid", Side::Right),
            ("Written off", Side::Right),
            ("Open", Side::Right),
            ("Past due", Side::Right),
            ("", Side::Left),
        ]);
        let zone = self.period.zone();
        for invoice in &answer.invoices {
            grid.row([
                invoice.invoice_id.clone(),
                day(&invoice.billed_day, zone),
                day(&invoice.due_day, zone),
                shown(&invoice.amount),
                shown(&invoice.credited),
                shown(&invoice.paid),
                shown(&invoice.written_off),
                shown(&invoice.open),
                count(invoice.days_past_due),
                if invoice.disputed { "disputed" } else { "" }.to_owned(),
            ]);
        }
        let name = match answer.display_name.as_str() {
            "" => String::new(),
            name => format!(", {name}"),
        };
        format!(
            "{}{name}{}, {}\n\n{grid}\nOpen {}, of that disputed {}, overdue {}; credit {}\n{}As of position {}\n",
            answer.customer_id,
            until(&answer.end_time, zone),
            currency_of([&figures.open]),
            shown(&figures.open),
            shown(&figures.disputed),
            shown(&figures.overdue),
            shown(&figures.credit_balance),
            costs(&figures),
            count(answer.read_at.map_or(0, |position| position.position)),
        )
    }
}

const AGEING: [&str; 5] = ["Not due", "1-30", "31-60", "61-90", "Over 90"];

fn cells(rank: String, customer: String, figures: &ReceivableFigures) -> Vec<String> {
    let mut cells = vec![rank, customer];
    cells.extend(figures.ageing.iter().map(|aged| shown(&aged.open)));
    // An answer always tells all buckets.
    cells.resize(2 + AGEING.len(), String::new());
    cells.extend([
        shown(&figures.open),
        shown(&figures.disputed),
        shown(&figures.credit_balance),
        figures
            .paid_share
            .map_or_else(dash, |share| percent(Some(share))),
        days(&figures.average_days_late),
        days(&figures.days_sales_outstanding),
    ]);
    cells
}

fn dash() -> String {
    "-".to_owned()
}

/// A number of days for people.
fn days(number: &Option<crate::api::pb::google_type::Decimal>) -> String {
    match number {
        None => dash(),
        Some(_) => decimal(number),
    }
}

/// What it all costs, if that is told.
fn costs(figures: &ReceivableFigures) -> String {
    format!(
        "Carrying cost {}; provision {}, changed by {}\n",
        shown(&figures.carrying_cost),
        shown(&figures.provision),
        shown(&figures.provision_change),
    )
}

/// The day before an instant, at which a day begins.
fn until(end: &Option<Timestamp>, zone: &str) -> String {
    match end {
        None => String::new(),
        Some(_) => format!(", before {}", day(end, zone)),
    }
}

/// The day of an instant.
fn day(time: &Option<Timestamp>, zone: &str) -> String {
    let found = || {
        let time = time.as_ref()?;
        let instant = jiff::Timestamp::new(time.seconds, time.nanos).ok()?;
        let zone = jiff::tz::TimeZone::get(zone).ok()?;
        Some(instant.to_zoned(zone).date().to_string())
    };
    found().unwrap_or_default()
}

fn sheet(answer: &ListReceivablesResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "rank",
        "customer_id",
        "currency_code",
        "not_due",
        "up_to_30",
        "up_to_60",
        "up_to_90",
        "over_90",
        "open",
        "disputed",
        "overdue",
        "credit_balance",
        "billed",
        "fell_due",
        "paid",
        "paid_share",
        "average_days_late",
        "days_sales_outstanding",
        "written_off",
        "carrying_cost",
        "provision",
        "provision_change",
    ]);
    for row in &answer.rows {
        let figures = row.figures.clone().unwrap_or_default();
        let mut cells = vec![
            row.rank.to_string(),
            row.customer_id.clone(),
            currency_of([&figures.open]).to_owned(),
        ];
        cells.extend(figures.ageing.iter().map(|aged| plain(&aged.open)));
        cells.resize(3 + AGEING.len(), String::new());
        cells.extend([
            plain(&figures.open),
            plain(&figures.disputed),
            plain(&figures.overdue),
            plain(&figures.credit_balance),
            plain(&figures.billed),
            plain(&figures.fell_due),
            plain(&figures.paid),
            number(figures.paid_share),
            decimal(&figures.average_days_late),
            decimal(&figures.days_sales_outstanding),
            plain(&figures.written_off),
            plain(&figures.carrying_cost),
            plain(&figures.provision),
            plain(&figures.provision_change),
        ]);
        sheet.row_of(cells);
    }
    sheet
}

fn invoice_sheet(answer: &GetReceivablesResponse, zone: &str) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_id",
        "invoice_id",
        "billed_day",
        "due_day",
        "currency_code",
        "amount",
        "credited",
        "paid",
        "written_off",
        "open",
        "bucket",
        "days_past_due",
        "disputed",
        "average_days_late",
    ]);
    let bucket = |invoice: &ReceivableInvoice| {
        let bucket = AgeBucket::try_from(invoice.bucket).unwrap_or_default();
        let name = bucket.as_str_name().trim_start_matches("AGE_BUCKET_");
        name.to_owned()
    };
    for invoice in &answer.invoices {
        sheet.row([
            answer.customer_id.clone(),
            invoice.invoice_id.clone(),
            day(&invoice.billed_day, zone),
            day(&invoice.due_day, zone),
            currency_of([&invoice.amount]).to_owned(),
            plain(&invoice.amount),
            plain(&invoice.credited),
            plain(&invoice.paid),
            plain(&invoice.written_off),
            plain(&invoice.open),
            bucket(invoice),
            invoice.days_past_due.to_string(),
            invoice.disputed.to_string(),
            decimal(&invoice.average_days_late),
        ]);
    }
    sheet
}
