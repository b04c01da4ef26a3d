//! Acquisition reports.

use super::{
    common::{count_to_pb, enum_from_pb, money_to_pb},
    ranking::{control_total_to_pb, cost_basis_to_pb, statement_to_pb},
};
use crate::{
    api::pb,
    domain::{
        acquisition::WonBy,
        money::{Currency, NANOS_PER_MICRO, Nanos, divide_half_even},
        problem::Problem,
        ranking::share,
    },
    service::acquisition::{AcquisitionReport, WonCustomers},
};

/// What customers were won by; by campaign if it is not given.
pub fn won_by_from_pb(by: i32, field: &str) -> Result<WonBy, Problem> {
    let same = |by| match by {
        WonBy::Campaign => pb::AcquisitionSource::Campaign,
        WonBy::Channel => pb::AcquisitionSource::Channel,
    };
    let all = [WonBy::Campaign, WonBy::Channel];
    Ok(enum_from_pb(by, &all, same, field)?.unwrap_or_default())
}

// === to_pb ===

/// A page of a report, without what is of lists.
pub fn acquisition_to_pb(
    report: &AcquisitionReport,
    currency: Currency,
) -> pb::GetAcquisitionReportResponse {
    let total = report.footing.control_total.reported;
    let rows = report.rows.iter();
    pb::GetAcquisitionReportResponse {
        rows: rows
            .map(|row| row_to_pb(row, (report.customers, total), currency))
            .collect(),
        row_count: count_to_pb(report.count),
        customer_count: count_to_pb(report.customers),
        control_total: Some(control_total_to_pb(&report.footing, currency)),
        cost_basis: Some(cost_basis_to_pb(&report.footing, currency)),
        ..Default::default()
    }
}

fn row_to_pb(
    row: &WonCustomers,
    (customers, total): (u64, Nanos),
    currency: Currency,
) -> pb::AcquisitionRow {
    let money = |amount| Some(money_to_pb(amount, currency));
    // A row has at least one customer; counts are far from the limit of what is divided.
    let count = i128::from(row.customers.max(1));
    let each = divide_half_even(row.value, count * NANOS_PER_MICRO) * NANOS_PER_MICRO;
    pb::AcquisitionRow {
        rank: count_to_pb(row.place) + 1,
        source_id: row.id.clone(),
        customer_count: count_to_pb(row.customers),
        customer_share: share(i128::from(row.customers), i128::from(customers)),
        rank_by_customer_count: count_to_pb(row.place_by_count) + 1,
        unprofitable_count: count_to_pb(row.negative),
        profit: money(row.value),
        share_of_total: share(row.value, total),
        profit_per_customer: money(each),
        acquisition_cost: money(row.acquisition_cost),
        profit_per_acquisition_cost: share(row.value, row.acquisition_cost),
        statement: Some(statement_to_pb(&row.statement, currency)),
    }
}
