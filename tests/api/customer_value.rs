//! `CustomerValueService`: a town in which some order often, some have gone, and
//! some cost more than they bring.

use crate::harness::{
    World, activity, category, cost_model, days, decimal, effort, party, reason, refusal, sale,
    text, usd,
};
use profitscore::api::pb::{self, RankingBasis, activity::Kind, customer_value_result::Outcome};

pub const CUSTOMERS: u64 = 90;
/// Everything happens before this day.
pub const END: i64 = 400;

/// Numbers that look random: xorshift64* (Vigna 2016).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }
}

/// Every customer orders each few days until it leaves, each at its own pace. Of the KIND bank half of the revenue is
/// left, of shops a tenth, and a shop takes an hour of service with each order.
pub fn activities() -> Vec<pb::Activity> {
    let mut dice = Dice(5);
    let mut all = Vec::new();
    for number in 0..CUSTOMERS {
        let id = format!("c{number:03}");
        let pace = 5 + dice.roll(90);
        let size = 20 + dice.roll(200);
        let leaves = dice.roll(900).cast_signed();
        let mut on = dice.roll(150).cast_signed();
        let mut order = 0;
        while on < END && (order == 0 || on < leaves) {
            let revenue = size + dice.roll(size);
            let cost = revenue * if number % 2 == 0 { 50 } else { 90 } / 100;
            let key = format!("{id}-{order}");
            all.push(sale(&key, &id, on, &revenue.to_string(), &cost.to_string()));
            if number % 2 == 1 {
                all.push(effort(&format!("{key}-e"), &id, on, "SERVICE", "60"));
            }
            on += (1 + dice.roll(2 * pace)).cast_signed();
            order += 1;
        }
    }
    // Known ones: one that came every week to the end, one that did so for half the time, and one that never bought.
    for week in 0..52 {
        all.push(sale(
            &format!("loyal-{week}"),
            "loyal",
            week * 7 + 30,
            "100",
            "50",
        ));
        if week < 20 {
            all.push(sale(
                &format!("gone-{week}"),
                "gone",
                week * 7 + 30,
                "100",
                "50",
            ));
        }
    }
    all.push(effort("idle-1", "idle", 10, "SERVICE", "30"));
    all.push(sale("last", "c000", END - 1, "30", "10"));
    all
}

pub async fn post(world: &World, activities: &[pb::Activity]) -> i64 {
    let mut position = 0;
    for chunk in activities.chunks(1_000) {
        position = world.post(chunk.to_vec()).await;
    }
    position
}

