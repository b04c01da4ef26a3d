//! `profitscore advise cross-sell` and `profitscore advise expansion`.

use crate::{
    api::pb::{
        RankExpansionRequest, RankExpansionResponse, SuggestCrossSellRequest,
        SuggestCrossSellResponse, google_type::Decimal,
    },
    cli::{
        arguments::{FilterArguments, PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, decimal, number, plain, shown},
            proof, show, warn_of_costs,
        },
        paging,
    },
};

/// How many lines are shown if the user does not say.
const TOP: usize = 20;

#[derive(Debug, clap::Args)]
pub struct CrossSellArguments {
    /// Only products that this customer does not buy
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// How many products
    #[arg(long, value_name = "N", default_value_t = TOP)]
    top: usize,
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

impl CrossSellArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = SuggestCrossSellRequest {
            tenant_id: connection.tenant(),
            period: self.period.interval()?,
            filter: self.filter.filter(connection).await?,
            customer_id: self.customer.clone().unwrap_or_default(),
            suggestion_count: i32::try_from(self.top.max(1)).unwrap_or(i32::MAX),
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
        };
        let mut client = connection.advice();
        let answer = client.suggest_cross_sell(connection.request(request));
        let answer = answer.await?.into_inner();
        warn_of_costs(&answer.cost_basis);
        let period = self.period.text();
        show(
            format,
            &answer,
            || cross_sell_text(&answer, &period),
            || cross_sell_sheet(&answer),
        )
    }
}

fn cross_sell_text(answer: &SuggestCrossSellResponse, period: &str) -> String {
    let currency = currency_of(answer.control_total.iter().map(|total| &total.ledger));
    let mut grid = Grid::new(&[
        ("Product", Side::Left),
        ("Expected margin", Side::Right),
        ("At least", Side::Right),
        ("At most", Side::Right),
        ("Lift", Side::Right),
        ("At least", Side::Right),
        ("Profitable buyers", Side::Right),
        ("Buyers", Side::Right),
        ("Sure", Side::Left),
    ]);
    for one in &answer.suggestions {
        grid.row([
            one.product_id.clone(),
            shown(&one.expected_margin),
            shown(&one.expected_margin_lower),
            shown(&one.expected_margin_upper),
            number(Some(one.lift)),
            number(Some(one.lift_lower)),
            count(one.profitable_buyer_count),
            count(one.buyer_count),
            if one.is_distinguishing { "yes" } else { "" }.to_owned(),
        ]);
    }
    format!(
        "Products to sell, {period}, {currency}\n\n{grid}\n\
         {} of {} customers are profitable; {} products\n{}",
        count(answer.profitable_count),
        count(answer.customer_count),
        count(answer.product_count),
        proof(&answer.control_total, &answer.read_at),
    )
}

fn cross_sell_sheet(answer: &SuggestCrossSellResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "product_id",
        "currency_code",
        "expected_margin",
        "expected_margin_lower",
        "expected_margin_upper",
        "margin_per_buyer",
        "lift",
        "lift_lower",
        "lift_upper",
        "p_value",
        "is_distinguishing",
        "profitable_buyer_count",
        "buyer_count",
        "candidate_count",
    ]);
    for one in &answer.suggestions {
        sheet.row([
            one.product_id.clone(),
            currency_of([&one.expected_margin]).to_owned(),
            plain(&one.expected_margin),
            plain(&one.expected_margin_lower),
            plain(&one.expected_margin_upper),
            plain(&one.margin_per_buyer),
            one.lift.to_string(),
            one.lift_lower.to_string(),
            one.lift_upper.to_string(),
            one.p_value.to_string(),
            one.is_distinguishing.to_string(),
            one.profitable_buyer_count.to_string(),
            one.buyer_count.to_string(),
            one.candidate_count.to_string(),
        ]);
    }
    sheet
}

#[derive(Debug, clap::Args)]
pub struct ExpansionArguments {
    /// The product
    product: String,
    /// How many units more each is to buy; up to what three of four buyers do not exceed, if not given
    #[arg(long)]
    units: Option<String>,
    /// How many customers
    #[arg(long, value_name = "N", default_value_t = TOP)]
    top: usize,
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

impl ExpansionArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let units = self.units.clone().map(|value| Decimal { value });
        let request = RankExpansionRequest {
            tenant_id: connection.tenant(),
            period: self.period.interval()?,
            product_id: self.product.clone(),
            filter: self.filter.filter(connection).await?,
            units,
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
            ..RankExpansionRequest::default()
        };
        let wanted = Some(self.top.max(1));
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let page = RankExpansionRequest {
                page_size,
                page_token,
                ..request.clone()
            };
            let mut client = connection.advice();
            let answer = client.rank_expansion(connection.request(page));
            Ok(answer.await?.into_inner())
        });
        let answer: RankExpansionResponse = answer.await?;
        let period = self.period.text();
        show(
            format,
            &answer,
            || self.text(&answer, &period),
            || expansion_sheet(&answer),
        )
    }

    fn text(&self, answer: &RankExpansionResponse, period: &str) -> String {
        let currency = currency_of(answer.control_total.iter().map(|total| &total.ledger));
        let mut grid = Grid::new(&[
            ("Customer", Side::Left),
            ("Units now", Side::Right),
            ("More", Side::Right),
            ("List price", Side::Right),
            ("Net price", Side::Right),
            ("Tier", Side::Left),
            ("Margin", Side::Right),
            ("Minutes", Side::Right),
            ("Margin/hour", Side::Right),
        ]);
        for one in &answer.potentials {
            grid.row([
                one.customer_id.clone(),
                decimal(&one.current_units),
                decimal(&one.units),
                shown(&one.list_price),
                shown(&one.net_price),
                one.discount_tier.clone(),
                shown(&one.margin),
                decimal(&one.minutes),
                shown(&one.margin_per_hour),
            ]);
        }
        format!(
            "More of {}, {period}, cost model {}, {currency}\n\n{grid}\n\
             {} of {} customers; {} without room or quantities\n{}",
            self.product,
            answer.cost_model_version,
            // A list in memory is shorter than any i64.
            count(i64::try_from(answer.potentials.len()).unwrap_or(i64::MAX)),
            count(answer.potential_count),
            count(answer.left_out_count),
            proof(&answer.control_total, &answer.read_at),
        )
    }
}

fn expansion_sheet(answer: &RankExpansionResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_id",
        "current_units",
        "units",
        "currency_code",
        "list_price",
        "net_price",
        "discount_tier",
        "nominal_discount",
        "margin",
        "minutes",
        "margin_per_hour",
    ]);
    for one in &answer.potentials {
        sheet.row([
            one.customer_id.clone(),
            decimal(&one.current_units),
            decimal(&one.units),
            currency_of([&one.margin]).to_owned(),
            plain(&one.list_price),
            plain(&one.net_price),
            one.discount_tier.clone(),
            decimal(&one.nominal_discount),
            plain(&one.margin),
            decimal(&one.minutes),
            plain(&one.margin_per_hour),
        ]);
    }
    sheet
}
