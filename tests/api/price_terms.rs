//! `PriceTermsService`, and the terms beside customers in rankings, statements and reports.

use crate::{
    currencies::{date, rate, store},
    harness::{World, days, decimal, refusal, sale, text, usd},
};
use profitscore::api::pb::{self, activity::Kind, price_terms_result::Outcome};

fn terms(customer: &str, first_day: i32, list: &str, tier: &str, discount: &str) -> pb::PriceTerms {
    pb::PriceTerms {
        customer_id: customer.to_owned(),
        first_day: Some(date(first_day)),
        price_list_id: list.to_owned(),
        discount_tier: tier.to_owned(),
        nominal_discount: (!discount.is_empty()).then(|| decimal(discount)),
    }
}

async fn put(world: &World, terms: Vec<pb::PriceTerms>) -> pb::PutPriceTermsResponse {
    let request = pb::PutPriceTermsRequest {
        price_terms: terms,
        ..Default::default()
    };
    let answer = world.price_terms().put_price_terms(request).await;
    answer.unwrap().into_inner()
}

/// Puts terms that must all be taken, and gives the position after them.
async fn keep(world: &World, terms: Vec<pb::PriceTerms>) -> i64 {
    let answer = put(world, terms).await;
    for result in &answer.results {
        assert!(matches!(result.outcome, Some(Outcome::Stored(_))), "{result:?}");
    }
    answer.written_at.unwrap().position
}

async fn list(world: &World, request: pb::ListPriceTermsRequest) -> pb::ListPriceTermsResponse {
    let answer = world.price_terms().list_price_terms(request).await;
    answer.unwrap().into_inner()
}

fn told(answer: &pb::ListPriceTermsResponse) -> Vec<pb::PriceTerms> {
    let stored = answer.price_terms.iter();
    stored.map(|stored| stored.price_terms.clone().unwrap()).collect()
}