pub async fn town() -> World {
    let world = World::start().await;
    post(&world, &activities()).await;
    let kind = |number: u64| match number % 2 {
        0 => "bank",
        _ => "shop",
    };
    let parties = (0..CUSTOMERS).map(|number| {
        let traits = vec![category("KIND", kind(number))];
        party(&format!("c{number:03}"), pb::PartyStage::Customer, traits)
    });
    let request = pb::UpsertPartiesRequest {
        parties: parties.collect(),
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    let request = pb::PutTraitDefinitionRequest {
        trait_definition: Some(pb::TraitDefinition {
            key: "KIND".to_owned(),
            r#type: pb::TraitType::Category as i32,
            sensitivity: pb::TraitSensitivity::Ordinary as i32,
            ..Default::default()
        }),
        ..Default::default()
    };
    world
        .customers()
        .put_trait_definition(request)
        .await
        .unwrap();
    let request = pb::PutCostModelRequest {
        cost_model: Some(cost_model("SERVICE", "0.5", "1000", 0, END)),
        request_id: "costs".to_owned(),
        ..Default::default()
    };
    world.cost_models().put_cost_model(request).await.unwrap();
    world
}

pub fn asking(ids: &[&str]) -> pb::GetCustomerValueRequest {
    pb::GetCustomerValueRequest {
        customer_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..Default::default()
    }
}

pub async fn ask(
    world: &World,
    request: pb::GetCustomerValueRequest,
) -> pb::GetCustomerValueResponse {
    let answer = world.values().get_customer_value(request).await;
    answer.unwrap().into_inner()
}

pub fn value(answer: &pb::GetCustomerValueResponse, index: usize) -> &pb::CustomerValue {
    match answer.results[index].outcome.as_ref().unwrap() {
        Outcome::Value(value) => value,
        Outcome::Rejection(rejection) => panic!("{rejection:?}"),
    }
}

pub fn number(money: Option<&pb::google_type::Money>) -> f64 {
    text(money).parse().unwrap()
}

fn is_ordered(estimate: Option<&pb::MoneyEstimate>) -> f64 {
    let one = estimate.unwrap();
    let ends = [
        one.expected_lower.as_ref(),
        one.expected.as_ref(),
        one.expected_upper.as_ref(),
    ];
    let ends = ends.map(number);
    assert!(ends.is_sorted(), "{one:?}");
    assert!(
        number(one.lower.as_ref()) <= number(one.upper.as_ref()),
        "{one:?}"
    );
    ends[1]
}

#[tokio::test]
async fn who_stays_is_worth_more_and_every_figure_fits_the_others() {
    let world = town().await;
    let answer = ask(&world, asking(&["loyal", "gone", "c001", "c002"])).await;
    let (loyal, gone) = (value(&answer, 0), value(&answer, 1));
    assert_eq!((loyal.order_count, gone.order_count), (52, 20));
    assert!(loyal.probability_alive > 0.9, "{loyal:?}");
    assert!(gone.probability_alive < 0.1, "{gone:?}");
    for index in 0..4 {
        let one = value(&answer, index);
        let first = one.first_order_day.as_ref().unwrap().seconds;
        let last = one.last_order_day.as_ref().unwrap().seconds;
        assert!(first <= last && last < END * 86_400 && first % 86_400 == 0);
        let alive = one.probability_alive;
        assert!((0.0..=1.0).contains(&alive));
        assert!(one.retention_probability <= alive + 1e-12, "{one:?}");
        assert!((0.0..=1.0).contains(&one.order_probability));
        let orders = one.expected_orders.unwrap();
        let ends = [
            orders.expected_lower,
            Some(orders.expected),
            orders.expected_upper,
        ];
        assert!(
            ends.iter().all(Option::is_some) && ends.is_sorted(),
            "{orders:?}"
        );
        let revenue = is_ordered(one.expected_revenue.as_ref());
        let discounted = is_ordered(one.discounted_revenue.as_ref());
        let order_value = is_ordered(one.expected_order_value.as_ref());
        let next = is_ordered(one.next_period_revenue.as_ref());
        let profit = is_ordered(one.expected_profit.as_ref());
        assert!((revenue - orders.expected * order_value).abs() < 1e-5 + 1e-6 * revenue);
        assert!(discounted < revenue && next < revenue);
        let weekly = number(one.weekly_cost.as_ref());
        let made = one.margin_rate * discounted - weekly * one.expected_weeks;
        assert!((profit - made).abs() < 1e-3, "{profit} {made}");
        let estimate = one.expected_profit.as_ref().unwrap();
        assert_eq!(one.upside_profit, estimate.upper);
        // The profit is rounded, and of who is nearly gone little is left to be divided.
        let at_risk = (profit * (1.0 - alive) / alive).max(0.0);
        let told = number(one.value_at_risk.as_ref());
        assert!(
            (told - at_risk).abs() < 1e-3 + 1e-6 / alive,
            "{told} {at_risk}"
        );
        assert!((0.0..=1.0).contains(&one.margin_credibility));
    }
    // What comes every week is about to come 52 times.
    assert!(
        (30.0..60.0).contains(&loyal.expected_orders.unwrap().expected),
        "{loyal:?}"
    );
    assert!((loyal.margin_rate - 0.5).abs() < 0.1, "{loyal:?}");
    let model = answer.model.unwrap();
    assert_eq!(model.customer_count, i64::try_from(CUSTOMERS).unwrap() + 2);
    assert!(model.repeat_customer_count > 50);
    assert_eq!(model.end_time.unwrap().seconds, END * 86_400);
    assert_eq!(model.learnt_position, answer.read_at.unwrap().position);
    assert_eq!(
        (
            model.horizon_days,
            model.next_period_days,
            model.cost_model_version
        ),
        (365, 30, 1)
    );
    assert_eq!(model.annual_discount_rate, Some(decimal("0.1")));
    assert_eq!(model.frequency_parameters.len(), 4);
    assert_eq!(model.spend_parameters.len(), 3);
    assert_eq!(model.candidates.len(), 3);
    let held_back = model
        .candidates
        .iter()
        .map(|one| one.held_back_log_likelihood.unwrap());
    let best = held_back.fold(f64::NEG_INFINITY, f64::max);
    let chosen = model
        .candidates
        .iter()
        .find(|one| one.frequency_model == model.frequency_model);
    assert_eq!(chosen.unwrap().held_back_log_likelihood, Some(best));
    assert!(model.margin_rate > 0.1 && model.margin_rate < 0.5);
}

#[tokio::test]
async fn segments_lend_what_is_not_known_of_a_customer() {
    let world = town().await;
    let terms = pb::ValueTerms {
        segment_trait: "KIND".to_owned(),
        ..Default::default()
    };
    let ids = ["c010", "c011", "loyal"];
    let of_all = ask(&world, asking(&ids)).await;
    let request = pb::GetCustomerValueRequest {
        terms: Some(terms),
        ..asking(&ids)
    };
    let by_kind = ask(&world, request).await;
    let (bank, shop, nobody) = (value(&by_kind, 0), value(&by_kind, 1), value(&by_kind, 2));
    assert_eq!(
        (bank.segment.as_str(), shop.segment.as_str()),
        ("bank", "shop")
    );
    assert_eq!(
        (bank.segment_customer_count, shop.segment_customer_count),
        (45, 45)
    );
    assert_eq!(
        (nobody.segment.as_str(), nobody.segment_customer_count),
        ("", 2)
    );
    let cost = |one: &pb::CustomerValue| number(one.weekly_cost.as_ref());
    assert!((bank.margin_rate - 0.5).abs() < 0.02, "{bank:?}");
    assert!((shop.margin_rate - 0.1).abs() < 0.02, "{shop:?}");
    assert!(cost(bank) < 0.5 && cost(shop) > 1.0, "{bank:?} {shop:?}");
    // Among all, both are drawn towards each other.
    assert!(value(&of_all, 0).margin_rate <= bank.margin_rate + 1e-9);
    assert!(value(&of_all, 1).margin_rate >= shop.margin_rate - 1e-9);
    // What customers order is not a matter of their segment.
    assert_eq!(value(&of_all, 0).expected_orders, bank.expected_orders);
}

#[tokio::test]
async fn what_was_given_back_is_no_order() {
    let world = town().await;
    let before = ask(&world, asking(&["loyal"])).await;
    let refund = |id: &str, on, amount: &str| {
        let kind = Kind::Refund(pb::Refund {
            amount: Some(usd(amount)),
            ..Default::default()
        });
        activity(id, "loyal", on, kind)
    };
    // One order whole on its own day, half of another later, and two and a half after the last.
    let refunds = vec![
        refund("r1", 51 * 7 + 30, "100"),
        refund("r2", END - 10, "250"),
    ];
    post(&world, &refunds).await;
    let after = ask(&world, asking(&["loyal"])).await;
    let (before, after) = (value(&before, 0), value(&after, 0));
    assert_eq!((before.order_count, after.order_count), (52, 49));
    let last = |one: &pb::CustomerValue| one.last_order_day.as_ref().unwrap().seconds / 86_400;
    assert_eq!((last(before), last(after)), (51 * 7 + 30, 48 * 7 + 30));
    assert!(
        is_ordered(after.expected_revenue.as_ref()) < is_ordered(before.expected_revenue.as_ref())
    );
}

#[tokio::test]
async fn the_same_position_has_the_same_answer_whatever_comes_later() {
    let world = town().await;
    let first = ask(&world, asking(&["loyal", "c003", "nobody"])).await;
    post(&world, &[sale("new", "loyal", END + 5, "900", "0")]).await;
    let later = ask(&world, asking(&["loyal", "c003", "nobody"])).await;
    assert_ne!(first, later);
    let pinned = pb::GetCustomerValueRequest {
        read_options: Some(pb::ReadOptions {
            as_of: first.read_at,
            ..Default::default()
        }),
        ..asking(&["loyal", "c003", "nobody"])
    };
    assert_eq!(ask(&world, pinned).await, first);
    // A period that ends before it happened knows nothing of it, apart from where it was read.
    let ended = pb::GetCustomerValueRequest {
        period: Some(pb::google_type::Interval {
            start_time: None,
            end_time: days(0, END).end_time,
        }),
        ..asking(&["loyal", "c003", "nobody"])
    };
    assert_eq!(ask(&world, ended).await.results, first.results);
}

#[tokio::test]
async fn who_has_not_ordered_is_told_apart_from_who_is_not_known() {
    let world = town().await;
    let answer = ask(&world, asking(&["idle", "nobody", "", "loyal"])).await;
    assert_eq!(value(&answer, 0), &pb::CustomerValue::default());
    let rejection = |index: usize| match answer.results[index].outcome.as_ref().unwrap() {
        Outcome::Rejection(rejection) => (rejection.reason(), rejection.field.as_str()),
        Outcome::Value(value) => panic!("{value:?}"),
    };
    assert_eq!(
        rejection(1),
        (pb::ErrorReason::CustomerNotFound, "customer_ids[1]")
    );
    assert_eq!(
        rejection(2),
        (pb::ErrorReason::FieldRequired, "customer_ids[2]")
    );
    assert_eq!(value(&answer, 3).order_count, 52);
    assert_eq!(answer.results[3].customer_id, "loyal");
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_by_name() {
    let world = World::start().await;
    let refused = async |request| {
        let answer = world.values().get_customer_value(request).await;
        refusal(&answer.unwrap_err())
    };
    let named = |reason: &str, field: &str| (reason.to_owned(), field.to_owned());
    assert_eq!(
        refused(asking(&[])).await,
        named("BATCH_EMPTY", "customer_ids")
    );
    assert_eq!(
        refused(asking(&["x"; 1_001])).await,
        named("BATCH_TOO_LARGE", "customer_ids")
    );
    let with = |terms| pb::GetCustomerValueRequest {
        terms: Some(terms),
        ..asking(&["x"])
    };
    let horizon = pb::ValueTerms {
        horizon_days: 3_651,
        ..Default::default()
    };
    assert_eq!(
        refused(with(horizon)).await,
        named("NUMBER_OUT_OF_RANGE", "terms.horizon_days")
    );
    let discount = |rate: &str| pb::ValueTerms {
        annual_discount_rate: Some(decimal(rate)),
        ..Default::default()
    };
    let field = "terms.annual_discount_rate";
    assert_eq!(
        refused(with(discount("1.000001"))).await,
        named("NUMBER_OUT_OF_RANGE", field)
    );
    assert_eq!(
        refused(with(discount("0.0000001"))).await,
        named("NUMBER_TOO_FINE", field)
    );
    let segment = pb::ValueTerms {
        segment_trait: "SIZE".to_owned(),
        ..Default::default()
    };
    assert_eq!(
        refused(with(segment)).await,
        named("FIELD_INVALID", "terms.segment_trait")
    );
    for (key, sensitivity) in [
        ("BLOOD", pb::TraitSensitivity::SpecialCategory),
        ("SHOE", pb::TraitSensitivity::Excluded),
    ] {
        let definition = pb::TraitDefinition {
            key: key.to_owned(),
            r#type: pb::TraitType::Category as i32,
            sensitivity: sensitivity as i32,
            ..Default::default()
        };
        let request = pb::PutTraitDefinitionRequest {
            trait_definition: Some(definition),
            ..Default::default()
        };
        world
            .customers()
            .put_trait_definition(request)
            .await
            .unwrap();
        let segment = pb::ValueTerms {
            segment_trait: key.to_owned(),
            ..Default::default()
        };
        let field = "terms.segment_trait";
        assert_eq!(refused(with(segment)).await, named("FIELD_INVALID", field));
    }
    // Nobody to learn from, and then too few.
    let sales = (0..39).map(|n| sale(&format!("s{n}"), &format!("c{n}"), n, "5", "1"));
    post(&world, &sales.collect::<Vec<_>>()).await;
    let status = world
        .values()
        .get_customer_value(asking(&["c1"]))
        .await
        .unwrap_err();
    let (name, metadata) = reason(&status);
    assert_eq!(name, "EVIDENCE_TOO_THIN");
    assert_eq!(
        (metadata["customers"].as_str(), metadata["minimum"].as_str()),
        ("39", "40")
    );
    // Enough of them, but nobody has come twice.
    post(
        &world,
        &[
            sale("s40", "c40", 3, "5", "1"),
            sale("s41", "c41", 3, "5", "1"),
        ],
    )
    .await;
    let status = world
        .values()
        .get_customer_value(asking(&["c1"]))
        .await
        .unwrap_err();
    assert_eq!(reason(&status).0, "EVIDENCE_TOO_THIN");
    let bands = pb::CompareBandsRequest {
        basis: RankingBasis::ExpectedProfit.into(),
        ..Default::default()
    };
    let status = world.rankings().compare_bands(bands).await.unwrap_err();
    assert_eq!(refusal(&status), named("ENUM_VALUE_UNKNOWN", "basis"));
    let terms = pb::RankCustomersRequest {
        value_terms: Some(pb::ValueTerms::default()),
        ..Default::default()
    };
    let status = world.rankings().rank_customers(terms).await.unwrap_err();
    assert_eq!(refusal(&status), named("FIELD_INVALID", "value_terms"));
    let currency = pb::RankCustomersRequest {
        basis: RankingBasis::ExpectedProfit.into(),
        reporting_currency: "EUR".to_owned(),
        ..Default::default()
    };
    let status = world.rankings().rank_customers(currency).await.unwrap_err();
    assert_eq!(
        refusal(&status),
        named("FIELD_INVALID", "reporting_currency")
    );
    let inactive = pb::RankCustomersRequest {
        basis: RankingBasis::ExpectedProfit.into(),
        include_inactive: true,
        ..Default::default()
    };
    let status = world.rankings().rank_customers(inactive).await.unwrap_err();
    assert_eq!(refusal(&status), named("FIELD_INVALID", "include_inactive"));
}
