//! What customers owe.

use super::{
    common::{
        count_to_pb, enum_from_pb, instant_to_pb, micros_from_pb, micros_to_pb, minutes_to_pb,
        money_to_pb,
    },
    ranking::name_of,
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        decimal::{self, MICRO_PLACES},
        money::{Currency, NANOS_PER_MICRO},
        problem::Problem,
        ranking::{Direction, share},
        receivables::{
            ageing::{Bucket, Owed, days_past_due},
            cost::ReceivablesRates,
            figures::Figures,
            settlement::Invoice,
        },
        time::Day,
    },
    service::{
        Settings,
        receivables::{CustomerReceivables, ReceivablesOrder, ReceivablesRow, Standing},
    },
};

/// The greatest rates: of capital, and of a provision.
const CAPITAL_LIMIT: i64 = 10_000_000;
const PROVISION_LIMIT: i64 = 1_000_000;

const ORDERS: [ReceivablesOrder; 4] = [
    ReceivablesOrder::Open,
    ReceivablesOrder::Overdue,
    ReceivablesOrder::Solvency(Direction::BestFirst),
    ReceivablesOrder::CustomerId,
];

/// What receivables cost, if a cost model tells.
pub fn rates_of_receivables_from_pb(
    rates: Option<&pb::ReceivablesRates>,
) -> Result<Option<ReceivablesRates>, Problem> {
    let Some(rates) = rates else {
        return Ok(None);
    };
    let rate = |number: &Option<google_type::Decimal>, limit, name: &str| {
        let field = format!("cost_model.receivables.{name}");
        let Some(number) = number else {
            return Ok(0);
        };
        let number = micros_from_pb(number, &field)?;
        decimal::check_range(number, 0, limit, MICRO_PLACES, &field)
    };
    let provision = |number, name| rate(number, PROVISION_LIMIT, name);
    Ok(Some(ReceivablesRates {
        capital_per_year: rate(
            &rates.capital_rate_per_year,
            CAPITAL_LIMIT,
            "capital_rate_per_year",
        )?,
        provision: [
            provision(&rates.provision_not_due, "provision_not_due")?,
            provision(&rates.provision_up_to_30, "provision_up_to_30")?,
            provision(&rates.provision_up_to_60, "provision_up_to_60")?,
            provision(&rates.provision_up_to_90, "provision_up_to_90")?,
            provision(&rates.provision_over_90, "provision_over_90")?,
        ],
    }))
}

/// In which order customers stand; who owes the most first if it is not given.
pub fn receivables_order_from_pb(order: i32) -> Result<ReceivablesOrder, Problem> {
    let same = |order| match order {
        ReceivablesOrder::Open => pb::ReceivablesOrder::Open,
        ReceivablesOrder::Overdue => pb::ReceivablesOrder::Overdue,
        ReceivablesOrder::Solvency(_) => pb::ReceivablesOrder::Solvency,
        ReceivablesOrder::CustomerId => pb::ReceivablesOrder::CustomerId,
    };
    Ok(enum_from_pb(order, &ORDERS, same, "order")?.unwrap_or_default())
}

// === to_pb ===

/// What receivables cost.
pub fn rates_of_receivables_to_pb(rates: &ReceivablesRates) -> pb::ReceivablesRates {
    let rate = |rate: i64| Some(micros_to_pb(i128::from(rate)));
    let [not_due, up_to_30, up_to_60, up_to_90, over_90] = rates.provision;
    pb::ReceivablesRates {
        capital_rate_per_year: rate(rates.capital_per_year),
        provision_not_due: rate(not_due),
        provision_up_to_30: rate(up_to_30),
        provision_up_to_60: rate(up_to_60),
        provision_up_to_90: rate(up_to_90),
        provision_over_90: rate(over_90),
    }
}

fn bucket_to_pb(bucket: Bucket) -> pb::AgeBucket {
    match bucket {
        Bucket::NotDue => pb::AgeBucket::NotDue,
        Bucket::UpTo30 => pb::AgeBucket::UpTo30,
        Bucket::UpTo60 => pb::AgeBucket::UpTo60,
        Bucket::UpTo90 => pb::AgeBucket::UpTo90,
        Bucket::Over90 => pb::AgeBucket::Over90,
    }
}

