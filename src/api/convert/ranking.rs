//! Rankings, statements, bands and concentration.

use super::exchange_rate::restatement_to_pb;
use super::{
    common::{
        check_list, count_to_pb, enum_from_pb, item, minutes_to_pb, money_to_pb, period_from_pb,
        position_to_pb,
    },
    cost_model::version_from_pb,
    party::trait_filters_from_pb,
    price_terms::terms_beside,
    statement::line_to_pb,
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        id::check_text,
        ledger::Position,
        money::{Currency, Nanos},
        party::Party,
        problem::Problem,
        question::Scope,
        ranking::{Basis, Direction, share},
    },
    service::{
        Settings,
        rankings::{Concentration, CustomerStatement, RankedCustomer, RankingRequest},
        report::Footing,
    },
};
use std::sync::Arc;

pub use super::statement::statement_to_pb;

const BRANCHES_LIMIT: usize = 100;
const BRANCH_LIMIT: usize = 128;
const BASES: &[Basis] = &[
    Basis::Spend,
    Basis::Revenue,
    Basis::ContributionMargin,
    Basis::NetProfit,
];

/// Which postings and customers a report is about, all of them as of `as_of`.
pub fn scope_from_pb(
    period: Option<&google_type::Interval>,
    filter: Option<pb::CustomerFilter>,
    settings: &Settings,
    prefix: &str,
    as_of: Position,
) -> Result<Scope, Problem> {
    let period = period_from_pb(period, settings, &format!("{prefix}period"))?;
    let filter = filter.unwrap_or_default();
    let traits = trait_filters_from_pb(filter.traits, &format!("{prefix}filter.traits"))?;
    let field = format!("{prefix}filter.branch_ids");
    check_list(filter.branch_ids.len(), BRANCHES_LIMIT, &field)?;
    for (index, branch) in filter.branch_ids.iter().enumerate() {
        check_text(branch, BRANCH_LIMIT, &item(&field, index))?;
    }
    Ok(Scope {
        period,
        branches: filter.branch_ids,
        traits,
        as_of,
    })
}

/// The fields that every ranking has.
pub struct RankingFields {
    /// The value of `basis`.
    pub basis: i32,
    /// The value of `direction`.
    pub direction: i32,
    /// `cost_model_version`.
    pub cost_model_version: Option<i64>,
}

/// A ranking over a scope.
pub fn ranking_from_pb(
    scope: Scope,
    fields: &RankingFields,
    default_basis: Basis,
) -> Result<RankingRequest, Problem> {
    Ok(RankingRequest {
        scope,
        basis: basis_from_pb(fields.basis, "basis")?.unwrap_or(default_basis),
        direction: direction_from_pb(fields.direction)?,
        cost_model_version: optional_version_from_pb(fields.cost_model_version)?,
    })
}

/// A version of the cost model, if one is asked for.
pub fn optional_version_from_pb(version: Option<i64>) -> Result<Option<u64>, Problem> {
    version
        .map(|version| version_from_pb(version, "cost_model_version"))
        .transpose()
}

/// What to rank by, if it is given.
pub fn basis_from_pb(basis: i32, field: &str) -> Result<Option<Basis>, Problem> {
    let same = |basis| match basis {
        Basis::Spend => pb::RankingBasis::Spend,
        Basis::Revenue => pb::RankingBasis::Revenue,
        Basis::ContributionMargin => pb::RankingBasis::ContributionMargin,
        Basis::NetProfit => pb::RankingBasis::NetProfit,
    };
    enum_from_pb(basis, BASES, same, field)
}

fn direction_from_pb(direction: i32) -> Result<Direction, Problem> {
    let same = |direction| match direction {
        Direction::BestFirst => pb::RankingDirection::BestFirst,
        Direction::WorstFirst => pb::RankingDirection::WorstFirst,
    };
    let directions = [Direction::BestFirst, Direction::WorstFirst];
    Ok(enum_from_pb(direction, &directions, same, "direction")?.unwrap_or_default())
}

// === to_pb ===

/// The proof that a report ties.
pub fn control_total_to_pb(footing: &Footing, currency: Currency) -> pb::ControlTotal {
    let total = &footing.control_total;
    pb::ControlTotal {
        ledger: Some(money_to_pb(total.ledger, currency)),
        reported: Some(money_to_pb(total.reported, currency)),
        filtered_out: Some(money_to_pb(total.filtered_out, currency)),
    }
}

/// The costs that a report used.
pub fn cost_basis_to_pb(footing: &Footing, currency: Currency) -> pb::CostBasis {
    let unrated = footing
        .unrated
        .iter()
        .map(|(role, minutes)| pb::UnratedEffort {
            role_id: role.to_string(),
            minutes: Some(minutes_to_pb(*minutes)),
        });
    pb::CostBasis {
        cost_model_version: count_to_pb(footing.cost_model_version),
        unrated_efforts: unrated.collect(),
        allocated_fixed_cost: Some(money_to_pb(footing.allocated_fixed_cost, currency)),
        active_customer_count: count_to_pb(footing.active_customers),
        unallocated_fixed_cost: (footing.unallocated_fixed_cost != 0)
            .then(|| money_to_pb(footing.unallocated_fixed_cost, currency)),
        receivables_cost: money_unless_zero(footing.receivables_cost, currency),
        inactive_receivables_cost: money_unless_zero(footing.inactive_receivables_cost, currency),
        restatement: (footing.restating.as_ref())
            .map(|restating| restatement_to_pb(restating.restatement())),
    }
}

