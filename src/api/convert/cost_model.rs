//! Cost models.

use super::common::{
    check_list, count_to_pb, instant_to_pb, item, micros_from_pb, micros_to_pb, money_to_pb,
    period_from_pb, required_amount,
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        cost_model::{CostModel, CostModelDraft, CostPool},
        decimal::{self, MICRO_PLACES},
        id::{PoolId, RequestId, RoleId, check_optional_text},
        money::to_nanos,
        problem::Problem,
        time::Day,
    },
    service::Settings,
};
use std::collections::BTreeMap;

const ITEMS_LIMIT: usize = 1_000;
const NOTE_LIMIT: usize = 512;

/// A cost model to store.
pub fn draft_from_pb(
    model: Option<pb::CostModel>,
    request_id: &str,
    expected_version: Option<i64>,
    settings: &Settings,
) -> Result<CostModelDraft, Problem> {
    let request_id = RequestId::parse(request_id, "request_id")?;
    let expected_version = expected_version
        .map(|version| version_from_pb(version, "expected_version"))
        .transpose()?;
    let model = model.ok_or_else(|| Problem::field_required("cost_model"))?;
    check_optional_text(&model.note, NOTE_LIMIT, "cost_model.note")?;
    let model = CostModel {
        version: 0,
        record_time: None,
        rates: rates_from_pb(&model.capacity_cost_rates)?,
        pools: pools_from_pb(&model.cost_pools, settings)?,
        note: model.note,
    };
    Ok(CostModelDraft {
        model,
        request_id,
        expected_version,
    })
}

/// A version that a client sent.
pub fn version_from_pb(version: i64, field: &str) -> Result<u64, Problem> {
    u64::try_from(version)
        .map_err(|_| Problem::number_out_of_range(field, "0", &i64::MAX.to_string()))
}

fn rates_from_pb(rates: &[pb::CapacityCostRate]) -> Result<BTreeMap<RoleId, i64>, Problem> {
    let list = "cost_model.capacity_cost_rates";
    check_list(rates.len(), ITEMS_LIMIT, list)?;
    let mut converted = BTreeMap::new();
    for (index, rate) in rates.iter().enumerate() {
        let path = item(list, index);
        let (id, field) = (format!("{path}.role_id"), format!("{path}.rate_per_minute"));
        let role = RoleId::parse(&rate.role_id, &id)?;
        let number = rate
            .rate_per_minute
            .as_ref()
            .ok_or_else(|| Problem::field_required(&field))?;
        let number = micros_from_pb(number, &field)?;
        let number = decimal::check_range(number, 0, i64::MAX, MICRO_PLACES, &field)?;
        if converted.insert(role, number).is_some() {
            return Err(Problem::field_invalid(&id, "is given twice"));
        }
    }
    Ok(converted)
}

fn pools_from_pb(
    pools: &[pb::CostPool],
    settings: &Settings,
) -> Result<BTreeMap<PoolId, CostPool>, Problem> {
    let list = "cost_model.cost_pools";
    check_list(pools.len(), ITEMS_LIMIT, list)?;
    let mut converted = BTreeMap::new();
    for (index, pool) in pools.iter().enumerate() {
        let path = item(list, index);
        let at = |name: &str| format!("{path}.{name}");
        let id = PoolId::parse(&pool.pool_id, &at("pool_id"))?;
        let amount = required_amount(pool.amount.as_ref(), settings.currency, &at("amount"))?;
        let period = period_from_pb(pool.period.as_ref(), settings, &at("period"))?;
        let end = |day: Option<Day>, name: &str| {
            day.ok_or_else(|| Problem::field_required(&format!("{path}.period.{name}")))
        };
        let start = end(period.start, "start_time")?;
        let pool = CostPool {
            amount,
            start,
            end: end(period.end, "end_time")?,
        };
        if converted.insert(id, pool).is_some() {
            return Err(Problem::field_invalid(&at("pool_id"), "is given twice"));
        }
    }
    Ok(converted)
}

/// A cost model.
pub fn cost_model_to_pb(model: &CostModel, settings: &Settings) -> pb::CostModel {
    let rates = model.rates.iter().map(|(role, rate)| pb::CapacityCostRate {
        role_id: role.to_string(),
        rate_per_minute: Some(micros_to_pb(i128::from(*rate))),
    });
    let edge = |day: Day| settings.calendar.begin(day).map(instant_to_pb);
    let pools = model.pools.iter().map(|(id, pool)| pb::CostPool {
        pool_id: id.to_string(),
        amount: Some(money_to_pb(to_nanos(pool.amount), settings.currency)),
        period: Some(google_type::Interval {
            start_time: edge(pool.start),
            end_time: edge(pool.end),
        }),
    });
    pb::CostModel {
        version: count_to_pb(model.version),
        record_time: model.record_time.map(instant_to_pb),
        capacity_cost_rates: rates.collect(),
        cost_pools: pools.collect(),
        note: model.note.clone(),
    }
}
