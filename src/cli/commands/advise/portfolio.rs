//! `profitscore advise portfolio`.

use super::{money, part, short};
use crate::{
    api::pb::{
        ExportPortfolioRequest, PlanPortfolioRequest, PlanPortfolioResponse, PlanRules,
        PlannedCustomer,
    },
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, decimal, percent, plain, shown},
            proof, show, warn_of_costs,
        },
        paging,
    },
};
use std::fmt::Write as _;

/// How many customers are shown if the user does not say.
const TOP: usize = 20;

#[derive(Debug, clap::Args)]
pub struct PortfolioArguments {
    #[command(flatten)]
    period: PeriodArguments,
    /// How many customers, in the order of the whale curve
    #[arg(long, value_name = "N", default_value_t = TOP)]
    top: usize,
    /// All customers
    #[arg(long, conflicts_with = "top")]
    all: bool,
    /// The least customer margin of a relationship
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    floor: Option<String>,
    /// What an hour of work would earn elsewhere
    #[arg(long, value_name = "AMOUNT")]
    opportunity_rate: Option<String>,
    /// By which part of its revenue a price can be raised in talks; 0.1 if not given
    #[arg(long, value_name = "PART")]
    price_reach: Option<String>,
    /// Which part of the cost to serve can be saved; 0.5 if not given
    #[arg(long, value_name = "PART")]
    service_reach: Option<String>,
    /// How many customers are key by revenue; by how many there are if not given
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    key_count: i32,
    /// From how many referrals on a customer is key; 1 if not given
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    key_referrals: i32,
    /// The currency of the amounts
    #[arg(
        long,
        env = "PROFITSCORE_CURRENCY",
        default_value = "USD",
        value_name = "CODE"
    )]
    currency: String,
    /// Use this version of the cost model instead of the one that holds
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
    #[command(flatten)]
    read: ReadArguments,
}

impl PortfolioArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = PlanPortfolioRequest {
            tenant_id: connection.tenant(),
            period: self.period.interval()?,
            rules: Some(self.rules()?),
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
            ..PlanPortfolioRequest::default()
        };
        let answer = match self.all {
            true => whole(connection, request).await?,
            false => {
                let mut client = connection.advice();
                paging::gather(Some(self.top.max(1)), async |page_size, page_token| {
                    let page = PlanPortfolioRequest {
                        page_size,
                        page_token,
                        ..request.clone()
                    };
                    let answer = client.plan_portfolio(connection.request(page));
                    Ok(answer.await?.into_inner())
                })
                .await?
            }
        };
        warn_of_costs(&answer.cost_basis);
        let period = self.period.text();
        show(
            format,
            &answer,
            || text(&answer, &period),
            || sheet(&answer.customers),
        )
    }

    fn rules(&self) -> Result<PlanRules, Failure> {
        let amount = |text: &Option<String>, flag| money(text.as_ref(), &self.currency, flag);
        Ok(PlanRules {
            floor: amount(&self.floor, "--floor")?,
            opportunity_rate_per_hour: amount(&self.opportunity_rate, "--opportunity-rate")?,
            price_reach: part(self.price_reach.as_ref()),
            service_reach: part(self.service_reach.as_ref()),
            key_count: self.key_count,
            key_referral_count: self.key_referrals,
        })
    }
}

/// The first page, whose customers and totals are those of all.
async fn whole(
    connection: &Connection,
    request: PlanPortfolioRequest,
) -> Result<PlanPortfolioResponse, Failure> {
    let mut client = connection.advice();
    let first = PlanPortfolioRequest {
        page_size: 1,
        ..request.clone()
    };
    let first = client.plan_portfolio(connection.request(first)).await?;
    let mut whole = first.into_inner();
    let request = ExportPortfolioRequest {
        tenant_id: request.tenant_id,
        period: request.period,
        rules: request.rules,
        cost_model_version: request.cost_model_version,
        read_options: Some(crate::api::pb::ReadOptions {
            as_of: whole.read_at,
            ..crate::api::pb::ReadOptions::default()
        }),
    };
    let parts = client
        .export_portfolio(connection.patient_request(request))
        .await?;
    let mut parts = parts.into_inner();
    whole.customers.clear();
    whole.next_page_token.clear();
    while let Some(part) = parts.message().await? {
        whole.customers.extend(part.customers);
        whole.disposition_totals = part.disposition_totals;
    }
    Ok(whole)
}

fn disposition(one: &PlannedCustomer) -> &'static str {
    short(one.disposition().as_str_name(), "DISPOSITION_")
}

