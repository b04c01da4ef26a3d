//! `profitscore advise appreciation`.

use super::{money, short};
use crate::{
    api::pb::{AllocateAppreciationRequest, AllocateAppreciationResponse, AppreciatedCustomer},
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        commands::value::TermsArguments,
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, number, percent, plain, shown},
            proof, show,
        },
        paging,
    },
};
use std::fmt::Write as _;

#[derive(Debug, clap::Args)]
pub struct AppreciationArguments {
    /// What there is to spend
    #[arg(long, value_name = "AMOUNT")]
    budget: String,
    /// What one customer gets at most
    #[arg(long, value_name = "AMOUNT")]
    ceiling: Option<String>,
    /// The currency of the amounts
    #[arg(
        long,
        env = "PROFITSCORE_CURRENCY",
        default_value = "USD",
        value_name = "CODE"
    )]
    currency: String,
    /// How many customers
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// All customers, also those who get nothing
    #[arg(long, conflicts_with = "top")]
    all: bool,
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    terms: TermsArguments,
    #[command(flatten)]
    read: ReadArguments,
    /// Use this version of the cost model instead of the one that holds
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
}

impl AppreciationArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let amount = |text: Option<&String>, flag| money(text, &self.currency, flag);
        let request = AllocateAppreciationRequest {
            tenant_id: connection.tenant(),
            period: self.period.interval()?,
            budget: amount(Some(&self.budget), "--budget")?,
            ceiling_per_customer: amount(self.ceiling.as_ref(), "--ceiling")?,
            value_terms: Some(self.terms.terms()),
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
            ..AllocateAppreciationRequest::default()
        };
        let wanted = Some(self.top.max(1)).filter(|_| !self.all);
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let page = AllocateAppreciationRequest {
                page_size,
                page_token,
                ..request.clone()
            };
            let mut client = connection.advice();
            let answer = client.allocate_appreciation(connection.request(page));
            Ok(answer.await?.into_inner())
        });
        let answer: AllocateAppreciationResponse = answer.await?;
        let period = self.period.text();
        show(
            format,
            &answer,
            || text(&answer, &period),
            || sheet(&answer),
        )
    }
}

fn reason(one: &AppreciatedCustomer) -> &'static str {
    match one.left_out {
        0 => "",
        _ => short(one.left_out().as_str_name(), "APPRECIATION_REASON_"),
    }
}

fn text(answer: &AllocateAppreciationResponse, period: &str) -> String {
    let mut grid = Grid::new(&[
        ("Customer", Side::Left),
        ("Amount", Side::Right),
        ("Spent already", Side::Right),
        ("At risk", Side::Right),
        ("Expected profit", Side::Right),
        ("Still a customer", Side::Right),
        ("", Side::Left),
    ]);
    for one in &answer.customers {
        grid.row([
            one.customer_id.clone(),
            shown(&one.amount),
            shown(&one.spent),
            shown(&one.value_at_risk),
            shown(&one.expected_profit),
            percent(one.probability_alive),
            reason(one).to_owned(),
        ]);
    }
    let mut text = format!(
        "Appreciation by what is at risk, {period}, {}\n\n{grid}\n\
         {} of {} for {} customers, {} left; at risk {}, spent already {}\n",
        currency_of([&answer.budget]),
        shown(&answer.allocated),
        shown(&answer.budget),
        count(answer.customer_count),
        shown(&answer.unallocated),
        shown(&answer.total_value_at_risk),
        shown(&answer.total_spent),
    );
    for one in &answer.left_out {
        let name = one.reason().as_str_name();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{} get nothing: {}",
            count(one.customer_count),
            short(name, "APPRECIATION_REASON_"),
        );
    }
    text + &proof(&answer.control_total, &answer.read_at)
}

fn sheet(answer: &AllocateAppreciationResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_id",
        "currency_code",
        "amount",
        "spent",
        "value_at_risk",
        "expected_profit",
        "probability_alive",
        "left_out",
    ]);
    for one in &answer.customers {
        sheet.row([
            one.customer_id.clone(),
            currency_of([&one.amount]).to_owned(),
            plain(&one.amount),
            plain(&one.spent),
            plain(&one.value_at_risk),
            plain(&one.expected_profit),
            number(one.probability_alive),
            reason(one).to_owned(),
        ]);
    }
    sheet
}
