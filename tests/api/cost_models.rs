//! `CostModelService`.

use crate::harness::{World, cost_model, reason, refusal, usd};
use profitscore::api::pb;

fn put(model: pb::CostModel, request_id: &str) -> pb::PutCostModelRequest {
    pb::PutCostModelRequest {
        cost_model: Some(model),
        request_id: request_id.to_owned(),
        ..Default::default()
    }
}

async fn version(world: &World, request: pb::PutCostModelRequest) -> i64 {
    let answer = world
        .cost_models()
        .put_cost_model(request)
        .await
        .unwrap()
        .into_inner();
    answer.cost_model.unwrap().version
}

#[tokio::test]
async fn versions_are_kept_and_a_request_makes_only_one() {
    let world = World::start().await;
    let model = |rate| cost_model("SALES", rate, "1200", 0, 360);
    assert_eq!(version(&world, put(model("0.5"), "r1")).await, 1);
    assert_eq!(version(&world, put(model("0.6"), "r2")).await, 2);
    assert_eq!(
        version(&world, put(model("0.5"), "r1")).await,
        1,
        "the same request again"
    );
    let reused = world
        .cost_models()
        .put_cost_model(put(model("0.7"), "r1"))
        .await
        .unwrap_err();
    assert_eq!(reason(&reused).0, "REQUEST_ID_REUSED");
    assert_eq!(reused.code(), tonic::Code::AlreadyExists);

    let ask = |page_token: String| pb::ListCostModelsRequest {
        page_size: 1,
        page_token,
        ..Default::default()
    };
    let first = world
        .cost_models()
        .list_cost_models(ask(String::new()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.cost_models[0].version, 2);
    let second = world
        .cost_models()
        .list_cost_models(ask(first.next_page_token))
        .await;
    let second = second.unwrap().into_inner();
    assert_eq!(second.cost_models[0].version, 1);
    assert_eq!(second.next_page_token, "");
    let rates = &second.cost_models[0].capacity_cost_rates;
    assert_eq!(rates[0].rate_per_minute.as_ref().unwrap().value, "0.5");
    assert_eq!(second.cost_models[0].cost_pools, model("0.5").cost_pools);
}

#[tokio::test]
async fn a_version_can_be_asked_for_and_the_empty_one_is_always_there() {
    let world = World::start().await;
    let get = |version| pb::GetCostModelRequest {
        version,
        ..Default::default()
    };
    let empty = world
        .cost_models()
        .get_cost_model(get(None))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(empty.cost_model.unwrap().version, 0);
    version(&world, put(cost_model("R", "1", "0", 0, 1), "r1")).await;
    let newest = world
        .cost_models()
        .get_cost_model(get(None))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(newest.cost_model.unwrap().version, 1);
    let missing = world
        .cost_models()
        .get_cost_model(get(Some(7)))
        .await
        .unwrap_err();
    let (reason, metadata) = reason(&missing);
    assert_eq!(reason, "COST_MODEL_NOT_FOUND");
    assert_eq!(
        (metadata["version"].as_str(), metadata["newest"].as_str()),
        ("7", "1")
    );
}

#[tokio::test]
async fn a_lost_update_is_refused() {
    let world = World::start().await;
    version(&world, put(cost_model("R", "1", "0", 0, 1), "r1")).await;
    let mut late = put(cost_model("R", "2", "0", 0, 1), "r2");
    late.expected_version = Some(0);
    let refused = world
        .cost_models()
        .put_cost_model(late.clone())
        .await
        .unwrap_err();
    let (reason, metadata) = reason(&refused);
    assert_eq!(reason, "COST_MODEL_CHANGED");
    assert_eq!(metadata["newest"], "1");
    late.expected_version = Some(1);
    late.validate_only = true;
    let checked = world
        .cost_models()
        .put_cost_model(late.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(checked.written_at, None);
    late.validate_only = false;
    assert_eq!(version(&world, late).await, 2);
}

#[tokio::test]
async fn a_wrong_model_is_refused_by_field() {
    let world = World::start().await;
    let good = || cost_model("R", "1", "10", 0, 1);
    let wrong = |change: fn(&mut pb::CostModel)| {
        let mut model = good();
        change(&mut model);
        put(model, "r")
    };
    let cases: Vec<(pb::PutCostModelRequest, &str, &str)> = vec![
        (put(good(), ""), "FIELD_REQUIRED", "request_id"),
        (
            pb::PutCostModelRequest {
                request_id: "r".to_owned(),
                ..Default::default()
            },
            "FIELD_REQUIRED",
            "cost_model",
        ),
        (
            wrong(|m| m.capacity_cost_rates[0].rate_per_minute = None),
            "FIELD_REQUIRED",
            "cost_model.capacity_cost_rates[0].rate_per_minute",
        ),
        (
            wrong(|m| m.capacity_cost_rates.push(m.capacity_cost_rates[0].clone())),
            "FIELD_INVALID",
            "cost_model.capacity_cost_rates[1].role_id",
        ),
        (
            wrong(|m| m.cost_pools[0].amount = Some(usd("-1"))),
            "NUMBER_OUT_OF_RANGE",
            "cost_model.cost_pools[0].amount",
        ),
        (
            wrong(|m| m.cost_pools[0].period = None),
            "FIELD_REQUIRED",
            "cost_model.cost_pools[0].period.start_time",
        ),
        (
            wrong(|m| {
                let period = m.cost_pools[0].period.as_mut().unwrap();
                period.end_time.as_mut().unwrap().seconds += 1;
            }),
            "PERIOD_NOT_ALIGNED",
            "cost_model.cost_pools[0].period.end_time",
        ),
    ];
    for (request, reason, field) in cases {
        let status = world
            .cost_models()
            .put_cost_model(request)
            .await
            .unwrap_err();
        assert_eq!(refusal(&status), (reason.to_owned(), field.to_owned()));
    }
}

#[tokio::test]
async fn a_missing_cost_model_is_told_by_the_field_that_names_it() {
    let world = World::start().await;
    let best = pb::BestCustomers {
        cost_model_version: Some(9),
        ..Default::default()
    };
    let request = pb::GetProfileRequest {
        best_customers: Some(best),
        ..Default::default()
    };
    let missing = world.prospects().get_profile(request).await.unwrap_err();
    let (reason, metadata) = reason(&missing);
    assert_eq!(reason, "COST_MODEL_NOT_FOUND");
    assert_eq!(metadata["field"], "best_customers.cost_model_version");
}
