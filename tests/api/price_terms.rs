//! `PriceTermsService`: what is stored, corrected, listed and refused.

use crate::{
    currencies::date,
    harness::{World, decimal, refusal},
};
use profitscore::api::pb::{self, price_terms_result::Outcome};

pub fn terms(
    customer: &str,
    first_day: i32,
    list: &str,
    tier: &str,
    discount: &str,
) -> pb::PriceTerms {
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
pub async fn keep(world: &World, terms: Vec<pb::PriceTerms>) -> i64 {
    let answer = put(world, terms).await;
    for result in &answer.results {
        assert!(
            matches!(result.outcome, Some(Outcome::Stored(_))),
            "{result:?}"
        );
    }
    answer.written_at.unwrap().position
}

async fn list(world: &World, request: pb::ListPriceTermsRequest) -> pb::ListPriceTermsResponse {
    let answer = world.price_terms().list_price_terms(request).await;
    answer.unwrap().into_inner()
}

fn told(answer: &pb::ListPriceTermsResponse) -> Vec<pb::PriceTerms> {
    let stored = answer.price_terms.iter();
    stored
        .map(|stored| stored.price_terms.clone().unwrap())
        .collect()
}

#[tokio::test]
async fn terms_are_stored_corrected_and_listed() {
    let world = World::start().await;
    let first = terms("a", 10, "retail", "gold", "0.15");
    let batch = vec![
        first.clone(),
        terms("a", 20, "", "", ""),
        terms("b 1", 5, "trade", "", ""),
    ];
    let tried = pb::PutPriceTermsRequest {
        price_terms: batch.clone(),
        validate_only: true,
        ..Default::default()
    };
    let tried = world
        .price_terms()
        .put_price_terms(tried)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((tried.results.len(), tried.written_at), (3, None));
    assert_eq!(keep(&world, batch.clone()).await, 3);
    let again = vec![
        terms("a", 10, "retail", "gold", "0.150"),
        terms("a", 10, "retail", "gold", ""),
    ];
    let again = put(&world, again).await;
    assert!(matches!(
        again.results[0].outcome,
        Some(Outcome::Unchanged(_))
    ));
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

pub fn as_of(position: i64) -> pb::ReadOptions {
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
        (
            change(|terms| terms.customer_id.clear()),
            "FIELD_REQUIRED",
            "customer_id",
        ),
        (
            change(|terms| terms.customer_id = "x".repeat(129)),
            "FIELD_TOO_LONG",
            "customer_id",
        ),
        (
            change(|terms| terms.first_day = None),
            "FIELD_REQUIRED",
            "first_day",
        ),
        (
            change(|terms| terms.first_day.as_mut().unwrap().month = 13),
            "FIELD_INVALID",
            "first_day",
        ),
        (
            change(|terms| terms.first_day.as_mut().unwrap().year = 2200),
            "TIME_OUT_OF_RANGE",
            "first_day",
        ),
        (
            change(|terms| terms.price_list_id = "x".repeat(129)),
            "FIELD_TOO_LONG",
            "price_list_id",
        ),
        (
            change(|terms| terms.price_list_id = "a\u{7}".to_owned()),
            "FIELD_INVALID",
            "price_list_id",
        ),
        (
            change(|terms| terms.discount_tier = " x".to_owned()),
            "FIELD_INVALID",
            "discount_tier",
        ),
        (
            change(|terms| terms.discount_tier.clear()),
            "FIELD_INVALID",
            "nominal_discount",
        ),
        (of_discount(""), "FIELD_REQUIRED", "nominal_discount"),
        (
            of_discount("1.000001"),
            "NUMBER_OUT_OF_RANGE",
            "nominal_discount",
        ),
        (
            of_discount("-0.1"),
            "NUMBER_OUT_OF_RANGE",
            "nominal_discount",
        ),
        (
            of_discount("0.1234567"),
            "NUMBER_TOO_FINE",
            "nominal_discount",
        ),
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
    assert!(matches!(
        answer.results[cases.len()].outcome,
        Some(Outcome::Stored(_))
    ));
    let nothing = pb::PutPriceTermsRequest::default();
    let status = world
        .price_terms()
        .put_price_terms(nothing)
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&status),
        ("BATCH_EMPTY".to_owned(), "price_terms".to_owned())
    );
    let no_day = pb::ListPriceTermsRequest {
        valid_on: Some(pb::google_type::Date::default()),
        ..Default::default()
    };
    let status = world
        .price_terms()
        .list_price_terms(no_day)
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&status),
        ("FIELD_INVALID".to_owned(), "valid_on".to_owned())
    );
}
