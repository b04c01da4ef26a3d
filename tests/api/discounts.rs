//! Price terms beside customers in rankings and statements, and customers grouped by them.

use crate::{
    currencies::{rate, store},
    harness::{World, days, sale, text, usd},
    price_terms::{as_of, keep, terms},
};
use profitscore::api::pb::{self, activity::Kind};

/// The list price of a's sale is 1,000: 800 are 80% of it. b pays 500 in full, and c 90, which cost 95.
async fn shop() -> World {
    let world = World::start().await;
    let mut discounted = sale("1", "a", 10, "800", "300");
    if let Some(Kind::Sale(sale)) = &mut discounted.kind {
        sale.price = Some(pb::sale::Price::ListAmount(usd("1000")));
    }
    let sales = vec![
        discounted,
        sale("2", "b", 12, "500", "100"),
        sale("3", "c", 12, "90", "95"),
    ];
    assert_eq!(world.post(sales).await, 3);
    world
}

/// What everybody has: gold on the trade list, from day 15 on silver on that of exports; b has a list alone.
fn agreed() -> Vec<pb::PriceTerms> {
    vec![
        terms("a", 0, "trade", "gold", "0.15"),
        terms("a", 15, "export", "silver", ""),
        terms("b", 11, "trade", "", ""),
    ]
}

async fn ranked(world: &World, until: i64) -> pb::RankCustomersResponse {
    let request = pb::RankCustomersRequest {
        period: Some(days(0, until)),
        ..Default::default()
    };
    world
        .rankings()
        .rank_customers(request)
        .await
        .unwrap()
        .into_inner()
}

fn row(row: &pb::RankedCustomer) -> String {
    let statement = row.statement.as_ref().unwrap();
    let discount = row
        .nominal_discount
        .as_ref()
        .map_or("-", |discount| &discount.value);
    let realisation = statement.price_realisation;
    format!(
        "{} {} {} {discount}: {} {}",
        row.customer_id,
        row.price_list_id,
        row.discount_tier,
        text(statement.discounts.as_ref()),
        realisation.map_or_else(|| "-".to_owned(), |realisation| realisation.to_string()),
    )
}

#[tokio::test]
async fn rows_tell_the_terms_of_the_last_day_beside_what_discounts_were_worth() {
    let world = shop().await;
    let rows =
        |answer: &pb::RankCustomersResponse| answer.customers.iter().map(row).collect::<Vec<_>>();
    let bare = ["a   -: 200 0.8", "b   -: 0 -", "c   -: 0 -"];
    assert_eq!(rows(&ranked(&world, 15).await), bare);
    let position = keep(&world, agreed()).await;
    let early = [
        "a trade gold 0.15: 200 0.8",
        "b trade  -: 0 -",
        "c   -: 0 -",
    ];
    assert_eq!(rows(&ranked(&world, 15).await), early);
    let late = [
        "a export silver -: 200 0.8",
        "b trade  -: 0 -",
        "c   -: 0 -",
    ];
    assert_eq!(rows(&ranked(&world, 16).await), late);
    let all = world
        .rankings()
        .rank_customers(pb::RankCustomersRequest::default())
        .await;
    assert_eq!(rows(&all.unwrap().into_inner()), late);

    // Found out later: an answer that was given stays.
    let pinned = pb::RankCustomersRequest {
        period: Some(days(0, 15)),
        read_options: Some(as_of(position)),
        ..Default::default()
    };
    let ask = async || {
        world
            .rankings()
            .rank_customers(pinned.clone())
            .await
            .unwrap()
            .into_inner()
    };
    let before = ask().await;
    keep(
        &world,
        vec![
            terms("a", 14, "trade", "bronze", "0.05"),
            terms("c", 1, "retail", "", ""),
        ],
    )
    .await;
    assert_eq!(ask().await, before);
    let corrected = [
        "a trade bronze 0.05: 200 0.8",
        "b trade  -: 0 -",
        "c retail  -: 0 -",
    ];
    assert_eq!(rows(&ranked(&world, 15).await), corrected);
    let at_first = pb::RankCustomersRequest {
        read_options: Some(as_of(3)),
        ..pinned.clone()
    };
    let at_first = world
        .rankings()
        .rank_customers(at_first)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(rows(&at_first), bare);
}

