//! `profitscore whale`.

use crate::{
    api::pb::{Dependence, GetConcentrationRequest, GetConcentrationResponse, WhaleCurvePoint},
    cli::{
        arguments::{Basis, ReportArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, exact, number, percent, plain, shown},
            proof, show, warn_of_costs,
        },
        whale_chart::{self, Size},
    },
};

#[derive(Debug, clap::Args)]
pub struct WhaleArguments {
    /// What to rank by
    #[arg(long, value_enum, default_value = "net-profit")]
    pub basis: Basis,
    /// How many points of the curve, at most 1000
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub points: i32,
    /// Width of the drawing in characters
    #[arg(long, value_name = "N", default_value_t = 72, value_parser = clap::value_parser!(u16).range(20..=500))]
    pub width: u16,
    /// Height of the drawing in lines
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(4..=200))]
    pub height: u16,
    /// Tell what is lost if so many of the best customers leave; may be given several times; csv then has this instead
    /// of the curve
    #[arg(long, value_name = "N")]
    pub leaving: Vec<i32>,
    #[command(flatten)]
    pub report: ReportArguments,
}

impl WhaleArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = GetConcentrationRequest {
            tenant_id: connection.tenant(),
            period: self.report.period.interval()?,
            basis: self.basis.to_pb(),
            point_count: self.points,
            leaving_counts: self.leaving.clone(),
            filter: self.report.filter.filter(connection).await?,
            cost_model_version: self.report.cost_model,
            reporting_currency: self.report.reporting_currency.clone(),
            read_options: self.report.read.options(),
        };
        let answer = ask(connection, request).await?;
        warn_of_costs(&answer.cost_basis);
        let size = Size {
            columns: usize::from(self.width),
            lines: usize::from(self.height),
        };
        let period = self.report.period.text();
        show(
            format,
            &answer,
            || text(&answer, self.basis, &period, size),
            || match answer.dependences.as_slice() {
                [] => sheet(&answer.points),
                dependences => sheet_of_leaving(dependences),
            },
        )
    }
}

/// How much depends on how few.
pub async fn ask(
    connection: &Connection,
    request: GetConcentrationRequest,
) -> Result<GetConcentrationResponse, Failure> {
    let mut client = connection.rankings();
    Ok(client
        .get_concentration(connection.request(request))
        .await?
        .into_inner())
}

/// The curve and its figures for people.
pub fn text(answer: &GetConcentrationResponse, basis: Basis, period: &str, size: Size) -> String {
    let total = answer.points.last().cloned().unwrap_or_default();
    let currency = currency_of(answer.control_total.iter().map(|total| &total.ledger));
    let mut text = format!(
        "Whale curve by {}, {period}: cumulative value over customers, the best first, {currency}\n\n",
        basis.text()
    );
    text += &whale_chart::draw(answer, size);
    let peak = answer.peak.clone().unwrap_or_default();
    let customers = count(answer.customer_count);
    text += &format!(
        "\nPeak: {} ({} of the total {}) at customer {} of {customers}\n\
         {} customers above zero, {} below zero\n",
        exact(&peak.cumulative_value),
        // One digit would hide how far above the total it is.
        peak.cumulative_share
            .map_or_else(|| "-".to_owned(), |share| format!("{:.3}%", share * 100.0)),
        exact(&total.cumulative_value),
        count(peak.customer_count),
        count(answer.positive_count),
        count(answer.negative_count),
    );
    if let Some(few) = answer.customers_for_eighty_percent {
        let share = percent(answer.pareto_share);
        text += &format!(
            "{} customers ({share}) reach 80% of the total\n",
            count(few)
        );
    }
    let index = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.4}"));
    text += &format!(
        "The best fifth makes {} of the total; Gini {}; Herfindahl-Hirschman {}\n",
        percent(answer.best_fifth_share),
        index(answer.gini),
        index(answer.herfindahl_hirschman_index),
    );
    text += &leaving(&answer.dependences);
    text + &proof(&answer.control_total, &answer.read_at)
}

/// What is lost if the best leave.
fn leaving(dependences: &[Dependence]) -> String {
    if dependences.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(&[
        ("If the best leave", Side::Right),
        ("Lost revenue", Side::Right),
        ("Of all", Side::Right),
        ("Lost margin", Side::Right),
        ("Of all", Side::Right),
        ("Stranded fixed cost", Side::Right),
        ("Remaining net profit", Side::Right),
    ]);
    for one in dependences {
        grid.row([
            count(one.leaving_count),
            shown(&one.lost_revenue),
            percent(one.lost_revenue_share),
            shown(&one.lost_margin),
            percent(one.lost_margin_share),
            shown(&one.stranded_fixed_cost),
            shown(&one.remaining_net_profit),
        ]);
    }
    format!("\n{grid}\n")
}

fn sheet_of_leaving(dependences: &[Dependence]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "leaving_count",
        "currency_code",
        "lost_revenue",
        "lost_revenue_share",
        "lost_margin",
        "lost_margin_share",
        "stranded_fixed_cost",
        "remaining_net_profit",
    ]);
    for one in dependences {
        sheet.row([
            one.leaving_count.to_string(),
            currency_of([&one.lost_revenue]).to_owned(),
            plain(&one.lost_revenue),
            number(one.lost_revenue_share),
            plain(&one.lost_margin),
            number(one.lost_margin_share),
            plain(&one.stranded_fixed_cost),
            plain(&one.remaining_net_profit),
        ]);
    }
    sheet
}

fn sheet(points: &[WhaleCurvePoint]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_count",
        "customer_fraction",
        "currency_code",
        "cumulative_value",
        "cumulative_share",
    ]);
    for point in points {
        sheet.row([
            point.customer_count.to_string(),
            point.customer_fraction.to_string(),
            currency_of([&point.cumulative_value]).to_owned(),
            plain(&point.cumulative_value),
            number(point.cumulative_share),
        ]);
    }
    sheet
}
