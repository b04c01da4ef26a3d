//! `profitscore costs trace`.

use crate::{
    api::pb::{
        AllocationPolicy, GetAllocationTraceRequest, GetAllocationTraceResponse,
        allocation_policy::Policy,
    },
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, decimal, exact, nanos, plain},
            show,
        },
        paging,
    },
};
use std::fmt::Write as _;

#[derive(Debug, clap::Args)]
pub struct TraceArguments {
    /// The pool
    #[arg(value_name = "POOL")]
    pool_id: String,
    /// How many customers at most; all if not given
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    read: ReadArguments,
    /// Use this version of the cost model instead of the newest
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
}

impl TraceArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let period = self.period.interval()?;
        let answer = paging::gather(self.limit, async |page_size, page_token| {
            let request = GetAllocationTraceRequest {
                tenant_id: connection.tenant(),
                pool_id: self.pool_id.clone(),
                period,
                cost_model_version: self.cost_model,
                page_size,
                page_token,
                read_options: self.read.options(),
            };
            let mut client = connection.cost_models();
            let answer = client.get_allocation_trace(connection.request(request));
            Ok(answer.await?.into_inner())
        })
        .await?;
        let period = self.period.text();
        show(
            format,
            &answer,
            || text(&answer, &self.pool_id, &period),
            || sheet(&answer),
        )
    }
}

/// A policy in a word.
pub fn policy_name(policy: &Option<AllocationPolicy>) -> &'static str {
    match policy.as_ref().and_then(|policy| policy.policy.as_ref()) {
        None | Some(Policy::EqualPerCustomer(_)) => "equal per customer",
        Some(Policy::ProportionalToBasis(_)) => "proportional",
        Some(Policy::ByDriver(_)) => "by driver",
        Some(Policy::TimeDriven(_)) => "time driven",
    }
}

fn text(answer: &GetAllocationTraceResponse, pool: &str, period: &str) -> String {
    let currency = currency_of([&answer.pool_amount]);
    let mut text = format!(
        "Pool {pool}, {period}, cost model {}, {}, {currency}\n\n",
        answer.cost_model_version,
        policy_name(&answer.policy),
    );
    let mut grid = Grid::new(&[
        ("Customer", Side::Left),
        ("Name", Side::Left),
        ("Driver quantity", Side::Right),
        ("Share", Side::Right),
        ("Of it remainder", Side::Right),
    ]);
    for share in &answer.shares {
        let remainder = match nanos(&share.remainder) {
            0 => String::new(),
            _ => exact(&share.remainder),
        };
        grid.row([
            share.customer_id.clone(),
            share.display_name.clone(),
            decimal(&share.driver_quantity),
            exact(&share.share),
            remainder,
        ]);
    }
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{grid}");
    let rate = match &answer.rate {
        Some(_) => format!(", {} for each", decimal(&answer.rate)),
        None => String::new(),
    };
    let _ = writeln!(
        text,
        "Pool {} = {} over {} active customers by a quantity of {}{rate} + {} that nobody bears",
        exact(&answer.pool_amount),
        exact(&answer.allocated_amount),
        count(answer.active_customer_count),
        decimal(&answer.driver_quantity),
        exact(&answer.unallocated_amount),
    );
    if answer.practical_capacity_minutes.is_some() {
        let _ = writeln!(
            text,
            "Practical capacity {} minutes, used {}",
            decimal(&answer.practical_capacity_minutes),
            decimal(&answer.driver_quantity),
        );
    }
    text
}

fn sheet(answer: &GetAllocationTraceResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_id",
        "display_name",
        "driver_quantity",
        "currency_code",
        "share",
        "remainder",
    ]);
    for share in &answer.shares {
        sheet.row([
            share.customer_id.clone(),
            share.display_name.clone(),
            decimal(&share.driver_quantity),
            currency_of([&share.share]).to_owned(),
            plain(&share.share),
            plain(&share.remainder),
        ]);
    }
    sheet
}
