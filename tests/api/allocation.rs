//! Four policies on one small world, by hand.
//!
//! a sells for 700 and 300 and pays 300 each for the goods, b sells for 300 and pays 100, c sells for 200 and takes 120
//! minutes of a clerk at 0.5, d takes 40. Before the pools a earns 400, b 200, c 200 - 60 = 140 and d -20: 720.
//!
//! | pool    | amount | goes by                          | a   | b  | c  | d  | nobody |
//! | ------- | ------ | -------------------------------- | --- | -- | -- | -- | ------ |
//! | RENT    |    100 | all four                         |  25 | 25 | 25 | 25 |        |
//! | SHOP    |     90 | the three that buy               |  30 | 30 | 30 |    |        |
//! | SALES   |    150 | revenue 1,000, 300, 200          | 100 | 30 | 20 |    |        |
//! | PACKING |     40 | two sales, one, one              |  20 | 10 | 10 |    |        |
//! | LAB     |     70 | 1 for b and 2.5 for d            |     | 20 |    | 50 |        |
//! | DESK    |    100 | 160 of 400 minutes               |     |    | 30 | 10 |     60 |
//! |         |    550 |                                  | 175 | 115 | 115 | 85 |   60 |

use crate::harness::{World, days, decimal, effort, reason, refusal, sale, text, usd};
use profitscore::api::pb::{self, allocation_policy::Policy};

pub fn pool(id: &str, amount: &str, policy: Option<Policy>) -> pb::CostPool {
    pb::CostPool {
        pool_id: id.to_owned(),
        amount: Some(usd(amount)),
        period: Some(days(0, 10)),
        policy: policy.map(|policy| pb::AllocationPolicy {
            policy: Some(policy),
        }),
        items: Vec::new(),
    }
}

fn by_driver(driver: pb::AllocationDriver) -> pb::ByDriver {
    pb::ByDriver {
        driver: driver.into(),
        ..Default::default()
    }
}

fn supplied(customer: &str, quantity: &str) -> pb::SuppliedQuantity {
    pb::SuppliedQuantity {
        customer_id: customer.to_owned(),
        quantity: Some(decimal(quantity)),
    }
}

pub fn desk() -> pb::TimeDriven {
    pb::TimeDriven {
        practical_capacity_minutes: Some(decimal("400")),
        role_ids: vec!["CLERK".to_owned()],
        time_equation: Vec::new(),
    }
}

/// In the order of their ids, as they are kept.
pub fn six_pools() -> Vec<pb::CostPool> {
    let buying = pb::CustomerPopulation::Buying.into();
    let shop = Policy::EqualPerCustomer(pb::EqualPerCustomer { population: buying });
    let basis = pb::AllocationBasis::Revenue.into();
    let sales = Policy::ProportionalToBasis(pb::ProportionalToBasis { basis });
    let lab = pb::ByDriver {
        supplied_quantities: vec![supplied("b", "1"), supplied("d", "2.5")],
        ..by_driver(pb::AllocationDriver::Supplied)
    };
    let packing = Policy::ByDriver(by_driver(pb::AllocationDriver::Sales));
    vec![
        pool("DESK", "100", Some(Policy::TimeDriven(desk()))),
        pool("LAB", "70", Some(Policy::ByDriver(lab))),
        pool("PACKING", "40", Some(packing)),
        pool("RENT", "100", None),
        pool("SALES", "150", Some(sales)),
        pool("SHOP", "90", Some(shop)),
    ]
}

pub fn model(cost_pools: Vec<pb::CostPool>) -> pb::CostModel {
    pb::CostModel {
        capacity_cost_rates: vec![pb::CapacityCostRate {
            role_id: "CLERK".to_owned(),
            rate_per_minute: Some(decimal("0.5")),
            practical_capacity: None,
        }],
        cost_pools,
        ..Default::default()
    }
}

pub async fn put(world: &World, model: pb::CostModel, id: &str) -> pb::CostModel {
    let request = pb::PutCostModelRequest {
        cost_model: Some(model),
        request_id: id.to_owned(),
        ..Default::default()
    };
    let answer = world.cost_models().put_cost_model(request).await.unwrap();
    answer.into_inner().cost_model.unwrap()
}

