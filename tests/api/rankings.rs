//! `RankingService`: small worlds worked out by hand.

use crate::harness::{
    World, activity, category, cost_model, day, days, effort, party, reason, sale, text, usd,
};
use profitscore::api::pb::{self, activity::Kind};

/// Four customers over days 0 to 99:
///
/// | customer | revenue | cost of goods | minutes | margin before fixed costs |
/// |----------|---------|---------------|---------|---------------------------|
/// | a        | 100     | 40            | 0       | 60                        |
/// | b        | 300     | 280           | 100     | 20 - 50 = -30             |
/// | c        | 50      | 10            | 10      | 40 - 5 = 35               |
/// | d        | 50      | 50            | 0       | 0                         |
///
/// A minute costs 0.5; the rent is 10 over days 0 to 99, so that each of the four bears 2.5 of it.
pub async fn small_world() -> World {
    let world = World::start().await;
    let mut north = sale("a2", "a", 50, "40", "20");
    north.dimensions = Some(pb::Dimensions {
        branch_id: "north".to_owned(),
        ..Default::default()
    });
    world
        .post(vec![
            sale("a1", "a", 5, "60", "20"),
            north,
            sale("b1", "b", 10, "300", "280"),
            effort("b2", "b", 20, "SERVICE", "100"),
            sale("c1", "c", 30, "50", "10"),
            effort("c2", "c", 31, "SERVICE", "10"),
            sale("d1", "d", 99, "50", "50"),
        ])
        .await;
    let request = pb::PutCostModelRequest {
        cost_model: Some(cost_model("SERVICE", "0.5", "10", 0, 100)),
        request_id: "r".to_owned(),
        ..Default::default()
    };
    world.cost_models().put_cost_model(request).await.unwrap();
    world
}

async fn rank(world: &World, request: pb::RankCustomersRequest) -> pb::RankCustomersResponse {
    world
        .rankings()
        .rank_customers(request)
        .await
        .unwrap()
        .into_inner()
}

fn order(answer: &pb::RankCustomersResponse) -> Vec<(&str, String)> {
    let rows = answer.customers.iter();
    rows.map(|row| (row.customer_id.as_str(), text(row.value.as_ref())))
        .collect()
}

