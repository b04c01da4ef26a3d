//! The laws of money that ties out, over whole reports: a real service over each store, worlds of several currencies
//! with every kind of activity, cost models with every policy, and reports in the currency of the books and restated.

use crate::{
    generate::{DAYS, sample},
    laws::runner,
    models::{costs, costs_with_receivables, pool, pool_id},
    price_terms::price_terms,
    told::{BASES, DIMENSIONS, any_period, asked, crossed, everything},
    words::*,
    worlds::{BOOKS, Happened, RESTATED, World, all_posted, reverse_all, submit_all},
};
use profitscore::{
    domain::{
        cost_model::CostModel,
        dimension::Dimension,
        ledger::{Outcome, WriteMode},
        money::{Currency, NANOS_PER_MICRO, Nanos},
        policy::Policy,
        question::Scope,
        ranking::Basis,
        statement::Statement,
        time::Calendar,
        trend::Granularity,
    },
    service::{
        Service, Settings,
        clock::SystemClock,
        rankings::{Ranking, RankingRequest},
        receivables::{ReceivablesOrder, ReceivablesRequest},
        report::Footing,
    },
    store::Store,
};
use proptest::{prelude::*, test_runner::TestRunner};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub fn service_over(store: &Arc<dyn Store>) -> Arc<Service> {
    let settings = Settings {
        currency: Currency::parse(BOOKS, "").unwrap(),
        calendar: Calendar::of_zone("UTC").unwrap(),
    };
    let service = Service::starting(settings, Arc::new(SystemClock));
    service.open(Arc::clone(store));
    Arc::new(service)
}

/// The currency of the books, and those that reports are restated in.
pub fn currencies() -> impl Iterator<Item = &'static str> {
    [BOOKS].into_iter().chain(RESTATED)
}

async fn put_costs(store: &dyn Store, id: &str, request: &str, model: CostModel) {
    let record = cost_model(request, model, None);
    let records = vec![
        record,
        product("p", "leaves"),
        product("x", "nothing"),
        price_terms("a", 0, "trade", "gold"),
        price_terms("a", 5, "export", ""),
        price_terms("UNASSIGNED", 3, "trade", ""),
        price_terms("nobody", 0, "trade", "gold"),
    ];
    let outcomes = store
        .put(&tenant(id), records, NOW, WriteMode::Keep)
        .await
        .unwrap();
    assert_eq!(outcomes.len(), 7);
}

/// A tenant with a world: its rates first, then everything that happened, and what costs are.
pub async fn fill(
    service: &Service,
    store: &dyn Store,
    id: &str,
    (world, happened): (&World, &[&Happened]),
    model: &CostModel,
) {
    world.put_rates(store, id).await;
    all_posted(&submit_all(service, id, happened, 40).await);
    put_costs(store, id, "m", model.clone()).await;
}

#[allow(clippy::single_range_in_vec_init, reason = "one range is meant")]
pub async fn ranked(service: &Service, id: &str, request: &RankingRequest) -> Ranking {
    let all = vec![0..u64::MAX];
    service.rank(&tenant(id), request, all).await.unwrap()
}

/// Fails if anything is told otherwise of one tenant than of another, in whatever currency.
async fn assert_same(
    service: &Arc<Service>,
    a: &str,
    b: &str,
    model: &CostModel,
    runner: &mut TestRunner,
) {
    for code in currencies() {
        let period = any_period(runner);
        let service = service.reporting_in(code).unwrap();
        let of_a = everything(&service, a, period, model).await;
        let of_b = everything(&service, b, period, model).await;
        let differing = of_a.lines().zip(of_b.lines()).find(|(a, b)| a != b);
        assert!(of_a == of_b, "{code} {period:?}: {differing:#?}");
    }
}