pub async fn filled() -> World {
    let world = World::start().await;
    world
        .post(vec![
            sale("a1", "a", 1, "700", "300"),
            sale("a2", "a", 2, "300", "300"),
            sale("b1", "b", 3, "300", "100"),
            sale("c1", "c", 1, "200", "0"),
            effort("c2", "c", 1, "CLERK", "120"),
            effort("d1", "d", 7, "CLERK", "40"),
        ])
        .await;
    put(&world, model(six_pools()), "r1").await;
    world
}

fn trace_of(pool: &str) -> pb::GetAllocationTraceRequest {
    pb::GetAllocationTraceRequest {
        pool_id: pool.to_owned(),
        ..Default::default()
    }
}

async fn trace(
    world: &World,
    request: pb::GetAllocationTraceRequest,
) -> pb::GetAllocationTraceResponse {
    let answer = world.cost_models().get_allocation_trace(request).await;
    answer.unwrap().into_inner()
}

/// Customer, quantity, share and remainder.
fn shares(answer: &pb::GetAllocationTraceResponse) -> Vec<String> {
    let shares = answer.shares.iter();
    shares
        .map(|share| {
            let quantity = &share.driver_quantity.as_ref().unwrap().value;
            let (own, rest) = (text(share.share.as_ref()), text(share.remainder.as_ref()));
            format!("{} {quantity} {own} {rest}", share.customer_id)
        })
        .collect()
}

#[tokio::test]
async fn every_policy_comes_to_what_was_reckoned_by_hand() {
    let world = filled().await;
    let answer = world
        .rankings()
        .rank_customers(pb::RankCustomersRequest::default())
        .await
        .unwrap()
        .into_inner();
    let rows: Vec<_> = answer
        .customers
        .iter()
        .map(|row| {
            let statement = row.statement.as_ref().unwrap();
            let fixed = text(statement.allocated_fixed_cost.as_ref());
            (row.customer_id.as_str(), fixed, text(row.value.as_ref()))
        })
        .collect();
    let expected = [
        ("a", "175", "225"),
        ("b", "115", "85"),
        ("c", "115", "25"),
        ("d", "85", "-105"),
    ];
    assert_eq!(
        rows,
        expected.map(|(id, fixed, net)| (id, fixed.to_owned(), net.to_owned()))
    );
    let costs = answer.cost_basis.unwrap();
    assert_eq!(text(costs.allocated_fixed_cost.as_ref()), "490");
    assert_eq!(text(costs.unallocated_fixed_cost.as_ref()), "60");
    let control = answer.control_total.unwrap();
    assert_eq!(text(control.ledger.as_ref()), "230");
    assert_eq!(text(control.reported.as_ref()), "230");
    assert_eq!(answer.negative_count, 1);

    let request = pb::GetCustomerStatementRequest {
        customer_id: "c".to_owned(),
        ..Default::default()
    };
    let statement = world.rankings().get_customer_statement(request).await;
    let statement = statement.unwrap().into_inner();
    let fixed = statement
        .lines
        .iter()
        .filter(|line| line.section() == pb::StatementSection::AllocatedFixedCost);
    let fixed: Vec<_> = fixed
        .map(|line| format!("{} {}", line.label, text(line.amount.as_ref())))
        .collect();
    assert_eq!(
        fixed,
        ["RENT 25", "DESK 30", "PACKING 10", "SALES 20", "SHOP 30"]
    );
    assert_eq!(
        (statement.rank_by_revenue, statement.rank_by_net_profit),
        (3, 3)
    );
}

