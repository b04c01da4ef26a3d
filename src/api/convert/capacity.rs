//! How much of each practical capacity was used.

use super::common::{count_to_pb, money_to_pb, position_to_pb};
use crate::{
    api::pb::{self, capacity_use::Resource as ResourcePb, google_type},
    domain::{decimal, ledger::Position, money::Currency, ranking::share},
    service::capacity::{CapacityUse, Resource},
};

/// All capacities.
pub fn capacities_to_pb(
    uses: &[CapacityUse],
    cost_model_version: u64,
    read_at: Position,
    currency: Currency,
) -> pb::GetCapacityUseResponse {
    pb::GetCapacityUseResponse {
        uses: uses.iter().map(|one| use_to_pb(one, currency)).collect(),
        cost_model_version: count_to_pb(cost_model_version),
        read_at: Some(position_to_pb(read_at)),
    }
}

fn use_to_pb(one: &CapacityUse, currency: Currency) -> pb::CapacityUse {
    let minutes = |minutes: i128| {
        Some(google_type::Decimal {
            value: decimal::format_fixed(minutes, one.places),
        })
    };
    let money = |amount| Some(money_to_pb(amount, currency));
    pb::CapacityUse {
        resource: Some(match &one.resource {
            Resource::Role(role) => ResourcePb::RoleId(role.to_string()),
            Resource::Pool(pool) => ResourcePb::PoolId(pool.to_string()),
        }),
        practical_capacity_minutes: minutes(one.available),
        used_minutes: minutes(one.used),
        unused_minutes: minutes(one.unused()),
        utilization: share(one.used, one.available),
        capacity_cost: money(one.cost),
        used_cost: money(one.used_cost),
        unused_cost: money(one.unused_cost()),
    }
}
