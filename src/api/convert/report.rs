//! Cross reports and rankings of dimensions.

use super::{
    common::{count_to_pb, enum_from_pb, money_to_pb},
    ranking::name_of,
    statement::statement_to_pb,
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        activity::Severity,
        dimension::{Dimension, per_hour},
        money::{Currency, NANOS_PER_UNIT, Nanos},
        problem::Problem,
        ranking::{Direction, share},
        statement::Statement,
    },
    service::{
        cross_report::{CrossRow, RowOrder},
        dimension_ranking::RankedDimension,
    },
};

const DIMENSIONS: [Dimension; 8] = [
    Dimension::Branch,
    Dimension::Product,
    Dimension::AccountManager,
    Dimension::Channel,
    Dimension::Campaign,
    Dimension::ProductCategory,
    Dimension::PriceList,
    Dimension::DiscountTier,
];
const ORDERS: [RowOrder; 3] = [
    RowOrder::Total(Direction::BestFirst),
    RowOrder::Total(Direction::WorstFirst),
    RowOrder::CustomerId,
];

/// What activities are grouped by; by branch if it is not given.
pub fn dimension_from_pb(dimension: i32, field: &str) -> Result<Dimension, Problem> {
    let same = |dimension| match dimension {
        Dimension::Branch => pb::Dimension::Branch,
        Dimension::Product => pb::Dimension::Product,
        Dimension::AccountManager => pb::Dimension::AccountManager,
        Dimension::Channel => pb::Dimension::Channel,
        Dimension::Campaign => pb::Dimension::Campaign,
        Dimension::ProductCategory => pb::Dimension::ProductCategory,
        Dimension::PriceList => pb::Dimension::PriceList,
        Dimension::DiscountTier => pb::Dimension::DiscountTier,
    };
    Ok(enum_from_pb(dimension, &DIMENSIONS, same, field)?.unwrap_or_default())
}

/// In which order customers stand; the best first if it is not given.
pub fn row_order_from_pb(order: i32) -> Result<RowOrder, Problem> {
    let same = |order| match order {
        RowOrder::Total(Direction::BestFirst) => pb::CrossReportOrder::BestFirst,
        RowOrder::Total(Direction::WorstFirst) => pb::CrossReportOrder::WorstFirst,
        RowOrder::CustomerId => pb::CrossReportOrder::CustomerId,
    };
    let best_first = RowOrder::Total(Direction::BestFirst);
    Ok(enum_from_pb(order, &ORDERS, same, "order")?.unwrap_or(best_first))
}

// === to_pb ===

/// A column with its total.
pub fn column_to_pb(column: &(String, Nanos), currency: Currency) -> pb::CrossReportColumn {
    pb::CrossReportColumn {
        column_id: column.0.clone(),
        total: Some(money_to_pb(column.1, currency)),
    }
}

/// One customer of a cross report.
pub fn cross_row_to_pb(row: &CrossRow, currency: Currency) -> pb::CrossReportRow {
    let cells = row.cells.iter();
    pb::CrossReportRow {
        customer_id: row.customer.to_string(),
        display_name: name_of(row.party.as_ref()),
        cells: cells
            .map(|(column, value)| pb::CrossReportCell {
                column_id: column.clone(),
                value: Some(money_to_pb(*value, currency)),
            })
            .collect(),
        other: Some(money_to_pb(row.other, currency)),
        total: Some(money_to_pb(row.total, currency)),
    }
}

/// One branch, product or account manager in a ranking whose total is `total`.
pub fn ranked_dimension_to_pb(
    row: &RankedDimension,
    total: Nanos,
    currency: Currency,
) -> pb::RankedDimension {
    let statement = &row.statement;
    let per_hour = |amount| rate_to_pb(per_hour(amount, statement.milli_minutes), currency);
    pb::RankedDimension {
        rank: count_to_pb(row.place) + 1,
        dimension_id: row.id.clone(),
        value: Some(money_to_pb(row.value, currency)),
        share_of_total: share(row.value, total),
        cumulative_value: Some(money_to_pb(row.cumulative, currency)),
        cumulative_share: share(row.cumulative, total),
        sales_pay: Some(money_to_pb(row.sales_pay, currency)),
        profit_per_sales_pay: share(statement.net_profit, row.sales_pay),
        revenue_per_hour: per_hour(statement.net_revenue),
        profit_per_hour: per_hour(statement.net_profit),
        complaints_per_hundred_sales: complaints_per_hundred_sales(
            statement.complaint_count,
            statement.sale_count,
        ),
        severe_complaint_share: share(severe_complaints(statement), statement.complaint_count),
        statement: Some(statement_to_pb(statement, currency)),
    }
}

/// How many complaints there were for a hundred sales. `None` without sales.
pub fn complaints_per_hundred_sales(complaints: i128, sales: i128) -> Option<f64> {
    share(complaints.checked_mul(100)?, sales)
}

/// The complaints that put the relationship at risk.
fn severe_complaints(statement: &Statement) -> i128 {
    let counts = Severity::ALL.iter().zip(statement.relation.complaints);
    let severe = counts.filter(|(severity, _)| **severity == Severity::Major);
    severe.map(|(_, count)| count).sum()
}

/// An amount that need not be there: one that is too large is left out.
fn rate_to_pb(rate: Option<Nanos>, currency: Currency) -> Option<google_type::Money> {
    let rate = rate.filter(|rate| i64::try_from(rate / NANOS_PER_UNIT).is_ok());
    rate.map(|rate| money_to_pb(rate, currency))
}
