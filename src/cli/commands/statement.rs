//! `profitscore statement`.

use crate::{
    api::pb::{
        GetCustomerStatementRequest, GetCustomerStatementResponse, Statement, StatementLine,
        StatementSection, google_type::Money,
    },
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Sheet,
            money::{
                NOT_TOLD, count, currency_of, decimal, exact, grouped, nanos, places_needed, plain,
            },
            proof, show, warn_of_costs,
        },
    },
};
use std::fmt::Write as _;

/// How wide the waterfall's names are at least, and its amounts.
const NAME_WIDTH: usize = 34;
const AMOUNT_WIDTH: usize = 22;

#[derive(Debug, clap::Args)]
pub struct StatementArguments {
    /// The customer
    #[arg(value_name = "CUSTOMER")]
    pub customer_id: String,
    #[command(flatten)]
    pub period: PeriodArguments,
    #[command(flatten)]
    pub read: ReadArguments,
    /// Use this version of the cost model instead of the newest
    #[arg(long, value_name = "VERSION")]
    pub cost_model: Option<i64>,
    /// Report in this currency instead of that of the books, at the exchange rate of each day
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    pub reporting_currency: String,
}

impl StatementArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = GetCustomerStatementRequest {
            tenant_id: connection.tenant(),
            customer_id: self.customer_id.clone(),
            period: self.period.interval()?,
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
            reporting_currency: self.reporting_currency.clone(),
        };
        let answer = ask(connection, request).await?;
        warn_of_costs(&answer.cost_basis);
        let period = self.period.text();
        show(
            format,
            &answer,
            || text(&answer, &period),
            || sheet(&answer),
        )
    }
}

/// One customer's waterfall.
pub async fn ask(
    connection: &Connection,
    request: GetCustomerStatementRequest,
) -> Result<GetCustomerStatementResponse, Failure> {
    let mut client = connection.rankings();
    let answer = client.get_customer_statement(connection.request(request));
    Ok(answer.await?.into_inner())
}

/// How a line of the waterfall is told.
struct Line<'a> {
    sign: char,
    name: &'static str,
    amount: &'a Option<Money>,
    section: StatementSection,
}

/// The waterfall in its order.
fn lines(answer: &GetCustomerStatementResponse) -> Vec<Line<'_>> {
    let Some(statement) = &answer.statement else {
        return Vec::new();
    };
    use StatementSection as Section;
    let line = |sign, name, amount, section| Line {
        sign,
        name,
        amount,
        section,
    };
    let plain = |sign, name, amount| line(sign, name, amount, Section::Unspecified);
    let mut lines = vec![
        plain(' ', "gross revenue", &statement.gross_revenue),
        plain('-', "discounts", &statement.discounts),
        plain('-', "refunds", &statement.refunds),
        plain('=', "net revenue", &statement.net_revenue),
        plain('-', "cost of goods", &statement.cost_of_goods),
        line(
            '-',
            "direct costs",
            &statement.direct_costs,
            Section::DirectCosts,
        ),
        plain('=', "contribution margin", &statement.contribution_margin),
        line(
            '-',
            "cost to serve",
            &statement.cost_to_serve,
            Section::CostToServe,
        ),
        line(
            '-',
            "receivables cost",
            &statement.receivables_cost,
            Section::ReceivablesCost,
        ),
    ];
    // They are absent if they are zero.
    lines.extend(relationship_lines(statement).filter(|line| line.amount.is_some()));
    lines.extend([
        plain('=', "customer margin", &statement.customer_margin),
        line(
            '-',
            "allocated fixed cost",
            &statement.allocated_fixed_cost,
            Section::AllocatedFixedCost,
        ),
        plain('=', "net profit", &statement.net_profit),
    ]);
    lines
}

/// What winning and keeping the customer costs.
fn relationship_lines(of: &Statement) -> impl Iterator<Item = Line<'_>> {
    use StatementSection as Section;
    let costs = [
        (
            "acquisition cost",
            &of.acquisition_cost,
            Section::AcquisitionCost,
        ),
        ("retention cost", &of.retention_cost, Section::RetentionCost),
        ("bonus cost", &of.bonus_cost, Section::BonusCost),
        (
            "appreciation cost",
            &of.appreciation_cost,
            Section::AppreciationCost,
        ),
    ];
    costs.into_iter().map(|(name, amount, section)| Line {
        sign: '-',
        name,
        amount,
        section,
    })
}

