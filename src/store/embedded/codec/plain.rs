//! Writes one after the other, each as postcard: for rows of few writes, and for records.

use super::{
    StoredEntry, StoredRecord, Target, old_records::OldRecord,
    records_without_receivables::EarlierRecord,
};
use crate::domain::{
    activity::{Kind, Work},
    advice_decision::TakenDecision,
    cost_model::CostPool,
    ledger::Entry,
    party::TraitValue,
    prospect_records::ProspectRecord,
    records::Record,
    relationship::Relationship,
    time::Instant,
};
use serde::{Serialize, de::DeserializeOwned};

/// The first byte of such a body of entries, and of records before cost pools had policies.
pub const VERSION: u8 = 1;
/// The first byte of such a body of records before cost models told what receivables cost.
pub const EARLIER_RECORDS: u8 = 3;
/// The first byte of such a body of records.
pub const RECORDS: u8 = 4;

/// The bytes of entries.
pub fn write_entries(entries: &[StoredEntry<&Entry>]) -> Result<Vec<u8>, String> {
    let mut bytes = vec![VERSION];
    for stored in entries {
        bytes = add(bytes, &(stored.record_time, &stored.target, stored.entry))?;
    }
    Ok(bytes)
}

/// The bytes of records.
pub fn write_records(records: &[(Instant, &Record)]) -> Result<Vec<u8>, String> {
    let mut bytes = vec![RECORDS];
    for record in records {
        bytes = add(bytes, record)?;
    }
    Ok(bytes)
}

fn add(bytes: Vec<u8>, write: &impl Serialize) -> Result<Vec<u8>, String> {
    postcard::to_extend(write, bytes).map_err(|error| error.to_string())
}

/// Reads entries.
pub fn read_entries(
    bytes: &[u8],
    count: u32,
    visit: &mut dyn FnMut(StoredEntry) -> Result<(), String>,
) -> Result<(), String> {
    read(
        bytes,
        count,
        |(record_time, target, entry): (Instant, Option<Target>, Entry)| {
            visit(StoredEntry {
                record_time,
                target,
                entry,
            })
        },
    )
}

/// Reads records.
pub fn read_records(
    bytes: &[u8],
    count: u32,
    visit: &mut dyn FnMut(StoredRecord) -> Result<(), String>,
) -> Result<(), String> {
    read(bytes, count, |(record_time, record)| {
        visit(StoredRecord {
            record_time,
            record,
        })
    })
}

/// Reads records as they were written before cost models told what receivables cost.
pub fn read_earlier_records(
    bytes: &[u8],
    count: u32,
    visit: &mut dyn FnMut(StoredRecord) -> Result<(), String>,
) -> Result<(), String> {
    read(
        bytes,
        count,
        |(record_time, earlier): (Instant, EarlierRecord)| {
            visit(StoredRecord {
                record_time,
                record: earlier.into(),
            })
        },
    )
}

/// Reads records as they were written first.
pub fn read_old_records(
    bytes: &[u8],
    count: u32,
    visit: &mut dyn FnMut(StoredRecord) -> Result<(), String>,
) -> Result<(), String> {
    read(bytes, count, |(record_time, old): (Instant, OldRecord)| {
        visit(StoredRecord {
            record_time,
            record: old.into(),
        })
    })
}

fn read<T: DeserializeOwned>(
    mut bytes: &[u8],
    count: u32,
    mut visit: impl FnMut(T) -> Result<(), String>,
) -> Result<(), String> {
    for _ in 0..count {
        let (write, rest) = postcard::take_from_bytes(bytes)
            .map_err(|error| format!("a write cannot be read: {error}"))?;
        visit(write)?;
        bytes = rest;
    }
    if bytes.is_empty() {
        Ok(())
    } else {
        Err("the body has more bytes than its writes need".to_owned())
    }
}