/// Batches of any size in any order, some of them several times.
async fn submit_anyhow(
    service: &Service,
    id: &str,
    happened: &[Happened],
    runner: &mut TestRunner,
) {
    let happened = sample(runner, Just(happened.to_vec()).prop_shuffle());
    let mut rest: Vec<&Happened> = happened.iter().collect();
    while !rest.is_empty() {
        let size = sample(runner, 1..=rest.len().min(9));
        let batch: Vec<&Happened> = rest.drain(..size).collect();
        for _ in 0..sample(runner, 1..3) {
            submit_all(service, id, &batch, size).await;
        }
    }
}

pub async fn order_batches_and_repeats_change_no_report(store: Arc<dyn Store>, worlds: u8) {
    let service = service_over(&store);
    for seed in 60..60 + worlds {
        let mut runner = runner(seed);
        let (plain, other) = (format!("plain{seed}"), format!("other{seed}"));
        let world = World::by_chance(&mut runner, 60);
        let model = costs_with_receivables(&mut runner);
        let all: Vec<&Happened> = world.all().collect();
        let (gone, _) = world.split(7);
        fill(&service, &*store, &plain, (&world, &all), &model).await;
        reverse_all(&*store, &plain, &gone, 60).await;

        world.put_rates(&*store, &other).await;
        put_costs(&*store, &other, "m", model.clone()).await;
        submit_anyhow(&service, &other, &world.own, &mut runner).await;
        submit_anyhow(&service, &other, &world.caused, &mut runner).await;
        let shuffled = sample(&mut runner, Just(gone).prop_shuffle());
        reverse_all(&*store, &other, &shuffled, 4).await;
        // And everything once more, after every rate has been corrected: what was converted stays as it is.
        world.correct_rates(&*store, &other).await;
        let outcomes = submit_all(&service, &other, &all, 9).await;
        let is_known = |outcome: &Outcome| matches!(outcome, Outcome::Duplicate(_));
        assert!(outcomes.iter().all(is_known), "{outcomes:?}");
        assert_same(&service, &plain, &other, &model, &mut runner).await;
    }
}

pub async fn a_reversal_leaves_no_trace_in_any_report(store: Arc<dyn Store>, worlds: u8) {
    let service = service_over(&store);
    for seed in 70..70 + worlds {
        let mut runner = runner(seed);
        let (back, never) = (format!("back{seed}"), format!("never{seed}"));
        let world = World::by_chance(&mut runner, 50);
        let model = costs_with_receivables(&mut runner);
        let all: Vec<&Happened> = world.all().collect();
        let (gone, left) = world.split(2);
        fill(&service, &*store, &never, (&world, &left), &model).await;
        fill(&service, &*store, &back, (&world, &all), &model).await;
        reverse_all(&*store, &back, &gone, 8).await;
        assert_same(&service, &back, &never, &model, &mut runner).await;
    }
}

/// The lines of money of some statements added up, without what is allocated.
fn added<'a>(statements: impl IntoIterator<Item = &'a Statement>) -> BTreeMap<&'static str, Nanos> {
    let mut sums: BTreeMap<_, _> = Statement::default().figures().collect();
    for statement in statements {
        for (name, amount) in statement.figures() {
            let allocated = statement.allocated_fixed_cost;
            let amount = match name {
                "net_profit" => amount + allocated,
                "allocated_fixed_cost" => amount - allocated,
                _ => amount,
            };
            *sums.entry(name).or_default() += amount;
        }
    }
    sums
}

/// What a report must come to.
struct Wanted {
    /// Of the ledger's part of the period, whatever its branches.
    ledger: Statement,
    /// Of the branches that are asked for.
    reported: Statement,
    /// The parts of all pools, in nano-units.
    pools: Nanos,
}

