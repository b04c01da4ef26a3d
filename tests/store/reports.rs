//! The laws of money that ties out, over whole reports: a real service over each store, worlds with every kind of
//! activity, and cost models with every policy.

use crate::{
    generate::{CUSTOMERS, DAYS, sample},
    laws::{activities, entries_of, runner, submit},
    models::{costs, pool, pool_id},
    price_terms::price_terms,
    words::*,
};
use profitscore::{
    domain::{
        account::{Sums, for_each_posting},
        activity::Activity,
        cost_model::CostModel,
        dimension::Dimension,
        ledger::{Entry, WriteMode},
        money::{Currency, NANOS_PER_MICRO, Nanos},
        policy::Policy,
        question::Scope,
        ranking::{Basis, Direction},
        statement::Statement,
        time::{Calendar, Day, Period},
        trend::Granularity,
    },
    service::{
        ReadOptions, Service, Settings,
        clock::SystemClock,
        cross_report::{CrossReportRequest, RowOrder},
        rankings::{BandSize, Ranking, RankingRequest},
    },
    store::Store,
};
use proptest::{prelude::*, sample::select, test_runner::TestRunner};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

const DIMENSIONS: [Dimension; 8] = [
    Dimension::Branch,
    Dimension::Product,
    Dimension::AccountManager,
    Dimension::Channel,
    Dimension::Campaign,
    Dimension::ProductCategory,
    Dimension::PriceList,
    Dimension::DiscountTier,
];
const BASES: [Basis; 4] = [
    Basis::Spend,
    Basis::Revenue,
    Basis::ContributionMargin,
    Basis::NetProfit,
];