/// How many bytes the texts of an entry have.
pub fn text_bytes(entry: &Entry) -> usize {
    match entry {
        Entry::Activity(activity) => {
            let dimensions = &activity.dimensions;
            activity.activity_id.as_str().len()
                + activity.customer_id.as_str().len()
                + dimensions.branch_id.len()
                + dimensions.product_id.len()
                + dimensions.account_manager_id.len()
                + dimensions.channel_id.len()
                + dimensions.campaign_id.len()
                + dimensions.evidence_ref.len()
                + kind_text_bytes(&activity.kind)
                + (activity.original.as_deref()).map_or(0, |original| original.source.len() + 32)
        }
        Entry::Reversal(reversal) => {
            reversal.reversal_id.as_str().len()
                + reversal.activity_id.as_str().len()
                + reversal.reason.len()
                + reversal.evidence_ref.len()
        }
    }
}

fn kind_text_bytes(kind: &Kind) -> usize {
    let role = |work: &Option<Work>| work.as_ref().map_or(0, |work| work.role_id.as_str().len());
    match kind {
        Kind::Sale { .. } | Kind::Refund { .. } | Kind::DirectCost { .. } => 0,
        Kind::Effort { work, .. } => work.role_id.as_str().len(),
        Kind::Complaint { work, .. } => role(work),
        Kind::SpecialDemand {
            description, work, ..
        } => description.len() + role(work),
        Kind::Invoice { invoice_id, .. }
        | Kind::Payment { invoice_id, .. }
        | Kind::WriteOff { invoice_id, .. }
        | Kind::CreditNote { invoice_id, .. }
        | Kind::Dispute { invoice_id, .. } => invoice_id.len(),
        Kind::Referral { referred_party_id } => referred_party_id.as_str().len(),
        Kind::Relationship(one) => {
            let role = one.work().map_or(0, |work| work.role_id.as_str().len());
            let text = if let Relationship::Advocacy(advocacy) = one {
                advocacy.text_bytes()
            } else {
                one.text().len()
            };
            text + role + one.sale().map_or(0, |sale| sale.as_str().len())
        }
    }
}

/// About how many bytes a record takes.
pub fn record_bytes(record: &Record) -> usize {
    match record {
        Record::Party(party) => {
            let value = |value: &TraitValue| match value {
                TraitValue::Category(text) => text.len(),
                TraitValue::Number(_) | TraitValue::Flag(_) => 8,
                TraitValue::Set(texts) => texts.iter().map(|text| text.len() + 1).sum(),
            };
            let traits = (party.traits.iter()).map(|(key, own)| key.as_str().len() + value(own));
            party.party_id.as_str().len() + party.display_name.len() + traits.sum::<usize>()
        }
        Record::TraitDefinition(definition) => definition.key.as_str().len(),
        Record::ExchangeRate(rate) => rate.source.len(),
        Record::ErasedParty(erased) => 64 * (erased.definitions.len() + 1),
        Record::Prospect(record) => match record {
            ProspectRecord::Outcome(outcome) => outcome.party_id.as_str().len() + 64,
            ProspectRecord::SubjectRequest(request) => request.evidence_ref.len() + 64,
            ProspectRecord::ModelVersion(draft) => draft.note.len() + 64,
            ProspectRecord::Decision(taken) => decision_bytes(taken),
        },
        Record::CostModel(draft) => {
            let model = &draft.model;
            let pools: usize = model.pools.values().map(pool_bytes).sum();
            64 * (model.rates.len() + model.premiums.len()) + pools + model.note.len()
        }
        Record::Closing(draft) => draft.note.len(),
        Record::Product(product) => product.product_id.len() + product.category_id.len(),
        Record::PriceTerms(terms) => {
            terms.customer_id.as_str().len() + terms.price_list_id.len() + terms.discount_tier.len()
        }
    }
}

fn decision_bytes(taken: &TakenDecision) -> usize {
    let decision = &taken.decision;
    let texts = [&decision.decided_by, &decision.note, &decision.evidence_ref];
    let texts: usize = texts.iter().map(|text| text.len()).sum();
    let ids = decision.decision_id.as_str().len() + decision.customer_id.as_str().len();
    texts + ids + 128 + 16 * taken.forecast.stretches.len()
}

fn pool_bytes(pool: &CostPool) -> usize {
    let supplied = pool.policy.supplied().into_iter().flatten();
    let supplied = supplied.map(|(id, _)| id.as_str().len() + 8);
    64 + 64 * pool.items.len() + supplied.sum::<usize>()
}