fn as_text(rows: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    rows.iter()
        .map(|(customer, value)| (*customer, (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn by_default_customers_are_ranked_by_net_profit_of_all_time() {
    let world = small_world().await;
    let answer = rank(&world, pb::RankCustomersRequest::default()).await;
    let expected = [("a", "57.5"), ("c", "32.5"), ("d", "-2.5"), ("b", "-32.5")];
    assert_eq!(order(&answer), as_text(&expected));
    assert_eq!((answer.customer_count, answer.negative_count), (4, 2));
    let control = answer.control_total.as_ref().unwrap();
    assert_eq!(text(control.ledger.as_ref()), "55");
    assert_eq!(text(control.reported.as_ref()), "55");
    assert_eq!(text(control.filtered_out.as_ref()), "0");
    let costs = answer.cost_basis.as_ref().unwrap();
    assert_eq!(costs.cost_model_version, 1);
    assert_eq!(text(costs.allocated_fixed_cost.as_ref()), "10");
    assert_eq!(costs.active_customer_count, 4);
    assert_eq!(answer.read_at.unwrap().position, 8);

    let b = &answer.customers[3];
    assert_eq!(
        (
            b.rank,
            b.rank_by_revenue,
            b.rank_by_net_profit,
            b.rank_divergence
        ),
        (4, 1, 4, -3)
    );
    assert_eq!(text(b.cumulative_value.as_ref()), "55");
    let statement = b.statement.as_ref().unwrap();
    let figures = [
        (&statement.gross_revenue, "300"),
        (&statement.cost_of_goods, "280"),
        (&statement.contribution_margin, "20"),
        (&statement.cost_to_serve, "50"),
        (&statement.customer_margin, "-30"),
        (&statement.allocated_fixed_cost, "2.5"),
        (&statement.net_profit, "-32.5"),
    ];
    for (figure, expected) in figures {
        assert_eq!(text(figure.as_ref()), expected);
    }
    let a = &answer.customers[0];
    assert!((a.share_of_total.unwrap() - 57.5 / 55.0).abs() < 1e-12);
}

#[tokio::test]
async fn every_basis_and_both_directions() {
    let world = small_world().await;
    let ask = |basis: pb::RankingBasis, direction: pb::RankingDirection| pb::RankCustomersRequest {
        basis: basis as i32,
        direction: direction as i32,
        ..Default::default()
    };
    use pb::{RankingBasis as Basis, RankingDirection as Direction};
    let answer = rank(&world, ask(Basis::Revenue, Direction::BestFirst)).await;
    let expected = [("b", "300"), ("a", "100"), ("c", "50"), ("d", "50")];
    assert_eq!(
        order(&answer),
        as_text(&expected),
        "equal values in the order of the ids"
    );
    // The whole waterfall is there whatever the basis.
    let statement = answer.customers[0].statement.as_ref().unwrap();
    assert_eq!(text(statement.net_profit.as_ref()), "-32.5");
    let answer = rank(&world, ask(Basis::Revenue, Direction::WorstFirst)).await;
    let expected = [("c", "50"), ("d", "50"), ("a", "100"), ("b", "300")];
    assert_eq!(order(&answer), as_text(&expected));
    let answer = rank(&world, ask(Basis::ContributionMargin, Direction::BestFirst)).await;
    let expected = [("a", "60"), ("c", "40"), ("b", "20"), ("d", "0")];
    assert_eq!(order(&answer), as_text(&expected));
    let payment = Kind::Payment(pb::Payment {
        amount: Some(usd("7")),
        invoice_id: String::new(),
    });
    world.post(vec![activity("pay", "d", 1, payment)]).await;
    let answer = rank(&world, ask(Basis::Spend, Direction::BestFirst)).await;
    let expected = [("d", "7"), ("a", "0"), ("b", "0"), ("c", "0")];
    assert_eq!(order(&answer), as_text(&expected));
}

#[tokio::test]
async fn a_period_holds_what_happened_in_it_however_late_it_came() {
    let world = small_world().await;
    let ask = || pb::RankCustomersRequest {
        period: Some(days(0, 30)),
        ..Default::default()
    };
    // Two customers, and 3 of the rent's 10: a: 40 - 1.5, b: -30 - 1.5.
    let before = rank(&world, ask()).await;
    assert_eq!(order(&before), as_text(&[("a", "38.5"), ("b", "-31.5")]));
    world.post(vec![sale("late", "c", 29, "9", "0")]).await;
    let after = rank(&world, ask()).await;
    assert_eq!(
        order(&after),
        as_text(&[("a", "39"), ("c", "8"), ("b", "-31")])
    );
    // As of the position of the first answer, the first answer again.
    let pinned = pb::RankCustomersRequest {
        read_options: Some(pb::ReadOptions {
            as_of: before.read_at,
            at_least_as_fresh: None,
            as_closed: None,
        }),
        ..ask()
    };
    assert_eq!(rank(&world, pinned).await, before);
}

#[tokio::test]
async fn a_reversal_equals_never_having_had_the_activity() {
    let with = small_world().await;
    with.post(vec![
        sale("oops", "e", 40, "1000", "1"),
        effort("oops2", "a", 40, "X", "9"),
    ])
    .await;
    for activity in ["oops", "oops2"] {
        let reversal = pb::Reversal {
            reversal_id: format!("r-{activity}"),
            activity_id: activity.to_owned(),
            reason: "wrong".to_owned(),
            evidence_ref: String::new(),
        };
        let request = pb::ReverseActivitiesRequest {
            reversals: vec![reversal],
            ..Default::default()
        };
        with.activities().reverse_activities(request).await.unwrap();
    }
    let without = small_world().await;
    let mut with = rank(&with, pb::RankCustomersRequest::default()).await;
    let without = rank(&without, pb::RankCustomersRequest::default()).await;
    with.read_at = without.read_at;
    assert_eq!(with, without);
}

#[tokio::test]
async fn filters_leave_out_and_say_how_much() {
    let world = small_world().await;
    let parties = [("a", "retail"), ("b", "retail"), ("c", "bank")].map(|(id, industry)| {
        party(
            id,
            pb::PartyStage::Customer,
            vec![category("INDUSTRY", industry)],
        )
    });
    let request = pb::UpsertPartiesRequest {
        parties: parties.to_vec(),
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
    let industry = |values: &[&str]| pb::RankCustomersRequest {
        filter: Some(pb::CustomerFilter {
            traits: vec![pb::TraitFilter {
                key: "INDUSTRY".to_owned(),
                any_of: values
                    .iter()
                    .map(|v| category("", v).value.unwrap())
                    .collect(),
            }],
            branch_ids: Vec::new(),
        }),
        ..Default::default()
    };
    let answer = rank(&world, industry(&["retail"])).await;
    assert_eq!(order(&answer), as_text(&[("a", "57.5"), ("b", "-32.5")]));
    let control = answer.control_total.unwrap();
    assert_eq!(text(control.ledger.as_ref()), "55");
    assert_eq!(text(control.reported.as_ref()), "25");
    assert_eq!(text(control.filtered_out.as_ref()), "30");
    assert_eq!(answer.customers[0].display_name, "Name of a");
    let answer = rank(&world, industry(&[])).await;
    assert_eq!(
        order(&answer),
        as_text(&[("d", "-2.5")]),
        "those without the trait"
    );

    let branch = |branch: &str| pb::RankCustomersRequest {
        filter: Some(pb::CustomerFilter {
            traits: Vec::new(),
            branch_ids: vec![branch.to_owned()],
        }),
        ..Default::default()
    };
    // A branch bears no fixed costs, since nothing says which part it causes.
    let north = rank(&world, branch("north")).await;
    assert_eq!(order(&north), as_text(&[("a", "20")]));
    let rest = rank(&world, branch("UNASSIGNED")).await;
    assert_eq!(
        order(&rest),
        as_text(&[("a", "40"), ("c", "35"), ("d", "0"), ("b", "-30")])
    );
    let (north, rest) = (north.control_total.unwrap(), rest.control_total.unwrap());
    assert_eq!(north.reported, rest.filtered_out);
    assert_eq!(rest.reported, north.filtered_out);
}

#[tokio::test]
async fn pages_of_any_size_make_the_same_ranking() {
    let world = World::start().await;
    let sales = (0..54).map(|i| {
        let revenue = (i * 37 % 11).to_string();
        sale(&format!("s{i}"), &format!("c{i:02}"), i, &revenue, "3")
    });
    world.post(sales.collect()).await;
    let whole = rank(
        &world,
        pb::RankCustomersRequest {
            page_size: 1_000,
            ..Default::default()
        },
    );
    let whole = whole.await.customers;
    assert_eq!(whole.len(), 54);
    for page_size in [1, 5, 16, 53, 54, 100] {
        let mut request = pb::RankCustomersRequest {
            page_size,
            ..Default::default()
        };
        let mut rows = Vec::new();
        loop {
            let page = rank(&world, request.clone()).await;
            rows.extend(page.customers);
            let late = format!("late-{page_size}-{}", rows.len());
            world.post(vec![sale(&late, "c00", 1, "0", "0")]).await;
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        let places = |rows: &[pb::RankedCustomer]| -> Vec<_> {
            rows.iter()
                .map(|row| (row.rank, row.customer_id.clone(), row.value.clone()))
                .collect()
        };
        assert_eq!(places(&rows), places(&whole));
    }
}

#[tokio::test]
async fn an_empty_tenant_has_empty_reports() {
    let world = World::start().await;
    let answer = rank(&world, pb::RankCustomersRequest::default()).await;
    assert!(answer.customers.is_empty());
    assert_eq!(answer.control_total.unwrap().ledger.unwrap().units, 0);
    let ask = pb::GetConcentrationRequest::default();
    let answer = world
        .rankings()
        .get_concentration(ask)
        .await
        .unwrap()
        .into_inner();
    assert!(answer.points.is_empty());
    assert_eq!((answer.gini, answer.best_fifth_share), (None, None));
}

#[tokio::test]
async fn a_report_can_ask_for_a_state_and_for_freshness() {
    let world = World::start().await;
    let written = world.post(vec![sale("a", "c", 1, "1", "0")]).await;
    let at = |position| Some(pb::LedgerPosition { position });
    let ask = |options| pb::RankCustomersRequest {
        read_options: Some(options),
        ..Default::default()
    };
    let fresh = pb::ReadOptions {
        at_least_as_fresh: at(written),
        as_of: None,
        as_closed: None,
    };
    assert_eq!(rank(&world, ask(fresh)).await.customer_count, 1);
    let before = pb::ReadOptions {
        as_of: at(0),
        at_least_as_fresh: None,
        as_closed: None,
    };
    assert_eq!(rank(&world, ask(before)).await.customer_count, 0);
    for options in [
        pb::ReadOptions {
            at_least_as_fresh: at(written + 1),
            as_of: None,
            as_closed: None,
        },
        pb::ReadOptions {
            as_of: at(written + 1),
            at_least_as_fresh: None,
            as_closed: None,
        },
    ] {
        let status = world
            .rankings()
            .rank_customers(ask(options))
            .await
            .unwrap_err();
        let (reason, metadata) = reason(&status);
        assert_eq!(reason, "POSITION_NOT_REACHED");
        assert_eq!(metadata["written"], written.to_string());
        assert_eq!(status.code(), tonic::Code::FailedPrecondition);
    }
    let older_than_asked = pb::ReadOptions {
        as_of: at(0),
        at_least_as_fresh: at(written),
        as_closed: None,
    };
    let status = world
        .rankings()
        .rank_customers(ask(older_than_asked))
        .await
        .unwrap_err();
    let (reason, metadata) = reason(&status);
    assert_eq!(reason, "FIELD_INVALID");
    assert_eq!(metadata["field"], "read_options.at_least_as_fresh");
    let same = pb::ReadOptions {
        as_of: at(written),
        at_least_as_fresh: at(written),
        as_closed: None,
    };
    assert_eq!(rank(&world, ask(same)).await.customer_count, 1);
}

#[tokio::test]
async fn a_version_of_the_cost_model_can_be_asked_for() {
    let world = small_world().await;
    let ask = |cost_model_version| pb::RankCustomersRequest {
        cost_model_version,
        ..Default::default()
    };
    let without = rank(&world, ask(Some(0))).await;
    assert_eq!(
        order(&without)[2],
        ("b", "20".to_owned()),
        "no rate and no rent in version 0"
    );
    assert_eq!(without.cost_basis.unwrap().unrated_efforts.len(), 1);
    let missing = world
        .rankings()
        .rank_customers(ask(Some(9)))
        .await
        .unwrap_err();
    assert_eq!(reason(&missing).0, "COST_MODEL_NOT_FOUND");
    let half_open = pb::RankCustomersRequest {
        period: Some(pb::google_type::Interval {
            start_time: Some(day(30)),
            end_time: None,
        }),
        ..Default::default()
    };
    assert_eq!(rank(&world, half_open).await.customer_count, 3);
}
