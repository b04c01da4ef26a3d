//! `profitscore trend`.

use crate::{
    api::pb::{
        GetTrendRequest, GetTrendResponse, SignChange, TrendComparison, TrendPoint,
        google_type::{CalendarPeriod, Interval},
    },
    cli::{
        arguments::{Basis, ReportArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{currency_of, decimal, exact, number, percent, plain, shown},
            proof, show, warn_of_costs,
        },
    },
};

/// Into which calendar periods time is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Granularity {
    /// Days
    Day,
    /// Weeks from Monday on
    Week,
    /// Months
    Month,
    /// Quarters
    Quarter,
    /// Halves
    Half,
    /// Years
    Year,
}

#[derive(Debug, clap::Args)]
pub struct TrendArguments {
    /// Whose trend; all customers together if not given
    #[arg(value_name = "CUSTOMER", default_value = "", hide_default_value = true)]
    customer: String,
    /// Into which calendar periods time is divided
    #[arg(long, value_enum, default_value = "month")]
    every: Granularity,
    /// What is followed
    #[arg(long, value_enum, default_value = "net-profit")]
    basis: Basis,
    #[command(flatten)]
    report: ReportArguments,
}

impl TrendArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let granularity = match self.every {
            Granularity::Day => CalendarPeriod::Day,
            Granularity::Week => CalendarPeriod::Week,
            Granularity::Month => CalendarPeriod::Month,
            Granularity::Quarter => CalendarPeriod::Quarter,
            Granularity::Half => CalendarPeriod::Half,
            Granularity::Year => CalendarPeriod::Year,
        };
        let request = GetTrendRequest {
            tenant_id: connection.tenant(),
            customer_id: self.customer.clone(),
            period: self.report.period.interval()?,
            granularity: granularity.into(),
            basis: self.basis.to_pb(),
            filter: self.report.filter.filter(connection).await?,
            cost_model_version: self.report.cost_model,
            reporting_currency: self.report.reporting_currency.clone(),
            read_options: self.report.read.options(),
        };
        let mut client = connection.reports();
        let answer = client.get_trend(connection.request(request)).await?;
        let answer = answer.into_inner();
        warn_of_costs(&answer.cost_basis);
        let zone = self.report.period.zone();
        show(
            format,
            &answer,
            || self.table(&answer, zone),
            || sheet(&answer.points, zone),
        )
    }

    fn table(&self, answer: &GetTrendResponse, zone: &str) -> String {
        let currency = currency_of(answer.control_total.iter().map(|total| &total.ledger));
        let mut grid = Grid::new(&[
            ("From", Side::Left),
            ("Before", Side::Left),
            ("Net revenue", Side::Right),
            ("Minutes", Side::Right),
            ("Effort share", Side::Right),
            ("Value", Side::Right),
            ("Period before", Side::Right),
            ("Change", Side::Right),
            ("Year before", Side::Right),
            ("Change", Side::Right),
            ("", Side::Left),
        ]);
        for point in &answer.points {
            let statement = point.statement.clone().unwrap_or_default();
            let (from, before) = dates(&point.period, zone);
            let prior = |prior: &Option<TrendComparison>| {
                let prior = prior.clone().unwrap_or_default();
                [shown(&prior.value), shown(&prior.change)]
            };
            let head = [
                from,
                before,
                shown(&statement.net_revenue),
                decimal(&statement.minutes),
                percent(point.effort_share),
                shown(&point.value),
            ];
            let beside = [prior(&point.prior_period), prior(&point.prior_year)].concat();
            let cells = head.into_iter().chain(beside);
            grid.row_of(cells.chain([remark(point).to_owned()]));
        }
        let whose = match self.customer.as_str() {
            "" => "all customers",
            customer => customer,
        };
        format!(
            "{whose} by {}, {}, {currency}\n\n{grid}\n{}{}",
            self.basis.text(),
            self.report.period.text(),
            slopes(answer),
            proof(&answer.control_total, &answer.read_at),
        )
    }
}

/// What the lines through the complete periods say.
fn slopes(answer: &GetTrendResponse) -> String {
    if answer.slope.is_none() {
        return "Fewer than two complete periods: no slope\n".to_owned();
    }
    let mut text = format!(
        "From one complete period to the next: value {}, net revenue {}, minutes {}\n",
        exact(&answer.slope),
        exact(&answer.revenue_slope),
        decimal(&answer.minutes_slope),
    );
    if answer.attention_outpaces_volume {
        text += "Attention outpaces volume: revenue falls while working time rises\n";
    }
    text
}

fn remark(point: &TrendPoint) -> &'static str {
    match (point.sign_change(), point.is_complete) {
        (SignChange::TurnedNegative, _) => "turned negative",
        (SignChange::TurnedPositive, _) => "turned positive",
        (SignChange::None | SignChange::Unspecified, false) => "in part",
        (SignChange::None | SignChange::Unspecified, true) => "",
    }
}

/// The first day, and the day after the last.
fn dates(period: &Option<Interval>, zone: &str) -> (String, String) {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let date = |time: Option<prost_types::Timestamp>| {
        let instant = time.and_then(|time| jiff::Timestamp::from_second(time.seconds).ok());
        instant.map_or_else(String::new, |instant| {
            instant.to_zoned(zone.clone()).date().to_string()
        })
    };
    let period = period.unwrap_or_default();
    (date(period.start_time), date(period.end_time))
}

fn sheet(points: &[TrendPoint], zone: &str) -> Sheet {
    let mut sheet = Sheet::new(&[
        "from",
        "before",
        "is_complete",
        "currency_code",
        "net_revenue",
        "contribution_margin",
        "cost_to_serve",
        "net_profit",
        "minutes",
        "effort_share",
        "value",
        "sign_change",
        "prior_period_value",
        "prior_period_change",
        "prior_year_value",
        "prior_year_change",
    ]);
    for point in points {
        let statement = point.statement.clone().unwrap_or_default();
        let (from, before) = dates(&point.period, zone);
        let period = point.prior_period.clone().unwrap_or_default();
        let year = point.prior_year.clone().unwrap_or_default();
        let sign = point.sign_change().as_str_name();
        sheet.row([
            from,
            before,
            point.is_complete.to_string(),
            currency_of([&point.value]).to_owned(),
            plain(&statement.net_revenue),
            plain(&statement.contribution_margin),
            plain(&statement.cost_to_serve),
            plain(&statement.net_profit),
            decimal(&statement.minutes),
            number(point.effort_share),
            plain(&point.value),
            sign.trim_start_matches("SIGN_CHANGE_").to_owned(),
            plain(&period.value),
            plain(&period.change),
            plain(&year.value),
            plain(&year.change),
        ]);
    }
    sheet
}
