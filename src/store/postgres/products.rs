//! Products with their categories: the table, and what is made of its rows.

use super::{
    database::{Database, Fault, column, rows},
    sql::{Sql, count, seq},
};
use crate::domain::{ledger::Position, problem::Problem, product::Product, time::Instant};
use deadpool_postgres::Object;
use std::collections::BTreeSet;
use tokio_postgres::Row;

/// What a row is read by.
pub const COLUMNS: &str = "d.product, d.category, d.record_seconds, d.record_nanos";

/// All products as of a position, in the order of their ids.
pub async fn products(
    database: &Database,
    tenant: i32,
    as_of: Position,
) -> Result<Vec<Product>, Problem> {
    let rows = database.rows(&question(tenant, as_of, None)).await?;
    rows.iter().map(product_of).collect()
}

/// The newest versions of some products with where they were written, as a transaction sees them.
pub async fn newest_on(
    connection: &Object,
    tenant: i32,
    products: BTreeSet<String>,
) -> Result<Vec<(Position, Product)>, Fault> {
    if products.is_empty() {
        return Ok(Vec::new());
    }
    let sql = question(tenant, Position::MAX, Some(products.into_iter().collect()));
    let rows = rows(connection, &sql).await?;
    let read = rows
        .iter()
        .map(|row| Ok((count(column(row, "seq")?), product_of(row)?)));
    Ok(read.collect::<Result<_, Problem>>()?)
}

/// The last version of each product up to a position.
fn question(tenant: i32, as_of: Position, products: Option<Vec<String>>) -> Sql {
    let mut sql = Sql::default();
    let (tenant, as_of) = (sql.bind(tenant), sql.bind(seq(as_of)));
    let some = products.map_or_else(String::new, |products| {
        format!(" AND d.product = ANY({})", sql.bind(products))
    });
    sql.push(&format!(
        "SELECT DISTINCT ON (d.product) d.seq, {COLUMNS} FROM profitscore.products d \
         WHERE d.tenant = {tenant} AND d.seq <= {as_of}{some} ORDER BY d.product, d.seq DESC"
    ));
    sql
}

/// A product.
pub fn product_of(row: &Row) -> Result<Product, Problem> {
    Ok(Product {
        product_id: column(row, "product")?,
        category_id: column(row, "category")?,
    })
}

/// Adds a version of a product.
pub fn statement(tenant: i32, position: i64, product: Product, record_time: Instant) -> Sql {
    let mut sql = Sql::default();
    let (tenant, seq) = (sql.bind(tenant), sql.bind(position));
    let (id, category) = (sql.bind(product.product_id), sql.bind(product.category_id));
    let seconds = sql.bind(record_time.seconds);
    let nanos = sql.bind(record_time.nanos.cast_signed());
    sql.push(&format!(
        "INSERT INTO profitscore.products \
         (tenant, seq, product, category, record_seconds, record_nanos) \
         VALUES ({tenant}, {seq}, {id}, {category}, {seconds}, {nanos})"
    ));
    sql
}
