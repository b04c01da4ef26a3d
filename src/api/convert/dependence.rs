//! What is lost if the best customers leave.

use super::common::{count_to_pb, money_to_pb};
use crate::{
    api::pb,
    domain::{money::Currency, problem::Problem, ranking::share},
    service::dependence::Dependences,
};

/// How many customers leave: at least one.
pub fn leaving_from_pb(count: i32, limit: u64, field: &str) -> Result<u64, Problem> {
    match u64::try_from(count) {
        Ok(count) if (1..=limit).contains(&count) => Ok(count),
        _ => Err(Problem::number_out_of_range(field, "1", &limit.to_string())),
    }
}

/// What is lost, for each number of customers.
pub fn dependences_to_pb(found: &Dependences, currency: Currency) -> Vec<pb::Dependence> {
    let money = |amount| Some(money_to_pb(amount, currency));
    let each = found.each.iter();
    each.map(|one| pb::Dependence {
        leaving_count: count_to_pb(one.leaving),
        lost_revenue: money(one.lost_revenue),
        lost_revenue_share: share(one.lost_revenue, found.revenue),
        lost_margin: money(one.lost_margin),
        lost_margin_share: share(one.lost_margin, found.margin),
        stranded_fixed_cost: money(one.stranded_fixed_cost),
        remaining_net_profit: money(one.remaining_net_profit),
    })
    .collect()
}
