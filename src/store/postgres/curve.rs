//! The whale curve: cumulative values are made by the database, and the wanted points come back.

use super::{
    customers::Customers,
    database::{Database, column},
    driven::Spreads,
    numbers::Wide,
    parties::counted,
    sql::Sql,
    sums,
    weigh::Arithmetic,
};
use crate::domain::{
    problem::Problem,
    question::{CurveAnswer, CurveQuestion},
};
use ethnum::I256;
use tokio_postgres::Row;

/// As many points as there can be customers; more are the same.
const MOST_POINTS: u64 = 1 << 31;

/// The points and figures of the curve.
pub async fn curve(
    database: &Database,
    tenant: i32,
    question: &CurveQuestion,
) -> Result<CurveAnswer, Problem> {
    let order = &question.order;
    let driven = Spreads::ask(database, tenant, &question.scope, &order.driven).await?;
    let customers = Customers {
        tenant,
        arithmetic: Arithmetic::Exact,
        scope: &question.scope,
        order,
        driven: &driven,
        beside: &[],
        with_traits: false,
    };
    let rows = customers.rows(database, |customers| statement(customers, question));
    let totals = sums::totals(database, tenant, &question.scope);
    let (totals, rows) = tokio::try_join!(totals, rows)?;
    let mut answer = CurveAnswer {
        totals,
        ..CurveAnswer::default()
    };
    if let Some(row) = rows.first() {
        customers.add_totals(&mut answer.totals, row)?;
        add_figures(&mut answer, &customers, row)?;
    }
    for row in &rows {
        if column::<Option<i64>>(row, "place")?.is_some() {
            let cumulative = customers.nanos(row, "cumulative")?;
            answer.points.push((counted(row, "place")?, cumulative));
        }
    }
    Ok(answer)
}

fn add_figures(
    answer: &mut CurveAnswer,
    customers: &Customers<'_>,
    row: &Row,
) -> Result<(), Problem> {
    let exact = |name| customers.nanos(row, name);
    let unit = I256::from(customers.unit());
    let wide = |name, unit| {
        let sum = column::<Wide>(row, name)?.0.checked_mul(unit);
        sum.ok_or_else(|| Problem::ledger_damaged("a sum that is too long"))
    };
    answer.total = exact("total")?;
    answer.positive = counted(row, "positive")?;
    answer.peak = (counted(row, "peak_place")?, exact("peak")?);
    let eighty: Option<i64> = column(row, "eighty_percent")?;
    answer.eighty_percent = eighty.map(super::sql::count);
    answer.best_fifth = exact("best_fifth")?;
    answer.positive_sum = exact("positive_sum")?;
    answer.not_negative = counted(row, "not_negative")?;
    answer.place_weighted_sum = wide("place_weighted_sum", unit)?;
    answer.square_sum = wide("square_sum", unit * unit)?;
    Ok(())
}

fn statement(customers: &Customers<'_>, question: &CurveQuestion) -> Sql {
    let mut sql = Sql::default();
    customers.begin(&mut sql);
    let order = customers.order_by(true);
    let value = customers.final_column();
    // Shares can put values that are nearly equal out of their order, and what is weighed by place wants theirs.
    let rank = match customers.bears_split() {
        true => "row_number() OVER (ORDER BY r.final DESC)",
        false => "row_number() OVER o",
    };
    let points = i64::try_from(question.points.clamp(1, MOST_POINTS)).unwrap_or(1);
    let points = sql.bind(points);
    sql.push(&format!(
        "ordered AS MATERIALIZED (SELECT r.{value} AS final, row_number() OVER o AS place, {rank} AS rank, \
         sum(r.{value}) OVER (o ROWS UNBOUNDED PRECEDING) AS cumulative \
         FROM reported r WINDOW o AS (ORDER BY {order})), \
         spread AS (SELECT count(*) FILTER (WHERE o.final > 0) AS positive, \
         count(*) FILTER (WHERE o.final >= 0) AS not_negative, \
         coalesce(sum(o.final) FILTER (WHERE o.final >= 0), 0) AS positive_sum, \
         coalesce(sum(o.rank * o.final::numeric) FILTER (WHERE o.final >= 0), 0) AS falling, \
         coalesce(sum(o.final::numeric * o.final) FILTER (WHERE o.final >= 0), 0) AS square_sum, \
         min(o.place) FILTER (WHERE w.total > 0 AND o.cumulative >= w.total - div(w.total, 5)) AS eighty_percent, \
         coalesce(max(o.cumulative) FILTER (WHERE o.place = (w.customers + 4) / 5), 0) AS best_fifth \
         FROM ordered o CROSS JOIN whole w), \
         peak AS (SELECT o.place, o.cumulative FROM ordered o WHERE o.cumulative > 0 \
         ORDER BY o.cumulative DESC, o.place LIMIT 1), \
         points AS (SELECT o.place, o.cumulative FROM ordered o CROSS JOIN whole w \
         WHERE o.place * {points} / w.customers > (o.place - 1) * {points} / w.customers) \
         SELECT w.customers, w.negative, w.value, w.total, w.borne, w.driven, s.active, f.positive, f.not_negative, \
         f.positive_sum, f.square_sum, (f.not_negative + 1) * f.positive_sum - f.falling AS place_weighted_sum, \
         f.eighty_percent, f.best_fifth, coalesce(k.place, 0) AS peak_place, coalesce(k.cumulative, 0) AS peak, \
         p.place, p.cumulative FROM whole w CROSS JOIN size s CROSS JOIN spread f \
         LEFT JOIN peak k ON true LEFT JOIN points p ON true ORDER BY p.place"
    ));
    sql
}