/// The waterfall for people.
pub fn text(answer: &GetCustomerStatementResponse, period: &str) -> String {
    let mut lines = lines(answer);
    // Not everybody is told every line.
    lines.retain(|line| line.amount.is_some());
    let amounts = lines.iter().map(|line| line.amount);
    let details = answer.lines.iter().map(|line| &line.amount);
    let places = places_needed(amounts.clone().chain(details).map(nanos));
    let amount = |money| grouped(nanos(money), places);
    let name = match answer.display_name.as_str() {
        "" => String::new(),
        name => format!(", {name}"),
    };
    let currency = currency_of(amounts);
    let labels = answer
        .lines
        .iter()
        .map(|detail| label(detail).chars().count() + 2);
    let width = labels.max().unwrap_or(0).max(NAME_WIDTH);
    let mut text = format!("{}{name}, {period}, {currency}\n\n", answer.customer_id);
    let inner = width - 2;
    for line in &lines {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  {} {:<width$}{:>AMOUNT_WIDTH$}",
            line.sign,
            line.name,
            amount(line.amount)
        );
        for detail in &answer.lines {
            if detail.section() == line.section {
                let _ = writeln!(
                    text,
                    "      {:<inner$}{:>AMOUNT_WIDTH$}",
                    label(detail),
                    amount(&detail.amount)
                );
            }
        }
        if line.sign == '=' {
            text.push('\n');
        }
    }
    text + &beside(answer)
}

fn label(line: &StatementLine) -> String {
    match (&line.minutes, &line.rate_per_minute) {
        (None, _) => line.label.clone(),
        (Some(minutes), Some(rate)) => {
            format!("{}: {} min at {}", line.label, minutes.value, rate.value)
        }
        (Some(minutes), None) => format!("{}: {} min without a rate", line.label, minutes.value),
    }
}

/// What stands beside the waterfall, and its proof.
fn beside(answer: &GetCustomerStatementResponse) -> String {
    let statement = answer.statement.clone().unwrap_or_default();
    let quantity = decimal(&statement.quantity);
    let mut text = format!(
        "Beside it: {} sales of {} units, billed {}, received {}, {} minutes, {} complaints, \
         {} special demands, {} referrals\n",
        count(statement.sale_count),
        if quantity.is_empty() { "0" } else { &quantity },
        exact(&statement.invoiced),
        exact(&statement.spend),
        match decimal(&statement.minutes) {
            minutes if minutes.is_empty() => NOT_TOLD.to_owned(),
            minutes => minutes,
        },
        count(statement.complaint_count),
        count(statement.special_demand_count),
        count(statement.referral_count),
    );
    text += &prices(answer, &statement);
    text += &relationship(&statement);
    if answer.rank_by_net_profit > 0 {
        let customers = count(answer.customer_count);
        let _ = writeln!(
            text,
            "Place {} of {customers} by revenue, {} of {customers} by net profit",
            count(answer.rank_by_revenue),
            count(answer.rank_by_net_profit),
        );
    }
    text + &proof(&answer.control_total, &answer.read_at)
}

/// By what the customer buys, and what its discounts are worth, if it has price terms.
fn prices(answer: &GetCustomerStatementResponse, statement: &Statement) -> String {
    let terms = [
        ("price list", &answer.price_list_id),
        ("tier", &answer.discount_tier),
        ("nominal discount", &decimal(&answer.nominal_discount)),
    ];
    let terms = terms.into_iter().filter(|(_, term)| !term.is_empty());
    let mut told: Vec<_> = terms.map(|(name, term)| format!("{name} {term}")).collect();
    if told.is_empty() {
        return String::new();
    }
    told.push(format!("discounts {}", exact(&statement.discounts)));
    if let Some(ratio) = statement.price_realisation {
        told.push(format!("price realisation {ratio:.4}"));
    }
    format!("Prices: {}\n", told.join(", "))
}

