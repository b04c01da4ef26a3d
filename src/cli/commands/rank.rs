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
    /// Also the customers that are stored and have no activity, with zeros
    #[arg(long)]
    pub with_inactive: bool,
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
            || sheet(&answer.customers, self.with_inactive),
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
        include_inactive: arguments.with_inactive,
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
        include_inactive: request.include_inactive,
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
        whole.inactive_count = part.inactive_count;
        whole.objected_count = part.objected_count;
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
        "Customers by {}, {} first, {}, {currency}\n\n{}\n{} of {} customers; {} of all below zero{}{}\n{}",
        arguments.basis.text(),
        if arguments.worst { "worst" } else { "best" },
        arguments.report.period.text(),
        grid(&answer.customers, arguments.basis),
        // A list in memory is shorter than any i64.
        count(i64::try_from(answer.customers.len()).unwrap_or(i64::MAX)),
        count(answer.customer_count + answer.inactive_count),
        count(answer.negative_count),
        match arguments.with_inactive {
            true => format!(", {} without activity", count(answer.inactive_count)),
            false => String::new(),
        },
        match answer.objected_count {
            0 => String::new(),
            objected => format!(", {} object to profiling", count(objected)),
        },
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
    columns.splice(NAMES..NAMES, own_columns(basis).iter().copied());
    // Only who has price terms needs their columns.
    let is_known =
        |customer: &RankedCustomer| terms_of(customer).iter().any(|cell| !cell.is_empty());
    let has_terms = customers.iter().any(is_known);
    if has_terms {
        columns.extend(TERMS);
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
            rank(customer, count(customer.rank_by_revenue)),
            rank(customer, count(customer.rank_by_net_profit)),
            rank(customer, format!("{:+}", customer.rank_divergence)),
        ];
        cells.splice(NAMES..NAMES, own_cells(customer, basis));
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
        grid.row_of(cells);
    }
    grid
}

/// So many columns say which customer it is.
const NAMES: usize = 3;

/// The columns of one basis alone, which stand after those.
fn own_columns(basis: Basis) -> &'static [(&'static str, Side)] {
    match basis {
        Basis::Spend => &[("Spend", Side::Right)],
        Basis::Solvency => &[("Paid share", Side::Right), ("Days late", Side::Right)],
        Basis::ExpectedProfit => &[
            ("Expected profit", Side::Right),
            ("Alive", Side::Right),
            ("Retained", Side::Right),
        ],
        Basis::TotalValue => &[
            ("Total value", Side::Right),
            ("Referral value", Side::Right),
            ("Reach", Side::Right),
        ],
        Basis::Revenue | Basis::ContributionMargin | Basis::NetProfit => &[],
    }
}

fn own_cells(customer: &RankedCustomer, basis: Basis) -> Vec<String> {
    match basis {
        Basis::Spend => vec![shown(&customer.value)],
        Basis::Solvency => vec![
            percent(customer.paid_share),
            decimal(&customer.average_days_late),
        ],
        Basis::ExpectedProfit if customer.profiling_objected => {
            vec!["objects".to_owned(), "-".to_owned(), "-".to_owned()]
        }
        Basis::ExpectedProfit => {
            let value = customer.customer_value.clone().unwrap_or_default();
            vec![
                shown(&customer.value),
                percent(Some(value.probability_alive)),
                percent(Some(value.retention_probability)),
            ]
        }
        Basis::TotalValue => {
            let referral = customer.referral.clone().unwrap_or_default();
            vec![
                shown(&customer.value),
                shown(&referral.referral_value),
                count(referral.reach),
            ]
        }
        Basis::Revenue | Basis::ContributionMargin | Basis::NetProfit => Vec::new(),
    }
}

/// What is told of a rank by something else, which customers without activity have none of.
fn rank(customer: &RankedCustomer, told: String) -> String {
    match customer.inactive {
        true => "-".to_owned(),
        false => told,
    }
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
    "probability_alive",
    "retention_probability",
    "price_list_id",
    "discount_tier",
    "nominal_discount",
    "price_realisation",
    "referral_value",
    "reach",
    "profiling_objected",
];

fn sheet(customers: &[RankedCustomer], with_inactive: bool) -> Sheet {
    let more = with_inactive.then_some("inactive");
    let columns = HEADER.iter().copied().chain(more);
    let mut sheet = Sheet::of_columns(columns.map(str::to_owned));
    for customer in customers {
        let statement = customer.statement.clone().unwrap_or_default();
        let value = customer.customer_value.as_ref();
        let referral = customer.referral.as_ref();
        let [list, tier, nominal] = terms_of(customer);
        let cells = [
            customer.rank.to_string(),
            customer.customer_id.clone(),
            customer.display_name.clone(),
            currency_of([&customer.value, &statement.net_profit]).to_owned(),
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
            number(value.map(|value| value.probability_alive)),
            number(value.map(|value| value.retention_probability)),
            list,
            tier,
            nominal,
            number(statement.price_realisation),
            referral.map_or_else(String::new, |own| plain(&own.referral_value)),
            referral.map_or_else(String::new, |own| own.reach.to_string()),
            customer.profiling_objected.to_string(),
        ];
        let more = with_inactive.then(|| customer.inactive.to_string());
        sheet.row_of(cells.into_iter().chain(more));
    }
    sheet
}