#[tokio::test]
async fn a_trace_shows_quantities_rates_and_what_nobody_bears() {
    let world = filled().await;
    let desk = trace(&world, trace_of("DESK")).await;
    assert_eq!(
        shares(&desk),
        ["a 0 0 0", "b 0 0 0", "c 120 30 0", "d 40 10 0"]
    );
    assert_eq!(text(desk.pool_amount.as_ref()), "100");
    assert_eq!(text(desk.allocated_amount.as_ref()), "40");
    assert_eq!(text(desk.unallocated_amount.as_ref()), "60");
    assert_eq!(desk.driver_quantity.unwrap().value, "160");
    assert_eq!(desk.practical_capacity_minutes.unwrap().value, "400");
    assert_eq!(desk.rate.unwrap().value, "0.25");
    assert_eq!(
        (desk.active_customer_count, desk.cost_model_version),
        (4, 1)
    );
    // In half of the period there is half of the pool and half of the capacity, and d does nothing yet.
    let half = pb::GetAllocationTraceRequest {
        period: Some(days(0, 5)),
        ..trace_of("DESK")
    };
    let half = trace(&world, half).await;
    assert_eq!(shares(&half), ["a 0 0 0", "b 0 0 0", "c 120 30 0"]);
    assert_eq!(text(half.unallocated_amount.as_ref()), "20");
    assert_eq!(half.practical_capacity_minutes.unwrap().value, "200");

    let lab = trace(&world, trace_of("LAB")).await;
    assert_eq!(
        shares(&lab),
        ["a 0 0 0", "b 1 20 0", "c 0 0 0", "d 2.5 50 0"]
    );
    let rent = trace(&world, trace_of("RENT")).await;
    assert_eq!(
        shares(&rent),
        ["a 1 25 0", "b 1 25 0", "c 1 25 0", "d 1 25 0"]
    );
    assert_eq!(
        rent.policy.unwrap().policy.unwrap(),
        Policy::EqualPerCustomer(pb::EqualPerCustomer {
            population: pb::CustomerPopulation::Active.into()
        },)
    );
    let sales = trace(&world, trace_of("SALES")).await;
    assert_eq!(
        shares(&sales),
        ["a 1000 100 0", "b 300 30 0", "c 200 20 0", "d 0 0 0"]
    );

    let missing = trace_of("GARAGE");
    let missing = world.cost_models().get_allocation_trace(missing).await;
    let missing = missing.unwrap_err();
    assert_eq!(missing.code(), tonic::Code::NotFound);
    let (name, metadata) = reason(&missing);
    assert_eq!(name, "COST_POOL_NOT_FOUND");
    assert_eq!(
        (&*metadata["pool_id"], &*metadata["cost_model_version"]),
        ("GARAGE", "1")
    );
}

#[tokio::test]
async fn pages_of_a_trace_add_up_to_the_last_unit() {
    let world = filled().await;
    // 10 micro-units over four sales: 5, 2 and 2, and one left over for the first by id. 7 over four customers.
    let sales = Policy::ByDriver(by_driver(pb::AllocationDriver::Sales));
    let odd = [
        pool("EQUAL", "0.000007", None),
        pool("ODD", "0.00001", Some(sales)),
    ];
    put(&world, model(odd.into()), "r2").await;
    let mut request = pb::GetAllocationTraceRequest {
        page_size: 3,
        ..trace_of("ODD")
    };
    let first = trace(&world, request.clone()).await;
    assert_eq!(
        shares(&first),
        ["a 2 0.000006 0.000001", "b 1 0.000002 0", "c 1 0.000002 0"]
    );
    // All pages see what the first one saw.
    world.post(vec![sale("a0", "a0", 1, "5", "0")]).await;
    request.page_token = first.next_page_token.clone();
    let second = trace(&world, request).await;
    assert_eq!(shares(&second), ["d 0 0 0"]);
    assert_eq!(second.next_page_token, "");
    assert_eq!(text(second.allocated_amount.as_ref()), "0.00001");
    let equal = pb::GetAllocationTraceRequest {
        read_options: Some(pb::ReadOptions {
            as_of: first.read_at,
            ..Default::default()
        }),
        ..trace_of("EQUAL")
    };
    let equal = shares(&trace(&world, equal).await);
    assert_eq!(
        equal,
        [
            "a 1 0.000002 0.000001",
            "b 1 0.000002 0.000001",
            "c 1 0.000002 0.000001",
            "d 1 0.000001 0"
        ]
    );
}

#[tokio::test]
async fn policies_are_kept_as_they_were_given() {
    let world = filled().await;
    let get = pb::GetCostModelRequest::default();
    let stored = world.cost_models().get_cost_model(get).await.unwrap();
    assert_eq!(
        stored.into_inner().cost_model.unwrap().cost_pools,
        six_pools()
    );
    let term = |driver: pb::AllocationDriver, minutes: &str| pb::TimeEquationTerm {
        driver: driver.into(),
        minutes_each: Some(decimal(minutes)),
    };
    // 5 minutes for each sale and 1.5 for each unit.
    let equation = pb::TimeDriven {
        time_equation: vec![
            term(pb::AllocationDriver::Sales, "5"),
            term(pb::AllocationDriver::Units, "1.5"),
        ],
        ..Default::default()
    };
    let item = |label: &str, amount: &str| pb::CostPoolItem {
        label: label.to_owned(),
        amount: Some(usd(amount)),
    };
    let office = pb::CostPool {
        amount: None,
        items: vec![item("lighting", "20.5"), item("rent", "100")],
        ..pool("OFFICE", "0", Some(Policy::TimeDriven(equation)))
    };
    let stored = put(&world, model(vec![office.clone()]), "r2").await;
    let expected = pb::CostPool {
        amount: Some(usd("120.5")),
        ..office
    };
    assert_eq!(stored.cost_pools, [expected]);
    let office = trace(&world, trace_of("OFFICE")).await;
    assert_eq!(
        shares(&office),
        ["a 10 60.25 0", "b 5 30.125 0", "c 5 30.125 0", "d 0 0 0"]
    );
}

