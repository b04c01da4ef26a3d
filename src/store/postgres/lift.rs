//! How common trait values are among the best customers, the loss-makers and all: counted by the database, one row for
//! each value or bin.

use super::{
    customers::Customers,
    database::{Database, column},
    driven::Spreads,
    json,
    parties::counted,
    sql::Sql,
    sums,
    weigh::Arithmetic,
};
use crate::domain::{
    id::TraitKey,
    party::TraitValue,
    problem::Problem,
    question::{LiftAnswer, LiftCount, LiftQuestion, TraitBin},
};
use tokio_postgres::Row;

/// The counts of the asked traits.
pub async fn lift(
    database: &Database,
    tenant: i32,
    question: &LiftQuestion,
) -> Result<LiftAnswer, Problem> {
    let order = &question.order;
    let driven = Spreads::ask(database, tenant, &question.scope, &order.driven).await?;
    let customers = Customers {
        tenant,
        arithmetic: Arithmetic::Exact,
        scope: &question.scope,
        order,
        driven: &driven,
        beside: &[],
        with_traits: true,
    };
    let rows = customers.rows(database, |customers| statement(customers, question));
    let totals = sums::totals(database, tenant, &question.scope);
    let (totals, rows) = tokio::try_join!(totals, rows)?;
    let mut answer = LiftAnswer {
        totals,
        ..LiftAnswer::default()
    };
    if let Some(row) = rows.first() {
        customers.add_totals(&mut answer.totals, row)?;
        answer.best = counted(row, "best_number")?;
        answer.threshold = customers.nanos(row, "threshold")?;
    }
    let keys: Vec<&TraitKey> = question.traits.keys().collect();
    for row in &rows {
        let place: Option<i32> = column(row, "place")?;
        let key = place.and_then(|place| keys.get(usize::try_from(place).ok()?));
        if let Some(key) = key {
            add(&mut answer, key, row)?;
        }
    }
    Ok(answer)
}

fn add(answer: &mut LiftAnswer, key: &TraitKey, row: &Row) -> Result<(), Problem> {
    let more = LiftCount {
        best: counted(row, "best")?,
        loss_makers: counted(row, "loss_makers")?,
        all: counted(row, "all_of_them")?,
    };
    let bin: Option<i32> = column(row, "bin")?;
    let value: Option<&str> = column(row, "trait_value")?;
    let bins = match (bin, value.map(json::value).transpose()?) {
        (Some(bin), _) => vec![TraitBin::Number(usize::try_from(bin).unwrap_or(0))],
        (None, Some(TraitValue::Category(category))) => vec![TraitBin::Category(category)],
        (None, Some(TraitValue::Flag(flag))) => vec![TraitBin::Flag(flag)],
        (None, Some(TraitValue::Set(set))) if !set.is_empty() => {
            set.into_iter().map(TraitBin::Category).collect()
        }
        (None, None | Some(TraitValue::Set(_) | TraitValue::Number(_))) => vec![TraitBin::Missing],
    };
    for bin in bins {
        let count = answer.counts.entry((key.clone(), bin)).or_default();
        count.best += more.best;
        count.loss_makers += more.loss_makers;
        count.all += more.all;
    }
    Ok(())
}

fn statement(customers: &Customers<'_>, question: &LiftQuestion) -> Sql {
    let mut sql = Sql::default();
    customers.begin(&mut sql);
    let order = customers.order_by(true);
    let value = customers.final_column();
    let millionths = sql.bind(i64::from(question.best_millionths));
    let minimum = sql.bind(super::sql::seq(question.best_minimum));
    let tie = question.order.most_left_over() / customers.unit();
    let tie = sql.bind(tie.to_string());
    // The best are those of the first places that are above a floor: see `Best` in answer.rs.
    sql.push(&format!(
        "wanted AS MATERIALIZED (SELECT least(greatest( \
         div(w.customers::numeric * {millionths}::bigint + 999999, 1000000), \
         {minimum}::bigint), w.customers / 2)::bigint AS number FROM whole w), \
         ordered AS MATERIALIZED (SELECT r.{value} AS final, r.traits, \
         row_number() OVER (ORDER BY {order}) - 1 AS place FROM reported r), \
         floor AS MATERIALIZED (SELECT w.number, coalesce( \
         (SELECT greatest(o.final + {tie}::text::numeric, 0) FROM ordered o \
         WHERE o.place = w.number), 0) AS value FROM wanted w), \
         flags AS MATERIALIZED (SELECT o.place < f.number AND o.final > f.value AS is_best, o.final < 0 AS is_loss, \
         o.place, o.final, o.traits FROM ordered o CROSS JOIN floor f), \
         counted AS (SELECT count(*) AS best_number, \
         coalesce((array_agg(f.final ORDER BY f.place DESC))[1], 0) AS threshold FROM flags f WHERE f.is_best), "
    ));
    let mut arms = vec![
        "SELECT 0 AS place, NULL::integer AS bin, NULL::text AS value, NULL::bigint AS best, \
         NULL::bigint AS loss_makers, NULL::bigint AS all_of_them WHERE false"
            .to_owned(),
    ];
    for (place, (key, edges)) in question.traits.iter().enumerate() {
        let (key, edges) = (sql.bind(key.to_string()), sql.bind(edges.clone()));
        // A number is counted in its bin, everything else as it is.
        arms.push(format!(
            "SELECT {place}, v.bin, v.value, count(*) FILTER (WHERE v.is_best), \
             count(*) FILTER (WHERE v.is_loss), count(*) FROM (SELECT f.is_best, f.is_loss, \
             CASE WHEN jsonb_typeof(f.traits->{key}::text) = 'number' \
             THEN width_bucket((f.traits->>{key}::text)::bigint, {edges}::bigint[]) END AS bin, \
             CASE WHEN jsonb_typeof(f.traits->{key}::text) <> 'number' \
             THEN (f.traits->{key}::text)::text END AS value FROM flags f) v GROUP BY v.bin, v.value"
        ));
    }
    sql.push(&format!(
        "counts AS ({}) SELECT w.customers, w.negative, w.value, w.borne, w.driven, s.active, \
         n.best_number, n.threshold, c.place, c.bin, c.value AS trait_value, c.best, c.loss_makers, c.all_of_them \
         FROM whole w CROSS JOIN size s CROSS JOIN counted n LEFT JOIN counts c ON true",
        arms.join(" UNION ALL ")
    ));
    sql
}