/// The cause that decided.
fn cause(one: &PlannedCustomer) -> &'static str {
    one.reasons.first().map_or("", |reason| {
        short(reason.cause().as_str_name(), "DISPOSITION_CAUSE_")
    })
}

fn keys(one: &PlannedCustomer) -> String {
    let keys = one
        .key_reasons()
        .map(|key| short(key.as_str_name(), "KEY_REASON_"));
    keys.collect::<Vec<_>>().join(" ")
}

fn text(answer: &PlanPortfolioResponse, period: &str) -> String {
    let currency = currency_of(answer.control_total.iter().map(|total| &total.ledger));
    let mut text = format!(
        "{} customers, {period}, {currency}\n\n",
        count(answer.customer_count)
    );
    for band in &answer.bands {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{}: {} customers ({}), net profit {}",
            short(band.place().as_str_name(), "BAND_PLACE_"),
            count(band.customer_count),
            percent(band.customer_share),
            shown(&band.net_profit),
        );
    }
    if let (Some(now), Some(before)) = (&answer.this_period, &answer.prior_year) {
        let _ = writeln!(
            text,
            "Margin {} of {} customers, {} below zero; the year before {} of {}, {} below zero",
            shown(&now.customer_margin),
            count(now.customer_count),
            count(now.negative_count),
            shown(&before.customer_margin),
            count(before.customer_count),
            count(before.negative_count),
        );
    }
    text += &totals(answer);
    let mut grid = Grid::new(&[
        ("Rank", Side::Right),
        ("Customer", Side::Left),
        ("Do", Side::Left),
        ("Why", Side::Left),
        ("By", Side::Right),
        ("Revenue", Side::Right),
        ("Customer margin", Side::Right),
        ("Net profit", Side::Right),
        ("Cumulative", Side::Right),
        ("Key by", Side::Left),
    ]);
    for one in &answer.customers {
        let margin = one.reasons.first().and_then(|reason| reason.margin.clone());
        grid.row([
            count(one.rank),
            one.customer_id.clone(),
            disposition(one).to_owned(),
            cause(one).to_owned(),
            shown(&margin),
            shown(&one.net_revenue),
            shown(&one.customer_margin),
            shown(&one.net_profit),
            shown(&one.cumulative_net_profit),
            keys(one),
        ]);
    }
    let proof = proof(&answer.control_total, &answer.read_at);
    format!("{text}\n{grid}\n{proof}")
}

fn totals(answer: &PlanPortfolioResponse) -> String {
    if answer.disposition_totals.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(&[
        ("Do", Side::Left),
        ("Customers", Side::Right),
        ("Below floor", Side::Right),
        ("Revenue", Side::Right),
        ("Customer margin", Side::Right),
        ("Fixed cost", Side::Right),
        ("Net profit", Side::Right),
        ("Minutes", Side::Right),
    ]);
    for total in &answer.disposition_totals {
        grid.row([
            short(total.disposition().as_str_name(), "DISPOSITION_").to_owned(),
            count(total.customer_count),
            count(total.below_floor_count),
            shown(&total.net_revenue),
            shown(&total.customer_margin),
            shown(&total.allocated_fixed_cost),
            shown(&total.net_profit),
            decimal(&total.minutes),
        ]);
    }
    format!("\n{grid}")
}

fn sheet(customers: &[PlannedCustomer]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "rank",
        "customer_id",
        "display_name",
        "disposition",
        "cause",
        "margin",
        "currency_code",
        "net_revenue",
        "customer_margin",
        "allocated_fixed_cost",
        "net_profit",
        "cumulative_net_profit",
        "minutes",
        "margin_per_hour",
        "gap_to_next_band",
        "revenue_to_next_band",
        "key_reasons",
    ]);
    for one in customers {
        let margin = one.reasons.first().and_then(|reason| reason.margin.clone());
        sheet.row([
            one.rank.to_string(),
            one.customer_id.clone(),
            one.display_name.clone(),
            disposition(one).to_owned(),
            cause(one).to_owned(),
            plain(&margin),
            currency_of([&one.net_profit]).to_owned(),
            plain(&one.net_revenue),
            plain(&one.customer_margin),
            plain(&one.allocated_fixed_cost),
            plain(&one.net_profit),
            plain(&one.cumulative_net_profit),
            decimal(&one.minutes),
            plain(&one.margin_per_hour),
            plain(&one.gap_to_next_band),
            plain(&one.revenue_to_next_band),
            keys(one),
        ]);
    }
    sheet
}
