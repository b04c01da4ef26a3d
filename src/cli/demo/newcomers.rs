//! Customers who came after a day: what was known of them when they came, and what they brought.

use crate::{
    api::pb::{
        GetCustomerStatementRequest, LedgerEntry, LedgerPosition, PartyStage, RankCustomersRequest,
        Trait, google_type::Interval, ledger_entry::Entry,
    },
    cli::{
        arguments::midnight,
        commands::{activities, parties, prequalify::pinned, rank, statement},
        connection::Connection,
        errors::Failure,
        output::money::nanos,
    },
    domain::money::Nanos,
};
use jiff::{ToSpan as _, civil::Date};
use prost_types::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Over how many days from the first activity profit is counted.
pub const HORIZON_DAYS: i32 = 365;

/// A customer who came after a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// Who.
    pub customer_id: String,
    /// What was known at the first order.
    pub traits: Vec<Trait>,
    /// The sales of the first day.
    pub first_sales: Nanos,
    /// The customer margin of the first [`HORIZON_DAYS`] days, or to the end of the data.
    pub margin: Nanos,
}

/// The newcomers from a day on, in the order of their ids, and how many customers had come before.
pub async fn since(
    connection: &Connection,
    day: Date,
) -> Result<(Vec<Newcomer>, usize, Option<LedgerPosition>), Failure> {
    let begin = midnight(day, "UTC")?;
    let before = ids(connection, None, Some(begin), None).await?;
    let position = before.1;
    let (from_then_on, _) = ids(connection, Some(begin), None, position).await?;
    let stage = PartyStage::Customer;
    let known = parties::list(connection, stage, Vec::new(), pinned(position), None).await?;
    let mut traits: BTreeMap<_, _> = known
        .parties
        .into_iter()
        .map(|party| (party.party_id, party.traits))
        .collect();
    let mut newcomers = Vec::new();
    for customer_id in from_then_on.difference(&before.0) {
        let Some(first) = first_day(connection, customer_id, position).await? else {
            continue;
        };
        let margin = |days| margin(connection, customer_id, first, days, position);
        newcomers.push(Newcomer {
            traits: traits.remove(customer_id).unwrap_or_default(),
            first_sales: margin(1).await?.0,
            margin: margin(HORIZON_DAYS).await?.1,
            customer_id: customer_id.clone(),
        });
    }
    Ok((newcomers, before.0.len(), position))
}

/// The ids of the customers with any activity in a period, and the state that was read.
async fn ids(
    connection: &Connection,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    position: Option<LedgerPosition>,
) -> Result<(BTreeSet<String>, Option<LedgerPosition>), Failure> {
    let request = RankCustomersRequest {
        tenant_id: connection.tenant(),
        period: Some(Interval {
            start_time,
            end_time,
        }),
        read_options: pinned(position),
        ..RankCustomersRequest::default()
    };
    let ranking = rank::gather(connection, request, None).await?;
    let ids = ranking
        .customers
        .into_iter()
        .map(|customer| customer.customer_id);
    Ok((ids.collect(), ranking.read_at))
}

/// The day of a customer's first activity.
async fn first_day(
    connection: &Connection,
    customer_id: &str,
    position: Option<LedgerPosition>,
) -> Result<Option<Date>, Failure> {
    let ledger = activities::list(connection, customer_id, None, pinned(position), None).await?;
    Ok(ledger.entries.iter().filter_map(day_of).min())
}

fn day_of(entry: &LedgerEntry) -> Option<Date> {
    match &entry.entry {
        Some(Entry::Activity(activity)) => {
            let at = activity.occur_time?;
            let at = jiff::Timestamp::new(at.seconds, at.nanos).ok()?;
            Some(at.to_zoned(jiff::tz::TimeZone::UTC).date())
        }
        Some(Entry::Reversal(_)) | None => None,
    }
}

/// Net revenue and customer margin of so many days from the first.
async fn margin(
    connection: &Connection,
    customer_id: &str,
    first: Date,
    days: i32,
    position: Option<LedgerPosition>,
) -> Result<(Nanos, Nanos), Failure> {
    let end = first.saturating_add(days.days());
    let request = GetCustomerStatementRequest {
        tenant_id: connection.tenant(),
        customer_id: customer_id.to_owned(),
        period: Some(Interval {
            start_time: Some(midnight(first, "UTC")?),
            end_time: Some(midnight(end, "UTC")?),
        }),
        cost_model_version: None,
        read_options: pinned(position),
        reporting_currency: String::new(),
    };
    let answer = statement::ask(connection, request).await?;
    let statement = answer.statement.unwrap_or_default();
    Ok((
        nanos(&statement.net_revenue),
        nanos(&statement.customer_margin),
    ))
}
