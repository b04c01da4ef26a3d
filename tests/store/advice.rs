//! The laws of advice over each store: ending a relationship takes its own accounts away and nothing else, a plan has
//! everybody once, and fixed costs are conserved whoever goes.

use crate::{
    generate::CUSTOMERS,
    laws::runner,
    models::{costs, costs_with_receivables},
    reports::{fill, ranked, service_over},
    told::{any_period, asked, planning},
    words::*,
    worlds::{Happened, World},
};
use profitscore::{
    domain::{
        id::PartyId,
        model::course::Terms,
        money::Nanos,
        portfolio::{
            Disposition,
            remedy::Action,
            spiral::{Books, EndingBasis},
        },
        problem::Reason,
        question::Scope,
        ranking::Basis,
    },
    service::{
        Service,
        portfolio::{PlanRequest, Portfolio},
        referrals::{ReferralTerms, ReferralsRequest},
        simulation::SimulationRequest,
        spiral::{EndingRequest, EndingStep, Following},
    },
    store::Store,
};
use std::{collections::BTreeSet, sync::Arc};

/// The accounts of the firm as a report tells them.
async fn books(service: &Service, id: &str, plan: &PlanRequest) -> Books {
    let Portfolio {
        this_period,
        footing,
        ..
    } = service.portfolio(&tenant(id), plan).await.unwrap();
    let books = Books {
        customers: this_period.customers,
        net_revenue: this_period.net_revenue,
        customer_margin: this_period.customer_margin,
        allocated: footing.allocated_fixed_cost,
        unallocated: footing.unallocated_fixed_cost,
    };
    assert_eq!(
        this_period.net_profit,
        books.customer_margin - books.allocated
    );
    books
}

/// What is credited to a customer for those whom it brought, asked for by itself.
async fn credited(service: &Service, id: &str, customer: &PartyId, scope: &Scope) -> Nanos {
    let request = ReferralsRequest {
        scope: scope.clone(),
        cost_model_version: None,
        terms: ReferralTerms::default(),
    };
    let value = service
        .referral_value(&tenant(id), customer, &request)
        .await
        .unwrap();
    value.figures.credited
}

pub async fn an_exit_and_the_books_without_it_are_the_books_with_it(
    store: Arc<dyn Store>,
    worlds: u8,
) {
    let service = service_over(&store);
    for seed in 110..110 + worlds {
        let mut runner = runner(seed);
        let world = World::by_chance(&mut runner, 60);
        let model = costs_with_receivables(&mut runner);
        let period = any_period(&mut runner);
        let id = format!("with{seed}");
        // What a sale of one causes with another would go with it.
        let all: Vec<&Happened> = world.own.iter().collect();
        fill(&service, &*store, &id, (&world, &all), &model).await;
        let scope = asked(&service, &id, period, Basis::NetProfit).await.scope;
        let with = books(&service, &id, &planning(&scope)).await;
        let plan = service
            .plan(&tenant(&id), &planning(&scope), 0..1_000)
            .await
            .unwrap();
        let margins = plan
            .customers
            .iter()
            .map(|one| one.statement.customer_margin);
        let there: Nanos = margins.map(|margin| margin.max(0)).sum();
        let mut credit_lost = 0;
        for (number, name) in CUSTOMERS
            .iter()
            .enumerate()
            .skip(usize::from(seed) % 2)
            .step_by(2)
        {
            let customer = party_id(name);
            let request = SimulationRequest {
                scope: scope.clone(),
                cost_model_version: None,
                terms: Terms::default(),
            };
            let simulated = service.simulate(&tenant(&id), &customer, &request).await;
            let simulated = match simulated {
                Err(problem) => {
                    assert_eq!(problem.reason, Reason::CustomerNotFound);
                    continue;
                }
                Ok(simulated) => simulated,
            };
            assert_eq!(simulated.with, with);
            // The same world, in which the customer never was.
            let other = format!("without{seed}-{number}");
            let left: Vec<&Happened> = all
                .iter()
                .copied()
                .filter(|one| *one.customer() != customer)
                .collect();
            fill(&service, &*store, &other, (&world, &left), &model).await;
            let scope = asked(&service, &other, period, Basis::NetProfit)
                .await
                .scope;
            let without = books(&service, &other, &planning(&scope)).await;
            assert_eq!(simulated.without, without, "{name} of world {seed}");
            // Its own accounts and those without it are those with it, but for what is allocated, which is conserved.
            let own = &simulated.statement;
            assert_eq!(own.net_revenue + without.net_revenue, with.net_revenue);
            assert_eq!(
                own.customer_margin + without.customer_margin,
                with.customer_margin
            );
            let fixed = |books: &Books| books.allocated + books.unallocated;
            assert_eq!(fixed(&without), fixed(&with));
            let gone = simulated
                .actions
                .iter()
                .find(|one| one.action == Action::Direct);
            let gone = gone.unwrap().outcome.as_ref().unwrap();
            // To ask it to leave changes the profit of the firm by just that.
            assert_eq!(with.profit() + gone.effect.profit_change, without.profit());
            assert_eq!(gone.effect.stranded, own.allocated_fixed_cost);
            // What leaves beside it is what it is credited, and never in its margin.
            let loss = gone.referral.map_or(0, |loss| loss.of_period);
            let credited = credited(&service, &id, &customer, &scope).await;
            assert_eq!(loss, credited, "{name} of world {seed}");
            assert_eq!(
                gone.change_with_referrals(),
                gone.effect.profit_change - credited
            );
            credit_lost += loss;
        }
        assert!(
            credit_lost <= there,
            "no more leaves than there is of profit"
        );
    }
}

