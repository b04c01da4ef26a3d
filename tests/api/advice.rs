//! What is advised, over the wire: pages and the export are one plan, terms are checked by name, and steps follow each
//! other. The figures are those of tests/golden/worlds/whom_to_keep_and_whom_to_end.yaml and of the laws in
//! tests/store.

use crate::harness::{
    World, activity, cost_model, days, decimal, effort, refusal, sale, text, usd,
};
use profitscore::api::pb::{
    self, Disposition, RelationshipAction, activity::Kind, google_type::Money,
    simulate_portfolio_response::Part, simulation_terms::Target,
};

/// Six customers over sixty days, of whom two lose money, and an office of 120.
async fn filled() -> World {
    let world = World::start().await;
    let mut activities = vec![
        sale("s0", "a", 1, "500", "100"),
        sale("s1", "b", 2, "400", "100"),
        sale("s2", "c", 3, "300", "200"),
        sale("s3", "d", 4, "200", "150"),
        sale("s4", "e", 5, "100", "95"),
        sale("s5", "f", 6, "100", "130"),
        effort("e1", "a", 7, "CLERK", "60"),
    ];
    let invoice = Kind::Invoice(pb::Invoice {
        invoice_id: "I".to_owned(),
        amount: Some(usd("70")),
        due_time: None,
    });
    activities.push(activity("i", "f", 8, invoice));
    world.post(activities).await;
    let request = pb::PutCostModelRequest {
        cost_model: Some(cost_model("CLERK", "0.5", "120", 0, 60)),
        request_id: "m".to_owned(),
        ..Default::default()
    };
    world.cost_models().put_cost_model(request).await.unwrap();
    world
}

