//! How many complaints there are for how many sales: by branch, product, category, representative, channel.

use crate::harness::{World, activity, sale};
use profitscore::api::pb::{self, activity::Kind};

fn at(branch: &str, product: &str, mut activity: pb::Activity) -> pb::Activity {
    activity.dimensions = Some(pb::Dimensions {
        branch_id: branch.to_owned(),
        product_id: product.to_owned(),
        account_manager_id: format!("of {branch}"),
        channel_id: format!("by {product}").trim().to_owned(),
        ..Default::default()
    });
    activity
}

fn complaint(id: &str, severity: pb::ComplaintSeverity) -> pb::Activity {
    let kind = Kind::Complaint(pb::Complaint {
        severity: severity as i32,
        ..Default::default()
    });
    activity(id, "c", 2, kind)
}

/// Eight sales of tea in the north with three complaints, one of them major; two of cake in the south with one
/// complaint that is minor; a complaint about a pie that nobody bought.
async fn world() -> World {
    use pb::ComplaintSeverity::{Major, Minor, Moderate};
    let world = World::start().await;
    let tea = (0..8).map(|i| at("north", "tea", sale(&format!("t{i}"), "c", 1, "10", "4")));
    let cake = (0..2).map(|i| at("south", "cake", sale(&format!("k{i}"), "d", 1, "9", "4")));
    let complaints = [
        at("north", "tea", complaint("1", Minor)),
        at("north", "tea", complaint("2", Moderate)),
        at("north", "tea", complaint("3", Major)),
        at("south", "cake", complaint("4", Minor)),
        at("north", "pie", complaint("5", Major)),
    ];
    world
        .post(tea.chain(cake).chain(complaints).collect())
        .await;
    let product = |product: &str, category: &str| pb::Product {
        product_id: product.to_owned(),
        category_id: category.to_owned(),
    };
    let request = pb::PutProductsRequest {
        products: vec![product("cake", "baked"), product("pie", "baked")],
        ..Default::default()
    };
    world.customers().put_products(request).await.unwrap();
    world
}

async fn by(world: &World, dimension: pb::Dimension) -> (Vec<String>, pb::RankDimensionResponse) {
    let request = pb::RankDimensionRequest {
        dimension: dimension as i32,
        ..Default::default()
    };
    let answer = world.reports().rank_dimension(request).await;
    let answer = answer.unwrap().into_inner();
    let rows = answer.rows.iter().map(|row| {
        let statement = row.statement.as_ref().unwrap();
        format!(
            "{}: {} of {}, {:?} {:?}",
            row.dimension_id,
            statement.complaint_count,
            statement.sale_count,
            row.complaints_per_hundred_sales,
            row.severe_complaint_share,
        )
    });
    (rows.collect(), answer)
}

#[tokio::test]
async fn complaints_are_set_against_sales_by_every_dimension() {
    let world = world().await;
    let (rows, answer) = by(&world, pb::Dimension::Branch).await;
    let expected = [
        "north: 4 of 8, Some(50.0) Some(0.5)",
        "south: 1 of 2, Some(50.0) Some(0.0)",
    ];
    assert_eq!(rows, expected);
    assert_eq!((answer.sale_count, answer.complaint_count), (10, 5));
    assert_eq!(answer.major_complaint_count, 2);
    assert_eq!(answer.complaints_per_hundred_sales, Some(50.0));
    let of_rows = answer.rows.iter().flat_map(|row| &row.statement);
    let of_rows: i64 = of_rows.map(|statement| statement.complaint_count).sum();
    assert_eq!(of_rows, answer.complaint_count);

    let (rows, _) = by(&world, pb::Dimension::Product).await;
    let expected = [
        "tea: 3 of 8, Some(37.5) Some(0.3333333333333333)",
        "cake: 1 of 2, Some(50.0) Some(0.0)",
        // Nothing was sold that the complaints could be set against.
        "pie: 1 of 0, None Some(1.0)",
    ];
    assert_eq!(rows, expected);
    let (rows, _) = by(&world, pb::Dimension::ProductCategory).await;
    let expected = [
        "UNASSIGNED: 3 of 8, Some(37.5) Some(0.3333333333333333)",
        "baked: 2 of 2, Some(100.0) Some(0.5)",
    ];
    assert_eq!(rows, expected);
    let (rows, _) = by(&world, pb::Dimension::AccountManager).await;
    assert_eq!(rows[0], "of north: 4 of 8, Some(50.0) Some(0.5)");
    let (rows, answer) = by(&world, pb::Dimension::Channel).await;
    assert_eq!(rows[2], "by pie: 1 of 0, None Some(1.0)");
    assert_eq!(answer.complaints_per_hundred_sales, Some(50.0));
}

#[tokio::test]
async fn without_sales_and_complaints_there_are_no_rates() {
    let world = World::start().await;
    world
        .post(vec![at(
            "west",
            "",
            complaint("1", pb::ComplaintSeverity::Minor),
        )])
        .await;
    let reversal = pb::Reversal {
        reversal_id: "r".to_owned(),
        activity_id: "1".to_owned(),
        reason: "a mistake".to_owned(),
        evidence_ref: String::new(),
    };
    let request = pb::ReverseActivitiesRequest {
        reversals: vec![reversal],
        ..Default::default()
    };
    world
        .activities()
        .reverse_activities(request)
        .await
        .unwrap();
    world
        .post(vec![at("west", "", sale("s", "c", 1, "1", "0"))])
        .await;
    let (rows, answer) = by(&world, pb::Dimension::Branch).await;
    assert_eq!(rows, ["west: 0 of 1, Some(0.0) None"]);
    assert_eq!(answer.complaint_count, 0);
    let later = pb::RankDimensionRequest {
        period: Some(crate::harness::days(50, 60)),
        ..Default::default()
    };
    let answer = world.reports().rank_dimension(later).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.complaints_per_hundred_sales, None);
}
