//! `profitscore advise time`.

use crate::{
    api::pb::{
        AllocateTimeRequest, AllocateTimeResponse, TimeGain, TimeReturns, google_type::Decimal,
    },
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, decimal, plain, shown},
            proof, show,
        },
    },
};

#[derive(Debug, clap::Args)]
pub struct TimeArguments {
    /// The account manager
    #[arg(value_name = "ACCOUNT_MANAGER")]
    manager: String,
    /// How many hours there are in a month, travel included
    #[arg(long)]
    hours: String,
    /// How many minutes each account gets at least
    #[arg(long, value_name = "MINUTES")]
    minimum: Option<String>,
    /// How many minutes a block of contact has; 30 if not given
    #[arg(long, value_name = "MINUTES")]
    block: Option<String>,
    /// How many minutes of travel go with each block
    #[arg(long, value_name = "MINUTES")]
    travel: Option<String>,
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    read: ReadArguments,
    /// Use this version of the cost model instead of the newest
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
}

fn number(text: &str) -> Decimal {
    Decimal {
        value: text.to_owned(),
    }
}

impl TimeArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let optional = |text: &Option<String>| text.as_deref().map(number);
        let request = AllocateTimeRequest {
            tenant_id: connection.tenant(),
            account_manager_id: self.manager.clone(),
            period: self.period.interval()?,
            hours: Some(number(&self.hours)),
            minimum_minutes_per_account: optional(&self.minimum),
            block_minutes: optional(&self.block),
            travel_minutes_per_block: optional(&self.travel),
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
        };
        let mut client = connection.advice();
        let answer = client.allocate_time(connection.request(request)).await?;
        let answer = answer.into_inner();
        show(format, &answer, || self.text(&answer), || sheet(&answer))
    }

    fn text(&self, answer: &AllocateTimeResponse) -> String {
        let currency = currency_of(answer.control_total.iter().map(|total| &total.ledger));
        let totals = answer.totals.clone().unwrap_or_default();
        let evidence = answer.evidence.unwrap_or_default();
        let mut grid = Grid::new(&[
            ("Account", Side::Left),
            ("Minutes now", Side::Right),
            ("Equal", Side::Right),
            ("Advised", Side::Right),
            ("Margin now", Side::Right),
            ("Advised", Side::Right),
            ("Next block", Side::Right),
            ("Revenue/hour", Side::Right),
            ("Profit/hour", Side::Right),
        ]);
        for one in &answer.accounts {
            let history = one.history.clone().unwrap_or_default();
            grid.row([
                one.customer_id.clone(),
                decimal(&one.today_minutes),
                decimal(&one.equal_minutes),
                decimal(&one.advised_minutes),
                shown(&one.today_margin),
                shown(&one.advised_margin),
                shown(&one.next_block_return),
                shown(&history.revenue_per_hour),
                shown(&history.profit_per_hour),
            ]);
        }
        format!(
            "{} hours a month of {}, learnt from {}, cost model {}, {currency}\n\n{grid}\n\
             A month: {} advised, {} with equal time, {} as now\n\
             Gain over equal time: {}\nGain over now: {}\n\
             Learnt from {} of {} accounts over {} months\n{}",
            self.hours,
            self.manager,
            self.period.text(),
            answer.cost_model_version,
            shown(&totals.advised_margin),
            shown(&totals.equal_margin),
            shown(&totals.today_margin),
            gain(&totals.gain_over_equal),
            gain(&totals.gain_over_today),
            count(evidence.informative_account_count),
            count(evidence.account_count),
            count(evidence.month_count),
            proof(&answer.control_total, &answer.read_at),
        )
    }
}

fn gain(gain: &Option<TimeGain>) -> String {
    let gain = gain.clone().unwrap_or_default();
    format!(
        "{}, from {} to {} in 95 of 100 cases",
        shown(&gain.expected),
        shown(&gain.lower),
        shown(&gain.upper)
    )
}

fn sheet(answer: &AllocateTimeResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_id",
        "today_minutes",
        "equal_minutes",
        "advised_minutes",
        "currency_code",
        "today_margin",
        "equal_margin",
        "advised_margin",
        "minutes",
        "net_revenue",
        "contribution_margin",
        "customer_margin",
        "revenue_per_hour",
        "profit_per_hour",
        "previous_account_manager_id",
    ]);
    for one in &answer.accounts {
        let history: TimeReturns = one.history.clone().unwrap_or_default();
        sheet.row([
            one.customer_id.clone(),
            decimal(&one.today_minutes),
            decimal(&one.equal_minutes),
            decimal(&one.advised_minutes),
            currency_of([&one.advised_margin]).to_owned(),
            plain(&one.today_margin),
            plain(&one.equal_margin),
            plain(&one.advised_margin),
            decimal(&history.minutes),
            plain(&history.net_revenue),
            plain(&history.contribution_margin),
            plain(&history.customer_margin),
            plain(&history.revenue_per_hour),
            plain(&history.profit_per_hour),
            one.previous_account_manager_id.clone(),
        ]);
    }
    sheet
}
