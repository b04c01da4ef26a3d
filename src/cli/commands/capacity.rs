//! `profitscore costs capacity`.

use crate::{
    api::pb::{CapacityUse, GetCapacityUseRequest, GetCapacityUseResponse, capacity_use::Resource},
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{currency_of, decimal, percent, plain, shown},
            show,
        },
    },
};

#[derive(Debug, clap::Args)]
pub struct CapacityArguments {
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    read: ReadArguments,
    /// Use this version of the cost model instead of the one that holds
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
}

impl CapacityArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = GetCapacityUseRequest {
            tenant_id: connection.tenant(),
            period: self.period.interval()?,
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
        };
        let mut client = connection.cost_models();
        let answer = client.get_capacity_use(connection.request(request));
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

fn name(one: &CapacityUse) -> (&'static str, String) {
    match &one.resource {
        Some(Resource::RoleId(role)) => ("role", role.clone()),
        Some(Resource::PoolId(pool)) => ("pool", pool.clone()),
        None => ("", String::new()),
    }
}

fn text(answer: &GetCapacityUseResponse, period: &str) -> String {
    let currency = currency_of(answer.uses.iter().map(|one| &one.capacity_cost));
    let mut grid = Grid::new(&[
        ("Capacity of", Side::Left),
        ("Minutes", Side::Right),
        ("Used", Side::Right),
        ("Unused", Side::Right),
        ("Use", Side::Right),
        ("Cost", Side::Right),
        ("Borne", Side::Right),
        ("Unused cost", Side::Right),
    ]);
    for one in &answer.uses {
        let (kind, id) = name(one);
        grid.row([
            format!("{kind} {id}"),
            decimal(&one.practical_capacity_minutes),
            decimal(&one.used_minutes),
            decimal(&one.unused_minutes),
            percent(one.utilization),
            shown(&one.capacity_cost),
            shown(&one.used_cost),
            shown(&one.unused_cost),
        ]);
    }
    format!(
        "Practical capacities, {period}, cost model {}, {currency}\n\n{grid}",
        answer.cost_model_version
    )
}

fn sheet(answer: &GetCapacityUseResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "kind",
        "id",
        "practical_capacity_minutes",
        "used_minutes",
        "unused_minutes",
        "currency_code",
        "capacity_cost",
        "used_cost",
        "unused_cost",
    ]);
    for one in &answer.uses {
        let (kind, id) = name(one);
        sheet.row([
            kind.to_owned(),
            id,
            decimal(&one.practical_capacity_minutes),
            decimal(&one.used_minutes),
            decimal(&one.unused_minutes),
            currency_of([&one.capacity_cost]).to_owned(),
            plain(&one.capacity_cost),
            plain(&one.used_cost),
            plain(&one.unused_cost),
        ]);
    }
    sheet
}
