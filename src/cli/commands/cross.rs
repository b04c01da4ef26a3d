//! `profitscore cross`.

use crate::{
    api::pb::{
        CrossReportOrder, CrossReportRow, GetCrossReportRequest, GetCrossReportResponse,
        google_type::Money,
    },
    cli::{
        arguments::{Basis, Dimension, ReportArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, plain, shown},
            proof, show, warn_of_costs,
        },
        paging,
    },
};

/// In which order customers stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Order {
    /// The greatest total first
    Best,
    /// The smallest total first
    Worst,
    /// By customer id
    Id,
}

#[derive(Debug, clap::Args)]
pub struct CrossArguments {
    /// What the columns are
    #[arg(long, value_enum, default_value = "branch")]
    by: Dimension,
    /// What the cells are
    #[arg(long, value_enum, default_value = "revenue")]
    basis: Basis,
    /// In which order customers stand
    #[arg(long, value_enum, default_value = "best")]
    order: Order,
    /// How many columns at most, up to 1000; all others are one together
    #[arg(long, value_name = "N", default_value_t = 20)]
    columns: i32,
    /// How many customers
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// All customers
    #[arg(long, conflicts_with = "top")]
    all: bool,
    #[command(flatten)]
    report: ReportArguments,
}

impl CrossArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let order = match self.order {
            Order::Best => CrossReportOrder::BestFirst,
            Order::Worst => CrossReportOrder::WorstFirst,
            Order::Id => CrossReportOrder::CustomerId,
        };
        let request = GetCrossReportRequest {
            tenant_id: connection.tenant(),
            period: self.report.period.interval()?,
            columns: self.by.to_pb(),
            basis: self.basis.to_pb(),
            order: order.into(),
            column_limit: self.columns,
            filter: self.report.filter.filter(connection).await?,
            cost_model_version: self.report.cost_model,
            reporting_currency: self.report.reporting_currency.clone(),
            read_options: self.report.read.options(),
            ..GetCrossReportRequest::default()
        };
        let wanted = (!self.all).then_some(self.top.max(1));
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let page = GetCrossReportRequest {
                page_size,
                page_token,
                ..request.clone()
            };
            let mut client = connection.reports();
            let answer = client.get_cross_report(connection.request(page));
            Ok(answer.await?.into_inner())
        })
        .await?;
        warn_of_costs(&answer.cost_basis);
        show(format, &answer, || self.table(&answer), || sheet(&answer))
    }

    fn table(&self, answer: &GetCrossReportResponse) -> String {
        let currency = currency_of(answer.control_total.iter().map(|total| &total.ledger));
        let titles = titles(answer);
        let mut columns = vec![("Customer", Side::Left), ("Name", Side::Left)];
        columns.extend(titles.iter().map(|title| (title.as_str(), Side::Right)));
        let mut grid = Grid::new(&columns);
        for row in &answer.rows {
            let head = [row.customer_id.clone(), row.display_name.clone()];
            grid.row_of(head.into_iter().chain(cells(answer, row, shown)));
        }
        let head = ["Total".to_owned(), "all customers".to_owned()];
        grid.row_of(head.into_iter().chain(foot(answer, shown)));
        format!(
            "Customers by {}: {}, {}, {currency}\n\n{grid}\n{} of {} customers\n{}",
            self.by.text(),
            self.basis.text(),
            self.report.period.text(),
            // A list in memory is shorter than any i64.
            count(i64::try_from(answer.rows.len()).unwrap_or(i64::MAX)),
            count(answer.customer_count),
            proof(&answer.control_total, &answer.read_at),
        )
    }
}

/// The columns of amounts.
fn titles(answer: &GetCrossReportResponse) -> Vec<String> {
    let mut titles: Vec<String> = (answer.columns.iter())
        .map(|column| column.column_id.clone())
        .collect();
    if answer.other_column_count > 0 {
        titles.push(format!("{} others", count(answer.other_column_count)));
    }
    titles.push("Total".to_owned());
    titles
}

/// The amounts of a row, under the titles. A cell without activity is empty.
fn cells(
    answer: &GetCrossReportResponse,
    row: &CrossReportRow,
    text: fn(&Option<Money>) -> String,
) -> Vec<String> {
    let mut own = row.cells.iter().peekable();
    let mut cells: Vec<String> = (answer.columns.iter())
        .map(|column| {
            // Both are in the same order.
            let cell = own.next_if(|cell| cell.column_id == column.column_id);
            cell.map_or_else(String::new, |cell| text(&cell.value))
        })
        .collect();
    if answer.other_column_count > 0 {
        cells.push(text(&row.other));
    }
    cells.push(text(&row.total));
    cells
}

/// The totals, under the titles.
fn foot(answer: &GetCrossReportResponse, text: fn(&Option<Money>) -> String) -> Vec<String> {
    let mut cells: Vec<String> = (answer.columns.iter())
        .map(|column| text(&column.total))
        .collect();
    if answer.other_column_count > 0 {
        cells.push(text(&answer.other_total));
    }
    cells.push(text(&answer.grand_total));
    cells
}

/// One row for each customer; the last, without a customer, has the totals over all customers.
fn sheet(answer: &GetCrossReportResponse) -> Sheet {
    let head = ["customer_id", "display_name", "currency_code"].map(str::to_owned);
    let mut sheet = Sheet::of_columns(head.into_iter().chain(titles(answer)));
    let currency = currency_of([&answer.grand_total]).to_owned();
    for row in &answer.rows {
        let head = [
            row.customer_id.clone(),
            row.display_name.clone(),
            currency.clone(),
        ];
        sheet.row_of(head.into_iter().chain(cells(answer, row, plain)));
    }
    let head = [String::new(), "Total".to_owned(), currency];
    sheet.row_of(head.into_iter().chain(foot(answer, plain)));
    sheet
}