fn service_over(store: &Arc<dyn Store>) -> Service {
    let settings = Settings {
        currency: Currency::parse("USD", "").unwrap(),
        calendar: Calendar::of_zone("UTC").unwrap(),
    };
    let service = Service::starting(settings, Arc::new(SystemClock));
    service.open(Arc::clone(store));
    service
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

fn reversals(of: impl Iterator<Item = usize>) -> Vec<Entry> {
    of.map(|of| reversal(&format!("r{of}"), &format!("a{of}")))
        .collect()
}

/// Two days, or an end that is open.
fn any_period(runner: &mut TestRunner) -> Period {
    let (a, b) = sample(runner, (-1..=DAYS, -1..=DAYS));
    let open = sample(
        runner,
        select(&[(false, false), (true, false), (false, true)]),
    );
    Period {
        start: (!open.0).then_some(Day(a.min(b))),
        end: (!open.1).then_some(Day(a.max(b))),
    }
}

async fn asked(service: &Service, id: &str, period: Period, basis: Basis) -> RankingRequest {
    let tenant = tenant(id);
    let newest = service.read_position(&tenant, ReadOptions::default());
    RankingRequest {
        scope: Scope::all_of(period, newest.await.unwrap()),
        basis,
        direction: Direction::BestFirst,
        cost_model_version: None,
    }
}

#[allow(clippy::single_range_in_vec_init, reason = "one range is meant")]
async fn ranked(service: &Service, id: &str, request: &RankingRequest) -> Ranking {
    let all = vec![0..u64::MAX];
    service.rank(&tenant(id), request, all).await.unwrap()
}

fn crossed(
    request: &RankingRequest,
    columns: Dimension,
    column_limit: usize,
) -> CrossReportRequest {
    CrossReportRequest {
        scope: request.scope.clone(),
        columns,
        basis: request.basis,
        order: RowOrder::CustomerId,
        column_limit,
        cost_model_version: None,
    }
}

/// Everything that the service tells of a period, as text.
async fn everything(service: &Service, id: &str, period: Period, model: &CostModel) -> String {
    let tenant = tenant(id);
    let mut told = String::new();
    for basis in BASES {
        let request = asked(service, id, period, basis).await;
        let ranking = ranked(service, id, &request).await;
        let curve = service.concentration(&tenant, &request, 7).await.unwrap();
        let bands = service
            .bands(&tenant, &request, BandSize::ByCustomerCount)
            .await;
        let trend = service
            .trend(&tenant, &request, None, Granularity::Day)
            .await;
        told += &format!(
            "{ranking:#?} {curve:#?} {:#?} {:#?}",
            bands.unwrap(),
            trend.unwrap()
        );
        for dimension in DIMENSIONS {
            let cross = crossed(&request, dimension, 2);
            let cross = service.cross_report(&tenant, &cross, 0..u64::MAX).await;
            let rows = service
                .rank_dimension(&tenant, &request, dimension, 0..u64::MAX)
                .await;
            told += &format!("{:#?} {:#?}", cross.unwrap(), rows.unwrap());
        }
    }
    let scope = asked(service, id, period, Basis::NetProfit).await.scope;
    for pool in model.pools.keys() {
        let trace = service
            .trace(&tenant, scope.clone(), pool, None, 0..u64::MAX)
            .await;
        told += &format!("{:#?}", trace.unwrap());
    }
    let capacity = service.capacity_use(&tenant, &scope, None).await;
    told += &format!("{:#?}", capacity.unwrap());
    for customer in CUSTOMERS {
        // Whom nothing is known of is refused alike.
        let customer = party_id(customer);
        let statement = service
            .statement(&tenant, &customer, scope.clone(), None)
            .await;
        told += &format!("{statement:#?}");
    }
    told
}

/// Fails if anything is told otherwise of one tenant than of another.
async fn assert_same(
    service: &Service,
    a: &str,
    b: &str,
    model: &CostModel,
    runner: &mut TestRunner,
) {
    for _ in 0..3 {
        let period = any_period(runner);
        let of_a = everything(service, a, period, model).await;
        let of_b = everything(service, b, period, model).await;
        let differing = of_a.lines().zip(of_b.lines()).find(|(a, b)| a != b);
        assert!(of_a == of_b, "{period:?}: {differing:#?}");
    }
}

pub async fn order_batches_and_repeats_change_no_report(store: Arc<dyn Store>) {
    let service = service_over(&store);
    for seed in 60..62 {
        let mut runner = runner(seed);
        let (plain, other) = (format!("plain{seed}"), format!("other{seed}"));
        let entries = entries_of(&activities(&mut runner, 60));
        let reversals = reversals((0..60).step_by(7));
        let model = costs(&mut runner);
        submit(&*store, &plain, &entries, 60).await;
        submit(&*store, &plain, &reversals, 60).await;
        put_costs(&*store, &plain, "m", model.clone()).await;
        put_costs(&*store, &other, "m", model.clone()).await;
        for entries in [entries, reversals] {
            let entries = sample(&mut runner, Just(entries).prop_shuffle());
            for batch in entries.chunks(sample(&mut runner, 1_usize..9)) {
                for _ in 0..sample(&mut runner, 1..3) {
                    append_to(&*store, &other, batch.to_vec()).await;
                }
            }
            append_to(&*store, &other, entries).await;
        }
        assert_same(&service, &plain, &other, &model, &mut runner).await;
    }
}

pub async fn a_reversal_leaves_no_trace_in_any_report(store: Arc<dyn Store>) {
    let service = service_over(&store);
    for seed in 70..72 {
        let mut runner = runner(seed);
        let (back, never) = (format!("back{seed}"), format!("never{seed}"));
        let all = activities(&mut runner, 50);
        let left: Vec<Activity> = all.iter().skip(1).step_by(2).cloned().collect();
        let model = costs(&mut runner);
        submit(&*store, &never, &entries_of(&left), 50).await;
        submit(&*store, &back, &entries_of(&all), 13).await;
        submit(&*store, &back, &reversals((0..50).step_by(2)), 8).await;
        for id in [&back, &never] {
            put_costs(&*store, id, "m", model.clone()).await;
        }
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

/// What the ledger has of a period, added up here from activities that were not taken back.
fn ledger<'a>(live: impl Iterator<Item = &'a Activity>, period: Period) -> Sums {
    let mut sums = Sums::default();
    for activity in live {
        let day = Day(i32::try_from(activity.occur_time.seconds.div_euclid(86_400)).unwrap());
        let is_in =
            period.start.is_none_or(|start| start <= day) && period.end.is_none_or(|end| day < end);
        if is_in {
            for_each_posting(activity, |account, quantity| {
                sums.add(account, i128::from(quantity));
            });
        }
    }
    sums
}

pub async fn customers_dimensions_days_and_the_ledger_agree(store: Arc<dyn Store>) {
    let service = service_over(&store);
    for seed in 80..83 {
        let mut runner = runner(seed);
        let id = format!("t{seed}");
        let all = activities(&mut runner, 80);
        submit(&*store, &id, &entries_of(&all), 40).await;
        submit(&*store, &id, &reversals((0..80).step_by(6)), 5).await;
        let model = costs(&mut runner);
        put_costs(&*store, &id, "m", model.clone()).await;
        for _ in 0..6 {
            let period = any_period(&mut runner);
            let live = (0..).zip(&all).filter(|(number, _)| number % 6 != 0);
            let ledger = ledger(live.map(|(_, activity)| activity), period);
            let whole = Statement::of(&ledger, &model, 0);
            for basis in BASES {
                let request = asked(&service, &id, period, basis).await;
                agree(&service, &id, &request, &whole, &model).await;
            }
        }
    }
}

/// Fails unless all that is told of a period comes to what the ledger has of it.
async fn agree(
    service: &Service,
    id: &str,
    request: &RankingRequest,
    whole: &Statement,
    model: &CostModel,
) {
    let figures = added([whole]);
    let ranking = ranked(service, id, request).await;
    assert_eq!(
        added(ranking.rows.iter().map(|row| &row.statement)),
        figures
    );
    let borne = ranking
        .rows
        .iter()
        .map(|row| row.statement.allocated_fixed_cost);
    let borne: Nanos = borne.sum();
    let footing = &ranking.footing;
    let parts = model.pools.values();
    let parts = parts.map(|pool| i128::from(pool.part(&request.scope.period)));
    let parts = parts.sum::<i128>() * NANOS_PER_MICRO;
    assert_eq!(footing.allocated_fixed_cost, borne);
    assert_eq!(
        footing.allocated_fixed_cost + footing.unallocated_fixed_cost,
        parts
    );
    let off = if request.basis == Basis::NetProfit {
        borne
    } else {
        0
    };
    let total = whole.value(request.basis) - off;
    let values = ranking.rows.iter().map(|row| row.value);
    assert_eq!(values.sum::<Nanos>(), total);
    let control = footing.control_total;
    assert_eq!((control.ledger, control.reported), (total, total));

    let tenant = tenant(id);
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
        let across = whole.value(request.basis);
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

pub async fn two_periods_come_to_their_union(store: Arc<dyn Store>) {
    let service = service_over(&store);
    let mut runner = runner(90);
    submit(&*store, "t", &entries_of(&activities(&mut runner, 80)), 40).await;
    let model = costs(&mut runner);
    put_costs(&*store, "t", "m", model).await;
    for _ in 0..6 {
        let mut edges = sample(&mut runner, [-1..=DAYS, -1..=DAYS, -1..=DAYS]);
        edges.sort_unstable();
        let [start, middle, end] = edges;
        let (mut customers, mut pools) = (Vec::new(), Vec::new());
        for (start, end) in [(start, middle), (middle, end), (start, end)] {
            let request = asked(&service, "t", days(start, end), Basis::NetProfit).await;
            let ranking = ranked(&service, "t", &request).await;
            let footing = ranking.footing;
            pools.push(footing.allocated_fixed_cost + footing.unallocated_fixed_cost);
            let statements = ranking.rows.into_iter();
            let statements = statements.map(|row| (row.customer, row.statement));
            customers.push(statements.collect::<BTreeMap<_, _>>());
        }
        assert_eq!(pools[0] + pools[1], pools[2]);
        for (customer, whole) in &customers[2] {
            let parts = customers[..2].iter().filter_map(|part| part.get(customer));
            assert_eq!(added(parts), added([whole]), "{customer:?}");
        }
        let everybody: BTreeSet<_> = customers[..2].iter().flat_map(BTreeMap::keys).collect();
        assert_eq!(everybody, customers[2].keys().collect());
    }
}

pub async fn shares_come_to_their_pools_whatever_the_policy(store: Arc<dyn Store>) {
    let service = service_over(&store);
    let mut runner = runner(100);
    submit(&*store, "t", &entries_of(&activities(&mut runner, 60)), 40).await;
    let model = costs(&mut runner);
    put_costs(&*store, "t", "m", model.clone()).await;
    for _ in 0..6 {
        let period = any_period(&mut runner);
        let request = asked(&service, "t", period, Basis::NetProfit).await;
        let mut borne = BTreeMap::<_, Nanos>::new();
        for (id, pool) in &model.pools {
            let scope = request.scope.clone();
            let trace = service
                .trace(&tenant("t"), scope, id, None, 0..u64::MAX)
                .await;
            let trace = trace.unwrap();
            assert_eq!(trace.amount, pool.part(&period));
            assert!(trace.allotment.amount <= trace.amount, "{trace:#?}");
            let shares = trace.shares.iter().map(|share| i128::from(share.share));
            assert_eq!(
                shares.sum::<i128>(),
                i128::from(trace.allotment.amount),
                "{id:?}"
            );
            for share in trace.shares {
                assert!(share.share >= 0);
                *borne.entry(share.customer).or_default() +=
                    i128::from(share.share) * NANOS_PER_MICRO;
            }
        }
        for row in ranked(&service, "t", &request).await.rows {
            let allocated = row.statement.allocated_fixed_cost;
            assert_eq!(
                borne.remove(&row.customer),
                Some(allocated),
                "{:?}",
                row.customer
            );
        }
        assert!(borne.is_empty());
    }
}

pub async fn an_equal_split_moves_nobody_in_any_model(store: Arc<dyn Store>) {
    let service = service_over(&store);
    let mut runner = runner(110);
    submit(&*store, "t", &entries_of(&activities(&mut runner, 60)), 40).await;
    for number in 0..5 {
        let mut model = costs(&mut runner);
        model.pools.remove(&pool_id("P00"));
        put_costs(&*store, "t", &format!("without{number}"), model.clone()).await;
        let period = any_period(&mut runner);
        let request = asked(&service, "t", period, Basis::NetProfit).await;
        let without = ranked(&service, "t", &request).await;
        let mut split = pool(&mut runner, Policy::default());
        split.amount += 1;
        model.pools.insert(pool_id("EQUAL"), split);
        put_costs(&*store, "t", &format!("with{number}"), model).await;
        let request = asked(&service, "t", period, Basis::NetProfit).await;
        let with = ranked(&service, "t", &request).await;
        let order = |ranking: &Ranking| -> Vec<String> {
            let rows = ranking.rows.iter();
            rows.map(|row| row.customer.to_string()).collect()
        };
        assert_eq!(order(&without), order(&with), "{period:?}");
    }
}
