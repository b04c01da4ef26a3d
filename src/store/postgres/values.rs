//! The values of all customers: weighed by the database, one row for each.

use super::{
    customers::Customers,
    database::{Database, column},
    driven::Spreads,
    numbers::Exact,
    sql::Sql,
    sums,
    weigh::{self, Arithmetic},
};
use crate::domain::{
    id::PartyId,
    problem::Problem,
    question::{Beside, ValuesAnswer, ValuesQuestion},
};

/// The values of everybody, in the order of their ids.
pub async fn values(
    database: &Database,
    tenant: i32,
    question: &ValuesQuestion,
) -> Result<ValuesAnswer, Problem> {
    let order = &question.order;
    let driven = Spreads::ask(database, tenant, &question.scope, &order.driven).await?;
    let beside = question.beside.iter().cloned().map(Beside::from);
    let beside: Vec<Beside> = beside.collect();
    let customers = Customers {
        tenant,
        arithmetic: Arithmetic::Exact,
        scope: &question.scope,
        order,
        driven: &driven,
        beside: &beside,
        with_traits: false,
    };
    let rows = customers.rows(database, statement);
    let totals = sums::totals(database, tenant, &question.scope);
    let (totals, rows) = tokio::try_join!(totals, rows)?;
    let mut answer = ValuesAnswer {
        totals,
        beside: vec![Vec::with_capacity(rows.len()); beside.len()],
        ..ValuesAnswer::default()
    };
    if let Some(row) = rows.first() {
        customers.add_totals(&mut answer.totals, row)?;
    }
    for row in &rows {
        // Without any customer there is one row with the totals alone.
        let Some(customer) = column::<Option<&str>>(row, "customer")? else {
            continue;
        };
        answer.customers.push(PartyId::stored(customer));
        let value = customers.nanos(row, customers.final_column())?;
        answer.values.push(value);
        for (values, one) in answer.beside.iter_mut().zip(&beside) {
            let value: Exact = column(row, &customers.value_column(one))?;
            let value = value.of_unit(weigh::unit(&one.weights));
            values.push(value.ok_or_else(|| Problem::ledger_damaged("a value that is too long"))?);
        }
    }
    Ok(answer)
}

fn statement(customers: &Customers<'_>) -> Sql {
    let mut sql = Sql::default();
    customers.begin(&mut sql);
    // Nothing follows what it begins with but the customers.
    sql.push(
        "listed AS (SELECT r.* FROM reported r) \
         SELECT w.customers, w.negative, w.value, w.borne, w.driven, s.active, l.* \
         FROM whole w CROSS JOIN size s LEFT JOIN listed l ON true ORDER BY l.customer",
    );
    sql
}