#[tokio::test]
async fn every_report_of_customers_tells_the_same_terms() {
    let world = shop().await;
    keep(&world, agreed()).await;
    store(
        &world,
        (0..20).map(|day| rate("USD", "EUR", day, "0.5")).collect(),
    )
    .await;
    let period = Some(days(0, 15));
    let mut rankings = world.rankings();
    let expected = [["a", "trade", "gold"], ["b", "trade", ""], ["c", "", ""]];
    let of = |rows: &[pb::RankedCustomer]| {
        let of = |row: &pb::RankedCustomer| {
            [
                row.customer_id.clone(),
                row.price_list_id.clone(),
                row.discount_tier.clone(),
            ]
        };
        rows.iter().map(of).collect::<Vec<_>>()
    };
    for reporting_currency in ["", "EUR"] {
        let request = pb::ExportRankingRequest {
            period,
            reporting_currency: reporting_currency.to_owned(),
            ..Default::default()
        };
        let mut parts = rankings.export_ranking(request).await.unwrap().into_inner();
        let part = parts.message().await.unwrap().unwrap();
        assert_eq!(of(&part.customers), expected);
    }
    let bands = pb::CompareBandsRequest {
        period,
        ..Default::default()
    };
    let bands = rankings.compare_bands(bands).await.unwrap().into_inner();
    let in_bands: Vec<_> = bands
        .bands
        .iter()
        .flat_map(|band| of(&band.customers))
        .collect();
    assert_eq!(in_bands, expected);
    let solvent = pb::RankCustomersRequest {
        period,
        basis: pb::RankingBasis::Solvency as i32,
        ..Default::default()
    };
    let invoice = Kind::Invoice(pb::Invoice {
        invoice_id: "I".to_owned(),
        amount: Some(usd("800")),
        due_time: Some(crate::harness::day(11)),
    });
    world
        .post(vec![crate::harness::activity("4", "a", 10, invoice)])
        .await;
    let solvent = rankings.rank_customers(solvent).await.unwrap().into_inner();
    assert_eq!(of(&solvent.customers)[0], expected[0]);
    for (id, nominal) in [("a", Some("0.15")), ("b", None), ("c", None)] {
        let request = pb::GetCustomerStatementRequest {
            customer_id: id.to_owned(),
            period,
            ..Default::default()
        };
        let answer = rankings
            .get_customer_statement(request)
            .await
            .unwrap()
            .into_inner();
        let own = expected.iter().find(|own| own[0] == id).unwrap();
        assert_eq!(
            [answer.price_list_id.as_str(), &answer.discount_tier],
            own[1..]
        );
        let found = answer.nominal_discount.as_ref();
        assert_eq!(found.map(|discount| discount.value.as_str()), nominal);
    }
    // Without activity in the period too.
    let later = pb::GetCustomerStatementRequest {
        customer_id: "a".to_owned(),
        period: Some(days(15, 20)),
        ..Default::default()
    };
    let later = rankings
        .get_customer_statement(later)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (later.price_list_id.as_str(), later.rank_by_revenue),
        ("export", 0)
    );
}

#[tokio::test]
async fn customers_are_grouped_by_the_terms_of_the_last_day() {
    let world = shop().await;
    keep(&world, agreed()).await;
    keep(&world, vec![terms("nobody", 0, "trade", "none", "0")]).await;
    let by = async |dimension: pb::Dimension, until| {
        let request = pb::RankDimensionRequest {
            dimension: dimension as i32,
            period: Some(days(0, until)),
            ..Default::default()
        };
        let answer = world
            .reports()
            .rank_dimension(request)
            .await
            .unwrap()
            .into_inner();
        let control = answer.control_total.unwrap();
        assert_eq!(control.reported, control.ledger);
        let told = |row: &pb::RankedDimension| {
            let discounts = row.statement.as_ref().unwrap().discounts.as_ref();
            format!(
                "{} {} {}",
                row.dimension_id,
                text(row.value.as_ref()),
                text(discounts)
            )
        };
        answer.rows.iter().map(told).collect::<Vec<_>>()
    };
    // 800 - 300 + 500 - 100, and 90 - 95.
    let together = ["trade 900 200", "UNASSIGNED -5 0"];
    assert_eq!(by(pb::Dimension::PriceList, 15).await, together);
    let apart = ["export 500 200", "trade 400 0", "UNASSIGNED -5 0"];
    assert_eq!(by(pb::Dimension::PriceList, 16).await, apart);
    let tiers = ["gold 500 200", "UNASSIGNED 395 0"];
    assert_eq!(by(pb::Dimension::DiscountTier, 15).await, tiers);
    let request = pb::GetCrossReportRequest {
        columns: pb::Dimension::PriceList as i32,
        period: Some(days(0, 16)),
        ..Default::default()
    };
    let cross = world
        .reports()
        .get_cross_report(request)
        .await
        .unwrap()
        .into_inner();
    let columns = cross.columns.iter();
    let columns =
        columns.map(|column| format!("{} {}", column.column_id, text(column.total.as_ref())));
    assert_eq!(
        columns.collect::<Vec<_>>(),
        ["export 800", "trade 500", "UNASSIGNED 90"]
    );
    let cells = cross.rows.iter().map(|row| {
        let cells = row.cells.iter();
        let cells: Vec<_> = cells.map(|cell| cell.column_id.as_str()).collect();
        format!("{}: {}", row.customer_id, cells.join(" "))
    });
    assert_eq!(
        cells.collect::<Vec<_>>(),
        ["a: export", "b: trade", "c: UNASSIGNED"]
    );
}