fn planning(page_size: i32, page_token: &str) -> pb::PlanPortfolioRequest {
    pb::PlanPortfolioRequest {
        period: Some(days(0, 60)),
        page_size,
        page_token: page_token.to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn pages_and_the_export_are_one_plan() {
    let world = filled().await;
    let (mut pages, mut token) = (Vec::new(), String::new());
    let bands = loop {
        let request = planning(4, &token);
        let page = world.advice().plan_portfolio(request).await.unwrap();
        let page = page.into_inner();
        pages.extend(page.customers);
        assert_eq!(page.customer_count, 6);
        assert_eq!(page.disposition_totals.len(), 5);
        token = page.next_page_token;
        if token.is_empty() {
            break page.bands;
        }
    };
    let counts: Vec<_> = bands.iter().map(|band| band.customer_count).collect();
    assert_eq!(counts, [1, 4, 1]);
    let request = pb::ExportPortfolioRequest {
        period: Some(days(0, 60)),
        ..Default::default()
    };
    let parts = world.advice().export_portfolio(request).await.unwrap();
    let mut parts = parts.into_inner();
    let mut exported = Vec::new();
    let mut totals = Vec::new();
    while let Some(part) = parts.message().await.unwrap() {
        exported.extend(part.customers);
        totals = part.disposition_totals;
    }
    assert_eq!(exported, pages);
    let of = |disposition: Disposition| {
        let own = pages
            .iter()
            .filter(move |one| one.disposition() == disposition);
        own.map(|one| one.customer_id.as_str()).collect::<Vec<_>>()
    };
    // 370, 280, 80, 30, -15 and -50 after twenty each of the office.
    assert_eq!(of(Disposition::Keep), ["a"]);
    assert_eq!(of(Disposition::Nurture), ["b", "c", "d", "e"]);
    // -30, of which a tenth of its price mends 10.
    assert_eq!(of(Disposition::Exit), ["f"]);
    let exit = &totals[4];
    assert_eq!((exit.customer_count, exit.below_floor_count), (1, 1));
    assert_eq!(text(exit.net_profit.as_ref()), "-50");
    assert_eq!(text(pages[5].cumulative_net_profit.as_ref()), "675");
    assert_eq!(pages[5].price_rise_to_floor, Some(0.3));
}

#[tokio::test]
async fn a_rule_changes_who_is_mended_and_who_is_ended() {
    let world = filled().await;
    let mut request = planning(6, "");
    request.rules = Some(pb::PlanRules {
        price_reach: Some(decimal("0.3")),
        opportunity_rate_per_hour: Some(usd("401")),
        key_count: 2,
        ..Default::default()
    });
    let plan = world.advice().plan_portfolio(request).await.unwrap();
    let plan = plan.into_inner();
    assert_eq!(plan.customers[5].disposition(), Disposition::Repair);
    // An hour of a earned 370 + 30, and would earn 401 elsewhere.
    let first = &plan.customers[0];
    assert_eq!(first.disposition(), Disposition::Repair);
    assert_eq!(text(first.reasons[0].margin.as_ref()), "1");
    assert_eq!(text(first.margin_per_hour.as_ref()), "370");
    let keys = plan.customers.iter().map(|one| one.key_reasons.len());
    assert_eq!(keys.collect::<Vec<_>>(), [1, 1, 0, 0, 0, 0]);
    let rules = plan.rules.unwrap();
    assert_eq!(
        rules.service_reach,
        Some(decimal("0.5")),
        "a default is told"
    );
}

fn simulating(customer: &str, terms: pb::SimulationTerms) -> pb::SimulateRelationshipRequest {
    pb::SimulateRelationshipRequest {
        customer_id: customer.to_owned(),
        period: Some(days(0, 60)),
        terms: Some(terms),
        ..Default::default()
    }
}

#[tokio::test]
async fn what_a_relationship_could_become_stands_side_by_side() {
    let world = filled().await;
    let request = simulating("f", pb::SimulationTerms::default());
    let found = world.advice().simulate_relationship(request).await.unwrap();
    let found = found.into_inner();
    assert_eq!(text(found.shortfall.as_ref()), "50");
    assert_eq!(text(found.receivables_open.as_ref()), "70");
    let books = |books: &Option<pb::BooksOutcome>, of: fn(&pb::BooksOutcome) -> &Option<Money>| {
        text(of(books.as_ref().unwrap()).as_ref())
    };
    assert_eq!(
        books(&found.books_with, |books| &books.customer_margin),
        "795"
    );
    assert_eq!(
        books(&found.books_without, |books| &books.customer_margin),
        "825"
    );
    assert_eq!(
        books(&found.books_without, |books| &books.allocated_fixed_cost),
        "120"
    );
    let actions: Vec<_> = found
        .actions
        .iter()
        .map(pb::SimulatedAction::action)
        .collect();
    use RelationshipAction as A;
    assert_eq!(
        actions,
        [
            A::Keep,
            A::ReduceCostToServe,
            A::Surcharge,
            A::Reprice,
            A::Migrate,
            A::WalkAwayPrice,
            A::DeclineWork,
            A::NoCapacity,
            A::Direct
        ]
    );
    let of = |action: A| {
        found
            .actions
            .iter()
            .find(|one| one.action() == action)
            .unwrap()
    };
    assert_eq!(
        of(A::Surcharge).obstacle(),
        pb::ActionObstacle::NoSpecialDemands
    );
    assert!(of(A::Surcharge).expected_value.is_none());
    assert_eq!(text(of(A::Direct).profit_change.as_ref()), "30");
    assert_eq!(text(of(A::Reprice).customer_margin.as_ref()), "20");
    assert_eq!(of(A::Reprice).price_rise, Some(0.5));
    assert_eq!(found.advised_action(), A::Reprice);
    let warnings: Vec<_> = found.warnings().collect();
    assert_eq!(
        warnings,
        [
            pb::SimulationWarning::ThinEvidence,
            pb::SimulationWarning::ReceivablesOpen
        ]
    );
    assert!(
        of(A::Keep).expected_value_low.is_none(),
        "two months are not enough"
    );
    // A target that is reached needs no remedy.
    let target = Some(Target::TargetCustomerMargin(usd("-30")));
    let request = simulating(
        "f",
        pb::SimulationTerms {
            target,
            ..Default::default()
        },
    );
    let found = world.advice().simulate_relationship(request).await.unwrap();
    assert_eq!(found.into_inner().advised_action(), A::Keep);
}

#[tokio::test]
async fn a_period_without_an_end_ends_with_the_last_activity_of_anybody() {
    let world = filled().await;
    // Somebody else is active later: there are more months in which b was not.
    world.post(vec![sale("late", "z", 200, "10", "5")]).await;
    let ask = async |period| {
        let mut request = simulating("b", pb::SimulationTerms::default());
        request.period = period;
        let found = world.advice().simulate_relationship(request).await.unwrap();
        found.into_inner()
    };
    let open = ask(None).await;
    assert_eq!(open.run_rate.as_ref().unwrap().months, 7);
    assert_eq!(open.run_rate, ask(Some(days(0, 201))).await.run_rate);
    assert_eq!(ask(Some(days(0, 60))).await.run_rate.unwrap().months, 2);
    // It is known, but not of these days.
    let none = ask(Some(days(-60, 0))).await;
    assert_eq!(none.books_with, none.books_without);
    assert_eq!(none.run_rate.unwrap().months, 0);
}

#[tokio::test]
async fn what_is_assumed_is_checked_by_name() {
    let world = filled().await;
    let out = ("NUMBER_OUT_OF_RANGE".to_owned(), String::new());
    let rules = |rules| pb::PlanPortfolioRequest {
        rules: Some(rules),
        ..Default::default()
    };
    let part = |text: &str| Some(decimal(text));
    let wrong = [
        (
            rules(pb::PlanRules {
                price_reach: part("1.1"),
                ..Default::default()
            }),
            "rules.price_reach",
        ),
        (
            rules(pb::PlanRules {
                service_reach: part("-0.1"),
                ..Default::default()
            }),
            "rules.service_reach",
        ),
        (
            rules(pb::PlanRules {
                key_count: -1,
                ..Default::default()
            }),
            "rules.key_count",
        ),
        (
            rules(pb::PlanRules {
                opportunity_rate_per_hour: Some(usd("-1")),
                ..Default::default()
            }),
            "rules.opportunity_rate_per_hour",
        ),
    ];
    for (request, field) in wrong {
        let status = world.advice().plan_portfolio(request).await.unwrap_err();
        assert_eq!(refusal(&status), (out.0.clone(), field.to_owned()));
    }
    let terms = [
        (
            pb::SimulationTerms {
                horizon_months: 121,
                ..Default::default()
            },
            "horizon_months",
        ),
        (
            pb::SimulationTerms {
                redeployed_share: part("2"),
                ..Default::default()
            },
            "redeployed_share",
        ),
        (
            pb::SimulationTerms {
                price_elasticity: part("1"),
                ..Default::default()
            },
            "price_elasticity",
        ),
        (
            pb::SimulationTerms {
                attrition_per_tenth: part("1"),
                ..Default::default()
            },
            "attrition_per_tenth",
        ),
        (
            pb::SimulationTerms {
                walk_away_refusal: part("0"),
                ..Default::default()
            },
            "walk_away_refusal",
        ),
    ];
    for (terms, field) in terms {
        let status = world
            .advice()
            .simulate_relationship(simulating("f", terms))
            .await;
        let found = refusal(&status.unwrap_err());
        assert_eq!(found, (out.0.clone(), format!("terms.{field}")));
    }
    let euros = Some(Target::TargetNetProfit(Money {
        currency_code: "EUR".to_owned(),
        ..Default::default()
    }));
    let request = simulating(
        "f",
        pb::SimulationTerms {
            target: euros,
            ..Default::default()
        },
    );
    let status = world
        .advice()
        .simulate_relationship(request)
        .await
        .unwrap_err();
    assert_eq!(refusal(&status).0, "CURRENCY_MISMATCH");
    let request = simulating("nobody", pb::SimulationTerms::default());
    let status = world
        .advice()
        .simulate_relationship(request)
        .await
        .unwrap_err();
    assert_eq!(refusal(&status).0, "CUSTOMER_NOT_FOUND");
    let request = pb::SimulatePortfolioRequest {
        ending_count: -1,
        ..Default::default()
    };
    let status = world
        .advice()
        .simulate_portfolio(request)
        .await
        .unwrap_err();
    assert_eq!(refusal(&status), (out.0, "ending_count".to_owned()));
}

async fn steps(world: &World, request: pb::SimulatePortfolioRequest) -> Vec<pb::EndingStep> {
    let parts = world.advice().simulate_portfolio(request).await.unwrap();
    let mut parts = parts.into_inner();
    let (mut steps, mut read) = (Vec::new(), 0);
    while let Some(part) = parts.message().await.unwrap() {
        match part.part.unwrap() {
            Part::Progress(progress) => read = progress.read_count,
            Part::Step(step) => steps.push(step),
        }
    }
    assert_eq!(read, 6, "everybody is read before the first step");
    steps
}

#[tokio::test]
async fn steps_follow_until_nobody_is_left_to_be_ended() {
    let world = filled().await;
    let request = |ending_count| pb::SimulatePortfolioRequest {
        period: Some(days(0, 60)),
        ending_count,
        ..Default::default()
    };
    let profit = |step: &pb::EndingStep| {
        text(
            step.books
                .as_ref()
                .unwrap()
                .profit_after_all_fixed_cost
                .as_ref(),
        )
    };
    // e and f go: 25 more; the four who are left bear 30 each, and lose nothing.
    let all = steps(&world, request(0)).await;
    assert_eq!(all.len(), 2);
    assert_eq!(
        (profit(&all[0]), profit(&all[1])),
        ("675".to_owned(), "700".to_owned())
    );
    let ended: Vec<_> = all[1]
        .ended
        .iter()
        .map(|one| one.customer_id.as_str())
        .collect();
    assert_eq!(ended, ["f", "e"]);
    assert_eq!(text(all[1].stranded_fixed_cost.as_ref()), "40");
    assert!(all[1].is_last && !all[0].is_last);
    // Of more than there are, everybody goes, and the office stays.
    let none = steps(&world, request(99)).await;
    let last = none.last().unwrap();
    assert_eq!((profit(last), last.ended_count), ("-120".to_owned(), 6));
    // One at first, and then whoever is below zero.
    let one = steps(&world, request(1)).await;
    let ended: Vec<_> = one.iter().map(|step| step.ended_count).collect();
    assert_eq!(ended, [0, 1, 1]);
}
