//! What minutes cost more under a circumstance, in cost models.

use super::{
    common::{check_list, item, micros_from_pb, micros_to_pb, required_enum},
    cost_model::ITEMS_LIMIT,
    ledger::channel_to_pb,
    relationship::{complexity_to_pb, urgency_to_pb},
};
use crate::{
    api::pb::{self, effort_premium::Circumstance as CircumstancePb},
    domain::{
        activity::ContactChannel,
        decimal::{self, MICRO_PLACES},
        id::RoleId,
        premium::EffortPremium,
        problem::Problem,
        relationship::{Circumstance, Complexity, Urgency},
    },
};
use std::collections::BTreeSet;

/// The most that minutes can cost more, in millionths: a hundred times as much.
const EXTRA_LIMIT: i64 = 100_000_000;

/// The premiums of a cost model, in their order.
pub fn premiums_from_pb(premiums: &[pb::EffortPremium]) -> Result<Vec<EffortPremium>, Problem> {
    let list = "cost_model.effort_premiums";
    check_list(premiums.len(), ITEMS_LIMIT, list)?;
    let mut keys = BTreeSet::new();
    let mut converted = Vec::with_capacity(premiums.len());
    for (index, premium) in premiums.iter().enumerate() {
        let path = item(list, index);
        let premium = premium_from_pb(premium, &path)?;
        if !keys.insert((premium.role_id.clone(), premium.circumstance)) {
            return Err(Problem::field_invalid(&path, "is given twice"));
        }
        converted.push(premium);
    }
    converted.sort();
    Ok(converted)
}

fn premium_from_pb(premium: &pb::EffortPremium, path: &str) -> Result<EffortPremium, Problem> {
    let role = format!("{path}.role_id");
    let role_id = match premium.role_id.as_str() {
        "" => None,
        id => Some(RoleId::parse(id, &role)?),
    };
    let field = format!("{path}.extra");
    let extra = premium.extra.as_ref();
    let extra = micros_from_pb(
        extra.ok_or_else(|| Problem::field_required(&field))?,
        &field,
    )?;
    Ok(EffortPremium {
        role_id,
        circumstance: circumstance_from_pb(premium.circumstance.as_ref(), path)?,
        extra: decimal::check_range(extra, 0, EXTRA_LIMIT, MICRO_PLACES, &field)?,
    })
}

fn circumstance_from_pb(
    circumstance: Option<&CircumstancePb>,
    path: &str,
) -> Result<Circumstance, Problem> {
    let at = |name: &str| format!("{path}.{name}");
    let usual = |field: &str| Problem::field_invalid(field, "is what all others are compared with");
    match circumstance {
        None => Err(Problem::field_required(&at("circumstance"))),
        Some(CircumstancePb::Urgency(urgency)) => {
            let field = at("urgency");
            match required_enum(*urgency, Urgency::ALL, urgency_to_pb, &field)? {
                Urgency::Normal => Err(usual(&field)),
                Urgency::Rush => Ok(Circumstance::Rush),
            }
        }
        Some(CircumstancePb::Channel(channel)) => {
            let channels = ContactChannel::ALL;
            let channel = required_enum(*channel, channels, channel_to_pb, &at("channel"))?;
            Ok(Circumstance::Channel(channel))
        }
        Some(CircumstancePb::Complexity(complexity)) => {
            let (all, field) = (Complexity::ALL, at("complexity"));
            match required_enum(*complexity, all, complexity_to_pb, &field)? {
                Complexity::Standard => Err(usual(&field)),
                complexity @ (Complexity::Simple | Complexity::Complex) => {
                    Ok(Circumstance::Complexity(complexity))
                }
            }
        }
    }
}

/// A premium.
pub fn premium_to_pb(premium: &EffortPremium) -> pb::EffortPremium {
    let circumstance = match premium.circumstance {
        Circumstance::Rush => CircumstancePb::Urgency(urgency_to_pb(Urgency::Rush) as i32),
        Circumstance::Channel(channel) => CircumstancePb::Channel(channel_to_pb(channel) as i32),
        Circumstance::Complexity(complexity) => {
            CircumstancePb::Complexity(complexity_to_pb(complexity) as i32)
        }
    };
    let role_id = premium.role_id.as_ref();
    pb::EffortPremium {
        role_id: role_id.map(RoleId::to_string).unwrap_or_default(),
        circumstance: Some(circumstance),
        extra: Some(micros_to_pb(i128::from(premium.extra))),
    }
}
