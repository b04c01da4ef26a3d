//! Policies and versions of cost models side by side, and capacities, on the small world of [`crate::allocation`].

use crate::{
    allocation::{desk, filled, model, pool, put, six_pools},
    harness::{World, day, days, decimal, reason, refusal, text},
};
use profitscore::api::pb;

async fn compare(
    world: &World,
    request: pb::CompareAllocationPoliciesRequest,
) -> pb::CompareAllocationPoliciesResponse {
    let mut client = world.cost_models();
    let answer = client.compare_allocation_policies(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn four_policies_stand_side_by_side() {
    let world = filled().await;
    // Before the pools: a 400, b 200, c 140, d -20. The whole of 550, by each policy over all pools.
    let request = pb::CompareAllocationPoliciesRequest {
        time_driven: Some(desk()),
        ..Default::default()
    };
    let answer = compare(&world, request).await;
    let outcomes = answer.outcomes.iter().map(|outcome| {
        format!(
            "{} {} {} {} {} {}",
            text(outcome.allocated_fixed_cost.as_ref()),
            text(outcome.unallocated_fixed_cost.as_ref()),
            text(outcome.net_profit.as_ref()),
            outcome.negative_count,
            outcome.sign_change_count,
            outcome.rank_change_count,
        )
    });
    // As it is 225, 85, 25, -105. Equal, 137.5 each: 262.5, 62.5, 2.5, -157.5. By revenue 366.666668, 110 and
    // 73.333332, since a bears the micro-unit that is left over of four pools: 33.333332, 90, 66.666668, -20. By sales
    // 275, 137.5, 137.5: 125, 62.5, 2.5, -20. By time, 40% of 550 is used, 165 by c and 55 by d: 400, 200, -25, -75.
    let expected = [
        "490 60 230 1 0 0",
        "550 0 170 1 0 0",
        "550 0 170 1 0 3",
        "550 0 170 1 0 0",
        "220 330 500 2 1 0",
    ];
    assert_eq!(outcomes.collect::<Vec<_>>(), expected);
    let customers: Vec<_> = answer
        .customers
        .iter()
        .map(|customer| {
            let standings = customer.standings.iter();
            let standings: Vec<_> = standings
                .map(|one| format!("{}#{}", text(one.net_profit.as_ref()), one.rank))
                .collect();
            let id = &customer.customer_id;
            format!("{id} {} {}", standings.join(" "), customer.changes_sign)
        })
        .collect();
    let expected = [
        "a 225#1 262.5#1 33.333332#3 125#1 400#1 false",
        "b 85#2 62.5#2 90#1 62.5#2 200#2 false",
        "d -105#4 -157.5#4 -20#4 -20#4 -75#4 false",
        "c 25#3 2.5#3 66.666668#2 2.5#3 -25#3 true",
    ];
    assert_eq!(customers, expected);
    assert_eq!(
        (answer.active_customer_count, answer.cost_model_version),
        (4, 1)
    );

    let request = pb::CompareAllocationPoliciesRequest {
        pool_ids: vec!["RENT".to_owned()],
        customer_count: 1,
        ..Default::default()
    };
    let answer = compare(&world, request).await;
    assert_eq!(answer.outcomes[1].rank_change_count, 0);
    assert_eq!(text(answer.outcomes[1].net_profit.as_ref()), "230");
    assert_eq!(answer.customers.len(), 1);
    let request = pb::CompareAllocationPoliciesRequest {
        pool_ids: vec!["RENT".to_owned(), "GARAGE".to_owned()],
        ..Default::default()
    };
    let refused = world
        .cost_models()
        .compare_allocation_policies(request)
        .await;
    assert_eq!(reason(&refused.unwrap_err()).0, "COST_POOL_NOT_FOUND");
}

#[tokio::test]
async fn a_preview_shows_who_changes_and_keeps_nothing() {
    let world = filled().await;
    // Only rent, of 700 in place of 550 by six policies: 175 each, which turns c to -35.
    let request = pb::PutCostModelRequest {
        cost_model: Some(model(vec![pool("RENT", "700", None)])),
        request_id: "r2".to_owned(),
        validate_only: true,
        preview_period: Some(days(0, 10)),
        preview_customer_count: 2,
        ..Default::default()
    };
    let answer = world.cost_models().put_cost_model(request).await.unwrap();
    let preview = answer.into_inner().preview.unwrap();
    let (before, after) = (preview.before.unwrap(), preview.after.unwrap());
    assert_eq!(text(before.net_profit.as_ref()), "230");
    assert_eq!(text(after.net_profit.as_ref()), "20");
    assert_eq!((before.negative_count, after.negative_count), (1, 2));
    assert_eq!((after.sign_change_count, after.rank_change_count), (1, 0));
    assert_eq!(
        (preview.changed_count, preview.active_customer_count),
        (3, 4)
    );
    let changes = preview.changes.iter().map(|change| {
        let profit = |standing: &Option<pb::AllocationStanding>| {
            text(standing.as_ref().unwrap().net_profit.as_ref())
        };
        let (before, after) = (profit(&change.before), profit(&change.after));
        format!(
            "{} {before} {after} {}",
            change.customer_id, change.changes_sign
        )
    });
    assert_eq!(
        changes.collect::<Vec<_>>(),
        ["d -105 -195 false", "b 85 25 false"]
    );
    let get = pb::GetCostModelRequest::default();
    let newest = world.cost_models().get_cost_model(get).await.unwrap();
    assert_eq!(newest.into_inner().cost_model.unwrap().version, 1);
    // What was foretold comes true, and what was answered before stays.
    put(&world, model(vec![pool("RENT", "700", None)]), "r2").await;
    let net_profit = async |as_of| {
        let request = pb::RankCustomersRequest {
            read_options: Some(pb::ReadOptions {
                as_of,
                ..Default::default()
            }),
            ..Default::default()
        };
        let answer = world.rankings().rank_customers(request).await.unwrap();
        text(answer.into_inner().control_total.unwrap().ledger.as_ref())
    };
    assert_eq!(net_profit(None).await, "20");
    assert_eq!(net_profit(preview.read_at).await, "230");
}

#[tokio::test]
async fn versions_hold_from_their_day_on_and_can_be_taken_back() {
    let world = filled().await;
    let rent = |amount, from: Option<i64>| pb::CostModel {
        effective_time: from.map(day),
        ..model(vec![pool("RENT", amount, None)])
    };
    put(&world, rent("80", Some(5)), "r2").await;
    put(&world, rent("40", None), "r3").await;
    let version = async |period| {
        let request = pb::RankCustomersRequest {
            period,
            ..Default::default()
        };
        let answer = world.rankings().rank_customers(request).await.unwrap();
        answer.into_inner().cost_basis.unwrap().cost_model_version
    };
    assert_eq!(
        version(Some(days(0, 5))).await,
        3,
        "the newest of those from the beginning"
    );
    assert_eq!(
        version(Some(days(0, 6))).await,
        2,
        "it holds on the last day"
    );
    assert_eq!(version(None).await, 2);
    let revert = |version, id: &str| pb::RevertCostModelRequest {
        version: Some(version),
        request_id: id.to_owned(),
        expected_version: Some(3),
        ..Default::default()
    };
    let mut tried = revert(2, "r4");
    tried.validate_only = true;
    let tried = world.cost_models().revert_cost_model(tried).await.unwrap();
    assert_eq!(tried.into_inner().written_at, None);
    let reverted = world.cost_models().revert_cost_model(revert(1, "r4")).await;
    let reverted = reverted.unwrap().into_inner().cost_model.unwrap();
    assert_eq!((reverted.version, &reverted.cost_pools), (4, &six_pools()));
    assert_eq!(reverted.effective_time, None, "in the place of version 3");
    assert_eq!(version(Some(days(0, 5))).await, 4);
    let again = world.cost_models().revert_cost_model(revert(1, "r4")).await;
    assert_eq!(again.unwrap().into_inner().cost_model.unwrap().version, 4);
    let late = world.cost_models().revert_cost_model(revert(1, "r5")).await;
    assert_eq!(reason(&late.unwrap_err()).0, "COST_MODEL_CHANGED");
    let missing = world.cost_models().revert_cost_model(revert(9, "r6")).await;
    let (name, metadata) = reason(&missing.unwrap_err());
    assert_eq!(
        (&*name, &*metadata["field"]),
        ("COST_MODEL_NOT_FOUND", "version")
    );
    let mut noon = rent("1", Some(5));
    noon.effective_time.as_mut().unwrap().seconds += 1;
    let request = pb::PutCostModelRequest {
        cost_model: Some(noon),
        request_id: "r7".to_owned(),
        ..Default::default()
    };
    let refused = world.cost_models().put_cost_model(request).await;
    let expected = (
        "PERIOD_NOT_ALIGNED".to_owned(),
        "cost_model.effective_time".to_owned(),
    );
    assert_eq!(refusal(&refused.unwrap_err()), expected);
}

#[tokio::test]
async fn unused_capacity_is_shown_and_nobody_bears_it() {
    let world = filled().await;
    let mut with_capacity = model(six_pools());
    with_capacity.capacity_cost_rates[0].practical_capacity = Some(pb::PracticalCapacity {
        minutes: Some(decimal("200")),
        period: Some(days(0, 10)),
    });
    let stored = put(&world, with_capacity.clone(), "r2").await;
    assert_eq!(
        stored.capacity_cost_rates,
        with_capacity.capacity_cost_rates
    );
    let uses = async |period| {
        let request = pb::GetCapacityUseRequest {
            period,
            ..Default::default()
        };
        let answer = world.cost_models().get_capacity_use(request).await.unwrap();
        let uses = answer.into_inner().uses;
        let number =
            |number: &Option<pb::google_type::Decimal>| number.as_ref().unwrap().value.clone();
        let all = uses.iter().map(|one| {
            [
                number(&one.practical_capacity_minutes),
                number(&one.used_minutes),
                number(&one.unused_minutes),
                text(one.capacity_cost.as_ref()),
                text(one.used_cost.as_ref()),
                text(one.unused_cost.as_ref()),
            ]
            .join(" ")
        });
        all.collect::<Vec<_>>()
    };
    // The clerk has 200 minutes at 0.5 and works 160; the desk costs 100 and is taken for the same 160 of 400 minutes.
    assert_eq!(
        uses(None).await,
        ["200 160 40 100 80 20", "400 160 240 100 40 60"]
    );
    // In the first half 120 minutes are used: more than the 100 that there are of the clerk.
    let first_half = uses(Some(days(0, 5))).await;
    assert_eq!(first_half, ["100 120 0 50 60 0", "200 120 80 50 30 20"]);
    // The rate of a role does not change with its capacity: customers bear what they did.
    let rank = pb::RankCustomersRequest::default();
    let answer = world.rankings().rank_customers(rank).await.unwrap();
    assert_eq!(
        text(answer.into_inner().control_total.unwrap().ledger.as_ref()),
        "230"
    );
    let mut idle = with_capacity;
    let capacity = idle.capacity_cost_rates[0]
        .practical_capacity
        .as_mut()
        .unwrap();
    capacity.minutes = None;
    let request = pb::PutCostModelRequest {
        cost_model: Some(idle),
        request_id: "r3".to_owned(),
        ..Default::default()
    };
    let refused = world.cost_models().put_cost_model(request).await;
    let field = "cost_model.capacity_cost_rates[0].practical_capacity.minutes";
    assert_eq!(
        refusal(&refused.unwrap_err()),
        ("FIELD_REQUIRED".to_owned(), field.to_owned())
    );
}
