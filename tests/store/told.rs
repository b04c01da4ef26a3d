//! Everything that a service tells of a tenant, as text, so that two tenants of whom the same must be told can be set
//! side by side.

use crate::{
    generate::{CUSTOMERS, DAYS, sample},
    words::*,
    worlds::BOOKS,
};
use profitscore::{
    domain::{
        acquisition::WonBy,
        cost_model::CostModel,
        dimension::Dimension,
        policy::{Cause, Happening, Policy, Proportion},
        question::Scope,
        ranking::{Basis, Direction},
        time::{Day, Period},
        trend::Granularity,
    },
    service::{
        ReadOptions, Service,
        acquisition::AcquisitionRequest,
        cross_report::{CrossReportRequest, RowOrder},
        rankings::{BandSize, RankingRequest},
        receivables::{ReceivablesOrder, ReceivablesRequest},
        standings::PolicyComparison,
    },
};
use proptest::{sample::select, test_runner::TestRunner};

pub const DIMENSIONS: [Dimension; 8] = [
    Dimension::Branch,
    Dimension::Product,
    Dimension::AccountManager,
    Dimension::Channel,
    Dimension::Campaign,
    Dimension::ProductCategory,
    Dimension::PriceList,
    Dimension::DiscountTier,
];
pub const BASES: [Basis; 4] = [
    Basis::Spend,
    Basis::Revenue,
    Basis::ContributionMargin,
    Basis::NetProfit,
];

/// Two days, or an end that is open.
pub fn any_period(runner: &mut TestRunner) -> Period {
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

/// The best first by a basis, of the newest state.
pub async fn asked(service: &Service, id: &str, period: Period, basis: Basis) -> RankingRequest {
    let tenant = tenant(id);
    let newest = service.read_position(&tenant, ReadOptions::default());
    RankingRequest {
        scope: Scope::all_of(period, newest.await.unwrap()),
        basis,
        direction: Direction::BestFirst,
        cost_model_version: None,
    }
}

pub fn crossed(
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
pub async fn everything(service: &Service, id: &str, period: Period, model: &CostModel) -> String {
    let mut told = String::new();
    for basis in BASES {
        let mut request = asked(service, id, period, basis).await;
        told += &of_basis(service, id, &request).await;
        request.direction = Direction::WorstFirst;
        request.scope.branches = vec!["north".to_owned(), "UNASSIGNED".to_owned()];
        told += &of_customers(service, id, &request).await;
    }
    let scope = asked(service, id, period, Basis::NetProfit).await.scope;
    told += &of_costs(service, id, &scope, model).await;
    told + &of_customer_by_customer(service, id, &scope).await
}

/// Text of an answer that must be there.
macro_rules! text {
    ($answer:expr) => {
        format!("{:#?}\n", $answer.await.unwrap())
    };
}

#[allow(clippy::single_range_in_vec_init, reason = "one range is meant")]
async fn of_customers(service: &Service, id: &str, request: &RankingRequest) -> String {
    let tenant = tenant(id);
    text!(service.rank(&tenant, request, vec![0..u64::MAX]))
        + &text!(service.concentration(&tenant, request, 7))
        + &text!(service.bands(&tenant, request, BandSize::ByCustomerCount))
        + &text!(service.dependences(&tenant, request, &[1, 3]))
        + &text!(service.trend(&tenant, request, None, Granularity::Day))
}

async fn of_basis(service: &Service, id: &str, request: &RankingRequest) -> String {
    let mut told = of_customers(service, id, request).await;
    let tenant = tenant(id);
    for dimension in DIMENSIONS {
        let cross = crossed(request, dimension, 2);
        told += &text!(service.cross_report(&tenant, &cross, 0..u64::MAX));
        told += &text!(service.rank_dimension(&tenant, request, dimension, 0..u64::MAX));
    }
    told
}

async fn of_costs(service: &Service, id: &str, scope: &Scope, model: &CostModel) -> String {
    let (tenant, mut told) = (tenant(id), String::new());
    for pool in model.pools.keys() {
        told += &text!(service.trace(&tenant, scope.clone(), pool, None, 0..u64::MAX));
    }
    told += &text!(service.capacity_use(&tenant, scope, None));
    let comparison = PolicyComparison {
        scope: scope.clone(),
        cost_model_version: None,
        pools: Vec::new(),
        policies: vec![
            Policy::default(),
            Policy::Proportional(Proportion::Revenue),
            Policy::Driver(Cause::Happened(Happening::Sale)),
        ],
        limit: 100,
    };
    told += &text!(service.compare_policies(&tenant, &comparison));
    for by in [WonBy::Campaign, WonBy::Channel] {
        let request = AcquisitionRequest {
            scope: scope.clone(),
            by,
            cost_model_version: None,
        };
        told += &text!(service.acquisition_report(&tenant, &request, 0..u64::MAX));
    }
    told
}

async fn of_customer_by_customer(service: &Service, id: &str, scope: &Scope) -> String {
    let (tenant, mut told) = (tenant(id), String::new());
    for customer in CUSTOMERS {
        // Whom nothing is known of is refused alike.
        let customer = party_id(customer);
        let statement = service.statement(&tenant, &customer, scope.clone(), None);
        told += &format!("{:#?}\n", statement.await);
    }
    if service.settings().currency.as_str() != BOOKS {
        // What is owed is told in the currency of the books.
        return told;
    }
    let request = ReceivablesRequest {
        period: scope.period,
        as_of: scope.as_of,
        cost_model_version: None,
    };
    for order in [
        ReceivablesOrder::Open,
        ReceivablesOrder::Overdue,
        ReceivablesOrder::Solvency(Direction::WorstFirst),
    ] {
        told += &text!(service.receivables(&tenant, &request, order, 0..u64::MAX));
    }
    for customer in CUSTOMERS {
        let customer = party_id(customer);
        let receivables = service.customer_receivables(&tenant, &customer, &request);
        told += &format!("{:#?}\n", receivables.await);
    }
    told
}
