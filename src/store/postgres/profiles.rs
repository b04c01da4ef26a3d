//! What models learn from: one row for each customer, with its profit and size by age added up by the database.

use super::{
    database::{Database, column},
    numbers::Exact,
    parties::{COLUMNS, party_of},
    scope,
    sql::{Sql, count},
    sums,
    weigh::{self, Arithmetic},
};
use crate::domain::{
    id::PartyId,
    problem::Problem,
    question::{CustomerProfile, ProfileAnswer, ProfileQuestion},
    time::{Day, Period},
};
use std::sync::Arc;
use tokio_postgres::Row;

/// The customers who came in the period, and what they are proven by.
pub async fn profiles(
    database: &Database,
    tenant: i32,
    question: &ProfileQuestion,
) -> Result<ProfileAnswer, Problem> {
    let mut answer = ProfileAnswer::default();
    let ledger = sums::of_ledger(database, tenant, &question.period, question.as_of);
    let (by_arrival, activity) = (by_arrival(tenant, question), activity(tenant, question));
    let (by_arrival, activity) = (database.rows(&by_arrival), database.rows(&activity));
    let (ledger, by_arrival, activity) = tokio::try_join!(ledger, by_arrival, activity)?;
    answer.ledger = ledger;
    for row in by_arrival {
        let sums = match column(&row, "came")? {
            true => &mut answer.reported,
            false => &mut answer.filtered_out,
        };
        sums::add(sums, &row)?;
    }
    answer.reported = answer.reported.without_zeros();
    answer.filtered_out = answer.filtered_out.without_zeros();
    if let Some(row) = activity.first() {
        answer.active = count(column(row, "active")?);
        answer.last_day = column::<Option<i32>>(row, "last_day")?.map(Day);
    }
    let customers = &mut answer.customers;
    database
        .each_row(&by_customer(tenant, question), |row| {
            customers.push(profile(row, question)?);
            Ok(())
        })
        .await?;
    Ok(answer)
}

fn profile(row: &Row, question: &ProfileQuestion) -> Result<CustomerProfile, Problem> {
    let mut buckets = vec![(0, 0); question.buckets as usize];
    let places: Vec<i32> = column(row, "buckets")?;
    let profits: Vec<Exact> = column(row, "profits")?;
    let sizes: Vec<Exact> = column(row, "sizes")?;
    for ((place, profit), size) in places.into_iter().zip(profits).zip(sizes) {
        let bucket = usize::try_from(place)
            .ok()
            .and_then(|place| buckets.get_mut(place));
        let beyond = || Problem::ledger_damaged("an age beyond the last bucket");
        let long = || Problem::ledger_damaged("a value that is too long");
        let profit = profit.of_unit(weigh::unit(&question.profit));
        let size = size.of_unit(weigh::unit(&question.size));
        *bucket.ok_or_else(beyond)? = (profit.ok_or_else(long)?, size.ok_or_else(long)?);
    }
    let has_party = column::<Option<&str>>(row, "party")?.is_some();
    let party = has_party.then(|| party_of(row)).transpose()?;
    Ok(CustomerProfile {
        customer: PartyId::stored(column(row, "customer")?),
        party: party.map(Arc::new),
        first_day: Day(column(row, "first_day")?),
        buckets,
    })
}

/// The first day of each customer on which something happened that was not taken back.
fn first_days(sql: &mut Sql, tenant: i32, question: &ProfileQuestion) -> String {
    let rows = scope::rows(sql, tenant, &Period::ALL, question.as_of);
    format!(
        "(SELECT d.customer, min(d.day) AS first_day FROM (SELECT l.customer, l.day FROM profitscore.ledger l \
         WHERE {rows} GROUP BY l.customer, l.day HAVING sum(l.live) > 0) d GROUP BY d.customer)"
    )
}

/// The condition on `f` that a customer came in the period.
fn came(sql: &mut Sql, period: &Period) -> String {
    let mut condition = "true".to_owned();
    if let Some(start) = period.start {
        condition.push_str(&format!(" AND f.first_day >= {}", sql.bind(start.0)));
    }
    if let Some(end) = period.end {
        condition.push_str(&format!(" AND f.first_day < {}", sql.bind(end.0)));
    }
    condition
}

/// Sums over the period, of those who came in it and of those who came before.
fn by_arrival(tenant: i32, question: &ProfileQuestion) -> Sql {
    let mut sql = Sql::default();
    let rows = scope::rows(&mut sql, tenant, &question.period, question.as_of);
    let first_days = first_days(&mut sql, tenant, question);
    let came = came(&mut sql, &question.period);
    sql.push(&format!(
        "SELECT {came} AS came, {} FROM profitscore.ledger l JOIN {first_days} f ON f.customer = l.customer \
         WHERE {rows} GROUP BY 1, l.what, l.role",
        sums::columns(Arithmetic::Exact)
    ));
    sql
}

/// How many customers are active in the period, and its last day with any activity.
fn activity(tenant: i32, question: &ProfileQuestion) -> Sql {
    let mut sql = Sql::default();
    let rows = scope::rows(&mut sql, tenant, &question.period, question.as_of);
    sql.push(&format!(
        "SELECT count(*) AS active, max(c.last_day) AS last_day FROM (SELECT d.customer, max(d.day) AS last_day \
         FROM (SELECT l.customer, l.day FROM profitscore.ledger l WHERE {rows} \
         GROUP BY l.customer, l.day HAVING sum(l.live) > 0) d GROUP BY d.customer) c"
    ));
    sql
}

/// Everybody who came in the period, with profit and size in each bucket of age that has any.
fn by_customer(tenant: i32, question: &ProfileQuestion) -> Sql {
    let mut sql = Sql::default();
    let rows = scope::rows(&mut sql, tenant, &question.period, question.as_of);
    let first_days = first_days(&mut sql, tenant, question);
    let came = came(&mut sql, &question.period);
    let profit = weigh::value(&mut sql, Arithmetic::Exact, &question.profit, "");
    let size = weigh::value(&mut sql, Arithmetic::Exact, &question.size, "");
    let horizon = sql.bind(i64::from(question.horizon_days));
    let buckets = sql.bind(i64::from(question.buckets));
    let party = scope::party(&mut sql, tenant, question.as_of, "c.customer");
    sql.push(&format!(
        "SELECT c.customer, c.first_day, c.buckets, c.profits, c.sizes, {COLUMNS} FROM (\
         SELECT b.customer, b.first_day, \
         coalesce(array_agg(b.bucket) FILTER (WHERE b.bucket IS NOT NULL), '{{}}') AS buckets, \
         coalesce(array_agg(b.profit) FILTER (WHERE b.bucket IS NOT NULL), '{{}}') AS profits, \
         coalesce(array_agg(b.size) FILTER (WHERE b.bucket IS NOT NULL), '{{}}') AS sizes FROM (\
         SELECT l.customer, f.first_day, CASE WHEN l.day >= f.first_day \
         AND l.day - f.first_day < {horizon}::bigint AND {buckets}::bigint > 0 \
         THEN ((l.day - f.first_day) * {buckets}::bigint / {horizon}::bigint)::integer END AS bucket, \
         {profit} AS profit, {size} AS size \
         FROM profitscore.ledger l JOIN {first_days} f ON f.customer = l.customer \
         WHERE {rows} AND {came} GROUP BY 1, 2, 3) b GROUP BY b.customer, b.first_day) c{party} \
         ORDER BY c.customer"
    ));
    sql
}