#[tokio::test]
async fn policies_that_make_no_sense_are_refused() {
    let world = World::start().await;
    let none = pb::AllocationPolicy { policy: None };
    let empty = pb::CostPool {
        policy: Some(none),
        ..pool("P", "1", None)
    };
    let with = |policy| pool("P", "1", Some(policy));
    let driver = |driver| with(Policy::ByDriver(by_driver(driver)));
    let roles = pb::ByDriver {
        role_ids: vec!["CLERK".to_owned()],
        ..by_driver(pb::AllocationDriver::Sales)
    };
    let twice = pb::ByDriver {
        supplied_quantities: vec![supplied("b", "1"), supplied("b", "2")],
        ..by_driver(pb::AllocationDriver::Supplied)
    };
    let nothing = pb::ByDriver {
        supplied_quantities: vec![supplied("b", "0")],
        ..by_driver(pb::AllocationDriver::Supplied)
    };
    let idle = pb::TimeDriven {
        practical_capacity_minutes: Some(decimal("0")),
        ..Default::default()
    };
    let minutes = pb::TimeDriven {
        time_equation: vec![pb::TimeEquationTerm {
            driver: pb::AllocationDriver::Minutes.into(),
            minutes_each: Some(decimal("1")),
        }],
        ..Default::default()
    };
    let item = pb::CostPoolItem {
        label: "rent".to_owned(),
        amount: Some(usd("3")),
    };
    let items = pb::CostPool {
        items: vec![item],
        ..pool("P", "1", None)
    };
    let unknown = pb::EqualPerCustomer { population: 9 };
    let cases = [
        (empty, "FIELD_REQUIRED", "policy.policy"),
        (
            with(Policy::EqualPerCustomer(unknown)),
            "ENUM_VALUE_UNKNOWN",
            "policy.equal_per_customer.population",
        ),
        (
            with(Policy::ProportionalToBasis(Default::default())),
            "FIELD_REQUIRED",
            "policy.proportional_to_basis.basis",
        ),
        (
            with(Policy::ByDriver(roles)),
            "FIELD_INVALID",
            "policy.by_driver.role_ids",
        ),
        (
            driver(pb::AllocationDriver::Supplied),
            "FIELD_REQUIRED",
            "policy.by_driver.supplied_quantities",
        ),
        (
            with(Policy::ByDriver(twice)),
            "FIELD_INVALID",
            "policy.by_driver.supplied_quantities[1].customer_id",
        ),
        (
            with(Policy::ByDriver(nothing)),
            "NUMBER_OUT_OF_RANGE",
            "policy.by_driver.supplied_quantities[0].quantity",
        ),
        (
            with(Policy::TimeDriven(idle)),
            "NUMBER_OUT_OF_RANGE",
            "policy.time_driven.practical_capacity_minutes",
        ),
        (
            with(Policy::TimeDriven(minutes)),
            "FIELD_INVALID",
            "policy.time_driven.time_equation[0].driver",
        ),
        (items, "FIELD_INVALID", "amount"),
    ];
    for (pool, reason, field) in cases {
        let request = pb::PutCostModelRequest {
            cost_model: Some(model(vec![pool])),
            request_id: "r".to_owned(),
            ..Default::default()
        };
        let refused = world.cost_models().put_cost_model(request).await;
        let field = format!("cost_model.cost_pools[0].{field}");
        assert_eq!(refusal(&refused.unwrap_err()), (reason.to_owned(), field));
    }
    let many = (0..101).map(|number| {
        let policy = Policy::ByDriver(by_driver(pb::AllocationDriver::Sales));
        pool(&format!("P{number}"), "1", Some(policy))
    });
    let request = pb::PutCostModelRequest {
        cost_model: Some(model(many.collect())),
        request_id: "r".to_owned(),
        ..Default::default()
    };
    let refused = world.cost_models().put_cost_model(request).await;
    assert_eq!(reason(&refused.unwrap_err()).0, "LIST_TOO_LONG");
}
