//! Records as they were written before cost pools had policies: read for ever, never written.

use crate::domain::{
    cost_model::{CostModel, CostModelDraft, CostPool},
    id::{PoolId, RequestId, RoleId},
    money::Micros,
    party::{Party, TraitDefinition},
    policy::Policy,
    records::Record,
    time::{Day, Instant},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A record; the order of the kinds is that of the bytes.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub enum OldRecord {
    Party(Party),
    TraitDefinition(TraitDefinition),
    CostModel(OldDraft),
}

/// The fields stand in the order of the bytes.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub struct OldDraft {
    model: OldCostModel,
    request_id: RequestId,
    expected_version: Option<u64>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct OldCostModel {
    version: u64,
    record_time: Option<Instant>,
    rates: BTreeMap<RoleId, Micros>,
    pools: BTreeMap<PoolId, OldCostPool>,
    note: String,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct OldCostPool {
    amount: Micros,
    start: Day,
    end: Day,
}

impl From<OldRecord> for Record {
    fn from(old: OldRecord) -> Self {
        match old {
            OldRecord::Party(party) => Self::Party(party),
            OldRecord::TraitDefinition(definition) => Self::TraitDefinition(definition),
            OldRecord::CostModel(draft) => Self::CostModel(CostModelDraft {
                model: draft.model.into(),
                request_id: draft.request_id,
                expected_version: draft.expected_version,
            }),
        }
    }
}

impl From<OldCostModel> for CostModel {
    fn from(old: OldCostModel) -> Self {
        let pools = old.pools.into_iter();
        Self {
            version: old.version,
            record_time: old.record_time,
            rates: old.rates,
            pools: pools.map(|(id, pool)| (id, pool.into())).collect(),
            note: old.note,
            ..Self::default()
        }
    }
}

impl From<OldCostPool> for CostPool {
    fn from(old: OldCostPool) -> Self {
        Self {
            amount: old.amount,
            start: old.start,
            end: old.end,
            policy: Policy::default(),
            items: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::embedded::codec::{StoredRecord, for_each_record};

    const RECORDED: Instant = Instant {
        seconds: 1_700_000_000,
        nanos: 5,
    };

    #[test]
    fn a_cost_model_of_the_first_form_is_read_as_it_was_meant() {
        let pool = OldCostPool {
            amount: 1_200_000_000,
            start: Day(0),
            end: Day(360),
        };
        let old = OldDraft {
            model: OldCostModel {
                version: 0,
                record_time: None,
                rates: [(RoleId::stored("CLERK"), 500_000)].into(),
                pools: [(PoolId::stored("RENT"), pool)].into(),
                note: "first".to_owned(),
            },
            request_id: RequestId::stored("r1"),
            expected_version: Some(4),
        };
        // The first byte of such bodies was 1.
        let bytes = postcard::to_extend(&(RECORDED, OldRecord::CostModel(old)), vec![1]).unwrap();
        let mut found = Vec::new();
        for_each_record(&bytes, 1, &mut |record| {
            found.push(record);
            Ok(())
        })
        .unwrap();
        let pool = CostPool {
            amount: 1_200_000_000,
            start: Day(0),
            end: Day(360),
            policy: Policy::default(),
            items: BTreeMap::new(),
        };
        let model = CostModel {
            rates: [(RoleId::stored("CLERK"), 500_000)].into(),
            pools: [(PoolId::stored("RENT"), pool)].into(),
            note: "first".to_owned(),
            ..CostModel::default()
        };
        let draft = CostModelDraft {
            model,
            request_id: RequestId::stored("r1"),
            expected_version: Some(4),
        };
        let expected = StoredRecord {
            record_time: RECORDED,
            record: Record::CostModel(draft),
        };
        assert_eq!(found, [expected]);
    }
}