#[tokio::test]
async fn terms_are_stored_corrected_and_listed() {
    let world = World::start().await;
    let first = terms("a", 10, "retail", "gold", "0.15");
    let batch = vec![first.clone(), terms("a", 20, "", "", ""), terms("b 1", 5, "trade", "", "")];
    let tried = pb::PutPriceTermsRequest {
        price_terms: batch.clone(),
        validate_only: true,
        ..Default::default()
    };
    let tried = world.price_terms().put_price_terms(tried).await.unwrap().into_inner();
    assert_eq!((tried.results.len(), tried.written_at), (3, None));
    assert_eq!(keep(&world, batch.clone()).await, 3);
    let again = vec![terms("a", 10, "retail", "gold", "0.150"), terms("a", 10, "retail", "gold", "")];
    let again = put(&world, again).await;
    assert!(matches!(again.results[0].outcome, Some(Outcome::Unchanged(_))));
    assert!(matches!(again.results[1].outcome, Some(Outcome::Stored(_))));
    let mut request = pb::ListPriceTermsRequest {
        page_size: 1,
        ..Default::default()
    };
    let mut listed = Vec::new();
    loop {
        let page = list(&world, request.clone()).await;
        let stored = &page.price_terms[0];
        assert!(stored.record_time.is_some());
        listed.push((told(&page).remove(0), stored.position.unwrap().position));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    let corrected = terms("a", 10, "retail", "gold", "");
    let expected = [(corrected, 4), (batch[1].clone(), 2), (batch[2].clone(), 3)];
    assert_eq!(listed, expected);
    let on = pb::ListPriceTermsRequest {
        valid_on: Some(date(19)),
        read_options: Some(as_of(3)),
        ..Default::default()
    };
    assert_eq!(told(&list(&world, on).await), [first, batch[2].clone()]);
    let of_b = pb::ListPriceTermsRequest {
        customer_id: "b 1".to_owned(),
        ..Default::default()
    };
    assert_eq!(told(&list(&world, of_b).await), [batch[2].clone()]);
}

fn as_of(position: i64) -> pb::ReadOptions {
    pb::ReadOptions {
        as_of: Some(pb::LedgerPosition { position }),
        ..Default::default()
    }
}

#[tokio::test]
async fn terms_are_refused_one_by_one_and_by_field() {
    let world = World::start().await;
    let good = || terms("a", 10, "retail", "gold", "0.15");
    let change = |change: fn(&mut pb::PriceTerms)| {
        let mut terms = good();
        change(&mut terms);
        terms
    };
    let of_discount = |text: &str| pb::PriceTerms {
        nominal_discount: Some(decimal(text)),
        ..good()
    };
    let cases = [
        (change(|terms| terms.customer_id.clear()), "FIELD_REQUIRED", "customer_id"),
        (change(|terms| terms.customer_id = "x".repeat(129)), "FIELD_TOO_LONG", "customer_id"),
        (change(|terms| terms.first_day = None), "FIELD_REQUIRED", "first_day"),
        (change(|terms| terms.first_day.as_mut().unwrap().month = 13), "FIELD_INVALID", "first_day"),
        (change(|terms| terms.first_day.as_mut().unwrap().year = 2200), "TIME_OUT_OF_RANGE", "first_day"),
        (change(|terms| terms.price_list_id = "x".repeat(129)), "FIELD_TOO_LONG", "price_list_id"),
        (change(|terms| terms.price_list_id = "a\u{7}".to_owned()), "FIELD_INVALID", "price_list_id"),
        (change(|terms| terms.discount_tier = " x".to_owned()), "FIELD_INVALID", "discount_tier"),
        (change(|terms| terms.discount_tier.clear()), "FIELD_INVALID", "nominal_discount"),
        (of_discount(""), "FIELD_REQUIRED", "nominal_discount"),
        (of_discount("1.000001"), "NUMBER_OUT_OF_RANGE", "nominal_discount"),
        (of_discount("-0.1"), "NUMBER_OUT_OF_RANGE", "nominal_discount"),
        (of_discount("0.1234567"), "NUMBER_TOO_FINE", "nominal_discount"),
        (of_discount("15%"), "FIELD_INVALID", "nominal_discount"),
    ];
    let mut batch: Vec<_> = cases.iter().map(|(terms, ..)| terms.clone()).collect();
    batch.push(terms("z", 10, "", "all", "1"));
    let answer = put(&world, batch).await;
    for (index, (terms, reason, field)) in cases.iter().enumerate() {
        let Some(Outcome::Rejection(rejection)) = &answer.results[index].outcome else {
            panic!("{terms:?} is taken");
        };
        let found = rejection.reason().as_str_name();
        assert_eq!(found, format!("ERROR_REASON_{reason}"), "{terms:?}");
        assert_eq!(rejection.field, format!("price_terms[{index}].{field}"));
    }
    assert!(matches!(answer.results[cases.len()].outcome, Some(Outcome::Stored(_))));
    let nothing = pb::PutPriceTermsRequest::default();
    let status = world.price_terms().put_price_terms(nothing).await.unwrap_err();
    assert_eq!(refusal(&status), ("BATCH_EMPTY".to_owned(), "price_terms".to_owned()));
    let no_day = pb::ListPriceTermsRequest {
        valid_on: Some(pb::google_type::Date::default()),
        ..Default::default()
    };
    let status = world.price_terms().list_price_terms(no_day).await.unwrap_err();
    assert_eq!(refusal(&status), ("FIELD_INVALID".to_owned(), "valid_on".to_owned()));
}

/// The list price of a's sale is 1,000: 800 are 80% of it. b pays 500 in full, and c 90, which cost 95.
async fn shop() -> World {
    let world = World::start().await;
    let mut discounted = sale("1", "a", 10, "800", "300");
    if let Some(Kind::Sale(sale)) = &mut discounted.kind {
        sale.price = Some(pb::sale::Price::ListAmount(usd("1000")));
    }
    let sales = vec![discounted, sale("2", "b", 12, "500", "100"), sale("3", "c", 12, "90", "95")];
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
    world.rankings().rank_customers(request).await.unwrap().into_inner()
}

fn row(row: &pb::RankedCustomer) -> String {
    let statement = row.statement.as_ref().unwrap();
    let discount = row.nominal_discount.as_ref().map_or("-", |discount| &discount.value);
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
    let rows = |answer: &pb::RankCustomersResponse| {
        answer.customers.iter().map(row).collect::<Vec<_>>()
    };
    let bare = ["a   -: 200 0.8", "b   -: 0 -", "c   -: 0 -"];
    assert_eq!(rows(&ranked(&world, 15).await), bare);
    let position = keep(&world, agreed()).await;
    let early = ["a trade gold 0.15: 200 0.8", "b trade  -: 0 -", "c   -: 0 -"];
    assert_eq!(rows(&ranked(&world, 15).await), early);
    let late = ["a export silver -: 200 0.8", "b trade  -: 0 -", "c   -: 0 -"];
    assert_eq!(rows(&ranked(&world, 16).await), late);
    let all = world.rankings().rank_customers(pb::RankCustomersRequest::default()).await;
    assert_eq!(rows(&all.unwrap().into_inner()), late);

    // Found out later: an answer that was given stays.
    let pinned = pb::RankCustomersRequest {
        period: Some(days(0, 15)),
        read_options: Some(as_of(position)),
        ..Default::default()
    };
    let ask = async || world.rankings().rank_customers(pinned.clone()).await.unwrap().into_inner();
    let before = ask().await;
    keep(&world, vec![terms("a", 14, "trade", "bronze", "0.05"), terms("c", 1, "retail", "", "")]).await;
    assert_eq!(ask().await, before);
    let corrected = ["a trade bronze 0.05: 200 0.8", "b trade  -: 0 -", "c retail  -: 0 -"];
    assert_eq!(rows(&ranked(&world, 15).await), corrected);
    let at_first = pb::RankCustomersRequest {
        read_options: Some(as_of(3)),
        ..pinned.clone()
    };
    let at_first = world.rankings().rank_customers(at_first).await.unwrap().into_inner();
    assert_eq!(rows(&at_first), bare);
}

#[tokio::test]
async fn every_report_of_customers_tells_the_same_terms() {
    let world = shop().await;
    keep(&world, agreed()).await;
    store(&world, (0..20).map(|day| rate("USD", "EUR", day, "0.5")).collect()).await;
    let period = Some(days(0, 15));
    let mut rankings = world.rankings();
    let expected = [["a", "trade", "gold"], ["b", "trade", ""], ["c", "", ""]];
    let of = |rows: &[pb::RankedCustomer]| {
        let of = |row: &pb::RankedCustomer| {
            [row.customer_id.clone(), row.price_list_id.clone(), row.discount_tier.clone()]
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
    let in_bands: Vec<_> = bands.bands.iter().flat_map(|band| of(&band.customers)).collect();
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
    world.post(vec![crate::harness::activity("4", "a", 10, invoice)]).await;
    let solvent = rankings.rank_customers(solvent).await.unwrap().into_inner();
    assert_eq!(of(&solvent.customers)[0], expected[0]);
    for (id, nominal) in [("a", Some("0.15")), ("b", None), ("c", None)] {
        let request = pb::GetCustomerStatementRequest {
            customer_id: id.to_owned(),
            period,
            ..Default::default()
        };
        let answer = rankings.get_customer_statement(request).await.unwrap().into_inner();
        let own = expected.iter().find(|own| own[0] == id).unwrap();
        assert_eq!([answer.price_list_id.as_str(), &answer.discount_tier], own[1..]);
        let found = answer.nominal_discount.as_ref();
        assert_eq!(found.map(|discount| discount.value.as_str()), nominal);
    }
    // Without activity in the period too.
    let later = pb::GetCustomerStatementRequest {
        customer_id: "a".to_owned(),
        period: Some(days(15, 20)),
        ..Default::default()
    };
    let later = rankings.get_customer_statement(later).await.unwrap().into_inner();
    assert_eq!((later.price_list_id.as_str(), later.rank_by_revenue), ("export", 0));
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
        let answer = world.reports().rank_dimension(request).await.unwrap().into_inner();
        let control = answer.control_total.unwrap();
        assert_eq!(control.reported, control.ledger);
        let told = |row: &pb::RankedDimension| {
            let discounts = row.statement.as_ref().unwrap().discounts.as_ref();
            format!("{} {} {}", row.dimension_id, text(row.value.as_ref()), text(discounts))
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
    let cross = world.reports().get_cross_report(request).await.unwrap().into_inner();
    let columns = cross.columns.iter();
    let columns = columns.map(|column| format!("{} {}", column.column_id, text(column.total.as_ref())));
    assert_eq!(columns.collect::<Vec<_>>(), ["export 800", "trade 500", "UNASSIGNED 90"]);
    let cells = cross.rows.iter().map(|row| {
        let cells = row.cells.iter();
        let cells: Vec<_> = cells.map(|cell| cell.column_id.as_str()).collect();
        format!("{}: {}", row.customer_id, cells.join(" "))
    });
    assert_eq!(cells.collect::<Vec<_>>(), ["a: export", "b: trade", "c: UNASSIGNED"]);
}
