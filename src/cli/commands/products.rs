//! `profitscore products`.

use crate::{
    api::pb::{ListProductsRequest, Product, PutProductsRequest},
    cli::{
        arguments::ReadArguments,
        commands::results,
        connection::Connection,
        errors::Failure,
        output::{Format, Grid, Sheet, Side, show},
        paging,
    },
};

#[derive(Debug, clap::Subcommand)]
pub enum ProductCommand {
    /// List products with their categories, in the order of their ids
    List {
        #[command(flatten)]
        read: ReadArguments,
    },
    /// Say which category products belong to
    Put {
        /// The products
        #[arg(required = true)]
        products: Vec<String>,
        /// Their category; without it they have none any more
        #[arg(long, default_value = "")]
        category: String,
        /// Only say whether it would be accepted
        #[arg(long)]
        dry_run: bool,
    },
}

impl ProductCommand {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        match self {
            Self::List { read } => {
                let answer = paging::gather(None, async |page_size, page_token| {
                    let request = ListProductsRequest {
                        tenant_id: connection.tenant(),
                        page_size,
                        page_token,
                        read_options: read.options(),
                    };
                    let mut client = connection.customers();
                    let answer = client.list_products(connection.request(request));
                    Ok(answer.await?.into_inner())
                })
                .await?;
                let products = &answer.products;
                show(format, &answer, || table(products), || sheet(products))
            }
            Self::Put {
                products,
                category,
                dry_run,
            } => {
                let products = products.iter().map(|product| Product {
                    product_id: product.clone(),
                    category_id: category.clone(),
                });
                let request = PutProductsRequest {
                    tenant_id: connection.tenant(),
                    products: products.collect(),
                    validate_only: *dry_run,
                };
                let mut client = connection.customers();
                let answer = client.put_products(connection.request(request.clone()));
                let answer = answer.await?.into_inner();
                let outcomes = || {
                    let products = request.products.iter().zip(&answer.results);
                    products.map(|(product, result)| {
                        (product.product_id.clone(), results::of_product(result))
                    })
                };
                let done = if *dry_run {
                    "would be stored"
                } else {
                    "stored"
                };
                show(
                    format,
                    &answer,
                    || results::text(outcomes(), done, "unchanged"),
                    || results::sheet(outcomes()),
                )?;
                results::check(outcomes())
            }
        }
    }
}

fn table(products: &[Product]) -> String {
    let mut grid = Grid::new(&[("Product", Side::Left), ("Category", Side::Left)]);
    for product in products {
        grid.row([product.product_id.clone(), product.category_id.clone()]);
    }
    grid.to_string()
}

fn sheet(products: &[Product]) -> Sheet {
    let mut sheet = Sheet::new(&["product_id", "category_id"]);
    for product in products {
        sheet.row([product.product_id.clone(), product.category_id.clone()]);
    }
    sheet
}