pub async fn customers_dimensions_days_and_the_ledger_agree(store: Arc<dyn Store>, worlds: u8) {
    let service = service_over(&store);
    for seed in 80..80 + worlds {
        let mut runner = runner(seed);
        let id = format!("t{seed}");
        let world = World::by_chance(&mut runner, 70);
        let model = costs(&mut runner);
        let all: Vec<&Happened> = world.all().collect();
        fill(&service, &*store, &id, (&world, &all), &model).await;
        let (gone, left) = world.split(6);
        reverse_all(&*store, &id, &gone, 5).await;
        for code in currencies() {
            let service = service.reporting_in(code).unwrap();
            for branches in [vec![], vec!["north".to_owned(), "UNASSIGNED".to_owned()]] {
                let period = any_period(&mut runner);
                let used = CostModel {
                    is_restated: code != BOOKS,
                    ..model.clone()
                };
                let restated = (code != BOOKS).then_some((code, &model));
                let has_branch = |one: &&Happened| {
                    branches.is_empty() || branches.iter().any(|own| own == one.branch())
                };
                let of = |live: &mut dyn Iterator<Item = &Happened>| {
                    Statement::of(&world.ledger(live, period, restated), &used, 0)
                };
                let parts = model.pools.values();
                let parts = parts.map(|pool| match code {
                    BOOKS => i128::from(pool.part(&period)),
                    _ => world.restated_part(pool, period, code),
                });
                let pools = match branches.is_empty() {
                    true => parts.sum::<i128>() * NANOS_PER_MICRO,
                    false => 0,
                };
                let wanted = Wanted {
                    ledger: of(&mut left.iter().copied()),
                    reported: of(&mut left.iter().copied().filter(has_branch)),
                    pools,
                };
                for basis in BASES {
                    let mut request = asked(&service, &id, period, basis).await;
                    request.scope.branches.clone_from(&branches);
                    of_customers(&service, &id, &request, &wanted).await;
                    of_groups(&service, &id, &request, &wanted).await;
                }
            }
        }
    }
}

/// Fails unless all that is told of customers comes to what the ledger has of a period.
async fn of_customers(service: &Service, id: &str, request: &RankingRequest, wanted: &Wanted) {
    let ranking = ranked(service, id, request).await;
    assert_eq!(
        added(ranking.rows.iter().map(|row| &row.statement)),
        added([&wanted.reported])
    );
    let borne = ranking
        .rows
        .iter()
        .map(|row| row.statement.allocated_fixed_cost);
    let borne: Nanos = borne.sum();
    let footing = &ranking.footing;
    assert_eq!(footing.allocated_fixed_cost, borne);
    assert_eq!(borne + footing.unallocated_fixed_cost, wanted.pools);
    let off = match request.basis {
        Basis::NetProfit => borne,
        Basis::Spend | Basis::Revenue | Basis::ContributionMargin => 0,
    };
    let of = |statement: &Statement| statement.value(request.basis) - off;
    let values = ranking.rows.iter().map(|row| row.value);
    assert_eq!(values.sum::<Nanos>(), of(&wanted.reported));
    let control = footing.control_total;
    let (ledger, reported) = (of(&wanted.ledger), of(&wanted.reported));
    assert_eq!(
        (control.ledger, control.reported, control.filtered_out),
        (ledger, reported, ledger - reported)
    );
}

/// Fails unless all that is told of days and dimensions does.
async fn of_groups(service: &Service, id: &str, request: &RankingRequest, wanted: &Wanted) {
    let (tenant, figures) = (tenant(id), added([&wanted.reported]));
    let trend = service
        .trend(&tenant, request, None, Granularity::Week)
        .await
        .unwrap();
    let of_trend = trend.points.iter().map(|point| &point.earned.statement);
    assert_eq!(added(of_trend), figures);
    for dimension in DIMENSIONS {
        let rows = service
            .rank_dimension(&tenant, request, dimension, 0..u64::MAX)
            .await;
        let rows = rows.unwrap().rows;
        let of_rows = rows.iter().map(|row| &row.statement);
        assert_eq!(added(of_rows), figures, "{dimension:?}");
        let cross = crossed(request, dimension, 2);
        let cross = service
            .cross_report(&tenant, &cross, 0..u64::MAX)
            .await
            .unwrap();
        let across = wanted.reported.value(request.basis);
        assert_eq!(cross.columns.total(), across, "{dimension:?}");
        assert_eq!(
            cross.rows.iter().map(|row| row.total).sum::<Nanos>(),
            across
        );
        for (column, total) in &cross.columns.own {
            let row = rows.iter().find(|row| row.id == *column).unwrap();
            assert_eq!(row.value, *total, "{dimension:?} {column}");
        }
    }
}

