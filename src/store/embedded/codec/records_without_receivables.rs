//! Records as they were written before cost models told what receivables cost: read for ever, never written.

use crate::domain::{
    closing::ClosingDraft,
    cost_model::{CostModel, CostModelDraft, CostPool, RoleCapacity},
    id::{PoolId, RequestId, RoleId},
    money::Micros,
    party::{Party, TraitDefinition},
    records::Record,
    time::{Day, Instant},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A record; the order of the kinds is that of the bytes.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub enum EarlierRecord {
    Party(Party),
    TraitDefinition(TraitDefinition),
    CostModel(EarlierDraft),
    Closing(ClosingDraft),
}

/// The fields stand in the order of the bytes.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub struct EarlierDraft {
    model: EarlierCostModel,
    request_id: RequestId,
    expected_version: Option<u64>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct EarlierCostModel {
    version: u64,
    record_time: Option<Instant>,
    rates: BTreeMap<RoleId, Micros>,
    pools: BTreeMap<PoolId, CostPool>,
    note: String,
    effective_from: Option<Day>,
    capacities: BTreeMap<RoleId, RoleCapacity>,
}

impl From<EarlierRecord> for Record {
    fn from(earlier: EarlierRecord) -> Self {
        match earlier {
            EarlierRecord::Party(party) => Self::Party(party),
            EarlierRecord::TraitDefinition(definition) => Self::TraitDefinition(definition),
            EarlierRecord::Closing(draft) => Self::Closing(draft),
            EarlierRecord::CostModel(draft) => Self::CostModel(CostModelDraft {
                model: draft.model.into(),
                request_id: draft.request_id,
                expected_version: draft.expected_version,
            }),
        }
    }
}

impl From<EarlierCostModel> for CostModel {
    fn from(earlier: EarlierCostModel) -> Self {
        Self {
            version: earlier.version,
            record_time: earlier.record_time,
            rates: earlier.rates,
            pools: earlier.pools,
            note: earlier.note,
            effective_from: earlier.effective_from,
            capacities: earlier.capacities,
            receivables: None,
            premiums: Vec::new(),
            is_restated: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::embedded::codec::for_each_record;

    #[test]
    fn a_cost_model_without_receivables_is_read_as_it_was_meant() {
        let recorded = Instant {
            seconds: 1_700_000_000,
            nanos: 5,
        };
        let model = || EarlierCostModel {
            version: 0,
            record_time: None,
            rates: [(RoleId::stored("CLERK"), 500_000)].into(),
            pools: BTreeMap::new(),
            note: "second".to_owned(),
            effective_from: Some(Day(7)),
            capacities: BTreeMap::new(),
        };
        let draft = EarlierDraft {
            model: model(),
            request_id: RequestId::stored("r1"),
            expected_version: None,
        };
        // The first byte of such bodies was 3.
        let record = (recorded, EarlierRecord::CostModel(draft));
        let bytes = postcard::to_extend(&record, vec![3]).unwrap();
        let mut found = Vec::new();
        for_each_record(&bytes, 1, &mut |stored| {
            found.push(stored.record);
            Ok(())
        })
        .unwrap();
        let draft = CostModelDraft {
            model: model().into(),
            request_id: RequestId::stored("r1"),
            expected_version: None,
        };
        assert_eq!(found, [Record::CostModel(draft)]);
    }
}