pub async fn a_plan_has_everybody_once_and_is_the_whale_curve(store: Arc<dyn Store>, worlds: u8) {
    let service = service_over(&store);
    for seed in 120..120 + worlds {
        let mut runner = runner(seed);
        let world = World::by_chance(&mut runner, 60);
        let model = costs(&mut runner);
        let id = format!("t{seed}");
        let all: Vec<&Happened> = world.all().collect();
        fill(&service, &*store, &id, (&world, &all), &model).await;
        let period = any_period(&mut runner);
        let request = asked(&service, &id, period, Basis::NetProfit).await;
        let ranking = ranked(&service, &id, &request).await;
        let curve = service
            .concentration(&tenant(&id), &request, 1_000)
            .await
            .unwrap()
            .curve;
        let plan = planning(&request.scope);
        let mut told = Vec::new();
        let mut totals = None;
        for page in 0.. {
            let page = service
                .plan(&tenant(&id), &plan, page * 3..page * 3 + 3)
                .await
                .unwrap();
            if page.customers.is_empty() {
                totals = page.totals;
                let bands = page.portfolio.bands;
                assert_eq!(bands.iter().map(|band| band.2).sum::<Nanos>(), curve.total);
                assert_eq!(
                    bands.iter().map(|band| band.1).sum::<u64>(),
                    ranking.customers
                );
                assert!(
                    bands[1].1 * 2 >= ranking.customers,
                    "at least half are between"
                );
                break;
            }
            told.extend(page.customers);
        }
        let points: Vec<(u64, Nanos)> = told
            .iter()
            .map(|one| (one.place + 1, one.cumulative))
            .collect();
        assert_eq!(points, curve.points);
        let names: BTreeSet<_> = told.iter().map(|one| &one.customer).collect();
        assert_eq!(names.len(), ranking.rows.len(), "everybody once");
        let totals = totals.unwrap();
        for (disposition, total) in totals.each() {
            let own = told
                .iter()
                .filter(|one| one.verdict.disposition == disposition);
            assert_eq!(total.customers, own.clone().count() as u64);
            let profit: Nanos = own.map(|one| one.statement.net_profit).sum();
            assert_eq!(total.net_profit, profit);
        }
        for one in &told {
            let below = one.statement.customer_margin < 0;
            assert_eq!(one.verdict.below_floor.is_some(), below);
            let ends = one.verdict.disposition == Disposition::Exit;
            assert!(
                below || !ends,
                "nobody is ended for a fixed cost that would stay"
            );
        }
    }
}

async fn steps(service: &Service, id: &str, request: EndingRequest) -> Vec<EndingStep> {
    let tenant = tenant(id);
    let mut ending = service.ending(&tenant, request).await.unwrap();
    let mut steps = Vec::new();
    while let Some(following) = service.next_of(&tenant, &mut ending).await.unwrap() {
        if let Following::Step(step) = following {
            steps.push(*step);
        }
    }
    steps
}

pub async fn ending_customers_conserves_every_fixed_cost(store: Arc<dyn Store>, worlds: u8) {
    let service = service_over(&store);
    for seed in 130..130 + worlds {
        let mut runner = runner(seed);
        let world = World::by_chance(&mut runner, 60);
        let model = costs_with_receivables(&mut runner);
        let id = format!("t{seed}");
        let all: Vec<&Happened> = world.all().collect();
        fill(&service, &*store, &id, (&world, &all), &model).await;
        let period = any_period(&mut runner);
        let scope = asked(&service, &id, period, Basis::NetProfit).await.scope;
        let before = books(&service, &id, &planning(&scope)).await;
        for (count, basis) in [
            (None, EndingBasis::NetProfit),
            (Some(1), EndingBasis::NetProfit),
            (Some(2), EndingBasis::NetProfit),
            (None, EndingBasis::CustomerMargin),
        ] {
            let request = EndingRequest {
                scope: scope.clone(),
                cost_model_version: None,
                count,
                basis,
                steps: 20,
                listed: 100,
            };
            let steps = steps(&service, &id, request).await;
            assert_eq!(steps[0].books, before);
            assert_eq!(steps[0].referral_value_lost.unwrap_or(0), 0);
            if let [_, first, ..] = &steps[..]
                && let [one] = &first.ended[..]
            {
                // Who goes alone takes just what it is credited.
                let credited = credited(&service, &id, &one.customer, &scope).await;
                assert_eq!(first.referral_value_lost.unwrap_or(0), credited);
                assert_eq!(
                    first.profit_after_referrals(),
                    first.books.profit() - credited
                );
            }
            assert!(steps.last().unwrap().is_last);
            for pair in steps.windows(2) {
                let (before, after) = (&pair[0].books, &pair[1].books);
                assert!(!pair[0].is_last);
                assert_eq!(before.profit() - pair[1].customer_margin, after.profit());
                assert_eq!(
                    before.allocated + before.unallocated,
                    after.allocated + after.unallocated
                );
                assert_eq!(before.customers - pair[1].ended_count, after.customers);
                let bore = pair[1]
                    .ended
                    .iter()
                    .map(|one| one.member.margin - one.before);
                assert_eq!(bore.sum::<Nanos>(), pair[1].stranded);
                for one in &pair[1].turned {
                    assert!(one.before >= 0 && one.after.unwrap() < 0);
                }
            }
        }
    }
}
