//! `profitscore advise end-worst`.

use crate::{
    api::pb::{
        EndedCustomer, EndingBasis, EndingStep, SimulatePortfolioRequest,
        simulate_portfolio_response::Part,
    },
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side, json,
            money::{count, currency_of, decimal, plain, shown},
            note, proof, warn_of_costs, write,
        },
    },
};

/// From how many customers on it is told how far reading is.
const TOLD_FROM: i64 = 100_000;

#[derive(Debug, clap::Args)]
pub struct EndWorstArguments {
    /// How many of the worst to end first; all that are below zero if not given
    #[arg(value_name = "N", default_value_t = 0, hide_default_value = true)]
    worst: i64,
    #[command(flatten)]
    period: PeriodArguments,
    /// By customer margin, which is what goes with a customer, instead of net profit
    #[arg(long)]
    by_margin: bool,
    /// How many steps at most; 20 if not given
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    steps: i32,
    /// How many customers of each step to name; 20 if not given
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    listed: i32,
    /// Use this version of the cost model instead of the one that holds
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
    #[command(flatten)]
    read: ReadArguments,
}

impl EndWorstArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let basis = match self.by_margin {
            true => EndingBasis::CustomerMargin,
            false => EndingBasis::NetProfit,
        };
        let request = SimulatePortfolioRequest {
            tenant_id: connection.tenant(),
            period: self.period.interval()?,
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
            ending_count: self.worst,
            basis: basis.into(),
            step_limit: self.steps,
            listed_count: self.listed,
        };
        let mut client = connection.advice();
        let parts = client.simulate_portfolio(connection.patient_request(request));
        let mut parts = parts.await?.into_inner();
        let mut steps = Vec::new();
        while let Some(part) = parts.message().await? {
            match part.part {
                Some(Part::Step(step)) => steps.push(step),
                Some(Part::Progress(progress)) if progress.customer_count >= TOLD_FROM => {
                    let (read, all) = (progress.read_count, progress.customer_count);
                    note(&format!("read {} of {} customers", count(read), count(all)));
                }
                Some(Part::Progress(_)) | None => {}
            }
        }
        if let Some(first) = steps.first() {
            warn_of_costs(&first.cost_basis);
        }
        let period = self.period.text();
        match format {
            Format::Table => write(&text(&steps, &period)),
            Format::Json => {
                // Steps are many messages, one after the other.
                for step in &steps {
                    write(&(json::to_json(step)? + "\n"))?;
                }
                Ok(())
            }
            Format::Csv => write(&sheet(&steps).to_csv()?),
        }
    }
}

fn text(steps: &[EndingStep], period: &str) -> String {
    let books = |step: &EndingStep| step.books.clone().unwrap_or_default();
    let currency = currency_of(steps.iter().map(|step| &step.stranded_fixed_cost));
    let mut grid = Grid::new(&[
        ("Step", Side::Right),
        ("Ended", Side::Right),
        ("Their margin", Side::Right),
        ("Freed minutes", Side::Right),
        ("Stranded", Side::Right),
        ("Turned", Side::Right),
        ("Left", Side::Right),
        ("Below zero", Side::Right),
        ("Margin", Side::Right),
        ("Fixed cost", Side::Right),
        ("by nobody", Side::Right),
        ("Profit", Side::Right),
    ]);
    for step in steps {
        let books = books(step);
        grid.row([
            count(step.step),
            count(step.ended_count),
            shown(&step.ended_customer_margin),
            decimal(&step.freed_minutes),
            shown(&step.stranded_fixed_cost),
            count(step.turned_unprofitable_count),
            count(books.customer_count),
            count(step.negative_count),
            shown(&books.customer_margin),
            shown(&books.allocated_fixed_cost),
            shown(&books.unallocated_fixed_cost),
            shown(&books.profit_after_all_fixed_cost),
        ]);
    }
    let mut text = format!("Ending the worst customers, {period}, {currency}\n\n{grid}");
    for step in steps
        .iter()
        .filter(|step| step.referral_value_lost.is_some())
    {
        text += &format!(
            "{}Step {}: {} is credited to those who are gone for those who are left; profit less that: {}\n",
            if step.step == 0 { "\n" } else { "" },
            count(step.step),
            shown(&step.referral_value_lost),
            shown(&step.profit_after_referrals),
        );
    }
    for step in steps.iter().skip(1) {
        let number = count(step.step);
        text += &customers(&format!("Step {number}: ended"), &step.ended);
        text += &customers(
            &format!("Step {number}: turned unprofitable"),
            &step.turned_unprofitable,
        );
    }
    let first = steps.first().cloned().unwrap_or_default();
    format!("{text}\n{}", proof(&first.control_total, &first.read_at))
}

fn customers(title: &str, customers: &[EndedCustomer]) -> String {
    if customers.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(&[
        ("Customer", Side::Left),
        ("Revenue", Side::Right),
        ("Customer margin", Side::Right),
        ("Net profit before", Side::Right),
        ("after", Side::Right),
    ]);
    for one in customers {
        grid.row([
            one.customer_id.clone(),
            shown(&one.net_revenue),
            shown(&one.customer_margin),
            shown(&one.net_profit_before),
            shown(&one.net_profit_after),
        ]);
    }
    format!("\n{title}\n{grid}")
}

fn sheet(steps: &[EndingStep]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "step",
        "ended_count",
        "currency_code",
        "ended_net_revenue",
        "ended_customer_margin",
        "freed_minutes",
        "stranded_fixed_cost",
        "turned_unprofitable_count",
        "negative_count",
        "customer_count",
        "customer_margin",
        "allocated_fixed_cost",
        "unallocated_fixed_cost",
        "profit_after_all_fixed_cost",
        "referral_value_lost",
        "profit_after_referrals",
    ]);
    for step in steps {
        let books = step.books.clone().unwrap_or_default();
        sheet.row([
            step.step.to_string(),
            step.ended_count.to_string(),
            currency_of([&step.stranded_fixed_cost]).to_owned(),
            plain(&step.ended_net_revenue),
            plain(&step.ended_customer_margin),
            decimal(&step.freed_minutes),
            plain(&step.stranded_fixed_cost),
            step.turned_unprofitable_count.to_string(),
            step.negative_count.to_string(),
            books.customer_count.to_string(),
            plain(&books.customer_margin),
            plain(&books.allocated_fixed_cost),
            plain(&books.unallocated_fixed_cost),
            plain(&books.profit_after_all_fixed_cost),
            plain(&step.referral_value_lost),
            plain(&step.profit_after_referrals),
        ]);
    }
    sheet
}