fn micros(amount: i128, currency: Currency) -> Option<google_type::Money> {
    Some(money_to_pb(amount * NANOS_PER_MICRO, currency))
}

/// The instant at which everything ends that happens before a day.
pub fn edge_to_pb(day: Option<Day>, settings: &Settings) -> Option<prost_types::Timestamp> {
    day.and_then(|day| settings.calendar.begin(day))
        .map(instant_to_pb)
}

/// What is owed and paid before a day.
pub fn figures_to_pb(
    standing: &Standing,
    end: Option<Day>,
    currency: Currency,
) -> pb::ReceivableFigures {
    let figures: &Figures = &standing.figures;
    let (open, overdue) = (figures.open(), figures.overdue());
    let money = |amount| micros(amount, currency);
    let nanos = |amount| Some(money_to_pb(amount, currency));
    let outstanding = |owed: i128| {
        let days = figures.days_outstanding(owed, end?);
        days.map(minutes_to_pb)
    };
    let aged = |(bucket, owed): (&Bucket, &Owed)| pb::AgedAmount {
        bucket: bucket_to_pb(*bucket) as i32,
        open: money(owed.open),
        disputed: money(owed.disputed),
    };
    pb::ReceivableFigures {
        ageing: Bucket::ALL.iter().zip(&figures.ageing).map(aged).collect(),
        open: money(open.open),
        disputed: money(open.disputed),
        overdue: money(overdue.open),
        overdue_disputed: money(overdue.disputed),
        credit_balance: money(figures.credit),
        billed: money(figures.billed),
        fell_due: money(figures.fell_due),
        paid: money(figures.paid),
        paid_share: share(figures.paid, figures.fell_due),
        average_days_late: figures.days_late().map(minutes_to_pb),
        days_sales_outstanding: outstanding(open.open),
        days_sales_outstanding_undisputed: outstanding(open.open - open.disputed),
        days_sales_outstanding_best: outstanding(open.open - overdue.open),
        written_off: money(figures.written_off),
        carrying_cost: nanos(standing.carrying_cost),
        provision: nanos(standing.provision),
        provision_change: nanos(standing.provision_change),
    }
}

fn invoice_to_pb(invoice: &Invoice, end: Day, settings: &Settings) -> pb::ReceivableInvoice {
    let money = |amount| micros(amount, settings.currency);
    let days = days_past_due(invoice.due, end);
    pb::ReceivableInvoice {
        invoice_id: invoice.invoice_id.clone(),
        billed_day: edge_to_pb(Some(invoice.billed_on), settings),
        due_day: edge_to_pb(Some(invoice.due), settings),
        amount: money(invoice.billed),
        credited: money(invoice.credited),
        paid: money(invoice.paid),
        written_off: money(invoice.written_off),
        open: money(invoice.open()),
        bucket: bucket_to_pb(Bucket::of(days)) as i32,
        days_past_due: count_to_pb(days),
        disputed: invoice.is_disputed,
        average_days_late: invoice.days_late().map(minutes_to_pb),
    }
}

/// The invoices of a customer, those of which nothing is open only if they are wanted.
pub fn invoices_to_pb(
    answer: &CustomerReceivables,
    include_settled: bool,
    settings: &Settings,
) -> Vec<pb::ReceivableInvoice> {
    let Some(end) = answer.end else {
        return Vec::new();
    };
    let invoices = answer.settlement.invoices.iter();
    invoices
        .filter(|invoice| include_settled || invoice.open() != 0)
        .map(|invoice| invoice_to_pb(invoice, end, settings))
        .collect()
}

/// One customer of a list.
pub fn receivables_row_to_pb(
    row: &ReceivablesRow,
    end: Option<Day>,
    currency: Currency,
) -> pb::ReceivablesRow {
    pb::ReceivablesRow {
        rank: count_to_pb(row.place) + 1,
        customer_id: row.customer.to_string(),
        display_name: name_of(row.party.as_ref()),
        figures: Some(figures_to_pb(&row.standing, end, currency)),
    }
}