pub async fn two_periods_come_to_their_union(store: Arc<dyn Store>, worlds: u8) {
    let service = service_over(&store);
    let mut runner = runner(90);
    let world = World::by_chance(&mut runner, 70);
    let model = costs(&mut runner);
    let all: Vec<&Happened> = world.all().collect();
    fill(&service, &*store, "t", (&world, &all), &model).await;
    for code in currencies() {
        let service = service.reporting_in(code).unwrap();
        for _ in 0..worlds {
            let mut edges = sample(&mut runner, [-1..=DAYS, -1..=DAYS, -1..=DAYS]);
            edges.sort_unstable();
            let [start, middle, end] = edges;
            let (mut customers, mut groups, mut pools) = (Vec::new(), Vec::new(), Vec::new());
            for (start, end) in [(start, middle), (middle, end), (start, end)] {
                let request = asked(&service, "t", days(start, end), Basis::NetProfit).await;
                let ranking = ranked(&service, "t", &request).await;
                let footing = ranking.footing;
                pools.push(footing.allocated_fixed_cost + footing.unallocated_fixed_cost);
                let statements = ranking.rows.into_iter();
                let statements = statements.map(|row| (row.customer.to_string(), row.statement));
                customers.push(statements.collect::<BTreeMap<_, _>>());
                groups.push(of_dimensions(&service, &request).await);
            }
            assert_eq!(pools[0] + pools[1], pools[2]);
            for parts in [customers, groups] {
                for (key, whole) in &parts[2] {
                    let of_key = parts[..2].iter().filter_map(|part| part.get(key));
                    assert_eq!(added(of_key), added([whole]), "{code} {key}");
                }
                let everybody: BTreeSet<_> = parts[..2].iter().flat_map(BTreeMap::keys).collect();
                assert_eq!(everybody, parts[2].keys().collect());
            }
        }
    }
}

/// The waterfalls of every value of every dimension.
async fn of_dimensions(service: &Service, request: &RankingRequest) -> BTreeMap<String, Statement> {
    let mut groups = BTreeMap::new();
    for dimension in DIMENSIONS {
        // By what a customer buys is told as of the last day of each period.
        if matches!(dimension, Dimension::PriceList | Dimension::DiscountTier) {
            continue;
        }
        let tenant = tenant("t");
        let ranking = service.rank_dimension(&tenant, request, dimension, 0..u64::MAX);
        for row in ranking.await.unwrap().rows {
            groups.insert(format!("{dimension:?} {}", row.id), row.statement);
        }
    }
    groups
}

pub async fn what_receivables_cost_comes_to_what_is_listed(store: Arc<dyn Store>, worlds: u8) {
    let service = service_over(&store);
    for seed in 120..120 + worlds {
        let mut runner = runner(seed);
        let id = format!("t{seed}");
        let world = World::by_chance(&mut runner, 90);
        let model = costs_with_receivables(&mut runner);
        let all: Vec<&Happened> = world.all().collect();
        fill(&service, &*store, &id, (&world, &all), &model).await;
        let (gone, _) = world.split(8);
        reverse_all(&*store, &id, &gone, 5).await;
        let cost = |footing: &Footing| footing.receivables_cost + footing.inactive_receivables_cost;
        for _ in 0..4 {
            let mut edges = sample(&mut runner, [-1..=DAYS, -1..=DAYS, -1..=DAYS]);
            edges.sort_unstable();
            let [start, middle, end] = edges;
            let mut costs = Vec::new();
            for (start, end) in [(start, middle), (middle, end), (start, end)] {
                let request = asked(&service, &id, days(start, end), Basis::NetProfit).await;
                let ranking = ranked(&service, &id, &request).await;
                let own = ranking.rows.iter().map(|row| &row.statement);
                let own = own.map(|one| one.carrying_cost + one.provision_change);
                assert_eq!(ranking.footing.receivables_cost, own.sum::<Nanos>());
                let listed = ReceivablesRequest {
                    period: request.scope.period,
                    as_of: request.scope.as_of,
                    cost_model_version: None,
                };
                let order = ReceivablesOrder::CustomerId;
                let tenant = tenant(&id);
                let listed = service.receivables(&tenant, &listed, order, 0..u64::MAX);
                let totals = listed.await.unwrap().totals;
                let listed = totals.carrying_cost + totals.provision_change;
                costs.push(cost(&ranking.footing));
                assert_eq!(costs.last(), Some(&listed));
            }
            assert_eq!(costs[0] + costs[1], costs[2]);
        }
    }
}

