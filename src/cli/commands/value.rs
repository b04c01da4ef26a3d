//! `profitscore value`.

use super::results::{Outcome, check};
use crate::{
    api::pb::{
        CustomerValue, CustomerValueModel, CustomerValueResult, FrequencyModel,
        GetCustomerValueRequest, GetCustomerValueResponse, ModelParameter, MoneyEstimate,
        ValueTerms, customer_value_result, google_type::Decimal,
    },
    cli::{
        arguments::{FilterArguments, PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, exact, number, percent, plain, shown},
            show,
        },
    },
};

/// How far ahead customers are valued, and how.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Customer value")]
pub struct TermsArguments {
    /// Over how many days customers are valued
    #[arg(long, value_name = "DAYS", default_value_t = 365)]
    horizon: i32,
    /// By how much what comes a year later is worth less, 0 to 1; 0.1 if not given
    #[arg(long, value_name = "RATE")]
    discount: Option<String>,
    /// How many days the next period has
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    next_period: i32,
    /// The trait that says which segment a customer is of
    #[arg(
        long,
        value_name = "KEY",
        default_value = "",
        hide_default_value = true
    )]
    segment: String,
}

impl TermsArguments {
    /// The terms on the wire.
    pub fn terms(&self) -> ValueTerms {
        ValueTerms {
            horizon_days: self.horizon,
            annual_discount_rate: self.discount.clone().map(|value| Decimal { value }),
            next_period_days: self.next_period,
            segment_trait: self.segment.clone(),
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct ValueArguments {
    /// Which customers, at most 1,000
    #[arg(value_name = "CUSTOMER", required = true)]
    ids: Vec<String>,
    #[command(flatten)]
    terms: TermsArguments,
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    read: ReadArguments,
    /// Use this version of the cost model instead of the newest
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
}

impl ValueArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = GetCustomerValueRequest {
            tenant_id: connection.tenant(),
            customer_ids: self.ids.clone(),
            period: self.period.interval()?,
            terms: Some(self.terms.terms()),
            filter: self.filter.filter(connection).await?,
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
        };
        let mut client = connection.values();
        let answer = client.get_customer_value(connection.request(request));
        let answer = answer.await?.into_inner();
        show(format, &answer, || text(&answer), || sheet(&answer))?;
        check(
            self.ids
                .iter()
                .cloned()
                .zip(answer.results.iter().map(outcome)),
        )
    }
}

fn outcome(result: &CustomerValueResult) -> Outcome<'_> {
    match &result.outcome {
        Some(customer_value_result::Outcome::Rejection(rejection)) => Outcome::Refused(rejection),
        Some(customer_value_result::Outcome::Value(_)) | None => Outcome::Done,
    }
}

fn value_of(result: &CustomerValueResult) -> Option<&CustomerValue> {
    match &result.outcome {
        Some(customer_value_result::Outcome::Value(value)) => Some(value),
        Some(customer_value_result::Outcome::Rejection(_)) | None => None,
    }
}

/// A number for people.
fn short(number: f64) -> String {
    format!("{number:.2}")
}

/// An amount and the 90% interval of what it comes to.
fn ranged(estimate: &Option<MoneyEstimate>) -> [String; 2] {
    match estimate {
        Some(one) => [
            shown(&one.expected),
            format!("{} to {}", shown(&one.lower), shown(&one.upper)),
        ],
        None => ["-".to_owned(), "-".to_owned()],
    }
}

fn text(answer: &GetCustomerValueResponse) -> String {
    let mut grid = Grid::new(&[
        ("Customer", Side::Left),
        ("Name", Side::Left),
        ("Orders seen", Side::Right),
        ("Alive", Side::Right),
        ("Retained", Side::Right),
        ("Orders", Side::Right),
        ("Revenue", Side::Right),
        ("Profit", Side::Right),
        ("90% of outcomes", Side::Right),
        ("At risk", Side::Right),
        ("Next period", Side::Right),
    ]);
    for result in &answer.results {
        let Some(value) = value_of(result) else {
            grid.row_of([result.customer_id.clone(), "refused".to_owned()]);
            continue;
        };
        let [profit, outcomes] = ranged(&value.expected_profit);
        let [revenue, _] = ranged(&value.discounted_revenue);
        let [next, _] = ranged(&value.next_period_revenue);
        grid.row([
            result.customer_id.clone(),
            result.display_name.clone(),
            count(value.order_count),
            percent(Some(value.probability_alive)),
            percent(Some(value.retention_probability)),
            short(value.expected_orders.map_or(0.0, |orders| orders.expected)),
            revenue,
            profit,
            outcomes,
            shown(&value.value_at_risk),
            next,
        ]);
    }
    let model = answer.model.as_ref().map_or_else(String::new, model_text);
    format!("{grid}\n{model}")
}

/// What everything was learnt by, for people.
fn model_text(model: &CustomerValueModel) -> String {
    let parameters = |all: &[ModelParameter]| {
        let each = all
            .iter()
            .map(|one| format!("{} {:.3}", one.name, one.value));
        each.collect::<Vec<_>>().join(", ")
    };
    format!(
        "Over {} days, at {} less a year\nLearnt from {} customers, {} of whom ordered again\n{}: {}\n\
         Gamma-Gamma: {}\nOf all revenue {} is margin; a week costs {} to serve\n",
        model.horizon_days,
        model
            .annual_discount_rate
            .as_ref()
            .map_or("", |rate| rate.value.as_str()),
        count(model.customer_count),
        count(model.repeat_customer_count),
        model_name(model.frequency_model()),
        parameters(&model.frequency_parameters),
        parameters(&model.spend_parameters),
        percent(Some(model.margin_rate)),
        exact(&model.weekly_cost),
    )
}

fn model_name(model: FrequencyModel) -> &'static str {
    match model {
        FrequencyModel::Unspecified => "no model",
        FrequencyModel::BgNbd => "BG/NBD",
        FrequencyModel::MbgNbd => "MBG/NBD",
        FrequencyModel::ParetoNbd => "Pareto/NBD",
    }
}

fn sheet(answer: &GetCustomerValueResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_id",
        "display_name",
        "currency_code",
        "order_count",
        "probability_alive",
        "retention_probability",
        "order_probability",
        "expected_orders",
        "discounted_revenue",
        "expected_profit",
        "expected_profit_lower",
        "expected_profit_upper",
        "outcome_lower",
        "outcome_upper",
        "value_at_risk",
        "upside_profit",
        "next_period_revenue",
        "margin_rate",
        "weekly_cost",
        "segment",
    ]);
    for result in &answer.results {
        let Some(value) = value_of(result) else {
            continue;
        };
        let profit = value.expected_profit.clone().unwrap_or_default();
        let expected = |estimate: &Option<MoneyEstimate>| {
            estimate
                .as_ref()
                .map_or_else(String::new, |one| plain(&one.expected))
        };
        sheet.row([
            result.customer_id.clone(),
            result.display_name.clone(),
            currency_of([&profit.expected]).to_owned(),
            value.order_count.to_string(),
            value.probability_alive.to_string(),
            value.retention_probability.to_string(),
            value.order_probability.to_string(),
            number(value.expected_orders.map(|orders| orders.expected)),
            expected(&value.discounted_revenue),
            plain(&profit.expected),
            plain(&profit.expected_lower),
            plain(&profit.expected_upper),
            plain(&profit.lower),
            plain(&profit.upper),
            plain(&value.value_at_risk),
            plain(&value.upside_profit),
            expected(&value.next_period_revenue),
            value.margin_rate.to_string(),
            plain(&value.weekly_cost),
            value.segment.clone(),
        ]);
    }
    sheet
}
