//! `profitscore advise simulate`.

use super::{money, part, short};
use crate::{
    api::pb::{
        BooksOutcome, SimulateRelationshipRequest, SimulateRelationshipResponse, SimulatedAction,
        SimulationTerms, simulation_terms::Target,
    },
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, decimal, number, percent, plain, shown},
            proof, show, warn_of_costs,
        },
    },
};
use std::fmt::Write as _;

#[derive(Debug, clap::Args)]
pub struct SimulateArguments {
    /// The customer
    #[arg(value_name = "CUSTOMER")]
    customer: String,
    #[command(flatten)]
    period: PeriodArguments,
    /// Over how many months things are expected; 12 if not given
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    months: i32,
    /// By which part a month's earnings of a year later are worth less; 0.1 if not given
    #[arg(long, value_name = "PART")]
    discount: Option<String>,
    /// The net profit that a remedy is to restore; 0 if not given
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    target_profit: Option<String>,
    /// The customer margin that a remedy is to restore, instead
    #[arg(
        long,
        value_name = "AMOUNT",
        allow_hyphen_values = true,
        conflicts_with = "target_profit"
    )]
    target_margin: Option<String>,
    /// What an hour of work would earn elsewhere, before its cost
    #[arg(long, value_name = "AMOUNT")]
    opportunity_rate: Option<String>,
    /// Which part of freed hours is put to use elsewhere; the rest is saved
    #[arg(long, value_name = "PART")]
    redeployed: Option<String>,
    /// By which part the price is raised; by what reaches the target if not given
    #[arg(long, value_name = "PART")]
    price_rise: Option<String>,
    /// By how many percent more is bought for each percent of price; -1 if not given
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    elasticity: Option<String>,
    /// The chance that the customer leaves when the price rises by a tenth; 0.1 if not given
    #[arg(long, value_name = "PART")]
    attrition: Option<String>,
    /// How many months declining work takes; 3 if not given
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    wind_down: i32,
    /// How likely a walk-away price is to be refused at least; 0.95 if not given
    #[arg(long, value_name = "PART")]
    refusal: Option<String>,
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

impl SimulateArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = SimulateRelationshipRequest {
            tenant_id: connection.tenant(),
            customer_id: self.customer.clone(),
            period: self.period.interval()?,
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
            terms: Some(self.terms()?),
        };
        let mut client = connection.advice();
        let answer = client.simulate_relationship(connection.request(request));
        let answer = answer.await?.into_inner();
        warn_of_costs(&answer.cost_basis);
        let period = self.period.text();
        show(
            format,
            &answer,
            || text(&answer, &period),
            || sheet(&answer),
        )
    }

    fn terms(&self) -> Result<SimulationTerms, Failure> {
        let amount = |text: &Option<String>, flag| money(text.as_ref(), &self.currency, flag);
        let margin = amount(&self.target_margin, "--target-margin")?;
        let profit = amount(&self.target_profit, "--target-profit")?;
        let target = margin.map(Target::TargetCustomerMargin);
        Ok(SimulationTerms {
            horizon_months: self.months,
            discount_rate_per_year: part(self.discount.as_ref()),
            target: target.or(profit.map(Target::TargetNetProfit)),
            opportunity_rate_per_hour: amount(&self.opportunity_rate, "--opportunity-rate")?,
            redeployed_share: part(self.redeployed.as_ref()),
            price_rise: part(self.price_rise.as_ref()),
            price_elasticity: part(self.elasticity.as_ref()),
            attrition_per_tenth: part(self.attrition.as_ref()),
            wind_down_months: self.wind_down,
            walk_away_refusal: part(self.refusal.as_ref()),
        })
    }
}

fn name(action: &SimulatedAction) -> &'static str {
    short(action.action().as_str_name(), "RELATIONSHIP_ACTION_")
}

fn step(action: &SimulatedAction) -> &'static str {
    short(action.step().as_str_name(), "REMEDY_STEP_")
}

/// What is particular to an action.
fn detail(action: &SimulatedAction) -> String {
    let obstacle = action.obstacle().as_str_name();
    if action.expected_value.is_none() {
        return short(obstacle, "ACTION_OBSTACLE_").to_owned();
    }
    if let Some(minutes) = &action.break_even_minutes {
        return format!("to {} minutes", minutes.value);
    }
    if action.fee_per_demand.is_some() {
        return format!("{} each demand", shown(&action.fee_per_demand));
    }
    if action.expected_value_if_accepted.is_some() {
        let accepted = shown(&action.expected_value_if_accepted);
        return format!("by {}, {accepted} if accepted", percent(action.price_rise));
    }
    if action.price_rise.is_some() {
        let stay = percent(action.stay_probability);
        return format!("by {}, {stay} stay", percent(action.price_rise));
    }
    String::new()
}

fn text(answer: &SimulateRelationshipResponse, period: &str) -> String {
    let currency = currency_of(answer.control_total.iter().map(|total| &total.ledger));
    let statement = answer.statement.clone().unwrap_or_default();
    let mut text = format!(
        "{}, {period}, {currency}\n\nRevenue {}, customer margin {}, share of fixed costs {}, net profit {}\n",
        answer.customer_id,
        shown(&statement.net_revenue),
        shown(&statement.customer_margin),
        shown(&statement.allocated_fixed_cost),
        shown(&statement.net_profit),
    );
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "Missing to the target: {}; owes {}, of which overdue {}",
        shown(&answer.shortfall),
        shown(&answer.receivables_open),
        shown(&answer.receivables_overdue),
    );
    let loyalty = answer.loyalty.unwrap_or_default();
    let rate = answer.run_rate.clone().unwrap_or_default();
    let _ = writeln!(
        text,
        "Here for {} months, active in {} of the last 12; {} a month over {} months",
        count(loyalty.tenure_months),
        count(loyalty.active_months),
        shown(&rate.margin_per_month),
        count(rate.months),
    );
    text += &format!("\n{}\n{}", actions(answer), books(answer));
    text += &referrals(answer);
    let advised = answer.advised_action().as_str_name();
    let _ = writeln!(
        text,
        "\nAdvised: {}",
        short(advised, "RELATIONSHIP_ACTION_")
    );
    for warning in answer.warnings() {
        let warning = short(warning.as_str_name(), "SIMULATION_WARNING_");
        let _ = writeln!(text, "Careful: {warning}");
    }
    text + &proof(&answer.control_total, &answer.read_at)
}

