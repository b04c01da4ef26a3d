//! `AdviceService`: what to sell to whom, and which bonuses pay, worked out by hand.

use crate::harness::{World, activity, days, decimal, effort, reason, refusal, sale, text, usd};
use profitscore::api::pb::{self, activity::Kind};

fn of(product: &str, mut activity: pb::Activity) -> pb::Activity {
    activity.dimensions = Some(pb::Dimensions {
        product_id: product.to_owned(),
        ..Default::default()
    });
    activity
}

/// Sixty customers buy bread: thirty earn 10 with it, and thirty cost 20. Of the first 24 buy cheese as well and earn
/// 20 more, of the others two, who earn 5.
async fn bakery() -> World {
    let world = World::start().await;
    let mut all = Vec::new();
    for number in 0..60 {
        let customer = format!("c{number:02}");
        let is_good = number < 30;
        let cost = if is_good { "0" } else { "30" };
        let bread = sale(&format!("b{number}"), &customer, 5, "10", cost);
        all.push(of("bread", bread));
        if !(24..58).contains(&number) {
            let cost = if is_good { "0" } else { "15" };
            let cheese = sale(&format!("k{number}"), &customer, 6, "20", cost);
            all.push(of("cheese", cheese));
        }
    }
    world.post(all).await;
    world
}

async fn suggest(world: &World, customer: &str) -> pb::SuggestCrossSellResponse {
    let request = pb::SuggestCrossSellRequest {
        period: Some(days(0, 31)),
        customer_id: customer.to_owned(),
        ..Default::default()
    };
    let answer = world.advice().suggest_cross_sell(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn what_profitable_customers_buy_is_suggested() {
    let world = bakery().await;
    let answer = suggest(&world, "").await;
    let products = answer.suggestions.iter().map(|one| &*one.product_id);
    assert_eq!(products.collect::<Vec<_>>(), ["cheese", "bread"]);
    let cheese = &answer.suggestions[0];
    let counts = (
        cheese.buyer_count,
        cheese.profitable_buyer_count,
        cheese.candidate_count,
    );
    assert_eq!(counts, (26, 24, 34));
    // 24 of 30 buy it and earn 20 each.
    assert_eq!(text(cheese.expected_margin.as_ref()), "16");
    assert_eq!(text(cheese.margin_per_buyer.as_ref()), "20");
    // 24 of 26 buyers and 10 of 20 more of the usual rate, which is a half.
    assert!((cheese.lift - 34.0 / 46.0 / 0.5).abs() < 1e-12);
    assert!(cheese.lift_lower > 1.0 && cheese.is_distinguishing);
    let bread = &answer.suggestions[1];
    assert!((bread.lift - 1.0).abs() < 1e-12 && !bread.is_distinguishing);
    assert_eq!(text(bread.expected_margin.as_ref()), "10");
    assert_eq!((answer.customer_count, answer.profitable_count), (60, 30));
    // 30 * 10 + 24 * 20 - 30 * 20 + 2 * 5.
    let total = answer.control_total.unwrap();
    assert_eq!(text(total.ledger.as_ref()), "190");
    assert_eq!(text(total.reported.as_ref()), "190");
}

#[tokio::test]
async fn nobody_is_told_to_buy_what_it_has() {
    let world = bakery().await;
    let products = async |customer| {
        let answer = suggest(&world, customer).await;
        let found = answer.suggestions.into_iter().map(|one| one.product_id);
        found.collect::<Vec<_>>()
    };
    assert_eq!(products("c25").await, ["cheese"]);
    assert!(products("c00").await.is_empty());
    assert_eq!(products("new").await, ["cheese", "bread"]);
    let request = pb::SuggestCrossSellRequest {
        period: Some(days(40, 50)),
        ..Default::default()
    };
    let refused = world
        .advice()
        .suggest_cross_sell(request)
        .await
        .unwrap_err();
    let (name, variables) = reason(&refused);
    assert_eq!(name, "EVIDENCE_TOO_THIN");
    assert_eq!(
        (&*variables["customers"], &*variables["minimum"]),
        ("0", "40")
    );
}

fn seats(id: &str, customer: &str, quantity: &str, revenue: &str, cost: &str) -> pb::Activity {
    let mut sold = sale(id, customer, 5, revenue, cost);
    if let Some(Kind::Sale(sale)) = &mut sold.kind {
        sale.quantity = Some(decimal(quantity));
    }
    of("seat", sold)
}

#[tokio::test]
async fn more_is_sold_where_an_hour_brings_the_most() {
    let world = World::start().await;
    world
        .post(vec![
            seats("1", "a", "10", "1000", "300"),
            effort("2", "a", 6, "SALES", "60"),
            seats("3", "b", "5", "500", "100"),
            effort("4", "b", 6, "SALES", "10"),
            seats("5", "c", "2", "100", "40"),
            of("seat", sale("6", "d", 5, "90", "95")),
        ])
        .await;
    let mut request = pb::RankExpansionRequest {
        period: Some(days(0, 31)),
        product_id: "seat".to_owned(),
        ..Default::default()
    };
    // Three of four do not exceed 10: b has room for 5 and c for 8. b's take 2 minutes each and bring 80.
    let answer = world.advice().rank_expansion(request.clone()).await;
    let answer = answer.unwrap().into_inner();
    let rows = answer.potentials.iter().map(|one| {
        let units = one.units.clone().unwrap().value;
        let hour = one.margin_per_hour.as_ref().map(|money| text(Some(money)));
        let margin = text(one.margin.as_ref());
        format!(
            "{} {units} {margin} {}",
            one.customer_id,
            hour.unwrap_or_default()
        )
    });
    assert_eq!(rows.collect::<Vec<_>>(), ["c 8 240 ", "b 5 400 2400"]);
    assert_eq!((answer.potential_count, answer.left_out_count), (2, 2));
    request.units = Some(decimal("50"));
    request.page_size = 2;
    let page = world.advice().rank_expansion(request.clone()).await;
    let page = page.unwrap().into_inner();
    request.page_token = page.next_page_token.clone();
    let last = world.advice().rank_expansion(request.clone()).await;
    let last = last.unwrap().into_inner();
    let all = page.potentials.iter().chain(&last.potentials);
    let all: Vec<_> = all.map(|one| &*one.customer_id).collect();
    assert_eq!(all, ["c", "b", "a"]);
    assert_eq!(last.next_page_token, "");
    request.page_token.clear();
    request.units = Some(decimal("0"));
    let refused = world
        .advice()
        .rank_expansion(request.clone())
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&refused),
        ("NUMBER_OUT_OF_RANGE".to_owned(), "units".to_owned())
    );
    request.product_id.clear();
    let refused = world.advice().rank_expansion(request).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        ("FIELD_REQUIRED".to_owned(), "product_id".to_owned())
    );
}

