//! `profitscore rank`.

use crate::{
    api::pb::{
        ExportRankingRequest, RankCustomersRequest, RankCustomersResponse, RankedCustomer,
        RankingDirection,
    },
    cli::{
        arguments::{Basis, ReportArguments},
        commands::{referrals::ReferralTermsArguments, value::TermsArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, decimal, number, percent, plain, shown},
            proof, show, warn_of_costs,
        },
        paging,
    },
};

/// How many customers are shown if the user does not say.
const TOP: usize = 20;

#[derive(Debug, clap::Args)]
pub struct RankArguments {
    /// What to rank by
    #[arg(long, value_enum, default_value = "net-profit")]
    pub basis: Basis,
    /// The worst customers first
    #[arg(long)]
    pub worst: bool,
    /// How many customers
    #[arg(long, value_name = "N", default_value_t = TOP)]
    pub top: usize,
    /// All customers
    #[arg(long, conflicts_with = "top")]
    pub all: bool,
    #[command(flatten)]
    pub terms: TermsArguments,
    #[command(flatten)]
    pub referral: ReferralTermsArguments,
    #[command(flatten)]
    pub report: ReportArguments,
}

impl RankArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let answer = ask(connection, self).await?;
        warn_of_costs(&answer.cost_basis);
        show(
            format,
            &answer,
            || table(&answer, self),
            || sheet(&answer.customers),
        )
    }
}

async fn ask(
    connection: &Connection,
    arguments: &RankArguments,
) -> Result<RankCustomersResponse, Failure> {
    let direction = match arguments.worst {
        true => RankingDirection::WorstFirst,
        false => RankingDirection::BestFirst,
    };
    let report = &arguments.report;
    let request = RankCustomersRequest {
        tenant_id: connection.tenant(),
        period: report.period.interval()?,
        basis: arguments.basis.to_pb(),
        direction: direction.into(),
        filter: report.filter.filter(connection).await?,
        cost_model_version: report.cost_model,
        value_terms: (arguments.basis == Basis::ExpectedProfit).then(|| arguments.terms.terms()),
        referral_terms: (arguments.basis == Basis::TotalValue).then(|| arguments.referral.terms()),
        reporting_currency: report.reporting_currency.clone(),
        read_options: report.read.options(),
        ..RankCustomersRequest::default()
    };
    let is_exported = !matches!(arguments.basis, Basis::Solvency | Basis::TotalValue);
    match arguments.all {
        true if is_exported => export(connection, request).await,
        true => gather(connection, request, None).await,
        false => gather(connection, request, Some(arguments.top.max(1))).await,
    }
}

/// The whole ranking, as if it were one page.
async fn export(
    connection: &Connection,
    request: RankCustomersRequest,
) -> Result<RankCustomersResponse, Failure> {
    let request = ExportRankingRequest {
        tenant_id: request.tenant_id,
        period: request.period,
        basis: request.basis,
        direction: request.direction,
        filter: request.filter,
        cost_model_version: request.cost_model_version,
        read_options: request.read_options,
        reporting_currency: request.reporting_currency,
        value_terms: request.value_terms,
    };
    let mut client = connection.rankings();
    let parts = client.export_ranking(connection.request(request)).await?;
    let mut parts = parts.into_inner();
    let mut whole = RankCustomersResponse::default();
    while let Some(part) = parts.message().await? {
        whole.customers.extend(part.customers);
        whole.read_at = part.read_at;
        whole.control_total = part.control_total;
        whole.cost_basis = part.cost_basis;
        whole.customer_count = part.customer_count;
        whole.negative_count = part.negative_count;
    }
    Ok(whole)
}

/// All wanted pages of a ranking.
pub async fn gather(
    connection: &Connection,
    request: RankCustomersRequest,
    wanted: Option<usize>,
) -> Result<RankCustomersResponse, Failure> {
    paging::gather(wanted, async |page_size, page_token| {
        let page = RankCustomersRequest {
            page_size,
            page_token,
            ..request.clone()
        };
        let mut client = connection.rankings();
        let answer = client.rank_customers(connection.request(page));
        Ok(answer.await?.into_inner())
    })
    .await
}

fn table(answer: &RankCustomersResponse, arguments: &RankArguments) -> String {
    let currency = currency_of(answer.control_total.iter().map(|total| &total.ledger));
    format!(
        "Customers by {}, {} first, {}, {currency}\n\n{}\n{} of {} customers; {} of all below zero\n{}",
        arguments.basis.text(),
        if arguments.worst { "worst" } else { "best" },
        arguments.report.period.text(),
        grid(&answer.customers, arguments.basis),
        // A list in memory is shorter than any i64.
        count(i64::try_from(answer.customers.len()).unwrap_or(i64::MAX)),
        count(answer.customer_count),
        count(answer.negative_count),
        proof(&answer.control_total, &answer.read_at),
    )
}

