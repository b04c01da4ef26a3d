//! Products with their categories, and reports by category.

use crate::harness::{World, refusal, sale, text};
use profitscore::api::pb::{self, product_result::Outcome};

fn product(id: &str, category: &str) -> pb::Product {
    pb::Product {
        product_id: id.to_owned(),
        category_id: category.to_owned(),
    }
}

async fn put(world: &World, products: Vec<pb::Product>) -> pb::PutProductsResponse {
    let request = pb::PutProductsRequest {
        products,
        ..Default::default()
    };
    let answer = world.customers().put_products(request).await;
    answer.unwrap().into_inner()
}

fn of(product: &str, mut activity: pb::Activity) -> pb::Activity {
    activity.dimensions = Some(pb::Dimensions {
        product_id: product.to_owned(),
        ..Default::default()
    });
    activity
}

/// Tea 50 - 20 and milk 10 - 4 of a, tea 30 - 40 of b, a pie of 7, and 5 of nothing.
async fn kitchen() -> World {
    let world = World::start().await;
    let sales = vec![
        of("tea", sale("1", "a", 1, "50", "20")),
        of("milk", sale("2", "a", 2, "10", "4")),
        of("tea", sale("3", "b", 3, "30", "40")),
        of("pie", sale("4", "b", 4, "7", "0")),
        sale("5", "b", 5, "5", "0"),
    ];
    world.post(sales).await;
    world
}

async fn by_category(world: &World, as_of: Option<i64>) -> Vec<String> {
    let request = pb::RankDimensionRequest {
        dimension: pb::Dimension::ProductCategory as i32,
        read_options: Some(pb::ReadOptions {
            as_of: as_of.map(|position| pb::LedgerPosition { position }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let answer = world.reports().rank_dimension(request).await.unwrap();
    let answer = answer.into_inner();
    let control = answer.control_total.unwrap();
    assert_eq!(control.reported, control.ledger);
    let rows = answer.rows.iter();
    rows.map(|row| format!("{} {}", row.dimension_id, text(row.value.as_ref())))
        .collect()
}

#[tokio::test]
async fn reports_by_category_follow_what_is_stored_as_of_their_position() {
    let world = kitchen().await;
    assert_eq!(by_category(&world, None).await, ["UNASSIGNED 38"]);
    put(
        &world,
        vec![product("tea", "drinks"), product("milk", "drinks")],
    )
    .await;
    // 30 + 6 - 10, and 7 + 5.
    let drinks = ["drinks 26", "UNASSIGNED 12"];
    assert_eq!(by_category(&world, None).await, drinks);
    put(
        &world,
        vec![product("milk", "dairy"), product("pie", "food")],
    )
    .await;
    let newest = ["drinks 20", "food 7", "dairy 6", "UNASSIGNED 5"];
    assert_eq!(by_category(&world, None).await, newest);
    put(&world, vec![product("milk", "")]).await;
    let without = ["drinks 20", "UNASSIGNED 11", "food 7"];
    assert_eq!(by_category(&world, None).await, without);
    assert_eq!(by_category(&world, Some(7)).await, drinks);
    assert_eq!(by_category(&world, Some(9)).await, newest);
    let request = pb::GetCrossReportRequest {
        columns: pb::Dimension::ProductCategory as i32,
        ..Default::default()
    };
    let cross = world.reports().get_cross_report(request).await;
    let cross = cross.unwrap().into_inner();
    let told = |id: &str, money: Option<&_>| format!("{id} {}", text(money));
    let columns = cross.columns.iter();
    let columns: Vec<_> = columns
        .map(|column| told(&column.column_id, column.total.as_ref()))
        .collect();
    assert_eq!(columns, ["drinks 80", "food 7", "UNASSIGNED 15"]);
    let cells = cross.rows.iter().map(|row| {
        let cells = row.cells.iter();
        let cells = cells.map(|cell| told(&cell.column_id, cell.value.as_ref()));
        format!(
            "{}: {}",
            row.customer_id,
            cells.collect::<Vec<_>>().join(", ")
        )
    });
    let expected = [
        "a: drinks 50, UNASSIGNED 10",
        "b: drinks 30, food 7, UNASSIGNED 5",
    ];
    assert_eq!(cells.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn products_are_stored_listed_and_refused_one_by_one() {
    let world = World::start().await;
    let long = "x".repeat(129);
    let batch = vec![
        product("tea", "drinks"),
        product("", "drinks"),
        product("pie", &long),
    ];
    let answer = put(&world, batch).await;
    assert!(matches!(
        answer.results[0].outcome,
        Some(Outcome::Stored(_))
    ));
    let refused = |index: usize| match &answer.results[index].outcome {
        Some(Outcome::Rejection(rejection)) => (
            rejection.reason().as_str_name().to_owned(),
            rejection.field.clone(),
        ),
        other => panic!("{other:?} is not a rejection"),
    };
    let expected = ("ERROR_REASON_FIELD_REQUIRED", "products[1].product_id");
    assert_eq!(refused(1), (expected.0.to_owned(), expected.1.to_owned()));
    let expected = ("ERROR_REASON_FIELD_TOO_LONG", "products[2].category_id");
    assert_eq!(refused(2), (expected.0.to_owned(), expected.1.to_owned()));
    let again = put(&world, vec![product("tea", "drinks"), product("art", "")]).await;
    assert!(matches!(
        again.results[0].outcome,
        Some(Outcome::Unchanged(_))
    ));
    let (mut listed, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListProductsRequest {
            page_size: 1,
            page_token,
            ..Default::default()
        };
        let page = world.customers().list_products(request).await.unwrap();
        let page = page.into_inner();
        listed.extend(page.products);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, [product("art", ""), product("tea", "drinks")]);
    let status = world
        .customers()
        .put_products(pb::PutProductsRequest::default())
        .await;
    let expected = ("BATCH_EMPTY".to_owned(), "products".to_owned());
    assert_eq!(refusal(&status.unwrap_err()), expected);
}