fn money_unless_zero(amount: Nanos, currency: Currency) -> Option<google_type::Money> {
    (amount != 0).then(|| money_to_pb(amount, currency))
}

/// The name of a stored party.
pub fn name_of(party: Option<&Arc<Party>>) -> String {
    party
        .map(|party| party.display_name.clone())
        .unwrap_or_default()
}

/// One customer in a ranking whose total is `total`.
pub fn ranked_customer_to_pb(
    row: &RankedCustomer,
    total: Nanos,
    currency: Currency,
) -> pb::RankedCustomer {
    let rank = |place: u64| match row.is_inactive {
        true => 0,
        false => count_to_pb(place) + 1,
    };
    let (by_revenue, by_profit) = (rank(row.place_by_revenue), rank(row.place_by_net_profit));
    let terms = terms_beside(row.terms.as_ref());
    pb::RankedCustomer {
        rank: count_to_pb(row.place) + 1,
        customer_id: row.customer.to_string(),
        display_name: name_of(row.party.as_ref()),
        value: Some(money_to_pb(row.value, currency)),
        share_of_total: share(row.value, total),
        cumulative_value: Some(money_to_pb(row.cumulative, currency)),
        cumulative_share: share(row.cumulative, total),
        statement: Some(statement_to_pb(&row.statement, currency)),
        rank_by_revenue: by_revenue,
        rank_by_net_profit: by_profit,
        rank_divergence: by_revenue - by_profit,
        // Of a ranking by solvency.
        paid_share: None,
        average_days_late: None,
        // Of a ranking by expected profit.
        customer_value: None,
        // Of a ranking by total value.
        referral: None,
        inactive: row.is_inactive,
        // Of a ranking by expected profit.
        profiling_objected: false,
        price_list_id: terms.price_list_id,
        discount_tier: terms.discount_tier,
        nominal_discount: terms.nominal_discount,
    }
}

/// One customer's waterfall.
pub fn customer_statement_to_pb(
    customer_id: &str,
    answer: &CustomerStatement,
    read_at: Position,
    currency: Currency,
) -> pb::GetCustomerStatementResponse {
    let rank = |place: Option<u64>| place.map_or(0, |place| count_to_pb(place) + 1);
    let terms = terms_beside(answer.terms.as_ref());
    pb::GetCustomerStatementResponse {
        customer_id: customer_id.to_owned(),
        display_name: name_of(answer.party.as_ref()),
        statement: Some(statement_to_pb(&answer.statement, currency)),
        lines: answer
            .lines
            .iter()
            .map(|line| line_to_pb(line, currency))
            .collect(),
        rank_by_revenue: rank(answer.places.map(|(by_revenue, _)| by_revenue)),
        rank_by_net_profit: rank(answer.places.map(|(_, by_profit)| by_profit)),
        customer_count: count_to_pb(answer.footing.active_customers),
        read_at: Some(position_to_pb(read_at)),
        control_total: Some(control_total_to_pb(&answer.footing, currency)),
        cost_basis: Some(cost_basis_to_pb(&answer.footing, currency)),
        price_list_id: terms.price_list_id,
        discount_tier: terms.discount_tier,
        nominal_discount: terms.nominal_discount,
    }
}

/// How much depends on how few.
pub fn concentration_to_pb(
    answer: &Concentration,
    read_at: Position,
    currency: Currency,
) -> pb::GetConcentrationResponse {
    let (curve, customers) = (&answer.curve, answer.curve.totals.customers);
    let part = |count: u64| share(i128::from(count), i128::from(customers));
    let point = |&(count, value): &(u64, Nanos)| pb::WhaleCurvePoint {
        customer_count: count_to_pb(count),
        customer_fraction: part(count).unwrap_or(0.0),
        cumulative_value: Some(money_to_pb(value, currency)),
        cumulative_share: share(value, curve.total),
    };
    let mut points = curve.points.clone();
    if curve.peak.0 > 0 {
        points.push(curve.peak);
    }
    points.sort_unstable();
    points.dedup();
    pb::GetConcentrationResponse {
        points: points.iter().map(point).collect(),
        peak: Some(point(&curve.peak)),
        customer_count: count_to_pb(customers),
        positive_count: count_to_pb(curve.positive),
        negative_count: count_to_pb(curve.totals.negative),
        customers_for_eighty_percent: curve.eighty_percent.map(count_to_pb),
        pareto_share: curve.eighty_percent.and_then(part),
        best_fifth_share: share(curve.best_fifth, curve.total),
        gini: curve.gini(),
        herfindahl_hirschman_index: curve.herfindahl_hirschman_index(),
        read_at: Some(position_to_pb(read_at)),
        control_total: Some(control_total_to_pb(&answer.footing, currency)),
        cost_basis: Some(cost_basis_to_pb(&answer.footing, currency)),
        // Another question finds them.
        dependences: Vec::new(),
    }
}
