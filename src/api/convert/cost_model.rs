//! Cost models.

use super::{
    allocation_policy::{SUPPLIED_LIMIT, minutes_from_pb, policy_from_pb, policy_to_pb},
    common::{
        check_list, count_to_pb, instant_from_pb, instant_to_pb, item, micros_from_pb,
        micros_to_pb, minutes_to_pb, money_to_pb, optional_amount, period_from_pb, required_amount,
    },
    premium::{premium_to_pb, premiums_from_pb},
    receivables::{rates_of_receivables_from_pb, rates_of_receivables_to_pb},
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        cost_model::{CostModel, CostModelDraft, CostPool, RoleCapacity},
        decimal::{self, MICRO_PLACES},
        id::{PoolId, RequestId, RoleId, check_optional_text, check_text},
        money::{Micros, to_nanos},
        policy::Policy,
        problem::{Problem, Reason},
        time::Day,
    },
    service::Settings,
};
use std::collections::BTreeMap;

/// The most rates and pools of a cost model.
pub const ITEMS_LIMIT: usize = 1_000;
const NOTE_LIMIT: usize = 512;
/// The most pools that are not split equally over everybody: each is a pass over the customers of a ranking.
const DRIVEN_LIMIT: usize = 100;
const POOL_ITEMS_LIMIT: usize = 100;
const LABEL_LIMIT: usize = 128;

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
        capacities: capacities_from_pb(&model.capacity_cost_rates, settings)?,
        pools: pools_from_pb(&model.cost_pools, settings)?,
        note: model.note,
        effective_from: effective_from_pb(model.effective_time.as_ref(), settings)?,
        receivables: rates_of_receivables_from_pb(model.receivables.as_ref())?,
        premiums: premiums_from_pb(&model.effort_premiums)?,
        is_restated: false,
    };
    Ok(CostModelDraft {
        model,
        request_id,
        expected_version,
    })
}

/// From which day on a model is meant to hold.
fn effective_from_pb(
    time: Option<&prost_types::Timestamp>,
    settings: &Settings,
) -> Result<Option<Day>, Problem> {
    let field = "cost_model.effective_time";
    let Some(time) = time else {
        return Ok(None);
    };
    let (calendar, instant) = (&settings.calendar, instant_from_pb(time, field)?);
    let day = calendar.day(instant);
    if calendar.begin(day) == Some(instant) {
        return Ok(Some(day));
    }
    let zone = calendar.zone_name();
    let message = format!("{field} is not the beginning of a day in {zone}");
    let variables = [("time_zone", zone.to_owned())];
    Err(Problem::new(
        Reason::PeriodNotAligned,
        field,
        message,
        variables,
    ))
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

/// The capacities of rates whose roles are known to be there once each.
fn capacities_from_pb(
    rates: &[pb::CapacityCostRate],
    settings: &Settings,
) -> Result<BTreeMap<RoleId, RoleCapacity>, Problem> {
    let mut converted = BTreeMap::new();
    for (index, rate) in rates.iter().enumerate() {
        let path = item("cost_model.capacity_cost_rates", index);
        let at = |name: &str| format!("{path}.practical_capacity.{name}");
        let Some(capacity) = &rate.practical_capacity else {
            continue;
        };
        let minutes = capacity.minutes.as_ref();
        let minutes = minutes.ok_or_else(|| Problem::field_required(&at("minutes")))?;
        let (start, end) = closed_period(capacity.period.as_ref(), settings, &at("period"))?;
        let capacity = RoleCapacity {
            milli_minutes: minutes_from_pb(minutes, i64::MAX, &at("minutes"))?,
            start,
            end,
        };
        converted.insert(
            RoleId::parse(&rate.role_id, &format!("{path}.role_id"))?,
            capacity,
        );
    }
    Ok(converted)
}

/// A period with both ends.
fn closed_period(
    period: Option<&google_type::Interval>,
    settings: &Settings,
    field: &str,
) -> Result<(Day, Day), Problem> {
    let period = period_from_pb(period, settings, field)?;
    let end = |day: Option<Day>, name: &str| {
        day.ok_or_else(|| Problem::field_required(&format!("{field}.{name}")))
    };
    Ok((
        end(period.start, "start_time")?,
        end(period.end, "end_time")?,
    ))
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
        let field = format!("{path}.pool_id");
        let id = PoolId::parse(&pool.pool_id, &field)?;
        let pool = pool_from_pb(pool, settings, &path)?;
        if converted.insert(id, pool).is_some() {
            return Err(Problem::field_invalid(&field, "is given twice"));
        }
    }
    check_policies(&converted)?;
    Ok(converted)
}

