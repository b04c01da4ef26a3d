//! `profitscore costs compare`, and the preview of a cost model: what ways of allocating come to, side by side.

use super::allocation::policy_name;
use crate::{
    api::pb::{
        AllocationBasis, AllocationDriver, AllocationOutcome, AllocationStanding, ByDriver,
        CompareAllocationPoliciesRequest, CompareAllocationPoliciesResponse, CostModelPreview,
        ProportionalToBasis, TimeDriven, google_type::Decimal,
    },
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, plain, shown},
            show,
        },
    },
};
use std::fmt::Write as _;

#[derive(Debug, clap::Args)]
pub struct CompareArguments {
    /// Compare only this pool; may be given several times; all pools if not given
    #[arg(long = "pool", value_name = "POOL")]
    pools: Vec<String>,
    /// What the proportional policy goes by
    #[arg(long, value_enum, default_value = "revenue")]
    proportion: Proportion,
    /// What the policy by a driver goes by
    #[arg(long, value_enum, default_value = "sales")]
    driver: Driver,
    /// The practical capacity of the time-driven policy in minutes; what was used if not given
    #[arg(long, value_name = "MINUTES")]
    capacity: Option<String>,
    /// How many customers to list at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=1000))]
    limit: i32,
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    read: ReadArguments,
    /// Use this version of the cost model instead of the one that holds
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Proportion {
    /// Money received, less refunds paid out
    Spend,
    /// Net revenue
    Revenue,
    /// Net revenue less cost of goods and direct costs
    ContributionMargin,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Driver {
    /// Sales: orders or lines of orders, as they were submitted
    Sales,
    /// Units of products sold
    Units,
    /// Invoices
    Invoices,
    /// Complaints
    Complaints,
    /// Special demands
    SpecialDemands,
    /// Minutes of recorded working time
    Minutes,
}

impl Proportion {
    fn to_pb(self) -> AllocationBasis {
        match self {
            Self::Spend => AllocationBasis::Spend,
            Self::Revenue => AllocationBasis::Revenue,
            Self::ContributionMargin => AllocationBasis::ContributionMargin,
        }
    }
}

impl Driver {
    fn to_pb(self) -> AllocationDriver {
        match self {
            Self::Sales => AllocationDriver::Sales,
            Self::Units => AllocationDriver::Units,
            Self::Invoices => AllocationDriver::Invoices,
            Self::Complaints => AllocationDriver::Complaints,
            Self::SpecialDemands => AllocationDriver::SpecialDemands,
            Self::Minutes => AllocationDriver::Minutes,
        }
    }
}

impl CompareArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = CompareAllocationPoliciesRequest {
            tenant_id: connection.tenant(),
            period: self.period.interval()?,
            cost_model_version: self.cost_model,
            pool_ids: self.pools.clone(),
            equal_per_customer: None,
            proportional_to_basis: Some(ProportionalToBasis {
                basis: self.proportion.to_pb().into(),
            }),
            by_driver: Some(ByDriver {
                driver: self.driver.to_pb().into(),
                ..ByDriver::default()
            }),
            time_driven: Some(TimeDriven {
                practical_capacity_minutes: self.capacity.clone().map(|value| Decimal { value }),
                ..TimeDriven::default()
            }),
            customer_count: self.limit,
            read_options: self.read.options(),
        };
        let mut client = connection.cost_models();
        let answer = client.compare_allocation_policies(connection.request(request));
        let answer = answer.await?.into_inner();
        let period = self.period.text();
        show(
            format,
            &answer,
            || text(&answer, &period),
            || sheet(&answer),
        )
    }
}

/// The ways in a word each.
fn names(outcomes: &[AllocationOutcome]) -> Vec<&'static str> {
    let names = outcomes.iter().map(|outcome| match &outcome.policy {
        None => "as it is",
        policy => policy_name(policy),
    });
    names.collect()
}

fn outcome_grid(outcomes: &[AllocationOutcome], names: &[&str]) -> Grid {
    let mut grid = Grid::new(&[
        ("Allocated", Side::Left),
        ("Borne", Side::Right),
        ("By nobody", Side::Right),
        ("Net profit", Side::Right),
        ("Loss-makers", Side::Right),
        ("Change sign", Side::Right),
        ("Move", Side::Right),
    ]);
    for (outcome, name) in outcomes.iter().zip(names) {
        grid.row([
            (*name).to_owned(),
            shown(&outcome.allocated_fixed_cost),
            shown(&outcome.unallocated_fixed_cost),
            shown(&outcome.net_profit),
            count(outcome.negative_count),
            count(outcome.sign_change_count),
            count(outcome.rank_change_count),
        ]);
    }
    grid
}

fn text(answer: &CompareAllocationPoliciesResponse, period: &str) -> String {
    let currency = currency_of(answer.outcomes.iter().map(|outcome| &outcome.net_profit));
    let names = names(&answer.outcomes);
    let mut text = format!(
        "Ways of allocating, {period}, cost model {}, {} active customers, {currency}\n\n{}\n",
        answer.cost_model_version,
        count(answer.active_customer_count),
        outcome_grid(&answer.outcomes, &names),
    );
    let mut columns = vec![("Customer", Side::Left)];
    columns.extend(names.iter().map(|name| (*name, Side::Right)));
    columns.push(("", Side::Left));
    let mut grid = Grid::new(&columns);
    for customer in &answer.customers {
        let mut cells = vec![customer.customer_id.clone()];
        cells.extend(customer.standings.iter().map(standing));
        cells.push(sign_note(customer.changes_sign));
        grid.row_of(cells);
    }
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "Net profit and rank of those who differ the most\n\n{grid}"
    );
    text
}

fn standing(standing: &AllocationStanding) -> String {
    format!("{} #{}", shown(&standing.net_profit), count(standing.rank))
}

fn sign_note(changes_sign: bool) -> String {
    if changes_sign { "changes sign" } else { "" }.to_owned()
}

fn sheet(answer: &CompareAllocationPoliciesResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_id",
        "display_name",
        "policy",
        "currency_code",
        "allocated_fixed_cost",
        "net_profit",
        "rank",
    ]);
    let names = names(&answer.outcomes);
    for customer in &answer.customers {
        for (standing, name) in customer.standings.iter().zip(&names) {
            sheet.row([
                customer.customer_id.clone(),
                customer.display_name.clone(),
                (*name).to_owned(),
                currency_of([&standing.net_profit]).to_owned(),
                plain(&standing.allocated_fixed_cost),
                plain(&standing.net_profit),
                standing.rank.to_string(),
            ]);
        }
    }
    sheet
}

/// What a cost model would change, for people.
pub fn preview_text(preview: &CostModelPreview, period: &str) -> String {
    let outcomes: Vec<_> = preview
        .before
        .iter()
        .chain(&preview.after)
        .cloned()
        .collect();
    let currency = currency_of(outcomes.iter().map(|outcome| &outcome.net_profit));
    let mut text = format!(
        "It would change the net profit of {} of {} active customers, {period}, {currency}\n\n{}\n",
        count(preview.changed_count),
        count(preview.active_customer_count),
        outcome_grid(&outcomes, &["as it is", "as it would be"]),
    );
    let mut grid = Grid::new(&[
        ("Customer", Side::Left),
        ("As it is", Side::Right),
        ("As it would be", Side::Right),
        ("", Side::Left),
    ]);
    for change in &preview.changes {
        grid.row([
            change.customer_id.clone(),
            change.before.as_ref().map(standing).unwrap_or_default(),
            change.after.as_ref().map(standing).unwrap_or_default(),
            sign_note(change.changes_sign),
        ]);
    }
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{grid}");
    text
}
