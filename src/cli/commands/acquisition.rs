//! `profitscore acquisition`.

use crate::{
    api::pb::{self, AcquisitionRow, GetAcquisitionReportRequest, GetAcquisitionReportResponse},
    cli::{
        arguments::ReportArguments,
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, number, percent, plain, shown},
            proof, show, warn_of_costs,
        },
        paging,
    },
};

/// What customers were won by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Source {
    /// The campaign of their first activity
    Campaign,
    /// The channel of their first activity
    Channel,
}

#[derive(Debug, clap::Args)]
pub struct AcquisitionArguments {
    /// By what customers are grouped
    #[arg(value_enum, default_value = "campaign")]
    by: Source,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// All of them
    #[arg(long, conflicts_with = "top")]
    all: bool,
    #[command(flatten)]
    report: ReportArguments,
}

impl AcquisitionArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let by = match self.by {
            Source::Campaign => pb::AcquisitionSource::Campaign,
            Source::Channel => pb::AcquisitionSource::Channel,
        };
        let request = GetAcquisitionReportRequest {
            tenant_id: connection.tenant(),
            period: self.report.period.interval()?,
            by: by.into(),
            filter: self.report.filter.filter(connection).await?,
            cost_model_version: self.report.cost_model,
            reporting_currency: self.report.reporting_currency.clone(),
            read_options: self.report.read.options(),
            ..GetAcquisitionReportRequest::default()
        };
        let wanted = (!self.all).then_some(self.top.max(1));
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let page = GetAcquisitionReportRequest {
                page_size,
                page_token,
                ..request.clone()
            };
            let mut client = connection.reports();
            let answer = client.get_acquisition_report(connection.request(page));
            Ok(answer.await?.into_inner())
        })
        .await?;
        warn_of_costs(&answer.cost_basis);
        show(
            format,
            &answer,
            || self.table(&answer),
            || sheet(&answer.rows),
        )
    }

    fn table(&self, answer: &GetAcquisitionReportResponse) -> String {
        let currency = currency_of(answer.control_total.iter().map(|total| &total.ledger));
        let mut grid = Grid::new(&[
            ("Rank", Side::Right),
            ("Won by", Side::Left),
            ("Profit", Side::Right),
            ("Share", Side::Right),
            ("Customers", Side::Right),
            ("Share", Side::Right),
            ("By count", Side::Right),
            ("Below zero", Side::Right),
            ("Profit each", Side::Right),
            ("Cost", Side::Right),
            ("Profit/cost", Side::Right),
        ]);
        for row in &answer.rows {
            let ratio = row.profit_per_acquisition_cost;
            grid.row([
                count(row.rank),
                row.source_id.clone(),
                shown(&row.profit),
                percent(row.share_of_total),
                count(row.customer_count),
                percent(row.customer_share),
                count(row.rank_by_customer_count),
                count(row.unprofitable_count),
                shown(&row.profit_per_customer),
                shown(&row.acquisition_cost),
                ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
            ]);
        }
        let by = match self.by {
            Source::Campaign => "campaign",
            Source::Channel => "channel",
        };
        format!(
            "Customers by the {by} that won them, {}, {currency}\n\n{grid}\n{} of {}; {} customers\n{}",
            self.report.period.text(),
            // A list in memory is shorter than any i64.
            count(i64::try_from(answer.rows.len()).unwrap_or(i64::MAX)),
            count(answer.row_count),
            count(answer.customer_count),
            proof(&answer.control_total, &answer.read_at),
        )
    }
}

fn sheet(rows: &[AcquisitionRow]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "rank",
        "source_id",
        "currency_code",
        "profit",
        "share_of_total",
        "customer_count",
        "customer_share",
        "rank_by_customer_count",
        "unprofitable_count",
        "profit_per_customer",
        "acquisition_cost",
        "profit_per_acquisition_cost",
    ]);
    for row in rows {
        sheet.row([
            row.rank.to_string(),
            row.source_id.clone(),
            currency_of([&row.profit]).to_owned(),
            plain(&row.profit),
            number(row.share_of_total),
            row.customer_count.to_string(),
            number(row.customer_share),
            row.rank_by_customer_count.to_string(),
            row.unprofitable_count.to_string(),
            plain(&row.profit_per_customer),
            plain(&row.acquisition_cost),
            number(row.profit_per_acquisition_cost),
        ]);
    }
    sheet
}