fn actions(answer: &SimulateRelationshipResponse) -> Grid {
    let mut grid = Grid::new(&[
        ("Step", Side::Left),
        ("Action", Side::Left),
        ("Margin then", Side::Right),
        ("Avoided", Side::Right),
        ("Stranded", Side::Right),
        ("Freed minutes", Side::Right),
        ("Profit changes", Side::Right),
        ("Expected", Side::Right),
        ("Low", Side::Right),
        ("High", Side::Right),
        ("Over keeping", Side::Right),
        ("", Side::Left),
    ]);
    for action in &answer.actions {
        grid.row([
            step(action).to_owned(),
            name(action).to_owned(),
            shown(&action.customer_margin),
            shown(&action.avoided_cost),
            shown(&action.stranded_fixed_cost),
            decimal(&action.freed_minutes),
            shown(&action.profit_change),
            shown(&action.expected_value),
            shown(&action.expected_value_low),
            shown(&action.expected_value_high),
            shown(&action.value_over_keeping),
            detail(action),
        ]);
    }
    grid
}

/// What leaves with it beside its own margin, if it ever referred anybody.
fn referrals(answer: &SimulateRelationshipResponse) -> String {
    let Some(brings) = &answer.referrals else {
        return String::new();
    };
    let mut grid = Grid::new(&[
        ("With those it brought", Side::Left),
        ("Profit changes", Side::Right),
        ("Credited, lost", Side::Right),
        ("Word of mouth, lost", Side::Right),
        ("Total over keeping", Side::Right),
    ]);
    for action in answer
        .actions
        .iter()
        .filter(|one| one.expected_value.is_some())
    {
        grid.row([
            name(action).to_owned(),
            shown(&action.profit_change_with_referrals),
            shown(&action.expected_referral_value_lost),
            shown(&action.expected_word_of_mouth_lost),
            shown(&action.total_value_over_keeping),
        ]);
    }
    format!(
        "\nCredited to it for those it brought: {}, {} a month; it brings {:.2} a month, each worth {} \
         a month\n\n{grid}",
        shown(&brings.referral_value),
        shown(&brings.referral_value_per_month),
        brings.arrivals_per_month,
        shown(&brings.worth_per_arrival_and_month),
    )
}

fn books(answer: &SimulateRelationshipResponse) -> Grid {
    let mut grid = Grid::new(&[
        ("The firm", Side::Left),
        ("Revenue", Side::Right),
        ("Customer margin", Side::Right),
        ("Fixed cost borne", Side::Right),
        ("by nobody", Side::Right),
        ("Profit", Side::Right),
    ]);
    let mut row = |name: &str, books: &Option<BooksOutcome>| {
        let books = books.clone().unwrap_or_default();
        grid.row([
            name.to_owned(),
            shown(&books.net_revenue),
            shown(&books.customer_margin),
            shown(&books.allocated_fixed_cost),
            shown(&books.unallocated_fixed_cost),
            shown(&books.profit_after_all_fixed_cost),
        ]);
    };
    row("with it", &answer.books_with);
    row("without it", &answer.books_without);
    grid
}

fn sheet(answer: &SimulateRelationshipResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "step",
        "action",
        "obstacle",
        "currency_code",
        "net_revenue",
        "customer_margin",
        "avoided_cost",
        "stranded_fixed_cost",
        "freed_minutes",
        "saved_minutes",
        "redeployed_minutes",
        "redeployed_value",
        "profit_change",
        "break_even_minutes",
        "fee_total",
        "price_rise",
        "expected_value",
        "expected_value_low",
        "expected_value_high",
        "value_over_keeping",
        "expected_referrals_lost",
        "referral_value_lost",
        "expected_referral_value_lost",
        "expected_word_of_mouth_lost",
        "total_value_over_keeping",
    ]);
    for action in &answer.actions {
        let obstacle = action.obstacle().as_str_name();
        let is_possible = action.expected_value.is_some();
        sheet.row([
            step(action).to_owned(),
            name(action).to_owned(),
            match is_possible {
                true => String::new(),
                false => short(obstacle, "ACTION_OBSTACLE_").to_owned(),
            },
            currency_of([&answer.shortfall]).to_owned(),
            plain(&action.net_revenue),
            plain(&action.customer_margin),
            plain(&action.avoided_cost),
            plain(&action.stranded_fixed_cost),
            decimal(&action.freed_minutes),
            decimal(&action.saved_minutes),
            decimal(&action.redeployed_minutes),
            plain(&action.redeployed_value),
            plain(&action.profit_change),
            decimal(&action.break_even_minutes),
            plain(&action.fee_total),
            number(action.price_rise),
            plain(&action.expected_value),
            plain(&action.expected_value_low),
            plain(&action.expected_value_high),
            plain(&action.value_over_keeping),
            number(is_possible.then_some(action.expected_referrals_lost)),
            plain(&action.referral_value_lost),
            plain(&action.expected_referral_value_lost),
            plain(&action.expected_word_of_mouth_lost),
            plain(&action.total_value_over_keeping),
        ]);
    }
    sheet
}
