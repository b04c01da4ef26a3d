//! `profitscore bands`.

use super::rank;
use crate::{
    api::pb::{Band, BandPlace, CompareBandsRequest, CompareBandsResponse},
    cli::{
        arguments::{Basis, ReportArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Sheet,
            money::{count, currency_of, number, percent, plain, shown},
            proof, show, warn_of_costs,
        },
    },
};
use std::fmt::Write as _;

#[derive(Debug, clap::Args)]
pub struct BandsArguments {
    /// What to rank by
    #[arg(long, value_enum, default_value = "revenue")]
    pub basis: Basis,
    /// How many customers in each band; if not given, 5 of up to 500 customers, and of more one in a hundred
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub size: i32,
    /// Which part of all customers is in each band, up to 0.333333, instead of --size
    #[arg(long, value_name = "FRACTION", conflicts_with = "size")]
    pub fraction: Option<f64>,
    #[command(flatten)]
    pub report: ReportArguments,
}

impl BandsArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = CompareBandsRequest {
            tenant_id: connection.tenant(),
            period: self.report.period.interval()?,
            basis: self.basis.to_pb(),
            band_size: self.size,
            band_fraction: self.fraction,
            filter: self.report.filter.filter(connection).await?,
            cost_model_version: self.report.cost_model,
            reporting_currency: self.report.reporting_currency.clone(),
            read_options: self.report.read.options(),
        };
        let answer = ask(connection, request).await?;
        warn_of_costs(&answer.cost_basis);
        let period = self.report.period.text();
        show(
            format,
            &answer,
            || text(&answer, self.basis, &period),
            || sheet(&answer),
        )
    }
}

/// The bands.
pub async fn ask(
    connection: &Connection,
    request: CompareBandsRequest,
) -> Result<CompareBandsResponse, Failure> {
    let mut client = connection.rankings();
    Ok(client
        .compare_bands(connection.request(request))
        .await?
        .into_inner())
}

fn place(band: &Band) -> &'static str {
    match band.place() {
        BandPlace::Unspecified => "Band",
        BandPlace::Top => "Top",
        BandPlace::Middle => "Middle",
        BandPlace::Bottom => "Bottom",
    }
}

/// The bands for people.
pub fn text(answer: &CompareBandsResponse, basis: Basis, period: &str) -> String {
    let currency = currency_of(answer.control_total.iter().map(|total| &total.ledger));
    let mut text = format!(
        "{} customers by {}, {period}, {currency}\n",
        count(answer.customer_count),
        basis.text(),
    );
    for band in &answer.bands {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "\n{} {}: revenue {} ({} of all), net profit {} ({} of all), {} below zero\n",
            place(band),
            count(answer.band_size),
            shown(&band.revenue),
            percent(band.revenue_share),
            shown(&band.net_profit),
            percent(band.net_profit_share),
            count(band.unprofitable_count),
        );
        let _ = write!(text, "{}", rank::grid(&band.customers, basis));
    }
    text + "\n" + &proof(&answer.control_total, &answer.read_at)
}

fn sheet(answer: &CompareBandsResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "band",
        "rank",
        "customer_id",
        "display_name",
        "currency_code",
        "value",
        "net_revenue",
        "net_profit",
        "share_of_total",
    ]);
    for band in &answer.bands {
        for customer in &band.customers {
            let statement = customer.statement.clone().unwrap_or_default();
            sheet.row([
                place(band).to_uppercase(),
                customer.rank.to_string(),
                customer.customer_id.clone(),
                customer.display_name.clone(),
                currency_of([&customer.value]).to_owned(),
                plain(&customer.value),
                plain(&statement.net_revenue),
                plain(&statement.net_profit),
                number(customer.share_of_total),
            ]);
        }
    }
    sheet
}