/// Refuses more than a ranking can go by.
fn check_policies(pools: &BTreeMap<PoolId, CostPool>) -> Result<(), Problem> {
    let (mut driven, mut supplied) = (0, 0);
    for pool in pools.values() {
        driven += usize::from(pool.policy != Policy::default());
        supplied += pool.policy.supplied().map_or(0, BTreeMap::len);
    }
    let list = "cost_model.cost_pools";
    check_list(driven, DRIVEN_LIMIT, list)?;
    check_list(
        supplied,
        SUPPLIED_LIMIT,
        &format!("{list}.policy.by_driver.supplied_quantities"),
    )
}

fn pool_from_pb(pool: &pb::CostPool, settings: &Settings, path: &str) -> Result<CostPool, Problem> {
    let at = |name: &str| format!("{path}.{name}");
    let items = items_from_pb(&pool.items, settings, &at("items"))?;
    let amount = amount_of(pool, &items, settings, &at("amount"))?;
    let (start, end) = closed_period(pool.period.as_ref(), settings, &at("period"))?;
    Ok(CostPool {
        amount,
        start,
        end,
        policy: policy_from_pb(pool.policy.as_ref(), &at("policy"))?,
        items,
    })
}

fn items_from_pb(
    items: &[pb::CostPoolItem],
    settings: &Settings,
    field: &str,
) -> Result<BTreeMap<String, Micros>, Problem> {
    check_list(items.len(), POOL_ITEMS_LIMIT, field)?;
    let mut converted = BTreeMap::new();
    for (index, one) in items.iter().enumerate() {
        let path = item(field, index);
        let (label, amount) = (format!("{path}.label"), format!("{path}.amount"));
        check_text(&one.label, LABEL_LIMIT, &label)?;
        let amount = required_amount(one.amount.as_ref(), settings.currency, &amount)?;
        if converted.insert(one.label.clone(), amount).is_some() {
            return Err(Problem::field_invalid(&label, "is given twice"));
        }
    }
    Ok(converted)
}

/// The amount of a pool: what is given, or what its items add up to.
fn amount_of(
    pool: &pb::CostPool,
    items: &BTreeMap<String, Micros>,
    settings: &Settings,
    field: &str,
) -> Result<Micros, Problem> {
    let given = optional_amount(pool.amount.as_ref(), settings.currency, field)?;
    if items.is_empty() {
        return given.ok_or_else(|| Problem::field_required(field));
    }
    let sum: i128 = items.values().map(|amount| i128::from(*amount)).sum();
    let limit = || Problem::number_out_of_range(field, "0", "9223372036854.775807");
    let sum = Micros::try_from(sum).map_err(|_| limit())?;
    match given {
        Some(given) if given != sum => Err(Problem::field_invalid(
            field,
            "is not what the items add up to",
        )),
        _ => Ok(sum),
    }
}

/// A cost model.
pub fn cost_model_to_pb(model: &CostModel, settings: &Settings) -> pb::CostModel {
    let edge = |day: Day| settings.calendar.begin(day).map(instant_to_pb);
    let capacity = |capacity: &RoleCapacity| pb::PracticalCapacity {
        minutes: Some(minutes_to_pb(i128::from(capacity.milli_minutes))),
        period: Some(google_type::Interval {
            start_time: edge(capacity.start),
            end_time: edge(capacity.end),
        }),
    };
    let rates = model.rates.iter().map(|(role, rate)| pb::CapacityCostRate {
        role_id: role.to_string(),
        rate_per_minute: Some(micros_to_pb(i128::from(*rate))),
        practical_capacity: model.capacities.get(role).map(capacity),
    });
    let pools = model.pools.iter().map(|(id, pool)| pb::CostPool {
        pool_id: id.to_string(),
        amount: Some(money_to_pb(to_nanos(pool.amount), settings.currency)),
        period: Some(google_type::Interval {
            start_time: edge(pool.start),
            end_time: edge(pool.end),
        }),
        // As it was stored before there were policies.
        policy: (pool.policy != Policy::default()).then(|| policy_to_pb(&pool.policy)),
        items: pool
            .items
            .iter()
            .map(|(label, amount)| pb::CostPoolItem {
                label: label.clone(),
                amount: Some(money_to_pb(to_nanos(*amount), settings.currency)),
            })
            .collect(),
    });
    pb::CostModel {
        version: count_to_pb(model.version),
        record_time: model.record_time.map(instant_to_pb),
        capacity_cost_rates: rates.collect(),
        cost_pools: pools.collect(),
        note: model.note.clone(),
        effective_time: model.effective_from.and_then(edge),
        receivables: model.receivables.as_ref().map(rates_of_receivables_to_pb),
        effort_premiums: model.premiums.iter().map(premium_to_pb).collect(),
    }
}