fn bonus(id: &str, customer: &str, on: i64, event: pb::BonusEvent, amount: &str) -> pb::Activity {
    let kind = Kind::Bonus(pb::Bonus {
        event: event as i32,
        amount: Some(usd(amount)),
        ..Default::default()
    });
    activity(id, customer, on, kind)
}

#[tokio::test]
async fn bonuses_that_cost_more_than_they_bring_are_flagged() {
    use pb::BonusEvent::{Accrued, Expired, Redeemed};
    let world = World::start().await;
    world
        .post(vec![
            // a rises from 450 to 500 for 100, b from 0 to 400 for 80 less 30; c redeems what it got before.
            sale("1", "a", 20, "450", "0"),
            sale("2", "a", 35, "800", "300"),
            bonus("3", "a", 36, Accrued, "100"),
            sale("4", "b", 5, "1000", "0"),
            sale("5", "b", 40, "500", "100"),
            bonus("6", "b", 41, Accrued, "80"),
            bonus("7", "b", 42, Expired, "30"),
            bonus("8", "c", 43, Redeemed, "10"),
        ])
        .await;
    let mut request = pb::RankBonusReturnsRequest {
        period: Some(days(31, 55)),
        ..Default::default()
    };
    let answer = world.advice().rank_bonus_returns(request.clone()).await;
    let answer = answer.unwrap().into_inner();
    let rows = answer.returns.iter().map(|one| {
        format!(
            "{} {} {} {} {}",
            one.customer_id,
            text(one.bonus_cost.as_ref()),
            text(one.margin_gain.as_ref()),
            text(one.net_return.as_ref()),
            one.is_flagged
        )
    });
    assert_eq!(
        rows.collect::<Vec<_>>(),
        ["a 100 50 -50 true", "b 50 400 350 false"]
    );
    assert_eq!((answer.return_count, answer.flagged_count), (2, 1));
    assert_eq!(text(answer.total_bonus_cost.as_ref()), "150");
    assert_eq!(text(answer.total_margin_gain.as_ref()), "450");
    assert_eq!(text(answer.control_total.unwrap().ledger.as_ref()), "150");
    request.period = None;
    let refused = world
        .advice()
        .rank_bonus_returns(request)
        .await
        .unwrap_err();
    let expected = ("FIELD_REQUIRED".to_owned(), "period.start_time".to_owned());
    assert_eq!(refusal(&refused), expected);
}