pub async fn shares_come_to_their_pools_whatever_the_policy(store: Arc<dyn Store>, worlds: u8) {
    let service = service_over(&store);
    let mut runner = runner(100);
    let world = World::by_chance(&mut runner, 60);
    let model = costs(&mut runner);
    let all: Vec<&Happened> = world.all().collect();
    fill(&service, &*store, "t", (&world, &all), &model).await;
    for _ in 0..worlds * 3 {
        let period = any_period(&mut runner);
        let request = asked(&service, "t", period, Basis::NetProfit).await;
        let mut borne = borne(&service, &request.scope, &model).await;
        for row in ranked(&service, "t", &request).await.rows {
            let allocated = row.statement.allocated_fixed_cost;
            let traced = borne.remove(row.customer.as_str());
            assert_eq!(traced, Some(allocated), "{:?}", row.customer);
        }
        assert!(borne.is_empty());
    }
}

/// What each customer bears of all pools, by their traces.
async fn borne(service: &Service, scope: &Scope, model: &CostModel) -> BTreeMap<String, Nanos> {
    let mut borne = BTreeMap::<_, Nanos>::new();
    for (id, pool) in &model.pools {
        let trace = service
            .trace(&tenant("t"), scope.clone(), id, None, 0..u64::MAX)
            .await;
        let trace = trace.unwrap();
        assert_eq!(trace.amount, pool.part(&scope.period));
        assert!(trace.allotment.amount <= trace.amount, "{trace:#?}");
        let shares = trace.shares.iter().map(|share| i128::from(share.share));
        assert_eq!(
            shares.sum::<i128>(),
            i128::from(trace.allotment.amount),
            "{id:?}"
        );
        for share in trace.shares {
            assert!(share.share >= 0);
            *borne.entry(share.customer.to_string()).or_default() +=
                i128::from(share.share) * NANOS_PER_MICRO;
        }
    }
    borne
}

pub async fn an_equal_split_moves_nobody_in_any_model(store: Arc<dyn Store>, worlds: u8) {
    let service = service_over(&store);
    let mut runner = runner(110);
    let world = World::by_chance(&mut runner, 60);
    let all: Vec<&Happened> = world.all().collect();
    world.put_rates(&*store, "t").await;
    all_posted(&submit_all(&service, "t", &all, 40).await);
    for number in 0..worlds + 2 {
        let mut model = costs(&mut runner);
        model.pools.remove(&pool_id("P00"));
        put_costs(&*store, "t", &format!("without{number}"), model.clone()).await;
        let period = any_period(&mut runner);
        let mut split = pool(&mut runner, Policy::default());
        split.amount += 1;
        let mut orders = BTreeMap::new();
        for code in currencies() {
            let service = service.reporting_in(code).unwrap();
            let request = asked(&service, "t", period, Basis::NetProfit).await;
            orders.insert(code, order(&ranked(&service, "t", &request).await));
        }
        model.pools.insert(pool_id("EQUAL"), split);
        put_costs(&*store, "t", &format!("with{number}"), model).await;
        for code in currencies() {
            let service = service.reporting_in(code).unwrap();
            let request = asked(&service, "t", period, Basis::NetProfit).await;
            let with = order(&ranked(&service, "t", &request).await);
            assert_eq!(orders[code], with, "{code} {period:?}");
        }
    }
}

fn order(ranking: &Ranking) -> Vec<String> {
    let rows = ranking.rows.iter();
    rows.map(|row| row.customer.to_string()).collect()
}