/// What the relationship costs and gives, as far as anything is known of it.
fn relationship(statement: &Statement) -> String {
    let amounts = [
        ("bonus liability", &statement.bonus_liability),
        ("won at a total cost of", &statement.total_acquisition_cost),
        ("kept at a total cost of", &statement.total_retention_cost),
        ("complaints cost", &statement.complaint_cost),
        ("special demands cost", &statement.special_demand_cost),
        ("premiums cost", &statement.premium_cost),
    ];
    let amounts = amounts.into_iter().filter(|(_, amount)| amount.is_some());
    let mut told: Vec<String> = amounts
        .map(|(name, amount)| format!("{name} {}", exact(amount)))
        .collect();
    let ratios = [
        ("return on service", statement.return_on_service),
        ("price realisation", statement.price_realisation),
        ("mean feedback", statement.mean_feedback),
    ];
    let ratios = ratios
        .into_iter()
        .filter_map(|(name, ratio)| Some((name, ratio?)));
    let has_feedback = statement.feedback_count > 0;
    if has_feedback || !told.is_empty() {
        told.extend(ratios.map(|(name, ratio)| format!("{name} {ratio:.2}")));
    }
    let outside = [
        ("on other customers", &statement.externality_other_customers),
        ("on the reputation", &statement.externality_reputation),
    ];
    let outside = outside.into_iter().filter(|(_, amount)| amount.is_some());
    let mut apart: Vec<String> = outside
        .map(|(name, amount)| format!("effect {name} {}", exact(amount)))
        .collect();
    let factors = statement.qualitative_factors.iter();
    apart.extend(factors.map(|factor| format!("{} {}", factor.name, decimal(&factor.weight))));
    let mut text = String::new();
    for (start, all) in [("Relationship", told), ("Outside of every total", apart)] {
        if !all.is_empty() {
            let _ = writeln!(text, "{start}: {}", all.join(", "));
        }
    }
    text
}

fn sheet(answer: &GetCustomerStatementResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_id",
        "line",
        "label",
        "currency_code",
        "amount",
        "minutes",
        "rate_per_minute",
    ]);
    for line in lines(answer) {
        let name = line.name.replace(' ', "_");
        let mut row = |label: &str, amount: &Option<Money>, minutes, rate| {
            sheet.row([
                answer.customer_id.clone(),
                name.clone(),
                label.to_owned(),
                currency_of([amount]).to_owned(),
                plain(amount),
                minutes,
                rate,
            ]);
        };
        row("", line.amount, String::new(), String::new());
        let below = |detail: &&StatementLine| detail.section() == line.section;
        for detail in answer.lines.iter().filter(below) {
            let minutes = decimal(&detail.minutes);
            row(
                &detail.label,
                &detail.amount,
                minutes,
                decimal(&detail.rate_per_minute),
            );
        }
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::pb::google_type::Decimal, cli::output::money::money_of_micros};

    fn answer() -> GetCustomerStatementResponse {
        let usd = |micros| Some(money_of_micros(micros, "USD"));
        let decimal = |text: &str| {
            Some(Decimal {
                value: text.to_owned(),
            })
        };
        GetCustomerStatementResponse {
            customer_id: "C1".to_owned(),
            display_name: "Corner Shop".to_owned(),
            statement: Some(Statement {
                gross_revenue: usd(1_200_000_000),
                net_revenue: usd(1_200_000_000),
                cost_to_serve: usd(90_125_000),
                net_profit: usd(1_109_875_000),
                ..Statement::default()
            }),
            lines: vec![StatementLine {
                section: StatementSection::CostToServe.into(),
                label: "CLERK SERVICE".to_owned(),
                amount: usd(90_125_000),
                minutes: decimal("103"),
                rate_per_minute: decimal("0.875"),
            }],
            ..GetCustomerStatementResponse::default()
        }
    }

    #[test]
    fn the_waterfall_is_exact_and_its_points_stand_in_line() {
        let text = text(&answer(), "2016");
        assert!(text.starts_with("C1, Corner Shop, 2016, USD\n"));
        let line = |start: &str| {
            let found = text
                .lines()
                .find(|line| line.trim_start().starts_with(start));
            found.unwrap().to_owned()
        };
        let (gross, detail) = (line("gross revenue"), line("CLERK"));
        assert!(gross.ends_with("1,200.000"), "{gross}");
        assert!(
            detail.contains("CLERK SERVICE: 103 min at 0.875"),
            "{detail}"
        );
        assert!(detail.ends_with("90.125"), "{detail}");
        assert_eq!(gross.len(), line("= net profit").len());
        assert_eq!(gross.len(), detail.len());
    }

    #[test]
    fn rows_for_programs_have_the_lines_below_their_totals() {
        let csv = sheet(&answer()).to_csv().unwrap();
        let expected = "C1,cost_to_serve,,USD,90.125,,\n\
                        C1,cost_to_serve,CLERK SERVICE,USD,90.125,103,0.875\n";
        assert!(csv.contains(expected), "{csv}");
    }
}
