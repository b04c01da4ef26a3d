//! `profitscore by`.

use crate::{
    api::pb::{
        RankDimensionRequest, RankDimensionResponse, RankedDimension, RankingDirection,
        google_type::Money,
    },
    cli::{
        arguments::{Basis, Dimension, ReportArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, decimal, number, percent, plain, shown},
            proof, show, warn_of_costs,
        },
        paging,
    },
};

#[derive(Debug, clap::Args)]
pub struct ByArguments {
    /// What is ranked
    #[arg(value_enum)]
    dimension: Dimension,
    /// What to rank by
    #[arg(long, value_enum, default_value = "net-profit")]
    basis: Basis,
    /// The worst first
    #[arg(long)]
    worst: bool,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// All of them
    #[arg(long, conflicts_with = "top")]
    all: bool,
    #[command(flatten)]
    report: ReportArguments,
}

impl ByArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let direction = match self.worst {
            true => RankingDirection::WorstFirst,
            false => RankingDirection::BestFirst,
        };
        let request = RankDimensionRequest {
            tenant_id: connection.tenant(),
            period: self.report.period.interval()?,
            dimension: self.dimension.to_pb(),
            basis: self.basis.to_pb(),
            direction: direction.into(),
            filter: self.report.filter.filter(connection).await?,
            cost_model_version: self.report.cost_model,
            reporting_currency: self.report.reporting_currency.clone(),
            read_options: self.report.read.options(),
            ..RankDimensionRequest::default()
        };
        let wanted = (!self.all).then_some(self.top.max(1));
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let page = RankDimensionRequest {
                page_size,
                page_token,
                ..request.clone()
            };
            let mut client = connection.reports();
            let answer = client.rank_dimension(connection.request(page));
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

    fn table(&self, answer: &RankDimensionResponse) -> String {
        let currency = currency_of(answer.control_total.iter().map(|total| &total.ledger));
        let mut columns = vec![
            ("Rank", Side::Right),
            ("Id", Side::Left),
            ("Value", Side::Right),
            ("Share", Side::Right),
            ("Net revenue", Side::Right),
            ("Margin", Side::Right),
            ("Net profit", Side::Right),
            ("Hours", Side::Right),
            ("Profit/hour", Side::Right),
            ("Sales pay", Side::Right),
            ("Profit/pay", Side::Right),
        ];
        let has_complaints = answer.complaint_count > 0;
        if has_complaints {
            columns.extend([
                ("Complaints", Side::Right),
                ("/100 sales", Side::Right),
                ("Severe", Side::Right),
            ]);
        }
        let mut grid = Grid::new(&columns);
        for row in &answer.rows {
            let statement = row.statement.clone().unwrap_or_default();
            let rate = &row.profit_per_hour;
            let mut cells = vec![
                count(row.rank),
                row.dimension_id.clone(),
                shown(&row.value),
                percent(row.share_of_total),
                shown(&statement.net_revenue),
                shown(&statement.contribution_margin),
                shown(&statement.net_profit),
                hours(&decimal(&statement.minutes)),
                rate.as_ref().map_or_else(dash, |_| shown(rate)),
                shown(&row.sales_pay),
                (row.profit_per_sales_pay).map_or_else(dash, |ratio| format!("{ratio:.2}")),
            ];
            if has_complaints {
                cells.extend([
                    count(statement.complaint_count),
                    per_hundred(row.complaints_per_hundred_sales),
                    percent(row.severe_complaint_share),
                ]);
            }
            grid.row_of(cells);
        }
        format!(
            "By {}, {}, {} first, {}, {currency}\n\n{grid}\n{} of {}; {} of all below zero\n{}{}",
            self.dimension.text(),
            self.basis.text(),
            if self.worst { "worst" } else { "best" },
            self.report.period.text(),
            // A list in memory is shorter than any i64.
            count(i64::try_from(answer.rows.len()).unwrap_or(i64::MAX)),
            count(answer.row_count),
            count(answer.negative_count),
            complaints(answer),
            proof(&answer.control_total, &answer.read_at),
        )
    }
}

fn dash() -> String {
    "-".to_owned()
}

/// A number for a hundred of something.
fn per_hundred(rate: Option<f64>) -> String {
    rate.map_or_else(dash, |rate| format!("{rate:.1}"))
}

/// What is complained of in all, as a line; nothing if nobody complained.
fn complaints(answer: &RankDimensionResponse) -> String {
    if answer.complaint_count == 0 {
        return String::new();
    }
    format!(
        "{} complaints about {} sales, {} for a hundred; {} severe\n",
        count(answer.complaint_count),
        count(answer.sale_count),
        per_hundred(answer.complaints_per_hundred_sales),
        count(answer.major_complaint_count),
    )
}

/// Minutes as hours, for people.
fn hours(minutes: &str) -> String {
    let hours = minutes.parse::<f64>().unwrap_or(0.0) / 60.0;
    format!("{hours:.1}")
}

fn sheet(rows: &[RankedDimension]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "rank",
        "dimension_id",
        "currency_code",
        "value",
        "share_of_total",
        "cumulative_value",
        "cumulative_share",
        "net_revenue",
        "cost_of_goods",
        "direct_costs",
        "contribution_margin",
        "cost_to_serve",
        "receivables_cost",
        "net_profit",
        "minutes",
        "sales_pay",
        "profit_per_sales_pay",
        "revenue_per_hour",
        "profit_per_hour",
        "sale_count",
        "complaint_count",
        "minor_complaint_count",
        "moderate_complaint_count",
        "major_complaint_count",
        "complaints_per_hundred_sales",
        "severe_complaint_share",
    ]);
    for row in rows {
        let statement = row.statement.clone().unwrap_or_default();
        let rate = |rate: &Option<Money>| match rate {
            None => String::new(),
            Some(_) => plain(rate),
        };
        sheet.row([
            row.rank.to_string(),
            row.dimension_id.clone(),
            currency_of([&row.value]).to_owned(),
            plain(&row.value),
            number(row.share_of_total),
            plain(&row.cumulative_value),
            number(row.cumulative_share),
            plain(&statement.net_revenue),
            plain(&statement.cost_of_goods),
            plain(&statement.direct_costs),
            plain(&statement.contribution_margin),
            plain(&statement.cost_to_serve),
            plain(&statement.receivables_cost),
            plain(&statement.net_profit),
            decimal(&statement.minutes),
            plain(&row.sales_pay),
            number(row.profit_per_sales_pay),
            rate(&row.revenue_per_hour),
            rate(&row.profit_per_hour),
            statement.sale_count.to_string(),
            statement.complaint_count.to_string(),
            statement.minor_complaint_count.to_string(),
            statement.moderate_complaint_count.to_string(),
            statement.major_complaint_count.to_string(),
            number(row.complaints_per_hundred_sales),
            number(row.severe_complaint_share),
        ]);
    }
    sheet
}
