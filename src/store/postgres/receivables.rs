//! What customers owe: the rows of the ledger that change it, those left out that were taken back.

use super::{
    database::{Database, column},
    entries::entry_of,
    posting::RECEIVABLES,
    sql::{Sql, count, seq},
};
use crate::domain::{
    ledger::Entry,
    problem::Problem,
    receivables::{Event, ReceivablesAnswer, ReceivablesQuestion},
    time::Calendar,
};

/// The events of each customer who has any.
pub async fn receivables(
    database: &Database,
    tenant: i32,
    question: &ReceivablesQuestion,
    calendar: &Calendar,
) -> Result<ReceivablesAnswer, Problem> {
    let mut answer = ReceivablesAnswer::new();
    database
        .each_row(&statement(tenant, question), |row| {
            let position = count(column(row, "seq")?);
            let entry = entry_of(column(row, "body")?, position)?;
            if let Entry::Activity(activity) = &entry
                && let Some(event) = Event::of(activity, calendar)
            {
                let customer = activity.customer_id.clone();
                answer.entry(customer).or_default().push(event);
            }
            Ok(())
        })
        .await?;
    for events in answer.values_mut() {
        events.sort_unstable();
    }
    Ok(answer)
}

fn statement(tenant: i32, question: &ReceivablesQuestion) -> Sql {
    let mut sql = Sql::default();
    let (tenant, as_of) = (sql.bind(tenant), sql.bind(seq(question.as_of)));
    let kinds = sql.bind(RECEIVABLES.to_vec());
    let mut conditions = format!(
        "l.tenant = {tenant} AND l.seq <= {as_of} AND l.what = ANY({kinds}) AND l.target IS NULL"
    );
    if let Some(customers) = &question.customers {
        let ids: Vec<String> = customers.iter().map(ToString::to_string).collect();
        let ids = sql.bind(ids);
        conditions.push_str(&format!(" AND l.customer = ANY({ids})"));
    }
    if let Some(before) = question.before {
        let before = sql.bind(before.0);
        conditions.push_str(&format!(" AND l.day < {before}"));
    }
    // A reversal has the customer of what it takes back, and is on the same machine.
    sql.push(&format!(
        "SELECT l.seq, l.body FROM profitscore.ledger l WHERE {conditions} AND NOT EXISTS \
         (SELECT FROM profitscore.ledger r WHERE r.tenant = {tenant} AND r.customer = l.customer \
         AND r.target = l.seq AND r.seq <= {as_of})"
    ));
    sql
}