/// Ranked customers as a table.
pub fn grid(customers: &[RankedCustomer], basis: Basis) -> Grid {
    let mut columns = vec![
        ("Rank", Side::Right),
        ("Customer", Side::Left),
        ("Name", Side::Left),
        ("Net revenue", Side::Right),
        ("Margin", Side::Right),
        ("Net profit", Side::Right),
        ("Share", Side::Right),
        ("Cumulative", Side::Right),
        ("By revenue", Side::Right),
        ("By profit", Side::Right),
        ("Divergence", Side::Right),
    ];
    let spend = basis == Basis::Spend;
    if spend {
        columns.insert(3, ("Spend", Side::Right));
    }
    let solvency = basis == Basis::Solvency;
    if solvency {
        columns.insert(3, ("Days late", Side::Right));
        columns.insert(3, ("Paid share", Side::Right));
    }
    // Only who has price terms needs their columns.
    let is_known =
        |customer: &RankedCustomer| terms_of(customer).iter().any(|cell| !cell.is_empty());
    let has_terms = customers.iter().any(is_known);
    if has_terms {
        columns.extend(TERMS);
    }
    let expected = basis == Basis::ExpectedProfit;
    if expected {
        columns.insert(3, ("Retained", Side::Right));
        columns.insert(3, ("Alive", Side::Right));
        columns.insert(3, ("Expected profit", Side::Right));
    }
    let by_total = basis == Basis::TotalValue;
    if by_total {
        columns.insert(3, ("Brought", Side::Right));
        columns.insert(3, ("Referral value", Side::Right));
        columns.insert(3, ("Total value", Side::Right));
    }
    let mut grid = Grid::new(&columns);
    for customer in customers {
        let statement = customer.statement.clone().unwrap_or_default();
        let mut cells = vec![
            count(customer.rank),
            customer.customer_id.clone(),
            customer.display_name.clone(),
            shown(&statement.net_revenue),
            shown(&statement.contribution_margin),
            shown(&statement.net_profit),
            percent(customer.share_of_total),
            percent(customer.cumulative_share),
            count(customer.rank_by_revenue),
            count(customer.rank_by_net_profit),
            format!("{:+}", customer.rank_divergence),
        ];
        if spend {
            cells.insert(3, shown(&customer.value));
        }
        if solvency {
            cells.insert(3, decimal(&customer.average_days_late));
            cells.insert(3, percent(customer.paid_share));
        }
        if has_terms {
            let realisation = statement.price_realisation;
            let [list, tier, nominal] = terms_of(customer);
            cells.extend([
                list,
                tier,
                nominal,
                shown(&statement.discounts),
                percent(realisation),
            ]);
        }
        if expected {
            let value = customer.customer_value.clone().unwrap_or_default();
            cells.insert(3, percent(Some(value.retention_probability)));
            cells.insert(3, percent(Some(value.probability_alive)));
            cells.insert(3, shown(&customer.value));
        }
        if by_total {
            let referral = customer.referral.clone().unwrap_or_default();
            cells.insert(3, count(referral.reach));
            cells.insert(3, shown(&referral.referral_value));
            cells.insert(3, shown(&customer.value));
        }
        grid.row_of(cells);
    }
    grid
}

/// The columns of those who have price terms.
const TERMS: [(&str, Side); 5] = [
    ("Price list", Side::Left),
    ("Tier", Side::Left),
    ("Nominal", Side::Right),
    ("Discounts", Side::Right),
    ("Realisation", Side::Right),
];

/// By what a customer buys: price list, tier and nominal discount.
fn terms_of(customer: &RankedCustomer) -> [String; 3] {
    let (list, tier) = (&customer.price_list_id, &customer.discount_tier);
    [
        list.clone(),
        tier.clone(),
        decimal(&customer.nominal_discount),
    ]
}

const HEADER: &[&str] = &[
    "rank",
    "customer_id",
    "display_name",
    "currency_code",
    "value",
    "share_of_total",
    "cumulative_value",
    "cumulative_share",
    "gross_revenue",
    "discounts",
    "refunds",
    "net_revenue",
    "cost_of_goods",
    "direct_costs",
    "contribution_margin",
    "cost_to_serve",
    "receivables_cost",
    "customer_margin",
    "allocated_fixed_cost",
    "net_profit",
    "spend",
    "rank_by_revenue",
    "rank_by_net_profit",
    "rank_divergence",
    "paid_share",
    "average_days_late",
    "price_list_id",
    "discount_tier",
    "nominal_discount",
    "price_realisation",
    "probability_alive",
    "retention_probability",
    "referral_value",
    "reach",
];

fn sheet(customers: &[RankedCustomer]) -> Sheet {
    let mut sheet = Sheet::new(HEADER);
    for customer in customers {
        let statement = customer.statement.clone().unwrap_or_default();
        let [list, tier, nominal] = terms_of(customer);
        let value = customer.customer_value.as_ref();
        let referral = customer.referral.as_ref();
        sheet.row([
            customer.rank.to_string(),
            customer.customer_id.clone(),
            customer.display_name.clone(),
            currency_of([&customer.value]).to_owned(),
            plain(&customer.value),
            number(customer.share_of_total),
            plain(&customer.cumulative_value),
            number(customer.cumulative_share),
            plain(&statement.gross_revenue),
            plain(&statement.discounts),
            plain(&statement.refunds),
            plain(&statement.net_revenue),
            plain(&statement.cost_of_goods),
            plain(&statement.direct_costs),
            plain(&statement.contribution_margin),
            plain(&statement.cost_to_serve),
            plain(&statement.receivables_cost),
            plain(&statement.customer_margin),
            plain(&statement.allocated_fixed_cost),
            plain(&statement.net_profit),
            plain(&statement.spend),
            customer.rank_by_revenue.to_string(),
            customer.rank_by_net_profit.to_string(),
            customer.rank_divergence.to_string(),
            number(customer.paid_share),
            decimal(&customer.average_days_late),
            list,
            tier,
            nominal,
            number(statement.price_realisation),
            number(value.map(|value| value.probability_alive)),
            number(value.map(|value| value.retention_probability)),
            referral.map_or_else(String::new, |own| plain(&own.referral_value)),
            referral.map_or_else(String::new, |own| own.reach.to_string()),
        ]);
    }
    sheet
}
